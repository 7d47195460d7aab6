//! Lines of a workflow file that forges accept and that are likely slips: values that nothing reads, the same work
//! twice, and files of the repository in a job that does not check it out.

use std::collections::HashSet;
use std::ops::Range;

use slug_shell::outline::{Outline, Words};

use super::document::{Node, Value};
use super::model::{Job, Step};
use super::problem::Problem;
use super::repository::File;

/// The values of a matrix or an input that nothing reads, if one of them `is_known` as a model or a runtime. If
/// something outside of the file `reads_event`, it can read the inputs.
///
/// A matrix may repeat a job with values that nothing reads, so other values are no slip.
#[must_use]
pub fn unread_values(file: &File, is_known: &dyn Fn(&str) -> bool, reads_event: bool) -> Vec<Problem> {
    let mut problems = Vec::new();
    // An alias repeats a part of another job.
    let has_anchors = file.text.lines().any(|line| line.contains(": &") || line.contains("- &"));
    let mut add = |key: Key, property: String, place: &str| {
        let message = format!("nothing {place}reads `{property}`");
        let help = format!("pass it on, as in `${{{{ {property} }}}}`, or remove it");
        problems.push(Problem { span: key.span, message, help });
    };
    for (job, text) in jobs(file).into_iter().filter(|_| !has_anchors) {
        let unread = job.matrix.iter().flat_map(keys_of_matrix);
        let mut unread = unread.filter(|(_, values)| values.iter().any(|value| is_known(value))).peekable();
        let Some(read) = unread.peek().and_then(|_| properties(text, "matrix")) else { continue };
        for (key, _) in unread.filter(|(key, _)| !read.contains(&key.name.to_ascii_lowercase())) {
            let property = format!("matrix.{}", key.name);
            add(key, property, "in this job ");
        }
    }
    let events = ["github_event_path", "event_path", "tojson(github"];
    let lower = file.text.to_ascii_lowercase();
    if reads_event || events.iter().any(|event| lower.contains(event)) {
        return problems;
    }
    let Some(read) = properties(&file.text, "inputs") else { return problems };
    let is_unread = |key: &Key| !read.contains(&key.name.to_ascii_lowercase());
    for (key, values) in inputs(&file.root).into_iter().filter(|(key, _)| is_unread(key)) {
        if values.iter().any(|value| is_known(value)) {
            let property = format!("inputs.{}", key.name);
            add(key, property, "");
        }
    }
    problems
}

/// Values of a matrix that stand twice, and steps and commands that stand twice in a row. Steps and commands count if
/// they are calls.
#[must_use]
pub fn repetitions(file: &File, is_call: &dyn Fn(&Words) -> bool) -> Vec<Problem> {
    const HELP: &str = "remove one of the two";
    let mut problems = Vec::new();
    let mut add = |span: &Range<usize>, message: &str| {
        problems.push(Problem { span: span.clone(), message: message.to_owned(), help: HELP.to_owned() });
    };
    for (_, job) in file.root.get("jobs").map_or(&[][..], Node::entries) {
        let matrix = job.get("strategy").and_then(|strategy| strategy.get("matrix"));
        for (_, list) in matrix.map_or(&[][..], Node::entries) {
            let mut seen = HashSet::new();
            for item in list.items().iter().filter(|item| !seen.insert(canonical(item))) {
                add(&item.span, "the matrix has this value twice");
            }
        }
        let steps = job.get("steps").map_or(&[][..], Node::items);
        // A condition can make two equal steps exclude each other.
        let is_same = |pair: &[Node]| pair[0].get("if").is_none() && canonical(&pair[0]) == canonical(&pair[1]);
        for pair in steps.windows(2).filter(|pair| is_same(pair)) {
            let run = pair[1].get("run").and_then(Node::text).and_then(Outline::of);
            if run.is_some_and(|run| run.commands.iter().any(is_call)) {
                add(&pair[1].highlight_span(), "the job has this step twice in a row");
            }
        }
    }
    for job in &file.workflow.jobs {
        for run in job.steps().iter().filter_map(|step| step.run.as_ref()) {
            if Outline::of(&run.text).is_some_and(|outline| outline.repeated.iter().any(is_call)) {
                add(&run.key, "the script has the same call twice in a row");
            }
        }
    }
    problems
}

/// The first step of each job that uses a file of the repository, although no step before it can have brought the
/// files. A step that `has_work` runs such a file.
#[must_use]
pub fn without_checkout(file: &File, has_work: &dyn Fn(&Step) -> bool) -> Vec<Problem> {
    let mut problems = Vec::new();
    for job in &file.workflow.jobs {
        // The machine may keep the files of an earlier job, and an image may have them.
        if job.has_container || !job.runs_on.iter().any(|label| is_hosted(label)) {
            continue;
        }
        for step in job.steps() {
            if brings_files(step) {
                break;
            }
            let action = step.uses.as_deref().filter(|uses| uses.starts_with("./"));
            let span = match (&step.run, action) {
                (Some(run), _) if has_work(step) => &run.key,
                (_, Some(_)) => &step.uses_span,
                _ => continue,
            };
            problems.push(Problem {
                span: span.clone(),
                message: "the job does not check out the repository before this step".to_owned(),
                help: "add `- uses: actions/checkout@v4` before it, as in other jobs".to_owned(),
            });
            break;
        }
    }
    problems
}

/// Whether a label names a machine of the forge, which is empty when a job starts.
fn is_hosted(label: &str) -> bool {
    ["ubuntu", "windows", "macos"].iter().any(|system| label.starts_with(system))
}

/// Whether a job checks out the repository, as a whole, before a step that `has_work`.
#[must_use]
pub fn checks_out(job: &Job, has_work: &dyn Fn(&Step) -> bool) -> bool {
    let is_checkout = |step: &Step| {
        let is_part = step.with.iter().any(|(name, _, _)| name == "repository" || name == "path");
        step.uses.as_deref().is_some_and(|uses| uses.starts_with("actions/checkout")) && !is_part
    };
    job.steps().iter().skip_while(|step| !is_checkout(step)).any(has_work)
}

/// Whether a step can bring the files of the repository: any action of another repository, except an action that
/// installs a program, and any script that may fetch files.
fn brings_files(step: &Step) -> bool {
    const COMMANDS: [&str; 12] =
        ["git", "gh", "curl", "wget", "tar", "unzip", "cp", "aws", "gsutil", "rsync", "scp", "cd"];
    let uses = step.uses.as_deref().filter(|uses| !uses.starts_with("./"));
    let run = step.run.as_ref().map_or("", |run| run.text.as_str());
    uses.is_some_and(|uses| !uses.contains("/setup-"))
        || run.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| COMMANDS.contains(&word))
}

/// A key, and where it stands.
struct Key {
    name: String,
    span: Range<usize>,
}

impl Key {
    fn of(key: &Node) -> Self {
        Self { name: key.text().unwrap_or_default().to_owned(), span: key.span.clone() }
    }
}

/// The keys of a matrix with their texts, each with its first place.
fn keys_of_matrix(matrix: &Node) -> Vec<(Key, Vec<String>)> {
    let mut keys: Vec<(Key, Vec<String>)> = Vec::new();
    let mut add = |key: &Node, values: Vec<String>| {
        let key = Key::of(key);
        match keys.iter_mut().find(|(known, _)| known.name == key.name) {
            Some((_, known)) => known.extend(values),
            None => keys.push((key, values)),
        }
    };
    let is_axis = |name: &str| !["include", "exclude"].contains(&name) && matrix.get(name).is_some();
    let lists = |name: &str| matrix.get(name).map_or(&[][..], Node::items).iter().flat_map(Node::entries);
    for (key, value) in matrix.entries().iter().filter(|(key, _)| key.text().is_some_and(is_axis)) {
        // A key of an entry selects the combinations to which the entry applies.
        if !lists("include").chain(lists("exclude")).any(|(other, _)| other.text() == key.text()) {
            add(key, texts(value));
        }
    }
    for (key, value) in lists("include").filter(|(key, _)| !key.text().is_some_and(is_axis)) {
        add(key, texts(value));
    }
    keys
}

/// The inputs of a workflow with their defaults and options.
fn inputs(root: &Node) -> Vec<(Key, Vec<String>)> {
    let events = root.get("on").map_or(&[][..], Node::entries);
    let inputs = events.iter().filter_map(|(_, event)| event.get("inputs")).flat_map(Node::entries);
    let values =
        |input: &Node| ["default", "options"].iter().filter_map(|key| input.get(key)).flat_map(texts).collect();
    inputs.map(|(key, input)| (Key::of(key), values(input))).collect()
}

/// A text, or the texts of a list.
fn texts(node: &Node) -> Vec<String> {
    node.text().into_iter().chain(node.items().iter().filter_map(Node::text)).map(str::to_owned).collect()
}

/// The properties of a context that a text reads, in lower case; `None` if it uses the context as a whole, and so can
/// read any of them.
fn properties(text: &str, context: &str) -> Option<HashSet<String>> {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    let lower = lines.collect::<Vec<_>>().join("\n").to_ascii_lowercase();
    let is_outside = |c: char| c != '_' && c != '-' && !c.is_ascii_alphanumeric();
    let mut read = HashSet::new();
    for (at, _) in lower.match_indices(context) {
        let rest = &lower[at + context.len()..];
        match rest.strip_prefix('.') {
            Some(property) if property.starts_with('*') => return None,
            Some(property) => {
                read.insert(property.split(is_outside).next().unwrap_or_default().to_owned());
            }
            // `inputs:` and `matrix:` are keys.
            None if !rest.starts_with(':') && lower[..at].ends_with(is_outside) && rest.starts_with(is_outside) => {
                return None;
            }
            None => {}
        }
    }
    Some(read)
}

/// The jobs of a file, each with its text.
fn jobs(file: &File) -> Vec<(&Job, &str)> {
    let mut starts: Vec<usize> = file.workflow.jobs.iter().map(|job| job.key.start).collect();
    starts.sort_unstable();
    let text = |job: &Job| {
        let later = starts.partition_point(|start| *start <= job.key.start);
        &file.text[job.key.start..starts.get(later).copied().unwrap_or(file.text.len())]
    };
    file.workflow.jobs.iter().map(|job| (&**job, text(job))).collect()
}

/// A text that equal values have in common, whatever the order of their keys.
fn canonical(node: &Node) -> String {
    match &node.value {
        Value::Mapping(entries) => {
            let mut entries: Vec<String> =
                entries.iter().map(|(key, value)| format!("{}: {}", canonical(key), canonical(value))).collect();
            entries.sort();
            format!("{{{}}}", entries.join(", "))
        }
        Value::Sequence(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(", ")),
        _ => format!("{:?}", node.text()),
    }
}
