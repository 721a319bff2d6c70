use scene::{MinimapHit, MinimapSlice, minimap_hit, minimap_layout, minimap_slice, minimap_time};

use crate::picture::picture;
use crate::world::{MS, TRACE, World, chain, checkout, wide};

fn slice(world: &World) -> MinimapSlice {
    minimap_slice(&world.store, TRACE, world, 672.0, 52.0)
}

#[test]
fn minimap() {
    let world = checkout();
    let list = minimap_layout(&slice(&world), (354.0, 1026.0), 52.0, (400.0 * MS, 1062.0 * MS));
    picture("minimap", &list, 1040.0, 52.0);
    insta::assert_snapshot!("minimap", list);
    let whole = minimap_layout(&slice(&world), (354.0, 1026.0), 52.0, (0.0, 1420.0 * MS));
    assert_eq!(whole.ops.len() + 3, list.ops.len(), "no shade, edges and grips over the whole trace");
}

#[test]
fn any_trace_fits() {
    for (what, trace) in [("wide", wide(100_000, 12)), ("deep", chain(20_000)), ("one", chain(1))] {
        let slice = slice(&World::of(&trace));
        let rows = usize::from(slice.rows);
        assert!(slice.rects.len() <= rows * 672, "{what}: {} bars", slice.rects.len());
        assert!(
            rows <= 21 && slice.rects.iter().all(|r| r.row < slice.rows && r.x0 < r.x1 && r.x1 <= 672),
            "{what}"
        );
        let covered: u32 = slice.rects.iter().filter(|r| r.row == 0).map(|r| u32::from(r.x1 - r.x0)).sum();
        assert_eq!(covered, 672, "{what}: the root is as long as the trace");
    }
}

#[test]
fn an_empty_span_is_seen() {
    let world = World::new("shop GET / 0..0ms");
    assert_eq!(slice(&world).rects.len(), 1);
}

#[test]
fn the_window_is_moved_by_its_middle_and_its_grips() {
    let slice = slice(&checkout());
    let plot = (354.0, 1026.0);
    let check = |window: (f64, f64), x: f64, expected: MinimapHit| {
        assert_eq!(
            minimap_hit(&slice, plot, (window.0 * MS, window.1 * MS), x),
            expected,
            "{window:?} at {x}"
        );
    };
    // 1420 ms in 672 px: 355 ms is at 522, 710 ms at 690.
    check((355.0, 710.0), 520.0, MinimapHit::Start);
    check((355.0, 710.0), 693.0, MinimapHit::End);
    check((355.0, 710.0), 600.0, MinimapHit::Window);
    check((355.0, 710.0), 800.0, MinimapHit::Outside);
    check((0.0, 1420.0), 354.0, MinimapHit::Outside);
    check((0.0, 1420.0), 600.0, MinimapHit::Outside);
    check((355.0, 360.0), 523.0, MinimapHit::Window);
    check((355.0, 360.0), 519.0, MinimapHit::Start);
    assert_eq!(minimap_time(&slice, plot, 690.0), 710.0 * MS);
    assert_eq!(minimap_time(&slice, plot, 9999.0), 1420.0 * MS);
}
