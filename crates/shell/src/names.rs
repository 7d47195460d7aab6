//! The names of variables in a script, found without a grammar: the names it reads, and the others it mentions.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// A place at which a script reads a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// The name.
    pub name: String,
    /// The bytes of the name.
    pub span: Range<usize>,
    /// Whether the expansion needs a value: it has no default, and is not a test of the variable.
    pub is_required: bool,
    /// In `${A-B}` and `$A-B`, the text `A-B`: perhaps a name with a wrong separator.
    pub joined: Option<String>,
    /// Whether the script reads it outside of functions and blocks.
    pub is_top_level: bool,
}

/// The names in a script.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// The expansions, in the order of the script.
    pub reads: Vec<Read>,
    /// The names that appear outside expansions, such as the target of an assignment or an argument of `read`, each
    /// with its first byte.
    pub mentioned: BTreeMap<String, usize>,
    /// The names that the script assigns, as in `NAME=value`, each with its first byte.
    pub assigned: BTreeMap<String, usize>,
    /// The names to which an expansion such as `${NAME:=text}` gives a value.
    pub defaulted: BTreeSet<String>,
    /// Whether an unset variable ends the script: it has `set -u`.
    pub is_strict: bool,
}

impl Names {
    /// The names in a script. Comments and texts in single quotes have none.
    #[must_use]
    pub fn of(script: &str) -> Self {
        let mut names = Self { is_strict: script.lines().any(is_strict), ..Self::default() };
        let script = &with_plain_here_documents(script);
        let functions = functions(script);
        let bytes = script.as_bytes();
        // `eval` makes commands of texts, and the patterns of `case` have a parenthesis without another.
        let is_special = |word: &str| ["eval", "case"].contains(&word);
        let counts_texts = script.split(|c: char| !c.is_ascii_alphanumeric()).any(is_special);
        let (mut at, mut is_double) = (0, false);
        // For each open `$(`: whether it is in double quotes, and the open parentheses around it.
        let mut substitutions: Vec<(bool, usize)> = Vec::new();
        let mut parentheses = 0_usize;
        while at < bytes.len() {
            let is_word_start = at == 0 || b" \t\n;&|(".contains(&bytes[at - 1]);
            match bytes[at] {
                b'\\' => at += 2,
                b'"' => {
                    is_double = !is_double;
                    at += 1;
                }
                b'\'' if !is_double => {
                    at += 1 + script[at + 1..].find('\'').map_or(bytes.len(), |length| length + 1);
                }
                b'#' if !is_double && is_word_start => {
                    at += script[at..].find('\n').unwrap_or(bytes.len());
                }
                b'$' if bytes.get(at + 1) == Some(&b'(') => {
                    substitutions.push((std::mem::take(&mut is_double), std::mem::take(&mut parentheses)));
                    at += 2;
                }
                b'(' if !is_double => {
                    parentheses += 1;
                    at += 1;
                }
                b')' if !is_double => {
                    match parentheses.checked_sub(1) {
                        Some(rest) => parentheses = rest,
                        None => (is_double, parentheses) = substitutions.pop().unwrap_or_default(),
                    }
                    at += 1;
                }
                b'$' => at = names.expansion(script, &functions, at + 1),
                byte if is_name_start(byte) => {
                    let end = end_of_name(script, at);
                    let name = &script[at..end];
                    let is_assigned = script[end..].trim_start_matches('+').starts_with('=');
                    if is_assigned && !is_double {
                        names.assigned.entry(name.to_owned()).or_insert(at);
                    }
                    // Other words of a text in quotes name no variable.
                    let is_whole = script[..at].ends_with('"') && script[end..].starts_with(['"', '[']);
                    let is_escaped = script[..at].ends_with("\\\"");
                    if !is_double || counts_texts || is_assigned || (is_whole && !is_escaped) {
                        names.mentioned.entry(name.to_owned()).or_insert(at);
                    }
                    at = end;
                }
                // A digit does not start a name, and a byte of another character is never one of these.
                byte if byte.is_ascii_digit() => at = end_of_name(script, at),
                _ => at += 1,
            }
        }
        names
    }

    /// Reads an expansion after its `$`, and returns where to go on.
    fn expansion(&mut self, script: &str, functions: &[Range<usize>], at: usize) -> usize {
        let bytes = script.as_bytes();
        let is_braced = bytes.get(at) == Some(&b'{');
        let mut start = at + usize::from(is_braced);
        if is_braced && bytes.get(start).is_some_and(|byte| b"#!".contains(byte)) {
            start += 1;
        }
        if !bytes.get(start).is_some_and(|byte| is_name_start(*byte)) {
            return start;
        }
        let end = end_of_name(script, start);
        let name = script[start..end].to_owned();
        let operator = script[end..].trim_start_matches(':');
        let is_required = !(is_braced && operator.starts_with(['-', '=', '+']));
        if is_braced && operator.starts_with('=') {
            self.defaulted.insert(name.clone());
        }
        let joined = (bytes.get(end) == Some(&b'-')).then(|| {
            let rest = script[end + 1..].find(|c: char| !c.is_ascii_alphanumeric() && !"_-".contains(c));
            script[start..end + 1 + rest.unwrap_or(script.len() - end - 1)].to_owned()
        });
        let before = functions.partition_point(|function| function.start <= start);
        let is_inside = before > 0 && functions[before - 1].contains(&start);
        let is_top_level = !is_inside && is_top_level(script, start);
        self.reads.push(Read { name, span: start..end, is_required, joined, is_top_level });
        end
    }

    /// Whether the script may set a name.
    pub fn may_set(&self, name: &str) -> bool {
        self.mentioned.contains_key(name) || self.defaulted.contains(name)
    }

    /// The names that the script, with this text, takes from its environment: names that it reads before or while it
    /// gives them a value, as in `NAME="${NAME:-text}"`.
    pub fn inherited<'n>(&'n self, script: &'n str) -> impl Iterator<Item = &'n str> {
        let is_set_before = |read: &Read| {
            self.mentioned.get(&read.name).is_some_and(|first| {
                let start = script[..*first].rfind('\n').map_or(0, |newline| newline + 1);
                let end = script[*first..].find('\n').map_or(script.len(), |length| first + length);
                let is_export = script[start..*first].trim_end().ends_with("export");
                end <= read.span.start && !(is_export && self.assigned.get(&read.name) != Some(first))
            })
        };
        self.reads.iter().filter(move |read| !is_set_before(read)).map(|read| read.name.as_str())
    }

    /// The names without which the script fails: all their expansions need a value, and it sets them nowhere.
    pub fn required(&self) -> BTreeSet<&str> {
        let optional: BTreeSet<&str> =
            self.reads.iter().filter(|read| !read.is_required).map(|read| read.name.as_str()).collect();
        let reads = self.reads.iter().filter(|_| self.is_strict).map(|read| read.name.as_str());
        reads.filter(|name| !optional.contains(name) && !self.mentioned.contains_key(*name)).collect()
    }
}

impl Names {
    /// The places at which a strict script fails because nothing has set a local name before: names with small
    /// letters that the script reads at the top level and mentions later or nowhere. Other names may come from the
    /// environment.
    pub fn unset_locals(&self) -> impl Iterator<Item = &Read> {
        let is_local = |name: &str| name.contains(|c: char| c.is_ascii_lowercase());
        let is_early = |read: &Read| {
            read.is_top_level && self.mentioned.get(&read.name).is_none_or(|first| *first > read.span.start)
        };
        let optional: BTreeSet<&str> =
            self.reads.iter().filter(|read| !read.is_required).map(|read| read.name.as_str()).collect();
        let reads = self.reads.iter().filter(|_| self.is_strict);
        reads.filter(move |read| is_local(&read.name) && is_early(read) && !optional.contains(read.name.as_str()))
    }
}

/// The bytes of the functions that begin in the first column, and end at the next `}` there.
fn functions(script: &str) -> Vec<Range<usize>> {
    let (mut functions, mut open, mut at) = (Vec::new(), None, 0);
    for line in script.split_inclusive('\n') {
        let head = line.trim_end();
        let is_head = head.starts_with("function ") || head.contains("()");
        if open.is_none() && is_head && !head.starts_with([' ', '\t', '#']) {
            open = Some(at);
        }
        at += line.len();
        if (head == "}" || is_head && head.ends_with('}'))
            && let Some(start) = open.take()
        {
            functions.push(start..at);
        }
    }
    functions
}

/// Whether the line at a byte is not indented and defines no function.
fn is_top_level(script: &str, at: usize) -> bool {
    let start = script[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let line = script[start..].lines().next().unwrap_or_default();
    !line.starts_with([' ', '\t', '}']) && !line.contains("()")
}

/// The script with spaces for the quotes and other signs of its here-documents, which are plain text there.
fn with_plain_here_documents(script: &str) -> String {
    let mut text = String::with_capacity(script.len());
    let mut end: Option<(String, bool)> = None;
    for line in script.split_inclusive('\n') {
        match &end {
            Some((word, _)) if line.trim() == *word => end = None,
            Some((_, is_quoted)) => {
                let is_sign = |c: char| "\"'`#\\()".contains(c) || *is_quoted && c == '$';
                text.extend(line.chars().map(|c| if is_sign(c) { ' ' } else { c }));
                continue;
            }
            None => end = here_document(line),
        }
        text.push_str(line);
    }
    text
}

/// The word that ends the here-document of a line, if the line has one, and whether the document has no expansions.
fn here_document(line: &str) -> Option<(String, bool)> {
    let (_, rest) = line.split_once("<<").filter(|(_, rest)| !rest.starts_with('<'))?;
    let word = rest.trim_start_matches('-').trim_start();
    let is_quote = |c| "\"'\\".contains(c);
    let end = word.trim_start_matches(is_quote).find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let is_quoted = word.starts_with(is_quote);
    let word = word.trim_start_matches(is_quote);
    let word = word[..end.unwrap_or(word.len())].to_owned();
    (!word.is_empty()).then_some((word, is_quoted))
}

fn is_strict(line: &str) -> bool {
    let mut words = line.split_whitespace();
    if words.next() != Some("set") {
        return false;
    }
    let words: Vec<&str> = words.collect();
    let is_flag = |word: &&str| word.starts_with('-') && !word.starts_with("--") && word.contains('u');
    let takes_option = |word: &str| word.starts_with('-') && word.ends_with('o');
    words.iter().any(is_flag) || words.windows(2).any(|pair| takes_option(pair[0]) && pair[1] == "nounset")
}

fn is_name_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_'
}

fn end_of_name(script: &str, start: usize) -> usize {
    let is_inside = |c: char| c.is_ascii_alphanumeric() || c == '_';
    script[start..].find(|c| !is_inside(c)).map_or(script.len(), |length| start + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_other_names_are_distinguished() {
        let script = "set -euo pipefail\n# $COMMENT\nread -r LINE\n: \"${A:=x}\" '$QUOTED' \"$B\" ${C:-d} \\$E ${!F} \
                      ${#G} ${H-I_J} ${K%%:*} $1 é$L";
        let names = Names::of(script);
        let shown: Vec<(&str, bool)> = names.reads.iter().map(|read| (read.name.as_str(), read.is_required)).collect();
        let expected =
            [("A", false), ("B", true), ("C", false), ("F", true), ("G", true), ("H", false), ("K", true), ("L", true)];
        assert_eq!(shown, expected);
        assert!(names.reads.iter().all(|read| script[read.span.clone()] == read.name));
        assert_eq!(names.reads[5].joined.as_deref(), Some("H-I_J"));
        for (name, is_mentioned) in [("LINE", true), ("A", false), ("B", false), ("COMMENT", false), ("QUOTED", false)]
        {
            assert_eq!(names.mentioned.contains_key(name), is_mentioned, "{name}");
        }
    }

    #[test]
    fn locals_that_are_read_too_early_are_found() {
        for (script, expected) in [
            ("set -u\nbody=1\necho $body", &[][..]),
            ("set -u\necho $body", &["body"]),
            ("set -u\necho $body\nbody=1", &["body"]),
            ("echo $body\nbody=1", &[]),
            ("set -u\nf() { echo $body; }\ng() {\n  echo $body\n}\nbody=1", &[]),
            ("set -u\nfor body in 1; do echo $body; done", &[]),
            ("set -u\necho $BODY ${body:-}", &[]),
            ("set -u\nx=\"$(a | while read -r body; do echo \"$body\"; done)\"\necho $body", &[]),
            ("set -u\nx=\"$(for body in 1; do (b); done) c\"\necho $body", &[]),
            ("set -u\nx=\"{\\\"body\\\": $body}\"", &["body"]),
            ("set -u\ncat <<'EOF'\n$body\nEOF\nfunction f { echo $body; }\ng() {\ncat <<EOF\n$body\nEOF\n}\n", &[]),
            ("set -u\ncat <<EOF\nDon't.\nEOF\nbody=1\necho $body # it's", &[]),
            ("set -u\ncat <<EOF\nDon't.\nEOF\necho $body\nbody=1", &["body"]),
        ] {
            let names = Names::of(script);
            let found: Vec<&str> = names.unset_locals().map(|read| read.name.as_str()).collect();
            assert_eq!(found, expected, "{script}");
        }
    }

    #[test]
    fn inherited_names_are_read_before_assignment() {
        for (script, expected) in [
            ("echo $URL", &["URL"][..]),
            ("URL=\"${URL:-x}\"\necho $URL", &["URL"]),
            ("[ -n \"$URL\" ] || URL=x\necho $URL", &["URL"]),
            (": \"${URL:=x}\"", &["URL"]),
            ("export URL\ncurl $URL", &["URL"]),
            ("url=\"$(pick)\"\ncurl $url", &[]),
            ("export url=x\ncurl $url", &[]),
            ("read -r url\ncurl $url", &[]),
            ("for url in a b; do\n  curl $url\ndone", &[]),
            ("curl $url\nurl=x", &["url"]),
        ] {
            let names = Names::of(script);
            let found: BTreeSet<&str> = names.inherited(script).collect();
            assert_eq!(found.into_iter().collect::<Vec<_>>(), expected, "{script}");
        }
    }

    #[test]
    fn names_are_required_only_in_strict_scripts() {
        for (script, expected) in [
            ("set -u\necho $URL", &["URL"][..]),
            ("set -eo nounset\necho $URL", &["URL"]),
            ("set -e -o nounset\necho $URL", &["URL"]),
            ("set -e\necho $URL", &[]),
            ("set -u\n[ -n \"${URL:-}\" ] && echo $URL", &[]),
            ("set -u\nURL=x\necho $URL", &[]),
            ("set -u\necho ${URL:?missing}", &["URL"]),
        ] {
            assert_eq!(Names::of(script).required().into_iter().collect::<Vec<_>>(), expected, "{script}");
        }
    }
}
