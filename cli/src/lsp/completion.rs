//! The slugs, providers, runtimes, variables and words that fit at a position.
//!
//! The line before the position decides, because a document is seldom valid while somebody types.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use slug_protocol::text::{Lines, Place};
use slug_redact::mask_credentials;
use slug_resolver::{Policy, policy, registry};

use super::hover::is_slug_character;
use super::workspace::Names;
use crate::config_format;
use crate::schema::{all_mappings, words_of};

/// Maximum items of an answer; with more, the client asks again after the next character.
const ITEMS: usize = 500;

/// What the text before a position says about it.
#[derive(Debug, PartialEq, Eq)]
struct Context<'t> {
    /// The field or variable whose value is typed; `None` where a name is typed.
    key: Option<&'t str>,
    /// The mapping around it, or the list.
    parent: Option<&'t str>,
    /// The part of the value before the position.
    typed: &'t str,
    /// Whether the value follows a `$`.
    is_variable: bool,
}

/// What an item is, as a number of the protocol.
#[derive(Clone, Copy)]
enum Kind {
    Variable = 6,
    Module = 9,
    Value = 12,
    Keyword = 14,
}

/// The answer for a position.
pub fn answer(names: &Names, lines: &Lines<'_>, place: Place) -> Value {
    let byte = lines.byte(place);
    let context = Context::at(lines, place.line, byte);
    let is_own_format = lines.text().contains("schema_version");
    let typed = context.typed.to_lowercase();
    let is_fitting = |label: &&(String, Kind, String)| label.0.to_lowercase().contains(&typed);
    let found = items(names, &context, is_own_format);
    // A pasted key may be where a name belongs.
    let found = found.iter().filter(|(label, ..)| mask_credentials(label) == *label).filter(is_fitting);
    let range = lines.range(&(byte - context.typed.len()..byte));
    let mut shown: Vec<Value> = found
        .take(ITEMS + 1)
        .map(|(label, kind, detail)| {
            json!({
                "label": label,
                "kind": *kind as u8,
                "detail": mask_credentials(detail),
                "textEdit": {"range": range, "newText": label},
            })
        })
        .collect();
    let is_incomplete = shown.len() > ITEMS;
    shown.truncate(ITEMS);
    json!({"isIncomplete": is_incomplete, "items": shown})
}

impl<'t> Context<'t> {
    fn at(lines: &Lines<'t>, line: usize, byte: usize) -> Self {
        let before = &lines.text()[lines.line(line).start.min(byte)..byte];
        let mut typed = &before[before.trim_end_matches(is_slug_character).len()..];
        // The default of a variable, as in `${NAME:-value}`.
        if let Some((name, default)) = typed.split_once(":-").filter(|_| before.contains("${")) {
            return Self { key: Some(name), parent: None, typed: default, is_variable: false };
        }
        let rest = before[..before.len() - typed.len()].trim_end_matches(['"', '\'']);
        if let Some(rest) = rest.strip_suffix('=') {
            return Self { key: Some(last_word(rest)), parent: None, typed, is_variable: false };
        }
        let is_variable = rest.ends_with('$') || rest.ends_with("${");
        let rest = rest.trim_end_matches(['$', '{', '"', '\'']).trim_end_matches("${");
        let flow = flow(if is_variable { rest } else { &before[..before.len() - typed.len()] });
        let parent = || parent_of(lines, line);
        if flow.key.is_some() || flow.is_nested {
            return Self { key: flow.key, parent: flow.parent.or_else(parent), typed, is_variable };
        }
        // The item of a list may have a `-` that belongs to no word.
        let is_item = before.trim_start().starts_with("- ");
        typed = typed.trim_start_matches("- ");
        let parent = parent();
        Self { key: parent.filter(|_| is_item), parent, typed, is_variable }
    }
}

/// The innermost place of a line in flow style.
struct Flow<'t> {
    key: Option<&'t str>,
    parent: Option<&'t str>,
    /// Whether the place is inside braces.
    is_nested: bool,
}

fn flow(text: &str) -> Flow<'_> {
    let mut stack: Vec<(char, Option<&str>)> = Vec::new();
    let mut key = None;
    for (at, c) in text.char_indices() {
        match c {
            ':' if text[at + 1..].starts_with([' ', '[', '{', '"', '\'']) || at + 1 == text.len() => {
                key = Some(last_word(&text[..at])).filter(|word| !word.is_empty());
            }
            '[' | '{' => {
                stack.push((c, key));
                if c == '{' {
                    key = None;
                }
            }
            ',' if stack.last().is_some_and(|(open, _)| *open == '{') => key = None,
            ']' | '}' => key = stack.pop().and_then(|(_, outer)| outer),
            '#' if at == 0 || text[..at].ends_with(' ') => break,
            _ => {}
        }
    }
    let outer = stack.iter().rev().find(|(open, _)| *open == '{').and_then(|(_, key)| *key);
    Flow { key, parent: outer, is_nested: stack.iter().any(|(open, _)| *open == '{') }
}

/// The name at the end of a text.
fn last_word(text: &str) -> &str {
    let text = text.trim_end_matches(['"', '\'']);
    let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '-' || c == '.';
    &text[text.trim_end_matches(is_name).len()..]
}

/// The key of the block that contains a line: the nearest line above with less indentation that ends in `:`.
fn parent_of<'t>(lines: &Lines<'t>, line: usize) -> Option<&'t str> {
    let text = |line: usize| &lines.text()[lines.line(line)];
    let indent = |text: &str| text.len() - text.trim_start_matches([' ', '\t']).len();
    let is_item = text(line).trim_start().starts_with('-');
    let own = indent(text(line));
    (0..line).rev().map(text).find_map(|above| {
        let content = above.trim_end();
        // The items of a list may have the indentation of its key.
        let is_outer = indent(above) < own || is_item && indent(above) == own && !content.trim_start().starts_with('-');
        let key = content.strip_suffix(':').map(last_word).filter(|key| !key.is_empty())?;
        is_outer.then_some(key)
    })
}

/// What fits in a context: the label, what it is, and a detail.
fn items(names: &Names, context: &Context<'_>, is_own_format: bool) -> Vec<(String, Kind, String)> {
    if context.is_variable {
        return variables(names);
    }
    let Some(key) = context.key else {
        let takes_variables = matches!(context.parent, Some("env" | "when" | "defaults" | "vars"));
        return if takes_variables { variables(names) } else { Vec::new() };
    };
    let mut found = match key {
        "model" | "models" | "fallback" | "use" | "withdrawn_models" => slugs(names),
        "provider" => providers(names),
        "name" if context.parent == Some("providers") => providers(names),
        "runtime" | "runtimes" => runtimes(names),
        "policy" | "policies" | "harness_policy" | "extends" => policies(names),
        "set" | "unset" | "key" | "var" | "override" | "empty_is_set" => variables(names),
        "inject" | "auth_env" | "absent_secrets" | "known_secrets" | "required_env" => secrets(names),
        _ => values(names, key),
    };
    if is_own_format {
        let words = words(key).into_iter();
        found.extend(words.map(|word| (word.to_owned(), Kind::Keyword, String::new())));
    }
    found
}

fn slugs(names: &Names) -> Vec<(String, Kind, String)> {
    let mut by_slug: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for arm in names.registry.runtimes().iter().flat_map(|runtime| &runtime.arms) {
        for slug in &arm.models {
            by_slug.entry(slug).or_default().insert(&arm.provider);
        }
    }
    let detail = |providers: BTreeSet<&str>| {
        let providers = providers.into_iter().map(|name| {
            let payer = names.registry.provider(name).map_or("", |provider| provider.billing().as_str());
            format!("{name} ({payer})")
        });
        providers.collect::<Vec<_>>().join(", ")
    };
    by_slug.into_iter().map(|(slug, providers)| (slug.to_owned(), Kind::Value, detail(providers))).collect()
}

fn providers(names: &Names) -> Vec<(String, Kind, String)> {
    let item = |provider: &slug_resolver::Provider| {
        (provider.name.clone(), Kind::Module, provider.display_name.clone().unwrap_or_default())
    };
    names.registry.providers().iter().map(item).collect()
}

fn runtimes(names: &Names) -> Vec<(String, Kind, String)> {
    let registered = names.registry.runtimes().iter().map(|runtime| runtime.name.as_str());
    let of_policies = names.policies.iter().flat_map(Policy::runtimes);
    let all: BTreeSet<&str> = registered.chain(of_policies).collect();
    all.into_iter().map(|name| (name.to_owned(), Kind::Module, "runtime".to_owned())).collect()
}

fn policies(names: &Names) -> Vec<(String, Kind, String)> {
    let embedded = Policy::all_embedded();
    let all: BTreeSet<&str> = names.policies.iter().chain(&embedded).map(Policy::name).collect();
    all.into_iter().map(|name| (name.to_owned(), Kind::Module, "policy".to_owned())).collect()
}

fn secrets(names: &Names) -> Vec<(String, Kind, String)> {
    let accepted = names.registry.providers().iter().flat_map(|provider| provider.auth_env.names());
    let injected = names.policies.iter().flat_map(Policy::injectable);
    let all: BTreeSet<&String> = accepted.chain(injected).collect();
    all.into_iter().map(|name| (name.clone(), Kind::Variable, "secret".to_owned())).collect()
}

fn variables(names: &Names) -> Vec<(String, Kind, String)> {
    let mut by_name: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for policy in &names.policies {
        for variable in policy.all_variables() {
            by_name.entry(policy.variable_name(variable)).or_default().push(policy.name());
        }
    }
    let detail = |policies: Vec<&str>| format!("variable of {}", policies.join(", "));
    by_name.into_iter().map(|(name, policies)| (name.to_owned(), Kind::Variable, detail(policies))).collect()
}

/// The values of a variable of a policy.
fn values(names: &Names, name: &str) -> Vec<(String, Kind, String)> {
    let mut found: Vec<(String, Kind, String)> = Vec::new();
    for policy in &names.policies {
        let Some(variable) = policy.variable(name) else { continue };
        if policy.is_slug_variable(variable) {
            found.extend(slugs(names));
        }
        if policy.runtime_variables().any(|other| other == variable) {
            found.extend(runtimes(names));
        }
        let texts = policy.value_classes(variable).texts.into_iter();
        found.extend(texts.map(|text| (text, Kind::Value, format!("tested by {}", policy.name()))));
    }
    let mut known = BTreeSet::new();
    found.retain(|(label, ..)| known.insert(label.clone()));
    found
}

/// The words that a field of a file format can have.
fn words(key: &str) -> BTreeSet<&'static str> {
    let formats = [&registry::FORMAT, &policy::FORMAT, &config_format::FORMAT];
    let fields = formats.into_iter().flat_map(all_mappings).filter_map(|mapping| mapping.field(key));
    fields.flat_map(|field| words_of(&field.shape)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The context at the `|` of a text.
    fn context(text: &str) -> (Option<String>, Option<String>, String, bool) {
        let (before, after) = text.split_once('|').expect("the text has a mark");
        let whole = format!("{before}{after}");
        let lines = Lines::new(&whole);
        let Context { key, parent, typed, is_variable } =
            Context::at(&lines, lines.place(before.len()).line, before.len());
        (key.map(str::to_owned), parent.map(str::to_owned), typed.to_owned(), is_variable)
    }

    #[test]
    fn context_is_that_of_the_innermost_field() {
        let value = |key: &str, parent: Option<&str>, typed: &str| {
            (Some(key.to_owned()), parent.map(str::to_owned), typed.to_owned(), false)
        };
        let name = |parent: &str, typed: &str| (None, Some(parent.to_owned()), typed.to_owned(), false);
        assert_eq!(context("env:\n  MODEL: a/|b"), value("MODEL", Some("env"), "a/"));
        assert_eq!(context("env:\n  MODEL: \"a:b-|"), value("MODEL", Some("env"), "a:b-"));
        assert_eq!(context("env:\n  MO|"), name("env", "MO"));
        assert_eq!(context("env: {MODEL: x, RU|}"), name("env", "RU"));
        assert_eq!(context("env: {MODEL: x, RUNTIME: |}"), value("RUNTIME", Some("env"), ""));
        assert_eq!(context("when: {M: [a, b]}, use: |"), value("use", None, ""));
        assert_eq!(context("models: [a, b/|"), value("models", None, "b/"));
        assert_eq!(context("models:\n  - a\n  - b|"), value("models", Some("models"), "b"));
        assert_eq!(context("deny:\n- sha|"), value("deny", Some("deny"), "sha"));
        assert_eq!(context("providers:\n  - name: ac|"), value("name", Some("providers"), "ac"));
        assert_eq!(context("  - {name: |"), value("name", None, ""));
        assert_eq!(context("export MODEL='a|"), value("MODEL", None, "a"));
        assert_eq!(context("MODEL=${MODEL:-mi|"), value("MODEL", None, "mi"));
        assert!(context("use: $MO|").3);
        assert!(context("echo \"${MO|").3);
        assert!(!context("use: MO|").3);
        assert_eq!(context("|"), (None, None, String::new(), false));
    }
}
