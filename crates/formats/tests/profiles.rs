//! Profiles of stacks: speedscope's format, V8's, Firefox'.

#![expect(clippy::indexing_slicing, reason = "tests")]

#[cfg(test)]
mod support;

use std::path::Path;

use formats::Format;

/// Spans and warnings, without what is the same everywhere.
#[track_caller]
fn check(format: &'static str, text: &str, expected: &str) {
    let (picture, outcome) = support::decode(text.as_bytes());
    assert_eq!(outcome.map(|outcome| outcome.formats), Ok(vec![Format::Other(format)]), "{text}");
    let lines: Vec<String> = picture.lines().lines().map(short).collect();
    let expected: Vec<&str> = expected.lines().map(str::trim).collect();
    assert_eq!(lines, expected, "{text}");
}

fn short(line: &str) -> String {
    let Some((resource, span)) = line.split_once(" /  / ") else {
        return line.split(" @").collect::<Vec<_>>()[0].to_owned();
    };
    let span = span.split_once(':').map_or(span, |(_, span)| span).replace(" unspecified", "");
    let span = span.replace(" flamefall.synthetic=true", " *").replace(" flamefall.unfinished=true", " ?");
    format!("{resource}: {span}").replace("service.name=", "")
}

#[test]
fn speedscope_events() {
    let file = |events: &str| {
        format!(
            r#"{{"$schema":"https://www.speedscope.app/file-format-schema.json","name":"x",
            "profiles":[{{"type":"evented","name":"p","unit":"milliseconds","startValue":0,"endValue":14,"events":[{events}]}}],
            "shared":{{"frames":[{{"name":"a"}},{{"name":"b","file":"f.c","line":3,"col":4}}]}}}}"#
        )
    };
    let check = |events: &str, expected: &str| check("speedscope", &file(events), expected);
    check(
        r#"{"type":"O","frame":0,"at":0},{"type":"O","frame":1,"at":1.5},{"type":"C","frame":1,"at":2},
        {"type":"C","frame":0,"at":14}"#,
        r#""x": 1 "p" 0..14000000 *
        "x": 3 in:2 "b" 1500000..2000000 code.file.path="f.c" code.line.number=3 code.column.number=4
        "x": 2 in:1 "a" 0..14000000"#,
    );
    // Nothing ends it; the wrong one ends, and then again; time goes back.
    check(
        r#"{"type":"O","frame":0,"at":1}"#,
        r#""x": 1 "p" 0..14000000 *
        "x": 2 in:1 "a" 1000000..14000000 ?
        unpaired"#,
    );
    check(
        r#"{"type":"O","frame":0,"at":1},{"type":"O","frame":1,"at":2},{"type":"C","frame":0,"at":3},{"type":"C","frame":1,"at":2},
        {"type":"Q","frame":1,"at":2}"#,
        r#""x": 1 "p" 0..14000000 *
        "x": 3 in:2 "b" 2000000..3000000 code.file.path="f.c" code.line.number=3 code.column.number=4 ?
        "x": 2 in:1 "a" 1000000..3000000
        skippedSpan
        unpaired
        unpaired
        unpaired"#,
    );
}

#[test]
fn speedscope_samples() {
    check(
        "speedscope",
        r#"{"$schema":"https://www.speedscope.app/file-format-schema.json","exporter":"e","shared":{"frames":[{"name":"a"},{"name":"b"}]},
        "profiles":[{"type":"sampled","name":"p","unit":"seconds","startValue":2,"endValue":9,
            "samples":[[0],[0,1],[],[0]],"weights":[1,0.5,2,3]},
            {"type":"sampled","name":"q","unit":"none","startValue":0,"endValue":2,"samples":[[0],[0]],"weights":[1,1]}]}"#,
        r#""e": 1 "p" 0..7000000000 *
        "e": 3 in:2 "b" 1000000000..1500000000
        "e": 2 in:1 "a" 0..1500000000
        "e": 4 in:1 "a" 3500000000..6500000000
        "e": 1 "q" 0..2000 * profile.unit="none"
        "e": 2 in:1 "a" 0..2000"#,
    );
}

#[test]
fn a_cpuprofile() {
    check(
        "V8 CPU profile",
        r#"{"nodes":[{"id":1,"callFrame":{"functionName":"(root)","url":"","lineNumber":-1,"columnNumber":-1},"children":[2,4]},
        {"id":2,"callFrame":{"functionName":"f","url":"u.js","lineNumber":0,"columnNumber":1},"children":[3]},
        {"id":3,"callFrame":{"functionName":"g"}},{"id":4,"callFrame":{"functionName":"(program)"}}],
        "startTime":1000,"endTime":1010,"samples":[2,3,4],"timeDeltas":[0,4,4]}"#,
        r#""JavaScript": 1 "CPU profile" 0..10000 *
        "JavaScript": 3 in:2 "g" 4000..8000
        "JavaScript": 2 in:1 "f" 0..8000 code.file.path="u.js" code.line.number=1 code.column.number=2
        "JavaScript": 4 in:1 "(program)" 8000..10000"#,
    );
}

#[test]
fn a_processed_profile_of_firefox() {
    check(
        "Firefox profile",
        r#"{"meta":{"startTime":1764804834257.5,"processType":0,"product":"Firefox","misc":"rv:147.0"},"libs":[],
        "shared":{"stringArray":["f","g","Reflow","Mouse","u.js","Load"],"sources":{"length":1,"uuid":[null],"filename":[4]}},
        "threads":[{"name":"GeckoMain","processName":"tab","pid":"7","tid":8,
            "frameTable":{"length":2,"func":[0,1],"line":[3,null],"column":[null,null]},
            "funcTable":{"length":2,"name":[0,1],"source":[0,null]},
            "stackTable":{"length":2,"frame":[0,1],"prefix":[null,0]},
            "samples":{"length":3,"stack":[0,1,null],"timeDeltas":[1.5,1,0.000001]},
            "markers":{"length":5,"name":[2,3,5,5,2],"startTime":[1,2,3,0.5,9],"endTime":[4,0.5,0.5,5,0.5],
                "phase":[1,0,2,3,2],"data":[{"type":"x"},null,null,null,null]}}]}"#,
        r#""tab" process.pid=7 process.runtime.name="Firefox" process.runtime.version="147.0": 2 in:1 "Reflow" 1764804834258500000..1764804834261500000 type="x"
        "tab" process.pid=7 process.runtime.name="Firefox" process.runtime.version="147.0": 3 in:1 "Load" 1764804834260500000..1764804834262500000
        "tab" process.pid=7 process.runtime.name="Firefox" process.runtime.version="147.0": 4 in:1 "Reflow" 1764804834266500000..1764804834266500000 ?
        "tab" process.pid=7 process.runtime.name="Firefox" process.runtime.version="147.0": 1 "GeckoMain" 1764804834258500000..1764804834266500000 * thread.id=8 thread.name="GeckoMain" event(1764804834259500000 "Mouse")
        "tab" process.pid=7 process.runtime.name="Firefox" process.runtime.version="147.0": 6 in:5 "g" 1764804834260000000..1764804834260000001
        "tab" process.pid=7 process.runtime.name="Firefox" process.runtime.version="147.0": 5 in:1 "f" 1764804834259000000..1764804834260000001 code.file.path="u.js" code.line.number=3
        unpaired"#,
    );
}

#[test]
fn a_raw_profile_of_firefox() {
    check(
        "Firefox profile",
        r#"{"label":"x","profile":{"libs":[{"breakpadId":"1","debugName":"XUL"}],"meta":{"startTime":1533770187505.25,"product":"Firefox"},
        "threads":[{"processType":"tab","name":"GeckoMain","tid":9,"pid":8,
            "samples":{"schema":{"stack":0,"time":1},"data":[[1,1.0],[0,2.0],[null,3.0]]},
            "markers":{"schema":{"name":0,"time":1,"data":2},"data":[[3,2.5,{"k":1}],[3,9000.5]]},
            "frameTable":{"schema":{"location":0,"line":1},"data":[[0],[1,7]]},
            "stackTable":{"schema":{"prefix":0,"frame":1},"data":[[null,0],[0,1]]},
            "stringTable":["(root)","f (http://x/u.js:3)","","Paint"]}]}}"#,
        r#""process 8" process.pid=8 process.runtime.name="Firefox": 1 "GeckoMain" 1533770187506250000..1533770187508250000 * thread.id=9 thread.name="GeckoMain" event(1533770187507750000 "Paint" k=1)
        "process 8" process.pid=8 process.runtime.name="Firefox": 3 in:2 "f" 1533770187506250000..1533770187507250000 code.file.path="http://x/u.js" code.line.number=7
        "process 8" process.pid=8 process.runtime.name="Firefox": 2 in:1 "(root)" 1533770187506250000..1533770187508250000
        leftOut"#,
    );
}

/// Spans of each file: those that are made, and one for each frame and stretch of samples it stands in, or for each
/// beginning. Warnings: what does not end or begin; markers of the recording, which are on another clock.
const FILES: &[(&str, usize, usize)] = &[
    ("speedscope/jlfwong__speedscope__speedscope__0.0.1__simple-no-pretty-print.speedscope.json", 6, 0),
    ("speedscope/jlfwong__speedscope__speedscope__0.0.1__simple.speedscope.json", 6, 0),
    ("speedscope/jlfwong__speedscope__speedscope__0.1.2__simple-sampled.speedscope.json", 6, 0),
    ("speedscope/jlfwong__speedscope__speedscope__0.6.0__two-sampled.speedscope.json", 12, 0),
    ("speedscope/jlfwong__speedscope__speedscope__invalid__incomplete-trace.json", 2, 1),
    ("speedscope/jlfwong__speedscope__speedscope__invalid__out-of-order-events.json", 5, 2),
    ("speedscope/jlfwong__speedscope__Chrome__65__simple.cpuprofile", 7, 0),
    ("speedscope/jlfwong__speedscope__Firefox__61__recursion.json", 103, 7),
    ("firefox-profile/firefox-devtools__profiler__argument-values.json", 58, 1),
];

#[test]
fn files_of_the_corpus() {
    let corpus = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus"));
    if !corpus.is_dir() {
        println!("skipped: no corpus at {}", corpus.display());
        return;
    }
    for (name, spans, warnings) in FILES {
        let bytes = std::fs::read(corpus.join(name)).unwrap();
        let (picture, outcome) = support::decode_in(&bytes, &[1000]);
        assert_eq!(outcome.map(|outcome| outcome.spans as usize), Ok(*spans), "{name}");
        assert_eq!(picture.warnings.len(), *warnings, "{name}: {:#?}", picture.warnings);
        assert_eq!(support::decode_in(&bytes, &[77, 1]).0.lines(), picture.lines(), "{name} in chunks");
    }
}
