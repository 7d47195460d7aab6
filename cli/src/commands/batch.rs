//! `resolve --batch` and `derive --batch`: the line protocol on files and streams.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read};
use std::path::Path;

use slug_resolver::{Policy, Registry};

use crate::args::DeriveArgs;
use crate::codes::Entry;
use crate::data::Data;
use crate::exit::{Exit, Failure, describe};
use crate::io::shown_path;
use crate::lines::{Stopped, answer_lines, derive_line, resolve_line_denying};
use crate::output::Output;
use crate::render::counted;

const BUFFER_BYTES: usize = 1 << 16;

/// Runs `resolve --batch`.
pub fn resolve(
    registry: &Registry,
    policy: &Policy,
    denied: &[&'static Entry],
    file: &Path,
    output: &mut Output,
) -> Result<Exit, Failure> {
    run(file, output, |line, out| resolve_line_denying(registry, policy, denied, line, out))
}

/// Runs `derive`.
pub fn derive(args: &DeriveArgs, output: &mut Output) -> Result<Exit, Failure> {
    let registry = Data::find(args.registry.options())?.registry()?;
    run(&args.batch, output, |line, out| derive_line(&registry, line, out))
}

fn run(
    file: &Path,
    output: &mut Output,
    answer: impl FnMut(&[u8], &mut Vec<u8>) -> Result<bool, String>,
) -> Result<Exit, Failure> {
    let mut input = open(file)?;
    let mut out = BufWriter::with_capacity(BUFFER_BYTES, io::stdout().lock());
    let answered = answer_lines(&mut input, &mut out, answer).map_err(|stopped| match stopped {
        Stopped::Read(error) => {
            Failure::new(format!("cannot read `{}`: {}; check the path", shown_path(file), describe(&error)))
        }
        Stopped::Write(error) => Failure::Output(error),
    })?;
    drop(out);
    if answered.lines == 0 {
        output.note("the input has no lines");
        return Ok(Exit::NothingChecked);
    }
    if answered.malformed > 0 {
        let lines = counted(answered.malformed, "line");
        output.note(&format!("{lines} could not be read; the result of each is an error"));
        return Ok(Exit::UsageError);
    }
    Ok(if answered.findings > 0 { Exit::Findings } else { Exit::Clean })
}

fn open(file: &Path) -> Result<BufReader<Box<dyn Read>>, Failure> {
    let input: Box<dyn Read> = if file == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        let opened = File::open(file);
        Box::new(opened.map_err(|error| {
            Failure::new(format!("cannot read `{}`: {}; check the path", shown_path(file), describe(&error)))
        })?)
    };
    Ok(BufReader::with_capacity(BUFFER_BYTES, input))
}
