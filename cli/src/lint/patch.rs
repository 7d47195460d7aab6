//! Patches: a fix as an edit of one entry of an `env`.

use std::ops::Range;

use slug_resolver::Edit as Change;
use slug_resolver::Fix;

use crate::findings::{Edit, Patch, SourceId, Span};
use crate::workflow::document::Style;
use crate::workflow::model::EnvEntry;
use crate::workflow::walk::{Environment, Origin};

/// The edit that makes a fix, if the fix is one entry of an `env` in this file, and that
/// entry a literal: what an expression was for, its author knows better.
#[must_use]
pub fn patch(source: SourceId, text: &str, fix: &Fix, env: &Environment<'_>) -> Option<Patch> {
    let [change] = fix.edits.as_slice() else { return None };
    let Origin::Entry(entry) = &env.variables.get(change.variable())?.origin else { return None };
    if entry.value.contains("${{") {
        return None;
    }
    let (range, replacement, title) = match change {
        Change::Unset(name) => {
            let (range, replacement) = deletion(text, entry)?;
            (range, replacement, format!("delete `{name}`"))
        }
        Change::Set(name, value) => {
            let replacement = scalar(value, text.get(entry.value_span.clone())?);
            (entry.value_span.clone(), replacement, format!("set `{name}` to `{value}`"))
        }
    };
    let title = format!("{title}: the model is `{}` then, and `{}` answers", fix.slug, fix.provider);
    Some(Patch { title, edits: vec![Edit { span: Span { source, range }, replacement }] })
}

/// What to take out, and what to write there, so that an entry is gone and the rest stays.
fn deletion(text: &str, entry: &EnvEntry) -> Option<(Range<usize>, String)> {
    // A block scalar reaches up to what comes next; its text ends before.
    let end = entry.key.start + text.get(entry.key.start..entry.value_span.end.max(entry.key.end))?.trim_end().len();
    if entry.siblings == 1 {
        // Without its only entry the mapping would be nothing, which forges refuse.
        let colon = text.get(entry.env_key.end..)?.find(':')?;
        let end = if entry.mapping.1 == Style::Flow { entry.mapping.0.end } else { end };
        return Some((entry.env_key.end + colon + 1..end, " {}".to_owned()));
    }
    if entry.mapping.1 == Style::Flow {
        return flow_deletion(text, entry, end).map(|range| (range, String::new()));
    }
    let start = text[..entry.key.start].rfind('\n').map_or(0, |newline| newline + 1);
    let stands_alone = text[start..entry.key.start].trim().is_empty();
    let line_end = text[end..].find('\n').map_or(text.len(), |at| end + at + 1);
    stands_alone.then_some((start..line_end, String::new()))
}

/// An entry in braces goes with the comma behind it, else with the one before it.
fn flow_deletion(text: &str, entry: &EnvEntry, end: usize) -> Option<Range<usize>> {
    let behind = text.get(end..entry.mapping.0.end)?;
    let blank = behind.len() - behind.trim_start().len();
    if let Some(rest) = behind[blank..].strip_prefix(',') {
        let end = entry.mapping.0.end - rest.trim_start().len();
        return Some(entry.key.start..end);
    }
    let before = text.get(entry.mapping.0.start..entry.key.start)?.trim_end();
    before.ends_with(',').then(|| entry.mapping.0.start + before.len() - 1..end)
}

/// A value as YAML, written like the one that it replaces.
fn scalar(value: &str, before: &str) -> String {
    let single = before.starts_with('\'');
    if single && !value.contains(|c: char| c.is_control()) {
        return format!("'{}'", value.replace('\'', "''"));
    }
    let plain = value.starts_with(|c: char| c.is_ascii_alphabetic())
        && value.chars().all(|c| c.is_ascii_alphanumeric() || "-._/".contains(c))
        && !matches!(value.to_lowercase().as_str(), "true" | "false" | "null" | "yes" | "no" | "on" | "off");
    if plain && !before.starts_with('"') {
        return value.to_owned();
    }
    serde_json::to_string(value).unwrap_or_default()
}

/// A text with edits made; edits that touch one that comes before them are left out.
#[must_use]
pub fn applied<'e>(text: &str, edits: impl IntoIterator<Item = &'e Edit>) -> String {
    let mut edits: Vec<&Edit> = edits.into_iter().collect();
    edits.sort_by_key(|edit| (edit.span.range.start, edit.span.range.end));
    let mut patched = String::new();
    let mut done = 0;
    for edit in edits.into_iter() {
        let Range { start, end } = edit.span.range;
        if start >= done {
            patched.push_str(&text[done..start]);
            patched.push_str(&edit.replacement);
            done = end;
        }
    }
    patched + &text[done..]
}
