//! Name, file, search and views.

use engine::{MatchInfo, Opened};
use scene::format_count;
use wasm_bindgen::JsCast as _;
use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::app::View;
use crate::start::{counted, format_bytes, mark};

#[derive(Properties, PartialEq)]
pub(crate) struct TopbarProps {
    pub(crate) opened: Option<std::rc::Rc<Opened>>,
    pub(crate) view: View,
    pub(crate) has_trace: bool,
    pub(crate) search: AttrValue,
    pub(crate) matches: MatchInfo,
    pub(crate) ordinal: Option<(u32, u32)>,
    pub(crate) search_ref: NodeRef,
    pub(crate) on_home: Callback<()>,
    pub(crate) on_file: Callback<()>,
    pub(crate) on_view: Callback<View>,
    pub(crate) on_search: Callback<String>,
    pub(crate) on_step: Callback<i32>,
    pub(crate) on_help: Callback<()>,
}

#[component]
pub(crate) fn Topbar(props: &TopbarProps) -> Html {
    let view = props.view;
    let segment = |of: View, enabled: bool| {
        let choose = props.on_view.reform(move |_: MouseEvent| of);
        html! {
            <button aria-pressed={(view == of).to_string()} disabled={!enabled} onclick={choose}>{ of.title() }</button>
        }
    };
    html! {
        <header class="topbar">
            <button class="brand" title="Open another trace" onclick={props.on_home.reform(|_| ())}>
                { mark("16") }<span>{ "Flamefall" }</span>
            </button>
            if let Some(opened) = &props.opened {
                <button class={classes!("file", (!opened.warnings.is_empty() || !opened.refused.is_empty()).then_some("odd"))}
                    title={format!("{} · {} · {}", opened.name, opened.format, format_bytes(opened.bytes))}
                    onclick={props.on_file.reform(|_| ())}>
                    <span>{ &opened.name }</span>
                    <span class="count">{ format!("\u{a0}· {}", counted(opened.span_count, "span")) }</span>
                </button>
                { search(props) }
                <nav class="segments" aria-label="View">
                    { segment(View::Traces, true) }
                    { segment(View::Waterfall, props.has_trace) }
                    { segment(View::Flame, props.has_trace) }
                </nav>
            } else {
                <div class="spacer" />
            }
            <button class="button icon" aria-label="Keys and settings" title="Keys and settings"
                onclick={props.on_help.reform(|_| ())}>{ "?" }</button>
        </header>
    }
}

fn search(props: &TopbarProps) -> Html {
    let input = props.on_search.reform(|event: InputEvent| {
        event
            .target()
            .and_then(|target| target.dyn_into::<HtmlInputElement>().ok())
            .map(|input| input.value())
            .unwrap_or_default()
    });
    let keys = {
        let on_step = props.on_step.clone();
        Callback::from(move |event: KeyboardEvent| {
            if event.key() == "Enter" {
                event.prevent_default();
                on_step.emit(if event.shift_key() { -1 } else { 1 });
            }
        })
    };
    let count = if props.search.trim().is_empty() {
        String::new()
    } else if props.view == View::Traces {
        match props.matches.traces {
            0 => "no match".to_owned(),
            n => format!(
                "{} in {} traces",
                format_count(u64::from(props.matches.spans)),
                format_count(u64::from(n))
            ),
        }
    } else {
        match (props.matches.in_trace, props.ordinal) {
            (0, _) => "no match".to_owned(),
            (n, Some((at, _))) => {
                format!("{} of {}", format_count(u64::from(at)), format_count(u64::from(n)))
            }
            (1, None) => "1 match".to_owned(),
            (n, None) => format!("{} matches", format_count(u64::from(n))),
        }
    };
    let stepping = props.view != View::Traces && props.matches.in_trace > 0 && !props.search.is_empty();
    html! {
        <div class="search" role="search">
            <svg width="13" height="13" viewBox="0 0 13 13" aria-hidden="true">
                <circle cx="5.5" cy="5.5" r="4.5" fill="none" stroke="currentColor" stroke-width="1.4" opacity="0.6" />
                <path d="M9 9l3.4 3.4" stroke="currentColor" stroke-width="1.4" opacity="0.6" />
            </svg>
            <input ref={props.search_ref.clone()} type="text" aria-label="Search names, services and attributes"
                placeholder="Search names, services, attributes" value={props.search.clone()} spellcheck="false"
                autocomplete="off" oninput={input} onkeydown={keys} />
            <output aria-live="polite">{ count }</output>
            if stepping {
                <button class="step" aria-label="Previous match" title="Previous match (b)"
                    onclick={props.on_step.reform(|_| -1)}>{ "↑" }</button>
                <button class="step" aria-label="Next match" title="Next match (f)"
                    onclick={props.on_step.reform(|_| 1)}>{ "↓" }</button>
            }
        </div>
    }
}
