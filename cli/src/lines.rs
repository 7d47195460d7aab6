//! The line protocol: one JSON object a line in, one a line out, in the same
//! order and in constant memory. No file or stream is opened here.

use std::borrow::Cow;
use std::io::{self, BufRead, BufReader, Read, Write};

use serde::Deserialize;
use serde::Serialize;
use slug_resolver::registry::Rejection;
use slug_resolver::{Code, Credentials, Env, Policy, Registry};

use crate::redact::is_credential;

/// Bytes in one line; a longer one is answered with an error.
pub const LINE_BYTES: usize = 1 << 20;

/// Some editors begin a file with it.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// How many lines were answered, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answered {
    /// All of them.
    pub lines: u64,
    /// Those that could not be read; each got an error for an answer.
    pub malformed: u64,
    /// Those whose answer is a contradiction or a rejection.
    pub findings: u64,
}

/// Why answering stopped early.
#[derive(Debug)]
pub enum Stopped {
    /// The input could not be read.
    Read(io::Error),
    /// The output could not be written.
    Write(io::Error),
}

/// Answers one question to the whole pipeline: whether it is coherent.
///
/// # Errors
///
/// What is wrong with the line, without repeating it.
pub fn resolve_line(registry: &Registry, policy: &Policy, line: &[u8], out: &mut Vec<u8>) -> Result<bool, String> {
    let question: Question<'_> = parse(line, QUESTION)?;
    let env = question.env(policy)?;
    let ambient: Vec<String> = question.ambient.iter().map(|name| name.0.to_string()).collect();
    let resolution = slug_resolver::resolve(registry, &question.runtime.0, &env, &ambient);
    write_json(out, &resolution);
    Ok(resolution.is_coherent())
}

/// Answers which provider a model has: whether it has one.
///
/// # Errors
///
/// What is wrong with the line, without repeating it.
pub fn derive_line(registry: &Registry, line: &[u8], out: &mut Vec<u8>) -> Result<bool, String> {
    let question: Derivation<'_> = parse(line, DERIVATION)?;
    let names: Vec<String> = question.auth_env.iter().map(|name| name.0.to_string()).collect();
    let credentials = Credentials { injected: &names, ambient: &[] };
    let derived = registry.derive(&question.runtime.0, &question.model.0, &credentials);
    write_json(out, &Derived::from(derived.map(|provider| provider.name.as_str())));
    Ok(derived.is_ok())
}

/// Answers every line; `answer` writes one answer and says whether it is in order.
///
/// # Errors
///
/// When the input cannot be read or the output cannot be written.
pub fn answer_lines(
    input: &mut BufReader<impl Read>,
    out: &mut impl Write,
    mut answer: impl FnMut(&[u8], &mut Vec<u8>) -> Result<bool, String>,
) -> Result<Answered, Stopped> {
    let mut answered = Answered::default();
    let (mut line, mut text) = (Vec::new(), Vec::new());
    loop {
        // Before waiting for more, say what is known.
        if input.buffer().is_empty() {
            out.flush().map_err(Stopped::Write)?;
        }
        let read = read_line(input, &mut line).map_err(Stopped::Read)?;
        text.clear();
        let outcome = match read {
            Line::End => break,
            Line::TooLong => {
                Err(format!("longer than the limit of {LINE_BYTES} bytes; split it or drop what is not needed"))
            }
            Line::Whole if answered.lines == 0 => {
                answer(line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&line), &mut text)
            }
            Line::Whole => answer(&line, &mut text),
        };
        answered.lines += 1;
        match outcome {
            Ok(in_order) => answered.findings += u64::from(!in_order),
            Err(error) => {
                answered.malformed += 1;
                text.clear();
                write_json(&mut text, &Malformed { error: &error, line: answered.lines });
            }
        }
        text.push(b'\n');
        out.write_all(&text).map_err(Stopped::Write)?;
        if let Line::TooLong = read {
            // The rest of it may never end, and the answer is there now.
            out.flush().map_err(Stopped::Write)?;
            input.skip_until(b'\n').map_err(Stopped::Read)?;
        }
    }
    out.flush().map_err(Stopped::Write)?;
    Ok(answered)
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
    if text.trim_start().starts_with('[') {
        // A list in the order of the fields would be taken for an object.
        return Err(format!("not as expected near column 1; write {expected}"));
    }
    serde_json::from_str(text).map_err(|error| {
        let column = error.column();
        match error.classify() {
            serde_json::error::Category::Data => {
                let field = field_at_fault(&error).map(|field| format!(": {field}")).unwrap_or_default();
                format!("not as expected near column {column}{field}; write {expected}")
            }
            _ => format!("not JSON near column {column}; write {expected}"),
        }
    })
}

/// The field that is missing, not known or given twice. A name that may be something else,
/// such as a secret in the wrong place, is not repeated.
fn field_at_fault(error: &serde_json::Error) -> Option<String> {
    let said = error.to_string();
    let faults = ["missing field `", "unknown field `", "duplicate field `"];
    let (fault, rest) = faults.into_iter().find_map(|fault| Some((fault, said.strip_prefix(fault)?)))?;
    let name = rest.split('`').next()?;
    let is_plain = name.len() <= FIELD_BYTES && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    (is_plain && !is_credential(name)).then(|| format!("{fault}{name}`"))
}

/// Bytes of the longest name of a field that an error repeats.
const FIELD_BYTES: usize = 20;

fn write_json(out: &mut Vec<u8>, value: &impl Serialize) {
    serde_json::to_writer(out, value).expect("an answer is strings and lists, and memory can be written to");
}

enum Line {
    Whole,
    TooLong,
    End,
}

/// Reads one line without its end. Of one that is too long nothing is kept, and what is
/// beyond the limit is still to be read.
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
    Ok(Line::TooLong)
}
