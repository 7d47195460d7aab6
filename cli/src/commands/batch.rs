//! `resolve --batch` and `derive --batch`: the line protocol on files and streams.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write as _};
use std::path::{Path, PathBuf};

use slug_lines::{LineDeriver, LineResolver, Stopped, answer_lines};
use slug_resolver::{Policy, Registry, Warning};

use crate::args::{BatchFormat, DeriveArgs, ResolveFormat};
use crate::data::Data;
use crate::exit::{Exit, Failure, describe};
use crate::io::{shown_path, write_whole};
use crate::output::Output;
use crate::render::counted;
use crate::sink::{self, Sink};
use crate::variables::Notes;

const BUFFER_BYTES: usize = 1 << 16;

/// Runs `resolve --batch`.
pub fn resolve(
    registry: &Registry,
    policy: &Policy,
    denied: &[Warning],
    file: &Path,
    sinks: &[Sink<ResolveFormat>],
    output: &mut Output,
) -> Result<Exit, Failure> {
    if sinks.iter().any(|sink| sink.format != ResolveFormat::Json) {
        return Err(Failure::new("the output of a batch is json, one object per line; write `--output json`"));
    }
    let sinks: Vec<Sink<BatchFormat>> =
        sinks.iter().map(|sink| Sink { format: BatchFormat::Json, path: sink.path.clone() }).collect();
    let notes = RefCell::new(Notes::new(policy));
    let add_notes = |variables: &[(&str, Option<&str>)]| notes.borrow_mut().add(variables);
    let resolver = LineResolver::new(registry, policy).denying(denied).on_env(&add_notes);
    let exit = run(file, &sinks, output, |line, out| resolver.answer(line, out))?;
    output.notes(&notes.into_inner().into_notes());
    Ok(exit)
}

/// Runs `derive`.
pub fn derive(args: &DeriveArgs, output: &mut Output) -> Result<Exit, Failure> {
    let data = Data::find(args.registry.options())?;
    sink::check_inputs(sink::files(&args.output), data.files(&[]).iter().map(PathBuf::as_path))?;
    let registry = data.registry()?;
    let deriver = LineDeriver::new(&registry);
    run(&args.batch, &args.output, output, |line, out| deriver.answer(line, out))
}

/// Answers each line of a file, and writes the answers to every output.
fn run(
    file: &Path,
    sinks: &[Sink<BatchFormat>],
    output: &mut Output,
    answer: impl FnMut(&[u8], &mut Vec<u8>) -> Result<bool, String>,
) -> Result<Exit, Failure> {
    let sinks = sink::requested(sinks, None)?;
    sink::check_inputs(sink::files(&sinks), [file].into_iter())?;
    let mut input = open(file)?;
    let files: Vec<&Path> = sinks.iter().filter_map(|sink| sink.path.as_deref()).collect();
    let stopped = |stopped| match stopped {
        Stopped::Read(error) => {
            Failure::new(format!("cannot read `{}`: {}; check the path", shown_path(file), describe(&error)))
        }
        Stopped::Write(error) => Failure::Output(error),
    };
    let answered = if files.is_empty() {
        let mut out = BufWriter::with_capacity(BUFFER_BYTES, io::stdout().lock());
        answer_lines(&mut input, &mut out, answer).map_err(stopped)?
    } else {
        // A file is replaced at the end, so that it never has a part of the answers.
        let mut text = Vec::new();
        let answered = answer_lines(&mut input, &mut text, answer).map_err(stopped)?;
        files.iter().try_for_each(|path| write_whole(path, &text))?;
        if sinks.iter().any(|sink| sink.path.is_none()) {
            io::stdout().write_all(&text)?;
        }
        answered
    };
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
