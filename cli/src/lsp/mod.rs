//! `lsp`: a language server, which shows the findings of `check` and `lint` in an editor.
//!
//! The crate `slug-protocol` reads and writes messages, [`server`] decides what they do, [`workspace`] keeps the open
//! documents and runs the commands on them, and [`hover`] and [`completion`] answer questions about one place.
//! The texts of open documents replace the files on disk wherever a command reads a file.

mod completion;
mod hover;
mod server;
mod workspace;

use std::io;

use crate::exit::{Exit, Failure};

/// Serves one client on standard input and output until it ends the session.
///
/// # Errors
///
/// Fails if an answer cannot be written.
pub fn serve() -> Result<Exit, Failure> {
    server::run(io::stdin(), &mut io::stdout().lock())
}
