//! Events as they are kept until the file ends.

use otel::WarningKind;
use rustc_hash::FxHashMap;

use crate::json::Json;
use crate::made::Fingerprint;
use crate::notes::Notes;
use crate::packed::{At, Name, Names, Packed};
use crate::time::{Unit, scaled};

/// No row.
pub(super) const NONE: u32 = u32::MAX;

/// What an event is to a viewer of spans.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Phase {
    /// `X`: a span.
    #[default]
    Complete,
    /// `B`, `b`, `S`: a span begins.
    Begin,
    /// `E`, `e`, `F`: a span ends.
    End,
    /// `i`, `I`, `R`, `n`, `T`, `p`, `P`: an event of a span.
    Point,
    /// `i` and `I` of a whole process, or of all.
    WidePoint,
    /// `s`.
    FlowFrom,
    /// `t`.
    FlowStep,
    /// `f` with `bp: e`: to the span around it.
    FlowToAround,
    /// `f`: to the next span that begins.
    FlowToNext,
}

/// 40 bytes, two million times.
#[derive(Clone, Copy, Debug)]
pub(super) struct Event {
    /// Nanoseconds on the file's own clock.
    pub(super) ts: i64,
    /// Of spans.
    pub(super) end: i64,
    pub(super) name: Name,
    pub(super) track: u32,
    pub(super) data: At,
    /// The row of the innermost span around it.
    pub(super) parent: u32,
    /// Of a beginning, the row of its end; of a flow, its number.
    pub(super) mate: u32,
    pub(super) phase: Phase,
    pub(super) is_unfinished: bool,
}

impl Default for Event {
    fn default() -> Self {
        Self {
            ts: 0,
            end: 0,
            name: Name::default(),
            track: 0,
            data: At::NONE,
            parent: NONE,
            mate: NONE,
            phase: Phase::default(),
            is_unfinished: false,
        }
    }
}

impl Event {
    pub(super) fn is_span(&self) -> bool {
        matches!(self.phase, Phase::Complete | Phase::Begin)
    }

    pub(super) fn is_flow(&self) -> bool {
        matches!(self.phase, Phase::FlowFrom | Phase::FlowStep | Phase::FlowToAround | Phase::FlowToNext)
    }
}

/// A process.
#[derive(Debug, Default)]
pub(super) struct Process {
    pub(super) pid: Name,
    pub(super) name: Option<String>,
    /// What else metadata says of it: name and list of attributes.
    pub(super) metadata: Vec<At>,
}

/// Events in it nest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum TrackKey {
    /// Process and thread.
    Thread(u32, Name),
    /// `b`, `n`, `e`: category, scope and id; the process, where the id is local to it.
    Async(Name, Name, Name, u32),
    /// `S`, `T`, `p`, `F`: category, name and id.
    Legacy(Name, Name, Name, u32),
}

#[derive(Debug)]
pub(super) struct Track {
    pub(super) key: TrackKey,
    pub(super) process: u32,
    pub(super) name: Option<String>,
    pub(super) metadata: Vec<At>,
}

/// A document's events.
#[derive(Debug, Default)]
pub(super) struct Trace {
    pub(super) names: Names,
    pub(super) packed: Packed,
    pub(super) events: Vec<Event>,
    pub(super) processes: Vec<Process>,
    process_places: FxHashMap<Name, u32>,
    pub(super) tracks: Vec<Track>,
    track_places: FxHashMap<TrackKey, u32>,
    flows: FxHashMap<(Name, Name, Name), u32>,
    /// Spans that are ends of flows themselves (`bind_id`): row, flow, does it come in, does it go out.
    pub(super) binds: Vec<(u32, u32, bool, bool)>,
    /// `stackFrames`: by id, a parent's id and a name.
    pub(super) frames: FxHashMap<Name, (Name, Name)>,
    pub(super) fingerprint: Fingerprint,
    /// Nanoseconds since the epoch that times count from.
    pub(super) base: Option<i64>,
    /// Attributes of everything in the file.
    pub(super) other_data: At0,
}

/// [`At`], at first none.
#[derive(Clone, Copy, Debug)]
pub(super) struct At0(pub(super) At);

impl Default for At0 {
    fn default() -> Self {
        Self(At::NONE)
    }
}

/// An id that is local to no process.
const EVERYWHERE: u32 = u32::MAX;

/// The members of an event, of which some say where it belongs and some what it is.
#[derive(Default)]
struct Fields<'j> {
    ph: &'j str,
    name: &'j str,
    cat: &'j str,
    pid: &'j str,
    tid: &'j str,
    ts: Option<i64>,
    dur: Option<i64>,
    tdur: Option<i64>,
    id: &'j str,
    is_local: bool,
    scope: &'j str,
    bind_id: &'j str,
    flow_in: bool,
    flow_out: bool,
    binds_around: bool,
}

/// Microseconds as nanoseconds, exactly.
pub(super) fn nanos(json: &Json<'_>) -> Option<i64> {
    scaled(json.text(), Unit::Micros.digits()).and_then(|value| i64::try_from(value).ok())
}

impl<'j> Fields<'j> {
    fn of(event: &'j Json<'_>) -> Self {
        let mut fields = Self::default();
        for (name, value) in event.members() {
            match &**name {
                "ph" => fields.ph = value.text(),
                "name" => fields.name = value.text(),
                "cat" => fields.cat = value.text(),
                "pid" => fields.pid = value.text(),
                "tid" => fields.tid = value.text(),
                "ts" => fields.ts = nanos(value),
                "dur" => fields.dur = nanos(value),
                "tdur" => fields.tdur = nanos(value).filter(|length| *length > 0),
                "id" => fields.id = value.text(),
                "id2" => {
                    fields.is_local = !value.get("local").is_null();
                    fields.id = value.any(&["local", "global"]).text();
                }
                "s" | "scope" => fields.scope = value.text(),
                "bind_id" => fields.bind_id = value.text(),
                "flow_in" => fields.flow_in = value.bool().unwrap_or(false),
                "flow_out" => fields.flow_out = value.bool().unwrap_or(false),
                "bp" => fields.binds_around = value.text() == "e",
                _ => {}
            }
        }
        fields
    }
}

impl Trace {
    pub(super) fn process(&mut self, pid: &str) -> u32 {
        let pid = self.names.intern(pid);
        let processes = &mut self.processes;
        *self.process_places.entry(pid).or_insert_with(|| {
            processes.push(Process { pid, ..Process::default() });
            processes.len() as u32 - 1
        })
    }

    fn track(&mut self, key: TrackKey, process: u32) -> u32 {
        let tracks = &mut self.tracks;
        *self.track_places.entry(key).or_insert_with(|| {
            tracks.push(Track { key, process, name: None, metadata: Vec::new() });
            tracks.len() as u32 - 1
        })
    }

    pub(super) fn track_at(&self, key: TrackKey) -> Option<&Track> {
        self.track_places.get(&key).and_then(|track| self.tracks.get(*track as usize))
    }

    fn thread(&mut self, process: u32, tid: &str) -> u32 {
        let tid = self.names.intern(tid);
        self.track(TrackKey::Thread(process, tid), process)
    }

    fn flow(&mut self, cat: &str, name: &str, id: &str) -> u32 {
        let key = (self.names.intern(cat), self.names.intern(name), self.names.intern(id));
        let next = self.flows.len() as u32;
        *self.flows.entry(key).or_insert(next)
    }

    /// Takes an element of `traceEvents`.
    pub(super) fn event(&mut self, json: &Json<'_>, notes: &mut Notes) {
        let fields = Fields::of(json);
        // Written where an array must not end in a comma.
        if json.members().is_empty() && matches!(json, Json::Object(_)) {
            return;
        }
        let process = self.process(fields.pid);
        let phase = match fields.ph {
            "M" => return self.metadata(&fields, process, json.get("args")),
            "X" => Phase::Complete,
            "B" | "b" | "S" => Phase::Begin,
            "E" | "e" | "F" => Phase::End,
            "i" | "I" if matches!(fields.scope, "p" | "g") => Phase::WidePoint,
            "i" | "I" | "R" | "n" | "T" | "p" | "P" => Phase::Point,
            "s" => Phase::FlowFrom,
            "t" => Phase::FlowStep,
            "f" if fields.binds_around => Phase::FlowToAround,
            "f" => Phase::FlowToNext,
            "C" => return left_out(&fields, "a counter", notes),
            "N" | "O" | "D" => return left_out(&fields, "the life of an object", notes),
            "v" | "V" => return left_out(&fields, "a memory dump", notes),
            "c" => return left_out(&fields, "a mark of clocks", notes),
            "(" | ")" | "=" => return left_out(&fields, "a context", notes),
            _ => {
                let words = format_args!("an event was skipped: its \"ph\" is {:?}", fields.ph);
                return notes.add(WarningKind::SkippedSpan, words);
            }
        };
        let Some(ts) = fields.ts else {
            let words = format_args!("an event {:?} was skipped: it has no \"ts\"", fields.name);
            return notes.add(WarningKind::SkippedSpan, words);
        };
        let row = self.events.len() as u32;
        if row >= NONE / 2 {
            return notes.add(WarningKind::SkippedSpan, format_args!("there are too many events"));
        }
        self.fingerprint.number(ts);
        self.fingerprint.text(fields.name);

        let track = self.track_of(&fields, process);
        let mut event =
            Event { ts, end: ts, name: self.names.intern(fields.name), track, phase, ..Event::default() };
        match fields.dur.or(fields.tdur) {
            _ if phase != Phase::Complete => {}
            Some(length) => event.end = ts.saturating_add(length.max(0)),
            None => event.is_unfinished = true,
        }
        if event.is_flow() {
            event.mate = self.flow(fields.cat, fields.name, fields.id);
        } else {
            event.data = self.pack(&fields, phase, json);
        }
        if event.is_span() && (fields.flow_in || fields.flow_out) {
            let flow = self.flow("", "", fields.bind_id);
            self.binds.push((row, flow, fields.flow_in, fields.flow_out));
        }
        self.events.push(event);
    }

    fn track_of(&mut self, fields: &Fields<'_>, process: u32) -> u32 {
        let place = if fields.is_local { process } else { EVERYWHERE };
        let key = match fields.ph {
            "b" | "n" | "e" => {
                let scope = self.names.intern(fields.scope);
                TrackKey::Async(self.names.intern(fields.cat), scope, self.names.intern(fields.id), place)
            }
            "S" | "T" | "p" | "F" => {
                let name = self.names.intern(fields.name);
                TrackKey::Legacy(self.names.intern(fields.cat), name, self.names.intern(fields.id), place)
            }
            _ => TrackKey::Thread(process, self.names.intern(fields.tid)),
        };
        self.track(key, process)
    }

    /// Everything that is no field of a span goes into its attributes.
    fn pack(&mut self, fields: &Fields<'_>, phase: Phase, json: &Json<'_>) -> At {
        let is_async = matches!(fields.ph, "b" | "n" | "e" | "S" | "T" | "p" | "F");
        let (names, packed) = (&mut self.names, &mut self.packed);
        if phase != Phase::End {
            if !fields.cat.is_empty() {
                let cat = names.intern(fields.cat);
                packed.add_name(names, "cat", cat);
            }
            if is_async && phase == Phase::Begin {
                packed.add(names, "thread.id", json.get("tid"));
            }
        }
        for (name, value) in json.members() {
            match &**name {
                "args" => {
                    for (name, value) in value.members() {
                        if !value.is_null() {
                            packed.add(names, name, value);
                        }
                    }
                    if !matches!(value, Json::Object(_) | Json::Null) {
                        packed.add(names, "args", value);
                    }
                }
                "ph" | "name" | "cat" | "pid" | "tid" | "ts" | "dur" | "flow_in" | "flow_out" | "bp"
                | "esf" | "estack" | "use_async_tts" | "cname" => {}
                // Of the beginning; where it ended is not where it began.
                "id" | "id2" | "scope" | "sf" | "stack" | "tts" if phase == Phase::End => {}
                "s" if phase == Phase::Point => {}
                _ => packed.add(names, name, value),
            }
        }
        packed.end()
    }

    fn metadata(&mut self, fields: &Fields<'_>, process: u32, args: &Json<'_>) {
        let is_of_thread = fields.name.starts_with("thread_");
        let name = args.get("name").text();
        match fields.name {
            "process_name" => {
                if let Some(process) = self.processes.get_mut(process as usize) {
                    process.name = Some(name.to_owned()).filter(|name| !name.is_empty());
                }
                return;
            }
            "thread_name" => {
                let thread = self.thread(process, fields.tid) as usize;
                if let Some(thread) = self.tracks.get_mut(thread) {
                    thread.name = Some(name.to_owned()).filter(|name| !name.is_empty());
                }
                return;
            }
            // Newer ones hold these frames here.
            "stackFrames" | "stack_frames" => return,
            _ => {}
        }
        let value = match args.members() {
            [(_, only)] => only,
            _ => args,
        };
        self.packed.add(&mut self.names, fields.name, value);
        let data = self.packed.end();
        if is_of_thread {
            let thread = self.thread(process, fields.tid) as usize;
            if let Some(thread) = self.tracks.get_mut(thread) {
                thread.metadata.push(data);
            }
        } else if let Some(process) = self.processes.get_mut(process as usize) {
            process.metadata.push(data);
        }
    }

    /// A member of `stackFrames`.
    pub(super) fn frame(&mut self, id: &str, frame: &Json<'_>) {
        let id = self.names.intern(id);
        let parent = self.names.intern(frame.get("parent").text());
        let name = self.names.intern(frame.get("name").text());
        self.frames.insert(id, (parent, name));
    }
}

#[cold]
fn left_out(fields: &Fields<'_>, what: &str, notes: &mut Notes) {
    notes.add(
        WarningKind::LeftOut,
        format_args!("{what} ({:?}, {:?}) is no span, and not shown", fields.ph, fields.name),
    );
}
