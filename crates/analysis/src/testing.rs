//! Traces as pictures: one line a span, its name, and a bar of one column a nanosecond.

use std::borrow::Cow;

use otel::{
    KeyValue, Resource, Scope, SpanId, SpanKind, SpanRow, SpanSink as _, StatusCode, TraceId, UnixNanos,
};
use store::{TraceIdx, TraceStore, TraceStoreBuilder};

/// A row of a trace under test.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    pub(crate) depth: usize,
    pub(crate) name: String,
    pub(crate) service: String,
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) kind: SpanKind,
    pub(crate) error: bool,
}

/// Rows in preorder to one trace. Columns start at 1 000 ns, so that the start of a trace is not "absent".
pub(crate) fn plant(rows: &[Row]) -> TraceStore {
    let mut builder = TraceStoreBuilder::new();
    let scope = builder.open_scope();
    builder.close_scope(scope, &Scope::default());
    let mut resources: Vec<(&str, otel::ResourceRef)> = Vec::new();
    let mut ancestors: Vec<u64> = Vec::new();
    for (row, id) in rows.iter().zip(1..) {
        let known = resources.iter().find(|(name, _)| *name == row.service).map(|&(_, resource)| resource);
        let resource = known.unwrap_or_else(|| {
            let resource = builder.open_resource();
            let attributes = vec![KeyValue::new("service.name", row.service.as_str())];
            builder.close_resource(resource, &Resource { attributes, ..Resource::default() });
            resources.push((&row.service, resource));
            resource
        });
        ancestors.truncate(row.depth);
        builder.span(
            resource,
            scope,
            &SpanRow {
                trace_id: TraceId(1),
                span_id: SpanId(id),
                parent_span_id: SpanId(ancestors.last().copied().unwrap_or(0)),
                name: Cow::Borrowed(&row.name),
                kind: row.kind,
                start: UnixNanos(1_000 + row.start),
                end: UnixNanos(1_000 + row.end),
                status_code: if row.error { StatusCode::Error } else { StatusCode::Unset },
                ..SpanRow::default()
            },
        );
        ancestors.push(id);
    }
    builder.seal()
}

/// `  name |  ====  | words`: depth by indentation of 2, `.` for a span without duration. Words: `error`, a span
/// kind, `@service`.
pub(crate) fn store(picture: &str) -> TraceStore {
    let lines: Vec<&str> = picture.lines().filter(|line| !line.trim().is_empty()).collect();
    let indent = |line: &str| line.len() - line.trim_start().len();
    let margin = lines.first().map_or(0, |line| indent(line));
    let rows: Vec<Row> = lines
        .iter()
        .map(|line| {
            let mut parts = line.splitn(3, '|');
            let (name, bar) = (parts.next().unwrap(), parts.next().expect("a bar"));
            let mut row =
                Row { depth: (indent(line) - margin) / 2, name: name.trim().to_owned(), ..Row::default() };
            row.start = bar.find(['=', '.']).expect("a bar of = or .") as u64;
            row.end = bar.rfind('=').map_or(row.start, |last| last as u64 + 1);
            for word in parts.next().unwrap_or("").split_whitespace() {
                match word {
                    "error" => row.error = true,
                    "producer" => row.kind = SpanKind::Producer,
                    "consumer" => row.kind = SpanKind::Consumer,
                    _ => row.service = word.strip_prefix('@').expect("a known word").to_owned(),
                }
            }
            row
        })
        .collect();
    plant(&rows)
}

/// Pseudo-random numbers: the same ones every time.
#[derive(Debug)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// Below `sides`.
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mut x = self.0;
        x ^= x >> 33;
        x = x.wrapping_mul(0xFF51_AFD7_ED55_8CCD);
        (x ^ (x >> 33)) % sides.max(1)
    }
}

/// A random tree with one root: children mostly inside their parent, some outside, back to back, or without duration.
pub(crate) fn random_tree(seed: u64, count: usize) -> TraceStore {
    let mut dice = Dice(seed);
    let mut rows = vec![Row {
        name: "root".to_owned(),
        service: "s0".to_owned(),
        start: 50,
        end: 50 + 1 + dice.roll(400),
        ..Row::default()
    }];
    let mut path = vec![0_usize];
    while rows.len() < count {
        path.truncate(1 + dice.roll(path.len() as u64) as usize);
        let parent = rows[*path.last().unwrap()].clone();
        let sibling_end = rows[path.last().unwrap() + 1..].last().map_or(parent.start, |row| row.end);
        let length = parent.end - parent.start;
        let start = match dice.roll(8) {
            0 => (parent.start + dice.roll(length + 20)).saturating_sub(10),
            1..=3 => sibling_end,
            4 => sibling_end.saturating_sub(1),
            _ => parent.start + dice.roll(length),
        };
        let end = start
            + match dice.roll(6) {
                0 => 0,
                1 => dice.roll(length + 30),
                _ => dice.roll(length / 2 + 2),
            };
        let kind = match dice.roll(12) {
            0 | 1 => SpanKind::Producer,
            2 | 3 => SpanKind::Consumer,
            _ => SpanKind::Internal,
        };
        path.push(rows.len());
        rows.push(Row {
            depth: path.len() - 1,
            name: format!("op{}", dice.roll(5)),
            service: format!("s{}", dice.roll(4)),
            start,
            end,
            kind,
            error: dice.roll(10) == 0,
        });
    }
    plant(&rows)
}

/// A chain of spans, each inside the one before.
pub(crate) fn chain(depth: usize) -> TraceStore {
    let rows: Vec<Row> = (0..depth)
        .map(|i| Row {
            depth: i,
            name: "op".to_owned(),
            start: i as u64,
            end: 2 * depth as u64 - i as u64,
            ..Row::default()
        })
        .collect();
    plant(&rows)
}

/// A root with `count` children, `at_once` of them at any time.
pub(crate) fn fan(count: u64, at_once: u64) -> TraceStore {
    let mut rows = vec![Row { name: "root".to_owned(), end: (count + at_once) * 10, ..Row::default() }];
    rows.extend((0..count).map(|i| Row {
        depth: 1,
        name: "op".to_owned(),
        start: i * 10,
        end: (i + at_once) * 10,
        ..Row::default()
    }));
    plant(&rows)
}

/// The first trace.
pub(crate) const TRACE: TraceIdx = TraceIdx(0);
