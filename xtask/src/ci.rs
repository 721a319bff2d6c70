//! `cargo xtask test`, `ci`, `bench`, `bless`: which programs run, in which order. Fast first.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::sh::{Result, cargo, failure, output, run, step};
use crate::{backends, dist, size, tools};

const WASM: &str = "wasm32-unknown-unknown";

pub(crate) fn test() -> Result {
    native_tests()?;
    wasm_tests()?;
    dist::build()?;
    end_to_end(backends::collector()?)
}

pub(crate) fn ci() -> Result {
    step("format", || run(&mut cargo(&["fmt", "--all", "--check"]), "`cargo fmt --all`"))?;
    let lint =
        ["clippy", "--workspace", "--all-targets", "--all-features", "--locked", "--", "--deny", "warnings"];
    step("lints", || {
        run(&mut cargo(&lint), "mend what clippy names; `cargo clippy --fix` can do some of it")
    })?;
    // The crates that only exist in a browser; natively they are empty. One call each: together they would share features,
    // and the tracer goes without `std`.
    for package in ["viewer", "rum-web"] {
        let lint = ["clippy", "--package", package, "--target", WASM, "--locked", "--", "--deny", "warnings"];
        step(&format!("lints, wasm: {package}"), || run(&mut cargo(&lint), "mend what clippy names"))?;
    }
    native_tests()?;
    let doc = ["doc", "--workspace", "--no-deps", "--document-private-items", "--locked"];
    step("docs", || {
        run(
            cargo(&doc).env("RUSTDOCFLAGS", "--deny warnings"),
            "mend the links and blocks that rustdoc names",
        )
    })?;
    deny()?;
    wasm_tests()?;
    dist::build()?;
    step("size", size::size)?;
    end_to_end(backends::build_collector()?)
}

fn native_tests() -> Result {
    step("native tests, tidy, doctests", || {
        run(
            cargo(&["test", "--workspace", "--locked"]).env("INSTA_UPDATE", insta_update()),
            "read the difference; if what the tests print now is right, `cargo xtask bless`",
        )
    })
}

fn insta_update() -> String {
    env::var("INSTA_UPDATE").unwrap_or_else(|_| "no".to_owned())
}

/// Tests that need a browser but not the site: `crates/*/tests/web.rs`, by wasm-bindgen-test.
fn wasm_tests() -> Result {
    let crates = crates_with("tests/web.rs");
    if crates.is_empty() {
        return Ok(());
    }
    let path = tools::build_tools()?;
    let browser = tools::browser()?;
    step("wasm tests", || {
        let mut command = cargo(&["test", "--target", WASM, "--test", "web", "--locked"]);
        command.args(crates.iter().flat_map(|name| ["--package", name]));
        command.env("PATH", path).env("CHROMEDRIVER", browser.driver).env("CHROME", browser.chrome);
        command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", "wasm-bindgen-test-runner");
        run(&mut command, "read the failing test above")
    })
}

/// `cargo deny` where it is installed: it compiles for minutes, and the tidy test asks the same of `cargo metadata`.
fn deny() -> Result {
    if output(Command::new("cargo-deny").arg("--version")).is_none() {
        println!("– cargo-deny is not installed; the tidy test has checked licences, sources and bans");
        return Ok(());
    }
    step("licences, sources, bans", || {
        run(
            &mut cargo(&["deny", "--locked", "check", "bans", "licenses", "sources"]),
            "choose another dependency, or say why in deny.toml",
        )
    })
}

fn end_to_end(collector: Option<PathBuf>) -> Result {
    let browser = tools::browser()?;
    step("end to end", || {
        let mut command = cargo(&["test", "--package", "e2e", "--locked"]);
        command.env("FLAMEFALL_E2E", "1").env("FLAMEFALL_DIST", dist::directory());
        command.env("CHROME", browser.chrome).env("CHROMEDRIVER", browser.driver);
        command.envs(collector.map(|program| ("OTELCOL", program)));
        run(&mut command, "read the failing test above; its screenshot is in tests/e2e/screenshots/")
    })
}

/// In the browser by `tests/e2e/src/bin/bench.rs`; native in the crates that have `benches/`.
pub(crate) fn bench(json: Option<&Path>) -> Result {
    dist::build()?;
    let path = tools::build_tools()?;
    let browser = tools::browser()?;
    step("bench, in the browser", || {
        let mut command = cargo(&[
            "run",
            "--release",
            "--package",
            "e2e",
            "--features",
            "bench",
            "--bin",
            "bench",
            "--locked",
            "--",
        ]);
        if let Some(file) = json {
            command.arg("--json").arg(
                std::path::absolute(file).map_err(|error| failure(error.to_string(), "name another file"))?,
            );
        }
        command
            .env("PATH", path)
            .env("FLAMEFALL_DIST", dist::directory())
            .env("CHROME", browser.chrome)
            .env("CHROMEDRIVER", browser.driver);
        run(&mut command, "read the message above")
    })?;
    for name in crates_with("benches") {
        step(&format!("bench, native: {name}"), || {
            run(&mut cargo(&["bench", "--package", &name, "--benches", "--locked"]), "read the message above")
        })?;
    }
    Ok(())
}

pub(crate) fn bless() -> Result {
    run(
        cargo(&["test", "--workspace", "--no-fail-fast"]).env("INSTA_UPDATE", "always"),
        "what is left fails by its own judgement, not by a snapshot",
    )?;
    println!("Look at `git diff` before you commit it.");
    Ok(())
}

/// The crates that hold the file or directory `path`. Folder = crate.
fn crates_with(path: &str) -> Vec<String> {
    let folders = std::fs::read_dir(crate::root().join("crates")).into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> =
        folders.map(|entry| entry.path()).filter(|folder| folder.join(path).exists()).collect();
    folders.sort();
    folders.iter().filter_map(|folder| Some(folder.file_name()?.to_str()?.to_owned())).collect()
}
