//! Compares the evaluation of a job with runs of the job in every world. A world fixes the
//! inputs, the row of the matrix and everything else that is known only at run time.

mod file;
mod job_spec;
mod limits;
mod world;

use proptest::prelude::*;

use super::*;
use crate::document;
use crate::trigger::invocations;

use file::{Rendered, line_of, render};
use job_spec::{Action, CHOICES, IN_MATRIX, IN_VARIABLE, JobSpec, NAMES, TARGET, job_spec};
use world::{Outcome, VarState, World, run, worlds};

/// True if a call site represents a world: it has the same inputs and the same row.
fn represents(site: &CallSite<'_>, world: &World) -> bool {
    let flag = world.flag.to_string();
    let is_so = |name: &str, value: &str| match name {
        "flag" => value == flag,
        "pick" => value == world.pick,
        "m" => value == world.m,
        "n" => value == world.n,
        "script" => value == TARGET,
        _ => panic!("unexpected name {name}"),
    };
    let mut cells = site.row.split(", ").filter_map(|cell| cell.split_once(" = "));
    site.invocation.chosen.iter().all(|(name, value)| is_so(name, value))
        && cells.all(|(name, value)| is_so(name, value))
}

/// Checks that the call sites of a job agree with its run in each world.
fn check(spec: &JobSpec) -> Result<(), TestCaseError> {
    let file = render(spec);
    let text = &file.text;
    let root = document::read(text).unwrap();
    let workflow = Workflow::of(&root);
    let job = workflow.jobs.iter().find(|job| job.id == "job").unwrap();
    let variables = NAMES.map(str::to_owned).into();
    let search = Search { targets: &[TARGET], every_script: spec.every_script, ..Search::new(&variables) };
    let slice = Slice::new(&workflow, job, &search);
    prop_assert_eq!(!slice.is_empty(), spec.may_matter(), "{}", text);
    let invocations = invocations(&workflow.triggers[0], &slice.inputs);
    prop_assert_eq!(CHOICES % invocations.len(), 0, "{}", text);
    let eval = JobEval {
        path: "w.yml",
        text,
        workflow: &workflow,
        job,
        slice: &slice,
        search: &search,
        fuel: &Fuel::default(),
    };
    let sites = eval.call_sites(&invocations);
    let worlds = worlds(spec);

    for site in &sites {
        let represented = worlds.iter().filter(|world| represents(site, world)).count();
        prop_assert_eq!(
            (site.row_count * CHOICES / invocations.len()) << spec.unknowns(),
            represented,
            "{:?}\n{}",
            site,
            text
        );
    }
    for world in &worlds {
        let outcomes = run(spec, world, &file);
        let visited = || outcomes.iter().filter(|outcome| outcome.is_visited(spec));
        for outcome in visited() {
            let found = sites.iter().filter(|it| it.step.number == outcome.step && represents(it, world)).count();
            // If no shell runs the script, each mention of the target may be a call.
            let is_right = if outcome.is_shell { found == 1 } else { found >= 1 };
            prop_assert!(is_right, "{found} sites, but {outcome:?} in {world:?}\n{text}");
        }
        for site in sites.iter().filter(|site| represents(site, world)) {
            match visited().find(|outcome| outcome.step == site.step.number) {
                Some(outcome) => agrees(spec, &file, site, outcome)?,
                None => prop_assert!(!spec.is_known(), "no call in {world:?}, but {site:?}\n{text}"),
            }
        }
    }
    Ok(())
}

/// Checks the target, the position and the variables of a call site.
fn agrees(spec: &JobSpec, file: &Rendered, site: &CallSite<'_>, outcome: &Outcome) -> Result<(), TestCaseError> {
    let text = &file.text;
    prop_assert_eq!(site.target, outcome.calls.then_some(0));
    let word = &text[site.call.clone()];
    let is_its_line = line_of(text, site.call.start) == file.scripts[outcome.step - 1];
    let is_path = word.contains("run.sh") && (is_its_line || !outcome.is_shell);
    let is_named = match &spec.steps[outcome.step - 1].action {
        _ if !outcome.calls => word == "run",
        // An expression of the matrix brings the path in, so the file may not contain it.
        Action::Call(IN_MATRIX, _) => word == "run" || is_path,
        Action::Call(IN_VARIABLE, _) => word == IN_VARIABLE || is_path,
        _ => is_path,
    };
    prop_assert!(is_named, "{word} {site:?}\n{text}");
    for name in NAMES {
        let is_seen = has_variable(site, name, outcome.env.get(name), spec.is_known(), text);
        prop_assert!(is_seen, "{name} is {:?}: {site:?}\n{text}", outcome.env.get(name));
    }
    Ok(())
}

/// True if a call site has the value and the origin of a variable. If not everything is known,
/// the value only has to be possible.
fn has_variable(site: &CallSite<'_>, name: &str, is: Option<&VarState>, is_known: bool, text: &str) -> bool {
    let value = site.env.value(name);
    let setting = site.env.variables.get(name);
    let may_be = |known: &str| match &value.values {
        AbstractValue::OneOf(all) => all.iter().any(|it| it == known),
        AbstractValue::WithSecret | AbstractValue::NonEmpty => !known.is_empty(),
        AbstractValue::Any => true,
    };
    let is_set_at = |line: usize| {
        let at = setting.map(|setting| setting.origin.span());
        at.is_some_and(|at| text[at.clone()] == *name && line_of(text, at.start) == line)
    };
    match is {
        None if is_known => setting.is_none() && may_be(""),
        None => may_be(""),
        Some(VarState::Known(known, line)) if is_known => value.single() == Some(known) && is_set_at(*line),
        Some(VarState::Known(known, _)) => may_be(known),
        Some(VarState::Open { may_be_empty: false }) if is_known => {
            matches!(value.values, AbstractValue::WithSecret | AbstractValue::NonEmpty)
        }
        Some(VarState::Open { may_be_empty: false }) => !matches!(value.values, AbstractValue::OneOf(_)),
        Some(VarState::Open { may_be_empty: true }) => value.values == AbstractValue::Any,
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 4 * ProptestConfig::default().cases, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn evaluation_agrees_with_every_world(spec in job_spec()) {
        check(&spec)?;
    }
}
