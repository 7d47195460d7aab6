//! The data that workflow files are checked against.

use std::collections::BTreeSet;

use slug_resolver::policy::{Harness, Pick, Source};
use slug_resolver::{Policy, Registry};
use slug_workflow::action::ActionTarget;
use slug_workflow::declared::Declared;
use slug_workflow::repository::Parser;
use slug_workflow::scripts::NoFiles;
use slug_workflow::slice::Search;
use slug_workflow::texts::{Name, Texts, add_text};

use super::known_names::KnownNames;
use super::scripts::Scripts;
use crate::codes::SHADOWED_VARIABLE;
use crate::config::{Accept, Config};
use crate::invariant::Invariant;

/// The registry, the policies and the configuration of a run.
pub struct Linter<'a> {
    pub(super) registry: &'a Registry,
    /// All policies; the policies of `--policy` come first.
    pub(super) policies: Vec<&'a Policy>,
    /// The policies of `--policy`.
    pub(super) requested: &'a [Policy],
    pub(super) accept: &'a [Accept],
    pub(super) invariants: &'a [Invariant],
    pub(super) declared: Declared<'a>,
    pub(super) config: Option<&'a Config>,
    /// Whether slugproof.yaml denies shadowed variables; otherwise they are not reported.
    pub(super) denies_shadowed: bool,
    pub(super) targets: Vec<&'a str>,
    pub(super) actions: Vec<ActionTarget<'a>>,
    pub(super) names: BTreeSet<String>,
    /// The runtimes that each variable selects in a policy.
    runtimes: Texts,
    /// The names that misspelt ones are compared with.
    pub(super) known: KnownNames,
    /// The names of variables with secrets.
    pub(super) keys: BTreeSet<&'a str>,
    pub(super) parser: Parser,
    /// The files that scripts run, if they can be read.
    pub(super) scripts: Option<&'a Scripts>,
}

impl<'a> Linter<'a> {
    /// Checks calls against a registry and the policies that describe the called harness.
    #[must_use]
    pub fn new(registry: &'a Registry, policies: &'a [Policy]) -> Self {
        let mut linter = Self {
            registry,
            policies: policies.iter().collect(),
            requested: &[],
            accept: &[],
            invariants: &[],
            declared: Declared::default(),
            config: None,
            denies_shadowed: false,
            targets: Vec::new(),
            actions: Vec::new(),
            names: BTreeSet::new(),
            runtimes: Texts::new(),
            known: KnownNames::default(),
            keys: BTreeSet::new(),
            parser: Parser::default(),
            scripts: None,
        };
        linter.index();
        linter
    }

    /// Adds policies that also apply to scripts that call no known harness.
    #[must_use]
    pub fn with_requested_policies(mut self, requested: &'a [Policy]) -> Self {
        self.policies.retain(|policy| requested.iter().all(|other| other.name() != policy.name()));
        self.policies.splice(0..0, requested);
        self.requested = requested;
        self.index();
        self
    }

    /// Adds the accepted contradictions, variables and secrets of slugproof.yaml. If the run covers all
    /// files of the configuration, unused entries are reported.
    #[must_use]
    pub fn with_config(mut self, config: &'a Config, covers_all_files: bool) -> Self {
        self.accept = &config.accept;
        self.invariants = &config.invariants;
        self.declared = config.declared();
        self.denies_shadowed = config.deny.contains(&&SHADOWED_VARIABLE);
        self.config = covers_all_files.then_some(config);
        self
    }

    /// Follows scripts to the files of the repository that they run.
    #[must_use]
    pub fn with_scripts(mut self, scripts: &'a Scripts) -> Self {
        self.scripts = Some(scripts);
        self
    }

    /// The parser of the files, with its cache.
    #[must_use]
    pub fn parser(&self) -> &Parser {
        &self.parser
    }

    fn index(&mut self) {
        let entries: Vec<&'a Harness> = self.policies.iter().flat_map(|policy| &policy.document().harness).collect();
        let targets: BTreeSet<&str> = entries.iter().filter_map(|entry| entry.command()).collect();
        self.targets = targets.into_iter().collect();
        let actions: BTreeSet<ActionTarget<'a>> = entries.iter().filter_map(|entry| action_target(entry)).collect();
        self.actions = actions.into_iter().collect();
        let keys = |policy: &&'a Policy| -> Vec<&'a str> {
            let policy: &'a Policy = policy;
            policy.key_variables().map(|key| policy.variable_name(key)).collect()
        };
        self.keys = self.policies.iter().flat_map(keys).collect();
        let names =
            |policy: &&'a Policy| policy.all_variables().map(|variable| policy.variable_name(variable).to_owned());
        self.names = self.policies.iter().flat_map(|policy| names(policy).collect::<Vec<_>>()).collect();
        self.known = KnownNames::new(self.registry, &self.policies);
        self.runtimes = Texts::new();
        for policy in &self.policies {
            let sources = policy.document().runtime.iter().flat_map(|rule| match &rule.pick {
                Pick::FirstOf(sources) => sources.as_slice(),
                Pick::Nothing => &[],
            });
            let variables = sources.filter_map(|source| match source {
                Source::Variable(name) => Some(name),
                Source::Text(_) => None,
            });
            // A policy that lists no runtimes may be used with few of those in the registry.
            let listed = policy.document().runtimes.iter().map(String::as_str);
            let known: BTreeSet<&str> = listed.chain(policy.runtimes()).collect();
            for variable in variables {
                for runtime in &known {
                    add_text(&mut self.runtimes, Name::new("env", variable), runtime);
                }
            }
        }
    }

    /// The targets and variables to look for in workflow files.
    pub(super) fn search(&self) -> Search<'_> {
        Search {
            targets: &self.targets,
            actions: &self.actions,
            variables: &self.names,
            texts: &self.runtimes,
            lookalikes: &self.known,
            declared: self.declared,
            files: self.scripts.map_or(&NoFiles, |scripts| scripts),
            every_script: !self.requested.is_empty(),
            ignore_conditions: false,
            from_forks: false,
        }
    }

    /// The action of a target; `None` for a command.
    pub(super) fn action(&self, target: usize) -> Option<&ActionTarget<'a>> {
        self.actions.get(target.checked_sub(self.targets.len())?)
    }

    /// The names of variables with secrets, and of the inputs that set them.
    pub(super) fn secret_names(&self) -> BTreeSet<&'a str> {
        let inputs = self.actions.iter().flat_map(|action| action.inputs);
        let secret = inputs.filter(|(_, variable)| self.keys.contains(variable.as_str()));
        self.keys.iter().copied().chain(secret.map(|(input, _)| input.as_str())).collect()
    }

    /// True if an action, by its name in `uses`, takes a secret as an input.
    pub(super) fn is_secret_input(&self, uses: &str, input: &str) -> bool {
        // A checkout may be in any directory.
        let is_named = |action: &&ActionTarget<'_>| action.is_named(uses, &[]) || uses.starts_with("./");
        let mut variables = self.actions.iter().filter(is_named).filter_map(|action| action.variable(input));
        self.keys.contains(variable_of_input(input).as_str()) || variables.any(|variable| self.keys.contains(variable))
    }

    /// The policies that apply to a call: the policies that describe its target, or without a
    /// target the policies of `--policy`.
    pub(super) fn policies_of(&self, target: Option<usize>) -> Vec<&'a Policy> {
        let Some(target) = target else { return self.requested.iter().collect() };
        let is_target = |entry: &'a Harness| match self.targets.get(target) {
            Some(command) => entry.command() == Some(command),
            None => action_target(entry).as_ref() == self.action(target),
        };
        let describes = |policy: &&&'a Policy| policy.document().harness.iter().any(is_target);
        self.policies.iter().filter(describes).copied().collect()
    }
}

/// The action that an entry of `harness` names; `None` for a command.
fn action_target(entry: &Harness) -> Option<ActionTarget<'_>> {
    entry.action().map(|action| ActionTarget { uses: &action.uses, inputs: &action.inputs })
}

/// The variable that an input of an action is probably named after.
pub(super) fn variable_of_input(input: &str) -> String {
    input.to_uppercase().replace(['-', ' ', '.'], "_")
}
