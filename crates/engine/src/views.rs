//! The views of one trace, over data derived once.

use analysis::{ClockGap, CriticalPath, FlameTree, ServiceShare, TraceAnalysis, Weight};
use scene::{
    ErrorMark, Facts, FlameFacts, FlameIndex, FlameMode, FlameRequest, FlameSlice, MergedBox, MinimapSlice,
    VisibleRows, WaterfallRequest, WaterfallSlice, flame_slice, minimap_slice, waterfall_slice,
};
use store::{Column, Idx as _, Numbers, ServiceIdx, SpanIdx, TraceIdx, TraceStore};

use crate::clocks;
use crate::open::Open;
use crate::search::Search;
use crate::{CriticalShare, Failure, Fold, RowsInfo, StepAmong, TraceHead};

/// Rows or lanes in one answer: many times what a screen holds, and little enough to send.
const MOST_ROWS: u32 = 5_000;
/// Pixels of a view: many times what a screen has.
const MOST_PIXELS: f64 = 100_000.0;
/// Folded spans that are told, for the link.
const MOST_FOLDED: usize = 200;

/// Views of two traces: the one on screen, and the one a step back leads to. More would be memory for nothing.
#[derive(Debug, Default)]
pub(crate) struct Views {
    latest: Option<View>,
    before: Option<View>,
}

impl Views {
    /// Made at first need.
    pub(crate) fn of(&mut self, store: &TraceStore, trace: TraceIdx) -> &mut View {
        let view = match self.latest.take() {
            Some(view) if view.trace == trace => view,
            other => {
                let known = self.before.take().filter(|view| view.trace == trace);
                self.before = other;
                known.unwrap_or_else(|| View::new(store, trace))
            }
        };
        self.latest.insert(view)
    }
}

/// What the views of a trace need, and how it is folded.
#[derive(Debug)]
pub(crate) struct View {
    trace: TraceIdx,
    first: SpanIdx,
    analysis: TraceAnalysis,
    shares: Vec<ServiceShare>,
    /// Spans in which an error began.
    origins: Vec<SpanIdx>,
    /// Where clocks differ, by place.
    gaps: Vec<ClockGap>,
    rows: VisibleRows,
    in_time: Option<FlameIndex>,
    merged: Option<Merged>,
    minimap: Option<((f64, f64), MinimapSlice)>,
}

impl View {
    fn new(store: &TraceStore, trace: TraceIdx) -> Self {
        let of = store.trace(trace);
        let analysis = analysis::analyze(store, trace);
        let shares = analysis::critical_by_service(store, trace, &analysis.critical);
        let began = |mark: &analysis::ErrorMark| *mark == analysis::ErrorMark::Origin;
        let origins =
            of.indices().zip(&analysis.marks).filter(|(_, mark)| began(mark)).map(|(span, _)| span).collect();
        Self {
            trace,
            first: of.spans.start,
            analysis,
            shares,
            origins,
            gaps: analysis::clock_gaps(store, trace),
            rows: VisibleRows::new(store, trace),
            in_time: None,
            merged: None,
            minimap: None,
        }
    }

    fn place(&self, span: SpanIdx) -> usize {
        span.0.wrapping_sub(self.first.0) as usize
    }

    pub(crate) fn self_time(&self, span: SpanIdx) -> u64 {
        self.analysis.self_time.get(self.place(span)).copied().unwrap_or(0)
    }

    pub(crate) fn mark(&self, span: SpanIdx) -> ErrorMark {
        match self.analysis.marks.get(self.place(span)) {
            None | Some(analysis::ErrorMark::None) => ErrorMark::None,
            Some(analysis::ErrorMark::Origin) => ErrorMark::Origin,
            Some(analysis::ErrorMark::Through) => ErrorMark::Through,
        }
    }

    pub(crate) fn clock_gap(&self, span: SpanIdx) -> Option<ClockGap> {
        let found = self.gaps.binary_search_by_key(&span, |gap| gap.span).ok()?;
        self.gaps.get(found).copied()
    }

    pub(crate) fn critical(&self) -> &CriticalPath {
        &self.analysis.critical
    }

    fn in_time(&mut self, store: &TraceStore) -> &FlameIndex {
        let trace = self.trace;
        self.in_time.get_or_insert_with(|| {
            let lanes = analysis::lanes(store, trace);
            FlameIndex::in_time(store, trace, &lanes.lane, lanes.count)
        })
    }

    /// Tells how it is folded, and of the span or its nearest visible ancestor.
    fn info(&self, store: &TraceStore, span: Option<SpanIdx>, ordinal: Option<(u32, u32)>) -> RowsInfo {
        let row = span.and_then(|span| self.rows.row_of(span));
        let span = row.and_then(|row| self.rows.span(row));
        let mut folded: Vec<u32> = self.rows.folded().map(|span| span.0).take(MOST_FOLDED + 1).collect();
        if folded.len() > MOST_FOLDED {
            folded.clear();
        }
        let time = span.map_or((0, 0), |span| (store.start(span), store.duration(span)));
        let folded_ids = folded.iter().map(|&span| store.span_id(SpanIdx(span)).to_string()).collect();
        RowsInfo {
            total: self.rows.len(),
            span: span.map(|span| span.0),
            row,
            time,
            ordinal,
            folded,
            folded_ids,
        }
    }
}

/// The merged flame graph.
#[derive(Debug)]
struct Merged {
    tree: FlameTree,
    index: FlameIndex,
    /// The node of each span, by place: made for the first search.
    nodes: Option<Vec<u32>>,
}

impl Merged {
    fn new(store: &TraceStore, trace: TraceIdx, analysis: &TraceAnalysis) -> Self {
        let tree =
            analysis::flame_tree(store, trace, &analysis.self_time, &analysis.critical, Weight::Duration);
        let boxes: Vec<MergedBox> = tree
            .nodes
            .iter()
            .map(|node| MergedBox { depth: node.depth, width: node.width, error: node.error_count > 0 })
            .collect();
        Self { index: FlameIndex::merged(&boxes), tree, nodes: None }
    }

    /// Nodes that hold a match.
    fn matched(&mut self, store: &TraceStore, trace: TraceIdx, search: &Search) -> Vec<bool> {
        let tree = &self.tree;
        let nodes = self.nodes.get_or_insert_with(|| nodes_of(store, trace, tree));
        let spans = &store.trace(trace).spans;
        let mut matched = vec![false; tree.nodes.len()];
        for span in search.within(spans) {
            let node = nodes.get((span.0 - spans.start.0) as usize).copied().unwrap_or(u32::MAX);
            if let Some(slot) = matched.get_mut(node as usize) {
                *slot = true;
            }
        }
        matched
    }
}

/// The node of each span: that of its parent, service and operation.
fn nodes_of(store: &TraceStore, trace: TraceIdx, tree: &FlameTree) -> Vec<u32> {
    let by_path: Numbers<_> = tree.nodes.iter().map(|node| (node.parent, node.service, node.name)).collect();
    let of = store.trace(trace);
    let mut nodes: Vec<u32> = Vec::with_capacity(of.span_count());
    for span in of.indices() {
        let parent =
            store.parent(span).and_then(|parent| nodes.get((parent.0 - of.spans.start.0) as usize).copied());
        let path = (parent, store.service_idx(span), store.name_idx(span));
        nodes.push(by_path.find(&path).unwrap_or(u32::MAX));
    }
    nodes
}

/// What a slice asks about spans.
struct SpanFacts<'a> {
    store: &'a TraceStore,
    colours: &'a Column<ServiceIdx, analysis::ColourSlot>,
    search: Option<&'a Search>,
    view: &'a View,
}

impl Facts for SpanFacts<'_> {
    fn colour(&self, span: SpanIdx) -> u8 {
        slot(self.colours, self.store.service_idx(span))
    }

    fn self_time(&self, span: SpanIdx) -> u64 {
        self.view.self_time(span)
    }

    fn mark(&self, span: SpanIdx) -> ErrorMark {
        self.view.mark(span)
    }

    fn critical(&self, span: SpanIdx, subtree: bool, sections: &mut Vec<(u64, u64)>) {
        let critical = self.view.critical();
        if subtree {
            sections.extend(critical.of_subtree(span).map(|section| (section.start, section.end)));
        } else {
            sections.extend(critical.of(span).map(|section| (section.start, section.end)));
        }
    }

    fn matched(&self, span: SpanIdx) -> bool {
        self.search.is_some_and(|search| search.contains(span))
    }

    fn searching(&self) -> bool {
        self.search.is_some()
    }
}

impl FlameFacts for SpanFacts<'_> {
    fn colour(&self, id: u32) -> u8 {
        Facts::colour(self, SpanIdx(id))
    }

    fn label(&self, id: u32) -> (&str, &str) {
        (self.store.service(SpanIdx(id)), self.store.name(SpanIdx(id)))
    }

    fn counts(&self, id: u32) -> (u32, u32) {
        (1, u32::from(self.store.is_error(SpanIdx(id))))
    }

    fn times(&self, id: u32) -> (u64, u64, u64) {
        let span = SpanIdx(id);
        (self.store.duration(span), self.view.self_time(span), self.view.critical().total(span))
    }

    fn matched(&self, id: u32) -> bool {
        Facts::matched(self, SpanIdx(id))
    }

    fn searching(&self) -> bool {
        self.search.is_some()
    }
}

/// What a slice asks about nodes of the merged flame graph.
struct NodeFacts<'a> {
    store: &'a TraceStore,
    colours: &'a Column<ServiceIdx, analysis::ColourSlot>,
    tree: &'a FlameTree,
    matched: Option<Vec<bool>>,
}

impl NodeFacts<'_> {
    fn node(&self, id: u32) -> Option<&analysis::FlameNode> {
        self.tree.nodes.get(id as usize)
    }
}

impl FlameFacts for NodeFacts<'_> {
    fn colour(&self, id: u32) -> u8 {
        self.node(id).map_or(0, |node| slot(self.colours, node.service))
    }

    fn label(&self, id: u32) -> (&str, &str) {
        self.node(id).map_or(("", ""), |node| {
            (&self.store.services()[node.service], self.store.strings().get(node.name))
        })
    }

    fn counts(&self, id: u32) -> (u32, u32) {
        self.node(id).map_or((0, 0), |node| (node.count, node.error_count))
    }

    fn times(&self, id: u32) -> (u64, u64, u64) {
        self.node(id).map_or((0, 0, 0), |node| (node.total, node.self_time, node.critical))
    }

    fn matched(&self, id: u32) -> bool {
        self.matched.as_ref().is_some_and(|matched| matched.get(id as usize).is_some_and(|&matched| matched))
    }

    fn searching(&self) -> bool {
        self.matched.is_some()
    }
}

pub(crate) fn slot(colours: &Column<ServiceIdx, analysis::ColourSlot>, service: ServiceIdx) -> u8 {
    colours.as_slice().get(service.get()).map_or(0, |slot| slot.0)
}

/// A number from outside, in bounds.
pub(crate) fn bounded(value: f64, most: f64) -> f64 {
    if value.is_finite() { value.clamp(0.0, most) } else { 0.0 }
}

#[inline(never)]
pub(crate) fn head(open: &mut Open, trace: u32) -> Result<TraceHead, Failure> {
    let trace = open.trace_at(trace)?;
    let view = open.views.of(&open.store, trace);
    let lanes = view.in_time(&open.store).lanes();
    let total: u64 = view.shares.iter().map(|share| share.time).sum();
    let (row_count, error_origins) = (view.rows.len(), view.origins.len() as u32);
    let clocks = clocks::note(&open.store, &view.gaps);
    let shares: Vec<ServiceShare> = view.shares.clone();
    let critical = shares
        .into_iter()
        .map(|share| CriticalShare {
            service: open.service(share.service),
            time: share.time,
            share: share.time as f32 / total.max(1) as f32,
        })
        .collect();
    let store = &open.store;
    let of = store.trace(trace);
    Ok(TraceHead {
        trace: trace.0,
        trace_id: of.id.to_string(),
        root_service: store.service(of.root).to_owned(),
        root_name: store.name(of.root).to_owned(),
        span_count: of.span_count() as u32,
        service_count: of.service_count,
        error_count: of.error_count,
        error_origins,
        orphan_count: of.orphan_count,
        log_count: store.log_count_of(trace) as u32,
        clocks,
        depth: of.depth,
        start: of.start.0,
        duration: of.duration,
        critical,
        row_count,
        lanes,
        first_span: of.spans.start.0,
    })
}

#[inline(never)]
pub(crate) fn waterfall(
    open: &mut Open,
    trace: u32,
    request: &WaterfallRequest,
) -> Result<WaterfallSlice, Failure> {
    let trace = open.trace_at(trace)?;
    let Open { store, colours, search, views, .. } = open;
    let view = &*views.of(store, trace);
    let longest = store.trace(trace).duration as f64;
    let request = WaterfallRequest {
        first_row: request.first_row.min(view.rows.len()),
        row_count: request.row_count.min(MOST_ROWS),
        start: bounded(request.start, longest),
        end: bounded(request.end, longest),
        px: bounded(request.px, MOST_PIXELS),
    };
    let facts = SpanFacts { store, colours, search: search.as_ref(), view };
    Ok(waterfall_slice(store, trace, &facts, &view.rows, &request))
}

#[inline(never)]
pub(crate) fn minimap(open: &mut Open, trace: u32, width: f64, height: f64) -> Result<MinimapSlice, Failure> {
    let trace = open.trace_at(trace)?;
    let size = (bounded(width, MOST_PIXELS), bounded(height, MOST_PIXELS));
    let Open { store, colours, views, .. } = open;
    let view = views.of(store, trace);
    let known = view.minimap.take().filter(|(of, _)| *of == size);
    let (_, slice) = known.unwrap_or_else(|| {
        let facts = SpanFacts { store, colours, search: None, view };
        (size, minimap_slice(store, trace, &facts, size.0, size.1))
    });
    Ok(view.minimap.insert((size, slice)).1.clone())
}

#[inline(never)]
pub(crate) fn flame(open: &mut Open, trace: u32, request: &FlameRequest) -> Result<FlameSlice, Failure> {
    let trace = open.trace_at(trace)?;
    let request = FlameRequest {
        start: if request.start.is_finite() { request.start } else { 0.0 },
        end: if request.end.is_finite() { request.end } else { 0.0 },
        lane_count: request.lane_count.min(MOST_ROWS),
        px: bounded(request.px, MOST_PIXELS),
        ..*request
    };
    let Open { store, colours, search, views, .. } = open;
    let view = views.of(store, trace);
    if request.mode == FlameMode::Merged {
        let merged = view.merged.get_or_insert_with(|| Merged::new(store, trace, &view.analysis));
        let matched = search.as_ref().map(|search| merged.matched(store, trace, search));
        let facts = NodeFacts { store, colours, tree: &merged.tree, matched };
        return Ok(flame_slice(&merged.index, &facts, &request));
    }
    view.in_time(store);
    let Some(index) = &view.in_time else { return Ok(FlameSlice::default()) };
    let facts = SpanFacts { store, colours, search: search.as_ref(), view };
    Ok(flame_slice(index, &facts, &request))
}

#[inline(never)]
pub(crate) fn fold(open: &mut Open, trace: u32, fold: Fold) -> Result<RowsInfo, Failure> {
    let trace = open.trace_at(trace)?;
    let about = match fold {
        Fold::Toggle(span) | Fold::CloseSubtree(span) | Fold::OpenSubtree(span) => {
            Some(open.span_in(trace, span)?)
        }
        _ => None,
    };
    let Open { store, views, .. } = open;
    let view = views.of(store, trace);
    let rows = &mut view.rows;
    match (fold, about) {
        (Fold::Toggle(_), Some(span)) => rows.toggle(store, span),
        (Fold::CloseSubtree(_), Some(span)) => rows.fold_subtree(store, span, true),
        (Fold::OpenSubtree(_), Some(span)) => rows.fold_subtree(store, span, false),
        (Fold::CloseLevel, _) => rows.close_level(store),
        (Fold::OpenLevel, _) => rows.open_level(store),
        (Fold::CloseAll, _) => rows.fold_all(store, true),
        (Fold::OpenAll, _) => rows.fold_all(store, false),
        // A link may have been made over other files: what is not here is passed over.
        (Fold::Set(spans), _) => rows.set_folded(store, spans.into_iter().map(SpanIdx)),
        (Fold::Toggle(_) | Fold::CloseSubtree(_) | Fold::OpenSubtree(_), None) => {}
    }
    Ok(view.info(store, about, None))
}

#[inline(never)]
pub(crate) fn reveal(open: &mut Open, trace: u32, span: u32) -> Result<RowsInfo, Failure> {
    let trace = open.trace_at(trace)?;
    let span = open.span_in(trace, span)?;
    let Open { store, views, .. } = open;
    let view = views.of(store, trace);
    view.rows.reveal(store, span);
    Ok(view.info(store, Some(span), None))
}

#[inline(never)]
pub(crate) fn step(
    open: &mut Open,
    trace: u32,
    from: Option<u32>,
    by: i32,
    among: StepAmong,
) -> Result<RowsInfo, Failure> {
    let trace = open.trace_at(trace)?;
    let from = from.map(|span| open.span_in(trace, span)).transpose()?;
    let Open { store, views, search, .. } = open;
    let view = views.of(store, trace);
    let spans = match among {
        StepAmong::Rows => {
            let last = i64::from(view.rows.len()) - 1;
            let row = match from.and_then(|span| view.rows.row_of(span)) {
                Some(row) => i64::from(row) + i64::from(by),
                None if by < 0 => last + 1 + i64::from(by),
                None => i64::from(by) - 1,
            };
            let span = view.rows.span(row.clamp(0, last.max(0)) as u32);
            return Ok(view.info(store, span, None));
        }
        StepAmong::Matches => {
            search.as_ref().map_or(&[][..], |search| search.within(&store.trace(trace).spans))
        }
        StepAmong::Errors => view.origins.as_slice(),
    };
    let Some(at) = round(spans, from, by) else { return Ok(view.info(store, None, None)) };
    let ordinal = (at as u32 + 1, spans.len() as u32);
    let span = spans.get(at).copied();
    if let Some(span) = span {
        view.rows.reveal(store, span);
    }
    Ok(view.info(store, span, Some(ordinal)))
}

/// The place `by` further than `from` in a sorted ring.
fn round(spans: &[SpanIdx], from: Option<SpanIdx>, by: i32) -> Option<usize> {
    let count = i64::try_from(spans.len()).ok().filter(|&count| count > 0)?;
    let by = i64::from(by);
    let at = match from.map(|from| spans.binary_search(&from)) {
        Some(Ok(at)) => at as i64 + by,
        // Between two: the later one is one step on, the earlier one is one step back.
        Some(Err(next)) => next as i64 + if by > 0 { by - 1 } else { by },
        None if by < 0 => by,
        None => by - 1,
    };
    usize::try_from(at.rem_euclid(count)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_goes_round() {
        let check = |from: Option<u32>, by: i32, expected: Option<usize>| {
            let spans = [SpanIdx(2), SpanIdx(5), SpanIdx(9)];
            assert_eq!(round(&spans, from.map(SpanIdx), by), expected, "{from:?} {by}");
        };
        check(None, 1, Some(0));
        check(None, -1, Some(2));
        check(Some(2), 1, Some(1));
        check(Some(9), 1, Some(0));
        check(Some(2), -1, Some(2));
        check(Some(5), 0, Some(1));
        check(Some(0), 1, Some(0));
        check(Some(3), 1, Some(1));
        check(Some(3), -1, Some(0));
        check(Some(10), 2, Some(1));
        check(Some(2), i32::MIN, Some(1));
        assert_eq!(round(&[], None, 1), None);
    }
}
