//! Files, folders and standard input, into an engine.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use engine::{Engine, Opened, Request, Response};

use crate::{Error, describe, say};

/// Bytes of a chunk.
const CHUNK: u64 = 1 << 20;

/// Reads everything into one store. What could not be read is said on standard error; it is an error where nothing
/// could.
pub(crate) fn open(inputs: &[OsString]) -> Result<(Engine, Opened), Error> {
    let mut engine = Engine::new();
    engine.handle(Request::Begin { append: false });
    let mut unreadable = 0_u32;
    let mut complain = |path: &Path, error: &io::Error| {
        say(format_args!("{} could not be read: {error}", path.display()));
        unreadable += 1;
    };
    for input in inputs {
        if input == "-" {
            let mut stdin = io::stdin().lock();
            if let Err(error) = source(&mut engine, "standard input".to_owned(), &mut stdin) {
                complain(Path::new("standard input"), &error);
            }
            continue;
        }
        for path in files(Path::new(input), &mut complain) {
            let read = File::open(&path)
                .and_then(|mut file| source(&mut engine, path.display().to_string(), &mut file));
            if let Err(error) = read {
                complain(&path, &error);
            }
        }
    }
    match engine.handle(Request::Finish) {
        Response::Opened(opened) => {
            for failure in &opened.refused {
                say(describe(failure));
            }
            Ok((engine, opened))
        }
        // It was said why.
        Response::Refused(failure) if failure.kind == "empty" && failure.name.is_empty() => {
            Err(Error::Failed(if unreadable > 0 {
                "Nothing could be read.".to_owned()
            } else {
                "There are no files to read.".to_owned()
            }))
        }
        Response::Refused(failure) => Err(failure.into()),
        other => Err(Error::Failed(format!("The engine answered {other:?}."))),
    }
}

/// Sends a source to the engine. What came before an error is kept.
fn source(engine: &mut Engine, name: String, from: &mut impl Read) -> io::Result<()> {
    let mut begun = Some(name);
    let ended = loop {
        let mut chunk = Vec::new();
        let read = from.by_ref().take(CHUNK).read_to_end(&mut chunk);
        // Named only now: a folder that was opened as a file, or a disk that fails at once, is no source.
        if let (Some(name), true) = (&begun, read.is_ok() || !chunk.is_empty()) {
            engine.handle(Request::Source { name: name.clone() });
            begun = None;
        }
        let last = (chunk.len() as u64) < CHUNK;
        if !chunk.is_empty() && matches!(engine.handle(Request::Chunk(chunk)), Response::Refused(_)) {
            break Ok(());
        }
        match read {
            Ok(_) if last => break Ok(()),
            Ok(_) => {}
            Err(error) => break Err(error),
        }
    };
    if begun.is_none() {
        engine.handle(Request::EndSource);
    }
    ended
}

/// The file, or all files below the folder in the order of their names.
fn files(path: &Path, complain: &mut impl FnMut(&Path, &io::Error)) -> Vec<PathBuf> {
    let mut files = Vec::new();
    // A folder that was named may be a link; below it, links to folders could go round.
    let mut waiting = vec![(path.to_owned(), path.is_dir())];
    while let Some((path, is_folder)) = waiting.pop() {
        if !is_folder {
            files.push(path);
            continue;
        }
        let entries = fs::read_dir(&path).and_then(|entries| {
            entries
                .map(|entry| entry.and_then(|entry| Ok((entry.path(), entry.file_type()?))))
                .collect::<io::Result<Vec<_>>>()
        });
        match entries {
            Ok(mut entries) => {
                // The last is taken first.
                entries.sort_by(|(a, _), (b, _)| b.cmp(a));
                let followed =
                    entries.into_iter().filter(|(path, kind)| !kind.is_symlink() || path.is_file());
                waiting.extend(followed.map(|(path, kind)| (path, kind.is_dir())));
            }
            Err(error) => complain(&path, &error),
        }
    }
    files
}
