//! One attribute of 64 MB, in formats with a record at a time: how much memory it takes.

use std::fs;

use formats::{Decoder, OtlpProtobufWriter};
use otel::{
    AnyValue, KeyValue, Resource, ResourceRef, Scope, ScopeRef, SpanId, SpanRow, SpanSink, TraceId, Warning,
};

const LENGTH: usize = 64 << 20;

/// As much as the whole string, so often: in chunks, as text, and as what is decoded of it.
const MOST: usize = 4;

/// Keeps nothing but the length of the longest text.
#[derive(Default)]
struct Longest {
    spans: usize,
    length: usize,
    warnings: Vec<Warning>,
}

impl SpanSink for Longest {
    fn open_resource(&mut self) -> ResourceRef {
        ResourceRef(0)
    }
    fn close_resource(&mut self, _: ResourceRef, _: &Resource<'_>) {}
    fn open_scope(&mut self) -> ScopeRef {
        ScopeRef(0)
    }
    fn close_scope(&mut self, _: ScopeRef, _: &Scope<'_>) {}
    fn span(&mut self, _: ResourceRef, _: ScopeRef, span: &SpanRow<'_>) {
        self.spans += 1;
        for attribute in &span.attributes {
            if let AnyValue::Str(text) = &attribute.value {
                self.length = self.length.max(text.len());
            }
        }
    }
    fn warn(&mut self, warning: Warning) {
        self.warnings.push(warning);
    }
}

/// A field of `/proc/self/status`, in bytes.
fn memory(field: &str) -> Option<usize> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<usize>().ok()? << 10)
}

#[test]
fn a_text_of_64_megabytes() {
    let text = "x".repeat(LENGTH);
    let span = SpanRow {
        trace_id: TraceId(1),
        span_id: SpanId(2),
        attributes: vec![KeyValue::new("big", text.as_str())],
        ..SpanRow::default()
    };
    let protobuf = || {
        let mut writer = OtlpProtobufWriter::new(Vec::new());
        let (resource, scope) = (writer.open_resource(), writer.open_scope());
        writer.close_resource(resource, &Resource::default());
        writer.close_scope(scope, &Scope::default());
        writer.span(resource, scope, &span);
        writer.finish().unwrap()
    };
    let inputs: [(&str, &dyn Fn() -> Vec<u8>); 5] = [
        ("OTLP JSON", &|| {
            format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{"spanId":"02","attributes":[{{"key":"big","value":{{"stringValue":"{text}"}}}}]}}]}}]}}]}}"#).into_bytes()
        }),
        ("OTLP protobuf", &protobuf),
        ("Jaeger JSON", &|| {
            format!(r#"{{"data":[{{"traceID":"1","spans":[{{"traceID":"1","spanID":"2","operationName":"a","tags":[{{"key":"big","type":"string","value":"{text}"}}]}}],"processes":{{}}}}]}}"#).into_bytes()
        }),
        ("Zipkin JSON", &|| {
            format!(r#"[{{"traceId":"1","id":"2","timestamp":1,"name":"a","tags":{{"big":"{text}"}}}}]"#)
                .into_bytes()
        }),
        ("CSV", &|| {
            format!("TraceId,SpanId,SpanName,Timestamp,Duration,big\n1,2,a,,1,{text}\n").into_bytes()
        }),
    ];
    for (name, input) in inputs {
        let input = input();
        // From here on the most is counted anew.
        fs::write("/proc/self/clear_refs", "5").ok();
        let before = memory("VmRSS");
        let (mut sink, mut decoder) = (Longest::default(), Decoder::new());
        let pushed = input.chunks(1 << 20).try_for_each(|chunk| decoder.push(chunk, &mut sink));
        pushed.unwrap();
        decoder.finish(&mut sink).unwrap();
        if name == "CSV" {
            // A row is no longer than this: what a quote that does not close may keep from being read.
            assert!(sink.length < 4 << 20 && !sink.warnings.is_empty(), "{:?}", sink.warnings);
        } else {
            assert_eq!((sink.spans, sink.length, sink.warnings.len()), (1, LENGTH, 0), "{name}");
        }
        let (Some(before), Some(most), Some(after)) = (before, memory("VmHWM"), memory("VmRSS")) else {
            println!("skipped: no figures of memory");
            continue;
        };
        let (most, after) = (most - before, after.saturating_sub(before));
        println!("{name}: {} MB at the most, {} MB after", most >> 20, after >> 20);
        assert!(most < MOST * LENGTH, "{name}: {} MB", most >> 20);
    }
}
