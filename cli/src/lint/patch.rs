//! Patches: a fix as an edit of one entry of an `env`.

use std::ops::Range;

use slug_resolver::Edit as Fixed;
use slug_resolver::Fix;

use crate::findings::{Edit, Patch, SourceId, Span};
use crate::render::resolution::leading_to;
use slug_workflow::document::Style;
use slug_workflow::environment::{Environment, Origin};
use slug_workflow::model::EnvEntry;

/// A patch and what it changes.
pub struct AppliedEdit {
    /// The patch.
    pub patch: Patch,
    /// What it changes.
    pub change: Change,
}

/// One entry of an `env`, changed.
pub struct Change {
    /// Its name.
    pub name: String,
    /// The first byte of its name.
    pub key: usize,
    /// Its new value; none where it is gone.
    pub value: Option<String>,
}

/// The edit that makes a fix, if the fix is one entry of an `env` in this file, and that
/// entry a literal: what an expression was for, its author knows better.
#[must_use]
pub fn patch(source: SourceId, text: &str, fix: &Fix, env: &Environment<'_>) -> Option<AppliedEdit> {
    let [edit] = fix.edits.as_slice() else { return None };
    let Origin::Entry(entry) = &env.variables.get(edit.variable())?.origin else { return None };
    if entry.value.contains("${{") || !is_written_here(text, entry) || is_spoken_of(text, entry) {
        return None;
    }
    let (edits, value, title) = match edit {
        Fixed::Unset(name) => (deletion(text, entry)?, None, format!("delete `{name}`")),
        Fixed::Set(name, value) => {
            let replacement = scalar(value, text.get(entry.value_span.clone())?);
            let edits = vec![(entry.value_span.clone(), replacement)];
            (edits, Some(value.clone()), format!("set `{name}` to `{value}`"))
        }
    };
    let title = leading_to(&title, fix);
    let stretches = edits.iter().map(|(range, _)| range).chain([&entry.mapping.0]);
    let within = stretches.fold(entry.key.clone(), |all, one| all.start.min(one.start)..all.end.max(one.end));
    let edit = |(range, replacement)| Edit { span: Span { source, range }, replacement };
    let patch = Patch { title, edits: edits.into_iter().map(edit).collect(), within };
    Some(AppliedEdit { patch, change: Change { name: entry.name.clone(), key: entry.key.start, value } })
}

/// Whether a comment on the entry, or on the line above it, is addressed to slugproof:
/// whoever wrote it meant the entry to stay, even if the comment suppresses nothing.
fn is_spoken_of(text: &str, entry: &EnvEntry) -> bool {
    let start = text[..entry.key.start].rfind('\n').unwrap_or_default();
    let above = text[..start].rfind('\n').unwrap_or_default();
    let end = entry.value_span.end.max(entry.key.end);
    let end = text[end..].find('\n').map_or(text.len(), |at| end + at);
    let is_comment = text[above..start].trim_start().starts_with('#');
    let lines = &text[if is_comment { above } else { start }..end];
    lines.split('#').skip(1).any(|comment| comment.trim_start().starts_with("slugproof"))
}

/// Whether the value of an entry stands right behind its name: it does not where it comes
/// from an alias, and where it has an anchor, others may have it as well.
fn is_written_here(text: &str, entry: &EnvEntry) -> bool {
    let between = text.get(entry.key.end..entry.value_span.start.max(entry.key.end));
    let value = text.get(entry.value_span.clone());
    let (Some(between), Some(value)) = (between, value) else { return false };
    let behind_the_colon = between.trim_start_matches([' ', '\t']).strip_prefix(':');
    // A tag, or the head of a block scalar.
    let is_plain = |between: &str| between.split_whitespace().all(|word| word.starts_with(['!', '|', '>']));
    entry.value_span.start >= entry.key.end && behind_the_colon.is_some_and(is_plain) && !value.starts_with(['&', '*'])
}

/// What to take out, and what to write there, so that an entry is gone and the rest stays.
fn deletion(text: &str, entry: &EnvEntry) -> Option<Vec<(Range<usize>, String)>> {
    let mapping = &entry.mapping.0;
    if entry.key.start < mapping.start || mapping.end < entry.key.end {
        // It is merged from elsewhere.
        return None;
    }
    // A block scalar reaches up to what comes next; its text ends before.
    let end = entry.key.start + text.get(entry.key.start..entry.value_span.end)?.trim_end().len();
    let is_flow = entry.mapping.1 == Style::Flow;
    if entry.siblings > 1 && is_flow {
        return flow_deletion(text, entry, end).map(|range| vec![(range, String::new())]);
    }
    let line = (!is_flow).then(|| whole_lines(text, entry.key.start..end));
    if entry.siblings > 1 {
        return line?.map(|range| vec![(range, String::new())]);
    }
    // Without its only entry the mapping would be nothing, which forges refuse.
    let behind_the_key = text.get(entry.env_key.end..mapping.start)?;
    let colon = entry.env_key.end + behind_the_key.find(':')? + 1;
    let nothing = " {}".to_owned();
    match line {
        // Nothing but the entry stands there.
        None => {
            let inside = [text.get(mapping.start + 1..entry.key.start)?, text.get(end..mapping.end)?];
            let is_bare = text.get(colon..mapping.start)?.trim().is_empty() && !inside.concat().contains('#');
            is_bare.then(|| vec![(colon..mapping.end, nothing)])
        }
        Some(line) => Some(vec![(colon..colon, nothing), (line?, String::new())]),
    }
}

/// The lines of an entry, if nothing stands before it.
fn whole_lines(text: &str, entry: Range<usize>) -> Option<Range<usize>> {
    let start = text[..entry.start].rfind('\n').map_or(0, |newline| newline + 1);
    let stands_alone = text[start..entry.start].trim().is_empty();
    let end = text[entry.end..].find('\n').map_or(text.len(), |at| entry.end + at + 1);
    stands_alone.then_some(start..end)
}

/// An entry in braces goes with the comma behind it, else with the one before it; where a
/// comment is in between, it is nobody's to take apart.
fn flow_deletion(text: &str, entry: &EnvEntry, end: usize) -> Option<Range<usize>> {
    let mapping = &entry.mapping.0;
    let behind = text.get(end..mapping.end)?;
    if let Some(rest) = behind.trim_start().strip_prefix(',') {
        let rest = rest.trim_start();
        return (!rest.starts_with('#')).then(|| entry.key.start..mapping.end - rest.len());
    }
    let before = text.get(mapping.start..entry.key.start)?.trim_end();
    let line = before.rfind('\n').map_or(before, |newline| &before[newline..]);
    let is_a_comma = before.ends_with(',') && !line.contains('#');
    is_a_comma.then(|| mapping.start + before.len() - 1..end)
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

/// Patches that can be made together: those that share no stretch with one before them; and
/// the others.
pub fn non_overlapping<T>(mut patched: Vec<T>, patch: impl Fn(&T) -> Option<&Patch>) -> (Vec<T>, Vec<T>) {
    let within = |it: &T| patch(it).map_or(0..0, |patch| patch.within.clone());
    patched.sort_by_key(|it| (within(it).start, within(it).end));
    let mut done = 0;
    patched.into_iter().partition(|it| {
        let Range { start, end } = within(it);
        let is_apart = start >= done;
        if is_apart {
            done = end;
        }
        is_apart
    })
}

/// A text with edits made; edits that touch one that comes before them, or are no stretch
/// of the text, are left out.
#[must_use]
pub fn applied<'e>(text: &str, edits: impl IntoIterator<Item = &'e Edit>) -> String {
    let mut edits: Vec<&Edit> = edits.into_iter().collect();
    edits.sort_by_key(|edit| (edit.span.range.start, edit.span.range.end));
    let mut patched = String::new();
    let mut done = 0;
    for edit in edits {
        let range = edit.span.range.clone();
        if let (Some(before), Some(_)) = (text.get(done..range.start), text.get(range.clone())) {
            patched.push_str(before);
            patched.push_str(&edit.replacement);
            done = range.end;
        }
    }
    patched + &text[done..]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::{Source, Sources};

    #[test]
    fn edits_that_are_no_stretch_of_the_text_are_left_out() {
        let source = Sources::default().add(Source { path: "a.yml".to_owned(), text: String::new() });
        let edit =
            |start, end| Edit { span: Span { source, range: Range { start, end } }, replacement: "x".to_owned() };
        for (edits, expected) in [
            (vec![edit(1, 2), edit(2, 2)], "axxö"),
            (vec![edit(2, 1)], "abö"),
            (vec![edit(3, 4), edit(4, 9)], "abö"),
            (vec![edit(0, 2), edit(1, 4)], "xö"),
        ] {
            assert_eq!(applied("abö", &edits), expected);
        }
    }
}
