//! The page's end of the wire to the engine.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use engine::{Failure, Progress, Request, Response};
use js_sys::{Array, Function, Object, Reflect, Uint8Array};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast as _, JsValue};
use yew::Callback;

use crate::busy::{Busy, Working};
use crate::input::Input;

/// Asks the engine. Cheap to clone; compared by identity.
#[derive(Clone)]
pub(crate) struct Client(Rc<Inner>);

type Answer = Box<dyn FnOnce(Response)>;

struct Inner {
    connect: Function,
    port: RefCell<Option<Port>>,
    pending: RefCell<BTreeMap<u32, Pending>>,
    next: Cell<u32>,
    busy: Busy,
    on_crash: Callback<String>,
}

struct Pending {
    answer: Answer,
    progress: Option<Callback<Progress>>,
    _working: Working,
}

struct Port {
    post: Function,
    close: Function,
    /// Kept for as long as the engine may call it.
    _receive: Closure<dyn FnMut(JsValue)>,
}

impl PartialEq for Client {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

fn get(object: &JsValue, key: &str) -> JsValue {
    Reflect::get(object, &key.into()).unwrap_or(JsValue::UNDEFINED)
}

fn set(object: &Object, key: &str, value: &JsValue) {
    // Setting a property of a plain object cannot fail.
    drop(Reflect::set(object, &key.into(), value));
}

impl Client {
    /// `connect(receive)` of `www/flamefall.js`. The engine starts at once, to be compiled before it is needed.
    pub(crate) fn new(connect: Function, busy: Busy, on_crash: Callback<String>) -> Self {
        let client = Self(Rc::new(Inner {
            connect,
            port: RefCell::default(),
            pending: RefCell::default(),
            next: Cell::new(1),
            busy,
            on_crash,
        }));
        client.start();
        client
    }

    pub(crate) fn busy(&self) -> &Busy {
        &self.0.busy
    }

    fn start(&self) {
        let inner = Rc::downgrade(&self.0);
        let receive = Closure::<dyn FnMut(JsValue)>::new(move |message| {
            if let Some(inner) = inner.upgrade() {
                Self(inner).receive(&message);
            }
        });
        let Ok(port) = self.0.connect.call1(&JsValue::NULL, receive.as_ref()) else { return };
        let method = |name| get(&port, name).dyn_into::<Function>().unwrap_or_default();
        *self.0.port.borrow_mut() =
            Some(Port { post: method("post"), close: method("close"), _receive: receive });
    }

    fn receive(&self, message: &JsValue) {
        if let Some(crash) = get(message, "crash").as_string() {
            self.crashed(&crash);
            return;
        }
        let id = get(message, "id").as_f64().unwrap_or_default() as u32;
        let bytes = |key| get(message, key).dyn_into::<Uint8Array>().ok().map(|bytes| bytes.to_vec());
        if let Some(progress) = bytes("progress") {
            let report = self.0.pending.borrow().get(&id).and_then(|pending| pending.progress.clone());
            if let (Some(report), Ok(progress)) = (report, postcard::from_bytes(&progress)) {
                report.emit(progress);
            }
            return;
        }
        let Some(response) = bytes("response") else { return };
        // Taken out first: the answer may ask again.
        let pending = self.0.pending.borrow_mut().remove(&id);
        if let Some(pending) = pending {
            let response = postcard::from_bytes(&response).unwrap_or_else(|error| {
                Response::Refused(stopped(&format!("its answer could not be read ({error})")))
            });
            (pending.answer)(response);
        }
    }

    /// The engine panicked or its worker died: everything asked is refused, and a new engine starts, with nothing open.
    fn crashed(&self, why: &str) {
        let port = self.0.port.borrow_mut().take();
        // A dying worker reports twice: its panic, then its trap.
        let Some(port) = port else { return };
        drop(port.close.call0(&JsValue::NULL));
        let pending = std::mem::take(&mut *self.0.pending.borrow_mut());
        for (_, pending) in pending {
            (pending.answer)(Response::Refused(stopped(why)));
        }
        self.0.on_crash.emit(why.to_owned());
        // The closure that called us is dropped with the port, so not while it runs.
        let again = self.clone();
        wasm_bindgen_futures::spawn_local(async move {
            drop(port);
            again.start();
        });
    }

    fn post(&self, message: &Object) {
        if let Some(port) = &*self.0.port.borrow() {
            drop(port.post.call1(&JsValue::NULL, message));
        }
    }

    fn expect(&self, answer: Answer, progress: Option<Callback<Progress>>) -> u32 {
        let id = self.0.next.get();
        self.0.next.set(id + 1);
        let pending = Pending { answer, progress, _working: self.0.busy.start() };
        self.0.pending.borrow_mut().insert(id, pending);
        id
    }

    /// Asks; `answer` is called once, also when the engine stops.
    pub(crate) fn ask(&self, request: &Request, answer: impl FnOnce(Response) + 'static) {
        let id = self.expect(Box::new(answer), None);
        let message = Object::new();
        set(&message, "id", &id.into());
        let bytes = postcard::to_stdvec(request).unwrap_or_default();
        set(&message, "request", &Uint8Array::from(bytes.as_slice()));
        self.post(&message);
    }

    /// As [`Client::ask`], to await.
    pub(crate) fn request(&self, request: &Request) -> impl Future<Output = Response> + use<> {
        let (sender, receiver) = futures_channel::oneshot::channel();
        self.ask(request, move |response| drop(sender.send(response)));
        async move { receiver.await.unwrap_or_else(|_| Response::Refused(stopped("the page was closed"))) }
    }

    /// Is something being loaded?
    pub(crate) fn is_loading(&self) -> bool {
        self.0.pending.borrow().values().any(|pending| pending.progress.is_some())
    }

    /// Loads; an older load that is going on ends as cancelled.
    pub(crate) fn load(
        &self,
        inputs: &[Input],
        append: bool,
        progress: Callback<Progress>,
        answer: impl FnOnce(Response) + 'static,
    ) {
        let id = self.expect(Box::new(answer), Some(progress));
        let message = Object::new();
        set(&message, "id", &id.into());
        set(&message, "append", &append.into());
        let sources = Array::new();
        for input in inputs {
            let source = Object::new();
            set(&source, "name", &input.name().into());
            match input {
                Input::Blob { blob, .. } => set(&source, "blob", blob),
                Input::Url { url, .. } => set(&source, "url", &url.into()),
            }
            sources.push(&source);
        }
        set(&message, "load", &sources);
        self.post(&message);
    }

    /// Ends the load that is going on.
    pub(crate) fn cancel(&self) {
        let message = Object::new();
        set(&message, "cancel", &true.into());
        self.post(&message);
    }

    /// The page is going away.
    pub(crate) fn close(&self) {
        if let Some(port) = self.0.port.borrow_mut().take() {
            drop(port.close.call0(&JsValue::NULL));
        }
        self.0.pending.borrow_mut().clear();
    }
}

/// What is said when the engine is gone.
pub(crate) fn stopped(why: &str) -> Failure {
    Failure {
        kind: "engineStopped".to_owned(),
        message: format!("The engine stopped: {why}. It has been started again; open the file once more."),
        offset: None,
        name: String::new(),
    }
}
