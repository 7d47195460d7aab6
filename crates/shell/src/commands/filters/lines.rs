//! Programs that print some of the lines of a text, or a part of each.

use super::super::super::input::SCRIPT_BYTES;

/// Which lines a program prints, and what of them.
#[derive(Debug, PartialEq)]
pub struct LineFilter {
    pub lines: Lines,
    /// The most lines to print.
    pub count: usize,
    pub part: PrintedPart,
    /// Whether each printed line ends with a line break, even if the text does not; `None` if systems differ.
    pub completes_last_line: Option<bool>,
    /// Whether the program fails if it chooses no line, as `grep` does.
    pub needs_line: bool,
}

/// The lines that a program chooses.
#[derive(Clone, Debug, PartialEq)]
pub enum Lines {
    All,
    /// Every line after the first ones: `tail -n +N`.
    After(usize),
    /// The last lines: `tail -n N`.
    Last(usize),
    /// The lines that match a pattern, or with `is_inverted` all others: `grep`.
    Matching {
        pattern: PlainPattern,
        is_inverted: bool,
    },
}

/// What a program prints of a line.
#[derive(Clone, Debug, PartialEq)]
pub enum PrintedPart {
    Whole,
    /// Not even a line break: `grep -q`.
    Nothing,
    /// The text between two delimiters, or with `-f N-` also what follows: `cut -d C -f N`.
    Field {
        delimiter: char,
        number: usize,
        has_rest: bool,
    },
    /// The text between two separators, or without one between white space: `awk '{print $N}'`. Without a number, the
    /// last column.
    Column {
        separator: Option<char>,
        number: Option<usize>,
    },
    /// The line with another text in place of the first match, or of each: `sed s/A/B/`.
    Replaced {
        pattern: PlainPattern,
        by: String,
        is_global: bool,
    },
}

/// A text without special characters of regular expressions, except `^` at its beginning and `$` at its end.
#[derive(Clone, Debug, PartialEq)]
pub struct PlainPattern {
    text: String,
    begins_line: bool,
    ends_line: bool,
}

impl PlainPattern {
    /// Parses a regular expression of this kind; with `is_fixed`, no character is special.
    pub fn new(pattern: &str, is_fixed: bool) -> Option<Self> {
        // Each line of a pattern is a pattern.
        if pattern.contains('\n') {
            return None;
        }
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

    /// A line with another text in place of the first match, or of each.
    fn replaced_in(&self, line: &str, by: &str, is_global: bool) -> String {
        match (self.begins_line, self.ends_line) {
            _ if !self.matches(line) => line.to_owned(),
            (true, true) => by.to_owned(),
            (true, false) => format!("{by}{}", &line[self.text.len()..]),
            (false, true) => format!("{}{by}", &line[..line.len() - self.text.len()]),
            (false, false) if is_global => line.replace(&self.text, by),
            (false, false) => line.replacen(&self.text, by, 1),
        }
    }
}

impl LineFilter {
    /// A program that prints every line as it is.
    pub const ALL: Self = Self {
        lines: Lines::All,
        count: usize::MAX,
        part: PrintedPart::Whole,
        completes_last_line: Some(false),
        needs_line: false,
    };

    /// What the program prints, and whether it succeeds; `None` if that is not known.
    pub fn apply(&self, text: &str) -> Option<(String, bool)> {
        if let PrintedPart::Replaced { pattern, by, .. } = &self.part
            && text.matches(&pattern.text).count() * by.len() > SCRIPT_BYTES
        {
            return None;
        }
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let content = |line: &&str| line.strip_suffix('\n').unwrap_or(line).to_owned();
        let is_chosen = |line: &&&str| match &self.lines {
            Lines::Matching { pattern, is_inverted } => pattern.matches(&content(line)) != *is_inverted,
            _ => true,
        };
        let first = match self.lines {
            Lines::After(count) => count,
            Lines::Last(count) => lines.len().saturating_sub(count),
            Lines::All | Lines::Matching { .. } => 0,
        };
        let mut is_any_chosen = false;
        let mut printed = String::new();
        for line in lines.iter().skip(first).filter(is_chosen).take(self.count) {
            is_any_chosen = true;
            if self.part == PrintedPart::Nothing {
                continue;
            }
            printed.push_str(&self.part.of(&content(line)));
            if line.ends_with('\n') || self.completes_last_line == Some(true) {
                printed.push('\n');
            }
        }
        let is_complete = printed.is_empty() || printed.ends_with('\n');
        (is_complete || self.completes_last_line.is_some()).then_some((printed, is_any_chosen || !self.needs_line))
    }
}

impl PrintedPart {
    fn of(&self, line: &str) -> String {
        match self {
            Self::Whole => line.to_owned(),
            Self::Nothing => String::new(),
            Self::Field { delimiter, .. } if !line.contains(*delimiter) => line.to_owned(),
            Self::Field { delimiter, number, has_rest } => {
                let count = if *has_rest { *number } else { usize::MAX };
                line.splitn(count, *delimiter).nth(number - 1).unwrap_or_default().to_owned()
            }
            Self::Column { separator, number } => {
                let columns: Vec<&str> = match separator {
                    Some(separator) => line.split(*separator).collect(),
                    None => line.split([' ', '\t']).filter(|column| !column.is_empty()).collect(),
                };
                // Without columns, the last column is the line.
                if columns.is_empty() && number.is_none() {
                    return line.to_owned();
                }
                let index = number.unwrap_or(columns.len()).checked_sub(1);
                index.and_then(|index| columns.get(index)).copied().unwrap_or_default().to_owned()
            }
            Self::Replaced { pattern, by, is_global } => pattern.replaced_in(line, by, *is_global),
        }
    }
}

/// `sed` that prints every line.
const SED: LineFilter = LineFilter { completes_last_line: None, ..LineFilter::ALL };

/// Parses a script of `sed` with one command; with `is_quiet`, only that command prints.
pub fn sed(script: &str, is_quiet: bool) -> Option<LineFilter> {
    let script = script.trim();
    let command = script.chars().last()?;
    let address = &script[..script.len() - command.len_utf8()];
    if let Some(rest) = script.strip_prefix('s') {
        let delimiter = rest.chars().next().filter(|it| "/|#,:@%".contains(*it))?;
        let parts: Vec<&str> = rest[1..].split(delimiter).collect();
        let [pattern, by, flags] = parts[..] else { return None };
        // Without a text, `sed` takes the pattern before.
        let pattern = PlainPattern::new(pattern, false).filter(|pattern| !pattern.text.is_empty())?;
        if by.contains(['\\', '&', '\n'])
            || flags.contains(|flag| !"gp".contains(flag))
            || flags.len() > 1 && flags != "gp" && flags != "pg"
        {
            return None;
        }
        let lines = match (is_quiet, flags.matches('p').count()) {
            (false, 0) => Lines::All,
            (true, 1) => Lines::Matching { pattern: pattern.clone(), is_inverted: false },
            _ => return None,
        };
        let part = PrintedPart::Replaced { pattern, by: by.to_owned(), is_global: flags.contains('g') };
        return Some(LineFilter { lines, part, ..SED });
    }
    let pattern = address.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')).filter(|it| !it.contains('/'));
    match (pattern, command, is_quiet) {
        (Some(pattern), 'd', false) | (Some(pattern), 'p', true) => {
            let pattern = PlainPattern::new(pattern, false).filter(|_| !pattern.is_empty())?;
            Some(LineFilter { lines: Lines::Matching { pattern, is_inverted: command == 'd' }, ..SED })
        }
        (None, 'p', true) if address == "$" => Some(LineFilter { lines: Lines::Last(1), ..SED }),
        (None, 'p', true) => Some(LineFilter { completes_last_line: None, ..line_of_number(address)? }),
        (None, 'q', false) => {
            let count = number(address).filter(|count| *count > 0)?;
            Some(LineFilter { count, ..SED })
        }
        (None, 'd', false) if address == "1" => Some(LineFilter { lines: Lines::After(1), ..SED }),
        _ => None,
    }
}

/// Parses a program of `awk` that prints a column of some lines. `None` as the separator is white space.
pub fn awk(program: &str, separator: Option<char>) -> Option<LineFilter> {
    let (condition, action) = match program.trim().split_once('{') {
        Some((condition, action)) => (condition.trim(), action.strip_suffix('}')?.trim()),
        None if program.trim().is_empty() => return None,
        None => (program.trim(), "print"),
    };
    let (printed, ends) = action.split_once(';').map_or((action, None), |(printed, rest)| (printed, Some(rest.trim())));
    let column = match printed.trim().strip_prefix("print")?.trim_start() {
        "" | "$0" => PrintedPart::Whole,
        "$NF" => PrintedPart::Column { separator, number: None },
        column => PrintedPart::Column {
            separator,
            number: Some(number(column.strip_prefix('$')?).filter(|number| *number > 0)?),
        },
    };
    let filter = match condition.strip_prefix("NR").map(str::trim_start).and_then(|rest| rest.strip_prefix("==")) {
        Some(line) => line_of_number(line.trim())?,
        None if condition.is_empty() => LineFilter::ALL,
        None => {
            let pattern = condition.strip_prefix('/')?.strip_suffix('/').filter(|it| !it.contains('/'))?;
            let lines = Lines::Matching { pattern: PlainPattern::new(pattern, false)?, is_inverted: false };
            LineFilter { lines, ..LineFilter::ALL }
        }
    };
    let count = match ends {
        None | Some("") => filter.count,
        Some("exit") => 1,
        Some(_) => return None,
    };
    Some(LineFilter { part: column, count, completes_last_line: Some(true), ..filter })
}

/// The line with a number, which begins at one.
fn line_of_number(text: &str) -> Option<LineFilter> {
    let before = number(text)?.checked_sub(1)?;
    Some(LineFilter { lines: Lines::After(before), count: 1, ..LineFilter::ALL })
}

/// A number without a sign.
pub fn number(text: &str) -> Option<usize> {
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# a b\nA=1=2\n\nB=x  y\n\t-z";

    fn printed(filter: Option<LineFilter>, text: &str) -> Option<String> {
        filter.and_then(|filter| filter.apply(text)).map(|(text, _)| text)
    }

    #[test]
    fn sed_prints_what_one_command_prints() {
        for (script, is_quiet, expected) in [
            ("2p", true, Some("A=1=2\n")),
            ("0p", true, None),
            ("9p", true, Some("")),
            ("$p", true, Some("\t-z\n")),
            ("2p", false, None),
            ("1,2p", true, None),
            ("1q", false, Some("# a b\n")),
            ("1d", false, Some("A=1=2\n\nB=x  y\n\t-z\n")),
            ("2d", false, None),
            ("/^#/d", false, Some("A=1=2\n\nB=x  y\n\t-z\n")),
            ("/^$/d", false, Some("# a b\nA=1=2\nB=x  y\n\t-z\n")),
            ("/=/p", true, Some("A=1=2\nB=x  y\n")),
            ("/=/p", false, None),
            ("//d", false, None),
            ("s/=/:/", false, Some("# a b\nA:1=2\n\nB:x  y\n\t-z\n")),
            ("s/=/:/g", false, Some("# a b\nA:1:2\n\nB:x  y\n\t-z\n")),
            ("s|^A=||p", true, Some("1=2\n")),
            ("s/y$/z/p", true, Some("B=x  z\n")),
            ("s/^-z$/z/", false, Some("# a b\nA=1=2\n\nB=x  y\n\t-z\n")),
            ("s/A/&&/", false, None),
            ("s/A.*/B/", false, None),
            ("s/A/B/I", false, None),
            ("s/A/B/", true, None),
            ("s//B/", false, None),
            ("s/A/B/gg", false, None),
            ("s/A/B/w f", false, None),
            ("p", true, None),
            ("", false, None),
        ] {
            assert_eq!(
                printed(sed(script, is_quiet), &format!("{TEXT}\n")).as_deref(),
                expected,
                "{script} {is_quiet}"
            );
        }
        let last = |script| printed(sed(script, false), "a\nb");
        assert_eq!((last("1q").as_deref(), last("s/a/c/")), (Some("a\n"), None), "some systems complete the line");
    }

    #[test]
    fn awk_prints_a_column() {
        for (program, separator, expected) in [
            ("{print $1}", None, Some("#\nA=1=2\n\nB=x\n-z\n")),
            ("{ print $2 }", Some('='), Some("\n1\n\nx  y\n\n")),
            ("/^A=/{print $2}", Some('='), Some("1\n")),
            ("/^A=/ { print $NF; exit }", Some('='), Some("2\n")),
            ("{print $1; exit}", None, Some("#\n")),
            ("NR==4 {print $2}", None, Some("y\n")),
            ("NR == 2", None, Some("A=1=2\n")),
            ("", None, None),
            ("/=/", None, Some("A=1=2\nB=x  y\n")),
            ("NR==3 {print $NF}", None, Some("\n")),
            ("{print}", None, Some("# a b\nA=1=2\n\nB=x  y\n\t-z\n")),
            ("{print $0}", None, Some("# a b\nA=1=2\n\nB=x  y\n\t-z\n")),
            ("{print $1, $2}", None, None),
            ("{print $1 > \"f\"}", None, None),
            ("{printf $1}", None, None),
            ("$1 == \"A\" {print $2}", None, None),
            ("/A/ && /B/ {print $2}", None, None),
            ("NR>1 {print $2}", None, None),
            ("{print $1} END {print}", None, None),
            ("{x = $1; print x}", None, None),
            ("{print $0; print}", None, None),
        ] {
            assert_eq!(printed(awk(program, separator), TEXT).as_deref(), expected, "{program}");
        }
    }
}
