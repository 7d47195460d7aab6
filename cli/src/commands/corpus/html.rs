//! The review as a static page: failures first, then what changed, then the rest by law or target.

use maud::{Markup, html};

use super::review::Review;
use super::review_item::{Change, Entry, Facts, Group};
use crate::page::{Filters, Page, Room, Section, Sign, Tags, block, command, folded, left_out, name, prose, wide};
use crate::render::{counted, listed, printable};

/// The most cases on a page.
const CASES: usize = 1_000;

/// Renders the page.
pub fn render(review: &Review) -> String {
    let all_pass = review.removed.is_empty() && review.entries.iter().all(Entry::passes);
    let title = match &review.since {
        Some(revision) => format!("Regression corpus since {}", printable(revision)),
        None => "Regression corpus".to_owned(),
    };
    let counts = format!("{}: {}", counted(review.entries.len() as u64, "case"), review.counts());
    let mut room = Room::for_items(CASES);
    let numbered: Vec<(usize, &Entry)> = review.entries.iter().enumerate().collect();
    let (passing, failing): (Vec<_>, Vec<_>) = numbered.into_iter().partition(|(_, entry)| entry.passes());
    let (changed, others): (Vec<_>, Vec<_>) = passing.into_iter().partition(|(_, entry)| entry.before.is_some());
    let (added, others): (Vec<_>, Vec<_>) =
        others.into_iter().partition(|(_, entry)| entry.change == Some(Change::Added));
    let mut sections = Vec::new();
    for (id, title, sign, cases) in [
        ("failing", "Failing", Sign::Bad, &failing),
        ("changed", "Changed, and passing", Sign::Open, &changed),
        ("added", "Added, and passing", Sign::Good, &added),
    ] {
        if !cases.is_empty() {
            let title = format!("{title} ({})", cases.len());
            sections.push(section(id.to_owned(), title, "", sign, cases, &mut room));
        }
    }
    if !review.removed.is_empty() {
        sections.push(removed(&review.removed));
    }
    for (number, group) in others.chunk_by(|(_, a), (_, b)| a.group == b.group).enumerate() {
        let heading = group[0].1.group.heading();
        let (title, statement) = heading.split_once(": ").unwrap_or((&heading, ""));
        sections.push(section(format!("group-{number}"), title.to_owned(), statement, Sign::Good, group, &mut room));
    }
    Page {
        command: "slugproof corpus review".to_owned(),
        title,
        results: vec![
            (if all_pass { Sign::Good } else { Sign::Bad }, counts),
            (Sign::Plain, "Each case was run again for this page.".to_owned()),
        ],
        facts: Vec::new(),
        filters: filters(&review.entries),
        sections,
    }
    .render()
}

const FAILING: &str = "failing-cases";
const CHANGED: &str = "changed-files";
const ADDED: &str = "added-files";
const WITNESSES: &str = "witnesses";
const SEEDS: &str = "seeds";

fn tags(entry: &Entry) -> Tags {
    let kind = if entry.is_witness() { WITNESSES } else { SEEDS };
    let change = entry.change.map(|change| if change == Change::Added { ADDED } else { CHANGED });
    Tags::of([kind].into_iter().chain(change).chain((!entry.passes()).then_some(FAILING)))
}

fn filters(entries: &[Entry]) -> Filters {
    let mut filters = Filters::of(entries.len());
    let mut add = |id, label, is: &dyn Fn(&Entry) -> bool| {
        filters.add(id, label, entries.iter().filter(|entry| is(entry)).count());
    };
    add(FAILING, "failing", &|entry| !entry.passes());
    add(CHANGED, "changed", &|entry| entry.change == Some(Change::Changed));
    add(ADDED, "added", &|entry| entry.change == Some(Change::Added));
    add(WITNESSES, "witnesses", &Entry::is_witness);
    add(SEEDS, "seeds and inputs", &|entry| !entry.is_witness());
    filters
}

/// Cases with the same result. Seeds and inputs that pass and did not change are folded.
fn section(
    id: String,
    title: String,
    statement: &str,
    sign: Sign,
    cases: &[(usize, &Entry)],
    room: &mut Room,
) -> Section {
    let is_folded = |entry: &Entry| !entry.is_witness() && entry.passes() && entry.before.is_none();
    let (seeds, shown): (Vec<_>, Vec<_>) = cases.iter().copied().partition(|(_, entry)| is_folded(entry));
    let all_tags =
        |cases: &[(usize, &Entry)]| Tags::of_all(&cases.iter().map(|(_, entry)| tags(entry)).collect::<Vec<_>>());
    let articles = room.fill(&shown, |(number, entry)| case(*number, entry));
    let folded_articles = room.fill(&seeds, |(number, entry)| case(*number, entry));
    let rendered = articles.len() + folded_articles.len();
    Section {
        id,
        title,
        sign,
        tags: all_tags(cases),
        body: html! {
            @if !statement.is_empty() { p { (prose(statement)) "." } }
            @for article in &articles { (article) }
            @if !folded_articles.is_empty() {
                div class=(all_tags(&seeds)) {
                    (folded(
                        match seeds.len() {
                            1 => "1 seed or input that passes".to_owned(),
                            several => format!("{several} seeds and inputs that pass"),
                        },
                        html! { @for article in &folded_articles { (article) } },
                    ))
                }
            }
            (left_out(rendered, cases.len(), "case", "`--output json` has every case"))
        },
    }
}

fn removed(paths: &[String]) -> Section {
    Section {
        id: "removed".to_owned(),
        title: format!("Removed ({})", paths.len()),
        sign: Sign::Bad,
        tags: Tags::of([FAILING]),
        body: html! { ul { @for path in paths { li { code { (name(path)) } } } } },
    }
}

fn case(number: usize, entry: &Entry) -> Markup {
    let sign = if entry.passes() { Sign::Good } else { Sign::Bad };
    html! {
        article id=(format!("case-{number}")) class=(tags(entry)) {
            h3 { a href=(format!("#case-{number}")) { (name(&entry.title)) } }
            p class="about" {
                (sign.with(entry.status.label()))
                @if let Some(change) = entry.change { ", " (change.label()) }
                @if let Group::Law(id) = &entry.group { ", law " code { (id) } }
                @if let Group::Target(target) = &entry.group { ", fuzz target " code { (target) } }
            }
            @if let Some(reason) = entry.status.reason() { pre class="bad" tabindex="0" { (reason) } }
            @if let Some(before) = &entry.before { (changes(before, entry)) }
            @if let Some(comment) = &entry.comment { p { (prose(comment)) } }
            @if let Some(facts) = &entry.facts { (table_of(facts)) }
            dl {
                @if let Some(found) = &entry.found { dt { "origin" } dd { (prose(found)) } }
                @if let Some(content) = &entry.content { dt { "input" } dd { (long(content)) } }
                @if let Some(facts) = &entry.facts { (answer(facts)) }
                dt { (entry.kind) }
                dd { code { (name(&entry.path)) } @for copy in &entry.copies { br; code { (name(copy)) } } }
            }
            (command(&entry.reproducer))
            @if let Some(facts) = &entry.facts {
                (folded(
                    "The complete case, with its registry and its policy",
                    block(facts.yaml.trim()),
                ))
            }
        }
    }
}

/// A text of several lines, folded if it is long.
fn long(text: &str) -> Markup {
    let lines = text.lines().count();
    if lines > 12 { folded(counted(lines as u64, "line"), block(text)) } else { block(text) }
}

/// The fields of a changed case that differ, before and after.
fn changes(before: &Entry, after: &Entry) -> Markup {
    let differences = before.differences(after);
    let cell = |value: &Option<String>| html! { @if let Some(value) = value { (long(value)) } @else { "–" } };
    let table = html! {
        table class="changes" {
            thead { tr { th scope="col" { "field" } th scope="col" { "before" } th scope="col" { "after" } } }
            tbody {
                @for (field, before, after) in &differences {
                    tr {
                        th scope="row" { (name(field)) }
                        td class="del" { (cell(before)) }
                        td class="ins" { (cell(after)) }
                    }
                }
            }
        }
    };
    html! {
        @if differences.is_empty() {
            p { "The case is the same as before: only the form of the file changed." }
        } @else {
            (wide("before and after", table))
        }
        @if let Some(facts) = &before.facts {
            (folded("The complete case before", block(facts.yaml.trim())))
        }
    }
}

fn table_of(facts: &Facts) -> Markup {
    html! {
        @if facts.variables.is_empty() {
            p { "No variable is set." }
        } @else {
            (wide("variables", html! {
                table {
                    thead {
                        tr {
                            th scope="col" { "variable" }
                            th scope="col" { "value" }
                            th scope="col" { "role" }
                            th scope="col" { "effect" }
                        }
                    }
                    tbody {
                        @for row in &facts.variables {
                            tr {
                                th scope="row" { code { (name(&row.name)) } }
                                td { code { (name(&row.value)) } }
                                td { (row.role) }
                                td { (row.effect) }
                            }
                        }
                    }
                }
            }))
        }
    }
}

fn answer(facts: &Facts) -> Markup {
    html! {
        dt { "case" }
        dd { "runtime " code { (name(&facts.runtime)) } ", policy " (facts.policy) ", registry " (facts.registry) }
        @if !facts.ambient.is_empty() { dt { "ambient" } dd { (facts.ambient.join(", ")) } }
        dt { "rule" }
        dd {
            (facts.rule.as_deref().unwrap_or("none"))
            @if let Some(name) = &facts.decided_by { " by " code { (name) } }
            @if !facts.shadowed.is_empty() { ", shadowing " code { (facts.shadowed.join(", ")) } }
            ": " code { (name(&facts.slug)) }
        }
        dt { "provider" }
        dd { (facts.provider.as_deref().unwrap_or("none")) }
        dt { "injected" }
        dd { (listed(&facts.injected)) }
        dt { "verdict" }
        dd { strong { (facts.verdict) } ": " (prose(&facts.cause)) }
    }
}
