//! Completions and manual pages, generated from the command line itself.

use std::path::Path;

use clap::CommandFactory;

use crate::args::Arguments;
use crate::data::describe;
use crate::exit::{Exit, Failure};
use crate::output::Output;

/// Prints a completion script.
pub fn completions(shell: clap_complete::Shell, output: &mut Output) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "slugproof", &mut script);
    output.machine(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Clean)
}

/// Prints the manual page, or writes all pages into a directory.
pub fn pages(directory: Option<&Path>, output: &mut Output) -> Result<Exit, Failure> {
    let command = Arguments::command();
    match directory {
        None => {
            let mut page = Vec::new();
            clap_mangen::Man::new(command).render(&mut page)?;
            output.machine(&String::from_utf8_lossy(&page))?;
        }
        Some(directory) => clap_mangen::generate_to(command, directory).map_err(|error| {
            let why = describe(&error);
            Failure::new(format!("cannot write into `{}`: {why}; name a directory that exists", directory.display()))
        })?,
    }
    Ok(Exit::Clean)
}
