//! `conform`: compares policies with the functions that they describe.

use std::path::PathBuf;

use serde_json::{Value, json};
use slug_function::comparison::{Comparison, Target, Verdict};
use slug_function::conformance::Unrefused;

use crate::args::ConformArgs;
use crate::codes::Command;
use crate::conformity::{self, Conformity, State};
use crate::data::{Data, PolicyFile};
use crate::exit::{Exit, Failure};
use crate::findings::{Coverage, FindingsOptions, Report, Section, SectionResult, publish};
use crate::output::Output;
use crate::render::{counted, grouped, shown};

/// Runs `conform`.
pub fn run(args: &ConformArgs, output: &mut Output) -> Result<Exit, Failure> {
    let data = Data::find(args.registry.options())?;
    let registry = data.registry()?;
    let policies = data.policy_files(&args.policy)?;
    let denied = [data.denied(), &args.findings.deny].concat();
    let options = FindingsOptions { deny: denied, ..args.findings.options() };
    let is_denied = conformity::is_denied(&options.deny);
    let conformity = Conformity::new(data.config.as_ref(), &registry, args.budget);
    let mut conformity = conformity.with_progress(output.is_quiet());
    let mut report = Report::new(Command::Conform);
    let mut files = data.files(&args.policy);
    let (mut compared, mut unnamed) = (0, Vec::new());
    for file in &policies {
        let state = conformity.state(&file.policy)?;
        conformity::add(&mut report, file, &state, is_denied)?;
        match &state {
            State::NoFunction => unnamed.push(format!("`{}`", shown(file.policy.name()))),
            State::Missing(..) | State::Unusable(..) => report.coverage = Coverage::Incomplete,
            State::Compared(comparison, target) => {
                compared += 1;
                files.extend(target.files.iter().map(|file| target.root.join(&file.path)));
                report.sections.push(section(file, comparison, target));
                if comparison.verdict() == Verdict::NotProved && report.coverage == Coverage::Complete {
                    report.coverage = Coverage::Unproved;
                }
            }
        }
    }
    options.check_inputs(files.iter().map(PathBuf::as_path))?;
    if !unnamed.is_empty() {
        let names = unnamed.join(", ");
        let (noun, verb) = if unnamed.len() == 1 { ("the policy", "has") } else { ("the policies", "have") };
        report.notices.push(format!("{noun} {names} {verb} no field `function`, so there is nothing to compare"));
    }
    if compared == 0 && report.coverage == Coverage::Complete {
        let is_sample = data.has_default_registry() && args.policy.is_empty() && !args.registry.embedded;
        report.coverage = if is_sample { Coverage::Sample } else { Coverage::Nothing };
    }
    report.checked.extend((compared > 0).then_some(("policy", compared)));
    publish(report, &options, output)
}

/// What the report says about a policy and its function.
fn section(file: &PolicyFile, comparison: &Comparison, target: &Target) -> Section {
    let verdict = comparison.verdict();
    let name = shown(file.policy.name());
    let differences = comparison.conformance.differences.len();
    let (result, summary) = match verdict {
        Verdict::Proved if target.secrets.is_none() => {
            (SectionResult::Good, format!("proved: `{name}` selects the models of its function"))
        }
        Verdict::Proved => (SectionResult::Good, format!("proved: `{name}` matches its function")),
        Verdict::Different if differences == 0 => {
            (SectionResult::Bad, format!("unstable: the answers of the function of `{name}` vary"))
        }
        Verdict::Different => (
            SectionResult::Bad,
            format!("different: `{name}` and its function have {}", counted(differences as u64, "difference")),
        ),
        Verdict::NotProved if comparison.conformance.asked + comparison.conformance.near_misses == 0 => {
            (SectionResult::Open, format!("not proved: the function of `{name}` answered in no case"))
        }
        Verdict::NotProved if comparison.conformance.unrefused.iter().any(|condition| condition.is_read) => (
            SectionResult::Open,
            format!("not proved: `{name}` says that nothing is created where its function selects a model"),
        ),
        Verdict::NotProved => (
            SectionResult::Open,
            format!("not proved: `{name}` matches its function in every tested case, but cases may be missing"),
        ),
    };
    Section {
        policy: file.policy.name().to_owned(),
        facts: facts(comparison, target),
        result,
        summary,
        data: data(file, comparison, target),
    }
}

fn facts(comparison: &Comparison, target: &Target) -> Vec<(&'static str, String)> {
    let files: Vec<String> = target.files.iter().map(|file| shown(&file.path)).collect();
    let secrets = target
        .secrets
        .as_ref()
        .map_or("not compared: the policy has no `function.secrets`".to_owned(), |secrets| shown(secrets));
    let mut protections: Vec<&str> = comparison.protections.iter().map(|protection| protection.describe()).collect();
    protections.push("limits on time, memory and output");
    let mut facts = vec![
        ("files", files.join(", ")),
        ("model", shown(&target.model)),
        ("secrets", secrets),
        ("tested", tested(comparison)),
    ];
    let untested: Vec<String> = comparison.conformance.unrefused.iter().filter_map(untested).collect();
    if !untested.is_empty() {
        let conditions = untested.join(", ");
        let facts_of_harness = "the function does not test this, so only the harness can refuse to start";
        facts.push(("assumed", format!("nothing is created under {conditions}: {facts_of_harness}")));
    }
    if let Some((location, name)) = &comparison.constant_parameter {
        let place = format!("{}:{}", shown(&location.path), location.line);
        facts.push((
            "assumed",
            format!(
                "the harness does not pass the runtime: `${name}` is the same for every runtime ({place}), because \
                 `function.model` does not pass `$RUNTIME`"
            ),
        ));
    }
    facts.push(("sandbox", protections.join(", ")));
    facts
}

/// A condition of `creates.unless` that the function does not read.
fn untested(unrefused: &Unrefused) -> Option<String> {
    (!unrefused.is_read).then(|| format!("`creates.unless[{}]`", unrefused.condition))
}

/// What was tested, and what was not.
fn tested(comparison: &Comparison) -> String {
    let conformance = &comparison.conformance;
    let sampled = if conformance.is_sampled { ", sampled" } else { "" };
    let mut parts = vec![format!(
        "{} of {} of environments{sampled}",
        grouped(conformance.asked as u128),
        counted(conformance.classes, "class")
    )];
    if conformance.near_misses > 0 {
        parts.push(counted(conformance.near_misses as u64, "near miss"));
    }
    if conformance.creates_nothing > 0 {
        parts.push(format!("{} in which nothing is created", grouped(conformance.creates_nothing as u128)));
    }
    let failed: usize = conformance.not_asked.iter().map(|(_, _, count)| count).sum();
    if failed > 0 {
        parts.push(format!("{} without an answer", grouped(failed as u128)));
    }
    format!("{}; each twice, in opposite orders", parts.join(", "))
}

/// The section for programs; docs/findings.schema.json is its schema.
fn data(file: &PolicyFile, comparison: &Comparison, target: &Target) -> Value {
    let conformance = &comparison.conformance;
    let failed: usize = conformance.not_asked.iter().map(|(_, _, count)| count).sum();
    json!({
        "policy": file.policy.name(),
        "verdict": comparison.verdict().name(),
        "source": target.files.iter().map(|file| &file.path).collect::<Vec<_>>(),
        "model": target.model,
        "secrets": target.secrets,
        "classes": u64::try_from(conformance.classes).unwrap_or(u64::MAX),
        "asked": conformance.asked,
        "near_misses": conformance.near_misses,
        "creates_nothing": conformance.creates_nothing,
        "unrefused": conformance.unrefused.iter().map(unrefused).collect::<Vec<_>>(),
        "unanswered": failed,
        "sampled": conformance.is_sampled,
        "protections": comparison.protections.iter().map(|protection| protection.name()).collect::<Vec<_>>(),
    })
}

/// A condition of `creates.unless` for programs.
fn unrefused(unrefused: &Unrefused) -> Value {
    json!({
        "condition": unrefused.condition,
        "read": unrefused.is_read,
        "model": unrefused.model,
        "cases": unrefused.cases,
    })
}
