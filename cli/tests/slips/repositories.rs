//! The correct repositories, and how their jobs start.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::{Map, Value};

use crate::runner::{Files, World};

/// A repository without a mistake.
pub struct Repository {
    pub name: &'static str,
    pub files: Files,
    /// The events that happen.
    pub events: &'static [&'static str],
    /// The values of the inputs with which somebody starts a workflow by hand.
    pub inputs: fn() -> Vec<Map<String, Value>>,
    /// The secrets that exist. Each has its name in lower case as its value.
    pub secrets: &'static [&'static str],
    /// The variables of the repository that exist.
    pub vars: &'static [(&'static str, &'static str)],
}

/// The part of the file of the example company that is a mistake on purpose.
const MISTAKE: &str = "      BOT_MODEL: zephyr-2\n";

/// The line with which every command asks the function. `conform` asks it as well, so the result is the same.
const DENIED: &str = "deny: [unconformed] # each command fails if a policy no longer matches its function\n";

/// What the example company accepts: the file that `init` writes accepts nothing.
const ACCEPTED: &str = "accept:
  - {code: model-required, set: [BOT_COMPANY_MODEL], reason: set by hand only}
  - {code: unregistered-model, set: [BOT_COMPANY_MODEL], reason: set by hand only}
  - {code: platform-path-byok-model, set: [BOT_COMPANY_MODEL], reason: set by hand only}
  - {code: missing-credential, reason: no job runs without a key}
  - {code: wrong-credential, runtime: coder, set: [BOT_ZEPHYR_KEY], reason: no job does that}
";

/// Every repository, in the order of the page.
pub fn all() -> Vec<Repository> {
    let mut company = Repository {
        name: "ticket-bot",
        files: read("examples/ticket-bot"),
        events: &["push", "pull_request", "release", "schedule"],
        inputs: || vec![Map::new()],
        secrets: &["BOT_ORCA_KEY", "BOT_ZEPHYR_KEY"],
        vars: &[("BOT_URL", "https://bot.example")],
    };
    let nightly = company.files.get_mut(".github/workflows/nightly.yml").expect("the example has the workflow");
    assert!(nightly.contains(MISTAKE), "the example has its mistake");
    *nightly = nightly.replace(MISTAKE, "");
    let config = company.files.get_mut("slugproof.yaml").expect("the example has the file");
    assert!(config.contains(DENIED), "the example asks its function");
    *config = config.replace(DENIED, ACCEPTED);
    let evals = Repository {
        name: "evals",
        files: read("cli/tests/slips/repositories/evals"),
        events: &["push", "pull_request", "schedule", "workflow_dispatch"],
        inputs: || {
            let given = [("anvil-large", false), ("anvil-small", false), ("anvil-large", true)];
            let inputs = given.map(|(model, fast)| {
                Map::from_iter([("model".to_owned(), model.into()), ("fast".to_owned(), fast.into())])
            });
            inputs.into()
        },
        secrets: &["ANVIL_API_KEY", "EVAL_BOREALIS_KEY"],
        vars: &[("EVAL_URL", "https://evals.example")],
    };
    let agents = Repository {
        name: "agents",
        files: read("cli/tests/slips/repositories/agents"),
        events: &["pull_request", "issues", "workflow_dispatch"],
        inputs: || vec![Map::new()],
        secrets: &["CIRRUS_KEY_ID", "CIRRUS_KEY_SECRET", "DELTA_API_KEY"],
        vars: &[],
    };
    vec![company, evals, agents]
}

impl Repository {
    /// Every way in which the workflows start, if only some of the secrets exist.
    pub fn worlds(&self, exists: impl Fn(&str) -> bool) -> Vec<World> {
        let secrets = self.secrets.iter().filter(|name| exists(name));
        let secrets: Map<String, Value> =
            secrets.map(|name| ((*name).to_owned(), name.to_lowercase().into())).collect();
        let vars: Map<String, Value> =
            self.vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
        let world = |event: &&'static str, inputs| World {
            event,
            inputs,
            vars: vars.clone(),
            secrets: secrets.clone(),
            forge_fails: None,
        };
        let of_event = |event: &&'static str| {
            let inputs = if *event == "workflow_dispatch" { (self.inputs)() } else { vec![Map::new()] };
            inputs.into_iter().map(|inputs| world(event, inputs)).collect::<Vec<_>>()
        };
        self.events.iter().flat_map(of_event).collect()
    }

    /// The text of a field of slugproof.yaml that has a path, such as `registry`.
    pub fn configured(&self, field: &str) -> Vec<String> {
        let config: Value = serde_yaml::from_str(&self.files["slugproof.yaml"]).expect("the file is YAML");
        match &config[field] {
            Value::Array(paths) => paths.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            path => path.as_str().map(str::to_owned).into_iter().collect(),
        }
    }
}

/// The files below a directory of the checkout.
fn read(directory: &str) -> Files {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(directory);
    let (mut files, mut open) = (Files::new(), BTreeSet::from([root.clone()]));
    while let Some(directory) = open.pop_first() {
        for entry in fs::read_dir(directory).expect("the directory is readable") {
            let path = entry.expect("the entry is readable").path();
            if path.is_dir() {
                open.insert(path);
            } else {
                let name = path.strip_prefix(&root).expect("the file is below the directory");
                let name = name.to_str().expect("the path is UTF-8").replace('\\', "/");
                files.insert(name, fs::read_to_string(&path).expect("the file is text"));
            }
        }
    }
    files
}
