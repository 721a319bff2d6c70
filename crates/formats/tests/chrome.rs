//! Chrome trace events: what becomes a span, what stands in what, what is left out and counted.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

#[cfg(test)]
mod support;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use formats::Format;
use otel::WarningKind;
use serde_json::Value;

/// `events` as an array and as `traceEvents`: spans as `name parent start..end …`, in order; then warnings.
#[track_caller]
fn check(events: &str, expected: &str) {
    check_document(&format!("[{events}]"), expected);
    check_document(&format!("{{\"traceEvents\": [{events}]}}"), expected);
    // Its specification allows arrays that nobody closed.
    check_document(&format!("[{events}"), expected);
    check_document(&format!("[{events},\n"), expected);
}

#[track_caller]
fn check_document(text: &str, expected: &str) {
    let (picture, outcome) = support::decode(text.as_bytes());
    assert_eq!(
        outcome.map(|outcome| outcome.formats),
        Ok(vec![Format::Other("Chrome trace events")]),
        "{text}"
    );
    let lines: String =
        picture.lines().lines().fold(String::new(), |lines, line| lines + &short(line) + "\n");
    let expected: String = expected.lines().fold(String::new(), |all, line| all + line.trim() + "\n");
    assert_eq!(lines.trim_end(), expected.trim_end(), "{text}");
}

/// Without what is the same everywhere, and where warnings stand.
fn short(line: &str) -> String {
    let Some((resource, span)) = line.split_once(" /  / ") else {
        return line.split(" @").next().unwrap_or_default().to_owned();
    };
    let (_, span) = span.split_once(':').unwrap();
    let text = format!("{resource}: {span}").replace(" unspecified", "");
    let text = text.replace(" flamefall.synthetic=true", " *").replace("service.name=", "");
    // The trace's id in links.
    let mut parts = text.split("link(");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, link| text + "link(" + link.split_once(':').unwrap().1)
}

/// `ph name ts [dur]`, one each, on one thread.
fn events(text: &str) -> String {
    let one = |words: &str| {
        let words: Vec<&str> = words.split(' ').collect();
        let name = if words[1] == "-" { String::new() } else { format!(r#""name":"{}","#, words[1]) };
        let dur = words.get(3).map_or(String::new(), |dur| format!(r#","dur":{dur}"#));
        format!(r#"{{{name}"ph":"{}","pid":1,"tid":2,"ts":{}{dur}}}"#, words[0], words[2])
    };
    text.split(", ").map(one).collect::<Vec<_>>().join(",")
}

/// Names with what they stand in, and times in microseconds: `a 0..9 / b 1..2`.
#[track_caller]
fn check_nesting(text: &str, expected: &str, unpaired: usize) {
    let (picture, outcome) = support::decode(format!("[{}]", events(text)).as_bytes());
    outcome.unwrap();
    let text = picture.lines();
    let spans: Vec<_> = text
        .lines()
        .filter_map(|line| {
            let (_, span) = line.split_once(" /  / ")?;
            let (ids, rest) = span.split_once(" \"")?;
            let (name, rest) = rest.split_once("\" unspecified ")?;
            let times = rest.split(' ').next()?;
            let (start, end) = times.split_once("..")?;
            let micros = |nanos: &str| nanos.parse::<u64>().unwrap() / 1000;
            let (id, parent) = ids.split_once(" in:").unwrap_or((ids, ""));
            let id = id.split_once(':')?.1.to_owned();
            let open = if rest.contains("unfinished") { "?" } else { "" };
            Some((id, parent.to_owned(), format!("{name} {}..{}{open}", micros(start), micros(end))))
        })
        .collect();
    let mut drawn: Vec<String> = Vec::new();
    for (_, parent, words) in spans.iter().filter(|(_, parent, _)| !parent.is_empty()) {
        let parent = spans.iter().find(|(id, ..)| id == parent).unwrap();
        let parent = if parent.1.is_empty() { "" } else { parent.2.split(' ').next().unwrap() };
        drawn.push(format!("{parent}/{words}"));
    }
    assert_eq!(drawn.join(", "), expected, "{text}");
    let found = picture.warnings.iter().filter(|warning| warning.kind == WarningKind::Unpaired).count();
    assert_eq!(found, unpaired, "{:#?}", picture.warnings);
}

#[test]
fn complete_events_nest_by_time() {
    check_nesting("X a 0 9, X b 1 2, X c 4 5", "/a 0..9, a/b 1..3, a/c 4..9", 0);
    // Whatever their order.
    check_nesting("X c 4 5, X b 1 2, X a 0 9", "a/c 4..9, a/b 1..3, /a 0..9", 0);
    // Of the same length: in the order of the file.
    check_nesting("X a 0 9, X b 0 9", "/a 0..9, a/b 0..9", 0);
    check_nesting("X a 0 9, X b 9 9, X z 9 0", "/a 0..9, /b 9..18, b/z 9..9", 0);
    // Neither stands in the other; each is as long as the file says.
    check_nesting("X a 0 10, X b 5 10, X c 6 1", "/a 0..10, /b 5..15, b/c 6..7", 1);
    // Rounded apart.
    check_nesting("X a 0 10, X b 5 6", "/a 0..10, a/b 5..11", 0);
    // An end that was not written.
    check_nesting("X a 0, X b 5 6", "/a 0..11?, a/b 5..11", 1);
}

#[test]
fn ends_find_their_beginnings() {
    check_nesting("B a 0, B b 1, E b 2, E a 3", "/a 0..3, a/b 1..2", 0);
    check_nesting("B a 0, B b 1, E - 2, E - 3", "/a 0..3, a/b 1..2", 0);
    check_nesting("E a 3, E b 2, B b 1, B a 0", "a/b 1..2, /a 0..3", 0);
    // One in the other, all at one moment, and one after the other.
    check_nesting("B a 5, B b 5, E b 5, E a 5", "/a 5..5, a/b 5..5".replace('5', "0").as_str(), 0);
    check_nesting("B a 5, E a 5, B b 5, E b 5", "/a 5..5, /b 5..5".replace('5', "0").as_str(), 0);
    // Ends in the order of the beginnings.
    check_nesting("B a 0, B b 1, E a 5, E b 9", "/a 0..5, /b 1..9", 1);
    // The name of the end is wrong.
    check_nesting("B a 0, E b 9", "/a 0..9", 1);
    check_nesting("B a 0, B b 1, E x 2, E a 9", "/a 0..9, a/b 1..2", 1);
    // Nothing is open, or nothing that will not end by itself.
    check_nesting("B a 0, E a 1, E b 2", "/a 0..1", 1);
    check_nesting("B a 0, E x 5, E a 9", "/a 0..9", 1);
    // The end was written first.
    check_nesting("B a 0, E c 5, B c 5, E a 9", "/a 0..9, a/c 5..5", 0);
    // Nothing ends.
    check_nesting("B a 0, B b 1, B c 2", "/a 0..2?, a/b 1..2?, b/c 2..2?", 3);
    check_nesting("B a 0, B b 1, E a 9, X c 10 1", "/a 0..9, a/b 1..9?, /c 10..11", 1);
}

#[test]
fn a_process_is_a_service_and_a_thread_a_span() {
    check(
        r#"{"ph":"M","name":"process_name","pid":7,"args":{"name":"Browser"}},
        {"ph":"M","name":"process_labels","pid":7,"args":{"labels":"tab"}},
        {"ph":"M","name":"thread_name","pid":7,"tid":8,"args":{"name":"main"}},
        {"ph":"M","name":"thread_sort_index","pid":7,"tid":8,"args":{"sort_index":-1}},
        {"ph":"X","name":"a","cat":"c","pid":7,"tid":8,"ts":10.001,"dur":2.5,"tts":3,"tdur":1,"args":{"k":[1,{"l":null}],"n":null}},
        {"ph":"X","name":"b","pid":"GPU","tid":"stream 7","ts":"11","dur":"1","args":{}},
        {"ph":"X","name":"d","pid":9,"ts":12,"dur":0}"#,
        r#""Browser" process.pid=7 process_labels="tab": 1 in:4 "a" 0..2500 cat="c" tts=3 tdur=1 k=[1 {l=()}]
        "GPU" process.pid="GPU": 2 in:5 "b" 999..1999
        "process 9" process.pid=9: 3 in:6 "d" 1999..1999
        "Browser" process.pid=7 process_labels="tab": 4 "main" 0..2500 * thread.id=8 thread.name="main" thread_sort_index=-1
        "GPU" process.pid="GPU": 5 "stream 7" 999..1999 * thread.id="stream 7"
        "process 9" process.pid=9: 6 "thread" 1999..1999 *"#,
    );
}

#[test]
fn points_are_events_of_what_encloses_them() {
    check(
        r#"{"ph":"X","name":"a","pid":1,"tid":2,"ts":0,"dur":9},
        {"ph":"i","name":"in","pid":1,"tid":2,"ts":9,"s":"t","args":{"x":1}},
        {"ph":"I","name":"out","pid":1,"tid":2,"ts":10},
        {"ph":"i","name":"wide","pid":1,"tid":2,"ts":5,"s":"p"},
        {"ph":"R","name":"mark","pid":1,"tid":3,"ts":5},
        {"ph":"P","name":"sample","pid":1,"tid":2,"ts":1}"#,
        r#""process 1" process.pid=1: 1 in:7 "a" 0..9000 event(1000 "sample") event(9000 "in" x=1)
        "process 1" process.pid=1: 7 "thread 2" 0..10000 * thread.id=2 event(5000 "wide" s="p") event(10000 "out")
        "process 1" process.pid=1: 8 "thread 3" 5000..5000 * thread.id=3 event(5000 "mark")"#,
    );
}

#[test]
fn asynchronous_events_are_apart() {
    check(
        r#"{"ph":"b","name":"a","cat":"net","id":"0x1","pid":1,"tid":2,"ts":0,"args":{"x":1}},
        {"ph":"b","name":"b","cat":"net","id":"0x1","pid":1,"tid":3,"ts":1},
        {"ph":"n","name":"n","cat":"net","id":"0x1","pid":1,"tid":3,"ts":2},
        {"ph":"b","name":"other","cat":"net","id2":{"local":"0x1"},"pid":1,"tid":3,"ts":1},
        {"ph":"e","name":"b","cat":"net","id":"0x1","pid":1,"tid":3,"ts":3},
        {"ph":"e","name":"a","cat":"net","id":"0x1","pid":4,"tid":2,"ts":5,"args":{"y":2}},
        {"ph":"e","name":"other","cat":"net","id2":{"local":"0x1"},"pid":1,"tid":3,"ts":9},
        {"ph":"e","name":"other","cat":"net","id2":{"local":"0x1"},"pid":4,"tid":3,"ts":9}"#,
        r#""process 1" process.pid=1: 1 in:9 "a" 0..5000 cat="net" thread.id=2 id="0x1" x=1 y=2
        "process 1" process.pid=1: 2 in:1 "b" 1000..3000 cat="net" thread.id=3 id="0x1" event(2000 "n" cat="net" id="0x1")
        "process 1" process.pid=1: 4 in:9 "other" 1000..9000 cat="net" thread.id=3 id2={local="0x1"}
        "process 1" process.pid=1: 9 "net (async)" 0..9000 *
        unpaired"#,
    );
    // As they were before.
    check(
        r#"{"ph":"S","name":"a","cat":"r","id":1,"pid":1,"tid":2,"ts":0},
        {"ph":"T","name":"a","cat":"r","id":1,"pid":1,"tid":2,"ts":1,"args":{"step":"x"}},
        {"ph":"S","name":"b","cat":"r","id":1,"pid":1,"tid":2,"ts":2},
        {"ph":"F","name":"a","cat":"r","id":1,"pid":1,"tid":2,"ts":3},
        {"ph":"F","name":"b","cat":"r","id":1,"pid":1,"tid":2,"ts":4}"#,
        r#""process 1" process.pid=1: 1 in:6 "a" 0..3000 cat="r" thread.id=2 id=1 event(1000 "a" cat="r" id=1 step="x")
        "process 1" process.pid=1: 3 in:6 "b" 2000..4000 cat="r" thread.id=2 id=1
        "process 1" process.pid=1: 6 "r (async)" 0..4000 *"#,
    );
}

/// So that a closure may be called `check`, too.
#[track_caller]
fn check_flows(events: &str, expected: &str) {
    check(events, expected);
}

#[test]
fn flows_are_links() {
    let spans = r#"{"ph":"X","name":"a","pid":1,"tid":1,"ts":0,"dur":5},
        {"ph":"X","name":"b","pid":1,"tid":2,"ts":10,"dur":5},
        {"ph":"X","name":"c","pid":1,"tid":3,"ts":20,"dur":5}"#;
    let flow = |ph: &str, tid: u8, ts: u8, more: &str| {
        format!(r#",{{"ph":"{ph}","name":"f","cat":"c","id":1,"pid":1,"tid":{tid},"ts":{ts}{more}}}"#)
    };
    let check = |flows: &[String], expected: [&str; 3], unpaired: usize| {
        let mut text = String::new();
        for (place, (name, links)) in ["a", "b", "c"].iter().zip(expected).enumerate() {
            let (id, parent, start) = (place + 1, place + 4 + flows.len(), place * 10_000);
            let end = start + 5000;
            writeln!(text, "\"process 1\" process.pid=1: {id} in:{parent:x} {name:?} {start}..{end}{links}")
                .unwrap();
        }
        for place in 0..3 {
            let (id, tid, start) = (place + 4 + flows.len(), place + 1, place * 10_000);
            let end = start + 5000;
            writeln!(
                text,
                "\"process 1\" process.pid=1: {id:x} \"thread {tid}\" {start}..{end} * thread.id={tid}"
            )
            .unwrap();
        }
        check_flows(&(spans.to_owned() + &flows.concat()), &(text + &"unpaired\n".repeat(unpaired)));
    };
    let around = r#","bp":"e""#;
    check(&[flow("s", 1, 1, ""), flow("f", 2, 11, around)], ["", " link(1)", ""], 0);
    check(&[flow("s", 1, 1, ""), flow("f", 2, 9, "")], ["", " link(1)", ""], 0);
    check(
        &[flow("f", 3, 20, ""), flow("t", 2, 11, ""), flow("s", 1, 1, "")],
        ["", " link(1)", " link(2)"],
        0,
    );
    // Nothing begins after it: then it is where it stands.
    check(&[flow("s", 1, 1, ""), flow("f", 2, 14, "")], ["", " link(1)", ""], 0);
    // The id is used again before the first flow has ended; clocks differ.
    check(
        &[flow("s", 1, 1, ""), flow("s", 2, 11, ""), flow("f", 2, 12, around), flow("f", 3, 21, around)],
        ["", " link(1)", " link(2)"],
        0,
    );
    check(&[flow("s", 2, 11, ""), flow("f", 1, 1, around)], [" link(2)", "", ""], 0);
    // Nothing is there, nothing came before, nothing after.
    check(&[flow("s", 1, 6, ""), flow("f", 2, 11, around)], ["", "", ""], 2);
    check(&[flow("f", 2, 11, around)], ["", "", ""], 1);
    check(&[flow("s", 1, 1, "")], ["", "", ""], 1);
    check(&[], ["", "", ""], 0);
}

#[test]
fn flows_of_the_spans_themselves() {
    check(
        r#"{"ph":"X","name":"a","pid":1,"tid":1,"ts":0,"dur":5,"bind_id":"0x1","flow_out":true},
        {"ph":"X","name":"b","pid":1,"tid":1,"ts":6,"dur":5,"bind_id":"0x1","flow_in":true,"flow_out":true},
        {"ph":"B","name":"c","pid":1,"tid":1,"ts":12,"bind_id":"0x1","flow_in":true},
        {"ph":"E","name":"c","pid":1,"tid":1,"ts":13}"#,
        r#""process 1" process.pid=1: 1 in:5 "a" 0..5000 bind_id="0x1"
        "process 1" process.pid=1: 2 in:5 "b" 6000..11000 bind_id="0x1" link(1)
        "process 1" process.pid=1: 3 in:5 "c" 12000..13000 bind_id="0x1" link(2)
        "process 1" process.pid=1: 5 "thread 1" 0..13000 * thread.id=1"#,
    );
}

#[test]
fn what_is_no_span_is_counted() {
    check(
        r#"{"ph":"X","name":"a","pid":1,"tid":1,"ts":0,"dur":5}, {}, 7,
        {"ph":"C","name":"c","pid":1,"ts":1,"args":{"v":1}},
        {"ph":"N","name":"o","pid":1,"ts":1,"id":1}, {"ph":"O","pid":1,"ts":2,"id":1}, {"ph":"D","pid":1,"ts":3,"id":1},
        {"ph":"?","name":"a","pid":1,"tid":1,"ts":0},
        {"ph":"X","name":"a","pid":1,"tid":1,"dur":5}"#,
        r#""process 1" process.pid=1: 1 in:2 "a" 0..5000
        "process 1" process.pid=1: 2 "thread 1" 0..5000 * thread.id=1
        skippedSpan
        leftOut
        leftOut
        leftOut
        leftOut
        skippedSpan
        skippedSpan"#,
    );
}

#[test]
fn stacks_and_what_stands_around() {
    check_document(
        r#"{"displayTimeUnit":"ns","otherData":{"build_id":"x"},"baseTimeNanoseconds":1719853884000000000,"traceEvents":[
        {"ph":"X","name":"a","pid":1,"tid":1,"ts":1.001,"dur":5,"sf":7}],
        "stackFrames":{"1":{"name":"main"},"7":{"name":"f","parent":"1"}}}"#,
        "\"process 1\" process.pid=1 build_id=\"x\": 1 in:2 \"a\" 1719853884000001001..1719853884000006001 code.stacktrace=\"f\\nmain\"
        \"process 1\" process.pid=1 build_id=\"x\": 2 \"thread 1\" 1719853884000001001..1719853884000006001 * thread.id=1",
    );
}

#[test]
fn a_line_an_event() {
    check_document(
        "{\"ph\":\"B\",\"name\":\"a\",\"pid\":1,\"tid\":1,\"ts\":0}\n{\"ph\":\"E\",\"pid\":1,\"tid\":1,\"ts\":3}\n",
        r#""process 1" process.pid=1: 1 in:3 "a" 0..3000
        "process 1" process.pid=1: 3 "thread 1" 0..3000 * thread.id=1"#,
    );
}

#[test]
fn samples_become_stacks() {
    check_document(
        r#"{"traceEvents":[{"ph":"M","name":"thread_name","pid":1,"tid":2,"args":{"name":"js"}}],
        "samples":[{"pid":1,"tid":"2","ts":"10","sf":2},{"pid":1,"tid":"2","ts":"11","sf":2},
            {"pid":1,"tid":"2","ts":"13","sf":3}],
        "stackFrames":{"1":{"name":"r"},"2":{"name":"a","parent":1},"3":{"name":"b","parent":1}}}"#,
        r#""process 1" process.pid=1: 1 "js (samples)" 0..5000 *
        "process 1" process.pid=1: 3 in:2 "a" 0..3000
        "process 1" process.pid=1: 4 in:2 "b" 3000..5000
        "process 1" process.pid=1: 2 in:1 "r" 0..5000"#,
    );
}

#[test]
fn profiles_of_v8_become_stacks() {
    check(
        r#"{"ph":"P","name":"Profile","id":"0x1","pid":1,"tid":2,"ts":100,"args":{"data":{"startTime":100}}},
        {"ph":"P","name":"ProfileChunk","id":"0x1","pid":1,"tid":3,"ts":101,"args":{"data":{"cpuProfile":{"nodes":[
            {"id":1,"callFrame":{"functionName":"(root)"}},
            {"id":2,"parent":1,"callFrame":{"functionName":"f","url":"u.js","lineNumber":0,"columnNumber":4}},
            {"id":3,"parent":2,"callFrame":{"functionName":""}},
            {"id":4,"parent":1,"callFrame":{"functionName":"(garbage collector)"}},
            {"id":5,"parent":1,"callFrame":{"functionName":"(idle)"}}],"samples":[2,3]},"timeDeltas":[5,1]}}},
        {"ph":"P","name":"ProfileChunk","id":"0x1","pid":1,"tid":3,"ts":102,"args":{"data":{"cpuProfile":{"samples":[4,2,5]},
            "timeDeltas":[1,1,1],"endTime":120}}}"#,
        r#""process 1" process.pid=1: 1 "thread 2 (samples)" 0..20000 *
        "process 1" process.pid=1: 4 in:3 "(garbage collector)" 7000..8000
        "process 1" process.pid=1: 3 in:2 "(anonymous)" 6000..8000
        "process 1" process.pid=1: 2 in:1 "f" 5000..9000 code.file.path="u.js" code.line.number=1 code.column.number=5"#,
    );
}

#[test]
fn many_events() {
    let mut text = Vec::new();
    let count = 20_000;
    support::chrome::write(count as u64, &mut text).unwrap();
    let (picture, outcome) = support::decode_in(&text, &[1 << 16]);
    // 8 of 10 begin a span, and there are 16 threads; half of the tasks follow another.
    assert_eq!(outcome.map(|outcome| outcome.spans as usize), Ok(count * 8 / 10 + 16));
    assert_eq!((picture.links, picture.warnings.len()), (count / 20, 0));
    assert_eq!(depth(&picture.lines()), 8);
}

/// Where the file's events and what became of them differ in number, and why: spans, events of spans, left out.
const DIFFERENCES: &[(&str, [isize; 3], &str)] = &[
    (
        "catapult-project__catapult__traceviewify.json",
        [613, 0, 0],
        "`samples` beside the events are stacks: spans of their own",
    ),
    ("jlfwong__speedscope__trace-event__simple-with-samples.json", [5, 0, 0], "as above"),
    (
        "jlfwong__speedscope__Chrome__116__Trace-20230603T221323.json",
        [154, -17, 0],
        "all `P` are parts of a profile of V8, whose stacks are spans",
    ),
    (
        "jlfwong__speedscope__Chrome__141__no-arg-data.json",
        [76, -10, 0],
        "10 of 12 `P` are parts of a profile; two are empty",
    ),
    (
        "jlfwong__speedscope__Chrome__65__simple-timeline.json",
        [145, -1, 2],
        "an event is a profile of V8; two `D` are not among the twelve kinds that the oracle counts",
    ),
    ("firefox-devtools__profiler__test.chrome-unchunked.json", [96, -1, 0], "an event is a profile of V8"),
    (
        "GoogleChrome__lighthouse__artifacts__blocking-time__trace.json.gz",
        [0, 0, 1],
        "a `D` is not among the twelve kinds that the oracle counts",
    ),
];

/// Beginnings, ends and flows without their other one, and spans across each other's ends. Files that are not named have
/// none.
const UNPAIRED: &[(&str, usize, usize, &str)] = &[
    (
        "catapult-project__catapult__flow.json",
        553,
        601,
        "265 of 866 `s` are outside of spans; 3 `B` do not end",
    ),
    ("catapult-project__catapult__simple_trace.json", 1, 0, "an `E` has another name than what it ends"),
    ("catapult-project__catapult__simple_trace_gz.gz", 1, 0, "as above"),
    ("catapult-project__catapult__nestable_async.json", 2, 0, "one that begins alone, one that ends alone"),
    ("catapult-project__catapult__nestable_async_annotation.json", 2, 0, "as above"),
    ("catapult-project__catapult__async_begin_end.json", 4, 0, "S, b, S begin alone, F ends alone"),
    ("google__perfetto__flow_events_json_v2.json", 0, 4, "`bind_id`"),
    ("GoogleChrome__lighthouse__traces__cutoff-load-m83.trace.json", 18, 16, "`bind_id`; the file is a part"),
    ("GoogleChrome__lighthouse__traces__backgrounded-tab-missing-paints.json", 1, 0, "a `b` does not end"),
    ("GoogleChrome__lighthouse__artifacts__blocking-time__trace.json.gz", 1, 119, "a `B` does not end"),
    (
        "facebookresearch__HolisticTraceAnalysis__benchmark_result_2869224_1695835535_trace.json.gz",
        230,
        139,
        "206 `f` without `s`, 16 `s` without `f`; 8 spans overlap, as the oracle counts",
    ),
    (
        "facebookresearch__HolisticTraceAnalysis__mi250_minitoy_train_ROCm6_2_kineto.json.gz",
        5,
        20,
        "5 `f` without `s`",
    ),
    ("jlfwong__speedscope__trace-event__end-event-with-empty-stack.json", 1, 0, "what its name says"),
    ("jlfwong__speedscope__trace-event__end-non-top-of-stack.json", 1, 0, "B does not end"),
    ("jlfwong__speedscope__trace-event__invalid-x-nesting.json", 1, 0, "what its name says"),
    ("jlfwong__speedscope__trace-event__mismatched-name.json", 1, 0, "what its name says"),
    ("jlfwong__speedscope__trace-event__not-enough-end-events.json", 2, 0, "what its name says"),
    ("jlfwong__speedscope__trace-event__only-begin-events.json", 3, 0, "what its name says"),
    ("jlfwong__speedscope__trace-event__too-many-end-events.json", 2, 0, "what its name says"),
    (
        "jlfwong__speedscope__Chrome__65__simple-timeline.json",
        86,
        0,
        "13 `X` have no length; 14 begin and 17 end outside of what was recorded; `bind_id`",
    ),
    (
        "firefox-devtools__profiler__test.chrome-unchunked.json",
        9,
        0,
        "begin before or end after what was recorded",
    ),
];

/// How deep spans stand in each other within threads, those made for threads not counted.
fn depth(lines: &str) -> usize {
    let mut parents = BTreeMap::new();
    for line in lines.lines() {
        let Some((_, span)) = line.split_once(" /  / ") else { continue };
        let (ids, rest) = span.split_once(" \"").unwrap();
        let (id, parent) = ids.split_once(" in:").unwrap_or((ids, ""));
        let is_async = !parent.is_empty() && rest.contains(" thread.id=");
        parents.insert(id.split_once(':').unwrap().1, (parent, is_async || rest.contains(" (samples)\"")));
    }
    let depth = |id: &str| {
        let (mut depth, mut at) = (0, id);
        while let Some((parent, is_apart)) = parents.get(at) {
            if *is_apart {
                return 0;
            }
            depth += usize::from(!parent.is_empty());
            at = *parent;
        }
        depth
    };
    parents.keys().map(|id| depth(id)).max().unwrap_or(0)
}

/// Where the oracle finds another depth, and why.
const APART: &str = "`X` and `B` stand in each other; the oracle counts each kind for itself";
const SORTED: &str = "by time, not in the order of the file";
const DEPTHS: &[(&str, usize, &str)] = &[
    ("catapult-project__catapult__simple_trace.json", 3, APART),
    ("catapult-project__catapult__simple_trace_gz.gz", 3, APART),
    ("catapult-project__catapult__v8_runtime_call_stats.json", 16, APART),
    ("GoogleChrome__lighthouse__traces__lcp-m78.json", 5, APART),
    ("jlfwong__speedscope__trace-event__bex-interaction.json", 2, APART),
    ("jlfwong__speedscope__trace-event__event-reordering-name-match.json", 3, APART),
    ("jlfwong__speedscope__trace-event__hermes-multiple-frames.json", 3, SORTED),
    ("jlfwong__speedscope__trace-event__invalid-x-nesting.json", 1, "what only overlaps stands beside it"),
    ("jlfwong__speedscope__trace-event__not-enough-end-events.json", 3, APART),
    ("jlfwong__speedscope__trace-event__out-of-order-unbalanced-name.json", 2, SORTED),
    ("jlfwong__speedscope__trace-event__out-of-order.json", 3, SORTED),
    ("jlfwong__speedscope__trace-event__simple-object.json", 3, APART),
    ("jlfwong__speedscope__trace-event__simple-partial-trailing-comma.json", 3, APART),
    ("jlfwong__speedscope__trace-event__simple-partial-whitespace.json", 3, APART),
    ("jlfwong__speedscope__trace-event__simple-partial.json", 3, APART),
    ("jlfwong__speedscope__trace-event__simple.json", 3, APART),
    ("jlfwong__speedscope__Chrome__65__simple-timeline.json", 6, APART),
    ("firefox-devtools__profiler__test.chrome-unchunked.json", 3, APART),
];

/// Every event of every file is a span, an event of one, a link, metadata, or counted.
#[test]
fn the_corpus_counted() {
    let corpus = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus"));
    if !corpus.is_dir() {
        println!("skipped: no corpus at {}", corpus.display());
        return;
    }
    let facts = std::fs::read(corpus.join("oracles/file_facts.json")).unwrap();
    let facts: Value = serde_json::from_slice(&facts).unwrap();
    let mut wrong = Vec::new();
    let mut files = 0;
    for fact in facts["facts"].as_array().unwrap() {
        let name = fact["file"].as_str().unwrap();
        let Some(short) = name.strip_prefix("chrome-trace/") else { continue };
        let bytes = std::fs::read(corpus.join(name)).unwrap();
        if bytes.starts_with(b"PK") {
            println!("skipped: {name} is a zip archive");
            continue;
        }
        files += 1;
        let of = |all: &[&str]| -> isize {
            all.iter().filter_map(|ph| fact["info"]["ph"][ph].as_i64()).sum::<i64>() as isize
        };
        let (picture, outcome) = support::decode_in(&bytes, &[1 << 16]);
        let synthetic = picture.lines().matches("flamefall.synthetic=true").count();
        let warned = |kind| picture.warnings.iter().filter(|warning| warning.kind == kind).count();
        let (left_out, unpaired) = (warned(WarningKind::LeftOut), warned(WarningKind::Unpaired));
        let (_, [spans, events, more_left_out], _) =
            DIFFERENCES.iter().find(|(file, ..)| *file == short).unwrap_or(&("", [0; 3], ""));
        let known = UNPAIRED.iter().find(|(file, ..)| *file == short).unwrap_or(&("", 0, 0, ""));
        let expected = format!(
            "spans {} events {} left out {} unpaired {} links {} others 0",
            of(&["X", "B", "b", "S"]) + spans,
            of(&["i", "I", "R", "n", "T", "p", "P"]) + events,
            of(&["C", "N", "O", "D", "v", "V", "c"]) + more_left_out,
            known.1,
            // Where all flows find their ends.
            if known.2 > 0 { known.2 as isize } else { of(&["f", "t"]) },
        );
        let found = format!(
            "spans {} events {} left out {left_out} unpaired {unpaired} links {} others {}",
            picture.spans() - synthetic,
            picture.events,
            picture.links,
            picture.warnings.len() - left_out - unpaired,
        );
        if found != expected {
            wrong.push(format!("{short}\n  found    {found}\n  expected {expected}"));
        }
        let known = DEPTHS.iter().find(|(file, ..)| *file == short).map(|(_, depth, _)| *depth);
        let theirs = known.unwrap_or_else(|| fact["info"]["depth"].as_u64().unwrap() as usize);
        if depth(&picture.lines()) != theirs {
            wrong.push(format!("{short}: {} deep, not {theirs}", depth(&picture.lines())));
        }
        if let Err(refusal) = outcome
            && short != "catapult-project__catapult__gpu_state_trace.json"
        {
            wrong.push(format!("{short}: {refusal}"));
        }
    }
    println!("{files} files");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
