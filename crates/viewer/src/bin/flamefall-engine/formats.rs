//! The second module, which reads what the engine itself does not: loaded when the first such file is met.

use std::fmt;

use formats::{Elsewhere, Format, Outcome, Refusal, RefusalKind, TapePlayer, Unavailable};
use js_sys::{Function, JSON, Promise, Reflect, Uint8Array};
use otel::SpanSink;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    /// `Formats` of the second module (`flamefall-formats/host.rs`).
    #[wasm_bindgen(typescript_type = "Formats")]
    type Module;

    #[wasm_bindgen(method, catch)]
    fn push(this: &Module, bytes: &[u8]) -> Result<Uint8Array, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn finish(this: &Module) -> Result<Uint8Array, JsValue>;
    #[wasm_bindgen(method, getter)]
    fn spans(this: &Module) -> f64;
    #[wasm_bindgen(method, getter)]
    fn ending(this: &Module) -> Option<String>;
    #[wasm_bindgen(method)]
    fn free(this: &Module);
}

/// `load()` promises a new `Formats`.
pub(crate) async fn load(load: &Function) -> Box<dyn Elsewhere> {
    match module(load).await {
        Ok(module) => Box::new(Formats { module, player: TapePlayer::new(), stopped: None }),
        Err(error) => Box::new(Unavailable { why: why(&error) }),
    }
}

async fn module(load: &Function) -> Result<Module, JsValue> {
    let promise: Promise = load.call0(&JsValue::NULL)?.dyn_into()?;
    Ok(JsFuture::from(promise).await?.unchecked_into())
}

/// An input that the second module reads.
struct Formats {
    module: Module,
    player: TapePlayer,
    /// Why it gave up.
    stopped: Option<Refusal>,
}

impl fmt::Debug for Formats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Formats").field("stopped", &self.stopped).finish_non_exhaustive()
    }
}

impl Drop for Formats {
    fn drop(&mut self) {
        // What stopped in the middle of a call cannot be freed.
        if self.stopped.is_none() {
            self.module.free();
        }
    }
}

impl Formats {
    fn play(&mut self, tape: Result<Uint8Array, JsValue>, sink: &mut dyn SpanSink) -> Result<(), Refusal> {
        let played = match tape {
            Ok(tape) => self.player.play(&tape.to_vec(), sink).map_err(|error| error.to_string()),
            Err(error) => Err(why(&error)),
        };
        played.map_err(|why| {
            let message = format!("What reads this format stopped: {why}. Please report the file.");
            let refusal = Refusal { kind: RefusalKind::UnsupportedFormat, offset: 0, message };
            self.stopped = Some(refusal.clone());
            refusal
        })
    }

    /// What it said at the end.
    fn ending(&self) -> Option<Result<Outcome, Refusal>> {
        let ending = JSON::parse(&self.module.ending()?).ok()?;
        let get = |key: &str| Reflect::get(&ending, &key.into()).unwrap_or(JsValue::UNDEFINED);
        let count = |key: &str| get(key).as_f64().unwrap_or(0.0) as u64;
        if let Some(message) = get("message").as_string() {
            let name = get("kind").as_string().unwrap_or_default();
            let kind = RefusalKind::ALL.into_iter().find(|kind| kind.name() == name);
            let kind = kind.unwrap_or(RefusalKind::UnsupportedFormat);
            return Some(Err(Refusal { kind, offset: count("offset"), message }));
        }
        let names = get("formats").dyn_into::<js_sys::Array>().unwrap_or_default();
        let formats = names.iter().filter_map(|name| Format::named(&name.as_string()?)).collect();
        Some(Ok(Outcome {
            formats,
            spans: count("spans"),
            logs: count("logs"),
            exemplars: count("exemplars"),
            metrics: count("metrics"),
            documents: count("documents"),
            // Those of the whole input are counted by who took them in.
            bytes: 0,
        }))
    }
}

impl Elsewhere for Formats {
    fn push(&mut self, bytes: &[u8], sink: &mut dyn SpanSink) -> Result<(), Refusal> {
        let tape = self.module.push(bytes);
        self.play(tape, sink)?;
        match self.ending() {
            Some(Err(refusal)) => Err(refusal),
            Some(Ok(_)) | None => Ok(()),
        }
    }

    fn spans(&self) -> u64 {
        self.module.spans() as u64
    }

    fn finish(mut self: Box<Self>, sink: &mut dyn SpanSink) -> Result<Outcome, Refusal> {
        let tape = self.module.finish();
        self.play(tape, sink)?;
        self.ending().unwrap_or_else(|| {
            let message = "What reads this format gave no answer.".to_owned();
            Err(Refusal { kind: RefusalKind::UnsupportedFormat, offset: 0, message })
        })
    }
}

/// A JavaScript error in words.
fn why(error: &JsValue) -> String {
    error
        .dyn_ref::<js_sys::Error>()
        .map_or_else(|| format!("{error:?}"), |error| String::from(error.message()))
}
