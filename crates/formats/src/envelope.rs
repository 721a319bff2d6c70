//! What stands around spans: documents, wrappers, `resourceSpans`, `scopeSpans`. Walked as a state machine that can
//! stop between any two tokens; what is inside is decoded a value at a time, from the window.

mod frame;
mod signals;
mod value;

use std::borrow::Cow;

use dialects::{Entry, Take, Told, Walk};
use otel::{KeyValue, Resource, ResourceRef, Scope, ScopeRef, SpanRow, SpanSink, WarningKind};

use crate::mend::{Mended, mend};
use crate::notes::Notes;
use crate::owned::{self, Open, emptied};
use crate::scalar::shorten;
use crate::search::FoundTrace;
use crate::signals::Metric;
use crate::skip::{Skip, Stop, next_document_line};
use crate::text::Window;
use frame::{Frame, Place};
use value::{Here, Leaf, leading_space, leaf, message, record, span};

/// Wrappers and arrays of documents deeper than this are read over.
const MAX_DEPTH: usize = 64;

/// How much text may be held to find the end of a value with a syntax error.
const PATIENCE: usize = 16 << 20;

/// What one step made of the start of the text.
enum Step {
    Took(usize),
    /// It goes on after the end of the text.
    Short,
    Broken(Broken),
}

/// Text that is no JSON.
struct Broken {
    /// How far into the text.
    ahead: usize,
    /// The search for the next document may start here.
    resume: usize,
    why: String,
}

/// At the first byte already.
fn broken<T: Into<String>>(why: T) -> Step {
    Step::Broken(Broken { ahead: 0, resume: 0, why: why.into() })
}

/// What was met so far, for what is said of the input at its end.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) documents: u64,
    pub(crate) spans: u64,
    pub(crate) logs: u64,
    pub(crate) exemplars: u64,
    pub(crate) metrics: u64,
    pub(crate) resource_spans: bool,
    pub(crate) batches: bool,
    pub(crate) search: bool,
    /// `resourceLogs` or `resourceMetrics`.
    pub(crate) signals: bool,
    pub(crate) other_signals: Option<&'static str>,
    /// The first names of the first document that hold nothing OTLP has.
    pub(crate) names: Vec<String>,
    /// Where, and what, the first text that is no JSON is.
    pub(crate) not_json: Option<(u64, String)>,
    pub(crate) cut_off: Option<u64>,
    /// It begins like HTML or XML.
    pub(crate) is_markup: bool,
}

#[derive(Debug)]
pub(crate) struct Envelope {
    stack: Vec<Frame>,
    place: Place,
    /// Inside a value that is read over.
    skip: Option<Skip>,
    /// Nothing but white space was read yet.
    fresh: bool,
    /// The input is text of rows, which only their format can tell apart.
    in_rows: bool,
    /// Looking for a line that starts like a document.
    lost: bool,
    /// Closing brackets of a document that was lost may still come.
    stray: bool,
    /// Did the current document hold anything known?
    known: bool,
    document_at: u64,
    /// Length the rest of the text must have before it is worth another try.
    wanted: usize,
    resource: Open<ResourceRef, Resource<'static>>,
    scope: Open<ScopeRef, Scope<'static>>,
    metric: Metric,
    /// Capacity of the last span's attributes, for the next.
    attributes: Vec<KeyValue<'static>>,
    pub(crate) notes: Notes,
    pub(crate) seen: Seen,
    pub(crate) walk: Walk,
    /// A document begins here that only another build of the decoder reads.
    pub(crate) elsewhere: bool,
}

impl Envelope {
    /// `catalog`: the other formats that may be met. None: they are left to another build.
    pub(crate) fn new(catalog: Option<&'static [Entry]>) -> Self {
        Self {
            stack: Vec::new(),
            place: Place::Start,
            skip: None,
            fresh: true,
            in_rows: false,
            lost: false,
            stray: false,
            known: false,
            document_at: 0,
            wanted: 0,
            resource: Open::default(),
            scope: Open::default(),
            metric: Metric::default(),
            attributes: Vec::new(),
            notes: Notes::default(),
            seen: Seen::default(),
            walk: Walk::new(catalog),
            elsewhere: false,
        }
    }

    /// Decodes what the window holds, and leaves what is not whole yet.
    pub(crate) fn run(&mut self, window: &mut Window, last: bool, sink: &mut dyn SpanSink) {
        if window.rest().len() < self.wanted && !last {
            return;
        }
        self.wanted = 0;
        while !self.elsewhere {
            match self.step(window, last, sink) {
                Step::Took(bytes) => window.consume(bytes),
                Step::Short => {
                    let left = window.rest().len();
                    if last {
                        self.cut_off(window, sink);
                        window.consume(left);
                    } else {
                        // Each try costs the length so far: doubling keeps a huge value linear.
                        self.wanted = left * 2;
                    }
                    return;
                }
                Step::Broken(Broken { ahead, resume, why }) => {
                    let offset = window.offset(ahead);
                    window.consume(resume);
                    self.lose_track(offset, &why, sink);
                }
            }
        }
    }

    /// Spans given to the sink.
    pub(crate) fn spans(&self) -> u64 {
        self.seen.spans + self.walk.counts.spans
    }

    /// Passes on what was noted about the text itself.
    pub(crate) fn tell_text(&mut self, window: &Window, sink: &mut dyn SpanSink) {
        self.notes.tell(sink, window.offset(0));
    }

    fn step(&mut self, window: &Window, last: bool, sink: &mut dyn SpanSink) -> Step {
        let text = window.rest();
        if self.in_rows {
            return match self.walk.row(text, last, &mut self.notes, window.offset(0), sink) {
                0 => Step::Short,
                used => Step::Took(used),
            };
        }
        if self.lost {
            return match next_document_line(text.as_bytes()) {
                Ok(line) => {
                    self.lost = false;
                    Step::Took(line)
                }
                Err(0) => Step::Short,
                Err(past) => Step::Took(past),
            };
        }
        if let Some(skip) = &mut self.skip {
            return match skip.scan(text.as_bytes()) {
                Stop::End(end) => {
                    self.skip = None;
                    self.after_value(sink);
                    Step::Took(end)
                }
                Stop::Short if text.is_empty() => Step::Short,
                Stop::Short => Step::Took(text.len()),
                Stop::Newline(0) => Step::Short,
                Stop::Newline(newline) => Step::Took(newline),
                Stop::Line(line) => {
                    self.skip = None;
                    let newline = line - 1;
                    Step::Broken(Broken {
                        ahead: newline,
                        resume: newline,
                        why: "a string is not closed".to_owned(),
                    })
                }
            };
        }

        let space = leading_space(text);
        let text = text.get(space..).unwrap_or_default();
        let Some(&first) = text.as_bytes().first() else {
            // The last of it may be the newline that makes the next chunk start a line.
            return if space > 1 { Step::Took(space - 1) } else { Step::Short };
        };
        let here = Here { text, first, offset: window.offset(space), last };
        let step = match self.stack.last().copied() {
            None => self.top(here, sink),
            Some(frame) if frame.is_object() => self.in_object(frame, here, sink),
            Some(frame) => self.in_array(frame, here, sink),
        };
        match step {
            Step::Took(bytes) => Step::Took(space + bytes),
            Step::Short => Step::Short,
            Step::Broken(mut broken) => {
                broken.ahead += space;
                if broken.resume > 0 {
                    broken.resume += space;
                }
                Step::Broken(broken)
            }
        }
    }

    /// Between documents.
    #[inline(never)]
    fn top(&mut self, here: Here<'_>, sink: &mut dyn SpanSink) -> Step {
        self.document_at = here.offset;
        self.known = false;
        if self.fresh && !matches!(here.first, b'{' | b'[') {
            match self.walk.tell_line(here.text, here.last) {
                Told::Short => return Step::Short,
                Told::Elsewhere => {
                    self.elsewhere = true;
                    return Step::Took(0);
                }
                Told::Other => {
                    self.fresh = false;
                    self.in_rows = true;
                    self.seen.documents += 1;
                    return Step::Took(0);
                }
                Told::Otlp => {}
            }
        }
        self.fresh = false;
        match here.first {
            b'{' | b'[' => match self.tell(here) {
                Told::Otlp if here.first == b'{' => self.enter(Frame::Document),
                Told::Otlp => self.enter(Frame::Documents),
                Told::Other => {
                    self.known = true;
                    self.other(None, here, 0, sink)
                }
                Told::Elsewhere => {
                    self.elsewhere = true;
                    Step::Took(0)
                }
                Told::Short => Step::Short,
            },
            // Separators: none is needed, a comma or a record separator (RFC 7464) does no harm.
            b',' | 0x1E => Step::Took(1),
            b']' | b'}' if self.stray => Step::Took(1),
            b'<' if self.seen.documents == 0 => {
                self.seen.is_markup = true;
                self.read_over(here, 0, sink)
            }
            _ => self.read_over(here, 0, sink),
        }
    }

    /// What is the document that begins here? Nearly all of them begin with the name that tells.
    fn tell(&mut self, here: Here<'_>) -> Told {
        const FIRST: [&str; 3] = ["{\"resourceSpans\":", "{\"resourceLogs\":", "{\"resourceMetrics\":"];
        if FIRST.iter().any(|first| here.text.starts_with(first)) {
            self.walk.forget();
            return Told::Otlp;
        }
        self.walk.tell(here.text, here.last)
    }

    /// A value of another format: the document itself, a member or an element.
    #[cold]
    #[inline(never)]
    fn other(
        &mut self,
        step: Option<dialects::Step>,
        value: Here<'_>,
        at: usize,
        sink: &mut dyn SpanSink,
    ) -> Step {
        match self.walk.step(step, value.first) {
            Take::Enter if self.stack.len() >= MAX_DEPTH => {
                self.walk.back();
                self.notes.add(WarningKind::TooDeep, format_args!("arrays and objects in each other"));
                self.notes.tell(sink, value.offset);
                self.read_over(value, at, sink)
            }
            Take::Enter => {
                self.enter(if value.first == b'[' { Frame::OtherArray } else { Frame::OtherObject });
                Step::Took(at + 1)
            }
            Take::Over => self.read_over(value, at, sink),
            Take::Record => match record(value.text, value.last, &mut self.notes) {
                Leaf::Whole(record, used) => {
                    self.walk.record(&record, &mut self.notes, value.offset, sink);
                    self.after_value(sink);
                    Step::Took(at + used)
                }
                Leaf::Short => {
                    self.walk.back();
                    self.again()
                }
                Leaf::Broken(ahead, why) => {
                    let broken = Broken { ahead, resume: 0, why };
                    let mut was_read = false;
                    let step = self.broken_leaf(value, at, broken, sink, &mut |me, mended, sink| {
                        let Leaf::Whole(record, _) = record(mended, true, &mut me.notes) else {
                            return false;
                        };
                        me.walk.record(&record, &mut me.notes, value.offset, sink);
                        was_read = true;
                        true
                    });
                    if !was_read {
                        self.walk.back();
                    }
                    step
                }
            },
        }
    }

    fn in_array(&mut self, frame: Frame, here: Here<'_>, sink: &mut dyn SpanSink) -> Step {
        match (here.first, self.place) {
            (b']', _) => self.leave(sink),
            (b',', Place::AfterValue) => {
                self.place = Place::AfterComma;
                Step::Took(1)
            }
            (_, Place::AfterValue) => broken(format!("expected `,` or `]` in {}", frame.name())),
            (b',' | b'}' | b':', _) => broken(format!("expected a value in {}", frame.name())),
            (first, _) => match (frame, first) {
                (Frame::Spans, _) => self.span(here, sink),
                (Frame::Found, _) => self.found(here, sink),
                (Frame::Logs, _) => self.log(here, sink),
                (Frame::Points, _) => self.point(here, sink),
                (Frame::Metrics, b'{') => self.enter_metric(here),
                (Frame::OtherArray, _) => self.other(Some(dialects::Step::Element), here, 0, sink),
                (Frame::Signals(name), _) => {
                    self.other_signal(name, here.offset, sink);
                    self.read_over(here, 0, sink)
                }
                (Frame::Resources, b'{') => self.enter(Frame::Resource),
                (Frame::Scopes, b'{') => self.enter(Frame::Scope),
                (Frame::Documents, b'{') => self.enter(Frame::Document),
                (Frame::Documents, b'[') if self.stack.len() < MAX_DEPTH => self.enter(Frame::Documents),
                (Frame::Documents, b'[') => {
                    self.notes.add(WarningKind::TooDeep, format_args!("arrays in arrays of documents"));
                    self.notes.tell(sink, here.offset);
                    self.read_over(here, 0, sink)
                }
                _ => self.read_over_wrong(frame, here, 0, sink),
            },
        }
    }

    fn in_object(&mut self, frame: Frame, here: Here<'_>, sink: &mut dyn SpanSink) -> Step {
        match (here.first, self.place) {
            (b'}', _) => self.leave(sink),
            (b',', Place::AfterValue) => {
                self.place = Place::AfterComma;
                Step::Took(1)
            }
            (_, Place::AfterValue) => broken(format!("expected `,` or `}}` in {}", frame.name())),
            (b'"', _) => self.member(frame, here, sink),
            _ => broken(format!("expected a name in quotes in {}", frame.name())),
        }
    }

    /// A name and what follows it. Taken together, so that no state rests between them.
    #[inline(never)]
    fn member(&mut self, frame: Frame, here: Here<'_>, sink: &mut dyn SpanSink) -> Step {
        let (name, after_name) = match here.text(&mut self.notes) {
            Leaf::Whole(name, used) => (name, used),
            Leaf::Short => return Step::Short,
            Leaf::Broken(ahead, why) => return Step::Broken(Broken { ahead, resume: 0, why }),
        };
        let rest = here.text.get(after_name..).unwrap_or_default();
        let colon = leading_space(rest);
        match rest.as_bytes().get(colon) {
            Some(b':') => {}
            Some(_) => {
                let ahead = after_name + colon;
                return Step::Broken(Broken {
                    ahead,
                    resume: 0,
                    why: "expected `:` after a name".to_owned(),
                });
            }
            None => return Step::Short,
        }
        let rest = rest.get(colon + 1..).unwrap_or_default();
        let space = leading_space(rest);
        let text = rest.get(space..).unwrap_or_default();
        let Some(&first) = text.as_bytes().first() else { return Step::Short };
        let at = after_name + colon + 1 + space;
        let value = Here { text, first, offset: here.offset + at as u64, last: here.last };

        match (frame, &*name) {
            (Frame::OtherObject, _) => {
                self.other(Some(dialects::Step::Member(name.into_owned())), value, at, sink)
            }
            (Frame::Document, "resourceSpans" | "resource_spans") => {
                self.known = true;
                self.seen.resource_spans = true;
                self.open(Frame::Resources, Frame::Resource, value, at, sink)
            }
            (Frame::Document, "batches") => {
                self.known = true;
                self.seen.batches = true;
                self.open(Frame::Resources, Frame::Resource, value, at, sink)
            }
            (Frame::Document, "traces") => match first {
                b'[' => self.open(Frame::Found, Frame::Document, value, at, sink),
                _ => self.open(Frame::Documents, Frame::Document, value, at, sink),
            },
            (Frame::Document, "trace" | "result" | "results" | "data") => {
                self.name_it(&name);
                self.open(Frame::Documents, Frame::Document, value, at, sink)
            }
            (
                Frame::Document | Frame::Resource,
                "scopeSpans"
                | "scope_spans"
                | "instrumentationLibrarySpans"
                | "instrumentation_library_spans"
                | "deprecatedScopeSpans"
                | "deprecated_scope_spans",
            ) => {
                // One element of `resourceSpans` on its own is a document, too.
                if let Some(frame) = self.stack.last_mut() {
                    *frame = Frame::Resource;
                }
                self.known = true;
                self.seen.resource_spans |= frame == Frame::Document;
                self.open(Frame::Scopes, Frame::Scope, value, at, sink)
            }
            (Frame::Document | Frame::Resource, "resource") => self.resource(value, at, sink),
            (Frame::Document | Frame::Resource, "schemaUrl" | "schema_url") => {
                match self.text(&name, value, at, sink) {
                    Ok((text, step)) => {
                        self.resource.content.schema_url = Cow::Owned(text);
                        step
                    }
                    Err(step) => step,
                }
            }
            (Frame::Scope, "scope" | "instrumentationLibrary" | "instrumentation_library") => {
                self.scope(value, at, sink)
            }
            (Frame::Scope, "schemaUrl" | "schema_url") => match self.text(&name, value, at, sink) {
                Ok((text, step)) => {
                    self.scope.content.schema_url = Cow::Owned(text);
                    step
                }
                Err(step) => step,
            },
            (Frame::Scope, "spans") => self.open_leaves(Frame::Spans, value, at, sink),
            (Frame::Document, "resourceProfiles" | "resource_profiles") => {
                self.signals("resourceProfiles", value, at, sink)
            }
            (Frame::Metric, "name" | "unit") => match self.text(&name, value, at, sink) {
                Ok((text, step)) => {
                    self.metric.say(&name, text);
                    step
                }
                Err(step) => step,
            },
            _ => {
                if let Some(step) = self.signal(frame, &name, value, at, sink) {
                    return step;
                }
                if frame == Frame::Document {
                    self.name_it(&name);
                }
                self.read_over(value, at, sink)
            }
        }
    }

    /// Remembers a name for the refusal.
    fn name_it(&mut self, name: &str) {
        let names = &mut self.seen.names;
        if names.len() < 5 && !names.iter().any(|known| known == name) {
            names.push(shorten(name).to_owned());
        }
    }

    fn signals(&mut self, name: &'static str, value: Here<'_>, at: usize, sink: &mut dyn SpanSink) -> Step {
        self.known = true;
        self.seen.other_signals = Some(name);
        if value.first == b'[' {
            self.enter(Frame::Signals(name));
            return Step::Took(at + 1);
        }
        self.read_over(value, at, sink)
    }

    fn other_signal(&mut self, name: &str, offset: u64, sink: &mut dyn SpanSink) {
        self.notes.add(WarningKind::OtherSignal, format_args!("{name} are not read yet"));
        self.notes.tell(sink, offset);
    }

    /// Enters an array whose elements are decoded whole.
    fn open_leaves(&mut self, list: Frame, value: Here<'_>, at: usize, sink: &mut dyn SpanSink) -> Step {
        if value.first != b'[' {
            return self.read_over_wrong(list, value, at, sink);
        }
        self.enter(list);
        Step::Took(at + 1)
    }

    /// Enters the array `list`; a single element where a list should be is read as a list of one.
    fn open(
        &mut self,
        list: Frame,
        element: Frame,
        value: Here<'_>,
        at: usize,
        sink: &mut dyn SpanSink,
    ) -> Step {
        match value.first {
            b'[' | b'{' if self.stack.len() >= MAX_DEPTH => {
                self.notes.add(WarningKind::TooDeep, format_args!("wrappers in wrappers"));
                self.notes.tell(sink, value.offset);
                self.read_over(value, at, sink)
            }
            b'[' => {
                self.enter(list);
                Step::Took(at + 1)
            }
            b'{' => {
                self.enter(element);
                Step::Took(at + 1)
            }
            _ => self.read_over_wrong(list, value, at, sink),
        }
    }

    /// Takes the bracket; callers that took more say so themselves.
    fn enter(&mut self, frame: Frame) -> Step {
        match frame {
            Frame::Resource | Frame::Document => self.resource = Open::default(),
            Frame::Scope => self.scope = Open::default(),
            _ => {}
        }
        self.stack.push(frame);
        self.place = Place::Start;
        Step::Took(1)
    }

    #[inline(never)]
    fn leave(&mut self, sink: &mut dyn SpanSink) -> Step {
        if let Some(frame) = self.stack.pop() {
            self.close(frame, sink);
        }
        self.after_value(sink);
        Step::Took(1)
    }

    fn close(&mut self, frame: Frame, sink: &mut dyn SpanSink) {
        match frame {
            Frame::Resource => {
                let open = std::mem::take(&mut self.resource);
                if let Some(reference) = open.reference {
                    sink.close_resource(reference, &open.content);
                }
            }
            Frame::Scope => {
                let open = std::mem::take(&mut self.scope);
                if let Some(reference) = open.reference {
                    sink.close_scope(reference, &open.content);
                }
            }
            Frame::Metric => self.close_metric(sink),
            Frame::OtherArray | Frame::OtherObject => {
                self.walk.leave(&mut self.notes, self.document_at, sink);
            }
            _ => {}
        }
    }

    fn close_all(&mut self, sink: &mut dyn SpanSink) {
        while let Some(frame) = self.stack.pop() {
            self.close(frame, sink);
        }
        self.skip = None;
        self.place = Place::Start;
    }

    fn after_value(&mut self, sink: &mut dyn SpanSink) {
        self.place = Place::AfterValue;
        if self.stack.is_empty() {
            self.place = Place::Start;
            self.stray = false;
            self.seen.documents += 1;
            if !self.known {
                self.notes.add(WarningKind::NotATrace, format_args!("a document holds no spans"));
                self.notes.tell(sink, self.document_at);
            }
        }
    }

    /// A value nobody asks for. `at`: how far the value is from where the step began.
    #[inline(never)]
    fn read_over(&mut self, value: Here<'_>, at: usize, sink: &mut dyn SpanSink) -> Step {
        if let b'{' | b'[' = value.first {
            self.skip = Some(Skip::default());
            return Step::Took(at);
        }
        match leaf(value.text, value.last) {
            Leaf::Whole((), used) => {
                self.after_value(sink);
                Step::Took(at + used)
            }
            Leaf::Short => Step::Short,
            Leaf::Broken(ahead, why) => Step::Broken(Broken { ahead: at + ahead, resume: 0, why }),
        }
    }

    #[cold]
    fn read_over_wrong(&mut self, frame: Frame, value: Here<'_>, at: usize, sink: &mut dyn SpanSink) -> Step {
        let step = self.read_over(value, at, sink);
        if value.first != b'n' && matches!(step, Step::Took(_)) {
            self.notes.add(WarningKind::WrongType, format_args!("{} is not what it should be", frame.name()));
            self.notes.tell(sink, value.offset);
        }
        step
    }

    /// A string, and the step that takes it.
    fn text(
        &mut self,
        field: &str,
        value: Here<'_>,
        at: usize,
        sink: &mut dyn SpanSink,
    ) -> Result<(String, Step), Step> {
        match value.scalar(&mut self.notes) {
            Leaf::Whole(scalar, used) => {
                let text = scalar.text(field, &mut self.notes).into_owned();
                self.notes.tell(sink, value.offset);
                self.after_value(sink);
                Ok((text, Step::Took(at + used)))
            }
            Leaf::Short => Err(Step::Short),
            Leaf::Broken(ahead, why) => Err(Step::Broken(Broken { ahead: at + ahead, resume: 0, why })),
        }
    }

    #[inline(never)]
    fn resource(&mut self, value: Here<'_>, at: usize, sink: &mut dyn SpanSink) -> Step {
        let mut content = Resource::default();
        match value.message(&mut content, &mut self.notes) {
            Leaf::Whole(_, used) => {
                content.schema_url = std::mem::take(&mut self.resource.content.schema_url);
                self.resource.content = owned::resource(content);
                self.notes.tell(sink, value.offset);
                self.after_value(sink);
                Step::Took(at + used)
            }
            Leaf::Short => self.again(),
            Leaf::Broken(ahead, why) => {
                self.broken_leaf(value, at, Broken { ahead, resume: 0, why }, sink, &mut |me, mended, _| {
                    let mut content = Resource::default();
                    let read =
                        matches!(message(mended, true, &mut content, &mut me.notes), Leaf::Whole(true, _));
                    if read {
                        content.schema_url = std::mem::take(&mut me.resource.content.schema_url);
                        me.resource.content = owned::resource(content);
                    }
                    read
                })
            }
        }
    }

    #[inline(never)]
    fn scope(&mut self, value: Here<'_>, at: usize, sink: &mut dyn SpanSink) -> Step {
        let mut content = Scope::default();
        match value.message(&mut content, &mut self.notes) {
            Leaf::Whole(_, used) => {
                content.schema_url = std::mem::take(&mut self.scope.content.schema_url);
                self.scope.content = owned::scope(content);
                self.notes.tell(sink, value.offset);
                self.after_value(sink);
                Step::Took(at + used)
            }
            Leaf::Short => self.again(),
            Leaf::Broken(ahead, why) => {
                self.broken_leaf(value, at, Broken { ahead, resume: 0, why }, sink, &mut |_, _, _| false)
            }
        }
    }

    /// An element of a search result, or a document where there should be one.
    #[cold]
    #[inline(never)]
    fn found(&mut self, here: Here<'_>, sink: &mut dyn SpanSink) -> Step {
        let inside = here.text.trim_start_matches(['{', ' ', '\t', '\r', '\n']);
        if inside.len() < 20 && !here.last {
            return Step::Short;
        }
        let names = ["\"resourceSpans\"", "\"resource_spans\"", "\"batches\""];
        if here.first == b'{' && names.iter().any(|name| inside.starts_with(name)) {
            return self.enter(Frame::Document);
        }
        let mut trace = FoundTrace::default();
        match here.message(&mut trace, &mut self.notes) {
            Leaf::Whole(_, used) => {
                self.known = true;
                self.seen.search = true;
                self.notes.tell(sink, here.offset);
                self.seen.spans += trace.tell(sink);
                self.after_value(sink);
                Step::Took(used)
            }
            Leaf::Short => self.again(),
            Leaf::Broken(ahead, why) => {
                self.broken_leaf(here, 0, Broken { ahead, resume: 0, why }, sink, &mut |_, _, _| false)
            }
        }
    }

    /// The heart: everything else is passed a thousand times less often. Apart, as all around it: browsers optimise a
    /// function at a time, the smaller the sooner.
    #[inline(never)]
    fn span(&mut self, here: Here<'_>, sink: &mut dyn SpanSink) -> Step {
        let mut row = SpanRow { attributes: std::mem::take(&mut self.attributes), ..SpanRow::default() };
        match here.span(&mut row, &mut self.notes) {
            Leaf::Whole(true, used) => {
                self.tell_span(&row, here.offset, sink);
                self.attributes = emptied(row.attributes);
                self.place = Place::AfterValue;
                Step::Took(used)
            }
            Leaf::Whole(false, used) => {
                self.notes.forget();
                if here.first != b'n' {
                    self.skipped_span(here.offset, "it is not an object", sink);
                }
                self.place = Place::AfterValue;
                Step::Took(used)
            }
            Leaf::Short => self.again(),
            Leaf::Broken(ahead, why) => {
                self.broken_leaf(here, 0, Broken { ahead, resume: 0, why }, sink, &mut |me, mended, sink| {
                    let mut row = SpanRow::default();
                    let read = matches!(span(mended, true, &mut row, &mut me.notes), Leaf::Whole(true, _));
                    if read {
                        me.tell_span(&row, here.offset, sink);
                    }
                    read
                })
            }
        }
    }

    #[inline]
    fn tell_span(&mut self, row: &SpanRow<'_>, offset: u64, sink: &mut dyn SpanSink) {
        self.notes.tell(sink, offset);
        let resource = *self.resource.reference.get_or_insert_with(|| sink.open_resource());
        let scope = *self.scope.reference.get_or_insert_with(|| sink.open_scope());
        sink.span(resource, scope, row);
        self.seen.spans += 1;
    }

    #[cold]
    fn skipped_span(&mut self, offset: u64, why: &str, sink: &mut dyn SpanSink) {
        self.notes.add(WarningKind::SkippedSpan, format_args!("a span was skipped: {why}"));
        self.notes.tell(sink, offset);
    }

    /// A value with a syntax error. Its brackets tell where it ends; what producers are known to get wrong is mended.
    #[cold]
    fn broken_leaf(
        &mut self,
        value: Here<'_>,
        at: usize,
        broken: Broken,
        sink: &mut dyn SpanSink,
        read_mended: &mut dyn FnMut(&mut Self, &str, &mut dyn SpanSink) -> bool,
    ) -> Step {
        self.notes.forget();
        let broken = Broken { ahead: at + broken.ahead, ..broken };
        let stop = match value.first {
            b'{' | b'[' => Skip::broken().scan(value.text.as_bytes()),
            _ => return Step::Broken(broken),
        };
        match stop {
            Stop::End(end) => {
                let mended = value.text.get(..end).and_then(mend);
                if let Some(Mended { text, kind }) = mended {
                    self.notes.add(
                        kind,
                        format_args!("a string holds what JSON does not allow ({}); mended", broken.why),
                    );
                    if read_mended(self, &text, sink) {
                        self.notes.tell(sink, value.offset);
                        self.after_value(sink);
                        return Step::Took(at + end);
                    }
                    self.notes.forget();
                }
                if let Some(Frame::Spans | Frame::OtherArray) = self.stack.last() {
                    self.skipped_span(value.offset, &broken.why, sink);
                } else {
                    self.notes
                        .add(WarningKind::InvalidJson, format_args!("a value was skipped: {}", broken.why));
                    self.notes.tell(sink, value.offset);
                }
                self.after_value(sink);
                Step::Took(at + end)
            }
            Stop::Short | Stop::Newline(_) if !value.last && value.text.len() < PATIENCE => Step::Short,
            Stop::Short | Stop::Newline(_) => Step::Broken(broken),
            Stop::Line(line) => Step::Broken(Broken { resume: at + line - 1, ..broken }),
        }
    }

    /// Gives the document up, and waits for a line that starts like one.
    #[cold]
    fn lose_track(&mut self, offset: u64, why: &str, sink: &mut dyn SpanSink) {
        self.close_all(sink);
        self.lost = true;
        self.stray = true;
        self.seen.not_json.get_or_insert_with(|| (offset, why.to_owned()));
        self.notes.add(WarningKind::InvalidJson, format_args!("text was skipped: {why}"));
        self.notes.tell(sink, offset);
    }

    /// The input is over. What stood before the cut is kept.
    #[cold]
    fn cut_off(&mut self, window: &Window, sink: &mut dyn SpanSink) {
        let space = leading_space(window.rest());
        let rest = window.rest().get(space..).unwrap_or_default();
        let inside = match self.stack.last() {
            _ if self.lost => return,
            None if rest.is_empty() && self.skip.is_none() => return,
            Some(Frame::OtherArray) if rest.is_empty() && self.skip.is_none() && self.walk.may_end() => {
                self.close_all(sink);
                self.seen.documents += 1;
                return;
            }
            Some(Frame::Spans) if !rest.is_empty() => "a span",
            Some(frame) => frame.name(),
            None => "a document",
        };
        let offset = window.offset(space);
        self.seen.cut_off = Some(offset);
        self.notes.forget();
        self.notes.add(
            WarningKind::Truncated,
            format_args!("the input ends inside {inside}; everything before was read"),
        );
        self.notes.tell(sink, offset);
        self.close_all(sink);
    }

    #[cold]
    fn again(&mut self) -> Step {
        self.notes.forget();
        Step::Short
    }
}
