//! The reference matches patterns as the engine does, whose code it shares none of.

use regex_automata::nfa::thompson::Compiler;
use regex_automata::nfa::thompson::pikevm::PikeVM;
use slug_laws::reference::is_found_in;
use slug_resolver::registry::Pattern;

use crate::strategy::texts;

/// Everything that a pattern can demand of a place without taking a character.
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

/// Characters that these tell apart.
const ALPHABET: [char; 6] = ['a', '_', '-', 'é', '\n', '\r'];

#[test]
fn a_place_is_looked_at_as_the_engine_does() {
    let texts: Vec<String> = texts(&ALPHABET, 0..=3).collect();
    for look in LOOKS {
        for source in [
            look.to_owned(),
            format!("a{look}"),
            format!("{look}a"),
            format!("(?s).{look}."),
            format!("é{look}|_{look}(?s)."),
        ] {
            let pattern = Pattern::new(&source).expect("it compiles");
            let program = Compiler::new().build_from_hir(pattern.hir()).expect("it is small");
            let engine = PikeVM::new_from_nfa(program).expect("it is small");
            let mut cache = engine.create_cache();
            for text in &texts {
                let expected = engine.is_match(&mut cache, text.as_str());
                assert_eq!(is_found_in(pattern.hir(), text), expected, "{source} in {text:?}");
            }
        }
    }
}
