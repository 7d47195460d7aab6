//! What the messages of a client do.

use std::collections::VecDeque;
use std::io::{self, BufReader, Read, Write};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use serde_json::{Value, json};
use slug_protocol::text::{Lines, Place};
use slug_protocol::transport::{self, ErrorCode, Incoming, error, notification, result};
use slug_protocol::uri;

use super::workspace::{QUICK_FIX, Workspace};
use super::{completion, hover};
use crate::exit::{Exit, Failure};

/// The state of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Before `initialize`.
    New,
    /// After `initialize`.
    Running,
    /// After `shutdown`.
    Down,
}

/// The files that the commands read, as patterns. A script without an extension is read too; a change of it counts
/// when an editor saves it, because a pattern for it would match every file.
const WATCHED: [&str; 3] = [
    "**/*.{yaml,yml,sh,bash,json,jsonc,mk,just,py,ts,tsx,js,jsx,mjs,cjs,go}",
    "**/{GNUmakefile,Makefile,makefile}",
    "**/{justfile,Justfile,.justfile}",
];

/// Why a request is refused.
type Refusal = (ErrorCode, &'static str);

struct Server<'o, W> {
    output: &'o mut W,
    state: State,
    workspace: Workspace,
    /// Whether the client asks for changes of files by a registration.
    can_watch: bool,
}

/// Serves one client. Messages are read while the commands run, so that they run once for all changes that wait.
pub fn run(input: impl Read + Send + 'static, output: &mut impl Write) -> Result<Exit, Failure> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut input = BufReader::new(input);
        loop {
            let incoming = transport::read(&mut input);
            let is_end = matches!(incoming, Incoming::End(_));
            if sender.send(incoming).is_err() || is_end {
                return;
            }
        }
    });
    let mut server = Server { output, state: State::New, workspace: Workspace::default(), can_watch: false };
    server.serve(&receiver).map_err(Failure::from)
}

impl<W: Write> Server<'_, W> {
    /// Handles messages until the session ends.
    fn serve(&mut self, receiver: &Receiver<Incoming>) -> io::Result<Exit> {
        let mut waiting: VecDeque<Incoming> = VecDeque::new();
        loop {
            while let Ok(incoming) = receiver.try_recv() {
                waiting.push_back(incoming);
            }
            if waiting.is_empty() {
                self.publish()?;
                match receiver.recv() {
                    Ok(incoming) => waiting.push_back(incoming),
                    Err(_) => return Ok(self.end()),
                }
                continue;
            }
            match waiting.pop_front() {
                Some(Incoming::Message(message)) => {
                    if message["method"] == "exit" && message.get("id").is_none() {
                        return Ok(self.end());
                    }
                    self.handle(&message, &waiting)?;
                }
                Some(Incoming::Malformed(why)) => self.send(&error(&Value::Null, ErrorCode::Parse, why))?,
                Some(Incoming::End(Some(why))) => {
                    self.send(&error(&Value::Null, ErrorCode::Parse, why))?;
                    return Ok(Exit::UsageError);
                }
                Some(Incoming::End(None)) => return Ok(self.end()),
                None => {}
            }
        }
    }

    /// The exit code of the session: an error if the client did not shut the server down.
    fn end(&self) -> Exit {
        if self.state == State::Down { Exit::Clean } else { Exit::Findings }
    }

    fn send(&mut self, message: &Value) -> io::Result<()> {
        transport::write(self.output, message)
    }

    /// Runs the commands if anything changed, and publishes what they find.
    fn publish(&mut self) -> io::Result<()> {
        if self.state != State::Running {
            return Ok(());
        }
        let (diagnostics, failures) = self.workspace.refresh();
        for params in diagnostics {
            self.send(&notification("textDocument/publishDiagnostics", &params))?;
        }
        for failure in failures {
            let params = json!({"type": 1, "message": format!("slugproof: {failure}")});
            self.send(&notification("window/showMessage", &params))?;
        }
        Ok(())
    }

    fn handle(&mut self, message: &Value, waiting: &VecDeque<Incoming>) -> io::Result<()> {
        let id = message.get("id").filter(|id| id.is_string() || id.is_number());
        let Some(method) = message.get("method").and_then(Value::as_str) else {
            // An answer to a request of the server needs nothing; anything else is an error.
            let is_answer = message.get("result").is_some() || message.get("error").is_some();
            if is_answer {
                return Ok(());
            }
            let refusal = error(
                id.unwrap_or(&Value::Null),
                ErrorCode::InvalidRequest,
                "the message has no method; send a request or a notification",
            );
            return self.send(&refusal);
        };
        let params = message.get("params").unwrap_or(&Value::Null);
        let Some(id) = id else {
            if message.get("id").is_some() {
                let why = "the id is neither a number nor a text";
                return self.send(&error(&Value::Null, ErrorCode::InvalidRequest, why));
            }
            return self.notified(method, params);
        };
        if is_cancelled(id, waiting) {
            return self.send(&error(id, ErrorCode::Cancelled, "the request was cancelled"));
        }
        let answer = match (self.state, method) {
            (State::New, "initialize") => Ok(self.initialize(params)),
            (State::New, _) => Err((ErrorCode::NotInitialized, "the first request must be `initialize`")),
            (State::Down, _) => Err((ErrorCode::InvalidRequest, "the server is shut down")),
            (State::Running, "initialize") => Err((ErrorCode::InvalidRequest, "the server is initialized already")),
            (State::Running, "shutdown") => {
                self.state = State::Down;
                Ok(Value::Null)
            }
            // A text without a file, such as one that is not saved yet, has neither findings nor names.
            (State::Running, "textDocument/codeAction" | "textDocument/hover" | "textDocument/completion")
                if params["textDocument"]["uri"].as_str().is_some_and(|uri| uri::path(uri).is_none()) =>
            {
                Ok(Value::Null)
            }
            (State::Running, "textDocument/codeAction") => {
                // The edits belong to the present texts.
                self.publish()?;
                self.code_actions(params)
            }
            (State::Running, "textDocument/hover") => self.hover(params),
            (State::Running, "textDocument/completion") => self.completion(params),
            (State::Running, _) => Err((ErrorCode::MethodNotFound, "the request is unknown")),
        };
        self.send(&match answer {
            Ok(answer) => result(id, &answer),
            Err((code, why)) => error(id, code, why),
        })
    }

    fn initialize(&mut self, params: &Value) -> Value {
        self.state = State::Running;
        let folders = params["workspaceFolders"].as_array().into_iter().flatten();
        let folders: Vec<&str> = folders.filter_map(|folder| folder["uri"].as_str()).collect();
        let folders = if folders.is_empty() { params["rootUri"].as_str().into_iter().collect() } else { folders };
        folders.into_iter().for_each(|folder| self.workspace.add_folder(folder));
        let watching = &params["capabilities"]["workspace"]["didChangeWatchedFiles"]["dynamicRegistration"];
        self.can_watch = watching == &json!(true);
        json!({
            "capabilities": {
                "positionEncoding": "utf-16",
                // Every change has the whole text.
                "textDocumentSync": {"openClose": true, "change": 1, "save": true},
                "codeActionProvider": {"codeActionKinds": [QUICK_FIX]},
                "hoverProvider": true,
                "completionProvider": {"triggerCharacters": [":", "/", "$", "=", " "]},
                "workspace": {"workspaceFolders": {"supported": true, "changeNotifications": true}},
            },
            "serverInfo": {"name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION")},
        })
    }

    /// Handles a notification. An unknown one, and one with other parameters, has no effect.
    fn notified(&mut self, method: &str, params: &Value) -> io::Result<()> {
        if self.state != State::Running {
            return Ok(());
        }
        let document = &params["textDocument"];
        match method {
            "initialized" if self.can_watch => {
                let watchers: Vec<Value> = WATCHED.iter().map(|pattern| json!({"globPattern": pattern})).collect();
                let registration = json!({
                    "id": "files",
                    "method": "workspace/didChangeWatchedFiles",
                    "registerOptions": {"watchers": watchers},
                });
                let params = json!({"registrations": [registration]});
                let request =
                    json!({"jsonrpc": "2.0", "id": "files", "method": "client/registerCapability", "params": params});
                return self.send(&request);
            }
            "textDocument/didOpen" => {
                if let (Some(uri), Some(text)) = (document["uri"].as_str(), document["text"].as_str()) {
                    self.workspace.open(uri, text);
                }
            }
            "textDocument/didChange" => {
                // The last change has the last text. A change with a range is against the capabilities.
                let changes = params["contentChanges"].as_array().into_iter().flatten();
                let whole = changes.filter(|change| change.get("range").is_none());
                let text = whole.filter_map(|change| change["text"].as_str()).next_back();
                if let (Some(uri), Some(text)) = (document["uri"].as_str(), text)
                    && self.workspace.is_open(uri)
                {
                    self.workspace.open(uri, text);
                }
            }
            "textDocument/didClose" => document["uri"].as_str().into_iter().for_each(|uri| self.workspace.close(uri)),
            "textDocument/didSave" => self.workspace.invalidate(),
            "workspace/didChangeWatchedFiles" => {
                let changes = params["changes"].as_array().into_iter().flatten();
                changes.filter_map(|change| change["uri"].as_str()).for_each(|uri| self.workspace.changed(uri));
            }
            "workspace/didChangeWorkspaceFolders" => {
                let folders = |name: &str| {
                    let folders = params["event"][name].as_array().into_iter().flatten();
                    folders.filter_map(|folder| folder["uri"].as_str()).collect::<Vec<_>>()
                };
                folders("removed").into_iter().for_each(|folder| self.workspace.remove_folder(folder));
                folders("added").into_iter().for_each(|folder| self.workspace.add_folder(folder));
            }
            _ => {}
        }
        Ok(())
    }

    fn code_actions(&self, params: &Value) -> Result<Value, Refusal> {
        let (uri, text) = self.document(params)?;
        let range = &params["range"];
        let (Some(start), Some(end)) = (Place::of(&range["start"]), Place::of(&range["end"])) else {
            return Err((ErrorCode::InvalidParams, "the range is missing"));
        };
        let only: Option<Vec<&str>> =
            params["context"]["only"].as_array().map(|kinds| kinds.iter().filter_map(Value::as_str).collect());
        if only.is_some_and(|only| !only.iter().any(|kind| kind.is_empty() || *kind == QUICK_FIX)) {
            return Ok(json!([]));
        }
        let lines = Lines::new(&text);
        Ok(self.workspace.fixes(uri, &(lines.byte(start)..lines.byte(end))))
    }

    fn hover(&mut self, params: &Value) -> Result<Value, Refusal> {
        let (uri, text) = self.document(params)?;
        let place = place(params)?;
        let names = self.workspace.names(uri);
        Ok(names.and_then(|names| hover::answer(&names, &Lines::new(&text), place)).unwrap_or_default())
    }

    fn completion(&mut self, params: &Value) -> Result<Value, Refusal> {
        let (uri, text) = self.document(params)?;
        let place = place(params)?;
        let names = self.workspace.names(uri);
        Ok(names.map_or_else(|| json!([]), |names| completion::answer(&names, &Lines::new(&text), place)))
    }

    /// The URI and the text of the document that a request is about.
    fn document<'p>(&self, params: &'p Value) -> Result<(&'p str, Arc<str>), Refusal> {
        let uri = params["textDocument"]["uri"].as_str();
        let uri = uri.ok_or((ErrorCode::InvalidParams, "the document is missing"))?;
        let text = self.workspace.text(uri).ok_or((ErrorCode::InvalidParams, "the document is not open"))?;
        Ok((uri, text))
    }
}

/// The position that a request is about.
fn place(params: &Value) -> Result<Place, Refusal> {
    Place::of(&params["position"]).ok_or((ErrorCode::InvalidParams, "the position is missing"))
}

/// Returns true if a waiting message cancels a request.
fn is_cancelled(id: &Value, waiting: &VecDeque<Incoming>) -> bool {
    waiting.iter().any(|incoming| match incoming {
        Incoming::Message(message) => message["method"] == "$/cancelRequest" && message["params"]["id"] == *id,
        Incoming::Malformed(_) | Incoming::End(_) => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All messages wait before the first one is handled.
    #[test]
    fn cancelled_request_is_not_run() {
        let (sender, receiver) = channel();
        let messages = [
            json!({"id": 1, "method": "initialize", "params": {}}),
            json!({"id": 2, "method": "x/y"}),
            json!({"id": "3", "method": "x/y"}),
            json!({"id": 4, "method": "shutdown"}),
            json!({"method": "$/cancelRequest", "params": {"id": "3"}}),
            json!({"method": "$/cancelRequest", "params": {"id": 4}}),
            json!({"method": "$/cancelRequest", "params": {"id": 99}}),
        ];
        messages.into_iter().for_each(|message| sender.send(Incoming::Message(message)).unwrap());
        sender.send(Incoming::End(None)).unwrap();
        let mut output = Vec::new();
        let mut server =
            Server { output: &mut output, state: State::New, workspace: Workspace::default(), can_watch: false };
        let exit = server.serve(&receiver).unwrap();
        assert_eq!(exit, Exit::Findings, "the cancelled `shutdown` does not shut the server down");
        let mut answers = Vec::new();
        let mut input = output.as_slice();
        while let Incoming::Message(answer) = transport::read(&mut input) {
            answers.push((answer["id"].clone(), answer["error"]["code"].as_i64()));
        }
        let expected =
            [(json!(1), None), (json!(2), Some(-32601)), (json!("3"), Some(-32800)), (json!(4), Some(-32800))];
        assert_eq!(answers, expected);
    }
}
