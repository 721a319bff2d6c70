//! What is drawn: shapes in CSS pixels, grouped by paint, in the order they are painted.

use std::fmt;

/// A colour by its role; the painter knows the theme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Paint {
    /// Fill of a service: 0..=9 of the palette. Hatching comes as [`Op::Hatch`] on top.
    Service(u8),
    /// Text and marks on a service's fill: dark in both themes.
    OnService,
    /// The same, less loud.
    OnServiceMute,
    /// Primary text.
    Text,
    /// Secondary text.
    Mute,
    /// Decoration.
    Faint,
    /// Focus, selection, matches, crosshair.
    Accent,
    /// Behind what is selected or matches.
    AccentBg,
    /// Text on [`Paint::Accent`].
    OnAccent,
    /// Errors.
    Error,
    /// Behind errors.
    ErrorBg,
    /// Marks on [`Paint::Error`].
    OnError,
    /// The critical path.
    Ink,
    /// Borders.
    Line,
    /// Grid.
    Line2,
    /// Behind the row under the pointer.
    Hover,
    /// The canvas.
    Bg,
    /// Bars and side.
    Panel,
    /// Over what lies outside of a window: translucent [`Paint::Bg`].
    Shade,
}

/// A typeface by its role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Font {
    /// 13 px.
    Regular,
    /// 13 px, 600.
    Bold,
    /// 12 px.
    Small,
    /// 12 px, 600.
    SmallBold,
    /// 11 px: column heads.
    Head,
    /// Monospace, 12 px.
    Mono,
}

/// A place.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// From the left.
    pub x: f64,
    /// From the top.
    pub y: f64,
}

/// A rectangle.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rect {
    /// Left edge.
    pub x: f64,
    /// Upper edge.
    pub y: f64,
    /// Width.
    pub w: f64,
    /// Height.
    pub h: f64,
}

impl Rect {
    /// By its corner and size.
    pub fn new(x: f64, y: f64, w: f64, h: f64) -> Self {
        Self { x, y, w, h }
    }

    /// Right edge.
    pub fn right(self) -> f64 {
        self.x + self.w
    }

    /// Lower edge.
    pub fn bottom(self) -> f64 {
        self.y + self.h
    }

    /// Is the point inside?
    pub fn contains(self, x: f64, y: f64) -> bool {
        x >= self.x && x < self.right() && y >= self.y && y < self.bottom()
    }
}

/// A line from one place to another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Segment {
    /// Where it begins.
    pub from: Point,
    /// Where it ends.
    pub to: Point,
}

impl Segment {
    /// From (x, y) to (x, y).
    pub fn new(x0: f64, y0: f64, x1: f64, y1: f64) -> Self {
        Self { from: Point { x: x0, y: y0 }, to: Point { x: x1, y: y1 } }
    }
}

/// A text and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    /// Left edge.
    pub x: f64,
    /// Alphabetic baseline.
    pub y: f64,
    /// One line, already shortened to its room.
    pub text: String,
}

/// Shapes of one paint, drawn as one path. Those of one operation do not depend on their order.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// Filled, with rounded corners.
    Rects {
        /// Fill.
        paint: Paint,
        /// Of the corners; 0 for none. No larger than half of a rectangle's sides where it is drawn.
        radius: f64,
        /// The rectangles.
        rects: Vec<Rect>,
    },
    /// Stroked inside the edge.
    Outlines {
        /// Stroke.
        paint: Paint,
        /// Of the stroke.
        width: f64,
        /// Of the corners.
        radius: f64,
        /// The rectangles.
        rects: Vec<Rect>,
    },
    /// Diagonal lines of [`Paint::OnService`], faint, over bars of services beyond the palette.
    Hatch {
        /// Of the corners.
        radius: f64,
        /// The rectangles.
        rects: Vec<Rect>,
    },
    /// Straight lines.
    Lines {
        /// Stroke.
        paint: Paint,
        /// Of the stroke.
        width: f64,
        /// 2 on, 3 off.
        dashed: bool,
        /// The lines.
        segments: Vec<Segment>,
    },
    /// Text.
    Texts {
        /// Fill.
        paint: Paint,
        /// Typeface.
        font: Font,
        /// The texts.
        labels: Vec<Label>,
    },
    /// Filled shapes of four corners; a triangle repeats its last one.
    Polygons {
        /// Fill.
        paint: Paint,
        /// The shapes.
        polygons: Vec<[Point; 4]>,
    },
    /// Filled circles.
    Discs {
        /// Fill.
        paint: Paint,
        /// Of the circles.
        radius: f64,
        /// Their centres.
        centres: Vec<Point>,
    },
    /// Stroked circles.
    Rings {
        /// Stroke.
        paint: Paint,
        /// Of the middle of the stroke.
        radius: f64,
        /// Of the stroke.
        width: f64,
        /// Their centres.
        centres: Vec<Point>,
    },
    /// What follows is drawn only inside.
    PushClip(Rect),
    /// Ends the latest [`Op::PushClip`].
    PopClip,
}

/// What is drawn, first things first. Displays one operation a line: the format of golden tests.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DisplayList {
    /// The operations, in order.
    pub ops: Vec<Op>,
}

impl DisplayList {
    /// Adds the operation unless it draws nothing.
    pub fn push(&mut self, op: Op) {
        let empty = match &op {
            Op::Rects { rects, .. } | Op::Outlines { rects, .. } | Op::Hatch { rects, .. } => {
                rects.is_empty()
            }
            Op::Lines { segments, .. } => segments.is_empty(),
            Op::Texts { labels, .. } => labels.is_empty(),
            Op::Polygons { polygons, .. } => polygons.is_empty(),
            Op::Discs { centres, .. } | Op::Rings { centres, .. } => centres.is_empty(),
            Op::PushClip(_) | Op::PopClip => false,
        };
        if !empty {
            self.ops.push(op);
        }
    }

    /// One rectangle without rounded corners.
    pub(crate) fn rect(&mut self, paint: Paint, rect: Rect) {
        self.push(Op::Rects { paint, radius: 0.0, rects: vec![rect] });
    }

    /// One text.
    pub(crate) fn text(&mut self, paint: Paint, font: Font, x: f64, y: f64, text: impl Into<String>) {
        self.push(Op::Texts { paint, font, labels: vec![Label { x, y, text: text.into() }] });
    }

    /// Adds all of `other` on top.
    pub fn append(&mut self, mut other: Self) {
        self.ops.append(&mut other.ops);
    }
}

/// Shapes under way to operations: one operation for each distinct paint, in the order of first use.
#[derive(Debug)]
pub(crate) struct Grouped<T> {
    groups: Vec<(Paint, Vec<T>)>,
}

impl<T> Default for Grouped<T> {
    fn default() -> Self {
        Self { groups: Vec::new() }
    }
}

impl<T> Grouped<T> {
    pub(crate) fn add(&mut self, paint: Paint, shape: T) {
        // At most a few dozen paints: a scan is cheaper than a map, and keeps the order.
        match self.groups.iter_mut().find(|(of, _)| *of == paint) {
            Some((_, shapes)) => shapes.push(shape),
            None => self.groups.push((paint, vec![shape])),
        }
    }

    pub(crate) fn flush(&mut self, list: &mut DisplayList, op: impl Fn(Paint, Vec<T>) -> Op) {
        for (paint, shapes) in self.groups.drain(..) {
            list.push(op(paint, shapes));
        }
    }
}

/// A coordinate as golden tests show it: one decimal where there is one.
struct Px(f64);

impl fmt::Display for Px {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rounded = (self.0 * 10.0).round() / 10.0;
        if rounded == rounded.trunc() { write!(f, "{rounded:.0}") } else { write!(f, "{rounded:.1}") }
    }
}

impl fmt::Display for Rect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{} {}x{}", Px(self.x), Px(self.y), Px(self.w), Px(self.h))
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{}", Px(self.x), Px(self.y))
    }
}

fn shapes<T>(f: &mut fmt::Formatter<'_>, shapes: &[T], show: impl Fn(&T) -> String) -> fmt::Result {
    for shape in shapes {
        write!(f, "\n  {}", show(shape))?;
    }
    Ok(())
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rects { paint, radius, rects } => {
                write!(f, "rects {paint:?} radius {}", Px(*radius))?;
                shapes(f, rects, Rect::to_string)
            }
            Self::Outlines { paint, width, radius, rects } => {
                write!(f, "outlines {paint:?} width {} radius {}", Px(*width), Px(*radius))?;
                shapes(f, rects, Rect::to_string)
            }
            Self::Hatch { radius, rects } => {
                write!(f, "hatch radius {}", Px(*radius))?;
                shapes(f, rects, Rect::to_string)
            }
            Self::Lines { paint, width, dashed, segments } => {
                write!(f, "lines {paint:?} width {}{}", Px(*width), if *dashed { " dashed" } else { "" })?;
                shapes(f, segments, |line| format!("{} -> {}", line.from, line.to))
            }
            Self::Texts { paint, font, labels } => {
                write!(f, "texts {paint:?} {font:?}")?;
                shapes(f, labels, |label| format!("{},{} {}", Px(label.x), Px(label.y), label.text))
            }
            Self::Polygons { paint, polygons } => {
                write!(f, "polygons {paint:?}")?;
                shapes(f, polygons, |points| points.map(|point| point.to_string()).join(" "))
            }
            Self::Discs { paint, radius, centres } => {
                write!(f, "discs {paint:?} radius {}", Px(*radius))?;
                shapes(f, centres, Point::to_string)
            }
            Self::Rings { paint, radius, width, centres } => {
                write!(f, "rings {paint:?} radius {} width {}", Px(*radius), Px(*width))?;
                shapes(f, centres, Point::to_string)
            }
            Self::PushClip(rect) => write!(f, "clip {rect}"),
            Self::PopClip => write!(f, "unclip"),
        }
    }
}

impl fmt::Display for DisplayList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for op in &self.ops {
            writeln!(f, "{op}")?;
        }
        Ok(())
    }
}
