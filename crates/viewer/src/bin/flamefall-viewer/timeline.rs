//! The waterfall: minimap, ruler and rows on one canvas, and a tree grid of the visible rows for screen readers.
//!
//! ```text
//! ┌ whole trace ─┬──────────────── minimap ────────────────┐ 52
//! ├ SERVICE AND ─┼──────────────── ruler ──────────────────┤ 26
//! │ names        │ bars                                    │
//! ```

use std::rc::Rc;

use engine::{Fold, Request, Response, TraceHead};
use scene::{
    DisplayList, Hit, MinimapHit, MinimapSlice, Paint, Rect, RowState, Viewport, WaterfallRequest,
    WaterfallSlice, format_count, format_nanos,
};
use web_sys::{HtmlCanvasElement, HtmlElement, KeyboardEvent, MouseEvent, PointerEvent, WheelEvent};
use yew::prelude::*;

use crate::app::{Window, WindowState};
use crate::canvas::{Frame, Resize, fit, set_css};
use crate::client::Client;
use crate::painter::Painter;
use crate::pointer::{Pointers, TouchMove, wheel_pixels};
use crate::theme::Theme;

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
/// The closest zoom: the plot shows this many nanoseconds.
const CLOSEST: f64 = 10.0;

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
    pub(crate) on_select: Callback<Option<u32>>,
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
    box_ref: NodeRef,
    canvas: NodeRef,
    tooltip: NodeRef,
    tooltip_title: NodeRef,
    tooltip_text: NodeRef,
    resize: Option<Resize>,
    size: (f64, f64),
    painter: Option<Painter>,
    frame: Frame,
    rest: Option<gloo::timers::callback::Timeout>,
    slice: Option<WaterfallSlice>,
    minimap: Option<MinimapSlice>,
    /// Number of the latest question; answers to older ones are dropped.
    asked: u32,
    waiting: bool,
    stale: bool,
    scroll: f64,
    name_width: f64,
    pointer: Option<(f64, f64)>,
    drag: Option<Drag>,
    pointers: Pointers,
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
            box_ref: NodeRef::default(),
            canvas: NodeRef::default(),
            tooltip: NodeRef::default(),
            tooltip_title: NodeRef::default(),
            tooltip_text: NodeRef::default(),
            resize: None,
            size: (0.0, 0.0),
            painter: None,
            frame: Frame::default(),
            rest: None,
            slice: None,
            minimap: None,
            asked: 0,
            waiting: false,
            stale: true,
            scroll: props.window.get().row * row_height(props.narrow),
            name_width: NAME,
            pointer: None,
            drag: None,
            pointers: Pointers::default(),
            hovered: None,
            mirror: (0, 0),
        }
    }

    fn rendered(&mut self, ctx: &Context<Self>, first: bool) {
        if first && let Some(element) = self.box_ref.cast::<HtmlElement>() {
            let resized = ctx.link().callback(|(width, height)| Msg::Resized(width, height));
            self.resize = Resize::observe(&element, resized);
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
        if old.theme_revision != props.theme_revision || old.narrow != props.narrow {
            self.painter = None;
            self.stale = true;
        }
        self.limit(ctx);
        self.ask_minimap(ctx);
        self.ask(ctx);
        self.repaint(ctx);
        // Only the mirror is Yew's; it follows selection and rows.
        old.selected != props.selected || old.narrow != props.narrow
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        match msg {
            Msg::Resized(width, height) => {
                self.size = (width, height);
                self.minimap = None;
                self.limit(ctx);
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
                self.pointer = None;
                self.hovered = None;
                self.hide_tooltip();
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
                <div ref={self.box_ref.clone()} class="canvas-box" tabindex="0" role="treegrid" aria-label="Spans of the trace"
                    aria-rowcount={props.head.row_count.to_string()} aria-colcount="3" aria-activedescendant={active}
                    onpointerdown={link.callback(Msg::Down)} onpointermove={link.callback(Msg::Move)}
                    onpointerup={link.callback(Msg::Up)} onpointercancel={link.callback(Msg::Up)}
                    onpointerleave={link.callback(|_| Msg::Leave)} ondblclick={link.callback(Msg::DoubleClick)}
                    onwheel={link.callback(Msg::Wheel)} onkeydown={link.callback(Msg::Key)}>
                    <canvas ref={self.canvas.clone()} aria-hidden="true" />
                    { self.mirror(ctx) }
                    <div ref={self.tooltip.clone()} class="tooltip" hidden=true aria-hidden="true">
                        <b ref={self.tooltip_title.clone()}></b>
                        <div ref={self.tooltip_text.clone()} class="tooltip-text"></div>
                    </div>
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
                        { format!("{} {}", service_name(&share.service.name), percent(share.share)) }
                    </span>
                }) }
                if !others.is_empty() { <span>{ format!("others {}", percent(rest)) }</span> }
            </span>
        </footer>
    }
}

pub(crate) fn service_name(name: &str) -> &str {
    if name.is_empty() { "unnamed service" } else { name }
}

impl Timeline {
    fn row_height(ctx: &Context<Self>) -> f64 {
        row_height(ctx.props().narrow)
    }

    /// Height of minimap and ruler.
    fn top() -> f64 {
        MINIMAP + RULER
    }

    fn rows_area(&self) -> Rect {
        Rect::new(0.0, Self::top(), self.size.0, (self.size.1 - Self::top()).max(0.0))
    }

    fn viewport(&self, ctx: &Context<Self>) -> Viewport {
        let window = ctx.props().window.get();
        let narrow = ctx.props().narrow;
        Viewport {
            width: self.size.0,
            height: self.rows_area().h,
            name_width: if narrow { 0.0 } else { self.name_width.min(self.size.0 * 0.7) },
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
        self.scroll = self.scroll.clamp(0.0, (height - self.rows_area().h).max(0.0));
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
            Command::Page(by) => self.set_scroll(ctx, self.scroll + by * self.rows_area().h * 0.9),
            Command::Pan(by) => self.set_window(ctx, window.start + by * span, window.end + by * span),
            Command::Zoom(by) => {
                let (left, right) = self.viewport(ctx).plot();
                let about = self.pointer.map_or_else(|| f64::midpoint(left, right), |(x, _)| x);
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
        let (top, room) = (f64::from(row) * height, self.rows_area().h);
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

    /// Asks for the next slice when the one at hand does not cover the screen, or is too coarse for it.
    fn ask(&mut self, ctx: &Context<Self>) {
        let viewport = self.viewport(ctx);
        if self.size.0 < 1.0 || self.size.1 < 1.0 {
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
                && slice.end >= viewport.end.min(Self::duration(ctx))
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
        if self.minimap.is_some() || self.size.0 < 1.0 {
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
        self.frame.request(ctx.props().client.busy(), move |_| link.send_message(Msg::Paint));
    }

    fn cursor_time(&self, ctx: &Context<Self>) -> Option<f64> {
        let (x, _) = self.pointer?;
        let viewport = self.viewport(ctx);
        let (left, right) = viewport.plot();
        (x >= left && x <= right).then(|| viewport.time(x))
    }

    fn paint(&mut self, ctx: &Context<Self>) {
        self.frame.arrived();
        let (width, height) = self.size;
        let (Some(canvas), Some(element)) =
            (self.canvas.cast::<HtmlCanvasElement>(), self.box_ref.cast::<HtmlElement>())
        else {
            return;
        };
        if width < 1.0 || height < 1.0 {
            return;
        }
        let Some(context) = fit(&canvas, width, height) else { return };
        let mut painter = self.painter.take().unwrap_or_else(|| Painter::new(Theme::of(&element)));
        let viewport = self.viewport(ctx);
        let cursor = self.cursor_time(ctx);
        let rows = self.rows_area();
        painter.clear(&context, Rect::new(0.0, 0.0, width, height), Paint::Bg);

        let map = Rect::new(0.0, 0.0, width, MINIMAP);
        painter.clear(&context, map, Paint::Panel);
        let range = match self.drag {
            Some(Drag::Range { from, to, .. }) => Some((from.min(to), from.max(to))),
            _ => None,
        };
        if let Some(minimap) = &self.minimap {
            let (start, end) = match (range, self.drag) {
                (Some(range), Some(Drag::Range { on_minimap: true, .. })) => range,
                _ => (viewport.start, viewport.end),
            };
            let list = scene::minimap_layout(minimap, viewport.plot(), MINIMAP, (start, end));
            painter.draw(&context, map, &list);
        }
        Self::label_minimap(&context, &mut painter, &viewport, Self::duration(ctx));
        let ruler = Rect::new(0.0, MINIMAP, width, RULER);
        painter.clear(&context, ruler, Paint::Panel);
        let list = scene::ruler_layout(&Viewport { height: RULER, ..viewport }, cursor, &mut painter);
        painter.draw(&context, ruler, &list);
        // A line under the minimap and one under the ruler.
        for y in [MINIMAP - 1.0, Self::top() - 1.0] {
            painter.clear(&context, Rect::new(0.0, y, width, 1.0), Paint::Line);
        }

        if let Some(slice) = &self.slice {
            let state =
                RowState { selected: ctx.props().selected, hovered: self.hovered, cursor_time: cursor };
            let list = scene::waterfall_layout(slice, &viewport, &state, &mut painter);
            painter.draw(&context, rows, &list);
        }
        let list = self.overlay(ctx, range);
        painter.draw(&context, rows, &list);
        self.painter = Some(painter);
    }

    /// Which part of the trace the window is, in the name column beside the minimap.
    fn label_minimap(
        context: &web_sys::CanvasRenderingContext2d,
        painter: &mut Painter,
        viewport: &Viewport,
        duration: f64,
    ) {
        if viewport.narrow {
            return;
        }
        let (start, end) = (viewport.start.max(0.0), viewport.end.min(duration));
        let text = if start <= 0.0 && end >= duration {
            "whole trace".to_owned()
        } else {
            format!("{} from {}", format_nanos(end - start), format_nanos(start))
        };
        let area = Rect::new(0.0, 0.0, viewport.name_width, MINIMAP);
        let text =
            scene::ellipsize(&text, viewport.name_width - 32.0, scene::Font::Small, painter).into_owned();
        let labels = vec![scene::Label { x: 16.0, y: MINIMAP / 2.0 + 4.0, text }];
        let mut list = DisplayList::default();
        list.push(scene::Op::Texts { paint: Paint::Mute, font: scene::Font::Small, labels });
        painter.draw(context, area, &list);
    }

    /// Scrollbar, and the range being chosen on the ruler.
    fn overlay(&self, ctx: &Context<Self>, range: Option<(f64, f64)>) -> DisplayList {
        let mut list = DisplayList::default();
        let viewport = self.viewport(ctx);
        if let (Some((start, end)), Some(Drag::Range { on_minimap: false, .. })) = (range, self.drag) {
            let (from, to) = (viewport.x(start), viewport.x(end));
            let rects =
                vec![Rect::new(from, 0.0, 1.0, viewport.height), Rect::new(to, 0.0, 1.0, viewport.height)];
            list.push(scene::Op::Rects { paint: Paint::Accent, radius: 0.0, rects });
        }
        if let Some((top, length)) = self.scroll_thumb(ctx) {
            let hot = matches!(self.drag, Some(Drag::Scrollbar { .. }))
                || self.pointer.is_some_and(|(x, y)| x > self.size.0 - SCROLLBAR && y > Self::top());
            let rect = Rect::new(self.size.0 - 8.0, top, 5.0, length);
            let paint = if hot { Paint::Mute } else { Paint::Faint };
            list.push(scene::Op::Rects { paint, radius: 2.5, rects: vec![rect] });
        }
        list
    }

    fn scroll_thumb(&self, ctx: &Context<Self>) -> Option<(f64, f64)> {
        let room = self.rows_area().h;
        let whole = f64::from(ctx.props().head.row_count) * Self::row_height(ctx) + 8.0;
        if whole <= room {
            return None;
        }
        let length = (room * room / whole).clamp(24.0, room);
        Some((self.scroll / (whole - room) * (room - length), length))
    }

    /// The minimap always shows the whole trace.
    fn minimap_viewport(&self, ctx: &Context<Self>) -> Viewport {
        Viewport { height: MINIMAP, start: 0.0, end: Self::duration(ctx), scroll: 0.0, ..self.viewport(ctx) }
    }

    fn place(&self, event: &MouseEvent) -> (f64, f64) {
        let rect = self.box_ref.cast::<HtmlElement>().map(|element| element.get_bounding_client_rect());
        let (left, top) = rect.map_or((0.0, 0.0), |rect| (rect.left(), rect.top()));
        (f64::from(event.client_x()) - left, f64::from(event.client_y()) - top)
    }

    fn on_name_edge(&self, ctx: &Context<Self>, x: f64, y: f64) -> bool {
        !ctx.props().narrow && y > MINIMAP && (x - self.viewport(ctx).name_width).abs() <= 4.0
    }

    fn hit(&self, ctx: &Context<Self>, x: f64, y: f64) -> Hit {
        match &self.slice {
            Some(slice) if y >= Self::top() => {
                scene::waterfall_hit(slice, &self.viewport(ctx), x, y - Self::top())
            }
            _ => Hit::Nothing,
        }
    }

    fn down(&mut self, ctx: &Context<Self>, event: &PointerEvent) {
        if event.button() != 0 {
            return;
        }
        let (x, y) = self.place(event);
        self.hide_tooltip();
        if let Some(element) = self.box_ref.cast::<HtmlElement>() {
            drop(element.set_pointer_capture(event.pointer_id()));
        }
        if self.pointers.down(event.pointer_id(), x, y) > 1 {
            self.drag = None;
            return;
        }
        let viewport = self.viewport(ctx);
        let (left, _) = viewport.plot();
        self.drag = Some(if self.on_name_edge(ctx, x, y) {
            Drag::NameColumn
        } else if y < MINIMAP && x >= left - 6.0 {
            let map = self.minimap_viewport(ctx);
            let window = ctx.props().window.get();
            let hit = self
                .minimap
                .as_ref()
                .map(|minimap| scene::minimap_hit(minimap, viewport.plot(), (window.start, window.end), x));
            match hit {
                Some(MinimapHit::Start) => Drag::MinimapEdge { start: true },
                Some(MinimapHit::End) => Drag::MinimapEdge { start: false },
                Some(MinimapHit::Window) => Drag::MinimapWindow { time: map.time(x), window },
                _ => {
                    let time = map.time(x).clamp(0.0, map.end);
                    Drag::Range { from: time, to: time, on_minimap: true }
                }
            }
        } else if y < Self::top() && x >= left {
            let time = viewport.time(x);
            Drag::Range { from: time, to: time, on_minimap: false }
        } else if let (true, Some((top, length))) = (x > self.size.0 - SCROLLBAR, self.scroll_thumb(ctx)) {
            let y = y - Self::top();
            Drag::Scrollbar { grip: if y >= top && y < top + length { y - top } else { length / 2.0 } }
        } else {
            Drag::Press { x, y }
        });
        if let Some(Drag::Scrollbar { grip }) = self.drag {
            self.drag_scrollbar(ctx, y, grip);
        }
    }

    fn drag_scrollbar(&mut self, ctx: &Context<Self>, y: f64, grip: f64) {
        if let Some((_, length)) = self.scroll_thumb(ctx) {
            let room = self.rows_area().h;
            let whole = f64::from(ctx.props().head.row_count) * Self::row_height(ctx) + 8.0;
            let part = (y - Self::top() - grip) / (room - length).max(1.0);
            self.set_scroll(ctx, part * (whole - room));
        }
    }

    fn moved(&mut self, ctx: &Context<Self>, event: &PointerEvent) {
        let (x, y) = self.place(event);
        if let Some(TouchMove { zoom, middle, dx, dy }) = self.pointers.moved(event.pointer_id(), x, y) {
            self.drag = None;
            let span = self.viewport(ctx).scale();
            let window = ctx.props().window.get();
            ctx.props().window.set(WindowState {
                start: window.start - dx / span,
                end: window.end - dx / span,
                ..window
            });
            self.scroll -= dy;
            self.zoom_about(ctx, middle.0, 1.0 / zoom);
            return;
        }
        self.pointer = Some((x, y));
        let viewport = self.viewport(ctx);
        match self.drag {
            None => {
                self.hover(ctx, x, y);
                self.repaint(ctx);
            }
            Some(Drag::Press { x: from_x, y: from_y }) => {
                if (x - from_x).abs() > TREMBLE || (y - from_y).abs() > TREMBLE {
                    let window = ctx.props().window.get();
                    self.drag = Some(Drag::Pan { x: from_x, y: from_y, window, scroll: self.scroll });
                    self.set_cursor("grabbing");
                }
            }
            Some(Drag::Pan { x: from_x, y: from_y, window, scroll }) => {
                let by = (from_x - x) / viewport.scale();
                self.scroll = scroll + from_y - y;
                self.set_window(ctx, window.start + by, window.end + by);
            }
            Some(Drag::NameColumn) => {
                self.name_width = x.clamp(120.0, (self.size.0 * 0.7).max(120.0));
                self.moved_window(ctx);
            }
            Some(Drag::Scrollbar { grip }) => self.drag_scrollbar(ctx, y, grip),
            Some(Drag::Range { from, on_minimap, .. }) => {
                let map = if on_minimap { self.minimap_viewport(ctx) } else { viewport };
                let to = map.time(x).clamp(0.0, Self::duration(ctx));
                self.drag = Some(Drag::Range { from, to, on_minimap });
                self.repaint(ctx);
            }
            Some(Drag::MinimapWindow { time, window }) => {
                let by = self.minimap_viewport(ctx).time(x) - time;
                self.set_window(ctx, window.start + by, window.end + by);
            }
            Some(Drag::MinimapEdge { start }) => {
                let time = self.minimap_viewport(ctx).time(x).clamp(0.0, Self::duration(ctx));
                let window = ctx.props().window.get();
                if start {
                    self.set_window(ctx, time.min(window.end - CLOSEST), window.end);
                } else {
                    self.set_window(ctx, window.start, time.max(window.start + CLOSEST));
                }
            }
        }
    }

    fn up(&mut self, ctx: &Context<Self>, event: &PointerEvent) {
        self.pointers.up(event.pointer_id());
        let (x, y) = self.place(event);
        let drag = self.drag.take();
        match drag {
            Some(Drag::Press { .. }) if event.type_() == "pointerup" => self.click(ctx, x, y),
            Some(Drag::Range { from, to, on_minimap }) => {
                let (start, end) = (from.min(to), from.max(to));
                let map = if on_minimap { self.minimap_viewport(ctx) } else { self.viewport(ctx) };
                if (end - start) * map.scale() > TREMBLE {
                    self.set_window(ctx, start, end);
                } else if on_minimap {
                    // A click moves the window there.
                    let window = ctx.props().window.get();
                    let half = (window.end - window.start) / 2.0;
                    self.set_window(ctx, from - half, from + half);
                }
            }
            _ => {}
        }
        if event.pointer_type() == "touch" {
            // A finger that is gone points at nothing.
            self.pointer = None;
            self.hovered = None;
            self.hide_tooltip();
            self.repaint(ctx);
            return;
        }
        self.hover(ctx, x, y);
        self.repaint(ctx);
    }

    fn click(&mut self, ctx: &Context<Self>, x: f64, y: f64) {
        match self.hit(ctx, x, y) {
            Hit::Caret(row) => {
                if let Some(span) = self.span_of(row) {
                    ctx.props().on_fold.emit(Fold::Toggle(span));
                }
            }
            Hit::Pinned(row) => {
                // Jumps to where the ancestor is, and selects it.
                if let Some(row) = self.row(row) {
                    let (span, number, start, duration) = (row.span, row.row, row.start, row.duration);
                    ctx.props().on_select.emit(Some(span));
                    self.show_row(ctx, number, start, duration);
                }
            }
            Hit::Name(row) | Hit::Bar(row) | Hit::Event(row, _) | Hit::Row(row) => {
                ctx.props().on_select.emit(self.span_of(row));
            }
            _ if y > Self::top() => ctx.props().on_select.emit(None),
            _ => {}
        }
    }

    fn row(&self, row: u32) -> Option<&scene::Row> {
        self.slice.as_ref()?.row(row)
    }

    fn span_of(&self, row: u32) -> Option<u32> {
        self.row(row).map(|row| row.span)
    }

    fn double_click(&mut self, ctx: &Context<Self>, event: &MouseEvent) {
        let (x, y) = self.place(event);
        match self.hit(ctx, x, y) {
            Hit::Name(row) | Hit::Bar(row) | Hit::Event(row, _) | Hit::Row(row) => {
                if let Some(row) = self.row(row) {
                    let (start, duration) = (row.start, row.duration);
                    self.command(ctx, Command::ZoomTo { start, duration });
                }
            }
            _ if y < Self::top() => self.command(ctx, Command::Fit),
            _ => {}
        }
    }

    fn wheel(&mut self, ctx: &Context<Self>, event: &WheelEvent) {
        event.prevent_default();
        let (dx, dy) = wheel_pixels(event, self.rows_area().h);
        let (x, y) = self.place(event);
        self.pointer = Some((x, y));
        self.hide_tooltip();
        if event.ctrl_key() || event.meta_key() || event.alt_key() || y < Self::top() {
            // A notch of a wheel is about 100 pixels, a pinch comes in steps of a few.
            let gain = if event.ctrl_key() && dy.abs() < 40.0 { 0.01 } else { 0.0025 };
            let x = if y < MINIMAP { self.viewport(ctx).x(self.minimap_viewport(ctx).time(x)) } else { x };
            self.zoom_about(ctx, x, (dy * gain).exp());
        } else if event.shift_key() || dx.abs() > dy.abs() {
            let by = if dx == 0.0 { dy } else { dx } / self.viewport(ctx).scale();
            let window = ctx.props().window.get();
            self.set_window(ctx, window.start + by, window.end + by);
        } else {
            self.set_scroll(ctx, self.scroll + dy);
        }
        self.hover(ctx, x, y);
    }

    /// Arrow keys as a tree grid has them, where the grid was reached by keyboard. Elsewhere they pan and zoom.
    fn key(&self, ctx: &Context<Self>, event: &KeyboardEvent) {
        let by_keyboard = self
            .box_ref
            .cast::<HtmlElement>()
            .is_some_and(|element| element.matches(":focus-visible").unwrap_or(false));
        if !by_keyboard || event.ctrl_key() || event.meta_key() || event.alt_key() {
            return;
        }
        let selected = ctx.props().selected;
        let row = selected.and_then(|span| self.slice.as_ref()?.row_of(span)).map(|row| {
            let parent = row.parent_row.and_then(|parent| self.span_of(parent));
            (row.row, row.span, row.has_children, row.collapsed, parent)
        });
        let client = &ctx.props().client;
        let trace = ctx.props().head.trace;
        let step = |by| {
            let (link, select) = (ctx.link().clone(), ctx.props().on_select.clone());
            let request = Request::Step { trace, from: selected, by, among: engine::StepAmong::Rows };
            client.ask(&request, move |response| {
                if let Response::Rows(info) = response {
                    select.emit(info.span);
                    if let Some(row) = info.row {
                        let (start, duration) = (info.time.0 as f64, info.time.1 as f64);
                        link.send_message(Msg::Command(Command::ShowRow { row, start, duration }));
                    }
                }
            });
        };
        match (event.key().as_str(), row) {
            ("ArrowUp", _) => step(-1),
            ("ArrowRight", Some((_, span, true, true, _)))
            | ("ArrowLeft", Some((_, span, true, false, _))) => {
                ctx.props().on_fold.emit(Fold::Toggle(span));
            }
            ("ArrowDown", _) | ("ArrowRight", Some((_, _, true, false, _))) => step(1),
            ("ArrowLeft", Some((_, _, _, _, Some(parent)))) => ctx.props().on_select.emit(Some(parent)),
            _ => return,
        }
        event.prevent_default();
    }

    fn set_cursor(&self, cursor: &str) {
        if let Some(element) = self.box_ref.cast::<HtmlElement>() {
            set_css(&element, "cursor", cursor);
        }
    }

    /// What is under the pointer: cursor shape, highlighted row, tooltip.
    fn hover(&mut self, ctx: &Context<Self>, x: f64, y: f64) {
        let hit = self.hit(ctx, x, y);
        let cursor = if self.on_name_edge(ctx, x, y) {
            "col-resize"
        } else if y < Self::top() && x > self.viewport(ctx).name_width {
            "crosshair"
        } else if matches!(hit, Hit::Caret(_) | Hit::Pinned(_) | Hit::Bar(_) | Hit::Name(_) | Hit::Event(..))
        {
            "pointer"
        } else {
            "default"
        };
        self.set_cursor(cursor);
        self.hovered = hit.row().and_then(|row| self.span_of(row));
        let shown = match hit {
            Hit::Bar(row) | Hit::Name(row) | Hit::Pinned(row) => {
                self.row(row).map(|row| describe(row, Self::duration(ctx)))
            }
            Hit::Event(row, event) => self.row(row).and_then(|row| {
                let event = row.events.get(event as usize)?;
                let title = match (event.error, event.count) {
                    (true, _) => "exception".to_owned(),
                    (false, 1) => "event".to_owned(),
                    (false, count) => format!("{count} events"),
                };
                Some((title, format!("{} after the span began", format_nanos(event.time - row.start))))
            }),
            _ => None,
        };
        match shown {
            Some((title, text)) => self.show_tooltip(x, y, &title, &text),
            None => self.hide_tooltip(),
        }
    }

    fn show_tooltip(&self, x: f64, y: f64, title: &str, text: &str) {
        let elements = (
            self.tooltip.cast::<HtmlElement>(),
            self.tooltip_title.cast::<HtmlElement>(),
            self.tooltip_text.cast::<HtmlElement>(),
        );
        let (Some(tooltip), Some(title_element), Some(text_element)) = elements else { return };
        if title_element.text_content().as_deref() != Some(title) {
            title_element.set_text_content(Some(title));
        }
        text_element.set_text_content(Some(text));
        tooltip.set_hidden(false);
        place_tooltip(&tooltip, (x, y), self.size);
    }

    fn hide_tooltip(&self) {
        if let Some(tooltip) = self.tooltip.cast::<HtmlElement>() {
            tooltip.set_hidden(true);
        }
    }

    fn refresh_mirror(&mut self, ctx: &Context<Self>) -> bool {
        let (first, last) = self.viewport(ctx).rows();
        self.mirror = (first, last.min(ctx.props().head.row_count));
        true
    }

    /// The rows on screen as a screen reader reads them.
    fn mirror(&self, ctx: &Context<Self>) -> Html {
        let Some(slice) = &self.slice else { return html! {} };
        let (first, last) = self.mirror;
        let selected = ctx.props().selected;
        html! {
            <div class="visually-hidden" role="rowgroup">
                { for slice.rows.iter().filter(|row| row.row >= first && row.row < last).map(|row| html! {
                    <div key={row.span} id={format!("row-{}", row.span)} role="row" aria-level={(row.depth + 1).to_string()}
                        aria-rowindex={(row.row + 1).to_string()}
                        aria-expanded={row.has_children.then(|| (!row.collapsed).to_string())}
                        aria-selected={(selected == Some(row.span)).to_string()}>
                        <span role="gridcell">{ service_name(&row.service) }{ " " }{ &row.name }</span>
                        <span role="gridcell">{ format_nanos(row.duration) }</span>
                        <span role="gridcell">{ error_words(row) }</span>
                    </div>
                }) }
            </div>
        }
    }
}

fn error_words(row: &scene::Row) -> &'static str {
    match row.mark {
        scene::ErrorMark::Origin => "error",
        scene::ErrorMark::Through => "error from below",
        scene::ErrorMark::None => "",
    }
}

/// Title and lines of a span's tooltip.
fn describe(row: &scene::Row, trace_duration: f64) -> (String, String) {
    let share = row.duration / trace_duration * 100.0;
    let mut lines = vec![
        format!("{} · {share:.1}\u{2009}% of trace", format_nanos(row.duration)),
        format!("self {} · starts at {}", format_nanos(row.self_time), format_nanos(row.start)),
    ];
    let critical: f64 = row.critical.iter().map(|(start, end)| end - start).sum();
    if critical > 0.0 && !row.collapsed {
        lines.push(format!("on the critical path for {}", format_nanos(critical)));
    }
    if row.collapsed {
        lines.push(format!("{} spans folded", format_count(u64::from(row.descendants))));
    }
    if row.orphan {
        lines.push("its parent is not in the file".to_owned());
    }
    if row.no_end {
        lines.push("it has no end time".to_owned());
    }
    (format!("{}  {}", service_name(&row.service), row.name), lines.join("\n"))
}

/// Beside the pointer, and inside of the box.
pub(crate) fn place_tooltip(tooltip: &HtmlElement, (x, y): (f64, f64), (width, height): (f64, f64)) {
    let (w, h) = (f64::from(tooltip.offset_width()), f64::from(tooltip.offset_height()));
    let left = if x + 14.0 + w < width { x + 14.0 } else { (x - 14.0 - w).max(4.0) };
    let top = if y + 18.0 + h < height { y + 18.0 } else { (y - 12.0 - h).max(4.0) };
    set_css(tooltip, "transform", &format!("translate({left:.0}px,{top:.0}px)"));
}
