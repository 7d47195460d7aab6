//! The report as a static page.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};
use slug_resolver::{Code, explain};

use super::report::{Cell, Column, EvaluatedGap, PolicyReport, Report, Row, TestedExpectation};
use super::results::{CREATES_NOTHING, grouped_by_runtime, notes, results, sample, undecided};
use crate::codes::{CROSS_VENDOR_CREDENTIAL, FAILED_EXPECTATION, VIOLATED_INVARIANT, contradiction};
use crate::page::{self, Filters, Page, Room, Section, Sign, Tags, block, folded, left_out, name, prose, value, wide};
use crate::render::{counted, grouped};

/// The most runtimes in a picture.
const RUNTIMES: usize = 200;

/// The most settings in a picture.
const SETTINGS: usize = 24;

/// The most environments on a page, over all policies.
const ENVIRONMENTS: usize = 500;

/// Renders the page.
pub fn render(report: &Report) -> String {
    let mut room = Room::for_items(ENVIRONMENTS);
    let mut policies: Vec<(Sign, &PolicyReport)> =
        report.policies.iter().map(|policy| (sign_of(report, policy), policy)).collect();
    policies.sort_by_key(|(sign, _)| *sign);
    let section = |(number, (sign, policy)): (usize, &(Sign, &PolicyReport))| Section {
        id: format!("policy-{number}"),
        title: format!("policy {}{}", policy.policy, if policy.embedded { " (embedded)" } else { "" }),
        sign: *sign,
        tags: Tags::default(),
        body: body(number, policy, &mut room),
    };
    let mut sections: Vec<Section> = policies.iter().enumerate().map(section).collect();
    if let Some(section) = expectations(report) {
        sections.insert(if section.sign == Sign::Bad { 0 } else { sections.len() }, section);
    }
    sections.extend(explanations(report));
    let mut results = results(report);
    results.extend(sample(report).map(|text| (Sign::Open, text)));
    results.sort_by_key(|(sign, _)| *sign);
    let mut facts = vec![(
        "registry",
        html! {
            (name(&report.registry_source)) ": " (counted(report.providers as u64, "provider")) ", "
            (counted(report.runtimes as u64, "runtime"))
        },
    )];
    facts.extend(report.config.as_ref().map(|config| ("config", name(config))));
    Page {
        command: "slugproof prove".to_owned(),
        title: "Which provider serves each runtime".to_owned(),
        results,
        facts,
        filters: filters(report),
        sections,
    }
    .render()
}

/// How the proof of a policy ended.
fn sign_of(report: &Report, policy: &PolicyReport) -> Sign {
    let disagrees = policy.brute_force.as_ref().is_some_and(|brute_force| !brute_force.agrees);
    let violated = !policy.violations.found.is_empty() || !policy.violations.unexplored.is_empty();
    let open = policy.open_gaps() > 0 || !undecided(policy).is_empty() || policy.creates_nothing();
    if policy.proof.broken.is_some() || disagrees || violated || policy.open_crossings() > 0 {
        Sign::Bad
    } else if open {
        if report.gaps_count { Sign::Bad } else { Sign::Open }
    } else {
        Sign::Good
    }
}

fn filters(report: &Report) -> Filters {
    let all = || report.policies.iter().flat_map(|policy| &policy.gaps);
    let crossings = || report.policies.iter().flat_map(|policy| &policy.crossings);
    let violations: usize = report.policies.iter().map(|policy| policy.violations.found.len()).sum();
    let accepted = |is: bool| {
        let gaps = all().filter(|gap| gap.accepted.is_some() == is).count();
        gaps + crossings().filter(|crossing| crossing.accepted.is_some() == is).count()
    };
    let mut filters = Filters::of(accepted(true) + accepted(false) + violations);
    filters.add(OPEN, "not accepted", accepted(false) + violations);
    filters.add(ACCEPTED, "accepted", accepted(true));
    filters.add(VIOLATED_INVARIANT.id, VIOLATED_INVARIANT.id, violations);
    filters.add(CROSS_VENDOR_CREDENTIAL.id, CROSS_VENDOR_CREDENTIAL.id, crossings().count());
    let codes: BTreeSet<Code> = all().map(|gap| gap.gap.code).collect();
    for code in codes {
        filters.add(code.as_str(), code.as_str(), all().filter(|gap| gap.gap.code == code).count());
    }
    filters
}

const OPEN: &str = "not-accepted";
const ACCEPTED: &str = "accepted";

fn tags(gap: &EvaluatedGap) -> Tags {
    Tags::of([gap.gap.code.as_str(), state(gap.accepted.as_ref())])
}

fn state(accepted: Option<&String>) -> &'static str {
    if accepted.is_some() { ACCEPTED } else { OPEN }
}

/// The explanations of the codes on the page.
fn explanations(report: &Report) -> Option<Section> {
    let gaps = || report.policies.iter().flat_map(|policy| &policy.gaps);
    let codes: BTreeSet<Code> = gaps().map(|gap| gap.gap.code).collect();
    let mut entries: Vec<_> = codes.into_iter().map(contradiction).collect();
    if report.policies.iter().any(|policy| !policy.crossings.is_empty()) {
        entries.push(&CROSS_VENDOR_CREDENTIAL);
    }
    if report.policies.iter().any(|policy| !policy.violations.found.is_empty()) {
        entries.push(&VIOLATED_INVARIANT);
    }
    if report.failed_expectations() > 0 {
        entries.push(&FAILED_EXPECTATION);
    }
    (!entries.is_empty()).then(|| Section {
        id: "codes".to_owned(),
        title: "What the codes mean".to_owned(),
        sign: Sign::Plain,
        tags: Tags::default(),
        body: html! { @for code in entries { (page::explanation(code, &Tags::of([code.id, OPEN, ACCEPTED]))) } },
    })
}

/// The tests of slugproof.yaml, failures first.
fn expectations(report: &Report) -> Option<Section> {
    let mut tests: Vec<&TestedExpectation> = report.expectations.iter().collect();
    tests.sort_by_key(|tested| tested.passes());
    let sign = if report.failed_expectations() > 0 { Sign::Bad } else { Sign::Good };
    let shown = &tests[..tests.len().min(ENVIRONMENTS)];
    (!tests.is_empty()).then(|| Section {
        id: "expectations".to_owned(),
        title: "Expectations of slugproof.yaml".to_owned(),
        sign,
        tags: Tags::default(),
        body: html! {
            ul class="cards" { @for tested in shown { (expectation(tested)) } }
            (left_out(shown.len(), tests.len(), "expectation", "`--output json` has every expectation"))
        },
    })
}

/// One test, with the first environment that fails.
fn expectation(tested: &TestedExpectation) -> Markup {
    let (sign, word) = if tested.passes() { (Sign::Good, "ok") } else { (Sign::Bad, "FAILED") };
    let failed = tested.failures().count();
    html! {
        li class="card" {
            p class="what" { (sign.with(word)) ": line " (tested.line) ": " (name(&tested.title)) }
            p { "expected " (prose(&tested.expected.text())) }
            @if let Some((found_in, command)) = tested.failures().next() {
                p { "found " (prose(&found_in.found.text())) }
                p { "with policy " (name(&found_in.policy)) " on runtime " (name(&found_in.runtime)) }
                (environment(&found_in.set, None))
                @if let Some(hint) = &found_in.hint { p { (prose(hint)) } }
                (reproduce(std::slice::from_ref(command)))
                (left_out(1, failed, "environment", "`--output json` has every environment"))
            }
        }
    }
}

/// The results of one policy: failures, the picture, and the gaps, with accepted ones last.
fn body(number: usize, policy: &PolicyReport, room: &mut Room) -> Markup {
    let mut groups = grouped_by_runtime(&policy.gaps);
    groups.sort_by_key(|group| group[0].accepted.is_some());
    let failures = failures(policy, room);
    let (open, accepted) = groups.split_at(groups.partition_point(|group| group[0].accepted.is_none()));
    let open_shown = room.fill(open.iter().enumerate(), |(index, group)| gap(number, index, policy, group));
    let first = open.len();
    let numbered = accepted.iter().enumerate();
    let accepted_shown = room.fill(numbered, |(index, group)| gap(number, first + index, policy, group));
    let shown = open_shown.len();
    let anchors: Vec<(&EvaluatedGap, String)> = groups
        .iter()
        .enumerate()
        .filter(|(index, _)| *index < shown || (*index >= first && *index < first + accepted_shown.len()))
        .flat_map(|(index, group)| group.iter().map(move |gap| (*gap, anchor(number, index))))
        .collect();
    let open_cards: Vec<(&Vec<&EvaluatedGap>, &Markup)> = open.iter().zip(&open_shown).collect();
    let accepted_tags: Vec<Tags> = accepted.iter().map(|group| tags(group[0])).collect();
    html! {
        (failures)
        h3 { "By runtime and setting" }
        (picture(policy, &anchors))
        @if open.is_empty() && policy.uncovered() > 0 {
            p { (Sign::Open.with("no gaps in the cases that were checked; others were not checked")) }
        } @else if policy.creates_nothing() {
            p { (Sign::Open.with(CREATES_NOTHING)) }
        } @else if open.is_empty() {
            p { (Sign::Good.with("no gaps: without an override, every case is consistent or accepted")) }
        } @else {
            h3 { (counted(policy.open_gaps() as u64, "gap")) ": contradictions that need no override" }
            @for cards in open_cards.chunk_by(|(a, _), (b, _)| a[0].gap.code == b[0].gap.code) {
                div class=(Tags::of_all(&cards.iter().map(|(group, _)| tags(group[0])).collect::<Vec<_>>())) {
                    (heading(cards[0].0[0].gap.code))
                    ul class="cards" { @for (_, card) in cards { (card) } }
                }
            }
            (left_out(open_shown.len(), open.len(), "group of gaps", "`--output json` has every gap"))
        }
        @if !accepted.is_empty() {
            div class=(Tags::of_all(&accepted_tags)) {
                h3 { (counted((policy.gaps.len() - policy.open_gaps()) as u64, "gap")) " accepted in slugproof.yaml" }
                ul class="cards" { @for markup in &accepted_shown { (markup) } }
                (left_out(accepted_shown.len(), accepted.len(), "group of gaps", "`--output json` has every gap"))
            }
        }
    }
}

fn heading(code: Code) -> Markup {
    html! {
        h4 { a href={ "#code-" (code.as_str()) } { code { (code.as_str()) } } ": " (prose(code.meaning())) }
    }
}

fn anchor(policy: usize, group: usize) -> String {
    format!("gap-{policy}-{group}")
}

/// Gaps that differ only in the runtime.
fn gap(number: usize, index: usize, policy: &PolicyReport, group: &[&EvaluatedGap]) -> Markup {
    let first = group[0];
    let runtimes: Vec<&str> = group.iter().map(|gap| gap.gap.runtime.as_str()).collect();
    let provider = first.gap.provider.as_deref();
    let sign = if first.accepted.is_some() { Sign::Plain } else { Sign::Bad };
    let commands: Vec<Option<String>> =
        group.iter().map(|gap| policy.command(&gap.gap.runtime, &gap.gap.set)).collect();
    html! {
        li id=(anchor(number, index)) class={ "card " (tags(first)) } {
            p class="what" {
                (sign.with(list(&runtimes))) ": " code { (name(&first.gap.slug)) }
                @if let Some(provider) = provider { " on " (name(provider)) }
                @if first.gap.cases > 1 { ", and " (counted((first.gap.cases - 1) as u64, "other model")) }
            }
            (environment(&first.gap.set, first.gap.slug_in.as_ref()))
            @if let Some(reason) = &first.accepted { p class="reason" { b { "accepted" } " " (prose(reason)) } }
            (reproduce(&commands))
        }
    }
}

/// The names of runtimes, separated by commas.
fn list(names: &[&str]) -> Markup {
    html! { @for (index, text) in names.iter().enumerate() { @if index > 0 { ", " } (name(text)) } }
}

/// The variables of a smallest environment.
fn environment(set: &BTreeMap<String, String>, slug_in: Option<&String>) -> Markup {
    html! {
        p class="set" {
            @if set.is_empty() { "with nothing set" } @else { "with " }
            @for (variable, value) in set {
                code {
                    (name(variable)) "="
                    @if slug_in == Some(variable) { i { "<model>" } } @else { (name(value)) }
                } " "
            }
        }
    }
}

/// Commands that give the same answer, the first one unfolded.
fn reproduce(commands: &[Option<String>]) -> Markup {
    let unknown = "no command: a value has characters that cannot be shown, or looks like a credential";
    let (first, others) = commands.split_first().expect("a gap has a runtime");
    let line = |text: &Option<String>| match text {
        Some(text) => page::command(text),
        None => html! { p { (unknown) } },
    };
    html! {
        (line(first))
        @if !others.is_empty() {
            (folded(
                match others.len() {
                    1 => "1 command for the other runtime".to_owned(),
                    several => format!("{several} commands for the other runtimes"),
                },
                html! { @for other in others { (line(other)) } },
            ))
        }
    }
}

/// What fails besides gaps.
fn failures(policy: &PolicyReport, room: &mut Room) -> Markup {
    let violations = room.fill(&policy.violations.found, |violation| {
        html! {
            li class={ "card " (Tags::of([VIOLATED_INVARIANT.id, OPEN])) } {
                p class="what" {
                    (Sign::Bad.with(name(&violation.runtime))) ": " code { (name(&violation.slug)) } " from "
                    (name(&violation.provider))
                }
                p {
                    "line " (violation.line) ": " code { (violation.statement) }
                    @if let Some(reason) = &violation.reason { ": " (prose(reason)) }
                }
                (environment(&violation.set, violation.slug_in.as_ref()))
                (reproduce(&[policy.command(&violation.runtime, &violation.set)]))
            }
        }
    });
    let crossings = room.fill(&policy.crossings, |evaluated| {
        let crossing = &evaluated.crossing;
        let sign = if evaluated.accepted.is_some() { Sign::Plain } else { Sign::Bad };
        html! {
            li class={ "card " (Tags::of([CROSS_VENDOR_CREDENTIAL.id, state(evaluated.accepted.as_ref())])) } {
                p class="what" {
                    (sign.with(name(&crossing.runtime))) ": " code { (name(&crossing.slug)) } ", "
                    (prose(&explain::cross_vendor(&crossing.keys, &crossing.provider)))
                }
                (environment(&crossing.set, crossing.slug_in.as_ref()))
                @if let Some(reason) = &evaluated.accepted {
                    p class="reason" { b { "accepted" } " " (prose(reason)) }
                }
                (reproduce(&[policy.command(&crossing.runtime, &crossing.set)]))
            }
        }
    });
    let cards = |id: &'static str, title: String, shown: Vec<Markup>, all: usize| {
        html! {
            @if all > 0 {
                div class=(Tags::of([id, OPEN, ACCEPTED])) {
                    h3 { (title) }
                    ul class="cards" { @for markup in &shown { (markup) } }
                    (left_out(shown.len(), all, "environment", "`--output json` has every environment"))
                }
            }
        }
    };
    let disagrees = policy.brute_force.as_ref().is_some_and(|brute_force| !brute_force.agrees);
    let (violated, sent) = (policy.violations.found.len(), policy.crossings.len());
    html! {
        @if let Some(broken) = &policy.proof.broken {
            h3 { (Sign::Bad.with(format!("law {} is broken", broken.law.id))) }
            p { (prose(broken.law.statement)) }
            p { (prose(&broken.violation)) }
            (folded("The case", block(&format!("{:?}", broken.case))))
        }
        @if disagrees {
            p { (Sign::Bad.with("the counts of --brute-force differ from those of the enumeration")) }
        }
        (cards(VIOLATED_INVARIANT.id, counted(violated as u64, "violation") + " of invariants", violations, violated))
        (cards(
            CROSS_VENDOR_CREDENTIAL.id,
            counted(sent as u64, "environment") + " with a key for another vendor",
            crossings,
            sent,
        ))
        @for note in notes(policy) {
            p { "note: " (prose(&note)) }
        }
        @for message in undecided(policy) {
            p { (Sign::Open.with("undecided")) ": " (prose(&message)) }
        }
    }
}

/// A setting in the picture: one that the matrix has, or variables that only together reach a gap.
enum Setting<'p> {
    Single(usize, &'p Column),
    Together(Vec<&'p String>),
}

/// The picture: a row for each runtime, those with most gaps first, and a column for each setting.
fn picture(policy: &PolicyReport, anchors: &[(&EvaluatedGap, String)]) -> Markup {
    let mut by_runtime: BTreeMap<&str, Vec<(&EvaluatedGap, Option<&str>)>> = BTreeMap::new();
    let anchor_of = |gap: &EvaluatedGap| {
        let found = anchors.iter().find(|(known, _)| std::ptr::eq(*known, gap));
        found.map(|(_, anchor)| anchor.as_str())
    };
    for gap in &policy.gaps {
        by_runtime.entry(&gap.gap.runtime).or_default().push((gap, anchor_of(gap)));
    }
    let none = Vec::new();
    let gaps_of = |row: &Row| by_runtime.get(row.runtime.as_str()).unwrap_or(&none);
    let mut rows: Vec<&Row> = policy.rows.iter().collect();
    let failures = |row: &Row| row.cells.iter().filter(|cell| cell.code.is_some()).count();
    let open = |row: &Row| gaps_of(row).iter().filter(|(gap, _)| gap.accepted.is_none()).count();
    // A runtime that the registry does not have fails by design.
    rows.sort_by_key(|row| (!row.known, std::cmp::Reverse((open(row), failures(row)))));
    let settings = settings(policy);
    let shown: Vec<&Setting<'_>> = settings.iter().take(SETTINGS).collect();
    // No filter keeps a runtime without gaps.
    let tags_of = |row: &Row| Tags::of_all(&gaps_of(row).iter().map(|(gap, _)| tags(gap)).collect::<Vec<_>>());
    let table = html! {
        table class="picture" {
            thead {
                tr {
                    th scope="col" { "runtime" }
                    th scope="col" { "gaps" }
                    @for setting in &shown { th scope="col" { (heading_of(setting)) } }
                }
            }
            tbody {
                @for row in rows.iter().take(RUNTIMES) {
                    @let gaps = gaps_of(row);
                    tr class=(tags_of(row)) {
                        th scope="row" { @if row.known { (name(&row.runtime)) } @else { "(any other)" } }
                        td class="number" { (open(row)) }
                        @for setting in &shown {
                            @match setting {
                                Setting::Single(column, setting) => (single(row, &row.cells[*column], setting, gaps)),
                                Setting::Together(names) => (together(names, gaps)),
                            }
                        }
                    }
                }
            }
        }
    };
    html! {
        p class="legend" {
            (Sign::Good.with("provider")) ": it serves the model, and the secrets fit. " (Sign::Bad.with("reason"))
            ": a contradiction, with a link to its environment and a command. "
            "–: on this runtime, these variables together cause no gap."
        }
        (wide("providers by runtime and setting", table))
        (left_out(
            rows.len().min(RUNTIMES),
            rows.len(),
            "runtime",
            "the picture shows the runtimes with the most gaps, and `--output json` has every runtime",
        ))
        (left_out(shown.len(), settings.len(), "setting", "the list below shows every gap with its environment"))
    }
}

/// The settings of the matrix, and the sets of variables of other gaps.
fn settings(policy: &PolicyReport) -> Vec<Setting<'_>> {
    let singles = policy.columns.iter().enumerate().map(|(index, column)| Setting::Single(index, column));
    let mut settings: Vec<Setting<'_>> = singles.collect();
    let is_single = |gap: &EvaluatedGap| {
        let set: Vec<(&str, &str)> = gap.gap.set.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        gap.gap.slug_in.is_none()
            && policy.columns.iter().any(|column| column.setting().into_iter().eq(set.iter().copied()))
    };
    let mut together: Vec<Vec<&String>> = Vec::new();
    for gap in policy.gaps.iter().filter(|gap| !is_single(gap)) {
        let names: Vec<&String> = gap.gap.set.keys().collect();
        if !together.contains(&names) {
            together.push(names);
        }
    }
    together.sort();
    settings.extend(together.into_iter().map(Setting::Together));
    settings
}

fn heading_of(setting: &Setting<'_>) -> Markup {
    match setting {
        Setting::Single(_, Column::Nothing) => html! { "nothing set" },
        Setting::Single(_, Column::Value { variable, value }) => html! { (name(variable)) "=" (name(value)) },
        Setting::Single(_, Column::Key { variable }) => html! { (name(variable)) },
        Setting::Together(names) => {
            html! { @for (index, text) in names.iter().enumerate() { @if index > 0 { " + " } (name(text)) } }
        }
    }
}

/// A cell with the provider or the contradiction of one setting.
fn single(row: &Row, cell: &Cell, column: &Column, gaps: &[(&EvaluatedGap, Option<&str>)]) -> Markup {
    let Some(code) = cell.code else {
        let text = if cell.is_nothing { "not created" } else { cell.provider.as_deref().unwrap_or_default() };
        let sign = if cell.is_nothing { Sign::Plain } else { Sign::Good };
        return html! { td class={ "cell " (sign.class()) } title=(value(&cell.slug)) { (sign.with(name(text))) } };
    };
    let is_part = |gap: &EvaluatedGap| {
        let setting = column.setting();
        gap.gap.set.iter().all(|(name, value)| setting == Some((name.as_str(), value.as_str())))
    };
    let about = |gap: &EvaluatedGap| gap.gap.code == code && gap.gap.slug == cell.slug && is_part(gap);
    let found = gaps.iter().find(|(gap, _)| about(gap));
    let sign = match found {
        Some((gap, _)) if gap.accepted.is_some() => Sign::Plain,
        // Every setting fails on a runtime that the registry does not have.
        None if !row.known => Sign::Plain,
        _ => Sign::Bad,
    };
    let text = html! { (sign.with(code.label())) };
    html! {
        td class={ "cell " (sign.class()) } title=(value(&cell.slug)) {
            (linked(text, found.and_then(|(_, anchor)| *anchor)))
            @if found.is_some() && sign == Sign::Plain { " (accepted)" }
        }
    }
}

fn linked(text: Markup, anchor: Option<&str>) -> Markup {
    html! { @if let Some(anchor) = anchor { a href={ "#" (anchor) } { (text) } } @else { (text) } }
}

/// A cell with the gaps that exactly these variables reach.
fn together(names: &[&String], gaps: &[(&EvaluatedGap, Option<&str>)]) -> Markup {
    let found: Vec<&(&EvaluatedGap, Option<&str>)> =
        gaps.iter().filter(|(gap, _)| gap.gap.set.keys().eq(names.iter().copied())).collect();
    let is_open = found.iter().any(|(gap, _)| gap.accepted.is_none());
    let class = if is_open { Sign::Bad } else { Sign::Plain };
    html! {
        td class={ "cell " (class.class()) } {
            @if found.is_empty() { "–" }
            @for (gap, anchor) in &found {
                @let sign = if gap.accepted.is_some() { Sign::Plain } else { Sign::Bad };
                div {
                    (linked(html! { (sign.with(gap.gap.code.label())) }, *anchor))
                    @if gap.gap.cases > 1 { " " (grouped(gap.gap.cases as u128)) }
                    @if gap.accepted.is_some() { " (accepted)" }
                }
            }
        }
    }
}
