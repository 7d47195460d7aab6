//! Functions that do harm: each ends within seconds, with the reason, and no process or file of it remains.

use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

use slug_function::bash::{Asked, NoAnswer, Options, Program, ask};
use slug_function::case::Case;
use slug_function::sandbox::Protection;

use crate::bash::{library, sandbox};

/// How often each function is asked. One that reaches a limit is not asked so often.
const CASES: usize = 6;

/// Asks a function, and checks that no process and no file of it remains.
fn harm(name: &str, text: &str) -> Vec<Result<String, NoAnswer>> {
    let directory = library(text);
    // The command is an argument of every process.
    let mark = format!("harm-{name}-{}", std::process::id());
    let program =
        Program { files: vec![directory.path().join("lib.sh")], model: format!("pick # {mark}"), secrets: None };
    let started = Instant::now();
    let cases = vec![Case::default(); CASES];
    let replies = ask(&sandbox(), &program, &cases, &Options::default()).unwrap_or_else(|why| panic!("{why}"));
    assert!(started.elapsed() < Duration::from_secs(30), "{name} took {:?}", started.elapsed());
    assert_eq!(files(directory.path()), 1, "{name} wrote a file beside the function");
    let deadline = Instant::now() + Duration::from_secs(10);
    while processes(&mark) > 0 {
        assert!(Instant::now() < deadline, "{name} left {} processes", processes(&mark));
        std::thread::sleep(Duration::from_millis(20));
    }
    replies.answers.into_iter().map(|answer| answer.map(|answer| answer.model)).collect()
}

fn files(directory: &Path) -> usize {
    std::fs::read_dir(directory).expect("the directory exists").count()
}

/// The number of processes with a text among their arguments, where the system shows them.
fn processes(mark: &str) -> usize {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let arguments = entries.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    arguments.filter(|arguments| String::from_utf8_lossy(arguments).contains(mark)).count()
}

/// Checks the first answer of a function, and that those after two that took long are not asked.
fn expect_no_answer(name: &str, text: &str, expected: &NoAnswer) {
    let answers = harm(name, text);
    assert_eq!(answers[0].as_ref(), Err(expected), "{name}");
    let last = &answers[CASES - 1];
    assert!(last.as_ref() == Err(expected) || last.as_ref() == Err(&NoAnswer::Skipped), "{name}: {last:?}");
}

#[test]
fn endless_function_is_out_of_time() {
    expect_no_answer("loop", "pick() { while :; do :; done; }", &NoAnswer::Time);
}

#[test]
fn endless_part_of_a_function_is_out_of_time() {
    // The shell of the part ends, and the function would answer without it.
    expect_no_answer("part", "pick() { x=$(while :; do :; done); echo \"answer$x\"; }", &NoAnswer::Time);
}

#[test]
fn stopped_function_is_out_of_time() {
    expect_no_answer("stop", "pick() { kill -STOP $BASHPID; }", &NoAnswer::Time);
}

#[test]
fn endless_output_is_too_much() {
    expect_no_answer("output", "pick() { while :; do echo more; done; }", &NoAnswer::Output(Asked::Model));
}

#[test]
fn endless_memory_is_refused() {
    let answers = harm("memory", "pick() { local a=aaaaaaaa; while :; do a=$a$a$a$a; done; }");
    assert!(matches!(answers[0], Err(NoAnswer::Memory(_) | NoAnswer::Time)), "{answers:?}");
}

/// A tree of processes that all run: more than may start, and few enough for a system without limits.
const TREE: &str =
    "tree() { if [ $1 -eq 0 ]; then while :; do :; done; fi; tree $(($1 - 1)) & tree $(($1 - 1)) & wait; }";

#[test]
fn endless_processes_are_too_many() {
    if sandbox().protections().contains(&Protection::FewProcesses) {
        expect_no_answer("processes", &format!("{TREE}; pick() {{ tree 7; }}"), &NoAnswer::Processes);
    }
}

#[test]
fn process_in_the_background_ends() {
    for (name, text) in [
        ("background", "pick() { while :; do :; done & echo m; }"),
        ("group", "pick() { set -m; while :; do :; done & echo m; }"),
        ("orphan", "pick() { (while :; do :; done &); echo m; }"),
    ] {
        assert_eq!(harm(name, text)[0], Ok("m".to_owned()), "{name}");
    }
}

#[test]
fn function_ends_no_other_process() {
    if sandbox().protections().contains(&Protection::OwnProcesses) {
        let answers = harm("kill", "pick() { kill -9 -1; kill -9 0; kill -9 $PPID; echo m; }");
        assert_eq!(answers[0], Err(NoAnswer::Ended));
    }
}

#[test]
fn file_beside_the_function_is_not_written() {
    assert_eq!(harm("here", "pick() { : > here; echo m; }")[0], Ok("m".to_owned()));
    if sandbox().protections().contains(&Protection::ReadOnlyFiles) {
        let answers = harm("file", "pick() { : > \"${BASH_SOURCE[0]%/*}/beside\"; echo m; }");
        assert_eq!(answers[0], Err(NoAnswer::Denied));
    }
}

#[test]
fn earlier_file_is_gone() {
    let answers = harm("earlier", "pick() { if [ -e here ]; then echo late; else : > here; echo \"$PWD\"; fi; }");
    for answer in answers {
        let directory = answer.unwrap_or_else(|why| panic!("{why}"));
        assert_ne!(directory, "late");
        assert!(!Path::new(&directory).exists(), "`{directory}` still exists");
    }
}

#[test]
fn network_is_out_of_reach() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("the loopback interface exists");
    listener.set_nonblocking(true).expect("the socket is open");
    let port = listener.local_addr().expect("the socket is bound").port();
    let answers = harm("network", &format!("pick() {{ echo x > /dev/tcp/127.0.0.1/{port} && echo sent; }}"));
    let protections = sandbox().protections();
    if protections.contains(&Protection::NoNetwork) || protections.contains(&Protection::NoTcp) {
        assert_eq!(answers[0], Err(NoAnswer::Denied));
        assert!(listener.accept().is_err(), "the function connected");
    }
}

#[test]
fn program_is_not_started() {
    for (name, text) in [
        ("name", "pick() { env; }"),
        ("hidden", "pick() { echo \"m$(env 2>/dev/null)\"; }"),
        ("absent", "pick() { /usr/bin/no-such-program; }"),
    ] {
        assert_eq!(harm(name, text)[0], Err(NoAnswer::Denied), "{name}");
    }
    if sandbox().protections().contains(&Protection::NoPrograms) {
        assert_eq!(harm("path", "pick() { /usr/bin/env; }")[0], Err(NoAnswer::Denied));
    }
}

#[test]
fn descriptors_of_the_driver_are_closed() {
    let answers =
        harm("descriptors", "pick() { for n in {3..70}; do eval \"echo 0 >&$n\"; done 2>/dev/null; echo m; }");
    assert!(answers.iter().all(|answer| *answer == Ok("m".to_owned())), "{answers:?}");
}

#[test]
fn input_and_environment_are_empty() {
    let text = "pick() { read -r line; echo \"<$line$HOME$USER$LANG>$#$-\"; }";
    assert_eq!(harm("input", text)[0], Ok("<>0hBc".to_owned()));
}
