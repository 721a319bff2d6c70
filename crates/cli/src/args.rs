//! Arguments to a command.

use std::ffi::OsString;
use std::path::Path;

use lexopt::Arg::{Long, Short, Value};
use lexopt::{Parser, ValueExt as _};

use crate::Error;

const HELP: &str = "\
Reads distributed traces and says what is in them.

Usage:
  flamefall inspect FILE... [--json] [--trace ID]
  flamefall convert FILE... [-o OUT] [--to FORMAT]

Commands:
  inspect    prints what was read, the longest traces, and where the time of one went
  convert    writes everything that was read in one format

Several files, and all files of a folder, are read as one. `-` stands for standard input. What a file is, is told by its
content; gzip is unpacked.

Options:
  --json           as one JSON document, {\"summary\": ..., \"analysis\": ...}
  --trace ID       of this trace (hex) only: its critical path
  -o, --output OUT the file to write; standard output if `-` or absent
  --to FORMAT      otlp-json, otlp-proto, jaeger-json, zipkin-v2 or csv; else told by the name of OUT:
                   .jaeger.json, .zipkin.json, .csv, .json (OTLP)
  -h, --help       this
  -V, --version    the version

Exit status: 0; 1 where nothing could be read or written; 2 where the command was not understood.
";

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// Says this: the help, the version.
    Print(String),
    Inspect(Inspect),
    Convert(Convert),
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Inspect {
    pub(crate) inputs: Vec<OsString>,
    pub(crate) json: bool,
    /// In hex.
    pub(crate) trace: Option<String>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Convert {
    pub(crate) inputs: Vec<OsString>,
    /// A path, or `-`.
    pub(crate) output: OsString,
    pub(crate) to: Target,
}

/// What can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    OtlpJson,
    OtlpProtobuf,
    JaegerJson,
    ZipkinV2,
    Csv,
}

impl Target {
    /// Names, and how the files are called.
    const ALL: [(Self, &str, &str); 5] = [
        (Self::JaegerJson, "jaeger-json", ".jaeger.json"),
        (Self::ZipkinV2, "zipkin-v2", ".zipkin.json"),
        (Self::Csv, "csv", ".csv"),
        (Self::OtlpProtobuf, "otlp-proto", ".pb"),
        (Self::OtlpJson, "otlp-json", ".json"),
    ];

    fn named(name: &str) -> Result<Self, Error> {
        let found = Self::ALL.iter().find(|(_, known, _)| *known == name);
        found.map(|(target, ..)| *target).ok_or_else(|| {
            let known = Self::ALL.map(|(_, known, _)| known).join(", ");
            Error::Usage(format!("There is no format {name:?}: --to takes one of {known}."))
        })
    }

    fn of_file(output: &OsString) -> Option<Self> {
        let name = Path::new(output).file_name()?.to_string_lossy().to_ascii_lowercase();
        Self::ALL.iter().find(|(.., ending)| name.ends_with(ending)).map(|(target, ..)| *target)
    }
}

/// Reads the arguments.
pub(crate) fn parse(mut parser: Parser) -> Result<Command, Error> {
    let mut command = None;
    let (mut inputs, mut json, mut trace, mut output, mut to) = (Vec::new(), false, None, None, None);
    while let Some(argument) = parser.next()? {
        match (argument, command.as_deref()) {
            (Short('h') | Long("help"), _) => return Ok(Command::Print(HELP.to_owned())),
            (Short('V') | Long("version"), _) => {
                return Ok(Command::Print(format!("flamefall {}\n", env!("CARGO_PKG_VERSION"))));
            }
            (Value(name), None) => command = Some(name.string()?),
            (Value(input), Some(_)) => inputs.push(input),
            (Long("json"), Some("inspect")) => json = true,
            (Long("trace"), Some("inspect")) => trace = Some(parser.value()?.string()?),
            (Short('o') | Long("output"), Some("convert")) => output = Some(parser.value()?),
            (Long("to"), Some("convert")) => to = Some(Target::named(&parser.value()?.string()?)?),
            (argument, _) => return Err(argument.unexpected().into()),
        }
    }
    let command = match command.as_deref() {
        None => return Err(Error::Usage("A command is missing: inspect or convert.".to_owned())),
        Some("help") => return Ok(Command::Print(HELP.to_owned())),
        Some("inspect") => Command::Inspect(Inspect { inputs: some(inputs)?, json, trace }),
        Some("convert") => {
            let output = output.unwrap_or_else(|| "-".into());
            let Some(to) = to.or_else(|| Target::of_file(&output)) else {
                return Err(Error::Usage(format!(
                    "The name {} does not tell the format to write: say it with --to.",
                    output.display()
                )));
            };
            Command::Convert(Convert { inputs: some(inputs)?, output, to })
        }
        Some(other) => {
            return Err(Error::Usage(format!("There is no command {other:?}: inspect or convert.")));
        }
    };
    Ok(command)
}

fn some(inputs: Vec<OsString>) -> Result<Vec<OsString>, Error> {
    if inputs.is_empty() {
        return Err(Error::Usage("A file is missing; `-` reads standard input.".to_owned()));
    }
    Ok(inputs)
}

impl From<lexopt::Error> for Error {
    fn from(error: lexopt::Error) -> Self {
        Self::Usage(format!("This was not understood: {error}."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the words are read as, in `Debug`; a usage error as its message.
    #[track_caller]
    fn check(words: &str, expected: &str) {
        let found = match parse(Parser::from_args(words.split_whitespace())) {
            Ok(command) => format!("{command:?}"),
            Err(Error::Usage(message)) => message,
            Err(other) => panic!("neither a command nor a usage error: {other:?}"),
        };
        assert_eq!(found, expected, "{words}");
    }

    #[test]
    fn commands() {
        check("inspect a", r#"Inspect(Inspect { inputs: ["a"], json: false, trace: None })"#);
        check(
            "inspect --json a --trace=1f -- --b",
            r#"Inspect(Inspect { inputs: ["a", "--b"], json: true, trace: Some("1f") })"#,
        );
        for (output, to) in [
            ("-o out.json", "OtlpJson"),
            ("-oX.Jaeger.JSON", "JaegerJson"),
            ("--output d/out.zipkin.json", "ZipkinV2"),
            ("-o out.csv", "Csv"),
            ("-o out.pb", "OtlpProtobuf"),
            ("-o out.json --to csv", "Csv"),
            ("--to jaeger-json", "JaegerJson"),
        ] {
            let Ok(Command::Convert(convert)) =
                parse(Parser::from_args(format!("convert in {output}").split_whitespace()))
            else {
                panic!("no conversion: {output}")
            };
            assert_eq!(format!("{:?}", convert.to), to, "{output}");
        }
    }

    #[test]
    fn what_is_wrong_with_them() {
        check("", "A command is missing: inspect or convert.");
        check("look a", "There is no command \"look\": inspect or convert.");
        check("inspect", "A file is missing; `-` reads standard input.");
        check("inspect a --to csv", "This was not understood: invalid option '--to'.");
        check("--json inspect a", "This was not understood: invalid option '--json'.");
        check("inspect a --trace", "This was not understood: missing argument for option '--trace'.");
        check("convert a", "The name - does not tell the format to write: say it with --to.");
        check(
            "convert a -o out.txt",
            "The name out.txt does not tell the format to write: say it with --to.",
        );
        check(
            "convert a --to xml",
            "There is no format \"xml\": --to takes one of jaeger-json, zipkin-v2, csv, otlp-proto, otlp-json.",
        );
    }
}
