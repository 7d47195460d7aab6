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

use std::collections::HashSet;
use std::path::PathBuf;

use corpus_files::{Corpus, File, Kind};
use git_diff::Changes;
use review::Review;
use review_item::{Change, Entry};
use serde_json::json;

use crate::args::{CorpusArgs, CorpusCheckArgs, CorpusCommand, ReviewArgs, ReviewFormat};
use crate::exit::{Exit, Failure};
use crate::output::Output;
use crate::render::{BAD, GOOD, counted, wrapped};
use crate::sink::{self, Rendered, Renders};

/// Runs `corpus`.
pub fn run(args: &CorpusArgs, output: &mut Output) -> Result<Exit, Failure> {
    match &args.command {
        CorpusCommand::Review(args) => review(args, output),
        CorpusCommand::Check(args) => check(args, output),
        CorpusCommand::Promote(args) => promote::run(args, output),
    }
}

fn review(args: &ReviewArgs, output: &mut Output) -> Result<Exit, Failure> {
    let sinks = sink::requested(&args.output, None)?;
    let corpus = Corpus::find(args.dir.as_deref())?;
    let mut files = corpus.files()?;
    let mut changes = Changes::default();
    if !args.paths.is_empty() {
        files = corpus.only(files, &args.paths)?;
    }
    if let Some(revision) = &args.since {
        changes = git_diff::changes(corpus.root(), revision)?;
        files.retain(|file| changes.present.contains_key(&file.path));
        // Removed files cannot be selected by path, so they are always shown.
        changes.removed.retain(|path| corpus_files::is_of_the_corpus(path));
    }
    let inputs: Vec<PathBuf> = files.iter().map(|file| corpus.root().join(&file.path)).collect();
    sink::check_inputs(sink::files(&sinks), inputs.iter().map(PathBuf::as_path))?;
    let mut entries = review_item::all(&corpus, &files)?;
    compare(&corpus, &files, &changes, &mut entries)?;
    let removed = changes.removed;
    if entries.is_empty() && removed.is_empty() {
        output.note("nothing to review: no witness, seed or input exists or has changed");
        return Ok(Exit::NothingChecked);
    }
    let all_pass = entries.iter().all(Entry::passes);
    let review = Review { entries, removed, since: args.since.clone() };
    sink::write(&review, &sinks, output)?;
    Ok(if all_pass { Exit::Clean } else { Exit::Findings })
}

/// Sets how each case changed, with the case before. A seed in a changed file is unchanged if the file had it.
fn compare(corpus: &Corpus, files: &[File], changes: &Changes, entries: &mut [Entry]) -> Result<(), Failure> {
    for file in files {
        let Some(change) = changes.present.get(&file.path) else { continue };
        let is_changed = *change == Change::Changed;
        let before = if is_changed { changes.content_before(corpus.root(), &file.path)? } else { Vec::new() };
        let mut earlier = review_item::with_content(corpus, file, &before)?;
        let entries = entries.iter_mut().filter(|entry| entry.file() == file.path);
        if file.kind == Kind::Seeds {
            let before = String::from_utf8_lossy(&before);
            let known: HashSet<&str> = before.lines().collect();
            let now = corpus.read(file)?;
            let now = String::from_utf8_lossy(&now);
            let lines: Vec<&str> = now.lines().collect();
            for entry in entries {
                let is_known =
                    entry.line().and_then(|line| lines.get(line - 1)).is_some_and(|line| known.contains(line));
                entry.change = (!is_known).then_some(Change::Added);
            }
            continue;
        }
        for entry in entries {
            entry.change = Some(*change);
            entry.before = earlier.pop().filter(|_| is_changed).map(Box::new);
        }
    }
    Ok(())
}

impl Renders<ReviewFormat> for Review {
    fn styled(&self) -> String {
        human::render(self)
    }

    fn render(&self, format: ReviewFormat) -> String {
        match format {
            ReviewFormat::Human => human::render(self),
            ReviewFormat::Json => json::render(self),
            ReviewFormat::Html => html::render(self),
        }
    }

    fn summary(&self) -> String {
        human::summary(self)
    }
}

fn check(args: &CorpusCheckArgs, output: &mut Output) -> Result<Exit, Failure> {
    let corpus = Corpus::find(args.dir.as_deref())?;
    let files = corpus.files()?;
    let paths = files.iter().map(|file| &*file.path).chain([corpus_files::SUMS]);
    let paths: Vec<PathBuf> = paths.map(|path| corpus.root().join(path)).collect();
    let sinks = sink::requested(&args.output, None)?;
    sink::check_inputs(sink::files(&sinks), paths.iter().map(PathBuf::as_path))?;
    if files.is_empty() {
        output.note("nothing to check: the corpus has no witness, seed or input");
        return Ok(Exit::NothingChecked);
    }
    let entries = review_item::all(&corpus, &files)?;
    let mut problems = corpus.problems(&files);
    problems.extend(entries.iter().filter_map(Entry::problem));
    // Invalid files must not be listed as reviewed.
    let is_valid = problems.is_empty();
    let changes = if args.update && is_valid { checksums::update(&corpus, &files)? } else { Vec::new() };
    if args.update && !is_valid {
        output.note("SHA256SUMS not updated: fix the problems below first");
    } else {
        problems.extend(checksums::problems(&corpus, &files)?);
    }
    problems.sort();
    problems.dedup();
    let mut text: String = changes.iter().map(|change| format!("{change}\n")).collect();
    for problem in &problems {
        let line = wrapped(&format!("✗ {problem}"), "", "  ");
        text.push_str(&format!("{}\n", line.replacen('✗', &format!("{BAD}✗{BAD:#}"), 1)));
    }
    let json = json!({"schema_version": 1, "files": files.len(), "changes": changes, "problems": problems});
    let files = counted(files.len() as u64, "file");
    let (exit, verdict) = if problems.is_empty() {
        (Exit::Clean, format!("{GOOD}✓{GOOD:#} {files}: all well formed, listed and passing\n"))
    } else {
        let problems = counted(problems.len() as u64, "problem");
        (Exit::Findings, format!("{BAD}✗{BAD:#} {problems} in {files}\n"))
    };
    text.push_str(&verdict);
    sink::write(&Rendered { text, verdict, json, ..Rendered::default() }, &sinks, output)?;
    Ok(exit)
}
