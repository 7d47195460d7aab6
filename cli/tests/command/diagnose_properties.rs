//! Properties of `diagnose` on random records, with and without secrets.

use proptest::prelude::*;
use slug_testkit::diagnosis::{SECRET, check_diagnosis, check_secret_masked};
use slugproof::commands::corpus::implementations::EmbeddedDiagnoser;

/// Records with placeholders for secrets: each `§` in a string or key.
fn record() -> impl Strategy<Value = serde_json::Value> {
    let text = prop_oneof![
        Just("§".to_owned()),
        "[a-z =:\"\\\\/\n]{0,6}§[a-zA-Z0-9 .:@\"\\\\]{0,6}",
        "\\PC{0,12}",
        Just("§§".to_owned()),
        Just("key=§ and §".to_owned()),
    ];
    let leaf = prop_oneof![
        text.clone().prop_map(serde_json::Value::String),
        any::<i64>().prop_map(Into::into),
        any::<bool>().prop_map(Into::into),
        Just(serde_json::Value::Null),
    ];
    let key = prop_oneof![
        Just("status".to_owned()),
        Just("error".to_owned()),
        Just("model".to_owned()),
        Just("runtime".to_owned()),
        Just("workspace".to_owned()),
        Just("injected".to_owned()),
        text,
    ];
    let inner = leaf.prop_recursive(3, 24, 5, {
        let key = key.clone();
        move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(serde_json::Value::Array),
                prop::collection::vec((key.clone(), inner), 0..5)
                    .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
            ]
        }
    });
    prop::collection::vec((key, inner), 1..6)
        .prop_map(|members| serde_json::Value::Object(members.into_iter().collect()))
}

/// Secrets of varied characters, marked so that no message can contain one by chance.
fn secret() -> impl Strategy<Value = String> {
    "zq[A-Za-z0-9+/=_\"\\\\ é\u{202e}-]{4,40}qz"
}

fn config() -> ProptestConfig {
    // A failing case prints its record; developers add it to `fuzz/regressions` by hand.
    ProptestConfig { failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn planted_secret_is_masked(record in record(), secret in secret()) {
        let written = serde_json::to_string(&record).expect("the value serializes");
        let inside = serde_json::to_string(&secret).expect("the value serializes");
        let planted = written.replace('§', &inside[1..inside.len() - 1]);
        check_secret_masked(&EmbeddedDiagnoser, planted.as_bytes(), &secret).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn every_property_holds_on_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..64), record in record()) {
        check_diagnosis(&EmbeddedDiagnoser, &bytes).map_err(TestCaseError::fail)?;
        let written = serde_json::to_string(&record).expect("the value serializes").replace('§', SECRET);
        check_diagnosis(&EmbeddedDiagnoser, written.as_bytes()).map_err(TestCaseError::fail)?;
    }
}
