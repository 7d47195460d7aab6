//! What looks like a credential, or is the value of a secret, is masked where people misplace it.

use crate::run::{Scratch, slugproof};

/// A secret that has no known shape.
const PLAIN: &str = "hunter2-canary";

#[test]
fn value_of_a_misspelt_key_variable_is_masked_in_a_record() {
    for name in ["E2E_MINIMAX_API_KYE", "E2E_MINIMAX_APIKEY", "e2e_minimax_api_key"] {
        let record = format!(r#"{{"model":"m","status":"failed","error":"rejected {PLAIN}"}}"#);
        let setting = format!("{name}={PLAIN}");
        let args = ["diagnose", "--record", "-", "--runtime", "claude-code", "--format", "json", &setting];
        let output = slugproof(args).input(&record).run();
        assert!(output.stdout.contains("rejected <masked>"), "{name}: {}", output.stdout);
        assert!(!output.snapshot().contains(PLAIN), "{name}: {}", output.snapshot());
    }
}

#[test]
fn message_about_a_refused_file_repeats_no_credential() {
    let key = "sk-proj-0123456789abcdef";
    for (name, args) in [
        ("lint", vec!["lint", "--no-config", key]),
        ("policy", vec!["prove", "--policy", key]),
        ("registry", vec!["resolve", "--embedded", "--runtime", "codex", "--registry", key]),
        ("record", vec!["diagnose", "--record", key]),
        ("batch", vec!["derive", "--batch", key]),
    ] {
        let output = slugproof(args).dir(&Scratch::new(&format!("secrets-refused-{name}"))).run();
        assert_eq!(output.code, 2, "{name}: {}", output.snapshot());
        assert!(!output.snapshot().contains(key), "{name}: {}", output.snapshot());
    }
}
