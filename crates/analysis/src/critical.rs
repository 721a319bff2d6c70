//! The critical path: at every moment of a root, the one span that made it longer.

use otel::SpanKind;
use store::{Numbers, ServiceIdx, SpanFlags, SpanIdx, TraceIdx, TraceStore, sort_by_number};

/// Which siblings count as one after the other; see the crate's documentation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Policy {
    /// As Jaeger UI has it.
    Strict,
    /// Back to back, or overlapping by up to 1 % of their parent.
    #[default]
    Tolerant,
}

/// A stretch of the path in one span.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Section {
    /// The span.
    pub span: SpanIdx,
    /// Nanoseconds from the start of the trace.
    pub start: u64,
    /// Nanoseconds from the start of the trace; after `start`.
    pub end: u64,
}

/// The critical path of a trace.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CriticalPath {
    sections: Vec<Section>,
    /// The same, by span, then time.
    by_span: Vec<Section>,
    /// By span: the stretch a span and all below it have of the path. It is one piece, since the path enters a span once
    /// and leaves it at its start.
    subtrees: Vec<Section>,
}

impl CriticalPath {
    /// All sections by start time. Those of one root tile it.
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    fn own(&self, span: SpanIdx) -> &[Section] {
        let from = self.by_span.partition_point(|section| section.span < span);
        let rest = self.by_span.get(from..).unwrap_or(&[]);
        rest.get(..rest.partition_point(|section| section.span == span)).unwrap_or(&[])
    }

    /// The span's own sections by time.
    pub fn of(&self, span: SpanIdx) -> impl Iterator<Item = Section> + use<'_> {
        self.own(span).iter().copied()
    }

    /// The sections of a span and all below it, adjacent ones merged: what its bar shows when it is collapsed.
    /// That is one section or none.
    pub fn of_subtree(&self, span: SpanIdx) -> impl Iterator<Item = Section> + use<> {
        let found = self.subtrees.binary_search_by_key(&span, |section| section.span);
        found.ok().and_then(|at| self.subtrees.get(at)).copied().into_iter()
    }

    /// Nanoseconds of the path in the span itself.
    pub fn total(&self, span: SpanIdx) -> u64 {
        self.own(span).iter().map(|section| section.end - section.start).sum()
    }

    /// Each span of the path with its nanoseconds, in preorder; cheaper than asking for every span.
    pub fn totals(&self) -> impl Iterator<Item = (SpanIdx, u64)> + use<'_> {
        self.by_span.chunk_by(|a, b| a.span == b.span).filter_map(|sections| {
            let span = sections.first()?.span;
            Some((span, sections.iter().map(|section| section.end - section.start).sum()))
        })
    }
}

/// A child cut to its parent.
#[derive(Clone, Copy, Debug)]
struct Child {
    span: SpanIdx,
    start: u64,
    end: u64,
}

/// A span the path is in.
#[derive(Clone, Copy, Debug)]
struct Frame {
    /// Cut to its parent.
    span: Child,
    /// From here back to the start, the path is not decided yet.
    bound: u64,
    /// The child the path came back from.
    last: Option<Child>,
    /// Where its children begin in `Walk::children`, and their times in `Walk::{starts, ends}`.
    children_from: usize,
    times_from: usize,
}

#[derive(Debug, Default)]
struct Walk {
    frames: Vec<Frame>,
    /// Children of all frames, those of the innermost last. By end, so that the last to finish is popped first.
    children: Vec<Child>,
    /// Start and end times of the same children, each sorted; none is taken away before its frame goes.
    starts: Vec<u64>,
    ends: Vec<u64>,
}

/// The critical path of a trace: the paths of all its roots.
pub fn critical_path(store: &TraceStore, trace: TraceIdx, policy: Policy) -> CriticalPath {
    let mut path = CriticalPath::default();
    let mut walk = Walk::default();
    for root in store.roots(trace) {
        if policy == Policy::Strict && store.flags(root).contains(SpanFlags::ORPHAN) {
            continue;
        }
        walk.root(store, root, policy, &mut path);
    }
    // Of several roots; one alone is in order already.
    sort_by_number(&mut path.sections, |section| section.start);
    path.by_span.clone_from(&path.sections);
    sort_by_number(&mut path.by_span, |section| u64::from(section.span.0));
    sort_by_number(&mut path.subtrees, |section| u64::from(section.span.0));
    path
}

impl Walk {
    fn root(&mut self, store: &TraceStore, root: SpanIdx, policy: Policy, path: &mut CriticalPath) {
        let first = path.sections.len();
        let whole = Child { span: root, start: store.start(root), end: store.end(root) };
        self.enter(store, policy, whole, whole.end, path);
        while let Some(&frame) = self.frames.last() {
            let next = self.next(frame, policy);
            let from = next.map_or(frame.span.start, |child| child.end.min(frame.bound));
            if from < frame.bound {
                path.sections.push(Section { span: frame.span.span, start: from, end: frame.bound });
            }
            if let Some(child) = next {
                if let Some(frame) = self.frames.last_mut() {
                    frame.last = Some(child);
                    frame.bound = child.start;
                }
                self.enter(store, policy, child, from, path);
            } else {
                self.children.truncate(frame.children_from);
                self.starts.truncate(frame.times_from);
                self.ends.truncate(frame.times_from);
                self.frames.pop();
            }
        }
        if let Some(latest_first) = path.sections.get_mut(first..) {
            latest_first.reverse();
        }
    }

    fn enter(
        &mut self,
        store: &TraceStore,
        policy: Policy,
        span: Child,
        bound: u64,
        path: &mut CriticalPath,
    ) {
        if span.start < bound {
            path.subtrees.push(Section { span: span.span, start: span.start, end: bound });
        }
        let (children_from, times_from) = (self.children.len(), self.starts.len());
        let sends = store.kind(span.span) == SpanKind::Producer;
        for child in store.children(span.span) {
            let (start, end) = (store.start(child), store.end(child));
            let beside = start >= span.end || end <= span.start;
            let unwaited = sends && store.kind(child) == SpanKind::Consumer;
            let instant = policy == Policy::Tolerant && start == end;
            if !(beside || unwaited || instant) {
                self.children.push(Child {
                    span: child,
                    start: start.max(span.start),
                    end: end.min(span.end),
                });
            }
        }
        if let Some(children) = self.children.get_mut(children_from..) {
            if policy == Policy::Tolerant {
                self.starts.extend(children.iter().map(|child| child.start));
                self.ends.extend(children.iter().map(|child| child.end));
                for times in [&mut self.starts, &mut self.ends] {
                    if let Some(times) = times.get_mut(times_from..) {
                        sort_by_number(times, |&time| time);
                    }
                }
            }
            // The first of those that end together is popped first.
            if !children.is_sorted_by(|a, b| a.end < b.end) {
                children.reverse();
                sort_by_number(children, |child| child.end);
            }
        }
        self.frames.push(Frame { span, bound, last: None, children_from, times_from });
    }

    /// The child of the innermost frame that the path goes to next. A child passed over never comes back: the path only
    /// moves on to earlier times.
    fn next(&mut self, frame: Frame, policy: Policy) -> Option<Child> {
        while self.children.len() > frame.children_from {
            let child = self.children.pop()?;
            let follows = match (policy, frame.last) {
                (_, None) => child.start < frame.bound,
                (Policy::Strict, Some(last)) => child.end < last.start,
                (Policy::Tolerant, Some(last)) => {
                    child.end <= last.start || self.overlaps_slightly(frame, child, last)
                }
            };
            if follows {
                return Some(child);
            }
        }
        None
    }

    /// Does `child` reach into `last` by no more than clocks and scheduling explain? Not where another sibling starts or
    /// ends meanwhile: that is work in parallel.
    fn overlaps_slightly(&self, frame: Frame, child: Child, last: Child) -> bool {
        let within = |times: &[u64]| {
            let times = times.get(frame.times_from..).unwrap_or(&[]);
            times.partition_point(|&time| time <= child.end)
                - times.partition_point(|&time| time < last.start)
        };
        child.start < last.start
            && child.end < last.end
            && child.end - last.start <= (frame.span.end - frame.span.start) / 100
            && within(&self.starts) == 1
            && within(&self.ends) == 1
    }
}

/// A service's share of the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServiceShare {
    /// The service.
    pub service: ServiceIdx,
    /// Nanoseconds.
    pub time: u64,
}

/// The path by service, longest first.
pub fn critical_by_service(store: &TraceStore, _trace: TraceIdx, path: &CriticalPath) -> Vec<ServiceShare> {
    let mut places = Numbers::default();
    let mut shares: Vec<ServiceShare> = Vec::new();
    for section in path.sections() {
        let service = store.service_idx(section.span);
        let place = places.of(service) as usize;
        if place == shares.len() {
            shares.push(ServiceShare { service, time: 0 });
        }
        if let Some(share) = shares.get_mut(place) {
            share.time += section.end - section.start;
        }
    }
    sort_by_number(&mut shares, |share| u64::from(share.service.0));
    sort_by_number(&mut shares, |share| !share.time);
    shares
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{self, TRACE, chain, fan, random_tree};

    /// Draws the path below the trace: in each nanosecond, the letter of the span it is in.
    fn draw(store: &TraceStore, policy: Policy) -> String {
        let mut drawn = String::new();
        for section in critical_path(store, TRACE, policy).sections() {
            if drawn.is_empty() {
                drawn = " ".repeat(section.start as usize);
            }
            assert_eq!(section.start, drawn.len() as u64, "sections follow each other");
            for _ in section.start..section.end {
                drawn += store.name(section.span);
            }
        }
        drawn
    }

    /// The same under both policies.
    fn check(picture: &str, expected: &str) {
        check_each(picture, expected, expected);
    }

    fn check_each(picture: &str, strict: &str, tolerant: &str) {
        let store = testing::store(picture);
        assert_eq!(draw(&store, Policy::Strict), strict, "strict: {picture}");
        assert_eq!(draw(&store, Policy::Tolerant), tolerant, "tolerant: {picture}");
    }

    #[test]
    fn the_last_to_finish_and_what_ended_before_it_began() {
        check(
            "
            a     |==============|
              b   |  ===         |
              c   |   ====       |
              d   |        ===   |
                e |         =    |",
            "aaaccccadedaaa",
        );
    }

    #[test]
    fn back_to_back() {
        check_each(
            "
            a   |==========|
              b |  ===     |
              c |     ===  |",
            "aaaaacccaa",
            "aabbbcccaa",
        );
    }

    #[test]
    fn a_slight_overlap() {
        let bar = |from: usize, length: usize| format!("|{}{}|", " ".repeat(from), "=".repeat(length));
        let picture = |c: usize, more: &str| {
            format!("a {}\n  b {}\n  c {}{more}", bar(0, 201), bar(1, 100), bar(c, 100))
        };
        let path = |pieces: &[(&str, usize)]| {
            pieces.iter().map(|(name, length)| name.repeat(*length)).collect::<String>()
        };
        let parent_blamed = |c: usize| path(&[("a", c), ("c", 100), ("a", 101 - c)]);
        check_each(&picture(99, ""), &parent_blamed(99), &path(&[("a", 1), ("b", 98), ("c", 100), ("a", 2)]));
        // More than 1 % of the parent.
        check(&picture(98, ""), &parent_blamed(98));
        // Another sibling starts or ends meanwhile: they run in parallel.
        check(&picture(99, &format!("\n  d {}", bar(100, 50))), &parent_blamed(99));
        let d_c = path(&[("a", 50), ("d", 49), ("c", 100), ("a", 2)]);
        check_each(&picture(99, &format!("\n  d {}", bar(50, 50))), &parent_blamed(99), &d_c);
    }

    #[test]
    fn outside_of_the_parent() {
        check(
            "
            a     |  =====   |
              b   |==        |
              c   |       == |
                d |        = |
              e   |   =      |
                f |     =    |",
            "  aeaaa",
        );
        check(
            "
            a     |=====     |
              b   |   ====   |
                c |  =====   |",
            "aaacc",
        );
    }

    #[test]
    fn nobody_waits_for_a_consumer() {
        check(
            "
            a     |======| producer
              b   | ==== | consumer
                c |  ==  |
              d   | =    |",
            "adaaaa",
        );
    }

    #[test]
    fn a_span_without_duration_cuts_its_parent_in_two_for_jaeger_only() {
        let picture = "
            a   |======|
              b | ==   |
              c |    . |";
        check(picture, "abbaaa");
        let sections = |policy| critical_path(&testing::store(picture), TRACE, policy).sections().len();
        assert_eq!((sections(Policy::Strict), sections(Policy::Tolerant)), (4, 3));
    }

    #[test]
    fn roots_each_have_their_own() {
        let store = testing::store(
            "
            a   |====  |
              b | ==   |
            c   |  === |",
        );
        let path = critical_path(&store, TRACE, Policy::Tolerant);
        let seen: Vec<(&str, u64, u64)> = path
            .sections()
            .iter()
            .map(|section| (store.name(section.span), section.start, section.end))
            .collect();
        assert_eq!(seen, [("a", 0, 1), ("b", 1, 3), ("c", 2, 5), ("a", 3, 4)]);
    }

    #[test]
    fn sections_tile_the_root() {
        for seed in 0..600 {
            let store = random_tree(seed, 2 + seed as usize % 80);
            let root = store.trace(TRACE).root;
            for policy in [Policy::Strict, Policy::Tolerant] {
                let path = critical_path(&store, TRACE, policy);
                let mut at = store.start(root);
                for section in path.sections() {
                    assert!(
                        section.start == at && section.end > at,
                        "seed {seed}, {policy:?}: {section:?} at {at}"
                    );
                    at = section.end;
                }
                assert_eq!(at, store.end(root), "seed {seed}, {policy:?}");
                check_subtrees(&store, &path);
            }
        }
    }

    /// What a collapsed bar shows is what its spans show one by one.
    fn check_subtrees(store: &TraceStore, path: &CriticalPath) {
        for span in store.trace(TRACE).indices() {
            let below: Vec<&Section> = path
                .sections()
                .iter()
                .filter(|section| store.subtree(span).any(|other| other == section.span))
                .collect();
            let sum: u64 = below.iter().map(|section| section.end - section.start).sum();
            let merged: Vec<Section> = path.of_subtree(span).collect();
            assert_eq!(merged.iter().map(|section| section.end - section.start).sum::<u64>(), sum);
            assert_eq!(
                merged.first().map(|section| section.start),
                below.first().map(|section| section.start)
            );
            assert_eq!(
                path.total(span),
                path.of(span).map(|section| section.end - section.start).sum::<u64>()
            );
            assert!(path.of(span).all(|section| path.sections().contains(&section)));
        }
    }

    #[test]
    fn by_service() {
        let store = testing::store(
            "
            a   |======| @shop
              b |  ==  | @cart
              c |    = | @shop",
        );
        let shares = critical_by_service(&store, TRACE, &critical_path(&store, TRACE, Policy::Tolerant));
        let shares: Vec<(&str, u64)> =
            shares.iter().map(|share| (store.services()[share.service].as_str(), share.time)).collect();
        assert_eq!(shares, [("shop", 4), ("cart", 2)]);
    }

    #[test]
    fn deep_and_wide() {
        let path = |store| critical_path(&store, TRACE, Policy::Tolerant).sections().len();
        assert_eq!(path(chain(100_000)), 199_999);
        assert_eq!(path(fan(100_000, 1)), 100_001);
        assert_eq!(path(fan(100_000, 50)), 2_002);
    }
}
