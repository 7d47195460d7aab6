//! Fixes: the smallest sets of variable edits that resolve a contradiction.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::env::Env;
use crate::limits;
use crate::policy::{BillingPath, Key, Policy, Variable};
use crate::registry::{Provider, Registry};
use crate::resolve::{Decision, decide};

/// A set of edits, and the result of the query after they are applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "other resolvers that are tested with the laws build it")]
pub struct Fix {
    /// The edits, each to a different variable.
    pub edits: Vec<Edit>,
    /// The slug after the edits.
    pub slug: String,
    /// The name of the provider after the edits.
    pub provider: String,
}

/// One edit to one variable.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a variable can only be set or unset")]
pub enum Edit {
    /// Remove the variable from the environment.
    Unset(String),
    /// Set the variable to a value. For a secret the value is a placeholder such as `<NAME>`.
    Set(String, String),
}

impl Edit {
    /// The name of the variable.
    #[must_use]
    pub fn variable(&self) -> &str {
        match self {
            Self::Unset(name) | Self::Set(name, _) => name,
        }
    }
}

impl Serialize for Edit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self {
            Self::Unset(name) => map.serialize_entry("unset", name)?,
            Self::Set(name, value) => {
                map.serialize_entry("set", name)?;
                map.serialize_entry("to", value)?;
            }
        }
        map.end()
    }
}

/// Returns the fixes of a contradiction, smallest first; empty if the configuration is consistent.
///
/// Applying a fix makes the configuration consistent; applying only a part of it does not. If
/// several fixes differ only in a value, only the first one that works is returned. Slugs are taken
/// from the lists of the runtime's arms: the first id of each arm, and all other ids as well if the
/// slug is the only edit, up to [`limits::FIX_SLUGS`]. At most [`limits::FIX_EDITS`] variables are
/// edited, and at most [`limits::FIX_DECISIONS`] combinations are tried, smallest first.
#[must_use]
pub fn fixes(registry: &Registry, runtime: &str, env: &Env<'_>, ambient: &[String]) -> Vec<Fix> {
    if decide(registry, runtime, env, ambient).verdict.is_coherent() {
        return Vec::new();
    }
    let mut found = Search::run(registry, runtime, env, ambient).found;
    // Within one size, fixes that unset variables come before fixes that set them. Setting the
    // override comes last because it hides every other rule.
    found.sort_by_key(|(edits, _)| {
        let added = || edits.iter().filter(|edit| edit.value.is_some());
        (edits.len(), added().count(), added().any(|edit| edit.variable == Variable::Override))
    });
    found.into_iter().map(|(edits, decision)| fix(env.policy(), &edits, &decision)).collect()
}

/// One variable and the values to try for it; `None` unsets the variable.
struct Options<'a> {
    variable: Variable,
    values: Vec<Option<&'a str>>,
}

#[derive(Clone, Copy)]
struct Change<'a> {
    variable: Variable,
    value: Option<&'a str>,
}

impl Change<'_> {
    /// The kind of a change: the variable, and whether it is set. The value does not matter.
    fn kind(&self) -> (Variable, bool) {
        (self.variable, self.value.is_some())
    }
}

struct Search<'a, 'o> {
    registry: &'a Registry,
    runtime: &'o str,
    ambient: &'o [String],
    decisions: usize,
    found: Vec<(Vec<Change<'a>>, Decision<'a>)>,
}

impl<'a, 'o> Search<'a, 'o> {
    /// Tries all sets of edits, smallest first.
    fn run(registry: &'a Registry, runtime: &'o str, env: &Env<'a>, ambient: &'o [String]) -> Self {
        let policy = env.policy();
        let arms = registry.runtime(policy.template_of(runtime)).map_or(&[][..], |runtime| &runtime.arms);
        let first_of_each = arms.iter().filter_map(|arm| arm.models.first());
        let others = arms.iter().flat_map(|arm| arm.models.iter().skip(1));
        let slugs: Vec<&str> =
            first_of_each.clone().chain(others).map(String::as_str).take(limits::FIX_SLUGS).collect();
        let first_slugs = &slugs[..first_of_each.count().min(limits::FIX_SLUGS)];

        let mut search = Search { registry, runtime, ambient, decisions: 0, found: Vec::new() };
        for size in 1..=limits::FIX_EDITS {
            let slugs = if size == 1 { slugs.as_slice() } else { first_slugs };
            let options: Vec<Options<'_>> = policy
                .deciding_variables()
                .map(|variable| Options { variable, values: values(variable, env, slugs) })
                .filter(|options| !options.values.is_empty())
                .collect();
            search.extend(env, &options, &mut Vec::new(), size);
        }
        search
    }

    /// Tries every way to add `more` changes from `options` to the changes in `made`, which have
    /// resulted in `env`.
    fn extend(&mut self, env: &Env<'a>, options: &[Options<'a>], made: &mut Vec<Change<'a>>, more: usize) {
        if self.decisions == limits::FIX_DECISIONS {
            return;
        }
        if more == 0 {
            self.decisions += 1;
            let decision = decide(self.registry, self.runtime, env, self.ambient);
            if decision.verdict.is_coherent() {
                self.found.push((made.clone(), decision));
            }
            return;
        }
        for (index, Options { variable, values }) in options.iter().enumerate() {
            if !could_matter(*variable, env) {
                continue;
            }
            for &value in values {
                made.push(Change { variable: *variable, value });
                let covered = self.covered(made);
                if !covered {
                    self.extend(&env.with(*variable, value.unwrap_or_default()), &options[index + 1..], made, more - 1);
                }
                made.pop();
                if covered && value.is_some() {
                    // Every other value makes the same kind of change, so it is covered too.
                    break;
                }
            }
        }
    }

    /// Returns true if a known fix has only changes of the kinds in `made`.
    fn covered(&self, made: &[Change<'_>]) -> bool {
        let made = |change: &Change<'_>| made.iter().any(|other| other.kind() == change.kind());
        self.found.iter().any(|(fix, _)| fix.iter().all(made))
    }
}

/// Returns true if a decision may consult a variable, given that the variables before it in the
/// order of the policy are as in `env`. Changing a variable that is not consulted adds nothing to a fix.
fn could_matter(variable: Variable, env: &Env<'_>) -> bool {
    match variable {
        Variable::Override | Variable::Path => true,
        Variable::PlatformModel => env.path() == BillingPath::Platform && env.text(Variable::Override).is_none(),
        Variable::Key(_) => env.path() == BillingPath::Byok,
        Variable::Runtime => false,
    }
}

/// The values to try for a variable; they differ from its current value.
fn values<'a>(variable: Variable, env: &Env<'a>, slugs: &[&'a str]) -> Vec<Option<&'a str>> {
    let platform = &env.policy().document().platform;
    let mut values = Vec::new();
    if env.is_set(variable) {
        values.push(None);
    }
    match variable {
        Variable::Override | Variable::PlatformModel => values.extend(slugs.iter().copied().map(Some)),
        Variable::Path if env.path() == BillingPath::Byok => values.push(Some(&platform.value)),
        Variable::Path if env.without(variable).text(variable) == Some(&platform.value) => {
            values.push(Some(another_value(&platform.value)));
        }
        Variable::Path | Variable::Runtime => {}
        Variable::Key(_) if env.is_set(variable) => {}
        // Any value works: only whether a secret is set matters.
        Variable::Key(_) => values.push(Some("set")),
    }
    values
}

/// A value of the path variable that does not select the platform path.
fn another_value(platform: &str) -> &'static str {
    if platform == BillingPath::Byok.as_str() { "tenant" } else { BillingPath::Byok.as_str() }
}

fn fix(policy: &Policy, changes: &[Change<'_>], decision: &Decision<'_>) -> Fix {
    let provider = decision.verdict.provider();
    let edit = |change: &Change<'_>| {
        let name = String::from(policy.variable_name(change.variable));
        match (change.variable, change.value) {
            (_, None) => Edit::Unset(name),
            (Variable::Key(key), Some(_)) => Edit::Set(name, placeholder(policy, key, provider)),
            (_, Some(value)) => Edit::Set(name, value.into()),
        }
    };
    Fix {
        edits: changes.iter().map(edit).collect(),
        slug: decision.selection.slug.into(),
        provider: provider.map(|provider| provider.name.clone()).unwrap_or_default(),
    }
}

/// The placeholder for the value of a key: the name of the secret that the key injects and the
/// provider accepts.
fn placeholder(policy: &Policy, key: Key, provider: Option<&Provider>) -> String {
    let injected = policy.secrets_of(key).map_or(&[][..], |entry| &entry.inject);
    let accepted = provider.and_then(|provider| provider.auth_env.names().iter().find(|name| injected.contains(name)));
    let name = accepted.or(injected.first()).map_or(policy.variable_name(Variable::Key(key)), String::as_str);
    format!("<{name}>")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{PlatformPath, PolicyDocument, SecretsEntry};
    use crate::registry::{Arm, Pattern, RegistryDocument, Runtime};

    const KEYS: usize = limits::KEY_VARIABLES;

    /// A registry with `closed` arms, each with one id and a secret that no policy injects, and with
    /// name-only arms for the secrets and patterns in `open`.
    fn registry(closed: usize, open: &[(&str, &str)]) -> Registry {
        let names = || (0..closed).map(|number| format!("m{number}"));
        let provider = |name: &str, secret: &str, pattern: &str| {
            Provider::new(name, vec![secret.into()], Pattern::new(pattern).expect("the pattern compiles"))
        };
        let others =
            || open.iter().enumerate().map(|(number, (secret, pattern))| (format!("o{number}"), *secret, *pattern));
        let listed = names().map(|name| Arm { models: [name.clone()].into(), provider: name, ..Arm::default() });
        let arms = listed.chain(others().map(|(name, ..)| Arm { provider: name, ..Arm::default() })).collect();
        let providers = names().map(|name| provider(&name, "UNAVAILABLE", "^x"));
        let providers =
            providers.chain(others().map(|(name, secret, pattern)| provider(&name, secret, pattern))).collect();
        let runtimes = [Runtime { name: "agent".into(), arms, ..Runtime::default() }].into();
        Registry::new(RegistryDocument { providers, runtimes }).expect("the document is valid")
    }

    /// A policy with the maximum number of keys. Each key injects one secret: the secret that
    /// `injected` gives for its index, or else `OTHER`.
    fn policy(injected: &[(usize, &str)], fallback: &str) -> Policy {
        let secret = |number| {
            let given = injected.iter().find(|(key, _)| *key == number);
            let inject = [given.map_or("OTHER", |(_, secret)| secret).into()].into();
            SecretsEntry { key: format!("K{number}"), inject }
        };
        let platform = PlatformPath { var: "PATH".into(), value: "p".into(), model: "PM".into(), fallback: "x".into() };
        let document = PolicyDocument::new("mine", "RUNTIME", "MODEL", platform, fallback);
        let secrets = (0..KEYS).map(secret).collect();
        Policy::new(PolicyDocument { secrets, ..document }).expect("the document is valid")
    }

    fn all_fixes(registry: &Registry, env: &Env<'_>) -> Vec<Vec<Edit>> {
        fixes(registry, "agent", env, &[]).into_iter().map(|fix| fix.edits).collect()
    }

    fn set(name: &str, value: &str) -> Edit {
        Edit::Set(name.into(), value.into())
    }

    /// A hundred slugs with pairs of 64 keys make more sets than the limit.
    #[test]
    fn search_with_many_sets_stops_at_limit() {
        let (registry, policy) = (registry(limits::FIX_SLUGS, &[]), policy(&[], "x"));
        let search = Search::run(&registry, "agent", &Env::empty(&policy), &[]);
        assert_eq!((search.decisions, search.found.len()), (limits::FIX_DECISIONS, 0));
    }

    // In the next two tests the only fix comes last. The search finds it only if it skips edits that
    // cannot help: trying even one of them would reach the limit first.

    #[test]
    fn search_skips_repeated_edits_and_platform_keys() {
        let closed = 30;
        let registry = {
            let mut document = registry(closed, &[("RIGHT", "^mm$")]).document();
            document.runtimes[0].arms[closed].models = ["mm".into()].into();
            Registry::new(document).expect("the document is valid")
        };
        let policy = policy(&[(KEYS - 1, "RIGHT")], "x");
        let env = Env::empty(&policy).with(Variable::Path, "p").with(Variable::Override, "bad");
        let edits = [set("MODEL", "mm"), Edit::Unset("PATH".into()), set("K63", "<RIGHT>")];
        assert_eq!(all_fixes(&registry, &env), [edits]);
    }

    #[test]
    fn search_skips_unused_platform_model_and_set_keys() {
        let registry = registry(6, &[("RIGHT", "^mm$")]);
        let right: Vec<(usize, &str)> = (3..KEYS).map(|number| (number, "RIGHT")).collect();
        let policy = policy(&right, "mm");
        let all_set = policy.key_variables().fold(Env::empty(&policy), |env, key| env.with(key, "set"));
        let edits = ["K0", "K1", "K2"].map(|key| Edit::Unset(key.into()));
        assert_eq!(all_fixes(&registry, &all_set), [edits]);
    }
}
