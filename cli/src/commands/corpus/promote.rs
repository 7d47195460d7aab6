//! From what a fuzzer or a property found to a witness that a person can review.

use std::fs;
use std::path::{Path, PathBuf};

use slug_laws::reduction::reduce;
use slug_laws::{
    Expectation, Implementation, Law, LawContext, RealResolver, TestCase, Witness, is_seed, law, reference,
};
use slug_resolver::Resolution;
use slug_testkit::{Content, INPUT_BYTES};

use super::checksums;
use super::corpus_files::{File, Kind, Tree};
use super::review_item::guarded;
use super::targets::{TARGETS, target};
use crate::args::PromoteArgs;
use crate::exit::{Exit, Failure, describe};
use crate::io::{read_file, shown_path, write_whole};
use crate::output::Output;
use crate::render::GOOD;

/// Runs `corpus promote`.
pub fn run(args: &PromoteArgs, output: &mut Output) -> Result<Exit, Failure> {
    let tree = Tree::find(args.dir.as_deref())?;
    let bytes = read_file(&args.artifact)?;
    let directory = || args.artifact.parent().and_then(Path::file_name)?.to_str();
    let Some(target) = args.target.as_deref().or_else(directory).and_then(target) else {
        let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
        return Err(Failure::new(format!(
            "which fuzz target is `{}` an input of? give one of {} with --target",
            shown_path(&args.artifact),
            names.join(", ")
        )));
    };
    if bytes.len() > INPUT_BYTES {
        return Err(Failure::new(format!(
            "`{}` has more bytes than the limit of {INPUT_BYTES} for an input; minimise it first",
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
    // A witness that breaks a law is refused as a reading and is a case all the same.
    let case = match content {
        Some(Content::TestCase(case)) => Some(*case),
        _ if target.name == "case_yaml" => Witness::from_yaml(&bytes).ok().map(|witness| witness.case),
        _ => None,
    };
    let stem = if let Some(case) = case {
        let broken =
            seeded_law(&tree, args.seed.as_deref(), &case)?.or_else(|| broken_law(&case)).ok_or_else(|| {
                Failure::new(format!(
                    "`{}` breaks no law now; promote it while the bug is there, before the fix",
                    shown_path(&args.artifact)
                ))
            })?;
        let case = reduce(&case, |case| breaks(broken, case));
        let what = args.name.clone().unwrap_or_else(|| what_is_wrong(&case));
        let stem = free_stem(&tree, target.name, &format!("{}--{}", broken.id, slugged(&what)?));
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
                "written as a witness, the case no longer breaks `{}`: it depends on what a witness does not hold, such as the value of a secret; write one by hand",
                broken.id
            )));
        }
        files.push((File { path: witness_path(&stem), kind: Kind::Witness }, text.into_bytes()));
        stem
    } else {
        let evaluated = guarded(|| (target.evaluate)(&bytes).holds);
        if matches!(evaluated, Ok(Ok(()))) {
            output.note("the target holds on this input here; only `cargo test` asks the second reader of YAML");
        }
        let Some(name) = &args.name else {
            return Err(Failure::new(format!(
                "an input of `{}` is no case that could name itself; say with --name what the bug is",
                target.name
            )));
        };
        free_stem(&tree, target.name, &slugged(name)?)
    };
    // What is written as a case is in the witness, and there without its secrets.
    if target.name != "case_yaml" {
        files.push((File { path: input_path(target.name, &stem), kind: Kind::Regression }, bytes));
    }
    save(&tree, &files)?;
    for (file, _) in files {
        output.styled(&format!("{GOOD}✓{GOOD:#} {}\n", file.path))?;
    }
    output.note("mend the bug, then review and commit; `slugproof corpus check` is red for as long as a law is broken");
    Ok(Exit::Clean)
}

/// The first law that a case breaks; a resolver that panics breaks `agreement`.
fn broken_law(case: &TestCase) -> Option<&'static Law> {
    match guarded(|| LawContext::new(&RealResolver, case).check_all().err().map(|(law, _)| law)) {
        Ok(broken) => broken,
        Err(_) => law("agreement"),
    }
}

/// The law whose property wrote a seed, if the case breaks that one.
fn seeded_law(tree: &Tree, seed: Option<&str>, case: &TestCase) -> Result<Option<&'static Law>, Failure> {
    let Some(seed) = seed else { return Ok(None) };
    for file in tree.files()?.iter().filter(|file| file.kind == Kind::Seeds) {
        if String::from_utf8_lossy(&tree.read(file)?).contains(seed) {
            return Ok(law(file.stem()).filter(|law| breaks(law, case)));
        }
    }
    Ok(None)
}

fn breaks(law: &Law, case: &TestCase) -> bool {
    guarded(|| (law.check)(&LawContext::new(&RealResolver, case)).is_err()).unwrap_or(law.id == "agreement")
}

/// What the specification makes of a case.
fn expected(case: &TestCase) -> Resolution<'_> {
    reference::resolve(&case.dataset.registry, &case.dataset.policy, &case.runtime, &case.variables, &case.ambient)
}

/// In which field the resolver departs from the specification, and under which rule.
fn what_is_wrong(case: &TestCase) -> String {
    let right = expected(case);
    let rule = right.rule.as_str();
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

/// A name as part of a file name.
fn slugged(name: &str) -> Result<String, Failure> {
    let words: Vec<String> = name
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    if words.is_empty() {
        return Err(Failure::new(format!("`{name}` names nothing; say in a few words what the bug is")));
    }
    Ok(words.join("-"))
}

fn witness_path(stem: &str) -> String {
    format!("proptest-regressions/witnesses/{stem}.yaml")
}

fn input_path(target: &str, stem: &str) -> String {
    format!("fuzz/regressions/{target}/{stem}")
}

/// The stem, with a number where a witness or an input of that name is there already.
fn free_stem(tree: &Tree, target: &str, stem: &str) -> String {
    let is_there = |path: String| tree.root().join(path).exists();
    let is_free = |stem: &String| !is_there(witness_path(stem)) && !is_there(input_path(target, stem));
    let numbered = (2..).map(|number| format!("{stem}-{number}"));
    std::iter::once(stem.to_owned()).chain(numbered).find(is_free).unwrap_or_default()
}

/// Writes new files and puts them on the list: all of it or nothing.
fn save(tree: &Tree, files: &[(File, Vec<u8>)]) -> Result<(), Failure> {
    let create = |(file, bytes): &(File, Vec<u8>)| {
        let to = tree.root().join(&file.path);
        let directory = to.parent().unwrap_or(tree.root());
        fs::create_dir_all(directory).map_err(|error| {
            let why = describe(&error);
            Failure::new(format!("cannot make `{}`: {why}; check the directory", shown_path(directory)))
        })?;
        write_whole(&to, bytes)
    };
    let names: Vec<File> = files.iter().map(|(file, _)| file.clone()).collect();
    let paths: Vec<PathBuf> = names.iter().map(|file| tree.root().join(&file.path)).collect();
    // Upwards from each file, which is the order in which they can be removed.
    let is_missing = |directory: &&Path| !directory.exists();
    let missing: Vec<&Path> = paths.iter().flat_map(|path| path.ancestors().skip(1).take_while(is_missing)).collect();
    let saved = files.iter().try_for_each(create).and_then(|()| checksums::add(tree, &names));
    if saved.is_err() {
        // They were not there before. The error that matters is the one that came first.
        paths.iter().for_each(|path| drop(fs::remove_file(path)));
        missing.iter().for_each(|directory| drop(fs::remove_dir(directory)));
    }
    saved
}
