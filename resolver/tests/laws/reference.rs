//! The reference matches patterns as the regex engine does. The two share no code.

use regex_automata::nfa::thompson::Compiler;
use regex_automata::nfa::thompson::pikevm::PikeVM;
use slug_laws::reference::is_found_in;
use slug_resolver::registry::Pattern;

use crate::strategy::texts;

/// All zero-width assertions.
const LOOKS: [&str; 18] = [
    r"\A",
    r"\z",
    "(?m)^",
    "(?m)$",
    "(?mR)^",
    "(?mR)$",
    r"(?-u:\b)",
    r"(?-u:\B)",
    r"\b",
    r"\B",
    r"(?-u:\b{start})",
    r"(?-u:\b{end})",
    r"\b{start}",
    r"\b{end}",
    r"(?-u:\b{start-half})",
    r"(?-u:\b{end-half})",
    r"\b{start-half}",
    r"\b{end-half}",
];

/// Characters that these assertions distinguish.
const ALPHABET: [char; 6] = ['a', '_', '-', 'é', '\n', '\r'];

#[test]
fn zero_width_assertions_match_as_in_engine() {
    let texts: Vec<String> = texts(&ALPHABET, 0..=3).collect();
    for look in LOOKS {
        for source in [
            look.to_owned(),
            format!("a{look}"),
            format!("{look}a"),
            format!("(?s).{look}."),
            format!("é{look}|_{look}(?s)."),
        ] {
            let pattern = Pattern::new(&source).expect("the pattern compiles");
            let program = Compiler::new().build_from_hir(pattern.hir()).expect("the pattern is small");
            let engine = PikeVM::new_from_nfa(program).expect("the pattern is small");
            let mut cache = engine.create_cache();
            for text in &texts {
                let expected = engine.is_match(&mut cache, text.as_str());
                assert_eq!(is_found_in(pattern.hir(), text), expected, "{source} in {text:?}");
            }
        }
    }
}
