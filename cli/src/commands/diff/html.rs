//! The comparison as a static page: what appears first, then what changes, and what disappears.

use maud::{Markup, html};

use super::human::{also, details, given};
use super::policies::presence;
use super::registry::RegistryChange;
use super::report::{Cause, Kind, Place, Report};
use crate::page::{Filters, Page, Room, Section, Sign, Tags, folded, left_out, name, prose, wide};
use crate::render::grouped;

/// The most changes on a page.
const CHANGES: usize = 1_000;

/// Renders the page.
pub fn render(report: &Report) -> String {
    let fails = report.changes.iter().any(|cause| report.counts(cause)) || !report.unreadable.is_empty();
    let sign = match fails {
        true => Sign::Bad,
        false if !report.undecided.is_empty() => Sign::Open,
        false => Sign::Good,
    };
    let policies = report.policies.iter().map(|policy| (Sign::Plain, presence(policy)));
    let notices = report.notices.iter().cloned().chain(given(report)).map(|notice| (Sign::Plain, notice));
    let unreadable = report.unreadable.iter().map(|file| (Sign::Bad, format!("cannot read {file}")));
    let mut filters = Filters::of(report.changes.len());
    let mut room = Room::for_items(CHANGES);
    let mut sections = Vec::new();
    for kind in Kind::ALL {
        let causes: Vec<&Cause> = report.of_kind(kind).collect();
        filters.add(id(kind), kind.heading(), causes.len());
        if !causes.is_empty() {
            sections.push(section(report, kind, &causes, &mut room));
        }
    }
    let registry = report.registry.iter().map(RegistryChange::line);
    sections.extend(list("registry", "Differences of the registries", Sign::Plain, registry.collect()));
    sections.extend(list("undecided", "Why changes may be missing", Sign::Open, report.undecided.clone()));
    Page {
        command: "slugproof diff".to_owned(),
        title: "What the change does to models, providers and payers".to_owned(),
        results: [(sign, report.verdict())].into_iter().chain(unreadable).chain(policies).chain(notices).collect(),
        facts: vec![("before", name(&report.base)), ("after", name(&report.head))],
        filters,
        sections,
    }
    .render()
}

/// The filter of a kind.
fn id(kind: Kind) -> &'static str {
    match kind {
        Kind::Appears => "appears",
        Kind::NewPayer => "new-payer",
        Kind::NewProvider => "new-provider",
        Kind::OtherCode => "other-code",
        Kind::Undecided => "not-decided",
        Kind::Warning => "other-findings",
        Kind::Starts => "starts",
        Kind::Stops => "stops",
        Kind::Disappears => "disappears",
    }
}

fn sign(report: &Report, cause: &Cause) -> Sign {
    match cause.kind {
        _ if report.counts(cause) => Sign::Bad,
        Kind::Disappears => Sign::Good,
        Kind::Starts | Kind::Stops => Sign::Plain,
        _ => Sign::Open,
    }
}

/// The changes of one kind: a table, and the environments of each change below it.
fn section(report: &Report, kind: Kind, causes: &[&Cause], room: &mut Room) -> Section {
    let tags = Tags::of([id(kind)]);
    let rows = room.fill(causes, |cause| {
        let details = html! {
            ul {
                li { (prose(&details(cause))) }
                @for transition in cause.transitions.iter().skip(1) { li { (prose(&also(transition))) } }
                @for place in &cause.reached_by { li { "called at " (place_of(Some(place))) } }
            }
        };
        html! {
            tr class=(tags) {
                th scope="row" { (place_of(cause.place.as_ref())) }
                td { (sign(report, cause).with(prose(&cause.summary))) (folded("environments", details)) }
            }
        }
    });
    let table = html! {
        table {
            thead { tr { th scope="col" { "location" } th scope="col" { "change" } } }
            tbody { @for row in &rows { (row) } }
        }
    };
    let worst = causes.iter().any(|cause| report.counts(cause));
    Section {
        id: id(kind).to_owned(),
        title: format!("{} ({})", kind.heading(), grouped(causes.len() as u128)),
        sign: if worst { Sign::Bad } else { sign(report, causes[0]) },
        tags: tags.clone(),
        body: html! {
            (wide(kind.heading(), table))
            (left_out(rows.len(), causes.len(), "change", "`--output json` has every change"))
        },
    }
}

fn place_of(place: Option<&Place>) -> Markup {
    place.map_or_else(|| html! { "embedded" }, |place| name(&format!("{}:{}", place.path, place.line)))
}

/// A section of sentences, if there are any.
fn list(id: &str, title: &str, sign: Sign, lines: Vec<String>) -> Option<Section> {
    (!lines.is_empty()).then(|| Section {
        id: id.to_owned(),
        title: title.to_owned(),
        sign,
        tags: Tags::default(),
        body: html! { ul { @for line in &lines { li { (prose(line)) } } } },
    })
}
