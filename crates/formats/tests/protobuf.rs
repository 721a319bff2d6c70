//! OTLP protobuf and the tape: what is written is read again, however it is cut; what is broken ends.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, reason = "tests")]

#[cfg(test)]
mod support;

use std::path::{Path, PathBuf};

use formats::{
    Decoder, OtlpJsonWriter, OtlpProtobufWriter, Protobuf, Read, TapePlayer, TapeWriter, looks_like_protobuf,
};
use otel::{
    ExemplarRow, KeyValue, LogRow, Resource, ResourceRef, Scope, ScopeRef, SpanRow, SpanSink, Warning,
    WarningKind,
};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;
use support::Picture;
use support::property::ByName;
use support::rows;

/// A call, as it came.
#[derive(Clone, Debug)]
enum Call {
    OpenResource,
    CloseResource(u32, Resource<'static>),
    OpenScope,
    CloseScope(u32, Scope<'static>),
    Span(u32, u32, SpanRow<'static>),
    Log(u32, u32, LogRow<'static>),
    Exemplar(u32, u32, ExemplarRow<'static>),
    Warn(Warning),
}

/// Writes calls down. References start at `base`.
#[derive(Debug, Default)]
struct Calls {
    base: u32,
    resources: u32,
    scopes: u32,
    made: Vec<Call>,
}

impl Calls {
    fn lines(&self) -> Vec<String> {
        self.made.iter().map(|call| format!("{call:?}")).collect()
    }
}

impl SpanSink for Calls {
    fn open_resource(&mut self) -> ResourceRef {
        self.made.push(Call::OpenResource);
        self.resources += 1;
        ResourceRef(self.base + self.resources - 1)
    }
    fn close_resource(&mut self, resource: ResourceRef, content: &Resource<'_>) {
        self.made.push(Call::CloseResource(resource.0 - self.base, content.clone().into_owned()));
    }
    fn open_scope(&mut self) -> ScopeRef {
        self.made.push(Call::OpenScope);
        self.scopes += 1;
        ScopeRef(self.base + self.scopes - 1)
    }
    fn close_scope(&mut self, scope: ScopeRef, content: &Scope<'_>) {
        self.made.push(Call::CloseScope(scope.0 - self.base, content.clone().into_owned()));
    }
    fn span(&mut self, resource: ResourceRef, scope: ScopeRef, span: &SpanRow<'_>) {
        self.made.push(Call::Span(resource.0 - self.base, scope.0 - self.base, span.clone().into_owned()));
    }
    fn log(&mut self, resource: ResourceRef, scope: ScopeRef, log: &LogRow<'_>) {
        self.made.push(Call::Log(resource.0 - self.base, scope.0 - self.base, log.clone().into_owned()));
    }
    fn exemplar(&mut self, resource: ResourceRef, scope: ScopeRef, exemplar: &ExemplarRow<'_>) {
        let exemplar = exemplar.clone().into_owned();
        self.made.push(Call::Exemplar(resource.0 - self.base, scope.0 - self.base, exemplar));
    }
    fn warn(&mut self, warning: Warning) {
        self.made.push(Call::Warn(warning));
    }
}

fn decode_in(bytes: &[u8], sizes: &[usize], sink: &mut dyn SpanSink) -> Read {
    let mut protobuf = Protobuf::new();
    let mut rest = bytes;
    for size in sizes.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (chunk, after) = rest.split_at(rest.len().min(*size));
        rest = after;
        protobuf.push(chunk, sink);
    }
    protobuf.finish(sink)
}

/// Decodes whole and in small chunks, which must not matter.
fn decode(bytes: &[u8]) -> (Calls, Read) {
    let mut whole = Calls::default();
    let read = decode_in(bytes, &[usize::MAX], &mut whole);
    for sizes in [&[1][..], &[7], &[61, 3]] {
        let mut parts = Calls::default();
        assert_eq!(decode_in(bytes, sizes, &mut parts), read, "chunks of {sizes:?}");
        assert_eq!(parts.lines(), whole.lines(), "chunks of {sizes:?}");
    }
    (whole, read)
}

fn feed(groups: &[rows::Group], content_first: bool, sink: &mut dyn SpanSink) {
    for (resource, scope, spans) in groups {
        let (r, s) = (sink.open_resource(), sink.open_scope());
        let give = |sink: &mut dyn SpanSink| {
            sink.close_scope(s, scope);
            sink.close_resource(r, resource);
        };
        if content_first {
            give(sink);
        }
        for span in spans {
            sink.span(r, s, span);
        }
        if !content_first {
            give(sink);
        }
    }
}

fn written(feed: impl FnOnce(&mut dyn SpanSink)) -> Vec<u8> {
    let mut writer = OtlpProtobufWriter::new(Vec::new());
    feed(&mut writer);
    writer.finish().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn decoding_undoes_encoding(groups in rows::groups(), sizes in vec(1_usize..200, 1..6), content_first in any::<bool>()) {
        let mut expected = Calls::default();
        // Content comes after the spans where it is read, whatever it was when it was written.
        feed(&groups, false, &mut expected);
        let bytes = written(|sink| feed(&groups, content_first, sink));
        let mut calls = Calls::default();
        let read = decode_in(&bytes, &sizes, &mut calls);
        // Empty content is not told from none.
        prop_assert_eq!(spans_of(&calls), spans_of(&expected));
        let count = groups.iter().map(|(_, _, spans)| spans.len()).sum::<usize>();
        prop_assert_eq!(read, Read { spans: count as u64, resources: groups.len() as u64, ..Read::default() });
        prop_assert!(looks_like_protobuf(&bytes));
    }

    #[test]
    fn what_came_before_is_the_same_by_name(groups in rows::groups(), sizes in vec(1_usize..200, 1..6)) {
        // Named when it comes first, known from its third time on.
        let bytes = written(|sink| (0..5).for_each(|_| feed(&groups, true, sink)));
        let attributes: usize = groups.iter().flat_map(|(_, _, spans)| spans).map(|span| span.attributes.len()).sum();
        let (mut in_rows, mut by_name) = (Calls::default(), ByName::<Calls>::default());
        decode_in(&bytes, &[usize::MAX], &mut in_rows);
        decode_in(&bytes, &sizes, &mut by_name);
        prop_assert_eq!(by_name.sink.lines(), in_rows.lines());
        prop_assert!(attributes < 4 || by_name.known > 0, "{} of 5 * {attributes}", by_name.known);
        // As the tape has it.
        let (mut tape, mut played) = (TapeWriter::new(), ByName::<Calls>::default());
        decode_in(&bytes, &sizes, &mut tape);
        TapePlayer::new().play(&tape.take(), &mut played).unwrap();
        prop_assert_eq!(played.sink.lines(), in_rows.lines());
    }

    #[test]
    fn json_and_protobuf_say_the_same(groups in rows::groups()) {
        let mut writer = OtlpJsonWriter::new(Vec::new());
        feed(&groups, true, &mut writer);
        let json = writer.finish().unwrap();
        let bytes = written(|sink| {
            let mut decoder = Decoder::new();
            decoder.push(&json, sink).unwrap();
            decoder.finish(sink).unwrap();
        });
        let mut again = OtlpJsonWriter::new(Vec::new());
        decode_in(&bytes, &[1000], &mut again);
        prop_assert_eq!(String::from_utf8(again.finish().unwrap()), String::from_utf8(json));
    }

    #[test]
    fn a_tape_makes_the_same_calls(calls in vec(call(), 0..12), cuts in vec(any::<bool>(), 12), base in 0_u32..9) {
        let (mut direct, mut replayed) = (Calls { base, ..Calls::default() }, Calls { base, ..Calls::default() });
        let (mut tape, mut player) = (TapeWriter::new(), TapePlayer::new());
        for sink in [&mut direct as &mut dyn SpanSink, &mut tape] {
            make(&Call::OpenResource, sink, base);
            make(&Call::OpenScope, sink, base);
        }
        let mut pieces = Vec::new();
        for (call, cut) in calls.iter().zip(&cuts) {
            make(call, &mut direct, base);
            make(call, &mut tape, 0);
            if *cut { pieces.push(tape.take()) }
        }
        pieces.push(tape.take());
        for piece in &pieces {
            player.play(piece, &mut replayed).unwrap();
        }
        prop_assert_eq!(replayed.lines(), direct.lines());
        // A piece that lacks its end is none.
        if let Some((last, start)) = pieces.iter().flatten().copied().collect::<Vec<_>>().split_last() {
            let mut cut = Calls::default();
            let played = TapePlayer::new().play(start, &mut cut);
            prop_assert!(played.is_err() || cut.made.len() + 1 == direct.made.len(), "{last}");
        }
    }

    #[test]
    fn any_tape_ends(bytes in vec(0_u8..20, 0..100)) {
        let _ = TapePlayer::new().play(&bytes, &mut Calls::default());
    }

    #[test]
    fn any_bytes_end(bytes in vec(prop_oneof![0_u8..40, any::<u8>()], 0..120), sizes in vec(1_usize..9, 1..4)) {
        let (mut whole, mut parts) = (Calls::default(), Calls::default());
        prop_assert_eq!(decode_in(&bytes, &[usize::MAX], &mut whole), decode_in(&bytes, &sizes, &mut parts));
        prop_assert_eq!(whole.lines(), parts.lines());
    }

    #[test]
    fn a_damaged_file_ends(at in 0_usize..14_000, byte in any::<u8>(), sizes in vec(1_usize..3000, 1..4)) {
        let mut bytes = written(|sink| support::generate::spans(30, sink));
        if let Some(place) = bytes.get_mut(at) { *place = byte }
        let (mut whole, mut parts) = (Calls::default(), Calls::default());
        prop_assert_eq!(decode_in(&bytes, &[usize::MAX], &mut whole), decode_in(&bytes, &sizes, &mut parts));
        prop_assert_eq!(whole.lines(), parts.lines());
    }
}

/// Spans and what they refer to, by their own words.
fn spans_of(calls: &Calls) -> Vec<String> {
    let content = |wanted: u32, of: fn(&Call) -> Option<(u32, String)>| {
        calls.made.iter().filter_map(of).find(|(index, _)| *index == wanted).map(|(_, content)| content)
    };
    let resource = |call: &Call| match call {
        Call::CloseResource(index, content) => Some((*index, format!("{content:?}"))),
        _ => None,
    };
    let scope = |call: &Call| match call {
        Call::CloseScope(index, content) => Some((*index, format!("{content:?}"))),
        _ => None,
    };
    let line = |call: &Call| match call {
        Call::Span(r, s, span) => {
            Some(format!("{:?} {:?} {span:?}", content(*r, resource), content(*s, scope)))
        }
        _ => None,
    };
    calls.made.iter().filter_map(line).collect()
}

/// Any call about the first resource and scope, or a new one.
fn call() -> impl Strategy<Value = Call> {
    prop_oneof![
        Just(Call::OpenResource),
        Just(Call::OpenScope),
        rows::resource().prop_map(|content| Call::CloseResource(0, content)),
        rows::scope().prop_map(|content| Call::CloseScope(0, content)),
        rows::span().prop_map(|span| Call::Span(0, 0, span)),
        rows::log().prop_map(|log| Call::Log(0, 0, log)),
        rows::exemplar().prop_map(|exemplar| Call::Exemplar(0, 0, exemplar)),
        (0..WarningKind::ALL.len(), any::<Option<u64>>(), any::<String>()).prop_map(
            |(kind, offset, detail)| Call::Warn(Warning { kind: WarningKind::ALL[kind], offset, detail })
        ),
    ]
}

fn make(call: &Call, sink: &mut dyn SpanSink, base: u32) {
    match call {
        Call::OpenResource => drop(sink.open_resource()),
        Call::OpenScope => drop(sink.open_scope()),
        Call::CloseResource(r, content) => sink.close_resource(ResourceRef(base + r), content),
        Call::CloseScope(s, content) => sink.close_scope(ScopeRef(base + s), content),
        Call::Span(r, s, row) => sink.span(ResourceRef(base + r), ScopeRef(base + s), row),
        Call::Log(r, s, row) => sink.log(ResourceRef(base + r), ScopeRef(base + s), row),
        Call::Exemplar(r, s, row) => sink.exemplar(ResourceRef(base + r), ScopeRef(base + s), row),
        Call::Warn(warning) => sink.warn(warning.clone()),
    }
}

/// A field with a length.
fn field(number: u32, content: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for mut value in [(number << 3 | 2) as usize, content.len()] {
        while value >= 0x80 {
            bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        bytes.push(value as u8);
    }
    [bytes, content.to_vec()].concat()
}

/// A request with one scope of these fields.
fn scope(fields: &[Vec<u8>]) -> Vec<u8> {
    field(1, &field(2, &fields.concat()))
}

/// A span of these fields and a start of 1.
fn span(fields: &[&[u8]]) -> Vec<u8> {
    field(2, &[&fields.concat(), &[0x39, 1, 0, 0, 0, 0, 0, 0, 0][..]].concat())
}

/// `name id parent attributes`, then a line a warning.
fn check(bytes: &[u8], expected: &[&str]) {
    let (calls, _) = decode(bytes);
    let lines: Vec<_> = calls
        .made
        .iter()
        .filter_map(|call| match call {
            Call::Span(_, _, span) => {
                let attributes = span.attributes.iter().map(|it| format!(" {}={:?}", it.key, it.value));
                let attributes = attributes.collect::<String>();
                Some(format!("{} {:x}:{:x}{attributes}", span.name, span.trace_id.0, span.span_id.0))
            }
            Call::Log(_, _, log) => Some(format!("log {:?} {:x}", log.body, log.trace_id.0)),
            Call::Exemplar(_, _, exemplar) => Some(format!("{} {:?}", exemplar.metric, exemplar.value)),
            Call::Warn(Warning { kind, offset, detail }) => {
                Some(format!("{kind} @{} {detail}", offset.unwrap()).trim().to_owned())
            }
            _ => None,
        })
        .collect();
    assert_eq!(lines, expected, "{bytes:02x?}");
}

#[test]
fn spellings() {
    let name = field(5, b"a");
    let (a, b) = (span(&[&name]), span(&[&field(5, b"b")]));
    check(&scope(std::slice::from_ref(&a)), &["a 0:0"]);
    // Unknown fields of every wire type, groups in groups.
    let odd: &[u8] =
        b"\xB8\x06\x96\x01\xB9\x0612345678\xBA\x06\x02xy\xBD\x061234\xBB\x06\xC3\x06\x08\x01\xC4\x06\xBC\x06";
    check(&scope(&[span(&[odd, &name, odd])]), &["a 0:0"]);
    check(
        &[odd, &field(1, &[odd, &field(2, &[odd, &a, odd, &b].concat())].concat()), odd].concat(),
        &["a 0:0", "b 0:0"],
    );
    // Instrumentation libraries; messages in a row are one.
    check(&field(1, &field(1000, &a)), &["a 0:0"]);
    check(&[scope(std::slice::from_ref(&a)), scope(std::slice::from_ref(&b))].concat(), &["a 0:0", "b 0:0"]);
    // Ids of any length.
    let id = |number, bytes: &[u8]| span(&[&field(number, bytes)]);
    check(&scope(&[id(1, &[0xAB; 16])]), &[" abababababababababababababababab:0"]);
    check(&scope(&[id(2, &[])]), &[" 0:0"]);
    check(
        &scope(&[id(1, &[1, 2, 3, 4, 5, 6, 7, 8])]),
        &[
            "invalidId @4 trace_id is \"\\u{1}\\u{2}\\u{3}\\u{4}\\u{5}\\u{6}\\u{7}\\u{8}\", 8 bytes; expected 16",
            " 102030405060708:0",
        ],
    );
    check(
        &scope(&[id(2, b"eee19b7ec3c1b174")]),
        &["invalidId @4 span_id is \"eee19b7ec3c1b174\", 16 bytes; expected 8", " 0:eee19b7ec3c1b174"],
    );
    // Text that is none.
    check(
        &scope(&[span(&[&field(5, b"a\xFFb")])]),
        &["invalidUtf8 @4 name is not UTF-8; what is not was replaced", "a\u{FFFD}b 0:0"],
    );
    // Numbers that are none of their names, and a status of before.
    check(
        &scope(&[span(&[&[0x30, 9]])]),
        &["numberOutOfRange @4 kind is 9, which is not one of its values", " 0:0"],
    );
    let (calls, _) = decode(&scope(&[span(&[&field(15, &[0x08, 2])])]));
    assert!(calls.lines().iter().any(|line| line.contains("status_code: Error")), "{calls:?}");
}

#[test]
fn values() {
    let with = |value: &[u8]| scope(&[span(&[&field(9, &[field(1, b"k"), field(2, value)].concat())])]);
    let check = |value: &[u8], expected: &str| check(&with(value), &[&format!(" 0:0 k={expected}")]);
    check(b"", "Empty");
    check(b"\x0A\x00", "Str(\"\")");
    check(b"\x10\x01", "Bool(true)");
    check(b"\x18\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", "Int(-1)");
    check(b"\x21\0\0\0\0\0\0\xF8\x3F", "Double(1.5)");
    check(b"\x3A\x02\x00\xFF", "Bytes([0, 255])");
    check(b"\x2A\x06\x0A\x00\x0A\x02\x10\x00", "Array([Empty, Bool(false)])");
    check(b"\x32\x05\x0A\x03\x0A\x01x", "Map([KeyValue { key: \"x\", value: Empty }])");
    // The last of the oneof.
    check(b"\x0A\x01x\x18\x05", "Int(5)");
}

#[test]
fn values_are_cut_where_they_are_too_deep() {
    let mut value = field(1, b"x");
    for _ in 0..200 {
        value = field(5, &field(1, &value));
    }
    let bytes = scope(&[span(&[&field(9, &field(2, &value))])]);
    let (calls, read) = decode(&bytes);
    assert_eq!((read.spans, read.malformed), (1, None));
    assert_eq!(calls.lines().iter().filter(|line| line.contains("TooDeep")).count(), 1);
}

#[test]
fn what_is_broken_is_left_out() {
    let (a, b) = (span(&[&field(5, b"a")]), span(&[&field(5, b"b")]));
    // Inside a span: a length beyond its end, an unknown wire type, field 0.
    for bad in [&[0x2A, 9, b'x'][..], &[0x2F], &[0x00]] {
        check(
            &scope(&[a.clone(), field(2, bad), b.clone()]),
            &["a 0:0", "skippedSpan @18 a span was skipped: it is no protobuf", "b 0:0"],
        );
    }
    // A length beyond the scope: the next scope is read.
    let bad = scope(&[a.clone(), vec![0x12, 99, 1]]);
    check(
        &[bad, scope(std::slice::from_ref(&b))].concat(),
        &["a 0:0", "invalidProtobuf @18 the rest of a scope was skipped: it is no protobuf", "b 0:0"],
    );
    // Outside of all there is nothing to hold on to. (Text begins with a number in field 13; no group is open.)
    check(
        &[
            scope(std::slice::from_ref(&a)),
            vec![0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01],
            scope(std::slice::from_ref(&b)),
        ]
        .concat(),
        &["a 0:0", "invalidProtobuf @18 the rest of the input was skipped: it is no protobuf"],
    );
    check(b"hello, world", &["invalidProtobuf @2 the rest of the input was skipped: it is no protobuf"]);
}

#[test]
fn what_is_cut_off_is_kept_until_there() {
    let (a, b) = (span(&[&field(5, b"a")]), span(&[&field(5, b"b")]));
    let bytes = scope(&[a, b]);
    for cut in 1..bytes.len() {
        let (calls, read) = decode(&bytes[..cut]);
        assert_eq!(read.spans, u64::from(cut >= 18), "{cut}");
        let offset = read.cut_off.unwrap();
        assert!(
            offset <= cut as u64
                && offset
                    == calls
                        .made
                        .iter()
                        .find_map(|call| match call {
                            Call::Warn(warning) if warning.kind == WarningKind::Truncated => warning.offset,
                            _ => None,
                        })
                        .unwrap()
        );
        // What was opened is closed.
        assert_eq!(
            calls.lines().iter().filter(|line| line.starts_with("Close")).count(),
            usize::from(cut >= 18) * 2
        );
    }
}

#[test]
fn other_signals() {
    let id = [0xAB; 16];
    let log = field(
        2,
        &[&[0x59, 1, 0, 0, 0, 0, 0, 0, 0][..], &field(5, &field(1, b"said")), &field(9, &id)].concat(),
    );
    check(&scope(std::slice::from_ref(&log)), &["log Str(\"said\") abababababababababababababababab"]);
    // The name after the points, as the Collector has it; an exemplar without a trace leads nowhere.
    let exemplar = [&[0x31, 7, 0, 0, 0, 0, 0, 0, 0][..], &field(5, &id)].concat();
    let none = [0x31, 8, 0, 0, 0, 0, 0, 0, 0];
    let metric = |data: u32, exemplars: u32| {
        let point = [field(exemplars, &exemplar), field(exemplars, &none)].concat();
        field(2, &[field(data, &field(1, &point)), field(1, b"size")].concat())
    };
    for (data, exemplars) in [(5, 5), (7, 5), (9, 8), (10, 11)] {
        check(&scope(&[metric(data, exemplars)]), &["size Int(7)"]);
    }
    // Each scope tells what it holds.
    let a = span(&[&field(5, b"a")]);
    let (_, read) = decode(&[scope(&[log.clone(), log]), scope(&[a]), scope(&[metric(7, 5)])].concat());
    assert_eq!(read, Read { spans: 1, logs: 2, exemplars: 1, metrics: 1, resources: 3, ..Read::default() });
    // A profile's time.
    check(
        &scope(&[field(2, &[0x19, 1, 0, 0, 0, 0, 0, 0, 0])]),
        &["otherSignal @4 records that are neither spans, log records nor metrics were left out"],
    );
}

#[test]
fn long_elements_are_written_before_their_end() {
    let bytes = written(|sink| {
        let (resource, scope) = (sink.open_resource(), sink.open_scope());
        sink.close_resource(
            resource,
            &Resource { attributes: vec![KeyValue::new("k", "v")], ..Resource::default() },
        );
        sink.close_scope(scope, &Scope::default());
        let long = "x".repeat(1000);
        for _ in 0..3000 {
            sink.span(resource, scope, &SpanRow { name: long.as_str().into(), ..SpanRow::default() });
        }
    });
    let mut picture = Picture::default();
    let read = decode_in(&bytes, &[1 << 20], &mut picture);
    assert_eq!((read.spans, read.resources, read.malformed), (3000, 3, None));
    assert!(picture.lines().lines().all(|line| line.starts_with("k=\"v\" / ")));
}

/// As the file exporter of a Collector (0.145) writes the example of the protocol, without the length before it: fields
/// from the last to the first.
const COLLECTED: &[u8] = b"\
        \x0A\xD5\x01\x12\xB2\x01\x12mz\x00J\x1C\x12\x0C\x0A\x0Asome value\x0A\x0Cmy.span.attrA\x00\x12\
        \xF4\x1E\xFB\xEBo\x159\x00HY\xE3\xFA\xEBo\x150\x02*\x11I'm a server span\"\x08\xEE\xE1\x9B~\xC3\
        \xC1\xB1s\x12\x08\xEE\xE1\x9B~\xC3\xC1\xB1t\x0A\x10[\x8E\xFF\xF7\x98\x03\x81\x03\xD2i\xB63\x81?\
        \xC6\x0C\x0AA\x1A,\x12\x16\x0A\x14some scope attribute\x0A\x12my.scope.attribute\x12\x051.0.0\
        \x0A\x0Amy.library\x0A\x1E\x0A\x1C\x12\x0C\x0A\x0Amy.service\x0A\x0Cservice.name";

#[test]
fn what_a_collector_writes() {
    assert!(looks_like_protobuf(&COLLECTED[..64]));
    let mut picture = Picture::default();
    let read = decode_in(COLLECTED, &[17], &mut picture);
    assert_eq!(read, Read { spans: 1, resources: 1, ..Read::default() });
    assert_eq!(
        picture.lines(),
        "service.name=\"my.service\" / my.library version:1.0.0 my.scope.attribute=\"some scope attribute\" / \
         5b8efff798038103d269b633813fc60c:eee19b7ec3c1b174 in:eee19b7ec3c1b173 \"I'm a server span\" server \
         1544712660000000000..1544712661000000000 my.span.attr=\"some value\"\n"
    );
}

/// `../shared/corpus` beside the workspace.
fn corpus() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    if path.is_dir() {
        return Some(path);
    }
    println!("skipped: no corpus at {}", path.display());
    None
}

#[test]
fn real_files_and_their_twins() {
    let Some(corpus) = corpus() else { return };
    let read = |name: &str| std::fs::read(corpus.join(name)).unwrap();
    let oracle = |name: &str| serde_json::from_slice::<Value>(&read(name)).unwrap();
    let facts = oracle("oracles/file_facts.json");
    let facts = facts["facts"].as_array().unwrap();
    let ours = facts.iter().filter(|fact| fact["file"].as_str().unwrap().starts_with("otlp-proto/"));
    let mut files = 0;
    for fact in ours {
        let name = fact["file"].as_str().unwrap();
        let bytes = read(name);
        assert!(looks_like_protobuf(&bytes[..64]), "{name}");
        let mut picture = Picture::default();
        let read = decode_in(&bytes, &[61], &mut picture);
        assert_eq!((read.malformed, read.cut_off, picture.warnings.len()), (None, None, 0), "{name}");
        for (field, ours) in [
            ("spans", picture.spans()),
            ("traces", picture.traces.len()),
            ("events", picture.events),
            ("links", picture.links),
            ("errors", picture.errors),
        ] {
            assert_eq!(fact[field].as_u64().unwrap(), ours as u64, "{name}: {field}");
        }
        files += 1;
    }
    let mut twins = 0;
    for pair in oracle("oracles/cross_format_pairs.json")["pairs"].as_array().unwrap() {
        let names: Vec<_> =
            pair["files"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        let Some(twin) = names.iter().find(|name| name.starts_with("otlp-proto/")) else { continue };
        let json = names.iter().find(|name| name.starts_with("otlp-json/")).unwrap();
        let mut picture = Picture::default();
        decode_in(&read(twin), &[1 << 20], &mut picture);
        let (mut expected, _) = support::decode_in(&read(json), &[1 << 20]);
        // The twin in JSON has other signals, too.
        expected.keep_spans();
        expected.warnings.retain(|warning| warning.kind != WarningKind::MetricWithoutExemplar);
        // One at a time: all of them fill the screen.
        for (ours, theirs) in sorted(&picture).iter().zip(&sorted(&expected)) {
            assert_eq!(ours, theirs, "{twin} and {json}");
        }
        assert_eq!(picture.spans(), expected.spans(), "{twin} and {json}");
        assert_eq!(picture.warnings.len(), expected.warnings.len(), "{twin} and {json}");
        twins += 1;
    }
    println!("{files} files, {twins} of them with a twin");
    assert!(files > 0 && twins > 0);
}

fn sorted(picture: &Picture) -> Vec<String> {
    let mut lines: Vec<_> = picture.lines().lines().map(str::to_owned).collect();
    lines.sort();
    lines
}
