//! Keys, drops, pastes and links, from the window or the element.

use engine::{Failure, Response};
use gloo::events::{EventListener, EventListenerOptions};
use wasm_bindgen::JsCast as _;
use web_sys::{DragEvent, HtmlInputElement, KeyboardEvent};
use yew::prelude::*;

use super::keys::Pressed;
use super::sharing::asked_src;
use super::{App, LoadKind, Msg, Shared};
use crate::input::Input;
use crate::link::Link;

/// Reads the clipboard, which asks the person first.
pub(super) fn paste(ctx: &Context<App>) {
    let link = ctx.link().clone();
    let text = gloo::utils::window().navigator().clipboard().read_text();
    wasm_bindgen_futures::spawn_local(async move {
        let text = wasm_bindgen_futures::JsFuture::from(text).await.ok().and_then(|text| text.as_string());
        let inputs = text.as_ref().map(|text| Input::from_js(&text.as_str().into(), None));
        match inputs {
            Some(Ok(inputs)) if !inputs.is_empty() => link.send_message(Msg::Dropped(inputs)),
            Some(_) => link.send_message(Msg::Loaded {
                response: Response::Refused(Failure {
                    kind: "empty".to_owned(),
                    message:
                        "The clipboard holds no text. Copy the JSON of a trace, or a URL, and paste again."
                            .to_owned(),
                    offset: None,
                    name: "The clipboard".to_owned(),
                }),
                kind: LoadKind::Open,
                src: None,
                resolver: None,
            }),
            None => link.send_message(Msg::Loaded {
                response: Response::Refused(Failure {
                    kind: "clipboard".to_owned(),
                    message: "The browser does not let this page read the clipboard. Press Ctrl V instead."
                        .to_owned(),
                    offset: None,
                    name: "The clipboard".to_owned(),
                }),
                kind: LoadKind::Open,
                src: None,
                resolver: None,
            }),
        }
    });
}

/// Keys, drops, pastes and links. They go with the application.
pub(super) fn listeners(ctx: &Context<App>, shared: &Shared) -> Vec<EventListener> {
    let link = ctx.link();
    let window: web_sys::EventTarget = gloo::utils::window().into();
    let host: web_sys::EventTarget = shared.host.clone().into();
    // The page owns the window; an element in someone's page listens to itself.
    let target = if shared.is_page { window.clone() } else { host };
    let active = EventListenerOptions::enable_prevent_default();
    let mut listeners = Vec::new();

    let on_key = link.callback(Msg::Key);
    listeners.push(EventListener::new_with_options(&target, "keydown", active, move |event| {
        if let Some(event) = event.dyn_ref::<KeyboardEvent>() {
            on_key.emit(Pressed::new(event));
        }
    }));
    for (name, over) in [("dragenter", true), ("dragleave", false)] {
        let on_drag = link.callback(Msg::Dragging);
        listeners.push(EventListener::new_with_options(&target, name, active, move |event| {
            event.prevent_default();
            on_drag.emit(over);
        }));
    }
    listeners.push(EventListener::new_with_options(&target, "dragover", active, Event::prevent_default));
    let on_drop = link.callback(Msg::Dropped);
    listeners.push(EventListener::new_with_options(&target, "drop", active, move |event| {
        event.prevent_default();
        let transfer = event.dyn_ref::<DragEvent>().and_then(DragEvent::data_transfer);
        on_drop.emit(transfer.map(|transfer| Input::from_transfer(&transfer)).unwrap_or_default());
    }));
    let on_paste =
        link.batch_callback(|inputs: Vec<Input>| (!inputs.is_empty()).then_some(Msg::Dropped(inputs)));
    listeners.push(EventListener::new(&target, "paste", move |event| {
        let typing = event.composed_path().get(0).dyn_ref::<HtmlInputElement>().is_some();
        let event = event.dyn_ref::<web_sys::ClipboardEvent>();
        if let (false, Some(transfer)) = (typing, event.and_then(web_sys::ClipboardEvent::clipboard_data)) {
            on_paste.emit(Input::from_transfer(&transfer));
        }
    }));
    if shared.is_page {
        let (on_hash, host) = (link.callback(Msg::Restore), shared.host.clone());
        listeners.push(EventListener::new(&window, "popstate", move |_| {
            let mut link = Link::parse(&gloo::utils::window().location().hash().unwrap_or_default());
            link.src = link.src.or_else(asked_src);
            if link != Link::parse(&host.get_attribute("data-state").unwrap_or_default()) {
                on_hash.emit(Box::new(link));
            }
        }));
    }
    let scheme = gloo::utils::window().match_media("(prefers-color-scheme: dark)").ok().flatten();
    if let Some(scheme) = scheme {
        let on_change = link.callback(|()| Msg::ThemeChanged);
        listeners.push(EventListener::new(&scheme, "change", move |_| on_change.emit(())));
    }
    listeners
}
