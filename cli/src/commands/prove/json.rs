//! The report for machines.

use std::collections::BTreeMap;

use serde::Serialize;
use slug_laws::LAWS;
use slug_laws::proof::Gap;
use slug_resolver::Code;

use super::report::{EvaluatedCrossing, PolicyReport, Report};
use crate::codes::CROSS_VENDOR_CREDENTIAL;

#[derive(Serialize)]
struct Form<'a> {
    schema_version: u8,
    registry: &'a str,
    config: Option<&'a str>,
    sample_data: bool,
    laws: Vec<&'a str>,
    policies: Vec<PolicyForm<'a>>,
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
    evaluated: usize,
    compared: usize,
    combinations: u128,
    contradictions: u128,
    decided_one_by_one: Option<bool>,
    undecided_runtimes: &'a [String],
    unexplored_runtimes: &'a [String],
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
        idle_accepts: report.idle.iter().map(|idle| IdleForm { line: idle.line, code: idle.code.as_str() }).collect(),
        gaps_are_findings: report.gaps_count,
        unconformed: &report.functions.problems,
        seconds: report.elapsed.as_secs_f64(),
    };
    serde_json::to_string_pretty(&form).expect("a report is strings, numbers and lists") + "\n"
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
    PolicyForm {
        policy: &policy.policy,
        matrix,
        gaps: gaps.collect(),
        denied: denied.collect(),
        evaluated: policy.proof.evaluated,
        compared: policy.proof.compared,
        combinations: policy.proof.covered,
        contradictions: policy.proof.counts.contradictions(),
        decided_one_by_one: policy.brute_force.as_ref().map(|brute_force| brute_force.agrees),
        undecided_runtimes: &policy.undecided,
        unexplored_runtimes: &policy.unexplored,
        broken: policy.proof.broken.as_ref().map(|broken| BrokenForm {
            law: broken.law.id,
            violation: &broken.violation,
            case: format!("{:?}", broken.case),
        }),
    }
}
