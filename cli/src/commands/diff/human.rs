//! The comparison for people.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use slug_resolver::explain;

use super::policies;
use super::policies::presence;
use super::report::{Cause, Kind, Report, Subject, Transition};
use crate::render::{BAD, FAINT, GOOD, HEAD, WARN, counted, printable, shown, wrapped_to};

/// Maximum causes of one kind that are shown in full.
const CAUSES_SHOWN: usize = 50;

/// Maximum further environments of one cause that are shown.
const TRANSITIONS_SHOWN: usize = 3;

/// Maximum lines about the registry.
const REGISTRY_LINES: usize = 10;

/// Maximum lines about what is undecided.
const UNDECIDED_LINES: usize = 10;

/// Renders the whole comparison.
pub fn render(report: &Report, width: usize) -> String {
    let mut text =
        format!("{HEAD}base{HEAD:#}  {}\n{HEAD}head{HEAD:#}  {}\n", shown(&report.base), shown(&report.head));
    for (number, change) in report.registry.iter().take(REGISTRY_LINES).enumerate() {
        let start = if number == 0 { "\nregistry  " } else { "          " };
        let _ = writeln!(text, "{}", wrapped_to(width, &printable(&change.line()), start, "            "));
    }
    text.push_str(&left_out(report.registry.len(), REGISTRY_LINES, "          and ", "more difference"));
    for policy in &report.policies {
        let _ = write!(text, "\n{}", wrapped_to(width, &presence(policy), "", "  "));
    }
    if !report.policies.is_empty() {
        text.push('\n');
    }
    for kind in Kind::ALL {
        let causes: Vec<&Cause> = report.of_kind(kind).collect();
        if causes.is_empty() {
            continue;
        }
        let style = match kind {
            Kind::Appears => BAD,
            Kind::Starts | Kind::Stops | Kind::Disappears => HEAD,
            _ => WARN,
        };
        let _ = writeln!(text, "\n{style}{}{style:#} ({})", kind.heading(), causes.len());
        for cause in causes.iter().take(CAUSES_SHOWN) {
            text.push_str(&shown_cause(cause, width));
        }
        text.push_str(&left_out(causes.len(), CAUSES_SHOWN, "  and ", "more cause"));
    }
    text.push('\n');
    text.push_str(&notes(report, width));
    text.push_str(&summary(report, width));
    text
}

/// A line about what a list leaves out.
fn left_out(all: usize, shown: usize, before: &str, what: &str) -> String {
    match all.saturating_sub(shown) {
        0 => String::new(),
        left => format!("{before}{}; --output json lists all\n", counted(left as u64, what)),
    }
}

fn shown_cause(cause: &Cause, width: usize) -> String {
    let place = cause.place.as_ref().map_or("(embedded)".to_owned(), |place| format!("{}:{}", place.path, place.line));
    let mut text = format!("  {HEAD}{}{HEAD:#}\n", printable(&place));
    let line = |text: &str| wrapped_to(width, &printable(text), "      ", "        ");
    let _ = writeln!(text, "{}", line(&cause.summary));
    let _ = writeln!(text, "{FAINT}{}{FAINT:#}", line(&details(cause)));
    for transition in cause.transitions.iter().skip(1).take(TRANSITIONS_SHOWN) {
        let _ = writeln!(text, "{FAINT}{}{FAINT:#}", line(&also(transition)));
    }
    let left = cause.transitions.len().saturating_sub(1 + TRANSITIONS_SHOWN);
    if left > 0 {
        let _ = writeln!(text, "{FAINT}{}{FAINT:#}", line(&format!("and {}", counted(left as u64, "more change"))));
    }
    if let [first, rest @ ..] = cause.reached_by.as_slice() {
        let more =
            if rest.is_empty() { String::new() } else { format!(" and {}", counted(rest.len() as u64, "more call")) };
        let _ = writeln!(text, "{FAINT}{}{FAINT:#}", line(&format!("called at {}:{}{more}", first.path, first.line)));
    }
    text
}

/// What a cause is about, and its smallest environment.
pub fn details(cause: &Cause) -> String {
    let environment = cause.transitions.first().map_or("", |first| first.environment.as_str());
    match &cause.subject {
        Subject::Policy { policy, rule } => {
            let rule = rule.as_ref().map(|rule| format!(", {}", explain::rule(&shown(rule)))).unwrap_or_default();
            format!("policy {}{rule}: {environment}", shown(policy))
        }
        Subject::Call { workflow, jobs, .. } => {
            let noun = if jobs.len() == 1 { "job" } else { "jobs" };
            let workflow = match &cause.place {
                Some(place) if place.path == *workflow => String::new(),
                _ => format!(" of {workflow}"),
            };
            let started = if environment.is_empty() { String::new() } else { format!(", {environment}") };
            format!("{noun} {}{workflow}{started}", jobs.join(", "))
        }
        Subject::Pin { runtime } => format!("pin of runtime {}", shown(runtime)),
        Subject::Finding { code } => format!("see `slugproof explain {code}`"),
    }
}

/// A further change of a cause.
pub fn also(transition: &Transition) -> String {
    format!("also {}, with {}", policies::summary(transition), transition.environment)
}

fn notes(report: &Report, width: usize) -> String {
    let mut text = String::new();
    let mut line = |what: &str, message: &str| {
        let _ = writeln!(text, "{}", wrapped_to(width, &printable(message), &format!("{what}: "), "  "));
    };
    for notice in &report.notices {
        line("note", notice);
    }
    if let Some(given) = given(report) {
        line("note", &given);
    }
    for reason in report.undecided.iter().take(UNDECIDED_LINES) {
        line("undecided", reason);
    }
    for file in &report.unreadable {
        line("error", &format!("cannot read {file}"));
    }
    text.push_str(&left_out(report.undecided.len(), UNDECIDED_LINES, "and ", "more undecided place"));
    text
}

/// A sentence about models that variables give and that work on one side only, unless differences of the
/// registries tell about them.
pub fn given(report: &Report) -> Option<String> {
    if !report.registry.is_empty() {
        return None;
    }
    let appears = report.given.iter().flat_map(|cause| &cause.transitions).filter(|it| it.kind == Kind::Appears);
    let variables: BTreeSet<&str> =
        appears.filter_map(|it| it.after.model.as_deref().or(it.before.model.as_deref())).collect();
    (!variables.is_empty()).then(|| {
        let variables: Vec<&str> = variables.into_iter().collect();
        format!(
            "{} may name a model that works only before the change; calls and pins that name such a model are compared \
             separately",
            variables.join(" or ")
        )
    })
}

/// The last line, and the exit code in words.
pub fn summary(report: &Report, width: usize) -> String {
    let fails = report.changes.iter().any(|cause| report.counts(cause));
    let (mark, style) = match (fails, report.unreadable.is_empty() && !report.is_sample) {
        (true, _) | (_, false) => ("✗", BAD),
        (false, true) => ("✓", GOOD),
    };
    let undecided = match report.undecided.len() {
        0 => String::new(),
        count => format!("; {} undecided", counted(count as u64, "place")),
    };
    let text = format!("{mark} {}{undecided}", report.verdict());
    format!("{style}{}{style:#}\n", wrapped_to(width, &text, "", "  "))
}
