//! `import`: writes the model catalogue of another tool as a registry.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;
use slug_import::models_dev::File;
use slug_import::{Conversion, Error, Options, TOML_BYTES, litellm, models_dev};
use slug_redact::{has_credential, without_credentials};

use crate::args::{Catalogue, ImportArgs};
use crate::exit::{Exit, Failure, describe};
use crate::io::{Input, is_same_file, read_file, read_whole, shown_path, write_whole};
use crate::output::Output;
use crate::render::counted;
use crate::sink::{self, Rendered};
use crate::suggest::did_you_mean;

/// The file of the registry in the directory of `--dir`.
const REGISTRY: &str = "providers.yaml";

/// The file of the policy in the directory of `--dir`.
const POLICY: &str = "litellm.policy.yaml";

/// The directory of a checkout of models.dev that contains one directory for each provider.
const PROVIDERS: &str = "providers";

/// Maximum levels of directories in a checkout, and maximum number and bytes of its TOML files.
const DEPTH: usize = 16;
const FILES: usize = 100_000;
const ALL_BYTES: usize = 64 << 20;

/// Runs `import`.
pub fn run(args: &ImportArgs, output: &mut Output) -> Result<Exit, Failure> {
    if args.bare && args.catalogue != Catalogue::ModelsDev {
        return Err(Failure::new("`--bare` is for models.dev: other catalogues list ids as callers write them"));
    }
    if args.runtime.iter().any(|name| name.is_empty() || has_credential(name)) {
        return Err(Failure::new("`--runtime` has no valid name; write the name of a runtime"));
    }
    let options = Options {
        runtimes: args.runtime.clone(),
        providers: args.provider.clone(),
        bare: args.bare,
        is_credential: has_credential,
    };
    let targets: Vec<PathBuf> = args.dir.iter().flat_map(|dir| [REGISTRY, POLICY].map(|name| dir.join(name))).collect();
    let sinks = sink::requested(&args.output, targets.iter().map(PathBuf::as_path))?;
    sink::check_inputs(sink::files(&sinks), std::iter::once(args.path.as_path()))?;
    let conversion = convert(args, &options)?;
    let notes: Vec<String> = conversion.notes.iter().map(|note| without_credentials(note).into_owned()).collect();
    let registry = conversion.registry_file(&notes);
    let policy = conversion.policy_file();
    let runtimes = conversion.registry.runtimes();
    let models: HashSet<&String> =
        runtimes.iter().flat_map(|runtime| &runtime.arms).flat_map(|arm| &arm.models).collect();
    let mut json = json!({
        "schema_version": 1,
        "providers": conversion.registry.providers().len(),
        "runtimes": runtimes.len(),
        "models": models.len(),
        "notes": notes,
    });
    let has_policy = policy.is_some();
    let rendered = match &args.dir {
        None => {
            json["registry"] = json!(registry);
            json["policy"] = json!(policy);
            let models = counted(models.len() as u64, "model");
            let verdict = format!("{}, {models}\n", counted(runtimes.len() as u64, "runtime"));
            Rendered { verdict, text: registry, json, is_file: true }
        }
        Some(directory) => {
            let files = targets.into_iter().zip([Some(registry), policy]);
            let files: Vec<(PathBuf, String)> = files.filter_map(|(path, text)| Some((path, text?))).collect();
            if let Some((path, _)) = files.iter().find(|(path, _)| path.exists() && is_same_file(path, &args.path)) {
                let path = shown_path(path);
                return Err(Failure::new(format!("`{path}` is the catalogue; choose another directory")));
            }
            let written = write_files(directory, files, args.force)?;
            let text: String = written.iter().map(|(path, what)| format!("{what} {path}\n")).collect();
            let files = written.iter().map(|(path, what)| json!({"path": path, "change": what}));
            json["files"] = files.collect();
            Rendered { verdict: text.clone(), text, json, is_file: false }
        }
    };
    output.notes(&notes);
    if args.dir.is_none() && has_policy {
        output.note(&format!("`--dir DIR` writes a policy, too: `{POLICY}`"));
    }
    sink::write(&rendered, &sinks, output)?;
    Ok(Exit::Clean)
}

fn convert(args: &ImportArgs, options: &Options) -> Result<Conversion, Failure> {
    let is_directory = args.path.is_dir();
    let (name, converted) = match args.catalogue {
        Catalogue::ModelsDev if is_directory => {
            (shown_path(&args.path), models_dev::from_files(read_tree(&args.path)?, options))
        }
        Catalogue::ModelsDev => {
            let input = Input::read(&args.path)?;
            (input.name.clone(), models_dev::from_json(&input.bytes, options))
        }
        Catalogue::Litellm => {
            let input = Input::read(&args.path)?;
            (input.name.clone(), litellm::from_bytes(&input.bytes, options))
        }
    };
    converted.map_err(|error| {
        let help = match &error {
            Error::UnknownProvider { name, known } => {
                format!("; {}", did_you_mean(name, known.iter().map(String::as_str), "check the name"))
            }
            _ => String::new(),
        };
        Failure::new(format!("{name}: {error}{help}"))
    })
}

/// Writes the files that do not have their content yet, and returns the path of each and what was done. No
/// file is written if one of them would replace another text without `force`.
fn write_files(
    directory: &Path,
    files: Vec<(PathBuf, String)>,
    force: bool,
) -> Result<Vec<(String, &'static str)>, Failure> {
    let mut changed = Vec::new();
    let mut lines = Vec::new();
    for (path, text) in &files {
        // A broken link does not exist, but would be followed.
        let is_equal = path.symlink_metadata().is_ok() && read_file(path)? == text.as_bytes();
        if path.symlink_metadata().is_ok() && !is_equal && !force {
            return Err(Failure::new(format!(
                "`{}` exists and has another content; pass --force to replace it, or choose another directory",
                shown_path(path)
            )));
        }
        lines.push((shown_path(path), if is_equal { "unchanged" } else { "wrote" }));
        if !is_equal {
            changed.push((path, text));
        }
    }
    fs::create_dir_all(directory).map_err(|error| {
        let why = describe(&error);
        Failure::new(format!("cannot create `{}`: {why}; choose another directory", shown_path(directory)))
    })?;
    changed.into_iter().try_for_each(|(path, text)| write_whole(path, text.as_bytes()))?;
    Ok(lines)
}

/// Reads the TOML files of a checkout of models.dev, in the order of their paths.
fn read_tree(root: &Path) -> Result<Vec<File>, Failure> {
    let below = root.join(PROVIDERS);
    let root = if below.is_dir() { &below } else { root };
    let mut tree = Tree { root, files: Vec::new(), bytes: 0 };
    tree.add(root, &mut Vec::new())?;
    tree.files.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(tree.files)
}

/// The files that were read so far.
struct Tree<'r> {
    root: &'r Path,
    files: Vec<File>,
    bytes: usize,
}

impl Tree<'_> {
    /// Adds the files in a directory. `parents` are the real paths of the directories above.
    fn add(&mut self, directory: &Path, parents: &mut Vec<PathBuf>) -> Result<(), Failure> {
        let unreadable = |error: std::io::Error| {
            let why = describe(&error);
            Failure::new(format!("cannot read `{}`: {why}; check the path", shown_path(directory)))
        };
        let real = directory.canonicalize().map_err(unreadable)?;
        if parents.len() == DEPTH || parents.contains(&real) {
            let what = shown_path(directory);
            return Err(Failure::new(format!("`{what}`: too many levels of directories; remove the directory")));
        }
        parents.push(real);
        for entry in fs::read_dir(directory).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if path.is_dir() {
                self.add(&path, parents)?;
            } else if path.extension().is_some_and(|extension| extension == "toml") && path.is_file() {
                self.read(&path)?;
            }
        }
        parents.pop();
        Ok(())
    }

    fn read(&mut self, path: &Path) -> Result<(), Failure> {
        let relative = path.strip_prefix(self.root).unwrap_or(path);
        let Some(name) = relative.to_str() else {
            return Err(Failure::new(format!("`{}`: the name is not UTF-8; rename the file", shown_path(path))));
        };
        let advice = "pass the directory of models.dev";
        let bytes = read_whole(path, "the file", advice)?;
        self.bytes += bytes.len();
        if self.files.len() == FILES || self.bytes > ALL_BYTES || bytes.len() > TOML_BYTES {
            return Err(Failure::new(format!(
                "`{}`: more than {FILES} TOML files, {} MiB in all or {} MiB in one file; {advice}",
                shown_path(path),
                ALL_BYTES >> 20,
                TOML_BYTES >> 20
            )));
        }
        self.files.push(File { path: name.replace(std::path::MAIN_SEPARATOR, "/"), bytes });
        Ok(())
    }
}
