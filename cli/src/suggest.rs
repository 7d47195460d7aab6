//! Suggestions for misspelt names.

use std::fs::DirEntry;
use std::path::Path;

use slug_resolver::registry::Arm;
use slug_resolver::{Credentials, Policy, Provider, Registry, meant_ids};

/// The longest name, in bytes, that is compared with others.
const NAME_BYTES: usize = 1_000;

/// The known names that are most similar to a name, at most `most`; empty if none is similar.
pub fn closest_matches<'n>(name: &str, known: impl Iterator<Item = &'n str>, most: usize) -> Vec<&'n str> {
    // Spellings that differ only in separators or case rank first.
    let folded = |text: &str| text.to_lowercase().replace([':', '/', '_', ' '], "-");
    let similarity =
        |other: &str| strsim::jaro_winkler(&folded(name), &folded(other)).max(tail_similarity(name, other));
    // A longer text is not a misspelt name, and comparing it takes long.
    let known: Vec<(f64, &str)> =
        known.filter(|_| name.len() <= NAME_BYTES).map(|other| (similarity(other), other)).collect();
    let best = known.iter().map(|(similarity, _)| *similarity).fold(0.88, f64::max);
    let mut near: Vec<&str> =
        known.iter().filter(|(similarity, _)| *similarity > best - 0.001).map(|(_, name)| *name).collect();
    near.dedup();
    near.truncate(most);
    near
}

/// The listed ids of a runtime that a model id was probably meant to be, at most `most`: the ids that the fixes set, or
/// else the most similar ones, of providers whose credentials are there if any is similar.
pub fn similar_ids<'r>(
    registry: &'r Registry,
    runtime: &str,
    id: &str,
    credentials: &Credentials<'_>,
    most: usize,
) -> Vec<&'r str> {
    let mut meant = meant_ids(registry, runtime, id, credentials);
    meant.truncate(most);
    if !meant.is_empty() {
        return meant;
    }
    let arms = registry.runtime(runtime).map_or(&[][..], |runtime| &runtime.arms);
    let has_key = |provider: &Provider| !provider.is_keyless() && credentials.meet(provider);
    let has_key = |arm: &&Arm| registry.provider(&arm.provider).is_some_and(has_key);
    let ids =
        |arms: Vec<&'r Arm>| closest_ids(id, arms.into_iter().flat_map(|arm| &arm.models).map(String::as_str), most);
    let (with_key, others) = arms.iter().partition(has_key);
    Some(ids(with_key)).filter(|near| !near.is_empty()).unwrap_or_else(|| ids(others))
}

/// The listed ids that are most similar to a model id: those with its first segment, if any is.
fn closest_ids<'n>(id: &str, listed: impl Iterator<Item = &'n str>, most: usize) -> Vec<&'n str> {
    fn first(id: &str) -> Option<&str> {
        id.find(['/', ':']).map(|end| &id[..end])
    }
    // The id can be long, so it is searched once.
    let segment = first(id);
    let (same, others): (Vec<&str>, Vec<&str>) = listed.partition(|other| first(other) == segment);
    let near = closest_matches(id, same.iter().copied(), most);
    if near.is_empty() || segment.is_none() { closest_matches(id, same.into_iter().chain(others), most) } else { near }
}

/// The known name that is most similar to a name, if any is similar.
pub fn closest_match<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    closest_matches(name, known, 1).first().copied()
}

/// The variable of a policy that is most similar to a name, if any is similar.
pub fn closest_variable<'p>(policy: &'p Policy, name: &str) -> Option<&'p str> {
    closest_match(name, policy.all_variables().map(|variable| policy.variable_name(variable)))
}

/// Returns `did you mean …?` with a similar known name, else `otherwise`.
pub fn did_you_mean<'n>(name: &str, known: impl Iterator<Item = &'n str>, otherwise: &str) -> String {
    closest_match(name, known).map_or(otherwise.to_owned(), |near| format!("did you mean `{near}`?"))
}

/// What is wrong with the name of a policy in slugproof.yaml; `None` if the policy is in use.
pub fn unknown_policy(name: &str, policies: &[Policy]) -> Option<String> {
    let names = || policies.iter().map(Policy::name);
    let is_known = names().any(|known| known == name);
    let help = || did_you_mean(name, names(), "name a policy in use");
    (!is_known).then(|| format!("the policy `{name}` does not exist; {}", help()))
}

/// What is wrong with the name of a runtime in slugproof.yaml; `None` if the registry or one of these policies has it.
pub fn unknown_runtime<'p>(
    name: &str,
    policies: impl IntoIterator<Item = &'p Policy>,
    registry: &'p Registry,
) -> Option<String> {
    let registered = registry.runtimes().iter().map(|runtime| runtime.name.as_str());
    let of_policy = |policy: &'p Policy| policy.runtimes().chain(policy.document().runtimes.iter().map(String::as_str));
    let known: Vec<&str> = registered.chain(policies.into_iter().flat_map(of_policy)).collect();
    let help = || did_you_mean(name, known.iter().copied(), "name a runtime of the registry");
    (!known.contains(&name)).then(|| format!("the runtime `{name}` does not exist; {}", help()))
}

/// Directories that are searched for a misspelt path; more are not read.
const DIRECTORIES: usize = 500;

/// The file below a directory whose path is most similar to a path, if any is similar.
#[must_use]
pub fn closest_file(root: &Path, path: &str) -> Option<String> {
    let mut files = Vec::new();
    let mut left = vec![root.to_owned()];
    // In sorted order, outer directories first, so that the result is the same on every machine.
    let mut position = 0;
    while position < left.len().min(DIRECTORIES) {
        let directory = left[position].clone();
        position += 1;
        let mut entries: Vec<DirEntry> = std::fs::read_dir(directory).into_iter().flatten().flatten().collect();
        entries.sort_by_key(DirEntry::file_name);
        for entry in entries {
            let name = entry.file_name();
            let is_hidden = |name: &str| name.starts_with('.') && name != ".github";
            let is_skipped = name.to_str().is_none_or(|name| is_hidden(name) || name == "node_modules");
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && !is_skipped => left.push(entry.path()),
                Ok(kind) if kind.is_file() => {
                    files.extend(entry.path().strip_prefix(root).ok().and_then(Path::to_str).map(str::to_owned));
                }
                _ => {}
            }
        }
    }
    closest_match(path, files.iter().map(String::as_str)).map(str::to_owned)
}

/// The similarity of two ids without their vendor prefixes, from 0 to 1.
fn tail_similarity(name: &str, other: &str) -> f64 {
    let tail = |text: &str| text.rsplit([':', '/']).next().unwrap_or_default().to_lowercase();
    if tail(name).is_empty() { 0.0 } else { strsim::jaro_winkler(&tail(name), &tail(other)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_spellings_of_an_id_are_suggested() {
        let listed = ["sonnet", "MiniMax-M2.7", "minimax/MiniMax-M2.7", "gpt-5.5"];
        let near = closest_matches("minimax:MiniMax-M2.7", listed.into_iter(), 3);
        assert_eq!(near, ["MiniMax-M2.7", "minimax/MiniMax-M2.7"]);
    }
}
