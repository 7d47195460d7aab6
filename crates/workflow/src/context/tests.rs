use std::collections::BTreeSet;

use github_actions_expressions::Evaluation;

use super::EvalContext;
use crate::expression::Contexts;
use crate::matrix::Row;
use crate::model::InputKind;
use crate::trigger::tests::{input, names, told, trigger};
use crate::trigger::{InputValues, Invocation, Secrets, invocations};
use slug_value::{Text, Value};

/// What a name evaluates to.
fn looked_up(invocation: &Invocation, row: Result<&Row, &str>, path: &str) -> String {
    let env = |name: &str| Text::known(format!("env of {name}"));
    let absent = ["GONE".to_owned()];
    let here = EvalContext { invocation, row, env: Some(&env), absent_secrets: &absent };
    told(&here.look_up(&path.split('.').map(str::to_owned).collect::<Vec<_>>()))
}

#[test]
fn contexts_follow_invocation_row_and_environment() {
    let inputs = vec![input("Flag", InputKind::Boolean, Some("true")), input("other", InputKind::Text, None)];
    let by = |event: &str| invocations(&trigger(event, inputs.clone()), &names(&["flag"])).remove(0);
    let (dispatched, called, pushed) = (by("workflow_dispatch"), by("workflow_call"), by("push"));
    let object = Evaluation::Object([("k".to_owned(), Evaluation::Number(1.0))].into());
    let row = Row::from([("m".to_owned(), Value::known(object)), ("u".to_owned(), Value::unknown("no one knows"))]);
    const FILE: &str = "'\u{10fffd}'";
    for (invocation, path, expected) in [
        (&dispatched, "inputs.flag", "Boolean(true)"),
        (&dispatched, "INPUTS.FLAG", "Boolean(true)"),
        (&dispatched, "inputs.other", "? `inputs.other` is not known before it runs"),
        (&dispatched, "inputs.none", "Null"),
        (&dispatched, "github.event.inputs.Flag", "'true'"),
        (&dispatched, "gitea.event.inputs.flag", "'true'"),
        (&dispatched, "github.event.inputs.other", "? `github.event.inputs.other` is not known before it runs"),
        (&dispatched, "github.event.inputs.none", "Null"),
        (&dispatched, "github.event_name", "'workflow_dispatch'"),
        (&dispatched, "gitea.event_name", "'workflow_dispatch'"),
        (&dispatched, "github.env", FILE),
        (&dispatched, "github.ref", "? `github.ref` is not known before it runs"),
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
        assert_eq!(looked_up(invocation, Ok(&row), path), expected, "{path} by {}", invocation.event);
    }
    assert_eq!(looked_up(&pushed, Err("no row"), "matrix.m"), "? no row");
    let nowhere = EvalContext { invocation: &pushed, row: Ok(&row), env: None, absent_secrets: &[] };
    let path = ["env".to_owned(), "Name".to_owned()];
    assert_eq!(told(&nowhere.look_up(&path)), "? `env.Name` is not known before it runs");
    assert_eq!(pushed.event_inputs, InputValues::new());
}

#[test]
fn called_workflow_has_only_passed_secrets() {
    let mut called = invocations(&trigger("workflow_call", Vec::new()), &BTreeSet::new()).remove(0);
    called.secrets =
        Secrets::Only([("sure".to_owned(), true), ("maybe".to_owned(), false), ("gone".to_owned(), true)].into());
    for (name, expected) in [
        ("SURE", "set"),
        ("Maybe", "? whether a caller passes `secrets.Maybe` is not known"),
        ("other", "Null"),
        ("gone", "Null"),
        ("GITHUB_TOKEN", "set"),
    ] {
        assert_eq!(looked_up(&called, Ok(&Row::new()), &format!("secrets.{name}")), expected, "{name}");
    }
    called.secrets = Secrets::All;
    assert_eq!(looked_up(&called, Ok(&Row::new()), "secrets.github_token"), "set");
}
