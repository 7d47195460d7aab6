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
use crate::render::{HEAD, counted, grouped, shown, wrapped};

/// The most places that cannot be followed that are shown for each policy.
const SHOWN: usize = 3;

/// Runs `init`.
pub fn run(args: &InitArgs, output: &mut Output) -> Result<Exit, Failure> {
    enter(args.dir.as_deref())?;
    // The verdict says which files are written.
    output.mute(output.is_quiet());
    let survey = Survey::take();
    if survey.is_cut {
        output.note("the directory has more files than init looks at; run it in a smaller one if something is missing");
    }
    for (path, reason) in &survey.unreadable {
        output.note(&format!("{path} looks like a registry and cannot be read: {reason}"));
    }
    let Some((path, registry)) = main_registry(&survey, output) else {
        output.human(&survey.looked_for())?;
        verdict(output, "nothing was written; docs/formats.md of slugproof shows the files to write by hand\n")?;
        return Ok(Exit::NothingChecked);
    };
    say(output, &found(path, registry, &survey))?;

    let sandbox = Sandbox::find().map_err(Failure::new)?;
    let harnesses = Finder::new(&survey, registry, &sandbox).harnesses();
    let (files, policies, worst) = if harnesses.is_empty() {
        say(output, "no script calls a function that prints a model of the registry")?;
        (init::draft(&survey, registry).into_iter().collect(), Vec::new(), Exit::NothingChecked)
    } else {
        inferred(&harnesses, &survey, registry, &sandbox, output)?
    };
    if files.is_empty() {
        if harnesses.is_empty() {
            say(output, "no workflow file sets a variable to a model of the registry, or a credential that it names")?;
        }
        output.human("\n")?;
        verdict(output, "nothing was written; docs/formats.md of slugproof shows how to write a policy by hand")?;
        return Ok(worst.worse(Exit::NothingChecked));
    }
    let files: Vec<File> = std::iter::once(init::config(path, &files, !policies.is_empty())).chain(files).collect();
    if args.dry_run {
        output.mute(false);
        for file in &files {
            output.styled(&format!("\n{HEAD}── {} ──{HEAD:#}\n", file.path.display()))?;
            output.human(&file.text)?;
        }
        output.human("\n")?;
        say(output, "nothing was written (--dry-run)")?;
        return Ok(worst);
    }
    write(&files)?;
    let names: Vec<String> = files.iter().map(|file| file.path.display().to_string()).collect();
    output.human("\n")?;
    verdict(output, &format!("wrote {}", names.join(", ")))?;
    if output.is_quiet() {
        return Ok(worst);
    }
    if harnesses.is_empty() {
        say(output, "complete the draft, then run `slugproof check` and `slugproof lint`")?;
        return Ok(worst);
    }
    output.styled(&format!("\n{HEAD}── slugproof lint ──{HEAD:#}\n\n"))?;
    let lint = super::lint::run_first(&LintArgs::default(), output)?;
    output.human("\n")?;
    for step in next(lint, worst, super::prove::gaps(registry, &policies)?) {
        output.human(&format!("{}\n", wrapped(&step, "next: ", "      ")))?;
    }
    Ok(worst)
}

/// Prints a sentence.
fn say(output: &mut Output, sentence: &str) -> Result<(), Failure> {
    Ok(output.human(&format!("{}\n", wrapped(sentence, "", "  ")))?)
}

/// Prints what was done, which `--quiet` prints too.
fn verdict(output: &mut Output, sentence: &str) -> Result<(), Failure> {
    output.mute(false);
    say(output, sentence)?;
    output.mute(output.is_quiet());
    Ok(())
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
        "found {} with {} and {}, {} and {}",
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
) -> Result<(Vec<File>, Vec<Policy>, Exit), Failure> {
    let (mut files, mut policies) = (Vec::new(), Vec::new());
    let mut names: BTreeSet<String> = BTreeSet::new();
    let mut worst = Exit::Clean;
    for harness in harnesses {
        let name = name_of(harness, &names);
        names.insert(name.clone());
        let secrets = harness.secrets.as_ref();
        output.human("\n")?;
        let call = format!(
            "{} {} `{}` for the model{}",
            harness.scripts.join(", "),
            if harness.scripts.len() == 1 { "calls" } else { "call" },
            harness.model.name,
            secrets.map_or(String::new(), |secrets| format!(" and `{}` for the secrets", secrets.name)),
        );
        say(output, &call)?;
        match init::infer(&name, harness, survey, registry, sandbox, BUDGET) {
            Ok(Inferred { file, policy, comparison, notes }) => {
                output.human(&summary(&file, &policy, &comparison))?;
                output.notes(&notes);
                worst = worst.worse(exit_of(&comparison));
                files.push(file);
                policies.push(policy);
            }
            Err(reason) => {
                output.human(&format!("{}\n", wrapped(&format!("no policy: {reason}"), "  ", "    ")))?;
                worst = worst.worse(Exit::NothingChecked);
            }
        }
    }
    Ok((files, policies, worst))
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
    let mut lines = vec![
        format!(
            "{}: {}, {} environments tested",
            file.path.display(),
            counted(rules as u64, "rule"),
            grouped(conformance.asked as u128),
        ),
        result.to_owned(),
    ];
    let not_followed = comparison.reading.not_followed.iter().take(SHOWN);
    lines.extend(not_followed.map(|(place, reason)| format!("{place}: {reason}")));
    lines.iter().map(|line| wrapped(line, "  ", "    ") + "\n").collect()
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

/// The next steps for the user, after `init` has shown the first finding of `lint`.
fn next(lint: Exit, conform: Exit, gaps: usize) -> Vec<String> {
    let mut steps = Vec::new();
    if conform != Exit::Clean {
        steps.push("run `slugproof conform`, and correct the policy or the function".to_owned());
    } else if lint == Exit::Findings {
        steps.push("fix this".to_owned());
    }
    if gaps > 0 {
        steps.push(format!(
            "run `slugproof prove`, which shows {}: contradictions that the function can reach. Close each in the \
             function, or accept it in slugproof.yaml",
            counted(gaps as u64, "gap")
        ));
    }
    steps.push(
        "run `slugproof`, which checks everything, and add it to CI once it exits with 0 (docs/ci.md of slugproof \
         shows how)"
            .to_owned(),
    );
    steps
}
