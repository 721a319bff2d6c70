//! The waterfall under pointer, wheel and keys.

mod common;

use common::{drawn, file, folder, open_sample, row_at};
use e2e::{Page, Result, Setup, Site, run};

const MS: u64 = 1_000_000;

/// Seven rows, a second.
const CART: &str = r"
    shop  GET /cart   0..1000ms server
      shop  auth      0..200ms
        ident check   50..150ms
      shop  load      200..900ms
        db  query     300..800ms
          disk read   400..500ms !error
      shop  render    900..1000ms
";

/// A page that shows [`CART`], and where its time axis begins and ends in the window.
fn cart(name: &str, story: impl FnOnce(&Page, Axis) -> Result) -> Result {
    file("cart-of-seven.json", &drawn(CART));
    run(Setup::new(name).site(|site: Site| site.mount("/files", folder())), |page| {
        page.open("?src=files/cart-of-seven.json")?;
        page.idle()?;
        let y = row_at(page, 0)?;
        // The label at its end interrupts the bar; the dot before the name is no part of it.
        let runs = page.coloured(y)?;
        let left = widest(&runs).ok_or("the first row has no bar")?.0;
        let right = runs.last().map_or(left, |run| run.1);
        let (_, top, ..) = page.place_of("canvas")?;
        let axis = Axis { left, right, minimap: top + 26, ruler: top + 52 + 13 };
        story(page, axis)?;
        page.expect_quiet()
    })
}

#[derive(Clone, Copy)]
struct Axis {
    left: i32,
    right: i32,
    minimap: i32,
    ruler: i32,
}

impl Axis {
    /// Where a time is while the whole trace is on screen.
    fn at(self, ms: i32) -> i32 {
        self.left + (self.right - self.left) * ms / 1000
    }
}

/// Is the window this one, give or take what a pixel covers?
#[track_caller]
fn is_near(page: &Page, from: u64, to: u64) -> Result {
    let window = page.window()?.unwrap_or((0, 1000 * MS));
    let near = |got: u64, wanted: u64| got.abs_diff(wanted * MS) <= 4 * MS;
    assert!(near(window.0, from) && near(window.1, to), "{window:?} is not {from}..{to} ms");
    Ok(())
}

/// Bar of a row: what else is coloured is the dot before its name.
fn widest(runs: &[(i32, i32)]) -> Option<(i32, i32)> {
    runs.iter().copied().max_by_key(|(from, to)| to - from)
}

fn names(page: &Page) -> Result<Vec<String>> {
    Ok(page.rows()?.into_iter().map(|row| row.name).collect())
}

#[test]
fn the_wheel_zooms_about_the_pointer() -> Result {
    cart("wheel", |page, axis| {
        for at in [250, 500, 900] {
            page.hit(&["0"])?;
            page.wheel((axis.at(at), row_at(page, 2)?), (0, -300), "Control")?;
            page.idle()?;
            let (from, to) = page.window()?.ok_or("nothing was zoomed")?;
            let under = from + (to - from) * at as u64 / 1000;
            assert!(
                to - from < 600 * MS && under.abs_diff(at as u64 * MS) < 6 * MS,
                "{from}..{to} about {at} ms"
            );
        }
        page.wheel((axis.at(500), row_at(page, 2)?), (0, 3000), "Control")?;
        page.idle()?;
        assert_eq!(page.window()?, None, "out is out at the whole trace");
        // Over the ruler no key is needed.
        page.wheel((axis.at(500), axis.ruler), (0, -300), "")?;
        page.idle()?;
        assert!(page.window()?.is_some());
        Ok(())
    })
}

#[test]
fn the_minimap_chooses_moves_and_widens() -> Result {
    cart("minimap", |page, axis| {
        let drag = |from, to| {
            page.drag((axis.at(from), axis.minimap), (axis.at(to), axis.minimap))?;
            page.idle()
        };
        drag(250, 750)?;
        is_near(page, 250, 750)?;
        drag(500, 600)?;
        is_near(page, 350, 850)?;
        drag(350, 200)?;
        is_near(page, 200, 850)?;
        drag(850, 500)?;
        is_near(page, 200, 500)?;
        page.double_click_at((axis.at(900), axis.minimap))?;
        page.idle()?;
        assert_eq!(page.window()?, None);
        Ok(())
    })
}

#[test]
fn the_ruler_chooses() -> Result {
    cart("ruler", |page, axis| {
        page.drag((axis.at(600), axis.ruler), (axis.at(200), axis.ruler))?;
        page.idle()?;
        is_near(page, 200, 600)?;
        page.double_click_at((axis.at(500), axis.ruler))?;
        page.idle()?;
        assert_eq!(page.window()?, None);
        Ok(())
    })
}

#[test]
fn the_plot_is_dragged() -> Result {
    cart("pan", |page, axis| {
        page.hit(&["Shift+ArrowUp"])?;
        is_near(page, 300, 700)?;
        // A quarter of the plot is a quarter of the window.
        page.drag((axis.at(500), row_at(page, 1)?), (axis.at(250), row_at(page, 1)?))?;
        page.idle()?;
        is_near(page, 400, 800)
    })
}

#[test]
fn keys_pan_and_zoom() -> Result {
    cart("keys-zoom", |page, _| {
        for (keys, from, to) in [
            (&["ArrowUp"][..], 100, 900),
            (&["Shift+ArrowUp"], 300, 700),
            (&["Shift+ArrowUp", "ArrowDown"], 250, 750),
            (&["Shift+ArrowUp", "d"], 340, 740),
            (&["Shift+ArrowUp", "a"], 260, 660),
            (&["Shift+ArrowUp", "ArrowRight"], 340, 740),
            (&["Shift+ArrowUp", "ArrowLeft"], 260, 660),
            (&["Shift+ArrowUp", "Shift+D"], 500, 900),
            (&["Shift+ArrowUp", "Shift+A"], 100, 500),
            (&["Shift+ArrowUp", "Shift+ArrowDown"], 0, 1000),
        ] {
            page.hit(&["0"])?;
            page.hit(keys)?;
            let window = page.window()?.unwrap_or((0, 1000 * MS));
            assert!(
                window.0.abs_diff(from * MS) < 3 * MS && window.1.abs_diff(to * MS) < 3 * MS,
                "{keys:?}: {window:?} is not {from}..{to} ms"
            );
        }
        Ok(())
    })
}

#[test]
fn z_and_a_double_click_zoom_to_a_span() -> Result {
    cart("zoom-to", |page, axis| {
        page.hit(&["j", "j", "j", "z"])?;
        assert_eq!(page.selected_row()?.map(|row| row.name).as_deref(), Some("ident check"));
        is_near(page, 40, 160)?;
        page.hit(&["0", "Escape"])?;
        assert_eq!(page.window()?, None);
        page.double_click_at((axis.at(450), row_at(page, 5)?))?;
        page.idle()?;
        is_near(page, 390, 510)
    })
}

#[test]
fn down_to_nanoseconds() -> Result {
    cart("nanoseconds", |page, axis| {
        page.hit(&["j", "j", "j", "z"])?;
        page.keys(&["Shift+ArrowUp"; 24])?;
        page.idle()?;
        let (from, to) = page.window()?.ok_or("the whole trace")?;
        assert!(to - from <= 10, "{from}..{to}");
        assert!((50 * MS..150 * MS).contains(&from), "{from}");
        // In the middle of a bar there is bar from edge to edge.
        let bars = page.coloured(row_at(page, 2)?)?;
        assert!(bars.iter().any(|&(left, right)| right - left > (axis.right - axis.left) / 2), "{bars:?}");
        page.hit(&["0"])?;
        assert_eq!(page.window()?, None);
        Ok(())
    })
}

#[test]
fn keys_select() -> Result {
    cart("keys-select", |page, _| {
        let mut last = String::new();
        for (key, selected) in [
            ("j", "shop GET /cart"),
            ("j", "shop auth"),
            ("j", "ident check"),
            ("k", "shop auth"),
            ("Shift+J", "shop render"),
            ("Shift+K", "shop GET /cart"),
            ("e", "disk read"),
            ("k", "db query"),
            ("f", "disk read"),
            ("b", "db query"),
        ] {
            page.hit(&[key])?;
            let row = page.selected_row()?.map(|row| row.name);
            assert_eq!(row.as_deref(), Some(selected), "{key} after {last}");
            last = selected.to_owned();
        }
        page.hit(&["Escape"])?;
        assert_eq!(page.selected_row()?, None);
        Ok(())
    })
}

/// What is pressed at once, as a held key does it, is not lost.
#[test]
fn keys_pressed_quickly_all_count() -> Result {
    cart("keys-quickly", |page, _| {
        page.keys(&["j"; 5])?;
        page.idle()?;
        assert_eq!(page.selected_row()?.map(|row| row.name).as_deref(), Some("db query"));
        Ok(())
    })
}

#[test]
fn rows_fold() -> Result {
    cart("fold", |page, axis| {
        let all = names(page)?;
        assert_eq!(all.len(), 7);
        // By the caret, which stands left of the second row's dot.
        let (left, ..) = page.place_of("canvas")?;
        let caret = left + 22 + 16;
        page.click_at((caret, row_at(page, 1)?))?;
        page.idle()?;
        assert_eq!(
            names(page)?,
            ["shop GET /cart", "shop auth", "shop load", "db query", "disk read", "shop render"]
        );
        let rows = page.rows()?;
        assert_eq!([rows[0].expanded, rows[1].expanded, rows[5].expanded], [Some(true), Some(false), None]);
        assert!(page.selected_row()?.is_none(), "a caret only folds");
        page.click_at((caret, row_at(page, 1)?))?;
        page.idle()?;
        assert_eq!(names(page)?, all);
        // What is folded is still to be seen in its bar's row.
        page.click_at((axis.at(500), row_at(page, 3)?))?;
        page.hit(&["Enter"])?;
        assert_eq!(names(page)?, ["shop GET /cart", "shop auth", "ident check", "shop load", "shop render"]);
        assert_eq!(page.state_of("folded")?, page.state_of("span")?);
        page.hit(&["Enter"])?;
        assert_eq!(names(page)?, all);
        page.hit(&["Shift+Enter", "Enter"])?;
        assert_eq!(names(page)?.len(), 6, "below it all is folded: {:?}", names(page)?);
        page.hit(&["["])?;
        assert_eq!(names(page)?, all);
        page.hit(&["]"])?;
        assert_eq!(names(page)?, ["shop GET /cart"]);
        page.hit(&["[", "p"])?;
        assert_eq!(names(page)?.len(), 6, "the deepest level: {:?}", names(page)?);
        page.hit(&["p", "p"])?;
        assert_eq!(names(page)?, ["shop GET /cart"]);
        page.hit(&["o"])?;
        assert_eq!(names(page)?.len(), 4);
        page.hit(&["o", "o"])?;
        assert_eq!(names(page)?, all);
        Ok(())
    })
}

#[test]
fn the_name_column_is_resized() -> Result {
    cart("name-column", |page, axis| {
        let (left, ..) = page.place_of("canvas")?;
        let y = row_at(page, 3)?;
        page.drag((left + 340, y), (left + 480, y))?;
        page.idle()?;
        let bars = page.coloured(row_at(page, 0)?)?;
        let moved = widest(&bars).ok_or("no bar")?.0 - axis.left;
        assert!((135..=145).contains(&moved), "by {moved}: {bars:?}");
        assert_eq!(page.window()?, None, "and nothing else");
        Ok(())
    })
}

#[test]
fn the_tooltip_says_what_is_under_the_pointer() -> Result {
    cart("tooltip", |page, axis| {
        page.move_to((axis.at(450), row_at(page, 4)?))?;
        page.idle()?;
        let tooltip = page.text_of(".tooltip")?;
        for word in
            ["db query", "500 ms", "50.0 % of trace", "self 400 ms", "starts at 300 ms", "critical path"]
        {
            let squeezed = tooltip.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(squeezed.contains(word), "{word} not in {tooltip}");
        }
        page.move_to((axis.at(950), row_at(page, 20)?))?;
        page.idle()?;
        assert!(!page.has(".tooltip")?);
        Ok(())
    })
}

#[test]
fn ancestors_stay_in_sight() -> Result {
    run(Setup::new("sticky"), |page| {
        open_sample(page, "n-plus-one.json")?;
        page.hit(&["s", "s"])?;
        let first: u32 = page.state_of("row")?.parse()?;
        assert!(first > 20, "{first}");
        // The first rows on screen are the root and those above "load items", not the 30th select.
        let root = page.coloured(row_at(page, 0)?)?;
        let (_, _, width, _) = page.place_of("canvas")?;
        assert!(root.iter().any(|(from, to)| to - from > width / 2), "{root:?}");
        page.click_at((200, row_at(page, 2)?))?;
        page.idle()?;
        assert_eq!(page.selected_row()?.map(|row| row.name).as_deref(), Some("orders OrderService/List"));
        page.expect_quiet()
    })
}

#[test]
fn rows_scroll() -> Result {
    run(Setup::new("scroll"), |page| {
        open_sample(page, "n-plus-one.json")?;
        let first = || -> Result<u32> { Ok(page.rows()?.first().map_or(0, |row| row.index)) };
        let at = (700, row_at(page, 5)?);
        page.wheel(at, (0, 260), "")?;
        page.idle()?;
        assert_eq!(first()?, 11);
        page.hit(&["End"])?;
        assert_eq!(page.rows()?.last().map(|row| row.index), Some(412));
        page.hit(&["w"])?;
        assert!((330..412).contains(&first()?), "{}", first()?);
        page.hit(&["Home"])?;
        assert_eq!(first()?, 1);
        page.hit(&["s"])?;
        assert!(first()? > 20);
        page.hit(&["Home", "PageDown"])?;
        assert!(first()? > 20);
        // The bar at the right edge.
        page.hit(&["Home"])?;
        let (left, top, width, height) = page.place_of("canvas")?;
        page.drag((left + width - 5, top + 85), (left + width - 5, top + height - 5))?;
        page.idle()?;
        assert_eq!(page.rows()?.last().map(|row| row.index), Some(412));
        page.expect_quiet()
    })
}

#[test]
fn help_lists_the_keys() -> Result {
    cart("help", |page, _| {
        page.hit(&["?"])?;
        page.sees(&[
            "Keys",
            "Next, previous span",
            "To the selected span",
            "Whole trace",
            "Search",
            "Theme",
        ])?;
        assert!(page.has("[role=dialog][aria-modal=true]")?);
        page.hit(&["0", "j"])?;
        assert_eq!(page.selected_row()?, None, "keys are for the dialog");
        page.hit(&["Escape"])?;
        assert!(!page.has("[role=dialog]")?);
        page.hit(&["?"])?;
        page.press("Close")?;
        assert!(!page.has("[role=dialog]")?);
        Ok(())
    })
}

#[test]
fn one_nanosecond_and_none() -> Result {
    for (name, picture) in [("none", "shop nothing 0..0ms"), ("one-ns", "shop blink 0..1ns")] {
        file(&format!("{name}.json"), &drawn(picture));
        run(Setup::new(name).site(|site: Site| site.mount("/files", folder())), |page| {
            page.open(&format!("?src=files/{name}.json"))?;
            page.idle()?;
            page.hit(&["j", "z", "ArrowUp", "d", "0", "3", "2"])?;
            page.sees(&["1 span", "shop"])?;
            assert_eq!(page.rows()?.len(), 1);
            page.expect_quiet()
        })?;
    }
    Ok(())
}
