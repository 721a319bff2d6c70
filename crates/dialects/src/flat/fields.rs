//! What tables call the fields of a span.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use crate::time::Unit;

/// What a column or member says of a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    TraceId,
    SpanId,
    ParentId,
    TraceState,
    Flags,
    Name,
    Kind,
    Service,
    /// `k8s.pod.name`.
    Pod,
    Start,
    End,
    Duration,
    /// A start that counts from the start of the trace.
    Offset,
    Status,
    StatusMessage,
    /// That there was one, or its message.
    Error,
    Attributes,
    Resource,
    Scope,
    ScopeName,
    ScopeVersion,
    Events,
    EventTimes,
    EventNames,
    EventAttributes,
    Links,
    LinkTraceIds,
    LinkSpanIds,
    LinkTraceStates,
    LinkAttributes,
    DroppedAttributes,
    DroppedEvents,
    DroppedLinks,
    /// Spans below this one.
    Children,
}

impl Field {
    /// May it hold JSON, or a database's way of writing arrays and maps, as text?
    pub(super) fn is_structured(self) -> bool {
        matches!(
            self,
            Self::Attributes
                | Self::Resource
                | Self::Scope
                | Self::Status
                | Self::Events
                | Self::EventTimes
                | Self::EventNames
                | Self::EventAttributes
                | Self::Links
                | Self::LinkTraceIds
                | Self::LinkSpanIds
                | Self::LinkTraceStates
                | Self::LinkAttributes
        )
    }
}

/// What a name means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Meaning {
    pub(super) field: Field,
    /// Of a time, where the name says it.
    pub(super) unit: Option<Unit>,
    /// Of several names that a row has for one field, the one of the lowest rank has it.
    pub(super) rank: u8,
}

/// Names by field, in small letters and digits alone; of one field the surest first.
const NAMES: &[(Field, &[&str])] = &[
    (Field::TraceId, &["traceid", "tracetraceid", "traceidhex"]),
    (Field::SpanId, &["spanid", "tracespanid", "spanidhex", ID]),
    (
        Field::ParentId,
        &[
            "parentspanid",
            "parentid",
            "traceparentid",
            "spanparentid",
            "parentspanidhex",
            "parentspan",
            "parent",
        ],
    ),
    (Field::TraceState, &["tracestate", "spantracestate"]),
    (Field::Flags, &["traceflags", "flags", "spanflags"]),
    (Field::Name, &["spanname", "name", "operationname", "operation", "displayname"]),
    (Field::Kind, &["spankind", "kind", "spankindstring", "kindstring"]),
    (Field::Service, &["servicename", "service", "resourceservicename", "resourceattributesservicename"]),
    (Field::Pod, &["podname", "pod"]),
    (
        Field::Status,
        &["statuscode", "status", "statuscodestring", "spanstatus", "spanstatuscode", "otelstatuscode"],
    ),
    (
        Field::StatusMessage,
        &["statusmessage", "statusdescription", "spanstatusmessage", "otelstatusdescription"],
    ),
    (Field::Error, &["haserror", "iserror", "error"]),
    (
        Field::Attributes,
        &[
            "attributes",
            "spanattributes",
            "attrs",
            "tags",
            "tagmap",
            "spantags",
            "stringtagmap",
            "numbertagmap",
            "booltagmap",
            "attributesstring",
            "attributesnumber",
            "attributesbool",
            "attributescustom",
        ],
    ),
    (
        Field::Resource,
        &[
            "resourceattributes",
            "resource",
            "resources",
            "resourcesstring",
            "resourcetagsmap",
            "resourcetags",
            "servicetags",
        ],
    ),
    (Field::Scope, &["scope", "instrumentationscope", "instrumentationlibrary"]),
    (Field::ScopeName, &["scopename", "otelscopename", "otellibraryname", "libraryname"]),
    (Field::ScopeVersion, &["scopeversion", "otelscopeversion", "otellibraryversion", "libraryversion"]),
    (Field::Events, &["events", "event", "spanevents", "logs"]),
    (Field::EventTimes, &["eventstimestamp"]),
    (Field::EventNames, &["eventsname"]),
    (Field::EventAttributes, &["eventsattributes"]),
    (Field::Links, &["links", "references", "spanlinks"]),
    (Field::LinkTraceIds, &["linkstraceid"]),
    (Field::LinkSpanIds, &["linksspanid"]),
    (Field::LinkTraceStates, &["linkstracestate"]),
    (Field::LinkAttributes, &["linksattributes"]),
    (Field::DroppedAttributes, &["droppedattributescount"]),
    (Field::DroppedEvents, &["droppedeventscount"]),
    (Field::DroppedLinks, &["droppedlinkscount"]),
    (Field::Children, &["children"]),
];

/// Says that it is the span's only beside other ids.
const ID: &str = "id";

/// Names of times, before their unit.
const TIMES: &[(Field, &[&str])] = &[
    (
        Field::Start,
        &[
            "starttime",
            "start",
            "starttimestamp",
            "startedat",
            "begintime",
            "begin",
            "spanstarttime",
            "spanstart",
            "timestamp",
            "time",
            "ts",
        ],
    ),
    (
        Field::End,
        &[
            "endtime",
            "end",
            "endtimestamp",
            "endedat",
            "finishtime",
            "finish",
            "finishedat",
            "stoptime",
            "stop",
            "spanendtime",
            "spanend",
        ],
    ),
    (Field::Duration, &["duration", "spanduration", "dur", "elapsed", "elapsedtime", "latency"]),
    (Field::Offset, &["offset", "startoffset", "relativestart"]),
];

/// From here on names of a start may speak of any record.
const MOMENT: u8 = 8;

const UNITS: &[(&str, Unit)] = &[
    ("nanoseconds", Unit::Nanos),
    ("nanos", Unit::Nanos),
    ("nano", Unit::Nanos),
    ("ns", Unit::Nanos),
    ("microseconds", Unit::Micros),
    ("micros", Unit::Micros),
    ("us", Unit::Micros),
    ("milliseconds", Unit::Millis),
    ("millis", Unit::Millis),
    ("ms", Unit::Millis),
    ("seconds", Unit::Seconds),
    ("secs", Unit::Seconds),
    ("sec", Unit::Seconds),
    ("s", Unit::Seconds),
];

/// Longer names mean nothing here.
const LONGEST: usize = 48;

/// What a name means, however it is written: `startTimeUnixNano`, `START_TIME_NS`, `trace.span_id`.
pub(super) fn meaning(name: &str) -> Option<Meaning> {
    let mut plain = [0_u8; LONGEST];
    let mut length = 0;
    for char in name.chars() {
        let byte = match char {
            'a'..='z' | 'A'..='Z' | '0'..='9' => char.to_ascii_lowercase() as u8,
            'µ' | 'μ' => b'u',
            _ => continue,
        };
        *plain.get_mut(length)? = byte;
        length += 1;
    }
    let plain = std::str::from_utf8(plain.get(..length)?).ok()?;
    let names = &*BY_NAME;
    if let Some(&(field, rank, _)) = names.get(plain) {
        return Some(Meaning { field, unit: None, rank });
    }
    UNITS.iter().find_map(|&(suffix, unit)| {
        let before = plain.strip_suffix(suffix)?;
        let before = before.strip_suffix("in").unwrap_or(before);
        let before = before.strip_suffix("unix").unwrap_or(before);
        let &(field, rank, is_time) = names.get(before)?;
        is_time.then_some(Meaning { field, unit: Some(unit), rank })
    })
}

/// [`NAMES`] and [`TIMES`], with the place of each name among those of its field, and whether it is one of a time. Every
/// name of every row is asked for.
static BY_NAME: LazyLock<FxHashMap<&str, (Field, u8, bool)>> = LazyLock::new(|| {
    let mut by_name = FxHashMap::default();
    for (table, is_time) in [(NAMES, false), (TIMES, true)] {
        for (field, names) in table {
            for (rank, name) in names.iter().enumerate() {
                by_name.insert(*name, (*field, rank as u8, is_time));
            }
        }
    }
    by_name
});

/// Are these the names of a row that is a span? Log records have ids and a time, too; spans also last, or have parents.
pub(super) fn is_row(names: &[&str]) -> bool {
    let (mut trace, mut span, mut id, mut parent, mut start, mut moment, mut lasts) =
        (false, false, false, false, false, false, false);
    for name in names {
        let Some(meaning) = meaning(name) else { continue };
        match meaning.field {
            Field::TraceId => trace = true,
            Field::SpanId if name.eq_ignore_ascii_case(ID) => id = true,
            Field::SpanId => span = true,
            Field::ParentId => parent = true,
            Field::Start if meaning.rank < MOMENT => start = true,
            Field::Start => moment = true,
            Field::End | Field::Duration | Field::Offset => lasts = true,
            _ => {}
        }
    }
    let is_sure = span && (trace || parent);
    let is_likely = id && trace && parent;
    (is_sure || is_likely) && (lasts || start) || is_sure && parent && moment
}

/// Does it at least have a span's ids?
pub(super) fn has_ids(names: &[&str]) -> bool {
    let (mut trace, mut span) = (false, false);
    for name in names {
        match meaning(name).map(|meaning| meaning.field) {
            Some(Field::TraceId) => trace = true,
            Some(Field::SpanId) => span = true,
            _ => {}
        }
    }
    trace && span
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let check = |name: &str, field, unit| {
            let meaning = meaning(name).map(|meaning| (meaning.field, meaning.unit));
            assert_eq!(meaning, Some((field, unit)), "{name}");
        };
        for name in ["traceId", "trace_id", "traceID", "TraceId", "TraceID", "trace.trace_id", "trace.id"] {
            check(name, Field::TraceId, None);
        }
        check("parent_span_id", Field::ParentId, None);
        check("trace.parent_id", Field::ParentId, None);
        check("Timestamp", Field::Start, None);
        check("_time", Field::Start, None);
        check("startTimeUnixNano", Field::Start, Some(Unit::Nanos));
        check("start_ms", Field::Start, Some(Unit::Millis));
        check("startTimestampMillis", Field::Start, Some(Unit::Millis));
        check("durationInNanos", Field::Duration, Some(Unit::Nanos));
        check("duration_µs", Field::Duration, Some(Unit::Micros));
        check("duration.ms", Field::Duration, Some(Unit::Millis));
        check("duration_s", Field::Duration, Some(Unit::Seconds));
        check("offset_ms", Field::Offset, Some(Unit::Millis));
        check("status", Field::Status, None);
        check("Events.Timestamp", Field::EventTimes, None);
    }

    #[test]
    fn names_that_mean_nothing() {
        for name in ["", "http.status_code", "db.name", "traces", "starts_at_random", "näme", &"x".repeat(99)]
        {
            assert_eq!(meaning(name), None, "{name}");
        }
    }

    #[test]
    fn rows() {
        let check = |names: &str, expected| {
            assert_eq!(is_row(&names.split(' ').collect::<Vec<_>>()), expected, "{names}");
        };
        check("trace_id span_id duration", true);
        check("trace_id span_id start_time", true);
        check("span_id parent_span_id offset_ms", true);
        check("id traceId parentId time duration", true);
        check("id traceId parentId time", false);
        check("trace_id span_id time message", false);
        check("span_id duration", false);
        check("id parentId time", false);
        check("trace_id duration", false);
    }
}
