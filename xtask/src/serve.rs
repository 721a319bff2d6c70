//! `cargo xtask serve`: the site on this machine.

use std::path::Path;
use std::thread;
use std::time::{Duration, SystemTime};

use xtask::shop;
use xtask::site::Site;

use crate::dist;
use crate::sh::{Result, failure};

const PORT: u16 = 8080;
const USAGE: &str = "cargo xtask serve [--port N] [--watch]";

pub(crate) fn serve(options: &[&str]) -> Result {
    let (mut port, mut watch) = (PORT, false);
    let mut options = options.iter();
    while let Some(option) = options.next() {
        match *option {
            "--watch" => watch = true,
            "--port" => {
                let number = options.next().and_then(|number| number.parse().ok());
                port = number.ok_or_else(|| failure("--port wants a number from 0 to 65535", USAGE))?;
            }
            other => return Err(failure(format!("no such option: {other}"), USAGE)),
        }
    }
    let seen = newest();
    dist::build()?;
    let server = shop::mount(Site::new(dist::directory())).start(port).map_err(|error| {
        failure(
            format!("port {port}: {error}"),
            "end what listens there, or choose another: `cargo xtask serve --port 8081`",
        )
    })?;
    println!(
        "\nFlamefall: {}  a shop that is traced: {}  (Ctrl-C ends both)",
        server.url(""),
        server.url("shop/")
    );
    if watch {
        rebuild_on_change(seen);
    }
    server.wait();
    Ok(())
}

/// Polls: a few hundred files a second cost nothing, and a watcher would be one more dependency.
fn rebuild_on_change(mut seen: Option<SystemTime>) -> ! {
    loop {
        thread::sleep(Duration::from_secs(1));
        let now = newest();
        if now > seen {
            seen = now;
            match dist::build() {
                Ok(()) => println!("built: reload the page"),
                Err(failure) => println!("{failure}"),
            }
        }
    }
}

/// When a source of the site last changed.
fn newest() -> Option<SystemTime> {
    let root = crate::root();
    let mut waiting: Vec<_> =
        ["crates", "www", "Trunk.toml", "Cargo.toml", "Cargo.lock"].map(|name| root.join(name)).into();
    let mut newest = None;
    while let Some(path) = waiting.pop() {
        // Written by the build itself.
        if path == root.join("www/examples") {
            continue;
        }
        if let Ok(entries) = std::fs::read_dir(&path) {
            waiting.extend(entries.flatten().map(|entry| entry.path()));
        } else {
            newest = newest.max(modified(&path));
        }
    }
    newest
}

fn modified(file: &Path) -> Option<SystemTime> {
    file.metadata().ok()?.modified().ok()
}
