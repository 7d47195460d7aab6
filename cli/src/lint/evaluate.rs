//! Judging one call: what `resolve` says of every environment that it can see.

use std::collections::{BTreeMap, BTreeSet};

use slug_resolver::{
    BillingPath, Code, Edit, Env, Fix, Policy, Registry, Resolution, Rule, Variable, Warning, fixes, resolve,
};

use crate::config::Accept;
use crate::redact::{MASK, is_credential};
use crate::render::resolution::hints;
use crate::render::shown;
use slug_value::{ALTERNATIVES, AbstractValue, Text};

/// Environments of one call that are judged one by one; of more, none is.
pub const ENVIRONMENTS: usize = 4_096;

/// Environments of one call of which it is asked what was meant: as many as a value has alternatives.
const MEANT: usize = ALTERNATIVES;

/// What is to be said of one call.
#[derive(Clone, Debug, PartialEq)]
pub enum CallVerdict {
    /// Whatever it sees, it comes online, or fails as slugproof.yaml accepts.
    Fine {
        /// The entries of slugproof.yaml that accept a contradiction of it, and which.
        accepted: BTreeMap<usize, Failure>,
        /// The one warning that is worth a note, where it is earned in every case.
        cross_vendor: Option<Failure>,
    },
    /// Whatever it sees, it fails.
    Fails(Failure),
    /// It may fail or not, because of what is not known.
    Undecided(BTreeSet<String>),
}

/// A resolution that stands for itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// The contradiction; none for a warning.
    pub code: Option<Code>,
    /// The runtime.
    pub runtime: String,
    /// The slug, verbatim.
    pub slug: String,
    /// Every code that it may fail with, every runtime and every slug with which it does,
    /// where more than one of them is possible; those above are among them.
    pub codes: BTreeSet<Code>,
    /// See there.
    pub runtimes: BTreeSet<String>,
    /// See there.
    pub slugs: BTreeSet<String>,
    /// The rule that picked it.
    pub rule: Rule,
    /// The variable that decided.
    pub decided_by: Option<String>,
    /// Who was meant to pay.
    pub path: BillingPath,
    /// The names of the injected secrets.
    pub injected: Vec<String>,
    /// The provider.
    pub provider: Option<String>,
    /// What the provider needs any one of.
    pub needs: Vec<String>,
    /// Of that, what is there.
    pub accepted_by: Vec<String>,
    /// The variables that are set.
    pub set: Vec<String>,
    /// What was probably meant.
    pub hints: Vec<String>,
    /// What would mend it, smallest first.
    pub fixes: Vec<Fix>,
}

/// What calls are judged by.
pub struct Evaluator<'a> {
    /// The registry.
    pub registry: &'a Registry,
    /// What is intended.
    pub accept: &'a [Accept],
}

/// Stands for a slug or a runtime that is not known; no file can hold it.
const UNKNOWN: &str = "\u{0}";

impl Evaluator<'_> {
    /// Judges a call by what each variable of the policy can be.
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
        let all = |wanted: fn(&Outcome) -> bool| outcomes.iter().all(wanted);
        if all(|outcome| matches!(outcome, Outcome::Coherent(_) | Outcome::Accepted(_))) {
            return self.fine(policy, &variables, &options, &outcomes);
        }
        if all(|outcome| matches!(outcome, Outcome::Fails(..))) {
            return CallVerdict::Fails(self.any_fault(policy, &variables, &options, &outcomes));
        }
        let mut why = reasons(policy, &variables, &options, &outcomes);
        // What is known to fail is said, though not everything is known.
        let failing = outcomes.iter().filter_map(|outcome| match outcome {
            Outcome::Fails(code, slug) => Some((code, slug)),
            _ => None,
        });
        why.extend(
            failing
                .take(1)
                .map(|(code, slug)| format!("it can come to {}, which fails with `{}`", shown(slug), code.as_str())),
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

    /// The entry of slugproof.yaml that accepts a contradiction.
    fn accepted(&self, policy: &Policy, resolution: &Resolution<'_>, code: Code, env: &Env<'_>) -> Option<usize> {
        let is_set = |name: &str| policy.variable(name).is_some_and(|variable| env.is_set(variable));
        self.accept.iter().position(|entry| entry.covers(policy.name(), resolution.runtime, code, is_set))
    }

    /// The fault of the first environment, with what the others fail with and what mends
    /// them all.
    fn any_fault(
        &self,
        policy: &Policy,
        variables: &[(Variable, Text)],
        options: &[Vec<String>],
        outcomes: &[Outcome],
    ) -> Failure {
        let mut failure = self.failure(policy, variables, options, 0);
        let mut meant_apart = BTreeMap::new();
        for (number, outcome) in outcomes.iter().enumerate() {
            let (runtime, env) = environment(policy, variables, options, number);
            failure.fixes.retain(|fix| self.resolves(fix, runtime, &env));
            failure.runtimes.insert(runtime.to_owned());
            if let Outcome::Fails(code, slug) = outcome {
                failure.codes.insert(*code);
                failure.slugs.insert(masked(slug).to_owned());
            }
            // All that hints are made from.
            meant_apart.insert((runtime, outcome, env.text(Variable::Path)), env);
        }
        for ((runtime, ..), env) in meant_apart.into_iter().take(MEANT) {
            let others = hints(self.registry, &env, &resolve(self.registry, runtime, &env, &[]));
            failure.hints.retain(|hint| others.contains(hint));
        }
        failure
    }

    /// Whether a fix comes to what it says.
    fn resolves(&self, fix: &Fix, runtime: &str, env: &Env<'_>) -> bool {
        let policy = env.policy();
        let edited = fix.edits.iter().fold(*env, |env, edit| match (policy.variable(edit.variable()), edit) {
            (Some(variable), Edit::Set(_, value)) => env.with(variable, value),
            (Some(variable), Edit::Unset(_)) => env.without(variable),
            (None, _) => env,
        });
        let mended = resolve(self.registry, runtime, &edited, &[]);
        let provider = mended.provider.map(|provider| provider.name.as_str());
        mended.is_coherent() && mended.slug == fix.slug && provider == Some(&*fix.provider)
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
            needs: resolution.needs.to_vec(),
            accepted_by: resolution.accepted_by.iter().map(str::to_owned).collect(),
            set: env.set_variables().map(|variable| policy.variable_name(variable).to_owned()).collect(),
            hints: hints(self.registry, &env, &resolution),
            fixes: fixes(self.registry, runtime, &env, &[]),
        }
    }
}

/// What looks like a credential in the place of a model is one in the wrong place.
fn masked(slug: &str) -> &str {
    if is_credential(slug) { MASK } else { slug }
}

/// What comes of one environment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    /// Coherent; and whether another vendor's key would be sent.
    Coherent(bool),
    Accepted(usize),
    Fails(Code, String),
    /// Whatever this variable is, it is the runtime or the slug.
    Unknown(String),
}

/// The values of a variable that are told apart. Of a secret only its presence counts.
fn options(policy: &Policy, variable: Variable, text: &Text) -> Vec<String> {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    match (variable, &text.can) {
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
        // Any text but the platform's chooses the same path. Whether there is one still
        // counts: for its default, and for what slugproof.yaml accepts.
        (Variable::Path, AbstractValue::NonEmpty) => owned(&[UNKNOWN, &policy.document().platform.value]),
        (Variable::Path, AbstractValue::Any) => owned(&["", UNKNOWN, &policy.document().platform.value]),
        (_, AbstractValue::NonEmpty) => owned(&[UNKNOWN]),
        (_, AbstractValue::Any) => owned(&["", UNKNOWN]),
    }
}

/// The environment of a number, and its runtime.
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
    // The variable has done its part: it is where the runtime comes from.
    (env.runtime(), env.without(Variable::Runtime))
}

/// Why the outcomes differ: what is not known of the variables that make a difference.
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
