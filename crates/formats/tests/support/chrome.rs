//! Trace events as Chrome writes them: tasks in tasks on a few threads of a few processes, a part as beginnings and ends,
//! flows between them. The same for the same count.

use std::io::{self, Write};

const NAMES: [&str; 6] = [
    "ThreadControllerImpl::RunTask",
    "FunctionCall",
    "UpdateLayoutTree",
    "Layout",
    "Paint",
    "EvaluateScript",
];
const CATEGORIES: [&str; 3] =
    ["toplevel", "devtools.timeline", "disabled-by-default-devtools.timeline,blink"];
/// Events of one task and what runs in it.
const TASK: u64 = 10;

/// About 100 bytes an event. Of ten events, 8 are spans, one is an end, and one is an event of a span or an end of a flow.
pub(crate) fn write(count: u64, out: &mut impl Write) -> io::Result<()> {
    out.write_all(b"{\"traceEvents\":[\n")?;
    for index in 0..count {
        let (task, part) = (index / TASK, index % TASK);
        let (pid, tid) = (1000 + task % 4, 7 + task % 16);
        // Tasks of a thread come one after the other.
        let ts = 50_000_000_000 + task * 40 + part * 2;
        let name = NAMES.get((part * 7 + task) as usize % NAMES.len()).copied().unwrap_or_default();
        let cat = CATEGORIES.get(part as usize % CATEGORIES.len()).copied().unwrap_or_default();
        let comma = if index + 1 < count { "," } else { "" };
        let start = format!(r#"{{"pid":{pid},"tid":{tid},"ts":{ts},"cat":"{cat}","#);
        let rest = match part {
            0 => format!(r#""ph":"B","name":"{name}","args":{{"src_func":"Post{}"}}"#, task % 50),
            8 if task.is_multiple_of(2) => format!(r#""ph":"s","id":{},"name":"flow""#, task / 2),
            8 => format!(r#""ph":"f","bp":"e","id":{},"name":"flow""#, task / 2),
            9 => r#""ph":"E","args":{}"#.to_owned(),
            _ => {
                let dur = (TASK - part) * 2 - 3;
                format!(r#""ph":"X","name":"{name}","dur":{dur},"args":{{"frame":{task}}}"#)
            }
        };
        writeln!(out, "{start}{rest}}}{comma}")?;
    }
    out.write_all(b"]}\n")
}
