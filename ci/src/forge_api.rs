//! Requests to the API of a forge, GitHub or Gitea, about this repository.
//!
//! Both set the same variables and accept the same requests. curl sends the requests, so that this program
//! needs no HTTP library.

use std::path::Path;

use serde_json::Value;

use crate::checkout;
use crate::failure::{Context, Result, error};
use crate::process::Process;

/// The API of the forge.
pub struct Api {
    /// The URL before the path of each request.
    url: String,
    /// The header line that authorises the requests.
    authorization: String,
}

/// What a request sends.
pub enum Body<'a> {
    /// Nothing.
    None,
    /// A JSON document.
    Json(Value),
    /// A file, as the field `attachment` of a form.
    Attachment(&'a Path),
}

impl Api {
    /// The API of this repository. Reads TOKEN and the variables that the forge sets for every job.
    pub fn of_repository() -> Result<Self> {
        let url = format!("{}/repos/{}", variable("GITHUB_API_URL")?, variable("GITHUB_REPOSITORY")?);
        Ok(Self { url, authorization: format!("Authorization: token {}\n", variable("TOKEN")?) })
    }

    /// Sends a GET request and returns the answer.
    pub fn get(&self, path: &str) -> Result<Value> {
        self.send("GET", path, &Body::None)
    }

    /// Sends a POST request and returns the answer.
    pub fn post(&self, path: &str, body: &Body) -> Result<Value> {
        self.send("POST", path, body)
    }

    /// Sends a request and returns the answer; `Null` if it is empty.
    pub fn send(&self, method: &str, path: &str, body: &Body) -> Result<Value> {
        let scratch = checkout::temporary_directory()?;
        // Writes a file and returns the argument that makes curl read it.
        let argument_file = |name: &str, text: &str| -> Result<String> {
            let file = scratch.path().join(name);
            checkout::write(&file, text)?;
            Ok(format!("@{}", file.display()))
        };
        let mut curl = Process::new("curl").args(["--fail", "--silent", "--show-error", "--request", method]);
        // The token is in a file, because every user can see the arguments of a process.
        curl = curl.args(["--max-time", "600", "--header", &argument_file("authorization", &self.authorization)?]);
        match body {
            Body::None => {}
            Body::Json(body) => {
                let body = argument_file("body", &body.to_string())?;
                curl = curl.args(["--header", "Content-Type: application/json", "--data-binary", &body]);
            }
            Body::Attachment(file) => curl = curl.args(["--form", &format!("attachment=@{}", file.display())]),
        }
        let answer = curl.arg(format!("{}{path}", self.url)).read_stdout()?;
        if answer.trim().is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&answer).context(|| format!("cannot read the answer to {method} {path}"))
    }
}

/// The value of an environment variable, which a job of the forge has.
pub fn variable(name: &str) -> Result<String> {
    match std::env::var(name) {
        Ok(value) if !value.is_empty() => Ok(value),
        _ => error(format!(
            "the environment variable `{name}` is missing or empty; run this command in a job of the forge, as its \
             workflow does"
        )),
    }
}
