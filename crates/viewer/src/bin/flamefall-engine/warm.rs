//! Spans that are nobody's, for the browser to see what decoding is.

use std::fmt::Write as _;

/// How often they are decoded. After some 25 MB Chromium has optimised everything that decodes.
pub(crate) const ROUNDS: u32 = 100;

const SPANS: u64 = 400;

/// A file as a Collector writes it, with values that repeat and values that do not: 250 kB.
pub(crate) fn sample() -> Vec<u8> {
    let mut text = String::from(
        r#"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"warm"}}]},"scopeSpans":[{"scope":{"name":"warm"},"spans":["#,
    );
    for n in 0..SPANS {
        let comma = if n == 0 { "" } else { "," };
        let (trace, parent, time) = (n / 20 + 1, n / 2, 1_700_000_000_000_000_000 + n * 1_000_000);
        // Writing to memory cannot fail.
        let _ = write!(
            text,
            concat!(
                r#"{}{{"traceId":"{:032x}","spanId":"{:016x}","parentSpanId":"{:016x}","flags":257,"name":"GET /items/{}","#,
                r#""kind":{},"startTimeUnixNano":"{}","endTimeUnixNano":"{}","attributes":["#,
                r#"{{"key":"http.request.method","value":{{"stringValue":"GET"}}}},"#,
                r#"{{"key":"http.response.status_code","value":{{"intValue":"{}"}}}},"#,
                r#"{{"key":"url.full","value":{{"stringValue":"https://example.com/items/{}?page=2"}}}},"#,
                r#"{{"key":"server.address","value":{{"stringValue":"10.0.0.{}"}}}},"#,
                r#"{{"key":"ratio","value":{{"doubleValue":0.5}}}},"#,
                r#"{{"key":"retried","value":{{"boolValue":false}}}}],"#,
                r#""events":[{{"timeUnixNano":"{}","name":"sent","attributes":[{{"key":"n","value":{{"intValue":"1"}}}}]}}],"#,
                r#""status":{{"code":1}}}}"#
            ),
            comma,
            trace,
            n + 1,
            parent,
            n % 7,
            n % 5 + 1,
            time,
            time + 900_000,
            200 + n % 3,
            n,
            n % 9,
            time + 1,
        );
    }
    text.push_str("]}]}]}");
    text.into_bytes()
}
