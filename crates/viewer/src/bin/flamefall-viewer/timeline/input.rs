//! What the pointer, the wheel and the keys do.

use engine::Fold;
use scene::{Hit, MarkKind, MinimapHit, format_count, format_nanos};
use web_sys::{KeyboardEvent, MouseEvent, PointerEvent, WheelEvent};
use yew::prelude::*;

use super::mirror::describe;
use super::{CLOSEST, Command, Drag, SCROLLBAR, TREMBLE, Timeline};
use crate::app::WindowState;
use crate::pointer::{TouchMove, wheel_pixels};

impl Timeline {
    pub(super) fn on_name_edge(&self, ctx: &Context<Self>, x: f64, y: f64) -> bool {
        !ctx.props().narrow && y > Self::map_height(ctx) && (x - self.viewport(ctx).name_width).abs() <= 4.0
    }

    pub(super) fn hit(&self, ctx: &Context<Self>, x: f64, y: f64) -> Hit {
        match &self.slice {
            Some(slice) if y >= Self::top(ctx) => {
                scene::waterfall_hit(slice, &self.viewport(ctx), x, y - Self::top(ctx))
            }
            _ => Hit::Nothing,
        }
    }

    pub(super) fn down(&mut self, ctx: &Context<Self>, event: &PointerEvent) {
        if event.button() != 0 {
            return;
        }
        let ((x, y), fingers) = self.surface.press(event);
        if fingers > 1 {
            self.drag = None;
            return;
        }
        let viewport = self.viewport(ctx);
        let (left, _) = viewport.plot();
        self.drag = Some(if self.on_name_edge(ctx, x, y) {
            Drag::NameColumn
        } else if y < Self::map_height(ctx) && x >= left - 6.0 {
            let map = self.minimap_viewport(ctx);
            let window = ctx.props().window.get();
            let hit = self
                .minimap
                .as_ref()
                .map(|minimap| scene::minimap_hit(minimap, viewport.plot(), (window.start, window.end), x));
            match hit {
                Some(MinimapHit::Start) => Drag::MinimapEdge { start: true },
                Some(MinimapHit::End) => Drag::MinimapEdge { start: false },
                Some(MinimapHit::Window) => Drag::MinimapWindow { time: map.time(x), window },
                _ => {
                    let time = map.time(x).clamp(0.0, map.end);
                    Drag::Range { from: time, to: time, on_minimap: true }
                }
            }
        } else if y < Self::top(ctx) && x >= left {
            let time = viewport.time(x);
            Drag::Range { from: time, to: time, on_minimap: false }
        } else if let (true, Some((top, length))) =
            (x > self.surface.size.0 - SCROLLBAR, self.scroll_thumb(ctx))
        {
            let y = y - Self::top(ctx);
            Drag::Scrollbar { grip: if y >= top && y < top + length { y - top } else { length / 2.0 } }
        } else {
            Drag::Press { x, y }
        });
        if let Some(Drag::Scrollbar { grip }) = self.drag {
            self.drag_scrollbar(ctx, y, grip);
        }
    }

    pub(super) fn drag_scrollbar(&mut self, ctx: &Context<Self>, y: f64, grip: f64) {
        if let Some((_, length)) = self.scroll_thumb(ctx) {
            let room = self.rows_area(ctx).h;
            let whole = f64::from(ctx.props().head.row_count) * Self::row_height(ctx) + 8.0;
            let part = (y - Self::top(ctx) - grip) / (room - length).max(1.0);
            self.set_scroll(ctx, part * (whole - room));
        }
    }

    pub(super) fn moved(&mut self, ctx: &Context<Self>, event: &PointerEvent) {
        let (x, y) = self.surface.place(event);
        if let Some(TouchMove { zoom, middle, dx, dy }) =
            self.surface.pointers.moved(event.pointer_id(), x, y)
        {
            self.drag = None;
            let span = self.viewport(ctx).scale();
            let window = ctx.props().window.get();
            ctx.props().window.set(WindowState {
                start: window.start - dx / span,
                end: window.end - dx / span,
                ..window
            });
            self.scroll -= dy;
            self.zoom_about(ctx, middle.0, 1.0 / zoom);
            return;
        }
        self.surface.pointer = Some((x, y));
        let viewport = self.viewport(ctx);
        if let Some(Drag::Press { x: from_x, y: from_y }) = self.drag
            && ((x - from_x).abs() > TREMBLE || (y - from_y).abs() > TREMBLE)
        {
            let window = ctx.props().window.get();
            self.drag = Some(Drag::Pan { x: from_x, y: from_y, window, scroll: self.scroll });
            self.surface.set_cursor("grabbing");
        }
        match self.drag {
            None => {
                self.hover(ctx, x, y);
                self.repaint(ctx);
            }
            Some(Drag::Press { .. }) => {}
            Some(Drag::Pan { x: from_x, y: from_y, window, scroll }) => {
                let by = (from_x - x) / viewport.scale();
                self.scroll = scroll + from_y - y;
                self.set_window(ctx, window.start + by, window.end + by);
            }
            Some(Drag::NameColumn) => {
                self.name_width = x.clamp(120.0, (self.surface.size.0 * 0.7).max(120.0));
                self.moved_window(ctx);
            }
            Some(Drag::Scrollbar { grip }) => self.drag_scrollbar(ctx, y, grip),
            Some(Drag::Range { from, on_minimap, .. }) => {
                let map = if on_minimap { self.minimap_viewport(ctx) } else { viewport };
                let to = map.time(x).clamp(0.0, Self::duration(ctx));
                self.drag = Some(Drag::Range { from, to, on_minimap });
                self.repaint(ctx);
            }
            Some(Drag::MinimapWindow { time, window }) => {
                let by = self.minimap_viewport(ctx).time(x) - time;
                self.set_window(ctx, window.start + by, window.end + by);
            }
            Some(Drag::MinimapEdge { start }) => {
                let time = self.minimap_viewport(ctx).time(x).clamp(0.0, Self::duration(ctx));
                let window = ctx.props().window.get();
                if start {
                    self.set_window(ctx, time.min(window.end - CLOSEST), window.end);
                } else {
                    self.set_window(ctx, window.start, time.max(window.start + CLOSEST));
                }
            }
        }
    }

    pub(super) fn up(&mut self, ctx: &Context<Self>, event: &PointerEvent) {
        let points = self.surface.lift(event);
        let (x, y) = self.surface.place(event);
        let drag = self.drag.take();
        match drag {
            Some(Drag::Press { .. }) if event.type_() == "pointerup" => self.click(ctx, x, y),
            Some(Drag::Range { from, to, on_minimap }) => {
                let (start, end) = (from.min(to), from.max(to));
                let map = if on_minimap { self.minimap_viewport(ctx) } else { self.viewport(ctx) };
                if (end - start) * map.scale() > TREMBLE {
                    self.set_window(ctx, start, end);
                } else if on_minimap {
                    // A click moves the window there.
                    let window = ctx.props().window.get();
                    let half = (window.end - window.start) / 2.0;
                    self.set_window(ctx, from - half, from + half);
                }
            }
            _ => {}
        }
        if points {
            self.hover(ctx, x, y);
        } else {
            self.hovered = None;
        }
        self.repaint(ctx);
    }

    pub(super) fn click(&mut self, ctx: &Context<Self>, x: f64, y: f64) {
        match self.hit(ctx, x, y) {
            Hit::Caret(row) => {
                if let Some(span) = self.span_of(row) {
                    ctx.props().on_fold.emit(Fold::Toggle(span));
                }
            }
            Hit::Pinned(row) => {
                // Jumps to where the ancestor is, and selects it.
                if let Some(row) = self.row(row) {
                    let (span, number, start, duration) = (row.span, row.row, row.start, row.duration);
                    ctx.props().on_select.emit(Some(span));
                    self.show_row(ctx, number, start, duration);
                }
            }
            Hit::Name(row) | Hit::Bar(row) | Hit::Event(row, _) | Hit::Row(row) => {
                ctx.props().on_select.emit(self.span_of(row));
            }
            _ if y > Self::top(ctx) => ctx.props().on_select.emit(None),
            _ => {}
        }
    }

    pub(super) fn row(&self, row: u32) -> Option<&scene::Row> {
        self.slice.as_ref()?.row(row)
    }

    pub(super) fn span_of(&self, row: u32) -> Option<u32> {
        self.row(row).map(|row| row.span)
    }

    pub(super) fn double_click(&mut self, ctx: &Context<Self>, event: &MouseEvent) {
        let (x, y) = self.surface.place(event);
        match self.hit(ctx, x, y) {
            Hit::Name(row) | Hit::Bar(row) | Hit::Event(row, _) | Hit::Row(row) => {
                if let Some(row) = self.row(row) {
                    let (start, duration) = (row.start, row.duration);
                    self.command(ctx, Command::ZoomTo { start, duration });
                }
            }
            _ if y < Self::top(ctx) => self.command(ctx, Command::Fit),
            _ => {}
        }
    }

    pub(super) fn wheel(&mut self, ctx: &Context<Self>, event: &WheelEvent) {
        event.prevent_default();
        let (dx, dy) = wheel_pixels(event, self.rows_area(ctx).h);
        let (x, y) = self.surface.place(event);
        self.surface.pointer = Some((x, y));
        self.surface.hide_tooltip();
        if event.ctrl_key() || event.meta_key() || event.alt_key() || y < Self::top(ctx) {
            // A notch of a wheel is about 100 pixels, a pinch comes in steps of a few.
            let gain = if event.ctrl_key() && dy.abs() < 40.0 { 0.01 } else { 0.0025 };
            let x = if y < Self::map_height(ctx) {
                self.viewport(ctx).x(self.minimap_viewport(ctx).time(x))
            } else {
                x
            };
            self.zoom_about(ctx, x, (dy * gain).exp());
        } else if event.shift_key() || dx.abs() > dy.abs() {
            let by = if dx == 0.0 { dy } else { dx } / self.viewport(ctx).scale();
            let window = ctx.props().window.get();
            self.set_window(ctx, window.start + by, window.end + by);
        } else {
            self.set_scroll(ctx, self.scroll + dy);
        }
        self.hover(ctx, x, y);
    }

    /// Arrow keys as a tree grid has them, where the grid was reached by keyboard. Elsewhere they pan and zoom.
    pub(super) fn key(&self, ctx: &Context<Self>, event: &KeyboardEvent) {
        let by_keyboard = self
            .surface
            .box_element()
            .is_some_and(|element| element.matches(":focus-visible").unwrap_or(false));
        if !by_keyboard || event.ctrl_key() || event.meta_key() || event.alt_key() {
            return;
        }
        let selected = ctx.props().selected;
        let row = selected.and_then(|span| self.slice.as_ref()?.row_of(span)).map(|row| {
            let parent = row.parent_row.and_then(|parent| self.span_of(parent));
            (row.row, row.span, row.has_children, row.collapsed, parent)
        });
        let step = |by| ctx.props().on_step.emit(by);
        match (event.key().as_str(), row) {
            ("ArrowUp", _) => step(-1),
            ("ArrowRight", Some((_, span, true, true, _)))
            | ("ArrowLeft", Some((_, span, true, false, _))) => {
                ctx.props().on_fold.emit(Fold::Toggle(span));
            }
            ("ArrowDown", _) | ("ArrowRight", Some((_, _, true, false, _))) => step(1),
            ("ArrowLeft", Some((_, _, _, _, Some(parent)))) => ctx.props().on_select.emit(Some(parent)),
            _ => return,
        }
        event.prevent_default();
    }

    /// What is under the pointer: cursor shape, highlighted row, tooltip.
    pub(super) fn hover(&mut self, ctx: &Context<Self>, x: f64, y: f64) {
        let hit = self.hit(ctx, x, y);
        let cursor = if self.on_name_edge(ctx, x, y) {
            "col-resize"
        } else if y < Self::top(ctx) && x > self.viewport(ctx).name_width {
            "crosshair"
        } else if matches!(hit, Hit::Caret(_) | Hit::Pinned(_) | Hit::Bar(_) | Hit::Name(_) | Hit::Event(..))
        {
            "pointer"
        } else {
            "default"
        };
        self.surface.set_cursor(cursor);
        self.hovered = hit.row().and_then(|row| self.span_of(row));
        let shown = match hit {
            Hit::Bar(row) | Hit::Name(row) | Hit::Pinned(row) => {
                self.row(row).map(|row| describe(row, Self::duration(ctx)))
            }
            Hit::Event(row, event) => self.row(row).and_then(|row| {
                let event = row.events.get(event as usize)?;
                let title = match (event.kind, event.error, event.count) {
                    (MarkKind::Event, true, _) => "exception".to_owned(),
                    (MarkKind::Event, _, 1) => "event".to_owned(),
                    (MarkKind::Event, _, count) => format!("{} events", format_count(count.into())),
                    (_, _, 1) => event.text.clone(),
                    (MarkKind::Log, _, count) => {
                        format!("{} log records: {}", format_count(count.into()), event.text)
                    }
                    (MarkKind::Exemplar, _, count) => {
                        format!("{} measurements: {}", format_count(count.into()), event.text)
                    }
                };
                Some((title, when_text(event.time - row.start)))
            }),
            _ => None,
        };
        match shown {
            Some((title, text)) => self.surface.show_tooltip((x, y), &title, &text),
            None => self.surface.hide_tooltip(),
        }
    }
}

/// A moment, by the start of its span.
fn when_text(since: f64) -> String {
    let (moment, side) = if since < 0.0 { (-since, "before") } else { (since, "after") };
    format!("{} {side} the span began", format_nanos(moment))
}
