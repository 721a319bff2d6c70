//! What other viewers make of the same files, and the same spans in other formats.

#![expect(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "tests")]

#[expect(dead_code, unused_imports, unused_macros, reason = "for the tests that ask")]
mod common;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use analysis::{Policy, SkewRule};
use common::open;
use engine::Engine;
use serde_json::Value;
use store::{SpanIdx, TraceIdx, TraceStore};

fn corpus() -> Option<PathBuf> {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus"));
    if path.is_dir() {
        return Some(path.to_owned());
    }
    println!("skipped: no corpus at {}", path.display());
    None
}

fn oracle(corpus: &Path, name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(corpus.join("oracles").join(name)).unwrap()).unwrap()
}

fn opened(corpus: &Path, file: &str) -> Engine {
    let (engine, opened) = open(&std::fs::read(corpus.join(file)).unwrap());
    match opened {
        Ok(_) => engine,
        Err(failure) => panic!("{file}: {failure}"),
    }
}

/// A difference from what another viewer makes of a file, and why ours is right.
struct Difference {
    file: &'static str,
    what: &'static str,
    #[expect(dead_code, reason = "for who reads the table")]
    why: &'static str,
}

fn differs(list: &[Difference], file: &str, what: &str) -> bool {
    list.iter().any(|known| file.contains(known.file) && known.what == what)
}

const ZIPKIN: &[Difference] = &[
    Difference {
        file: "smartthings",
        what: "2 rows instead of 2",
        why: "of the times that parts of one span tell, the first is its start; Lens takes whichever part it met first",
    },
    Difference {
        file: "zipkin_v1_multiple_batches",
        what: "4 rows instead of 1",
        why: "Lens reads version 2 only: it joins the sides of calls that version 1 tells apart by annotations",
    },
    Difference { file: "zipkin_v1_single_batch", what: "4 rows instead of 1", why: "as above" },
    Difference { file: "zipkin_v1_error_batch", what: "2 rows instead of 2", why: "as above" },
    Difference { file: "zipkin_v1_local_component", what: "1 rows instead of 1", why: "as above" },
];

/// Depth, kind, service, name, start, duration and shift in µs of every span, sorted: siblings that start together have
/// no order.
#[test]
fn zipkin_trees_are_those_of_lens() {
    let Some(corpus) = corpus() else { return };
    let mut wrong = Vec::new();
    for file in oracle(&corpus, "golden_zipkin_lens.json")["files"].as_array().unwrap() {
        let name = file["file"].as_str().unwrap();
        let mut theirs: Vec<String> = Vec::new();
        for row in file["tree"].as_array().unwrap() {
            let number = |at: usize| row[at].as_i64().unwrap_or(0);
            let text = |at: usize| row[at].as_str().unwrap_or("").to_lowercase();
            // Raw times are shown; the correction is taken back.
            let start = number(5) - number(7);
            let (duration, shift) = (number(6), number(7));
            theirs.push(format!(
                "{} {} {} {} {start} {duration} {shift}",
                number(1),
                text(2),
                text(3),
                text(4)
            ));
        }
        let engine = opened(&corpus, name);
        let store = engine.store().unwrap();
        let mut ours = Vec::new();
        let shifts = store.traces().indices().flat_map(|trace| lens_shifts(store, trace));
        for (span, shift) in shifts {
            let row = store.row(span);
            let kind = match row.kind {
                otel::SpanKind::Unspecified => "",
                kind => kind.name(),
            };
            let duration = row.end.0.saturating_sub(row.start.0) / 1000;
            ours.push(format!(
                "{} {kind} {} {} {} {duration} {}",
                store.depth(span),
                store.service(span).to_lowercase(),
                row.name.to_lowercase(),
                row.start.0 / 1000,
                shift / 1000,
            ));
        }
        ours.sort();
        theirs.sort();
        let only = |a: &[String], b: &[String]| -> Vec<String> {
            a.iter().filter(|row| !b.contains(row)).cloned().collect()
        };
        let (ours, theirs) = (only(&ours, &theirs), only(&theirs, &ours));
        let found = format!("{} rows instead of {}", ours.len(), theirs.len());
        let told = ZIPKIN.iter().find(|known| name.contains(known.file)).map(|known| known.what);
        if found != told.unwrap_or("0 rows instead of 0") {
            wrong.push(format!("{name}: {found}: ours {ours:#?}, theirs {theirs:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Each span with the nanoseconds that Lens's rule adds to its times.
fn lens_shifts(store: &TraceStore, trace: TraceIdx) -> Vec<(SpanIdx, i64)> {
    store.trace(trace).indices().zip(analysis::clock_skew(store, trace, SkewRule::Lens).shifts).collect()
}

/// The trees for which Lens's own tests say what comes of them.
#[test]
fn lens_corrects_the_same_trees() {
    let Some(corpus) = corpus() else { return };
    let trees = oracle(&corpus, "clock_skew_zipkin_lens.json")["trees"].as_array().unwrap().clone();
    assert_eq!(trees.len(), 3);
    for tree in trees {
        let (engine, opened) = open(tree["spans"].to_string().as_bytes());
        assert_eq!(opened.unwrap().trace_count, 1);
        let store = engine.store().unwrap();
        let shifts = lens_shifts(store, TraceIdx(0));
        let corrected = |span: SpanIdx| {
            let (_, shift) = shifts.iter().find(|(other, _)| *other == span).unwrap();
            store.start(span) as i64 + shift
        };
        let is_shifted = shifts.iter().any(|(_, shift)| *shift != 0);
        let after_parent = shifts
            .iter()
            .all(|(span, _)| store.parent(*span).is_none_or(|of| corrected(of) < corrected(*span)));
        match tree["expect"].as_str().unwrap() {
            "unchanged" => assert!(!is_shifted, "{tree}"),
            _ => assert!(is_shifted && after_parent, "{tree}: {shifts:?}"),
        }
    }
}

const JAEGER: &[Difference] = &[
    Difference {
        file: "otlp2jaeger-out",
        what: "spans",
        why: "the same span stands there twice, to the letter: it is one",
    },
    Difference { file: "otlp2jaeger-out", what: "roots", why: "as above" },
    Difference { file: "otlp2jaeger-out", what: "services", why: "as above" },
    Difference { file: "otlp2jaeger-out", what: "orphan", why: "as above" },
];

/// Start, end, services, depth, roots, orphans and critical path of every trace.
#[test]
fn jaeger_traces_are_those_of_its_ui() {
    let Some(corpus) = corpus() else { return };
    let mut wrong = Vec::new();
    let mut traces = 0;
    for file in oracle(&corpus, "golden_jaeger_ui.json")["files"].as_array().unwrap() {
        let name = file["file"].as_str().unwrap();
        let engine = opened(&corpus, name);
        let store = engine.store().unwrap();
        for theirs in file["traces"].as_array().unwrap() {
            traces += 1;
            let id = theirs["traceID"].as_str().unwrap();
            let by_id = otel::TraceId::from_hex(id.as_bytes()).ok().and_then(|id| store.find_trace(id));
            let trace = by_id.or_else(|| (store.traces().len() == 1).then_some(TraceIdx(0)));
            let Some(trace) = trace else {
                wrong.push(format!("{name}: no trace {id}"));
                continue;
            };
            for (what, ours) in jaeger_figures(store, trace, theirs) {
                if (ours != theirs[what]) != differs(JAEGER, name, what) {
                    wrong.push(format!("{name} {id}: {what} is {ours}, not {}", theirs[what]));
                }
            }
        }
    }
    assert!(traces > 300, "only {traces} traces in the oracle");
    wrong.truncate(40);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn jaeger_figures(store: &TraceStore, trace: TraceIdx, theirs: &Value) -> Vec<(&'static str, Value)> {
    let of = store.trace(trace);
    let spans = || of.indices();
    let micros = |nanos: u64| Value::from(nanos / 1000);
    let mut services: BTreeMap<&str, u64> = BTreeMap::new();
    for span in spans() {
        *services.entry(store.service(span)).or_default() += 1;
    }
    let mut figures = vec![
        ("spans", Value::from(of.span_count())),
        ("roots", Value::from(store.roots(trace).count())),
        ("startTime", micros(of.start.0)),
        ("endTime", micros(of.start.0 + of.duration)),
        ("duration", micros(of.duration)),
        (
            "services",
            Value::from(
                services
                    .into_iter()
                    .map(|(name, count)| Value::from(vec![Value::from(name), count.into()]))
                    .collect::<Vec<_>>(),
            ),
        ),
        ("maxDepth", Value::from(of.depth - 1)),
        ("orphan", Value::from(of.orphan_count)),
    ];
    if theirs["failed"].as_bool() != Some(true) {
        let path = analysis::critical_path(store, trace, Policy::Strict);
        let mut ours: Vec<_> = path
            .sections()
            .iter()
            .map(|section| {
                (of.start.0 + section.start, of.start.0 + section.end, Some(store.span_id(section.span)))
            })
            .collect();
        let mut told = sections(theirs);
        ours.sort_by_key(|section| (section.0, section.1));
        told.sort_by_key(|section| (section.0, section.1));
        for (ours, told) in ours.iter_mut().zip(&told) {
            // Where the file's ids are no hex, ours are made up.
            ours.2 = ours.2.filter(|_| told.2.is_some());
        }
        let same = if ours == told { theirs["criticalPath"].clone() } else { format!("{ours:?}").into() };
        figures.push(("criticalPath", same));
    }
    figures
}

/// Start, end, span; a second span of the same id has a number behind it.
fn sections(theirs: &Value) -> Vec<(u64, u64, Option<otel::SpanId>)> {
    let nanos = |value: &Value| value.as_u64().unwrap() * 1000;
    let section = |section: &Value| {
        let id = section[0].as_str().unwrap().split('_').next().unwrap_or_default();
        (nanos(&section[1]), nanos(&section[2]), otel::SpanId::from_hex(id.as_bytes()).ok())
    };
    theirs["criticalPath"].as_array().unwrap().iter().map(section).collect()
}

/// Trees, names, services, starts in µs and errors, one line a span, with the end in ns.
fn tree(store: &TraceStore) -> Vec<(String, u64)> {
    let mut lines = Vec::new();
    for trace in store.traces().as_slice() {
        for span in trace.indices() {
            let path: Vec<&str> = ancestors(store, span).map(|span| store.name(span)).collect();
            let row = store.row(span);
            let (service, path, start) = (store.service(span), path.join(" < "), row.start.0 / 1000);
            let line = format!("{} {service} {path} {start} {}", trace.id, store.is_error(span));
            lines.push((line, row.end.0));
        }
    }
    lines.sort();
    lines
}

/// An end is a start and a duration in some formats, each cut to its unit.
fn same(a: &[(String, u64)], b: &[(String, u64)]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.0 == b.0 && a.1.abs_diff(b.1) < 2000)
}

fn ancestors(store: &TraceStore, span: SpanIdx) -> impl Iterator<Item = SpanIdx> {
    std::iter::successors(Some(span), |span| store.parent(*span))
}

const PAIRS: &[Difference] = &[];

#[test]
fn the_same_spans_in_other_formats_are_the_same() {
    let Some(corpus) = corpus() else { return };
    let mut wrong = Vec::new();
    for pair in oracle(&corpus, "cross_format_pairs.json")["pairs"].as_array().unwrap() {
        let files: Vec<&str> =
            pair["files"].as_array().unwrap().iter().map(|file| file.as_str().unwrap()).collect();
        let first = tree(opened(&corpus, files[0]).store().unwrap());
        for file in &files[1..] {
            let other = tree(opened(&corpus, file).store().unwrap());
            if same(&first, &other) == differs(PAIRS, file, "tree") {
                wrong.push(format!("{}\n{first:#?}\n{file}\n{other:#?}", files[0]));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
