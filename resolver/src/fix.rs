//! Fixes: the smallest sets of variable edits that resolve a contradiction.

mod meaning;
mod own_keys;
mod slugs;
mod spelling;

use std::cell::LazyCell;
use std::fmt;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::env::Env;
use crate::limits;
use crate::policy::{Applies, Dispatch, Policy, SecretsRule, Test, Variable};
use crate::registry::{Arm, Credentials, Provider, Registry, Rejection};
use crate::resolve::{Decision, decide};
use crate::selection::{Picked, inject};
use crate::verdict::{Verdict, is_cross_vendor};
use meaning::Meaning;
pub use own_keys::own_credential_fixes;
use slugs::{Candidate, Unkept, arms};
pub use slugs::{SlugKey, SlugStore, Slugs};
use spelling::Spellings;

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
    /// The runtime after the edits, if they change it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime: Option<String>,
    /// Whether the fix can be made without asking: the provider is the only one that the writer can have
    /// meant, or one that the writer named by a credential or the platform path, if the slug is the
    /// policy's; the model is another spelling of the slug, if such a fix keeps the vendor; and an edit sets
    /// a model only to a listed id or a part of the slug. Any other fix may move the model, the bill or a
    /// key to another vendor, or make up an id.
    #[serde(skip)]
    pub is_safe: bool,
}

impl Fix {
    /// The model and the provider that the fix selects, and the runtime if the fix changes it, as a phrase.
    #[must_use]
    pub fn effect(&self) -> String {
        let changes = self.runtime.as_ref().map(|runtime| format!("changes the runtime to {runtime} and "));
        format!("{}selects {} from {}", changes.unwrap_or_default(), self.slug, self.provider)
    }
}

/// Writes the edits and what they select, such as ``unset MODEL, which selects m-1 from acme``. Names and ids are
/// written verbatim: the caller must escape characters that are unsafe in a terminal.
impl fmt::Display for Fix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, edit) in self.edits.iter().enumerate() {
            write!(f, "{}{edit}", if index == 0 { "" } else { " and " })?;
        }
        write!(f, ", which {}", self.effect())
    }
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

/// Writes `unset NAME` or `set NAME=VALUE`, verbatim.
impl fmt::Display for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unset(name) => write!(f, "unset {name}"),
            Self::Set(name, value) => write!(f, "set {name}={value}"),
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

/// Returns the fixes of a contradiction, best first; empty for any other answer.
///
/// Applying a fix makes the configuration consistent; applying only a part of it does not. If
/// several fixes differ only in a value, only the first one that works is returned. But a fix with
/// another model does not replace a larger one with another spelling of the slug. The order is:
///
/// 1. another spelling of the slug (see [`limits::FIX_SPELLINGS`]) at a provider whose credential is
///    there, and a key for a provider that takes any value;
/// 2. fixes that keep the vendor and complete a partly present group of credentials;
/// 3. another spelling of the slug at a provider that needs no credential;
/// 4. fixes that keep the vendor that the slug means, or else the writer named by a credential or the
///    platform path, and that keep a runtime whose credentials are there;
/// 5. all other fixes.
///
/// Within each of these groups, fixes that complete a partly present group of credentials come first,
/// then other spellings of the slug together with other edits, then the smallest. A fix that sends a key
/// to another vendor's endpoint is returned only if every fix does so.
///
/// The search tries slugs that the runtime's arms list: the first id of each arm, and all other ids
/// only if the slug is the only edit, up to [`limits::FIX_SLUGS`]. For a slug that the runtime does
/// not serve, it tries the most similar ids first. It edits at most [`limits::FIX_EDITS`] variables and
/// tries at most [`limits::FIX_DECISIONS`] combinations, smallest first.
///
/// If `runtime` is the runtime that the environment names, edits can also change the runtime.
#[must_use]
pub fn fixes(registry: &Registry, runtime: &str, env: &Env<'_>, ambient: &[&str]) -> Vec<Fix> {
    fixes_sharing(&Unkept, registry, runtime, env, ambient)
}

/// Returns the listed ids of a runtime that a slug was probably meant to be, most likely first; empty if none is
/// similar.
///
/// The ids are the ones to which [`fixes`] set the variable of the slug: the most similar ones, of these the ids of
/// providers whose credentials are there, or else of those with a part of their credentials.
#[must_use]
pub fn meant_ids<'r>(registry: &'r Registry, runtime: &str, slug: &str, credentials: &Credentials<'_>) -> Vec<&'r str> {
    let arms = arms(registry, runtime);
    let meant = Spellings::new(registry, runtime, slug).meant(registry, arms, credentials);
    let mut ids: Vec<&str> = Vec::new();
    for (arm, model) in meant {
        let id = &*arms[arm].models[model];
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    ids
}

/// Returns the same as [`fixes`], faster for many questions about one registry and one policy: `store` keeps
/// the slugs to try. Use it with no other registry or policy.
#[must_use]
pub fn fixes_sharing(
    store: &dyn SlugStore,
    registry: &Registry,
    runtime: &str,
    env: &Env<'_>,
    ambient: &[&str],
) -> Vec<Fix> {
    let decision = decide(registry, runtime, env, ambient);
    if !decision.verdict.is_contradiction() {
        return Vec::new();
    }
    let policy = env.policy();
    let picked = Picked::new(policy, policy.dispatch(runtime), &env.view(), env.holding());
    let template = policy.template_of(runtime);
    let is_served =
        !matches!(decision.verdict, Verdict::Rejected(Rejection::UnregisteredModel | Rejection::WithdrawnModel));
    let key = SlugKey {
        template: template.to_owned(),
        slug: picked.slug.to_owned(),
        is_held: picked.held_by.is_some(),
        is_served,
        ambient: ambient.iter().map(|name| (*name).to_owned()).collect(),
    };
    let slugs = store.get(key, &|key| Slugs::new(registry, policy, key));
    // A slug that the runtime does not serve may be right, and the runtime wrong.
    let kept = Some(picked.slug).filter(|_| !is_served && picked.held_by.is_some());
    let search = |key_moves| {
        let search = Search::run(registry, runtime, env, ambient, (picked.held_by, &slugs, kept), key_moves);
        store.note_tried(search.tried);
        search.found
    };
    let mut found = search(KeyMoves::Refused);
    if found.is_empty() {
        found = search(KeyMoves::Accepted);
    }

    let credentials = Credentials { injected: decision.injection.names, ambient };
    let meaning = Meaning::new(registry, template, &picked, &decision, credentials, &slugs);
    let respells = |found: &Found<'_>| found.changes.iter().any(|change| change.is_spelling);
    let is_spelling = |found: &Found<'_>| respells(found) && found.changes.len() == 1;
    // A provider without authentication takes any value, so setting its key needs no secret.
    let sets_any_value = |found: &Found<'_>| {
        let is_set_key = |change: &Change<'_>| change.value.is_some() && policy.is_key(change.variable);
        found.changes.iter().all(is_set_key) && found.decision.verdict.provider().is_some_and(Provider::takes_any_key)
    };
    let completes = |found: &Found<'_>| {
        let after = Credentials { injected: found.decision.injection.names, ambient };
        let completes = |provider| completes_item(provider, &credentials, &after);
        found.decision.verdict.provider().is_some_and(completes) || completes_rule(env, found)
    };
    // A runtime whose credentials are there is meant, so that another one is not what the writer named.
    let has_key = |arm: &Arm| {
        let provider = registry.provider(&arm.provider);
        provider.is_some_and(|provider| !provider.is_keyless() && credentials.meet(provider))
    };
    let is_runtime_meant = LazyCell::new(|| arms(registry, template).iter().any(has_key));
    let keeps_named = |found: &Found<'_>| {
        let keeps_vendor = found.decision.verdict.provider().is_some_and(|provider| meaning.contains(provider));
        keeps_vendor && !(found.runtime.is_some() && *is_runtime_meant)
    };
    let group = |found: &Found<'_>| match found.decision.verdict.provider() {
        _ if sets_any_value(found) => 0,
        Some(provider) if is_spelling(found) && !provider.is_keyless() => 0,
        Some(_) if completes(found) && keeps_named(found) => 1,
        _ if is_spelling(found) => 2,
        Some(_) if keeps_named(found) => 3,
        _ => 4,
    };
    // Within one size, fixes that unset variables come before fixes that set them. Setting a model
    // comes last because it hides the rules after it.
    found.sort_by_cached_key(|found| {
        let added = || found.changes.iter().filter(|change| change.value.is_some());
        let sets_slug = added().any(|change| policy.is_slug_variable(change.variable));
        (group(found), !completes(found), !respells(found), found.changes.len(), added().count(), sets_slug)
    });
    let lists = |id: &str| registry.handle(template).is_some_and(|runtime| runtime.lists(id.trim()));
    let is_made_up = |change: &Change<'_>| {
        let is_known = |id: &str| lists(id) || picked.slug.contains(id);
        policy.is_slug_variable(change.variable) && change.value.is_some_and(|id| !is_known(id))
    };
    let keeps_vendor = |found: &Found<'_>| found.decision.verdict.provider().is_some_and(|it| meaning.is_only(it));
    let has_spelling = found.iter().any(|found| respells(found) && keeps_vendor(found));
    let is_safe = |found: &Found<'_>| {
        keeps_vendor(found) && (respells(found) || !has_spelling) && !found.changes.iter().any(is_made_up)
    };
    found.iter().map(|found| fix(policy, found, is_safe(found))).collect()
}

/// Returns true if some names of an item of `auth_env` are present before edits, and all of them after.
fn completes_item(provider: &Provider, before: &Credentials<'_>, after: &Credentials<'_>) -> bool {
    provider.auth_env.items().any(|item| {
        let is_present = |name: &str| before.contain(name);
        item.iter().any(is_present) && !item.iter().all(is_present) && item.iter().all(|name| after.contain(name))
    })
}

/// Returns true if a rule for secrets tests several keys, of which some are set and the fix sets the others, so that
/// the rule injects its secrets.
fn completes_rule(env: &Env<'_>, found: &Found<'_>) -> bool {
    let policy = env.policy();
    let injected = found.decision.injection.names;
    policy.document().secrets.iter().any(|rule| {
        let keys = tested_keys(policy, rule);
        let is_set = |key: &Variable| env.is_set(*key);
        let is_set_after = |key: &Variable| {
            let change = found.changes.iter().find(|change| change.variable == *key);
            change.map_or(is_set(key), |change| change.value.is_some())
        };
        keys.iter().any(is_set)
            && !keys.iter().all(is_set)
            && keys.iter().all(is_set_after)
            && rule.injected().iter().all(|name| injected.contains(name))
    })
}

/// The keys that a rule for secrets requires to be set.
fn tested_keys(policy: &Policy, rule: &SecretsRule) -> Vec<Variable> {
    let condition = rule.condition();
    let set = condition.variables.iter().filter(|(_, test)| *test == Test::Set);
    set.filter_map(|(name, _)| policy.variable(name)).filter(|key| policy.is_key(*key)).collect()
}

/// One variable and the values to try for it.
struct Options<'a> {
    variable: Variable,
    values: Vec<Value<'a>>,
}

/// A value to try for a variable; `None` unsets the variable.
#[derive(Clone, Copy)]
struct Value<'a> {
    text: Option<&'a str>,
    /// Whether it is another spelling of the slug that the variable holds.
    is_spelling: bool,
}

#[derive(Clone, Copy)]
struct Change<'a> {
    variable: Variable,
    value: Option<&'a str>,
    /// Whether the value is another spelling of the slug that the variable holds.
    is_spelling: bool,
}

impl Change<'_> {
    /// Returns true if a fix with this change makes the same fix with another change superfluous: they differ at most
    /// in the value, and only this one may be another spelling of the slug.
    fn covers(&self, other: &Self) -> bool {
        self.variable == other.variable
            && self.value.is_some() == other.value.is_some()
            && (self.is_spelling || !other.is_spelling)
    }
}

/// A set of changes that works.
struct Found<'a> {
    changes: Vec<Change<'a>>,
    decision: Decision<'a>,
    /// The runtime after the changes, if another.
    runtime: Option<&'a str>,
}

/// Whether a fix may send a key to another vendor's endpoint.
#[derive(Clone, Copy, PartialEq, Eq)]
enum KeyMoves {
    Refused,
    Accepted,
}

struct Search<'a, 'o> {
    registry: &'a Registry,
    runtime: &'o str,
    /// The rules for the runtime.
    dispatch: &'a Dispatch,
    /// The variables whose change can change the runtime: one bit for each position in the policy;
    /// none if the environment does not name the runtime.
    runtime_tests: u128,
    ambient: &'o [&'o str],
    /// The variable that holds the slug, and the slugs to try instead.
    held_by: Option<Variable>,
    slugs: &'a Slugs,
    key_moves: KeyMoves,
    decisions: usize,
    /// The number of environments that were made; some of them were not decided.
    tried: usize,
    found: Vec<Found<'a>>,
}

impl<'a, 'o> Search<'a, 'o> {
    /// Tries all sets of edits, smallest first.
    fn run(
        registry: &'a Registry,
        runtime: &'o str,
        env: &Env<'a>,
        ambient: &'o [&'o str],
        (held_by, slugs, kept): (Option<Variable>, &'a Slugs, Option<&'o str>),
        key_moves: KeyMoves,
    ) -> Self {
        let policy = env.policy();
        let is_named = env.runtime() == Some(runtime);
        let runtime_tests = if is_named { policy.runtime_tests() } else { 0 };
        let runtime_uses = if is_named { policy.runtime_uses() } else { 0 };
        let dispatch = policy.dispatch(runtime);
        let mut search = Search {
            registry,
            runtime,
            dispatch,
            runtime_tests,
            ambient,
            held_by,
            slugs,
            key_moves,
            decisions: 0,
            tried: 0,
            found: Vec::new(),
        };
        let arms = arms(registry, policy.template_of(runtime));
        let (single, combined): (Vec<_>, Vec<_>) = (slugs.single(arms).collect(), slugs.combined(arms).collect());
        let is_open = search.is_runtime_open();
        // If no condition tests the variable that holds a slug, setting it alone changes no secret.
        let credentials = Credentials { injected: inject(runtime, env).names, ambient };
        let handle = registry.handle(policy.template_of(runtime));
        let is_served = |slug: &str| handle.is_some_and(|runtime| runtime.may_serve(slug, &credentials));
        let single = search.options(env, |variable| {
            let tries_all = is_open || policy.guards().is_tested(variable);
            single.iter().filter(move |it| tries_all || it.is_served && is_served(it.slug))
        });
        let combined = search.options(env, |_| combined.iter().filter(|it| is_open || it.is_served));
        for size in 1..=limits::FIX_EDITS {
            let (options, mattering) = if size == 1 { &single } else { &combined };
            search.extend(env, options, *mattering, &mut Vec::new(), size);
            if let (1, Some(slug)) = (size, kept) {
                search.change_runtime(env, slug, runtime_uses);
            }
        }
        search
    }

    /// The values to try for each variable, and the variables that a decision may consult. `slugs` gives the
    /// slugs to try for a variable.
    fn options<'s, S: Iterator<Item = &'s Candidate<'a>>>(
        &self,
        env: &Env<'a>,
        slugs: impl Fn(Variable) -> S,
    ) -> (Vec<Options<'a>>, u128)
    where
        'a: 's,
    {
        let options = env
            .policy()
            .all_variables()
            .map(|variable| Options { variable, values: self.values(variable, env, slugs(variable)) });
        let options: Vec<Options<'_>> = options.filter(|options| !options.values.is_empty()).collect();
        let mattering = self.mattering(&options, env);
        (options, mattering)
    }

    /// Tries every way to add `more` changes from `options` to the changes in `made`, which have
    /// resulted in `env`. The first of them changes a variable in `mattering`.
    fn extend(
        &mut self,
        env: &Env<'a>,
        options: &[Options<'a>],
        mattering: u128,
        made: &mut Vec<Change<'a>>,
        more: usize,
    ) {
        if self.decisions == limits::FIX_DECISIONS {
            return;
        }
        if more == 0 {
            self.decisions += 1;
            let changed = self.is_runtime_open().then(|| env.runtime().unwrap_or_default());
            let runtime = changed.filter(|runtime| *runtime != self.runtime);
            let decision = decide(self.registry, runtime.unwrap_or(self.runtime), env, self.ambient);
            if self.accepts(&decision) {
                self.found.push(Found { changes: made.clone(), decision, runtime });
            }
            return;
        }
        for (index, Options { variable, values }) in options.iter().enumerate() {
            if mattering >> variable.position() & 1 == 0 {
                continue;
            }
            let rest = &options[index + 1..];
            // Values of one class leave the same variables to change.
            let mut known = None;
            for &Value { text: value, is_spelling } in values {
                made.push(Change { variable: *variable, value, is_spelling });
                self.tried += 1;
                let covered = self.covered(made);
                if !covered {
                    let changed = match value {
                        Some(value) => env.with(*variable, value),
                        None => env.without(*variable),
                    };
                    let class = changed.class(*variable);
                    let mattering = match known {
                        _ if more == 1 => 0,
                        Some((known, mattering)) if known == class => mattering,
                        _ => self.mattering(rest, &changed),
                    };
                    known = Some((class, mattering));
                    self.extend(&changed, rest, mattering, made, more - 1);
                }
                made.pop();
                if covered && value.is_some() {
                    // Spellings come first, so every later value is covered too.
                    break;
                }
            }
        }
    }

    /// Tries to change one of the variables in `used`, whose value is the runtime, so that the runtime serves the slug
    /// that the environment has: to unset it, and to set it to a runtime.
    fn change_runtime(&mut self, env: &Env<'a>, slug: &str, used: u128) {
        let (policy, registry) = (env.policy(), self.registry);
        let serves = |name: &&str| registry.handle(name).is_some_and(|it| !it.candidates(slug).is_empty());
        let serving: Vec<&str> =
            registry.runtimes().iter().map(|runtime| runtime.name.as_str()).filter(serves).collect();
        for variable in policy.all_variables().filter(|variable| used >> variable.position() & 1 == 1) {
            let is_changed = |name: &&str| *name != self.runtime && Some(*name) != policy.default_of(variable);
            let set = serving.iter().copied().filter(is_changed).take(limits::FIX_SLUGS).map(Some);
            let values: Vec<Option<&str>> = env.is_set(variable).then_some(None).into_iter().chain(set).collect();
            for value in values {
                let change = Change { variable, value, is_spelling: false };
                self.tried += 1;
                let changed = value.map_or_else(|| env.without(variable), |value| env.with(variable, value));
                let runtime = changed.runtime().unwrap_or_default();
                if runtime == self.runtime || self.covered(&[change]) || self.decisions == limits::FIX_DECISIONS {
                    continue;
                }
                self.decisions += 1;
                let decision = decide(registry, runtime, &changed, self.ambient);
                if decision.selection.slug == slug && self.accepts(&decision) {
                    self.found.push(Found { changes: [change].into(), decision, runtime: Some(runtime) });
                }
            }
        }
    }

    fn accepts(&self, decision: &Decision<'_>) -> bool {
        let Verdict::Coherent(provider) = decision.verdict else { return false };
        if self.key_moves == KeyMoves::Accepted || provider.is_platform() {
            return true;
        }
        let credentials = Credentials { injected: decision.injection.names, ambient: self.ambient };
        !is_cross_vendor(self.registry, provider, &credentials.accepted_by(provider))
    }

    /// Returns true if a known fix makes the changes in `made` superfluous.
    fn covered(&self, made: &[Change<'_>]) -> bool {
        let made = |change: &Change<'_>| made.iter().any(|other| change.covers(other));
        self.found.iter().any(|found| found.changes.iter().all(made))
    }

    /// The variables of some options that a decision may consult: one bit for each position in the policy.
    fn mattering(&self, options: &[Options<'_>], env: &Env<'_>) -> u128 {
        let matters = |options: &&Options<'_>| self.could_matter(options.variable, env);
        options.iter().filter(matters).fold(0, |variables, options| variables | 1 << options.variable.position())
    }

    /// Returns true if a decision may consult a variable, given that the variables before it in the
    /// order of the policy are as in `env`. Changing a variable that is not consulted adds nothing to
    /// a fix.
    fn could_matter(&self, variable: Variable, env: &Env<'_>) -> bool {
        if self.is_runtime_open() {
            return true;
        }
        let (policy, dispatch) = (env.policy(), self.dispatch);
        let bit: u128 = 1 << variable.position();
        let known = bit - 1;
        for step in &dispatch.model {
            let rule = policy.model_rule(*step);
            let applies = rule.applies_by(policy.guards(), &env.view(), known);
            if applies != Applies::Never && rule.reads & bit != 0 {
                return true;
            }
            if applies == Applies::Always {
                break;
            }
        }
        for step in &dispatch.secrets {
            let tests = policy.guards().tests(policy.secrets_rule(*step).guard);
            let may_apply = tests.may_hold(&env.view(), known);
            if may_apply && tests.reads() & bit != 0 {
                return true;
            }
            if may_apply && step.is_last && tests.reads() & !known == 0 {
                break;
            }
        }
        // An edit may keep a condition of `creates` from holding after another edit.
        dispatch.creation & bit != 0
    }

    /// The values to try for a variable; they differ from its current value. Spellings of the slug come before all
    /// other texts.
    fn values<'s>(
        &self,
        variable: Variable,
        env: &Env<'a>,
        slugs: impl Iterator<Item = &'s Candidate<'a>>,
    ) -> Vec<Value<'a>>
    where
        'a: 's,
    {
        let policy = env.policy();
        let mut values = Vec::new();
        if !self.is_editable(variable, policy) {
            return values;
        }
        let plain = |text| Value { text, is_spelling: false };
        if env.is_set(variable) {
            values.push(plain(None));
        }
        if policy.is_key(variable) {
            // Any value works: only whether a secret is set matters.
            values.extend((!env.is_set(variable)).then_some(plain(Some("set"))));
            return values;
        }
        let holds_slug = Some(variable) == self.held_by;
        if policy.is_slug_variable(variable) {
            values.extend(slugs.map(|it| Value { text: Some(it.slug), is_spelling: holds_slug && it.is_spelling }));
        }
        let current = env.text(variable);
        let texts = policy.texts_of(variable).filter(|text| Some(*text) != current && !text.is_empty());
        let is_spelling = |text: &str| holds_slug && self.slugs.is_spelling(text);
        values.extend(texts.map(|text| Value { text: Some(text), is_spelling: is_spelling(text) }));
        let is_other = |text: &str| policy.is_other_value(variable, text);
        if policy.default_of(variable).is_some_and(|default| !is_other(default)) && !current.is_some_and(is_other) {
            values.extend(OTHER_VALUES.into_iter().find(|value| is_other(value)).map(|text| plain(Some(text))));
        }
        values.sort_by_key(|value| value.text.is_some() && !value.is_spelling);
        values
    }

    /// Returns true if an edit of the variable can be offered: the variable decides something, or
    /// its change can change the runtime.
    fn is_editable(&self, variable: Variable, policy: &Policy) -> bool {
        let changes_runtime = self.runtime_tests >> variable.position() & 1 == 1;
        variable.position() < policy.deciding_variables().count() || changes_runtime
    }

    /// Returns true if changes of variables can change the runtime.
    fn is_runtime_open(&self) -> bool {
        self.runtime_tests != 0
    }
}

/// Values to try for a variable that must differ from every value that conditions name.
const OTHER_VALUES: [&str; 3] = ["byok", "tenant", "other"];

fn fix(policy: &Policy, found: &Found<'_>, is_safe: bool) -> Fix {
    let provider = found.decision.verdict.provider();
    let edit = |change: &Change<'_>| {
        let name = String::from(policy.variable_name(change.variable));
        match change.value {
            None => Edit::Unset(name),
            Some(_) if policy.is_key(change.variable) => {
                let value = placeholder(policy, &name, provider);
                Edit::Set(name, value)
            }
            Some(value) => Edit::Set(name, value.into()),
        }
    };
    Fix {
        edits: found.changes.iter().map(edit).collect(),
        slug: found.decision.selection.slug.into(),
        provider: provider.map(|provider| provider.name.clone()).unwrap_or_default(),
        runtime: found.runtime.map(str::to_owned),
        is_safe,
    }
}

/// Returns true for a text in angle brackets, such as the `<ACME_API_KEY>` that a fix has in place of a
/// value that it does not know.
#[must_use]
pub fn is_placeholder(text: &str) -> bool {
    let inner = text.trim().strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
    inner.is_some_and(|inner| !inner.is_empty() && !inner.contains(['<', '>']))
}

/// The placeholder for the value of a key: the names of the secrets that the key injects and the
/// provider accepts, or its own name if it is one of several keys of a rule.
fn placeholder(policy: &Policy, key: &str, provider: Option<&Provider>) -> String {
    let sets_key = |(name, test): &(String, Test)| name == key && *test == Test::Set;
    let rule = policy.document().secrets.iter().find(|rule| rule.condition().variables.iter().any(sets_key));
    let injected = rule.map_or(&[][..], |rule| rule.injected());
    let is_injected = |name: &str| injected.iter().any(|injected| injected == name);
    if is_injected(key) && rule.is_some_and(|rule| tested_keys(policy, rule).len() > 1) {
        return format!("<{key}>");
    }
    let item = provider.and_then(|provider| provider.auth_env.items().find(|item| item.iter().all(is_injected)));
    let accepted = provider.and_then(|provider| provider.auth_env.names().iter().find(|name| is_injected(name)));
    match (item, accepted.or(injected.first())) {
        (Some(item), _) => format!("<{}>", item.join(" and ")),
        (None, Some(name)) => format!("<{name}>"),
        (None, None) => format!("<{key}>"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::Code;
    use crate::policy::{Condition, InjectMode, Membership, PickRule, PolicyDocument, SecretsRule, Source};
    use crate::registry::{Arm, AuthEnv, Pattern, RegistryDocument, Runtime};

    const KEYS: usize = limits::KEY_VARIABLES;

    /// A registry with `closed` arms, each with one id and a provider that needs all of `group`, and with
    /// name-only arms for the secrets and patterns in `open`.
    fn registry(closed: usize, group: &[&str], open: &[(&str, &str)]) -> Registry {
        let names = || (0..closed).map(|number| format!("m{number}"));
        let provider = |name: &str, secrets: &[&str], pattern: &str| {
            let item = secrets.iter().map(|secret| (*secret).to_owned());
            Provider::new(name, AuthEnv::of_items([item]), Pattern::new(pattern).expect("the pattern compiles"))
        };
        let others =
            || open.iter().enumerate().map(|(number, (secret, pattern))| (format!("o{number}"), *secret, *pattern));
        let listed = names().map(|name| Arm { models: [name.clone()].into(), provider: name, ..Arm::default() });
        let arms = listed.chain(others().map(|(name, ..)| Arm { provider: name, ..Arm::default() })).collect();
        let providers = names().map(|name| provider(&name, group, "^x"));
        let providers =
            providers.chain(others().map(|(name, secret, pattern)| provider(&name, &[secret], pattern))).collect();
        let runtimes = [Runtime { name: "agent".into(), arms, ..Runtime::default() }].into();
        Registry::new(RegistryDocument { providers, runtimes, ..RegistryDocument::default() })
            .expect("the document is valid")
    }

    /// A policy with the maximum number of keys. Each key injects one secret: the secret that
    /// `injected` gives for its index, or else `OTHER`.
    fn policy(injected: &[(usize, &str)], fallback: &str) -> Policy {
        let secret = |number| {
            let given = injected.iter().find(|(key, _)| *key == number);
            let inject = [given.map_or("OTHER", |(_, secret)| secret).to_owned()];
            SecretsRule::keyed(&format!("K{number}"), inject)
        };
        let on_platform = Condition::default().and("PATH", Test::Value(Membership::OneOf(vec!["p".into()])));
        let variable = |name: &str| Source::Variable(name.into());
        let text = |text: &str| Source::Text(text.into());
        let model = [
            PickRule::always("override", [variable("MODEL")]),
            PickRule::when("platform", on_platform.clone(), [variable("PM"), text("x")]),
            PickRule::always("fallback", [text(fallback)]),
        ];
        let secrets = [SecretsRule::platform(on_platform)].into_iter().chain((0..KEYS).map(secret)).collect();
        let mut document = PolicyDocument::new("mine", "RUNTIME", "");
        (document.model, document.secrets) = (model.into(), secrets);
        Policy::new(document).expect("the document is valid")
    }

    fn all_fixes(registry: &Registry, env: &Env<'_>) -> Vec<Vec<Edit>> {
        fixes(registry, "agent", env, &[]).into_iter().map(|fix| fix.edits).collect()
    }

    fn set(name: &str, value: &str) -> Edit {
        Edit::Set(name.into(), value.into())
    }

    #[test]
    fn fix_is_written_as_edits_and_what_they_select() {
        let fix = Fix {
            edits: vec![Edit::Unset("PATH".into()), set("MODEL", "m-1")],
            slug: "m-1".into(),
            provider: "acme".into(),
            runtime: None,
            is_safe: true,
        };
        assert_eq!(fix.to_string(), "unset PATH and set MODEL=m-1, which selects m-1 from acme");
        let other = Fix { edits: vec![set("AGENT", "b")], runtime: Some("b".into()), ..fix };
        let written = "set AGENT=b, which changes the runtime to b and selects m-1 from acme";
        assert_eq!(other.to_string(), written);
        assert_eq!(Code::MissingCredential.to_string(), "missing-credential");
        let provider =
            Provider::new("acme", AuthEnv::of_items([["KEY".to_owned()]]), Pattern::new("^m").expect("it is valid"));
        assert_eq!((provider.to_string(), provider.billing().to_string()), ("acme".into(), "byok".into()));
    }

    /// A hundred slugs with pairs of 64 keys make more sets than the limit, if every key counts.
    #[test]
    fn search_with_many_sets_stops_at_limit() {
        // More keys are needed than a fix has edits.
        let group = ["A", "B", "C", "OTHER"];
        let mut document = policy(&[(0, "A"), (1, "B"), (2, "C")], "x").document().clone();
        document.inject = InjectMode::Every;
        let policy = Policy::new(document).expect("the document is valid");
        let registry = registry(limits::FIX_SLUGS, &group, &[]);
        let env = Env::empty(&policy);
        let key = SlugKey {
            template: "agent".into(),
            slug: "x".into(),
            is_held: false,
            is_served: true,
            ambient: Vec::new(),
        };
        let slugs = Slugs::new(&registry, &policy, &key);
        let search = Search::run(&registry, "agent", &env, &[], (None, &slugs, None), KeyMoves::Accepted);
        assert_eq!((search.decisions, search.found.len()), (limits::FIX_DECISIONS, 0));
    }

    /// Secrets that the policies of the next two tests inject, but never both.
    const NEVER_TOGETHER: [&str; 2] = ["OTHER", "RIGHT"];

    // In the next two tests the only fix comes last. The search finds it only if it skips edits that
    // cannot help: trying even one of them would reach the limit first.

    #[test]
    fn search_skips_repeated_edits_and_platform_keys() {
        let closed = 30;
        let registry = {
            let mut document = registry(closed, &NEVER_TOGETHER, &[("RIGHT", "^mm$")]).document();
            document.runtimes[0].arms[closed].models = ["mm".into()].into();
            Registry::new(document).expect("the document is valid")
        };
        let policy = policy(&[(KEYS - 1, "RIGHT")], "x");
        let env = Env::read(&policy, [("PATH", "p"), ("MODEL", "bad")]);
        let edits = [set("MODEL", "mm"), Edit::Unset("PATH".into()), set("K63", "<RIGHT>")];
        assert_eq!(all_fixes(&registry, &env), [edits]);
    }

    #[test]
    fn search_skips_unused_platform_model_and_set_keys() {
        let registry = registry(6, &NEVER_TOGETHER, &[("RIGHT", "^mm$")]);
        let right: Vec<(usize, &str)> = (3..KEYS).map(|number| (number, "RIGHT")).collect();
        let policy = policy(&right, "mm");
        let all_set = policy.key_variables().fold(Env::empty(&policy), |env, key| env.with(key, "set"));
        let edits = ["K0", "K1", "K2"].map(|key| Edit::Unset(key.into()));
        assert_eq!(all_fixes(&registry, &all_set), [edits]);
    }
}
