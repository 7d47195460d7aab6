//! The scripts in the steps of a workflow or an action.

use std::fs;
use std::path::{Path, PathBuf};

/// A step with a script.
pub struct Step {
    /// The id; empty if the step has none.
    pub id: String,
    /// The script, with a line break after each line.
    pub script: String,
}

/// The steps with a script, in the order of the file.
pub fn steps(file: &Path) -> Vec<Step> {
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let lines: Vec<&str> = text.lines().collect();
    let mut steps = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        let Some((before, command)) = line.split_once("run: ") else { continue };
        if !["", "-"].contains(&before.trim()) {
            continue;
        }
        let column = before.len();
        let is_inside = |line: &&&str| line.is_empty() || line.len() - line.trim_start().len() > column;
        let body = lines[number + 1..].iter().take_while(is_inside);
        let script = match command {
            "|" => body.flat_map(|line| [line.get(column + 2..).unwrap_or_default(), "\n"]).collect(),
            command => format!("{command}\n"),
        };
        // The other fields are above, up to the `-` of the step.
        let first = lines[..=number].iter().rposition(|line| line.trim_start().starts_with("- ")).unwrap_or(number);
        let fields = lines[first..number].iter().map(|line| line.trim().trim_start_matches("- "));
        let id = fields.filter_map(|field| field.strip_prefix("id: ")).next().unwrap_or_default().to_owned();
        steps.push(Step { id, script });
    }
    steps
}

/// The script of the step with an id.
#[allow(dead_code, reason = "one of the tests needs every script")]
pub fn script(file: &str, id: &str) -> String {
    let found = steps(&root().join(file)).into_iter().find(|step| step.id == id);
    found.unwrap_or_else(|| panic!("{file} has no script with the id `{id}`")).script
}

/// The root of the checkout.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("the checkout exists")
}
