//! Verifies patches before they are offered.
//!
//! A patch is first applied to the model of the file. Only the jobs that read the edited entry
//! are evaluated again; the others cannot change. The patches that fix their finding are then
//! applied to the text, which is parsed again: only the edited entries may differ.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use crate::findings::{Patch, SourceId};
use slug_resolver::{Edit, Fix, Policy};
use slug_workflow::document::{Node, Value};
use slug_workflow::eval::Evaluation;
use slug_workflow::model::{EnvLayer, Job, Work, Workflow};
use slug_workflow::repository::{File, JobId};
use slug_workflow::scripts::Files as _;

use super::calls::Evaluated;
use super::evaluate::Failure;
use super::explain::{Cause, Group, Problem};
use super::linter::Linter;
use super::near_miss::NearMisses;
use super::patch::{self, AppliedEdit, Change};
use super::repository::Files;

/// Maximum fixes of one finding that are tried as patches.
const PATCHES_TRIED: usize = 4;

/// Maximum steps of one file that are evaluated again, over all patches. The first findings use
/// this budget first.
const STEPS_TRIED: usize = 100_000;

/// Maximum files of other steps that are searched for one variable.
const READERS_TRIED: usize = 64;

/// Maximum patched texts of one file that are parsed.
const TEXTS_TRIED: usize = 64;

/// The verified patches, by index of the group: the index of the fix and the patch. Each patch
/// fixes its finding and adds none.
pub fn patches(linter: &Linter<'_>, files: &Files, evaluated: &Evaluated<'_>) -> BTreeMap<usize, (usize, Patch)> {
    let before = Before {
        causes: evaluated.groups.causes(),
        near_misses: evaluated.near_misses.as_ref(),
        places_of_near_misses: places_of_near_misses(evaluated),
        steps: &evaluated.steps,
    };
    let mut by_file: BTreeMap<SourceId, Vec<(usize, &Group<'_>, &Failure)>> = BTreeMap::new();
    for (number, group) in evaluated.groups.iter().enumerate() {
        if let Problem::Failure(failure) = &group.problem {
            by_file.entry(group.first.source).or_default().push((number, group, failure));
        }
    }
    let mut all = BTreeMap::new();
    for (index, source) in files.sources.iter().enumerate() {
        let Some(groups) = by_file.get(source) else { continue };
        let verifier = FixVerifier::new(linter, files, index, &before);
        let tried = groups.iter().filter_map(|(number, group, failure)| verifier.verified(*number, group, failure));
        let kept = verifier.verified_in_text(tried.collect());
        all.extend(kept.into_iter().map(|tried| (tried.group, (tried.fix, tried.applied.patch))));
    }
    all
}

/// True if a fix can be written to the file without asking. It must not change the runtime, and must not
/// set a secret: only a person can give its value.
fn may_write(fix: &Fix, policy: &Policy) -> bool {
    let names_runtime = |name: &str| policy.runtime_variables().any(|variable| policy.variable_name(variable) == name);
    let is_key = |name: &str| policy.variable(name).is_some_and(|variable| policy.is_key(variable));
    let may_edit = |edit: &Edit| match edit {
        Edit::Set(name, _) => !names_runtime(name) && !is_key(name),
        Edit::Unset(name) => !names_runtime(name),
    };
    fix.is_safe && fix.edits.iter().all(may_edit)
}

/// A patch that fixes a finding.
struct VerifiedFix {
    /// The index of the group.
    group: usize,
    /// The index of the fix in the group.
    fix: usize,
    applied: AppliedEdit,
}

/// What was evaluated before any patch.
struct Before<'m> {
    causes: BTreeSet<Cause>,
    near_misses: Option<&'m NearMisses>,
    places_of_near_misses: BTreeSet<(SourceId, usize)>,
    steps: &'m BTreeSet<(usize, usize, usize)>,
}

fn places_of_near_misses(evaluated: &Evaluated<'_>) -> BTreeSet<(SourceId, usize)> {
    evaluated.near_misses.iter().flat_map(NearMisses::places).collect()
}

/// The parts of a workflow that read an entry of an `env`.
#[derive(Default)]
struct Uses {
    /// The number of mappings of any kind with the entry.
    mappings: usize,
    in_workflow: bool,
    in_job: bool,
    /// The jobs, by index; not used if `in_workflow` is set.
    jobs: BTreeSet<usize>,
}

/// Verifies the patches of one file.
struct FixVerifier<'m> {
    linter: &'m Linter<'m>,
    files: &'m Files,
    index: usize,
    before: &'m Before<'m>,
    /// The uses of the entries, by the first byte of their names.
    uses: HashMap<usize, Uses>,
    jobs: HashMap<&'m str, &'m Node>,
    steps_left: Cell<usize>,
    texts_left: Cell<usize>,
}

impl<'m> FixVerifier<'m> {
    fn new(linter: &'m Linter<'m>, files: &'m Files, index: usize, before: &'m Before<'m>) -> Self {
        let file = &files.repository.files()[index];
        let jobs = file.root.get("jobs").map_or(&[][..], Node::entries);
        Self {
            linter,
            files,
            index,
            before,
            uses: uses_of(&file.workflow, &file.root),
            jobs: jobs.iter().filter_map(|(id, job)| Some((id.text()?, job))).collect(),
            steps_left: Cell::new(STEPS_TRIED),
            texts_left: Cell::new(TEXTS_TRIED),
        }
    }

    fn file(&self) -> &'m File {
        &self.files.repository.files()[self.index]
    }

    /// The first fix of a group that works as a patch.
    fn verified(&self, index: usize, group: &Group<'_>, failure: &Failure) -> Option<VerifiedFix> {
        let safe = failure.fixes.iter().enumerate().filter(|(_, fix)| may_write(fix, group.first.policy));
        safe.take(PATCHES_TRIED).find_map(|(number, fix)| {
            let applied = patch::patch(self.files.sources[self.index], &self.file().text, fix, &group.first.site.env)?;
            let uses = self.uses.get(&applied.change.key)?;
            // Skip entries that another place uses through an anchor: an edit would change that place, too.
            let is_of_one_place = uses.mappings == 1;
            let is_safe = is_of_one_place && !self.is_named_elsewhere(group, &applied.change.name, uses);
            (is_safe && self.resolves(group, &applied.change, uses)).then_some(VerifiedFix {
                group: index,
                fix: number,
                applied,
            })
        })
    }

    /// True if a part of the file in the scope of an entry names its variable, other than the
    /// steps of the finding.
    fn is_named_elsewhere(&self, group: &Group<'_>, name: &str, uses: &Uses) -> bool {
        let is_of_one_step = !uses.in_workflow && !uses.in_job;
        if is_of_one_step {
            return false;
        }
        let path = self.file().path.as_str();
        self.jobs_in_scope(uses).any(|(_, job)| {
            let parts = self.jobs.get(job.id.as_str()).map_or(&[][..], |node| node.entries());
            parts.iter().any(|(key, part)| match key.text() {
                Some("steps") => (1..).zip(part.items()).any(|(number, step)| {
                    let is_evaluated = group.calls.contains(&(path, job.id.clone(), number));
                    !is_evaluated && names(step, name, &|text| self.runs_reader(text, name))
                }),
                _ => names(part, name, &|text| self.runs_reader(text, name)),
            })
        })
    }

    /// Whether a script, or the path of an action, names a file of the repository that has a variable in it, or that
    /// names such a file itself.
    fn runs_reader(&self, text: &str, name: &str) -> bool {
        let Some(scripts) = self.linter.scripts else { return false };
        let paths = |text: &str| {
            let words = text.split(|c: char| c.is_whitespace() || "\"';&|()<>=`".contains(c));
            let paths = words.filter(|word| word.contains(['/', '.'])).take(READERS_TRIED);
            let in_root = |path: &str| path.strip_prefix("./").unwrap_or(path).trim_end_matches('/').to_owned();
            let files = |path: String| [format!("{path}/action.yml"), format!("{path}/action.yaml"), path];
            paths.flat_map(|path| files(in_root(path))).collect::<Vec<_>>()
        };
        let mut open = paths(text);
        let mut seen = BTreeSet::new();
        while let Some(path) = open.pop().filter(|_| seen.len() < READERS_TRIED) {
            let Some(file) = scripts.read(&path).filter(|_| seen.insert(path)) else { continue };
            if has_word(&file.text, name) {
                return true;
            }
            open.extend(paths(&file.text));
        }
        false
    }

    fn jobs_in_scope<'s>(&self, uses: &'s Uses) -> impl Iterator<Item = (usize, &'m Job)> + use<'s, 'm> {
        let jobs = self.file().workflow.jobs.iter().map(|job| &**job).enumerate();
        jobs.filter(|(number, _)| uses.in_workflow || uses.jobs.contains(number))
    }

    /// True if the change of an entry removes the finding and adds none, not even a near miss, and every step is still
    /// evaluated.
    fn resolves(&self, group: &Group<'_>, change: &Change, uses: &Uses) -> bool {
        let jobs: Vec<(usize, &Job)> = self.jobs_in_scope(uses).collect();
        let steps = |job: &Job| if let Work::Steps(steps) = &job.work { steps.len() } else { 1 };
        let steps = jobs.iter().map(|(_, job)| steps(job)).sum();
        if self.steps_left.get() < steps {
            return false;
        }
        let index = self.index;
        let changed = self.files.repository.with_workflow(index, self.changed(change, &jobs));
        let evaluation = Evaluation::new(&changed, self.linter.search());
        let near_misses = self.before.near_misses.map(NearMisses::empty_for_same_files);
        let mut evaluated = Evaluated { near_misses, ..Evaluated::default() };
        for (job, _) in &jobs {
            self.linter.evaluate_job(
                &evaluation,
                self.files.sources[index],
                JobId { file: index, job: *job },
                &mut evaluated,
            );
        }
        self.steps_left.set(self.steps_left.get().saturating_sub(steps.max(evaluated.cases)));
        let after = evaluated.groups.causes();
        let is_evaluated = |(_, job): &(usize, &Job)| {
            let start = job.key.start;
            let mut before = self.before.steps.range((index, start, 0)..(index, start + 1, 0));
            before.all(|(_, _, number)| evaluated.steps.contains(&(index, start, *number)))
        };
        after.is_subset(&self.before.causes)
            && after.is_disjoint(&group.causes())
            && places_of_near_misses(&evaluated).is_subset(&self.before.places_of_near_misses)
            && jobs.iter().all(is_evaluated)
    }

    /// The workflow with an entry changed in the workflow's `env` and in these jobs.
    fn changed(&self, change: &Change, jobs: &[(usize, &Job)]) -> Workflow {
        let mut workflow = Workflow::clone(&self.file().workflow);
        workflow.env = with_change(&workflow.env, change);
        for (number, job) in jobs {
            workflow.jobs[*number] = Rc::new(job_with_change(job, change));
        }
        workflow
    }

    /// The patches that change the text exactly as they change the model.
    fn verified_in_text(&self, mut tried: Vec<VerifiedFix>) -> Vec<VerifiedFix> {
        let mut kept = Vec::new();
        while !tried.is_empty() {
            let (together, later) = patch::non_overlapping(tried, |tried: &VerifiedFix| Some(&tried.applied.patch));
            kept.extend(self.verified_together(together));
            tried = later;
        }
        kept
    }

    /// Like `verified_in_text`, for patches that do not overlap: tries all at once, else each half.
    fn verified_together(&self, mut tried: Vec<VerifiedFix>) -> Vec<VerifiedFix> {
        if tried.is_empty() || self.texts_left.get() == 0 {
            return Vec::new();
        }
        self.texts_left.set(self.texts_left.get() - 1);
        let text = patch::applied(&self.file().text, tried.iter().flat_map(|tried| &tried.applied.patch.edits));
        let changes = tried.iter().flat_map(|tried| tried.applied.change.keys()).collect();
        let after = self.linter.parser.parse(&self.file().path, &text);
        if after.is_ok_and(|after| differs_only_in(&self.file().root, &after.root, &changes)) {
            return tried;
        }
        let second = tried.split_off(tried.len() / 2);
        if tried.is_empty() {
            return Vec::new();
        }
        self.verified_together(tried).into_iter().chain(self.verified_together(second)).collect()
    }
}

/// The uses of each entry of an `env`, by the first byte of its name.
fn uses_of(workflow: &Workflow, root: &Node) -> HashMap<usize, Uses> {
    let mut uses: HashMap<usize, Uses> = HashMap::new();
    for key in keys(&workflow.env) {
        let uses = uses.entry(key).or_default();
        uses.in_workflow = true;
    }
    for (number, job) in workflow.jobs.iter().enumerate() {
        for key in job.env_layers().flat_map(keys) {
            let uses = uses.entry(key).or_default();
            uses.jobs.insert(number);
        }
        for key in [&job.env, &job.container_env].into_iter().flat_map(keys) {
            uses.entry(key).or_default().in_job = true;
        }
    }
    count_mappings(root, &mut uses);
    uses
}

fn keys(layer: &EnvLayer) -> impl Iterator<Item = usize> + '_ {
    layer.entries().iter().map(|entry| entry.key.start)
}

fn count_mappings(node: &Node, uses: &mut HashMap<usize, Uses>) {
    node.items().iter().for_each(|item| count_mappings(item, uses));
    for (key, value) in node.entries() {
        if let Some(uses) = uses.get_mut(&key.span.start) {
            uses.mappings += 1;
        }
        count_mappings(value, uses);
    }
}

/// True if a part of a file names a variable: the bare name in a script, `env.NAME` elsewhere. `runs_reader` says
/// whether a script or an action runs a file that reads the variable.
fn names(node: &Node, name: &str, runs_reader: &dyn Fn(&str) -> bool) -> bool {
    match &node.value {
        Value::String(text) => has_word(text, &format!("env.{name}")) || text.contains(&format!("env['{name}']")),
        Value::Sequence(items) => items.iter().any(|item| names(item, name, runs_reader)),
        Value::Mapping(entries) => entries.iter().any(|(key, value)| match (key.text(), value.text()) {
            (Some("run"), Some(script)) => has_word(script, name) || runs_reader(script),
            (Some("uses"), Some(action)) => runs_reader(action),
            _ => names(value, name, runs_reader),
        }),
        _ => false,
    }
}

fn has_word(text: &str, word: &str) -> bool {
    let is_inside = |c: char| c == '_' || c.is_ascii_alphanumeric();
    text.match_indices(word)
        .any(|(at, _)| !text[..at].ends_with(is_inside) && !text[at + word.len()..].starts_with(is_inside))
}

fn with_change(layer: &EnvLayer, change: &Change) -> EnvLayer {
    let mut layer = layer.clone();
    if let EnvLayer::Entries(entries) | EnvLayer::Open(entries) = &mut layer {
        match &change.value {
            None => entries.retain(|entry| entry.key.start != change.key),
            Some(value) => {
                let changed = entries.iter_mut().filter(|entry| entry.key.start == change.key);
                changed.for_each(|entry| entry.value.clone_from(value));
            }
        }
    }
    layer
}

fn job_with_change(job: &Job, change: &Change) -> Job {
    let mut job = job.clone();
    job.env = with_change(&job.env, change);
    job.container_env = with_change(&job.container_env, change);
    if let Work::Steps(steps) = &mut job.work {
        steps.iter_mut().for_each(|step| step.env = with_change(&step.env, change));
    }
    job
}

/// True if two trees are equal except for changed entries. `changes` maps the first byte of an
/// entry's name to its new value, or to None for a deleted entry.
fn differs_only_in(before: &Node, after: &Node, changes: &HashMap<usize, Option<&str>>) -> bool {
    match (&before.value, &after.value) {
        (Value::String(text), Value::String(other)) => text == other && before.is_null() == after.is_null(),
        (Value::Sequence(before), Value::Sequence(after)) => {
            before.len() == after.len()
                && before.iter().zip(after).all(|(before, after)| differs_only_in(before, after, changes))
        }
        (Value::Mapping(before), Value::Mapping(after)) => {
            let left = before.iter().filter(|(key, _)| changes.get(&key.span.start) != Some(&None));
            let same = |((key, before), (new_key, after)): (&(Node, Node), &(Node, Node))| {
                let is_expected = match changes.get(&key.span.start) {
                    Some(&Some(value)) => after.text() == Some(value) && !after.is_null(),
                    _ => differs_only_in(before, after, changes),
                };
                key.text() == new_key.text() && is_expected
            };
            left.clone().count() == after.len() && left.zip(after).all(same)
        }
        _ => false,
    }
}
