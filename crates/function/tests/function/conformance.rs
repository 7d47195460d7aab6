//! Functions that conform to their policies, and edits of them that do not.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use slug_function::bash::{Options, Program, ask};
use slug_function::caller::CallerSeparators;
use slug_function::case::Case;
use slug_function::conformance::{Ask, Conformance, DifferenceKind, Reply, compare, expected};
use slug_function::reading::{Location, Reading, SourceFile, read};
use slug_function::sandbox::Sandbox;
use slug_function::space::Space;
use slug_resolver::Policy;
use slug_resolver::policy::Function;

/// Asks a function of a file.
pub struct Bash<'a> {
    pub sandbox: &'a Sandbox,
    pub program: Program,
    pub replies: Vec<(Case, Reply)>,
}

impl Ask for Bash<'_> {
    fn ask(&mut self, cases: &[Case]) -> Result<Vec<Reply>, String> {
        let replies = ask(self.sandbox, &self.program, cases, &Options::default())?.answers;
        self.replies.extend(cases.iter().cloned().zip(replies.clone()));
        Ok(replies)
    }

    fn locate(&mut self, _: &Case, _: DifferenceKind) -> Option<Location> {
        None
    }
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn text(name: &str) -> String {
    fs::read_to_string(fixtures().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Compares a policy with a function that is the text of its only file, in environments that set at most a
/// number of variables. `None` if there are more classes than the budget.
pub fn conform(
    sandbox: &Sandbox,
    policy: &Policy,
    script: &str,
    budget: usize,
    most: usize,
) -> Option<(Reading, Space, Conformance)> {
    let function = policy.document().function.clone().expect("the policy names a function");
    let directory = tempfile::tempdir().expect("the directory for temporary files is writable");
    let path = directory.path().join("function.sh");
    fs::write(&path, script).expect("the directory is writable");
    #[cfg(unix)]
    {
        let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(directory.path(), permissions).expect("the directory is ours");
    }
    let file = SourceFile { path: function.source[0].clone(), text: script.to_owned() };
    let reading = read(&[file], &function.model, function.secrets.as_deref(), CallerSeparators::Unknown)
        .unwrap_or_else(|error| panic!("{error}"));
    let registry = ["weaver", "smith", "clerk", "scribe"].map(str::to_owned);
    let space = Space::of(Some(policy), &registry, &reading);
    let mut suite = space.test_suite(Some(policy), budget);
    if suite.is_sampled {
        return None;
    }
    for cases in [&mut suite.cases, &mut suite.near_misses] {
        cases.retain(|case| case.variables.len() <= most);
    }
    let program = Program { files: vec![path], model: function.model, secrets: function.secrets };
    let mut bash = Bash { sandbox, program, replies: Vec::new() };
    let conformance = compare(policy, &space, &suite, &mut bash).unwrap_or_else(|error| panic!("{error}"));
    // No case that was asked differs and is smaller than the ones that are shown.
    let differs = |(case, reply): &&(Case, Reply)| {
        expected(policy, case).is_some_and(|expected| match reply {
            Ok(answer) => *answer != expected.answer,
            Err(_) => !expected.answer.model.is_empty(),
        })
    };
    let fewest = bash.replies.iter().filter(differs).map(|(case, _)| case.variables.len()).min();
    assert_eq!(conformance.differences.first().map(|first| first.case.variables.len()), fewest);
    Some((reading, space, conformance))
}

fn policy(name: &str) -> Policy {
    Policy::from_yaml(text(&format!("{name}.yaml")).as_bytes()).unwrap_or_else(|error| panic!("{name}: {error}"))
}

const NAMES: [&str; 6] = [
    "override-platform-keys",
    "override-keys-platform",
    "platform-override-keys",
    "platform-keys-override",
    "keys-override-platform",
    "keys-platform-override",
];

#[test]
fn untouched_functions_conform() {
    let sandbox = Sandbox::find().unwrap_or_else(|why| panic!("{why}"));
    for name in NAMES {
        let (reading, _, conformance) =
            conform(&sandbox, &policy(name), &text(&format!("{name}.sh")), 20_000, usize::MAX)
                .expect("there are few classes");
        assert_eq!(reading.not_followed, [], "{name}");
        assert!(conformance.is_complete(), "{name}: {conformance:#?}");
        assert_eq!(conformance.asked as u128 + conformance.creates_nothing as u128, conformance.classes, "{name}");
        assert!(conformance.near_misses > 0, "{name}");
    }
}

/// An embedded policy with the function in a fixture.
fn embedded(name: &str, model: &str, secrets: &str) -> Policy {
    let mut document = Policy::embedded(name).expect("ships with the resolver").document().clone();
    document.function = Some(Function {
        source: vec![format!("{name}.sh")],
        model: format!("{model} \"$RUNTIME\""),
        secrets: Some(secrets.to_owned()),
    });
    Policy::new(document).expect("a function changes nothing else")
}

#[test]
fn functions_of_the_embedded_policies_conform() {
    let sandbox = Sandbox::find().unwrap_or_else(|why| panic!("{why}"));
    let policies = [
        embedded("full-saas", "full_saas_slug", "full_saas_secrets"),
        embedded("reconciler", "reconciler_slug", "reconciler_secrets"),
    ];
    let [saas, reconciler] = policies.each_ref().map(|policy| {
        let script = text(&format!("{}.sh", policy.name()));
        let (reading, _, conformance) =
            conform(&sandbox, policy, &script, 20_000, usize::MAX).expect("there are few classes");
        assert_eq!(reading.not_followed, []);
        assert!(conformance.is_complete(), "{conformance:#?}");
        conformance
    });
    assert!(saas.classes > 1_000 && reconciler.classes > 1_000, "{} {}", saas.classes, reconciler.classes);
}

/// A policy that compares two variables where its function compares one text that joins them.
const JOINED: &str = "schema_version: 2
name: joined
function: {source: [joined.sh], model: pick}
model:
  - {when: {CREW: night, SHIFT: long}, use: owl}
  - {when: {CREW: night}, use: bat}
  - {use: lark}
secrets: []
";

#[test]
fn joined_values_with_the_separator_are_compared() {
    let sandbox = Sandbox::find().unwrap_or_else(|why| panic!("{why}"));
    let policy = Policy::from_yaml(JOINED.as_bytes()).expect("is valid");
    let differing = |arms: &str| {
        let script =
            format!("pick() {{ case \"$CREW:$SHIFT\" in night:long) echo owl ;; {arms} *) echo lark ;; esac; }}\n");
        let (reading, _, conformance) =
            conform(&sandbox, &policy, &script, 20_000, usize::MAX).expect("there are few classes");
        assert_eq!(reading.not_followed, []);
        conformance.differences.into_iter().map(|difference| difference.case.variables).collect::<Vec<_>>()
    };
    let crew = |value: &str| vec![("CREW".to_owned(), value.to_owned())];
    // `night:` and nothing is `night` and nothing after the separator, so only the separator is a difference.
    assert_eq!(differing("night:*) echo bat ;;"), [crew("night:")]);
    let exact = "*) if [ \"$CREW\" = night ]; then echo bat; else echo lark; fi ;;";
    assert_eq!(differing(exact), Vec::<Vec<(String, String)>>::new());
}

/// An edit of a function.
struct PlantedEdit {
    function: String,
    title: String,
    before: String,
    after: String,
}

fn edits() -> Vec<PlantedEdit> {
    let text = text("edits.txt");
    let sections = text.split("\n== ").skip(1);
    let edit = |section: &str| {
        let (heading, body) = section.split_once('\n').expect("a heading has lines after it");
        let (function, title) = heading.split_once(": ").expect("a heading has a title");
        let lines = |sign: char| {
            let lines = body.lines().filter_map(|line| line.strip_prefix(sign));
            lines.map(|line| format!("{line}\n")).collect::<String>()
        };
        let (before, after) = (lines('-'), lines('+'));
        PlantedEdit { function: function.to_owned(), title: title.to_owned(), before, after }
    };
    sections.map(edit).collect()
}

#[test]
fn planted_edits_are_found_with_a_smallest_environment() {
    let sandbox = Sandbox::find().unwrap_or_else(|why| panic!("{why}"));
    let edits = edits();
    assert!(edits.len() >= 40, "{}", edits.len());
    let next = AtomicUsize::new(0);
    let problems = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(edit) = edits.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(problem) = check(&sandbox, edit) {
                        let PlantedEdit { function, title, .. } = edit;
                        problems.lock().expect("no thread panics").push(format!("{function}: {title}: {problem}"));
                    }
                }
            });
        }
    });
    let problems = problems.into_inner().expect("no thread panics");
    assert!(problems.is_empty(), "{} of {}:\n{}", problems.len(), edits.len(), problems.join("\n"));
}

fn check(sandbox: &Sandbox, edit: &PlantedEdit) -> Result<(), String> {
    let script = text(&format!("{}.sh", edit.function));
    if script.matches(&edit.before).count() != 1 {
        return Err("the lines before the edit do not occur once".to_owned());
    }
    let policy = policy(&edit.function);
    let script = script.replace(&edit.before, &edit.after);
    // Environments of one variable are few, so they come first.
    let smallest = (1..=3).find_map(|most| {
        let (_, _, conformance) = conform(sandbox, &policy, &script, 20_000, most).expect("there are few classes");
        conformance.differences.into_iter().next()
    });
    let first = smallest.ok_or("not found in environments of three variables")?;
    let expected = expected(&policy, &first.case).ok_or("nothing is created in the case")?;
    if expected.answer != first.expected || first.actual.as_ref() == Ok(&first.expected) {
        return Err("the answers of the difference are not those of its case".to_owned());
    }
    Ok(())
}
