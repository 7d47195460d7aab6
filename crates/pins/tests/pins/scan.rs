//! The fields `runtime` and `model` in one object or call.

use proptest::prelude::*;
use slug_pins::{Syntax, scan};

/// The pairs of a text, as `runtime model`. Each span must contain its text, unless it has escapes.
fn pairs(syntax: Syntax, text: &str) -> Vec<String> {
    let pairs = scan(text, syntax);
    for literal in pairs.iter().flat_map(|pair| [&pair.runtime, &pair.model]) {
        let written = &text[literal.span.clone()];
        assert!(written == literal.text || written.contains('\\'), "{written} is {literal:?}");
    }
    pairs.iter().map(|pair| format!("{} {}", pair.runtime.text, pair.model.text)).collect()
}

#[track_caller]
pub fn is_pin(syntax: Syntax, text: &str) {
    assert_eq!(pairs(syntax, text), ["coder acme/m1"], "{text}");
}

#[track_caller]
pub fn is_none(syntax: Syntax, text: &str) {
    assert_eq!(pairs(syntax, text), [""; 0], "{text}");
}

#[test]
fn json_object_is_a_pin() {
    is_pin(Syntax::Json, r#"{"runtime": "coder", "model": "acme/m1"}"#);
    is_pin(Syntax::Json, r#"{"a": [{"model": "acme/m1", "n": {"x": 1}, "runtime": "coder"}]}"#);
    is_pin(Syntax::Json, "{\n  // why\n  \"runtime\": \"coder\", /* { */\n  \"model\": \"acme\\/m1\"\n}\n");
    is_pin(Syntax::Json, r#"{"body": "{\"runtime\": \"coder\", \"model\": \"acme/m1\"}"}"#);
}

#[test]
fn fields_of_different_objects_are_no_pin() {
    is_none(Syntax::Json, r#"[{"runtime": "coder"}, {"model": "acme/m1"}]"#);
    is_none(Syntax::Json, r#"{"runtime": "coder", "config": {"model": "acme/m1"}}"#);
    is_none(Syntax::Yaml, "- runtime: coder\n- model: acme/m1\n");
    is_none(Syntax::Yaml, "a:\n  runtime: coder\nb:\n  model: acme/m1\n");
    is_none(Syntax::Python, "start(runtime=\"coder\")\nask(model=\"acme/m1\")\n");
}

#[test]
fn each_item_of_a_list_is_its_own_pin() {
    let json = r#"[{"runtime": "a", "model": "b"}, {"runtime": "c", "model": "d"}]"#;
    assert_eq!(pairs(Syntax::Json, json), ["a b", "c d"]);
    assert_eq!(pairs(Syntax::Yaml, "- runtime: a\n  model: b\n- model: d\n  runtime: c\n"), ["a b", "c d"]);
}

#[test]
fn yaml_mapping_is_a_pin() {
    is_pin(Syntax::Yaml, "runtime: coder\nmodel: acme/m1\n");
    is_pin(Syntax::Yaml, "x:\n  runtime: 'coder' # why\n  env:\n    A: b\n  model: \"acme/m1\"  # why\n");
    is_pin(Syntax::Yaml, "list:\n- runtime: coder\n  model: acme/m1\n");
    is_pin(Syntax::Yaml, "list:\n  -   model: acme/m1\n\n      runtime: coder\n");
    is_pin(Syntax::Yaml, "x: {runtime: coder, model: acme/m1}\n");
    is_pin(Syntax::Yaml, "run: |\n  curl -d '{\"runtime\": \"coder\",\n    \"model\": \"acme/m1\"}' \"$URL\"\n");
    assert_eq!(pairs(Syntax::Yaml, "runtime: coder\nmodel: acme:m1\n"), ["coder acme:m1"]);
}

#[test]
fn shell_text_is_a_pin() {
    is_pin(Syntax::Shell, "cat <<EOF\n{\"runtime\": \"coder\", \"model\": \"acme/m1\"}\nEOF\n");
    is_pin(Syntax::Shell, "post '{\"runtime\":\"coder\",\"model\":\"acme/m1\"}'\n");
    is_pin(
        Syntax::Shell,
        "post \"{\\\"runtime\\\":\\\"coder\\\",\\\"model\\\":\\\"acme/m1\\\",\\\"n\\\":\\\"$N\\\"}\"\n",
    );
    is_pin(Syntax::Shell, "cat > c.yaml <<EOF\nruntime: coder\nmodel: acme/m1\nEOF\n");
    is_pin(
        Syntax::Shell,
        "case $1 in\n  a) echo '{' ;;\nesac\ncat <<EOF\n{\n\"runtime\": \"coder\",\n\"model\": \"acme/m1\"\n}\nEOF\n",
    );
}

#[test]
fn assignments_are_no_pin() {
    is_none(Syntax::Shell, "f() {\n  runtime=coder\n  model=acme/m1\n}\n");
    is_none(Syntax::Shell, "( runtime=coder; model=acme/m1 )\n");
    is_none(Syntax::Braces, "func f() {\n\truntime := \"coder\"\n\tmodel := \"acme/m1\"\n}\n");
    is_none(Syntax::Braces, "function f() { const runtime = 'coder'; const model = 'acme/m1'; }\n");
    is_none(Syntax::Python, "runtime = \"coder\"\nmodel = \"acme/m1\"\n");
}

#[test]
fn program_object_or_call_is_a_pin() {
    is_pin(Syntax::Braces, "const w = { runtime: 'coder', model: \"acme/m1\" as ModelId };\n");
    is_pin(Syntax::Braces, "w := Workspace{\n\tRuntime: \"coder\", // http://x\n\tModel:   \"acme/m1\",\n}\n");
    is_pin(Syntax::Braces, "body := `{\n \"runtime\": \"coder\", \"model\": \"acme/m1\"}`\n");
    is_pin(Syntax::Python, "start(\n    runtime=\"coder\",\n    model='acme/m1'\n)\n");
    is_pin(Syntax::Python, "BODY = {'runtime': 'coder', 'model': 'acme/m1'}\n");
    is_pin(Syntax::Python, "BODY = \"\"\"\n{\"runtime\": \"coder\",\n \"model\": \"acme/m1\"}\n\"\"\"\n");
    is_pin(Syntax::Python, "def start(runtime=\"coder\", model=\"acme/m1\"): pass\n");
}

#[test]
fn variable_of_the_environment_is_no_field() {
    is_none(Syntax::Yaml, "- {when: {runtime: coder, MODEL: unset}, use: acme/m1}\n");
    is_none(Syntax::Yaml, "environment:\n  RUNTIME: coder\n  MODEL: acme/m1\n");
    is_none(Syntax::Yaml, "when:\n  runtime: coder\n  Model: auto\n");
    is_none(Syntax::Json, r#"{"Runtime": "coder", "model": "acme/m1"}"#);
    is_none(Syntax::Python, "run(env=dict(RUNTIME=\"coder\", MODEL=\"acme/m1\"))\n");
    is_none(Syntax::Braces, "run({ env: { RUNTIME: 'coder', MODEL: 'acme/m1' } });\n");
}

#[test]
fn computed_value_is_no_pin() {
    is_none(Syntax::Shell, "post '{\"runtime\":\"coder\",\"model\":\"'\"$MODEL\"'\"}'\n");
    is_none(Syntax::Shell, "cat <<EOF\n{\"runtime\": \"coder\", \"model\": \"${MODEL}\"}\nEOF\n");
    is_none(Syntax::Braces, "({ runtime: 'coder', model: MODEL })\n");
    is_none(Syntax::Braces, "({ runtime: 'coder', model: 'acme/' + name })\n");
    is_none(Syntax::Braces, "({ runtime: 'coder', model: `acme/${name}` })\n");
    is_none(Syntax::Python, "start(runtime=\"coder\", model=f\"acme/{name}\")\n");
    is_none(Syntax::Yaml, "runtime: coder\nmodel: ${{ vars.MODEL }}\n");
    is_none(Syntax::Json, r#"{"runtime": "coder", "model": ""}"#);
}

#[test]
fn comment_is_no_pin() {
    is_none(Syntax::Python, "# start(runtime=\"coder\", model=\"acme/m1\")\n");
    is_none(Syntax::Braces, "// {runtime: 'coder', model: 'acme/m1'}\n/* {runtime: 'coder', model: 'acme/m1'} */\n");
    is_none(Syntax::Yaml, "runtime: coder\n# model: acme/m1\n");
}

#[test]
fn stray_quotes_and_brackets_hide_nothing() {
    is_pin(Syntax::Shell, "# it's\necho don\\'t )\ncat <<EOF\n{\"runtime\": \"coder\", \"model\": \"acme/m1\"}\nEOF\n");
    is_pin(Syntax::Json, r#"{"a": "}", "runtime": "coder", "model": "acme/m1""#);
}

#[test]
fn syntax_is_known_by_the_extension() {
    assert_eq!(Syntax::of("a/b.test.TS"), Some(Syntax::Braces));
    assert_eq!(Syntax::of("Makefile"), None);
    assert_eq!(Syntax::of("notes.md"), None);
}

/// Texts of the characters and words to which the scanner gives a meaning.
fn fragments() -> impl Strategy<Value = String> {
    let words = "(runtime|model|coder|é|[{}\\[\\]():=,;\"'`\\\\#/*$ \n-]|\"\"\"|<<EOF)";
    prop::collection::vec(words, 0..60).prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_span_is_a_part_of_the_text(text in fragments()) {
        for syntax in [Syntax::Shell, Syntax::Yaml, Syntax::Json, Syntax::Python, Syntax::Braces] {
            for pair in scan(&text, syntax) {
                prop_assert!(text.get(pair.runtime.span.clone()).is_some() && text.get(pair.model.span).is_some());
            }
        }
    }

    #[test]
    fn object_is_found_wherever_it_stands(before in fragments(), after in fragments()) {
        let object = "\n{\"runtime\": \"coder\", \"model\": \"acme/m1\"}\n";
        // A comment, text or line that continues hides what follows.
        let before = before.replace(['*', '`'], "");
        let lines: Vec<&str> = before.split('\n').map(|line| line.trim_end_matches('\\')).collect();
        let before = lines.join("\n");
        let text = format!("{before}{object}{after}");
        let found = scan(&text, Syntax::Json);
        let expected = before.len() + object.find("acme").expect("the object has a model");
        prop_assert!(found.iter().any(|pair| pair.model.span.start == expected), "{found:?}");
    }
}
