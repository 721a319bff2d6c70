use plotters::prelude::{IntoDrawingArea as _, RGBColor, SVGBackend};
use scene::{Bucket, ChartTheme, Histogram, Scatter, ScatterPoint, draw_histogram, draw_scatter};

const THEME: ChartTheme = ChartTheme {
    background: RGBColor(255, 255, 255),
    grid: RGBColor(240, 241, 245),
    label: RGBColor(100, 107, 122),
    accent: RGBColor(43, 99, 227),
    error: RGBColor(201, 38, 44),
    scale: 1.0,
};
const S: u64 = 1_000_000_000;
const MS: u64 = 1_000_000;
/// 2026-11-21T12:00:00Z.
const NOON: u64 = 1_795_262_400 * S;

fn save(name: &str, svg: &str) {
    if let Ok(directory) = std::env::var("SCENE_SVG") {
        std::fs::write(format!("{directory}/{name}.svg"), svg).unwrap();
    }
    insta::assert_snapshot!(name, svg);
}

fn scatter() -> Scatter {
    let point = |s: u64, ms: u64, error: bool| ScatterPoint { start: s * S, duration: ms * MS, error };
    Scatter {
        start: NOON,
        span: 240 * S,
        duration: (12 * MS, 1_240 * MS),
        points: vec![
            point(0, 12, false),
            point(184, 1_240, true),
            point(171, 1_190, true),
            point(240, 148, false),
        ],
        selected: Some((160 * S, 200 * S)),
        selected_durations: None,
    }
}

#[test]
fn duration_over_time() {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (930, 180)).into_drawing_area();
        draw_scatter(&area, &scatter(), &THEME).unwrap();
    }
    // Each trace is drawn where the pointer finds it.
    for point in &scatter().points {
        let (x, y) = scatter().place((930.0, 180.0), 1.0, point.start, point.duration);
        let near = |value: f64| [value.floor(), value.ceil()];
        let drawn = |(x, y): (f64, f64)| svg.contains(&format!(r#"<circle cx="{x}" cy="{y}""#));
        assert!(near(x).iter().any(|&x| near(y).iter().any(|&y| drawn((x, y)))), "{point:?} at {x}, {y}");
    }
    save("scatter", &svg);
}

#[test]
fn latency() {
    let counts = [(3, 0), (8, 0), (20, 0), (9, 1), (2, 2), (0, 0), (1, 1)];
    let edge = |i: usize| (10.0_f64 * 2.0_f64.powi(i as i32)) as u64 * MS;
    let bucket = |(i, &(count, errors)): (usize, &(u32, u32))| Bucket {
        from: edge(i),
        to: edge(i + 1),
        count,
        errors,
    };
    let histogram = Histogram {
        buckets: counts.iter().enumerate().map(bucket).collect(),
        selected: Some((80 * MS, 320 * MS)),
    };
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (450, 180)).into_drawing_area();
        draw_histogram(&area, &histogram, &THEME).unwrap();
    }
    save("histogram", &svg);
    // 20 px of air, then 410 px for 7 doublings.
    assert_eq!(histogram.at((450.0, 180.0), 1.0, 0.0), 10 * MS);
    assert_eq!(histogram.at((450.0, 180.0), 1.0, 450.0), 1_280 * MS);
    let middle = histogram.at((450.0, 180.0), 1.0, 225.0);
    assert!((113 * MS..114 * MS).contains(&middle), "{middle}");
}

#[test]
fn a_pixel_leads_back_to_its_trace() {
    let scatter = scatter();
    for (size, scale) in [((930.0, 180.0), 1.0), ((1860.0, 360.0), 2.0)] {
        for point in &scatter.points {
            let (x, y) = scatter.place(size, scale, point.start, point.duration);
            let (start, duration) = scatter.at(size, scale, x, y);
            assert!(start.abs_diff(point.start) <= 1 && duration.abs_diff(point.duration) <= 10, "{point:?}");
        }
    }
    assert_eq!(scatter.at((930.0, 180.0), 1.0, -5.0, 50.0).0, 0);
    assert_eq!(scatter.at((930.0, 180.0), 1.0, 2000.0, 50.0).0, 240 * S);
}

#[test]
fn odd_data_draws() {
    let mut svg = String::new();
    let area = SVGBackend::with_string(&mut svg, (40, 20)).into_drawing_area();
    draw_scatter(&area, &Scatter::default(), &THEME).unwrap();
    draw_histogram(&area, &Histogram::default(), &THEME).unwrap();
    let one = ScatterPoint { start: 0, duration: 0, error: true };
    let far = ScatterPoint { start: u64::MAX, duration: u64::MAX, error: false };
    let scatter =
        Scatter { span: u64::MAX, duration: (0, u64::MAX), points: vec![one, far], ..Scatter::default() };
    draw_scatter(&area, &scatter, &THEME).unwrap();
    draw_scatter(&area, &Scatter { start: u64::MAX, ..scatter }, &THEME).unwrap();
}
