//! CPU profiles of V8: a tree of nodes, and which of them was at work in each sample (Chrome `DevTools` protocol,
//! `Profiler.Profile`).

use otel::SpanId;
use rustc_hash::FxHashMap;

use super::packed::{Name, Names};
use super::stacks::{Frame, Stretches, Writer};
use crate::json::Json;
use crate::time::{Unit, scaled};

/// Depth of a stack that is followed: a tree that is none would have no end.
const MAX_STACK: usize = 100_000;

#[derive(Clone, Copy, Debug, Default)]
struct Node {
    name: Name,
    url: Name,
    /// From 0 on; below it is none.
    line: i64,
    column: i64,
}

/// Nodes and samples, in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Profile {
    names: Names,
    nodes: Vec<Node>,
    places: FxHashMap<i64, u32>,
    /// By the id of the child, that of the parent.
    parents: FxHashMap<i64, i64>,
    samples: Vec<i64>,
    deltas: Vec<i64>,
    /// Nanoseconds.
    start: Option<i64>,
    end: Option<i64>,
}

impl Profile {
    pub(super) fn node(&mut self, node: &Json<'_>) {
        let Some(id) = node.get("id").i64() else { return };
        let call = node.get("callFrame");
        let number = |name: &str| call.get(name).i64().unwrap_or(-1);
        let node_of = Node {
            name: self.names.intern(call.get("functionName").text()),
            url: self.names.intern(call.get("url").text()),
            line: number("lineNumber"),
            column: number("columnNumber"),
        };
        self.places.insert(id, self.nodes.len() as u32);
        self.nodes.push(node_of);
        if let Some(parent) = node.get("parent").i64() {
            self.parents.insert(id, parent);
        }
        for child in node.get("children").elements() {
            if let Some(child) = child.i64() {
                self.parents.insert(child, id);
            }
        }
    }

    pub(super) fn sample(&mut self, node: &Json<'_>) {
        self.samples.extend(node.i64());
    }

    /// Microseconds since the sample before.
    pub(super) fn delta(&mut self, delta: &Json<'_>) {
        let delta = scaled(delta.text(), Unit::Micros.digits()).and_then(|delta| i64::try_from(delta).ok());
        self.deltas.push(delta.unwrap_or(0));
    }

    /// A part of a profile within a trace.
    pub(super) fn chunk(&mut self, data: &Json<'_>) {
        let profile = data.get("cpuProfile");
        for node in profile.get("nodes").elements() {
            self.node(node);
        }
        for sample in profile.get("samples").elements() {
            self.sample(sample);
        }
        for delta in data.any(&["timeDeltas"]).elements().iter().chain(profile.get("timeDeltas").elements()) {
            self.delta(delta);
        }
        for of in [data, profile] {
            self.time("startTime", of.get("startTime"));
            self.time("endTime", of.get("endTime"));
        }
    }

    /// `startTime` or `endTime`, in microseconds.
    pub(super) fn time(&mut self, name: &str, time: &Json<'_>) {
        let time = scaled(time.text(), Unit::Micros.digits()).and_then(|time| i64::try_from(time).ok());
        if name == "startTime" {
            self.start = self.start.or(time);
        } else {
            self.end = time.or(self.end);
        }
    }

    /// How many samples there are.
    pub(super) fn len(&self) -> usize {
        self.samples.len()
    }

    /// Samples in order of time: node and time; and when the last of them ends.
    fn in_time(&self) -> (Vec<(i64, i64)>, i64) {
        let mut now = self.start.unwrap_or(0);
        let mut timed = Vec::with_capacity(self.samples.len());
        let deltas = self.deltas.iter().copied().chain(std::iter::repeat(0));
        for (&sample, delta) in self.samples.iter().zip(deltas) {
            now = now.saturating_add(delta);
            timed.push((sample, now));
        }
        // Threads write them, and not always one after the other.
        timed.sort_by_key(|(_, time)| *time);
        let last = timed.last().map_or(now, |(_, time)| *time);
        (timed, self.end.unwrap_or(last).max(last))
    }

    /// From the first sample to the end of the last.
    pub(super) fn extent(&self) -> (i64, i64) {
        let (samples, end) = self.in_time();
        let first = samples.first().map_or(end, |(_, time)| *time);
        (self.start.unwrap_or(first).min(first), end)
    }

    pub(super) fn write(&self, root: SpanId, writer: &mut Writer<'_, '_>) {
        let frame = |place: u32| {
            let node = self.nodes.get(place as usize).copied().unwrap_or_default();
            Frame {
                name: self.names.text(node.name),
                file: self.names.text(node.url),
                line: from_one(node.line),
                column: from_one(node.column),
            }
        };
        let (samples, end) = self.in_time();
        let mut stretches = Stretches::default();
        let (mut stack, mut last) = (Vec::new(), None);
        for (sample, time) in samples {
            if last.replace(sample) == Some(sample) {
                continue;
            }
            let place = self.places.get(&sample).copied();
            match place.map(|place| frame(place).name) {
                // Collecting interrupts what runs, which goes on after it.
                Some("(garbage collector)") => stack.extend(place),
                None | Some("(root)" | "(idle)") => stack.clear(),
                Some(_) => self.stack_of(sample, &mut stack),
            }
            stretches.change(&stack, time, root, &frame, writer);
        }
        stretches.change(&[], end, root, &frame, writer);
    }

    /// Without the root, which every stack begins with.
    fn stack_of(&self, node: i64, stack: &mut Vec<u32>) {
        stack.clear();
        // Nodes that stand in a circle end as well.
        let most = self.nodes.len().clamp(1, MAX_STACK);
        let mut next = Some(node);
        while let Some(id) = next.filter(|_| stack.len() < most) {
            next = self.parents.get(&id).copied();
            let place = self.places.get(&id).copied();
            let is_root = next.is_none()
                && place
                    .and_then(|place| self.nodes.get(place as usize))
                    .is_some_and(|node| self.names.text(node.name) == "(root)");
            if !is_root {
                stack.extend(place);
            }
        }
        stack.reverse();
    }
}

/// Lines and columns count from 0 on; what is below is not known.
fn from_one(number: i64) -> Option<i64> {
    if number < 0 { None } else { number.checked_add(1) }
}
