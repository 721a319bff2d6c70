//! CPU profiles as Node.js and `DevTools` save them (`.cpuprofile`): the object of the protocol's `Profiler.stop`.

use otel::SpanId;

use super::made::{Clock, Fingerprint, synthetic};
use super::stacks::{Stretch, Writer};
use super::v8::Profile;
use crate::json::Json;
use crate::shape::Shape;
use crate::walk::{Entry, JsonFormat, Out, Path, Step, Take, name_at};

pub(crate) const ENTRY: Entry =
    Entry { name: "V8 CPU profile", tells, goes_on: |_| false, open: || Box::<CpuProfile>::default() };

fn tells(shape: &Shape<'_>) -> bool {
    shape.has_at(1, "nodes") && shape.has_at(3, "callFrame")
}

#[derive(Default)]
struct CpuProfile {
    profile: Profile,
}

impl JsonFormat for CpuProfile {
    fn step(&mut self, path: Path<'_>, _first: u8) -> Take {
        match path {
            [] => Take::Enter,
            [Step::Member(name)] => match name.as_str() {
                "nodes" | "samples" | "timeDeltas" => Take::Enter,
                "startTime" | "endTime" => Take::Record,
                _ => Take::Over,
            },
            _ => Take::Record,
        }
    }

    fn record(&mut self, path: Path<'_>, record: &Json<'_>, _out: &mut Out<'_>) {
        match path {
            [Step::Member(name), Step::Element] => match name.as_str() {
                "nodes" => self.profile.node(record),
                "samples" => self.profile.sample(record),
                _ => self.profile.delta(record),
            },
            _ => self.profile.time(name_at(path), record),
        }
    }

    fn leave(&mut self, path: Path<'_>, out: &mut Out<'_>) {
        if !path.is_empty() {
            return;
        }
        let profile = std::mem::take(&mut self.profile);
        if profile.len() == 0 {
            return;
        }
        let (start, end) = profile.extent();
        let mut fingerprint = Fingerprint::default();
        fingerprint.number(start);
        fingerprint.number(end);
        fingerprint.number(profile.len() as i64);
        let mut writer = Writer::new(out, fingerprint.trace_id(), Clock::new((start, end), None));
        writer.resource = writer.out.service("JavaScript");
        let root = Stretch { id: writer.id(), parent: SpanId::ABSENT, start, end };
        writer.span(&root, "CPU profile", vec![synthetic()]);
        profile.write(root.id, &mut writer);
    }
}
