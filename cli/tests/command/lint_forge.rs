//! Rules of the forge that decide whether a step runs and which values it sees.

use crate::run::{Scratch, slugproof};

const REGISTRY: &str = "schema_version: 1
providers:
  - {name: acme, auth_env: [ACME_API_KEY], model_prefix_match: ^acme/}
  - {name: platform, auth_env: [USAGE_TOKEN], model_prefix_match: ^platform/}
runtimes:
  agent: {providers: [{name: acme, models: [ac-4.10, ac-16]}, {name: platform, models: [platform/m]}]}
";

/// A policy whose platform path takes only models of the platform.
const POLICY: &str = "schema_version: 1
name: evals
harness: [scripts/eval.sh]
runtime: RUNTIME
defaults: {RUNTIME: agent}
override: MODEL
platform: {var: PAYER, value: platform, model: HOUSE_MODEL, fallback: platform/m}
secrets: [{key: ACME_API_KEY, inject: [ACME_API_KEY]}]
fallback: ac-16
";

/// The level and code of each finding in these workflow files, except notes.
fn findings(name: &str, files: &[(&str, &str)]) -> Vec<String> {
    let levels = ["error[", "warning[", "undecided:"];
    let is_title = |line: &&str| levels.iter().any(|level| line.starts_with(level));
    let title = |line: &str| line.split([']', ':']).next().unwrap_or_default().replace('[', " ");
    lint(name, files).lines().filter(is_title).map(title).collect()
}

/// What `lint` prints for these files.
fn lint(name: &str, files: &[(&str, &str)]) -> String {
    let mut scratch = Scratch::new(&format!("forge-{name}"))
        .file("slugproof.yaml", "schema_version: 1\nregistry: providers.yaml\npolicies: [policy.yaml]\n")
        .file("providers.yaml", REGISTRY)
        .file("policy.yaml", POLICY)
        .file("scripts/eval.sh", "echo eval\n");
    for (path, text) in files {
        let path = if path.starts_with('.') { (*path).to_owned() } else { format!(".github/workflows/{path}") };
        scratch = scratch.file(&path, *text);
    }
    let output = slugproof(["lint"]).dir(&scratch).run();
    assert!(output.code != 2 && output.stderr.is_empty(), "{}", output.snapshot());
    output.stdout
}

/// The findings in one workflow with these jobs.
fn findings_in(name: &str, jobs: &str) -> Vec<String> {
    findings(name, &[("w.yml", &format!("on: push\njobs:\n{jobs}"))])
}

/// On the platform path, a model of `acme` has no provider that the platform pays for.
const CONTRADICTION: &str = "error platform-path-byok-model";

#[test]
fn block_condition_is_always_true() {
    let jobs = |condition: &str| {
        format!(
            "  push:
    env: {{PAYER: platform}}
    steps: [{{run: bash scripts/eval.sh}}]
  nightly:
    if: {condition}
    env: {{PAYER: platform, MODEL: ac-16}}
    steps: [{{run: bash scripts/eval.sh}}]
"
        )
    };
    const EXPRESSION: &str = "${{ github.event_name == 'schedule' }}";
    let always = ["warning always-true-condition", CONTRADICTION];
    for (condition, expected) in [
        (format!("|\n      {EXPRESSION}"), &always[..]),
        (format!(">\n      {EXPRESSION}"), &always),
        (format!("{EXPRESSION} && github.ref_name == 'main'"), &always),
        (format!(">-\n      {EXPRESSION}"), &[]),
        (EXPRESSION.to_owned(), &[]),
        ("|\n      github.event_name == 'schedule'".to_owned(), &[]),
    ] {
        let mut found = findings_in("condition", &jobs(&condition));
        found.sort_unstable_by(|one, other| other.cmp(one));
        assert_eq!(found, expected, "{condition}");
    }
    let step = "  a:
    env: {PAYER: platform, MODEL: ac-16}
    steps:
      - {run: bash scripts/eval.sh, if: '${{ false }} '}
      - {run: echo, if: ' ${{ failure() }}'}
";
    let found = findings_in("condition-of-step", step);
    assert_eq!(found, [CONTRADICTION, "warning always-true-condition", "warning always-true-condition"]);
}

/// An unquoted scalar has the text of its value; a quoted one keeps its text.
#[test]
fn unquoted_scalars_are_normalised() {
    let jobs = |env: &str, matrix: &str| {
        format!(
            "  a:
    strategy: {{matrix: {matrix}}}
    env: {{ACME_API_KEY: '${{{{ secrets.ACME_API_KEY }}}}', {env}}}
    steps: [{{run: bash scripts/eval.sh}}]
"
        )
    };
    const MODEL: &str = "MODEL: 'ac-${{ matrix.version }}'";
    const UNKNOWN: &[&str] = &["error unregistered-model"];
    for (env, matrix, expected) in [
        (MODEL, "{version: [4.10]}", UNKNOWN),
        (MODEL, "{version: ['4.10']}", &[]),
        (MODEL, "{version: [0x10, 16.0, 016, 1.6e1, 0o20]}", &[]),
        (MODEL, "{version: ['0x10']}", UNKNOWN),
        (MODEL, "{include: [{version: 4.10}]}", UNKNOWN),
        (MODEL, "{version: [16, 4.10], exclude: [{version: 4.1}]}", &[]),
        (MODEL, "{version: [16, '4.10'], exclude: [{version: 4.10}]}", &[]),
        ("MODEL: ~", "{version: [1]}", &[]),
        ("MODEL: True", "{version: [1]}", UNKNOWN),
    ] {
        assert_eq!(findings_in("scalars", &jobs(env, matrix)), expected, "{env} {matrix}");
    }
    let step = "  a:
    env: {ACME_API_KEY: '${{ secrets.ACME_API_KEY }}', V: 0x10}
    steps: [{run: 'MODEL=ac-$V bash scripts/eval.sh'}]
";
    assert_eq!(findings_in("scalar-of-env", step), [""; 0]);
}

#[test]
fn boolean_default_may_be_capitalised() {
    let called = |default: &str| {
        format!(
            "on:
  workflow_call:
    inputs:
      house: {{type: boolean, default: {default}}}
jobs:
  a:
    env:
      MODEL: ac-16
      ACME_API_KEY: ${{{{ secrets.ACME_API_KEY }}}}
      PAYER: ${{{{ inputs.house && 'platform' || 'own' }}}}
    steps: [{{run: bash scripts/eval.sh}}]
"
        )
    };
    let caller = |with: &str| {
        format!("on: push\njobs:\n  c:\n    uses: ./.github/workflows/r.yml\n    secrets: inherit\n    with: {with}\n")
    };
    for (default, with, expected) in [
        ("True", "{}", &[CONTRADICTION][..]),
        ("TRUE", "{}", &[CONTRADICTION]),
        ("true", "{}", &[CONTRADICTION]),
        ("False", "{}", &[]),
        ("False", "{house: True}", &[CONTRADICTION]),
        ("True", "{house: FALSE}", &[]),
    ] {
        let found = findings("boolean", &[("r.yml", &called(default)), ("w.yml", &caller(with))]);
        assert_eq!(found, expected, "{default} {with}");
    }
}

/// `${{ insert }}` may set any variable, except the variables that the same `env` sets by name.
#[test]
fn insert_may_set_any_variable() {
    let jobs = |workflow: &str, job: &str| {
        format!(
            "  a:
    env: {{{workflow}}}
    steps:
      - run: bash scripts/eval.sh
        env: {{{job}}}
"
        )
    };
    const INSERT: &str = "'${{ insert }}': '${{ fromJSON(vars.EXTRA) }}'";
    let after = |entries: &str| format!("{entries}, {INSERT}");
    for (outer, inner, expected) in [
        ("PAYER: platform", String::new(), &[][..]),
        ("PAYER: platform", INSERT.to_owned(), &["undecided"]),
        (&after("PAYER: platform"), String::new(), &["undecided"]),
        (&after("PAYER: platform, MODEL: ac-16"), String::new(), &["undecided"]),
        (INSERT, "PAYER: platform, MODEL: ac-16".to_owned(), &["undecided"]),
        (INSERT, "PAYER: platform, MODEL: ac-16, RUNTIME: agent".to_owned(), &[CONTRADICTION]),
    ] {
        assert_eq!(findings_in("insert", &jobs(outer, &inner)), expected, "{outer} / {inner}");
    }
}

/// A computed part of a matrix leaves the other rows and keys decided.
#[test]
fn computed_part_of_a_matrix_is_undecided_alone() {
    let jobs = |matrix: &str, model: &str| {
        format!(
            "  a:
    strategy: {{matrix: {{{matrix}}}}}
    env: {{PAYER: platform, MODEL: \"${{{{ {model} }}}}\"}}
    steps: [{{run: bash scripts/eval.sh}}]
"
        )
    };
    let (wrong, unknown) = ("error platform-path-byok-model", "undecided");
    for (matrix, model, expected) in [
        ("m: [ac-16], include: '${{ fromJSON(vars.X) }}'", "matrix.m", &[wrong, unknown][..]),
        ("m: [platform/m], include: '${{ fromJSON(vars.X) }}'", "matrix.m", &[unknown]),
        ("n: [1], include: [{m: ac-16}, '${{ fromJSON(vars.X) }}']", "matrix.m", &[unknown]),
        ("n: [1], include: [{n: 2, m: ac-16}, '${{ fromJSON(vars.X) }}']", "matrix.m", &[wrong, unknown]),
        ("n: [1], include: [{n: 2}, '${{ fromJSON(vars.X) }}']", "matrix.m || 'ac-16'", &[wrong, unknown]),
        ("m: [ac-16], n: '${{ fromJSON(vars.X) }}'", "matrix.m", &[wrong]),
        ("m: [platform/m], n: '${{ fromJSON(vars.X) }}'", "matrix.m", &[]),
        ("m: [ac-16], exclude: '${{ fromJSON(vars.X) }}'", "matrix.m", &[unknown]),
        ("m: [platform/m], include: \"${{ fromJSON('[{\\\"m\\\": \\\"ac-16\\\"}]') }}\"", "matrix.m", &[wrong]),
        ("m: [ac-16], include: '${{ fromJSON(vars.X) }}'", "matrix[vars.X]", &[unknown]),
    ] {
        let mut found = findings_in("computed-matrix", &jobs(matrix, model));
        found.sort();
        assert_eq!(found, expected, "{matrix} {model}");
    }
}

/// The outputs of a step that writes literals are known, others are undecided.
#[test]
fn outputs_of_steps_are_known_or_undecided() {
    let jobs = |step: &str, reader: &str| {
        format!(
            "  a:
    env: {{PAYER: platform}}
    steps:
      - id: Pick
{step}
      - run: bash scripts/eval.sh
        env: {{MODEL: '${{{{ steps.pick.outputs.model }}}}'}}
{reader}"
        )
    };
    let run = |script: &str| {
        let lines: String = script.lines().map(|line| format!("          {line}\n")).collect();
        format!("        run: |\n{}", lines.trim_end())
    };
    const WRITES: &str = "echo model=ac-16 >> \"$GITHUB_OUTPUT\"";
    let random = "END=$(uuidgen)\necho \"model<<$END\" >> $GITHUB_OUTPUT\necho ac-16 >> $GITHUB_OUTPUT\n\
                  echo \"$END\" >> $GITHUB_OUTPUT";
    let (wrong, unknown) = (&[CONTRADICTION][..], &["undecided"][..]);
    for (step, reader, expected) in [
        (run(WRITES), "", wrong),
        (run("echo model=platform/m >> $GITHUB_OUTPUT"), "", &[]),
        (run("echo \"MODEL=ac-16\" | tee -a $GITHUB_OUTPUT"), "", wrong),
        (run(random), "", wrong),
        (run("if [ -f x ]; then echo model=ac-16 >> $GITHUB_OUTPUT; fi"), "", unknown),
        (run("python3 pick.py >> $GITHUB_OUTPUT"), "", unknown),
        (run("python3 pick.py"), "", unknown),
        (run("echo other=ac-16 >> $GITHUB_OUTPUT"), "", unknown),
        (run("echo '::set-output name=model::ac-16'"), "", unknown),
        (run(&format!("{WRITES}\nfalse")) + "\n        continue-on-error: true", "", unknown),
        (run(WRITES) + "\n        if: github.actor == 'x'", "", unknown),
        (run(WRITES) + "\n        shell: pwsh", "", unknown),
        (run(WRITES), "        if: always()\n", unknown),
        ("        uses: acme/pick@v1".to_owned(), "", unknown),
    ] {
        assert_eq!(findings_in("outputs", &jobs(&step, reader)), expected, "{step}\n{reader}");
    }
}

/// The outputs of a needed job are known if those of its steps are.
#[test]
fn outputs_of_needed_jobs_are_known_or_undecided() {
    const PICK: &str = "    outputs: {Model: '${{ steps.s.outputs.model }}'}
    steps: [{id: s, run: 'echo model=ac-16 >> $GITHUB_OUTPUT'}]
";
    const READ: &str = "    env: {PAYER: platform, MODEL: '${{ needs.pick.outputs.model }}'}
    steps: [{run: bash scripts/eval.sh}]
";
    let (wrong, unknown) = (&[CONTRADICTION][..], &["undecided"][..]);
    let in_steps = |steps: &str| PICK.replace("[{id: s, run: 'echo model=ac-16 >> $GITHUB_OUTPUT'}]", steps);
    let in_matrix = "    strategy: {matrix: {m: ['${{ needs.pick.outputs.model }}', platform/m]}}
    env: {PAYER: platform, MODEL: '${{ matrix.m }}'}
    steps: [{run: bash scripts/eval.sh}]
";
    let in_json = "    strategy: {matrix: '${{ fromJSON(needs.pick.outputs.model) }}'}
    env: {PAYER: platform, MODEL: '${{ matrix.m }}'}
    steps: [{run: bash scripts/eval.sh}]
";
    let in_condition = "    if: needs.pick.outputs.model == 'ac-16'
    env: {PAYER: platform, MODEL: ac-16}
    steps: [{run: bash scripts/eval.sh}]
";
    for (picks, reads, expected) in [
        (PICK.to_owned(), READ.to_owned(), wrong),
        (PICK.replace("ac-16", "platform/m"), READ.to_owned(), &[]),
        (PICK.to_owned(), READ.replace("needs.pick.outputs.model", "needs[''pick''].outputs[''MODEL'']"), wrong),
        (PICK.to_owned(), in_matrix.to_owned(), wrong),
        (
            in_steps("[{id: s, run: \"echo 'model={\\\"m\\\": [\\\"ac-16\\\"]}' >> $GITHUB_OUTPUT\"}]"),
            in_json.to_owned(),
            wrong,
        ),
        (PICK.to_owned(), in_condition.to_owned(), wrong),
        (PICK.replace("ac-16", "platform/m"), in_condition.to_owned(), &[]),
        ("    outputs: {model: ac-16}\n    steps: []\n".to_owned(), READ.to_owned(), wrong),
        ("    outputs: {other: ac-16}\n    steps: []\n".to_owned(), READ.to_owned(), &["warning likely-slip"]),
        (format!("    if: github.actor == 'x'\n{PICK}"), READ.to_owned(), wrong),
        (format!("    continue-on-error: true\n{PICK}"), READ.to_owned(), unknown),
        (
            format!("    strategy: {{matrix: {{m: [true]}}}}\n    continue-on-error: ${{{{ matrix.m }}}}\n{PICK}"),
            READ.to_owned(),
            unknown,
        ),
        (PICK.to_owned(), format!("    if: always()\n{READ}"), unknown),
        (PICK.replace("ac-16", "$(date)"), READ.to_owned(), unknown),
        (in_steps("[{id: s, run: './pick'}]"), READ.to_owned(), unknown),
        (in_steps("[{id: s, uses: acme/pick@v1}]"), READ.to_owned(), unknown),
        (in_steps("[{id: s, if: failure(), run: 'echo model=ac-16 >> $GITHUB_OUTPUT'}]"), READ.to_owned(), &[]),
        (
            format!(
                "    strategy: {{matrix: {{m: [ac-16, platform/m]}}}}\n{}",
                PICK.replace("model=ac-16", "model=${{ matrix.m }}")
            ),
            READ.to_owned(),
            unknown,
        ),
        ("    uses: acme/flows/.github/workflows/pick.yml@v1\n".to_owned(), READ.to_owned(), unknown),
    ] {
        let jobs = format!("  pick:\n{picks}  read:\n    needs: pick\n{reads}");
        assert_eq!(findings_in("needs", &jobs), expected, "{jobs}");
    }
    let chain = format!(
        "  first:\n{PICK}  pick:\n    needs: [first]\n    \
         outputs: {{model: '${{{{ needs.first.outputs.model }}}}'}}\n    \
         steps: []\n  read:\n    needs: pick\n{READ}"
    );
    assert_eq!(findings_in("needs", &chain), wrong);
    // `needs` has only the jobs that the job itself names.
    let not_needed = chain.replace("needs.pick", "needs.first");
    assert_eq!(findings_in("needs", &not_needed), ["warning likely-slip"]);
    let circle = "  pick:\n    needs: read\n    outputs: {model: '${{ needs.read.outputs.model }}'}\n    steps: []\n";
    let outputs = "    outputs: {model: '${{ needs.pick.outputs.model }}'}\n";
    let circle = format!("{circle}  read:\n    needs: pick\n{outputs}{READ}");
    assert_eq!(findings_in("needs", &circle), unknown);
}

/// The runner of GitHub drops an output of a job that contains a secret.
#[test]
fn output_with_a_secret_is_empty_in_other_jobs() {
    const STEP: &str = "${{ steps.s.outputs.key }}";
    let run = "[{id: s, run: 'echo \"key=$KEY\" >> $GITHUB_OUTPUT'}]";
    let job = |output: &str, key: &str| {
        format!(
            "on: push
jobs:
  pick:
    outputs: {{key: \"{output}\"}}
    env: {{KEY: '{key}'}}
    steps: {run}
  read:
    needs: pick
    env: {{MODEL: ac-16, ACME_API_KEY: '${{{{ needs.pick.outputs.key }}}}'}}
    steps: [{{run: bash scripts/eval.sh}}]
"
        )
    };
    let empty = &["error missing-credential"][..];
    for (output, key, expected) in [
        ("${{ secrets.K }}", "", empty),
        ("${{ secrets.J || secrets.K }}", "", empty),
        ("${{ secrets.K || 'none' }}", "", empty),
        ("${{ format('key {0}', secrets.K) }}", "", empty),
        ("${{ github.actor == 'x' && secrets.J || secrets.K }}", "", &["undecided"]),
        (STEP, "${{ secrets.K }}", empty),
        (STEP, "Bearer ${{ secrets.K }}", empty),
        (STEP, "${{ vars.V }}${{ secrets.K }}", empty),
        // A part of a secret is not masked.
        ("${{ fromJSON(secrets.K).part }}", "", &["undecided"]),
        ("${{ github.actor == 'x' && secrets.K || vars.V }}", "", &["undecided"]),
        ("${{ github.actor == 'x' && secrets.K || 'none' }}", "", &["undecided"]),
        ("${{ contains(secrets.K, 'x') }}", "", &["undecided"]),
        ("${{ secrets.K != '' }}", "", &[]),
        ("${{ secrets.K && 'given' }}", "", &[]),
        (STEP, "given", &[]),
    ] {
        let text = job(output, key);
        assert_eq!(findings("secret-output", &[("w.yml", &text)]), expected, "{text}");
        // The runner of Gitea drops none.
        let is_decided = !output.contains("|| vars") && !output.contains("contains") && !output.contains("JSON");
        if is_decided {
            assert_eq!(findings("secret-output", &[(".gitea/workflows/w.yml", &text)]), [""; 0], "{text}");
        }
    }
    let in_step = format!(
        "  job:\n    env: {{MODEL: ac-16, KEY: '${{{{ secrets.K }}}}'}}\n    steps:\n      - {}\n      \
         - {{run: bash scripts/eval.sh, env: {{ACME_API_KEY: '{STEP}'}}}}\n",
        &run[1..run.len() - 1]
    );
    assert_eq!(findings_in("secret-output", &in_step), [""; 0], "{in_step}");
    let calculated = job(STEP, "${{ secrets.K }}").replace("$KEY", "$(printf %s $KEY | base64)");
    let shortened = job(STEP, "${{ secrets.K }}").replace("$KEY", "${KEY#*-}");
    let replaced = job(STEP, "${{ secrets.K }}").replace("$KEY", "${KEY:+given}");
    for (text, expected) in [(calculated, &["undecided"][..]), (shortened, &["undecided"]), (replaced, &[])] {
        assert_eq!(findings("secret-output", &[("w.yml", &text)]), expected, "{text}");
    }
    let called = "on: {workflow_call: {outputs: {key: {value: '${{ jobs.a.outputs.key }}'}}}}
jobs: {a: {outputs: {key: '${{ secrets.K }}'}, steps: []}}
";
    let caller = "on: push
jobs:
  pick: {uses: ./.github/workflows/pick.yml, secrets: inherit}
  read:
    needs: pick
    env: {MODEL: ac-16, ACME_API_KEY: '${{ needs.pick.outputs.key }}'}
    steps: [{run: bash scripts/eval.sh}]
";
    assert_eq!(findings("secret-output", &[("w.yml", caller), ("pick.yml", called)]), empty);
}

/// The outputs of a called workflow are those of its jobs, with the inputs of the call.
#[test]
fn outputs_of_called_workflows_are_known_or_undecided() {
    let caller = |model: &str, with: &str| {
        format!(
            "on: push
jobs:
  pick: {{uses: ./.github/workflows/pick.yml, with: {{model: {model}}}}}
  read:
    needs: pick
    env: {{PAYER: platform, MODEL: '${{{{ needs.pick.outputs.model }}}}'}}
    steps: [{{run: bash scripts/eval.sh}}]
  call:
    needs: pick
    uses: ./.github/workflows/run.yml
    with: {{model: '{with}'}}
"
        )
    };
    let called = |condition: &str| {
        format!(
            "on:
  workflow_call:
    inputs: {{model: {{type: string}}}}
    outputs: {{Model: {{value: '${{{{ jobs.a.outputs.m }}}}'}}}}
jobs:
  a:
    if: {condition}
    outputs: {{m: '${{{{ steps.s.outputs.m }}}}'}}
    steps: [{{id: s, env: {{M: '${{{{ inputs.model }}}}'}}, run: 'echo \"m=$M\" >> $GITHUB_OUTPUT'}}]
"
        )
    };
    let run = "on: {workflow_call: {inputs: {model: {type: string}}}}
jobs: {a: {env: {PAYER: platform, MODEL: '${{ inputs.model }}'}, steps: [{run: bash scripts/eval.sh}]}}
";
    for (model, condition, with, expected) in [
        ("ac-16", "true", "platform/m", &[CONTRADICTION][..]),
        ("platform/m", "true", "platform/m", &[]),
        ("platform/m", "true", "ac-16", &[CONTRADICTION]),
        ("ac-16", "true", "${{ needs.pick.outputs.model }}", &[CONTRADICTION; 2]),
        ("ac-16", "github.actor == 'x'", "platform/m", &["undecided"]),
        ("ac-16", "false", "platform/m", &[]),
    ] {
        let (caller, called) = (caller(model, with), called(condition));
        let files = [("w.yml", caller.as_str()), ("pick.yml", &called), ("run.yml", run)];
        assert_eq!(findings("called-outputs", &files), expected, "{model} {condition} {with}");
    }
}

/// The steps of a group are steps of the job, with the environment of the group.
#[test]
fn steps_of_a_parallel_group_are_judged() {
    const CALL: &str = "run: bash scripts/eval.sh";
    for (steps, expected) in [
        (
            format!("[{{{CALL}}}, {{parallel: [{{{CALL}, env: {{MODEL: ac-16}}}}, {{run: npm test}}]}}]"),
            &[CONTRADICTION][..],
        ),
        (format!("[{{parallel: [{{{CALL}}}, {{run: npm test}}]}}]"), &[]),
        (format!("[{{env: {{MODEL: ac-16}}, parallel: [{{{CALL}}}]}}]"), &[CONTRADICTION]),
        (format!("[{{env: {{MODEL: ac-16}}, parallel: [{{{CALL}, env: {{MODEL: platform/m}}}}]}}]"), &[]),
        (format!("[{{if: false, parallel: [{{{CALL}, env: {{MODEL: ac-16}}}}]}}, {{{CALL}}}]"), &[]),
        (format!("[{{if: false, parallel: [{{{CALL}, if: true, env: {{MODEL: ac-16}}}}]}}, {{{CALL}}}]"), &[]),
        (format!("[{{if: true, parallel: [{{{CALL}, if: false, env: {{MODEL: ac-16}}}}]}}, {{{CALL}}}]"), &[]),
        (format!("[{{if: true, parallel: [{{{CALL}, if: true, env: {{MODEL: ac-16}}}}]}}]"), &[CONTRADICTION]),
        (format!("[{{parallel: [{{parallel: [{{{CALL}, env: {{MODEL: ac-16}}}}]}}, {{run: ls}}]}}]"), &[CONTRADICTION]),
        (format!("[{{if: false, parallel: [{{parallel: [{{{CALL}, env: {{MODEL: ac-16}}}}]}}]}}, {{{CALL}}}]"), &[]),
        (format!("[{{{CALL}, background: true, env: {{MODEL: ac-16}}}}, {{wait: all}}]"), &[CONTRADICTION]),
        (format!("[{{background: [{{{CALL}, env: {{MODEL: ac-16}}}}]}}]"), &[CONTRADICTION]),
        (format!("[{{parallel: [{{run: 'echo MODEL=ac-16 >> $GITHUB_ENV'}}, {{{CALL}}}]}}]"), &["undecided"]),
        (format!("[{{parallel: [{{{CALL}}}, {{run: 'echo MODEL=ac-16 >> $GITHUB_ENV'}}]}}]"), &["undecided"]),
        (format!("[{{{CALL}}}, {{parallel: [{{run: 'echo MODEL=ac-16 >> $GITHUB_ENV'}}, {{run: ls}}]}}]"), &[]),
    ] {
        let jobs = format!("  a:\n    env: {{PAYER: platform}}\n    steps: {steps}\n");
        assert_eq!(findings_in("parallel", &jobs), expected, "{steps}");
    }
}

/// A free-text input is tried with the texts that the file compares it with.
#[test]
fn free_text_input_is_tried_with_compared_texts() {
    let workflow = |input: &str, payer: &str| {
        format!(
            "on: {{workflow_dispatch: {{inputs: {{mode: {{{input}}}}}}}}}
jobs:
  a:
    env:
      MODEL: ac-16
      ACME_API_KEY: ${{{{ secrets.ACME_API_KEY }}}}
      PAYER: ${{{{ {payer} }}}}
    steps: [{{run: bash scripts/eval.sh}}]
"
        )
    };
    const COMPARES: &str = "github.event.inputs.mode == 'house' && 'platform' || 'own'";
    for (input, payer, expected) in [
        ("default: own", COMPARES, &[CONTRADICTION][..]),
        ("type: choice, options: [own, house]", COMPARES, &[CONTRADICTION]),
        ("default: house", COMPARES, &[CONTRADICTION]),
        ("default: own", "inputs.mode == 'other' && 'own' || 'own'", &[]),
        (
            "default: own",
            "contains(fromJSON('[\"x\", \"house\"]'), inputs.mode) && 'platform' || 'own'",
            &[CONTRADICTION],
        ),
        ("default: own", "startsWith(inputs.mode, 'house') && 'platform' || 'own'", &[CONTRADICTION]),
        ("default: own", "inputs.mode", &["undecided"]),
    ] {
        let found = findings("free-text", &[("w.yml", &workflow(input, payer))]);
        let errors = found.iter().filter(|title| expected.is_empty() || expected.contains(&title.as_str()));
        assert_eq!(errors.collect::<Vec<_>>(), expected, "{input} {payer}: {found:?}");
    }
}

/// A free-text input is tried with the texts that a script or the condition of a variable names.
#[test]
fn free_text_input_is_tried_with_texts_of_scripts() {
    const HOUSE: &str = "export PAYER=platform; fi; bash scripts/eval.sh";
    for step in [
        format!("env: {{MODE: '${{{{ inputs.mode }}}}'}}, run: 'if [ \"$MODE\" = house ]; then {HOUSE}'"),
        format!("run: 'if [[ \"${{{{ inputs.mode }}}}\" == house ]]; then {HOUSE}'"),
        "env: {MODE: '${{ inputs.mode }}'}, \
         run: 'case $MODE in house) export PAYER=platform;; esac; bash scripts/eval.sh'"
            .to_owned(),
        "env: {MODE: '${{ inputs.mode }}'}, if: env.MODE == 'house', run: 'PAYER=platform bash scripts/eval.sh'"
            .to_owned(),
    ] {
        let workflow = format!(
            "on: {{workflow_dispatch: {{inputs: {{mode: {{default: own}}}}}}}}
jobs: {{a: {{env: {{MODEL: ac-16, ACME_API_KEY: '${{{{ secrets.K }}}}'}}, steps: [{{{step}}}]}}}}
"
        );
        let found = findings("free-text-in-scripts", &[("w.yml", &workflow)]);
        assert!(found.iter().any(|title| title == CONTRADICTION), "{step}: {found:?}");
    }
}

/// Where the texts would exceed the limits of a job, only the default and any other value are evaluated.
#[test]
fn texts_of_inputs_never_cost_the_rows() {
    let texts: String = (0..16).map(|number| format!("inputs.mode == 't{number}' || ")).collect();
    let cells = (0..250).map(|number| format!("a{number}")).collect::<Vec<_>>().join(", ");
    let workflow = format!(
        "on: {{workflow_dispatch: {{inputs: {{mode: {{default: own}}}}}}}}
jobs:
  a:
    strategy: {{matrix: {{m: [ac-16, {cells}]}}}}
    env: {{PAYER: \"${{{{ ({texts}inputs.mode == 'x') && 'platform' || 'platform' }}}}\", MODEL: '${{{{ matrix.m }}}}'}}
    steps: [{}]
",
        "{run: bash scripts/eval.sh}, ".repeat(6)
    );
    let found = findings("texts-and-rows", &[("w.yml", &workflow)]);
    assert!(found.iter().any(|title| title == CONTRADICTION), "{found:?}");
}

/// A free-text input that selects the runtime is tried with each runtime, on any way to the variable.
#[test]
fn free_text_input_is_tried_with_runtimes() {
    let registry = format!("{REGISTRY}  cloud: {{providers: [{{name: platform, models: [platform/m]}}]}}\n");
    let caller = "on: {workflow_dispatch: {inputs: {kind: {default: agent}}}}
jobs: {a: {uses: ./.github/workflows/called.yml, with: {kind: '${{ inputs.kind }}'}}}
";
    let called = |trigger: &str, env: &str| {
        format!(
            "on: {trigger}
jobs:
  a:
    strategy: {{matrix: {{runtime: ['${{{{ inputs.kind }}}}']}}}}
    env: {{PAYER: platform, MODEL: ac-16, ACME_API_KEY: k, {env}}}
    steps: [{{run: bash scripts/eval.sh}}]
"
        )
    };
    const BY_HAND: &str = "{workflow_dispatch: {inputs: {kind: {default: agent}}}}";
    const BY_CALL: &str = "{workflow_call: {inputs: {kind: {type: string}}}}";
    let tried_by = |policy: &str, trigger: &str, env: &str| -> Vec<String> {
        let mut scratch = Scratch::new("forge-runtimes")
            .file("slugproof.yaml", "schema_version: 1\nregistry: providers.yaml\npolicies: [policy.yaml]\n")
            .file("providers.yaml", registry.as_str())
            .file("policy.yaml", policy)
            .file("scripts/eval.sh", "echo eval\n")
            .file(".github/workflows/called.yml", called(trigger, env));
        if trigger == BY_CALL {
            scratch = scratch.file(".github/workflows/w.yml", caller);
        }
        let output = slugproof(["lint"]).dir(&scratch).run();
        let with = output.stdout.lines().filter_map(|line| line.split_once("`kind` = "));
        with.map(|(_, kind)| kind.split(',').next().unwrap_or_default().to_owned())
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .collect()
    };
    const LISTING: &str = "schema_version: 2
name: evals
harness: [scripts/eval.sh]
runtime: RUNTIME
runtimes: [agent, cloud]
defaults: {RUNTIME: agent}
model: [{use: $MODEL}, {when: {PAYER: platform}, use: [$HOUSE_MODEL, platform/m]}, {use: ac-16}]
secrets: [{when: {PAYER: platform}, path: platform}, {key: ACME_API_KEY}]
";
    let tried = |trigger: &str, env: &str| tried_by(LISTING, trigger, env);
    // A policy that lists no runtimes may be used with few of those in the registry.
    assert_eq!(tried_by(POLICY, BY_HAND, "RUNTIME: '${{ inputs.kind }}'"), ["agent", "anything"]);
    for (trigger, env) in [
        (BY_HAND, "RUNTIME: '${{ inputs.kind }}'"),
        (BY_HAND, "RUNTIME: \"${{ github.event.inputs.kind || 'agent' }}\""),
        (BY_HAND, "RUNTIME: '${{ matrix.runtime }}'"),
        (BY_CALL, "RUNTIME: '${{ inputs.kind }}'"),
    ] {
        assert_eq!(tried(trigger, env), ["agent", "anything", "cloud"], "{trigger} {env}");
    }
    // Nobody gives a part of a value as the value.
    for (test, expected) in [
        ("startsWith(inputs.kind, 'ag')", &["agent", "anything", "cloud"][..]),
        ("inputs.kind == 'ag'", &["ag", "agent", "anything", "cloud"]),
    ] {
        let env = format!("RUNTIME: '${{{{ inputs.kind }}}}', OTHER: \"${{{{ {test} && 'x' || 'y' }}}}\"");
        for trigger in [BY_HAND, BY_CALL] {
            assert_eq!(tried(trigger, &env), expected, "{trigger} {env}");
        }
    }
    for env in ["RUNTIME: 'x-${{ inputs.kind }}'", "OTHER: '${{ inputs.kind }}'"] {
        assert!(!tried(BY_HAND, env).contains(&"cloud".to_owned()), "{env}");
    }
}

/// An expression that tests whether a variable is set has two cases: the variable is unset or set.
#[test]
fn variable_before_a_literal_has_two_cases() {
    let (wrong, unknown) = ("error platform-path-byok-model", "undecided");
    let jobs = |model: &str| {
        format!(
            "  a: {{env: {{PAYER: platform, MODEL: \"${{{{ {model} }}}}\"}}, steps: [{{run: bash scripts/eval.sh}}]}}\n"
        )
    };
    for (model, expected) in [
        ("vars.M || 'ac-16'", &[wrong, unknown][..]),
        ("vars.M || 'platform/m'", &[unknown]),
        ("vars.M != '' && vars.M || 'ac-16'", &[wrong, unknown]),
        ("case(vars.M == '', 'ac-16', vars.M)", &[wrong, unknown]),
        ("vars.M && 'platform/m' || 'ac-16'", &[wrong]),
        ("!vars.M && 'ac-16' || 'platform/m'", &[wrong]),
        ("vars.M && 'platform/m' || 'platform/m'", &[]),
        ("vars.M || ''", &[unknown]),
        ("vars.M", &[unknown]),
    ] {
        let mut found = findings_in("variable-cases", &jobs(model));
        found.sort();
        assert_eq!(found, expected, "{model}");
    }
}

/// A filter of exact names fixes the branch, the tag or the base of a pull request.
#[test]
fn exact_filter_fixes_the_ref() {
    let workflow = |on: &str, condition: &str, step: &str| {
        format!(
            "on: {on}
jobs:
  a:
    env: {{PAYER: platform}}
    steps: [{{if: \"{condition}\", env: {{MODEL: ac-16}}, {step}}}, {{run: bash scripts/eval.sh}}]
"
        )
    };
    const CALL: &str = "run: bash scripts/eval.sh";
    const IN_SCRIPT: &str = "run: 'if [ \"$GITHUB_REF_NAME\" = main ]; then bash scripts/eval.sh; fi'";
    let (wrong, clean) = (&[CONTRADICTION][..], &[][..]);
    for (on, condition, step, expected) in [
        ("{push: {branches: [main]}}", "github.ref == 'refs/heads/main'", CALL, wrong),
        ("{push: {branches: main}}", "github.ref_name == 'main'", CALL, wrong),
        ("{push: {branches: [main]}}", "github.ref != 'refs/heads/main'", CALL, clean),
        ("{push: {branches: [main]}}", "startsWith(github.ref, 'refs/tags/')", CALL, clean),
        ("{push: {branches: [main, dev]}}", "github.ref == 'refs/heads/dev'", CALL, wrong),
        ("{push: {branches: [main, dev]}}", "github.ref == 'refs/heads/other'", CALL, clean),
        ("{push: {tags: [v1]}}", "github.ref_type == 'tag'", CALL, wrong),
        ("{push: {tags: [v1]}}", "github.ref_type == 'branch'", CALL, clean),
        ("{push: {branches: [main], tags: [v1]}}", "github.ref == 'refs/tags/v1'", CALL, wrong),
        ("{pull_request: {branches: [main]}}", "github.base_ref == 'main'", CALL, wrong),
        ("{pull_request: {branches: [main]}}", "github.base_ref == 'dev'", CALL, clean),
        ("{push: {branches: [dev]}}", "true", IN_SCRIPT, clean),
        ("{push: {branches: [main, dev]}}", "true", IN_SCRIPT, wrong),
    ] {
        let workflow = workflow(on, condition, step);
        assert_eq!(findings("refs", &[("w.yml", &workflow)]), expected, "{workflow}");
    }
    // A pattern, a filter that ignores names, and other events leave the ref open.
    const MODEL: &str = "github.ref == 'refs/heads/main' && 'ac-16' || 'platform/m'";
    let on_open = [
        "{push: {branches: ['main', 'release/*']}}",
        "{push: {branches-ignore: [main]}}",
        "{push: {branches: [main, '!dev']}}",
        "[push]",
        "{pull_request: {branches: [main]}}",
        "{workflow_dispatch: {branches: [main]}}",
    ];
    for on in on_open {
        let workflow = format!(
            "on: {on}\njobs: {{a: {{env: {{PAYER: platform, MODEL: \"${{{{ {MODEL} }}}}\"}}, steps: [{{{CALL}}}]}}}}\n"
        );
        assert_eq!(findings("refs", &[("w.yml", &workflow)]), ["undecided"], "{workflow}");
    }
    let called = format!(
        "on: workflow_call
jobs: {{a: {{env: {{PAYER: platform, MODEL: \"${{{{ {MODEL} }}}}\"}}, steps: [{{{CALL}}}]}}}}
"
    );
    let caller = "on: {push: {branches: [dev, main]}}\njobs: {a: {uses: ./.github/workflows/called.yml}}\n";
    assert_eq!(findings("refs", &[("called.yml", &called), ("w.yml", caller)]), wrong);
}

#[test]
fn step_after_one_that_always_fails_never_runs() {
    let call = |settings: &str| format!("      - run: bash scripts/eval.sh\n        env: {{MODEL: ac-16}}\n{settings}");
    let sound = "      - {if: always(), run: bash scripts/eval.sh}\n";
    let step = |run: &str| format!("      - {{run: {run:?}}}\n");
    let job = |first: &str, second: &str| {
        format!("  job:\n    env: {{SET: s, EMPTY: '', PAYER: platform}}\n    steps:\n{first}{second}{sound}")
    };
    let is_found = |first: &str, second: &str| findings_in("after-failure", &job(first, second)) == [CONTRADICTION];
    for run in [
        "exit 1",
        "false",
        "die() { echo \"$1\"; exit 2; }; die no",
        "test -n \"$EMPTY\"",
        "[ \"$SET\" = other ]",
        ": ${EMPTY:?}",
        "! true",
        "(exit 3)",
        "if [ -n \"$SET\" ]; then exit 1; fi",
        "trap 'echo end' EXIT; exit 1",
        "true && false",
        "set -o pipefail; false | true; echo",
    ] {
        assert!(!is_found(&step(run), &call("")), "{run}");
    }
    for run in [
        "exit 0",
        "exit 256",
        "false || true",
        "(exit 1) || true",
        "set +e; false; true",
        "trap 'exit 0' EXIT; exit 1",
        "program || exit 1",
        "while false; do exit 1; done",
        "false | true",
        "false & wait",
        "f() { return 1; }; f || true",
    ] {
        assert!(is_found(&step(run), &call("")), "{run}");
    }
    let fails = "      - run: exit 1\n";
    for (settings, of_call, runs) in [
        ("        shell: python\n", "", true),
        ("        continue-on-error: true\n", "", true),
        ("        continue-on-error: false\n", "", false),
        ("        if: github.actor == 'x'\n", "", true),
        ("        if: always()\n", "", false),
        ("", "        if: always()\n", true),
        ("", "        if: failure()\n", true),
        ("", "        if: '!cancelled()'\n", true),
        ("", "        if: success()\n", false),
        ("", "        if: '!success()'\n", true),
        ("", "        if: success() == false\n", true),
        ("", "        if: ${{ !( success() ) }}\n", true),
        ("", "        if: github.actor == 'x' || !success()\n", true),
        ("", "        if: failure() || cancelled()\n", true),
        ("", "        if: cancelled()\n", true),
        ("", "        if: always() && job.status == 'failure'\n", true),
        ("", "        if: '!failure()'\n", false),
        ("", "        if: always() && success()\n", false),
        ("", "        if: job.status == 'failure'\n", false),
        ("", "        if: contains('failure()', 'x')\n", false),
    ] {
        assert_eq!(is_found(&format!("{fails}{settings}"), &call(of_call)), runs, "{settings}{of_call}");
    }
}

/// The label of a machine of the forge fixes `runner.os` and `RUNNER_OS`.
#[test]
fn label_of_the_machine_fixes_its_system() {
    const SYSTEMS: [&str; 3] = ["Linux", "Windows", "macOS"];
    const ALL: &str = "Linux Windows macOS";
    // The systems for which a step runs that names them.
    let possible = |settings: &str, reader: &str| {
        let step = |system: &&str| format!("      - {{{}}}\n", reader.replace('@', system));
        let steps: String = SYSTEMS.iter().map(step).collect();
        let job = format!("on: push\njobs:\n  job:\n    {settings}\n    steps:\n      - run: bash scripts/eval.sh\n");
        let shown = lint("system", &[("w.yml", &format!("{job}{steps}"))]);
        let is_selected = |system: &&&str| shown.contains(&format!("selects `{system}`"));
        SYSTEMS.iter().filter(is_selected).copied().collect::<Vec<_>>().join(" ")
    };
    for (settings, expected) in [
        ("runs-on: ubuntu-latest", "Linux"),
        ("runs-on: [windows-2022]", "Windows"),
        ("runs-on: macOS-14", "macOS"),
        ("strategy: {matrix: {m: [windows-latest]}}\n    runs-on: '${{ matrix.m }}'", "Windows"),
        ("strategy: {matrix: {m: [ubuntu, macos]}}\n    runs-on: '${{ matrix.m }}-latest'", "Linux macOS"),
        ("runs-on: \"${{ github.actor == 'x' && 'macos-14' || 'ubuntu-latest' }}\"", "Linux macOS"),
        ("runs-on: [self-hosted, ubuntu-latest]", ALL),
        ("runs-on: ubuntu", ALL),
        ("runs-on: '${{ vars.LABEL }}'", ALL),
        ("runs-on: '${{ runner.os }}'", ALL),
        ("env: {A: a}", ALL),
    ] {
        let condition = "if: runner.os == '@', shell: bash, env: {MODEL: '@'}, run: bash scripts/eval.sh";
        assert_eq!(possible(settings, condition), expected, "{settings}");
        let script = "shell: bash, run: 'if [ \"$RUNNER_OS\" = @ ]; then MODEL=@ bash scripts/eval.sh; fi'";
        assert_eq!(possible(settings, script), expected, "{settings}");
    }
}

#[test]
fn step_outcome_decides_later_condition() {
    const OUTCOMES: [&str; 4] = ["success", "failure", "cancelled", "skipped"];
    const START: &str = "on: push
jobs:
  job:
    strategy: {matrix: {yes: [true]}}
    steps:
      - {run: bash scripts/eval.sh}
";
    // Later steps, one for each outcome, which is its model.
    let later = |status: &str, property: &str| -> String {
        let step = |outcome| {
            let condition = format!("{status}steps.T.{property} == '{outcome}'");
            let call = "run: bash scripts/eval.sh, shell: bash";
            format!("      - {{{call}, if: \"{condition}\", env: {{MODEL: {outcome}}}}}\n")
        };
        OUTCOMES.into_iter().map(step).collect()
    };
    // The outcomes for which a later step runs.
    let possible = |files: &[(&str, &str)]| {
        let shown = lint("ends", files);
        let is_selected = |outcome: &&str| shown.contains(&format!("selects `{outcome}`"));
        OUTCOMES.into_iter().filter(is_selected).collect::<Vec<_>>().join(" ")
    };
    const ALL: &str = "success failure cancelled skipped";
    const NO_FAILURE: &str = "success cancelled skipped";
    const NEVER_RUNS: &str = "cancelled skipped";
    for (first, status, outcomes, conclusions) in [
        ("run: npm test", "", "success", "success"),
        ("run: npm test", "success() && ", "success", "success"),
        ("run: npm test", "always() && ", ALL, ALL),
        ("run: npm test", "failure() && ", ALL, ALL),
        ("run: npm test, continue-on-error: true", "", "success failure", "success"),
        ("run: npm test, continue-on-error: true", "always() && ", ALL, NO_FAILURE),
        ("run: npm test, continue-on-error: '${{ matrix.yes }}'", "", "success failure", "success"),
        ("run: npm test, continue-on-error: '${{ vars.X }}'", "always() && ", ALL, ALL),
        ("run: exit 1, continue-on-error: true", "", "failure", "success"),
        ("run: exit 1, continue-on-error: '${{ matrix.yes }}'", "", "failure", "success"),
        ("run: exit 1", "", "", ""),
        ("run: exit 1", "always() && ", "failure cancelled skipped", "failure cancelled skipped"),
        ("run: exit 1, if: github.actor == 'x'", "", "skipped", "skipped"),
        ("run: x, if: github.actor == 'x'", "", "success skipped", "success skipped"),
        ("run: x, if: github.event_name == 'schedule'", "", "skipped", "skipped"),
        ("run: x, if: failure()", "", "skipped", "skipped"),
        ("run: x, if: failure()", "always() && ", ALL, ALL),
        ("run: x, if: cancelled()", "always() && ", ALL, ALL),
        ("run: x, if: 'false'", "always() && ", NEVER_RUNS, NEVER_RUNS),
        ("uses: acme/pick@v1", "", "success", "success"),
        ("uses: acme/pick@v1, continue-on-error: true", "", "success failure", "success"),
        ("uses: acme/pick@v1, if: '!matrix.yes'", "", "skipped", "skipped"),
        // The steps of a group run at the same time.
        ("parallel: [{id: t, run: npm test, continue-on-error: true}]", "", ALL, ALL),
    ] {
        let first = if first.contains("id: t") { first.to_owned() } else { format!("id: t, {first}") };
        let found = ["outcome", "conclusion"].map(|property| {
            let text = format!("{START}      - {{{first}}}\n{}", later(status, property));
            possible(&[("w.yml", &text)])
        });
        assert_eq!(found, [outcomes, conclusions], "{first}: {status}");
    }
    let workflow = format!("{START}      - uses: actions/checkout@v4\n      - uses: ./.act\n");
    for (property, expected) in [("outcome", "failure"), ("conclusion", "success")] {
        let first = "      - {id: t, run: exit 1, shell: bash, continue-on-error: true}\n";
        let action = format!("runs:\n  using: composite\n  steps:\n{first}{}", later("", property));
        assert_eq!(possible(&[("w.yml", &workflow), (".act/action.yml", &action)]), expected, "{property}");
    }
}

/// Each finding with its place, in one line.
fn titles(name: &str, files: &[(&str, &str)]) -> String {
    lint(name, files).split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn secret_undeclared_by_called_workflow_is_refused() {
    let called = |call: &str| {
        format!(
            "on: {{workflow_call: {call}}}
jobs:
  x:
    runs-on: ubuntu-latest
    steps: [{{run: bash scripts/eval.sh, env: {{ACME_API_KEY: '${{{{ secrets.api || secrets.API }}}}'}}}}]
"
        )
    };
    let caller = |secrets: &str| {
        format!("on: push\njobs:\n  a:\n    uses: ./.github/workflows/called.yml\n    secrets: {secrets}\n")
    };
    const DECLARED: &str = "{secrets: {api: {required: true}}}";
    const VALUE: &str = "'${{ secrets.ACME_API_KEY }}'";
    for (name, call, secrets, undeclared) in [
        ("other", DECLARED, format!("{{api: {VALUE}, extra: {VALUE}}}"), Some("extra")),
        ("no-secrets", "{}", format!("{{api: {VALUE}}}"), Some("api")),
        ("declared", DECLARED, format!("{{api: {VALUE}}}"), None),
        ("other-case", DECLARED, format!("{{API: {VALUE}}}"), None),
        ("inherit", "{}", "inherit".to_owned(), None),
    ] {
        let name = format!("undeclared-secret-{name}");
        let found = titles(&name, &[("w.yml", &caller(&secrets)), ("called.yml", &called(call))]);
        let title = |secret| format!("[refused-file]: `./.github/workflows/called.yml` declares no secret `{secret}`");
        let is_found = undeclared.map_or(!found.contains("[refused-file]"), |secret| found.contains(&title(secret)));
        assert!(is_found, "{name}: {found}");
    }
    // Gitea passes any secret on.
    let files = [caller(&format!("{{api: {VALUE}}}")).replace(".github", ".gitea"), called("{}")];
    let files = [(".gitea/workflows/w.yml", files[0].as_str()), (".gitea/workflows/called.yml", files[1].as_str())];
    assert!(!titles("undeclared-secret-gitea", &files).contains("[refused-file]"));
}

#[test]
fn input_unknown_to_local_action_is_found() {
    let action = |read: &str| {
        format!(
            "name: smoke
inputs: {{model: {{default: ac-16}}, key: {{required: true}}}}
runs:
  using: composite
  steps:
    - shell: bash
      env: {{ACME_API_KEY: '${{{{ inputs.key }}}}', MODEL: '${{{{ inputs.model }}}}', OTHER: '{read}'}}
      run: scripts/eval.sh
"
        )
    };
    let job = |uses: &str, with: &str| {
        format!(
            "on: push
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - {{uses: {uses}, with: {{key: '${{{{ secrets.ACME_API_KEY }}}}', {with}}}}}
"
        )
    };
    const SMOKE: &str = "./.github/actions/smoke";
    let program = "name: smoke\nruns: {using: node20, main: index.js}\n".to_owned();
    for (name, uses, with, action, is_found) in [
        ("slip", SMOKE, "modle: ac-16", action(""), true),
        ("other", SMOKE, "provider: acme", action(""), true),
        ("declared", SMOKE, "Model: ac-16", action(""), false),
        ("read", SMOKE, "extra: x", action("${{ inputs.extra }}"), false),
        ("all", SMOKE, "extra: x", action("${{ toJSON(inputs) }}"), false),
        ("program", SMOKE, "modle: ac-16", program, false),
        ("other-repository", "acme/smoke@v1", "modle: ac-16", action(""), false),
    ] {
        let files = [("w.yml", job(uses, with)), (".github/actions/smoke/action.yml", action)];
        let files = files.each_ref().map(|(path, text)| (*path, text.as_str()));
        let found = titles(&format!("undeclared-input-{name}"), &files);
        assert_eq!(found.contains("warning[likely-slip]: `./.github/actions/smoke` has no input"), is_found, "{found}");
    }
}
