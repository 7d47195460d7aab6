//! `init`: writes slugproof.yaml and policies for a repository.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use slug_function::comparison::{Comparison, Verdict};
use slug_function::sandbox::Sandbox;
use slug_resolver::{Policy, Registry};

use crate::args::InitArgs;
use crate::conformity::BUDGET;
use crate::exit::{Exit, Failure, describe};
use crate::init::{self, File, Finder, Harness, Inferred, Survey};
use crate::io::{report_path, write_whole};
use crate::output::Output;
use crate::render::{HEAD, counted, escape_keeping_styles, grouped, shown, wrapped};
use crate::sink::{self, BasicFormat, Rendered, Sink};

/// The most places that cannot be followed that are shown for each policy.
const SHOWN: usize = 3;

/// What `init` reports.
#[derive(Default)]
struct Report {
    /// For people, escaped and with styles.
    text: String,
    /// With `--quiet`.
    verdict: String,
    registry: Option<String>,
    files: Vec<File>,
    is_written: bool,
    policies: Vec<Value>,
    notes: Vec<String>,
    /// The result of `lint` with its first finding.
    lint: Option<Value>,
    gaps: Option<usize>,
    next: Vec<String>,
}

impl Report {
    /// Adds text for people.
    fn human(&mut self, text: &str) {
        self.text.push_str(&escape_keeping_styles(text));
    }

    /// Adds a sentence.
    fn say(&mut self, sentence: &str) {
        self.human(&format!("{}\n", wrapped(sentence, "", "  ")));
    }

    /// Adds the sentence that says what was done.
    fn conclude(&mut self, sentence: &str) {
        let start = self.text.len();
        self.say(sentence);
        self.verdict.push_str(&self.text[start..]);
    }

    /// Prints a note, and keeps it for the JSON.
    fn note(&mut self, note: String, output: &mut Output) {
        output.note(&note);
        self.notes.push(note);
    }

    fn rendered(self) -> Rendered {
        let files = self.files.iter().map(|file| json!({"path": report_path(&file.path), "text": file.text}));
        let json = json!({
            "schema_version": 1,
            "registry": self.registry,
            "files": files.collect::<Vec<_>>(),
            "written": self.is_written,
            "policies": self.policies,
            "notes": self.notes,
            "lint": self.lint,
            "gaps": self.gaps,
            "next": self.next,
        });
        Rendered { text: self.text, verdict: self.verdict, json, is_file: false }
    }
}

/// Runs `init`.
pub fn run(args: &InitArgs, output: &mut Output) -> Result<Exit, Failure> {
    let mut sinks = sink::requested(&args.output, None)?;
    // The paths are relative to this directory, which `enter` leaves.
    for path in sinks.iter_mut().filter_map(|sink| sink.path.as_mut()) {
        *path = std::path::absolute(&path)?;
    }
    enter(args.dir.as_deref())?;
    let mut report = Report::default();
    let exit = initialise(args.dry_run, &sinks, &mut report, output)?;
    sink::write(&report.rendered(), &sinks, output)?;
    Ok(exit)
}

fn initialise(
    is_dry_run: bool,
    sinks: &[Sink<BasicFormat>],
    report: &mut Report,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let survey = Survey::take();
    sink::check_inputs(sink::files(sinks), survey.paths().map(Path::new))?;
    if survey.is_cut {
        let note = "the directory has more files than init looks at; run it in a smaller one if something is missing";
        report.note(note.to_owned(), output);
    }
    for (path, reason) in &survey.unreadable {
        report.note(format!("{path} looks like a registry and cannot be read: {reason}"), output);
    }
    let Some((path, registry)) = main_registry(&survey, report, output) else {
        report.human(&survey.looked_for());
        report.conclude("nothing was written; docs/formats.md of slugproof shows the files to write by hand");
        return Ok(Exit::NothingChecked);
    };
    report.registry = Some(path.clone());
    report.say(&found(path, registry, &survey));

    let sandbox = Sandbox::find().map_err(Failure::new)?;
    let harnesses = Finder::new(&survey, registry, &sandbox).harnesses();
    let (files, policies, worst) = if harnesses.is_empty() {
        report.say("no script calls a function that prints a model of the registry");
        (init::draft(&survey, registry).into_iter().collect(), Vec::new(), Exit::NothingChecked)
    } else {
        inferred(&harnesses, &survey, registry, &sandbox, report, output)
    };
    if files.is_empty() {
        if harnesses.is_empty() {
            report.say("no workflow file sets a variable to a model of the registry, or a credential that it names");
        }
        report.human("\n");
        report.conclude("nothing was written; docs/formats.md of slugproof shows how to write a policy by hand");
        return Ok(worst.worse(Exit::NothingChecked));
    }
    report.files = std::iter::once(init::config(path, &files, !policies.is_empty())).chain(files).collect();
    let names: Vec<String> = report.files.iter().map(|file| file.path.display().to_string()).collect();
    if is_dry_run {
        let start = report.text.len();
        for File { path, text } in report.files.clone() {
            report.human(&format!("\n{HEAD}── {} ──{HEAD:#}\n{text}", path.display()));
        }
        report.human("\n");
        report.verdict = report.text.split_at(start).1.to_owned();
        report.conclude("nothing was written (--dry-run)");
        return Ok(worst);
    }
    sink::requested(sinks, report.files.iter().map(|file| file.path.as_path()))?;
    write(&report.files)?;
    report.is_written = true;
    report.human("\n");
    report.conclude(&format!("wrote {}", names.join(", ")));
    if harnesses.is_empty() {
        let step = "complete the draft, then run `slugproof check` and `slugproof lint`";
        report.say(step);
        report.next.push(step.to_owned());
        return Ok(worst);
    }
    let (exit, lint) = super::lint::run_first()?;
    report.text.push_str(&format!("\n{HEAD}── slugproof lint ──{HEAD:#}\n\n{}\n", lint.text));
    report.lint = Some(lint.json);
    let gaps = super::prove::gaps(registry, &policies)?;
    report.gaps = Some(gaps);
    report.next = next(exit, worst, gaps);
    for step in report.next.clone() {
        report.human(&format!("{}\n", wrapped(&step, "next: ", "      ")));
    }
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
fn main_registry<'s>(survey: &'s Survey, report: &mut Report, output: &mut Output) -> Option<&'s (String, Registry)> {
    let size = |registry: &Registry| -> usize {
        registry.runtimes().iter().flat_map(|runtime| &runtime.arms).map(|arm| arm.models.len()).sum()
    };
    let largest = survey.registries.iter().map(|(_, registry)| size(registry)).max()?;
    let chosen = survey.registries.iter().find(|(_, registry)| size(registry) == largest)?;
    let others = survey.registries.iter().filter(|(path, _)| *path != chosen.0);
    for (path, _) in others {
        report.note(format!("{path} is a registry, too; change `registry` in slugproof.yaml to use it"), output);
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
    report: &mut Report,
    output: &mut Output,
) -> (Vec<File>, Vec<Policy>, Exit) {
    let (mut files, mut policies) = (Vec::new(), Vec::new());
    let mut names: BTreeSet<String> = BTreeSet::new();
    let mut worst = Exit::Clean;
    for harness in harnesses {
        let name = name_of(harness, &names);
        names.insert(name.clone());
        let secrets = harness.secrets.as_ref();
        report.human("\n");
        let call = format!(
            "{} {} `{}` for the model{}",
            harness.scripts.join(", "),
            if harness.scripts.len() == 1 { "calls" } else { "call" },
            harness.model.name,
            secrets.map_or(String::new(), |secrets| format!(" and `{}` for the secrets", secrets.name)),
        );
        report.say(&call);
        match init::infer(&name, harness, survey, registry, sandbox, BUDGET) {
            Ok(Inferred { file, policy, comparison, notes }) => {
                report.human(&summary(&file, &policy, &comparison));
                report.policies.push(json!({
                    "scripts": harness.scripts,
                    "path": report_path(&file.path),
                    "verdict": comparison.verdict().name(),
                    "environments": comparison.conformance.asked,
                    "not_followed": not_followed(&comparison).collect::<Vec<_>>(),
                }));
                notes.into_iter().for_each(|note| report.note(note, output));
                worst = worst.worse(exit_of(&comparison));
                files.push(file);
                policies.push(policy);
            }
            Err(reason) => {
                report.human(&format!("{}\n", wrapped(&format!("no policy: {reason}"), "  ", "    ")));
                report.policies.push(json!({"scripts": harness.scripts, "path": null, "reason": reason}));
                worst = worst.worse(Exit::NothingChecked);
            }
        }
    }
    (files, policies, worst)
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
    lines.extend(not_followed(comparison).take(SHOWN));
    lines.iter().map(|line| wrapped(line, "  ", "    ") + "\n").collect()
}

/// The places of the function that cannot be followed, with the reasons.
fn not_followed(comparison: &Comparison) -> impl Iterator<Item = String> {
    comparison.reading.not_followed.iter().map(|(place, reason)| format!("{place}: {reason}"))
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
