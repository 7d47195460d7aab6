//! `corpus`: what was once found, for people who review it and for CI.

mod checksums;
mod corpus_files;
mod git_diff;
mod html;
mod human;
mod json;
mod promote;
mod review;
mod review_item;
pub mod subjects;
pub mod targets;

use corpus_files::Tree;
use review::Review;
use review_item::Entry;

use crate::args::{CorpusArgs, CorpusCheckArgs, CorpusCommand, ReviewArgs, ReviewFormat};
use crate::exit::{Exit, Failure};
use crate::output::Output;
use crate::render::{BAD, GOOD, counted, wrapped};

/// Runs `corpus`.
pub fn run(args: &CorpusArgs, output: &mut Output) -> Result<Exit, Failure> {
    match &args.command {
        CorpusCommand::Review(args) => review(args, output),
        CorpusCommand::Check(args) => check(args, output),
        CorpusCommand::Promote(args) => promote::run(args, output),
    }
}

fn review(args: &ReviewArgs, output: &mut Output) -> Result<Exit, Failure> {
    let tree = Tree::find(args.dir.as_deref())?;
    let mut files = tree.files()?;
    let mut changes = git_diff::Changes::default();
    if !args.paths.is_empty() {
        files = tree.only(files, &args.paths)?;
    }
    if let Some(revision) = &args.since {
        changes = git_diff::changes(tree.root(), revision)?;
        files.retain(|file| changes.present.contains_key(&file.path));
        // What is gone cannot be named by a path any more: it is always shown.
        changes.removed.retain(|path| corpus_files::is_of_the_corpus(path));
    }
    let removed = changes.removed;
    let mut entries = review_item::all(&tree, &files)?;
    for entry in &mut entries {
        entry.change = changes.present.get(entry.file()).copied();
    }
    if entries.is_empty() && removed.is_empty() {
        output.note("there is nothing to review: no witness, seed or input is here or has changed");
        return Ok(Exit::NothingChecked);
    }
    let sound = entries.iter().all(Entry::holds);
    let review = Review { entries, removed, since: args.since.clone() };
    match args.format {
        ReviewFormat::Human => output.styled(&human::render(&review))?,
        ReviewFormat::Json => output.raw(&json::render(&review))?,
        ReviewFormat::Html => output.raw(&html::render(&review))?,
    }
    Ok(if sound { Exit::Clean } else { Exit::Findings })
}

fn check(args: &CorpusCheckArgs, output: &mut Output) -> Result<Exit, Failure> {
    let tree = Tree::find(args.dir.as_deref())?;
    let files = tree.files()?;
    if files.is_empty() {
        output.note("there is nothing to check: no witness, seed or input is here");
        return Ok(Exit::NothingChecked);
    }
    let entries = review_item::all(&tree, &files)?;
    let mut problems = tree.problems(&files);
    problems.extend(entries.iter().filter_map(Entry::problem));
    // What is not in order must not pass for reviewed.
    if args.update && problems.is_empty() {
        for change in checksums::update(&tree, &files)? {
            output.styled(&format!("{change}\n"))?;
        }
    }
    if args.update && !problems.is_empty() {
        output.note("the list is as it was; it is written anew once what follows is mended");
    } else {
        problems.extend(checksums::problems(&tree, &files)?);
    }
    problems.sort();
    problems.dedup();
    for problem in &problems {
        let line = wrapped(&format!("✗ {problem}"), "", "  ");
        output.styled(&format!("{}\n", line.replacen('✗', &format!("{BAD}✗{BAD:#}"), 1)))?;
    }
    let files = counted(files.len() as u64, "file");
    if problems.is_empty() {
        output.styled(&format!("{GOOD}✓{GOOD:#} {files}: every one is well formed, on the list, and holds\n"))?;
        return Ok(Exit::Clean);
    }
    output.styled(&format!("{BAD}✗{BAD:#} {} in {files}\n", counted(problems.len() as u64, "problem")))?;
    Ok(Exit::Findings)
}
