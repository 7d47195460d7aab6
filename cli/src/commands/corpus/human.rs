//! The review for people, on a terminal.

use std::fmt::Write as _;

use super::review::Review;
use super::review_item::{Entry, Facts, Status};
use crate::render::{BAD, FAINT, GOOD, HEAD, counted, listed, shown, wrapped};

/// Renders the review.
pub fn render(review: &Review) -> String {
    let mut text = String::new();
    for entries in review.groups() {
        let heading = wrapped(&entries[0].group.heading(), "", "  ");
        let (name, rest) =
            heading.split_once(':').map_or((heading.as_str(), ""), |(name, _)| (name, &heading[name.len()..]));
        let _ = writeln!(text, "{HEAD}{name}{HEAD:#}{rest}\n");
        entries.iter().for_each(|entry| write_entry(&mut text, entry));
    }
    if !review.removed.is_empty() {
        let _ = writeln!(text, "{HEAD}removed{HEAD:#}\n");
        for path in &review.removed {
            let _ = writeln!(text, "  {BAD}✗{BAD:#} {}", shown(path));
        }
        text.push('\n');
    }
    text + &summary(review)
}

/// The number of cases by status, in one line.
pub fn summary(review: &Review) -> String {
    let since = review.since.as_ref().map(|revision| format!(" since {revision}")).unwrap_or_default();
    format!("{}{since}: {}\n", counted(review.entries.len() as u64, "case"), review.counts())
}

fn write_entry(text: &mut String, entry: &Entry) {
    let (sign, style) = if entry.passes() { ("✓", GOOD) } else { ("✗", BAD) };
    let change = entry.change.map(|change| format!(" ({})", change.label())).unwrap_or_default();
    let _ = writeln!(text, "  {style}{sign} {}{style:#}: {}{change}", entry.status.label(), shown(&entry.title));
    let mut line = |label: &str, value: &str| {
        let _ = writeln!(text, "{}", wrapped(value, &format!("    {label:<10}"), "              "));
    };
    if let Some(reason) = entry.status.reason() {
        // A violation contains its case as YAML, whose line breaks must be kept.
        let (first, rest) = reason.split_once('\n').unwrap_or((reason, ""));
        line("reason", first);
        rest.lines().filter(|rest| !rest.is_empty()).for_each(|rest| line("", rest));
    }
    for (field, before, _) in entry.before.iter().flat_map(|before| before.differences(entry)) {
        let before = before.as_deref().map_or_else(|| "nothing".to_owned(), |before| before.replace('\n', "\\n"));
        line("before", &format!("{field}: {before}"));
    }
    for (label, value) in [("comment", &entry.comment), ("origin", &entry.found), ("input", &entry.content)] {
        if let Some(value) = value {
            line(label, value);
        }
    }
    if let Some(facts) = &entry.facts {
        for (label, value) in rows(facts) {
            line(label, &value);
        }
    }
    line("file", &entry.path);
    entry.copies.iter().for_each(|copy| line("", copy));
    // Not wrapped, so that it can be copied.
    let _ = writeln!(text, "    {FAINT}{:<10}{}{FAINT:#}\n", "reproduce", entry.reproducer);
}

/// A case in labelled lines.
fn rows(facts: &Facts) -> Vec<(&'static str, String)> {
    let data = format!("runtime {}, policy {}, registry {}", shown(&facts.runtime), facts.policy, facts.registry);
    let mut rows = vec![("case", data)];
    let width = |text: fn(&super::review_item::Row) -> usize| facts.variables.iter().map(text).max().unwrap_or(0);
    let pair = width(|row| row.name.len() + 1 + shown(&row.value).chars().count());
    for (index, row) in facts.variables.iter().enumerate() {
        let setting = format!("{}={}", row.name, shown(&row.value));
        let effect = if row.effect.is_empty() { String::new() } else { format!(", {}", row.effect) };
        rows.push((if index == 0 { "set" } else { "" }, format!("{setting:<pair$}  ({}{effect})", row.role)));
    }
    if facts.variables.is_empty() {
        rows.push(("set", "nothing".to_owned()));
    }
    if !facts.ambient.is_empty() {
        rows.push(("ambient", facts.ambient.join(", ")));
    }
    let by = facts.decided_by.as_ref().map(|name| format!(" by {name}")).unwrap_or_default();
    let shadows = match facts.shadowed.as_slice() {
        [] => String::new(),
        names => format!(", shadowing {}", names.join(", ")),
    };
    rows.push(("rule", format!("{}{by}{shadows}: {}", facts.rule.as_deref().unwrap_or("none"), shown(&facts.slug))));
    rows.push(("provider", facts.provider.clone().unwrap_or_else(|| "none".to_owned())));
    rows.push(("injected", listed(&facts.injected)));
    rows.push(("verdict", format!("{}: {}", facts.verdict, facts.cause)));
    rows
}

impl Review {
    /// The entries, group by group.
    pub fn groups(&self) -> impl Iterator<Item = &[Entry]> {
        self.entries.chunk_by(|a, b| a.group == b.group)
    }

    /// The number of entries by status, in words.
    pub fn counts(&self) -> String {
        let labels = ["passes", "fails", "malformed", "changed", "undecodable", "seed without witness"];
        let removed = ("removed", self.removed.len());
        let labels = labels.map(|label| (label, self.count(label))).into_iter().chain([removed]);
        let counts = labels.filter(|(_, count)| *count > 0).map(|(label, count)| format!("{count} {label}"));
        let counts: Vec<String> = counts.collect();
        counts.join(", ").replace(" passes", " pass")
    }

    fn count(&self, label: &str) -> usize {
        self.entries.iter().map(|entry| &entry.status).map(Status::label).filter(|other| *other == label).count()
    }
}
