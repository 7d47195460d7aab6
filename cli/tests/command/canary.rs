//! No output of any command contains the value of a secret.

use crate::run::{Scratch, slugproof};

const CANARY: &str = "sk-canary-7d41";

#[test]
fn no_command_shows_the_value_of_a_secret() {
    let variables = [
        "E2E_MINIMAX_API_KEY",
        "E2E_ANTHROPIC_API_KEY",
        "E2E_GOOGLE_API_KEY",
        "E2E_OPENAI_API_KEY",
        "E2E_LLM_PATH",
        "UNREAD_TOKEN",
    ];
    let scratch = Scratch::new("canary");
    let misplaced = format!(
        "schema_version: 1\nname: x\nruntime: R\noverride: M\n\
         platform: {{var: P, value: p, model: PM, fallback: f}}\nsecrets: [{{key: K, inject: [\"K={CANARY}\"]}}]\n\
         fallback: f\n"
    );
    let scratch = scratch
        .file("inject.yaml", &misplaced)
        .file("key.yaml", misplaced.replace("key: K,", &format!("key: {CANARY},")))
        .file("job.env", variables.map(|variable| format!("{variable}={CANARY}\n")).concat())
        .file("bad.env", format!("{CANARY}\n"));
    let record = format!(r#"{{"model":"m {CANARY}","status":"failed","{CANARY}":["x{CANARY}x"],"note":"{CANARY}"}}"#);
    let run = |args: &[&str], input: &str| {
        let mut run = slugproof(args.iter().copied()).input(input).dir(&scratch);
        for variable in variables {
            run = run.env(variable, CANARY);
        }
        let output = run.run();
        assert!(!output.snapshot().contains(CANARY), "{args:?} shows the secret: {}", output.snapshot());
    };
    for variable in variables {
        let setting = format!("{variable}={CANARY}");
        // One with keys of its own, and one that the registry does not have.
        for runtime in ["claude-code", "nowhere"] {
            for format in ["human", "json", "env"] {
                run(&["resolve", "--runtime", runtime, "--format", format, &setting], "");
                let twice = ["resolve", "--runtime", runtime, "--format", format, &setting, &setting];
                run(&twice, "");
            }
            let line = format!(r#"{{"runtime":"{runtime}","env":{{"{variable}":"{CANARY}"}}}}"#);
            run(&["resolve", "--batch"], &line);
            run(&["resolve", "--batch"], &line[..line.len() - 2]);
            run(&["resolve", "--batch"], &line.replace("\"env\":{", "\"env\":{\"a\":1,"));
            run(&["derive", "--batch"], &line);
            run(&["pick", "--embedded", runtime], "");
            run(&["pick", "--embedded", "--unchecked", runtime], "");
            for format in ["human", "json"] {
                let diagnose = ["diagnose", "--record", "-", "--runtime", runtime, "--format", format];
                for source in
                    [&setting, "--from-env", "--env-file=job.env", "--env-file=bad.env", &format!("{variable}=")]
                {
                    run(&[&diagnose[..], &[source]].concat(), &record);
                    run(&[&diagnose[..], &[source]].concat(), &record[1..]);
                }
            }
        }
        // Likely typing errors.
        run(&[&setting], "");
        run(&["resolve", &setting], "");
        run(&["resolve", "--runtime", "codex", CANARY], "");
        run(&["resolve", "--runtime", "codex", &format!("={CANARY}")], "");
        run(&["resolve", "--runtime", "codex", &format!("--{setting}")], "");
        run(&["resolve", "--runtime", "codex", "--format", &setting], "");
        run(&["pick", "--embedded", "codex", &setting], "");
        run(&["prove", &setting], "");
        run(&["prove", &format!("--format={CANARY}")], "");
        run(&["derive", "--batch", "-", &setting], "");
        for option in ["--runtime", "--record", "--env-file", "--policy", "--registry", "--ambient", "--format"] {
            run(&["diagnose", "--record", "-", option, &setting], &record);
        }
        for option in ["--runtime", "--batch", "--policy", "--registry", "--ambient"] {
            run(&["resolve", option, &setting], "");
            run(&["resolve", "--runtime", "codex", option, &setting], "");
        }
        run(&["prove", "--policy", &setting], "");
        run(&["prove", "--registry", &setting], "");
        run(&["derive", "--batch", &setting], "");
    }
    for policy in ["inject.yaml", "key.yaml"] {
        run(&["resolve", "--runtime", "codex", "--policy", policy], "");
    }
    for args in [
        &["prove", "--embedded"][..],
        &["prove", "--embedded", "--format", "json"],
        &["prove", "--laws"],
        &["man"],
        &["completions", "bash"],
        &["--help"],
    ] {
        run(args, "");
    }
}
