//! Interprets shell scripts without running them: finds the variables that each called command
//! sees, and the variables that a script sets for later steps.
//!
//! A script is parsed to a syntax tree, which is interpreted. Assignments, `export`, `unset` and
//! assignments before a command have exact effects. A command under a condition may or may not
//! run, and a value that a script computes can be anything. If the path of a target appears in a
//! position that the interpreter does not understand, the target is treated as possibly called.

mod arithmetic;
mod array;
mod changed;
mod commands;
mod definition;
mod derived;
mod effects;
mod env_file;
mod files;
mod forge;
mod input;
mod interpreter;
mod justfile;
mod lexer;
pub mod makefile;
pub mod names;
mod options;
pub mod outline;
mod package;
pub mod parser;
mod patterns;
mod placeholder;
mod state;
mod step_shell;
pub mod syntax;
mod targets;

use std::collections::BTreeSet;
use std::ops::Range;

pub use changed::ChangedPaths;
pub use commands::{is_command_line, is_model_option_name, may_change_files, may_run_files, mentions_settings_file};
pub use effects::{Call, Effects, Failed, Missing};
pub use files::{FIRST_FILE_POSITION, Files, NoFiles, SourceFile, joined};
use files::{ResolvedPath, needs_bash};
pub use forge::{ENV_FILE_TARGET, STARTUP_FILE, WORKSPACE};
use forge::{ENVIRONMENT_FILE, OTHER_FILE, OUTPUT_FILE, WORKSPACE_VARIABLE};
pub use input::{Fuel, Input, SCRIPT_BYTES};
pub use options::ShellOptions;
pub use placeholder::{FIRST_PLACEHOLDER, placeholder};
use slug_value::Text;
use state::State;
pub use state::{Export, Variable, Variables, Written};
pub use step_shell::StepShell;
pub use syntax::is_name;
use targets::find_targets;
pub use targets::module_name;

/// Interprets a script.
#[must_use]
pub fn interpret(input: &Input<'_>) -> Effects {
    interpret_file(input, ENVIRONMENT_FILE, OUTPUT_FILE, SET_ENV_COMMAND)
}

/// Interprets a script for the outputs of its step: [`Effects::written`], [`Effects::opaque`] and
/// [`Effects::failure`] are about outputs instead of variables.
#[must_use]
pub fn interpret_outputs(input: &Input<'_>) -> Effects {
    interpret_file(input, OUTPUT_FILE, ENVIRONMENT_FILE, SET_OUTPUT_COMMAND)
}

/// Interprets a script that an unknown program runs, perhaps in another environment: each call is one that may happen.
#[must_use]
pub fn interpret_doubted(input: &Input<'_>, reason: &str) -> Effects {
    let mut effects = interpret(&Input { runs_in_bash: true, ..*input });
    doubt(&mut effects, input, reason);
    effects
}

/// Makes each call of a script, and each mention of a target in it, a call that may happen.
fn doubt(effects: &mut Effects, input: &Input<'_>, reason: &str) {
    let is_new = |(target, _): &(usize, Range<usize>)| effects.calls.iter().all(|call| call.target != *target);
    let named: Vec<_> = find_targets(input.script, input.targets).filter(is_new).collect();
    effects.calls.extend(named.into_iter().map(|(target, span)| Call::possible(target, span, reason.to_owned())));
    effects.doubt(reason);
}

/// Interprets a script and the assignments that it writes to one of two files. `file` and `other`
/// are the variables with their paths, and `command` is one in the output that also assigns.
fn interpret_file(input: &Input<'_>, file: &'static str, other: &str, command: &str) -> Effects {
    let Input { script, targets, .. } = *input;
    if script.len() > SCRIPT_BYTES {
        return unknown_effects(script, targets, file, format!("a script has more than {SCRIPT_BYTES} bytes"));
    }
    let mut variables = input.env.clone();
    for (name, path) in [(file, ENV_FILE_TARGET), (other, OTHER_FILE), (WORKSPACE_VARIABLE, WORKSPACE)] {
        let variable = Variable { value: Text::known(path.to_owned()), export: Export::Yes, assigned: None };
        variables.insert(name.to_owned(), variable);
    }
    let state = State {
        variables,
        directory: input.directory.map(|directory| match ResolvedPath::of(directory, Some("")) {
            ResolvedPath::Repository(path) => path,
            ResolvedPath::Elsewhere => directory.to_owned(),
        }),
        options: input.options,
        arguments: Some(Vec::new()),
        ..State::default()
    };
    let mut effects = interpreter::interpret(input, state, file).unwrap_or_else(|failure| {
        let mut effects = unknown_effects(script, targets, file, failure.reason.clone());
        let call = |(target, span)| Call::possible(target, span, failure.reason.clone());
        effects.calls.extend(failure.named.into_iter().map(call));
        effects
    });
    if !input.runs_in_bash && needs_bash(script) {
        doubt(&mut effects, input, "the script has forms of bash, which another shell may run differently");
    }
    if script.contains(command) {
        effects.set_opaque(&format!("`{command}` may set it"));
    }
    effects
}

/// Over-approximates the effects of a script that may not be a shell script: every mention of a
/// target is a call, and each variable of `names` that the script mentions can have any value.
#[must_use]
pub fn over_approximate(script: &str, targets: &[&str], names: &BTreeSet<String>, env: &Variables) -> Effects {
    let reason = "the script may not be a shell script";
    let mut variables = env.clone();
    for name in names.iter().filter(|name| script.contains(*name)) {
        let unknown = Variable { value: Text::unknown(reason), export: Export::Maybe, assigned: None };
        variables.insert(name.clone(), unknown);
    }
    let call = |(target, span): (usize, Range<usize>)| {
        let after = script[span.end..].lines().next().unwrap_or_default();
        let arguments: Vec<String> = after.split_whitespace().map(str::to_owned).collect();
        let is_model_option = |word: &&String| is_model_option_name(word) || *word == "-m";
        let model_choice_reason = arguments
            .iter()
            .find(is_model_option)
            .map(|word| format!("the argument `{word}` may choose the model of the call"));
        Call {
            target,
            span,
            variables: variables.clone(),
            others_unknown: None,
            model_choice_reason,
            unread_settings: None,
            arguments,
        }
    };
    Effects {
        calls: find_targets(script, targets).map(call).collect(),
        opaque: script.contains(ENVIRONMENT_FILE).then(|| format!("{reason}, and it writes to ${ENVIRONMENT_FILE}")),
        final_variables: variables.clone(),
        ..Effects::default()
    }
}

/// Whether a script may be one that always fails: it has a command that ends a script, or a condition.
#[must_use]
pub fn may_always_fail(script: &str) -> bool {
    ["exit", "false", "return", "[", "test ", "! ", ":?"].iter().any(|sign| script.contains(sign))
}

/// The effects of a script that cannot be interpreted: any variable can have any value.
fn unknown_effects(script: &str, targets: &[&str], file: &str, reason: String) -> Effects {
    let call = |(target, span)| Call::possible(target, span, reason.clone());
    Effects {
        calls: find_targets(script, targets).map(call).collect(),
        opaque: script.contains(file).then_some(reason.clone()),
        others_unknown: Some(reason.clone()),
        ..Effects::default()
    }
}

/// A command in the output of a step that sets a variable for later steps on some forges.
const SET_ENV_COMMAND: &str = "::set-env";

/// A command in the output of a step that sets an output of the step.
const SET_OUTPUT_COMMAND: &str = "::set-output";

#[cfg(test)]
mod tests {
    use super::*;
    use slug_value::AbstractValue;

    const TARGET: &str = "tests/e2e/run.sh";

    fn environment() -> Variables {
        let set = |value: &str| Variable { value: Text::known(value.to_owned()), export: Export::Yes, assigned: None };
        ["SLUG", "PATH_", "KEY"]
            .into_iter()
            .zip([set("m-1"), set("platform"), set("")])
            .map(|(n, v)| (n.to_owned(), v))
            .collect()
    }

    fn text(text: &Text) -> String {
        match &text.values {
            AbstractValue::OneOf(texts) => texts.join("|"),
            AbstractValue::WithSecret | AbstractValue::NonEmpty => "(set)".into(),
            AbstractValue::Any => "(anything)".into(),
        }
    }

    /// A script in the root of a repository without files.
    fn input<'t>(script: &'t str, env: &'t Variables) -> Input<'t> {
        const NAMES: &BTreeSet<String> = &BTreeSet::new();
        Input {
            script,
            placeholders: &[],
            targets: &[],
            roots: &[""],
            names: NAMES,
            settings_reason: None,
            changed: ChangedPaths::NONE,
            files: &NoFiles,
            directory: Some(""),
            env,
            runs_in_bash: true,
            options: ShellOptions::NONE,
            fuel: None,
        }
    }

    #[test]
    fn scripts_of_a_run_share_its_fuel() {
        let (env, fuel) = (environment(), Fuel::of(500));
        let script = format!("SLUG=a {TARGET}");
        let is_known = || {
            let effects = interpret(&Input { targets: &[TARGET], fuel: Some(&fuel), ..input(&script, &env) });
            effects.calls[0].others_unknown.is_none()
        };
        let known = (0..500).take_while(|_| is_known()).count();
        assert!((1..500).contains(&known), "{known}");
        assert!(!is_known(), "the fuel does not come back");
    }

    /// The value of `SLUG` in each call, and the value written for later steps.
    fn slug(script: &str) -> String {
        let placeholders = [Text::unknown("an expression"), Text::non_empty("a secret")];
        let env = environment();
        let effects = interpret(&Input { placeholders: &placeholders, targets: &[TARGET], ..input(script, &env) });
        let calls: Vec<String> = effects
            .calls
            .iter()
            .map(|call| match (call.variables.get("SLUG"), &call.others_unknown) {
                (Some(variable), _) => text(&variable.value),
                (None, Some(_)) => "(anything)".into(),
                (None, None) => "(unset)".into(),
            })
            .collect();
        let written = effects
            .written
            .get("SLUG")
            .map(|written| format!(" >{}{}", text(&written.value), if written.is_conditional { "?" } else { "" }));
        let opaque = if effects.opaque.is_some() { " >opaque" } else { "" };
        format!("{}{}{opaque}", calls.join(" "), written.unwrap_or_default())
    }

    #[test]
    fn call_sees_variables_set_before_it() {
        for (script, expected) in [
            ("bash tests/e2e/run.sh", "m-1"),
            ("./tests/e2e/run.sh --flag", "m-1"),
            ("timeout 15m bash -e \"$GITHUB_WORKSPACE/tests/e2e/run.sh\" | tee log", "m-1"),
            ("SLUG=x bash tests/e2e/run.sh; bash tests/e2e/run.sh", "x m-1"),
            ("SLUG=x; bash tests/e2e/run.sh", "x"),
            ("OTHER=x; export SLUG=$OTHER; bash tests/e2e/run.sh", "x"),
            ("export SLUG=${OTHER:-y}; bash tests/e2e/run.sh", "(set)"),
            ("export SLUG=${KEY:-y}; bash tests/e2e/run.sh", "y"),
            ("unset SLUG && bash tests/e2e/run.sh", ""),
            ("unset SLUG; SLUG=x; bash tests/e2e/run.sh", ""),
            ("unset SLUG; export SLUG; SLUG=x; bash tests/e2e/run.sh", "x"),
            ("env -u SLUG bash tests/e2e/run.sh", ""),
            ("env -i bash tests/e2e/run.sh", "(unset)"),
            ("env SLUG=x bash tests/e2e/run.sh", "x"),
            ("export SLUG=\"\"; bash tests/e2e/run.sh", ""),
            ("SLUG+=x; bash tests/e2e/run.sh", "m-1x"),
            ("if true; then SLUG=x; fi; bash tests/e2e/run.sh", "x"),
            ("if a; then SLUG=x; fi; bash tests/e2e/run.sh", "m-1|x"),
            ("if a; then SLUG=x; else SLUG=y; fi\nbash tests/e2e/run.sh", "y|x"),
            ("if a; then SLUG=x; bash tests/e2e/run.sh; exit; fi; bash tests/e2e/run.sh", "x m-1"),
            ("[ -n \"$A\" ] && SLUG=x; bash tests/e2e/run.sh", "x|m-1"),
            ("case $A in a) SLUG=x;; *) SLUG=y;; esac; bash tests/e2e/run.sh", "x|y"),
            ("for SLUG in x y; do bash tests/e2e/run.sh; done", "x y"),
            ("(SLUG=x; bash tests/e2e/run.sh); bash tests/e2e/run.sh", "x m-1"),
            ("OUT=$(SLUG=x bash tests/e2e/run.sh)", "x"),
            ("bash -c 'SLUG=x tests/e2e/run.sh'", "x"),
            ("source env.sh; bash tests/e2e/run.sh", "(anything)"),
            ("source env.sh; export SLUG=x; bash tests/e2e/run.sh", "x"),
            ("eval \"$A\"; bash tests/e2e/run.sh", "(anything)"),
            ("read SLUG; bash tests/e2e/run.sh", "(anything)"),
            ("docker run x bash tests/e2e/run.sh", "(anything)"),
            ("go() { bash tests/e2e/run.sh; }; SLUG=x; go", "x"),
            ("go() { bash tests/e2e/run.sh; }; SLUG=x", ""),
            ("go() { SLUG=$1 bash \"$2\"; }; go y tests/e2e/run.sh", "y"),
            ("go() { \"$@\"; }; go bash tests/e2e/run.sh", "m-1"),
            ("go() { local SLUG=x; }; go; bash tests/e2e/run.sh", "m-1"),
            ("go() { go; }; go; bash tests/e2e/run.sh", "(anything)"),
            ("function go { bash tests/e2e/run.sh; }; go", "m-1"),
            ("export SLUG=\u{100000}; bash tests/e2e/run.sh", "(anything)"),
            ("export SLUG=\u{100001}; bash tests/e2e/run.sh", "(set)"),
            ("retry 3 -- bash tests/e2e/run.sh || true", "m-1"),
            ("set -a; NEW=1; SLUG=x; set +a; bash tests/e2e/run.sh", "x"),
            ("cd tests/e2e && bash run.sh", "m-1"),
            ("(cd tests && ./e2e/run.sh); bash run.sh", "m-1"),
            ("cd \"$DIR\" && SLUG=x ./run.sh", "(anything)"),
            ("exit 0; bash tests/e2e/run.sh", ""),
        ] {
            assert_eq!(slug(script), expected, "{script}");
        }
    }

    #[test]
    fn naming_a_target_is_not_a_call() {
        for script in [
            "# bash tests/e2e/run.sh",
            "echo bash tests/e2e/run.sh",
            "chmod +x tests/e2e/run.sh",
            "bash -n tests/e2e/run.sh",
            "shellcheck tests/e2e/run.sh",
            "bash other-tests/e2e/run.sh.bak",
            "bash not-tests/e2e/run.sh",
            "cat <<EOF\nbash tests/e2e/run.sh\nEOF",
        ] {
            assert_eq!(slug(script), "", "{script}");
        }
    }

    #[test]
    fn writes_to_env_file_reach_later_steps() {
        for (script, expected) in [
            ("echo SLUG=x >> $GITHUB_ENV", " >x"),
            ("echo \"SLUG=$SLUG-y\" >> \"$GITHUB_ENV\"", " >m-1-y"),
            ("echo 'SLUG=x' | tee -a \"${GITHUB_ENV}\"", " >x"),
            ("printf 'SLUG=%s\\n' x >> $GITHUB_ENV", " >x"),
            ("{ echo A=b; echo SLUG=x; } >> $GITHUB_ENV", " >x"),
            ("cat <<EOF >> $GITHUB_ENV\nA=b\nSLUG=x\nEOF", " >x"),
            ("cat >> $GITHUB_ENV <<'EOF'\nSLUG<<END\nx\ny\nEND\nEOF", " >x\ny"),
            ("if a; then echo SLUG=x >> $GITHUB_ENV; fi", " >x?"),
            ("if a; then echo SLUG=x >> $GITHUB_ENV; else echo SLUG=y >> $GITHUB_ENV; fi", " >y|x"),
            ("echo SLUG=$(date) >> $GITHUB_ENV", " >(anything)"),
            ("echo \"$LINE\" >> $GITHUB_ENV", " >opaque"),
            ("python3 write.py \"$GITHUB_ENV\"", " >opaque"),
            ("python3 write.py >> $GITHUB_ENV", " >opaque"),
            ("echo SLUG=x >> $GITHUB_ENV; python3 write.py >> $GITHUB_ENV", " >opaque"),
            ("python3 write.py >> $GITHUB_ENV; echo SLUG=x >> $GITHUB_ENV", " >x >opaque"),
            ("echo SLUG=x >> $GITHUB_ENV; if a; then python3 write.py >> $GITHUB_ENV; fi", " >x? >opaque"),
            ("echo SLUG=x >> $GITHUB_ENV; echo '::set-env name=SLUG::y'", " >opaque"),
            ("exec >> $GITHUB_ENV; echo SLUG=x | tee -a $GITHUB_ENV; python3 write.py", " >opaque"),
            ("set -e; { a; echo SLUG=x >> $GITHUB_ENV; } & wait", " >x?"),
            ("{ a; echo SLUG=x >> $GITHUB_ENV; } & wait", " >x"),
            ("set -e; false & echo SLUG=x >> $GITHUB_ENV", " >x"),
            ("echo SLUG=x >> $GITHUB_OUTPUT", ""),
            ("echo A=x >> $GITHUB_OUTPUT; echo SLUG=y >> $GITHUB_ENV", " >y"),
            ("echo 'SLUG<<END' >> $GITHUB_ENV; echo x >> $GITHUB_ENV; echo END >> $GITHUB_ENV", " >x"),
            ("{ echo 'SLUG<<END'; echo A=b; echo; echo END; } >> $GITHUB_ENV", " >A=b\n"),
            ("E=$(uuidgen); { echo \"SLUG<<$E\"; echo x; echo \"$E\"; } >> $GITHUB_ENV", " >x"),
            ("E=$(uuidgen); echo \"SLUG<<$E\" >> $GITHUB_ENV; echo x >> $GITHUB_ENV; echo $E >> $GITHUB_ENV", " >x"),
            ("echo 'SLUG<<END' >> $GITHUB_ENV; echo x >> $GITHUB_ENV", " >opaque"),
            ("echo 'SLUG<<END' >> $GITHUB_ENV; if a; then echo END >> $GITHUB_ENV; fi", " >opaque"),
            (
                "echo 'A<<END' >> $GITHUB_ENV; for i in $X; do echo SLUG=$i >> $GITHUB_ENV; done",
                " >(anything)? >opaque",
            ),
        ] {
            assert_eq!(slug(script), expected, "{script}");
        }
    }

    #[test]
    fn outputs_are_interpreted_like_variables() {
        for (script, expected) in [
            ("echo SLUG=x >> $GITHUB_OUTPUT", "x"),
            ("echo SLUG=x >> $GITHUB_ENV", "none"),
            ("echo SLUG=x >> $GITHUB_ENV; echo SLUG=y >> $GITHUB_OUTPUT", "y"),
            ("if a; then echo SLUG=x >> $GITHUB_OUTPUT; fi", "x?"),
            ("python3 pick.py >> $GITHUB_OUTPUT", "none opaque"),
            ("echo '::set-output name=SLUG::x'", "none opaque"),
            ("echo '::set-env name=SLUG::x'", "none"),
        ] {
            let effects =
                interpret_outputs(&Input { options: ShellOptions::of(["-e"]), ..input(script, &environment()) });
            let shown = match effects.written.get("SLUG") {
                Some(written) => format!("{}{}", text(&written.value), if written.is_conditional { "?" } else { "" }),
                None => "none".to_owned(),
            };
            let opaque = if effects.opaque.is_some() { " opaque" } else { "" };
            assert_eq!(format!("{shown}{opaque}"), expected, "{script}");
        }
    }

    #[test]
    fn oversized_or_complex_script_has_unknown_effects() {
        let long = format!("{}\nbash {TARGET}", "#".repeat(SCRIPT_BYTES));
        assert_eq!(slug(&long), "(anything)");
        let branching = format!("{}bash {TARGET}", "if a; then SLUG=x; ".repeat(3000));
        assert!(!slug(&branching).is_empty());
        for (opening, closing) in [
            ("$(", ")"),
            ("if a; then ", "; fi"),
            ("while a; do ", "; done"),
            ("for i in a; do ", "; done"),
            ("case a in a) ", ";; esac"),
            ("{ ", "; }"),
            ("( ", " )"),
            ("f() { ", "; }"),
            ("echo \"${A:-$(", ")}\""),
            ("[[ -n $(", ") ]]"),
            ("bash -c \"$(", ")\""),
        ] {
            let deep = format!("{}bash {TARGET}{}", opening.repeat(3000), closing.repeat(3000));
            assert_eq!(slug(&deep), "(anything)", "{opening}");
        }
        // Nested loops: each iteration repeats the inner loops several times.
        let loops = format!("{}bash {TARGET}{}", "for i in $X; do A=$A$i; ".repeat(14), "; done".repeat(14));
        assert_eq!(slug(&loops), "(anything)");
    }
}
