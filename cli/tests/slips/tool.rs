//! Runs slugproof on a repository, and what it says.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::runner::Files;

/// The worst thing that slugproof says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Answer {
    Error,
    Warning,
    Undecided,
    Silent,
}

/// A copy of a repository, in which files are changed and restored.
pub struct Checkout {
    root: PathBuf,
    files: Files,
}

/// The commands that the bare command runs, in the order of the time they take.
const COMMANDS: [&str; 4] = ["check", "prove", "conform", "lint"];

impl Checkout {
    pub fn new(root: &Path, files: &Files) -> Self {
        let _ = fs::remove_dir_all(root);
        fs::create_dir_all(root.join(".git")).expect("the target directory can be written to");
        let checkout = Self { root: root.to_owned(), files: files.clone() };
        files.iter().for_each(|(path, text)| checkout.write(path, text));
        checkout
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().expect("a file is in a directory")).expect("the directory is writable");
        fs::write(&path, text).expect("the directory is writable");
        #[cfg(unix)]
        if path.extension().is_some_and(|extension| extension == "sh") {
            fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("it is ours");
        }
    }

    /// The worst thing that the commands say, with the texts of the findings until the first error.
    pub fn answer(&self, change: Option<(&str, &str)>) -> (Answer, Vec<String>) {
        let (path, text) = change.unwrap_or_default();
        if change.is_some() {
            self.write(path, text);
        }
        let mut said: BTreeMap<String, Answer> = BTreeMap::new();
        for command in COMMANDS {
            // `conform` and `prove` do not read workflow files, so their answer is that for the correct repository.
            if path.starts_with(".github/") && ["conform", "prove"].contains(&command) {
                continue;
            }
            self.run(command, &mut said);
            // Nothing is worse than an error, so what the other commands say would not count.
            if said.values().any(|answer| *answer == Answer::Error) {
                break;
            }
        }
        if change.is_some() {
            self.write(path, &self.files[path]);
        }
        let worst = said.values().min().copied().unwrap_or(Answer::Silent);
        (worst, said.into_keys().collect())
    }

    fn run(&self, command: &str, said: &mut BTreeMap<String, Answer>) {
        let mut process = Command::new(env!("CARGO_BIN_EXE_slugproof"));
        process.args([command, "--output", "json"]).current_dir(&self.root).env_clear();
        let output = process.output().expect("the command is built");
        let code = output.status.code().unwrap_or(-1);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let mut is_explained = false;
        for finding in report["findings"].as_array().into_iter().flatten() {
            let answer = match finding["level"].as_str() {
                Some("error") => Answer::Error,
                Some("warning") => Answer::Warning,
                Some("undecided") => Answer::Undecided,
                _ => continue,
            };
            is_explained = true;
            let text = |field: &str| finding[field].as_str().unwrap_or_default().to_owned();
            said.insert(format!("{command} {} {}", text("code"), text("title")), answer);
        }
        let message = String::from_utf8_lossy(&output.stderr).lines().next().unwrap_or_default().to_owned();
        let answer = match code {
            0 => return,
            3 => Answer::Undecided,
            1 if is_explained => return,
            _ => Answer::Error,
        };
        said.insert(format!("{command} exit {code} {message}"), answer);
    }
}
