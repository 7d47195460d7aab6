//! The twenty-one assertions of the modelled shell function's test, as cases of the policy `full-saas`.

use slug_resolver::{Env, Policy, select};

/// The name of a variable and its value.
type Setting = (&'static str, &'static str);

/// The runtime, the set variables, and the expected slug.
type GoldenCase = (&'static str, &'static [Setting], &'static str);

const PLATFORM: Setting = ("E2E_LLM_PATH", "platform");
const MINIMAX: Setting = ("E2E_MINIMAX_API_KEY", "set");
const ANTHROPIC: Setting = ("E2E_ANTHROPIC_API_KEY", "set");
const OVERRIDE: Setting = ("E2E_MODEL_SLUG", "any/model");
const NO_OVERRIDE: Setting = ("E2E_MODEL_SLUG", "");
const PLATFORM_MODEL: Setting = ("E2E_DEFAULT_PLATFORM_MODEL", "minimax/MiniMax-M3");

#[test]
fn golden_cases_select_the_expected_slugs() {
    let cases: [GoldenCase; 21] = [
        ("hermes", &[], "openai/gpt-4o"),
        ("codex", &[], "openai/gpt-4o"),
        ("unknown", &[], "openai/gpt-4o"),
        ("", &[], "openai/gpt-4o"),
        ("claude-code", &[], "sonnet"),
        ("claude-code", &[MINIMAX], "MiniMax-M2.7"),
        ("claude-code", &[ANTHROPIC], "claude-sonnet-4-6"),
        ("claude-code", &[ANTHROPIC, MINIMAX], "MiniMax-M2.7"),
        ("seo-agent", &[], "sonnet"),
        ("seo-agent", &[MINIMAX], "MiniMax-M2.7"),
        ("seo-agent", &[ANTHROPIC], "claude-sonnet-4-6"),
        ("seo-agent", &[ANTHROPIC, MINIMAX], "MiniMax-M2.7"),
        ("claude-code", &[PLATFORM], "moonshot/kimi-k2.6"),
        ("hermes", &[PLATFORM], "moonshot/kimi-k2.6"),
        ("claude-code", &[PLATFORM, MINIMAX], "moonshot/kimi-k2.6"),
        ("claude-code", &[PLATFORM, PLATFORM_MODEL], "minimax/MiniMax-M3"),
        ("hermes", &[OVERRIDE], "any/model"),
        ("claude-code", &[OVERRIDE, MINIMAX], "any/model"),
        ("claude-code", &[OVERRIDE, PLATFORM, PLATFORM_MODEL], "any/model"),
        ("claude-code", &[NO_OVERRIDE, PLATFORM], "moonshot/kimi-k2.6"),
        ("claude-code", &[NO_OVERRIDE, MINIMAX], "MiniMax-M2.7"),
    ];
    let policy = Policy::embedded("full-saas").expect("ships with the crate");
    for (runtime, variables, slug) in cases {
        let env = Env::read(&policy, variables.iter().copied());
        assert_eq!(select(runtime, &env).slug, slug, "{runtime} with {variables:?}");
    }
}
