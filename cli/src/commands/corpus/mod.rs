//! `corpus`: reviews, checks and extends the regression corpus.

mod checksums;
mod corpus_files;
mod git_diff;
mod html;
mod human;
pub mod implementations;
mod json;
mod promote;
mod review;
mod review_item;
pub mod targets;

use corpus_files::Corpus;
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
    let corpus = Corpus::find(args.dir.as_deref())?;
    let mut files = corpus.files()?;
    let mut changes = git_diff::Changes::default();
    if !args.paths.is_empty() {
        files = corpus.only(files, &args.paths)?;
    }
    if let Some(revision) = &args.since {
        changes = git_diff::changes(corpus.root(), revision)?;
        files.retain(|file| changes.present.contains_key(&file.path));
        // Removed files cannot be selected by path, so they are always shown.
        changes.removed.retain(|path| corpus_files::is_of_the_corpus(path));
    }
    let removed = changes.removed;
    let mut entries = review_item::all(&corpus, &files)?;
    for entry in &mut entries {
        entry.change = changes.present.get(entry.file()).copied();
    }
    if entries.is_empty() && removed.is_empty() {
        output.note("nothing to review: no witness, seed or input exists or has changed");
        return Ok(Exit::NothingChecked);
    }
    let all_pass = entries.iter().all(Entry::passes);
    let review = Review { entries, removed, since: args.since.clone() };
    match args.format {
        ReviewFormat::Human => output.styled(&human::render(&review))?,
        ReviewFormat::Json => output.raw(&json::render(&review))?,
        ReviewFormat::Html => output.raw(&html::render(&review))?,
    }
    Ok(if all_pass { Exit::Clean } else { Exit::Findings })
}

fn check(args: &CorpusCheckArgs, output: &mut Output) -> Result<Exit, Failure> {
    let corpus = Corpus::find(args.dir.as_deref())?;
    let files = corpus.files()?;
    if files.is_empty() {
        output.note("nothing to check: the corpus has no witness, seed or input");
        return Ok(Exit::NothingChecked);
    }
    let entries = review_item::all(&corpus, &files)?;
    let mut problems = corpus.problems(&files);
    problems.extend(entries.iter().filter_map(Entry::problem));
    // Invalid files must not be listed as reviewed.
    if args.update && problems.is_empty() {
        for change in checksums::update(&corpus, &files)? {
            output.styled(&format!("{change}\n"))?;
        }
    }
    if args.update && !problems.is_empty() {
        output.note("SHA256SUMS not updated: fix the problems below first");
    } else {
        problems.extend(checksums::problems(&corpus, &files)?);
    }
    problems.sort();
    problems.dedup();
    for problem in &problems {
        let line = wrapped(&format!("✗ {problem}"), "", "  ");
        output.styled(&format!("{}\n", line.replacen('✗', &format!("{BAD}✗{BAD:#}"), 1)))?;
    }
    let files = counted(files.len() as u64, "file");
    if problems.is_empty() {
        output.styled(&format!("{GOOD}✓{GOOD:#} {files}: all well formed, listed and passing\n"))?;
        return Ok(Exit::Clean);
    }
    output.styled(&format!("{BAD}✗{BAD:#} {} in {files}\n", counted(problems.len() as u64, "problem")))?;
    Ok(Exit::Findings)
}
