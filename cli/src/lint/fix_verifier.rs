//! Patches that have been tried.
//!
//! Each is first made in what was read of the file: the jobs that see the edited entry are
//! judged anew, and no others, because no other can tell. Then those that mend are made in
//! the text, which must say afterwards what it said before, but for the edited entries.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use crate::findings::{Patch, SourceId};
use slug_workflow::document::{Node, Value};
use slug_workflow::eval::Evaluation;
use slug_workflow::model::{EnvLayer, Job, Work, Workflow};
use slug_workflow::repository::File;

use super::calls::Evaluated;
use super::evaluate::Failure;
use super::explain::{Cause, Group, Problem};
use super::linter::Linter;
use super::patch::{self, AppliedEdit, Change};
use super::repository::Files;

/// Fixes of one finding that are tried as patches.
const PATCHES_TRIED: usize = 4;

/// Steps of one file that are judged anew, over all patches; of what is left, the first
/// findings are mended first.
const STEPS_TRIED: usize = 100_000;

/// Texts of one file that are read anew.
const TEXTS_TRIED: usize = 64;

/// For each group of findings, by its number: which of its fixes, as an edit of the file,
/// mends it and breaks nothing; and the edit.
pub fn patches(linter: &Linter<'_>, files: &Files, evaluated: &Evaluated<'_>) -> BTreeMap<usize, (usize, Patch)> {
    let causes = evaluated.groups.causes();
    let mut by_file: BTreeMap<SourceId, Vec<(usize, &Group<'_>, &Failure)>> = BTreeMap::new();
    for (number, group) in evaluated.groups.iter().enumerate() {
        if let Problem::Failure(failure) = &group.problem {
            by_file.entry(group.first.source).or_default().push((number, group, failure));
        }
    }
    let mut all = BTreeMap::new();
    for (index, source) in files.sources.iter().enumerate() {
        let Some(groups) = by_file.get(source) else { continue };
        let mender = FixVerifier::new(linter, files, index, (&causes, &evaluated.steps));
        let tried = groups.iter().filter_map(|(number, group, failure)| mender.tried(*number, group, failure));
        let kept = mender.said_by_the_text(tried.collect());
        all.extend(kept.into_iter().map(|tried| (tried.number, (tried.place, tried.made.patch))));
    }
    all
}

/// A patch that mends a finding.
struct VerifiedFix {
    /// The group.
    number: usize,
    /// Which of its fixes.
    place: usize,
    made: AppliedEdit,
}

/// Where an entry of an `env` is seen.
#[derive(Default)]
struct Uses {
    /// How many `env` have it: with anchors, one entry may be in several.
    layers: usize,
    /// How many mappings have it, whatever they are.
    mappings: usize,
    in_workflow: bool,
    in_job: bool,
    /// The jobs, by number; where the whole workflow sees it, this says nothing.
    jobs: BTreeSet<usize>,
}

/// What the patches of one file are tried on.
struct FixVerifier<'m> {
    linter: &'m Linter<'m>,
    files: &'m Files,
    index: usize,
    /// Every cause before, and every step that was judged.
    before: (&'m BTreeSet<Cause>, &'m BTreeSet<(usize, usize, usize)>),
    /// The entries, by the first byte of their names.
    seen: HashMap<usize, Uses>,
    jobs: HashMap<&'m str, &'m Node>,
    steps_left: Cell<usize>,
    texts_left: Cell<usize>,
}

impl<'m> FixVerifier<'m> {
    fn new(
        linter: &'m Linter<'m>,
        files: &'m Files,
        index: usize,
        before: (&'m BTreeSet<Cause>, &'m BTreeSet<(usize, usize, usize)>),
    ) -> Self {
        let file = &files.repository.files()[index];
        let jobs = file.root.get("jobs").map_or(&[][..], Node::entries);
        Self {
            linter,
            files,
            index,
            before,
            seen: seen(&file.workflow, &file.root),
            jobs: jobs.iter().filter_map(|(id, job)| Some((id.text()?, job))).collect(),
            steps_left: Cell::new(STEPS_TRIED),
            texts_left: Cell::new(TEXTS_TRIED),
        }
    }

    fn file(&self) -> &'m File {
        &self.files.repository.files()[self.index]
    }

    /// The first fix of a group that mends it as an edit.
    fn tried(&self, number: usize, group: &Group<'_>, failure: &Failure) -> Option<VerifiedFix> {
        failure.fixes.iter().take(PATCHES_TRIED).enumerate().find_map(|(place, fix)| {
            let made = patch::patch(self.files.sources[self.index], &self.file().text, fix, &group.first.site.env)?;
            let seen = self.seen.get(&made.change.key)?;
            // What is read as something else as well, its author knows better.
            let is_an_entry_alone = seen.layers == seen.mappings;
            let is_safe = is_an_entry_alone && !self.is_named_elsewhere(group, &made.change.name, seen);
            (is_safe && self.resolves(group, &made.change, seen)).then_some(VerifiedFix { number, place, made })
        })
    }

    /// Whether a part of the file that sees an entry names its variable, besides the steps
    /// that the finding is about.
    fn is_named_elsewhere(&self, group: &Group<'_>, name: &str, seen: &Uses) -> bool {
        let is_of_one_step = !seen.in_workflow && !seen.in_job && seen.layers == 1;
        if is_of_one_step {
            return false;
        }
        self.jobs_that_see(seen).any(|(_, job)| {
            let parts = self.jobs.get(job.id.as_str()).map_or(&[][..], |node| node.entries());
            parts.iter().any(|(key, part)| match key.text() {
                Some("steps") => (1..).zip(part.items()).any(|(number, step)| {
                    let is_judged = group.calls.contains(&(job.id.clone(), number));
                    !is_judged && names(step, name)
                }),
                _ => names(part, name),
            })
        })
    }

    fn jobs_that_see<'s>(&self, seen: &'s Uses) -> impl Iterator<Item = (usize, &'m Job)> + use<'s, 'm> {
        let jobs = self.file().workflow.jobs.iter().map(|job| &**job).enumerate();
        jobs.filter(|(number, _)| seen.in_workflow || seen.jobs.contains(number))
    }

    /// Whether a finding is gone, nothing new is found and every step is still judged, once
    /// an entry is changed.
    fn resolves(&self, group: &Group<'_>, change: &Change, seen: &Uses) -> bool {
        let jobs: Vec<(usize, &Job)> = self.jobs_that_see(seen).collect();
        let steps = |job: &Job| if let Work::Steps(steps) = &job.work { steps.len() } else { 1 };
        let steps = jobs.iter().map(|(_, job)| steps(job)).sum();
        if self.steps_left.get() < steps {
            return false;
        }
        let index = self.index;
        let changed = self.files.repository.with_workflow(index, self.changed(change, &jobs));
        let evaluation = Evaluation::new(&changed, self.linter.search());
        let mut evaluated = Evaluated::default();
        for (job, _) in &jobs {
            self.linter.judge_job(&evaluation, self.files.sources[index], (index, *job), &mut evaluated);
        }
        self.steps_left.set(self.steps_left.get().saturating_sub(steps.max(evaluated.cases)));
        let after = evaluated.groups.causes();
        let (causes, steps) = self.before;
        let is_judged = |(_, job): &(usize, &Job)| {
            let start = job.key.start;
            let mut before = steps.range((index, start, 0)..(index, start + 1, 0));
            before.all(|(_, _, number)| evaluated.steps.contains(&(index, start, *number)))
        };
        after.is_subset(causes) && after.is_disjoint(&group.causes()) && jobs.iter().all(is_judged)
    }

    /// The workflow with an entry changed, in these jobs alone.
    fn changed(&self, change: &Change, jobs: &[(usize, &Job)]) -> Workflow {
        let mut workflow = Workflow::clone(&self.file().workflow);
        workflow.env = with_change(&workflow.env, change);
        for (number, job) in jobs {
            workflow.jobs[*number] = Rc::new(job_with_change(job, change));
        }
        workflow
    }

    /// Those patches that change in the text what they change in what was read, and nothing
    /// else.
    fn said_by_the_text(&self, mut tried: Vec<VerifiedFix>) -> Vec<VerifiedFix> {
        let mut kept = Vec::new();
        while !tried.is_empty() {
            let (together, later) = patch::non_overlapping(tried, |tried: &VerifiedFix| Some(&tried.made.patch));
            kept.extend(self.said_together(together));
            tried = later;
        }
        kept
    }

    /// The same of patches that do not touch: all at once, else half of them at a time.
    fn said_together(&self, mut tried: Vec<VerifiedFix>) -> Vec<VerifiedFix> {
        if tried.is_empty() || self.texts_left.get() == 0 {
            return Vec::new();
        }
        self.texts_left.set(self.texts_left.get() - 1);
        let text = patch::applied(&self.file().text, tried.iter().flat_map(|tried| &tried.made.patch.edits));
        let changes = tried.iter().map(|tried| (tried.made.change.key, tried.made.change.value.as_deref())).collect();
        let after = self.linter.parser.parse(&self.file().path, &text);
        if after.is_ok_and(|after| is_changed_so(&self.file().root, &after.root, &changes)) {
            return tried;
        }
        let second = tried.split_off(tried.len() / 2);
        if tried.is_empty() {
            return Vec::new();
        }
        self.said_together(tried).into_iter().chain(self.said_together(second)).collect()
    }
}

/// Where each entry of an `env` is seen, by the first byte of its name.
fn seen(workflow: &Workflow, root: &Node) -> HashMap<usize, Uses> {
    let mut seen: HashMap<usize, Uses> = HashMap::new();
    for key in keys(&workflow.env) {
        let seen = seen.entry(key).or_default();
        seen.layers += 1;
        seen.in_workflow = true;
    }
    for (number, job) in workflow.jobs.iter().enumerate() {
        for key in job.env_layers().flat_map(keys) {
            let seen = seen.entry(key).or_default();
            seen.layers += 1;
            seen.jobs.insert(number);
        }
        for key in [&job.env, &job.container_env].into_iter().flat_map(keys) {
            seen.entry(key).or_default().in_job = true;
        }
    }
    count_mappings(root, &mut seen);
    seen
}

fn keys(layer: &EnvLayer) -> impl Iterator<Item = usize> + '_ {
    layer.entries().iter().map(|entry| entry.key.start)
}

fn count_mappings(node: &Node, seen: &mut HashMap<usize, Uses>) {
    node.items().iter().for_each(|item| count_mappings(item, seen));
    for (key, value) in node.entries() {
        if let Some(seen) = seen.get_mut(&key.span.start) {
            seen.mappings += 1;
        }
        count_mappings(value, seen);
    }
}

/// Whether a part of a file names a variable: a script by its name, anything else as
/// `env.NAME`.
fn names(node: &Node, name: &str) -> bool {
    match &node.value {
        Value::String(text) => has_word(text, &format!("env.{name}")) || text.contains(&format!("env['{name}']")),
        Value::Sequence(items) => items.iter().any(|item| names(item, name)),
        Value::Mapping(entries) => entries.iter().any(|(key, value)| match (key.text(), value.text()) {
            (Some("run"), Some(script)) => has_word(script, name),
            _ => names(value, name),
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
    if let EnvLayer::Entries(entries) = &mut layer {
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

/// Whether one file says what another one says, but for changed entries: by the first
/// bytes of their names, the new value, or none for an entry that is gone.
fn is_changed_so(before: &Node, after: &Node, changes: &HashMap<usize, Option<&str>>) -> bool {
    match (&before.value, &after.value) {
        (Value::String(text), Value::String(other)) => text == other && before.is_null() == after.is_null(),
        (Value::Sequence(before), Value::Sequence(after)) => {
            before.len() == after.len()
                && before.iter().zip(after).all(|(before, after)| is_changed_so(before, after, changes))
        }
        (Value::Mapping(before), Value::Mapping(after)) => {
            let left = before.iter().filter(|(key, _)| changes.get(&key.span.start) != Some(&None));
            let same = |((key, before), (new_key, after)): (&(Node, Node), &(Node, Node))| {
                let is_as_it_should_be = match changes.get(&key.span.start) {
                    Some(&Some(value)) => after.text() == Some(value) && !after.is_null(),
                    _ => is_changed_so(before, after, changes),
                };
                key.text() == new_key.text() && is_as_it_should_be
            };
            left.clone().count() == after.len() && left.zip(after).all(same)
        }
        _ => false,
    }
}
