//! Finds the arguments and files that may choose the model of a call. The variables of a policy are evaluated
//! elsewhere.

use slug_resolver::Registry;
use slug_workflow::job::CallSite;

use crate::render::shown;

/// A text that no pattern of a registry is meant for.
const NO_MODEL: &str = "\u{1}";

/// The reason why an argument or a file may choose the model of a call, if one may: the name of an option or a
/// key in a file refers to a model, or the registry knows the argument.
pub(super) fn model_choice_reason(registry: &Registry, site: &CallSite<'_>) -> Option<String> {
    let known = || {
        let values =
            site.arguments.iter().map(|argument| argument.split_once('=').map_or(argument.as_str(), |it| it.1));
        let known = values.filter(|value| !value.starts_with('-')).find(|value| is_known(registry, value));
        known.map(|value| format!("the argument `{}` may choose the model of the call", shown(value)))
    };
    site.model_choice_reason.clone().or_else(known)
}

/// True for the name of a runtime or a provider, and for an id that a runtime registers.
fn is_known(registry: &Registry, value: &str) -> bool {
    let registers = |runtime: &str| {
        let handle = registry.handle(runtime);
        handle.is_some_and(|it| {
            let is_matched = !it.candidates(value).is_empty() && it.candidates(NO_MODEL).is_empty();
            is_matched || it.withdrawn_by(value).is_some()
        })
    };
    registry.provider(value).is_some()
        || registry.runtime(value).is_some()
        || registry.runtimes().iter().any(|runtime| registers(&runtime.name))
}
