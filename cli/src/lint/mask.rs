//! Masks secrets in workflow files, so that no excerpt copies them into a log.
//!
//! A literal is a secret if it can become the value of a key variable: directly, or through an input,
//! a matrix, another variable or a caller. A literal that is only compared is none.

use std::collections::BTreeSet;
use std::ops::Range;
use std::rc::Rc;

use slug_redact::{SECRET_CHARS, credentials_in, is_slip_of, mask_ranges};
use slug_workflow::document::Node;
use slug_workflow::expression;
use slug_workflow::model::EnvLayer;
use slug_workflow::repository::{File, JobId, Repository};

/// The literals of a run that are secrets.
#[derive(Default)]
pub struct Secrets {
    /// The bytes of the literals of each file.
    ranges: Vec<Vec<Range<usize>>>,
    /// The literals.
    pub texts: BTreeSet<String>,
}

/// Something of a file that can pass a secret on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Carrier {
    Variable(String),
    Input(String),
    Matrix(String),
    Secret(String),
    Output(String),
}

impl Secrets {
    /// The secrets of the files of a repository with these key variables. `is_secret` says whether an action,
    /// by its name in `uses`, takes a secret as an input.
    #[must_use]
    pub fn of(repository: &Repository, keys: &BTreeSet<&str>, is_secret: impl Fn(&str, &str) -> bool) -> Self {
        let mut flow = Flow { repository, secrets: Self::default(), seen: BTreeSet::new(), open: Vec::new() };
        flow.secrets.ranges = vec![Vec::new(); repository.files().len()];
        for file in 0..repository.files().len() {
            let text = Rc::clone(&repository.files()[file].text);
            let misspelt = misspelt(&text, keys);
            keys.iter().chain(&misspelt).for_each(|key| flow.reach(file, Carrier::Variable((*key).to_owned())));
        }
        flow.inputs(is_secret);
        while let Some((file, carrier)) = flow.open.pop() {
            flow.follow(file, &carrier);
        }
        flow.secrets
    }

    /// The text of a file without its secrets. Each byte is replaced by one byte, so that byte offsets
    /// stay valid.
    #[must_use]
    pub fn masked(&self, file: usize, text: &str) -> String {
        let mut ranges = self.ranges[file].clone();
        ranges.extend(credentials_in(text));
        ranges.extend(self.in_comments(text));
        mask_ranges(text, ranges)
    }

    /// The secrets that comments repeat.
    fn in_comments(&self, text: &str) -> Vec<Range<usize>> {
        let long: Vec<&String> = self.texts.iter().filter(|text| text.chars().count() >= SECRET_CHARS).collect();
        let (mut ranges, mut start) = (Vec::new(), 0);
        for line in text.split_inclusive('\n').filter(|_| !long.is_empty()) {
            let is_comment = |(at, _): &(usize, &str)| *at == 0 || line[..*at].ends_with([' ', '\t']);
            if let Some((hash, _)) = line.match_indices('#').find(is_comment) {
                let found = long.iter().flat_map(|secret| line[hash..].match_indices(secret.as_str()));
                ranges.extend(found.map(|(at, secret)| start + hash + at..start + hash + at + secret.len()));
            }
            start += line.len();
        }
        ranges
    }
}

/// The text of a file that cannot be parsed, without the values after the names of key variables.
#[must_use]
pub fn masked(text: &str, keys: &BTreeSet<&str>) -> String {
    let misspelt = misspelt(text, keys);
    let values = keys.iter().chain(&misspelt).flat_map(|key| assigned(text, key, Signs::All));
    let mut ranges: Vec<Range<usize>> = values.flat_map(|value| value.literals).collect();
    ranges.extend(credentials_in(text));
    mask_ranges(text, ranges)
}

/// The names that a text gives a value and that may be misspelt key variables: their values are secrets too.
fn misspelt<'t>(text: &'t str, keys: &BTreeSet<&str>) -> BTreeSet<&'t str> {
    let is_name = |c: char| c == '_' || c == '-' || c.is_ascii_alphanumeric();
    let named = text.match_indices([':', '=']).map(|(at, _)| {
        let before = text[..at].trim_end_matches(['+', '"', '\'', ' ']);
        before.rsplit(|c| !is_name(c)).next().unwrap_or_default()
    });
    // Most names are shorter than those of key variables.
    let shortest = keys.iter().map(|key| key.len()).min().unwrap_or(usize::MAX);
    let compared = named.filter(|name| name.len() > shortest / 2 && !keys.contains(name));
    compared.filter(|name| keys.iter().any(|key| is_slip_of(name, key))).collect()
}

/// The search for secrets, from the key variables back to literals.
struct Flow<'r> {
    repository: &'r Repository,
    secrets: Secrets,
    seen: BTreeSet<(usize, Carrier)>,
    open: Vec<(usize, Carrier)>,
}

impl Flow<'_> {
    fn reach(&mut self, file: usize, carrier: Carrier) {
        if self.seen.insert((file, carrier.clone())) {
            self.open.push((file, carrier));
        }
    }

    /// Marks the values of the inputs of actions that take secrets.
    fn inputs(&mut self, is_secret: impl Fn(&str, &str) -> bool) {
        for index in 0..self.repository.files().len() {
            let file = self.repository.files()[index].clone();
            for step in file.workflow.jobs.iter().flat_map(|job| job.steps()) {
                let Some(uses) = &step.uses else { continue };
                let secret = step.with.iter().filter(|(name, _, _)| is_secret(uses, name));
                secret.for_each(|(_, _, value)| self.node(index, &file, value));
            }
        }
    }

    /// Marks the literals that a carrier can have as its value.
    fn follow(&mut self, index: usize, carrier: &Carrier) {
        let file = self.repository.files()[index].clone();
        match carrier {
            Carrier::Variable(name) => {
                for entry in file.workflow.env_layers().flat_map(EnvLayer::entries).filter(|it| it.name == *name) {
                    self.value(index, &file, &entry.value, entry.value_span.clone());
                }
                assigned(&file.text, name, Signs::All).into_iter().for_each(|value| self.assigned(index, &file, value));
            }
            Carrier::Output(name) => {
                assigned(&file.text, name, Signs::Equals)
                    .into_iter()
                    .for_each(|value| self.assigned(index, &file, value));
                for job in nodes(&file.root, &["jobs", "*", "outputs"]) {
                    self.members(index, &file, job, name);
                }
                let ids = (0..file.workflow.jobs.len()).map(|job| JobId { file: index, job });
                for called in ids.filter_map(|id| self.repository.called(id)).collect::<BTreeSet<_>>() {
                    let file = self.repository.files()[called].clone();
                    for outputs in nodes(&file.root, &["on", "*", "outputs"]) {
                        self.members(called, &file, outputs, name);
                    }
                }
            }
            Carrier::Matrix(name) => {
                for job in &file.workflow.jobs {
                    let Some(matrix) = &job.matrix else { continue };
                    self.members(index, &file, matrix, name);
                    for rows in ["include", "exclude"].into_iter().filter_map(|rows| matrix.get(rows)) {
                        rows.items().iter().for_each(|row| self.members(index, &file, row, name));
                    }
                    if matrix.text().is_some() {
                        self.node(index, &file, matrix);
                    }
                }
            }
            Carrier::Input(name) => {
                for inputs in nodes(&file.root, &["on", "*", "inputs"]) {
                    let named = inputs.entries().iter().filter(|(key, _)| is_named(key, name));
                    for field in named.flat_map(|(_, input)| ["default", "options"].map(|field| input.get(field))) {
                        field.into_iter().for_each(|node| self.node(index, &file, node));
                    }
                }
                self.callers(index, "with", name);
            }
            Carrier::Secret(name) => self.callers(index, "secrets", name),
        }
    }

    /// Follows what the callers of a file pass under a name.
    fn callers(&mut self, index: usize, field: &str, name: &str) {
        for &caller in self.repository.callers(index) {
            let file = self.repository.files()[caller.file].clone();
            let id = file.workflow.jobs[caller.job].id.clone();
            for passed in nodes(&file.root, &["jobs", &id, field]) {
                self.members(caller.file, &file, passed, name);
            }
        }
    }

    /// Marks the members of a mapping with a name.
    fn members(&mut self, index: usize, file: &File, mapping: &Node, name: &str) {
        let named = mapping.entries().iter().filter(|(key, _)| is_named(key, name));
        named.for_each(|(_, value)| self.node(index, file, value));
    }

    /// Marks every scalar of a value.
    fn node(&mut self, index: usize, file: &File, node: &Node) {
        if let Some(text) = node.text() {
            self.value(index, file, text, node.span.clone());
        }
        node.items().iter().for_each(|item| self.node(index, file, item));
        node.entries().iter().for_each(|(_, value)| self.node(index, file, value));
    }

    /// Marks the literals of a value that a file has at a range.
    fn value(&mut self, index: usize, file: &File, value: &str, range: Range<usize>) {
        match file.text.get(range.clone()) {
            Some(written) if value.contains("${{") => {
                self.add(index, file, literals(written, range.start, true));
                self.add(index, file, outside(written, range.start));
                self.references(index, value);
            }
            _ if value.trim().is_empty() => {}
            _ => {
                self.secrets.texts.insert(value.trim().to_owned());
                self.secrets.ranges[index].push(range);
            }
        }
    }

    fn assigned(&mut self, index: usize, file: &File, value: Assigned) {
        value.variables.into_iter().for_each(|name| self.reach(index, Carrier::Variable(name)));
        value.expressions.into_iter().for_each(|range| self.references(index, &file.text[range]));
        self.add(index, file, value.literals);
        if !value.text.is_empty() {
            self.secrets.texts.insert(value.text);
        }
    }

    fn add(&mut self, index: usize, file: &File, literals: Vec<Range<usize>>) {
        let texts = literals.iter().map(|range| file.text[range.clone()].trim().to_owned());
        self.secrets.texts.extend(texts.filter(|text| !text.is_empty()));
        self.secrets.ranges[index].extend(literals);
    }

    /// Follows the contexts whose values can become that of a text.
    fn references(&mut self, index: usize, template: &str) {
        for path in expression::sources(template) {
            let names: Vec<&str> = path.iter().map(String::as_str).collect();
            let carrier = match names.as_slice() {
                ["inputs", name, ..] => Carrier::Input(name.to_lowercase()),
                ["github" | "gitea", "event", "inputs", name, ..] => Carrier::Input(name.to_lowercase()),
                ["matrix", name, ..] => Carrier::Matrix(name.to_lowercase()),
                ["secrets", name, ..] => Carrier::Secret(name.to_lowercase()),
                ["env", name, ..] => Carrier::Variable((*name).to_owned()),
                ["steps" | "needs" | "jobs", _, "outputs", name, ..] => Carrier::Output((*name).to_owned()),
                _ => continue,
            };
            self.reach(index, carrier);
        }
    }
}

fn is_named(key: &Node, name: &str) -> bool {
    key.text().is_some_and(|text| text.eq_ignore_ascii_case(name))
}

/// The values at a path of keys; `*` stands for every key.
fn nodes<'n>(root: &'n Node, path: &[&str]) -> Vec<&'n Node> {
    let Some((first, rest)) = path.split_first() else { return vec![root] };
    let is_on_path = |key: &Node| *first == "*" || key.text() == Some(first);
    let found = root.entries().iter().filter(|(key, _)| is_on_path(key));
    found.flat_map(|(_, value)| nodes(value, rest)).collect()
}

/// True if a literal between these parts of an expression is only compared with a value, or is a name as in
/// `secrets['NAME']`, so that it cannot become the value of a variable.
fn is_no_value(before: &str, after: &str) -> bool {
    let (before, after) = (before.trim_end(), after.trim_start());
    let is_name = before.ends_with('[') && after.starts_with(']');
    is_name || ["==", "!="].iter().any(|sign| before.ends_with(sign) || after.starts_with(sign))
}

/// The byte ranges of string literals that can be a value, without quotes, in the expressions of a value that starts
/// at byte `start`. Quotes are doubled inside a single-quoted YAML scalar.
fn literals(written: &str, start: usize, is_yaml: bool) -> Vec<Range<usize>> {
    let quote = if is_yaml && written.starts_with('\'') { "''" } else { "'" };
    let mut literals = Vec::new();
    for (open, _) in written.match_indices("${{") {
        let end = written[open..].find("}}").map_or(written.len(), |end| open + end);
        let mut at = open;
        for (number, piece) in written[open..end].split(quote).enumerate() {
            let before = &written[open..at.max(open + quote.len()) - quote.len()];
            let after = written.get(at + piece.len() + quote.len()..).unwrap_or_default();
            if number % 2 == 1 && !is_no_value(before, after) {
                literals.push(start + at..start + at + piece.len());
            }
            at += piece.len() + quote.len();
        }
    }
    literals
}

/// The byte ranges of the text around the expressions of a value that starts at byte `start`.
fn outside(written: &str, start: usize) -> Vec<Range<usize>> {
    let (mut ranges, mut at) = (Vec::new(), 0);
    while let Some(open) = written[at..].find("${{").map(|open| at + open) {
        ranges.push(at..open);
        at = written[open..].find("}}").map_or(written.len(), |end| open + end + 2);
    }
    ranges.push(at..written.len());
    let trimmed = ranges.into_iter().filter_map(|range| {
        let text = &written[range.clone()];
        let is_syntax = |c: char| c.is_whitespace() || "\"'|>".contains(c);
        let kept = text.trim_matches(is_syntax);
        let skipped = text.len() - text.trim_start_matches(is_syntax).len();
        (!kept.is_empty()).then(|| start + range.start + skipped..start + range.start + skipped + kept.len())
    });
    trimmed.collect()
}

/// The signs between a name and its value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Signs {
    /// `=`, as in a shell.
    Equals,
    /// `=` and `:`.
    All,
}

/// The value that a script or another text gives to a name.
#[derive(Default)]
struct Assigned {
    literals: Vec<Range<usize>>,
    /// The joined literals of a word of a shell, such as `ab` for `a"b"`.
    text: String,
    variables: Vec<String>,
    expressions: Vec<Range<usize>>,
}

impl Assigned {
    /// A value that is one literal.
    fn literal(range: Range<usize>) -> Self {
        Self { literals: [range].into_iter().collect(), ..Self::default() }
    }
}

/// The values after `NAME=`, `NAME+=`, `NAME:`, `NAME<<` and `printf -v NAME`.
fn assigned(text: &str, name: &str, signs: Signs) -> Vec<Assigned> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices(name) {
        let is_inside = |c: char| c == '_' || c.is_ascii_alphanumeric();
        let (before, after) = (&text[..at], &text[at + name.len()..]);
        if name.is_empty() || before.ends_with(is_inside) || after.starts_with(is_inside) {
            continue;
        }
        let position = |rest: &str| text.len() - rest.len();
        let sign = after.trim_start_matches(['"', '\'', ' ']);
        if let Some(value) = after.strip_prefix("+=").or(sign.strip_prefix('=')) {
            found.push(word(text, position(value), before.chars().next_back().filter(|c| "\"'".contains(*c))));
        } else if let Some(marker) = after.strip_prefix("<<") {
            found.push(lines_up_to(text, position(marker)));
        } else if before.trim_end().ends_with("printf -v") {
            let end = after.find('\n').map_or(text.len(), |end| position(after) + end);
            found.push(Assigned::literal(position(after)..end));
        } else if let Some(value) = sign.strip_prefix(':').filter(|_| signs == Signs::All) {
            found.push(after_colon(text, position(value.trim_start_matches([' ', '\t']))));
        }
    }
    found
}

/// The value at `start` up to the end of a YAML scalar on one line or in block style.
fn after_colon(text: &str, start: usize) -> Assigned {
    let value = &text[start..];
    if value.starts_with(['|', '>']) {
        let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
        let key = indent(&text[text[..start].rfind('\n').map_or(0, |end| end + 1)..start]);
        let mut lines = value.split_inclusive('\n');
        let first = lines.next().map_or(0, str::len);
        let is_inside = |line: &&str| line.trim().is_empty() || indent(line) > key;
        let length: usize = first + lines.take_while(is_inside).map(str::len).sum::<usize>();
        return Assigned::literal(start..start + length);
    }
    let line = value.lines().next().unwrap_or_default();
    if line.trim_start_matches(['"', '\'']).starts_with("${{") {
        return Assigned { literals: literals(line, start, true), ..Assigned::default() };
    }
    let end = match value.chars().next().unwrap_or('$') {
        quote @ ('"' | '\'') => value[1..].find([quote, '\n']).map_or(value.len(), |end| end + 1),
        '$' => 0,
        _ => value.find(['\n', '\r', ' ', ';', '"', '\'', ',', '}']).unwrap_or(value.len()),
    };
    let is_computed = value[..end].contains('$');
    let is_empty = value[..end].trim_matches(['"', '\'', ' ']).is_empty();
    let range = (!is_computed && !is_empty).then_some(start..start + end);
    Assigned { literals: range.into_iter().collect(), ..Assigned::default() }
}

/// The lines after `NAME<<MARKER` up to the marker.
fn lines_up_to(text: &str, start: usize) -> Assigned {
    let is_marker = |c: char| c == '_' || c == '-' || c.is_ascii_alphanumeric();
    let rest = text[start..].trim_start_matches(['\\', '"', '\'']);
    let marker = &rest[..rest.find(|c| !is_marker(c)).unwrap_or(rest.len())];
    let mut value = Assigned::default();
    let Some(first) = rest.find('\n').filter(|_| !marker.is_empty()) else { return value };
    let mut at = text.len() - rest.len() + first + 1;
    for line in rest[first + 1..].split_inclusive('\n') {
        if line.contains(marker) {
            break;
        }
        let content = line.trim().trim_start_matches("echo ").trim_matches(['"', '\'']);
        let start = at + line.find(content).unwrap_or_default();
        value.literals.push(start..start + content.len());
        at += line.len();
    }
    value
}

/// The word of a shell at `start`. `outer` is the quote that already began before the name.
fn word(text: &str, start: usize, outer: Option<char>) -> Assigned {
    let bytes = text.as_bytes();
    let mut value = Assigned::default();
    let mut quote = outer;
    // What `${NAME:-` and `$(echo ` have opened: the byte that closes each.
    let mut open: Vec<u8> = Vec::new();
    let mut at = start;
    while at < bytes.len() {
        let rest = &text[at..];
        let is_name = |c: char| c == '_' || c.is_ascii_alphanumeric();
        let named = |text: &str| text[..text.find(|c| !is_name(c)).unwrap_or(text.len())].to_owned();
        let byte = bytes[at];
        if Some(char::from(byte)) == quote {
            if outer.is_some() && open.is_empty() {
                break;
            }
            quote = None;
            at += 1;
        } else if quote == Some('\'') && outer != Some('\'') {
            let end = rest.find(['\'', '\n']).unwrap_or(rest.len());
            add_literal(&mut value, text, at..at + end);
            at += end;
            if rest[end..].starts_with('\n') {
                break;
            }
        } else if rest.starts_with("${{") {
            let end = rest.find("}}").map_or(rest.len(), |end| end + 2);
            value.literals.extend(literals(&rest[..end], at, false));
            value.expressions.push(at..at + end);
            at += end;
        } else if let Some(inner) = rest.strip_prefix("${") {
            let name = named(inner);
            let after = &inner[name.len()..];
            at += 2 + name.len() + after.len() - after.trim_start_matches([':', '-', '=', '+', '?']).len();
            value.variables.push(name);
            open.push(b'}');
        } else if let Some(inner) = rest.strip_prefix("$(") {
            let printed = ["echo ", "printf "].into_iter().find(|command| inner.trim_start().starts_with(command));
            match printed {
                Some(command) => {
                    at += rest.find(command).unwrap_or_default() + command.len();
                    open.push(b')');
                }
                None => at += rest.find([')', '\n']).map_or(rest.len(), |end| end + 1),
            }
        } else if let Some(inner) = rest.strip_prefix('$') {
            let name = named(inner);
            at += 1 + name.len();
            value.variables.push(name);
        } else if open.last() == Some(&byte) {
            open.pop();
            at += 1;
        } else if byte == b'\n' || (quote.is_none() && open.is_empty() && b" \t\r;&|()<>`}".contains(&byte)) {
            break;
        } else if quote.is_none() && (byte == b'"' || byte == b'\'') {
            quote = Some(char::from(byte));
            at += 1;
        } else if byte == b'\\' {
            at += 1;
            let escaped = text[at..].chars().next().filter(|c| *c != '\n').map_or(0, char::len_utf8);
            add_literal(&mut value, text, at..at + escaped);
            at += escaped;
        } else {
            let length = rest.chars().next().map_or(1, char::len_utf8);
            add_literal(&mut value, text, at..at + length);
            at += length;
        }
    }
    value.variables.retain(|name| !name.is_empty());
    value
}

/// Adds bytes to the last literal if they follow it.
fn add_literal(value: &mut Assigned, text: &str, range: Range<usize>) {
    value.text.push_str(&text[range.clone()]);
    match value.literals.last_mut().filter(|last| last.end == range.start) {
        Some(last) => last.end = range.end,
        None => value.literals.push(range),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use slug_workflow::repository::Parser;

    /// The text without secrets, as a file of its own.
    fn of_text(text: &str, keys: &BTreeSet<&str>) -> String {
        match Parser::default().parse("w.yml", text) {
            Ok(file) => Secrets::of(&Repository::new(vec![file]), keys, |_, _| false).masked(0, text),
            Err(_) => masked(text, keys),
        }
    }

    #[test]
    fn literal_values_of_keys_are_masked() {
        let keys = BTreeSet::from(["KEY"]);
        for (text, expected) in [
            ("env:\n  KEY: höhe # c\n  KEY_2: x", "env:\n  KEY: ***** # c\n  KEY_2: x"),
            ("env:\n  KEY: |\n    a b\n    c\n  B: x", "env:\n  KEY: *\n    * *\n    *\n  B: x"),
            ("env: {KEY: abc, B: x}", "env: {KEY: ***, B: x}"),
            ("env:\n  KEY: ${{ secrets.KEY }}", "env:\n  KEY: ${{ secrets.KEY }}"),
            ("env:\n  KEY: ${{ secrets.K || 'sk-é' }} # c", "env:\n  KEY: ${{ secrets.K || '*****' }} # c"),
            ("env:\n  KEY: '${{ secrets.K || ''sk'' }}'", "env:\n  KEY: '${{ secrets.K || ''**'' }}'"),
            ("env:\n  KEY: ${{ m == 'ab' && 'ef' || '' }}", "env:\n  KEY: ${{ m == 'ab' && '**' || '' }}"),
            ("env:\n  KEY: '${{ ''ab'' != m && ''ef'' }}'", "env:\n  KEY: '${{ ''ab'' != m && ''**'' }}'"),
            ("run: KEY=${{ m == 'ab' && 'ef' }} f", "run: KEY=${{ m == 'ab' && '**' }} f"),
            ("env: {KEY: \"${{ x && 'a b' || 'c' }}\", B: 'x'}", "env: {KEY: \"${{ x && '* *' || '*' }}\", B: 'x'}"),
            ("run: KEY=${{ secrets.K || 'sk' }} f 'x'", "run: KEY=${{ secrets.K || '**' }} f 'x'"),
            ("\u{feff}on: ä:\nrun: KEY=abc f", "\u{feff}on: ä:\nrun: KEY=*** f"),
            ("run: KEX_1=abc ä=KEY: b", "run: KEX_1=abc ä=KEY: *"),
            ("run: KEY=abc KEY='d e' KEY=$X MY_KEY=x f", "run: KEY=*** KEY='* *' KEY=$X MY_KEY=x f"),
        ] {
            assert_eq!(of_text(text, &keys), expected);
            let jobs = "\njobs: {}\n";
            if text.starts_with("env:") {
                assert_eq!(of_text(&format!("{text}{jobs}"), &keys), format!("{expected}{jobs}"));
            }
        }
    }
}
