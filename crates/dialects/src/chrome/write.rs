//! Events to spans, when the document has ended.

use std::borrow::Cow;
use std::collections::VecDeque;

use otel::{AnyValue, EventRow, KeyValue, LinkRow, Resource, ResourceRef, SpanId, SpanRow, WarningKind};
use rustc_hash::FxHashMap;

use super::nest::{Mismatches, Nest};
use super::trace::{Event, NONE, Phase, Trace, TrackKey};
use crate::made::{Clock, synthetic, unfinished};
use crate::notes::Notes;
use crate::packed::{At, Name};
use crate::walk::Out;

/// Stack frames of one stack that are written.
const MAX_FRAMES: usize = 1000;

/// A span that stands for a thread, or for what is asynchronous in a process and of one category.
struct Group {
    process: u32,
    /// The track it is made of; of asynchronous ones, the first.
    track: u32,
    start: i64,
    end: i64,
}

impl Group {
    fn takes(&mut self, start: i64, end: i64) {
        self.start = self.start.min(start);
        self.end = self.end.max(end);
    }
}

/// A place where flows meet a span.
#[derive(Clone, Copy)]
struct FlowEnd {
    flow: u32,
    ts: i64,
    /// The order at one moment.
    rank: u8,
    span: u32,
    comes_in: bool,
    goes_out: bool,
    /// The span says so itself: then any number may follow one.
    is_own: bool,
}

/// Who is below, beside and linked to whom.
struct Plan {
    groups: Vec<Group>,
    /// By track.
    group_of: Vec<u32>,
    /// Span (or number of events plus group) and point of time, in order.
    points: Vec<(u32, u32)>,
    /// Span that follows, and span it follows from, in order.
    links: Vec<(u32, u32)>,
}

impl Trace {
    /// The first moment of what is shown, and when the last begins.
    pub(super) fn extent(&self) -> Option<(i64, i64)> {
        let shown = |event: &&Event| !event.is_flow() && event.phase != Phase::End;
        let times = || self.events.iter().filter(shown).map(|event| event.ts);
        times().min().zip(times().max())
    }

    /// Gives the sink all of it. `extent`: the first and the last moment of the file. Gives back the last span's id.
    pub(super) fn write(&mut self, extent: (i64, i64), out: &mut Out<'_>) -> (Clock, u64) {
        let clock = Clock::new(extent, self.base);
        let plan = self.plan(out.notes);
        let resources: Vec<_> =
            (0..self.processes.len() as u32).map(|process| self.resource(process, out)).collect();
        self.write_spans(&plan, clock, &resources, out);
        self.write_groups(&plan, clock, &resources, out);
        (clock, self.events.len() as u64 + plan.groups.len() as u64)
    }

    fn plan(&mut self, notes: &mut Notes) -> Plan {
        let last = self.events.iter().map(|event| event.ts.max(event.end)).max().unwrap_or(0);
        let mut cut_short = Vec::new();
        for (row, event) in self.events.iter_mut().enumerate() {
            if event.phase == Phase::Complete && event.is_unfinished {
                event.end = last;
                cut_short.push(row as u32);
            }
        }
        let (rows, starts) = self.by_track();
        let mut plan = Plan {
            groups: Vec::new(),
            group_of: vec![NONE; self.tracks.len()],
            points: Vec::new(),
            links: Vec::new(),
        };
        let mut nest = Nest::default();
        nest.mismatches.beginnings = cut_short;
        let mut shared = FxHashMap::default();
        for track in 0..self.tracks.len() {
            let (Some(&from), Some(&to)) = (starts.get(track), starts.get(track + 1)) else { break };
            let rows = rows.get(from as usize..to as usize).unwrap_or_default();
            nest.track(&mut self.events, rows, last);
            self.group(track as u32, rows, &mut shared, &mut plan);
        }
        self.link(&mut plan, notes);
        plan.points.sort_by_key(|(parent, _)| *parent);
        plan.links.sort_by_key(|(span, _)| *span);
        self.tell(&nest.mismatches, notes);
        plan
    }

    /// Rows track by track, each in order of time, and where each track begins.
    fn by_track(&self) -> (Vec<u32>, Vec<u32>) {
        let mut starts = vec![0_u32; self.tracks.len() + 1];
        for event in &self.events {
            if let Some(count) = starts.get_mut(event.track as usize + 1) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut rows = vec![0_u32; self.events.len()];
        let mut next = starts.clone();
        for (row, event) in self.events.iter().enumerate() {
            if let Some(next) = next.get_mut(event.track as usize)
                && let Some(place) = rows.get_mut(*next as usize)
            {
                *place = row as u32;
                *next += 1;
            }
        }
        let ts = |row: &u32| self.events.get(*row as usize).map_or(0, |event| event.ts);
        for track in starts.windows(2) {
            if let [from, to] = track
                && let Some(rows) = rows.get_mut(*from as usize..*to as usize)
            {
                rows.sort_by_key(ts);
            }
        }
        (rows, starts)
    }

    /// What stands below no other span stands below the track's group, which there is only for them.
    fn group(&self, track: u32, rows: &[u32], shared: &mut FxHashMap<(u32, Name), u32>, plan: &mut Plan) {
        let Some(of) = self.tracks.get(track as usize) else { return };
        for &row in rows {
            let Some(event) = self.events.get(row as usize) else { continue };
            if event.phase == Phase::End || event.is_flow() {
                continue;
            }
            let next = plan.groups.len() as u32;
            let group = match plan.group_of.get(track as usize) {
                Some(&NONE) | None => match of.key {
                    TrackKey::Thread(..) => next,
                    TrackKey::Async(cat, ..) | TrackKey::Legacy(cat, ..) => {
                        *shared.entry((of.process, cat)).or_insert(next)
                    }
                },
                Some(group) => *group,
            };
            if group == next {
                plan.groups.push(Group { process: of.process, track, start: event.ts, end: event.end });
            }
            if let Some(slot) = plan.group_of.get_mut(track as usize) {
                *slot = group;
            }
            if let Some(group) = plan.groups.get_mut(group as usize) {
                group.takes(event.ts, event.end);
            }
            if !event.is_span() {
                let is_wide = event.phase == Phase::WidePoint || event.parent == NONE;
                let parent = if is_wide { self.events.len() as u32 + group } else { event.parent };
                plan.points.push((parent, row));
            }
        }
    }

    /// Flows lead from one span to the next.
    fn link(&self, plan: &mut Plan, notes: &mut Notes) {
        let mut ends = Vec::new();
        for event in self.events.iter().filter(|event| event.is_flow()) {
            let (rank, comes_in, goes_out) = match event.phase {
                Phase::FlowFrom => (0, false, true),
                Phase::FlowStep => (1, true, true),
                _ => (2, true, false),
            };
            let (flow, ts, span) = (event.mate, event.ts, event.parent);
            ends.push(FlowEnd { flow, ts, rank, span, comes_in, goes_out, is_own: false });
        }
        for &(row, flow, comes_in, goes_out) in &self.binds {
            let ts = self.events.get(row as usize).map_or(0, |event| event.ts);
            let rank = match (comes_in, goes_out) {
                (false, _) => 0,
                (true, true) => 1,
                (true, false) => 2,
            };
            ends.push(FlowEnd { flow, ts, rank, span: row, comes_in, goes_out, is_own: true });
        }
        ends.sort_by_key(|end| (end.flow, end.ts, end.rank));
        for flow in ends.chunk_by(|a, b| a.flow == b.flow) {
            let lost = pair_flow(flow, &mut plan.links);
            for _ in 0..lost {
                let words = format_args!("a flow begins or ends nowhere, or outside of spans");
                notes.add(WarningKind::Unpaired, words);
            }
        }
    }

    fn tell(&self, mismatches: &Mismatches, notes: &mut Notes) {
        let Mismatches { ends, beginnings, names, overlaps } = mismatches;
        let kinds = [
            (ends, "ends, and nothing of this name is open; left out"),
            (beginnings, "does not end; shown until the end"),
            (names, "ends, and something of another name is open; that was ended"),
            (overlaps, "begins inside another span and ends after it; shown beside it"),
        ];
        for (rows, what) in kinds {
            for &row in rows {
                let event = self.events.get(row as usize).copied().unwrap_or_default();
                let name = self.names.text(event.name);
                notes.add(WarningKind::Unpaired, format_args!("{name:?} {what}"));
            }
        }
    }

    pub(super) fn resource(&self, process: u32, out: &mut Out<'_>) -> ResourceRef {
        let Some(process) = self.processes.get(process as usize) else { return out.service("") };
        let pid = self.names.text(process.pid);
        let number = pid.parse::<i64>();
        let name = match (&process.name, &number) {
            (Some(name), _) => Cow::Borrowed(name.as_str()),
            (None, Ok(_)) => Cow::Owned(format!("process {pid}")),
            (None, Err(_)) if pid.is_empty() => Cow::Borrowed("process"),
            (None, Err(_)) => Cow::Borrowed(pid),
        };
        let mut attributes = vec![KeyValue::new("service.name", AnyValue::Str(name))];
        if !pid.is_empty() {
            let pid = number.map_or_else(|_| AnyValue::from(pid), AnyValue::Int);
            attributes.push(KeyValue { key: Cow::Borrowed("process.pid"), value: pid });
        }
        for &at in process.metadata.iter().chain([&self.other_data.0]) {
            self.packed.read(&self.names, at, &mut attributes);
        }
        out.resource(&Resource { attributes, ..Resource::default() })
    }

    /// Attributes of an event, without the numbers of its stack frames.
    fn attributes<'a>(&'a self, at: At, attributes: &mut Vec<KeyValue<'a>>) {
        self.packed.read(&self.names, at, attributes);
        for attribute in attributes.iter_mut() {
            let stack = match (&*attribute.key, &attribute.value) {
                ("sf", AnyValue::Int(frame)) => self.stack(&frame.to_string()),
                ("sf", AnyValue::Str(frame)) => self.stack(frame),
                _ => continue,
            };
            if !stack.is_empty() {
                *attribute = KeyValue::new("code.stacktrace", stack);
            }
        }
    }

    /// A frame a line, the innermost first.
    fn stack(&self, frame: &str) -> String {
        let mut lines = String::new();
        for frame in self.names.find(frame).into_iter().flat_map(|frame| self.frames_from(frame)) {
            if !lines.is_empty() {
                lines.push('\n');
            }
            lines.push_str(self.frame_name(frame));
        }
        lines
    }

    /// A stack of `stackFrames`, the innermost first.
    pub(super) fn frames_from(&self, frame: Name) -> impl Iterator<Item = Name> {
        let known = |frame: Name| self.frames.contains_key(&frame).then_some(frame);
        let parent = move |frame: &Name| self.frames.get(frame).and_then(|(parent, _)| known(*parent));
        std::iter::successors(known(frame), parent).take(MAX_FRAMES)
    }

    pub(super) fn frame_name(&self, frame: Name) -> &str {
        self.frames.get(&frame).map_or("", |(_, name)| self.names.text(*name))
    }

    /// As its metadata calls a thread; otherwise by its id.
    pub(super) fn thread_name(&self, process: u32, tid: &str) -> Cow<'_, str> {
        let key = self.names.find(tid).map(|tid| TrackKey::Thread(process, tid));
        match key.and_then(|key| self.track_at(key)).and_then(|track| track.name.as_deref()) {
            Some(name) => Cow::Borrowed(name),
            None if tid.is_empty() => Cow::Borrowed("thread"),
            None if tid.parse::<i64>().is_ok() => Cow::Owned(format!("thread {tid}")),
            None => Cow::Owned(tid.to_owned()),
        }
    }

    fn write_spans(&self, plan: &Plan, clock: Clock, resources: &[ResourceRef], out: &mut Out<'_>) {
        let scope = out.no_scope();
        let trace_id = self.fingerprint.trace_id();
        let (mut points, mut links) = (&*plan.points, &*plan.links);
        for (row, event) in self.events.iter().enumerate().filter(|(_, event)| event.is_span()) {
            let row = row as u32;
            let Some(track) = self.tracks.get(event.track as usize) else { continue };
            let group = plan.group_of.get(event.track as usize).copied().unwrap_or(0);
            let parent = if event.parent == NONE { self.events.len() as u32 + group } else { event.parent };
            let mut attributes = Vec::new();
            self.attributes(event.data, &mut attributes);
            if let Some(end) = self.events.get(event.mate as usize) {
                self.end_attributes(end, &mut attributes);
            }
            if event.is_unfinished {
                attributes.push(unfinished());
            }
            let (start, end) = clock.span(event.ts, event.end);
            out.span(
                resources.get(track.process as usize).copied().unwrap_or(ResourceRef(0)),
                scope,
                &SpanRow {
                    trace_id,
                    span_id: id(row),
                    parent_span_id: id(parent),
                    name: Cow::Borrowed(self.names.text(event.name)),
                    start,
                    end,
                    attributes,
                    events: self.points(row, &mut points, clock),
                    links: taken(row, &mut links)
                        .map(|from| LinkRow { trace_id, span_id: id(from), ..LinkRow::default() })
                        .collect(),
                    ..SpanRow::default()
                },
            );
        }
    }

    /// Where both have one, that of the end holds.
    fn end_attributes<'a>(&'a self, end: &Event, attributes: &mut Vec<KeyValue<'a>>) {
        let mut later = Vec::new();
        self.attributes(end.data, &mut later);
        for attribute in later {
            match attributes.iter_mut().find(|known| known.key == attribute.key) {
                Some(known) => *known = attribute,
                None => attributes.push(attribute),
            }
        }
    }

    fn points<'a>(&'a self, parent: u32, points: &mut &[(u32, u32)], clock: Clock) -> Vec<EventRow<'a>> {
        let rows = taken(parent, points);
        rows.filter_map(|row| {
            let event = self.events.get(row as usize)?;
            let mut attributes = Vec::new();
            self.attributes(event.data, &mut attributes);
            let name = Cow::Borrowed(self.names.text(event.name));
            Some(EventRow { time: clock.at(event.ts), name, attributes, dropped_attributes_count: 0 })
        })
        .collect()
    }

    fn write_groups(&self, plan: &Plan, clock: Clock, resources: &[ResourceRef], out: &mut Out<'_>) {
        let scope = out.no_scope();
        let spans = self.events.len() as u32;
        let mut points = plan.points.get(plan.points.partition_point(|(parent, _)| *parent < spans)..);
        let points = points.get_or_insert_default();
        for (number, group) in plan.groups.iter().enumerate() {
            let number = spans + number as u32;
            let Some(track) = self.tracks.get(group.track as usize) else { continue };
            let (start, end) = clock.span(group.start, group.end);
            let mut attributes = vec![synthetic()];
            let name = match track.key {
                TrackKey::Thread(process, tid) => {
                    let tid = self.names.text(tid);
                    let id = tid.parse().map_or_else(|_| AnyValue::from(tid), AnyValue::Int);
                    if !tid.is_empty() {
                        attributes.push(KeyValue { key: Cow::Borrowed("thread.id"), value: id });
                    }
                    if let Some(name) = &track.name {
                        attributes.push(KeyValue::new("thread.name", name.as_str()));
                    }
                    for &at in &track.metadata {
                        self.packed.read(&self.names, at, &mut attributes);
                    }
                    self.thread_name(process, tid)
                }
                TrackKey::Async(cat, ..) | TrackKey::Legacy(cat, ..) => match self.names.text(cat) {
                    "" => Cow::Borrowed("async"),
                    cat => Cow::Owned(format!("{cat} (async)")),
                },
            };
            out.span(
                resources.get(group.process as usize).copied().unwrap_or(ResourceRef(0)),
                scope,
                &SpanRow {
                    trace_id: self.fingerprint.trace_id(),
                    span_id: id(number),
                    name,
                    start,
                    end,
                    attributes,
                    events: self.points(number, points, clock),
                    ..SpanRow::default()
                },
            );
        }
    }
}

/// Leads the ends of one flow to each other; those that begin it wait in line, as an id may be used again before it was
/// free. Gives back how many lead nowhere.
fn pair_flow(ends: &[FlowEnd], links: &mut Vec<(u32, u32)>) -> u32 {
    let mut lost = 0;
    let mut join = |to: &FlowEnd, from: &FlowEnd, lost: &mut u32| {
        if to.span == NONE || from.span == NONE || to.span == from.span {
            *lost += 2;
        } else {
            links.push((to.span, from.span));
        }
    };
    let (mut waiting, mut early, mut before) = (VecDeque::new(), Vec::new(), None);
    for end in ends {
        let from =
            if end.comes_in { waiting.pop_front().or_else(|| before.filter(|_| end.is_own)) } else { None };
        match from {
            Some((from, _)) => {
                join(end, from, &mut lost);
                before = Some((from, true));
            }
            None if end.comes_in => early.push(end),
            None => {}
        }
        if end.goes_out {
            waiting.push_back((end, from.is_some()));
        }
    }
    // Clocks of processors differ: an end may seem to come first.
    for to in early {
        match waiting.pop_front() {
            Some((from, _)) => join(to, from, &mut lost),
            None => lost += 1,
        }
    }
    // A step that leads no further is an end.
    lost + waiting.iter().filter(|(_, follows)| !follows).count() as u32
}

/// Rows and groups count from 0, ids from 1.
fn id(row: u32) -> SpanId {
    SpanId(u64::from(row) + 1)
}

/// Takes those of one span off a list that is in their order.
fn taken<'l>(span: u32, list: &mut &'l [(u32, u32)]) -> impl Iterator<Item = u32> + 'l {
    let (own, rest) = list.split_at(list.iter().take_while(|(of, _)| *of == span).count());
    *list = rest;
    own.iter().map(|(_, row)| *row)
}
