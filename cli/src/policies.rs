//! Policy files, and the policies that they extend.

use std::path::{Path, PathBuf};

use slug_resolver::yaml::{self, Cursor, Node, ReadError, Value};
use slug_resolver::{Policy, PolicyDocument};

use crate::exit::Failure;
use crate::file_kind::Kind;
use crate::io::{is_same_file, read_file, shown_path};
use crate::suggest::did_you_mean;

/// The maximum number of files from a policy to the last one that it extends, including itself.
const FILES: usize = 8;

/// Reads a policy file. Its field `extends` names an embedded policy, or a file relative to the
/// policy file.
///
/// # Errors
///
/// The file cannot be read, or it breaks a rule of the format.
pub fn read(path: &Path) -> Result<Policy, Failure> {
    let located = |error: ReadError| Failure::new(format!("{}: {error}", shown_path(path)));
    let root = yaml::read(&read_file(path)?).map_err(located)?;
    decode(&root, path).map(|(policy, _)| policy).map_err(|error| match Kind::Policy.instead(&root, path) {
        Some(other) => Failure::new(format!("{}; name a policy", Kind::Policy.exchanged(&shown_path(path), other))),
        None => located(error),
    })
}

/// A file that a policy extends, as it was read.
pub struct BaseFile {
    /// Its path.
    pub path: PathBuf,
    /// Its content.
    pub bytes: Vec<u8>,
    /// The root of its document.
    pub root: Node,
}

/// The chain of policies that extend one another, while it is read.
struct Chain {
    /// The files that are being read; each extends the next.
    files: Vec<PathBuf>,
    /// The files that were read, the nearest first. An embedded policy is not among them.
    bases: Vec<BaseFile>,
}

/// Decodes a policy file that was read from a path, and returns the files that it extends, the nearest first.
///
/// # Errors
///
/// The first field that breaks a rule of the format. A policy that cannot be extended is an error
/// at `extends`.
pub fn decode(root: &Node, path: &Path) -> Result<(Policy, Vec<BaseFile>), ReadError> {
    let mut chain = Chain { files: vec![path.to_owned()], bases: Vec::new() };
    let policy = decode_last(root, &mut chain)?;
    Ok((policy, chain.bases))
}

/// Decodes the last file of a chain.
fn decode_last(root: &Node, chain: &mut Chain) -> Result<Policy, ReadError> {
    let policy = Policy::from_node_extending(Cursor::root(root), &mut |name| base(name, chain));
    policy.map_err(|error| error.located(root))
}

/// The policy that the last file of a chain extends, or the reason why there is none.
fn base(name: &str, chain: &mut Chain) -> Result<PolicyDocument, String> {
    let is_yaml = Path::new(name).extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
    if !is_yaml && !name.contains('/') {
        return match Policy::embedded(name) {
            Some(policy) => Ok(policy.document().clone()),
            None => {
                let embedded = Policy::all_embedded();
                let help = did_you_mean(name, embedded.iter().map(Policy::name), "for a file, write its path");
                Err(format!("no embedded policy is named `{name}`; {help}"))
            }
        };
    }
    let files = &mut chain.files;
    let directory = files.last().and_then(|file| file.parent()).unwrap_or(Path::new(""));
    let path = directory.join(name);
    let bytes = read_file(&path).map_err(|failure| failure.to_string())?;
    if let Some(first) = files.iter().position(|file| is_same_file(file, &path)) {
        let cycle: Vec<String> = files[first..].iter().chain([&path]).map(|file| shown_path(file)).collect();
        return Err(format!(
            "these policies extend one another in a cycle: {}; remove one `extends`",
            cycle.join(", ")
        ));
    }
    if files.len() == FILES {
        return Err(format!("more than {FILES} policies extend one another; put their fields into fewer files"));
    }
    let located = |error: ReadError| format!("{}: {error}", shown_path(&path));
    let root = yaml::read(&bytes).map_err(located)?;
    files.push(path.clone());
    let policy = decode_last(&root, chain);
    chain.files.pop();
    let policy = policy.map_err(located)?;
    chain.bases.insert(0, BaseFile { path, bytes, root });
    Ok(policy.document().clone())
}

/// A policy file and the files that it extends. A pipe can be read only once, so what a policy from a pipe extends is
/// not among them.
pub fn files(path: &Path) -> Vec<PathBuf> {
    let mut files = vec![path.to_owned()];
    while let Some(last) = files.last().filter(|last| files.len() < FILES && last.is_file()) {
        let root = read_file(last).ok().and_then(|bytes| yaml::read(&bytes).ok());
        let Some(name) = root.and_then(|root| Some(extended(&root)?.to_owned())) else { break };
        let base = last.parent().unwrap_or(Path::new("")).join(name);
        if !base.is_file() {
            // The name of an embedded policy.
            break;
        }
        files.push(base);
    }
    files
}

/// The value of `extends`.
fn extended(root: &Node) -> Option<&str> {
    let Value::Mapping(entries) = &root.value else { return None };
    entries.iter().find_map(|(key, value)| match (&key.value, &value.value) {
        (Value::String(key), Value::String(name)) if key == "extends" => Some(name.as_str()),
        _ => None,
    })
}
