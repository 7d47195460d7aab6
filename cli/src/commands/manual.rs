//! Completions and manual pages, generated from the definition of the command line.

use std::path::Path;

use clap::{Command, CommandFactory};

use crate::args::Arguments;
use crate::exit::{Exit, Failure};
use crate::io::write_whole;
use crate::output::Output;

/// Prints a completion script.
pub fn completions(shell: clap_complete::Shell, output: &mut Output) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "slugproof", &mut script);
    output.raw(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Clean)
}

/// Prints the manual page, or writes all pages into a directory.
pub fn pages(directory: Option<&Path>, output: &mut Output) -> Result<Exit, Failure> {
    let command = Arguments::command();
    match directory {
        None => {
            let mut page = Vec::new();
            clap_mangen::Man::new(command).render(&mut page)?;
            output.raw(&String::from_utf8_lossy(&page))?;
        }
        Some(directory) => {
            let mut command = command.disable_help_subcommand(true);
            command.build();
            write_pages(command, directory)?;
        }
    }
    Ok(Exit::Clean)
}

/// Writes the pages of a command and of its subcommands, each file atomically.
fn write_pages(command: Command, directory: &Path) -> Result<(), Failure> {
    let shown = command.get_subcommands().filter(|subcommand| !subcommand.is_hide_set());
    shown.cloned().try_for_each(|subcommand| write_pages(subcommand, directory))?;
    let page = clap_mangen::Man::new(command);
    let mut text = Vec::new();
    page.render(&mut text)?;
    write_whole(&directory.join(page.get_filename()), &text)
}
