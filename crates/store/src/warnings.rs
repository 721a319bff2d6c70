//! Counting what was odd.

use otel::{Warning, WarningKind};

/// How often something was odd, and the first case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WarningCount {
    /// What.
    pub kind: WarningKind,
    /// How often.
    pub count: u64,
    /// The first case, in words.
    pub example: String,
    /// Byte offset of the first case in its (decompressed) input.
    pub offset: Option<u64>,
}

/// Warnings by kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Warnings {
    counts: Vec<WarningCount>,
}

impl Warnings {
    /// Counts one.
    pub fn add(&mut self, warning: Warning) {
        self.add_many(warning.kind, 1, warning.offset, || warning.detail);
    }

    /// Counts `count` of one kind. `example` is asked only for the first.
    pub fn add_many(
        &mut self,
        kind: WarningKind,
        count: u64,
        offset: Option<u64>,
        example: impl FnOnce() -> String,
    ) {
        if count == 0 {
            return;
        }
        if let Some(known) = self.counts.iter_mut().find(|known| known.kind == kind) {
            known.count += count;
        } else {
            self.counts.push(WarningCount { kind, count, example: example(), offset });
        }
    }

    /// How often `kind` was seen.
    pub fn count(&self, kind: WarningKind) -> u64 {
        self.counts.iter().find(|known| known.kind == kind).map_or(0, |known| known.count)
    }

    /// All, most serious kind first (the order of [`WarningKind::ALL`]).
    pub fn iter(&self) -> impl Iterator<Item = &WarningCount> {
        WarningKind::ALL.iter().filter_map(|kind| self.counts.iter().find(|known| known.kind == *kind))
    }

    /// Was nothing odd?
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }
}
