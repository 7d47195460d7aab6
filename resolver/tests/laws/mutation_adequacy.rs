//! Each law on its own rejects resolvers with a deliberate bug.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use slug_laws::reference::is_found_in;
use slug_laws::{Dataset, Document, Implementation, LAWS, LawContext, RealResolver, TestCase, law};
use slug_resolver::policy::{Pick, SecretsRule, Source, Test};
use slug_resolver::registry::{Arm, Pattern};
use slug_resolver::yaml::{FieldPath, ReadError, UnknownFields};
use slug_resolver::{
    Billing, BillingPath, Code, Edit, Fix, Kind, NameSubset, Outcome, Policy, Provider, Registry, Resolution, Warning,
};

use crate::strategy::fixed_cases;
use crate::wrong_rules::{Bug, resolve_with};

/// The number of cases in which a law must find the bug.
pub const CASES: usize = 3_000;

/// A resolver with one bug, and the law that rejects it.
pub struct Wrong {
    pub law: &'static str,
    pub bug: &'static str,
    pub resolve: for<'a> fn(&'a TestCase) -> Resolution<'a>,
    pub runtime: for<'a> fn(&'a TestCase) -> Option<&'a str>,
    pub fixes: fn(&TestCase) -> Vec<Fix>,
    pub message: fn(&Registry, &Resolution<'_>) -> String,
    pub report: fn(&TestCase, &[Fix]) -> String,
    pub reread: fn(&TestCase) -> Result<TestCase, ReadError>,
    pub extending: fn(&Dataset) -> Result<Arc<[Policy; 2]>, ReadError>,
    pub validate: fn(Document, &str, &Arc<Dataset>) -> Result<(), ReadError>,
}

impl Implementation for Wrong {
    fn resolve<'a>(&self, case: &'a TestCase) -> Resolution<'a> {
        (self.resolve)(case)
    }

    fn runtime<'a>(&self, case: &'a TestCase) -> Option<&'a str> {
        (self.runtime)(case)
    }

    fn fixes(&self, case: &TestCase) -> Vec<Fix> {
        (self.fixes)(case)
    }

    fn message(&self, registry: &Registry, resolution: &Resolution<'_>) -> String {
        (self.message)(registry, resolution)
    }

    fn report(&self, case: &TestCase, fixes: &[Fix]) -> String {
        (self.report)(case, fixes)
    }

    fn reread(&self, case: &TestCase) -> Result<TestCase, ReadError> {
        (self.reread)(case)
    }

    fn extending(&self, dataset: &Dataset) -> Result<Arc<[Policy; 2]>, ReadError> {
        (self.extending)(dataset)
    }

    fn validate(&self, document: Document, text: &str, dataset: &Arc<Dataset>) -> Result<(), ReadError> {
        (self.validate)(document, text, dataset)
    }
}

pub fn right<'a>(case: &'a TestCase) -> Resolution<'a> {
    RealResolver.resolve(case)
}

pub const RIGHT: Wrong = Wrong {
    law: "",
    bug: "",
    resolve: right,
    runtime: |case| RealResolver.runtime(case),
    fixes: |case| RealResolver.fixes(case),
    message: |registry, resolution| RealResolver.message(registry, resolution),
    report: |case, fixes| RealResolver.report(case, fixes),
    reread: |case| RealResolver.reread(case),
    extending: |dataset| RealResolver.extending(dataset),
    validate: |document, text, dataset| RealResolver.validate(document, text, dataset),
};

pub const fn wrong(law: &'static str, bug: &'static str, resolve: for<'a> fn(&'a TestCase) -> Resolution<'a>) -> Wrong {
    Wrong { law, bug, resolve, ..RIGHT }
}

const WRONG: &[Wrong] = &[
    wrong("override-wins", "rules with a condition come before the override", |case| {
        resolve_with(Bug::SpecificFirst, case)
    }),
    wrong("override-wins", "an override withdraws the injected secrets", |case| {
        let found = right(case);
        if found.decided_by == Some("MODEL") { Resolution { injected: NameSubset::default(), ..found } } else { found }
    }),
    wrong("first-rule-decides", "the last rule that applies decides", |case| resolve_with(Bug::LastModel, case)),
    wrong("first-rule-decides", "an unavailable variable ends the list", |case| {
        resolve_with(Bug::UnavailableEnds, case)
    }),
    wrong("first-rule-decides", "a rule that sends no model is skipped", |case| resolve_with(Bug::NoneIsSkipped, case)),
    wrong("first-rule-decides", "a `not` test fails for an unset variable", |case| {
        resolve_with(Bug::NotNeedsValue, case)
    }),
    wrong("first-rule-decides", "`host` compares the whole URL", |case| resolve_with(Bug::HostIsWhole, case)),
    wrong("first-rule-decides", "`host` compares case", |case| resolve_with(Bug::HostHasCase, case)),
    wrong("first-rule-decides", "`host` is found anywhere in a URL", |case| resolve_with(Bug::HostIsAnywhere, case)),
    wrong("first-rule-decides", "the runtimes of a condition are ignored", |case| {
        resolve_with(Bug::RuntimeIgnored, case)
    }),
    wrong("first-rule-decides", "one test of a condition is enough", |case| resolve_with(Bug::OneTestIsEnough, case)),
    wrong("first-rule-decides", "a test does not see defaults", |case| resolve_with(Bug::DefaultIgnored, case)),
    wrong("platform-beats-keys", "a tenant key is injected on the platform path", |case| {
        resolve_with(Bug::PlatformGoesOn, case)
    }),
    wrong("first-key-injects", "the last set key decides the injected secrets", |case| {
        resolve_with(Bug::LastSecrets, case)
    }),
    wrong("first-key-injects", "later rules add their secrets", |case| resolve_with(Bug::FirstGoesOn, case)),
    wrong("first-key-injects", "a rule with a key ignores its condition", |case| resolve_with(Bug::KeyIsEnough, case)),
    wrong("first-key-injects", "an empty variable never counts as set", |case| {
        resolve_with(Bug::EmptyNeverCounts, case)
    }),
    wrong("every-adds", "only the first rule that applies injects", |case| resolve_with(Bug::EveryStops, case)),
    wrong("every-adds", "rules after the platform path inject", |case| resolve_with(Bug::PlatformGoesOn, case)),
    wrong("every-adds", "the platform path withdraws the secrets of earlier rules", |case| {
        resolve_with(Bug::PlatformWithdraws, case)
    }),
    wrong("every-adds", "an empty variable never counts as set", |case| resolve_with(Bug::EmptyNeverCounts, case)),
    wrong("empty-is-unset", "an empty variable counts as set", |case| resolve_with(Bug::EmptyCounts, case)),
    wrong("default-is-unset", "an unset variable has no default", |case| resolve_with(Bug::DefaultIgnored, case)),
    wrong("default-is-unset", "a variable that repeats its default counts as shadowed", |case| {
        let found = right(case);
        let defaults = &case.dataset.policy.document().defaults;
        let repeats = |name: &str| defaults.get(name).is_some_and(|default| case.variables.get(name) == Some(default));
        let names = case.dataset.policy.variable_names();
        Resolution { shadowed: NameSubset::of(names, |name| repeats(name) || found.shadowed.contains(name)), ..found }
    }),
    wrong("irrelevant-variables-ignored", "the platform model is used on either path", |case| {
        let found = right(case);
        match case.variables.get("PLATFORM_MODEL") {
            Some(model) if found.decided_by != Some("MODEL") && !model.is_empty() => {
                Resolution { slug: model, ..found }
            }
            _ => found,
        }
    }),
    wrong("irrelevant-variables-ignored", "a key selects its model on the platform path", |case| {
        let found = right(case);
        match keyed_model(case) {
            Some(model) if found.rule == Some("platform") => Resolution { slug: model, ..found },
            _ => found,
        }
    }),
    wrong("irrelevant-variables-ignored", "an unrelated variable decides", |case| {
        let found = right(case);
        let decided_by = if case.variables.contains_key("UNRELATED_TOKEN") { None } else { found.decided_by };
        Resolution { decided_by, rule: if decided_by.is_none() { Some("fallback") } else { found.rule }, ..found }
    }),
    wrong("shadowed-is-inert", "nothing is ever shadowed", |case| Resolution {
        shadowed: NameSubset::default(),
        ..right(case)
    }),
    wrong("shadowed-is-inert", "a variable that only a precondition tests is shadowed", |case| {
        let found = right(case);
        let document = case.dataset.policy.document();
        let tests = |name: &str| {
            let conditions = document.creates.unless.iter();
            conditions.flat_map(|condition| &condition.variables).any(|(tested, _)| tested == name)
        };
        let is_set = |name: &str| case.variables.get(name).is_some_and(|value| !value.is_empty());
        let names = case.dataset.policy.variable_names();
        let shadowed = |name: &str| found.shadowed.contains(name) || tests(name) && is_set(name);
        Resolution { shadowed: NameSubset::of(names, shadowed), ..found }
    }),
    wrong("verbatim-slug", "the slug is trimmed", |case| {
        let found = right(case);
        Resolution { slug: found.slug.trim(), ..found }
    }),
    wrong("verbatim-slug", "the last available source counts", |case| resolve_with(Bug::LastSource, case)),
    Wrong {
        law: "runtime-is-read",
        bug: "the runtime is trimmed",
        runtime: |case| RealResolver.runtime(case).map(str::trim),
        ..RIGHT
    },
    Wrong {
        law: "runtime-is-read",
        bug: "the only runtime of a harness is not taken without a rule",
        runtime: |case| {
            let has_rule = !case.dataset.policy.document().runtime.is_empty();
            RealResolver.runtime(case).filter(|_| has_rule)
        },
        ..RIGHT
    },
    Wrong {
        law: "runtime-is-read",
        bug: "conditions of rules for the runtime are ignored",
        runtime: |case| {
            let first = case.dataset.policy.document().runtime.first();
            let source = first.and_then(|rule| match &rule.pick {
                Pick::FirstOf(sources) => sources.first(),
                Pick::Nothing => None,
            });
            match source {
                Some(Source::Text(text)) => Some(text),
                _ => RealResolver.runtime(case),
            }
        },
        ..RIGHT
    },
    wrong("creates-nothing-says-nothing", "nothing is created only if every condition holds", |case| {
        resolve_with(Bug::UnlessNeedsAll, case)
    }),
    wrong("creates-nothing-says-nothing", "a missing key is reported although nothing is created", |case| {
        let found = right(case);
        if found.outcome == Outcome::Nothing {
            return Resolution { code: Some(Code::MissingCredential), ..found };
        }
        found
    }),
    Wrong {
        law: "creates-nothing-says-nothing",
        bug: "a fix makes the harness create something",
        fixes: |case| match right(case) {
            found if found.outcome == Outcome::Nothing => {
                let names = case.variables.keys().cloned();
                vec![Fix {
                    edits: names.map(Edit::Unset).collect(),
                    slug: found.slug.into(),
                    provider: String::new(),
                    runtime: None,
                    is_safe: false,
                }]
            }
            _ => RealResolver.fixes(case),
        },
        ..RIGHT
    },
    wrong("translation", "the keyed models of version 1 precede its platform path", |case| {
        let found = right(case);
        match keyed_model(case) {
            Some(slug) if found.rule == Some("platform") => Resolution { slug, rule: Some("keyed"), ..found },
            _ => found,
        }
    }),
    wrong("translation", "the rule names of version 1 are lost", |case| {
        let found = right(case);
        Resolution { rule: found.rule.map(|_| "model[0]"), ..found }
    }),
    wrong("translation", "the secrets of version 1 become the mode `every`", |case| {
        resolve_with(Bug::FirstGoesOn, case)
    }),
    wrong("translation", "the platform path of version 1 comes after its keys", |case| {
        let found = right(case);
        let rules = &case.dataset.policy.document().secrets;
        let is_set = |rule: &&SecretsRule| rule.key.as_ref().is_some_and(|key| is_set(case, key));
        match rules.iter().find(is_set) {
            Some(rule) => {
                Resolution { path: BillingPath::Byok, injected: NameSubset::of(rule.injected(), |_| true), ..found }
            }
            None => found,
        }
    }),
    Wrong { law: "translation", bug: "a translated policy names no runtime", runtime: |_| None, ..RIGHT },
    wrong("native-only", "the whole catalogue is searched", |case| {
        let found = right(case);
        let any = case.dataset.registry.providers().iter().find(|provider| matches(provider, found.slug));
        Resolution { provider: found.provider.or(any), ..found }
    }),
    wrong("model-class-decides", "a slug with a colon is never registered", |case| {
        let found = right(case);
        if found.slug.contains(':') && !found.slug.trim().is_empty() {
            return Resolution { provider: None, code: Some(Code::UnregisteredModel), ..found };
        }
        found
    }),
    wrong("exact-beats-pattern", "a pattern beats a listed id", |case| {
        let found = right(case);
        let by_pattern =
            arms(case).iter().map(|arm| provider(case, arm)).find(|provider| matches(provider, found.slug));
        Resolution { provider: found.provider.and(by_pattern).or(found.provider), ..found }
    }),
    wrong("order-free", "a listed id without its key goes to the first arm", |case| {
        let found = right(case);
        match found.code {
            Some(Code::MissingCredential | Code::WrongCredential) if is_listed(case, found.slug) => {
                Resolution { provider: arms(case).first().map(|arm| provider(case, arm)), ..found }
            }
            _ => found,
        }
    }),
    wrong("order-free", "if several patterns match, the first in the catalogue wins", |case| {
        let found = right(case);
        let native = |provider: &&Provider| arms(case).iter().any(|arm| arm.provider == provider.name);
        let first =
            case.dataset.registry.providers().iter().filter(native).find(|provider| matches(provider, found.slug));
        if found.code == Some(Code::AmbiguousModel) {
            Resolution { provider: first, code: None, ..found }
        } else {
            found
        }
    }),
    wrong("order-free", "if several arms list an id, the first wins regardless of the injected secrets", |case| {
        let found = right(case);
        let first = arms(case).iter().find(|arm| arm.models.iter().any(|id| id == found.slug.trim()));
        Resolution { provider: first.map(|arm| provider(case, arm)).or(found.provider), ..found }
    }),
    wrong("fail-closed", "an unregistered or ambiguous model goes to the first arm", |case| {
        let found = right(case);
        match (found.code, arms(case).first()) {
            (Some(Code::UnregisteredModel | Code::AmbiguousModel), Some(arm)) => {
                Resolution { provider: Some(provider(case, arm)), code: None, ..found }
            }
            _ => found,
        }
    }),
    wrong("fail-closed", "an unknown runtime falls through to the catalogue", |case| {
        let found = right(case);
        let first = case.dataset.registry.providers().first();
        if found.code == Some(Code::UnknownRuntime) {
            Resolution { provider: first, code: None, ..found }
        } else {
            found
        }
    }),
    wrong("platform-is-closed", "every model on the platform path is billed to the platform", |case| {
        let found = right(case);
        if found.path == BillingPath::Platform {
            Resolution { billing: Some(Billing::Platform), ..found }
        } else {
            found
        }
    }),
    wrong("platform-is-closed", "the platform serves the models of other providers", |case| {
        let found = right(case);
        let platform = case.dataset.registry.providers().iter().find(|provider| provider.is_platform());
        match (found.provider, platform) {
            (Some(_), Some(platform)) => {
                Resolution { provider: Some(platform), billing: Some(Billing::Platform), ..found }
            }
            _ => found,
        }
    }),
    wrong("withdrawn-is-closed", "a withdrawn model counts as unregistered", |case| {
        let found = right(case);
        if found.code == Some(Code::WithdrawnModel) {
            return Resolution { code: Some(Code::UnregisteredModel), withdrawn_by: None, ..found };
        }
        found
    }),
    wrong("withdrawn-is-closed", "a pattern still serves a withdrawn model", |case| {
        let found = right(case);
        let matching = arms(case).iter().map(|arm| provider(case, arm)).find(|it| matches(it, found.slug));
        match matching {
            Some(provider) if found.code == Some(Code::WithdrawnModel) => {
                Resolution { provider: Some(provider), code: Some(Code::MissingCredential), ..found }
            }
            _ => found,
        }
    }),
    wrong("whitespace-trimmed", "a model with white space around it is not found", |case| {
        let found = right(case);
        if found.slug != found.slug.trim() { Resolution { provider: None, ..found } } else { found }
    }),
    wrong("whitespace-trimmed", "zero-width characters are trimmed as well", |case| {
        let found = right(case);
        let bare = found.slug.trim_matches(['\u{200b}', '\u{feff}']);
        let listing = arms(case).iter().find(|arm| arm.models.iter().any(|id| id == bare));
        match listing {
            Some(arm) if bare != found.slug => Resolution { provider: Some(provider(case, arm)), code: None, ..found },
            _ => found,
        }
    }),
    wrong("template-derives-as", "a template variant is looked up under its own name", |case| {
        let found = right(case);
        if case.dataset.policy.document().templates.contains_key(&case.runtime) {
            return Resolution { provider: None, code: Some(Code::UnknownRuntime), ..found };
        }
        found
    }),
    wrong("matching-secrets", "any injected secret is accepted", |case| {
        let found = right(case);
        if found.code == Some(Code::WrongCredential) {
            return Resolution { verdict: Kind::Coherent, code: None, outcome: Outcome::Online, ..found };
        }
        found
    }),
    wrong("groups-need-all", "one name of a group is accepted", |case| {
        let found = right(case);
        let present = |name: &str| found.injected.contains(name) || case.ambient.iter().any(|known| known == name);
        let some = NameSubset::of(found.needs.names(), present);
        match found.code {
            Some(Code::WrongCredential | Code::MissingCredential) if !some.is_empty() => {
                Resolution { accepted_by: some, verdict: Kind::Coherent, code: None, outcome: Outcome::Online, ..found }
            }
            _ => found,
        }
    }),
    wrong("keyless-needs-nothing", "a provider without credentials needs an injected one", |case| {
        let found = right(case);
        let is_keyless = found.provider.is_some_and(Provider::is_keyless);
        if is_keyless && found.injected.is_empty() {
            return Resolution {
                verdict: Kind::Contradiction,
                code: Some(Code::MissingCredential),
                outcome: Outcome::Failed,
                ..found
            };
        }
        found
    }),
    wrong("evidence-sound", "a missing credential is called a wrong one", |case| {
        let found = right(case);
        if found.code == Some(Code::MissingCredential) {
            return Resolution { code: Some(Code::WrongCredential), ..found };
        }
        found
    }),
    wrong("evidence-sound", "a contradiction says that nothing was injected", |case| {
        let found = right(case);
        if found.is_coherent() { found } else { Resolution { injected: NameSubset::default(), ..found } }
    }),
    wrong("ambient-stays-out", "ambient credentials are injected", |case| {
        let found = right(case);
        if found.injected.is_empty() {
            return Resolution { injected: NameSubset::of(&case.ambient, |_| true), ..found };
        }
        found
    }),
    wrong("ambient-stays-out", "the platform treats an ambient credential as a tenant key", |case| {
        let found = right(case);
        let on_platform = found.is_coherent() && found.provider.is_some_and(Provider::is_platform);
        let code =
            if on_platform && !case.ambient.is_empty() { Some(Code::PlatformModelWithTenantKey) } else { found.code };
        Resolution { code, ..found }
    }),
    wrong("warnings-exact", "a cross-vendor key causes no warning", |case| {
        let found = right(case);
        let warnings = found.warnings.iter().filter(|warning| *warning != Warning::CrossVendorCredential);
        Resolution { warnings: warnings.collect(), ..found }
    }),
    wrong("warnings-exact", "only the first name of a group belongs to a vendor", |case| {
        let found = right(case);
        let providers = case.dataset.registry.providers();
        let is_first = |name: &str| providers.iter().any(|it| it.auth_env.names().first().is_some_and(|it| it == name));
        let is_kept =
            |warning: &Warning| *warning != Warning::CrossVendorCredential || found.accepted_by.iter().all(is_first);
        Resolution { warnings: found.warnings.iter().filter(is_kept).collect(), ..found }
    }),
    Wrong {
        law: "fixes-sound-and-minimal",
        bug: "unsetting the override is always offered",
        fixes: |case| {
            let found = right(case);
            let edits = vec![Edit::Unset("MODEL".to_owned())];
            let provider = found.provider.map(|provider| provider.name.clone()).unwrap_or_default();
            let fix = Fix { edits, slug: found.slug.into(), provider, runtime: None, is_safe: false };
            if found.is_contradiction() { vec![fix] } else { Vec::new() }
        },
        ..RIGHT
    },
    Wrong {
        law: "fixes-sound-and-minimal",
        bug: "no fix sets a variable",
        fixes: |case| fixes_where(case, |fix| fix.edits.iter().all(|edit| matches!(edit, Edit::Unset(_)))),
        ..RIGHT
    },
    Wrong {
        law: "fixes-sound-and-minimal",
        bug: "larger fixes are missing if a smaller one exists",
        fixes: |case| {
            let mut fixes = RealResolver.fixes(case);
            let least = fixes.first().map_or(0, |fix| fix.edits.len());
            fixes.retain(|fix| fix.edits.len() == least);
            fixes
        },
        ..RIGHT
    },
    Wrong {
        law: "fixes-sound-and-minimal",
        bug: "a fix unsets an unneeded variable",
        fixes: |case| {
            let mut fixes = RealResolver.fixes(case);
            for fix in &mut fixes {
                fix.edits.push(Edit::Unset("UNREAD".into()));
            }
            fixes
        },
        ..RIGHT
    },
    Wrong {
        law: "fixes-sound-and-minimal",
        bug: "no fix unsets a variable",
        fixes: |case| fixes_where(case, |fix| fix.edits.iter().all(|edit| matches!(edit, Edit::Set(..)))),
        ..RIGHT
    },
    Wrong {
        law: "fixes-sound-and-minimal",
        bug: "no fix sets a key that is empty",
        fixes: |case| {
            let secrets = &case.dataset.policy.document().secrets;
            let is_empty = |name: &str| case.variables.get(name).is_some_and(String::is_empty);
            let empty: Vec<_> =
                secrets.iter().filter_map(|rule| rule.key.as_ref()).filter(|key| is_empty(key)).collect();
            let sets_empty = |edit: &Edit| empty.iter().any(|key| *key == edit.variable());
            fixes_where(case, |fix| !fix.edits.iter().any(sets_empty))
        },
        ..RIGHT
    },
    Wrong {
        law: "fixes-sound-and-minimal",
        bug: "no fix sets a model variable without a default",
        fixes: |case| {
            let policy = case.dataset.policy.document();
            let models = ["MODEL", "PLATFORM_MODEL"];
            let is_model = |name: &String| models.contains(&name.as_str()) && !policy.defaults.contains_key(name);
            let sets_model = |edit: &Edit| matches!(edit, Edit::Set(name, _) if is_model(name));
            fixes_where(case, |fix| !fix.edits.iter().any(sets_model))
        },
        ..RIGHT
    },
    Wrong {
        law: "fixes-sound-and-minimal",
        bug: "a key is set to an arbitrary secret",
        fixes: |case| with_keys_set_to(case, |_, _| Some("SECRET")),
        ..RIGHT
    },
    Wrong {
        law: "fixes-sound-and-minimal",
        bug: "a key is set to a secret that it injects but the provider does not accept",
        fixes: |case| {
            with_keys_set_to(case, |injected, accepted| {
                injected.iter().find(|name| !accepted.contains(name)).map(String::as_str)
            })
        },
        ..RIGHT
    },
    Wrong {
        law: "fixes-sound-and-minimal",
        bug: "a key is set to a secret that the provider accepts but the key does not inject",
        fixes: |case| {
            with_keys_set_to(case, |injected, accepted| {
                accepted.iter().find(|name| !injected.contains(name)).map(String::as_str)
            })
        },
        ..RIGHT
    },
    Wrong {
        law: "fixes-sound-and-minimal",
        bug: "each fix is repeated with one more edit at the end",
        fixes: |case| with_more(case, Vec::push),
        ..RIGHT
    },
    Wrong {
        law: "fixes-sound-and-minimal",
        bug: "each fix is repeated with one more edit at the beginning",
        fixes: |case| with_more(case, |edits, more| edits.insert(0, more)),
        ..RIGHT
    },
    Wrong {
        law: "fixes-sound-and-minimal",
        bug: "a fix does not say that it changes the runtime",
        fixes: |case| RealResolver.fixes(case).into_iter().map(|fix| Fix { runtime: None, ..fix }).collect(),
        ..RIGHT
    },
    Wrong {
        law: "fixes-sound-and-minimal",
        bug: "no fix sets a variable that is the runtime or unsets it",
        fixes: |case| {
            let sources = case.dataset.policy.document().runtime.iter().flat_map(|rule| match &rule.pick {
                Pick::Nothing => &[][..],
                Pick::FirstOf(sources) => sources,
            });
            let used: Vec<&Source> = sources.collect();
            let is_used = |edit: &Edit| used.iter().any(|it| **it == Source::Variable(edit.variable().to_owned()));
            fixes_where(case, |fix| !fix.edits.iter().any(is_used))
        },
        ..RIGHT
    },
    Wrong {
        law: "fix-keeps-vendor",
        bug: "the smallest fix comes first, whatever vendor it chooses",
        fixes: |case| {
            let mut fixes = RealResolver.fixes(case);
            fixes.sort_by_key(|fix| fix.edits.len());
            fixes
        },
        ..RIGHT
    },
    Wrong {
        law: "fix-keeps-vendor",
        bug: "a fix that changes the vendor comes first",
        fixes: |case| {
            let mut fixes = RealResolver.fixes(case);
            let provider = right(case).provider.map(|provider| &provider.name);
            fixes.sort_by_key(|fix| provider == Some(&fix.provider));
            fixes
        },
        ..RIGHT
    },
    Wrong {
        law: "fix-keeps-vendor",
        bug: "every fix can be made without asking",
        fixes: |case| RealResolver.fixes(case).into_iter().map(|fix| Fix { is_safe: true, ..fix }).collect(),
        ..RIGHT
    },
    Wrong {
        law: "fix-keeps-vendor",
        bug: "another spelling of the slug comes last",
        fixes: |case| {
            let mut fixes = RealResolver.fixes(case);
            let sets_model = |fix: &Fix| matches!(fix.edits.as_slice(), [Edit::Set(name, _)] if name == "MODEL");
            fixes.sort_by_key(sets_model);
            fixes
        },
        ..RIGHT
    },
    Wrong {
        law: "fix-keeps-vendor",
        bug: "a fix that sends a key to another vendor is one of several",
        fixes: |case| {
            let mut fixes = RealResolver.fixes(case);
            let ids = arms(case).iter().flat_map(|arm| &arm.models);
            let cases = ids.map(|id| case.with("MODEL", id));
            let more = cases.filter_map(|case| {
                let fixed = right(&case);
                let provider = fixed.provider.filter(|_| fixed.is_coherent())?.name.clone();
                let edits = vec![Edit::Set("MODEL".to_owned(), fixed.slug.to_owned())];
                let moves_key = fixed.warnings.contains(Warning::CrossVendorCredential);
                moves_key.then(|| Fix { edits, slug: fixed.slug.to_owned(), provider, runtime: None, is_safe: false })
            });
            fixes.extend(more);
            fixes
        },
        ..RIGHT
    },
    Wrong {
        law: "fix-keeps-vendor",
        bug: "a provider whose key is there is the vendor of a slug that no provider serves",
        fixes: |case| {
            let found = right(case);
            let has_key = |name: &String| {
                let provider = case.dataset.registry.provider(name);
                provider.is_some_and(|it| it.auth_env.names().iter().any(|key| found.injected.contains(key)))
            };
            let is_rejected = found.code == Some(Code::UnregisteredModel);
            let is_safe = |fix: &Fix| fix.is_safe || is_rejected && has_key(&fix.provider);
            RealResolver.fixes(case).into_iter().map(|fix| Fix { is_safe: is_safe(&fix), ..fix }).collect()
        },
        ..RIGHT
    },
    Wrong {
        law: "fix-keeps-vendor",
        bug: "no fix of a misspelt slug can be made without asking",
        fixes: |case| {
            let is_rejected = right(case).code == Some(Code::UnregisteredModel);
            let is_safe = |fix: &Fix| fix.is_safe && !is_rejected;
            RealResolver.fixes(case).into_iter().map(|fix| Fix { is_safe: is_safe(&fix), ..fix }).collect()
        },
        ..RIGHT
    },
    Wrong {
        law: "message-tells-why",
        bug: "the message does not say what the provider needs",
        message: |registry, resolution| {
            let names = resolution.needs.names().iter();
            names.fold(RealResolver.message(registry, resolution), |message, name| message.replace(name, "a secret"))
        },
        ..RIGHT
    },
    Wrong {
        law: "message-tells-why",
        bug: "the message is about another slug",
        message: |registry, resolution| RealResolver.message(registry, &Resolution { slug: "another", ..*resolution }),
        ..RIGHT
    },
    Wrong {
        law: "message-tells-why",
        bug: "the message does not say that one of several secrets is enough",
        message: |registry, resolution| RealResolver.message(registry, resolution).replace("one of ", ""),
        ..RIGHT
    },
    Wrong {
        law: "message-tells-why",
        bug: "the message always says that one of the secrets is enough",
        message: |registry, resolution| {
            format!("{}: one of {}", RealResolver.message(registry, resolution), resolution.needs.names().join(", "))
        },
        ..RIGHT
    },
    wrong("agreement", "if several arms list an id, the last one wins", |case| {
        let found = right(case);
        let mut listing = arms(case).iter().filter(|arm| arm.models.iter().any(|id| id == found.slug.trim()));
        match listing.next_back() {
            Some(last) => Resolution { provider: Some(provider(case, last)), ..found },
            None => found,
        }
    }),
    Wrong {
        law: "secret-noninterference",
        bug: "the environment is logged",
        report: |case, _| format!("resolving with {:?}", case.variables),
        ..RIGHT
    },
    Wrong {
        law: "roundtrip",
        bug: "the ambient credentials are not written",
        reread: |case| Ok(TestCase { ambient: Vec::new(), ..case.masked() }),
        ..RIGHT
    },
    Wrong {
        law: "roundtrip",
        bug: "a policy that extends another keeps the rules for secrets of the other",
        extending: |dataset| {
            let mut document = dataset.policy.document().clone();
            document.secrets.truncate(1);
            let policy = Policy::new(document).unwrap_or_else(|_| dataset.policy.clone());
            Ok(Arc::new([dataset.policy.clone(), policy]))
        },
        ..RIGHT
    },
    Wrong {
        law: "strict-reading",
        bug: "an unknown field of a registry is ignored",
        validate: |document, text, dataset| match document {
            Document::Registry => Registry::from_yaml(text.as_bytes(), UnknownFields::Allow).map(drop),
            _ => RealResolver.validate(document, text, dataset),
        },
        ..RIGHT
    },
    Wrong {
        law: "strict-reading",
        bug: "a null item is dropped",
        validate: |document, text, dataset| {
            let items = text.lines().filter(|line| line.trim_start() != "- null").collect::<Vec<_>>();
            RealResolver.validate(document, &items.join("\n"), dataset)
        },
        ..RIGHT
    },
    Wrong {
        law: "strict-reading",
        bug: "two providers may have the same vendor",
        validate: |document, text, dataset| {
            let read = RealResolver.validate(document, text, dataset);
            passes_where(read, |error| error.message.contains("duplicate upstream vendor"))
        },
        ..RIGHT
    },
    Wrong {
        law: "strict-reading",
        bug: "a required field may be missing",
        validate: |document, text, dataset| {
            passes_where(RealResolver.validate(document, text, dataset), |error| error.message.contains("missing"))
        },
        ..RIGHT
    },
    Wrong {
        law: "strict-reading",
        bug: "a name may be empty",
        validate: |document, text, dataset| {
            let is_empty = |line: &str| line.ends_with(": \"\"") || line.ends_with(": ''");
            let is_present = document != Document::TestCase && text.lines().any(is_empty);
            passes_where(RealResolver.validate(document, text, dataset), |_| is_present)
        },
        ..RIGHT
    },
    Wrong {
        law: "strict-reading",
        bug: "a list of secrets may be empty",
        validate: |document, text, dataset| {
            let is_present = text.contains("auth_env: []") || text.contains("inject: []");
            passes_where(RealResolver.validate(document, text, dataset), |_| is_present)
        },
        ..RIGHT
    },
    Wrong {
        law: "strict-reading",
        bug: "a registry may have no runtimes",
        validate: |document, text, dataset| {
            passes_where(RealResolver.validate(document, text, dataset), |_| text.contains("\nruntimes: {}"))
        },
        ..RIGHT
    },
    Wrong {
        law: "strict-reading",
        bug: "any protocol is accepted",
        validate: |document, text, dataset| {
            passes_where(RealResolver.validate(document, text, dataset), |error| {
                error.path.to_string().ends_with("].protocol")
            })
        },
        ..RIGHT
    },
    Wrong {
        law: "strict-reading",
        bug: "an unknown mode is the default mode",
        validate: |document, text, dataset| {
            passes_where(RealResolver.validate(document, text, dataset), |error| error.path.to_string() == "inject")
        },
        ..RIGHT
    },
    Wrong {
        law: "strict-reading",
        bug: "a rule can select any path",
        validate: |document, text, dataset| {
            passes_where(RealResolver.validate(document, text, dataset), |error| {
                error.path.to_string().ends_with("].path")
            })
        },
        ..RIGHT
    },
    Wrong {
        law: "strict-reading",
        bug: "a dollar sign before anything but a name is a text",
        validate: |document, text, dataset| {
            passes_where(RealResolver.validate(document, text, dataset), |error| error.message.contains("`$$`"))
        },
        ..RIGHT
    },
    Wrong {
        law: "strict-reading",
        bug: "a version may be a string",
        validate: |document, text, dataset| {
            RealResolver.validate(document, &text.replace("schema_version: \"1\"", "schema_version: 1"), dataset)
        },
        ..RIGHT
    },
    Wrong {
        law: "strict-reading",
        bug: "a list may be a mapping",
        validate: |document, text, dataset| RealResolver.validate(document, &text.replace(": {}", ": []"), dataset),
        ..RIGHT
    },
    Wrong {
        law: "strict-reading",
        bug: "every error is reported at the beginning of the document",
        validate: |document, text, dataset| {
            let read = RealResolver.validate(document, text, dataset);
            read.map_err(|error| ReadError { path: FieldPath::default(), ..error })
        },
        ..RIGHT
    },
    Wrong {
        law: "strict-reading",
        bug: "an error quotes its line of the input",
        validate: |document, text, dataset| {
            RealResolver.validate(document, text, dataset).map_err(|error| {
                let line =
                    error.line_col.and_then(|start| text.lines().nth(start.line as usize - 1)).unwrap_or_default();
                ReadError { message: format!("{} in `{line}`", error.message), ..error }
            })
        },
        ..RIGHT
    },
    Wrong {
        law: "absent-is-null",
        bug: "a null optional field is refused",
        validate: |document, text, dataset| {
            let null = |line: &str| line.ends_with(": null") && !line.contains("unheard_of");
            if text.lines().any(null) {
                return Err(ReadError {
                    line_col: None,
                    span: None,
                    path: FieldPath::default(),
                    message: "null is not a value".to_owned(),
                });
            }
            RealResolver.validate(document, text, dataset)
        },
        ..RIGHT
    },
    wrong("deterministic", "every third resolution omits the shadowed variables", |case| {
        static RESOLUTIONS: AtomicUsize = AtomicUsize::new(0);
        let found = right(case);
        if RESOLUTIONS.fetch_add(1, Ordering::Relaxed) % 3 == 2 {
            Resolution { shadowed: NameSubset::default(), ..found }
        } else {
            found
        }
    }),
];

#[test]
fn laws_reject_their_wrong_resolvers() {
    let cases: Vec<TestCase> = fixed_cases(CASES).collect();
    for wrong in WRONG {
        let law = law(wrong.law).expect("the list contains ids of laws");
        let caught = cases.iter().find(|case| (law.check)(&LawContext::new(wrong, case)).is_err());
        let case = caught.unwrap_or_else(|| panic!("`{}` accepts a resolver in which {}", wrong.law, wrong.bug));
        let all = LawContext::new(wrong, case).check();
        assert!(all.is_err_and(|text| text.contains(" is broken: ")), "all laws together accept: {}", wrong.bug);
    }
}

/// An implementation with default methods only.
struct Defaults;

impl Implementation for Defaults {}

#[test]
fn default_methods_call_the_real_resolver() {
    let policy = Policy::embedded("full-saas").expect("ships with the crate");
    let dataset = Dataset::new(Registry::embedded(), policy);
    for runtime in dataset.registry.runtimes().iter().map(|runtime| &*runtime.name).chain(["unknown"]) {
        let case = TestCase::new(&dataset, runtime);
        let answer = Defaults.resolve(&case);
        assert_eq!(answer, RealResolver.resolve(&case));
        let derived = Defaults.derive(&dataset.registry, runtime, answer.slug, &[]);
        assert_eq!(derived, RealResolver.derive(&dataset.registry, runtime, answer.slug, &[]));
    }
    let patterns = ["^a", "b$"].map(|source| Pattern::new(source).expect("the pattern compiles"));
    let patterns: Vec<&Pattern> = patterns.iter().collect();
    let overlaps = Defaults.overlaps(&patterns);
    assert_eq!(overlaps.witnesses.len(), 4, "{overlaps:?}");
    assert_eq!(overlaps, RealResolver.overlaps(&patterns));
}

/// Asserts that the law rejects the resolver in at least one of the cases.
pub fn rejects(wrong: &Wrong, mut cases: impl Iterator<Item = TestCase>) {
    let law = law(wrong.law).expect("the id is known");
    let is_rejected = cases.any(|case| (law.check)(&LawContext::new(wrong, &case)).is_err());
    assert!(is_rejected, "`{}` accepts a resolver in which {}", wrong.law, wrong.bug);
}

#[test]
fn laws_all_have_a_wrong_resolver() {
    let laws: Vec<&str> = LAWS.iter().map(|law| law.id).collect();
    let mut tested: Vec<&str> = WRONG.iter().map(|wrong| wrong.law).collect();
    tested.dedup();
    assert_eq!(tested, laws);
}

fn passes_where(read: Result<(), ReadError>, passes: impl Fn(&ReadError) -> bool) -> Result<(), ReadError> {
    read.or_else(|error| if passes(&error) { Ok(()) } else { Err(error) })
}

pub fn fixes_where(case: &TestCase, offered: impl Fn(&Fix) -> bool) -> Vec<Fix> {
    let mut fixes = RealResolver.fixes(case);
    fixes.retain(offered);
    fixes
}

/// Replaces the value of each set key by a secret that `choose` picks from the secrets that the key injects
/// and those of the provider. If `choose` returns `None`, the value stays.
fn with_keys_set_to(
    case: &TestCase,
    choose: impl for<'a> Fn(&'a [String], &'a [String]) -> Option<&'a str>,
) -> Vec<Fix> {
    let mut fixes = RealResolver.fixes(case);
    for fix in &mut fixes {
        let accepted =
            case.dataset.registry.provider(&fix.provider).map_or(&[][..], |provider| provider.auth_env.names());
        for edit in &mut fix.edits {
            let Edit::Set(key, value) = edit else { continue };
            let needs_key = |rule: &&SecretsRule| {
                rule.condition().variables.iter().any(|(name, test)| name == key && *test == Test::Set)
            };
            let rule = case.dataset.policy.document().secrets.iter().find(needs_key);
            if let Some(chosen) = rule.and_then(|rule| choose(rule.injected(), accepted)) {
                *value = format!("<{chosen}>");
            }
        }
    }
    fixes
}

fn with_more(case: &TestCase, add: fn(&mut Vec<Edit>, Edit)) -> Vec<Fix> {
    let mut fixes = RealResolver.fixes(case);
    let mut more = fixes.clone();
    more.iter_mut().for_each(|fix| add(&mut fix.edits, Edit::Unset("UNREAD".into())));
    fixes.append(&mut more);
    fixes.sort_by_key(|fix| fix.edits.len());
    fixes
}

/// Returns true if an arm of the runtime lists the trimmed slug.
pub fn is_listed(case: &TestCase, slug: &str) -> bool {
    arms(case).iter().any(|arm| arm.models.iter().any(|id| id == slug.trim()))
}

fn is_set(case: &TestCase, name: &str) -> bool {
    case.variables.get(name).is_some_and(|value| !value.is_empty())
}

/// The model of the first rule called `keyed` for the runtime whose keys are all set.
fn keyed_model(case: &TestCase) -> Option<&str> {
    let rule = case.dataset.policy.document().model.iter().find(|rule| {
        let is_keyed = rule.name.as_deref() == Some("keyed") && rule.when.admits(&case.runtime);
        is_keyed && rule.when.variables.iter().all(|(key, _)| is_set(case, key))
    })?;
    match &rule.pick {
        Pick::FirstOf(sources) => sources.iter().find_map(|source| match source {
            Source::Text(text) => Some(text.as_str()),
            Source::Variable(_) => None,
        }),
        Pick::Nothing => None,
    }
}

pub fn arms(case: &TestCase) -> &[Arm] {
    let template = case.dataset.policy.template_of(&case.runtime);
    case.dataset.registry.runtime(template).map_or(&[], |runtime| &runtime.arms)
}

fn provider<'a>(case: &'a TestCase, arm: &Arm) -> &'a Provider {
    case.dataset.registry.provider(&arm.provider).expect("arms name providers")
}

fn matches(provider: &Provider, model: &str) -> bool {
    is_found_in(provider.model_prefix_match.hir(), model.trim())
}
