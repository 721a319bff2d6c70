use scene::{
    FlameFacts, FlameIndex, FlameMode, FlameRequest, FlameSlice, FlameState, MergedBox, Viewport, flame_hit,
    flame_layout, flame_slice,
};

use crate::picture::picture;
use crate::world::{MEASURE, MS, TRACE, World, chain, checkout, wide};

fn in_time(world: &World) -> FlameIndex {
    let lanes = analysis::lanes(&world.store, TRACE);
    FlameIndex::in_time(&world.store, TRACE, &lanes.lane, lanes.count)
}

fn slice(world: &World, viewport: &Viewport) -> FlameSlice {
    let request = FlameRequest {
        end: viewport.end,
        start: viewport.start,
        lane_count: 40,
        px: viewport.width,
        ..FlameRequest::default()
    };
    flame_slice(&in_time(world), world, &request)
}

/// Lane, times in ms, boxes merged.
fn boxes(slice: &FlameSlice) -> Vec<(u32, f64, f64, u32)> {
    slice.boxes.iter().map(|of| (of.lane, of.start / MS, of.end / MS, of.merged)).collect()
}

#[test]
fn in_order_of_time() {
    let mut world = checkout();
    world.search = Some("Re");
    let viewport = world.viewport(1000.0, 200.0);
    let slice = slice(&world, &viewport);
    let at = |name: &str| slice.boxes.iter().position(|of| of.id == world.span(name).0);
    let state = FlameState {
        hovered: at("Quote"),
        selected: Some(world.span("POST /v1/charges").0),
        cursor_time: Some(640.0 * MS),
    };
    let list = flame_layout(&slice, &viewport, &state, &mut MEASURE.clone());
    picture("flame", &list, 1000.0, 200.0);
    insta::assert_snapshot!("flame", list);
}

struct Nodes;

impl FlameFacts for Nodes {
    fn colour(&self, id: u32) -> u8 {
        id as u8
    }

    fn label(&self, id: u32) -> (&str, &str) {
        (["frontend", "payment", "gateway", "inventory"][id as usize], "call")
    }

    fn counts(&self, id: u32) -> (u32, u32) {
        (1 + id * 8, 0)
    }

    fn times(&self, id: u32) -> (u64, u64, u64) {
        (u64::from(10 - id) * 1_000_000, 0, 0)
    }

    fn matched(&self, _: u32) -> bool {
        false
    }

    fn searching(&self) -> bool {
        false
    }
}

#[test]
fn merged_boxes_stand_side_by_side_below_their_parent() {
    let of = |depth: u32, ms: u64| MergedBox { depth, width: ms * 1_000_000, error: false };
    let index = FlameIndex::merged(&[of(0, 10), of(1, 6), of(2, 5), of(1, 3)]);
    assert_eq!((index.lanes(), index.total()), (3, 10_000_000));
    assert_eq!(index.find(3), Some((1, 6_000_000, 9_000_000)));
    let request = FlameRequest {
        mode: FlameMode::Merged,
        end: 10.0 * MS,
        lane_count: 9,
        px: 1000.0,
        ..FlameRequest::default()
    };
    let whole = flame_slice(&index, &Nodes, &request);
    assert_eq!(boxes(&whole), [(0, 0.0, 10.0, 1), (1, 0.0, 6.0, 1), (1, 6.0, 9.0, 1), (2, 0.0, 5.0, 1)]);
    let focused = flame_slice(&index, &Nodes, &FlameRequest { focus: Some(1), ..request });
    assert_eq!(boxes(&focused), [(0, 0.0, 10.0, 1), (1, 0.0, 6.0, 1), (2, 0.0, 5.0, 1)]);

    let viewport = Viewport { end: 10.0 * MS, ..checkout().viewport(600.0, 80.0) };
    let list = flame_layout(&whole, &viewport, &FlameState::default(), &mut MEASURE.clone());
    picture("merged", &list, 600.0, 80.0);
    insta::assert_snapshot!("merged", list);
}

#[test]
fn what_is_thinner_than_a_pixel_is_merged() {
    let world = World::new(
        "
        s root 0..1000ms
          s a 100..100.2ms
          s b 100.3..100.4ms !error
          s c 100.5..100.9ms
          s wide 100.95..300ms
          s d 500.1..500.2ms
        ",
    );
    let viewport = world.viewport(1000.0, 100.0);
    let slice = slice(&world, &viewport);
    assert_eq!(
        boxes(&slice),
        [(0, 0.0, 1000.0, 1), (1, 100.0, 100.9, 3), (1, 100.95, 300.0, 1), (1, 500.1, 500.2, 1)]
    );
    let of = &slice.boxes[1];
    assert_eq!(
        (of.id, of.error),
        (world.span("c").0, true),
        "stands for the longest; the failure is not lost"
    );
}

#[test]
fn no_trace_has_more_boxes_than_the_screen_has_pixels() {
    for (what, trace) in [("wide", wide(100_000, 12)), ("deep", chain(20_000))] {
        let world = World::of(&trace);
        let viewport = world.viewport(1000.0, 1040.0);
        let slice = slice(&world, &viewport);
        let held = slice.lane_count as usize;
        assert!(slice.boxes.len() <= held * 2_000, "{what}: {} boxes in {held} lanes", slice.boxes.len());
        let all: u32 = slice.boxes.iter().map(|of| of.merged).sum();
        assert!(what == "deep" || all as usize == world.store.span_count(), "{what}: none is left out");
    }
}

#[test]
fn a_window_holds_what_reaches_into_it() {
    let world = checkout();
    let mut viewport = world.viewport(1000.0, 200.0);
    (viewport.start, viewport.end) = (450.0 * MS, 460.0 * MS);
    let slice = slice(&world, &viewport);
    let mut names: Vec<&str> = slice.boxes.iter().map(|of| of.label.as_ref().unwrap().1.as_str()).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        ["Charge", "GET /rates", "POST /api/checkout", "POST /v1/charges", "PlaceOrder", "Quote"]
    );
}

#[test]
fn pixels_lead_to_boxes() {
    let world = checkout();
    let viewport = Viewport { scroll: 26.0, ..world.viewport(1420.0, 200.0) };
    let slice = slice(&world, &viewport);
    let check = |ms: f64, lane: f64, expected: Option<&str>| {
        let found = flame_hit(&slice, &viewport, ms, lane * 26.0 - 13.0);
        let name = found.map(|at| world.store.name(store::SpanIdx(slice.boxes[at].id)));
        assert_eq!(name, expected, "at {ms} ms in lane {lane}");
    };
    check(600.0, 1.0, Some("PlaceOrder"));
    check(5.0, 1.0, None);
    check(9.0, 1.0, Some("PlaceOrder"));
    check(100.0, 2.0, Some("Reserve"));
    check(30.0, 3.0, Some("HGETALL cart"));
    check(60.0, 3.0, None);
    check(600.0, 0.0, None);
}
