//! `lsp`: sessions of a client.

use std::io::{BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use ignore::overrides::OverrideBuilder;
use serde_json::{Value, json};

use crate::run::{Scratch, slugproof};

/// The workflow of the founding incident.
const INCIDENT: &str = "\
name: reconciler
on: [push]
jobs:
  reconcile:
    runs-on: ubuntu-latest
    env:
      E2E_LLM_PATH: platform
      E2E_MODEL_SLUG: MiniMax-M2
    steps:
      - run: bash tests/e2e/test_reconciler_heals_terminated_instance.sh
";

const WORKFLOW: &str = ".github/workflows/reconciler.yml";

/// A client with a running server.
struct Client {
    server: Child,
    input: Option<ChildStdin>,
    messages: Receiver<Value>,
    requests: u64,
    /// Everything that the server sent.
    seen: Vec<Value>,
    root: String,
}

impl Client {
    /// Starts a server without `initialize`.
    fn start(scratch: &Scratch) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_slugproof"));
        command.arg("lsp").env_clear().current_dir(env!("CARGO_TARGET_TMPDIR"));
        let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut server = pipes.spawn().expect("the command is built");
        let output = server.stdout.take().expect("standard output is piped");
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            let mut output = BufReader::new(output);
            while let Some(message) = read(&mut output) {
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        let root = format!("file://{}", scratch.0.display());
        let input = server.stdin.take();
        Self { server, input, messages, requests: 0, seen: Vec::new(), root }
    }

    /// Starts a session in a directory.
    fn new(scratch: &Scratch) -> Self {
        let mut client = Self::start(scratch);
        let folders = json!([{"uri": client.root, "name": "top"}]);
        let answer = client.request("initialize", json!({"capabilities": {}, "workspaceFolders": folders}));
        assert_eq!(answer["result"]["capabilities"]["hoverProvider"], true, "{answer}");
        assert_eq!(answer["result"]["capabilities"]["positionEncoding"], "utf-16");
        client.notify("initialized", json!({}));
        client
    }

    fn uri(&self, file: &str) -> String {
        format!("{}/{file}", self.root)
    }

    fn write(&mut self, content: &[u8]) {
        let input = self.input.as_mut().expect("the session is open");
        // A server that has ended reads nothing more.
        let _ = write!(input, "Content-Length: {}\r\n\r\n", content.len()).and_then(|()| input.write_all(content));
        let _ = input.flush();
    }

    fn notify(&mut self, method: &str, params: Value) {
        self.write(json!({"jsonrpc": "2.0", "method": method, "params": params}).to_string().as_bytes());
    }

    /// The next message of the server.
    fn next(&mut self) -> Value {
        let message = self.messages.recv_timeout(Duration::from_secs(60)).expect("the server answers");
        self.seen.push(message.clone());
        message
    }

    /// The answer to a request.
    fn request(&mut self, method: &str, params: Value) -> Value {
        self.requests += 1;
        let id = self.requests;
        self.write(json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string().as_bytes());
        self.answer(&json!(id))
    }

    fn answer(&mut self, id: &Value) -> Value {
        loop {
            let message = self.next();
            if message.get("id") == Some(id) {
                return message;
            }
        }
    }

    fn open(&mut self, file: &str, text: &str) -> Vec<Value> {
        let document = json!({"uri": self.uri(file), "languageId": "yaml", "version": 1, "text": text});
        self.notify("textDocument/didOpen", json!({"textDocument": document}));
        self.diagnostics(file)
    }

    fn change(&mut self, file: &str, text: &str) -> Vec<Value> {
        let document = json!({"uri": self.uri(file), "version": 2});
        self.notify("textDocument/didChange", json!({"textDocument": document, "contentChanges": [{"text": text}]}));
        self.diagnostics(file)
    }

    /// The diagnostics of a file that the client has when the server has checked every change.
    fn diagnostics(&mut self, file: &str) -> Vec<Value> {
        let uri = self.uri(file);
        // The server checks what has changed before it answers.
        let document = json!({"uri": uri});
        self.request("textDocument/codeAction", json!({"textDocument": document, "range": range((0, 0), (0, 0))}));
        let is_about = |message: &&Value| {
            message["method"] == "textDocument/publishDiagnostics" && message["params"]["uri"] == uri.as_str()
        };
        let last = self.seen.iter().rev().find(is_about);
        last.map_or_else(Vec::new, |message| message["params"]["diagnostics"].as_array().expect("a list").clone())
    }

    fn at(&self, file: &str, line: usize, character: usize) -> Value {
        json!({"textDocument": {"uri": self.uri(file)}, "position": {"line": line, "character": character}})
    }

    fn fixes(&mut self, file: &str, range: &Value) -> Vec<Value> {
        let document = json!({"uri": self.uri(file)});
        let params = json!({"textDocument": document, "range": range, "context": {"diagnostics": []}});
        let answer = self.request("textDocument/codeAction", params);
        answer["result"].as_array().unwrap_or_else(|| panic!("{answer}")).clone()
    }

    fn labels(&mut self, file: &str, line: usize, character: usize) -> Vec<String> {
        let position = self.at(file, line, character);
        let answer = self.request("textDocument/completion", position);
        let items = answer["result"]["items"].as_array().unwrap_or_else(|| panic!("{answer}")).clone();
        items.iter().map(|item| item["label"].as_str().expect("a text").to_owned()).collect()
    }

    /// Ends the session as the protocol says, and returns everything that the server sent.
    fn end(mut self) -> Vec<Value> {
        assert_eq!(self.request("shutdown", Value::Null)["result"], Value::Null);
        self.notify("exit", Value::Null);
        let (code, seen) = self.wait();
        assert_eq!(code, 0);
        seen
    }

    /// Closes the input and waits for the end of the server, which must say nothing on standard error.
    fn wait(mut self) -> (i32, Vec<Value>) {
        drop(self.input.take());
        let mut said = String::new();
        let mut errors = self.server.stderr.take().expect("standard error is piped");
        errors.read_to_string(&mut said).expect("all output is UTF-8");
        assert_eq!(said, "");
        let status = self.server.wait().expect("the server ends");
        self.seen.extend(self.messages.iter());
        (status.code().expect("no signal ends the server"), std::mem::take(&mut self.seen))
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // After a failed test, the server may hang.
        let _ = self.server.kill();
    }
}

/// Reads a message.
fn read(output: &mut impl std::io::BufRead) -> Option<Value> {
    let mut header = String::new();
    output.read_line(&mut header).ok()?;
    let length = header.strip_prefix("Content-Length: ")?.trim().parse().ok()?;
    output.read_line(&mut String::new()).ok()?;
    let mut content = vec![0; length];
    output.read_exact(&mut content).ok()?;
    Some(serde_json::from_slice(&content).expect("every message is JSON"))
}

fn range(start: (usize, usize), end: (usize, usize)) -> Value {
    let place = |(line, character)| json!({"line": line, "character": character});
    json!({"start": place(start), "end": place(end)})
}

/// A text after the edits of a code action, which are given from the end to the start.
fn applied(text: &str, action: &Value, uri: &str) -> String {
    let offset = |place: &Value| {
        let (line, character) = (place["line"].as_u64().unwrap(), place["character"].as_u64().unwrap());
        let start: usize = text.split_inclusive('\n').take(usize::try_from(line).unwrap()).map(str::len).sum();
        let mut units = 0;
        let in_line = text[start..].char_indices().find(|(_, c)| {
            let is_there = units >= character;
            units += c.len_utf16() as u64;
            is_there
        });
        start + in_line.map_or(text.len() - start, |(at, _)| at)
    };
    let mut edits: Vec<(usize, usize, &str)> = action["edit"]["changes"][uri]
        .as_array()
        .expect("the action edits the document")
        .iter()
        .map(|edit| (offset(&edit["range"]["start"]), offset(&edit["range"]["end"]), edit["newText"].as_str().unwrap()))
        .collect();
    edits.sort_unstable();
    let mut text = text.to_owned();
    for (start, end, new) in edits.into_iter().rev() {
        text.replace_range(start..end, new);
    }
    text
}

#[test]
fn session_about_the_incident_shows_and_fixes_it() {
    // The file on disk has no contradiction: the open document counts.
    let clean = INCIDENT.replace("      E2E_MODEL_SLUG: MiniMax-M2\n", "");
    let scratch = Scratch::new("lsp-incident").file(WORKFLOW, &clean);
    let mut client = Client::new(&scratch);
    let found = client.open(WORKFLOW, INCIDENT);
    let [diagnostic] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(diagnostic["code"], "platform-path-byok-model");
    assert_eq!(diagnostic["range"], range((7, 6), (7, 20)));
    assert_eq!(diagnostic["severity"], 1);
    assert_eq!(diagnostic["source"], "slugproof");
    // A browser opens the link. Without a repository in the manifest, the page does not exist.
    let link = diagnostic["codeDescription"]["href"].as_str();
    assert_eq!(link.is_some(), env!("CARGO_PKG_REPOSITORY").starts_with("http"), "{diagnostic}");
    assert!(link.is_none_or(|link| link.starts_with("http") && link.ends_with("platform-path-byok-model")), "{link:?}");
    let message = diagnostic["message"].as_str().expect("a text");
    assert!(message.contains("selects `MiniMax-M2` for `claude-code`"), "{message}");
    let related = &diagnostic["relatedInformation"][0]["location"];
    assert_eq!(related["uri"], client.uri(WORKFLOW));
    assert_eq!(related["range"], range((6, 6), (6, 18)));

    let position = client.at(WORKFLOW, 7, 25);
    let hover = client.request("textDocument/hover", position);
    let text = hover["result"]["contents"]["value"].as_str().unwrap_or_else(|| panic!("{hover}"));
    assert_eq!(hover["result"]["range"], range((7, 22), (7, 32)));
    for part in ["**`MiniMax-M2`**", "`claude-code`", "provider `minimax`", "MINIMAX_API_KEY", "you pay"] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    let position = client.at(WORKFLOW, 0, 2);
    assert_eq!(client.request("textDocument/hover", position)["result"], Value::Null);

    // `lint` has no patch for it, because it cannot know who should pay.
    assert!(message.contains("help: unset E2E_MODEL_SLUG"), "{message}");
    assert_eq!(client.fixes(WORKFLOW, &range((7, 10), (7, 10))), Vec::<Value>::new());

    // For a wrong spelling, it has one.
    let misspelt = INCIDENT.replace("platform\n", "byok\n      E2E_MINIMAX_API_KEY: ${{ secrets.KEY }}\n");
    let misspelt = misspelt.replace(": MiniMax-M2\n", ": minimax:MiniMax-M2.7\n");
    let found = client.change(WORKFLOW, &misspelt);
    assert_eq!(found[0]["code"], "unregistered-model", "{found:?}");
    let actions = client.fixes(WORKFLOW, &range((8, 10), (8, 10)));
    let [action] = actions.as_slice() else { panic!("{actions:?}") };
    assert_eq!((action["kind"].as_str(), action["isPreferred"].as_bool()), (Some("quickfix"), Some(true)));
    assert_eq!(action["diagnostics"][0], found[0]);
    assert_eq!(client.fixes(WORKFLOW, &range((0, 0), (2, 0))), Vec::<Value>::new());
    let fixed = applied(&misspelt, action, &client.uri(WORKFLOW));
    assert!(fixed.contains("E2E_MODEL_SLUG: MiniMax-M2.7\n"), "{fixed}");
    assert_eq!(client.change(WORKFLOW, &fixed), Vec::<Value>::new(), "{fixed}");

    client.change(WORKFLOW, INCIDENT);
    let labels = client.labels(WORKFLOW, 6, 20);
    assert!(labels.contains(&"platform".to_owned()), "{labels:?}");
    let labels = client.labels(WORKFLOW, 7, 26);
    assert!(labels.contains(&"MiniMax-M2.7".to_owned()), "{labels:?}");
    assert!(labels.iter().all(|label| label.to_lowercase().contains("mini")), "{labels:?}");
    let labels = client.labels(WORKFLOW, 7, 10);
    assert!(labels.contains(&"E2E_MINIMAX_API_KEY".to_owned()), "{labels:?}");

    // After the document is closed, the file on disk counts.
    let document = json!({"uri": client.uri(WORKFLOW)});
    client.notify("textDocument/didClose", json!({"textDocument": document}));
    assert_eq!(client.diagnostics(WORKFLOW), Vec::<Value>::new());
    client.end();
}

const PROVIDERS: &str = "\
schema_version: 1
providers:
  - {name: acme, auth_env: [ACME_API_KEY]}
  - {name: zeta, auth_env: [ZETA_API_KEY]}
runtimes:
  agent:
    providers:
      - {name: acme, models: [acme-1], withdrawn_models: [acme-0]}
      - {name: zeta, models: [zeta-1]}
";

const POLICY: &str = "\
schema_version: 2
name: nightly
harness: [nightly.sh]
runtimes: [agent]
model: [{use: [$MODEL, acme-1]}]
secrets: [{key: KEY, inject: [ACME_API_KEY]}]
";

const CONFIG: &str = "schema_version: 1\nregistry: providers.yaml\npolicies: [policy.yaml]\n";

const NIGHTLY: &str = "\
on: push
jobs:
  nightly:
    steps:
      - run: ./nightly.sh
        env: {KEY: \"${{ secrets.KEY }}\"}
";

fn project(name: &str) -> Scratch {
    let scratch = Scratch::new(&format!("lsp-{name}")).file("providers.yaml", PROVIDERS).file("policy.yaml", POLICY);
    scratch.file("slugproof.yaml", CONFIG).file("nightly.sh", "").file(".github/workflows/nightly.yml", NIGHTLY)
}

/// An edit of one file that is not saved changes the findings about another file.
#[test]
fn open_documents_replace_files_on_disk() {
    let mut client = Client::new(&project("overlay"));
    assert_eq!(client.open(".github/workflows/nightly.yml", NIGHTLY), Vec::<Value>::new());
    assert_eq!(client.open("providers.yaml", PROVIDERS), Vec::<Value>::new());
    let withdrawn = PROVIDERS.replace("[acme-1], withdrawn_models: [acme-0]", "[acme-2], withdrawn_models: [acme-1]");
    client.change("providers.yaml", &withdrawn);
    let found = client.diagnostics(".github/workflows/nightly.yml");
    assert_eq!(found[0]["code"], "withdrawn-model", "{found:?}");
    let found = client.diagnostics("policy.yaml");
    assert!(!found.is_empty(), "check reports the policy");
    client.change("providers.yaml", PROVIDERS);
    assert_eq!(client.diagnostics(".github/workflows/nightly.yml"), Vec::<Value>::new());
    assert_eq!(client.diagnostics("policy.yaml"), Vec::<Value>::new());
    client.end();
}

#[test]
fn open_script_replaces_the_file_on_disk() {
    let start = "#!/bin/sh\nexport MODEL=acme-0\n./nightly.sh\n";
    let scratch = project("script").file("start.sh", "#!/bin/sh\n./nightly.sh\n");
    let workflow = NIGHTLY.replace("./nightly.sh", "./start.sh");
    let scratch = scratch.file(".github/workflows/nightly.yml", &workflow);
    let mut client = Client::new(&scratch);
    assert_eq!(client.open(".github/workflows/nightly.yml", &workflow), Vec::<Value>::new());
    let found = client.open("start.sh", start);
    assert!(format!("{found:?}").contains("withdrawn-model"), "{found:?}");
    let labels = client.labels("start.sh", 1, 18);
    assert!(labels.contains(&"acme-1".to_owned()) && !labels.contains(&"acme-0".to_owned()), "{labels:?}");
    client.end();
}

/// A document outside the folder, or below another slugproof.yaml, hides no finding of the folder.
#[test]
fn folder_is_checked_with_any_open_document() {
    let workflow = NIGHTLY.replace("{KEY:", "{MODEL: acme-0, KEY:");
    let nested = "schema_version: 1\n";
    let scratch = project("folder").file(".github/workflows/nightly.yml", workflow).file("app/slugproof.yaml", nested);
    let outside = Scratch::new("lsp-folder-outside").file("notes.yaml", "x: y\n");
    let code = |found: &[Value]| found.first().map(|first| first["code"].clone());
    for uri in ["app/slugproof.yaml".to_owned(), format!("file://{}/notes.yaml", outside.0.display())] {
        let mut client = Client::new(&scratch);
        let uri = if uri.contains("://") { uri } else { client.uri(&uri) };
        client.notify("textDocument/didOpen", json!({"textDocument": {"uri": uri, "text": nested}}));
        let found = client.diagnostics(".github/workflows/nightly.yml");
        assert_eq!(code(&found), Some(json!("withdrawn-model")), "{uri}: {found:?}");
        // An empty list never replaces it.
        client.notify("textDocument/didClose", json!({"textDocument": {"uri": uri}}));
        assert_eq!(client.diagnostics(".github/workflows/nightly.yml"), found, "{uri}");
        client.end();
    }
    // The document outside has its own project too.
    let outside = outside.file("slugproof.yaml", "schema_version: 1\nregistyr: x\n");
    let mut client = Client::new(&scratch);
    let uri = format!("file://{}/slugproof.yaml", outside.0.display());
    let text = "schema_version: 1\nregistyr: x\n";
    client.notify("textDocument/didOpen", json!({"textDocument": {"uri": uri, "text": text}}));
    client.diagnostics(".github/workflows/nightly.yml");
    let is_about = |message: &&Value| message["params"]["uri"] == uri.as_str();
    let published = client.seen.iter().find(is_about).expect("the document has diagnostics");
    assert_eq!(published["params"]["diagnostics"][0]["code"], "invalid-config", "{published}");
    client.end();
}

/// A device or a pipe would stop the server, or fill its memory.
#[cfg(unix)]
#[test]
fn only_regular_files_are_read() {
    let scratch = project("special");
    let pipe = scratch.0.join("pipe.yaml");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo is there").success());
    std::os::unix::fs::symlink("pipe.yaml", scratch.0.join("link.yaml")).expect("a link can be made");
    let mut client = Client::new(&scratch);
    client.open("slugproof.yaml", CONFIG);
    for name in ["/dev/zero", "/dev/stdin", "/dev/tty", "pipe.yaml", "link.yaml", "./pipe.yaml"] {
        if name.starts_with("/dev") && !Path::new(name).exists() {
            continue;
        }
        for (field, text, line) in [
            ("registry", CONFIG.replace("providers.yaml", name), 1),
            ("policies", CONFIG.replace("policy.yaml", name), 2),
            ("workflows", format!("{CONFIG}workflows: [{name}]\n"), 3),
            ("harness_policy", format!("{CONFIG}harness_policy: {name}\n"), 3),
        ] {
            let found = client.change("slugproof.yaml", &text);
            let position = client.at("slugproof.yaml", line, 12);
            client.request("textDocument/completion", position);
            if field == "workflows" || field == "harness_policy" {
                continue;
            }
            let [first, ..] = found.as_slice() else { panic!("nothing is found in {text:?}") };
            let place = (&first["code"], &first["range"]["start"]["line"]);
            assert_eq!(place, (&json!("unreadable-file"), &json!(line)), "{text}: {found:?}");
            assert!(first["message"].as_str().is_some_and(|it| it.contains("is not a regular file")), "{first}");
        }
    }
    assert_eq!(client.change("slugproof.yaml", CONFIG), Vec::<Value>::new());
    client.end();
}

/// The server reads no more of a file than a reader accepts.
#[cfg(target_os = "linux")]
#[test]
fn huge_file_does_not_fill_the_memory() {
    let scratch = project("huge").file("huge.yaml", "");
    let huge = std::fs::OpenOptions::new().write(true).open(scratch.0.join("huge.yaml")).expect("it can be opened");
    huge.set_len(1 << 30).expect("a file can be sparse");
    let mut client = Client::new(&scratch);
    client.open("slugproof.yaml", &CONFIG.replace("providers.yaml", "huge.yaml"));
    let found = client.diagnostics("huge.yaml");
    assert!(!found.is_empty(), "the file is too large");
    let status = std::fs::read_to_string(format!("/proc/{}/status", client.server.id())).expect("the server runs");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
    let peak: u64 = peak.and_then(|peak| peak.parse().ok()).expect("a number");
    assert!(peak < 400 << 10, "{peak} KiB");
    client.end();
}

/// The server asks for changes of the files that it reads, not for those of a build.
#[test]
fn watched_files_are_those_that_are_read() {
    let scratch = project("watched").file("target/CACHEDIR.TAG", "").file("target/unit.json", "");
    let mut client = Client::start(&scratch);
    let folders = json!([{"uri": client.root, "name": "top"}]);
    let capabilities = json!({"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": true}}});
    client.request("initialize", json!({"capabilities": capabilities, "workspaceFolders": folders}));
    client.notify("initialized", json!({}));
    client.open("slugproof.yaml", CONFIG);
    let registration = client.seen.iter().find(|message| message["method"] == "client/registerCapability");
    let options = &registration.expect("the server registers")["params"]["registrations"][0]["registerOptions"];
    let watchers = options["watchers"].as_array().expect("a list");
    let mut patterns = OverrideBuilder::new("/top");
    for watcher in watchers {
        patterns.add(watcher["globPattern"].as_str().expect("a text")).expect("a pattern");
    }
    let patterns = patterns.build().expect("they are valid");
    for (name, is_watched) in [
        ("slugproof.yaml", true),
        (".github/workflows/x.yml", true),
        ("a/b/run.sh", true),
        ("run.bash", true),
        ("package.json", true),
        ("sub/Makefile", true),
        ("ci/x.mk", true),
        ("justfile", true),
        ("app/pins.py", true),
        (".git/index", false),
        (".git/objects/ab/cdef", false),
        ("target/debug/build.o", false),
        ("target/debug/libx.rlib", false),
        ("README.md", false),
    ] {
        assert_eq!(patterns.matched(name, false).is_whitelist(), is_watched, "{name}: {watchers:?}");
    }
    // A changed file shows whether the commands run.
    let workflow = NIGHTLY.replace("{KEY:", "{MODEL: acme-0, KEY:");
    std::fs::write(scratch.0.join(".github/workflows/nightly.yml"), workflow).expect("it can be written to");
    for (name, is_found) in
        [("target/unit.json", false), (".git/x.json", false), (".github/workflows/nightly.yml", true)]
    {
        let changes = json!([{"uri": client.uri(name), "type": 2}]);
        client.notify("workspace/didChangeWatchedFiles", json!({"changes": changes}));
        let found = client.diagnostics(".github/workflows/nightly.yml");
        assert_eq!(!found.is_empty(), is_found, "{name}: {found:?}");
    }
    client.end();
}

/// A broken slugproof.yaml is a finding in that file, and nothing else stops working.
#[test]
fn broken_configuration_is_a_diagnostic() {
    let mut client = Client::new(&project("broken"));
    assert_eq!(client.open("slugproof.yaml", CONFIG), Vec::<Value>::new());
    let broken = [
        (CONFIG.replace("registry: p", "registyr: p"), "invalid-config", (1, 0)),
        (CONFIG.replace("[policy.yaml]", "[policy.yaml"), "unreadable-file", (2, 10)),
        (CONFIG.replace("providers.yaml", "provider.yaml"), "unreadable-file", (1, 10)),
        (format!("{CONFIG}\u{1}"), "unreadable-file", (3, 0)),
        (String::new(), "unreadable-file", (0, 0)),
    ];
    for (text, code, (line, character)) in broken {
        let found = client.change("slugproof.yaml", &text);
        let [first, ..] = found.as_slice() else { panic!("nothing is found in {text:?}") };
        assert_eq!(first["severity"], 1);
        assert_eq!(
            (first["code"].as_str(), &first["range"]["start"]),
            (Some(code), &json!({"line": line, "character": character})),
            "{text:?}: {first}"
        );
    }
    // `check` does not report this one: the reader of slugproof.yaml knows no workflows.
    let found = client.change(
        "slugproof.yaml",
        &format!("{CONFIG}accept:\n  - {{code: missing-credential, job: nope, reason: why}}\n"),
    );
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0]["range"]["start"], json!({"line": 4, "character": 36}), "{found:?}");
    assert!(found[0]["message"].as_str().unwrap().contains("`nope`"), "{found:?}");
    // The names are those of the last valid data.
    client.change("slugproof.yaml", "schema_version: 1\nharness_policy: \nregistry: [");
    assert!(client.labels("slugproof.yaml", 1, 16).contains(&"full-saas".to_owned()));
    assert_eq!(client.change("slugproof.yaml", CONFIG), Vec::<Value>::new());
    client.end();
}

#[test]
fn completion_follows_the_field() {
    let mut client = Client::new(&project("completion"));
    let config = format!(
        "{CONFIG}deny: [shad]\naccept:\n  - {{code: miss, policy: ni, runtime: ag, unset: [K], reason: why}}\n\
         invariants:\n  - never: {{provider: ze, billing: by}}\n"
    );
    client.open("slugproof.yaml", &config);
    let mut at = |text: &str, label: &str| {
        let line = config.lines().position(|line| line.contains(text)).expect("the line exists");
        let column = config.lines().nth(line).expect("it exists").find(text).expect("it exists") + text.len();
        let labels = client.labels("slugproof.yaml", line, column);
        assert!(labels.contains(&label.to_owned()), "{text}: {labels:?}");
    };
    at("deny: [shad", "shadowed-variable");
    at("code: miss", "missing-credential");
    at("policy: ni", "nightly");
    at("runtime: ag", "agent");
    at("unset: [K", "KEY");
    at("provider: ze", "zeta");
    at("billing: by", "byok");
    client.open("policy.yaml", &POLICY.replace("[$MODEL, acme-1]", "$MO"));
    assert_eq!(client.labels("policy.yaml", 4, 17), ["MODEL"]);
    let labels = client.labels("policy.yaml", 5, 31);
    assert!(labels.contains(&"ACME_API_KEY".to_owned()), "{labels:?}");
    client.end();
}

#[test]
fn positions_count_utf16_units() {
    let scratch = Scratch::new("lsp-utf16");
    let text = INCIDENT.replace(
        "    env:\n      E2E_LLM_PATH: platform\n      E2E_MODEL_SLUG: MiniMax-M2\n",
        "    env: {X: \"😀é\", E2E_LLM_PATH: platform, E2E_MODEL_SLUG: MiniMax-M2}\n",
    );
    let scratch = scratch.file(WORKFLOW, &text);
    let mut client = Client::new(&scratch);
    let found = client.open(WORKFLOW, &text);
    assert_eq!(found[0]["range"], range((5, 44), (5, 58)), "{found:?}");
    let position = client.at(WORKFLOW, 5, 62);
    let hover = client.request("textDocument/hover", position);
    assert_eq!(hover["result"]["range"], range((5, 60), (5, 70)));
    let text = text.replace("E2E_LLM_PATH: platform", "E2E_MINIMAX_API_KEY: set").replace("iniMax-M2", "iniMax-M2.7");
    let text = text.replace("MiniMax", "minimax:MiniMax").replace("{X", "{E2E_LLM_PATH: byok, X");
    client.change(WORKFLOW, &text);
    let actions = client.fixes(WORKFLOW, &range((5, 75), (5, 75)));
    let fixed = applied(&text, &actions[0], &client.uri(WORKFLOW));
    assert_eq!(client.change(WORKFLOW, &fixed), Vec::<Value>::new(), "{fixed}");
    client.end();
}

/// Line breaks of Windows stay, and positions between them and inside a character have an answer.
#[test]
fn lines_may_end_with_cr_lf() {
    let text = INCIDENT
        .replace("platform\n", "byok\n      E2E_MINIMAX_API_KEY: ${{ secrets.KEY }}\n")
        .replace(": MiniMax-M2\n", ": minimax:MiniMax-M2.7\n")
        .replace("name: r", "name: 😀r")
        .replace('\n', "\r\n");
    let scratch = Scratch::new("lsp-crlf").file(WORKFLOW, &text);
    let mut client = Client::new(&scratch);
    let found = client.open(WORKFLOW, &text);
    assert_eq!(found[0]["range"], range((8, 6), (8, 20)), "{found:?}");
    let actions = client.fixes(WORKFLOW, &range((8, 10), (8, 10)));
    let fixed = applied(&text, &actions[0], &client.uri(WORKFLOW));
    assert_eq!(fixed.replace("\r\n", "").matches(['\r', '\n']).count(), 0, "{fixed:?}");
    for (line, character) in [(0, 7), (0, 1000), (8, 43), (99, 0)] {
        let position = client.at(WORKFLOW, line, character);
        assert!(client.request("textDocument/hover", position.clone()).get("result").is_some(), "{position}");
        assert!(client.request("textDocument/completion", position.clone()).get("result").is_some(), "{position}");
    }
    assert_eq!(client.change(WORKFLOW, &fixed), Vec::<Value>::new(), "{fixed}");
    client.end();
}

/// Documents that are not open or have no file, and messages of another form, have an answer.
#[test]
fn odd_messages_are_answered() {
    let scratch = Scratch::new("lsp-odd").file(WORKFLOW, INCIDENT);
    let mut client = Client::new(&scratch);
    // A change of a document that is not open has no effect: the file on disk counts.
    let document = json!({"uri": client.uri(WORKFLOW), "version": 2});
    let change = json!({"textDocument": document, "contentChanges": [{"text": "on: push"}]});
    client.notify("textDocument/didChange", change);
    assert_eq!(client.diagnostics(WORKFLOW).len(), 1);
    let position = client.at(WORKFLOW, 7, 25);
    assert_eq!(client.request("textDocument/hover", position)["error"]["code"], -32602);
    for uri in ["untitled:Untitled-1", "vscode-vfs://host/a.yml", "file://host/a.yml", "git:/a.yml?{}", "%zz", ""] {
        let document = json!({"uri": uri, "languageId": "yaml", "version": 1, "text": INCIDENT});
        client.notify("textDocument/didOpen", json!({"textDocument": document}));
        let change = json!({"textDocument": document, "contentChanges": [{"text": "x"}]});
        client.notify("textDocument/didChange", change);
        let start = range((0, 0), (0, 0));
        let params = json!({"textDocument": document, "range": start, "position": {"line": 7, "character": 25}});
        for method in ["textDocument/hover", "textDocument/completion", "textDocument/codeAction"] {
            let answer = client.request(method, params.clone());
            assert_eq!((answer.get("result"), answer.get("error")), (Some(&Value::Null), None), "{method} {uri}");
        }
        client.notify("textDocument/didClose", json!({"textDocument": document}));
    }
    for content in [
        json!({"id": {"a": 1}, "method": "textDocument/hover"}),
        json!({"id": [7], "method": "shutdown"}),
        json!({"id": null, "method": "shutdown"}),
        json!([{"id": 1, "method": "shutdown"}]),
        json!({"id": 1, "method": ["shutdown"]}),
    ] {
        client.write(content.to_string().as_bytes());
        let answer = client.next();
        assert_eq!(answer["error"]["code"], -32600, "{content}: {answer}");
    }
    client.write(b"");
    assert_eq!(client.next()["error"]["code"], -32700);
    let about_others = |message: &&Value| {
        let uri = message["params"]["uri"].as_str().unwrap_or_default();
        message["method"] == "textDocument/publishDiagnostics" && !uri.ends_with(WORKFLOW)
    };
    assert_eq!(client.end().iter().find(about_others), None);
}

/// A message whose header has another length ends the session or is an error, and is never waited for.
#[test]
fn wrong_lengths_end_the_session() {
    let message = r#"{"id": 1, "method": "x/y"}"#;
    for (header, code) in [
        ("Content-Length: 3\r\n\r\n", 2),
        ("Content-Length: 300\r\n\r\n", 2),
        ("Content-Length: 18446744073709551615\r\n\r\n", 2),
        ("Content-Length: 0x1a\r\n\r\n", 2),
        ("Content-Length: 3\r\nContent-Length: 26\r\n\r\n", 1),
        ("Content-Length: 26\r\nContent-Type: application/vscode-jsonrpc\r\n\r\n", 1),
    ] {
        let output = slugproof(["lsp"]).input(format!("{header}{message}")).run();
        assert_eq!((output.code, output.stderr.as_str()), (code, ""), "{header}: {}", output.stdout);
        assert_eq!(output.stdout.contains("-32002"), code == 1, "{header}: {}", output.stdout);
    }
}

/// A document of nearly 1 MiB has its finding, and a larger one says that it is too large.
#[test]
fn large_documents_are_answered() {
    let scratch = Scratch::new("lsp-large").file(WORKFLOW, INCIDENT);
    let mut client = Client::new(&scratch);
    let line = format!("# {}\n", "x".repeat(97));
    let nearly = INCIDENT.to_owned() + &line.repeat(((1 << 20) - INCIDENT.len()) / line.len());
    assert_eq!(client.open(WORKFLOW, &nearly)[0]["code"], "platform-path-byok-model");
    let position = client.at(WORKFLOW, 10_000, 50);
    assert_eq!(client.request("textDocument/hover", position)["result"], Value::Null);
    let found = client.change(WORKFLOW, &(nearly + &line));
    assert_eq!((found.len(), &found[0]["code"]), (1, &json!("unreadable-file")), "{found:?}");
    assert_eq!(client.change(WORKFLOW, INCIDENT)[0]["code"], "platform-path-byok-model");
    client.end();
}

/// The last of several changes counts, and a cancelled request has an answer.
#[test]
fn waiting_changes_are_merged() {
    let scratch = Scratch::new("lsp-merged").file(WORKFLOW, INCIDENT);
    let mut client = Client::new(&scratch);
    client.open(WORKFLOW, INCIDENT);
    let uri = client.uri(WORKFLOW);
    for version in 0..100 {
        let text = if version == 99 { INCIDENT.replace("MiniMax-M2", "MiniMax-M3") } else { INCIDENT.to_owned() };
        let document = json!({"uri": uri, "version": version});
        client.notify("textDocument/didChange", json!({"textDocument": document, "contentChanges": [{"text": text}]}));
    }
    let actions = client.fixes(WORKFLOW, &range((7, 10), (7, 10)));
    assert!(!format!("{actions:?}").contains("MiniMax-M2"), "{actions:?}");
    let published = |client: &Client| {
        client.seen.iter().filter(|message| message["method"] == "textDocument/publishDiagnostics").count()
    };
    assert!(published(&client) < 100, "the commands ran for every change");
    client.notify("$/cancelRequest", json!({"id": 4711}));
    let _ = client.request("nonsense/request", json!([]));
    client.end();
}

/// No message has a secret that is in a file of the workspace.
#[test]
fn secrets_are_in_no_message() {
    const KEY: &str = "sk-proj-0123456789abcdefghij";
    let scratch = project("secrets");
    let mut client = Client::new(&scratch);
    let workflow = NIGHTLY.replace("{KEY: \"${{ secrets.KEY }}\"}", &format!("{{KEY: {KEY}, MODEL: {KEY}}}"));
    client.open(".github/workflows/nightly.yml", &workflow);
    for column in 0..60 {
        let position = client.at(".github/workflows/nightly.yml", 5, column);
        client.request("textDocument/hover", position.clone());
        client.request("textDocument/completion", position);
    }
    client.fixes(".github/workflows/nightly.yml", &range((0, 0), (9, 0)));
    for text in [
        CONFIG.replace("providers.yaml", KEY),
        format!("{CONFIG}{KEY}: x\n"),
        format!("{CONFIG}harness_policy: {KEY}\n"),
        format!("{CONFIG}{KEY}"),
        format!("{CONFIG}workflows: ['{KEY}']\n"),
    ] {
        client.notify(
            "textDocument/didOpen",
            json!({"textDocument": {"uri": client.uri("slugproof.yaml"), "text": text}}),
        );
        let found = client.diagnostics("slugproof.yaml");
        assert!(!found.is_empty(), "{text}");
    }
    client.change("slugproof.yaml", CONFIG);
    client.open("providers.yaml", &PROVIDERS.replace("zeta-1", KEY));
    client.labels(".github/workflows/nightly.yml", 5, 45);
    client.open("policy.yaml", &POLICY.replace("key: KEY", &format!("key: {KEY}")));
    for message in client.end() {
        assert!(!message.to_string().contains(KEY), "{message}");
    }
}

#[test]
fn requests_outside_the_session_are_refused() {
    let scratch = Scratch::new("lsp-order");
    let mut client = Client::start(&scratch);
    let code = |answer: &Value| answer["error"]["code"].as_i64();
    assert_eq!(code(&client.request("textDocument/hover", json!({}))), Some(-32002));
    client.notify("textDocument/didOpen", json!({"textDocument": {"uri": "file:///x", "text": "x"}}));
    assert!(client.request("initialize", json!({"rootUri": null}))["result"]["serverInfo"]["version"].is_string());
    assert_eq!(code(&client.request("initialize", json!({}))), Some(-32600));
    assert_eq!(code(&client.request("workspace/unknown", json!({}))), Some(-32601));
    for params in [json!(null), json!([]), json!({}), json!({"textDocument": {"uri": "file:///not/open"}})] {
        for method in ["textDocument/hover", "textDocument/completion", "textDocument/codeAction"] {
            assert_eq!(code(&client.request(method, params.clone())), Some(-32602), "{method} {params}");
        }
        for method in ["textDocument/didOpen", "textDocument/didChange", "workspace/didChangeWorkspaceFolders", "x/y"] {
            client.notify(method, params.clone());
        }
    }
    for (content, error) in
        [("{", -32700), ("[]", -32600), ("{}", -32600), ("null", -32600), ("{\"id\":1}", -32600), ("\u{fffd}", -32700)]
    {
        client.write(content.as_bytes());
        let answer = client.next();
        assert_eq!(code(&answer), Some(error), "{content}: {answer}");
    }
    client.write(b"{\"result\": 1, \"id\": 7}");
    assert_eq!(client.request("shutdown", Value::Null)["result"], Value::Null);
    assert_eq!(code(&client.request("textDocument/hover", json!({}))), Some(-32600));
    client.notify("exit", Value::Null);
    assert_eq!(client.wait().0, 0);
}

#[test]
fn exit_code_says_how_the_session_ended() {
    let scratch = Scratch::new("lsp-exit");
    let mut client = Client::new(&scratch);
    client.notify("exit", Value::Null);
    assert_eq!(client.wait().0, 1, "exit without shutdown");
    assert_eq!(Client::new(&scratch).wait().0, 1, "end of the input");
    let mut client = Client::new(&scratch);
    client.request("shutdown", Value::Null);
    assert_eq!(client.wait().0, 0, "end of the input after shutdown");
    for input in ["Content-Length: x\r\n\r\n", "Content-Length: 5\r\n\r\n{", "GET / HTTP/1.1\r\n\r\n"] {
        let output = slugproof(["lsp", "--stdio"]).input(input).run();
        assert_eq!((output.code, output.stderr.as_str()), (2, ""), "{input}");
        assert!(output.stdout.contains("-32700"), "{}", output.stdout);
    }
}

/// Documents that a reader refuses, or that are far too large, have an answer, and the session goes on.
#[test]
fn hostile_documents_have_diagnostics() {
    let mut client = Client::new(&project("hostile"));
    let bomb =
        "a: &a [x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a]\nc: [*b, *b, *b, *b, *b, *b]\n";
    let hostile = [
        "[".repeat(100_000),
        format!("schema_version: 1\n{bomb}"),
        "schema_version: 1\nregistry: {a: 1\u{0}}".to_owned(),
        "schema_version: 1\nregistry: \u{202e}\u{1b}[2J".to_owned(),
        "- ".repeat(50_000),
        format!("schema_version: 1\nabsent_secrets: [{}\n", "😀, ".repeat(50_000)),
        format!("schema_version: 1\nregistry: {}\n", "x".repeat(17 << 20)),
        "\u{feff}\r\r\n\u{2028}: \u{85}".to_owned(),
    ];
    client.open("slugproof.yaml", CONFIG);
    for text in hostile {
        for file in ["slugproof.yaml", "providers.yaml", "policy.yaml", ".github/workflows/nightly.yml", "nightly.sh"] {
            // One reader of documents has the limit of their size.
            if text.len() > 1 << 20 && file != "slugproof.yaml" {
                continue;
            }
            let document = json!({"uri": client.uri(file), "text": text});
            client.notify("textDocument/didOpen", json!({"textDocument": document}));
            if file == "slugproof.yaml" {
                let found = client.diagnostics(file);
                let start: String = text.chars().take(40).collect();
                assert!(!found.is_empty(), "{start}");
                let message = found[0]["message"].as_str().expect("a text");
                assert!(!message.contains(['\u{1b}', '\u{202e}', '\u{0}']), "{message:?}");
            }
            let position = client.at(file, 1, 20_000);
            for method in ["textDocument/hover", "textDocument/completion"] {
                let answer = client.request(method, position.clone());
                assert!(answer.get("result").is_some(), "{answer}");
            }
            let document = json!({"uri": client.uri(file)});
            client.notify("textDocument/didClose", json!({"textDocument": document}));
        }
    }
    assert_eq!(client.open("slugproof.yaml", CONFIG), Vec::<Value>::new());
    client.end();
}

/// A session in which bytes are changed, dropped or doubled ends without a panic, whatever it says.
#[test]
fn damaged_sessions_end() {
    let scratch = project("damaged");
    let root = format!("file://{}", scratch.0.display());
    let document = json!({"uri": format!("{root}/.github/workflows/nightly.yml"), "text": NIGHTLY});
    let position = json!({"textDocument": document, "position": {"line": 5, "character": 70}});
    let messages = [
        json!({"id": 1, "method": "initialize", "params": {"rootUri": root}}),
        json!({"method": "textDocument/didOpen", "params": {"textDocument": document}}),
        json!({"id": 2, "method": "textDocument/hover", "params": position}),
        json!({"id": 3, "method": "textDocument/completion", "params": position}),
        json!({"id": 4, "method": "shutdown"}),
        json!({"method": "exit"}),
    ];
    let mut session = Vec::new();
    for message in messages {
        let content = message.to_string();
        session.extend(format!("Content-Length: {}\r\n\r\n{content}", content.len()).bytes());
    }
    let output = slugproof(["lsp"]).input(session.clone()).run();
    assert_eq!((output.code, output.stderr.as_str()), (0, ""), "{}", output.stdout);
    for number in 0..40 {
        let at = session.len() * number / 40;
        let mut damaged = session.clone();
        match number % 4 {
            0 => damaged.truncate(at),
            1 => damaged[at] = 0xFF,
            2 => drop(damaged.remove(at)),
            _ => damaged.insert(at, b'"'),
        }
        let output = slugproof(["lsp"]).input(damaged).run();
        assert!([0, 1, 2].contains(&output.code), "{number}: {}", output.snapshot());
        assert_eq!(output.stderr, "", "{number}");
    }
    assert!(Path::new(&scratch.0).join("slugproof.yaml").is_file());
}
