//! The waterfall: minimap, ruler and rows on one canvas, and a tree grid of the visible rows for screen readers.
//!
//! ```text
//! ┌ whole trace ─┬──────────────── minimap ────────────────┐ 52
//! ├ SERVICE AND ─┼──────────────── ruler ──────────────────┤ 26
//! │ names        │ bars                                    │
//! ```

mod input;
mod mirror;
mod paint;

use std::rc::Rc;

use engine::{Fold, Request, Response, TraceHead};
use scene::{MinimapSlice, Rect, Viewport, WaterfallRequest, WaterfallSlice, format_nanos};
use web_sys::{KeyboardEvent, MouseEvent, PointerEvent, WheelEvent};
use yew::prelude::*;

use crate::app::{Window, WindowState};
use crate::client::Client;
use crate::surface::Surface;

const MINIMAP: f64 = 52.0;
const RULER: f64 = 26.0;
const ROW: f64 = 26.0;
const NARROW_ROW: f64 = 44.0;
const BAR: f64 = 14.0;
const NAME: f64 = 340.0;
const PAD: f64 = 14.0;
const NARROW_PAD: f64 = 8.0;
const SCROLLBAR: f64 = 10.0;
/// Pixels a pointer may tremble while it clicks.
const TREMBLE: f64 = 4.0;
/// The closest zoom: the plot shows one nanosecond.
const CLOSEST: f64 = 1.0;

/// What the keys and the rest of the page ask of the view on screen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Command {
    /// Screens down (negative: up); infinite: to the end.
    Page(f64),
    /// Windows to the right.
    Pan(f64),
    /// New width of the window over the old.
    Zoom(f64),
    /// The whole trace.
    Fit,
    /// A span with some air around it.
    ZoomTo { start: f64, duration: f64 },
    /// Scrolls a row and its bar onto the screen.
    ShowRow { row: u32, start: f64, duration: f64 },
    /// The window was set from outside.
    Reload,
}

#[derive(Properties, PartialEq)]
pub(crate) struct TimelineProps {
    pub(crate) client: Client,
    pub(crate) head: Rc<TraceHead>,
    pub(crate) window: Window,
    pub(crate) selected: Option<u32>,
    pub(crate) rows_revision: u32,
    pub(crate) marks_revision: u32,
    pub(crate) theme_revision: u32,
    pub(crate) narrow: bool,
    /// No room for a minimap.
    pub(crate) short: bool,
    pub(crate) on_select: Callback<Option<u32>>,
    /// So many rows down; negative: up.
    pub(crate) on_step: Callback<i32>,
    pub(crate) on_fold: Callback<Fold>,
    pub(crate) on_rest: Callback<()>,
    pub(crate) on_ready: Callback<Callback<Command>>,
}

pub(crate) enum Msg {
    Resized(f64, f64),
    Paint,
    Slice(WaterfallSlice, u32),
    Minimap(MinimapSlice),
    Command(Command),
    Down(PointerEvent),
    Move(PointerEvent),
    Up(PointerEvent),
    Leave,
    DoubleClick(MouseEvent),
    Wheel(WheelEvent),
    Key(KeyboardEvent),
    Rest,
}

impl Msg {
    /// Kept from the page at once: messages may arrive when it is too late for that.
    fn wheel(event: WheelEvent) -> Self {
        event.prevent_default();
        Self::Wheel(event)
    }
}

/// What a pressed pointer is doing.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Drag {
    /// Nothing yet: a click, if it stays.
    Press {
        x: f64,
        y: f64,
    },
    Pan {
        x: f64,
        y: f64,
        window: WindowState,
        scroll: f64,
    },
    NameColumn,
    Scrollbar {
        grip: f64,
    },
    /// Choosing a range on the minimap or the ruler, as times.
    Range {
        from: f64,
        to: f64,
        on_minimap: bool,
    },
    /// Moving the window on the minimap.
    MinimapWindow {
        time: f64,
        window: WindowState,
    },
    /// Moving one edge of the window on the minimap.
    MinimapEdge {
        start: bool,
    },
}

pub(crate) struct Timeline {
    surface: Surface,
    rest: Option<gloo::timers::callback::Timeout>,
    slice: Option<WaterfallSlice>,
    minimap: Option<MinimapSlice>,
    /// Number of the latest question; answers to older ones are dropped.
    asked: u32,
    waiting: bool,
    stale: bool,
    scroll: f64,
    name_width: f64,
    drag: Option<Drag>,
    hovered: Option<u32>,
    /// First and last row of the mirror.
    mirror: (u32, u32),
}

impl Component for Timeline {
    type Message = Msg;
    type Properties = TimelineProps;

    fn create(ctx: &Context<Self>) -> Self {
        let props = ctx.props();
        props.on_ready.emit(ctx.link().callback(Msg::Command));
        Self {
            surface: Surface::default(),
            rest: None,
            slice: None,
            minimap: None,
            asked: 0,
            waiting: false,
            stale: true,
            scroll: props.window.get().row * row_height(props.narrow),
            name_width: NAME,
            drag: None,
            hovered: None,
            mirror: (0, 0),
        }
    }

    fn rendered(&mut self, ctx: &Context<Self>, first: bool) {
        if first {
            let resized = ctx.link().callback(|(width, height)| Msg::Resized(width, height));
            self.surface.observe(ctx.props().client.busy(), resized);
        }
    }

    fn changed(&mut self, ctx: &Context<Self>, old: &TimelineProps) -> bool {
        let props = ctx.props();
        let another = old.head.trace_id != props.head.trace_id || old.head.trace != props.head.trace;
        if another {
            self.slice = None;
            self.minimap = None;
            self.scroll = 0.0;
            self.hovered = None;
        }
        if another || old.rows_revision != props.rows_revision || old.marks_revision != props.marks_revision {
            self.stale = true;
        }
        if old.theme_revision != props.theme_revision
            || old.narrow != props.narrow
            || old.short != props.short
        {
            self.surface.restyle();
            self.stale = true;
        }
        self.limit(ctx);
        self.ask_minimap(ctx);
        self.ask(ctx);
        self.repaint(ctx);
        // Only the mirror is Yew's; it follows selection and rows.
        old.selected != props.selected || old.narrow != props.narrow || old.short != props.short
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        match msg {
            Msg::Resized(width, height) => {
                let shrinks = height < self.surface.size.1;
                self.surface.size = (width, height);
                self.minimap = None;
                self.limit(ctx);
                if shrinks {
                    self.keep_selected(ctx);
                }
                self.ask_minimap(ctx);
                self.ask(ctx);
                self.repaint(ctx);
                return self.refresh_mirror(ctx);
            }
            Msg::Paint => self.paint(ctx),
            Msg::Slice(slice, asked) => {
                if asked != self.asked {
                    return false;
                }
                self.waiting = false;
                self.slice = Some(slice);
                self.limit(ctx);
                // The person may have moved on in the meantime.
                self.ask(ctx);
                self.repaint(ctx);
                return self.refresh_mirror(ctx);
            }
            Msg::Minimap(minimap) => {
                self.minimap = Some(minimap);
                self.repaint(ctx);
            }
            Msg::Command(command) => self.command(ctx, command),
            Msg::Down(event) => self.down(ctx, &event),
            Msg::Move(event) => self.moved(ctx, &event),
            Msg::Up(event) => self.up(ctx, &event),
            Msg::Leave => {
                self.surface.leave();
                self.hovered = None;
                self.repaint(ctx);
            }
            Msg::DoubleClick(event) => self.double_click(ctx, &event),
            Msg::Wheel(event) => self.wheel(ctx, &event),
            Msg::Key(event) => self.key(ctx, &event),
            Msg::Rest => {
                self.rest = None;
                ctx.props().on_rest.emit(());
                return self.refresh_mirror(ctx);
            }
        }
        false
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let link = ctx.link();
        let props = ctx.props();
        let active = props.selected.map(|span| format!("row-{span}"));
        html! {
            <div class="stage">
                <div ref={self.surface.element.clone()} class="canvas-box" tabindex="0" role="treegrid" aria-label="Spans of the trace"
                    aria-rowcount={props.head.row_count.to_string()} aria-colcount="3" aria-activedescendant={active}
                    onpointerdown={link.callback(Msg::Down)} onpointermove={link.callback(Msg::Move)}
                    onpointerup={link.callback(Msg::Up)} onpointercancel={link.callback(Msg::Up)}
                    onpointerleave={link.callback(|_| Msg::Leave)} ondblclick={link.callback(Msg::DoubleClick)}
                    onwheel={link.callback(Msg::wheel)} onkeydown={link.callback(Msg::Key)}>
                    { self.surface.html() }
                    { self.mirror(ctx) }
                </div>
                { footer(&props.head, "critical", "on the critical path") }
            </div>
        }
    }
}

fn row_height(narrow: bool) -> f64 {
    if narrow { NARROW_ROW } else { ROW }
}

/// What the line along the bars means (`mark` is its class), and whose time the critical path is.
pub(crate) fn footer(head: &TraceHead, mark: &'static str, meaning: &'static str) -> Html {
    let percent = |share: f32| format!("{:.0}\u{2009}%", share * 100.0);
    let (named, others) = head.critical.split_at(head.critical.len().min(4));
    let rest: f32 = others.iter().map(|share| share.share).sum();
    html! {
        <footer class="footer">
            <span class="legend"><i class={mark}></i>{ meaning }</span>
            <span class="share">
                { "critical path:" }
                { for named.iter().map(|share| html! {
                    <span title={format_nanos(share.time as f64)}>
                        { format!("{} {}", scene::service_name(&share.service.name), percent(share.share)) }
                    </span>
                }) }
                if !others.is_empty() { <span>{ format!("others {}", percent(rest)) }</span> }
            </span>
        </footer>
    }
}

impl Timeline {
    fn row_height(ctx: &Context<Self>) -> f64 {
        row_height(ctx.props().narrow)
    }

    /// Height of the minimap. Where there is little room, rows need it more.
    fn map_height(ctx: &Context<Self>) -> f64 {
        if ctx.props().short { 0.0 } else { MINIMAP }
    }

    /// Height of minimap and ruler.
    fn top(ctx: &Context<Self>) -> f64 {
        Self::map_height(ctx) + RULER
    }

    fn rows_area(&self, ctx: &Context<Self>) -> Rect {
        let top = Self::top(ctx);
        Rect::new(0.0, top, self.surface.size.0, (self.surface.size.1 - top).max(0.0))
    }

    fn viewport(&self, ctx: &Context<Self>) -> Viewport {
        let window = ctx.props().window.get();
        let narrow = ctx.props().narrow;
        Viewport {
            width: self.surface.size.0,
            height: self.rows_area(ctx).h,
            name_width: if narrow { 0.0 } else { self.name_width.min(self.surface.size.0 * 0.7) },
            start: window.start,
            end: window.end.max(window.start + 1.0),
            scroll: self.scroll,
            row_height: row_height(narrow),
            bar_height: BAR,
            narrow,
            pad: if narrow { NARROW_PAD } else { PAD },
        }
    }

    fn duration(ctx: &Context<Self>) -> f64 {
        (ctx.props().head.duration as f64).max(1.0)
    }

    /// Keeps window and scroll where there is something.
    fn limit(&mut self, ctx: &Context<Self>) {
        let height = f64::from(ctx.props().head.row_count) * Self::row_height(ctx) + 8.0;
        self.scroll = self.scroll.clamp(0.0, (height - self.rows_area(ctx).h).max(0.0));
        let duration = Self::duration(ctx);
        let mut window = ctx.props().window.get();
        let span = (window.end - window.start).clamp(CLOSEST.min(duration), duration * 1.06);
        // Three per cent of air, so that the last label has room and an edge is seen as one.
        let (first, last) = (-0.03 * duration, 1.03 * duration);
        window.start = window.start.clamp(first, (last - span).max(first));
        if span >= duration {
            window.start = window.start.min(0.0);
        }
        window.end = window.start + span;
        window.row = self.scroll / Self::row_height(ctx);
        ctx.props().window.set(window);
    }

    fn set_window(&mut self, ctx: &Context<Self>, start: f64, end: f64) {
        let window = ctx.props().window.get();
        ctx.props().window.set(WindowState {
            start,
            end: end.max(start + CLOSEST.min(Self::duration(ctx))),
            ..window
        });
        self.moved_window(ctx);
    }

    fn set_scroll(&mut self, ctx: &Context<Self>, scroll: f64) {
        self.scroll = scroll;
        self.moved_window(ctx);
    }

    /// After every change of what is on screen.
    fn moved_window(&mut self, ctx: &Context<Self>) {
        self.limit(ctx);
        self.ask(ctx);
        self.repaint(ctx);
        let link = ctx.link().clone();
        let working = ctx.props().client.busy().start();
        self.rest = Some(gloo::timers::callback::Timeout::new(120, move || {
            drop(working);
            link.send_message(Msg::Rest);
        }));
    }

    fn zoom_about(&mut self, ctx: &Context<Self>, x: f64, by: f64) {
        let viewport = self.viewport(ctx);
        let (left, right) = viewport.plot();
        let time = viewport.time(x.clamp(left, right));
        let span = ((viewport.end - viewport.start) * by).max(CLOSEST.min(Self::duration(ctx)));
        let part = (time - viewport.start) / (viewport.end - viewport.start);
        let start = time - part * span;
        self.set_window(ctx, start, start + span);
    }

    fn command(&mut self, ctx: &Context<Self>, command: Command) {
        let window = ctx.props().window.get();
        let span = window.end - window.start;
        match command {
            Command::Page(by) if by.is_infinite() => {
                self.set_scroll(ctx, if by > 0.0 { f64::MAX } else { 0.0 });
            }
            Command::Page(by) => self.set_scroll(ctx, self.scroll + by * self.rows_area(ctx).h * 0.9),
            Command::Pan(by) => self.set_window(ctx, window.start + by * span, window.end + by * span),
            Command::Zoom(by) => {
                let (left, right) = self.viewport(ctx).plot();
                let about = self.surface.pointer.map_or_else(|| f64::midpoint(left, right), |(x, _)| x);
                self.zoom_about(ctx, if about < left { f64::midpoint(left, right) } else { about }, by);
            }
            Command::Fit => self.set_window(ctx, 0.0, Self::duration(ctx)),
            Command::ZoomTo { start, duration } => {
                let air = (duration * 0.1).max(CLOSEST / 2.0);
                self.set_window(ctx, start - air, start + duration + air);
            }
            Command::ShowRow { row, start, duration } => self.show_row(ctx, row, start, duration),
            Command::Reload => {
                self.scroll = window.row * Self::row_height(ctx);
                self.moved_window(ctx);
            }
        }
    }

    fn show_row(&mut self, ctx: &Context<Self>, row: u32, start: f64, duration: f64) {
        let height = Self::row_height(ctx);
        let (top, room) = (f64::from(row) * height, self.rows_area(ctx).h);
        // Pinned ancestors cover the first rows.
        let covered =
            self.slice.as_ref().map_or(0.0, |slice| scene::pinned_height(slice, &self.viewport(ctx)))
                + height;
        if top < self.scroll + covered || top + 2.0 * height > self.scroll + room {
            self.scroll = top - room * 0.4;
        }
        let window = ctx.props().window.get();
        let span = window.end - window.start;
        let end = start + duration;
        if end < window.start || start > window.end {
            let middle = f64::midpoint(start, end.min(start + span));
            ctx.props().window.set(WindowState {
                start: middle - span / 2.0,
                end: middle + span / 2.0,
                ..window
            });
        }
        self.moved_window(ctx);
    }

    /// The details open below the rows where it is narrow: what they are about stays on screen.
    fn keep_selected(&mut self, ctx: &Context<Self>) {
        let selected = ctx.props().selected.and_then(|span| self.slice.as_ref()?.row_of(span));
        if let Some((row, start, duration)) = selected.map(|row| (row.row, row.start, row.duration)) {
            self.show_row(ctx, row, start, duration);
        }
    }

    /// Asks for the next slice when the one at hand does not cover the screen, or is too coarse for it.
    fn ask(&mut self, ctx: &Context<Self>) {
        let viewport = self.viewport(ctx);
        if self.surface.size.0 < 1.0 || self.surface.size.1 < 1.0 {
            return;
        }
        let total = ctx.props().head.row_count;
        let (first, last) = viewport.rows();
        let last = last.min(total);
        let span = viewport.end - viewport.start;
        let covered = self.slice.as_ref().is_some_and(|slice| {
            let slice_last = slice.first_row + slice.rows.len() as u32;
            let coarse = (slice.end - slice.start) > span * 6.5;
            slice.first_row <= first
                && slice_last >= last
                && slice.start <= viewport.start.max(0.0)
                // Not the least width of the axis: a slice of a trace that lasts nothing ends at 0.
                && slice.end >= viewport.end.min(ctx.props().head.duration as f64)
                && !coarse
        });
        if covered && !self.stale || self.waiting {
            // A newer question follows the answer that is on its way.
            return;
        }
        self.stale = false;
        self.waiting = true;
        self.asked += 1;
        let asked = self.asked;
        let count = (last - first.min(last)).max(8);
        let request = WaterfallRequest {
            first_row: first.saturating_sub(count),
            row_count: count * 3,
            start: viewport.start - span,
            end: viewport.end + span,
            px: viewport.plot_width() * 3.0,
        };
        let link = ctx.link().clone();
        let trace = ctx.props().head.trace;
        ctx.props().client.ask(&Request::Waterfall { trace, request }, move |response| {
            if let Response::Waterfall(slice) = response {
                link.send_message(Msg::Slice(slice, asked));
            }
        });
    }

    fn ask_minimap(&self, ctx: &Context<Self>) {
        if self.minimap.is_some() || self.surface.size.0 < 1.0 || ctx.props().short {
            return;
        }
        let (left, right) = self.viewport(ctx).plot();
        let request =
            Request::Minimap { trace: ctx.props().head.trace, width: right - left, height: MINIMAP - 12.0 };
        let link = ctx.link().clone();
        ctx.props().client.ask(&request, move |response| {
            if let Response::Minimap(minimap) = response {
                link.send_message(Msg::Minimap(minimap));
            }
        });
    }

    fn repaint(&mut self, ctx: &Context<Self>) {
        let link = ctx.link().clone();
        self.surface.repaint(ctx.props().client.busy(), move || link.send_message(Msg::Paint));
    }

    fn cursor_time(&self, ctx: &Context<Self>) -> Option<f64> {
        let (x, _) = self.surface.pointer?;
        let viewport = self.viewport(ctx);
        let (left, right) = viewport.plot();
        (x >= left && x <= right).then(|| viewport.time(x))
    }

    /// The minimap always shows the whole trace.
    fn minimap_viewport(&self, ctx: &Context<Self>) -> Viewport {
        Viewport { height: MINIMAP, start: 0.0, end: Self::duration(ctx), scroll: 0.0, ..self.viewport(ctx) }
    }
}
