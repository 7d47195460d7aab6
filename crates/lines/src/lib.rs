//! The line protocol: one JSON object per line of input, one per line of output, in the same
//! order and in constant memory. The caller opens files and streams.

pub mod query;

use std::borrow::Cow;
use std::io::{self, BufRead, BufReader, Read, Write};

use serde::{Deserialize, Serialize};
use slug_redact::misplaced::{has_misplaced, masked};
use slug_redact::{has_credential, is_credential, json_without_credentials};
use slug_resolver::registry::Rejection;
use slug_resolver::{Code, Credentials, Env, Policy, Registry, Warning, empty_keys};

use crate::query::{InvalidAmbient, check_ambient, for_named_runtime, is_finding, picked_runtime};

/// Maximum size of a line in bytes, without its newline. The result for a longer line is an error.
pub const MAX_LINE_BYTES: usize = 1 << 20;

/// A UTF-8 byte order mark, which some editors write at the start of a file.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// The number of lines read, by kind of result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answered {
    /// All lines.
    pub lines: u64,
    /// Lines that could not be read; the result of each is an error.
    pub malformed: u64,
    /// Lines whose result is a contradiction, a rejection or a denied warning.
    pub findings: u64,
}

/// The error that ended the loop over the lines.
#[derive(Debug)]
pub enum Stopped {
    /// The input could not be read.
    Read(io::Error),
    /// The output could not be written.
    Write(io::Error),
}

/// Resolves the queries of one run.
#[derive(Clone, Copy)]
pub struct LineResolver<'a> {
    registry: &'a Registry,
    policy: &'a Policy,
    denied: &'a [Warning],
    names: Names,
    on_env: Option<&'a OnEnv<'a>>,
}

/// A function that gets the entries of `env` of each line.
pub type OnEnv<'a> = dyn Fn(&[(&str, Option<&str>)]) + 'a;

impl<'a> LineResolver<'a> {
    /// Reads the names in the registry and in the policy once for all queries.
    #[must_use]
    pub fn new(registry: &'a Registry, policy: &'a Policy) -> Self {
        let names = Names::of(names_of_registry(registry).chain(names_of(policy)));
        Self { registry, policy, denied: &[], names, on_env: None }
    }

    /// The same, but a warning that `denied` lists is a finding.
    #[must_use]
    pub fn denying(self, denied: &'a [Warning]) -> Self {
        Self { denied, ..self }
    }

    /// The same, but a function gets the entries of `env` of each line that can be read.
    #[must_use]
    pub fn on_env(self, on_env: &'a OnEnv<'a>) -> Self {
        Self { on_env: Some(on_env), ..self }
    }

    /// Resolves one query. Writes the result and returns false for a contradiction or a denied warning.
    ///
    /// # Errors
    ///
    /// The problem of the line, without repeating the line.
    pub fn answer(&self, line: &[u8], out: &mut Vec<u8>) -> Result<bool, String> {
        let question: Question<'_> = parse(line, QUESTION, |name| self.knows(name))?;
        let env = question.env(self.policy)?;
        if let Some(on_env) = self.on_env {
            let entries = question.env.0.iter().map(|(name, value)| (&*name.0, value.as_ref().map(|value| &*value.0)));
            on_env(&entries.collect::<Vec<_>>());
        }
        let ambient: Vec<&str> = question.ambient.iter().map(|name| &*name.0).collect();
        check_ambient(&ambient).map_err(|problem| match problem {
            InvalidAmbient::Empty => "`ambient` has an empty name; name a credential, or leave it out",
            InvalidAmbient::HasValue(_) => "`ambient` takes the names of credentials; leave out `=` and the value",
        })?;
        let resolution = match &question.runtime {
            Some(runtime) => empty_keys::resolve(self.registry, &runtime.0, &env, &ambient),
            None => {
                let runtime = picked_runtime(self.policy, &env)?;
                for_named_runtime(empty_keys::resolve(self.registry, runtime, &env.without_runtime(), &ambient), &env)
            }
        };
        let is_misplaced = has_misplaced(&resolution);
        match is_misplaced {
            true => self.names.write(out, &masked(&resolution)),
            false => self.names.write(out, &resolution),
        }
        Ok(!is_misplaced && !is_finding(&resolution, self.denied))
    }

    /// True for the name of a variable in the policy or in the registry.
    fn knows(&self, name: &str) -> bool {
        let mut names = names_of_registry(self.registry).chain(names_of(self.policy));
        self.policy.variable(name).is_some() || names.any(|known| known == name)
    }
}

/// Derives the providers of the models of one run.
#[derive(Clone, Copy)]
pub struct LineDeriver<'a> {
    registry: &'a Registry,
    names: Names,
}

impl<'a> LineDeriver<'a> {
    /// Reads the names in the registry once for all queries.
    #[must_use]
    pub fn new(registry: &'a Registry) -> Self {
        Self { registry, names: Names::of(names_of_registry(registry)) }
    }

    /// Derives the provider of one model. Writes the result and returns true if there is one.
    ///
    /// # Errors
    ///
    /// The problem of the line, without repeating the line.
    pub fn answer(&self, line: &[u8], out: &mut Vec<u8>) -> Result<bool, String> {
        let question: Derivation<'_> = parse(line, DERIVATION, |_| false)?;
        let names: Vec<&str> = question.auth_env.iter().map(|name| &*name.0).collect();
        let credentials = Credentials { ambient: &names, ..Credentials::default() };
        let derived = self.registry.derive(&question.runtime.0, &question.model.0, &credentials);
        self.names.write(out, &Derived::from(derived.map(|provider| provider.name.as_str())));
        Ok(derived.is_ok())
    }
}

/// What the names in a registry and a policy contain that a result repeats. The slug and the runtime of a
/// query are masked in any case.
#[derive(Clone, Copy)]
enum Names {
    /// No name looks like a credential, so a result is written as it is.
    Plain,
    /// A name looks like a credential, so each text of a result is searched.
    WithCredentials,
}

impl Names {
    fn of<'n>(mut names: impl Iterator<Item = &'n str>) -> Self {
        if names.any(has_credential) { Self::WithCredentials } else { Self::Plain }
    }

    /// Writes a result as JSON.
    fn write(self, out: &mut Vec<u8>, result: &impl Serialize) {
        match self {
            Self::Plain => serde_json::to_writer(out, result).expect("a result is strings and lists"),
            Self::WithCredentials => write_masked(out, result),
        }
    }
}

/// The names in a registry that a result can repeat.
fn names_of_registry(registry: &Registry) -> impl Iterator<Item = &str> {
    let providers = registry.providers().iter();
    let of_providers = providers.flat_map(|provider| [&provider.name].into_iter().chain(provider.auth_env.names()));
    of_providers.chain(registry.runtimes().iter().map(|runtime| &runtime.name)).map(String::as_str)
}

/// The names in a policy that a result can repeat.
fn names_of(policy: &Policy) -> impl Iterator<Item = &str> {
    let names = policy.variable_names().iter().chain(policy.injectable()).chain(policy.document().templates.keys());
    names.map(String::as_str).chain(policy.model_labels())
}

/// Writes a result for every line. `answer` writes one result and returns false for a finding.
///
/// # Errors
///
/// The input cannot be read or the output cannot be written.
pub fn answer_lines(
    input: &mut BufReader<impl Read>,
    out: &mut impl Write,
    mut answer: impl FnMut(&[u8], &mut Vec<u8>) -> Result<bool, String>,
) -> Result<Answered, Stopped> {
    let mut answered = Answered::default();
    let (mut line, mut text) = (Vec::new(), Vec::new());
    loop {
        // Before waiting for input, write the finished results.
        if input.buffer().is_empty() {
            out.flush().map_err(Stopped::Write)?;
        }
        let read = read_line(input, &mut line).map_err(Stopped::Read)?;
        text.clear();
        let outcome = match read {
            Line::End => break,
            Line::TooLong => Err(format!("the line is longer than {} MiB; shorten it", MAX_LINE_BYTES >> 20)),
            Line::Whole if answered.lines == 0 => {
                answer(line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&line), &mut text)
            }
            Line::Whole => answer(&line, &mut text),
        };
        answered.lines += 1;
        match outcome {
            Ok(clean) => answered.findings += u64::from(!clean),
            Err(error) => {
                answered.malformed += 1;
                text.clear();
                write_masked(&mut text, &Malformed { error: &error, line: answered.lines });
            }
        }
        text.push(b'\n');
        out.write_all(&text).map_err(Stopped::Write)?;
        if let Line::TooLong = read {
            // The rest of the line may never end, but its result is known now.
            out.flush().map_err(Stopped::Write)?;
            input.skip_until(b'\n').map_err(Stopped::Read)?;
        }
    }
    out.flush().map_err(Stopped::Write)?;
    Ok(answered)
}

const QUESTION: &str =
    r#"{"runtime": string, "env": {name: string or null}, "ambient": [string]}; `env` and `ambient` are optional"#;
const DERIVATION: &str = r#"{"runtime": string, "model": string, "auth_env": [string]}; `auth_env` is optional"#;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question<'a> {
    #[serde(borrow, default, deserialize_with = "typed::runtime")]
    runtime: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "typed::env")]
    env: Variables<'a>,
    #[serde(borrow, default, deserialize_with = "typed::ambient")]
    ambient: Vec<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Derivation<'a> {
    #[serde(borrow, deserialize_with = "typed::runtime")]
    runtime: Text<'a>,
    #[serde(borrow, deserialize_with = "typed::model")]
    model: Text<'a>,
    #[serde(borrow, default, deserialize_with = "typed::auth_env")]
    auth_env: Vec<Text<'a>>,
}

/// The start of an error about a value of the wrong type, before the name of its field.
const WRONG_TYPE: &str = "wrong type of `";

/// Names a field in an error about the type of its value. An error that has a name keeps it.
fn with_field<E: serde::de::Error>(error: E, field: &str) -> E {
    // The message of serde repeats the value, so only the position at its end is kept.
    let said = error.to_string();
    let position = said.rfind(" at line ").map_or("", |at| &said[at..]);
    if said.starts_with("invalid type") { E::custom(format!("{WRONG_TYPE}{field}`{position}")) } else { error }
}

/// Reads the value of a field, with an error that names it.
mod typed {
    use serde::{Deserialize, Deserializer};

    macro_rules! fields {
        ($($field:ident)*) => {$(
            pub fn $field<'de, D: Deserializer<'de>, T: Deserialize<'de>>(value: D) -> Result<T, D::Error> {
                T::deserialize(value).map_err(|error| super::with_field(error, stringify!($field)))
            }
        )*};
    }

    fields!(runtime env ambient model auth_env);
}

/// A string, borrowed from the line if it has no escapes.
#[derive(Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// The entries of an object in order, including repeated names, which are refused later.
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
                while let Some(name) = access.next_key::<Text<'a>>()? {
                    let value = access.next_value().map_err(|error| with_field(error, &format!("{ENV}{}", name.0)))?;
                    entries.push((name, value));
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
            // Null is unset, whatever an empty value means.
            env = value.as_ref().map_or(env, |value| env.with(variable, &value.0));
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

/// Parses a line. The message never repeats the input, which may contain a secret, except for names that `is_known`
/// knows or that people write.
fn parse<'l, T: Deserialize<'l>>(line: &'l [u8], expected: &str, is_known: impl Fn(&str) -> bool) -> Result<T, String> {
    let text = std::str::from_utf8(line)
        .map_err(|error| format!("the line is not UTF-8 at byte {}; write it as UTF-8", error.valid_up_to() + 1))?;
    if text.trim().is_empty() {
        return Err(format!("the line is blank; write {expected}"));
    }
    if text.trim_start().starts_with('[') {
        // serde would accept a list in the order of the fields as an object.
        return Err(format!("column 1: not a valid query; write {expected}"));
    }
    serde_json::from_str(text).map_err(|error| {
        let column = error.column();
        match error.classify() {
            serde_json::error::Category::Data => {
                let field = field_at_fault(&error, is_known).map(|field| format!(": {field}")).unwrap_or_default();
                format!("column {column}: not a valid query{field}; write {expected}")
            }
            _ => format!("column {column}: not JSON; write {expected}"),
        }
    })
}

/// True for the name of a variable that people write: upper case, and with few characters in parts that mix letters
/// and digits, as keys do.
fn is_plain_variable(name: &str) -> bool {
    let is_upper = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    let is_mixed = |part: &&str| {
        part.bytes().any(|byte| byte.is_ascii_digit()) && part.bytes().any(|byte| byte.is_ascii_uppercase())
    };
    let mixed: usize = name.split('_').filter(is_mixed).map(str::len).sum();
    let longest = if name.contains('_') { VARIABLE_BYTES } else { FIELD_BYTES };
    name.bytes().all(is_upper)
        && name.starts_with(|first: char| !first.is_ascii_digit())
        && name.len() <= longest
        && mixed <= MIXED_BYTES
        && !has_credential(name)
}

/// The longest name of a variable, in bytes, that an error repeats.
const VARIABLE_BYTES: usize = 64;

/// The most bytes of such a name in parts that mix letters and digits.
const MIXED_BYTES: usize = 12;

/// The start of the name of a variable as a field.
const ENV: &str = "env.";

/// The field that is missing, unknown or repeated, or whose value has the wrong type. A name that may be a
/// misplaced secret is not returned.
fn field_at_fault(error: &serde_json::Error, is_known: impl Fn(&str) -> bool) -> Option<String> {
    let said = error.to_string();
    if let Some((field, _)) = said.strip_prefix(WRONG_TYPE).and_then(|rest| rest.rsplit_once('`')) {
        let is_shown = |name: &str| is_known(name) || is_plain_variable(name);
        let shown = if field.strip_prefix(ENV).is_none_or(is_shown) { field } else { "env" };
        return Some(format!("{WRONG_TYPE}{shown}`"));
    }
    let faults = ["missing field `", "unknown field `", "duplicate field `"];
    let (fault, rest) = faults.into_iter().find_map(|fault| Some((fault, said.strip_prefix(fault)?)))?;
    let name = rest.split('`').next()?;
    (is_plain(name) && !is_credential(name)).then(|| format!("{fault}{name}`"))
}

/// True for the name of a field that people write. Fields have no digits, and most keys have some.
fn is_plain(name: &str) -> bool {
    name.len() <= FIELD_BYTES && name.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_')
}

/// The longest field name, in bytes, that an error repeats.
const FIELD_BYTES: usize = 20;

/// Writes a result as JSON. Credentials are masked.
fn write_masked(out: &mut Vec<u8>, value: &impl Serialize) {
    let json = serde_json::to_string(value).expect("a result is strings and lists");
    out.extend_from_slice(json_without_credentials(&json).as_bytes());
}

enum Line {
    Whole,
    TooLong,
    End,
}

/// Reads one line without its line ending. A line that is too long is discarded up to the
/// limit; the caller must skip the rest.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Line> {
    line.clear();
    let limit = MAX_LINE_BYTES as u64 + 1;
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
    if line.len() <= MAX_LINE_BYTES {
        return Ok(Line::Whole);
    }
    line.clear();
    Ok(Line::TooLong)
}
