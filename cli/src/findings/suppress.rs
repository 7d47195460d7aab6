//! Suppressions: `# slugproof: ignore[code] reason`, at the end of a finding's line or
//! on comment lines directly above it.
//!
//! The scan is textual, so that it works in YAML comments and in shell comments inside
//! a `run:` block alike. A suppression has to earn its place: one without a reason, one
//! of an unknown code and one that suppresses nothing are findings themselves, and
//! those cannot be suppressed.

use std::collections::HashMap;
use std::ops::Range;

use crate::resolve::nearest;

use super::codes::{self, MALFORMED_SUPPRESSION, SUPPRESSION_WITHOUT_REASON, UNKNOWN_SUPPRESSION, UNUSED_SUPPRESSION};
use super::{Aside, Because, Finding, Level, SourceId, Sources, Span};

/// A comment that suppresses, as it was understood.
struct Suppression {
    /// The codes, each with where it stands.
    codes: Vec<(Range<usize>, &'static str)>,
    reason: String,
    /// The lines whose findings it suppresses.
    lines: Vec<usize>,
}

/// What is left of the findings, with what is to be said of the suppressions; and what
/// they suppress.
pub(super) fn apply(command: &'static str, sources: &Sources, findings: Vec<Finding>) -> (Vec<Finding>, Vec<Aside>) {
    let mut open = Vec::new();
    let mut suppressions = Vec::new();
    for (source, _) in sources.iter() {
        for range in comments(sources, source) {
            match read(sources, source, range) {
                Ok((suppression, unknown)) => {
                    suppressions.push((source, suppression));
                    open.extend(unknown);
                }
                Err(finding) => open.push(*finding),
            }
        }
    }
    let mut used: Vec<Vec<bool>> = suppressions.iter().map(|(_, it)| vec![false; it.codes.len()]).collect();
    let by_line = by_line(&suppressions);
    let mut aside = Vec::new();
    for finding in findings {
        let span = &finding.primary.span;
        let line = (span.source, sources.line_number(span.source, span.range.start));
        let here = by_line.get(&line).into_iter().flatten();
        let matching = here.filter(|(which, code)| suppressions[*which].1.codes[*code].1 == finding.code);
        let matching: Vec<_> = matching.copied().collect();
        for &(which, code) in &matching {
            used[which][code] = true;
        }
        match matching.first().filter(|_| codes::can_be_suppressed(finding.code)) {
            Some(&(which, _)) => {
                let reason = suppressions[which].1.reason.clone();
                aside.push(Aside { finding, because: Because::Comment, reason });
            }
            None => open.push(finding),
        }
    }
    for ((source, suppression), used) in suppressions.iter().zip(used) {
        let idle = suppression.codes.iter().zip(used).filter(|(_, used)| !used).map(|(code, _)| code);
        open.extend(
            idle.filter(|(_, code)| is_reported_by(code, command)).map(|(range, code)| unused(*source, range, code)),
        );
    }
    (open, aside)
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

/// A code that another command reports is that command's business.
fn is_reported_by(code: &str, command: &str) -> bool {
    codes::find(code).is_some_and(|rule| rule.reported_by.contains(&command))
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

/// A suppression and what is wrong with parts of it, or what is wrong with the whole.
fn read(sources: &Sources, source: SourceId, range: Range<usize>) -> Result<(Suppression, Vec<Finding>), Box<Finding>> {
    let text = &sources.get(source).text;
    let here = |range: Range<usize>| Span { source, range };
    let refuse = |code, title: &str, help: &str| {
        Box::new(
            Finding::new(code, Level::Error, here(range.clone()), title)
                .with_help(help)
                .about("comment", &text[range.clone()]),
        )
    };
    let malformed =
        |title| refuse(MALFORMED_SUPPRESSION, title, "write `# slugproof: ignore[code] reason`, or reword the comment");
    let body = &text[range.clone()];
    let body_start = range.start + body.find(MARK).map_or(0, |mark| mark + MARK.len());
    let body = text[body_start..range.end].trim_start();
    let Some(list) = body.strip_prefix("ignore[") else {
        return Err(malformed("a comment is addressed to slugproof and is no suppression"));
    };
    let Some((list, reason)) = list.split_once(']') else {
        return Err(malformed("the list of codes of a suppression is not closed"));
    };
    let list_start = range.end - text[..range.end].len().min(reason.len() + 1 + list.len());
    if reason.trim().is_empty() {
        let title = "a suppression does not say why, so it suppresses nothing";
        return Err(refuse(SUPPRESSION_WITHOUT_REASON, title, "write the reason behind the bracket"));
    }
    if !reason.starts_with(char::is_whitespace) {
        return Err(malformed("the reason of a suppression has to be set apart by a space"));
    }
    let mut codes = Vec::new();
    let mut wrong = Vec::new();
    for (range, name) in items(list, list_start) {
        match codes::find(name) {
            _ if name.is_empty() => return Err(malformed("a code is missing in the list of a suppression")),
            Some(rule) if codes::can_be_suppressed(rule.code) => codes.push((range, rule.code)),
            Some(_) => return Err(malformed("a finding about suppressions cannot be suppressed")),
            None => wrong.push(unknown(here(range), name)),
        }
    }
    let lines = lines_of(sources, source, range.start);
    Ok((Suppression { codes, reason: reason.trim().to_owned(), lines }, wrong))
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

/// The lines that a suppression speaks of: its own and, where that is nothing but a
/// comment, the one below the comments.
fn lines_of(sources: &Sources, source: SourceId, byte: usize) -> Vec<usize> {
    let own = sources.line_number(source, byte);
    let is_comment = |line: &usize| {
        let line = &sources.get(source).text[sources.line_range(source, *line)];
        line.trim_start_matches('\u{feff}').trim_start().starts_with('#')
    };
    let below = (own..=sources.line_count(source)).find(|line| !is_comment(line)).filter(|below| *below != own);
    [own].into_iter().chain(below).collect()
}

fn unknown(span: Span, name: &str) -> Finding {
    let known: Vec<_> = codes::rules().map(|rule| rule.code).filter(|code| codes::can_be_suppressed(code)).collect();
    let near = nearest(name, known.iter().copied(), 1);
    let help =
        near.first().map_or("docs/codes.md lists the codes".to_owned(), |near| format!("did you mean `{near}`?"));
    Finding::new(UNKNOWN_SUPPRESSION, Level::Error, span, format!("no finding has the code `{name}`"))
        .with_help(help)
        .about("code", name)
}

fn unused(source: SourceId, range: &Range<usize>, code: &str) -> Finding {
    let span = Span { source, range: range.clone() };
    Finding::new(
        UNUSED_SUPPRESSION,
        Level::Warning,
        span,
        format!("nothing here is `{code}`, so nothing is suppressed"),
    )
    .with_help("take the suppression out")
    .about("code", code)
}
