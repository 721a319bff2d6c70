//! The time-ordered flame graph: a lane for every span, so that nothing hides anything.
//!
//! ```text
//!   a |==================|      lane 0  aaaaaaaaaaaaaaaaaa
//!   b | =======          |           1   bbbbbbb eeeeee      e is free to go where b and c have ended
//!   c |   ====           |  b        2     cccc
//!   d |    =======       |  a        3      ddddddd          d overlaps b, so it goes below all that b has
//!   e |         ======   |  a
//! ```
//!
//! A span and all below it are one block: as high as its lanes, and as long as from its earliest start to its latest
//! end, also where work outlives the span that began it. The blocks of siblings are packed, by start, each to the lowest
//! run of free lanes it fits in, below the parent. So a box never stands between another box and its children.
//!
//! Rejected: packing boxes one by one. It is denser, but a span then ends up right below a stranger and reads as its
//! child. Rejected: putting a block on top of all that lies in its time. Siblings that each overlap the next, as a
//! worker pool's do, then climb one lane each, without end.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use store::{TraceIdx, TraceStore, sort_numbers};

use crate::Places;

/// The lane of each span.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lanes {
    /// By place; roots begin at 0, and a child is always below its parent.
    pub lane: Vec<u32>,
    /// The number of lanes.
    pub count: u32,
}

/// Time and height of a span with all below it.
#[derive(Clone, Copy, Debug)]
struct Block {
    start: u64,
    end: u64,
    height: u32,
}

/// Packs a trace. Two boxes of one lane never overlap, not even those without duration: they count as 1 ns long.
#[expect(clippy::indexing_slicing, reason = "children and parents stand in the trace")]
pub fn lanes(store: &TraceStore, trace: TraceIdx) -> Lanes {
    let places = Places::of(store, trace);
    let mut blocks: Vec<Block> = places
        .spans()
        .map(|span| {
            let start = store.start(span);
            Block { start, end: store.end(span).max(start.saturating_add(1)), height: 1 }
        })
        .collect();
    // Below the parent while packing, below the top at last.
    let mut lane = vec![0_u32; places.len()];
    let mut packer = Packer::default();
    let mut siblings: Vec<u32> = Vec::new();
    for span in places.spans().rev() {
        if !store.has_children(span) {
            continue;
        }
        siblings.extend(store.children(span).map(|child| places.place(child) as u32));
        let below = pack(&mut packer, &mut siblings, &blocks, &mut lane);
        let block = &mut blocks[places.place(span)];
        *block = Block {
            start: block.start.min(below.start),
            end: block.end.max(below.end),
            height: below.height + 1,
        };
    }
    siblings.extend(store.roots(trace).map(|root| places.place(root) as u32));
    let count = pack(&mut packer, &mut siblings, &blocks, &mut lane).height;
    for span in places.spans() {
        if let Some(parent) = store.parent(span) {
            lane[places.place(span)] += lane[places.place(parent)] + 1;
        }
    }
    Lanes { lane, count }
}

/// Packs `siblings` and empties the vector; tells what they are together.
#[expect(clippy::indexing_slicing, reason = "siblings are places of these vectors")]
fn pack(packer: &mut Packer, siblings: &mut Vec<u32>, blocks: &[Block], lane: &mut [u32]) -> Block {
    let mut all = Block { start: u64::MAX, end: 0, height: 0 };
    // The longer one first where two start together: it is the one to be read first.
    let key = |place: u32| (blocks[place as usize].start, Reverse(blocks[place as usize].end));
    sort_numbers(siblings, &|a, b| key(a).cmp(&key(b)));
    for place in siblings.drain(..).map(|place| place as usize) {
        let block = blocks[place];
        lane[place] = packer.place(block);
        all = Block { start: all.start.min(block.start), end: all.end.max(block.end), height: 0 };
    }
    all.height = packer.finish();
    all
}

/// Of free lanes: the first, and how many. One type, so that the library's code is there once.
type Runs = BTreeMap<u32, u32>;

/// Lanes in use at a moment that only moves on.
#[derive(Debug, Default)]
struct Packer {
    /// End, first lane and height of what is placed, the first to end on top.
    busy: BinaryHeap<Reverse<(u64, u32, u32)>>,
    /// Free runs below `top`: first lane and length; no two touch, and none touches `top`.
    runs: Runs,
    /// The same runs by the binary logarithm of the length.
    by_size: [Runs; 32],
    /// The lane from which all are free.
    top: u32,
    height: u32,
}

/// Runs that are looked at where some of them may be too short. Keeps the worst case from being every run for every
/// block; what it costs is that a block may come to stand higher up than it must.
const LOOK_AT: usize = 32;

impl Packer {
    /// The first lane of the block.
    fn place(&mut self, block: Block) -> u32 {
        while let Some(&Reverse((end, first, height))) = self.busy.peek()
            && end <= block.start
        {
            self.busy.pop();
            self.release(first, height);
        }
        let first = self.find(block.height).unwrap_or(self.top);
        if let Some(length) = self.remove(first) {
            self.insert(first + block.height, length - block.height);
        } else {
            self.top += block.height;
            self.height = self.height.max(self.top);
        }
        self.busy.push(Reverse((block.end, first, block.height)));
        first
    }

    /// The lowest free run that is long enough.
    fn find(&self, height: u32) -> Option<u32> {
        if self.runs.is_empty() {
            return None;
        }
        let size = height.ilog2() as usize;
        let mixed = self.by_size.get(size)?;
        let mixed = mixed.iter().take(LOOK_AT).find(|&(_, &length)| length >= height);
        let longer = self.by_size.iter().skip(size + 1).filter_map(Runs::first_key_value);
        longer.chain(mixed).map(|(&first, _)| first).min()
    }

    fn release(&mut self, first: u32, length: u32) {
        let (mut first, mut end) = (first, first + length);
        if let Some((&before, &length)) = self.runs.range(..first).next_back()
            && before + length == first
        {
            self.remove(before);
            first = before;
        }
        if let Some(length) = self.remove(end) {
            end += length;
        }
        if end == self.top {
            self.top = first;
        } else {
            self.insert(first, end - first);
        }
    }

    fn insert(&mut self, first: u32, length: u32) {
        if let Some(size) = length.checked_ilog2()
            && let Some(same) = self.by_size.get_mut(size as usize)
        {
            same.insert(first, length);
            self.runs.insert(first, length);
        }
    }

    fn remove(&mut self, first: u32) -> Option<u32> {
        let length = self.runs.remove(&first)?;
        if let Some(same) = self.by_size.get_mut(length.ilog2() as usize) {
            same.remove(&first);
        }
        Some(length)
    }

    /// Forgets all; tells how many lanes were needed.
    fn finish(&mut self) -> u32 {
        self.busy.clear();
        if !self.runs.is_empty() {
            self.runs.clear();
            self.by_size.iter_mut().for_each(Runs::clear);
        }
        self.top = 0;
        std::mem::take(&mut self.height)
    }
}

#[cfg(test)]
mod tests {
    use store::{SpanIdx, TraceStoreBuilder};

    use super::*;
    use crate::testing::{self, TRACE, chain, fan, random_tree};

    /// Do two boxes of one lane overlap, or does a child not stand below its parent?
    fn fault(store: &TraceStore, trace: TraceIdx, lanes: &Lanes) -> Option<(SpanIdx, SpanIdx)> {
        let places = Places::of(store, trace);
        let lane = |span| lanes.lane[places.place(span)];
        let mut boxes: Vec<SpanIdx> = places.spans().collect();
        boxes.sort_by_key(|&span| (lane(span), store.start(span)));
        let hidden = boxes
            .array_windows::<2>()
            .find(|[a, b]| lane(*a) == lane(*b) && store.end(*a).max(store.start(*a) + 1) > store.start(*b));
        let upside_down = places.spans().find_map(|span| {
            let parent = store.parent(span)?;
            (lane(span) <= lane(parent)).then_some((parent, span))
        });
        let outside = places.spans().find(|&span| lane(span) >= lanes.count).map(|span| (span, span));
        hidden.map(|&[a, b]| (a, b)).or(upside_down).or(outside)
    }

    /// The lane of each span, in preorder.
    fn check(picture: &str, expected: &[u32]) {
        let store = testing::store(picture);
        let lanes = lanes(&store, TRACE);
        assert_eq!(lanes.lane, expected, "{picture}");
        assert_eq!(lanes.count, expected.iter().max().map_or(0, |lane| lane + 1), "{picture}");
        assert_eq!(fault(&store, TRACE, &lanes), None, "{picture}");
    }

    #[test]
    fn a_call_stack() {
        check(
            "
            a     |===========|
              b   | ====      |
                c |  ==       |
              d   |     ===== |
                e |     ==    |
                f |       ==  |",
            &[0, 1, 2, 1, 2, 2],
        );
    }

    #[test]
    fn a_sibling_goes_below_all_of_the_one_it_overlaps() {
        check(
            "
            a     |===================|
              b   | =======           |
                c |   ====            |
              d   |    =======        |
              e   |         ======    |",
            &[0, 1, 2, 3, 1],
        );
    }

    #[test]
    fn siblings_that_each_overlap_the_next_share_two_lanes() {
        check(
            "
            a   |==============|
              b |====          |
              c |  ====        |
              d |    ====      |
              e |      ====    |
              f |        ====  |",
            &[0, 1, 2, 1, 2, 1],
        );
    }

    #[test]
    fn a_high_block_waits_for_enough_lanes() {
        check(
            "
            a     |==============|
              b   |====          |
              c   | =====        |
              d   |  =========   |
              e   |    =====     |
                f |     ===      |
              g   |      ==      |",
            &[0, 1, 2, 3, 4, 5, 1],
        );
        check(
            "
            a     |==============|
              b   |====          |
              c   | ===          |
              d   |  =========   |
              e   |    =====     |
                f |     ===      |",
            &[0, 1, 2, 3, 1, 2],
        );
    }

    #[test]
    fn work_that_outlives_its_parent() {
        check(
            "
            a     |========      |
              b   | ===          |
                c |   ======     |
              d   |     ===      |
              e   |         ===  |",
            &[0, 1, 2, 3, 1],
        );
        check(
            "
            a   |===         |
              b |      ====  |
            c   |    ===     |",
            &[0, 1, 2],
        );
    }

    #[test]
    fn without_duration() {
        check(
            "
            a   |=======|
              b |  .    |
              c |  .    |
              d |   ==  |",
            &[0, 1, 2, 1],
        );
    }

    #[test]
    fn no_box_hides_another() {
        for seed in 0..400 {
            let count = 2 + seed as usize % 60;
            let mut builder = TraceStoreBuilder::new();
            fixtures::random_tree(seed, count).feed(&mut builder);
            for store in [random_tree(seed, count), builder.seal()] {
                assert_eq!(fault(&store, TRACE, &lanes(&store, TRACE)), None, "seed {seed}");
            }
        }
    }

    #[test]
    fn deep_and_wide() {
        assert_eq!(lanes(&chain(100_000), TRACE).count, 100_000);
        assert_eq!(lanes(&fan(100_000, 50), TRACE).count, 51);
        assert_eq!(lanes(&fan(100_000, 50_000), TRACE).count, 50_001);
    }
}
