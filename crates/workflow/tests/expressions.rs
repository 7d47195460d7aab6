//! Compares abstract evaluation with concrete evaluation.
//!
//! A world is one choice of all unknown values. Abstract evaluation must find the values of all
//! worlds at once; concrete evaluation finds the value of one. The concrete evaluator belongs to
//! the parser library, not to this crate.

use std::collections::BTreeSet;

use github_actions_expressions::{Evaluation, Expr};
use proptest::prelude::*;
use proptest::sample::select;
use slug_value::{ALTERNATIVES, AbstractValue, TEXT_BYTES, Text, Tristate, Value};
use slug_workflow::expression::{self, Contexts, EXPRESSION_BYTES, OPERATORS};

/// Contexts in which no value is known. The reason for each is its path.
struct Unknown;

impl Contexts for Unknown {
    fn look_up(&self, path: &[String]) -> Value {
        Value::unknown(path.join("."))
    }
}

const LITERALS: [&str; 14] =
    ["'a'", "''", "'A'", "'ab'", "'b'", "'7'", "7", "0", "3.10", "-1", "true", "false", "null", "'é'"];

/// Expressions in which ① and ② stand for subexpressions.
const SHAPES: [&str; 22] = [
    "(① && ②)",
    "(① || ②)",
    "!①",
    "!(① && ②)",
    "(① == ②)",
    "(① != ②)",
    "(① < ②)",
    "(① <= ②)",
    "(① > ②)",
    "(① >= ②)",
    "contains(①, ②)",
    "contains(fromJSON('[\"a\", 7, null]'), ①)",
    "startsWith(①, ②)",
    "startsWith(fromJSON('[]'), ①)",
    "endsWith(①, ②)",
    "endsWith(①, fromJSON('{}'))",
    "join(①, ②)",
    "join(fromJSON('[1, \"a\"]'), ①)",
    "join(fromJSON('[1, \"a\"]'))",
    "format('{0}-{{{1}}}{0}', ①, ②)",
    "format(①, ②)",
    "case(① == ②, ①, !②, ②, 'c')",
];

/// An expression in which each § stands for one of two literals.
#[derive(Clone, Debug)]
struct Open {
    text: String,
    /// The two literals of each §, in order.
    choices: Vec<[&'static str; 2]>,
}

impl Open {
    /// The shape with an expression in place of each ① and ②.
    fn of(shape: &str, parts: [&Self; 2]) -> Self {
        let mut open = Self { text: String::new(), choices: Vec::new() };
        for sign in shape.chars() {
            match "①②".chars().position(|placeholder| placeholder == sign) {
                Some(part) => {
                    open.text += &parts[part].text;
                    open.choices.extend(&parts[part].choices);
                }
                None => open.text.push(sign),
            }
        }
        open
    }

    /// The expression with a text in place of each §.
    fn with(&self, choice: impl Fn(usize) -> String) -> String {
        let mut pieces = self.text.split('§');
        let first = pieces.next().unwrap_or_default().to_owned();
        pieces.enumerate().fold(first, |text, (number, piece)| text + &choice(number) + piece)
    }

    /// The expression as a workflow has it: for § number N, the unknown `vars.cN` chooses the literal.
    fn written(&self) -> String {
        self.with(|number| format!("case(vars.c{number}, {}, {})", self.choices[number][0], self.choices[number][1]))
    }

    /// The value in each world, or `None` if one is an error. Bit N of the number of a world is the
    /// index of the literal of § number N.
    fn worlds(&self) -> Option<Vec<Evaluation>> {
        let world = |world: usize| {
            let text = self.with(|number| self.choices[number][world >> number & 1].to_owned());
            Expr::parse(&text).expect("the strategy makes valid expressions").consteval()
        };
        (0..1 << self.choices.len()).map(world).collect()
    }
}

/// An expression that has a value in every world, and these values.
fn open() -> impl Strategy<Value = (Open, Vec<Evaluation>)> {
    let literal = || select(LITERALS.to_vec());
    let leaf = prop_oneof![
        literal().prop_map(|literal| Open { text: literal.to_owned(), choices: vec![] }),
        (literal(), literal()).prop_map(|(one, other)| Open { text: "§".to_owned(), choices: vec![[one, other]] }),
    ];
    leaf.prop_recursive(3, 8, 2, |inner| {
        (select(SHAPES.to_vec()), inner.clone(), inner).prop_map(|(shape, one, other)| Open::of(shape, [&one, &other]))
    })
    // With more alternatives, abstract evaluation gives up.
    .prop_filter("too many choices", |open| 1 << open.choices.len() <= ALTERNATIVES)
    .prop_filter_map("an error in some world", |open| open.worlds().map(|worlds| (open, worlds)))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// The possible values are exactly the values of all worlds, and each choice that makes a
    /// difference is a reason.
    #[test]
    fn possible_values_are_those_of_all_worlds(
        (open, worlds) in open(),
        before in "[a-z ]{0,3}",
        after in "[a-z ]{0,3}",
    ) {
        let template = format!("{before}${{{{ {} }}}}{after}", open.written());
        let text = expression::text(&template, &Unknown);
        let texts: Vec<String> = worlds.iter().map(|value| format!("{before}{}{after}", value.sema())).collect();
        let AbstractValue::OneOf(possible) = &text.values else { panic!("{template} can only be {texts:?}") };
        let set = |texts: &[String]| texts.iter().cloned().collect::<BTreeSet<_>>();
        prop_assert_eq!(set(possible), set(&texts), "{}", template);

        let makes_a_difference =
            |number: usize| (0..texts.len()).any(|world| texts[world] != texts[world ^ 1 << number]);
        for number in 0..open.choices.len() {
            let is_reason = text.reasons.contains(&format!("vars.c{number}"));
            prop_assert!(!makes_a_difference(number) || is_reason, "{} {}", template, number);
        }
        prop_assert!(possible.len() > 1 || text.reasons.is_empty(), "{} {:?}", template, text);
        let choices: BTreeSet<String> = (0..open.choices.len()).map(|number| format!("vars.c{number}")).collect();
        prop_assert!(text.reasons.is_subset(&choices), "{} {:?}", template, text);
    }

    /// A condition can be true if it is true in some world, and false if it is false in one. With text
    /// around the expression, it is true in every world.
    #[test]
    fn possible_conditions_are_those_of_all_worlds((open, worlds) in open()) {
        let expected = Tristate {
            can_be_true: worlds.iter().any(Evaluation::as_boolean),
            can_be_false: !worlds.iter().all(Evaluation::as_boolean),
        };
        let bare = open.written();
        for condition in [bare.clone(), format!("${{{{ {bare} }}}}")] {
            prop_assert_eq!(expression::condition(&condition, &Unknown), expected, "{}", condition);
        }
        for condition in [format!(" ${{{{{bare}}}}}"), format!("${{{{ {bare} }}}}\n")] {
            prop_assert_eq!(expression::condition(&condition, &Unknown), Tristate::ALWAYS, "{:?}", condition);
        }
    }
}

#[test]
fn expressions_are_evaluated_up_to_their_limits() {
    let is_known = |expression: &str| expression::value(expression, &Unknown).single().is_some();
    let of_bytes = |bytes: usize| format!("'{}'", "a".repeat(bytes - 2));
    assert_eq!([EXPRESSION_BYTES, EXPRESSION_BYTES + 1].map(|bytes| is_known(&of_bytes(bytes))), [true, false]);
    for operator in ["&&", "||", "=="] {
        let chain = |operators: usize| format!("true{}", format!(" {operator} true").repeat(operators));
        assert_eq!([OPERATORS, OPERATORS + 1].map(|many| is_known(&chain(many))), [true, false], "{operator}");
    }
}

/// A value that is set is never equal to an empty text.
#[test]
fn set_value_differs_from_empty() {
    struct Set;
    impl Contexts for Set {
        fn look_up(&self, path: &[String]) -> Value {
            Value::non_empty(path.join("."))
        }
    }
    let truths = |expression: &str| {
        let truth = expression::value(expression, &Set).truth();
        (truth.can_be_true, truth.can_be_false)
    };
    for (other, equal, unequal) in [
        ("''", (false, true), (true, false)),
        ("'a'", (true, true), (true, true)),
        ("vars.x", (true, true), (true, true)),
    ] {
        for [one, other] in [["secrets.S", other], [other, "secrets.S"]] {
            assert_eq!(truths(&format!("{one} == {other}")), equal, "{one} == {other}");
            assert_eq!(truths(&format!("{one} != {other}")), unequal, "{one} != {other}");
            assert_eq!(truths(&format!("{one} < {other}")), (true, true), "{one} < {other}");
        }
    }
}

/// List items are found by number and object fields by name; absent members are null.
#[test]
fn members_are_found_by_number_and_name() {
    let assert_same = |inside: &str, expected: &str| {
        let value = |expression: &str| expression::value(expression, &Unknown).single().cloned();
        assert!(value(inside).is_some(), "{inside}");
        assert_eq!(value(inside), value(expected), "{inside}");
    };
    let list = r#"fromJSON('["a", 7, null, {"B": [true]}]')"#;
    for (index, expected) in [("0", "'a'"), ("1", "7"), ("2", "null"), ("4", "null"), ("'a'", "null")] {
        assert_same(&format!("{list}[{index}]"), expected);
    }
    for path in ["[3].B[0]", "[3].b[0]", "[3]['B'][0]"] {
        assert_same(&format!("{list}{path}"), "true");
    }
    for path in ["[3].B[1]", "[3].c", "[0].B", "[3].B.B"] {
        assert_same(&format!("{list}{path}"), "null");
    }
}

/// `*` yields every item, and the rest of the path applies to each of them.
#[test]
fn filters_apply_paths_to_each_item() {
    let list = r#"fromJSON('[{"a": {"b": 1}}, {"A": {"b": 2, "c": [5, 6]}}, {"x": 3}, 4, [{"a": 7}]]')"#;
    for (path, expected) in [
        (".*.a.b", "[1, 2]"),
        ("[*].a.b", "[1, 2]"),
        (".*.a['B']", "[1, 2]"),
        (".*.a.c", "[[5, 6]]"),
        (".*.a.c[1]", "[6]"),
        (".*.a.c.*", "[5, 6]"),
        (".*[0].a", "[7]"),
        (".*.y", "[]"),
        ("[0].*.b", "[1]"),
        ("[3].*", "[]"),
        ("[4].*.a", "[7]"),
    ] {
        let value = |expression: &str| expression::value(expression, &Unknown).single().cloned();
        assert_eq!(value(&format!("{list}{path}")), value(&format!("fromJSON('{expected}')")), "{path}");
        assert!(value(&format!("join({list}{path})")).is_some());
    }
    // The order of several fields is not kept.
    for unknown in ["fromJSON('{\"a\": 1, \"b\": 2}').*", "inputs.list.*.a", "inputs.*"] {
        assert_eq!(expression::value(unknown, &Unknown).values, AbstractValue::Any, "{unknown}");
    }
}

/// An invalid format fails the run, so its value is unknown.
#[test]
fn invalid_format_is_unknown() {
    for template in ["}", "a}b", "{", "{0", "{x}", "{}", "{-1}", "{+0}", "{ 0}", "{1}", "{0}}"] {
        let value = expression::value(&format!("format('{template}', 'a')"), &Unknown);
        assert_eq!(value.values, AbstractValue::Any, "{template}");
    }
}

/// The status of a job is not known, but a status function is true or false.
#[test]
fn status_functions_are_true_or_false() {
    for function in ["success()", "failure()", "cancelled()"] {
        let value = expression::value(function, &Unknown);
        assert_eq!(value.values, AbstractValue::OneOf([true, false].map(Evaluation::Boolean).into()));
        assert_eq!(value.reasons, BTreeSet::from([format!("`{function}`")]));
    }
    assert_eq!(expression::value("always()", &Unknown), Value::known(Evaluation::Boolean(true)));
}

/// A reference is a context, in lower case, and its member, as written. `github.event.inputs.x` is
/// the same reference as `inputs.x`.
#[test]
fn references_name_context_and_member() {
    const NAMES: [&str; 4] = ["event", "inputs", "EVENT", "Inputs"];
    let refers_to = |[root, first, second, third]: [&str; 4]| {
        let names = [root, first, second].map(str::to_lowercase);
        let [root, ..] = &names;
        match names.each_ref().map(String::as_str) {
            ["github" | "gitea", "event", "inputs"] => ("inputs".to_owned(), Some(third.to_owned())),
            _ => (root.clone(), Some(first.to_owned())),
        }
    };
    for root in ["github", "Gitea", "env", "inputs"] {
        for number in 0..NAMES.len().pow(3) {
            let [first, second, third] = [16, 4, 1].map(|divisor| NAMES[number / divisor % 4]);
            let expected = BTreeSet::from([refers_to([root, first, second, third])]);
            for path in [format!("{root}.{first}.{second}.{third}"), format!("{root}['{first}'].{second}['{third}']")] {
                assert_eq!(expression::references_of(&path), expected, "{path}");
            }
        }
    }
}

/// The number of possible texts, or `None` if they are not all known.
fn alternatives(text: &Text) -> Option<usize> {
    match &text.values {
        AbstractValue::OneOf(texts) => Some(texts.len()),
        AbstractValue::WithSecret | AbstractValue::NonEmpty | AbstractValue::Any => None,
    }
}

#[test]
fn alternatives_are_distinct_up_to_their_limit() {
    let chain = |count: usize| {
        let cases: Vec<String> = (1..count).map(|number| format!("vars.c{number}, {number}")).collect();
        format!("case({}, 0)", cases.join(", "))
    };
    assert_eq!(Text::one_of([], BTreeSet::from(["why".to_owned()])), Text::unknown("why"));
    let count_of = |expression: &str| alternatives(&expression::text(&format!("${{{{ {expression} }}}}"), &Unknown));
    assert_eq!(count_of(&chain(ALTERNATIVES)), Some(ALTERNATIVES));
    assert_eq!(count_of(&chain(ALTERNATIVES + 1)), None);
    // The limit also applies to the combinations of a function's arguments.
    let (few, many) = (chain(4), chain(ALTERNATIVES / 4 + 1));
    assert_eq!(count_of(&format!("contains({few}, {few})")), Some(2));
    assert_eq!(count_of(&format!("contains({few}, {many})")), None);
}

#[test]
fn texts_are_joined_up_to_their_limit() {
    let known = |bytes: usize| Text::known("x".repeat(bytes));
    assert_eq!(known(TEXT_BYTES - 3).followed_by(known(3)), known(TEXT_BYTES));
    assert_eq!(known(TEXT_BYTES - 3).followed_by(known(4)).values, AbstractValue::NonEmpty);
    let longest = known(1).or(known(TEXT_BYTES));
    assert_eq!(longest.clone().followed_by(known(0)).values, longest.values);
    assert_eq!(longest.followed_by(known(1)).values, AbstractValue::NonEmpty);
}

/// Joined texts are never empty if one of them is never empty, even if the texts are unknown. In
/// the table, `""` marks a text that is always empty, `"a"` one that never is, and `"?"` one that
/// may be.
#[test]
fn joined_texts_keep_known_emptiness() {
    let known = |text: &str| Text::known(text.to_owned());
    let both = || known("").or(known("a"));
    let kinds = [
        (known(""), ""),
        (known("a"), "a"),
        (both(), "?"),
        (Text::with_secret("w"), "a"),
        (Text::non_empty("s"), "a"),
        (Text::unknown("u"), "?"),
    ];
    let is_secret = |text: &Text| text.values == AbstractValue::WithSecret;
    for (one, one_kind) in &kinds {
        for (other, other_kind) in &kinds {
            let joined = one.clone().followed_by(other.clone());
            let either = one.clone().or(other.clone());
            let is_known = alternatives(one).is_some() && alternatives(other).is_some();
            assert_eq!(alternatives(&joined).is_some(), is_known, "{joined:?}");
            if !is_known {
                let never_empty = [*one_kind == "a", *other_kind == "a"];
                assert_eq!(is_secret(&joined), is_secret(one) || is_secret(other), "{one:?} {other:?}");
                assert_eq!(is_secret(&either), is_secret(one) && is_secret(other), "{one:?} {other:?}");
                assert_eq!(joined.values.is_never_absent(), never_empty.contains(&true), "{one:?} {other:?}");
                assert_eq!(either.values.is_never_absent(), !never_empty.contains(&false), "{one:?} {other:?}");
                let either = one.clone().into_value().or(other.clone().into_value());
                assert_eq!(either.values.is_never_absent(), !never_empty.contains(&false), "{one:?} {other:?}");
            }
            let why: BTreeSet<String> = one.reasons.union(&other.reasons).cloned().collect();
            assert!(joined.reasons == why && (either.reasons == why || either.single().is_some()), "{one:?} {other:?}");
        }
    }
}
