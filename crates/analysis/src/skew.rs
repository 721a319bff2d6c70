//! Clocks that differ: by how much a span's would have to be set right, by two published rules, and where a difference
//! shows in the times as they are.

use std::fmt;
use std::time::Duration;

use otel::{AnyValue, Resource, SpanKind};
use store::{SpanFlags, SpanIdx, TraceIdx, TraceStore};

use crate::Places;

/// Whose rule it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SkewRule {
    /// Jaeger's, of its query service. Hosts are told by [`host_key`]. A span of another host than its parent's, or of
    /// one that is not said, is compared with its parent, which has been shifted already; the others go with it.
    ///
    /// One that lasts longer than its parent, or did not end, is moved only to where its parent starts, and only if it
    /// starts before. One that lies within its parent stays. Any other is moved to the middle of it.
    Jaeger {
        /// The largest shift, forward or back, that is applied, in nanoseconds. 0, as Jaeger has it unless told
        /// otherwise, applies none.
        most: u64,
    },
    /// Zipkin Lens's. A SERVER is compared with the CLIENT above it, if it starts no later and they share no address.
    /// It is moved to the middle of its client, or, where it lasts longer or one of both has no duration, to 1 µs after
    /// the start of it. What is below goes with it where it has an address of that server, until another server is
    /// found. Only for traces with one root that has no parent.
    Lens,
}

/// Shifts of the spans of a trace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Skew {
    /// Nanoseconds to add to start, end, events and log records, by place; 0 where there is nothing to do.
    pub shifts: Vec<i64>,
    /// Shifts that were not applied, by place. Theirs is 0 above.
    pub withheld: Vec<Withheld>,
}

/// A shift that is larger than allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Withheld {
    /// The span.
    pub span: SpanIdx,
    /// Nanoseconds.
    pub shift: i64,
    /// The largest that is allowed, in nanoseconds; 0 where none is.
    pub most: u64,
}

impl fmt::Display for Withheld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.shift < 0 { "-" } else { "" };
        let shift = Duration::from_nanos(self.shift.unsigned_abs());
        write!(f, "not shifted by {sign}{shift:?}: ")?;
        match self.most {
            0 => f.write_str("no shifts are allowed"),
            most => write!(f, "at most {:?} is allowed", Duration::from_nanos(most)),
        }
    }
}

/// By how much the clock of each span would have to be set right.
pub fn clock_skew(store: &TraceStore, trace: TraceIdx, rule: SkewRule) -> Skew {
    match rule {
        SkewRule::Jaeger { most } => jaeger(store, trace, most),
        SkewRule::Lens => Skew { shifts: lens(store, trace), withheld: Vec::new() },
    }
}

/// What tells a host: `host.id`, else `host.ip`, of several the first, else `host.name`. Empty where nothing is said.
pub fn host_key<'a>(resource: &'a Resource<'_>) -> &'a str {
    let first = |key: &str| attribute(resource, key).and_then(|value| texts(value).next());
    first("host.id").or_else(|| first("host.ip")).or_else(|| first("host.name")).unwrap_or_default()
}

fn attribute<'a, 't>(resource: &'a Resource<'t>, key: &str) -> Option<&'a AnyValue<'t>> {
    resource.attributes.iter().find(|attribute| attribute.key == key).map(|attribute| &attribute.value)
}

/// The text, or the texts of the list, that a value is. Other values say nothing.
fn texts<'a>(value: &'a AnyValue<'_>) -> impl Iterator<Item = &'a str> {
    let values = match value {
        AnyValue::Array(values) => values.as_slice(),
        value => std::slice::from_ref(value),
    };
    values.iter().filter_map(|value| match value {
        AnyValue::Str(text) => Some(&**text),
        _ => None,
    })
}

fn addresses<'a>(resource: &'a Resource<'_>) -> impl Iterator<Item = &'a str> {
    attribute(resource, "host.ip").into_iter().flat_map(texts).filter(|address| !address.is_empty())
}

/// No address, no match.
fn share_address(a: &Resource<'_>, b: &Resource<'_>) -> bool {
    addresses(a).any(|address| addresses(b).any(|other| other == address))
}

/// When a span ran, in nanoseconds from the start of its trace. Only of spans that say when they started.
#[derive(Clone, Copy, Debug)]
struct Times {
    start: i64,
    /// `None` where the end is not said, or comes before the start.
    duration: Option<i64>,
}

impl Times {
    fn of(store: &TraceStore, span: SpanIdx) -> Option<Self> {
        let flags = store.flags(span);
        if flags.contains(SpanFlags::NO_START) {
            return None;
        }
        // No clock shows more than i64 holds; a file may.
        let signed = |time: u64| i64::try_from(time).unwrap_or(i64::MAX);
        let lasted = !flags.contains(SpanFlags::NO_END) && !flags.contains(SpanFlags::REVERSED);
        Some(Self {
            start: signed(store.start(span)),
            duration: lasted.then(|| signed(store.duration(span))),
        })
    }

    fn shifted(self, by: i64) -> Self {
        Self { start: self.start.saturating_add(by), ..self }
    }

    /// By how much it starts before the other; negative after it.
    fn before(self, other: Self) -> i64 {
        other.start.saturating_sub(self.start)
    }

    /// Where it would be in the middle of a parent that lasts no shorter: half of what the parent lasts longer.
    fn margin(self, parent: Self) -> Option<i64> {
        let (longest, duration) = (parent.duration?, self.duration?);
        (duration <= longest).then(|| (longest - duration) / 2)
    }

    /// By how much its clock is behind its parent's, by Jaeger's rule; negative where it is ahead.
    fn behind(self, parent: Self) -> i64 {
        let early = self.before(parent);
        match self.margin(parent) {
            None => early.max(0),
            Some(_) if early <= 0 && self.ends_within(parent) => 0,
            Some(margin) => early.saturating_add(margin),
        }
    }

    /// Does it end, and no later than the other?
    fn ends_within(self, other: Self) -> bool {
        match (self.duration, other.duration) {
            (Some(own), Some(others)) => own.saturating_sub(self.before(other)) <= others,
            _ => false,
        }
    }
}

#[expect(clippy::indexing_slicing, reason = "a parent stands in the trace of its child, before it")]
fn jaeger(store: &TraceStore, trace: TraceIdx, most: u64) -> Skew {
    let places = Places::of(store, trace);
    let mut skew = Skew { shifts: Vec::with_capacity(places.len()), withheld: Vec::new() };
    // By place: the host, and the shift of its clock, applied or not.
    let mut clocks: Vec<(&str, i64)> = Vec::with_capacity(places.len());
    let mut origin = None;
    let mut host = "";
    for span in places.spans() {
        // Spans of one origin often stand together.
        if origin.replace(store.origin_idx(span)) != Some(store.origin_idx(span)) {
            host = host_key(store.resource(span));
        }
        let flags = store.flags(span);
        let computed = match store.parent(span).map(|parent| (parent, places.place(parent))) {
            None => 0,
            // Which of both is meant by their children, nobody knows.
            Some(_) if flags.contains(SpanFlags::DUPLICATE_ID) => 0,
            Some((_, at)) if !host.is_empty() && clocks[at].0 == host => clocks[at].1,
            Some((parent, at)) => Times::of(store, parent)
                .zip(Times::of(store, span))
                .map_or(0, |(parent, child)| child.behind(parent.shifted(skew.shifts[at]))),
        };
        clocks.push((host, computed));
        // A start that was made up is no clock's.
        let computed = if flags.contains(SpanFlags::NO_START) { 0 } else { computed };
        if computed.unsigned_abs() <= most {
            skew.shifts.push(computed);
        } else {
            skew.shifts.push(0);
            skew.withheld.push(Withheld { span, shift: computed, most });
        }
    }
    skew
}

/// Nanoseconds that a request is on its way at least, where nothing else is known.
const LEAST_LATENCY: i64 = 1_000;

#[expect(clippy::indexing_slicing, reason = "a parent stands in the trace of its child, before it")]
fn lens(store: &TraceStore, trace: TraceIdx) -> Vec<i64> {
    let places = Places::of(store, trace);
    let mut shifts = vec![0; places.len()];
    let is_lost = |span: &SpanIdx| {
        let flags = store.flags(*span);
        flags.contains(SpanFlags::ORPHAN) || flags.contains(SpanFlags::CYCLE)
    };
    if store.roots(trace).filter(|root| !is_lost(root)).count() != 1 {
        return shifts;
    }
    // By place: the shift of the last server found on the way from the root, and that server.
    let mut servers: Vec<Option<(i64, SpanIdx)>> = Vec::with_capacity(places.len());
    for span in places.spans() {
        let at = places.place(span);
        let parent = store.parent(span);
        let of_parent = parent.and_then(|parent| servers[places.place(parent)]);
        let resource = store.resource(span);
        let mut shift = match of_parent {
            Some((shift, server)) if share_address(resource, store.resource(server)) => shift,
            _ => 0,
        };
        let found = parent.and_then(|parent| {
            let client = Times::of(store, parent)?.shifted(shifts[places.place(parent)]);
            server_skew(store, parent, client, span, Times::of(store, span)?.shifted(shift))
        });
        if let Some(found) = found.filter(|_| addresses(resource).next().is_some()) {
            shift = shift.saturating_add(found);
        }
        servers.push(found.map(|found| (found, span)).or(of_parent));
        shifts[at] = if Times::of(store, span).is_some() { shift } else { 0 };
    }
    shifts
}

/// What to add to the times of a SERVER that starts no later than its CLIENT.
fn server_skew(
    store: &TraceStore,
    parent: SpanIdx,
    client: Times,
    span: SpanIdx,
    server: Times,
) -> Option<i64> {
    let early = server.before(client);
    let (here, there) = (store.resource(span), store.resource(parent));
    let is_call = store.kind(parent) == SpanKind::Client && store.kind(span) == SpanKind::Server;
    let is_known =
        |span: SpanIdx| !store.service(span).is_empty() || addresses(store.resource(span)).next().is_some();
    if !is_call || early < 0 || !is_known(span) || !is_known(parent) || share_address(here, there) {
        return None;
    }
    // Lens has no duration of 0.
    let lasted = |times: Times| times.duration.is_some_and(|duration| duration > 0);
    let margin = server.margin(client).filter(|_| lasted(server) && lasted(client));
    Some(early.saturating_add(margin.unwrap_or(LEAST_LATENCY))).filter(|shift| *shift != 0)
}

/// Nanoseconds. Starts that are nearer may be one clock's: JavaScript's shows whole milliseconds, cut.
const LEAST_GAP: u64 = 1_000_000;

/// A span that starts before the one that called it, as only clocks can make it that differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockGap {
    /// The span.
    pub span: SpanIdx,
    /// Its parent.
    pub caller: SpanIdx,
    /// By how much it starts before, in nanoseconds.
    pub early: u64,
    /// By how much its clock seems behind the caller's, in nanoseconds: no less than that, more where the span is taken
    /// to lie in the middle of its caller ([`SkewRule::Jaeger`], for the two alone).
    pub behind: u64,
}

/// Where a difference of clocks shows in the times as they are, by place.
///
/// Only spans that start before their parents, by 1 ms and more: one that ends after its parent may have been waited for
/// by nobody. And only where nothing else explains it: not within one resource or host, which has one clock; not a CONSUMER that may
/// have waited before its message was sent; and not what begins before its parent *and* outlives it, as the load of a
/// page does whose parent the server named, unless it is the SERVER of a CLIENT.
pub fn clock_gaps(store: &TraceStore, trace: TraceIdx) -> Vec<ClockGap> {
    let gap = |span| {
        let caller = store.parent(span)?;
        let early = store.start(caller).saturating_sub(store.start(span));
        // Nearly all end here.
        if early < LEAST_GAP {
            return None;
        }
        let (times, callers) = (Times::of(store, span)?, Times::of(store, caller)?);
        let is_call = store.kind(caller) == SpanKind::Client && store.kind(span) == SpanKind::Server;
        let is_explained = share_clock(store, span, caller)
            || may_have_waited(store, span)
            || !(is_call || times.ends_within(callers));
        let behind = times.behind(callers).unsigned_abs().max(early);
        (!is_explained).then_some(ClockGap { span, caller, early, behind })
    };
    store.trace(trace).indices().filter_map(gap).collect()
}

/// Are both known to run by one clock?
fn share_clock(store: &TraceStore, a: SpanIdx, b: SpanIdx) -> bool {
    let (a, b) = (store.resource(a), store.resource(b));
    let said = |resource, key| attribute(resource, key).and_then(|value| texts(value).next());
    let same = |key| said(a, key).zip(said(b, key)).is_some_and(|(a, b)| !a.is_empty() && a == b);
    a == b || same("host.id") || same("host.name") || share_address(a, b)
}

/// A consumer that asks for messages has begun before there is one; one that works on a message has not.
fn may_have_waited(store: &TraceStore, span: SpanIdx) -> bool {
    let names = ["messaging.operation.type", "messaging.operation"];
    let operation = names.into_iter().find_map(|name| store.attribute(span, name));
    let works = operation.and_then(|operation| operation.value.as_str());
    store.kind(span) == SpanKind::Consumer && !matches!(works, Some("process" | "deliver"))
}
