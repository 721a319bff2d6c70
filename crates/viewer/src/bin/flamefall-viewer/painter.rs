//! Executes display lists on a 2D canvas: one path and one fill a paint. Decides nothing.

use rustc_hash::FxHashMap;
use scene::{DisplayList, Font, MeasureText, Op, Paint, Rect};
use wasm_bindgen::JsValue;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

use crate::theme::{self, Theme};

/// Widths kept before starting over: more than any screen shows.
const CACHED_WIDTHS: usize = 8_000;

/// The theme, fonts, and the widths of texts.
pub(crate) struct Painter {
    theme: Theme,
    fonts: [String; 6],
    widths: FxHashMap<(Font, String), f64>,
    /// Measures; belongs to no page element, so that measuring touches nobody's state.
    ruler: Option<CanvasRenderingContext2d>,
    ruler_font: Option<Font>,
}

fn font_place(font: Font) -> usize {
    match font {
        Font::Regular => 0,
        Font::Bold => 1,
        Font::Small => 2,
        Font::SmallBold => 3,
        Font::Head => 4,
        Font::Mono => 5,
    }
}

impl Painter {
    pub(crate) fn new(theme: Theme) -> Self {
        let (sans, mono) = (&theme.font, &theme.mono);
        let fonts = [
            format!("400 13px {sans}"),
            format!("600 13px {sans}"),
            format!("400 12px {sans}"),
            format!("600 12px {sans}"),
            format!("400 11px {sans}"),
            format!("400 12px {mono}"),
        ];
        let ruler = gloo::utils::document().create_element("canvas").ok();
        let ruler = ruler.and_then(|canvas| wasm_bindgen::JsCast::dyn_into::<HtmlCanvasElement>(canvas).ok());
        let ruler = ruler.and_then(|canvas| canvas.get_context("2d").ok().flatten());
        let ruler = ruler.and_then(|context| wasm_bindgen::JsCast::dyn_into(context).ok());
        Self { theme, fonts, widths: FxHashMap::default(), ruler, ruler_font: None }
    }

    fn font(&self, font: Font) -> &str {
        self.fonts.get(font_place(font)).map_or("13px sans-serif", String::as_str)
    }

    fn colour(&self, paint: Paint) -> &str {
        let theme = &self.theme;
        match paint {
            Paint::Service(slot) => theme::service(slot),
            Paint::OnService => "#1a1d24",
            Paint::OnServiceMute => "rgba(26,29,36,0.66)",
            Paint::Text => &theme.text,
            Paint::Mute => &theme.mute,
            Paint::Faint => &theme.faint,
            Paint::Accent => &theme.accent,
            Paint::AccentBg => &theme.accent_bg,
            Paint::OnAccent => &theme.on_accent,
            Paint::Error => &theme.err,
            Paint::ErrorBg => &theme.err_bg,
            Paint::Ink => &theme.ink,
            Paint::Line => &theme.line,
            Paint::Line2 => &theme.line2,
            Paint::Hover => &theme.hover,
            Paint::Bg | Paint::Shade | Paint::OnError => &theme.bg,
            Paint::Panel => &theme.panel,
        }
    }

    /// Clears a part of the canvas to a paint.
    pub(crate) fn clear(&self, context: &CanvasRenderingContext2d, rect: Rect, paint: Paint) {
        context.set_fill_style_str(self.colour(paint));
        context.fill_rect(rect.x, rect.y, rect.w, rect.h);
    }

    /// Draws the list in `area`: its origin is the list's, and nothing is drawn outside.
    pub(crate) fn draw(&self, context: &CanvasRenderingContext2d, area: Rect, list: &DisplayList) {
        context.save();
        context.begin_path();
        context.rect(area.x, area.y, area.w, area.h);
        context.clip();
        // A context that is not lost can be translated; a lost one draws nothing anyway.
        drop(context.translate(area.x, area.y));
        let mut clips = 0;
        for op in &list.ops {
            self.op(context, op, &mut clips);
        }
        for _ in 0..=clips {
            context.restore();
        }
    }

    fn op(&self, context: &CanvasRenderingContext2d, op: &Op, clips: &mut usize) {
        match op {
            Op::Rects { paint, radius, rects } => {
                context.set_fill_style_str(self.colour(*paint));
                if *paint == Paint::Shade {
                    context.set_global_alpha(0.72);
                }
                outline(context, rects, *radius, 0.0);
                context.fill();
                context.set_global_alpha(1.0);
            }
            Op::Outlines { paint, width, radius, rects } => {
                context.set_stroke_style_str(self.colour(*paint));
                context.set_line_width(*width);
                outline(context, rects, *radius, width / 2.0);
                context.stroke();
            }
            Op::Hatch { radius, rects } => {
                context.save();
                outline(context, rects, *radius, 0.0);
                context.clip();
                context.set_stroke_style_str(self.colour(Paint::OnService));
                context.set_global_alpha(0.28);
                context.set_line_width(1.0);
                context.begin_path();
                for rect in rects {
                    let mut x = rect.x - rect.h;
                    while x < rect.right() {
                        context.move_to(x, rect.bottom());
                        context.line_to(x + rect.h, rect.y);
                        x += 6.0;
                    }
                }
                context.stroke();
                context.restore();
            }
            Op::Lines { paint, width, dashed, segments } => {
                context.set_stroke_style_str(self.colour(*paint));
                context.set_line_width(*width);
                let dash = js_sys::Array::new();
                if *dashed {
                    dash.push(&JsValue::from_f64(2.0));
                    dash.push(&JsValue::from_f64(3.0));
                }
                drop(context.set_line_dash(&dash));
                context.begin_path();
                for line in segments {
                    context.move_to(line.from.x, line.from.y);
                    context.line_to(line.to.x, line.to.y);
                }
                context.stroke();
                if *dashed {
                    drop(context.set_line_dash(&js_sys::Array::new()));
                }
            }
            Op::Texts { paint, font, labels } => {
                context.set_fill_style_str(self.colour(*paint));
                context.set_font(self.font(*font));
                for label in labels {
                    drop(context.fill_text(&label.text, label.x, label.y));
                }
            }
            Op::Polygons { paint, polygons } => {
                context.set_fill_style_str(self.colour(*paint));
                context.begin_path();
                for [first, rest @ ..] in polygons {
                    context.move_to(first.x, first.y);
                    for point in rest {
                        context.line_to(point.x, point.y);
                    }
                    context.close_path();
                }
                context.fill();
            }
            Op::Discs { paint, radius, centres } => {
                context.set_fill_style_str(self.colour(*paint));
                circles(context, centres, *radius);
                context.fill();
            }
            Op::Rings { paint, radius, width, centres } => {
                context.set_stroke_style_str(self.colour(*paint));
                context.set_line_width(*width);
                circles(context, centres, *radius);
                context.stroke();
            }
            Op::PushClip(rect) => {
                *clips += 1;
                context.save();
                context.begin_path();
                context.rect(rect.x, rect.y, rect.w, rect.h);
                context.clip();
            }
            Op::PopClip => {
                if *clips > 0 {
                    *clips -= 1;
                    context.restore();
                }
            }
        }
    }
}

fn outline(context: &CanvasRenderingContext2d, rects: &[Rect], radius: f64, inset: f64) {
    context.begin_path();
    for rect in rects {
        let (x, y) = (rect.x + inset, rect.y + inset);
        let (w, h) = ((rect.w - 2.0 * inset).max(0.0), (rect.h - 2.0 * inset).max(0.0));
        let radius = radius.min(w / 2.0).min(h / 2.0);
        if radius < 0.5 {
            context.rect(x, y, w, h);
        } else {
            drop(context.round_rect_with_f64(x, y, w, h, radius));
        }
    }
}

fn circles(context: &CanvasRenderingContext2d, centres: &[scene::Point], radius: f64) {
    context.begin_path();
    for centre in centres {
        context.move_to(centre.x + radius, centre.y);
        drop(context.arc(centre.x, centre.y, radius, 0.0, std::f64::consts::TAU));
    }
}

impl MeasureText for Painter {
    fn width(&mut self, text: &str, font: Font) -> f64 {
        if text.is_empty() {
            return 0.0;
        }
        if self.widths.len() > CACHED_WIDTHS {
            self.widths.clear();
        }
        if let Some(&width) = self.widths.get(&(font, text.to_owned())) {
            return width;
        }
        let Some(ruler) = &self.ruler else { return text.len() as f64 * 7.0 };
        if self.ruler_font != Some(font) {
            ruler.set_font(self.font(font));
            self.ruler_font = Some(font);
        }
        let width = ruler.measure_text(text).map_or(0.0, |metrics| metrics.width());
        self.widths.insert((font, text.to_owned()), width);
        width
    }
}
