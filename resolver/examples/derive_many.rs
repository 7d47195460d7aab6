//! Derives the providers of many models: looks up the runtime once and reuses its handle.
//!
//! ```sh
//! cargo run -p slug-resolver --example derive_many
//! ```

#![expect(clippy::disallowed_macros, reason = "the lint forbids `println!` in the library; an example may print")]

use slug_resolver::{Code, Credentials, NameSubset, Registry};

fn main() {
    let registry = Registry::embedded();
    let runtime = registry.handle("claude-code").expect("the registry has this runtime");
    let names = ["MINIMAX_API_KEY".to_owned()];
    let credentials = Credentials { injected: NameSubset::of(&names, |_| true), ambient: &[] };

    let models = ["MiniMax-M2", "minimax:MiniMax-M2", "moonshot/kimi-k2.6", " "];
    let answers = models.map(|model| match runtime.derive(model, &credentials) {
        Ok(provider) => provider.name.as_str(),
        Err(rejection) => Code::from(rejection).as_str(),
    });
    for (model, answer) in models.iter().zip(answers) {
        println!("{model:?}: {answer}");
    }
    assert_eq!(answers, ["minimax", "unregistered-model", "platform", "model-required"]);
}
