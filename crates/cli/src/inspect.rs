//! `flamefall inspect`: what was read, the longest traces, and where the time of one went.

use std::fmt::{self, Write as _};

use engine::{Engine, Failure, ListQuery, Opened, Request, Response, TraceHead, TraceRow};
use scene::{format_count, format_duration, operation_name, service_name};

use crate::args::Inspect;
use crate::time::utc;
use crate::{Error, input, print, printable};

/// Traces of the table.
const LONGEST: u32 = 10;

pub(crate) fn inspect(command: &Inspect) -> Result<(), Error> {
    let (mut engine, opened) = input::open(&command.inputs)?;
    let text = if command.json {
        document(&mut engine, command.trace.clone())?
    } else {
        report(&mut engine, &opened, command.trace.as_deref())?
    };
    print(&text)
}

/// `Summary` and `Analysis` of the element's contract.
fn document(engine: &mut Engine, trace_id: Option<String>) -> Result<String, Failure> {
    let mut ask = |request| match engine.handle(request) {
        Response::Json(text) => Ok(text),
        other => Err(unexpected(other)),
    };
    let summary = ask(Request::Summary)?;
    let analysis = ask(Request::Analyze { trace_id })?;
    Ok(format!("{{\"summary\":{summary},\"analysis\":{analysis}}}\n"))
}

fn report(engine: &mut Engine, opened: &Opened, trace: Option<&str>) -> Result<String, Failure> {
    let chosen = trace.map(|id| find(engine, id)).transpose()?;
    let request = Request::Traces { list: ListQuery::default(), first: 0, count: LONGEST };
    let rows = match engine.handle(request) {
        Response::Traces(traces) => traces.rows,
        other => return Err(unexpected(other)),
    };
    let mut out = String::new();
    // Writing to memory cannot fail.
    let _ = overview(&mut out, opened);
    if chosen.is_none() {
        let _ = longest(&mut out, &rows, opened.trace_count);
    }
    if let Some(trace) = chosen.or_else(|| rows.first().map(|row| row.trace)) {
        match engine.handle(Request::Trace { trace }) {
            Response::Trace(head) => {
                let _ = critical_path(&mut out, &head);
            }
            other => return Err(unexpected(other)),
        }
    }
    Ok(out)
}

fn find(engine: &mut Engine, id: &str) -> Result<u32, Failure> {
    match engine.handle(Request::Find { trace_id: id.to_owned(), span_id: None }) {
        Response::Found(Some(found)) => Ok(found.trace),
        Response::Found(None) => {
            Err(failure("notFound", format!("There is no trace {id} in what was read.")))
        }
        other => Err(unexpected(other)),
    }
}

fn unexpected(response: Response) -> Failure {
    match response {
        Response::Refused(failure) => failure,
        other => failure("engineStopped", format!("The engine answered {other:?}.")),
    }
}

fn failure(kind: &str, message: String) -> Failure {
    Failure { kind: kind.to_owned(), message, offset: None, name: String::new() }
}

fn overview(out: &mut String, opened: &Opened) -> fmt::Result {
    writeln!(out, "{}", printable(&opened.name))?;
    writeln!(out, "  format    {}", opened.format)?;
    writeln!(out, "  bytes     {}", count(opened.bytes))?;
    writeln!(out, "  spans     {}", count(opened.span_count))?;
    writeln!(out, "  traces    {}", count(u64::from(opened.trace_count)))?;
    let services: Vec<String> = opened.services.iter().map(|service| printable(&service.name)).collect();
    writeln!(
        out,
        "  services  {}",
        if services.is_empty() { "none".to_owned() } else { services.join(", ") }
    )?;
    if opened.warnings.is_empty() {
        return writeln!(out, "  warnings  none");
    }
    for (place, warning) in opened.warnings.iter().enumerate() {
        let label = if place == 0 { "warnings" } else { "" };
        writeln!(out, "  {label:8}  {}", crate::warning(warning))?;
    }
    Ok(())
}

fn longest(out: &mut String, rows: &[TraceRow], all: u32) -> fmt::Result {
    let shown = rows.len() as u64;
    if u64::from(all) > shown {
        writeln!(out, "\nThe {shown} longest of {} traces", count(u64::from(all)))?;
    } else {
        writeln!(out, "\nTraces, longest first")?;
    }
    let columns = ["duration", "spans", "errors", "start"];
    let [duration, spans, errors, start] = columns;
    writeln!(out, "  {:32}  {duration:>12}  {spans:>9}  {errors:>6}  {start:24}  root", "trace")?;
    for row in rows {
        writeln!(
            out,
            "  {}  {:>12}  {:>9}  {:>6}  {}  {}",
            row.trace_id,
            duration_text(row.duration),
            count(u64::from(row.span_count)),
            count(u64::from(row.error_count)),
            utc(row.start),
            root(&row.root_service, &row.root_name),
        )?;
    }
    Ok(())
}

fn critical_path(out: &mut String, head: &TraceHead) -> fmt::Result {
    writeln!(out, "\nCritical path of {}, {}", head.trace_id, root(&head.root_service, &head.root_name))?;
    writeln!(
        out,
        "  {}; spans {}, services {}, errors {}",
        duration_text(head.duration),
        count(u64::from(head.span_count)),
        count(u64::from(head.service_count)),
        count(u64::from(head.error_count)),
    )?;
    for part in &head.critical {
        writeln!(
            out,
            "  {:>5.1} %  {:>12}  {}",
            part.share * 100.0,
            duration_text(part.time),
            printable(service_name(&part.service.name)),
        )?;
    }
    Ok(())
}

fn root(service: &str, operation: &str) -> String {
    format!("{} {}", printable(service_name(service)), printable(operation_name(operation)))
}

/// As on the page, with plain spaces: terminals and `awk` know no others.
fn duration_text(nanos: u64) -> String {
    plain(&format_duration(nanos))
}

fn count(count: u64) -> String {
    plain(&format_count(count))
}

fn plain(text: &str) -> String {
    text.replace(['\u{2009}', '\u{202f}', '\u{a0}'], " ")
}
