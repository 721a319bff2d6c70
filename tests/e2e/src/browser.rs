//! A driver and its browser: started with a fresh profile, ended with this value.

use std::env;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::webdriver::Session;
use crate::{Failure, Result};

/// The same picture on every machine, and no request that the page did not make.
const FLAGS: &[&str] = &[
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-device-scale-factor=1",
    "--force-color-profile=srgb",
    "--font-render-hinting=none",
    "--disable-lcd-text",
    "--hide-scrollbars",
    "--lang=en-US",
];

/// Chromium under ChromeDriver, with a profile that is new and goes away.
#[derive(Debug)]
pub struct Browser {
    driver: Child,
    pub(crate) session: Session,
}

impl Browser {
    pub(crate) fn start(flags: &[String]) -> Result<Self> {
        let program =
            |variable, default: &str| env::var_os(variable).map_or_else(|| default.into(), PathBuf::from);
        let chromedriver = program("CHROMEDRIVER", "chromedriver");
        let start = || -> Result<(Child, Result<u16>)> {
            let mut driver = Command::new(&chromedriver)
                .arg("--port=0")
                .env("TZ", "UTC")
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .map_err(|error| {
                    format!("{}: {error}: `cargo xtask test` installs it", chromedriver.display())
                })?;
            let port = port(&mut driver);
            Ok((driver, port))
        };
        // It takes a free port of IPv4 and then the same of IPv6, which somebody else may have by then: it gives up.
        let (mut driver, mut port) = start()?;
        for _ in 0..3 {
            if port.is_ok() {
                break;
            }
            end(&mut driver);
            (driver, port) = start()?;
        }
        let session = port.and_then(|port| {
            let flags: Vec<&str> = FLAGS.iter().copied().chain(flags.iter().map(String::as_str)).collect();
            let mut options = json!({ "args": flags });
            if let (Some(chrome), Some(options)) = (env::var_os("CHROME"), options.as_object_mut()) {
                options.insert("binary".to_owned(), chrome.to_string_lossy().into());
            }
            Session::new(
                &format!("http://127.0.0.1:{port}"),
                &json!({
                    "browserName": "chrome",
                    "goog:chromeOptions": options,
                    "goog:loggingPrefs": { "browser": "ALL" },
                    "timeouts": { "script": 120_000, "pageLoad": 60_000 },
                }),
            )
        });
        match session {
            Ok(session) => Ok(Self { driver, session }),
            Err(failure) => {
                end(&mut driver);
                Err(failure)
            }
        }
    }

    /// The process id of the browser itself; those of its pages are its descendants.
    pub(crate) fn process(&self) -> Option<u64> {
        self.session.capabilities.get("goog:processID").and_then(Value::as_u64)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver ends the browser and removes its profile.
        self.session.delete("").ok();
        end(&mut self.driver);
    }
}

fn end(driver: &mut Child) {
    driver.kill().ok();
    driver.wait().ok();
}

/// The free port that the driver took.
fn port(driver: &mut Child) -> Result<u16> {
    let output = driver.stdout.take().ok_or("the driver has no output")?;
    let mut lines = BufReader::new(output).lines();
    let said = "started successfully on port ";
    let port =
        lines.by_ref().find_map(|line| line.ok()?.split_once(said)?.1.trim_end_matches('.').parse().ok());
    // It goes on printing; a pipe that nobody reads would stop it.
    std::thread::spawn(move || lines.for_each(drop));
    port.ok_or_else(|| Failure::from("ChromeDriver did not start: `CHROMEDRIVER` names another"))
}
