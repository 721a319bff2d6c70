//! What is told of clocks that differ.

use analysis::ClockGap;
use scene::{format_count, format_duration, service_name};
use store::{Column, ServiceIdx, TraceStore, sort_by_number};

use crate::ClockNote;

/// What stands above the views of the trace with these gaps.
#[expect(clippy::indexing_slicing, reason = "services of this very store")]
pub(crate) fn note(store: &TraceStore, gaps: &[ClockGap]) -> Option<ClockNote> {
    let early = gaps.iter().map(|gap| gap.early).max()?;
    let behind = gaps.iter().map(|gap| gap.behind).max()?;
    let mut spans: Column<ServiceIdx, u32> = vec![0; store.services().len()].into();
    for gap in gaps {
        spans[store.service_idx(gap.span)] += 1;
    }
    // Services are numbered by name.
    let mut services: Vec<ServiceIdx> = spans.indices().filter(|&service| spans[service] > 0).collect();
    sort_by_number(&mut services, |&service| u64::MAX - u64::from(spans[service]));
    let services = services.into_iter().map(|service| store.services()[service].clone()).collect();
    Some(ClockNote { span_count: gaps.len() as u32, services, early, behind })
}

/// The same of one span.
pub(crate) fn sentence(store: &TraceStore, gap: ClockGap) -> String {
    format!(
        "It starts {} before its caller. Its clock seems {} behind its caller's ({}).",
        format_duration(gap.early),
        format_duration(gap.behind),
        service_name(store.service(gap.caller))
    )
}

impl ClockNote {
    /// `Clocks differ: 12 spans of cart start before their callers, by up to 34 ms`.
    pub fn headline(&self) -> String {
        let whose = match self.services.as_slice() {
            [one] => service_name(one).to_owned(),
            [one, other] => format!("{} and {}", service_name(one), service_name(other)),
            more => format!("{} services", more.len()),
        };
        let early = format_duration(self.early);
        match self.span_count {
            1 => format!("Clocks differ: 1 span of {whose} starts before its caller, by {early}"),
            count => {
                let count = format_count(u64::from(count));
                format!(
                    "Clocks differ: {count} spans of {whose} start before their callers, by up to {early}"
                )
            }
        }
    }

    /// What that means, for who asks.
    pub fn explanation(&self) -> String {
        format!(
            "No call begins before it is made: a clock seems up to {} behind its caller's. Times are shown as they are \
             in the file.",
            format_duration(self.behind)
        )
    }
}
