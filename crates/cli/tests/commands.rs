//! The program as it is called: what it prints, what it writes, how it ends.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use formats::OtlpJsonWriter;
use otel::SpanSink;
use serde_json::Value;

const CHECKOUT: &str = "
frontend GET /checkout 0..100ms server
  cart GetCart 10..30ms client
  payment Charge 40..90ms client !error \"card declined\" app.tries:int=2 @50ms:retry{n:int=1}
- cleanup 0..1ms trace=2
";

/// What `feed` writes, as OTLP JSON.
fn otlp(feed: impl FnOnce(&mut dyn SpanSink)) -> Vec<u8> {
    let mut writer = OtlpJsonWriter::new(Vec::new());
    feed(&mut writer);
    writer.finish().unwrap()
}

fn checkout() -> Vec<u8> {
    otlp(|sink| fixtures::trace(CHECKOUT).feed(sink))
}

/// An empty folder of this test.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Runs the program in `folder`, with this on standard input.
fn run(folder: &Path, arguments: &str, input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_flamefall"))
        .args(arguments.split_whitespace())
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that wants none of it may be gone before it is written.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

/// Status, standard output, standard error.
#[track_caller]
fn check(folder: &Path, arguments: &str, expected: (i32, &str, &str)) {
    let output = run(folder, arguments, b"");
    let found = (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr));
    assert_eq!((found.0, found.1.as_str(), found.2.as_str()), expected, "{arguments}");
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[track_caller]
fn json(output: &Output) -> Value {
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_report() {
    let folder = folder("a_report");
    let file = checkout();
    fs::write(folder.join("checkout.json"), &file).unwrap();
    let head = "\
checkout.json
  format    OTLP JSON
  bytes     1,533
  spans     4
  traces    2
  services  cart, frontend, payment
  warnings  none
";
    let longest = "
Traces, longest first
  trace                                 duration      spans  errors  start                     root
  00000000000000000000000000000001        100 ms          3       1  2026-11-21T12:03:04.123Z  frontend GET /checkout
  00000000000000000000000000000002          1 ms          1       0  2026-11-21T12:03:04.123Z  no service cleanup

Critical path of 00000000000000000000000000000001, frontend GET /checkout
  100 ms; spans 3, services 3, errors 1
   50.0 %         50 ms  payment
   30.0 %         30 ms  frontend
   20.0 %         20 ms  cart
";
    let chosen = "
Critical path of 00000000000000000000000000000002, no service cleanup
  1 ms; spans 1, services 0, errors 0
  100.0 %          1 ms  no service
";
    check(&folder, "inspect checkout.json", (0, &format!("{head}{longest}"), ""));
    check(&folder, "inspect checkout.json --trace 2", (0, &format!("{head}{chosen}"), ""));
    // Warnings are part of it.
    fs::write(folder.join("cut.json"), &file[..file.len() - 20]).unwrap();
    let report = text(&run(&folder, "inspect cut.json", b"").stdout);
    assert!(report.contains("\n  warnings  truncated: "), "{report}");
}

#[test]
fn a_document() {
    let folder = folder("a_document");
    let found = json(&run(&folder, "inspect - --json", &checkout()));
    assert_eq!(found["summary"]["name"], "standard input");
    assert_eq!(found["summary"]["spanCount"], 4);
    assert_eq!(found["summary"]["traces"].as_array().map(Vec::len), Some(2));
    assert_eq!(found["analysis"]["traces"].as_array().map(Vec::len), Some(2));
    let one = json(&run(&folder, "inspect - --json --trace 00000000000000000000000000000002", &checkout()));
    assert_eq!(one["summary"], found["summary"]);
    assert_eq!(one["analysis"]["traces"].as_array().map(Vec::len), Some(1));
    assert_eq!(one["analysis"]["traces"][0]["criticalPath"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_folder_is_one_store() {
    let folder = folder("a_folder_is_one_store");
    fs::create_dir_all(folder.join("in/deep/er")).unwrap();
    fs::write(folder.join("in/b.json"), checkout()).unwrap();
    let other = otlp(|sink| fixtures::trace("a op 0..1ms trace=3").feed(sink));
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&other).unwrap();
    fs::write(folder.join("in/deep/er/a.log"), packed.finish().unwrap()).unwrap();
    fs::write(folder.join("in/notes.txt"), "buy milk").unwrap();
    let output = run(&folder, "inspect in --json", b"");
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(found["summary"]["name"], "in/b.json, in/deep/er/a.log");
    assert_eq!(found["summary"]["spanCount"], 5);
    assert!(text(&output.stderr).starts_with("flamefall: in/notes.txt: "), "{}", text(&output.stderr));
    fs::create_dir(folder.join("empty")).unwrap();
    check(&folder, "inspect empty", (1, "", "flamefall: There are no files to read.\n"));
}

#[test]
fn what_cannot_be_read() {
    let folder = folder("what_cannot_be_read");
    let whole = checkout();
    fs::write(folder.join("cut.json"), &whole[..whole.len() - 20]).unwrap();
    fs::write(folder.join("none.txt"), "hello").unwrap();
    let status = |arguments: &str| {
        let output = run(&folder, arguments, b"");
        assert_eq!(text(&output.stderr).lines().filter(|line| !line.starts_with("flamefall: ")).count(), 0);
        (output.status.code().unwrap(), output.stdout.is_empty(), text(&output.stderr))
    };
    let (code, empty, errors) = status("convert cut.json --to otlp-json");
    assert_eq!((code, empty), (0, false), "{errors}");
    assert!(errors.starts_with("flamefall: truncated: "), "{errors}");
    let (code, empty, errors) = status("inspect none.txt");
    assert_eq!((code, empty), (1, true), "{errors}");
    let (code, _, errors) = status("inspect missing.json");
    assert_eq!(code, 1);
    assert!(errors.contains("missing.json could not be read: "), "{errors}");
    assert!(errors.ends_with("flamefall: Nothing could be read.\n"), "{errors}");
    // One of two is enough.
    let (code, empty, errors) = status("inspect missing.json cut.json none.txt");
    assert_eq!((code, empty), (0, false), "{errors}");
    assert!(errors.contains("missing.json") && errors.contains("none.txt"), "{errors}");
    check(
        &folder,
        "inspect cut.json --trace 77",
        (1, "", "flamefall: There is no trace 77 in what was read.\n"),
    );
    let (code, _, errors) = status("convert cut.json -o no/such/folder.csv");
    assert_eq!(code, 1);
    assert!(errors.contains("no/such/folder.csv could not be written: "), "{errors}");
}

#[test]
fn what_is_not_understood() {
    let folder = folder("what_is_not_understood");
    let hint = "\nTry `flamefall --help`.\n";
    check(&folder, "", (2, "", &format!("flamefall: A command is missing: inspect or convert.{hint}")));
    check(
        &folder,
        "inspect --fast x",
        (2, "", &format!("flamefall: This was not understood: invalid option '--fast'.{hint}")),
    );
    let help = run(&folder, "--help", b"");
    assert_eq!((help.status.code(), help.stderr.is_empty()), (Some(0), true));
    assert!(text(&help.stdout).contains("flamefall convert FILE..."));
}

#[test]
fn every_format_that_is_written_is_read_again() {
    let folder = folder("every_format");
    fs::write(folder.join("in.json"), otlp(|sink| fixtures::collector_file(7, 400, sink))).unwrap();
    let summary = |file: &str| json(&run(&folder, &format!("inspect {file} --json"), b""))["summary"].take();
    let original = summary("in.json");
    let told = |summary: &Value| {
        let mut traces = summary["traces"].as_array().unwrap().clone();
        for trace in &mut traces {
            for time in ["startTimeUnixNano", "durationNano"] {
                // The unit of these formats.
                let nanos: u64 = trace[time].as_str().unwrap().parse().unwrap();
                trace[time] = (nanos / 1000).into();
            }
        }
        traces.sort_by_key(|trace| trace["traceId"].to_string());
        (summary["spanCount"].clone(), summary["services"].clone(), traces)
    };
    for output in ["out.json", "out.jaeger.json", "out.zipkin.json"] {
        check(&folder, &format!("convert in.json -o {output}"), (0, "", ""));
        let again = summary(output);
        let (spans, services, traces) = told(&again);
        let (all, names, before) = told(&original);
        assert_eq!((spans, services), (all, names), "{output}");
        assert_eq!(traces.len(), before.len(), "{output}");
        for (now, then) in traces.iter().zip(&before) {
            for (name, value) in then.as_object().unwrap() {
                // Both ends are cut.
                let off = name == "durationNano"
                    && now[name].as_u64().unwrap().abs_diff(value.as_u64().unwrap()) <= 1;
                assert!(off || now[name] == *value, "{output}: {name}: {now} {then}");
            }
        }
    }
    // OTLP is written as it came; a second time, and to itself, it is the same to the byte.
    check(&folder, "convert out.json -o out.json", (0, "", ""));
    let output = run(&folder, "convert in.json --to otlp-json", b"");
    assert_eq!(output.stdout, fs::read(folder.join("out.json")).unwrap());
    check(&folder, "convert in.json -o out.csv", (0, "", ""));
    assert_eq!(fs::read_to_string(folder.join("out.csv")).unwrap().lines().count(), 401);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let folder = folder("a_reader_that_goes_away");
    fs::write(folder.join("in.json"), otlp(|sink| fixtures::collector_file(7, 2000, sink))).unwrap();
    for arguments in ["convert in.json --to csv", "convert in.json --to otlp-json", "inspect in.json --json"]
    {
        let mut child = Command::new(env!("CARGO_BIN_EXE_flamefall"))
            .args(arguments.split_whitespace())
            .current_dir(&folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = [0; 10];
        child.stdout.take().unwrap().read_exact(&mut first).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()), "{arguments}");
    }
}

#[test]
fn names_cannot_command_a_terminal() {
    let folder = folder("names_cannot_command");
    let name = "\u{1b}[2Jwiped\u{7}";
    let input = otlp(|sink| fixtures::trace(&format!("{name} {name} 0..1ms")).feed(sink));
    let output = run(&folder, "inspect -", &input);
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stdout).contains("\u{FFFD}[2Jwiped\u{FFFD}"));
    assert!(!text(&output.stdout).contains(['\u{1b}', '\u{7}']));
}
