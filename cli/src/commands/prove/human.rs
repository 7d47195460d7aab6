//! The report for people.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use slug_resolver::{Code, explain};

use super::report::{Cell, Column, EvaluatedCrossing, PolicyReport, Report, Row};
use super::results::{
    CREATES_NOTHING, assignments, description, grouped_by_runtime, notes, results, sample, sample_heading, set_names,
    undecided,
};
use crate::codes::{CROSS_VENDOR_CREDENTIAL, FAILED_EXPECTATION};
use crate::expectation::TestedEnvironment;
use crate::page::Sign;
use crate::render::{BAD, FAINT, GOOD, HEAD, WARN, counted, shown, width, wrapped};

/// Renders the whole report.
pub fn render(report: &Report) -> String {
    let mut text = match sample_heading(report) {
        Some(heading) => line((Sign::Open, heading)) + "\n",
        None => String::new(),
    };
    let _ = writeln!(
        text,
        "{HEAD}registry{HEAD:#} {}: {}, {}",
        report.registry_source,
        counted(report.providers as u64, "provider"),
        counted(report.runtimes as u64, "runtime")
    );
    if let Some(config) = &report.config {
        let _ = writeln!(text, "{HEAD}config{HEAD:#}   {config}");
    }
    for policy in &report.policies {
        let origin = if policy.embedded { " (embedded)" } else { "" };
        let name = format!("policy {}", shown(&policy.policy));
        let heading = wrapped(&format!("{name}{origin}: which provider serves each runtime, by variable"), "", "  ");
        let _ = writeln!(text, "\n{}\n", heading.replacen(&name, &format!("{HEAD}{name}{HEAD:#}"), 1));
        text.push_str(&matrix(policy));
        text.push_str(&gaps(policy));
        text.push_str(&crossings(policy));
        text.push_str(&violations(policy));
        text.push_str(&findings(policy));
    }
    text.push_str(&expectations(report));
    text.push('\n');
    text.push_str(&summary(report));
    text
}

/// The most environments of one failed expectation that are shown.
const ENVIRONMENTS_SHOWN: usize = 3;

/// The tests of slugproof.yaml, one line each, and the answer in each test that fails.
fn expectations(report: &Report) -> String {
    if report.expectations.is_empty() {
        return String::new();
    }
    let config = report.config.as_deref().unwrap_or_default();
    let mut text = format!("\n{HEAD}expectations{HEAD:#} of {config}\n\n");
    for tested in &report.expectations {
        let (style, sign) = if tested.passes() { (GOOD, "ok") } else { (BAD, "FAILED") };
        let line = wrapped(&format!("{config}:{}: {}", tested.line, shown(&tested.title)), "          ", "          ");
        let _ = writeln!(text, "  {style}{sign:<6}{style:#}  {}", line.trim_start());
        let add = |text: &mut String, line: &str| {
            let _ = writeln!(text, "{}", wrapped(line, "          ", "            "));
        };
        if !tested.passes() {
            add(&mut text, &format!("{}: expected {}", FAILED_EXPECTATION.id, tested.expected.text()));
        }
        for (environment, command) in tested.failures().take(ENVIRONMENTS_SHOWN) {
            let TestedEnvironment { policy, runtime, set, found, hint, .. } = environment;
            add(&mut text, &format!("found {}", found.text()));
            let (policy, runtime, set) = (shown(policy), shown(runtime), assignments(set, None));
            add(&mut text, &format!("by policy {policy} on runtime {runtime}, {set}"));
            hint.iter().for_each(|hint| add(&mut text, &format!("help: {hint}")));
            // A command can be copied only if it is one line.
            command.iter().for_each(|command| text.push_str(&format!("          {command}\n")));
        }
        let more = tested.failures().count().saturating_sub(ENVIRONMENTS_SHOWN);
        if more > 0 {
            let _ = writeln!(text, "          and {}; --output json has all", counted(more as u64, "more environment"));
        }
    }
    text
}

/// The matrix, split into blocks of columns that fit the width.
fn matrix(policy: &PolicyReport) -> String {
    let label = |row: &Row| if row.known { shown(&row.runtime) } else { "(any other)".to_owned() };
    let labels: Vec<String> = policy.rows.iter().map(label).collect();
    let label_width = labels.iter().map(|label| label.chars().count()).max().unwrap_or(0);
    let heads = headings(&policy.columns);
    let cells = |column: usize| policy.rows.iter().map(move |row| cell_text(&row.cells[column]));
    let natural = |column: usize| cells(column).chain([heads[column].clone()]).map(|text| text.chars().count()).max();
    let widths: Vec<usize> = (0..heads.len()).map(|column| natural(column).unwrap_or(0)).collect();

    let mut text = String::new();
    let mut column = 0;
    while column < heads.len() {
        let mut end = column;
        let mut used = 2 + label_width;
        while end < heads.len() && (end == column || used + 2 + widths[end] <= width()) {
            used += 2 + widths[end];
            end += 1;
        }
        let shown = column..end;
        let head: String =
            shown.clone().map(|column| format!("  {}", padded(&heads[column], widths[column]))).collect();
        let _ = writeln!(text, "  {FAINT}{:label_width$}{}{FAINT:#}", "", head.trim_end());
        for (row, label) in policy.rows.iter().zip(&labels) {
            let mut line = format!("  {}", padded(label, label_width));
            for column in shown.clone() {
                let cell = &row.cells[column];
                let style = if cell.code.is_none() { GOOD } else { BAD };
                let cell_width = if column + 1 == end { 0 } else { widths[column] };
                let _ = write!(line, "  {style}{}{style:#}", padded(&cell_text(cell), cell_width));
            }
            let _ = writeln!(text, "{line}");
        }
        text.push('\n');
        column = end;
    }
    let codes: BTreeSet<Code> = policy.rows.iter().flat_map(|row| &row.cells).filter_map(|cell| cell.code).collect();
    let code = |code: &Code| format!("✗ {}: {}", code.label(), code.as_str());
    let full = |(column, head): (&Column, &String)| match column {
        Column::Value { variable, value } if !head.starts_with(variable.as_str()) => {
            Some(format!("{head}: {variable}={value}"))
        }
        Column::Key { variable } if head != variable => Some(format!("{head}: {variable} is set")),
        _ => None,
    };
    let columns = policy.columns.iter().zip(&heads).filter_map(full);
    let legend: Vec<String> = columns.chain(codes.iter().map(code)).collect();
    if !legend.is_empty() {
        let _ = writeln!(text, "{FAINT}{}{FAINT:#}\n", wrapped(&legend.join("; "), "  ", "  "));
    }
    text
}

/// The headings of the columns, without the words that all key variables share.
fn headings(columns: &[Column]) -> Vec<String> {
    let key = |column: &Column| match column {
        Column::Key { variable } => Some(variable.clone()),
        _ => None,
    };
    let names: Vec<String> = columns.iter().filter_map(key).collect();
    let keys: Vec<Vec<&str>> = names.iter().map(|name| words(name)).collect();
    // Each name keeps at least one word.
    let spare = keys.iter().map(Vec::len).min().unwrap_or(1) - 1;
    let front = shared(&keys, spare, |name, index| name.get(index).copied());
    let back = shared(&keys, spare - front, |name, index| name.iter().rev().nth(index).copied());
    let heading = |column: &Column| match column {
        Column::Nothing => "none set".to_owned(),
        Column::Key { variable } => {
            let name = words(variable);
            name[front..name.len() - back].join("_")
        }
        Column::Value { variable, value } => {
            let name = words(variable);
            let shares = name.len() > front && keys.iter().all(|key| key[..front] == name[..front]);
            format!("{}={value}", name[if shares { front } else { 0 }..].join("_"))
        }
    };
    columns.iter().map(heading).collect()
}

fn words(name: &str) -> Vec<&str> {
    name.split('_').collect()
}

/// The number of words that all names share at one end, at most `most`; 0 for a single name.
fn shared<'n>(names: &[Vec<&'n str>], most: usize, word: impl Fn(&[&'n str], usize) -> Option<&'n str>) -> usize {
    let [first, _, ..] = names else { return 0 };
    (0..most).take_while(|&index| names.iter().all(|name| word(name, index) == word(first, index))).count()
}

fn cell_text(cell: &Cell) -> String {
    match cell.code {
        None if cell.is_nothing => "– not created".to_owned(),
        None => format!("✓ {}", cell.provider.as_deref().unwrap_or_default()),
        Some(code) => format!("✗ {}", code.label()),
    }
}

fn padded(text: &str, width: usize) -> String {
    let missing = width.saturating_sub(text.chars().count());
    format!("{text}{}", " ".repeat(missing))
}

fn gaps(policy: &PolicyReport) -> String {
    if policy.gaps.is_empty() && policy.uncovered() > 0 {
        return format!("  {WARN}no gaps{WARN:#} in the cases that were checked; others were not checked\n");
    }
    if policy.creates_nothing() {
        return format!("  {WARN}{CREATES_NOTHING}{WARN:#}\n");
    }
    if policy.gaps.is_empty() {
        return format!("  {GOOD}no gaps{GOOD:#}: without an override, every case is consistent\n");
    }
    let accepted = policy.gaps.len() - policy.open_gaps();
    let accepted = if accepted > 0 { format!(", {accepted} of them accepted") } else { String::new() };
    let mut text = format!(
        "  {HEAD}{}{HEAD:#}: contradictions reachable without an override{accepted}\n",
        counted(policy.gaps.len() as u64, "gap")
    );
    if policy.gaps.iter().any(|gap| gap.is_invented) {
        let note = "an invented slug stands for all ids that the registry lacks";
        let _ = writeln!(text, "{FAINT}{}{FAINT:#}", wrapped(note, "  ", "  "));
    }
    let mut code = None;
    let mut set = String::new();
    for group in grouped_by_runtime(&policy.gaps) {
        let gap = group[0];
        let runtimes: Vec<&str> = group.iter().map(|gap| gap.gap.runtime.as_str()).collect();
        if code != Some(gap.gap.code) {
            code = Some(gap.gap.code);
            set.clear();
            let heading = format!("{}: {}", gap.gap.code.as_str(), gap.gap.code.meaning());
            let _ = writeln!(text, "\n{WARN}{}{WARN:#}", wrapped(&heading, "  ", "    "));
        }
        let names = set_names(gap);
        if names != set {
            let _ = writeln!(text, "{}", wrapped(&names, "    ", "      "));
            set = names;
        }
        let line = wrapped(&format!("{}: {}", runtimes.join(", "), description(gap)), "      ", "        ");
        let faint = if gap.accepted.is_some() { FAINT } else { anstyle::Style::new() };
        let _ = writeln!(text, "{faint}{line}{faint:#}");
    }
    text
}

/// The environments that send a key to another vendor, which slugproof.yaml denies.
fn crossings(policy: &PolicyReport) -> String {
    if policy.crossings.is_empty() {
        return String::new();
    }
    let heading = format!("{}: {}", CROSS_VENDOR_CREDENTIAL.id, CROSS_VENDOR_CREDENTIAL.meaning);
    let mut text = format!("\n{WARN}{}{WARN:#}\n", wrapped(&heading, "  ", "    "));
    for EvaluatedCrossing { crossing, accepted } in &policy.crossings {
        let names = assignments(&crossing.set, crossing.slug_in.as_ref());
        let _ = writeln!(text, "{}", wrapped(&names, "    ", "      "));
        let sent = explain::cross_vendor(&crossing.keys, &crossing.provider);
        let reason = accepted.as_ref().map(|reason| format!(" (accepted: {reason})")).unwrap_or_default();
        let line = format!("{}: {}, {sent}{reason}", crossing.runtime, shown(&crossing.slug));
        let _ = writeln!(text, "{}", wrapped(&line, "      ", "        "));
    }
    text
}

/// The environments that violate an invariant of slugproof.yaml, by invariant.
fn violations(policy: &PolicyReport) -> String {
    let mut text = String::new();
    let mut line = None;
    for violation in &policy.violations.found {
        if line != Some(violation.line) {
            line = Some(violation.line);
            let reason =
                violation.reason.as_ref().map(|reason| format!(" (reason: {})", shown(reason))).unwrap_or_default();
            let heading = format!("violated-invariant: {}{reason}", violation.statement);
            let _ = writeln!(text, "\n{WARN}{}{WARN:#}", wrapped(&heading, "  ", "    "));
        }
        let names = assignments(&violation.set, violation.slug_in.as_ref());
        let _ = writeln!(text, "{}", wrapped(&names, "    ", "      "));
        let line = format!("{}: {} from {}", violation.runtime, shown(&violation.slug), violation.provider);
        let _ = writeln!(text, "{}", wrapped(&line, "      ", "        "));
    }
    text
}

/// The findings other than gaps.
fn findings(policy: &PolicyReport) -> String {
    let mut text = String::new();
    if let Some(broken) = &policy.proof.broken {
        let message = format!("law {} is broken: {}", broken.law.id, broken.law.statement);
        let _ = writeln!(text, "\n{BAD}✗ {}{BAD:#}", wrapped(&message, "", "  "));
        let _ = writeln!(text, "{}\n{:?}", wrapped(&broken.violation, "  ", "  "), broken.case);
    }
    if policy.brute_force.as_ref().is_some_and(|brute_force| !brute_force.agrees) {
        let _ = writeln!(text, "\n{BAD}✗ the counts of --brute-force differ from those of the enumeration{BAD:#}");
    }
    for note in notes(policy) {
        let _ = writeln!(text, "\n{FAINT}{}{FAINT:#}", wrapped(&format!("note: {note}"), "  ", "    "));
    }
    for message in undecided(policy) {
        let message = format!("undecided: {message}");
        let message = wrapped(&message, "", "  ").replacen("undecided", &format!("{WARN}undecided{WARN:#}"), 1);
        let _ = writeln!(text, "\n{message}");
    }
    text
}

/// A result in one line.
fn line((sign, text): (Sign, String)) -> String {
    let (style, mark) = match sign {
        Sign::Bad => (BAD, "✗"),
        Sign::Open => (WARN, "!"),
        Sign::Good | Sign::Plain => (GOOD, "✓"),
    };
    let text = wrapped(&format!("{mark} {text}"), "", "  ");
    format!("{}\n", text.replacen(mark, &format!("{style}{mark}{style:#}"), 1))
}

/// The worst results; of a run in which everything holds, the first.
pub fn verdict(report: &Report) -> String {
    let results = results(report);
    let worst = results.iter().map(|(sign, _)| *sign).min();
    let most = if worst.is_some_and(|sign| sign <= Sign::Open) { results.len() } else { 1 };
    let mut text: String = results.into_iter().filter(|(sign, _)| Some(*sign) == worst).take(most).map(line).collect();
    text.extend(sample(report).map(|text| line((Sign::Open, text))));
    text
}

/// The summary: what holds, what fails and what is missing.
pub fn summary(report: &Report) -> String {
    let mut text: String = results(report).into_iter().map(line).collect();
    let _ = writeln!(text, "{FAINT}  took {:.2} s{FAINT:#}", report.elapsed.as_secs_f64());
    text.extend(sample(report).map(|text| line((Sign::Open, text))));
    text
}
