//! A trace with all that is derived from it, as the engine holds it.

use analysis::{TraceAnalysis, analyze, colour_slots};
use scene::{ErrorMark, Facts, FixedAdvance, FlameFacts, Viewport, VisibleRows};
use store::{Idx as _, SpanIdx, TraceIdx, TraceStore, TraceStoreBuilder};

pub(crate) const TRACE: TraceIdx = TraceIdx(0);
/// About what 13 px of a system font take.
pub(crate) const MEASURE: FixedAdvance = FixedAdvance(7.0);
pub(crate) const MS: f64 = 1e6;

pub(crate) struct World {
    pub(crate) store: TraceStore,
    pub(crate) analysis: TraceAnalysis,
    pub(crate) rows: VisibleRows,
    pub(crate) search: Option<&'static str>,
    /// Added to each colour slot: 10 hatches all.
    pub(crate) hatch: u8,
    colours: Vec<u8>,
}

impl World {
    pub(crate) fn new(text: &str) -> Self {
        Self::of(&fixtures::trace(text))
    }

    pub(crate) fn of(trace: &fixtures::Trace) -> Self {
        Self::fed(|sink| trace.feed(sink))
    }

    pub(crate) fn fed(feed: impl FnOnce(&mut dyn otel::SpanSink)) -> Self {
        let mut builder = TraceStoreBuilder::new();
        feed(&mut builder);
        let store = builder.seal();
        let analysis = analyze(&store, TRACE);
        let colours = colour_slots(&store).as_slice().iter().map(|slot| slot.0).collect();
        let rows = VisibleRows::new(&store, TRACE);
        Self { store, analysis, rows, search: None, hatch: 0, colours }
    }

    pub(crate) fn span(&self, name: &str) -> SpanIdx {
        self.store.trace(TRACE).indices().find(|&span| self.store.name(span) == name).unwrap()
    }

    /// The whole trace on a screen of this size.
    pub(crate) fn viewport(&self, width: f64, height: f64) -> Viewport {
        Viewport {
            width,
            height,
            name_width: 340.0,
            start: 0.0,
            end: self.store.trace(TRACE).duration as f64,
            scroll: 0.0,
            row_height: 26.0,
            bar_height: 14.0,
            narrow: false,
            pad: 14.0,
        }
    }
}

impl Facts for World {
    fn colour(&self, span: SpanIdx) -> u8 {
        self.colours[self.store.service_idx(span).get()] + self.hatch
    }

    fn self_time(&self, span: SpanIdx) -> u64 {
        self.analysis.self_time[span.get()]
    }

    fn mark(&self, span: SpanIdx) -> ErrorMark {
        match self.analysis.marks[span.get()] {
            analysis::ErrorMark::None => ErrorMark::None,
            analysis::ErrorMark::Origin => ErrorMark::Origin,
            analysis::ErrorMark::Through => ErrorMark::Through,
        }
    }

    fn critical(&self, span: SpanIdx, subtree: bool, sections: &mut Vec<(u64, u64)>) {
        let path = &self.analysis.critical;
        if subtree {
            sections.extend(path.of_subtree(span).map(|section| (section.start, section.end)));
        } else {
            sections.extend(path.of(span).map(|section| (section.start, section.end)));
        }
    }

    fn matched(&self, span: SpanIdx) -> bool {
        self.search.is_some_and(|word| self.store.name(span).contains(word))
    }

    fn searching(&self) -> bool {
        self.search.is_some()
    }
}

impl FlameFacts for World {
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
        (self.store.duration(SpanIdx(id)), Facts::self_time(self, SpanIdx(id)), 0)
    }

    fn matched(&self, id: u32) -> bool {
        Facts::matched(self, SpanIdx(id))
    }

    fn searching(&self) -> bool {
        self.search.is_some()
    }
}

/// A checkout whose payment is refused, and an email that is sent after the answer.
pub(crate) fn checkout() -> World {
    World::new(
        r#"
        frontend POST /api/checkout 0..1240ms server !error
          checkout PlaceOrder 10..1210ms server !error
            cart GetCart 20..74ms
              postgres HGETALL cart 26..38ms client
            inventory Reserve 80..392ms server
              inventory SELECT stock 84..386ms client
            payment Charge 400..1042ms client !error
              payment-gw POST /v1/charges 402..1014ms client !error "card_declined" @430ms:retry @990ms:exception{exception.type=Declined}
                payment-gw TLS handshake 404..431ms
              payment write ledger 1020..1038ms
            shipping Quote 400..520ms
              shipping GET /rates 408..500ms
            email order_confirmation publish 1046..1062ms producer
              email order_confirmation process with a long name 1130..1420ms consumer
            checkout EmptyCart 1064..1190ms
              cart EmptyCart 1072..1180ms
                postgres DEL cart 1080..1172ms
        "#,
    )
}

/// Steps below each other, `depth` of them, each a little shorter.
pub(crate) fn chain(depth: u64) -> fixtures::Trace {
    let mut trace = fixtures::trace("stack frame 0..1s");
    for level in 1..depth {
        let (service, mut row) = trace.spans[0].clone();
        row.span_id = otel::SpanId(level + 1);
        row.parent_span_id = otel::SpanId(level);
        row.name = format!("frame {level}").into();
        row.end = otel::UnixNanos(row.end.0 - level);
        trace.spans.push((service, row));
    }
    trace
}

/// A root with `count` children, spread over `services` services and 60 s.
pub(crate) fn wide(count: u64, services: u64) -> fixtures::Trace {
    let mut trace = fixtures::trace("root all 0..60s");
    for i in 0..count {
        let (_, mut row) = trace.spans[0].clone();
        row.span_id = otel::SpanId(i + 2);
        row.parent_span_id = otel::SpanId(1);
        row.name = format!("call {i}").into();
        row.start = otel::UnixNanos(row.start.0 + i * 60_000_000_000 / count);
        row.end = otel::UnixNanos(row.start.0 + 1 + (i * 7_919) % (60_000_000_000 / count) / 2);
        trace.spans.push((format!("service {}", i % services), row));
    }
    trace
}
