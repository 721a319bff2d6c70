//! What a frame costs the page while a person moves through 100 000 spans: real input, one event at a time.

use e2e::{Page, Result};
use serde_json::{Value, json};

use crate::files::{Content, SpanFile};
use crate::open::{choose, watched};
use crate::{Bar, Figures, quantile};

/// Where the bars and the scrollbar are in a window of 1400 × 900.
struct Stage {
    left: f64,
    top: f64,
    right: f64,
    bottom: f64,
}

pub(crate) fn measure(figures: &mut Figures) -> Result {
    let file = SpanFile::write(Content::LeanTrace, 100_000)?;
    let page = watched()?;
    choose(&page, &file)?;
    let stage = stage(&page)?;
    let mut all = Frames::default();
    let acts: [(&str, Act); 5] =
        [("hover", hover), ("scroll", scroll), ("zoom", zoom), ("pan", pan), ("scrollbar", scrollbar)];
    for (name, act) in acts {
        page.eval("flamefallWatch.reset()", &[])?;
        act(&page, &stage)?;
        page.idle()?;
        let mut seen = Frames::of(&page)?;
        figures.note(&format!("frames, {name}: p95 of work"), quantile(&mut seen.work, 0.95), "ms");
        all.work.append(&mut seen.work);
        all.rendered.append(&mut seen.rendered);
    }
    figures.note("frames: counted", all.work.len() as f64, "");
    figures.note("frames: median of work", quantile(&mut all.work, 0.5), "ms");
    figures.against("frames: p95 of work", quantile(&mut all.work, 0.95), "ms", Bar::AtMost(8.0));
    figures.note("frames: longest work", quantile(&mut all.work, 1.0), "ms");
    let rendered = quantile(&mut all.rendered, 0.95);
    figures.note("frames: p95 with style, layout and paint of the browser", rendered, "ms");
    Ok(())
}

type Act = fn(&Page, &Stage) -> Result;

#[derive(Default)]
struct Frames {
    /// Handlers, answers, the frame's own callback, and their microtasks.
    work: Vec<f64>,
    /// The same and what the browser did after it.
    rendered: Vec<f64>,
}

impl Frames {
    fn of(page: &Page) -> Result<Self> {
        let seen =
            page.eval("const { frames, rendered } = flamefallWatch; return { frames, rendered }", &[])?;
        let times = |key: &str| {
            let times = seen.get(key).and_then(Value::as_array).into_iter().flatten();
            times.filter_map(Value::as_f64).collect()
        };
        Ok(Self { work: times("frames"), rendered: times("rendered") })
    }
}

fn stage(page: &Page) -> Result<Stage> {
    let found = page.viewer(
        "const { left, top, right, bottom } = viewer.shadowRoot.querySelector('[role=treegrid]').getBoundingClientRect();
        return [left, top, right, bottom]",
        &[],
    )?;
    let side = |at: usize| found.get(at).and_then(Value::as_f64).unwrap_or(0.0);
    Ok(Stage { left: side(0), top: side(1), right: side(2), bottom: side(3) })
}

impl Stage {
    /// A point of the bars, by its shares of their width and height.
    fn bars(&self, x: f64, y: f64) -> (f64, f64) {
        let (left, top) = (self.left + 360.0, self.top + 90.0);
        (left + x * (self.right - 20.0 - left), top + y * (self.bottom - 10.0 - top))
    }
}

fn mouse(page: &Page, kind: &str, (x, y): (f64, f64), more: &Value) -> Result {
    let mut event = json!({ "type": kind, "x": x, "y": y });
    if let (Some(event), Some(more)) = (event.as_object_mut(), more.as_object()) {
        event.extend(more.clone());
    }
    page.cdp("Input.dispatchMouseEvent", &event)?;
    Ok(())
}

fn wheel(page: &Page, at: (f64, f64), delta_y: f64, control: bool) -> Result {
    let modifiers = if control { 2 } else { 0 };
    mouse(page, "mouseWheel", at, &json!({ "deltaX": 0, "deltaY": delta_y, "modifiers": modifiers }))
}

/// Presses at the first point, moves through the others, lets go.
fn drag(page: &Page, points: impl IntoIterator<Item = (f64, f64)>) -> Result {
    let mut last = None;
    for point in points {
        if last.is_none() {
            mouse(page, "mousePressed", point, &json!({ "button": "left", "buttons": 1, "clickCount": 1 }))?;
        }
        mouse(page, "mouseMoved", point, &json!({ "button": "left", "buttons": 1 }))?;
        last = Some(point);
    }
    match last {
        Some(point) => mouse(page, "mouseReleased", point, &json!({ "button": "left", "clickCount": 1 })),
        None => Ok(()),
    }
}

fn hover(page: &Page, stage: &Stage) -> Result {
    for step in 0..150 {
        let along = f64::from(step) / 150.0;
        mouse(page, "mouseMoved", stage.bars((along * 5.0).fract(), along), &json!({}))?;
    }
    Ok(())
}

fn scroll(page: &Page, stage: &Stage) -> Result {
    for step in 0..200 {
        // Down in ever larger steps, and back.
        let by = 20.0 + 8.0 * f64::from(step % 100);
        wheel(page, stage.bars(0.5, 0.5), if step < 100 { by } else { -by }, false)?;
    }
    Ok(())
}

/// From the whole trace to nanoseconds and back, twice, about points apart.
fn zoom(page: &Page, stage: &Stage) -> Result {
    for (x, y) in [(0.3, 0.4), (0.6, 0.7)] {
        for step in 0..160 {
            wheel(page, stage.bars(x, y), if step < 80 { -120.0 } else { 120.0 }, true)?;
        }
    }
    Ok(())
}

fn pan(page: &Page, stage: &Stage) -> Result {
    for _ in 0..12 {
        wheel(page, stage.bars(0.5, 0.5), -120.0, true)?;
    }
    for turn in 0..5 {
        let back = turn % 2 == 1;
        drag(
            page,
            (0..30).map(|step| {
                let along = f64::from(step) / 30.0;
                let along = if back { 1.0 - along } else { along };
                stage.bars(0.2 + 0.6 * along, 0.7 - 0.4 * along)
            }),
        )?;
    }
    Ok(())
}

/// Each move jumps over a thousand rows.
fn scrollbar(page: &Page, stage: &Stage) -> Result {
    let x = stage.right - 4.0;
    let (_, top) = stage.bars(0.0, 0.0);
    drag(
        page,
        (0..100).map(|step| {
            let along = (f64::from(step) / 40.0).fract();
            (x, top + along * (stage.bottom - 20.0 - top))
        }),
    )
}
