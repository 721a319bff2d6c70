//! The site in `dist/`: samples, then Trunk for the viewer, then what Trunk leaves as it is, then the tracer.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::Command;

use crate::sh::{Result, cargo, failure, run, step};
use crate::{tools, tracer};

/// `FLAMEFALL_DIST`, or `dist/` of the workspace.
pub(crate) fn directory() -> PathBuf {
    env::var_os("FLAMEFALL_DIST").map_or_else(|| crate::root().join("dist"), PathBuf::from)
}

pub(crate) fn build() -> Result {
    let path = tools::build_tools()?;
    step("samples", samples)?;
    step("build dist/", || {
        run(
            // Without the variable, cargo's own colours and progress reach the terminal as they are.
            Command::new("trunk")
                .args(["build", "--release", "--dist"])
                .arg(directory())
                .current_dir(crate::root())
                .env("PATH", &path)
                .env_remove("NO_COLOR"),
            "read the compiler's message above; `cargo clippy -p viewer --target wasm32-unknown-unknown` repeats it faster",
        )
    })?;
    step("minify the bindings", || minify(&path))?;
    step("build dist/rum/", || tracer::build(&path))
}

/// What wasm-bindgen writes has comments, and names for people.
fn minify(path: &OsStr) -> Result {
    let site = directory();
    let scripts = ["flamefall-viewer.js", "flamefall-engine.js", "flamefall-formats.js"];
    run(
        Command::new("esbuild")
            .args(["--minify", "--log-level=warning", "--allow-overwrite"])
            .arg({
                let mut to = OsString::from("--outdir=");
                to.push(&site);
                to
            })
            .args(scripts.map(|script| site.join(script)))
            .env("PATH", path),
        "read the message above",
    )
}

/// Writes `www/examples/`, which is generated and not in git.
pub(crate) fn samples() -> Result {
    let examples = crate::root().join("www/examples");
    std::fs::create_dir_all(&examples)
        .map_err(|error| failure(format!("{}: {error}", examples.display()), "make www/ writable"))?;
    run(
        cargo(&["run", "--quiet", "--package", "xtask", "--features", "samples", "--bin", "samples", "--"])
            .arg(&examples),
        "the samples come from `fixtures::samples` through `formats::OtlpJsonWriter`: mend those",
    )
}
