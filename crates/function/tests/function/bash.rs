//! The answers of functions in bash.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use slug_function::bash::{Asked, NoAnswer, Options, Program, Replies, Watcher, ask, ask_in_both_orders, locate};
use slug_function::case::{Answer, Case};
use slug_function::sandbox::Sandbox;
use tempfile::TempDir;

/// A directory with the file `lib.sh`.
pub fn library(text: &str) -> TempDir {
    let directory = tempfile::tempdir().expect("the directory for temporary files is writable");
    let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(directory.path(), permissions).unwrap();
    std::fs::write(directory.path().join("lib.sh"), text).expect("the directory is writable");
    directory
}

fn program(directory: &Path, secrets: Option<&str>) -> Program {
    Program {
        files: vec![directory.join("lib.sh")],
        model: "pick \"$RUNTIME\"".to_owned(),
        secrets: secrets.map(str::to_owned),
    }
}

fn case(runtime: &str, variables: &[(&str, &str)]) -> Case {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Case { runtime: runtime.to_owned(), variables }
}

pub fn sandbox() -> Sandbox {
    Sandbox::find().unwrap_or_else(|why| panic!("{why}"))
}

fn replies(text: &str, secrets: Option<&str>, cases: &[Case], options: &Options) -> Replies {
    let directory = library(text);
    let replies = ask(&sandbox(), &program(directory.path(), secrets), cases, options);
    let files: Vec<_> = std::fs::read_dir(directory.path()).expect("the directory exists").flatten().collect();
    assert_eq!(files.len(), 1, "a file was written beside the function: {files:?}");
    replies.unwrap_or_else(|why| panic!("{why}"))
}

/// The answer in one case.
fn answer(text: &str, secrets: Option<&str>, case: &Case) -> Result<Answer, NoAnswer> {
    replies(text, secrets, std::slice::from_ref(case), &Options::default()).answers.swap_remove(0)
}

fn model(text: &str, case: &Case) -> String {
    answer(text, None, case).unwrap_or_else(|why| panic!("{why}")).model
}

#[test]
fn value_reaches_the_function_verbatim() {
    let text = "pick() { printf '%s\\n' \"$1|${MODEL-unset}\"; }";
    for value in ["", "a b", "$(exit 1)", "`x`", "a'b\"c", "\\n", "*", "-n", "x\ny", "ü", "a=b", "; exit 1"] {
        assert_eq!(model(text, &case(value, &[("MODEL", value)])), format!("{value}|{value}"));
    }
    assert_eq!(model(text, &case("r", &[])), "r|unset");
}

#[test]
fn answers_are_read() {
    let text = "pick() { if [ -n \"${KEY:-}\" ]; then echo \"$1-keyed\"; else echo plain; fi; }
names() { [ -z \"${KEY:-}\" ] || jq -n --arg k \"$KEY\" '{OPENAI_API_KEY: $k, \"B_KEY\": \"x\"}'; }
lines() { printf '%s\\n' A_KEY '' B_KEY; }";
    let keyed = case("r", &[("KEY", "a\"b\\c\n\t")]);
    let reply = answer(text, Some("names"), &keyed).expect("the function answers");
    assert_eq!(reply.model, "r-keyed");
    assert_eq!(reply.secrets, Some(["OPENAI_API_KEY", "B_KEY"].map(String::from).into()));
    assert_eq!(answer(text, Some("names"), &case("r", &[])).expect("the function answers").secrets, Some([].into()));
    let reply = answer(text, Some("lines"), &keyed).expect("the function answers");
    assert_eq!(reply.secrets, Some(["A_KEY", "B_KEY"].map(String::from).into()));
    assert_eq!(answer(text, None, &keyed).expect("the function answers").secrets, None);
}

/// Whatever the function makes of the failure: its answer says nothing.
#[test]
fn unknown_program_form_gives_no_answer() {
    let calls = [
        "jq -n --arg k v '{A: $k} + {}'",
        "jq -n --arg k v 'if $k == \"\" then {} else {A: $k} end'",
        "jq -n --arg k v '{A: $k} | with_entries(select(.value != \"\"))'",
        "jq -n --arg k v '{A: $k,}'",
        "jq -n --arg k v '{A: $other}'",
        "jq -n '\"A\"'",
        "jq -n '{A: 1}'",
        "jq -n '{A: \"B\"}' file",
        "jq -n -S '{A: \"B\"}'",
        "jq -n --arg k",
        "jq -c '. + {A: \"B\"}' <<< '{}'",
        "jq -r '.[$p]' <<< '{}'",
        "jq -r --arg p a '.[$p]' models.json",
        "jq -e .a <<< '{}' >/dev/null",
        "jq",
        "cat models.json",
        "cat -n <<< A",
    ];
    for call in calls {
        for used in
            [call.to_owned(), format!("echo \"$({call} 2>/dev/null || echo B)\""), format!("if {call}; then :; fi")]
        {
            let text = format!("run() {{ {used}; echo A; }}");
            for (pick, names) in [("run", ":"), (":", "run")] {
                let text = format!("{text}; pick() {{ {pick}; }}; names() {{ {names}; }}");
                assert_eq!(answer(&text, Some("names"), &case("r", &[])), Err(NoAnswer::Denied), "{used}");
            }
        }
    }
}

#[test]
fn unreadable_output_is_not_repeated() {
    for printed in ["hidden value", "{\\\"A\\\": \\\"hidden", "A=hidden", "[\\\"hidden\\\"]", "\\xff\\x00hidden"] {
        let text = format!("pick() {{ echo m; }}; names() {{ printf \"{printed}\"; }}");
        let why = answer(&text, Some("names"), &case("r", &[])).expect_err("the output is unreadable");
        assert!(matches!(why, NoAnswer::Unreadable(..)), "{printed}: {why}");
        assert!(!format!("{why} {why:?}").contains("hidden"), "{why}");
    }
}

/// Counts questions.
#[derive(Debug, Default)]
struct Counts {
    expected: AtomicUsize,
    asked: AtomicUsize,
}

impl Watcher for Counts {
    fn expect(&self, questions: usize) {
        self.expected.fetch_add(questions, Ordering::Relaxed);
    }

    fn asked(&self) {
        self.asked.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn orders_agree_on_every_case() {
    let text = "pick() { echo \"$1 ${KEY:-}\"; }; names() { [ -z \"${KEY:-}\" ] || echo A; }";
    let cases: Vec<Case> =
        (0..300).map(|n| case(&format!("r{n}"), if n % 2 == 0 { &[("KEY", "set")] } else { &[] })).collect();
    let directory = library(text);
    let counts = Arc::new(Counts::default());
    let options = Options { watcher: Some(counts.clone()), ..Options::default() };
    let both = ask_in_both_orders(&sandbox(), &program(directory.path(), Some("names")), &cases, &options);
    let (one, other) = both.unwrap_or_else(|why| panic!("{why}"));
    assert_eq!(one.answers, other.answers);
    assert_eq!([&counts.expected, &counts.asked].map(|count| count.load(Ordering::Relaxed)), [600, 600]);
    assert_eq!(one.answers[299].as_ref().map(|answer| answer.model.as_str()), Ok("r299 "));
}

#[test]
fn repeated_calls_show_state() {
    let text = "calls=0; pick() { calls=$((calls + 1)); [ $calls -gt 3 ] && echo late || echo early; }";
    let cases = [case("r", &[]), case("r", &[])];
    let fresh = replies(text, None, &cases, &Options::default());
    let repeated = replies(text, None, &cases, &Options { repetitions: 3, ..Options::default() });
    let models =
        |replies: Replies| replies.answers.into_iter().map(|answer| answer.map(|it| it.model)).collect::<Vec<_>>();
    assert_eq!(models(fresh), [Ok("early".to_owned()), Ok("early".to_owned())]);
    assert_eq!(models(repeated), [Ok("late".to_owned()), Ok("late".to_owned())]);
}

#[test]
fn call_that_ends_the_shell_is_not_repeated() {
    let rows = [
        ("run() { calls=1; echo A; exit 0; }", Err(NoAnswer::NotRepeated)),
        ("run() { calls=1; echo error; exit 1; }", Err(NoAnswer::NotRepeated)),
        ("run() { [ $RUNTIME = r ] || exit; echo A; }", Err(NoAnswer::NotRepeated)),
        ("run() { echo A; [ -z \"${calls:-}\" ] || exit 0; calls=1; }", Ok("")),
        ("run() { [ -z \"${calls:-}\" ] && echo A; calls=1; }", Ok("")),
        ("run() { echo A; }", Ok("A")),
    ];
    let options = Options { earlier_calls: vec!["other".to_owned()], repetitions: 2, ..Options::default() };
    for (text, expected) in rows {
        let directory = library(text);
        let file = directory.path().join("lib.sh");
        for (model, secrets) in [("run", None), ("echo A", Some("run".to_owned()))] {
            let program = Program { files: vec![file.clone()], model: model.to_owned(), secrets };
            let replies = ask(&sandbox(), &program, &[case("r", &[])], &options).unwrap_or_else(|why| panic!("{why}"));
            let found = replies.answers[0].clone().map(|answer| match answer.secrets {
                Some(names) => names.into_iter().collect(),
                None => answer.model,
            });
            assert_eq!(found, expected.clone().map(str::to_owned), "{model}: {text}");
        }
    }
}

#[test]
fn printing_line_is_found() {
    let text = "default=small
pick() {
  local picked=$default
  if [ -n \"${KEY:-}\" ]; then
    printf '%s\\n' keyed
    return
  fi
  case $1 in
    a) echo \"for a\" ;;
    b) echo \"$picked\"; [ -n \"$1\" ] ;;
    *) : ;;
  esac
}
names() {
  if [ -n \"${KEY:-}\" ]; then jq -n --arg k \"$KEY\" \\
      '{A_KEY: $k}'
  else
    echo '{}'
  fi
}
";
    let directory = library(text);
    let line = |runtime, variables: &[(&str, &str)], command| {
        let program = program(directory.path(), Some("names"));
        let found = locate(&sandbox(), &program, &case(runtime, variables), command);
        found.unwrap_or_else(|why| panic!("{why}")).map(|(file, line)| (file.ends_with("lib.sh"), line))
    };
    for (expected, runtime, variables, command) in [
        (5, "a", &[("KEY", "x")][..], Asked::Model),
        (9, "a", &[], Asked::Model),
        (10, "b", &[], Asked::Model),
        (11, "c", &[], Asked::Model),
        (15, "a", &[("KEY", "x")], Asked::Secrets),
        (18, "a", &[], Asked::Secrets),
    ] {
        assert_eq!(line(runtime, variables, command), Some((true, expected)), "{runtime} {variables:?} {command:?}");
    }
}

#[test]
fn commands_have_shells_of_their_own() {
    let text =
        "pick() { leak=1; cd /; echo m; }; names() { [ -z \"${leak:-}\" ] || echo LEAK; [ $PWD != / ] || echo CD; }";
    let replies = replies(text, Some("names"), &[case("r", &[]), case("r", &[])], &Options::default());
    for reply in replies.answers {
        assert_eq!(reply.map(|answer| answer.secrets), Ok(Some([].into())));
    }
}
