//! Without a mouse, without sight, on a small screen, in the dark.

mod common;

use common::open_sample;
use e2e::{Page, Result, Setup, run};
use serde_json::{Value, json};

/// What the focus is on: role or tag, and name.
fn focus(page: &Page) -> Result<String> {
    let on = page.inside("const it = root.activeElement; return it ? `${it.getAttribute('role') ?? it.localName} ${named(it)}` : ''", &[])?;
    Ok(on.as_str().unwrap_or_default().to_owned())
}

/// Presses Tab until the focus is on what begins so.
fn tab_to(page: &Page, wanted: &str) -> Result {
    let mut seen = Vec::new();
    for _ in 0..40 {
        let on = focus(page)?;
        if on.starts_with(wanted) {
            let drawn = "const style = getComputedStyle(root.activeElement); return style.outlineStyle !== 'none' \
                || getComputedStyle(root.activeElement.parentElement).boxShadow !== 'none' || root.activeElement.matches('.grid')";
            assert_eq!(page.inside(drawn, &[])?, json!(true), "the focus on {wanted} is not to be seen");
            return Ok(());
        }
        seen.push(on);
        page.keys(&["Tab"])?;
    }
    Err(format!("no Tab leads to {wanted}: {seen:#?}").into())
}

#[test]
fn by_keyboard_from_start_to_details() -> Result {
    run(Setup::new("keyboard"), |page| {
        page.open("")?;
        page.idle()?;
        tab_to(page, "button Choose files")?;
        tab_to(page, "button A busy minute")?;
        page.hit(&["Enter"])?;
        page.sees(&["300 traces"])?;
        tab_to(page, "textbox Filter traces").or_else(|_| tab_to(page, "input Filter traces"))?;
        tab_to(page, "grid Traces")?;
        page.hit(&["ArrowDown", "ArrowDown", "ArrowUp", "Enter"])?;
        assert_eq!(page.state_of("view")?, "waterfall");
        tab_to(page, "treegrid Spans of the trace")?;
        // As a tree grid: down, fold, unfold, up to the parent.
        page.hit(&["ArrowDown", "ArrowDown"])?;
        let row = page.selected_row()?.ok_or("nothing is selected")?;
        assert_eq!(row.index, 2);
        page.hit(&["ArrowLeft"])?;
        let first = page.selected_row()?.ok_or("nothing is selected")?;
        if row.expanded.is_some() {
            assert_eq!(first.expanded, Some(false));
            page.hit(&["ArrowRight"])?;
        } else {
            assert_eq!(first.index, 1, "the parent");
        }
        page.hit(&["Home"])?;
        tab_to(page, "tab Attributes")?;
        page.hit(&["ArrowRight"])?;
        assert_eq!((focus(page)?.as_str(), page.state_of("tab")?.as_str()), ("tab Events", "events"));
        page.hit(&["End"])?;
        assert_eq!(page.state_of("tab")?, "raw");
        assert!(page.text_of("#details-body")?.contains("traceId"));
        page.hit(&["Escape"])?;
        assert!(!page.has("[aria-label^='Details of']")?);
        // To the flame graph, and to another file.
        page.hit(&["3"])?;
        tab_to(page, "button Merged")?;
        page.hit(&["Enter"])?;
        assert_eq!(page.state_of("flame")?, "merged");
        tab_to(page, "button Flamefall")?;
        page.hit(&["Enter"])?;
        page.sees(&["Drop files here"])?;
        page.hit(&["Escape"])?;
        assert!(page.has(".flame-bar")?);
        page.expect_quiet()
    })
}

#[test]
fn a_dialog_takes_the_focus_and_gives_it_back() -> Result {
    run(Setup::new("dialogs"), |page| {
        open_sample(page, "slow-query.json")?;
        for (opener, dialog) in
            [("button Keys and settings", "Keys"), ("button slow-query.json", "slow-query.json")]
        {
            tab_to(page, opener)?;
            page.hit(&["Enter"])?;
            assert!(page.text_of("[role=dialog] h2")?.contains(dialog));
            let inside =
                "return root.activeElement?.closest('[role=dialog]') !== null && root.activeElement !== null";
            for _ in 0..8 {
                assert_eq!(
                    page.inside(inside, &[])?,
                    json!(true),
                    "{dialog}: the focus is on {}",
                    focus(page)?
                );
                page.keys(&["Tab"])?;
            }
            page.hit(&["Escape"])?;
            assert!(focus(page)?.starts_with(opener), "{dialog}: the focus is on {:?}", focus(page)?);
        }
        Ok(())
    })
}

/// Names and roles of what one can act on; what is wrong.
const AUDIT: &str = r"
    const wrong = [];
    const say = (it, what) => wrong.push(`${it.outerHTML.slice(0, 90)}: ${what}`);
    for (const it of deep('button, [role=tab], [role=treegrid], [role=grid], [role=img], [role=dialog], [role=separator], nav, aside')) {
      const by = it.getAttribute('aria-labelledby');
      const name = by ? named(root.getElementById(by) ?? document.createElement('i')) : (it.getAttribute('aria-label') ?? it.innerText ?? '').trim();
      if (!name) say(it, 'has no name');
    }
    for (const it of root.querySelectorAll('input')) if (!it.getAttribute('aria-label')) say(it, 'has no label');
    for (const it of root.querySelectorAll('svg, canvas')) if (it.getAttribute('aria-hidden') !== 'true' && it.getAttribute('role') !== 'img') say(it, 'is neither hidden nor an image');
    const ids = [...root.querySelectorAll('[id]')].map((it) => it.id);
    ids.filter((id, i) => ids.indexOf(id) !== i).forEach((id) => wrong.push(`id ${id} twice`));
    for (const name of ['aria-labelledby', 'aria-controls', 'aria-activedescendant'])
      for (const it of root.querySelectorAll(`[${name}]`)) if (!root.getElementById(it.getAttribute(name))) say(it, `${name} leads nowhere`);
    for (const it of root.querySelectorAll('[tabindex]')) if (it.tabIndex > 0) say(it, 'jumps the order');
    for (const it of deep('h1, h2, h3, [role=heading]')) if (!named(it)) say(it, 'is an empty heading');
    return wrong;";

const VIEWS: &[(&str, &[&str])] = &[
    ("", &[]),
    ("?src=examples/busy-minute.json.gz", &[]),
    ("?src=examples/slow-query.json", &["e"]),
    ("?src=examples/slow-query.json#tab=events", &["e"]),
    ("?src=examples/slow-query.json#tab=links", &["e"]),
    ("?src=examples/slow-query.json#tab=raw", &["e"]),
    ("?src=examples/slow-query.json", &["3"]),
    ("?src=examples/slow-query.json#view=flame&flame=merged", &[]),
    ("?src=examples/slow-query.json", &["?"]),
];

#[test]
fn everything_has_a_name() -> Result {
    run(Setup::new("names"), |page| {
        for (address, keys) in VIEWS {
            page.open("about:blank")?;
            page.open(address)?;
            page.idle()?;
            page.hit(keys)?;
            assert_eq!(page.inside(AUDIT, &[])?, json!([]), "{address} {keys:?}");
        }
        assert_eq!(
            page.eval("return [document.documentElement.lang.length > 0, document.title.length > 0]", &[])?,
            json!([true, true])
        );
        page.expect_quiet()
    })
}

#[test]
fn nothing_overflows_a_small_screen() -> Result {
    run(Setup::new("small").viewport(400, 800), |page| {
        for (address, keys) in VIEWS {
            page.open("about:blank")?;
            page.open(address)?;
            page.idle()?;
            page.hit(keys)?;
            let wide = "const wide = [document.documentElement.scrollWidth, ...deep('.app, .topbar, .head, .work, .stage, .traces, .details, .start, .dialog').map((it) => Math.round(it.getBoundingClientRect().right))]; return wide.filter((it) => it > 400)";
            assert_eq!(page.inside(wide, &[])?, json!([]), "{address} {keys:?}");
            // What one presses is on the screen, and not cut off by what it stands in.
            let off = "return deep('button').filter((it) => { const at = it.getBoundingClientRect(); \
                const box = it.parentElement.getBoundingClientRect(); \
                return (at.right > 401 || at.left < -1 || at.right > box.right + 1 && getComputedStyle(it.parentElement).overflowX === 'hidden') && !it.closest('.tabs, .acts') }).map(named)";
            assert_eq!(page.inside(off, &[])?, json!([]), "{address} {keys:?}");
        }
        // And it is useful there: a trace is chosen and a span read.
        open_sample(page, "busy-minute.json.gz")?;
        page.click(&page.element("[role=grid] .trace")?)?;
        page.idle()?;
        let (left, top, ..) = page.place_of("canvas")?;
        // Rows are twice as high: the name stands over the bar.
        page.click_at((left + 100, top + 78 + 44 + 12))?;
        page.idle()?;
        let row = page.selected_row()?.ok_or("nothing is selected")?;
        assert_eq!(row.index, 2);
        let (_, sheet, width, _) = page.place_of("[aria-label^='Details of']")?;
        assert_eq!(width, 400);
        let (_, canvas, _, _) = page.place_of("canvas")?;
        assert!(canvas + 78 + 2 * 44 < sheet, "the selected row is under the sheet");
        page.expect_quiet()
    })
}

/// Every pair of tokens that carries words: LOOK's text colours on the grounds they stand on.
const PAIRS: &[(&str, &[&str])] = &[
    ("text", &["bg", "panel", "raise", "hover", "accent-bg", "err-bg", "warn-bg"]),
    ("mute", &["bg", "panel", "raise", "hover", "accent-bg"]),
    ("accent", &["bg", "panel", "raise", "accent-bg"]),
    ("err", &["bg", "panel", "raise", "err-bg"]),
    ("warn", &["bg", "panel", "warn-bg"]),
    ("on-accent", &["accent"]),
];

fn luminance(colour: &str) -> f64 {
    let channel = |at: usize| {
        let part = colour.get(at..at + 2).and_then(|hex| u8::from_str_radix(hex, 16).ok()).unwrap_or(0);
        let part = f64::from(part) / 255.0;
        if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
}

fn contrast(a: &str, b: &str) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn words_stand_out() -> Result {
    assert!(
        (contrast("#ffffff", "#000000") - 21.0).abs() < 0.01
            && (contrast("#777777", "#ffffff") - 4.48).abs() < 0.01
    );
    run(Setup::new("contrast"), |page| {
        page.open("")?;
        page.idle()?;
        let token = |name: &str| -> Result<String> {
            let value = page.viewer(
                "return getComputedStyle(viewer).getPropertyValue(`--flamefall-${args[0]}`).trim()",
                &[json!(name)],
            )?;
            Ok(value.as_str().unwrap_or_default().to_owned())
        };
        let mut low = Vec::new();
        for theme in ["light", "dark"] {
            page.prefer(&[("prefers-color-scheme", theme)])?;
            for (words, grounds) in PAIRS {
                for ground in *grounds {
                    let (a, b) = (token(words)?, token(ground)?);
                    let ratio = contrast(&a, &b);
                    if ratio < 4.5 {
                        low.push(format!("{theme}: {words} {a} on {ground} {b}: {ratio:.2}"));
                    }
                }
            }
        }
        assert!(low.is_empty(), "{low:#?}");
        Ok(())
    })
}

/// The smallest contrast of the words on screen, as they are, and whose it is.
const SEEN: &str = r"
    const parse = (colour) => (colour.match(/[\d.]+/g) ?? []).map(Number);
    const light = ([r, g, b]) => { const f = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; return 0.2126 * f(r) + 0.7152 * f(g) + 0.0722 * f(b) };
    const ground = (it) => { for (; it; it = it.parentElement ?? it.getRootNode().host) { const c = parse(getComputedStyle(it).backgroundColor); if (c.length === 3 || c[3] > 0.99) return c } return [255, 255, 255] };
    const low = [];
    for (const it of deep('*')) {
      if (![...it.childNodes].some((node) => node.nodeType === 3 && node.data.trim()) || it.closest('.visually-hidden, :disabled, [aria-hidden=true]')) continue;
      if (getComputedStyle(it).opacity === '0' || it.closest('.acts')) continue;
      const a = light(parse(getComputedStyle(it).color)), b = light(ground(it));
      const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      if (ratio < 4.5) low.push(`${named(it).slice(0, 40)} (${it.className || it.localName}): ${ratio.toFixed(2)}`);
    }
    return low;";

#[test]
fn every_word_on_screen_stands_out() -> Result {
    run(Setup::new("words"), |page| {
        for theme in ["light", "dark"] {
            page.prefer(&[("prefers-color-scheme", theme)])?;
            for (address, keys) in VIEWS {
                page.open("about:blank")?;
                page.open(address)?;
                page.idle()?;
                page.hit(keys)?;
                assert_eq!(page.inside(SEEN, &[])?, json!([]), "{theme} {address} {keys:?}");
            }
        }
        Ok(())
    })
}

#[test]
fn the_theme_is_the_system_s_or_chosen() -> Result {
    run(Setup::new("theme"), |page| {
        let ground = |page: &Page| -> Result<Value> {
            page.inside("return [getComputedStyle(viewer).backgroundColor, [...copy(deep('canvas')[0], 300, 500, 1, 1).data].slice(0, 3).join()]", &[])
        };
        let (light, dark) =
            (json!(["rgb(255, 255, 255)", "255,255,255"]), json!(["rgb(20, 22, 27)", "20,22,27"]));
        page.prefer(&[("prefers-color-scheme", "light")])?;
        open_sample(page, "slow-query.json")?;
        page.hit(&["]"])?;
        assert_eq!(ground(page)?, light);
        page.prefer(&[("prefers-color-scheme", "dark")])?;
        page.idle()?;
        assert_eq!(ground(page)?, dark, "the system's");
        page.hit(&["?"])?;
        page.press("light")?;
        page.hit(&["Escape"])?;
        assert_eq!(ground(page)?, light, "the reader's");
        assert_eq!(page.viewer("return viewer.getAttribute('theme')", &[])?, json!("light"));
        page.viewer("viewer.setAttribute('theme', 'dark')", &[])?;
        page.prefer(&[("prefers-color-scheme", "light")])?;
        page.idle()?;
        assert_eq!(ground(page)?, dark, "the host page's");
        page.expect_quiet()
    })
}

#[test]
fn the_grid_mirrors_the_canvas() -> Result {
    run(Setup::new("mirror"), |page| {
        open_sample(page, "slow-query.json")?;
        let grid = "const grid = deep('[role=treegrid]')[0]; return [grid.getAttribute('aria-rowcount'), grid.getAttribute('aria-colcount'), \
            grid.querySelector('canvas').getAttribute('aria-hidden'), grid.getAttribute('aria-activedescendant')]";
        assert_eq!(page.inside(grid, &[])?, json!(["86", "3", "true", null]));
        let rows = page.rows()?;
        assert!(rows.len() > 20 && rows.iter().zip(1..).all(|(row, index)| row.index == index));
        let root = (rows[0].level, rows[0].expanded, rows[0].name.as_str(), rows[0].duration.as_str());
        assert_eq!(root, (1, Some(true), "frontend POST /api/checkout", "1.24 s"));
        assert!(
            rows.windows(2).all(|pair| pair[1].level <= pair[0].level + 1),
            "no child without its parent before it"
        );
        page.hit(&["e"])?;
        let row = page.selected_row()?.ok_or("nothing is selected")?;
        assert!(row.error.starts_with("error"), "{row:?}");
        let active = page.inside("const id = deep('[role=treegrid]')[0].getAttribute('aria-activedescendant'); return root.getElementById(id)?.ariaSelected", &[])?;
        assert_eq!(active, json!("true"));
        page.hit(&["]"])?;
        assert_eq!(page.inside(grid, &[])?[0], json!("1"));
        page.expect_quiet()
    })
}
