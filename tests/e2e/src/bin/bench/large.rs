//! A file of a million spans: its JSON text is longer than any string a browser can hold.

use e2e::Result;

use crate::files::{Content, SpanFile};
use crate::open::watched;
use crate::{Figures, number};

pub(crate) fn measure(figures: &mut Figures) -> Result {
    let file = SpanFile::write(Content::Collector, 1_000_000)?;
    let name = format!("open 1 M spans, {:.0} MB", file.megabytes());
    let page = watched()?;
    page.eval("flamefallWatch.tasks.length = 0; flamefallWatch.late = 0", &[])?;
    page.viewer(
        "viewer.addEventListener('flamefall-load', ({ detail }) => {
            flamefallWatch.loaded = performance.now();
            flamefallWatch.spans = detail.spanCount;
        });
        viewer.addEventListener('flamefall-error', ({ detail }) => (flamefallWatch.failed = String(detail.message)))",
        &[],
    )?;
    page.choose_files(&page.find("viewer.shadowRoot.querySelector('input[type=file]')")?, &[file.path()])?;
    let seen = page.viewer(
        "const watch = window.flamefallWatch;
        while (!watch.loaded && !watch.failed) await new Promise((resolve) => setTimeout(resolve, 10));
        if (watch.failed) throw new Error(watch.failed);
        await viewer.idle();
        return {
            loaded: watch.loaded - watch.chosen, idle: performance.now() - watch.chosen, late: watch.late,
            longest: Math.max(0, ...watch.tasks.map((task) => task.time)), spans: watch.spans,
        }",
        &[],
    )?;
    if number(&seen, "spans") != file.spans as f64 {
        return Err(format!("not {} spans: {seen}", file.spans).into());
    }
    figures.note(&format!("{name}: loaded"), number(&seen, "loaded") / 1e3, "s");
    figures.note(&format!("{name}: list and charts on screen"), number(&seen, "idle") / 1e3, "s");
    figures.note(&format!("{name}: longest task of the page"), number(&seen, "longest"), "ms");
    let memory = page.memory()?;
    figures.note(&format!("{name}: peak memory"), memory.peak as f64 / 1e6, "MB");
    figures.note(&format!("{name}: memory afterwards"), memory.resident as f64 / 1e6, "MB");
    Ok(())
}
