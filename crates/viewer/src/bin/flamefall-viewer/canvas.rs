//! What every canvas needs: its size, device pixels, one animation frame at a time.

use gloo::render::{AnimationFrame, request_animation_frame};
use gloo::timers::future::TimeoutFuture;
use js_sys::Array;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;
use web_sys::{CanvasRenderingContext2d, Element, HtmlCanvasElement, ResizeObserver, ResizeObserverEntry};
use yew::Callback;

use crate::busy::{Busy, Working};

/// Tells the size of an element in CSS pixels, at first and whenever it changes, until dropped.
pub(crate) struct Resize {
    observer: ResizeObserver,
    /// The first size comes with the next layout: work until then.
    _layout: AnimationFrame,
    _closure: Closure<dyn FnMut(Array)>,
}

impl Resize {
    pub(crate) fn observe(element: &Element, busy: &Busy, on_resize: Callback<(f64, f64)>) -> Option<Self> {
        let closure = Closure::<dyn FnMut(Array)>::new(move |entries: Array| {
            if let Some(entry) =
                entries.iter().last().and_then(|entry| entry.dyn_into::<ResizeObserverEntry>().ok())
            {
                let rect = entry.content_rect();
                on_resize.emit((rect.width(), rect.height()));
            }
        });
        let observer = ResizeObserver::new(closure.as_ref().unchecked_ref()).ok()?;
        observer.observe(element);
        let working = busy.start();
        // Sizes are told after the frames' callbacks, and never for what is not laid out.
        let layout = request_animation_frame(move |_| {
            wasm_bindgen_futures::spawn_local(async move {
                TimeoutFuture::new(0).await;
                drop(working);
            });
        });
        Some(Self { observer, _layout: layout, _closure: closure })
    }
}

impl Drop for Resize {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}

/// Device pixels per CSS pixel.
pub(crate) fn device_pixel_ratio() -> f64 {
    gloo::utils::window().device_pixel_ratio().max(1.0)
}

/// Gives the canvas the device pixels of `width` × `height` CSS pixels and a context that draws in CSS pixels.
pub(crate) fn fit(canvas: &HtmlCanvasElement, width: f64, height: f64) -> Option<CanvasRenderingContext2d> {
    let ratio = device_pixel_ratio();
    let (device_width, device_height) = ((width * ratio).floor() as u32, (height * ratio).floor() as u32);
    // Setting the size clears the canvas and gives up its memory, even where it is the same.
    if canvas.width() != device_width || canvas.height() != device_height {
        canvas.set_width(device_width);
        canvas.set_height(device_height);
        let style = canvas.style();
        drop(style.set_property("width", &format!("{}px", f64::from(device_width) / ratio)));
        drop(style.set_property("height", &format!("{}px", f64::from(device_height) / ratio)));
    }
    let context: CanvasRenderingContext2d = canvas.get_context("2d").ok().flatten()?.dyn_into().ok()?;
    context.set_transform(ratio, 0.0, 0.0, ratio, 0.0, 0.0).ok()?;
    Some(context)
}

/// At most one animation frame on its way; it counts as work until it was painted.
#[derive(Default)]
pub(crate) struct Frame(Option<(AnimationFrame, Working)>);

impl Frame {
    /// Asks for a frame unless one is on its way.
    pub(crate) fn request(&mut self, busy: &Busy, paint: impl FnOnce(f64) + 'static) {
        if self.0.is_none() {
            self.0 = Some((request_animation_frame(paint), busy.start()));
        }
    }

    /// The frame is being painted.
    pub(crate) fn arrived(&mut self) {
        self.0 = None;
    }
}

/// Sets a CSS property through the object model, which a strict content security policy allows.
pub(crate) fn set_css(element: &web_sys::HtmlElement, property: &str, value: &str) {
    drop(element.style().set_property(property, value));
}
