//! The files that `init` writes.

use std::path::{Path, PathBuf};

use super::write::{list, scalar};

/// A file to write.
#[derive(Clone, Debug)]
pub struct File {
    /// The path, relative to the top of the repository.
    pub path: PathBuf,
    /// The content.
    pub text: String,
}

/// The name of the directory of policies.
pub const POLICIES: &str = "policies";

/// slugproof.yaml for a registry and policies. If the policies name their functions, each has to match its function.
#[must_use]
pub fn config(registry: &str, policies: &[File], have_functions: bool) -> File {
    let paths: Vec<String> = policies.iter().map(|file| file.path.display().to_string().replace('\\', "/")).collect();
    let deny = match have_functions {
        true => "deny: [unconformed] # each command fails if a policy no longer matches its function\n",
        false => "",
    };
    let text = format!(
        "# Written by `slugproof init`. docs/formats.md of slugproof describes every field.\n\
         schema_version: 1\n\
         registry: {}\n\
         policies: {}\n{deny}",
        scalar(registry),
        list(paths.iter().map(String::as_str))
    );
    File { path: PathBuf::from("slugproof.yaml"), text }
}

/// The first of some paths that exists.
pub fn existing<'p>(mut paths: impl Iterator<Item = &'p Path>) -> Option<&'p Path> {
    paths.find(|path| path.symlink_metadata().is_ok())
}
