//! From a file that is chosen to its first waterfall on screen, and how long the page was deaf meanwhile.

use e2e::{Page, Result};
use serde_json::{Value, json};

use crate::files::{Content, SpanFile};
use crate::{Bar, Figures, browser, median, number, quantile};

/// Runs in each page before its own scripts.
pub(crate) const WATCH: &str = include_str!("../../../bench/watch.js");

/// The file input of the start page.
const PICKER: &str = "viewer.shadowRoot.querySelector('input[type=file]')";

pub(crate) fn measure(figures: &mut Figures) -> Result {
    let file = SpanFile::write(Content::LeanTrace, 100_000)?;
    let name = format!("open one trace, 100 k spans, {:.0} MB", file.megabytes());
    let (mut painted, mut longest, mut deaf, mut idle) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..5 {
        let page = watched()?;
        let seen = choose(&page, &file)?;
        painted.push(number(&seen, "painted"));
        longest.push(number(&seen, "longest"));
        deaf.push(number(&seen, "late"));
        idle.push(number(&seen, "idle"));
    }
    figures.against(&format!("{name}: to first waterfall"), median(painted), "ms", Bar::AtMost(1200.0));
    figures.note(&format!("{name}: until idle"), median(idle), "ms");
    // No long task is reported below 50 ms: then this is 0.
    figures.against(
        &format!("{name}: longest task of the page"),
        quantile(&mut longest, 1.0),
        "ms",
        Bar::AtMost(50.0),
    );
    figures.note(&format!("{name}: latest tick of a 4 ms clock"), median(deaf), "ms");
    Ok(())
}

/// A start page that is watched, with nothing open.
pub(crate) fn watched() -> Result<Page> {
    let page = browser()?;
    page.cdp("Page.enable", &json!({}))?;
    page.cdp("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": WATCH }))?;
    page.open("")?;
    page.idle()?;
    Ok(page)
}

/// Picks the file as a person does, and waits for its waterfall: `{painted, idle, longest, late}` in ms.
pub(crate) fn choose(page: &Page, file: &SpanFile) -> Result<Value> {
    page.eval("flamefallWatch.tasks.length = 0; flamefallWatch.late = 0", &[])?;
    page.choose_files(&page.find(PICKER)?, &[file.path()])?;
    page.viewer(
        "const watch = window.flamefallWatch;
        while (!watch.painted) await new Promise((resolve) => setTimeout(resolve, 4));
        await viewer.idle();
        const idle = performance.now() - watch.chosen;
        return {
            painted: watch.painted - watch.chosen, idle, late: watch.late,
            longest: Math.max(0, ...watch.tasks.map((task) => task.time)),
        }",
        &[],
    )
}
