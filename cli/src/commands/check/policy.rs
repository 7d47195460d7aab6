//! Checks of a policy with a registry.

use slug_resolver::policy::PolicyDocument;
use slug_resolver::yaml::FieldPath;
use slug_resolver::{Credentials, Policy, Registry, Rejection, Variable};

use crate::codes;
use crate::findings::{Finding, Sources};
use crate::render::shown;
use crate::suggest::{closest_match, closest_matches};

use super::document::Document;

/// A model that a policy can pick, and the runtimes that could use it.
struct Pick<'p> {
    model: &'p str,
    field: FieldPath,
    /// The runtimes that pick the model; `None` for any runtime.
    runtimes: Option<&'p [String]>,
}

/// Returns the findings of a policy with a registry.
pub(super) fn check(
    sources: &Sources,
    document: &Document,
    policy: &Policy,
    path: &str,
    registry: &Registry,
) -> Vec<Finding> {
    let check = PolicyCheck { sources, document, policy, path, registry };
    let mut findings = Vec::new();
    for (number, entry) in policy.document().dispatch.iter().enumerate() {
        for (position, runtime) in entry.runtimes.iter().enumerate() {
            findings.extend(check.runtime(runtime, &dispatch(number).key("runtimes").index(position)));
        }
    }
    findings.extend(picks(policy).iter().filter_map(|pick| check.pick(pick)));
    findings
}

/// Every model that the policy contains. Models that come only from variables are unknown here.
fn picks(policy: &Policy) -> Vec<Pick<'_>> {
    let document: &PolicyDocument = policy.document();
    let mut picks = vec![
        Pick { model: &document.fallback, field: FieldPath::default().key("fallback"), runtimes: None },
        Pick {
            model: &document.platform.fallback,
            field: FieldPath::default().key("platform").key("fallback"),
            runtimes: None,
        },
    ];
    for variable in [Variable::Override, Variable::PlatformModel] {
        let name = policy.variable_name(variable);
        let default = policy.default_of(variable);
        picks.extend(default.map(|model| Pick {
            model,
            field: FieldPath::default().key("defaults").key(name),
            runtimes: None,
        }));
    }
    for (number, entry) in document.dispatch.iter().enumerate() {
        let runtimes = Some(entry.runtimes.as_slice());
        for (position, keyed) in entry.keyed.iter().enumerate() {
            let field = dispatch(number).key("keyed").index(position).key("model");
            picks.push(Pick { model: &keyed.model, field, runtimes });
        }
        picks.push(Pick { model: &entry.model, field: dispatch(number).key("model"), runtimes });
    }
    picks
}

fn dispatch(number: usize) -> FieldPath {
    FieldPath::default().key("dispatch").index(number)
}

struct PolicyCheck<'a> {
    sources: &'a Sources,
    document: &'a Document,
    policy: &'a Policy,
    /// The path of the registry.
    path: &'a str,
    registry: &'a Registry,
}

impl PolicyCheck<'_> {
    /// Returns a finding if the registry does not have a dispatched runtime.
    fn runtime(&self, runtime: &str, field: &FieldPath) -> Option<Finding> {
        let template = self.policy.template_of(runtime);
        if self.registry.runtime(template).is_some() {
            return None;
        }
        let span = self.document.span(self.sources, field);
        let title = format!("the registry has no runtime `{}`", shown(template));
        let known = self.registry.runtimes().iter().map(|runtime| runtime.name.as_str());
        let near = closest_match(template, known);
        let help = near.map_or("add the runtime to the registry, or an entry to `templates`".to_owned(), |near| {
            format!("did you mean `{}`?", shown(near))
        });
        let mut finding = Finding::new(&codes::UNREGISTERED_POLICY_RUNTIME, span, title)
            .said(format!("policy `{}` dispatches it", shown(self.policy.name())))
            .with_note(self.registry_note())
            .with_help(help)
            .about("policy", self.policy.name())
            .about("runtime", runtime)
            .about("registry", self.path);
        if template != runtime {
            let span = self.document.span(self.sources, &FieldPath::default().key("templates").key(runtime));
            finding = finding.with_label(span, format!("template of `{}`", shown(runtime)));
        }
        Some(finding)
    }

    /// Returns a finding if none of the runtimes that could use a model registers it.
    fn pick(&self, pick: &Pick<'_>) -> Option<Finding> {
        let templates: Vec<&str> = match pick.runtimes {
            None => self.registry.runtimes().iter().map(|runtime| runtime.name.as_str()).collect(),
            Some(names) => {
                let templates = names.iter().map(|name| self.policy.template_of(name));
                templates.filter(|template| self.registry.runtime(template).is_some()).collect()
            }
        };
        // If no runtime is known, the unknown runtimes are already reported.
        if templates.is_empty() || templates.iter().any(|template| self.registers(template, pick.model)) {
            return None;
        }
        let span = self.document.span(self.sources, &pick.field);
        let model = shown(pick.model);
        let title = match (pick.runtimes, templates.as_slice()) {
            (None, _) => format!("no runtime registers the model `{model}`"),
            (Some(_), [only]) => format!("`{}` does not register the model `{model}`", shown(only)),
            (Some(_), several) => format!("none of {} registers the model `{model}`", quoted(several, ", ")),
        };
        let listed =
            templates.iter().filter_map(|template| self.registry.runtime(template)).flat_map(|runtime| &runtime.arms);
        let near = closest_matches(pick.model, listed.flat_map(|arm| &arm.models).map(String::as_str), 3);
        let help = if near.is_empty() {
            "list the model under a provider of the runtime, or pick a registered model".to_owned()
        } else {
            format!("did you mean {}? Spellings are compared exactly", quoted(&near, " or "))
        };
        let finding = Finding::new(&codes::UNREGISTERED_POLICY_MODEL, span, title)
            .said(format!("policy `{}` picks it", shown(self.policy.name())))
            .with_note(self.registry_note())
            .with_help(help)
            .about("policy", self.policy.name())
            .about("model", pick.model)
            .about("registry", self.path);
        Some(finding)
    }

    /// Returns true if some credentials select a provider for a model. It is enough to try single
    /// credentials: if several select a provider, one of them alone does.
    fn registers(&self, runtime: &str, model: &str) -> bool {
        let derive =
            |injected: &[String]| self.registry.derive(runtime, model, &Credentials { injected, ambient: &[] });
        match derive(&[]) {
            Ok(_) => true,
            Err(Rejection::AmbiguousModel) => {
                let arms = self.registry.runtime(runtime).map_or(&[][..], |runtime| &runtime.arms);
                let providers = arms.iter().filter_map(|arm| self.registry.provider(&arm.provider));
                let mut items = providers.flat_map(|provider| provider.auth_env.items());
                items.any(|item| derive(&item.iter().map(str::to_owned).collect::<Vec<_>>()).is_ok())
            }
            Err(_) => false,
        }
    }

    fn registry_note(&self) -> String {
        format!("the registry is `{}`", self.path)
    }
}

fn quoted(names: &[&str], between: &str) -> String {
    names.iter().map(|name| format!("`{}`", shown(name))).collect::<Vec<_>>().join(between)
}
