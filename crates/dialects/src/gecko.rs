//! Profiles of Firefox: as its profiler saves them (processed) and as the browser gives them (raw, whose tables are rows
//! with a schema). A profile is a trace, a process a service, a thread a span; stacks and markers with a length stand
//! below it, markers without one are its events.

use std::borrow::Cow;
use std::collections::BTreeMap;

use otel::{AnyValue, EventRow, KeyValue, Resource, SpanId, SpanRow, WarningKind};
use rustc_hash::FxHashMap;

use super::made::{Clock, Fingerprint, synthetic, unfinished};
use super::packed::{At, Names, Packed};
use super::stacks::{Frame, Stretch, Stretches, Writer};
use crate::json::Json;
use crate::shape::Shape;
use crate::time::{Unit, scaled};
use crate::walk::{Entry, JsonFormat, Out, Path, Step, Take};

pub(crate) const ENTRY: Entry =
    Entry { name: "Firefox profile", tells, goes_on: |_| false, open: || Box::<Gecko>::default() };

/// `libs` may be longer than what is looked at, and stand first.
fn tells(shape: &Shape<'_>) -> bool {
    (1..=2).any(|depth| {
        shape.has_at(depth, "meta") && shape.has_at(depth + 1, "processType")
            || shape.has_at(depth, "libs") && shape.has_all_at(depth + 2, &["breakpadId", "debugName"])
    })
}

/// A cell that is null.
const NULL: i64 = i64::MIN;

/// Depth of a stack that is followed.
const MAX_STACK: usize = 100_000;

/// Whole numbers, nanoseconds and places of attributes, by table and column.
#[derive(Debug, Default)]
struct Columns {
    all: Vec<Column>,
    /// Cells come a column or a row at a time: the one that is asked for next is this, or the one after it.
    last: usize,
}

#[derive(Debug)]
struct Column {
    table: String,
    name: String,
    cells: Vec<i64>,
}

impl Column {
    fn is(&self, table: &str, name: &str) -> bool {
        self.name == name && self.table == table
    }
}

impl Columns {
    fn push(&mut self, table: &str, name: &str, cell: i64) {
        let is = |place: &usize| self.all.get(*place).is_some_and(|column| column.is(table, name));
        let place = [self.last, self.last + 1].into_iter().find(is);
        let place = place.or_else(|| self.all.iter().position(|column| column.is(table, name)));
        self.last = place.unwrap_or_else(|| {
            self.all.push(Column { table: table.to_owned(), name: name.to_owned(), cells: Vec::new() });
            self.all.len() - 1
        });
        if let Some(column) = self.all.get_mut(self.last) {
            column.cells.push(cell);
        }
    }

    fn get(&self, table: &str, name: &str) -> Option<&[i64]> {
        self.all.iter().find(|column| column.is(table, name)).map(|column| column.cells.as_slice())
    }
}

#[derive(Debug, Default)]
struct Thread {
    name: String,
    process_name: String,
    pid: String,
    tid: String,
    columns: Columns,
    strings: Vec<String>,
    /// Of raw tables: the columns' names, by table.
    schemas: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Default)]
struct Gecko {
    /// Nanoseconds since the epoch.
    start: Option<i64>,
    product: String,
    version: String,
    /// Newer ones share strings and tables between threads.
    shared: Thread,
    /// Within a recording of the developer tools, whose samples count from its start, and whose markers do not.
    is_recording: bool,
    current: Thread,
    threads: Vec<Thread>,
    names: Names,
    packed: Packed,
}

/// The names of a path, `*` for elements; of one too long for any table, the first.
struct Parts<'p> {
    names: [&'p str; 6],
    count: usize,
}

impl<'p> Parts<'p> {
    fn of(path: Path<'p>) -> Self {
        let names = path.iter().map(|step| match step {
            Step::Element => "*",
            Step::Member(name) => name.as_str(),
        });
        let mut parts = Parts { names: [""; 6], count: 0 };
        // Performance recordings of the developer tools wrap it.
        for (place, name) in parts.names.iter_mut().zip(names.skip_while(|name| *name == "profile")) {
            *place = name;
            parts.count += 1;
        }
        parts
    }

    fn as_slice(&self) -> &[&'p str] {
        self.names.get(..self.count).unwrap_or_default()
    }
}

const TABLES: [&str; 5] = ["frameTable", "funcTable", "stackTable", "samples", "markers"];

impl JsonFormat for Gecko {
    fn step(&mut self, path: Path<'_>, first: u8) -> Take {
        let parts = Parts::of(path);
        let enters = match *parts.as_slice() {
            ["shared", table] | ["threads", "*", table] if TABLES.contains(&table) => true,
            ["shared", _, _] | ["threads", "*", _, _] => first == b'[',
            _ => matches!(
                *parts.as_slice(),
                [] | ["meta" | "shared" | "threads"]
                    | ["threads", "*"]
                    | ["shared", "stringArray" | "sources"]
                    | ["threads", "*", "stringArray" | "stringTable"]
            ),
        };
        match *parts.as_slice() {
            _ if enters => Take::Enter,
            ["meta", "startTime" | "product" | "misc"]
            | ["shared", "stringArray", "*"]
            | ["shared", _, _, "*"]
            | ["threads", "*", "stringArray" | "stringTable", "*"]
            | ["threads", "*", "name" | "processName" | "pid" | "tid"]
            | ["threads", "*", _, "schema"]
            | ["threads", "*", _, _, "*"] => Take::Record,
            _ => Take::Over,
        }
    }

    fn record(&mut self, path: Path<'_>, record: &Json<'_>, _out: &mut Out<'_>) {
        self.is_recording |= matches!(path, [Step::Member(name), ..] if name == "profile");
        let parts = Parts::of(path);
        let (thread, parts) = match parts.as_slice() {
            ["meta", name] => return self.about(name, record),
            ["shared", parts @ ..] => (&mut self.shared, parts),
            ["threads", "*", parts @ ..] => (&mut self.current, parts),
            _ => return,
        };
        match *parts {
            ["stringArray" | "stringTable", _] => thread.strings.push(record.text().to_owned()),
            [name] => {
                let text = record.text().to_owned();
                match name {
                    "name" => thread.name = text,
                    "processName" => thread.process_name = text,
                    "pid" => thread.pid = text,
                    _ => thread.tid = text,
                }
            }
            [table, "schema"] => {
                let mut columns: Vec<_> = record.members().iter().collect();
                columns.sort_by_key(|(_, place)| place.u64());
                let columns = columns.iter().map(|(name, _)| name.to_string()).collect();
                thread.schemas.insert(table.to_owned(), columns);
            }
            [table, "data", _] if thread.schemas.contains_key(table) => {
                for (place, column) in thread.schemas.get(table).into_iter().flatten().enumerate() {
                    let cell = record.elements().get(place).unwrap_or(&Json::Null);
                    let cell = cell_of(column, cell, &mut self.names, &mut self.packed);
                    thread.columns.push(table, column, cell);
                }
            }
            [table, column, _] => {
                let cell = cell_of(column, record, &mut self.names, &mut self.packed);
                thread.columns.push(table, column, cell);
            }
            _ => {}
        }
    }

    fn leave(&mut self, path: Path<'_>, out: &mut Out<'_>) {
        match *Parts::of(path).as_slice() {
            ["threads", "*"] => self.threads.push(std::mem::take(&mut self.current)),
            [] if path.is_empty() => std::mem::take(self).write(out),
            _ => {}
        }
    }
}

fn millis(json: &Json<'_>) -> Option<i64> {
    scaled(json.text(), Unit::Millis.digits()).and_then(|time| i64::try_from(time).ok())
}

fn cell_of(column: &str, cell: &Json<'_>, names: &mut Names, packed: &mut Packed) -> i64 {
    let number = match column {
        "time" | "startTime" | "endTime" | "timeDeltas" => millis(cell),
        // Of markers; raw tables of other things hold their rows there.
        "data" => {
            for (name, value) in cell.members() {
                packed.add(names, name, value);
            }
            Some(i64::from(packed.end().number()))
        }
        // "function (file:line)": the number of the text.
        _ => cell.i64(),
    };
    number.unwrap_or(NULL)
}

/// The tables of a thread, which may be its own or shared.
#[derive(Clone, Copy)]
struct Tables<'g> {
    own: &'g Thread,
    shared: &'g Thread,
}

impl<'g> Tables<'g> {
    fn column(self, table: &str, column: &str) -> &'g [i64] {
        self.own
            .columns
            .get(table, column)
            .or_else(|| self.shared.columns.get(table, column))
            .unwrap_or_default()
    }

    fn string(self, place: i64) -> &'g str {
        let strings = if self.own.strings.is_empty() { &self.shared.strings } else { &self.own.strings };
        usize::try_from(place).ok().and_then(|place| strings.get(place)).map_or("", String::as_str)
    }
}

fn cell(column: &[i64], place: i64) -> Option<i64> {
    let cell = column.get(usize::try_from(place).ok()?).copied()?;
    (cell != NULL).then_some(cell)
}

impl Gecko {
    fn about(&mut self, name: &str, value: &Json<'_>) {
        match name {
            "startTime" => self.start = millis(value),
            "product" => value.text().clone_into(&mut self.product),
            _ => value.text().trim_start_matches("rv:").clone_into(&mut self.version),
        }
    }

    fn write(self, out: &mut Out<'_>) {
        let mut fingerprint = Fingerprint::default();
        fingerprint.number(self.start.unwrap_or(0));
        let mut extents = Vec::new();
        for thread in &self.threads {
            let tables = Tables { own: thread, shared: &self.shared };
            let times = sample_times(tables);
            let mut markers = markers(tables);
            let last = times.last().copied().filter(|_| self.is_recording).unwrap_or(i64::MAX);
            for marker in markers.extract_if(.., |marker| marker.start > last) {
                let words = format_args!("marker {:?} is on another clock", tables.string(marker.name));
                out.notes.add(WarningKind::LeftOut, words);
            }
            let ends = markers.iter().flat_map(|marker| [Some(marker.start), marker.end]).flatten();
            let all = times.iter().copied().chain(ends);
            let extent = all.clone().min().zip(all.max());
            if let Some((start, end)) = extent {
                fingerprint.number(start);
                fingerprint.number(end);
            }
            extents.push((extent, times, markers));
        }
        let known = || extents.iter().filter_map(|(extent, ..)| *extent);
        let (first, last) = (known().map(|(start, _)| start).min(), known().map(|(_, end)| end).max());
        let Some(extent) = first.zip(last) else { return };
        let clock = Clock::new(extent, self.start);
        let mut writer = Writer::new(out, fingerprint.trace_id(), clock);
        for (thread, (extent, times, markers)) in self.threads.iter().zip(extents) {
            let Some((start, end)) = extent else { continue };
            let tables = Tables { own: thread, shared: &self.shared };
            self.resource(thread, &mut writer);
            let root = Stretch { id: writer.id(), parent: SpanId::ABSENT, start, end };
            self.write_markers(tables, &root, &markers, &mut writer);
            write_stacks(tables, &root, &times, &mut writer);
        }
    }

    fn resource(&self, thread: &Thread, writer: &mut Writer<'_, '_>) {
        let name = match (thread.process_name.as_str(), thread.pid.as_str()) {
            ("", "") => Cow::Borrowed(self.product.as_str()),
            ("", pid) => Cow::Owned(format!("process {pid}")),
            (name, _) => Cow::Borrowed(name),
        };
        let mut attributes =
            vec![KeyValue { key: Cow::Borrowed("service.name"), value: AnyValue::Str(name) }];
        attributes.extend(thread.pid.parse::<i64>().ok().map(|pid| KeyValue::new("process.pid", pid)));
        for (key, text) in
            [("process.runtime.name", &self.product), ("process.runtime.version", &self.version)]
        {
            if !text.is_empty() {
                attributes.push(KeyValue::new(key, text.as_str()));
            }
        }
        writer.resource = writer.out.resource(&Resource { attributes, ..Resource::default() });
    }

    /// The thread's span, with markers that are moments; the others below it.
    fn write_markers(
        &self,
        tables: Tables<'_>,
        root: &Stretch,
        markers: &[Marker],
        writer: &mut Writer<'_, '_>,
    ) {
        let mut events = Vec::new();
        for marker in markers {
            let mut attributes = Vec::new();
            self.packed.read(&self.names, marker.data, &mut attributes);
            let name = tables.string(marker.name);
            match marker.end {
                Some(end) => {
                    if marker.is_unpaired {
                        attributes.push(unfinished());
                        let words = format_args!("marker {name:?} has no beginning or no end");
                        writer.out.notes.add(WarningKind::Unpaired, words);
                    }
                    let id = writer.id();
                    writer.span(&Stretch { id, parent: root.id, start: marker.start, end }, name, attributes);
                }
                None => events.push(EventRow {
                    time: writer.clock.at(marker.start),
                    name: Cow::Borrowed(name),
                    attributes,
                    dropped_attributes_count: 0,
                }),
            }
        }
        let thread = tables.own;
        let mut attributes = vec![synthetic()];
        attributes.extend(thread.tid.parse::<i64>().ok().map(|tid| KeyValue::new("thread.id", tid)));
        attributes.push(KeyValue::new("thread.name", thread.name.as_str()));
        let (start, end) = writer.clock.span(root.start, root.end);
        let row = SpanRow {
            trace_id: writer.trace_id,
            span_id: root.id,
            name: Cow::Borrowed(if thread.name.is_empty() { "thread" } else { &thread.name }),
            start,
            end,
            attributes,
            events,
            ..SpanRow::default()
        };
        writer.out.span(writer.resource, writer.scope, &row);
    }
}

/// Nanoseconds of each sample.
fn sample_times(tables: Tables<'_>) -> Vec<i64> {
    let times = tables.column("samples", "time");
    if !times.is_empty() {
        return times.to_vec();
    }
    let deltas = tables.column("samples", "timeDeltas");
    let add = |now: &mut i64, delta: &i64| {
        *now = now.saturating_add(if *delta == NULL { 0 } else { *delta });
        Some(*now)
    };
    deltas.iter().scan(0, add).collect()
}

#[derive(Clone, Copy, Debug)]
struct Marker {
    name: i64,
    start: i64,
    /// Of those that last.
    end: Option<i64>,
    data: At,
    is_unpaired: bool,
}

/// Beginnings and ends that are markers of their own are joined by name.
fn markers(tables: Tables<'_>) -> Vec<Marker> {
    let column = |name: &str| tables.column("markers", name);
    let (names, phases, data) = (column("name"), column("phase"), column("data"));
    let (starts, ends, times) = (column("startTime"), column("endTime"), column("time"));
    let mut markers: Vec<Marker> = Vec::new();
    let mut open: FxHashMap<i64, Vec<usize>> = FxHashMap::default();
    let last = ends.iter().chain(starts).chain(times).copied().max().unwrap_or(0);
    for (row, &name) in (0_i64..).zip(names) {
        let start = cell(starts, row).or_else(|| cell(times, row));
        let end = cell(ends, row);
        let data = cell(data, row).map_or(At::NONE, |at| At::from(at as u32));
        // Of beginnings and ends, the other time is there and means nothing.
        let moment = if cell(phases, row) == Some(3) { end.or(start) } else { start.or(end) };
        let Some(moment) = moment else { continue };
        let mut marker = Marker { name, start: moment, end: None, data, is_unpaired: false };
        match cell(phases, row) {
            Some(1) => marker.end = end,
            Some(2) => {
                (marker.end, marker.is_unpaired) = (Some(last), true);
                open.entry(name).or_default().push(markers.len());
            }
            Some(3) => {
                let begun = open.get_mut(&name).and_then(Vec::pop).and_then(|place| markers.get_mut(place));
                if let Some(begun) = begun {
                    (begun.end, begun.is_unpaired) = (Some(moment), false);
                    continue;
                }
                (marker.end, marker.is_unpaired) = (Some(moment), true);
            }
            // Older ones say it by their times.
            None => marker.end = end.filter(|end| *end > moment),
            Some(_) => {}
        }
        markers.push(marker);
    }
    markers
}

fn write_stacks(tables: Tables<'_>, root: &Stretch, times: &[i64], writer: &mut Writer<'_, '_>) {
    let column = |table, name| tables.column(table, name);
    let (prefixes, frames) = (column("stackTable", "prefix"), column("stackTable", "frame"));
    let (functions, lines) = (column("frameTable", "func"), column("frameTable", "line"));
    let columns = column("frameTable", "column");
    let (names, files) = (column("funcTable", "name"), column("funcTable", "fileName"));
    let (sources, source_files) = (column("funcTable", "source"), column("sources", "filename"));
    let locations = column("frameTable", "location");
    let frame = |stack: u32| {
        let Some(frame) = cell(frames, i64::from(stack)) else { return Frame::default() };
        if let Some(location) = cell(locations, frame) {
            return located(tables.string(location), cell(lines, frame));
        }
        let function = cell(functions, frame).unwrap_or(NULL);
        let file = cell(files, function).or_else(|| cell(source_files, cell(sources, function)?));
        Frame {
            name: tables.string(cell(names, function).unwrap_or(NULL)),
            file: tables.string(file.unwrap_or(NULL)),
            line: cell(lines, frame),
            column: cell(columns, frame),
        }
    };
    // Stacks that stand in a circle end as well.
    let most = prefixes.len().clamp(1, MAX_STACK);
    let mut stretches = Stretches::default();
    let (mut stack, mut last) = (Vec::new(), NULL);
    for (&sample, &time) in column("samples", "stack").iter().zip(times) {
        if time < last {
            continue;
        }
        last = time;
        stack.clear();
        let mut next = sample;
        while let Ok(place) = u32::try_from(next)
            && stack.len() < most
        {
            stack.push(place);
            next = cell(prefixes, next).unwrap_or(NULL);
        }
        stack.reverse();
        stretches.change(&stack, time, root.id, &frame, writer);
    }
    stretches.change(&[], root.end, root.id, &frame, writer);
}

/// `function (file:line)`, as raw profiles have it.
fn located(location: &str, line: Option<i64>) -> Frame<'_> {
    let parts = location.strip_suffix(')').and_then(|text| text.rsplit_once(" ("));
    let Some((name, place)) = parts else { return Frame { name: location, line, ..Frame::default() } };
    match place.rsplit_once(':') {
        Some((file, number)) if number.parse::<i64>().is_ok() => {
            Frame { name, file, line: line.or_else(|| number.parse().ok()), column: None }
        }
        _ => Frame { name, file: place, line, column: None },
    }
}
