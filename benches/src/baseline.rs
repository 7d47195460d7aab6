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
use slug_resolver::policy::{Condition, InjectMode, Pick, SecretsEffect, Source, Test};
use slug_resolver::registry::PLATFORM;
use slug_resolver::{PolicyDocument, RegistryDocument};

/// The set variables by name.
type Variables = BTreeMap<String, String>;

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
    pub fn resolve(&self, policy: &PolicyDocument, runtime: &str, env: &Variables) -> Answer {
        let slug = select(policy, runtime, env);
        let (is_platform_path, injected) = inject(policy, runtime, env);
        let template = policy.templates.get(runtime).map_or(runtime, String::as_str);
        let (provider, code) = match self.derive(template, &slug, &injected) {
            Ok(name) => {
                let code = self.evaluate(&name, is_platform_path, &injected);
                (Some(name), code)
            }
            Err(code) => (None, Some(code)),
        };
        Answer { slug, injected, provider, code }
    }

    fn evaluate(&self, name: &str, is_platform_path: bool, injected: &[String]) -> Option<&'static str> {
        let provider = self.providers.iter().find(|provider| provider.name == name)?;
        if provider.name == PLATFORM {
            return (!injected.is_empty()).then_some("platform-model-with-tenant-key");
        }
        if provider.accepts(injected) {
            return None;
        }
        Some(if is_platform_path {
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
        let env: Variables = question["env"]
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

/// The value of a variable, else its default. An empty variable is unset, unless the policy counts it as set.
fn variable<'a>(policy: &'a PolicyDocument, env: &'a Variables, name: &str) -> Option<&'a String> {
    let counts = |value: &&String| !value.is_empty() || policy.empty_is_set.iter().any(|known| known == name);
    env.get(name).filter(counts).or_else(|| policy.defaults.get(name))
}

/// Whether a condition holds. The hosts of URLs are not compared: no embedded policy tests one.
fn holds(policy: &PolicyDocument, condition: &Condition, runtime: &str, env: &Variables) -> bool {
    let holds = |(name, test): &(String, Test)| {
        let value = variable(policy, env, name);
        match test {
            Test::Set => value.is_some(),
            Test::Unset => value.is_none(),
            Test::Value(texts) => texts.contains(value.map_or("", String::as_str)),
            Test::Host(_) => false,
        }
    };
    condition.runtime.as_ref().is_none_or(|runtimes| runtimes.contains(runtime))
        && condition.variables.iter().all(holds)
}

/// The slug that the harness picks; empty if it sends none.
#[must_use]
pub fn select(policy: &PolicyDocument, runtime: &str, env: &Variables) -> String {
    for rule in &policy.model {
        if !holds(policy, &rule.when, runtime, env) {
            continue;
        }
        let Pick::FirstOf(sources) = &rule.pick else { break };
        for source in sources {
            match source {
                Source::Text(text) => return text.clone(),
                Source::Variable(name) => {
                    if let Some(slug) = variable(policy, env, name) {
                        return slug.clone();
                    }
                }
            }
        }
    }
    String::new()
}

/// Whether a rule selects the platform path, and the names of the secrets that the harness injects.
#[must_use]
pub fn inject(policy: &PolicyDocument, runtime: &str, env: &Variables) -> (bool, Vec<String>) {
    let (mut is_platform_path, mut injected) = (false, Vec::new());
    for rule in &policy.secrets {
        let is_keyed = rule.key.as_ref().is_none_or(|key| variable(policy, env, key).is_some());
        if !is_keyed || !holds(policy, &rule.when, runtime, env) {
            continue;
        }
        match &rule.effect {
            SecretsEffect::Platform => {
                is_platform_path = true;
                break;
            }
            SecretsEffect::Inject(names) => injected.extend(names.iter().cloned()),
        }
        if policy.inject == InjectMode::First {
            break;
        }
    }
    injected.sort();
    injected.dedup();
    (is_platform_path, injected)
}
