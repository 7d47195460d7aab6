use std::collections::BTreeSet;
use std::rc::Rc;

use super::Evaluation;
use crate::repository::{JobId, Parser, Repository};
use crate::slice::Search;

const CALLER: &str = "\
on: push
jobs:
  call:
    uses: ./.github/workflows/called.yml
    with: {model: a}
  never:
    if: false
    uses: ./.github/workflows/called.yml
    with: {model: b}
";

const CALLED: &str = "\
on:
  workflow_call:
    inputs: {model: {type: string}}
jobs:
  job:
    env: {MODEL: '${{ inputs.model }}'}
    steps:
      - run: bash run.sh
      - run: bash run.sh
        if: false
";

fn repository() -> Repository {
    let parser = Parser::default();
    let file = |path, text| parser.parse(path, text).unwrap();
    Repository::new(vec![file(".github/workflows/caller.yml", CALLER), file(".github/workflows/called.yml", CALLED)])
}

fn search(variables: &BTreeSet<String>) -> Search<'_> {
    Search { targets: &["run.sh"], ..Search::new(variables) }
}

/// The calls in the called file: the number of the step and the value of `MODEL`.
fn calls(search: Search<'_>) -> Vec<(usize, String)> {
    let repository = repository();
    let sites = Evaluation::new(&repository, search).call_sites(JobId { file: 1, job: 0 });
    sites.iter().map(|site| (site.step.number, site.env.value("MODEL").single().unwrap().clone())).collect()
}

#[test]
fn evaluation_skips_what_conditions_exclude_unless_ignored() {
    let variables = BTreeSet::from(["MODEL".to_owned()]);
    let call = |step, model: &str| (step, model.to_owned());
    assert_eq!(calls(search(&variables)), [call(1, "a")]);
    let all = [call(1, "a"), call(2, "a"), call(1, "b"), call(2, "b")];
    assert_eq!(calls(search(&variables).ignoring_conditions()), all);
}

#[test]
fn evaluation_slices_each_job_once() {
    let (repository, variables) = (repository(), BTreeSet::new());
    let evaluation = Evaluation::new(&repository, search(&variables));
    let before = evaluation.slice(JobId { file: 1, job: 0 });
    assert_eq!(evaluation.call_sites(JobId { file: 1, job: 0 }).len(), 1);
    assert!(Rc::ptr_eq(&before, &evaluation.slice(JobId { file: 1, job: 0 })));
    // The slices of the called job and of both callers.
    assert_eq!(evaluation.slices.borrow().len(), 3);
}

/// A job that never runs was skipped, unless somebody has cancelled the run before.
#[test]
fn job_that_never_runs_has_known_result() {
    let variables = BTreeSet::from(["MODEL".to_owned()]);
    for (setup, condition, is_called) in [
        ("false", "always() && needs.setup.result == 'success'", false),
        ("false", "always() && needs.Setup.result == 'failure'", false),
        ("false", "always() && needs['setup'].result == 'SUCCESS'", false),
        ("false", "${{ always() && needs.setup.result != 'success' }}", true),
        ("false", "always() && needs.setup.result == 'skipped'", true),
        ("false", "always() && needs.setup.result == 'cancelled'", true),
        ("github.event_name == 'release'", "!cancelled() && needs.setup.result == 'success'", false),
        ("github.event_name == 'push'", "always() && needs.setup.result == 'success'", true),
        ("always() && false", "always() && needs.setup.result == 'success'", false),
        ("failure()", "always() && needs.setup.result == 'success'", true),
        ("true", "always() && needs.setup.result == 'failure'", true),
        ("true", "always() && needs.after.result == 'success'", true),
        ("false", "always() && needs.after.result == 'success'", false),
        ("false", "always() && needs.anyway.result == 'success'", true),
        ("false", "always() && needs.other.result == 'success'", false),
        ("false", "always() && needs.other.result == ''", true),
    ] {
        let jobs = [
            format!("setup: {{if: \"{setup}\", steps: []}}"),
            "after: {needs: setup, steps: []}".to_owned(),
            "anyway: {needs: setup, if: always(), steps: []}".to_owned(),
            format!("job: {{needs: [setup, after, anyway], if: \"{condition}\", steps: [{{run: bash run.sh}}]}}"),
        ];
        let text = format!("on: push\njobs:\n  {}\n", jobs.join("\n  "));
        let repository = Repository::new(vec![Parser::default().parse(".github/workflows/a.yml", &text).unwrap()]);
        let sites = Evaluation::new(&repository, search(&variables)).call_sites(JobId { file: 0, job: 3 });
        assert_eq!(!sites.is_empty(), is_called, "{setup} {condition}");
    }
}
