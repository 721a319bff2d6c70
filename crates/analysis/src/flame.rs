//! The aggregated flame graph: spans with the same path of service and operation, put together.

use store::{Numbers, ServiceIdx, SpanIdx, StrIdx, TraceIdx, TraceStore, sort_numbers};

use crate::{CriticalPath, Places};

/// What the width of a node stands for. Always: what its own spans have of it, and the widths of the nodes below. So the
/// nodes below a node fit in it exactly, whatever ran at the same time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Weight {
    /// Time on the clock: spans that run at the same time share it in proportion to their durations. A root is as wide
    /// as its duration and what outlives it.
    #[default]
    Duration,
    /// Work: the sum of self times. Wider than the clock where spans ran at the same time.
    SelfTime,
    /// Time on the critical path. Together, a trace with one root is as wide as its duration.
    CriticalPath,
}

/// All spans of a trace with the same path of service and operation.
#[derive(Clone, Debug, PartialEq)]
pub struct FlameNode {
    /// Index of the node above.
    pub parent: Option<u32>,
    /// Index after the last node below.
    pub subtree_end: u32,
    /// 0 for roots.
    pub depth: u32,
    /// The service.
    pub service: ServiceIdx,
    /// The operation.
    pub name: StrIdx,
    /// Sum of durations. Not to be drawn: where spans run at the same time it exceeds the parent's.
    pub total: u64,
    /// Sum of self times.
    pub self_time: u64,
    /// Nanoseconds of its spans on the critical path.
    pub critical: u64,
    /// Spans.
    pub count: u32,
    /// Spans with status ERROR.
    pub error_count: u32,
    /// The longest span.
    pub example: SpanIdx,
    /// Duration of the longest span.
    pub max: u64,
    /// Width to draw, in nanoseconds of the chosen [`Weight`]: at least the sum of the nodes below.
    pub width: u64,
}

/// Nodes in preorder, siblings by width, the widest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FlameTree {
    /// The nodes.
    pub nodes: Vec<FlameNode>,
}

impl FlameTree {
    /// The direct children of `node`, or the roots.
    pub fn children(&self, node: Option<u32>) -> impl Iterator<Item = u32> + use<'_> {
        let (mut next, end) = match node {
            None => (0, self.nodes.len() as u32),
            Some(node) => (node + 1, self.nodes.get(node as usize).map_or(0, |of| of.subtree_end)),
        };
        std::iter::from_fn(move || {
            let child = next;
            next = self.nodes.get(child as usize).filter(|_| child < end)?.subtree_end;
            Some(child)
        })
    }

    /// The sum of the roots' widths.
    pub fn width(&self) -> u64 {
        self.children(None).filter_map(|root| self.nodes.get(root as usize)).map(|root| root.width).sum()
    }
}

/// Puts the spans of a trace together. `self_times` is by place.
pub fn flame_tree(
    store: &TraceStore,
    trace: TraceIdx,
    self_times: &[u64],
    critical: &CriticalPath,
    weight: Weight,
) -> FlameTree {
    let places = Places::of(store, trace);
    let mut on_path = vec![0_u64; places.len()];
    for (span, time) in critical.totals() {
        if let Some(slot) = on_path.get_mut(places.place(span)) {
            *slot = time;
        }
    }
    let clock;
    let own = match weight {
        Weight::Duration => {
            clock = shares_of_clock(store, &places, self_times);
            clock.as_slice()
        }
        Weight::SelfTime => self_times,
        Weight::CriticalPath => on_path.as_slice(),
    };
    let mut nodes = gather(store, &places, self_times, &on_path, own);
    // A node stands after the one above it, so one pass from behind sums up.
    for i in (0..nodes.len()).rev() {
        if let Some(&FlameNode { parent: Some(parent), width, .. }) = nodes.get(i)
            && let Some(above) = nodes.get_mut(parent as usize)
        {
            above.width += width;
        }
    }
    FlameTree { nodes: sort(nodes) }
}

/// Nodes in order of their first span; `width` holds what their own spans have.
#[expect(clippy::indexing_slicing, reason = "all columns are by place, and a parent stands before its child")]
fn gather(
    store: &TraceStore,
    places: &Places,
    self_times: &[u64],
    on_path: &[u64],
    own: &[u64],
) -> Vec<FlameNode> {
    let mut nodes: Vec<FlameNode> = Vec::new();
    let mut node_of: Vec<u32> = Vec::with_capacity(places.len());
    let mut known = Numbers::default();
    for span in places.spans() {
        let place = places.place(span);
        let parent = store.parent(span).map(|parent| node_of[places.place(parent)]);
        let (service, name) = (store.service_idx(span), store.name_idx(span));
        let number = known.of((parent, service, name));
        if number as usize == nodes.len() {
            nodes.push(FlameNode {
                parent,
                subtree_end: 0,
                depth: store.depth(span),
                service,
                name,
                total: 0,
                self_time: 0,
                critical: 0,
                count: 0,
                error_count: 0,
                example: span,
                max: 0,
                width: 0,
            });
        }
        node_of.push(number);
        let node = &mut nodes[number as usize];
        let duration = store.duration(span);
        node.total = node.total.saturating_add(duration);
        node.self_time = node.self_time.saturating_add(self_times.get(place).copied().unwrap_or(0));
        node.critical = node.critical.saturating_add(on_path[place]);
        node.width = node.width.saturating_add(own.get(place).copied().unwrap_or(0));
        node.count += 1;
        node.error_count += u32::from(store.is_error(span));
        if duration > node.max {
            node.max = duration;
            node.example = span;
        }
    }
    nodes
}

/// To preorder, the widest sibling first.
#[expect(clippy::indexing_slicing, reason = "orders and parents number these very nodes")]
fn sort(mut nodes: Vec<FlameNode>) -> Vec<FlameNode> {
    // Children of each node, as ranges of one vector.
    let mut order: Vec<u32> = (0..nodes.len() as u32).collect();
    let key = |i: u32| {
        let node = &nodes[i as usize];
        (node.parent, std::cmp::Reverse((node.width, node.total)))
    };
    sort_numbers(&mut order, &|a, b| key(a).cmp(&key(b)));
    let mut pending: Vec<(u32, Option<u32>)> = Vec::new();
    let children = |node: Option<u32>| {
        let from = order.partition_point(|&i| nodes[i as usize].parent < node);
        let to = from + order[from..].partition_point(|&i| nodes[i as usize].parent == node);
        order[from..to].iter().rev()
    };
    pending.extend(children(None).map(|&root| (root, None)));
    let mut sorted: Vec<(u32, Option<u32>)> = Vec::with_capacity(nodes.len());
    while let Some((node, parent)) = pending.pop() {
        let place = sorted.len() as u32;
        sorted.push((node, parent));
        pending.extend(children(Some(node)).map(|&child| (child, Some(place))));
    }
    let mut result: Vec<FlameNode> = Vec::with_capacity(nodes.len());
    for (place, (node, parent)) in sorted.into_iter().enumerate() {
        let node = &mut nodes[node as usize];
        result.push(FlameNode { parent, subtree_end: place as u32 + 1, ..node.clone() });
    }
    for place in (0..result.len()).rev() {
        let end = result[place].subtree_end;
        if let Some(parent) = result[place].parent {
            let above = &mut result[parent as usize].subtree_end;
            *above = end.max(*above);
        }
    }
    result
}

/// What each span itself has of the time on the clock.
///
/// A span's extent is its duration, and what its children have beyond it. Children that run at the same time share what
/// they cover of their parent, in proportion; all below a child shrinks with it.
#[expect(clippy::indexing_slicing, reason = "all columns are by place, and a parent stands before its child")]
fn shares_of_clock(store: &TraceStore, places: &Places, self_times: &[u64]) -> Vec<u64> {
    let cut_to_parent = |span: SpanIdx, parent: SpanIdx| {
        store.end(span).min(store.end(parent)).saturating_sub(store.start(span).max(store.start(parent)))
    };
    // Bottom up: how long each is with all that outlives it, and how long its children are together inside it.
    let mut extent: Vec<f64> = places.spans().map(|span| store.duration(span) as f64).collect();
    let mut inside = vec![0_f64; places.len()];
    for span in places.spans().rev() {
        if let Some(parent) = store.parent(span) {
            let cut = cut_to_parent(span, parent) as f64;
            inside[places.place(parent)] += cut;
            let beyond = extent[places.place(span)] - cut;
            extent[places.place(parent)] += beyond;
        }
    }
    // Top down: how much each is shrunk.
    let mut scale = vec![1_f64; places.len()];
    let mut own = Vec::with_capacity(places.len());
    for span in places.spans() {
        let place = places.place(span);
        let self_time = self_times.get(place).copied().unwrap_or(0);
        if let Some(parent) = store.parent(span) {
            let above = places.place(parent);
            let covered =
                store.duration(parent).saturating_sub(self_times.get(above).copied().unwrap_or(0)) as f64;
            let cut = cut_to_parent(span, parent) as f64;
            let shared = if inside[above] > 0.0 { cut * covered / inside[above] } else { 0.0 };
            let beyond = extent[place] - cut;
            scale[place] =
                if extent[place] > 0.0 { scale[above] * (shared + beyond) / extent[place] } else { 0.0 };
        }
        own.push((self_time as f64 * scale[place]).round() as u64);
    }
    own
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{self, TRACE, chain, random_tree};
    use crate::{Policy, critical_path, self_times};

    fn tree(store: &TraceStore, weight: Weight) -> FlameTree {
        let critical = critical_path(store, TRACE, Policy::Tolerant);
        flame_tree(store, TRACE, &self_times(store, TRACE), &critical, weight)
    }

    /// `name width (count)`, indented.
    fn check(picture: &str, weight: Weight, expected: &str) {
        let store = testing::store(picture);
        let drawn: Vec<String> = tree(&store, weight)
            .nodes
            .iter()
            .map(|node| {
                let (indent, name) = ("  ".repeat(node.depth as usize), store.strings().get(node.name));
                format!("{indent}{name} {} ({})", node.width, node.count)
            })
            .collect();
        let expected: Vec<&str> = expected.lines().filter(|line| !line.trim().is_empty()).collect();
        let margin = expected.first().map_or(0, |line| line.len() - line.trim_start().len());
        assert_eq!(
            drawn,
            expected.iter().map(|line| line.split_at(margin).1).collect::<Vec<_>>(),
            "{weight:?} {picture}"
        );
    }

    const SEQUENTIAL: &str = "
        get       |====================|
          check   | =                  |
          query   |   ===              |
            rows  |    =               |
          query   |       =====        |
            rows  |        ===         |";

    #[test]
    fn same_path_same_node_widest_first() {
        for weight in [Weight::Duration, Weight::SelfTime, Weight::CriticalPath] {
            check(
                SEQUENTIAL,
                weight,
                "
                get 20 (1)
                  query 8 (2)
                    rows 4 (2)
                  check 1 (1)",
            );
        }
    }

    const CONCURRENT: &str = "
        get       |============|
          a       |  ========  |
            x     |   ====     |
          b       |  ====      |
          b       |  ====      |";

    #[test]
    fn what_runs_at_the_same_time_shares_the_clock_or_counts_as_work() {
        check(
            CONCURRENT,
            Weight::Duration,
            "
            get 12 (1)
              a 4 (1)
                x 2 (1)
              b 4 (2)",
        );
        check(
            CONCURRENT,
            Weight::SelfTime,
            "
            get 20 (1)
              a 8 (1)
                x 4 (1)
              b 8 (2)",
        );
        check(
            CONCURRENT,
            Weight::CriticalPath,
            "
            get 12 (1)
              a 8 (1)
                x 4 (1)
              b 0 (2)",
        );
    }

    #[test]
    fn what_outlives_its_parent_is_seen() {
        check(
            "
            send    |====        |
              work  |     ====== |
                db  |      ====  |",
            Weight::Duration,
            "
            send 10 (1)
              work 6 (1)
                db 4 (1)",
        );
    }

    #[test]
    fn children_fit_in_their_parent_and_nothing_is_lost() {
        for seed in 0..200 {
            let store = random_tree(seed, 2 + seed as usize % 80);
            for weight in [Weight::Duration, Weight::SelfTime, Weight::CriticalPath] {
                let tree = tree(&store, weight);
                let count: u32 = tree.nodes.iter().map(|node| node.count).sum();
                assert_eq!(count as usize, store.span_count());
                for (i, node) in (0_u32..).zip(&tree.nodes) {
                    let below: Vec<u64> =
                        tree.children(Some(i)).map(|child| tree.nodes[child as usize].width).collect();
                    assert!(below.iter().sum::<u64>() <= node.width, "seed {seed}, {weight:?}");
                    assert!(below.is_sorted_by(|a, b| a >= b), "seed {seed}, {weight:?}");
                }
                let path = critical_path(&store, TRACE, Policy::Tolerant);
                if weight == Weight::CriticalPath {
                    let length: u64 = path.sections().iter().map(|section| section.end - section.start).sum();
                    assert_eq!(tree.width(), length, "seed {seed}");
                }
            }
        }
    }

    #[test]
    fn deep() {
        let tree = tree(&chain(100_000), Weight::Duration);
        assert_eq!((tree.nodes.len(), tree.width()), (100_000, 200_000));
    }
}
