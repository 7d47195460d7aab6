//! Surveys a repository: registries, workflow files and shell scripts.

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};

use slug_function::reading::SourceFile;
use slug_function::script::Script;
use slug_resolver::Registry;
use slug_resolver::yaml::{self, Cursor, UnknownFields};

use crate::io::{read_file, read_text_file, report_path};
use crate::render::{counted, shown};

/// The most files and directories that are looked at.
const ENTRIES: usize = 50_000;
/// The most bytes of one script or YAML file.
const FILE_BYTES: usize = 2 << 20;
/// The most bytes that are read in all.
const TOTAL_BYTES: usize = 64 << 20;
/// Directories with files of others.
const SKIPPED: [&str; 8] = ["node_modules", "target", "vendor", "third_party", "dist", "build", "venv", "__pycache__"];

/// The files found below a directory, each kind sorted by path.
#[derive(Default)]
pub struct Survey {
    /// The registries that can be read.
    pub registries: Vec<(String, Registry)>,
    /// Files that look like a registry and cannot be read, with the reason.
    pub unreadable: Vec<(String, String)>,
    /// Workflow files with their texts.
    pub workflows: Vec<(String, String)>,
    /// Shell scripts.
    pub scripts: Vec<Script>,
    /// The number of files that were looked at.
    pub files: usize,
    /// True if a bound was reached.
    pub is_cut: bool,
}

impl Survey {
    /// Looks at the files below the working directory. Symbolic links are not followed.
    #[must_use]
    pub fn take() -> Self {
        let mut survey = Self::default();
        let mut entries = 0;
        let mut bytes = 0;
        let mut open = VecDeque::from([PathBuf::new()]);
        while let Some(directory) = open.pop_front() {
            let listed = fs::read_dir(if directory.as_os_str().is_empty() { Path::new(".") } else { &directory });
            let mut names: Vec<_> = listed.into_iter().flatten().flatten().collect();
            names.sort_by_key(fs::DirEntry::file_name);
            for entry in names {
                entries += 1;
                if entries > ENTRIES || bytes > TOTAL_BYTES {
                    survey.is_cut = true;
                    return survey;
                }
                let Ok(kind) = entry.file_type() else { continue };
                let path = directory.join(entry.file_name());
                let Some(name) = entry.file_name().to_str().map(str::to_owned) else { continue };
                if kind.is_dir() {
                    let is_hidden = name.starts_with('.') && ![".github", ".gitea"].contains(&name.as_str());
                    if !is_hidden && !SKIPPED.contains(&name.as_str()) && !path.join(".git").exists() {
                        open.push_back(path);
                    }
                } else if kind.is_file() && entry.metadata().is_ok_and(|data| data.len() <= FILE_BYTES as u64) {
                    survey.files += 1;
                    bytes += survey.add(&path, &name);
                }
            }
        }
        survey
    }

    /// Adds a file if it is of a kind. Returns the number of bytes that were read.
    fn add(&mut self, path: &Path, name: &str) -> usize {
        let shown = report_path(path);
        let extension = Path::new(name).extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        match extension {
            "yaml" | "yml" if is_workflow(&shown) => {
                let Ok(text) = read_text_file(path, FILE_BYTES) else { return 0 };
                let size = text.len();
                self.workflows.push((shown, text));
                size
            }
            "yaml" | "yml" => self.add_yaml(path, shown),
            "sh" | "bash" => self.add_script(path, &shown),
            "" if has_shebang(path) => self.add_script(path, &shown),
            _ => 0,
        }
    }

    fn add_yaml(&mut self, path: &Path, shown: String) -> usize {
        let Ok(bytes) = read_file(path) else { return 0 };
        let has = |word: &[u8]| bytes.windows(word.len()).any(|window| window == word);
        if has(b"providers")
            && has(b"runtimes")
            && let Ok(root) = yaml::read(&bytes)
            && has_shape(&root)
        {
            match Registry::from_yaml(&bytes, UnknownFields::DenyMisspelt) {
                Ok(registry) => self.registries.push((shown, registry)),
                Err(error) => self.unreadable.push((shown, error.to_string())),
            }
        }
        bytes.len()
    }

    fn add_script(&mut self, path: &Path, shown: &str) -> usize {
        let Ok(text) = read_text_file(path, FILE_BYTES) else { return 0 };
        let size = text.len();
        self.scripts.extend(Script::read(shown, &text));
        size
    }

    /// The paths of the registries, the workflow files and the scripts.
    pub fn paths(&self) -> impl Iterator<Item = &str> + Clone {
        let registries = self.registries.iter().map(|(path, _)| path.as_str());
        let workflows = self.workflows.iter().map(|(path, _)| path.as_str());
        registries.chain(workflows).chain(self.scripts.iter().map(|script| script.path.as_str()))
    }

    /// The script at a path.
    #[must_use]
    pub fn script(&self, path: &str) -> Option<&Script> {
        self.scripts.iter().find(|script| script.path == path)
    }

    /// The scripts at some paths, as files that bash sources.
    #[must_use]
    pub fn sources(&self, paths: &[String]) -> Vec<SourceFile> {
        let found = paths.iter().filter_map(|path| self.script(path));
        found.map(|script| SourceFile { path: script.path.clone(), text: script.text.clone() }).collect()
    }

    /// The files that the survey looks for, for a message about a repository that has none of them.
    #[must_use]
    pub fn looked_for(&self) -> String {
        let cut = if self.is_cut { ", until a bound was reached" } else { "" };
        let unreadable: Vec<String> =
            self.unreadable.iter().map(|(path, reason)| format!("\n  {}: {}", shown(path), shown(reason))).collect();
        format!(
            "looked at {}{cut} for\n\
             - a registry: a YAML file with a list `providers` and a map `runtimes`\n\
             - workflow files in .github/workflows and .gitea/workflows\n\
             - shell scripts that source a file and call a function that prints a model of the registry\n{}",
            counted(self.files as u64, "file"),
            if unreadable.is_empty() {
                String::new()
            } else {
                format!("these look like a registry and cannot be read:{}\n", unreadable.concat())
            }
        )
    }
}

fn is_workflow(path: &str) -> bool {
    [".github/workflows/", ".gitea/workflows/"].iter().any(|directory| path.starts_with(directory))
}

/// True for YAML with a list `providers` and a map `runtimes`.
fn has_shape(root: &yaml::Node) -> bool {
    let cursor = Cursor::root(root);
    let is_right = |entry: &yaml::Entry<'_>| match entry.name {
        "providers" => entry.value.is_list(),
        "runtimes" => entry.value.is_mapping(),
        _ => false,
    };
    cursor.entries().is_ok_and(|entries| entries.iter().filter(|entry| is_right(entry)).count() == 2)
}

/// True for a file that begins as a script of bash or sh.
fn has_shebang(path: &Path) -> bool {
    use std::io::Read as _;
    let mut start = [0; 64];
    let read = fs::File::open(path).and_then(|mut file| file.read(&mut start));
    let start = &start[..read.unwrap_or_default()];
    let line = String::from_utf8_lossy(start.split(|byte| *byte == b'\n').next().unwrap_or_default()).into_owned();
    line.starts_with("#!") && (line.contains("bash") || line.ends_with("/sh") || line.contains("/sh "))
}
