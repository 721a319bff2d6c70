//! The viewer as a reader has it: words, buttons, rows, colours.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::Result;
use crate::page::{Element, Page};

/// A row of the tree grid that stands for the canvas where nothing is seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// From 1, as `aria-rowindex`.
    pub index: u32,
    /// From 1, as `aria-level`.
    pub level: u32,
    /// Has something below it: is that shown?
    pub expanded: Option<bool>,
    /// Is it the selected one?
    pub selected: bool,
    /// Service and operation.
    pub name: String,
    /// As written beside the bar.
    pub duration: String,
    /// `error`, `error from below`, or nothing.
    pub error: String,
}

/// Helpers of the scripts below: `deep(selector)` looks below the viewer's shadow root; `copy` reads pixels without
/// making the browser keep the canvas elsewhere.
const DEEP: &str = "const root = viewer.shadowRoot, shown = (it) => it.checkVisibility() && !it.closest('[hidden]'); \
    const deep = (selector) => [...root.querySelectorAll(selector)].filter(shown); \
    const named = (it) => (it.getAttribute('aria-label') ?? it.textContent ?? '').replace(/\\s+/g, ' ').trim(); \
    const copy = (canvas, x, y, width, height) => { \
      const context = Object.assign(document.createElement('canvas'), { width, height }).getContext('2d', { willReadFrequently: true }); \
      context.drawImage(canvas, x, y, width, height, 0, 0, width, height); \
      return context.getImageData(0, 0, width, height) }; ";

impl Page {
    /// As [`Page::viewer`], with `root`, the shadow root, `deep(selector)`, its visible elements, and `named(element)`.
    pub fn inside(&self, body: &str, args: &[Value]) -> Result<Value> {
        self.viewer(&format!("{DEEP} {body}"), args)
    }

    /// Every word on screen but those drawn on a canvas.
    pub fn text(&self) -> Result<String> {
        self.text_of(".app")
    }

    /// The words of what a selector finds in the viewer, one a line.
    pub fn text_of(&self, selector: &str) -> Result<String> {
        let text =
            self.inside("return deep(args[0]).map((it) => it.innerText).join('\\n')", &[json!(selector)])?;
        // Thin and hard blanks are how it looks, not what it says.
        Ok(string(&text).replace(['\u{2009}', '\u{a0}'], " "))
    }

    /// Fails unless all of these words are on screen.
    pub fn sees(&self, words: &[&str]) -> Result {
        let text = self.text()?;
        let squeezed = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let missing: Vec<_> = words.iter().filter(|word| !squeezed.contains(**word)).collect();
        if missing.is_empty() { Ok(()) } else { Err(format!("{missing:?} not in:\n{text}").into()) }
    }

    /// A visible button or tab, by the beginning of its name.
    pub fn button(&self, name: &str) -> Result<Element> {
        self.find_inside(
            "deep('button, [role=tab]').find((it) => named(it) === args[0]) \
             ?? deep('button, [role=tab]').find((it) => named(it).startsWith(args[0]))",
            &[json!(name)],
        )?
        .ok_or_else(|| format!("no button {name:?}").into())
    }

    /// Clicks a button and waits for what follows.
    pub fn press(&self, name: &str) -> Result {
        self.click(&self.button(name)?)?;
        self.idle()
    }

    /// A visible element of the viewer.
    pub fn element(&self, selector: &str) -> Result<Element> {
        self.find_inside("deep(args[0])[0]", &[json!(selector)])?
            .ok_or_else(|| format!("no element {selector}").into())
    }

    fn find_inside(&self, expression: &str, args: &[Value]) -> Result<Option<Element>> {
        Ok(Element::from_answer(&self.inside(&format!("return {expression}"), args)?))
    }

    /// Whether an element of the viewer is on screen.
    pub fn has(&self, selector: &str) -> Result<bool> {
        Ok(self.inside("return deep(args[0]).length > 0", &[json!(selector)])? == json!(true))
    }

    /// Presses keys, and waits after each for what follows.
    pub fn hit(&self, keys: &[&str]) -> Result {
        for key in keys {
            self.keys(&[key])?;
            self.idle()?;
        }
        Ok(())
    }

    /// `viewer.state`, by key, decoded.
    pub fn state(&self) -> Result<BTreeMap<String, String>> {
        let state =
            self.viewer("return [...new URLSearchParams(viewer.state.replaceAll('+', '%2B'))]", &[])?;
        let pairs = state.as_array().into_iter().flatten();
        Ok(pairs.map(|pair| (string(&pair[0]), string(&pair[1]))).collect())
    }

    /// One key of `viewer.state`; empty where it is absent.
    pub fn state_of(&self, key: &str) -> Result<String> {
        Ok(self.state()?.remove(key).unwrap_or_default())
    }

    /// Part of the trace on screen, in nanoseconds; `None` is all of it.
    pub fn window(&self) -> Result<Option<(u64, u64)>> {
        let window = self.state_of("t")?;
        let parsed =
            window.split_once('-').and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)));
        Ok(parsed)
    }

    /// The rows of the waterfall on screen, as a screen reader reads them.
    pub fn rows(&self) -> Result<Vec<Row>> {
        let rows = self.inside(
            "return [...root.querySelectorAll('[role=treegrid] [role=row]')].map((row) => { \
             const cells = [...row.querySelectorAll('[role=gridcell]')].map((it) => it.textContent.trim()); \
             return [row.ariaRowIndex, row.ariaLevel, row.ariaExpanded, row.ariaSelected, ...cells] })",
            &[],
        )?;
        let rows = rows.as_array().into_iter().flatten();
        let number = |value: &Value| string(value).parse().unwrap_or(0);
        Ok(rows
            .map(|row| Row {
                index: number(&row[0]),
                level: number(&row[1]),
                expanded: row[2].as_str().map(|it| it == "true"),
                selected: row[3] == "true",
                name: string(&row[4]),
                duration: string(&row[5]).replace('\u{2009}', " "),
                error: string(&row[6]),
            })
            .collect())
    }

    /// The selected row of the waterfall, where it is on screen.
    pub fn selected_row(&self) -> Result<Option<Row>> {
        Ok(self.rows()?.into_iter().find(|row| row.selected))
    }

    /// Left, top, width and height of what a selector finds, in the window.
    pub fn place_of(&self, selector: &str) -> Result<(i32, i32, i32, i32)> {
        let place = self.inside(
            "const it = deep(args[0])[0].getBoundingClientRect(); return [it.left, it.top, it.width, it.height]",
            &[json!(selector)],
        )?;
        let number = |index: usize| {
            place.get(index).and_then(Value::as_f64).map(f64::round).unwrap_or_default() as i32
        };
        Ok((number(0), number(1), number(2), number(3)))
    }

    /// Runs of one strong colour along a line of the canvas, from left to right: `(from, to)` in the window. Grey
    /// (rules, words) is none, neither is what is shorter than three pixels.
    pub fn coloured(&self, y: i32) -> Result<Vec<(i32, i32)>> {
        let runs = self.inside(
            "const canvas = deep('canvas')[0], place = canvas.getBoundingClientRect(), scale = canvas.width / place.width; \
             const line = copy(canvas, 0, (args[0] - place.top) * scale, canvas.width, 1).data; \
             const runs = []; let from = -1; \
             for (let x = 0; x <= canvas.width; x++) { \
               const at = [...line.slice(4 * x, 4 * x + 3)], strong = x < canvas.width && Math.max(...at) - Math.min(...at) > 40; \
               if (strong && from < 0) from = x; \
               if (!strong && from >= 0) { if (x - from > 2) runs.push([from / scale + place.left, x / scale + place.left]); from = -1 } \
             } return runs",
            &[json!(y)],
        )?;
        let runs = runs.as_array().into_iter().flatten();
        let number = |value: &Value| value.as_f64().unwrap_or_default() as i32;
        Ok(runs.map(|run| (number(&run[0]), number(&run[1]))).collect())
    }

    /// Begins to note the viewer's events, for [`Page::heard`].
    pub fn listen(&self) -> Result {
        let body = "window.heard = []; for (const name of ['load', 'error', 'select', 'viewchange']) \
            addEventListener(`flamefall-${name}`, ({ detail }) => heard.push([name, \
            detail instanceof Error ? { kind: detail.kind, message: detail.message, offset: detail.offset } : detail]))";
        self.viewer(body, &[])?;
        Ok(())
    }

    /// The events since [`Page::listen`] or the last call: name and detail.
    pub fn heard(&self) -> Result<Vec<(String, Value)>> {
        let heard = self.eval("return heard.splice(0)", &[])?;
        let heard = heard.as_array().into_iter().flatten();
        Ok(heard.map(|pair| (string(&pair[0]), pair[1].clone())).collect())
    }
}

fn string(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
