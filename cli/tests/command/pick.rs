//! `pick` inside a harness.

use crate::run::slugproof;

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
        ended.stderr.contains("1. unset E2E_MODEL_SLUG, giving moonshot/kimi-k2.6 on platform"),
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
