//! The review as one static HTML page without scripts and external resources. The template
//! escapes all text.

use maud::{DOCTYPE, Markup, html};

use super::review::Review;
use super::review_item::{Entry, Facts};
use crate::render::{counted, listed, shown};

/// Forbids scripts and external resources.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

const STYLE: &str = include_str!("../../../data/review.css");

/// Renders the page.
pub fn render(review: &Review) -> String {
    let all_pass = review.removed.is_empty() && review.entries.iter().all(Entry::passes);
    let title = match &review.since {
        Some(revision) => format!("Regression corpus since {revision}"),
        None => "Regression corpus".to_owned(),
    };
    let numbered: Vec<(usize, &Entry)> = review.entries.iter().enumerate().collect();
    let groups: Vec<&[(usize, &Entry)]> = numbered.chunk_by(|(_, a), (_, b)| a.group == b.group).collect();
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                // Without this, text that escaped the template could load and run resources.
                meta http-equiv="Content-Security-Policy" content=(CONTENT_SECURITY_POLICY);
                meta name="color-scheme" content="light dark";
                // Without this, a browser requests an icon.
                link rel="icon" href="data:,";
                title { (title) }
                style { (maud::PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { (title) }
                    p class=(if all_pass { "good" } else { "bad" }) {
                        (counted(review.entries.len() as u64, "case")) ": " (review.counts()) "."
                    }
                    p { "Each case was run again for this page." }
                }
                nav aria-label="Cases" {
                    @for group in &groups {
                        h2 { (group[0].1.group.heading()) }
                        ul {
                            @for (number, entry) in *group {
                                li { (sign(entry)) " " a href=(format!("#case-{number}")) { (shown(&entry.title)) } }
                            }
                        }
                    }
                }
                main {
                    @for group in &groups {
                        section {
                            h2 { (group[0].1.group.heading()) }
                            @for (number, entry) in *group { (case(*number, entry)) }
                        }
                    }
                    @if !review.removed.is_empty() {
                        section {
                            h2 { "Removed" }
                            ul { @for path in &review.removed { li { code { (shown(path)) } } } }
                        }
                    }
                }
            }
        }
    };
    page.into_string() + "\n"
}

fn sign(entry: &Entry) -> Markup {
    let (class, sign) = if entry.passes() { ("good", "✓") } else { ("bad", "✗") };
    html! { span class=(class) { (sign) " " (entry.status.label()) } }
}

fn case(number: usize, entry: &Entry) -> Markup {
    html! {
        article id=(format!("case-{number}")) {
            h3 {
                a href=(format!("#case-{number}")) { (shown(&entry.title)) } " " (sign(entry))
                @if let Some(change) = entry.change { " (" (change.label()) ")" }
            }
            @if let Some(reason) = entry.status.reason() { pre class="bad" { (reason) } }
            @if let Some(comment) = &entry.comment { p { (comment) } }
            @if let Some(facts) = &entry.facts { (table_of(facts)) }
            dl {
                @if let Some(found) = &entry.found { dt { "origin" } dd { (found) } }
                @if let Some(content) = &entry.content { dt { "input" } dd { (content) } }
                @if let Some(facts) = &entry.facts { (answer(facts)) }
                dt { (entry.kind) }
                dd { code { (shown(&entry.path)) } @for copy in &entry.copies { br; code { (shown(copy)) } } }
                dt { "reproduce" }
                dd { code { (entry.reproducer) } }
            }
            @if let Some(facts) = &entry.facts {
                details {
                    summary { "The complete case, with its registry and its policy" }
                    pre { (facts.yaml.trim()) }
                }
            }
        }
    }
}

fn table_of(facts: &Facts) -> Markup {
    html! {
        @if facts.variables.is_empty() {
            p { "No variable is set." }
        } @else {
            // Wide names scroll inside the table; the page itself does not scroll sideways.
            div class="wide" tabindex="0" role="region" aria-label="variables" {
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
                                th scope="row" { code { (shown(&row.name)) } }
                                td { code { (shown(&row.value)) } }
                                td { (row.role) }
                                td { (row.effect) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn answer(facts: &Facts) -> Markup {
    html! {
        dt { "case" }
        dd { "runtime " code { (shown(&facts.runtime)) } ", policy " (facts.policy) ", registry " (facts.registry) }
        @if !facts.ambient.is_empty() { dt { "ambient" } dd { (facts.ambient.join(", ")) } }
        dt { "rule" }
        dd {
            (facts.rule.as_deref().unwrap_or("none"))
            @if let Some(name) = &facts.decided_by { " by " code { (name) } }
            @if !facts.shadowed.is_empty() { ", shadowing " code { (facts.shadowed.join(", ")) } }
            ": " code { (shown(&facts.slug)) }
        }
        dt { "provider" }
        dd { (facts.provider.as_deref().unwrap_or("none")) }
        dt { "injected" }
        dd { (listed(&facts.injected)) }
        dt { "verdict" }
        dd { strong { (facts.verdict) } ": " (facts.cause) }
    }
}
