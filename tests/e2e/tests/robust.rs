//! What goes wrong around the page: policies, workers, crashes, memory, networks.

mod common;

use std::time::Duration;

use common::{drawn, file, folder, json, open_sample, row_at};
use e2e::{Fault, Page, Result, STRICT_CSP, Setup, Site, run};
use serde_json::json;

const CART: &str = r"
    shop  GET /cart  0..90ms  server
      shop  lookup   10..40ms client
";

/// Through every view, as a reader goes.
fn tour(page: &Page) -> Result {
    page.open("")?;
    page.idle()?;
    page.hit(&["?", "Escape"])?;
    page.press("A busy minute")?;
    page.sees(&["300 traces"])?;
    page.type_into(&page.element("[aria-label='Filter traces']")?, "checkout")?;
    page.idle()?;
    page.click(&page.element("[role=grid] .trace")?)?;
    page.idle()?;
    page.sees(&["POST /api/checkout"])?;
    page.hit(&["j", "j", "z", "0", "p", "["])?;
    for tab in ["Events", "Links", "Raw", "Attributes"] {
        page.press(tab)?;
    }
    let (left, top, width, height) = page.place_of("canvas")?;
    page.move_to((left + width / 2, row_at(page, 0)?))?;
    page.wheel((left + width / 2, top + height / 2), (0, -200), "Control")?;
    page.idle()?;
    page.hit(&["3"])?;
    page.press("Merged")?;
    page.click_at((left + 100, top + 60))?;
    page.idle()?;
    page.type_into(&page.element(".search input")?, "select")?;
    page.idle()?;
    page.hit(&["Enter", "Escape"])?;
    page.click(&page.element("button.file")?)?;
    page.idle()?;
    page.hit(&["Escape", "?"])?;
    for theme in ["dark", "light", "auto"] {
        page.press(theme)?;
    }
    page.hit(&["Escape"])?;
    page.viewport(400, 800)?;
    page.idle()?;
    page.hit(&["1", "2"])?;
    page.drop_bytes(&page.element(".app")?, "bad.json", b"nope")?;
    page.idle()?;
    page.press("Dismiss")
}

#[test]
fn the_strict_policy_is_kept_on_every_view() -> Result {
    run(Setup::new("strict"), |page| {
        // Noted from the very first script on.
        let source = "window.violations = []; addEventListener('securitypolicyviolation', \
            (event) => violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`))";
        page.cdp("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": source }))?;
        tour(page)?;
        assert_eq!(page.eval("return violations", &[])?, json!([]));
        page.expect_quiet()
    })
}

#[test]
fn nothing_is_asked_from_outside() -> Result {
    let below = |site: Site| site.mount("/some/where", e2e::dist());
    run(Setup::new("inside").site(below), |page| {
        page.open("some/where/")?;
        page.idle()?;
        page.press("One slow query")?;
        page.sees(&["86 spans"])?;
        page.hit(&["j", "3", "1"])?;
        let asked = "return performance.getEntriesByType('resource').map((it) => it.name)";
        let asked = page.eval(asked, &[])?;
        let base = page.url("some/where/");
        let outside: Vec<_> = asked
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|it| it.as_str())
            .filter(|it| !it.starts_with(&base))
            .collect();
        assert_eq!(outside, [""; 0]);
        assert!(asked.to_string().contains("flamefall-viewer_bg.wasm"), "{asked}");
        // Neither by the worker, whose requests are not the page's.
        let sent =
            "const [file, base] = args; await viewer.open(new URL(file, base).href); return viewer.state";
        page.viewer(sent, &[json!("examples/slow-query.json"), json!(base)])?;
        page.expect_quiet()
    })
}

#[test]
fn without_a_worker_it_works_on_the_page() -> Result {
    let policy = STRICT_CSP.replace("worker-src 'self'", "worker-src 'none'");
    run(Setup::new("no-worker-tour").csp(&policy), |page| {
        tour(page)?;
        // The browser itself says that the worker was refused, once a page; nothing else is wrong.
        let loud: Vec<_> = page
            .console()?
            .into_iter()
            .filter(|it| it.level == "SEVERE" && !it.message.contains("worker"))
            .collect();
        assert!(loud.is_empty(), "{loud:#?}");
        Ok(())
    })
}

#[test]
fn from_a_file_of_another_program() -> Result {
    // A host that blocks WebAssembly says so on the page, instead of a blank one.
    let policy = STRICT_CSP.replace("'wasm-unsafe-eval'", "");
    run(Setup::new("no-wasm").csp(&policy), |page| {
        page.open("")?;
        page.until("viewer.innerText.includes('could not start')")?;
        let text = page.viewer("return viewer.innerText", &[])?;
        assert!(text.as_str().is_some_and(|text| text.contains("WebAssembly")), "{text}");
        Ok(())
    })
}

/// Keeps a handle on every worker the page starts.
const KEEP_WORKERS: &str = "window.workers = []; window.Worker = class extends Worker { \
    constructor(...args) { super(...args); workers.push(this) } }";

#[test]
fn a_crash_is_told_and_survived() -> Result {
    file("cart.json", &drawn(CART));
    run(Setup::new("crash").site(|site: Site| site.mount("/files", folder())), |page| {
        page.cdp("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": KEEP_WORKERS }))?;
        page.open("?src=files/cart.json")?;
        page.idle()?;
        page.listen()?;
        page.sees(&["GET /cart"])?;
        // What the browser does when a worker dies of a trap.
        page.eval("workers.at(-1).dispatchEvent(new ErrorEvent('error', { message: 'unreachable executed', cancelable: true }))", &[])?;
        page.idle()?;
        page.sees(&["The engine stopped", "unreachable executed", "open the file once more"])?;
        let heard = page.heard()?;
        assert_eq!(
            heard.iter().map(|(name, detail)| (name.as_str(), detail["kind"].clone())).collect::<Vec<_>>(),
            [("error", json!("engineStopped"))]
        );
        assert_eq!(page.eval("return workers.length", &[])?, json!(2), "another engine was started");
        page.drop_bytes(&page.element(".drop")?, "cart.json", &drawn(CART))?;
        page.idle()?;
        page.sees(&["GET /cart shop", "2 spans"])?;
        page.expect_quiet()
    })
}

#[test]
fn a_crash_while_loading_ends_the_load() -> Result {
    file("big.json", &json(|sink| fixtures::one_trace(3, 5_000, sink)));
    file("later.json", &json(|sink| fixtures::one_trace(4, 3_000, sink)));
    let pause = Duration::from_millis(300);
    let slow = |site: Site| {
        site.mount("/files", folder()).fault("/files/big.json", Fault::Trickle { bytes: 200_000, pause })
    };
    run(Setup::new("crash-loading").site(slow), |page| {
        page.cdp("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": KEEP_WORKERS }))?;
        // A worker that fails before it ever ran is no crash: the page takes its place.
        open_sample(page, "slow-query.json")?;
        let crash = "const opened = viewer.open('files/big.json').then(() => 'opened', (error) => error.kind); \
            while (!viewer.shadowRoot.querySelector('.loading')) await new Promise(requestAnimationFrame); \
            workers.at(-1).dispatchEvent(new ErrorEvent('error', { message: 'out of memory' })); return await opened";
        assert_eq!(page.viewer(crash, &[])?, "engineStopped");
        page.idle()?;
        page.sees(&["The engine stopped", "out of memory"])?;
        assert!(!page.has(".loading")?);
        page.press("One slow query")?;
        page.sees(&["86 spans"])
    })
}

#[test]
fn cancelling_keeps_what_was_open() -> Result {
    file("big.json", &json(|sink| fixtures::one_trace(3, 5_000, sink)));
    let pause = Duration::from_millis(300);
    let slow = |site: Site| {
        let site = site.mount("/files", folder());
        let site = site.fault("/files/big.json", Fault::Trickle { bytes: 200_000, pause });
        site.fault("/files/later.json", Fault::Trickle { bytes: 500_000, pause })
    };
    run(Setup::new("cancel").site(slow), |page| {
        let load =
            "window.opened = viewer.open('files/big.json').then(() => 'opened', (error) => error.kind)";
        // Over nothing: back to the start.
        page.open("")?;
        page.idle()?;
        page.viewer(load, &[])?;
        page.until("viewer.shadowRoot.querySelector('.loading')?.innerText.match(/[1-9][\\d,]* spans/)")?;
        page.press("Cancel")?;
        assert_eq!(page.eval("return await opened", &[])?, "cancelled");
        page.sees(&["Drop files here"])?;
        assert!(!page.has("[role=alert]")?, "who cancels knows it");
        // Over a trace: the trace, as it was.
        open_sample(page, "slow-query.json")?;
        page.hit(&["j", "j", "z"])?;
        let (state, rows) = (page.viewer("return viewer.state", &[])?, page.rows()?);
        for how in ["the button", "Escape"] {
            page.viewer(load, &[])?;
            page.until("viewer.shadowRoot.querySelector('.loading')?.innerText.match(/[1-9][\\d,]* spans/)")?;
            if how == "Escape" {
                page.hit(&["Escape"])?;
            } else {
                page.press("Cancel")?;
            }
            assert_eq!(page.eval("return await opened", &[])?, "cancelled", "{how}");
            page.idle()?;
            page.sees(&["86 spans", "POST /api/checkout"])?;
            assert_eq!(
                (page.viewer("return viewer.state", &[])?, page.rows()?),
                (state.clone(), rows.clone()),
                "{how}"
            );
            // And it still answers.
            page.hit(&["k", "j"])?;
        }
        // A later load takes the place of an earlier one.
        page.viewer(load, &[])?;
        page.viewer("await viewer.open('examples/n-plus-one.json')", &[])?;
        assert_eq!(page.eval("return await opened", &[])?, "cancelled");
        page.idle()?;
        page.sees(&["412 spans"])?;
        // Also while the earlier one still waits for bytes, and only then learns that nobody wants it.
        page.viewer(load, &[])?;
        page.viewer("await viewer.open('files/later.json')", &[])?;
        page.idle()?;
        page.sees(&["3,000 spans"])?;
        assert_eq!(page.eval("return await opened", &[])?, "cancelled");
        // Closing ends a load as well.
        page.viewer(load, &[])?;
        page.until("viewer.shadowRoot.querySelector('.loading')?.innerText.match(/[1-9][\\d,]* spans/)")?;
        page.viewer("await viewer.close()", &[])?;
        assert_eq!(page.eval("return await opened", &[])?, "cancelled");
        page.idle()?;
        page.sees(&["Drop files here"])?;
        page.expect_quiet()
    })
}

#[test]
fn a_hundred_opens_and_closes_leave_nothing() -> Result {
    /// What the allocators of browser and page may keep after a hundred files of 1.3 MB gzip (22 MB of JSON) each.
    const SLACK: u64 = 24_000_000;
    run(Setup::new("hundred-opens"), |page| {
        page.open("")?;
        page.idle()?;
        let opens = "for (let i = 0; i < args[0]; i++) { \
            const summary = await viewer.open('examples/busy-minute.json.gz'); \
            if (i % 10 === 0) { await viewer.select({ traceId: summary.traces[i].traceId }); await viewer.idle(); viewer.view = 'flame'; await viewer.idle() } \
            await viewer.close() } await viewer.idle()";
        // The first few fill caches and pools.
        page.viewer(opens, &[json!(10)])?;
        let before = page.memory()?;
        page.viewer(opens, &[json!(100)])?;
        let after = page.memory()?;
        println!("100 opens and closes: {before:?} to {after:?}");
        assert!(after.js_heap < before.js_heap + 2_000_000, "{before:?} {after:?}");
        assert!(after.resident < before.resident + SLACK, "{before:?} {after:?}");
        page.sees(&["Drop files here"])
    })
}

#[test]
fn elements_come_and_go() -> Result {
    run(Setup::new("elements"), |page| {
        page.open("")?;
        page.idle()?;
        let lives = "for (let i = 0; i < args[0]; i++) { const other = document.createElement('flamefall-viewer'); \
            document.body.append(other); await other.open('examples/slow-query.json'); await other.idle(); other.remove(); \
            await new Promise((done) => setTimeout(done)) }";
        page.viewer(lives, &[json!(3)])?;
        let before = page.memory()?;
        page.viewer(lives, &[json!(10)])?;
        let after = page.memory()?;
        assert!(after.js_heap < before.js_heap + 2_000_000, "{before:?} {after:?}");
        assert!(after.resident < before.resident + 40_000_000, "{before:?} {after:?}");
        page.sees(&["Drop files here"])?;
        page.expect_quiet()
    })
}
