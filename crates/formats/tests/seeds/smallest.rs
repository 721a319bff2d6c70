//! As little as a document of each format may hold.

/// The smallest documents of each format.
pub(crate) const SMALLEST: &[(&str, &str)] = &[
    (r#"{"index":{}}{"traceId":"1","spanId":"2","name":"a","durationInNanos":1}"#, "Elasticsearch documents"),
    (
        r#"{"hits":{"hits":[{"_source":{"processor":{"event":"span"},"trace":{"id":"1"},"span":{"id":"2"}}}]}}"#,
        "Elasticsearch documents",
    ),
    (
        r#"{"type":"action","_dd":{},"application":{},"date":1,"view":{"id":"a"},"session":{},"action":{"id":"b"}}"#,
        "Datadog RUM",
    ),
    (
        r#"{"sent_at":"a"}{"type":"transaction"}{"contexts":{"trace":{"span_id":"2"}},"start_timestamp":1}"#,
        "Sentry",
    ),
    (r#"{"contexts":{"trace":{"trace_id":"1","span_id":"2"}},"start_timestamp":1,"timestamp":2}"#, "Sentry"),
    (
        r#"{"tags":{"ai.operation.id":"1"},"data":{"baseType":"RequestData","baseData":{"id":"2"}}}"#,
        "Application Insights",
    ),
    (
        r#"[{"operation_Id":"1","timestamp":"2023-01-01T00:00:00Z","id":"2","duration":1}]"#,
        "Application Insights",
    ),
    (r#"{"data":{"trace.trace_id":"1","trace.span_id":"2","duration_ms":1}}"#, "Honeycomb"),
    (r#"[{"spans":[{"id":"2","trace.id":"1","timestamp":1,"attributes":{}}]}]"#, "New Relic"),
    (
        r#"{"profiles":[{"type":"sampled","unit":"none","samples":[[0]],"weights":[1]}],"shared":{"frames":[{"name":"a"}]}}"#,
        "speedscope",
    ),
    (
        r#"{"nodes":[{"id":1,"callFrame":{"functionName":"a"}}],"samples":[1],"timeDeltas":[1]}"#,
        "V8 CPU profile",
    ),
    (
        r#"{"meta":{"startTime":1,"processType":0},"threads":[{"name":"a","samples":{"stack":[null],"time":[1]}}]}"#,
        "Firefox profile",
    ),
    (
        r#"[[{"trace_id":1,"span_id":2,"parent_id":0,"name":"a","service":"s","start":1,"duration":1}]]"#,
        "Datadog JSON",
    ),
    (
        r#"{"trace":{"spans":{"2":{"trace_id":"1","span_id":"2","service":"s","start":1.5,"duration":1}}}}"#,
        "Datadog JSON",
    ),
    (r#"{"metadata":{"service":{}}}{"span":{"id":"2","trace_id":"1","duration":1}}"#, "Elastic APM intake"),
    (r#"{"x":{"id":"2","tid":"1","d":1}}"#, "Elastic APM intake"),
    (r#"{"traceEvents":[{"ph":"X","pid":1,"ts":1,"dur":1}]}"#, "Chrome trace events"),
    (r#"[{"ph":"X","pid":1,"ts":1,"dur":1},"#, "Chrome trace events"),
    (r#"{"ph":"X","pid":1,"ts":1,"dur":1}"#, "Chrome trace events"),
    (r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"a"}]}]}]}"#, "OTLP JSON"),
    (r#"{"batches":[{"scopeSpans":[{"spans":[{"name":"a"}]}]}]}"#, "Tempo JSON"),
    (r#"{"traces":[{"traceID":"1","rootTraceName":"a","durationMs":1}]}"#, "Tempo search result"),
    (
        r#"{"data":[{"traceID":"1","spans":[{"traceID":"1","spanID":"2","operationName":"a"}],"processes":{}}]}"#,
        "Jaeger JSON",
    ),
    (r#"{"spans":[{"traceID":"1","spanID":"2","operationName":"a","processID":"p1"}]}"#, "Jaeger JSON"),
    (r#"[{"traceId":"1","id":"2","timestamp":1,"name":"a"}]"#, "Zipkin JSON"),
    (r#"[[{"traceId":"1","id":"2","annotations":[],"binaryAnnotations":[]}]]"#, "Zipkin JSON"),
    (
        r#"{"trace_id":"1-5f2aebcc-b475d14618c51eaa28753d37","id":"1","name":"a","start_time":1.5}"#,
        "AWS X-Ray segments",
    ),
    (
        r#"{"format":"json","version":1} {"trace_id":"1-2-3","id":"1","name":"a","in_progress":true}"#,
        "AWS X-Ray segments",
    ),
    (
        r#"{"Traces":[{"Id":"1-2-3","Segments":[{"Id":"1","Document":"{\"id\":\"1\"}"}]}]}"#,
        "AWS X-Ray segments",
    ),
    (
        r#"{"traces":[{"projectId":"p","traceId":"1","spans":[{"spanId":"1","name":"a"}]}]}"#,
        "Google Cloud Trace JSON",
    ),
    (
        r#"{"spans":[{"name":"projects/p/traces/1/spans/2","spanId":"2","displayName":{"value":"a"},"startTime":""}]}"#,
        "Google Cloud Trace JSON",
    ),
    (
        r#"{"id":"t","projectId":"p","observations":[{"id":"1","traceId":"t","type":"SPAN"}]}"#,
        "Langfuse JSON",
    ),
    (r#"{"Name":"a","SpanContext":{"TraceID":"1","SpanID":"2"}}"#, "Go SDK spans"),
    (
        r#"[{"name":"a","spanContext":{"traceId":"1","spanId":"2"},"startTime":[1,2]}]"#,
        "JavaScript SDK spans",
    ),
    (
        r#"{"name":"a","context":{"trace_id":"0x1","span_id":"0x2"},"kind":"SpanKind.CLIENT"}"#,
        "Python SDK spans",
    ),
    (
        r#"{"meta":{"app":{"name":"a"}},"events":[],"traces":{"resourceSpans":[{"scopeSpans":[{"spans":[{"spanId":"1"}]}]}]}}"#,
        "Grafana Faro",
    ),
    (r#"[{"span_id":"1","parent_span_id":"","name":"a","offset_ms":0}]"#, "Rows of spans"),
    (r#"{"TraceId":"1","SpanId":"2","SpanName":"a","Timestamp":"","Duration":1}"#, "Rows of spans"),
    ("TraceId,SpanId,SpanName,Timestamp,Duration\n1,2,a,,1", "CSV"),
];
