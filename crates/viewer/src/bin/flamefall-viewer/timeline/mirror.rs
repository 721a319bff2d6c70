//! Rows in words: the tree grid for screen readers, and the tooltip.

use scene::{format_count, format_nanos};
use yew::prelude::*;

use super::Timeline;

impl Timeline {
    pub(super) fn refresh_mirror(&mut self, ctx: &Context<Self>) -> bool {
        let (first, last) = self.viewport(ctx).rows();
        self.mirror = (first, last.min(ctx.props().head.row_count));
        true
    }

    /// The rows on screen as a screen reader reads them.
    pub(super) fn mirror(&self, ctx: &Context<Self>) -> Html {
        let Some(slice) = &self.slice else { return html! {} };
        let (first, last) = self.mirror;
        let selected = ctx.props().selected;
        html! {
            <div class="visually-hidden" role="rowgroup">
                { for slice.rows.iter().filter(|row| row.row >= first && row.row < last).map(|row| html! {
                    <div key={row.span} id={format!("row-{}", row.span)} role="row" aria-level={(row.depth + 1).to_string()}
                        aria-rowindex={(row.row + 1).to_string()}
                        aria-expanded={row.has_children.then(|| (!row.collapsed).to_string())}
                        aria-selected={(selected == Some(row.span)).to_string()}>
                        <span role="gridcell">{ scene::service_name(&row.service) }{ " " }{ &row.name }</span>
                        <span role="gridcell">{ format_nanos(row.duration) }</span>
                        <span role="gridcell">{ error_words(row) }</span>
                    </div>
                }) }
            </div>
        }
    }
}

fn error_words(row: &scene::Row) -> &'static str {
    match row.mark {
        scene::ErrorMark::Origin => "error",
        scene::ErrorMark::Through => "error from below",
        scene::ErrorMark::None => "",
    }
}

/// Title and lines of a span's tooltip.
pub(super) fn describe(row: &scene::Row, trace_duration: f64) -> (String, String) {
    let share = row.duration / trace_duration * 100.0;
    let mut lines = vec![
        format!("{} · {share:.1}\u{2009}% of trace", format_nanos(row.duration)),
        format!("self {} · starts at {}", format_nanos(row.self_time), format_nanos(row.start)),
    ];
    let critical: f64 = row.critical.iter().map(|(start, end)| end - start).sum();
    if critical > 0.0 && !row.collapsed {
        lines.push(format!("on the critical path for {}", format_nanos(critical)));
    }
    if row.collapsed {
        lines.push(format!("{} spans folded", format_count(u64::from(row.descendants))));
    }
    if row.orphan {
        lines.push("its parent is not in the file".to_owned());
    }
    if row.no_end {
        lines.push("it has no end time".to_owned());
    }
    (format!("{}  {}", scene::service_name(&row.service), row.name), lines.join("\n"))
}
