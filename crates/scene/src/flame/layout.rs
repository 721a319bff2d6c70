//! From boxes to shapes, and back.

use super::slice::{FlameBox, FlameSlice};
use crate::list::{DisplayList, Font, Grouped, Label, Op, Paint, Rect, Segment};
use crate::text::{MeasureText, ellipsize, format_nanos};
use crate::viewport::{LEAST_WINDOW, Viewport, between};
use crate::waterfall::service;

/// What the user points at.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FlameState {
    /// Under the pointer: place in [`FlameSlice::boxes`].
    pub hovered: Option<usize>,
    /// Selected, by [`FlameBox::id`].
    pub selected: Option<u32>,
    /// Time under the pointer, in ns.
    pub cursor_time: Option<f64>,
}

/// Between boxes, so that neighbours of one colour are told apart.
const GAP: f64 = 1.0;
const RADIUS: f64 = 3.0;
const PAD: f64 = 8.0;
/// The least room that text is worth.
const LEAST_TEXT: f64 = 16.0;
const TEXT_GAP: f64 = 6.0;
const TIME_GAP: f64 = 10.0;
const LEAST_BOX: f64 = 1.0;

/// The whole width is the plot: a box that is the whole axis touches both edges.
fn x(viewport: &Viewport, time: f64) -> f64 {
    (time - viewport.start) * viewport.width / (viewport.end - viewport.start).max(LEAST_WINDOW)
}

fn place(of: &FlameBox, viewport: &Viewport) -> Rect {
    let (left, right) = (-100.0, viewport.width + 100.0);
    let start = between(x(viewport, of.start), left, right);
    let end = between(x(viewport, of.end), left, right);
    // A box gives its gap from its own width, but never the last pixel.
    let width = (end - start - GAP).max(LEAST_BOX);
    let top = f64::from(of.lane) * viewport.row_height - viewport.scroll;
    Rect::new(start, top + 1.0, width, viewport.row_height - 2.0)
}

/// Boxes of the lanes on the screen.
fn visible<'s>(
    slice: &'s FlameSlice,
    viewport: &Viewport,
) -> impl Iterator<Item = (usize, &'s FlameBox)> + use<'s> {
    let (first, last) = viewport.rows();
    let from = slice.boxes.partition_point(|of| of.lane < first);
    let to = slice.boxes.partition_point(|of| of.lane < last);
    let (start, end) = (viewport.start, viewport.end);
    slice
        .boxes
        .get(from..to)
        .unwrap_or(&[])
        .iter()
        .enumerate()
        .map(move |(i, of)| (from + i, of))
        .filter(move |(_, of)| of.end >= start && of.start <= end)
}

/// The boxes on the screen. Uses the viewport's `width`, `height`, `start`, `end`, `scroll` and `row_height`.
pub fn flame_layout(
    slice: &FlameSlice,
    viewport: &Viewport,
    state: &FlameState,
    measure: &mut dyn MeasureText,
) -> DisplayList {
    let mut list = DisplayList::default();
    let mut boxes: Grouped<Rect> = Grouped::default();
    let mut slivers: Grouped<Rect> = Grouped::default();
    let mut hatches = Vec::new();
    let mut dimmed = Vec::new();
    let mut matches = Vec::new();
    let mut failed = Vec::new();
    let mut services = Vec::new();
    let mut names = Vec::new();
    let mut times = Vec::new();
    let mut pointed = Vec::new();
    let mut chosen = Vec::new();
    for (at, of) in visible(slice, viewport) {
        let rect = place(of, viewport);
        let (paint, hatched) = service(of.colour);
        // Rounding a corner costs a path four curves; below this nobody sees it.
        let shapes = if rect.w > 4.0 { &mut boxes } else { &mut slivers };
        shapes.add(paint, rect);
        if hatched && rect.w > 4.0 {
            hatches.push(rect);
        }
        if of.error {
            failed.push(Rect::new(rect.x, rect.bottom() - 3.0, rect.w, 3.0));
        }
        if slice.searching {
            if of.matched { matches.push(rect) } else { dimmed.push(rect) }
        }
        if state.selected == Some(of.id) && of.merged == 1 {
            chosen.push(rect);
        }
        if state.hovered == Some(at) {
            pointed.push(rect);
        }
        label(of, rect, viewport, measure, &mut services, &mut names, &mut times);
    }
    list.push(Op::PushClip(Rect::new(0.0, 0.0, viewport.width, viewport.height)));
    boxes.flush(&mut list, |paint, rects| Op::Rects { paint, radius: RADIUS, rects });
    slivers.flush(&mut list, |paint, rects| Op::Rects { paint, radius: 0.0, rects });
    list.push(Op::Hatch { radius: RADIUS, rects: hatches });
    list.push(Op::Rects { paint: Paint::Error, radius: 0.0, rects: failed });
    list.push(Op::Texts { paint: Paint::OnService, font: Font::SmallBold, labels: services });
    list.push(Op::Texts { paint: Paint::OnService, font: Font::Small, labels: names });
    list.push(Op::Texts { paint: Paint::OnServiceMute, font: Font::Small, labels: times });
    list.push(Op::Rects { paint: Paint::Shade, radius: RADIUS, rects: dimmed });
    list.push(Op::Outlines { paint: Paint::Accent, width: 2.0, radius: RADIUS, rects: matches });
    list.push(Op::Outlines { paint: Paint::Text, width: 1.0, radius: RADIUS, rects: pointed });
    list.push(Op::Outlines { paint: Paint::Ink, width: 2.0, radius: RADIUS, rects: chosen });
    if let Some(time) = state.cursor_time {
        let x = x(viewport, time).floor() + 0.5;
        let segments = vec![Segment::new(x, 0.0, x, viewport.height)];
        list.push(Op::Lines { paint: Paint::Accent, width: 1.0, dashed: false, segments });
    }
    list.push(Op::PopClip);
    list
}

/// Service, operation and time, as far as there is room; at the left edge of the screen where the box begins before it.
fn label(
    of: &FlameBox,
    rect: Rect,
    viewport: &Viewport,
    measure: &mut dyn MeasureText,
    services: &mut Vec<Label>,
    names: &mut Vec<Label>,
    times: &mut Vec<Label>,
) {
    let Some((service, name)) = &of.label else { return };
    let left = rect.x.max(0.0) + PAD;
    let right = rect.right().min(viewport.width) - PAD;
    if right - left < LEAST_TEXT {
        return;
    }
    let y = (rect.y + rect.h / 2.0 + 4.0).round();
    let mut x = left;
    let service = ellipsize(service, right - x, Font::SmallBold, measure);
    if !service.is_empty() {
        let width = measure.width(&service, Font::SmallBold);
        let cut = service.ends_with('…');
        services.push(Label { x, y, text: service.into_owned() });
        if cut {
            return;
        }
        x += width + TEXT_GAP;
    }
    if right - x < LEAST_TEXT {
        return;
    }
    let count = if of.count > 1 {
        format!("{name} × {}", crate::format_count(of.count.into()))
    } else {
        name.clone()
    };
    let name = ellipsize(&count, right - x, Font::Small, measure);
    if name.is_empty() {
        return;
    }
    let width = measure.width(&name, Font::Small);
    let cut = name.len() < count.len();
    names.push(Label { x, y, text: name.into_owned() });
    x += width + TIME_GAP;
    let time = format_nanos(of.total);
    if !cut && x + measure.width(&time, Font::Small) <= right {
        times.push(Label { x, y, text: time });
    }
}

/// Place in [`FlameSlice::boxes`] of what is at a pixel; slivers are found a little beside them too.
pub fn flame_hit(slice: &FlameSlice, viewport: &Viewport, at: f64, y: f64) -> Option<usize> {
    if at < 0.0 || y < 0.0 || at >= viewport.width || y >= viewport.height {
        return None;
    }
    let lane = ((y + viewport.scroll) / viewport.row_height).floor() as u32;
    let first = slice.boxes.partition_point(|of| of.lane < lane);
    let lane =
        slice.boxes.get(first..first + slice.boxes.get(first..)?.partition_point(|of| of.lane == lane))?;
    // The last box that begins at or before the pixel, and the next one.
    let next = lane.partition_point(|of| x(viewport, of.start) <= at);
    let distance = |i: &usize| {
        let rect = lane.get(*i).map(|of| place(of, viewport))?;
        let beside = (rect.x - at).max(at - rect.right()).max(0.0);
        (beside <= 1.5).then_some(beside)
    };
    let found = [next.checked_sub(1), Some(next)].into_iter().flatten();
    let found = found.filter_map(|i| distance(&i).map(|beside| (i, beside)));
    found.min_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(i, _)| first + i)
}
