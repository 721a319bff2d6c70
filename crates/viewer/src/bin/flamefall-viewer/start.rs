//! The first screen: what this is, and every way in.

use engine::{Failure, Progress};
use wasm_bindgen::JsCast as _;
use web_sys::{HtmlElement, HtmlInputElement};
use yew::prelude::*;

use crate::app::Loading;
use crate::input::Input;
use crate::theme;

#[derive(Properties, PartialEq)]
pub(crate) struct StartProps {
    pub(crate) loading: Option<Loading>,
    pub(crate) failure: Option<Failure>,
    pub(crate) dragging: bool,
    /// Address of the program: samples lie beside it, wherever the page is.
    pub(crate) base: AttrValue,
    /// On other people's pages there is nothing but the viewer.
    pub(crate) is_page: bool,
    pub(crate) on_open: Callback<Vec<Input>>,
    pub(crate) on_paste: Callback<()>,
    pub(crate) on_cancel: Callback<()>,
    pub(crate) on_dismiss: Callback<()>,
}

/// A sample: title, what is in it, address, and its sketch as (slot, from, to) in hundredths, a bar a line.
type Sample = (&'static str, &'static str, &'static str, &'static [(u8, u8, u8)]);

const SAMPLES: [Sample; 3] = [
    (
        "One slow query",
        "checkout, 86 spans",
        "examples/slow-query.json",
        &[(1, 0, 97), (4, 7, 25), (8, 9, 47), (2, 18, 30), (5, 24, 48), (0, 27, 42), (3, 34, 43)],
    ),
    (
        "N+1 in a loop",
        "orders page, 412 spans",
        "examples/n-plus-one.json",
        &[
            (2, 0, 97),
            (5, 5, 52),
            (0, 20, 26),
            (3, 27, 33),
            (6, 34, 40),
            (1, 41, 47),
            (4, 48, 54),
            (8, 56, 62),
            (2, 64, 70),
            (5, 72, 78),
            (0, 80, 86),
            (3, 88, 94),
        ],
    ),
    (
        "A busy minute",
        "20,000 spans, 300 traces",
        "examples/busy-minute.json.gz",
        &[
            (4, 0, 97),
            (0, 4, 50),
            (2, 10, 68),
            (1, 19, 26),
            (0, 21, 69),
            (3, 29, 66),
            (6, 33, 71),
            (7, 46, 59),
            (4, 39, 65),
            (8, 43, 48),
            (5, 52, 66),
            (0, 68, 74),
            (3, 84, 88),
        ],
    ),
];

fn sketch(bars: &[(u8, u8, u8)]) -> Html {
    let pitch = 44.0 / bars.len() as f64;
    html! {
        <svg viewBox="0 0 100 44" preserveAspectRatio="none" aria-hidden="true">
            { for bars.iter().enumerate().map(|(i, &(slot, from, to))| html! {
                <rect x={from.to_string()} width={(to - from).to_string()} rx="0.6"
                    y={format!("{:.2}", i as f64 * pitch + pitch * 0.15)} height={format!("{:.2}", pitch * 0.7)}
                    fill={theme::service(slot)} />
            }) }
        </svg>
    }
}

/// The mark: three bars, a waterfall.
pub(crate) fn mark(size: &'static str) -> Html {
    html! {
        <svg width={size} height={size} viewBox="0 0 16 16" aria-hidden="true">
            <rect x="0" y="1" width="16" height="3.4" rx="1.4" fill="#EE8866" />
            <rect x="2" y="6.3" width="10" height="3.4" rx="1.4" fill="#77AADD" />
            <rect x="6" y="11.6" width="7" height="3.4" rx="1.4" fill="#44BB99" />
        </svg>
    }
}

#[component]
pub(crate) fn Start(props: &StartProps) -> Html {
    let picker = use_node_ref();
    let address = use_node_ref();
    let asking = use_state(|| false);

    let pick = {
        let picker = picker.clone();
        Callback::from(move |_: MouseEvent| {
            if let Some(picker) = picker.cast::<HtmlElement>() {
                picker.click();
            }
        })
    };
    let picked = {
        let on_open = props.on_open.clone();
        Callback::from(move |event: Event| {
            let Some(input) = event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok())
            else {
                return;
            };
            let inputs = input.files().map(|files| Input::files(&files)).unwrap_or_default();
            // The same file chosen again must be a change again.
            input.set_value("");
            if !inputs.is_empty() {
                on_open.emit(inputs);
            }
        })
    };
    let ask = {
        let asking = asking.clone();
        Callback::from(move |_: MouseEvent| asking.set(!*asking))
    };
    let fetch = {
        let (address, on_open) = (address.clone(), props.on_open.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let text = address.cast::<HtmlInputElement>().map(|input| input.value()).unwrap_or_default();
            if let (false, Some(input)) = (text.trim().is_empty(), Input::url(&text)) {
                on_open.emit(vec![input]);
            }
        })
    };
    {
        let address = address.clone();
        use_effect_with(*asking, move |_| {
            if let Some(input) = address.cast::<HtmlElement>() {
                drop(input.focus());
            }
        });
    }
    let paste = props.on_paste.reform(|_: MouseEvent| ());

    html! {
        <div class="start">
            <main>
                if let Some(failure) = &props.failure {
                    <div class="notice" role="alert">
                        <div class="spacer">
                            <b>{ failure_title(failure) }</b>
                            { &failure.message }
                            if let Some(offset) = failure.offset.filter(|&offset| offset > 0 && !failure.message.contains("byte")) {
                                <div class="mute">{ format!("At byte {}.", scene::format_count(offset)) }</div>
                            }
                        </div>
                        <button class="button small" onclick={props.on_dismiss.reform(|_| ())}>{ "Dismiss" }</button>
                    </div>
                }
                <h1>{ "Open a trace. Nothing leaves your browser." }</h1>
                <p class="lead">
                    { "A viewer for distributed traces of any size: OpenTelemetry, Jaeger, Zipkin, Tempo, Datadog, X-Ray, Chrome and more, also zipped." }
                </p>
                <div class={classes!("drop", props.dragging.then_some("over"))}>
                    if let Some(loading) = &props.loading {
                        { progress(loading, &props.on_cancel) }
                    } else {
                        { mark("34") }
                        <h2>{ "Drop files here" }</h2>
                        <div class="row">
                            <button class="button primary" onclick={pick}>{ "Choose files" }</button>
                            <button class="button" onclick={paste}>{ "Paste" }<kbd>{ "Ctrl V" }</kbd></button>
                            <button class="button" aria-expanded={asking.to_string()} onclick={ask}>{ "Open a URL" }</button>
                        </div>
                        if *asking {
                            <form onsubmit={fetch}>
                                <input ref={address} class="field" type="text" inputmode="url" name="url"
                                    aria-label="Address of a trace file" placeholder="https://…/trace.json" />
                                <button class="button">{ "Open" }</button>
                            </form>
                        }
                    }
                    <input ref={picker} class="visually-hidden" type="file" multiple=true tabindex="-1"
                        aria-label="Choose trace files" onchange={picked} />
                </div>
                <p class="samples-title">{ "Or look at an example" }</p>
                <div class="samples">
                    { for SAMPLES.iter().map(|&(title, what, address, bars)| {
                        let base = props.base.clone();
                        let open = props.on_open.reform(move |_: MouseEvent| {
                            Input::url_from(address, &base).into_iter().collect()
                        });
                        html! {
                            <button class="sample" onclick={open} disabled={props.loading.is_some()}>
                                <b>{ title }</b>
                                <span>{ what }</span>
                                { sketch(bars) }
                            </button>
                        }
                    }) }
                </div>
                if props.is_page {
                    <p class="samples-title">
                        { "Or trace a page: " }
                        <a href={address_of("shop/", &props.base)}>{ "a shop where every click becomes a trace" }</a>
                    </p>
                }
            </main>
        </div>
    }
}

/// The address of what lies beside the program.
fn address_of(path: &str, base: &str) -> Option<String> {
    web_sys::Url::new_with_base(path, base).ok().map(|url| url.href())
}

pub(crate) fn failure_title(failure: &Failure) -> String {
    let what = if failure.name.is_empty() { "This" } else { failure.name.as_str() };
    match failure.kind.as_str() {
        "unreachable" => format!("{what} could not be reached"),
        "engineStopped" => "The engine stopped".to_owned(),
        "cancelled" => "Cancelled".to_owned(),
        _ => format!("{what} could not be opened"),
    }
}

/// `1 span`, `12,431 spans`.
pub(crate) fn counted(count: u64, what: &str) -> String {
    format!("{} {what}{}", scene::format_count(count), if count == 1 { "" } else { "s" })
}

/// Bytes for people: decimal units, three figures.
pub(crate) fn format_bytes(bytes: u64) -> String {
    let bytes = bytes as f64;
    match bytes {
        b if b < 1e3 => format!("{b} bytes"),
        b if b < 1e6 => format!("{:.0}\u{2009}kB", b / 1e3),
        b if b < 1e7 => format!("{:.1}\u{2009}MB", b / 1e6),
        b if b < 1e9 => format!("{:.0}\u{2009}MB", b / 1e6),
        b => format!("{:.2}\u{2009}GB", b / 1e9),
    }
}

/// Name, bar, bytes, spans and the way out.
pub(crate) fn progress(loading: &Loading, on_cancel: &Callback<()>) -> Html {
    let Progress { bytes, spans, .. } = loading.progress;
    let of = loading.total.map(|total| format!(" of {}", format_bytes(total))).unwrap_or_default();
    let (value, max) = (bytes.to_string(), loading.total.map(|total| total.max(1).to_string()));
    html! {
        <div class="loading" role="status">
            <h2>{ format!("Reading {}", loading.name) }</h2>
            if let Some(max) = max {
                <progress {value} {max} aria-label="Bytes read" />
            } else {
                <progress aria-label="Bytes read" />
            }
            <div class="figures">
                { format!("{}{of} · {}", format_bytes(bytes), counted(spans, "span")) }
            </div>
            <button class="button" onclick={on_cancel.reform(|_| ())}>{ "Cancel" }</button>
        </div>
    }
}
