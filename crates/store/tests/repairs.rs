//! What the builder makes of rows that are odd, and that it loses nothing.

use fixtures::{Collected, collect};
use otel::{
    AttributeRef, KeyValue, Resource, ResourceRef, Scope, ScopeRef, SpanRow, SpanSink, Warning, WarningKind,
};
use store::{TraceIdx, TraceStore, TraceStoreBuilder};

fn build(notation: &str) -> TraceStore {
    let mut builder = TraceStoreBuilder::new();
    fixtures::trace(notation).feed(&mut builder);
    builder.seal()
}

/// The spans in preorder: indentation, operation, start and duration in milliseconds, repairs.
fn draw(store: &TraceStore) -> Vec<String> {
    let mut lines = Vec::new();
    for trace in store.traces().as_slice() {
        for span in trace.indices() {
            lines.push(format!(
                "{}{} {}+{}{}",
                "  ".repeat(store.depth(span) as usize),
                store.name(span),
                store.start(span) / 1_000_000,
                store.duration(span) / 1_000_000,
                store.flags(span)
            ));
        }
    }
    lines
}

fn check(notation: &str, expected: &[&str], warnings: &[(WarningKind, u64)]) {
    let store = build(notation);
    assert_eq!(draw(&store), expected, "{notation}");
    let found: Vec<_> = store.warnings().iter().map(|warning| (warning.kind, warning.count)).collect();
    assert_eq!(found, warnings, "{notation}");
    let again = TraceStoreBuilder::from_store(&store);
    assert_eq!(draw(&again.seal()), expected, "appended to nothing: {notation}");
}

#[test]
fn a_trace_in_order() {
    check(
        "
        a root     100..200ms
          b late   150..160ms
          b early  110..120ms
        ",
        &["root 0+100", "  early 10+10", "  late 50+10"],
        &[],
    );
}

#[test]
fn times_that_are_missing_or_reversed() {
    check(
        "
        a root        100..200ms
          a no-start  ?..150ms
          a no-end    120ms..?
          a neither   ?..?
          a reversed  180..170ms
        ",
        &[
            "root 0+100",
            "  no-start 0+50 no start",
            "  neither 0+0 no start no end",
            "  no-end 20+0 no end",
            "  reversed 80+0 reversed",
        ],
        &[
            (WarningKind::MissingStartTime, 2),
            (WarningKind::MissingEndTime, 2),
            (WarningKind::ReversedTimes, 1),
        ],
    );
}

#[test]
fn a_trace_that_counts_from_zero_has_no_missing_start() {
    check("base=0\na root 0..100us\n  a child 0..50us", &["root 0+0", "  child 0+0"], &[]);
}

#[test]
fn orphans_duplicates_cycles_and_missing_ids() {
    check(
        "
        a root    0..90ms   id=1
          a twin  10..20ms  id=2
          a twin  30..40ms  id=2
        a lost    50..60ms  id=3 parent=99
        a nobody  70..80ms  id=none
        a snake   81..89ms  id=5 parent=6
        a tail    82..88ms  id=6 parent=5
        ",
        &[
            "root 0+90",
            "  twin 10+10",
            "  twin 30+10 duplicate id",
            "lost 50+10 orphan",
            "nobody 70+10 no id",
            "snake 81+8 cycle",
            "  tail 82+6",
        ],
        &[
            (WarningKind::MissingSpanId, 1),
            (WarningKind::DuplicateSpanId, 1),
            (WarningKind::Orphan, 1),
            (WarningKind::Cycle, 1),
        ],
    );
}

#[test]
fn figures_of_a_trace() {
    let store = build(
        "
        shop GET /       0..100ms !error
          cart load      10..50ms
            - sql        20..30ms !error
          shop render    60..90ms
        shop stray       120..130ms parent=77
        ",
    );
    let trace = store.trace(TraceIdx(0));
    let figures =
        (trace.span_count(), trace.depth, trace.error_count, trace.orphan_count, trace.service_count);
    assert_eq!(figures, (5, 3, 2, 1, 2));
    assert_eq!(trace.duration, 130_000_000);
    assert_eq!(store.name(trace.root), "GET /");
}

#[test]
fn of_several_roots_one_stands_for_the_trace() {
    let check = |notation: &str, expected: &str| {
        let store = build(notation);
        assert_eq!(store.name(store.trace(TraceIdx(0)).root), expected, "{notation}");
    };
    check("a first 0..10ms\na second 5..50ms", "first");
    check("a early 0..1ms\na checkout 5..50ms\n  a pay 6..40ms\na late 60..70ms", "checkout");
    // An orphan only where nothing else is there.
    check("a lost 0..50ms parent=77\n  a pay 6..40ms\na whole 60..70ms", "whole");
    check("a lost 0..5ms parent=77\na checkout 5..50ms parent=78\n  a pay 6..40ms", "checkout");
}

#[test]
fn traces_stand_by_start_time() {
    let store = build(
        "
        a later   50..60ms trace=1
        a first   10..20ms trace=2
        a second  30..90ms trace=3
        ",
    );
    let names: Vec<&str> = store.traces().as_slice().iter().map(|trace| store.name(trace.root)).collect();
    assert_eq!(names, ["first", "second", "later"]);
}

/// Gives each attribute that came before by its name.
#[derive(Default)]
struct ByName {
    builder: TraceStoreBuilder,
    named: Vec<(KeyValue<'static>, AttributeRef)>,
}

impl SpanSink for ByName {
    fn open_resource(&mut self) -> ResourceRef {
        self.builder.open_resource()
    }
    fn close_resource(&mut self, resource: ResourceRef, content: &Resource<'_>) {
        self.builder.close_resource(resource, content);
    }
    fn open_scope(&mut self) -> ScopeRef {
        self.builder.open_scope()
    }
    fn close_scope(&mut self, scope: ScopeRef, content: &Scope<'_>) {
        self.builder.close_scope(scope, content);
    }
    fn span(&mut self, resource: ResourceRef, scope: ScopeRef, span: &SpanRow<'_>) {
        let mut names = Vec::new();
        for attribute in &span.attributes {
            let known = self.named.iter().find(|(known, _)| known == attribute).map(|(_, name)| *name);
            names.extend(known.or_else(|| {
                let name = self.builder.attribute(attribute)?;
                self.named.push((attribute.clone().into_owned(), name));
                Some(name)
            }));
        }
        let row = SpanRow { attributes: Vec::new(), ..span.clone() };
        self.builder.span_with(resource, scope, &row, &names);
    }
    fn warn(&mut self, warning: Warning) {
        self.builder.warn(warning);
    }
}

/// Everything that went in comes out, in order of arrival, with its resource and scope, however attributes were given.
fn lossless(feed: impl Fn(&mut dyn SpanSink)) {
    let mut builder = TraceStoreBuilder::new();
    feed(&mut builder);
    let given = collect(|sink| feed(sink));
    comes_out(&builder.seal(), &given);
    let mut by_name = ByName::default();
    feed(&mut by_name);
    comes_out(&by_name.builder.seal(), &given);
}

fn comes_out(store: &TraceStore, given: &Collected) {
    let kept = collect(|sink| store.feed(sink));
    assert_eq!(kept.spans.len(), given.spans.len());
    let content = |of: &Collected, i: usize| {
        let Some((resource, scope, span)) = of.spans.get(i).cloned() else { return (None, None, None) };
        (of.resources.get(resource.0 as usize).cloned(), of.scopes.get(scope.0 as usize).cloned(), Some(span))
    };
    for i in 0..given.spans.len() {
        assert_eq!(content(&kept, i), content(given, i), "span {i}");
    }
}

#[test]
fn nothing_is_lost() {
    lossless(|sink| fixtures::samples::slow_query(sink));
    lossless(|sink| fixtures::collector_file(7, 5_000, sink));
    lossless(|sink| {
        let odd = "
            a root  5..1ms  tracestate=k=v flags=101 dropped=1/2/3 n:int=-9223372036854775808 big:int=9007199254740993
              - sub  ?..7ms !ok d:double=0.1 b:bool=true raw:bytes=00ff list=[a,:int=5] map={x=y,n:int=1} nil:empty=
                b deep 1..2ms link=2{why=because} link=f/2 @1ms:cache.miss{key=cart} @-3ms:early
        ";
        fixtures::trace(odd).feed(sink);
    });
}

#[test]
fn a_resource_may_come_late_or_never() {
    let mut builder = TraceStoreBuilder::new();
    let (resource, scope) = (builder.open_resource(), builder.open_scope());
    let never = builder.open_resource();
    builder.span(resource, scope, &SpanRow { name: "early".into(), ..SpanRow::default() });
    builder.span(never, scope, &SpanRow { name: "cut off".into(), ..SpanRow::default() });
    let attributes = vec![KeyValue::new("service.name", "shop")];
    builder.close_resource(resource, &Resource { attributes, ..Resource::default() });
    let store = builder.seal();
    let services: Vec<(&str, &str)> =
        store.trace(TraceIdx(0)).indices().map(|span| (store.name(span), store.service(span))).collect();
    assert_eq!(services, [("early", "shop"), ("cut off", "")]);
    assert_eq!(store.warnings().count(WarningKind::MissingTraceId), 2);
}

#[test]
fn traces_are_fed_one_after_the_other() {
    let store = build(
        "a one 0ms..9ms\na two 5ms..9ms trace=2\n- late 3ms..4ms id=a parent=1 trace=1\n- early 1ms..2ms id=b parent=1 trace=1\n",
    );
    let names = |feed: &dyn Fn(&mut Collected)| {
        let mut fed = Collected::default();
        feed(&mut fed);
        fed.spans.iter().map(|(_, _, span)| span.name.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(names(&|sink| store.feed(sink)), ["one", "two", "late", "early"]);
    assert_eq!(names(&|sink| store.feed_traces(sink)), ["one", "early", "late", "two"]);
}

#[test]
fn the_same_span_twice_is_one() {
    // Again to the letter; again at another time; again with another attribute.
    check(
        "
        a root    0..90ms   id=1
          a twin  10..20ms  id=2 k=v @12ms:event
          a twin  10..20ms  id=2 k=v @12ms:event
          a twin  10..20ms  id=2 k=v @12ms:event
          a twin  30..40ms  id=2 k=v
          a twin  10..20ms  id=2 k=w
          a leaf  11..12ms  id=3 parent=2
        a root    0..90ms   id=1
        ",
        &[
            "root 0+90",
            "  twin 10+10",
            "    leaf 11+1",
            "  twin 10+10 duplicate id",
            "  twin 30+10 duplicate id",
        ],
        &[(WarningKind::RepeatedSpan, 3), (WarningKind::DuplicateSpanId, 2)],
    );
    // In two services, in two traces, or without an id, they are two.
    check(
        "
        a root 0..9ms id=1
        b root 0..9ms id=1
        a none 10..11ms id=none
        a none 10..11ms id=none
        ",
        &["root 0+9", "root 0+9 duplicate id", "none 10+1 no id", "none 10+1 no id"],
        &[(WarningKind::MissingSpanId, 2), (WarningKind::DuplicateSpanId, 1)],
    );
    check(
        "
        a root 0..9ms id=1 trace=1
        a root 0..9ms id=1 trace=2
        ",
        &["root 0+9", "root 0+9"],
        &[],
    );
}

#[test]
fn a_file_appended_to_itself_is_that_file() {
    let mut builder = TraceStoreBuilder::new();
    fixtures::collector_file(7, 5_000, &mut builder);
    let once = builder.seal();
    let mut builder = TraceStoreBuilder::from_store(&once);
    fixtures::collector_file(7, 5_000, &mut builder);
    let twice = builder.seal();
    assert_eq!(draw(&twice), draw(&once));
    assert_eq!(twice.warnings().count(WarningKind::RepeatedSpan), once.span_count() as u64);
}
