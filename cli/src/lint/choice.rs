//! Arguments and files that may choose the model of a call, besides the variables of its policy.

use slug_resolver::Registry;
use slug_workflow::job::CallSite;

use crate::render::shown;

/// A text that no pattern of a registry is meant for.
const NO_MODEL: &str = "\u{1}";

/// The reason why something other than a variable may choose the model of a call, if something may: an option
/// or a file that says so, or an argument that the registry knows.
pub(super) fn choice(registry: &Registry, site: &CallSite<'_>) -> Option<String> {
    let known = || {
        let values =
            site.arguments.iter().map(|argument| argument.split_once('=').map_or(argument.as_str(), |it| it.1));
        let known = values.filter(|value| !value.starts_with('-')).find(|value| is_known(registry, value));
        known.map(|value| format!("the argument `{}` may choose its model", shown(value)))
    };
    site.choice.clone().or_else(known)
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
