//! Pointers and wheels in pixels.

use web_sys::WheelEvent;

/// The fingers on a surface: two of them zoom and pan.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pointers {
    down: Vec<(i32, f64, f64)>,
}

/// What two fingers did since the last move.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct TouchMove {
    /// Their distance over what it was.
    pub(crate) zoom: f64,
    /// Between them.
    pub(crate) middle: (f64, f64),
    pub(crate) dx: f64,
    pub(crate) dy: f64,
}

impl Pointers {
    /// How many are down now.
    pub(crate) fn down(&mut self, id: i32, x: f64, y: f64) -> usize {
        self.up(id);
        self.down.push((id, x, y));
        self.down.len()
    }

    pub(crate) fn up(&mut self, id: i32) {
        self.down.retain(|(other, ..)| *other != id);
    }

    /// Two fingers' move; `None` where fewer are down.
    pub(crate) fn moved(&mut self, id: i32, x: f64, y: f64) -> Option<TouchMove> {
        let shape = |down: &[(i32, f64, f64)]| match down {
            [(_, ax, ay), (_, bx, by), ..] => {
                let distance = (ax - bx).hypot(ay - by).max(8.0);
                Some((distance, (f64::midpoint(*ax, *bx), f64::midpoint(*ay, *by))))
            }
            _ => None,
        };
        let before = shape(&self.down);
        let pointer = self.down.iter_mut().find(|(other, ..)| *other == id)?;
        (pointer.1, pointer.2) = (x, y);
        let ((was, from), (is, middle)) = (before?, shape(&self.down)?);
        Some(TouchMove { zoom: is / was, middle, dx: middle.0 - from.0, dy: middle.1 - from.1 })
    }
}

/// The wheel's way in pixels; `page` is the height of the view.
pub(crate) fn wheel_pixels(event: &WheelEvent, page: f64) -> (f64, f64) {
    let unit = match event.delta_mode() {
        WheelEvent::DOM_DELTA_LINE => 18.0,
        WheelEvent::DOM_DELTA_PAGE => page,
        _ => 1.0,
    };
    (event.delta_x() * unit, event.delta_y() * unit)
}
