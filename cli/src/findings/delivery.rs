//! Where outputs go: to standard output or, whole or not at all, to files.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anstream::adapter::strip_str;

use crate::args::{FindingsArgs, OutputFormat, OutputTo};
use crate::exit::Failure;
use crate::io::write_whole;
use crate::output::Output;
use crate::render::width;

use super::report::Judged;
use super::{github, human, json, sarif};

/// The outputs that are asked for, if they can go together.
pub(super) fn plan(args: &FindingsArgs) -> Result<Vec<OutputTo>, Failure> {
    if args.output.is_empty() {
        return Ok(vec![OutputTo { format: OutputFormat::Human, path: None }]);
    }
    let mut shared: Vec<OutputFormat> = args.output.iter().filter(|to| to.path.is_none()).map(|to| to.format).collect();
    shared.sort_unstable();
    if !matches!(shared.as_slice(), [] | [_] | [OutputFormat::Human, OutputFormat::Github]) {
        return Err(Failure::new(
            "two outputs to standard output would run into each other; give one of them a file, as in `--output json=findings.json`",
        ));
    }
    let mut taken: Vec<(PathBuf, &Path)> = args.baseline.iter().map(|path| (place(path), path.as_path())).collect();
    for path in args.output.iter().filter_map(|to| to.path.as_deref()) {
        if let Some((_, earlier)) = taken.iter().find(|(earlier, _)| *earlier == place(path)) {
            return Err(Failure::new(format!(
                "`{}` and `{}` are one file; give each output a file of its own",
                earlier.display(),
                path.display()
            )));
        }
        taken.push((place(path), path));
    }
    Ok(args.output.clone())
}

/// A path by which two names of one file are known as such, also before the file exists.
fn place(path: &Path) -> PathBuf {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let beside = || Some(directory.canonicalize().ok()?.join(path.file_name()?));
    path.canonicalize().ok().or_else(beside).unwrap_or_else(|| path.to_owned())
}

/// Writes every output.
pub(super) fn deliver(judged: &Judged, places: &[OutputTo], output: &mut Output) -> Result<(), Failure> {
    let files = places.iter().filter_map(|to| Some((to.format, to.path.as_deref()?)));
    // A file that cannot be written keeps no one from seeing what was found.
    let written: Vec<_> = files.map(|(format, path)| write_whole(path, &file_content(judged, format))).collect();
    // Whoever looks at the log of a run that failed must not find it empty.
    if places.iter().all(|to| to.path.is_some()) {
        output.explain(&human::summary(judged, width()));
    }
    for to in places.iter().filter(|to| to.path.is_none()) {
        match to.format {
            OutputFormat::Human => output.answer.write_all(human::render(judged, width()).as_bytes())?,
            format => output.machine(&render(judged, format))?,
        }
    }
    written.into_iter().collect()
}

fn file_content(judged: &Judged, format: OutputFormat) -> Vec<u8> {
    match format {
        OutputFormat::Human => strip_str(&human::render(judged, FILE_WIDTH)).to_string().into_bytes(),
        format => render(judged, format).into_bytes(),
    }
}

/// Columns of a report for people that is kept in a file.
const FILE_WIDTH: usize = 80;

fn render(judged: &Judged, format: OutputFormat) -> String {
    match format {
        OutputFormat::Human => human::render(judged, FILE_WIDTH),
        OutputFormat::Json => json::render(judged),
        OutputFormat::Sarif => sarif::render(judged),
        OutputFormat::Github => github::render(judged),
    }
}
