//! `prove`: checks every law on every relevant case and finds reachable contradictions.

mod human;
mod json;
mod parallel;
mod report;

use std::sync::Arc;
use std::time::Instant;

use slug_laws::enumeration::Enumeration;
use slug_laws::proof::{Gap, Proof};
use slug_laws::{Counts, Dataset, LAWS, RealResolver, TestCase};
use slug_resolver::{Policy, resolve};

use parallel::{Progress, in_parallel};
use report::{BruteForce, Cell, Column, EvaluatedGap, Idle, PolicyReport, Report, Row};

use crate::args::{Deny, ProveArgs, ProveFormat};
use crate::config::Accept;
use crate::data::Data;
use crate::exit::{Exit, Failure};
use crate::output::Output;
use crate::render::{HEAD, grouped, wrapped};

/// Runs `prove`.
pub fn run(args: &ProveArgs, output: &mut Output) -> Result<Exit, Failure> {
    if args.laws {
        return list_laws(output);
    }
    let started = Instant::now();
    let data = Data::find(args.registry.options())?;
    let registry = data.registry()?;
    let policies = data.policies(&args.policy)?;
    if let Some(config) = &data.config {
        // A registry given with --registry need not have the configured runtimes.
        let configured = args.registry.registry.is_none().then_some(&registry);
        config.check_accepts(&data.policies(&[])?, configured)?;
    }
    let accepts = data.config.as_ref().map_or(&[][..], |config| &config.accept);
    let mut used = vec![false; accepts.len()];
    let mut reports = Vec::new();
    for policy in &policies {
        let dataset = Dataset::new(registry.clone(), policy.clone());
        reports.push(prove(&dataset, args.brute_force, accepts, &mut used, output.is_quiet())?);
    }
    // An unused entry may be needed for data that this run does not prove.
    let all_is_proved = args.policy.is_empty() && args.registry.registry.is_none();
    let is_idle = |accept: &Accept, used: bool| !used && all_is_proved && !accept.is_lint_only(&policies);
    let idle = accepts.iter().zip(used).filter(|(accept, used)| is_idle(accept, *used));
    let report = Report {
        providers: registry.providers().len(),
        runtimes: registry.runtimes().len(),
        idle: idle.map(|(accept, _)| Idle { line: accept.line, code: accept.code }).collect(),
        gaps_count: data.config.is_some() || args.deny.contains(&Deny::Gaps),
        registry_source: data.registry_source(),
        config: data.config.map(|config| config.path.display().to_string()),
        policies: reports,
        elapsed: started.elapsed(),
    };
    match args.format {
        ProveFormat::Human => output.human(&human::render(&report))?,
        ProveFormat::Json => output.raw(&json::render(&report))?,
    }
    Ok(report.exit())
}

fn list_laws(output: &mut Output) -> Result<Exit, Failure> {
    for law in LAWS {
        output.styled(&format!("{HEAD}{}{HEAD:#}\n{}\n", law.id, wrapped(law.statement, "  ", "  ")))?;
    }
    Ok(Exit::Clean)
}

/// Returns true if an accept entry covers a gap of a policy.
fn covers(accept: &Accept, policy: &str, gap: &Gap) -> bool {
    accept.covers(policy, &gap.runtime, gap.code, |name| gap.set.contains_key(name))
}

/// The maximum number of combinations that `--brute-force` evaluates.
const BRUTE_FORCE: u128 = 10_000_000_000;

fn prove(
    dataset: &Arc<Dataset>,
    brute_force: bool,
    accepts: &[Accept],
    used: &mut [bool],
    quiet: bool,
) -> Result<PolicyReport, Failure> {
    let enumeration = Enumeration::new(dataset);
    let policy = dataset.policy.name();
    if brute_force && enumeration.combinations() > BRUTE_FORCE {
        return Err(Failure::new(format!(
            "policy `{policy}` has {} combinations, more than the limit of {} for --brute-force; \
             run without --brute-force",
            grouped(enumeration.combinations()),
            grouped(BRUTE_FORCE)
        )));
    }
    let progress = Progress::new(&format!("proving {policy}"), enumeration.checks(), quiet);
    let proof = in_parallel(enumeration.checks(), &progress, Proof::merge, |proof: &mut Proof, number| {
        proof.check(&RealResolver, &enumeration, number);
    });
    progress.finish();
    let brute_force = brute_force.then(|| {
        let counts = evaluate_everything(dataset, &enumeration, quiet);
        BruteForce { combinations: counts.total(), agrees: counts == proof.counts }
    });
    let accepting = |gap: &Gap| accepts.iter().find(|accept| covers(accept, policy, gap));
    // Accepted and other gaps are minimised separately: an accepted gap must not hide another.
    let mut gaps = Vec::new();
    for gap in proof.gaps(|gap| accepting(gap).is_none()) {
        gaps.push(EvaluatedGap { gap, accepted: None });
    }
    for gap in proof.gaps(|gap| accepting(gap).is_some()) {
        let accepted = accepting(&gap).map(|accept| accept.reason.clone());
        gaps.push(EvaluatedGap { gap, accepted });
    }
    gaps.sort_by_key(|evaluated| evaluated.gap.code);
    for (accept, used) in accepts.iter().zip(used) {
        *used |= !proof.gaps(|gap| covers(accept, policy, gap)).is_empty();
    }
    let (columns, rows) = matrix(dataset, &enumeration);
    Ok(PolicyReport {
        policy: policy.to_owned(),
        embedded: Policy::embedded(policy).is_some_and(|embedded| embedded == dataset.policy),
        columns,
        rows,
        gaps,
        undecided: enumeration.undecided().to_vec(),
        brute_force,
        proof,
    })
}

fn evaluate_everything(dataset: &Dataset, enumeration: &Enumeration, quiet: bool) -> Counts {
    let classes = enumeration.slugs().len() + 1;
    let parts = enumeration.runtimes().count() * classes;
    let progress = Progress::new(&format!("evaluating every combination of {}", dataset.policy.name()), parts, quiet);
    let counts = in_parallel(parts, &progress, Counts::merge, |counts: &mut Counts, part| {
        counts.merge(enumeration.brute_force(part / classes, part % classes));
    });
    progress.finish();
    counts
}

/// The provider of each runtime if nothing, the platform path, or one key is set.
fn matrix(dataset: &Arc<Dataset>, enumeration: &Enumeration) -> (Vec<Column>, Vec<Row>) {
    let policy = &dataset.policy;
    let platform = &policy.document().platform;
    let name = |key| policy.variable_name(key).to_owned();
    let mut columns = vec![Column::Nothing];
    columns.push(Column::Path { variable: platform.var.clone(), value: platform.value.clone() });
    columns.extend(policy.key_variables().map(|key| Column::Key { variable: name(key) }));

    let mut rows = Vec::new();
    for (runtime, known) in enumeration.runtimes() {
        let cells = columns.iter().map(|column| {
            let case = TestCase::new(dataset, runtime);
            let case = column.setting().map_or(case.clone(), |(variable, value)| case.with(variable, value));
            let resolution = resolve(&dataset.registry, runtime, &case.env(), &[]);
            Cell {
                slug: resolution.slug.to_owned(),
                provider: resolution.provider.map(|provider| provider.name.clone()),
                code: resolution.code,
            }
        });
        let cells = cells.collect();
        rows.push(Row { runtime: runtime.to_owned(), known, cells });
    }
    (columns, rows)
}
