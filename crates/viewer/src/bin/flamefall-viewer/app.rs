//! The application: what the person did, and what follows from it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use engine::{
    Details, Failure, Fold, ListQuery, ListSort, MatchInfo, Opened, Progress, Request, Response, RowsInfo, StepAmong,
    TraceHead,
};
use gloo::events::{EventListener, EventListenerOptions};
use js_sys::Function;
use scene::FlameMode;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{DragEvent, HtmlElement, HtmlInputElement, KeyboardEvent};
use yew::prelude::*;

use crate::busy::Busy;
use crate::client::Client;
use crate::details::DetailsPanel;
use crate::element::{Resolver, dispatch, failure_object, parse};
use crate::flame::{Flame, mode_name, parse_mode};
use crate::help::Help;
use crate::input::Input;
use crate::link::Link;
use crate::start::{Start, progress};
use crate::timeline::{Command, Timeline};
use crate::topbar::Topbar;
use crate::traces::Traces;

/// Below this width of the element the layout is one column.
const NARROW: f64 = 640.0;

/// What outlives renders and is shared by all of them.
pub(crate) struct Shared {
    pub(crate) host: HtmlElement,
    pub(crate) client: Client,
    pub(crate) busy: Busy,
    pub(crate) base: String,
    /// Is the element the whole page? Then it owns the URL, the window's keys, drops and pastes.
    pub(crate) is_page: bool,
    crashed: Rc<RefCell<Option<Callback<String>>>>,
}

impl Shared {
    pub(crate) fn new(host: HtmlElement, connect: Function, base: String, busy: Busy) -> Self {
        let crashed: Rc<RefCell<Option<Callback<String>>>> = Rc::default();
        let on_crash = {
            let crashed = Rc::clone(&crashed);
            Callback::from(move |why| {
                if let Some(callback) = &*crashed.borrow() {
                    callback.emit(why);
                }
            })
        };
        let is_page = host.has_attribute("page");
        Self { client: Client::new(connect, busy.clone(), on_crash), host, busy, base, is_page, crashed }
    }
}

#[derive(Properties, Clone)]
pub(crate) struct AppProps {
    pub(crate) shared: Rc<Shared>,
}

impl PartialEq for AppProps {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.shared, &other.shared)
    }
}

/// The views of what is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum View {
    #[default]
    Traces,
    Waterfall,
    Flame,
}

impl View {
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Traces => "Traces",
            Self::Waterfall => "Waterfall",
            Self::Flame => "Flame",
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Traces => "traces",
            Self::Waterfall => "waterfall",
            Self::Flame => "flame",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        [Self::Traces, Self::Waterfall, Self::Flame].into_iter().find(|view| view.name() == name)
    }
}

/// A load that is going on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Loading {
    pub(crate) name: String,
    /// Bytes of all sources, where known.
    pub(crate) total: Option<u64>,
    pub(crate) progress: Progress,
}

/// Part of the trace on screen, shared by the views; not a reason to render.
#[derive(Clone, Debug, Default)]
pub(crate) struct Window(Rc<Cell<WindowState>>);

/// Nanoseconds from the start of the trace, and the first row.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct WindowState {
    pub(crate) start: f64,
    pub(crate) end: f64,
    pub(crate) row: f64,
}

impl Window {
    pub(crate) fn get(&self) -> WindowState {
        self.0.get()
    }

    pub(crate) fn set(&self, state: WindowState) {
        self.0.set(state);
    }
}

impl PartialEq for Window {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

pub(crate) enum Msg {
    Open { inputs: Vec<Input>, append: bool, resolver: Option<Resolver> },
    Progress(Progress),
    Loaded { response: Response, link: bool, resolver: Option<Resolver> },
    Cancel,
    Close,
    Dismiss,
    Crashed(String),
    View(View),
    OpenTrace { trace: u32, span: Option<u32> },
    Head { head: TraceHead, span: Option<u32> },
    Select(Option<u32>),
    Details(Box<Details>),
    Search(String),
    Matches(MatchInfo),
    Step { among: StepAmong, by: i32 },
    Rows { info: RowsInfo, select: bool },
    Fold(Fold),
    Show { trace_id: String, span_id: Option<String>, resolver: Option<Resolver> },
    Restore(Box<Link>),
    Attribute(String, Option<String>),
    List(ListQuery),
    FlameMode(FlameMode),
    FlameWindow(Option<(u64, u64)>),
    Tab(&'static str),
    Window(WindowState),
    /// The window moved and has come to rest.
    Rest,
    Help(bool),
    Quality(bool),
    Home,
    Dragging(bool),
    Dropped(Vec<Input>),
    PasteButton,
    Key(KeyboardEvent),
    Resized(f64),
    Theme(&'static str),
    ThemeChanged,
    TimelineReady(Callback<Command>),
}

pub(crate) struct App {
    shared: Rc<Shared>,
    opened: Option<Rc<Opened>>,
    loading: Option<Loading>,
    failure: Option<Failure>,
    /// The start page over what is open, to open something else.
    at_home: bool,
    view: View,
    head: Option<Rc<TraceHead>>,
    selected: Option<u32>,
    details: Option<Rc<Details>>,
    search: AttrValue,
    matches: MatchInfo,
    ordinal: Option<(u32, u32)>,
    /// Goes up when marks on spans changed: the views ask anew.
    marks_revision: u32,
    rows_revision: u32,
    folded: Vec<u32>,
    /// The same as ids, for links.
    folded_ids: Vec<String>,
    list: ListQuery,
    flame_mode: FlameMode,
    /// Part of the merged flame graph on screen.
    flame_window: Window,
    tab: &'static str,
    window: Window,
    help: bool,
    quality: bool,
    dragging: u32,
    narrow: bool,
    theme_revision: u32,
    src: Option<String>,
    /// A link to follow when the load is done.
    link: Option<Link>,
    restored: bool,
    timeline: Option<Callback<Command>>,
    root: NodeRef,
    search_input: NodeRef,
    _listeners: Vec<EventListener>,
    _resize: Option<crate::canvas::Resize>,
}

impl Component for App {
    type Message = Msg;
    type Properties = AppProps;

    fn create(ctx: &Context<Self>) -> Self {
        let shared = Rc::clone(&ctx.props().shared);
        *shared.crashed.borrow_mut() = Some(ctx.link().callback(Msg::Crashed));
        let listeners = listeners(ctx, &shared);
        let app = Self {
            opened: None,
            loading: None,
            failure: None,
            at_home: false,
            view: View::default(),
            head: None,
            selected: None,
            details: None,
            search: AttrValue::default(),
            matches: MatchInfo::default(),
            ordinal: None,
            marks_revision: 0,
            rows_revision: 0,
            folded: Vec::new(),
            folded_ids: Vec::new(),
            list: ListQuery::default(),
            flame_mode: FlameMode::default(),
            flame_window: Window::default(),
            tab: "attributes",
            window: Window::default(),
            help: false,
            quality: false,
            dragging: 0,
            narrow: shared.host.client_width() > 0 && f64::from(shared.host.client_width()) < NARROW,
            theme_revision: 0,
            src: None,
            link: None,
            restored: false,
            timeline: None,
            root: NodeRef::default(),
            search_input: NodeRef::default(),
            _listeners: listeners,
            _resize: None,
            shared,
        };
        app.begin(ctx);
        app
    }

    fn rendered(&mut self, ctx: &Context<Self>, first: bool) {
        if first {
            let resized = ctx.link().callback(|(width, _)| Msg::Resized(width));
            self._resize = crate::canvas::Resize::observe(&self.shared.host, resized);
        }
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        match msg {
            Msg::Open { inputs, append, resolver } => self.open(ctx, inputs, append, resolver),
            Msg::Progress(progress) => {
                let Some(loading) = &mut self.loading else { return false };
                loading.progress = progress;
                true
            }
            Msg::Loaded { response, link, resolver } => self.loaded(ctx, response, link, resolver),
            Msg::Cancel => {
                self.shared.client.cancel();
                false
            }
            Msg::Close => {
                self.shared.client.ask(&Request::Close, |_| {});
                self.forget();
                self.opened = None;
                self.src = None;
                self.view = View::Traces;
                self.rest();
                true
            }
            Msg::Dismiss => {
                self.failure = None;
                true
            }
            Msg::Crashed(_) => {
                // The answers that were waited for have said why. What was open is gone with the engine.
                self.forget();
                self.opened = None;
                true
            }
            Msg::View(view) => self.change_view(ctx, view),
            Msg::OpenTrace { trace, span } => {
                let link = ctx.link().clone();
                self.ask(Request::Trace { trace }, move |response| {
                    if let Response::Trace(head) = response {
                        link.send_message(Msg::Head { head, span });
                    }
                });
                false
            }
            Msg::Head { head, span } => self.show_trace(ctx, head, span),
            Msg::Select(span) => self.select(ctx, span),
            Msg::Details(details) => {
                // Late answers are dropped.
                if Some(details.span) != self.selected {
                    return false;
                }
                self.details = Some(Rc::new(*details));
                true
            }
            Msg::Search(text) => self.search(ctx, text),
            Msg::Matches(matches) => {
                self.matches = matches;
                self.marks_revision += 1;
                self.refresh_details(ctx);
                true
            }
            Msg::Step { among, by } => {
                let Some(head) = &self.head else { return false };
                let request = Request::Step { trace: head.trace, from: self.selected, by, among };
                let link = ctx.link().clone();
                self.ask(request, move |response| {
                    if let Response::Rows(info) = response {
                        link.send_message(Msg::Rows { info, select: true });
                    }
                });
                false
            }
            Msg::Rows { info, select } => self.rows_changed(ctx, info, select),
            Msg::Fold(fold) => {
                let Some(head) = &self.head else { return false };
                let link = ctx.link().clone();
                self.ask(Request::Fold { trace: head.trace, fold }, move |response| {
                    if let Response::Rows(info) = response {
                        link.send_message(Msg::Rows { info, select: false });
                    }
                });
                false
            }
            Msg::Show { trace_id, span_id, resolver } => {
                let link = ctx.link().clone();
                self.ask(Request::Find { trace_id, span_id }, move |response| {
                    let found = if let Response::Found(found) = response { found } else { None };
                    if let Some(resolver) = resolver {
                        resolver.resolve(&found.is_some().into());
                    }
                    if let Some(found) = found {
                        link.send_message(Msg::OpenTrace { trace: found.trace, span: found.span });
                    }
                });
                false
            }
            Msg::Restore(link) => self.restore(ctx, *link),
            Msg::Attribute(name, value) => self.attribute(ctx, &name, value),
            Msg::List(list) => {
                if self.list == list {
                    return false;
                }
                self.list = list;
                self.rest();
                true
            }
            Msg::FlameMode(mode) => {
                self.flame_mode = mode;
                self.rest();
                true
            }
            Msg::FlameWindow(range) => {
                let (start, end) = range.map_or((0.0, 0.0), |(start, end)| (start as f64, end as f64));
                self.flame_window.set(WindowState { start, end, row: 0.0 });
                self.command(Command::Reload);
                false
            }
            Msg::Tab(tab) => {
                self.tab = tab;
                self.rest();
                true
            }
            Msg::Window(window) => {
                self.window.set(window);
                self.command(Command::Reload);
                false
            }
            Msg::Rest => {
                self.rest();
                false
            }
            Msg::Help(open) => {
                self.help = open;
                true
            }
            Msg::Quality(open) => {
                self.quality = open;
                true
            }
            Msg::Home => {
                self.at_home = !self.at_home && self.opened.is_some();
                true
            }
            Msg::Dragging(over) => {
                // dragenter and dragleave come for every child: only their balance tells.
                let before = self.dragging > 0;
                self.dragging = if over { self.dragging + 1 } else { self.dragging.saturating_sub(1) };
                before != (self.dragging > 0)
            }
            Msg::Dropped(inputs) => {
                self.dragging = 0;
                if inputs.is_empty() {
                    return true;
                }
                self.open(ctx, inputs, false, None)
            }
            Msg::PasteButton => {
                paste(ctx);
                false
            }
            Msg::Key(event) => self.key(ctx, &event),
            Msg::Resized(width) => {
                let narrow = width < NARROW;
                std::mem::replace(&mut self.narrow, narrow) != narrow
            }
            Msg::Theme(theme) => {
                drop(match theme {
                    "auto" => self.shared.host.remove_attribute("theme"),
                    theme => self.shared.host.set_attribute("theme", theme),
                });
                false
            }
            Msg::ThemeChanged => {
                self.theme_revision += 1;
                true
            }
            Msg::TimelineReady(timeline) => {
                self.timeline = Some(timeline);
                false
            }
        }
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let link = ctx.link();
        let on_open = link.callback(|inputs| Msg::Open { inputs, append: false, resolver: None });
        let showing = self.opened.is_some() && !self.at_home;
        html! {
            <div ref={self.root.clone()} class={classes!("app", self.narrow.then_some("narrow"))}>
                <Topbar
                    opened={if showing { self.opened.clone() } else { None }}
                    view={self.view}
                    has_trace={self.head.is_some()}
                    search={self.search.clone()}
                    matches={self.matches.clone()}
                    ordinal={self.ordinal}
                    search_ref={self.search_input.clone()}
                    on_home={link.callback(|()| Msg::Home)}
                    on_file={link.callback(|()| Msg::Quality(true))}
                    on_view={link.callback(Msg::View)}
                    on_search={link.callback(Msg::Search)}
                    on_step={link.callback(|by| Msg::Step { among: StepAmong::Matches, by })}
                    on_help={link.callback(|()| Msg::Help(true))}
                />
                if showing {
                    { self.work(ctx) }
                    if let Some(loading) = &self.loading {
                        <div class="toast">{ progress(loading, &link.callback(|()| Msg::Cancel)) }</div>
                    } else if let Some(failure) = &self.failure {
                        <div class="toast" role="alert">
                            <span class="err">{ &failure.message }</span>
                            <button class="button small" onclick={link.callback(|_| Msg::Dismiss)}>{ "Dismiss" }</button>
                        </div>
                    }
                } else {
                    <Start
                        loading={self.loading.clone()}
                        failure={self.failure.clone()}
                        dragging={self.dragging > 0}
                        base={self.shared.base.clone()}
                        {on_open}
                        on_paste={link.callback(|()| Msg::PasteButton)}
                        on_cancel={link.callback(|()| Msg::Cancel)}
                        on_dismiss={link.callback(|()| Msg::Dismiss)}
                    />
                }
                if self.dragging > 0 && showing {
                    <div class="overlay">{ "Drop to open" }</div>
                }
                if self.help {
                    <Help on_close={link.callback(|()| Msg::Help(false))} theme={self.theme_name()}
                        on_theme={link.callback(Msg::Theme)} />
                }
                if let (true, Some(opened)) = (self.quality, &self.opened) {
                    { self.quality_report(ctx, opened) }
                }
            </div>
        }
    }

    fn destroy(&mut self, _: &Context<Self>) {
        *self.shared.crashed.borrow_mut() = None;
    }
}

impl App {
    fn ask(&self, request: Request, answer: impl FnOnce(Response) + 'static) {
        self.shared.client.ask(&request, answer);
    }

    /// `src`, `?src=` and the hash, at the very start.
    fn begin(&self, ctx: &Context<Self>) {
        let host = &self.shared.host;
        let mut src = host.get_attribute("src");
        let mut link = Link::default();
        if self.shared.is_page {
            let location = gloo::utils::window().location();
            link = Link::parse(&location.hash().unwrap_or_default());
            let search = location.search().unwrap_or_default();
            let asked = web_sys::UrlSearchParams::new_with_str(&search).ok().and_then(|search| search.get("src"));
            src = asked.or(src);
        }
        link.src = src.or(link.src);
        if link.view.is_none() {
            link.view = host.get_attribute("view");
        }
        if link != Link::default() {
            ctx.link().send_message(Msg::Restore(Box::new(link)));
        }
    }

    /// Back to nothing selected.
    fn forget(&mut self) {
        self.head = None;
        self.selected = None;
        self.details = None;
        self.search = AttrValue::default();
        self.matches = MatchInfo::default();
        self.ordinal = None;
        self.folded.clear();
        self.folded_ids.clear();
        self.flame_window.set(WindowState::default());
        self.list = ListQuery::default();
        self.window.set(WindowState::default());
    }

    fn open(&mut self, ctx: &Context<Self>, inputs: Vec<Input>, append: bool, resolver: Option<Resolver>) -> bool {
        if inputs.is_empty() {
            return false;
        }
        self.src = match inputs.as_slice() {
            [Input::Url { url, .. }] if !append => Some(url.clone()),
            _ => None,
        };
        let total: Option<f64> = inputs.iter().map(Input::size).sum();
        let name = match inputs.as_slice() {
            [one] => one.name().to_owned(),
            many => format!("{} files", many.len()),
        };
        self.failure = None;
        self.loading = Some(Loading { name, total: total.map(|total| total as u64), progress: Progress::default() });
        let link = ctx.link().clone();
        let with_link = self.link.is_some();
        self.shared.client.load(&inputs, append, link.callback(Msg::Progress), move |response| {
            link.send_message(Msg::Loaded { response, link: with_link, resolver });
        });
        true
    }

    fn loaded(&mut self, ctx: &Context<Self>, response: Response, by_link: bool, resolver: Option<Resolver>) -> bool {
        match response {
            Response::Opened(opened) => {
                self.loading = None;
                self.at_home = false;
                let appended = self.opened.is_some() && resolver.is_some() && self.head.is_some();
                let keep = appended && self.opened.as_ref().is_some_and(|before| before.span_count <= opened.span_count);
                let before = if keep { self.head.clone() } else { None };
                self.forget();
                let one_trace = opened.trace_count == 1;
                self.opened = Some(Rc::new(opened));
                self.view = View::Traces;
                match (by_link.then(|| self.link.take()).flatten(), before) {
                    (Some(link), _) => self.follow(ctx, link, one_trace),
                    // Something was added: the trace on screen stays on screen, at its new number.
                    (None, Some(before)) => ctx.link().send_message(Msg::Show {
                        trace_id: before.trace_id.clone(),
                        span_id: None,
                        resolver: None,
                    }),
                    (None, None) if one_trace => ctx.link().send_message(Msg::OpenTrace { trace: 0, span: None }),
                    (None, None) => {}
                }
                let host = self.shared.host.clone();
                self.ask(Request::Summary, move |response| {
                    if let Response::Json(json) = response {
                        let summary = parse(&json);
                        if let Some(resolver) = resolver {
                            resolver.resolve(&summary);
                        }
                        dispatch(&host, "flamefall-load", &summary);
                    }
                });
                self.rest();
            }
            Response::Refused(failure) => {
                if let Some(resolver) = &resolver {
                    resolver.reject(&failure);
                }
                // A newer load has taken the place of a cancelled one.
                let superseded = failure.kind == "cancelled" && self.shared.client.is_loading();
                if !superseded {
                    self.loading = None;
                    dispatch(&self.shared.host, "flamefall-error", &failure_object(&failure));
                    self.failure = (failure.kind != "cancelled").then_some(failure);
                }
            }
            _ => self.loading = None,
        }
        true
    }

    fn change_view(&mut self, ctx: &Context<Self>, view: View) -> bool {
        self.at_home = false;
        if self.view == view {
            return true;
        }
        if view != View::Traces && self.head.is_none() {
            // A view of a trace before one was chosen: the first of the list.
            if self.opened.as_ref().is_some_and(|opened| opened.trace_count > 0) {
                self.view = view;
                ctx.link().send_message(Msg::OpenTrace { trace: 0, span: None });
            }
            return true;
        }
        self.view = view;
        let detail = js_sys::Object::new();
        drop(js_sys::Reflect::set(&detail, &"view".into(), &view.name().into()));
        dispatch(&self.shared.host, "flamefall-viewchange", &detail);
        self.history();
        true
    }

    fn show_trace(&mut self, ctx: &Context<Self>, head: TraceHead, span: Option<u32>) -> bool {
        let another = self.head.as_ref().is_none_or(|before| before.trace_id != head.trace_id);
        if another {
            self.folded.clear();
        self.folded_ids.clear();
            self.flame_window.set(WindowState::default());
            self.ordinal = None;
            self.window.set(WindowState { start: 0.0, end: (head.duration as f64).max(1.0), row: 0.0 });
        }
        let trace = head.trace;
        self.head = Some(Rc::new(head));
        self.rows_revision += 1;
        self.selected = None;
        self.details = None;
        if self.view == View::Traces {
            self.change_view(ctx, View::Waterfall);
        }
        self.emit_select();
        if !self.search.is_empty() {
            self.search_now(ctx);
        }
        if let Some(span) = span {
            self.reveal(ctx, trace, span);
        }
        self.history();
        true
    }

    fn reveal(&self, ctx: &Context<Self>, trace: u32, span: u32) {
        let link = ctx.link().clone();
        self.ask(Request::Reveal { trace, span }, move |response| {
            if let Response::Rows(info) = response {
                link.send_message(Msg::Rows { info, select: true });
            }
        });
    }

    fn select(&mut self, ctx: &Context<Self>, span: Option<u32>) -> bool {
        if self.selected == span {
            return false;
        }
        self.selected = span;
        if span.is_none() {
            self.details = None;
        }
        self.refresh_details(ctx);
        self.rest();
        true
    }

    fn refresh_details(&self, ctx: &Context<Self>) {
        let Some(span) = self.selected else {
            self.emit_select();
            return;
        };
        let link = ctx.link().clone();
        let host = self.shared.host.clone();
        self.ask(Request::Details { span }, move |response| {
            if let Response::Details(details) = response {
                emit_select(&host, &details.trace_id, Some(&details.span_id));
                link.send_message(Msg::Details(details));
            }
        });
    }

    fn emit_select(&self) {
        if let Some(head) = &self.head {
            emit_select(&self.shared.host, &head.trace_id, None);
        }
    }

    fn search(&mut self, ctx: &Context<Self>, text: String) -> bool {
        self.search = text.into();
        self.ordinal = None;
        self.search_now(ctx);
        self.rest();
        true
    }

    fn search_now(&self, ctx: &Context<Self>) {
        let link = ctx.link().clone();
        let text = self.search.to_string();
        let trace = self.head.as_ref().map(|head| head.trace);
        self.ask(Request::Search { text, trace }, move |response| {
            if let Response::Matches(matches) = response {
                link.send_message(Msg::Matches(matches));
            }
        });
    }

    fn rows_changed(&mut self, ctx: &Context<Self>, info: RowsInfo, select: bool) -> bool {
        self.folded.clone_from(&info.folded);
        self.folded_ids.clone_from(&info.folded_ids);
        self.rows_revision += 1;
        self.ordinal = info.ordinal.or(self.ordinal);
        if let Some(head) = &mut self.head {
            Rc::make_mut(head).row_count = info.total;
        }
        if select {
            if let Some(row) = info.row {
                self.command(Command::ShowRow { row, start: info.time.0 as f64, duration: info.time.1 as f64 });
            }
            if info.span.is_some() {
                self.select(ctx, info.span);
            }
        }
        self.rest();
        true
    }

    fn command(&self, command: Command) {
        if let Some(timeline) = &self.timeline {
            timeline.emit(command);
        }
    }

    /// Takes over a link: opens its file first where it names one that is not open.
    fn restore(&mut self, ctx: &Context<Self>, link: Link) -> bool {
        let other = link.src.is_some() && link.src != self.src;
        if let (true, Some(input)) = (other, link.src.as_deref().and_then(Input::url)) {
            let resolved = if let Input::Url { url, .. } = &input { Some(url.clone()) } else { None };
            if resolved != self.src || self.opened.is_none() {
                self.link = Some(link);
                return self.open(ctx, vec![input], false, None);
            }
        }
        let one_trace = match &self.opened {
            Some(opened) => opened.trace_count == 1,
            // Nothing is open yet: the link waits for what will be.
            None => {
                self.link = Some(link);
                return false;
            }
        };
        self.follow(ctx, link, one_trace);
        true
    }

    /// Sets view, trace, span, window, folds and search of a link, in this order.
    fn follow(&mut self, ctx: &Context<Self>, link: Link, one_trace: bool) {
        if let Some(sort) = &link.sort {
            let (name, descending) = match sort.strip_prefix('-') {
                Some(name) => (name, true),
                None => (sort.as_str(), false),
            };
            if let Some(sort) = parse_sort(name) {
                (self.list.sort, self.list.descending) = (sort, descending);
            }
        }
        self.list.filter = link.filter.clone().unwrap_or_default();
        self.list.start = link.starts;
        self.list.duration = link.durations;
        if let Some(mode) = link.flame.as_deref().and_then(parse_mode) {
            self.flame_mode = mode;
        }
        if let Some(tab) = link.tab.as_deref().and_then(crate::details::tab) {
            self.tab = tab;
        }
        if let Some(search) = &link.search {
            self.search = search.clone().into();
            self.search_now(ctx);
        }
        let view = link.view.as_deref().and_then(View::parse);
        self.view = view.unwrap_or(if one_trace || link.trace.is_some() { View::Waterfall } else { View::Traces });
        let trace = match &link.trace {
            Some(trace_id) => Some(Request::Find { trace_id: trace_id.clone(), span_id: link.span.clone() }),
            None if one_trace || self.view != View::Traces => None,
            None => return,
        };
        let scope = ctx.link().clone();
        let client = self.shared.client.clone();
        let working = self.shared.busy.start();
        wasm_bindgen_futures::spawn_local(async move {
            let _working = working;
            let (trace, span) = match trace {
                None => (0, None),
                Some(find) => match client.request(&find).await {
                    Response::Found(Some(found)) => (found.trace, found.span),
                    // The file has no such trace: the list is what there is.
                    _ => {
                        scope.send_message(Msg::View(View::Traces));
                        return;
                    }
                },
            };
            let Response::Trace(head) = client.request(&Request::Trace { trace }).await else { return };
            let duration = (head.duration as f64).max(1.0);
            let trace_id = head.trace_id.clone();
            scope.send_message(Msg::Head { head, span: None });
            let (start, end) = link.window.map_or((0.0, duration), |(start, end)| (start as f64, end as f64));
            let end = end.max(start + 1.0);
            scope.send_message(Msg::Window(WindowState { start, end, row: f64::from(link.row.unwrap_or(0)) }));
            let mut folded = Vec::new();
            for span_id in link.folded {
                let find = Request::Find { trace_id: trace_id.clone(), span_id: Some(span_id) };
                if let Response::Found(Some(found)) = client.request(&find).await {
                    folded.extend(found.span);
                }
            }
            if !folded.is_empty() {
                let fold = Request::Fold { trace, fold: Fold::Set(folded) };
                if let Response::Rows(info) = client.request(&fold).await {
                    scope.send_message(Msg::Rows { info, select: false });
                }
            }
            if link.focus.is_some() {
                scope.send_message(Msg::FlameWindow(link.focus));
            }
            if span.is_some() {
                scope.send_message(Msg::Select(span));
            }
        });
    }

    fn attribute(&mut self, ctx: &Context<Self>, name: &str, value: Option<String>) -> bool {
        match (name, value) {
            ("src", Some(src)) => Input::url(&src).is_some_and(|input| self.open(ctx, vec![input], false, None)),
            ("view", Some(view)) => View::parse(&view).is_some_and(|view| self.change_view(ctx, view)),
            ("theme", _) => {
                self.theme_revision += 1;
                true
            }
            _ => false,
        }
    }

    fn theme_name(&self) -> &'static str {
        match self.shared.host.get_attribute("theme").as_deref() {
            Some("light") => "light",
            Some("dark") => "dark",
            _ => "auto",
        }
    }

    /// The shareable part of the state.
    fn link(&self) -> Link {
        let (window, flame) = (self.window.get(), self.flame_window.get());
        let default_list = ListQuery::default();
        let head = self.head.as_ref().filter(|_| self.view != View::Traces);
        let whole = head.is_none_or(|head| window.start <= 0.0 && window.end >= head.duration as f64);
        let list = &self.list;
        Link {
            src: self.src.clone(),
            view: self.opened.as_ref().map(|_| self.view.name().to_owned()),
            trace: head.map(|head| head.trace_id.clone()),
            span: self.details.as_ref().filter(|_| head.is_some()).map(|details| details.span_id.clone()),
            window: (!whole).then_some((window.start.max(0.0) as u64, window.end.max(0.0) as u64)),
            row: (head.is_some() && window.row >= 1.0).then_some(window.row as u32),
            search: (!self.search.is_empty()).then(|| self.search.to_string()),
            folded: self.folded_ids.clone(),
            flame: (self.view == View::Flame).then(|| mode_name(self.flame_mode).to_owned()),
            focus: (self.view == View::Flame && flame.end > 0.0).then_some((flame.start as u64, flame.end as u64)),
            sort: ((list.sort, list.descending) != (default_list.sort, default_list.descending))
                .then(|| format!("{}{}", if list.descending { "-" } else { "" }, sort_name(list.sort))),
            filter: (!list.filter.is_empty()).then(|| list.filter.clone()),
            starts: list.start,
            durations: list.duration,
            tab: (self.tab != "attributes" && head.is_some()).then(|| self.tab.to_owned()),
        }
    }

    /// Writes the state where it can be shared, without a step in the history.
    fn rest(&self) {
        self.write_state(false);
    }

    /// Another view or trace: a step in the history, so that the browser's Back leads back.
    fn history(&self) {
        self.write_state(true);
    }

    fn write_state(&self, step: bool) {
        let state = self.link().to_hash();
        if self.shared.host.get_attribute("data-state").as_deref() == Some(state.as_str()) {
            return;
        }
        drop(self.shared.host.set_attribute("data-state", &state));
        if !self.shared.is_page {
            return;
        }
        let Ok(history) = gloo::utils::window().history() else { return };
        // A file from ?src= need not be named again.
        let url = format!("#{state}");
        drop(if step {
            history.push_state_with_url(&JsValue::NULL, "", Some(&url))
        } else {
            history.replace_state_with_url(&JsValue::NULL, "", Some(&url))
        });
    }

    fn key(&mut self, ctx: &Context<Self>, event: &KeyboardEvent) -> bool {
        let typing = event.composed_path().get(0).dyn_ref::<HtmlInputElement>().is_some_and(|input| input.type_() != "file");
        let key = event.key();
        let with_control = event.ctrl_key() || event.meta_key();
        if key == "Escape" {
            return self.escape(ctx, typing);
        }
        if with_control && key == "b" || !typing && !with_control && key == "/" {
            event.prevent_default();
            if let Some(input) = self.search_input.cast::<HtmlInputElement>() {
                drop(input.focus());
                input.select();
            }
            return false;
        }
        if typing || with_control || event.alt_key() || event.default_prevented() {
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
        match (key.as_str(), self.selected) {
            ("j", _) => step(StepAmong::Rows, 1),
            ("k", _) => step(StepAmong::Rows, -1),
            ("J", _) => step(StepAmong::Rows, 10),
            ("K", _) => step(StepAmong::Rows, -10),
            // Jaeger's f and b go through the visible spans where nothing is searched.
            ("f" | "F" | "n", _) => step(if self.search.is_empty() { StepAmong::Rows } else { StepAmong::Matches }, 1),
            ("b" | "B" | "N", _) => step(if self.search.is_empty() { StepAmong::Rows } else { StepAmong::Matches }, -1),
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
                    self.command(Command::ZoomTo { start: details.start as f64, duration: details.duration as f64 });
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

    fn escape(&mut self, ctx: &Context<Self>, typing: bool) -> bool {
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
            self.emit_select();
        }
        true
    }

    fn work(&self, ctx: &Context<Self>) -> Html {
        let link = ctx.link();
        let client = self.shared.client.clone();
        let Some(opened) = self.opened.clone() else { return html! {} };
        if self.view == View::Traces {
            return html! {
                <Traces {client} {opened} list={self.list.clone()} selected={self.head.as_ref().map(|head| head.trace)}
                    theme_revision={self.theme_revision} narrow={self.narrow} matches={self.marks_revision}
                    on_list={link.callback(Msg::List)}
                    on_open={link.callback(|trace| Msg::OpenTrace { trace, span: None })} />
            };
        }
        let Some(head) = self.head.clone() else { return html! { <div class="work" /> } };
        let on_select = link.callback(Msg::Select);
        html! {
            <>
                { self.trace_head(ctx, &head) }
                <div class="work">
                    if self.view == View::Waterfall {
                        <Timeline client={client.clone()} head={head.clone()} window={self.window.clone()}
                            selected={self.selected} rows_revision={self.rows_revision}
                            marks_revision={self.marks_revision} theme_revision={self.theme_revision}
                            narrow={self.narrow} on_select={on_select.clone()} on_fold={link.callback(Msg::Fold)}
                            on_rest={link.callback(|()| Msg::Rest)} on_ready={link.callback(Msg::TimelineReady)} />
                    } else {
                        <Flame client={client.clone()} head={head.clone()} window={self.window.clone()}
                            selected={self.selected} mode={self.flame_mode} merged_window={self.flame_window.clone()}
                            marks_revision={self.marks_revision} theme_revision={self.theme_revision}
                            narrow={self.narrow} on_select={on_select.clone()}
                            on_mode={link.callback(Msg::FlameMode)}
                            on_rest={link.callback(|()| Msg::Rest)} on_ready={link.callback(Msg::TimelineReady)} />
                    }
                    if let Some(details) = &self.details {
                        <DetailsPanel {client} details={Rc::clone(details)} tab={self.tab} narrow={self.narrow}
                            on_tab={link.callback(Msg::Tab)} on_close={link.callback(|()| Msg::Select(None))}
                            on_go={link.callback(|(trace, span)| Msg::OpenTrace { trace, span })}
                            on_search={link.callback(Msg::Search)} />
                    }
                </div>
            </>
        }
    }

    fn trace_head(&self, ctx: &Context<Self>, head: &TraceHead) -> Html {
        let count = |n: u32| scene::format_count(u64::from(n));
        let plural = |n: u32, one: &'static str, many: &'static str| if n == 1 { one } else { many };
        let next_error = ctx.link().callback(|_| Msg::Step { among: StepAmong::Errors, by: 1 });
        html! {
            <div class="head">
                <h1 title={format!("{} {}", head.root_service, head.root_name)}>
                    { &head.root_name }{ " " }<span>{ &head.root_service }</span>
                </h1>
                <span class="figure"><b>{ scene::format_duration(head.duration) }</b></span>
                <span class="figure"><b>{ count(head.span_count) }</b>{ plural(head.span_count, " span", " spans") }</span>
                <span class="figure">
                    <b>{ count(head.service_count) }</b>{ plural(head.service_count, " service", " services") }
                </span>
                if head.error_count > 0 {
                    <button class="figure error" title="Next error (e)" onclick={next_error}>
                        <b>{ count(head.error_count) }</b>{ plural(head.error_count, " error", " errors") }
                    </button>
                }
                if head.orphan_count > 0 {
                    <span class="figure" title="Their parents are not in the file: a service that is not instrumented, sampling, or a part of the trace that is missing.">
                        <b>{ count(head.orphan_count) }</b>{ plural(head.orphan_count, " orphan", " orphans") }
                    </span>
                }
                <span class="figure">{ format_start(head.start) }</span>
            </div>
        }
    }

    /// What was odd in the input, and what could not be read.
    fn quality_report(&self, ctx: &Context<Self>, opened: &Opened) -> Html {
        let close = ctx.link().callback(|_: MouseEvent| Msg::Quality(false));
        html! {
            <div class="backdrop" onclick={close.clone()}>
                <div class="dialog" role="dialog" aria-modal="true" aria-labelledby="quality-title"
                    onclick={|event: MouseEvent| event.stop_propagation()}>
                    <header>
                        <h2 id="quality-title">{ &opened.name }</h2>
                        <button class="button small" onclick={close}>{ "Close" }</button>
                    </header>
                    <p>{ format!("{} · {} · {} spans in {} traces", opened.format, crate::start::format_bytes(opened.bytes),
                        scene::format_count(opened.span_count), scene::format_count(u64::from(opened.trace_count))) }</p>
                    if opened.warnings.is_empty() && opened.refused.is_empty() {
                        <p class="mute">{ "Nothing odd was found in it." }</p>
                    } else {
                        <dl class="quality">
                            { for opened.refused.iter().map(|failure| html! {
                                <div>
                                    <dt>{ format!("{}: not read", failure.name) }</dt>
                                    <dd>{ &failure.message }</dd>
                                </div>
                            }) }
                            { for opened.warnings.iter().map(|warning| html! {
                                <div>
                                    <dt>{ format!("{} × {}", scene::format_count(warning.count), warning_title(&warning.kind)) }</dt>
                                    <dd>
                                        { &warning.example }
                                        if let Some(offset) = warning.offset {
                                            { format!(" (at byte {})", scene::format_count(offset)) }
                                        }
                                    </dd>
                                </div>
                            }) }
                        </dl>
                    }
                </div>
            </div>
        }
    }
}

fn warning_title(kind: &str) -> &str {
    match kind {
        "truncated" => "cut off at the end",
        "invalidJson" => "text that is not JSON",
        "notATrace" => "JSON without spans",
        "skippedSpan" => "span that could not be read",
        "wrongType" => "field of a wrong type",
        "numberOutOfRange" => "number out of range",
        "invalidId" => "id that is neither hex nor base64",
        "invalidUtf8" => "text that is not UTF-8",
        "tooDeep" => "value nested too deep",
        "damagedCompression" => "damaged compression",
        "otherSignal" => "logs or metrics, not shown yet",
        "missingTraceId" => "span without a trace id",
        "missingSpanId" => "span without an id",
        "duplicateSpanId" => "span id used twice",
        "orphan" => "span whose parent is missing",
        "cycle" => "circle of parents",
        "missingStartTime" => "span without a start",
        "missingEndTime" => "span without an end",
        "reversedTimes" => "span that ends before it starts",
        other => other,
    }
}

fn emit_select(host: &HtmlElement, trace_id: &str, span_id: Option<&str>) {
    let detail = js_sys::Object::new();
    drop(js_sys::Reflect::set(&detail, &"traceId".into(), &trace_id.into()));
    if let Some(span_id) = span_id {
        drop(js_sys::Reflect::set(&detail, &"spanId".into(), &span_id.into()));
    }
    dispatch(host, "flamefall-select", &detail);
}

/// Date and time to the millisecond, UTC: `21 Nov 2026, 12:03:04.123 UTC`.
pub(crate) fn format_start(unix_nanos: u64) -> String {
    let millis = unix_nanos / 1_000_000;
    let date = js_sys::Date::new(&JsValue::from_f64(millis as f64));
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = MONTHS.get(date.get_utc_month() as usize).copied().unwrap_or_default();
    format!("{} {month} {}, {} UTC", date.get_utc_date(), date.get_utc_full_year(), format_clock(unix_nanos))
}

/// Time of day to the millisecond, UTC: `12:03:04.123`.
pub(crate) fn format_clock(unix_nanos: u64) -> String {
    let millis = unix_nanos / 1_000_000;
    let seconds = millis / 1000;
    format!("{:02}:{:02}:{:02}.{:03}", seconds / 3600 % 24, seconds / 60 % 60, seconds % 60, millis % 1000)
}

const SORTS: [(ListSort, &str); 6] = [
    (ListSort::Root, "root"),
    (ListSort::Services, "services"),
    (ListSort::Spans, "spans"),
    (ListSort::Errors, "errors"),
    (ListSort::Start, "start"),
    (ListSort::Duration, "duration"),
];

fn sort_name(sort: ListSort) -> &'static str {
    SORTS.iter().find(|(known, _)| *known == sort).map_or("duration", |(_, name)| name)
}

fn parse_sort(name: &str) -> Option<ListSort> {
    SORTS.iter().find(|(_, known)| *known == name).map(|(sort, _)| *sort)
}

/// Reads the clipboard, which asks the person first.
fn paste(ctx: &Context<App>) {
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
                    message: "The clipboard holds no text. Copy the JSON of a trace, or a URL, and paste again.".to_owned(),
                    offset: None,
                    name: "The clipboard".to_owned(),
                }),
                link: false,
                resolver: None,
            }),
            None => link.send_message(Msg::Loaded {
                response: Response::Refused(Failure {
                    kind: "clipboard".to_owned(),
                    message: "The browser does not let this page read the clipboard. Press Ctrl V instead.".to_owned(),
                    offset: None,
                    name: "The clipboard".to_owned(),
                }),
                link: false,
                resolver: None,
            }),
        }
    });
}

/// Keys, drops, pastes and links. They go with the application.
fn listeners(ctx: &Context<App>, shared: &Shared) -> Vec<EventListener> {
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
            on_key.emit(event.clone());
        }
    }));
    for (name, over) in [("dragenter", true), ("dragleave", false)] {
        let on_drag = link.callback(Msg::Dragging);
        listeners.push(EventListener::new_with_options(&target, name, active, move |event| {
            event.prevent_default();
            on_drag.emit(over);
        }));
    }
    listeners.push(EventListener::new_with_options(&target, "dragover", active, |event| event.prevent_default()));
    let on_drop = link.callback(Msg::Dropped);
    listeners.push(EventListener::new_with_options(&target, "drop", active, move |event| {
        event.prevent_default();
        let transfer = event.dyn_ref::<DragEvent>().and_then(DragEvent::data_transfer);
        on_drop.emit(transfer.map(|transfer| Input::from_transfer(&transfer)).unwrap_or_default());
    }));
    let on_paste = link.batch_callback(|inputs: Vec<Input>| (!inputs.is_empty()).then_some(Msg::Dropped(inputs)));
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
            let hash = gloo::utils::window().location().hash().unwrap_or_default();
            let state = host.get_attribute("data-state").unwrap_or_default();
            if hash.trim_start_matches('#') != state {
                on_hash.emit(Box::new(Link::parse(&hash)));
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
