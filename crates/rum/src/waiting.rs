//! Spans whose trace was not sampled when it began, until their interaction ends and shows whether it is worth keeping.

use alloc::vec::Vec;

use crate::log::Records;
use crate::record::{Facts, KEPT_FOR_ERROR, KEPT_FOR_SLOW, ROOT};

/// What is kept of the interactions that were not sampled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TailPolicy {
    /// Those with a span whose status is an error.
    pub errors: bool,
    /// Those whose root took longer, in nanoseconds.
    pub slower_than: Option<u64>,
}

impl TailPolicy {
    /// Is anything kept at all?
    pub(crate) fn keeps(self) -> bool {
        self.errors || self.slower_than.is_some()
    }
}

/// Groups whose end is remembered, for spans that come late.
const REMEMBERED: usize = 64;

#[derive(Clone, Copy, Debug)]
struct Group {
    id: u32,
    /// Bits for the record of the root, if all are kept.
    why: u8,
}

/// What waits, oldest first, each with the number of its group in 4 bytes in front.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    bytes: Vec<u8>,
    spans: u32,
    open: Vec<Group>,
    ended: Vec<Group>,
}

impl Waiting {
    pub(crate) fn spans(&self) -> u32 {
        self.spans
    }

    /// Bytes they take.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Why a span of a group that has ended is kept; 0: it is not. `None`: the group has not ended.
    pub(crate) fn ended(&self, group: u32) -> Option<u8> {
        self.ended.iter().find(|it| it.id == group).map(|it| it.why)
    }

    pub(crate) fn oldest(&self) -> Option<u32> {
        self.open.first().map(|it| it.id)
    }

    pub(crate) fn add(&mut self, facts: &Facts, record: &[u8], policy: TailPolicy) {
        let slow = facts.root && policy.slower_than.is_some_and(|limit| facts.duration > limit);
        let why = if policy.errors && facts.error {
            KEPT_FOR_ERROR
        } else if slow {
            KEPT_FOR_SLOW
        } else {
            0
        };
        match self.open.iter_mut().find(|it| it.id == facts.group) {
            Some(group) => group.why |= why,
            None => self.open.push(Group { id: facts.group, why }),
        }
        self.bytes.extend_from_slice(&(record.len() as u32 + 4).to_le_bytes());
        self.bytes.extend_from_slice(&facts.group.to_le_bytes());
        self.bytes.extend_from_slice(record);
        self.spans += 1;
    }

    /// Ends a group: gives its spans away if they are worth keeping, or if not, says how many there were.
    pub(crate) fn end(&mut self, id: u32, drop: bool, keep: &mut dyn FnMut(&[u8], u8)) -> usize {
        let mut why = 0;
        if let Some(at) = self.open.iter().position(|it| it.id == id) {
            let group = self.open.remove(at);
            // An error tells more than that it took long.
            why = if group.why & KEPT_FOR_ERROR == 0 { group.why } else { KEPT_FOR_ERROR };
        }
        if drop {
            why = 0;
        }
        if self.ended.len() == REMEMBERED {
            self.ended.remove(0);
        }
        self.ended.push(Group { id, why });
        let mut dropped = 0;
        let all = core::mem::take(&mut self.bytes);
        for framed in Records::of(&all) {
            let Some((group, record)) = framed.split_first_chunk() else { continue };
            if u32::from_le_bytes(*group) != id {
                self.bytes.extend_from_slice(&(framed.len() as u32).to_le_bytes());
                self.bytes.extend_from_slice(framed);
                continue;
            }
            self.spans -= 1;
            if why == 0 {
                dropped += 1;
            } else {
                keep(record, mark(record, why));
            }
        }
        dropped
    }
}

/// The root says why it was kept.
pub(crate) fn mark(record: &[u8], why: u8) -> u8 {
    if record.first().is_some_and(|bits| bits & ROOT != 0) { why } else { 0 }
}
