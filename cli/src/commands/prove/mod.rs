//! `prove`: checks every law on every relevant case and finds reachable contradictions.

mod certificate;
mod crossings;
mod human;
mod json;
mod page;
mod parallel;
mod report;
mod results;
mod violations;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use slug_laws::enumeration::Enumeration;
use slug_laws::proof::{Gap, NAMING, Proof};
use slug_laws::{
    Counts, Dataset, LAWS, RealResolver, SECRET_PLACEHOLDER, TestCase, condition_values, every_environment,
    values_when_set,
};
use slug_resolver::empty_keys::resolve;
use slug_resolver::{Env, Kind, Policy, Registry};

use certificate::Certificate;
use crossings::crossings;
use parallel::{in_parallel, in_parallel_within};
use report::{
    BruteForce, Cell, Column, EvaluatedCrossing, EvaluatedGap, Functions, Idle, PolicyReport, Report, Row, Sample,
    TestedExpectation, WithoutRuntime,
};

use results::assignments;
use violations::Violations;

use crate::args::{Deny, ProveArgs, ProveFormat, RegistryArgs};
use crate::codes::CROSS_VENDOR_CREDENTIAL;
use crate::config::Accept;
use crate::conformity::{self, Conformity};
use crate::data::{Data, PolicyFile};
use crate::exit::{Exit, Failure};
use crate::expectation::{Expectation, TestedEnvironment};
use crate::output::Output;
use crate::progress::Progress;
use crate::render::shell::quoted;
use crate::render::{HEAD, escape_keeping_styles, grouped, is_blank, shown, wrapped};
use crate::sink::{self, Renders};

/// Runs the bare command: proves the data of slugproof.yaml, else shows the proof of sample data.
pub fn demonstrate(output: &mut Output) -> Result<Exit, Failure> {
    prove_data(&ProveArgs::default(), Sample::Demonstrated, output)
}

/// Runs `prove`.
pub fn run(args: &ProveArgs, output: &mut Output) -> Result<Exit, Failure> {
    let sample = if args.registry.embedded { Sample::Requested } else { Sample::Unrequested };
    prove_data(args, sample, output)
}

/// The number of gaps of policies, none of which is accepted.
///
/// # Errors
///
/// None: only `--brute-force` can fail.
pub fn gaps(registry: &Registry, policies: &[Policy]) -> Result<usize, Failure> {
    let count = |policy: &Policy| {
        let dataset = Dataset::new(registry.clone(), policy.clone());
        let mut options = Options { brute_force: false, denies_crossings: false, budget: BUDGET, quiet: true };
        prove(&Enumeration::new(&dataset), &mut options, &[], &mut []).map(|report| report.gaps.len())
    };
    policies.iter().map(count).sum()
}

/// Proves the data that flags or slugproof.yaml choose. `sample` says what the embedded data are if
/// nothing chooses.
fn prove_data(args: &ProveArgs, sample: Sample, output: &mut Output) -> Result<Exit, Failure> {
    if args.laws {
        return list_laws(output);
    }
    let started = Instant::now();
    let sinks = sink::requested(&args.output, args.certificate.as_deref())?;
    let data = Data::find(args.registry.options())?;
    let read = data.files(&args.policy);
    let certified = args.certificate.iter().map(|path| (path.as_path(), "the certificate"));
    sink::check_inputs(sink::files(&sinks).chain(certified), read.iter().map(PathBuf::as_path))?;
    let registry = data.registry()?;
    let files = data.policy_files(&args.policy)?;
    let policies: Vec<Policy> = files.iter().map(|file| file.policy.clone()).collect();
    let functions = functions(args, &data, &registry, &files, output.is_quiet())?;
    if let Some(config) = &data.config {
        // A registry given with --registry need not have the configured runtimes.
        let configured = args.registry.registry.is_none().then_some(&registry);
        let known = data.policies(&[])?;
        config.check_names(&known, configured)?;
    }
    // A scoped entry counts for `lint` only.
    let accepts = data.config.iter().flat_map(|config| &config.accept);
    let accepts: Vec<&Accept> = accepts.filter(|accept| !accept.is_scoped()).collect();
    let denies_crossings = data.denied().contains(&&CROSS_VENDOR_CREDENTIAL);
    let mut used = vec![false; accepts.len()];
    let mut reports = Vec::new();
    let mut certificate = args.certificate.as_deref().map(|path| Certificate::new(path, &data, &files)).transpose()?;
    // Who asks for every combination waits for it.
    let budget = if args.brute_force { u64::MAX } else { args.budget.unwrap_or(BUDGET) };
    for (index, policy) in policies.iter().enumerate() {
        let dataset = Dataset::new(registry.clone(), policy.clone());
        let mut options = Options { brute_force: args.brute_force, denies_crossings, budget, quiet: output.is_quiet() };
        let enumeration = Enumeration::new(&dataset);
        let mut proved = prove(&enumeration, &mut options, &accepts, &mut used)?;
        let invariants = data.config.as_ref().map_or(&[][..], |config| &config.invariants);
        proved.violations = violations::violations(&dataset, invariants, options.budget);
        if let Some(certificate) = &mut certificate {
            certificate.add(&enumeration, &proved);
        }
        proved.resolve = resolve_command(args, index, policy);
        reports.push(proved);
    }
    // An unused entry may be needed for data that this run does not prove.
    let is_complete = |report: &PolicyReport| report.unexplored.is_empty() && report.unchecked.is_empty();
    let all_is_proved = args.policy.is_empty() && args.registry.registry.is_none() && reports.iter().all(is_complete);
    let idle = accepts.iter().zip(used).filter(|(_, used)| !used && all_is_proved);
    let expectations = data.config.as_ref().map_or(&[][..], |config| &config.expect);
    let tested: Vec<TestedExpectation> =
        expectations.iter().filter_map(|entry| tested(entry, &registry, &policies, &reports)).collect();
    let report = Report {
        untested: expectations.len() - tested.len(),
        expectations: tested,
        providers: registry.providers().len(),
        runtimes: registry.runtimes().len(),
        idle: idle.map(|(accept, _)| Idle { line: accept.line, code: accept.code }).collect(),
        functions,
        gaps_count: data.config.is_some() || args.deny.contains(&Deny::Gaps),
        sample: (data.has_default_registry() && args.policy.is_empty()).then_some(sample),
        without_config: args.registry.no_config,
        registry_source: data.registry_source(),
        config: data.config.map(|config| config.path.display().to_string()),
        policies: reports,
        elapsed: started.elapsed(),
    };
    sink::write(&report, &sinks, output)?;
    certificate.map_or(Ok(()), Certificate::write)?;
    if report.sample == Some(Sample::Unrequested) && sinks.iter().all(|sink| sink.format != ProveFormat::Human) {
        output.note(&report::nothing_proved(report.without_config));
    }
    output.conclude(report.conclusion());
    Ok(report.exit())
}

impl Renders<ProveFormat> for Report {
    fn styled(&self) -> String {
        escape_keeping_styles(&human::render(self))
    }

    fn render(&self, format: ProveFormat) -> String {
        match format {
            ProveFormat::Human => self.styled(),
            ProveFormat::Json => json::render(self),
            ProveFormat::Html => page::render(self),
        }
    }

    fn summary(&self) -> String {
        escape_keeping_styles(&human::summary(self))
    }

    fn verdict(&self) -> String {
        escape_keeping_styles(&human::verdict(self))
    }
}

/// Tests the policies that an entry of `expect` is about; `None` if it is about none of them.
fn tested(
    entry: &Expectation,
    registry: &Registry,
    policies: &[Policy],
    reports: &[PolicyReport],
) -> Option<TestedExpectation> {
    let mut environments = Vec::new();
    for (policy, report) in policies.iter().zip(reports).filter(|(policy, _)| entry.is_about(policy)) {
        let command = |it: &TestedEnvironment| report.command(&it.runtime, &it.set);
        environments.extend(entry.test(registry, policy).into_iter().map(|it| (command(&it), it)));
    }
    let environments: Vec<_> = environments.into_iter().map(|(command, it)| (it, command)).collect();
    let (first, _) = environments.first()?;
    let title = entry.name.clone().unwrap_or_else(|| assignments(&first.set, None));
    Some(TestedExpectation { line: entry.line, title, expected: entry.expected.clone(), environments })
}

/// The start of a command that resolves one environment with the data of this run, or `None` if a path is not UTF-8.
fn resolve_command(args: &ProveArgs, index: usize, policy: &Policy) -> Option<String> {
    let RegistryArgs { registry, unknown_fields, no_config, embedded, config } = &args.registry;
    // `resolve` reads the nearest slugproof.yaml.
    if config.is_some() {
        return None;
    }
    let mut words = vec!["slugproof resolve".to_owned()];
    let flags = [
        (unknown_fields.deny_unknown_fields, "--deny-unknown-fields"),
        (unknown_fields.allow_unknown_fields, "--allow-unknown-fields"),
        (*no_config, "--no-config"),
        (*embedded, "--embedded"),
    ];
    words.extend(flags.iter().filter(|(is_given, _)| *is_given).map(|(_, flag)| (*flag).to_owned()));
    if let Some(registry) = registry {
        words.push(format!("--registry={}", quoted(registry.to_str()?)));
    }
    // A policy of slugproof.yaml has a name there; another is named as it was for this run.
    let name = args.policy.get(index).map_or(Some(policy.name()), |name| name.to_str())?;
    words.push(format!("--policy={}", quoted(name)));
    Some(words.join(" "))
}

/// Whether the policies conform to their functions.
fn functions(
    args: &ProveArgs,
    data: &Data,
    registry: &Registry,
    files: &[PolicyFile],
    quiet: bool,
) -> Result<Functions, Failure> {
    if args.with_conform {
        return Ok(Functions::default());
    }
    if !conformity::is_denied(data.denied()) && !args.deny.contains(&Deny::Unconformed) {
        return Ok(Functions { not_compared: conformity::not_compared(files), ..Functions::default() });
    }
    let mut functions = Functions::default();
    let conformity = Conformity::new(data.config.as_ref(), registry, conformity::BUDGET);
    let mut conformity = conformity.with_progress(quiet);
    for file in files {
        let name = file.policy.name();
        match conformity.state(&file.policy)?.problem() {
            Some(problem) => functions.problems.push(format!("the policy `{}` {problem}", shown(name))),
            None => functions.proved.push(conformity::conforms(&file.policy)),
        }
    }
    Ok(functions)
}

fn list_laws(output: &mut Output) -> Result<Exit, Failure> {
    for law in LAWS {
        output.styled(&format!("{HEAD}{}{HEAD:#}\n{}\n", law.id, wrapped(law.statement, "  ", "  ")))?;
    }
    Ok(Exit::Clean)
}

/// Returns true if an accept entry covers a gap of a policy.
fn covers(accept: &Accept, policy: &str, gap: &Gap) -> bool {
    accept.covers(policy, &gap.runtime, gap.code.into(), |name| gap.set.contains_key(name))
}

/// Returns true if a gap leads to the same contradiction as a larger one, with some of its variables.
fn is_part(gap: &Gap, larger: &Gap) -> bool {
    (&gap.runtime, gap.code, &gap.slug) == (&larger.runtime, larger.code, &larger.slug)
        && gap.set.keys().all(|name| larger.set.contains_key(name))
}

/// The gap with a value for each variable that an accept entry wants unset, where the contradiction stays
/// the same: a gap sets no variable that makes no difference.
fn with_unset_variables(accept: &Accept, dataset: &Dataset, gap: &Gap) -> Vec<Gap> {
    let policy = &dataset.policy;
    let variables = accept.unset.iter().filter_map(|name| policy.variable(name));
    let mut larger = Vec::new();
    for variable in variables.filter(|variable| !policy.is_slug_variable(*variable)) {
        for value in values_when_set(policy, variable) {
            let mut set = gap.set.clone();
            set.insert(policy.variable_name(variable).to_owned(), value);
            let env = Env::read(policy, set.iter().map(|(name, value)| (name, value.as_str())));
            let found = resolve(&dataset.registry, &gap.runtime, &env, &[]);
            let selects_runtime = policy.runtime_variables().any(|selecting| selecting == variable);
            let is_possible = !selects_runtime || env.runtime() == Some(gap.runtime.as_str());
            if is_possible && found.code == Some(gap.code) && found.slug == gap.slug && env.is_set(variable) {
                larger.push(Gap { set, ..gap.clone() });
            }
        }
    }
    larger
}

/// The maximum number of environments of one gap that are tried for one accept entry.
const TRIED: usize = 1_000;

/// Returns true if an accept entry covers a gap, or the same contradiction with more variables set:
/// a gap sets no variable that makes no difference.
fn is_about(accept: &Accept, dataset: &Dataset, gap: &Gap) -> bool {
    let policy = &dataset.policy;
    let mut environments = vec![gap.set.clone()];
    for name in accept.set.iter().filter(|name| !gap.set.contains_key(*name)) {
        let Some(variable) = policy.variable(name) else { return false };
        let values = values_when_set(policy, variable);
        let with = |set: &BTreeMap<String, String>, value: &String| {
            let mut set = set.clone();
            set.insert(name.clone(), value.clone());
            set
        };
        let all = environments.iter().flat_map(|set| values.iter().map(move |value| with(set, value)));
        environments = all.take(TRIED).collect();
    }
    environments.iter().any(|set| {
        let env = Env::read(policy, set.iter().map(|(name, value)| (name, value.as_str())));
        let found = resolve(&dataset.registry, &gap.runtime, &env, &[]);
        found.code == Some(gap.code)
            && accept.covers(policy.name(), &gap.runtime, gap.code.into(), |name| set.contains_key(name))
    })
}

/// The maximum number of combinations that `--brute-force` evaluates.
const BRUTE_FORCE: u128 = 10_000_000_000;

/// The work that the checks of one policy may take by default, in the units of [`slug_laws::measure`]: below five
/// seconds in a release build. The largest known catalogue takes 400 million.
const BUDGET: u64 = 600_000_000;

/// How one policy is proved.
struct Options {
    brute_force: bool,
    denies_crossings: bool,
    /// The work that the checks may take; afterwards, the rest of it.
    budget: u64,
    quiet: bool,
}

fn prove(
    enumeration: &Enumeration,
    options: &mut Options,
    accepts: &[&Accept],
    used: &mut [bool],
) -> Result<PolicyReport, Failure> {
    let Options { brute_force, denies_crossings, quiet, .. } = *options;
    let dataset = enumeration.dataset();
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
    let (proof, checked, spent) =
        in_parallel_within(enumeration.checks(), options.budget, &progress, Proof::merge, |number| {
            let mut proof = Proof::default();
            let ((), work) = slug_laws::measure(|| proof.check(&RealResolver, enumeration, number));
            (proof, work)
        });
    progress.finish();
    options.budget = options.budget.saturating_sub(spent);
    let unchecked = enumeration.unfinished(checked).map(str::to_owned).collect();
    let brute_force = brute_force.then(|| {
        let counts = evaluate_everything(dataset, enumeration, quiet);
        BruteForce { combinations: counts.total(), agrees: counts == proof.counts }
    });
    let accepting = |gap: &Gap| accepts.iter().find(|accept| covers(accept, policy, gap));
    // Accepted and other gaps are minimised separately: an accepted gap must not hide another.
    let mut gaps = Vec::new();
    let evaluated = |gap: Gap, accepted: Option<String>| {
        let mut arms = dataset.registry.runtimes().iter().flat_map(|runtime| &runtime.arms);
        let is_given = gap.slug_in.is_some() && !is_blank(&gap.slug);
        let is_invented =
            is_given && !arms.any(|arm| arm.models.iter().chain(&arm.withdrawn_models).any(|id| *id == gap.slug));
        EvaluatedGap { gap, accepted, is_invented }
    };
    for gap in proof.gaps(|gap| accepting(gap).is_none()) {
        gaps.push(evaluated(gap, None));
    }
    for gap in proof.gaps(|gap| accepting(gap).is_some()) {
        let accept = accepting(&gap);
        let larger = accept.into_iter().flat_map(|accept| with_unset_variables(accept, dataset, &gap));
        let larger = larger.filter(|larger| accepting(larger).is_none());
        for larger in larger.collect::<Vec<_>>() {
            let contains = |known: &EvaluatedGap| is_part(&known.gap, &larger) && known.accepted.is_none();
            if !gaps.iter().any(contains) {
                gaps.push(evaluated(larger, None));
            }
        }
        let accepted = accept.map(|accept| accept.reason.clone());
        gaps.push(evaluated(gap, accepted));
    }
    gaps.sort_by_key(|evaluated| evaluated.gap.code);
    for (accept, used) in accepts.iter().zip(used.iter_mut()) {
        *used |= proof.gaps(|gap| accept.code == gap.code.into()).iter().any(|gap| is_about(accept, dataset, gap));
    }
    let crossings = if denies_crossings { crossings(dataset, enumeration, accepts) } else { Vec::new() };
    for entry in crossings.iter().filter_map(|crossing| crossing.accepted) {
        used[entry] = true;
    }
    let crossings = crossings.into_iter().map(|crossing| {
        let accepted = crossing.accepted.map(|entry| accepts[entry].reason.clone());
        EvaluatedCrossing { crossing, accepted }
    });
    let crossings = crossings.collect();
    let (columns, rows) = matrix(dataset, enumeration);
    let is_known = |name: &&str| rows.iter().any(|row| row.known && row.runtime == *name);
    let without_creation = proof.counts.without_creation().filter(is_known).map(str::to_owned).collect();
    Ok(PolicyReport {
        without_creation,
        without_runtime: without_runtime(dataset),
        policy: policy.to_owned(),
        resolve: None,
        embedded: Policy::embedded(policy).is_some_and(|embedded| embedded == dataset.policy),
        columns,
        rows,
        gaps,
        crossings,
        violations: Violations::default(),
        undecided: enumeration.undecided().to_vec(),
        unexplored: enumeration.unexplored().to_vec(),
        unchecked,
        brute_force,
        proof,
    })
}

/// A smallest environment that creates something and names no runtime, if the policy has rules for the runtime. Without
/// an explicit runtime, a harness fails in it. If the variables have too many values, only those of the rules for the
/// runtime are tried, else none.
fn without_runtime(dataset: &Dataset) -> Option<WithoutRuntime> {
    let Dataset { registry, policy, .. } = dataset;
    let document = policy.document();
    if document.runtime.is_empty() {
        return None;
    }
    let with_values = |variable| (variable, values_when_set(policy, variable));
    let naming: Vec<_> = policy.runtime_variables().map(with_values).collect();
    let mut all = naming.clone();
    for (name, _) in document.creates.unless.iter().flat_map(|condition| &condition.variables) {
        let variable = policy.variable(name).filter(|variable| all.iter().all(|(known, _)| known != variable));
        all.extend(variable.map(with_values));
    }
    let environments = every_environment(policy, &all, NAMING).or_else(|| every_environment(policy, &naming, NAMING));
    let environments = environments.unwrap_or_else(|| vec![Env::empty(policy)]);
    let failing = environments.into_iter().filter(|env| env.runtime().is_none());
    let failing = failing.filter_map(|env| Some((env, resolve(registry, "", &env, &[]).code?)));
    let (smallest, code) = failing.min_by_key(|(env, _)| env.set_variables().count())?;
    let value = |variable| smallest.text(variable).unwrap_or(SECRET_PLACEHOLDER).to_owned();
    let set = smallest.set_variables().map(|it| (policy.variable_name(it).to_owned(), value(it))).collect();
    Some(WithoutRuntime { set, code })
}

fn evaluate_everything(dataset: &Dataset, enumeration: &Enumeration, quiet: bool) -> Counts {
    let classes = enumeration.first_classes();
    let parts = enumeration.runtimes().count() * classes;
    let progress = Progress::new(&format!("evaluating every combination of {}", dataset.policy.name()), parts, quiet);
    let counts = in_parallel(parts, &progress, Counts::merge, |counts: &mut Counts, part| {
        counts.merge(enumeration.brute_force(part / classes, part % classes));
    });
    progress.finish();
    counts
}

/// The provider of each runtime if nothing is set, if one variable has a value that a condition
/// names, or if one key is set.
fn matrix(dataset: &Arc<Dataset>, enumeration: &Enumeration) -> (Vec<Column>, Vec<Row>) {
    let policy = &dataset.policy;
    let name = |key| policy.variable_name(key).to_owned();
    let mut columns = vec![Column::Nothing];
    for variable in policy.deciding_variables() {
        let column = |value| Column::Value { variable: name(variable), value };
        columns.extend(condition_values(policy, variable).map(column));
    }
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
                is_nothing: resolution.verdict == Kind::Nothing,
            }
        });
        let cells = cells.collect();
        rows.push(Row { runtime: runtime.to_owned(), known, cells });
    }
    (columns, rows)
}
