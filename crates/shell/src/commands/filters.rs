//! Programs that print a part of a known text, such as the model in a file of the repository.

use super::super::input::SCRIPT_BYTES;
use super::super::interpreter::{Interpreter, Outcome, Output};
use super::super::syntax::{Word, is_name};
use super::choices::has_command_substitution;
use serde_json::Value;
use slug_json::{Advice, Limits};
use slug_value::{AbstractValue, Text, Tristate};

/// What a program prints of its input.
#[derive(Debug, PartialEq)]
enum Filter {
    /// `cat`: everything.
    All,
    /// `head -n N`: the first lines.
    First(usize),
    /// `tail -n N`: the last lines.
    Last(usize),
    /// `tail -n +N`: the lines after so many.
    After(usize),
    /// `grep`: the lines that match, or with `-v` the others.
    Matching { pattern: Pattern, is_inverted: bool, is_quiet: bool },
    /// `cut -d C -f N`: one field of each line, or with `-f N-` also the fields after it.
    Field { delimiter: char, number: usize, has_rest: bool },
    /// `tr -d SET`: everything except these characters.
    Without(Vec<char>),
    /// `xargs` without a command: the words, in one line.
    Words,
    /// `jq`: the value of a member, with `-r` as a plain text, and with `-c` in one line.
    Member { path: Vec<String>, is_raw: bool, is_compact: bool },
}

/// A text without signs of a regular expression, except at its beginning and end.
#[derive(Debug, PartialEq)]
struct Pattern {
    text: String,
    begins_line: bool,
    ends_line: bool,
}

impl Pattern {
    fn new(pattern: &str, is_fixed: bool) -> Option<Self> {
        if is_fixed {
            return Some(Self { text: pattern.to_owned(), begins_line: false, ends_line: false });
        }
        let (text, begins_line) = pattern.strip_prefix('^').map_or((pattern, false), |rest| (rest, true));
        let (text, ends_line) = text.strip_suffix('$').map_or((text, false), |rest| (rest, true));
        let is_plain = |c: char| c.is_alphanumeric() || "_-=/:#@,%~ ".contains(c);
        text.chars().all(is_plain).then(|| Self { text: text.to_owned(), begins_line, ends_line })
    }

    fn matches(&self, line: &str) -> bool {
        match (self.begins_line, self.ends_line) {
            (true, true) => line == self.text,
            (true, false) => line.starts_with(&self.text),
            (false, true) => line.ends_with(&self.text),
            (false, false) => line.contains(&self.text),
        }
    }
}

impl Filter {
    /// Parses the arguments of a program; returns the arguments that are files, too. `None` if this form is not known.
    fn parse<'a>(command: &str, arguments: &[&'a str]) -> Option<(Self, Vec<&'a str>)> {
        let is_option = |argument: &&&str| argument.len() > 1 && argument.starts_with('-');
        let (options, mut rest): (Vec<&str>, Vec<&str>) = match command {
            // The value of an option may be the next argument.
            "cut" | "head" | "tail" => (arguments.to_vec(), Vec::new()),
            _ => {
                let count = arguments.iter().take_while(is_option).count();
                (arguments[..count].to_vec(), arguments[count..].to_vec())
            }
        };
        if rest.iter().any(|argument| is_option(&argument)) {
            return None;
        }
        let filter = match command {
            "cat" if options.is_empty() => Self::All,
            "xargs" if options.is_empty() && rest.is_empty() => Self::Words,
            "tr" if matches!(options[..], ["-d" | "--delete"]) && rest.len() == 1 => {
                Self::Without(characters(rest.remove(0))?)
            }
            "grep" if !rest.is_empty() => {
                let letters: String = options.iter().map(|option| &option[1..]).collect();
                if letters.contains(|letter| !"EFqv".contains(letter)) {
                    return None;
                }
                let pattern = Pattern::new(rest.remove(0), letters.contains('F'))?;
                Self::Matching { pattern, is_inverted: letters.contains('v'), is_quiet: letters.contains('q') }
            }
            "jq" if !rest.is_empty() => {
                let letters: Option<String> = options.iter().map(|option| option_of_jq(option)).collect();
                let letters = letters?;
                let path = members(rest.remove(0))?;
                Self::Member { path, is_raw: letters.contains('r'), is_compact: letters.contains('c') }
            }
            "head" | "tail" => {
                let (value, files) = value_of(&options, &["-n", "--lines"])?;
                rest = files;
                let count = match (value, rest.first().and_then(|first| first.strip_prefix('-'))) {
                    (Some(value), _) => value,
                    (None, Some(count)) => {
                        rest.remove(0);
                        count
                    }
                    (None, None) => "10",
                };
                match (command, count.strip_prefix('+')) {
                    ("head", _) => Self::First(number(count)?),
                    (_, None) => Self::Last(number(count)?),
                    (_, Some(first)) => Self::After(number(first)?.saturating_sub(1)),
                }
            }
            "cut" => {
                let (delimiter, others) = value_of(&options, &["-d", "--delimiter"])?;
                let (fields, files) = value_of(&others, &["-f", "--fields"])?;
                rest = files;
                let fields = fields?;
                let (field, has_rest) = fields.strip_suffix('-').map_or((fields, false), |field| (field, true));
                let mut delimiter = delimiter.unwrap_or("\t").chars();
                let (Some(delimiter), None) = (delimiter.next(), delimiter.next()) else { return None };
                let number = number(field).filter(|number| *number > 0)?;
                Self::Field { delimiter, number, has_rest }
            }
            _ => return None,
        };
        (!rest.iter().any(|argument| is_option(&argument))).then_some((filter, rest))
    }

    /// What the program prints, and whether it succeeds.
    fn apply(&self, text: &str) -> Option<(String, bool)> {
        let lines = || text.split_inclusive('\n');
        let with_end = |line: &str| format!("{}\n", line.strip_suffix('\n').unwrap_or(line));
        let printed = match self {
            Self::All => text.to_owned(),
            Self::First(count) => lines().take(*count).collect(),
            Self::Last(count) => lines().skip(lines().count().saturating_sub(*count)).collect(),
            Self::After(count) => lines().skip(*count).collect(),
            Self::Matching { pattern, is_inverted, is_quiet } => {
                let is_chosen = |line: &&str| pattern.matches(line.strip_suffix('\n').unwrap_or(line)) != *is_inverted;
                let chosen: String = lines().filter(is_chosen).map(with_end).collect();
                let succeeds = !chosen.is_empty();
                return Some((if *is_quiet { String::new() } else { chosen }, succeeds));
            }
            Self::Field { delimiter, number, has_rest } => {
                let field = |line: &str| {
                    let line = line.strip_suffix('\n').unwrap_or(line);
                    if !line.contains(*delimiter) {
                        return with_end(line);
                    }
                    let count = if *has_rest { *number } else { usize::MAX };
                    let field = line.splitn(count, *delimiter).nth(number - 1);
                    with_end(field.unwrap_or_default())
                };
                lines().map(field).collect()
            }
            Self::Without(characters) => text.chars().filter(|c| !characters.contains(c)).collect(),
            Self::Words => {
                let words: Vec<&str> = text.split([' ', '\t', '\n']).filter(|word| !word.is_empty()).collect();
                // Without words, whether `echo` runs depends on the system.
                if words.is_empty() || text.contains(['\'', '"', '\\', '\r']) {
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

/// The value of an option, as in `-n 1`, `-n1` and `--lines=1`, and the other arguments; `None` if the option has no
/// value or several.
fn value_of<'a>(arguments: &[&'a str], [short, long]: &[&str; 2]) -> Option<(Option<&'a str>, Vec<&'a str>)> {
    let (mut values, mut others) = (Vec::new(), Vec::new());
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        if argument == short || argument == long {
            values.push(*arguments.next()?);
        } else if let Some(value) = argument.strip_prefix(long).and_then(|rest| rest.strip_prefix('=')) {
            values.push(value);
        } else if let Some(value) = argument.strip_prefix(short) {
            values.push(value);
        } else {
            others.push(*argument);
        }
    }
    (values.len() < 2).then(|| (values.pop(), others))
}

/// The largest file of which `jq` is followed.
const JSON_LIMITS: Limits = Limits { bytes: SCRIPT_BYTES, depth: 64, nodes: 10_000 };

/// Errors are not shown.
const NO_ADVICE: Advice = Advice { too_large: "", empty: "" };

/// The letters of an option of `jq` that only changes how a value is printed.
fn option_of_jq(option: &str) -> Option<&str> {
    match option {
        "--raw-output" => Some("r"),
        "--compact-output" => Some("c"),
        _ => option.strip_prefix('-').filter(|letters| letters.chars().all(|letter| "cr".contains(letter))),
    }
}

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

/// A number without a sign.
fn number(text: &str) -> Option<usize> {
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The characters of a set of `tr` without ranges and classes.
fn characters(set: &str) -> Option<Vec<char>> {
    let mut characters = Vec::new();
    let mut signs = set.chars();
    while let Some(sign) = signs.next() {
        characters.push(match sign {
            '\\' => match signs.next()? {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                '\\' => '\\',
                _ => return None,
            },
            '-' | '[' => return None,
            sign if sign.is_ascii() => sign,
            _ => return None,
        });
    }
    Some(characters)
}

impl Interpreter<'_> {
    /// Interprets a program that prints a part of its input or of a file; `None` if that is not known.
    pub(super) fn filter(&mut self, command: &str, arguments: &[Word], input: Option<&Output>) -> Option<Outcome> {
        let is_filter = matches!(command, "cat" | "cut" | "grep" | "head" | "jq" | "tail" | "tr" | "xargs");
        // An argument is expanded once.
        let are_plain = arguments.iter().all(|word| !has_command_substitution(word));
        if !is_filter || !are_plain {
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
            // With several files, some programs print names.
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
            ("head", &["--lines=0"], Some("")),
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
        assert_eq!(files("head", &["a", "-n1"]), Some(vec!["a"]));
        assert_eq!(files("grep", &["^A", "a"]), Some(vec!["a"]));
        assert_eq!(files("grep", &["^A", "a", "-v"]), None);
        assert_eq!(files("cut", &["-d=", "-f2", "a"]), Some(vec!["a"]));
        assert_eq!(files("tr", &["-d", "a", "b"]), None);
        let succeeds = |pattern| Filter::parse("grep", &["-q", pattern]).and_then(|(it, _)| it.apply("a\n")).unwrap().1;
        assert_eq!([succeeds("a"), succeeds("b")], [true, false]);
    }
}
