//! Duration over time, and latency: what is dragged over is what the list shows.
//!
//! Pointer moves touch only an overlay; a chart is drawn when its data, size, selection or theme change.

use engine::{ChartBucket, ChartPoint, ListQuery, ListSort, Request, Response};
use gloo::timers::callback::Timeout;
use plotters::drawing::IntoDrawingArea as _;
use plotters::style::RGBColor;
use plotters_canvas::CanvasBackend;
use scene::{
    Bucket, ChartTheme, Histogram, Scatter, ScatterPoint, draw_histogram, draw_scatter, format_count,
    format_duration,
};
use web_sys::{CanvasRenderingContext2d, Element, HtmlCanvasElement, HtmlElement};
use yew::prelude::*;

use crate::app::format_clock;
use crate::canvas::{Frame, Resize, device_pixel_ratio, fit, set_css};
use crate::client::Client;
use crate::theme::Theme;

/// A press that moves less far is a click, in CSS pixels.
const CLICK: f64 = 4.0;
/// A drag across the scatter that is higher than this selects durations too.
const TALL: f64 = 28.0;
/// So near a point the pointer is on it.
const REACH: f64 = 9.0;
/// Steps of a selection by keys.
const STEPS: u64 = 24;
/// The pointer rests after so many milliseconds; then the trace's name is asked for.
const REST: u32 = 90;
/// More traces than this are a cloud: its points may stand less close.
const CLOUD: u32 = 20_000;
/// In longer lists a name costs more than it tells: the engine would look through all of them.
const NAMED: u32 = 100_000;

#[derive(Properties, PartialEq)]
pub(super) struct ChartsProps {
    pub(super) client: Client,
    pub(super) generation: u32,
    /// All that are open.
    pub(super) traces: u32,
    pub(super) list: ListQuery,
    pub(super) theme_revision: u32,
    /// Only the histogram.
    pub(super) narrow: bool,
    pub(super) on_list: Callback<ListQuery>,
    pub(super) on_open: Callback<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    Scatter,
    Histogram,
}

pub(super) enum Msg {
    Sized(Which, (f64, f64)),
    Answer {
        revision: u32,
        which: Which,
        response: Response,
    },
    Paint(Which),
    Down(Which, PointerEvent),
    Move(Which, PointerEvent),
    Up(Which, PointerEvent),
    Leave(Which),
    Key(Which, KeyboardEvent),
    /// The pointer rests on a point.
    Rests(usize),
    Named {
        trace: u32,
        name: String,
    },
}

/// From .. to, both included.
type Ends = (u64, u64);

/// A chart in the document.
#[derive(Default)]
struct Pane {
    frame: NodeRef,
    canvas: NodeRef,
    band: NodeRef,
    tip: NodeRef,
    observed: Option<(Element, Option<Resize>)>,
    size: (f64, f64),
    paint: Frame,
    /// Where a press began.
    pressed: Option<(f64, f64)>,
}

pub(super) struct Charts {
    revision: u32,
    /// Questions that are under way.
    asked: u32,
    /// The revision of the data, and the size asked for.
    held: Option<(u32, (f64, f64))>,
    data: [engine::Charts; 2],
    scatter: Scatter,
    histogram: Histogram,
    /// Where the points of the scatter are drawn, in CSS pixels.
    places: Vec<(f64, f64)>,
    panes: [Pane; 2],
    /// The point under the pointer.
    hovered: Option<usize>,
    rest: Option<Timeout>,
    name: Option<(u32, String)>,
}

impl Component for Charts {
    type Message = Msg;
    type Properties = ChartsProps;

    fn create(_: &Context<Self>) -> Self {
        Self {
            revision: 0,
            asked: 0,
            held: None,
            data: Default::default(),
            scatter: Scatter::default(),
            histogram: Histogram::default(),
            places: Vec::new(),
            panes: Default::default(),
            hovered: None,
            rest: None,
            name: None,
        }
    }

    fn changed(&mut self, ctx: &Context<Self>, old: &ChartsProps) -> bool {
        let props = ctx.props();
        let (list, before) = (&props.list, &old.list);
        let reopened = props.generation != old.generation;
        if reopened {
            self.data = Default::default();
            self.name = None;
        }
        if reopened || list.filter != before.filter || list.start != before.start {
            self.revision += 1;
            self.ask(ctx);
        }
        if reopened
            || list.start != before.start
            || list.duration != before.duration
            || props.theme_revision != old.theme_revision
        {
            self.repaint(ctx);
        }
        // An order says nothing here.
        reopened || props.narrow != old.narrow
    }

    fn rendered(&mut self, ctx: &Context<Self>, _: bool) {
        for which in [Which::Scatter, Which::Histogram] {
            let link = ctx.link().clone();
            let pane = self.pane_mut(which);
            let element = pane.frame.cast::<Element>();
            if element.as_ref() != pane.observed.as_ref().map(|(element, _)| element) {
                pane.observed = element.map(|element| {
                    let resize = Resize::observe(
                        &element,
                        ctx.props().client.busy(),
                        link.callback(move |size| Msg::Sized(which, size)),
                    );
                    (element, resize)
                });
            }
        }
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        match msg {
            Msg::Sized(which, size) => {
                self.pane_mut(which).size = size;
                self.paint(ctx, which);
                self.ask(ctx);
                false
            }
            Msg::Answer { revision, which, response } => {
                self.asked = self.asked.saturating_sub(1);
                let current = revision == self.revision;
                if let (true, Response::Charts(charts)) = (current, response) {
                    self.take(ctx, which, charts);
                }
                if self.asked == 0 {
                    self.ask(ctx);
                }
                current
            }
            Msg::Paint(which) => {
                self.pane_mut(which).paint.arrived();
                self.draw(ctx, which);
                false
            }
            Msg::Down(which, event) => {
                if event.button() == 0 && event.is_primary() {
                    self.pressed(which, &event);
                }
                false
            }
            Msg::Move(which, event) => {
                self.moved(ctx, which, &event);
                false
            }
            Msg::Up(which, event) => {
                self.released(ctx, which, &event);
                false
            }
            Msg::Leave(which) => {
                if self.pane(which).pressed.is_none() {
                    self.hide(which);
                }
                false
            }
            Msg::Key(which, event) => {
                self.key(ctx, which, &event);
                false
            }
            Msg::Rests(at) => {
                self.rest = None;
                self.ask_name(ctx, at);
                false
            }
            Msg::Named { trace, name } => {
                self.name = Some((trace, name));
                self.tip_of_point();
                false
            }
        }
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let [all, latency] = &self.data;
        let figure = |name: &'static str, value: u64| {
            html! { <span><b>{ name }</b>{ " " }{ if latency.count > 0 { format_duration(value) } else { "–".to_owned() } }</span> }
        };
        let failed: u32 = latency.buckets.iter().map(|bucket| bucket.errors).sum();
        let about = format!(
            "{} traces, {} with errors, from {} to {}. Arrow keys select, with Shift more or less, Delete clears.",
            format_count(all.count.into()),
            format_count(failed.into()),
            format_duration(all.duration.0),
            format_duration(all.duration.1),
        );
        html! {
            <div class="charts">
                if !ctx.props().narrow {
                    <section class="chart scatter">
                        <h3><span>{ "Duration over time" }</span><span>{ "·" }</span><span>{ "drag to select" }</span></h3>
                        { self.pane_view(ctx, Which::Scatter, format!("Duration over time: {about}")) }
                    </section>
                }
                <section class="chart">
                    <h3>
                        <span>{ "Latency" }</span>
                        { figure("p50", latency.p50) }{ figure("p95", latency.p95) }{ figure("p99", latency.p99) }
                    </h3>
                    { self.pane_view(ctx, Which::Histogram, format!("Latency: {about}")) }
                </section>
            </div>
        }
    }
}

impl Charts {
    fn pane(&self, which: Which) -> &Pane {
        let [scatter, histogram] = &self.panes;
        if which == Which::Scatter { scatter } else { histogram }
    }

    fn pane_mut(&mut self, which: Which) -> &mut Pane {
        let [scatter, histogram] = &mut self.panes;
        if which == Which::Scatter { scatter } else { histogram }
    }

    fn pane_view(&self, ctx: &Context<Self>, which: Which, about: String) -> Html {
        let (link, pane) = (ctx.link(), self.pane(which));
        html! {
            <div ref={pane.frame.clone()} class="plot" tabindex="0" role="group" aria-label={about}
                onpointerdown={link.callback(move |event| Msg::Down(which, event))}
                onpointermove={link.callback(move |event| Msg::Move(which, event))}
                onpointerup={link.callback(move |event| Msg::Up(which, event))}
                onpointercancel={link.callback(move |event| Msg::Up(which, event))}
                onpointerleave={link.callback(move |_| Msg::Leave(which))}
                onkeydown={link.callback(move |event| Msg::Key(which, event))}>
                <canvas ref={pane.canvas.clone()} aria-hidden="true" />
                <div ref={pane.band.clone()} class="band" hidden=true />
                <div ref={pane.tip.clone()} class="tooltip" hidden=true aria-hidden="true" />
            </div>
        }
    }

    /// Asks for what is shown. One question at a time: of many drags and keys only the last is answered.
    fn ask(&mut self, ctx: &Context<Self>) {
        let props = ctx.props();
        let [scatter, histogram] = &self.panes;
        let size = if props.narrow { histogram.size } else { scatter.size };
        if self.asked > 0 || size.0 < 1.0 || self.held == Some((self.revision, size)) {
            return;
        }
        self.held = Some((self.revision, size));
        // The engine leaves one trace in 3 × 3 pixels, a point is 6 wide; each costs the canvas microseconds.
        let part = if props.traces > CLOUD { 0.5 } else { 1.0 };
        let (width, height) = ((size.0 * part) as f32, (size.1 * part) as f32);
        // The charts show what their own selection leaves out, too; the histogram only the times that are selected.
        let all = ListQuery {
            filter: props.list.filter.clone(),
            sort: ListSort::Start,
            descending: false,
            start: None,
            duration: None,
        };
        let revision = self.revision;
        let mut ask = |which: Which, list: ListQuery| {
            self.asked += 1;
            let link = ctx.link().clone();
            let request = Request::Charts { list, width, height };
            props
                .client
                .ask(&request, move |response| link.send_message(Msg::Answer { revision, which, response }));
        };
        if props.list.start.is_some() {
            ask(Which::Histogram, ListQuery { start: props.list.start, ..all.clone() });
        }
        ask(Which::Scatter, all);
    }

    fn take(&mut self, ctx: &Context<Self>, which: Which, charts: engine::Charts) {
        let [all, latency] = &mut self.data;
        if which == Which::Histogram {
            *latency = charts;
        } else {
            if ctx.props().list.start.is_none() {
                *latency = charts.clone();
            }
            *all = charts;
        }
        self.scatter = Scatter {
            start: all.start.0,
            span: all.start.1.saturating_sub(all.start.0),
            duration: all.duration,
            points: all
                .points
                .iter()
                .map(|&ChartPoint { start, duration, error, .. }| ScatterPoint { start, duration, error })
                .collect(),
            selected: None,
            selected_durations: None,
        };
        let bucket =
            |&ChartBucket { from, to, count, errors }: &ChartBucket| Bucket { from, to, count, errors };
        self.histogram = Histogram { buckets: latency.buckets.iter().map(bucket).collect(), selected: None };
        // What the pointer was on is somewhere else now.
        self.hide(Which::Scatter);
        self.hide(Which::Histogram);
        self.repaint(ctx);
    }

    fn repaint(&mut self, ctx: &Context<Self>) {
        self.paint(ctx, Which::Scatter);
        self.paint(ctx, Which::Histogram);
    }

    fn paint(&mut self, ctx: &Context<Self>, which: Which) {
        let link = ctx.link().clone();
        let busy = ctx.props().client.busy().clone();
        self.pane_mut(which).paint.request(&busy, move |_| link.send_message(Msg::Paint(which)));
    }

    fn draw(&mut self, ctx: &Context<Self>, which: Which) {
        let list = &ctx.props().list;
        let pane = self.pane(which);
        let (frame, canvas) = (pane.frame.cast::<HtmlElement>(), pane.canvas.cast::<HtmlCanvasElement>());
        let (Some(frame), Some(canvas)) = (frame, canvas) else { return };
        let (width, height) = pane.size;
        if width < 80.0 || height < 50.0 {
            return;
        }
        let Some(context) = fit(&canvas, width, height) else { return };
        let scale = device_pixel_ratio();
        let theme = chart_theme(&Theme::of(&frame), &context, scale);
        if self.data.first().is_none_or(|all| all.count == 0) {
            context.clear_rect(0.0, 0.0, width, height);
            self.places.clear();
            return;
        }
        // plotters counts whole pixels: those of the device, so that nothing is blurred.
        drop(context.set_transform(1.0, 0.0, 0.0, 1.0, 0.0, 0.0));
        let size = (f64::from(canvas.width()), f64::from(canvas.height()));
        let Some(backend) = CanvasBackend::with_canvas_object(canvas) else { return };
        let area = backend.into_drawing_area();
        // Drawing on a canvas cannot fail but for a bug: then the chart is missing, and the list is there.
        match which {
            Which::Scatter => {
                let (start, span) = (self.scatter.start, self.scatter.span);
                let of = |time: u64| time.saturating_sub(start).min(span);
                self.scatter.selected = list.start.map(|(from, to)| (of(from), of(to)));
                self.scatter.selected_durations = list.start.and(list.duration);
                drop(draw_scatter(&area, &self.scatter, &theme));
                self.places = self
                    .scatter
                    .points
                    .iter()
                    .map(|point| self.scatter.place(size, scale, point.start, point.duration))
                    .map(|(x, y)| (x / scale, y / scale))
                    .collect();
            }
            Which::Histogram => {
                let limits = self.histogram.buckets.first().zip(self.histogram.buckets.last());
                let limits = limits.map_or((0, u64::MAX), |(first, last)| (first.from, last.to));
                let within = |duration: u64| duration.clamp(limits.0, limits.1.max(limits.0));
                self.histogram.selected = list.duration.map(|(from, to)| (within(from), within(to)));
                drop(draw_histogram(&area, &self.histogram, &theme));
            }
        }
    }

    // The pointer

    /// Where the pointer is in the chart, in CSS pixels.
    fn position(&self, which: Which, event: &PointerEvent) -> Option<(f64, f64)> {
        let pane = self.pane(which);
        let rect = pane.frame.cast::<Element>()?.get_bounding_client_rect();
        let (width, height) = pane.size;
        let (x, y) = (f64::from(event.client_x()) - rect.left(), f64::from(event.client_y()) - rect.top());
        Some((x.clamp(0.0, width), y.clamp(0.0, height)))
    }

    fn pressed(&mut self, which: Which, event: &PointerEvent) {
        let at = self.position(which, event);
        if let Some(frame) = self.pane(which).frame.cast::<Element>() {
            drop(frame.set_pointer_capture(event.pointer_id()));
        }
        self.pane_mut(which).pressed = at;
    }

    fn moved(&mut self, ctx: &Context<Self>, which: Which, event: &PointerEvent) {
        let Some(at) = self.position(which, event) else { return };
        match self.pane(which).pressed {
            Some(from) => {
                if is_drag(from, at) {
                    self.show_band(which, from, at);
                }
            }
            None => self.hover(ctx, which, at),
        }
    }

    fn released(&mut self, ctx: &Context<Self>, which: Which, event: &PointerEvent) {
        let pressed = self.pane_mut(which).pressed.take();
        self.hide(which);
        let (Some(from), Some(to)) = (pressed, self.position(which, event)) else { return };
        if event.type_() == "pointercancel" {
            return;
        }
        if is_drag(from, to) {
            self.select(ctx, which, from, to);
        } else {
            self.hover(ctx, which, to);
            self.click(ctx, which, to);
        }
    }

    /// The overlay while one drags; its text says what would be selected.
    fn show_band(&self, which: Which, from: (f64, f64), to: (f64, f64)) {
        let pane = self.pane(which);
        let tall = which == Which::Scatter && (to.1 - from.1).abs() > TALL;
        let (left, width) = (from.0.min(to.0), (from.0 - to.0).abs());
        let (top, height) = if tall { (from.1.min(to.1), (from.1 - to.1).abs()) } else { (0.0, pane.size.1) };
        if let Some(band) = pane.band.cast::<HtmlElement>() {
            for (property, value) in [("left", left), ("top", top), ("width", width), ("height", height)] {
                set_css(&band, property, &format!("{value}px"));
            }
            band.set_hidden(false);
        }
        let ranges = self.ranges(which, from, to);
        let mut lines = Vec::new();
        lines.extend(ranges.0.map(|(from, to)| format!("{} – {}", format_clock(from), format_clock(to))));
        lines.extend(
            ranges.1.map(|(from, to)| format!("{} – {}", format_duration(from), format_duration(to))),
        );
        self.tip(which, (f64::midpoint(from.0, to.0), to.1), &lines);
    }

    fn hide(&mut self, which: Which) {
        let pane = self.pane(which);
        for element in [&pane.band, &pane.tip] {
            if let Some(element) = element.cast::<HtmlElement>() {
                element.set_hidden(true);
            }
        }
        if which == Which::Scatter {
            self.hovered = None;
            self.rest = None;
            self.mark(None);
        }
    }

    /// Times and durations between two places of a chart; none where the drag does not speak of them.
    fn ranges(&self, which: Which, from: (f64, f64), to: (f64, f64)) -> (Option<Ends>, Option<Ends>) {
        let pane = self.pane(which);
        let scale = device_pixel_ratio();
        let size = ((pane.size.0 * scale).floor(), (pane.size.1 * scale).floor());
        let order = |a: u64, b: u64| (a.min(b), a.max(b));
        match which {
            Which::Scatter => {
                let at = |(x, y): (f64, f64)| self.scatter.at(size, scale, x * scale, y * scale);
                let ((time_a, duration_a), (time_b, duration_b)) = (at(from), at(to));
                let times = order(time_a, time_b);
                let start = self.scatter.start;
                let times = (start.saturating_add(times.0), start.saturating_add(times.1));
                let tall = (to.1 - from.1).abs() > TALL;
                (Some(times), tall.then(|| order(duration_a, duration_b)))
            }
            Which::Histogram => {
                let at = |x: f64| self.histogram.at(size, scale, x * scale);
                (None, Some(order(at(from.0), at(to.0))))
            }
        }
    }

    fn select(&self, ctx: &Context<Self>, which: Which, from: (f64, f64), to: (f64, f64)) {
        let list = &ctx.props().list;
        let (start, duration) = self.ranges(which, from, to);
        let list =
            ListQuery { start: start.or(list.start), duration: duration.or(list.duration), ..list.clone() };
        ctx.props().on_list.emit(list);
    }

    fn click(&self, ctx: &Context<Self>, which: Which, at: (f64, f64)) {
        let props = ctx.props();
        let list = &props.list;
        match which {
            Which::Scatter => {
                if let Some(point) = self.hovered.and_then(|at| self.data[0].points.get(at)) {
                    props.on_open.emit(point.trace);
                } else if list.start.is_some() {
                    props.on_list.emit(ListQuery { start: None, duration: None, ..list.clone() });
                }
            }
            Which::Histogram => {
                // A bucket that is selected already, or none, is the way back to all.
                let range = self.bucket_at(at.0).filter(|bucket| bucket.count > 0).map(bucket_range);
                let duration = range.filter(|_| range != list.duration);
                if duration != list.duration {
                    props.on_list.emit(ListQuery { duration, ..list.clone() });
                }
            }
        }
    }

    fn bucket_at(&self, x: f64) -> Option<&Bucket> {
        let (_, range) = self.ranges(Which::Histogram, (x, 0.0), (x, 0.0));
        let (duration, _) = range?;
        let at = self.histogram.buckets.partition_point(|bucket| bucket.to <= duration);
        self.histogram.buckets.get(at).or_else(|| self.histogram.buckets.last())
    }

    fn hover(&mut self, ctx: &Context<Self>, which: Which, at: (f64, f64)) {
        if which == Which::Histogram {
            match self.bucket_at(at.0).copied() {
                Some(bucket) if bucket.count > 0 => {
                    let lines = [
                        format!("{} – {}", format_duration(bucket.from), format_duration(bucket.to)),
                        traces_text(bucket.count, bucket.errors),
                    ];
                    self.tip(which, at, &lines);
                }
                _ => self.hide(which),
            }
            return;
        }
        let near = |&(x, y): &(f64, f64)| (x - at.0).hypot(y - at.1);
        let nearest = self.places.iter().map(near).enumerate().min_by(|a, b| a.1.total_cmp(&b.1));
        let hovered = nearest.filter(|&(_, distance)| distance <= REACH).map(|(at, _)| at);
        if hovered == self.hovered {
            return;
        }
        if hovered.is_none() {
            self.hide(which);
        }
        self.hovered = hovered;
        let link = ctx.link().clone();
        self.rest = hovered.map(|at| Timeout::new(REST, move || link.send_message(Msg::Rests(at))));
        self.mark(hovered.and_then(|at| self.places.get(at)).copied());
        self.tip_of_point();
    }

    fn ask_name(&self, ctx: &Context<Self>, at: usize) {
        let all = &self.data[0];
        let Some(point) = all.points.get(at).filter(|_| all.count <= NAMED) else { return };
        let (trace, start) = (point.trace, all.start.0.saturating_add(point.start));
        if self.name.as_ref().is_some_and(|(known, _)| *known == trace) {
            return;
        }
        let duration = Some((point.duration, point.duration));
        let list = ListQuery { start: Some((start, start)), duration, ..ListQuery::default() };
        let link = ctx.link().clone();
        ctx.props().client.ask(&Request::Traces { list, first: 0, count: 20 }, move |response| {
            let Response::Traces(rows) = response else { return };
            if let Some(row) = rows.rows.into_iter().find(|row| row.trace == trace) {
                let name = format!("{} {}", row.root_service, row.root_name).trim().to_owned();
                link.send_message(Msg::Named { trace, name });
            }
        });
    }

    /// A ring about the point under the pointer: the band, made round.
    fn mark(&self, at: Option<(f64, f64)>) {
        let pane = self.pane(Which::Scatter);
        let (Some(band), Some(frame)) = (pane.band.cast::<HtmlElement>(), pane.frame.cast::<Element>())
        else {
            return;
        };
        drop(frame.set_attribute("data-hit", if at.is_some() { "yes" } else { "no" }));
        drop(band.set_attribute("class", if at.is_some() { "band ring" } else { "band" }));
        let Some((x, y)) = at else { return };
        for (property, value) in [("left", x - 7.0), ("top", y - 7.0), ("width", 14.0), ("height", 14.0)] {
            set_css(&band, property, &format!("{value}px"));
        }
        band.set_hidden(false);
    }

    fn tip_of_point(&self) {
        let Some(at) = self.hovered else { return };
        let (Some(point), Some(&place)) = (self.data[0].points.get(at), self.places.get(at)) else { return };
        let name =
            self.name.as_ref().filter(|(trace, _)| *trace == point.trace).map(|(_, name)| name.clone());
        let mut lines = Vec::from_iter(name);
        let errors = if point.error { ", with errors" } else { "" };
        let start = self.scatter.start.saturating_add(point.start);
        lines.push(format!("{}{errors} · {}", format_duration(point.duration), format_clock(start)));
        if point.count > 1 {
            lines.push(format!("{} traces here; this is the slowest", format_count(point.count.into())));
        }
        self.tip(Which::Scatter, place, &lines);
    }

    /// Puts lines of text beside a place; the first stands out.
    fn tip(&self, which: Which, at: (f64, f64), lines: &[String]) {
        let pane = self.pane(which);
        let Some(tip) = pane.tip.cast::<HtmlElement>() else { return };
        let text = lines.join("\n");
        if tip.text_content().as_deref() != Some(text.as_str()) {
            tip.set_text_content(Some(&text));
        }
        tip.set_hidden(false);
        let (width, height) = (f64::from(tip.offset_width()), f64::from(tip.offset_height()));
        let x = if at.0 + 14.0 + width > pane.size.0 { at.0 - 14.0 - width } else { at.0 + 14.0 };
        let y = (at.1 - height / 2.0).clamp(0.0, (pane.size.1 - height).max(0.0));
        set_css(&tip, "transform", &format!("translate({}px, {}px)", x.max(0.0).round(), y.round()));
    }

    // Keys

    /// Moves the selection by steps of the axis; with Shift its end.
    fn key(&self, ctx: &Context<Self>, which: Which, event: &KeyboardEvent) {
        let props = ctx.props();
        let list = &props.list;
        let set = |range: Option<(u64, u64)>| {
            let list = match which {
                Which::Scatter => ListQuery { start: range, ..list.clone() },
                Which::Histogram => ListQuery { duration: range, ..list.clone() },
            };
            props.on_list.emit(list);
        };
        let by: i64 = match event.key().as_str() {
            "ArrowRight" => 1,
            "ArrowLeft" => -1,
            "Delete" | "Backspace" => {
                event.prevent_default();
                set(None);
                return;
            }
            _ => return,
        };
        event.prevent_default();
        let steps: Vec<(u64, u64)> = match which {
            Which::Scatter => {
                let (start, span) = (self.scatter.start, u128::from(self.scatter.span));
                let edge =
                    |step: u64| start.saturating_add((span * u128::from(step) / u128::from(STEPS)) as u64);
                (0..STEPS).map(|step| (edge(step), edge(step + 1))).collect()
            }
            Which::Histogram => self.histogram.buckets.iter().map(bucket_range).collect(),
        };
        let Some(last) = steps.len().checked_sub(1) else { return };
        let present = if which == Which::Scatter { list.start } else { list.duration };
        let (first, end) = match present {
            None => (if by > 0 { 0 } else { last }, if by > 0 { 0 } else { last }),
            Some((from, to)) => {
                let first = steps.partition_point(|step| step.1 <= from).min(last);
                let end = steps.partition_point(|step| step.1 < to).min(last).max(first);
                let shift = |at: usize| at.saturating_add_signed(by as isize).min(last);
                if event.shift_key() { (first, shift(end).max(first)) } else { (shift(first), shift(end)) }
            }
        };
        if let (Some(first), Some(end)) = (steps.get(first), steps.get(end)) {
            set(Some((first.0, end.1)));
        }
    }
}

fn is_drag(from: (f64, f64), to: (f64, f64)) -> bool {
    (from.0 - to.0).abs() > CLICK
}

/// Durations of a bucket, both ends included.
fn bucket_range(bucket: &Bucket) -> (u64, u64) {
    (bucket.from, bucket.to.saturating_sub(1).max(bucket.from))
}

fn traces_text(count: u32, errors: u32) -> String {
    let noun = if count == 1 { "trace" } else { "traces" };
    let failed =
        if errors > 0 { format!(", {} with errors", format_count(errors.into())) } else { String::new() };
    format!("{} {noun}{failed}", format_count(count.into()))
}

/// The theme as plotters takes colours. A host page may write them in any way CSS knows: the canvas reads them.
fn chart_theme(theme: &Theme, context: &CanvasRenderingContext2d, scale: f64) -> ChartTheme {
    let colour = |css: &str| {
        context.set_fill_style_str(css);
        parse_colour(&context.fill_style().as_string().unwrap_or_default())
    };
    ChartTheme {
        background: colour(&theme.bg),
        grid: colour(&theme.line2),
        label: colour(&theme.mute),
        accent: colour(&theme.accent),
        error: colour(&theme.err),
        scale,
    }
}

/// `#rrggbb` or `rgba(r, g, b, a)`, which is all that a canvas gives back.
fn parse_colour(css: &str) -> RGBColor {
    if let Some(hex) = css.strip_prefix('#').and_then(|hex| u32::from_str_radix(hex, 16).ok()) {
        let [_, red, green, blue] = hex.to_be_bytes();
        return RGBColor(red, green, blue);
    }
    let inside = css.split_once('(').map_or("", |(_, inside)| inside);
    let mut parts = inside.split([',', ' ', ')']).filter_map(|part| part.trim().parse().ok());
    let mut part = || parts.next().unwrap_or_default();
    RGBColor(part(), part(), part())
}
