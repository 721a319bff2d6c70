//! Messages between page and engine.
//!
//! ```text
//! page → engine   { id, request: Uint8Array }                                    one postcard Request
//!                 { id, load: [{ blob | url, name }], append: bool }             streamed into the engine
//!                 { cancel: true }                                               ends the load that is going on
//! engine → page   { id, response: Uint8Array }                                   one postcard Response, the last for id
//!                 { id, progress: Uint8Array }                                   postcard Progress
//!                 { warm: true }                                                 nothing was asked, and it is warm
//!                 { crash: string }                                              the engine is gone
//! ```

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use ::formats::Decoder;
use engine::{Engine, Failure, Progress, Request, Response};
use gloo::timers::future::TimeoutFuture;
use js_sys::{Array, Function, Object, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::Blob;

use crate::formats;
use crate::source::Source;
use crate::warm;

/// Milliseconds between two reports of progress: what an eye can follow.
const REPORT_EVERY: f64 = 100.0;

#[wasm_bindgen]
#[derive(Debug)]
#[expect(unnameable_types, reason = "only JavaScript names it")]
pub struct EngineHost {
    engine: Rc<RefCell<Engine>>,
    post: Function,
    formats: Function,
    /// Which load is wanted: an older one that is still reading stops.
    load: Rc<Cell<u32>>,
}

#[wasm_bindgen]
impl EngineHost {
    /// `post(message, transfer)` carries answers to the page. `formats()` promises a new `Formats` of the second module.
    #[wasm_bindgen(constructor)]
    pub fn new(post: Function, formats: Function) -> Self {
        let crash = post.clone();
        std::panic::set_hook(Box::new(move |info| {
            let message = object(&[("crash", &info.to_string().into())]);
            drop(crash.call2(&JsValue::NULL, &message, &Array::new()));
        }));
        Self { engine: engine(), post, formats, load: Rc::default() }
    }

    /// For a worker that has nothing to do: loads files of its own, until a message comes. Browsers optimise what has run
    /// for a while, and the first file is to find that done, all the way from reading it to the answer.
    pub fn warm_up(&self) {
        let post = self.post.clone();
        let mut loading = Loading::new(&self.load, None, JsValue::UNDEFINED, self.formats.clone());
        spawn_local(async move {
            for documents in warm::LOADS {
                TimeoutFuture::new(0).await;
                let Ok(sources) = warm::sources(documents) else { return };
                let response = loading.run(sources, false).await;
                if !loading.is_wanted() {
                    return;
                }
                loading.answer("response", &response);
            }
            drop(post.call2(&JsValue::NULL, &object(&[("warm", &JsValue::TRUE)]), &Array::new()));
        });
    }

    /// Takes one message of the page.
    pub fn receive(&self, message: &JsValue) {
        let get = |key: &str| Reflect::get(message, &key.into()).unwrap_or(JsValue::UNDEFINED);
        let load = get("load").dyn_into::<Array>();
        // The first message, whatever it is, ends the warming up.
        if load.is_ok() || get("cancel").is_truthy() || self.load.get() == 0 {
            self.load.set(self.load.get() + 1);
        }
        if get("cancel").is_truthy() {
            // At once, and not where the load notices: by then the engine may be reading for a later one.
            self.engine.borrow_mut().handle(Request::Cancel);
            return;
        }
        let id = get("id");
        if let Ok(load) = load {
            let mut loading = Loading::new(&self.load, Some(self.post.clone()), id, self.formats.clone());
            loading.engine = Rc::clone(&self.engine);
            let append = get("append").is_truthy();
            spawn_local(async move {
                let response = loading.run(load, append).await;
                loading.answer("response", &response);
            });
            return;
        }
        let bytes = get("request").dyn_into::<Uint8Array>().map(|bytes| bytes.to_vec()).unwrap_or_default();
        let response = match postcard::from_bytes::<Request>(&bytes) {
            Ok(request) => self.engine.borrow_mut().handle(request),
            Err(error) => Response::Refused(Failure {
                kind: "badRequest".to_owned(),
                message: format!("The page and the engine do not fit together ({error}). Reload the page."),
                offset: None,
                name: String::new(),
            }),
        };
        answer(Some(&self.post), &id, "response", &response);
    }
}

struct Loading {
    engine: Rc<RefCell<Engine>>,
    /// Nobody listens while the worker warms up.
    post: Option<Function>,
    formats: Function,
    id: JsValue,
    number: u32,
    wanted: Rc<Cell<u32>>,
    reported: f64,
    /// Sources that could not be reached.
    failures: Vec<Failure>,
}

impl Loading {
    /// Into an engine of its own. Goes on for as long as `wanted` stays what it is.
    fn new(wanted: &Rc<Cell<u32>>, post: Option<Function>, id: JsValue, formats: Function) -> Self {
        Self {
            engine: engine(),
            post,
            formats,
            id,
            number: wanted.get(),
            wanted: Rc::clone(wanted),
            reported: js_sys::Date::now(),
            failures: Vec::new(),
        }
    }

    async fn run(&mut self, sources: Array, append: bool) -> Response {
        self.handle(Request::Begin { append });
        for source in sources.iter() {
            let get = |key: &str| Reflect::get(&source, &key.into()).unwrap_or(JsValue::UNDEFINED);
            let name = get("name").as_string().unwrap_or_default();
            let opened = match get("blob").dyn_into::<Blob>() {
                Ok(blob) => Source::blob(&blob),
                Err(_) => Source::fetch(&get("url").as_string().unwrap_or_default()).await,
            };
            if !self.is_wanted() {
                return cancelled();
            }
            match opened {
                Ok(opened) => {
                    if !self.read(name, opened).await {
                        return cancelled();
                    }
                }
                Err(message) => {
                    self.failures.push(Failure {
                        kind: "unreachable".to_owned(),
                        message,
                        offset: None,
                        name,
                    });
                }
            }
        }
        match self.handle(Request::Finish) {
            Response::Opened(mut opened) => {
                opened.refused.append(&mut self.failures);
                Response::Opened(opened)
            }
            Response::Refused(failure) => {
                let first = self.failures.drain(..).next();
                Response::Refused(first.unwrap_or(failure))
            }
            other => other,
        }
    }

    /// Reads one source to its end. `false` when the load is no longer wanted.
    async fn read(&mut self, name: String, source: Source) -> bool {
        self.handle(Request::Source { name: name.clone() });
        loop {
            let piece = source.next().await;
            if !self.is_wanted() {
                return false;
            }
            match piece {
                Ok(Some(bytes)) => {
                    let response = self.handle(Request::Chunk(bytes.to_vec()));
                    if !self.provide().await {
                        return false;
                    }
                    match response {
                        Response::Progress(progress) => self.report(&progress).await,
                        // Nothing more of this source can be read; the engine remembers why.
                        _ => return true,
                    }
                }
                Ok(None) => break,
                Err(message) => {
                    // What arrived before is kept: the end of the source closes it as truncated.
                    self.failures.push(Failure {
                        kind: "unreachable".to_owned(),
                        message,
                        offset: None,
                        name,
                    });
                    break;
                }
            }
        }
        self.engine.borrow_mut().end_of_bytes();
        if !self.provide().await {
            return false;
        }
        self.handle(Request::EndSource);
        true
    }

    /// Loads what reads the rest of the source, where the engine cannot. `false` when the load is no longer wanted.
    async fn provide(&self) -> bool {
        if self.engine.borrow().wants_formats() {
            let formats = formats::load(&self.formats).await;
            if !self.is_wanted() {
                return false;
            }
            self.engine.borrow_mut().provide(formats);
        }
        true
    }

    fn answer(&self, key: &str, content: &impl serde::Serialize) {
        answer(self.post.as_ref(), &self.id, key, content);
    }

    fn handle(&self, request: Request) -> Response {
        self.engine.borrow_mut().handle(request)
    }

    fn is_wanted(&self) -> bool {
        self.wanted.get() == self.number
    }

    async fn report(&mut self, progress: &Progress) {
        let now = js_sys::Date::now();
        if now - self.reported >= REPORT_EVERY {
            self.reported = now;
            self.answer("progress", progress);
            // Bytes that are at hand come without a turn of the event loop; the message that cancels needs one.
            TimeoutFuture::new(0).await;
        }
    }
}

/// Of a load that is no longer wanted. What it began in the engine is gone already, with the message that ended it.
fn cancelled() -> Response {
    Response::Refused(Failure {
        kind: "cancelled".to_owned(),
        message: "Loading was cancelled.".to_owned(),
        offset: None,
        name: String::new(),
    })
}

/// Reads OTLP by itself, and leaves the rest to the second module.
fn engine() -> Rc<RefCell<Engine>> {
    Rc::new(RefCell::new(Engine::reading_with(Decoder::lean)))
}

fn object(entries: &[(&str, &JsValue)]) -> JsValue {
    let object = Object::new();
    for (key, value) in entries {
        // Setting a property of a plain object cannot fail.
        drop(Reflect::set(&object, &(*key).into(), value));
    }
    object.into()
}

fn answer(post: Option<&Function>, id: &JsValue, key: &str, content: &impl serde::Serialize) {
    let bytes = postcard::to_stdvec(content).unwrap_or_default();
    let bytes = Uint8Array::from(bytes.as_slice());
    let transfer = Array::of1(&bytes.buffer());
    let message = object(&[("id", id), (key, &bytes)]);
    if let Some(post) = post {
        drop(post.call2(&JsValue::NULL, &message, &transfer));
    }
}
