//! Completions and manual pages, generated from the definition of the command line.

use std::fmt::Write as _;
use std::path::Path;

use clap::{Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;

use crate::args::Arguments;
use crate::exit::{Exit, Failure};
use crate::io::{shown_path, write_whole};
use crate::output::Output;

/// The function that bash and zsh share: it finds out which names fit.
const NAMES: &str = include_str!("../../data/completions/names.sh");

/// Prints a completion script. In bash, zsh and fish, it asks slugproof for runtimes, policies and codes.
pub fn completions(shell: Shell, output: &mut Output) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "slugproof", &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    let script = match shell {
        Shell::Bash => script + NAMES + include_str!("../../data/completions/names.bash"),
        Shell::Zsh => zsh(&script) + NAMES + include_str!("../../data/completions/names.zsh"),
        Shell::Fish => script + include_str!("../../data/completions/names.fish"),
        _ => script,
    };
    output.raw(&script)?;
    Ok(Exit::Clean)
}

/// The generated script with another name for its function and without its last statement, which calls the function:
/// zsh calls the function that has the name of the file.
fn zsh(script: &str) -> String {
    let functions = script.split("if [ \"$funcstack[1]\"").next().unwrap_or_default();
    functions.replacen("\n_slugproof() {", "\n_slugproof_options() {", 1)
}

/// Prints the manual page, or writes all pages into a directory.
pub fn pages(directory: Option<&Path>, output: &mut Output) -> Result<Exit, Failure> {
    let mut command = Arguments::command().disable_help_subcommand(true);
    match directory {
        None => output.raw(&page(&Man::new(command.clone()), &command, &command)?)?,
        Some(directory) => {
            command.build();
            let made = std::fs::create_dir_all(directory);
            made.map_err(|error| Failure::new(format!("cannot make {}: {error}", shown_path(directory))))?;
            write_pages(&command, &command, directory)?;
        }
    }
    Ok(Exit::Clean)
}

/// Writes the pages of a command and of its subcommands, each file atomically.
fn write_pages(command: &Command, all: &Command, directory: &Path) -> Result<(), Failure> {
    shown(command).try_for_each(|subcommand| write_pages(subcommand, all, directory))?;
    let man = Man::new(command.clone());
    write_whole(&directory.join(man.get_filename()), page(&man, command, all)?.as_bytes())
}

/// The subcommands that have a page.
fn shown(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|subcommand| !subcommand.is_hide_set() && subcommand.get_name() != "help")
}

/// The manual page of a command.
fn page(man: &Man, command: &Command, all: &Command) -> Result<String, Failure> {
    let mut generated = Vec::new();
    man.render_title(&mut generated)?;
    man.render_name_section(&mut generated)?;
    man.render_synopsis_section(&mut generated)?;
    man.render_description_section(&mut generated)?;
    man.render_options_section(&mut generated)?;
    if shown(command).next().is_some() {
        man.render_subcommands_section(&mut generated)?;
    }
    let mut text = String::from_utf8_lossy(&generated).replace(PREAMBLE, "");
    text.insert_str(0, PREAMBLE);
    let help = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
    let (examples, statuses) = help.split_once("Exit codes:").unwrap_or((&help, ""));
    if let Some(examples) = examples.trim_end().strip_prefix("Examples:\n") {
        section(&mut text, "EXAMPLES");
        preformatted(&mut text, examples);
    }
    section(&mut text, "EXIT STATUS");
    EXIT_STATUSES.iter().for_each(|(status, meaning)| term(&mut text, status, meaning));
    if !statuses.trim().is_empty() {
        text.push_str(".PP\nOf this command:\n");
        preformatted(&mut text, statuses.trim());
    }
    section(&mut text, "FILES");
    FILES.iter().for_each(|(path, meaning)| term(&mut text, path, meaning));
    section(&mut text, "ENVIRONMENT");
    ENVIRONMENT.iter().for_each(|(name, meaning)| term(&mut text, name, meaning));
    section(&mut text, "SEE ALSO");
    let own = command.get_display_name().unwrap_or(command.get_name());
    let names = [all].into_iter().chain(shown(all)).chain(shown(command));
    let mut names: Vec<&str> = names.map(|other| other.get_display_name().unwrap_or(other.get_name())).collect();
    names.sort_unstable();
    names.dedup();
    names.retain(|name| *name != own);
    for (index, name) in names.iter().enumerate() {
        let comma = if index + 1 < names.len() { "," } else { "" };
        let _ = writeln!(text, ".BR {} (1){comma}", escaped(name));
    }
    Ok(text)
}

/// The definition of an apostrophe, with which each generated section begins.
const PREAMBLE: &str = ".ie \\n(.g .ds Aq \\(aq\n.el .ds Aq '\n";

/// What every command exits with.
const EXIT_STATUSES: &[(&str, &str)] = &[
    ("0", "Nothing was found, or only notes and undecided findings; or --exit-zero was given."),
    ("1", "An error or a warning was found."),
    ("2", "Wrong usage, or input or output that cannot be read or written."),
    ("3", "Nothing of the user's was checked, or something was not proved."),
    ("141", "The program that reads the output closed it early."),
];

/// The files that slugproof finds by their names.
const FILES: &[(&str, &str)] = &[
    (
        "slugproof.yaml",
        "The registry, the policies, the workflows, and what is accepted and expected. The nearest one in the working \
         directory or a parent is used; --no-config ignores it.",
    ),
    (".github/workflows, .gitea/workflows", "The workflow files that lint reads if slugproof.yaml names none."),
];

/// The variables that change how slugproof runs, not what it checks.
const ENVIRONMENT: &[(&str, &str)] = &[
    ("NO_COLOR", "If set and not empty, output has no colour. It counts more than the other variables about colour."),
    (
        "FORCE_COLOR, CLICOLOR_FORCE",
        "If set and not empty, output has colour even in a file or a pipe. 0 has no effect, and in FORCE_COLOR \
         neither has false.",
    ),
    ("CLICOLOR", "If 0, output has no colour."),
    ("TERM", "If dumb, output has no colour."),
    ("SOURCE_DATE_EPOCH", "The time that HTML pages show, in seconds since 1970, instead of the present time."),
    (
        "variables of a policy",
        "pick reads them, and diagnose does with --from-env. Of a secret, only its presence is read.",
    ),
];

fn section(text: &mut String, title: &str) {
    let _ = writeln!(text, ".SH \"{title}\"");
}

/// A term and its meaning.
fn term(text: &mut String, term: &str, meaning: &str) {
    let _ = writeln!(text, ".TP\n\\fB{}\\fR\n{}", escaped(term), escaped(meaning));
}

/// Lines that keep their breaks.
fn preformatted(text: &mut String, lines: &str) {
    text.push_str(".nf\n");
    for line in lines.lines() {
        // A line that begins with a period or an apostrophe would be a request.
        let guard = if line.starts_with(['.', '\'']) { "\\&" } else { "" };
        let _ = writeln!(text, "{guard}{}", escaped(line));
    }
    text.push_str(".fi\n");
}

/// Text without characters that roff interprets.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq")
}
