//! Findings in the style of rustc diagnostics.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::ops::Range;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level as Look, Origin, Patch as Shown, Renderer, Snippet};
use anstream::adapter::strip_str;

use crate::codes::{Command, Level};
use crate::page::Sign;
use crate::render::{BAD, GOOD, HEAD, WARN, counted, printable, shown, wrapped_to};

use super::excerpt::Excerpt;
use crate::findings::report::{Coverage, Section, SectionResult};
use crate::findings::triage::Triaged;
use crate::findings::{Finding, Label, Patch, SourceId, Sources, Span, SuppressionKind};

/// Renders the whole report.
pub fn render(triaged: &Triaged, width: usize) -> String {
    // The excerpts are already cut, with escapes counted, so the renderer need not cut them.
    let renderer = Renderer::styled().term_width(2 * width);
    let mut text = String::new();
    let mut add = |part: Part<'_>| {
        match part {
            Part::Finding(finding, reason) => {
                let rendered = renderer.render(&groups(&triaged.sources, finding, reason, width));
                rendered.lines().filter(|line| !is_bare_mark(line)).for_each(|line| text.extend([line, "\n"]));
            }
            Part::Head(section) => text.push_str(&head(section, width)),
            Part::End(section) => text.push_str(&end(section, width)),
        }
        text.push('\n');
    };
    let is_of = |finding: &Finding, section: &Section| finding.subject.contains(&("policy", section.policy.clone()));
    for section in &triaged.sections {
        add(Part::Head(section));
        let mut findings: Vec<&Finding> = triaged.open.iter().filter(|finding| is_of(finding, section)).collect();
        findings.sort_by_key(|finding| finding.level);
        findings.into_iter().for_each(|finding| add(Part::Finding(finding, None)));
        add(Part::End(section));
    }
    let others = triaged.open.iter().filter(|finding| !triaged.sections.iter().any(|section| is_of(finding, section)));
    others.for_each(|finding| add(Part::Finding(finding, None)));
    // A reader sees what an entry of slugproof.yaml hides.
    for suppressed in triaged.suppressed.iter().filter(|suppressed| suppressed.kind == SuppressionKind::Accept) {
        add(Part::Finding(&suppressed.finding, Some(&suppressed.reason)));
    }
    for notice in &triaged.notices {
        let notice = wrapped_to(width, &printable(&format!("note: {notice}")), "", "  ");
        let _ = writeln!(text, "{}", notice.replacen("note", &format!("{WARN}note{WARN:#}"), 1));
    }
    text + &summary(triaged, width)
}

/// A part of a report.
enum Part<'f> {
    /// A finding, with the reason if slugproof.yaml accepts it.
    Finding(&'f Finding, Option<&'f str>),
    /// The start of a section.
    Head(&'f Section),
    /// The end of a section.
    End(&'f Section),
}

/// The heading and the facts of a section.
fn head(section: &Section, width: usize) -> String {
    let mut text = format!("{HEAD}policy {}{HEAD:#}\n", shown(&section.policy));
    let column = section.facts.iter().map(|(word, _)| word.len()).max().unwrap_or(0) + 4;
    for (word, fact) in &section.facts {
        let first = format!("  {word:<0$}", column - 2);
        text.push_str(&wrapped_to(width, &printable(fact), &first, &" ".repeat(column)));
        text.push('\n');
    }
    text
}

/// The result of a section.
fn end(section: &Section, width: usize) -> String {
    let (style, sign) = match section.result {
        SectionResult::Good => (GOOD, "✓"),
        SectionResult::Open => (WARN, "!"),
        SectionResult::Bad => (BAD, "✗"),
    };
    let line = wrapped_to(width, &printable(&format!("{sign} {}", section.summary)), "", "  ");
    format!("{}\n", line.replacen(sign, &format!("{style}{sign}{style:#}"), 1))
}

/// True for a location line without a path. The location is already shown above; the renderer
/// would count its column in the escaped and cut text.
pub fn is_bare_mark(line: &str) -> bool {
    strip_str(line).to_string().trim() == ":::"
}

/// The renderer's groups for a finding: the finding itself, then its patch. An accepted finding has
/// the reason of its entry in slugproof.yaml.
fn groups<'f>(sources: &'f Sources, finding: &'f Finding, accepted: Option<&str>, width: usize) -> Vec<Group<'f>> {
    let columns = width.saturating_sub(indent(sources, finding));
    let message = |text: &str| wrapped_to(columns, &printable(text), "", "");
    // Omit a code that is the same as the level.
    let code = Some(finding.code.id).filter(|code| *code != finding.level.as_str());
    let level = if accepted.is_some() { ACCEPTED } else { finding.level.as_str() };
    let head = level.len() + code.map_or(0, |code| code.len() + "[]".len()) + ": ".len();
    let title = wrapped_to(width, &format!("{}{}", " ".repeat(head), printable(&finding.title)), "", &" ".repeat(head));
    let title = title.lines().map(str::trim_start).collect::<Vec<_>>().join("\n");
    let look = if accepted.is_some() { Look::INFO.with_name(ACCEPTED) } else { look(finding.level) };
    let title = look.primary_title(title);
    let mut group = Group::with_title(match code {
        Some(code) => title.id(code),
        None => title,
    });
    for labels in clusters(sources, finding) {
        let (start, _) = sources.positions(&labels[0].1.span);
        let path = printable(sources.path(&labels[0].1.span));
        // A file that could not be read has no line and no text to show.
        if sources.get(labels[0].1.span.source).text.is_empty() {
            group = group.element(Origin::path(path));
            continue;
        }
        group = group.element(Origin::path(path).line(start.line).char_column(start.column));
        group = group.element(snippet(sources, &labels, columns));
    }
    group = group.elements(finding.notes.iter().map(|note| Look::NOTE.message(message(note))));
    group = group.elements(accepted.map(|reason| Look::NOTE.message(message(&format!("accepted: {reason}")))));
    let (before, after) = match &finding.patch {
        Some(patch) => finding.help.split_at(patch.rank.min(finding.help.len())),
        None => (finding.help.as_slice(), [].as_slice()),
    };
    group = group.elements(before.iter().map(|help| Look::HELP.message(message(help))));
    let suggestion = finding.patch.as_ref().map(|patch| {
        let group = Group::with_title(Look::HELP.secondary_title(printable(&patch.title)));
        suggestion(group, sources, patch, finding.primary.span.source, columns)
            .elements(after.iter().map(|help| Look::HELP.message(message(help))))
    });
    [group].into_iter().chain(suggestion).collect()
}

/// The word in place of the level of an accepted finding.
const ACCEPTED: &str = "accepted";

pub fn look(level: Level) -> Look<'static> {
    match level {
        Level::Error => Look::ERROR,
        Level::Warning => Look::WARNING,
        Level::Undecided => Look::WARNING.with_name(Level::Undecided.as_str()),
        Level::Note => Look::NOTE,
    }
}

/// The number of columns before the text of a note: line numbers and ` = note: `.
fn indent(sources: &Sources, finding: &Finding) -> usize {
    let spans = finding.labels.iter().chain([&finding.primary]).map(|label| &label.span);
    let last = spans.map(|span| sources.line_number(span.source, span.range.start)).max().unwrap_or(1);
    last.to_string().len() + " = note: ".len()
}

/// Maximum lines between two labels in one excerpt.
const EXCERPT_LINES: usize = 30;

/// The labels grouped by excerpt: the group of the caret first, then the others in the order of
/// files and lines.
pub fn clusters<'f>(sources: &Sources, finding: &'f Finding) -> Vec<Vec<(AnnotationKind, &'f Label)>> {
    let others = finding.labels.iter().map(|label| (AnnotationKind::Context, label));
    let mut labels: Vec<_> = [(AnnotationKind::Primary, &finding.primary)].into_iter().chain(others).collect();
    let line = |label: &Label| sources.line_number(label.span.source, label.span.range.start);
    let primary = finding.primary.span.source;
    labels.sort_by_key(|(_, label)| (label.span.source != primary, sources.path(&label.span), label.span.range.start));
    let mut clusters: Vec<Vec<(AnnotationKind, &Label)>> = Vec::new();
    for (kind, label) in labels {
        let near = |(_, earlier): &(AnnotationKind, &Label)| {
            earlier.span.source == label.span.source && line(label) - line(earlier) <= EXCERPT_LINES
        };
        match clusters.last_mut().filter(|cluster| cluster.last().is_some_and(near)) {
            Some(cluster) => cluster.push((kind, label)),
            None => clusters.push(vec![(kind, label)]),
        }
    }
    let is_first =
        |cluster: &Vec<(AnnotationKind, &Label)>| cluster.iter().any(|(kind, _)| *kind == AnnotationKind::Primary);
    clusters.sort_by_key(|cluster| !is_first(cluster));
    for cluster in &mut clusters {
        cluster.sort_by_key(|(kind, _)| *kind);
    }
    clusters
}

pub fn snippet<'f>(
    sources: &Sources,
    labels: &[(AnnotationKind, &Label)],
    columns: usize,
) -> Snippet<'f, Annotation<'f>> {
    let spans: Vec<Span> = labels.iter().map(|(_, label)| first_line(sources, &label.span)).collect();
    let excerpt = Excerpt::of(sources, &spans, columns);
    let annotations = labels.iter().zip(&spans).map(|((kind, label), span)| {
        let text = (!label.text.is_empty()).then(|| printable(&label.text).replace('\n', " "));
        kind.span(excerpt.range(&span.range)).label(text)
    });
    let annotations: Vec<_> = annotations.collect();
    Snippet::source(excerpt.text).line_start(excerpt.first_line).annotations(annotations)
}

/// The part of a span in its first line: a caret under one line is easier to read than a bracket
/// around many.
fn first_line(sources: &Sources, span: &Span) -> Span {
    let line = sources.line_range(span.source, sources.line_number(span.source, span.range.start));
    let start = span.range.start.min(line.end);
    Span { source: span.source, range: start..span.range.end.min(line.end).max(start) }
}

/// Adds the lines of a patch to a group.
pub fn suggestion<'f>(
    mut group: Group<'f>,
    sources: &'f Sources,
    patch: &'f Patch,
    primary: SourceId,
    columns: usize,
) -> Group<'f> {
    for edits in patch.edits.chunk_by(|a, b| in_one_excerpt(sources, &a.span, &b.span)) {
        let spans: Vec<Span> = edits.iter().map(|edit| edit.span.clone()).collect();
        let excerpt = Excerpt::of(sources, &spans, columns);
        let shown = |(edit, span): (&crate::findings::Edit, &Span)| {
            let range: Range<usize> = excerpt.range(&span.range);
            Shown::new(range, printable(&edit.replacement.replace("\r\n", "\n")))
        };
        let patches: Vec<_> = edits.iter().zip(&spans).map(shown).collect();
        let elsewhere = (spans[0].source != primary).then(|| printable(sources.path(&spans[0])));
        group = group
            .element(Snippet::source(excerpt.text).line_start(excerpt.first_line).path(elsewhere).patches(patches));
    }
    group
}

fn in_one_excerpt(sources: &Sources, a: &Span, b: &Span) -> bool {
    let line = |span: &Span| sources.line_number(span.source, span.range.start);
    a.source == b.source && line(b).abs_diff(line(a)) <= EXCERPT_LINES
}

/// The end of the summary if only the embedded sample data were checked.
const SAMPLE: &str = "; these are embedded sample data, nothing of yours was checked: name your files, run \
                      `slugproof init`, or pass --embedded";

/// The summary in one line, wrapped to a width.
pub fn summary(triaged: &Triaged, width: usize) -> String {
    let (sign, text) = result(triaged);
    let (style, mark) = match sign {
        Sign::Bad => (BAD, "✗"),
        Sign::Open => (WARN, "!"),
        Sign::Good | Sign::Plain => (GOOD, "✓"),
    };
    let line = wrapped_to(width, &format!("{mark} {text}"), "", "  ");
    format!("{}\n", line.replacen(mark, &format!("{style}{mark}{style:#}"), 1))
}

/// The same for `conform`: the embedded policies have no functions.
const SAMPLE_WITHOUT_FUNCTIONS: &str =
    "; nothing of yours was checked: name a policy with `function`, or run `slugproof init`";

const INCOMPLETE: &str = "; not everything could be read";

/// The numbers of findings of some levels; empty if there are none.
fn numbers(triaged: &Triaged, levels: &[Level]) -> String {
    let some = |level: &Level| match (triaged.count(*level), level) {
        (0, _) => None,
        (count, Level::Undecided) => Some(format!("{count} undecided")),
        (count, level) => Some(counted(count as u64, level.as_str())),
    };
    levels.iter().filter_map(some).collect::<Vec<_>>().join(", ")
}

/// What the command found and where, in one clause; `None` if it found nothing that needs attention.
pub fn conclusion(triaged: &Triaged) -> Option<String> {
    const LEVELS: [Level; 3] = [Level::Error, Level::Warning, Level::Undecided];
    let mut found = numbers(triaged, &LEVELS);
    let shown = triaged.open.iter().filter(|finding| LEVELS.contains(&finding.level));
    let mut paths: Vec<&str> = shown.map(|finding| triaged.sources.path(&finding.primary.span)).collect();
    paths.dedup();
    match paths.as_slice() {
        [] => {}
        [path] => found.push_str(&format!(" in {path}")),
        [path, others @ ..] => found.push_str(&format!(" in {path} and {}", counted(others.len() as u64, "more file"))),
    }
    let but = match triaged.coverage {
        Coverage::Incomplete => INCOMPLETE,
        Coverage::Nothing => "; nothing was checked",
        Coverage::Unproved => "; not everything is proved",
        Coverage::Sample | Coverage::Complete => "",
    };
    let text = format!("{found}{but}");
    Some(text.trim_start_matches("; ").to_owned()).filter(|text| !text.is_empty())
}

/// The maximum number of files that the summary names.
const FILES_SHOWN: usize = 3;

/// The files with errors, or else with warnings, as the end of a clause; empty if there are none.
fn failing_files(triaged: &Triaged) -> String {
    let of = |level: Level| {
        let found = triaged.open.iter().filter(move |finding| finding.level == level);
        let paths = found.map(|finding| triaged.sources.path(&finding.primary.span));
        paths.collect::<BTreeSet<&str>>().into_iter().map(printable).collect::<Vec<String>>()
    };
    let errors = of(Level::Error);
    let mut files = if errors.is_empty() { of(Level::Warning) } else { errors };
    let more = files.len().saturating_sub(FILES_SHOWN);
    files.truncate(FILES_SHOWN);
    match (files.as_slice(), more) {
        ([], _) => String::new(),
        (_, 0) => format!(": {}", files.join(", ")),
        _ => format!(": {} and {}", files.join(", "), counted(more as u64, "more file")),
    }
}

/// How the run ended: numbers of findings by level, checked items and suppressed findings.
pub fn result(triaged: &Triaged) -> (Sign, String) {
    let found = numbers(triaged, &[Level::Error, Level::Warning, Level::Undecided, Level::Note]);
    let is_compared = triaged.count_suppressed(SuppressionKind::Baseline) > 0;
    let nothing = if is_compared { "nothing new found" } else { "nothing found" };
    let found = if found.is_empty() { nothing.to_owned() } else { found };
    let checked: Vec<String> = triaged.checked.iter().map(|(noun, count)| counted(*count as u64, noun)).collect();
    let checked = if checked.is_empty() { String::new() } else { format!(" in {}", checked.join(", ")) };
    let files = failing_files(triaged);
    let suppressed = [
        (SuppressionKind::Comment, "suppressed"),
        (SuppressionKind::Accept, "accepted"),
        (SuppressionKind::Baseline, "in the baseline"),
    ];
    let suppressed: Vec<String> = suppressed
        .iter()
        .map(|(kind, name)| (triaged.count_suppressed(*kind), name))
        .filter(|(count, _)| *count > 0)
        .map(|(count, name)| format!("{count} {name}"))
        .collect();
    let suppressed = if suppressed.is_empty() { String::new() } else { format!("; {}", suppressed.join(", ")) };
    let counts = triaged.open.iter().any(|finding| finding.level.counts());
    let (sign, but) = match triaged.coverage {
        _ if counts => (Sign::Bad, ""),
        Coverage::Incomplete => (Sign::Bad, INCOMPLETE),
        Coverage::Nothing => (Sign::Open, "; nothing was checked"),
        Coverage::Unproved => (Sign::Open, "; not everything is proved"),
        Coverage::Sample if triaged.command == Command::Conform => (Sign::Open, SAMPLE_WITHOUT_FUNCTIONS),
        Coverage::Sample => (Sign::Open, SAMPLE),
        Coverage::Complete if triaged.count(Level::Undecided) > 0 => {
            (Sign::Open, "; --strict counts undecided findings")
        }
        Coverage::Complete => (Sign::Good, ""),
    };
    (sign, format!("{found}{checked}{files}{suppressed}{but}"))
}
