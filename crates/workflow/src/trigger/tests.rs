use github_actions_expressions::Evaluation;

use super::{Invocation, MAX_INVOCATIONS, RelevantInputs, Secrets, invocations};
use crate::model::{Input, InputKind, Trigger};
use slug_value::{AbstractValue, Value};

pub fn input(name: &str, kind: InputKind, default: Option<&str>) -> Input {
    Input { name: name.to_owned(), kind, default: default.map(str::to_owned), required: false }
}

fn options(count: usize) -> InputKind {
    InputKind::Choice((0..count).map(|number| format!("o{number}")).collect())
}

pub fn trigger(event: &str, inputs: Vec<Input>) -> Trigger {
    Trigger { inputs, ..Trigger::new(event) }
}

pub fn names(names: &[&str]) -> RelevantInputs {
    names.iter().map(|name| ((*name).to_owned(), Vec::new())).collect()
}

/// A short description of a value: its text with its type, `set`, or `?` with the reasons.
pub fn describe(value: &Value) -> String {
    match (&value.values, value.single()) {
        (_, Some(Evaluation::String(text))) => format!("'{text}'"),
        (_, Some(known)) => format!("{known:?}"),
        (AbstractValue::WithSecret, _) => "secret".to_owned(),
        (AbstractValue::NonEmpty, _) => "set".to_owned(),
        _ => format!("? {}", value.reasons.iter().cloned().collect::<Vec<_>>().join("; ")),
    }
}

/// The values of one input over all invocations, each with its form for display.
fn choices(event: &str, input: &Input) -> Vec<(String, String)> {
    let all = invocations(&trigger(event, vec![input.clone()]), &names(&["k"]));
    all.iter().map(|it| (describe(&it.inputs["k"]), it.chosen[0].1.clone())).collect()
}

#[test]
fn input_values_start_with_the_default() {
    const ANY: (&str, &str) = ("? a manual run may supply any value for `K`", "anything");
    const TRUE: (&str, &str) = ("Boolean(true)", "true");
    const FALSE: (&str, &str) = ("Boolean(false)", "false");
    const FIRST: (&str, &str) = ("'o0'", "o0");
    const SECOND: (&str, &str) = ("'o1'", "o1");
    const LATER: (&str, &str) = ("? the default of `K` is known only at run time", "its default");
    let no_options = || InputKind::Choice(Vec::new());
    for (kind, default, is_required, expected) in [
        (InputKind::Boolean, None, false, vec![FALSE, TRUE]),
        (InputKind::Boolean, Some("true"), true, vec![TRUE, FALSE]),
        (InputKind::Boolean, Some("yes"), false, vec![FALSE, TRUE]),
        (options(2), None, true, vec![FIRST, SECOND]),
        (options(2), Some("o1"), false, vec![SECOND, FIRST]),
        (options(2), Some("o2"), false, vec![FIRST, SECOND]),
        (no_options(), None, false, vec![("''", ""), ANY]),
        (InputKind::Number, None, false, vec![ANY]),
        (InputKind::Number, Some("3"), true, vec![("Number(3.0)", "3"), ANY]),
        (InputKind::Number, Some("three"), false, vec![ANY]),
        (InputKind::Text, None, false, vec![("''", ""), ANY]),
        (InputKind::Text, None, true, vec![ANY]),
        (InputKind::Text, Some("d"), false, vec![("'d'", "d"), ANY]),
        (InputKind::Text, Some("d"), true, vec![("'d'", "d"), ANY]),
        (InputKind::Boolean, Some("${{ vars.d }}"), false, vec![LATER]),
    ] {
        let input_of_kind = Input { required: is_required, ..input("K", kind, default) };
        let found = choices("workflow_dispatch", &input_of_kind);
        let expected: Vec<_> = expected.iter().map(|(value, shown)| (value.to_string(), shown.to_string())).collect();
        assert_eq!(found, expected, "{input_of_kind:?}");
    }
    let input_of_kind = input("K", InputKind::Number, None);
    assert_eq!(choices("workflow_call", &input_of_kind)[0].0, "? a calling workflow may supply any value for `K`");
}

#[test]
fn invocations_combine_the_choices_of_relevant_inputs() {
    let inputs = vec![
        input("Flag", InputKind::Boolean, None),
        input("other", InputKind::Boolean, None),
        input("pick", options(2), Some("o1")),
    ];
    let relevant = names(&["flag", "pick", "undeclared"]);
    for event in ["workflow_dispatch", "workflow_call"] {
        let all = invocations(&trigger(event, inputs.clone()), &relevant);
        let chosen = |it: &Invocation| it.chosen.iter().map(|(name, to)| format!("{name}={to}")).collect::<Vec<_>>();
        assert_eq!(
            all.iter().map(|it| chosen(it).join(" ")).collect::<Vec<_>>(),
            ["Flag=false pick=o1", "Flag=false pick=o0", "Flag=true pick=o1", "Flag=true pick=o0"]
        );
        for invocation in &all {
            assert_eq!(invocation.declared, ["flag", "other", "pick"].map(str::to_owned).into());
            assert_eq!((invocation.event.as_str(), invocation.is_unknown_event), (event, event == "workflow_call"));
            assert_eq!((&invocation.secrets, invocation.callers.len()), (&Secrets::All, 0));
            // `github.event.inputs` has only strings, and only for a manual start.
            let texts: Vec<_> = invocation.event_inputs.values().map(describe).collect();
            let flag = describe(&invocation.inputs["flag"]);
            let shown = format!("'{}'", if flag == "Boolean(true)" { "true" } else { "false" });
            let pick = describe(&invocation.inputs["pick"]);
            assert_eq!(texts, if invocation.is_unknown_event { vec![] } else { vec![shown, pick] });
        }
    }
    let pushed = invocations(&trigger("push", inputs), &relevant);
    assert_eq!(pushed.len(), 1);
    assert!(pushed[0].declared.is_empty() && pushed[0].inputs.is_empty() && pushed[0].chosen.is_empty());
}

#[test]
fn invocations_beyond_the_limit_have_unknown_inputs() {
    let of = |counts: [usize; 3]| {
        let inputs = ["a", "b", "c"].iter().zip(counts).map(|(name, count)| input(name, options(count), None));
        invocations(&trigger("workflow_dispatch", inputs.collect()), &names(&["a", "b", "c"]))
    };
    assert_eq!(of([10, 10, 10]).len(), MAX_INVOCATIONS);
    let beyond = of([7, 11, 13]);
    assert_eq!(beyond.len(), 1);
    let inputs: Vec<_> = beyond[0].inputs.values().map(describe).collect();
    assert_eq!(inputs, ["? the inputs have more than 1000 combinations"; 3]);
    assert_eq!(beyond[0].chosen[2].1, "anything");
}

#[test]
fn free_text_input_takes_texts_before_any_value() {
    let with_texts = |name: &str, texts: &[&str]| -> RelevantInputs {
        [(name.to_owned(), texts.iter().map(|text| (*text).to_owned()).collect())].into()
    };
    let found = |input: Input, texts: &[&str]| -> Vec<String> {
        let all = invocations(&trigger("workflow_dispatch", vec![input]), &with_texts("k", texts));
        all.into_iter().map(|it| it.chosen[0].1.clone()).collect()
    };
    let text = input("K", InputKind::Text, Some("d"));
    assert_eq!(found(text.clone(), &["d", "e"]), ["d", "e", "anything"]);
    assert_eq!(found(options_of(&["d", "f"]), &["d", "e"]), ["d", "f"]);
    assert_eq!(found(input("K", InputKind::Number, Some("3")), &["d", "3", "4.0"]), ["3", "4", "anything"]);
    // Too many combinations: the texts are left out.
    let many: Vec<String> = (0..20).map(|number| number.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let inputs = ["a", "b", "c"].map(|name| Input { name: name.to_owned(), ..text.clone() });
    let relevant: RelevantInputs = ["a", "b", "c"].iter().flat_map(|name| with_texts(name, &many)).collect();
    let of = |inputs: &[Input]| invocations(&trigger("workflow_dispatch", inputs.to_vec()), &relevant).len();
    assert_eq!((of(&inputs[..2]), of(&inputs)), (18 * 18, 8));
}

fn options_of(options: &[&str]) -> Input {
    input("K", InputKind::Choice(options.iter().map(|option| (*option).to_owned()).collect()), Some("d"))
}
