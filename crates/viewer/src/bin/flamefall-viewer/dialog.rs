//! A dialog over the page: it takes the focus, keeps it, and gives it back.

use wasm_bindgen::JsCast as _;
use web_sys::{Element, HtmlElement, ShadowRoot};
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub(crate) struct DialogProps {
    pub(crate) title: AttrValue,
    /// What stands beside the title.
    #[prop_or_default]
    pub(crate) beside: Html,
    pub(crate) on_close: Callback<()>,
    pub(crate) children: Html,
}

#[component]
pub(crate) fn Dialog(props: &DialogProps) -> Html {
    let dialog = use_node_ref();
    {
        let dialog = dialog.clone();
        use_effect_with((), move |()| {
            let before = dialog.cast::<Element>().and_then(|dialog| focused(&dialog));
            if let Some(dialog) = dialog.cast::<HtmlElement>() {
                drop(dialog.focus());
            }
            move || {
                if let Some(before) = before {
                    drop(before.focus());
                }
            }
        });
    }
    let keys = {
        let dialog = dialog.clone();
        Callback::from(move |event: KeyboardEvent| {
            if let (true, Some(dialog)) = (event.key() == "Tab", dialog.cast::<Element>()) {
                wrap(&dialog, &event);
            }
        })
    };
    let close = props.on_close.reform(|_: MouseEvent| ());
    html! {
        <div class="backdrop" onclick={close.clone()}>
            <div ref={dialog} class="dialog" role="dialog" aria-modal="true" aria-labelledby="dialog-title" tabindex="-1"
                onkeydown={keys} onclick={|event: MouseEvent| event.stop_propagation()}>
                <header>
                    <h2 id="dialog-title">{ &props.title }</h2>
                    { props.beside.clone() }
                    <button class="button small" onclick={close}>{ "Close" }</button>
                </header>
                { props.children.clone() }
            </div>
        </div>
    }
}

/// What has the focus in the shadow root around `element`.
fn focused(element: &Element) -> Option<HtmlElement> {
    element.get_root_node().dyn_into::<ShadowRoot>().ok()?.active_element()?.dyn_into().ok()
}

/// Behind the last button comes the first.
fn wrap(dialog: &Element, event: &KeyboardEvent) {
    let Ok(buttons) = dialog.query_selector_all("button") else { return };
    let end = |at: u32| buttons.item(at).and_then(|node| node.dyn_into::<HtmlElement>().ok());
    let (Some(first), Some(last)) = (end(0), end(buttons.length().saturating_sub(1))) else { return };
    let at = focused(dialog);
    let is = |button: &HtmlElement| at.as_ref() == Some(button);
    let to = if event.shift_key() && (is(&first) || at.as_ref().is_none_or(|at| at.tag_name() != "BUTTON")) {
        last
    } else if !event.shift_key() && is(&last) {
        first
    } else {
        return;
    };
    event.prevent_default();
    drop(to.focus());
}
