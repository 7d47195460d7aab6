//! The command. The library of the same name contains all code.

use std::process::ExitCode;

fn main() -> ExitCode {
    slugproof::main()
}
