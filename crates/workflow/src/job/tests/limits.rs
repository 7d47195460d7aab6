//! The limits of one job: how many rows of its matrix are evaluated separately, and how often an action is.

use std::cell::Cell;
use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::select;

use crate::document;
use crate::eval::Evaluation;
use crate::job::JobEval;
use crate::model::Workflow;
use crate::repository::{JobId, Parser, Repository};
use crate::slice::{Search, Slice};
use crate::trigger::{Invocation, RelevantInputs};
use slug_shell::{FIRST_FILE_POSITION, Files, Fuel, SourceFile};

/// A workflow with one job and a matrix of two keys, one of them relevant.
fn workflow_with(relevant: usize, other: usize, work: &str) -> Workflow {
    let cells = |count: usize| (0..count).map(|cell| cell.to_string()).collect::<Vec<_>>().join(", ");
    let matrix = format!("{{a: [{}], b: [{}]}}", cells(relevant), cells(other));
    let root = document::read(&format!("jobs: {{job: {{strategy: {{matrix: {matrix}}}, {work}}}}}")).unwrap();
    Workflow::of(&root)
}

/// `count - 1`, `count` or `count + 1`, for a `slack` of 0, 1 or 2; at least 1.
fn near(count: usize, slack: usize) -> usize {
    (count + slack).saturating_sub(1).max(1)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 16 * ProptestConfig::default().cases, failure_persistence: None, ..ProptestConfig::default()
    })]

    /// Each job gets an equal share of 20,000 combinations and 8 MiB of scripts, but at least 256
    /// combinations and 1 MiB. Above its share, one unknown row represents the whole matrix.
    #[test]
    fn job_above_its_share_has_one_unknown_row(
        (relevant, other, steps) in (1..5_usize, 1..4_usize, 0..4_usize),
        jobs in select(vec![0, 1, 2, 7, 8, 9, 77, 78, 79, 500]),
        slacks in prop::array::uniform2(0..3_usize),
        (is_many, is_long, calls) in (any::<bool>(), any::<bool>(), any::<bool>()),
    ) {
        let workflow = workflow_with(relevant, other, if calls { "uses: ./other.yml" } else { "steps: []" });
        let weight = if calls { 1 } else { steps.max(1) };
        let most = (20_000 / jobs.max(1)).max(256);
        let invocations = if is_many { near(most / (relevant * weight), slacks[0]) } else { 1 };
        let most_bytes = (8_388_608 / jobs.max(1)).max(1_048_576);
        let script_bytes = if is_long { near(most_bytes / (relevant * invocations), slacks[1]) } else { 0 };
        let steps = if calls { Vec::new() } else { (0..steps).collect() };
        let slice = Slice { matrix_keys: ["a".to_owned()].into(), steps, script_bytes, jobs, ..Slice::default() };
        let none = BTreeSet::new();
        let search = Search { every_script: true, ..Search::new(&none) };
        let (workflow, job) = (&workflow, &workflow.jobs[0]);
        let fuel = Fuel::default();
        let eval = JobEval { path: "w.yml", text: "", workflow, job, slice: &slice, search: &search, fuel: &fuel };
        let rows = eval.rows(&Invocation::unknown(&RelevantInputs::new()), invocations);

        let is_little = relevant * invocations * weight <= most;
        let is_short = relevant * invocations * script_bytes <= most_bytes || relevant * invocations == 1;
        let expected = if is_little && is_short { vec![other; relevant] } else { vec![relevant * other] };
        let known = rows.iter().filter(|(row, _)| row.is_ok()).count();
        prop_assert_eq!(known, if is_little && is_short { relevant } else { 0 });
        prop_assert_eq!(rows.into_iter().map(|(_, count)| count).collect::<Vec<_>>(), expected);

        let most = slice.max_invocations();
        prop_assert!(most == 1 || most * script_bytes <= most_bytes);
        prop_assert!((most + 1) * script_bytes.max(1) > most_bytes);
    }
}

/// A repository with a JavaScript action, which counts how often its program is read.
#[derive(Default)]
struct CountedProgram(Cell<usize>);

impl Files for CountedProgram {
    fn read(&self, path: &str) -> Option<SourceFile> {
        let text = match path {
            "a/action.yml" => "runs: {using: node20, main: x.js}",
            "a/x.js" => {
                self.0.set(self.0.get() + 1);
                "require('run')('bash eval.sh')"
            }
            _ => return None,
        };
        Some(SourceFile { text: text.into(), base: FIRST_FILE_POSITION })
    }

    fn list(&self, _: &str) -> Vec<String> {
        Vec::new()
    }
}

#[test]
fn program_is_evaluated_once_for_all_rows() {
    let reads = |rows: usize| {
        let rows = (0..rows).map(|row| format!("m-{row}")).collect::<Vec<_>>().join(", ");
        let text = format!(
            "on: push\njobs: {{a: {{strategy: {{matrix: {{m: [{rows}]}}}}, env: {{MODEL: '${{{{ matrix.m }}}}'}}, \
             steps: [{{uses: ./a}}]}}}}\n"
        );
        let repository = Repository::new(vec![Parser::default().parse("w.yml", &text).unwrap()]);
        let (variables, files) = (BTreeSet::from(["MODEL".to_owned()]), CountedProgram::default());
        let search = Search { targets: &["eval.sh"], files: &files, ..Search::new(&variables) };
        let sites = Evaluation::new(&repository, search).call_sites(JobId { file: 0, job: 0 });
        (sites.len(), files.0.get())
    };
    let (calls, of_one) = reads(1);
    assert_eq!((calls, of_one > 0), (1, true));
    assert_eq!(reads(256), (256, of_one));
}
