//! `<flamefall-viewer>`: the contract of the README over the application.

use std::rc::Rc;

use engine::{Failure, Request, Response};
use js_sys::{Array, Function, Promise, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::{CssStyleSheet, CustomEvent, CustomEventInit, HtmlElement, ShadowRoot};
use yew::AppHandle;

use crate::app::{App, AppProps, Msg, Shared};
use crate::busy::Busy;
use crate::client::Client;
use crate::input::Input;
use crate::link::Link;

/// Settles one promise, once.
#[derive(Clone, Debug)]
pub(crate) struct Resolver {
    resolve: Function,
    reject: Function,
}

impl Resolver {
    pub(crate) fn resolve(&self, value: &JsValue) {
        drop(self.resolve.call1(&JsValue::NULL, value));
    }

    pub(crate) fn reject(&self, failure: &Failure) {
        drop(self.reject.call1(&JsValue::NULL, &failure_object(failure)));
    }
}

/// `{kind, message, offset?}`, as an `Error`, so that an unhandled rejection reads well in a console.
pub(crate) fn failure_object(failure: &Failure) -> JsValue {
    let error = js_sys::Error::new(&failure.message);
    error.set_name("FlamefallError");
    let set = |key: &str, value: JsValue| drop(Reflect::set(&error, &key.into(), &value));
    set("kind", failure.kind.as_str().into());
    if let Some(offset) = failure.offset {
        // Offsets are bytes of a file that fits a browser: below 2^53.
        set("offset", (offset as f64).into());
    }
    if !failure.name.is_empty() {
        set("source", failure.name.as_str().into());
    }
    error.into()
}

fn promise(start: impl FnOnce(Resolver)) -> Promise {
    let mut start = Some(start);
    Promise::new(&mut |resolve, reject| {
        if let Some(start) = start.take() {
            start(Resolver { resolve, reject });
        }
    })
}

/// Fires an event that leaves shadow roots.
pub(crate) fn dispatch(host: &HtmlElement, name: &str, detail: &JsValue) {
    let init = CustomEventInit::new();
    init.set_bubbles(true);
    init.set_composed(true);
    init.set_detail(detail);
    if let Ok(event) = CustomEvent::new_with_event_init_dict(name, &init) {
        drop(host.dispatch_event(&event));
    }
}

/// Parsed JSON of the engine's own making.
pub(crate) fn parse(json: &str) -> JsValue {
    js_sys::JSON::parse(json).unwrap_or(JsValue::NULL)
}

/// A mounted viewer, for `www/flamefall.js`.
#[wasm_bindgen]
#[expect(missing_debug_implementations, unnameable_types, reason = "only JavaScript names it")]
pub struct Viewer {
    app: Option<AppHandle<App>>,
    client: Client,
    busy: Busy,
}

/// Mounts the application in `root`, the shadow root of `host`. `connect(receive)` reaches an engine; `base` is the
/// address of the program.
#[wasm_bindgen]
#[expect(unreachable_pub, reason = "JavaScript reaches it")]
pub fn mount(
    host: HtmlElement,
    root: &ShadowRoot,
    connect: Function,
    base: String,
) -> Result<Viewer, JsValue> {
    let sheet = CssStyleSheet::new()?;
    sheet.replace_sync(include_str!("style.css"))?;
    let sheets: JsValue = Array::of1(&sheet).into();
    Reflect::set(root, &"adoptedStyleSheets".into(), &sheets)?;
    root.set_inner_html("");
    let mount_point = gloo::utils::document().create_element("div")?;
    root.append_child(&mount_point)?;

    let busy = Busy::default();
    let shared = Rc::new(Shared::new(host, connect, base, busy.clone()));
    let client = shared.client.clone();
    let app = yew::Renderer::<App>::with_root_and_props(mount_point, AppProps { shared }).render();
    Ok(Viewer { app: Some(app), client, busy })
}

#[wasm_bindgen]
impl Viewer {
    fn send(&self, message: Msg) {
        if let Some(app) = &self.app {
            app.send_message(message);
        }
    }

    /// Opens or appends; resolves to the `Summary`.
    pub fn open(&self, input: &JsValue, options: &JsValue, append: bool) -> Promise {
        let name = Reflect::get(options, &"name".into()).ok().and_then(|name| name.as_string());
        promise(|resolver| match Input::from_js(input, name.as_deref()) {
            Ok(inputs) => self.send(Msg::Open { inputs, append, resolver: Some(resolver) }),
            Err(message) => resolver.reject(&Failure {
                kind: "unsupportedInput".to_owned(),
                message,
                offset: None,
                name: name.unwrap_or_default(),
            }),
        })
    }

    /// Closes what is open.
    pub fn close(&self) -> Promise {
        self.send(Msg::Close);
        self.idle()
    }

    fn ask_json(&self, request: &Request) -> Promise {
        promise(|resolver| {
            self.client.ask(request, move |response| match response {
                Response::Json(json) => resolver.resolve(&parse(&json)),
                Response::Refused(failure) => resolver.reject(&failure),
                _ => resolver.resolve(&JsValue::NULL),
            });
        })
    }

    /// Resolves to the `Analysis` of one trace, or of all.
    pub fn analyze(&self, trace_id: Option<String>) -> Promise {
        self.ask_json(&Request::Analyze { trace_id })
    }

    /// Resolves to what matches.
    pub fn query(&self, text: String) -> Promise {
        self.ask_json(&Request::Query { text })
    }

    /// Shows a trace, or a span of it: `{traceId, spanId?}`. Resolves to whether it is there.
    pub fn select(&self, target: &JsValue) -> Promise {
        let get = |key: &str| Reflect::get(target, &key.into()).ok().and_then(|value| value.as_string());
        let link = self.app.as_ref().map(|_| get("spanId"));
        promise(|resolver| {
            let Some(trace_id) = get("traceId") else {
                resolver.resolve(&false.into());
                return;
            };
            self.send(Msg::Show { trace_id, span_id: link.flatten(), resolver: Some(resolver) });
        })
    }

    /// Resolves when nothing is loading, computing or waiting to be painted.
    pub fn idle(&self) -> Promise {
        let busy = self.busy.clone();
        wasm_bindgen_futures::future_to_promise(async move {
            busy.idle().await;
            Ok(JsValue::UNDEFINED)
        })
    }

    /// Takes over a state, as `state` gave it.
    pub fn restore(&self, state: &str) {
        self.send(Msg::Restore(Box::new(Link::parse(state))));
    }

    /// An attribute of the element changed.
    pub fn attribute(&self, name: &str, value: Option<String>) {
        self.send(Msg::Attribute(name.to_owned(), value));
    }

    /// Takes the application down and ends the engine.
    pub fn unmount(&mut self) {
        if let Some(app) = self.app.take() {
            app.destroy();
        }
        self.client.close();
    }
}
