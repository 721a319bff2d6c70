//! Chrome's trace events ("Trace Event Format"), as browsers, V8, clang, Bazel, Kineto and many others write them.
//!
//! A file is one trace. A process is a service. Events are on tracks (a thread; what has one asynchronous id), within which
//! they nest by time; what stands below nothing stands below a span made for its thread, or for its category where it is
//! asynchronous.

mod nest;
mod trace;
mod write;

use otel::SpanId;
use rustc_hash::FxHashMap;

use crate::json::Json;
use crate::made::synthetic;
use crate::packed::Name;
use crate::shape::Shape;
use crate::stacks::{Frame, Stretch, Stretches, Writer};
use crate::v8;
use crate::walk::{Entry, JsonFormat, Out, Path, Step, Take, is_at};
use trace::{At0, Trace, nanos};

const NAME: &str = "Chrome trace events";

/// The whole file is one document.
pub(crate) const ENTRY: Entry =
    Entry { name: NAME, tells, goes_on: |_| false, open: || Box::<Chrome>::default() };

/// A line is an event.
pub(crate) const LINES: Entry =
    Entry { name: NAME, tells: tells_line, goes_on: |_| false, open: || Box::<Lines>::default() };

/// `metadata` of a recent `DevTools` may be longer than what is looked at.
fn tells(shape: &Shape<'_>) -> bool {
    shape.has_at(1, "traceEvents")
        || shape.arrays() == 1 && (shape.has_all_at(2, &["ph", "pid"]) || shape.has_all_at(2, &["ph", "ts"]))
        || shape.has_at(1, "metadata") && shape.value_at(2, "source") == "DevTools"
}

fn tells_line(shape: &Shape<'_>) -> bool {
    shape.arrays() == 0 && shape.has_all_at(1, &["ph", "pid", "ts"])
}

/// Samples of one thread beside the events.
#[derive(Debug, Default)]
struct Samples {
    process: u32,
    tid: String,
    /// Frame and time.
    list: Vec<(Name, i64)>,
}

/// A profile of V8 within the trace.
#[derive(Debug, Default)]
struct Profile {
    process: u32,
    tid: String,
    content: v8::Profile,
}

#[derive(Default)]
struct Chrome {
    trace: Trace,
    /// By process and thread.
    samples: FxHashMap<(u32, String), usize>,
    sample_lists: Vec<Samples>,
    /// By process and id.
    profiles: FxHashMap<(u32, String), usize>,
    profile_list: Vec<Profile>,
}

impl JsonFormat for Chrome {
    fn step(&mut self, path: Path<'_>, _first: u8) -> Take {
        match path {
            [] => Take::Enter,
            [Step::Member(name)] => match name.as_str() {
                "traceEvents" | "stackFrames" | "samples" => Take::Enter,
                "otherData" | "baseTimeNanoseconds" | "beginningOfTime" => Take::Record,
                _ => Take::Over,
            },
            [Step::Element] | [Step::Member(_), _] => Take::Record,
            _ => Take::Over,
        }
    }

    fn record(&mut self, path: Path<'_>, record: &Json<'_>, out: &mut Out<'_>) {
        match path {
            [Step::Element] | [Step::Member(_), Step::Element] if !is_at(path, &["samples", "*"]) => {
                self.event(record, out);
            }
            [Step::Member(_), Step::Element] => self.sample(record),
            [Step::Member(name), Step::Member(id)] if name == "stackFrames" => self.trace.frame(id, record),
            [Step::Member(name)] => self.about(name, record),
            _ => {}
        }
    }

    /// Its specification allows an array without an end.
    fn may_end(&self, path: Path<'_>) -> bool {
        path.is_empty()
    }

    fn leave(&mut self, path: Path<'_>, out: &mut Out<'_>) {
        if path.is_empty() {
            std::mem::take(self).write(out);
        }
    }
}

impl Chrome {
    fn event(&mut self, event: &Json<'_>, out: &mut Out<'_>) {
        let data = event.at(&["args", "data"]);
        match event.get("name").str() {
            "Profile" | "ProfileChunk" | "CpuProfile" if !data.is_null() => self.profile(event, data),
            _ => self.trace.event(event, out.notes),
        }
    }

    /// The first part says where it ran, the others come from a thread of the profiler.
    fn profile(&mut self, event: &Json<'_>, data: &Json<'_>) {
        let process = self.trace.process(event.get("pid").text());
        let id = event.any(&["id", "id2"]);
        let id = if id.is_null() { format!("of {}", event.get("tid").text()) } else { id.text().to_owned() };
        let list = &mut self.profile_list;
        let place = *self.profiles.entry((process, id)).or_insert_with(|| {
            list.push(Profile { process, ..Profile::default() });
            list.len() - 1
        });
        let Some(profile) = list.get_mut(place) else { return };
        if profile.tid.is_empty() || event.get("name").str() == "Profile" {
            event.get("tid").text().clone_into(&mut profile.tid);
        }
        profile.content.chunk(data);
    }

    fn sample(&mut self, sample: &Json<'_>) {
        let Some(time) = nanos(sample.get("ts")) else { return };
        let process = self.trace.process(sample.get("pid").text());
        let tid = sample.get("tid").text().to_owned();
        let lists = &mut self.sample_lists;
        let place = *self.samples.entry((process, tid.clone())).or_insert_with(|| {
            lists.push(Samples { process, tid, list: Vec::new() });
            lists.len() - 1
        });
        let frame = self.trace.names.intern(sample.get("sf").text());
        self.trace.fingerprint.number(time);
        if let Some(samples) = lists.get_mut(place) {
            samples.list.push((frame, time));
        }
    }

    /// A member of the document that is no event.
    fn about(&mut self, name: &str, value: &Json<'_>) {
        match name {
            "baseTimeNanoseconds" => self.trace.base = value.i64(),
            "beginningOfTime" => self.trace.base = nanos(value),
            _ => {
                for (name, value) in value.members() {
                    self.trace.packed.add(&mut self.trace.names, name, value);
                }
                self.trace.other_data = At0(self.trace.packed.end());
            }
        }
    }
}

impl Chrome {
    fn write(mut self, out: &mut Out<'_>) {
        for samples in &mut self.sample_lists {
            samples.list.sort_by_key(|(_, time)| *time);
        }
        self.profile_list.retain(|profile| profile.content.len() > 0);
        for profile in &self.profile_list {
            self.trace.fingerprint.number(profile.content.extent().0);
        }
        let sampled = self.sample_lists.iter().filter_map(|samples| {
            samples.list.first().zip(samples.list.last()).map(|((_, first), (_, last))| (*first, *last))
        });
        let extent = sampled
            .chain(self.profile_list.iter().map(|profile| profile.content.extent()))
            .chain(self.trace.extent())
            .reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
        let Some(extent) = extent else { return };
        let (clock, last_id) = self.trace.write(extent, out);
        let trace_id = self.trace.fingerprint.trace_id();
        let mut writer = Writer { last_id, ..Writer::new(out, trace_id, clock) };
        for samples in &self.sample_lists {
            self.write_samples(samples, &mut writer);
        }
        for profile in &self.profile_list {
            writer.resource = self.trace.resource(profile.process, writer.out);
            let root = self.root(profile.process, &profile.tid, profile.content.extent(), &mut writer);
            profile.content.write(root, &mut writer);
        }
    }

    /// A span for all samples of a thread.
    fn root(&self, process: u32, tid: &str, (start, end): (i64, i64), writer: &mut Writer<'_, '_>) -> SpanId {
        let root = Stretch { id: writer.id(), parent: SpanId::ABSENT, start, end };
        let name = format!("{} (samples)", self.trace.thread_name(process, tid));
        writer.span(&root, &name, vec![synthetic()]);
        root.id
    }

    fn write_samples(&self, samples: &Samples, writer: &mut Writer<'_, '_>) {
        let times = || samples.list.iter().map(|(_, time)| *time);
        let (Some(start), Some(last)) = (times().next(), times().next_back()) else { return };
        // The last one lasts as long as the one before.
        let before = times().rev().find(|time| *time < last).unwrap_or(last);
        let end = last.saturating_add(last.saturating_sub(before));
        writer.resource = self.trace.resource(samples.process, writer.out);
        let root = self.root(samples.process, &samples.tid, (start, end), writer);
        let frame = |frame: u32| Frame { name: self.trace.frame_name(Name::from(frame)), ..Frame::default() };
        let mut stretches = Stretches::default();
        let mut stack = Vec::new();
        for &(frame_of, time) in &samples.list {
            stack.clear();
            stack.extend(self.trace.frames_from(frame_of).map(u32::from));
            stack.reverse();
            stretches.change(&stack, time, root, &frame, writer);
        }
        stretches.change(&[], end, root, &frame, writer);
    }
}

/// Events line by line, of which nothing says which is the last.
#[derive(Default)]
struct Lines {
    all: Chrome,
}

impl JsonFormat for Lines {
    fn step(&mut self, _path: Path<'_>, _first: u8) -> Take {
        Take::Record
    }

    fn record(&mut self, _path: Path<'_>, record: &Json<'_>, out: &mut Out<'_>) {
        self.all.event(record, out);
    }

    fn finish(&mut self, out: &mut Out<'_>) {
        std::mem::take(&mut self.all).write(out);
    }
}
