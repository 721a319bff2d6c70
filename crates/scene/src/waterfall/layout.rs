//! From rows to shapes.

use super::slice::{EventMark, MarkKind, PINNED, Row, WaterfallSlice};
use crate::facts::ErrorMark;
use crate::list::{DisplayList, Font, Grouped, Label, Op, Paint, Point, Rect, Segment};
use crate::text::{MeasureText, ellipsize, format_count, format_nanos, operation_name, service_name};
use crate::viewport::{Viewport, between, ticks};

/// What the user points at. Spans, not rows: they stay the same while rows are folded.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RowState {
    /// Selected span.
    pub selected: Option<u32>,
    /// Span of the row under the pointer.
    pub hovered: Option<u32>,
    /// Time under the pointer, in ns.
    pub cursor_time: Option<f64>,
}

/// Left edge to the first caret's middle.
const CARET_X: f64 = 22.5;
/// A level of the tree.
const INDENT: f64 = 16.0;
const NARROW_INDENT: f64 = 8.0;
/// Caret's middle to the dot, and to the text.
const DOT_X: f64 = 11.0;
const TEXT_X: f64 = 27.5;
const DOT: f64 = 10.0;
/// Half the width of a caret, and a little air.
const CARET: f64 = 8.0;
/// Text is kept this far from the column's right edge, where the error mark stands.
const MARK_ROOM: f64 = 26.0;
const MARK_X: f64 = 12.0;
/// Between service and operation.
const GAP: f64 = 7.0;
/// The least room that text is worth.
const LEAST_TEXT: f64 = 24.0;
/// Nothing vanishes.
const LEAST_BAR: f64 = 1.5;
const BAR_RADIUS: f64 = 3.0;
const CRITICAL: f64 = 2.5;
const DIAMOND: f64 = 5.0;
/// A log record: a line of text, upright.
const LOG: (f64, f64) = (3.0, 8.0);
/// An exemplar: a measured point.
const EXEMPLAR: f64 = 3.0;
/// From a bar to its duration.
const LABEL_GAP: f64 = 6.0;
/// Levels drawn at full width before deeper ones are pressed together.
const FULL_LEVELS: u32 = 20;

/// Where the parts of a row are. Drawing and hit testing ask the same functions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Geometry<'v> {
    pub(super) viewport: &'v Viewport,
}

/// A row as it stands on the screen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Placed<'s> {
    pub(super) row: &'s Row,
    pub(super) top: f64,
}

impl<'v> Geometry<'v> {
    pub(super) fn new(viewport: &'v Viewport) -> Self {
        Self { viewport }
    }

    fn indent(self) -> f64 {
        if self.viewport.narrow { NARROW_INDENT } else { INDENT }
    }

    /// Width of the place where names stand.
    pub(super) fn names(self) -> f64 {
        if self.viewport.narrow { self.viewport.width } else { self.viewport.name_width }
    }

    /// Levels that are indented: however deep the trace, names keep 40 % of the column.
    fn levels(self) -> u32 {
        let room = ((self.names() * 0.6 - CARET_X) / self.indent()).floor().max(0.0);
        FULL_LEVELS.min(room as u32)
    }

    /// Middle of the caret of a row at this depth. Deeper rows than [`Self::levels`] stand at the last level, and their
    /// depth is written in front.
    pub(super) fn caret_x(self, depth: u32) -> f64 {
        let base = if self.viewport.narrow { CARET_X - 8.0 } else { CARET_X };
        base + f64::from(depth.min(self.levels())) * self.indent()
    }

    fn pressed(self, depth: u32) -> bool {
        depth > self.levels()
    }

    /// Middle of the line of the name, below the row's top.
    pub(super) fn name_middle(self) -> f64 {
        if self.viewport.narrow { 13.0 } else { self.viewport.row_height / 2.0 }
    }

    /// Upper edge of the bar, below the row's top.
    pub(super) fn bar_top(self) -> f64 {
        let viewport = self.viewport;
        if viewport.narrow {
            (viewport.row_height - viewport.bar_height - 5.0).max(0.0)
        } else {
            ((viewport.row_height - viewport.bar_height) / 2.0).round()
        }
    }

    /// Left and right edge of the bar, never far outside of the screen: canvases lose precision there.
    pub(super) fn bar(self, row: &Row) -> (f64, f64) {
        let (left, right) = (-100.0, self.viewport.width + 100.0);
        let start = between(self.viewport.x(row.start), left, right);
        let end = between(self.viewport.x(row.end()), left, right);
        (start, end.max(start + LEAST_BAR))
    }

    /// The rows on the screen from top to bottom, without the pinned ones.
    pub(super) fn scrolled(self, slice: &WaterfallSlice) -> impl Iterator<Item = Placed<'_>> {
        let (first, last) = self.viewport.rows();
        let viewport = self.viewport;
        let skip = first.saturating_sub(slice.first_row) as usize;
        let take = last.saturating_sub(first.max(slice.first_row)) as usize;
        slice
            .rows
            .iter()
            .skip(skip)
            .take(take)
            .map(move |row| Placed { row, top: f64::from(row.row) * viewport.row_height - viewport.scroll })
    }

    /// The outermost ancestors that are scrolled away, from top to bottom: what all of this belongs to. One whose rows
    /// end is pushed out by what follows.
    pub(super) fn pinned(self, slice: &WaterfallSlice) -> Vec<Placed<'_>> {
        let (scroll, height) = (self.viewport.scroll, self.viewport.row_height);
        // Five rows of a screen of eight would leave nothing to pin them for.
        let most = PINNED.min((self.viewport.height / height / 3.0) as u32);
        let place = |level: u32| {
            let slot = f64::from(level) * height;
            let under = ((scroll + slot) / height).floor().max(0.0) as u32;
            let row = slice.ancestor(under, level)?;
            let pushed = f64::from(row.end_row) * height - scroll - height;
            Some(Placed { row, top: slot.min(pushed) })
        };
        (0..most).map_while(place).collect()
    }
}

/// How much of the canvas is covered by pinned rows: a row that is to be seen must stand below.
pub fn pinned_height(slice: &WaterfallSlice, viewport: &Viewport) -> f64 {
    covered(&Geometry::new(viewport).pinned(slice), viewport)
}

fn covered(pinned: &[Placed<'_>], viewport: &Viewport) -> f64 {
    pinned.iter().map(|placed| placed.top + viewport.row_height).fold(0.0, f64::max)
}

/// Shapes of rows, by layer.
#[derive(Debug, Default)]
struct Layers {
    backgrounds: Grouped<Rect>,
    guides: Vec<Segment>,
    depths: Vec<Label>,
    chips: Vec<Rect>,
    dots: Grouped<Rect>,
    dot_hatches: Vec<Rect>,
    hollow_dots: Grouped<Rect>,
    carets: Vec<[Point; 4]>,
    services: Vec<Label>,
    names: Grouped<Label>,
    origins: Vec<Point>,
    throughs: Vec<Point>,
    exclamations: Vec<Rect>,
    ties: Vec<Segment>,
    bars: Grouped<Rect>,
    hatches: Vec<Rect>,
    critical: Vec<Rect>,
    arrows: Vec<[Point; 4]>,
    events: Grouped<[Point; 4]>,
    log_edges: Vec<Rect>,
    logs: Grouped<Rect>,
    exemplars: Grouped<Point>,
    durations: Grouped<Label>,
}

/// The rows on the screen. The canvas begins under the ruler.
pub fn waterfall_layout(
    slice: &WaterfallSlice,
    viewport: &Viewport,
    state: &RowState,
    measure: &mut dyn MeasureText,
) -> DisplayList {
    let geometry = Geometry::new(viewport);
    let mut list = DisplayList::default();
    let (width, height) = (viewport.width, viewport.height);
    let pinned = geometry.pinned(slice);
    let covered = covered(&pinned, viewport);

    let grid = grid(viewport);
    let mut layers = Layers::default();
    for placed in geometry.scrolled(slice) {
        if placed.top + viewport.row_height > covered {
            layers.row(geometry, placed, state, measure);
        }
    }
    layers.flush(geometry, Rect::new(0.0, covered, width, height - covered), &grid, &mut list);

    if covered > 0.0 {
        let mut layers = Layers::default();
        list.rect(Paint::Bg, Rect::new(0.0, 0.0, width, covered));
        let mut above = 0.0;
        for &placed in &pinned {
            let bottom = placed.top + viewport.row_height;
            if placed.top >= above {
                layers.row(geometry, placed, state, measure);
            } else if bottom > above {
                // On its way out, it goes behind the one above.
                let mut leaving = Layers::default();
                leaving.row(geometry, placed, state, measure);
                leaving.flush(geometry, Rect::new(0.0, above, width, bottom - above), &grid, &mut list);
            }
            above = bottom.max(above);
        }
        layers.flush(geometry, Rect::new(0.0, 0.0, width, covered), &grid, &mut list);
        let segments = vec![Segment::new(0.0, covered + 0.5, width, covered + 0.5)];
        list.push(Op::Lines { paint: Paint::Line, width: 1.0, dashed: false, segments });
    }
    if let Some(time) = state.cursor_time {
        let x = viewport.x(time).floor() + 0.5;
        if x >= viewport.name_width && x <= width {
            let segments = vec![Segment::new(x, 0.0, x, height)];
            list.push(Op::Lines { paint: Paint::Accent, width: 1.0, dashed: false, segments });
        }
    }
    if viewport.name_width > 0.0 {
        let x = viewport.name_width + 0.5;
        let segments = vec![Segment::new(x, 0.0, x, height)];
        list.push(Op::Lines { paint: Paint::Line, width: 1.0, dashed: false, segments });
    }
    list
}

fn grid(viewport: &Viewport) -> Vec<Segment> {
    ticks(viewport.start, viewport.end, viewport.plot_width())
        .iter()
        .map(|tick| viewport.x(tick.time).floor() + 0.5)
        .map(|x| Segment::new(x, 0.0, x, viewport.height))
        .collect()
}

/// The slot of the palette; the upper ten are the same with a hatch.
pub(crate) fn service(colour: u8) -> (Paint, bool) {
    (Paint::Service(colour % 10), colour >= 10)
}

impl Layers {
    fn row(
        &mut self,
        geometry: Geometry<'_>,
        placed: Placed<'_>,
        state: &RowState,
        measure: &mut dyn MeasureText,
    ) {
        let (row, top, viewport) = (placed.row, placed.top, geometry.viewport);
        let whole = Rect::new(0.0, top, viewport.width, viewport.row_height);
        if state.selected == Some(row.span) {
            self.backgrounds.add(Paint::AccentBg, whole);
        } else if state.hovered == Some(row.span) {
            self.backgrounds.add(Paint::Hover, whole);
        }
        self.tree(geometry, placed, measure);
        self.name(geometry, placed, measure);
        self.bar(geometry, placed, measure);
    }

    fn tree(&mut self, geometry: Geometry<'_>, placed: Placed<'_>, measure: &mut dyn MeasureText) {
        let (row, top) = (placed.row, placed.top);
        let caret = geometry.caret_x(row.depth);
        let middle = top + geometry.name_middle();
        let bottom = top + geometry.viewport.row_height;
        if !geometry.viewport.narrow {
            // A pressed row has its depth where the last levels' lines would be.
            let depth =
                if geometry.pressed(row.depth) { format_count(row.depth.into()) } else { String::new() };
            let width = if depth.is_empty() { 0.0 } else { measure.width(&depth, Font::Small) + GAP };
            for level in 0..row.depth.min(geometry.levels()) {
                let x = geometry.caret_x(level).floor() + 0.5;
                if x + 2.0 < caret - CARET - width || depth.is_empty() {
                    self.guides.push(Segment::new(x, top, x, bottom));
                }
            }
            if row.has_children && !row.collapsed && !geometry.pressed(row.depth + 1) {
                // Its own children's line begins under the caret.
                let x = caret.floor() + 0.5;
                self.guides.push(Segment::new(x, middle + 8.0, x, bottom));
            }
            if !depth.is_empty() {
                let (x, y) = (caret - CARET - width + GAP, (middle + 4.0).round());
                self.depths.push(Label { x, y, text: depth });
            }
        }
        if row.has_children {
            let at = |x: f64, y: f64| Point { x: caret + x, y: middle + y };
            self.carets.push(if row.collapsed {
                [at(-2.5, -4.0), at(2.5, 0.0), at(-2.5, 4.0), at(-2.5, 4.0)]
            } else {
                [at(-4.0, -2.5), at(4.0, -2.5), at(0.0, 2.5), at(0.0, 2.5)]
            });
        }
        let dot = Rect::new(caret + DOT_X, middle - DOT / 2.0, DOT, DOT);
        let (paint, hatched) = service(row.colour);
        if row.orphan {
            // Hollow: something is missing here, its parent.
            self.hollow_dots.add(paint, dot);
        } else {
            self.dots.add(paint, dot);
            if hatched {
                self.dot_hatches.push(dot);
            }
        }
    }

    fn name(&mut self, geometry: Geometry<'_>, placed: Placed<'_>, measure: &mut dyn MeasureText) {
        let (row, middle) = (placed.row, placed.top + geometry.name_middle());
        let baseline = (middle + 4.5).round();
        let right = geometry.names() - MARK_ROOM;
        let x = geometry.caret_x(row.depth) + TEXT_X;
        let hidden = if row.collapsed {
            format!("+{}", format_count(u64::from(row.descendants)))
        } else {
            String::new()
        };
        let hidden_width = if hidden.is_empty() { 0.0 } else { measure.width(&hidden, Font::Regular) + GAP };
        let room = (right - x - hidden_width).max(0.0);

        let service = service_name(&row.service);
        let name = operation_name(&row.name);
        // A long service leaves the operation a third of the room, since that tells siblings apart.
        let (service_wish, name_wish) =
            (measure.width(service, Font::Bold), measure.width(name, Font::Regular));
        let service_room = if service_wish + GAP + name_wish <= room {
            service_wish
        } else {
            service_wish.min((room - GAP - name_wish.min(room / 3.0)).max(0.0))
        };
        let service = ellipsize(service, service_room, Font::Bold, measure);
        let mut after = x;
        if !service.is_empty() {
            after += measure.width(&service, Font::Bold);
            self.services.push(Label { x, y: baseline, text: service.into_owned() });
            after += GAP;
        }
        let name_room = (x + room - after).max(0.0);
        let name = if name_wish <= name_room || name_room >= LEAST_TEXT {
            ellipsize(name, name_room, Font::Regular, measure)
        } else {
            "".into()
        };
        if !name.is_empty() {
            let width = measure.width(&name, Font::Regular);
            let paint = if row.matched { Paint::Accent } else { Paint::Mute };
            if row.matched {
                self.chips.push(Rect::new(after - 3.0, middle - 9.0, width + 6.0, 18.0));
            }
            self.names.add(paint, Label { x: after, y: baseline, text: name.into_owned() });
            after += width + GAP;
        }
        if !hidden.is_empty() {
            self.names.add(
                Paint::Mute,
                Label { x: after.min(right - hidden_width + GAP), y: baseline, text: hidden },
            );
        }

        let mark = Point { x: geometry.names() - MARK_X, y: middle };
        match row.mark {
            ErrorMark::Origin => {
                self.origins.push(mark);
                // An exclamation mark as two strokes: at this size no font draws it in the middle.
                self.exclamations.push(Rect::new(mark.x - 0.75, mark.y - 3.0, 1.5, 3.75));
                self.exclamations.push(Rect::new(mark.x - 0.75, mark.y + 1.75, 1.5, 1.5));
            }
            ErrorMark::Through => self.throughs.push(mark),
            ErrorMark::None if row.hidden_error => self.throughs.push(mark),
            ErrorMark::None => {}
        }
    }

    fn bar(&mut self, geometry: Geometry<'_>, placed: Placed<'_>, measure: &mut dyn MeasureText) {
        let (row, viewport) = (placed.row, geometry.viewport);
        let (left, right) = geometry.bar(row);
        let bar_top = placed.top + geometry.bar_top();
        let bar = Rect::new(left, bar_top, right - left, viewport.bar_height);
        let (paint, hatched) = service(row.colour);
        self.tie(geometry, placed, bar);
        self.duration(geometry, row, bar, measure);
        let (from, to) = (viewport.name_width, viewport.width);
        if right < from || left > to {
            self.elsewhere(from, to, right < from, bar_top + viewport.bar_height / 2.0);
            return;
        }
        self.bars.add(paint, bar);
        if hatched {
            self.hatches.push(bar);
        }
        if row.no_end {
            // It goes on, nobody knows how far: strokes that grow thinner.
            for (offset, width) in [(2.0, 4.0), (8.0, 3.0), (13.0, 2.0)] {
                self.bars.add(paint, Rect::new(right + offset, bar_top, width, viewport.bar_height));
            }
        }
        for &(start, end) in &row.critical {
            // Within the bar, which may itself be wider than its time.
            let start = between(viewport.x(start), left, right - LEAST_BAR);
            let end = between(viewport.x(end), start + LEAST_BAR, right);
            if end >= viewport.name_width && start <= viewport.width {
                self.critical.push(Rect::new(start, bar.bottom() - CRITICAL + 1.0, end - start, CRITICAL));
            }
        }
        for event in &row.events {
            let (x, y) = (viewport.x(event.time), bar_top + viewport.bar_height / 2.0);
            if x >= viewport.name_width - DIAMOND && x <= viewport.width + DIAMOND {
                self.mark(event, Point { x, y }, x >= bar.x && x <= bar.right());
            }
        }
    }

    fn mark(&mut self, event: &EventMark, centre: Point, on_bar: bool) {
        let Point { x, y } = centre;
        // Log records and measurements may come after the span's end.
        let quiet = if on_bar { Paint::OnService } else { Paint::Mute };
        match event.kind {
            MarkKind::Event => {
                let paint = if event.error { Paint::Error } else { Paint::OnService };
                let at = |dx: f64, dy: f64| Point { x: x + dx, y: y + dy };
                self.events
                    .add(paint, [at(0.0, -DIAMOND), at(DIAMOND, 0.0), at(0.0, DIAMOND), at(-DIAMOND, 0.0)]);
            }
            MarkKind::Log => {
                let (w, h) = LOG;
                let paint = if event.error { Paint::Error } else { quiet };
                if event.error && on_bar {
                    // Red is not far from some services' colours.
                    let (w, h) = (w + 2.0, h + 2.0);
                    self.log_edges.push(Rect::new(x - w / 2.0, y - h / 2.0, w, h));
                }
                self.logs.add(paint, Rect::new(x - w / 2.0, y - h / 2.0, w, h));
            }
            MarkKind::Exemplar => self.exemplars.add(quiet, centre),
        }
    }

    /// An arrow at the edge behind which the bar is.
    fn elsewhere(&mut self, from: f64, to: f64, is_left: bool, y: f64) {
        let (tip, back) = if is_left { (from + 4.0, from + 8.0) } else { (to - 4.0, to - 8.0) };
        let base = Point { x: back, y: y + 4.0 };
        self.arrows.push([Point { x: tip, y }, Point { x: back, y: y - 4.0 }, base, base]);
    }

    /// Right of the bar; inside at its end where there is no room; left of it as the last resort. Events push it aside.
    fn duration(&mut self, geometry: Geometry<'_>, row: &Row, bar: Rect, measure: &mut dyn MeasureText) {
        let viewport = geometry.viewport;
        let text = if row.no_end { "no end".to_owned() } else { format_nanos(row.duration) };
        let width = measure.width(&text, Font::Small);
        let y = (bar.y + bar.h / 2.0 + 4.0).round();
        // Not in the last pixels, where a scrollbar may lie over the rows.
        let (from, to) = (viewport.name_width, viewport.plot().1 + 4.0);
        if bar.right() < from || bar.x > to {
            return;
        }
        let tail = if row.no_end { 15.0 } else { 0.0 };
        let over = |label: f64, event: f64| event + DIAMOND > label && event - DIAMOND < label + width;
        // Events come in the order of time. Those that end left of the label are most, and never in its way.
        let right = bar.right() + tail + LABEL_GAP;
        let near = row.events.partition_point(|event| viewport.x(event.time) + DIAMOND <= right);
        let events = row.events.get(near..).unwrap_or_default().iter().map(|event| viewport.x(event.time));
        let right = events.fold(right, |label, x| if over(label, x) { x + DIAMOND + 2.0 } else { label });
        let end = bar.right().min(to) - LABEL_GAP - width;
        let least = bar.x.max(from) + LABEL_GAP;
        if right + width <= to {
            self.durations.add(Paint::Mute, Label { x: right, y, text });
        } else if end >= least {
            let events = row.events.iter().rev().map(|event| viewport.x(event.time));
            let clear =
                events.fold(end, |label, x| if over(label, x) { x - DIAMOND - 2.0 - width } else { label });
            let inside = if clear >= least { clear } else { end };
            self.durations.add(Paint::OnService, Label { x: inside, y, text });
        } else if bar.x - LABEL_GAP - width >= from {
            self.durations.add(Paint::Mute, Label { x: bar.x - LABEL_GAP - width, y, text });
        }
    }

    /// From the parent's end down to work that goes on after it.
    fn tie(&mut self, geometry: Geometry<'_>, placed: Placed<'_>, bar: Rect) {
        let (viewport, row) = (geometry.viewport, placed.row);
        let (Some(detached), Some(parent_row)) = (row.detached, row.parent_row) else { return };
        let x = viewport.x(detached.parent_end);
        // A tie as short as this would only be a smudge at the bar's end.
        if viewport.x(row.end()) - x < 4.0 || x > viewport.width || bar.right() < viewport.name_width {
            return;
        }
        let x = between(x, -100.0, viewport.width);
        let parent_top = f64::from(parent_row) * viewport.row_height - viewport.scroll + geometry.bar_top();
        let from = (parent_top + viewport.bar_height).max(-100.0);
        let middle = bar.y + bar.h / 2.0;
        if bar.x > x {
            self.ties.push(Segment::new(x, from, x, middle));
            self.ties.push(Segment::new(x, middle, bar.x, middle));
        } else {
            self.ties.push(Segment::new(x, from, x, bar.y));
        }
    }

    fn flush(mut self, geometry: Geometry<'_>, area: Rect, grid: &[Segment], list: &mut DisplayList) {
        let viewport = geometry.viewport;
        list.push(Op::PushClip(area));
        self.backgrounds.flush(list, |paint, rects| Op::Rects { paint, radius: 0.0, rects });
        list.push(Op::Lines { paint: Paint::Line2, width: 1.0, dashed: false, segments: grid.to_vec() });
        list.push(Op::Lines { paint: Paint::Line, width: 1.0, dashed: false, segments: self.guides });
        list.push(Op::Texts { paint: Paint::Mute, font: Font::Small, labels: self.depths });
        list.push(Op::Rects { paint: Paint::AccentBg, radius: 4.0, rects: self.chips });
        self.dots.flush(list, |paint, rects| Op::Rects { paint, radius: 3.0, rects });
        list.push(Op::Hatch { radius: 3.0, rects: self.dot_hatches });
        self.hollow_dots.flush(list, |paint, rects| Op::Outlines { paint, width: 2.0, radius: 3.0, rects });
        list.push(Op::Polygons { paint: Paint::Mute, polygons: self.carets });
        list.push(Op::Texts { paint: Paint::Text, font: Font::Bold, labels: self.services });
        self.names.flush(list, |paint, labels| Op::Texts { paint, font: Font::Regular, labels });
        list.push(Op::Discs { paint: Paint::Error, radius: 5.5, centres: self.origins });
        list.push(Op::Rects { paint: Paint::OnError, radius: 0.0, rects: self.exclamations });
        list.push(Op::Rings { paint: Paint::Error, radius: 4.25, width: 1.5, centres: self.throughs });
        let plot = Rect::new(viewport.name_width, area.y, viewport.width - viewport.name_width, area.h);
        list.push(Op::PushClip(plot));
        list.push(Op::Lines { paint: Paint::Faint, width: 1.0, dashed: true, segments: self.ties });
        self.bars.flush(list, |paint, rects| Op::Rects { paint, radius: BAR_RADIUS, rects });
        list.push(Op::Hatch { radius: BAR_RADIUS, rects: self.hatches });
        list.push(Op::Rects { paint: Paint::Ink, radius: 0.0, rects: self.critical });
        list.push(Op::Polygons { paint: Paint::Faint, polygons: self.arrows });
        self.events.flush(list, |paint, polygons| Op::Polygons { paint, polygons });
        list.push(Op::Rects { paint: Paint::OnService, radius: 2.0, rects: self.log_edges });
        self.logs.flush(list, |paint, rects| Op::Rects { paint, radius: 1.0, rects });
        self.exemplars.flush(list, |paint, centres| Op::Rings {
            paint,
            radius: EXEMPLAR,
            width: 1.5,
            centres,
        });
        self.durations.flush(list, |paint, labels| Op::Texts { paint, font: Font::Small, labels });
        list.push(Op::PopClip);
        list.push(Op::PopClip);
    }
}

/// Half the size of an event's mark, for the pointer a little more.
pub(super) const EVENT_REACH: f64 = DIAMOND + 2.0;
