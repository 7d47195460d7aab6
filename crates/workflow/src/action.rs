//! Actions: the targets of a search, and composite actions in the repository with their inputs and steps, and
//! the contexts of their expressions.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::rc::Rc;

use github_actions_expressions::Evaluation;

use super::document::{self, Node};
use super::expression::{Contexts, JobStatus};
use super::model::{InputEntry, Step, outputs_of, steps_of};
use slug_shell::{Files, SourceFile, WORKSPACE};
use slug_value::Value;

/// Maximum nesting of actions in actions, as in a forge.
pub const MAX_DEPTH: usize = 10;

/// An action to look for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ActionTarget<'a> {
    /// The action as a step names it. Without a revision, it stands for every revision.
    pub uses: &'a str,
    /// The variable that has the value of each input.
    pub inputs: &'a BTreeMap<String, String>,
}

impl ActionTarget<'_> {
    /// Whether a step that `uses` a text runs the action. `roots` are the directories into which the
    /// repository is checked out.
    #[must_use]
    pub fn is_named(&self, uses: &str, roots: &[&str]) -> bool {
        let ((name, revision), (mine, my_revision)) = (split(uses), split(self.uses));
        if !my_revision.is_empty() && revision != my_revision {
            return false;
        }
        match (local(name), local(mine)) {
            (Some(name), Some(mine)) => {
                let below = |root: &&str| name.strip_prefix(root).and_then(|rest| rest.strip_prefix('/')) == Some(mine);
                name == mine || roots.iter().filter(|root| !root.is_empty()).any(below)
            }
            (None, None) => {
                let (mut names, mut mine) = (parts(name), parts(mine));
                // A forge ignores the case of an owner and a repository.
                let is_same = |(name, mine): (&str, &str)| name.eq_ignore_ascii_case(mine);
                let is_repository = names.by_ref().zip(mine.by_ref()).take(2).map(is_same).eq([true, true]);
                is_repository && names.eq(mine)
            }
            _ => false,
        }
    }

    /// The variable that has the value of an input.
    #[must_use]
    pub fn variable(&self, input: &str) -> Option<&str> {
        let is_same = |(name, _): &(&String, &String)| name.eq_ignore_ascii_case(input);
        self.inputs.iter().find(is_same).map(|(_, variable)| variable.as_str())
    }
}

/// The targets that inputs of an action may start, by index, each with the bytes of the key of the input: the value
/// is a command line with the path of the target, or the input has the name of a command.
pub fn commands_in_inputs(with: &[InputEntry], targets: &[&str]) -> Vec<(usize, Range<usize>)> {
    let mut found = Vec::new();
    for (input, key, value) in with {
        let is_command = is_command(input);
        let text = value.text().unwrap_or_default();
        for (index, target) in targets.iter().enumerate() {
            let is_named = |line: &str| names_path(line, target) && (is_command || line.trim().contains(' '));
            if text.lines().any(is_named) {
                found.push((index, key.clone()));
            }
        }
    }
    found
}

/// The words in the names of inputs whose values are scripts.
const SCRIPT_INPUTS: [&str; 9] =
    ["cmd", "command", "commands", "entrypoint", "exec", "run", "runcmd", "script", "start"];

/// The words in the name of an input, in lowercase.
fn words_of(input: &str) -> impl Iterator<Item = String> {
    input.split(['-', '_', ' ']).map(str::to_lowercase)
}

/// Whether an input may have a command, as a word in its name begins or ends with that of a script: `preCommand`,
/// `script-path`, but not `description`.
fn is_command(input: &str) -> bool {
    let is_named = |word: &str, name: &str| word.starts_with(name) || word.ends_with(name);
    words_of(input).any(|word| SCRIPT_INPUTS.iter().chain(&["args"]).any(|name| is_named(&word, name)))
}

/// The inputs of an action whose value is a script that may run files of the repository, each with the bytes of its
/// key.
pub fn scripts_in_inputs(with: &[InputEntry]) -> impl Iterator<Item = (&str, &Range<usize>)> {
    let is_script = |input: &str, text: &str| {
        let is_named = words_of(input).any(|word| SCRIPT_INPUTS.contains(&word.as_str()));
        is_named && (slug_shell::is_command_line(text) || slug_shell::may_run_files(text))
    };
    with.iter().filter_map(move |(input, key, value)| {
        let text = value.text()?;
        is_script(input, text).then_some((text, key))
    })
}

/// The variables that a program in an input of an action may set for later steps, as `actions/github-script` runs one:
/// it names the variable and a way to set one. Each comes with the bytes of the key of the input.
pub fn variables_set_in_inputs<'n>(
    with: &[InputEntry],
    names: &'n BTreeSet<String>,
) -> Vec<(&'n String, Range<usize>)> {
    let is_inside = |c: char| c == '_' || c.is_ascii_alphanumeric();
    let mut found = Vec::new();
    for (_, key, value) in with {
        let text = value.text().unwrap_or_default();
        if !["exportVariable", "GITHUB_ENV", "github.env"].iter().any(|way| text.contains(way)) {
            continue;
        }
        let words: BTreeSet<&str> = text.split(|c| !is_inside(c)).collect();
        found.extend(names.iter().filter(|name| words.contains(name.as_str())).map(|name| (name, key.clone())));
    }
    found
}

/// Whether a line has the path of a target as a whole, perhaps below the workspace, or its command.
fn names_path(line: &str, target: &str) -> bool {
    let is_inside = |sign: char| sign.is_alphanumeric() || matches!(sign, '_' | '-' | '.' | '/');
    line.match_indices(target).any(|(at, _)| {
        let before = line[..at].trim_end_matches("./");
        let is_below = before.ends_with("WORKSPACE/") || before.ends_with("}/");
        (is_below || !before.ends_with(is_inside)) && !line[at + target.len()..].starts_with(is_inside)
    })
}

/// The name of an action and its revision, or the tag of its image; the revision is empty if the text has none.
fn split(uses: &str) -> (&str, &str) {
    let (name, digest) = uses.split_once('@').unwrap_or((uses, ""));
    match name.rsplit_once(':') {
        Some((image, tag)) if name.starts_with("docker://") && !tag.contains('/') => (image, tag),
        _ => (name, digest),
    }
}

/// The directory of a local action.
fn local(name: &str) -> Option<&str> {
    Some(name.strip_prefix("./")?.trim_matches('/'))
}

/// The parts of the name of an action, without the host of a URL.
fn parts(name: &str) -> std::str::Split<'_, char> {
    let name = match name.split_once("://") {
        Some((scheme, rest)) if scheme != "docker" => rest.split_once('/').map_or(rest, |(_, path)| path),
        _ => name,
    };
    name.trim_end_matches('/').split('/')
}

/// A composite action.
pub struct Action {
    /// Its directory, relative to the root of the repository.
    pub directory: String,
    /// The text of its file.
    pub text: Rc<str>,
    /// The position of the first byte of the text.
    pub base: usize,
    /// The default of each input, by its name in lower case.
    pub inputs: BTreeMap<String, Option<String>>,
    /// The text of each output, by its name in lower case.
    pub outputs: BTreeMap<String, String>,
    /// Its steps. Their positions are relative to the text.
    pub steps: Vec<Step>,
}

impl Action {
    /// Reads the composite action that a step names with `uses`; `None` if it names another kind of action
    /// or no file of the repository. `roots` are the directories into which the repository is checked out.
    pub fn read(uses: &str, roots: &[&str], files: &dyn Files) -> Option<Self> {
        let (directory, SourceFile { text, base }) = file_of(uses, roots, files)?;
        let root = document::read(&text).ok()?;
        let runs = root.get("runs")?;
        if runs.get("using").and_then(Node::text) != Some("composite") {
            return None;
        }
        let input = |(name, settings): &(Node, Node)| {
            let default = settings.get("default").filter(|default| !default.is_null()).and_then(Node::text);
            Some((name.text()?.to_lowercase(), default.map(str::to_owned)))
        };
        let inputs = root.get("inputs").map(Node::entries).unwrap_or_default().iter().filter_map(input).collect();
        let outputs = outputs_of(&root).into_iter().collect();
        let steps = steps_of(runs.get("steps").map(Node::items).unwrap_or_default());
        Some(Self { directory: directory.to_owned(), text, base, inputs, outputs, steps })
    }
}

/// The file of a local action, with its directory.
fn file_of<'u>(uses: &'u str, roots: &[&str], files: &dyn Files) -> Option<(&'u str, SourceFile)> {
    let path = uses.strip_prefix("./")?.trim_matches('/');
    let below = |root: &&str| path.strip_prefix(root)?.strip_prefix('/');
    let directories = std::iter::once(path).chain(roots.iter().filter(|root| !root.is_empty()).filter_map(below));
    let mut names = directories.flat_map(|directory| ["action.yml", "action.yaml"].map(|name| (directory, name)));
    names.find_map(|(directory, name)| Some((directory, files.read(&path_in(directory, name))?)))
}

fn path_in(directory: &str, name: &str) -> String {
    if directory.is_empty() { name.to_owned() } else { format!("{directory}/{name}") }
}

/// A script with the commands that a local action of JavaScript or of a container runs. `None` for other actions.
///
/// The files of the action that its Dockerfile names count as commands, and the instructions of the Dockerfile are
/// comments of the script.
#[must_use]
pub fn commands_of_program(uses: &str, roots: &[&str], files: &dyn Files) -> Option<String> {
    let (directory, SourceFile { text, .. }) = file_of(uses, roots, files)?;
    let root = document::read(&text).ok()?;
    let runs = root.get("runs")?;
    let using = runs.get("using").and_then(Node::text)?;
    let text = |key: &str| runs.get(key).and_then(Node::text);
    let in_directory = |name: &str| path_in(directory, name.trim_start_matches("./"));
    let mut lines = Vec::new();
    if using.starts_with("node") {
        let programs = ["pre", "main", "post"].into_iter().filter_map(text);
        lines.extend(programs.map(|program| format!("node {}", quoted(&in_directory(program)))));
    } else if using == "docker" {
        lines.extend(["pre-entrypoint", "post-entrypoint"].into_iter().filter_map(text).map(quoted));
        let arguments = runs.get("args").map(Node::items).unwrap_or_default().iter().filter_map(Node::text);
        let words: Vec<String> = text("entrypoint").into_iter().chain(arguments).map(quoted).collect();
        lines.push(words.join(" "));
        let image = text("image").filter(|image| !image.starts_with("docker://"));
        let dockerfile = image.and_then(|image| files.read(&in_directory(image)));
        let dockerfile = dockerfile.as_ref().map(|file| &*file.text).unwrap_or_default();
        let instructions: Vec<&str> = dockerfile.lines().filter(|line| !line.trim_start().starts_with('#')).collect();
        let words =
            instructions.iter().flat_map(|line| line.split(|c: char| c.is_whitespace() || "\"',[]=".contains(c)));
        let words: BTreeSet<&str> = words.filter(|word| !word.is_empty()).collect();
        let paths = words.into_iter().map(|word| in_directory(word.trim_start_matches('/')));
        lines.extend(paths.filter(|path| files.read(path).is_some()).map(|path| quoted(&format!("./{path}"))));
        lines.extend(instructions.iter().map(|line| format!("# {line}")));
    } else {
        return None;
    }
    Some(lines.join("\n"))
}

/// A text as one word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// The contexts of an action: those of its job, and its directory.
pub struct ActionContexts<'c> {
    /// The contexts of the job.
    pub job: &'c dyn Contexts,
    /// The directory of the action; `None` outside of actions.
    pub directory: Option<&'c str>,
}

impl Contexts for ActionContexts<'_> {
    fn look_up(&self, path: &[String]) -> Value {
        let is = |index: usize, name: &str| path.get(index).is_some_and(|part| part.eq_ignore_ascii_case(name));
        match self.directory {
            Some(directory) if path.len() == 2 && is(0, "github") && is(1, "action_path") => {
                Value::known(Evaluation::String(format!("{WORKSPACE}/{directory}")))
            }
            _ => self.job.look_up(path),
        }
    }

    fn status(&self) -> Option<JobStatus> {
        self.job.status()
    }
}
