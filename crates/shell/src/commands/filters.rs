//! Programs that print a part of a known text, such as the model in a file of the repository.

mod lines;

use super::super::input::SCRIPT_BYTES;
use super::super::interpreter::{Interpreter, Outcome, Output};
use super::super::syntax::{Word, is_name};
use super::choices::has_command_substitution;
use super::print::unescaped;
use lines::{LineFilter, Lines, PlainPattern, PrintedPart, number};
use serde_json::Value;
use slug_json::{Advice, Limits};
use slug_value::{AbstractValue, Text, Tristate};

/// What a program prints of its input.
#[derive(Debug, PartialEq)]
enum Filter {
    /// Some of the lines, or a part of each.
    Lines(LineFilter),
    /// `tr -d SET`: everything except these characters.
    Without(Vec<char>),
    /// `xargs` without a command: the words, in one line.
    Words,
    /// `jq`: the value of a member, with `-r` as a plain text, and with `-c` in one line.
    Member { path: Vec<String>, is_raw: bool, is_compact: bool },
}

/// The arguments of a program.
struct Arguments<'a> {
    /// The letters of its options, each with its value, which is empty for one without.
    options: Vec<(char, &'a str)>,
    operands: Vec<&'a str>,
}

impl<'a> Arguments<'a> {
    /// Splits the arguments of a program of [`FILTERS`]. `None` if an option is not known. Some systems take an option
    /// after an operand for another operand, so that such a form is not known either.
    fn parse(command: &str, arguments: &[&'a str]) -> Option<Self> {
        let (_, flags, with_value) = OPTIONS.iter().find(|(name, ..)| *name == command)?;
        let mut options = Vec::new();
        let mut rest = arguments;
        while let Some((argument, after)) = rest.split_first().filter(|(argument, _)| is_option(argument)) {
            rest = after;
            let letters = match *argument {
                "--" => break,
                "--compact-output" => "c",
                "--raw-output" => "r",
                // `head -5`
                count if matches!(command, "head" | "tail") && number(&count[1..]).is_some() => {
                    options.push(('n', &count[1..]));
                    continue;
                }
                letters => &letters[1..],
            };
            for (at, letter) in letters.char_indices() {
                let attached = &letters[at + letter.len_utf8()..];
                if flags.contains(letter) {
                    options.push((letter, ""));
                } else if with_value.contains(letter) {
                    let value = if attached.is_empty() { *rest.split_off_first()? } else { attached };
                    options.push((letter, value));
                    break;
                } else {
                    return None;
                }
            }
        }
        (!rest.iter().any(|argument| is_option(argument))).then(|| Self { options, operands: rest.to_vec() })
    }
}

impl Filter {
    /// Parses the arguments of a program; returns the arguments that are files, too. `None` if this form is not known.
    fn parse<'a>(command: &str, arguments: &[&'a str]) -> Option<(Self, Vec<&'a str>)> {
        let Arguments { options, operands: mut rest } = Arguments::parse(command, arguments)?;
        let has = |letter| options.iter().any(|(option, _)| *option == letter);
        // An option twice is not known.
        let value = |letter| {
            let mut values = options.iter().filter(|(option, _)| *option == letter).map(|(_, value)| *value);
            let first = values.next();
            values.next().is_none().then_some(first)
        };
        let first_of = |rest: &mut Vec<&'a str>| (!rest.is_empty()).then(|| rest.remove(0));
        let filter = match command {
            "cat" => Self::Lines(LineFilter::ALL),
            "xargs" if rest.is_empty() => Self::Words,
            "tr" if has('d') && rest.len() == 1 => Self::Without(characters(first_of(&mut rest)?)?),
            "grep" if !(has('E') && has('F')) => {
                let pattern = PlainPattern::new(first_of(&mut rest)?, has('F'))?;
                let part = if has('q') { PrintedPart::Nothing } else { PrintedPart::Whole };
                let lines = Lines::Matching { pattern, is_inverted: has('v') };
                let count = value('m')?.map_or(Some(usize::MAX), number)?;
                Self::Lines(LineFilter { lines, count, part, completes_last_line: Some(true), needs_line: true })
            }
            "sed" => {
                let script = value('e')?.or_else(|| first_of(&mut rest))?;
                Self::Lines(lines::sed(script, has('n'))?)
            }
            "awk" => {
                let separator = separator_of_awk(value('F')?)?;
                Self::Lines(lines::awk(first_of(&mut rest)?, separator)?)
            }
            "jq" => Self::Member { path: members(first_of(&mut rest)?)?, is_raw: has('r'), is_compact: has('c') },
            "head" | "tail" => {
                let count = value('n')?.unwrap_or("10");
                let (lines, count) = match (command, count.strip_prefix('+')) {
                    ("head", _) => (Lines::All, number(count)?),
                    (_, None) => (Lines::Last(number(count)?), usize::MAX),
                    (_, Some(first)) => (Lines::After(number(first)?.saturating_sub(1)), usize::MAX),
                };
                Self::Lines(LineFilter { lines, count, ..LineFilter::ALL })
            }
            "cut" => {
                let fields = value('f')??;
                let (field, has_rest) = fields.strip_suffix('-').map_or((fields, false), |field| (field, true));
                let delimiter =
                    only_character(value('d')?.unwrap_or("\t")).filter(|it| it.is_ascii() && *it != '\n')?;
                let number = number(field).filter(|number| *number > 0)?;
                let part = PrintedPart::Field { delimiter, number, has_rest };
                Self::Lines(LineFilter { part, completes_last_line: Some(true), ..LineFilter::ALL })
            }
            _ => return None,
        };
        Some((filter, rest))
    }

    /// What the program prints, and whether it succeeds.
    fn apply(&self, text: &str) -> Option<(String, bool)> {
        let with_end = |line: &str| format!("{line}\n");
        let printed = match self {
            Self::Lines(filter) => return filter.apply(text),
            Self::Without(characters) => text.chars().filter(|c| !characters.contains(c)).collect(),
            Self::Words => {
                let words: Vec<&str> = text.split([' ', '\t', '\n']).filter(|word| !word.is_empty()).collect();
                // Without words, whether `echo` runs depends on the system.
                let is_option = words.first().is_some_and(|word| word.starts_with('-'));
                if words.is_empty() || is_option || text.contains(['\'', '"', '\\', '\r']) {
                    return None;
                }
                with_end(&words.join(" "))
            }
            Self::Member { path, is_raw, is_compact } => {
                let root = slug_json::read(text.as_bytes(), &JSON_LIMITS, &NO_ADVICE).ok()?;
                let value = path.iter().try_fold(&root, |value, name| match value {
                    Value::Object(members) => Some(members.get(name).unwrap_or(&Value::Null)),
                    Value::Null => Some(value),
                    _ => None,
                })?;
                match value {
                    Value::String(text) if *is_raw => with_end(text),
                    Value::Array(_) | Value::Object(_) if !is_compact => return None,
                    value if is_plain_json(value) => with_end(&value.to_string()),
                    _ => return None,
                }
            }
        };
        Some((printed, true))
    }
}

fn is_option(argument: &str) -> bool {
    argument.len() > 1 && argument.starts_with('-')
}

/// The character in a text that has only one.
fn only_character(text: &str) -> Option<char> {
    let mut characters = text.chars();
    characters.next().filter(|_| characters.next().is_none())
}

/// The character at which `awk` splits a line, or no character for white space. Longer values are patterns.
fn separator_of_awk(value: Option<&str>) -> Option<Option<char>> {
    match value {
        None | Some(" ") => Some(None),
        Some("\\t") => Some(Some('\t')),
        Some(value) => only_character(value).filter(|it| it.is_ascii_graphic() && !"\\t^".contains(*it)).map(Some),
    }
}

/// The largest file of which `jq` is followed.
const JSON_LIMITS: Limits = Limits { bytes: SCRIPT_BYTES, depth: 64, nodes: 10_000 };

/// Errors are not shown.
const NO_ADVICE: Advice = Advice { too_large: "", empty: "" };

/// The names in a filter of `jq` such as `.a.b`.
fn members(filter: &str) -> Option<Vec<String>> {
    match filter.strip_prefix('.')? {
        "" => Some(Vec::new()),
        path => path.split('.').map(|name| is_name(name).then(|| name.to_owned())).collect(),
    }
}

/// Whether each version of `jq` prints a value in the same way: without fractions and rare characters.
fn is_plain_json(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) => true,
        Value::Number(number) => number.as_i64().is_some_and(|number| number.unsigned_abs() < 1 << 53),
        Value::String(text) => !text.contains(|c: char| c.is_control()),
        Value::Array(items) => items.iter().all(is_plain_json),
        Value::Object(members) => {
            members.iter().all(|(name, value)| !name.contains(|c: char| c.is_control()) && is_plain_json(value))
        }
    }
}

/// The characters of a set of `tr` without ranges and classes.
fn characters(set: &str) -> Option<Vec<char>> {
    let characters: Vec<char> = unescaped(set)?.chars().collect();
    (set.is_ascii() && !set.contains(['-', '['])).then_some(characters)
}

/// The programs that [`Interpreter::filter`] knows. In the forms that it knows, they only print.
pub const FILTERS: [&str; 10] = ["awk", "cat", "cut", "grep", "head", "jq", "sed", "tail", "tr", "xargs"];

/// For each of [`FILTERS`], the letters of the options that are known: the options without and with a value.
const OPTIONS: [(&str, &str, &str); FILTERS.len()] = [
    ("awk", "", "F"),
    ("cat", "", ""),
    ("cut", "", "df"),
    ("grep", "EFhqv", "m"),
    ("head", "", "n"),
    ("jq", "cr", ""),
    ("sed", "Enr", "e"),
    ("tail", "", "n"),
    ("tr", "d", ""),
    ("xargs", "", ""),
];

/// Whether a program of [`FILTERS`] has a form that is known, in which it only prints.
pub fn is_known_filter(command: &str, arguments: &[&str]) -> bool {
    Filter::parse(command, arguments).is_some()
}

impl Interpreter<'_> {
    /// Interprets a program that prints a part of its input or of a file; `None` if that is not known.
    pub(super) fn filter(&mut self, command: &str, arguments: &[Word], input: Option<&Output>) -> Option<Outcome> {
        // An argument is expanded once.
        let are_plain = arguments.iter().all(|word| !has_command_substitution(word));
        if !FILTERS.contains(&command) || !are_plain {
            return None;
        }
        let words: Vec<String> =
            arguments.iter().map(|word| self.field(word).single().cloned()).collect::<Option<_>>()?;
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let (filter, files) = Filter::parse(command, &words)?;
        let (text, spans) = match files[..] {
            [] | ["-"] => {
                let input = input?;
                (input.clone().into_text(), input.spans.clone())
            }
            // With several files, some programs print their names or count the lines of each.
            _ if command != "cat" && files.len() > 1 => return None,
            _ => {
                let contents = files.iter().map(|path| self.content_of(path).ok()).collect::<Option<Vec<Text>>>()?;
                (contents.into_iter().reduce(Text::followed_by)?, Vec::new())
            }
        };
        let AbstractValue::OneOf(texts) = &text.values else { return None };
        self.spend(texts.iter().map(String::len).sum::<usize>() / 64);
        let results: Vec<(String, bool)> = texts.iter().map(|text| filter.apply(text)).collect::<Option<_>>()?;
        let status = Tristate {
            can_be_true: results.iter().any(|(_, succeeds)| *succeeds),
            can_be_false: results.iter().any(|(_, succeeds)| !succeeds),
        };
        let printed = Text::one_of(results.into_iter().map(|(text, _)| text), text.reasons);
        Some(Outcome { output: Output::new(vec![printed], spans), status: status.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::Filter;

    #[test]
    fn filters_print_what_the_programs_print() {
        let text = "# a\nA=1=2\n\nB=x y\n-z";
        for (command, arguments, expected) in [
            ("cat", &[][..], Some("# a\nA=1=2\n\nB=x y\n-z")),
            ("cat", &["-n"], None),
            ("head", &["-n", "1"], Some("# a\n")),
            ("head", &["-n2"], Some("# a\nA=1=2\n")),
            ("head", &["-2"], Some("# a\nA=1=2\n")),
            ("head", &["-n", "0"], Some("")),
            ("head", &["--lines=0"], None),
            ("head", &[], Some("# a\nA=1=2\n\nB=x y\n-z")),
            ("head", &["-c", "1"], None),
            ("head", &["-n", "-1"], None),
            ("tail", &["-n", "1"], Some("-z")),
            ("tail", &["-2"], Some("B=x y\n-z")),
            ("tail", &["-n", "+4"], Some("B=x y\n-z")),
            ("head", &["-n", "+2"], None),
            ("grep", &["-v", "^#"], Some("A=1=2\n\nB=x y\n-z\n")),
            ("grep", &["="], Some("A=1=2\nB=x y\n")),
            ("grep", &["^A="], Some("A=1=2\n")),
            ("grep", &["y$"], Some("B=x y\n")),
            ("grep", &["^$"], Some("\n")),
            ("grep", &["-E", "-v", "^A"], Some("# a\n\nB=x y\n-z\n")),
            ("grep", &["-q", "A"], Some("")),
            ("grep", &["A.*"], None),
            ("grep", &["-F", "1=2"], Some("A=1=2\n")),
            ("grep", &["-c", "A"], None),
            ("grep", &["-e", "A"], None),
            ("cut", &["-d=", "-f2"], Some("# a\n1\n\nx y\n-z\n")),
            ("cut", &["-d", "=", "-f", "2-"], Some("# a\n1=2\n\nx y\n-z\n")),
            ("cut", &["-d", "=", "-f", "3"], Some("# a\n2\n\n\n-z\n")),
            ("cut", &["-d=", "-f1,2"], None),
            ("cut", &["-c1"], None),
            ("tr", &["-d", "\\n"], Some("# aA=1=2B=x y-z")),
            ("tr", &["-d", "a-z"], None),
            ("tr", &["a", "b"], None),
            ("xargs", &[], Some("# a A=1=2 B=x y -z\n")),
            ("xargs", &["echo"], None),
            ("sort", &[], None),
            ("grep", &["-m1", "="], Some("A=1=2\n")),
            ("grep", &["-h", "-m", "1", "="], Some("A=1=2\n")),
            ("grep", &["-m", "x", "="], None),
            ("head", &["-n", "1", "-2"], None),
            ("cut", &["-d=", "-f2", "-s"], None),
            ("cut", &["-d", "é", "-f2"], None),
            ("cut", &["-d", "\n", "-f1"], None),
            ("grep", &["-EF", "A"], None),
            ("grep", &["-F", "A\n-z"], None),
            ("awk", &["{print $1}", "-F="], None),
            ("awk", &["-F|", "{print $1}"], Some("# a\nA=1=2\n\nB=x y\n-z\n")),
            ("sed", &["-n", "1p"], Some("# a\n")),
            ("sed", &["-nE", "s/^A=//p"], Some("1=2\n")),
            ("sed", &["-e", "1q"], Some("# a\n")),
            ("sed", &["-i", "1q"], None),
            ("sed", &["1q", "-i"], None),
            ("sed", &["-e", "1q", "-e", "2q"], None),
            ("sed", &[], None),
            ("awk", &["-F=", "/^A/{print $2}"], Some("1\n")),
            ("awk", &["-F", "=", "/^A/{print $NF}"], Some("2\n")),
            ("awk", &["-F\\t", "NR==1"], Some("# a\n")),
            ("awk", &["-F..", "{print $1}"], None),
            ("awk", &["-f", "program"], None),
            ("awk", &["-v", "a=b", "{print $1}"], None),
        ] {
            let filter = Filter::parse(command, arguments);
            let printed = filter.and_then(|(filter, _)| filter.apply(text));
            assert_eq!(printed.as_ref().map(|(text, _)| text.as_str()), expected, "{command} {arguments:?}");
        }
    }

    #[test]
    fn jq_prints_members() {
        let text = r#"{"model": "m-1", "e2e": {"n": 3, "f": 1.5, "on": true}, "list": ["a", {"b": null}]}"#;
        for (arguments, expected) in [
            (&["-r", ".model"][..], Some("m-1\n")),
            (&[".model"], Some("\"m-1\"\n")),
            (&["--raw-output", ".e2e.n"], Some("3\n")),
            (&["-r", ".e2e.on"], Some("true\n")),
            (&["-r", ".absent"], Some("null\n")),
            (&["-r", ".absent.b"], Some("null\n")),
            (&["-r", ".model.b"], None),
            (&["-r", ".e2e.f"], None),
            (&["-r", ".list"], None),
            (&["-c", ".list"], Some("[\"a\",{\"b\":null}]\n")),
            (&["-rc", ".list"], Some("[\"a\",{\"b\":null}]\n")),
            (&["-c", "."], None),
            (&["-r", ".list[0]"], None),
            (&["-r", ".model // \"x\""], None),
            (&["-e", ".model"], None),
            (&["-r"], None),
        ] {
            let filter = Filter::parse("jq", arguments);
            let printed = filter.and_then(|(filter, _)| filter.apply(text));
            assert_eq!(printed.as_ref().map(|(text, _)| text.as_str()), expected, "{arguments:?}");
        }
        let of = |text| Filter::parse("jq", &["-r", ".a"]).and_then(|(filter, _)| filter.apply(text));
        assert_eq!([of("{"), of(r#"{"a": 1, "a": 2}"#), of("1 2")], [None, None, None]);
    }

    #[test]
    fn filter_knows_its_files_and_its_status() {
        let files = |command, arguments| Filter::parse(command, arguments).map(|(_, files)| files);
        assert_eq!(files("cat", &["a", "b"]), Some(vec!["a", "b"]));
        assert_eq!(files("head", &["-n", "1", "a"]), Some(vec!["a"]));
        assert_eq!(files("head", &["-1", "a"]), Some(vec!["a"]));
        assert_eq!(files("head", &["a", "-n1"]), None);
        assert_eq!(files("grep", &["^A", "a"]), Some(vec!["a"]));
        assert_eq!(files("grep", &["^A", "a", "-v"]), None);
        assert_eq!(files("cut", &["-d=", "-f2", "a"]), Some(vec!["a"]));
        assert_eq!(files("tr", &["-d", "a", "b"]), None);
        let succeeds = |pattern| Filter::parse("grep", &["-q", pattern]).and_then(|(it, _)| it.apply("a\n")).unwrap().1;
        assert_eq!([succeeds("a"), succeeds("b")], [true, false]);
    }
}
