//! From slices to the canvas: minimap, ruler, rows, and what lies over them.

use scene::{DisplayList, Paint, Rect, RowState, Viewport, format_nanos};
use yew::prelude::*;

use super::{Drag, MINIMAP, RULER, SCROLLBAR, Timeline};
use crate::painter::Painter;

impl Timeline {
    pub(super) fn paint(&mut self, ctx: &Context<Self>) {
        let Some((context, mut painter)) = self.surface.paint() else { return };
        let (width, height) = self.surface.size;
        let viewport = self.viewport(ctx);
        let cursor = self.cursor_time(ctx);
        let rows = self.rows_area(ctx);
        painter.clear(&context, Rect::new(0.0, 0.0, width, height), Paint::Bg);

        let map = Rect::new(0.0, 0.0, width, Self::map_height(ctx));
        painter.clear(&context, map, Paint::Panel);
        let range = match self.drag {
            Some(Drag::Range { from, to, .. }) => Some((from.min(to), from.max(to))),
            _ => None,
        };
        if let Some(minimap) = self.minimap.as_ref().filter(|_| map.h > 0.0) {
            let (start, end) = match (range, self.drag) {
                (Some(range), Some(Drag::Range { on_minimap: true, .. })) => range,
                _ => (viewport.start, viewport.end),
            };
            let list = scene::minimap_layout(minimap, viewport.plot(), map.h, (start, end));
            painter.draw(&context, map, &list);
        }
        if map.h > 0.0 {
            Self::label_minimap(&context, &mut painter, &viewport, Self::duration(ctx));
        }
        let ruler = Rect::new(0.0, map.h, width, RULER);
        painter.clear(&context, ruler, Paint::Panel);
        let list = scene::ruler_layout(&Viewport { height: RULER, ..viewport }, cursor, &mut painter);
        painter.draw(&context, ruler, &list);
        // A line under the minimap and one under the ruler.
        for y in [map.h - 1.0, Self::top(ctx) - 1.0] {
            painter.clear(&context, Rect::new(0.0, y, width, 1.0), Paint::Line);
        }

        if let Some(slice) = &self.slice {
            let state =
                RowState { selected: ctx.props().selected, hovered: self.hovered, cursor_time: cursor };
            let list = scene::waterfall_layout(slice, &viewport, &state, &mut painter);
            painter.draw(&context, rows, &list);
        }
        let list = self.overlay(ctx, range);
        painter.draw(&context, rows, &list);
        self.surface.painted(painter);
    }

    /// Which part of the trace the window is, in the name column beside the minimap.
    pub(super) fn label_minimap(
        context: &web_sys::CanvasRenderingContext2d,
        painter: &mut Painter,
        viewport: &Viewport,
        duration: f64,
    ) {
        if viewport.narrow {
            return;
        }
        let (start, end) = (viewport.start.max(0.0), viewport.end.min(duration));
        let text = if start <= 0.0 && end >= duration {
            "whole trace".to_owned()
        } else {
            format!("{} from {}", format_nanos(end - start), format_nanos(start))
        };
        let area = Rect::new(0.0, 0.0, viewport.name_width, MINIMAP);
        let text =
            scene::ellipsize(&text, viewport.name_width - 32.0, scene::Font::Small, painter).into_owned();
        let labels = vec![scene::Label { x: 16.0, y: MINIMAP / 2.0 + 4.0, text }];
        let mut list = DisplayList::default();
        list.push(scene::Op::Texts { paint: Paint::Mute, font: scene::Font::Small, labels });
        painter.draw(context, area, &list);
    }

    /// Scrollbar, and the range being chosen on the ruler.
    pub(super) fn overlay(&self, ctx: &Context<Self>, range: Option<(f64, f64)>) -> DisplayList {
        let mut list = DisplayList::default();
        let viewport = self.viewport(ctx);
        if let (Some((start, end)), Some(Drag::Range { on_minimap: false, .. })) = (range, self.drag) {
            let (from, to) = (viewport.x(start), viewport.x(end));
            let rects =
                vec![Rect::new(from, 0.0, 1.0, viewport.height), Rect::new(to, 0.0, 1.0, viewport.height)];
            list.push(scene::Op::Rects { paint: Paint::Accent, radius: 0.0, rects });
        }
        if let Some((top, length)) = self.scroll_thumb(ctx) {
            let hot = matches!(self.drag, Some(Drag::Scrollbar { .. }))
                || self
                    .surface
                    .pointer
                    .is_some_and(|(x, y)| x > self.surface.size.0 - SCROLLBAR && y > Self::top(ctx));
            let rect = Rect::new(self.surface.size.0 - 8.0, top, 5.0, length);
            let paint = if hot { Paint::Mute } else { Paint::Faint };
            list.push(scene::Op::Rects { paint, radius: 2.5, rects: vec![rect] });
        }
        list
    }

    pub(super) fn scroll_thumb(&self, ctx: &Context<Self>) -> Option<(f64, f64)> {
        let room = self.rows_area(ctx).h;
        let whole = f64::from(ctx.props().head.row_count) * Self::row_height(ctx) + 8.0;
        if whole <= room {
            return None;
        }
        let length = (room * room / whole).clamp(24.0, room);
        Some((self.scroll / (whole - room) * (room - length), length))
    }
}
