//! JSON formats other than OTLP: a document is walked, and each format is given the records in it, one at a time.

use otel::{
    ExemplarRow, LogRow, Resource, ResourceRef, Scope, ScopeRef, SpanRow, SpanSink, Warning, WarningKind,
};

use crate::json::Json;
use crate::notes::Notes;
use crate::owned;
use crate::shape::Shape;

/// One format of the catalog.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// As people say it: `Jaeger JSON`.
    pub name: &'static str,
    /// Is a document of this shape of this format?
    pub(crate) tells: fn(&Shape<'_>) -> bool,
    /// After a document of this format: is one of this shape, which no format claims, too? Lines of one kind often only
    /// make sense after lines of another.
    pub(crate) goes_on: fn(&Shape<'_>) -> bool,
    pub(crate) open: fn() -> Box<dyn JsonFormat>,
}

/// What to do with a value that begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Take {
    /// Walk through its elements or members. Of anything but an array or an object: read over.
    Enter,
    /// Give it to the format whole.
    Record,
    /// Read over it.
    Over,
}

/// A step from a document to what stands in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// An element of an array.
    Element,
    /// A member of an object.
    Member(String),
}

/// Where a value stands in its document. The document itself stands at no step.
pub(crate) type Path<'p> = &'p [Step];

/// Does a path go this way? `*` is an element of an array.
pub(crate) fn is_at(path: Path<'_>, steps: &[&str]) -> bool {
    path.len() == steps.len()
        && path.iter().zip(steps).all(|(step, wanted)| match step {
            Step::Element => *wanted == "*",
            Step::Member(name) => name == wanted,
        })
}

/// The name of the member a path ends with; empty for elements and documents.
pub(crate) fn name_at(path: Path<'_>) -> &str {
    match path.last() {
        Some(Step::Member(name)) => name,
        _ => "",
    }
}

/// Reads one format. Lives from its first document to the end of the input.
pub(crate) trait JsonFormat {
    /// A document begins.
    fn begin(&mut self, _shape: &Shape<'_>) {}

    /// A value begins at `path` with the byte `first`. Called once for every value that is walked to.
    fn step(&mut self, path: Path<'_>, first: u8) -> Take;

    /// A value that [`JsonFormat::step`] wanted.
    fn record(&mut self, path: Path<'_>, record: &Json<'_>, out: &mut Out<'_>);

    /// Of text that is no JSON: takes a line or row from its start, the line that told the format first. Gives back its
    /// length with its end; nothing where more text has to come. `last`: none will.
    fn row(&mut self, text: &str, _last: bool, _out: &mut Out<'_>) -> usize {
        text.len()
    }

    /// An array or object that was entered ends, or is cut off.
    fn leave(&mut self, _path: Path<'_>, _out: &mut Out<'_>) {}

    /// May the input end inside the array at `path`, after an element? Then the missing bracket is nothing to warn of.
    fn may_end(&self, _path: Path<'_>) -> bool {
        false
    }

    /// The input ends.
    fn finish(&mut self, _out: &mut Out<'_>) {}
}

/// Where a format writes.
pub(crate) struct Out<'a> {
    sink: &'a mut dyn SpanSink,
    pub(crate) notes: &'a mut Notes,
    counts: &'a mut Counts,
    known: &'a mut Known,
    offset: u64,
}

/// What was given to the sink.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Spans.
    pub spans: u64,
    /// Log records.
    pub logs: u64,
    /// Exemplars.
    pub exemplars: u64,
}

/// Resources and scopes that were opened and closed lately. Files repeat them with every span.
#[derive(Debug, Default)]
pub(crate) struct Known {
    resources: Vec<(Resource<'static>, ResourceRef)>,
    scopes: Vec<(Scope<'static>, ScopeRef)>,
}

/// So many are remembered: enough for the services of a trace, and cheap to look through.
const REMEMBERED: usize = 64;

fn reference_of<C: PartialEq, R: Copy>(known: &[(C, R)], content: &C) -> Option<R> {
    known.iter().rev().find(|(known, _)| known == content).map(|(_, reference)| *reference)
}

fn remember<C, R>(known: &mut Vec<(C, R)>, content: C, reference: R) {
    if known.len() >= REMEMBERED {
        known.remove(0);
    }
    known.push((content, reference));
}

impl<'a> Out<'a> {
    pub(crate) fn new(
        sink: &'a mut dyn SpanSink,
        notes: &'a mut Notes,
        counts: &'a mut Counts,
        known: &'a mut Known,
        offset: u64,
    ) -> Self {
        Self { sink, notes, counts, known, offset }
    }

    /// A resource whose content is known.
    pub(crate) fn resource(&mut self, content: &Resource<'_>) -> ResourceRef {
        if let Some(reference) = reference_of(&self.known.resources, content) {
            return reference;
        }
        let reference = self.sink.open_resource();
        self.sink.close_resource(reference, content);
        remember(&mut self.known.resources, owned::resource(content.clone()), reference);
        reference
    }

    /// A resource that is nothing but a service.
    pub(crate) fn service(&mut self, name: &str) -> ResourceRef {
        let mut content = Resource::default();
        if !name.is_empty() {
            content.attributes.push(otel::KeyValue::new("service.name", name));
        }
        self.resource(&content)
    }

    /// A scope whose content is known.
    pub(crate) fn scope(&mut self, content: &Scope<'_>) -> ScopeRef {
        if let Some(reference) = reference_of(&self.known.scopes, content) {
            return reference;
        }
        let reference = self.sink.open_scope();
        self.sink.close_scope(reference, content);
        remember(&mut self.known.scopes, owned::scope(content.clone()), reference);
        reference
    }

    /// The scope of formats that know none.
    pub(crate) fn no_scope(&mut self) -> ScopeRef {
        self.scope(&Scope::default())
    }

    /// A resource whose content comes later, in [`Out::close_resource`].
    pub(crate) fn open_resource(&mut self) -> ResourceRef {
        self.sink.open_resource()
    }

    pub(crate) fn close_resource(&mut self, resource: ResourceRef, content: &Resource<'_>) {
        self.sink.close_resource(resource, content);
    }

    pub(crate) fn span(&mut self, resource: ResourceRef, scope: ScopeRef, span: &SpanRow<'_>) {
        self.notes.tell(self.sink, self.offset);
        self.counts.spans += 1;
        self.sink.span(resource, scope, span);
    }

    pub(crate) fn log(&mut self, resource: ResourceRef, scope: ScopeRef, log: &LogRow<'_>) {
        self.notes.tell(self.sink, self.offset);
        self.counts.logs += 1;
        self.sink.log(resource, scope, log);
    }

    pub(crate) fn exemplar(&mut self, resource: ResourceRef, scope: ScopeRef, exemplar: &ExemplarRow<'_>) {
        self.notes.tell(self.sink, self.offset);
        self.counts.exemplars += 1;
        self.sink.exemplar(resource, scope, exemplar);
    }

    /// A record that is none: it is counted, with where it stands.
    #[cold]
    pub(crate) fn skipped(&mut self, why: &str) {
        self.sink.warn(Warning {
            kind: WarningKind::SkippedSpan,
            offset: Some(self.offset),
            detail: format!("a span was skipped: {why}"),
        });
    }
}

/// OTLP JSON in any of its spellings, and what Tempo wraps it in.
fn is_otlp(shape: &Shape<'_>) -> bool {
    const NAMES: [&str; 13] = [
        "resourceSpans",
        "resource_spans",
        "scopeSpans",
        "scope_spans",
        "instrumentationLibrarySpans",
        "instrumentation_library_spans",
        "resourceLogs",
        "resource_logs",
        "resourceMetrics",
        "resource_metrics",
        "resourceProfiles",
        "rootTraceName",
        "rootServiceName",
    ];
    // Faro has OTLP beside records of its own.
    let is_beside_others = shape.has_at(1, "meta");
    !is_beside_others && NAMES.iter().any(|name| shape.has(name)) || shape.has_at(1, "batches")
}

/// The formats of a catalog at work on an input.
pub struct Walk {
    catalog: Option<&'static [Entry]>,
    /// One a format that was met.
    formats: Vec<(usize, Box<dyn JsonFormat>)>,
    /// Which of `formats` reads the current document, or read the one before.
    current: Option<usize>,
    path: Vec<Step>,
    known: Known,
    /// What was given to the sink so far.
    pub counts: Counts,
}

impl std::fmt::Debug for Walk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Walk").field("path", &self.path).field("counts", &self.counts).finish_non_exhaustive()
    }
}

/// What a document was told to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// OTLP JSON, or nothing that is known.
    Otlp,
    /// Of a format of the catalog: the walker is ready for it.
    Other,
    /// Of a format that only another build of the decoder reads.
    Elsewhere,
    /// More text will tell.
    Short,
}

impl Walk {
    /// Of these formats. Without a catalog, documents that are not OTLP's are [`Told::Elsewhere`].
    pub fn new(catalog: Option<&'static [Entry]>) -> Self {
        Self {
            catalog,
            formats: Vec::new(),
            current: None,
            path: Vec::new(),
            known: Known::default(),
            counts: Counts::default(),
        }
    }

    /// What is the document that begins here?
    pub fn tell(&mut self, text: &str, last: bool) -> Told {
        self.path.clear();
        self.tell_shape(&Shape::of(text, last))
    }

    /// What is the text that begins here, and is no JSON?
    pub fn tell_line(&mut self, text: &str, last: bool) -> Told {
        self.tell_shape(&Shape::of_line(text, last))
    }

    fn tell_shape(&mut self, shape: &Shape<'_>) -> Told {
        // Names to come could speak for a format that goes first.
        if !shape.is_settled() {
            return Told::Short;
        }
        if is_otlp(shape) {
            self.current = None;
            return Told::Otlp;
        }
        let Some(catalog) = self.catalog else { return Told::Elsewhere };
        let before = self.current.and_then(|current| self.formats.get(current)).map(|(entry, _)| *entry);
        let claims = |entry: &Entry| (entry.tells)(shape);
        // A format that was met before goes first: what is odd in one of its files is most often still of it.
        let told = before.filter(|&entry| catalog.get(entry).is_some_and(claims));
        let goes_on = |entry: &usize| catalog.get(*entry).is_some_and(|entry| (entry.goes_on)(shape));
        let told = told.or_else(|| catalog.iter().position(claims)).or_else(|| before.filter(goes_on));
        if let Some((place, entry)) = told.and_then(|place| Some((place, catalog.get(place)?))) {
            self.begin(place, entry);
            self.with(|format, _, _, _| format.begin(shape));
            return Told::Other;
        }
        self.current = None;
        Told::Otlp
    }

    fn begin(&mut self, place: usize, entry: &Entry) {
        self.current = self.formats.iter().position(|(of, _)| *of == place);
        if self.current.is_none() {
            self.formats.push((place, (entry.open)()));
            self.current = Some(self.formats.len() - 1);
        }
    }

    /// A document of another kind stands between.
    pub fn forget(&mut self) {
        self.current = None;
    }

    /// Names of the formats that were met, in order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        let catalog = self.catalog.unwrap_or_default();
        self.formats.iter().filter_map(|(entry, _)| catalog.get(*entry).map(|entry| entry.name))
    }

    fn with<T>(
        &mut self,
        work: impl FnOnce(&mut dyn JsonFormat, Path<'_>, &mut Counts, &mut Known) -> T,
    ) -> Option<T> {
        let (_, format) = self.formats.get_mut(self.current?)?;
        Some(work(format.as_mut(), &self.path, &mut self.counts, &mut self.known))
    }

    /// A value begins: an element of an array, a member, or the document. What to do with it; where it is entered or a
    /// record, the path leads to it until [`Walk::leave`] or [`Walk::record`].
    pub fn step(&mut self, step: Option<Step>, first: u8) -> Take {
        let deeper = step.is_some();
        self.path.extend(step);
        let take = self.with(|format, path, _, _| format.step(path, first)).unwrap_or(Take::Over);
        let take = match (take, first) {
            (Take::Enter, b'{' | b'[') | (Take::Record, _) => take,
            _ => Take::Over,
        };
        if take == Take::Over && deeper {
            self.path.pop();
        }
        take
    }

    /// The value of the last step has not come whole, or is broken.
    pub fn back(&mut self) {
        self.path.pop();
    }

    /// Takes the value that [`Walk::step`] wanted whole. `offset`: where it begins, for warnings.
    pub fn record(&mut self, record: &Json<'_>, notes: &mut Notes, offset: u64, sink: &mut dyn SpanSink) {
        self.with(|format, path, counts, known| {
            let mut out = Out::new(sink, notes, counts, known, offset);
            format.record(path, record, &mut out);
        });
        notes.tell(sink, offset);
        self.path.pop();
    }

    /// May the input end where it is read?
    pub fn may_end(&self) -> bool {
        self.current
            .and_then(|current| self.formats.get(current))
            .is_some_and(|(_, format)| format.may_end(&self.path))
    }

    /// Takes a row of text that is no JSON; gives back its length.
    pub fn row(
        &mut self,
        text: &str,
        last: bool,
        notes: &mut Notes,
        offset: u64,
        sink: &mut dyn SpanSink,
    ) -> usize {
        let used = self.with(|format, _, counts, known| {
            format.row(text, last, &mut Out::new(sink, notes, counts, known, offset))
        });
        notes.tell(sink, offset);
        used.unwrap_or(text.len())
    }

    /// An array or object that was entered ends, or is cut off.
    pub fn leave(&mut self, notes: &mut Notes, offset: u64, sink: &mut dyn SpanSink) {
        self.with(|format, path, counts, known| {
            let mut out = Out::new(sink, notes, counts, known, offset);
            format.leave(path, &mut out);
        });
        notes.tell(sink, offset);
        self.path.pop();
    }

    /// The input ends: what the formats still keep goes to the sink.
    pub fn finish(&mut self, notes: &mut Notes, offset: u64, sink: &mut dyn SpanSink) {
        self.path.clear();
        for (_, format) in &mut self.formats {
            let mut out = Out::new(sink, notes, &mut self.counts, &mut self.known, offset);
            format.finish(&mut out);
            notes.tell(sink, offset);
        }
    }
}
