//! The evaluation of one call: runs `resolve` on every environment that the call can have.

use std::collections::{BTreeMap, BTreeSet};

use slug_lines::query::for_named_runtime;
use slug_redact::{MASK, has_credential};
use slug_resolver::empty_keys::{self, fixes, resolve};
use slug_resolver::policy::{SecretsEffect, Test};
use slug_resolver::{
    BillingPath, Code, Edit, Env, Fix, Kind, Policy, Provider, Registry, Resolution, Variable, Warning,
    counting_secrets_rules, creates, explain, own_credential_fixes,
};

use crate::config::{Accept, AcceptCode};
use crate::invariant::Invariant;
use crate::render::resolution::hints;
use crate::render::shown;
use slug_value::slip::is_slip;
use slug_value::{ALTERNATIVES, AbstractValue, Text};
use slug_workflow::unexpanded::has_reference;

/// Maximum environments evaluated per call; above this the call is undecided.
pub const ENVIRONMENTS: usize = 4_096;

/// Maximum environments of one call for which hints are computed: as many as a value may have
/// alternatives.
const HINT_ENVIRONMENTS: usize = ALTERNATIVES;

/// The result of evaluating one call.
#[derive(Clone, Debug, PartialEq)]
pub enum CallVerdict {
    /// In every environment, the workspace comes online, is not created, or fails in a way that
    /// slugproof.yaml accepts.
    Fine {
        /// The accepted contradictions, by index of the accepting entry in slugproof.yaml.
        accepted: BTreeMap<usize, Failure>,
        /// The warning about another vendor's key, if it applies in every environment.
        cross_vendor: Option<Failure>,
    },
    /// The workspace fails in every environment, or in every environment with one of the runtimes that
    /// the policy lists.
    Fails(Failure),
    /// The result depends on values that are not known, for these reasons.
    Undecided(BTreeSet<String>),
}

/// A call that violates an invariant.
#[derive(Clone, Debug, PartialEq)]
pub enum Violated {
    /// In every environment; the resolution of the first.
    Always(Box<Failure>),
    /// It depends on values that are not known, for these reasons.
    Perhaps(BTreeSet<String>),
}

/// An owned copy of a resolution: a contradiction or a warning.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// The contradiction; None for a warning.
    pub code: Option<Code>,
    /// The runtime.
    pub runtime: String,
    /// The slug, verbatim.
    pub slug: String,
    /// Every code that the call may fail with, including `code`.
    pub codes: BTreeSet<Code>,
    /// Every runtime that the call may fail with, including `runtime`.
    pub runtimes: BTreeSet<String>,
    /// Every slug that the call may fail with, including `slug`.
    pub slugs: BTreeSet<String>,
    /// The rule that selected the slug, if one applied.
    pub rule: Option<String>,
    /// The variable that decided the slug.
    pub decided_by: Option<String>,
    /// The billing path.
    pub path: BillingPath,
    /// The variables that the rule for the platform path tests; if the path is the tenant's, the
    /// variables that any such rule compares with a value.
    pub path_by: Vec<String>,
    /// The names of the injected secrets.
    pub injected: Vec<String>,
    /// The variables that the rules for the injected secrets test, with the secrets of their rule.
    pub injected_by: Vec<(String, Vec<String>)>,
    /// True if another runtime could get another slug.
    pub depends_on_runtime: bool,
    /// The provider.
    pub provider: Option<String>,
    /// The credentials that the provider needs, in words; empty without a provider.
    pub needs: String,
    /// The outcome for the workspace, in words; empty without a contradiction.
    pub consequence: String,
    /// The names that are missing from groups of credentials of which a part is injected.
    pub missing: Vec<String>,
    /// The variables that are present and empty, and whose secrets the provider needs.
    pub empty_keys: Vec<String>,
    /// The available credentials that the provider accepts.
    pub accepted_by: Vec<String>,
    /// The variables that are set.
    pub set: Vec<String>,
    /// Hints about the probable intention.
    pub hints: Vec<String>,
    /// The fixes, best first.
    pub fixes: Vec<Fix>,
    /// The line of an entry of slugproof.yaml that would accept the contradiction if it counted for
    /// `lint`.
    pub unscoped_accept: Option<u64>,
}

impl Failure {
    /// Whether the provider accepts none of the injected secrets.
    #[must_use]
    pub fn lacks_key(&self) -> bool {
        matches!(self.code, Some(Code::MissingCredential | Code::WrongCredential))
    }
}

/// A slug that only a pattern matches and that is one slip away from a listed id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MisspeltSlug {
    /// The variable that gives the slug.
    pub variable: String,
    /// The slug.
    pub slug: String,
    /// The id that the runtime lists.
    pub listed: String,
    /// The provider whose pattern matches the slug.
    pub provider: String,
    /// The runtime.
    pub runtime: String,
}

/// Evaluates calls against a registry.
pub struct Evaluator<'a> {
    /// The registry.
    pub registry: &'a Registry,
    /// The contradictions that slugproof.yaml accepts.
    pub accept: &'a [Accept],
    /// The path of the workflow and the id of the job that make the calls.
    pub job: (&'a str, &'a str),
}

/// What happens in one environment of a call.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallAnswer {
    /// How it ends.
    pub result: CallResult,
    /// The runtime.
    pub runtime: String,
    /// The slug, masked if it looks like a credential; empty if it is not known.
    pub slug: String,
    /// The provider.
    pub provider: Option<String>,
    /// True if the platform pays the provider.
    pub is_platform: bool,
    /// The rule that picks the slug.
    pub rule: Option<String>,
    /// The variable that decides the slug.
    pub decided_by: Option<String>,
    /// True if the slug is the value of a variable that is set, and not a text of the policy.
    pub is_given: bool,
}

/// How an environment of a call ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CallResult {
    /// The workspace comes online.
    Online,
    /// The harness creates nothing.
    Nothing,
    /// slugproof.yaml accepts the contradiction or the warning.
    Accepted,
    /// It depends on a value that is not known.
    Unknown,
    /// The workspace fails.
    Fails(&'static str),
}

/// Represents a slug or runtime that is not known; no file can contain it.
const UNKNOWN: &str = "\u{0}";

/// The possible values of one variable.
#[derive(Clone, Debug)]
pub struct Possible {
    /// The values.
    pub text: Text,
    /// The meaning of an empty value.
    pub empty: Empty,
    /// The text that an outer `env` gives the variable and an inner `env` replaces.
    pub hidden: Option<String>,
}

/// The meaning of an empty value. It matters only for variables that the policy lists in
/// `empty_is_set`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Empty {
    /// The variable is unset.
    Unset,
    /// The variable is present and empty.
    Present,
    /// It is not known which of the two.
    Either,
}

impl From<Text> for Possible {
    fn from(text: Text) -> Self {
        Self { text, empty: Empty::Unset, hidden: None }
    }
}

impl Evaluator<'_> {
    /// Evaluates a call from the possible values of each variable of the policy.
    ///
    /// If no rule of the policy picks the runtime, the call is evaluated with each runtime that the
    /// policy lists, and fails if it fails with one of them. If the policy lists none, the call is
    /// evaluated with every runtime of the registry, and fails only if it fails with all of them.
    #[must_use]
    pub fn evaluate<V: Into<Possible>>(&self, policy: &Policy, value: impl Fn(&str) -> V) -> CallVerdict {
        let space = Space::new(self.registry, policy, value);
        let count = space.len();
        if count > ENVIRONMENTS {
            return CallVerdict::Undecided(BTreeSet::from([format!(
                "more than {ENVIRONMENTS} environments are possible"
            )]));
        }
        let outcomes: Vec<Outcome> = (0..count).map(|number| self.outcome(&space, number)).collect();
        let is_fine = |outcome: &Outcome| !matches!(outcome, Outcome::Fails(..) | Outcome::Unknown(_));
        if outcomes.iter().all(is_fine) {
            return self.fine(&space, &outcomes);
        }
        // Each runtime that the policy lists is evaluated on its own.
        let size = if policy.document().runtimes.is_empty() { count } else { space.environments() };
        let fails =
            |first: &usize| outcomes[*first..first + size].iter().all(|outcome| matches!(outcome, Outcome::Fails(..)));
        let failing: Vec<usize> =
            (0..count).step_by(size).filter(fails).flat_map(|first| first..first + size).collect();
        if !failing.is_empty() {
            return CallVerdict::Fails(self.common_failure(&space, &outcomes, &failing));
        }
        let mut why = reasons(&space, &outcomes);
        // Name one failure that is known, although other environments do not fail.
        let failure = if space.has_dependent_values() { &[][..] } else { outcomes.as_slice() };
        let failure = failure.iter().enumerate().find_map(|(number, outcome)| match outcome {
            Outcome::Fails(code, slug) => Some((number, code, slug)),
            _ => None,
        });
        why.extend(failure.map(|(number, code, slug)| {
            let on = match space.runtimes.is_empty() {
                true => String::new(),
                false => format!(" on runtime {}", shown(space.point(number).runtime)),
            };
            let to = if slug.is_empty() { "no model".to_owned() } else { shown(slug) };
            format!("one possible result is {to}{on}, which would fail with `{}`", code.as_str())
        }));
        CallVerdict::Undecided(why)
    }

    /// Whether the environments of a call violate an invariant: `None` if none does.
    #[must_use]
    pub fn violation<V: Into<Possible>>(
        &self,
        policy: &Policy,
        value: impl Fn(&str) -> V,
        invariant: &Invariant,
    ) -> Option<Violated> {
        let mut space = Space::new(self.registry, policy, value);
        invariant.tested_values().for_each(|(name, values)| space.tell_apart(name, values));
        let count = space.len();
        if count > ENVIRONMENTS {
            let reason = format!("more than {ENVIRONMENTS} environments are possible");
            return Some(Violated::Perhaps(BTreeSet::from([reason])));
        }
        let violates = |number: usize| {
            let Point { runtime, given, .. } = space.point(number);
            let resolution = resolve(self.registry, runtime, &given, &[]);
            let is_unknown = runtime == UNKNOWN || resolution.slug.contains(UNKNOWN);
            if is_unknown {
                Outcome::Unknown(resolution.decided_by.unwrap_or_default().to_owned())
            } else {
                Outcome::Coherent(invariant.is_violated(&given, &resolution))
            }
        };
        let outcomes: Vec<Outcome> = (0..count).map(violates).collect();
        let is_violated = |outcome: &Outcome| *outcome == Outcome::Coherent(true);
        match outcomes.iter().position(is_violated) {
            Some(first) if outcomes.iter().all(is_violated) => {
                let mut failure = self.failure(&space, first);
                for number in 0..count {
                    let Point { runtime, given, .. } = space.point(number);
                    failure.slugs.insert(masked(resolve(self.registry, runtime, &given, &[]).slug).to_owned());
                }
                Some(Violated::Always(Box::new(failure)))
            }
            None if !outcomes.iter().any(|outcome| matches!(outcome, Outcome::Unknown(_))) => None,
            _ => Some(Violated::Perhaps(reasons(&space, &outcomes))),
        }
    }

    /// What happens in each environment of a call, with a text that identifies the environment; `None` if there
    /// are too many.
    #[must_use]
    pub fn answers<V: Into<Possible>>(
        &self,
        policy: &Policy,
        value: impl Fn(&str) -> V,
    ) -> Option<Vec<(String, CallAnswer)>> {
        let space = Space::new(self.registry, policy, value);
        let count = space.len();
        let answer = |number: usize| {
            let Point { runtime, env, .. } = space.point(number);
            let resolution = resolve(self.registry, runtime, &env, &[]);
            let result = match self.outcome(&space, number) {
                Outcome::Coherent(_) => CallResult::Online,
                Outcome::Accepted(_) => CallResult::Accepted,
                Outcome::Fails(code, _) => CallResult::Fails(code.as_str()),
                Outcome::Unknown(_) => CallResult::Unknown,
                Outcome::Nothing => CallResult::Nothing,
            };
            let is_known = !matches!(result, CallResult::Unknown | CallResult::Nothing);
            let provider = resolution.provider.filter(|_| is_known);
            let answer = CallAnswer {
                result,
                runtime: if runtime == UNKNOWN { String::new() } else { runtime.to_owned() },
                slug: if is_known { masked(resolution.slug).to_owned() } else { String::new() },
                provider: provider.map(|provider| provider.name.clone()),
                is_platform: provider.is_some_and(Provider::is_platform),
                rule: resolution.rule.map(str::to_owned),
                decided_by: resolution.decided_by.map(str::to_owned),
                is_given: resolution.decided_by.and_then(|name| policy.variable(name)).is_some_and(|variable| {
                    policy.is_slug_variable(variable)
                        && env.is_set(variable)
                        && env.text(variable) == Some(resolution.slug)
                }),
            };
            let values = space.values(number).map(|(variable, value)| {
                let value = value.map_or(String::new(), |value| format!("={value}"));
                format!("\u{1}{}{value}", policy.variable_name(variable))
            });
            (format!("{runtime}{}", values.collect::<String>()), answer)
        };
        (count <= ENVIRONMENTS).then(|| (0..count).map(answer).collect())
    }

    fn fine(&self, space: &Space<'_>, outcomes: &[Outcome]) -> CallVerdict {
        let mut accepted = BTreeMap::new();
        for (number, outcome) in outcomes.iter().enumerate() {
            if let Outcome::Accepted(entry) = outcome {
                accepted.entry(*entry).or_insert_with(|| self.failure(space, number));
            }
        }
        let crosses = outcomes.iter().all(|outcome| match outcome {
            Outcome::Coherent(true) | Outcome::Nothing => true,
            Outcome::Accepted(entry) => self.accept[*entry].code == AcceptCode::CrossVendor,
            _ => false,
        });
        let first = outcomes.iter().position(|outcome| *outcome == Outcome::Coherent(true));
        let cross_vendor = first.filter(|_| crosses).map(|first| {
            let mut failure = self.failure(space, first);
            failure.hints.extend(self.own_keys(space, first));
            let crossing = (0..outcomes.len()).filter(|number| outcomes[*number] == Outcome::Coherent(true));
            for number in crossing.skip(1).take(HINT_ENVIRONMENTS) {
                let others = self.own_keys(space, number);
                failure.hints.retain(|hint| others.contains(hint));
            }
            failure
        });
        CallVerdict::Fine { accepted, cross_vendor }
    }

    /// The set variables that change nothing in any environment of a call.
    #[must_use]
    pub fn shadowed<V: Into<Possible>>(&self, policy: &Policy, value: impl Fn(&str) -> V) -> BTreeSet<String> {
        let space = Space::new(self.registry, policy, value);
        let count = space.len();
        let shadowed = |number: usize| -> Option<BTreeSet<String>> {
            let Point { runtime, env, given } = space.point(number);
            let resolution = resolve(self.registry, runtime, &env, &[]);
            let is_created = resolution.verdict != Kind::Nothing;
            let shadowed = || for_named_runtime(resolution, &given).shadowed;
            is_created.then(|| shadowed().iter().map(str::to_owned).collect())
        };
        let all = (0..count).take(ENVIRONMENTS).filter_map(shadowed);
        all.reduce(|some, others| &some & &others).filter(|_| count <= ENVIRONMENTS).unwrap_or_default()
    }

    /// The slugs that a variable gives to a call and that only a pattern matches, if their runtime lists an
    /// id that is one slip away. `is_listed` says whether any runtime lists an id; such an id is right.
    #[must_use]
    pub fn misspelt_slugs<V: Into<Possible>>(
        &self,
        policy: &Policy,
        value: impl Fn(&str) -> V,
        is_listed: impl Fn(&str) -> bool,
    ) -> Vec<MisspeltSlug> {
        let space = Space::new(self.registry, policy, value);
        let count = space.len();
        if count > ENVIRONMENTS || !space.gives_text(|text| !is_listed(text.trim())) {
            return Vec::new();
        }
        let mut found: Vec<MisspeltSlug> = Vec::new();
        for number in 0..count {
            let Point { runtime, env, .. } = space.point(number);
            let resolution = resolve(self.registry, runtime, &env, &[]);
            let slug = resolution.slug.trim();
            let (Some(provider), Some(name)) = (resolution.provider, resolution.decided_by) else { continue };
            let is_given = policy.variable(name).and_then(|variable| env.text(variable)) == Some(resolution.slug);
            let is_known = found.iter().any(|known| known.slug == slug && known.variable == name);
            if !is_given || is_known || is_listed(slug) || has_credential(slug) {
                continue;
            }
            let Some(of_runtime) = self.registry.runtime(policy.template_of(runtime)) else { continue };
            let mut listed = of_runtime.arms.iter().flat_map(|arm| &arm.models);
            if let Some(listed) = listed.find(|id| is_slip(slug, id)) {
                found.push(MisspeltSlug {
                    variable: name.to_owned(),
                    slug: slug.to_owned(),
                    listed: listed.clone(),
                    provider: provider.name.clone(),
                    runtime: runtime.to_owned(),
                });
            }
        }
        found
    }

    /// Hints that replace another vendor's key by keys of the provider: the key variables to set, and the
    /// one to unset if its rule would still come first. The environment must send another vendor's key.
    fn own_keys(&self, space: &Space<'_>, number: usize) -> Vec<String> {
        let Point { runtime, env, .. } = space.point(number);
        let edit = |edit: &Edit| match edit {
            Edit::Set(name, _) => format!("set {name}"),
            Edit::Unset(name) => format!("unset {name}"),
        };
        let hint = |fix: &Fix| {
            let edits: Vec<String> = fix.edits.iter().map(edit).collect();
            format!("{}, so that {} gets a key of its own", edits.join(" and "), fix.provider)
        };
        own_credential_fixes(self.registry, runtime, &env, &[]).iter().map(hint).collect()
    }

    fn outcome(&self, space: &Space<'_>, number: usize) -> Outcome {
        let Point { runtime, env, given } = space.point(number);
        let policy = space.policy;
        if runtime == UNKNOWN {
            // The runtime may be one that conditions name.
            let creates = policy.runtimes().chain([runtime]).any(|runtime| creates(runtime, &env));
            let is_unknown = |variable: &Variable| given.text(*variable) == Some(UNKNOWN);
            let variable = policy.runtime_variables().find(is_unknown);
            let name = variable.map(|variable| policy.variable_name(variable)).unwrap_or_default();
            return if creates { Outcome::Unknown(name.to_owned()) } else { Outcome::Nothing };
        }
        let resolution = resolve(self.registry, runtime, &env, &[]);
        match resolution.code {
            _ if resolution.verdict == Kind::Nothing => Outcome::Nothing,
            _ if resolution.slug.contains(UNKNOWN) => {
                Outcome::Unknown(resolution.decided_by.unwrap_or_default().to_owned())
            }
            None if resolution.warnings.contains(Warning::CrossVendorCredential) => {
                let accepted = self.accepted(policy, &resolution, AcceptCode::CrossVendor, &env);
                accepted.map_or(Outcome::Coherent(true), Outcome::Accepted)
            }
            None => Outcome::Coherent(false),
            Some(code) => match self.accepted(policy, &resolution, code.into(), &env) {
                Some(entry) => Outcome::Accepted(entry),
                None => Outcome::Fails(code, resolution.slug.to_owned()),
            },
        }
    }

    /// The fix that gives an empty variable for the model the text that an outer `env` gives it.
    fn hidden_text_fix(&self, space: &Space<'_>, number: usize) -> Option<Fix> {
        let point = space.point(number);
        space.variables.iter().find_map(|(variable, possible)| {
            let text = possible.hidden.as_ref().filter(|text| !has_credential(text))?;
            let is_empty = space.policy.is_slug_variable(*variable) && !point.given.is_set(*variable);
            let name = space.policy.variable_name(*variable).to_owned();
            let fix = Fix {
                edits: vec![Edit::Set(name, text.clone())],
                slug: text.clone(),
                provider: String::new(),
                runtime: None,
                is_safe: true,
            };
            let provider = {
                let (runtime, env) = space.edited(&fix, &point);
                let after = resolve(self.registry, runtime, &env, &[]);
                let is_same = runtime == point.runtime && after.slug == text && after.is_coherent();
                after.provider.filter(|_| is_empty && is_same)?.name.clone()
            };
            Some(Fix { provider, ..fix })
        })
    }

    /// The index of the entry of slugproof.yaml that accepts a contradiction.
    fn accepted(&self, policy: &Policy, resolution: &Resolution<'_>, code: AcceptCode, env: &Env<'_>) -> Option<usize> {
        let (workflow, job) = self.job;
        let covers = |entry: &Accept| covers(entry, policy, resolution.runtime, code, env);
        self.accept.iter().position(|entry| entry.is_for_job(workflow, job) && covers(entry))
    }

    /// The failure of the first failing environment, with the codes, runtimes and slugs of all
    /// failing environments and the fixes and hints that apply to all. A fix must not break any
    /// other environment.
    fn common_failure(&self, space: &Space<'_>, outcomes: &[Outcome], failing: &[usize]) -> Failure {
        let mut failure = self.failure(space, failing[0]);
        let mut distinct = BTreeMap::new();
        for &number in failing {
            let point = space.point(number);
            failure.fixes.retain(|fix| self.resolves(fix, space, &point));
            failure.runtimes.insert(point.runtime.to_owned());
            let outcome = &outcomes[number];
            if let Outcome::Fails(code, slug) = outcome {
                failure.codes.insert(*code);
                failure.slugs.insert(masked(slug).to_owned());
            }
            // Hints depend only on these values. Counting rules of the same numbers inject the same secrets.
            let secrets = counting_secrets_rules(point.runtime, &point.env);
            distinct.insert((point.runtime, outcome, compared_texts(&point.env), secrets), point.env);
        }
        let others = (0..outcomes.len()).filter(|number| !failing.contains(number));
        for point in others.map(|number| space.point(number)) {
            failure.fixes.retain(|fix| !self.spoils(fix, space, &point));
        }
        for ((runtime, ..), env) in distinct.into_iter().take(HINT_ENVIRONMENTS) {
            let others = hints(self.registry, &env, &resolve(self.registry, runtime, &env, &[]));
            failure.hints.retain(|hint| others.contains(hint));
        }
        failure
    }

    /// True if a fix leads to the slug and provider that it names.
    fn resolves(&self, fix: &Fix, space: &Space<'_>, point: &Point<'_>) -> bool {
        let (runtime, env) = space.edited(fix, point);
        let fixed = resolve(self.registry, runtime, &env, &[]);
        let provider = fixed.provider.map(|provider| provider.name.as_str());
        fixed.is_coherent() && fixed.slug == fix.slug && provider == Some(&*fix.provider)
    }

    /// True if a fix of another environment leads to a contradiction in this one.
    fn spoils(&self, fix: &Fix, space: &Space<'_>, point: &Point<'_>) -> bool {
        let (runtime, env) = space.edited(fix, point);
        resolve(self.registry, runtime, &env, &[]).is_contradiction()
            && !resolve(self.registry, point.runtime, &point.env, &[]).is_contradiction()
    }

    fn failure(&self, space: &Space<'_>, number: usize) -> Failure {
        let Point { runtime, env, given } = space.point(number);
        let policy = space.policy;
        let resolution = resolve(self.registry, runtime, &env, &[]);
        let slug = masked(resolution.slug);
        let empty_keys: Vec<String> = empty_keys::needed(&resolution, &env, &[]).iter().map(str::to_owned).collect();
        let code = resolution.code;
        let injected_by = injected_by(runtime, &env);
        let is_empty_key = |name: &str| {
            let mut rules = injected_by.iter().filter(|(_, secrets)| secrets.iter().any(|secret| secret == name));
            !empty_keys.is_empty() && rules.all(|(variable, _)| empty_keys.contains(variable))
        };
        let injected: Vec<String> =
            resolution.injected.iter().filter(|name| !is_empty_key(name)).map(str::to_owned).collect();
        let missing = resolution.provider.into_iter().flat_map(|provider| explain::missing(provider, &injected));
        let missing = missing.map(str::to_owned).collect();
        let mut fixes = fixes(self.registry, runtime, &given, &[]);
        fixes = with_hidden_text(fixes, self.hidden_text_fix(space, number));
        if has_credential(resolution.slug) || !can_be_id(resolution.slug) {
            // Another spelling would repeat the credential or the wrong text.
            fixes.retain(|fix| !fix.slug.contains(resolution.slug.trim()));
        }
        Failure {
            code,
            runtime: runtime.to_owned(),
            slug: slug.to_owned(),
            codes: code.into_iter().collect(),
            runtimes: BTreeSet::from([runtime.to_owned()]),
            slugs: BTreeSet::from([slug.to_owned()]),
            rule: resolution.rule.map(str::to_owned),
            decided_by: resolution.decided_by.map(str::to_owned),
            path: resolution.path,
            path_by: path_by(resolution.path, runtime, &env),
            injected_by,
            injected,
            depends_on_runtime: depends_on_runtime(policy, resolution.rule),
            provider: resolution.provider.map(|provider| provider.name.clone()),
            needs: resolution.provider.map(explain::needs).unwrap_or_default(),
            consequence: code.map(|code| explain::consequence(self.registry, code)).unwrap_or_default(),
            missing,
            empty_keys,
            accepted_by: resolution.accepted_by.iter().map(str::to_owned).collect(),
            set: env.set_variables().map(|variable| policy.variable_name(variable).to_owned()).collect(),
            hints: hints(self.registry, &env, &resolution),
            unscoped_accept: {
                let code = code.map_or(AcceptCode::CrossVendor, AcceptCode::from);
                let mut unscoped = self.accept.iter().filter(|entry| !entry.is_scoped());
                unscoped.find(|entry| covers(entry, policy, runtime, code, &env)).map(|entry| entry.line)
            },
            fixes,
        }
    }
}

/// True unless a text has a reference, quotes, angle brackets or white space in it, which no id of a model has.
fn can_be_id(slug: &str) -> bool {
    let is_foreign = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '<' | '>');
    !slug.trim().contains(is_foreign) && !has_reference(slug)
}

/// Fixes with one that comes first, in place of the fix that sets the same variable.
fn with_hidden_text(fixes: Vec<Fix>, first: Option<Fix>) -> Vec<Fix> {
    let Some(first) = first else { return fixes };
    let replaced = |fix: &Fix| matches!((&*fix.edits, &*first.edits), ([Edit::Set(a, _)], [Edit::Set(b, _)]) if a == b);
    let others: Vec<Fix> = fixes.into_iter().filter(|fix| !replaced(fix)).collect();
    [first].into_iter().chain(others).collect()
}

/// True if a fix leads to a contradiction in an environment of a call that has none; with
/// `keeps_model`, also if it leads to another slug or provider.
#[must_use]
pub fn spoils_call(
    registry: &Registry,
    policy: &Policy,
    value: impl Fn(&str) -> Possible,
    fix: &Fix,
    keeps_model: bool,
) -> bool {
    let space = Space::new(registry, policy, value);
    space.any(|point| {
        let (runtime, env) = space.edited(fix, point);
        let before = resolve(registry, point.runtime, &point.env, &[]);
        let after = resolve(registry, runtime, &env, &[]);
        let name = |resolution: &Resolution<'_>| resolution.provider.map(|provider| provider.name.clone());
        let is_other = after.slug != before.slug || name(&after) != name(&before);
        !before.is_contradiction() && (after.is_contradiction() || keeps_model && is_other)
    })
}

/// True if a fix leads to no contradiction in any environment of a call.
#[must_use]
pub fn resolves_call(registry: &Registry, policy: &Policy, value: impl Fn(&str) -> Possible, fix: &Fix) -> bool {
    let space = Space::new(registry, policy, value);
    !space.any(|point| {
        let (runtime, env) = space.edited(fix, point);
        resolve(registry, runtime, &env, &[]).is_contradiction()
    })
}

/// True if an entry of slugproof.yaml covers a contradiction, whether it counts for `lint` or not.
fn covers(entry: &Accept, policy: &Policy, runtime: &str, code: AcceptCode, env: &Env<'_>) -> bool {
    let is_set = |name: &str| policy.variable(name).is_some_and(|variable| env.is_set(variable));
    entry.covers(policy.name(), runtime, code, is_set)
}

/// The variables that explain the path: see [`Failure::path_by`].
fn path_by(path: BillingPath, runtime: &str, env: &Env<'_>) -> Vec<String> {
    let rules = &env.policy().document().secrets;
    let mut names = Vec::new();
    let of_platform = |index: &usize| rules[*index].effect == SecretsEffect::Platform;
    let counting = counting_secrets_rules(runtime, env).into_iter().find(of_platform);
    for (index, rule) in rules.iter().enumerate().filter(|(index, _)| of_platform(index)) {
        for (name, test) in rule.condition().variables {
            let explains = match path {
                BillingPath::Platform => counting == Some(index),
                BillingPath::Byok => rule.when.admits(runtime) && matches!(test, Test::Value(_) | Test::Host(_)),
            };
            if explains && !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names
}

/// The variables that the rules for the injected secrets test, with the secrets of their rule.
fn injected_by(runtime: &str, env: &Env<'_>) -> Vec<(String, Vec<String>)> {
    let rules = &env.policy().document().secrets;
    let counting = counting_secrets_rules(runtime, env).into_iter().map(|index| &rules[index]);
    let tested = |test: &Test| *test != Test::Unset;
    counting
        .filter(|rule| !rule.injected().is_empty())
        .flat_map(|rule| {
            let tests = rule.condition().variables.into_iter().filter(|(_, test)| tested(test));
            tests.map(|(name, _)| (name, rule.injected().to_vec()))
        })
        .collect()
}

/// True if a rule for the model depends on the runtime: the one that applied, or one before it.
fn depends_on_runtime(policy: &Policy, rule: Option<&str>) -> bool {
    let end = rule.and_then(|rule| policy.model_labels().position(|label| label == rule));
    let rules = policy.document().model.iter();
    rules.take(end.map_or(usize::MAX, |end| end + 1)).any(|rule| rule.when.runtime.is_some())
}

/// The values of the variables that conditions compare.
fn compared_texts<'a>(env: &Env<'a>) -> Vec<Option<&'a str>> {
    let policy = env.policy();
    let is_compared = |variable: &Variable| !policy.value_classes(*variable).texts.is_empty();
    policy.all_variables().filter(is_compared).map(|variable| env.text(variable)).collect()
}

/// The slug, masked if it looks like a credential that was put in the wrong variable.
fn masked(slug: &str) -> &str {
    if has_credential(slug) { MASK } else { slug }
}

/// The outcome of one environment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    /// No contradiction; true if another vendor's key would be sent.
    Coherent(bool),
    /// A contradiction or a warning that this entry of slugproof.yaml accepts.
    Accepted(usize),
    /// A contradiction, and the slug.
    Fails(Code, String),
    /// The runtime or the slug is the unknown value of this variable.
    Unknown(String),
    /// The harness creates nothing.
    Nothing,
}

/// The representative values of a variable; `None` for unset. For a secret, only its presence
/// counts; any other value stands for its class.
fn options(policy: &Policy, variable: Variable, possible: &Possible) -> Vec<Option<String>> {
    let mut options = Vec::new();
    let add_empty = |options: &mut Vec<Option<String>>| {
        let counts = policy.is_set_if_empty(variable);
        if !counts || possible.empty != Empty::Present {
            options.push(None);
        }
        if counts && possible.empty != Empty::Unset {
            options.push(Some(String::new()));
        }
    };
    match &possible.text.values {
        AbstractValue::OneOf(texts) => {
            for text in texts {
                match text.as_str() {
                    "" => add_empty(&mut options),
                    _ if policy.is_key(variable) => options.push(Some("set".to_owned())),
                    text => options.push(Some(text.to_owned())),
                }
            }
        }
        unknown => {
            if *unknown == AbstractValue::Any {
                add_empty(&mut options);
            }
            let classes = policy.value_classes(variable);
            match policy.is_key(variable) {
                true => options.push(Some("set".to_owned())),
                false => options.push(Some(UNKNOWN.to_owned())),
            }
            options.extend(classes.texts.into_iter().map(Some));
            options.extend(classes.hosts.iter().map(|host| Some(format!("https://{host}/{UNKNOWN}"))));
        }
    }
    if policy.is_key(variable) {
        for option in options.iter_mut().flatten().filter(|option| !option.is_empty()) {
            "set".clone_into(option);
        }
        options.sort();
    }
    options.dedup();
    options
}

/// Every environment that a call can have.
struct Space<'a> {
    policy: &'a Policy,
    variables: Vec<(Variable, Possible)>,
    /// The representative values of each variable.
    options: Vec<Vec<Option<String>>>,
    /// The runtimes to evaluate; empty if a rule of the policy picks the runtime.
    runtimes: Vec<&'a str>,
}

/// One environment of a call.
struct Point<'a> {
    runtime: &'a str,
    /// The environment without the variables that only name the runtime.
    env: Env<'a>,
    /// The whole environment.
    given: Env<'a>,
}

impl<'a> Space<'a> {
    /// The environments of a call, from the possible values of each variable of the policy.
    fn new<V: Into<Possible>>(registry: &'a Registry, policy: &'a Policy, value: impl Fn(&str) -> V) -> Self {
        let variables: Vec<(Variable, Possible)> =
            policy.all_variables().map(|variable| (variable, value(policy.variable_name(variable)).into())).collect();
        let options = variables.iter().map(|(variable, possible)| options(policy, *variable, possible)).collect();
        let document = policy.document();
        let runtimes = match (document.runtime.as_slice(), document.runtimes.as_slice()) {
            ([], []) => registry.runtimes().iter().map(|runtime| runtime.name.as_str()).collect(),
            ([], listed) => listed.iter().map(String::as_str).collect(),
            _ => Vec::new(),
        };
        Self { policy, variables, options, runtimes }
    }

    /// Adds values of a variable to its representative values, if its value is not known: the policy may
    /// treat them as it treats others.
    fn tell_apart(&mut self, name: &str, values: Vec<String>) {
        let policy = self.policy;
        let is_open = |(variable, possible): &(Variable, Possible)| {
            let is_known = matches!(possible.text.values, AbstractValue::OneOf(_));
            policy.variable_name(*variable) == name && !is_known && !policy.is_key(*variable)
        };
        let both = self.variables.iter().zip(&mut self.options);
        for (_, options) in both.filter(|(variable, _)| is_open(variable)) {
            for value in values.iter().filter(|value| !value.is_empty()) {
                if !options.iter().any(|option| option.as_ref() == Some(value)) {
                    options.push(Some(value.clone()));
                }
            }
        }
    }

    /// The number of environments, with each runtime.
    fn len(&self) -> usize {
        self.environments().saturating_mul(self.runtimes.len().max(1))
    }

    /// The number of environments with one runtime.
    fn environments(&self) -> usize {
        self.options.iter().fold(1, |count: usize, options| count.saturating_mul(options.len()))
    }

    /// True if one unknown value decides several variables: some of the environments may then be impossible.
    fn has_dependent_values(&self) -> bool {
        let several = self.variables.iter().zip(&self.options).filter(|(_, options)| options.len() > 1);
        let mut reasons = BTreeSet::new();
        !several.flat_map(|((_, possible), _)| &possible.text.reasons).all(|reason| reasons.insert(reason))
    }

    /// True if `is` holds for one of the environments, or if there are more than [`ENVIRONMENTS`].
    fn any(&self, is: impl Fn(&Point<'_>) -> bool) -> bool {
        let count = self.len();
        count > ENVIRONMENTS || (0..count).any(|number| is(&self.point(number)))
    }

    /// True if a variable that can give the slug has a known value with a property.
    fn gives_text(&self, has: impl Fn(&str) -> bool) -> bool {
        let is_slug = |variable: Variable| self.policy.is_slug_variable(variable);
        let texts = self.variables.iter().zip(&self.options).filter(|((variable, _), _)| is_slug(*variable));
        texts.flat_map(|(_, options)| options.iter().flatten()).any(|text| !text.is_empty() && has(text))
    }

    /// The variables and their values in the environment with a number: a digit of the number for
    /// each variable.
    fn values(&self, number: usize) -> impl Iterator<Item = (Variable, Option<&str>)> {
        self.variables.iter().zip(&self.options).scan(number, |rest, ((variable, _), options)| {
            let value = options[*rest % options.len()].as_deref();
            *rest /= options.len();
            Some((*variable, value))
        })
    }

    /// The environment with a number in the product of all options, then of all runtimes.
    fn point(&self, number: usize) -> Point<'_> {
        let mut given = Env::empty(self.policy);
        for (variable, value) in self.values(number) {
            if let Some(value) = value {
                given = given.with(variable, value);
            }
        }
        let runtime = self.runtimes.get(number / self.environments());
        let runtime = runtime.copied().or(given.runtime()).unwrap_or_default();
        Point { runtime, env: given.without_runtime(), given }
    }

    /// The runtime and the environment after the edits of a fix.
    fn edited<'f>(&self, fix: &'f Fix, point: &Point<'f>) -> (&'f str, Env<'f>) {
        let policy = point.given.policy();
        let edited = fix.edits.iter().fold(point.given, |env, edit| match (policy.variable(edit.variable()), edit) {
            (Some(variable), Edit::Set(_, value)) => env.with(variable, value),
            (Some(variable), Edit::Unset(_)) => env.without(variable),
            (None, _) => env,
        });
        let runtime = if self.runtimes.is_empty() { edited.runtime().unwrap_or_default() } else { point.runtime };
        (runtime, edited.without_runtime())
    }
}

/// The reasons why outcomes differ: those of the variables that make a difference.
fn reasons(space: &Space<'_>, outcomes: &[Outcome]) -> BTreeSet<String> {
    let mut reasons = BTreeSet::new();
    let mut stride = 1;
    for ((variable, possible), options) in space.variables.iter().zip(&space.options) {
        let name = space.policy.variable_name(*variable);
        let matters = |(number, outcome): (usize, &Outcome)| {
            let first = number - (number / stride % options.len()) * stride;
            *outcome != outcomes[first] || matches!(outcome, Outcome::Unknown(unknown) if unknown == name)
        };
        if outcomes.iter().enumerate().any(matters) {
            reasons.extend(possible.text.reasons.iter().cloned());
        }
        stride *= options.len();
    }
    let is_any_runtime = !space.runtimes.is_empty() && space.policy.document().runtimes.is_empty();
    if is_any_runtime && outcomes.iter().enumerate().any(|(number, outcome)| *outcome != outcomes[number % stride]) {
        let policy = space.policy.name();
        reasons.insert(format!("policy `{policy}` does not say which runtime is used; list it in `runtimes`"));
    }
    reasons
}

pub mod comparison;

#[cfg(test)]
mod tests;
