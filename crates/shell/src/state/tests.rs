//! Where branches meet, all that either of them comes to is possible, and nothing else.

use proptest::collection::{btree_map, btree_set};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

/// Texts by which it shows what a value can be: none, two that are known of some, and one
/// that is known of none.
const TEXTS: [&str; 4] = ["", "a", "b", "c"];

const NAMES: [&str; 3] = ["A", "B", "C"];

fn text() -> impl Strategy<Value = Text> {
    let why = || BTreeSet::from(["of itself".to_owned()]);
    prop_oneof![
        4 => btree_set(select(&TEXTS[..3]), 1..=3)
            .prop_map(move |texts| Text::one_of(texts.into_iter().map(str::to_owned), why())),
        1 => Just(Text::set("a secret")),
        1 => Just(Text::unknown("computed")),
    ]
}

fn export() -> impl Strategy<Value = Export> {
    select(&[Export::Yes, Export::No, Export::Maybe][..])
}

fn variable() -> impl Strategy<Value = Variable> {
    (text(), export(), option::of(Just(0..1))).prop_map(|(value, export, assigned)| Variable {
        value,
        export,
        assigned,
    })
}

fn written() -> impl Strategy<Value = Written> {
    (text(), any::<bool>()).prop_map(|(value, maybe_not)| Written { value, maybe_not, span: 0..1 })
}

fn by_name<V: std::fmt::Debug>(value: impl Strategy<Value = V>) -> impl Strategy<Value = BTreeMap<String, V>> {
    btree_map(select(&NAMES[..]).prop_map(str::to_owned), value, 0..=3)
}

fn state() -> impl Strategy<Value = State> {
    let why = || option::of(Just("some script".to_owned()));
    let directory = option::of(select(&["", "tests"][..]).prop_map(str::to_owned));
    let special = btree_set(select(&NAMES[..]).prop_map(str::to_owned), 0..=2);
    (by_name(variable()), by_name(written()), why(), why(), export(), special, directory, any::<bool>()).prop_map(
        |(variables, written, rest, opaque, all_exported, special, directory, ended)| State {
            variables,
            written,
            rest,
            opaque,
            all_exported,
            special,
            directory,
            ended,
        },
    )
}

/// Two of one kind, often the same.
fn two<V: Clone + std::fmt::Debug>(one: impl Fn() -> BoxedStrategy<V>) -> impl Strategy<Value = (V, V)> {
    prop_oneof![(one(), one()), one().prop_map(|both| (both.clone(), both))]
}

type Texts = BTreeSet<&'static str>;

fn texts(text: &Text) -> Texts {
    let can_be = |candidate: &&str| match &text.can {
        AbstractValue::OneOf(texts) => texts.iter().any(|text| text == candidate),
        AbstractValue::NonEmpty => !candidate.is_empty(),
        AbstractValue::Any => true,
    };
    TEXTS.into_iter().filter(can_be).collect()
}

/// Whether a text can be just these, as far as texts can say: with one that is not known,
/// it is known only whether it may be empty.
fn is_just(text: &Text, wanted: &Texts) -> bool {
    let found = texts(text);
    if wanted.contains("c") {
        found.is_superset(wanted) && found.contains("") == wanted.contains("")
    } else {
        found == *wanted
    }
}

fn exports(export: Export) -> BTreeSet<bool> {
    [(true, Export::No), (false, Export::Yes)]
        .into_iter()
        .filter(|(_, never)| *never != export)
        .map(|(is, _)| is)
        .collect()
}

/// What a variable can be in a state, and whether commands see it.
fn looked_up(state: &State, name: &str) -> (Texts, BTreeSet<bool>) {
    match (state.variables.get(name), &state.rest) {
        (Some(variable), _) => (texts(&variable.value), exports(variable.export)),
        (None, Some(_)) => (TEXTS.into(), exports(Export::Yes)),
        (None, None) => ([""].into(), exports(Export::No)),
    }
}

/// What later steps can find written under a name; nothing where it is not.
fn found_later(written: &BTreeMap<String, Written>, name: &str) -> BTreeSet<Option<&'static str>> {
    match written.get(name) {
        Some(written) => {
            let none = written.maybe_not.then_some(None);
            texts(&written.value).into_iter().map(Some).chain(none).collect()
        }
        None => [None].into(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_script_goes_on_from_either_branch((one, other) in two(|| state().boxed())) {
        let met = join(one.clone(), other.clone());
        prop_assert_eq!(met.ended, one.ended && other.ended);
        // Nothing goes on from a branch that has ended.
        let (one, other) = match (one.ended, other.ended) {
            (true, false) => (&other, &other),
            (false, true) => (&one, &one),
            _ => (&one, &other),
        };
        for name in NAMES {
            let [(mine, mine_seen), (others, others_seen), (_, seen)] =
                [one, other, &met].map(|state| looked_up(state, name));
            let variable = met.variables.get(name);
            if let Some(variable) = variable {
                prop_assert!(is_just(&variable.value, &(&mine | &others)), "{variable:?}");
                prop_assert_eq!(seen, &mine_seen | &others_seen);
            } else {
                prop_assert_eq!(looked_up(&met, name).0, &mine | &others);
            }
            let [mine, others] = [one, other].map(|state| state.variables.get(name));
            if mine == others {
                prop_assert_eq!(variable, mine);
            } else if let (Some(mine), Some(others), Some(variable)) = (mine, others, variable) {
                let reasons = &mine.value.reasons | &others.value.reasons;
                prop_assert!(variable.value.single().is_some() || reasons.is_subset(&variable.value.reasons));
                let assigned = mine.assigned.as_ref().or(others.assigned.as_ref());
                prop_assert_eq!(variable.assigned.as_ref(), assigned);
            }
        }
        prop_assert_eq!(met.rest.is_some(), one.rest.is_some() || other.rest.is_some());
        prop_assert_eq!(met.opaque.is_some(), one.opaque.is_some() || other.opaque.is_some());
        prop_assert_eq!(exports(met.all_exported), &exports(one.all_exported) | &exports(other.all_exported));
        prop_assert_eq!(met.special, &one.special | &other.special);
        let same_directory = one.directory.clone().filter(|_| one.directory == other.directory);
        prop_assert_eq!(met.directory, same_directory);
    }

    #[test]
    fn later_steps_find_what_either_branch_wrote((one, other) in two(|| state().boxed())) {
        let met = join_written(&one, &other);
        for name in NAMES {
            let [mine, others] = [&one, &other].map(|state| found_later(&state.written, name));
            let wanted = &mine | &others;
            prop_assert_eq!(met.contains_key(name), wanted != [None].into());
            if let Some(written) = met.get(name) {
                prop_assert_eq!(written.maybe_not, wanted.contains(&None));
                prop_assert!(is_just(&written.value, &wanted.into_iter().flatten().collect()), "{written:?}");
            }
            let [mine, others] = [&one, &other].map(|state| state.written.get(name));
            if mine == others {
                prop_assert_eq!(met.get(name), mine);
            }
        }
    }

    #[test]
    fn commands_see_what_is_exported(variable in variable()) {
        let (value, exports) = (variable.value.clone(), exports(variable.export));
        let seen = variable.seen();
        let mut wanted = Texts::new();
        if exports.contains(&true) {
            wanted.extend(texts(&value));
        }
        if exports.contains(&false) {
            wanted.insert("");
        }
        prop_assert!(is_just(&seen.value, &wanted), "{seen:?}");
        prop_assert_eq!(seen.export, Export::Yes);
    }

    /// As in every world of the two texts. Without a colon, a variable that is empty may be
    /// taken for set.
    #[test]
    fn a_word_is_taken_in_the_place_of_what_is_empty(
        operator in select(&[":-", "-", ":=", "=", ":+", "+"][..]),
        value in text(),
        other in text(),
    ) {
        let (if_set, has_colon) = (operator.ends_with('+'), operator.starts_with(':'));
        let mut wanted = Texts::new();
        for text in texts(&value) {
            let is_set = !text.is_empty();
            if is_set == if_set || !is_set && !has_colon {
                wanted.extend(texts(&other));
            }
            if is_set && !if_set {
                wanted.insert(text);
            }
            if !is_set && (if_set || !has_colon) {
                wanted.insert("");
            }
        }
        let found = substituted(operator, value.clone(), other);
        prop_assert!(is_just(&found, &wanted), "{found:?}, not {wanted:?}");
        if texts(&value).len() > 1 && texts(&value).contains("") {
            prop_assert!(found.single().is_some() || value.reasons.is_subset(&found.reasons), "{found:?}");
        }
    }
}
