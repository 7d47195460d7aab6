//! The generator reaches every kind of case often enough.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;

use slug_laws::generator::{CHOICES, Choices, case, case_of, large_registry_of};
use slug_laws::{Implementation, RealResolver, TestCase};
use slug_resolver::policy::{
    Condition, InjectMode, Membership, Pick, PickRule, SecretsEffect, SecretsRule, Source, Test,
};
use slug_resolver::registry::Arm;
use slug_resolver::{BillingPath, Code, Edit, Fix, Kind, Outcome, PolicyDocument, Provider, Resolution, Warning};

use crate::strategy::{fixed_cases, fixed_numbers, fuzz_input};

/// The number of cases in the sample.
const SAMPLE: usize = 20_000;

/// The maximum chance that a sample passes although a share is below its floor.
const CHANCE_OF_MISS: f64 = 1e-6;

/// The maximum chance, over all kinds, that a sample fails although every share is [`RESERVE`] times its floor.
const CHANCE_OF_FALSE_FAILURE: f64 = 1e-9;

/// The factor by which the share of a kind exceeds its floor.
const RESERVE: f64 = 4.0;

/// The smallest useful floor: a property that runs 256 cases, the default, then has such a case twice in a run.
const SMALLEST_FLOOR: f64 = 0.002;

/// Kinds that are too rare for a floor. A test only counts that they occur.
const RARE: [&str; 6] = [
    "a fix that changes a variable that is the runtime",
    "a fix that needs an edit of a precondition",
    "a key of another vendor's group",
    "another spelling that differs in case or separators",
    "rule model[2] or a later one",
    "the platform path with injected secrets",
];

/// The number of cases of the sample in which rare kinds are counted.
const RARE_SAMPLE: usize = 4_000;

/// The minimum number of cases of each rare kind among the first [`RARE_SAMPLE`].
const RARE_AT_LEAST: usize = 10;

/// A case of the sample, with its resolution and its fixes.
struct Sampled<'c> {
    case: &'c TestCase,
    found: Resolution<'c>,
    fixes: Vec<Fix>,
}

impl Deref for Sampled<'_> {
    type Target = TestCase;

    fn deref(&self) -> &TestCase {
        self.case
    }
}

/// A kind of case, and whether a case is of the kind.
type Kinds = (&'static str, fn(&Sampled<'_>) -> bool);

/// The kinds of cases that a predicate decides.
const KINDS: &[Kinds] = &[
    ("a provider without credentials", |case| providers(case).any(Provider::is_keyless)),
    ("a group of credentials", |case| {
        providers(case).any(|provider| provider.auth_env.items().any(|item| item.len() > 1))
    }),
    ("a group of credentials after another credential", |case| {
        providers(case).any(|provider| provider.auth_env.items().skip(1).any(|item| item.len() > 1))
    }),
    ("a provider without a pattern", |case| providers(case).any(|it| it.model_prefix_match.is_none())),
    ("a payer with another name than platform", |case| {
        providers(case).any(|provider| provider.is_platform() && provider.name != "platform")
    }),
    ("a provider named platform that the tenant pays", |case| {
        providers(case).any(|provider| !provider.is_platform() && provider.name == "platform")
    }),
    ("a withdrawn id", |case| arms(case).any(|arm| !arm.withdrawn_models.is_empty())),
    ("an id that one arm lists and another withdrew", |case| {
        case.dataset.registry.runtimes().iter().any(|runtime| {
            let listed = |id: &String| runtime.arms.iter().any(|arm| arm.models.contains(id));
            runtime.arms.iter().flat_map(|arm| &arm.withdrawn_models).any(listed)
        })
    }),
    ("an absent display name", |case| providers(case).any(|it| it.display_name.is_none())),
    ("a display name of a runtime", |case| {
        case.dataset.registry.runtimes().iter().any(|runtime| runtime.display_name.is_some())
    }),
    ("no platform", |case| case.dataset.registry.provider("platform").is_none()),
    ("a provider nearly called platform", |case| case.dataset.registry.provider("Platform").is_some()),
    ("a name-only arm", |case| arms(case).any(|arm| arm.models.is_empty())),
    ("an id listed by two arms", |case| {
        case.dataset.registry.runtimes().iter().any(|runtime| {
            let listed = |id: &String| runtime.arms.iter().filter(|arm| arm.models.contains(id)).count();
            runtime.arms.iter().flat_map(|arm| &arm.models).any(|id| listed(id) > 1)
        })
    }),
    ("an id listed twice by one arm", |case| {
        arms(case).any(|arm| arm.models.iter().any(|id| arm.models.iter().filter(|other| *other == id).count() > 1))
    }),
    ("a listed id that trimming makes unreachable", |case| {
        arms(case).flat_map(|arm| &arm.models).any(|id| id.trim() != id)
    }),
    ("an id with characters beyond ASCII", |case| arms(case).flat_map(|arm| &arm.models).any(|id| !id.is_ascii())),
    ("a runtime that differs only in case", |case| case.dataset.registry.runtime("Agent").is_some()),
    ("a template variant as the runtime", |case| case.dataset.policy.document().templates.contains_key(&case.runtime)),
    ("a default for the path", |case| case.dataset.policy.document().defaults.contains_key("LLM_PATH")),
    ("a key set to the empty text", |case| is_set_empty(case, "KEY_A")),
    ("a key set", |case| has_value(case, "KEY_A")),
    ("an ambient credential", |case| !case.ambient.is_empty()),
    ("a policy of version 1", |case| case.dataset.policy_v1().is_some()),
    ("a policy of version 2", |case| case.dataset.policy_v1().is_none()),
    ("a test `set`", |case| has_test(case, |test| *test == Test::Set)),
    ("a test `unset`", |case| has_test(case, |test| *test == Test::Unset)),
    ("a text", |case| has_test(case, |test| matches!(test, Test::Value(Membership::OneOf(texts)) if texts.len() == 1))),
    ("a list of texts", |case| {
        has_test(case, |test| matches!(test, Test::Value(Membership::OneOf(texts)) if texts.len() > 1))
    }),
    ("a test `not`", |case| has_test(case, |test| matches!(test, Test::Value(Membership::NoneOf(_))))),
    ("a test `host`", |case| has_test(case, |test| matches!(test, Test::Host(_)))),
    ("the text `set`", |case| {
        has_test(case, |test| matches!(test, Test::Value(Membership::OneOf(texts)) if texts == &["set"]))
    }),
    ("a condition with two tests", |case| conditions(policy(case)).any(|condition| condition.variables.len() > 1)),
    ("some runtimes", |case| {
        conditions(policy(case)).any(|condition| matches!(condition.runtime, Some(Membership::OneOf(_))))
    }),
    ("all runtimes but some", |case| {
        conditions(policy(case)).any(|condition| matches!(condition.runtime, Some(Membership::NoneOf(_))))
    }),
    ("no model", |case| policy(case).model.iter().any(|rule| rule.pick == Pick::Nothing)),
    ("a list of sources", |case| policy(case).model.iter().any(|rule| sources(rule).len() > 1)),
    ("a variable as the source", |case| {
        policy(case).model.iter().any(|rule| matches!(sources(rule), [Source::Variable(_)]))
    }),
    ("a dollar sign in a text", |case| has_text(case, |text| text.contains('$'))),
    ("the text `none`", |case| has_text(case, |text| text == "none")),
    ("a rule without a name", |case| policy(case).model.iter().any(|rule| rule.name.is_none())),
    ("the mode `first`", |case| policy(case).inject == InjectMode::First && policy(case).secrets.len() > 1),
    ("the mode `every`", |case| policy(case).inject == InjectMode::Every && policy(case).secrets.len() > 1),
    ("a rule for secrets without a key", |case| policy(case).secrets.iter().any(|rule| rule.key.is_none())),
    ("a rule for secrets with a name", |case| policy(case).secrets.iter().any(|rule| rule.name.is_some())),
    ("a secret under the name of its key", |case| {
        let is_own = |key: &String, injected: &[String]| injected == std::slice::from_ref(key);
        policy(case).secrets.iter().any(|rule| rule.key.as_ref().is_some_and(|key| is_own(key, rule.injected())))
    }),
    ("a platform rule after another rule in the mode `every`", |case| {
        let is_platform = |effect: &SecretsEffect| *effect == SecretsEffect::Platform;
        policy(case).inject == InjectMode::Every
            && policy(case).secrets.iter().skip(1).any(|rule| is_platform(&rule.effect))
    }),
    ("a platform rule with a key in the mode `every`", |case| {
        let has_key = |rule: &SecretsRule| rule.effect == SecretsEffect::Platform && rule.key.is_some();
        policy(case).inject == InjectMode::Every && policy(case).secrets.iter().any(has_key)
    }),
    ("the platform path with injected secrets", |case| {
        let found = &case.found;
        found.path == BillingPath::Platform && !found.injected.is_empty()
    }),
    ("no platform path", |case| !case.dataset.policy.has_platform_path()),
    ("no rules for secrets", |case| policy(case).secrets.is_empty()),
    ("a precondition", |case| !policy(case).creates.unless.is_empty()),
    ("a precondition that does not hold", |case| {
        !policy(case).creates.unless.is_empty() && case.found.outcome != Outcome::Nothing
    }),
    ("a precondition that holds", |case| case.found.outcome == Outcome::Nothing),
    ("two preconditions", |case| policy(case).creates.unless.len() > 1),
    ("an empty variable that counts as set", |case| {
        policy(case).empty_is_set.iter().any(|name| is_set_empty(case, name))
    }),
    ("a test of a variable that counts as set if it is empty", |case| {
        let mut tests = conditions(policy(case)).flat_map(|condition| &condition.variables);
        tests.any(|(name, _)| policy(case).empty_is_set.contains(name))
    }),
    ("a rule that picks a listed runtime", |case| {
        let names_runtime = |rule| sources(rule).iter().any(|source| matches!(source, Source::Text(_)));
        !policy(case).runtimes.is_empty() && policy(case).runtime.iter().any(names_runtime)
    }),
    (
        "a variable for the runtime",
        |case| matches!(policy(case).runtime.as_slice(), [rule] if matches!(sources(rule), [Source::Variable(_)])),
    ),
    ("rules for the runtime", |case| policy(case).runtime.iter().any(|rule| !rule.when.is_empty())),
    ("no rules for the runtime", |case| policy(case).runtime.is_empty() && policy(case).runtimes.is_empty()),
    ("no rules for the only runtime", |case| policy(case).runtime.is_empty() && policy(case).runtimes.len() == 1),
    ("an action as the harness", |case| policy(case).harness.iter().any(|entry| entry.action().is_some())),
    ("several runtimes of a harness", |case| policy(case).runtimes.len() > 1),
    ("no rule applies", |case| case.found.rule.is_none()),
    ("a rule that sends no model applies", |case| {
        let found = &case.found;
        found.rule.is_some() && found.slug.is_empty()
    }),
    ("another spelling as a fix", |case| has_fix(case, is_spelling)),
    ("a fix that keeps the vendor of the slug", |case| {
        has_fix(case, |found, fix| !is_spelling(found, fix) && found.provider.is_some_and(|it| it.name == fix.provider))
    }),
    ("a fix that changes the vendor of the slug", |case| {
        has_fix(case, |found, fix| !is_spelling(found, fix) && found.provider.is_some_and(|it| it.name != fix.provider))
    }),
    ("another spelling that differs in case or separators", |case| {
        has_fix(case, |found, fix| {
            let plain = |slug: &str| slug.to_lowercase().replace(['/', ':', '-'], "");
            let is_same = |id: &str| id != found.slug && plain(id) == plain(found.slug);
            fix.edits.iter().any(|edit| matches!(edit, Edit::Set(_, id) if is_same(id)))
        })
    }),
    ("a fix with two edits for a slug that no provider serves", |case| {
        has_fix(case, |found, fix| found.code == Some(Code::UnregisteredModel) && fix.edits.len() == 2)
    }),
    ("a fix that can be made without asking, and one that cannot", |case| {
        has_fix(case, |_, fix| fix.is_safe) && has_fix(case, |_, fix| !fix.is_safe)
    }),
    ("a fix that changes a variable that is the runtime", |case| {
        let is_used = |edit: &Edit| {
            let used = Source::Variable(edit.variable().to_owned());
            policy(case).runtime.iter().any(|rule| sources(rule).contains(&used))
        };
        has_fix(case, |_, fix| fix.edits.iter().any(is_used))
    }),
    ("a fix that edits a variable of a precondition", |case| {
        let tests = || policy(case).creates.unless.iter().flat_map(|condition| &condition.variables);
        let is_tested = |edit: &Edit| tests().any(|(name, _)| name == edit.variable());
        case.fixes.iter().any(|fix| fix.edits.iter().any(is_tested))
    }),
    ("a fix that needs an edit of a precondition", |case| {
        let tests = || policy(case).creates.unless.iter().flat_map(|condition| &condition.variables);
        let is_read = |name: &str| {
            let rules = policy(case).model.iter().map(|rule| &rule.when);
            let mut tests =
                rules.chain(policy(case).secrets.iter().map(|rule| &rule.when)).flat_map(|it| &it.variables);
            tests.any(|(tested, _)| tested == name)
                || policy(case).secrets.iter().any(|rule| rule.key.as_deref() == Some(name))
                || policy(case).model.iter().flat_map(sources).any(|it| *it == Source::Variable(name.to_owned()))
        };
        let is_only_tested =
            |edit: &Edit| tests().any(|(name, _)| name == edit.variable()) && !is_read(edit.variable());
        case.fixes.iter().any(|fix| fix.edits.iter().any(is_only_tested))
    }),
    ("a fix that sends a key to another vendor", |case| case.fixes.iter().any(|fix| moves_key(case, fix))),
    ("a slug that two arms list", |case| {
        let listing = |arm: &&Arm| arm.models.iter().any(|id| id == case.found.slug.trim());
        served_arms(case).filter(listing).count() > 1
    }),
    ("a slug that several patterns match and no arm lists", |case| {
        let slug = case.found.slug.trim();
        let is_listed = served_arms(case).any(|arm| arm.models.iter().any(|id| id == slug));
        !is_listed && RealResolver.candidates(&case.dataset, &case.runtime, slug).len() > 1
    }),
    ("a slug that one pattern matches and no arm lists", |case| {
        let slug = case.found.slug.trim();
        let is_listed = served_arms(case).any(|arm| arm.models.iter().any(|id| id == slug));
        !is_listed && RealResolver.candidates(&case.dataset, &case.runtime, slug).len() == 1
    }),
    ("a needed group of credentials of which a part is present", |case| {
        let is_present = |name: &str| case.found.injected.contains(name) || case.ambient.iter().any(|it| it == name);
        case.found.needs.items().any(|item| item.iter().any(is_present) && !item.iter().all(is_present))
    }),
    ("a provider without credentials that serves the slug", |case| {
        case.found.provider.is_some_and(Provider::is_keyless)
    }),
    ("several variables that can hold the slug", |case| slug_variables(case) > 1),
    ("several variables that hold a slug", |case| {
        let policy = &case.dataset.policy;
        let holds = |name: &String| policy.variable(name).is_some_and(|variable| policy.is_slug_variable(variable));
        case.variables.iter().filter(|(name, value)| holds(name) && !value.is_empty()).count() > 1
    }),
    ("several rules that take any slug from a variable", |case| {
        let takes = |rule: &&PickRule| matches!(sources(rule).first(), Some(Source::Variable(_)));
        policy(case).model.iter().filter(takes).count() > 1
    }),
    ("a rule that a variable switches on, and one that it switches off", |case| {
        let switches = |is_on: bool| {
            let tests = conditions(policy(case)).flat_map(|condition| &condition.variables);
            tests
                .filter(move |(_, test)| match test {
                    Test::Value(Membership::OneOf(_)) | Test::Set | Test::Host(_) => is_on,
                    Test::Value(Membership::NoneOf(_)) | Test::Unset => !is_on,
                })
                .map(|(name, _)| name)
        };
        switches(true).any(|name| switches(false).any(|other| other == name))
    }),
    ("a secret that is always injected", |case| {
        let is_constant =
            |rule: &SecretsRule| rule.key.is_none() && rule.when.is_empty() && !rule.injected().is_empty();
        policy(case).secrets.iter().any(is_constant)
    }),
    ("the mode `every` with several rules that apply", |case| {
        let keys = policy(case).secrets.iter().filter_map(|rule| rule.key.as_ref());
        policy(case).inject == InjectMode::Every && keys.filter(|key| has_value(case, key)).count() > 1
    }),
];

/// The kinds of a case that follow from its resolution: rule, path, verdict, warnings, sizes of fixes.
fn resolution_kinds(sampled: &Sampled<'_>) -> BTreeSet<String> {
    let Sampled { case, found, fixes } = sampled;
    let mut kinds = BTreeSet::new();
    let is_first = |name: &str| providers(case).any(|it| it.auth_env.names().first().is_some_and(|it| it == name));
    if found.warnings.contains(Warning::CrossVendorCredential) && !found.accepted_by.iter().all(is_first) {
        kinds.insert("a key of another vendor's group".to_owned());
    }
    let rule = found.rule.unwrap_or("none");
    let is_later = rule.starts_with("model[") && !["model[0]", "model[1]"].contains(&rule);
    kinds.insert(format!("rule {}", if is_later { "model[2] or a later one" } else { rule }));
    kinds.insert(format!("path {}", found.path.as_str()));
    kinds.insert(match found.verdict {
        Kind::Coherent => format!("coherent {:?}", found.billing.unwrap()),
        Kind::Contradiction => format!("code {}", found.code.unwrap().as_str()),
        Kind::Nothing => "nothing created".to_owned(),
    });
    kinds.extend(found.warnings.iter().map(|warning| format!("warning {}", warning.as_str())));
    kinds.extend(fixes.iter().map(|fix| format!("fix of {} edits", fix.edits.len())));
    for variable in ["MODEL", "LLM_PATH", "PLATFORM_MODEL", "RUNTIME", "UNREAD"] {
        if has_value(case, variable) {
            kinds.insert(format!("{variable} has a value"));
        } else if is_set_empty(case, variable) {
            kinds.insert(format!("{variable} is empty"));
        }
    }
    kinds
}

/// The number of cases of each kind in the sample; of a rare kind, among the first [`RARE_SAMPLE`] cases.
fn counts() -> BTreeMap<String, usize> {
    let mut counts: BTreeMap<String, usize> = KINDS.iter().map(|(kind, _)| ((*kind).to_owned(), 0)).collect();
    for (number, case) in fixed_cases(SAMPLE).enumerate() {
        let sampled = Sampled { found: RealResolver.resolve(&case), fixes: RealResolver.fixes(&case), case: &case };
        let mut kinds = resolution_kinds(&sampled);
        kinds.extend(KINDS.iter().filter(|(_, is_kind)| is_kind(&sampled)).map(|(kind, _)| (*kind).to_owned()));
        kinds.retain(|kind| number < RARE_SAMPLE || !RARE.contains(&kind.as_str()));
        kinds.into_iter().for_each(|kind| *counts.entry(kind).or_default() += 1);
    }
    counts
}

/// The shares of the kinds are at least their floors in `shares.tsv`, as an exact one-sided binomial test shows.
#[test]
fn shares_of_all_kinds_reach_their_floors() {
    let counts = counts();
    let floors = floors();
    let mut problems = String::new();
    for (kind, count) in &counts {
        let share = *count as f64 / SAMPLE as f64;
        match floors.get(kind.as_str()) {
            None if RARE.contains(&kind.as_str()) && *count >= RARE_AT_LEAST => {}
            None if RARE.contains(&kind.as_str()) => problems += &format!("{kind}: {count} of {RARE_SAMPLE}\n"),
            None => problems += &format!("{kind}\t{:.3}\n", (share / RESERVE).max(SMALLEST_FLOOR)),
            Some(floor) if *count < required(SAMPLE, *floor) => {
                problems += &format!("{kind}: share {share:.4} of {SAMPLE} does not show a share of {floor}\n");
            }
            Some(_) => {}
        }
    }
    let needed = Code::ALL.map(|code| format!("code {}", code.as_str())).into_iter();
    let needed = needed.chain(Warning::ALL.map(|warning| format!("warning {}", warning.as_str())));
    let missing = needed
        .filter(|kind| !counts.contains_key(kind))
        .chain(floors.keys().filter(|kind| !counts.contains_key(**kind)).map(|kind| (*kind).to_owned()));
    missing.for_each(|kind| problems += &format!("{kind}: no case\n"));
    assert!(problems.is_empty(), "a line with a tab is a row that shares.tsv lacks:\n{problems}");
}

/// The floor of each kind, between 0 and 1.
fn floors() -> BTreeMap<&'static str, f64> {
    let row = |line: &'static str| {
        let (kind, floor) = line.split_once('\t').expect("a row is a kind and a floor");
        (kind, floor.parse().expect("a floor is a number"))
    };
    include_str!("shares.tsv").lines().map(row).collect()
}

/// The smallest number of hits in `n` cases that shows a share of at least `floor`: with a smaller share, so many hits
/// are less likely than [`CHANCE_OF_MISS`].
fn required(n: usize, floor: f64) -> usize {
    let distribution = binomial(n, floor);
    let mut chance = 0.0;
    for hits in (0..=n).rev() {
        chance += distribution[hits];
        if chance > CHANCE_OF_MISS {
            return hits + 1;
        }
    }
    0
}

/// The chance of each number of hits in `n` independent cases.
fn binomial(n: usize, share: f64) -> Vec<f64> {
    let mut logarithm = n as f64 * (-share).ln_1p();
    let odds = share.ln() - (-share).ln_1p();
    let mut chances = vec![logarithm.exp()];
    for hits in 1..=n {
        logarithm += ((n + 1 - hits) as f64 / hits as f64).ln() + odds;
        chances.push(logarithm.exp());
    }
    chances
}

/// The sample is large enough: a generator whose shares are [`RESERVE`] times their floors fails almost never.
#[test]
fn floors_almost_never_fail_by_chance() {
    let mut chance = 0.0;
    for (kind, floor) in floors() {
        assert!((SMALLEST_FLOOR..=1.0 / RESERVE).contains(&floor), "{kind} has the floor {floor}");
        chance += binomial(SAMPLE, RESERVE * floor)[..required(SAMPLE, floor)].iter().sum::<f64>();
    }
    assert!(chance < CHANCE_OF_FALSE_FAILURE, "the chance of a false failure is {chance:e}");
}

/// Compares with all outcomes of few cases, and with chances computed by hand.
#[test]
fn binomial_chances_are_those_of_all_outcomes() {
    for (n, share) in [(1, 0.5), (3, 0.25), (10, 0.1), (12, 0.9)] {
        let mut expected = vec![0.0; n + 1];
        for outcome in 0..1_u32 << n {
            let hits = outcome.count_ones() as usize;
            expected[hits] += share_power(share, hits) * share_power(1.0 - share, n - hits);
        }
        for (chance, expected) in binomial(n, share).into_iter().zip(expected) {
            assert!((chance - expected).abs() < 1e-12, "{chance} is not {expected}");
        }
    }
    assert!((binomial(SAMPLE, 0.01).iter().sum::<f64>() - 1.0).abs() < 1e-9);
    // Five hits of five have the chance 5.9e-6, six of six 5.3e-7, and five of six or more 3.3e-5.
    assert_eq!((required(5, 0.09), required(6, 0.09)), (6, 6));
}

fn share_power(share: f64, exponent: usize) -> f64 {
    (0..exponent).map(|_| share).product()
}

/// The arms of the runtime on which the slug is looked up.
fn served_arms(case: &TestCase) -> impl Iterator<Item = &Arm> {
    let template = case.dataset.policy.template_of(&case.runtime);
    case.dataset.registry.runtime(template).into_iter().flat_map(|runtime| &runtime.arms)
}

/// The number of variables that can hold the slug.
fn slug_variables(case: &TestCase) -> usize {
    let policy = &case.dataset.policy;
    policy.all_variables().filter(|variable| policy.is_slug_variable(*variable)).count()
}

fn policy(case: &TestCase) -> &PolicyDocument {
    case.dataset.policy.document()
}

fn conditions(policy: &PolicyDocument) -> impl Iterator<Item = &Condition> {
    let picks = policy.model.iter().chain(&policy.runtime).map(|rule| &rule.when);
    picks.chain(policy.secrets.iter().map(|rule| &rule.when)).chain(&policy.creates.unless)
}

fn has_test(case: &TestCase, is_kind: impl Fn(&Test) -> bool) -> bool {
    conditions(policy(case)).flat_map(|condition| &condition.variables).any(|(_, test)| is_kind(test))
}

fn sources(rule: &PickRule) -> &[Source] {
    match &rule.pick {
        Pick::Nothing => &[],
        Pick::FirstOf(sources) => sources,
    }
}

fn has_text(case: &TestCase, is_kind: impl Fn(&str) -> bool) -> bool {
    let mut sources = policy(case).model.iter().flat_map(sources);
    sources.any(|source| matches!(source, Source::Text(text) if is_kind(text)))
}

/// Returns true if a case has a contradiction about a slug in a variable, and a fix of the kind.
fn has_fix(case: &Sampled<'_>, is_kind: impl Fn(&Resolution<'_>, &Fix) -> bool) -> bool {
    let found = &case.found;
    let is_held = found.decided_by.and_then(|name| case.variables.get(name)).is_some_and(|slug| slug == found.slug);
    is_held && case.fixes.iter().any(|fix| is_kind(found, fix))
}

/// Returns true if the fix only writes the slug in another way: with another prefix, or without one.
fn is_spelling(found: &Resolution<'_>, fix: &Fix) -> bool {
    let last = |slug: &str| slug.trim().rsplit(['/', ':']).next().map(str::to_owned);
    match fix.edits.as_slice() {
        [Edit::Set(name, slug)] => found.decided_by == Some(name) && last(slug) == last(found.slug),
        _ => false,
    }
}

/// Returns true if a fix sends a key to a vendor that did not issue it.
fn moves_key(case: &TestCase, fix: &Fix) -> bool {
    let mut case = case.clone();
    for edit in &fix.edits {
        match edit {
            Edit::Unset(name) => drop(case.variables.remove(name)),
            Edit::Set(name, value) => drop(case.variables.insert(name.clone(), value.clone())),
        }
    }
    RealResolver.resolve(&case).warnings.contains(Warning::CrossVendorCredential)
}

fn is_set_empty(case: &TestCase, name: &str) -> bool {
    case.variables.get(name).is_some_and(String::is_empty)
}

fn has_value(case: &TestCase, name: &str) -> bool {
    case.variables.get(name).is_some_and(|value| !value.is_empty())
}

fn providers(case: &TestCase) -> impl Iterator<Item = &Provider> {
    case.dataset.registry.providers().iter()
}

fn arms(case: &TestCase) -> impl Iterator<Item = &Arm> {
    case.dataset.registry.runtimes().iter().flat_map(|runtime| &runtime.arms)
}

/// If a part drew a varying number of choices, it would shift the choices of every later part.
#[test]
fn cases_all_draw_the_same_number_of_choices() {
    let left = |numbers: Vec<u16>| {
        let mut choices = Choices::new(&numbers);
        assert_eq!(choices.left(), CHOICES);
        drop(case(&mut choices));
        choices.left()
    };
    let mut left = fixed_numbers(200).map(left);
    let first = left.next().expect("there is a draw");
    assert!(first > 0, "the cases draw more choices than available");
    assert!(left.all(|left| left == first), "a case draws a different number of choices");
}

/// Each pair of bytes is a choice until all choices are made; the rest is text.
#[test]
fn fuzz_text_follows_the_choices() {
    let choices = 2 * CHOICES;
    for length in [0, 1, 2, 3, 10, 11, choices - 1, choices, choices + 1, choices + 9] {
        let bytes = vec![b'x'; length];
        let left = if length < choices { length % 2 } else { length - choices };
        assert_eq!(large_registry_of(&bytes).1, "x".repeat(left), "input of {length} bytes");
    }
}

#[test]
fn fuzz_text_becomes_the_override() {
    for numbers in fixed_numbers(20) {
        let plain = case(&mut Choices::new(&numbers));
        assert_eq!(case_of(&fuzz_input(&numbers, "")), plain);
        let spelled = case_of(&fuzz_input(&numbers, "Ünknown"));
        assert_eq!(spelled, plain.with("MODEL", "Ünknown"));
    }
}
