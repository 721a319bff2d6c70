//! What formats without ids and wall clocks are given instead.

use otel::{KeyValue, TraceId, UnixNanos};

/// On spans that stand for a thread or a profile, and are nowhere in the file.
pub(super) fn synthetic() -> KeyValue<'static> {
    KeyValue::new("flamefall.synthetic", true)
}

/// On spans that began, and of whose end the file says nothing.
pub(super) fn unfinished() -> KeyValue<'static> {
    KeyValue::new("flamefall.unfinished", true)
}

/// Makes a trace id of what is in the trace: the same file gives the same id, everywhere.
#[derive(Debug, Default)]
pub(super) struct Fingerprint {
    high: u64,
    low: u64,
}

impl Fingerprint {
    pub(super) fn number(&mut self, number: i64) {
        // Odd constants of many bits (of PCG and of SplitMix64).
        self.high = (self.high.rotate_left(5) ^ number as u64).wrapping_mul(0x5851_F42D_4C95_7F2D);
        self.low = (self.low.rotate_left(29) ^ number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }

    pub(super) fn text(&mut self, text: &str) {
        for chunk in text.as_bytes().chunks(8) {
            let number = chunk.iter().fold(0, |number, byte| number << 8 | i64::from(*byte));
            self.number(number);
        }
    }

    pub(super) fn trace_id(&self) -> TraceId {
        TraceId((u128::from(self.high) << 64 | u128::from(self.low)).max(1))
    }
}

/// 1 January 2000: clocks that say less count from the start of a machine or a program.
const EARLIEST: i64 = 946_684_800_000_000_000;

/// Puts a file's nanoseconds on the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Clock {
    shift: i64,
}

impl Clock {
    /// `first` and `last`: the earliest and latest time of the file. `base`: where its times count from, if it says so. If
    /// it does not, and times are no wall clock's, the trace begins at zero; at one, if it is so long that it could be on
    /// the wall clock, where zero is no time.
    pub(super) fn new((first, last): (i64, i64), base: Option<i64>) -> Self {
        const LONG: i64 = 1_000_000_000_000_000;
        let shift = match base {
            Some(base) if first.checked_add(base).is_some_and(|first| first >= 0) => base,
            _ if first >= EARLIEST => 0,
            _ if last.saturating_sub(first) >= LONG => first.saturating_neg().saturating_add(1),
            _ => first.saturating_neg(),
        };
        Self { shift }
    }

    /// Start and end of a span. Two zeros would say that it has no times: a moment at zero is a nanosecond long.
    pub(super) fn span(self, start: i64, end: i64) -> (UnixNanos, UnixNanos) {
        let (start, end) = (self.at(start), self.at(end));
        (start, if end.0 == 0 { UnixNanos(1) } else { end })
    }

    pub(super) fn at(self, time: i64) -> UnixNanos {
        UnixNanos(u64::try_from(time.saturating_add(self.shift)).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks() {
        let check = |first, base, time, expected| {
            assert_eq!(Clock::new((first, first), base).at(time), UnixNanos(expected));
        };
        check(-75_000, None, -74_000, 1000);
        check(5, None, 7, 2);
        check(5, Some(EARLIEST), 7, EARLIEST as u64 + 7);
        check(EARLIEST, None, EARLIEST + 7, EARLIEST as u64 + 7);
        check(i64::MIN, None, 0, i64::MAX as u64);
        check(i64::MIN, Some(1), 0, i64::MAX as u64);
        check(5, Some(-10), 7, 2);
        assert_eq!(Clock::new((5, 5), None).span(5, 5), (UnixNanos(0), UnixNanos(1)));
        assert_eq!(Clock::new((5, 2_000_000_000_000_000), None).at(5), UnixNanos(1));
    }
}
