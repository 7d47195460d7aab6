//! `pick` inside a harness.

use crate::run::{Scratch, slugproof};

#[test]
fn prints_a_slug_that_works_and_nothing_else() {
    let ended = slugproof(["pick", "claude-code"]).env("E2E_LLM_PATH", "platform").run();
    assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr.as_str()), (0, "moonshot/kimi-k2.6\n", ""));
}

#[test]
fn refuses_a_slug_that_does_not_and_says_why() {
    let run = slugproof(["pick", "claude-code"]).env("E2E_LLM_PATH", "platform").env("E2E_MODEL_SLUG", "MiniMax-M2");
    let ended = run.run();
    assert_eq!((ended.code, ended.stdout.as_str()), (1, ""));
    assert!(ended.stderr.starts_with("✗ platform-path-byok-model: "), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("1. unset E2E_MODEL_SLUG, which selects moonshot/kimi-k2.6 from platform"),
        "{}",
        ended.stderr
    );
}

#[test]
fn unchecked_prints_what_the_shell_function_would_have() {
    let run =
        slugproof(["pick", "--unchecked", "claude-code"]).env("E2E_LLM_PATH", "platform").env("E2E_MODEL_SLUG", " x ");
    let ended = run.run();
    assert_eq!((ended.code, ended.stdout.as_str()), (0, " x \n"));
}

#[test]
fn unchecked_needs_no_registry_and_no_other_policy() {
    let scratch = Scratch::new("pick-lazy")
        .file("slugproof.yaml", "schema_version: 1\nregistry: nowhere.yaml\npolicies: [full-saas, nowhere.yaml]\n");
    let ended = slugproof(["pick", "--unchecked", "hermes"]).dir(&scratch).run();
    assert_eq!((ended.code, ended.stdout.as_str()), (0, "openai/gpt-4o\n"), "{}", ended.stderr);
    assert_eq!(slugproof(["pick", "hermes"]).dir(&scratch).run().code, 2);
}

#[test]
fn a_slug_is_passed_on_byte_for_byte_and_shown_escaped() {
    let slug = "a\u{1b}[31mb";
    let ended = slugproof(["pick", "--unchecked", "hermes"]).env("E2E_MODEL_SLUG", slug).run();
    assert_eq!(ended.stdout, format!("{slug}\n"));
    let ended = slugproof(["pick", "hermes"]).env("E2E_MODEL_SLUG", slug).run();
    assert!(!ended.stderr.contains(slug) && ended.stderr.contains(r"a\u{1b}[31mb"), "{}", ended.stderr);
}

#[test]
fn an_empty_runtime_is_said_to_be_empty() {
    let ended = slugproof(["pick", ""]).run();
    assert!(
        ended.stderr.contains("runtime   \"\" (empty; check that the variable for the runtime is set)"),
        "{}",
        ended.stderr
    );
    let ended = slugproof(["pick", "E2E_RUNTIME=hermes"]).run();
    assert_eq!(
        ended.stderr,
        "error: the runtime looks like the variable `E2E_RUNTIME`; `pick` reads variables from the environment\n"
    );
}

#[test]
fn takes_the_runtime_from_the_environment_only_if_none_is_given() {
    let pick =
        |args: &[&str]| slugproof(args.iter().copied()).env("E2E_RUNTIME", "hermes").env("E2E_OPENAI_API_KEY", "k");
    assert_eq!(pick(&["pick"]).run().stdout, "openai/gpt-4o\n");
    assert_eq!(pick(&["pick", "google-adk"]).env("E2E_GOOGLE_API_KEY", "k").run().stdout, "gemini-2.5-pro\n");
    // An empty runtime is one that is given, and the registry does not have it.
    assert_eq!(pick(&["pick", ""]).run().code, 1);
    // The policy's default for the runtime applies where the variable is unset.
    let ended = slugproof(["pick", "--policy", "reconciler"]).run();
    assert_eq!((ended.code, ended.stdout.as_str()), (0, "moonshot/kimi-k2.6\n"));
}
