//! The flame graph: in order of time, or merged by operation, on one canvas.

use std::rc::Rc;

use engine::{Request, Response, TraceHead};
use scene::{
    FlameBox, FlameMode, FlameRequest, FlameSlice, FlameState, Paint, Rect, Viewport, format_count,
    format_nanos,
};
use web_sys::{MouseEvent, PointerEvent, WheelEvent};
use yew::prelude::*;

use crate::app::{Window, WindowState};
use crate::client::Client;
use crate::pointer::{TouchMove, wheel_pixels};
use crate::surface::Surface;
use crate::timeline::{Command, footer};

const RULER: f64 = 26.0;
const LANE: f64 = 26.0;
const BOX: f64 = 24.0;
const TREMBLE: f64 = 4.0;
const CLOSEST: f64 = 1.0;

pub(crate) fn mode_name(mode: FlameMode) -> &'static str {
    match mode {
        FlameMode::InTime => "time",
        FlameMode::Merged => "merged",
    }
}

pub(crate) fn parse_mode(name: &str) -> Option<FlameMode> {
    [FlameMode::InTime, FlameMode::Merged].into_iter().find(|mode| mode_name(*mode) == name)
}

#[derive(Properties, PartialEq)]
pub(crate) struct FlameProps {
    pub(crate) client: Client,
    pub(crate) head: Rc<TraceHead>,
    /// Part of the trace on screen, shared with the waterfall.
    pub(crate) window: Window,
    /// Part of the merged axis on screen; empty for all of it.
    pub(crate) merged_window: Window,
    pub(crate) selected: Option<u32>,
    pub(crate) mode: FlameMode,
    pub(crate) marks_revision: u32,
    pub(crate) theme_revision: u32,
    pub(crate) narrow: bool,
    pub(crate) on_select: Callback<Option<u32>>,
    pub(crate) on_mode: Callback<FlameMode>,
    pub(crate) on_rest: Callback<()>,
    pub(crate) on_ready: Callback<Callback<Command>>,
}

pub(crate) enum Msg {
    Resized(f64, f64),
    Paint,
    Slice(FlameSlice, u32),
    Command(Command),
    Down(PointerEvent),
    Move(PointerEvent),
    Up(PointerEvent),
    Leave,
    DoubleClick(MouseEvent),
    Wheel(WheelEvent),
    Rest,
    /// Back to a frame of the path.
    Crumb(Option<(f64, f64)>),
}

impl Msg {
    /// Kept from the page at once: messages may arrive when it is too late for that.
    fn wheel(event: WheelEvent) -> Self {
        event.prevent_default();
        Self::Wheel(event)
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Drag {
    Press { x: f64, y: f64 },
    Pan { x: f64, y: f64, start: f64, end: f64, scroll: f64 },
    Range { from: f64, to: f64 },
}

pub(crate) struct Flame {
    surface: Surface,
    rest: Option<gloo::timers::callback::Timeout>,
    slice: Option<FlameSlice>,
    asked: u32,
    waiting: bool,
    stale: bool,
    scroll: f64,
    drag: Option<Drag>,
    hovered: Option<usize>,
    /// Frames that span the window, outermost first.
    path: Vec<FlameBox>,
}

impl Component for Flame {
    type Message = Msg;
    type Properties = FlameProps;

    fn create(ctx: &Context<Self>) -> Self {
        ctx.props().on_ready.emit(ctx.link().callback(Msg::Command));
        Self {
            surface: Surface::default(),
            rest: None,
            slice: None,
            asked: 0,
            waiting: false,
            stale: true,
            scroll: 0.0,
            drag: None,
            hovered: None,
            path: Vec::new(),
        }
    }

    fn rendered(&mut self, ctx: &Context<Self>, first: bool) {
        if first {
            let resized = ctx.link().callback(|(width, height)| Msg::Resized(width, height));
            self.surface.observe(ctx.props().client.busy(), resized);
        }
    }

    fn changed(&mut self, ctx: &Context<Self>, old: &FlameProps) -> bool {
        let props = ctx.props();
        if old.head.trace_id != props.head.trace_id
            || old.head.trace != props.head.trace
            || old.mode != props.mode
        {
            self.slice = None;
            self.stale = true;
            self.scroll = 0.0;
            self.hovered = None;
            self.path.clear();
            self.surface.hide_tooltip();
        }
        if old.marks_revision != props.marks_revision {
            self.stale = true;
        }
        if old.theme_revision != props.theme_revision || old.narrow != props.narrow {
            self.surface.restyle();
        }
        self.ask(ctx);
        self.repaint(ctx);
        true
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        match msg {
            Msg::Resized(width, height) => {
                self.surface.size = (width, height);
                self.ask(ctx);
                self.repaint(ctx);
            }
            Msg::Paint => self.paint(ctx),
            Msg::Slice(slice, asked) => {
                if asked != self.asked {
                    return false;
                }
                self.waiting = false;
                self.slice = Some(slice);
                self.limit(ctx);
                self.ask(ctx);
                self.repaint(ctx);
                return self.find_path(ctx);
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
            Msg::DoubleClick(event) => {
                let (x, y) = self.surface.place(&event);
                let range = self.hit(ctx, x, y).map(|of| (of.start, of.end));
                self.zoom_to(ctx, range);
            }
            Msg::Wheel(event) => self.wheel(ctx, &event),
            Msg::Rest => {
                self.rest = None;
                ctx.props().on_rest.emit(());
                return self.find_path(ctx);
            }
            Msg::Crumb(range) => self.zoom_to(ctx, range),
        }
        false
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let link = ctx.link();
        let props = ctx.props();
        let mode = |of: FlameMode, title: &'static str, what: &'static str| {
            let choose = props.on_mode.reform(move |_: MouseEvent| of);
            html! { <button title={what} aria-pressed={(props.mode == of).to_string()} onclick={choose}>{ title }</button> }
        };
        let label = match props.mode {
            FlameMode::InTime => "Flame graph in order of time",
            FlameMode::Merged => "Flame graph merged by service and operation",
        };
        html! {
            <div class="stage">
                <div class="flame-bar">
                    <span class="segments" role="group" aria-label="Order">
                        { mode(FlameMode::InTime, "In time", "Every span where it happened; what overlaps stands in lanes") }
                        { mode(FlameMode::Merged, "Merged", "Spans of one service and operation put together, the heaviest first") }
                    </span>
                    <nav class="crumbs" aria-label="Frames around the window">
                        { self.crumbs(ctx) }
                    </nav>
                </div>
                <div ref={self.surface.element.clone()} class="canvas-box" tabindex="0" role="img" aria-label={label}
                    onpointerdown={link.callback(Msg::Down)} onpointermove={link.callback(Msg::Move)}
                    onpointerup={link.callback(Msg::Up)} onpointercancel={link.callback(Msg::Up)}
                    onpointerleave={link.callback(|_| Msg::Leave)} ondblclick={link.callback(Msg::DoubleClick)}
                    onwheel={link.callback(Msg::wheel)}>
                    { self.surface.html() }
                </div>
                { footer(&props.head, "failed", "failed") }
            </div>
        }
    }
}

impl Flame {
    fn crumbs(&self, ctx: &Context<Self>) -> Html {
        let zoomed = self.slice.as_ref().is_some_and(|slice| {
            let (start, end) = self.window(ctx);
            (end - start) < slice.total * 0.999
        });
        if !zoomed {
            return html! {};
        }
        let whole = ctx.link().callback(|_: MouseEvent| Msg::Crumb(None));
        // The innermost frames say most; a deep path would push them out.
        let shown = self.path.iter().skip(self.path.len().saturating_sub(4));
        html! {
            <>
                <button onclick={whole}>{ "whole trace" }</button>
                { for shown.map(|of| {
                    let range = Some((of.start, of.end));
                    let (service, name) = of.label.clone().unwrap_or_default();
                    html! {
                        <>
                            <span aria-hidden="true">{ "›" }</span>
                            <button onclick={ctx.link().callback(move |_: MouseEvent| Msg::Crumb(range))}>
                                { scene::service_name(&service) }{ " " }{ name }
                            </button>
                        </>
                    }
                }) }
            </>
        }
    }

    fn is_merged(ctx: &Context<Self>) -> bool {
        ctx.props().mode == FlameMode::Merged
    }

    /// Length of the axis.
    fn total(&self, ctx: &Context<Self>) -> f64 {
        match &self.slice {
            Some(slice) if slice.total > 0.0 => slice.total,
            _ => (ctx.props().head.duration as f64).max(1.0),
        }
    }

    fn window(&self, ctx: &Context<Self>) -> (f64, f64) {
        let of = if Self::is_merged(ctx) { &ctx.props().merged_window } else { &ctx.props().window };
        let window = of.get();
        if window.end <= window.start { (0.0, self.total(ctx)) } else { (window.start, window.end) }
    }

    fn ruler(ctx: &Context<Self>) -> f64 {
        if Self::is_merged(ctx) { 10.0 } else { RULER }
    }

    fn viewport(&self, ctx: &Context<Self>) -> Viewport {
        let (start, end) = self.window(ctx);
        Viewport {
            width: self.surface.size.0,
            height: (self.surface.size.1 - Self::ruler(ctx)).max(0.0),
            name_width: 0.0,
            start,
            end: end.max(start + 1.0),
            scroll: self.scroll,
            row_height: LANE,
            bar_height: BOX,
            narrow: true,
            pad: 0.0,
        }
    }

    fn limit(&mut self, ctx: &Context<Self>) {
        let lanes = self.slice.as_ref().map_or(0, |slice| slice.lanes);
        let height = f64::from(lanes) * LANE + 12.0;
        self.scroll = self.scroll.clamp(0.0, (height - self.viewport(ctx).height).max(0.0));
        let total = self.total(ctx);
        let (start, end) = self.window(ctx);
        let air = if Self::is_merged(ctx) { 0.0 } else { 0.03 * total };
        let span = (end - start).clamp(CLOSEST.min(total), total + 2.0 * air);
        let start = start.clamp(-air, (total + air - span).max(-air));
        let whole = span >= total && Self::is_merged(ctx);
        let of = if Self::is_merged(ctx) { &ctx.props().merged_window } else { &ctx.props().window };
        let row = of.get().row;
        of.set(if whole { WindowState::default() } else { WindowState { start, end: start + span, row } });
    }

    fn set_window(&mut self, ctx: &Context<Self>, start: f64, end: f64) {
        let of = if Self::is_merged(ctx) { &ctx.props().merged_window } else { &ctx.props().window };
        let row = of.get().row;
        of.set(WindowState { start, end: end.max(start + CLOSEST.min(self.total(ctx))), row });
        self.moved_window(ctx);
    }

    fn zoom_to(&mut self, ctx: &Context<Self>, range: Option<(f64, f64)>) {
        let (start, end) = range.unwrap_or_else(|| (0.0, self.total(ctx)));
        self.set_window(ctx, start, end);
    }

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
        let span = ((viewport.end - viewport.start) * by).max(CLOSEST.min(self.total(ctx)));
        let part = (time - viewport.start) / (viewport.end - viewport.start);
        let start = time - part * span;
        self.set_window(ctx, start, start + span);
    }

    fn command(&mut self, ctx: &Context<Self>, command: Command) {
        let (start, end) = self.window(ctx);
        let span = end - start;
        match command {
            Command::Page(by) => {
                let page = self.viewport(ctx).height * 0.9;
                self.scroll = if by.is_infinite() {
                    if by > 0.0 { f64::MAX } else { 0.0 }
                } else {
                    self.scroll + by * page
                };
                self.moved_window(ctx);
            }
            Command::Pan(by) => self.set_window(ctx, start + by * span, end + by * span),
            Command::Zoom(by) => {
                let about = self.surface.pointer.map_or(self.surface.size.0 / 2.0, |(x, _)| x);
                self.zoom_about(ctx, about, by);
            }
            Command::Fit => self.zoom_to(ctx, None),
            Command::ZoomTo { start, duration } if !Self::is_merged(ctx) => {
                let air = (duration * 0.1).max(CLOSEST / 2.0);
                self.set_window(ctx, start - air, start + duration + air);
            }
            Command::ShowRow { start: from, duration, .. } if !Self::is_merged(ctx) => {
                if from + duration < start || from > end {
                    let middle = f64::midpoint(from, (from + duration).min(from + span));
                    self.set_window(ctx, middle - span / 2.0, middle + span / 2.0);
                }
            }
            Command::Reload => self.moved_window(ctx),
            Command::ZoomTo { .. } | Command::ShowRow { .. } => {}
        }
    }

    fn ask(&mut self, ctx: &Context<Self>) {
        if self.surface.size.0 < 1.0 || self.surface.size.1 < 1.0 {
            return;
        }
        let viewport = self.viewport(ctx);
        let (first, last) = viewport.rows();
        let span = viewport.end - viewport.start;
        let covered = self.slice.as_ref().is_some_and(|slice| {
            slice.first_lane <= first
                && slice.first_lane + slice.lane_count >= last.min(slice.lanes)
                && slice.start <= viewport.start.max(0.0)
                && slice.end >= viewport.end.min(slice.total)
                && (slice.end - slice.start) <= span * 6.5
        });
        if covered && !self.stale || self.waiting {
            return;
        }
        self.stale = false;
        self.waiting = true;
        self.asked += 1;
        let asked = self.asked;
        let count = (last - first.min(last)).max(8);
        let request = FlameRequest {
            mode: ctx.props().mode,
            start: viewport.start - span,
            end: viewport.end + span,
            first_lane: first.saturating_sub(count),
            lane_count: count * 3,
            px: viewport.plot_width() * 3.0,
            focus: None,
        };
        let link = ctx.link().clone();
        ctx.props().client.ask(&Request::Flame { trace: ctx.props().head.trace, request }, move |response| {
            if let Response::Flame(slice) = response {
                link.send_message(Msg::Slice(slice, asked));
            }
        });
    }

    /// The frames that span the window; tells whether they changed.
    fn find_path(&mut self, ctx: &Context<Self>) -> bool {
        let (start, end) = self.window(ctx);
        let Some(slice) = &self.slice else { return false };
        // In time a frame has air around it; merged, the window is the frame.
        let slack = (end - start) * if Self::is_merged(ctx) { 0.001 } else { 0.15 };
        let path: Vec<FlameBox> = slice
            .boxes
            .iter()
            .filter(|of| {
                of.merged <= 1 && of.start <= start + slack && of.end >= end - slack && of.label.is_some()
            })
            .cloned()
            .collect();
        let changed = path != self.path;
        self.path = path;
        // The crumbs also depend on whether the window is the whole.
        changed || !self.path.is_empty()
    }

    fn repaint(&mut self, ctx: &Context<Self>) {
        let link = ctx.link().clone();
        self.surface.repaint(ctx.props().client.busy(), move || link.send_message(Msg::Paint));
    }

    fn paint(&mut self, ctx: &Context<Self>) {
        let Some((context, mut painter)) = self.surface.paint() else { return };
        let (width, height) = self.surface.size;
        let viewport = self.viewport(ctx);
        let ruler = Self::ruler(ctx);
        let cursor = match self.surface.pointer {
            Some((x, _)) if !Self::is_merged(ctx) => Some(viewport.time(x)),
            _ => None,
        };
        painter.clear(&context, Rect::new(0.0, 0.0, width, height), Paint::Bg);
        if !Self::is_merged(ctx) {
            let area = Rect::new(0.0, 0.0, width, ruler);
            painter.clear(&context, area, Paint::Panel);
            let list = scene::ruler_layout(&Viewport { height: ruler, ..viewport }, cursor, &mut painter);
            painter.draw(&context, area, &list);
            painter.clear(&context, Rect::new(0.0, ruler - 1.0, width, 1.0), Paint::Line);
        }
        let area = Rect::new(0.0, ruler, width, height - ruler);
        if let Some(slice) = &self.slice {
            let selected = ctx.props().selected.filter(|_| !Self::is_merged(ctx));
            let state = FlameState { hovered: self.hovered, selected, cursor_time: cursor };
            let list = scene::flame_layout(slice, &viewport, &state, &mut painter);
            painter.draw(&context, area, &list);
        }
        if let Some(Drag::Range { from, to }) = self.drag {
            let (from, to) = (viewport.x(from.min(to)), viewport.x(from.max(to)));
            for x in [from, to] {
                painter.clear(&context, Rect::new(x, ruler, 1.0, height - ruler), Paint::Accent);
            }
        }
        self.surface.painted(painter);
    }

    fn hit_place(&self, ctx: &Context<Self>, x: f64, y: f64) -> Option<usize> {
        let slice = self.slice.as_ref()?;
        scene::flame_hit(slice, &self.viewport(ctx), x, y - Self::ruler(ctx))
    }

    fn hit(&self, ctx: &Context<Self>, x: f64, y: f64) -> Option<&FlameBox> {
        self.slice.as_ref()?.boxes.get(self.hit_place(ctx, x, y)?)
    }

    fn down(&mut self, ctx: &Context<Self>, event: &PointerEvent) {
        if event.button() != 0 {
            return;
        }
        let ((x, y), fingers) = self.surface.press(event);
        self.drag = if fingers > 1 {
            None
        } else if y < Self::ruler(ctx) && !Self::is_merged(ctx) {
            let time = self.viewport(ctx).time(x);
            Some(Drag::Range { from: time, to: time })
        } else {
            Some(Drag::Press { x, y })
        };
    }

    fn moved(&mut self, ctx: &Context<Self>, event: &PointerEvent) {
        let (x, y) = self.surface.place(event);
        let viewport = self.viewport(ctx);
        if let Some(TouchMove { zoom, middle, dx, dy }) =
            self.surface.pointers.moved(event.pointer_id(), x, y)
        {
            self.drag = None;
            self.scroll -= dy;
            let by = -dx / viewport.scale();
            self.set_window(ctx, viewport.start + by, viewport.end + by);
            self.zoom_about(ctx, middle.0, 1.0 / zoom);
            return;
        }
        self.surface.pointer = Some((x, y));
        if let Some(Drag::Press { x: from_x, y: from_y }) = self.drag
            && ((x - from_x).abs() > TREMBLE || (y - from_y).abs() > TREMBLE)
        {
            let (start, end) = (viewport.start, viewport.end);
            self.drag = Some(Drag::Pan { x: from_x, y: from_y, start, end, scroll: self.scroll });
            self.surface.set_cursor("grabbing");
        }
        match self.drag {
            None => {
                self.hover(ctx, x, y);
                self.repaint(ctx);
            }
            Some(Drag::Press { .. }) => {}
            Some(Drag::Pan { x: from_x, y: from_y, start, end, scroll }) => {
                let by = (from_x - x) / viewport.scale();
                self.scroll = scroll + from_y - y;
                self.set_window(ctx, start + by, end + by);
            }
            Some(Drag::Range { from, .. }) => {
                self.drag = Some(Drag::Range { from, to: viewport.time(x) });
                self.repaint(ctx);
            }
        }
    }

    fn up(&mut self, ctx: &Context<Self>, event: &PointerEvent) {
        let points = self.surface.lift(event);
        let (x, y) = self.surface.place(event);
        match self.drag.take() {
            Some(Drag::Press { .. }) if event.type_() == "pointerup" => self.click(ctx, x, y),
            Some(Drag::Range { from, to }) if (to - from).abs() * self.viewport(ctx).scale() > TREMBLE => {
                self.set_window(ctx, from.min(to), from.max(to));
            }
            _ => {}
        }
        if points {
            self.hover(ctx, x, y);
        } else {
            self.hovered = None;
        }
        self.repaint(ctx);
    }

    /// In time a box is a span, and is selected. Merged, it is a frame, and is zoomed into.
    fn click(&mut self, ctx: &Context<Self>, x: f64, y: f64) {
        let hit = self.hit(ctx, x, y).map(|of| (of.id, of.merged, of.start, of.end));
        match hit {
            Some((_, merged, start, end)) if Self::is_merged(ctx) || merged > 1 => {
                self.set_window(ctx, start, end);
            }
            Some((id, ..)) => ctx.props().on_select.emit(Some(id)),
            None if !Self::is_merged(ctx) => ctx.props().on_select.emit(None),
            None => {}
        }
    }

    fn wheel(&mut self, ctx: &Context<Self>, event: &WheelEvent) {
        event.prevent_default();
        let viewport = self.viewport(ctx);
        let (dx, dy) = wheel_pixels(event, viewport.height);
        let (x, y) = self.surface.place(event);
        self.surface.pointer = Some((x, y));
        self.surface.hide_tooltip();
        let overflow =
            self.slice.as_ref().is_some_and(|slice| f64::from(slice.lanes) * LANE > viewport.height);
        if event.shift_key() || dx.abs() > dy.abs() {
            let by = if dx == 0.0 { dy } else { dx } / viewport.scale();
            self.set_window(ctx, viewport.start + by, viewport.end + by);
        } else if event.ctrl_key() || event.meta_key() || event.alt_key() || !overflow || y < Self::ruler(ctx)
        {
            let gain = if event.ctrl_key() && dy.abs() < 40.0 { 0.01 } else { 0.0025 };
            self.zoom_about(ctx, x, (dy * gain).exp());
        } else {
            self.scroll += dy;
            self.moved_window(ctx);
        }
        self.hover(ctx, x, y);
    }

    fn hover(&mut self, ctx: &Context<Self>, x: f64, y: f64) {
        self.hovered = self.hit_place(ctx, x, y);
        let ruler = y < Self::ruler(ctx) && !Self::is_merged(ctx);
        self.surface.set_cursor(if ruler {
            "crosshair"
        } else if self.hovered.is_some() {
            "pointer"
        } else {
            "default"
        });
        let total = self.total(ctx);
        let described = self.hit(ctx, x, y).map(|of| describe(of, total));
        match described {
            Some((title, text)) => self.surface.show_tooltip((x, y), &title, &text),
            None => self.surface.hide_tooltip(),
        }
    }
}

fn describe(of: &FlameBox, total: f64) -> (String, String) {
    let percent = |time: f64| format!("{:.1}\u{2009}%", time / total * 100.0);
    if of.merged > 1 {
        let title = format!("{} frames too thin to tell apart", format_count(u64::from(of.merged)));
        return (title, "click to zoom in".to_owned());
    }
    let title = match &of.label {
        Some((service, name)) => format!("{}  {name}", scene::service_name(service)),
        None => String::new(),
    };
    let calls = match (of.count, of.error_count) {
        (1, 0) => String::new(),
        (1, _) => "\nerror".to_owned(),
        (count, 0) => format!("\n{} calls", format_count(u64::from(count))),
        (count, errors) => {
            format!("\n{} calls, {} errors", format_count(u64::from(count)), format_count(u64::from(errors)))
        }
    };
    let lines = format!(
        "duration {} · {}\nself {} · {}\ncritical path {} · {}{calls}",
        format_nanos(of.total),
        percent(of.total),
        format_nanos(of.self_time),
        percent(of.self_time),
        format_nanos(of.critical),
        percent(of.critical),
    );
    (title, lines)
}
