//! The HTML pages of `prove`, `lint`, `check` and `corpus review`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::run::{RunOutput, Scratch, slugproof};

/// A scratch directory with a project of ci/page.
fn project(name: &str, project: &str) -> Scratch {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ci/page").join(project);
    files(&from).into_iter().fold(Scratch::new(&format!("pages-{name}")), |scratch, file| {
        let content = fs::read(&file).expect("the file is readable");
        let path = file.strip_prefix(&from).expect("the file is in the directory");
        scratch.file(path.to_str().expect("the path is UTF-8"), content)
    })
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).expect("the directory is readable");
    let paths = entries.map(|entry| entry.expect("the entry is readable").path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// The page of a command, which must exit with a code.
fn page(scratch: &Scratch, arguments: &[&str], code: i32) -> String {
    let output = slugproof(arguments.iter().copied().chain(["--output", "html"])).dir(scratch).run();
    assert_eq!(output.code, code, "{}", output.stderr);
    output.stdout
}

/// The parts of a page that start with an opening tag.
fn parts<'p>(page: &'p str, start: &str) -> Vec<&'p str> {
    page.split(start).skip(1).collect()
}

/// The text of the first element after a start tag, without markup.
fn text_after<'p>(part: &'p str, start: &str, end: &str) -> Option<&'p str> {
    Some(part.split_once(start)?.1.split_once(end)?.0)
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

fn is_in_order(page: &str, texts: &[&str]) -> bool {
    let places: Vec<Option<usize>> = texts.iter().map(|text| page.find(text)).collect();
    places.iter().all(Option::is_some) && places.is_sorted()
}

/// Each command that a page of `prove` shows gives the contradiction beside which it stands.
#[test]
fn commands_of_gaps_reproduce_them() {
    let embedded = Scratch::new("pages-embedded");
    let given = project("given", "markup");
    let other = ["prove", "--registry", "providers.yaml", "--policy", "policy.yaml", "--no-config"];
    for (scratch, arguments, code, least) in [
        (&embedded, &["prove", "--embedded"][..], 0, 74),
        (&embedded, &["prove", "--policy", "reconciler"], 0, 35),
        (&project("project", "project"), &["prove"], 1, 9),
        (&project("markup", "markup"), &["prove"], 1, 4),
        (&given, &other, 0, 4),
    ] {
        let page = page(scratch, arguments, code);
        let mut script = String::new();
        let mut expected = Vec::new();
        for card in parts(&page, "<li id=\"gap-") {
            let card = card.split("</li>").next().expect("a card");
            let class = text_after(card, "class=\"", "\"").expect("a card has a class");
            let code =
                class.split(' ').filter_map(|tag| tag.strip_prefix("is-")).find(|tag| !tag.ends_with("accepted"));
            for command in parts(card, "<pre class=\"command\" tabindex=\"0\"><code>") {
                let command = unescaped(command.split("</code>").next().expect("a command"));
                let words = command.strip_prefix("slugproof ").expect("a command of slugproof");
                script += &format!("{} {words} --format json; printf '\\036'\n", env!("CARGO_BIN_EXE_slugproof"));
                expected.push((code.expect("a card has the tag of its code").to_owned(), command));
            }
        }
        assert!(expected.len() >= least, "{arguments:?}: {} commands", expected.len());
        let output = Command::new("bash").args(["-c", &script]).current_dir(&scratch.0).output().expect("bash runs");
        let answers = String::from_utf8(output.stdout).expect("the answers are UTF-8");
        let answers: Vec<&str> = answers.split_terminator('\u{1e}').collect();
        assert_eq!(answers.len(), expected.len());
        let mut shown = Vec::new();
        for ((code, command), answer) in expected.iter().zip(answers) {
            let answer: Value = serde_json::from_str(answer).unwrap_or_else(|_| panic!("{command}: {answer}"));
            assert_eq!(answer["code"], code.as_str(), "{command}");
            shown.push(["runtime", "code", "slug"].map(|field| answer[field].clone()));
        }
        // The page has every gap of the report for machines, each with its own command.
        let report = slugproof(arguments.iter().copied().chain(["--output", "json"])).dir(scratch).run().json();
        let policies = report["policies"].as_array().expect("a list").iter();
        let gaps = policies.flat_map(|policy| policy["gaps"].as_array().expect("a list"));
        let mut gaps: Vec<_> = gaps.map(|gap| ["runtime", "code", "slug"].map(|field| gap[field].clone())).collect();
        shown.sort_by_key(|gap| format!("{gap:?}"));
        gaps.sort_by_key(|gap| format!("{gap:?}"));
        assert_eq!(shown, gaps);
        assert!(!scratch.0.join("no").exists(), "a value was run as a command");
    }
}

#[test]
fn failures_come_before_passes() {
    let scratch = project("order", "project");
    let lint = page(&scratch, &["lint"], 1);
    let sections = ["id=\"errors\"", "id=\"warnings\"", "id=\"not-decided\"", "id=\"accepted\"", "id=\"suppressed\""];
    assert!(is_in_order(&lint, &sections), "{lint}");
    for shown in [
        "<b>reason</b> the job tests that failure",
        "<code>vars.MODEL_OF_THE_DAY</code> is known only at run time",
        "set <code>EVAL_MODEL</code> to <code>acme/fast-1</code>",
        "<span class=\"mark\">       ^^^^^^^^^^ selects `acme/large-2`",
        "<span class=\"added\">",
        "<div class=\"explanation\" id=\"code-near-miss\">",
        ".github/workflows/nightly.yml:9:7",
    ] {
        assert!(lint.contains(shown), "{shown}");
    }
    let good = "schema_version: 2\nname: good\nruntimes: [agent]\nmodel: [{use: acme/large-2}]\n\
                secrets: [{inject: [ACME_API_KEY]}]\n";
    fs::write(scratch.0.join("good.yaml"), good).expect("the file is writable");
    let config = fs::read_to_string(scratch.0.join("slugproof.yaml")).expect("the file is readable");
    let config = config.replace("[policy.yaml]", "[good.yaml, policy.yaml]");
    fs::write(scratch.0.join("slugproof.yaml"), config).expect("the file is writable");
    let prove = page(&scratch, &["prove"], 1);
    let order = [
        "✗ policy",
        "violations of invariants",
        "By runtime and setting",
        "gaps: contradictions",
        "accepted in slugproof.yaml",
    ];
    assert!(is_in_order(&prove, &order), "{order:?} {prove}");
    let heading = |name: &str| prove.find(&format!("policy {name}</span></h2>"));
    assert!(heading("evals").is_some() && heading("evals") < heading("good"), "{prove}");
}

/// A filter hides everything else: each item has the tags of what it contains.
#[test]
fn filters_have_a_rule_and_items() {
    let scratch = project("filters", "project");
    for (arguments, filters) in [
        (&["lint"][..], &["errors", "warnings", "accepted", "near-miss"][..]),
        (&["prove"], &["not-accepted", "accepted", "missing-credential", "violated-invariant"]),
        (&["check"], &["notes", "suppressed"]),
    ] {
        let page = page(&scratch, arguments, i32::from(arguments != ["check"]));
        for filter in filters {
            let rule = format!("body:has(#only-{filter}:checked) .x:not(.is-{filter}){{display:none}}");
            assert!(page.contains(&rule) && page.contains(&format!("id=\"only-{filter}\"")), "{filter}");
            assert!(page.contains(&format!(" is-{filter}")), "{filter}");
        }
    }
}

#[test]
fn pages_are_reproducible_and_name_the_revision() {
    let scratch = project("stamp", "project");
    let lint = |time: &str| {
        let output = slugproof(["lint", "--output", "html"]).dir(&scratch).env("SOURCE_DATE_EPOCH", time).run();
        output.stdout
    };
    let first = lint("951782400");
    assert!(first.contains("<dd>2000-02-29 00:00 UTC</dd>") && !first.contains("<dt>revision</dt>"), "{first}");
    assert_eq!(first, lint("951782400"));
    assert_ne!(first, lint("0"));
    assert!(!lint("soon").contains("1970"), "a time that is not a number is ignored");
    assert!(first.contains(concat!("slugproof ", env!("CARGO_PKG_VERSION"))));

    let git = |arguments: &[&str]| {
        let output = Command::new("git")
            .args(["-c", "user.name=a", "-c", "user.email=a@example.com"])
            .args(arguments)
            .current_dir(&scratch.0)
            .output();
        String::from_utf8(output.expect("git runs").stdout).expect("the output is UTF-8")
    };
    git(&["init", "--quiet"]);
    assert!(!lint("0").contains("<dt>revision</dt>"), "the repository lacks a commit");
    git(&["add", "--all"]);
    git(&["commit", "--quiet", "--message=first"]);
    let revision = git(&["rev-parse", "HEAD"]);
    assert!(lint("0").contains(&format!("<dt>revision</dt><dd><code>{}</code>", revision.trim())));
    // An invalid repository has no revision, although the repository around it has one.
    let inner = Scratch(scratch.0.join("inner"));
    fs::create_dir_all(inner.0.join(".git")).expect("the directory is writable");
    fs::write(inner.0.join("w.yml"), "on: push\njobs: {}\n").expect("the file is writable");
    let output = slugproof(["lint", "w.yml", "--no-config", "--output", "html"]).dir(&inner).run();
    assert!(
        output.stdout.contains("<dt>time</dt>") && !output.stdout.contains("<dt>revision</dt>"),
        "{}",
        output.stdout
    );
    // Neither a hook nor a program of the configuration runs.
    git(&["config", "core.fsmonitor", "touch ran #"]);
    git(&["config", "filter.x.clean", "touch ran #"]);
    git(&["config", "core.pager", "touch ran #"]);
    fs::write(scratch.0.join(".gitattributes"), "* filter=x\n").expect("the file is writable");
    assert!(lint("0").contains(revision.trim()) && !scratch.0.join("ran").exists());
}

/// Neither names of files nor texts in them become markup, and an open quote ends no attribute.
#[test]
fn text_is_no_markup() {
    let name = "<img src=x onerror=alert(8)>.yml";
    let scratch = project("hostile", "markup");
    let workflow = fs::read(scratch.0.join("workflow.yml")).expect("the file is readable");
    let scratch = scratch.file(name, workflow);
    let pages = [
        page(&scratch, &["lint", name], 1),
        page(&scratch, &["lint", "workflow.yml"], 1),
        page(&scratch, &["check"], 1),
        page(&scratch, &["prove"], 1),
        page(&scratch, &["prove", "--registry", "providers.yaml", "--policy", "policy.yaml"], 1),
    ];
    for page in pages {
        let body = page.split_once("</head>").expect("a head").1;
        for forbidden in [
            "<script",
            "<img",
            "<svg",
            "<iframe",
            "<base",
            "<style",
            "<i>KEY",
            "<u>",
            "\u{202e}",
            "href=\"http",
            "src=\"",
        ] {
            assert!(!body.contains(forbidden), "{forbidden} in {body}");
        }
        assert!(body.contains("&lt;script&gt;alert(1)") || body.contains("&lt;b&gt;acme"), "{body}");
        assert!(page.contains("Content-Security-Policy\" content=\"default-src 'none'"), "{page}");
    }
}

#[test]
fn pages_show_no_secret() {
    let key = format!("sk-ant-api03-{}", "Ab1Cd2Ef3Gh4".repeat(4));
    let scratch = project("secret", "project");
    let replace = |file: &str, from: &str, to: &str| {
        let path = scratch.0.join(file);
        let text = fs::read_to_string(&path).expect("the file is readable");
        assert!(text.contains(from), "{file}");
        fs::write(path, text.replace(from, to)).expect("the file is writable");
    };
    replace(".github/workflows/nightly.yml", "EVAL_MODEL: zen-1", &format!("EVAL_MODEL: {key}"));
    replace(".github/workflows/nightly.yml", "${{ secrets.ACME_API_KEY }}", &key);
    replace("providers.yaml", "acme/fast-1, ", &format!("{key}, "));
    replace("policy.yaml", "{use: acme/large-2}", &format!("{{use: {key}}}"));
    replace("slugproof.yaml", "the browser team moves in March", &key);
    for arguments in [&["lint"][..], &["check"], &["prove"]] {
        let output = slugproof(arguments.iter().copied().chain(["--output", "html"])).dir(&scratch).run();
        let text = output.snapshot();
        assert!(output.stdout.starts_with("<!DOCTYPE html>"), "{text}");
        let parts = [&key[..], &key[13..25]];
        let shown = parts.iter().find(|part| text.replace("<wbr>", "").contains(**part));
        assert_eq!(shown, None, "{text}");
    }
}

#[test]
fn large_pages_say_what_they_leave_out() {
    let ids = |number: usize| format!("  runtime-{number}: {{providers: [{{name: acme, models: [m-{number}]}}]}}\n");
    let runtimes: String = (0..1_000).map(ids).collect();
    let provider = "  - {name: acme, auth_env: [ACME_KEY], model_prefix_match: \"^acme/\"}\n";
    let unknown: String = (0..9_000).map(|number| format!("zq{number}: 1\n")).collect();
    let scratch = Scratch::new("pages-many")
        .file("many.yaml", format!("schema_version: 1\nproviders:\n{provider}runtimes:\n{runtimes}{unknown}"))
        .file("policy.yaml", "schema_version: 2\nname: many\nmodel: [{use: acme/m}]\nsecrets: [{key: ACME_KEY}]\n");
    let check = page(&scratch, &["check", "many.yaml"], 0);
    assert_eq!(parts(&check, "<article").len(), 1_000);
    assert!(check.contains("! 9,001 of 10,000 notes left out</span>: <code>--output json</code> has every finding."));
    assert!(check.contains("id=\"not-decided\""), "the more severe findings are kept");
    assert!(check.len() < 5 << 20, "{} bytes", check.len());
    let data = ["--registry", "many.yaml", "--policy", "policy.yaml"];
    // So many runtimes exceed the usual budget.
    let prove = page(&scratch, &[&["prove", "--budget", "1000000000"][..], &data].concat(), 0);
    assert_eq!(parts(&prove, "<th scope=\"row\">").len(), 200);
    assert!(prove.contains("! 801 of 1,001 runtimes left out</span>"), "{prove}");
    assert!(prove.len() < 5 << 20, "{} bytes", prove.len());
}

#[test]
fn wrong_outputs_are_refused_with_the_formats() {
    let scratch = project("refused", "project");
    let run = |arguments: &[&str]| -> RunOutput { slugproof(arguments.iter().copied()).dir(&scratch).run() };
    for (arguments, formats) in [
        (&["prove", "--output", "xml"][..], "write human, json or html, alone or as in `json=FILE`"),
        (&["prove", "--format", "sarif"], "write human, json or html, alone or as in `json=FILE`"),
        (&["corpus", "review", "--output", "github"], "write human, json or html, alone or as in `json=FILE`"),
        (&["lint", "--output", "htm=x"], "write human, json, sarif, github or html, alone or as in `json=FILE`"),
        (&["check", "--output", "html="], "write human, json, sarif, github or html, alone or as in `json=FILE`"),
    ] {
        let output = run(arguments);
        assert!(output.code == 2 && output.stderr.contains(formats), "{}", output.snapshot());
    }
    for (arguments, message) in [
        (&["prove", "--output", "html=providers.yaml"][..], "`providers.yaml` is an output and also an input"),
        (&["prove", "--output", "html", "--output", "json"], "two outputs on standard output would mix"),
        (&["prove", "--output", "html=a", "--output", "json=./a"], "`a` and `./a` are the same file"),
    ] {
        let output = run(arguments);
        assert!(output.code == 2 && output.stderr.starts_with(&format!("error: {message}")), "{}", output.snapshot());
    }
    assert!(!scratch.0.join("a").exists());
    // The page goes to a file, and the log still says how the run ended.
    let output = run(&["prove", "--output", "html=proof.html", "--quiet"]);
    assert!(output.code == 1 && output.stdout.is_empty(), "{}", output.snapshot());
    assert!(output.stderr.contains("✗ 9 gaps not accepted"), "{}", output.snapshot());
    let page = fs::read_to_string(scratch.0.join("proof.html")).expect("the page was written");
    assert!(page.starts_with("<!DOCTYPE html>"), "{page}");
}
