//! Self time: what no child accounts for.

use store::{TraceIdx, TraceStore};

use crate::Places;

/// Nanoseconds of each span during which none of its children ran, by place.
///
/// Children of every kind count, cut to their parent; where they overlap, the time counts once.
#[expect(clippy::indexing_slicing, reason = "a parent stands in the trace of its child, before it")]
pub fn self_times(store: &TraceStore, trace: TraceIdx) -> Vec<u64> {
    let places = Places::of(store, trace);
    let mut own: Vec<u64> = Vec::with_capacity(places.len());
    // Up to where the children seen so far cover their parent. Siblings stand by start time, so one moment is enough.
    let mut covered: Vec<u64> = Vec::with_capacity(places.len());
    for span in places.spans() {
        let (start, end) = (store.start(span), store.end(span));
        own.push(end - start);
        covered.push(start);
        if let Some(parent) = store.parent(span) {
            let at = places.place(parent);
            let from = start.max(covered[at]);
            let to = end.min(store.end(parent));
            if from < to {
                own[at] -= to - from;
                covered[at] = to;
            }
        }
    }
    own
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{TRACE, random_tree, store};

    fn check(trace: &str, expected: &[u64]) {
        assert_eq!(self_times(&store(trace), TraceIdx(0)), expected, "{trace}");
    }

    #[test]
    fn overlapping_children_count_once() {
        check(
            "
            a   |====================|
              b |  ======            |
              c |    =======         |
              d |               ==== |",
            &[20 - 9 - 4, 6, 7, 4],
        );
    }

    #[test]
    fn children_are_cut_to_their_parent() {
        check(
            "
            a   |    ======          |
              b |      ==========    |
              c |               ===  |",
            &[2, 10, 3],
        );
        check(
            "
            a   |    ======          |
              b |======              |",
            &[4, 6],
        );
    }

    #[test]
    fn one_child_inside_another_and_one_without_duration() {
        check(
            "
            a   |====================|
              b | ==============     |
              c |    ===             |
              d |      .             |",
            &[6, 14, 3, 0],
        );
    }

    #[test]
    fn grandchildren_do_not_count() {
        check(
            "
            a     |==========|
              b   |  ====    |
                c |   ====== |",
            &[6, 1, 6],
        );
    }

    #[test]
    fn as_counted_nanosecond_by_nanosecond() {
        for seed in 0..200 {
            let store = random_tree(seed, 2 + seed as usize % 60);
            let counted: Vec<u64> = (store.trace(TRACE).indices())
                .map(|span| {
                    let alone = |&time: &u64| {
                        !store
                            .children(span)
                            .any(|child| (store.start(child)..store.end(child)).contains(&time))
                    };
                    (store.start(span)..store.end(span)).filter(alone).count() as u64
                })
                .collect();
            assert_eq!(self_times(&store, TRACE), counted, "seed {seed}");
        }
    }
}
