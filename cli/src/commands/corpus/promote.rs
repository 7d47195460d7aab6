//! Turns a failing input of a fuzzer or a property test into a readable witness.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;
use slug_laws::reduction::reduce;
use slug_laws::{
    Expectation, Implementation, Law, LawContext, RealResolver, TestCase, Witness, is_seed, law, reference,
};
use slug_resolver::Resolution;
use slug_testkit::{Content, INPUT_BYTES};

use super::checksums;
use super::corpus_files::{Corpus, File, Kind, SUMS};
use super::review_item::guarded;
use super::targets::{TARGETS, target};
use crate::args::PromoteArgs;
use crate::exit::{Exit, Failure, describe};
use crate::io::{read_file, shown_path, write_whole};
use crate::output::Output;
use crate::render::GOOD;
use crate::sink::{self, Rendered};

/// Runs `corpus promote`.
pub fn run(args: &PromoteArgs, output: &mut Output) -> Result<Exit, Failure> {
    let corpus = Corpus::find(args.dir.as_deref())?;
    let bytes = read_file(&args.artifact)?;
    let directory = || args.artifact.parent().and_then(Path::file_name)?.to_str();
    let Some(target) = args.target.as_deref().or_else(directory).and_then(target) else {
        let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
        return Err(Failure::new(format!(
            "the fuzz target of `{}` is unknown; pass one of {} with --target",
            shown_path(&args.artifact),
            names.join(", ")
        )));
    };
    if bytes.len() > INPUT_BYTES {
        return Err(Failure::new(format!(
            "`{}` is larger than {INPUT_BYTES} bytes, the limit for an input; minimise it first",
            shown_path(&args.artifact)
        )));
    }
    if args.seed.as_ref().is_some_and(|seed| !is_seed(seed)) {
        return Err(Failure::new("--seed takes the 64 hexadecimal digits that follow `cc` in a seed file"));
    }
    let artifact = args.artifact.file_name().unwrap_or_default().to_string_lossy();
    let found = args.found.clone().unwrap_or_else(|| format!("fuzz target {}, {artifact}", target.name));

    let mut files = Vec::new();
    let content = guarded(|| (target.evaluate)(&bytes).content).ok();
    // The target refuses a witness that breaks a law, but the witness still contains a case.
    let case = match content {
        Some(Content::TestCase(case)) => Some(*case),
        _ if target.name == "case_yaml" => Witness::from_yaml(&bytes).ok().map(|witness| witness.case),
        _ => None,
    };
    let mut law_id = None;
    let stem = if let Some(case) = case {
        let broken =
            seeded_law(&corpus, args.seed.as_deref(), &case)?.or_else(|| broken_law(&case)).ok_or_else(|| {
                Failure::new(format!(
                    "`{}` breaks no law; promote an input before its bug is fixed",
                    shown_path(&args.artifact)
                ))
            })?;
        law_id = Some(broken.id);
        let case = reduce(&case, |case| breaks(broken, case));
        let what = args.name.clone().unwrap_or_else(|| what_is_wrong(&case));
        let stem = free_stem(&corpus, target.name, &format!("{}--{}", broken.id, slugged(&what)?));
        let expect = Expectation::of(&expected(&case));
        let witness = Witness {
            law: Some(broken.id.to_owned()),
            found: Some(found),
            seed: args.seed.clone(),
            case,
            expect: Some(expect),
        };
        let text = witness.to_yaml();
        if !Witness::from_yaml(text.as_bytes()).is_ok_and(|read| breaks(broken, &read.case)) {
            return Err(Failure::new(format!(
                "written as a witness, the case no longer breaks `{}`: it depends on data that a witness omits, \
                 such as the value of a secret; write a witness by hand",
                broken.id
            )));
        }
        files.push((File { path: witness_path(&stem), kind: Kind::Witness }, text.into_bytes()));
        stem
    } else {
        let evaluated = guarded(|| (target.evaluate)(&bytes).result);
        if matches!(evaluated, Ok(Ok(()))) {
            output.note("the target passes on this input; only `cargo test` also runs the second YAML reader");
        }
        let Some(name) = &args.name else {
            return Err(Failure::new(format!(
                "an input of `{}` has no default name; name the bug with --name",
                target.name
            )));
        };
        free_stem(&corpus, target.name, &slugged(name)?)
    };
    // An input of `case_yaml` is not kept: the witness contains the case, without its secrets.
    if target.name != "case_yaml" {
        files.push((File { path: input_path(target.name, &stem), kind: Kind::Regression }, bytes));
    }
    let paths: Vec<&str> = files.iter().map(|(file, _)| &*file.path).collect();
    let written = paths.iter().copied().chain([SUMS]).map(|path| corpus.root().join(path)).collect::<Vec<_>>();
    let sinks = sink::requested(&args.output, written.iter().map(PathBuf::as_path))?;
    sink::check_inputs(sink::files(&sinks), std::iter::once(args.artifact.as_path()))?;
    save(&corpus, &files)?;
    let text: String = paths.iter().map(|path| format!("{GOOD}✓{GOOD:#} {path}\n")).collect();
    let json = json!({"schema_version": 1, "target": target.name, "law": law_id, "files": paths});
    sink::write(&Rendered { verdict: text.clone(), text, json, is_file: false }, &sinks, output)?;
    output.note("fix the bug, then review and commit; `slugproof corpus check` fails as long as a law is broken");
    Ok(Exit::Clean)
}

/// The first law that a case breaks; a resolver that panics breaks `agreement`.
fn broken_law(case: &TestCase) -> Option<&'static Law> {
    match guarded(|| LawContext::new(&RealResolver, case).check_all().err().map(|(law, _)| law)) {
        Ok(broken) => broken,
        Err(_) => law("agreement"),
    }
}

/// The law whose property test wrote a seed, if the case breaks that law.
fn seeded_law(corpus: &Corpus, seed: Option<&str>, case: &TestCase) -> Result<Option<&'static Law>, Failure> {
    let Some(seed) = seed else { return Ok(None) };
    for file in corpus.files()?.iter().filter(|file| file.kind == Kind::Seeds) {
        if String::from_utf8_lossy(&corpus.read(file)?).contains(seed) {
            return Ok(law(file.stem()).filter(|law| breaks(law, case)));
        }
    }
    Ok(None)
}

fn breaks(law: &Law, case: &TestCase) -> bool {
    guarded(|| (law.check)(&LawContext::new(&RealResolver, case)).is_err()).unwrap_or(law.id == "agreement")
}

/// The resolution of a case by the reference resolver.
fn expected(case: &TestCase) -> Resolution<'_> {
    reference::resolve(&case.dataset.registry, &case.dataset.policy, &case.runtime, &case.variables, &case.ambient)
}

/// Names the first field in which the resolver differs from the reference, and the rule.
fn what_is_wrong(case: &TestCase) -> String {
    let right = expected(case);
    let rule = right.rule.unwrap_or("no-rule").to_owned();
    let Ok(found) = guarded(|| Expectation::of(&RealResolver.resolve(case))) else {
        return format!("panic-under-{rule}");
    };
    let right = Expectation::of(&right);
    let fields = [
        ("rule", found.rule != right.rule),
        ("slug", found.slug != right.slug),
        ("secrets", found.injected != right.injected),
        ("provider", found.provider != right.provider),
        ("verdict", found.verdict != right.verdict),
    ];
    let wrong = fields.iter().find(|(_, wrong)| *wrong).map_or("evidence", |(field, _)| *field);
    format!("wrong-{wrong}-under-{rule}")
}

/// Converts a name to a part of a file name.
fn slugged(name: &str) -> Result<String, Failure> {
    let words: Vec<String> = name
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    if words.is_empty() {
        return Err(Failure::new(format!("`{name}` has no letters or digits; name the bug in a few words")));
    }
    Ok(words.join("-"))
}

fn witness_path(stem: &str) -> String {
    format!("proptest-regressions/witnesses/{stem}.yaml")
}

fn input_path(target: &str, stem: &str) -> String {
    format!("fuzz/regressions/{target}/{stem}")
}

/// The stem, with a number if a witness or an input with that name exists.
fn free_stem(corpus: &Corpus, target: &str, stem: &str) -> String {
    let exists = |path: String| corpus.root().join(path).exists();
    let is_free = |stem: &String| !exists(witness_path(stem)) && !exists(input_path(target, stem));
    let numbered = (2..).map(|number| format!("{stem}-{number}"));
    std::iter::once(stem.to_owned()).chain(numbered).find(is_free).unwrap_or_default()
}

/// Writes new files and adds them to the list. If one step fails, removes the new files.
fn save(corpus: &Corpus, files: &[(File, Vec<u8>)]) -> Result<(), Failure> {
    let create = |(file, bytes): &(File, Vec<u8>)| {
        let to = corpus.root().join(&file.path);
        let directory = to.parent().unwrap_or(corpus.root());
        fs::create_dir_all(directory).map_err(|error| {
            let why = describe(&error);
            Failure::new(format!("cannot create `{}`: {why}; check the directory", shown_path(directory)))
        })?;
        write_whole(&to, bytes)
    };
    let names: Vec<File> = files.iter().map(|(file, _)| file.clone()).collect();
    let paths: Vec<PathBuf> = names.iter().map(|file| corpus.root().join(&file.path)).collect();
    // Innermost first, the order in which they can be removed.
    let is_missing = |directory: &&Path| !directory.exists();
    let missing: Vec<&Path> = paths.iter().flat_map(|path| path.ancestors().skip(1).take_while(is_missing)).collect();
    let saved = files.iter().try_for_each(create).and_then(|()| checksums::add(corpus, &names));
    if saved.is_err() {
        // The files did not exist before. Errors of the cleanup are less useful than the first error.
        paths.iter().for_each(|path| drop(fs::remove_file(path)));
        missing.iter().for_each(|directory| drop(fs::remove_dir(directory)));
    }
    saved
}
