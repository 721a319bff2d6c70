//! How long each request takes on one large trace: `cargo run --release -p engine --example speed -- [SPANS]`.

#![expect(clippy::print_stdout, reason = "an example speaks to a terminal")]

use std::time::{Duration, Instant};

use engine::{Engine, Fold, ListQuery, Request, Response, StepAmong};
use formats::OtlpJsonWriter;
use scene::{FlameMode, FlameRequest, WaterfallRequest};

fn timed(engine: &mut Engine, request: Request) -> (Duration, Response) {
    #[expect(clippy::disallowed_methods, reason = "not for the browser")]
    let before = Instant::now();
    let response = engine.handle(request);
    (before.elapsed(), response)
}

/// The first time, and the best of nine more.
fn measure(engine: &mut Engine, name: &str, request: &Request) {
    let (first, response) = timed(engine, request.clone());
    let best = (0..9).map(|_| timed(engine, request.clone()).0).min().unwrap_or_default();
    let bytes = postcard::to_allocvec(&response).map_or(0, |bytes| bytes.len());
    let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
    let refused = if matches!(response, Response::Refused(_)) { " REFUSED" } else { "" };
    println!(
        "{name:<28} {:>10.3} ms {:>10.3} ms {bytes:>10} bytes{refused}",
        milliseconds(first),
        milliseconds(best)
    );
}

fn main() -> std::io::Result<()> {
    let spans: u32 = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(100_000);
    let mut writer = OtlpJsonWriter::new(Vec::new());
    fixtures::one_trace(1, spans as usize, &mut writer);
    let bytes = writer.finish()?;

    let mut engine = Engine::new();
    engine.handle(Request::Begin { append: false });
    engine.handle(Request::Source { name: "one trace".to_owned() });
    let mut load = Duration::ZERO;
    for chunk in bytes.chunks(4 << 20) {
        load += timed(&mut engine, Request::Chunk(chunk.to_vec())).0;
    }
    load += timed(&mut engine, Request::EndSource).0;
    let seal = timed(&mut engine, Request::Finish).0;
    println!("{} spans, {} bytes: decoded in {load:?}, sealed in {seal:?}", spans, bytes.len());

    let (_, Response::Trace(head)) = timed(&mut engine, Request::Trace { trace: 0 }) else { return Ok(()) };
    engine.handle(Request::Close);
    engine.handle(Request::Begin { append: false });
    engine.handle(Request::Source { name: "again".to_owned() });
    engine.handle(Request::Chunk(bytes));
    engine.handle(Request::Finish);

    println!("{:<28} {:>13} {:>13} {:>16}", "request", "first", "then", "answer");
    let end = head.duration as f64;
    let rows = |first_row, from: f64, to: f64| {
        let request =
            WaterfallRequest { first_row, row_count: 120, start: end * from, end: end * to, px: 3000.0 };
        Request::Waterfall { trace: 0, request }
    };
    let flame = |mode, from: f64, to: f64| {
        let request = FlameRequest {
            mode,
            start: end * from,
            end: end * to,
            first_lane: 0,
            lane_count: 90,
            px: 3000.0,
            focus: None,
        };
        Request::Flame { trace: 0, request }
    };
    let step = |among| Request::Step { trace: 0, from: Some(spans / 2), by: 1, among };
    let fold = |fold| Request::Fold { trace: 0, fold };
    let search = |text: &str| Request::Search { text: text.to_owned(), trace: Some(0) };
    let list = ListQuery::default;
    let requests = [
        ("trace", Request::Trace { trace: 0 }),
        ("waterfall, top", rows(0, 0.0, 1.0)),
        ("waterfall, middle", rows(spans / 2, 0.4, 0.6)),
        ("minimap", Request::Minimap { trace: 0, width: 1400.0, height: 52.0 }),
        ("flame, all", flame(FlameMode::InTime, 0.0, 1.0)),
        ("flame, part", flame(FlameMode::InTime, 0.5, 0.51)),
        ("flame, merged", flame(FlameMode::Merged, 0.0, 1.0)),
        ("details of the root", Request::Details { span: 0 }),
        ("details", Request::Details { span: spans / 2 }),
        ("raw", Request::Raw { span: spans / 2 }),
        ("search", search("post")),
        ("search, two words", search("redis get")),
        ("search, nothing", search("qqqq")),
        ("search, again", search("post")),
        ("waterfall with matches", rows(0, 0.0, 1.0)),
        ("flame with matches", flame(FlameMode::InTime, 0.0, 1.0)),
        ("step among rows", step(StepAmong::Rows)),
        ("step among matches", step(StepAmong::Matches)),
        ("step among errors", step(StepAmong::Errors)),
        ("fold one", fold(Fold::Toggle(1))),
        ("close a level", fold(Fold::CloseLevel)),
        ("close all", fold(Fold::CloseAll)),
        ("reveal", Request::Reveal { trace: 0, span: spans - 1 }),
        ("open all", fold(Fold::OpenAll)),
        ("list", Request::Traces { list: list(), first: 0, count: 50 }),
        ("charts", Request::Charts { list: list(), width: 900.0, height: 150.0 }),
        ("summary", Request::Summary),
        ("analyze", Request::Analyze { trace_id: None }),
    ];
    for (name, request) in &requests {
        measure(&mut engine, name, request);
    }
    Ok(())
}
