//! Environment files, as containers and workflow runners read and write them.
//!
//! A line is `NAME=VALUE`, with or without `export`. A value may be in single quotes (verbatim)
//! or in double quotes (`\n`, `\"` and similar escapes are replaced); a quoted value may span
//! lines. `NAME<<END` takes the lines up to `END`. Blank lines and comments after `#` are
//! ignored. Values are not expanded: `$OTHER` stays `$OTHER`.

/// The maximum size of a file in bytes, the limit of a process environment.
const FILE_BYTES: usize = 2 << 20;

/// The maximum number of variables in a file.
const VARIABLES: usize = 5_000;

/// One assignment.
#[derive(Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The variable.
    pub name: String,
    /// The value, which must never be printed.
    pub value: String,
    /// The first line of the assignment, counted from 1.
    pub line: usize,
}

/// Reads an environment file.
///
/// # Errors
///
/// The line and what is wrong with it. The message never repeats the line, which may contain a
/// secret.
pub fn parse(bytes: &[u8]) -> Result<Vec<Assignment>, String> {
    if bytes.len() > FILE_BYTES {
        return Err(format!("the file is larger than {} MiB; pass an environment file", FILE_BYTES >> 20));
    }
    if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
        let line = bytes[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
        return Err(format!("line {line}: a NUL byte, which no environment can contain; save the file as UTF-8"));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
        format!("line {line}: not UTF-8; save the file as UTF-8")
    })?;
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    let end = rest.len();
    let whole = rest;
    let mut assignments = Vec::new();
    let mut counted = (0, 1);
    while !rest.is_empty() {
        let start = end - rest.len();
        let line = counted.1 + whole[counted.0..start].matches('\n').count();
        counted = (start, line);
        let read = assignment(&mut rest).map_err(|what| format!("line {line}: {what}"))?;
        assignments.extend(read.map(|(name, value)| Assignment { name, value, line }));
        if assignments.len() > VARIABLES {
            return Err(format!(
                "line {line}: more variables than the limit of {VARIABLES}; remove the ones that are not needed"
            ));
        }
    }
    Ok(assignments)
}

const FORM: &str = "not of the form NAME=VALUE; correct it, or put a `#` before it";

/// Reads one assignment, including all lines of its value. Returns `None` for a blank line or a
/// comment.
fn assignment(rest: &mut &str) -> Result<Option<(String, String)>, &'static str> {
    let line = first_line(rest);
    let trimmed = line.trim_start();
    if trimmed.is_empty() || trimmed.starts_with('#') {
        take_line(rest);
        return Ok(None);
    }
    let unexported = trimmed.strip_prefix("export").filter(|rest| rest.starts_with([' ', '\t'])).map(str::trim_start);
    let declaration = unexported.unwrap_or(trimmed);
    let length = declaration.find(|c: char| !is_name_char(c)).unwrap_or(declaration.len());
    let (name, after) = declaration.split_at(length);
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(FORM);
    }
    if let Some(marker) = after.strip_prefix("<<").map(str::trim).filter(|marker| !marker.is_empty()) {
        let (name, marker) = (name.to_owned(), marker.to_owned());
        take_line(rest);
        return Ok(Some((name, lines_up_to(rest, &marker)?)));
    }
    let value = after.trim_start().strip_prefix('=').ok_or(FORM)?.trim_start();
    let name = name.to_owned();
    // The value decides how many further lines are read.
    *rest = &rest[line.len() - value.len()..];
    let value = match value.chars().next() {
        Some(quote @ ('"' | '\'')) => {
            *rest = &rest[1..];
            let value = quoted(rest, quote)?;
            let after = first_line(rest).trim();
            if !(after.is_empty() || after.starts_with('#')) {
                return Err("text follows the closing quote; escape the quote inside, or use the other kind");
            }
            value
        }
        _ => unquoted(value).to_owned(),
    };
    take_line(rest);
    Ok(Some((name, value)))
}

fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_.-".contains(c)
}

/// The first line, without its end.
fn first_line<'t>(text: &&'t str) -> &'t str {
    let line = text.split('\n').next().unwrap_or_default();
    line.strip_suffix('\r').unwrap_or(line)
}

fn take_line(rest: &mut &str) {
    *rest = rest.split_once('\n').map_or("", |(_, after)| after);
}

/// An unquoted value: the text up to a comment or the end of the line.
fn unquoted(value: &str) -> &str {
    let is_comment = |(at, _): &(usize, &str)| *at == 0 || value[..*at].ends_with([' ', '\t']);
    let end = value.match_indices('#').find(is_comment).map_or(value.len(), |(at, _)| at);
    value[..end].trim_end()
}

/// Reads a quoted value up to its closing quote, which may be on a later line.
fn quoted(rest: &mut &str, quote: char) -> Result<String, &'static str> {
    let text = *rest;
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            c if c == quote => {
                *rest = &text[at + 1..];
                return Ok(value);
            }
            '\\' if quote == '"' => match chars.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, 'r')) => value.push('\r'),
                Some((_, 't')) => value.push('\t'),
                Some((_, c @ ('"' | '\\' | '$' | '`'))) => value.push(c),
                Some((_, c)) => value.extend(['\\', c]),
                None => value.push('\\'),
            },
            c => value.push(c),
        }
    }
    Err("the quote that starts here is not closed; close it")
}

/// Reads the lines up to the marker.
fn lines_up_to(rest: &mut &str, marker: &str) -> Result<String, &'static str> {
    let mut lines: Vec<&str> = Vec::new();
    while !rest.is_empty() {
        let line = first_line(rest);
        take_line(rest);
        if line == marker {
            return Ok(lines.join("\n"));
        }
        lines.push(line);
    }
    Err("the lines that start here have no end; end them with the word after `<<`")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Vec<(String, String)> {
        let read = parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error} in {text:?}"));
        read.into_iter().map(|assignment| (assignment.name, assignment.value)).collect()
    }

    #[test]
    fn each_form_of_assignment_is_read() {
        for (text, value) in [
            ("A=b", "b"),
            ("A=", ""),
            ("A=b c", "b c"),
            ("  export  A = b  ", "b"),
            ("A=b # comment", "b"),
            ("A=# comment", ""),
            ("A=b#c", "b#c"),
            ("A=b=c", "b=c"),
            ("A='b $c \"\\n' # comment", "b $c \"\\n"),
            ("A=\"b \\\"c\\\" \\n\\t\\\\ \\$d \\e\"", "b \"c\" \n\t\\ $d \\e"),
            ("A=\"\"", ""),
            ("A=$B", "$B"),
            ("A='b\nc'", "b\nc"),
            ("A<<END\nb\nEN\nEND\n", "b\nEN"),
            ("A<<END\r\nb\r\nc\r\nEND\r\n", "b\nc"),
            ("A=ü", "ü"),
        ] {
            assert_eq!(pairs(text), [("A".to_owned(), value.to_owned())], "{text:?}");
        }
        assert!(pairs("\n # A=b\r\n\t\n").is_empty() && pairs("").is_empty());
        assert_eq!(pairs("exported=1"), [("exported".to_owned(), "1".to_owned())]);
    }

    #[test]
    fn line_numbers_include_multi_line_values() {
        let read = parse("\u{feff}A='1\n2'\r\n\r\nB=3\nC<<X\n\nX\nA=4".as_bytes());
        let read = read.unwrap_or_else(|error| panic!("{error}"));
        let lines: Vec<_> = read.iter().map(|it| (it.name.as_str(), it.value.as_str(), it.line)).collect();
        assert_eq!(lines, [("A", "1\n2", 1), ("B", "3", 4), ("C", "", 5), ("A", "4", 8)]);
    }

    #[test]
    fn error_names_the_line_but_not_its_text() {
        for text in
            ["zq", "=zq", "1zq=zq", "zq zq", "zq!=zq", "export zq", "A='zq", "A=\"zq\\\"", "A='zq' zq", "A<<zq\nzq "]
        {
            let error = parse(format!("A=1\n{text}").as_bytes()).err().unwrap_or_else(|| panic!("{text:?} is read"));
            assert!(error.starts_with("line 2: ") && !error.contains("zq"), "{error}");
        }
        assert_eq!(parse(b"A=1\nB=\xff").err().as_deref(), Some("line 2: not UTF-8; save the file as UTF-8"));
    }
}
