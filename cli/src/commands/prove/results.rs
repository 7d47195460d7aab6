//! The results of `prove` in sentences, for people and for pages.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use slug_laws::LAWS;

use super::report::{EvaluatedGap, PolicyReport, Report, Sample, WithoutRuntime, nothing_proved};
use crate::data::WRITE_CONFIG;
use crate::page::Sign;
use crate::render::{counted, grouped, shown};

/// What holds, what fails and what is missing, one sentence each.
pub fn results(report: &Report) -> Vec<(Sign, String)> {
    let sum = |count: fn(&PolicyReport) -> u128| report.policies.iter().map(count).sum::<u128>();
    let broken = report.policies.iter().filter(|policy| policy.proof.broken.is_some()).count();
    let evaluated = grouped(sum(|policy| policy.proof.evaluated as u128));
    let covered = grouped(sum(|policy| policy.proof.covered));
    let mut results = Vec::new();
    let undecided: usize = report.policies.iter().map(PolicyReport::uncovered).sum();
    results.push(if undecided > 0 && broken == 0 {
        let sign = if report.gaps_count { Sign::Bad } else { Sign::Open };
        let runtimes = counted(undecided as u64, "runtime");
        let evaluated = counted(sum(|policy| policy.proof.evaluated as u128), "case");
        (sign, format!("no law is broken on {evaluated}, but for {runtimes} some relevant cases are missing"))
    } else if broken == 0 {
        let laws = LAWS.len();
        (Sign::Good, format!("{laws} laws hold on {evaluated} cases that represent {covered} combinations"))
    } else {
        (Sign::Bad, format!("a law is broken; {evaluated} cases that represent {covered} combinations were checked"))
    });
    if broken == 0 {
        let compared = sum(|policy| policy.proof.compared as u128);
        let sign = if compared > 0 { Sign::Good } else { Sign::Open };
        let compared = grouped(compared);
        let is_complete = report.policies.iter().all(|policy| policy.unchecked.is_empty());
        let which = if is_complete { "queries, each slug on each runtime," } else { "queries" };
        let queries = format!("{compared} {which} agree with the reference resolver");
        results.push((sign, queries));
    }
    for policy in report.policies.iter().filter(|policy| policy.creates_nothing()) {
        let sign = if report.gaps_count { Sign::Bad } else { Sign::Open };
        let name = shown(&policy.policy);
        let message = format!("policy {name}: {CREATES_NOTHING}: correct its `creates`");
        results.push((sign, message));
    }
    let decided = report.policies.iter().filter_map(|policy| policy.brute_force.as_ref());
    let decided: u128 = decided.filter(|all| all.agrees).map(|all| all.combinations).sum();
    if decided > 0 {
        results.push((Sign::Good, format!("all {} combinations were also evaluated one by one", grouped(decided))));
    }
    let open: usize = report.policies.iter().map(PolicyReport::open_gaps).sum();
    let gaps = counted(open as u64, "gap");
    match (open, report.gaps_count) {
        (0, _) => {}
        (_, true) => {
            let all = report.policies.iter().flat_map(|policy| &policy.gaps);
            let example = all.filter(|gap| gap.accepted.is_none()).map(accept_entry).next().unwrap_or_default();
            let message = format!(
                "{gaps} not accepted: fix the policy, or accept each under `accept` in slugproof.yaml, as in {example}"
            );
            results.push((Sign::Bad, message));
        }
        (_, false) => {
            results.push((Sign::Open, format!("{gaps}; --deny gaps makes each a finding")));
        }
    }
    let crossings: usize = report.policies.iter().map(PolicyReport::open_crossings).sum();
    if crossings > 0 {
        let environments = counted(crossings as u64, "environment");
        let verb = if crossings == 1 { "sends" } else { "send" };
        let message = format!(
            "{environments} {verb} a key to another vendor, which `deny` in slugproof.yaml forbids: change the \
             registry or the policy, or accept it"
        );
        results.push((Sign::Bad, message));
    }
    results.extend(invariants(report));
    results.extend(expectations(report));
    let functions = &report.functions;
    let problems = functions.problems.iter().map(|text| format!("{text}: `slugproof conform` shows why"));
    results.extend(functions.not_compared.iter().map(|text| (Sign::Open, text.clone())));
    results.extend(functions.proved.iter().map(|text| (Sign::Good, text.clone())));
    results.extend(problems.map(|text| (Sign::Bad, text)));
    let config = report.config.as_deref().unwrap_or_default();
    for idle in &report.idle {
        let message = format!(
            "{config}: line {}: this entry of `accept` matches no gap with the code {}; remove it, or add `workflow` \
             or `job` if it is about a finding of lint",
            idle.line,
            idle.code.as_str()
        );
        results.push((Sign::Bad, message));
    }
    results
}

/// What is said of a policy that creates nothing.
pub const CREATES_NOTHING: &str = "no environment creates anything, so nothing is proved";

/// An entry of `accept` that accepts a gap.
fn accept_entry(evaluated: &EvaluatedGap) -> String {
    let names: Vec<&str> = evaluated.gap.set.keys().map(String::as_str).collect();
    let set = if names.is_empty() { String::new() } else { format!("set: [{}], ", names.join(", ")) };
    format!("{{code: {}, {set}reason: <WHY>}}", evaluated.gap.code.as_str())
}

fn invariants(report: &Report) -> Vec<(Sign, String)> {
    let config = report.config.as_deref().unwrap_or_default();
    let all = || report.policies.iter().map(|policy| &policy.violations);
    let violated: BTreeSet<u64> = all().flat_map(|all| all.found.iter().map(|violation| violation.line)).collect();
    let unexplored: BTreeSet<u64> = all().flat_map(|all| all.unexplored.iter().copied()).collect();
    let mut results = Vec::new();
    for (lines, what) in [
        (&violated, "is violated: change the policy or the registry, or narrow the invariant by `when`"),
        (&unexplored, "has too many environments to check all: narrow it by `policy`, `runtime` or `when`"),
    ] {
        results.extend(lines.iter().map(|line| (Sign::Bad, format!("{config}: line {line}: the invariant {what}"))));
    }
    let checked = all().map(|all| all.checked).max().unwrap_or_default();
    if checked > 0 && results.is_empty() {
        let invariants = counted(checked as u64, "invariant");
        results.push((Sign::Good, format!("{invariants} of slugproof.yaml, in every environment")));
    }
    results
}

/// How the tests of slugproof.yaml ended.
fn expectations(report: &Report) -> Vec<(Sign, String)> {
    let config = report.config.as_deref().unwrap_or_default();
    let (all, failed) = (report.expectations.len(), report.failed_expectations());
    let entries = counted(all as u64, "expectation");
    let mut results = Vec::new();
    if failed > 0 {
        let message = format!(
            "{config}: {failed} of {entries} failed: correct the policy, the registry or the entry of `expect`"
        );
        results.push((Sign::Bad, message));
    } else if all > 0 {
        let verb = if all == 1 { "holds" } else { "hold" };
        results.push((Sign::Good, format!("{entries} of slugproof.yaml {verb}")));
    }
    if report.untested > 0 {
        let entries = counted(report.untested as u64, "expectation");
        let verb = if report.untested == 1 { "is" } else { "are" };
        results.push((
            Sign::Open,
            format!("{entries} of slugproof.yaml {verb} about policies that this run does not prove"),
        ));
    }
    results
}

/// What a run without data of the user says at the beginning.
pub fn sample_heading(report: &Report) -> Option<String> {
    let why = match report.sample? {
        Sample::Requested => return None,
        _ if report.without_config => "--no-config ignores slugproof.yaml",
        _ => "neither this directory nor a parent has a slugproof.yaml",
    };
    Some(format!("sample data: {why}, so this is not about your repository"))
}

/// What a run without data of the user says at the end.
pub fn sample(report: &Report) -> Option<String> {
    match report.sample {
        Some(Sample::Demonstrated) => Some(format!("this was sample data: {WRITE_CONFIG}")),
        Some(Sample::Unrequested) => Some(nothing_proved(report.without_config)),
        Some(Sample::Requested) | None => None,
    }
}

/// What is not known about a policy, one sentence each.
pub fn undecided(policy: &PolicyReport) -> Vec<String> {
    let mut sentences = Vec::new();
    if !policy.undecided.is_empty() {
        sentences.push(format!(
            "which patterns overlap on {} is unknown, because their patterns are too large or use Unicode word \
             boundaries; a class of slugs may have no example; simplify the patterns, or write `(?-u:\\b)` for `\\b`",
            policy.undecided.join(", ")
        ));
    }
    if !policy.unexplored.is_empty() {
        sentences.push(format!(
            "the rules of the policy distinguish too many environments on {}, so no case is about them; simplify \
             the conditions",
            policy.unexplored.join(", ")
        ));
    }
    if !policy.unchecked.is_empty() {
        sentences.push(format!(
            "the budget ended before every case of {} was checked; simplify the conditions, list fewer ids, or raise \
             the budget with `--budget`",
            policy.unchecked.join(", ")
        ));
    }
    sentences
}

/// What the proof of a policy assumes or leaves out, one sentence each.
pub fn notes(policy: &PolicyReport) -> Vec<String> {
    let mut notes = Vec::new();
    if !policy.without_creation.is_empty() && !policy.creates_nothing() {
        let runtimes: Vec<String> = policy.without_creation.iter().map(|name| shown(name)).collect();
        notes.push(format!("no environment creates anything on {}, so nothing is proved there", runtimes.join(", ")));
    }
    if let Some(WithoutRuntime { set, code }) = &policy.without_runtime {
        let set = assignments(set, None);
        notes.push(format!(
            "an environment with {set} names no runtime: unless the harness is given one, the create call fails \
             ({code}), which is not counted as a gap; if the harness has a default, add it to `defaults` or `runtime`"
        ));
    }
    notes
}

/// The gaps in their order; gaps that differ only in the runtime are one entry with all runtimes.
pub fn grouped_by_runtime(gaps: &[EvaluatedGap]) -> Vec<Vec<&EvaluatedGap>> {
    let mut groups: Vec<Vec<&EvaluatedGap>> = Vec::new();
    let mut by_text = HashMap::new();
    for gap in gaps {
        let text = (gap.gap.code, set_names(gap), description(gap));
        let group = *by_text.entry(text).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        groups[group].push(gap);
    }
    groups
}

/// The assignments of a gap. `<slug>` represents all slugs that lead to the same contradiction.
pub fn set_names(evaluated: &EvaluatedGap) -> String {
    assignments(&evaluated.gap.set, evaluated.gap.slug_in.as_ref())
}

/// The assignments of an environment, with `<slug>` for the value of the variable that holds the slug.
pub fn assignments(set: &BTreeMap<String, String>, slug_in: Option<&String>) -> String {
    if set.is_empty() {
        return "nothing set".to_owned();
    }
    let shown = |(name, value): (&String, &String)| {
        if slug_in == Some(name) { format!("{name}=<slug>") } else { format!("{name}={}", shown(value)) }
    };
    set.iter().map(shown).collect::<Vec<_>>().join(" ")
}

/// The model of a gap, its provider, and the reason if it is accepted.
pub fn description(evaluated: &EvaluatedGap) -> String {
    let gap = &evaluated.gap;
    let slug = shown(&gap.slug);
    let invented = if evaluated.is_invented { " (invented)" } else { "" };
    let provider = gap.provider.as_ref().map(|provider| format!(" on {provider}")).unwrap_or_default();
    let more =
        if gap.cases > 1 { format!(", and {}", counted(gap.cases as u64 - 1, "more slug")) } else { String::new() };
    let accepted = evaluated.accepted.as_ref().map(|reason| format!(" (accepted: {reason})")).unwrap_or_default();
    format!("`{slug}`{invented}{provider}{more}{accepted}")
}
