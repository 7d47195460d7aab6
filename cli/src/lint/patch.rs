//! Turns a fix into a patch: an edit of one entry of an `env`.

use std::ops::Range;

use slug_resolver::Edit as Fixed;
use slug_resolver::Fix;

use crate::findings::{Edit, Patch, SourceId, Span};
use crate::render::resolution::leading_to;
use slug_workflow::document::Style;
use slug_workflow::environment::{Environment, Origin};
use slug_workflow::model::EnvEntry;

/// A patch and its change to the model.
pub struct AppliedEdit {
    /// The patch.
    pub patch: Patch,
    /// The changed entry.
    pub change: Change,
}

/// A change of one entry of an `env`.
pub struct Change {
    /// The name of the variable.
    pub name: String,
    /// The first byte of the name.
    pub key: usize,
    /// The new value; None if the entry is deleted.
    pub value: Option<String>,
    /// The first byte of the key `env`, if it is deleted together with its only entry.
    pub env_key: Option<usize>,
}

impl Change {
    /// The first byte of each changed key, with its new value; None if the key is deleted.
    pub fn keys(&self) -> impl Iterator<Item = (usize, Option<&str>)> {
        [(self.key, self.value.as_deref())].into_iter().chain(self.env_key.map(|key| (key, None)))
    }
}

/// The patch for a fix. None unless the fix changes one variable whose `env` entry in this file
/// is a literal: the purpose of an expression is not known.
#[must_use]
pub fn patch(source: SourceId, text: &str, fix: &Fix, env: &Environment<'_>) -> Option<AppliedEdit> {
    let [edit] = fix.edits.as_slice() else { return None };
    let Origin::Entry(entry) = &env.variables.get(edit.variable())?.origin else { return None };
    if entry.value.contains("${{") || !is_written_here(text, entry) || has_slugproof_comment(text, entry) {
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
    let ranges = edits.iter().map(|(range, _)| range).chain([&entry.mapping.0]);
    let within = ranges.fold(entry.key.clone(), |all, one| all.start.min(one.start)..all.end.max(one.end));
    let edit = |(range, replacement)| Edit { span: Span { source, range }, replacement };
    let patch = Patch { title, rank: 0, edits: edits.into_iter().map(edit).collect(), within };
    let env_key = (value.is_none() && entry.siblings == 1).then_some(entry.env_key.start);
    Some(AppliedEdit { patch, change: Change { name: entry.name.clone(), key: entry.key.start, value, env_key } })
}

/// True if a `slugproof` comment is on the line of the entry or on the line above. Such a comment
/// means that the entry is intended, even if the comment suppresses nothing.
fn has_slugproof_comment(text: &str, entry: &EnvEntry) -> bool {
    let start = text[..entry.key.start].rfind('\n').unwrap_or_default();
    let above = text[..start].rfind('\n').unwrap_or_default();
    let end = entry.value_span.end.max(entry.key.end);
    let end = text[end..].find('\n').map_or(text.len(), |at| end + at);
    let is_comment = text[above..start].trim_start().starts_with('#');
    let lines = &text[if is_comment { above } else { start }..end];
    lines.split('#').skip(1).any(|comment| comment.trim_start().starts_with("slugproof"))
}

/// True if the value of an entry directly follows its name. The value of an alias is elsewhere,
/// and a value with an anchor may be used elsewhere too.
fn is_written_here(text: &str, entry: &EnvEntry) -> bool {
    let between = text.get(entry.key.end..entry.value_span.start.max(entry.key.end));
    let value = text.get(entry.value_span.clone());
    let (Some(between), Some(value)) = (between, value) else { return false };
    let after_colon = between.trim_start_matches([' ', '\t']).strip_prefix(':');
    // A tag, or the header of a block scalar.
    let is_plain = |between: &str| between.split_whitespace().all(|word| word.starts_with(['!', '|', '>']));
    entry.value_span.start >= entry.key.end && after_colon.is_some_and(is_plain) && !value.starts_with(['&', '*'])
}

/// The ranges and their replacements that delete an entry and keep the rest. None if the entry
/// cannot be deleted safely.
fn deletion(text: &str, entry: &EnvEntry) -> Option<Vec<(Range<usize>, String)>> {
    let mapping = &entry.mapping.0;
    if entry.key.start < mapping.start || mapping.end < entry.key.end {
        // The entry is merged from another mapping.
        return None;
    }
    // The range of a block scalar extends to the next node; its text ends earlier.
    let end = entry.key.start + text.get(entry.key.start..entry.value_span.end)?.trim_end().len();
    let is_flow = entry.mapping.1 == Style::Flow;
    if entry.siblings == 1 {
        return env_deletion(text, entry, end);
    }
    let range = match is_flow {
        true => flow_deletion(text, entry.key.start..end, mapping)?,
        false => whole_lines(text, entry.key.start..end)?,
    };
    Some(vec![(range, String::new())])
}

/// The ranges that delete the key `env` with its only entry, which ends at `end`. Comments stay, except in
/// a flow mapping with comments, which is not deleted.
fn env_deletion(text: &str, entry: &EnvEntry, end: usize) -> Option<Vec<(Range<usize>, String)>> {
    let mapping = &entry.mapping.0;
    let is_flow = entry.mapping.1 == Style::Flow;
    let colon = entry.env_key.end + text.get(entry.env_key.end..mapping.start)?.find(':')? + 1;
    let line_end = |at: usize| text[at..].find('\n').map_or(text.len(), |end| at + end);
    let start = entry.env_key.start;
    // What is deleted of the line of the key, and the lines of the entry below it.
    let (head, lines) = if is_flow {
        let inside = [text.get(mapping.start + 1..entry.key.start)?, text.get(end..mapping.end)?];
        let is_bare = text.get(colon..mapping.start)?.trim().is_empty() && !inside.concat().contains('#');
        if !is_bare {
            return None;
        }
        if text[mapping.end..].trim_start().starts_with([',', '}']) {
            let parent = text[..start].rfind('{')?..text.len();
            return Some(vec![(flow_deletion(text, start..mapping.end, &parent)?, String::new())]);
        }
        (mapping.end, None)
    } else {
        let lines = whole_lines(text, entry.key.start..end)?;
        let is_anchored =
            !text[colon..lines.start].lines().all(|line| matches!(line.trim().chars().next(), None | Some('#')));
        if is_anchored {
            return None;
        }
        (colon, Some(lines))
    };
    let rest = &text[head..line_end(head)];
    let line_start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
    let before = &text[line_start..start];
    let kept = head + rest.len() - rest.trim_start().len();
    let below = lines.as_ref().map_or((line_end(head) + 1).min(text.len()), |lines| lines.end);
    let next = below + text[below..].len() - text[below..].trim_start().len();
    let between = lines.as_ref().map_or("", |lines| &text[head..lines.start]);
    let has_comments = !rest.trim().is_empty() || between.contains('#') || text[next..].starts_with('#');
    let head = if before.trim().is_empty() && rest.trim().is_empty() {
        line_start..(line_end(head) + 1).min(text.len())
    } else if before.trim().is_empty() || has_comments {
        start..kept
    } else {
        // The next key follows the dash of the step.
        return Some(vec![(start..next, String::new())]);
    };
    Some([Some(head), lines].into_iter().flatten().map(|range| (range, String::new())).collect())
}

/// The whole lines of an entry; None if its first line has other text before the entry.
fn whole_lines(text: &str, entry: Range<usize>) -> Option<Range<usize>> {
    let start = text[..entry.start].rfind('\n').map_or(0, |newline| newline + 1);
    let is_first = text[start..entry.start].trim().is_empty();
    let end = text[entry.end..].find('\n').map_or(text.len(), |at| entry.end + at + 1);
    is_first.then_some(start..end)
}

/// The range of an entry in a flow mapping with the comma after it, else with the comma before
/// it. None if a comment separates the entry from its comma.
fn flow_deletion(text: &str, entry: Range<usize>, mapping: &Range<usize>) -> Option<Range<usize>> {
    let after = text.get(entry.end..mapping.end)?;
    if let Some(rest) = after.trim_start().strip_prefix(',') {
        let rest = rest.trim_start();
        return (!rest.starts_with('#')).then(|| entry.start..mapping.end - rest.len());
    }
    let before = text.get(mapping.start..entry.start)?.trim_end();
    let line = before.rfind('\n').map_or(before, |newline| &before[newline..]);
    let is_a_comma = before.ends_with(',') && !line.contains('#');
    is_a_comma.then(|| mapping.start + before.len() - 1..entry.end)
}

/// A value as a YAML scalar, in the quoting style of the scalar that it replaces.
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

/// Splits patches into non-overlapping ones and the others. Of two that overlap, the first in the
/// file is kept.
pub fn non_overlapping<T>(mut patched: Vec<T>, patch: impl Fn(&T) -> Option<&Patch>) -> (Vec<T>, Vec<T>) {
    let within = |it: &T| patch(it).map_or(0..0, |patch| patch.within.clone());
    patched.sort_by_key(|it| (within(it).start, within(it).end));
    let mut done = 0;
    patched.into_iter().partition(|it| {
        let Range { start, end } = within(it);
        let is_free = start >= done;
        if is_free {
            done = end;
        }
        is_free
    })
}

/// The text with edits applied. Edits that overlap an earlier edit, or that are not a valid range
/// of the text, are skipped.
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
    fn invalid_and_overlapping_edits_are_skipped() {
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
