use github_actions_expressions::Evaluation;

use super::EvalContext;
use crate::declared::Declared;
use crate::document;
use crate::expression::Contexts;
use crate::matrix::Row;
use crate::model::{InputKind, steps_of};
use crate::outputs::KnownOutputs;
use crate::results::{Ending, NO_RESULTS, StepResult, StepResults};
use crate::trigger::tests::{describe, input, names, trigger};
use crate::trigger::{InputValues, Invocation, RelevantInputs, Secrets, invocations};
use slug_value::{Text, Tristate, Value};

/// The description of the value that a path evaluates to.
fn looked_up(invocation: &Invocation, row: Result<&Row, &str>, path: &str) -> String {
    let env = |name: &str| Text::known(format!("env of {name}"));
    let values = [("model".to_owned(), Text::known("m-1".to_owned()))].into();
    let picked = KnownOutputs { values, is_complete: false };
    let skipped = Some(Ending::without_failure(Tristate::NEVER, Tristate::NEVER, false));
    let failed = Some(Ending::without_failure(Tristate::ALWAYS, Tristate::ALWAYS, true));
    let results = StepResults::from([
        ("pick".to_owned(), StepResult { outputs: picked, endings: None }),
        ("skipped".to_owned(), StepResult { outputs: KnownOutputs::none(), endings: skipped }),
        ("failed".to_owned(), StepResult { outputs: KnownOutputs::default(), endings: failed }),
    ]);
    let absent = ["GONE".to_owned()];
    let vars = [("Known".to_owned(), Some("v".to_owned())), ("NONE".to_owned(), None)];
    let declared = Declared { absent_secrets: &absent, known_secrets: None, vars: &vars };
    let steps = steps_of(&[document::read("{id: Later, run: x}").expect("the step is valid")]);
    let needs = ["Build".to_owned()];
    let results = &results;
    let env: Option<&dyn Fn(&str) -> Text> = Some(&env);
    let (steps, needs) = (&steps, &needs);
    let system = Text::known("Linux".to_owned());
    let here = EvalContext { invocation, row, env, results, steps, needs, runner_os: Some(&system), declared };
    describe(&here.look_up(&path.split('.').map(str::to_owned).collect::<Vec<_>>()))
}

#[test]
fn contexts_follow_invocation_row_and_environment() {
    let inputs = vec![input("Flag", InputKind::Boolean, Some("true")), input("other", InputKind::Text, None)];
    let by = |event: &str| invocations(&trigger(event, inputs.clone()), &names(&["flag"])).remove(0);
    let (dispatched, called, pushed) = (by("workflow_dispatch"), by("workflow_call"), by("push"));
    let object = Evaluation::Object([("k".to_owned(), Evaluation::Number(1.0))].into());
    let row = Row::from([("m".to_owned(), Value::known(object)), ("u".to_owned(), Value::unknown("no reason"))]);
    const FILE: &str = "'\u{10fffd}'";
    for (invocation, path, expected) in [
        (&dispatched, "inputs.flag", "Boolean(true)"),
        (&dispatched, "INPUTS.FLAG", "Boolean(true)"),
        (&dispatched, "inputs.other", "? `inputs.other` is known only at run time"),
        (&dispatched, "inputs.none", "Null"),
        (&dispatched, "github.event.inputs.Flag", "'true'"),
        (&dispatched, "gitea.event.inputs.flag", "'true'"),
        (&dispatched, "github.event.inputs.other", "? `github.event.inputs.other` is known only at run time"),
        (&dispatched, "github.event.inputs.none", "Null"),
        (&dispatched, "github.event_name", "'workflow_dispatch'"),
        (&dispatched, "gitea.event_name", "'workflow_dispatch'"),
        (&dispatched, "github.env", FILE),
        (&dispatched, "github.ref", "? `github.ref` is known only at run time"),
        (&called, "inputs.flag", "Boolean(true)"),
        (&called, "github.event_name", "? `github.event_name` is known only at run time"),
        (&called, "github.event.inputs.flag", "? `github.event.inputs.flag` is known only at run time"),
        (&called, "gitea.env", FILE),
        (&pushed, "inputs.flag", "Null"),
        (&pushed, "github.event.inputs.flag", "Null"),
        (&pushed, "matrix.M.k", "Number(1.0)"),
        (&pushed, "matrix.m.j", "Null"),
        (&pushed, "matrix.none", "Null"),
        (&pushed, "matrix.u", "? no reason"),
        (&pushed, "matrix.u.k", "? `matrix.u.k` is known only at run time"),
        (&pushed, "env.Name", "'env of Name'"),
        (&pushed, "steps.Pick.outputs.MODEL", "'m-1'"),
        (&pushed, "steps.pick.outputs.other", "? `steps.pick.outputs.other` is known only at run time"),
        (&pushed, "steps.skipped.outputs.other", "Null"),
        (&pushed, "steps.later.outputs.other", "? `steps.later.outputs.other` is known only at run time"),
        (&pushed, "steps.none.outputs.other", "Null"),
        (&pushed, "steps.none.outcome", "Null"),
        (&pushed, "needs.build.outputs.m", "? `needs.build.outputs.m` is known only at run time"),
        (&pushed, "needs.none.outputs.m", "Null"),
        (&pushed, "needs.none.result", "Null"),
        (&pushed, "steps.pick.outcome", "? `steps.pick.outcome` is known only at run time"),
        (&pushed, "steps.Skipped.Outcome", "'skipped'"),
        (&pushed, "steps.skipped.conclusion", "'skipped'"),
        (&pushed, "steps.failed.outcome", "'failure'"),
        (&pushed, "steps.failed.CONCLUSION", "'success'"),
        (&pushed, "steps.later.outcome", "? `steps.later.outcome` is known only at run time"),
        (&pushed, "runner.OS", "'Linux'"),
        (&pushed, "runner.arch", "? `runner.arch` is known only at run time"),
        (&pushed, "secrets.KEY", "secret"),
        (&pushed, "secrets.gone", "Null"),
        (&pushed, "vars.X", "? `vars.X` is known only at run time"),
        (&pushed, "vars.KNOWN", "'v'"),
        (&pushed, "vars.none", "Null"),
        (&pushed, "matrix", "? `matrix` is known only at run time"),
    ] {
        assert_eq!(looked_up(invocation, Ok(&row), path), expected, "{path} by {}", invocation.event);
    }
    assert_eq!(looked_up(&pushed, Err("no row"), "matrix.m"), "? no row");
    let nowhere = EvalContext {
        invocation: &pushed,
        row: Ok(&row),
        env: None,
        results: &NO_RESULTS,
        steps: &[],
        needs: &[],
        runner_os: None,
        declared: Declared::default(),
    };
    for path in ["env.Name", "runner.os"] {
        let names: Vec<String> = path.split('.').map(str::to_owned).collect();
        assert_eq!(describe(&nowhere.look_up(&names)), format!("? `{path}` is known only at run time"));
    }
    assert_eq!(pushed.event_inputs, InputValues::new());
}

#[test]
fn called_workflow_has_only_passed_secrets() {
    let mut called = invocations(&trigger("workflow_call", Vec::new()), &RelevantInputs::new()).remove(0);
    called.secrets =
        Secrets::Only([("sure".to_owned(), true), ("maybe".to_owned(), false), ("gone".to_owned(), true)].into());
    for (name, expected) in [
        ("SURE", "secret"),
        ("Maybe", "? whether a caller passes `secrets.Maybe` is not known"),
        ("other", "Null"),
        ("gone", "Null"),
        ("GITHUB_TOKEN", "secret"),
    ] {
        assert_eq!(looked_up(&called, Ok(&Row::new()), &format!("secrets.{name}")), expected, "{name}");
    }
    called.secrets = Secrets::All;
    assert_eq!(looked_up(&called, Ok(&Row::new()), "secrets.github_token"), "secret");
}

#[test]
fn unlisted_secret_is_absent() {
    let by = |event| invocations(&trigger(event, Vec::new()), &RelevantInputs::new()).remove(0);
    let listed = ["KEY".to_owned()];
    let declared = Declared { known_secrets: Some(&listed), ..Declared::default() };
    let looked_up = |invocation: &Invocation, name: &str| {
        let results = &NO_RESULTS;
        let row = Err("no row");
        let here =
            EvalContext { invocation, row, env: None, results, steps: &[], needs: &[], runner_os: None, declared };
        describe(&here.look_up(&["secrets".to_owned(), name.to_owned()]))
    };
    let (pushed, mut called) = (by("push"), by("workflow_call"));
    for (name, expected) in [("key", "secret"), ("KYE", "Null"), ("GITHUB_TOKEN", "secret")] {
        assert_eq!(looked_up(&pushed, name), expected, "{name}");
    }
    assert_eq!(looked_up(&called, "KEY"), "secret");
    assert_eq!(looked_up(&called, "KYE"), "? whether a caller passes `secrets.KYE` is not known");
    // The called workflow chooses the names of the secrets that it is passed.
    called.secrets = Secrets::Only([("token".to_owned(), true)].into());
    assert_eq!(looked_up(&called, "token"), "secret");
}
