//! `explain` and the table of codes.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use insta::assert_snapshot;
use slug_resolver::{Code, Warning};
use slugproof::codes::{self, Command, Entry, Level};

use crate::console;
use crate::run::{Scratch, slugproof};

#[test]
fn one_code_is_explained() {
    let output = slugproof(["explain", "platform-path-byok-model"]).run();
    assert_snapshot!(output.snapshot());
}

#[test]
fn all_codes_are_listed() {
    let output = slugproof(["explain"]).run();
    assert_snapshot!(output.snapshot());
    assert!(codes::entries().all(|entry| output.stdout.contains(&format!(" {}: ", entry.id))));
}

#[test]
fn every_explanation_fits_80_columns() {
    for args in [vec!["explain"]].into_iter().chain(codes::entries().map(|entry| vec!["explain", entry.id])) {
        let plain = slugproof(args.iter().copied()).run();
        assert_eq!((plain.code, plain.stderr.as_str()), (0, ""), "{args:?}");
        let wide = plain.stdout.lines().find(|line| line.chars().count() > 80);
        assert_eq!(wide, None, "{args:?}");
        let coloured = slugproof(args.iter().copied().chain(["--color", "always"])).run();
        assert_ne!(coloured.stdout, plain.stdout);
        assert_eq!(anstream::adapter::strip_str(&coloured.stdout).to_string(), plain.stdout);
    }
}

#[test]
fn json_has_the_table() {
    let all = slugproof(["explain", "--format", "json"]).run().json();
    assert_eq!(all["schema_version"], 1);
    let all = all["codes"].as_array().expect("a list");
    let ids: Vec<&str> = all.iter().map(|code| code["code"].as_str().expect("an id")).collect();
    assert_eq!(ids, codes::entries().map(|entry| entry.id).collect::<Vec<_>>());
    let one = slugproof(["explain", "unused-accept", "--format", "json"]).run();
    assert_snapshot!(one.snapshot());
    assert!(all.contains(&one.json()["codes"][0]));
}

#[test]
fn an_unknown_code_is_an_error() {
    for (code, message) in [
        ("wrong-credentials", "error: unknown code `wrong-credentials`; did you mean `wrong-credential`?\n"),
        ("E0308", "error: unknown code `E0308`; `slugproof explain` lists the codes\n"),
    ] {
        let output = slugproof(["explain", code]).run();
        assert_eq!((output.code, output.stdout.as_str(), output.stderr.as_str()), (2, "", message));
    }
}

#[test]
fn documentation_matches_the_table() {
    let made = slugproof(["explain", "--format", "markdown"]).run().stdout;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/codes.md");
    let documented = fs::read_to_string(path).expect("the documentation is readable");
    assert!(made == documented, "run `cargo run -- explain --format markdown > docs/codes.md`");
}

#[test]
fn every_example_reports_its_code() {
    for entry in codes::entries() {
        let sessions = console::sessions(entry.page().example);
        assert_eq!(sessions.len(), 1, "{entry:?}");
        let (_, printed) = console::run(sessions[0], Scratch::new(&format!("explain-{}", entry.id)));
        // `undecided` is also a level, which precedes the title without brackets.
        let forms = [format!("[{}]: ", entry.id), format!("{}: ", entry.id)];
        let is_reported = |line: &str| forms.iter().any(|form| line.contains(form));
        assert!(printed.iter().any(|text| text.lines().any(is_reported)), "{entry:?}: {printed:?}");
    }
}

#[test]
fn ids_are_unique_and_every_page_has_an_entry() {
    let ids: BTreeSet<String> = codes::entries().map(|entry| format!("{}.md", entry.id)).collect();
    assert_eq!(ids.len(), codes::entries().count());
    let pages =
        fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("data/codes")).expect("the documentation is readable");
    let pages: BTreeSet<String> = pages
        .map(|page| page.expect("the directory is readable").file_name().into_string().expect("file names are UTF-8"))
        .collect();
    assert_eq!(pages, ids);
}

/// Each contradiction and each warning of the resolver has an entry, like every finding.
#[test]
fn table_has_every_code_of_the_resolver() {
    for code in Code::ALL {
        let entry = codes::find(code.as_str()).expect("each contradiction has an entry");
        assert_eq!(entry.meaning, code.meaning());
    }
    for warning in Warning::ALL {
        let entry = codes::find(warning.as_str()).expect("each warning has an entry");
        assert_eq!(entry.meaning, warning.meaning());
    }
}

/// One environment per contradiction, in which every command that resolves reports it.
#[test]
fn listed_commands_report_each_contradiction() {
    let resolved = |entry: &&Entry| {
        entry.level == Level::Error && entry.is_reported_by(Command::Pick) && entry.is_reported_by(Command::Prove)
    };
    let mut seen = BTreeSet::new();
    for (code, runtime, set) in [
        ("model-required", "claude-code", &[("E2E_MODEL_SLUG", "\u{a0}")][..]),
        ("unknown-runtime", "claude-cod", &[]),
        ("unregistered-model", "claude-code", &[("E2E_MODEL_SLUG", "minimax:MiniMax-M2.7")]),
        ("ambiguous-model", "agent", &[("E2E_MODEL_SLUG", "m-1")]),
        ("withdrawn-model", "agent", &[("E2E_MODEL_SLUG", "acme/m-1")]),
        ("platform-path-byok-model", "claude-code", &[("E2E_LLM_PATH", "platform"), ("E2E_MODEL_SLUG", "MiniMax-M2")]),
        (
            "platform-model-with-tenant-key",
            "claude-code",
            &[("E2E_MODEL_SLUG", "moonshot/kimi-k2.6"), ("E2E_MINIMAX_API_KEY", "set")],
        ),
        ("missing-credential", "hermes", &[]),
        ("wrong-credential", "hermes", &[("E2E_MINIMAX_API_KEY", "set")]),
    ] {
        // The embedded registry reaches neither of these codes; the examples have registries that do.
        let has_registry = matches!(code, "ambiguous-model" | "withdrawn-model");
        let scratch = Scratch::new(&format!("explain-commands-{code}"));
        let example = codes::find(code).expect("the code is known").page().example;
        let (scratch, _) =
            if has_registry { console::run(console::sessions(example)[0], scratch) } else { (scratch, Vec::new()) };
        let registry: &[&str] = if has_registry { &["--registry", "providers.yaml"] } else { &[] };
        let variables: Vec<String> = set.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let scratch = scratch.file("record.json", "{\"status\": \"failed\"}");
        let run = |args: &[&str]| {
            let command = slugproof([args, registry].concat()).dir(&scratch);
            set.iter().fold(command, |command, (name, value)| command.env(name, value)).run()
        };
        let variables: Vec<&str> = variables.iter().map(String::as_str).collect();
        let resolve = run(&[&["resolve", "--policy", "full-saas", "--runtime", runtime][..], &variables].concat());
        let pick = run(&["pick", "--policy", "full-saas", runtime]);
        let diagnose =
            run(&["diagnose", "--record", "record.json", "--runtime", runtime, "--from-env", "E2E_RUNTIME="]);
        for (text, output) in [(&resolve.stdout, &resolve), (&pick.stderr, &pick), (&diagnose.stdout, &diagnose)] {
            assert!(output.code == 1 && text.contains(&format!("✗ {code}: ")), "{code}: {}", output.snapshot());
        }
        seen.insert(code);
    }
    assert_eq!(seen, codes::entries().filter(resolved).map(|entry| entry.id).collect());
}

#[test]
fn items_of_a_list_are_lines_of_their_own() {
    let text = slugproof(["explain", "near-miss"]).run().stdout;
    let item = "  - Only a pattern matches a model id, and its runtime lists almost the same id.\n";
    assert!(text.contains(item), "{text}");
}
