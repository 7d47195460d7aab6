//! Selection of the slug and of the secrets to inject.

use crate::env::Env;
use crate::names::NameSubset;
use crate::policy::{BillingPath, CompiledPick, Dispatch, ModelRule, Policy, Variable, View};

/// The slug that a harness picks, and the reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Selection<'a> {
    /// The model id, verbatim; empty if no model is sent.
    pub slug: &'a str,
    /// The name of the rule that applied, or its place in the list, such as `model[2]`; `None` if
    /// no rule applied.
    pub rule: Option<&'a str>,
    /// The variable that made the rule return this slug: the variable that holds the slug, or the
    /// first variable of the rule's condition that has a value; `None` if there is none.
    pub decided_by: Option<&'a str>,
}

/// The secrets that a harness injects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "other resolvers that are tested with the laws build it")]
pub struct Injection<'a> {
    /// Who is intended to pay.
    pub path: BillingPath,
    /// The names of the secrets that the workspace receives, sorted.
    pub names: NameSubset<'a>,
}

/// Picks the slug of a runtime by the first rule that applies.
#[must_use]
pub fn select<'a>(runtime: &str, env: &Env<'a>) -> Selection<'a> {
    let policy = env.policy();
    Picked::new(policy, policy.dispatch(runtime), &env.view(), env.holding()).into_selection(env)
}

/// Returns the names of the secrets that the workspace receives.
///
/// Selecting a model does not change them. On the platform path no key is injected even if the
/// slug needs one. Detecting this mistake is the purpose of this crate.
#[must_use]
#[inline]
pub fn inject<'a>(runtime: &str, env: &Env<'a>) -> Injection<'a> {
    let policy = env.policy();
    Injected::new(policy.dispatch(runtime), env.holding()).into_injection(env)
}

/// Returns the rules for secrets that count: their positions in `secrets` of the policy, in order.
///
/// [`inject`] is the union of these rules. Only the last one can select the platform path.
#[must_use]
pub fn counting_secrets_rules(runtime: &str, env: &Env<'_>) -> Vec<usize> {
    let policy = env.policy();
    let holding = env.holding();
    let mut counting = Vec::new();
    for step in policy.dispatch(runtime).secrets.iter().filter(|step| holding & step.guard != 0) {
        counting.push(usize::from(step.rule));
        if step.is_last {
            break;
        }
    }
    counting
}

/// Returns true if the harness creates a workspace.
#[must_use]
pub fn creates(runtime: &str, env: &Env<'_>) -> bool {
    creates_by(env.policy().dispatch(runtime), env.holding())
}

#[inline]
pub(crate) fn creates_by(dispatch: &Dispatch, holding: u128) -> bool {
    dispatch.unless & holding == 0
}

/// A [`Selection`] before its names are looked up.
#[derive(Clone, Copy)]
pub(crate) struct Picked<'a> {
    pub(crate) slug: &'a str,
    rule: Option<&'a CompiledPick>,
    /// The variable that holds the slug.
    pub(crate) held_by: Option<Variable>,
    /// The variables that the rules up to this one read: one bit for each position in the policy.
    consulted: u128,
    /// The conditions of the rules up to this one.
    guards: u128,
}

impl<'a> Picked<'a> {
    /// Picks the slug, given the conditions that hold: one bit for each guard.
    #[inline(always)]
    pub(crate) fn new(policy: &'a Policy, dispatch: &'a Dispatch, values: &View<'_, 'a>, holding: u128) -> Self {
        for step in dispatch.model.iter().filter(|step| holding & step.guard != 0) {
            if let Some(picked) = policy.pick(step, values) {
                let rule = Some(policy.model_rule(*step));
                let ModelRule { consulted, guards, .. } = *step;
                return Self { slug: picked.text, rule, held_by: picked.held_by, consulted, guards };
            }
        }
        let (consulted, guards) = dispatch.model.last().map_or((0, 0), |step| (step.consulted, step.guards));
        Self { slug: "", rule: None, held_by: None, consulted, guards }
    }

    /// The slug only.
    #[inline]
    fn slug(policy: &'a Policy, dispatch: &'a Dispatch, values: &View<'_, 'a>, holding: u128) -> &'a str {
        let mut steps = dispatch.model.iter().filter(|step| holding & step.guard != 0);
        steps.find_map(|step| policy.pick(step, values)).map_or("", |picked| picked.text)
    }

    #[inline(always)]
    pub(crate) fn into_selection(self, env: &Env<'a>) -> Selection<'a> {
        let policy = env.policy();
        let variable = match (self.held_by, self.rule) {
            (None, Some(rule)) => rule.first_tested(policy.guards(), &env.view()),
            (held_by, _) => held_by,
        };
        Selection {
            slug: self.slug,
            rule: self.rule.map(|rule| &*rule.label),
            decided_by: variable.map(|variable| policy.variable_name(variable)),
        }
    }
}

/// An [`Injection`] before its names are looked up.
#[derive(Clone, Copy)]
pub(crate) struct Injected {
    pub(crate) path: BillingPath,
    /// One bit for each position in [`Policy::injectable`].
    names: u128,
    /// The index of the rule that injects all of these names, if a single rule does.
    rule: Option<u16>,
    /// The variables that the rules up to the last one that counts read: one bit for each position
    /// in the policy.
    consulted: u128,
    /// The conditions of the rules up to the last one that counts.
    guards: u128,
}

impl Injected {
    /// Collects the secrets, given the conditions that hold: one bit for each guard.
    #[inline]
    pub(crate) fn new(dispatch: &Dispatch, holding: u128) -> Self {
        let mut names = 0;
        for step in dispatch.secrets.iter().filter(|step| holding & step.guard != 0) {
            names |= step.names;
            if step.is_last {
                let path = if step.is_platform { BillingPath::Platform } else { BillingPath::Byok };
                let rule = (!step.is_platform).then_some(step.rule);
                return Self { path, names, rule, consulted: step.consulted, guards: step.guards };
            }
        }
        let (consulted, guards) = dispatch.secrets.last().map_or((0, 0), |step| (step.consulted, step.guards));
        Self { path: BillingPath::Byok, names, rule: None, consulted, guards }
    }

    /// The names only.
    #[inline]
    fn names(dispatch: &Dispatch, holding: u128) -> u128 {
        let mut names = 0;
        for step in dispatch.secrets.iter().filter(|step| holding & step.guard != 0) {
            names |= step.names;
            if step.is_last {
                break;
            }
        }
        names
    }

    #[inline]
    pub(crate) fn into_injection<'a>(self, env: &Env<'a>) -> Injection<'a> {
        let policy = env.policy();
        let names = match self.rule {
            // A whole list is faster to search than a part of one.
            Some(rule) => NameSubset::all(policy.document().secrets[usize::from(rule)].injected()),
            None => NameSubset::at(policy.injectable(), self.names),
        };
        Injection { path: self.path, names }
    }
}

/// Returns the names of the set variables whose removal changes neither the slug nor the secrets
/// nor whether something is created.
///
/// The runtime is given explicitly, so a set variable that only names the runtime is one of them.
pub(crate) fn shadowed<'a>(
    dispatch: &'a Dispatch,
    picked: &Picked<'a>,
    injected: &Injected,
    env: &Env<'a>,
) -> NameSubset<'a> {
    let policy = env.policy();
    let mut shadowed = env.set_positions();
    let mut open = (picked.consulted | injected.consulted | dispatch.creation) & shadowed;
    while open != 0 {
        let variable = Variable::at(open.trailing_zeros() as usize);
        // The lowest bit that is set.
        let bit = open & open.wrapping_neg();
        open ^= bit;
        let values = || env.view().without(variable);
        let holding = policy.guards().holding_without(env.holding(), variable, values);
        let picks_same = || {
            let slug = Picked::slug(policy, dispatch, &values(), holding);
            std::ptr::eq(slug, picked.slug) || slug == picked.slug
        };
        // Without the variable, rules decide otherwise only if one of their conditions changes or if the
        // variable holds the slug: every source that is skipped has no value, and this variable has one.
        let changed = holding ^ env.holding();
        let is_inert = (changed & injected.guards == 0 || Injected::names(dispatch, holding) == injected.names)
            && (changed & picked.guards == 0 && picked.held_by != Some(variable) || picks_same())
            && creates_by(dispatch, holding);
        if !is_inert {
            shadowed &= !bit;
        }
    }
    NameSubset::at(policy.variable_names(), shadowed)
}
