//! SHA256SUMS, the list of the files of a corpus. It reveals missing and corrupted files.
//! `sha256sum --check` can read it too.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::corpus_files::{Corpus, File, Kind, SUMS};
use crate::exit::Failure;
use crate::io::{read_whole, shown_path, write_whole};
use crate::render::shown;

const NAME: &str = "SHA256SUMS";
const UPDATE: &str = "update the list with `slugproof corpus check --update`";

/// Checksums by path.
type Checksums = BTreeMap<String, String>;

/// Writes the list of the existing files. Returns its changes, one line each.
pub fn update(corpus: &Corpus, files: &[File]) -> Result<Vec<String>, Failure> {
    let before = listed(corpus).ok().flatten().unwrap_or_default();
    let now = checksums_of(corpus, files)?;
    let added = now.keys().filter(|path| !before.contains_key(*path)).map(|path| format!("added {path}"));
    let changed = |path: &&String| before.get(*path).is_some_and(|sum| *sum != now[*path]);
    let changed = now.keys().filter(changed).map(|path| format!("changed {path}"));
    let dropped = before.keys().filter(|path| !now.contains_key(*path)).map(|path| format!("dropped {path}"));
    let changes = added.chain(changed).chain(dropped).collect();
    save(corpus, &now)?;
    Ok(changes)
}

/// Adds files to the list without changing other lines.
pub fn add(corpus: &Corpus, files: &[File]) -> Result<(), Failure> {
    let mut checksums = listed(corpus)?.unwrap_or_default();
    checksums.extend(checksums_of(corpus, files)?);
    save(corpus, &checksums)
}

/// Returns the differences between the files and the list.
pub fn problems(corpus: &Corpus, files: &[File]) -> Result<Vec<String>, Failure> {
    let Some(listed) = listed(corpus)? else {
        return Ok(vec![format!("{SUMS}: missing; {UPDATE}")]);
    };
    let present = checksums_of(corpus, files)?;
    let mut problems = Vec::new();
    for (path, sum) in &present {
        match listed.get(path) {
            None => problems.push(format!("{path}: not listed in {NAME}; review it, then {UPDATE}")),
            Some(other) if other != sum => {
                problems.push(format!(
                    "{path}: differs from the reviewed version; restore it, or review it, then {UPDATE}"
                ));
            }
            Some(_) => {}
        }
    }
    let missing = listed.keys().filter(|path| !present.contains_key(*path));
    problems
        .extend(missing.map(|path| format!("{}: listed in {NAME} but missing; restore it, or {UPDATE}", shown(path))));
    Ok(problems)
}

fn checksums_of(corpus: &Corpus, files: &[File]) -> Result<Checksums, Failure> {
    let sum = |file: &File| Ok((file.path.clone(), hex::encode(Sha256::digest(corpus.read(file)?))));
    // Unexpected files are reported separately and may not be regular files.
    files.iter().filter(|file| file.kind != Kind::Unexpected).map(sum).collect()
}

fn is_sum(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|digit| digit.is_ascii_digit() || (b'a'..=b'f').contains(&digit))
}

fn listed(corpus: &Corpus) -> Result<Option<Checksums>, Failure> {
    let path = corpus.root().join(SUMS);
    // A dangling link is not a missing list: writing a new list would overwrite it.
    if !path.exists() && !path.is_symlink() {
        return Ok(None);
    }
    let bytes = read_whole(&path, &format!("`{SUMS}`"), &format!("restore it, or {UPDATE}"))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| Failure::new(format!("`{}` is not UTF-8; restore it", shown_path(&path))))?;
    let mut checksums = Checksums::new();
    for (index, line) in text.lines().enumerate() {
        let entry = line.split_once("  ").filter(|(sum, path)| is_sum(sum) && !path.is_empty());
        let repeats = entry.is_some_and(|(sum, path)| checksums.insert(path.to_owned(), sum.to_owned()).is_some());
        if repeats || entry.is_none() {
            return Err(Failure::new(format!(
                "`{SUMS}`, line {}: expected 64 hexadecimal digits, two spaces and a path that no other line has; \
                 restore the line",
                index + 1
            )));
        }
    }
    Ok(Some(checksums))
}

fn save(corpus: &Corpus, checksums: &Checksums) -> Result<(), Failure> {
    let text = checksums.iter().fold(String::new(), |text, (path, sum)| text + &format!("{sum}  {path}\n"));
    write_whole(&corpus.root().join(SUMS), text.as_bytes())
}
