//! The keys, as a dialog.

use yew::prelude::*;

use crate::dialog::Dialog;

/// What happens, and the keys that do it.
type Key = (&'static str, &'static [&'static str]);

/// What is said of each key. The keys are Jaeger's where Jaeger has one.
const KEYS: [(&str, &[Key]); 4] = [
    (
        "Move",
        &[
            ("Next, previous span", &["j", "k"]),
            ("Next, previous match", &["f", "b"]),
            ("Next, previous error", &["e", "Shift+E"]),
            ("Scroll a page", &["s", "w"]),
            ("Pan (Shift: far)", &["a", "d", "←", "→"]),
            ("First, last row", &["Home", "End"]),
        ],
    ),
    (
        "Zoom",
        &[
            ("In, out (Shift: far)", &["↑", "↓"]),
            ("About the pointer", &["Ctrl+wheel", "pinch"]),
            ("To the selected span", &["z"]),
            ("Whole trace", &["0"]),
        ],
    ),
    (
        "Fold",
        &[
            ("One span", &["Enter"]),
            ("Everything below it", &["Shift+Enter"]),
            ("All, none", &["]", "["]),
            ("One level", &["p", "o"]),
        ],
    ),
    (
        "Views",
        &[
            ("Traces, waterfall, flame graph", &["1", "2", "3"]),
            ("Search", &["/", "Ctrl+B"]),
            ("Clear, close", &["Esc"]),
            ("These keys", &["?"]),
        ],
    ),
];

#[derive(Properties, PartialEq)]
pub(crate) struct HelpProps {
    pub(crate) theme: &'static str,
    pub(crate) on_close: Callback<()>,
    pub(crate) on_theme: Callback<&'static str>,
}

#[component]
pub(crate) fn Help(props: &HelpProps) -> Html {
    let themes = html! {
        <>
            <span class="mute">{ "Theme" }</span>
            <span class="segments" role="group" aria-label="Theme">
                { for ["auto", "light", "dark"].into_iter().map(|theme| html! {
                    <button aria-pressed={(props.theme == theme).to_string()}
                        onclick={props.on_theme.reform(move |_| theme)}>{ theme }</button>
                }) }
            </span>
        </>
    };
    html! {
        <Dialog title="Keys" beside={themes} on_close={props.on_close.clone()}>
            { for KEYS.iter().map(|(title, keys)| html! {
                <>
                    <h3>{ *title }</h3>
                    <dl class="keys">
                        { for keys.iter().map(|(what, keys)| html! {
                            <div>
                                <dt>{ *what }</dt>
                                <dd>{ for keys.iter().map(|key| html! { <>{ " " }<kbd>{ *key }</kbd></> }) }</dd>
                            </div>
                        }) }
                    </dl>
                </>
            }) }
        </Dialog>
    }
}
