//! The complete pipeline, and its result with the evidence.

use serde::{Serialize, Serializer};

use crate::env::Env;
use crate::names::NameSubset;
use crate::policy::BillingPath;
use crate::registry::{AuthEnv, Billing, Credentials, Provider, Registry, Rejection};
use crate::selection::{Injected, Injection, Picked, Selection, creates_by, shadowed};
use crate::verdict::{Code, Evaluation, Outcome, Verdict, Warning, Warnings, evaluate};

/// The result of the pipeline, without evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Decision<'a> {
    /// The slug and the reason for it.
    pub selection: Selection<'a>,
    /// The secrets that the workspace receives.
    pub injection: Injection<'a>,
    /// Whether the workspace comes online.
    pub verdict: Verdict<'a>,
}

/// Runs the pipeline: select, inject, derive, evaluate.
///
/// `ambient` contains the names of credentials that are available in addition to the injected ones.
#[must_use]
pub fn decide<'a>(registry: &'a Registry, runtime: &str, env: &Env<'a>, ambient: &[&str]) -> Decision<'a> {
    let policy = env.policy();
    let dispatch = policy.dispatch(runtime);
    let holding = env.holding();
    let picked = Picked::new(policy, dispatch, &env.view(), holding);
    let injection = Injected::new(dispatch, holding).into_injection(env);
    let verdict = if creates_by(dispatch, holding) {
        let credentials = Credentials { injected: injection.names, ambient };
        let template = dispatch.template.as_deref().unwrap_or(runtime);
        evaluate(injection.path, registry.derive(template, picked.slug, &credentials), &credentials)
    } else {
        Verdict::NothingCreated
    };
    Decision { selection: picked.into_selection(env), injection, verdict }
}

/// The result of one query: the decision and its evidence.
///
/// Its fields are the keys of the machine-readable output, in that order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "other resolvers that are tested with the laws build it")]
pub struct Resolution<'a> {
    /// The queried runtime, verbatim.
    pub runtime: &'a str,
    /// The slug, verbatim; empty if no model is sent.
    pub slug: &'a str,
    /// The name of the rule that picked it, or its place in the list; `None` if no rule applied.
    pub rule: Option<&'a str>,
    /// The variable that decided, if any.
    pub decided_by: Option<&'a str>,
    /// The selected path: who is intended to pay.
    pub path: BillingPath,
    /// The names of the secrets that the workspace receives, sorted.
    pub injected: NameSubset<'a>,
    /// The provider, if one was found.
    #[serde(serialize_with = "provider_name")]
    pub provider: Option<&'a Provider>,
    /// The provider that withdrew the slug, if the slug is a withdrawn model.
    #[serde(serialize_with = "provider_name", skip_serializing_if = "Option::is_none")]
    pub withdrawn_by: Option<&'a Provider>,
    /// Who pays for that provider.
    pub billing: Option<Billing>,
    /// Whether the provider and the secrets match.
    pub verdict: Kind,
    /// The code of the contradiction, if there is one.
    pub code: Option<Code>,
    /// The outcome for the workspace.
    pub outcome: Outcome,
    /// The secrets that the provider needs; empty for the platform.
    pub needs: &'a AuthEnv,
    /// The available secrets that the provider accepts, in the provider's order; empty for the platform.
    pub accepted_by: NameSubset<'a>,
    /// Additional problems that a reviewer should see.
    pub warnings: Warnings,
    /// The set variables that change nothing, in the order of the policy.
    pub shadowed: NameSubset<'a>,
}

/// The kinds of verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "a verdict is one of these")]
pub enum Kind {
    /// The provider matches the injected secrets.
    Coherent,
    /// The provider does not match the injected secrets, or no provider was found.
    Contradiction,
    /// The harness creates nothing, so nothing can fail.
    Nothing,
}

/// Resolves one query and collects the evidence.
///
/// A key variable that the policy counts as set if it is empty counts as a credential here, too;
/// [`empty_keys::resolve`](crate::empty_keys::resolve) also asks whether it holds one.
///
/// ```
/// use slug_resolver::{Code, Env, Policy, Registry, resolve};
///
/// let registry = Registry::embedded();
/// let policy = Policy::embedded("full-saas").expect("ships with the crate");
/// let env = Env::read(&policy, [("E2E_LLM_PATH", "platform"), ("E2E_MODEL_SLUG", "MiniMax-M2")]);
///
/// let incident = resolve(&registry, "claude-code", &env, &[]);
/// assert_eq!(incident.code, Some(Code::PlatformPathByokModel));
/// assert_eq!(incident.provider.unwrap().name, "minimax");
/// ```
#[must_use]
pub fn resolve<'a>(registry: &'a Registry, runtime: &'a str, env: &Env<'a>, ambient: &[&str]) -> Resolution<'a> {
    let policy = env.policy();
    let dispatch = policy.dispatch(runtime);
    let holding = env.holding();
    let picked = Picked::new(policy, dispatch, &env.view(), holding);
    let injected = Injected::new(dispatch, holding);
    let Injection { path, names } = injected.into_injection(env);
    let Selection { slug, rule, decided_by } = picked.into_selection(env);
    let credentials = Credentials { injected: names, ambient };
    let template = dispatch.template.as_deref().unwrap_or(runtime);
    let is_created = creates_by(dispatch, holding);
    let (evaluation, shadowed) = if is_created {
        let derived = registry.derive(template, slug, &credentials);
        let shadowed = shadowed(dispatch, &picked, &injected, env);
        (Evaluation::new(registry, path, derived, &credentials), shadowed)
    } else {
        (Evaluation::NOTHING_CREATED, NameSubset::default())
    };
    let Evaluation { verdict, billing, needs, accepted_by, is_cross_vendor } = evaluation;
    let provider = verdict.provider();
    let warnings = Warnings::of(|warning| match warning {
        Warning::CrossVendorCredential => is_cross_vendor,
        Warning::ShadowedVariable => !shadowed.is_empty(),
    });
    Resolution {
        runtime,
        slug,
        rule,
        decided_by,
        path,
        injected: names,
        provider,
        withdrawn_by: match verdict {
            Verdict::Rejected(Rejection::WithdrawnModel) => registry.withdrawn_by(template, slug),
            _ => None,
        },
        billing,
        verdict: match verdict {
            Verdict::Coherent(_) => Kind::Coherent,
            Verdict::Mismatched(..) | Verdict::Rejected(_) => Kind::Contradiction,
            Verdict::NothingCreated => Kind::Nothing,
        },
        code: verdict.code(),
        outcome: verdict.outcome(),
        needs,
        accepted_by,
        warnings,
        shadowed,
    }
}

impl Resolution<'_> {
    /// Returns true if the workspace comes online.
    #[must_use]
    pub fn is_coherent(&self) -> bool {
        self.verdict == Kind::Coherent
    }

    /// Returns true if a workspace is created and does not come online.
    #[must_use]
    pub fn is_contradiction(&self) -> bool {
        self.verdict == Kind::Contradiction
    }
}

fn provider_name<S: Serializer>(provider: &Option<&Provider>, serializer: S) -> Result<S::Ok, S::Error> {
    provider.map(|provider| &provider.name).serialize(serializer)
}
