//! A canvas in a box that views draw on: its size, painter and frame, the pointer over it, its tooltip.

use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, HtmlElement, MouseEvent, PointerEvent};
use yew::prelude::*;

use crate::busy::Busy;
use crate::canvas::{Frame, Resize, fit, set_css};
use crate::painter::Painter;
use crate::pointer::Pointers;
use crate::theme::Theme;

#[derive(Default)]
pub(crate) struct Surface {
    /// The box, which has the focus and the pointer's events.
    pub(crate) element: NodeRef,
    canvas: NodeRef,
    tooltip: NodeRef,
    tooltip_title: NodeRef,
    tooltip_text: NodeRef,
    resize: Option<Resize>,
    /// In CSS pixels; nothing before the first layout.
    pub(crate) size: (f64, f64),
    painter: Option<Painter>,
    frame: Frame,
    /// Where the pointer is, if it is over the box.
    pub(crate) pointer: Option<(f64, f64)>,
    pub(crate) pointers: Pointers,
}

impl Surface {
    /// What stands in the box.
    pub(crate) fn html(&self) -> Html {
        html! {
            <>
                <canvas ref={self.canvas.clone()} aria-hidden="true" />
                <div ref={self.tooltip.clone()} class="tooltip" hidden=true aria-hidden="true">
                    <b ref={self.tooltip_title.clone()}></b>
                    <div ref={self.tooltip_text.clone()} class="tooltip-text"></div>
                </div>
            </>
        }
    }

    pub(crate) fn box_element(&self) -> Option<HtmlElement> {
        self.element.cast()
    }

    /// Tells its size, at first and whenever it changes.
    pub(crate) fn observe(&mut self, busy: &Busy, on_resize: Callback<(f64, f64)>) {
        self.resize = self.box_element().and_then(|element| Resize::observe(&element, busy, on_resize));
    }

    /// Is there room to draw in?
    pub(crate) fn has_room(&self) -> bool {
        self.size.0 >= 1.0 && self.size.1 >= 1.0
    }

    /// Colours and fonts are read anew with the next frame.
    pub(crate) fn restyle(&mut self) {
        self.painter = None;
    }

    /// Asks for a frame unless one is on its way.
    pub(crate) fn repaint(&mut self, busy: &Busy, paint: impl FnOnce() + 'static) {
        self.frame.request(busy, move |_| paint());
    }

    /// The frame came: something to draw with, to be given back with [`Surface::painted`].
    pub(crate) fn paint(&mut self) -> Option<(CanvasRenderingContext2d, Painter)> {
        self.frame.arrived();
        if !self.has_room() {
            return None;
        }
        let context = fit(&self.canvas.cast::<HtmlCanvasElement>()?, self.size.0, self.size.1)?;
        let element = self.box_element()?;
        Some((context, self.painter.take().unwrap_or_else(|| Painter::new(Theme::of(&element)))))
    }

    /// Keeps the painter, and what it has measured, for the next frame.
    pub(crate) fn painted(&mut self, painter: Painter) {
        self.painter = Some(painter);
    }

    /// Where an event is, in CSS pixels of the box.
    pub(crate) fn place(&self, event: &MouseEvent) -> (f64, f64) {
        let rect = self.box_element().map(|element| element.get_bounding_client_rect());
        let (left, top) = rect.map_or((0.0, 0.0), |rect| (rect.left(), rect.top()));
        (f64::from(event.client_x()) - left, f64::from(event.client_y()) - top)
    }

    /// A pointer goes down: its moves come here until it is lifted. Tells where it is, and how many are down.
    pub(crate) fn press(&mut self, event: &PointerEvent) -> ((f64, f64), usize) {
        self.hide_tooltip();
        if let Some(element) = self.box_element() {
            // Fails where the pointer is gone already; then there is nothing to capture.
            drop(element.set_pointer_capture(event.pointer_id()));
        }
        let (x, y) = self.place(event);
        ((x, y), self.pointers.down(event.pointer_id(), x, y))
    }

    /// A pointer is lifted. Tells whether it still points at something: a finger that is gone does not.
    pub(crate) fn lift(&mut self, event: &PointerEvent) -> bool {
        self.pointers.up(event.pointer_id());
        let points = event.pointer_type() != "touch";
        if !points {
            self.leave();
        }
        points
    }

    /// Nothing points here any more.
    pub(crate) fn leave(&mut self) {
        self.pointer = None;
        self.hide_tooltip();
    }

    pub(crate) fn set_cursor(&self, cursor: &str) {
        if let Some(element) = self.box_element() {
            set_css(&element, "cursor", cursor);
        }
    }

    /// Beside the pointer, and inside of the box. Written to the page directly: a move of the pointer renders nothing.
    pub(crate) fn show_tooltip(&self, (x, y): (f64, f64), title: &str, text: &str) {
        let element = |of: &NodeRef| of.cast::<HtmlElement>();
        let (Some(tooltip), Some(title_element), Some(text_element)) =
            (element(&self.tooltip), element(&self.tooltip_title), element(&self.tooltip_text))
        else {
            return;
        };
        title_element.set_text_content(Some(title));
        text_element.set_text_content(Some(text));
        tooltip.set_hidden(false);
        let (width, height) = self.size;
        let (w, h) = (f64::from(tooltip.offset_width()), f64::from(tooltip.offset_height()));
        let left = if x + 14.0 + w < width { x + 14.0 } else { (x - 14.0 - w).max(4.0) };
        let top = if y + 18.0 + h < height { y + 18.0 } else { (y - 12.0 - h).max(4.0) };
        set_css(&tooltip, "transform", &format!("translate({left:.0}px,{top:.0}px)"));
    }

    pub(crate) fn hide_tooltip(&self) {
        if let Some(tooltip) = self.tooltip.cast::<HtmlElement>() {
            tooltip.set_hidden(true);
        }
    }
}
