//! Every call of a script in a job, with the environment that it sees: for each way in
//! which the workflow is started and each row of the job's matrix.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::rc::Rc;

use super::document::{Node, Value as NodeValue};
use super::expression::{self, Part};
use super::matrix::{self, Row, Rows};
use super::model::{Defaults, EnvEntry, EnvLayer, Job, Script, Step, Work, Workflow};
use super::start::{Here, Start};
use slug_shell::{Export, FIRST_HOLE, Variable, Variables, words};
use slug_value::{Can, Text, Truth};

/// Combinations of starts, matrix rows and steps in which one job is walked through.
pub const COMBINATIONS: usize = 20_000;

/// Rows of a matrix that a forge runs; no job is given fewer combinations.
const FORGE_ROWS: usize = 256;

/// Bytes of scripts that are followed in one file, over all combinations.
pub const FOLLOWED_BYTES: usize = 8 << 20;

/// The least of it that one job is given.
const LEAST_BYTES: usize = 1 << 20;

/// What is looked for.
pub struct Search<'a> {
    /// The text of the file.
    pub text: &'a str,
    /// The paths of the scripts.
    pub targets: &'a [&'a str],
    /// The variables that matter.
    pub names: &'a BTreeSet<String>,
    /// Secrets that do not exist, as slugproof.yaml says.
    pub absent_secrets: &'a [String],
    /// Whether to stop at every script, whatever it calls.
    pub every_script: bool,
}

/// One call of a script.
#[derive(Clone, Debug)]
pub struct Visit<'w> {
    /// The step.
    pub step: &'w Step,
    /// Which of the scripts that were looked for; none where every script is stopped at.
    pub target: Option<usize>,
    /// The bytes of the word that names it, or of the key `run`.
    pub call: Range<usize>,
    /// What it sees.
    pub env: Environment<'w>,
    /// How the workflow was started.
    pub start: Rc<Start>,
    /// The row of the matrix, as far as it matters, for people.
    pub row: String,
    /// How many rows this stands for.
    pub rows: usize,
}

/// The variables that a command sees.
#[derive(Clone, Debug, Default)]
pub struct Environment<'w> {
    /// Those that are set, or may be.
    pub variables: BTreeMap<String, Setting<'w>>,
    /// Why every other variable can be anything, if it can.
    pub rest: Option<String>,
}

/// One variable.
#[derive(Clone, Debug)]
pub struct Setting<'w> {
    /// What it can be.
    pub value: Text,
    /// Where it was set.
    pub origin: Origin<'w>,
}

/// Where a variable was set.
#[derive(Clone, Debug)]
pub enum Origin<'w> {
    /// In an `env`.
    Entry(&'w EnvEntry),
    /// In a script, at these bytes.
    Script(Range<usize>),
}

impl Origin<'_> {
    /// The bytes of the name.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        match self {
            Self::Entry(entry) => entry.key.clone(),
            Self::Script(span) => span.clone(),
        }
    }
}

impl Environment<'_> {
    /// What a variable can be; unset and empty are the same.
    #[must_use]
    pub fn value(&self, name: &str) -> Text {
        match (self.variables.get(name), &self.rest) {
            (Some(setting), _) => setting.value.clone(),
            (None, Some(why)) => Text::unknown(why.clone()),
            (None, None) => Text::empty(),
        }
    }
}

/// Whether any step of a job can matter.
#[must_use]
pub fn concerns(workflow: &Workflow, job: &Job, search: &Search<'_>) -> bool {
    !followed(workflow, job, search).is_empty()
}

/// Walks through a job.
#[must_use]
pub fn visits<'w>(workflow: &'w Workflow, job: &'w Job, starts: &[Start], search: &Search<'_>) -> Vec<Visit<'w>> {
    let steps = followed(workflow, job, search);
    let wanted = wanted(workflow, job, search);
    let mut visits = Vec::new();
    for start in starts {
        if !workflow.may_reach(job, &|condition| may_hold(condition, start, search)) {
            continue;
        }
        let rows = rows(job, start, &wanted, starts.len(), search);
        let start = Rc::new(start.clone());
        for (row, count) in &rows {
            let row = row.as_ref().map_err(String::as_str);
            let walk = Walk { workflow, job, steps: &steps, search, start: &start, row, wanted: &wanted };
            visits.extend(walk.run().into_iter().map(|visit| Visit { rows: *count, ..visit }));
        }
    }
    visits
}

/// Whether a condition can hold when a workflow is started so, whatever the matrix.
fn may_hold(condition: &str, start: &Start, search: &Search<'_>) -> bool {
    let why = "the matrix is another one";
    let here = Here { start, row: Err(why), env: None, absent_secrets: search.absent_secrets };
    expression::condition(condition, &here).can_be_true
}

/// Whether a job can run at all when started so.
#[must_use]
pub fn can_run(condition: Option<&str>, here: &Here<'_>) -> Truth {
    condition.map_or(Truth::ALWAYS, |condition| expression::condition(condition, here))
}

/// The rows of a job's matrix that are told apart, each with how many it stands for.
pub fn rows(
    job: &Job,
    start: &Start,
    wanted: &Wanted,
    starts: usize,
    search: &Search<'_>,
) -> Vec<(Result<Row, String>, usize)> {
    let here =
        Here { start, row: Err("the matrix is not known yet"), env: None, absent_secrets: search.absent_secrets };
    let rows = match matrix::rows(job.matrix.as_ref(), &here) {
        Rows::Known(rows) => rows,
        Rows::Unknown(why) => return vec![(Err(why), 1)],
    };
    let mut told_apart: Vec<(Result<Row, String>, usize)> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for mut row in rows {
        row.retain(|name, _| wanted.all_of_matrix || wanted.matrix.contains(name));
        let shown = format!("{row:?}");
        match places.get(&shown) {
            Some(&place) => told_apart[place].1 += 1,
            None => {
                places.insert(shown, told_apart.len());
                told_apart.push((Ok(row), 1));
            }
        }
    }
    let steps = match &job.work {
        Work::Steps(_) => wanted.steps,
        Work::Call(_) => 1,
    };
    let combinations = told_apart.len().saturating_mul(starts).saturating_mul(steps.max(1));
    // Where a file has many jobs, each has its share, and no less than a forge runs.
    let most = (COMBINATIONS / wanted.jobs.max(1)).max(FORGE_ROWS);
    let bytes = told_apart.len().saturating_mul(starts).saturating_mul(wanted.script_bytes);
    if combinations > most || (bytes > wanted.bytes_left() && told_apart.len() * starts > 1) {
        let rows = told_apart.iter().map(|(_, count)| count).sum();
        return vec![(Err("inputs, matrix and scripts have more combinations than are followed".to_owned()), rows)];
    }
    told_apart
}

/// What a walk through a job depends on.
#[derive(Debug, Default)]
pub struct Wanted {
    /// Variables.
    env: BTreeSet<String>,
    /// Inputs, in lower case.
    pub inputs: BTreeSet<String>,
    /// Keys of the matrix, in lower case.
    matrix: BTreeSet<String>,
    all_of_matrix: bool,
    all_inputs: bool,
    /// How many steps are followed.
    steps: usize,
    /// How long their scripts are together.
    script_bytes: usize,
    /// How many jobs the file has.
    jobs: usize,
}

impl Wanted {
    /// The bytes of scripts that may be followed in this job.
    fn bytes_left(&self) -> usize {
        (FOLLOWED_BYTES / self.jobs.max(1)).max(LEAST_BYTES)
    }

    /// The starts of a workflow that can be told apart for this job.
    #[must_use]
    pub fn most_starts(&self) -> usize {
        (self.bytes_left() / self.script_bytes.max(1)).max(1)
    }

    /// Adds what a text refers to; true if a variable was new.
    fn add(&mut self, references: BTreeSet<(String, Option<String>)>) -> bool {
        let mut grew = false;
        for (context, name) in references {
            let lower = name.as_deref().map(str::to_lowercase);
            match (context.as_str(), lower, name) {
                ("env", _, Some(name)) => grew |= self.env.insert(name),
                ("inputs", Some(name), _) => drop(self.inputs.insert(name)),
                ("inputs", None, _) => self.all_inputs = true,
                ("matrix", Some(name), _) => drop(self.matrix.insert(name)),
                ("matrix", None, _) => self.all_of_matrix = true,
                _ => {}
            }
        }
        grew
    }
}

/// What a job depends on, as far as it matters for what is looked for.
#[must_use]
pub fn wanted(workflow: &Workflow, job: &Job, search: &Search<'_>) -> Wanted {
    let mut wanted = Wanted { env: search.names.clone(), ..Wanted::default() };
    for condition in workflow.needed(job).into_iter().chain([job]).filter_map(|job| job.condition.as_deref()) {
        wanted.add(in_condition(condition));
    }
    for defaults in [&workflow.defaults, &job.defaults] {
        for text in [&defaults.shell, &defaults.working_directory].into_iter().flatten() {
            wanted.add(expression::references(text));
        }
    }
    let mut layers = vec![&workflow.env, &job.container_env, &job.env];
    match &job.work {
        Work::Steps(_) => {
            for label in &job.runs_on {
                wanted.add(expression::references(label));
            }
            let steps = followed(workflow, job, search);
            wanted.steps = steps.len();
            wanted.jobs = workflow.jobs.len();
            wanted.script_bytes = steps.iter().filter_map(|step| step.run.as_ref()).map(|run| run.text.len()).sum();
            for step in steps {
                layers.push(&step.env);
                wanted.add(step.condition.as_deref().map(in_condition).unwrap_or_default());
                let script = step.run.as_ref().map_or("", |run| &run.text);
                wanted.add(expression::references(script));
                wanted.env.extend(names_in_script(script));
                let directory = step.working_directory.as_deref().unwrap_or_default();
                wanted.add(expression::references(directory));
            }
        }
        Work::Call(call) => {
            for (_, _, value) in &call.with {
                wanted.add(references_in(value));
            }
        }
    }
    let entries: Vec<&EnvEntry> = layers
        .into_iter()
        .flat_map(|layer| if let EnvLayer::Entries(entries) = layer { entries.as_slice() } else { &[] })
        .collect();
    loop {
        let mut grew = false;
        for entry in &entries {
            if wanted.env.contains(&entry.name) {
                grew |= wanted.add(expression::references(&entry.value));
            }
        }
        if !grew {
            break;
        }
    }
    if let Some(matrix) = job.matrix.as_ref().filter(|_| wanted.all_of_matrix || !wanted.matrix.is_empty()) {
        wanted.add(references_in(matrix));
    }
    if wanted.all_inputs {
        let declared = workflow.triggers.iter().flat_map(|trigger| &trigger.inputs);
        wanted.inputs.extend(declared.map(|input| input.name.to_lowercase()));
    }
    wanted
}

fn in_condition(condition: &str) -> BTreeSet<(String, Option<String>)> {
    if condition.contains("${{") { expression::references(condition) } else { expression::references_of(condition) }
}

fn references_in(node: &Node) -> BTreeSet<(String, Option<String>)> {
    match &node.value {
        NodeValue::Scalar(text, _) => expression::references(text),
        NodeValue::List(items) => items.iter().flat_map(references_in).collect(),
        NodeValue::Map(entries, _) => entries.iter().flat_map(|(_, value)| references_in(value)).collect(),
    }
}

/// The variables that a script names behind a `$`.
fn names_in_script(script: &str) -> impl Iterator<Item = String> {
    script.split('$').skip(1).filter_map(|behind| {
        let behind = behind.strip_prefix('{').unwrap_or(behind);
        let end = behind.find(|c: char| c != '_' && !c.is_ascii_alphanumeric()).unwrap_or(behind.len());
        words::is_name(&behind[..end]).then(|| behind[..end].to_owned())
    })
}

/// The steps of a job that can matter: they may call a script or leave something for later
/// steps. Where its path stands in a variable or in the matrix, any step may.
fn followed<'w>(workflow: &Workflow, job: &'w Job, search: &Search<'_>) -> Vec<&'w Step> {
    let Work::Steps(steps) = &job.work else { return Vec::new() };
    let names = |text: &str| {
        let lower = text.to_lowercase();
        lower.contains("github_env")
            || lower.contains("github.env")
            || lower.contains("gitea.env")
            || search.targets.iter().any(|target| text.contains(file_name(target)))
    };
    let layers = [&workflow.env, &job.container_env, &job.env].into_iter().chain(steps.iter().map(|step| &step.env));
    let mut values =
        layers.flat_map(|layer| if let EnvLayer::Entries(entries) = layer { entries.as_slice() } else { &[] });
    let everywhere = search.every_script
        || values.any(|entry| names(&entry.value))
        || job.matrix.as_ref().is_some_and(|matrix| texts_in(matrix).iter().any(|text| names(text)));
    let can_matter = |step: &&Step| {
        let run = step.run.as_ref();
        run.is_some_and(|run| {
            everywhere || names(&run.text) || run.text.contains("${{") || run.text.contains("::set-env")
        })
    };
    steps.iter().filter(can_matter).collect()
}

fn texts_in(node: &Node) -> Vec<&str> {
    match &node.value {
        NodeValue::Scalar(text, _) => vec![text],
        NodeValue::List(items) => items.iter().flat_map(texts_in).collect(),
        NodeValue::Map(entries, _) => entries.iter().flat_map(|(_, value)| texts_in(value)).collect(),
    }
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// One walk through the steps of a job.
struct Walk<'s, 'w> {
    workflow: &'w Workflow,
    job: &'w Job,
    steps: &'s [&'w Step],
    search: &'s Search<'s>,
    start: &'s Rc<Start>,
    row: Result<&'s Row, &'s str>,
    wanted: &'s Wanted,
}

impl<'w> Walk<'_, 'w> {
    fn run(&self) -> Vec<Visit<'w>> {
        if !can_run(self.job.condition.as_deref(), &self.here(None)).can_be_true {
            return Vec::new();
        }
        let mut env = Environment::default();
        for layer in [&self.job.container_env, &self.workflow.env, &self.job.env] {
            self.lay(layer, &mut env, None);
        }
        let mut visits = Vec::new();
        for step in self.steps {
            self.step(step, &mut env, &mut visits);
        }
        visits
    }

    fn here<'h>(&'h self, env: Option<&'h dyn Fn(&str) -> Text>) -> Here<'h> {
        Here { start: self.start, row: self.row, env, absent_secrets: self.search.absent_secrets }
    }

    /// Puts an `env` over what is set already; `outer` is what its expressions can refer to.
    fn lay(&self, layer: &'w EnvLayer, env: &mut Environment<'w>, outer: Option<&Environment<'w>>) {
        let entries = match layer {
            EnvLayer::None => return,
            EnvLayer::Opaque(_) => {
                *env = Environment {
                    rest: Some("an `env` is computed while it runs".to_owned()),
                    ..Environment::default()
                };
                return;
            }
            EnvLayer::Entries(entries) => entries,
        };
        let look_up = |name: &str| self.in_env(outer, name);
        let here = self.here(outer.is_some().then_some(&look_up as &dyn Fn(&str) -> Text));
        for entry in entries.iter().filter(|entry| self.wanted.env.contains(&entry.name)) {
            let value = expression::text(&entry.value, &here);
            env.variables.insert(entry.name.clone(), Setting { value, origin: Origin::Entry(entry) });
        }
    }

    /// What `env.NAME` is. A variable that is set nowhere may still be set by the machine,
    /// unless it is one of those that matter.
    fn in_env(&self, env: Option<&Environment<'w>>, name: &str) -> Text {
        match env {
            Some(env) if env.variables.contains_key(name) || self.search.names.contains(name) => env.value(name),
            _ => Text::unknown(format!("`env.{name}` is not known before it runs")),
        }
    }

    fn step(&self, step: &'w Step, env: &mut Environment<'w>, visits: &mut Vec<Visit<'w>>) {
        let Some(run) = &step.run else { return };
        let outer = env.clone();
        let mut own = outer.clone();
        self.lay(&step.env, &mut own, Some(&outer));
        // A forge puts the step's own variables in place before it looks at the condition.
        let look_up = |name: &str| self.in_env(Some(&own), name);
        let here = self.here(Some(&look_up));
        let runs = can_run(step.condition.as_deref(), &here);
        if !runs.can_be_true {
            return;
        }
        let script = substituted(&run.text, &here);
        let effects = if self.is_shell(step, &here) {
            let directory = self.directory(step, &here);
            slug_shell::follow(
                &script.text,
                &script.holes,
                self.search.targets,
                directory.as_deref(),
                &variables(&own, self.search.names),
            )
        } else {
            slug_shell::unfollowed(
                &script.text,
                self.search.targets,
                self.search.names,
                &variables(&own, self.search.names),
            )
        };
        let visit = |target, call, env| Visit {
            step,
            target,
            call,
            env,
            start: Rc::clone(self.start),
            row: self.row.map(shown_row).unwrap_or_default(),
            rows: 1,
        };
        for call in &effects.calls {
            let word = script.text.get(call.span.clone()).unwrap_or_default();
            let span = script.located(self.search.text, run, &call.span, word);
            let env = self.seen(&own, &call.variables, call.rest.as_ref(), run, &script);
            visits.push(visit(Some(call.target), span, env));
        }
        if self.search.every_script && effects.calls.is_empty() {
            let env = self.seen(&own, &effects.end, effects.rest.as_ref(), run, &script);
            if env.rest.is_some() || self.search.names.iter().any(|name| env.variables.contains_key(name)) {
                visits.push(visit(None, run.key.clone(), env));
            }
        }
        self.leave(effects, runs, run, &script, env);
    }

    /// What a command sees, with where each variable was set.
    fn seen(
        &self,
        own: &Environment<'w>,
        variables: &Variables,
        rest: Option<&String>,
        run: &Script,
        script: &Substituted,
    ) -> Environment<'w> {
        let is_set = |(name, variable): &(&String, &Variable)| {
            let is_anything = own.variables.contains_key(*name) || variable.assigned.is_some();
            self.wanted.env.contains(*name) && (is_anything || variable.value != Text::empty())
        };
        let setting = |(name, variable): (&String, &Variable)| {
            let origin = match &variable.assigned {
                Some(span) => Origin::Script(script.located(self.search.text, run, span, name)),
                None => {
                    own.variables.get(name).map_or(Origin::Script(run.key.clone()), |setting| setting.origin.clone())
                }
            };
            (name.clone(), Setting { value: variable.value.clone(), origin })
        };
        let variables = variables.iter().filter(is_set).map(setting).collect();
        Environment { variables, rest: rest.or(own.rest.as_ref()).cloned() }
    }

    /// What a step leaves for those after it.
    fn leave(
        &self,
        effects: slug_shell::Effects,
        runs: Truth,
        run: &Script,
        script: &Substituted,
        env: &mut Environment<'w>,
    ) {
        if let Some(why) = effects.opaque {
            *env = Environment { rest: Some(why), ..Environment::default() };
        }
        let matters = |name: &String| self.wanted.env.contains(name);
        for (name, written) in effects.written.into_iter().filter(|(name, _)| matters(name)) {
            let before = env.value(&name);
            let value = if written.maybe_not || runs.can_be_false {
                written.value.or(before).because("an earlier step may set it")
            } else {
                written.value
            };
            let span = script.located(self.search.text, run, &written.span, &name);
            env.variables.insert(name, Setting { value, origin: Origin::Script(span) });
        }
    }

    /// Whether a shell runs a script: as the step says, else as the machine has it.
    fn is_shell(&self, step: &Step, here: &Here<'_>) -> bool {
        let of = |defaults: &'w Defaults| defaults.shell.as_deref();
        let shell = step.shell.as_deref().or(of(&self.job.defaults)).or(of(&self.workflow.defaults));
        match shell {
            Some(shell) => slug_shell::is_shell(shell.split_whitespace().next().unwrap_or_default()),
            None => self.job.runs_on.iter().all(|label| {
                let label = expression::text(label, here);
                matches!(label.can, Can::BeOneOf(labels) if !labels.iter().any(|it| it.to_lowercase().contains("windows")))
            }),
        }
    }

    /// The directory of a step, from the top of the repository, if the file says it.
    fn directory(&self, step: &Step, here: &Here<'_>) -> Option<String> {
        let of = |defaults: &'w Defaults| defaults.working_directory.as_deref();
        let directory = step.working_directory.as_deref().or(of(&self.job.defaults)).or(of(&self.workflow.defaults));
        match directory {
            Some(text) => expression::text(text, here).single().cloned(),
            None => Some(String::new()),
        }
    }
}

/// The environment as a script finds it: a variable that matters and is not set is
/// certainly not set, unless anything can be.
fn variables(env: &Environment<'_>, names: &BTreeSet<String>) -> Variables {
    let unset = names
        .iter()
        .filter(|_| env.rest.is_none())
        .map(|name| (name.clone(), Variable { value: Text::empty(), export: Export::No, assigned: None }));
    let set = env.variables.iter().map(|(name, setting)| {
        (name.clone(), Variable { value: setting.value.clone(), export: Export::Yes, assigned: None })
    });
    unset.chain(set).collect()
}

/// A script with its expressions replaced, as a forge does before a shell sees it; one that
/// is not known leaves a hole.
struct Substituted {
    text: String,
    holes: Vec<Text>,
    /// Where parts of it come from: a byte here and the byte of the original there.
    origins: Vec<(usize, usize)>,
}

fn substituted(original: &str, here: &Here<'_>) -> Substituted {
    let mut script = Substituted { text: String::new(), holes: Vec::new(), origins: Vec::new() };
    let plain = |text: &str| text.replace(|c: char| u32::from(c) >= FIRST_HOLE, "\u{fffd}");
    let mut byte = 0;
    for part in expression::parts(original) {
        script.origins.push((script.text.len(), byte));
        let value = match part {
            Part::Literal(literal) => {
                script.text.push_str(&plain(literal));
                byte += literal.len();
                continue;
            }
            Part::Expression(expression) => {
                byte += "${{}}".len() + expression.len();
                let value = expression::value(expression, here).into_text();
                // The path of that file is the value of a variable, which scripts are read for.
                if value.single().is_some_and(|value| value == slug_shell::THE_FILE) {
                    script.text.push_str("$GITHUB_ENV");
                    continue;
                }
                value
            }
            Part::Unclosed => Text::unknown("`${{` is not closed"),
        };
        match (value.single(), slug_shell::hole(script.holes.len())) {
            (None, Some(hole)) => {
                script.text.push(hole);
                script.holes.push(value);
            }
            (known, _) => script.text.push_str(&plain(known.map_or("", String::as_str))),
        }
    }
    script
}

impl Substituted {
    /// Where a name at some place of the script stands in the file: as often as it has
    /// stood in the original before. Where it stands only in what replaced an expression,
    /// that is the key of the script.
    fn located(&self, file: &str, run: &Script, near: &Range<usize>, name: &str) -> Range<usize> {
        let origin = self.origins.iter().rev().find(|(here, _)| *here <= near.start);
        let byte = origin.map_or(0, |(here, there)| there + near.start - here);
        let before = run.text.get(..byte).map_or(0, |before| before.matches(name).count());
        let Some(source) = file.get(run.span.clone()).filter(|_| !name.is_empty()) else { return run.key.clone() };
        let found = source.match_indices(name).nth(before).map(|(at, _)| run.span.start + at);
        found.map_or(run.key.clone(), |at| at..at + name.len())
    }
}

/// A row for people.
fn shown_row(row: &Row) -> String {
    let cell = |(name, value): (&String, &slug_value::Value)| {
        let value = value.single().map_or("…".to_owned(), |value| value.sema().to_string());
        format!("{name} = {value}")
    };
    row.iter().map(cell).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
