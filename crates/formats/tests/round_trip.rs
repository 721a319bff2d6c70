//! What is written is read again, however it is cut.

#[cfg(test)]
mod support;

use formats::{Decoder, OtlpJsonWriter, span_to_json};
use otel::{
    AnyValue, ExemplarRow, KeyValue, LogRow, Resource, Scope, SpanKind, SpanRow, SpanSink as _, TraceId,
    UnixNanos, WarningKind,
};
use proptest::collection::vec;
use proptest::prelude::*;
use support::Picture;
use support::rows::{exemplar, groups, log, span};

/// An item of any signal.
#[derive(Clone, Debug)]
enum Item {
    Span(SpanRow<'static>),
    Log(LogRow<'static>),
    Exemplar(ExemplarRow<'static>),
}

fn item() -> impl Strategy<Value = Item> {
    prop_oneof![span().prop_map(Item::Span), log().prop_map(Item::Log), exemplar().prop_map(Item::Exemplar)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn decoding_undoes_encoding(groups in groups(), sizes in vec(1_usize..200, 1..6), content_first in any::<bool>()) {
        let mut expected = Picture::default();
        let mut writer = OtlpJsonWriter::new(Vec::new());
        for (resource, scope, spans) in &groups {
            for sink in [&mut expected as &mut dyn otel::SpanSink, &mut writer] {
                let (r, s) = (sink.open_resource(), sink.open_scope());
                let give = |sink: &mut dyn otel::SpanSink| {
                    sink.close_resource(r, resource);
                    sink.close_scope(s, scope);
                };
                if content_first { give(sink) }
                for span in spans {
 sink.span(r, s, span);
}
                if !content_first { give(sink) }
            }
        }
        let text = writer.finish().unwrap();
        let json = serde_json::from_slice::<serde_json::Value>(&text).unwrap();
        let (picture, outcome) = support::decode_in(&text, &sizes);
        prop_assert_eq!(picture.lines(), expected.lines());
        prop_assert_eq!(outcome.unwrap().spans, picture.spans() as u64);
        // With white space, and members in order of their names: none of it is spelled as usual.
        let unusual = serde_json::to_string_pretty(&json).unwrap();
        let (picture, _) = support::decode_in(unusual.as_bytes(), &sizes);
        prop_assert_eq!(picture.lines(), expected.lines());
        // Every field, not only those the picture shows.
        let mut again = OtlpJsonWriter::new(Vec::new());
        let mut decoder = Decoder::new();
        decoder.push(&text, &mut again).unwrap();
        decoder.finish(&mut again).unwrap();
        prop_assert_eq!(String::from_utf8(again.finish().unwrap()).unwrap(), String::from_utf8(text).unwrap());
    }

    #[test]
    fn all_signals_come_back(items in vec((item(), any::<bool>()), 1..12), sizes in vec(1_usize..200, 1..6)) {
        let mut expected = Picture::default();
        let mut writer = OtlpJsonWriter::new(Vec::new());
        let resource = Resource { attributes: vec![KeyValue::new("service.name", "shop")], ..Resource::default() };
        for sink in [&mut expected as &mut dyn otel::SpanSink, &mut writer] {
            let (mut r, mut s) = (sink.open_resource(), sink.open_scope());
            sink.close_resource(r, &resource);
            sink.close_scope(s, &Scope::default());
            for (item, other_scope) in &items {
                if *other_scope {
                    (r, s) = (sink.open_resource(), sink.open_scope());
                    sink.close_resource(r, &resource);
                    sink.close_scope(s, &Scope::default());
                }
                match item {
                    Item::Span(row) => sink.span(r, s, row),
                    Item::Log(row) => sink.log(r, s, row),
                    Item::Exemplar(row) => sink.exemplar(r, s, row),
                }
            }
        }
        let text = String::from_utf8(writer.finish().unwrap()).unwrap();
        // Each line is a document of one signal.
        let mut unusual = String::new();
        for line in text.lines() {
            let json: serde_json::Value = serde_json::from_str(line).unwrap();
            prop_assert_eq!(json.as_object().unwrap().len(), 1);
            unusual.push_str(&serde_json::to_string_pretty(&json).unwrap());
        }
        for text in [text, unusual] {
            let (picture, outcome) = support::decode_in(text.as_bytes(), &sizes);
            prop_assert_eq!(picture.lines(), expected.lines());
            prop_assert_eq!(outcome.unwrap().logs, expected.logs() as u64);
        }
    }

    #[test]
    fn any_text_ends(text in r#"[\[\]{}:,"\\a1 \n]{0,60}"#, sizes in vec(1_usize..9, 1..4)) {
        let whole = support::decode_in(text.as_bytes(), &[1000]);
        let parts = support::decode_in(text.as_bytes(), &sizes);
        prop_assert_eq!(whole, parts);
    }

    #[test]
    fn a_damaged_file_ends(at in 0_usize..20_000, byte in any::<u8>(), cut in 0_usize..30_000, sizes in vec(1_usize..3000, 1..4)) {
        let mut writer = OtlpJsonWriter::new(Vec::new());
        support::generate::spans(30, &mut writer);
        let mut bytes = writer.finish().unwrap();
        if let Some(place) = bytes.get_mut(at) { *place = byte }
        bytes.truncate(cut);
        let whole = support::decode_in(&bytes, &[usize::MAX]);
        let parts = support::decode_in(&bytes, &sizes);
        prop_assert_eq!(whole.0.lines(), parts.0.lines());
        // What is no JSON is said to be none, and nothing else is.
        let is_json = serde_json::Deserializer::from_str(&String::from_utf8_lossy(&bytes))
            .into_iter::<serde::de::IgnoredAny>()
            .next()
            .is_some_and(|first| first.is_ok());
        let complained = whole.0.warnings.iter().any(|warning| {
            matches!(warning.kind, WarningKind::InvalidJson | WarningKind::SkippedSpan | WarningKind::Truncated)
        });
        if whole.0.spans() > 0 {
            prop_assert_eq!(is_json, !complained, "{}", whole.0.lines());
        }
    }
}

#[test]
fn generated_files_hold_what_was_asked_for() {
    let mut writer = OtlpJsonWriter::new(Vec::new());
    support::generate::spans(600, &mut writer);
    let (picture, outcome) = support::decode_in(&writer.finish().unwrap(), &[4096]);
    assert_eq!((picture.spans(), picture.traces.len(), picture.warnings.len()), (600, 15, 0));
    assert_eq!(outcome.unwrap().documents, 1);
}

#[test]
fn scopes_of_one_resource_stand_together() {
    let mut writer = OtlpJsonWriter::new(Vec::new());
    let (resource, one, two) = (writer.open_resource(), writer.open_scope(), writer.open_scope());
    let span = |name: &'static str| SpanRow { name: name.into(), ..SpanRow::default() };
    writer.span(resource, one, &span("a"));
    writer.span(resource, two, &span("b"));
    writer.close_scope(two, &Scope { name: "two".into(), ..Scope::default() });
    assert_eq!(
        String::from_utf8(writer.finish().unwrap()).unwrap(),
        r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"a"}]},{"scope":{"name":"two"},"spans":[{"name":"b"}]}]}]}"#
    );
}

#[test]
fn one_span_for_reading() {
    let span = SpanRow {
        trace_id: TraceId(10),
        name: "a \"b\"".into(),
        kind: SpanKind::Client,
        start: UnixNanos(1_700_000_000_000_000_001),
        attributes: vec![
            KeyValue::new("n", 1_i64),
            KeyValue::new("x", AnyValue::Array(vec![])),
            KeyValue::new("d", 1.0),
        ],
        ..SpanRow::default()
    };
    let expected = r#"{
  "resourceSpans": [
    {
      "resource": {},
      "scopeSpans": [
        {
          "scope": {},
          "spans": [
            {
              "traceId": "0000000000000000000000000000000a",
              "name": "a \"b\"",
              "kind": 3,
              "startTimeUnixNano": "1700000000000000001",
              "attributes": [
                {
                  "key": "n",
                  "value": {
                    "intValue": "1"
                  }
                },
                {
                  "key": "x",
                  "value": {
                    "arrayValue": {
                      "values": []
                    }
                  }
                },
                {
                  "key": "d",
                  "value": {
                    "doubleValue": 1.0
                  }
                }
              ]
            }
          ]
        }
      ]
    }
  ]
}"#;
    assert_eq!(span_to_json(&span, &Resource::default(), &Scope::default()), expected);
}
