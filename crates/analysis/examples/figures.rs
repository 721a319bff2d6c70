//! Prints how long each pass takes on one large trace: `cargo run --release -p analysis --example figures [SPANS]`.

#![expect(clippy::print_stdout, reason = "it is what this is for")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use analysis::{Policy, Weight};
use store::{TraceIdx, TraceStoreBuilder};

const TRACE: TraceIdx = TraceIdx(0);

fn main() {
    let counts: Vec<usize> = std::env::args().skip(1).filter_map(|count| count.parse().ok()).collect();
    for count in if counts.is_empty() { vec![100_000, 1_000_000] } else { counts } {
        let store = time("build", || {
            let mut builder = TraceStoreBuilder::new();
            fixtures::one_trace(1, count, &mut builder);
            builder.seal()
        });
        println!("{count} spans, {} MB of distinct text", store.strings().text_bytes() / 1_000_000);
        let own = time("self times", || analysis::self_times(&store, TRACE));
        time("critical path, strict", || analysis::critical_path(&store, TRACE, Policy::Strict));
        let path =
            time("critical path, tolerant", || analysis::critical_path(&store, TRACE, Policy::Tolerant));
        println!("  {} sections", path.sections().len());
        time("error marks", || analysis::error_marks(&store, TRACE));
        let lanes = time("lanes", || analysis::lanes(&store, TRACE));
        println!("  {} lanes", lanes.count);
        for weight in [Weight::Duration, Weight::SelfTime, Weight::CriticalPath] {
            let tree = time("flame tree", || analysis::flame_tree(&store, TRACE, &own, &path, weight));
            println!("  {} nodes, {weight:?}", tree.nodes.len());
        }
        let all = time("analyze", || analysis::analyze(&store, TRACE));
        time("service statistics", || analysis::service_stats(&store, TRACE, &all));
        time("colours", || analysis::colour_slots(&store));
        for text in
            ["checkout", "select", "e", "200", "http.route=/cart", "redis timeout", "not there", "4bf92f35"]
        {
            let found = time(&format!("search {text:?}"), || analysis::search(&store, text));
            println!("  {} found", found.spans.len());
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "native only")]
fn time<T>(what: &str, mut run: impl FnMut() -> T) -> T {
    let mut best = Duration::MAX;
    let tries = if what == "build" { 1 } else { 3 };
    for _ in 0..tries {
        let start = Instant::now();
        black_box(run());
        best = best.min(start.elapsed());
    }
    println!("{:9.2} ms  {what}", best.as_secs_f64() * 1e3);
    run()
}
