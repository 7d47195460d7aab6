//! The baseline: a simple port of the modelled system to Rust.
//!
//! A competent programmer who needs only the right answer would write this: collections of
//! the standard library, owned strings, a map of the providers that each call builds, a scan
//! of the arms of the runtime, and a scan of their patterns, which are compiled beforehand as
//! separate regular expressions. It is not slow on purpose, and it does less than the
//! resolver: it collects no evidence and no warnings.

use std::collections::{BTreeMap, HashMap};

use regex_automata::meta::Regex;
use serde_json::{Map, Value, json};
use slug_resolver::policy::condition::host_of;
use slug_resolver::policy::{Condition, Membership, Pick, SecretsEffect, SecretsRule, Source, Test};
use slug_resolver::registry::PLATFORM;
use slug_resolver::{PolicyDocument, RegistryDocument};

/// A registry, as in its file.
#[derive(Debug)]
pub struct Registry {
    providers: Vec<Provider>,
    runtimes: BTreeMap<String, Vec<Arm>>,
}

#[derive(Debug)]
struct Provider {
    name: String,
    auth_env: Vec<String>,
    pattern: Regex,
}

#[derive(Debug)]
struct Arm {
    provider: String,
    models: Vec<String>,
}

/// The answer of the whole pipeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The slug that the harness picks.
    pub slug: String,
    /// The names of the secrets that the harness injects.
    pub injected: Vec<String>,
    /// The provider, if one was found.
    pub provider: Option<String>,
    /// The code of the contradiction, if any.
    pub code: Option<&'static str>,
}

impl Registry {
    /// Converts a document that the resolver has validated.
    ///
    /// # Panics
    ///
    /// If a pattern does not compile, which validation excludes.
    #[must_use]
    pub fn new(document: &RegistryDocument) -> Self {
        let providers = document.providers.iter().map(|provider| Provider {
            name: provider.name.clone(),
            auth_env: provider.auth_env.names().to_vec(),
            pattern: Regex::new(provider.model_prefix_match.as_str()).expect("the resolver has compiled the pattern"),
        });
        let runtimes = document.runtimes.iter().map(|runtime| {
            let arms = runtime.arms.iter();
            let arms = arms.map(|arm| Arm { provider: arm.provider.clone(), models: arm.models.clone() });
            (runtime.name.clone(), arms.collect())
        });
        Self { providers: providers.collect(), runtimes: runtimes.collect() }
    }

    /// Finds the provider of a model.
    ///
    /// # Errors
    ///
    /// The code of the reason why no provider was found.
    pub fn derive(&self, runtime: &str, model: &str, credentials: &[String]) -> Result<String, &'static str> {
        let model = model.trim();
        if model.is_empty() {
            return Err("model-required");
        }
        let providers: HashMap<String, &Provider> =
            self.providers.iter().map(|provider| (provider.name.clone(), provider)).collect();
        let Some(arms) = self.runtimes.get(runtime) else {
            return Err("unknown-runtime");
        };

        let mut listed = Vec::new();
        for arm in arms {
            if arm.models.iter().any(|listed| listed == model) {
                listed.push(providers[&arm.provider]);
            }
        }
        if let Some(first) = listed.first() {
            return Ok(sole_met(&listed, credentials).unwrap_or(first).name.clone());
        }

        let mut matched = Vec::new();
        for arm in arms {
            let provider = providers[&arm.provider];
            if provider.pattern.is_match(model) {
                matched.push(provider);
            }
        }
        match matched.as_slice() {
            [] => Err("unregistered-model"),
            [only] => Ok(only.name.clone()),
            several => sole_met(several, credentials).map(|met| met.name.clone()).ok_or("ambiguous-model"),
        }
    }

    /// Runs the whole pipeline.
    #[must_use]
    pub fn resolve(&self, policy: &PolicyDocument, runtime: &str, env: &BTreeMap<String, String>) -> Answer {
        let slug = select(policy, runtime, env);
        let injected = inject(policy, runtime, env);
        let template = policy.templates.get(runtime).map_or(runtime, String::as_str);
        let (provider, code) = match self.derive(template, &slug, &injected) {
            Ok(name) => {
                let code = self.evaluate(policy, runtime, env, &name, &injected);
                (Some(name), code)
            }
            Err(code) => (None, Some(code)),
        };
        Answer { slug, injected, provider, code }
    }

    fn evaluate(
        &self,
        policy: &PolicyDocument,
        runtime: &str,
        env: &BTreeMap<String, String>,
        name: &str,
        injected: &[String],
    ) -> Option<&'static str> {
        let provider = self.providers.iter().find(|provider| provider.name == name)?;
        if provider.name == PLATFORM {
            return (!injected.is_empty()).then_some("platform-model-with-tenant-key");
        }
        if provider.accepts(injected) {
            return None;
        }
        Some(if is_platform_path(policy, runtime, env) {
            "platform-path-byok-model"
        } else if injected.is_empty() {
            "missing-credential"
        } else {
            "wrong-credential"
        })
    }

    /// Answers one line of the line protocol; the answer ends with a line break.
    ///
    /// # Panics
    ///
    /// If the line is not a question.
    pub fn resolve_line(&self, policy: &PolicyDocument, line: &str, out: &mut Vec<u8>) {
        let question: Value = serde_json::from_str(line).expect("the line is JSON");
        let runtime = question["runtime"].as_str().expect("the line names a runtime");
        let env: BTreeMap<String, String> = question["env"]
            .as_object()
            .unwrap_or(&Map::new())
            .iter()
            .map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()))
            .collect();
        let answer = self.resolve(policy, runtime, &env);
        let answer = json!({
            "runtime": runtime,
            "slug": answer.slug,
            "injected": answer.injected,
            "provider": answer.provider,
            "code": answer.code,
        });
        out.extend_from_slice(answer.to_string().as_bytes());
        out.push(b'\n');
    }
}

impl Provider {
    fn accepts(&self, credentials: &[String]) -> bool {
        self.auth_env.iter().any(|name| credentials.contains(name))
    }
}

/// The provider that accepts the credentials, if exactly one does.
fn sole_met<'a>(providers: &[&'a Provider], credentials: &[String]) -> Option<&'a Provider> {
    let met: Vec<&Provider> = providers.iter().copied().filter(|provider| provider.accepts(credentials)).collect();
    if let [only] = met.as_slice() { Some(only) } else { None }
}

/// The value of a variable, else its default; an empty variable is unset.
fn variable<'a>(policy: &'a PolicyDocument, env: &'a BTreeMap<String, String>, name: &str) -> Option<&'a String> {
    env.get(name).filter(|value| !value.is_empty()).or_else(|| policy.defaults.get(name))
}

/// Returns true if every entry of a condition holds.
fn holds(policy: &PolicyDocument, condition: &Condition, runtime: &str, env: &BTreeMap<String, String>) -> bool {
    condition.admits(runtime)
        && condition.variables.iter().all(|(name, test)| {
            let value = variable(policy, env, name);
            match test {
                Test::Set => value.is_some(),
                Test::Unset => value.is_none(),
                Test::Value(Membership::OneOf(texts)) => value.is_some_and(|value| texts.contains(value)),
                Test::Value(Membership::NoneOf(texts)) => value.is_none_or(|value| !texts.contains(value)),
                Test::Host(host) => {
                    value.is_some_and(|value| host_of(value).is_some_and(|found| found.eq_ignore_ascii_case(host)))
                }
            }
        })
}

/// The slug that the harness picks; empty if it sends none.
#[must_use]
pub fn select(policy: &PolicyDocument, runtime: &str, env: &BTreeMap<String, String>) -> String {
    for rule in policy.model.iter().filter(|rule| holds(policy, &rule.when, runtime, env)) {
        let Pick::FirstOf(sources) = &rule.pick else { return String::new() };
        let text = |source: &Source| match source {
            Source::Text(text) => Some(text.clone()),
            Source::Variable(name) => variable(policy, env, name).cloned(),
        };
        if let Some(slug) = sources.iter().find_map(text) {
            return slug;
        }
    }
    String::new()
}

/// The rule for secrets that counts, in the mode `first`.
fn secrets_rule<'p>(
    policy: &'p PolicyDocument,
    runtime: &str,
    env: &BTreeMap<String, String>,
) -> Option<&'p SecretsRule> {
    policy.secrets.iter().find(|rule| holds(policy, &rule.condition(), runtime, env))
}

fn is_platform_path(policy: &PolicyDocument, runtime: &str, env: &BTreeMap<String, String>) -> bool {
    secrets_rule(policy, runtime, env).is_some_and(|rule| rule.effect == SecretsEffect::Platform)
}

/// The names of the secrets that the harness injects, in the mode `first`.
#[must_use]
pub fn inject(policy: &PolicyDocument, runtime: &str, env: &BTreeMap<String, String>) -> Vec<String> {
    secrets_rule(policy, runtime, env).map_or_else(Vec::new, |rule| rule.injected().to_vec())
}
