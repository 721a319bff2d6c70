use scene::{RowState, Viewport, format_count, format_duration, ruler_layout, ticks};

use crate::picture::picture;
use crate::world::{MEASURE, checkout};

#[test]
fn ticks_are_round_at_any_zoom() {
    fn check(start: f64, end: f64, px: f64, expected: &str) {
        let labels: Vec<String> = ticks(start, end, px).into_iter().map(|tick| tick.label).collect();
        assert_eq!(labels.join(" | ").replace('\u{2009}', " "), expected, "{start} .. {end} in {px} px");
    }
    const S: f64 = 1e9;
    check(0.0, 1.44 * S, 672.0, "0 | 200 ms | 400 ms | 600 ms | 800 ms | 1.0 s | 1.2 s | 1.4 s");
    check(0.0, 10.0, 500.0, "0 | 2 ns | 4 ns | 6 ns | 8 ns | 10 ns");
    check(0.0, 1.0, 500.0, "0 | 1 ns");
    check(1e9, 1e9 + 40.0, 500.0, "1.00000000 s | 1.00000001 s | 1.00000002 s | 1.00000003 s | 1.00000004 s");
    check(429.5e6, 430.5e6, 600.0, "429.6 ms | 429.8 ms | 430.0 ms | 430.2 ms | 430.4 ms");
    check(990e3, 1020e3, 400.0, "990 µs | 1.00 ms | 1.01 ms | 1.02 ms");
    check(0.0, 150.0 * S, 500.0, "0 | 30 s | 1 min | 1 min 30 s | 2 min | 2 min 30 s");
    check(0.0, 7200.0 * S, 500.0, "0 | 30 min | 1 h | 1 h 30 min | 2 h");
    check(0.0, 86_400.0 * 3.0 * S, 600.0, "0 | 12 h | 1 d | 1 d 12 h | 2 d | 2 d 12 h | 3 d");
    check(0.0, 86_400.0 * 300.0 * S, 600.0, "0 | 50 d | 100 d | 150 d | 200 d | 250 d | 300 d");
    check(-1e6, 1e6, 300.0, "−1 ms | 0 | 1 ms");
    check(0.0, 0.0, 500.0, "");
    check(5.0, 4.0, 500.0, "");
    check(f64::NAN, 4.0, 500.0, "");
    check(0.0, f64::INFINITY, 500.0, "");
}

#[test]
fn no_zoom_crowds_labels() {
    for exponent in 0..170 {
        let span = 1.3_f64.powi(exponent);
        for start in [0.0, 1.0, 1e9, 3.7e13] {
            let ticks = ticks(start, start + span, 700.0);
            assert!(ticks.len() <= 9, "{} ticks in {span} ns", ticks.len());
            assert!(ticks.len() >= 2 || span < 2.0, "{} ticks in {span} ns", ticks.len());
            assert!(ticks.windows(2).all(|two| two[0].label != two[1].label), "{ticks:?}");
        }
    }
}

#[test]
fn durations() {
    fn check(ns: u64, expected: &str) {
        assert_eq!(format_duration(ns).replace('\u{2009}', " "), expected, "{ns}");
    }
    check(0, "0 ns");
    check(1, "1 ns");
    check(999, "999 ns");
    check(1_000, "1 µs");
    check(1_240, "1.24 µs");
    check(27_000, "27 µs");
    check(27_340, "27.3 µs");
    check(999_499, "999 µs");
    check(999_500, "1 ms");
    check(612_000_000, "612 ms");
    check(54_000_000, "54 ms");
    check(999_499_999, "999 ms");
    check(999_500_000, "1.00 s");
    check(1_240_000_000, "1.24 s");
    check(1_200_000_000, "1.20 s");
    check(12_345_000_000, "12.3 s");
    check(59_949_999_999, "59.9 s");
    check(59_950_000_000, "1 min");
    check(65_000_000_000, "1 min 5 s");
    check(3_599_499_999_999, "59 min 59 s");
    check(3_599_500_000_000, "1 h");
    check(7_380_000_000_000, "2 h 3 min");
    check(86_369_999_999_999, "23 h 59 min");
    check(86_370_000_000_000, "1 d");
    check(103_680_000_000_000, "1.2 d");
    check(86_400_000_000_000 * 365, "365 d");
    check(u64::MAX, "213504 d");
}

#[test]
fn counts() {
    fn check(count: u64, expected: &str) {
        assert_eq!(format_count(count), expected);
    }
    check(0, "0");
    check(999, "999");
    check(1_000, "1,000");
    check(12_431, "12,431");
    check(1_234_567, "1,234,567");
}

#[test]
fn ruler() {
    let world = checkout();
    let viewport = Viewport { height: 26.0, ..world.viewport(1040.0, 26.0) };
    let list = ruler_layout(&viewport, Some(640e6), &mut MEASURE.clone());
    picture("ruler", &list, 1040.0, 26.0);
    insta::assert_snapshot!("ruler", list);
    // Beside the plot there is no time.
    let state = RowState::default();
    let without = ruler_layout(&viewport, state.cursor_time, &mut MEASURE.clone());
    assert_eq!(ruler_layout(&viewport, Some(-1e9), &mut MEASURE.clone()), without);
    assert_eq!(without.ops.len() + 2, list.ops.len());
}
