//! What is recorded is what is sent: OTLP JSON, within the limits of a span.

mod pages;

use e2e::{Page, Result, run};
use formats::Decoder;
use otel::{Resource, ResourceRef, Scope, ScopeRef, SpanId, SpanRow, SpanSink, TraceId, Warning};
use pages::{open, setup};
use serde_json::{Value, json};

/// What a decoder that is strict makes of it.
#[derive(Default)]
struct Strict {
    resource: Resource<'static>,
    scope: Scope<'static>,
    spans: Vec<SpanRow<'static>>,
}

impl SpanSink for Strict {
    fn open_resource(&mut self) -> ResourceRef {
        ResourceRef(0)
    }

    fn close_resource(&mut self, _: ResourceRef, content: &Resource<'_>) {
        self.resource = content.clone().into_owned();
    }

    fn open_scope(&mut self) -> ScopeRef {
        ScopeRef(0)
    }

    fn close_scope(&mut self, _: ScopeRef, content: &Scope<'_>) {
        self.scope = content.clone().into_owned();
    }

    fn span(&mut self, _: ResourceRef, _: ScopeRef, span: &SpanRow<'_>) {
        self.spans.push(span.clone().into_owned());
    }

    fn warn(&mut self, warning: Warning) {
        assert_eq!(warning.kind, otel::WarningKind::TooDeep, "{warning:?}");
    }
}

/// What is sent of the spans that `work` ends, and what a decoder says of it.
fn text(page: &Page, work: &str) -> Result<(String, Strict)> {
    let text = page.eval(
        &format!("let text; const end = rum.onSpans((it) => (text = it)); {work}; await rum.flush(); end(); return text"),
        &[],
    )?;
    let text = text.as_str().ok_or("nothing was sent")?.to_owned();
    let mut strict = Strict::default();
    let mut decoder = Decoder::new();
    decoder.push(text.as_bytes(), &mut strict)?;
    decoder.finish(&mut strict)?;
    Ok((text, strict))
}

/// The same, and the last span of it.
fn sent(page: &Page, work: &str) -> Result<(String, Value, Strict)> {
    let (text, strict) = text(page, work)?;
    let json: Value = serde_json::from_str(&text)?;
    let span = json.pointer("/resourceSpans/0/scopeSpans/0/spans").and_then(Value::as_array);
    let span = span.and_then(|it| it.last()).cloned().ok_or("no span")?;
    Ok((text, span, strict))
}

fn page(name: &str, options: &Value, then: impl Fn(&Page) -> Result) -> Result {
    let mut options = options.clone();
    if let Some(options) = options.as_object_mut() {
        options.insert("pageLoad".to_owned(), false.into());
    }
    run(setup(name), |page| {
        open(page, "small.html", &options)?;
        then(page)
    })
}

#[test]
fn all_of_a_span() -> Result {
    page(
        "records-span",
        &json!({ "resourceAttributes": { "n": 3, "none": null, "deep": [[["x"]]] } }),
        |page| {
            let work = "const [a, b] = ['1', '2'].map((it) => it.repeat(16)); \
            window.outer = rum.startSpan('outer'); \
            rum.run('it \"\\\\ ü€😀', (span) => { \
              window.inner = span; \
              span.traceState = 'ot=th:c'; \
              span.addEvent('before', {}, 5.25).addEvent('during', { 'event.n': 1 }).addLink({ traceId: a + b, spanId: b, traceState: 'a=\"b\"', flags: 0x301 }, { 'link.n': 2 }) \
                .addLink({ traceId: a + b, spanId: a }).setStatus(2, 'it \"failed\"') })";
            let (_, span, strict) = sent(page, work)?;
            let [row] = &*strict.spans else { return Err(format!("{:?}", strict.spans).into()) };
            assert_eq!(
                (&*row.name, &*row.trace_state, &*row.status_message),
                ("it \"\\ ü€😀", "ot=th:c", "it \"failed\"")
            );
            assert_eq!((row.kind as u8, row.status_code as u8, row.flags & 0x1FF), (1, 2, 0x103));
            let ids = page.eval("return [inner.traceId, inner.spanId, performance.timeOrigin]", &[])?;
            assert_eq!((ids.get(0), ids.get(1)), (span.get("traceId"), span.get("spanId")));
            let origin = ids.get(2).and_then(Value::as_f64).unwrap_or_default();
            let [before, during] = &*row.events else { return Err("not two events".into()) };
            assert_eq!((&*before.name, before.attributes.len(), &*during.name), ("before", 0, "during"));
            // Of 2^60 nanoseconds a double has 256 each.
            let expected = ((origin + 5.25) * 1e6) as u64;
            assert!(before.time.0.abs_diff(expected) < 1000, "{} {expected}", before.time.0);
            assert!(row.start <= during.time && during.time <= row.end && before.time < row.start, "{row:?}");
            let [first, second] = &*row.links else { return Err("not two links".into()) };
            assert_eq!(first.trace_id, TraceId(0x1111_1111_1111_1111_2222_2222_2222_2222));
            assert_eq!(
                (first.span_id, &*first.trace_state, first.flags),
                (SpanId(0x2222_2222_2222_2222), "a=\"b\"", 0x301)
            );
            assert_eq!((first.attributes.len(), second.attributes.len(), second.flags), (1, 0, 0));
            assert_eq!(
                (&*strict.scope.name, &*strict.scope.version),
                ("flamefall-rum", env!("CARGO_PKG_VERSION"))
            );
            let resource = |key: &str| {
                strict.resource.attributes.iter().find(|it| it.key == key).map(|it| format!("{:?}", it.value))
            };
            assert_eq!(
                (resource("service.name"), resource("none")),
                (Some("Str(\"page\")".to_owned()), None)
            );
            assert_eq!(resource("n"), Some("Int(3)".to_owned()));
            assert_eq!(resource("deep"), Some("Array([Array([Array([Str(\"x\")])])])".to_owned()));
            // With a parent, and another name, kind and status by number from the second time on.
            for _ in 0..3 {
                let (_, span, _) = sent(
                    page,
                    "rum.run('parent', (it) => { window.outer = it; rum.run('child', () => {}) })",
                )?;
                assert_eq!((span.get("name"), span.get("parentSpanId")), (Some(&json!("parent")), None));
                let (_, span, _) = sent(
                    page,
                    "rum.run('parent', (it) => { window.outer = it; rum.bind(() => setTimeout(() => rum.run('child', () => {})))() }); \
                await new Promise((go) => setTimeout(go, 20))",
                )?;
                assert_eq!(span.get("parentSpanId").cloned(), Some(page.eval("return outer.spanId", &[])?));
                assert_eq!(span.get("traceId").cloned(), Some(page.eval("return outer.traceId", &[])?));
                assert_eq!((span.get("status"), span.get("events"), span.get("links")), (None, None, None));
            }
            Ok(())
        },
    )
}

/// A value, and what is sent of it.
fn check_values(name: &str, options: &Value, cases: &[(&str, Value)]) -> Result {
    page(name, options, |page| {
        // Values may have numbers from the second time on.
        for _ in 0..3 {
            for (value, expected) in cases {
                let (text, span, _) =
                    sent(page, &format!("rum.startSpan('it', {{ 'the \"key\"': {value} }}).end()"))?;
                let attributes =
                    span.get("attributes").and_then(Value::as_array).cloned().unwrap_or_default();
                let it = attributes.iter().find(|it| it.get("key").is_some_and(|it| it == "the \"key\""));
                assert_eq!(it.and_then(|it| it.get("value")), Some(expected), "{value}: {text}");
            }
        }
        Ok(())
    })
}

#[test]
fn values_of_every_kind() -> Result {
    let text = |text: &str| json!({ "stringValue": text });
    let int = |text: &str| json!({ "intValue": text });
    check_values(
        "records-values",
        &json!({}),
        &[
            ("''", text("")),
            ("'GET'", text("GET")),
            (
                r#"'say "hi"\\\n\r\t\u0000\u0001\u001f\u007f ü€😀'"#,
                text("say \"hi\"\\\n\r\t\0\u{1}\u{1f}\u{7f} ü€😀"),
            ),
            // UTF-8 has none of it.
            ("'half \\ud83d'", text("half \u{fffd}")),
            ("'x'.repeat(100_000)", text(&"x".repeat(100_000))),
            ("'ü'.repeat(100_000)", text(&"ü".repeat(100_000))),
            ("0", int("0")),
            ("-0", int("0")),
            ("-1", int("-1")),
            ("1234567890123456", int("1234567890123456")),
            ("9223372036854775807n", int("9223372036854775807")),
            ("-9223372036854775808n", int("-9223372036854775808")),
            ("0.1", json!({ "doubleValue": 0.1 })),
            ("-2.5e-300", json!({ "doubleValue": -2.5e-300 })),
            ("1e300", json!({ "doubleValue": 1e300 })),
            ("NaN", json!({ "doubleValue": "NaN" })),
            ("-Infinity", json!({ "doubleValue": "-Infinity" })),
            ("true", json!({ "boolValue": true })),
            ("false", json!({ "boolValue": false })),
            ("null", json!({})),
            ("() => 1", json!({})),
            ("new Uint8Array([255, 254, 1, 2])", json!({ "bytesValue": "//4BAg==" })),
            ("[]", json!({ "arrayValue": { "values": [] } })),
            (
                "['a', 1, [], null, , 0.5]",
                json!({ "arrayValue": { "values": [text("a"), int("1"), { "arrayValue": { "values": [] } }, {}, {}, { "doubleValue": 0.5 }] } }),
            ),
            (
                r#"({ k: 2, '"': 'v' })"#,
                json!({ "kvlistValue": { "values": [{ "key": "k", "value": int("2") }, { "key": "\"", "value": text("v") }] } }),
            ),
            ("({})", json!({ "kvlistValue": { "values": [] } })),
        ],
    )
}

#[test]
fn long_values_are_cut() -> Result {
    let text = |text: &str| json!({ "stringValue": text });
    check_values(
        "records-cut",
        &json!({ "limits": { "valueLength": 3 } }),
        &[
            ("'ab'", text("ab")),
            ("'a\"€😀'", text("a\"€")),
            ("'€😀€😀'", text("€😀€")),
            (
                "['abcd', 12345]",
                json!({ "arrayValue": { "values": [text("abc"), { "intValue": "12345" }] } }),
            ),
            ("new Uint8Array([1, 2, 3, 4])", json!({ "bytesValue": "AQID" })),
            (
                "({ 'key stays': 'abcd' })",
                json!({ "kvlistValue": { "values": [{ "key": "key stays", "value": text("abc") }] } }),
            ),
        ],
    )
}

#[test]
fn values_within_values_end_somewhere() -> Result {
    page("records-deep", &json!({}), |page| {
        let work = "const it = []; it.push(it); rum.startSpan('it', { it, after: 'y' }).end()";
        let (text, _) = text(page, work)?;
        let spans = text.split("\"spans\"").nth(1).unwrap_or_default();
        assert_eq!(spans.matches("arrayValue").count(), 64);
        assert!(text.contains(r#"{"key":"after","value":{"stringValue":"y"}}"#), "{text}");
        Ok(())
    })
}

#[test]
fn more_than_the_limits() -> Result {
    let options = json!({ "limits": { "attributes": 3, "events": 2, "links": 1 } });
    page("records-limits", &options, |page| {
        let work = "const all = Object.fromEntries(Array.from({ length: 5 }, (_, at) => [`k${at}`, at])); \
            const many = Object.fromEntries(Array.from({ length: 130 }, (_, at) => [`k${at}`, at])); \
            const span = rum.startSpan('it', all); for (let at = 0; at < 4; at++) span.addEvent('e', many).addLink({ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) }, many); \
            span.end()";
        let (_, _, strict) = sent(page, work)?;
        let [row] = &*strict.spans else { return Err("not one span".into()) };
        assert_eq!(row.attributes.len() as u32 + row.dropped_attributes_count, 5 + extra(page)?);
        assert_eq!(row.attributes.len(), 3);
        assert_eq!((row.events.len(), row.dropped_events_count), (2, 2));
        assert_eq!((row.links.len(), row.dropped_links_count), (1, 3));
        for (attributes, dropped) in row
            .events
            .iter()
            .map(|it| (&it.attributes, it.dropped_attributes_count))
            .chain(row.links.iter().map(|it| (&it.attributes, it.dropped_attributes_count)))
        {
            assert_eq!((attributes.len(), dropped), (128, 2));
        }
        Ok(())
    })
}

/// Attributes that every root has.
fn extra(page: &Page) -> Result<u32> {
    let (_, _, strict) = sent(page, "rum.startSpan('it').end()")?;
    Ok(strict.spans.first().map_or(0, |it| it.attributes.len() as u32 + it.dropped_attributes_count))
}

#[test]
fn more_texts_than_have_numbers() -> Result {
    page("records-texts", &json!({ "maxQueueSize": 20_000, "maxExportBatchSize": 20_000 }), |page| {
        let work = "for (let at = 0; at < 5000; at++) rum.startSpan(`name ${at}`, { [`\"key\" ${at}`]: `value ${at % 2000}` }).end()";
        for _ in 0..2 {
            let (_, _, strict) = sent(page, work)?;
            assert_eq!(strict.spans.len(), 5000);
            for (at, row) in strict.spans.iter().enumerate() {
                assert_eq!(*row.name, format!("name {at}"));
                let key = format!("\"key\" {at}");
                let value =
                    row.attributes.iter().find(|it| it.key == key).map(|it| format!("{:?}", it.value));
                assert_eq!(value, Some(format!("Str(\"value {}\")", at % 2000)));
            }
        }
        Ok(())
    })
}
