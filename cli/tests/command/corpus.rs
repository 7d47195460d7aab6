//! `corpus`: review, check, promote.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use insta::assert_snapshot;

use crate::run::{Scratch, slugproof};

/// A case whose review has every section.
const WITNESS: &str = "\
# Why it is here.
schema_version: 1
law: matching-secrets
found: run 223233
registry: embedded
policy: full-saas
runtime: claude-code
env:
  E2E_LLM_PATH: platform
  E2E_MODEL_SLUG: MiniMax-M2
expect:
  slug: MiniMax-M2
  rule: override
  injected: []
  provider: minimax
  verdict: platform-path-byok-model
";
const NAME: &str = "proptest-regressions/witnesses/matching-secrets--founding-incident.yaml";
const SEED: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn witness(name: &str) -> Scratch {
    Scratch::new(name).file(NAME, WITNESS)
}

/// The corpus of this repository.
fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the command is in a workspace").to_owned()
}

#[test]
fn corpus_of_this_repository_is_valid() {
    let root = repository();
    let root = root.to_str().expect("the path is UTF-8");
    let output = slugproof(["corpus", "check", "--dir", root]).run();
    assert_eq!(output.code, 0, "{}", output.snapshot());
    let output = slugproof(["corpus", "review", "--dir", root, "--format", "json"]).run();
    assert_eq!(output.code, 0, "{}", output.snapshot());
    let review = output.json();
    let cases = review["cases"].as_array().expect("a list");
    for kind in ["witness", "fuzz seed"] {
        assert!(cases.iter().any(|case| case["kind"] == kind), "no {kind} is shown");
    }
}

#[test]
fn review_shows_every_section_of_a_case() {
    let scratch = witness("corpus-review");
    assert_snapshot!("corpus-review", slugproof(["corpus", "review"]).dir(&scratch).run().snapshot());
    let json = slugproof(["corpus", "review", "--format", "json"]).dir(&scratch).run();
    assert_snapshot!("corpus-review-json", json.snapshot());
}

/// A pasted reproducer gives the recorded verdict and slug.
#[test]
#[cfg(unix)]
fn pasted_reproducer_gives_the_recorded_result() {
    // Characters that are special to a shell or to the command line.
    let odd = "a b'c$(echo x);*`d` ü --e";
    let scratch = Scratch::new("corpus-reproducer").file(NAME, WITNESS);
    let scratch = scratch.file(
        "proptest-regressions/witnesses/matching-secrets--odd.yaml",
        WITNESS
            .replace("MODEL_SLUG: MiniMax-M2", &format!("MODEL_SLUG: \"{odd}\""))
            .replace("runtime: claude-code", "runtime: -x"),
    );
    let review = slugproof(["corpus", "review", "--format", "json"]).dir(&scratch).run().json();
    for case in review["cases"].as_array().expect("a list") {
        let line = case["reproducer"].as_str().expect("a line");
        let words = line.strip_prefix("slugproof ").expect("the reproducer runs slugproof");
        let script = format!("exec {} {words} --format json", env!("CARGO_BIN_EXE_slugproof"));
        let output = Command::new("sh").args(["-c", &script]).current_dir("/").output().expect("sh runs");
        let answer: serde_json::Value = serde_json::from_slice(&output.stdout).expect("the answer is JSON");
        assert_eq!((&answer["code"], &answer["slug"]), (&case["facts"]["verdict"], &case["facts"]["slug"]), "{line}");
    }
    let inline = "fuzz/seeds/derive/x";
    let scratch = scratch.file(inline, [0; 40]);
    // The path is relative to `--dir`, not to the current directory.
    let output = slugproof(["corpus", "review", inline, "--dir", &scratch.0.to_string_lossy()]).run();
    assert_eq!(output.code, 0, "{}", output.snapshot());
}

#[test]
fn each_failing_status_is_distinct() {
    let changed = WITNESS.replace("verdict: platform-path-byok-model", "verdict: coherent");
    let garbled = WITNESS.replace("law: matching-secrets", "law: [");
    let seeds = format!("# kept by hand\n\ncc {SEED} # shrinks to a case\ncc {} # shrinks\n", &SEED[1..]);
    let scratch = Scratch::new("corpus-statuses")
        .file("proptest-regressions/witnesses/matching-secrets--changed.yaml", changed)
        .file("proptest-regressions/witnesses/matching-secrets--garbled.yaml", garbled)
        .file("proptest-regressions/irrelevant-variables-ignored.txt", seeds)
        .file("fuzz/regressions/resolve/irrelevant-variables-ignored--lost", [0; 40]);
    let output = slugproof(["corpus", "review"]).dir(&scratch).run();
    assert_eq!(output.code, 1);
    assert_snapshot!("corpus-statuses", output.snapshot());
}

/// A proptest seed and a fuzz input are listed as copies of the case that they produce.
#[test]
fn identical_cases_are_shown_once() {
    let seeded = WITNESS.replace("found:", &format!("seed: {SEED}\nfound:"));
    let scratch = Scratch::new("corpus-copies")
        .file(NAME, &seeded)
        .file("proptest-regressions/matching-secrets.txt", format!("cc {SEED} # shrinks to a case\n"))
        .file("fuzz/seeds/case_yaml/founding-incident", WITNESS);
    let output = slugproof(["corpus", "review", "--format", "json"]).dir(&scratch).run();
    let cases = output.json()["cases"].clone();
    assert_eq!(cases.as_array().map(Vec::len), Some(1), "{}", output.snapshot());
    let copies = ["fuzz/seeds/case_yaml/founding-incident", "proptest-regressions/matching-secrets.txt:1"];
    assert_eq!(cases[0]["copies"], serde_json::json!(copies));
}

/// SHA256SUMS reveals lost and changed files of every kind.
#[test]
fn check_fails_on_lost_changed_or_new_files() {
    let seeded = WITNESS.replace("found:", &format!("seed: {SEED}\nfound:"));
    let paths = [
        NAME,
        "proptest-regressions/matching-secrets.txt",
        "fuzz/seeds/resolve/simplest",
        "fuzz/seeds/registry_yaml/not-one",
    ];
    let scratch = Scratch::new("corpus-check")
        .file(paths[0], &seeded)
        .file(paths[1], format!("cc {SEED} # shrinks to a case\n"))
        .file(paths[2], [0; 64])
        .file(paths[3], "[]\n");
    let check = || slugproof(["corpus", "check"]).dir(&scratch).run();
    assert_eq!(check().code, 1, "SHA256SUMS is missing");
    let updated = slugproof(["corpus", "check", "--update"]).dir(&scratch).run();
    assert_eq!(updated.code, 0, "{}", updated.snapshot());
    assert_eq!(check().code, 0);
    for path in paths {
        let path = scratch.0.join(path);
        let bytes = fs::read(&path).expect("the file was written");
        fs::remove_file(&path).expect("the file was written");
        assert_eq!(check().code, 1, "{} is lost", path.display());
        let mut garbled = bytes.clone();
        garbled[bytes.len() / 2] ^= 1;
        fs::write(&path, garbled).expect("the file is writable");
        assert_eq!(check().code, 1, "{} is garbled", path.display());
        fs::write(&path, &bytes).expect("the file is writable");
        assert_eq!(check().code, 0);
    }
    let scratch = scratch.file("fuzz/seeds/resolve/new", [1; 64]).file("fuzz/seeds/nothing/x", "x");
    let scratch = scratch.file("proptest-regressions/notes.md", "x").file("proptest-regressions/no-law.txt", "");
    fs::remove_file(scratch.0.join(paths[3])).expect("the file was written");
    assert_snapshot!("corpus-check", slugproof(["corpus", "check"]).dir(&scratch).run().snapshot());
}

#[test]
fn review_since_revision_shows_only_changes() {
    let other = "proptest-regressions/witnesses/matching-secrets--other.yaml";
    let gone = "proptest-regressions/witnesses/matching-secrets--gone.yaml";
    let scratch = witness("corpus-since").file(other, WITNESS).file(gone, WITNESS).file("unrelated", "x");
    let git = |args: &[&str]| {
        let identity = ["-c", "user.name=a", "-c", "user.email=a@b.example", "-c", "init.defaultBranch=main"];
        let output = Command::new("git").args(identity).args(args).current_dir(&scratch.0).output().expect("git runs");
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    git(&["init", "--quiet"]);
    git(&["add", "."]);
    git(&["commit", "--quiet", "--message", "before"]);
    git(&["checkout", "--quiet", "-b", "branch"]);
    let path = std::env::var("PATH").unwrap_or_default();
    let since = |revision: &str| slugproof(["corpus", "review", "--since", revision]).env("PATH", &path).dir(&scratch);
    assert_eq!(since("main").run().code, 3, "nothing has changed");
    fs::write(scratch.0.join(other), WITNESS.replace("Why it", "Another reason why it")).expect("the file is writable");
    fs::write(
        scratch.0.join("proptest-regressions/witnesses/irrelevant-variables-ignored--new.yaml"),
        WITNESS.replace("matching-secrets", "irrelevant-variables-ignored"),
    )
    .expect("the file is writable");
    fs::remove_file(scratch.0.join(gone)).expect("the file was written");
    assert_snapshot!("corpus-since", since("main").run().snapshot());
    assert_snapshot!("corpus-since-nowhere", since("nowhere").run().snapshot());
    let option = slugproof(["corpus", "review", "--since=--output=x"]).env("PATH", &path).dir(&scratch).run();
    assert_snapshot!("corpus-since-option", option.snapshot());
}

/// The page has failing cases first, a changed case before and after, and folds seeds. Only a new seed is added.
#[test]
fn page_since_revision_shows_before_and_after() {
    let changed = "proptest-regressions/witnesses/matching-secrets--other.yaml";
    let failing = "proptest-regressions/witnesses/verbatim-slug--failing.yaml";
    let seeds = "proptest-regressions/matching-secrets.txt";
    let [old, new] = [SEED.to_owned(), SEED.replace('0', "f")];
    let seeded = |seed: &str, runtime: &str| {
        WITNESS.replace("found:", &format!("seed: {seed}\nfound:")).replace("claude-code", runtime)
    };
    let line = |seed: &str| format!("cc {seed} # shrinks to a case\n");
    let scratch = Scratch::new("corpus-page")
        .file(NAME, seeded(&old, "claude-code"))
        .file("proptest-regressions/witnesses/matching-secrets--new.yaml", seeded(&new, "seo-agent"))
        .file(changed, WITNESS)
        .file(failing, WITNESS.replace("law: matching-secrets", "law: verbatim-slug"))
        .file(seeds, line(&old))
        .file("fuzz/seeds/expression/plain", "github.ref");
    let git = |args: &[&str]| {
        let identity = ["-c", "user.name=a", "-c", "user.email=a@b.example"];
        let output = Command::new("git").args(identity).args(args).current_dir(&scratch.0).output().expect("git runs");
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    let page = |args: &[&str]| {
        let path = std::env::var("PATH").unwrap_or_default();
        let args = ["corpus", "review", "--output", "html"].into_iter().chain(args.iter().copied());
        slugproof(args).env("PATH", &path).dir(&scratch).run().stdout
    };
    let all = page(&[]);
    assert!(all.contains("<summary>1 seed or input that passes</summary>"), "{all}");
    assert!(!all.contains("id=\"failing\"") && !all.contains("id=\"changed\""), "{all}");
    git(&["init", "--quiet"]);
    git(&["add", "."]);
    git(&["commit", "--quiet", "--message", "before"]);
    let write = |path: &str, text: &str| fs::write(scratch.0.join(path), text).expect("the file is writable");
    write(changed, &WITNESS.replace("MiniMax-M2\n", "MiniMax-M2.7\n").replace("run 223233", "run <9>"));
    write(
        failing,
        &WITNESS.replace("law: matching-secrets", "law: verbatim-slug").replace("slug: MiniMax-M2", "slug: m"),
    );
    write(seeds, &(line(&old) + &line(&new)));
    let since = page(&["--since", "HEAD"]);
    let places = ["id=\"failing\"", "id=\"changed\"", "id=\"added\"", "id=\"group-0\""].map(|id| since.find(id));
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?} {since}");
    for (field, before, after) in [
        ("variable E2E_<wbr>MODEL_<wbr>SLUG", "MiniMax-M2", "MiniMax-M2.7"),
        ("expected slug", "MiniMax-M2", "MiniMax-M2.7"),
        ("origin", "run 223233", "run &lt;9&gt;"),
    ] {
        let cell = |class: &str, text: &str| format!("<td class=\"{class}\"><pre tabindex=\"0\">{text}</pre></td>");
        let row = format!("<th scope=\"row\">{field}</th>{}{}", cell("del", before), cell("ins", after));
        assert!(since.contains(&row), "{row} in {since}");
    }
    let json = slugproof(["corpus", "review", "--since", "HEAD", "--output", "json"]);
    let json = json.env("PATH", &std::env::var("PATH").unwrap_or_default()).dir(&scratch).run().json();
    let cases = json["cases"].as_array().expect("a list");
    let changes: Vec<(&str, &str)> = cases
        .iter()
        .map(|case| (case["path"].as_str().unwrap_or_default(), case["change"].as_str().unwrap_or("none")))
        .collect();
    assert_eq!(
        changes,
        [
            ("proptest-regressions/matching-secrets.txt:1", "none"),
            ("proptest-regressions/matching-secrets.txt:2", "added"),
            (changed, "changed"),
            (failing, "changed"),
        ]
    );
    let before = cases.iter().filter(|case| !case["before"].is_null()).count();
    assert_eq!(before, 2, "only a changed case has a case before");
}

#[test]
fn promote_refuses_passing_or_unnamed_inputs() {
    let scratch = witness("corpus-promote").file("crash", [0; 64]).file("case.yaml", WITNESS);
    let promote =
        |args: &[&str]| slugproof(["corpus", "promote"].iter().chain(args).copied()).dir(&scratch).run().snapshot();
    assert_snapshot!("corpus-promote-unknown", promote(&["crash"]));
    assert_snapshot!("corpus-promote-sound", promote(&["crash", "--target", "resolve"]));
    assert_snapshot!("corpus-promote-sound-case", promote(&["case.yaml", "--target", "case_yaml"]));
    assert_snapshot!("corpus-promote-nameless", promote(&["crash", "--target", "registry_yaml"]));
}

#[test]
fn promoted_input_is_kept_under_its_name() {
    let scratch = witness("corpus-promote-input").file("crash", "[]\n");
    let args = ["corpus", "promote", "crash", "--target", "registry_yaml", "--name", "A list, not a registry"];
    let output = slugproof(args).dir(&scratch).run();
    assert_eq!(output.code, 0, "{}", output.snapshot());
    let kept = scratch.0.join("fuzz/regressions/registry_yaml/a-list-not-a-registry");
    assert_eq!(fs::read(kept).expect("the input was kept"), b"[]\n");
}

#[test]
fn json_of_check_and_promote_has_what_people_read() {
    let scratch = witness("corpus-json").file("crash", "[]\n");
    let corpus = |args: &[&str]| slugproof(["corpus"].iter().chain(args).copied()).dir(&scratch).run();
    let json = corpus(&["check", "--output", "json"]).json();
    let problem = "proptest-regressions/SHA256SUMS: missing; update the list with `slugproof corpus check --update`";
    let expected = serde_json::json!({"schema_version": 1, "files": 1, "changes": [], "problems": [problem]});
    assert_eq!(json, expected);
    let updated = corpus(&["check", "--update", "--output", "json"]);
    assert_eq!((updated.code, &updated.json()["changes"]), (0, &serde_json::json!([format!("added {NAME}")])));
    let args = ["promote", "crash", "--target", "registry_yaml", "--name", "list", "--output"];
    for taken in ["fuzz/regressions/registry_yaml/list", "proptest-regressions/SHA256SUMS", "crash"] {
        let refused = corpus(&[&args[..], &[&format!("json={taken}")]].concat());
        assert!(refused.code == 2 && !scratch.0.join("fuzz").exists(), "{}", refused.snapshot());
    }
    let promoted = corpus(&[&args[..], &["json=out.json", "--output", "human"]].concat());
    assert_eq!((promoted.code, &*promoted.stdout), (0, "✓ fuzz/regressions/registry_yaml/list\n"));
    let written = fs::read_to_string(scratch.0.join("out.json")).expect("the output is written");
    let json: serde_json::Value = serde_json::from_str(&written).expect("the output is JSON");
    let path = "fuzz/regressions/registry_yaml/list";
    let expected = serde_json::json!({"schema_version": 1, "target": "registry_yaml", "law": null, "files": [path]});
    assert_eq!(json, expected);
    let quiet = corpus(&["check", "--quiet"]);
    assert_eq!(quiet.stdout, "✓ 2 files: all well formed, listed and passing\n");
}

/// Promotion never overwrites a kept file.
#[test]
fn promoting_twice_keeps_both_inputs() {
    let scratch = witness("corpus-promote-twice").file("one", "[]\n").file("two", "{}\n").file("long", [b'x'; 5_000]);
    let promote = |input| {
        slugproof(["corpus", "promote", input, "--target", "registry_yaml", "--name", "same"]).dir(&scratch).run()
    };
    assert_eq!((promote("one").code, promote("two").code), (0, 0));
    let kept =
        |name: &str| fs::read(scratch.0.join("fuzz/regressions/registry_yaml").join(name)).expect("the input was kept");
    assert_eq!((kept("same"), kept("same-2")), (b"[]\n".to_vec(), b"{}\n".to_vec()));
    assert_snapshot!("corpus-promote-long", promote("long").snapshot());
}

/// A case records only that a secret is set: a value is refused and not printed.
#[test]
fn check_fails_on_secret_without_printing_it() {
    let secret = "sk-canary-1234567890";
    let text = WITNESS.replace("  E2E_LLM_PATH", &format!("  E2E_OPENAI_API_KEY: {secret}\n  E2E_LLM_PATH"));
    let scratch = Scratch::new("corpus-secret-check").file(NAME, &text).file("fuzz/seeds/case_yaml/x", &text);
    let output = slugproof(["corpus", "check", "--update"]).dir(&scratch).run();
    assert_eq!(output.code, 1);
    assert!(!output.snapshot().contains(secret));
    assert_snapshot!("corpus-secret-check", output.snapshot());
}

/// Names that break the list or a terminal, a file named like the list, and a file too deep.
#[test]
fn check_fails_on_odd_names_and_hidden_files() {
    for name in [
        "fuzz/seeds/resolve/a\nb",
        "fuzz/seeds/resolve/\u{202e}x",
        "fuzz/seeds/resolve/SHA256SUMS",
        "fuzz/seeds/deep/er/x",
    ] {
        let scratch = witness("corpus-odd-names");
        slugproof(["corpus", "check", "--update"]).dir(&scratch).run();
        let scratch = scratch.file(name, "x");
        let output = slugproof(["corpus", "check"]).dir(&scratch).run();
        assert_eq!(output.code, 1, "{name:?}: {}", output.snapshot());
        assert!(!output.stdout.contains('\u{202e}'));
    }
    let scratch = witness("corpus-list-twice");
    slugproof(["corpus", "check", "--update"]).dir(&scratch).run();
    let list = scratch.0.join("proptest-regressions/SHA256SUMS");
    let line = fs::read_to_string(&list).expect("the file was written");
    fs::write(&list, format!("{}{line}", line.replace(&line[..8], "00000000"))).expect("the file is writable");
    assert_snapshot!("corpus-list-twice", slugproof(["corpus", "check"]).dir(&scratch).run().snapshot());
}

/// A list that was read only in part would lose its other lines when written back.
#[test]
fn overlong_list_is_refused_and_unchanged() {
    let line = |number| format!("{SEED}  fuzz/seeds/none/{number:0>1000}\n");
    let list: String = (0..16_000).map(line).collect();
    let path = "proptest-regressions/SHA256SUMS";
    let scratch = witness("corpus-list-long").file(path, &list).file("crash", "[]\n");
    assert_snapshot!("corpus-list-long", slugproof(["corpus", "check"]).dir(&scratch).run().snapshot());
    let args = ["corpus", "promote", "crash", "--target", "registry_yaml", "--name", "same"];
    let output = slugproof(args).dir(&scratch).run();
    assert_eq!(output.code, 2, "{}", output.snapshot());
    assert!(fs::read_to_string(scratch.0.join(path)).is_ok_and(|now| now == list), "the list is unchanged");
    assert!(!scratch.0.join("fuzz").exists(), "a refused promotion leaves no directory");
}

/// A seed has the status of its witness, and a witness of another law does not count.
#[test]
fn seed_has_the_status_of_its_witness() {
    let changed =
        WITNESS.replace("found:", &format!("seed: {SEED}\nfound:")).replace("provider: minimax", "provider: other");
    let seed = format!("cc {SEED} # shrinks to x\n");
    let scratch = Scratch::new("corpus-seed-status")
        .file(NAME, changed)
        .file("proptest-regressions/matching-secrets.txt", &seed)
        .file("proptest-regressions/irrelevant-variables-ignored.txt", &seed);
    let review = slugproof(["corpus", "review", "--format", "json"]).dir(&scratch).run().json();
    let statuses: Vec<&str> =
        review["cases"].as_array().expect("a list").iter().filter_map(|case| case["status"].as_str()).collect();
    assert_eq!(statuses, ["seed-without-witness", "changed"]);
}

#[test]
fn invalid_corpus_arguments_get_a_message() {
    let empty = Scratch::new("corpus-nowhere");
    // The scratch directories are inside a repository that has a corpus.
    let top = Scratch(PathBuf::from("/"));
    assert_snapshot!("corpus-nowhere", slugproof(["corpus", "review"]).dir(&top).run().snapshot());
    assert_snapshot!("corpus-no-dir", slugproof(["corpus", "check", "--dir", "nowhere"]).dir(&empty).run().snapshot());
    let scratch = Scratch::new("corpus-empty").file("proptest-regressions/README.md", "").file("else", "");
    assert_snapshot!("corpus-empty", slugproof(["corpus", "check"]).dir(&scratch).run().snapshot());
    assert_snapshot!("corpus-elsewhere", slugproof(["corpus", "review", "else"]).dir(&scratch).run().snapshot());
}

/// The text of a hostile case becomes neither markup nor terminal control.
#[test]
fn hostile_case_is_escaped() {
    let hostile = "<script>alert(1)</script>\\e[31m\\u202e\\\"'><img src=x onerror=alert(1)>";
    let text = WITNESS
        .replace("found: run 223233", &format!("found: \"{hostile}\""))
        .replace("E2E_MODEL_SLUG: MiniMax-M2", &format!("E2E_MODEL_SLUG: \"{hostile}\""))
        .replace("Why it is here.", "<script>alert(2)</script>");
    let scratch = Scratch::new("corpus-hostile").file(NAME, text);
    let page = slugproof(["corpus", "review", "--format", "html"]).dir(&scratch).run();
    assert_eq!(page.code, 1, "the result differs from the recorded one");
    for forbidden in ["<script", "<img", "\u{1b}", "http://", "https://"] {
        assert!(!page.stdout.contains(forbidden), "{forbidden} in {}", page.stdout);
    }
    assert!(page.stdout.contains("&lt;script&gt;alert(2)"));
    let human = slugproof(["--color", "always", "corpus", "review"]).dir(&scratch).run();
    let foreign: Vec<&str> = human.stdout.split('\u{1b}').skip(1).filter(|rest| !rest.starts_with("[0m")).collect();
    let styles = ["[1m", "[2m", "[31m", "[32m"];
    assert!(foreign.iter().all(|rest| styles.iter().any(|style| rest.starts_with(style))), "{}", human.snapshot());
    assert!(!human.stdout.contains('\u{202e}') && !page.stdout.contains('\u{202e}'), "{}", human.snapshot());
}

#[test]
fn review_masks_secrets() {
    let secret = "sk-canary-1234567890";
    let text = WITNESS
        .replace("  E2E_LLM_PATH", &format!("  E2E_OPENAI_API_KEY: {secret}\n  UNREAD: {secret}\n  E2E_LLM_PATH"));
    let scratch = Scratch::new("corpus-secret").file(NAME, text);
    for format in ["human", "json", "html"] {
        let output = slugproof(["corpus", "review", "--format", format]).dir(&scratch).run();
        assert!(!output.snapshot().contains(secret), "{}", output.snapshot());
    }
}
