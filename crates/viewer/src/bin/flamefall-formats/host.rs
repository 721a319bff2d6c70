//! What the engine calls.

use formats::{Decoder, Outcome, Refusal, TapeWriter};
use js_sys::{JSON, Object, Reflect};
use wasm_bindgen::prelude::*;

/// Decodes one input.
#[wasm_bindgen]
#[derive(Debug)]
#[expect(unnameable_types, reason = "only JavaScript names it")]
pub struct Formats {
    decoder: Option<Decoder>,
    tape: TapeWriter,
    /// What came of it, as JSON, once that is known: an outcome or a refusal.
    ending: Option<String>,
}

#[wasm_bindgen]
impl Formats {
    /// Before the first byte.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self { decoder: Some(Decoder::new()), tape: TapeWriter::new(), ending: None }
    }

    /// Takes the next bytes, and gives the tape of what was read since the last call.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<u8> {
        if let Some(decoder) = &mut self.decoder
            && let Err(refusal) = decoder.push(bytes, &mut self.tape)
        {
            self.decoder = None;
            self.ending = Some(refused(&refusal));
        }
        self.tape.take()
    }

    /// Takes note that no bytes follow, and gives the rest of the tape.
    pub fn finish(&mut self) -> Vec<u8> {
        if let Some(decoder) = self.decoder.take() {
            self.ending = Some(match decoder.finish(&mut self.tape) {
                Ok(outcome) => read(&outcome),
                Err(refusal) => refused(&refusal),
            });
        }
        self.tape.take()
    }

    /// Spans on the tape so far.
    #[wasm_bindgen(getter)]
    pub fn spans(&self) -> f64 {
        self.decoder.as_ref().map_or(0.0, |decoder| decoder.progress().spans as f64)
    }

    /// `{ formats, spans, … }` or `{ kind, offset, message }`; nothing before the end.
    #[wasm_bindgen(getter)]
    pub fn ending(&self) -> Option<String> {
        self.ending.clone()
    }
}

fn refused(refusal: &Refusal) -> String {
    json(&[
        ("kind", refusal.kind.name().into()),
        ("offset", (refusal.offset as f64).into()),
        ("message", refusal.message.as_str().into()),
    ])
}

fn read(outcome: &Outcome) -> String {
    let names: js_sys::Array = outcome.formats.iter().map(|format| JsValue::from(format.name())).collect();
    json(&[
        ("formats", names.into()),
        ("spans", (outcome.spans as f64).into()),
        ("logs", (outcome.logs as f64).into()),
        ("exemplars", (outcome.exemplars as f64).into()),
        ("metrics", (outcome.metrics as f64).into()),
        ("documents", (outcome.documents as f64).into()),
    ])
}

fn json(entries: &[(&str, JsValue)]) -> String {
    let object = Object::new();
    for (key, value) in entries {
        // Setting a property of a plain object cannot fail.
        drop(Reflect::set(&object, &(*key).into(), value));
    }
    JSON::stringify(&object).map(String::from).unwrap_or_default()
}
