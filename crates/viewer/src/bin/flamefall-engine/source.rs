//! Where bytes come from: a file or an answer of the network, as they arrive.

use std::cell::Cell;

use js_sys::{ArrayBuffer, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, ReadableStream, ReadableStreamByobReader, ReadableStreamDefaultReader, Response};

/// Most bytes in one piece.
const PIECE: u32 = 1 << 20;

thread_local! {
    /// The buffer of the source before: the browser would be late to collect a new one each time.
    static SPARE: Cell<Option<ArrayBuffer>> = const { Cell::new(None) };
}

/// Bytes, a piece at a time.
pub(crate) struct Source {
    reader: Reader,
    /// Bytes to come, where that is known: the end need not be asked for.
    left: Cell<Option<f64>>,
    /// What is said before the reason when they stop coming.
    broken: &'static str,
}

enum Reader {
    /// Fills the same buffer each time: for a file, twice as fast as pieces of the browser's own.
    Filling(ReadableStreamByobReader, Cell<Option<ArrayBuffer>>),
    /// Where the browser or the stream has nothing else.
    Giving(ReadableStreamDefaultReader),
}

impl Source {
    /// As a stream, which reads ahead while the piece before is decoded; slices of the file would be waited for.
    pub(crate) fn blob(blob: &Blob) -> Result<Self, String> {
        let source = Self::new(&blob.stream(), "The file could not be read")?;
        source.left.set(Some(blob.size()));
        Ok(source)
    }

    fn new(stream: &ReadableStream, broken: &'static str) -> Result<Self, String> {
        let reader = if let Ok(reader) = ReadableStreamByobReader::new(stream) {
            Reader::Filling(reader, Cell::default())
        } else {
            let reader = stream.get_reader().dyn_into();
            let reader =
                reader.map_err(|other| format!("{broken}: this browser has no streams ({other:?})."))?;
            Reader::Giving(reader)
        };
        Ok(Self { reader, left: Cell::default(), broken })
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
        Self::new(&body, "The connection broke off")
    }

    /// The next piece, or `None` at the end. It is good until the next is asked for. The error is for the reader.
    pub(crate) async fn next(&self) -> Result<Option<Uint8Array>, String> {
        let broken = |error: JsValue| format!("{}: {}", self.broken, text(&error));
        if self.left.get().is_some_and(|left| left <= 0.0) {
            return Ok(None);
        }
        let piece = match &self.reader {
            Reader::Filling(reader, buffer) => {
                let buffer =
                    buffer.take().or_else(|| SPARE.take()).unwrap_or_else(|| ArrayBuffer::new(PIECE));
                reader.read_with_array_buffer_view(&Uint8Array::new(&buffer))
            }
            Reader::Giving(reader) => reader.read(),
        };
        let result: Object = JsFuture::from(piece).await.and_then(JsCast::dyn_into).map_err(broken)?;
        let value = Reflect::get(&result, &"value".into()).map_err(broken)?;
        // At the end too, the buffer comes back.
        if let (Reader::Filling(_, buffer), Some(piece)) = (&self.reader, value.dyn_ref::<Uint8Array>()) {
            buffer.set(Some(piece.buffer()));
        }
        if Reflect::get(&result, &"done".into()).is_ok_and(|done| done.is_truthy()) {
            return Ok(None);
        }
        let piece: Uint8Array = value.dyn_into().map_err(broken)?;
        self.left.set(self.left.get().map(|left| left - f64::from(piece.length())));
        Ok(Some(piece))
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        if let Reader::Filling(_, buffer) = &self.reader {
            SPARE.set(buffer.take());
        }
    }
}

/// A JavaScript error in words.
fn text(error: &JsValue) -> String {
    error
        .dyn_ref::<js_sys::Error>()
        .map_or_else(|| format!("{error:?}"), |error| String::from(error.message()))
}
