//! The application: what the person did, and what follows from it.

mod keys;
mod listeners;
mod sharing;
mod views;

use keys::Pressed;
pub(crate) use views::{format_clock, format_start};

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use engine::{
    Details, Failure, Fold, ListQuery, MatchInfo, Opened, Progress, Request, Response, RowsInfo, StepAmong,
    TraceHead,
};
use gloo::events::EventListener;
use js_sys::Function;
use scene::FlameMode;
use web_sys::HtmlElement;
use yew::prelude::*;

use crate::busy::Busy;
use crate::client::Client;
use crate::element::{Resolver, dispatch, failure_object, parse};
use crate::help::Help;
use crate::input::Input;
use crate::link::Link;
use crate::start::{Start, failure_title, progress};
use crate::timeline::Command;
use crate::topbar::Topbar;

/// Below this width of the element the layout is one column.
const NARROW: f64 = 640.0;

/// Below this height of the element, as below another page, there is only what one cannot do without.
const SHORT: f64 = 480.0;

/// Whether an element of this size is narrow, and whether it is short. One that is not laid out is neither.
fn tight(width: f64, height: f64) -> (bool, bool) {
    (width > 0.0 && width < NARROW, height > 0.0 && height < SHORT)
}

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

/// Why something is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LoadKind {
    Open,
    Append,
    /// The link that named it is followed afterwards.
    Link,
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
    Open {
        inputs: Vec<Input>,
        append: bool,
        resolver: Option<Resolver>,
    },
    Progress(Progress),
    Loaded {
        response: Response,
        kind: LoadKind,
        /// Address, where there is one.
        src: Option<String>,
        resolver: Option<Resolver>,
    },
    Cancel,
    Close,
    Dismiss,
    Crashed(String),
    View(View),
    OpenTrace {
        trace: u32,
        span: Option<u32>,
    },
    Head {
        head: TraceHead,
        span: Option<u32>,
    },
    Select(Option<u32>),
    Details(Box<Details>),
    Search(String),
    Matches(MatchInfo),
    Step {
        among: StepAmong,
        by: i32,
    },
    /// A step has arrived.
    Stepped,
    Rows {
        info: RowsInfo,
        select: bool,
    },
    Fold(Fold),
    Show {
        trace_id: String,
        span_id: Option<String>,
        resolver: Option<Resolver>,
    },
    Restore(Box<Link>),
    Attribute(String, Option<String>),
    List(ListQuery),
    FlameMode(FlameMode),
    FlameWindow(Option<(u64, u64)>),
    Tab(&'static str),
    Window(WindowState),
    /// The window moved and has come to rest.
    Rest,
    /// A link was followed to its end.
    Followed,
    Help(bool),
    Quality(bool),
    Home,
    Dragging(bool),
    Dropped(Vec<Input>),
    PasteButton,
    Key(Pressed),
    Resized(f64, f64),
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
    /// The only trace is on its way: nobody would see the list before it, and laying it out takes time.
    expecting: bool,
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
    short: bool,
    theme_revision: u32,
    src: Option<String>,
    /// A link to follow when the load is done.
    link: Option<Link>,
    /// A step is on its way; those asked for meanwhile wait for where it leads.
    stepping: bool,
    steps: Vec<(StepAmong, i32)>,
    /// A link is being followed: what is half set up is not written into the URL.
    following: bool,
    timeline: Option<Callback<Command>>,
    root: NodeRef,
    search_input: NodeRef,
    _listeners: Vec<EventListener>,
    resize: Option<crate::canvas::Resize>,
}

impl Component for App {
    type Message = Msg;
    type Properties = AppProps;

    fn create(ctx: &Context<Self>) -> Self {
        let shared = Rc::clone(&ctx.props().shared);
        *shared.crashed.borrow_mut() = Some(ctx.link().callback(Msg::Crashed));
        let listeners = listeners::listeners(ctx, &shared);
        let (narrow, short) = tight(shared.host.client_width().into(), shared.host.client_height().into());
        let app = Self {
            opened: None,
            expecting: false,
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
            narrow,
            short,
            theme_revision: 0,
            src: None,
            link: None,
            stepping: false,
            steps: Vec::new(),
            following: false,
            timeline: None,
            root: NodeRef::default(),
            search_input: NodeRef::default(),
            _listeners: listeners,
            resize: None,
            shared,
        };
        app.begin(ctx);
        app
    }

    fn rendered(&mut self, ctx: &Context<Self>, first: bool) {
        if first {
            let resized = ctx.link().callback(|(width, height)| Msg::Resized(width, height));
            self.resize = crate::canvas::Resize::observe(&self.shared.host, &self.shared.busy, resized);
        }
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        match msg {
            Msg::Open { inputs, append, resolver } => self.open(ctx, &inputs, append, resolver),
            Msg::Progress(progress) => {
                let Some(loading) = &mut self.loading else { return false };
                loading.progress = progress;
                true
            }
            Msg::Loaded { response, kind, src, resolver } => self.loaded(ctx, response, kind, src, resolver),
            Msg::Cancel => {
                self.shared.client.cancel();
                false
            }
            Msg::Close => {
                self.shared.client.cancel();
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
            Msg::Crashed(why) => {
                // What was open is gone with the engine.
                self.forget();
                self.opened = None;
                self.loading = None;
                let failure = crate::client::stopped(&why);
                dispatch(&self.shared.host, "flamefall-error", &failure_object(&failure));
                self.failure = Some(failure);
                true
            }
            Msg::View(view) => self.change_view(ctx, view),
            Msg::OpenTrace { trace, span } => {
                let link = ctx.link().clone();
                self.ask(&Request::Trace { trace }, move |response| {
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
                // The id of the span is known from here on.
                self.rest();
                true
            }
            Msg::Search(text) => self.search(ctx, text),
            Msg::Matches(matches) => {
                self.matches = matches;
                self.marks_revision += 1;
                if self.selected.is_some() {
                    self.refresh_details(ctx, false);
                }
                true
            }
            Msg::Step { among, by } => {
                self.step(ctx, among, by);
                false
            }
            Msg::Stepped => {
                self.stepping = false;
                if !self.steps.is_empty() {
                    let (among, by) = self.steps.remove(0);
                    self.step(ctx, among, by);
                }
                false
            }
            Msg::Rows { info, select } => self.rows_changed(ctx, &info, select),
            Msg::Fold(fold) => {
                let Some(head) = &self.head else { return false };
                let link = ctx.link().clone();
                self.ask(&Request::Fold { trace: head.trace, fold }, move |response| {
                    if let Response::Rows(info) = response {
                        link.send_message(Msg::Rows { info, select: false });
                    }
                });
                false
            }
            Msg::Show { trace_id, span_id, resolver } => {
                let link = ctx.link().clone();
                self.ask(&Request::Find { trace_id, span_id }, move |response| {
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
            Msg::Followed => {
                self.following = false;
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
                self.open(ctx, &inputs, false, None)
            }
            Msg::PasteButton => {
                listeners::paste(ctx);
                false
            }
            Msg::Key(pressed) => self.key(ctx, &pressed),
            Msg::Resized(width, height) => {
                let is = tight(width, height);
                let was = (self.narrow, self.short);
                (self.narrow, self.short) = is;
                is != was
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
            <div ref={self.root.clone()} class={classes!("app", self.narrow.then_some("narrow"), self.short.then_some("short"))}>
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
                        <div class="toast progress">{ progress(loading, &link.callback(|()| Msg::Cancel)) }</div>
                    } else if let Some(failure) = &self.failure {
                        <div class="toast" role="alert">
                            <span><b class="err">{ failure_title(failure) }</b>{ ". " }{ &failure.message }</span>
                            <button class="button small" onclick={link.callback(|_| Msg::Dismiss)}>{ "Dismiss" }</button>
                        </div>
                    }
                } else {
                    <Start
                        loading={self.loading.clone()}
                        failure={self.failure.clone()}
                        dragging={self.dragging > 0}
                        base={self.shared.base.clone()}
                        is_page={self.shared.is_page}
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
                    { Self::quality_report(ctx, opened) }
                }
            </div>
        }
    }

    fn destroy(&mut self, _: &Context<Self>) {
        *self.shared.crashed.borrow_mut() = None;
    }
}

impl App {
    fn ask(&self, request: &Request, answer: impl FnOnce(Response) + 'static) {
        self.shared.client.ask(request, answer);
    }

    /// Back to nothing selected.
    fn forget(&mut self) {
        self.expecting = false;
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

    fn open(
        &mut self,
        ctx: &Context<Self>,
        inputs: &[Input],
        append: bool,
        resolver: Option<Resolver>,
    ) -> bool {
        if inputs.is_empty() {
            return false;
        }
        let src = match inputs {
            [Input::Url { url, .. }] if !append => Some(url.clone()),
            _ => None,
        };
        let total: Option<f64> = inputs.iter().map(Input::size).sum();
        let name = match inputs {
            [one] => one.name().to_owned(),
            many => format!("{} files", many.len()),
        };
        self.failure = None;
        self.loading =
            Some(Loading { name, total: total.map(|total| total as u64), progress: Progress::default() });
        let link = ctx.link().clone();
        let kind = match (append, &self.link) {
            (true, _) => LoadKind::Append,
            (false, Some(_)) => LoadKind::Link,
            (false, None) => LoadKind::Open,
        };
        self.shared.client.load(inputs, append, link.callback(Msg::Progress), move |response| {
            link.send_message(Msg::Loaded { response, kind, src, resolver });
        });
        true
    }

    fn loaded(
        &mut self,
        ctx: &Context<Self>,
        response: Response,
        kind: LoadKind,
        src: Option<String>,
        resolver: Option<Resolver>,
    ) -> bool {
        match response {
            Response::Opened(opened) => {
                self.src = src;
                self.loading = None;
                self.at_home = false;
                let link = match kind {
                    LoadKind::Open => None,
                    LoadKind::Link => self.link.take(),
                    // Something was added: what is on screen stays, at its new numbers.
                    LoadKind::Append => self.opened.is_some().then(|| self.link()),
                };
                self.forget();
                let one_trace = opened.trace_count == 1;
                self.opened = Some(Rc::new(opened));
                self.view = View::Traces;
                match link {
                    Some(link) => self.follow(ctx, link, one_trace),
                    None if one_trace => {
                        self.expecting = true;
                        ctx.link().send_message(Msg::OpenTrace { trace: 0, span: None });
                    }
                    None => {}
                }
                let host = self.shared.host.clone();
                self.ask(&Request::Summary, move |response| {
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
                // A crash reports itself.
                if !superseded && failure.kind != "engineStopped" {
                    self.loading = None;
                    // Who cancelled knows.
                    if failure.kind != "cancelled" {
                        dispatch(&self.shared.host, "flamefall-error", &failure_object(&failure));
                        self.failure = Some(failure);
                    }
                }
            }
            _ => self.loading = None,
        }
        true
    }

    fn change_view(&mut self, ctx: &Context<Self>, view: View) -> bool {
        self.at_home = false;
        self.expecting = false;
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
        drop(self.shared.host.set_attribute("view", view.name()));
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
        self.expecting = false;
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
        self.ask(&Request::Reveal { trace, span }, move |response| {
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
        self.refresh_details(ctx, true);
        self.rest();
        true
    }

    /// Asks for the details of what is selected. `tell` the page around where the selection is new.
    fn refresh_details(&self, ctx: &Context<Self>, tell: bool) {
        let Some(span) = self.selected else {
            self.emit_select();
            return;
        };
        let link = ctx.link().clone();
        let host = self.shared.host.clone();
        self.ask(&Request::Details { span }, move |response| {
            if let Response::Details(details) = response {
                if tell {
                    emit_select(&host, &details.trace_id, Some(&details.span_id));
                }
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
        self.ask(&Request::Search { text, trace }, move |response| {
            if let Response::Matches(matches) = response {
                link.send_message(Msg::Matches(matches));
            }
        });
    }

    fn rows_changed(&mut self, ctx: &Context<Self>, info: &RowsInfo, select: bool) -> bool {
        self.folded.clone_from(&info.folded);
        self.folded_ids.clone_from(&info.folded_ids);
        self.rows_revision += 1;
        self.ordinal = info.ordinal.or(self.ordinal);
        if let Some(head) = &mut self.head {
            Rc::make_mut(head).row_count = info.total;
        }
        if select {
            if let Some(row) = info.row {
                self.command(Command::ShowRow {
                    row,
                    start: info.time.0 as f64,
                    duration: info.time.1 as f64,
                });
            }
            if info.span.is_some() {
                self.select(ctx, info.span);
            }
        }
        self.rest();
        true
    }

    /// Selects so many spans on. Keys come faster than answers.
    fn step(&mut self, ctx: &Context<Self>, among: StepAmong, by: i32) {
        let Some(head) = &self.head else { return };
        if self.stepping {
            match self.steps.last_mut() {
                Some((last, sum)) if *last == among => *sum += by,
                _ => self.steps.push((among, by)),
            }
            return;
        }
        self.stepping = true;
        let request = Request::Step { trace: head.trace, from: self.selected, by, among };
        let link = ctx.link().clone();
        self.ask(&request, move |response| {
            if let Response::Rows(info) = response {
                link.send_message(Msg::Rows { info, select: true });
            }
            link.send_message(Msg::Stepped);
        });
    }

    fn command(&self, command: Command) {
        if let Some(timeline) = &self.timeline {
            timeline.emit(command);
        }
    }

    fn attribute(&mut self, ctx: &Context<Self>, name: &str, value: Option<String>) -> bool {
        match (name, value) {
            ("src", Some(src)) => Input::url(&src).is_some_and(|input| self.open(ctx, &[input], false, None)),
            // As it is now: the element tells of its changes later, and its own view writes it too.
            ("view", Some(_)) => {
                let view = self.shared.host.get_attribute("view");
                view.as_deref().and_then(View::parse).is_some_and(|view| self.change_view(ctx, view))
            }
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
}

fn emit_select(host: &HtmlElement, trace_id: &str, span_id: Option<&str>) {
    let detail = js_sys::Object::new();
    drop(js_sys::Reflect::set(&detail, &"traceId".into(), &trace_id.into()));
    if let Some(span_id) = span_id {
        drop(js_sys::Reflect::set(&detail, &"spanId".into(), &span_id.into()));
    }
    dispatch(host, "flamefall-select", &detail);
}
