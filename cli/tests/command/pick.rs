//! `pick`, as a harness calls it.

use crate::run::{Scratch, slugproof};

#[test]
fn working_slug_is_the_only_output() {
    let output = slugproof(["pick", "--embedded", "claude-code"]).env("E2E_LLM_PATH", "platform").run();
    assert_eq!((output.code, output.stdout.as_str(), output.stderr.as_str()), (0, "moonshot/kimi-k2.6\n", ""));
}

#[test]
fn failing_slug_is_refused_with_reason_and_fixes() {
    let run = slugproof(["pick", "--embedded", "claude-code"])
        .env("E2E_LLM_PATH", "platform")
        .env("E2E_MODEL_SLUG", "MiniMax-M2");
    let output = run.run();
    assert_eq!((output.code, output.stdout.as_str()), (1, ""));
    assert!(output.stderr.starts_with("✗ platform-path-byok-model: "), "{}", output.stderr);
    assert!(
        output.stderr.contains("2. unset E2E_MODEL_SLUG, which selects moonshot/kimi-k2.6 from platform"),
        "{}",
        output.stderr
    );
}

#[test]
fn unchecked_prints_the_slug_unchanged() {
    let run = slugproof(["pick", "--embedded", "--unchecked", "claude-code"])
        .env("E2E_LLM_PATH", "platform")
        .env("E2E_MODEL_SLUG", " x ");
    let output = run.run();
    assert_eq!((output.code, output.stdout.as_str()), (0, " x \n"));
}

#[test]
fn unchecked_reads_only_its_policy() {
    let scratch = Scratch::new("pick-lazy")
        .file("slugproof.yaml", "schema_version: 1\nregistry: nowhere.yaml\npolicies: [full-saas, nowhere.yaml]\n");
    let output = slugproof(["pick", "--unchecked", "hermes"]).dir(&scratch).run();
    assert_eq!((output.code, output.stdout.as_str()), (0, "openai/gpt-4o\n"), "{}", output.stderr);
    assert_eq!(slugproof(["pick", "hermes"]).dir(&scratch).run().code, 2);
}

#[test]
fn slug_is_printed_raw_and_escaped_in_messages() {
    let slug = "a\u{1b}[31mb";
    let output = slugproof(["pick", "--embedded", "--unchecked", "hermes"]).env("E2E_MODEL_SLUG", slug).run();
    assert_eq!(output.stdout, format!("{slug}\n"));
    let output = slugproof(["pick", "--embedded", "hermes"]).env("E2E_MODEL_SLUG", slug).run();
    assert!(!output.stderr.contains(slug) && output.stderr.contains(r"a\u{1b}[31mb"), "{}", output.stderr);
}

#[test]
fn empty_or_assigned_runtime_gets_a_message() {
    let output = slugproof(["pick", "--embedded", ""]).run();
    assert!(output.stderr.contains("runtime   \"\" (empty; check `E2E_RUNTIME`)"), "{}", output.stderr);
    let output = slugproof(["pick", "--embedded", "E2E_RUNTIME=hermes"]).run();
    assert_eq!(
        output.stderr,
        "error: the runtime looks like the variable `E2E_RUNTIME`; `pick` reads variables from the environment\n"
    );
}

#[test]
fn runtime_argument_overrides_the_environment() {
    let pick =
        |args: &[&str]| slugproof(args.iter().copied()).env("E2E_RUNTIME", "hermes").env("E2E_OPENAI_API_KEY", "k");
    assert_eq!(pick(&["pick", "--embedded"]).run().stdout, "openai/gpt-4o\n");
    assert_eq!(
        pick(&["pick", "--embedded", "google-adk"]).env("E2E_GOOGLE_API_KEY", "k").run().stdout,
        "gemini-2.5-pro\n"
    );
    // An empty argument counts as given, and the registry has no empty runtime.
    assert_eq!(pick(&["pick", "--embedded", ""]).run().code, 1);
    // If the variable is unset, the policy's default for the runtime applies.
    let output = slugproof(["pick", "--policy", "reconciler"]).run();
    assert_eq!((output.code, output.stdout.as_str()), (0, "moonshot/kimi-k2.6\n"));
}
