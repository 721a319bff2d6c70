//! From a click in a page through a real Collector into its file, and from there into the viewer.

mod pages;

use std::path::{Path, PathBuf};

use e2e::collector::Collector;
use e2e::receiver::{Habits, Receiver};
use e2e::{Page, Result, run};
use pages::{click, open, setup};
use serde_json::json;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// Opens the page, which sends to `endpoint`, and waits until the tracer can.
fn start(page: &Page, endpoint: &str) -> Result {
    let options = json!({ "endpoint": endpoint, "serviceName": "storefront", "scheduledDelayMillis": 100 });
    open(page, "delivery.html", &options)?;
    page.eval("await rum.flush()", &[])?;
    Ok(())
}

/// Does the viewer show the one trace of this file, with these words in it?
fn shows(page: &Page, file: &Path, words: &[&str]) -> Result {
    page.open("")?;
    page.idle()?;
    page.listen()?;
    let picker = page.find("viewer.shadowRoot.querySelector('input[type=file]')")?;
    page.choose_files(&picker, &[file])?;
    page.until("heard.length > 0")?;
    page.idle()?;
    page.sees(words)
}

#[test]
fn a_click_through_a_collector_is_one_trace() -> Result {
    run(setup("collector"), |page| {
        let Some(collector) = Collector::start(&folder("collector"))? else { return Ok(()) };
        start(page, &collector.endpoint())?;
        click(page, "buy")?;
        page.until("window.done === 'buy'")?;
        page.eval("await rum.flush()", &[])?;
        let file = collector.until(page, "all.json", &["/svc/order", "/svc/receipt", "click"])?;
        assert_eq!(page.eval("return rum.metrics().failures", &[])?, 0);
        shows(page, &file, &["click \"Buy\" storefront", "3 spans", "1 service"])?;
        let rows: Vec<_> = page.rows()?.into_iter().map(|row| (row.level, row.name)).collect();
        let row = |level, name: &str| (level, format!("storefront {name}"));
        assert_eq!(rows, [row(1, "click \"Buy\""), row(2, "POST"), row(2, "GET")]);
        Ok(())
    })
}

#[test]
fn tail_sampling_keeps_a_whole_trace() -> Result {
    run(setup("tail-sampling"), |page| {
        let Some(collector) = Collector::start(&folder("tail-sampling"))? else { return Ok(()) };
        start(page, &collector.endpoint())?;
        click(page, "buy")?;
        page.until("window.done === 'buy'")?;
        click(page, "fail")?;
        page.until("window.done === 'fail'")?;
        page.eval("await rum.flush()", &[])?;
        collector.until(page, "all.json", &["/svc/receipt", "/svc/fails"])?;
        let file = collector.until(page, "kept.json", &["/svc/order", "/svc/fails", "Fail"])?;
        shows(page, &file, &["click \"Fail\" storefront", "3 spans", "1 error"])
    })
}

/// Where there is no Collector, a receiver that is stricter says the same of the same click.
#[test]
fn a_click_is_one_trace_to_the_letter() -> Result {
    run(setup("letter"), |page| {
        let receiver = Receiver::start(Habits { allows: "content-type", ..Habits::default() })?;
        start(page, &receiver.endpoint())?;
        click(page, "buy")?;
        page.until("window.done === 'buy'")?;
        page.eval("await rum.flush()", &[])?;
        receiver.until("a click and its requests", |it| it.spans.0.len() == 3)?;
        let received = receiver.received();
        for end in ["/svc/order", "/svc/receipt"] {
            let request = received.spans.request(end).ok_or("no request")?;
            assert_eq!(received.spans.ancestors(request), ["click \"Buy\""]);
        }
        Ok(())
    })
}
