//! The evaluation of one call: runs `resolve` on every environment that the call can have.

use std::collections::{BTreeMap, BTreeSet};

use slug_resolver::{
    BillingPath, Code, Edit, Env, Fix, Policy, Registry, Resolution, Rule, Variable, Warning, explain, fixes, resolve,
};

use crate::config::Accept;
use crate::redact::{MASK, is_credential};
use crate::render::resolution::hints;
use crate::render::shown;
use slug_value::{ALTERNATIVES, AbstractValue, Text};

/// Maximum environments evaluated per call; above this the call is undecided.
pub const ENVIRONMENTS: usize = 4_096;

/// Maximum environments of one call for which hints are computed: as many as a value may have
/// alternatives.
const HINT_ENVIRONMENTS: usize = ALTERNATIVES;

/// The result of evaluating one call.
#[derive(Clone, Debug, PartialEq)]
pub enum CallVerdict {
    /// In every environment it comes online, or fails in a way that slugproof.yaml accepts.
    Fine {
        /// The accepted contradictions, by index of the accepting entry in slugproof.yaml.
        accepted: BTreeMap<usize, Failure>,
        /// The warning about another vendor's key, if it applies in every environment.
        cross_vendor: Option<Failure>,
    },
    /// It fails in every environment.
    Fails(Failure),
    /// The result depends on values that are not known, for these reasons.
    Undecided(BTreeSet<String>),
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
    /// Every code that it may fail with, including `code`.
    pub codes: BTreeSet<Code>,
    /// Every runtime that it may fail with, including `runtime`.
    pub runtimes: BTreeSet<String>,
    /// Every slug that it may fail with, including `slug`.
    pub slugs: BTreeSet<String>,
    /// The rule that selected the slug.
    pub rule: Rule,
    /// The variable that decided.
    pub decided_by: Option<String>,
    /// The billing path.
    pub path: BillingPath,
    /// The names of the injected secrets.
    pub injected: Vec<String>,
    /// The provider.
    pub provider: Option<String>,
    /// The credentials that the provider needs, in words; empty without a provider.
    pub needs: String,
    /// The credentials that are missing beside injected ones that belong to them.
    pub missing: Vec<String>,
    /// The needed variables that are present.
    pub accepted_by: Vec<String>,
    /// The variables that are set.
    pub set: Vec<String>,
    /// Hints about the probable intention.
    pub hints: Vec<String>,
    /// The fixes, smallest first.
    pub fixes: Vec<Fix>,
}

/// Evaluates calls against a registry.
pub struct Evaluator<'a> {
    /// The registry.
    pub registry: &'a Registry,
    /// The contradictions that slugproof.yaml accepts.
    pub accept: &'a [Accept],
}

/// Represents a slug or runtime that is not known; no file can contain it.
const UNKNOWN: &str = "\u{0}";

impl Evaluator<'_> {
    /// Evaluates a call from the possible values of each variable of the policy.
    #[must_use]
    pub fn evaluate(&self, policy: &Policy, value: impl Fn(&str) -> Text) -> CallVerdict {
        let variables: Vec<(Variable, Text)> =
            policy.all_variables().map(|variable| (variable, value(policy.variable_name(variable)))).collect();
        let options: Vec<Vec<String>> =
            variables.iter().map(|(variable, text)| options(policy, *variable, text)).collect();
        let count = options.iter().fold(1_usize, |count, options| count.saturating_mul(options.len()));
        if count > ENVIRONMENTS {
            return CallVerdict::Undecided(BTreeSet::from([format!(
                "more than {ENVIRONMENTS} environments are possible"
            )]));
        }
        let outcomes: Vec<Outcome> =
            (0..count).map(|number| self.outcome(policy, &variables, &options, number)).collect();
        let all = |predicate: fn(&Outcome) -> bool| outcomes.iter().all(predicate);
        if all(|outcome| matches!(outcome, Outcome::Coherent(_) | Outcome::Accepted(_))) {
            return self.fine(policy, &variables, &options, &outcomes);
        }
        if all(|outcome| matches!(outcome, Outcome::Fails(..))) {
            return CallVerdict::Fails(self.common_failure(policy, &variables, &options, &outcomes));
        }
        let mut why = reasons(policy, &variables, &options, &outcomes);
        // Name one failure that is known, although other environments do not fail.
        let failing = outcomes.iter().filter_map(|outcome| match outcome {
            Outcome::Fails(code, slug) => Some((code, slug)),
            _ => None,
        });
        why.extend(
            failing
                .take(1)
                .map(|(code, slug)| format!("it can resolve to {}, which fails with `{}`", shown(slug), code.as_str())),
        );
        CallVerdict::Undecided(why)
    }

    fn fine(
        &self,
        policy: &Policy,
        variables: &[(Variable, Text)],
        options: &[Vec<String>],
        outcomes: &[Outcome],
    ) -> CallVerdict {
        let mut accepted = BTreeMap::new();
        for (number, outcome) in outcomes.iter().enumerate() {
            if let Outcome::Accepted(entry) = outcome {
                accepted.entry(*entry).or_insert_with(|| self.failure(policy, variables, options, number));
            }
        }
        let crosses = outcomes.iter().all(|outcome| *outcome == Outcome::Coherent(true));
        let cross_vendor = crosses.then(|| self.failure(policy, variables, options, 0));
        CallVerdict::Fine { accepted, cross_vendor }
    }

    fn outcome(
        &self,
        policy: &Policy,
        variables: &[(Variable, Text)],
        options: &[Vec<String>],
        number: usize,
    ) -> Outcome {
        let (runtime, env) = environment(policy, variables, options, number);
        if runtime == UNKNOWN {
            return Outcome::Unknown(policy.document().runtime.clone());
        }
        let resolution = resolve(self.registry, runtime, &env, &[]);
        match resolution.code {
            _ if resolution.slug == UNKNOWN => Outcome::Unknown(resolution.decided_by.unwrap_or_default().to_owned()),
            None => Outcome::Coherent(resolution.warnings.contains(Warning::CrossVendorCredential)),
            Some(code) => match self.accepted(policy, &resolution, code, &env) {
                Some(entry) => Outcome::Accepted(entry),
                None => Outcome::Fails(code, resolution.slug.to_owned()),
            },
        }
    }

    /// The index of the entry of slugproof.yaml that accepts a contradiction.
    fn accepted(&self, policy: &Policy, resolution: &Resolution<'_>, code: Code, env: &Env<'_>) -> Option<usize> {
        let is_set = |name: &str| policy.variable(name).is_some_and(|variable| env.is_set(variable));
        self.accept.iter().position(|entry| entry.covers(policy.name(), resolution.runtime, code, is_set))
    }

    /// The failure of the first environment, with the codes, runtimes and slugs of all
    /// environments and the fixes and hints that apply to all.
    fn common_failure(
        &self,
        policy: &Policy,
        variables: &[(Variable, Text)],
        options: &[Vec<String>],
        outcomes: &[Outcome],
    ) -> Failure {
        let mut failure = self.failure(policy, variables, options, 0);
        let mut distinct = BTreeMap::new();
        for (number, outcome) in outcomes.iter().enumerate() {
            let (runtime, env) = environment(policy, variables, options, number);
            failure.fixes.retain(|fix| self.resolves(fix, runtime, &env));
            failure.runtimes.insert(runtime.to_owned());
            if let Outcome::Fails(code, slug) = outcome {
                failure.codes.insert(*code);
                failure.slugs.insert(masked(slug).to_owned());
            }
            // Hints depend only on these values.
            distinct.insert((runtime, outcome, env.text(Variable::Path)), env);
        }
        for ((runtime, ..), env) in distinct.into_iter().take(HINT_ENVIRONMENTS) {
            let others = hints(self.registry, &env, &resolve(self.registry, runtime, &env, &[]));
            failure.hints.retain(|hint| others.contains(hint));
        }
        failure
    }

    /// True if a fix leads to the slug and provider that it names.
    fn resolves(&self, fix: &Fix, runtime: &str, env: &Env<'_>) -> bool {
        let policy = env.policy();
        let edited = fix.edits.iter().fold(*env, |env, edit| match (policy.variable(edit.variable()), edit) {
            (Some(variable), Edit::Set(_, value)) => env.with(variable, value),
            (Some(variable), Edit::Unset(_)) => env.without(variable),
            (None, _) => env,
        });
        let fixed = resolve(self.registry, runtime, &edited, &[]);
        let provider = fixed.provider.map(|provider| provider.name.as_str());
        fixed.is_coherent() && fixed.slug == fix.slug && provider == Some(&*fix.provider)
    }

    fn failure(
        &self,
        policy: &Policy,
        variables: &[(Variable, Text)],
        options: &[Vec<String>],
        number: usize,
    ) -> Failure {
        let (runtime, env) = environment(policy, variables, options, number);
        let resolution = resolve(self.registry, runtime, &env, &[]);
        let slug = masked(resolution.slug);
        let missing =
            resolution.provider.into_iter().flat_map(|provider| explain::missing(provider, resolution.injected));
        Failure {
            code: resolution.code,
            runtime: runtime.to_owned(),
            slug: slug.to_owned(),
            codes: resolution.code.into_iter().collect(),
            runtimes: BTreeSet::from([runtime.to_owned()]),
            slugs: BTreeSet::from([slug.to_owned()]),
            rule: resolution.rule,
            decided_by: resolution.decided_by.map(str::to_owned),
            path: resolution.path,
            injected: resolution.injected.to_vec(),
            provider: resolution.provider.map(|provider| provider.name.clone()),
            needs: resolution.provider.map(explain::needs).unwrap_or_default(),
            missing: missing.map(str::to_owned).collect(),
            accepted_by: resolution.accepted_by.iter().map(str::to_owned).collect(),
            set: env.set_variables().map(|variable| policy.variable_name(variable).to_owned()).collect(),
            hints: hints(self.registry, &env, &resolution),
            fixes: fixes(self.registry, runtime, &env, &[]),
        }
    }
}

/// The slug, masked if it looks like a credential that was put in the wrong variable.
fn masked(slug: &str) -> &str {
    if is_credential(slug) { MASK } else { slug }
}

/// The outcome of one environment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    /// No contradiction; true if another vendor's key would be sent.
    Coherent(bool),
    /// A contradiction that this entry of slugproof.yaml accepts.
    Accepted(usize),
    /// A contradiction, and the slug.
    Fails(Code, String),
    /// The runtime or the slug is the unknown value of this variable.
    Unknown(String),
}

/// The representative values of a variable. For a secret, only its presence counts.
fn options(policy: &Policy, variable: Variable, text: &Text) -> Vec<String> {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    match (variable, &text.values) {
        (Variable::Key(_), AbstractValue::OneOf(texts)) => {
            let mut options: Vec<String> =
                texts.iter().map(|text| if text.is_empty() { String::new() } else { "set".to_owned() }).collect();
            options.sort();
            options.dedup();
            options
        }
        (Variable::Key(_), AbstractValue::NonEmpty) => owned(&["set"]),
        (Variable::Key(_), AbstractValue::Any) => owned(&["", "set"]),
        (_, AbstractValue::OneOf(texts)) => texts.clone(),
        // Every value except the platform's selects the same path. Whether it is empty still
        // counts for its default and for the entries of slugproof.yaml.
        (Variable::Path, AbstractValue::NonEmpty) => owned(&[UNKNOWN, &policy.document().platform.value]),
        (Variable::Path, AbstractValue::Any) => owned(&["", UNKNOWN, &policy.document().platform.value]),
        (_, AbstractValue::NonEmpty) => owned(&[UNKNOWN]),
        (_, AbstractValue::Any) => owned(&["", UNKNOWN]),
    }
}

/// The environment with a number in the product of all options, and its runtime.
fn environment<'a>(
    policy: &'a Policy,
    variables: &[(Variable, Text)],
    options: &'a [Vec<String>],
    number: usize,
) -> (&'a str, Env<'a>) {
    let mut rest = number;
    let mut env = Env::empty(policy);
    for ((variable, _), options) in variables.iter().zip(options) {
        env = env.with(*variable, &options[rest % options.len()]);
        rest /= options.len();
    }
    // The runtime is passed separately, so its variable is removed.
    (env.runtime(), env.without(Variable::Runtime))
}

/// The reasons why outcomes differ: those of the variables that make a difference.
fn reasons(
    policy: &Policy,
    variables: &[(Variable, Text)],
    options: &[Vec<String>],
    outcomes: &[Outcome],
) -> BTreeSet<String> {
    let mut reasons = BTreeSet::new();
    let mut stride = 1;
    for ((variable, text), options) in variables.iter().zip(options) {
        let name = policy.variable_name(*variable);
        let matters = |(number, outcome): (usize, &Outcome)| {
            let first = number - (number / stride % options.len()) * stride;
            *outcome != outcomes[first] || matches!(outcome, Outcome::Unknown(unknown) if unknown == name)
        };
        if outcomes.iter().enumerate().any(matters) {
            reasons.extend(text.reasons.iter().cloned());
        }
        stride *= options.len();
    }
    reasons
}

#[cfg(test)]
mod tests;
