//! The tracer in `dist/rum/`.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::dist::directory;
use crate::sh::{Result, cargo, failure, run};

const WASM: &str = "wasm32-unknown-unknown";

/// What JavaScript calls of the wasm file, beside its memory. What else wasm-bindgen exports is left out.
const EXPORTS: &[&str] = &["gzip", "input", "write"];

/// Properties of the tracer's own objects, which neither the platform nor a page has and nothing names by a text. Both modules
/// have the same short ones for them; those that stand most often come first.
const INTERNAL: &str = "\
    at interaction exporter stopped last ended start group recording options other more ids pending arrival root \
    ran store numbers why work began deadline dry queue finished listeners shadow child kind element asked exit expired \
    loading remote requests gone kept address post stamp wake waiting drained tried tellAll added";

/// Modules of `dist/rum/`, and the sources that they begin with.
const MODULES: [(&str, &str); 3] =
    [("flamefall-rum", "index.js"), ("flamefall-rum-later", "later.js"), ("flamefall-rum-more", "more.js")];

fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| crate::root().join("target"), PathBuf::from)
}

/// What the tracer is made of on its way to `dist/rum/`.
fn bound() -> PathBuf {
    target().join("rum")
}

/// The wasm file of `dist/rum/`.
fn wasm(path: &OsStr) -> Result {
    let mend = "read the message above";
    let profile = "rum-release";
    let build =
        ["build", "--quiet", "--package", "rum-web", "--target", WASM, "--profile", profile, "--locked"];
    // What `opt-level = "z"` leaves as calls although it is no longer than one: smaller so, and faster by a third.
    // And a stack of one page, where a mebibyte is the default.
    let flags = "-Ctarget-feature=+simd128 -Cllvm-args=-inline-threshold=15 -Clink-arg=-zstack-size=65536";
    run(cargo(&build).env("RUSTFLAGS", flags), mend)?;
    let bound = bound();
    run(
        Command::new("wasm-bindgen")
            .args([
                "--target=bundler",
                "--no-typescript",
                "--remove-name-section",
                "--remove-producers-section",
            ])
            .args(["--out-name=pipeline".as_ref(), "--out-dir".as_ref(), bound.as_os_str()])
            .arg(target().join(WASM).join(profile).join("rum_web.wasm"))
            .env("PATH", path),
        mend,
    )?;
    let writable =
        |file: &Path, error| failure(format!("{}: {error}", file.display()), "make that directory writable");
    let kept = bound.join("exports.json");
    let roots: Vec<_> = EXPORTS
        .iter()
        .chain(&["memory"])
        .map(|name| format!(r#"{{"name":"{name}","export":"{name}","root":true}}"#))
        .collect();
    std::fs::write(&kept, format!("[{}]", roots.join(","))).map_err(|error| writable(&kept, error))?;
    let features = [
        "--enable-bulk-memory",
        "--enable-multivalue",
        "--enable-mutable-globals",
        "--enable-nontrapping-float-to-int",
        "--enable-reference-types",
        "--enable-sign-ext",
        "--enable-simd",
    ];
    let small = bound.join("small.wasm");
    run(
        Command::new("wasm-metadce")
            .args(features)
            .args([
                "--quiet".as_ref(),
                "--graph-file".as_ref(),
                kept.as_os_str(),
                "-o".as_ref(),
                small.as_os_str(),
            ])
            .arg(bound.join("pipeline_bg.wasm"))
            // It names all that it leaves out.
            .stdout(Stdio::null())
            .env("PATH", path),
        mend,
    )?;
    let site = directory().join("rum");
    std::fs::create_dir_all(&site).map_err(|error| writable(&site, error))?;
    run(
        Command::new("wasm-opt")
            .args(["-tnh", "-Oz", "--flatten", "--rereloop", "-Oz", "--converge"])
            // The same instructions, in a form that compresses better.
            .args(["--dealign", "--reorder-functions", "--strip-target-features"])
            .args(features)
            .arg("-o")
            .arg(site.join("flamefall-rum.wasm"))
            .arg(small)
            .env("PATH", path),
        mend,
    )
}

/// `dist/rum/`: a module, another for what can wait, one for what few want, the wasm beside them, and types.
pub(crate) fn build(path: &OsStr) -> Result {
    let mend = "read the message above";
    wasm(path)?;
    let site = directory().join("rum");
    let sources = crate::root().join("crates/rum-web/js");
    let mut out = OsString::from("--outdir=");
    out.push(&site);
    let names: Vec<&str> = INTERNAL.split_whitespace().collect();
    // Those first that stand everywhere anyway: they compress better.
    let letters = || "tenraoisldcupfmhgbvTSCELPRMAINDOBFGHJKQUVWXYZ".chars();
    let pairs = letters().flat_map(|first| letters().map(move |second| format!("{first}{second}")));
    let short: Vec<_> = names
        .iter()
        .zip(letters().map(String::from).chain(pairs))
        .map(|(name, short)| format!(r#""{name}":"{short}""#))
        .collect();
    let file = bound().join("names.json");
    std::fs::write(&file, format!("{{{}}}", short.join(",")))
        .map_err(|error| failure(format!("{}: {error}", file.display()), mend))?;
    let mut cache = OsString::from("--mangle-cache=");
    cache.push(&file);
    let entry = |name: &str, file: &str| {
        let mut entry = OsString::from(name);
        entry.push("=");
        entry.push(sources.join(file));
        entry
    };
    run(
        Command::new("esbuild")
            .args(MODULES.map(|(name, file)| entry(name, file)))
            .arg("--external:./flamefall-rum-more.js")
            .args(["--bundle", "--minify", "--format=esm", "--target=es2022", "--log-level=warning"])
            .arg(format!("--mangle-props=^({})$", names.join("|")))
            .arg(cache)
            .arg(out)
            .env("PATH", path),
        mend,
    )?;
    for (name, _) in MODULES {
        let file = site.join(format!("{name}.js"));
        run(
            Command::new("terser")
                .arg(&file)
                .args([
                    "--module",
                    "--toplevel",
                    "--compress",
                    "ecma=2022,passes=3,unsafe_arrows,unsafe_comps",
                    "--mangle",
                    "--output",
                ])
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
