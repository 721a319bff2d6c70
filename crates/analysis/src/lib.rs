//! Derived columns: store in, figures out. Every pass is a loop over preorder, never a recursion.
//!
//! | module | answers | cost |
//! |---|---|---|
//! | self time | what did a span do itself? | n |
//! | critical path | which work made the trace as long as it is? | children of the path, sorted |
//! | error marks | where did a failure begin? | n |
//! | lanes | where does each box of the flame graph stand? | n log n |
//! | flame tree | the same operations, put together | n log n |
//! | search | which spans speak of this? | distinct text, then n |
//! | trace list, latency | which trace to look at? | traces |
//! | colours, statistics | services | n |
//! | clock skew | whose clock is behind its caller's? | n |
//!
//! # Two critical paths
//!
//! Both begin at the end of a root and walk back in time. At every moment the path is in one span: a child that
//! finished last, then, from where that child started, the next one that had finished by then, and in the parent where
//! there is none. So the sections of a root tile it: they sum to its duration, whatever the policy. Children are cut to
//! their parent first; one that lies outside of it is left out with everything below it, and so is a CONSUMER below a
//! PRODUCER, which nobody waits for.
//!
//! [`Policy::Strict`] is the one of Jaeger UI, section by section: the next child must have ended *before* the last one
//! started. Siblings that follow each other without a gap lose all but the last, and the parent is blamed. A span whose
//! parent is missing has no path.
//!
//! [`Policy::Tolerant`] is what the screen shows. It differs in four points: a sibling may end exactly where the next
//! begins; it may also overlap the next by up to 1 % of the parent when no other sibling starts or ends meanwhile (the
//! rule of CRISP; the overlap is counted once, for the later one); spans without duration are passed over; and roots
//! whose parent is missing have a path too. Unlike CRISP, a child that outlives its parent is always cut: no guess is
//! made about clocks.
//!
//! Not here: text for people, pixels, any state.

#![warn(missing_docs)]

mod case;
mod colour;
mod critical;
mod errors;
mod flame;
mod lanes;
mod latency;
mod list;
mod places;
mod search;
mod self_time;
mod skew;
mod statistics;
#[cfg(test)]
mod testing;

pub use case::lower_case;
pub use colour::{ColourSlot, colour_slots};
pub use critical::{CriticalPath, Policy, Section, ServiceShare, critical_by_service, critical_path};
pub use errors::{ErrorMark, error_marks};
pub use flame::{FlameNode, FlameTree, Weight, flame_tree};
pub use lanes::{Lanes, lanes};
pub use latency::{LatencyBucket, LatencyStats, ScatterPoint, latency, scatter};
pub use list::{SortKey, TraceListQuery, list_traces};
pub use places::Places;
pub use search::{Matches, search, search_words};
pub use self_time::self_times;
pub use skew::{ClockGap, Skew, SkewRule, Withheld, clock_gaps, clock_skew, host_key};
pub use statistics::{OperationStats, ServiceStats, operation_stats, service_stats};

use store::{TraceIdx, TraceStore};

/// What every view of a trace needs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TraceAnalysis {
    /// Self time in nanoseconds, by place.
    pub self_time: Vec<u64>,
    /// The tolerant critical path.
    pub critical: CriticalPath,
    /// Errors, by place.
    pub marks: Vec<ErrorMark>,
}

/// What every view of a trace needs.
pub fn analyze(store: &TraceStore, trace: TraceIdx) -> TraceAnalysis {
    TraceAnalysis {
        self_time: self_times(store, trace),
        critical: critical_path(store, trace, Policy::Tolerant),
        marks: error_marks(store, trace),
    }
}
