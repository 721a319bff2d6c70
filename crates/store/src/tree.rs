//! Parents from ids: one trace's rows to a forest in preorder. No recursion, whatever the depth.

use crate::numbers::{Table, hash_of};
use crate::sort::sort_by_number;
use crate::spans::SpanFlags;

/// No row.
pub(crate) const NONE: u32 = u32::MAX;

/// One trace's spans in preorder. All columns have one entry a span.
#[derive(Debug, Default)]
pub(crate) struct Forest {
    /// The row that stands here.
    pub(crate) row: Vec<u32>,
    /// Place of the parent, or [`NONE`].
    pub(crate) parent: Vec<u32>,
    /// Place after the last descendant.
    pub(crate) subtree_end: Vec<u32>,
    /// 0 for roots.
    pub(crate) depth: Vec<u32>,
    pub(crate) flags: Vec<SpanFlags>,
}

/// What is known of a row. Zero means absent, for ids.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seed {
    pub(crate) id: u64,
    pub(crate) parent: u64,
    /// As written; where it is missing, the end, or zero.
    pub(crate) start: u64,
    pub(crate) start_is_missing: bool,
}

#[expect(
    clippy::indexing_slicing,
    reason = "every place below is a row number, and all columns have one entry a row"
)]
#[inline(never)]
pub(crate) fn plant(seeds: &mut [Seed]) -> Forest {
    let n = seeds.len();
    let mut flags_of_row = vec![SpanFlags::default(); n];
    let mut parent_of_row = find_parents(seeds, &mut flags_of_row);
    // Before sorting, so that siblings are in order of the starts that are shown. A missing start is the parent's,
    // but not after the own end.
    for row in 0..n {
        let parent = parent_of_row[row];
        if seeds[row].start_is_missing && parent != NONE && !seeds[parent as usize].start_is_missing {
            let of_parent = seeds[parent as usize].start;
            let seed = &mut seeds[row];
            seed.start = if seed.start == 0 { of_parent } else { of_parent.min(seed.start) };
        }
    }
    let seeds = &*seeds;

    // By start time, then arrival: so children come out sorted from one pass, and real input is nearly sorted already.
    let mut by_start: Vec<u32> = (0..n as u32).collect();
    sort_by_number(&mut by_start, |&row| seeds[row as usize].start);

    // Children of each row, as ranges of one vector.
    let mut first_child = vec![0_u32; n + 1];
    for &parent in &parent_of_row {
        if parent != NONE {
            first_child[parent as usize + 1] += 1;
        }
    }
    for i in 0..n {
        first_child[i + 1] += first_child[i];
    }
    let mut children = vec![0_u32; first_child[n] as usize];
    let mut fill = first_child.clone();
    for &row in &by_start {
        let parent = parent_of_row[row as usize];
        if parent != NONE {
            children[fill[parent as usize] as usize] = row;
            fill[parent as usize] += 1;
        }
    }

    let mut forest = Forest {
        row: Vec::with_capacity(n),
        parent: Vec::with_capacity(n),
        subtree_end: Vec::new(),
        depth: Vec::with_capacity(n),
        flags: Vec::with_capacity(n),
    };
    let mut planted = vec![false; n];
    // Row, place of its parent, depth.
    let mut pending: Vec<(u32, u32, u32)> = Vec::new();
    let mut grow = |forest: &mut Forest, flags: &[SpanFlags], planted: &mut [bool], root: u32| {
        pending.push((root, NONE, 0));
        while let Some((row, parent, depth)) = pending.pop() {
            let row_at = row as usize;
            // The link that closed a circle is still among the children.
            if planted[row_at] {
                continue;
            }
            planted[row_at] = true;
            let place = forest.row.len() as u32;
            forest.row.push(row);
            forest.parent.push(parent);
            forest.depth.push(depth);
            forest.flags.push(flags[row_at]);
            let of_row = first_child[row_at] as usize..first_child[row_at + 1] as usize;
            pending.extend(children[of_row].iter().rev().map(|&child| (child, place, depth + 1)));
        }
    };
    for &row in &by_start {
        if parent_of_row[row as usize] == NONE {
            grow(&mut forest, &flags_of_row, &mut planted, row);
        }
    }
    // What no root reaches hangs on a circle. The earliest span of each circle becomes a root.
    if forest.row.len() < n {
        let mut visited = vec![0_u32; n];
        for (stamp, &row) in (1_u32..).zip(&by_start) {
            if planted[row as usize] {
                continue;
            }
            let mut walker = row;
            while visited[walker as usize] != stamp {
                visited[walker as usize] = stamp;
                walker = parent_of_row[walker as usize];
            }
            let on_circle = walker;
            let mut earliest = on_circle;
            walker = parent_of_row[on_circle as usize];
            while walker != on_circle {
                if seeds[walker as usize].start < seeds[earliest as usize].start {
                    earliest = walker;
                }
                walker = parent_of_row[walker as usize];
            }
            flags_of_row[earliest as usize].insert(SpanFlags::CYCLE);
            parent_of_row[earliest as usize] = NONE;
            grow(&mut forest, &flags_of_row, &mut planted, earliest);
        }
    }

    forest.subtree_end = vec![0; n];
    for place in (0..n).rev() {
        let end = forest.subtree_end[place].max(place as u32 + 1);
        forest.subtree_end[place] = end;
        let parent = forest.parent[place];
        if parent != NONE {
            let of_parent = &mut forest.subtree_end[parent as usize];
            *of_parent = (*of_parent).max(end);
        }
    }
    forest
}

/// The parent row of each row. Where several rows have the same id, the first is the parent.
#[expect(clippy::indexing_slicing, reason = "row numbers, as above")]
fn find_parents(seeds: &[Seed], flags: &mut [SpanFlags]) -> Vec<u32> {
    let mut row_of_id = Table::default();
    row_of_id.reserve(seeds.len());
    let find = |table: &Table, hash, id| table.find(hash, |row| seeds[row as usize].id == id);
    for (row, seed) in seeds.iter().enumerate() {
        if seed.id == 0 {
            flags[row].insert(SpanFlags::NO_ID);
            continue;
        }
        let hash = hash_of(&seed.id);
        match find(&row_of_id, hash, seed.id) {
            Some(_) => flags[row].insert(SpanFlags::DUPLICATE_ID),
            None => row_of_id.add(hash, row as u32),
        }
    }
    let mut parents = Vec::with_capacity(seeds.len());
    for (row, seed) in seeds.iter().enumerate() {
        let parent = match find(&row_of_id, hash_of(&seed.parent), seed.parent) {
            _ if seed.parent == 0 => NONE,
            Some(parent) => parent,
            None => {
                flags[row].insert(SpanFlags::ORPHAN);
                NONE
            }
        };
        parents.push(parent);
    }
    parents
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows as `id<parent@start`, in order of arrival; expected as an indented drawing of ids and flags.
    fn check(rows: &str, expected: &str) {
        let mut seeds: Vec<Seed> = rows
            .split_whitespace()
            .map(|row| {
                let (ids, start) = row.split_once('@').unwrap();
                let (id, parent) = ids.split_once('<').unwrap_or((ids, "0"));
                Seed {
                    id: id.parse().unwrap(),
                    parent: parent.parse().unwrap(),
                    start: start.parse().unwrap(),
                    start_is_missing: false,
                }
            })
            .collect();
        let forest = plant(&mut seeds);
        let drawn: Vec<String> = (0..seeds.len())
            .map(|place| {
                let indent = "  ".repeat(forest.depth[place] as usize);
                format!("{indent}{}{}", seeds[forest.row[place] as usize].id, forest.flags[place])
            })
            .collect();
        let expected: Vec<&str> =
            expected.lines().map(str::trim_end).filter(|line| !line.trim().is_empty()).collect();
        let margin = expected.first().map_or(0, |line| line.len() - line.trim_start().len());
        let expected: Vec<&str> = expected.iter().map(|line| line.get(margin..).unwrap_or(line)).collect();
        assert_eq!(drawn, expected, "{rows}");
        for place in 0..seeds.len() {
            let below = (place + 1..seeds.len())
                .take_while(|&other| forest.depth[other] > forest.depth[place])
                .count();
            assert_eq!(forest.subtree_end[place] as usize, place + 1 + below, "subtree of place {place}");
            if forest.parent[place] != NONE {
                assert_eq!(forest.depth[place], forest.depth[forest.parent[place] as usize] + 1);
            }
        }
    }

    #[test]
    fn children_by_start_then_arrival() {
        check(
            "3<1@30 2<1@20 1@10 4<2@25 5<1@20",
            "
            1
              2
                4
              5
              3",
        );
    }

    #[test]
    fn orphans_and_several_roots() {
        check(
            "1@10 2<9@5 3<2@6",
            "
            2 orphan
              3
            1",
        );
    }

    #[test]
    fn duplicate_and_missing_ids() {
        check(
            "1@1 1@2 2<1@3 0<1@4",
            "
            1
              2
              0 no id
            1 duplicate id",
        );
    }

    #[test]
    fn circles_are_cut_at_their_earliest_span() {
        check(
            "1<1@5 2<1@6",
            "
            1 cycle
              2",
        );
        check(
            "7@1 1<3@30 2<1@20 3<2@40 4<3@5 5<4@6",
            "
            7
            2 cycle
              3
                4
                  5
                1",
        );
    }

    #[test]
    fn deep_and_wide() {
        let seed = |id, parent, start| Seed { id, parent, start, start_is_missing: false };
        let mut deep: Vec<Seed> = (1..=100_000).map(|id| seed(id, id - 1, id)).collect();
        assert_eq!(plant(&mut deep).depth.last(), Some(&99_999));
        let mut wide: Vec<Seed> = (1..=100_000).map(|id| seed(id, u64::from(id > 1), 200_000 - id)).collect();
        let forest = plant(&mut wide);
        assert_eq!(forest.subtree_end[0], 100_000);
        assert_eq!((forest.row[0], forest.row[1]), (0, 99_999), "the last to arrive started first");
    }
}
