//! Where bytes come from: a file in slices, or an answer of the network as it arrives.

use js_sys::{ArrayBuffer, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, ReadableStreamDefaultReader, Response};

/// Large enough that asking costs nothing, small enough that progress and cancelling feel immediate.
const SLICE: f64 = 4.0 * 1024.0 * 1024.0;

/// Bytes, a piece at a time.
pub(crate) enum Source {
    /// The next slice is already being read while the one before is decoded.
    Blob {
        blob: Blob,
        offset: f64,
        ahead: Option<Promise>,
    },
    Network(ReadableStreamDefaultReader),
}

impl Source {
    pub(crate) fn blob(blob: Blob) -> Self {
        let mut source = Self::Blob { blob, offset: 0.0, ahead: None };
        source.read_ahead();
        source
    }

    /// Starts to fetch. The error is for the reader.
    pub(crate) async fn fetch(url: &str) -> Result<Self, String> {
        let global = js_sys::global();
        let unreachable = |_| {
            format!(
                "{url} could not be fetched. The server may be down, or may not allow this page to read from it (CORS). \
                 Download the file and drop it here instead."
            )
        };
        let fetch = Reflect::get(&global, &"fetch".into())
            .and_then(JsCast::dyn_into::<js_sys::Function>)
            .map_err(unreachable)?;
        let promise =
            fetch.call1(&global, &url.into()).and_then(JsCast::dyn_into::<Promise>).map_err(unreachable)?;
        let response: Response =
            JsFuture::from(promise).await.and_then(JsCast::dyn_into).map_err(unreachable)?;
        if !response.ok() {
            return Err(format!("{url} could not be opened: the server answered {}.", response.status()));
        }
        let body = response.body().ok_or_else(|| format!("{url} is empty."))?;
        body.get_reader()
            .dyn_into()
            .map(Self::Network)
            .map_err(|other| format!("{url} cannot be read as a stream by this browser: {other:?}"))
    }

    fn read_ahead(&mut self) {
        if let Self::Blob { blob, offset, ahead } = self {
            *ahead = (*offset < blob.size()).then(|| {
                let end = (*offset + SLICE).min(blob.size());
                let slice = blob.slice_with_f64_and_f64(*offset, end);
                *offset = end;
                match slice {
                    Ok(slice) => slice.array_buffer(),
                    Err(error) => Promise::reject(&error),
                }
            });
        }
    }

    /// The next piece, or `None` at the end. The error is for the reader.
    pub(crate) async fn next(&mut self) -> Result<Option<Uint8Array>, String> {
        match self {
            Self::Blob { ahead, .. } => {
                let Some(promise) = ahead.take() else { return Ok(None) };
                let buffer: ArrayBuffer = JsFuture::from(promise)
                    .await
                    .and_then(JsCast::dyn_into)
                    .map_err(|error| format!("The file could not be read: {}", text(&error)))?;
                self.read_ahead();
                Ok(Some(Uint8Array::new(&buffer)))
            }
            Self::Network(reader) => {
                let broken = |error: JsValue| format!("The connection broke off: {}", text(&error));
                let result = JsFuture::from(reader.read()).await.map_err(broken)?;
                let result: Object = result.dyn_into().map_err(broken)?;
                if Reflect::get(&result, &"done".into()).is_ok_and(|done| done.is_truthy()) {
                    return Ok(None);
                }
                let value = Reflect::get(&result, &"value".into()).map_err(broken)?;
                Ok(Some(Uint8Array::new(&value)))
            }
        }
    }
}

/// A JavaScript error in words.
fn text(error: &JsValue) -> String {
    error
        .dyn_ref::<js_sys::Error>()
        .map_or_else(|| format!("{error:?}"), |error| String::from(error.message()))
}
