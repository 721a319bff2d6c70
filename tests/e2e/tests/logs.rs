//! Log records and exemplars beside the spans they belong to.

mod common;

use common::{file, logged, row_at};
use e2e::{Page, Result, Setup, run};
use serde_json::json;

/// The row's bar from left to right, above the marks on it; what else is coloured is the dot before its name.
fn bar(page: &Page, row: i32) -> Result<(i32, i32)> {
    let runs = page.coloured(row_at(page, row)? - 5)?;
    let (left, _, width, _) = page.place_of("canvas")?;
    // Words on the bar cut it into pieces; dots of the names are left of it.
    let pieces = runs.into_iter().filter(|(from, _)| *from > left + 350 && *from < left + width);
    Ok(pieces.reduce(|bar, piece| (bar.0, piece.1)).ok_or("no bar")?)
}

/// What the tooltip says `of` thousandths into the row's bar.
fn told(page: &Page, row: i32, of: i32) -> Result<String> {
    let (from, to) = bar(page, row)?;
    page.move_to((from + (to - from) * of / 1000, row_at(page, row)?))?;
    page.idle()?;
    page.text_of(".tooltip")
}

#[test]
fn a_trace_file_and_a_log_file_together() -> Result {
    run(Setup::new("logs-together"), |page| {
        page.open("")?;
        page.idle()?;
        page.listen()?;
        let (spans, logs) = logged();
        page.drop_files((700, 450), &[&file("logs.json", &logs), &file("spans.json", &spans)])?;
        page.until("heard.length > 0")?;
        page.idle()?;
        page.sees(&["POST /checkout", "4 spans", "6 logs"])?;

        // Marks on the bars: a log record of the root, one of the trace (shown at the root), an error and an exemplar.
        let check = |row, of, words: &[&str]| -> Result {
            let tooltip = told(page, row, of)?;
            for word in words {
                assert!(tooltip.contains(word), "{word} not in {tooltip}");
            }
            Ok(())
        };
        check(0, 20, &["INFO checkout accepted for cart 77", "after the span began"])?;
        check(0, 950, &["INFO response written"])?;
        check(2, 688, &["ERROR card declined: insufficient funds"])?;
        check(2, 969, &["http.client.request.duration 0.62 s"])?;

        // The details of that span: in order of time, with severity and attributes.
        page.click_at((500, row_at(page, 2)?))?;
        page.idle()?;
        page.press("Logs")?;
        page.sees(&[
            "WARN",
            "bank answers slowly: 240 ms",
            "ERROR",
            "card declined",
            "thread.id",
            "MEASURED HERE",
        ])?;
        let logs =
            page.inside("return [...root.querySelectorAll('.logs > li')].map(li => li.className)", &[])?;
        assert_eq!(logs, json!(["event warned", "event failed"]));

        // Its text is found.
        page.type_into(&page.element(".search input")?, "insufficient")?;
        page.idle()?;
        page.sees(&["1 match"])?;
        page.expect_quiet()
    })
}

#[test]
fn log_records_without_spans() -> Result {
    run(Setup::new("logs-only"), |page| {
        page.open("")?;
        page.idle()?;
        page.drop_bytes(&page.element(".drop")?, "logs.json", &logged().1)?;
        page.idle()?;
        page.sees(&["6 log records in 1 trace, but no spans: open the trace file together with this one."])
    })
}

#[test]
fn log_records_appended() -> Result {
    run(Setup::new("logs-appended"), |page| {
        page.open("")?;
        page.idle()?;
        let (spans, logs) = logged();
        let texts = [json!(String::from_utf8(spans)?), json!(String::from_utf8(logs)?)];
        for order in ["[args[0], args[1]]", "[args[1], args[0]]"] {
            let body = format!(
                "const [first, last] = {order}; await viewer.close(); await viewer.append(first).catch(() => {{}}); \
                 return await viewer.append(last)"
            );
            let summary = page.viewer(&body, &texts)?;
            assert_eq!((&summary["spanCount"], &summary["logCount"]), (&json!(4), &json!(6)), "{summary}");
            assert_eq!(
                (&summary["exemplarCount"], &summary["warnings"]),
                (&json!(1), &json!([])),
                "{summary}"
            );
        }
        Ok(())
    })
}
