//! The declarations and imports of a Rust file, from its tokens only.

use std::collections::BTreeSet;

/// A file, without its tests.
#[derive(Default)]
pub struct Source {
    /// The declared modules that have separate files.
    pub modules: Vec<String>,
    /// The items that the code imports.
    pub imports: Vec<Import>,
    /// The items of every `use`, private ones included. Other files can import the items through this file.
    pub use_items: Vec<Import>,
    defined: BTreeSet<String>,
}

/// A path and its local name.
#[derive(Clone)]
pub struct Import {
    /// The local name; `*` for a glob import, empty for a path outside a `use`.
    pub name: String,
    /// The path.
    pub path: Vec<String>,
}

/// The keywords that precede the name of an item.
const ITEMS: [&str; 9] = ["fn", "struct", "enum", "trait", "type", "const", "static", "union", "mod"];

impl Source {
    /// Parses the text of a file.
    pub fn parse(text: &str) -> Self {
        let tokens = without_tests(&tokens(text));
        let mut source = Self::default();
        let mut words = BTreeSet::new();
        let mut at = 0;
        while at < tokens.len() {
            let token = tokens[at].as_str();
            let follows = |text: &str| tokens.get(at + 1).is_some_and(|next| next == text);
            match token {
                "mod" if tokens.get(at + 2).is_some_and(|next| next == ";") => {
                    source.modules.push(tokens[at + 1].clone());
                    at += 2;
                }
                "use" => {
                    let end = at + tokens[at..].iter().position(|token| token == ";").expect("a `use` ends with `;`");
                    let is_public = at > 0 && ["pub", ")"].contains(&tokens[at - 1].as_str());
                    let tree = use_tree(&tokens[at + 1..end], &[]);
                    source.use_items.extend(tree.iter().cloned());
                    if !is_public {
                        source.imports.extend(tree);
                    }
                    at = end;
                }
                _ if ITEMS.contains(&token) => {
                    source.defined.extend(tokens.get(at + 1).cloned());
                }
                _ if is_word(token) && follows("::") && (at == 0 || tokens[at - 1] != "::") => {
                    let rest = tokens[at..].chunks(2).take_while(|pair| is_word(&pair[0])).enumerate();
                    let is_joined = |(index, _): &(usize, &[String])| *index == 0 || tokens[at + 2 * index - 1] == "::";
                    let path: Vec<String> = rest.take_while(is_joined).map(|(_, pair)| pair[0].clone()).collect();
                    words.insert(token.to_owned());
                    source.imports.push(Import { name: String::new(), path });
                }
                _ => {
                    words.insert(token.to_owned());
                }
            }
            at += 1;
        }
        // A `pub use` counts as an import if the code of the file uses the name.
        let used = source.use_items.iter().filter(|import| words.contains(&import.name));
        source.imports.extend(used.cloned().collect::<Vec<_>>());
        source
    }

    /// True if the file itself defines the name.
    pub fn defines(&self, name: &str) -> bool {
        self.defined.contains(name)
    }
}

/// The imports of a `use` tree; `before` is the path before the tree.
fn use_tree(tokens: &[String], before: &[String]) -> Vec<Import> {
    let mut path = before.to_vec();
    for (at, token) in tokens.iter().enumerate() {
        match token.as_str() {
            "::" => {}
            "as" => return vec![Import { name: tokens[at + 1].clone(), path }],
            "{" => {
                let inner = &tokens[at + 1..tokens.len() - 1];
                return split_at_commas(inner).into_iter().flat_map(|part| use_tree(part, &path)).collect();
            }
            "self" if !before.is_empty() => {}
            _ => path.push(token.clone()),
        }
    }
    path.last().cloned().map(|name| Import { name, path }).into_iter().collect()
}

/// Splits tokens at the commas outside braces.
fn split_at_commas(tokens: &[String]) -> Vec<&[String]> {
    let mut depth = 0;
    let parts = tokens.split(|token| {
        match token.as_str() {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ => {}
        }
        token == "," && depth == 0
    });
    parts.collect()
}

/// Drops each item that follows `#[cfg(test)]`.
fn without_tests(tokens: &[String]) -> Vec<String> {
    const TEST: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if !tokens[at..].iter().map(String::as_str).take(TEST.len()).eq(TEST) {
            kept.push(tokens[at].clone());
            at += 1;
            continue;
        }
        let mut depth = 0;
        loop {
            depth += i32::from(tokens[at] == "{") - i32::from(tokens[at] == "}");
            at += 1;
            if depth == 0 && [";", "}"].contains(&tokens[at - 1].as_str()) {
                break;
            }
        }
    }
    kept
}

fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c == '_' || c.is_alphabetic())
}

/// Splits a text into words, `::` and single characters; drops comments and quoted text.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(length) = quoted(rest) {
            length
        } else if first == '_' || first.is_alphanumeric() {
            let length = rest.find(|c: char| c != '_' && !c.is_alphanumeric()).unwrap_or(rest.len());
            tokens.push(rest[..length].to_owned());
            length
        } else if rest.starts_with("::") {
            tokens.push("::".to_owned());
            2
        } else {
            tokens.extend((!first.is_whitespace()).then(|| first.to_string()));
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    tokens
}

/// The length of the string or character literal at the start of a text; 1 for the quote of a lifetime.
fn quoted(text: &str) -> Option<usize> {
    let unprefixed = text.trim_start_matches(['b', 'c']);
    let raw = unprefixed.strip_prefix('r').map(|rest| (rest.len() - rest.trim_start_matches('#').len(), rest));
    if let Some((hashes, rest)) = raw
        && rest[hashes..].starts_with('"')
    {
        let end = format!("\"{}", "#".repeat(hashes));
        let body = &rest[hashes + 1..];
        let after = &body[body.find(&end)? + end.len()..];
        return Some(text.len() - after.len());
    }
    let quote = unprefixed.chars().next().filter(|quote| ['"', '\''].contains(quote))?;
    let mut is_escaped = false;
    let is_end = |c: char| {
        let ends = c == quote && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        ends
    };
    let body = &unprefixed[1..];
    let end = body.find(is_end)?;
    // A single quote that is not closed after one character starts a lifetime.
    let is_lifetime = quote == '\'' && !body.starts_with('\\') && body[..end].chars().count() != 1;
    Some(if is_lifetime { 1 } else { text.len() - body.len() + end + 1 })
}
