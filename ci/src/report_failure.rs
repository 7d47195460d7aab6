//! `cargo ci report-failure`: opens an issue about a failed nightly run. While that issue is
//! open, each further failed run adds a comment to it.
//!
//! GitHub and Gitea set the same variables and accept the same requests. curl sends the
//! requests, so that this program needs no HTTP library.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::checkout;
use crate::failure::{Context, Result, error};
use crate::process::Process;

const TITLE: &str = "Nightly checks failed";

/// Maximum length of the joined summaries, in characters. A forge accepts at most 65,536 characters in
/// an issue.
const MAX_SUMMARY_CHARS: usize = 50_000;

/// Reports the run unless every job succeeded. Reads NEEDS (the `needs` context as JSON), TOKEN,
/// and the variables that the forge sets for every job.
pub fn run() -> Result {
    let needs: BTreeMap<String, Job> =
        serde_json::from_str(&variable("NEEDS")?).context(|| "cannot read NEEDS".to_owned())?;
    if needs.values().all(|job| job.result == "success") {
        println!("every job succeeded");
        return Ok(());
    }
    let body = issue_text(&run_url()?, &needs);
    let forge = Forge {
        api_url: format!("{}/repos/{}", variable("GITHUB_API_URL")?, variable("GITHUB_REPOSITORY")?),
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

/// A job in the `needs` context.
#[derive(Deserialize)]
struct Job {
    result: String,
    #[serde(default)]
    outputs: BTreeMap<String, String>,
}

/// The text of an issue or a comment: the URL of the run, the result of each job, the summaries.
fn issue_text(url: &str, needs: &BTreeMap<String, Job>) -> String {
    let results: Vec<String> = needs.iter().map(|(name, job)| format!("{name}: {}", job.result)).collect();
    let summaries: Vec<&str> = needs.values().filter_map(|job| Some(job.outputs.get("summary")?.as_str())).collect();
    let summary: String = match summaries.concat().trim() {
        "" => "The jobs wrote no summary.".to_owned(),
        summary => summary.chars().take(MAX_SUMMARY_CHARS).collect(),
    };
    format!("{url}\n\n{}\n\n{summary}", results.join(", "))
}

/// The URL of this run. It ends with the run number on Gitea, and with the run id on GitHub.
fn run_url() -> Result<String> {
    let variable_of_run =
        if std::env::var_os("GITEA_ACTIONS").is_some() { "GITHUB_RUN_NUMBER" } else { "GITHUB_RUN_ID" };
    let (server, repository) = (variable("GITHUB_SERVER_URL")?, variable("GITHUB_REPOSITORY")?);
    Ok(format!("{server}/{repository}/actions/runs/{}", variable(variable_of_run)?))
}

fn variable(name: &str) -> Result<String> {
    match std::env::var(name) {
        Ok(value) if !value.is_empty() => Ok(value),
        _ => error(format!(
            "the environment variable `{name}` is missing or empty; run this command in a job of the forge, and pass \
             NEEDS and TOKEN"
        )),
    }
}

struct Forge {
    /// The URL of the repository in the API of the forge.
    api_url: String,
    token: String,
}

impl Forge {
    /// The number of the open issue about failed runs.
    fn open_issue(&self) -> Result<Option<u64>> {
        for page in 1.. {
            // GitHub and Gitea have different names for the page size, so send both.
            let issues = self.request(&format!("issues?state=open&page={page}&per_page=50&limit=50"), None)?;
            let Some(issues) = issues.as_array().filter(|issues| !issues.is_empty()) else { break };
            if let Some(number) =
                issues.iter().find(|issue| is_report(issue)).and_then(|issue| issue["number"].as_u64())
            {
                return Ok(Some(number));
            }
        }
        Ok(None)
    }

    /// Sends a request and returns the answer. A request with a body is a POST.
    fn request(&self, path: &str, body: Option<Value>) -> Result<Value> {
        let scratch = checkout::temporary_directory()?;
        // Writes a file and returns the argument that makes curl read it.
        let argument_file = |name: &str, text: &str| -> Result<String> {
            let file = scratch.path().join(name);
            checkout::write(&file, text)?;
            Ok(format!("@{}", file.display()))
        };
        let mut curl = Process::new("curl").args(["--fail", "--silent", "--show-error", "--max-time", "60"]);
        // The token is in a file, because every user can see the arguments of a process.
        let token = argument_file("token", &format!("Authorization: token {}\n", self.token))?;
        curl = curl.args(["--header", &token]);
        if let Some(body) = body {
            let body = argument_file("body", &body.to_string())?;
            curl = curl.args(["--header", "Content-Type: application/json", "--data-binary", &body]);
        }
        let answer = curl.arg(format!("{}/{path}", self.api_url)).read_stdout()?;
        serde_json::from_str(&answer).context(|| format!("cannot read the answer to {path}"))
    }
}

/// True for an issue with the title of a report, false for a pull request, which GitHub also lists.
fn is_report(issue: &Value) -> bool {
    issue["title"] == TITLE && issue["pull_request"].is_null()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn issue_text_has_results_and_start_of_summary() {
        let needs = |summary: &str| -> BTreeMap<String, Job> {
            serde_json::from_value(json!({
                "mutants": {"result": "success", "outputs": {}},
                "fuzz": {"result": "failure", "outputs": {"summary": summary}},
            }))
            .unwrap()
        };
        let body = |summary: &str| issue_text("https://forge.example/runs/1", &needs(summary));
        assert_eq!(body("found\n"), "https://forge.example/runs/1\n\nfuzz: failure, mutants: success\n\nfound");
        assert!(body("").ends_with("\n\nThe jobs wrote no summary."));
        assert!(body(&"é".repeat(60_000)).chars().count() < 51_000);
    }

    #[test]
    fn pull_request_is_not_a_report() {
        assert!(is_report(&json!({"title": TITLE, "number": 7, "pull_request": null})));
        assert!(is_report(&json!({"title": TITLE, "number": 7})));
        assert!(!is_report(&json!({"title": TITLE, "number": 7, "pull_request": {"url": "x"}})));
        assert!(!is_report(&json!({"title": "another", "number": 8})));
    }
}
