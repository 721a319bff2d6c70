//! Drives the built site in a real browser: a static server, ChromeDriver, and a page to act on.
//!
//! ```no_run
//! # fn f() -> e2e::Result {
//! e2e::run(e2e::Setup::new("opens"), |page| {
//!     page.open("")?;
//!     page.idle()?;
//!     page.expect_quiet()
//! })
//! # }
//! ```
//!
//! Nothing here waits for a time to pass: the page says when it is ready ([`Page::idle`], [`Page::until`]).

mod browser;
pub mod collector;
mod page;
pub mod receiver;
pub mod spans;
pub mod strict;
mod viewer;
mod webdriver;

use std::env;
use std::fmt;
use std::path::{Path, PathBuf};

pub use browser::Browser;
pub use page::{Element, LogEntry, Memory, Page};
pub use viewer::Row;
pub use xtask::site::{Fault, Request, Response, Server, Site};

/// A test passes, or says why not.
pub type Result<T = ()> = std::result::Result<T, Failure>;

/// Why a test fails.
pub struct Failure(String);

impl<T: fmt::Display> From<T> for Failure {
    fn from(reason: T) -> Self {
        Self(reason.to_string())
    }
}

// What a test that returns an error prints.
impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The policy under which the site has to work: what careful hosts send.
pub const STRICT_CSP: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
    img-src 'self' data: blob:; connect-src 'self'; worker-src 'self'";

/// What a test starts from.
#[derive(Debug)]
pub struct Setup {
    name: String,
    site: Site,
    csp: String,
    viewport: (u32, u32),
    flags: Vec<String>,
}

impl Setup {
    /// `name` names the screenshot of a failure. The site is at `/` under [`STRICT_CSP`], in a window of 1400 × 900.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            site: Site::new(dist()),
            csp: STRICT_CSP.to_owned(),
            viewport: (1400, 900),
            flags: Vec::new(),
        }
    }

    /// Changes what is served: `.site(|site| site.mount("/corpus", directory).fault("/x.json", Fault::Status(500)))`.
    #[must_use]
    pub fn site(mut self, change: impl FnOnce(Site) -> Site) -> Self {
        self.site = change(self.site);
        self
    }

    /// Serves under this policy instead; an empty one is none.
    #[must_use]
    pub fn csp(mut self, policy: &str) -> Self {
        policy.clone_into(&mut self.csp);
        self
    }

    /// The inner size of the window in CSS pixels.
    #[must_use]
    pub fn viewport(mut self, width: u32, height: u32) -> Self {
        self.viewport = (width, height);
        self
    }

    /// Adds a flag to the browser's command line.
    #[must_use]
    pub fn flag(mut self, flag: &str) -> Self {
        self.flags.push(flag.to_owned());
        self
    }
}

/// Runs one end-to-end test in a browser of its own. Server, driver and browser end with it.
///
/// Only where `FLAMEFALL_E2E=1` (`cargo xtask test` sets it): elsewhere it prints that it was skipped.
///
/// # Errors
/// What `test` found, or no browser, or no site. Then `tests/e2e/screenshots/NAME-failed.png` shows the page.
#[expect(clippy::print_stdout, reason = "a test that did not run has to say so")]
pub fn run(setup: Setup, test: impl FnOnce(&Page) -> Result) -> Result {
    if env::var_os("FLAMEFALL_E2E").is_none_or(|value| value != "1") {
        println!("skipped: {}: end-to-end tests run under `cargo xtask test`", setup.name);
        return Ok(());
    }
    let name = setup.name.clone();
    let page = start(setup)?;
    test(&page).map_err(|Failure(reason)| {
        let log = page.console().unwrap_or_default();
        let log: Vec<_> = log.iter().map(|entry| format!("{}: {}", entry.level, entry.message)).collect();
        page.screenshot(&format!("{name}-failed")).ok();
        Failure(format!("{reason}\nconsole: {log:#?}"))
    })
}

/// What [`run`] starts, without the test around it: for benchmarks.
///
/// # Errors
/// No browser, or no site.
pub fn start(setup: Setup) -> Result<Page> {
    if !dist().join("index.html").is_file() {
        return Err(Failure(format!("no site in {}: run `cargo xtask build` first", dist().display())));
    }
    let csp = Some(setup.csp).filter(|policy| !policy.is_empty());
    let site = csp.iter().fold(setup.site, |site, policy| site.header("Content-Security-Policy", policy));
    let server = site.start(0)?;
    let browser = Browser::start(&setup.flags)?;
    Page::new(browser, server, setup.viewport)
}

/// The built site: `FLAMEFALL_DIST`, or `dist/` of the workspace.
pub fn dist() -> PathBuf {
    env::var_os("FLAMEFALL_DIST")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dist"), PathBuf::from)
}

/// Where [`Page::screenshot`] writes. Not in git.
pub fn screenshots() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("screenshots")
}
