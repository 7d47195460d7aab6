//! The inputs of `diagnose`: the record, the environment files and the process environment.

use std::path::PathBuf;

use slug_resolver::Policy;

use super::dotenv::{self, Assignment};
use crate::args::DiagnoseArgs;
use crate::exit::Failure;
use crate::io::{Input, STANDARD_INPUT};
use crate::variables::{check_ambient, parse_variables, process_variables, refuse_variable, unread_notes};

/// The inputs. Has no `Debug`, because it contains the values of secrets.
pub struct Inputs {
    /// The record of the workspace.
    pub record: Input,
    /// The runtime given with `--runtime`.
    pub runtime: Option<String>,
    /// The variables of this process that the policy reads; empty without `--from-env`.
    pub process: Vec<(String, String)>,
    /// The environment files, in the order given.
    pub files: Vec<EnvFile>,
    /// The variables of the command line.
    pub arguments: Vec<(String, String)>,
    /// Notes on the variables of the command line.
    pub notes: Vec<String>,
}

/// An environment file.
pub struct EnvFile {
    /// The name shown to people.
    pub name: String,
    /// The assignments, in order.
    pub assignments: Vec<Assignment>,
}

impl Inputs {
    /// Reads the record, the files and the process.
    ///
    /// # Errors
    ///
    /// An invalid argument, or a file that cannot be read.
    pub fn read(args: &DiagnoseArgs, policy: &Policy) -> Result<Self, Failure> {
        check_ambient(&args.ambient)?;
        if let Some(runtime) = &args.runtime {
            refuse_variable(runtime, "name the runtime, and give variables without an option")?;
        }
        let process = if args.from_env { process_variables(policy)? } else { Vec::new() };
        let arguments = parse_variables(&args.variables)?;
        let notes = unread_notes(policy, &arguments);
        let is_standard_input = |path: &&PathBuf| path.as_os_str() == STANDARD_INPUT;
        if args.env_file.iter().chain([&args.record]).filter(is_standard_input).count() > 1 {
            return Err(Failure::new("standard input can be read only once; pass one of the inputs as a file"));
        }
        let files: Vec<Input> = args.env_file.iter().map(|path| Input::read(path)).collect::<Result<_, _>>()?;
        let record = Input::read(&args.record)?;
        let files = files.into_iter().map(EnvFile::parse).collect::<Result<_, _>>()?;
        Ok(Self { record, runtime: args.runtime.clone(), process, files, arguments, notes })
    }
}

impl EnvFile {
    fn parse(input: Input) -> Result<Self, Failure> {
        let assignments = dotenv::parse(&input.bytes).map_err(|what| input.failure(&what))?;
        Ok(Self { name: input.name, assignments })
    }
}
