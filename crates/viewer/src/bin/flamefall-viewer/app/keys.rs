//! What each key does. Jaeger's keys where Jaeger has one.

use engine::{Fold, StepAmong};
use wasm_bindgen::JsCast as _;
use web_sys::{HtmlElement, HtmlInputElement, KeyboardEvent};
use yew::prelude::*;

use super::{App, Msg, View};
use crate::timeline::Command;

/// A key, and where it was pressed: an event tells that only while it is on its way, and messages may arrive later.
pub(crate) struct Pressed {
    event: KeyboardEvent,
    /// Into a field.
    typing: bool,
    on_button: bool,
}

impl Pressed {
    /// While the event is dispatched.
    pub(super) fn new(event: &KeyboardEvent) -> Self {
        let target = event.composed_path().get(0);
        let typing = target.dyn_ref::<HtmlInputElement>().is_some_and(|input| input.type_() != "file");
        let on_button = target.dyn_ref::<HtmlElement>().is_some_and(|element| element.tag_name() == "BUTTON");
        let pressed = Self { event: event.clone(), typing, on_button };
        if pressed.is_search() {
            // Now, or the sign stands in the field that it leads to.
            event.prevent_default();
        }
        pressed
    }

    fn with_control(&self) -> bool {
        self.event.ctrl_key() || self.event.meta_key()
    }

    fn is_search(&self) -> bool {
        let key = self.event.key();
        self.with_control() && key == "b" || !self.typing && !self.with_control() && key == "/"
    }
}

impl App {
    pub(super) fn key(&mut self, ctx: &Context<Self>, pressed: &Pressed) -> bool {
        let Pressed { ref event, typing, on_button } = *pressed;
        let key = event.key();
        let with_control = pressed.with_control();
        if key == "Escape" {
            return self.escape(ctx, typing);
        }
        if pressed.is_search() {
            if let Some(input) = self.search_input.cast::<HtmlInputElement>() {
                drop(input.focus());
                input.select();
            }
            return false;
        }
        if typing || with_control || event.alt_key() || event.default_prevented() {
            return false;
        }
        // A button under the focus wants these for itself.
        if on_button && (key == "Enter" || key == " ") {
            return false;
        }
        if key == "?" {
            self.help = !self.help;
            return true;
        }
        if self.help || self.quality || self.opened.is_none() || self.at_home {
            return false;
        }
        let view = match key.as_str() {
            "1" => Some(View::Traces),
            "2" => Some(View::Waterfall),
            "3" => Some(View::Flame),
            _ => None,
        };
        if let Some(view) = view {
            return self.change_view(ctx, view);
        }
        if self.view == View::Traces || self.head.is_none() {
            return false;
        }
        let far = event.shift_key();
        let link = ctx.link();
        let fold = |fold| link.send_message(Msg::Fold(fold));
        let step = |among, by| link.send_message(Msg::Step { among, by });
        // Jaeger's f and b go through the visible spans where nothing is searched.
        let matches = if self.search.is_empty() { StepAmong::Rows } else { StepAmong::Matches };
        match (key.as_str(), self.selected) {
            ("j", _) => step(StepAmong::Rows, 1),
            ("k", _) => step(StepAmong::Rows, -1),
            ("J", _) => step(StepAmong::Rows, 10),
            ("K", _) => step(StepAmong::Rows, -10),
            ("f" | "F" | "n", _) => step(matches, 1),
            ("b" | "B" | "N", _) => step(matches, -1),
            ("e", _) => step(StepAmong::Errors, 1),
            ("E", _) => step(StepAmong::Errors, -1),
            ("s" | "PageDown", _) => self.command(Command::Page(1.0)),
            ("w" | "PageUp", _) => self.command(Command::Page(-1.0)),
            ("Home", _) => self.command(Command::Page(f64::NEG_INFINITY)),
            ("End", _) => self.command(Command::Page(f64::INFINITY)),
            ("a" | "A" | "ArrowLeft", _) => self.command(Command::Pan(if far { -0.5 } else { -0.1 })),
            ("d" | "D" | "ArrowRight", _) => self.command(Command::Pan(if far { 0.5 } else { 0.1 })),
            ("ArrowUp", _) => self.command(Command::Zoom(if far { 0.4 } else { 0.8 })),
            ("ArrowDown", _) => self.command(Command::Zoom(if far { 2.5 } else { 1.25 })),
            ("0", _) => self.command(Command::Fit),
            ("z", Some(_)) => {
                if let Some(details) = &self.details {
                    self.command(Command::ZoomTo {
                        start: details.start as f64,
                        duration: details.duration as f64,
                    });
                }
            }
            ("]", _) => fold(Fold::CloseAll),
            ("[", _) => fold(Fold::OpenAll),
            ("p", _) => fold(Fold::CloseLevel),
            ("o", _) => fold(Fold::OpenLevel),
            ("Enter", Some(span)) if far => {
                let closed = self.folded.contains(&span);
                fold(if closed { Fold::OpenSubtree(span) } else { Fold::CloseSubtree(span) });
            }
            ("Enter", Some(span)) => fold(Fold::Toggle(span)),
            _ => return false,
        }
        event.prevent_default();
        false
    }

    pub(super) fn escape(&mut self, ctx: &Context<Self>, typing: bool) -> bool {
        if self.help || self.quality {
            (self.help, self.quality) = (false, false);
        } else if self.loading.is_some() {
            self.shared.client.cancel();
        } else if self.at_home {
            self.at_home = false;
        } else if !self.search.is_empty() {
            self.search(ctx, String::new());
            if let (true, Some(input)) = (typing, self.search_input.cast::<HtmlElement>()) {
                drop(input.blur());
            }
        } else if self.flame_window.get().end > 0.0 && self.view == View::Flame {
            self.command(Command::Fit);
        } else if self.selected.is_some() {
            self.select(ctx, None);
        }
        true
    }
}
