//! Suppressions: `# slugproof: ignore[code] reason`, at the end of a finding's line or
//! on comment lines directly above it.
//!
//! The scan is textual, so that it works in YAML comments and in shell comments inside
//! a `run:` block alike. A suppression has to earn its place: one without a reason, one
//! of an unknown code and one that suppresses nothing are findings themselves, and
//! those cannot be suppressed.

use std::collections::HashMap;
use std::ops::Range;

use crate::codes::{
    self, Command, Entry, MALFORMED_SUPPRESSION, SUPPRESSION_WITHOUT_REASON, UNKNOWN_SUPPRESSION, UNUSED_SUPPRESSION,
};
use crate::suggest::did_you_mean;

use super::{Finding, SourceId, Sources, Span};

/// A finding that does not count, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppressed {
    /// The finding.
    pub finding: Finding,
    /// What suppresses it.
    pub kind: SuppressionKind,
    /// The reason that was given.
    pub reason: String,
}

/// What suppresses a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SuppressionKind {
    /// A comment beside it.
    Comment,
    /// An entry of slugproof.yaml.
    Accept,
    /// The baseline.
    Baseline,
}

impl SuppressionKind {
    /// The name used in answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Comment => "comment",
            Self::Accept => "accept",
            Self::Baseline => "baseline",
        }
    }
}

/// A comment that suppresses, as it was understood.
struct Suppression {
    /// The codes, each with where it stands.
    codes: Vec<(Range<usize>, &'static Entry)>,
    reason: String,
    /// The lines whose findings it suppresses.
    lines: Vec<usize>,
}

/// What is left of the findings, with what is to be said of the suppressions; and what
/// they suppress.
pub(super) fn apply(command: Command, sources: &Sources, findings: Vec<Finding>) -> (Vec<Finding>, Vec<Suppressed>) {
    let (suppressions, mut open) = read_all(sources);
    let by_line = by_line(&suppressions);
    let mut used: Vec<Vec<bool>> = suppressions.iter().map(|(_, it)| vec![false; it.codes.len()]).collect();
    let mut suppressed = Vec::new();
    for finding in findings {
        let span = &finding.primary.span;
        let line = (span.source, sources.line_number(span.source, span.range.start));
        let mut reason = None;
        for &(which, code) in by_line.get(&line).into_iter().flatten() {
            let suppression = &suppressions[which].1;
            if suppression.codes[code].1 == finding.code {
                used[which][code] = true;
                reason = reason.or(Some(&suppression.reason));
            }
        }
        match reason.cloned() {
            Some(reason) => suppressed.push(Suppressed { finding, kind: SuppressionKind::Comment, reason }),
            None => open.push(finding),
        }
    }
    for ((source, suppression), used) in suppressions.iter().zip(used) {
        let codes = suppression.codes.iter().zip(used).filter(|(_, used)| !used).map(|(code, _)| code);
        // A code that another command reports is that command's business.
        let idle = codes.filter(|(_, code)| code.is_reported_by(command));
        open.extend(idle.map(|(range, code)| unused(*source, range, code)));
    }
    (open, suppressed)
}

/// Every suppression of every file, and what is wrong with comments that would be one.
fn read_all(sources: &Sources) -> (Vec<(SourceId, Suppression)>, Vec<Finding>) {
    let mut suppressions = Vec::new();
    let mut findings = Vec::new();
    for (source, _) in sources.iter() {
        let comments = comments(sources, source);
        let below = if comments.is_empty() { HashMap::new() } else { lines_below(sources, source) };
        for range in comments {
            // A comment speaks of its own line and, where it fills that, of the one below.
            let own = sources.line_number(source, range.start);
            let lines = [own].into_iter().chain(below.get(&own).copied()).collect();
            match read(sources, &Span { source, range }, lines) {
                Ok((suppression, unknown)) => {
                    suppressions.push((source, suppression));
                    findings.extend(unknown);
                }
                Err(finding) if finding.code == &MALFORMED_SUPPRESSION && is_quoted(sources, &finding.primary.span) => {
                }
                Err(finding) => findings.push(*finding),
            }
        }
    }
    (suppressions, findings)
}

/// The suppressions that concern each line, by number, with the number of the code.
fn by_line(suppressions: &[(SourceId, Suppression)]) -> HashMap<(SourceId, usize), Vec<(usize, usize)>> {
    let mut lines: HashMap<_, Vec<_>> = HashMap::new();
    for (which, (source, suppression)) in suppressions.iter().enumerate() {
        for line in &suppression.lines {
            let codes = (0..suppression.codes.len()).map(|code| (which, code));
            lines.entry((*source, *line)).or_default().extend(codes);
        }
    }
    lines
}

const MARK: &str = "slugproof:";

/// Where the comments that are addressed to slugproof begin, each to the end of its line.
fn comments(sources: &Sources, source: SourceId) -> Vec<Range<usize>> {
    let text = &sources.get(source).text;
    let mut found: Vec<Range<usize>> = Vec::new();
    for (mark, _) in text.match_indices(MARK) {
        let line = sources.line_range(source, sources.line_number(source, mark));
        let before = text[line.start..mark].trim_end_matches([' ', '\t']);
        let Some(before) = before.strip_suffix('#') else { continue };
        let begins = before.trim_start_matches('\u{feff}').is_empty() || before.ends_with([' ', '\t']);
        // The first one of a line is the comment; what follows is its text.
        let is_first = found.last().is_none_or(|earlier| earlier.end <= line.start);
        if begins && is_first {
            found.push(line.start + before.len()..line.end);
        }
    }
    found
}

/// Whether a quote is open on the line before a place, so that a `#` there is no comment. An
/// apostrophe inside a word opens nothing.
fn is_quoted(sources: &Sources, place: &Span) -> bool {
    let line = sources.line_range(place.source, sources.line_number(place.source, place.range.start));
    let mut open = None;
    let mut last = ' ';
    let mut chars = sources.get(place.source).text[line.start..place.range.start].chars().peekable();
    while let Some(c) = chars.next() {
        let is_in_word = last.is_alphanumeric() && chars.peek().is_some_and(|next| next.is_alphanumeric());
        match (open, c) {
            // What is escaped is no quote; between single quotes nothing is escaped.
            (None | Some('"'), '\\') => drop(chars.next()),
            (Some(quote), _) if quote == c => open = None,
            (None, '"') => open = Some(c),
            (None, '\'') if !is_in_word => open = Some(c),
            _ => {}
        }
        last = c;
    }
    open.is_some()
}

/// A suppression and what is wrong with parts of it, or what is wrong with the whole.
fn read(sources: &Sources, comment: &Span, lines: Vec<usize>) -> Result<(Suppression, Vec<Finding>), Box<Finding>> {
    let (list, reason) = parts(sources.slice(comment)).map_err(|title| malformed(sources, comment, title))?;
    if reason.trim().is_empty() {
        let title = "a suppression does not say why, so it suppresses nothing";
        let finding = wrong(sources, comment, &SUPPRESSION_WITHOUT_REASON, title);
        return Err(Box::new(finding.with_help("write the reason behind the bracket")));
    }
    let mut codes = Vec::new();
    let mut unknowns = Vec::new();
    let list_start = comment.range.end - reason.len() - "]".len() - list.len();
    for (range, name) in items(list, list_start) {
        match codes::find(name) {
            Some(code) if code.can_be_suppressed() => codes.push((range, code)),
            Some(_) => return Err(malformed(sources, comment, "a finding about suppressions cannot be suppressed")),
            None if name.is_empty() => return Err(malformed(sources, comment, "a suppression lacks a code")),
            None => unknowns.push(unknown(Span { source: comment.source, range }, name)),
        }
    }
    Ok((Suppression { codes, reason: reason.trim().to_owned(), lines }, unknowns))
}

/// The codes and the reason of a comment, or what keeps it from being a suppression.
fn parts(comment: &str) -> Result<(&str, &str), &'static str> {
    let body = comment.split_once(MARK).map_or("", |(_, body)| body.trim_start());
    let list = body.strip_prefix("ignore[").ok_or("a comment is addressed to slugproof and is no suppression")?;
    let (list, reason) = list.split_once(']').ok_or("the list of codes of a suppression is not closed")?;
    if reason.is_empty() || reason.starts_with(char::is_whitespace) {
        Ok((list, reason))
    } else {
        Err("the reason of a suppression is not set apart by a space")
    }
}

fn malformed(sources: &Sources, comment: &Span, title: &str) -> Box<Finding> {
    let help = "write `# slugproof: ignore[code] reason`, or reword the comment";
    Box::new(wrong(sources, comment, &MALFORMED_SUPPRESSION, title).with_help(help))
}

fn wrong(sources: &Sources, comment: &Span, code: &'static Entry, title: &str) -> Finding {
    Finding::new(code, comment.clone(), title).about("comment", sources.slice(comment))
}

/// The items of a list between commas, trimmed, each with where it stands.
fn items(list: &str, start: usize) -> impl Iterator<Item = (Range<usize>, &str)> {
    list.split(',').scan(start, |next, item| {
        let before = item.len() - item.trim_start().len();
        let (at, name) = (*next + before, item.trim());
        *next += item.len() + 1;
        Some((at..at + name.len(), name))
    })
}

/// For each line of a file that is nothing but a comment, the line below the comments.
fn lines_below(sources: &Sources, source: SourceId) -> HashMap<usize, usize> {
    let mut below = HashMap::new();
    for number in (1..=sources.line_count(source)).rev() {
        let line = &sources.get(source).text[sources.line_range(source, number)];
        if line.trim_start_matches('\u{feff}').trim_start().starts_with('#') {
            let next = number + 1;
            below.insert(number, below.get(&next).copied().unwrap_or(next));
        }
    }
    below
}

fn unknown(span: Span, name: &str) -> Finding {
    let known = codes::entries().filter(|code| code.can_be_suppressed()).map(|code| code.id);
    let help = did_you_mean(name, known, "`slugproof explain` lists the codes");
    Finding::new(&UNKNOWN_SUPPRESSION, span, format!("no finding has the code `{name}`"))
        .with_help(help)
        .about("code", name)
}

fn unused(source: SourceId, range: &Range<usize>, code: &Entry) -> Finding {
    let span = Span { source, range: range.clone() };
    let title = format!("nothing here is `{}`, so nothing is suppressed", code.id);
    Finding::new(&UNUSED_SUPPRESSION, span, title).with_help("take the suppression out").about("code", code.id)
}
