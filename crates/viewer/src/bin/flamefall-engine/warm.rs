//! Spans that are nobody's, for the browser to see what a load is.

use std::fmt::{Display, Write as _};

use js_sys::{Array, Object, Reflect};
use wasm_bindgen::JsValue;
use web_sys::Blob;

/// Documents in each load. Browsers optimise a function once it has run for long enough: small loads do that for what
/// seals as well as for what reads. The last are the size of a file, so that the first file finds memory too.
pub(crate) const LOADS: [u64; 42] = {
    let mut loads = [20; 42];
    loads[40] = 240;
    loads[41] = 240;
    loads
};

const SERVICES: [&str; 5] = ["web", "cart", "orders", "stock", "database"];

/// Traces that each five documents share: every service has a document, with five spans of each.
const TRACES: u64 = 5;

/// A file as a Collector writes it, named as the page names files: a document a line, 19 kB each.
pub(crate) fn sources(documents: u64) -> Result<Array, JsValue> {
    let lines: Array = (0..documents).map(|number| JsValue::from(document(number))).collect();
    let source = Object::new();
    Reflect::set(&source, &"blob".into(), &Blob::new_with_str_sequence(&lines)?.into())?;
    Ok(Array::of1(&source))
}

fn document(number: u64) -> String {
    let (group, service) = (number / 5, number % 5);
    let mut text = String::with_capacity(24 << 10);
    text.push_str(r#"{"resourceSpans":[{"resource":{"#);
    attributes(
        &mut text,
        &[
            ("service.name", "string", SERVICES.get(service as usize).unwrap_or(&"")),
            ("host.name", "string", &format_args!("node-{}", group % 4)),
            ("process.pid", "int", &number),
        ],
    );
    text.push_str(r#"},"schemaUrl":"https://example.com/1","scopeSpans":[{"scope":{"name":"http","version":"0.1"},"spans":["#);
    for trace in group * TRACES..(group + 1) * TRACES {
        // Children end, and are written, before their parents.
        for place in (0..5).rev() {
            span(&mut text, trace, place * 5 + service);
            text.push(',');
        }
    }
    text.pop();
    text.push_str("]}]}]}\n");
    text
}

/// The span at a place of 25 in its trace: a server's and a database's in turns, with values that repeat and values that
/// do not.
fn span(text: &mut String, trace: u64, place: u64) {
    let id = |place: u64| (trace * 25 + place + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let (root, own) = (id(0), id(place));
    // Traces do not come in order.
    let start = 1_700_000_000_000_000_000 + root % 1_000_003 * 20_003 + place * 301_007;
    let (sent, end) = (start + 1, start + (26 - place) * 401_009);
    // Writing to memory cannot fail.
    let _ = write!(text, r#"{{"traceId":"{root:032x}","spanId":"{own:016x}","parentSpanId":""#);
    if place > 0 {
        let _ = write!(text, "{:016x}", id((place - 1) / 2));
    }
    let (name, kind) = (place % 7, 2 + place % 2);
    let _ = write!(text, r#"","flags":257,"name":"GET /items/{name}","kind":{kind},"#);
    let _ = write!(text, r#""startTimeUnixNano":"{start}","endTimeUnixNano":"{end}","#);
    let server: [(&str, &str, &dyn Display); 2] = [
        ("server.address", "string", &format_args!("10.0.{place}.{}", own % 256)),
        ("server.port", "int", &8080),
    ];
    let [address, port] = server;
    if place.is_multiple_of(2) {
        attributes(
            text,
            &[
                address,
                port,
                ("http.request.method", "string", &"GET"),
                ("http.route", "string", &"/items/{id}"),
                ("url.path", "string", &format_args!("/items/{own}")),
                ("http.response.status_code", "int", &(200 + place % 3)),
                ("cached", "bool", &own.is_multiple_of(2)),
                ("http.request.header.accept", "array", &r#"{"values":[{"stringValue":"*/*"}]}"#),
            ],
        );
    } else {
        attributes(
            text,
            &[
                address,
                port,
                ("db.system.name", "string", &"postgresql"),
                ("db.collection.name", "string", &"items"),
                ("db.query.text", "string", &format_args!(r#"SELECT * FROM \"items\" WHERE id = {own}"#)),
                ("db.cost", "double", &format_args!("{}.{}", own % 900, own % 89 + 10)),
                ("db.hash", "int", &(own >> 2)),
            ],
        );
    }
    if place % 4 == 3 {
        let _ = write!(text, r#","events":[{{"timeUnixNano":"{sent}","name":"sent","#);
        attributes(text, &[("bytes", "int", &(place * 100))]);
        let _ = write!(text, r#"}}],"links":[{{"traceId":"{own:032x}","spanId":"{own:016x}"}}]"#);
    }
    text.push_str(if place % 8 == 6 {
        r#","status":{"code":2,"message":"timeout"}}"#
    } else {
        r#","status":{}}"#
    });
}

/// Key, kind and value of each.
fn attributes(text: &mut String, attributes: &[(&str, &str, &dyn Display)]) {
    text.push_str(r#""attributes":["#);
    for (n, (key, kind, value)) in attributes.iter().enumerate() {
        let comma = if n == 0 { "" } else { "," };
        let quote = if matches!(*kind, "string" | "int") { "\"" } else { "" };
        let _ = write!(text, r#"{comma}{{"key":"{key}","value":{{"{kind}Value":{quote}{value}{quote}}}}}"#);
    }
    text.push(']');
}
