//! Which spans have a row under the present folding.

use store::{SpanIdx, TraceIdx, TraceStore};

/// The visible rows of a trace. Every change costs one pass over its spans.
///
/// ```text
///   a               row 0
///   └─ b  folded    row 1     c, d have no row; their nearest visible ancestor is b
///      └─ c
///         └─ d
///   └─ e            row 2
/// ```
#[derive(Clone, Debug)]
pub struct VisibleRows {
    first: u32,
    end: u32,
    /// One bit a span, by place.
    folded: Vec<u64>,
    /// Visible spans, in preorder.
    spans: Vec<u32>,
}

impl VisibleRows {
    /// Nothing folded.
    pub fn new(store: &TraceStore, trace: TraceIdx) -> Self {
        let range = store.trace(trace).spans.clone();
        let (first, end) = (range.start.0, range.end.0);
        let words = ((end - first) as usize).div_ceil(64);
        let mut rows = Self { first, end, folded: vec![0; words], spans: Vec::new() };
        rows.rebuild(store);
        rows
    }

    fn rebuild(&mut self, store: &TraceStore) {
        self.spans.clear();
        let mut next = self.first;
        while next < self.end {
            self.spans.push(next);
            let span = SpanIdx(next);
            next = if self.is_folded(span) { store.subtree_end(span).0 } else { next + 1 };
        }
    }

    /// Rows.
    pub fn len(&self) -> u32 {
        self.spans.len() as u32
    }

    /// Are there none?
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The span of a row.
    pub fn span(&self, row: u32) -> Option<SpanIdx> {
        self.spans.get(row as usize).copied().map(SpanIdx)
    }

    /// The row of a span, or of its nearest visible ancestor; `None` for spans of other traces.
    pub fn row_of(&self, span: SpanIdx) -> Option<u32> {
        if span.0 < self.first || span.0 >= self.end {
            return None;
        }
        // What is hidden follows directly on the folded ancestor that hides it.
        (self.spans.partition_point(|&visible| visible <= span.0) as u32).checked_sub(1)
    }

    /// Has it a row of its own?
    pub fn is_visible(&self, span: SpanIdx) -> bool {
        self.spans.binary_search(&span.0).is_ok()
    }

    /// The row after the last one below `span`.
    pub fn subtree_end_row(&self, store: &TraceStore, span: SpanIdx) -> u32 {
        let end = store.subtree_end(span).0;
        self.spans.partition_point(|&visible| visible < end) as u32
    }

    fn place(&self, span: SpanIdx) -> Option<(usize, u64)> {
        let place = span.0.checked_sub(self.first)?;
        (span.0 < self.end).then_some((place as usize / 64, 1 << (place % 64)))
    }

    /// Is it folded? It may be so inside of another folded one.
    pub fn is_folded(&self, span: SpanIdx) -> bool {
        self.place(span).is_some_and(|(word, bit)| self.folded.get(word).is_some_and(|bits| bits & bit != 0))
    }

    fn set(&mut self, store: &TraceStore, span: SpanIdx, folded: bool) {
        let Some((word, bit)) = self.place(span) else { return };
        if let Some(bits) = self.folded.get_mut(word) {
            // A leaf has nothing to fold; a mark on it would only lengthen links.
            if folded && store.has_children(span) { *bits |= bit } else { *bits &= !bit }
        }
    }

    /// Every folded span, in preorder.
    pub fn folded(&self) -> impl Iterator<Item = SpanIdx> + use<'_> {
        self.folded.iter().enumerate().flat_map(move |(word, &bits)| {
            let base = self.first + word as u32 * 64;
            let mut left = bits;
            std::iter::from_fn(move || {
                let bit = left.trailing_zeros();
                left &= left.wrapping_sub(1);
                (bit < 64).then(|| SpanIdx(base + bit))
            })
        })
    }

    /// Opens what is folded, folds what is open.
    pub fn toggle(&mut self, store: &TraceStore, span: SpanIdx) {
        let folded = self.is_folded(span);
        self.set(store, span, !folded);
        self.rebuild(store);
    }

    /// Folds or opens a span and everything below it.
    pub fn fold_subtree(&mut self, store: &TraceStore, span: SpanIdx, folded: bool) {
        if self.place(span).is_some() {
            for below in store.subtree(span) {
                self.set(store, below, folded);
            }
            self.rebuild(store);
        }
    }

    /// Folds or opens everything.
    pub fn fold_all(&mut self, store: &TraceStore, folded: bool) {
        for span in SpanIdx::range(SpanIdx(self.first)..SpanIdx(self.end)) {
            self.set(store, span, folded);
        }
        self.rebuild(store);
    }

    /// Shows spans down to `depth` (0: only roots).
    pub fn fold_to_depth(&mut self, store: &TraceStore, depth: u32) {
        for span in SpanIdx::range(SpanIdx(self.first)..SpanIdx(self.end)) {
            self.set(store, span, store.depth(span) >= depth);
        }
        self.rebuild(store);
    }

    /// Folds the deepest visible spans that are open.
    pub fn close_level(&mut self, store: &TraceStore) {
        let open = |rows: &Self, span| store.has_children(span) && !rows.is_folded(span);
        let visible = || self.spans.iter().copied().map(SpanIdx);
        let Some(depth) = visible().filter(|&span| open(self, span)).map(|span| store.depth(span)).max()
        else {
            return;
        };
        let level: Vec<SpanIdx> =
            visible().filter(|&span| store.depth(span) == depth && open(self, span)).collect();
        for span in level {
            self.set(store, span, true);
        }
        self.rebuild(store);
    }

    /// Opens the shallowest visible spans that are folded.
    pub fn open_level(&mut self, store: &TraceStore) {
        let visible = || self.spans.iter().copied().map(SpanIdx).filter(|&span| self.is_folded(span));
        let Some(depth) = visible().map(|span| store.depth(span)).min() else { return };
        let level: Vec<SpanIdx> = visible().filter(|&span| store.depth(span) == depth).collect();
        for span in level {
            self.set(store, span, false);
        }
        self.rebuild(store);
    }

    /// Exactly these are folded.
    pub fn set_folded(&mut self, store: &TraceStore, spans: impl IntoIterator<Item = SpanIdx>) {
        self.folded.fill(0);
        for span in spans {
            self.set(store, span, true);
        }
        self.rebuild(store);
    }

    /// Opens every ancestor, so that the span has a row; tells which.
    pub fn reveal(&mut self, store: &TraceStore, span: SpanIdx) -> Option<u32> {
        self.place(span)?;
        if !self.is_visible(span) {
            let mut above = store.parent(span);
            while let Some(ancestor) = above {
                self.set(store, ancestor, false);
                above = store.parent(ancestor);
            }
            self.rebuild(store);
        }
        self.row_of(span)
    }
}
