//! Clock skew: as Jaeger and Zipkin Lens correct it, and where it is told. The cases of others lie beside the project;
//! without them there is nothing to compare.

#![expect(
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers of tests, which clippy takes for no tests"
)]

use std::borrow::Cow;

use analysis::{SkewRule, clock_gaps, clock_skew, host_key};
use otel::{
    AnyValue, KeyValue, Resource, Scope, SpanId, SpanKind, SpanRow, SpanSink as _, TraceId, UnixNanos,
};
use serde_json::Value;
use store::{TraceIdx, TraceStore, TraceStoreBuilder};

const TRACE: TraceIdx = TraceIdx(0);

fn oracle(file: &str) -> Option<Value> {
    let path = format!("{}/../../../shared/corpus/oracles/{file}", env!("CARGO_MANIFEST_DIR"));
    let Ok(text) = std::fs::read(&path) else {
        println!("skipped: no corpus at {path}");
        return None;
    };
    Some(serde_json::from_slice(&text).unwrap())
}

fn list<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    let list = value[name].as_array().unwrap();
    assert!(!list.is_empty(), "there are {name}");
    list
}

fn text(value: &Value) -> AnyValue<'static> {
    match value {
        Value::Array(values) => AnyValue::Array(values.iter().map(text).collect()),
        value => AnyValue::Str(Cow::Owned(value.as_str().unwrap().to_owned())),
    }
}

fn resource(attributes: &[(&str, Value)]) -> Resource<'static> {
    let attributes =
        attributes.iter().map(|(key, value)| KeyValue::new((*key).to_owned(), text(value))).collect();
    Resource { attributes, ..Resource::default() }
}

fn plant<'r>(spans: impl IntoIterator<Item = (Resource<'static>, SpanRow<'r>)>) -> TraceStore {
    let mut builder = TraceStoreBuilder::new();
    let scope = builder.open_scope();
    builder.close_scope(scope, &Scope::default());
    for (content, row) in spans {
        let resource = builder.open_resource();
        builder.close_resource(resource, &content);
        builder.span(resource, scope, &row);
    }
    builder.seal()
}

/// Away from zero, which means "absent".
const BASE: u64 = 1_000_000_000;
const MS: i64 = 1_000_000;

/// Cases of Jaeger that come out otherwise, and why.
const NOT_AS_JAEGER: [(&str, &str); 2] = [
    (
        "single span with bad parent",
        "Jaeger warns that the parent is missing. That is no word about clocks; the span is told as an orphan",
    ),
    (
        "two spans with the same ID",
        "Jaeger warns of the second. Both are the same to the letter: the store has one, and counts the other",
    ),
];

#[test]
fn jaeger_shifts_the_same_spans() {
    let Some(oracle) = oracle("clock_skew_jaeger.json") else { return };
    for case in list(&oracle, "cases") {
        let name = case["description"].as_str().unwrap();
        let id = |value: &Value| value.as_str().map_or(0, |id| id.parse().unwrap());
        let spans = list(case, "spans");
        let store = plant(spans.iter().map(|span| {
            let ms = |key: &str| span[key].as_u64().unwrap() * MS as u64;
            let host = span["host"].as_str().unwrap();
            let hosts: &[_] = if host.is_empty() { &[] } else { &[("host.id", Value::from(host))] };
            let start = UnixNanos(BASE + ms("start_ms"));
            let row = SpanRow {
                trace_id: TraceId(1),
                span_id: SpanId(id(&span["id"])),
                parent_span_id: SpanId(id(&span["parent"])),
                start,
                end: UnixNanos(start.0 + ms("duration_ms")),
                ..SpanRow::default()
            };
            (resource(hosts), row)
        }));
        let most = case["max_adjust_ms"].as_u64().unwrap() * MS as u64;
        let skew = clock_skew(&store, TRACE, SkewRule::Jaeger { most });
        for span in spans {
            let ms = |value: &Value| value.as_i64().unwrap();
            let at = store.find_span(TRACE, SpanId(id(&span["id"]))).unwrap();
            let shift = skew.shifts[at.0 as usize];
            assert_eq!(shift, (ms(&span["expected_start_ms"]) - ms(&span["start_ms"])) * MS, "{name}");
            let shifted = span["events_ms"].as_array().into_iter().flatten();
            for (event, expected) in shifted.zip(span["expected_events_ms"].as_array().into_iter().flatten())
            {
                assert_eq!(ms(event) * MS + shift, ms(expected) * MS, "{name}");
            }
        }
        // `clock skew adjustment disabled; not applying calculated delta of 35ms`
        let warned = case["expected_warning"].as_str();
        let told: Vec<String> =
            skew.withheld.iter().map(|withheld| format!("{}ms", withheld.shift / MS)).collect();
        let theirs: Vec<&str> =
            warned.iter().map(|warning| warning.rsplit(' ').next().unwrap_or_default()).collect();
        let differs = NOT_AS_JAEGER.iter().any(|(known, _)| *known == name);
        assert_eq!(told == theirs, !differs, "{name}: {told:?}, not {theirs:?}");
        assert!(skew.withheld.iter().all(|withheld| withheld.most == most), "{name}");
    }
}

#[test]
fn jaeger_tells_hosts_by_the_same_attributes() {
    let Some(oracle) = oracle("clock_skew_jaeger.json") else { return };
    for case in list(&oracle, "host_key_cases") {
        let attributes: Vec<_> = case["resource"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(key, value)| (&**key, value.clone()))
            .collect();
        assert_eq!(host_key(&resource(&attributes)), case["expected"], "{case}");
    }
}

fn endpoint(endpoint: &Value) -> Resource<'static> {
    let addresses = ["ipv4", "ipv6"].into_iter().filter_map(|kind| endpoint.get(kind).cloned()).collect();
    let mut attributes = vec![("host.ip", Value::Array(addresses))];
    attributes.extend(endpoint.get("serviceName").map(|name| ("service.name", name.clone())));
    resource(&attributes)
}

/// The shift of a SERVER below a CLIENT, in nanoseconds. Times are in µs.
fn server_shift(client: &Value, server: &Value) -> i64 {
    let row = |span: &Value, id: u64, kind| {
        let start = UnixNanos(BASE + span["timestamp"].as_u64().unwrap() * 1_000);
        let end = span["duration"].as_u64().map_or(0, |duration| start.0 + duration * 1_000);
        let row = SpanRow {
            trace_id: TraceId(1),
            span_id: SpanId(id),
            parent_span_id: SpanId(id - 1),
            kind,
            start,
            end: UnixNanos(end),
            ..SpanRow::default()
        };
        (endpoint(&span["localEndpoint"]), row)
    };
    let store = plant([row(client, 1, SpanKind::Client), row(server, 2, SpanKind::Server)]);
    let skew = clock_skew(&store, TRACE, SkewRule::Lens);
    assert_eq!((skew.shifts[0], skew.withheld.len()), (0, 0));
    skew.shifts[1]
}

#[test]
fn lens_shifts_the_same_servers() {
    let Some(oracle) = oracle("clock_skew_zipkin_lens.json") else { return };
    for pair in list(&oracle, "pairs") {
        let expected = pair["expected_skew"]["skew_us"].as_i64().unwrap_or(0) * -1_000;
        let shift = server_shift(&pair["client"], &pair["server"]);
        assert_eq!(shift, expected, "{}", pair["description"]);
    }
}

#[test]
fn lens_knows_the_same_addresses() {
    let Some(oracle) = oracle("clock_skew_zipkin_lens.json") else { return };
    for case in list(&oracle, "ips_match") {
        let span = |endpoint: &Value, timestamp: u64| {
            let mut span = serde_json::json!({ "timestamp": timestamp, "duration": 10 });
            span["localEndpoint"] = endpoint.clone();
            // Of an endpoint that names nothing, Lens tells no skew whatever its address.
            span["localEndpoint"]["serviceName"] = "named".into();
            span
        };
        let (client, server) = (span(&case["a"], 20), span(&case["b"], 10));
        let is_skewed = server_shift(&client, &server) != 0;
        // A server without an address is not shifted either way.
        let has_address = case["b"].get("ipv4").is_some() || case["b"].get("ipv6").is_some();
        assert_eq!(is_skewed, has_address && case["expected"] == false, "{case}");
    }
}

/// Spans in the notation of fixtures; a service `cart/7` runs on the host with the id 7 and the address 10.0.0.7, a
/// service `cart@7` on the one with the name 7.
fn drawn(trace: &str) -> TraceStore {
    let spans = fixtures::trace(trace).spans;
    plant(spans.into_iter().map(|(service, row)| {
        let mut attributes = Vec::new();
        let mut name = service.as_str();
        if let Some((service, host)) = service.split_once('/') {
            name = service;
            attributes.push(("host.id", Value::from(host)));
            attributes.push(("host.ip", Value::from(format!("10.0.0.{host}"))));
        } else if let Some((service, host)) = service.split_once('@') {
            name = service;
            attributes.push(("host.name", Value::from(host)));
        }
        attributes.push(("service.name", Value::from(name)));
        (resource(&attributes), row)
    }))
}

/// Shifts in ms, in preorder.
fn check_shifts(trace: &str, rule: SkewRule, expected: &[i64]) {
    let shifts: Vec<i64> =
        clock_skew(&drawn(trace), TRACE, rule).shifts.into_iter().map(|shift| shift / MS).collect();
    assert_eq!(shifts, expected, "{trace}");
}

const ANY: SkewRule = SkewRule::Jaeger { most: u64::MAX };

#[test]
fn what_runs_on_a_host_goes_with_it() {
    check_shifts(
        "
        shop/1     a 100..200ms
          cart/2   b 60..120ms
            cart/2 c 130..140ms
            shop/1 d 90..100ms
              db/3 e 0..5ms",
        ANY,
        // b into the middle of a; d, which stands before c, into the middle of b as shifted; e into that of d; c with b.
        &[0, 60, 55, 147, 60],
    );
}

#[test]
fn a_host_that_is_not_said_is_another_every_time() {
    check_shifts(
        "
        shop   a 100..200ms
          shop b 80..120ms
            shop c 100..120ms",
        ANY,
        &[0, 50, 40],
    );
}

#[test]
fn what_is_no_time_is_no_clock() {
    // b has no start, and so stands last; c has no end, and so is not centred.
    check_shifts(
        "
        shop/1   a 100..200ms
          cart/2 b ?..?
          cart/3 c 60ms..?",
        ANY,
        &[0, 40, 0],
    );
}

#[test]
fn a_start_that_was_made_up_is_not_shifted() {
    check_shifts(
        "
        shop/1     a 100..200ms
          cart/2   b 60..120ms
            cart/2 c ?..?",
        ANY,
        &[0, 60, 0],
    );
}

#[test]
fn a_second_span_of_an_id_stays() {
    // c stands before b, and came after it.
    check_shifts(
        "
        shop/1   a 100..200ms
          cart/2 b 60..120ms id=b
          cart/3 c 50..110ms id=b",
        ANY,
        &[0, 0, 60],
    );
}

#[test]
fn what_has_an_address_of_the_server_goes_with_it() {
    check_shifts(
        "
        shop/1       a 100..200ms client
          cart/2     b 50..150ms server
            db/3     c 60..70ms
              cart/2 d 61..65ms
        ad/4         e 150..160ms id=e parent=e",
        SkewRule::Lens,
        &[0, 50, 0, 50, 0],
    );
}

#[test]
fn a_shift_that_is_too_large_is_told() {
    let store = drawn(
        "
        shop/1     a 100..200ms
          cart/2   b 180..230ms
            cart/2 c 181..182ms",
    );
    let told = |most| -> Vec<String> {
        let skew = clock_skew(&store, TRACE, SkewRule::Jaeger { most });
        assert_eq!(skew.shifts, [0, 0, 0]);
        skew.withheld.iter().map(|it| format!("{}: {it}", store.name(it.span))).collect()
    };
    assert_eq!(
        told(0),
        ["b: not shifted by -55ms: no shifts are allowed", "c: not shifted by -55ms: no shifts are allowed"]
    );
    assert_eq!(told(10_500_000)[0], "b: not shifted by -55ms: at most 10.5ms is allowed");
    let applied = clock_skew(&store, TRACE, SkewRule::Jaeger { most: 55_000_000 });
    assert_eq!((applied.shifts, applied.withheld), (vec![0, -55 * MS, -55 * MS], vec![]));
}

#[test]
fn deep_traces_are_no_deep_calls() {
    let spans = (1..=100_000).map(|id| {
        let row = SpanRow {
            trace_id: TraceId(1),
            span_id: SpanId(id),
            parent_span_id: SpanId(id - 1),
            kind: if id % 2 == 1 { SpanKind::Client } else { SpanKind::Server },
            start: UnixNanos(BASE * 1_000 - id * MS as u64),
            end: UnixNanos(BASE * 1_000),
            ..SpanRow::default()
        };
        (endpoint(&serde_json::json!({ "ipv4": format!("10.0.0.{}", id % 2) })), row)
    });
    let store = plant(spans);
    for rule in [ANY, SkewRule::Lens] {
        assert_eq!(clock_skew(&store, TRACE, rule).shifts.len(), 100_000);
    }
    assert_eq!(clock_gaps(&store, TRACE).len(), 99_999);
}

/// Times that no clock shows.
#[test]
fn the_ends_of_time() {
    let row = |id, start, end| SpanRow {
        trace_id: TraceId(1),
        span_id: SpanId(id),
        parent_span_id: SpanId(id - 1),
        kind: if id == 1 { SpanKind::Client } else { SpanKind::Server },
        start: UnixNanos(start),
        end: UnixNanos(end),
        ..SpanRow::default()
    };
    for (parent, child) in [((1, u64::MAX), (u64::MAX - 1, u64::MAX)), ((u64::MAX - 1, u64::MAX), (1, 2))] {
        let store = plant([
            (endpoint(&serde_json::json!({ "ipv4": "10.0.0.1" })), row(1, parent.0, parent.1)),
            (endpoint(&serde_json::json!({ "ipv4": "10.0.0.2" })), row(2, child.0, child.1)),
        ]);
        for rule in [ANY, SkewRule::Lens] {
            assert_eq!(clock_skew(&store, TRACE, rule).shifts.len(), 2);
        }
        assert_eq!(clock_gaps(&store, TRACE).len(), usize::from(parent.0 > child.0));
    }
}

/// Each span that starts before its caller, by how many ms, and by how many its clock seems behind.
fn check_gaps(trace: &str, expected: &[&str]) {
    let store = drawn(trace);
    let gaps: Vec<String> = clock_gaps(&store, TRACE)
        .iter()
        .map(|gap| {
            assert_eq!(store.parent(gap.span), Some(gap.caller), "{trace}");
            format!("{} {} {}", store.name(gap.span), gap.early / MS as u64, gap.behind / MS as u64)
        })
        .collect();
    assert_eq!(gaps, expected, "{trace}");
}

#[test]
fn who_starts_before_its_caller() {
    check_gaps(
        "
        shop     a 100..200ms client
          cart   b 66..146ms server
            cart c 70..80ms
          cart   d 110..240ms server
          ad     e 99..100ms",
        &["b 34 44", "e 1 50"],
    );
}

#[test]
fn clocks_that_show_whole_milliseconds() {
    check_gaps(
        "
        shop   a 100.999..120ms client
          cart b 100..110ms server
          cart c 99.999..110ms server",
        &["c 1 5"],
    );
}

#[test]
fn one_clock_has_no_gap() {
    check_gaps(
        "
        shop   a 100..200ms
          shop b 90..150ms
          ad/1 c 110..150ms
            cart/1 d 105..120ms",
        &[],
    );
    check_gaps(
        "
        shop@1   a 100..200ms client
          cart@1 b 66..146ms server
          cart@2 c 66..146ms server",
        &["c 34 44"],
    );
}

#[test]
fn what_can_be_explained_is_no_gap() {
    check_gaps(
        "
        shop           a 100..200ms server
          page         load 20..900ms
          shop         send 150..160ms producer
            mail       receive 120..155ms consumer
            mail       receive 120..155ms consumer messaging.operation.type=receive
            mail       process 149..155ms consumer messaging.operation=process
          shop         call 150..160ms client
            cart       late 140..190ms server
            cart       other 140..190ms internal",
        &["process 1 3", "late 10 10"],
    );
}
