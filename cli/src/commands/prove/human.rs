//! The report for people.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;

use slug_laws::LAWS;
use slug_resolver::{Code, explain};

use super::report::{
    Cell, Column, EvaluatedCrossing, EvaluatedGap, Functions, PolicyReport, Report, Row, Sample, nothing_proved,
};
use crate::codes::CROSS_VENDOR_CREDENTIAL;
use crate::data::WRITE_CONFIG;
use crate::render::{BAD, FAINT, GOOD, HEAD, WARN, counted, grouped, shown, width, wrapped};

/// Renders the whole report.
pub fn render(report: &Report) -> String {
    let mut text = format!(
        "{HEAD}registry{HEAD:#} {}: {}, {}\n",
        report.registry_source,
        counted(report.providers as u64, "provider"),
        counted(report.runtimes as u64, "runtime")
    );
    if let Some(config) = &report.config {
        let _ = writeln!(text, "{HEAD}config{HEAD:#}   {config}");
    }
    for policy in &report.policies {
        let origin = if policy.embedded { " (embedded)" } else { "" };
        let _ = writeln!(
            text,
            "\n{HEAD}policy {}{HEAD:#}{origin}: which provider serves each runtime, by variable\n",
            shown(&policy.policy)
        );
        text.push_str(&matrix(policy));
        text.push_str(&gaps(policy));
        text.push_str(&crossings(policy));
        text.push_str(&violations(policy));
        text.push_str(&findings(policy));
    }
    text.push('\n');
    text.push_str(&summary(report));
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
    if policy.gaps.is_empty() {
        return format!("  {GOOD}no gaps{GOOD:#}: without an override, every case is consistent\n");
    }
    let accepted = policy.gaps.len() - policy.open_gaps();
    let accepted = if accepted > 0 { format!(", {accepted} of them accepted") } else { String::new() };
    let mut text = format!(
        "  {HEAD}{}{HEAD:#}: contradictions reachable without an override{accepted}\n",
        counted(policy.gaps.len() as u64, "gap")
    );
    let mut code = None;
    let mut set = String::new();
    for (gap, runtimes) in grouped_by_runtime(&policy.gaps) {
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

/// An entry of `accept` that accepts a gap.
fn example(evaluated: &EvaluatedGap) -> String {
    let names: Vec<&str> = evaluated.gap.set.keys().map(String::as_str).collect();
    let set = if names.is_empty() { String::new() } else { format!("set: [{}], ", names.join(", ")) };
    format!("{{code: {}, {set}reason: WHY}}", evaluated.gap.code.as_str())
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

/// The gaps in their order; gaps that differ only in the runtime are one entry with all runtimes.
fn grouped_by_runtime(gaps: &[EvaluatedGap]) -> Vec<(&EvaluatedGap, Vec<&str>)> {
    let mut groups: Vec<(&EvaluatedGap, Vec<&str>)> = Vec::new();
    let mut by_text = HashMap::new();
    for gap in gaps {
        let text = (gap.gap.code, set_names(gap), description(gap));
        let group = *by_text.entry(text).or_insert_with(|| {
            groups.push((gap, Vec::new()));
            groups.len() - 1
        });
        groups[group].1.push(&gap.gap.runtime);
    }
    groups
}

/// The assignments of a gap. `<slug>` represents all slugs that lead to the same contradiction.
fn set_names(evaluated: &EvaluatedGap) -> String {
    assignments(&evaluated.gap.set, evaluated.gap.slug_in.as_ref())
}

fn assignments(set: &BTreeMap<String, String>, slug_in: Option<&String>) -> String {
    if set.is_empty() {
        return "nothing set".to_owned();
    }
    let shown = |(name, value): (&String, &String)| {
        if slug_in == Some(name) { format!("{name}=<slug>") } else { format!("{name}={}", shown(value)) }
    };
    set.iter().map(shown).collect::<Vec<_>>().join(" ")
}

fn description(evaluated: &EvaluatedGap) -> String {
    let gap = &evaluated.gap;
    let slug = shown(&gap.slug);
    let provider = gap.provider.as_ref().map(|provider| format!(" on {provider}")).unwrap_or_default();
    let more =
        if gap.cases > 1 { format!(", and {}", counted(gap.cases as u64 - 1, "more slug")) } else { String::new() };
    let accepted = evaluated.accepted.as_ref().map(|reason| format!(" (accepted: {reason})")).unwrap_or_default();
    format!("`{slug}`{provider}{more}{accepted}")
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
        let _ = writeln!(text, "\n{BAD}✗ --brute-force counts other results than the enumeration of cases{BAD:#}");
    }
    if !policy.undecided.is_empty() {
        let message = format!(
            "undecided: which patterns overlap on {} is unknown, because their patterns are too large or use \
             Unicode word boundaries; a class of slugs may have no example; \
             simplify the patterns, or write `(?-u:\\b)` for `\\b`",
            policy.undecided.join(", ")
        );
        let message = wrapped(&message, "", "  ").replacen("undecided", &format!("{WARN}undecided{WARN:#}"), 1);
        let _ = writeln!(text, "\n{message}");
    }
    if !policy.unexplored.is_empty() {
        let message = format!(
            "undecided: the rules of the policy distinguish too many environments on {}, so no case is about them; \
             simplify the conditions",
            policy.unexplored.join(", ")
        );
        let message = wrapped(&message, "", "  ").replacen("undecided", &format!("{WARN}undecided{WARN:#}"), 1);
        let _ = writeln!(text, "\n{message}");
    }
    text
}

/// The number of runtimes about which the proof says less than all.
fn incomplete(policy: &PolicyReport) -> usize {
    policy.undecided.len() + policy.unexplored.len()
}

/// What is known about policies and their functions.
fn functions(functions: &Functions) -> String {
    let not_compared = functions.not_compared.iter().map(|text| (WARN, '!', text.clone()));
    let proved = functions.proved.iter().map(|text| (GOOD, '✓', text.clone()));
    let problems = functions.problems.iter().map(|text| (BAD, '✗', format!("{text}: `slugproof conform` shows why")));
    let line = |(style, sign, text): (anstyle::Style, char, String)| {
        let text = wrapped(&format!("{sign} {text}"), "", "  ");
        format!("{}\n", text.replacen(sign, &format!("{style}{sign}{style:#}"), 1))
    };
    not_compared.chain(proved).chain(problems).map(line).collect()
}

fn summary(report: &Report) -> String {
    let sum = |count: fn(&PolicyReport) -> u128| report.policies.iter().map(count).sum::<u128>();
    let broken = report.policies.iter().filter(|policy| policy.proof.broken.is_some()).count();
    let evaluated = grouped(sum(|policy| policy.proof.evaluated as u128));
    let covered = grouped(sum(|policy| policy.proof.covered));
    let mut text = String::new();
    let undecided: usize = report.policies.iter().map(incomplete).sum();
    let laws = if undecided > 0 && broken == 0 {
        let found = if report.gaps_count { format!("{BAD}✗{BAD:#}") } else { format!("{WARN}!{WARN:#}") };
        let runtimes = counted(undecided as u64, "runtime");
        format!("{found} no law is broken on {evaluated} cases, but for {runtimes} some relevant cases are missing")
    } else if broken == 0 {
        format!("{GOOD}✓{GOOD:#} {} laws hold on {evaluated} cases that represent {covered} combinations", LAWS.len())
    } else {
        format!("{BAD}✗{BAD:#} a law is broken; {evaluated} cases that represent {covered} combinations were checked")
    };
    let _ = writeln!(text, "{laws}");
    if broken == 0 {
        let compared = grouped(sum(|policy| policy.proof.compared as u128));
        let queries = format!("{compared} queries, each slug on each runtime, agree with the reference resolver");
        let _ = writeln!(text, "{GOOD}✓{GOOD:#} {queries}");
    }
    let decided = report.policies.iter().filter_map(|policy| policy.brute_force.as_ref());
    let decided: u128 = decided.map(|brute_force| brute_force.combinations).sum();
    if decided > 0 {
        let _ = writeln!(text, "{GOOD}✓{GOOD:#} all {} combinations were also evaluated one by one", grouped(decided));
    }
    let open: usize = report.policies.iter().map(PolicyReport::open_gaps).sum();
    match (open, report.gaps_count) {
        (0, _) => {}
        (_, true) => {
            let gaps = report.policies.iter().flat_map(|policy| &policy.gaps);
            let example = gaps.filter(|gap| gap.accepted.is_none()).map(example).next().unwrap_or_default();
            let message = format!(
                "✗ {} not accepted: fix the policy, or accept each under `accept` in slugproof.yaml, as in {example}",
                counted(open as u64, "gap")
            );
            let message = wrapped(&message, "", "  ").replacen('✗', &format!("{BAD}✗{BAD:#}"), 1);
            let _ = writeln!(text, "{message}");
        }
        (_, false) => {
            let _ = writeln!(
                text,
                "{WARN}!{WARN:#} {}, shown above; --deny gaps makes each a finding",
                counted(open as u64, "gap")
            );
        }
    }
    let crossings: usize = report.policies.iter().map(PolicyReport::open_crossings).sum();
    if crossings > 0 {
        let environments = counted(crossings as u64, "environment");
        let verb = if crossings == 1 { "sends" } else { "send" };
        let message = format!(
            "✗ {environments} {verb} a key to another vendor, which `deny` in slugproof.yaml forbids: change the \
             registry or the policy, or accept it"
        );
        let message = wrapped(&message, "", "  ").replacen('✗', &format!("{BAD}✗{BAD:#}"), 1);
        let _ = writeln!(text, "{message}");
    }
    let all = || report.policies.iter().map(|policy| &policy.violations);
    let violated: BTreeSet<u64> = all().flat_map(|all| all.found.iter().map(|violation| violation.line)).collect();
    let unexplored: BTreeSet<u64> = all().flat_map(|all| all.unexplored.iter().copied()).collect();
    for (lines, what) in [
        (&violated, "is violated: change the policy or the registry, or narrow the invariant by `when`"),
        (&unexplored, "has too many environments to check all: narrow it by `policy`, `runtime` or `when`"),
    ] {
        for line in lines {
            let config = report.config.as_deref().unwrap_or_default();
            let message = wrapped(&format!("✗ {config}: line {line}: the invariant {what}"), "", "  ");
            let _ = writeln!(text, "{}", message.replacen('✗', &format!("{BAD}✗{BAD:#}"), 1));
        }
    }
    let checked = all().map(|all| all.checked).max().unwrap_or_default();
    if checked > 0 && violated.is_empty() && unexplored.is_empty() {
        let invariants = counted(checked as u64, "invariant");
        let _ = writeln!(text, "{GOOD}✓{GOOD:#} {invariants} of slugproof.yaml, in every environment");
    }
    text.push_str(&functions(&report.functions));
    for idle in &report.idle {
        let config = report.config.as_deref().unwrap_or_default();
        let _ = writeln!(
            text,
            "{BAD}✗{BAD:#} {config}: line {}: this entry of `accept` matches no gap with the code {}; remove it, or \
             add `workflow` or `job` if it is about a finding of lint",
            idle.line,
            idle.code.as_str()
        );
    }
    let sample = match report.sample {
        Some(Sample::Demonstrated) => Some(format!("this was sample data: {WRITE_CONFIG}")),
        Some(Sample::Unrequested) => Some(nothing_proved(report.without_config)),
        Some(Sample::Requested) | None => None,
    };
    let _ = writeln!(text, "{FAINT}  took {:.2} s{FAINT:#}", report.elapsed.as_secs_f64());
    if let Some(sample) = sample {
        let sample = wrapped(&format!("! {sample}"), "", "  ").replacen('!', &format!("{WARN}!{WARN:#}"), 1);
        let _ = writeln!(text, "{sample}");
    }
    text
}
