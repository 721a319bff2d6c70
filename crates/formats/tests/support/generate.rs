//! Spans as a Collector in front of web services sees them: traces of 40 in batches of a few hundred, ids without order, URLs
//! that differ. The same for the same count.

use otel::{
    EventRow, KeyValue, Resource, Scope, SpanId, SpanKind, SpanRow, SpanSink, StatusCode, TraceId, UnixNanos,
};

const SERVICES: [&str; 8] =
    ["frontend", "checkout", "cart", "payment", "catalogue", "shipping", "recommendation", "currency"];
const ROUTES: [&str; 5] =
    ["/api/cart", "/api/products/{id}", "/api/checkout", "/api/shipping/quote", "/api/currency"];
const METHODS: [&str; 4] = ["GET", "GET", "POST", "PUT"];
const BATCH: u64 = 256;

/// `SplitMix64`.
fn mix(seed: u64) -> u64 {
    let mut x = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

fn pick<'a>(from: &[&'a str], random: u64) -> &'a str {
    from.get(random as usize % from.len()).copied().unwrap_or_default()
}

pub(crate) fn spans(count: u64, sink: &mut dyn SpanSink) {
    let mut first = 0;
    while first < count {
        let service = pick(&SERVICES, mix(first));
        let resource = sink.open_resource();
        let scope = sink.open_scope();
        let host = format!("{service}-7d4b9c6f58-{:05x}", mix(first) & 0xF_FFFF);
        sink.close_resource(
            resource,
            &Resource {
                attributes: vec![
                    KeyValue::new("service.name", service),
                    KeyValue::new("service.version", "2.14.0"),
                    KeyValue::new("deployment.environment.name", "production"),
                    KeyValue::new("telemetry.sdk.language", "nodejs"),
                    KeyValue::new("host.name", host),
                ],
                schema_url: "https://opentelemetry.io/schemas/1.27.0".into(),
                ..Resource::default()
            },
        );
        sink.close_scope(
            scope,
            &Scope {
                name: "@opentelemetry/instrumentation-http".into(),
                version: "0.57.1".into(),
                ..Scope::default()
            },
        );
        for index in first..count.min(first + BATCH) {
            span(index, service, &mut |row| sink.span(resource, scope, row));
        }
        first += BATCH;
    }
}

fn span(index: u64, service: &str, take: &mut dyn FnMut(&SpanRow<'_>)) {
    let random = mix(index);
    let (trace, place) = (index / 40, index % 40);
    let start = 1_760_000_000_000_000_000 + trace * 7_000_000 + place * 150_000 + random % 100_000;
    let end = start + 40_000 + mix(random) % 30_000_000;
    let route = pick(&ROUTES, random >> 8);
    let method = pick(&METHODS, random >> 16);
    let name = format!("{method} {route}");
    let url = format!("https://{service}.shop.example{route}?session={random:016x}&item={}", random % 9973);
    let address = format!("{service}.shop.svc.cluster.local");
    let failed = random.is_multiple_of(50);
    let mut attributes = vec![
        KeyValue::new("http.request.method", method),
        KeyValue::new("url.full", url.as_str()),
        KeyValue::new("http.route", route),
        KeyValue::new("server.address", address.as_str()),
        KeyValue::new("server.port", 8080_i64),
        KeyValue::new("http.response.status_code", if failed { 503_i64 } else { 200 }),
        KeyValue::new("network.protocol.version", "1.1"),
        KeyValue::new("thread.id", (random % 64) as i64),
    ];
    if random.is_multiple_of(3) {
        attributes.push(KeyValue::new("cache.hit", random.is_multiple_of(2)));
    }
    if random.is_multiple_of(5) {
        attributes.push(KeyValue::new("queue.wait_ms", (random % 10_000) as f64 / 7.0));
    }
    let events = (0..(random >> 20) % 8 / 6)
        .map(|n| EventRow {
            time: UnixNanos(start + 10_000 * (n + 1)),
            name: "retry".into(),
            attributes: vec![KeyValue::new("attempt", n as i64 + 1)],
            dropped_attributes_count: 0,
        })
        .collect();
    take(&SpanRow {
        trace_id: TraceId(u128::from(mix(trace)) << 64 | u128::from(mix(!trace))),
        span_id: SpanId(random),
        parent_span_id: if place == 0 {
            SpanId::ABSENT
        } else {
            SpanId(mix(index - 1 - random % place.min(4)))
        },
        flags: 257,
        name: name.as_str().into(),
        kind: if place.is_multiple_of(2) { SpanKind::Server } else { SpanKind::Client },
        start: UnixNanos(start),
        end: UnixNanos(end),
        attributes,
        events,
        status_code: if failed { StatusCode::Error } else { StatusCode::Unset },
        status_message: if failed { "upstream connect error".into() } else { "".into() },
        ..SpanRow::default()
    });
}
