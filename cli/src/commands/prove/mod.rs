//! `prove`: every law on every case that matters, and where a harness can go wrong.

mod human;
mod json;

use std::io::Write as _;
use std::num::NonZero;
use std::sync::Arc;
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use slug_resolver::laws::case::SET;
use slug_resolver::laws::plan::Plan;
use slug_resolver::laws::proof::{Hole, Proof, Tally};
use slug_resolver::laws::{Case, LAWS, Product, Scene};
use slug_resolver::{Code, Policy, resolve};

use crate::args::{Deny, ProveArgs, ProveFormat};
use crate::config::Accept;
use crate::data::Data;
use crate::exit::{Exit, Failure};
use crate::output::Output;
use crate::render::{HEAD, grouped};

/// Everything that `prove` has to say.
pub struct Report {
    registry_source: String,
    providers: usize,
    runtimes: usize,
    config: Option<String>,
    policies: Vec<PolicyReport>,
    /// Entries of slugproof.yaml that accept nothing.
    idle: Vec<Idle>,
    /// Whether an unaccepted hole is a finding.
    holes_count: bool,
    elapsed: Duration,
}

/// What was proved of one policy.
struct PolicyReport {
    policy: String,
    embedded: bool,
    columns: Vec<Column>,
    rows: Vec<Row>,
    proof: Proof,
    holes: Vec<JudgedHole>,
    undecided: Vec<String>,
    brute_force: Option<BruteForce>,
}

/// One thing that may be set: a column of the matrix.
enum Column {
    Nothing,
    Path { variable: String, value: String },
    Key { variable: String },
}

impl Column {
    /// The variable and the value it is given.
    fn setting(&self) -> Option<(&str, &str)> {
        match self {
            Self::Nothing => None,
            Self::Path { variable, value } => Some((variable, value)),
            Self::Key { variable } => Some((variable, SET)),
        }
    }
}

/// One runtime: a row of the matrix.
struct Row {
    runtime: String,
    /// Whether the registry or the policy names the runtime.
    known: bool,
    cells: Vec<Cell>,
}

struct Cell {
    slug: String,
    provider: Option<String>,
    code: Option<Code>,
}

/// A hole, and why it is intended, if it is.
struct JudgedHole {
    hole: Hole,
    accepted: Option<String>,
}

/// An entry of slugproof.yaml that accepts nothing.
struct Idle {
    line: u64,
    code: Code,
}

/// What deciding every combination came to.
struct BruteForce {
    combinations: u128,
    agrees: bool,
}

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
        // Another registry than the configured one need not have its runtimes.
        let configured = args.registry.registry.is_none().then_some(&registry);
        config.check_accepts(&data.policies(&[])?, configured)?;
    }
    let accepts = data.config.as_ref().map_or(&[][..], |config| &config.accept);
    let mut used = vec![false; accepts.len()];
    let mut reports = Vec::new();
    for policy in &policies {
        let scene = Scene::new(registry.clone(), policy.clone());
        reports.push(prove(&scene, args.brute_force, accepts, &mut used, output.is_quiet())?);
    }
    // An entry may be needed by data that this run does not look at.
    let all_is_proved = args.policy.is_empty() && args.registry.registry.is_none();
    let is_idle = |accept: &Accept, used: bool| !used && all_is_proved && !accept.is_about_overrides(&policies);
    let idle = accepts.iter().zip(used).filter(|(accept, used)| is_idle(accept, *used));
    let report = Report {
        providers: registry.providers().len(),
        runtimes: registry.runtimes().len(),
        idle: idle.map(|(accept, _)| Idle { line: accept.line, code: accept.code }).collect(),
        holes_count: data.config.is_some() || args.deny.contains(&Deny::Holes),
        registry_source: data.registry_source(),
        config: data.config.map(|config| config.path.display().to_string()),
        policies: reports,
        elapsed: started.elapsed(),
    };
    match args.format {
        ProveFormat::Human => output.people(&human::render(&report))?,
        ProveFormat::Json => output.machine(&json::render(&report))?,
    }
    Ok(report.exit())
}

impl Report {
    fn exit(&self) -> Exit {
        let broken = self.policies.iter().any(|policy| {
            policy.proof.broken.is_some() || policy.brute_force.as_ref().is_some_and(|brute_force| !brute_force.agrees)
        });
        let open = self.policies.iter().any(|policy| policy.open_holes() > 0);
        let unknown = self.policies.iter().any(|policy| !policy.undecided.is_empty());
        if broken || !self.idle.is_empty() || ((open || unknown) && self.holes_count) {
            Exit::Findings
        } else {
            Exit::Clean
        }
    }
}

impl PolicyReport {
    fn open_holes(&self) -> usize {
        self.holes.iter().filter(|hole| hole.accepted.is_none()).count()
    }
}

fn list_laws(output: &mut Output) -> Result<Exit, Failure> {
    for law in LAWS {
        writeln!(output.answer, "{HEAD}{}{HEAD:#}\n{}", law.id, crate::render::wrapped(law.statement, "  ", "  "))?;
    }
    Ok(Exit::Clean)
}

/// An entry that could never match is a mistake in the file, not a finding about the data.
fn covers(accept: &Accept, policy: &str, hole: &Hole) -> bool {
    accept.covers(policy, &hole.runtime, hole.code, |name| hole.set.contains_key(name))
}

/// Combinations that `--brute-force` decides at the most.
const BRUTE_FORCE: u128 = 10_000_000_000;

fn prove(
    scene: &Arc<Scene>,
    brute_force: bool,
    accepts: &[Accept],
    used: &mut [bool],
    quiet: bool,
) -> Result<PolicyReport, Failure> {
    let plan = Plan::new(scene);
    let policy = scene.policy.name();
    if brute_force && plan.combinations() > BRUTE_FORCE {
        return Err(Failure::new(format!(
            "policy `{policy}` has {} combinations, more than the {} that --brute-force decides; prove it without",
            grouped(plan.combinations()),
            grouped(BRUTE_FORCE)
        )));
    }
    let progress = Progress::new(&format!("proving {policy}"), plan.steps(), quiet);
    let proof = in_parallel(plan.steps(), &progress, Proof::merge, |proof: &mut Proof, number| {
        proof.step(&Product, &plan, number);
    });
    progress.finish();
    let brute_force = brute_force.then(|| {
        let tally = decide_everything(scene, &plan, quiet);
        BruteForce { combinations: tally.total(), agrees: tally == proof.tally }
    });
    let accepting = |hole: &Hole| accepts.iter().find(|accept| covers(accept, policy, hole));
    // What is accepted must not stand for what is not: each side has its own smallest sets.
    let mut holes = Vec::new();
    for hole in proof.holes(|hole| accepting(hole).is_none()) {
        holes.push(JudgedHole { hole, accepted: None });
    }
    for hole in proof.holes(|hole| accepting(hole).is_some()) {
        let accepted = accepting(&hole).map(|accept| accept.reason.clone());
        holes.push(JudgedHole { hole, accepted });
    }
    holes.sort_by_key(|judged| judged.hole.code);
    for (accept, used) in accepts.iter().zip(used) {
        *used |= !proof.holes(|hole| covers(accept, policy, hole)).is_empty();
    }
    let (columns, rows) = matrix(scene, &plan);
    Ok(PolicyReport {
        policy: policy.to_owned(),
        embedded: Policy::embedded(policy).is_some_and(|embedded| embedded == scene.policy),
        columns,
        rows,
        holes,
        undecided: plan.undecided().to_vec(),
        brute_force,
        proof,
    })
}

fn decide_everything(scene: &Scene, plan: &Plan, quiet: bool) -> Tally {
    let classes = plan.slugs().len() + 1;
    let parts = plan.runtimes().count() * classes;
    let progress = Progress::new(&format!("deciding every combination of {}", scene.policy.name()), parts, quiet);
    let tally = in_parallel(parts, &progress, Tally::merge, |tally: &mut Tally, part| {
        tally.merge(plan.brute_force(part / classes, part % classes));
    });
    progress.finish();
    tally
}

/// Who answers on each runtime by what is set: nothing, the platform path, or one key.
fn matrix(scene: &Arc<Scene>, plan: &Plan) -> (Vec<Column>, Vec<Row>) {
    let policy = &scene.policy;
    let platform = &policy.document().platform;
    let name = |key| policy.variable_name(key).to_owned();
    let mut columns = vec![Column::Nothing];
    columns.push(Column::Path { variable: platform.var.clone(), value: platform.value.clone() });
    columns.extend(policy.key_variables().map(|key| Column::Key { variable: name(key) }));

    let mut rows = Vec::new();
    for (runtime, known) in plan.runtimes() {
        let cells = columns.iter().map(|column| {
            let case = Case::new(scene, runtime);
            let case = column.setting().map_or(case.clone(), |(variable, value)| case.with(variable, value));
            let resolution = resolve(&scene.registry, runtime, &case.env(), &[]);
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

/// Numbers that one worker takes at a time.
const CHUNK: usize = 64;

/// Folds the numbers below `count` on every core. The order in which the parts
/// are merged is not fixed, so merging must not depend on it.
fn in_parallel<T: Default + Send>(
    count: usize,
    progress: &Progress,
    merge: impl Fn(&mut T, T) + Sync,
    work: impl Fn(&mut T, usize) + Sync,
) -> T {
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut part = T::default();
        loop {
            let start = next.fetch_add(CHUNK, Ordering::Relaxed);
            if start >= count {
                return part;
            }
            let end = count.min(start + CHUNK);
            (start..end).for_each(|number| work(&mut part, number));
            progress.advance(end - start);
        }
    };
    let workers = thread::available_parallelism().map_or(1, NonZero::get).min(count.div_ceil(CHUNK));
    thread::scope(|scope| {
        let others: Vec<_> = (1..workers).map(|_| scope.spawn(worker)).collect();
        let mut whole = worker();
        for other in others {
            let part = other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            merge(&mut whole, part);
        }
        whole
    })
}

/// A bar that shows itself only once the work has taken a second.
struct Progress {
    bar: ProgressBar,
    started: Instant,
    shown: Once,
    quiet: bool,
}

impl Progress {
    const PATIENCE: Duration = Duration::from_secs(1);

    fn new(what: &str, count: usize, quiet: bool) -> Self {
        let bar = ProgressBar::with_draw_target(Some(count as u64), ProgressDrawTarget::hidden());
        let style = ProgressStyle::with_template("{msg} [{bar:30}] {human_pos}/{human_len}, {eta} left");
        bar.set_style(style.expect("the template is well formed").progress_chars("=> "));
        bar.set_message(what.to_owned());
        Self { bar, started: Instant::now(), shown: Once::new(), quiet }
    }

    fn advance(&self, by: usize) {
        self.bar.inc(by as u64);
        if !self.quiet && self.started.elapsed() > Self::PATIENCE {
            // Drawn on a terminal only; elsewhere it stays hidden.
            self.shown.call_once(|| self.bar.set_draw_target(ProgressDrawTarget::stderr()));
        }
    }

    fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
