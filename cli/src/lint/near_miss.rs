//! Warnings about names that resemble others: a variable that no policy reads, a secret, a model id, and a
//! secret that is named after another vendor than the variable that it fills.

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashSet};
use std::ops::Range;
use std::path::PathBuf;
use std::rc::Rc;

use slug_redact::has_credential;
use slug_resolver::{Edit, Fix, Provider};
use slug_value::AbstractValue;
use slug_workflow::environment::{Origin, Setting};
use slug_workflow::model::InputEntry;
use slug_workflow::repository::{File, Repository};
use slug_workflow::scripts::Files as _;
use slug_workflow::slice::Lookalikes;
use slug_workflow::trigger::Caller;

use crate::codes::NEAR_MISS;
use crate::findings::{Finding, SourceId, Span};
use crate::render::shown;
use slug_value::slip::is_slip;

use super::evaluate::{CallVerdict, Evaluator, MisspeltSlug, resolves_call};
use super::explain::PolicyCall;
use super::linter::Linter;
use super::mentions::mentions;
use super::unmentioned::{Unmentioned, Wanted};

/// The warnings of a run.
#[derive(Default)]
pub struct NearMisses {
    by_place: BTreeMap<(SourceId, usize), Finding>,
    /// The entries whose secrets were compared, with the policy.
    compared: HashSet<(SourceId, usize, String)>,
    /// The warnings about variables, unless another file of the repository mentions them.
    unmentioned: BTreeMap<(SourceId, usize), Unmentioned>,
    secrets: Rc<OnceCell<SecretUses>>,
}

impl NearMisses {
    /// An empty collection for the same files, which shares the uses of their secrets.
    pub fn empty_for_same_files(&self) -> Self {
        Self { secrets: Rc::clone(&self.secrets), ..Self::default() }
    }

    /// The warnings, in the order of the files.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.by_place.values()
    }

    /// The place of each warning, also of those about variables that another file may read.
    pub fn places(&self) -> impl Iterator<Item = (SourceId, usize)> {
        self.by_place.keys().chain(self.unmentioned.keys()).copied()
    }

    /// Removes the warnings about variables that another file of the repository may read.
    pub fn take_unmentioned(&mut self) -> Vec<Unmentioned> {
        std::mem::take(&mut self.unmentioned).into_values().collect()
    }

    fn add_unmentioned(&mut self, unmentioned: Unmentioned) {
        let span = &unmentioned.finding.primary.span;
        self.unmentioned.entry((span.source, span.range.start)).or_insert(unmentioned);
    }

    fn add(&mut self, finding: Finding) {
        let span = &finding.primary.span;
        self.by_place.entry((span.source, span.range.start)).or_insert(finding);
    }
}

/// The secrets that the files of a run use: for each name in upper case, how often and in which place of the
/// order.
struct SecretUses(BTreeMap<String, (usize, usize)>);

impl SecretUses {
    fn of(repository: &Repository) -> Self {
        let mut uses = BTreeMap::new();
        for file in repository.files() {
            let lines = file.text.lines().filter(|line| !line.trim_start().starts_with('#'));
            let named =
                lines.flat_map(|line| line.match_indices("secrets").map(|(at, context)| &line[at + context.len()..]));
            for rest in named.filter_map(|rest| rest.strip_prefix('.').or(rest.strip_prefix("['"))) {
                let order = uses.len();
                let name = rest.split(|c: char| c != '_' && c != '-' && !c.is_ascii_alphanumeric()).next();
                uses.entry(name.unwrap_or_default().to_uppercase()).or_insert((0, order)).0 += 1;
            }
        }
        Self(uses)
    }

    /// The names that are used more often than a name, or as often and before it.
    fn more_usual(&self, name: &str) -> impl Iterator<Item = &str> {
        let (count, order) = self.0.get(name).copied().unwrap_or_default();
        let is_more = move |(_, (other, before)): &(&String, &(usize, usize))| {
            *other > count || *other == count && *before < order
        };
        self.0.iter().filter(is_more).map(|(name, _)| name.as_str())
    }
}

impl Linter<'_> {
    /// Adds the warnings about a call.
    pub(super) fn add_near_misses(
        &self,
        repository: &Repository,
        file: &File,
        call: &PolicyCall<'_>,
        verdict: &CallVerdict,
        found: &mut NearMisses,
    ) {
        let stand_ins = call.policy.variable_names().iter().filter_map(|name| self.stand_in(call, name));
        stand_ins.for_each(|finding| found.add(finding));
        for (name, setting) in &call.site.env.variables {
            if self.known.contains(name)
                && let Some(unmentioned) = self.misspelt_variable(file, call, name, setting)
            {
                found.add_unmentioned(unmentioned);
            }
        }
        self.misspelt_inputs(call).into_iter().for_each(|finding| found.add(finding));
        for name in policy_keys(call) {
            let Some(setting) = call.site.env.variables.get(name) else { continue };
            let place = (call.source, setting.origin.span().start);
            let secrets: Vec<String> =
                call.secrets(name).iter().filter_map(|secret| Some(call.passed_secret(secret)?.0)).collect();
            if found.compared.insert((place.0, place.1, format!("{} {name} {secrets:?}", call.policy.name()))) {
                let uses = found.secrets.get_or_init(|| SecretUses::of(repository));
                let fails = matches!(verdict, CallVerdict::Fails(failure) if failure.lacks_key());
                let findings = self.misspelt_secrets(file, call, name, (uses, fails));
                findings.into_iter().for_each(|finding| found.add(finding));
            }
        }
        let names = call.policy.variable_names().iter();
        names.filter_map(|name| self.misspelt_value(call, name)).for_each(|finding| found.add(finding));
        let evaluator = Evaluator { registry: self.registry, accept: self.accept, job: (&file.path, call.job) };
        let value = |name: &str| call.possible(name);
        for slug in evaluator.misspelt_slugs(call.policy, value, |id| self.known.ids.contains(id)) {
            found.add(misspelt_slug(call, slug));
        }
        // The error about a key that is missing says where the secret belongs.
        let is_explained = match verdict {
            CallVerdict::Fine { .. } => false,
            CallVerdict::Fails(failure) => failure.lacks_key(),
            CallVerdict::Undecided(_) => true,
        };
        if !is_explained {
            let of_other_vendors = policy_keys(call).filter_map(|name| self.other_vendor(call, name));
            of_other_vendors.for_each(|finding| found.add(finding));
        }
    }

    /// The warning about a variable that is one slip away from one that the policy reads. The meant variable is
    /// not set beside it, and neither the file nor a script that was read mentions the misspelt one.
    fn misspelt_variable(
        &self,
        file: &File,
        call: &PolicyCall<'_>,
        name: &str,
        setting: &Setting<'_>,
    ) -> Option<Unmentioned> {
        let script_of = |span: &Range<usize>| self.scripts.and_then(|scripts| scripts.path_at(span.start));
        let is_beside =
            |known: &&str| match call.site.env.variables.get(*known).map(|meant| (&meant.origin, &setting.origin)) {
                Some((Origin::Entry(meant), Origin::Entry(entry))) => meant.mapping.0 == entry.mapping.0,
                // The harness may set the meant variable itself.
                Some((Origin::Script(meant), Origin::Script(entry))) => script_of(meant) == script_of(entry),
                _ => false,
            };
        let read = call.policy.variable_names().iter().map(String::as_str);
        let meant = read.filter(|known| is_slip(name, known)).find(|known| !is_beside(known))?;
        if let (Some(scripts), Some(target)) = (self.scripts, call.site.target) {
            scripts.read(self.targets[target]);
        }
        let is_used = mentions(&file.text, name)
            || self.scripts.is_some_and(|scripts| scripts.any_text(|text| mentions(text, name)));
        if is_used {
            return None;
        }
        let span = Span { source: call.source, range: setting.origin.span() };
        let title = format!("policy `{}` does not read `{name}`, but it reads `{meant}`", call.policy.name());
        let finding = Finding::new(&NEAR_MISS, span, title).with_primary_text("has no effect on the harness");
        let finding = about(finding, call).with_help(format!("did you mean `{meant}`?")).with_subject("variable", name);
        let script = script_of(&setting.origin.span());
        Some(Unmentioned {
            name: name.to_owned(),
            path: script.unwrap_or_else(|| PathBuf::from(&file.path)),
            wanted: Wanted::Reader,
            finding,
        })
    }

    /// The warning about a value that is one slip away from a text with which the policy compares its variable, and
    /// that counts as any other value.
    fn misspelt_value(&self, call: &PolicyCall<'_>, name: &str) -> Option<Finding> {
        let setting = call.site.env.variables.get(name)?;
        let variable = call.policy.variable(name).filter(|variable| !call.policy.is_key(*variable))?;
        let AbstractValue::OneOf(values) = &setting.value.values else { return None };
        let compared = call.policy.value_classes(variable).texts;
        let others = values.iter().map(|value| value.trim());
        let mut others = others.filter(|value| !compared.iter().any(|text| text == value));
        let (value, meant) = others.find_map(|value| {
            let meant = compared.iter().find(|text| is_slip(value, text))?;
            (!self.is_registered(value) && !has_credential(value)).then_some((value, meant))
        })?;
        let span = Span { source: call.source, range: setting.origin.span() };
        let policy = call.policy.name();
        let title = format!("policy `{policy}` compares `{name}` with `{meant}`, and not with `{}`", shown(value));
        let finding = Finding::new(&NEAR_MISS, span, title).with_primary_text("counts as any other value");
        Some(about(finding, call).with_help(format!("did you mean `{meant}`?")).with_subject("variable", name))
    }

    /// The warnings about the inputs of an action that are one slip away from one of the policy that the step does not
    /// give.
    fn misspelt_inputs(&self, call: &PolicyCall<'_>) -> Vec<Finding> {
        let step = call.site.step;
        // A step in a composite action has inputs of its own.
        let action =
            call.site.target.filter(|_| call.site.call == step.uses_span).and_then(|target| self.action(target));
        let Some(action) = action else { return Vec::new() };
        let is_given = |input: &str| step.with.iter().any(|(name, _, _)| name.eq_ignore_ascii_case(input));
        let finding = |(name, key, _): &InputEntry| {
            let mut meant = action.inputs.iter().filter(|(known, _)| !is_given(known));
            let (known, variable) = meant.find(|(known, _)| is_slip(name, known))?;
            let span = Span { source: call.source, range: key.clone() };
            let title = format!("policy `{}` does not read the input `{name}`, but `{known}`", call.policy.name());
            let finding = Finding::new(&NEAR_MISS, span, title).with_primary_text(format!("does not set {variable}"));
            Some(about(finding, call).with_help(format!("did you mean `{known}`?")).with_subject("variable", variable))
        };
        let others = step.with.iter().filter(|(name, _, _)| action.variable(name).is_none());
        others.filter_map(finding).collect()
    }

    /// The warnings about the secrets of a key variable whose names are one slip away from that of the variable, of a
    /// credential, of a known secret or of one that is used more often.
    /// If the call lacks a key because the secret is not listed, that finding is enough.
    fn misspelt_secrets(
        &self,
        file: &File,
        call: &PolicyCall<'_>,
        variable: &str,
        (uses, fails): (&SecretUses, bool),
    ) -> Vec<Finding> {
        let entry = call.written(variable).and_then(|(_, entry)| entry);
        let injected = injected_by(call, variable);
        let finding = |own: &str| {
            let (secret, caller) = call.passed_secret(own)?;
            let secret = secret.as_str();
            let name = secret.to_uppercase();
            let declared = self.declared.known_secrets;
            let is_listed = declared.is_some_and(|known| known.iter().any(|known| known.eq_ignore_ascii_case(secret)));
            if is_listed || declared.is_some() && fails || self.known.has_secret(secret) {
                return None;
            }
            let expected = [variable].into_iter().chain(injected.iter().map(String::as_str));
            let known = declared.into_iter().flatten().chain(&self.known.read).chain(&self.known.credentials);
            // In called workflows, `secrets.NAME` may be a name that they declare, and no secret.
            let used = uses.more_usual(&name).filter(|_| caller.is_none());
            let mut candidates = expected.chain(known.map(String::as_str)).chain(used);
            let meant = candidates.find(|known| is_slip(&name, &known.to_uppercase()))?;
            let range = match entry {
                Some(entry) => within(&file.text, &entry.value_span, own).unwrap_or(entry.key.clone()),
                None => call.site.env.variables.get(variable)?.origin.span(),
            };
            let span = Span { source: call.source, range };
            let title = format!("the secret `{secret}` may be a misspelt `{meant}`");
            let both = match declared {
                Some(_) => "",
                None => " if both exist, list the secrets under `known_secrets` in slugproof.yaml",
            };
            let place = caller.map(|caller| format!(" {} passes it;", place_of(caller))).unwrap_or_default();
            Some(
                about(Finding::new(&NEAR_MISS, span, title).with_primary_text(format!("fills {variable}")), call)
                    .with_help(format!("did you mean `{meant}`?{place}{both}").trim_end_matches(';').to_owned())
                    .with_subject("variable", variable)
                    .with_subject("secret", secret),
            )
        };
        call.secrets(variable).iter().filter_map(|secret| finding(secret)).collect()
    }
}

fn misspelt_slug(call: &PolicyCall<'_>, found: MisspeltSlug) -> Finding {
    let MisspeltSlug { variable, slug, listed, provider, runtime } = found;
    let setting = call.site.env.variables.get(&variable);
    let range = setting.map_or(call.site.call.clone(), |setting| setting.origin.span());
    let finding = self::slug(Span { source: call.source, range }, &runtime, &slug, &listed, &provider);
    about(finding, call).with_subject("variable", variable)
}

/// The finding about a slug that only a pattern matches and that is probably a listed id.
pub(crate) fn slug(span: Span, runtime: &str, slug: &str, listed: &str, provider: &str) -> Finding {
    let text = shown(slug);
    let title = format!("`{runtime}` lists `{listed}` and not `{text}`, which only a pattern matches");
    Finding::new(&NEAR_MISS, span, title)
        .with_primary_text(format!("selects `{text}` from `{provider}` by its pattern"))
        .with_help(format!("did you mean `{listed}`? if `{text}` exists, list it in the registry"))
        .with_subject("slugs", slug)
}

/// A calling job, in words.
pub(super) fn place_of(caller: &Caller) -> String {
    format!("job `{}` of {}", shown(&caller.job), shown(&caller.path))
}

/// Adds the call to a finding.
pub(super) fn about(finding: Finding, call: &PolicyCall<'_>) -> Finding {
    let (step, policy) = (call.site.step.number, call.policy.name());
    finding
        .with_note(format!("in job `{}`, step {step}, by policy `{policy}`", call.job))
        .with_subject("policy", policy)
}

/// The bytes of `secrets.NAME`, or of the name alone, in a range of a text.
fn within(text: &str, range: &Range<usize>, secret: &str) -> Option<Range<usize>> {
    let paths = [format!("secrets.{secret}"), secret.to_owned()];
    let path = paths.iter().find(|path| text.get(range.clone()).is_some_and(|value| value.contains(*path)))?;
    let start = range.start + text.get(range.clone())?.find(path)?;
    Some(start..start + path.len())
}

impl Linter<'_> {
    /// The warning about a secret with the name of another vendor in a key variable.
    fn other_vendor(&self, call: &PolicyCall<'_>, variable: &str) -> Option<Finding> {
        let setting = call.site.env.variables.get(variable)?;
        let own = call.secret(variable)?;
        let (secret, caller) = call.passed_secret(&own)?;
        let injected = injected_by(call, variable);
        if secret == variable || injected.contains(&secret) {
            return None;
        }
        let of_secret: Vec<&Provider> =
            self.registry.providers().iter().filter(|provider| is_named(provider, call, &secret)).collect();
        let of_variable = |provider: &&Provider| accepts_any(provider, &injected);
        let owner = self.registry.providers().iter().find(|provider| of_variable(provider))?;
        let vendor = of_secret.first().filter(|_| !of_secret.iter().any(of_variable))?;
        let is_general = |key: &str| {
            key != variable && call.secret(key).as_ref() == Some(&own) && accepts_any(vendor, &injected_by(call, key))
        };
        if caller.is_some() && policy_keys(call).any(is_general) {
            // A workflow for every vendor gives the secret to each key variable, or to the one that an input chooses.
            return None;
        }
        let span = Span { source: call.source, range: setting.origin.span() };
        let keeps_working = |key: &&str| {
            let edits = vec![Edit::Set((*key).to_owned(), secret.clone()), Edit::Unset(variable.to_owned())];
            let fix = Fix { edits, slug: String::new(), provider: String::new(), runtime: None, is_safe: false };
            resolves_call(self.registry, call.policy, |name| call.possible(name), &fix)
        };
        let of_vendor = policy_keys(call).filter(|key| accepts_any(vendor, &injected_by(call, key)));
        let mut keys = of_vendor.filter(keeps_working);
        let help = match (caller, keys.next()) {
            (Some(caller), _) => format!("pass a secret of `{}` as `{own}` in {}", owner.name, place_of(caller)),
            (None, Some(key)) => {
                format!("{}, or use a secret of `{}`", self.describe_move(&secret, variable, key, call), owner.name)
            }
            (None, None) => {
                let input = self.input_of(&Edit::Set(variable.to_owned(), String::new()), call);
                let place = input.map_or(variable.to_owned(), |input| format!("`{input}`"));
                format!("use a secret of `{}` for {place}", owner.name)
            }
        };
        let finding = Finding::new(&NEAR_MISS, span, format!("the secret `{secret}` is named after `{}`", vendor.name))
            .with_primary_text(format!("injects {}, a credential of `{}`", injected.join(" and "), owner.name));
        Some(about(finding, call).with_help(help).with_subject("variable", variable))
    }

    /// The help that moves a secret from one key variable to another, or between the inputs of an action that have the
    /// variables.
    pub(super) fn describe_move(&self, secret: &str, from: &str, to: &str, call: &PolicyCall<'_>) -> String {
        let value = format!("${{{{ secrets.{secret} }}}}");
        let set = Edit::Set(to.to_owned(), value.clone());
        let set = self.input_of(&set, call).map_or(format!("set {to}: {value}"), |input| set_input(input, &value));
        let unset = Edit::Unset(from.to_owned());
        let from = self.input_of(&unset, call).map_or(from.to_owned(), |input| format!("`{input}`"));
        format!("{set} in place of {from}")
    }

    /// The input of the action of a call that an edit changes: see [`PolicyCall::input_of`].
    pub(super) fn input_of(&self, edit: &Edit, call: &PolicyCall<'_>) -> Option<&str> {
        call.input_of(self.action(call.site.target?)?.inputs, edit)
    }
}

/// The help that sets an input of an action.
pub(super) fn set_input(input: &str, value: &str) -> String {
    format!("set `{input}: {value}` in `with`")
}

/// The names of the key variables of the policy.
pub(super) fn policy_keys<'c>(call: &'c PolicyCall<'_>) -> impl Iterator<Item = &'c str> {
    call.policy.key_variables().map(|key| call.policy.variable_name(key))
}

/// The secrets of the rules that a key variable selects.
fn injected_by(call: &PolicyCall<'_>, variable: &str) -> Vec<String> {
    let rules = call.policy.document().secrets.iter();
    let of_key = rules.filter(|rule| rule.condition().variables.iter().any(|(name, _)| name == variable));
    of_key.flat_map(|rule| rule.injected().iter().cloned()).collect()
}

fn accepts_any(provider: &Provider, names: &[String]) -> bool {
    provider.auth_env.names().iter().any(|accepted| names.contains(accepted))
}

/// True if the name of a secret names a provider: it is a credential that the provider accepts, the
/// key variable of one, or has the name of the provider in it.
fn is_named(provider: &Provider, call: &PolicyCall<'_>, secret: &str) -> bool {
    let has_name = || {
        let name = provider.name.to_lowercase();
        name.len() > 2 && !provider.is_platform() && secret.to_lowercase().split('_').any(|word| word == name)
    };
    let is_key = || policy_keys(call).any(|key| key == secret) && accepts_any(provider, &injected_by(call, secret));
    provider.auth_env.names().iter().any(|accepted| accepted == secret) || is_key() || has_name()
}
