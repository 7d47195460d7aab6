//! Compares what the linter considers with what happens, on a covering array of workflow features.
//!
//! Each generated repository is run by a model of the forge, with bash for the scripts. The linter must have
//! considered every environment that the harness receives, and an environment that the linter is certain of must
//! happen.

// Scripts of workflows need bash.
#![cfg(unix)]

mod array;
mod expression;
mod features;
mod runner;

use std::collections::BTreeSet;
use std::process::Command;

use slug_shell::{Export, FIRST_FILE_POSITION, SourceFile};
use slug_value::AbstractValue;
use slug_workflow::declared::Declared;
use slug_workflow::environment::Environment;
use slug_workflow::eval::Evaluation;
use slug_workflow::repository::{JobId, Parser, Repository};
use slug_workflow::slice::Search;

use crate::array::is_in;
use crate::features::{MODEL, describe};
use crate::runner::{Call, Files, HARNESS, NAMES, Run, Scripts, World};

/// The strength of the arrays: every feasible combination of as many features occurs.
const STRENGTH: usize = 3;

/// The arrays that are run: one, unless the variable `WORKFLOW_ARRAYS` says how many.
fn arrays() -> impl Iterator<Item = Vec<Vec<usize>>> {
    let count = std::env::var("WORKFLOW_ARRAYS").map_or(1, |text| text.parse().expect("WORKFLOW_ARRAYS is a number"));
    (0..count).map(|number| MODEL.array(STRENGTH, number))
}

/// The harness, as the linter sees it.
const HARNESS_TEXT: &str = "#!/bin/bash\necho \"$MODEL\"\n";

struct Tree<'f>(&'f Files);

impl slug_shell::Files for Tree<'_> {
    fn read(&self, path: &str) -> Option<SourceFile> {
        let index = self.0.keys().position(|known| known == path)?;
        Some(SourceFile { text: self.0[path].as_str().into(), base: FIRST_FILE_POSITION * (index + 1) })
    }

    fn list(&self, directory: &str) -> Vec<String> {
        let prefix = if directory.is_empty() { String::new() } else { format!("{directory}/") };
        let inside = self.0.keys().filter_map(|path| path.strip_prefix(&prefix)?.split('/').next());
        inside.map(str::to_owned).collect::<BTreeSet<_>>().into_iter().collect()
    }
}

/// An environment that the linter considers for the calls of a job.
struct Considered<'w> {
    workflow: String,
    job: String,
    env: Environment<'w>,
}

impl Considered<'_> {
    /// Whether a call of the same job may have had this environment.
    fn includes(&self, call: &Call) -> bool {
        let has = |name: &&str| {
            let value = call.environment.get(*name);
            let is_export = match self.env.export(name) {
                Export::Yes => value.is_some(),
                Export::No => value.is_none(),
                Export::Maybe => true,
            };
            let text = value.map_or("", String::as_str);
            is_export
                && match self.env.value(name).values {
                    AbstractValue::OneOf(texts) => texts.iter().any(|possible| possible == text),
                    // The value of a secret is not considered.
                    AbstractValue::WithSecret | AbstractValue::NonEmpty => !text.is_empty(),
                    AbstractValue::Any => true,
                }
        };
        self.workflow == call.workflow && self.job == call.job && NAMES.iter().all(has)
    }

    /// Whether the linter knows each value, except for the text of a secret.
    fn is_certain(&self) -> bool {
        let is_known = |name: &&str| {
            let value = self.env.value(name);
            self.env.export(name) != Export::Maybe
                && (value.single().is_some() || value.values == AbstractValue::WithSecret && **name == *NAMES[0])
        };
        NAMES.iter().all(is_known)
    }
}

/// The results of a comparison.
#[derive(Default)]
struct Outcome {
    disagreements: Vec<String>,
    calls: usize,
    certain: usize,
    considered: usize,
}

fn compare(row: &[usize], scripts: &mut Scripts, outcome: &mut Outcome) {
    let features::Repository { files, worlds, failing_worlds, has_secret, .. } = features::repository(row);
    let mut calls_in = |worlds: &[World]| -> BTreeSet<Call> {
        worlds.iter().flat_map(|world| Run::calls(&files, world, scripts)).collect()
    };
    let calls = calls_in(&worlds);
    // The linter need not consider that a forge fails, but a step for that case may run.
    let possible: BTreeSet<Call> = calls.union(&calls_in(&failing_worlds)).cloned().collect();
    let mut tree = files.clone();
    tree.insert(HARNESS.to_owned(), HARNESS_TEXT.to_owned());
    let tree = Tree(&tree);
    let parser = Parser::default();
    let workflows = files.iter().filter(|(path, _)| path.starts_with(".github/workflows/"));
    let repository = Repository::new(
        workflows.map(|(path, text)| parser.parse(path, text).expect("the workflow is valid")).collect(),
    );
    let variables = NAMES.map(str::to_owned).into();
    let absent = ["ACME".to_owned()];
    let declared = Declared { absent_secrets: if has_secret { &[] } else { &absent }, ..Declared::default() };
    let search = Search { targets: &[HARNESS], files: &tree, declared, ..Search::new(&variables) };
    let evaluation = Evaluation::new(&repository, search);
    let mut considered = Vec::new();
    for (file, workflow) in repository.files().iter().enumerate() {
        for (job, model) in workflow.workflow.jobs.iter().enumerate() {
            let sites = evaluation.call_sites(JobId { file, job }).into_iter().filter(|site| site.is_reached);
            considered.extend(sites.map(|site| Considered {
                workflow: workflow.path.clone(),
                job: model.id.clone(),
                env: site.env,
            }));
        }
    }
    outcome.calls += calls.len();
    outcome.considered += considered.len();
    let context = || {
        let shown = files.iter().map(|(path, text)| format!("-- {path} --\n{text}"));
        format!("{}\n{}", describe(row), shown.collect::<String>())
    };
    for call in &calls {
        if !considered.iter().any(|considered| considered.includes(call)) {
            let environments: Vec<_> = considered.iter().map(|it| &it.env.variables).collect();
            outcome.disagreements.push(format!("not considered: {call:?}\n{environments:?}\n{}", context()));
        }
    }
    for considered in considered.iter().filter(|considered| considered.is_certain()) {
        outcome.certain += 1;
        if !possible.iter().any(|call| considered.includes(call)) {
            let env = &considered.env.variables;
            outcome.disagreements.push(format!("never happens: {env:?}\ncalls: {calls:?}\n{}", context()));
        }
    }
}

#[test]
fn environments_of_covering_workflows_are_those_considered() {
    let has_make = Command::new("make").arg("--version").output().is_ok();
    let (mut scripts, mut outcome) = (Scripts::default(), Outcome::default());
    let mut repositories = 0;
    // Without `make`, what a script that runs it does cannot be seen.
    for row in arrays().flatten().filter(|row| has_make || !features::repository(row).runs_make) {
        repositories += 1;
        compare(&row, &mut scripts, &mut outcome);
    }
    let Outcome { disagreements, calls, certain, considered } = outcome;
    println!(
        "{repositories} repositories, {} scripts, {calls} calls, {considered} environments, {certain} certain",
        scripts.runs
    );
    let shown: Vec<&str> = disagreements.iter().take(3).map(String::as_str).collect();
    assert!(disagreements.is_empty(), "{} disagreements, such as\n{}", disagreements.len(), shown.join("\n"));
    // A linter that is certain of little agrees with everything.
    assert!(calls * 2 > repositories && certain * 4 > considered * 3, "{calls} calls, {certain} of {considered}");
}

#[test]
fn array_covers_every_feasible_combination_of_features() {
    let combinations = MODEL.feasible_combinations(STRENGTH);
    for rows in arrays() {
        for combination in &combinations {
            assert!(rows.iter().any(|row| is_in(combination, row)), "{combination:?} is missing");
        }
        for row in &rows {
            let whole: Vec<Option<usize>> = row.iter().copied().map(Some).collect();
            assert_eq!(row.len(), MODEL.factors.len());
            assert!((MODEL.allows)(&whole), "{}", describe(row));
        }
    }
}

/// Every value of every factor is feasible, and so is every pair of values except for a known number.
#[test]
fn rules_exclude_few_combinations() {
    let all: usize = MODEL.factors.iter().map(|factor| factor.values.len()).sum();
    assert_eq!(MODEL.feasible_combinations(1).len(), all);
    let sizes: Vec<usize> = MODEL.factors.iter().map(|factor| factor.values.len()).collect();
    let pairs = |index: usize| sizes[..index].iter().sum::<usize>() * sizes[index];
    let all: usize = (0..sizes.len()).map(pairs).sum();
    assert_eq!(MODEL.feasible_combinations(2).len(), all - EXCLUDED_PAIRS);
}

/// The pairs of values that the rules of the features name, and one that follows: a push has no value of an input.
const EXCLUDED_PAIRS: usize = 17;
