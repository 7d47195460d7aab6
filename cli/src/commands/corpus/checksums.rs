//! The list of the files of a corpus, by which a lost or a garbled one is noticed.
//! Its form is that of `sha256sum`, which can check it as well.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::corpus_files::{File, Kind, SUMS, Tree};
use crate::exit::Failure;
use crate::io::{read_whole, shown_path, write_whole};
use crate::render::shown;

const NAME: &str = "SHA256SUMS";
const ANEW: &str = "write the list anew with `slugproof corpus check --update`";

/// Sums by path.
type Sums = BTreeMap<String, String>;

/// Writes the list of what is there; how it differs from the one before, a line each.
pub fn update(tree: &Tree, files: &[File]) -> Result<Vec<String>, Failure> {
    let before = listed(tree).ok().flatten().unwrap_or_default();
    let now = sums_of(tree, files)?;
    let added = now.keys().filter(|path| !before.contains_key(*path)).map(|path| format!("added {path}"));
    let changed = |path: &&String| before.get(*path).is_some_and(|sum| *sum != now[*path]);
    let changed = now.keys().filter(changed).map(|path| format!("changed {path}"));
    let dropped = before.keys().filter(|path| !now.contains_key(*path)).map(|path| format!("dropped {path}"));
    let changes = added.chain(changed).chain(dropped).collect();
    save(tree, &now)?;
    Ok(changes)
}

/// Adds files to the list, and leaves what it says of others as it is.
pub fn add(tree: &Tree, files: &[File]) -> Result<(), Failure> {
    let mut sums = listed(tree)?.unwrap_or_default();
    sums.extend(sums_of(tree, files)?);
    save(tree, &sums)
}

/// How the files and the list differ.
pub fn problems(tree: &Tree, files: &[File]) -> Result<Vec<String>, Failure> {
    let Some(listed) = listed(tree)? else {
        return Ok(vec![format!("{SUMS}: is missing; {ANEW}")]);
    };
    let present = sums_of(tree, files)?;
    let mut problems = Vec::new();
    for (path, sum) in &present {
        match listed.get(path) {
            None => problems.push(format!("{path}: is not on the list {NAME}; review it, then {ANEW}")),
            Some(other) if other != sum => {
                problems.push(format!("{path}: is not what was reviewed; restore it, or review it, then {ANEW}"));
            }
            Some(_) => {}
        }
    }
    let lost = listed.keys().filter(|path| !present.contains_key(*path));
    problems.extend(lost.map(|path| format!("{}: is on the list {NAME} and lost; restore it, or {ANEW}", shown(path))));
    Ok(problems)
}

fn sums_of(tree: &Tree, files: &[File]) -> Result<Sums, Failure> {
    let sum = |file: &File| Ok((file.path.clone(), hex::encode(Sha256::digest(tree.read(file)?))));
    // What does not belong there is a problem of its own, and may be no file.
    files.iter().filter(|file| file.kind != Kind::Stray).map(sum).collect()
}

fn is_sum(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|digit| digit.is_ascii_digit() || (b'a'..=b'f').contains(&digit))
}

fn listed(tree: &Tree) -> Result<Option<Sums>, Failure> {
    let path = tree.root().join(SUMS);
    // A link to nowhere is no list that is missing: it stands where one would be written.
    if !path.exists() && !path.is_symlink() {
        return Ok(None);
    }
    let bytes = read_whole(&path, &format!("`{SUMS}`"), &format!("restore it, or {ANEW}"))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| Failure::new(format!("`{}` is not UTF-8; restore it", shown_path(&path))))?;
    let mut sums = Sums::new();
    for (index, line) in text.lines().enumerate() {
        let entry = line.split_once("  ").filter(|(sum, path)| is_sum(sum) && !path.is_empty());
        let repeats = entry.is_some_and(|(sum, path)| sums.insert(path.to_owned(), sum.to_owned()).is_some());
        if repeats || entry.is_none() {
            return Err(Failure::new(format!(
                "`{SUMS}`, line {}: expected 64 hexadecimal digits, two spaces and a path that no other line has; restore the line",
                index + 1
            )));
        }
    }
    Ok(Some(sums))
}

fn save(tree: &Tree, sums: &Sums) -> Result<(), Failure> {
    let text = sums.iter().fold(String::new(), |text, (path, sum)| text + &format!("{sum}  {path}\n"));
    write_whole(&tree.root().join(SUMS), text.as_bytes())
}
