//! What the tracer costs a page, beside OpenTelemetry's web SDK with and without zone.js. The peer is installed from npm
//! into the tool cache and bundled as the tracer is; without npm its columns are left out.

use std::env;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use e2e::{Page, Response, Result, Setup, dist};
use flate2::{Compression, write::GzEncoder};
use serde_json::json;

use crate::{Bar, Figures, median, number};

/// Folder of the tool cache; the versions are those of `bench/peer/package.json`.
const PEER: &str = "opentelemetry-web-2.12.0";

struct Contender {
    name: &'static str,
    /// A classic script, bundled and minified, that defines `Tracer`.
    bundle: &'static str,
}

const OURS: Contender = Contender { name: "tracer", bundle: "ours.js" };
const ZONE: Contender = Contender { name: "OpenTelemetry, zone", bundle: "zone.js" };
const STACK: Contender = Contender { name: "OpenTelemetry, no zone", bundle: "stack.js" };

pub(crate) fn measure(figures: &mut Figures) -> Result {
    let bundles = env::temp_dir().join(format!("flamefall-bench-{}", std::process::id()));
    fs::create_dir_all(&bundles)?;
    let contenders = bundle_all(&bundles)?;
    let result = transferred(figures, &contenders, &bundles)
        .and_then(|()| started(figures, &contenders, &bundles))
        .and_then(|()| spans(figures, &contenders, &bundles))
        .and_then(|()| fetches(figures, &contenders, &bundles))
        .and_then(|()| buffered(figures, &contenders, &bundles));
    fs::remove_dir_all(&bundles).ok();
    result
}

/// Bundles everyone the same way; the peer only where npm can install it.
fn bundle_all(bundles: &Path) -> Result<Vec<Contender>> {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("bench");
    let rum = dist().join("rum/flamefall-rum.js");
    esbuild(
        &scripts.join("ours.js"),
        &bundles.join(OURS.bundle),
        &[format!("--alias:flamefall-rum={}", rum.display())],
    )?;
    let mut contenders = vec![OURS];
    match peer(&scripts.join("peer")) {
        Ok(peer) => {
            for contender in [ZONE, STACK] {
                esbuild(&peer.join(contender.bundle), &bundles.join(contender.bundle), &[])?;
                contenders.push(contender);
            }
        }
        Err(reason) => println!("skipped: OpenTelemetry's web SDK: {reason:?}"),
    }
    Ok(contenders)
}

fn esbuild(entry: &Path, out: &Path, more: &[String]) -> Result {
    let status = Command::new("esbuild")
        .arg(entry)
        .args([
            "--bundle",
            "--minify",
            "--format=iife",
            "--global-name=Tracer",
            "--target=es2022",
            "--log-level=error",
        ])
        // A classic script has no URL of its own; the benchmark names the wasm.
        .arg("--define:import.meta.url=location.href")
        .arg(format!("--outfile={}", out.display()))
        .args(more)
        .status()
        .map_err(|error| format!("esbuild: {error}: `cargo xtask bench` puts it on PATH"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("esbuild could not bundle {}", entry.display()).into())
    }
}

/// Installs the peer once, and returns its folder.
fn peer(sources: &Path) -> Result<PathBuf> {
    let cache = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache =
        cache.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cache"))).ok_or("no HOME")?;
    let folder = cache.join("flamefall/tools").join(PEER);
    fs::create_dir_all(&folder)?;
    for entry in fs::read_dir(sources)? {
        let entry = entry?;
        fs::copy(entry.path(), folder.join(entry.file_name()))?;
    }
    if !folder.join("node_modules/@opentelemetry/sdk-trace-web").is_dir() {
        println!("installing OpenTelemetry's web SDK from npm (once, into {})", folder.display());
        let npm = Command::new("npm")
            .args(["install", "--silent", "--no-audit", "--no-fund", "--prefix"])
            .arg(&folder)
            .current_dir(&folder)
            .status()
            .map_err(|error| format!("npm: {error}"))?;
        if !npm.success() {
            return Err("npm could not install it".into());
        }
    }
    Ok(folder)
}

/// A page of its own, with nothing started.
fn page(bundles: &Path) -> Result<Page> {
    page_with(bundles, |_| ())
}

/// The same; `collected` gets the length of every body that is sent to `/collect`.
fn page_with(bundles: &Path, collected: impl Fn(usize) + Send + Sync + 'static) -> Result<Page> {
    let scripts = concat!(env!("CARGO_MANIFEST_DIR"), "/bench");
    let answer = json!({ "items": ["a", "b", "c"] }).to_string();
    let page = e2e::start(Setup::new("bench").csp("").site(|site| {
        // What `performance.now()` needs for its finest clock.
        site.mount("/bench", scripts)
            .mount("/bundles", bundles)
            .route("/svc", move |_| Response::json(200, answer.clone()))
            .route("/collect", move |request| {
                collected(request.body.len());
                Response::json(200, "{}")
            })
            .header("Cross-Origin-Opener-Policy", "same-origin")
            .header("Cross-Origin-Embedder-Policy", "require-corp")
    }))?;
    page.open("bench/tracer.html")?;
    Ok(page)
}

/// Starts a contender and returns how long that took, in milliseconds.
fn begin(page: &Page, contender: &Contender) -> Result<f64> {
    let bundle = json!(format!("/bundles/{}", contender.bundle));
    Ok(page.eval("return await begin(args[0], {})", &[bundle])?.as_f64().unwrap_or(f64::NAN))
}

fn gzip(file: &Path) -> Result<f64> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&fs::read(file)?)?;
    Ok(encoder.finish()?.len() as f64)
}

fn transferred(figures: &mut Figures, contenders: &[Contender], bundles: &Path) -> Result {
    let rum = dist().join("rum");
    let first = gzip(&rum.join("flamefall-rum.js"))?;
    let all = first + gzip(&rum.join("flamefall-rum-later.js"))? + gzip(&rum.join("flamefall-rum.wasm"))?;
    figures.against("tracer: transferred, wasm and JS", all / 1e3, "kB gzip", Bar::AtMost(20.0));
    figures.note("tracer: of that before the page's scripts", first / 1e3, "kB gzip");
    for contender in contenders.iter().skip(1) {
        let size = gzip(&bundles.join(contender.bundle))?;
        figures.note(&format!("{}: transferred", contender.name), size / 1e3, "kB gzip");
    }
    Ok(())
}

/// Cold: a page of its own each time, nothing compiled before. Medians of nine, contenders in turn.
fn started(figures: &mut Figures, contenders: &[Contender], bundles: &Path) -> Result {
    for (rate, bar) in [(1, 5.0), (4, 20.0)] {
        let mut times = vec![Vec::new(); contenders.len()];
        for _ in 0..9 {
            for (contender, times) in contenders.iter().zip(&mut times) {
                let page = page(bundles)?;
                page.cdp("Emulation.setCPUThrottlingRate", &json!({ "rate": rate }))?;
                times.push(begin(&page, contender)?);
            }
        }
        for (contender, times) in contenders.iter().zip(times) {
            let name = format!("{}: script start to ready, CPU {rate}x slower", contender.name);
            if contender.name == OURS.name {
                figures.against(&name, median(times), "ms", Bar::AtMost(bar));
            } else {
                figures.note(&name, median(times), "ms");
            }
        }
    }
    Ok(())
}

/// A page with a contender that has started, wasm included.
fn ready(bundles: &Path, contender: &Contender) -> Result<Page> {
    let page = page(bundles)?;
    begin(&page, contender)?;
    page.eval("tracer.span('first', 'a', 1, 'b', true); await tracer.flush()", &[])?;
    Ok(page)
}

fn spans(figures: &mut Figures, contenders: &[Contender], bundles: &Path) -> Result {
    for contender in contenders {
        let page = ready(bundles, contender)?;
        let time = page.eval("return spanTime()", &[])?.as_f64().unwrap_or(f64::NAN);
        let name = format!("{}: span with 4 attributes", contender.name);
        if contender.name == OURS.name {
            figures.against(&name, time, "µs", Bar::AtMost(2.0));
        } else {
            figures.note(&name, time, "µs");
        }
    }
    Ok(())
}

const FETCHES: u32 = 200;

/// Main-thread CPU a fetch, against a page without a tracer. Medians of eleven fresh browsers, contenders in turn.
fn fetches(figures: &mut Figures, contenders: &[Contender], bundles: &Path) -> Result {
    let cpu = |page: &Page| -> Result<f64> {
        let metrics = page.cdp("Performance.getMetrics", &json!({}))?;
        let metrics = metrics.get("metrics").and_then(|it| it.as_array()).cloned().unwrap_or_default();
        let task = metrics.iter().find(|it| it.get("name").is_some_and(|name| name == "TaskDuration"));
        Ok(task.map_or(f64::NAN, |it| number(it, "value") * 1e6))
    };
    let mut times = vec![Vec::new(); contenders.len() + 1];
    for _ in 0..11 {
        for (index, times) in times.iter_mut().enumerate() {
            let page = match index.checked_sub(1).and_then(|index| contenders.get(index)) {
                Some(contender) => ready(bundles, contender)?,
                None => page(bundles)?,
            };
            page.cdp("Performance.enable", &json!({ "timeDomain": "threadTicks" }))?;
            page.eval("await fetches(20)", &[])?;
            let before = cpu(&page)?;
            // The last spans' timers and resource timings included.
            page.eval(
                "await fetches(args[0]); await new Promise((resolve) => setTimeout(resolve, 400)); await window.tracer?.flush()",
                &[json!(FETCHES)],
            )?;
            times.push((cpu(&page)? - before) / f64::from(FETCHES));
        }
    }
    let medians: Vec<f64> = times.into_iter().map(median).collect();
    let bare = medians.first().copied().unwrap_or(f64::NAN);
    figures.note("no tracer: CPU a fetch", bare, "µs");
    for (contender, time) in contenders.iter().zip(medians.iter().skip(1)) {
        let name = format!("{}: CPU added to a fetch", contender.name);
        if contender.name == OURS.name {
            figures.against(&name, time - bare, "µs", Bar::AtMost(150.0));
        } else {
            figures.note(&name, time - bare, "µs");
        }
    }
    Ok(())
}

const BUFFERED: u32 = 10_000;

/// What 10 000 ended spans hold, and how long the page is kept from all else to write them as JSON. Medians of five.
fn buffered(figures: &mut Figures, contenders: &[Contender], bundles: &Path) -> Result {
    for contender in contenders {
        let (mut held, mut longest, mut total) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..5 {
            let bodies = Arc::new(AtomicUsize::new(0));
            let page = page_with(bundles, {
                let bodies = Arc::clone(&bodies);
                move |_| {
                    bodies.fetch_add(1, Ordering::Relaxed);
                }
            })?;
            let bundle = json!(format!("/bundles/{}", contender.bundle));
            page.eval(
                "await begin(args[0], { endpoint: new URL('/collect', location.href).href })",
                &[bundle],
            )?;
            page.eval("tracer.span('first', 'a', 1, 'b', true); await tracer.flush()", &[])?;
            bodies.store(0, Ordering::Relaxed);
            // Functions are compiled before the heap is looked at.
            page.eval("makeSpans(200)", &[])?;
            let linear = "return memories.reduce((sum, it) => sum + it.buffer.byteLength, 0)";
            let size = |page: &Page| -> Result<f64> {
                let memory = page.memory()?;
                let linear = page.eval(linear, &[])?.as_f64().unwrap_or(0.0);
                Ok((memory.js_heap + memory.buffers) as f64 + linear)
            };
            let before = size(&page)?;
            // Some are written while others come.
            page.eval("written.length = 0; makeSpans(args[0])", &[json!(BUFFERED)])?;
            held.push((size(&page)? - before) / 1e6);
            let pieces = page.eval("await tracer.flush(); return written", &[])?;
            let pieces: Vec<f64> =
                pieces.as_array().into_iter().flatten().filter_map(serde_json::Value::as_f64).collect();
            let bodies = bodies.load(Ordering::Relaxed);
            if bodies < BUFFERED as usize / 512 {
                return Err(format!("{}: only {bodies} batches were sent", contender.name).into());
            }
            longest.push(pieces.iter().copied().fold(0.0, f64::max));
            total.push(pieces.iter().sum());
        }
        let ours = contender.name == OURS.name;
        let mut say = |what: &str, values: Vec<f64>, unit: &str, bar: f64| {
            let name = format!("{}: {what}", contender.name);
            if ours {
                figures.against(&name, median(values), unit, Bar::AtMost(bar));
            } else {
                figures.note(&name, median(values), unit);
            }
        };
        say("10 k spans buffered", held, "MB", 3.0);
        say("10 k spans written, in all", total, "ms", 10.0);
        say("10 k spans written, longest at once", longest, "ms", 2.0);
    }
    Ok(())
}
