//! From the store to the rows the page holds.

use otel::SpanKind;
use serde::{Deserialize, Serialize};
use store::{SpanFlags, SpanIdx, TraceIdx, TraceStore};

use super::marks;
use crate::facts::{ErrorMark, Facts};
use crate::rows::VisibleRows;

/// Levels that can be pinned at the top.
pub(super) const PINNED: u32 = 5;

/// Which rows and which time the page wants to hold: about three times what it shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WaterfallRequest {
    /// First row.
    pub first_row: u32,
    /// Rows.
    pub row_count: u32,
    /// In ns.
    pub start: f64,
    /// In ns.
    pub end: f64,
    /// Pixels between `start` and `end`: what is nearer than one is merged.
    pub px: f64,
}

/// Rows of the waterfall.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WaterfallSlice {
    /// All rows under the present folding.
    pub total_rows: u32,
    /// Row number of the first of `rows`.
    pub first_row: u32,
    /// In ns: sections and events are here from this time on.
    pub start: f64,
    /// In ns.
    pub end: f64,
    /// In ns.
    pub trace_duration: f64,
    /// The rows, in order.
    pub rows: Vec<Row>,
    /// The outermost ancestors of these rows that are not among them, in order: what can be pinned.
    pub ancestors: Vec<Row>,
}

impl WaterfallSlice {
    /// A row by its number.
    pub fn row(&self, row: u32) -> Option<&Row> {
        if row >= self.first_row {
            return self.rows.get((row - self.first_row) as usize);
        }
        let at = self.ancestors.binary_search_by_key(&row, |ancestor| ancestor.row).ok()?;
        self.ancestors.get(at)
    }

    /// The ancestor of a row at this depth, where both are in the slice.
    pub fn ancestor(&self, row: u32, depth: u32) -> Option<&Row> {
        let before = (row.checked_sub(self.first_row)?) as usize;
        self.rows.get(before).filter(|row| row.depth > depth)?;
        let is_it = |other: &&Row| other.depth == depth && other.end_row > row;
        let inside = self.rows.get(..before)?.iter().rev().find(is_it);
        inside.or_else(|| self.ancestors.iter().find(is_it))
    }

    /// The row of a span, where it is in the slice.
    pub fn row_of(&self, span: u32) -> Option<&Row> {
        let rows = if self.rows.first().is_some_and(|first| first.span <= span) {
            &self.rows
        } else {
            &self.ancestors
        };
        rows.get(rows.binary_search_by_key(&span, |row| row.span).ok()?)
    }
}

/// A row.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[expect(clippy::struct_field_names, reason = "row numbers, as opposed to spans")]
pub struct Row {
    /// The span.
    pub span: u32,
    /// Row number.
    pub row: u32,
    /// Row number after the last one below it.
    pub end_row: u32,
    /// 0 for roots.
    pub depth: u32,
    /// Service; empty where it has none.
    pub service: String,
    /// Operation.
    pub name: String,
    /// Colour slot.
    pub colour: u8,
    /// `SpanKind` in OTLP's numbers.
    pub kind: u8,
    /// In ns.
    pub start: f64,
    /// In ns.
    pub duration: f64,
    /// In ns.
    pub self_time: f64,
    /// Can be folded.
    pub has_children: bool,
    /// Is folded.
    pub collapsed: bool,
    /// Spans below it, at any depth.
    pub descendants: u32,
    /// What it has to do with a failure.
    pub mark: ErrorMark,
    /// Did something fail below it that its folding hides?
    pub hidden_error: bool,
    /// Sections of the critical path: start and end in ns.
    pub critical: Vec<(f64, f64)>,
    /// Events, log records and exemplars in the window, by time.
    pub events: Vec<EventMark>,
    /// Row number of the parent.
    pub parent_row: Option<u32>,
    /// Where it is not inside of its parent.
    pub detached: Option<Detached>,
    /// Its parent is not in the input.
    pub orphan: bool,
    /// It had no end time.
    pub no_end: bool,
    /// The search matches it.
    pub matched: bool,
}

impl Row {
    /// In ns.
    pub fn end(&self) -> f64 {
        self.start + self.duration
    }
}

/// Work that goes on after the parent has ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Detached {
    /// In ns.
    pub parent_end: f64,
}

/// What happened at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum MarkKind {
    /// An event of the span.
    #[default]
    Event,
    /// A log record that was written in the span; in a root that stands for its trace, also one of the trace that names
    /// no span.
    Log,
    /// A measurement that was kept as an example.
    Exemplar,
}

/// Something that happened, or several of a kind that are less than a pixel apart.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EventMark {
    /// What.
    pub kind: MarkKind,
    /// In ns, of the first.
    pub time: f64,
    /// Is one of them an exception, or as grave as an error?
    pub error: bool,
    /// How many.
    pub count: u32,
    /// The first in words; the first error's, if there is one. Empty for events.
    pub text: String,
}

/// The rows that were asked for.
pub fn waterfall_slice(
    store: &TraceStore,
    trace: TraceIdx,
    facts: &dyn Facts,
    rows: &VisibleRows,
    request: &WaterfallRequest,
) -> WaterfallSlice {
    let first_row = request.first_row.min(rows.len());
    let last_row = first_row.saturating_add(request.row_count).min(rows.len());
    let of = |row: u32| rows.span(row).map(|span| slice_row(store, trace, facts, rows, request, row, span));
    WaterfallSlice {
        total_rows: rows.len(),
        first_row,
        start: request.start,
        end: request.end,
        trace_duration: store.trace(trace).duration as f64,
        rows: (first_row..last_row).filter_map(of).collect(),
        ancestors: outer_ancestors(store, rows, first_row).into_iter().filter_map(of).collect(),
    }
}

/// The rows before the first one that have it, or what follows, below them. Every row of the slice that has an ancestor
/// before the slice shares it with the first one.
fn outer_ancestors(store: &TraceStore, rows: &VisibleRows, first_row: u32) -> Vec<u32> {
    let mut found = Vec::new();
    let mut above = rows.span(first_row).and_then(|span| store.parent(span));
    while let Some(ancestor) = above {
        if store.depth(ancestor) < PINNED {
            found.extend(rows.row_of(ancestor));
        }
        above = store.parent(ancestor);
    }
    found.reverse();
    found
}

fn slice_row(
    store: &TraceStore,
    trace: TraceIdx,
    facts: &dyn Facts,
    rows: &VisibleRows,
    request: &WaterfallRequest,
    row: u32,
    span: SpanIdx,
) -> Row {
    let collapsed = rows.is_folded(span);
    let parent = store.parent(span);
    let flags = store.flags(span);
    let detached = parent
        .map(|parent| store.end(parent))
        .filter(|&parent_end| store.end(span) > parent_end)
        .map(|parent_end| Detached { parent_end: parent_end as f64 });
    let mut sections = Vec::new();
    facts.critical(span, collapsed, &mut sections);
    Row {
        span: span.0,
        row,
        end_row: rows.subtree_end_row(store, span),
        depth: store.depth(span),
        service: store.service(span).to_owned(),
        name: shown(store.name(span)),
        colour: facts.colour(span),
        kind: store.kind(span) as u8,
        start: store.start(span) as f64,
        duration: store.duration(span) as f64,
        self_time: facts.self_time(span) as f64,
        has_children: store.has_children(span),
        collapsed,
        descendants: store.subtree_end(span).0 - span.0 - 1,
        mark: facts.mark(span),
        hidden_error: collapsed && store.subtree(span).skip(1).any(|below| store.is_error(below)),
        critical: merge_sections(&sections, request),
        events: marks::marks(store, trace, span, request),
        parent_row: parent.and_then(|parent| rows.row_of(parent)),
        detached,
        orphan: flags.contains(SpanFlags::ORPHAN),
        no_end: flags.contains(SpanFlags::NO_END),
        matched: facts.searching() && facts.matched(span),
    }
}

/// A name may be a megabyte of SQL; no screen shows that much of it.
pub(crate) fn shown(name: &str) -> String {
    name.chars().take(300).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

pub(super) fn pixel(request: &WaterfallRequest) -> f64 {
    if request.px > 0.0 { (request.end - request.start) / request.px } else { 0.0 }
}

/// Sections in the window; gaps of less than a pixel are closed.
fn merge_sections(sections: &[(u64, u64)], request: &WaterfallRequest) -> Vec<(f64, f64)> {
    let pixel = pixel(request);
    let mut merged: Vec<(f64, f64)> = Vec::new();
    for (start, end) in sections.iter().map(|&(start, end)| (start as f64, end as f64)) {
        if end < request.start || start > request.end {
            continue;
        }
        match merged.last_mut() {
            Some((_, last)) if start - *last < pixel => *last = last.max(end),
            _ => merged.push((start, end)),
        }
    }
    merged
}

/// The kind by its number in [`Row::kind`].
impl Row {
    /// Role in a request.
    pub fn span_kind(&self) -> SpanKind {
        SpanKind::from_number(u64::from(self.kind)).unwrap_or_default()
    }
}
