//! The panel beside a view: everything about the selected span.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::rc::Rc;

use engine::{
    AttributeInfo, Details, EventInfo, ExemplarInfo, LinkInfo, LogInfo, LogLevel, Request, Response,
    ValueKind,
};
use gloo::timers::callback::Timeout;
use scene::{format_count, format_duration};
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{HtmlElement, HtmlInputElement};
use yew::prelude::*;

use crate::canvas::set_css;
use crate::client::Client;
use crate::theme;

/// Names as they stand in links, and titles.
const TABS: [(&str, &str); 5] = [
    ("attributes", "Attributes"),
    ("events", "Events"),
    ("logs", "Logs"),
    ("links", "Links"),
    ("raw", "Raw"),
];

/// The tab a link names.
pub(crate) fn tab(name: &str) -> Option<&'static str> {
    TABS.iter().find(|(known, _)| *known == name).map(|(known, _)| *known)
}

/// From so many attributes on there is a field to filter them.
const FILTER_FROM: usize = 12;
/// Rows of a tab before "show more": some spans hold thousands.
const PAGE: usize = 200;
/// Longest text that is not folded, in characters.
const FOLD_FROM: usize = 140;
/// Longest JSON put on the page; the copy holds all of it.
const RAW_LIMIT: usize = 300_000;
/// "copied" stands for so many milliseconds.
const COPIED_FOR: u32 = 1400;

/// Longest side of the panel's room that it may take.
const LARGEST: f64 = 0.75;
const SMALLEST: f64 = 240.0;
const SMALLEST_SHEET: f64 = 120.0;

thread_local! {
    /// Size the reader gave the panel, in CSS pixels; the panel comes and goes with the selection.
    static WIDTH: Cell<Option<f64>> = const { Cell::new(None) };
    static HEIGHT: Cell<Option<f64>> = const { Cell::new(None) };
}

#[derive(Properties, PartialEq)]
pub(crate) struct DetailsProps {
    pub(crate) client: Client,
    pub(crate) details: Rc<Details>,
    pub(crate) tab: &'static str,
    pub(crate) narrow: bool,
    pub(crate) on_tab: Callback<&'static str>,
    pub(crate) on_close: Callback<()>,
    pub(crate) on_go: Callback<(u32, Option<u32>)>,
    pub(crate) on_search: Callback<String>,
}

pub(crate) enum Msg {
    Tab(&'static str),
    /// A key in the row of tabs.
    TabKey(KeyboardEvent),
    Filter(String),
    /// Folds or unfolds a value, by where it stands.
    Toggle(AttrValue),
    Copy {
        place: AttrValue,
        text: Rc<str>,
    },
    Copied {
        place: AttrValue,
        done: bool,
    },
    CopiedOver,
    More,
    Raw {
        span: u32,
        text: Result<Rc<str>, String>,
    },
    Grab(PointerEvent),
    Drag(PointerEvent),
    Release,
    SplitterKey(KeyboardEvent),
}

pub(crate) struct DetailsPanel {
    filter: String,
    /// Values that are unfolded. Kept from span to span: who compares spans reads the same attribute in each.
    open: BTreeSet<AttrValue>,
    copied: Option<(AttrValue, bool)>,
    copied_timer: Option<Timeout>,
    shown: usize,
    /// The JSON of a span, or why there is none.
    raw: Option<(u32, Result<Rc<str>, String>)>,
    panel: NodeRef,
    tabs: NodeRef,
    /// Where the pointer took the splitter, and the size of the panel then.
    grabbed: Option<(f64, f64)>,
}

impl Component for DetailsPanel {
    type Message = Msg;
    type Properties = DetailsProps;

    fn create(ctx: &Context<Self>) -> Self {
        let panel = Self {
            filter: String::new(),
            open: BTreeSet::new(),
            copied: None,
            copied_timer: None,
            shown: PAGE,
            raw: None,
            panel: NodeRef::default(),
            tabs: NodeRef::default(),
            grabbed: None,
        };
        panel.ask_raw(ctx);
        panel
    }

    fn changed(&mut self, ctx: &Context<Self>, old: &DetailsProps) -> bool {
        let props = ctx.props();
        let other_span =
            old.details.span != props.details.span || old.details.span_id != props.details.span_id;
        if other_span {
            self.shown = PAGE;
            self.copied = None;
            self.raw = None;
        }
        if other_span || old.tab != props.tab {
            self.ask_raw(ctx);
            if let Some(body) = self.body() {
                body.set_scroll_top(0);
            }
        }
        true
    }

    fn rendered(&mut self, ctx: &Context<Self>, first: bool) {
        if first {
            self.resize(ctx.props().narrow, None);
        }
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        let narrow = ctx.props().narrow;
        match msg {
            Msg::Tab(tab) => {
                ctx.props().on_tab.emit(tab);
                false
            }
            Msg::TabKey(event) => {
                self.tab_key(ctx, &event);
                false
            }
            Msg::Filter(filter) => {
                self.filter = filter;
                true
            }
            Msg::Toggle(place) => {
                if !self.open.remove(&place) {
                    self.open.insert(place);
                }
                true
            }
            Msg::Copy { place, text } => {
                copy(ctx, place, &text);
                false
            }
            Msg::Copied { place, done } => {
                self.copied = Some((place, done));
                let link = ctx.link().clone();
                let wait = if done { COPIED_FOR } else { 3 * COPIED_FOR };
                self.copied_timer = Some(Timeout::new(wait, move || link.send_message(Msg::CopiedOver)));
                true
            }
            Msg::CopiedOver => {
                self.copied_timer = None;
                self.copied.take().is_some()
            }
            Msg::More => {
                self.shown += 4 * PAGE;
                true
            }
            Msg::Raw { span, text } => {
                if span != ctx.props().details.span {
                    return false;
                }
                self.raw = Some((span, text));
                true
            }
            Msg::Grab(event) => {
                event.prevent_default();
                let splitter = event.target().and_then(|target| target.dyn_into::<HtmlElement>().ok());
                if let (Some(splitter), Some(panel)) = (splitter, self.panel.cast::<HtmlElement>()) {
                    drop(splitter.set_pointer_capture(event.pointer_id()));
                    drop(splitter.focus());
                    self.grabbed = Some(if narrow {
                        (f64::from(event.client_y()), f64::from(panel.offset_height()))
                    } else {
                        (f64::from(event.client_x()), f64::from(panel.offset_width()))
                    });
                }
                false
            }
            Msg::Drag(event) => {
                if let Some((from, size)) = self.grabbed {
                    let at = f64::from(if narrow { event.client_y() } else { event.client_x() });
                    self.resize(narrow, Some(size + from - at));
                }
                false
            }
            Msg::Release => {
                self.grabbed = None;
                false
            }
            Msg::SplitterKey(event) => {
                let Some(panel) = self.panel.cast::<HtmlElement>() else { return false };
                let size = f64::from(if narrow { panel.offset_height() } else { panel.offset_width() });
                let step = if event.shift_key() { 80.0 } else { 20.0 };
                let size = match event.key().as_str() {
                    "ArrowLeft" | "ArrowUp" => size + step,
                    "ArrowRight" | "ArrowDown" => size - step,
                    "Home" => 0.0,
                    "End" => f64::MAX,
                    _ => return false,
                };
                event.prevent_default();
                self.resize(narrow, Some(size));
                false
            }
        }
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let props = ctx.props();
        let details = &*props.details;
        let link = ctx.link();
        let tab = tab(props.tab).unwrap_or("attributes");
        let (orientation, what) = if props.narrow {
            ("horizontal", "Height of the details")
        } else {
            ("vertical", "Width of the details")
        };
        // Enter on a button of the panel presses it and does not fold a row of the view behind.
        let keys = Callback::from(|event: KeyboardEvent| {
            let own = [
                "Enter",
                " ",
                "ArrowUp",
                "ArrowDown",
                "ArrowLeft",
                "ArrowRight",
                "Home",
                "End",
                "PageUp",
                "PageDown",
            ];
            if own.contains(&event.key().as_str()) {
                event.stop_propagation();
            }
        });
        let (count, feedback) =
            (|n: usize| if n == 0 { String::new() } else { format_count(n as u64) }, self.feedback());
        html! {
            <aside ref={self.panel.clone()} class="details" aria-label="Details of the selected span" onkeydown={keys}>
                <div class="splitter" role="separator" tabindex="0" aria-orientation={orientation} aria-label={what}
                    onpointerdown={link.callback(Msg::Grab)} onpointermove={link.callback(Msg::Drag)}
                    onpointerup={link.callback(|_| Msg::Release)} onpointercancel={link.callback(|_| Msg::Release)}
                    onkeydown={link.callback(Msg::SplitterKey)} />
                { head(details, &props.on_close) }
                <div ref={self.tabs.clone()} class="tabs" role="tablist" aria-label="Details"
                    onkeydown={link.callback(Msg::TabKey)}>
                    { for TABS.iter().map(|&(name, title)| {
                        let selected = name == tab;
                        let n = match name {
                            "attributes" => details.attributes.len(),
                            "events" => details.events.len(),
                            "logs" => details.log_count as usize + details.exemplars.len(),
                            "links" => details.links.len(),
                            _ => 0,
                        };
                        html! {
                            <button role="tab" id={format!("tab-{name}")} aria-controls="details-body"
                                aria-selected={selected.to_string()} tabindex={if selected { "0" } else { "-1" }}
                                onclick={link.callback(move |_| Msg::Tab(name))}>
                                { title }
                                if n > 0 { <span>{ count(n) }</span> }
                            </button>
                        }
                    }) }
                </div>
                <div id="details-body" class="body" role="tabpanel" aria-labelledby={format!("tab-{tab}")} tabindex="0">
                    { match tab {
                        "events" => self.events(ctx),
                        "logs" => self.logs(ctx),
                        "links" => self.links(ctx),
                        "raw" => self.raw_json(ctx),
                        _ => self.attributes(ctx),
                    } }
                </div>
                <div class="feedback" role="status">{ feedback }</div>
            </aside>
        }
    }
}

impl DetailsPanel {
    fn body(&self) -> Option<web_sys::Element> {
        self.panel.cast::<HtmlElement>()?.query_selector("#details-body").ok().flatten()
    }

    fn ask_raw(&self, ctx: &Context<Self>) {
        let props = ctx.props();
        let span = props.details.span;
        if props.tab != "raw" || self.raw.as_ref().is_some_and(|(known, _)| *known == span) {
            return;
        }
        let link = ctx.link().clone();
        props.client.ask(&Request::Raw { span }, move |response| {
            let text = match response {
                Response::Json(text) => Ok(text.into()),
                Response::Refused(failure) => Err(failure.message),
                _ => Err("The engine gave no answer.".to_owned()),
            };
            link.send_message(Msg::Raw { span, text });
        });
    }

    /// Sets the size, or the one it had, within what the room allows.
    fn resize(&self, narrow: bool, size: Option<f64>) {
        let Some(panel) = self.panel.cast::<HtmlElement>() else { return };
        let Some(room) = panel.parent_element() else { return };
        let (home, property, smallest, room) = if narrow {
            (&HEIGHT, "--details-height", SMALLEST_SHEET, room.client_height())
        } else {
            (&WIDTH, "--details-width", SMALLEST, room.client_width())
        };
        let largest = (f64::from(room) * LARGEST).max(smallest);
        let Some(size) = size.or_else(|| home.get()).map(|size| size.clamp(smallest, largest).round()) else {
            return;
        };
        home.set(Some(size));
        set_css(&panel, property, &format!("{size}px"));
        if let Some(splitter) = panel.query_selector(".splitter").ok().flatten() {
            drop(splitter.set_attribute("aria-valuenow", &size.to_string()));
            drop(splitter.set_attribute("aria-valuemin", &smallest.to_string()));
            drop(splitter.set_attribute("aria-valuemax", &largest.round().to_string()));
        }
    }

    fn tab_key(&self, ctx: &Context<Self>, event: &KeyboardEvent) {
        let at = TABS.iter().position(|(name, _)| *name == ctx.props().tab).unwrap_or(0);
        let last = TABS.len() - 1;
        let to = match event.key().as_str() {
            "ArrowRight" => {
                if at == last {
                    0
                } else {
                    at + 1
                }
            }
            "ArrowLeft" => at.checked_sub(1).unwrap_or(last),
            "Home" => 0,
            "End" => last,
            _ => return,
        };
        event.prevent_default();
        let Some((name, _)) = TABS.get(to) else { return };
        ctx.props().on_tab.emit(name);
        let tabs = self.tabs.cast::<HtmlElement>();
        let button = tabs.and_then(|tabs| tabs.query_selector(&format!("#tab-{name}")).ok().flatten());
        if let Some(button) = button.and_then(|button| button.dyn_into::<HtmlElement>().ok()) {
            drop(button.focus());
        }
    }

    fn feedback(&self) -> Html {
        match &self.copied {
            Some((_, true)) => html! { <span class="visually-hidden">{ "Copied" }</span> },
            Some((_, false)) => html! {
                <p>{ "The browser does not let this page write to the clipboard. Select the text and press Ctrl C." }</p>
            },
            None => html! {},
        }
    }

    fn copy_button(&self, ctx: &Context<Self>, place: &AttrValue, text: &str, class: &'static str) -> Html {
        let copied = self.copied.as_ref().is_some_and(|(at, done)| *done && at == place);
        let (to, text): (AttrValue, Rc<str>) = (place.clone(), text.into());
        let onclick = ctx.link().callback(move |_| Msg::Copy { place: to.clone(), text: Rc::clone(&text) });
        html! {
            <button class={classes!(class, copied.then_some("done"))} {onclick} title="Copy the value">
                { match (copied, class) { (true, _) => "copied", (false, "button small") => "Copy", _ => "copy" } }
            </button>
        }
    }

    // Attributes

    fn attributes(&self, ctx: &Context<Self>) -> Html {
        let details = &*ctx.props().details;
        let total = details.attributes.len() + details.resource.len() + details.scope.len();
        let filtering = total > FILTER_FROM || !self.filter.is_empty();
        // By the browser: the tables for it would weigh 4 kB here.
        let lower = |text: &str| String::from(js_sys::JsString::from(text).to_lower_case());
        let words = lower(&self.filter);
        let words: Vec<&str> = words.split_whitespace().collect();
        let passes = |key: &str, value: &str| {
            let (key, value) = (lower(key), lower(value));
            words.iter().all(|word| key.contains(word) || value.contains(word))
        };
        let mut left = self.shown;
        let mut hidden = 0;
        let mut list = |attributes: &[AttributeInfo], place: &'static str| {
            let passing: Vec<&AttributeInfo> =
                attributes.iter().filter(|of| passes(&of.key, &of.value)).collect();
            let take = passing.len().min(left);
            left -= take;
            hidden += passing.len() - take;
            let rows: Vec<Html> =
                passing.into_iter().take(take).map(|of| self.attribute(ctx, place, of)).collect();
            rows
        };
        let span = list(&details.attributes, "span");
        let resource = list(&details.resource, "resource");
        let mut scope = list(&details.scope, "scope");
        if !details.scope_name.is_empty() && passes(&details.scope_name, &details.scope_version) {
            scope.insert(0, self.fixed(ctx, "scope/name", &details.scope_name, &details.scope_version, None));
        }
        let identity = self.identity(ctx, &passes);
        let nothing = span.is_empty() && resource.is_empty() && scope.is_empty() && identity.is_empty();
        let filter = ctx.link().callback(|event: InputEvent| {
            let input = event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
            Msg::Filter(input.map(|input| input.value()).unwrap_or_default())
        });
        html! {
            <>
                if !details.repairs.is_empty() {
                    <ul class="repairs" aria-label="What was repaired">
                        { for details.repairs.iter().map(|repair| html! { <li>{ repair }</li> }) }
                    </ul>
                }
                if !details.clock.is_empty() {
                    <p class="clock">{ &details.clock }</p>
                }
                if filtering {
                    <input class="field filter" type="text" aria-label="Filter attributes" placeholder="Filter attributes"
                        spellcheck="false" autocomplete="off" value={self.filter.clone()} oninput={filter} />
                }
                if details.attributes.is_empty() && self.filter.is_empty() {
                    { section("Span", vec![html! { <p class="none">{ "No attributes of its own." }</p> }]) }
                } else {
                    { section("Span", span) }
                }
                { section("Resource", resource) }
                { section("Scope", scope) }
                { section("Identity", identity) }
                if nothing && !self.filter.is_empty() {
                    <p class="none">
                        { format!("No attribute holds “{}”.", self.filter.trim()) }
                        <button class="text" onclick={ctx.link().callback(|_| Msg::Filter(String::new()))}>
                            { "Clear the filter" }
                        </button>
                    </p>
                }
                { more(ctx, hidden, "attributes") }
            </>
        }
    }

    /// A row of an attribute: key, value, and what can be done with it.
    fn attribute(&self, ctx: &Context<Self>, section: &str, of: &AttributeInfo) -> Html {
        let place = AttrValue::from(format!("{section}/{}", of.key));
        let search = find_text(&of.key, &of.value);
        let find = ctx.props().on_search.reform(move |_: MouseEvent| search.clone());
        html! {
            <div class={classes!("attribute", of.matched.then_some("matched"))} tabindex="-1">
                <dt title={of.key.clone()}>{ &of.key }</dt>
                <dd>{ self.value(ctx, &place, of) }</dd>
                <span class="acts">
                    <button class="act" title={format!("Find the spans with this {}", of.key)} onclick={find}>
                        { "find" }
                    </button>
                    { self.copy_button(ctx, &place, &of.value, "act") }
                </span>
            </div>
        }
    }

    /// A value: whole where it is short, else folded.
    fn value(&self, ctx: &Context<Self>, place: &AttrValue, of: &AttributeInfo) -> Html {
        let tag = match of.kind {
            ValueKind::Empty | ValueKind::Text => "",
            ValueKind::Bool => "bool",
            ValueKind::Int => "int",
            ValueKind::Double => "double",
            ValueKind::Bytes => "bytes",
            ValueKind::Array => "array",
            ValueKind::Map => "map",
        };
        let tag = html! { if !tag.is_empty() { <i class="kind">{ tag }</i> } };
        if of.value.is_empty() {
            let what = if of.kind == ValueKind::Text { "empty text" } else { "empty" };
            return html! { <i class="kind">{ what }</i> };
        }
        let structured = matches!(of.kind, ValueKind::Array | ValueKind::Map)
            || of.kind == ValueKind::Text && is_json(&of.value);
        let long = of.value.chars().nth(FOLD_FROM).is_some() || of.value.trim_end().contains('\n');
        if !structured && !long {
            return html! { <><span class="value">{ &of.value }</span>{ tag }</> };
        }
        let unfolded = self.open.contains(place);
        let text = if unfolded && structured { pretty(&of.value) } else { of.value.clone() };
        folding(ctx, place, &text, unfolded, tag)
    }

    /// A row that is no attribute: of one line, with its value in full as title.
    fn fixed(
        &self,
        ctx: &Context<Self>,
        place: &'static str,
        key: &str,
        value: &str,
        go: Option<Callback<MouseEvent>>,
    ) -> Html {
        let place = AttrValue::Static(place);
        html! {
            <div class="attribute" tabindex="-1">
                <dt title={key.to_owned()}>{ key }</dt>
                <dd>
                    if let Some(go) = go {
                        <button class="text value one" title={format!("Go to {value}")} onclick={go}>{ value }</button>
                    } else {
                        <span class="value one" title={value.to_owned()}>{ value }</span>
                    }
                </dd>
                if !value.is_empty() {
                    <span class="acts">{ self.copy_button(ctx, &place, value, "act") }</span>
                }
            </div>
        }
    }

    fn identity(&self, ctx: &Context<Self>, passes: &dyn Fn(&str, &str) -> bool) -> Vec<Html> {
        let details = &*ctx.props().details;
        let mut rows = Vec::new();
        let mut row = |place: &'static str, key: &str, value: &str, go| {
            if !value.is_empty() && passes(key, value) {
                rows.push(self.fixed(ctx, place, key, value, go));
            }
        };
        row("id/trace", "trace id", &details.trace_id, None);
        row("id/span", "span id", &details.span_id, None);
        let trace = details.trace;
        let parent = details.parent.map(|parent| ctx.props().on_go.reform(move |_| (trace, Some(parent))));
        row("id/parent", "parent span id", &details.parent_span_id, parent);
        row("id/kind", "kind", &details.kind, None);
        let status = if details.status_message.is_empty() {
            details.status.clone()
        } else {
            format!("{}: {}", details.status, details.status_message)
        };
        row("id/status", "status", &status, None);
        row("id/start", "start", &unix_seconds(details.start_unix), None);
        row("id/duration", "duration", &exact_nanos(details.duration), None);
        if details.child_count > 0 {
            let below = if details.descendant_count > details.child_count {
                format!(
                    "{} ({} below)",
                    format_count(details.child_count.into()),
                    format_count(details.descendant_count.into())
                )
            } else {
                format_count(details.child_count.into())
            };
            row("id/children", "children", &below, None);
        }
        if details.flags != 0 {
            row("id/flags", "flags", &flags_text(details.flags), None);
        }
        row("id/state", "trace state", &details.trace_state, None);
        row("id/resource-schema", "resource schema", &details.resource_schema_url, None);
        row("id/scope-schema", "scope schema", &details.scope_schema_url, None);
        let (attributes, events, links) = details.dropped;
        for (place, key, count) in [
            ("id/dropped-attributes", "dropped attributes", attributes),
            ("id/dropped-events", "dropped events", events),
            ("id/dropped-links", "dropped links", links),
        ] {
            if count > 0 {
                row(place, key, &format_count(count.into()), None);
            }
        }
        rows
    }

    // Events

    fn events(&self, ctx: &Context<Self>) -> Html {
        let details = &*ctx.props().details;
        let dropped = details.dropped.1;
        if details.events.is_empty() {
            return html! {
                <p class="none">
                    { "No events. Exceptions and messages that the program records on a span stand here." }
                    { dropped_text(dropped, "event") }
                </p>
            };
        }
        let hidden = details.events.len().saturating_sub(self.shown);
        html! {
            <>
                <ol class="events">
                    { for details.events.iter().take(self.shown).enumerate().map(|(i, event)| self.event(ctx, i, event)) }
                </ol>
                { more(ctx, hidden, "events") }
                if dropped > 0 { <p class="none">{ dropped_text(dropped, "event") }</p> }
            </>
        }
    }

    fn event(&self, ctx: &Context<Self>, number: usize, event: &EventInfo) -> Html {
        let section = format!("event-{number}");
        let get = |key: &str| event.attributes.iter().find(|of| of.key == key && !of.value.is_empty());
        let (kind, message, stack) = if event.error {
            (get("exception.type"), get("exception.message"), get("exception.stacktrace"))
        } else {
            (None, None, None)
        };
        let told = [kind, message, stack];
        let rest =
            event.attributes.iter().filter(|of| !told.iter().flatten().any(|told| std::ptr::eq(*told, *of)));
        let rest: Vec<Html> = rest.map(|of| self.attribute(ctx, &section, of)).collect();
        let duration = ctx.props().details.duration;
        html! {
            <li class={classes!("event", event.error.then_some("failed"))}>
                <header>
                    <svg width="9" height="9" viewBox="0 0 9 9" aria-hidden="true"><path d="M4.5 0L9 4.5L4.5 9L0 4.5Z" /></svg>
                    <b title={event.name.clone()}>{ if event.name.is_empty() { "unnamed event" } else { event.name.as_str() } }</b>
                    <span class="when" title={when_title(event.offset, duration)}>{ offset_text(event.offset) }</span>
                </header>
                if kind.is_some() || message.is_some() {
                    <p class="message">
                        if let Some(kind) = kind { <b>{ &kind.value }</b> }
                        if let Some(message) = message {
                            { self.text_block(ctx, &format!("{section}/message"), &message.value) }
                        }
                    </p>
                }
                if let Some(stack) = stack {
                    { self.stack(ctx, &section, &stack.value) }
                }
                if !rest.is_empty() { <dl>{ for rest }</dl> }
                { dropped_text(event.dropped, "attribute") }
            </li>
        }
    }

    // Log records and exemplars

    fn logs(&self, ctx: &Context<Self>) -> Html {
        let details = &*ctx.props().details;
        if details.logs.is_empty() && details.exemplars.is_empty() {
            return html! {
                <p class="none">
                    { "No log records. What the program logged in this span stands here, where a file of log records is opened together with the trace." }
                </p>
            };
        }
        let hidden = details.logs.len().saturating_sub(self.shown);
        let left_out = (details.log_count as usize).saturating_sub(details.logs.len());
        let of_trace = details.logs.iter().position(|log| log.of_trace).unwrap_or(usize::MAX);
        let log = |(i, log)| {
            html! {
                <>
                    if i == of_trace { <li class="part">{ "Of the trace, in no span of it" }</li> }
                    { self.log(ctx, i, log) }
                </>
            }
        };
        html! {
            <>
                <ol class="events logs">{ for details.logs.iter().take(self.shown).enumerate().map(log) }</ol>
                { more(ctx, hidden, "log records") }
                if hidden == 0 && left_out > 0 {
                    <p class="none">{ format!("{} later log records are not shown.", format_count(left_out as u64)) }</p>
                }
                if !details.exemplars.is_empty() {
                    <h3 class="part">{ "Measured here" }</h3>
                    <ol class="events">
                        { for details.exemplars.iter().take(self.shown).enumerate().map(|(i, of)| self.exemplar(ctx, i, of)) }
                    </ol>
                    { more(ctx, details.exemplars.len().saturating_sub(self.shown), "measurements") }
                }
            </>
        }
    }

    fn log(&self, ctx: &Context<Self>, number: usize, log: &LogInfo) -> Html {
        let section = format!("log-{number}");
        let duration = ctx.props().details.duration;
        let level = match log.level {
            LogLevel::Quiet => None,
            LogLevel::Warning => Some("warned"),
            LogLevel::Error => Some("failed"),
        };
        let severity = if log.severity.is_empty() { "log" } else { log.severity.as_str() };
        let (body, name) = (&log.body, &log.event_name);
        let from: Vec<&str> =
            [log.service.as_str(), log.scope.as_str()].into_iter().filter(|of| !of.is_empty()).collect();
        let unsampled = log.flags.is_some_and(|flags| flags & 1 == 0);
        html! {
            <li class={classes!("event", level, log.matched.then_some("matched"))}>
                <header>
                    <svg width="3" height="9" viewBox="0 0 3 9" aria-hidden="true"><path d="M0 0H3V9H0Z" /></svg>
                    <b>{ severity }</b>
                    <span class="from" title={from.join(", ")}>{ from.join(" · ") }</span>
                    <span class="when" title={when_title(log.offset, duration)}>{ offset_text(log.offset) }</span>
                </header>
                <div class="said">{ self.text_block(ctx, &format!("{section}/body"), if body.is_empty() { name } else { body }) }</div>
                if !log.attributes.is_empty() || !(name.is_empty() || body.is_empty()) {
                    <dl>
                        if !(name.is_empty() || body.is_empty()) { <dt>{ "event" }</dt><dd>{ name }</dd> }
                        { for log.attributes.iter().map(|of| self.attribute(ctx, &section, of)) }
                    </dl>
                }
                if unsampled { <span class="dropped">{ "Written where the trace was not sampled." }</span> }
                { dropped_text(log.dropped, "attribute") }
            </li>
        }
    }

    fn exemplar(&self, ctx: &Context<Self>, number: usize, of: &ExemplarInfo) -> Html {
        let section = format!("exemplar-{number}");
        let duration = ctx.props().details.duration;
        html! {
            <li class="event measured">
                <header>
                    <svg width="9" height="9" viewBox="0 0 9 9" aria-hidden="true"><circle cx="4.5" cy="4.5" r="3" /></svg>
                    <b title={of.metric.clone()}>{ if of.metric.is_empty() { "unnamed metric" } else { of.metric.as_str() } }</b>
                    <span class="when" title={when_title(of.offset, duration)}>{ offset_text(of.offset) }</span>
                </header>
                <div class="said">{ &of.value }</div>
                if !of.attributes.is_empty() {
                    <dl>{ for of.attributes.iter().map(|attribute| self.attribute(ctx, &section, attribute)) }</dl>
                }
            </li>
        }
    }

    fn text_block(&self, ctx: &Context<Self>, place: &str, text: &str) -> Html {
        if text.chars().nth(4 * FOLD_FROM).is_none() {
            return html! { <span>{ text }</span> };
        }
        let place = AttrValue::from(place.to_owned());
        let unfolded = self.open.contains(&place);
        folding(ctx, &place, text, unfolded, html! {})
    }

    /// A stack trace: its first lines say where; all of it on demand.
    fn stack(&self, ctx: &Context<Self>, section: &str, text: &str) -> Html {
        const LINES: usize = 5;
        let text = text.trim_end();
        let place = AttrValue::from(format!("{section}/stack"));
        let lines = text.lines().count();
        let unfolded = lines <= LINES || self.open.contains(&place);
        let shown =
            if unfolded { text.to_owned() } else { text.lines().take(LINES).collect::<Vec<_>>().join("\n") };
        let at = place.clone();
        let toggle = ctx.link().callback(move |_| Msg::Toggle(at.clone()));
        html! {
            <div class="stack">
                <pre tabindex="0" aria-label="Stack trace">{ shown }</pre>
                <div class="row">
                    if lines > LINES {
                        <button class="text" aria-expanded={unfolded.to_string()} onclick={toggle}>
                            { if unfolded { "less".to_owned() } else { format!("{} more lines", format_count((lines - LINES) as u64)) } }
                        </button>
                    }
                    { self.copy_button(ctx, &place, text, "text") }
                </div>
            </div>
        }
    }

    // Links

    fn links(&self, ctx: &Context<Self>) -> Html {
        let details = &*ctx.props().details;
        let dropped = details.dropped.2;
        if details.links.is_empty() {
            return html! {
                <p class="none">
                    { "No links. A span links to spans of other traces that caused it: the messages of a batch, the request that queued a job." }
                    { dropped_text(dropped, "link") }
                </p>
            };
        }
        let hidden = details.links.len().saturating_sub(self.shown);
        html! {
            <>
                <ol class="links">
                    { for details.links.iter().take(self.shown).enumerate().map(|(i, of)| self.link(ctx, i, of)) }
                </ol>
                { more(ctx, hidden, "links") }
                if dropped > 0 { <p class="none">{ dropped_text(dropped, "link") }</p> }
            </>
        }
    }

    fn link(&self, ctx: &Context<Self>, number: usize, of: &LinkInfo) -> Html {
        let section = format!("link-{number}");
        let same_trace = of.trace_id == ctx.props().details.trace_id;
        let id = |what: &'static str, value: &str| {
            let place = AttrValue::from(format!("{section}/{what}"));
            html! {
                <div class="attribute" tabindex="-1">
                    <dt>{ what }</dt>
                    <dd><span class="value one" title={value.to_owned()}>{ value }</span></dd>
                    <span class="acts">{ self.copy_button(ctx, &place, value, "act") }</span>
                </div>
            }
        };
        let target = of.target.map(|target| {
            let go = ctx.props().on_go.reform(move |_: MouseEvent| (target.trace, target.span));
            let name = if of.target_name.is_empty() { "the trace" } else { of.target_name.as_str() };
            html! {
                <button class="button small go" title={name.to_owned()} onclick={go}>
                    <span>{ name }</span>{ " →" }
                </button>
            }
        });
        html! {
            <li>
                <header>
                    { target.unwrap_or_else(|| html! { <b>{ "Not in what is open" }</b> }) }
                    <span class="when">{ if same_trace { "this trace" } else { "other trace" } }</span>
                </header>
                <dl>
                    { id("trace id", &of.trace_id) }
                    { id("span id", &of.span_id) }
                    { for of.attributes.iter().map(|attribute| self.attribute(ctx, &section, attribute)) }
                </dl>
            </li>
        }
    }

    // Raw

    fn raw_json(&self, ctx: &Context<Self>) -> Html {
        match &self.raw {
            None => html! {},
            Some((_, Err(message))) => html! { <p class="none">{ message }</p> },
            Some((_, Ok(text))) => {
                let shown = cut(text, RAW_LIMIT);
                html! {
                    <>
                        <div class="raw-head">
                            <span class="mute">{ "OTLP JSON of this span" }</span>
                            { self.copy_button(ctx, &AttrValue::Static("raw"), text, "button small") }
                        </div>
                        <pre class="raw" tabindex="0" aria-label="OTLP JSON of this span">{ shown }</pre>
                        if shown.len() < text.len() {
                            <p class="none">
                                { format!("The first {} of {} bytes. The copy holds all.",
                                    format_count(shown.len() as u64), format_count(text.len() as u64)) }
                            </p>
                        }
                    </>
                }
            }
        }
    }
}

fn more(ctx: &Context<DetailsPanel>, hidden: usize, what: &str) -> Html {
    if hidden == 0 {
        return html! {};
    }
    html! {
        <button class="button small rest" onclick={ctx.link().callback(|_| Msg::More)}>
            { format!("Show more: {} {what} left", format_count(hidden as u64)) }
        </button>
    }
}

/// Text of which a few lines are shown until one asks for all.
fn folding(ctx: &Context<DetailsPanel>, place: &AttrValue, text: &str, unfolded: bool, tag: Html) -> Html {
    let at = place.clone();
    let toggle = ctx.link().callback(move |_| Msg::Toggle(at.clone()));
    // Folded text is clamped by lines in CSS; a megabyte must not be laid out for that.
    let head = if unfolded { text } else { cut(text, 600) };
    html! {
        <>
            <span class={classes!("value", if unfolded { "unfolded" } else { "folded" })}>{ head }</span>
            { tag }
            <button class="text" aria-expanded={unfolded.to_string()} onclick={toggle}>
                { if unfolded { "less" } else { "more" } }
            </button>
        </>
    }
}

fn head(details: &Details, on_close: &Callback<()>) -> Html {
    let mut facts = Vec::new();
    if !details.service.name.is_empty() {
        facts.push(details.service.name.clone());
    }
    if details.kind != "unspecified" {
        facts.push(details.kind.clone());
    }
    facts.push(if details.start == 0 {
        "starts with the trace".to_owned()
    } else {
        format!("starts at {}", format_duration(details.start))
    });
    let facts = facts.join(" · ");
    let whole = (details.trace_duration as f64).max(1.0);
    let share = details.duration as f64 / whole * 100.0;
    let name = if details.name.is_empty() { "unnamed span" } else { details.name.as_str() };
    let origin =
        if details.error_origin { "The error began here." } else { "The error passed through here." };
    // What lasts nothing is still somewhere.
    let width = share.clamp(0.8, 100.0);
    let at = (details.start as f64 / whole * 100.0).clamp(0.0, 100.0 - width);
    let fill = theme::service(details.service.colour);
    html! {
        <header class="span-head">
            <div class="title">
                { swatch(details.service.colour) }
                <h2 title={name.to_owned()}>{ name }</h2>
                <button class="button icon" aria-label="Close the details" title="Close (Esc)"
                    onclick={on_close.reform(|_: MouseEvent| ())}>{ "×" }</button>
            </div>
            <p class="facts" title={facts.clone()}>{ &facts }</p>
            if details.status == "error" || !details.error.is_empty() {
                <p class="status" title={origin}>
                    <span class="chip error" title={if details.status_message.is_empty() { origin.to_owned() } else { details.status_message.clone() }}>
                        { if details.error.is_empty() || details.error == "error" { "ERROR".to_owned() } else { format!("ERROR {}", details.error) } }
                    </span>
                    if !details.error_origin { <span class="through">{ "passed through" }</span> }
                </p>
            }
            <p class="figures">
                <span><b>{ format_duration(details.duration) }</b>{ " total" }</span>
                <span title="Time in which none of its children ran"><b>{ format_duration(details.self_time) }</b>{ " self" }</span>
                <span><b>{ percent(share) }</b>{ " of trace" }</span>
                if details.critical > 0 {
                    <span title="Had this been shorter, the trace would have been shorter">
                        <b>{ format_duration(details.critical) }</b>{ " on the critical path" }
                    </span>
                }
            </p>
            <svg class="position" width="100%" height="6" role="img" aria-label={format!("{facts}, {} of the trace", percent(share))}>
                <rect class="track" width="100%" height="6" rx="3" />
                <rect x={format!("{at:.2}%")} width={format!("{width:.2}%")} height="6" rx="2" {fill} />
            </svg>
        </header>
    }
}

/// A service's colour; the second ten are hatched.
pub(crate) fn swatch(colour: u8) -> Html {
    html! {
        <svg class="swatch" width="10" height="10" viewBox="0 0 10 10" aria-hidden="true">
            <rect width="10" height="10" rx="2.5" fill={theme::service(colour)} />
            if colour >= 10 {
                <path d="M0 6L6 0M4 10L10 4" stroke="#1a1d24" stroke-opacity="0.55" stroke-width="1.3" />
            }
        </svg>
    }
}

fn section(title: &str, rows: Vec<Html>) -> Html {
    if rows.is_empty() {
        return html! {};
    }
    html! { <section><h3>{ title }</h3><dl>{ for rows }</dl></section> }
}

/// Writes to the clipboard; the answer is a message.
fn copy(ctx: &Context<DetailsPanel>, place: AttrValue, text: &str) {
    let link = ctx.link().clone();
    let navigator = gloo::utils::window().navigator();
    // Absent where the page is not a secure context.
    let there = js_sys::Reflect::get(&navigator, &JsValue::from_str("clipboard"))
        .is_ok_and(|clipboard| clipboard.is_object());
    if !there {
        link.send_message(Msg::Copied { place, done: false });
        return;
    }
    let writing = navigator.clipboard().write_text(text);
    wasm_bindgen_futures::spawn_local(async move {
        let done = wasm_bindgen_futures::JsFuture::from(writing).await.is_ok();
        link.send_message(Msg::Copied { place, done });
    });
}

/// The search for spans with this attribute. A search cannot hold line ends or quotes, so it takes what is before.
fn find_text(key: &str, value: &str) -> String {
    let line = value.split(['\n', '\r', '"']).next().unwrap_or_default();
    let text = format!("{key}={}", cut(line, 120));
    if text.contains(char::is_whitespace) { format!("\"{text}\"") } else { text }
}

/// At most `limit` bytes, on a character's edge.
fn cut(text: &str, limit: usize) -> &str {
    if text.len() <= limit {
        return text;
    }
    let end = (0..=limit).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
    text.get(..end).unwrap_or_default()
}

/// Is the text an object or a list of JSON, worth indenting?
fn is_json(text: &str) -> bool {
    let text = text.trim();
    let closed = text.starts_with('{') && text.ends_with('}') || text.starts_with('[') && text.ends_with(']');
    closed && text.len() > 2 && text.len() < RAW_LIMIT && js_sys::JSON::parse(text).is_ok()
}

/// JSON, indented. Works on the text, so that numbers keep every digit.
fn pretty(json: &str) -> String {
    let mut out = String::with_capacity(json.len() * 2);
    let mut depth = 0_usize;
    let (mut in_string, mut escaped) = (false, false);
    let mut characters = json.chars().filter(|&c| c != '\n' && c != '\r').peekable();
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth.min(40)));
    };
    while let Some(character) = characters.next() {
        if in_string {
            out.push(character);
            match character {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match character {
            '"' => {
                in_string = true;
                out.push('"');
            }
            '{' | '[' => {
                out.push(character);
                while characters.next_if(|c| c.is_whitespace()).is_some() {}
                if let Some(close) = characters.next_if(|&c| c == '}' || c == ']') {
                    out.push(close);
                } else {
                    depth += 1;
                    line(&mut out, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line(&mut out, depth);
                out.push(character);
            }
            ',' => {
                out.push(',');
                line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            space if space.is_whitespace() => {}
            other => out.push(other),
        }
    }
    out
}

/// `49 %`; what is little is said to be little, not nothing.
fn percent(share: f64) -> String {
    match share {
        s if s <= 0.0 => "0\u{2009}%".to_owned(),
        s if s < 0.1 => "< 0.1\u{2009}%".to_owned(),
        s if s < 10.0 => format!("{s:.1}\u{2009}%"),
        s => format!("{s:.0}\u{2009}%"),
    }
}

fn offset_text(offset: i64) -> String {
    let sign = if offset < 0 { '−' } else { '+' };
    format!("{sign}{}", format_duration(offset.unsigned_abs()))
}

fn when_title(offset: i64, duration: u64) -> &'static str {
    if offset < 0 {
        "Before the span began"
    } else if offset.unsigned_abs() > duration {
        "After the span ended"
    } else {
        "Since the span began"
    }
}

fn dropped_text(count: u32, what: &str) -> Html {
    match count {
        0 => html! {},
        1 => html! { <span class="dropped">{ format!("1 {what} was dropped by the program.") }</span> },
        n => {
            html! { <span class="dropped">{ format!("{} {what}s were dropped by the program.", format_count(n.into())) }</span> }
        }
    }
}

/// Nanoseconds since the epoch as seconds, every digit kept.
fn unix_seconds(nanos: u64) -> String {
    let (day, clock) = (crate::app::format_start(nanos), nanos % 1_000_000);
    // The milliseconds are in the text; what they leave out follows them.
    match day.strip_suffix(" UTC") {
        Some(day) if clock > 0 => format!("{day}{clock:06} UTC"),
        _ => day,
    }
}

/// Every digit, for those who compare.
fn exact_nanos(nanos: u64) -> String {
    format!("{}\u{2009}ns", format_count(nanos))
}

/// W3C flags in the low byte, and what OTLP says of the parent above.
fn flags_text(flags: u32) -> String {
    let mut words = Vec::new();
    if flags & 1 != 0 {
        words.push("sampled");
    }
    if flags & 2 != 0 {
        words.push("random id");
    }
    if flags & 0x100 != 0 {
        words.push(if flags & 0x200 != 0 { "remote parent" } else { "local parent" });
    }
    if words.is_empty() { format!("{flags:#x}") } else { format!("{flags:#x}: {}", words.join(", ")) }
}
