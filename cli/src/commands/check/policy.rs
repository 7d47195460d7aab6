//! Checks of a policy with a registry.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use slug_function::caller::CallerSeparators;
use slug_function::reading;
use slug_redact::is_variable_name;
use slug_resolver::policy::{Function, Harness, Membership, Pick, SecretsEffect, SecretsRule, Source, Test};
use slug_resolver::registry::Runtime;
use slug_resolver::yaml::{FieldPath, Node, Value};
use slug_resolver::{Credentials, Policy, Provider, Registry, Rejection};
use slug_workflow::scripts::{Missing, missing};

use crate::codes;
use crate::conformity::{read_sources, unusable};
use crate::findings::{Finding, Sources, Span};
use crate::lint::near_miss;
use crate::lint::scripts::Scripts;
use crate::render::shown;
use crate::suggest::{closest_file, closest_match, closest_matches};
use slug_value::slip::is_slip;

use super::document::Document;
use super::locations::Locations;
use super::reachability;

/// Why an entry of `harness` matters.
const NOTHING_IS_LINTED: &str = "lint checks the steps that run an entry of `harness`";

/// A model that a policy can pick, and the runtimes that could use it.
struct PickedModel<'p> {
    model: &'p str,
    field: FieldPath,
    /// The runtimes that pick the model; `None` for any runtime.
    runtimes: Option<Vec<&'p str>>,
}

/// Returns the findings of a policy with a registry.
pub(super) fn check(
    sources: &Sources,
    document: &Document,
    policy: &Policy,
    path: &str,
    registry: &Registry,
) -> Vec<Finding> {
    let locations = Locations::new(&document.root, policy);
    let check = PolicyCheck { sources, document, policy, path, registry, locations };
    let mut findings = check.secrets();
    findings.extend(check.uninjected_keys());
    findings.extend(check.platform_path());
    findings.extend(check.named_runtimes().iter().filter_map(|(runtime, field)| check.runtime(runtime, field)));
    findings.extend(check.picks().iter().filter_map(|pick| check.pick(pick)));
    findings
}

/// The directories to which the paths of a policy are relative.
pub(super) struct Roots {
    /// The directory of slugproof.yaml, for the files of `function`.
    pub config: PathBuf,
    /// The top of the repository, for the paths of `harness`.
    pub repository: PathBuf,
}

/// Returns the findings of a policy without a registry. Without `roots`, files are not looked for.
pub(super) fn check_alone(
    sources: &Sources,
    document: &Document,
    policy: &Policy,
    roots: Option<&Roots>,
) -> Vec<Finding> {
    let harness = FieldPath::default().key("harness");
    // A policy without the field may be for `resolve` and `prove` only.
    if policy.document().harness.is_empty()
        && document.root.entries().iter().any(|(key, _)| key.text() == Some("harness"))
    {
        let span = document.key_span(sources, &harness);
        let title = format!("`harness` of policy `{}` is empty", shown(policy.name()));
        return vec![
            Finding::new(&codes::UNMATCHED_HARNESS, span, title)
                .with_primary_text("matches no call")
                .with_note(NOTHING_IS_LINTED)
                .with_help("list the scripts and commands that start the harness, as in `harness: [ci/start.sh]`")
                .with_subject("policy", policy.name()),
        ];
    }
    let Some(roots) = roots else { return Vec::new() };
    let root = &roots.repository;
    let files = Scripts::below(root.clone());
    let entries = policy.document().harness.iter().enumerate();
    let function = policy.document().function.as_ref();
    let function = function.and_then(|function| check_function(sources, document, policy, function, &roots.config));
    entries
        .filter_map(|(number, entry)| {
            let (title, near) = unmatched(entry, root, &files)?;
            let span = document.span(sources, &harness.clone().index(number));
            Some(unmatched_harness(span, policy, entry, title, near))
        })
        .chain(function)
        .collect()
}

/// The finding about a function that cannot be called. Bash is not asked, so the syntax is not checked.
fn check_function(
    sources: &Sources,
    document: &Document,
    policy: &Policy,
    function: &Function,
    root: &Path,
) -> Option<Finding> {
    let locations = Locations::new(&document.root, policy);
    let file = |index| document.span(sources, &locations.function("source").index(index));
    let files = match read_sources(function, root) {
        Ok(files) => files,
        Err(missing) => return Some(missing.finding(file(missing.index), policy)),
    };
    let error = reading::read(&files, &function.model, function.secrets.as_deref(), CallerSeparators::Unknown).err()?;
    let span = match files.iter().position(|file| file.path == error.location.path) {
        Some(index) => file(index),
        None => document.span(sources, &locations.function(error.location.path.strip_prefix("function.")?)),
    };
    error.is_certain.then(|| unusable(&error, span, policy))
}

/// The problem with an entry that no call can match, and a similar name; `None` if a call can match it.
fn unmatched(entry: &Harness, root: &Path, files: &Scripts) -> Option<(String, Option<String>)> {
    let missing_file = |path: &str| (format!("the harness `{}` does not exist", shown(path)), closest_file(root, path));
    let command = match entry {
        Harness::Command(command) => command,
        Harness::Action(action) => {
            let directory = root.join(action.uses.strip_prefix("./")?);
            let is_there =
                ["action.yml", "action.yaml", "Dockerfile"].iter().any(|name| directory.join(name).is_file());
            let near = || {
                let file = closest_file(root, &format!("{}/action.yml", action.uses.strip_prefix("./")?))?;
                file.strip_suffix("/action.yml").map(|directory| format!("./{directory}"))
            };
            return (!is_there).then(|| (format!("the action `{}` does not exist", shown(&action.uses)), near()));
        }
    };
    if command.split_whitespace().count() < 2 {
        // A bare word without a similar file may be a program on the PATH.
        let problem = (!root.join(command).is_file()).then(|| missing_file(command))?;
        return (command.contains('/') || problem.1.is_some()).then_some(problem);
    }
    let Missing { name, within } = missing(command, files).into_iter().next()?;
    Some(match within {
        None => missing_file(&name),
        Some((file, names)) => {
            let near = closest_match(&name, names.iter().map(String::as_str)).map(str::to_owned);
            (format!("`{}` has no `{}`, which this harness runs", shown(&file), shown(&name)), near)
        }
    })
}

/// Returns a finding for an entry that no call can match.
fn unmatched_harness(span: Span, policy: &Policy, entry: &Harness, title: String, near: Option<String>) -> Finding {
    let help = match near {
        Some(near) => format!("did you mean `{}`?", shown(&near)),
        None => "write the path of a script, or a command that runs at the top of the repository".to_owned(),
    };
    Finding::new(&codes::UNMATCHED_HARNESS, span, title)
        .with_primary_text("matches no call")
        .with_note(NOTHING_IS_LINTED)
        .with_help(help)
        .with_subject("policy", policy.name())
        .with_subject("harness", entry.to_string())
}

struct PolicyCheck<'a> {
    sources: &'a Sources,
    document: &'a Document,
    policy: &'a Policy,
    /// The path of the registry.
    path: &'a str,
    registry: &'a Registry,
    locations: Locations,
}

impl<'a> PolicyCheck<'a> {
    /// Every model that the policy names. Models that come only from variables are unknown here.
    fn picks(&self) -> Vec<PickedModel<'a>> {
        let document = self.policy.document();
        let mut picks: Vec<PickedModel<'_>> = Vec::new();
        let unreachable = reachability::model_rules(self.policy);
        for (number, rule) in document.model.iter().enumerate() {
            let Pick::FirstOf(sources) = &rule.pick else { continue };
            if unreachable.contains_key(&number) {
                continue;
            }
            let runtimes = self.runtimes_of(rule.when.runtime.as_ref());
            for (position, source) in sources.iter().enumerate() {
                let pick = match source {
                    Source::Text(model) => (model, self.locations.pick(number, position)),
                    Source::Variable(name) => match document.defaults.get(name) {
                        Some(model) => (model, self.locations.default_of(name)),
                        None => continue,
                    },
                };
                let (model, field) = pick;
                // A default that several rules use is one pick.
                match picks.iter_mut().find(|known| known.model == model && known.field == field) {
                    Some(known) => known.runtimes = None,
                    None => picks.push(PickedModel { model, field, runtimes: runtimes.clone() }),
                }
            }
        }
        picks
    }

    /// The runtimes of a condition, as far as the policy lists them; `None` for any runtime.
    fn runtimes_of(&self, runtimes: Option<&'a Membership>) -> Option<Vec<&'a str>> {
        let used = &self.policy.document().runtimes;
        match runtimes {
            Some(Membership::OneOf(names)) => Some(names.iter().map(String::as_str).collect()),
            _ if used.is_empty() => None,
            other => {
                let admits = |name: &&String| other.is_none_or(|runtimes| runtimes.contains(name));
                Some(used.iter().filter(admits).map(String::as_str).collect())
            }
        }
    }

    /// Every runtime that the policy names, with each field that names it. Conditions that repeat one of
    /// `runtimes` are left out: a misspelt name is reported where it is listed.
    fn named_runtimes(&self) -> Vec<(&'a str, FieldPath)> {
        let document = self.policy.document();
        let mut named: Vec<(&str, FieldPath)> = Vec::new();
        let mut add = |name: &'a str, field: FieldPath| {
            if !named.iter().any(|known| *known == (name, field.clone())) {
                named.push((name, field));
            }
        };
        for (position, name) in document.runtimes.iter().enumerate() {
            add(name, self.locations.item("runtimes", position));
        }
        let listed: Vec<&str> = document.runtimes.iter().map(String::as_str).collect();
        let is_new = |name: &str| !listed.contains(&name);
        for (number, rule) in document.model.iter().enumerate() {
            let Some(runtimes) = &rule.when.runtime else { continue };
            for (position, name) in runtimes.texts().iter().enumerate().filter(|(_, name)| is_new(name)) {
                add(name, self.locations.runtime_of_model(number, runtimes, position));
            }
        }
        for (number, rule) in document.secrets.iter().enumerate() {
            let Some(runtimes) = &rule.when.runtime else { continue };
            for (position, name) in runtimes.texts().iter().enumerate().filter(|(_, name)| is_new(name)) {
                add(name, self.locations.runtime_of_secrets(number, runtimes, position));
            }
        }
        for (number, rule) in document.runtime.iter().enumerate() {
            let Pick::FirstOf(sources) = &rule.pick else { continue };
            for source in sources {
                match source {
                    Source::Text(name) => add(name, self.locations.item("runtime", number)),
                    Source::Variable(variable) => {
                        let default = document.defaults.get(variable).filter(|name| is_new(name));
                        default.into_iter().for_each(|name| add(name, self.locations.default_of(variable)));
                    }
                }
            }
        }
        // The registry has to have what a template stands for, whether or not a rule names the variant.
        for (variant, template) in document.templates.iter().filter(|(variant, _)| is_new(variant)) {
            if !named.iter().any(|(name, _)| name == variant) {
                named.push((template, self.locations.template_of(variant)));
            }
        }
        named
    }

    /// Returns a finding for each entry of `secrets` that injects no accepted secret, and for each
    /// injected name that is one edit away from an accepted one. Other names are no mistake:
    /// harnesses inject settings, such as a base URL, together with a key.
    fn secrets(&self) -> Vec<Finding> {
        let accepted: BTreeSet<&str> = self
            .registry
            .providers()
            .iter()
            .flat_map(|provider| provider.auth_env.names())
            .map(String::as_str)
            .collect();
        let is_near = |name: &String| accepted.iter().any(|known| strsim::osa_distance(name, known) == 1);
        let mut findings = Vec::new();
        for (number, entry) in self.policy.document().secrets.iter().enumerate() {
            let injects_none = !entry.injected().iter().any(|name| accepted.contains(name.as_str()));
            let unaccepted = entry.injected().iter().filter(|name| !accepted.contains(name.as_str()));
            for name in unaccepted.filter(|name| injects_none || is_near(name)) {
                let title = format!("no provider accepts the injected secret `{}`", shown(name));
                // An invalid name of the registry has its own finding.
                let valid = accepted.iter().copied().filter(|known| is_variable_name(known));
                let help = match closest_match(name, valid) {
                    Some(near) => format!("did you mean `{}`?", shown(near)),
                    None => "inject a secret that a provider accepts, or add the name to an `auth_env`".to_owned(),
                };
                findings.push(
                    Finding::new(&codes::UNACCEPTED_SECRET, self.injected(number, name), title)
                        .with_primary_text(match &entry.key {
                            Some(key) => format!("injected if `{}` is set", shown(key)),
                            None => "injected here".to_owned(),
                        })
                        .with_note(self.registry_note())
                        .with_help(help)
                        .with_subject("policy", self.policy.name())
                        .with_subject("secret", name)
                        .with_subject("registry", self.path),
                );
            }
        }
        findings
    }

    /// Returns a finding for each key variable that selects a model but that no rule for secrets tests,
    /// unless the model that it selects needs no key.
    fn uninjected_keys(&self) -> Vec<Finding> {
        let document = self.policy.document();
        let tested: Vec<(String, Test)> = document.secrets.iter().flat_map(|rule| rule.condition().variables).collect();
        let mut findings = Vec::new();
        for (number, rule) in document.model.iter().enumerate() {
            let Pick::FirstOf(sources) = &rule.pick else { continue };
            let [Source::Text(model)] = sources.as_slice() else { continue };
            for (key, test) in &rule.when.variables {
                let is_key = self.policy.variable(key).is_some_and(|variable| self.policy.is_key(variable));
                if !is_key
                    || *test != Test::Set
                    || tested.iter().any(|(name, _)| name == key)
                    || self.needs_no_key(self.runtimes_of(rule.when.runtime.as_ref()).as_deref(), model)
                {
                    continue;
                }
                let injecting = tested.iter().filter(|(_, test)| *test == Test::Set).map(|(name, _)| name.as_str());
                let help = match closest_match(key, injecting) {
                    Some(near) => format!("did you mean `{}`?", shown(near)),
                    None => format!("add an entry with `key: {}` to `secrets`", shown(key)),
                };
                let span = self.document.span(self.sources, &self.locations.test(number, key));
                let title = format!("the key variable `{}` injects no secret", shown(key));
                findings.push(
                    Finding::new(&codes::UNINJECTED_KEY, span, title)
                        .with_primary_text(format!("selects `{}`", shown(model)))
                        .with_note("a model that is selected because a key is set usually needs that key")
                        .with_help(help)
                        .with_subject("policy", self.policy.name())
                        .with_subject("variable", key)
                        .with_subject("registry", self.path),
                );
            }
        }
        findings
    }

    /// Returns a finding if a rule selects the platform path and the platform pays for no provider.
    fn platform_path(&self) -> Option<Finding> {
        let is_platform = |rule: &SecretsRule| rule.effect == SecretsEffect::Platform;
        let rule = self.policy.document().secrets.iter().position(is_platform)?;
        if self.registry.providers().iter().any(Provider::is_platform) {
            return None;
        }
        let span = self.document.span(self.sources, &self.locations.secrets_rule(rule));
        let title =
            format!("`{}` has a platform path, but the platform pays for no provider", shown(self.policy.name()));
        let finding = Finding::new(&codes::NO_PLATFORM_PROVIDER, span, title)
            .with_primary_text("selects the platform path")
            .with_note("no provider in the registry has `billing: platform`")
            .with_note(self.registry_note())
            .with_help("add `billing: platform` to the provider that the platform pays for")
            .with_subject("policy", self.policy.name())
            .with_subject("registry", self.path);
        Some(finding)
    }

    /// Returns true if every provider that could serve a model needs no key of the tenant.
    fn needs_no_key(&self, runtimes: Option<&[&str]>, model: &str) -> bool {
        let all: Vec<&str> = self.registry.runtimes().iter().map(|runtime| runtime.name.as_str()).collect();
        let runtimes = runtimes.unwrap_or(&all).iter();
        let handles = runtimes.filter_map(|name| self.registry.handle(self.policy.template_of(name)));
        let candidates: Vec<&Provider> = handles.flat_map(|runtime| runtime.candidates(model)).collect();
        !candidates.is_empty() && candidates.iter().all(|provider| provider.is_keyless() || provider.is_platform())
    }

    /// The span of an injected name. The policy sorts the names, so the file is searched.
    fn injected(&self, entry: usize, name: &str) -> Span {
        let list = self.locations.injected(entry);
        let is_name = |item: &Node| matches!(&item.value, Value::String(text) if text == name);
        match &list.find(&self.document.root).1.value {
            Value::Sequence(items) => {
                let position = items.iter().position(is_name);
                self.document.span(self.sources, &list.index(position.unwrap_or_default()))
            }
            // Without `inject`, the key is injected under its own name.
            _ => self.document.span(self.sources, &self.locations.key(entry)),
        }
    }

    /// Returns a finding if the registry does not have a dispatched runtime.
    fn runtime(&self, runtime: &str, field: &FieldPath) -> Option<Finding> {
        let template = self.policy.template_of(runtime);
        if self.registry.runtime(template).is_some() {
            return None;
        }
        let span = self.document.span(self.sources, field);
        let title = format!("the registry has no runtime `{}`", shown(template));
        let known = self.registry.runtimes().iter().map(|runtime| runtime.name.as_str());
        let near = closest_match(template, known);
        let help = near.map_or("add the runtime to the registry, or an entry to `templates`".to_owned(), |near| {
            format!("did you mean `{}`?", shown(near))
        });
        let mut finding = Finding::new(&codes::UNREGISTERED_POLICY_RUNTIME, span, title)
            .with_primary_text(format!("policy `{}` dispatches it", shown(self.policy.name())))
            .with_note(self.registry_note())
            .with_help(help)
            .with_subject("policy", self.policy.name())
            .with_subject("runtime", runtime)
            .with_subject("registry", self.path);
        if template != runtime {
            let span = self.document.span(self.sources, &FieldPath::default().key("templates").key(runtime));
            finding = finding.with_label(span, format!("template of `{}`", shown(runtime)));
        }
        Some(finding)
    }

    /// Returns a finding if no runtime lists a model, and one that could use it lists an id that is one slip away and
    /// takes the model by a pattern.
    fn misspelt_pick(&self, pick: &PickedModel<'_>, templates: &[&str]) -> Option<Finding> {
        let ids = |runtime: &'a Runtime| runtime.arms.iter().flat_map(|arm| &arm.models);
        if self.registry.runtimes().iter().flat_map(ids).any(|id| id == pick.model.trim()) {
            return None;
        }
        templates.iter().find_map(|template| {
            let near = ids(self.registry.runtime(template)?).find(|id| is_slip(pick.model, id))?;
            let provider = *self.registry.handle(template)?.candidates(pick.model).first()?;
            let span = self.document.span(self.sources, &pick.field);
            let finding = near_miss::slug(span, template, pick.model, near, &provider.name);
            Some(finding.with_note(self.registry_note()).with_subject("policy", self.policy.name()))
        })
    }

    /// Returns a finding if none of the runtimes that could use a model registers it.
    fn pick(&self, pick: &PickedModel<'_>) -> Option<Finding> {
        let templates: Vec<&str> = match &pick.runtimes {
            None => self.registry.runtimes().iter().map(|runtime| runtime.name.as_str()).collect(),
            Some(names) => {
                let templates = names.iter().map(|name| self.policy.template_of(name));
                templates.filter(|template| self.registry.runtime(template).is_some()).collect()
            }
        };
        // If no runtime is known, the unknown runtimes are already reported.
        if templates.is_empty() {
            return None;
        }
        if templates.iter().any(|template| self.registers(template, pick.model)) {
            return self.misspelt_pick(pick, &templates);
        }
        let span = self.document.span(self.sources, &pick.field);
        let model = shown(pick.model);
        let withdrawn_by =
            templates.iter().find_map(|template| self.registry.handle(template)?.withdrawn_by(pick.model));
        let title = match (withdrawn_by, &pick.runtimes, templates.as_slice()) {
            (Some(owner), ..) => format!("`{}` has withdrawn the model `{model}`", shown(&owner.name)),
            (_, None, _) => format!("no runtime registers the model `{model}`"),
            (_, Some(_), [only]) => format!("`{}` does not register the model `{model}`", shown(only)),
            (_, Some(_), several) => format!("none of {} registers the model `{model}`", quoted(several, ", ")),
        };
        let listed =
            templates.iter().filter_map(|template| self.registry.runtime(template)).flat_map(|runtime| &runtime.arms);
        // An id with white space around it has its own finding.
        let ids = listed.flat_map(|arm| &arm.models).map(String::as_str).filter(|id| id.trim() == *id);
        let near = closest_matches(pick.model, ids, 3);
        let help = if pick.model == "none" {
            "in a list, `none` is the name of a model; a rule with `use: none` sends no model".to_owned()
        } else if near.is_empty() {
            "list the model under a provider of the runtime, or pick a registered model".to_owned()
        } else {
            format!("did you mean {}? Spellings are compared exactly", quoted(&near, " or "))
        };
        let finding = Finding::new(&codes::UNREGISTERED_POLICY_MODEL, span, title)
            .with_primary_text(format!("policy `{}` picks it", shown(self.policy.name())))
            .with_note(self.registry_note())
            .with_help(help)
            .with_subject("policy", self.policy.name())
            .with_subject("model", pick.model)
            .with_subject("registry", self.path);
        Some(finding)
    }

    /// Returns true if some credentials select a provider for a model. It is enough to try single
    /// credentials: if several select a provider, one of them alone does.
    fn registers(&self, runtime: &str, model: &str) -> bool {
        let derive =
            |ambient: &[&str]| self.registry.derive(runtime, model, &Credentials { ambient, ..Credentials::default() });
        match derive(&[]) {
            Ok(_) => true,
            Err(Rejection::AmbiguousModel) => {
                let arms = self.registry.runtime(runtime).map_or(&[][..], |runtime| &runtime.arms);
                let providers = arms.iter().filter_map(|arm| self.registry.provider(&arm.provider));
                let mut items = providers.flat_map(|provider| provider.auth_env.items());
                items.any(|item| derive(&item.iter().collect::<Vec<_>>()).is_ok())
            }
            Err(_) => false,
        }
    }

    fn registry_note(&self) -> String {
        format!("the registry is `{}`", self.path)
    }
}

fn quoted(names: &[&str], between: &str) -> String {
    names.iter().map(|name| format!("`{}`", shown(name))).collect::<Vec<_>>().join(between)
}
