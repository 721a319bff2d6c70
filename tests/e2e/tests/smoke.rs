//! The site loads, from anywhere and under a strict policy.

use e2e::{Result, STRICT_CSP, Setup, run};
use serde_json::json;

#[test]
fn opens() -> Result {
    run(Setup::new("opens"), |page| {
        page.open("")?;
        page.idle()?;
        assert_eq!(page.eval("return document.title", &[])?, json!("Flamefall"));
        page.screenshot("opens")?;
        page.expect_quiet()
    })
}

#[test]
fn opens_below_a_path() -> Result {
    let below = |site: e2e::Site| site.mount("/some/where", e2e::dist());
    run(Setup::new("opens-below-a-path").site(below), |page| {
        page.open("some/where/")?;
        page.idle()?;
        let elsewhere = "return performance.getEntriesByType('resource').map((it) => it.name).filter((it) => !it.startsWith(args[0]))";
        assert_eq!(
            page.eval(elsewhere, &[json!(page.url("some/where/"))])?,
            json!([]),
            "requests outside of the path"
        );
        page.expect_quiet()
    })
}

#[test]
fn opens_where_no_worker_may_start() -> Result {
    let policy = STRICT_CSP.replace("worker-src 'self'", "worker-src 'none'");
    run(Setup::new("no-worker").csp(&policy), |page| {
        page.open("")?;
        page.idle()
    })
}
