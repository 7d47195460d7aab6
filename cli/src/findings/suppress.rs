//! Suppressions: `# slugproof: ignore[code] reason`, at the end of a finding's line or
//! on comment lines directly above it.
//!
//! The scan is textual, so that it works both in YAML comments and in shell comments inside
//! a `run:` block. A suppression without a reason, with an unknown code or without an effect
//! is a finding itself, which cannot be suppressed.

use std::collections::HashMap;
use std::ops::Range;

use crate::codes::{
    self, Command, Entry, MALFORMED_SUPPRESSION, SUPPRESSION_WITHOUT_REASON, UNKNOWN_SUPPRESSION, UNUSED_SUPPRESSION,
};
use crate::render::is_blank;
use crate::suggest::did_you_mean;

use super::{Finding, SourceId, Sources, Span};

/// A finding that does not count, and the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppressed {
    /// The finding.
    pub finding: Finding,
    /// The kind of suppression.
    pub kind: SuppressionKind,
    /// The given reason.
    pub reason: String,
}

/// The kinds of suppression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SuppressionKind {
    /// A comment at the finding.
    Comment,
    /// An entry of slugproof.yaml.
    Accept,
    /// The baseline.
    Baseline,
}

impl SuppressionKind {
    /// The name in the JSON output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Comment => "comment",
            Self::Accept => "accept",
            Self::Baseline => "baseline",
        }
    }
}

/// A parsed suppression comment.
struct Suppression {
    /// The codes, each with its byte range.
    codes: Vec<(Range<usize>, &'static Entry)>,
    reason: String,
    /// The lines whose findings it suppresses.
    lines: Vec<usize>,
}

/// Splits findings into open and suppressed ones. Problems with suppressions are added to the open
/// findings.
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
        // Codes of another command cannot be checked here.
        let idle = codes.filter(|(_, code)| code.is_reported_by(command));
        open.extend(idle.map(|(range, code)| unused(*source, range, code)));
    }
    (open, suppressed)
}

/// The suppressions in all files, and the findings about malformed ones.
fn read_all(sources: &Sources) -> (Vec<(SourceId, Suppression)>, Vec<Finding>) {
    let mut suppressions = Vec::new();
    let mut findings = Vec::new();
    for (source, _) in sources.iter() {
        let comments = comments(sources, source);
        let below = if comments.is_empty() { HashMap::new() } else { lines_below(sources, source) };
        for range in comments {
            // A comment applies to its own line and, if it fills the line, to the line below the
            // comments.
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

/// For each line, the suppressions that apply to it: index of the suppression and of its code.
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

/// The text that every suppression contains.
pub const MARK: &str = "slugproof:";

/// The byte ranges of `slugproof:` comments, each to the end of its line.
fn comments(sources: &Sources, source: SourceId) -> Vec<Range<usize>> {
    let text = &sources.get(source).text;
    let mut found: Vec<Range<usize>> = Vec::new();
    for (mark, _) in text.match_indices(MARK) {
        let line = sources.line_range(source, sources.line_number(source, mark));
        let before = text[line.start..mark].trim_end_matches([' ', '\t']);
        let Some(before) = before.strip_suffix('#').or_else(|| before.strip_suffix("//")) else { continue };
        let begins = before.trim_start_matches('\u{feff}').is_empty() || before.ends_with([' ', '\t']);
        // The first match in a line starts the comment; later matches belong to its text.
        let is_first = found.last().is_none_or(|earlier| earlier.end <= line.start);
        if begins && is_first {
            found.push(line.start + before.len()..line.end);
        }
    }
    found
}

/// True if a quote is open before a position in its line, so that a `#` there does not start a
/// comment. An apostrophe inside a word does not open a quote.
fn is_quoted(sources: &Sources, span: &Span) -> bool {
    let line = sources.line_range(span.source, sources.line_number(span.source, span.range.start));
    let mut open = None;
    let mut last = ' ';
    let mut chars = sources.get(span.source).text[line.start..span.range.start].chars().peekable();
    while let Some(c) = chars.next() {
        let is_in_word = last.is_alphanumeric() && chars.peek().is_some_and(|next| next.is_alphanumeric());
        match (open, c) {
            // An escaped character does not open or close a quote. Single quotes have no escapes.
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

/// Parses a suppression. Unknown codes are returned as findings.
///
/// # Errors
///
/// Returns a finding if the whole suppression is invalid.
fn read(sources: &Sources, comment: &Span, lines: Vec<usize>) -> Result<(Suppression, Vec<Finding>), Box<Finding>> {
    let (list, reason) = parts(sources.slice(comment)).map_err(|title| malformed(sources, comment, title))?;
    if is_blank(reason) {
        let title = "a suppression without a reason suppresses nothing";
        let finding = wrong(sources, comment, &SUPPRESSION_WITHOUT_REASON, title);
        return Err(Box::new(finding.with_help("write the reason after the bracket")));
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

/// The code list and the reason of a comment.
///
/// # Errors
///
/// The title of the finding if the comment is not a valid suppression.
fn parts(comment: &str) -> Result<(&str, &str), &'static str> {
    let body = comment.split_once(MARK).map_or("", |(_, body)| body.trim_start());
    let list = body.strip_prefix("ignore[").ok_or("this `slugproof:` comment is not a valid suppression")?;
    let (list, reason) = list.split_once(']').ok_or("the list of codes in a suppression is not closed")?;
    if reason.is_empty() || reason.starts_with(char::is_whitespace) {
        Ok((list, reason))
    } else {
        Err("a suppression lacks a space before its reason")
    }
}

fn malformed(sources: &Sources, comment: &Span, title: &str) -> Box<Finding> {
    let help = "write `# slugproof: ignore[code] reason`, or reword the comment";
    Box::new(wrong(sources, comment, &MALFORMED_SUPPRESSION, title).with_help(help))
}

fn wrong(sources: &Sources, comment: &Span, code: &'static Entry, title: &str) -> Finding {
    Finding::new(code, comment.clone(), title).with_subject("comment", sources.slice(comment))
}

/// The trimmed items of a comma-separated list, each with its byte range.
fn items(list: &str, start: usize) -> impl Iterator<Item = (Range<usize>, &str)> {
    list.split(',').scan(start, |next, item| {
        let before = item.len() - item.trim_start().len();
        let (at, name) = (*next + before, item.trim());
        *next += item.len() + 1;
        Some((at..at + name.len(), name))
    })
}

/// Maps each line that is only a comment to the first line below the block of comments.
fn lines_below(sources: &Sources, source: SourceId) -> HashMap<usize, usize> {
    let mut below = HashMap::new();
    for number in (1..=sources.line_count(source)).rev() {
        let line = &sources.get(source).text[sources.line_range(source, number)];
        let text = line.trim_start_matches('\u{feff}').trim_start();
        if text.starts_with('#') || text.starts_with("//") {
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
        .with_subject("code", name)
}

fn unused(source: SourceId, range: &Range<usize>, code: &Entry) -> Finding {
    let span = Span { source, range: range.clone() };
    let title = format!("no finding here has the code `{}`, so nothing is suppressed", code.id);
    Finding::new(&UNUSED_SUPPRESSION, span, title).with_help("remove the suppression").with_subject("code", code.id)
}
