//! Oddities found while a value is decoded, kept back until the value is whole: a value cut off by the end of a
//! chunk is decoded again, and must not count twice.

use std::fmt;

use otel::{SpanSink, Warning, WarningKind};

#[derive(Debug, Default)]
pub struct Notes {
    /// Kinds the sink has had an example of.
    told: u32,
    /// Kinds that have an example in `pending`.
    worded: u32,
    /// Kind, where if not where the value is, words.
    pending: Vec<(WarningKind, Option<u64>, String)>,
}

fn bit(kind: WarningKind) -> u32 {
    1 << (kind as u32)
}

impl Notes {
    /// The words are only put together for the first of a kind: files with a million oddities exist.
    #[cold]
    pub fn add(&mut self, kind: WarningKind, detail: fmt::Arguments<'_>) {
        self.add_at(None, kind, detail);
    }

    #[cold]
    pub fn add_at(&mut self, offset: Option<u64>, kind: WarningKind, detail: fmt::Arguments<'_>) {
        let first = (self.told | self.worded) & bit(kind) == 0;
        self.worded |= bit(kind);
        self.pending.push((kind, offset, if first { detail.to_string() } else { String::new() }));
    }

    #[cold]
    pub fn wrong_type(&mut self, field: &str, expected: &str, found: &str) {
        self.add(WarningKind::WrongType, format_args!("{field} is {found}; expected {expected}"));
    }

    /// How many wait to be told.
    #[inline]
    pub(crate) fn count(&self) -> usize {
        self.pending.len()
    }

    #[inline]
    pub fn forget(&mut self) {
        self.pending.clear();
        self.worded = 0;
    }

    #[inline]
    pub fn tell(&mut self, sink: &mut dyn SpanSink, offset: u64) {
        if !self.pending.is_empty() {
            self.tell_all(sink, offset);
        }
    }

    #[cold]
    fn tell_all(&mut self, sink: &mut dyn SpanSink, offset: u64) {
        self.told |= self.worded;
        self.worded = 0;
        for (kind, own, detail) in self.pending.drain(..) {
            sink.warn(Warning { kind, offset: own.or(Some(offset)), detail });
        }
    }
}
