//! References of expressions to steps, jobs, outputs, inputs and keys of a matrix that do not exist, which a forge
//! reads as empty, and references to variables of `env`.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Range;

use super::document::{self, Node};
use super::expression::{paths, paths_of};
use super::problem::Problem;
use slug_value::slip::is_slip;

/// The most places of a file that are reported.
const PROBLEMS: usize = 50;

/// The contexts whose names are compared.
const CONTEXTS: [&str; 5] = ["steps", "needs", "jobs", "inputs", "matrix"];

/// The places of a workflow whose expressions refer to a step, a job, an input or a key of the matrix that does not
/// exist.
#[must_use]
pub fn of_workflow(root: &Node, text: &str) -> Vec<Problem> {
    let mut found = Vec::new();
    let file = FileNames::of_workflow(root);
    let jobs = root.get("jobs").map_or(&[][..], Node::entries).iter();
    let jobs: HashMap<&str, JobNames<'_>> =
        jobs.filter_map(|(id, job)| Some((id.text()?, JobNames::of(job)))).collect();
    document::each_text(root, &mut |path, node| {
        let job = match path {
            ["jobs", job, ..] => jobs.get(job),
            _ => None,
        };
        add_problems(path, node, (&file, job), text, &mut found);
    });
    found
}

/// The places of an action whose expressions refer to a step or an input that does not exist.
#[must_use]
pub fn of_action(root: &Node, text: &str) -> Vec<Problem> {
    let mut found = Vec::new();
    let inputs = Some(Known::new(root.get("inputs").map(keys).unwrap_or_default()));
    let file = FileNames { inputs, ..FileNames::default() };
    let steps = root.get("runs").and_then(|runs| runs.get("steps")).map(ids).unwrap_or_default();
    let scripts = root.get("runs").and_then(|runs| runs.get("steps")).map(scripts).unwrap_or_default();
    let steps = JobNames { steps: Known::new(steps), scripts, needs: None, matrix: None };
    document::each_text(root, &mut |path, node| {
        add_problems(path, node, (&file, Some(&steps)), text, &mut found);
    });
    found
}

/// The names that exist in a context, and the same names in lower case.
struct Known<'n>(Vec<&'n str>, HashSet<String>);

impl<'n> Known<'n> {
    fn new(names: Vec<&'n str>) -> Self {
        let lower = names.iter().map(|name| name.to_lowercase()).collect();
        Self(names, lower)
    }

    fn has(&self, name: &str) -> bool {
        self.1.contains(&name.to_lowercase())
    }
}

/// The names that exist for every expression of a file. `None` for a context whose names are not known.
#[derive(Default)]
struct FileNames<'n> {
    jobs: Option<Known<'n>>,
    /// The outputs of the jobs with steps of their own, by the id of the job in lower case.
    outputs: HashMap<String, Known<'n>>,
    inputs: Option<Known<'n>>,
    event_inputs: Option<Known<'n>>,
}

impl<'n> FileNames<'n> {
    fn of_workflow(root: &'n Node) -> Self {
        let on = root.get("on");
        let inputs_of = |event: &str| {
            let inputs = on.and_then(|on| on.get(event)).and_then(|event| event.get("inputs"));
            inputs.map(keys).unwrap_or_default()
        };
        let (dispatched, called) = (inputs_of("workflow_dispatch"), inputs_of("workflow_call"));
        let inputs = dispatched.iter().chain(&called).copied().collect();
        // The event of a called workflow is that of its caller.
        let is_called = on.is_some_and(|on| texts(on).contains(&"workflow_call") || on.get("workflow_call").is_some());
        let jobs = root.get("jobs").map_or(&[][..], Node::entries).iter();
        let outputs = jobs.filter(|(_, job)| job.get("steps").is_some()).filter_map(|(id, job)| {
            let names = job.get("outputs").map(keys).unwrap_or_default();
            Some((id.text()?.to_lowercase(), Known::new(names)))
        });
        Self {
            jobs: root.get("jobs").map(|jobs| Known::new(keys(jobs))),
            outputs: outputs.collect(),
            inputs: on.map(|_| Known::new(inputs)),
            event_inputs: on.filter(|_| !is_called).map(|_| Known::new(dispatched)),
        }
    }
}

/// The names that exist for the expressions of a job or of an action.
struct JobNames<'n> {
    steps: Known<'n>,
    /// The scripts of the steps with an id, by this id in lower case.
    scripts: HashMap<String, &'n str>,
    /// The needed jobs; `None` in an action, which sees those of its caller.
    needs: Option<Known<'n>>,
    /// The keys of the matrix; `None` if they are computed, and in an action.
    matrix: Option<Known<'n>>,
}

impl<'n> JobNames<'n> {
    fn of(job: &'n Node) -> Self {
        let steps = Known::new(job.get("steps").map(ids).unwrap_or_default());
        let scripts = job.get("steps").map(scripts).unwrap_or_default();
        let needs = Some(Known::new(job.get("needs").map(texts).unwrap_or_default()));
        let matrix = job.get("strategy").map_or(Some(Vec::new()), keys_of_matrix).map(Known::new);
        Self { steps, scripts, needs, matrix }
    }
}

/// The part of the path of an expression that does not exist, what is wrong with it, and the remedy.
fn problem(path: &[String], file: &FileNames<'_>, job: Option<&JobNames<'_>>) -> Option<[String; 3]> {
    let lower: Vec<String> = path.iter().map(|name| name.to_lowercase()).collect();
    let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
    if let Some(problem) = missing_output(path, &lower, file, job) {
        return Some(problem);
    }
    let (known, at, what) = match lower.as_slice() {
        ["steps", _, ..] => (Some(&job?.steps), 1, "no step has the id"),
        ["needs", _, ..] => (job?.needs.as_ref(), 1, "`needs` of the job does not have"),
        ["matrix", _, ..] => (job?.matrix.as_ref(), 1, "no matrix of the job has"),
        ["jobs", _, ..] => (file.jobs.as_ref(), 1, "the file has no job"),
        ["inputs", _, ..] => (file.inputs.as_ref(), 1, "the file declares no input"),
        ["github" | "gitea", "event", "inputs", _, ..] => (file.event_inputs.as_ref(), 3, "the file declares no input"),
        _ => return None,
    };
    let (known, name) = (known?, &path[at]);
    if known.has(name) {
        return None;
    }
    let declare = |what: &str| format!("correct the name, or {what}");
    let help = match slug_yaml::did_you_mean(name, known.0.iter().copied()) {
        Some(help) => help,
        None if lower[0] == "needs" && file.jobs.as_ref().is_some_and(|jobs| jobs.has(name)) => {
            format!("add `{name}` to `needs`")
        }
        None => match lower[0] {
            "steps" => declare(&format!("give the meant step `id: {name}`")),
            "inputs" | "github" | "gitea" => declare("declare the input below `inputs`"),
            "matrix" => declare("add it to the matrix"),
            _ => declare("remove the expression"),
        },
    };
    let part = path[..=at].join(".");
    // An action gets each input that a caller passes, declared or not.
    let is_in_action = job.is_some_and(|job| job.needs.is_none());
    let unless = if lower[0] == "inputs" && is_in_action { " unless a caller passes it" } else { "" };
    Some([part.clone(), format!("{what} `{name}`, so `{part}` is empty{unless}"), help])
}

/// The same for the name of an output of a step or a job.
fn missing_output(
    path: &[String],
    lower: &[&str],
    file: &FileNames<'_>,
    job: Option<&JobNames<'_>>,
) -> Option<[String; 3]> {
    let [context, id, "outputs", _, ..] = lower else { return None };
    let (written_id, name) = (&path[1], &path[3]);
    let (what, help) = match *context {
        "steps" => {
            let help = similar_output(name, job?.scripts.get(*id)?)?;
            (format!("step `{written_id}` sets no output"), help)
        }
        "jobs" | "needs" if *context == "jobs" || job?.needs.as_ref()?.has(id) => {
            let outputs = file.outputs.get(*id).filter(|outputs| !outputs.has(name))?;
            let help = slug_yaml::did_you_mean(name, outputs.0.iter().copied())
                .unwrap_or_else(|| format!("correct the name, or add it to `outputs` of job `{written_id}`"));
            (format!("job `{written_id}` has no output"), help)
        }
        _ => return None,
    };
    let part = path[..=3].join(".");
    let message = format!("{what} `{name}`, so `{part}` is empty");
    Some([part, message, help])
}

/// The help for the name of an output, if the script of the step does not have the name but sets a similar one.
fn similar_output(name: &str, script: &str) -> Option<String> {
    let is_outside = |c: char| !matches!(c, '_' | '-') && !c.is_ascii_alphanumeric();
    if script.split(is_outside).any(|word| word.eq_ignore_ascii_case(name)) {
        return None;
    }
    // Another command may set any output.
    let lines = script.lines().filter(|line| line.contains("GITHUB_OUTPUT"));
    let set = lines.map(printed_name).collect::<Option<Vec<&str>>>()?;
    // Also compares short names, by the whole paths.
    let is_similar = |set: &&str| is_slip(&format!("outputs.{name}"), &format!("outputs.{set}"));
    let meant = set.into_iter().find(is_similar)?;
    Some(format!("did you mean `{meant}`?"))
}

/// The name in a line such as `echo "NAME=value" >> $GITHUB_OUTPUT`.
fn printed_name(line: &str) -> Option<&str> {
    let is_name =
        |name: &str| !name.is_empty() && name.chars().all(|c| matches!(c, '_' | '-') || c.is_ascii_alphanumeric());
    let printed = ["echo ", "printf "].iter().find_map(|program| line.trim_start().strip_prefix(program))?;
    let (name, value) = printed.trim_start().trim_start_matches(['"', '\'']).split_once('=')?;
    (is_name(name) && value.contains(">>") && !value.contains(['|', ';'])).then_some(name)
}

fn add_problems(
    path: &[&str],
    node: &Node,
    (file, job): (&FileNames<'_>, Option<&JobNames<'_>>),
    source: &str,
    found: &mut Vec<Problem>,
) {
    let used = used_paths(path, node, &CONTEXTS);
    let first = found.len();
    for [part, message, help] in used.iter().filter_map(|path| problem(path, file, job)) {
        if found.len() >= PROBLEMS {
            return;
        }
        // Several paths may have the same name, as `steps.x.outcome` and `steps.x.outputs`.
        if found[first..].iter().all(|other| other.message != message) {
            found.push(Problem { span: node.span.clone(), message, help }.at(&part, source));
        }
    }
}

/// The paths that the expressions of a text use, if it has the name of one of these contexts.
fn used_paths(path: &[&str], node: &Node, contexts: &[&str]) -> BTreeSet<Vec<String>> {
    let text = node.text().unwrap_or_default();
    let is_condition = matches!(
        path,
        ["jobs", _, "if"]
            | [.., "steps" | "parallel" | "background", "*", "if"]
            | [.., "parallel" | "background", "if"]
    );
    let has_expression = text.contains("${{");
    let lower = if has_expression || is_condition { text.to_ascii_lowercase() } else { String::new() };
    match () {
        // Parsing takes long.
        () if !contexts.iter().any(|context| lower.contains(context)) => BTreeSet::new(),
        () if has_expression => paths(text),
        () => paths_of(text),
    }
}

/// A reference to `env.NAME` in a step.
pub struct EnvReference<'n> {
    /// The id of the job.
    pub job: &'n str,
    /// The name.
    pub name: String,
    /// The bytes of `env.NAME`, or of the text that has it.
    pub span: Range<usize>,
}

/// The references of the steps of a workflow to variables of `env`.
#[must_use]
pub fn env_references<'n>(root: &'n Node, text: &str) -> Vec<EnvReference<'n>> {
    let mut found = Vec::new();
    document::each_text(root, &mut |path, node| {
        let ["jobs", job, "steps", ..] = path else { return };
        for used in used_paths(path, node, &["env"]) {
            if let [context, name] = used.as_slice()
                && context.eq_ignore_ascii_case("env")
                && found.len() < PROBLEMS
            {
                let whole = Problem { span: node.span.clone(), message: String::new(), help: String::new() };
                let Problem { span, .. } = whole.at(&used.join("."), text);
                found.push(EnvReference { job, name: name.clone(), span });
            }
        }
    });
    found
}

/// The keys of the matrix of a strategy; `None` if they are computed.
fn keys_of_matrix(strategy: &Node) -> Option<Vec<&str>> {
    let Some(matrix) = strategy.get("matrix") else { return strategy.text().is_none().then(Vec::new) };
    let include = matrix.get("include");
    let rows = include.map_or(&[][..], Node::items);
    let is_computed = |node: &Node| node.text().is_some() || keys(node).iter().any(|key| key.contains("${{"));
    if is_computed(matrix) || include.is_some_and(|include| include.text().is_some()) || rows.iter().any(is_computed) {
        return None;
    }
    Some([matrix].into_iter().chain(rows).flat_map(keys).collect())
}

/// The keys of a mapping.
fn keys(node: &Node) -> Vec<&str> {
    node.entries().iter().filter_map(|(key, _)| key.text()).collect()
}

/// A text, or the texts of a list.
fn texts(node: &Node) -> Vec<&str> {
    node.text().into_iter().chain(node.items().iter().filter_map(Node::text)).collect()
}

/// The ids of steps, also of those in groups.
fn ids(steps: &Node) -> Vec<&str> {
    let mut found = Vec::new();
    document::each_text(steps, &mut |path, node| {
        if path.last() == Some(&"id") {
            found.extend(node.text());
        }
    });
    found
}

/// The scripts of the steps with an id, also of those in groups, by the id in lower case.
fn scripts(steps: &Node) -> HashMap<String, &str> {
    let mut found = HashMap::new();
    let mut nodes = vec![steps];
    while let Some(node) = nodes.pop() {
        if let (Some(id), Some(run)) = (node.get("id").and_then(Node::text), node.get("run").and_then(Node::text)) {
            found.insert(id.to_lowercase(), run);
        }
        nodes.extend(node.items().iter().chain(node.entries().iter().map(|(_, value)| value)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(found: Vec<Problem>) -> Vec<String> {
        found.into_iter().map(|Problem { message, help, .. }| format!("{message}; {help}")).collect()
    }

    #[test]
    fn names_that_do_not_exist_are_found() {
        const OTHER: &str = "correct the name, or remove the expression";
        const INPUT: &str = "correct the name, or declare the input below `inputs`";
        let job = |rest: &str| format!("on: push\njobs: {{one: {{}}, two: {{{rest}}}}}\n");
        for (text, expected) in [
            (
                job("steps: [{id: pick}, {if: steps.pikc.outcome == 'success'}]"),
                "no step has the id `pikc`, so `steps.pikc` is empty; did you mean `pick`?".to_owned(),
            ),
            (
                job("steps: [{id: pick}], outputs: {a: '${{ steps.pikc.outputs.a }}'}"),
                "no step has the id `pikc`, so `steps.pikc` is empty; did you mean `pick`?".to_owned(),
            ),
            (
                job("if: needs.one.result == 'success'"),
                "`needs` of the job does not have `one`, so `needs.one` is empty; add `one` to `needs`".to_owned(),
            ),
            (
                job("needs: [one], env: {A: '${{ needs.x.outputs.a }} ${{ needs[''X''].result }}'}"),
                [
                    format!("`needs` of the job does not have `X`, so `needs.X` is empty; {OTHER}"),
                    format!("`needs` of the job does not have `x`, so `needs.x` is empty; {OTHER}"),
                ]
                .join("\n"),
            ),
            (
                "on: {workflow_call: {outputs: {a: {value: '${{ jobs.pikc.outputs.a }}'}}}}\njobs: {pick: {}}\n"
                    .to_owned(),
                "the file has no job `pikc`, so `jobs.pikc` is empty; did you mean `pick`?".to_owned(),
            ),
            (
                "on: push\njobs: {one: {outputs: {model: x}, steps: []}, two: {needs: one, env: {A: '${{ \
                 needs.one.outputs.modle }} ${{ needs.one.outputs.Model }}'}}}\n"
                    .to_owned(),
                "job `one` has no output `modle`, so `needs.one.outputs.modle` is empty; did you mean `model`?"
                    .to_owned(),
            ),
            (
                "on: {workflow_call: {outputs: {a: {value: '${{ jobs.a.outputs.b }}'}}}}\njobs: {a: {steps: []}}\n"
                    .to_owned(),
                "job `a` has no output `b`, so `jobs.a.outputs.b` is empty; correct the name, or add it to `outputs` \
                 of job `a`"
                    .to_owned(),
            ),
            // A called workflow has outputs of its own.
            (
                "on: push\njobs: {one: {uses: ./x.yml}, two: {needs: one, if: needs.one.outputs.a}}\n".to_owned(),
                String::new(),
            ),
            (
                "on: {workflow_dispatch: {inputs: {model: {}}}}\nenv: {A: '${{ inputs.modle }}'}\n".to_owned(),
                "the file declares no input `modle`, so `inputs.modle` is empty; did you mean `model`?".to_owned(),
            ),
            (
                job("env: {A: '${{ matrix.a }}'}"),
                "no matrix of the job has `a`, so `matrix.a` is empty; correct the name, or add it to the matrix"
                    .to_owned(),
            ),
            (
                job("strategy: {matrix: {model: [1]}}, env: {A: '${{ matrix.modle }}'}"),
                "no matrix of the job has `modle`, so `matrix.modle` is empty; did you mean `model`?".to_owned(),
            ),
            (
                "on: [push]\nenv: {A: '${{ gitea.event.inputs.a }}'}\n".to_owned(),
                format!("the file declares no input `a`, so `gitea.event.inputs.a` is empty; {INPUT}"),
            ),
            (
                job("steps: [{id: Pick, run: 'echo model=x >> $GITHUB_OUTPUT'}, {if: steps.pick.outputs.modle}]"),
                "step `pick` sets no output `modle`, so `steps.pick.outputs.modle` is empty; did you mean `model`?"
                    .to_owned(),
            ),
            // A program may set the output.
            (
                job("steps: [{id: a, run: 'x >> $GITHUB_OUTPUT; y model=1'}, {if: steps.a.outputs.model-id}]"),
                String::new(),
            ),
            (
                job("steps: [{id: a, run: 'x >> $GITHUB_OUTPUT; y model=1'}, {if: steps.a.outputs.other}]"),
                String::new(),
            ),
            (
                job("steps: [{id: a, run: 'models=1; pick $models >> $GITHUB_OUTPUT'}, {if: steps.a.outputs.model}]"),
                String::new(),
            ),
            (
                job("steps: [{id: a, run: 'pick --models=1 >> $GITHUB_OUTPUT'}, {if: steps.a.outputs.model}]"),
                String::new(),
            ),
            (job("steps: [{id: a, run: 'pick --modle model=1'}, {if: steps.a.outputs.modle}]"), String::new()),
            (job("steps: [{id: a, run: 'pick model=1'}, {if: steps.a.outputs.modle}]"), String::new()),
            (job("steps: [{id: a, uses: b}, {if: steps.a.outputs.modle}]"), String::new()),
            // The names exist, the context is another one or the name is not fixed, or the file does not show them.
            (
                job("steps: [{id: A}, {if: steps.a.outcome}, {parallel: [{id: b}]}, {if: steps.b.outcome}]"),
                String::new(),
            ),
            (job("needs: One, if: 'needs.one.result && needs.*.result && needs[vars.a].result'"), String::new()),
            (job("env: {A: '${{ toJSON(steps) }} ${{ env.steps.x }} steps.y'}"), String::new()),
            (
                job("strategy: {matrix: {a: [1], include: [{B: 2}]}}, env: {A: '${{ matrix.A }} ${{ matrix.b }}'}"),
                String::new(),
            ),
            (job("strategy: {matrix: '${{ fromJSON(vars.m) }}'}, env: {A: '${{ matrix.a }}'}"), String::new()),
            (
                job("strategy: {matrix: {include: '${{ fromJSON(vars.m) }}'}}, env: {A: '${{ matrix.a }}'}"),
                String::new(),
            ),
            (
                job("strategy: {matrix: {include: ['${{ fromJSON(vars.m) }}']}}, env: {A: '${{ matrix.a }}'}"),
                String::new(),
            ),
            (job("strategy: '${{ fromJSON(vars.s) }}', env: {A: '${{ matrix.a }}'}"), String::new()),
            (job("steps: [{with: {if: steps.x}, env: {steps: steps.x}}]"), String::new()),
            ("on: {workflow_call: {}}\nenv: {A: '${{ github.event.inputs.a }}'}\n".to_owned(), String::new()),
            ("on: workflow_call\nenv: {A: '${{ github.event.inputs.a }}'}\n".to_owned(), String::new()),
            ("env: {A: '${{ inputs.a }}'}\n".to_owned(), String::new()),
        ] {
            let root = document::read(&text).unwrap();
            assert_eq!(shown(of_workflow(&root, &text)).join("\n"), expected, "{text}");
        }
    }

    #[test]
    fn problem_is_at_the_reference_and_problems_are_bounded() {
        let lines: String = (0..99).map(|n| format!("          echo ${{{{ steps.s{n}.outputs.x }}}}\n")).collect();
        let text = format!("jobs:\n  j:\n    steps:\n      - run: |\n          true\n{lines}");
        let found = of_workflow(&document::read(&text).unwrap(), &text);
        let at: Vec<&str> = found.iter().map(|problem| &text[problem.span.clone()]).collect();
        assert_eq!((at[0], at[1], at.len()), ("steps.s0", "steps.s1", PROBLEMS));
    }

    #[test]
    fn action_has_its_own_names() {
        let text = "inputs: {a: {}}\nruns:\n  steps:\n    - {id: s, if: steps.t.outcome, run: '${{ inputs.b }}'}\n    \
                    - {if: inputs.A && steps.S.outcome && needs.x.result}\n";
        let root = document::read(text).unwrap();
        let found: Vec<String> = of_action(&root, text).into_iter().map(|problem| problem.message).collect();
        assert_eq!(
            found,
            [
                "no step has the id `t`, so `steps.t` is empty",
                "the file declares no input `b`, so `inputs.b` is empty unless a caller passes it"
            ]
        );
    }
}
