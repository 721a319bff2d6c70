//! The demo shop: a click becomes a trace, from the button to the last service, on the same page.

use e2e::{Page, Result, Setup, run};
use serde_json::json;
use xtask::shop;

fn setup(name: &str) -> Setup {
    Setup::new(name).site(shop::mount)
}

/// Clicks what a selector finds, once it is there.
fn click(page: &Page, selector: &str) -> Result {
    let expression = format!("document.querySelector({})", json!(selector));
    page.until(&expression)?;
    page.click(&page.find(&expression)?)
}

/// Waits until the viewer shows the trace of the newest click, which has this name.
fn shows(page: &Page, name: &str) -> Result {
    page.until(&format!(
        "[...document.querySelectorAll('.clicks button')] \
         .findIndex((it) => it.ariaPressed === 'true' && it.firstChild.data === {}) === 0",
        json!(name)
    ))?;
    page.until(&format!(
        "viewer.shadowRoot.querySelector('.head h1')?.textContent.startsWith({})",
        json!(name)
    ))?;
    page.idle()
}

/// The rows of the waterfall on screen, with their depths.
fn tree(page: &Page) -> Result<Vec<String>> {
    Ok(page.rows()?.iter().map(|row| format!("{} {}", row.level, row.name)).collect())
}

/// The words of what a selector finds.
fn words(page: &Page, selector: &str) -> Result<String> {
    let found =
        page.eval("return document.querySelector(args[0])?.innerText.trim() ?? ''", &[json!(selector)])?;
    Ok(found.as_str().unwrap_or_default().to_owned())
}

fn add(page: &Page) -> Result {
    click(page, "[data-page=list]")?;
    // Until then its buttons are those of the page before.
    shows(page, "click \"Slow Clay\"")?;
    click(page, "[aria-label='Add Morning mug']")?;
    shows(page, "click \"Add Morning mug\"")
}

/// From the list to the end of the order.
fn order(page: &Page) -> Result {
    click(page, "nav [data-page=cart]")?;
    click(page, "[data-page=checkout]")?;
    click(page, "form .primary")?;
    shows(page, "click \"Place order\"")
}

#[test]
fn a_click_is_one_trace_down_to_the_database() -> Result {
    run(setup("shop"), |page| {
        page.open("shop/")?;
        shows(page, "page load")?;
        assert!(tree(page)?.contains(&"3 gateway GET /shop/api/products".to_owned()), "{:?}", tree(page)?);

        click(page, "[aria-label='Add Morning mug']")?;
        shows(page, "click \"Add Morning mug\"")?;
        let expected = [
            "1 shop click \"Add Morning mug\"",
            "2 shop POST",
            "3 gateway POST /shop/api/cart",
            "4 cart cart/Add",
            "5 stock stock/Reserve",
            "6 postgres UPDATE stock",
            "5 redis HINCRBY cart",
            "2 shop GET",
        ];
        let tree = tree(page)?;
        assert_eq!(tree.get(..expected.len()), Some(expected.map(str::to_owned).as_slice()), "{tree:#?}");
        page.sees(&["12 spans", "7 services"])?;

        order(page)?;
        assert!(words(page, "main")?.starts_with("Order 1042 is placed"), "{}", words(page, "main")?);
        page.sees(&["9 services"])?;
        let text = page.text()?;
        assert!(!text.contains("orphan") && !text.contains("error"), "{text}");
        page.expect_quiet()
    })
}

#[test]
fn an_order_that_fails_says_so_in_the_shop_and_in_its_trace() -> Result {
    run(setup("shop-fails"), |page| {
        page.open("shop/")?;
        add(page)?;
        order(page)?;
        add(page)?;
        order(page)?;
        page.until("document.querySelector('[role=alert]')")?;
        let said = words(page, "[role=alert]")?;
        assert!(said.starts_with("The payment provider did not answer."), "{said}");
        page.sees(&["errors"])?;
        page.until("document.querySelector('.clicks button.failed')")?;
        let failed = page.eval("return document.querySelectorAll('.clicks .failed').length", &[])?;
        assert_eq!(failed, json!(1), "only this one");
        // The third order is taken.
        click(page, "form .primary")?;
        page.until("document.querySelector('main').innerText.startsWith('Order 1044')")
    })
}

#[test]
fn an_older_click_is_looked_at_again() -> Result {
    run(setup("shop-again"), |page| {
        page.open("shop/")?;
        shows(page, "page load")?;
        add(page)?;
        let first = page.find("[...document.querySelectorAll('.clicks button')].at(-1)")?;
        page.click(&first)?;
        page.until("viewer.shadowRoot.querySelector('.head h1').textContent.startsWith('page load')")?;
        // What is done in the dock is no click in the shop.
        add(page)?;
        let names = page.eval(
            "return [...document.querySelectorAll('.clicks button')].map((it) => it.firstChild.data)",
            &[],
        )?;
        let add = "click \"Add Morning mug\"";
        let list = "click \"Slow Clay\"";
        assert_eq!(names, json!([add, list, add, list, "page load"]));
        Ok(())
    })
}

#[test]
fn it_answers_itself_where_there_are_only_files() -> Result {
    run(Setup::new("shop-alone"), |page| {
        page.open("shop/")?;
        shows(page, "page load")?;
        assert!(words(page, ".demo")?.contains("the page answers itself"), "{}", words(page, ".demo")?);
        add(page)?;
        let tree = tree(page)?;
        assert_eq!(
            tree.get(1..3),
            Some(["2 shop POST cart", "3 shop reserve"].map(str::to_owned).as_slice())
        );
        order(page)?;
        assert!(words(page, "main")?.starts_with("Order 1042 is placed"), "{}", words(page, "main")?);
        Ok(())
    })
}

#[test]
fn it_fits_a_phone() -> Result {
    run(setup("shop-phone").viewport(400, 800), |page| {
        page.open("shop/")?;
        add(page)?;
        assert_eq!(page.eval("return document.documentElement.scrollWidth", &[])?, json!(400));
        let rows = page.rows()?.len();
        assert!(rows >= 5, "{rows} rows below the shop");
        Ok(())
    })
}

#[test]
fn the_start_page_leads_to_it() -> Result {
    run(setup("shop-way"), |page| {
        page.open("")?;
        page.idle()?;
        page.click(&page.element("a[href$='/shop/']")?)?;
        page.until("location.pathname === '/shop/' && document.querySelector('.pieces')")
    })
}

/// To be looked at: `FLAMEFALL_SHOTS=1`.
#[test]
fn pictures() -> Result {
    if std::env::var_os("FLAMEFALL_SHOTS").is_none_or(|value| value != "1") {
        return Ok(());
    }
    for (width, height) in [(1400, 900), (400, 800)] {
        for scheme in ["light", "dark"] {
            run(setup("shop").viewport(width, height), |page| {
                page.prefer(&[("prefers-color-scheme", scheme)])?;
                let shot = |name: &str| {
                    page.idle()?;
                    page.screenshot(&format!("shop-{name}-{width}-{scheme}")).map(drop)
                };
                page.open("shop/")?;
                page.until("document.querySelector('.clicks button')")?;
                shot("start")?;
                click(page, "[aria-label='Add Morning mug']")?;
                page.until("document.querySelectorAll('.clicks button').length > 1")?;
                shot("added")?;
                click(page, "nav [data-page=cart]")?;
                page.until("document.querySelectorAll('.clicks button').length > 2")?;
                shot("cart")?;
                click(page, ".primary")?;
                click(page, "form .primary")?;
                page.until("document.querySelectorAll('.clicks button').length > 4")?;
                shot("ordered")?;
                add(page)?;
                order(page)?;
                shot("failed")?;
                click(page, "[popovertarget]")?;
                shot("how")
            })?;
        }
    }
    Ok(())
}
