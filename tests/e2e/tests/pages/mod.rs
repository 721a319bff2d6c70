//! Pages of `tests/tracer`, which start the tracer with options from their address.
#![allow(dead_code, clippy::allow_attributes, reason = "no test file uses all of it")]

use std::time::Duration;

use e2e::{Page, Response, Result, Setup, Site};
use serde_json::{Value, json};

/// Pages of `tests/tracer` at `/t/`, and a service at `/svc/` that says which `traceparent` it got. What ends in `fails`
/// fails, and what begins with `slow` takes longer than any page stays.
pub(crate) fn setup(name: &str) -> Setup {
    Setup::new(name).csp("").site(|site: Site| {
        site.mount("/t/", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tracer")).route("/svc", |request| {
            let status = if request.path.ends_with("fails") { 500 } else { 200 };
            let body = json!({ "traceparent": request.header("traceparent") });
            let late = request.path.starts_with("/svc/slow");
            let after = if late { Duration::from_secs(20) } else { Duration::from_millis(5) };
            Response::json(status, body.to_string()).after(after)
        })
    })
}

/// Opens one of them with options for `start`. `{"regexp": …}` is a regular expression.
pub(crate) fn open(page: &Page, name: &str, options: &Value) -> Result {
    let bytes: Vec<String> = options.to_string().bytes().map(|byte| format!("%{byte:02x}")).collect();
    page.open(&format!("t/{name}?options={}", bytes.concat()))?;
    page.until("window.rum && document.readyState === 'complete'")
}

/// Clicks the element of that id.
pub(crate) fn click(page: &Page, id: &str) -> Result {
    let element = page.find(&format!("document.getElementById({})", json!(id)))?;
    page.click(&element)
}
