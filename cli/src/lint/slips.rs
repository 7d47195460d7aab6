//! Slips that the texts of workflow files, actions and scripts show: what a forge refuses, paths, variables of scripts
//! and of the repository, calls without a variable that the harness needs, and lines that are likely slips.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::Range;
use std::path::PathBuf;

use slug_value::slip::is_slip;
use slug_workflow::calls::{is_outside_github, root_of};
use slug_workflow::document;
use slug_workflow::model::{EnvEntry, EnvLayer, Job, Step};
use slug_workflow::problem::Problem;
use slug_workflow::repository::File;
use slug_workflow::scripts::makefile;
use slug_workflow::scripts::names::Names;
use slug_workflow::scripts::outline::{self, Outline, Words};
use slug_workflow::scripts::{Files as _, SourceFile};
use slug_workflow::{availability, likely_slip, refusal, undeclared};

use super::linter::Linter;
use super::mentions::{mentions, mentions_word};
use super::problems::{finding, refused, steps};
use super::repository::Files;
use super::scripts::Scripts;
use super::unmentioned::{Unmentioned, Wanted};
use super::wrong_calls;
use crate::codes::{LIKELY_SLIP, NEAR_MISS, UNSET_VARIABLE};
use crate::findings::{Finding, SourceId, Span};

/// The texts of a run, and the names in them.
struct Texts<'f> {
    /// The files that have to do with a harness.
    workflows: Vec<(&'f File, SourceId)>,
    /// The scripts that were read, with their paths and names.
    scripts: Vec<(String, SourceFile, Names)>,
    /// The words of the workflow files.
    workflow_words: HashSet<&'f str>,
    /// For each name that scripts read: how often, and whether one of the places needs no value.
    reads: HashMap<String, (usize, bool)>,
}

/// The most names of a script that are compared with others.
const NAMES_COMPARED: usize = 1_000;

impl Linter<'_> {
    /// The findings about the texts of a run. Adds the names that nothing seems to read to `unread`.
    pub(super) fn slips(&self, files: &Files, unread: &mut Vec<Unmentioned>) -> Vec<Finding> {
        let all = files.repository.files().iter().map(AsRef::as_ref).zip(files.sources.iter().copied());
        let workflows: Vec<(&File, SourceId)> = all.filter(|(file, _)| self.is_about_harness(file)).collect();
        let mut findings = Vec::new();
        // A script or an action can read the inputs of the event.
        let is_reader = |text: &str| text.contains("inputs") || text.contains("GITHUB_EVENT_PATH");
        let reads_event = self.scripts.is_some_and(|scripts| scripts.any_text(is_reader));
        for (file, source) in &workflows {
            let has_machine = file.workflow.jobs.iter().any(|job| !job.runs_on.is_empty());
            let mut refusals = refusal::of_workflow(&file.root, has_machine);
            if !is_outside_github(&file.path) {
                refusals.extend(availability::of_workflow(&file.root, &file.text));
            }
            findings.extend(refusals.into_iter().map(|it| refused(*source, 0, it)));
            let others = likely_slip::unread_values(file, &|text| self.is_registered(text), reads_event);
            let is_call = |words: &Words| {
                outline::program(words)
                    .is_some_and(|program| self.targets.contains(&in_root(program)) || program == "make")
            };
            let others = others.into_iter().chain(likely_slip::repetitions(file, &is_call));
            let others = others.chain(undeclared::of_workflow(&file.root, &file.text));
            findings.extend(others.map(|it| finding(&LIKELY_SLIP, *source, 0, it)));
        }
        findings.extend(wrong_calls::of_workflows(files));
        let Some(scripts) = self.scripts.filter(|_| !workflows.is_empty()) else { return findings };
        self.read_sources(scripts);
        let texts = Texts::new(workflows, names_of(scripts));
        findings.extend(texts.actions(scripts));
        findings.extend(self.undeclared_inputs(&texts.workflows, scripts));
        findings.extend(self.misspelt_reads(&texts));
        unread.extend(self.misspelt_assignments(&texts, scripts));
        unread.extend(self.misspelt_entries(&texts));
        unread.extend(self.misspelt_vars(&texts));
        unread.extend(texts.workflows.iter().flat_map(|(file, source)| self.unset_env(file, *source, scripts)));
        findings.extend(self.misspelt_paths(&texts, scripts));
        findings.extend(self.unset_variables(&texts, scripts));
        findings.extend(texts.without_checkout());
        findings.extend(texts.missing_goals(scripts));
        // An `env` sets it, or `make NAME=value`.
        let is_set = |name: &str| {
            let sets =
                |sign: &str| texts.workflows.iter().any(|(file, _)| file.text.contains(&format!("{name}{sign}")));
            texts.workflow_words.contains(name) && (sets("=") || sets(":"))
        };
        let makefiles = texts.scripts.iter().filter(|(path, _, _)| is_makefile(path));
        findings.extend(makefiles.flat_map(|(_, file, _)| self.single_dollars(file, texts.workflows[0].1, is_set)));
        findings
    }

    /// Whether the registry lists a text as a model or names a runtime so.
    pub(super) fn is_registered(&self, text: &str) -> bool {
        self.known.ids.contains(text) || self.registry.runtime(text).is_some()
    }

    /// Whether a workflow names a harness or a variable of a policy.
    fn is_about_harness(&self, file: &File) -> bool {
        let name = |target: &&str| file.text.contains(target.rsplit('/').next().unwrap_or(target));
        self.targets.iter().any(name) || self.names.iter().any(|name| mentions_word(&file.text, name))
    }

    /// Reads the harness scripts and the files of their functions.
    fn read_sources(&self, scripts: &Scripts) {
        let functions = self.policies.iter().filter_map(|policy| policy.document().function.as_ref());
        let sources = functions.flat_map(|function| function.source.iter().map(String::as_str));
        for path in self.targets.iter().copied().chain(sources) {
            scripts.read(path);
        }
    }

    /// Names that a script reads, that nothing sets, and that are one slip away from a variable of a policy or from a
    /// name that the script sets or a workflow sets.
    fn misspelt_reads(&self, texts: &Texts<'_>) -> Vec<Finding> {
        let source = texts.workflows[0].1;
        // An expansion such as `${A:=b}` sets a name, but only for another place that reads it.
        let reads = |name: &str| texts.reads.get(name).is_some_and(|(count, is_optional)| *count > 1 && *is_optional);
        let is_set = |name: &str| {
            self.names.contains(name)
                || reads(name)
                || texts.scripts.iter().any(|(_, _, names)| names.may_set(name))
                || texts.workflow_words.contains(name)
        };
        let actions = self.scripts.map(Scripts::files).unwrap_or_default();
        let actions = actions.iter().filter(|(path, _)| path.ends_with(".yml") || path.ends_with(".yaml"));
        let action_words: HashSet<&str> = actions.flat_map(|(_, file)| names_in(&file.text)).collect();
        let mut findings = Vec::new();
        for (path, file, names) in texts.scripts.iter().filter(|(path, _, _)| self.is_own_script(path)) {
            let is_elsewhere =
                |name: &str| texts.scripts.iter().any(|(other, _, names)| other != path && names.may_set(name));
            let is_in_workflow = |name: &str| texts.workflow_words.contains(name) || action_words.contains(name);
            let is_closed = texts.knows_sources_of(&file.text);
            let is_known = |name: &str| is_elsewhere(name) || is_built_in(name) || is_in_workflow(name);
            let locals = names.unset_locals().filter(|read| !is_known(&read.name));
            for read in locals.filter(|_| is_closed) {
                let range = file.base + read.span.start..file.base + read.span.end;
                let title = format!("`{path}` reads `{}` before anything sets it", read.name);
                findings.push(
                    Finding::new(&UNSET_VARIABLE, Span { source, range }, title)
                        .with_primary_text("ends the script, because of `set -u`")
                        .with_help("set it before, or give it a default")
                        .with_subject("variable", read.name.clone()),
                );
            }
            let known = || self.names.iter().map(String::as_str).chain(texts.entry_names());
            let own = |name: &str| {
                let is_slip_of = |known: &&String| is_slip(name, known) && !known.eq_ignore_ascii_case(name);
                names.assigned.keys().find(is_slip_of).map(String::as_str)
            };
            let unset = names.reads.iter().filter(|read| !is_set(&read.name) && !is_built_in(&read.name));
            for read in unset.take(NAMES_COMPARED) {
                let joined = read.joined.as_ref().map(|joined| joined.replace('-', "_"));
                let meant = known().find(|known| joined.as_deref() == Some(known));
                let is_plural = || known().any(|known| is_plural(&read.name, known));
                let similar = || {
                    let similar = known().find(|known| is_slip(&read.name, known));
                    similar.or_else(|| own(&read.name).filter(|_| read.is_required))
                };
                let meant = meant.or_else(|| if is_plural() { None } else { similar() });
                if let Some(meant) = meant {
                    let range = file.base + read.span.start..file.base + read.span.end;
                    let title = format!("nothing sets `{}`, which is almost `{meant}`", read.name);
                    findings.push(near_miss(source, range, title, meant).with_subject("variable", read.name.clone()));
                }
            }
        }
        findings
    }

    /// Names that a script exports and nothing reads, one slip away from a credential or a variable of a policy.
    fn misspelt_assignments(&self, texts: &Texts<'_>, scripts: &Scripts) -> Vec<Unmentioned> {
        let source = texts.workflows[0].1;
        let known = || self.known.read.iter().chain(&self.known.credentials);
        let mut unread_names = Vec::new();
        for (path, file, names) in texts.scripts.iter().filter(|(path, _, _)| self.is_own_script(path)) {
            let mut counts: HashMap<&str, usize> = HashMap::new();
            names_in(&file.text).for_each(|name| *counts.entry(name).or_insert(0) += 1);
            let is_elsewhere = |name: &str| {
                let others = texts.scripts.iter().filter(|(other, _, _)| other != path);
                texts.reads.contains_key(name) || others.into_iter().any(|(_, _, names)| names.may_set(name))
            };
            let unread = names.assigned.iter().filter(|(name, at)| {
                counts.get(name.as_str()) == Some(&1) && is_export(&file.text, **at) && !is_elsewhere(name)
            });
            for (name, at) in unread.take(NAMES_COMPARED) {
                if known().any(|known| known == name || is_plural(name, known)) {
                    continue;
                }
                if let Some(meant) = known().find(|known| is_slip(name, known) && !names.assigned.contains_key(*known))
                {
                    let range = file.base + at..file.base + at + name.len();
                    let title = format!("nothing reads `{name}`, which is almost `{meant}`");
                    let finding = near_miss(source, range, title, meant).with_subject("variable", name.clone());
                    unread_names.push(Unmentioned {
                        name: name.clone(),
                        path: scripts.path(path),
                        wanted: Wanted::Reader,
                        finding,
                    });
                }
            }
        }
        unread_names
    }

    /// Whether a path is that of a harness or of a file of a function.
    fn is_own_script(&self, path: &str) -> bool {
        let functions = self.policies.iter().filter_map(|policy| policy.document().function.as_ref());
        self.targets.contains(&path) || functions.flat_map(|it| &it.source).any(|source| source == path)
    }

    /// The entries of `env` that nothing reads, one slip away from a variable that a script takes from its environment.
    fn misspelt_entries(&self, texts: &Texts<'_>) -> Vec<Unmentioned> {
        let reads: BTreeSet<&str> =
            texts.scripts.iter().flat_map(|(_, _, names)| &names.reads).map(|read| read.name.as_str()).collect();
        let inherited = texts.inherited();
        let mut unread = Vec::new();
        for (file, source) in &texts.workflows {
            for (entry, siblings) in entries(file) {
                let EnvEntry { name, key, .. } = entry;
                // Names like a variable of a policy are compared where the call is evaluated.
                let is_read = self.names.iter().any(|known| known == name || is_slip(name, known))
                    || reads.contains(name.as_str())
                    || mentions(&file.text, name)
                    || texts.scripts.iter().any(|(_, script, _)| mentions_word(&script.text, name));
                let is_beside =
                    |known: &str| siblings.iter().any(|other| other.name == known || is_slip(name, &other.name));
                let is_meant =
                    |known: &&&str| !self.names.contains(**known) && is_slip(name, known) && !is_beside(known);
                if let Some(meant) = inherited.iter().find(is_meant).filter(|_| !is_read) {
                    let title = format!("nothing reads `{name}`, but a script reads `{meant}`");
                    let finding = near_miss(*source, key.clone(), title, meant).with_subject("variable", name.clone());
                    unread.push(Unmentioned {
                        name: name.clone(),
                        path: PathBuf::from(&file.path),
                        wanted: Wanted::Reader,
                        finding,
                    });
                }
            }
        }
        unread
    }

    /// The variables of the repository in entries of `env`, one slip away from the name of the entry. A variable that
    /// is used once is also compared with listed variables and with variables that are used more often.
    fn misspelt_vars(&self, texts: &Texts<'_>) -> Vec<Unmentioned> {
        let uses = texts.uses_of_vars();
        let listed = || self.declared.vars.iter().map(|(name, _)| name.as_str());
        let mut unread = Vec::new();
        for (file, source) in &texts.workflows {
            for (EnvEntry { name, value, value_span, .. }, _) in entries(file) {
                for variable in words_after(value, "vars.") {
                    if variable == *name || listed().any(|known| known == variable) {
                        continue;
                    }
                    let is_used_once = uses.get(&variable).is_none_or(|count| *count < 2);
                    let usual = uses.iter().filter(|(_, count)| **count > 1).map(|(known, _)| known.as_str());
                    let others = listed().chain(usual).filter(|_| is_used_once);
                    let mut known = [name.as_str()].into_iter().chain(others);
                    let is_meant = |known: &&str| {
                        is_slip(&variable.to_uppercase(), &known.to_uppercase()) && !is_plural(&variable, known)
                    };
                    if let Some(meant) = known.find(is_meant) {
                        let title = format!("the variable `vars.{variable}` may be a misspelt `{meant}`");
                        let finding = near_miss(*source, value_span.clone(), title, meant);
                        let finding = finding.with_subject("variable", variable.clone());
                        unread.push(Unmentioned {
                            name: variable,
                            path: PathBuf::from(&file.path),
                            wanted: Wanted::Reader,
                            finding,
                        });
                    }
                }
            }
        }
        unread
    }

    /// Paths in scripts that the repository lacks, one slip away from the path of a harness or of a script that was
    /// read.
    fn misspelt_paths(&self, texts: &Texts<'_>, scripts: &Scripts) -> Vec<Finding> {
        // Paths of scripts that were read begin with the path from the working directory to the root.
        let roots: BTreeSet<&str> = texts.workflows.iter().map(|(file, _)| root_of(&file.path)).collect();
        let below_root = |path| roots.iter().rev().find_map(|root| str::strip_prefix(path, root)).unwrap_or(path);
        let is_missing = |path: &str| roots.iter().all(|root| scripts.read(&format!("{root}{path}")).is_none());
        let known: BTreeSet<&str> = self
            .targets
            .iter()
            .copied()
            .chain(texts.scripts.iter().map(|(path, _, _)| below_root(path)))
            .filter(|path| path.contains(['/', '.']) && !path.contains(' '))
            .collect();
        let mut findings = Vec::new();
        let mut add = |source, text: &str, at: &dyn Fn(Range<usize>) -> Range<usize>| {
            for (range, word) in words(text) {
                let word = word.trim_start_matches(['@', ':', '!', '-', '+']).trim_end_matches(['.', ':', '!']);
                let path = in_root(word);
                let is_path = path.contains(['/', '.'])
                    && !path.starts_with('/')
                    && !path.starts_with("..")
                    && !path.contains(['$', '*', '?', '[', ']', '{', '}']);
                if !is_path || known.contains(path) {
                    continue;
                }
                let Some(meant) = known.iter().find(|known| is_slip(path, known)) else { continue };
                if is_missing(path) {
                    let title = format!("the repository has no `{path}`, but it has `{meant}`");
                    findings.push(near_miss(source, at(range), title, meant).with_subject("variable", path));
                }
            }
        };
        for (file, source) in &texts.workflows {
            for run in steps(file).filter_map(|(_, step)| step.run.as_ref()) {
                add(*source, &run.text, &|_| run.key.clone());
            }
        }
        let actions = scripts.files().into_iter().filter(|(path, _)| path.ends_with(".yml") || path.ends_with(".yaml"));
        for (_, file) in actions {
            add(texts.workflows[0].1, &file.text, &|range| file.base + range.start..file.base + range.end);
        }
        // Other scripts may run in another directory.
        let is_in_root = |path: &str| self.is_own_script(path) || is_makefile(path);
        for (_, file, _) in texts.scripts.iter().filter(|(path, _, _)| is_in_root(path)) {
            add(texts.workflows[0].1, &file.text, &|range| file.base + range.start..file.base + range.end);
        }
        findings
    }

    /// Calls of a harness without a variable that it needs and that a workflow sets elsewhere.
    fn unset_variables(&self, texts: &Texts<'_>, scripts: &Scripts) -> Vec<Finding> {
        let set: BTreeSet<&str> = texts.entry_names().collect();
        let mut findings = Vec::new();
        for target in &self.targets {
            let Some(script) = scripts.read(target).filter(|script| !sources_unknown(&script.text, texts)) else {
                continue;
            };
            let names = Names::of(&script.text);
            let is_set_by_script = |name: &str| texts.scripts.iter().any(|(_, _, names)| names.may_set(name));
            let needed = names.required().into_iter().filter(|name| set.contains(name) && !is_set_by_script(name));
            // Another variable may be read by a function that is not called, or in a branch that is not taken.
            let is_certain = |name: &str| {
                !is_built_in(name) && names.reads.iter().any(|read| read.is_top_level && read.name == name)
            };
            for name in needed.filter(|name| is_certain(name)) {
                for (file, source) in &texts.workflows {
                    for (job, step) in steps(file) {
                        let Some(run) = step.run.as_ref().filter(|run| calls(&run.text, target)) else { continue };
                        if job.has_container {
                            continue;
                        }
                        let layers = [&file.workflow.env, &job.env, &job.container_env, &step.env];
                        let is_entry = layers.iter().any(|layer| {
                            let is_open = matches!(layer, EnvLayer::Open(_) | EnvLayer::Opaque(_));
                            is_open || layer.entries().iter().any(|entry| entry.name == name)
                        });
                        let earlier = job.steps().iter().take_while(|other| other.number <= step.number);
                        // An action can write anything to the environment of later steps.
                        let may_set = |step: &Step| match &step.run {
                            Some(run) => mentions_word(&run.text, name) || sets_any(&run.text),
                            None => step.uses.as_ref().is_some_and(|uses| !uses.starts_with("actions/checkout")),
                        };
                        if !is_entry && !earlier.into_iter().any(may_set) {
                            let span = Span { source: *source, range: run.key.clone() };
                            let title = format!("`{target}` fails without `{name}`, which this step does not set");
                            let finding = Finding::new(&UNSET_VARIABLE, span, title);
                            findings.push(
                                finding
                                    .with_primary_text("calls it")
                                    .with_help(format!("set {name} in an `env`, as for other calls"))
                                    .with_subject("variable", name),
                            );
                        }
                    }
                }
            }
        }
        findings
    }
}

/// Whether a script sources a file that the repository does not have, which may set any variable.
fn sources_unknown(script: &str, texts: &Texts<'_>) -> bool {
    let sourced = |command: &&str| {
        let command = command.trim_start();
        let command =
            ["then ", "do ", "else ", "{ "].iter().find_map(|word| command.strip_prefix(word)).unwrap_or(command);
        command.starts_with("source ") || command.starts_with(". ")
    };
    let is_unknown = |command: &str| {
        let file = command.trim_end().trim_end_matches('"').rsplit(['/', ' ']).next().unwrap_or_default();
        !texts.scripts.iter().any(|(path, _, _)| path.rsplit('/').next() == Some(file))
    };
    script.lines().flat_map(|line| line.split([';', '&', '|'])).filter(sourced).any(is_unknown)
}

impl<'f> Texts<'f> {
    fn new(workflows: Vec<(&'f File, SourceId)>, scripts: Vec<(String, SourceFile, Names)>) -> Self {
        let workflow_words = workflows.iter().flat_map(|(file, _)| names_in(&file.text)).collect();
        let mut reads: HashMap<String, (usize, bool)> = HashMap::new();
        for read in scripts.iter().flat_map(|(_, _, names)| &names.reads) {
            let (count, is_optional) = reads.entry(read.name.clone()).or_default();
            *count += 1;
            *is_optional |= !read.is_required;
        }
        Self { workflows, scripts, workflow_words, reads }
    }
}

impl Texts<'_> {
    /// The names of all entries of an `env`.
    fn entry_names(&self) -> impl Iterator<Item = &str> {
        self.workflows.iter().flat_map(|(file, _)| entries(file)).map(|(entry, _)| entry.name.as_str())
    }

    /// The variables that a script takes from its environment, and that no script sets alone.
    fn inherited(&self) -> BTreeSet<&str> {
        let mut inherited = BTreeSet::new();
        let mut set = BTreeSet::new();
        for (_, file, names) in &self.scripts {
            let own: BTreeSet<&str> = names.inherited(&file.text).collect();
            set.extend(names.assigned.keys().map(String::as_str).filter(|name| !own.contains(name)));
            inherited.extend(own);
        }
        &inherited - &set
    }

    /// How often the files use each variable of the repository.
    fn uses_of_vars(&self) -> BTreeMap<String, usize> {
        let mut uses = BTreeMap::new();
        for name in self.workflows.iter().flat_map(|(file, _)| words_after(&file.text, "vars.")) {
            *uses.entry(name).or_insert(0) += 1;
        }
        uses
    }

    /// What a forge refuses in the local actions of the steps.
    fn actions(&self, scripts: &Scripts) -> Vec<Finding> {
        let mut paths = BTreeSet::new();
        for (file, source) in &self.workflows {
            let uses = steps(file).filter_map(|(_, step)| step.uses.as_deref());
            paths.extend(
                uses.filter_map(|uses| uses.strip_prefix("./")).map(|path| (path.trim_end_matches('/'), *source)),
            );
        }
        let mut findings = Vec::new();
        for (path, source) in paths {
            let file = ["action.yml", "action.yaml"].iter().find_map(|name| scripts.read(&format!("{path}/{name}")));
            let Some(file) = file else {
                // Another checkout may bring the action.
                let steps = || self.workflows.iter().flat_map(|(file, _)| steps(file)).map(|(_, step)| step);
                let is_other =
                    |step: &Step| step.with.iter().any(|(name, _, _)| name == "repository" || name == "path");
                let named = steps().find(|step| step.uses.as_deref().is_some_and(|uses| uses.contains(path)));
                if let Some(step) = named.filter(|_| !steps().any(is_other)) {
                    let message = format!("the repository has no action in `{path}`");
                    let help = "correct the path".to_owned();
                    findings.push(refused(source, 0, Problem { span: step.uses_span.clone(), message, help }));
                }
                continue;
            };
            let refusals = match document::read(&file.text) {
                Ok(root) => {
                    let undeclared = undeclared::of_action(&root, &file.text).into_iter();
                    findings.extend(undeclared.map(|it| finding(&LIKELY_SLIP, source, file.base, it)));
                    let mut refusals = refusal::of_action(&root);
                    if !self.workflows.iter().any(|(file, _)| is_outside_github(&file.path)) {
                        refusals.extend(availability::of_action(&root, &file.text));
                    }
                    refusals
                }
                Err(error) => vec![Problem {
                    span: error.byte..error.byte,
                    message: error.message,
                    help: "correct the file".to_owned(),
                }],
            };
            findings.extend(refusals.into_iter().map(|refusal| refused(source, file.base, refusal)));
        }
        findings
    }

    /// Jobs that run a file of the repository and do not check it out, if other jobs do.
    fn without_checkout(&self) -> Vec<Finding> {
        let has_makefile = self.scripts.iter().any(|(path, _, _)| is_makefile(path));
        let has_work = |step: &Step| {
            let is_file = |program: &str| self.scripts.iter().any(|(known, _, _)| known == in_root(program));
            let Some(run) = &step.run else { return false };
            let outline = Outline::of(&run.text).unwrap_or_default();
            outline.commands.iter().filter_map(outline::program).any(is_file)
                || (has_makefile && !goals(&run.text).is_empty())
        };
        let jobs = || self.workflows.iter().flat_map(|(file, _)| &file.workflow.jobs);
        if !jobs().any(|job| likely_slip::checks_out(job, &has_work)) {
            return Vec::new();
        }
        let problems = |(file, source): &(&File, SourceId)| {
            let problems = likely_slip::without_checkout(file, &has_work);
            problems.into_iter().map(|problem| finding(&LIKELY_SLIP, *source, 0, problem)).collect::<Vec<_>>()
        };
        self.workflows.iter().flat_map(problems).collect()
    }

    /// Calls of `make` with a goal that the Makefile does not define, or for which it does nothing.
    fn missing_goals(&self, scripts: &Scripts) -> Vec<Finding> {
        let mut makefiles = self.scripts.iter().filter(|(path, _, _)| is_makefile(path));
        let (Some((path, file, _)), None) = (makefiles.next(), makefiles.next()) else { return Vec::new() };
        let makefile = makefile::parse(&file.text);
        let Some(targets) = makefile.targets() else { return Vec::new() };
        let files = scripts.list("");
        let is_file = |goal: &str| {
            // A built-in rule makes `goal` of `goal.c`.
            let is_source =
                |name: &String| name.strip_prefix(goal).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
            files.iter().any(is_source)
        };
        let mut findings = Vec::new();
        for (file, source) in &self.workflows {
            let is_in_root = |(job, step): &(&Job, &Step)| {
                let defaults = [&job.defaults, &file.workflow.defaults];
                let is_other =
                    |step: &Step| step.with.iter().any(|(name, _, _)| name == "repository" || name == "path");
                step.working_directory.is_none()
                    && defaults.iter().all(|it| it.working_directory.is_none())
                    && !job.steps().iter().any(is_other)
            };
            for run in steps(file).filter(is_in_root).filter_map(|(_, step)| step.run.as_ref()) {
                let missing = goals(&run.text).into_iter().find_map(|goal| match targets.get(goal.as_str()) {
                    Some(true) => None,
                    Some(false) => Some((format!("the target `{goal}` of `{path}` does nothing"), goal)),
                    None if is_file(&goal) => None,
                    None => Some((format!("`{path}` has no target `{goal}`"), goal)),
                });
                if let Some((message, goal)) = missing {
                    let help = "correct the name, or write the rule".to_owned();
                    let problem = Problem { span: run.key.clone(), message, help };
                    findings.push(finding(&LIKELY_SLIP, *source, 0, problem).with_subject("variable", goal));
                }
            }
        }
        findings
    }

    /// Whether the files that a script sources are known, so that they cannot set other names.
    fn knows_sources_of(&self, script: &str) -> bool {
        let is_known = |path: &str| {
            let end =
                path.rsplit('}').next().unwrap_or_default().trim_start_matches(|c| c != '/').trim_start_matches('/');
            let path = if path.contains('$') { end } else { in_root(path) };
            !path.is_empty()
                && self.scripts.iter().any(|(known, _, _)| known == path || known.ends_with(&format!("/{path}")))
        };
        let outline = Outline::of(script).unwrap_or_default();
        let first = |words: &Words| words.first().cloned().flatten().unwrap_or_default();
        // A computed name can be any.
        let sets_any = |words: &Words| match first(words).as_str() {
            "eval" => true,
            "declare" | "typeset" | "read" | "mapfile" | "readarray" => words.iter().any(Option::is_none),
            "printf" => words.get(1) == Some(&Some("-v".to_owned())) && words.get(2) == Some(&None),
            _ => false,
        };
        let is_source = |words: &&Words| ["source", "."].contains(&first(words).as_str());
        let all = outline.commands.iter().filter(is_source).count();
        let at_start = script.lines().filter(|line| line.starts_with("source ") || line.starts_with(". ")).count();
        if outline.commands.iter().any(sets_any) || all != at_start {
            return false;
        }
        let sources = script.lines().filter_map(|line| {
            let mut words = line.split_whitespace();
            let is_source = words.next().is_some_and(|word| word == "." || word == "source");
            words.next().filter(|_| is_source)
        });
        let mut paths = sources.map(|word| word.trim_matches(['"', '\'']));
        paths.all(is_known)
    }
}

/// Whether a path is that of a Makefile in the root of the repository.
fn is_makefile(path: &str) -> bool {
    ["GNUmakefile", "makefile", "Makefile"].contains(&path)
}

/// The goals of calls of `make` without options, in the directory in which a script starts.
fn goals(script: &str) -> Vec<String> {
    let outline = Outline::of(script).unwrap_or_default();
    let changes_directory =
        |words: &Words| ["cd", "pushd"].map(Some).contains(&words.first().and_then(Option::as_deref));
    let is_plain = |word: &Option<String>| {
        word.as_ref().is_some_and(|word| {
            !word.starts_with('-') && word.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c))
        })
    };
    let calls = outline.commands.into_iter().take_while(|words| !changes_directory(words));
    let calls = calls.filter(|words| words.first() == Some(&Some("make".to_owned())) && words.iter().all(is_plain));
    calls.flat_map(|words| words.into_iter().skip(1).flatten()).collect()
}

fn names_of(scripts: &Scripts) -> Vec<(String, SourceFile, Names)> {
    let files = scripts.files().into_iter().filter(|(path, _)| !path.ends_with(".yml") && !path.ends_with(".yaml"));
    files.map(|(path, file)| (path, file.clone(), Names::of(&file.text))).collect()
}

fn near_miss(source: SourceId, range: Range<usize>, title: String, meant: &str) -> Finding {
    Finding::new(&NEAR_MISS, Span { source, range }, title).with_help(format!("did you mean `{meant}`?"))
}

/// Whether two names differ in the number of their words, as `MODELS_URL` and `MODEL_URL`.
fn is_plural(name: &str, other: &str) -> bool {
    let singular = |name: &str| -> Vec<String> {
        name.split('_').map(|word| word.strip_suffix(['s', 'S']).unwrap_or(word).to_owned()).collect()
    };
    singular(name) == singular(other)
}

/// The entries of every `env` of a file, each with those of the same `env`.
fn entries(file: &File) -> impl Iterator<Item = (&EnvEntry, &[EnvEntry])> {
    let jobs = file.workflow.jobs.iter().flat_map(|job| job.env_layers());
    [&file.workflow.env].into_iter().chain(jobs).flat_map(|layer| {
        let entries = layer.entries();
        entries.iter().map(move |entry| (entry, entries))
    })
}

/// The words of a script, with their bytes.
fn words(script: &str) -> Vec<(Range<usize>, &str)> {
    let is_outside = |c: char| c.is_whitespace() || "\"'`;&|()<>=,".contains(c);
    let (mut words, mut start) = (Vec::new(), 0);
    for part in script.split_inclusive(is_outside) {
        let word = part.trim_end_matches(is_outside);
        words.push((start..start + word.len(), word));
        start += part.len();
    }
    words.retain(|(_, word)| !word.is_empty());
    words
}

/// Whether a script calls a target, without an option that may make it do something else.
fn calls(script: &str, target: &str) -> bool {
    let is_call = |words: &Words| {
        let is_option = |word: &Option<String>| word.as_ref().is_none_or(|word| word.starts_with("--"));
        outline::program(words).is_some_and(|program| in_root(program) == target)
            && !words.iter().skip_while(|word| word.as_deref().map(in_root) != Some(target)).any(is_option)
    };
    Outline::of(script).is_some_and(|outline| outline.commands.iter().any(is_call))
}

/// A path relative to the directory of the job.
pub(super) fn in_root(path: &str) -> &str {
    path.strip_prefix("./").unwrap_or(path)
}

/// Whether a script can set any variable for itself or for later steps.
fn sets_any(script: &str) -> bool {
    let is_open = |words: &Words| {
        let first = words.first().and_then(Option::as_deref);
        first.is_none_or(|first| ["source", ".", "eval"].contains(&first))
    };
    script.contains("GITHUB_ENV") || Outline::of(script).is_none_or(|outline| outline.commands.iter().any(is_open))
}

/// Whether a shell, the system or the runner sets a variable.
pub(super) fn is_built_in(name: &str) -> bool {
    const NAMES: [&str; 37] = [
        "CI",
        "HOME",
        "USER",
        "LOGNAME",
        "HOSTNAME",
        "HOSTTYPE",
        "PATH",
        "PWD",
        "OLDPWD",
        "SHELL",
        "SHLVL",
        "TERM",
        "LANG",
        "TZ",
        "TMPDIR",
        "TMP",
        "TEMP",
        "DISPLAY",
        "EDITOR",
        "UID",
        "EUID",
        "PPID",
        "RANDOM",
        "SRANDOM",
        "SECONDS",
        "LINENO",
        "IFS",
        "OPTARG",
        "OPTIND",
        "REPLY",
        "FUNCNAME",
        "PIPESTATUS",
        "COPROC",
        "COLUMNS",
        "LINES",
        "OSTYPE",
        "ImageOS",
    ];
    const PREFIXES: [&str; 10] =
        ["GITHUB_", "GITEA_", "FORGEJO_", "RUNNER_", "ACTIONS_", "BASH", "LC_", "EPOCH", "XDG_", "DOCKER_"];
    let is_proxy = || name.to_ascii_lowercase().ends_with("_proxy");
    NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix)) || is_proxy()
}

/// Whether the line of an assignment begins with `export`.
fn is_export(script: &str, at: usize) -> bool {
    let line = script[..at].rfind('\n').map_or(0, |newline| newline + 1);
    script[line..at].trim_start().starts_with("export ")
}

/// The names after each `prefix` in a text.
fn words_after(text: &str, prefix: &str) -> Vec<String> {
    let is_outside = |c: char| c != '_' && c != '-' && !c.is_ascii_alphanumeric();
    let starts = text.match_indices(prefix).filter(|(at, _)| text[..*at].ends_with(is_outside) || *at == 0);
    let rests = starts.map(|(at, prefix)| &text[at + prefix.len()..]);
    let names = rests.map(|rest| rest.split(is_outside).next().unwrap_or_default().to_owned());
    names.filter(|name| !name.is_empty()).collect()
}

/// The names and other words of a text.
fn names_in(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c != '_' && !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty())
}
