use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{Search, Slice};
use crate::document;
use crate::model::Workflow;

fn search(variables: &BTreeSet<String>) -> Search<'_> {
    Search { every_script: true, ..Search::new(variables) }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Each variable refers to the next one and the last to an input; each is set in the workflow or
    /// the job.
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
        let variables = BTreeSet::from([name(named)]);
        let slice = Slice::new(&workflow, &workflow.jobs[0], &search(&variables));
        prop_assert_eq!(slice.variables, (named..6).map(name).collect());
        prop_assert_eq!(slice.inputs, [("last".to_owned(), Vec::new())].into());
    }
}
