use scene::{
    Hit, MarkKind, Op, RowState, Viewport, WaterfallRequest, WaterfallSlice, ellipsize, pinned_height,
    waterfall_hit, waterfall_layout, waterfall_slice,
};

use crate::picture::picture;
use crate::world::{MEASURE, MS, TRACE, World, chain, checkout, wide};

fn slice(world: &World, viewport: &Viewport) -> WaterfallSlice {
    let (first, last) = viewport.rows();
    let request = WaterfallRequest {
        first_row: first,
        row_count: last - first,
        start: viewport.start,
        end: viewport.end,
        px: viewport.plot_width(),
    };
    waterfall_slice(&world.store, TRACE, world, &world.rows, &request)
}

fn check(name: &str, world: &World, viewport: &Viewport, state: &RowState) {
    let list = waterfall_layout(&slice(world, viewport), viewport, state, &mut MEASURE.clone());
    picture(name, &list, viewport.width, viewport.height);
    insta::assert_snapshot!(name, list);
}

#[test]
fn tiny() {
    let world = World::new(
        "
        shop GET / 0..100ms
          db SELECT 20..80ms
        ",
    );
    check("tiny", &world, &world.viewport(1000.0, 60.0), &RowState::default());
}

#[test]
fn errors_events_and_work_after_the_end() {
    let mut world = checkout();
    world.search = Some("Re");
    let mut viewport = world.viewport(1040.0, 480.0);
    viewport.end *= 1.012;
    let state = RowState {
        selected: Some(world.span("POST /v1/charges").0),
        hovered: Some(world.span("Quote").0),
        cursor_time: Some(640.0 * MS),
    };
    check("checkout", &world, &viewport, &state);
}

/// A trace with log records and exemplars: millisecond, span, severity and body; millisecond, span and value.
fn logged(logs: &[(u64, u64, u64, &'static str)], exemplars: &[(u64, u64, f64)]) -> World {
    let text = "
        shop GET / 0..100ms @20ms:event
          db SELECT 20..60ms
        ";
    World::fed(|sink| {
        fixtures::trace(text).feed(sink);
        let (resource, scope) = (sink.open_resource(), sink.open_scope());
        let at = |millis: u64| otel::UnixNanos(fixtures::BASE.0 + millis * 1_000_000);
        for &(millis, span, severity, body) in logs {
            let log = otel::LogRow {
                trace_id: otel::TraceId(1),
                span_id: otel::SpanId(span),
                time: at(millis),
                severity: otel::Severity::from_number(severity).unwrap(),
                body: body.into(),
                ..otel::LogRow::default()
            };
            sink.log(resource, scope, &log);
        }
        for &(millis, span, value) in exemplars {
            let exemplar = otel::ExemplarRow {
                metric: "db.client.operation.duration".into(),
                unit: "s".into(),
                trace_id: otel::TraceId(1),
                span_id: otel::SpanId(span),
                time: at(millis),
                value: value.into(),
                ..otel::ExemplarRow::default()
            };
            sink.exemplar(resource, scope, &exemplar);
        }
    })
}

#[test]
fn log_records_and_exemplars() {
    let world = logged(
        &[
            (10, 1, 9, "begins"),
            (30, 2, 13, "slow"),
            (40, 2, 17, "deadlock"),
            (70, 2, 9, "after the end"),
            (80, 0, 21, "of no span: the root's"),
        ],
        &[(58, 2, 0.04), (90, 99, 0.1)],
    );
    let viewport = world.viewport(1000.0, 60.0);
    check("signals", &world, &viewport, &RowState::default());
    let slice = slice(&world, &viewport);
    let told = |row: usize| {
        let marks = slice.rows[row].events.iter();
        marks
            .map(|mark| format!("{:?} {} {} {}", mark.kind, mark.time / MS, mark.error, mark.text))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        told(0),
        [
            "Log 10 false INFO begins",
            "Event 20 false ",
            "Log 80 true FATAL of no span: the root's",
            "Exemplar 90 false db.client.operation.duration 0.1 s",
        ]
    );
    assert_eq!(
        told(1),
        [
            "Log 30 false WARN slow",
            "Log 40 true ERROR deadlock",
            "Exemplar 58 false db.client.operation.duration 0.04 s",
            "Log 70 false INFO after the end",
        ]
    );
    let hit =
        |millis: f64, row: f64| waterfall_hit(&slice, &viewport, viewport.x(millis * MS), (row + 0.5) * 26.0);
    assert_eq!(hit(80.0, 0.0), Hit::Event(0, 2));
    assert_eq!(hit(40.0, 1.0), Hit::Event(1, 1));
    assert_eq!(hit(58.0, 1.0), Hit::Event(1, 2));
    assert_eq!(hit(50.0, 1.0), Hit::Bar(1));
}

/// Those of a kind that are less than a pixel apart are one mark, which speaks of the first error.
#[test]
fn near_log_records_are_one_mark() {
    let world =
        logged(&[(10, 1, 9, "a"), (10, 1, 17, "b"), (10, 1, 18, "c"), (20, 1, 9, "d")], &[(10, 1, 1.0)]);
    let slice = slice(&world, &world.viewport(1000.0, 60.0));
    let marks: Vec<_> =
        slice.rows[0].events.iter().map(|mark| (mark.kind, mark.count, mark.text.as_str())).collect();
    assert_eq!(
        marks,
        [
            (MarkKind::Log, 3, "ERROR b"),
            (MarkKind::Exemplar, 1, "db.client.operation.duration 1 s"),
            (MarkKind::Event, 1, ""),
            (MarkKind::Log, 1, "INFO d"),
        ]
    );
}

#[test]
fn folded_rows_tell_how_many_they_hide_and_that_something_failed() {
    let mut world = checkout();
    let span = world.span("PlaceOrder");
    world.rows.toggle(&world.store, span);
    check("folded", &world, &world.viewport(1040.0, 80.0), &RowState::default());
}

#[test]
fn repaired_spans_look_so() {
    let world = World::new(
        "
        shop GET / 0..100ms
          shop never ends 20ms..?
        cart lost its parent 40..90ms parent=77
        -    \"\" 50..50ms
        ",
    );
    check("repaired", &world, &world.viewport(1000.0, 110.0), &RowState::default());
}

#[test]
fn a_deep_trace_keeps_room_for_names() {
    let world = World::of(&chain(1_000));
    let mut viewport = world.viewport(1000.0, 130.0);
    viewport.scroll = 26.0 * 998.0 - 130.0;
    check("deep", &world, &viewport, &RowState::default());
}

#[test]
fn ancestors_are_pinned() {
    let world = checkout();
    let mut viewport = world.viewport(1000.0, 300.0);
    // The first row below three pinned ones is TLS handshake.
    viewport.scroll = 26.0 * 5.0 + 10.0;
    check("pinned", &world, &viewport, &RowState::default());
}

#[test]
fn a_pinned_row_leaves_behind_the_one_above() {
    let world = World::new(
        "
        shop GET / 0..100ms
          cart load 0..50ms
            db one 10..20ms
            db two 20..30ms
          shop next 50..60ms
          shop last 60..70ms
        ",
    );
    let mut viewport = world.viewport(1000.0, 156.0);
    // `load` ends with row 3, so its pinned row in the second slot is 10 px on its way up, under `GET /`.
    viewport.scroll = 26.0 * 2.0 + 10.0;
    check("pushed", &world, &viewport, &RowState::default());
}

#[test]
fn one_millisecond_of_a_second() {
    let world = checkout();
    let mut viewport = world.viewport(1000.0, 300.0);
    (viewport.start, viewport.end) = (429.5 * MS, 430.5 * MS);
    check("zoomed", &world, &viewport, &RowState::default());
}

#[test]
fn narrow() {
    let world = checkout();
    let mut viewport = world.viewport(400.0, 400.0);
    (viewport.name_width, viewport.row_height, viewport.narrow) = (0.0, 44.0, true);
    viewport.pad = 8.0;
    check("narrow", &world, &viewport, &RowState::default());
}

#[test]
fn services_beyond_the_palette_are_hatched() {
    let mut world = World::new("shop GET / 0..100ms");
    world.hatch = 10;
    check("hatched", &world, &world.viewport(1000.0, 26.0), &RowState::default());
}

#[test]
fn a_layout_costs_the_screen_and_not_the_slice() {
    let world = World::of(&wide(5_000, 12));
    let viewport = world.viewport(1400.0, 1040.0);
    let whole =
        WaterfallRequest { row_count: 5_000, end: viewport.end, px: 1000.0, ..WaterfallRequest::default() };
    let whole = waterfall_slice(&world.store, TRACE, &world, &world.rows, &whole);
    let few = slice(&world, &viewport);
    assert_eq!((whole.rows.len(), few.rows.len()), (5_000, 40));
    let layout = |slice| waterfall_layout(slice, &viewport, &RowState::default(), &mut MEASURE.clone());
    assert_eq!(layout(&whole), layout(&few));
}

#[test]
fn a_million_events_are_as_many_as_pixels() {
    let mut trace = fixtures::trace("shop GET / 0..1s");
    let row = &mut trace.spans[0].1;
    for i in 0..100_000 {
        let time = otel::UnixNanos(row.start.0 + i * 10_000);
        let name = if i == 77_777 { "exception" } else { "tick" };
        row.events.push(otel::EventRow { time, name: name.into(), ..otel::EventRow::default() });
    }
    let world = World::of(&trace);
    let slice = slice(&world, &world.viewport(1000.0, 26.0));
    let events = &slice.rows[0].events;
    assert!(events.len() <= 640, "{} marks in 632 pixels", events.len());
    assert_eq!(events.iter().map(|event| event.count).sum::<u32>(), 100_000);
    assert_eq!(
        events.iter().filter(|event| event.error).count(),
        1,
        "the exception is not lost among the others"
    );
}

/// Where the duration of the last span of `text` begins and ends, with events at these milliseconds, and where a time is.
fn duration_among(text: &str, events: &[u64], millis: u64) -> (f64, f64, f64) {
    let mut trace = fixtures::trace(text);
    let rows = trace.spans.len();
    let row = &mut trace.spans[rows - 1].1;
    let duration = format!("{}", (row.end.0 - row.start.0) / 1_000_000);
    for millis in events {
        let time = otel::UnixNanos(row.start.0 + millis * 1_000_000);
        row.events.push(otel::EventRow { time, name: "event".into(), ..otel::EventRow::default() });
    }
    let world = World::of(&trace);
    let viewport = world.viewport(1000.0, 26.0 * rows as f64);
    let slice = slice(&world, &viewport);
    let list = waterfall_layout(&slice, &viewport, &RowState::default(), &mut MEASURE.clone());
    let labels =
        list.ops.iter().filter_map(|op| if let Op::Texts { labels, .. } = op { Some(labels) } else { None });
    let label = labels.flatten().find(|label| label.text.starts_with(&duration)).unwrap();
    (label.x, label.x + 7.0 * label.text.chars().count() as f64, viewport.x(millis as f64 * MS))
}

#[test]
fn a_duration_inside_its_bar_is_not_over_events() {
    let check = |events: &[u64], left_of: u64| {
        let (_, end, limit) = duration_among("shop GET / 0..100ms", events, left_of);
        assert!(end < limit && end > limit - 14.0, "{events:?}: ends at {end}, {left_of} ms is at {limit}");
    };
    check(&[], 100);
    check(&[20, 40], 100);
    check(&[20, 99], 99);
    check(&[92, 93, 99], 92);
    // Nowhere is room: over them, then.
    check(&(0..100).collect::<Vec<_>>(), 100);
}

#[test]
fn a_duration_beside_its_bar_is_not_over_events() {
    let check = |events: &[u64], right_of: u64| {
        let (start, _, limit) = duration_among("shop GET / 0..100ms\n  shop child 0..53ms", events, right_of);
        assert!(
            start > limit && start < limit + 14.0,
            "{events:?}: begins at {start}, {right_of} ms is at {limit}"
        );
    };
    check(&[], 53);
    check(&[10, 52], 53);
    check(&[10, 54], 54);
    check(&[54, 55], 55);
    check(&[80], 53);
}

#[test]
fn pixels_lead_to_what_is_there() {
    let mut world = checkout();
    let mut viewport = world.viewport(1040.0, 300.0);
    let check = |world: &World, viewport: &Viewport, x: f64, y: f64, expected: Hit| {
        assert_eq!(waterfall_hit(&slice(world, viewport), viewport, x, y), expected, "at {x}, {y}");
    };
    let row = |row: f64| row * 26.0 + 13.0;
    check(&world, &viewport, 22.0, row(0.0), Hit::Caret(0));
    check(&world, &viewport, 38.0, row(1.0), Hit::Caret(1));
    check(&world, &viewport, 70.0, row(3.0), Hit::Name(3));
    check(&world, &viewport, 200.0, row(1.0), Hit::Name(1));
    check(&world, &viewport, 340.0, row(1.0), Hit::Divider);
    let x = |ms: f64| viewport.x(ms * MS);
    check(&world, &viewport, x(600.0), row(7.0), Hit::Bar(7));
    check(&world, &viewport, x(600.0), row(7.0) - 12.0, Hit::Row(7));
    check(&world, &viewport, x(432.0), row(7.0), Hit::Event(7, 0));
    check(&world, &viewport, x(989.0), row(7.0), Hit::Event(7, 1));
    check(&world, &viewport, x(600.0), row(2.0), Hit::Row(2));
    // A bar of 12 ms is 6 px wide; a little beside it is still it.
    check(&world, &viewport, x(26.0) - 2.0, row(3.0), Hit::Bar(3));
    check(&world, &viewport, -1.0, row(3.0), Hit::Nothing);
    check(&world, &viewport, 100.0, 300.0, Hit::Nothing);

    viewport.scroll = 26.0 * 5.0;
    check(&world, &viewport, 200.0, row(0.0), Hit::Pinned(0));
    check(&world, &viewport, 22.0, row(0.0), Hit::Caret(0));
    check(&world, &viewport, 200.0, row(1.0), Hit::Pinned(1));
    check(&world, &viewport, 200.0, row(3.0), Hit::Name(8));

    assert_eq!(pinned_height(&slice(&world, &viewport), &viewport), 3.0 * 26.0);

    viewport.scroll = 0.0;
    assert_eq!(pinned_height(&slice(&world, &viewport), &viewport), 0.0);
    let narrow =
        Viewport { name_width: 0.0, width: 400.0, row_height: 44.0, narrow: true, pad: 8.0, ..viewport };
    check(&world, &narrow, 14.0, 13.0, Hit::Caret(0));
    check(&world, &narrow, 200.0, 13.0, Hit::Name(0));
    check(&world, &narrow, 200.0, 32.0, Hit::Bar(0));
    check(&world, &narrow, 200.0, 44.0 + 13.0, Hit::Name(1));

    world.rows.fold_all(&world.store, true);
    check(&world, &viewport, 200.0, row(0.0), Hit::Name(0));
    check(&world, &viewport, 200.0, row(1.0), Hit::Nothing);
}

#[test]
fn rows_fold_and_unfold() {
    fn check(what: &str, fold: impl Fn(&mut World), expected: &str) {
        let mut world = World::new(
            "
            s a 0..9ms
              s b 0..9ms
                s c 0..9ms
                s d 0..9ms
              s e 0..9ms
                s f 0..9ms
            s g 0..9ms
            ",
        );
        fold(&mut world);
        let names = (0..world.rows.len()).map(|row| world.store.name(world.rows.span(row).unwrap()));
        let rows: Vec<String> = names.map(str::to_owned).collect();
        assert_eq!(rows.join(""), expected, "{what}");
        // Every span has a row: its own, or that of the nearest ancestor that has one.
        for span in world.store.trace(TRACE).indices() {
            let mut visible = Some(span);
            while let Some(here) = visible.filter(|&span| !world.rows.is_visible(span)) {
                visible = world.store.parent(here);
            }
            assert_eq!(world.rows.row_of(span).and_then(|row| world.rows.span(row)), visible, "{what}");
        }
    }
    check("nothing", |_| {}, "abcdefg");
    check("one", |w| w.rows.toggle(&w.store, w.span("b")), "abefg");
    check("a leaf", |w| w.rows.toggle(&w.store, w.span("c")), "abcdefg");
    check("twice", |w| (0..2).for_each(|_| w.rows.toggle(&w.store, w.span("b"))), "abcdefg");
    check("all", |w| w.rows.fold_all(&w.store, true), "ag");
    check("to a depth", |w| w.rows.fold_to_depth(&w.store, 1), "abeg");
    check("the deepest level", |w| w.rows.close_level(&w.store), "abeg");
    check("two levels", |w| (0..2).for_each(|_| w.rows.close_level(&w.store)), "ag");
    check(
        "all, then the first level open again",
        |w| {
            w.rows.fold_all(&w.store, true);
            w.rows.open_level(&w.store);
        },
        "abeg",
    );
    check(
        "all, then a subtree open again",
        |w| {
            w.rows.fold_subtree(&w.store, w.span("a"), true);
            w.rows.fold_subtree(&w.store, w.span("a"), false);
        },
        "abcdefg",
    );
    check(
        "all, then one revealed",
        |w| {
            w.rows.fold_all(&w.store, true);
            assert_eq!(w.rows.reveal(&w.store, w.span("f")), Some(3));
            let folded: Vec<&str> = w.rows.folded().map(|span| w.store.name(span)).collect();
            assert_eq!(folded, ["b"]);
        },
        "abefg",
    );
    check("exactly", |w| w.rows.set_folded(&w.store, [w.span("e")]), "abcdeg");
}

#[test]
fn what_is_pinned_is_known_at_every_scroll() {
    let world = World::of(&chain(300));
    for first in (0..260).step_by(7) {
        let mut viewport = world.viewport(1000.0, 400.0);
        viewport.scroll = f64::from(first) * 26.0 + 3.0;
        let slice = slice(&world, &viewport);
        let hit = |row: u32| waterfall_hit(&slice, &viewport, 300.0, f64::from(row) * 26.0 + 13.0);
        let expected: Vec<Hit> = if first == 0 {
            (0..6).map(Hit::Name).collect()
        } else {
            (0..5).map(Hit::Pinned).chain([Hit::Name(first + 5)]).collect()
        };
        assert_eq!((0..6).map(hit).collect::<Vec<_>>(), expected, "scrolled to row {first}");
    }
}

#[test]
fn a_trace_without_duration_has_its_place() {
    let world = World::new("shop GET / 0..0ms @0ms:here");
    check("instant", &world, &world.viewport(1000.0, 26.0), &RowState::default());
}

proptest::proptest! {
    #[test]
    fn any_window_lays_out(
        start in -2e9..2e9_f64, length in 0.0..3e9_f64, width in 0.0..2000.0_f64, height in 0.0..900.0_f64,
        scroll in -50.0..900.0_f64, name_width in 0.0..600.0_f64, narrow: bool, x in 0.0..2000.0_f64,
    ) {
        let world = checkout();
        let viewport = Viewport {
            start, end: start + length, width, height, scroll, name_width, narrow,
            ..world.viewport(width, height)
        };
        let slice = slice(&world, &viewport);
        let state = RowState { cursor_time: Some(0.0), ..RowState::default() };
        let list = waterfall_layout(&slice, &viewport, &state, &mut MEASURE.clone()).to_string();
        proptest::prop_assert!(!list.contains("NaN") && !list.contains("inf"), "{list}");
        waterfall_hit(&slice, &viewport, x, height / 2.0);
        scene::ruler_layout(&viewport, Some(0.0), &mut MEASURE.clone());
    }

    #[test]
    fn shortened_text_fits_and_is_a_beginning(text in "\\PC{0,60}", room in 0.0..400.0_f64) {
        let mut measure = MEASURE;
        let short = ellipsize(&text, room, scene::Font::Regular, &mut measure);
        let width = |text: &str| text.chars().count() as f64 * 7.0;
        proptest::prop_assert!(width(&short) <= room);
        if let Some(head) = short.strip_suffix('…').filter(|_| *short != text) {
            proptest::prop_assert!(text.starts_with(head));
            // No longer beginning would fit, but for blanks before the ellipsis.
            let one_more = text.chars().count().min(head.chars().count() + 2) as f64 * 7.0;
            let blank = text.strip_prefix(head).is_some_and(|rest| rest.starts_with(char::is_whitespace));
            proptest::prop_assert!(one_more > room || blank, "{short:?} of {text:?} in {room}");
        } else {
            proptest::prop_assert!(*short == text || (short.is_empty() && room < 7.0));
        }
    }
}

/// `cargo test -p scene --release -- --ignored --nocapture figures`
#[test]
#[ignore = "figures, not a test"]
#[expect(clippy::disallowed_methods, reason = "runs natively")]
fn figures() {
    use std::time::Instant;

    let timed = |what: &str, repeat: u32, run: &mut dyn FnMut()| {
        let start = Instant::now();
        (0..repeat).for_each(|_| run());
        println!("{what}: {:.3} ms", start.elapsed().as_secs_f64() * 1e3 / f64::from(repeat));
    };
    let mut world = World::of(&wide(1_000_000, 12));
    let viewport = world.viewport(1400.0, 1040.0);
    let (start, end, px) = (viewport.start, viewport.end, viewport.plot_width());
    let request = WaterfallRequest { first_row: 5_000, row_count: 120, start, end, px };
    let slice = waterfall_slice(&world.store, TRACE, &world, &world.rows, &request);
    timed("waterfall slice, 120 rows of 1 M", 100, &mut || {
        waterfall_slice(&world.store, TRACE, &world, &world.rows, &request);
    });
    let viewport = Viewport { scroll: 5_040.0 * 26.0, ..viewport };
    timed("waterfall layout, 40 rows", 1_000, &mut || {
        waterfall_layout(&slice, &viewport, &RowState::default(), &mut MEASURE.clone());
    });
    timed("hit", 1_000, &mut || {
        waterfall_hit(&slice, &viewport, 500.0, 500.0);
    });
    timed("fold, 1 M", 10, &mut || {
        let span = world.span("all");
        world.rows.toggle(&world.store, span);
    });
    timed("minimap slice, 1 M", 10, &mut || {
        scene::minimap_slice(&world.store, TRACE, &world, 1000.0, 52.0);
    });
    let lanes = analysis::lanes(&world.store, TRACE);
    let mut index = scene::FlameIndex::default();
    timed("flame index, 1 M", 3, &mut || {
        index = scene::FlameIndex::in_time(&world.store, TRACE, &lanes.lane, lanes.count);
    });
    let request = scene::FlameRequest { end, lane_count: 120, px: 4200.0, ..scene::FlameRequest::default() };
    let mut boxes = scene::FlameSlice::default();
    timed("flame slice, 1 M", 100, &mut || boxes = scene::flame_slice(&index, &world, &request));
    world.search = Some("7");
    timed("flame slice, 1 M, searching", 10, &mut || {
        scene::flame_slice(&index, &world, &request);
    });
    timed(&format!("flame layout, {} boxes", boxes.boxes.len()), 100, &mut || {
        scene::flame_layout(
            &boxes,
            &Viewport { scroll: 0.0, ..viewport },
            &scene::FlameState::default(),
            &mut MEASURE.clone(),
        );
    });
}
