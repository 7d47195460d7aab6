use std::collections::BTreeSet;

use github_actions_expressions::Evaluation;

use super::{Given, Here, STARTS, Secrets, Start, starts};
use crate::expression::Contexts;
use crate::matrix::Row;
use crate::model::{Input, InputKind, Trigger};
use slug_value::{Can, Text, Value};

fn input(name: &str, kind: InputKind, default: Option<&str>) -> Input {
    Input { name: name.to_owned(), kind, default: default.map(str::to_owned), required: false }
}

fn options(count: usize) -> InputKind {
    InputKind::Choice((0..count).map(|number| format!("o{number}")).collect())
}

fn trigger(event: &str, inputs: Vec<Input>) -> Trigger {
    Trigger { event: event.to_owned(), inputs }
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// What a value can be, in a word: its text with its kind, or how little is known.
fn told(value: &Value) -> String {
    match (&value.can, value.single()) {
        (_, Some(Evaluation::String(text))) => format!("'{text}'"),
        (_, Some(known)) => format!("{known:?}"),
        (Can::BeSet, _) => "set".to_owned(),
        _ => format!("? {}", value.why.iter().cloned().collect::<Vec<_>>().join("; ")),
    }
}

/// Of one input: what it is in each start, and what people are told of the choice.
fn choices(event: &str, input: &Input) -> Vec<(String, String)> {
    let all = starts(&trigger(event, vec![input.clone()]), &names(&["k"]));
    all.iter().map(|start| (told(&start.inputs["k"]), start.chosen[0].1.clone())).collect()
}

#[test]
fn an_input_is_its_default_first_and_then_whatever_else_can_be_given() {
    const ANY: (&str, &str) = ("? whoever starts it can give any `K`", "anything");
    const TRUE: (&str, &str) = ("Boolean(true)", "true");
    const FALSE: (&str, &str) = ("Boolean(false)", "false");
    const FIRST: (&str, &str) = ("'o0'", "o0");
    const SECOND: (&str, &str) = ("'o1'", "o1");
    const LATER: (&str, &str) = ("? the default of `K` is known only when it runs", "its default");
    let nothing = || InputKind::Choice(Vec::new());
    for (kind, default, is_required, expected) in [
        (InputKind::Boolean, None, false, vec![FALSE, TRUE]),
        (InputKind::Boolean, Some("true"), true, vec![TRUE, FALSE]),
        (InputKind::Boolean, Some("yes"), false, vec![FALSE, TRUE]),
        (options(2), None, true, vec![FIRST, SECOND]),
        (options(2), Some("o1"), false, vec![SECOND, FIRST]),
        (options(2), Some("o2"), false, vec![FIRST, SECOND]),
        (nothing(), None, false, vec![("''", ""), ANY]),
        (InputKind::Number, None, false, vec![ANY]),
        (InputKind::Number, Some("3"), true, vec![("Number(3.0)", "3"), ANY]),
        (InputKind::Number, Some("three"), false, vec![ANY]),
        (InputKind::Text, None, false, vec![("''", ""), ANY]),
        (InputKind::Text, None, true, vec![ANY]),
        (InputKind::Text, Some("d"), false, vec![("'d'", "d"), ANY]),
        (InputKind::Text, Some("d"), true, vec![("'d'", "d"), ANY]),
        (InputKind::Boolean, Some("${{ vars.d }}"), false, vec![LATER]),
    ] {
        let asked = Input { required: is_required, ..input("K", kind, default) };
        let found = choices("workflow_dispatch", &asked);
        let expected: Vec<_> = expected.iter().map(|(value, shown)| (value.to_string(), shown.to_string())).collect();
        assert_eq!(found, expected, "{asked:?}");
    }
    let asked = input("K", InputKind::Number, None);
    assert_eq!(choices("workflow_call", &asked)[0].0, "? a caller can give any `K`");
}

#[test]
fn a_start_is_one_choice_for_each_input_that_is_wanted() {
    let inputs = vec![
        input("Flag", InputKind::Boolean, None),
        input("other", InputKind::Boolean, None),
        input("pick", options(2), Some("o1")),
    ];
    let wanted = names(&["flag", "pick", "undeclared"]);
    for event in ["workflow_dispatch", "workflow_call"] {
        let all = starts(&trigger(event, inputs.clone()), &wanted);
        let chosen = |start: &Start| start.chosen.iter().map(|(name, to)| format!("{name}={to}")).collect::<Vec<_>>();
        assert_eq!(
            all.iter().map(|start| chosen(start).join(" ")).collect::<Vec<_>>(),
            ["Flag=false pick=o1", "Flag=false pick=o0", "Flag=true pick=o1", "Flag=true pick=o0"]
        );
        for start in &all {
            assert_eq!(start.declared, names(&["flag", "other", "pick"]));
            assert_eq!((start.event.as_str(), start.is_foreign), (event, event == "workflow_call"));
            assert_eq!((&start.secrets, start.callers.len()), (&Secrets::All, 0));
            // `github.event.inputs` holds texts alone, and only what a person chose.
            let texts: Vec<_> = start.event_inputs.values().map(told).collect();
            let flag = told(&start.inputs["flag"]);
            let shown = format!("'{}'", if flag == "Boolean(true)" { "true" } else { "false" });
            let pick = told(&start.inputs["pick"]);
            assert_eq!(texts, if start.is_foreign { vec![] } else { vec![shown, pick] });
        }
    }
    let pushed = starts(&trigger("push", inputs), &wanted);
    assert_eq!(pushed.len(), 1);
    assert!(pushed[0].declared.is_empty() && pushed[0].inputs.is_empty() && pushed[0].chosen.is_empty());
}

#[test]
fn starts_are_told_apart_up_to_their_limit() {
    let of = |counts: [usize; 3]| {
        let inputs = ["a", "b", "c"].iter().zip(counts).map(|(name, count)| input(name, options(count), None));
        starts(&trigger("workflow_dispatch", inputs.collect()), &names(&["a", "b", "c"]))
    };
    assert_eq!(of([10, 10, 10]).len(), STARTS);
    let beyond = of([7, 11, 13]);
    assert_eq!(beyond.len(), 1);
    let inputs: Vec<_> = beyond[0].inputs.values().map(told).collect();
    assert_eq!(inputs, ["? the inputs can be given in more than 1000 ways"; 3]);
    assert_eq!(beyond[0].chosen[2].1, "anything");
}

/// What a name stands for at one place.
fn looked_up(start: &Start, row: Result<&Row, &str>, path: &str) -> String {
    let env = |name: &str| Text::known(format!("env of {name}"));
    let absent = ["GONE".to_owned()];
    let here = Here { start, row, env: Some(&env), absent_secrets: &absent };
    told(&here.look_up(&path.split('.').map(str::to_owned).collect::<Vec<_>>()))
}

#[test]
fn a_name_stands_for_what_the_start_the_row_and_the_environment_say() {
    let inputs = vec![input("Flag", InputKind::Boolean, Some("true")), input("other", InputKind::Text, None)];
    let start = |event: &str| starts(&trigger(event, inputs.clone()), &names(&["flag"])).remove(0);
    let (started, called, pushed) = (start("workflow_dispatch"), start("workflow_call"), start("push"));
    let object = Evaluation::Object([("k".to_owned(), Evaluation::Number(1.0))].into());
    let row = Row::from([("m".to_owned(), Value::known(object)), ("u".to_owned(), Value::unknown("no one knows"))]);
    const FILE: &str = "'\u{10fffd}'";
    for (start, path, expected) in [
        (&started, "inputs.flag", "Boolean(true)"),
        (&started, "INPUTS.FLAG", "Boolean(true)"),
        (&started, "inputs.other", "? `inputs.other` is not known before it runs"),
        (&started, "inputs.none", "Null"),
        (&started, "github.event.inputs.Flag", "'true'"),
        (&started, "gitea.event.inputs.flag", "'true'"),
        (&started, "github.event.inputs.other", "? `github.event.inputs.other` is not known before it runs"),
        (&started, "github.event.inputs.none", "Null"),
        (&started, "github.event_name", "'workflow_dispatch'"),
        (&started, "gitea.event_name", "'workflow_dispatch'"),
        (&started, "github.env", FILE),
        (&started, "github.ref", "? `github.ref` is not known before it runs"),
        (&called, "inputs.flag", "Boolean(true)"),
        (&called, "github.event_name", "? `github.event_name` is not known before it runs"),
        (&called, "github.event.inputs.flag", "? `github.event.inputs.flag` is not known before it runs"),
        (&called, "gitea.env", FILE),
        (&pushed, "inputs.flag", "Null"),
        (&pushed, "github.event.inputs.flag", "Null"),
        (&pushed, "matrix.M.k", "Number(1.0)"),
        (&pushed, "matrix.m.j", "Null"),
        (&pushed, "matrix.none", "Null"),
        (&pushed, "matrix.u", "? no one knows"),
        (&pushed, "matrix.u.k", "? `matrix.u.k` is not known before it runs"),
        (&pushed, "env.Name", "'env of Name'"),
        (&pushed, "secrets.KEY", "set"),
        (&pushed, "secrets.gone", "Null"),
        (&pushed, "vars.X", "? `vars.X` is not known before it runs"),
        (&pushed, "matrix", "? `matrix` is not known before it runs"),
    ] {
        assert_eq!(looked_up(start, Ok(&row), path), expected, "{} by {}", path, start.event);
    }
    assert_eq!(looked_up(&pushed, Err("no row"), "matrix.m"), "? no row");
    let nowhere = Here { start: &pushed, row: Ok(&row), env: None, absent_secrets: &[] };
    let path = ["env".to_owned(), "Name".to_owned()];
    assert_eq!(told(&nowhere.look_up(&path)), "? `env.Name` is not known before it runs");
    assert_eq!(pushed.event_inputs, Given::new());
}

#[test]
fn a_called_workflow_has_the_secrets_that_it_is_passed() {
    let mut start = starts(&trigger("workflow_call", Vec::new()), &BTreeSet::new()).remove(0);
    start.secrets =
        Secrets::Only([("sure".to_owned(), true), ("maybe".to_owned(), false), ("gone".to_owned(), true)].into());
    for (name, expected) in [
        ("SURE", "set"),
        ("Maybe", "? whether a caller passes `secrets.Maybe` is not known"),
        ("other", "Null"),
        ("gone", "Null"),
        ("GITHUB_TOKEN", "set"),
    ] {
        assert_eq!(looked_up(&start, Ok(&Row::new()), &format!("secrets.{name}")), expected, "{name}");
    }
    start.secrets = Secrets::All;
    assert_eq!(looked_up(&start, Ok(&Row::new()), "secrets.github_token"), "set");
}
