//! Forms in which people write the fields down, and what is not a pin though it looks like one.

use std::time::Instant;

use slug_pins::{Syntax, scan};

use crate::scan::{is_none, is_pin};

#[test]
fn escaped_quotes_of_several_lines_are_quotes() {
    is_pin(Syntax::Shell, "curl -d \"{\n  \\\"runtime\\\": \\\"coder\\\",\n  \\\"model\\\": \\\"acme/m1\\\"\n}\" u\n");
    is_pin(Syntax::Shell, "curl -d {\\\"runtime\\\":\\\"coder\\\",\\\"model\\\":\\\"acme/m1\\\"} u\n");
    is_pin(
        Syntax::Yaml,
        "run: |\n  post \"{\n    \\\"model\\\": \\\"acme/m1\\\",\n    \\\"runtime\\\": \\\"coder\\\"}\"\n",
    );
    is_none(Syntax::Shell, "curl -d \"{\n  \\\"runtime\\\": \\\"coder\\\",\n  \\\"model\\\": \\\"$MODEL\\\"\n}\" u\n");
}

#[test]
fn value_that_jq_computes_is_no_pin() {
    is_pin(Syntax::Shell, "jq -n '{runtime: \"coder\", model: \"acme/m1\"}'\n");
    is_pin(Syntax::Shell, "jq -n '{\n  runtime: \"coder\",\n  model: \"acme/m1\"\n}'\n");
    for computed in ["$m", ".model", "env.MODEL", "$ENV.MODEL", "(.m // \"acme/m1\")", ".m // \"acme/m1\"", "null"] {
        is_none(Syntax::Shell, &format!("jq -n '{{runtime: \"coder\", model: {computed}}}'\n"));
        is_none(Syntax::Shell, &format!("jq '{{\n  runtime: \"coder\",\n  model: {computed}\n}}' f\n"));
        is_none(Syntax::Yaml, &format!("run: |\n  jq '{{\n    runtime: \"coder\",\n    model: {computed}\n  }}' f\n"));
    }
}

#[test]
fn null_of_yaml_is_no_pin() {
    for null in ["null", "~", "", "# none"] {
        is_none(Syntax::Yaml, &format!("runtime: coder\nmodel: {null}\n"));
    }
}

#[test]
fn anchor_and_tag_of_yaml_are_not_the_value() {
    is_pin(Syntax::Yaml, "base:\n  runtime: &runtime coder\n  model: &model acme/m1\n");
    is_pin(Syntax::Yaml, "base: &base\n  runtime: !!str coder\n  model: &m !!str \"acme/m1\" # why\n");
    is_none(Syntax::Yaml, "runtime: coder\nmodel: *model\n");
    is_none(Syntax::Yaml, "runtime: coder\nmodel: &model\n");
    is_none(Syntax::Yaml, "runtime: coder\nmodel: !Ref acme/m1 b\n");
}

#[test]
fn merge_key_of_yaml_is_followed() {
    let base = "base: &base {model: acme/m1, other: 1}\n";
    is_pin(Syntax::Yaml, &format!("{base}a:\n  <<: *base\n  runtime: coder\n"));
    is_pin(Syntax::Yaml, "base: &base\n  runtime: \"coder\"\na: {<<: *base, model: acme/m1}\n");
    is_pin(Syntax::Yaml, &format!("{base}a:\n  <<: [*base]\n  runtime: coder\n"));
    is_pin(Syntax::Yaml, &format!("x: 1\n---\n{base}a:\n  <<: *base\n  runtime: coder\n"));
    is_none(Syntax::Yaml, &format!("{base}a:\n  <<: *base\n  runtime: coder\n  model: $MODEL\n"));
    is_none(Syntax::Yaml, &format!("{base}a:\n  <<: *base\nb:\n  runtime: coder\n"));
    is_none(Syntax::Yaml, "base: &base {model: null}\na:\n  <<: *base\n  runtime: coder\n");
    // What the scanner sees is found once.
    is_pin(Syntax::Yaml, "base: &base {x: 1}\na:\n  <<: *base\n  runtime: coder\n  model: 'acme/m1'\n");
}

#[test]
fn list_of_variables_is_a_pin() {
    is_pin(
        Syntax::Yaml,
        "env:\n  - name: RUNTIME\n    value: coder\n  - {name: A, value: b}\n  - name: MODEL\n    value: acme/m1\n",
    );
    is_pin(Syntax::Json, r#"{"env": [{"name": "model", "value": "acme/m1"}, {"name": "runtime", "value": "coder"}]}"#);
    let [runtime, model] = ["{name: RUNTIME, value: coder}", "{name: MODEL, value: acme/m1}"];
    is_pin(Syntax::Yaml, &format!("a: 1\n---\nenv: [{runtime}, {model}]\n--- # next\n"));
    is_none(Syntax::Yaml, &format!("a: [{runtime}]\nb: [{model}]\n"));
    is_none(Syntax::Yaml, &format!("env: [{runtime}, {model}, {{name: MODEL, value: other}}]\n"));
    is_none(Syntax::Yaml, &format!("env: [{runtime}, {{name: MODEL, valueFrom: {{x: acme/m1}}}}]\n"));
    is_none(Syntax::Yaml, &format!("env: [{runtime}, {{name: MODEL, value: $(M)}}]\n"));
}

#[test]
fn prefix_of_python_is_not_the_text() {
    for prefix in ["r", "R", "u", "f", "rf", "Fr"] {
        is_pin(Syntax::Python, &format!("create(runtime=\"coder\", model={prefix}\"acme/m1\")\n"));
        is_pin(Syntax::Python, &format!("a = {{\"model\": {prefix}'acme/m1', \"runtime\": \"coder\"}}\n"));
    }
    is_none(Syntax::Python, "create(runtime=\"coder\", model=f\"acme/{name}\")\n");
    is_none(Syntax::Python, "create(runtime=\"coder\", model=b\"acme/m1\")\n");
    is_none(Syntax::Python, "create(runtime=\"coder\", model=r\"acme\\m1\")\n");
    is_none(Syntax::Python, "create(runtime=\"coder\", model=f \"acme/m1\")\n");
    is_none(Syntax::Python, "create(runtime=\"coder\", model=r\"acme/\" + name)\n");
}

#[test]
fn raw_text_of_go_is_a_text() {
    is_pin(Syntax::Braces, "w := Workspace{Runtime: `coder`, Model: `acme/m1`}\n");
    is_none(Syntax::Braces, "w := Workspace{Runtime: `coder`, Model: `acme/` + name}\n");
}

#[test]
fn here_document_has_its_own_brackets() {
    let of = |name: &str, first: &str, second: &str| {
        format!("f() {{\n  cat > a <<{name}\n{first}\nEOF\n  cat > b <<{name}\n{second}\nEOF\n}}\n")
    };
    for name in ["EOF", "'EOF'", "-EOF", "- \"EOF\""] {
        is_none(Syntax::Shell, &of(name, "runtime: coder", "model: acme/m1"));
        is_pin(Syntax::Shell, &of(name, "runtime: a {", "runtime: coder\nmodel: acme/m1"));
        is_pin(Syntax::Shell, &of(name, "don't (", "{\"runtime\": \"coder\",\n\"model\": \"acme/m1\"}"));
        is_none(Syntax::Shell, &of(name, "runtime: coder", "model: $MODEL"));
    }
    is_pin(Syntax::Shell, "n=$((1 << 3))\ncat <<EOF\nruntime: coder\nmodel: acme/m1\n");
}

#[test]
fn bracket_of_plain_text_hides_nothing() {
    is_none(Syntax::Yaml, "note: see (1\na:\n  - runtime: coder\nb:\n  - model: acme/m1\n");
    is_pin(Syntax::Yaml, "note: |\n  a {\na:\n  - runtime: coder\n    model: acme/m1\n  - runtime: b\n");
    is_pin(Syntax::Yaml, "runtime: coder\nnote: |\n  Don't {use\n  this: thing\nmodel: acme/m1\n");
    is_pin(Syntax::Shell, "post '{\"runtime\":\"coder\",\"model\":\"acme/m1\",\"id\":\"'\"$ID\"'\"}'\n");
}

#[test]
fn value_of_yaml_may_stand_on_the_next_line() {
    for before in [" >-\n    ", " |\n    ", "\n    ", " &m\n    "] {
        is_pin(Syntax::Yaml, &format!("a:\n  model:{before}acme/m1\n  runtime: coder\n"));
    }
    is_none(Syntax::Yaml, "a:\n  runtime: coder\n  model:\n  acme/m1: b\n");
    is_none(Syntax::Yaml, "a:\n  runtime: coder\n  model:\n    id: acme/m1\n");
    is_none(Syntax::Yaml, "a:\n  runtime: coder\n  model:\n    - acme/m1\n");
}

#[test]
fn action_of_a_template_ends_no_object() {
    is_pin(Syntax::Yaml, "a:\n  runtime: coder\n  {{- with .x }}\n  x: {{ . }}\n  {{- end }}\n  model: acme/m1\n");
    is_none(Syntax::Yaml, "runtime: coder\nmodel: {{ .model | default \"acme/m1\" }}\n");
}

#[test]
fn documents_of_yaml_are_apart() {
    is_none(Syntax::Yaml, "runtime: coder\n---\nmodel: acme/m1\n");
    is_none(Syntax::Yaml, "runtime: coder\r\n---\r\nmodel: acme/m1\r\n");
    is_pin(Syntax::Yaml, "a: 1\r\n---\r\nmodel: acme/m1\r\nargs:\r\n- a\r\nruntime: coder\r\n");
}

#[test]
fn default_after_a_type_is_a_pin() {
    is_pin(
        Syntax::Python,
        "@dataclass\nclass W:\n    runtime: str = \"coder\"\n    n: int = 1\n    model: str = 'acme/m1'\n",
    );
    is_pin(Syntax::Python, "def start(runtime: str = \"coder\", model: str | None = \"acme/m1\") -> None: ...\n");
    is_pin(Syntax::Braces, "class W { readonly runtime: Runtime = 'coder'; model: string = 'acme/m1'; }\n");
    is_pin(Syntax::Braces, "function start(runtime: string = 'coder', model: string = \"acme/m1\") {}\n");
    is_pin(
        Syntax::Python,
        "def f(runtime: Optional[str] = \"coder\", model: Literal[\"a\", \"b\"] = \"acme/m1\"): ...\n",
    );
    is_none(Syntax::Python, "@dataclass\nclass W:\n    runtime: str = \"coder\"\n    model: str = MODEL\n");
    is_none(Syntax::Braces, "f() { const runtime: string = 'coder'; const model: string = 'acme/m1'; }\n");
    is_none(Syntax::Braces, "class W { runtime: string = 'coder'; model: string = 'acme/' + name; }\n");
    is_none(Syntax::Python, "class A:\n    runtime: str = \"coder\"\nclass B:\n    model: str = \"acme/m1\"\n");
}

#[test]
fn type_after_the_value_is_not_the_value() {
    for after in ["as const", "as ModelId", "satisfies ModelId", "// why", "/* why */"] {
        is_pin(
            Syntax::Braces,
            &format!("const w = {{\n  runtime: 'coder' {after},\n  model: 'acme/m1', // {after}\n}}\n")
                .replace(" // why,", ", // why"),
        );
        is_pin(Syntax::Braces, &format!("const w = {{ runtime: 'coder',\n  model: 'acme/m1' {after}\n}};\n"));
    }
}

#[test]
fn attributes_of_an_element_are_a_pin() {
    is_pin(Syntax::Braces, "return <Workspace runtime=\"coder\" model=\"acme/m1\" />;\n");
    is_pin(
        Syntax::Braces,
        "return (\n  <Workspace\n    on={<b/>}\n    runtime='coder'\n    model={\"acme/m1\"}\n  ></Workspace>);\n",
    );
    is_none(Syntax::Braces, "<A runtime=\"coder\"><B model=\"acme/m1\"/></A>\n");
    is_none(Syntax::Braces, "<A runtime=\"coder\"/>\n<B model=\"acme/m1\"/>\n");
    is_none(Syntax::Braces, "<A runtime=\"coder\" model={model} />\n<A runtime=\"coder\" model={\"acme/m1\" + x} />\n");
    is_none(Syntax::Braces, "if (a <b) { runtime = 'coder'; model = 'acme/m1'; }\n");
}

#[test]
fn hostile_text_takes_linear_time() {
    let size = 1 << 18;
    let fields = "\"runtime\" \"model\" ";
    let texts = [
        ("opening braces", "{".repeat(size)),
        ("braces that nothing opened", format!("{}{}", "(".repeat(size / 2), "]".repeat(size / 2))),
        ("double quotes", "\"".repeat(size)),
        ("single quotes", "'".repeat(size)),
        ("backticks", "`".repeat(size)),
        ("mixed quotes", "\"'`".repeat(size / 3)),
        ("backslashes", "\\".repeat(size)),
        ("escaped double quotes", format!("\"{}", "\\\"".repeat(size / 2))),
        ("escaped single quotes", format!("'{}", "\\'".repeat(size / 2))),
        ("dashes", "- ".repeat(size / 2)),
        ("dashes of lines", "- \n".repeat(size / 3)),
        ("fields", "runtime: a, model: ".repeat(size / 20)),
        ("arguments", format!("f({}", "model=a,\n\n".repeat(size / 10))),
        ("words after a field", format!("model: {}", "a ".repeat(size / 2))),
        ("elements", "<a ".repeat(size / 3)),
        ("comments", "/*".repeat(size / 2)),
        ("here-documents", "<<A\n".repeat(size / 4)),
        ("here-documents of one line", format!("{}{}", "<<A ".repeat(size / 8), "\nb".repeat(size / 4))),
        ("objects", format!("[{}]", "{\"runtime\":\"coder\",\"model\":\"m\"},".repeat(size / 34))),
        ("objects in quotes", format!("'[{}]'", "{\"runtime\":\"coder\",\"model\":\"m\"},".repeat(size / 34))),
    ];
    for syntax in [Syntax::Shell, Syntax::Yaml, Syntax::Json, Syntax::Python, Syntax::Braces] {
        for (what, text) in &texts {
            let started = Instant::now();
            assert!(scan(&format!("{fields}{text}"), syntax).len() < text.len());
            // A scan that is quadratic takes minutes.
            assert!(started.elapsed().as_secs() < 10, "{what} as {syntax:?} take {:?}", started.elapsed());
        }
    }
}
