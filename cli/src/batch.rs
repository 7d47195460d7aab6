//! One JSON object a line in, one a line out, in the same order and in constant memory.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::Path;

use serde::Deserialize;
use serde::Serialize;
use slug_resolver::registry::Rejection;
use slug_resolver::{Code, Credentials, Env, Policy, Registry};

use crate::args::DeriveArgs;
use crate::data::{Data, describe, shown_path};
use crate::exit::{Exit, Failure};
use crate::output::{Output, counted};

/// Bytes in one line; a longer one is answered with an error.
pub const LINE_BYTES: usize = 1 << 20;

const BUFFER_BYTES: usize = 1 << 16;

/// Some editors begin a file with it.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Answers questions to the whole pipeline.
pub fn resolve(registry: &Registry, policy: &Policy, file: &Path, output: &mut Output) -> Result<Exit, Failure> {
    each_line(file, output, |line, out| {
        let question: Question<'_> = parse(line, QUESTION)?;
        let env = question.env(policy)?;
        let ambient: Vec<String> = question.ambient.iter().map(|name| name.0.to_string()).collect();
        let resolution = slug_resolver::resolve(registry, &question.runtime.0, &env, &ambient);
        write_json(out, &resolution);
        Ok(resolution.is_coherent())
    })
}

/// Runs `derive`.
pub fn derive(args: &DeriveArgs, output: &mut Output) -> Result<Exit, Failure> {
    let registry = Data::find(&args.registry)?.registry()?;
    each_line(&args.batch, output, |line, out| {
        let question: Derivation<'_> = parse(line, DERIVATION)?;
        let names: Vec<String> = question.auth_env.iter().map(|name| name.0.to_string()).collect();
        let credentials = Credentials { injected: &names, ambient: &[] };
        let derived = registry.derive(&question.runtime.0, &question.model.0, &credentials);
        write_json(out, &Derived::from(derived.map(|provider| provider.name.as_str())));
        Ok(derived.is_ok())
    })
}

const QUESTION: &str =
    r#"{"runtime": string, "env": {name: string or null}, "ambient": [string]}, the last two optional"#;
const DERIVATION: &str = r#"{"runtime": string, "model": string, "auth_env": [string]}, the last optional"#;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question<'a> {
    #[serde(borrow)]
    runtime: Text<'a>,
    #[serde(borrow, default)]
    env: Variables<'a>,
    #[serde(borrow, default)]
    ambient: Vec<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Derivation<'a> {
    #[serde(borrow)]
    runtime: Text<'a>,
    #[serde(borrow)]
    model: Text<'a>,
    #[serde(borrow, default)]
    auth_env: Vec<Text<'a>>,
}

/// A string, borrowed from the line where it holds no escapes.
#[derive(Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// The entries of an object as they come, so that a name that comes twice can be refused.
#[derive(Default)]
struct Variables<'a>(Vec<(Text<'a>, Option<Text<'a>>)>);

impl<'de: 'a, 'a> Deserialize<'de> for Variables<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<'a>(std::marker::PhantomData<&'a ()>);

        impl<'de: 'a, 'a> serde::de::Visitor<'de> for Entries<'a> {
            type Value = Variables<'a>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object of strings")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = access.next_entry()? {
                    entries.push(entry);
                }
                Ok(Variables(entries))
            }
        }

        deserializer.deserialize_map(Entries(std::marker::PhantomData))
    }
}

impl Question<'_> {
    fn env<'q>(&'q self, policy: &'q Policy) -> Result<Env<'q>, String> {
        let mut env = Env::empty(policy);
        let mut seen = Vec::new();
        for (name, value) in &self.env.0 {
            let Some(variable) = policy.variable(&name.0) else { continue };
            if seen.contains(&variable) {
                return Err(format!("`{}` is given twice; give it once", name.0));
            }
            seen.push(variable);
            env = env.with(variable, value.as_ref().map_or("", |value| &value.0));
        }
        Ok(env)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Derived<'a> {
    Provider(&'a str),
    Code(Code),
}

impl<'a> From<Result<&'a str, Rejection>> for Derived<'a> {
    fn from(derived: Result<&'a str, Rejection>) -> Self {
        derived.map_or_else(|rejection| Self::Code(rejection.into()), Self::Provider)
    }
}

#[derive(Serialize)]
struct Malformed<'a> {
    error: &'a str,
    line: u64,
}

/// Parses a line. The message never repeats the input: it may hold a secret.
fn parse<'l, T: Deserialize<'l>>(line: &'l [u8], expected: &str) -> Result<T, String> {
    let text = std::str::from_utf8(line)
        .map_err(|error| format!("not UTF-8 from byte {} on; write the line as UTF-8", error.valid_up_to() + 1))?;
    if text.trim().is_empty() {
        return Err(format!("the line is blank; write {expected}"));
    }
    serde_json::from_str(text).map_err(|error| {
        let column = error.column();
        match error.classify() {
            serde_json::error::Category::Data => format!("not as expected near column {column}; write {expected}"),
            _ => format!("not JSON near column {column}; write {expected}"),
        }
    })
}

fn write_json(out: &mut Vec<u8>, value: &impl Serialize) {
    serde_json::to_writer(out, value).expect("an answer is strings and lists, and memory can be written to");
}

/// Answers every line; `answer` writes one answer and says whether it is in order.
fn each_line(
    file: &Path,
    output: &mut Output,
    mut answer: impl FnMut(&[u8], &mut Vec<u8>) -> Result<bool, String>,
) -> Result<Exit, Failure> {
    let mut input = open(file)?;
    let mut out = BufWriter::with_capacity(BUFFER_BYTES, io::stdout().lock());
    let (mut number, mut malformed, mut findings) = (0, 0, false);
    let (mut line, mut answered) = (Vec::new(), Vec::new());
    loop {
        // Before waiting for more, say what is known.
        if input.buffer().is_empty() {
            out.flush()?;
        }
        let read = read_line(&mut input, &mut line)
            .map_err(|error| Failure::new(format!("cannot read `{}`: {}", shown_path(file), describe(&error))))?;
        number += 1;
        answered.clear();
        let outcome = match read {
            Line::End => break,
            Line::TooLong => {
                Err(format!("longer than the limit of {LINE_BYTES} bytes; split it or drop what is not needed"))
            }
            Line::Whole if number == 1 => answer(line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&line), &mut answered),
            Line::Whole => answer(&line, &mut answered),
        };
        match outcome {
            Ok(in_order) => findings |= !in_order,
            Err(error) => {
                malformed += 1;
                answered.clear();
                write_json(&mut answered, &Malformed { error: &error, line: number });
            }
        }
        answered.push(b'\n');
        out.write_all(&answered)?;
    }
    out.flush()?;
    drop(out);
    if number == 1 {
        output.note("there was no line to answer");
        return Ok(Exit::NothingChecked);
    }
    if malformed > 0 {
        output.note(&format!("{} not readable; each such line is answered with an error", counted(malformed, "line")));
        return Ok(Exit::Unusable);
    }
    Ok(if findings { Exit::Findings } else { Exit::Clean })
}

fn open(file: &Path) -> Result<BufReader<Box<dyn Read>>, Failure> {
    let input: Box<dyn Read> = if file == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        let opened = File::open(file);
        Box::new(opened.map_err(|error| {
            Failure::new(format!("cannot read `{}`: {}; check the path", shown_path(file), describe(&error)))
        })?)
    };
    Ok(BufReader::with_capacity(BUFFER_BYTES, input))
}

enum Line {
    Whole,
    TooLong,
    End,
}

/// Reads one line without its end; of one that is too long nothing is kept.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Line> {
    line.clear();
    let limit = LINE_BYTES as u64 + 1;
    input.by_ref().take(limit).read_until(b'\n', line)?;
    if line.is_empty() {
        return Ok(Line::End);
    }
    if line.last() == Some(&b'\n') {
        line.pop();
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        return Ok(Line::Whole);
    }
    if line.len() <= LINE_BYTES {
        return Ok(Line::Whole);
    }
    line.clear();
    input.skip_until(b'\n')?;
    Ok(Line::TooLong)
}
