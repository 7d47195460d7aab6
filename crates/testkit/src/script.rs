//! Oracles for the parser of scripts and for the interpretation of scripts and Makefiles.

use std::collections::BTreeSet;
use std::ops::Range;

use slug_laws::Violation;
use slug_shell::{
    Effects, FIRST_FILE_POSITION, Files, Input, NoFiles, ShellOptions, SourceFile, Variables, interpret, parser,
};

use crate::plural::counted;
use crate::script_printer::print_script;

/// The script whose calls are found.
const TARGET: &str = "tests/run.sh";

/// Checks that a script is interpreted within its budget, that its effects are at places in it, and that
/// its syntax tree, printed as a script, parses to the same tree. Returns a description of the effects.
///
/// # Errors
///
/// The violated property.
pub fn check_script(script: &str) -> Result<String, Violation> {
    let parsed = match parser::parse(script) {
        Ok(tree) => {
            let printed = print_script(&tree);
            let again = parser::parse(&printed).map(|tree| print_script(&tree));
            if again.as_ref() != Ok(&printed) {
                return Err(format!("the tree prints as {printed:?}, which parses to {again:?}"));
            }
            "a script"
        }
        Err(_) => "no script",
    };
    let effects = interpret(&input(script, &NoFiles));
    check_places(&effects, |span| script.get(span).is_some()).map(|effects| format!("{parsed}: {effects}"))
}

/// Checks that `make` with a Makefile is interpreted within its budget, and that the effects are at places
/// in the Makefile. Returns a description of the effects.
///
/// # Errors
///
/// The violated property.
pub fn check_makefile(makefile: &str) -> Result<String, Violation> {
    const COMMAND: &str = "make";
    let effects = interpret(&input(COMMAND, &OneFile { path: "Makefile", text: makefile }));
    check_places(&effects, |span| match span.start.checked_sub(FIRST_FILE_POSITION) {
        Some(start) => makefile.get(start..span.end - FIRST_FILE_POSITION).is_some(),
        None => COMMAND.get(span).is_some(),
    })
}

/// A repository with one file.
struct OneFile<'t> {
    path: &'static str,
    text: &'t str,
}

impl Files for OneFile<'_> {
    fn read(&self, path: &str) -> Option<SourceFile> {
        (path == self.path).then(|| SourceFile { text: self.text.into(), base: FIRST_FILE_POSITION })
    }

    fn list(&self, directory: &str) -> Vec<String> {
        if directory.is_empty() { vec![self.path.to_owned()] } else { Vec::new() }
    }
}

fn input<'t>(script: &'t str, files: &'t dyn Files) -> Input<'t> {
    const EMPTY: &Variables = &Variables::new();
    const NAMES: &BTreeSet<String> = &BTreeSet::new();
    Input {
        script,
        placeholders: &[],
        targets: &[TARGET],
        roots: &[""],
        names: NAMES,
        settings_reason: None,
        changed: slug_shell::ChangedPaths::NONE,
        files,
        directory: Some(""),
        env: EMPTY,
        runs_in_bash: true,
        options: ShellOptions::of(["-e"]),
        fuel: None,
    }
}

fn check_places(effects: &Effects, is_place: impl Fn(Range<usize>) -> bool) -> Result<String, Violation> {
    let of_variables = |variables: &Variables| variables.values().filter_map(|it| it.assigned.clone()).collect();
    let mut spans: Vec<Range<usize>> = of_variables(&effects.final_variables);
    for call in &effects.calls {
        spans.push(call.span.clone());
        spans.extend::<Vec<_>>(of_variables(&call.variables));
    }
    spans.extend(effects.written.values().map(|written| written.span.clone()));
    match spans.into_iter().find(|span| !is_place(span.clone())) {
        Some(span) => Err(format!("an effect is at the bytes {span:?}, which are not in the text")),
        None => Ok(format!("{}, {} written", counted(effects.calls.len(), "call"), effects.written.len())),
    }
}
