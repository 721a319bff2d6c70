//! Colours for the canvas, read from the CSS custom properties that the page uses too.

use web_sys::HtmlElement;

/// Paul Tol's "light" scheme (distinguishable with every common colour blindness), and two more.
pub(crate) const SERVICES: [&str; 10] = [
    "#77AADD", "#EE8866", "#BBCC33", "#44BB99", "#EEDD88", "#FFAABB", "#99DDFF", "#AAAA00", "#C3BBEA",
    "#D8D0C0",
];

/// Fill of a service's colour slot.
pub(crate) fn service(slot: u8) -> &'static str {
    SERVICES.get(usize::from(slot) % SERVICES.len()).copied().unwrap_or("#D8D0C0")
}

/// Resolved colours of the present theme.
#[derive(Clone, Debug, PartialEq, Default)]
pub(crate) struct Theme {
    pub(crate) bg: String,
    pub(crate) panel: String,
    pub(crate) raise: String,
    pub(crate) line: String,
    pub(crate) line2: String,
    pub(crate) hover: String,
    pub(crate) text: String,
    pub(crate) mute: String,
    pub(crate) faint: String,
    pub(crate) accent: String,
    pub(crate) accent_bg: String,
    pub(crate) on_accent: String,
    pub(crate) err: String,
    pub(crate) err_bg: String,
    pub(crate) ink: String,
    pub(crate) font: String,
    pub(crate) mono: String,
}

impl Theme {
    /// As `element` sees it.
    pub(crate) fn of(element: &HtmlElement) -> Self {
        let style = gloo::utils::window().get_computed_style(element).ok().flatten();
        let get = |name: &str| {
            let value = style
                .as_ref()
                .and_then(|style| style.get_property_value(&format!("--flamefall-{name}")).ok());
            value.unwrap_or_default().trim().to_owned()
        };
        Self {
            bg: get("bg"),
            panel: get("panel"),
            raise: get("raise"),
            line: get("line"),
            line2: get("line2"),
            hover: get("hover"),
            text: get("text"),
            mute: get("mute"),
            faint: get("faint"),
            accent: get("accent"),
            accent_bg: get("accent-bg"),
            on_accent: get("on-accent"),
            err: get("err"),
            err_bg: get("err-bg"),
            ink: get("ink"),
            font: get("font"),
            mono: get("mono"),
        }
    }
}
