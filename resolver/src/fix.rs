//! Fixes: the smallest sets of variable edits that make a contradiction coherent.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::env::Env;
use crate::limits;
use crate::policy::{BillingPath, Key, Policy, Variable};
use crate::registry::{Provider, Registry};
use crate::resolve::{Decision, decide};

/// A set of edits, and what the question resolves to once they are made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "another resolver, put to the laws, answers with some")]
pub struct Fix {
    /// The edits, each to another variable.
    pub edits: Vec<Edit>,
    /// The slug then.
    pub slug: String,
    /// The provider then.
    pub provider: String,
}

/// One edit to one variable.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a variable can be set or unset, and that is all")]
pub enum Edit {
    /// Take the variable out of the environment.
    Unset(String),
    /// Give the variable a value. For a secret it is a placeholder such as `<NAME>`.
    Set(String, String),
}

impl Edit {
    /// The variable.
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

/// The fixes of a contradiction, smallest first; none for a coherent question.
///
/// Every fix resolves coherent when applied, and no part of a fix does. Of fixes
/// that differ only in a value, the first that works is offered. A slug is one that
/// an arm of the runtime lists: the first of each arm, and where the slug is the only
/// edit the others as well, up to [`limits::FIX_SLUGS`]. At most
/// [`limits::FIX_EDITS`] variables are edited, and at most
/// [`limits::FIX_DECISIONS`] combinations are tried, smallest first.
#[must_use]
pub fn fixes(registry: &Registry, runtime: &str, env: &Env<'_>, ambient: &[String]) -> Vec<Fix> {
    if decide(registry, runtime, env, ambient).verdict.is_coherent() {
        return Vec::new();
    }
    let mut found = Search::run(registry, runtime, env, ambient).found;
    // Within one size, taking something away is less than adding something, and an
    // override is the last thing to advise: it hides every other rule.
    found.sort_by_key(|(edits, _)| {
        let added = || edits.iter().filter(|edit| edit.value.is_some());
        (edits.len(), added().count(), added().any(|edit| edit.variable == Variable::Override))
    });
    found.into_iter().map(|(edits, decision)| fix(env.policy(), &edits, &decision)).collect()
}

/// One variable and what could be done to it; `None` is to unset it.
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
    /// Which variable is changed, and whether it is set: the value makes no other kind.
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
    /// Tries the sets of edits, smallest first.
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

    /// Tries every way to add `more` changes, by `options`, to those made, which have led to `env`.
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
                    // So is every other value, which makes the same kind of change.
                    break;
                }
            }
        }
    }

    /// Whether some fix found already makes no change of another kind than these.
    fn covered(&self, made: &[Change<'_>]) -> bool {
        let made = |change: &Change<'_>| made.iter().any(|other| other.kind() == change.kind());
        self.found.iter().any(|(fix, _)| fix.iter().all(made))
    }
}

/// Whether a decision may consult a variable, when those before it in the order of
/// the policy are as in `env`. A change to one that is not consulted mends nothing
/// that would not be mended without it.
fn could_matter(variable: Variable, env: &Env<'_>) -> bool {
    match variable {
        Variable::Override | Variable::Path => true,
        Variable::PlatformModel => env.path() == BillingPath::Platform && env.text(Variable::Override).is_none(),
        Variable::Key(_) => env.path() == BillingPath::Byok,
        Variable::Runtime => false,
    }
}

/// The values worth trying for a variable that differ from what it has.
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
        // Any value: of a secret only its presence counts.
        Variable::Key(_) => values.push(Some("set")),
    }
    values
}

/// A value of the path variable that does not choose the platform path.
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

/// What to write where the value of a key belongs: the name of the secret that it
/// brings along and the provider accepts.
fn placeholder(policy: &Policy, key: Key, provider: Option<&Provider>) -> String {
    let injected = policy.secrets_of(key).map_or(&[][..], |entry| &entry.inject);
    let accepted = provider.and_then(|provider| provider.auth_env.iter().find(|name| injected.contains(name)));
    let name = accepted.or(injected.first()).map_or(policy.variable_name(Variable::Key(key)), String::as_str);
    format!("<{name}>")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{PlatformPath, PolicyDocument, SecretsEntry};
    use crate::registry::{Arm, Pattern, RegistryDocument, Runtime};

    const KEYS: usize = limits::KEY_VARIABLES;

    /// A registry of so many arms that nothing injected opens, each with one id, and of some
    /// that list none, each with its secret and its pattern.
    fn registry(closed: usize, open: &[(&str, &str)]) -> Registry {
        let names = || (0..closed).map(|number| format!("m{number}"));
        let provider = |name: &str, secret: &str, pattern: &str| {
            Provider::new(name, [secret.into()].into(), Pattern::new(pattern).expect("it compiles"))
        };
        let others =
            || open.iter().enumerate().map(|(number, (secret, pattern))| (format!("o{number}"), *secret, *pattern));
        let listed = names().map(|name| Arm { models: [name.clone()].into(), provider: name });
        let arms = listed.chain(others().map(|(name, ..)| Arm { models: Vec::new(), provider: name })).collect();
        let providers = names().map(|name| provider(&name, "NOBODY'S", "^x"));
        let providers =
            providers.chain(others().map(|(name, secret, pattern)| provider(&name, secret, pattern))).collect();
        let runtimes = [Runtime { name: "agent".into(), arms }].into();
        Registry::new(RegistryDocument { providers, runtimes }).expect("it is valid")
    }

    /// A policy of all the keys there may be, which injects one secret for each, as told here.
    fn policy(injected: &[(usize, &str)], fallback: &str) -> Policy {
        let secret = |number| {
            let told = injected.iter().find(|(key, _)| *key == number);
            let inject = [told.map_or("OTHER", |(_, secret)| secret).into()].into();
            SecretsEntry { key: format!("K{number}"), inject }
        };
        let platform = PlatformPath { var: "PATH".into(), value: "p".into(), model: "PM".into(), fallback: "x".into() };
        let document = PolicyDocument::new("mine", "RUNTIME", "MODEL", platform, fallback);
        let secrets = (0..KEYS).map(secret).collect();
        Policy::new(PolicyDocument { secrets, ..document }).expect("it is valid")
    }

    fn all_fixes(registry: &Registry, env: &Env<'_>) -> Vec<Vec<Edit>> {
        fixes(registry, "agent", env, &[]).into_iter().map(|fix| fix.edits).collect()
    }

    fn set(name: &str, value: &str) -> Edit {
        Edit::Set(name.into(), value.into())
    }

    /// A hundred slugs and two of 64 keys make more sets than anyone would wait for.
    #[test]
    fn a_search_ends_at_its_limit() {
        let (registry, policy) = (registry(limits::FIX_SLUGS, &[]), policy(&[], "x"));
        let search = Search::run(&registry, "agent", &Env::empty(&policy), &[]);
        assert_eq!((search.decisions, search.found.len()), (limits::FIX_DECISIONS, 0));
    }

    // What cannot mend takes nothing from the sets that are tried: a fix is found that comes
    // last, and that the limit would cut off if one of them were tried as well.

    #[test]
    fn no_variable_is_edited_twice_and_no_key_on_the_platform() {
        let closed = 30;
        let registry = {
            let mut document = registry(closed, &[("RIGHT", "^mm$")]).document();
            document.runtimes[0].arms[closed].models = ["mm".into()].into();
            Registry::new(document).expect("it is valid")
        };
        let policy = policy(&[(KEYS - 1, "RIGHT")], "x");
        let env = Env::empty(&policy).with(Variable::Path, "p").with(Variable::Override, "bad");
        let mends = [set("MODEL", "mm"), Edit::Unset("PATH".into()), set("K63", "<RIGHT>")];
        assert_eq!(all_fixes(&registry, &env), [mends]);
    }

    #[test]
    fn no_platform_model_is_set_off_the_platform_and_no_key_that_is_set() {
        let registry = registry(6, &[("RIGHT", "^mm$")]);
        let right: Vec<(usize, &str)> = (3..KEYS).map(|number| (number, "RIGHT")).collect();
        let policy = policy(&right, "mm");
        let all_set = policy.key_variables().fold(Env::empty(&policy), |env, key| env.with(key, "set"));
        let mends = ["K0", "K1", "K2"].map(|key| Edit::Unset(key.into()));
        assert_eq!(all_fixes(&registry, &all_set), [mends]);
    }
}
