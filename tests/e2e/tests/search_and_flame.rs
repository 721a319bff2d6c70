//! Searching, and the flame graph in both of its orders.

mod common;

use common::{drawn, file, folder, open_sample, row_at};
use e2e::{Page, Result, Setup, Site, run};
use serde_json::json;

fn type_search(page: &Page, text: &str) -> Result {
    page.hit(&["/"])?;
    page.hit(&["Control+a", "Backspace"])?;
    page.type_into(&page.element(".search input")?, text)?;
    page.idle()
}

fn count(page: &Page) -> Result<String> {
    page.text_of(".search output")
}

#[test]
fn matches_are_counted_and_stepped_through() -> Result {
    run(Setup::new("search"), |page| {
        open_sample(page, "slow-query.json")?;
        for (text, says) in [
            ("SELECT stock", "2 matches"),
            ("seqscan", "1 match"),
            ("inventory", ""),
            ("db.system.name=postgresql", ""),
            ("no such thing", "no match"),
            ("  ", ""),
        ] {
            type_search(page, text)?;
            let said = count(page)?;
            assert!(
                if says.is_empty() { text == "  " || said.ends_with(" matches") } else { said == says },
                "{text}: {said}"
            );
        }
        type_search(page, "SELECT stock")?;
        let step = |page: &Page, key: &str, says: &str, name: &str| -> Result {
            page.hit(&[key])?;
            let row = page.selected_row()?.map(|row| row.name).unwrap_or_default();
            assert_eq!((count(page)?.as_str(), row.as_str()), (says, name), "after {key}");
            Ok(())
        };
        step(page, "Enter", "1 of 2", "inventory SELECT stock")?;
        step(page, "Enter", "2 of 2", "postgres SELECT stock")?;
        step(page, "Enter", "1 of 2", "inventory SELECT stock")?;
        step(page, "Shift+Enter", "2 of 2", "postgres SELECT stock")?;
        page.press("Previous match")?;
        assert_eq!(count(page)?, "1 of 2");
        page.press("Next match")?;
        assert_eq!(count(page)?, "2 of 2");
        assert_eq!(page.state_of("q")?, "SELECT stock");
        // The details mark what matched.
        type_search(page, "db.system.name=postgresql")?;
        page.hit(&["Enter"])?;
        assert_eq!(page.text_of("#details-body .matched dt")?, "db.system.name");
        page.hit(&["Escape"])?;
        assert_eq!(
            page.viewer("return viewer.shadowRoot.querySelector('.search input').value", &[])?,
            json!("")
        );
        assert_eq!((count(page)?.as_str(), page.state_of("q")?.as_str()), ("", ""));
        assert!(!page.has(".step")? && page.has("[aria-label^='Details of']")?, "only the search is cleared");
        page.expect_quiet()
    })
}

/// Pixels of the accent, which means "matches", in a part of the canvas.
fn accent(page: &Page, (x, y, width, height): (i32, i32, i32, i32)) -> Result<u64> {
    let body = "const canvas = deep('canvas')[0], place = canvas.getBoundingClientRect(), [x, y, width, height] = args; \
        const colour = getComputedStyle(viewer).getPropertyValue('--flamefall-accent').trim(); \
        const wanted = [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16)); \
        const data = copy(canvas, x - place.left, y - place.top, width, height).data; let count = 0; \
        for (let i = 0; i < data.length; i += 4) if (wanted.every((it, k) => Math.abs(data[i + k] - it) < 24)) count++; \
        return count";
    let counted = page.inside(body, &[json!(x), json!(y), json!(width), json!(height)])?;
    Ok(counted.as_u64().unwrap_or_default())
}

#[test]
fn matches_are_marked_in_both_views() -> Result {
    run(Setup::new("marks"), |page| {
        open_sample(page, "slow-query.json")?;
        let name_of = |row: i32| -> Result<_> { Ok((0, row_at(page, row)? - 12, 330, 24)) };
        let stage = |page: &Page| -> Result<_> {
            let (x, y, width, height) = page.place_of("canvas")?;
            Ok((x, y + 40, width, height - 40))
        };
        page.move_to((700, 5))?;
        page.idle()?;
        assert_eq!(accent(page, name_of(1)?)?, 0);
        type_search(page, "validate")?;
        assert!(accent(page, name_of(1)?)? > 20, "the second row says validate");
        assert_eq!(accent(page, name_of(2)?)?, 0, "the third does not");
        page.hit(&["Escape", "3"])?;
        assert_eq!(accent(page, stage(page)?)?, 0);
        type_search(page, "SeqScan")?;
        assert!(accent(page, stage(page)?)? > 20);
        page.press("Merged")?;
        assert!(accent(page, stage(page)?)? > 20);
        page.expect_quiet()
    })
}

#[test]
fn a_search_in_the_list_counts_traces() -> Result {
    run(Setup::new("search-list"), |page| {
        open_sample(page, "busy-minute.json.gz")?;
        type_search(page, "checkout")?;
        let said = count(page)?;
        assert!(said.contains(" in ") && said.ends_with(" traces"), "{said}");
        page.hit(&["Escape"])?;
        assert_eq!(count(page)?, "");
        page.expect_quiet()
    })
}

/// Two calls of one operation, one in the other's shadow.
const CALLS: &str = r"
    shop  GET /cart   0..1000ms server
      db  query       100..400ms
      db  query       200..600ms
      mq  publish     700..800ms
";

fn calls(name: &str, story: impl FnOnce(&Page) -> Result) -> Result {
    file("calls.json", &drawn(CALLS));
    run(Setup::new(name).site(|site: Site| site.mount("/files", folder())), |page| {
        page.open("?src=files/calls.json")?;
        page.idle()?;
        page.hit(&["3"])?;
        story(page)?;
        page.expect_quiet()
    })
}

/// Where time stands on the canvas of the flame graph, whose window is the whole trace, and lane `n` under the head.
fn flame_at(page: &Page, ms: i32, lane: i32, head: i32) -> Result<(i32, i32)> {
    let (left, top, width, _) = page.place_of("canvas")?;
    Ok((left + width * ms / 1000, top + head + 26 * lane + 10))
}

#[test]
fn in_time_nothing_hides_anything() -> Result {
    calls("flame-in-time", |page| {
        assert_eq!(page.inside("return named(deep('[aria-pressed=true]')[1])", &[])?, json!("In time"));
        // Overlapping siblings stand in lanes: both can be chosen where they overlap.
        let mut chosen = Vec::new();
        for lane in [1, 2] {
            page.click_at(flame_at(page, 300, lane, 26)?)?;
            page.idle()?;
            chosen.push(page.state_of("span")?);
            assert!(page.text_of("[aria-label^='Details of']")?.contains("query"));
        }
        assert_ne!(chosen[0], chosen[1]);
        // What is selected here is selected there, and back.
        page.hit(&["2"])?;
        assert_eq!(page.selected_row()?.map(|row| (row.index, row.name)), Some((3, "db query".to_owned())));
        page.hit(&["j", "3"])?;
        assert!(page.text_of("[aria-label^='Details of']")?.contains("publish"));
        page.hit(&["Escape"])?;
        assert!(!page.has("[aria-label^='Details of']")?);
        // The window is one, too.
        page.drag(flame_at(page, 200, 0, 0)?, flame_at(page, 600, 0, 0)?)?;
        page.idle()?;
        let (from, to) = page.window()?.ok_or("nothing was zoomed")?;
        assert!(
            from.abs_diff(200_000_000) < 4_000_000 && to.abs_diff(600_000_000) < 4_000_000,
            "{from}..{to}"
        );
        page.hit(&["2"])?;
        assert_eq!(page.window()?, Some((from, to)));
        Ok(())
    })
}

#[test]
fn merged_adds_up_and_zooms() -> Result {
    calls("flame-merged", |page| {
        page.press("Merged")?;
        assert_eq!(page.state_of("flame")?, "merged");
        // 300 + 400 ms of query, heaviest first: it begins at the left edge.
        page.move_to(flame_at(page, 100, 1, 10)?)?;
        page.idle()?;
        let tooltip = page.text_of(".tooltip")?;
        for word in ["db query", "700 ms", "2 calls"] {
            assert!(
                tooltip.split_whitespace().collect::<Vec<_>>().join(" ").contains(word),
                "{word} not in {tooltip}"
            );
        }
        assert_eq!(page.text_of(".crumbs")?, "");
        page.click_at(flame_at(page, 100, 1, 10)?)?;
        page.idle()?;
        assert!(!page.state_of("focus")?.is_empty());
        let crumbs = page.text_of(".crumbs")?;
        assert!(crumbs.contains("whole trace") && crumbs.contains("db query"), "{crumbs}");
        assert!(!page.has("[aria-label^='Details of']")?, "a merged frame is no span");
        page.press("whole trace")?;
        assert_eq!((page.state_of("focus")?.as_str(), page.text_of(".crumbs")?.as_str()), ("", ""));
        // Escape leads back as well.
        page.click_at(flame_at(page, 100, 1, 10)?)?;
        page.idle()?;
        page.hit(&["Escape"])?;
        assert_eq!(page.state_of("focus")?, "");
        page.press("In time")?;
        assert_eq!(page.state_of("flame")?, "time");
        Ok(())
    })
}

#[test]
fn crumbs_lead_back_a_step_at_a_time() -> Result {
    run(Setup::new("crumbs"), |page| {
        open_sample(page, "slow-query.json")?;
        page.hit(&["3"])?;
        page.press("Merged")?;
        for lane in [3, 5] {
            let (left, top, ..) = page.place_of("canvas")?;
            page.click_at((left + 60, top + 10 + 26 * lane + 12))?;
            page.idle()?;
        }
        let crumbs = page.text_of(".crumbs")?;
        assert!(crumbs.trim_end().ends_with("inventory load stock"), "{crumbs}");
        let inner = page.state_of("focus")?;
        page.press("inventory InventoryService/Reserve")?;
        let outer = page.state_of("focus")?;
        let end = |range: &str| range.split_once('-').and_then(|(_, to)| to.parse::<u64>().ok()).unwrap_or(0);
        assert!(end(&outer) > end(&inner), "{inner} then {outer}");
        page.press("whole trace")?;
        assert_eq!(page.state_of("focus")?, "");
        page.expect_quiet()
    })
}
