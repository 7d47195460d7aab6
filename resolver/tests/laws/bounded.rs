//! Every law on every case of every small registry with every small policy.
//!
//! A [`Bound`] limits the sizes. Names carry no information: registries and policies that differ only in the names
//! of letters, secrets or variables are one form, and only the smallest of them is tested. Providers and runtimes are
//! named by their position, so no two forms differ in their names alone.

use std::collections::BTreeSet;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};

use slug_laws::{Dataset, LawContext, RealResolver, TestCase};
use slug_resolver::policy::{
    Condition, InjectMode, Membership, Pick, PickRule, SecretsEffect, SecretsRule, Source, Test,
};
use slug_resolver::registry::{Arm, Pattern, Runtime};
use slug_resolver::{AuthEnv, Billing, Policy, PolicyDocument, Provider, Registry, RegistryDocument};

/// The maximum sizes of registries and policies.
#[derive(Clone, Copy, Debug)]
struct Bound {
    /// Providers of the catalogue, at least one.
    providers: usize,
    /// Runtimes, at least one.
    runtimes: usize,
    /// Letters: for each, there is a pattern and an id that the pattern matches.
    letters: usize,
    /// Variables whose text matters.
    texts: usize,
    /// Variables of which only the presence matters.
    keys: usize,
    /// Rules that need not apply, for the model and for secrets together; each list may have one more that always
    /// applies.
    rules: usize,
}

/// The bounds that every test run checks.
const QUICK: &[Bound] = &[
    Bound { providers: 1, runtimes: 1, letters: 1, texts: 1, keys: 0, rules: 0 },
    Bound { providers: 1, runtimes: 1, letters: 1, texts: 0, keys: 1, rules: 1 },
];

/// The bounds of the nightly run. Two of everything, with three variables and three rules, have more than
/// 10¹² forms, so each bound is large in some sizes and small in the others.
const NIGHTLY: &[Bound] = &[
    Bound { providers: 2, runtimes: 1, letters: 1, texts: 1, keys: 0, rules: 1 },
    Bound { providers: 2, runtimes: 1, letters: 1, texts: 0, keys: 1, rules: 1 },
    Bound { providers: 2, runtimes: 1, letters: 2, texts: 0, keys: 0, rules: 0 },
    Bound { providers: 2, runtimes: 2, letters: 1, texts: 0, keys: 0, rules: 0 },
    Bound { providers: 1, runtimes: 1, letters: 2, texts: 1, keys: 1, rules: 1 },
    Bound { providers: 1, runtimes: 1, letters: 1, texts: 1, keys: 2, rules: 1 },
    Bound { providers: 1, runtimes: 1, letters: 1, texts: 2, keys: 1, rules: 1 },
    Bound { providers: 1, runtimes: 1, letters: 1, texts: 0, keys: 1, rules: 3 },
];

/// The names of the secrets that providers accept and rules inject.
const SECRETS: [&str; 2] = ["FIRST_SECRET", "SECOND_SECRET"];

/// What a provider accepts: it belongs to the platform, needs nothing, one of the secrets, or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Accepts {
    Platform,
    Nothing,
    One(usize),
    Both,
}

/// Whether an arm lists an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Listing {
    Absent,
    Listed,
    Withdrawn,
}

/// A provider: what it accepts, and the letter of its pattern, if it has one.
type ProviderForm = (Accepts, Option<usize>);

/// An arm: the position of its provider, and the listing of each id.
type ArmForm = (usize, Vec<Listing>);

/// A registry: its providers, and the arms of each runtime.
type RegistryForm = (Vec<ProviderForm>, Vec<Vec<ArmForm>>);

/// A condition with one test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum When {
    Runtime,
    TextSet(usize),
    TextUnset(usize),
    TextIs(usize, usize),
    KeySet(usize),
    KeyUnset(usize),
}

/// What a rule picks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Picks {
    Nothing,
    Letter(usize),
    Text(usize),
}

/// A rule for secrets that need not apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Injects {
    Key(usize, usize),
    PlatformIf(usize, usize),
}

/// A policy: rules for the model and what the last one picks, rules for secrets and what the last one injects, and
/// whether every rule for secrets counts.
type PolicyForm = (Vec<(Option<When>, Picks)>, Option<Picks>, Vec<Injects>, Option<usize>, bool);

/// A renaming: the new number of each letter, secret, text variable and key.
#[derive(Clone, Debug)]
struct Renaming {
    letters: Vec<usize>,
    secrets: Vec<usize>,
    texts: Vec<usize>,
    keys: Vec<usize>,
}

/// Every order of the numbers below `n`.
fn permutations(n: usize) -> Vec<Vec<usize>> {
    (0..n).fold(vec![Vec::new()], |all, next| {
        let insert = |order: &Vec<usize>| {
            let order = order.clone();
            (0..=order.len()).map(move |at| [&order[..at], &[next], &order[at..]].concat())
        };
        all.iter().flat_map(insert).collect()
    })
}

/// Every list of `length` items.
fn lists<T: Clone>(items: &[T], length: usize) -> Vec<Vec<T>> {
    (0..length).fold(vec![Vec::new()], |all, _| {
        all.iter()
            .flat_map(|list| items.iter().map(move |item| [&list[..], std::slice::from_ref(item)].concat()))
            .collect()
    })
}

impl Bound {
    fn renamings(self) -> Vec<Renaming> {
        let mut all = Vec::new();
        for letters in permutations(self.letters) {
            for secrets in permutations(SECRETS.len()) {
                for texts in permutations(self.texts) {
                    for keys in permutations(self.keys) {
                        let (letters, secrets, texts) = (letters.clone(), secrets.clone(), texts.clone());
                        all.push(Renaming { letters, secrets, texts, keys });
                    }
                }
            }
        }
        all
    }

    fn registries(self) -> Vec<RegistryForm> {
        let accepts = [Accepts::Platform, Accepts::Nothing, Accepts::One(0), Accepts::One(1), Accepts::Both];
        let patterns: Vec<Option<usize>> = std::iter::once(None).chain((0..self.letters).map(Some)).collect();
        let provider: Vec<ProviderForm> =
            accepts.iter().flat_map(|accepts| patterns.iter().map(|pattern| (*accepts, *pattern))).collect();
        let listings = lists(&[Listing::Absent, Listing::Listed, Listing::Withdrawn], self.letters);
        let mut registries = Vec::new();
        for count in 1..=self.providers {
            let orders = (1..=count).flat_map(|length| lists(&(0..count).collect::<Vec<_>>(), length));
            let is_distinct = |order: &Vec<usize>| order.iter().collect::<BTreeSet<_>>().len() == order.len();
            let mut runtime: Vec<Vec<ArmForm>> = Vec::new();
            for order in orders.filter(is_distinct) {
                for listing in lists(&listings, order.len()) {
                    runtime.push(order.iter().copied().zip(listing).collect());
                }
            }
            for providers in lists(&provider, count) {
                for runtimes in (1..=self.runtimes).flat_map(|length| lists(&runtime, length)) {
                    registries.push((providers.clone(), runtimes));
                }
            }
        }
        registries
    }

    fn policies(self) -> Vec<PolicyForm> {
        let (letters, texts, keys) = (0..self.letters, 0..self.texts, 0..self.keys);
        let mut conditions = vec![When::Runtime];
        conditions.extend(texts.clone().flat_map(|text| [When::TextSet(text), When::TextUnset(text)]));
        conditions.extend(texts.clone().flat_map(|text| letters.clone().map(move |it| When::TextIs(text, it))));
        conditions.extend(keys.clone().flat_map(|key| [When::KeySet(key), When::KeyUnset(key)]));
        let mut picks = vec![Picks::Nothing];
        picks.extend(letters.clone().map(Picks::Letter));
        let ends: Vec<Option<Picks>> = std::iter::once(None).chain(picks.iter().copied().map(Some)).collect();
        picks.extend(texts.clone().map(Picks::Text));
        let mut rules: Vec<(Option<When>, Picks)> = texts.clone().map(|text| (None, Picks::Text(text))).collect();
        rules.extend(conditions.iter().flat_map(|when| picks.iter().map(|pick| (Some(*when), *pick))));
        let mut secrets: Vec<Injects> =
            keys.flat_map(|key| (0..SECRETS.len()).map(move |secret| Injects::Key(key, secret))).collect();
        secrets.extend(texts.flat_map(|text| letters.clone().map(move |it| Injects::PlatformIf(text, it))));
        let always: Vec<Option<usize>> = std::iter::once(None).chain((0..SECRETS.len()).map(Some)).collect();
        let mut policies = Vec::new();
        for model in 0..=self.rules {
            for injecting in 0..=self.rules - model {
                for model in lists(&rules, model) {
                    for injecting in lists(&secrets, injecting) {
                        let modes = if injecting.is_empty() { &[false][..] } else { &[false, true] };
                        for (end, always) in ends.iter().flat_map(|end| always.iter().map(move |it| (end, it))) {
                            let with = |every: &bool| (model.clone(), *end, injecting.clone(), *always, *every);
                            policies.extend(modes.iter().map(with));
                        }
                    }
                }
            }
        }
        policies
    }

    /// The number of forms, by the orbit-counting theorem: the average, over all renamings, of the number of pairs of a
    /// registry and a policy that the renaming does not change.
    ///
    /// Let a renaming keep *l* letters, *s* secrets, *t* text variables and *k* keys. It keeps a choice exactly
    /// if it keeps everything that the choice names, so it keeps
    ///
    /// - 3 + *s* of the ways to accept secrets and 1 + *l* of the patterns of a provider, so ((3 + *s*)(1 + *l*))ᵖ
    ///   catalogues of *p* providers;
    /// - *w* = 3ᶜ ways to list ids, where *c* is the number of cycles of letters, since a cycle has one listing;
    ///   so *a* = Σⱼ *p*!/(*p*−*j*)! *w*ʲ lists of arms, and Σᵣ *a*ʳ lists of runtimes;
    /// - *m* = (1 + 2*t* + *tl* + 2*k*)(1 + *l* + *t*) + *t* rules for the model, and 2 + *l* ends of the list;
    /// - *i* = *ks* + *tl* rules for secrets, and 1 + *s* ends; two modes if there is a rule for secrets.
    fn count(self) -> u128 {
        let kept = |order: &[usize]| order.iter().enumerate().filter(|(number, new)| number == *new).count() as u128;
        let power = |base: u128, exponent: usize| base.pow(u32::try_from(exponent).expect("sizes are small"));
        let mut sum = 0;
        let renamings = self.renamings();
        for Renaming { letters, secrets, texts, keys } in &renamings {
            let (l, s, t, k) = (kept(letters), kept(secrets), kept(texts), kept(keys));
            let w = power(3, cycles(letters));
            let registries: u128 = (1..=self.providers)
                .map(|p| {
                    let orders = |j: usize| (p - j + 1..=p).map(|factor| factor as u128).product::<u128>();
                    let a: u128 = (1..=p).map(|j| orders(j) * power(w, j)).sum();
                    let runtimes: u128 = (1..=self.runtimes).map(|r| power(a, r)).sum();
                    power((3 + s) * (1 + l), p) * runtimes
                })
                .sum();
            let m = (1 + 2 * t + t * l + 2 * k) * (1 + l + t) + t;
            let i = k * s + t * l;
            let mut policies = 0;
            for model in 0..=self.rules {
                for injecting in 0..=self.rules - model {
                    let modes = if injecting == 0 { 1 } else { 2 };
                    policies += power(m, model) * (2 + l) * power(i, injecting) * (1 + s) * modes;
                }
            }
            sum += registries * policies;
        }
        sum / renamings.len() as u128
    }
}

/// The number of cycles of a permutation.
fn cycles(order: &[usize]) -> usize {
    let mut seen = vec![false; order.len()];
    let mut cycles = 0;
    for start in 0..order.len() {
        cycles += usize::from(!seen[start]);
        let mut at = start;
        while !std::mem::replace(&mut seen[at], true) {
            at = order[at];
        }
    }
    cycles
}

impl Renaming {
    fn registry(&self, (providers, runtimes): &RegistryForm) -> RegistryForm {
        let provider = |(accepts, pattern): &ProviderForm| {
            let accepts = match accepts {
                Accepts::One(secret) => Accepts::One(self.secrets[*secret]),
                other => *other,
            };
            (accepts, pattern.map(|letter| self.letters[letter]))
        };
        let arm = |(provider, listing): &ArmForm| {
            let mut renamed = listing.clone();
            listing.iter().zip(&self.letters).for_each(|(listing, letter)| renamed[*letter] = *listing);
            (*provider, renamed)
        };
        let runtime = |arms: &Vec<ArmForm>| arms.iter().map(arm).collect();
        (providers.iter().map(provider).collect(), runtimes.iter().map(runtime).collect())
    }

    fn policy(&self, (model, end, secrets, always, every): &PolicyForm) -> PolicyForm {
        let when = |when: When| match when {
            When::Runtime => When::Runtime,
            When::TextSet(text) => When::TextSet(self.texts[text]),
            When::TextUnset(text) => When::TextUnset(self.texts[text]),
            When::TextIs(text, letter) => When::TextIs(self.texts[text], self.letters[letter]),
            When::KeySet(key) => When::KeySet(self.keys[key]),
            When::KeyUnset(key) => When::KeyUnset(self.keys[key]),
        };
        let pick = |pick: Picks| match pick {
            Picks::Nothing => Picks::Nothing,
            Picks::Letter(letter) => Picks::Letter(self.letters[letter]),
            Picks::Text(text) => Picks::Text(self.texts[text]),
        };
        let inject = |inject: &Injects| match inject {
            Injects::Key(key, secret) => Injects::Key(self.keys[*key], self.secrets[*secret]),
            Injects::PlatformIf(text, letter) => Injects::PlatformIf(self.texts[*text], self.letters[*letter]),
        };
        let model = model.iter().map(|(condition, picked)| (condition.map(when), pick(*picked))).collect();
        let always = always.map(|secret| self.secrets[secret]);
        (model, end.map(pick), secrets.iter().map(inject).collect(), always, *every)
    }
}

/// The id of a letter; its pattern is `^` and the letter.
fn id(letter: usize) -> String {
    format!("{}-1", letter_text(letter))
}

fn letter_text(letter: usize) -> char {
    ['a', 'b'][letter]
}

fn text_variable(number: usize) -> String {
    format!("TEXT_{number}")
}

fn key_variable(number: usize) -> String {
    format!("KEY_{number}")
}

fn registry((providers, runtimes): &RegistryForm) -> Registry {
    let name = |position: usize| format!("provider-{position}");
    let provider = |(position, (accepts, pattern)): (usize, &ProviderForm)| {
        let items: Vec<Vec<String>> = match accepts {
            Accepts::Platform | Accepts::Nothing => Vec::new(),
            Accepts::One(secret) => vec![vec![SECRETS[*secret].to_owned()]],
            Accepts::Both => vec![SECRETS.map(str::to_owned).to_vec()],
        };
        let pattern = pattern.map_or_else(Pattern::none, |letter| {
            Pattern::new(&format!("^{}", letter_text(letter))).expect("the pattern is valid")
        });
        let mut provider = Provider::new(&name(position), AuthEnv::of_items(items), pattern);
        provider.billing = (*accepts == Accepts::Platform).then_some(Billing::Platform);
        provider
    };
    let arm = |(provider, listing): &ArmForm| {
        let ids = |which: Listing| {
            let letters = listing.iter().enumerate().filter(move |(_, listing)| **listing == which);
            letters.map(|(letter, _)| id(letter)).collect()
        };
        Arm { provider: name(*provider), models: ids(Listing::Listed), withdrawn_models: ids(Listing::Withdrawn) }
    };
    let runtime = |(position, arms): (usize, &Vec<ArmForm>)| Runtime {
        name: format!("runtime-{position}"),
        arms: arms.iter().map(arm).collect(),
        ..Runtime::default()
    };
    Registry::new(RegistryDocument {
        providers: providers.iter().enumerate().map(provider).collect(),
        runtimes: runtimes.iter().enumerate().map(runtime).collect(),
        ..RegistryDocument::default()
    })
    .expect("every form of a registry is valid")
}

fn policy((model, end, secrets, always, every): &PolicyForm) -> Policy {
    let mut document = PolicyDocument::new("bounded", "RUNTIME", "");
    document.runtime = Vec::new();
    let one_of = |text: String| Membership::OneOf(vec![text]);
    let condition = |when: When| {
        let always = Condition::default();
        match when {
            When::Runtime => Condition { runtime: Some(one_of("runtime-0".to_owned())), ..always },
            When::TextSet(text) => always.and(&text_variable(text), Test::Set),
            When::TextUnset(text) => always.and(&text_variable(text), Test::Unset),
            When::TextIs(text, letter) => always.and(&text_variable(text), Test::Value(one_of(id(letter)))),
            When::KeySet(key) => always.and(&key_variable(key), Test::Set),
            When::KeyUnset(key) => always.and(&key_variable(key), Test::Unset),
        }
    };
    let pick = |pick: Picks| match pick {
        Picks::Nothing => Pick::Nothing,
        Picks::Letter(letter) => Pick::FirstOf(vec![Source::Text(id(letter))]),
        Picks::Text(text) => Pick::FirstOf(vec![Source::Variable(text_variable(text))]),
    };
    let rule = |when: Option<When>, picked: Picks| PickRule {
        name: None,
        when: when.map(condition).unwrap_or_default(),
        pick: pick(picked),
    };
    document.model = model.iter().map(|(when, picked)| rule(*when, *picked)).collect();
    document.model.extend(end.map(|picked| rule(None, picked)));
    let inject = |key: Option<usize>, secret: usize| SecretsRule {
        name: None,
        key: key.map(key_variable),
        when: Condition::default(),
        effect: SecretsEffect::Inject(vec![SECRETS[secret].to_owned()]),
    };
    let secrets_rule = |form: &Injects| match form {
        Injects::Key(key, secret) => inject(Some(*key), *secret),
        Injects::PlatformIf(text, letter) => SecretsRule::platform(condition(When::TextIs(*text, *letter))),
    };
    document.secrets = secrets.iter().map(secrets_rule).collect();
    document.secrets.extend(always.map(|secret| inject(None, secret)));
    document.inject = if *every { InjectMode::Every } else { InjectMode::First };
    Policy::new(document).expect("every form of a policy is valid")
}

/// Every case of a dataset: each runtime and an unknown one, each value of every variable, no ambient secret or one.
fn cases(bound: Bound, registry: &Registry, policy: &Policy) -> Vec<TestCase> {
    let dataset = Dataset::new(registry.clone(), policy.clone());
    let names = registry.runtimes().iter().map(|runtime| runtime.name.as_str()).chain(["unknown"]);
    let mut cases: Vec<TestCase> = names.map(|name| TestCase::new(&dataset, name)).collect();
    let texts: Vec<String> = (0..bound.letters).map(id).chain(["other".to_owned()]).collect();
    let variables = (0..bound.texts).map(|number| (text_variable(number), texts.clone()));
    let keys = (0..bound.keys).map(|number| (key_variable(number), vec!["1".to_owned()]));
    for (name, values) in variables.chain(keys) {
        let with = |case: &TestCase| values.iter().map(|value| case.with(&name, value)).collect::<Vec<_>>();
        cases = cases.iter().flat_map(|case| [vec![case.clone()], with(case)].concat()).collect();
    }
    let ambient = cases.iter().map(|case| TestCase { ambient: vec![SECRETS[0].to_owned()], ..case.clone() });
    let ambient: Vec<TestCase> = ambient.collect();
    cases.extend(ambient);
    cases
}

/// Checks every law on every case of every form in a bound, on all cores. Returns the number of forms.
fn check(bound: Bound) -> u128 {
    let renamings = bound.renamings();
    let registries = bound.registries();
    let policies: Vec<(PolicyForm, Policy)> =
        bound.policies().into_iter().map(|form| (form.clone(), policy(&form))).collect();
    let renamed: Vec<Vec<PolicyForm>> =
        policies.iter().map(|(form, _)| renamings.iter().map(|it| it.policy(form)).collect()).collect();
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut forms = 0;
        while let Some(form) = registries.get(next.fetch_add(1, Ordering::Relaxed)) {
            let registry = registry(form);
            let orders: Vec<std::cmp::Ordering> = renamings.iter().map(|it| form.cmp(&it.registry(form))).collect();
            for ((policy_form, policy), renamed) in policies.iter().zip(&renamed) {
                let mut orders = orders.iter().zip(renamed);
                // A form is tested if no renaming makes it smaller.
                if !orders.all(|(order, renamed)| order.then_with(|| policy_form.cmp(renamed)).is_le()) {
                    continue;
                }
                forms += 1;
                for case in cases(bound, &registry, policy) {
                    if let Err(broken) = LawContext::new(&RealResolver, &case).check() {
                        panic!("{bound:?}: {broken}");
                    }
                }
            }
        }
        forms
    };
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().map(|worker| worker.join().expect("no law is broken")).sum()
    })
}

#[test]
fn quick_bounds_satisfy_all_laws() {
    for bound in QUICK {
        assert_eq!(check(*bound), bound.count(), "{bound:?}");
    }
}

/// `cargo ci bounded` runs it in a release build.
#[test]
#[ignore = "takes about an hour of processor time; `cargo ci bounded` and the nightly job run it"]
fn nightly_bounds_satisfy_all_laws() {
    for bound in NIGHTLY {
        assert_eq!(check(*bound), bound.count(), "{bound:?}");
    }
}

/// The formula equals the number of forms after renamed ones are removed one by one.
#[test]
fn formula_equals_the_number_of_distinct_forms() {
    let one = Bound { providers: 1, runtimes: 1, letters: 1, texts: 0, keys: 0, rules: 0 };
    let bounds = [
        one,
        Bound { letters: 2, ..one },
        Bound { texts: 1, ..one },
        Bound { keys: 1, rules: 1, ..one },
        Bound { texts: 1, keys: 1, rules: 1, ..one },
        Bound { texts: 2, letters: 2, ..one },
        Bound { keys: 2, rules: 2, ..one },
        Bound { runtimes: 2, ..one },
        Bound { providers: 2, ..one },
    ];
    for bound in bounds {
        let (renamings, policies) = (bound.renamings(), bound.policies());
        let mut forms = BTreeSet::new();
        for registry in bound.registries() {
            for policy in &policies {
                let smallest = renamings.iter().map(|it| (it.registry(&registry), it.policy(policy))).min();
                forms.insert(smallest.expect("the identity is a renaming"));
            }
        }
        assert_eq!(forms.len() as u128, bound.count(), "{bound:?}");
    }
}
