//! Decides whether a slip matters, without slugproof: what jobs do, and what the reference resolver answers.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::panic::{self, AssertUnwindSafe};
use std::process::{Command, Stdio};

use serde_yaml::Value;
use slug_laws::reference;
use slug_resolver::policy::{Condition, Function, Membership, Pick, PickRule, Source, Test};
use slug_resolver::yaml::UnknownFields;
use slug_resolver::{Policy, Registry};

use crate::forge;
use crate::repositories::Repository;
use crate::runner::{Files, Run, Scripts, Stub, World};

/// The program that starts a workspace: it records the request and says that the workspace is online. It fails
/// without a URL, as the real one does.
const CURL: &str = "
url=${!#}
[[ $url == http* ]] || exit 3
for argument; do
  if [ \"$previous\" = -d ]; then printf 'body=%s\\037\\036' \"$argument\" >&3; echo 1; exit; fi
  previous=$argument
done
echo online
";

/// The environments of which the answers are compared; of more, some are chosen.
const MOST_ENVIRONMENTS: usize = 6_000;

/// The environments about which a function is asked.
const MOST_QUESTIONS: usize = 300;

thread_local! {
    /// Whether panics of this thread are results and not shown.
    static IS_QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Keeps panics that are results from being shown.
pub fn hide_expected_panics() {
    let show = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if !IS_QUIET.get() {
            show(info);
        }
    }));
}

/// Decides about the slips of one repository.
#[derive(Clone)]
pub struct Oracle<'r> {
    repository: &'r Repository,
    scripts: Scripts,
    registry: (String, Registry),
    policies: BTreeMap<String, Policy>,
    /// What the jobs of the correct repository do.
    correct: Vec<Vec<String>>,
}

impl<'r> Oracle<'r> {
    pub fn new(repository: &'r Repository) -> Self {
        let registry = repository.configured("registry").pop().expect("a registry is named");
        let read = Registry::from_yaml(repository.files[&registry].as_bytes(), UnknownFields::DenyMisspelt);
        let policy = |path: String| {
            let policy = Policy::from_yaml(repository.files[&path].as_bytes()).expect("the policy is valid");
            (path, policy)
        };
        let stub = |path: &str, text: &str| Stub { path: path.to_owned(), text: text.to_owned() };
        let mut scripts = Scripts::default();
        scripts.stubs = vec![stub("bin/curl", CURL), stub("bin/sleep", "")];
        scripts.needs_checkout = true;
        let mut oracle = Self {
            repository,
            scripts,
            registry: (registry, read.expect("the registry is valid")),
            policies: repository.configured("policies").into_iter().map(policy).collect(),
            correct: Vec::new(),
        };
        oracle.correct = oracle.behaviour(&repository.files, &repository.worlds(|_| true));
        oracle
    }

    /// What the jobs of the correct repository do, one line for each job and call.
    pub fn correct(&self) -> impl Iterator<Item = &String> {
        self.correct.iter().flatten()
    }

    /// Why a slip in one file matters; `None` if it does not.
    pub fn reason(&mut self, path: &str, text: &str) -> Option<String> {
        if path == self.registry.0 {
            return self.registry_reason(text);
        }
        if self.policies.contains_key(path) {
            return self.policy_reason(path, text);
        }
        let repository = self.repository;
        if path == "slugproof.yaml" {
            return self.config_reason(text);
        }
        let mut files = repository.files.clone();
        files.insert(path.to_owned(), text.to_owned());
        let behaviour = self.behaviour(&files, &repository.worlds(|_| true));
        let difference = self.difference(&behaviour);
        difference.or_else(|| self.function_reason(path, &files))
    }

    /// Whether the function of a policy has another answer in some environment. Its policy describes it then no
    /// longer, even if no job of the repository is in this environment.
    fn function_reason(&self, path: &str, files: &Files) -> Option<String> {
        let document = |policy: &'_ Policy| policy.document().clone();
        for policy in self.policies.values() {
            let Some(function) = document(policy).function.filter(|it| it.source.iter().any(|it| it == path)) else {
                continue;
            };
            let script = self.questions(policy, &function);
            let answers = |files: &Files| run_bash(files, &script);
            if answers(&self.repository.files) != answers(files) {
                return Some("the function has another answer".to_owned());
            }
        }
        None
    }

    /// A script that asks a function about some environments, one subshell each.
    fn questions(&self, policy: &Policy, function: &Function) -> String {
        let (registry, mut space) = (&self.registry.1, BTreeMap::new());
        let runtimes: BTreeSet<String> = registry.runtimes().iter().map(|runtime| runtime.name.clone()).collect();
        values(policy, &BTreeSet::from(["a-model".to_owned()]), &runtimes, &mut space);
        let environments = environments(&space, MOST_QUESTIONS);
        let mut script = String::new();
        for (number, variables) in environments.iter().enumerate() {
            let runtime = runtimes.iter().chain([&"another".to_owned()]).nth(number % (runtimes.len() + 1)).cloned();
            let runtime = runtime.unwrap_or_default();
            let set: String = variables.iter().map(|(name, value)| format!("export {name}='{value}'; ")).collect();
            let sources: String = function.source.iter().map(|path| format!(". ./{path}; ")).collect();
            let secrets = function.secrets.as_deref().unwrap_or(":");
            script += &format!(
                "( RUNTIME='{runtime}'; {set}{sources}{}; echo; {secrets} ) 2>&1; echo \"= $?\"\n",
                function.model
            );
        }
        script
    }

    /// The first difference in what jobs do. Another name of a job is none.
    fn difference(&self, behaviour: &[Vec<String>]) -> Option<String> {
        let mut worlds = self.correct.iter().zip(behaviour.iter().zip(with_old_names(&self.correct, behaviour)));
        let (before, (_, now)) = worlds.find(|(before, (now, renamed))| *before != *now && *before != renamed)?;
        let lost = before.iter().filter(|line| !now.contains(line)).map(|line| format!("- {line}"));
        let new = now.iter().filter(|line| !before.contains(line)).map(|line| format!("+ {line}"));
        Some(lost.chain(new).collect::<Vec<_>>().join("; "))
    }

    /// What jobs do in each world: the result of each job, and what each call of the harness starts.
    fn behaviour(&mut self, files: &Files, worlds: &[World]) -> Vec<Vec<String>> {
        let mut files = files.clone();
        let mut refused = Vec::new();
        files.retain(|path, text| !path.ends_with("/action.yml") || forge::check_action(text).is_ok());
        // Without a refused workflow, another one that calls it is refused too.
        for _ in 0..2 {
            let workflows: Vec<String> =
                files.keys().filter(|path| path.starts_with(".github/workflows/")).cloned().collect();
            for path in workflows {
                if forge::check(&files, &path).is_err() {
                    files.remove(&path);
                    refused.push(format!("{path} is refused by the forge"));
                }
            }
        }
        let mut all = Vec::new();
        for world in worlds {
            let mut lines = refused.clone();
            for path in files.keys().filter(|path| path.starts_with(".github/workflows/")) {
                IS_QUIET.set(true);
                let one = std::iter::once(path);
                let run = panic::catch_unwind(AssertUnwindSafe(|| Run::of(&files, world, &mut self.scripts, one)));
                IS_QUIET.set(false);
                let Ok(run) = run else {
                    lines.push(format!("{path} breaks"));
                    continue;
                };
                let (calls, results) = (run.calls, run.results);
                lines.extend(results.iter().map(|result| result.join(" ")));
                lines.extend(calls.iter().map(|call| {
                    let started = self.started(&call.environment["body"]);
                    format!("{} {} {started}", call.workflow, call.job)
                }));
            }
            lines.sort();
            all.push(lines);
        }
        all
    }

    /// What a request starts: a model of a provider with credentials, or a failure.
    fn started(&self, body: &str) -> String {
        let Ok(body) = serde_json::from_str::<serde_json::Value>(body) else { return "fails: no request".to_owned() };
        let (Some(runtime), Some(model)) = (body["runtime"].as_str(), body["model"].as_str()) else {
            return "fails: no request".to_owned();
        };
        let secrets = body["secrets"].as_object().cloned().unwrap_or_default();
        let present: Vec<&str> =
            secrets.iter().filter(|(_, value)| **value != "").map(|(name, _)| name.as_str()).collect();
        match reference::derive(&self.registry.1, runtime, model, &present) {
            Err(rejection) => format!("fails: {rejection:?}"),
            Ok(provider) if reference::platform_pays(provider) && !present.is_empty() => "fails: a key".to_owned(),
            Ok(provider) if reference::platform_pays(provider) => {
                format!("{model} of {} on {runtime}", provider.name)
            }
            Ok(provider) if !reference::is_met(provider, &present) => "fails: credentials".to_owned(),
            Ok(provider) => {
                // A credential with the value of another secret is refused.
                let accepted = reference::accepted(provider, &present);
                let values: Vec<String> = accepted.iter().map(|name| format!("{name}={}", secrets[*name])).collect();
                format!("{model} of {} on {runtime} with {}", provider.name, values.join(" "))
            }
        }
    }

    fn registry_reason(&self, text: &str) -> Option<String> {
        let (path, correct) = &self.registry;
        let Ok(registry) = Registry::from_yaml(text.as_bytes(), UnknownFields::DenyMisspelt) else {
            return differs(&self.repository.files[path], text);
        };
        self.policies.values().find_map(|policy| self.answer((correct, policy), (&registry, policy)))
    }

    fn policy_reason(&self, path: &str, text: &str) -> Option<String> {
        let Ok(policy) = Policy::from_yaml(text.as_bytes()) else {
            return differs(&self.repository.files[path], text);
        };
        let correct = &self.policies[path];
        let facts = |policy: &Policy| {
            let document = policy.document();
            let runtimes: BTreeSet<String> = document.runtimes.iter().cloned().collect();
            let harness: Vec<String> = document.harness.iter().map(|entry| format!("{entry:?}")).collect();
            let harness: BTreeSet<String> = harness.into_iter().collect();
            format!("{harness:?} {:?} {runtimes:?}", document.function)
        };
        if facts(correct) != facts(&policy) {
            return Some("it describes another harness, function or other runtimes".to_owned());
        }
        self.answer((&self.registry.1, correct), (&self.registry.1, &policy))
    }

    /// The first environment to which two pairs of a registry and a policy have different answers.
    fn answer(&self, old: (&Registry, &Policy), new: (&Registry, &Policy)) -> Option<String> {
        let others = self.repository.files.iter().filter(|(path, _)| **path != self.registry.0);
        let is_part = |sign: char| sign.is_ascii_alphanumeric() || "_./:-".contains(sign);
        let words = others.flat_map(|(_, text)| text.split(|sign| !is_part(sign)));
        let words: BTreeSet<&str> = words.collect();
        let is_used = |id: &str| words.contains(id);
        let mut slugs = BTreeSet::from(["another-model".to_owned()]);
        let mut runtimes = BTreeSet::from(["another-runtime".to_owned()]);
        for (registry, policy) in [old, new] {
            for runtime in registry.runtimes() {
                runtimes.insert(runtime.name.clone());
                let ids = runtime.arms.iter().flat_map(|arm| arm.models.iter().chain(&arm.withdrawn_models));
                slugs.extend(ids.filter(|id| is_used(id)).cloned());
            }
            runtimes.extend(policy.document().runtimes.iter().cloned());
        }
        let mut space: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for policy in [old.1, new.1] {
            values(policy, &slugs, &runtimes, &mut space);
        }
        let total = space.values().fold(1_usize, |total, values| total.saturating_mul(values.len() + 1));
        let step = total.div_ceil(MOST_ENVIRONMENTS);
        // A step without a common factor with the counts reaches every value.
        // A step without small factors reaches every value of every variable.
        let step = (step..).find(|step| *step == 1 || (2..10).all(|factor| step % factor != 0)).unwrap_or(1);
        for number in (0..total).step_by(step) {
            let mut rest = number;
            let mut variables = reference::Variables::new();
            for (name, values) in &space {
                let choice = rest % (values.len() + 1);
                rest /= values.len() + 1;
                if let Some(value) = choice.checked_sub(1).and_then(|index| values.iter().nth(index)) {
                    variables.insert(name.clone(), value.clone());
                }
            }
            for runtime in &runtimes {
                let answer = |(registry, policy): (&Registry, &Policy)| {
                    let resolution = reference::resolve(registry, policy, runtime, &variables, &[]);
                    let injected: Vec<&str> = resolution.injected.iter().collect();
                    let named = reference::runtime(policy.document(), &variables).map(str::to_owned);
                    let provider = resolution.provider.map(|provider| provider.name.clone());
                    let shown = format!("{:?} {injected:?} {:?}", resolution.path, resolution.code);
                    (named, resolution.slug.to_owned(), provider, shown)
                };
                let (before, now) = (answer(old), answer(new));
                if before != now {
                    return Some(format!("{variables:?} on {runtime}: {before:?} became {now:?}"));
                }
            }
        }
        None
    }

    fn config_reason(&mut self, text: &str) -> Option<String> {
        let repository = self.repository;
        let Ok(config) = serde_yaml::from_str::<Value>(text) else { return Some("it is not YAML".to_owned()) };
        let correct: Value = serde_yaml::from_str(&repository.files["slugproof.yaml"]).expect("the file is YAML");
        let facts = |config: &Value| {
            let mut accepted = config["accept"].clone();
            for entry in accepted.as_sequence_mut().into_iter().flatten() {
                if let Some(entry) = entry.as_mapping_mut() {
                    entry.remove("reason");
                }
            }
            let list = |value: &Value| {
                let items = value.as_sequence().cloned().unwrap_or_default();
                items.iter().map(|item| format!("{item:?}")).collect::<BTreeSet<_>>()
            };
            let version = &config["schema_version"];
            format!("{version:?} {:?} {:?} {:?}", config["registry"], list(&config["policies"]), list(&accepted))
        };
        if facts(&correct) != facts(&config) {
            return Some("it names another registry, policy or accepted contradiction".to_owned());
        }
        let known = config.get("known_secrets").and_then(Value::as_sequence);
        let is_known = |name: &str| {
            known.is_none_or(|known| {
                known.iter().any(|known| known.as_str().is_some_and(|known| known.eq_ignore_ascii_case(name)))
            })
        };
        let behaviour = self.behaviour(&repository.files, &repository.worlds(is_known));
        self.difference(&behaviour)
    }
}

/// Environments in which each variable is unset or has one of its values: all, or some if there are too many.
fn environments(space: &BTreeMap<String, BTreeSet<String>>, most: usize) -> Vec<reference::Variables> {
    let total = space.values().fold(1_usize, |total, values| total.saturating_mul(values.len() + 1));
    // A step without small factors reaches every value of every variable.
    let step = total.div_ceil(most);
    let step = (step..).find(|step| *step == 1 || (2..10).all(|factor| step % factor != 0)).unwrap_or(1);
    let environment = |number: usize| {
        let (mut rest, mut variables) = (number, reference::Variables::new());
        for (name, values) in space {
            let choice = rest % (values.len() + 1);
            rest /= values.len() + 1;
            if let Some(value) = choice.checked_sub(1).and_then(|index| values.iter().nth(index)) {
                variables.insert(name.clone(), value.clone());
            }
        }
        variables
    };
    (0..total).step_by(step).map(environment).collect()
}

/// What bash prints for a script in a repository. The script may only define functions and call them.
fn run_bash(files: &Files, script: &str) -> String {
    let scratch = tempfile::tempdir().expect("the temporary directory is writable");
    for (path, text) in files.iter().filter(|(path, _)| path.ends_with(".sh")) {
        let path = scratch.path().join(path);
        fs::create_dir_all(path.parent().expect("a file is in a directory")).expect("the directory is writable");
        fs::write(path, text).expect("the directory is writable");
    }
    fs::write(scratch.path().join("questions"), script).expect("the directory is writable");
    let mut command = Command::new("bash");
    command.arg("questions").current_dir(scratch.path()).env_clear().stdin(Stdio::null());
    let output = command.output().expect("bash is installed");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Why a document that slugproof refuses matters: it has not the values of the correct one, where equal items of a
/// list count once.
fn differs(correct: &str, text: &str) -> Option<String> {
    let read = |text: &str| serde_yaml::from_str::<Value>(text).ok().map(without_doubles);
    let reason = || "it cannot be read, or it has other values".to_owned();
    (read(text).is_none() || read(correct) != read(text)).then(reason)
}

fn without_doubles(value: Value) -> Value {
    match value {
        Value::Sequence(items) => {
            let mut once: Vec<Value> = Vec::new();
            for item in items.into_iter().map(without_doubles) {
                if !once.contains(&item) {
                    once.push(item);
                }
            }
            Value::Sequence(once)
        }
        Value::Mapping(entries) => {
            Value::Mapping(entries.into_iter().map(|(key, value)| (key, without_doubles(value))).collect())
        }
        other => other,
    }
}

/// Adds the values of each variable that a policy distinguishes.
fn values(
    policy: &Policy,
    slugs: &BTreeSet<String>,
    runtimes: &BTreeSet<String>,
    space: &mut BTreeMap<String, BTreeSet<String>>,
) {
    let document = policy.document();
    let mut add = |name: &str, texts: &mut dyn Iterator<Item = &String>| {
        space.entry(name.to_owned()).or_default().extend(texts.cloned());
    };
    for name in reference::variable_names(document) {
        add(name, &mut std::iter::once(&"another".to_owned()));
    }
    let rules =
        |rules: &[PickRule], found: &BTreeSet<String>, add: &mut dyn FnMut(&str, &mut dyn Iterator<Item = &String>)| {
            for rule in rules {
                let Pick::FirstOf(sources) = &rule.pick else { continue };
                for source in sources {
                    if let Source::Variable(name) = source {
                        add(name, &mut found.iter());
                    }
                }
            }
        };
    rules(&document.model, slugs, &mut add);
    rules(&document.runtime, runtimes, &mut add);
    let of_rules = document.model.iter().chain(&document.runtime).map(|rule| &rule.when);
    let of_secrets = document.secrets.iter().map(|rule| &rule.when);
    let conditions: Vec<&Condition> = of_rules.chain(of_secrets).chain(&document.creates.unless).collect();
    for (name, test) in conditions.iter().flat_map(|condition| &condition.variables) {
        if let Test::Value(Membership::OneOf(texts) | Membership::NoneOf(texts)) = test {
            add(name, &mut texts.iter());
        }
    }
}

/// What jobs do, with the old name of the only job of a workflow that has a new one.
fn with_old_names(before: &[Vec<String>], now: &[Vec<String>]) -> Vec<Vec<String>> {
    let jobs = |worlds: &[Vec<String>]| -> BTreeSet<(String, String)> {
        let words =
            worlds.iter().flatten().map(|line| line.splitn(3, ' ').take(2).map(str::to_owned).collect::<Vec<_>>());
        words.filter(|words| words.len() == 2).map(|words| (words[0].clone(), words[1].clone())).collect()
    };
    let (old, new) = (jobs(before), jobs(now));
    let (lost, found): (Vec<_>, Vec<_>) = (old.difference(&new).collect(), new.difference(&old).collect());
    let [(path, job)] = lost.as_slice() else { return now.to_vec() };
    let [(new_path, renamed)] = found.as_slice() else { return now.to_vec() };
    let rename = |line: &String| match line.strip_prefix(&format!("{path} {renamed} ")) {
        Some(rest) if path == new_path => format!("{path} {job} {rest}"),
        _ => line.clone(),
    };
    let world = |lines: &Vec<String>| {
        let mut lines: Vec<String> = lines.iter().map(rename).collect();
        lines.sort();
        lines
    };
    now.iter().map(world).collect()
}
