//! The site in `dist/`: samples, then Trunk for the viewer, then what Trunk leaves as it is, then the tracer.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::Command;

use crate::sh::{Result, cargo, failure, run, step};
use crate::tools;

const WASM: &str = "wasm32-unknown-unknown";

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
    step("build dist/rum/", || tracer(&path))
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

/// `dist/rum/`: one module, its wasm beside it, its types, and a second module for what can wait until a page has loaded.
fn tracer(path: &OsStr) -> Result {
    let mend = "read the message above";
    let profile = "rum-release";
    run(
        &mut cargo(&[
            "build",
            "--quiet",
            "--package",
            "rum-web",
            "--target",
            WASM,
            "--profile",
            profile,
            "--locked",
        ]),
        mend,
    )?;
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| crate::root().join("target"), PathBuf::from);
    let bound = target.join("rum");
    run(
        Command::new("wasm-bindgen")
            .args([
                "--target=bundler",
                "--no-typescript",
                "--remove-name-section",
                "--remove-producers-section",
            ])
            .args(["--out-name=pipeline".as_ref(), "--out-dir".as_ref(), bound.as_os_str()])
            .arg(target.join(WASM).join(profile).join("rum_web.wasm"))
            .env("PATH", path),
        mend,
    )?;
    let site = directory().join("rum");
    std::fs::create_dir_all(&site)
        .map_err(|error| failure(format!("{}: {error}", site.display()), "make that directory writable"))?;
    run(
        Command::new("wasm-opt")
            .args(["-tnh", "-Oz", "--flatten", "--rereloop", "-Oz", "--converge", "--strip-target-features"])
            .args(["--enable-bulk-memory", "--enable-nontrapping-float-to-int", "--enable-sign-ext"])
            .args(["--enable-mutable-globals", "--enable-reference-types", "--enable-multivalue", "-o"])
            .arg(site.join("flamefall-rum.wasm"))
            .arg(bound.join("pipeline_bg.wasm"))
            .env("PATH", path),
        mend,
    )?;
    let sources = crate::root().join("crates/rum-web/js");
    let mut out = OsString::from("--outdir=");
    out.push(&site);
    let entry = |name: &str, file: &str| {
        let mut entry = OsString::from(name);
        entry.push("=");
        entry.push(sources.join(file));
        entry
    };
    run(
        Command::new("esbuild")
            .args([entry("flamefall-rum", "index.js"), entry("flamefall-rum-page", "page-later.js")])
            .args(["--bundle", "--minify", "--format=esm", "--target=es2022", "--log-level=warning"])
            .arg(out)
            .env("PATH", path),
        mend,
    )?;
    for file in ["flamefall-rum.js", "flamefall-rum-page.js"] {
        let file = site.join(file);
        run(
            Command::new("terser")
                .arg(&file)
                .args(["--module", "--toplevel", "--compress", "ecma=2022,passes=3", "--mangle", "--output"])
                .arg(&file)
                .env("PATH", path),
            mend,
        )?;
    }
    // Types, and what makes the folder a package: `npm install ./dist/rum`.
    for file in ["flamefall-rum.d.ts", "package.json"] {
        std::fs::copy(sources.join(file), site.join(file))
            .map_err(|error| failure(format!("{file}: {error}"), mend))?;
    }
    Ok(())
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
