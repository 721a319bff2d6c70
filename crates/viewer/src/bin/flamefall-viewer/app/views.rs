//! The views around a trace: its head, the stage, the data-quality report.

use std::rc::Rc;

use engine::{Opened, StepAmong, TraceHead};
use wasm_bindgen::JsValue;
use yew::prelude::*;

use super::{App, Msg, View};
use crate::details::DetailsPanel;
use crate::dialog::Dialog;
use crate::flame::Flame;
use crate::start::{counted, format_bytes};
use crate::timeline::Timeline;
use crate::traces::Traces;

impl App {
    pub(super) fn work(&self, ctx: &Context<Self>) -> Html {
        let link = ctx.link();
        let client = self.shared.client.clone();
        let Some(opened) = self.opened.clone() else { return html! {} };
        if self.view == View::Traces && !self.expecting {
            return html! {
                <Traces {client} {opened} list={self.list.clone()} selected={self.head.as_ref().map(|head| head.trace)}
                    theme_revision={self.theme_revision} narrow={self.narrow} matches={self.marks_revision}
                    on_list={link.callback(Msg::List)}
                    on_open={link.callback(|trace| Msg::OpenTrace { trace, span: None })} />
            };
        }
        let Some(head) = self.head.clone() else { return html! { <div class="work" /> } };
        let on_select = link.callback(Msg::Select);
        html! {
            <>
                { Self::trace_head(ctx, &head) }
                <div class="work">
                    if self.view == View::Waterfall {
                        <Timeline client={client.clone()} head={Rc::clone(&head)} window={self.window.clone()}
                            selected={self.selected} rows_revision={self.rows_revision}
                            marks_revision={self.marks_revision} theme_revision={self.theme_revision}
                            narrow={self.narrow} short={self.short} on_select={on_select.clone()} on_fold={link.callback(Msg::Fold)}
                            on_step={link.callback(|by| Msg::Step { among: StepAmong::Rows, by })}
                            on_rest={link.callback(|()| Msg::Rest)} on_ready={link.callback(Msg::TimelineReady)} />
                    } else {
                        <Flame client={client.clone()} head={Rc::clone(&head)} window={self.window.clone()}
                            selected={self.selected} mode={self.flame_mode} merged_window={self.flame_window.clone()}
                            marks_revision={self.marks_revision} theme_revision={self.theme_revision}
                            narrow={self.narrow} on_select={on_select.clone()}
                            on_mode={link.callback(Msg::FlameMode)}
                            on_rest={link.callback(|()| Msg::Rest)} on_ready={link.callback(Msg::TimelineReady)} />
                    }
                    if let Some(details) = &self.details {
                        <DetailsPanel {client} details={Rc::clone(details)} tab={self.tab} narrow={self.narrow}
                            on_tab={link.callback(Msg::Tab)} on_close={link.callback(|()| Msg::Select(None))}
                            on_go={link.callback(|(trace, span)| Msg::OpenTrace { trace, span })}
                            on_search={link.callback(Msg::Search)} />
                    }
                </div>
            </>
        }
    }

    pub(super) fn trace_head(ctx: &Context<Self>, head: &TraceHead) -> Html {
        let count = |n: u32| scene::format_count(u64::from(n));
        let plural = |n: u32, one: &'static str, many: &'static str| if n == 1 { one } else { many };
        let next_error = ctx.link().callback(|_| Msg::Step { among: StepAmong::Errors, by: 1 });
        html! {
            <div class="head">
                <h1 title={format!("{} {}", head.root_service, head.root_name)}>
                    { scene::operation_name(&head.root_name) }{ " " }<span>{ scene::service_name(&head.root_service) }</span>
                </h1>
                <span class="figure"><b>{ scene::format_duration(head.duration) }</b></span>
                <span class="figure"><b>{ count(head.span_count) }</b>{ plural(head.span_count, " span", " spans") }</span>
                <span class="figure">
                    <b>{ count(head.service_count) }</b>{ plural(head.service_count, " service", " services") }
                </span>
                if head.error_count > 0 {
                    <button class="figure error" title="Next error (e)" onclick={next_error}>
                        <b>{ count(head.error_count) }</b>{ plural(head.error_count, " error", " errors") }
                    </button>
                }
                if head.log_count > 0 {
                    <span class="figure" title="Log records of this trace: marks on the bars, and in the details of their spans">
                        <b>{ count(head.log_count) }</b>{ plural(head.log_count, " log", " logs") }
                    </span>
                }
                if head.orphan_count > 0 {
                    <span class="figure" title="Their parents are not in the file: a service that is not instrumented, sampling, or a part of the trace that is missing.">
                        <b>{ count(head.orphan_count) }</b>{ plural(head.orphan_count, " orphan", " orphans") }
                    </span>
                }
                if let Some(clocks) = &head.clocks {
                    <span class="figure clocks" title={clocks.explanation()}>{ clocks.headline() }</span>
                }
                <span class="figure date">{ format_start(head.start) }</span>
            </div>
        }
    }

    /// What was odd in the input, and what could not be read.
    pub(super) fn quality_report(ctx: &Context<Self>, opened: &Opened) -> Html {
        let close = ctx.link().callback(|()| Msg::Quality(false));
        html! {
            <Dialog title={opened.name.clone()} on_close={close}>
                <p>{ format!("{} · {} · {} in {}", opened.format, format_bytes(opened.bytes),
                    counted(opened.span_count, "span"), counted(u64::from(opened.trace_count), "trace")) }</p>
                if opened.warnings.is_empty() && opened.refused.is_empty() {
                    <p class="mute">{ "Nothing odd was found in it." }</p>
                } else {
                    <dl class="quality">
                        { for opened.refused.iter().map(|failure| html! {
                            <div>
                                <dt>{ format!("{}: not read", failure.name) }</dt>
                                <dd>{ &failure.message }</dd>
                            </div>
                        }) }
                        { for opened.warnings.iter().map(|warning| html! {
                            <div>
                                <dt>{ format!("{} × {}", scene::format_count(warning.count), warning_title(&warning.kind)) }</dt>
                                <dd>
                                    { &warning.example }
                                    if let Some(offset) = warning.offset {
                                        { format!(" (at byte {})", scene::format_count(offset)) }
                                    }
                                </dd>
                            </div>
                        }) }
                    </dl>
                }
            </Dialog>
        }
    }
}

fn warning_title(kind: &str) -> &str {
    match kind {
        "truncated" => "cut off at the end",
        "invalidJson" => "text that is not JSON",
        "invalidProtobuf" => "bytes that are not protobuf",
        "notATrace" => "JSON without spans",
        "skippedSpan" => "span that could not be read",
        "leftOut" => "counter or snapshot, which is no span",
        "unpaired" => "beginning, end or flow without its other one",
        "wrongType" => "field of a wrong type",
        "numberOutOfRange" => "number out of range",
        "invalidId" => "id that is neither hex nor base64",
        "invalidUtf8" => "text that is not UTF-8",
        "tooDeep" => "value nested too deep",
        "damagedCompression" => "damaged compression",
        "otherSignal" => "profiles, not shown yet",
        "metricWithoutExemplar" => "metric without exemplars, which leads to no span",
        "repeatedSpan" => "span that came more than once, kept once",
        "missingTraceId" => "span without a trace id",
        "missingSpanId" => "span without an id",
        "duplicateSpanId" => "span id used twice",
        "orphan" => "span whose parent is missing",
        "cycle" => "circle of parents",
        "missingStartTime" => "span without a start",
        "missingEndTime" => "span without an end",
        "reversedTimes" => "span that ends before it starts",
        "logOfOtherTrace" => "log record of a trace that is not open",
        "logWithoutTrace" => "log record without a trace id",
        "exemplarOfOtherTrace" => "exemplar of a trace that is not open",
        other => other,
    }
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Times before this (12 January 1970) are counted from somewhere else than the epoch, as the store has it.
const WALL_CLOCK: u64 = 1_000_000_000_000_000;

/// Date and time to the millisecond, UTC: `21 Nov 2026, 12:03:04.123 UTC`.
pub(crate) fn format_start(unix_nanos: u64) -> String {
    if unix_nanos < WALL_CLOCK {
        return "no date in the file".to_owned();
    }
    let millis = unix_nanos / 1_000_000;
    let date = js_sys::Date::new(&JsValue::from_f64(millis as f64));
    let month = MONTHS.get(date.get_utc_month() as usize).copied().unwrap_or_default();
    format!("{} {month} {}, {} UTC", date.get_utc_date(), date.get_utc_full_year(), format_clock(unix_nanos))
}

/// Time of day to the millisecond, UTC: `12:03:04.123`.
pub(crate) fn format_clock(unix_nanos: u64) -> String {
    let millis = unix_nanos / 1_000_000;
    let seconds = millis / 1000;
    format!("{:02}:{:02}:{:02}.{:03}", seconds / 3600 % 24, seconds / 60 % 60, seconds % 60, millis % 1000)
}
