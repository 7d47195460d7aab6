//! Findings as a static page.

use std::collections::{BTreeMap, BTreeSet};

use annotate_snippets::{Group, Origin, Renderer};
use maud::{Markup, html};

use crate::codes::{Entry, Level};
use crate::page::{Filters, Page, Room, Section, Sign, Tags, explanation, left_out, name, prose, wide};
use crate::render::{grouped, printable};

use super::human;
use crate::findings::report::{Section as PolicySection, SectionResult};
use crate::findings::triage::Triaged;
use crate::findings::{Finding, Patch, SourceId, SuppressionKind};

/// The most findings on a page.
const FINDINGS: usize = 1_000;

/// The width of an excerpt, in columns.
const COLUMNS: usize = 96;

/// A finding, and how and why it is suppressed if it is.
#[derive(Clone, Copy)]
struct Item<'t> {
    finding: &'t Finding,
    suppressed: Option<(SuppressionKind, &'t str)>,
}

/// Renders the page.
pub fn render(triaged: &Triaged) -> String {
    let open = triaged.open.iter().map(|finding| Item { finding, suppressed: None });
    let suppressed = triaged.suppressed.iter().map(|suppressed| Item {
        finding: &suppressed.finding,
        suppressed: Some((suppressed.kind, suppressed.reason.as_str())),
    });
    let items: Vec<Item<'_>> = open.chain(suppressed).collect();
    let mut room = Room::for_items(FINDINGS);
    let mut sections = policies(&triaged.sections);
    sections.extend(kinds().filter_map(|kind| {
        let items: Vec<Item<'_>> = items.iter().copied().filter(|item| kind.has(item)).collect();
        (!items.is_empty()).then(|| section(triaged, &kind, &items, &mut room))
    }));
    if !items.is_empty() {
        sections.insert(0, summary(&items));
        sections.push(explanations(&items));
    }
    let (sign, text) = human::result(triaged);
    let notices = triaged.notices.iter().map(|notice| (Sign::Plain, notice.clone()));
    Page {
        command: format!("slugproof {}", triaged.command),
        title: format!("Findings of slugproof {}", triaged.command),
        results: [(sign, text)].into_iter().chain(notices).collect(),
        facts: Vec::new(),
        filters: filters(&items),
        sections,
    }
    .render()
}

/// A kind of findings: a section of the page and a filter.
struct Kind {
    id: &'static str,
    title: &'static str,
    noun: &'static str,
    sign: Sign,
    level: Option<Level>,
    suppressed: Option<SuppressionKind>,
}

impl Kind {
    fn has(&self, item: &Item<'_>) -> bool {
        match item.suppressed {
            Some((kind, _)) => self.suppressed == Some(kind),
            None => self.level == Some(item.finding.level),
        }
    }
}

/// The kinds, in the order of the page.
fn kinds() -> impl Iterator<Item = Kind> {
    let open = [
        ("errors", "Errors", "error", Sign::Bad, Level::Error),
        ("warnings", "Warnings", "warning", Sign::Open, Level::Warning),
        ("not-decided", "Undecided", "undecided finding", Sign::Open, Level::Undecided),
        ("notes", "Notes", "note", Sign::Plain, Level::Note),
    ];
    let suppressed = [
        ("accepted", "Accepted in slugproof.yaml", "accepted finding", SuppressionKind::Accept),
        ("suppressed", "Suppressed by a comment", "suppressed finding", SuppressionKind::Comment),
        ("known", "Known from the baseline", "known finding", SuppressionKind::Baseline),
    ];
    let open = open.into_iter().map(|(id, title, noun, sign, level)| Kind {
        id,
        title,
        noun,
        sign,
        level: Some(level),
        suppressed: None,
    });
    let suppressed = suppressed.into_iter().map(|(id, title, noun, kind)| Kind {
        id,
        title,
        noun,
        sign: Sign::Plain,
        level: None,
        suppressed: Some(kind),
    });
    open.chain(suppressed)
}

fn tags(item: &Item<'_>) -> Tags {
    let kind = kinds().find(|kind| kind.has(item)).map(|kind| kind.id);
    Tags::of(kind.into_iter().chain([item.finding.code.id]))
}

fn filters(items: &[Item<'_>]) -> Filters {
    let mut filters = Filters::of(items.len());
    for kind in kinds() {
        filters.add(kind.id, kind.title.to_lowercase(), items.iter().filter(|item| kind.has(item)).count());
    }
    for code in codes(items) {
        let count = |is: &dyn Fn(&Item<'_>) -> bool| items.iter().filter(|item| is(item)).count();
        let with_code = count(&|item| item.finding.code == code);
        // A code with the name of a level is that level, unless other codes have it too.
        let is_level = |kind: Kind| kind.title.to_lowercase() == code.id && count(&|item| kind.has(item)) == with_code;
        if !kinds().any(is_level) {
            filters.add(code.id, code.id, with_code);
        }
    }
    filters
}

/// The codes of some findings, those of the most severe findings first.
fn codes(items: &[Item<'_>]) -> Vec<&'static Entry> {
    let mut codes: BTreeMap<&str, (Level, &'static Entry)> = BTreeMap::new();
    for item in items {
        let (level, _) = codes.entry(item.finding.code.id).or_insert((item.finding.level, item.finding.code));
        *level = item.finding.level.min(*level);
    }
    let mut codes: Vec<_> = codes.into_values().collect();
    codes.sort_by_key(|(level, code)| (*level, code.id));
    codes.into_iter().map(|(_, code)| code).collect()
}

/// How many findings and files have each code.
fn summary(items: &[Item<'_>]) -> Section {
    let rows: Vec<_> = codes(items)
        .into_iter()
        .map(|code| {
            let all: Vec<_> = items.iter().filter(|item| item.finding.code == code).collect();
            let files: BTreeSet<SourceId> = all.iter().map(|item| item.finding.primary.span.source).collect();
            let open = all.iter().filter(|item| item.suppressed.is_none()).count();
            (
                code,
                open,
                all.len() - open,
                files.len(),
                Tags::of_all(&all.iter().map(|item| tags(item)).collect::<Vec<_>>()),
            )
        })
        .collect();
    let count = |count: usize| if count == 0 { "–".to_owned() } else { grouped(count as u128) };
    let table = html! {
        table class="codes" {
            thead {
                tr {
                    th scope="col" { "code" }
                    th scope="col" { "findings" }
                    th scope="col" { "suppressed" }
                    th scope="col" { "files" }
                    th scope="col" { "meaning" }
                }
            }
            tbody {
                @for (code, open, suppressed, files, tags) in &rows {
                    tr class=(tags) {
                        th scope="row" { (link(code)) }
                        td class="number" { (count(*open)) }
                        td class="number" { (count(*suppressed)) }
                        td class="number" { (count(*files)) }
                        td { (prose(code.meaning)) }
                    }
                }
            }
        }
    };
    Section {
        id: "summary".to_owned(),
        title: "Summary by code".to_owned(),
        sign: Sign::Plain,
        tags: Tags::of_all(&rows.iter().map(|(.., tags)| tags.clone()).collect::<Vec<_>>()),
        body: wide("summary by code", table),
    }
}

/// A link to the explanation of a code.
fn link(code: &Entry) -> Markup {
    html! { a href={ "#code-" (code.id) } { code { (code.id) } } }
}

/// The findings of one kind, by file.
fn section(triaged: &Triaged, kind: &Kind, items: &[Item<'_>], room: &mut Room) -> Section {
    let shown = room.fill(items, |item| article(triaged, kind, item));
    let path = |item: &Item<'_>| triaged.sources.path(&item.finding.primary.span);
    let shown_items: Vec<(&Item<'_>, &Markup)> = items.iter().zip(&shown).collect();
    let body = html! {
        @for group in shown_items.chunk_by(|(a, _), (b, _)| path(a) == path(b)) {
            div class={ "file " (Tags::of_all(&group.iter().map(|(item, _)| tags(item)).collect::<Vec<_>>())) } {
                h3 { (name(path(group[0].0))) }
                @for (_, article) in group { (article) }
            }
        }
        (left_out(shown.len(), items.len(), kind.noun, "`--output json` has every finding"))
    };
    Section {
        id: kind.id.to_owned(),
        title: format!("{} ({})", kind.title, grouped(items.len() as u128)),
        sign: kind.sign,
        tags: Tags::of_all(&items.iter().map(tags).collect::<Vec<_>>()),
        body,
    }
}

fn article(triaged: &Triaged, kind: &Kind, item: &Item<'_>) -> Markup {
    let finding = item.finding;
    let (before, after) = match &finding.patch {
        Some(patch) => finding.help.split_at(patch.rank.min(finding.help.len())),
        None => (finding.help.as_slice(), [].as_slice()),
    };
    html! {
        article class=(tags(item)) {
            h4 { (kind.sign.with(prose(&finding.title))) }
            p class="about" { (finding.level.as_str()) " " (link(finding.code)) }
            (excerpt(triaged, finding))
            @if let Some((_, reason)) = item.suppressed { p class="reason" { b { "reason" } " " (prose(reason)) } }
            @if !finding.notes.is_empty() {
                ul class="notes" { @for note in &finding.notes { li { (prose(note)) } } }
            }
            @if !finding.help.is_empty() || finding.patch.is_some() {
                div class="fixes" {
                    b { "fix" }
                    ul {
                        @for help in before { li { (prose(help)) } }
                        @if let Some(patch) = &finding.patch {
                            li { (prose(&patch.title)) (patched(triaged, finding, patch)) }
                        }
                        @for help in after { li { (prose(help)) } }
                    }
                }
            }
        }
    }
}

/// The lines of a finding with carets and labels.
fn excerpt(triaged: &Triaged, finding: &Finding) -> Markup {
    let sources = &triaged.sources;
    let mut group = Group::with_level(human::look(finding.level));
    for labels in human::clusters(sources, finding) {
        let (start, _) = sources.positions(&labels[0].1.span);
        let path = printable(sources.path(&labels[0].1.span));
        group = group.element(Origin::path(path).line(start.line).char_column(start.column));
        // A file that could not be read has no text to show.
        if !sources.get(labels[0].1.span.source).text.is_empty() {
            group = group.element(human::snippet(sources, &labels, COLUMNS));
        }
    }
    code(&[group], "excerpt")
}

/// The lines of a patch.
fn patched(triaged: &Triaged, finding: &Finding, patch: &Patch) -> Markup {
    let group = Group::with_level(human::look(Level::Note));
    let source = finding.primary.span.source;
    code(&[human::suggestion(group, &triaged.sources, patch, source, COLUMNS)], "patch")
}

/// A block of lines of a file, with their numbers, carets and labels.
fn code(groups: &[Group<'_>], label: &str) -> Markup {
    let text = Renderer::plain().term_width(2 * COLUMNS).render(groups);
    html! {
        pre class="code" tabindex="0" role="region" aria-label=(label) {
            @for line in text.lines().filter(|line| !human::is_bare_mark(line)) { (code_line(line)) "\n" }
        }
    }
}

/// A line of the renderer: a number, a sign or a bar, and the text.
fn code_line(line: &str) -> Markup {
    let number = line.trim_start();
    let sign = number.trim_start_matches(|digit: char| digit.is_ascii_digit());
    let has_number = sign.len() < number.len();
    let sign = sign.trim_start();
    let (class, text) = match sign.chars().next() {
        Some('-') if has_number => ("del", &sign[1..]),
        Some('+') if has_number => ("ins", &sign[1..]),
        Some('|') if has_number => ("line", &sign[1..]),
        Some('|') => (mark(&sign[1..]), &sign[1..]),
        // The path of the file.
        _ => ("context", ""),
    };
    let gutter = &line[..line.len() - text.len()];
    html! { span class="gutter" { (gutter) } @if !text.is_empty() { span class=(class) { (text) } } }
}

/// The class of a line that marks parts of the line above.
fn mark(text: &str) -> &'static str {
    match text.trim_start().chars().next() {
        Some('^') => "mark",
        Some('+') => "added",
        _ => "context",
    }
}

/// What a command says about each policy.
fn policies(policies: &[PolicySection]) -> Vec<Section> {
    let sign = |result| match result {
        SectionResult::Good => Sign::Good,
        SectionResult::Open => Sign::Open,
        SectionResult::Bad => Sign::Bad,
    };
    let section = |(number, policy): (usize, &PolicySection)| Section {
        id: format!("policy-{number}"),
        title: format!("policy {}", printable(&policy.policy)),
        sign: sign(policy.result),
        tags: Tags::default(),
        body: html! {
            p { (sign(policy.result).with(prose(&policy.summary))) }
            dl class="facts" { @for (word, fact) in &policy.facts { dt { (word) } dd { (prose(fact)) } } }
        },
    };
    let mut sections: Vec<Section> = policies.iter().enumerate().map(section).collect();
    sections.sort_by_key(|section| section.sign);
    sections
}

/// The explanations of the codes on the page.
fn explanations(items: &[Item<'_>]) -> Section {
    let of = |code: &'static Entry| {
        let all: Vec<Tags> = items.iter().filter(|item| item.finding.code == code).map(tags).collect();
        explanation(code, &Tags::of_all(&all))
    };
    Section {
        id: "codes".to_owned(),
        title: "What the codes mean".to_owned(),
        sign: Sign::Plain,
        tags: Tags::default(),
        body: html! { @for code in codes(items) { (of(code)) } },
    }
}
