//! Seeds with places changed: decoding them holds to what [`property`] says.
//!
//! Each seed is changed so often as takes some seconds for all. `FLAMEFALL_FUZZ_SECONDS=60` spends that on each format;
//! `FLAMEFALL_FUZZ_SEED=7` changes other places, `FLAMEFALL_FUZZ_ONLY=zip` only seeds whose format's name holds that.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "tests, which have a clock"
)]

#[cfg(test)]
mod seeds;
#[cfg(test)]
mod support;

use std::any::Any;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use seeds::{Seed, pack};
use support::mutate::{Random, mutated};
use support::property;

/// How often each seed is changed.
const ROUNDS: usize = 500;

/// A run of decoding that takes longer has no end.
const HANG: Duration = Duration::from_mins(1);

fn setting<T: std::str::FromStr>(name: &str) -> Option<T> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn every_format_and_container_has_seeds() {
    let (documents, containers) = (seeds::documents(), seeds::containers());
    let count = |seeds: &[Seed], name: &str| seeds.iter().filter(|seed| seed.format == name).count();
    for name in formats::formats_by_name() {
        assert!(
            count(&documents, name) >= 2,
            "{name}: needs the smallest document, and a rich one in tests/seeds"
        );
    }
    for name in formats::containers_by_name() {
        assert!(count(&containers, name) >= 2, "{name}: needs seeds in tests/seeds/mod.rs");
    }
    for Seed { format, bytes } in &documents {
        let (_, outcome) = support::decode_in(bytes, &[usize::MAX]);
        if let Ok(outcome) = outcome {
            let told: Vec<_> = outcome.formats.iter().map(|format| format.name()).collect();
            assert_eq!(told, [format], "{}", String::from_utf8_lossy(bytes));
        }
    }
    for Seed { format, bytes } in seeds::rich().into_iter().chain(containers) {
        let (_, outcome) = support::decode_in(&bytes, &[usize::MAX]);
        assert!(outcome.is_ok(), "{format}: {outcome:?} {}", String::from_utf8_lossy(&bytes));
    }
}

/// What broke once, made small.
const MENDED: &[&[u8]] = &[
    // Kinds, lines and columns as large as can be.
    br#"{"kind":18446744073709551615,"spanContext":{"traceId":"1","spanId":"2"},"name":"a"}"#,
    br#"{"nodes":[{"id":2,"callFrame":{"functionName":"f","url":"u","lineNumber":9223372036854775807}}],"samples":[2],"timeDeltas":[5]}"#,
    // Stacks in a circle.
    br#"{"meta":{"startTime":1,"processType":0},"threads":[{"samples":{"schema":{"stack":0,"time":1},"data":[[0,1],[0,2]]},"stackTable":{"schema":{"prefix":0,"frame":1},"data":[[1,0],[0,0]]}}]}"#,
    br#"{"nodes":[{"id":1,"callFrame":{"functionName":"a"},"children":[2]},{"id":2,"callFrame":{"functionName":"b"},"children":[1]}],"samples":[1,2],"timeDeltas":[1,1]}"#,
    // Begins like protobuf, and is none after more bytes than tell.
    b"\n\x91\x03\n\x1a\n\x16\n\x0cservice.name\x12\x06\n\x04shop\x10\x01\x1a\x02s2\x12\xee\x02\n\x11\n\x03lib\x12\x011\x1a\x07\n\x01k\x12\x02\x10\x01\x1a\x02s1\x12\x9f\x02\n\x10\x01\x02\x03\x04\x05\x06\x07\x08\t\n\x0b\x0c\r\x0e\x0f\x10\x12\x08\x01\x02\x03\x04\x05\x06\x07\x08\x1a\x03a=b\"\x08\n\x123\n\x10\x01\x02\x03\x04",
    // A character that is cut off after the last document; a line in a string that is not closed.
    b"{\"a\" nonsense}\xf0",
    b"{\"a\":[\"lib[\n{",
    // An exemplar whose value is no number.
    br#"{"measurements":[{"values":{"x":""},"trace":{"trace_id":"f"}}],"meta":{"sdk":{},"app":{}}}"#,
    // A number that is broken, and was cut where it could have been whole; in a value that is broken, too.
    br#"{"resourceSpans":[{"scopeSpans":[{"spans":[-"n"#,
    b"{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"name\":\"a\"}]}]}]}\n{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[000",
    b"{\"resourceSpans\":[{\"resource\":{\"scopeSpans\":[{\"spans\":[\n{\"traceId\":\"1\",\"d\":-1,\n\"a\":1.5e3\"",
    // White space before what would be a length.
    b"\n\0\0\0\x12\n\x06\n\0\x12\x02\x12\0",
    b"  \0\0\0\x08\n\x06\n\0\x12\x02\x12\0",
    // Replaced by other bytes, it would be one.
    b"\0\x80\n}\x12\x02\x12\0",
];

#[test]
fn what_was_mended_holds() {
    for bytes in MENDED {
        property::any_input(bytes);
    }
}

#[test]
fn seeds_with_places_changed() {
    let mut formats: BTreeMap<String, Vec<Vec<u8>>> = BTreeMap::new();
    for seed in seeds::documents().into_iter().chain(seeds::containers()) {
        formats.entry(seed.format).or_default().push(seed.bytes);
    }
    let only: String = setting("FLAMEFALL_FUZZ_ONLY").unwrap_or_default();
    let all: Vec<Vec<u8>> = formats.values().flatten().cloned().collect();
    let all: Vec<&[u8]> = all.iter().map(Vec::as_slice).collect();
    let work: Vec<_> = formats.iter().filter(|(format, _)| format.contains(&only)).collect();
    let (next, found) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    let hook = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if !GUARDED.get() {
            hook(panic);
        }
    }));
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let watched: Vec<Watched> = (0..workers).map(|_| Watched::default()).collect();
    let at_work = AtomicUsize::new(workers);
    thread::scope(|scope| {
        scope.spawn(|| watch(&watched, &at_work));
        for watched in &watched {
            let (work, next, found, all, at_work) = (&work, &next, &found, &all, &at_work);
            scope.spawn(move || {
                while let Some((format, seeds)) = work.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let rounds = one_format(format, seeds, all, found, watched);
                    if setting::<u64>("FLAMEFALL_FUZZ_SECONDS").is_some() {
                        eprintln!("{format}: {rounds} rounds");
                    }
                }
                at_work.fetch_sub(1, Ordering::Relaxed);
            });
        }
    });
    let found: Vec<String> = found.into_inner().unwrap().into_values().collect();
    assert!(found.is_empty(), "{}", found.join("\n\n"));
}

/// What a worker decodes, and since when.
type Watched = Mutex<Option<(Instant, Vec<u8>)>>;

/// What has no end cannot be caught: it ends the test.
fn watch(watched: &[Watched], at_work: &AtomicUsize) {
    while at_work.load(Ordering::Relaxed) > 0 {
        thread::park_timeout(Duration::from_millis(100));
        for watched in watched {
            if let Some((since, bytes)) = &*watched.lock().unwrap()
                && since.elapsed() > HANG
            {
                eprintln!("no end after {HANG:?}: b\"{}\"", bytes.escape_ascii());
                std::process::abort();
            }
        }
    }
}

/// Cases by where they broke.
type Found = Mutex<BTreeMap<String, String>>;

fn one_format(format: &str, seeds: &[Vec<u8>], all: &[&[u8]], found: &Found, watched: &Watched) -> usize {
    let seconds: Option<u64> = setting("FLAMEFALL_FUZZ_SECONDS");
    let until = Instant::now() + Duration::from_secs(seconds.unwrap_or(3600));
    let start = setting("FLAMEFALL_FUZZ_SEED").unwrap_or(1_u64) ^ (format.len() as u64) << 32;
    let mut random =
        Random(format.bytes().fold(start, |start, byte| start.wrapping_mul(31) ^ u64::from(byte)));
    let mut rounds = 0;
    while Instant::now() < until && (seconds.is_some() || rounds < ROUNDS) {
        rounds += 1;
        for seed in seeds {
            let others = if random.below(3) == 0 { all } else { &[seed.as_slice()] };
            let mut bytes = mutated(seed, others, &mut random);
            if random.below(16) == 0 {
                bytes = packed(&bytes, &mut random);
            }
            *watched.lock().unwrap() = Some((Instant::now(), bytes.clone()));
            let result = guarded(|| property::any_input(&bytes));
            *watched.lock().unwrap() = None;
            if let Err(why) = result {
                note(format, &bytes, why, found);
            }
            if random.below(8) == 0 {
                let tape = mutated(&property::tape_of(seed), &[seed], &mut random);
                if let Err(why) = guarded(|| property::any_tape(&tape)) {
                    note(&format!("{format}, tape"), &tape, why, found);
                }
            }
        }
    }
    rounds
}

/// In a container, which may be damaged, too.
fn packed(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let packed = match random.below(5) {
        0 => pack::gzip(bytes),
        1 => pack::zstd(bytes),
        2 => pack::tar(&[("a", bytes), ("b/c", bytes)]),
        3 => pack::zip(&[("a", bytes), ("b/c", bytes)], random.below(2) == 0),
        _ => pack::frames(&[bytes, bytes]),
    };
    if random.below(2) == 0 { mutated(&packed, &[bytes], random) } else { packed }
}

thread_local! {
    /// What a panic says is in what is caught.
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

fn guarded(work: impl FnOnce()) -> Result<(), String> {
    GUARDED.set(true);
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    GUARDED.set(false);
    result.map_err(|payload| words(payload.as_ref()))
}

fn words(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("?").to_owned()
}

/// Keeps one case of a kind, made small.
fn note(format: &str, bytes: &[u8], why: String, found: &Found) {
    let key: String = why
        .lines()
        .next()
        .unwrap_or_default()
        .replace(|c: char| c.is_ascii_digit(), "")
        .chars()
        .take(70)
        .collect();
    let key = format!("{format}: {key}");
    if found.lock().unwrap().contains_key(&key) {
        return;
    }
    let is_tape = format.ends_with("tape");
    let run = |bytes: &[u8]| {
        guarded(|| if is_tape { property::any_tape(bytes) } else { property::any_input(bytes) })
    };
    let small = smallest(bytes.to_vec(), &|bytes| run(bytes).is_err());
    let why: String = run(&small).err().unwrap_or(why).chars().take(2000).collect();
    found.lock().unwrap().insert(key.clone(), format!("{key}\n{why}\nb\"{}\"", small.escape_ascii()));
}

/// Takes out what is not needed to fail.
fn smallest(mut bytes: Vec<u8>, fails: &dyn Fn(&[u8]) -> bool) -> Vec<u8> {
    let until = Instant::now() + Duration::from_secs(20);
    let mut size = bytes.len() / 2;
    while size > 0 {
        let mut at = 0;
        while at < bytes.len() && Instant::now() < until {
            let mut fewer = bytes.clone();
            fewer.drain(at..(at + size).min(bytes.len()));
            if fails(&fewer) {
                bytes = fewer;
            } else {
                at += size;
            }
        }
        size /= 2;
    }
    bytes
}
