//! Invalid input: exit code 2 and one message that says what to do.

use crate::run::{RunOutput, Scratch, slugproof};

fn assert_refused(output: &RunOutput, message: &str) {
    assert_eq!((output.code, output.stdout.as_str()), (2, ""), "{}", output.snapshot());
    assert_eq!(output.stderr, format!("error: {message}\n"));
}

#[test]
fn unreadable_registries_are_refused() {
    let scratch = Scratch::new("bad-registry")
        .file("empty.yaml", "")
        .file("utf16.yaml", b"\xff\xfea\0")
        .file("unknown.yaml", "schema_version: 1\nproviders: []\nruntimes: {}\nprovider: me\n")
        .file("deep.yaml", "[".repeat(100_000))
        .file("huge.yaml", vec![b'#'; (16 << 20) + 7])
        .file("dir/file", "");
    for (file, message) in [
        ("missing.yaml", "cannot read `missing.yaml`: no such file or directory; check the path"),
        ("dir", "cannot read `dir`: is a directory; check the path"),
        ("empty.yaml", "empty.yaml: line 1, column 1: the document is empty; is this the right file?"),
        ("utf16.yaml", "utf16.yaml: line 1, column 1: the text is UTF-16; save it as UTF-8"),
        (
            "unknown.yaml",
            "unknown.yaml: line 4, column 1: `provider`: unknown field `provider`; did you mean `providers`? \
             (`unknown_fields: allow` in slugproof.yaml ignores unknown fields)",
        ),
        (
            "deep.yaml",
            "deep.yaml: line 1, column 33: the document has more levels of nesting than the limit of 32; simplify it",
        ),
        (
            "huge.yaml",
            "huge.yaml: line 1, column 1: the document is larger than 16 MiB; \
             split it or drop what is not needed",
        ),
    ] {
        let resolve = ["resolve", "--policy", "full-saas", "--runtime", "x"];
        let pick = ["pick", "--policy", "full-saas", "x"];
        for command in [&["prove"][..], &resolve, &["derive", "--batch"], &pick] {
            let args = command.iter().copied().chain(["--registry", file]);
            assert_refused(&slugproof(args).dir(&scratch).run(), message);
        }
    }
}

#[test]
fn unreadable_policies_are_refused() {
    let registry = "schema_version: 1\nproviders: []\nruntimes: {}\n";
    let scratch = Scratch::new("bad-policy")
        .file("short.yaml", "schema_version: 1\nname: x\n")
        .file("registry.yaml", registry)
        .file("policy.yaml", "schema_version: 2\nname: x\nmodel: [{use: m}]\n");
    for (policy, message) in [
        (
            "mine",
            "no policy `mine`: it is neither a file nor one of the policies `full-saas`, `reconciler`; check the name",
        ),
        ("registry.yaml", "`registry.yaml` is a registry, not a policy; name a policy"),
        ("short.yaml", "short.yaml: line 1, column 1: the required fields `runtime`, `override` are missing; add them"),
    ] {
        for command in [&["prove"][..], &["resolve", "--runtime", "x"], &["pick", "x"]] {
            let args = command.iter().copied().chain(["--policy", policy]);
            assert_refused(&slugproof(args).dir(&scratch).run(), message);
        }
    }
    let exchanged = slugproof(["prove", "--registry", "policy.yaml"]).dir(&scratch).run();
    assert_refused(&exchanged, "`policy.yaml` is a policy, not a registry; name a registry");
    let twice = slugproof(["prove", "--policy", "full-saas", "--policy", "full-saas"]).run();
    assert_refused(&twice, "the policy `full-saas` is named twice; name it once");
}

#[test]
fn invalid_configurations_are_refused() {
    let head = "schema_version: 1\n";
    for (name, config, message) in [
        ("field", "acept: []\n", "line 2, column 1: `acept`: unknown field `acept`; did you mean `accept`?"),
        (
            "reason",
            "accept: [{code: missing-credential, reason: ' '}]\n",
            "line 2, column 45: `accept[0].reason`: the reason is empty; write why the contradiction is intended",
        ),
        (
            "code",
            "accept: [{code: missing, reason: x}]\n",
            "line 2, column 17: `accept[0].code`: an entry cannot accept the code `missing`; \
             write one of `model-required`, `unknown-runtime`, `unregistered-model`, `ambiguous-model`, \
             `withdrawn-model`, `platform-path-byok-model`, `platform-model-with-tenant-key`, `missing-credential`, \
             `wrong-credential`, `cross-vendor-credential`",
        ),
        (
            "variable",
            "accept: [{code: missing-credential, set: [E2E_TYPO], reason: x}]\n",
            "line 2, column 43: `accept[0].set[0]`: no policy that this entry applies to reads `E2E_TYPO`; \
             correct the name",
        ),
        (
            "policy",
            "accept: [{code: missing-credential, policy: full-sas, reason: x}]\n",
            "line 2, column 45: `accept[0].policy`: none of the policies in use is named `full-sas`; did \
             you mean `full-saas`?",
        ),
        (
            "runtime",
            "accept: [{code: missing-credential, runtime: hermess, reason: x}]\n",
            "line 2, column 46: `accept[0].runtime`: neither the registry nor a policy has the runtime \
             `hermess`; did you mean `hermes`?",
        ),
        (
            "both",
            "accept: [{code: missing-credential, set: [A], unset: [A], reason: x}]\n",
            "line 2, column 10: `accept[0]`: `A` cannot be both set and unset; keep one of the two",
        ),
        (
            "policies",
            "policies: []\n",
            "line 2, column 11: `policies`: the list is empty; name a policy, or remove the field to use \
             the embedded policies",
        ),
    ] {
        let scratch = Scratch::new(&format!("bad-config-{name}")).file("slugproof.yaml", format!("{head}{config}"));
        assert_refused(&slugproof(["prove"]).dir(&scratch).run(), &format!("slugproof.yaml: {message}"));
        let report = slugproof(["check", "--output", "json"]).dir(&scratch).run().json();
        let findings = report["findings"].as_array().expect("a list");
        let (_, message) = message.split_once("`: ").expect("a message after the place");
        let is_reported =
            findings.iter().any(|finding| finding["title"].as_str().is_some_and(|title| title.ends_with(message)));
        assert!(is_reported, "{message}: {findings:?}");
    }
}

#[test]
fn misnamed_configuration_is_refused() {
    let scratch = Scratch::new("misnamed").file("slugproof.yml", "schema_version: 1\n");
    assert_refused(
        &slugproof([]).dir(&scratch).run(),
        "`slugproof.yml` is not read; rename it to `slugproof.yaml`, or pass --no-config",
    );
    assert_eq!(slugproof(["prove", "--embedded"]).dir(&scratch).run().code, 0);
}

#[test]
fn brute_force_above_its_limit_is_refused() {
    let secrets: String = (0..40).map(|key| format!("  - {{key: K{key}, inject: [S]}}\n")).collect();
    let policy = format!(
        "schema_version: 1\nname: many\nruntime: R\noverride: M\n\
         platform: {{var: P, value: p, model: PM, fallback: x}}\nsecrets:\n{secrets}fallback: x\n"
    );
    let scratch = Scratch::new("brute-force").file("policy.yaml", policy);
    let output = slugproof(["prove", "--brute-force", "--policy", "policy.yaml"]).dir(&scratch).run();
    assert_eq!((output.code, output.stdout.as_str()), (2, ""));
    assert!(
        output.stderr.contains("more than the limit of 10,000,000,000 for --brute-force; run without --brute-force"),
        "{}",
        output.stderr
    );
}

#[test]
fn invalid_arguments_are_refused() {
    for (args, message) in [
        (
            &["E2E_MODEL_SLUG"][..],
            "argument 1 is not of the form VAR=VALUE; write VAR=VALUE, or VAR= for an empty value",
        ),
        (&["A=1", "=x"], "argument 2 is not of the form VAR=VALUE; write VAR=VALUE, or VAR= for an empty value"),
        (&["A=1", "A=2"], "`A` is given twice; give it once"),
    ] {
        let args = ["resolve", "--runtime", "x"].into_iter().chain(args.iter().copied());
        assert_refused(&slugproof(args).run(), message);
    }
    for args in
        [&["resolve"][..], &["resolve", "--runtime"], &["derive"], &["frobnicate"], &["prove", "--format", "xml"]]
    {
        let output = slugproof(args.iter().copied()).run();
        assert_eq!((output.code, output.stdout.as_str()), (2, ""));
        assert!(output.stderr.starts_with("error: "), "{}", output.stderr);
    }
    assert_refused(
        &slugproof(["resolve", "--batch", "nowhere"]).run(),
        "cannot read `nowhere`: no such file or directory; check the path",
    );
}

/// If the reader closes the pipe, the command ends without a message, like other tools.
#[test]
#[cfg(unix)]
fn closed_pipe_is_not_an_error() {
    let script = "\"$0\" man | head -n 0; \"$0\" completions bash | true; \
                  yes '{\"runtime\":\"x\"}' | head -n 90000 | \"$0\" resolve --batch | head -n 1 | wc -l";
    let output = std::process::Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_slugproof")])
        .output()
        .expect("sh runs");
    assert_eq!(
        (String::from_utf8_lossy(&output.stdout).trim(), String::from_utf8_lossy(&output.stderr).as_ref()),
        ("1", "")
    );
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_an_error() {
    let script =
        "\"$0\" man > /dev/full; echo $?; \"$0\" --help > /dev/full; echo $?; \"$0\" --bogus 2> /dev/full; echo $?";
    let output = std::process::Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_slugproof")])
        .output()
        .expect("sh runs");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "2\n2\n2\n");
    let message =
        "error: cannot write the output: no space left on device; free some space or choose another destination\n";
    assert_eq!(String::from_utf8_lossy(&output.stderr), message.repeat(2));
}
