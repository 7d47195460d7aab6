//! Compares the verdict on a call with its outcome in every world. A world fixes every value
//! that is not known.

use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};

use super::*;

static REGISTRY: LazyLock<Registry> = LazyLock::new(Registry::embedded);

/// A policy with every form that the embedded policies do not have.
const GENERAL: &str = "\
schema_version: 2
name: general
runtime:
  - {when: {USE_CODEX: set}, use: codex}
  - {use: [$RUNTIME, claude-code]}
creates: {unless: [{LLM_PATH: skip, runtime: [claude-code, hermes]}]}
model:
  - {when: {LLM_PATH: platform}, use: moonshot/kimi-k2.6}
  - {name: asked, use: $MODEL}
  - {when: {BASE_URL: {host: api.minimax.io}}, use: MiniMax-M2}
  - {when: {LLM_PATH: {not: [byok, skip]}, OPENAI_KEY: set}, use: openai/gpt-4o}
inject: every
secrets:
  - {when: {LLM_PATH: platform}, path: platform}
  - {key: OPENAI_KEY, inject: [OPENAI_API_KEY]}
  - {when: {BASE_URL: {host: api.minimax.io}}, inject: [MINIMAX_API_KEY]}
";

fn policies() -> Vec<Policy> {
    let general = Policy::from_yaml(GENERAL.as_bytes()).expect("the policy is valid");
    Policy::all_embedded().into_iter().chain([general]).collect()
}

/// Maximum worlds of one call.
const WORLDS: usize = 256;

/// A variable of the policy: its abstract value and its values in the worlds.
#[derive(Clone, Debug)]
struct PolicyVariable {
    name: String,
    text: Text,
    worlds: Vec<String>,
}

impl PolicyVariable {
    fn of(policy: &Policy, variable: Variable, values: AbstractValue<String>) -> Self {
        let name = policy.variable_name(variable).to_owned();
        let classes = policy.value_classes(variable);
        let hosts = classes.hosts.iter().map(|host| format!("https://{host}/{UNKNOWN}"));
        let any_text: Vec<String> = match policy.is_key(variable) {
            true => vec!["a secret".to_owned()],
            false => [UNKNOWN.to_owned()].into_iter().chain(classes.texts).chain(hosts).collect(),
        };
        let any_text = any_text.into_iter();
        let worlds: Vec<String> = match &values {
            AbstractValue::OneOf(texts) => texts.clone(),
            AbstractValue::WithSecret | AbstractValue::NonEmpty => any_text.collect(),
            AbstractValue::Any => any_text.chain([String::new()]).collect(),
        };
        let why =
            if matches!(&values, AbstractValue::OneOf(texts) if texts.len() == 1) { None } else { Some(name.clone()) };
        Self { name, text: Text { values, reasons: why.into_iter().collect() }, worlds }
    }
}

fn input(policy: &Policy, variable: Variable) -> impl Strategy<Value = PolicyVariable> + use<> {
    let is_runtime = policy.runtime_variables().any(|runtime| runtime == variable);
    let texts: Vec<&str> = match () {
        () if policy.is_key(variable) => vec!["", "a secret", "another secret"],
        () if policy.is_slug_variable(variable) => {
            vec!["", "MiniMax-M2", "moonshot/kimi-k2.6", "sonnet", "openai/gpt-4o", "no-such-model"]
        }
        () if is_runtime => vec!["", "claude-code", "hermes", "codex", "seo-agent", "nonesuch"],
        () => vec!["", "platform", "Platform", "byok", "https://api.minimax.io/v1"],
    };
    let policy = policy.clone();
    let values = prop_oneof![
        4 => Just(vec![String::new()]).prop_map(AbstractValue::OneOf),
        4 => select(texts.clone()).prop_map(|text| AbstractValue::OneOf(vec![text.to_owned()])),
        2 => subsequence(texts, 2..=3)
            .prop_map(|texts| AbstractValue::OneOf(texts.into_iter().map(str::to_owned).collect())),
        1 => Just(AbstractValue::WithSecret),
        1 => Just(AbstractValue::NonEmpty),
        1 => Just(AbstractValue::Any),
    ];
    values.prop_map(move |values| PolicyVariable::of(&policy, variable, values))
}

fn call() -> impl Strategy<Value = (Policy, Vec<PolicyVariable>)> {
    let policy = select(policies());
    let call = policy.prop_flat_map(|policy| {
        let inputs: Vec<_> = policy.all_variables().map(|variable| input(&policy, variable)).collect();
        (Just(policy), inputs)
    });
    call.prop_filter("too many worlds", |(_, inputs)| {
        inputs.iter().map(|input| input.worlds.len()).product::<usize>() <= WORLDS
    })
}

/// An entry of slugproof.yaml that accepts a contradiction or a warning.
fn accept() -> impl Strategy<Value = Accept> {
    let contradictions = select(&Code::ALL).prop_map(AcceptCode::Contradiction);
    let codes = prop_oneof![8 => contradictions, 1 => Just(AcceptCode::CrossVendor)];
    let policy = prop::option::weighted(0.2, select(vec!["full-saas", "peer-visibility"]));
    let runtime = prop::option::weighted(0.2, select(vec!["claude-code", "hermes", "codex"]));
    let variable = || (any::<Index>(), prop::bool::weighted(0.2));
    (codes, policy, runtime, variable(), variable()).prop_map(|(code, policy, runtime, set, unset)| {
        let policies = Policy::all_embedded();
        let names: Vec<&str> =
            policies[0].all_variables().map(|variable| policies[0].variable_name(variable)).collect();
        let some = |(index, is_asked): (Index, bool)| is_asked.then(|| (*index.get(&names)).to_owned());
        Accept {
            line: 1,
            workflow: None,
            job: Some("job".to_owned()),
            policy: policy.map(str::to_owned),
            runtime: runtime.map(str::to_owned),
            code,
            set: some(set).into_iter().collect(),
            unset: some(unset).into_iter().collect(),
            reason: "it is intended".to_owned(),
        }
    })
}

/// A call in one world.
#[derive(Debug)]
struct World {
    /// For each variable, the index of its value.
    choices: Vec<usize>,
    variables: BTreeMap<String, String>,
    runtime: String,
    outcome: WorldOutcome,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum WorldOutcome {
    /// No contradiction; true if another vendor's key would be sent.
    Coherent(bool),
    Accepted(usize),
    Failed(Code, String),
    /// The value of this variable decides and is not known.
    Open(String),
    /// The harness creates nothing.
    Nothing,
}

impl WorldOutcome {
    /// Returns true if nothing is to be reported.
    fn is_fine(&self) -> bool {
        matches!(self, Self::Coherent(_) | Self::Accepted(_) | Self::Nothing)
    }
}

/// The variable that holds the unknown runtime.
fn named(env: &Env<'_>) -> Variable {
    let is_unknown = |variable: &Variable| env.text(*variable) == Some(UNKNOWN);
    env.policy().runtime_variables().find(is_unknown).expect("a variable holds the runtime")
}

/// The runtime and the environment of some variables.
fn runtime_and_env<'a>(policy: &'a Policy, variables: &'a BTreeMap<String, String>) -> (&'a str, Env<'a>) {
    let env = env_of(policy, variables);
    (env.runtime().unwrap_or_default(), env.without_runtime())
}

fn worlds(policy: &Policy, inputs: &[PolicyVariable], accept: &[Accept]) -> Vec<World> {
    let count: usize = inputs.iter().map(|input| input.worlds.len()).product();
    let world = |number: usize| {
        let mut rest = number;
        let choose = |input: &PolicyVariable| {
            let choice = rest % input.worlds.len();
            rest /= input.worlds.len();
            choice
        };
        let choices: Vec<usize> = inputs.iter().map(choose).collect();
        let value = |(input, choice): (&PolicyVariable, &usize)| (input.name.clone(), input.worlds[*choice].clone());
        let variables: BTreeMap<String, String> = inputs.iter().zip(&choices).map(value).collect();
        let all = env_of(policy, &variables);
        let runtime = all.runtime().unwrap_or_default().to_owned();
        let env = all.without_runtime();
        let resolution = resolve(&REGISTRY, &runtime, &env, &[]);
        // A harness cannot distinguish a default from the same value written out.
        let is_set = |name: &str| {
            let default = policy.document().defaults.get(name);
            let is_other = |value: &String| !value.is_empty() && Some(value) != default;
            policy.deciding_variable_names().any(|known| known == name) && variables.get(name).is_some_and(is_other)
        };
        let covering = |code: AcceptCode| {
            let covers = |entry: &Accept| entry.covers(policy.name(), &runtime, code, is_set);
            accept.iter().position(covers)
        };
        let outcome = match resolution.code {
            _ if runtime == UNKNOWN => WorldOutcome::Open(all.policy().variable_name(named(&all)).to_owned()),
            _ if resolution.verdict == Kind::Nothing => WorldOutcome::Nothing,
            _ if resolution.slug.contains(UNKNOWN) => {
                WorldOutcome::Open(resolution.decided_by.unwrap_or_default().to_owned())
            }
            None if resolution.warnings.contains(Warning::CrossVendorCredential) => {
                let accepted = covering(AcceptCode::CrossVendor);
                accepted.map_or(WorldOutcome::Coherent(true), WorldOutcome::Accepted)
            }
            None => WorldOutcome::Coherent(false),
            Some(code) => match covering(code.into()) {
                Some(entry) => WorldOutcome::Accepted(entry),
                None => WorldOutcome::Failed(code, resolution.slug.to_owned()),
            },
        };
        World { choices, runtime: runtime.clone(), outcome, variables: variables.clone() }
    };
    (0..count).map(world).collect()
}

fn env_of<'a>(policy: &'a Policy, variables: &'a BTreeMap<String, String>) -> Env<'a> {
    Env::read(policy, variables.iter().map(|(name, value)| (name.as_str(), value.as_str())))
}

impl World {
    fn hints(&self, policy: &Policy) -> Vec<String> {
        let (_, env) = runtime_and_env(policy, &self.variables);
        hints(&REGISTRY, &env, &resolve(&REGISTRY, &self.runtime, &env, &[]))
    }

    /// True if a fix leads to the slug and provider that it names.
    fn is_fixed_by(&self, fix: &Fix, policy: &Policy) -> bool {
        let mut variables = self.variables.clone();
        for edit in &fix.edits {
            match edit {
                Edit::Unset(name) => variables.remove(name),
                Edit::Set(name, value) => variables.insert(name.clone(), value.clone()),
            };
        }
        let (runtime, env) = runtime_and_env(policy, &variables);
        let fixed = resolve(&REGISTRY, runtime, &env, &[]);
        let provider = fixed.provider.map(|provider| &provider.name);
        fixed.is_coherent() && fixed.slug == fix.slug && provider == Some(&fix.provider)
    }
}

/// The fixes of one world that work in all worlds.
fn common_fixes(policy: &Policy, first: &World, worlds: &[World]) -> Vec<Fix> {
    let env = env_of(policy, &first.variables);
    let mut common = fixes(&REGISTRY, &first.runtime, &env, &[]);
    common.retain(|fix| worlds.iter().all(|world| world.is_fixed_by(fix, policy)));
    common
}

/// The variables whose value makes a difference.
fn decisive<'s>(inputs: &'s [PolicyVariable], worlds: &[World]) -> BTreeSet<&'s str> {
    let by_choices: BTreeMap<&[usize], &WorldOutcome> =
        worlds.iter().map(|world| (world.choices.as_slice(), &world.outcome)).collect();
    let matters = |position: usize, input: &PolicyVariable| {
        worlds.iter().any(|world| {
            let elsewhere = |choice: usize| {
                let mut choices = world.choices.clone();
                choices[position] = choice;
                by_choices[choices.as_slice()] != &world.outcome
            };
            world.outcome == WorldOutcome::Open(input.name.clone()) || (0..input.worlds.len()).any(elsewhere)
        })
    };
    inputs
        .iter()
        .enumerate()
        .filter(|(position, input)| matters(*position, input))
        .map(|(_, input)| &*input.name)
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2 * ProptestConfig::default().cases, failure_persistence: None, ..ProptestConfig::default()
    })]

    /// A call is fine if it is fine in every world, and fails if it fails in every world. Otherwise
    /// it is undecided, and the reasons name exactly the variables that make a difference.
    #[test]
    fn verdict_agrees_with_every_world(
        (policy, inputs) in call(),
        accept in prop::collection::vec(accept(), 0..4),
    ) {
        let evaluate = Evaluator { registry: &REGISTRY, accept: &accept, job: ("a.yml", "job") };
        let text = |name: &str| {
            let input = inputs.iter().find(|input| input.name == name);
            input.expect("the policy has this variable").text.clone()
        };
        let verdict = evaluate.evaluate(&policy, text);

        let worlds = worlds(&policy, &inputs, &accept);
        let failed = worlds.iter().filter_map(|world| match &world.outcome {
            WorldOutcome::Failed(code, slug) => Some((*code, slug.as_str())),
            _ => None,
        });
        let failed: BTreeSet<(Code, &str)> = failed.collect();
        let entries = worlds.iter().filter_map(|world| match world.outcome {
            WorldOutcome::Accepted(entry) => Some(entry),
            _ => None,
        });
        let entries: BTreeSet<usize> = entries.collect();
        let all = |predicate: fn(&WorldOutcome) -> bool| worlds.iter().all(|world| predicate(&world.outcome));
        match verdict {
            CallVerdict::Fine { accepted, cross_vendor } => {
                prop_assert!(all(WorldOutcome::is_fine));
                prop_assert!(accepted.keys().eq(&entries));
                for (entry, failure) in accepted {
                    let code = failure.code.map_or(AcceptCode::CrossVendor, AcceptCode::from);
                    prop_assert_eq!(code, accept[entry].code);
                }
                let is_crossing = |outcome: &WorldOutcome| *outcome == WorldOutcome::Coherent(true);
                let may_cross = |outcome: &WorldOutcome| match outcome {
                    WorldOutcome::Accepted(entry) => accept[*entry].code == AcceptCode::CrossVendor,
                    outcome => matches!(outcome, WorldOutcome::Coherent(true) | WorldOutcome::Nothing),
                };
                let crosses = worlds.iter().all(|world| may_cross(&world.outcome))
                    && worlds.iter().any(|world| is_crossing(&world.outcome));
                prop_assert_eq!(cross_vendor.is_some(), crosses);
                prop_assert!(cross_vendor.is_none_or(|failure| failure.code.is_none()));
            }
            CallVerdict::Fails(failure) => {
                prop_assert!(all(|outcome| matches!(outcome, WorldOutcome::Failed(..))));
                let (codes, slugs): (BTreeSet<Code>, BTreeSet<&str>) = failed.into_iter().unzip();
                prop_assert_eq!(&failure.codes, &codes);
                prop_assert!(failure.slugs.iter().eq(slugs));
                prop_assert!(failure.code.is_some_and(|code| codes.contains(&code)));
                let runtimes: BTreeSet<&String> = worlds.iter().map(|world| &world.runtime).collect();
                prop_assert!(failure.runtimes.iter().eq(runtimes));
                let is_as_of = |first: &World| failure.fixes == common_fixes(&policy, first, &worlds);
                prop_assert!(worlds.iter().any(is_as_of), "{:?}", failure.fixes);
                let distinct: BTreeSet<_> = worlds.iter().map(|world| (&world.runtime, &world.variables)).collect();
                let all_mean = |hint: &String| worlds.iter().all(|world| world.hints(&policy).contains(hint));
                let have_hints = failure.hints.iter().all(all_mean);
                prop_assert!(distinct.len() > HINT_ENVIRONMENTS || have_hints, "{:?}", failure.hints);
            }
            CallVerdict::Undecided(why) => {
                prop_assert!(!all(WorldOutcome::is_fine));
                prop_assert!(!all(|outcome| matches!(outcome, WorldOutcome::Failed(..))));
                let is_name = |why: &&str| inputs.iter().any(|input| input.name == *why);
                let (names, failing): (BTreeSet<&str>, BTreeSet<&str>) =
                    why.iter().map(String::as_str).partition(is_name);
                prop_assert_eq!(names, decisive(&inputs, &worlds));
                let sentence = |(code, slug): &(Code, &str)| {
                    let to = if slug.is_empty() { "no model".to_owned() } else { shown(slug) };
                    format!("one possible result is {to}, which would fail with `{}`", code.as_str())
                };
                prop_assert_eq!(failing.len(), usize::from(!failed.is_empty()));
                let is_failure = |reason: &&str| failed.iter().map(sentence).any(|it| it == *reason);
                prop_assert!(failing.iter().all(is_failure), "{:?}", failing);
            }
        }
    }
}

#[test]
fn call_above_environment_limit_is_undecided() {
    let evaluate = Evaluator { registry: &REGISTRY, accept: &[], job: ("a.yml", "job") };
    let policy = &Policy::all_embedded()[0];
    let many = ["E2E_RUNTIME", "E2E_MODEL_SLUG", "E2E_DEFAULT_PLATFORM_MODEL"];
    assert!(many.iter().all(|name| policy.variable(name).is_some()));
    let key = policy.key_variables().next().map(|key| policy.variable_name(key)).expect("the policy has keys");
    let evaluated = |keys: &[&str]| {
        evaluate.evaluate(policy, |name| match name {
            name if many.contains(&name) => {
                let texts = (0..ALTERNATIVES).map(|number| format!("none-{number}"));
                Text::one_of(texts, BTreeSet::from([name.to_owned()]))
            }
            name if keys.contains(&name) => Text::unknown(name),
            _ => Text::empty(),
        })
    };
    assert_eq!(ALTERNATIVES.pow(3), ENVIRONMENTS);
    assert!(matches!(evaluated(&[]), CallVerdict::Fails(_)));
    let CallVerdict::Undecided(why) = evaluated(&[key]) else {
        panic!("the call has more environments than the limit")
    };
    assert_eq!(why, BTreeSet::from(["more than 4096 environments are possible".to_owned()]));
}

/// An entry that requires the path to be set, or to be unset, does not accept a contradiction
/// with an unknown path.
#[test]
fn acceptance_with_unknown_path_depends_on_condition() {
    let policy = &Policy::all_embedded()[0];
    let path = "E2E_LLM_PATH";
    let accept = |set: &[&str], unset: &[&str]| Accept {
        line: 1,
        workflow: None,
        job: Some("job".to_owned()),
        policy: None,
        runtime: None,
        code: Code::UnknownRuntime.into(),
        set: set.iter().map(|name| (*name).to_owned()).collect(),
        unset: unset.iter().map(|name| (*name).to_owned()).collect(),
        reason: "it is intended".to_owned(),
    };
    let evaluated = |accept: &[Accept]| {
        Evaluator { registry: &REGISTRY, accept, job: ("a.yml", "job") }.evaluate(policy, |name| match name {
            "E2E_LLM_PATH" => Text::unknown(name),
            "E2E_RUNTIME" => Text::known("no-such-runtime".to_owned()),
            _ => Text::empty(),
        })
    };
    for one in [accept(&[path], &[]), accept(&[], &[path])] {
        let evaluated = evaluated(&[one]);
        assert!(matches!(&evaluated, CallVerdict::Undecided(why) if why.contains(path)), "{evaluated:?}");
    }
    assert!(matches!(evaluated(&[accept(&[], &[])]), CallVerdict::Fine { .. }));
    assert!(matches!(evaluated(&[accept(&[path], &[]), accept(&[], &[path])]), CallVerdict::Fine { .. }));
}
