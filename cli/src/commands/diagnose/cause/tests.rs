//! Compares the diagnosed cause with one derived step by step from the record and environment.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use slug_redact::Masker;
use slug_resolver::policy::{Condition, PickRule};
use slug_resolver::resolve;

use super::*;

static REGISTRY: LazyLock<Registry> = LazyLock::new(Registry::embedded);

const MODELS: [&str; 6] = ["", "MiniMax-M2", "moonshot/kimi-k2.6", " sonnet ", "openai/gpt-4o", "no-such-model"];
const RUNTIMES: [&str; 8] =
    ["", "claude-code", "hermes", "codex", "seo-agent", "only-a-variant", "only-dispatched", "nonesuch"];

/// A policy with runtimes that are not in the registry.
static POLICY: LazyLock<Policy> = LazyLock::new(|| {
    let mut document = Policy::all_embedded()[0].document().clone();
    document.templates.insert("only-a-variant".to_owned(), "codex".to_owned());
    document.model.push(PickRule {
        when: Condition::for_runtimes(vec!["only-dispatched".to_owned()]),
        ..document.model.last().expect("the policy has rules").clone()
    });
    // The fallback always applies, so it comes last.
    let last = document.model.len() - 1;
    document.model.swap(last - 1, last);
    Policy::new(document).expect("the policy is valid")
});

/// Records: any subset of the fields, with any of some values.
fn fields() -> impl Strategy<Value = BTreeMap<&'static str, &'static str>> {
    let field = |name: &'static str, texts: &[&'static str]| {
        of(select(texts.to_vec())).prop_map(move |text| text.map(|text| (name, text)))
    };
    let fields = (
        field("status", &["online", " Online ", "failed", ""]),
        field("error", &["", " boom "]),
        field("model", &MODELS),
        field("slug", &MODELS),
        field("runtime", &RUNTIMES),
        field("template", &RUNTIMES),
    );
    fields.prop_map(|(a, b, c, d, e, f)| [a, b, c, d, e, f].into_iter().flatten().collect())
}

/// Environments: up to three variables, with any of some values.
fn variables(policy: &Policy) -> impl Strategy<Value = BTreeMap<String, &'static str>> + use<> {
    let all: Vec<(String, Vec<&'static str>)> = policy
        .deciding_variables()
        .map(|variable| {
            let texts = match () {
                () if policy.is_key(variable) => vec!["set"],
                () if policy.is_slug_variable(variable) => MODELS.to_vec(),
                () => vec!["platform", "byok"],
            };
            (policy.variable_name(variable).to_owned(), texts)
        })
        .collect();
    subsequence(all, 0..4)
        .prop_flat_map(|some| some.into_iter().map(|(name, texts)| (Just(name), select(texts))).collect::<Vec<_>>())
        .prop_map(|some| some.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 8 * ProptestConfig::default().cases, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn cause_follows_from_record_and_environment(
        fields in fields(),
        variables in of(variables(&POLICY)),
        runtime in select(RUNTIMES.to_vec()),
    ) {
        let policy = &*POLICY;
        let bytes = serde_json::to_vec(&fields).expect("the fields are JSON");
        let record = Record::read(&bytes, &Masker::new([], &REGISTRY, policy)).expect("the record is an object");
        let read = |more: Option<(&String, &'static str)>| {
            let variables = variables.iter().flatten().map(|(name, value)| (name, *value)).chain(more);
            let variables: BTreeMap<_, _> = variables.collect();
            Env::read(policy, variables.into_iter().map(|(name, value)| (name.as_str(), value)))
        };
        let env = variables.as_ref().map(|_| read(None));
        let env = env.as_ref();
        let setting =
            Setting { registry: &REGISTRY, policy, runtime, env, ambient: &[], denied: &[], from_env: false };
        let found = diagnose(setting, &record);

        let said = |name: &str| fields.get(name).map(|text| text.trim()).filter(|text| !text.is_empty());
        let resolution = env.map(|env| resolve(&REGISTRY, runtime, env, &[]));
        let picked = resolution.as_ref().map(|resolution| resolution.slug.trim());
        let is_listed = |model: &str| REGISTRY.to_yaml().contains(&format!("- {model}\n"));
        let model = said("model").or(said("slug").filter(|model| picked == Some(model) || is_listed(model)));
        let on = said("runtime").or(said("template").filter(|name| *name != "nonesuch"));
        let other_model = model.filter(|model| picked.is_some_and(|picked| picked != *model));
        let is_variant = |name: &str| policy.template_of(name) == policy.template_of(runtime);
        let other_runtime = on.filter(|name| env.is_some() && !is_variant(name));

        prop_assert_eq!(found.model.as_ref().map(|named| named.name), model);
        prop_assert_eq!(found.named_runtime.as_ref().map(|named| named.name), on);
        let expected = [("model", other_model, picked), ("runtime", other_runtime, Some(runtime))];
        let expected: Vec<_> =
            expected.into_iter().filter_map(|(about, name, resolved)| Some((about, name?, resolved?))).collect();
        let disagreements = found.disagreements.iter().map(|it| (it.about, it.named.name, it.resolved));
        prop_assert_eq!(disagreements.collect::<Vec<_>>(), expected.clone());

        let is_online = said("status").is_some_and(|status| status.eq_ignore_ascii_case("online"));
        let cause = match resolution.as_ref().map(|resolution| resolution.code) {
            None => Cause::NoEnvironment,
            _ if !expected.is_empty() => Cause::RecordDisagrees,
            Some(Some(code)) => Cause::Contradiction(code),
            Some(None) if is_online => Cause::CoherentOnline,
            Some(None) if said("error").is_some() => Cause::CoherentWithError,
            Some(None) if fields.contains_key("status") || fields.contains_key("error") => Cause::EmptyError,
            Some(None) => Cause::SilentRecord,
        };
        prop_assert_eq!(found.cause, cause);

        let message = found.message();
        for (about, name, resolved) in &expected {
            let resolved = if resolved.is_empty() { "none" } else { resolved };
            prop_assert!([*about, name, resolved].iter().all(|word| message.contains(word)), "{}", message);
        }
        prop_assert_eq!(found.error(), said("error").map(|text| ("error".to_owned(), text.to_owned())));
        prop_assert!(cause != Cause::CoherentWithError || message.ends_with("`error`: boom"), "{}", message);

        // The model of the record resolves like an override with the same model.
        let on = on.unwrap_or(runtime);
        let recorded = model.filter(|_| !on.is_empty() && (env.is_none() || !expected.is_empty()));
        let override_var = "E2E_MODEL_SLUG".to_owned();
        let model_of = |model: &str| MODELS.into_iter().find(|it| it.trim() == model);
        let recorded = recorded.map(|model| {
            let env = read(model_of(model).map(|model| (&override_var, model)));
            let found = resolve(&REGISTRY, on, &env, &[]);
            (model, on, found.provider, found.code.filter(|_| variables.is_some() || found.provider.is_none()))
        });
        prop_assert_eq!(found.recorded.map(|it| (it.model, it.runtime, it.provider, it.code)), recorded);
    }
}
