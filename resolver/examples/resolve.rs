//! Resolves one query with the embedded data, and prints the verdict and the fixes.
//!
//! ```sh
//! cargo run -p slug-resolver --example resolve
//! ```

#![expect(clippy::disallowed_macros, reason = "the lint applies to the library, and examples print")]

use slug_resolver::{Edit, Env, Policy, Registry, fixes, resolve};

fn main() {
    let registry = Registry::embedded();
    let policy = Policy::embedded("full-saas").expect("ships with the crate");
    // Only whether a secret is set matters: write `set`, never its value.
    let variables = [("E2E_LLM_PATH", "platform"), ("E2E_MODEL_SLUG", "MiniMax-M2"), ("E2E_MINIMAX_API_KEY", "set")];
    let env = Env::read(&policy, variables);

    let answer = resolve(&registry, "claude-code", &env, &[]);
    println!("{}", answer.message(&registry));
    let code = answer.code.expect("the query is a contradiction");
    println!("{code}: {meaning}", code = code.as_str(), meaning = code.meaning());
    assert_eq!(code.as_str(), "platform-path-byok-model");

    let fixes = fixes(&registry, "claude-code", &env, &[]);
    for fix in &fixes {
        let edits: Vec<String> = fix.edits.iter().map(edit_text).collect();
        println!("{}: {} on {}", edits.join(", "), fix.slug, fix.provider);
    }
    assert_eq!(fixes[0].edits, [Edit::Unset("E2E_LLM_PATH".to_owned())]);
}

fn edit_text(edit: &Edit) -> String {
    match edit {
        Edit::Unset(name) => format!("unset {name}"),
        Edit::Set(name, value) => format!("set {name}={value}"),
    }
}
