//! The report for machines.

use std::collections::BTreeMap;

use serde::Serialize;
use slug_laws::LAWS;
use slug_laws::proof::Gap;
use slug_resolver::{Code, Kind};

use super::report::{EvaluatedCrossing, PolicyReport, Report, TestedExpectation};
use crate::codes::{CROSS_VENDOR_CREDENTIAL, FAILED_EXPECTATION};

#[derive(Serialize)]
struct Form<'a> {
    schema_version: u8,
    registry: &'a str,
    config: Option<&'a str>,
    sample_data: bool,
    laws: Vec<&'a str>,
    policies: Vec<PolicyForm<'a>>,
    expectations: Vec<ExpectationForm<'a>>,
    untested_expectations: usize,
    idle_accepts: Vec<IdleForm>,
    gaps_are_findings: bool,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    unconformed: &'a [String],
    seconds: f64,
}

#[derive(Serialize)]
struct PolicyForm<'a> {
    policy: &'a str,
    matrix: Vec<CellForm<'a>>,
    gaps: Vec<GapForm<'a>>,
    denied: Vec<DeniedForm<'a>>,
    violations: Vec<ViolationForm<'a>>,
    evaluated: usize,
    compared: usize,
    combinations: u128,
    contradictions: u128,
    decided_one_by_one: Option<bool>,
    undecided_runtimes: &'a [String],
    unexplored_runtimes: &'a [String],
    unchecked_runtimes: &'a [String],
    runtimes_without_creation: &'a [String],
    /// A smallest environment that names no runtime, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    without_runtime: Option<&'a BTreeMap<String, String>>,
    broken: Option<BrokenForm<'a>>,
}

#[derive(Serialize)]
struct CellForm<'a> {
    runtime: &'a str,
    known_runtime: bool,
    set: BTreeMap<&'a str, &'a str>,
    slug: &'a str,
    provider: Option<&'a str>,
    code: Option<Code>,
}

#[derive(Serialize)]
struct GapForm<'a> {
    #[serde(flatten)]
    gap: &'a Gap,
    accepted: Option<&'a str>,
}

#[derive(Serialize)]
struct DeniedForm<'a> {
    code: &'a str,
    runtime: &'a str,
    set: &'a BTreeMap<String, String>,
    slug_in: Option<&'a str>,
    slug: &'a str,
    provider: &'a str,
    keys: &'a [String],
    accepted: Option<&'a str>,
}

#[derive(Serialize)]
struct ViolationForm<'a> {
    line: u64,
    invariant: &'a str,
    reason: Option<&'a str>,
    runtime: &'a str,
    set: &'a BTreeMap<String, String>,
    slug_in: Option<&'a str>,
    slug: &'a str,
    provider: &'a str,
}

#[derive(Serialize)]
struct ExpectationForm<'a> {
    /// None if the expectation passes.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    line: u64,
    name: &'a str,
    passes: bool,
    expected: AnswerForm<'a>,
    environments: Vec<EnvironmentForm<'a>>,
}

#[derive(Serialize)]
struct EnvironmentForm<'a> {
    policy: &'a str,
    runtime: &'a str,
    set: &'a BTreeMap<String, String>,
    found: AnswerForm<'a>,
    passes: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
}

#[derive(Serialize)]
struct AnswerForm<'a> {
    slug: Option<&'a str>,
    provider: Option<&'a str>,
    code: Option<Code>,
    /// Whether the secrets fit; only of an answer that was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<Kind>,
}

#[derive(Serialize)]
struct BrokenForm<'a> {
    law: &'a str,
    violation: &'a str,
    case: String,
}

#[derive(Serialize)]
struct IdleForm {
    line: u64,
    code: &'static str,
}

/// Renders the whole report.
pub fn render(report: &Report) -> String {
    let form = Form {
        schema_version: 1,
        registry: &report.registry_source,
        config: report.config.as_deref(),
        sample_data: report.sample.is_some(),
        laws: LAWS.iter().map(|law| law.id).collect(),
        policies: report.policies.iter().map(policy_form).collect(),
        expectations: report.expectations.iter().map(expectation_form).collect(),
        untested_expectations: report.untested,
        idle_accepts: report.idle.iter().map(|idle| IdleForm { line: idle.line, code: idle.code.as_str() }).collect(),
        gaps_are_findings: report.gaps_count,
        unconformed: &report.functions.problems,
        seconds: report.elapsed.as_secs_f64(),
    };
    serde_json::to_string_pretty(&form).expect("a report is strings, numbers and lists") + "\n"
}

fn expectation_form(tested: &TestedExpectation) -> ExpectationForm<'_> {
    let environments = tested.environments.iter().map(|(environment, _)| EnvironmentForm {
        policy: &environment.policy,
        runtime: &environment.runtime,
        set: &environment.set,
        found: AnswerForm {
            slug: Some(&environment.found.slug),
            provider: environment.found.provider.as_deref(),
            code: environment.found.code,
            verdict: Some(environment.found.verdict),
        },
        passes: environment.passes,
        hint: environment.hint.as_deref(),
    });
    ExpectationForm {
        code: (!tested.passes()).then_some(FAILED_EXPECTATION.id),
        line: tested.line,
        name: &tested.title,
        passes: tested.passes(),
        expected: AnswerForm {
            slug: tested.expected.slug.as_deref(),
            provider: tested.expected.provider.as_deref(),
            code: tested.expected.code,
            verdict: None,
        },
        environments: environments.collect(),
    }
}

fn policy_form(policy: &PolicyReport) -> PolicyForm<'_> {
    let mut matrix = Vec::new();
    for row in &policy.rows {
        for (column, cell) in policy.columns.iter().zip(&row.cells) {
            matrix.push(CellForm {
                runtime: &row.runtime,
                known_runtime: row.known,
                set: column.setting().into_iter().collect(),
                slug: &cell.slug,
                provider: cell.provider.as_deref(),
                code: cell.code,
            });
        }
    }
    let gaps =
        policy.gaps.iter().map(|evaluated| GapForm { gap: &evaluated.gap, accepted: evaluated.accepted.as_deref() });
    let denied = policy.crossings.iter().map(|EvaluatedCrossing { crossing, accepted }| DeniedForm {
        code: CROSS_VENDOR_CREDENTIAL.id,
        runtime: &crossing.runtime,
        set: &crossing.set,
        slug_in: crossing.slug_in.as_deref(),
        slug: &crossing.slug,
        provider: &crossing.provider,
        keys: &crossing.keys,
        accepted: accepted.as_deref(),
    });
    let violations = policy.violations.found.iter().map(|violation| ViolationForm {
        line: violation.line,
        invariant: &violation.statement,
        reason: violation.reason.as_deref(),
        runtime: &violation.runtime,
        set: &violation.set,
        slug_in: violation.slug_in.as_deref(),
        slug: &violation.slug,
        provider: &violation.provider,
    });
    PolicyForm {
        policy: &policy.policy,
        matrix,
        gaps: gaps.collect(),
        denied: denied.collect(),
        violations: violations.collect(),
        evaluated: policy.proof.evaluated,
        compared: policy.proof.compared,
        combinations: policy.proof.covered,
        contradictions: policy.proof.counts.contradictions(),
        decided_one_by_one: policy.brute_force.as_ref().map(|brute_force| brute_force.agrees),
        undecided_runtimes: &policy.undecided,
        unexplored_runtimes: &policy.unexplored,
        unchecked_runtimes: &policy.unchecked,
        runtimes_without_creation: &policy.without_creation,
        without_runtime: policy.without_runtime.as_ref().map(|it| &it.set),
        broken: policy.proof.broken.as_ref().map(|broken| BrokenForm {
            law: broken.law.id,
            violation: &broken.violation,
            case: format!("{:?}", broken.case),
        }),
    }
}
