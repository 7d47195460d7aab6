//! Questions for the benchmarks, about the embedded registry.

use std::collections::{BTreeMap, HashMap};

use slug_resolver::Registry;

/// A question to [`Registry::derive`].
#[derive(Clone, Debug)]
pub struct Lookup {
    /// The runtime.
    pub runtime: String,
    /// The model.
    pub model: String,
    /// The names of the secrets that the workspace gets.
    pub injected: Vec<String>,
    /// The expected provider; `None` if the model is not registered.
    pub provider: Option<String>,
}

/// Every id that a runtime lists, with a key of the last provider that lists it.
///
/// If two arms list an id, the key decides, so the last provider is the expected one.
#[must_use]
pub fn listed(registry: &Registry) -> Vec<Lookup> {
    let mut lookups: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    for runtime in registry.runtimes() {
        for arm in &runtime.arms {
            for model in &arm.models {
                lookups.insert((&runtime.name, model), &arm.provider);
            }
        }
    }
    let lookups = lookups.into_iter().map(|((runtime, model), name)| {
        let provider = registry.provider(name).expect("every arm names a provider");
        Lookup {
            runtime: runtime.to_owned(),
            model: model.to_owned(),
            injected: provider.auth_env.names()[..1].to_vec(),
            provider: Some(name.to_owned()),
        }
    });
    lookups.collect()
}

/// Ids that no arm lists and that the pattern of exactly one arm matches.
#[must_use]
pub fn matched() -> Vec<Lookup> {
    MATCHED.iter().map(|&(runtime, model, provider)| lookup(runtime, model, Some(provider))).collect()
}

/// Ids that no arm lists and no pattern of an arm matches.
#[must_use]
pub fn unregistered() -> Vec<Lookup> {
    UNREGISTERED.iter().map(|&(runtime, model)| lookup(runtime, model, None)).collect()
}

fn lookup(runtime: &str, model: &str, provider: Option<&str>) -> Lookup {
    Lookup {
        runtime: runtime.to_owned(),
        model: model.to_owned(),
        injected: vec!["ANTHROPIC_API_KEY".to_owned()],
        provider: provider.map(str::to_owned),
    }
}

/// One id for each arm that is found by its pattern, and releases newer than the lists.
const MATCHED: [(&str, &str, &str); 44] = [
    ("claude-code", "claude-opus-5", "anthropic-api"),
    ("claude-code", "claude-sonnet-5-20260115", "anthropic-api"),
    ("claude-code", "claude-3-7-sonnet-latest", "anthropic-api"),
    ("claude-code", "kimi-k3", "kimi-coding"),
    ("claude-code", "kimi-k2-thinking-turbo", "kimi-coding"),
    ("claude-code", "MiniMax-M3.5", "minimax"),
    ("claude-code", "minimax-m2.1-lightning", "minimax"),
    ("claude-code", "platform/auto", "platform"),
    ("claude-code", "glm-5", "zai"),
    ("claude-code", "GLM-4.6-air", "zai"),
    ("claude-code", "zai:glm-5.1", "zai"),
    ("claude-code", "deepseek-v4-chat", "deepseek"),
    ("claude-code", "deepseek/deepseek-reasoner", "deepseek"),
    ("claude-code", "mimo-v2-flash", "xiaomi-mimo"),
    ("hermes", "kimi-k2.6", "kimi-coding"),
    ("hermes", "openrouter/meta-llama/llama-4-maverick", "openrouter"),
    ("hermes", "openrouter:qwen/qwen3-coder", "openrouter"),
    ("hermes", "huggingface/zai-org/GLM-4.6", "huggingface"),
    ("hermes", "ai-gateway/xai/grok-4", "ai-gateway"),
    ("hermes", "opencode-zen/qwen3-coder", "opencode-zen"),
    ("hermes", "opencode-go:big-pickle", "opencode-go"),
    ("hermes", "kilocode/giga-potato", "kilocode"),
    ("hermes", "custom/my-finetune-v3", "custom"),
    ("hermes", "nvidia/nemotron-3-super", "nvidia"),
    ("hermes", "arcee/trinity-large", "arcee"),
    ("hermes", "ollama-cloud/gpt-oss:120b", "ollama-cloud"),
    ("hermes", "minimax-cn/MiniMax-M2.7", "minimax-cn"),
    ("hermes", "nousresearch/hermes-4-405b", "nousresearch"),
    ("hermes", "deepseek-chat", "deepseek"),
    ("hermes", "glm-4.7", "zai"),
    ("hermes", "xiaomi/mimo-v2-pro", "xiaomi-mimo"),
    ("hermes", "qwen3-max", "alibaba"),
    ("hermes", "anthropic/claude-opus-4-7", "byok-anthropic"),
    ("hermes", "gemini/gemini-3-pro", "byok-gemini"),
    ("hermes", "openai/gpt-4o", "byok-openai"),
    ("hermes", "minimax/MiniMax-M3", "byok-minimax"),
    ("codex", "gpt-6-codex", "openai-subscription"),
    ("codex", "openai-api/gpt-5.5", "openai-api"),
    ("codex", "codex-minimax-m2.7", "byok-minimax"),
    ("openclaw", "kimi-k2.5", "kimi-coding"),
    ("openclaw", "openrouter/anthropic/claude-sonnet-5", "openrouter"),
    ("openclaw", "openai:gpt-5.5", "byok-openai"),
    ("openclaw", "groq:llama-4-scout", "groq"),
    ("google-adk", "gemini-3-flash", "google"),
];

/// Other spellings, models of other runtimes, and models that no provider has.
const UNREGISTERED: [(&str, &str); 24] = [
    ("claude-code", "minimax:MiniMax-M2.7"),
    ("claude-code", "gpt-5.5"),
    ("claude-code", "openai/gpt-4o"),
    ("claude-code", "Sonnet"),
    ("claude-code", "anthropic/claude-opus-5"),
    ("claude-code", "moonshot/kimi-k3"),
    ("claude-code", "gemini-2.5-pro"),
    ("claude-code", "openrouter/meta-llama/llama-4-maverick"),
    ("hermes", "sonnet"),
    ("hermes", "claude-opus-4-7"),
    ("hermes", "MiniMax-M2"),
    ("hermes", "mistral-large-2512"),
    ("hermes", "moonshot:kimi-k2.6"),
    ("hermes", "xai/grok-4"),
    ("codex", "openai/gpt-4o"),
    ("codex", "o4-mini"),
    ("codex", "claude-sonnet-4-6"),
    ("codex", "codex-mini-latest"),
    ("openclaw", "moonshot/kimi-k2"),
    ("openclaw", "anthropic:opus"),
    ("openclaw", "groq/llama-4-scout"),
    ("google-adk", "openai/gpt-4o"),
    ("google-adk", "platform:gemini-3-pro"),
    ("google-adk", "vertex:gemini-2.5-pro"),
];

/// A question to the whole pipeline, for the embedded policy `full-saas`.
#[derive(Clone, Debug)]
pub struct Question {
    /// The runtime.
    pub runtime: String,
    /// The set variables.
    pub env: BTreeMap<String, String>,
}

/// Questions of harnesses, consistent and contradictory.
#[must_use]
pub fn questions() -> Vec<Question> {
    let question = |&(runtime, env): &(&str, &[(&str, &str)])| Question {
        runtime: runtime.to_owned(),
        env: env.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect(),
    };
    QUESTIONS.iter().map(question).collect()
}

const MINIMAX: (&str, &str) = ("E2E_MINIMAX_API_KEY", "set");
const ANTHROPIC: (&str, &str) = ("E2E_ANTHROPIC_API_KEY", "set");
const GOOGLE: (&str, &str) = ("E2E_GOOGLE_API_KEY", "set");
const OPENAI: (&str, &str) = ("E2E_OPENAI_API_KEY", "set");
const ON_PLATFORM: (&str, &str) = ("E2E_LLM_PATH", "platform");
const OVERRIDE: &str = "E2E_MODEL_SLUG";

/// Runtimes with different variables; the founding incident; overrides that are listed, that
/// match a pattern, or that have another spelling; and variables without effect.
const QUESTIONS: [(&str, &[(&str, &str)]); 26] = [
    ("claude-code", &[]),
    ("claude-code", &[ON_PLATFORM]),
    ("claude-code", &[MINIMAX]),
    ("claude-code", &[ANTHROPIC]),
    ("claude-code", &[MINIMAX, ANTHROPIC, GOOGLE, OPENAI]),
    ("claude-code", &[ON_PLATFORM, MINIMAX]),
    ("claude-code", &[ON_PLATFORM, ("E2E_DEFAULT_PLATFORM_MODEL", "anthropic/claude-sonnet-4-6")]),
    ("claude-code", &[ON_PLATFORM, (OVERRIDE, "MiniMax-M2")]),
    ("claude-code", &[(OVERRIDE, "MiniMax-M2.7"), MINIMAX]),
    ("claude-code", &[(OVERRIDE, "claude-opus-5"), ANTHROPIC]),
    ("claude-code", &[(OVERRIDE, "minimax:MiniMax-M2.7"), MINIMAX]),
    ("claude-code", &[(OVERRIDE, "kimi-for-coding"), ANTHROPIC]),
    ("claude-code", &[(OVERRIDE, "moonshot/kimi-k2.6"), MINIMAX]),
    ("hermes", &[]),
    ("hermes", &[MINIMAX]),
    ("hermes", &[OPENAI]),
    ("hermes", &[(OVERRIDE, "gemini/gemini-3-pro"), GOOGLE]),
    ("codex", &[ON_PLATFORM]),
    ("codex", &[(OVERRIDE, "gpt-5.3-codex"), OPENAI]),
    ("openclaw", &[ON_PLATFORM]),
    ("openclaw", &[OPENAI]),
    ("google-adk", &[GOOGLE]),
    ("google-adk", &[(OVERRIDE, "platform:gemini-2.5-pro"), ON_PLATFORM]),
    ("seo-agent", &[ANTHROPIC]),
    ("seo-agent", &[MINIMAX, ANTHROPIC]),
    ("autogen", &[OPENAI]),
];

/// The variables of a question together with those of a job on a CI runner.
#[must_use]
pub fn on_a_runner(question: &Question) -> HashMap<String, String> {
    let runner = RUNNER.iter().map(|&(name, value)| (name.to_owned(), value.to_owned()));
    runner.chain(question.env.clone()).collect()
}

const RUNNER: [(&str, &str); 22] = [
    ("CI", "true"),
    ("GITHUB_ACTIONS", "true"),
    ("GITHUB_ACTOR", "octocat"),
    ("GITHUB_BASE_REF", "main"),
    ("GITHUB_ENV", "/home/runner/_temp/set_env"),
    ("GITHUB_EVENT_NAME", "pull_request"),
    ("GITHUB_HEAD_REF", "feature"),
    ("GITHUB_JOB", "reconcile"),
    ("GITHUB_REF", "refs/pull/42/merge"),
    ("GITHUB_REPOSITORY", "acme/agents"),
    ("GITHUB_RUN_ID", "223233"),
    ("GITHUB_SHA", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
    ("GITHUB_WORKFLOW", "reconciler"),
    ("GITHUB_WORKSPACE", "/home/runner/agents"),
    ("HOME", "/home/runner"),
    ("LANG", "C.UTF-8"),
    ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
    ("RUNNER_ARCH", "X64"),
    ("RUNNER_OS", "Linux"),
    ("RUNNER_TEMP", "/home/runner/_temp"),
    ("SHELL", "/bin/bash"),
    ("USER", "runner"),
];

/// The questions as lines of the line protocol, in the same order.
#[must_use]
pub fn question_lines() -> Vec<String> {
    let questions = questions();
    let line = |question: &Question| serde_json::json!({"runtime": question.runtime, "env": question.env}).to_string();
    questions.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use slug_resolver::{Code, Credentials, Env, NameSubset, Policy, Rejection, resolve};

    use super::*;
    use crate::baseline;

    /// The embedded registry has ids in three spellings, ties, and arms without listed ids.
    #[test]
    fn lookups_have_their_kind_and_match_the_baseline() {
        let registry = Registry::embedded();
        let baseline = baseline::Registry::new(&registry.document());
        let lists = |lookup: &Lookup| {
            let runtime = registry.runtime(&lookup.runtime).expect("the runtime is registered");
            runtime.arms.iter().any(|arm| arm.models.contains(&lookup.model))
        };
        let (listed, matched, unregistered) = (listed(&registry), matched(), unregistered());
        assert!(listed.iter().all(lists) && !matched.iter().chain(&unregistered).any(lists));
        assert!(matched.iter().all(|lookup| lookup.provider.is_some()));
        assert!(unregistered.iter().all(|lookup| lookup.provider.is_none()));

        let mut keys: Vec<String> =
            registry.providers().iter().flat_map(|provider| provider.auth_env.names().to_vec()).collect();
        keys.sort_unstable();
        keys.dedup();
        for lookup in listed.iter().chain(&matched).chain(&unregistered) {
            let derive = |injected: &[String]| {
                let credentials = Credentials { injected: NameSubset::all(injected), ambient: &[] };
                let found = registry.derive(&lookup.runtime, &lookup.model, &credentials);
                let found =
                    found.map(|provider| provider.name.clone()).map_err(|rejection| Code::from(rejection).as_str());
                let simple = baseline.derive(&lookup.runtime, &lookup.model, injected);
                assert_eq!(simple, found, "{lookup:?} with {injected:?}");
                found.ok()
            };
            assert_eq!(derive(&lookup.injected), lookup.provider, "{lookup:?}");
            for injected in keys.chunks(1).chain([&[][..], &keys]) {
                derive(injected);
            }
        }
        let nowhere = registry.derive("nowhere", "sonnet", &Credentials::default());
        assert_eq!(nowhere, Err(Rejection::UnknownRuntime));
        assert_eq!(baseline.derive("nowhere", "sonnet", &[]), Err("unknown-runtime"));
        assert_eq!(baseline.derive("codex", " ", &[]), Err("model-required"));
    }

    #[test]
    fn baseline_agrees_on_every_question() {
        let registry = Registry::embedded();
        let policies = Policy::all_embedded();
        let baseline = baseline::Registry::new(&registry.document());
        let mut codes = std::collections::BTreeSet::new();
        for (policy, question) in policies.iter().flat_map(|policy| questions().into_iter().map(move |q| (policy, q))) {
            let env = Env::read(policy, question.env.iter().map(|(name, value)| (name, value.as_str())));
            let found = resolve(&registry, &question.runtime, &env, &[]);
            let simple = baseline.resolve(policy.document(), &question.runtime, &question.env);
            assert_eq!(simple.slug, found.slug, "{question:?}");
            assert!(simple.injected.iter().eq(found.injected.iter()), "{question:?}");
            assert_eq!(
                simple.provider.as_deref(),
                found.provider.map(|provider| provider.name.as_str()),
                "{question:?}"
            );
            assert_eq!(simple.code, found.code.map(Code::as_str), "{question:?}");
            codes.insert(simple.code);
        }
        assert!(codes.len() >= 7, "the questions have too few kinds of answers: {codes:?}");
    }

    #[test]
    fn runner_environments_have_about_two_dozen_variables() {
        let sizes: Vec<usize> = questions().iter().map(|question| on_a_runner(question).len()).collect();
        assert!(sizes.iter().all(|size| (22..=26).contains(size)), "{sizes:?}");
    }
}
