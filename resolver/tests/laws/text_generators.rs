//! Texts in the output: documented names must not change, and sentences must not be empty.

use std::collections::BTreeSet;

use proptest::prelude::{ProptestConfig, proptest};
use slug_resolver::yaml::FieldPath;
use slug_resolver::{Billing, BillingPath, Code, Policy, PolicyDocument, Registry, Rejection, Verdict, Warning};

/// Each contradiction: its code, its label in tables, and the words of the platform in the embedded registry.
const CODES: [(Code, &str, &str, &str); 9] = [
    (Code::ModelRequired, "model-required", "no model", "MODEL_REQUIRED"),
    (Code::UnknownRuntime, "unknown-runtime", "unknown", "RUNTIME_UNSUPPORTED"),
    (Code::UnregisteredModel, "unregistered-model", "no match", "UNREGISTERED_MODEL_FOR_RUNTIME"),
    (Code::AmbiguousModel, "ambiguous-model", "ambiguous", "UNREGISTERED_MODEL_FOR_RUNTIME"),
    (Code::WithdrawnModel, "withdrawn-model", "withdrawn", "UNREGISTERED_MODEL_FOR_RUNTIME"),
    (Code::PlatformPathByokModel, "platform-path-byok-model", "byok model", "MISSING_BYOK_CREDENTIAL"),
    (
        Code::PlatformModelWithTenantKey,
        "platform-model-with-tenant-key",
        "unused tenant key",
        "MISSING_BYOK_CREDENTIAL",
    ),
    (Code::MissingCredential, "missing-credential", "no key", "MISSING_BYOK_CREDENTIAL"),
    (Code::WrongCredential, "wrong-credential", "wrong key", "MISSING_BYOK_CREDENTIAL"),
];

#[test]
fn codes_match_their_documented_names() {
    assert_eq!(CODES.map(|(code, ..)| code), Code::ALL);
    let embedded = Registry::embedded();
    for (code, name, label, error) in CODES {
        assert_eq!((code.as_str(), code.label(), embedded.platform_error(code)), (name, label, Some(error)));
        assert_eq!(Code::parse(name), Some(code));
    }
    for unknown in ["", "Model-Required", "model-required ", "coherent"] {
        assert_eq!(Code::parse(unknown), None);
    }
}

#[test]
fn rules_paths_warnings_match_documented_names() {
    for policy in Policy::all_embedded() {
        let labels: BTreeSet<&str> = policy.model_labels().collect();
        assert_eq!(labels, ["override", "platform", "keyed", "default", "fallback"].into(), "{}", policy.name());
    }
    assert_eq!(BillingPath::ALL.map(BillingPath::as_str), ["platform", "byok"]);
    assert_eq!(Warning::ALL.map(Warning::as_str), ["cross-vendor-credential", "shadowed-variable"]);
}

/// Each meaning is a sentence without a final full stop, and all differ.
#[test]
fn meanings_are_distinct_sentences() {
    let meanings: Vec<&str> =
        Code::ALL.map(Code::meaning).into_iter().chain(Warning::ALL.map(Warning::meaning)).collect();
    for meaning in &meanings {
        assert!(meaning.split_whitespace().count() >= 4 && !meaning.ends_with('.'), "{meaning:?}");
    }
    assert_eq!(meanings.iter().collect::<BTreeSet<_>>().len(), meanings.len());
}

#[test]
fn verdict_has_billing_provider_and_code() {
    let registry = Registry::embedded();
    for provider in registry.providers() {
        let billing = if provider.name == "platform" { Billing::Platform } else { Billing::Byok };
        assert_eq!(provider.billing(), billing);
        assert_eq!(Verdict::Coherent(provider).provider(), Some(provider));
        assert_eq!(Verdict::Coherent(provider).code(), None);
    }
    let rejected = Verdict::Rejected(Rejection::AmbiguousModel);
    assert_eq!((rejected.provider(), rejected.code()), (None, Some(Code::AmbiguousModel)));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// A policy accepts only the variable names that a shell can set.
    #[test]
    fn policy_accepts_only_valid_variable_names(name in "[A1_.é-]{0,3}") {
        let document = PolicyDocument::new("mine", &name, "x");
        let is_name = name.starts_with(['A', '_']) && name.chars().all(|next| "A1_.".contains(next));
        assert_eq!(Policy::new(document).is_ok(), is_name, "{name:?}");
    }
}

/// A path quotes the keys that would make it ambiguous.
#[test]
fn field_paths_quote_unusual_keys() {
    let path = FieldPath::default().key("runtimes").key("codex-1").key("providers").index(1).key("name");
    assert_eq!(path.to_string(), "runtimes.codex-1.providers[1].name");
    for (key, written) in [
        ("a_b", "a_b"),
        ("vendor/id", "vendor/id"),
        ("é1", "é1"),
        ("", "\"\""),
        ("a b", "\"a b\""),
        ("a.b", "\"a.b\""),
        ("`", "\"\""),
        ("\"\n", "\"\\\"\\n\""),
    ] {
        assert_eq!(FieldPath::default().key(key).to_string(), written, "{key:?}");
        assert_eq!(FieldPath::default().index(0).key(key).to_string(), format!("[0].{written}"), "{key:?}");
    }
}

/// Commands put these phrases next to values, so each is checked literally.
#[test]
fn phrases_are_written_as_documented() {
    use slug_resolver::explain;
    let picks = [Some("model[2]"), None].map(|rule| explain::pick(rule, "agent", "`m-1`"));
    assert_eq!(picks, ["selects `m-1` for `agent` by rule 3 of `model`", "no rule selects a model for `agent`"]);
    let reasons = [(Some("override"), Some("MODEL")), (Some("fallback"), None), (None, None)];
    assert_eq!(
        reasons.map(|(rule, decided_by)| explain::reason(rule, decided_by)),
        ["rule `override`, by MODEL", "rule `fallback`", "no rule for the model applies"]
    );
    let byok = "byok: the tenant pays with its own keys";
    for (injects, platform) in [(false, "platform: no key is injected"), (true, "platform: no further key is injected")]
    {
        assert_eq!(BillingPath::ALL.map(|path| explain::path(path, injects)), [platform, byok]);
    }
    let keys = ["A_KEY".to_owned(), "B_KEY".to_owned()];
    assert_eq!(explain::cross_vendor(&keys, "acme"), "A_KEY and B_KEY would be sent to acme");
}
