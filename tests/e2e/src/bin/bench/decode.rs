//! Bytes to store, beside what JavaScript would do: each in a worker of its own, from the same file, in turns.

use data_encoding::BASE64;
use e2e::{Page, Result};
use engine::{Opened, Response};
use serde_json::{Value, json};

use crate::files::{Content, SpanFile};
use crate::{Bar, Figures, browser, median, number};

/// The engine's worker as the page uses it: one load, and how long until its answer. `args[0]`: has the page stood idle
/// for a while before, or does the file come at once?
const ENGINE: &str = "
    const worker = new Worker('flamefall-worker.js', { type: 'module' });
    const heard = (what) => new Promise((resolve, reject) => {
        worker.onmessage = ({ data }) => {
            if (data.crash ?? data.failed) reject(new Error(data.crash ?? data.failed));
            if (data[what]) resolve(data[what]);
        };
    });
    await heard(args[0] ? 'warm' : 'ready');
    const start = performance.now();
    worker.postMessage({ id: 1, load: [{ blob: file, name: file.name }], append: false });
    const response = await heard('response');
    const time = performance.now() - start;
    worker.terminate();
    return { time, response: btoa(String.fromCharCode(...response)) }";

const PEER: &str = "
    const worker = new Worker('bench/peer.js');
    const answer = await new Promise((resolve) => {
        worker.onmessage = ({ data }) => resolve(data);
        worker.postMessage(file);
    });
    worker.terminate();
    return answer";

pub(crate) fn measure(figures: &mut Figures) -> Result {
    for (content, name) in [(Content::Collector, "many traces"), (Content::OneTrace, "one trace")] {
        for (spans, rounds) in [(10_000, 9), (100_000, 7), (500_000, 5)] {
            compare(figures, &format!("decode, {name}, {} k", spans / 1000), content, spans, rounds)?;
        }
    }
    Ok(())
}

fn compare(figures: &mut Figures, name: &str, content: Content, spans: usize, rounds: usize) -> Result {
    let file = SpanFile::write(content, spans)?;
    let page = opened(&file)?;
    // The first run of each compiles.
    let cold = engine(&page, &file, false)?.0;
    peer(&page, &file)?;
    let (mut ours, mut theirs, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let mut told = Opened::default();
    for _ in 0..rounds {
        let (our_time, opened) = engine(&page, &file, true)?;
        let their_time = peer(&page, &file)?;
        ours.push(our_time);
        theirs.push(their_time);
        ratios.push(their_time / our_time);
        told = opened;
    }
    drop(page);
    let ours = median(ours);
    figures.against(&format!("{name}: times as fast as the peer"), median(ratios), "×", Bar::AtLeast(3.0));
    figures.note(&format!("{name}: time"), ours, "ms");
    figures.note(&format!("{name}: time, at once in a new page"), cold, "ms");
    figures.note(&format!("{name}: time of the peer"), median(theirs), "ms");
    figures.note(&format!("{name}: speed"), file.megabytes() / ours * 1e3, "MB/s");
    figures.note(&format!("{name}: store"), told.memory as f64 / spans as f64, "B/span");
    figures.note(&format!("{name}: peak memory"), peak(&file, |page, file| engine(page, file, true))?, "MB");
    figures.note(&format!("{name}: peak memory of the peer"), peak(&file, peer)?, "MB");
    Ok(())
}

/// A page that has the file at hand, as `window.file`.
pub(crate) fn opened(file: &SpanFile) -> Result<Page> {
    let page = browser()?;
    page.open("")?;
    page.idle()?;
    page.eval("document.body.append(Object.assign(document.createElement('input'), { type: 'file' }))", &[])?;
    page.choose_files(&page.find("document.querySelector('body > input')")?, &[file.path()])?;
    page.eval("window.file = document.querySelector('body > input').files[0]", &[])?;
    Ok(page)
}

fn engine(page: &Page, file: &SpanFile, warm: bool) -> Result<(f64, Opened)> {
    let (time, opened) = load(page, warm)?;
    if opened.span_count != file.spans as u64 {
        return Err(format!("not {} spans: {opened:?}", file.spans).into());
    }
    Ok((time, opened))
}

/// Loads the page's file once: ms, and what it held.
pub(crate) fn load(page: &Page, warm: bool) -> Result<(f64, Opened)> {
    let answer = page.eval(ENGINE, &[json!(warm)])?;
    let response = answer.get("response").and_then(Value::as_str).unwrap_or_default();
    match postcard::from_bytes(&BASE64.decode(response.as_bytes())?)? {
        Response::Opened(opened) => Ok((number(&answer, "time"), opened)),
        other => Err(format!("not opened: {other:?}").into()),
    }
}

fn peer(page: &Page, file: &SpanFile) -> Result<f64> {
    let answer = page.eval(PEER, &[])?;
    if answer.get("spans") != Some(&json!(file.spans)) {
        return Err(format!("the peer: {answer}").into());
    }
    Ok(number(&answer, "time"))
}

/// The most that the renderer held while it ran once, in a browser of its own.
fn peak<T>(file: &SpanFile, run: impl Fn(&Page, &SpanFile) -> Result<T>) -> Result<f64> {
    let page = opened(file)?;
    run(&page, file)?;
    Ok(page.memory()?.peak as f64 / 1e6)
}
