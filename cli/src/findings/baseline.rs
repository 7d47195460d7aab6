//! The baseline: a file of known findings, so that only new ones count.
//!
//! The key of an entry is the path, the code and the subject of a finding. It excludes the
//! line, so that inserting lines above a finding changes nothing. An entry counts the findings
//! with the same key.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::exit::Failure;
use crate::io::read_whole;

use super::{Finding, Sources};

/// The identity of a finding, independent of its line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Identity {
    /// The path of its file.
    pub path: String,
    /// Its code.
    pub code: String,
    /// Its subject.
    pub subject: BTreeMap<String, String>,
}

impl Identity {
    /// The identity of a finding.
    #[must_use]
    pub fn of(sources: &Sources, finding: &Finding) -> Self {
        Self {
            path: sources.path(&finding.primary.span).to_owned(),
            code: finding.code.id.to_owned(),
            subject: finding.identity().map(|(what, name)| ((*what).to_owned(), name.clone())).collect(),
        }
    }
}

/// Known findings, with the number of each.
pub(super) struct Baseline {
    command: String,
    counts: BTreeMap<Identity, usize>,
}

/// An entry of a baseline whose findings no longer exist.
pub(super) struct Stale {
    pub path: String,
    pub code: String,
    pub count: usize,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    schema_version: u64,
    command: String,
    findings: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    #[serde(flatten)]
    identity: Identity,
    count: usize,
}

/// The version, parsed separately: a later version may have other fields.
#[derive(Deserialize)]
struct Version {
    schema_version: u64,
}

impl Baseline {
    /// The baseline of these findings.
    pub fn of(command: &str, sources: &Sources, findings: &[Finding]) -> Self {
        let mut counts = BTreeMap::new();
        for finding in findings {
            *counts.entry(Identity::of(sources, finding)).or_default() += 1;
        }
        Self { command: command.to_owned(), counts }
    }

    /// Reads a baseline from a file.
    pub fn read(command: &str, path: &Path) -> Result<Self, Failure> {
        let shown = path.display();
        if !path.exists() {
            return Err(Failure::new(format!(
                "the baseline `{shown}` does not exist; create it with --write-baseline"
            )));
        }
        let bytes = read_whole(path, &format!("the baseline `{shown}`"), "fix findings and write it again")?;
        let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&bytes);
        let refuse =
            |why: String| Failure::new(format!("the baseline `{shown}` {why}; write it again with --write-baseline"));
        let not_json = |error: serde_json::Error| refuse(format!("is not valid: {error}"));
        let Version { schema_version } = serde_json::from_slice(bytes).map_err(not_json)?;
        if schema_version != 1 {
            return Err(refuse(format!("has schema version {schema_version}, but this slugproof reads only 1")));
        }
        let form: Form = serde_json::from_slice(bytes).map_err(not_json)?;
        if form.command != command {
            return Err(refuse(format!("was written by `{}`, not by `{command}`", form.command)));
        }
        let mut counts = BTreeMap::new();
        for Entry { identity, count } in form.findings {
            let known: &mut usize = counts.entry(identity).or_default();
            *known = known.saturating_add(count);
        }
        Ok(Self { command: form.command, counts })
    }

    /// The content of the file, sorted to keep diffs readable.
    pub fn to_json(&self) -> String {
        let entry = |(identity, count): (&Identity, &usize)| Entry { identity: identity.clone(), count: *count };
        let form = Form {
            schema_version: 1,
            command: self.command.clone(),
            findings: self.counts.iter().map(entry).collect(),
        };
        serde_json::to_string_pretty(&form).expect("a baseline has only strings and numbers") + "\n"
    }

    /// Splits findings into new and known ones, and returns the stale entries of the baseline.
    pub fn split(mut self, sources: &Sources, findings: Vec<Finding>) -> (Vec<Finding>, Vec<Finding>, Vec<Stale>) {
        let mut is_known = |finding: &Finding| match self.counts.get_mut(&Identity::of(sources, finding)) {
            Some(count) if *count > 0 => {
                *count -= 1;
                true
            }
            _ => false,
        };
        let (known, open) = findings.into_iter().partition(|finding| is_known(finding));
        // A file that this run did not check may still have its known findings.
        let seen: HashSet<&str> = sources.iter().map(|(_, source)| source.path.as_str()).collect();
        let is_stale = |path: &str| seen.contains(path) || !Path::new(path).exists();
        let left = self.counts.into_iter().filter(|(identity, count)| *count > 0 && is_stale(&identity.path));
        let stale = left.map(|(Identity { path, code, .. }, count)| Stale { path, code, count });
        (open, known, stale.collect())
    }
}
