//! Payloads of Grafana Faro's web SDK.

#![expect(clippy::unwrap_used, reason = "tests")]

#[cfg(test)]
mod support;

use std::path::Path;

use formats::{Decoder, Format};
use otel::{ExemplarRow, LogRow, Resource, ResourceRef, Scope, ScopeRef, SpanRow, SpanSink, Warning};

/// What is no span, a line each.
#[derive(Default)]
struct Others {
    resources: Vec<String>,
    lines: Vec<(u32, String)>,
}

impl Others {
    fn of(input: &str) -> Vec<String> {
        let mut others = Self::default();
        let mut decoder = Decoder::new();
        decoder.push(input.as_bytes(), &mut others).unwrap();
        decoder.finish(&mut others).ok();
        let resource = |at: &u32| others.resources.get(*at as usize).cloned().unwrap_or_default();
        others.lines.iter().map(|(at, line)| format!("{} / {line}", resource(at))).collect()
    }
}

fn shown(attributes: &[otel::KeyValue<'_>]) -> String {
    let shown = attributes.iter().map(|known| format!("{}={:?}", known.key, known.value));
    shown.collect::<Vec<_>>().join(" ")
}

impl SpanSink for Others {
    fn open_resource(&mut self) -> ResourceRef {
        self.resources.push("?".to_owned());
        ResourceRef(self.resources.len() as u32 - 1)
    }

    fn close_resource(&mut self, resource: ResourceRef, content: &Resource<'_>) {
        if let Some(known) = self.resources.get_mut(resource.0 as usize) {
            *known = shown(&content.attributes);
        }
    }

    fn open_scope(&mut self) -> ScopeRef {
        ScopeRef(0)
    }

    fn close_scope(&mut self, _: ScopeRef, _: &Scope<'_>) {}

    fn span(&mut self, _: ResourceRef, _: ScopeRef, _: &SpanRow<'_>) {}

    fn log(&mut self, resource: ResourceRef, _: ScopeRef, log: &LogRow<'_>) {
        let LogRow { time, severity, event_name, body, trace_id, span_id, .. } = log;
        let (trace, span) = (trace_id.0, span_id.0);
        self.lines.push((
            resource.0,
            format!(
                "log {trace:x}:{span:x} {} {} {event_name:?} {body:?} {}",
                time.0,
                severity.number(),
                shown(&log.attributes).trim()
            ),
        ));
    }

    fn exemplar(&mut self, resource: ResourceRef, _: ScopeRef, exemplar: &ExemplarRow<'_>) {
        let ExemplarRow { metric, value, trace_id, span_id, .. } = exemplar;
        let (trace, span) = (trace_id.0, span_id.0);
        self.lines.push((resource.0, format!("exemplar {trace:x}:{span:x} {metric} {value:?}")));
    }

    fn warn(&mut self, _: Warning) {}
}

const META: &str = r#""meta":{"sdk":{"name":"faro-web","version":"2"},"app":{"name":"shop","version":"1"},
    "browser":{"language":"en"},"session":{"id":"s"},"page":{"url":"http://h/p"}}"#;

const TRACES: &str = r#""traces":{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},
    "scopeSpans":[{"scope":{"name":"fetch","version":"1"},"spans":[{"traceId":"0f","spanId":"a1","parentSpanId":"a0",
    "name":"GET","kind":3,"startTimeUnixNano":"1700000000000000000","endTimeUnixNano":"1700000000000000005",
    "attributes":[{"key":"n","value":{"intValue":7}}],"droppedAttributesCount":0,"events":[{"timeUnixNano":"1700000000000000001",
    "name":"e","attributes":[],"droppedAttributesCount":2}],"droppedEventsCount":0,"status":{"code":2,"message":"m"},
    "links":[],"droppedLinksCount":0,"flags":257}]}]}]}"#;

#[test]
fn spans() {
    let expected = " service.name=\"shop\" / fetch version:1 / f:a1 in:a0 \"GET\" client \
        1700000000000000000..1700000000000000005 flags:257 n=7 event(1700000000000000001 \"e\" dropped:2) Error(m)";
    for text in [format!("{{{META},{TRACES},\"events\":[]}}"), format!("{{{TRACES},{META}}}")] {
        let (picture, outcome) = support::decode(text.as_bytes());
        assert_eq!(outcome.map(|outcome| outcome.formats), Ok(vec![Format::Other("Grafana Faro")]));
        assert_eq!(picture.lines().lines().next().map(str::trim), Some(expected.trim()));
    }
}

#[test]
fn what_is_beside_spans() {
    const OF_META: &str = "service.name=Str(\"shop\") service.version=Str(\"1\") telemetry.distro.name=Str(\"faro-web\") \
        telemetry.distro.version=Str(\"2\") browser.language=Str(\"en\") session.id=Str(\"s\") url.full=Str(\"http://h/p\")";
    const CONTEXT: &str = r#""timestamp":"2023-11-14T22:13:20Z","trace":{"trace_id":"0f","span_id":"a1"}"#;
    let check = |items: &str, expected: &str| {
        let expected = [format!("{OF_META} / {expected}")];
        assert_eq!(Others::of(&format!("{{{META},{items}}}")), expected, "{items}");
        assert_eq!(Others::of(&format!("{{{items},{META}}}")), expected, "{items}");
    };
    check(
        &format!(
            r#""events":[{{"name":"click","domain":"browser","attributes":{{"a":"b"}},"action":{{"name":"buy"}},{CONTEXT}}}]"#
        ),
        "log f:a1 1700000000000000000 0 \"click\" Empty a=Str(\"b\") event.domain=Str(\"browser\") \
         faro.action.name=Str(\"buy\")",
    );
    check(
        &format!(
            r#""exceptions":[{{"type":"TypeError","value":"no","stacktrace":{{"frames":[
                {{"filename":"f.js","function":"g","lineno":4,"colno":9}}]}},{CONTEXT}}}]"#
        ),
        "log f:a1 1700000000000000000 17 \"exception\" Str(\"no\") exception.type=Str(\"TypeError\") \
         exception.message=Str(\"no\") exception.stacktrace=Str(\"TypeError: no\\n    at g (f.js:4:9)\")",
    );
    check(
        &format!(r#""logs":[{{"message":"hello","level":"warn","context":{{"k":"v"}},{CONTEXT}}}]"#),
        "log f:a1 1700000000000000000 13 \"\" Str(\"hello\") k=Str(\"v\")",
    );
    check(
        &format!(
            r#""measurements":[{{"type":"web-vitals","values":{{"ttfb":8.25}},{CONTEXT}}},{{"values":{{"x":1}}}}]"#
        ),
        "exemplar f:a1 ttfb Double(8.25)",
    );
}

/// What browsers' SDKs sent: every file with spans opens, all others say why not.
#[test]
fn files_of_the_corpus() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus/rum"));
    if !folder.is_dir() {
        println!("skipped: no corpus at {}", folder.display());
        return;
    }
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let mut wrong = Vec::new();
    for path in paths {
        let name = path.file_name().unwrap().to_str().unwrap();
        let (picture, outcome) = support::decode_in(&std::fs::read(&path).unwrap(), &[61]);
        let told = match &outcome {
            Ok(outcome) => outcome.formats.iter().map(|format| format.name()).collect::<Vec<_>>().join(", "),
            Err(refusal) => refusal.message.clone(),
        };
        println!("{name}: {} spans: {told}", picture.spans());
        // Spans are in those that say so; what else is in them is not OTLP JSON's to tell.
        let text = std::fs::read_to_string(&path).unwrap();
        let has_spans = text.contains("\"spanId\":");
        let is_right = match name {
            _ if name.contains("requests-seen") => told.contains("\"t\", \"path\""),
            _ if name.starts_with("faro__") && has_spans => told == "Grafana Faro" && picture.spans() > 0,
            _ if name.starts_with("faro__") => told.contains("Grafana Faro"),
            _ if name.contains("otlp-traces") => told.starts_with("OTLP JSON") && picture.spans() > 0,
            _ if name.contains("otlp-logs") => told.contains("OTLP JSON"),
            // Formats of others, or no JSON at all.
            _ => !told.is_empty(),
        };
        if !is_right {
            wrong.push(format!("{name}: {} spans: {told}", picture.spans()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
