//! Laws of the messages for people.

use slug_resolver::{Billing, Code, Kind, NameSubset, Outcome, Resolution};

use crate::law::{Law, LawContext, Violation, ensure};

/// The message explains the whole answer: which slug was picked and why, and the outcome and its cause.
pub(crate) const MESSAGE_TELLS_WHY: Law = Law {
    id: "message-tells-why",
    statement: "the message names the slug, the variable or runtime that picked it, the outcome for the workspace, and \
                the evidence",
    check: message_tells_why,
};

fn message_tells_why(context: &LawContext<'_>) -> Result<(), Violation> {
    let message = context.implementation.message(&context.case.dataset.registry, &context.resolution);
    let words = context.resolution.code.and_then(|code| context.case.dataset.registry.platform_error(code));
    for fragment in expected_fragments(&context.resolution, words) {
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
        context.resolution.verdict != Kind::Contradiction || items.into_iter().all(is_grouped),
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

/// A rule for the model as people count: the third rule, which programs call `model[2]`, has the number 3.
fn rule_in_words(rule: &str) -> String {
    let digits = rule.trim_start_matches("model[").trim_end_matches(']');
    match digits.parse::<usize>() {
        Ok(index) if rule == format!("model[{index}]") => format!("rule {} of `model`", index + 1),
        _ => format!("rule `{rule}`"),
    }
}

/// The fragments of the message; `words` are the platform's for the contradiction.
fn expected_fragments(resolution: &Resolution<'_>, words: Option<&str>) -> Vec<String> {
    let Resolution { runtime, slug, rule, decided_by, injected, provider, withdrawn_by, needs, accepted_by, .. } =
        *resolution;
    if resolution.outcome == Outcome::Nothing {
        return vec![format!("`{runtime}`"), "creates no workspace".into()];
    }
    let picked = rule.map_or_else(|| "no rule for the model applies".into(), rule_in_words);
    let outcome = match resolution.outcome {
        Outcome::Online => "serves".to_owned(),
        Outcome::Rejected => words.map_or("the create call fails".to_owned(), |words| format!("returns 422 {words}")),
        _ => words.map_or("never comes online".to_owned(), |words| format!("never comes online ({words})")),
    };
    let cause = CAUSES.iter().find(|(code, _)| resolution.code == Some(*code)).map(|(_, cause)| *cause);
    let because = cause.unwrap_or(match resolution.billing {
        Some(Billing::Platform) => "the platform serves the model and pays",
        _ if needs.is_empty() => "serves the model and needs no credential",
        _ => "serves the model and accepts",
    });
    let picker = decided_by.map_or_else(|| format!("`{runtime}`"), Into::into);
    let picker = if rule.is_some() { picker } else { String::new() };
    let model = if slug.is_empty() { "no model".into() } else { format!("`{slug}`") };
    let mut fragments = vec![model, picked, picker, outcome, because.into()];
    if let (Some(provider), Some(Billing::Byok)) = (provider, resolution.billing) {
        fragments.push(format!("provider `{}`", provider.name));
    }
    fragments.extend(withdrawn_by.map(|provider| format!("provider `{}`", provider.name)));
    match resolution.code {
        None => fragments.push(accepted_by.iter().collect::<Vec<_>>().join(", ")),
        Some(Code::PlatformModelWithTenantKey | Code::WrongCredential) => {
            fragments.extend(injected.iter().map(str::to_owned).chain(needs.names().iter().cloned()));
        }
        Some(_) => fragments.extend_from_slice(needs.names()),
    }
    fragments
}
