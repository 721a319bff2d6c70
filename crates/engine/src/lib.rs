//! [`Engine::handle`]`(Request) -> Response` is the whole protocol: it owns the store and runs everything below.
//!
//! The same engine runs in a Web Worker, on the page where no worker can start, in tests and on the command line.
//!
//! Not here: a clock, a browser, a thread, a global.

mod clocks;
mod details;
mod json;
mod list;
mod load;
mod open;
mod protocol;
mod search;
mod views;

use formats::{Decoder, Elsewhere};
use store::TraceStore;

use crate::load::Load;
use crate::open::Open;
pub use crate::protocol::*;

/// What is open, what is being loaded, and what was derived.
#[derive(Debug)]
pub struct Engine {
    open: Option<Open>,
    load: Option<Load>,
    /// While nothing is open: log records and exemplars that an append may bring the spans of.
    waiting: Option<(TraceStore, Opened)>,
    generation: u32,
    decoder: fn() -> Decoder,
}

impl Default for Engine {
    fn default() -> Self {
        Self::new()
    }
}

impl Engine {
    /// Nothing is open. Reads every format by itself.
    pub fn new() -> Self {
        Self::reading_with(Decoder::new)
    }

    /// Nothing is open. `decoder` makes one for each source: [`Decoder::lean`] leaves most formats to others.
    pub fn reading_with(decoder: fn() -> Decoder) -> Self {
        Self { open: None, load: None, waiting: None, generation: 0, decoder }
    }

    /// Does the source that is being read wait for what [`Engine::provide`] gives? To be asked after each
    /// [`Request::Chunk`], and after [`Engine::end_of_bytes`].
    pub fn wants_formats(&self) -> bool {
        self.load.as_ref().is_some_and(Load::wants_formats)
    }

    /// What reads the rest of the source.
    pub fn provide(&mut self, formats: Box<dyn Elsewhere>) {
        if let Some(load) = &mut self.load {
            load.provide(formats);
        }
    }

    /// Before [`Request::EndSource`]: no bytes follow. Only then may it be known what the source is.
    pub fn end_of_bytes(&mut self) {
        if let Some(load) = &mut self.load {
            load.end_of_bytes();
        }
    }

    /// What is open.
    pub fn store(&self) -> Option<&TraceStore> {
        self.open.as_ref().map(|open| &open.store)
    }

    /// Answers. Never panics, but for [`Request::Panic`].
    pub fn handle(&mut self, request: Request) -> Response {
        self.answer(request).unwrap_or_else(Response::Refused)
    }

    // What answers stays apart (`inline(never)`): otherwise every chunk goes through a function with all of it inside, which
    // browsers then think worth half a second of optimising.
    fn answer(&mut self, request: Request) -> Result<Response, Failure> {
        Ok(match request {
            Request::Begin { append } => {
                if !append {
                    self.waiting = None;
                }
                let open = self.open.as_ref().map(|open| (&open.store, &open.opened));
                let onto = open.or_else(|| self.waiting.as_ref().map(|(store, opened)| (store, opened)));
                self.load = Some(Load::new(onto.filter(|_| append), self.decoder));
                Response::Done
            }
            Request::Source { name } => {
                let load = self.load()?;
                load.source(name);
                Response::Progress(load.progress())
            }
            Request::Chunk(bytes) => {
                let load = self.load()?;
                load.chunk(&bytes)?;
                Response::Progress(load.progress())
            }
            Request::EndSource => {
                let load = self.load()?;
                load.end_source()?;
                Response::Progress(load.progress())
            }
            Request::Finish => {
                let load = self.load.take().ok_or_else(Failure::no_load)?;
                Response::Opened(self.finish(load)?)
            }
            Request::Cancel => {
                self.load = None;
                Response::Done
            }
            Request::Close => {
                self.load = None;
                self.open = None;
                self.waiting = None;
                Response::Done
            }
            Request::Summary => Response::Json(json::summary(self.open()?)?),
            Request::Analyze { trace_id } => {
                let open = self.open()?;
                let trace = trace_id.map(|id| open.trace_named(&id)).transpose()?;
                Response::Json(json::analysis(&open.store, trace)?)
            }
            Request::Query { text } => {
                let open = self.open()?;
                Response::Json(json::answer(&open.store, &analysis::search(&open.store, &text).spans)?)
            }
            Request::Find { trace_id, span_id } => {
                Response::Found(self.open()?.find(&trace_id, span_id.as_deref()))
            }
            Request::Traces { list, first, count } => {
                Response::Traces(list::traces(self.open()?, &list, first, count))
            }
            Request::Charts { list, width, height } => {
                Response::Charts(list::charts(self.open()?, &list, width, height))
            }
            Request::Trace { trace } => Response::Trace(views::head(self.open()?, trace)?),
            Request::Waterfall { trace, request } => {
                Response::Waterfall(views::waterfall(self.open()?, trace, &request)?)
            }
            Request::Minimap { trace, width, height } => {
                Response::Minimap(views::minimap(self.open()?, trace, width, height)?)
            }
            Request::Flame { trace, request } => {
                Response::Flame(views::flame(self.open()?, trace, &request)?)
            }
            Request::Fold { trace, fold } => Response::Rows(views::fold(self.open()?, trace, fold)?),
            Request::Reveal { trace, span } => Response::Rows(views::reveal(self.open()?, trace, span)?),
            Request::Step { trace, from, by, among } => {
                Response::Rows(views::step(self.open()?, trace, from, by, among)?)
            }
            Request::Details { span } => Response::Details(Box::new(details::details(self.open()?, span)?)),
            Request::Raw { span } => Response::Json(details::raw(self.open()?, span)?),
            Request::Search { text, trace } => Response::Matches(search::search(self.open()?, &text, trace)?),
            Request::Panic => stop(),
        })
    }

    fn open(&mut self) -> Result<&mut Open, Failure> {
        self.open.as_mut().ok_or_else(|| Failure::not_open("Nothing is open."))
    }

    fn load(&mut self) -> Result<&mut Load, Failure> {
        self.load.as_mut().ok_or_else(Failure::no_load)
    }

    fn finish(&mut self, mut load: Load) -> Result<Opened, Failure> {
        load.complete()?;
        if let Some(failure) = load.without_spans() {
            if self.open.is_none() {
                self.waiting = Some(load.seal());
            }
            return Err(failure);
        }
        self.waiting = None;
        // Nothing can fail from here on, and sealing needs room.
        self.open = None;
        let (store, opened) = load.seal();
        self.generation += 1;
        let open = Open::new(store, Opened { generation: self.generation, ..opened });
        Ok(self.open.insert(open).opened.clone())
    }
}

impl Failure {
    fn new(kind: &str, message: impl Into<String>) -> Self {
        Self { kind: kind.to_owned(), message: message.into(), offset: None, name: String::new() }
    }

    fn not_open(message: &str) -> Self {
        Self::new("notOpen", message)
    }

    fn no_load() -> Self {
        Self::not_open("No load has begun.")
    }

    fn not_found(message: impl Into<String>) -> Self {
        Self::new("notFound", message)
    }
}

#[expect(clippy::panic, reason = "asked for, to see what the page does then")]
fn stop() -> ! {
    panic!("The engine was asked to panic.")
}
