//! Puts one question to the embedded data, and prints the verdict and what would mend it.
//!
//! ```sh
//! cargo run -p slug-resolver --example resolve
//! ```

#![expect(clippy::disallowed_macros, reason = "the resolver is pure; an example prints")]

use slug_resolver::{Edit, Env, Policy, Registry, fixes, resolve};

fn main() {
    let registry = Registry::embedded();
    let policy = Policy::embedded("full-saas").expect("ships with the crate");
    // Of a secret only its presence counts, so the word `set` will do.
    let variables = [("E2E_LLM_PATH", "platform"), ("E2E_MODEL_SLUG", "MiniMax-M2"), ("E2E_MINIMAX_API_KEY", "set")];
    let env = Env::read(&policy, variables);

    let answer = resolve(&registry, "claude-code", &env, &[]);
    println!("{}", answer.message());
    let code = answer.code.expect("the founding incident");
    println!("{code}: {meaning}", code = code.as_str(), meaning = code.meaning());
    assert_eq!(code.as_str(), "platform-path-byok-model");

    let fixes = fixes(&registry, "claude-code", &env, &[]);
    for fix in &fixes {
        let edits: Vec<String> = fix.edits.iter().map(written).collect();
        println!("{}: {} on {}", edits.join(", "), fix.slug, fix.provider);
    }
    assert_eq!(fixes[0].edits, [Edit::Unset("E2E_MODEL_SLUG".to_owned())]);
}

fn written(edit: &Edit) -> String {
    match edit {
        Edit::Unset(name) => format!("unset {name}"),
        Edit::Set(name, value) => format!("set {name}={value}"),
    }
}
