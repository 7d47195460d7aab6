//! `init`: writes slugproof.yaml and policies for a repository.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use slug_function::comparison::{Comparison, Verdict};
use slug_function::sandbox::Sandbox;
use slug_resolver::{Policy, Registry};

use crate::args::{InitArgs, LintArgs};
use crate::conformity::BUDGET;
use crate::exit::{Exit, Failure, describe};
use crate::init::{self, File, Finder, Harness, Inferred, Survey};
use crate::io::write_whole;
use crate::output::Output;
use crate::render::{HEAD, counted, grouped, shown};

/// The most places that cannot be followed that are shown for each policy.
const SHOWN: usize = 3;

/// Runs `init`.
pub fn run(args: &InitArgs, output: &mut Output) -> Result<Exit, Failure> {
    enter(args.dir.as_deref())?;
    let survey = Survey::take();
    if survey.is_cut {
        output.note("the directory has more files than init looks at; run it in a smaller one if something is missing");
    }
    for (path, reason) in &survey.unreadable {
        output.note(&format!("{path} looks like a registry and cannot be read: {reason}"));
    }
    let Some((path, registry)) = main_registry(&survey, output) else {
        output.human(&survey.looked_for())?;
        output.human("nothing was written; docs/formats.md of slugproof shows the files to write by hand\n")?;
        return Ok(Exit::NothingChecked);
    };
    output.human(&found(path, registry, &survey))?;

    let sandbox = Sandbox::find().map_err(Failure::new)?;
    let harnesses = Finder::new(&survey, registry, &sandbox).harnesses();
    let (policies, worst) = if harnesses.is_empty() {
        output.human("no script calls a function that prints a model of the registry\n")?;
        (init::draft(&survey, registry).into_iter().collect(), Exit::NothingChecked)
    } else {
        inferred(&harnesses, &survey, registry, &sandbox, output)?
    };
    if policies.is_empty() {
        if harnesses.is_empty() {
            output.human(
                "no workflow file sets a variable to a model of the registry, or a credential that it names\n",
            )?;
        }
        output.human("\nnothing was written; docs/formats.md of slugproof shows how to write a policy by hand\n")?;
        return Ok(worst.worse(Exit::NothingChecked));
    }
    let files: Vec<File> = std::iter::once(init::config(path, &policies)).chain(policies).collect();
    if args.dry_run {
        for file in &files {
            output.styled(&format!("\n{HEAD}── {} ──{HEAD:#}\n", file.path.display()))?;
            output.human(&file.text)?;
        }
        output.human("\nnothing was written (--dry-run)\n")?;
        return Ok(worst);
    }
    write(&files)?;
    let names: Vec<String> = files.iter().map(|file| file.path.display().to_string()).collect();
    output.human(&format!("\nwrote {}\n", names.join(", ")))?;
    if harnesses.is_empty() {
        output.human("complete the draft, then run `slugproof check` and `slugproof lint`\n")?;
        return Ok(worst);
    }
    output.styled(&format!("\n{HEAD}── slugproof lint ──{HEAD:#}\n\n"))?;
    let lint = super::lint::run_first(&LintArgs::default(), output)?;
    output.human(next(lint, worst))?;
    Ok(worst)
}

/// Changes to the top of the repository of a directory.
fn enter(directory: Option<&Path>) -> Result<(), Failure> {
    let given = directory.unwrap_or(Path::new("."));
    let fail = |error: &std::io::Error| {
        Failure::new(format!("cannot use `{}`: {}; give a directory", given.display(), describe(error)))
    };
    let whole = given.canonicalize().map_err(|error| fail(&error))?;
    let top = whole.ancestors().find(|parent| parent.join(".git").exists()).filter(|_| directory.is_none());
    std::env::set_current_dir(top.unwrap_or(&whole)).map_err(|error| fail(&error))
}

/// The registry with the most models; the first of several.
fn main_registry<'s>(survey: &'s Survey, output: &mut Output) -> Option<&'s (String, Registry)> {
    let size = |registry: &Registry| -> usize {
        registry.runtimes().iter().flat_map(|runtime| &runtime.arms).map(|arm| arm.models.len()).sum()
    };
    let largest = survey.registries.iter().map(|(_, registry)| size(registry)).max()?;
    let chosen = survey.registries.iter().find(|(_, registry)| size(registry) == largest)?;
    let others = survey.registries.iter().filter(|(path, _)| *path != chosen.0);
    for (path, _) in others {
        output.note(&format!("{path} is a registry, too; change `registry` in slugproof.yaml to use it"));
    }
    Some(chosen)
}

/// The message that counts the data found by the survey.
fn found(path: &str, registry: &Registry, survey: &Survey) -> String {
    format!(
        "found {} with {} and {}, {} and {}\n",
        shown(path),
        counted(registry.providers().len() as u64, "provider"),
        counted(registry.runtimes().len() as u64, "runtime"),
        counted(survey.workflows.len() as u64, "workflow file"),
        counted(survey.scripts.len() as u64, "shell script"),
    )
}

/// Infers the policy of each harness, and says how.
fn inferred(
    harnesses: &[Harness],
    survey: &Survey,
    registry: &Registry,
    sandbox: &Sandbox,
    output: &mut Output,
) -> Result<(Vec<File>, Exit), Failure> {
    let mut files = Vec::new();
    let mut names: BTreeSet<String> = BTreeSet::new();
    let mut worst = Exit::Clean;
    for harness in harnesses {
        let name = name_of(harness, &names);
        names.insert(name.clone());
        let secrets = harness.secrets.as_ref();
        output.human(&format!(
            "\n{} {} `{}` for the model{}\n",
            harness.scripts.join(", "),
            if harness.scripts.len() == 1 { "calls" } else { "call" },
            harness.model.name,
            secrets.map_or(String::new(), |secrets| format!(" and `{}` for the secrets", secrets.name)),
        ))?;
        match init::infer(&name, harness, survey, registry, sandbox, BUDGET) {
            Ok(Inferred { file, policy, comparison, notes }) => {
                output.human(&summary(&file, &policy, &comparison))?;
                output.notes(&notes);
                worst = worst.worse(exit_of(&comparison));
                files.push(file);
            }
            Err(reason) => {
                output.human(&format!("  no policy: {reason}\n"))?;
                worst = worst.worse(Exit::NothingChecked);
            }
        }
    }
    Ok((files, worst))
}

/// The name of the policy of a harness: that of its first script, without directory and ending.
fn name_of(harness: &Harness, taken: &BTreeSet<String>) -> String {
    let first = harness.scripts.first().map_or("harness", String::as_str);
    let stem = Path::new(first).file_stem().and_then(|stem| stem.to_str()).unwrap_or("harness");
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let stem: String = stem.chars().map(|c| if is_plain(c) { c } else { '-' }).collect();
    let mut name = stem.clone();
    let mut number = 2;
    while taken.contains(&name) || Policy::embedded(&name).is_some() {
        name = format!("{stem}-{number}");
        number += 1;
    }
    name
}

/// How the policy compares with its function.
fn summary(file: &File, policy: &Policy, comparison: &Comparison) -> String {
    let document = policy.document();
    let rules = document.model.len() + document.secrets.len();
    let conformance = &comparison.conformance;
    let result = match comparison.verdict() {
        Verdict::Proved => "proved: it matches the function",
        Verdict::Different => "different from the function in some environments; `slugproof conform` shows them",
        Verdict::NotProved => "not proved; `slugproof conform` shows why",
    };
    let mut text = format!(
        "  {}: {}, {} environments tested\n  {result}\n",
        file.path.display(),
        counted(rules as u64, "rule"),
        grouped(conformance.asked as u128),
    );
    for (place, reason) in comparison.reading.not_followed.iter().take(SHOWN) {
        text.push_str(&format!("  {place}: {reason}\n"));
    }
    text
}

fn exit_of(comparison: &Comparison) -> Exit {
    match comparison.verdict() {
        Verdict::Proved => Exit::Clean,
        Verdict::Different => Exit::Findings,
        Verdict::NotProved => Exit::NothingChecked,
    }
}

/// Writes files that do not exist, or none.
fn write(files: &[File]) -> Result<(), Failure> {
    if let Some(path) = init::existing(files.iter().map(|file| file.path.as_path())) {
        return Err(Failure::new(format!(
            "`{}` exists, and init overwrites nothing; move it away, or print the new files with --dry-run",
            path.display()
        )));
    }
    let directories = files.iter().filter_map(|file| file.path.parent());
    directories.filter(|directory| !directory.as_os_str().is_empty()).try_for_each(make)?;
    files.iter().try_for_each(|File { path, text }| write_whole(path, text.as_bytes()))
}

/// Makes a directory that is not a symbolic link.
fn make(directory: &Path) -> Result<(), Failure> {
    let is_link = directory.symlink_metadata().is_ok_and(|data| data.file_type().is_symlink());
    if is_link {
        let message = format!("`{}` is a symbolic link, which init does not follow; replace it", directory.display());
        return Err(Failure::new(message));
    }
    std::fs::create_dir_all(directory).map_err(|error| {
        let why = describe(&error);
        Failure::new(format!("cannot make `{}`: {why}; check the directory", PathBuf::from(directory).display()))
    })
}

/// The next steps for the user.
fn next(lint: Exit, conform: Exit) -> &'static str {
    match (lint, conform) {
        (Exit::Findings, Exit::Clean) => {
            "\nnext: fix this, run `slugproof` for everything, and add it to CI (docs/ci.md of slugproof shows how)\n"
        }
        (_, Exit::Clean) => {
            "\nnext: run `slugproof` for everything, and add it to CI (docs/ci.md of slugproof shows how)\n"
        }
        _ => "\nnext: run `slugproof conform`, and correct the policy or the function\n",
    }
}
