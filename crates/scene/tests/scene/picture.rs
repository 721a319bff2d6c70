//! A display list as SVG: the same dumb painter as the page's, for people who change a layout.

use std::fmt::Write as _;

use scene::{DisplayList, Font, Op, Paint, Rect};

/// Writes `name.svg` into the directory `SCENE_SVG` names, if it names one.
pub(crate) fn picture(name: &str, list: &DisplayList, width: f64, height: f64) {
    let Ok(directory) = std::env::var("SCENE_SVG") else { return };
    std::fs::write(format!("{directory}/{name}.svg"), svg(list, width, height)).unwrap();
}

fn colour(paint: Paint) -> &'static str {
    const SERVICES: [&str; 10] = [
        "#77AADD", "#EE8866", "#BBCC33", "#44BB99", "#EEDD88", "#FFAABB", "#99DDFF", "#AAAA00", "#C3BBEA",
        "#D8D0C0",
    ];
    match paint {
        Paint::Service(slot) => SERVICES[usize::from(slot)],
        Paint::OnService | Paint::Text => "#1a1d24",
        Paint::OnServiceMute => "#1a1d24a0",
        Paint::Mute => "#646b7a",
        Paint::Faint => "#9aa1b0",
        Paint::Accent => "#2b63e3",
        Paint::AccentBg => "#e9f0ff",
        Paint::OnAccent | Paint::OnError | Paint::Bg => "#ffffff",
        Paint::Error => "#c9262c",
        Paint::ErrorBg => "#fdecec",
        Paint::Ink => "#14161b",
        Paint::Line => "#e6e8ee",
        Paint::Line2 => "#f0f1f5",
        Paint::Hover => "#f3f5f9",
        Paint::Panel => "#f8f9fb",
        Paint::Shade => "#ffffffb0",
    }
}

fn font(font: Font) -> &'static str {
    match font {
        Font::Regular => "font-size='13'",
        Font::Bold => "font-size='13' font-weight='600'",
        Font::Small => "font-size='12'",
        Font::SmallBold => "font-size='12' font-weight='600'",
        Font::Head => "font-size='11'",
        Font::Mono => "font-size='12' font-family='monospace'",
    }
}

fn svg(list: &DisplayList, width: f64, height: f64) -> String {
    let mut out = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{height}' font-family='DejaVu Sans'>\n\
         <rect width='100%' height='100%' fill='#fff'/>\n"
    );
    let mut clips = 0;
    let place =
        |r: &Rect| format!("x='{}' y='{}' width='{}' height='{}'", r.x, r.y, r.w.max(0.0), r.h.max(0.0));
    for op in &list.ops {
        match op {
            Op::Rects { paint, radius, rects } => {
                for rect in rects {
                    let _ = writeln!(out, "<rect {} rx='{radius}' fill='{}'/>", place(rect), colour(*paint));
                }
            }
            Op::Outlines { paint, width, radius, rects } => {
                for rect in rects {
                    let inner =
                        Rect::new(rect.x + width / 2.0, rect.y + width / 2.0, rect.w - width, rect.h - width);
                    let stroke = format!("stroke='{}' stroke-width='{width}' fill='none'", colour(*paint));
                    let _ = writeln!(out, "<rect {} rx='{radius}' {stroke}/>", place(&inner));
                }
            }
            Op::Hatch { radius, rects } => {
                for rect in rects {
                    let _ = writeln!(out, "<rect {} rx='{radius}' fill='#1a1d2430'/>", place(rect));
                }
            }
            Op::Lines { paint, width, dashed, segments } => {
                let dash = if *dashed { "stroke-dasharray='2 3'" } else { "" };
                for s in segments {
                    let _ = writeln!(
                        out,
                        "<line x1='{}' y1='{}' x2='{}' y2='{}' stroke='{}' stroke-width='{width}' {dash}/>",
                        s.from.x,
                        s.from.y,
                        s.to.x,
                        s.to.y,
                        colour(*paint)
                    );
                }
            }
            Op::Texts { paint, font: face, labels } => {
                for label in labels {
                    let text = label.text.replace('&', "&amp;").replace('<', "&lt;");
                    let (fill, face) = (colour(*paint), font(*face));
                    let _ = writeln!(
                        out,
                        "<text x='{}' y='{}' fill='{fill}' {face}>{text}</text>",
                        label.x, label.y
                    );
                }
            }
            Op::Polygons { paint, polygons } => {
                for points in polygons {
                    let points = points.map(|point| format!("{},{}", point.x, point.y)).join(" ");
                    let _ = writeln!(out, "<polygon points='{points}' fill='{}'/>", colour(*paint));
                }
            }
            Op::Discs { paint, radius, centres } => {
                for at in centres {
                    let _ = writeln!(
                        out,
                        "<circle cx='{}' cy='{}' r='{radius}' fill='{}'/>",
                        at.x,
                        at.y,
                        colour(*paint)
                    );
                }
            }
            Op::Rings { paint, radius, width, centres } => {
                for at in centres {
                    let stroke = format!("fill='none' stroke='{}' stroke-width='{width}'", colour(*paint));
                    let _ = writeln!(out, "<circle cx='{}' cy='{}' r='{radius}' {stroke}/>", at.x, at.y);
                }
            }
            Op::PushClip(rect) => {
                clips += 1;
                let _ = writeln!(
                    out,
                    "<clipPath id='c{clips}'><rect {}/></clipPath><g clip-path='url(#c{clips})'>",
                    place(rect)
                );
            }
            Op::PopClip => out.push_str("</g>\n"),
        }
    }
    out.push_str("</svg>\n");
    out
}
