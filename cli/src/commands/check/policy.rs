//! What is wrong with a policy when it meets a registry.

use slug_resolver::policy::PolicyDocument;
use slug_resolver::yaml::FieldPath;
use slug_resolver::{Credentials, Policy, Registry, Rejection, Variable};

use crate::codes;
use crate::findings::{Finding, Sources};
use crate::render::shown;
use crate::suggest::{closest_match, closest_matches};

use super::document::Document;

/// A model that a policy can pick, and who could use it.
struct Pick<'p> {
    model: &'p str,
    place: FieldPath,
    /// The runtimes that pick it; none for any runtime.
    runtimes: Option<&'p [String]>,
}

/// Everything that is found in a policy together with a registry.
pub(super) fn examine(
    sources: &Sources,
    document: &Document,
    policy: &Policy,
    path: &str,
    registry: &Registry,
) -> Vec<Finding> {
    let meeting = PolicyCheck { sources, document, policy, path, registry };
    let mut findings = Vec::new();
    for (number, entry) in policy.document().dispatch.iter().enumerate() {
        for (position, runtime) in entry.runtimes.iter().enumerate() {
            findings.extend(meeting.runtime(runtime, &dispatch(number).key("runtimes").index(position)));
        }
    }
    findings.extend(picks(policy).iter().filter_map(|pick| meeting.pick(pick)));
    findings
}

/// Every model that a policy states. One that only a variable could hold is not known here.
fn picks(policy: &Policy) -> Vec<Pick<'_>> {
    let document: &PolicyDocument = policy.document();
    let mut picks = vec![
        Pick { model: &document.fallback, place: FieldPath::default().key("fallback"), runtimes: None },
        Pick {
            model: &document.platform.fallback,
            place: FieldPath::default().key("platform").key("fallback"),
            runtimes: None,
        },
    ];
    for variable in [Variable::Override, Variable::PlatformModel] {
        let name = policy.variable_name(variable);
        let default = policy.default_of(variable);
        picks.extend(default.map(|model| Pick {
            model,
            place: FieldPath::default().key("defaults").key(name),
            runtimes: None,
        }));
    }
    for (number, entry) in document.dispatch.iter().enumerate() {
        let runtimes = Some(entry.runtimes.as_slice());
        for (position, keyed) in entry.keyed.iter().enumerate() {
            let place = dispatch(number).key("keyed").index(position).key("model");
            picks.push(Pick { model: &keyed.model, place, runtimes });
        }
        picks.push(Pick { model: &entry.model, place: dispatch(number).key("model"), runtimes });
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
    /// A runtime that is dispatched and that the registry does not have.
    fn runtime(&self, runtime: &str, place: &FieldPath) -> Option<Finding> {
        let template = self.policy.template_of(runtime);
        if self.registry.runtime(template).is_some() {
            return None;
        }
        let span = self.document.span(self.sources, place);
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
            finding = finding.with_label(span, format!("`{}` is looked up as this", shown(runtime)));
        }
        Some(finding)
    }

    /// A model that none of the runtimes which could use it registers.
    fn pick(&self, pick: &Pick<'_>) -> Option<Finding> {
        let templates: Vec<&str> = match pick.runtimes {
            None => self.registry.runtimes().iter().map(|runtime| runtime.name.as_str()).collect(),
            Some(names) => {
                let templates = names.iter().map(|name| self.policy.template_of(name));
                templates.filter(|template| self.registry.runtime(template).is_some()).collect()
            }
        };
        // Where no runtime is known, that is what there is to say, and it is said.
        if templates.is_empty() || templates.iter().any(|template| self.registers(template, pick.model)) {
            return None;
        }
        let span = self.document.span(self.sources, &pick.place);
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
            "list the model under an arm, or pick one that the registry has".to_owned()
        } else {
            format!("did you mean {}? spellings are compared exactly", quoted(&near, " or "))
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

    /// Whether some credentials bring a model to a provider. One by itself will do: what
    /// several can single out, one of them can.
    fn registers(&self, runtime: &str, model: &str) -> bool {
        let derive =
            |injected: &[String]| self.registry.derive(runtime, model, &Credentials { injected, ambient: &[] });
        match derive(&[]) {
            Ok(_) => true,
            Err(Rejection::AmbiguousModel) => {
                let arms = self.registry.runtime(runtime).map_or(&[][..], |runtime| &runtime.arms);
                let providers = arms.iter().filter_map(|arm| self.registry.provider(&arm.provider));
                providers.flat_map(|provider| &provider.auth_env).any(|name| derive(std::slice::from_ref(name)).is_ok())
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
