//! speedscope's own format (its JSON schema, `file-format-schema.json`): profiles of events or of samples, which share
//! their frames. Each profile is a trace.

use otel::{KeyValue, SpanId, WarningKind};

use super::made::{Clock, Fingerprint, synthetic, unfinished};
use super::packed::{Name, Names};
use super::stacks::{Frame, Stretch, Stretches, Writer};
use crate::json::Json;
use crate::notes::Notes;
use crate::shape::Shape;
use crate::time::scaled;
use crate::walk::{Entry, JsonFormat, Out, Path, Step, Take, is_at};

pub(crate) const ENTRY: Entry =
    Entry { name: "speedscope", tells, goes_on: |_| false, open: || Box::<Speedscope>::default() };

fn tells(shape: &Shape<'_>) -> bool {
    shape.value_at(1, "$schema").contains("speedscope")
        || shape.has_at(1, "profiles") && shape.has_all_at(3, &["type", "unit"])
        || shape.has_at(1, "shared") && shape.has_at(2, "frames") && shape.has_at(1, "profiles")
}

/// A billionth of the profile's unit, which may be told after the numbers.
type Billionths = i128;

fn billionths(number: &Json<'_>) -> Option<Billionths> {
    scaled(number.text(), 9)
}

#[derive(Clone, Copy, Debug, Default)]
struct SharedFrame {
    name: Name,
    file: Name,
    line: Option<i64>,
    column: Option<i64>,
}

#[derive(Debug, Default)]
struct Profile {
    name: String,
    unit: String,
    start: Option<Billionths>,
    end: Option<Billionths>,
    /// Does it begin, its frame, when.
    events: Vec<(bool, u32, Billionths)>,
    /// Frames of all samples, end to end.
    stacks: Vec<u32>,
    /// Where each sample ends in `stacks`.
    stack_ends: Vec<u32>,
    weights: Vec<Billionths>,
}

#[derive(Debug, Default)]
struct Speedscope {
    name: String,
    exporter: String,
    names: Names,
    frames: Vec<SharedFrame>,
    current: Profile,
    profiles: Vec<Profile>,
}

impl JsonFormat for Speedscope {
    fn step(&mut self, path: Path<'_>, _first: u8) -> Take {
        let members: Vec<&str> = path
            .iter()
            .map(|step| match step {
                Step::Element => "*",
                Step::Member(name) => name,
            })
            .collect();
        match *members.as_slice() {
            []
            | ["shared" | "profiles"]
            | ["shared", "frames"]
            | ["profiles", "*"]
            | ["profiles", "*", "events" | "samples" | "weights"] => Take::Enter,
            ["name" | "exporter"]
            | ["shared", "frames", "*"]
            | ["profiles", "*", "name" | "unit" | "startValue" | "endValue"]
            | ["profiles", "*", _, "*"] => Take::Record,
            _ => Take::Over,
        }
    }

    fn record(&mut self, path: Path<'_>, record: &Json<'_>, out: &mut Out<'_>) {
        match path {
            [Step::Member(name)] if name == "name" => record.text().clone_into(&mut self.name),
            [Step::Member(_)] => record.text().clone_into(&mut self.exporter),
            [_, _, Step::Member(name)] => self.current.about(name, record),
            [_, _, Step::Member(list), _] => self.current.element(list, record, out.notes),
            _ => {
                let frame = SharedFrame {
                    name: self.names.intern(record.get("name").text()),
                    file: self.names.intern(record.get("file").text()),
                    line: record.get("line").i64(),
                    column: record.get("col").i64(),
                };
                self.frames.push(frame);
            }
        }
    }

    fn leave(&mut self, path: Path<'_>, out: &mut Out<'_>) {
        if is_at(path, &["profiles", "*"]) {
            self.profiles.push(std::mem::take(&mut self.current));
        } else if path.is_empty() {
            let file = std::mem::take(self);
            for (number, profile) in file.profiles.iter().enumerate() {
                file.write(number, profile, out);
            }
        }
    }
}

impl Profile {
    fn about(&mut self, name: &str, value: &Json<'_>) {
        match name {
            "name" => value.text().clone_into(&mut self.name),
            "unit" => value.text().clone_into(&mut self.unit),
            "startValue" => self.start = billionths(value),
            _ => self.end = billionths(value),
        }
    }

    fn element(&mut self, list: &str, element: &Json<'_>, notes: &mut Notes) {
        match list {
            "weights" => self.weights.push(billionths(element).unwrap_or(0)),
            "samples" => {
                let frame = |frame: &Json<'_>| frame.u64().and_then(|frame| u32::try_from(frame).ok());
                self.stacks.extend(element.elements().iter().filter_map(frame));
                self.stack_ends.push(self.stacks.len() as u32);
            }
            _ => {
                let frame = element.get("frame").u64().and_then(|frame| u32::try_from(frame).ok());
                let begins = match element.get("type").str() {
                    "O" => Some(true),
                    "C" => Some(false),
                    _ => None,
                };
                match (begins, frame, billionths(element.get("at"))) {
                    (Some(begins), Some(frame), Some(at)) => self.events.push((begins, frame, at)),
                    _ => notes.add(
                        WarningKind::SkippedSpan,
                        format_args!("an event was skipped: it lacks \"type\" O or C, \"frame\" or \"at\""),
                    ),
                }
            }
        }
    }

    /// Nanoseconds. What is no time (bytes, or nothing that is said) is drawn as if it were microseconds.
    fn nanos(&self, value: Billionths) -> i64 {
        let divisor = match self.unit.as_str() {
            "seconds" => 1,
            "milliseconds" => 1_000,
            "nanoseconds" => 1_000_000_000,
            _ => 1_000_000,
        };
        i64::try_from(value / divisor).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX })
    }

    /// When each sample begins, and when the last one ends.
    fn sample_times(&self) -> (Vec<Billionths>, Billionths) {
        let mut now = self.start.unwrap_or(0);
        let one = 1_000_000_000;
        let weights = self.weights.iter().copied().chain(std::iter::repeat(one));
        let mut times = Vec::with_capacity(self.stack_ends.len());
        for (_, weight) in self.stack_ends.iter().zip(weights) {
            times.push(now);
            now = now.saturating_add(weight.max(0));
        }
        (times, now)
    }

    fn extent(&self) -> (i64, i64) {
        let times = self.events.iter().map(|(.., at)| *at);
        let (samples, samples_end) = self.sample_times();
        let first = times.clone().chain(samples.first().copied()).chain(self.start).min();
        let last = times.chain((!samples.is_empty()).then_some(samples_end)).chain(self.end).max();
        (self.nanos(first.unwrap_or(0)), self.nanos(last.unwrap_or(0)))
    }
}

impl Speedscope {
    fn frame(&self, number: u32) -> Frame<'_> {
        let frame = self.frames.get(number as usize).copied().unwrap_or_default();
        Frame {
            name: self.names.text(frame.name),
            file: self.names.text(frame.file),
            line: frame.line,
            column: frame.column,
        }
    }

    fn write(&self, number: usize, profile: &Profile, out: &mut Out<'_>) {
        if profile.events.is_empty() && profile.stack_ends.is_empty() {
            return;
        }
        let (start, end) = profile.extent();
        let mut fingerprint = Fingerprint::default();
        fingerprint.number(number as i64);
        fingerprint.text(&profile.name);
        for number in [start, end, profile.events.len() as i64, profile.stacks.len() as i64] {
            fingerprint.number(number);
        }
        let mut writer = Writer::new(out, fingerprint.trace_id(), Clock::new((start, end), None));
        let service = [&self.name, &self.exporter].into_iter().find(|name| !name.is_empty());
        writer.resource = writer.out.service(service.map_or("speedscope", |name| name));
        let root = Stretch { id: writer.id(), parent: SpanId::ABSENT, start, end };
        let mut attributes = vec![synthetic()];
        if !profile.unit.ends_with("seconds") {
            attributes.push(KeyValue::new("profile.unit", profile.unit.as_str()));
        }
        let name = if profile.name.is_empty() { "profile" } else { &profile.name };
        writer.span(&root, name, attributes);
        self.write_events(profile, &root, &mut writer);
        self.write_samples(profile, &root, &mut writer);
    }

    fn write_samples(&self, profile: &Profile, root: &Stretch, writer: &mut Writer<'_, '_>) {
        let frame = |number| self.frame(number);
        let (times, end) = profile.sample_times();
        let mut stretches = Stretches::default();
        let mut from = 0;
        for (&to, time) in profile.stack_ends.iter().zip(times) {
            let stack = profile.stacks.get(from as usize..to as usize).unwrap_or_default();
            stretches.change(stack, profile.nanos(time), root.id, &frame, writer);
            from = to;
        }
        stretches.change(&[], profile.nanos(end), root.id, &frame, writer);
    }

    fn write_events(&self, profile: &Profile, root: &Stretch, writer: &mut Writer<'_, '_>) {
        let mut open: Vec<(u32, Stretch)> = Vec::new();
        let mut last = i64::MIN;
        for &(begins, number, at) in &profile.events {
            let at = profile.nanos(at);
            if at < last {
                writer.out.notes.add(
                    WarningKind::Unpaired,
                    format_args!("events go back in time; taken as if at the last moment"),
                );
            }
            last = last.max(at);
            if begins {
                let parent = open.last().map_or(root.id, |(_, stretch)| stretch.id);
                open.push((number, Stretch { id: writer.id(), parent, start: last, end: last }));
                continue;
            }
            let Some(place) = open.iter().rposition(|(frame, _)| *frame == number) else {
                writer.out.notes.add(
                    WarningKind::Unpaired,
                    format_args!("{:?} ends, and is not open; left out", self.frame(number).name()),
                );
                continue;
            };
            for (height, (above, stretch)) in open.split_off(place).into_iter().enumerate().rev() {
                if height > 0 {
                    self.lost_end(above, writer);
                }
                self.close(above, Stretch { end: last, ..stretch }, height > 0, writer);
            }
        }
        for (number, stretch) in open.into_iter().rev() {
            self.lost_end(number, writer);
            self.close(number, Stretch { end: root.end, ..stretch }, true, writer);
        }
    }

    fn lost_end(&self, number: u32, writer: &mut Writer<'_, '_>) {
        writer.out.notes.add(
            WarningKind::Unpaired,
            format_args!("{:?} does not end; shown until what it stands in ends", self.frame(number).name()),
        );
    }

    fn close(&self, number: u32, stretch: Stretch, is_unfinished: bool, writer: &mut Writer<'_, '_>) {
        let frame = self.frame(number);
        let mut attributes = frame.attributes();
        if is_unfinished {
            attributes.push(unfinished());
        }
        writer.span(&stretch, frame.name(), attributes);
    }
}
