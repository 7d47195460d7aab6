//! `cargo ci report-failure`: opens an issue about a failed nightly run. While that issue is
//! open, each further failed run adds a comment to it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::failure::{Context, Result};
use crate::forge_api::{Api, Body, variable};

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
    let api = Api::of_repository()?;
    let (verb, path, request) = match open_issue(&api)? {
        Some(number) => ("commented", format!("/issues/{number}/comments"), json!({"body": body})),
        None => ("opened", "/issues".to_owned(), json!({"title": TITLE, "body": body})),
    };
    let answer = api.post(&path, &Body::Json(request))?;
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

/// The number of the open issue about failed runs.
fn open_issue(api: &Api) -> Result<Option<u64>> {
    for page in 1.. {
        // GitHub and Gitea have different names for the page size, so send both.
        let issues = api.get(&format!("/issues?state=open&page={page}&per_page=50&limit=50"))?;
        let Some(issues) = issues.as_array().filter(|issues| !issues.is_empty()) else { break };
        if let Some(number) = issues.iter().find(|issue| is_report(issue)).and_then(|issue| issue["number"].as_u64()) {
            return Ok(Some(number));
        }
    }
    Ok(None)
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
