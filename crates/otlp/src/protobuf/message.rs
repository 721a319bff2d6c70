//! The messages that are decoded whole: span, log record, metric, resource, scope. From the bytes straight into rows.

use std::borrow::Cow;

use otel::{
    AnyValue, EventRow, ExemplarRow, KeyValue, LinkRow, LogRow, Resource, Scope, Severity, SpanId, SpanKind,
    SpanRow, SpanSink, StatusCode, TraceId, UnixNanos, WarningKind,
};

use super::memo::{ATTRIBUTES, Memo};
use super::wire::{Fields, I32, I64, LEN, Malformed, VARINT, text};
use crate::ids::{self, Id};
use crate::messages::MAX_VALUE_DEPTH;
use crate::notes::Notes;
use crate::scalar::shorten;

/// Makes a row as good as new, and keeps the room of its lists.
#[inline]
pub(super) fn clear(row: &mut SpanRow<'_>) {
    let SpanRow {
        trace_id,
        span_id,
        parent_span_id,
        trace_state,
        flags,
        name,
        kind,
        start,
        end,
        attributes,
        dropped_attributes_count,
        events,
        dropped_events_count,
        links,
        dropped_links_count,
        status_code,
        status_message,
    } = row;
    *trace_id = TraceId::ABSENT;
    (*span_id, *parent_span_id) = (SpanId::ABSENT, SpanId::ABSENT);
    (*trace_state, *name, *status_message) = (Cow::Borrowed(""), Cow::Borrowed(""), Cow::Borrowed(""));
    (*flags, *kind, *status_code) = (0, SpanKind::default(), StatusCode::default());
    (*start, *end) = (UnixNanos::default(), UnixNanos::default());
    (*dropped_attributes_count, *dropped_events_count, *dropped_links_count) = (0, 0, 0);
    attributes.clear();
    events.clear();
    links.clear();
}

/// `Span`, whose attributes the memo names if it can. Once in the engine: it is large.
#[inline(never)]
pub(super) fn span<'b>(
    row: &mut SpanRow<'b>,
    bytes: &'b [u8],
    memo: &mut Memo,
    notes: &mut Notes,
    sink: &mut dyn SpanSink,
) -> Result<(), Malformed> {
    memo.names.clear();
    let mut fields = Fields(ids(row, bytes));
    let mut deprecated_error = false;
    loop {
        if let [ATTRIBUTES, ..] = fields.0 {
            fields.0 = memo.expected(fields.0);
        }
        let Some((field, wire)) = fields.key()? else { break };
        match (field, wire) {
            (1, LEN) => row.trace_id = trace_id(fields.bytes()?, "trace_id", notes),
            (2, LEN) => row.span_id = span_id(fields.bytes()?, "span_id", notes),
            (3, LEN) => row.trace_state = text(fields.bytes()?, "trace_state", notes),
            (4, LEN) => row.parent_span_id = span_id(fields.bytes()?, "parent_span_id", notes),
            (5, LEN) => {
                let name = fields.bytes()?;
                memo.span_name(name);
                row.name = text(name, "name", notes);
                fields.0 = kind_and_times(row, fields.0);
            }
            (6, VARINT) => {
                row.kind = one_of(fields.varint()?, SpanKind::from_number, "kind", notes);
            }
            (7, I64) => row.start = UnixNanos(fields.fixed64()?),
            (8, I64) => row.end = UnixNanos(fields.fixed64()?),
            (9, LEN) => memo.attribute(row, fields.bytes()?, notes, sink)?,
            (10, VARINT) => row.dropped_attributes_count = fields.varint()? as u32,
            (11, LEN) => row.events.push(event(fields.bytes()?, notes)?),
            (12, VARINT) => row.dropped_events_count = fields.varint()? as u32,
            (13, LEN) => row.links.push(link(fields.bytes()?, notes)?),
            (14, VARINT) => row.dropped_links_count = fields.varint()? as u32,
            (15, LEN) => status(row, &mut deprecated_error, fields.bytes()?, notes)?,
            (16, I32) => row.flags = fields.fixed32()?,
            _ => fields.skip(wire)?,
        }
    }
    if deprecated_error && row.status_code == StatusCode::Unset {
        row.status_code = StatusCode::Error;
    }
    Ok(())
}

/// The ids, where a span begins with them, as writers have it that go by the numbers of fields; what follows.
#[inline]
fn ids<'b>(row: &mut SpanRow<'b>, bytes: &'b [u8]) -> &'b [u8] {
    let Some(([0x0A, 16, ids @ ..], rest)) = bytes.split_first_chunk::<28>() else { return bytes };
    let (Some((trace, [0x12, 8, ..])), Some(span)) = (ids.split_first_chunk(), ids.last_chunk()) else {
        return bytes;
    };
    row.trace_id = TraceId(u128::from_be_bytes(*trace));
    row.span_id = SpanId(u64::from_be_bytes(*span));
    match rest.split_first_chunk::<10>() {
        Some(([0x22, 8, parent @ ..], rest)) => {
            row.parent_span_id = SpanId(u64::from_be_bytes(*parent));
            rest
        }
        _ => rest,
    }
}

/// What stands after the name in the same order; what follows.
#[inline]
fn kind_and_times<'b>(row: &mut SpanRow<'b>, bytes: &'b [u8]) -> &'b [u8] {
    if let Some(([0x30, kind, 0x39, times @ ..], rest)) = bytes.split_first_chunk::<20>()
        && let Some(kind) = SpanKind::from_number((*kind).into())
        && let (Some((start, [0x41, ..])), Some(end)) = (times.split_first_chunk(), times.last_chunk())
    {
        row.kind = kind;
        (row.start, row.end) = (UnixNanos(u64::from_le_bytes(*start)), UnixNanos(u64::from_le_bytes(*end)));
        return rest;
    }
    bytes
}

/// `Status`. Before there was an error among its codes, every code of field 1 but 0 was one.
#[inline(never)]
fn status<'b>(
    row: &mut SpanRow<'b>,
    deprecated_error: &mut bool,
    bytes: &'b [u8],
    notes: &mut Notes,
) -> Result<(), Malformed> {
    let mut fields = Fields(bytes);
    while let Some((field, wire)) = fields.cold_key()? {
        match (field, wire) {
            (1, VARINT) => *deprecated_error = fields.cold_varint()? != 0,
            (2, LEN) => row.status_message = text(fields.cold_bytes()?, "status.message", notes),
            (3, VARINT) => {
                row.status_code =
                    one_of(fields.cold_varint()?, StatusCode::from_number, "status.code", notes);
            }
            _ => fields.skip(wire)?,
        }
    }
    Ok(())
}

/// `Span.Event`.
#[inline(never)]
fn event<'b>(bytes: &'b [u8], notes: &mut Notes) -> Result<EventRow<'b>, Malformed> {
    let mut fields = Fields(bytes);
    let mut row = EventRow::default();
    while let Some((field, wire)) = fields.cold_key()? {
        match (field, wire) {
            (1, I64) => row.time = UnixNanos(fields.fixed64()?),
            (2, LEN) => row.name = text(fields.cold_bytes()?, "events.name", notes),
            (3, LEN) => attribute(&mut row.attributes, fields.cold_bytes()?, notes)?,
            (4, VARINT) => row.dropped_attributes_count = fields.cold_varint()? as u32,
            _ => fields.skip(wire)?,
        }
    }
    Ok(row)
}

/// `Span.Link`.
#[inline(never)]
fn link<'b>(bytes: &'b [u8], notes: &mut Notes) -> Result<LinkRow<'b>, Malformed> {
    let mut fields = Fields(bytes);
    let mut row = LinkRow::default();
    while let Some((field, wire)) = fields.cold_key()? {
        match (field, wire) {
            (1, LEN) => row.trace_id = trace_id(fields.cold_bytes()?, "links.trace_id", notes),
            (2, LEN) => row.span_id = span_id(fields.cold_bytes()?, "links.span_id", notes),
            (3, LEN) => row.trace_state = text(fields.cold_bytes()?, "links.trace_state", notes),
            (4, LEN) => attribute(&mut row.attributes, fields.cold_bytes()?, notes)?,
            (5, VARINT) => row.dropped_attributes_count = fields.cold_varint()? as u32,
            (6, I32) => row.flags = fields.fixed32()?,
            _ => fields.skip(wire)?,
        }
    }
    Ok(row)
}

/// `LogRecord`.
#[cold]
#[inline(never)]
pub(super) fn log<'b>(row: &mut LogRow<'b>, bytes: &'b [u8], notes: &mut Notes) -> Result<(), Malformed> {
    let mut fields = Fields(bytes);
    while let Some((field, wire)) = fields.cold_key()? {
        match (field, wire) {
            (1, I64) => row.time = UnixNanos(fields.fixed64()?),
            (2, VARINT) => {
                row.severity = one_of(fields.cold_varint()?, Severity::from_number, "severity_number", notes);
            }
            (3, LEN) => row.severity_text = text(fields.cold_bytes()?, "severity_text", notes),
            (5, LEN) => value(&mut row.body, fields.cold_bytes()?, 0, notes)?,
            (6, LEN) => attribute(&mut row.attributes, fields.cold_bytes()?, notes)?,
            (7, VARINT) => row.dropped_attributes_count = fields.cold_varint()? as u32,
            (8, I32) => row.flags = Some(fields.fixed32()?),
            (9, LEN) => row.trace_id = trace_id(fields.cold_bytes()?, "trace_id", notes),
            (10, LEN) => row.span_id = span_id(fields.cold_bytes()?, "span_id", notes),
            (11, I64) => row.observed_time = UnixNanos(fields.fixed64()?),
            (12, LEN) => row.event_name = text(fields.cold_bytes()?, "event_name", notes),
            _ => fields.skip(wire)?,
        }
    }
    Ok(())
}

/// `Metric`: gives `take` the exemplars of its data points that lead to a trace. The name may come after the points, so
/// there are two passes.
#[cold]
#[inline(never)]
pub(super) fn metric<'b>(
    bytes: &'b [u8],
    notes: &mut Notes,
    take: &mut dyn FnMut(&ExemplarRow<'b>),
) -> Result<(), Malformed> {
    let mut row = ExemplarRow::default();
    let mut fields = Fields(bytes);
    while let Some((field, wire)) = fields.cold_key()? {
        match (field, wire) {
            (1, LEN) => row.metric = text(fields.cold_bytes()?, "metrics.name", notes),
            (3, LEN) => row.unit = text(fields.cold_bytes()?, "metrics.unit", notes),
            _ => fields.skip(wire)?,
        }
    }
    let mut fields = Fields(bytes);
    while let Some((field, wire)) = fields.cold_key()? {
        // Gauge, sum, histogram, exponential histogram; the field of the data point that has the exemplars.
        let exemplars = match (field, wire) {
            (5 | 7, LEN) => 5,
            (9, LEN) => 8,
            (10, LEN) => 11,
            _ => {
                fields.skip(wire)?;
                continue;
            }
        };
        let mut points = Fields(fields.cold_bytes()?);
        while let Some(key) = points.cold_key()? {
            if key == (1, LEN) {
                point(&mut row, exemplars, points.cold_bytes()?, notes, take)?;
            } else {
                points.skip(key.1)?;
            }
        }
    }
    Ok(())
}

/// A data point. `row` has the metric's name and unit.
fn point<'b>(
    row: &mut ExemplarRow<'b>,
    exemplars: u32,
    bytes: &'b [u8],
    notes: &mut Notes,
    take: &mut dyn FnMut(&ExemplarRow<'b>),
) -> Result<(), Malformed> {
    let mut fields = Fields(bytes);
    while let Some(key) = fields.cold_key()? {
        if key != (exemplars, LEN) {
            fields.skip(key.1)?;
            continue;
        }
        exemplar(row, fields.cold_bytes()?, notes)?;
        if !row.trace_id.is_absent() {
            take(row);
        }
    }
    Ok(())
}

/// `Exemplar`. The metric's name and unit stay.
#[cold]
#[inline(never)]
pub(super) fn exemplar<'b>(
    row: &mut ExemplarRow<'b>,
    bytes: &'b [u8],
    notes: &mut Notes,
) -> Result<(), Malformed> {
    row.time = UnixNanos::default();
    row.value = AnyValue::Empty;
    row.trace_id = TraceId::ABSENT;
    row.span_id = SpanId::ABSENT;
    row.filtered_attributes.clear();
    let mut fields = Fields(bytes);
    while let Some((field, wire)) = fields.cold_key()? {
        match (field, wire) {
            (2, I64) => row.time = UnixNanos(fields.fixed64()?),
            (3, I64) => row.value = AnyValue::Double(f64::from_bits(fields.fixed64()?)),
            (4, LEN) => row.span_id = span_id(fields.cold_bytes()?, "exemplars.span_id", notes),
            (5, LEN) => row.trace_id = trace_id(fields.cold_bytes()?, "exemplars.trace_id", notes),
            (6, I64) => row.value = AnyValue::Int(fields.fixed64()?.cast_signed()),
            (7, LEN) => attribute(&mut row.filtered_attributes, fields.cold_bytes()?, notes)?,
            _ => fields.skip(wire)?,
        }
    }
    Ok(())
}

/// `Resource`: what it says is added to what is there, as repeated messages are.
pub(super) fn resource<'b>(
    content: &mut Resource<'b>,
    bytes: &'b [u8],
    notes: &mut Notes,
) -> Result<(), Malformed> {
    let mut fields = Fields(bytes);
    while let Some((field, wire)) = fields.cold_key()? {
        match (field, wire) {
            (1, LEN) => attribute(&mut content.attributes, fields.cold_bytes()?, notes)?,
            (2, VARINT) => content.dropped_attributes_count = fields.cold_varint()? as u32,
            _ => fields.skip(wire)?,
        }
    }
    Ok(())
}

/// `InstrumentationScope`, or `InstrumentationLibrary`, which has the first two fields.
pub(super) fn scope<'b>(
    content: &mut Scope<'b>,
    bytes: &'b [u8],
    notes: &mut Notes,
) -> Result<(), Malformed> {
    let mut fields = Fields(bytes);
    while let Some((field, wire)) = fields.cold_key()? {
        match (field, wire) {
            (1, LEN) => content.name = text(fields.cold_bytes()?, "scope.name", notes),
            (2, LEN) => content.version = text(fields.cold_bytes()?, "scope.version", notes),
            (3, LEN) => attribute(&mut content.attributes, fields.cold_bytes()?, notes)?,
            (4, VARINT) => content.dropped_attributes_count = fields.cold_varint()? as u32,
            _ => fields.skip(wire)?,
        }
    }
    Ok(())
}

/// One more attribute. Attributes and values are filled where they will stay: to be handed up as results, they would be
/// copied three times, which takes longer than to read them.
#[inline(never)]
pub(super) fn attribute<'b>(
    attributes: &mut Vec<KeyValue<'b>>,
    bytes: &'b [u8],
    notes: &mut Notes,
) -> Result<(), Malformed> {
    attributes.push(KeyValue::default());
    let Some(attribute) = attributes.last_mut() else { return Ok(()) };
    fill(attribute, bytes, notes)
}

/// An attribute that is empty yet.
#[inline]
pub(super) fn fill<'b>(
    attribute: &mut KeyValue<'b>,
    bytes: &'b [u8],
    notes: &mut Notes,
) -> Result<(), Malformed> {
    if let Some((key, value)) = usual(bytes) {
        attribute.key = Cow::Borrowed(key);
        attribute.value = value;
        return Ok(());
    }
    key_value(attribute, bytes, 0, notes)
}

/// `KeyValue`.
#[inline(never)]
fn key_value<'b>(
    attribute: &mut KeyValue<'b>,
    bytes: &'b [u8],
    depth: u8,
    notes: &mut Notes,
) -> Result<(), Malformed> {
    let mut fields = Fields(bytes);
    while let Some((field, wire)) = fields.cold_key()? {
        match (field, wire) {
            (1, LEN) => attribute.key = text(fields.cold_bytes()?, "attributes.key", notes),
            (2, LEN) => value(&mut attribute.value, fields.cold_bytes()?, depth, notes)?,
            _ => fields.skip(wire)?,
        }
    }
    Ok(())
}

/// A `KeyValue` as all writers write it, if it is short: the key, then a text or a number.
#[inline(never)]
pub(super) fn usual(bytes: &[u8]) -> Option<(&str, AnyValue<'_>)> {
    let [0x0A, key_length @ ..0x80, rest @ ..] = bytes else { return None };
    let key_end = 2 + usize::from(*key_length);
    let [0x12, length @ ..0x80, value @ ..] = rest.get(key_end - 2..)? else { return None };
    if usize::from(*length) != value.len() {
        return None;
    }
    let value = match value {
        [0x0A, length, text @ ..] if usize::from(*length) == text.len() => {
            // Lengths below 128 are ASCII: what stands here is text from end to end, or there is something wrong with it.
            let all = std::str::from_utf8(bytes).ok()?;
            return Some((all.get(2..key_end)?, AnyValue::Str(Cow::Borrowed(all.get(key_end + 4..)?))));
        }
        [0x18, number @ ..] => {
            let mut number = Fields(number);
            let value = number.varint().ok()?.cast_signed();
            number.0.is_empty().then_some(AnyValue::Int(value))?
        }
        [0x21, number @ ..] => AnyValue::Double(f64::from_le_bytes(number.try_into().ok()?)),
        _ => return None,
    };
    Some((std::str::from_utf8(bytes.get(2..key_end)?).ok()?, value))
}

/// `AnyValue`; the last of its fields is meant.
#[inline(never)]
pub(super) fn value<'b>(
    value: &mut AnyValue<'b>,
    bytes: &'b [u8],
    depth: u8,
    notes: &mut Notes,
) -> Result<(), Malformed> {
    let mut fields = Fields(bytes);
    while let Some((field, wire)) = fields.cold_key()? {
        match (field, wire) {
            (1, LEN) => *value = AnyValue::Str(text(fields.cold_bytes()?, "string_value", notes)),
            (2, VARINT) => *value = AnyValue::Bool(fields.cold_varint()? != 0),
            (3, VARINT) => *value = AnyValue::Int(fields.cold_varint()?.cast_signed()),
            (4, I64) => *value = AnyValue::Double(f64::from_bits(fields.fixed64()?)),
            (5 | 6, LEN) => list(value, field, fields.cold_bytes()?, depth, notes)?,
            (7, LEN) => *value = AnyValue::Bytes(Cow::Borrowed(fields.cold_bytes()?)),
            _ => fields.skip(wire)?,
        }
    }
    Ok(())
}

/// `ArrayValue`, in field 5, or `KeyValueList`. Not inlined: the recursion of nested values passes here, and here it
/// ends.
#[cold]
#[inline(never)]
fn list<'b>(
    into: &mut AnyValue<'b>,
    field: u32,
    bytes: &'b [u8],
    depth: u8,
    notes: &mut Notes,
) -> Result<(), Malformed> {
    if depth >= MAX_VALUE_DEPTH {
        notes.add(
            WarningKind::TooDeep,
            format_args!(
                "an attribute value is nested more than {MAX_VALUE_DEPTH} deep; the rest was left out"
            ),
        );
        return Ok(());
    }
    let mut fields = Fields(bytes);
    let (mut values, mut entries) = (Vec::new(), Vec::new());
    while let Some(key) = fields.cold_key()? {
        if key != (1, LEN) {
            fields.skip(key.1)?;
        } else if field == 5 {
            let mut element = AnyValue::Empty;
            value(&mut element, fields.cold_bytes()?, depth + 1, notes)?;
            values.push(element);
        } else {
            let mut entry = KeyValue::default();
            key_value(&mut entry, fields.cold_bytes()?, depth + 1, notes)?;
            entries.push(entry);
        }
    }
    *into = if field == 5 { AnyValue::Array(values) } else { AnyValue::Map(entries) };
    Ok(())
}

fn one_of<T: Default>(
    number: u64,
    from_number: impl FnOnce(u64) -> Option<T>,
    field: &str,
    notes: &mut Notes,
) -> T {
    from_number(number).unwrap_or_else(|| {
        notes.add(
            WarningKind::NumberOutOfRange,
            format_args!("{field} is {number}, which is not one of its values"),
        );
        T::default()
    })
}

#[inline]
fn trace_id(bytes: &[u8], field: &str, notes: &mut Notes) -> TraceId {
    match bytes.try_into() {
        Ok(bytes) => TraceId(u128::from_be_bytes(bytes)),
        Err(_) if bytes.is_empty() => TraceId::ABSENT,
        Err(_) => {
            complain_id(bytes, 16, field, notes);
            padded(bytes).map_or_else(
                || match ids::trace_id(&as_text(bytes)) {
                    Id::Read(id) | Id::MadeUp(id) => id,
                },
                |bytes| TraceId(u128::from_be_bytes(bytes)),
            )
        }
    }
}

#[inline]
fn span_id(bytes: &[u8], field: &str, notes: &mut Notes) -> SpanId {
    match bytes.try_into() {
        Ok(bytes) => SpanId(u64::from_be_bytes(bytes)),
        Err(_) if bytes.is_empty() => SpanId::ABSENT,
        Err(_) => {
            complain_id(bytes, 8, field, notes);
            padded(bytes).map_or_else(
                || match ids::span_id(&as_text(bytes)) {
                    Id::Read(id) | Id::MadeUp(id) => id,
                },
                |bytes| SpanId(u64::from_be_bytes(bytes)),
            )
        }
    }
}

/// Ids of other systems are shorter; they stand at the end, as in text.
fn padded<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    let mut whole = [0; N];
    whole.get_mut(N.checked_sub(bytes.len())?..)?.copy_from_slice(bytes);
    Some(whole)
}

/// A longer id is the text of one, or anything. Each byte is a character, so that what differs still does.
fn as_text(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

#[cold]
fn complain_id(bytes: &[u8], expected: usize, field: &str, notes: &mut Notes) {
    let text = as_text(bytes);
    notes.add(
        WarningKind::InvalidId,
        format_args!("{field} is {:?}, {} bytes; expected {expected}", shorten(&text), bytes.len()),
    );
}
