//! `cargo ci report-failure`: opens an issue about a failed night, or comments on the open
//! issue, so that several failed nights in a row give one issue.
//!
//! GitHub and Gitea set the same variables and accept the same requests. curl sends them, so
//! that this program needs no HTTP library.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::checkout;
use crate::failure::{Context, Result, broken};
use crate::process::Process;

const TITLE: &str = "Nightly checks failed";

/// Maximum length of a summary in characters; the limit of an issue is 65,536.
const SUMMARY_CHARS: usize = 50_000;

/// Does nothing if every job succeeded. Reads NEEDS (the context `needs` as JSON), TOKEN, and
/// the variables that the forge sets for every job.
pub fn run() -> Result {
    let needs: BTreeMap<String, Job> =
        serde_json::from_str(&variable("NEEDS")?).context(|| "cannot read NEEDS".to_owned())?;
    if needs.values().all(|job| job.result == "success") {
        println!("every job succeeded");
        return Ok(());
    }
    let body = body(&run_url()?, &needs);
    let forge = Forge {
        repository: format!("{}/repos/{}", variable("GITHUB_API_URL")?, variable("GITHUB_REPOSITORY")?),
        token: variable("TOKEN")?,
    };
    let (verb, answer) = match forge.open_issue()? {
        Some(number) => {
            ("commented", forge.request(&format!("issues/{number}/comments"), Some(json!({"body": body})))?)
        }
        None => ("opened", forge.request("issues", Some(json!({"title": TITLE, "body": body})))?),
    };
    println!("{verb}: {}", answer["html_url"].as_str().unwrap_or_default());
    Ok(())
}

/// A job of the context `needs`.
#[derive(Deserialize)]
struct Job {
    result: String,
    #[serde(default)]
    outputs: BTreeMap<String, String>,
}

fn body(url: &str, needs: &BTreeMap<String, Job>) -> String {
    let results: Vec<String> = needs.iter().map(|(name, job)| format!("{name}: {}", job.result)).collect();
    let summaries: Vec<&str> = needs.values().filter_map(|job| Some(job.outputs.get("summary")?.as_str())).collect();
    let summary: String = match summaries.concat().trim() {
        "" => "The jobs wrote no summary.".to_owned(),
        summary => summary.chars().take(SUMMARY_CHARS).collect(),
    };
    format!("{url}\n\n{}\n\n{summary}", results.join(", "))
}

/// The URL of this run. Gitea uses the run number in the repository, GitHub the global run id.
fn run_url() -> Result<String> {
    let number = if std::env::var_os("GITEA_ACTIONS").is_some() { "GITHUB_RUN_NUMBER" } else { "GITHUB_RUN_ID" };
    let (server, repository) = (variable("GITHUB_SERVER_URL")?, variable("GITHUB_REPOSITORY")?);
    Ok(format!("{server}/{repository}/actions/runs/{}", variable(number)?))
}

fn variable(name: &str) -> Result<String> {
    match std::env::var(name) {
        Ok(value) if !value.is_empty() => Ok(value),
        _ => broken(format!("{name} is not set; pass it in the environment")),
    }
}

struct Forge {
    /// The API URL of the repository.
    repository: String,
    token: String,
}

impl Forge {
    /// The number of the open issue about failed nights.
    fn open_issue(&self) -> Result<Option<u64>> {
        for page in 1.. {
            // The two forges have different names for the page size.
            let issues = self.request(&format!("issues?state=open&page={page}&per_page=50&limit=50"), None)?;
            let Some(issues) = issues.as_array().filter(|issues| !issues.is_empty()) else { break };
            if let Some(number) = issues.iter().find(|issue| is_ours(issue)).and_then(|issue| issue["number"].as_u64())
            {
                return Ok(Some(number));
            }
        }
        Ok(None)
    }

    /// Sends a request, a POST if it has a body, and returns the answer.
    fn request(&self, path: &str, body: Option<Value>) -> Result<Value> {
        let scratch = checkout::scratch()?;
        let file = |name: &str, text: &str| -> Result<String> {
            let file = scratch.path().join(name);
            checkout::write(&file, text)?;
            Ok(format!("@{}", file.display()))
        };
        let mut curl = Process::new("curl").args(["--fail", "--silent", "--show-error", "--max-time", "60"]);
        // In a file, because every user can see the arguments of a process.
        let token = file("token", &format!("Authorization: token {}\n", self.token))?;
        curl = curl.args(["--header", &token]);
        if let Some(body) = body {
            let body = file("body", &body.to_string())?;
            curl = curl.args(["--header", "Content-Type: application/json", "--data-binary", &body]);
        }
        let answer = curl.arg(format!("{}/{path}", self.repository)).read()?;
        serde_json::from_str(&answer).context(|| format!("cannot read the answer to {path}"))
    }
}

/// True for an issue of this command, not for a pull request, which GitHub lists as an issue.
fn is_ours(issue: &Value) -> bool {
    issue["title"] == TITLE && issue["pull_request"].is_null()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn body_has_results_and_the_beginning_of_the_summary() {
        let needs = |summary: &str| -> BTreeMap<String, Job> {
            serde_json::from_value(json!({
                "mutants": {"result": "success", "outputs": {}},
                "fuzz": {"result": "failure", "outputs": {"summary": summary}},
            }))
            .unwrap()
        };
        let body = |summary: &str| body("https://forge.example/runs/1", &needs(summary));
        assert_eq!(body("found\n"), "https://forge.example/runs/1\n\nfuzz: failure, mutants: success\n\nfound");
        assert!(body("").ends_with("\n\nThe jobs wrote no summary."));
        assert!(body(&"é".repeat(60_000)).chars().count() < 51_000);
    }

    #[test]
    fn pull_request_is_not_our_issue() {
        assert!(is_ours(&json!({"title": TITLE, "number": 7, "pull_request": null})));
        assert!(is_ours(&json!({"title": TITLE, "number": 7})));
        assert!(!is_ours(&json!({"title": TITLE, "number": 7, "pull_request": {"url": "x"}})));
        assert!(!is_ours(&json!({"title": "another", "number": 8})));
    }
}
