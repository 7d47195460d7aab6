//! Laws of the messages for people.

use slug_resolver::{Billing, Code, Kind, NameSubset, Outcome, Resolution, Rule};

use crate::law::{Law, LawContext, Violation, ensure};

/// The message explains the whole answer: which slug was picked and why, and the outcome and its cause.
pub(crate) const MESSAGE_TELLS_WHY: Law = Law {
    id: "message-tells-why",
    statement: "the message names the slug, the variable or runtime that picked it, the outcome for the workspace, and \
                the evidence",
    check: message_tells_why,
};

fn message_tells_why(context: &LawContext<'_>) -> Result<(), Violation> {
    let message = context.implementation.message(&context.resolution);
    for fragment in expected_fragments(&context.resolution) {
        ensure!(message.contains(&fragment), "{message:?} does not contain {fragment:?}");
    }
    let needs = context.resolution.needs;
    let several = format!("one of {}", needs.names().join(", "));
    let is_given = message.contains(&several);
    let items = needs.items();
    let is_due = context.resolution.verdict == Kind::Contradiction
        && items.len() > 1
        && items.clone().all(|item| item.len() == 1);
    let is_grouped = |item: NameSubset<'_>| message.contains(&item.join(" and "));
    ensure!(
        context.resolution.verdict == Kind::Coherent || items.into_iter().all(is_grouped),
        "the groups of {needs:?} are not in {message:?}"
    );
    ensure!(
        is_given == is_due,
        "{message:?} {} that any of {needs:?} is enough",
        if is_given { "says" } else { "does not say" }
    );
    Ok(())
}

/// The part of the message that gives the cause of each contradiction.
const CAUSES: [(Code, &str); 9] = [
    (Code::ModelRequired, "is blank"),
    (Code::UnknownRuntime, "does not have the runtime"),
    (Code::UnregisteredModel, "no arm's pattern matches"),
    (Code::AmbiguousModel, "patterns of several arms match"),
    (Code::WithdrawnModel, "was withdrawn"),
    (Code::PlatformModelWithTenantKey, "a tenant key is injected"),
    (Code::PlatformPathByokModel, "the platform path injects no key"),
    (Code::MissingCredential, "none is injected"),
    (Code::WrongCredential, "does not accept the injected secrets"),
];

fn expected_fragments(resolution: &Resolution<'_>) -> Vec<String> {
    let Resolution { runtime, slug, rule, decided_by, injected, provider, withdrawn_by, needs, accepted_by, .. } =
        *resolution;
    let picked = match rule {
        Rule::Override => "overrides",
        Rule::Platform => "platform path",
        Rule::Keyed => "is set",
        Rule::Default => "default",
        Rule::Fallback => "fallback",
    };
    let outcome = match resolution.outcome {
        Outcome::Online => "serves",
        Outcome::Rejected => "returns 422",
        _ => "boots to `failed`",
    };
    let cause = CAUSES.iter().find(|(code, _)| resolution.code == Some(*code)).map(|(_, cause)| *cause);
    let because = cause.unwrap_or(match resolution.billing {
        Some(Billing::Platform) => "the platform serves the model and pays",
        _ if needs.is_empty() => "serves the model and needs no credential",
        _ => "serves the model and accepts",
    });
    let picker = decided_by.map_or_else(|| format!("`{runtime}`"), Into::into);
    let mut fragments = vec![format!("`{slug}`"), picked.into(), picker, outcome.into(), because.into()];
    if let (Some(provider), Some(Billing::Byok)) = (provider, resolution.billing) {
        fragments.push(format!("provider `{}`", provider.name));
    }
    fragments.extend(withdrawn_by.map(|provider| format!("provider `{}`", provider.name)));
    match resolution.code {
        None => fragments.push(accepted_by.iter().collect::<Vec<_>>().join(", ")),
        Some(Code::PlatformModelWithTenantKey | Code::WrongCredential) => {
            fragments.extend(injected.iter().chain(needs.names()).cloned());
        }
        Some(_) => fragments.extend_from_slice(needs.names()),
    }
    fragments
}
