//! Properties of joins: the joined state allows every value of either branch and no other value.

use proptest::collection::{btree_map, btree_set};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

/// Texts that distinguish abstract values: the empty text, two texts that generated values list, and
/// `c`, which no generated value lists.
const TEXTS: [&str; 4] = ["", "a", "b", "c"];

const NAMES: [&str; 3] = ["A", "B", "C"];

fn text() -> impl Strategy<Value = Text> {
    let reason = || BTreeSet::from(["some reason".to_owned()]);
    prop_oneof![
        4 => btree_set(select(&TEXTS[..3]), 1..=3)
            .prop_map(move |texts| Text::one_of(texts.into_iter().map(str::to_owned), reason())),
        1 => Just(Text::non_empty("a secret")),
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
    (text(), any::<bool>()).prop_map(|(value, is_conditional)| Written { value, is_conditional, span: 0..1 })
}

fn by_name<V: std::fmt::Debug>(value: impl Strategy<Value = V>) -> impl Strategy<Value = BTreeMap<String, V>> {
    btree_map(select(&NAMES[..]).prop_map(str::to_owned), value, 0..=3)
}

fn state() -> impl Strategy<Value = State> {
    let reason = || option::of(Just("some script".to_owned()));
    let directory = option::of(select(&["", "tests"][..]).prop_map(str::to_owned));
    let attributes =
        by_name(select(&[Attribute::Uppercase, Attribute::Lowercase, Attribute::ReadOnly, Attribute::Other][..]));
    let allexport = select(&[Tristate::ALWAYS, Tristate::NEVER, Tristate::UNKNOWN][..]);
    let options = allexport.prop_map(|allexport| ShellOptions { allexport, ..ShellOptions::NONE });
    (by_name(variable()), by_name(written()), reason(), reason(), options, attributes, directory, any::<bool>())
        .prop_map(|(variables, written, others_unknown, opaque, options, attributes, directory, ended)| State {
            variables,
            written,
            others_unknown,
            opaque,
            options,
            attributes,
            directory,
            ended,
            ..State::default()
        })
}

/// Two values, often equal.
fn two<V: Clone + std::fmt::Debug>(one: impl Fn() -> BoxedStrategy<V>) -> impl Strategy<Value = (V, V)> {
    prop_oneof![(one(), one()), one().prop_map(|both| (both.clone(), both))]
}

type Texts = BTreeSet<&'static str>;

fn texts(text: &Text) -> Texts {
    let can_be = |candidate: &&str| match &text.values {
        AbstractValue::OneOf(texts) => texts.iter().any(|text| text == candidate),
        AbstractValue::WithSecret | AbstractValue::NonEmpty => !candidate.is_empty(),
        AbstractValue::Any => true,
    };
    TEXTS.into_iter().filter(can_be).collect()
}

/// Whether the possible texts are exactly `expected`. With `c` among them the text is not listed, so
/// it must allow all of them and be empty only if expected.
fn allows_exactly(text: &Text, expected: &Texts) -> bool {
    let found = texts(text);
    if expected.contains("c") {
        found.is_superset(expected) && found.contains("") == expected.contains("")
    } else {
        found == *expected
    }
}

fn exports(export: Export) -> BTreeSet<bool> {
    [(true, Export::No), (false, Export::Yes)]
        .into_iter()
        .filter(|(_, never)| *never != export)
        .map(|(is, _)| is)
        .collect()
}

/// The possible values of a variable in a state, and whether it may be exported.
fn looked_up(state: &State, name: &str) -> (Texts, BTreeSet<bool>) {
    match (state.variables.get(name), &state.others_unknown) {
        (Some(variable), _) => (texts(&variable.value), exports(variable.export)),
        (None, Some(_)) => (TEXTS.into(), exports(Export::Maybe)),
        (None, None) => ([""].into(), exports(Export::No)),
    }
}

/// The possible values of a variable that is written for later steps; `None` if it is not written.
fn possible_writes(written: &BTreeMap<String, Written>, name: &str) -> BTreeSet<Option<&'static str>> {
    match written.get(name) {
        Some(written) => {
            let none = written.is_conditional.then_some(None);
            texts(&written.value).into_iter().map(Some).chain(none).collect()
        }
        None => [None].into(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn join_allows_exactly_either_branch((one, other) in two(|| state().boxed())) {
        let joined = join(one.clone(), other.clone());
        prop_assert_eq!(joined.ended, one.ended && other.ended);
        // A branch that has ended does not reach the join.
        let (one, other) = match (one.ended, other.ended) {
            (true, false) => (&other, &other),
            (false, true) => (&one, &one),
            _ => (&one, &other),
        };
        for name in NAMES {
            let [(mine, mine_exports), (others, other_exports), (_, joined_exports)] =
                [one, other, &joined].map(|state| looked_up(state, name));
            let variable = joined.variables.get(name);
            if let Some(variable) = variable {
                prop_assert!(allows_exactly(&variable.value, &(&mine | &others)), "{variable:?}");
                prop_assert_eq!(joined_exports, &mine_exports | &other_exports);
            } else {
                prop_assert_eq!(looked_up(&joined, name).0, &mine | &others);
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
        let others_unknown = one.others_unknown.is_some() || other.others_unknown.is_some();
        prop_assert_eq!(joined.others_unknown.is_some(), others_unknown);
        prop_assert_eq!(joined.opaque.is_some(), one.opaque.is_some() || other.opaque.is_some());
        let exported = |state: &State| exports(Export::under(state.options.allexport));
        prop_assert_eq!(exported(&joined), &exported(one) | &exported(other));
        for name in NAMES {
            let (mine, others) = (one.attributes.get(name), other.attributes.get(name));
            let is_read_only = [mine, others].contains(&Some(&Attribute::ReadOnly));
            let mixed = if is_read_only { Attribute::ReadOnly } else { Attribute::Other };
            let expected = if mine == others { mine } else { Some(&mixed) };
            prop_assert_eq!(joined.attributes.get(name), expected);
        }
        let same_directory = one.directory.clone().filter(|_| one.directory == other.directory);
        prop_assert_eq!(joined.directory, same_directory);
    }

    #[test]
    fn join_written_allows_exactly_either_branch((one, other) in two(|| state().boxed())) {
        let joined = join_written(&one.written, &other.written);
        for name in NAMES {
            let [mine, others] = [&one, &other].map(|state| possible_writes(&state.written, name));
            let expected = &mine | &others;
            prop_assert_eq!(joined.contains_key(name), expected != [None].into());
            if let Some(written) = joined.get(name) {
                prop_assert_eq!(written.is_conditional, expected.contains(&None));
                prop_assert!(allows_exactly(&written.value, &expected.into_iter().flatten().collect()), "{written:?}");
            }
            let [mine, others] = [&one, &other].map(|state| state.written.get(name));
            if mine == others {
                prop_assert_eq!(joined.get(name), mine);
            }
        }
    }

    #[test]
    fn visible_value_depends_on_export(variable in variable()) {
        let (value, export, exports) = (variable.value.clone(), variable.export, exports(variable.export));
        let visible = variable.visible();
        let mut expected = Texts::new();
        if exports.contains(&true) {
            expected.extend(texts(&value));
        }
        if exports.contains(&false) {
            expected.insert("");
        }
        prop_assert!(allows_exactly(&visible.value, &expected), "{visible:?}");
        prop_assert_eq!(visible.export, export);
    }

    /// Compares with the result for each possible text of both. Without a colon, an empty variable may
    /// count as set.
    #[test]
    fn substituted_follows_its_operator(
        operator in select(&[":-", "-", ":=", "=", ":+", "+"][..]),
        value in text(),
        other in text(),
    ) {
        let (if_set, has_colon) = (operator.ends_with('+'), operator.starts_with(':'));
        let mut expected = Texts::new();
        for text in texts(&value) {
            let is_set = !text.is_empty();
            if is_set == if_set || !is_set && !has_colon {
                expected.extend(texts(&other));
            }
            if is_set && !if_set {
                expected.insert(text);
            }
            if !is_set && (if_set || !has_colon) {
                expected.insert("");
            }
        }
        let found = substituted(operator, value.clone(), other);
        prop_assert!(allows_exactly(&found, &expected), "{found:?}, not {expected:?}");
        if texts(&value).len() > 1 && texts(&value).contains("") {
            prop_assert!(found.single().is_some() || value.reasons.is_subset(&found.reasons), "{found:?}");
        }
    }
}
