//! Where failures began.

use store::{TraceIdx, TraceStore};

use crate::Places;

/// What a span has to do with a failure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ErrorMark {
    /// Its status is not ERROR.
    #[default]
    None,
    /// ERROR, and nothing below it is: here it began.
    Origin,
    /// ERROR, and something below it is too: it passed through.
    Through,
}

/// The mark of each span, by place.
#[expect(clippy::indexing_slicing, reason = "a parent stands in the trace of its child")]
pub fn error_marks(store: &TraceStore, trace: TraceIdx) -> Vec<ErrorMark> {
    let places = Places::of(store, trace);
    let mut marks = vec![ErrorMark::None; places.len()];
    let mut error_below = vec![false; places.len()];
    for span in places.spans().rev() {
        let at = places.place(span);
        let is_error = store.is_error(span);
        marks[at] = match (is_error, error_below[at]) {
            (false, _) => ErrorMark::None,
            (true, false) => ErrorMark::Origin,
            (true, true) => ErrorMark::Through,
        };
        if let Some(parent) = store.parent(span) {
            error_below[places.place(parent)] |= is_error | error_below[at];
        }
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::store;

    /// One letter a span: `.` none, `o` origin, `t` through.
    fn check(trace: &str, expected: &str) {
        let marks = error_marks(&store(trace), TraceIdx(0));
        let letters: String = marks
            .iter()
            .map(|mark| match mark {
                ErrorMark::None => '.',
                ErrorMark::Origin => 'o',
                ErrorMark::Through => 't',
            })
            .collect();
        assert_eq!(letters, expected, "{trace}");
    }

    #[test]
    fn an_error_passes_through_spans_that_did_not_notice() {
        check(
            "
            a       |========| error
              b     |=====   |
                c   |  ==    | error
                  d |  =     |
              e     |     == | error",
            "t.o.o",
        );
    }

    #[test]
    fn no_error_no_mark() {
        check(
            "
            a   |===|
              b | = |",
            "..",
        );
    }
}
