//! `lint`: what its patches keep, and its answers to unusual files.

use std::fs;
use std::time::Duration;

use crate::run::{RunOutput, Scratch, slugproof};

const CALL: &str = "bash tests/e2e/test_staging_full_saas.sh";

fn lint(name: &str, text: &str, args: &[&str]) -> (RunOutput, String) {
    let scratch = Scratch::new(&format!("lint-fixes-{name}")).file("a.yml", text);
    let output = slugproof(["lint", "a.yml"].into_iter().chain(args.iter().copied())).dir(&scratch).run();
    (output, fs::read_to_string(scratch.0.join("a.yml")).expect("the file exists"))
}

/// The findings of a text, as JSON.
fn findings(name: &str, text: &str) -> Vec<serde_json::Value> {
    let (output, _) = lint(name, text, &["--output", "json"]);
    output.json()["findings"].as_array().expect("a list").clone()
}

fn notes(finding: &serde_json::Value) -> String {
    finding["notes"].as_array().expect("a list").iter().map(|note| format!("{}\n", note.as_str().unwrap())).collect()
}

/// A workflow on the platform's path whose only step has this `env`, in block or flow style.
fn step_with(env: &str) -> String {
    format!(
        "on: push\nenv:\n  E2E_RUNTIME: claude-code\n  E2E_LLM_PATH: platform\njobs:\n  job:\n    steps:\n      \
         - run: {CALL}\n        {env}\n"
    )
}

/// A workflow on the tenant's path whose only step has this `env`. A model of the same vendor that the registry
/// does not have, and of which it lists no other spelling, can be deleted.
fn step_with_key(env: &str) -> String {
    step_with(env).replace("E2E_LLM_PATH: platform", "E2E_MINIMAX_API_KEY: ${{ secrets.KEY }}")
}

/// A workflow whose only job has this `env` and these steps.
fn job_with(env: &str, steps: &str) -> String {
    let env: String = env.lines().map(|line| format!("      {line}\n")).collect();
    format!("on: push\njobs:\n  job:\n    env:\n{env}    steps:\n{steps}")
}

/// Files that `--fix` does not edit, because an edit could change other behaviour.
#[test]
fn unsafe_edits_are_not_applied() {
    let bad = "E2E_RUNTIME: claude-code\nE2E_LLM_PATH: platform\nE2E_MODEL_SLUG: MiniMax-M2";
    let step = format!("      - run: {CALL}\n");
    let cases = [
        // The value is defined elsewhere, or used elsewhere.
        job_with(
            "OTHER: &slug MiniMax-M2\nE2E_RUNTIME: claude-code\nE2E_LLM_PATH: platform\nE2E_MODEL_SLUG: *slug",
            &step,
        ),
        job_with(
            "E2E_RUNTIME: claude-code\nE2E_LLM_PATH: platform\nE2E_MODEL_SLUG: &slug MiniMax-M2\nOTHER: *slug",
            &step,
        ),
        // Other steps or jobs read the variable, too.
        job_with(bad, &format!("{step}      - run: echo \"$E2E_MODEL_SLUG\"\n")),
        job_with(
            bad,
            &format!("{step}      - uses: a/b@v1\n        with: {{slug: \"${{{{ env.E2E_MODEL_SLUG }}}}\"}}\n"),
        ),
        format!(
            "on: push\nenv: {{E2E_MODEL_SLUG: MiniMax-M2}}\njobs:\n  other:\n    steps:\n      \
             - run: f ${{E2E_MODEL_SLUG}}\n  job:\n    env: {{E2E_LLM_PATH: platform, E2E_RUNTIME: claude-code}}\n    \
             steps:\n{step}"
        ),
        // An alias uses the mapping a second time, not as an `env`.
        format!(
            "on: push\njobs:\n  job:\n    env: &e\n      E2E_LLM_PATH: platform\n      \
             E2E_RUNTIME: claude-code\n      E2E_MODEL_SLUG: MiniMax-M2\n    steps:\n\
             {step}      - uses: a/b@v1\n        with: *e\n"
        ),
    ];
    for (number, text) in cases.iter().enumerate() {
        let (output, after) = lint(&format!("spoil-{number}"), text, &["--fix"]);
        assert_eq!(output.code, 1, "{text}{}", output.snapshot());
        assert_eq!(after, *text, "{}", output.snapshot());
    }
}

/// If a comment prevents a deletion, the fix replaces the value instead.
#[test]
fn comment_next_to_entry_leads_to_replacement() {
    for (number, env) in [
        "env: {A: x, # why, and so,\n          E2E_MODEL_SLUG: minimax:none # bad\n          }",
        "env: {A: x, # why,\n          E2E_MODEL_SLUG: minimax:none}",
        "env: {E2E_MODEL_SLUG: minimax:none, # why\n          A: x}",
        "env: {\n          # why\n          E2E_MODEL_SLUG: minimax:none}",
    ]
    .into_iter()
    .enumerate()
    {
        let (ended, after) = lint(&format!("comma-{number}"), &step_with_key(env), &["--fix"]);
        assert_eq!(ended.code, 0, "{}", ended.snapshot());
        assert_eq!(after, step_with_key(&env.replace("minimax:none", "MiniMax-M2")));
    }
}

/// A workflow with these jobs; `§` stands for the call and `@` for an entry with an unknown model.
fn jobs(text: &str) -> String {
    let env = "E2E_MINIMAX_API_KEY: '${{ secrets.KEY }}', E2E_RUNTIME: claude-code";
    format!("on: push\nenv: {{{env}}}\njobs:\n{}", text.replace('§', CALL).replace('@', "E2E_MODEL_SLUG: minimax:none"))
}

#[test]
fn key_env_is_deleted_with_its_last_entry() {
    let step = "  j:\n    steps:\n";
    let after = "  j:\n    steps:\n      - run: §\n";
    for (number, (before, after)) in [
        // Flow and block style, before and after the other keys of a step.
        (format!("{step}      - env: {{@}}\n        run: §\n"), after.to_owned()),
        (format!("{step}      - run: §\n        env: {{@}}\n"), after.to_owned()),
        (format!("{step}      - env:\n          @\n        run: §\n"), after.to_owned()),
        (format!("{step}      - run: §\n        env:\n          @\n"), after.to_owned()),
        (
            format!(
                "{step}      - run: §\n        \"env\":\n\n          'E2E_MODEL_SLUG': >-\n            minimax:none\n"
            ),
            format!("{after}\n"),
        ),
        (
            format!("{step}      - run: §\n        env:\n          @\n      - run: x\n"),
            format!("{after}      - run: x\n"),
        ),
        // A job.
        ("  j:\n    env:\n      @\n    steps:\n      - run: §\n".to_owned(), after.to_owned()),
        ("  j:\n    env: {\n      @\n    }\n    steps:\n      - run: §\n".to_owned(), after.to_owned()),
        // The mapping around it is in flow style.
        ("  j: {env: {@}, steps: [{run: §}]}\n".to_owned(), "  j: {steps: [{run: §}]}\n".to_owned()),
        ("  j: {steps: [{run: §, env: {@}}]}\n".to_owned(), "  j: {steps: [{run: §}]}\n".to_owned()),
        ("  j: {steps: [{env: {@},\n    run: §}]}\n".to_owned(), "  j: {steps: [{run: §}]}\n".to_owned()),
        // Comments stay.
        (format!("{step}      - run: §\n        env: {{@}} # why\n"), format!("{after}        # why\n")),
        (format!("{step}      - env: {{@}} # why\n        run: §\n"), format!("{step}      - # why\n        run: §\n")),
        (
            "  j:\n    env: # a\n      # b\n      @ # d\n      # c\n    steps:\n      - run: §\n".to_owned(),
            "  j:\n    # a\n      # b\n      # c\n    steps:\n      - run: §\n".to_owned(),
        ),
    ]
    .into_iter()
    .enumerate()
    {
        for newline in ["\n", "\r\n"] {
            let text = |jobs_of: &str| jobs(jobs_of).replace('\n', newline);
            let (ended, fixed) = lint(&format!("last-{number}"), &text(&before), &["--fix"]);
            assert_eq!(ended.code, 0, "{}", ended.snapshot());
            assert_eq!(fixed, text(&after));
        }
    }
    let (_, whole) =
        lint("last-end", jobs("  j:\n    steps:\n      - run: §\n        env:\n          @").as_str(), &["--fix"]);
    assert_eq!(whole, jobs(after));
}

/// An edit of an entry changes every place that uses it through an anchor.
#[test]
fn entry_of_another_place_is_not_edited() {
    let (env, other) = ("\n      @\n      A: b", "    steps: [{run: x}]\n");
    let call = "    steps: [{run: §}]\n";
    let here = format!("  j:\n    env: &e{env}\n{call}");
    let value = |text: &str| text.replace('@', "E2E_MODEL_SLUG").replace('=', "minimax:none");
    for (number, text) in [
        // The same `env`, in a job that calls nothing or the same harness.
        format!("{here}  k:\n    env: *e\n{other}"),
        format!("{here}  k:\n    env: *e\n{call}"),
        format!("  j:\n    env: &e {{@}}\n{call}  k:\n    env: *e\n{other}"),
        // A merge, alone, among entries and in a list; here and there.
        format!("{here}  k:\n    env: {{<<: *e}}\n{other}"),
        format!("{here}  k:\n    env:\n      B: c\n      <<: *e\n{other}"),
        format!("{here}  k:\n    env: {{<<: [*e]}}\n{other}"),
        format!("  k:\n    env: &e{env}\n{other}  j:\n    env: {{<<: *e}}\n{call}"),
        // A value, a step, a list of steps, and a job.
        value(&format!("  j:\n    env: {{@: &v =, A: b}}\n{call}  k:\n    env: {{B: *v}}\n{other}")),
        value(&format!("  k:\n    env: {{B: &v =}}\n{other}  j:\n    env: {{@: *v, A: b}}\n{call}")),
        "  j:\n    steps:\n      - &s\n        run: §\n        env: {@}\n  k:\n    steps: [*s]\n".to_owned(),
        "  j:\n    steps: &s\n      - run: §\n        env: {@, A: b}\n  k:\n    steps: *s\n".to_owned(),
        format!("  j: &j\n    env: {{@, A: b}}\n{call}  k: *j\n"),
        format!("  j: &j\n    env: {{@, A: b}}\n{call}  k:\n    <<: *j\n    name: k\n"),
    ]
    .into_iter()
    .enumerate()
    {
        let text = jobs(&text);
        let (ended, after) = lint(&format!("anchor-{number}"), &text, &["--fix"]);
        assert_eq!(ended.code, 1, "{}", ended.snapshot());
        assert_eq!(after, text, "{}", ended.snapshot());
    }
    // An anchor that nothing uses prevents nothing.
    let text = jobs(&format!("  j:\n    env: &e{env}\n    steps: [{{run: §}}]\n"));
    let (_, after) = lint("anchor-unused", &text, &["--fix"]);
    assert_eq!(after, text.replace("      E2E_MODEL_SLUG: minimax:none\n", ""));
}

/// A file that another step runs may read the variable.
#[test]
fn entry_read_by_another_file_is_not_edited() {
    let env = "E2E_RUNTIME: claude-code\nE2E_MINIMAX_API_KEY: ${{ secrets.KEY }}\nE2E_MODEL_SLUG: minimax:none";
    let reads = "echo \"$E2E_MODEL_SLUG\"\n";
    for (name, step, path, text, is_edited) in [
        ("script", "run: bash ci/report.sh", "ci/report.sh", reads, false),
        ("program", "run: python3 report.py", "report.py", "os.environ['E2E_MODEL_SLUG']\n", false),
        ("through-another", "run: ./ci/all.sh", "ci/report.sh", reads, false),
        (
            "action",
            "uses: ./act",
            "act/action.yml",
            "runs: {using: composite, steps: [{run: '$E2E_MODEL_SLUG'}]}",
            false,
        ),
        ("other-name", "run: bash ci/report.sh", "ci/report.sh", "echo \"$E2E_MODEL_SLUGS\"\n", true),
        ("not-run", "run: echo report", "ci/report.sh", reads, true),
    ] {
        let workflow = job_with(env, &format!("      - run: {CALL}\n      - {step}\n"));
        let scratch = Scratch::new(&format!("lint-fixes-file-{name}"))
            .file(".github/workflows/a.yml", workflow)
            .file("ci/all.sh", "bash ci/report.sh\n")
            .file(path, text);
        slugproof(["lint", "--fix"]).dir(&scratch).run();
        let after = fs::read_to_string(scratch.0.join(".github/workflows/a.yml")).expect("the file exists");
        assert_eq!(!after.contains("E2E_MODEL_SLUG: minimax:none"), is_edited, "{name}: {after}");
    }
}

#[test]
fn failing_step_may_read_the_deleted_variable() {
    let text = job_with(
        "E2E_RUNTIME: claude-code\nE2E_MINIMAX_API_KEY: ${{ secrets.KEY }}\nE2E_MODEL_SLUG: minimax:none",
        &format!("      - run: echo \"$E2E_MODEL_SLUG\"; {CALL}\n      - run: echo E2E_MODEL_SLUGS\n"),
    );
    let (output, after) = lint("own-step", &text, &["--fix"]);
    assert_eq!(output.code, 0, "{}", output.snapshot());
    assert!(!after.contains("E2E_MODEL_SLUG:"));
}

#[test]
fn patch_never_disables_a_step() {
    let step = format!("      - if: env.E2E_MODEL_SLUG != ''\n        run: {CALL}\n");
    let text = job_with("E2E_RUNTIME: claude-code\nE2E_LLM_PATH: platform\nE2E_MODEL_SLUG: MiniMax-M2", &step);
    let [finding] = &findings("keeps", &text)[..] else { panic!("one finding") };
    assert!(!finding["patch"]["title"].as_str().unwrap_or_default().starts_with("delete"), "{finding}");
}

/// Deleting the entry would let the misspelt value of the workflow take effect.
#[test]
fn patch_never_uncovers_a_misspelt_value() {
    for (name, value, is_patched) in [("misspelt", "Platform", false), ("other", "byok", true)] {
        let text = format!(
            "on: push\nenv: {{E2E_LLM_PATH: {value}}}\njobs:\n  job:\n    env: {{E2E_OPENAI_API_KEY: key}}\n    \
             steps:\n      - run: {CALL}\n        \
             env: {{E2E_DEFAULT_PLATFORM_MODEL: openai/gpt-4o, E2E_LLM_PATH: platform}}\n"
        );
        let [finding] = &findings(&format!("uncovers-{name}"), &text)[..] else { panic!("one finding") };
        assert_eq!(finding["code"], "platform-path-byok-model", "{finding}");
        assert_eq!(finding["patch"].is_object(), is_patched, "{finding}");
    }
}

/// A near miss that was there before a patch does not prevent it.
#[test]
fn near_miss_of_the_job_keeps_the_patch() {
    let steps = |env: &str| {
        format!(
            "on: push\nenv: {{E2E_LLM_PATH: Platform}}\njobs:\n  first:\n    steps:\n      \
             - run: bash tests/e2e/test_reconciler_heals_terminated_instance.sh\n        \
             env: {{E2E_MINIMAX_API_KEY: \"${{{{ secrets.E2E_MINIMAX_API_KEY }}}}\"}}\n  \
             second:\n    steps:\n      - run: {CALL}\n        env: {{E2E_RUNTIME: claude-code, {env}}}\n"
        )
    };
    for (name, secret) in [("other-policy", "E2E_MINIMAX_API_KEY"), ("other-vendor", "OPENAI_API_KEY")] {
        let env = format!("E2E_MINIMAX_API_KEY: \"${{{{ secrets.{secret} }}}}\", E2E_MODEL_SLUG: minimax:none");
        let findings = findings(&format!("keeps-{name}"), &steps(&env));
        let errors: Vec<_> = findings.iter().filter(|finding| finding["level"] == "error").collect();
        let [error] = errors[..] else { panic!("one error: {findings:?}") };
        assert_eq!(error["code"], "unregistered-model", "{error}");
        assert!(error["patch"].is_object(), "{name}: {findings:?}");
    }
}

#[test]
fn thousand_findings_are_fixed_in_one_run() {
    let job = |number: usize| {
        format!(
            "  j{number}:\n    env:\n      E2E_RUNTIME: claude-code\n      \
             E2E_MINIMAX_API_KEY: ${{{{ secrets.KEY }}}}\n      \
             E2E_MODEL_SLUG: minimax:none\n    steps:\n      - run: {CALL}\n"
        )
    };
    let text = format!("on: push\njobs:\n{}", (0..1_000).map(job).collect::<String>());
    let (found, _) = lint("thousand", &text, &["--output", "json"]);
    let findings = found.json()["findings"].as_array().expect("a list").clone();
    assert_eq!(findings.iter().filter(|finding| finding["patch"].is_object()).count(), 1_000);
    let (ended, after) = lint("thousand", &text, &["--fix"]);
    assert_eq!(ended.code, 0, "{}", ended.snapshot().chars().take(2000).collect::<String>());
    assert_eq!(after, text.replace("      E2E_MODEL_SLUG: minimax:none\n", ""));
    let used = found.processor_time + ended.processor_time;
    assert!(used < Duration::from_secs(10), "{used:?}");
}

#[test]
fn quoted_hash_is_not_a_comment() {
    let step = |line: &str| format!("on: push\njobs:\n  job:\n    steps:\n      - run: |\n          {line}\n");
    for (number, (line, codes)) in [
        ("echo \"see # slugproof: docs\"", &[][..]),
        ("echo 'see # slugproof: docs'", &[]),
        ("echo \"it's # slugproof: docs\"", &[]),
        ("echo \"done\" # slugproof: docs", &["malformed-suppression"]),
        ("echo don't # slugproof: docs", &["malformed-suppression"]),
        ("echo \\\" # slugproof: docs", &["malformed-suppression"]),
        ("echo \" # slugproof: ignore[undecided] reason\"", &["unused-suppression"]),
    ]
    .into_iter()
    .enumerate()
    {
        let found = findings(&format!("hash-{number}"), &step(line));
        let found: Vec<&str> = found.iter().map(|finding| finding["code"].as_str().unwrap()).collect();
        assert_eq!(found, codes, "{line}");
    }
}

#[test]
fn call_that_never_runs_is_not_missing() {
    let env = "E2E_RUNTIME: claude-code";
    let steps = format!("      - if: false\n        run: {CALL}\n");
    for (text, part) in [
        (job_with(env, &steps), "1 step calls a harness but never does so, because of an `if:`"),
        (job_with(env, &steps.repeat(2)), "2 steps call a harness but never do so"),
        (
            job_with(env, &format!("      - run: {CALL}\n")).replace("  job:\n", "  job:\n    if: false\n"),
            "1 step calls a harness but never does so",
        ),
        (
            job_with(env, &format!("      - run: 'false'\n      - run: {CALL}\n")),
            "or because a command before always fails",
        ),
    ] {
        let (output, _) = lint("never", &text, &[]);
        assert_eq!(output.code, 3, "{}", output.snapshot());
        let shown = output.snapshot().replace("\n  ", " ");
        assert!(shown.contains(part) && !shown.contains("no step calls"), "{shown}");
    }
    // Another job calls the harness, so its place is known.
    let called = job_with(env, &format!("      - run: {CALL}\n"));
    let both = format!("{called}  never:\n    if: false\n    env: {{{env}}}\n    steps:\n      - run: {CALL}\n");
    assert!(findings("never-beside", &both).iter().all(|finding| finding["code"] != "unknown-harness"));
    let named = job_with("A: b", "      - if: always()\n        run: shellcheck tests/e2e/test_staging_full_saas.sh\n");
    let (output, _) = lint("named", &named, &[]);
    assert!(output.code == 3 && output.snapshot().contains("no step calls a harness"), "{}", output.snapshot());
}

#[test]
fn every_failing_slug_is_named() {
    let text = |a: &str, b: &str| {
        let env = format!(
            "E2E_RUNTIME: claude-code\nE2E_LLM_PATH: platform\n\
             E2E_MODEL_SLUG: ${{{{ github.actor == 'x' && '{a}' || '{b}' }}}}"
        );
        job_with(&env, &format!("      - run: {CALL}\n"))
    };
    let found = findings("slugs", &text("MiniMax-M2", "MiniMax-M2.7"));
    let [finding] = &found[..] else { panic!("{found:?}") };
    assert_eq!(
        finding["primary"]["text"],
        "selects `MiniMax-M2` or `MiniMax-M2.7` for `claude-code` by rule `override`"
    );
    assert_eq!(finding["subject"]["slugs"], "MiniMax-M2, MiniMax-M2.7");
    assert!(!notes(finding).contains("in every case"), "{finding}");
    let found = findings("codes", &text("MiniMax-M2", "minimax:none"));
    let [finding] = &found[..] else { panic!("{found:?}") };
    assert_eq!(
        finding["primary"]["text"],
        "selects `MiniMax-M2` or `minimax:none` for `claude-code` by rule `override`"
    );
    assert!(
        notes(finding).contains("it fails in every case, with `platform-path-byok-model` or `unregistered-model`"),
        "{finding}"
    );
}

#[test]
fn every_event_is_shown_before_repetitions() {
    let text = format!(
        "on: [push, pull_request, schedule]\njobs:\n  job:\n    strategy: {{matrix: {{slug: [MiniMax-M2, \
         MiniMax-M2.5, MiniMax-M2.7]}}}}\n    env: {{E2E_RUNTIME: claude-code, E2E_LLM_PATH: platform, \
         E2E_MODEL_SLUG: \"${{{{ matrix.slug }}}}\"}}\n    steps:\n      - run: {CALL}\n"
    );
    let found = findings("events", &text);
    let notes = notes(&found[0]);
    for event in ["push", "pull_request", "schedule"] {
        assert_eq!(notes.matches(&format!("started by `{event}`")).count(), 1, "{notes}");
    }
}

#[test]
fn undecided_key_has_the_caret() {
    let env = "E2E_RUNTIME: claude-code\nE2E_MINIMAX_API_KEY: ${{ vars.KEY }}\nE2E_MODEL_SLUG: MiniMax-M2";
    let found = findings("key", &job_with(env, &format!("      - run: {CALL}\n")));
    let [finding] = &found[..] else { panic!("{found:?}") };
    assert_eq!((finding["code"].as_str(), finding["primary"]["start"]["line"].as_u64()), (Some("undecided"), Some(6)));
    assert_eq!(finding["subject"]["variable"], "E2E_MINIMAX_API_KEY");
}

#[test]
fn literal_next_to_a_secret_is_masked() {
    let secret = "sk-canary-0123456789";
    let env = format!(
        "E2E_RUNTIME: claude-code\nE2E_LLM_PATH: platform\nE2E_MODEL_SLUG: MiniMax-M2\n\
         E2E_OPENAI_API_KEY: ${{{{ secrets.X || '{secret}' }}}}"
    );
    let text = job_with(&env, &format!("      - run: {CALL}\n"));
    for format in ["human", "json", "sarif", "github"] {
        let (output, _) = lint("literal", &text, &["--output", format]);
        assert_eq!(output.code, 1);
        assert!(!output.snapshot().contains(secret), "{}", output.snapshot());
    }
}

/// The name of a job is not part of the identity of a finding.
#[test]
fn baseline_survives_a_renamed_job() {
    let text = job_with(
        "E2E_RUNTIME: claude-code\nE2E_LLM_PATH: platform\nE2E_MODEL_SLUG: MiniMax-M2",
        &format!("      - run: {CALL}\n"),
    );
    let scratch = Scratch::new("lint-fixes-baseline").file("a.yml", &text);
    let run = |scratch: &Scratch, args: &[&str]| {
        slugproof(["lint", "a.yml", "--baseline", "b.json"].into_iter().chain(args.iter().copied())).dir(scratch).run()
    };
    assert_eq!(run(&scratch, &["--write-baseline"]).code, 0);
    let scratch = scratch.file("a.yml", text.replace("  job:", "  renamed:"));
    let output = run(&scratch, &[]);
    assert_eq!(output.code, 0, "{}", output.snapshot());
}

#[test]
fn entry_with_suppression_comment_is_kept() {
    for comment in ["ignore[platform-path-byok-modle] on purpose", "ignore[platform-path-byok-model]"] {
        for env in [
            format!("env:\n          E2E_MODEL_SLUG: MiniMax-M2 # slugproof: {comment}\n          A: b"),
            format!("env:\n          # slugproof: {comment}\n          E2E_MODEL_SLUG: MiniMax-M2\n          A: b"),
        ] {
            let text = step_with(&env);
            let (output, fixed) = lint("spoken-of", &text, &["--fix"]);
            assert_eq!((output.code, &fixed), (1, &text), "{}", output.snapshot());
        }
    }
}

#[test]
fn edits_are_listed_one_by_one() {
    let (ended, _) = lint("shown", &step_with_key("env: {E2E_MODEL_SLUG: minimax:none, A: b}"), &["--fix"]);
    let shown = ended.stdout.replace("\n  ", " ");
    let edit = "a.yml: delete `E2E_MODEL_SLUG`, which selects MiniMax-M2.7 from minimax";
    assert!(shown.contains(edit), "{shown}");
    assert!(shown.contains("review the diff"), "{shown}");
}

#[test]
fn credentials_in_wrong_variables_are_masked() {
    let token = "ghp_abcdefghijklmnopqrst";
    let key = "sk-live-1234567890abcdef";
    let text = step_with(&format!("env: {{E2E_MODEL_SLUG: {key}, GITHUB_TOKEN: {token}}}"));
    for format in ["human", "json", "sarif", "github"] {
        let (output, _) = lint("tokens", &text, &["--output", format]);
        assert_eq!(output.code, 1, "{}", output.snapshot());
        assert!(!output.snapshot().contains(token) && !output.snapshot().contains(key), "{}", output.snapshot());
    }
}

#[test]
fn the_log_of_a_failed_run_is_never_empty() {
    let (output, _) = lint("log", &step_with("env: {E2E_MODEL_SLUG: MiniMax-M2}"), &["--output", "json=out.json"]);
    assert_eq!((output.code, output.stdout.as_str()), (1, ""));
    assert!(output.stderr.contains("1 error in 1 workflow file"), "{}", output.snapshot());
}

#[test]
fn accepted_findings_are_counted_and_shown() {
    let config = "schema_version: 1\naccept: [{code: platform-path-byok-model, job: job, reason: on purpose}]\n";
    let scratch = Scratch::new("lint-fixes-accepted")
        .file("slugproof.yaml", config)
        .file(".github/workflows/a.yml", step_with("env: {E2E_MODEL_SLUG: MiniMax-M2}"));
    let ended = slugproof(["lint"]).dir(&scratch).run();
    assert_eq!(ended.code, 0, "{}", ended.snapshot());
    assert!(ended.stdout.contains("1 accepted"), "{}", ended.snapshot());
    assert!(ended.stdout.starts_with("accepted[platform-path-byok-model]: "), "{}", ended.snapshot());
    assert!(ended.stdout.contains("  = note: accepted: on purpose\n"), "{}", ended.snapshot());
    let json = slugproof(["lint", "--output", "json"]).dir(&scratch).run().snapshot();
    assert!(json.contains("\"on purpose\""), "{json}");
}

/// An unknown harness next to a known one, and called workflows that cannot be read.
#[test]
fn unchecked_steps_and_workflows_are_reported() {
    let fine = step_with("env: {A: b}");
    let other =
        "  other:\n    env: {E2E_MODEL_SLUG: MiniMax-M2}\n    steps:\n      - run: bash tests/e2e/misspelt.sh\n";
    let step = "      - run: make e2e\n        env: {E2E_MODEL_SLUG: MiniMax-M2}\n";
    for extra in [other, step] {
        let found = findings("unjudged", &(fine.clone() + extra));
        assert!(found.iter().any(|finding| finding["code"] == "unknown-harness"), "{found:?}");
    }
    for called in ["org/repo/.github/workflows/e2e.yml@v1", "./.github/workflows/missing.yml"] {
        let text = format!("{fine}  other:\n    uses: {called}\n    secrets: inherit\n");
        let (output, _) = lint("called", &text, &[]);
        assert!(output.stderr.contains(called) || output.stdout.contains(called), "{}", output.snapshot());
    }
    let (output, _) = lint("no-workflow", "hello: world\n", &[]);
    assert_eq!(output.code, 2, "{}", output.snapshot());
}

#[test]
fn workflows_are_found_from_subdirectories_and_callers() {
    let called = step_with("env: {E2E_MODEL_SLUG: MiniMax-M2}").replace("on: push", "on: {workflow_call: }");
    let caller = "on: push\njobs:\n  call:\n    uses: ./.github/workflows/called.yml\n    secrets: inherit\n";
    let scratch = Scratch::new("lint-fixes-below")
        .file(".github/workflows/called.yml", called)
        .file(".github/workflows/caller.yml", caller)
        .file("deep/down/file", "");
    let by_caller = slugproof(["lint", ".github/workflows/caller.yml"]).dir(&scratch).run();
    assert!(by_caller.code == 1 && by_caller.stdout.contains("called by job `call`"), "{}", by_caller.snapshot());
    let below = Scratch(scratch.0.join("deep/down"));
    let output = slugproof(["lint"]).dir(&below).run();
    assert!(output.code == 1 && output.stdout.contains("2 workflow files"), "{}", output.snapshot());
    let nowhere = slugproof(["lint"]).dir(&Scratch::new("lint-fixes-nowhere").file(".git/HEAD", "")).run();
    assert_eq!(nowhere.code, 3, "{}", nowhere.snapshot());
}

#[test]
fn known_failure_is_reported_despite_unknown_values() {
    let found =
        findings("branches", &step_with("env: {E2E_MODEL_SLUG: \"${{ github.actor == 'x' && 'MiniMax-M2' || '' }}\"}"));
    assert!(
        notes(&found[0])
            .contains("one possible result is MiniMax-M2, which would fail with `platform-path-byok-model`")
    );
}
