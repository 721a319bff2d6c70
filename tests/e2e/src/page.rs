//! One page in one window: what a person does to it, and what a test asks it.

use std::fs;
use std::path::{Path, PathBuf};

use data_encoding::BASE64;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::{Result, Server, screenshots};

/// A page of the served site. Browser and server end with it.
#[derive(Debug)]
pub struct Page {
    browser: Browser,
    server: Server,
}

/// An element of the page, also below shadow roots.
#[derive(Clone, Debug)]
pub struct Element(String);

/// A line of the console, or something the browser itself had to say.
#[derive(Clone, Debug)]
pub struct LogEntry {
    /// `SEVERE`, `WARNING`, `INFO`, ...
    pub level: String,
    /// Where, and what.
    pub message: String,
}

/// What the page holds, after a collection of garbage. Bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Memory {
    /// JavaScript objects of the page; not its workers.
    pub js_heap: u64,
    /// What array buffers of the page hold; not wasm's memory.
    pub buffers: u64,
    /// What is resident in the processes of pages and workers and not a file: wasm memory included.
    pub resident: u64,
    /// The most that ever was resident, files included, in the largest of these processes.
    pub peak: u64,
}

/// What WebDriver calls an element, in an object.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

const FINDS_VIEWER: &str = "await customElements.whenDefined('flamefall-viewer'); const viewer = document.querySelector('flamefall-viewer');";

impl Element {
    /// What a script returned.
    pub(crate) fn from_answer(answer: &Value) -> Option<Self> {
        Some(Self(answer.get(ELEMENT)?.as_str()?.to_owned()))
    }
}

impl Page {
    pub(crate) fn new(browser: Browser, server: Server, (width, height): (u32, u32)) -> Result<Self> {
        let page = Self { browser, server };
        page.viewport(width, height)?;
        Ok(page)
    }

    /// Opens a path of the site (`?src=examples/x.json`, `sub/path/`, `#...`), or a whole URL.
    pub fn open(&self, path: &str) -> Result {
        let url =
            if path.contains("://") || path.starts_with("about:") { path.to_owned() } else { self.url(path) };
        self.browser.session.post("/url", &json!({ "url": url }))?;
        Ok(())
    }

    /// Opens another tab and goes on in it.
    pub fn open_tab(&self) -> Result {
        let tab = self.browser.session.post("/window/new", &json!({ "type": "tab" }))?;
        let handle = tab.get("handle").cloned().unwrap_or_default();
        self.browser.session.post("/window", &json!({ "handle": handle }))?;
        Ok(())
    }

    /// Closes the tab, as a person does, and goes on in the first of those that are left.
    pub fn close_tab(&self) -> Result {
        let left = self.browser.session.delete("/window")?;
        let handle = left.get(0).cloned().unwrap_or_default();
        self.browser.session.post("/window", &json!({ "handle": handle }))?;
        Ok(())
    }

    /// The URL of a path of the site.
    pub fn url(&self, path: &str) -> String {
        self.server.url(path)
    }

    /// Runs the body of an asynchronous function whose parameters are `args`, and returns what it resolves to.
    ///
    /// `page.eval("return args[0] + await thing()", &[json!(1)])`
    pub fn eval(&self, body: &str, args: &[Value]) -> Result<Value> {
        let script = format!(
            "const done = arguments[arguments.length - 1], args = [...arguments].slice(0, -1); \
             (async () => {{ {body}\n }})().then((value) => done({{ value: value ?? null }}), \
             (error) => done({{ error: error?.message ?? JSON.stringify(error) ?? String(error) }}));"
        );
        let mut answer =
            self.browser.session.post("/execute/async", &json!({ "script": script, "args": args }))?;
        match answer.get("error") {
            Some(error) => Err(format!("{error} in the page, running: {body}").into()),
            None => Ok(answer.get_mut("value").map(Value::take).unwrap_or_default()),
        }
    }

    /// As [`Page::eval`], with the `<flamefall-viewer>` element as `viewer`.
    pub fn viewer(&self, body: &str, args: &[Value]) -> Result<Value> {
        self.eval(&format!("{FINDS_VIEWER} {body}"), args)
    }

    /// Waits until nothing is loading, computing or waiting to be painted.
    pub fn idle(&self) -> Result {
        self.viewer("await viewer.idle()", &[])?;
        Ok(())
    }

    /// With `viewer` where it is named: a page without the element has none to wait for.
    fn ask(&self, body: &str) -> Result<Value> {
        if body.contains("viewer") { self.viewer(body, &[]) } else { self.eval(body, &[]) }
    }

    /// Waits, a frame at a time, until an expression of the page holds.
    pub fn until(&self, expression: &str) -> Result {
        let body = format!("while (!({expression})) await new Promise(requestAnimationFrame)");
        self.ask(&body).map_err(|failure| format!("waited for {expression}: {failure:?}"))?;
        Ok(())
    }

    /// Finds the element that an expression of the page gives (`viewer.shadowRoot.querySelector('input')`).
    pub fn find(&self, expression: &str) -> Result<Element> {
        let found = self.ask(&format!("return {expression}"))?;
        Element::from_answer(&found).ok_or_else(|| format!("no element: {expression}").into())
    }

    /// Clicks the middle of an element, which must be in view and not covered.
    pub fn click(&self, element: &Element) -> Result {
        self.browser.session.post(&format!("/element/{}/click", element.0), &json!({}))?;
        Ok(())
    }

    /// Types into an element.
    pub fn type_into(&self, element: &Element, text: &str) -> Result {
        self.browser.session.post(&format!("/element/{}/value", element.0), &json!({ "text": text }))?;
        Ok(())
    }

    /// Chooses files in an `<input type=file>`, as its dialog would.
    pub fn choose_files(&self, input: &Element, files: &[&Path]) -> Result {
        self.type_into(input, &absolute(files)?.join("\n"))
    }

    /// Drops files of this machine onto a point, as from a file manager.
    pub fn drop_files(&self, at: (i32, i32), files: &[&Path]) -> Result {
        let data = json!({ "items": [], "files": absolute(files)?, "dragOperationsMask": 1 });
        for kind in ["dragEnter", "dragOver", "drop"] {
            self.cdp(
                "Input.dispatchDragEvent",
                &json!({ "type": kind, "x": at.0, "y": at.1, "data": data }),
            )?;
        }
        Ok(())
    }

    /// Drops a file that only exists in the page: quicker than a real one, and it can hold anything.
    pub fn drop_bytes(&self, target: &Element, name: &str, bytes: &[u8]) -> Result {
        let body = "const [target, name, base64] = args, data = new DataTransfer(); \
            data.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name)); \
            for (const kind of ['dragenter', 'dragover', 'drop']) target.dispatchEvent( \
            new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true, composed: true }))";
        self.eval(body, &[json!({ ELEMENT: target.0 }), json!(name), json!(BASE64.encode(bytes))])?;
        Ok(())
    }

    /// Presses keys one after the other: `a`, `Escape`, `Shift+ArrowDown`, `Control+Shift+k`.
    pub fn keys(&self, keys: &[&str]) -> Result {
        let mut actions = Vec::new();
        for chord in keys {
            // "+" alone, or at the end, is the key itself.
            let (modifiers, key) = match chord.strip_suffix('+') {
                Some(modifiers) => (modifiers.trim_end_matches('+'), "+"),
                None => chord.rsplit_once('+').unwrap_or(("", chord)),
            };
            let modifiers: Vec<&str> = modifiers.split('+').filter(|name| !name.is_empty()).collect();
            let held = modifiers.iter().map(|name| json!({ "type": "keyDown", "value": key_code(name) }));
            actions.extend(held);
            actions.push(json!({ "type": "keyDown", "value": key_code(key) }));
            actions.push(json!({ "type": "keyUp", "value": key_code(key) }));
            actions.extend(
                modifiers.iter().rev().map(|name| json!({ "type": "keyUp", "value": key_code(name) })),
            );
        }
        self.perform(&json!({ "type": "key", "id": "keyboard", "actions": actions }))
    }

    /// Moves the pointer. CSS pixels from the top left of the window, here and below.
    pub fn move_to(&self, at: (i32, i32)) -> Result {
        self.pointer(&[moved(at, 0)])
    }

    /// Clicks a point.
    pub fn click_at(&self, at: (i32, i32)) -> Result {
        self.pointer(&[moved(at, 0), button("pointerDown"), button("pointerUp")])
    }

    /// Clicks a point twice.
    pub fn double_click_at(&self, at: (i32, i32)) -> Result {
        self.clicks_at(at, 2)
    }

    /// Clicks a point so often, as fast as the browser takes it.
    pub fn clicks_at(&self, at: (i32, i32), count: usize) -> Result {
        let mut actions = vec![moved(at, 0)];
        for _ in 0..count {
            actions.extend([button("pointerDown"), button("pointerUp")]);
        }
        self.pointer(&actions)
    }

    /// Drags from one point to another, with moves between them.
    pub fn drag(&self, from: (i32, i32), to: (i32, i32)) -> Result {
        self.pointer(&[moved(from, 0), button("pointerDown"), moved(to, 100), button("pointerUp")])
    }

    /// Turns the wheel over a point. `held` is a modifier (`Control` zooms, as a pinch does), or nothing.
    pub fn wheel(&self, at: (i32, i32), delta: (i32, i32), held: &str) -> Result {
        let scroll = json!({ "type": "scroll", "x": at.0, "y": at.1, "deltaX": delta.0, "deltaY": delta.1, "origin": "viewport" });
        let key = |kind: &str| json!({ "type": "key", "id": "keyboard", "actions": [{ "type": kind, "value": key_code(held) }] });
        if !held.is_empty() {
            self.perform(&key("keyDown"))?;
        }
        self.perform(&json!({ "type": "wheel", "id": "wheel", "actions": [scroll] }))?;
        if !held.is_empty() {
            self.perform(&key("keyUp"))?;
        }
        Ok(())
    }

    fn pointer(&self, actions: &[Value]) -> Result {
        self.perform(&json!({ "type": "pointer", "id": "mouse", "parameters": { "pointerType": "mouse" }, "actions": actions }))
    }

    fn perform(&self, source: &Value) -> Result {
        self.browser.session.post("/actions", &json!({ "actions": [source] }))?;
        Ok(())
    }

    /// Sets the inner size of the window.
    pub fn viewport(&self, width: u32, height: u32) -> Result {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.cdp("Emulation.setDeviceMetricsOverride", &metrics)?;
        Ok(())
    }

    /// Sets what the system is said to prefer: `("prefers-color-scheme", "dark")`, `("prefers-reduced-motion", "reduce")`.
    pub fn prefer(&self, features: &[(&str, &str)]) -> Result {
        let query: Vec<_> = features.iter().map(|(name, value)| format!("({name}: {value})")).collect();
        let features: Vec<_> =
            features.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
        self.cdp("Emulation.setEmulatedMedia", &json!({ "features": features }))?;
        // A page is told at the beginning of a frame, and not always of the next one.
        self.eval(
            "const frame = () => new Promise(requestAnimationFrame); \
             while (!matchMedia(args[0]).matches) await frame(); \
             await frame(); await frame();",
            &[json!(query.join(" and "))],
        )?;
        Ok(())
    }

    /// Writes what the window shows to `tests/e2e/screenshots/NAME.png`.
    pub fn screenshot(&self, name: &str) -> Result<PathBuf> {
        let shot = self.browser.session.get("/screenshot")?;
        let bytes = BASE64.decode(shot.as_str().unwrap_or("").as_bytes())?;
        let file = screenshots().join(format!("{name}.png"));
        fs::create_dir_all(screenshots())?;
        fs::write(&file, bytes)?;
        Ok(file)
    }

    /// The lines of the console since it was last asked.
    pub fn console(&self) -> Result<Vec<LogEntry>> {
        let log = self.browser.session.post("/se/log", &json!({ "type": "browser" }))?;
        let text = |entry: &Value, key| entry.get(key).and_then(Value::as_str).unwrap_or("").to_owned();
        let entries = log.as_array().into_iter().flatten();
        Ok(entries
            .map(|entry| LogEntry { level: text(entry, "level"), message: text(entry, "message") })
            .collect())
    }

    /// Fails if the console has an error or a warning since it was last asked. Refused requests are errors too.
    pub fn expect_quiet(&self) -> Result {
        let loud: Vec<_> = self
            .console()?
            .into_iter()
            .filter(|entry| matches!(entry.level.as_str(), "SEVERE" | "WARNING"))
            .collect();
        if loud.is_empty() { Ok(()) } else { Err(format!("the console has {loud:#?}").into()) }
    }

    /// Collects garbage and measures what is left.
    pub fn memory(&self) -> Result<Memory> {
        self.cdp("HeapProfiler.collectGarbage", &json!({}))?;
        let heap = self.cdp("Runtime.getHeapUsage", &json!({}))?;
        let mut memory = Memory {
            js_heap: heap.get("usedSize").and_then(Value::as_f64).unwrap_or(0.0) as u64,
            buffers: heap.get("backingStorageSize").and_then(Value::as_f64).unwrap_or(0.0) as u64,
            ..Memory::default()
        };
        for process in
            renderers(self.browser.process().ok_or("the driver does not tell the browser's process")?)
        {
            let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
            let field = |name: &str| {
                let line = status.lines().find_map(|line| line.strip_prefix(name));
                line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok()).unwrap_or(0) * 1024
            };
            // Not what is mapped from the browser's own files.
            memory.resident += field("RssAnon:") + field("RssShmem:");
            memory.peak = memory.peak.max(field("VmHWM:"));
        }
        Ok(memory)
    }

    /// Asks the browser over the Chrome DevTools protocol.
    pub fn cdp(&self, command: &str, parameters: &Value) -> Result<Value> {
        self.browser.session.cdp(command, parameters)
    }
}

/// The processes below `browser` that run pages.
fn renderers(browser: u64) -> Vec<u64> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let processes: Vec<u64> =
        processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    let parent = |process: u64| -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
        status.lines().find_map(|line| line.strip_prefix("PPid:")).and_then(|line| line.trim().parse().ok())
    };
    let below = |process: &u64| {
        std::iter::successors(Some(*process), |process| parent(*process)).any(|process| process == browser)
    };
    let page = |process: &u64| {
        // Not split at zeros: Chromium rewrites the line of its children with spaces.
        let line = fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains("--type=renderer")
    };
    processes.into_iter().filter(page).filter(below).collect()
}

fn absolute(files: &[&Path]) -> Result<Vec<String>> {
    files
        .iter()
        .map(|file| {
            Ok(file
                .canonicalize()
                .map_err(|error| format!("{}: {error}", file.display()))?
                .to_string_lossy()
                .into_owned())
        })
        .collect()
}

fn moved((x, y): (i32, i32), duration: u32) -> Value {
    json!({ "type": "pointerMove", "x": x, "y": y, "duration": duration, "origin": "viewport" })
}

fn button(kind: &str) -> Value {
    json!({ "type": kind, "button": 0 })
}

/// WebDriver's code for a named key; a character is itself.
fn key_code(name: &str) -> &str {
    match name {
        "Backspace" => "\u{e003}",
        "Tab" => "\u{e004}",
        "Enter" => "\u{e007}",
        "Shift" => "\u{e008}",
        "Control" => "\u{e009}",
        "Alt" => "\u{e00a}",
        "Escape" => "\u{e00c}",
        "Space" => " ",
        "PageUp" => "\u{e00e}",
        "PageDown" => "\u{e00f}",
        "End" => "\u{e010}",
        "Home" => "\u{e011}",
        "ArrowLeft" => "\u{e012}",
        "ArrowUp" => "\u{e013}",
        "ArrowRight" => "\u{e014}",
        "ArrowDown" => "\u{e015}",
        "Delete" => "\u{e017}",
        "Meta" => "\u{e03d}",
        character => character,
    }
}
