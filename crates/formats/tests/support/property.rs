//! What holds for any bytes: decoding ends, gives the same whole and in chunks and by either build, and gives no more than
//! the bytes can hold. The tests (`fuzz.rs`) and the fuzz targets (`fuzz/` at the root) ask the same.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests, which have a clock"
)]

use std::fmt;
use std::time::{Duration, Instant};

use formats::{Decoder, Elsewhere, Outcome, Refusal, RefusalKind, TapePlayer, TapeWriter};
use otel::{
    AttributeRef, ExemplarRow, KeyValue, LogRow, Resource, ResourceRef, Scope, ScopeRef, SpanRow, SpanSink,
    Warning, WarningKind,
};

/// Far more than decoding a few kilobytes takes, on any machine and with others at work on it.
const TIME: Duration = Duration::from_secs(10);

/// All that a sink is told, as text.
#[derive(Debug, Default)]
pub(crate) struct Told {
    resources: Vec<Option<String>>,
    scopes: Vec<Option<String>>,
    /// Of spans, log records and exemplars each in their order.
    rows: [Vec<(u32, u32, String)>; 3],
    warnings: Vec<(WarningKind, Option<u64>, String)>,
}

impl SpanSink for Told {
    fn open_resource(&mut self) -> ResourceRef {
        self.resources.push(None);
        ResourceRef(self.resources.len() as u32 - 1)
    }
    fn close_resource(&mut self, resource: ResourceRef, content: &Resource<'_>) {
        close(&mut self.resources, resource.0, content);
    }
    fn open_scope(&mut self) -> ScopeRef {
        self.scopes.push(None);
        ScopeRef(self.scopes.len() as u32 - 1)
    }
    fn close_scope(&mut self, scope: ScopeRef, content: &Scope<'_>) {
        close(&mut self.scopes, scope.0, content);
    }
    fn span(&mut self, resource: ResourceRef, scope: ScopeRef, span: &SpanRow<'_>) {
        self.row(0, resource, scope, span);
    }
    fn log(&mut self, resource: ResourceRef, scope: ScopeRef, log: &LogRow<'_>) {
        self.row(1, resource, scope, log);
    }
    fn exemplar(&mut self, resource: ResourceRef, scope: ScopeRef, exemplar: &ExemplarRow<'_>) {
        self.row(2, resource, scope, exemplar);
    }
    fn warn(&mut self, warning: Warning) {
        self.warnings.push((warning.kind, warning.offset, warning.detail));
    }
}

fn close(list: &mut [Option<String>], at: u32, content: &impl fmt::Debug) {
    *list.get_mut(at as usize).expect("what is closed was opened") = Some(format!("{content:?}"));
}

impl Told {
    fn row(&mut self, kind: usize, resource: ResourceRef, scope: ScopeRef, row: &impl fmt::Debug) {
        assert!((resource.0 as usize) < self.resources.len(), "the resource of a row was opened");
        assert!((scope.0 as usize) < self.scopes.len(), "the scope of a row was opened");
        self.rows[kind].push((resource.0, scope.0, format!("{row:?}")));
    }

    fn count(&self) -> usize {
        self.rows.iter().map(Vec::len).sum()
    }

    fn length(&self) -> usize {
        let contents = self.resources.iter().chain(&self.scopes).flatten().map(String::len);
        let rows = self.rows.iter().flatten().map(|(_, _, row)| row.len());
        let warnings = self.warnings.iter().map(|(_, _, detail)| detail.len());
        contents.chain(rows).chain(warnings).sum()
    }

    /// Warnings by kind. Of different kinds any may come first, for text is checked before it is decoded; and where
    /// broken text ends is said in the words of what was expected there.
    fn oddities(&self) -> Vec<(WarningKind, Option<u64>)> {
        let mut warnings: Vec<_> = self.warnings.iter().map(|(kind, offset, _)| (*kind, *offset)).collect();
        warnings.sort_unstable();
        warnings
    }

    /// Rows with their resources and scopes, which may be announced in another order.
    fn items(&self) -> Vec<String> {
        let content = |list: &[Option<String>], at: u32| list[at as usize].clone().unwrap_or_default();
        self.rows
            .iter()
            .flatten()
            .map(|(resource, scope, row)| {
                format!("{} {} {row}", content(&self.resources, *resource), content(&self.scopes, *scope))
            })
            .collect()
    }
}

/// Takes attributes by name, as a store does, and tells them in their spans again.
#[derive(Debug, Default)]
pub(crate) struct ByName<S> {
    pub(crate) sink: S,
    named: Vec<KeyValue<'static>>,
    /// Attributes of spans that were not given first.
    pub(crate) known: usize,
}

impl<S: SpanSink> SpanSink for ByName<S> {
    fn open_resource(&mut self) -> ResourceRef {
        self.sink.open_resource()
    }
    fn close_resource(&mut self, resource: ResourceRef, content: &Resource<'_>) {
        self.sink.close_resource(resource, content);
    }
    fn open_scope(&mut self) -> ScopeRef {
        self.sink.open_scope()
    }
    fn close_scope(&mut self, scope: ScopeRef, content: &Scope<'_>) {
        self.sink.close_scope(scope, content);
    }
    fn span(&mut self, resource: ResourceRef, scope: ScopeRef, span: &SpanRow<'_>) {
        self.sink.span(resource, scope, span);
    }
    fn attribute(&mut self, attribute: &KeyValue<'_>) -> Option<AttributeRef> {
        self.named.push(attribute.clone().into_owned());
        self.known = self.known.wrapping_sub(1);
        Some(AttributeRef(self.named.len() as u64 - 1))
    }
    fn span_with(
        &mut self,
        resource: ResourceRef,
        scope: ScopeRef,
        span: &SpanRow<'_>,
        attributes: &[AttributeRef],
    ) {
        assert!(span.attributes.is_empty(), "attributes are named, or none is");
        self.known = self.known.wrapping_add(attributes.len());
        let attributes = attributes.iter().map(|name| self.named[name.0 as usize].clone()).collect();
        self.sink.span(resource, scope, &SpanRow { attributes, ..span.clone() });
    }
    fn log(&mut self, resource: ResourceRef, scope: ScopeRef, log: &LogRow<'_>) {
        self.sink.log(resource, scope, log);
    }
    fn exemplar(&mut self, resource: ResourceRef, scope: ScopeRef, exemplar: &ExemplarRow<'_>) {
        self.sink.exemplar(resource, scope, exemplar);
    }
    fn warn(&mut self, warning: Warning) {
        self.sink.warn(warning);
    }
}

/// Says where two lists differ first.
fn same<T: fmt::Debug + PartialEq>(ours: &[T], whole: &[T], what: &str, sizes: &[usize]) {
    let pairs = ours.iter().map(Some).chain([None]).zip(whole.iter().map(Some).chain([None]));
    for (at, (ours, whole)) in pairs.enumerate() {
        assert_eq!(ours, whole, "{what} differ at {at} in chunks of {sizes:?}");
    }
    assert_eq!(ours.len(), whole.len(), "{what}, count in chunks of {sizes:?}");
}

/// Pieces of these sizes, again and again.
fn chunks<'b>(mut bytes: &'b [u8], sizes: &[usize]) -> impl Iterator<Item = &'b [u8]> {
    sizes.iter().cycle().map_while(move |size| {
        let (chunk, rest) = bytes.split_at(bytes.len().min(*size));
        bytes = rest;
        (!chunk.is_empty()).then_some(chunk)
    })
}

/// Decodes with everything.
pub(crate) fn decode(bytes: &[u8], sizes: &[usize], sink: &mut dyn SpanSink) -> Result<Outcome, Refusal> {
    let mut decoder = Decoder::new();
    for chunk in chunks(bytes, sizes) {
        decoder.push(chunk, sink)?;
    }
    decoder.finish(sink)
}

/// What a browser does: rare formats are decoded in another module, from which a tape comes.
#[derive(Debug, Default)]
struct ByTape {
    decoder: Decoder,
    tape: TapeWriter,
    player: TapePlayer,
}

impl ByTape {
    fn play(&mut self, sink: &mut dyn SpanSink) {
        self.player.play(&self.tape.take(), sink).expect("the tape is whole");
    }
}

impl Elsewhere for ByTape {
    fn push(&mut self, bytes: &[u8], sink: &mut dyn SpanSink) -> Result<(), Refusal> {
        let pushed = self.decoder.push(bytes, &mut self.tape);
        self.play(sink);
        pushed
    }
    fn spans(&self) -> u64 {
        self.decoder.progress().spans
    }
    fn finish(mut self: Box<Self>, sink: &mut dyn SpanSink) -> Result<Outcome, Refusal> {
        let outcome = std::mem::take(&mut self.decoder).finish(&mut self.tape);
        self.play(sink);
        outcome
    }
}

fn decode_by_two(bytes: &[u8], sizes: &[usize], sink: &mut dyn SpanSink) -> Result<Outcome, Refusal> {
    let mut decoder = Decoder::lean();
    for chunk in chunks(bytes, sizes) {
        decoder.push(chunk, sink)?;
        if decoder.is_waiting() {
            decoder.provide(Box::<ByTape>::default(), sink);
        }
    }
    decoder.end(sink)?;
    if decoder.is_waiting() {
        decoder.provide(Box::<ByTape>::default(), sink);
    }
    decoder.finish(sink)
}

/// How much is unpacked depends on how much of the input was there to compare it with.
fn is_bomb(told: &Told, outcome: &Result<Outcome, Refusal>) -> bool {
    matches!(outcome, Err(Refusal { kind: RefusalKind::TooLarge, .. }))
        || told.warnings.iter().any(|(kind, _, detail)| {
            *kind == WarningKind::DamagedCompression && detail.contains("far more than any trace")
        })
}

/// Demands what holds for any input.
///
/// # Panics
/// Where it does not.
pub(crate) fn any_input(bytes: &[u8]) {
    let start = Instant::now();
    let mut whole = Told::default();
    let outcome = decode(bytes, &[usize::MAX], &mut whole);
    if is_bomb(&whole, &outcome) {
        return;
    }
    match &outcome {
        Ok(outcome) => {
            let counted = [outcome.spans, outcome.logs, outcome.exemplars];
            assert_eq!(counted, [0, 1, 2].map(|kind| whole.rows[kind].len() as u64), "rows are counted");
        }
        Err(refusal) => assert!(whole.rows[0].is_empty(), "refused, with spans: {refusal}"),
    }
    let length = bytes.len();
    // A block of zstd makes 128 KiB of four bytes.
    let most = if matches!(bytes.first(), Some(b'{' | b'[' | b' ')) { length } else { length << 15 };
    assert!(whole.count() <= 64 * most, "{} rows of {length} bytes", whole.count());
    assert!(whole.warnings.len() <= 4 * most + 16, "{} warnings of {length} bytes", whole.warnings.len());
    assert!(whole.length() <= (4 << 20) + 1024 * most, "{} bytes of {length}", whole.length());
    for sizes in [&[if length < 4096 { 1 } else { 61 }][..], &[7, 64, 3, 513]] {
        let mut parts = ByName::<Told>::default();
        let of_parts = decode(bytes, sizes, &mut parts);
        let parts = parts.sink;
        same(&parts.items(), &whole.items(), "rows", sizes);
        if outcome.is_ok() {
            same(&parts.oddities(), &whole.oddities(), "warnings", sizes);
        }
        assert_eq!(of_parts, outcome, "outcome in chunks of {sizes:?}");
    }
    let mut by_two = Told::default();
    let of_two = decode_by_two(bytes, &[257], &mut by_two);
    same(&by_two.items(), &whole.items(), "rows by two builds", &[257]);
    assert_eq!(of_two.is_ok(), outcome.is_ok(), "by two builds: {of_two:?}, {outcome:?}");
    let time = start.elapsed();
    assert!(time < TIME, "{time:?} for {length} bytes");
}

/// Demands that the player of tapes ends with any bytes, as with those of a tape that was damaged.
pub(crate) fn any_tape(bytes: &[u8]) {
    let mut told = Told::default();
    let played = TapePlayer::new().play(bytes, &mut told);
    assert!(told.count() <= bytes.len(), "{played:?}");
}

/// The tape of what an input holds.
pub(crate) fn tape_of(bytes: &[u8]) -> Vec<u8> {
    let mut tape = TapeWriter::new();
    decode(bytes, &[usize::MAX], &mut tape).ok();
    tape.take()
}
