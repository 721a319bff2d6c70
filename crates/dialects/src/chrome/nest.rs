//! Which beginning an end belongs to, and what encloses what, one track at a time.

use std::cmp::Reverse;

use rustc_hash::FxHashMap;

use super::trace::{Event, NONE, Phase};
use crate::packed::Name;

/// How many open spans an end may look through for its beginning: nested code ends inside out.
const REACH: usize = 1024;

/// Times are written in whole microseconds, each rounded for itself: an end may lie that far after its parent's.
const ROUNDING: i64 = 1000;

/// What did not match, counted. The first row of each kind is an example.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Mismatches {
    /// Ends without a beginning: they are left out.
    pub(super) ends: Vec<u32>,
    /// Beginnings without an end: they last as long as the file.
    pub(super) beginnings: Vec<u32>,
    /// Ends that have another name than what they end.
    pub(super) names: Vec<u32>,
    /// Spans that begin in another one and end after it: they stand beside it.
    pub(super) overlaps: Vec<u32>,
}

/// Pairs and nests. Lists are kept between tracks for their memory.
#[derive(Debug, Default)]
pub(super) struct Nest {
    stack: Vec<u32>,
    /// How many ends of each name are still to come.
    ends: FxHashMap<Name, u32>,
    spots: Vec<u32>,
    pub(super) mismatches: Mismatches,
}

fn event(events: &[Event], row: u32) -> Event {
    events.get(row as usize).copied().unwrap_or_default()
}

fn edit(events: &mut [Event], row: u32, change: impl FnOnce(&mut Event)) {
    if let Some(event) = events.get_mut(row as usize) {
        change(event);
    }
}

impl Nest {
    /// `rows`: of one track, in order of time; where times are equal, in order of the file. `last`: the file's last
    /// moment.
    pub(super) fn track(&mut self, events: &mut [Event], rows: &[u32], last: i64) {
        self.pair(events, rows, last);
        self.enclose(events, rows);
    }

    fn pair(&mut self, events: &mut [Event], rows: &[u32], last: i64) {
        self.stack.clear();
        self.ends.clear();
        for &row in rows {
            let end = event(events, row);
            if end.phase == Phase::End {
                *self.ends.entry(end.name).or_default() += 1;
            }
        }
        // Ends that came before anything they could end; the last of them may have been written too early.
        let unmatched = self.mismatches.ends.len();
        for &row in rows {
            let it = event(events, row);
            match it.phase {
                Phase::Begin => {
                    let ends = self.mismatches.ends.get(unmatched..).unwrap_or_default();
                    let ends = ends.iter().rev().map(|end| event(events, *end)).take(REACH);
                    let early = ends.take_while(|end| end.ts == it.ts).position(|end| end.name == it.name);
                    match early.filter(|_| it.name != Name::default()) {
                        Some(back) => {
                            let place = self.mismatches.ends.len() - 1 - back;
                            let end = self.mismatches.ends.remove(place);
                            close(events, row, it.ts, end);
                        }
                        None => self.stack.push(row),
                    }
                }
                Phase::End => self.end(events, row, it),
                _ => {}
            }
        }
        for &row in &self.stack {
            unfinished(events, row, last);
        }
        self.mismatches.beginnings.append(&mut self.stack);
    }

    fn end(&mut self, events: &mut [Event], row: u32, end: Event) {
        if let Some(count) = self.ends.get_mut(&end.name) {
            *count -= 1;
        }
        let names = |row: &u32| event(events, *row).name;
        let top = self.stack.last().map(names);
        if end.name == Name::default() || top == Some(end.name) {
            match self.stack.pop() {
                Some(begin) => close(events, begin, end.ts, row),
                None => self.mismatches.ends.push(row),
            }
            return;
        }
        let from = self.stack.len().saturating_sub(REACH);
        let reached = self.stack.get(from..).unwrap_or_default();
        if let Some(place) = reached.iter().rposition(|row| names(row) == end.name) {
            // What stands above either ends later, or was left with this one.
            let above = self.stack.split_off(from + place);
            for (place, begin) in above.into_iter().enumerate() {
                if place == 0 {
                    close(events, begin, end.ts, row);
                } else if self.is_awaited(event(events, begin).name) {
                    self.stack.push(begin);
                } else {
                    unfinished(events, begin, end.ts);
                    self.mismatches.beginnings.push(begin);
                }
            }
            return;
        }
        // The end of something else, unless nothing else will end what is open.
        match self.stack.pop_if(|begin| self.ends.get(&event(events, *begin).name).is_none_or(|n| *n == 0)) {
            Some(begin) => {
                close(events, begin, end.ts, row);
                self.mismatches.names.push(row);
            }
            None => self.mismatches.ends.push(row),
        }
    }

    /// Is an end of this name still to come?
    fn is_awaited(&self, name: Name) -> bool {
        self.ends.get(&name).is_some_and(|count| *count > 0)
    }

    /// Sets every span's and point's innermost span.
    fn enclose(&mut self, events: &mut [Event], rows: &[u32]) {
        self.stack.clear();
        self.spots.clear();
        self.spots.extend(rows.iter().filter(|row| event(events, **row).phase != Phase::End));
        // At one moment: flows that lead to what begins next, spans from the longest on, points.
        self.spots.sort_by_key(|row| {
            let it = event(events, *row);
            match it.phase {
                Phase::FlowToNext => (it.ts, 0, Reverse(0)),
                Phase::Begin | Phase::Complete => (it.ts, 1, Reverse(it.end)),
                _ => (it.ts, 2, Reverse(0)),
            }
        });
        let mut waiting = 0;
        for place in 0..self.spots.len() {
            let Some(&row) = self.spots.get(place) else { break };
            let it = event(events, row);
            if !it.is_span() {
                while let Some(&top) = self.stack.last()
                    && event(events, top).end < it.ts
                {
                    self.stack.pop();
                }
                let parent = self.stack.last().copied().unwrap_or(NONE);
                edit(events, row, |it| it.parent = parent);
                continue;
            }
            for &flow in self.spots.get(waiting..place).unwrap_or_default() {
                if event(events, flow).phase == Phase::FlowToNext {
                    edit(events, flow, |it| it.parent = row);
                }
            }
            waiting = place + 1;
            let mut overlaps = false;
            while let Some(&top) = self.stack.last() {
                let parent = event(events, top);
                if holds(top, parent, row, it) {
                    break;
                }
                overlaps |= it.ts < parent.end;
                self.stack.pop();
            }
            if overlaps {
                self.mismatches.overlaps.push(row);
            }
            let parent = self.stack.last().copied().unwrap_or(NONE);
            edit(events, row, |it| it.parent = parent);
            self.stack.push(row);
        }
    }
}

fn close(events: &mut [Event], begin: u32, at: i64, end: u32) {
    edit(events, begin, |event| {
        event.end = at;
        event.mate = end;
    });
}

fn unfinished(events: &mut [Event], begin: u32, at: i64) {
    edit(events, begin, |event| {
        event.end = at.max(event.ts);
        event.is_unfinished = true;
    });
}

/// Does a span lie within one that began no later? Ends are outside, unless the order of the file says otherwise.
fn holds(parent_row: u32, parent: Event, row: u32, child: Event) -> bool {
    let by_time = child.ts < parent.end && child.end <= parent.end.saturating_add(ROUNDING);
    let by_order = child.ts == parent.end
        && child.end == parent.end
        && parent.mate != NONE
        && parent_row < row
        && row < parent.mate;
    by_time || by_order || parent.is_unfinished && child.end <= parent.end
}
