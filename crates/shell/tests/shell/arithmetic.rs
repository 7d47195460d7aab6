//! Compares the results of arithmetic with those of bash.

use std::collections::BTreeSet;
use std::process::Command;

use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use slug_shell::{ChangedPaths, Export, Files, Input, ShellOptions, SourceFile, Variables, interpret};
use slug_value::AbstractValue;

use crate::generator::TARGET;

/// The number of expressions.
const EXPRESSIONS: usize = 1500;

/// The minimum percentage of the expressions with a result whose result is known.
const KNOWN: usize = 90;

/// The assignments before each expression.
const SETUP: &str = "x=3; y='x + 1'; z=-2; w=; v=v1; v1=5; a=(4 5 6); declare -A m=([k]=7)";

/// The variables that are compared after an expression.
const VARIABLES: &str = "$x|$y|$z|$w|$v1|${a[*]}|${m[*]}";

struct NoFiles;

impl Files for NoFiles {
    fn read(&self, _: &str) -> Option<SourceFile> {
        None
    }

    fn list(&self, _: &str) -> Vec<String> {
        Vec::new()
    }
}

fn expression() -> impl Strategy<Value = String> {
    let numbers = [
        "0",
        "1",
        "2",
        "7",
        "010",
        "0x1f",
        "0XfF",
        "2#101",
        "36#z",
        "64#_",
        "16#Ff",
        "08",
        "10#09",
        "3#5",
        "1x",
        "63",
        "9223372036854775807",
        "9223372036854775808",
        "0",
        "00",
        "1#0",
        "65#1",
    ];
    let operands = [
        "x",
        "y",
        "z",
        "w",
        "v",
        "x",
        "unset_name",
        "a[0]",
        "a[x - 2]",
        "a[-1]",
        "a[7]",
        "m[k]",
        "a",
        "$x",
        "${#y}",
        "${a[1]}",
        "$((x * 2))",
        "x++",
        "--x",
        "z--",
        "++z",
        "(x)",
        "a[1]++",
        "m[k]",
        "x ++",
        "- -x",
        "!x",
        "-z",
    ];
    let leaf = prop_oneof![
        3 => select(numbers.to_vec()).prop_map(str::to_owned),
        4 => select(operands.to_vec()).prop_map(str::to_owned),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let binary = [
            "+", "-", "*", "/", "%", "**", "<<", ">>", "<", "<=", ">", ">=", "==", "!=", "&", "^", "|", "&&", "||", ",",
        ];
        let assigning = ["=", "+=", "-=", "*=", "/=", "%=", "&=", "^=", "|=", "<<=", ">>="];
        let space = select(&["", " "][..]);
        prop_oneof![
            6 => (inner.clone(), select(binary.to_vec()), inner.clone(), space)
                .prop_map(|(a, operator, b, space)| format!("{a}{space}{operator}{space}{b}")),
            2 => (select(&["x", "z", "w", "a[0]", "a[x]", "m[k]"][..]), select(assigning.to_vec()), inner.clone())
                .prop_map(|(name, operator, a)| format!("{name} {operator} {a}")),
            1 => inner.clone().prop_map(|a| format!("({a})")),
            1 => (select(&["-", "+", "!", "~", "- "][..]), inner.clone()).prop_map(|(sign, a)| format!("{sign}{a}")),
            1 => (inner.clone(), inner.clone(), inner).prop_map(|(a, b, c)| format!("{a} ? {b} : {c}")),
        ]
    })
}

/// The result of an expression and the variables after it in bash; empty if it is an error.
fn results_in_bash(expressions: &[String]) -> Vec<String> {
    let lines = expressions.iter().map(|expression| {
        format!("({SETUP}; r=$(({expression})); printf '%s' \"$r|{VARIABLES}\") 2>/dev/null; printf '\\036'\n")
    });
    let script: String = lines.collect();
    let file = tempfile::NamedTempFile::new().expect("the temporary directory is writable");
    std::fs::write(file.path(), script).expect("the temporary directory is writable");
    let output = Command::new("bash").arg(file.path()).env_clear().output().expect("bash is installed");
    let text = String::from_utf8(output.stdout).expect("the results are text");
    let results: Vec<String> = text.split_terminator('\u{1e}').map(str::to_owned).collect();
    assert_eq!(results.len(), expressions.len());
    results
}

/// The same as it is interpreted; `None` if it is not known.
fn interpreted(expression: &str) -> Option<String> {
    let script = format!("{SETUP}; r=$(({expression})); A=\"$r|{VARIABLES}\" bash {TARGET}");
    let effects = interpret(&Input {
        script: &script,
        placeholders: &[],
        targets: &[TARGET],
        roots: &[""],
        names: &BTreeSet::new(),
        settings_reason: None,
        changed: ChangedPaths::NONE,
        files: &NoFiles,
        directory: Some(""),
        env: &Variables::new(),
        runs_in_bash: true,
        options: ShellOptions::NONE,
        fuel: None,
    });
    let [call] = effects.calls.as_slice() else { panic!("{expression}: {effects:#?}") };
    let variable = call.variables.get("A").unwrap_or_else(|| panic!("{expression}: {call:#?}"));
    assert_eq!(variable.export, Export::Yes);
    match &variable.value.values {
        AbstractValue::OneOf(texts) if texts.len() == 1 => texts.first().cloned(),
        _ => None,
    }
}

#[test]
fn known_result_of_an_expression_is_that_of_bash() {
    let mut runner = TestRunner::deterministic();
    let strategy = expression();
    let mut next = || strategy.new_tree(&mut runner).expect("the strategy generates an expression").current();
    // Bash checks the exponent of a power that it does not evaluate.
    let skips_power =
        |text: &String| text.contains("**") && ["&&", "||", "?"].iter().any(|operator| text.contains(operator));
    let all = std::iter::from_fn(|| Some(next()));
    let expressions: Vec<String> = all.filter(|text| !skips_power(text)).take(EXPRESSIONS).collect();
    let (mut valid, mut known) = (0, 0);
    for (expression, expected) in expressions.iter().zip(results_in_bash(&expressions)) {
        let found = interpreted(expression);
        valid += usize::from(!expected.is_empty());
        if let Some(found) = found {
            assert_eq!(found, expected, "{expression}");
            known += 1;
        }
    }
    assert!(valid * 2 > EXPRESSIONS, "{valid} of {EXPRESSIONS} expressions are valid");
    assert!(known * 100 >= valid * KNOWN, "{known} of {valid} results are known");
}
