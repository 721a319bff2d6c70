//! The search, and what it matched: kept for the views.

use std::ops::Range;

use analysis::Matches;
use store::{Idx as _, SpanIdx, TraceStore};

use crate::open::Open;
use crate::{Failure, MatchInfo};

/// The last search.
#[derive(Debug)]
pub(crate) struct Search {
    text: String,
    /// Lower case.
    words: Vec<String>,
    matches: Matches,
    /// A bit a span: a flame graph asks of every span whether it matches.
    bits: Vec<u64>,
    traces: u32,
}

impl Search {
    fn new(store: &TraceStore, text: &str) -> Self {
        let matches = analysis::search(store, text);
        let mut bits = vec![0_u64; store.span_count().div_ceil(64)];
        let mut traces = 0;
        let mut last = None;
        for &span in &matches.spans {
            if let Some(word) = bits.get_mut(span.get() / 64) {
                *word |= 1 << (span.0 % 64);
            }
            let trace = Some(store.trace_of(span));
            traces += u32::from(trace != last);
            last = trace;
        }
        Self { text: text.to_owned(), words: analysis::search_words(text), matches, bits, traces }
    }

    pub(crate) fn contains(&self, span: SpanIdx) -> bool {
        self.bits.get(span.get() / 64).is_some_and(|word| word >> (span.0 % 64) & 1 == 1)
    }

    /// The matches among the spans of a trace.
    pub(crate) fn within(&self, spans: &Range<SpanIdx>) -> &[SpanIdx] {
        self.matches.within(spans.clone())
    }

    /// Has one of the words to do with this attribute?
    pub(crate) fn matches_attribute(&self, key: &str, value: &str) -> bool {
        self.matches_text(&format!("{key}={value}"))
    }

    /// Is one of the words in it?
    pub(crate) fn matches_text(&self, text: &str) -> bool {
        let text = analysis::lower_case(text);
        self.words.iter().any(|word| text.contains(word.as_str()))
    }
}

#[inline(never)]
pub(crate) fn search(open: &mut Open, text: &str, trace: Option<u32>) -> Result<MatchInfo, Failure> {
    let trace = trace.map(|trace| open.trace_at(trace)).transpose()?;
    let text = text.trim();
    if text.is_empty() {
        open.search = None;
        return Ok(MatchInfo::default());
    }
    let search = match open.search.take() {
        // Another trace on screen asks for its count.
        Some(search) if search.text == text => search,
        _ => Search::new(&open.store, text),
    };
    let in_trace = trace.map_or(0, |trace| search.within(&open.store.trace(trace).spans).len());
    let info = MatchInfo {
        spans: search.matches.spans.len() as u32,
        traces: search.traces,
        in_trace: in_trace as u32,
    };
    open.search = Some(search);
    Ok(info)
}
