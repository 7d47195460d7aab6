//! The slips: every way in which this program damages one file in one place.

use std::collections::BTreeSet;

use crate::repositories::Repository;

/// What a writer does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Omission,
    Doubling,
    Transposition,
    Case,
    NeighbourKey,
    Separator,
    DroppedLine,
    DuplicatedLine,
    SwappedLines,
    CopiedBlock,
    QuotedValue,
    WrongSecret,
    Indentation,
    MovedEnv,
}

impl Kind {
    pub const ALL: [Self; 14] = [
        Self::Omission,
        Self::Doubling,
        Self::Transposition,
        Self::Case,
        Self::NeighbourKey,
        Self::Separator,
        Self::DroppedLine,
        Self::DuplicatedLine,
        Self::SwappedLines,
        Self::CopiedBlock,
        Self::QuotedValue,
        Self::WrongSecret,
        Self::Indentation,
        Self::MovedEnv,
    ];

    pub fn label(self) -> &'static str {
        match self {
            Self::Omission => "a character left out",
            Self::Doubling => "a character twice",
            Self::Transposition => "two characters exchanged",
            Self::Case => "letter case",
            Self::NeighbourKey => "the key beside",
            Self::Separator => "another separator",
            Self::DroppedLine => "a line left out",
            Self::DuplicatedLine => "a line twice",
            Self::SwappedLines => "two lines exchanged",
            Self::CopiedBlock => "a copied line with one old name",
            Self::QuotedValue => "quotes added or removed",
            Self::WrongSecret => "another secret",
            Self::Indentation => "indentation",
            Self::MovedEnv => "`env` entry at another level",
        }
    }
}

/// What a slip damages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Thing {
    Variable,
    Secret,
    Slug,
    Runtime,
    Path,
    Condition,
    RuleOrder,
    RegistryId,
    AuthName,
    Provider,
    Structure,
}

impl Thing {
    pub const ALL: [Self; 11] = [
        Self::Variable,
        Self::Secret,
        Self::Slug,
        Self::Runtime,
        Self::Path,
        Self::Condition,
        Self::RuleOrder,
        Self::RegistryId,
        Self::AuthName,
        Self::Provider,
        Self::Structure,
    ];

    pub fn label(self) -> &'static str {
        match self {
            Self::Variable => "name of a variable",
            Self::Secret => "name of a secret",
            Self::Slug => "model id",
            Self::Runtime => "runtime",
            Self::Path => "path",
            Self::Condition => "condition",
            Self::RuleOrder => "rule of a policy",
            Self::RegistryId => "id in the registry",
            Self::AuthName => "credential in registry or policy",
            Self::Provider => "provider",
            Self::Structure => "other line",
        }
    }
}

/// One file with one slip.
pub struct Slip {
    pub kind: Kind,
    pub thing: Thing,
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// The text of the file with the slip.
    pub text: String,
    /// The damaged lines, before and after.
    pub change: String,
}

/// A name in a file.
#[derive(Clone)]
struct Token {
    start: usize,
    text: String,
    thing: Thing,
}

/// The names of a repository.
struct Vocabulary {
    ids: BTreeSet<String>,
    runtimes: BTreeSet<String>,
    providers: BTreeSet<String>,
    credentials: BTreeSet<String>,
    paths: BTreeSet<String>,
    literals: BTreeSet<String>,
    registry: String,
    policies: Vec<String>,
}

/// The words of conditions that no policy compares: events, contexts, and what somebody may choose.
const CONDITIONS: [&str; 14] = [
    "push",
    "pull_request",
    "schedule",
    "workflow_dispatch",
    "workflow_call",
    "release",
    "issues",
    "published",
    "opened",
    "github.event_name",
    "inputs.fast",
    "inputs.offline",
    "true",
    "false",
];

impl Vocabulary {
    fn of(repository: &Repository) -> Self {
        let registry = repository.configured("registry").remove(0);
        let document: serde_yaml::Value = serde_yaml::from_str(&repository.files[&registry]).expect("it is YAML");
        let texts = |value: &serde_yaml::Value| -> Vec<String> {
            let items = value.as_sequence().cloned().unwrap_or_default();
            items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
        };
        let (mut ids, mut runtimes) = (BTreeSet::new(), BTreeSet::new());
        for (name, runtime) in document["runtimes"].as_mapping().expect("a registry has runtimes") {
            runtimes.extend(name.as_str().map(str::to_owned));
            for arm in runtime["providers"].as_sequence().expect("a runtime has arms") {
                ids.extend(texts(&arm["models"]));
            }
        }
        let (mut providers, mut credentials) = (BTreeSet::new(), BTreeSet::new());
        for provider in document["providers"].as_sequence().expect("a registry has providers") {
            providers.extend(provider["name"].as_str().map(str::to_owned));
            credentials.extend(texts(&provider["auth_env"]));
            credentials.extend(provider["auth_env"].as_sequence().into_iter().flatten().flat_map(texts));
        }
        let literals = ["company", "house", "1"].map(str::to_owned);
        let directories = ["./.github/workflows/agent.yml", "./.github/actions/review"].map(str::to_owned);
        Self {
            ids,
            runtimes,
            providers,
            credentials,
            paths: repository.files.keys().cloned().chain(directories).collect(),
            literals: literals.into(),
            registry,
            policies: repository.configured("policies"),
        }
    }

    /// The names in the lines of a file, without comments.
    fn tokens(&self, path: &str, text: &str) -> Vec<Token> {
        let mut tokens = Vec::new();
        let is_registry = path == self.registry;
        let is_policy = self.policies.iter().any(|policy| policy == path);
        let is_part = |sign: char| sign.is_ascii_alphanumeric() || "_./:-".contains(sign);
        let mut line_start = 0;
        for line in text.split_inclusive('\n') {
            let end = if line.trim_start().starts_with('#') { 0 } else { line.find(" #").unwrap_or(line.len()) };
            let mut at = 0;
            while let Some(begin) = line[at..end].find(is_part).map(|found| at + found) {
                let length = line[begin..end].find(|sign| !is_part(sign)).unwrap_or(end - begin);
                at = begin + length;
                // `A:-x` and `A:=x` are expansions, and `A:` is a key.
                let mut word = line[begin..at].split(":-").next().unwrap_or_default().trim_end_matches([':', '.']);
                let mut start = line_start + begin;
                let mut is_secret = false;
                for context in ["secrets.", "vars.", "./"] {
                    if let Some(rest) = word.strip_prefix(context)
                        && !self.paths.contains(word)
                    {
                        start += context.len();
                        word = rest;
                        is_secret = context == "secrets.";
                    }
                }
                let is_variable = word.len() > 3
                    && word.starts_with(|sign: char| sign.is_ascii_uppercase())
                    && word.chars().all(|sign| sign.is_ascii_uppercase() || sign.is_ascii_digit() || sign == '_');
                let is_in_condition = line.contains("if") || line.contains("types") || path.ends_with(".yml");
                let thing = if is_secret || path == "slugproof.yaml" && line.starts_with("known_secrets") && is_variable
                {
                    Thing::Secret
                } else if self.ids.contains(word) {
                    if is_registry { Thing::RegistryId } else { Thing::Slug }
                } else if self.credentials.contains(word)
                    && (is_registry || is_policy && line[..begin].contains("inject"))
                {
                    Thing::AuthName
                } else if self.paths.contains(word) {
                    Thing::Path
                } else if is_registry && self.providers.contains(word) {
                    Thing::Provider
                } else if self.literals.contains(word) || is_in_condition && CONDITIONS.contains(&word) {
                    Thing::Condition
                } else if self.runtimes.contains(word) {
                    Thing::Runtime
                } else if is_variable && !["BASH_SOURCE", "GITHUB_ENV", "RUNTIME"].contains(&word) {
                    Thing::Variable
                } else {
                    continue;
                };
                tokens.push(Token { start, text: word.to_owned(), thing });
            }
            line_start += line.len();
        }
        tokens
    }
}

/// Every slip in a repository. The same repository has the same slips.
pub fn all(repository: &Repository) -> Vec<Slip> {
    let vocabulary = Vocabulary::of(repository);
    let mut slips = Vec::new();
    for (path, text) in &repository.files {
        if path.ends_with(".md") {
            continue;
        }
        let mut file =
            File { path, text, tokens: vocabulary.tokens(path, text), slips: Vec::new(), vocabulary: &vocabulary };
        file.names();
        file.lines();
        file.copied_lines();
        file.quotes();
        file.other_secrets(repository.secrets);
        file.moved_entries();
        let mut seen = BTreeSet::new();
        slips.extend(file.slips.into_iter().filter(|slip| slip.text != *text && seen.insert(slip.text.clone())));
    }
    slips
}

struct File<'f> {
    path: &'f str,
    text: &'f str,
    tokens: Vec<Token>,
    slips: Vec<Slip>,
    vocabulary: &'f Vocabulary,
}

/// The letters beside each other on a keyboard.
const ROWS: [&str; 4] = ["1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm"];

impl File<'_> {
    fn add(&mut self, kind: Kind, thing: Thing, range: (usize, usize), replacement: &str) {
        let (start, end) = range;
        let text = [&self.text[..start], replacement, &self.text[end..]].concat();
        let line = self.text[..start].matches('\n').count();
        let shown = |text: &str| text.lines().nth(line).unwrap_or_default().trim().to_owned();
        let change = match kind {
            Kind::DroppedLine | Kind::DuplicatedLine | Kind::SwappedLines => format!("`{}`", shown(self.text)),
            Kind::Indentation if replacement.len() < end - start => format!("`{}` less indented", shown(self.text)),
            Kind::Indentation => format!("`{}` more indented", shown(self.text)),
            _ => format!("`{}` became `{}`", shown(self.text), shown(&text)),
        };
        self.slips.push(Slip { kind, thing, path: self.path.to_owned(), line: line + 1, text, change });
    }

    /// Slips in each name, each at one of its characters.
    fn names(&mut self) {
        for Token { start, text, thing } in self.tokens.clone() {
            let signs: Vec<char> = text.chars().collect();
            for kind in Kind::ALL {
                let seed = hash(&format!("{} {start} {kind:?}", self.path));
                let letters: Vec<usize> = (0..signs.len()).filter(|at| signs[*at].is_alphanumeric()).collect();
                let choose = |places: &[usize]| (!places.is_empty()).then(|| places[seed % places.len()]);
                let mut changed = signs.clone();
                match kind {
                    Kind::Omission => drop(choose(&letters).map(|at| changed.remove(at))),
                    Kind::Doubling => {
                        if let Some(at) = choose(&letters) {
                            changed.insert(at, signs[at]);
                        }
                    }
                    Kind::Transposition => {
                        let places: Vec<usize> = (1..signs.len()).filter(|at| signs[*at] != signs[at - 1]).collect();
                        if let Some(at) = choose(&places) {
                            changed.swap(at - 1, at);
                        }
                    }
                    Kind::Case => {
                        let flip = |sign: char| {
                            if sign.is_ascii_uppercase() {
                                sign.to_ascii_lowercase()
                            } else {
                                sign.to_ascii_uppercase()
                            }
                        };
                        // One letter, or the whole name.
                        let places: Vec<usize> = (0..signs.len()).filter(|at| signs[*at].is_alphabetic()).collect();
                        match choose(&places) {
                            Some(at) if seed.is_multiple_of(2) => changed[at] = flip(signs[at]),
                            _ => changed = signs.iter().map(|sign| flip(*sign)).collect(),
                        }
                    }
                    Kind::NeighbourKey => {
                        if let Some(at) = choose(&letters) {
                            changed[at] = neighbour(signs[at], seed);
                        }
                    }
                    Kind::Separator => {
                        let places: Vec<usize> = (0..signs.len()).filter(|at| "_-/.".contains(signs[*at])).collect();
                        if let Some(at) = choose(&places) {
                            changed[at] = match signs[at] {
                                '_' => '-',
                                '-' => '_',
                                '/' => ':',
                                _ => '-',
                            };
                        }
                    }
                    _ => continue,
                }
                let changed: String = changed.into_iter().collect();
                if changed != text {
                    self.add(kind, thing, (start, start + text.len()), &changed);
                }
            }
        }
    }

    /// Slips in whole lines.
    fn lines(&mut self) {
        let mut starts = vec![0];
        starts.extend(self.text.match_indices('\n').map(|(at, _)| at + 1).filter(|at| *at < self.text.len()));
        let line_at = |index: usize| {
            let end = starts.get(index + 1).copied().unwrap_or(self.text.len());
            (starts[index], end, &self.text[starts[index]..end])
        };
        let is_plain = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
        let is_yaml = self.path.ends_with(".yml") || self.path.ends_with(".yaml");
        for index in 0..starts.len() {
            let (start, end, line) = line_at(index);
            if !is_plain(line) {
                continue;
            }
            let thing = self.thing_of_line(start, end);
            self.add(Kind::DroppedLine, thing, (start, end), "");
            self.add(Kind::DuplicatedLine, thing, (start, end), &format!("{line}{line}"));
            if index + 1 < starts.len() {
                let (_, after, next) = line_at(index + 1);
                if is_plain(next) && next != line {
                    self.add(Kind::SwappedLines, thing, (start, after), &format!("{next}{line}"));
                }
            }
            if is_yaml {
                let is_less = line.starts_with("  ") && hash(&format!("{} {start}", self.path)).is_multiple_of(2);
                let indented = if is_less { line[2..].to_owned() } else { format!("  {line}") };
                self.add(Kind::Indentation, thing, (start, end), &indented);
            }
        }
    }

    fn thing_of_line(&self, start: usize, end: usize) -> Thing {
        let line = &self.text[start..end];
        if self.vocabulary.policies.iter().any(|policy| policy == self.path) && line.trim_start().starts_with("- ") {
            return Thing::RuleOrder;
        }
        let first = self.tokens.iter().find(|token| (start..end).contains(&token.start));
        first.map_or(Thing::Structure, |token| token.thing)
    }

    /// Copied lines with one old name: a name of a line of the same shape.
    fn copied_lines(&mut self) {
        let mut lines: Vec<(String, Vec<Token>)> = Vec::new();
        let mut start = 0;
        for line in self.text.split_inclusive('\n') {
            let end = start + line.len();
            let inside: Vec<Token> =
                self.tokens.iter().filter(|token| (start..end).contains(&token.start)).cloned().collect();
            let mut shape = line.to_owned();
            for token in inside.iter().rev() {
                let at = token.start - start;
                shape.replace_range(at..at + token.text.len(), &format!("<{:?}>", token.thing));
            }
            lines.push((shape, inside));
            start = end;
        }
        for (index, (shape, tokens)) in lines.iter().enumerate() {
            let same = |other: &usize| *other != index && lines[*other].0 == *shape;
            let before = (0..index).rev().find(same);
            let Some(other) = before.or_else(|| (index + 1..lines.len()).find(same)) else { continue };
            for (token, old) in tokens.iter().zip(&lines[other].1) {
                if token.text != old.text {
                    self.add(Kind::CopiedBlock, token.thing, (token.start, token.start + token.text.len()), &old.text);
                }
            }
        }
    }

    /// Quotes around, or removed from, truth values and numbers.
    fn quotes(&mut self) {
        let is_yaml = self.path.ends_with(".yml") || self.path.ends_with(".yaml");
        let mut at = 0;
        while let Some(begin) = self.text[at..].find(|sign: char| sign.is_ascii_alphanumeric()).map(|found| at + found)
        {
            let length = self.text[begin..].find(|sign: char| !sign.is_ascii_alphanumeric()).unwrap_or(0);
            let end = begin + length.max(1);
            at = end;
            let word = &self.text[begin..end];
            if !is_yaml || word != "true" && word != "false" && word.parse::<u8>().is_err() {
                continue;
            }
            let (before, after) = (&self.text[..begin], &self.text[end..]);
            let line_start = before.rfind('\n').map_or(0, |at| at + 1);
            let is_expression = before[line_start..].contains("if:") || before[line_start..].contains("${{");
            if before[line_start..].contains('#') {
                continue;
            }
            let quote = if is_expression { "'" } else { "\"" };
            if before.ends_with(quote) && after.starts_with(quote) {
                self.add(Kind::QuotedValue, Thing::Condition, (begin - 1, end + 1), word);
            } else if before.ends_with(' ') && after.starts_with(['\n', ',', '}', ' ']) {
                self.add(Kind::QuotedValue, Thing::Condition, (begin, end), &format!("{quote}{word}{quote}"));
            }
        }
    }

    /// Another secret of the repository in place of each.
    fn other_secrets(&mut self, secrets: &[&str]) {
        let is_secret = |token: &&Token| self.text[..token.start].ends_with("secrets.");
        for token in self.tokens.iter().filter(is_secret).cloned().collect::<Vec<_>>() {
            for other in secrets.iter().filter(|other| **other != token.text) {
                let range = (token.start, token.start + token.text.len());
                self.add(Kind::WrongSecret, Thing::Secret, range, other);
            }
        }
    }

    /// Each entry of an `env` in each other `env` of the file, and at the job.
    fn moved_entries(&mut self) {
        let lines: Vec<&str> = self.text.split_inclusive('\n').collect();
        let indent = |line: &str| line.len() - line.trim_start().len();
        let is_env = |line: &str| line.trim_start().trim_start_matches("- ").trim_end() == "env:";
        // The first and the last line after each `env:`.
        let blocks: Vec<(usize, usize)> = (0..lines.len())
            .filter(|index| is_env(lines[*index]))
            .map(|index| {
                let column = lines[index].find("env:").unwrap_or(0);
                let end = (index + 1..lines.len()).find(|next| indent(lines[*next]) <= column).unwrap_or(lines.len());
                (index + 1, end)
            })
            .collect();
        let machine =
            |before: usize| (0..before).rev().find(|index| lines[*index].trim_start().starts_with("runs-on:"));
        for (number, (start, end)) in blocks.iter().enumerate() {
            for entry in *start..*end {
                let mut targets: Vec<(usize, usize, bool)> = Vec::new();
                for (other, (first, last)) in blocks.iter().enumerate() {
                    if other != number && first < last {
                        targets.push((*last, indent(lines[*first]), false));
                    }
                }
                if let Some(job) = machine(*start)
                    && indent(lines[*start]) > 8
                    && !(job..*start).any(|index| lines[index].starts_with("    env:"))
                {
                    targets.push((job + 1, 6, true));
                }
                for (target, column, is_new) in targets {
                    let mut changed: Vec<String> = Vec::new();
                    for (index, line) in lines.iter().enumerate() {
                        if index == target {
                            changed.extend(is_new.then(|| "    env:\n".to_owned()));
                            changed.push(format!("{}{}", " ".repeat(column), lines[entry].trim_start()));
                        }
                        let is_empty = index + 1 == *start && end - start == 1;
                        if index != entry && !is_empty {
                            changed.push((*line).to_owned());
                        }
                    }
                    if target == lines.len() {
                        changed.push(format!("{}{}", " ".repeat(column), lines[entry].trim_start()));
                    }
                    let text = changed.concat();
                    let change = format!("`{}` moved to line {target}", lines[entry].trim());
                    self.slips.push(Slip {
                        kind: Kind::MovedEnv,
                        thing: Thing::Variable,
                        path: self.path.to_owned(),
                        line: entry + 1,
                        text,
                        change,
                    });
                }
            }
        }
    }
}

/// The character of a key beside that of a character.
fn neighbour(sign: char, seed: usize) -> char {
    let lower = sign.to_ascii_lowercase();
    let Some(row) = ROWS.iter().find(|row| row.contains(lower)) else { return sign };
    let at = row.find(lower).unwrap_or(0);
    let other = if at == 0 || at + 1 < row.len() && seed.is_multiple_of(2) { at + 1 } else { at - 1 };
    let found = row.as_bytes()[other] as char;
    if sign.is_ascii_uppercase() { found.to_ascii_uppercase() } else { found }
}

/// A number that depends on a text only.
pub fn hash(text: &str) -> usize {
    let hash = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    usize::try_from(hash >> 33).expect("31 bits fit")
}
