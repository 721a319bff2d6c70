//! The trace list: every trace of what is open, under two charts that select.
//!
//! The page holds a few screens of rows around what is visible, and asks the engine for others as one scrolls.

mod charts;

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

use engine::{ListQuery, ListSort, Opened, Request, Response, TraceRow, TraceRows};
use gloo::events::EventListener;
use scene::{format_count, format_duration};
use wasm_bindgen::JsCast as _;
use web_sys::{Element, HtmlElement, HtmlInputElement};
use yew::prelude::*;

use self::charts::Charts;
use crate::app::{format_clock, format_start};
use crate::canvas::{Resize, set_css};
use crate::client::Client;
use crate::theme;

/// Browsers stop being exact, or stop, at heights not far above: longer lists scroll in proportion.
const TALLEST: f64 = 8e6;
const HEAD: f64 = 34.0;
const ROW: f64 = 34.0;
const NARROW_HEAD: f64 = 28.0;
const NARROW_ROW: f64 = 52.0;
/// Rows drawn beyond each edge of the screen, so that most scrolling renders nothing.
const OVERSCAN: u32 = 12;

const COLUMNS: [(ListSort, &str, &str); 6] = [
    (ListSort::Root, "Root", "root"),
    (ListSort::Services, "Services", "services"),
    (ListSort::Spans, "Spans", "number"),
    (ListSort::Errors, "Errors", "number"),
    (ListSort::Start, "Start", "number"),
    (ListSort::Duration, "Duration", "duration"),
];

thread_local! {
    /// Where the list was left: it comes and goes with the view.
    static LEFT_AT: RefCell<Option<Place>> = const { RefCell::new(None) };
}

struct Place {
    generation: u32,
    list: ListQuery,
    top: f64,
    cursor: u32,
}

#[derive(Properties, PartialEq)]
pub(crate) struct TracesProps {
    pub(crate) client: Client,
    pub(crate) opened: Rc<Opened>,
    pub(crate) list: ListQuery,
    /// The trace the other views show.
    pub(crate) selected: Option<u32>,
    pub(crate) theme_revision: u32,
    pub(crate) narrow: bool,
    /// Goes up when the search's matches changed.
    pub(crate) matches: u32,
    pub(crate) on_list: Callback<ListQuery>,
    pub(crate) on_open: Callback<u32>,
}

pub(crate) enum Msg {
    Rows { revision: u32, response: Response },
    Scrolled,
    Resized(f64),
    Filter(String),
    Sort(ListSort),
    ClearRanges,
    ClearAll,
    Open(u32),
    Key(KeyboardEvent),
}

pub(crate) struct Traces {
    /// Answers to an older list are dropped.
    revision: u32,
    /// The revision that is being asked for.
    asked: Option<u32>,
    /// The revision of `rows`.
    held: Option<u32>,
    rows: TraceRows,
    /// Rows in the document.
    drawn: Range<u32>,
    scroll: Scroll,
    /// The row the keyboard is at.
    cursor: u32,
    grid: NodeRef,
    spacer: NodeRef,
    layer: NodeRef,
    listening: Option<(Option<Resize>, EventListener)>,
}

/// How far the list is scrolled, in pixels of a list as tall as all its rows, however tall the document lets it be.
#[derive(Clone, Copy, Debug, Default)]
struct Scroll {
    top: f64,
    /// `scrollTop` that `top` stands for.
    element_top: f64,
    /// Height of the rows' part of the window.
    room: f64,
    row: f64,
    count: u32,
}

impl Scroll {
    fn full(&self) -> f64 {
        self.row * f64::from(self.count)
    }

    fn spacer(&self) -> f64 {
        self.full().min(TALLEST)
    }

    fn last(&self) -> f64 {
        (self.full() - self.room).max(0.0)
    }

    fn element_last(&self) -> f64 {
        (self.spacer() - self.room).max(0.0)
    }

    /// The element was scrolled. Small steps are taken as they are, so that the wheel moves by rows in any list;
    /// dragging the bar goes in proportion.
    fn follow(&mut self, element_top: f64) {
        let step = element_top - self.element_top;
        self.top = if self.full() <= TALLEST {
            element_top
        } else if element_top <= 0.0 {
            0.0
        } else if element_top >= self.element_last() - 1.0 {
            self.last()
        } else if step.abs() <= 2.0 * self.room {
            self.top + step
        } else {
            element_top / self.element_last().max(1.0) * self.last()
        };
        self.top = self.top.clamp(0.0, self.last());
        self.element_top = element_top;
    }

    /// `scrollTop` for this place.
    fn element_for(&self, top: f64) -> f64 {
        if self.full() <= TALLEST { top } else { top / self.last().max(1.0) * self.element_last() }
    }

    /// Rows on screen, the last perhaps in part.
    fn visible(&self) -> Range<u32> {
        let first = (self.top / self.row).floor() as u32;
        let end = ((self.top + self.room) / self.row).ceil() as u32;
        first.min(self.count)..end.min(self.count)
    }

    /// Where a row stands in the element.
    fn place(&self, row: u32) -> f64 {
        f64::from(row) * self.row - self.top + self.element_top
    }
}

impl Component for Traces {
    type Message = Msg;
    type Properties = TracesProps;

    fn create(ctx: &Context<Self>) -> Self {
        let props = ctx.props();
        let left = LEFT_AT
            .take()
            .filter(|left| left.generation == props.opened.generation && left.list == props.list);
        let (top, cursor) = left.map_or((0.0, 0), |left| (left.top, left.cursor));
        let row = if props.narrow { NARROW_ROW } else { ROW };
        let mut traces = Self {
            revision: 0,
            asked: None,
            held: None,
            rows: TraceRows::default(),
            drawn: 0..0,
            // A window's worth to begin with: the size is known after the first render.
            scroll: Scroll { top, element_top: 0.0, room: 900.0, row, count: props.opened.trace_count },
            cursor,
            grid: NodeRef::default(),
            spacer: NodeRef::default(),
            layer: NodeRef::default(),
            listening: None,
        };
        traces.draw();
        traces.ask(ctx);
        traces
    }

    fn changed(&mut self, ctx: &Context<Self>, old: &TracesProps) -> bool {
        let props = ctx.props();
        let row = if props.narrow { NARROW_ROW } else { ROW };
        if row != self.scroll.row {
            let at = self.scroll.top / self.scroll.row;
            self.scroll.row = row;
            self.scroll_to(at * row);
        }
        let reopened = props.opened.generation != old.opened.generation;
        if reopened {
            self.rows = TraceRows::default();
            self.held = None;
            self.scroll.count = props.opened.trace_count;
        }
        if reopened || props.list != old.list {
            self.revision += 1;
            self.cursor = 0;
            self.scroll_to(0.0);
            self.ask(ctx);
        }
        true
    }

    fn rendered(&mut self, ctx: &Context<Self>, first: bool) {
        if first && let Some(grid) = self.grid.cast::<Element>() {
            let link = ctx.link();
            let resize = Resize::observe(
                &grid,
                ctx.props().client.busy(),
                link.callback(|(_, height)| Msg::Resized(height)),
            );
            // Scroll events do not bubble, and must not hold up scrolling.
            let scrolled = link.callback(|()| Msg::Scrolled);
            self.listening = Some((resize, EventListener::new(&grid, "scroll", move |_| scrolled.emit(()))));
        }
        if let Some(spacer) = self.spacer.cast::<HtmlElement>() {
            set_css(&spacer, "height", &format!("{}px", self.scroll.spacer()));
        }
        // A new element is at its top; to set that would lay out the page at once.
        if first && self.scroll.top > 0.0 {
            self.scroll_to(self.scroll.top);
        }
        if let Some(layer) = self.layer.cast::<HtmlElement>() {
            set_css(&layer, "transform", &format!("translateY({}px)", self.scroll.place(self.drawn.start)));
        }
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        let props = ctx.props();
        match msg {
            Msg::Rows { revision, response } => {
                self.asked = None;
                let Response::Traces(rows) = response else { return false };
                let current = revision == self.revision;
                if current {
                    self.scroll.count = rows.total;
                    self.held = Some(revision);
                    self.rows = rows;
                    self.cursor = self.cursor.min(self.scroll.count.saturating_sub(1));
                    self.scroll.top = self.scroll.top.min(self.scroll.last());
                    self.draw();
                }
                self.ask(ctx);
                current
            }
            Msg::Scrolled => {
                let Some(grid) = self.grid.cast::<Element>() else { return false };
                self.scroll.follow(f64::from(grid.scroll_top()));
                self.moved(ctx)
            }
            Msg::Resized(height) => {
                let head = if props.narrow { NARROW_HEAD } else { HEAD };
                self.scroll.room = (height - head).max(0.0);
                self.moved(ctx)
            }
            Msg::Filter(filter) => {
                props.on_list.emit(ListQuery { filter, ..props.list.clone() });
                false
            }
            Msg::Sort(sort) => {
                let descending = if props.list.sort == sort {
                    !props.list.descending
                } else {
                    // What one looks for first: names from A, the earliest, the most.
                    !matches!(sort, ListSort::Root | ListSort::Start)
                };
                props.on_list.emit(ListQuery { sort, descending, ..props.list.clone() });
                false
            }
            Msg::ClearRanges => {
                props.on_list.emit(ListQuery { start: None, duration: None, ..props.list.clone() });
                false
            }
            Msg::ClearAll => {
                let list = ListQuery {
                    sort: props.list.sort,
                    descending: props.list.descending,
                    ..ListQuery::default()
                };
                props.on_list.emit(list);
                false
            }
            Msg::Open(row) => {
                self.cursor = row;
                if let Some(of) = self.row(row) {
                    props.on_open.emit(of.trace);
                }
                true
            }
            Msg::Key(event) => self.key(ctx, &event),
        }
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let props = ctx.props();
        let generation = props.opened.generation;
        html! {
            <div class="traces">
                if props.opened.trace_count > 1 {
                    <Charts client={props.client.clone()} {generation} traces={props.opened.trace_count} list={props.list.clone()}
                        theme_revision={props.theme_revision} narrow={props.narrow}
                        on_list={props.on_list.clone()} on_open={props.on_open.clone()} />
                }
                { self.toolbar(ctx) }
                { self.grid(ctx) }
            </div>
        }
    }

    fn destroy(&mut self, ctx: &Context<Self>) {
        let props = ctx.props();
        LEFT_AT.set(Some(Place {
            generation: props.opened.generation,
            list: props.list.clone(),
            top: self.scroll.top,
            cursor: self.cursor,
        }));
    }
}

impl Traces {
    fn row(&self, row: u32) -> Option<&TraceRow> {
        self.rows.rows.get(row.checked_sub(self.rows.first)? as usize)
    }

    /// Decides which rows stand in the document.
    fn draw(&mut self) {
        let visible = self.scroll.visible();
        self.drawn = visible.start.saturating_sub(OVERSCAN)
            ..visible.end.saturating_add(OVERSCAN).min(self.scroll.count);
    }

    /// After scrolling or resizing: is a render needed?
    fn moved(&mut self, ctx: &Context<Self>) -> bool {
        let visible = self.scroll.visible();
        if visible.start >= self.drawn.start && visible.end <= self.drawn.end {
            return false;
        }
        self.draw();
        self.ask(ctx);
        true
    }

    fn scroll_to(&mut self, top: f64) {
        self.scroll.top = top.clamp(0.0, self.scroll.last());
        if let Some(grid) = self.grid.cast::<Element>() {
            grid.set_scroll_top(self.scroll.element_for(self.scroll.top).round() as i32);
            self.scroll.element_top = f64::from(grid.scroll_top());
        }
        self.draw();
    }

    /// Asks for the rows that are drawn and not here. One question at a time: what lies between two answers of a fast
    /// scroll is never asked for.
    fn ask(&mut self, ctx: &Context<Self>) {
        let count = self.drawn.end - self.drawn.start;
        let here = self.rows.first..self.rows.first + self.rows.rows.len() as u32;
        let current = self.held == Some(self.revision);
        let covered = current && (count == 0 || here.start <= self.drawn.start && self.drawn.end <= here.end);
        if covered || self.asked.is_some() {
            return;
        }
        let props = ctx.props();
        let (link, revision) = (ctx.link().clone(), self.revision);
        self.asked = Some(revision);
        let count = count.max(40);
        let request = Request::Traces {
            list: props.list.clone(),
            first: self.drawn.start.saturating_sub(count),
            count: 3 * count,
        };
        props.client.ask(&request, move |response| link.send_message(Msg::Rows { revision, response }));
    }

    fn key(&mut self, ctx: &Context<Self>, event: &KeyboardEvent) -> bool {
        let on_button = event
            .target()
            .and_then(|target| target.dyn_into::<Element>().ok())
            .is_some_and(|target| target.tag_name() == "BUTTON");
        let last = self.scroll.count.saturating_sub(1);
        let page = ((self.scroll.room / self.scroll.row) as u32).saturating_sub(1).max(1);
        let to = match event.key().as_str() {
            "ArrowDown" => self.cursor.saturating_add(1),
            "ArrowUp" => self.cursor.saturating_sub(1),
            "PageDown" => self.cursor.saturating_add(page),
            "PageUp" => self.cursor.saturating_sub(page),
            "Home" => 0,
            "End" => last,
            "Enter" | " " if !on_button => {
                event.prevent_default();
                ctx.link().send_message(Msg::Open(self.cursor));
                return false;
            }
            _ => return false,
        };
        event.prevent_default();
        self.cursor = to.min(last);
        let top = f64::from(self.cursor) * self.scroll.row;
        let bottom = top + self.scroll.row - self.scroll.room;
        if top < self.scroll.top {
            self.scroll_to(top);
        } else if bottom > self.scroll.top {
            self.scroll_to(bottom);
        }
        self.ask(ctx);
        true
    }

    fn toolbar(&self, ctx: &Context<Self>) -> Html {
        let (props, link) = (ctx.props(), ctx.link());
        let list = &props.list;
        let total = u64::from(props.opened.trace_count);
        let narrowed = is_narrowed(list);
        let noun = if total == 1 { "trace" } else { "traces" };
        let count = if narrowed && self.held.is_some() {
            format!("{} of {} {noun}", format_count(self.rows.total.into()), format_count(total))
        } else {
            format!("{} {noun}", format_count(total))
        };
        let filter = link.callback(|event: InputEvent| {
            let input = event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
            Msg::Filter(input.map(|input| input.value()).unwrap_or_default())
        });
        html! {
            <div class="list-bar">
                <input class="field" type="text" aria-label="Filter traces" placeholder="Filter traces"
                    title="Words in the root, the services or the trace id" spellcheck="false" autocomplete="off"
                    value={list.filter.clone()} oninput={filter} />
                <output class="count" aria-live="polite">{ count }</output>
                if list.start.is_some() || list.duration.is_some() {
                    if let Some((from, to)) = list.start {
                        <span class="range" title={format!("Start from {} to {}", format_start(from), format_start(to))}>
                            { format!("{} – {}", format_clock(from), format_clock(to)) }
                        </span>
                    }
                    if let Some((from, to)) = list.duration {
                        <span class="range" title="Duration">
                            { format!("{} – {}", format_duration(from), format_duration(to)) }
                        </span>
                    }
                    <button class="button small" onclick={link.callback(|_| Msg::ClearRanges)}>{ "Clear selection" }</button>
                }
            </div>
        }
    }

    fn grid(&self, ctx: &Context<Self>) -> Html {
        let (props, link) = (ctx.props(), ctx.link());
        let active = self.drawn.contains(&self.cursor).then(|| format!("trace-{}", self.cursor));
        let nothing = self.held == Some(self.revision) && self.scroll.count == 0;
        let rows = self.scroll.count;
        html! {
            <div ref={self.grid.clone()} class="grid" role="grid" tabindex="0" aria-label="Traces"
                aria-rowcount={(u64::from(rows) + 1).to_string()} aria-colcount={if props.narrow { "2" } else { "6" }}
                aria-activedescendant={active} onkeydown={link.callback(Msg::Key)}>
                <div class="columns trace-row" role="row" aria-rowindex="1">
                    { for COLUMNS.iter()
                        .filter(|(sort, ..)| !props.narrow || matches!(sort, ListSort::Root | ListSort::Duration))
                        .map(|&(sort, title, class)| column_head(ctx, sort, title, class)) }
                </div>
                if nothing {
                    { empty(ctx) }
                }
                <div ref={self.spacer.clone()} class="rows" role="rowgroup">
                    <div ref={self.layer.clone()} class="layer" role="presentation">
                        { for self.drawn.clone().map(|row| self.trace(ctx, row)) }
                    </div>
                </div>
            </div>
        }
    }

    fn trace(&self, ctx: &Context<Self>, row: u32) -> Html {
        let props = ctx.props();
        let key = row;
        let Some(of) = self.row(row) else {
            return html! { <div {key} class="trace trace-row waiting" role="row" aria-rowindex={(row + 2).to_string()} /> };
        };
        let selected = props.selected == Some(of.trace);
        let class = classes!(
            "trace",
            "trace-row",
            selected.then_some("selected"),
            (row == self.cursor).then_some("cursor"),
        );
        let name = if of.root_name.is_empty() { "unnamed span" } else { of.root_name.as_str() };
        let title = format!("{} {name}\ntrace {}", of.root_service, of.trace_id).trim_start().to_owned();
        let root = html! {
            <>
                if !of.root_service.is_empty() { <b>{ &of.root_service }</b>{ " " } }
                <span>{ name }</span>
            </>
        };
        let cells = if props.narrow {
            let mut facts = plural(of.span_count, "span");
            facts.push_str(" · ");
            facts.push_str(&plural(of.service_count, "service"));
            html! {
                <>
                    <div role="gridcell" class="root" {title}>
                        <div class="name">{ root }</div>
                        <div class="facts">
                            { facts }
                            if of.error_count > 0 { <span class="err">{ format!(" · {}", plural(of.error_count, "error")) }</span> }
                        </div>
                    </div>
                    { duration_cell(of, self.rows.longest) }
                </>
            }
        } else {
            html! {
                <>
                    <div role="gridcell" class="root" {title}>{ root }</div>
                    <div role="gridcell" class="services" title={plural(of.service_count, "service")}>{ services(of) }</div>
                    <div role="gridcell" class="number strong">{ format_count(of.span_count.into()) }</div>
                    <div role="gridcell" class="number">
                        if of.error_count > 0 { <span class="chip error">{ format_count(of.error_count.into()) }</span> }
                    </div>
                    <div role="gridcell" class="number" title={format_start(of.start)}>{ format_clock(of.start) }</div>
                    { duration_cell(of, self.rows.longest) }
                </>
            }
        };
        html! {
            <div {key} id={format!("trace-{row}")} {class} role="row" aria-rowindex={(row + 2).to_string()}
                aria-selected={selected.to_string()} onclick={ctx.link().callback(move |_| Msg::Open(row))}>
                { cells }
            </div>
        }
    }
}

fn duration_cell(of: &TraceRow, longest: u64) -> Html {
    let share = of.duration as f64 / (longest as f64).max(1.0);
    html! {
        <div role="gridcell" class="duration">
            <svg width={format!("{:.2}%", share.clamp(0.0, 1.0) * 66.0)} height="10" aria-hidden="true">
                <rect width="100%" height="10" rx="2" />
            </svg>
            <span>{ format_duration(of.duration) }</span>
        </div>
    }
}

fn empty(ctx: &Context<Traces>) -> Html {
    let props = ctx.props();
    if props.opened.trace_count == 0 {
        return html! { <div class="empty">{ "There are no traces in what is open." }</div> };
    }
    let list = &props.list;
    let mut limits = Vec::new();
    if !list.filter.trim().is_empty() {
        limits.push(format!("has “{}” in its root, services or id", list.filter.trim()));
    }
    if let Some((from, to)) = list.start {
        limits.push(format!("starts between {} and {}", format_clock(from), format_clock(to)));
    }
    if let Some((from, to)) = list.duration {
        limits.push(format!("lasts from {} to {}", format_duration(from), format_duration(to)));
    }
    html! {
        <div class="empty">
            <p>{ format!("No trace {}.", limits.join(" and ")) }</p>
            <button class="button" onclick={ctx.link().callback(|_| Msg::ClearAll)}>
                { format!("Show all {} traces", format_count(props.opened.trace_count.into())) }
            </button>
        </div>
    }
}

fn is_narrowed(list: &ListQuery) -> bool {
    !list.filter.trim().is_empty() || list.start.is_some() || list.duration.is_some()
}

fn plural(count: u32, noun: &str) -> String {
    format!("{} {noun}{}", format_count(count.into()), if count == 1 { "" } else { "s" })
}

fn column_head(ctx: &Context<Traces>, sort: ListSort, title: &'static str, class: &'static str) -> Html {
    let list = &ctx.props().list;
    let sorted = list.sort == sort;
    let order = if list.descending { "descending" } else { "ascending" };
    html! {
        <div role="columnheader" {class} aria-sort={if sorted { order } else { "none" }}>
            <button title={format!("Sort by {}", title.to_ascii_lowercase())} onclick={ctx.link().callback(move |_| Msg::Sort(sort))}>
                { title }
                if sorted { <i aria-hidden="true">{ if list.descending { " ▾" } else { " ▴" } }</i> }
            </button>
        </div>
    }
}

/// A square for each service, in one drawing.
fn services(of: &TraceRow) -> Html {
    const PITCH: usize = 12;
    let shown = of.colours.len();
    let more = (of.service_count as usize).saturating_sub(shown);
    html! {
        <>
            <svg width={(shown * PITCH).to_string()} height="10" aria-hidden="true">
                { for of.colours.iter().enumerate().map(|(i, &colour)| {
                    let x = i * PITCH;
                    html! {
                        <>
                            <rect x={x.to_string()} width="10" height="10" rx="2.5" fill={theme::service(colour)} />
                            if colour >= 10 {
                                <path d={format!("M{x} 6l6 -6M{} 10l6 -6", x + 4)} stroke="#1a1d24" stroke-opacity="0.55" stroke-width="1.3" />
                            }
                        </>
                    }
                }) }
            </svg>
            if more > 0 { <span>{ format!("+{more}") }</span> }
            <span class="visually-hidden">{ plural(of.service_count, "service") }</span>
        </>
    }
}
