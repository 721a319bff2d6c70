//! What is sent, when, and what becomes of the rest.

#![expect(clippy::unwrap_used, reason = "tests")]

#[cfg(test)]
mod support;

use std::io::Read as _;

use flate2::read::GzDecoder;
use otel::{KeyValue, SpanId, SpanRow, StatusCode, TraceId, UnixNanos};
use rum::{Answer, Count, Limits, Millis, Next, Options, Pipeline, TailPolicy, gzip};
use support::{Grouped, SpanWriter};

/// Half of all: no jitter.
const MIDDLE: u32 = 1 << 31;

const OK: Answer = Answer { status: 200, retry_after: None, rejected: 0 };

fn status(status: u32) -> Answer {
    Answer { status, ..Answer::default() }
}

fn row(name: &str) -> SpanRow<'_> {
    SpanRow {
        trace_id: TraceId(1),
        span_id: SpanId(2),
        flags: 0x101,
        name: name.into(),
        start: UnixNanos(1),
        end: UnixNanos(2),
        ..SpanRow::default()
    }
}

fn push(pipeline: &mut Pipeline, names: &[&str], now: u64) {
    let mut writer = SpanWriter::default();
    for name in names {
        writer.span(&row(name), Grouped::default());
    }
    pipeline.push(&writer.bytes, Millis(now));
}

/// Names of the spans of a body, and `name!` where a span says why it was kept.
fn names(json: &str) -> String {
    let spans = json.split("{\"traceId\"").skip(1).map(|span| {
        let name = span.split("\"name\":\"").nth(1).unwrap().split('"').next().unwrap();
        let why = span.split("flamefall.sampling.kept\",\"value\":{\"stringValue\":\"").nth(1);
        why.map_or_else(|| name.to_owned(), |why| format!("{name}!{}", why.split('"').next().unwrap()))
    });
    spans.collect::<Vec<_>>().join(" ")
}

/// What the next request holds.
#[track_caller]
fn request(pipeline: &mut Pipeline, now: u64) -> String {
    assert_eq!(pipeline.next(Millis(now)), Next::Encode);
    assert!(pipeline.encode(usize::MAX));
    let json = str::from_utf8(pipeline.body()).unwrap();
    assert_eq!(json.matches("{\"traceId\"").count(), pipeline.body_spans() as usize);
    assert_eq!(unpack(&gzip(pipeline.body())), json);
    names(json)
}

fn unpack(body: &[u8]) -> String {
    let mut json = String::new();
    GzDecoder::new(body).read_to_string(&mut json).unwrap();
    json
}

/// What leaves in so many bytes, compressed, as `leave.js` does it.
fn exit(pipeline: &mut Pipeline, budget: usize, in_flight: bool) -> Vec<u8> {
    let mut most = budget * 12;
    loop {
        let json = pipeline.exit(most, in_flight, Millis(0));
        let (length, body) = (json.len(), gzip(json));
        if length == 0 {
            return Vec::new();
        }
        if body.len() <= budget {
            pipeline.left(body.len());
            return body;
        }
        most = length * budget / body.len() * 98 / 100;
    }
}

#[track_caller]
fn check_counts(pipeline: &Pipeline, expected: &[(Count, u64)]) {
    for (count, number) in expected {
        assert_eq!(pipeline.metrics().get(*count), *number, "{count:?}");
    }
}

fn small() -> Pipeline {
    Pipeline::new(Options { queue: 6, batch: 3, ..Options::default() })
}

#[test]
fn a_batch_is_due_when_it_is_full_or_old_or_asked_for() {
    let mut it = small();
    assert_eq!(it.next(Millis(0)), Next::Idle);
    push(&mut it, &["a"], 100);
    push(&mut it, &["b"], 3_000);
    assert_eq!(it.next(Millis(3_000)), Next::In(2_100));
    assert_eq!(request(&mut it, 5_100), "a b");
    // Never two at once.
    push(&mut it, &["c", "d", "e", "f"], 5_200);
    assert_eq!(it.next(Millis(60_000)), Next::Idle);
    it.answered(OK, Millis(5_300), MIDDLE);
    assert_eq!(request(&mut it, 5_300), "c d e");
    it.answered(OK, Millis(5_400), MIDDLE);
    assert_eq!(it.next(Millis(5_400)), Next::In(4_900));
    it.flush();
    assert_eq!(request(&mut it, 5_400), "f");
    it.answered(OK, Millis(5_500), MIDDLE);
    assert_eq!(it.next(Millis(5_500)), Next::Idle);
    check_counts(&it, &[(Count::Recorded, 6), (Count::Exported, 6), (Count::Failures, 0)]);
}

#[test]
fn set_up_from_a_record() {
    let mut record = SpanWriter::default();
    // queue, batch, delay, attributes, events, links, value length, errors, slower than, origin
    for number in [6, 3, 1_000, 1, 2, 3, 4, 1, 1_000_000_001, 1_795_219_200_000, 250_000] {
        record.varint(number);
    }
    record.resource(&[KeyValue::new("service.name", "shop")]);
    let limits = Limits { attributes: 1, events: 2, links: 3, value_length: 4, ..Limits::default() };
    let origin = 1_795_219_200_000_250_000;
    let options = Options { queue: 6, batch: 3, delay: 1_000, limits, tail: TAIL, origin };
    let mut resource = SpanWriter::default();
    resource.resource(&[KeyValue::new("service.name", "shop")]);
    let mut other = Pipeline::new(options);
    other.set_resource(&resource.bytes);
    assert!(format!("{:?}", Pipeline::set_up(&record.bytes)) == format!("{other:?}"));
}

#[test]
fn what_was_given_stays_until_it_has_left() {
    let mut it = small();
    push(&mut it, &["a", "b"], 0);
    let body = it.exit(10_000, true, Millis(0)).to_vec();
    assert_eq!(it.exit(10_000, true, Millis(0)), body);
    it.left(body.len());
    assert_eq!(it.exit(10_000, true, Millis(0)), []);
    check_counts(&it, &[(Count::Left, 2), (Count::Bytes, body.len() as u64)]);
}

#[test]
fn a_body_comes_in_slices() {
    let mut it = small();
    push(&mut it, &["a", "b", "c"], 0);
    assert_eq!(it.next(Millis(0)), Next::Encode);
    let slices = 1 + std::iter::from_fn(|| (!it.encode(1)).then_some(())).count();
    assert_eq!(slices, 3);
    assert_eq!(names(str::from_utf8(it.body()).unwrap()), "a b c");
    assert!(it.encode(1), "complete as before");
}

#[test]
fn the_newest_are_dropped_where_all_is_full() {
    let mut it = small();
    push(&mut it, &["a", "b", "c", "d", "e", "f", "g"], 0);
    assert_eq!(request(&mut it, 0), "a b c");
    push(&mut it, &["h"], 0);
    it.answered(OK, Millis(0), MIDDLE);
    push(&mut it, &["i"], 0);
    assert_eq!(request(&mut it, 0), "d e f");
    check_counts(&it, &[(Count::Recorded, 9), (Count::Exported, 3), (Count::DroppedFull, 2)]);
}

#[test]
fn bytes_are_bounded_too() {
    let mut it = Pipeline::new(Options { queue: 100, ..Options::default() });
    let name = "n".repeat(40_000);
    for _ in 0..100 {
        push(&mut it, &[&name], 0);
    }
    assert!(it.memory() <= 258 << 10, "{}", it.memory());
    check_counts(&it, &[(Count::DroppedFull, 94)]);
}

/// Milliseconds from each answer to the next attempt, `-` where nothing is left to send.
#[track_caller]
fn check_waits(answers: &[Answer], random: u32, expected: &str) -> Pipeline {
    let mut it = small();
    push(&mut it, &["a", "b", "c"], 0);
    let mut now = 0;
    let mut waits = Vec::new();
    for answer in answers {
        request(&mut it, now);
        it.answered(*answer, Millis(now), random);
        waits.push(match it.next(Millis(now)) {
            Next::Idle => "-".to_owned(),
            Next::Encode => "0".to_owned(),
            Next::In(wait) => {
                now += wait;
                wait.to_string()
            }
        });
    }
    assert_eq!(waits.join(" "), expected);
    it
}

#[test]
fn what_may_pass_is_tried_again() {
    for retriable in [0, 429, 502, 503, 504] {
        check_waits(&[status(retriable); 3], MIDDLE, "1000 1500 2250");
    }
    check_waits(&[status(503); 3], 0, "800 1200 1800");
    check_waits(&[status(503); 3], u32::MAX, "1199 1799 2699");
    let it = check_waits(&[status(503), status(503), OK], MIDDLE, "1000 1500 -");
    check_counts(&it, &[(Count::Retries, 2), (Count::Failures, 2), (Count::Exported, 3)]);
}

#[test]
fn retry_after_is_honoured() {
    let after = |retry_after| Answer { status: 429, retry_after: Some(retry_after), rejected: 0 };
    check_waits(&[after(7_000), status(503), after(0)], MIDDLE, "7000 1500 0");
    check_waits(&[after(u64::MAX)], MIDDLE, "3600000");
    // Not after an answer that is not to be tried again.
    check_waits(&[Answer { status: 400, ..after(7_000) }], MIDDLE, "-");
}

#[test]
fn what_is_refused_is_dropped() {
    for refused in [400, 401, 404, 500, 501, 300] {
        let it = check_waits(&[status(refused)], MIDDLE, "-");
        check_counts(&it, &[(Count::DroppedRefused, 3), (Count::Failures, 1), (Count::Retries, 0)]);
    }
}

#[test]
fn a_partial_success_is_never_retried() {
    let it = check_waits(&[Answer { rejected: 2, ..OK }], MIDDLE, "-");
    check_counts(&it, &[(Count::Exported, 1), (Count::Rejected, 2), (Count::Failures, 0)]);
    let it = check_waits(&[Answer { rejected: 200, ..OK }], MIDDLE, "-");
    check_counts(&it, &[(Count::Exported, 0), (Count::Rejected, 3)]);
}

#[test]
fn after_five_failures_one_request_a_minute() {
    let it = check_waits(&[status(0); 8], MIDDLE, "1000 1500 2250 3375 60000 60000 60000 -");
    check_counts(&it, &[(Count::DroppedUnreachable, 3), (Count::Failures, 8), (Count::Retries, 7)]);
    // Refusals count, too: a wrong address is not asked for every batch.
    let mut it = small();
    for now in 0..5 {
        push(&mut it, &["a", "b", "c"], now);
        request(&mut it, now);
        it.answered(status(404), Millis(now), MIDDLE);
    }
    push(&mut it, &["a", "b", "c"], 5);
    assert_eq!(it.next(Millis(5)), Next::In(59_999));
    request(&mut it, 60_004);
    it.answered(OK, Millis(60_004), MIDDLE);
    push(&mut it, &["a", "b", "c"], 60_005);
    assert_eq!(it.next(Millis(60_005)), Next::Encode);
}

#[test]
fn what_is_too_large_is_halved() {
    let mut it = Pipeline::new(Options { batch: 5, ..Options::default() });
    push(&mut it, &["a", "b", "c", "d", "e", "f"], 0);
    let mut sent = Vec::new();
    for answer in [413, 413, 413, 200, 200, 200, 413, 200] {
        it.flush();
        sent.push(request(&mut it, 0));
        it.answered(status(answer), Millis(0), MIDDLE);
    }
    assert_eq!(sent, ["a b c d e", "a b", "a", "b", "c", "d", "e", "f"]);
    check_counts(&it, &[(Count::DroppedLarge, 2), (Count::Exported, 4), (Count::Failures, 0)]);
}

/// A span as `name`, `name!` that failed, `name+` that took 2 s; `^` in front: the root of the group.
fn grouped(writer: &mut SpanWriter, group: u64, spans: &str) {
    for span in spans.split(' ') {
        let root = span.starts_with('^');
        let mut row = row(span.trim_matches(['^', '!', '+']));
        row.flags = 0x100;
        if span.ends_with('!') {
            row.status_code = StatusCode::Error;
        }
        if span.ends_with('+') {
            row.end.0 += 2_000_000_000;
        }
        writer.span(&row, Grouped { group, root });
    }
}

const TAIL: TailPolicy = TailPolicy { errors: true, slower_than: Some(1_000_000_000) };

/// Groups of spans that were not sampled, and what is sent of them when they have ended.
#[track_caller]
fn check_tail(tail: TailPolicy, groups: &[&str], expected: &str) -> Pipeline {
    let mut it = Pipeline::new(Options { queue: 6, tail, ..Options::default() });
    let mut writer = SpanWriter::default();
    for (group, spans) in (1..).zip(groups) {
        grouped(&mut writer, group, spans);
    }
    for group in 1..=groups.len() as u64 {
        writer.settle(group);
    }
    it.push(&writer.bytes, Millis(0));
    it.flush();
    let sent = if it.next(Millis(0)) == Next::Idle { String::new() } else { request(&mut it, 0) };
    assert_eq!(sent, expected);
    it
}

#[test]
fn errors_and_slow_interactions_are_kept() {
    let it = check_tail(TAIL, &["c! ^d", "e ^f+", "g+ ^h"], "c d!error e f!slow");
    check_counts(&it, &[(Count::DroppedUnsampled, 2)]);
    check_tail(TAIL, &["a! ^b+"], "a b!error");
    check_tail(TailPolicy { errors: false, ..TAIL }, &["a! ^b", "c ^d+"], "c d!slow");
    check_tail(TailPolicy { slower_than: None, ..TAIL }, &["a! ^b", "c ^d+"], "a b!error");
    check_tail(TailPolicy::default(), &["a! ^b", "c ^d+"], "");
}

#[test]
fn kept_spans_keep_the_flag_that_was_sent() {
    let mut it = Pipeline::new(Options { tail: TAIL, ..Options::default() });
    let mut writer = SpanWriter::default();
    grouped(&mut writer, 1, "^a!");
    writer.settle(1);
    it.push(&writer.bytes, Millis(0));
    let json = unpack(&exit(&mut it, 10_000, false));
    assert!(json.contains("\"flags\":256"), "{json}");
}

#[test]
fn late_spans_follow_their_group() {
    let mut it = Pipeline::new(Options { tail: TAIL, ..Options::default() });
    let mut writer = SpanWriter::default();
    grouped(&mut writer, 1, "a");
    grouped(&mut writer, 2, "b!");
    writer.settle(1);
    writer.settle(2);
    grouped(&mut writer, 1, "c! ^d");
    grouped(&mut writer, 2, "e ^f");
    // Of no group, and of one that does not end.
    grouped(&mut writer, 0, "g!");
    grouped(&mut writer, 3, "h!");
    it.push(&writer.bytes, Millis(0));
    it.flush();
    assert_eq!(request(&mut it, 0), "b e f!error");
    check_counts(&it, &[(Count::DroppedUnsampled, 4), (Count::Recorded, 8)]);
}

#[test]
fn the_oldest_group_makes_room() {
    let it = check_tail(TAIL, &["a! b c", "d! e", "f! g h"], "d e f g h");
    check_counts(&it, &[(Count::DroppedWaiting, 3)]);
    // One group alone may be too much, and what comes of it later.
    let it = check_tail(TAIL, &["a! b c d e f g h"], "");
    check_counts(&it, &[(Count::DroppedWaiting, 7), (Count::DroppedUnsampled, 1)]);
}

#[test]
fn sampled_spans_do_not_wait() {
    let mut it = Pipeline::new(Options { tail: TAIL, ..Options::default() });
    let mut writer = SpanWriter::default();
    writer.span(&row("a"), Grouped { group: 1, root: true });
    grouped(&mut writer, 1, "b");
    it.push(&writer.bytes, Millis(0));
    it.flush();
    assert_eq!(request(&mut it, 0), "a");
}

#[test]
fn exit_gives_away_all_there_is() {
    let mut it = Pipeline::new(Options { batch: 2, tail: TAIL, ..Options::default() });
    push(&mut it, &["a", "b", "c"], 0);
    assert_eq!(request(&mut it, 0), "a b");
    let mut writer = SpanWriter::default();
    grouped(&mut writer, 1, "d! ^e");
    grouped(&mut writer, 2, "f");
    it.push(&writer.bytes, Millis(0));

    assert_eq!(names(str::from_utf8(it.shadow(10_000)).unwrap()), "a b c");
    assert_eq!(names(&unpack(&exit(&mut it, 10_000, false))), "c d e!error");
    assert_eq!(exit(&mut it, 10_000, false), []);
    assert_eq!(names(&unpack(&exit(&mut it, 10_000, true))), "a b");
    // The request that was on its way says nothing about spans that are gone.
    push(&mut it, &["g"], 0);
    it.answered(OK, Millis(0), MIDDLE);
    it.flush();
    assert_eq!(request(&mut it, 0), "g");
    check_counts(
        &it,
        &[(Count::Recorded, 7), (Count::Left, 5), (Count::DroppedUnsampled, 1), (Count::Exported, 0)],
    );
}

#[test]
fn exit_while_a_body_is_written() {
    let mut it = small();
    push(&mut it, &["a", "b", "c", "d"], 0);
    assert_eq!(it.next(Millis(0)), Next::Encode);
    assert!(!it.encode(1));
    assert_eq!(names(&unpack(&exit(&mut it, 10_000, false))), "a b c d");
    assert!(!it.encode(1));
    assert_eq!(it.next(Millis(99_999)), Next::Idle);
}

#[test]
fn exit_while_a_batch_waits_to_be_tried_again() {
    let mut it = small();
    push(&mut it, &["a", "b", "c", "d"], 0);
    request(&mut it, 0);
    it.answered(status(503), Millis(0), MIDDLE);
    assert_eq!(names(&unpack(&exit(&mut it, 10_000, false))), "a b c d");
}

/// Spans as a shop has them; about 1 kB of JSON each.
fn shop(spans: u64) -> Vec<u8> {
    let mut writer = SpanWriter::default();
    let mut seed = 7_u64;
    let mut random = move || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        seed >> 20
    };
    for number in 0..spans {
        let mut row = row("GET");
        row.trace_id =
            TraceId(u128::from(number / 4 + 1).wrapping_mul(0x1234_5678_9ABC_DEF1_0203_0405_0607_0809));
        row.span_id = SpanId(random().wrapping_mul(random()));
        row.start = UnixNanos(number * 10_000_000 + random() % 1_000_000);
        row.end = UnixNanos(row.start.0 + random() % 100_000_000);
        let url = format!("https://shop.example/api/items/{}?page={}", random() % 1000, number % 7);
        row.attributes = vec![
            KeyValue::new("http.request.method", "GET"),
            KeyValue::new("url.full", url),
            KeyValue::new("http.response.status_code", 200_i64),
            KeyValue::new("server.address", "shop.example"),
        ];
        for name in
            ["fetchStart", "connectStart", "connectEnd", "requestStart", "responseStart", "responseEnd"]
        {
            let time = UnixNanos(row.start.0 + random() % 100 * 100_000);
            row.events.push(otel::EventRow { time, name: name.into(), ..Default::default() });
        }
        writer.span(&row, Grouped::default());
    }
    writer.bytes
}

#[test]
fn exit_keeps_within_its_budget() {
    let mut it = Pipeline::new(Options::default());
    it.push(&shop(500), Millis(0));
    let whole = exit(&mut it, 60_000, true);
    let json = unpack(&whole);
    assert_eq!(json.matches("{\"traceId\"").count(), 500, "in {} bytes", whole.len());
    assert!(json.len() > 8 * whole.len(), "{} bytes in {}", json.len(), whole.len());

    it.push(&shop(500), Millis(0));
    let newest = it.shadow(5_000).to_vec();
    let mut spans = Vec::new();
    loop {
        let body = exit(&mut it, 5_000, true);
        if body.is_empty() {
            break;
        }
        assert!(body.len() <= 5_000);
        spans.push(unpack(&body));
    }
    assert_eq!(spans.concat().matches("{\"traceId\"").count(), 500);
    assert!(spans.len() < 14, "{} bodies are not full", spans.len());
    let last = |body: &str| body.rsplit("{\"traceId\"").next().unwrap().to_owned();
    assert!(newest.len() <= 5_000 && newest.len() > 4_000);
    assert_eq!(last(&String::from_utf8(newest).unwrap()), last(spans.last().unwrap()));
}

#[test]
fn a_span_that_does_not_fit_stays_for_a_larger_budget() {
    let mut it = small();
    push(&mut it, &["a", "b"], 0);
    for (budget, expected) in [(199, ""), (250, ""), (400, "a"), (400, "b"), (400, "")] {
        let body = it.exit(budget, true, Millis(0)).to_vec();
        it.left(body.len());
        assert!(body.len() <= budget);
        assert_eq!(names(&String::from_utf8(body).unwrap()), expected);
    }
    check_counts(&it, &[(Count::Left, 2)]);
}

#[test]
fn memory_of_ten_thousand_spans() {
    let mut it = Pipeline::new(Options { queue: 10_000, ..Options::default() });
    let mut writer = SpanWriter::default();
    for text in ["http.request.method", "GET", "url.full", "server.address", "shop.example", "status"] {
        writer.define(text);
    }
    for number in 0..10_000_u64 {
        let mut row = row("GET");
        row.trace_id = TraceId(u128::from(number) << 64);
        row.attributes = vec![
            KeyValue::new("http.request.method", "GET"),
            KeyValue::new("url.full", format!("https://shop.example/api/items/{number}")),
            KeyValue::new("status", 200_i64),
            KeyValue::new("server.address", "shop.example"),
        ];
        writer.span(&row, Grouped::default());
    }
    it.push(&writer.bytes, Millis(0));
    check_counts(&it, &[(Count::DroppedFull, 0)]);
    assert!(it.memory() / 10_000 < 150, "{} bytes a span", it.memory() / 10_000);
    // And none of it stays.
    while !exit(&mut it, 60_000, true).is_empty() {}
    assert!(it.memory() < 10_000, "{} bytes", it.memory());
}
