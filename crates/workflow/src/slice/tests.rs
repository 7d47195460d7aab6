use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::select;

use super::{Search, Slice};
use crate::document;
use crate::job::JobEval;
use crate::model::Workflow;
use crate::trigger::Invocation;

fn search(names: &BTreeSet<String>) -> Search<'_> {
    Search { targets: &[], names, absent_secrets: &[], every_script: true, ignore_conditions: false }
}

/// A workflow whose one job has a matrix of two keys, of which one matters.
fn workflow_with(matters: usize, other: usize, work: &str) -> Workflow {
    let cells = |count: usize| (0..count).map(|cell| cell.to_string()).collect::<Vec<_>>().join(", ");
    let matrix = format!("{{a: [{}], b: [{}]}}", cells(matters), cells(other));
    let root = document::read(&format!("jobs: {{job: {{strategy: {{matrix: {matrix}}}, {work}}}}}")).unwrap();
    Workflow::of(&root)
}

/// A number near `count`: one less, equal or one more.
fn about(count: usize, slack: usize) -> usize {
    (count + slack).saturating_sub(1).max(1)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 16 * ProptestConfig::default().cases, failure_persistence: None, ..ProptestConfig::default()
    })]

    /// Each job has its share of 20,000 combinations and 8 MiB of scripts, and at least 256
    /// and 1 MiB. Beyond its share, one unknown row stands for the whole matrix.
    #[test]
    fn job_beyond_its_share_has_one_unknown_row(
        (matters, other, steps) in (1..5_usize, 1..4_usize, 0..4_usize),
        jobs in select(vec![0, 1, 2, 7, 8, 9, 77, 78, 79, 500]),
        slacks in prop::array::uniform2(0..3_usize),
        (is_many, is_long, calls) in (any::<bool>(), any::<bool>(), any::<bool>()),
    ) {
        let workflow = workflow_with(matters, other, if calls { "uses: ./other.yml" } else { "steps: []" });
        let weight = if calls { 1 } else { steps.max(1) };
        let most = (20_000 / jobs.max(1)).max(256);
        let invocations = if is_many { about(most / (matters * weight), slacks[0]) } else { 1 };
        let most_bytes = (8_388_608 / jobs.max(1)).max(1_048_576);
        let script_bytes = if is_long { about(most_bytes / (matters * invocations), slacks[1]) } else { 0 };
        let steps = if calls { Vec::new() } else { (0..steps).collect() };
        let slice = Slice { matrix_keys: ["a".to_owned()].into(), steps, script_bytes, jobs, ..Slice::default() };
        let none = BTreeSet::new();
        let (job, search) = (&workflow.jobs[0], search(&none));
        let eval = JobEval { text: "", workflow: &workflow, job, slice: &slice, search: &search };
        let rows = eval.rows(&Invocation::unknown(&none), invocations);

        let is_little = matters * invocations * weight <= most;
        let is_short = matters * invocations * script_bytes <= most_bytes || matters * invocations == 1;
        let expected = if is_little && is_short { vec![other; matters] } else { vec![matters * other] };
        let known = rows.iter().filter(|(row, _)| row.is_ok()).count();
        prop_assert_eq!(known, if is_little && is_short { matters } else { 0 });
        prop_assert_eq!(rows.into_iter().map(|(_, count)| count).collect::<Vec<_>>(), expected);

        let most = slice.max_invocations();
        prop_assert!(most == 1 || most * script_bytes <= most_bytes);
        prop_assert!((most + 1) * script_bytes.max(1) > most_bytes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Each variable refers to the next and the last one to an input, wherever each is set.
    #[test]
    fn slice_follows_references_at_any_distance(
        order in Just((0..6).collect::<Vec<usize>>()).prop_shuffle(),
        is_of_job in prop::array::uniform6(any::<bool>()),
        named in 0..6_usize,
    ) {
        let name = |number: usize| format!("V{number}");
        let source = |number| if number == 5 { "inputs.last".to_owned() } else { format!("env.{}", name(number + 1)) };
        let env = |of_job: bool| {
            let numbers = order.iter().copied().filter(|number| is_of_job[*number] == of_job);
            let entries = numbers.map(|number| format!("{}: '${{{{ {} }}}}'", name(number), source(number)));
            entries.collect::<Vec<_>>().join(", ")
        };
        let text = format!("env: {{{}}}\njobs: {{job: {{env: {{{}}}, steps: [{{run: x}}]}}}}", env(false), env(true));
        let workflow = Workflow::of(&document::read(&text).unwrap());
        let names = BTreeSet::from([name(named)]);
        let slice = Slice::new(&workflow, &workflow.jobs[0], &search(&names));
        prop_assert_eq!(slice.variables, (named..6).map(name).collect());
        prop_assert_eq!(slice.inputs, ["last".to_owned()].into());
    }
}
