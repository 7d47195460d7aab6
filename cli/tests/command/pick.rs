//! `pick`, as a harness calls it.

use crate::run::{Scratch, slugproof};

#[test]
fn working_slug_is_the_only_output() {
    let finished = slugproof(["pick", "claude-code"]).env("E2E_LLM_PATH", "platform").run();
    assert_eq!((finished.code, finished.stdout.as_str(), finished.stderr.as_str()), (0, "moonshot/kimi-k2.6\n", ""));
}

#[test]
fn failing_slug_is_refused_with_reason_and_fixes() {
    let run = slugproof(["pick", "claude-code"]).env("E2E_LLM_PATH", "platform").env("E2E_MODEL_SLUG", "MiniMax-M2");
    let finished = run.run();
    assert_eq!((finished.code, finished.stdout.as_str()), (1, ""));
    assert!(finished.stderr.starts_with("✗ platform-path-byok-model: "), "{}", finished.stderr);
    assert!(
        finished.stderr.contains("1. unset E2E_MODEL_SLUG, which selects moonshot/kimi-k2.6 from platform"),
        "{}",
        finished.stderr
    );
}

#[test]
fn unchecked_prints_the_slug_unchanged() {
    let run =
        slugproof(["pick", "--unchecked", "claude-code"]).env("E2E_LLM_PATH", "platform").env("E2E_MODEL_SLUG", " x ");
    let finished = run.run();
    assert_eq!((finished.code, finished.stdout.as_str()), (0, " x \n"));
}

#[test]
fn unchecked_reads_only_its_policy() {
    let scratch = Scratch::new("pick-lazy")
        .file("slugproof.yaml", "schema_version: 1\nregistry: nowhere.yaml\npolicies: [full-saas, nowhere.yaml]\n");
    let finished = slugproof(["pick", "--unchecked", "hermes"]).dir(&scratch).run();
    assert_eq!((finished.code, finished.stdout.as_str()), (0, "openai/gpt-4o\n"), "{}", finished.stderr);
    assert_eq!(slugproof(["pick", "hermes"]).dir(&scratch).run().code, 2);
}

#[test]
fn slug_is_printed_raw_and_escaped_in_messages() {
    let slug = "a\u{1b}[31mb";
    let finished = slugproof(["pick", "--unchecked", "hermes"]).env("E2E_MODEL_SLUG", slug).run();
    assert_eq!(finished.stdout, format!("{slug}\n"));
    let finished = slugproof(["pick", "hermes"]).env("E2E_MODEL_SLUG", slug).run();
    assert!(!finished.stderr.contains(slug) && finished.stderr.contains(r"a\u{1b}[31mb"), "{}", finished.stderr);
}

#[test]
fn empty_or_assigned_runtime_gets_a_message() {
    let finished = slugproof(["pick", ""]).run();
    assert!(
        finished.stderr.contains("runtime   \"\" (empty; check that the variable for the runtime is set)"),
        "{}",
        finished.stderr
    );
    let finished = slugproof(["pick", "E2E_RUNTIME=hermes"]).run();
    assert_eq!(
        finished.stderr,
        "error: the runtime looks like the variable `E2E_RUNTIME`; `pick` reads variables from the environment\n"
    );
}

#[test]
fn runtime_argument_overrides_the_environment() {
    let pick =
        |args: &[&str]| slugproof(args.iter().copied()).env("E2E_RUNTIME", "hermes").env("E2E_OPENAI_API_KEY", "k");
    assert_eq!(pick(&["pick"]).run().stdout, "openai/gpt-4o\n");
    assert_eq!(pick(&["pick", "google-adk"]).env("E2E_GOOGLE_API_KEY", "k").run().stdout, "gemini-2.5-pro\n");
    // An empty argument counts as given, and the registry has no empty runtime.
    assert_eq!(pick(&["pick", ""]).run().code, 1);
    // If the variable is unset, the policy's default for the runtime applies.
    let finished = slugproof(["pick", "--policy", "reconciler"]).run();
    assert_eq!((finished.code, finished.stdout.as_str()), (0, "moonshot/kimi-k2.6\n"));
}
