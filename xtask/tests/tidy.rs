//! The rules of this repository that no compiler holds. Each is one function over [`Repo`] that returns complaints, each
//! complaint says how to mend it, and each rule is shown here to fail on a small repository that breaks it.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "rules that cannot read the repository fail")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use serde_json::Value;

/// What each crate may name. A new arrow between our crates is a change of architecture: its own commit, with ARCHITECTURE.md.
const ALLOWED: &[(&str, &[&str])] = &[
    ("otel", &[]),
    ("propagation", &["otel"]),
    ("store", &["otel", "hashbrown", "rustc-hash"]),
    ("otlp", &["otel", "lexical-parse-float", "serde", "serde_json"]),
    ("dialects", &["otel", "otlp", "memchr", "rustc-hash"]),
    (
        "formats",
        &["otel", "otlp", "dialects", "flate2", "memchr", "ruzstd", "serde", "serde_json", "simdutf8"],
    ),
    ("analysis", &["otel", "store", "memchr"]),
    ("scene", &["otel", "store", "plotters", "serde"]),
    ("engine", &["otel", "store", "formats", "analysis", "scene", "serde", "serde_json"]),
    (
        "viewer",
        &[
            "engine",
            "formats",
            "otel",
            "scene",
            "futures-channel",
            "gloo",
            "js-sys",
            "plotters",
            "plotters-canvas",
            "postcard",
            "rustc-hash",
            "serde",
            "serde_json",
            "wasm-bindgen",
            "wasm-bindgen-futures",
            "web-sys",
            "yew",
        ],
    ),
    ("rum", &[]),
    ("rum-web", &["lol_alloc", "rum", "spin", "wasm-bindgen"]),
    ("cli", &["engine", "formats", "scene", "lexopt"]),
    // Tools and tests, which nothing above may name but as a dev-dependency.
    ("fixtures", &["otel"]),
    ("xtask", &["otel", "propagation", "fixtures", "flate2", "formats", "toml"]),
    (
        "e2e",
        &[
            "xtask",
            "data-encoding",
            "engine",
            "fixtures",
            "flate2",
            "formats",
            "otel",
            "postcard",
            "serde_json",
            "toml",
            "ureq",
        ],
    ),
];

/// What any crate may name for its tests, beside what stands above it in [`ALLOWED`].
const FOR_TESTS: &[&str] = &[
    "analysis",
    "divan",
    "fixtures",
    "flate2",
    "formats",
    "insta",
    "otel",
    "postcard",
    "propagation",
    "proptest",
    "serde_json",
    "spdx",
    "wasm-bindgen-test",
];

/// Crates that know a browser, and who may know them.
const BROWSER: &[&str] =
    &["gloo", "js-sys", "plotters-canvas", "wasm-bindgen", "wasm-bindgen-futures", "web-sys", "yew"];
const KNOWS_BROWSER: &[&str] = &["viewer", "rum-web"];

const DOCUMENTS: &[&str] = &["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT"];

/// All that a rule may look at.
#[derive(Default)]
struct Repo {
    crates: Vec<Crate>,
    /// Text files that git knows or would add, by path from the root.
    files: BTreeMap<String, String>,
    /// Every package that is compiled for the site or for Linux.
    packages: Vec<Package>,
    /// `deny.toml`.
    deny: toml::Table,
}

#[derive(Default)]
struct Crate {
    name: String,
    /// From the root.
    folder: String,
    dependencies: Vec<String>,
    dev_dependencies: Vec<String>,
    /// The root files of its library and programs, from the root.
    roots: Vec<String>,
}

struct Package {
    name: String,
    license: String,
    /// Empty for ours.
    source: String,
}

type Rule = fn(&Repo) -> Vec<String>;

fn arrows(repo: &Repo) -> Vec<String> {
    let mut complaints = Vec::new();
    for it in &repo.crates {
        let Some((_, allowed)) = ALLOWED.iter().find(|(name, _)| *name == it.name) else {
            complaints.push(format!(
                "{} stands not in ALLOWED (xtask/tests/tidy.rs): add it, with what it may name",
                it.name
            ));
            continue;
        };
        for named in it.dependencies.iter().filter(|named| !allowed.contains(&named.as_str())) {
            complaints.push(format!(
                "{} may not depend on {named}: do without, or change ALLOWED and ARCHITECTURE.md",
                it.name
            ));
        }
        let for_tests =
            |named: &&String| !allowed.contains(&named.as_str()) && !FOR_TESTS.contains(&named.as_str());
        for named in it.dev_dependencies.iter().filter(for_tests) {
            complaints.push(format!(
                "{} may not depend on {named} in tests: do without, or change FOR_TESTS",
                it.name
            ));
        }
        for unused in allowed.iter().filter(|named| !it.dependencies.iter().any(|it| it == *named)) {
            complaints.push(format!(
                "ALLOWED lets {} name {unused}, which it does not: take it out of ALLOWED",
                it.name
            ));
        }
    }
    complaints
}

fn browser(repo: &Repo) -> Vec<String> {
    let pure = repo.crates.iter().filter(|it| !KNOWS_BROWSER.contains(&it.name.as_str()));
    pure.flat_map(|it| {
        let named = it.dependencies.iter().filter(|named| BROWSER.contains(&named.as_str()));
        named.map(|named| {
            format!("{} names {named}: only {KNOWS_BROWSER:?} may know a browser; pass values in", it.name)
        })
    })
    .collect()
}

fn lints(repo: &Repo) -> Vec<String> {
    let inherits = |it: &Crate| {
        let manifest = repo.files.get(&format!("{}/Cargo.toml", it.folder))?.parse::<toml::Table>().ok()?;
        manifest.get("lints")?.get("workspace")?.as_bool()
    };
    let without = repo.crates.iter().filter(|it| inherits(it) != Some(true));
    without.map(|it| format!("{}/Cargo.toml: add `[lints]` with `workspace = true`", it.folder)).collect()
}

fn crate_docs(repo: &Repo) -> Vec<String> {
    let roots = repo.crates.iter().flat_map(|it| &it.roots);
    let undocumented =
        roots.filter(|root| !repo.files.get(*root).is_some_and(|text| text.starts_with("//! ")));
    undocumented.map(|root| format!("{root}: begin with a `//!` line that says what this is for")).collect()
}

fn no_unsafe(repo: &Repo) -> Vec<String> {
    let forms =
        ["{", "fn ", "impl ", "extern ", "trait "].map(|form| format!("{} {form}", concat!("un", "safe")));
    let mut complaints =
        lines(repo, &["rs"], |line| forms.iter().any(|form| line.contains(form)), "do without `unsafe`");
    let forbids = repo.files.get("Cargo.toml").is_some_and(|text| text.contains("unsafe_code = \"forbid\""));
    if !forbids {
        complaints.push("Cargo.toml: set `unsafe_code = \"forbid\"` in `[workspace.lints.rust]`".to_owned());
    }
    complaints
}

fn whitespace(repo: &Repo) -> Vec<String> {
    let kinds = ["css", "html", "js", "md", "rs", "svg", "toml"];
    let bad = |line: &str| line.contains('\t') || line.ends_with([' ', '\r']);
    lines(repo, &kinds, bad, "no tabs, no spaces at the end, Unix line ends; `cargo fmt` does Rust")
}

/// A strict policy refuses what stands in the page itself.
fn inline_code(repo: &Repo) -> Vec<String> {
    let inline = |line: &str| {
        let line = line.to_ascii_lowercase();
        let style = line.contains("style=") || line.contains("<style");
        let script = line
            .match_indices("<script")
            .any(|(at, _)| line.get(at..).is_some_and(|tag| !tag.contains("src=")));
        let handler = line.match_indices(" on").any(|(at, _)| line.get(at..).is_some_and(is_handler));
        style || script || handler
    };
    let html = lines(repo, &["html"], inline, "use a class, a file of its own, or addEventListener");
    let js =
        |line: &str| line.contains("style=\"") || line.contains("eval(") || line.contains("new Function(");
    html.into_iter()
        .chain(lines(repo, &["js"], js, "set a class or a property of `style`; no `eval`"))
        .collect()
}

/// `onclick="…` and its like.
fn is_handler(text: &str) -> bool {
    text.trim_start()
        .split_once('=')
        .is_some_and(|(name, value)| name.chars().all(|c| c.is_ascii_lowercase()) && value.starts_with('"'))
}

fn documents(repo: &Repo) -> Vec<String> {
    let missing = DOCUMENTS.iter().filter(|name| !repo.files.contains_key(**name));
    let mut complaints: Vec<_> = missing.map(|name| format!("{name} is missing: write it")).collect();
    let Some(architecture) = repo.files.get("ARCHITECTURE.md") else { return complaints };
    let unmentioned = repo
        .crates
        .iter()
        .filter(|it| !architecture.contains(&format!("`{}`", it.name)) && !architecture.contains(&it.folder));
    complaints.extend(unmentioned.map(|it| {
        format!("ARCHITECTURE.md does not mention `{}`: say what it is for and what it never does", it.name)
    }));
    complaints
}

fn machine_paths(repo: &Repo) -> Vec<String> {
    let homes = [
        concat!("/ro", "ot/"),
        concat!("/ho", "me/"),
        concat!("/Us", "ers/"),
        concat!("/wo", "rk/"),
        concat!("C:\\Us", "ers"),
    ];
    let named = |line: &str| {
        homes.iter().any(|home| {
            line.split(home)
                .next()
                .is_some_and(|before| before.len() < line.len() && !before.ends_with(char::is_alphanumeric))
        })
    };
    lines(
        repo,
        &["css", "html", "js", "md", "rs", "toml", "run"],
        named,
        "no path of one machine: relative, or from a variable",
    )
}

fn licences(repo: &Repo) -> Vec<String> {
    let allowed: BTreeSet<&str> = strings(repo.deny.get("licenses").and_then(|it| it.get("allow"))).collect();
    let acceptable = |license: &str| {
        let parsed = spdx::Expression::parse_mode(license, spdx::ParseMode::LAX).ok()?;
        Some(parsed.evaluate(|it| {
            it.addition.is_none() && it.license.id().is_some_and(|id| allowed.contains(id.name))
        }))
    };
    let foreign = repo.packages.iter().filter(|it| acceptable(&it.license) != Some(true));
    foreign
        .map(|it| {
            format!(
                "{} has the licence {:?}: choose another crate, or change licenses.allow in deny.toml",
                it.name, it.license
            )
        })
        .collect()
}

fn sources(repo: &Repo) -> Vec<String> {
    let registry = "registry+https://github.com/rust-lang/crates.io-index";
    let foreign = repo.packages.iter().filter(|it| !it.source.is_empty() && it.source != registry);
    foreign.map(|it| format!("{} comes from {}: take a release from crates.io", it.name, it.source)).collect()
}

fn bans(repo: &Repo) -> Vec<String> {
    let denied = repo.deny.get("bans").and_then(|it| it.get("deny")).and_then(toml::Value::as_array);
    let denied: Vec<&str> = denied.into_iter().flatten().filter_map(|it| it.get("crate")?.as_str()).collect();
    let banned = repo.packages.iter().filter(|it| denied.contains(&it.name.as_str()));
    banned
        .map(|it| {
            format!(
                "{} is banned in deny.toml, which says why: `cargo tree --invert {}` shows who wants it",
                it.name, it.name
            )
        })
        .collect()
}

/// A complaint for every line, in files that end so, that is `bad`.
fn lines(repo: &Repo, kinds: &[&str], bad: impl Fn(&str) -> bool, mend: &str) -> Vec<String> {
    let of_kind = |file: &&String| file.rsplit(['.', '/']).next().is_some_and(|kind| kinds.contains(&kind));
    let mut complaints = Vec::new();
    for (file, text) in repo.files.iter().filter(|(file, _)| of_kind(file)) {
        // Not `lines()`, which hides a carriage return.
        for (number, _) in text.split('\n').enumerate().filter(|(_, line)| bad(line)) {
            complaints.push(format!("{file}:{}: {mend}", number + 1));
        }
    }
    complaints
}

fn strings(list: Option<&toml::Value>) -> impl Iterator<Item = &str> {
    list.and_then(toml::Value::as_array).into_iter().flatten().filter_map(toml::Value::as_str)
}

// This repository.

fn this_repo() -> Repo {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned();
    let listed = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(&root)
        .output()
        .expect("tidy asks git which files there are");
    let names = String::from_utf8(listed.stdout).unwrap();
    // What is deleted but not yet committed, and what is not text, is passed over.
    let files = names
        .split('\0')
        .filter_map(|name| Some((name.to_owned(), fs::read_to_string(root.join(name)).ok()?)))
        .collect();
    let mut packages = BTreeMap::new();
    let mut crates = Vec::new();
    for platform in ["wasm32-unknown-unknown", "x86_64-unknown-linux-gnu"] {
        let metadata = metadata(&root, platform);
        let ours: Vec<&str> = list(&metadata, "workspace_members").filter_map(Value::as_str).collect();
        crates = list(&metadata, "packages")
            .filter(|it| ours.contains(&text(it, "id")))
            .map(|it| our_crate(it, &root))
            .collect();
        for it in list(&metadata, "packages") {
            let package = Package {
                name: text(it, "name").into(),
                license: text(it, "license").into(),
                source: text(it, "source").into(),
            };
            packages.insert(text(it, "id").to_owned(), package);
        }
    }
    let deny = fs::read_to_string(root.join("deny.toml")).unwrap().parse().unwrap();
    Repo { crates, files, packages: packages.into_values().collect(), deny }
}

fn metadata(root: &PathBuf, platform: &str) -> Value {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version=1", "--locked", "--all-features", "--filter-platform", platform])
        .current_dir(root)
        .output()
        .unwrap();
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn our_crate(package: &Value, root: &Path) -> Crate {
    let from_root = |path: &str| Path::new(path).strip_prefix(root).unwrap().to_str().unwrap().to_owned();
    let of_kind = |kinds: &[Option<&str>]| {
        let dependencies = list(package, "dependencies").filter(|it| kinds.contains(&it["kind"].as_str()));
        let names: BTreeSet<String> = dependencies.map(|it| text(it, "name").to_owned()).collect();
        names.into_iter().collect()
    };
    let programs =
        list(package, "targets").filter(|it| list(it, "kind").any(|kind| kind == "lib" || kind == "bin"));
    Crate {
        name: text(package, "name").to_owned(),
        folder: from_root(text(package, "manifest_path")).trim_end_matches("/Cargo.toml").to_owned(),
        dependencies: of_kind(&[None, Some("build")]),
        dev_dependencies: of_kind(&[Some("dev")]),
        roots: programs.map(|it| from_root(text(it, "src_path"))).collect(),
    }
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or("")
}

fn list<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> {
    value[key].as_array().into_iter().flatten()
}

#[test]
fn this_repository_is_tidy() {
    let rules: &[(&str, Rule)] = &[
        ("arrows", arrows),
        ("browser", browser),
        ("lints", lints),
        ("crate docs", crate_docs),
        ("no unsafe", no_unsafe),
        ("whitespace", whitespace),
        ("inline code", inline_code),
        ("documents", documents),
        ("machine paths", machine_paths),
        ("licences", licences),
        ("sources", sources),
        ("bans", bans),
    ];
    let repo = this_repo();
    assert!(
        repo.crates.len() > 5 && repo.files.len() > 20 && repo.packages.len() > 50,
        "tidy does not see the repository"
    );
    let complaints: Vec<_> = rules
        .iter()
        .flat_map(|(name, rule)| rule(&repo).into_iter().map(move |it| format!("[{name}] {it}")))
        .collect();
    assert!(complaints.is_empty(), "{}\n", complaints.join("\n"));
}

// Small repositories that break one rule each.

/// The starts of what `rule` has to say about `repo`.
fn check(rule: Rule, repo: &Repo, expected: &[&str]) {
    let complaints = rule(repo);
    assert_eq!(complaints.len(), expected.len(), "{complaints:#?}");
    for (complaint, expected) in complaints.iter().zip(expected) {
        assert!(complaint.starts_with(expected), "{complaint:?} does not start with {expected:?}");
    }
}

fn krate(name: &str, dependencies: &[&str], dev_dependencies: &[&str]) -> Repo {
    let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    let it = Crate {
        name: name.to_owned(),
        folder: format!("crates/{name}"),
        dependencies: owned(dependencies),
        dev_dependencies: owned(dev_dependencies),
        roots: vec![format!("crates/{name}/src/lib.rs")],
    };
    Repo { crates: vec![it], ..Repo::default() }
}

impl Repo {
    fn with(mut self, file: &str, text: &str) -> Self {
        self.files.insert(file.to_owned(), text.to_owned());
        self
    }
}

fn file(name: &str, text: &str) -> Repo {
    Repo::default().with(name, text)
}

fn package(name: &str, license: &str, source: &str) -> Repo {
    let package = Package { name: name.to_owned(), license: license.to_owned(), source: source.to_owned() };
    let deny = "[licenses]\nallow = ['MIT', 'Zlib']\n[bans]\ndeny = [{ crate = 'leaky' }]".parse().unwrap();
    Repo { packages: vec![package], deny, ..Repo::default() }
}

#[test]
fn wrong_arrows_are_found() {
    check(arrows, &krate("store", &["otel", "hashbrown", "rustc-hash"], &["proptest"]), &[]);
    check(arrows, &krate("otel", &["store"], &[]), &["otel may not depend on store"]);
    check(arrows, &krate("otel", &[], &["tokio"]), &["otel may not depend on tokio in tests"]);
    check(arrows, &krate("fixtures", &[], &[]), &["ALLOWED lets fixtures name otel, which it does not"]);
    check(arrows, &krate("novel", &[], &[]), &["novel stands not in ALLOWED"]);
    check(browser, &krate("scene", &["web-sys", "serde"], &[]), &["scene names web-sys"]);
    check(browser, &krate("viewer", &["web-sys"], &[]), &[]);
}

#[test]
fn careless_crates_are_found() {
    let otel = || krate("otel", &[], &[]);
    check(lints, &otel().with("crates/otel/Cargo.toml", "[lints]\nworkspace = true"), &[]);
    check(
        lints,
        &otel().with("crates/otel/Cargo.toml", "[package]"),
        &["crates/otel/Cargo.toml: add `[lints]`"],
    );
    check(crate_docs, &otel().with("crates/otel/src/lib.rs", "//! The nouns."), &[]);
    check(
        crate_docs,
        &otel().with("crates/otel/src/lib.rs", "// No.\n//! Late."),
        &["crates/otel/src/lib.rs: begin with"],
    );
}

#[test]
fn careless_lines_are_found() {
    let forbids = |text: &str| file("Cargo.toml", "unsafe_code = \"forbid\"").with("a.rs", text);
    check(no_unsafe, &forbids("// unsafe code is forbidden"), &[]);
    check(no_unsafe, &forbids(concat!("fn f() {\n    un", "safe { g() }\n}")), &["a.rs:2: do without"]);
    check(no_unsafe, &file("Cargo.toml", ""), &["Cargo.toml: set"]);
    check(
        whitespace,
        &file("a.rs", "fine\n\ttab\nspace \nreturn\r\n"),
        &["a.rs:2: ", "a.rs:3: ", "a.rs:4: "],
    );
    check(whitespace, &file("a.snap", "as it is \n"), &[]);
    check(
        inline_code,
        &file("a.html", "<script type=\"module\" src=\"a.js\"></script>\n<p class=\"one on\" title=\"on\">"),
        &[],
    );
    check(
        inline_code,
        &file("a.html", "<script>\n<p style=\"x\">\n<p onclick=\"x()\">"),
        &["a.html:1: ", "a.html:2: ", "a.html:3: "],
    );
    check(inline_code, &file("a.js", "p.innerHTML = '<p style=\"x\">'"), &["a.js:1: set a class"]);
    check(
        machine_paths,
        &file("a.md", concat!("See ../shared, network/ and /x/ro", "ot/y\nor `/wo", "rk/x`")),
        &["a.md:2: no path"],
    );
}

#[test]
fn missing_documents_are_found() {
    let mut repo = krate("otel", &[], &[]);
    for name in DOCUMENTS {
        repo = repo.with(name, "");
    }
    check(documents, &repo, &["ARCHITECTURE.md does not mention `otel`"]);
    repo = repo.with("ARCHITECTURE.md", "`otel`: the nouns.");
    check(documents, &repo, &[]);
    repo.files.remove("README.md");
    check(documents, &repo, &["README.md is missing"]);
}

#[test]
fn foreign_packages_are_found() {
    check(licences, &package("a", "MIT OR Apache-2.0", ""), &[]);
    check(licences, &package("a", "Apache-2.0/MIT", ""), &[]);
    check(licences, &package("a", "MIT AND Zlib", ""), &[]);
    check(licences, &package("a", "MIT AND GPL-3.0-only", ""), &["a has the licence"]);
    check(licences, &package("a", "", ""), &["a has the licence \"\""]);
    check(sources, &package("a", "MIT", "git+https://example.com/a"), &["a comes from git"]);
    check(sources, &package("a", "MIT", "registry+https://github.com/rust-lang/crates.io-index"), &[]);
    check(bans, &package("leaky", "MIT", ""), &["leaky is banned"]);
    check(bans, &package("tight", "MIT", ""), &[]);
}
