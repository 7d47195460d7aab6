//! The certificate of a proof, for a checker that shares no code with slugproof.

use std::path::Path;

use sha2::{Digest as _, Sha256};
use slug_laws::enumeration::Enumeration;
use slug_laws::enumeration::certificate::{End, Header, Line, SourceFile};
use slug_redact::json_without_credentials;

use super::report::PolicyReport;
use crate::data::{Data, PolicyFile};
use crate::exit::Failure;
use crate::io::{read_file, report_path, shown_path, write_whole};
use crate::policies;
use crate::render::shown;

/// A certificate, which is written once all policies are proved.
pub struct Certificate<'a> {
    path: &'a Path,
    files: Vec<SourceFile>,
    lines: Vec<u8>,
    policies: usize,
    /// The first reason not to write it.
    refusal: Option<String>,
}

impl<'a> Certificate<'a> {
    /// A certificate of a registry and some policies, to be written to a path.
    ///
    /// # Errors
    ///
    /// A file of the data cannot be read again.
    pub fn new(path: &'a Path, data: &Data, policies: &[PolicyFile]) -> Result<Self, Failure> {
        let of_policies = policies.iter().filter_map(|file| file.path.as_deref()).flat_map(policies::files);
        let mut files: Vec<SourceFile> = Vec::new();
        for source in data.registry_path().map(Path::to_owned).into_iter().chain(of_policies) {
            let path = report_path(&source);
            if files.iter().all(|known| known.path != path) {
                files.push(SourceFile { path, sha256: hex::encode(Sha256::digest(read_file(&source)?)) });
            }
        }
        Ok(Self { path, files, lines: Vec::new(), policies: 0, refusal: None })
    }

    /// Adds a policy, or the reason why no certificate is written.
    pub fn add(&mut self, enumeration: &Enumeration, proved: &PolicyReport) {
        let is_broken = proved.proof.broken.is_some() || proved.brute_force.as_ref().is_some_and(|all| !all.agrees);
        let mut uncovered = proved.undecided.iter().chain(&proved.unexplored).chain(&proved.unchecked);
        let reason = match uncovered.next() {
            _ if is_broken => Some("a law is broken".to_owned()),
            Some(runtime) => Some(format!("the runtime `{}` is not covered", shown(runtime))),
            None => self.add_lines(enumeration).err(),
        };
        let refusal = reason.map(|reason| format!("{reason} with policy `{}`", shown(&proved.policy)));
        self.refusal = self.refusal.take().or(refusal);
    }

    fn add_lines(&mut self, enumeration: &Enumeration) -> Result<(), String> {
        if self.policies == 0 {
            let header = Line::Certificate(Header::new(enumeration, &self.files));
            add(&mut self.lines, &header)?;
        }
        self.policies += 1;
        enumeration.certify(|line| add(&mut self.lines, line))
    }

    /// Writes the file.
    ///
    /// # Errors
    ///
    /// The proof is not complete, a text looks like a credential, or the file cannot be written.
    pub fn write(mut self) -> Result<(), Failure> {
        let end = Line::End(End { policies: self.policies });
        let end = add(&mut self.lines, &end).err();
        match self.refusal.or(end) {
            Some(reason) => Err(Failure::new(format!(
                "the certificate `{}` is not written: {reason}; correct that first",
                shown_path(self.path)
            ))),
            None => write_whole(self.path, &self.lines),
        }
    }
}

/// Adds a line. A text that looks like a credential is an error, because a mask would change the documents.
fn add(lines: &mut Vec<u8>, line: &Line<'_>) -> Result<(), String> {
    let text = serde_json::to_string(line).map_err(|error| error.to_string())?;
    if json_without_credentials(&text) != text {
        return Err("a text of the data looks like a credential".to_owned());
    }
    lines.extend(text.bytes().chain([b'\n']));
    Ok(())
}
