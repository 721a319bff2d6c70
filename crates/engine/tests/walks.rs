//! Any folding and walking: rows are what a naive reading of the folded spans says.

#![expect(clippy::panic, clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use common::{ask, load, open, otlp};
use engine::{Engine, Fold, Request, Response, RowsInfo, StepAmong};
use proptest::prelude::*;
use store::{SpanIdx, TraceStore};

const SPANS: u32 = 60;

/// Visible spans: those above which nothing is folded.
fn visible(store: &TraceStore, folded: &[u32]) -> Vec<u32> {
    let hides = |above: SpanIdx, span: u32| above.0 < span && span < store.subtree_end(above).0;
    (0..SPANS).filter(|&span| !folded.iter().any(|&above| hides(SpanIdx(above), span))).collect()
}

fn check(store: &TraceStore, request: &Request, info: &RowsInfo) -> Result<(), TestCaseError> {
    let rows = visible(store, &info.folded);
    prop_assert_eq!(info.total as usize, rows.len(), "{:?}", request);
    prop_assert_eq!(info.row.map(|row| rows[row as usize]), info.span, "{:?}", request);
    for &span in &info.folded {
        prop_assert!(store.has_children(SpanIdx(span)), "a leaf is folded");
    }
    match *request {
        Request::Reveal { span, .. } => prop_assert_eq!(info.span, Some(span)),
        Request::Step { among: StepAmong::Matches | StepAmong::Errors, .. } => {
            prop_assert_eq!(info.ordinal.is_some(), info.span.is_some());
            prop_assert!(info.ordinal.is_none_or(|(place, count)| 1 <= place && place <= count));
        }
        Request::Fold { fold: Fold::OpenAll, .. } => prop_assert_eq!(info.total, SPANS),
        _ => {}
    }
    Ok(())
}

fn requests() -> impl Strategy<Value = Request> {
    let span = 0..SPANS;
    let fold = prop_oneof![
        span.clone().prop_map(Fold::Toggle),
        span.clone().prop_map(Fold::CloseSubtree),
        span.clone().prop_map(Fold::OpenSubtree),
        Just(Fold::CloseLevel),
        Just(Fold::OpenLevel),
        Just(Fold::CloseAll),
        Just(Fold::OpenAll),
        prop::collection::vec(0..SPANS * 2, 0..9).prop_map(Fold::Set),
    ];
    let among = prop_oneof![Just(StepAmong::Rows), Just(StepAmong::Matches), Just(StepAmong::Errors)];
    let step = (prop::option::of(span.clone()), prop_oneof![-3..=3, Just(i32::MIN), Just(i32::MAX)], among);
    prop_oneof![
        3 => fold.prop_map(|fold| Request::Fold { trace: 0, fold }),
        1 => span.prop_map(|span| Request::Reveal { trace: 0, span }),
        2 => step.prop_map(|(from, by, among)| Request::Step { trace: 0, from, by, among }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rows_follow_the_folding(seed in any::<u64>(), walk in prop::collection::vec(requests(), 1..30)) {
        let (mut engine, opened) = open(&otlp(|sink| fixtures::random_tree(seed, SPANS as usize).feed(sink)));
        prop_assert_eq!(opened.map(|opened| (opened.span_count, opened.trace_count)), Ok((u64::from(SPANS), 1)));
        ask!(engine, Request::Search { text: "1".to_owned(), trace: None }, Matches);
        for request in walk {
            let info = ask!(engine, request.clone(), Rows);
            check(engine.store().unwrap(), &request, &info)?;
        }
    }

    #[test]
    fn files_may_come_in_any_chunks(seed in any::<u64>(), size in 1_usize..5_000) {
        let file = otlp(|sink| fixtures::random_tree(seed, 20).feed(sink));
        let summary = |size: usize| {
            let mut engine = Engine::new();
            let opened = matches!(load(&mut engine, false, &[("file", &file)], size), Response::Opened(_));
            (opened, ask!(engine, Request::Summary, Json))
        };
        prop_assert_eq!(summary(size), summary(usize::MAX));
    }
}
