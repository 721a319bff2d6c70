//! The programs a build needs: found on PATH in the right version, or in the cache, or installed into the cache.
//!
//! The cache is `$XDG_CACHE_HOME/flamefall/tools/NAME-VERSION` (default `~/.cache`). Deleting it is always safe.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::sh::{Failure, Result, cargo, failure, output, run, step};

const TRUNK: &str = "0.21.14";
/// Debian's 108 and the 116 of crates.io are too old for what rustc emits today.
const BINARYEN: &str = "132";
const ESBUILD: &str = "0.28.2";
const TERSER: &str = "5.51.2";

struct Tool {
    name: &'static str,
    version: String,
    /// The program in it that we call.
    program: &'static str,
    /// Archive below `https://github.com/`, without the directory that some have at their top; empty where there is none.
    archive: String,
    fallback: Fallback,
}

enum Fallback {
    /// Crate and flags. Built without optimisation: these programs move bytes, and it is half of their install time.
    Cargo(&'static [&'static str]),
    Npm,
}

/// Finds or installs what `cargo xtask build` needs, and returns a `PATH` with all of it.
pub(crate) fn build_tools() -> Result<OsString> {
    wasm_target()?;
    let bindgen = locked_version("wasm-bindgen")?;
    let machine = env::consts::ARCH;
    let tools = [
        Tool {
            name: "trunk",
            version: TRUNK.to_owned(),
            program: "trunk",
            archive: format!(
                "trunk-rs/trunk/releases/download/v{TRUNK}/trunk-{machine}-unknown-linux-gnu.tar.gz"
            ),
            fallback: Fallback::Cargo(&["trunk", "--locked", "--no-default-features"]),
        },
        Tool {
            name: "wasm-bindgen",
            program: "wasm-bindgen",
            archive: format!(
                "wasm-bindgen/wasm-bindgen/releases/download/{bindgen}/wasm-bindgen-{bindgen}-{machine}-unknown-linux-musl.tar.gz"
            ),
            version: bindgen,
            // Without --locked: its own lock file pins versions that compile longer.
            fallback: Fallback::Cargo(&["wasm-bindgen-cli"]),
        },
        Tool {
            name: "binaryen",
            version: BINARYEN.to_owned(),
            program: "wasm-opt",
            archive: format!(
                "WebAssembly/binaryen/releases/download/version_{BINARYEN}/binaryen-version_{BINARYEN}-{machine}-linux.tar.gz"
            ),
            fallback: Fallback::Npm,
        },
        // One bundles the tracer's JavaScript, the other makes it 4 % smaller than the first could.
        Tool {
            name: "esbuild",
            version: ESBUILD.to_owned(),
            program: "esbuild",
            archive: String::new(),
            fallback: Fallback::Npm,
        },
        Tool {
            name: "terser",
            version: TERSER.to_owned(),
            program: "terser",
            archive: String::new(),
            fallback: Fallback::Npm,
        },
    ];
    let mut directories = Vec::new();
    let mut downloads = true;
    for tool in &tools {
        directories.extend(tool.directory(&mut downloads)?);
    }
    directories.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
    env::join_paths(directories)
        .map_err(|error| failure(error.to_string(), "take `:` out of the directory names on PATH"))
}

impl Tool {
    /// Where the program is, unless PATH has it.
    fn directory(&self, downloads: &mut bool) -> Result<Option<PathBuf>> {
        if self.answers(Path::new(self.program)) {
            return Ok(None);
        }
        let home = cache()?.join(format!("{}-{}", self.name, self.version));
        let find = || {
            ["bin", "node_modules/.bin"]
                .map(|bin| home.join(bin))
                .into_iter()
                .find(|bin| self.answers(&bin.join(self.program)))
        };
        if let Some(bin) = find() {
            return Ok(Some(bin));
        }
        step(&format!("install {} {} (once, into {})", self.name, self.version, home.display()), || {
            std::fs::create_dir_all(&home).map_err(|error| {
                failure(format!("{}: {error}", home.display()), "make that directory writable")
            })?;
            if *downloads && env::consts::OS == "linux" && !self.archive.is_empty() {
                // Where GitHub is out of reach for one tool, it is for all: say so once and go on.
                *downloads = self.download(&home);
                if let Some(bin) = find() {
                    return Ok(bin);
                }
            }
            match self.fallback {
                Fallback::Cargo(arguments) => self.cargo_install(arguments, &home)?,
                Fallback::Npm => self.npm_install(&home)?,
            }
            find().ok_or_else(|| {
                failure(format!("{} was installed but does not run", self.program), self.by_hand())
            })
        })
        .map(Some)
    }

    fn answers(&self, program: &Path) -> bool {
        output(Command::new(program).arg("--version"))
            .is_some_and(|text| text.split_whitespace().any(|word| word == self.version))
    }

    /// Unpacks a ready-made build. False where it could not be had.
    fn download(&self, home: &Path) -> bool {
        let url = format!("https://github.com/{}", self.archive);
        println!("  trying {url}");
        let archive = home.join("download.tar.gz");
        let fetched = Command::new("curl")
            .args([
                "--fail",
                "--silent",
                "--show-error",
                "--location",
                "--connect-timeout",
                "3",
                "--max-time",
                "60",
                "--output",
            ])
            .args([archive.as_os_str(), url.as_ref()])
            .status()
            .is_ok_and(|status| status.success());
        if !fetched {
            println!("  not available; building it instead");
            return false;
        }
        // wasm-bindgen's and binaryen's archives have one directory at the top, trunk's has none.
        let top = if self.name == "trunk" { "0" } else { "1" };
        let bin = if self.name == "binaryen" { home.to_owned() } else { home.join("bin") };
        let unpacked = std::fs::create_dir_all(&bin).is_ok()
            && Command::new("tar")
                .args(["-xzf".as_ref(), archive.as_os_str(), "-C".as_ref(), bin.as_os_str()])
                .arg(format!("--strip-components={top}"))
                .status()
                .is_ok_and(|status| status.success());
        std::fs::remove_file(&archive).ok();
        unpacked
    }

    fn cargo_install(&self, arguments: &[&str], home: &Path) -> Result {
        println!(
            "  cargo install: about {} on two cores",
            if self.name == "trunk" { "2 min" } else { "1 min" }
        );
        let building = home.join("building");
        let result = run(
            // Nobody debugs or edits them.
            cargo(&[])
                .env("CARGO_PROFILE_DEV_DEBUG", "0")
                .env("CARGO_INCREMENTAL", "0")
                .args(["install", "--quiet", "--debug", "--version", &self.version])
                .args(arguments)
                .args(["--root".as_ref(), home.as_os_str(), "--target-dir".as_ref(), building.as_os_str()]),
            &self.by_hand(),
        );
        std::fs::remove_dir_all(&building).ok();
        result
    }

    fn npm_install(&self, home: &Path) -> Result {
        if output(Command::new("npm").arg("--version")).is_none() {
            apt_install(&["nodejs", "npm"], &self.by_hand())?;
        }
        run(
            Command::new("npm")
                .args(["install", "--silent", "--no-audit", "--no-fund", "--no-save", "--prefix"])
                .arg(home)
                .arg(format!("{}@{}", self.name, self.version)),
            &self.by_hand(),
        )
    }

    fn by_hand(&self) -> String {
        let from = match self.fallback {
            Fallback::Cargo(arguments) => {
                format!("`cargo install --version {} {}`", self.version, arguments.join(" "))
            }
            Fallback::Npm => format!("`npm install --global {}@{}`", self.name, self.version),
        };
        let archive = if self.archive.is_empty() {
            String::new()
        } else {
            format!(", or https://github.com/{}", self.archive)
        };
        format!("put `{}` {} on PATH: {from}{archive}", self.program, self.version)
    }
}

/// A browser and its driver.
pub(crate) struct Browser {
    pub(crate) chrome: PathBuf,
    pub(crate) driver: PathBuf,
}

/// `CHROME` and `CHROMEDRIVER`, or what PATH has, or what Debian packages.
pub(crate) fn browser() -> Result<Browser> {
    let find = || {
        let chrome = named(
            "CHROME",
            &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"],
        );
        let driver = named("CHROMEDRIVER", &["chromedriver"]);
        chrome.zip(driver).map(|(chrome, driver)| Browser { chrome, driver })
    };
    let mend = "install Chromium and ChromeDriver of the same version (Debian: `apt-get install chromium chromium-driver`), \
        or name them in CHROME and CHROMEDRIVER";
    if let Some(found) = find() {
        return Ok(found);
    }
    step("install chromium and chromium-driver (once)", || {
        apt_install(&["chromium", "chromium-driver"], mend)
    })?;
    find().ok_or_else(|| failure("no browser to test in", mend))
}

fn named(variable: &str, programs: &[&str]) -> Option<PathBuf> {
    if let Some(program) = env::var_os(variable).filter(|program| !program.is_empty()) {
        return Some(program.into());
    }
    let path = env::var_os("PATH").unwrap_or_default();
    programs.iter().find_map(|program| {
        env::split_paths(&path).map(|directory| directory.join(program)).find(|file| file.is_file())
    })
}

fn apt_install(packages: &[&str], mend: &str) -> Result {
    let root = output(Command::new("id").arg("-u")).is_some_and(|id| id == "0");
    let apt = |arguments: &[&str]| {
        run(
            Command::new("apt-get")
                .args(["-qq", "-o=Dpkg::Use-Pty=0"])
                .args(arguments)
                .env("DEBIAN_FRONTEND", "noninteractive"),
            mend,
        )
    };
    if !root || output(Command::new("apt-get").arg("--version")).is_none() {
        return Err(failure(
            format!(
                "{} missing, and only root on Debian or Ubuntu can have them installed",
                packages.join(", ")
            ),
            mend,
        ));
    }
    apt(&["update"])?;
    apt(&[&["install", "--yes", "--no-install-recommends"], packages].concat())
}

fn wasm_target() -> Result {
    let target = "wasm32-unknown-unknown";
    let installed = || {
        output(Command::new("rustc").args(["--print", "target-libdir", "--target", target]))
            .is_some_and(|it| Path::new(&it).is_dir())
    };
    if installed() {
        return Ok(());
    }
    let mend =
        format!("`rustup target add {target}`, or install that target the way this Rust was installed");
    step(&format!("install the Rust target {target} (once)"), || {
        run(Command::new("rustup").args(["target", "add", target]).current_dir(crate::root()), &mend)
    })
}

/// The version of a package in `Cargo.lock`: the only place that names it.
fn locked_version(package: &str) -> Result<String> {
    let lock = std::fs::read_to_string(crate::root().join("Cargo.lock")).unwrap_or_default();
    let wanted = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| **line != *wanted);
    let version = lines.nth(1).and_then(|line| line.strip_prefix("version = \"")?.strip_suffix('"'));
    version
        .map(str::to_owned)
        .ok_or_else(|| failure(format!("Cargo.lock has no {package}"), "run `cargo update --workspace`"))
}

pub(crate) fn cache() -> Result<PathBuf> {
    let base = env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(Path::new(&env::var_os("HOME")?).join(".cache")));
    let no_home = || -> Failure {
        failure("neither XDG_CACHE_HOME nor HOME is set", "set one: tools are kept below it")
    };
    Ok(base.ok_or_else(no_home)?.join("flamefall/tools"))
}
