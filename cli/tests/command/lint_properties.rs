//! Properties of `lint` on random workflows.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use proptest::prelude::*;
use proptest::sample::select;
use slug_resolver::{Env, Policy, Registry, resolve};
use slug_testkit::linting::check_linting;
use slugproof::codes::Level;
use slugproof::commands::corpus::implementations::EmbeddedLinter;
use slugproof::lint::{Input, Linter};

const RUNTIMES: [&str; 6] = ["claude-code", "hermes", "codex", "openclaw", "seo-agent", "nonesuch"];
const SLUGS: [&str; 7] =
    ["MiniMax-M2", "moonshot/kimi-k2.6", "sonnet", "openai/gpt-4o", "minimax:MiniMax-M2.7", "no-such-model", ""];
const BILLING_PATHS: [&str; 4] = ["platform", "byok", "Platform", ""];

/// A variable of the policy and a value for it.
fn setting(policy: &Policy) -> impl Strategy<Value = (String, String)> + use<> {
    let names: Vec<(String, Vec<&'static str>)> = policy
        .all_variables()
        .map(|variable| {
            let values = match () {
                () if policy.is_key(variable) => vec!["set", ""],
                () if policy.is_slug_variable(variable) => SLUGS.to_vec(),
                () if policy.runtime_variables().any(|runtime| runtime == variable) => RUNTIMES.to_vec(),
                () => BILLING_PATHS.to_vec(),
            };
            (policy.variable_name(variable).to_owned(), values)
        })
        .collect();
    (select(names), any::<prop::sample::Index>())
        .prop_map(|((name, values), index)| (name, (*index.get(&values)).to_owned()))
}

/// The variables of one `env` mapping: that of the workflow, of the job or of the step.
type Layer = BTreeMap<String, String>;

/// A layer with up to four variables of the policy.
fn layer(policy: &Policy) -> impl Strategy<Value = Layer> + use<> {
    prop::collection::vec(setting(policy), 0..5).prop_map(|settings| settings.into_iter().collect())
}

/// Writes the `env` mapping of a layer as YAML. Style 0 is a flow mapping with double quotes, style 1
/// a block mapping with single quotes, and style 2 a block mapping without quotes.
fn env_yaml(layer: &Layer, indent: usize, style: usize) -> String {
    let pad = " ".repeat(indent);
    if layer.is_empty() {
        return String::new();
    }
    if style == 0 {
        let entries: Vec<String> = layer.iter().map(|(name, value)| format!("{name}: \"{value}\"")).collect();
        return format!("{pad}env: {{{}}}\n", entries.join(", "));
    }
    layer.iter().fold(format!("{pad}env:\n"), |text, (name, value)| {
        let value = if style == 1 { format!("'{value}'") } else { value.clone() };
        let value = if value.is_empty() { "''".to_owned() } else { value };
        text + &format!("{pad}  {name}: {value} # a comment\n")
    })
}

fn workflow(layers: &[Layer; 3], styles: &[usize; 3], script: &str) -> String {
    let mut text = "on: push\n".to_owned();
    text += &env_yaml(&layers[0], 0, styles[0]);
    text += "jobs:\n  job:\n    runs-on: ubuntu-latest\n";
    text += &env_yaml(&layers[1], 4, styles[1]);
    text += "    steps:\n      - name: call\n";
    let _ = writeln!(text, "        run: {script}");
    text + &env_yaml(&layers[2], 8, styles[2])
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// `lint` reports for a job the code that `resolve` returns for the merged environment of the job.
    /// The file also has the properties that [`check_linting`] checks for every file.
    #[test]
    fn job_has_the_code_of_its_resolved_environment(
        layers in prop::array::uniform3(layer(&Policy::all_embedded()[0])),
        styles in prop::array::uniform3(0..3_usize),
        policy_index in 0..2_usize,
    ) {
        let policies = Policy::all_embedded();
        let policy = &policies[policy_index];
        let registry = Registry::embedded();
        let text = workflow(&layers, &styles, &format!("bash {}", policy.document().harness[0]));
        let merged: Layer = layers.iter().flatten().map(|(name, value)| (name.clone(), value.clone())).collect();
        let env = Env::read(policy, merged.iter().map(|(name, value)| (name, value.as_str())));
        let expected = resolve(&registry, env.runtime().unwrap_or_default(), &env.without_runtime(), &[]);

        let report = Linter::new(&registry, &policies).report(&[Input::new("file.yml", text.clone())]);
        let errors = report.findings.iter().filter(|finding| finding.level == Level::Error);
        let errors: Vec<&str> = errors.map(|finding| finding.code.id).collect();
        let expected: Vec<&str> = expected.code.iter().map(|code| code.as_str()).collect();
        prop_assert_eq!(errors, expected, "{}", text);
        prop_assert!(report.findings.iter().all(|finding| finding.level != Level::Undecided), "{}", text);
        prop_assert_eq!(check_linting(&EmbeddedLinter, &text).err(), None, "{}", text);
    }

    /// A file that neither sets a variable of a policy nor calls a harness has no finding.
    #[test]
    fn file_without_policy_variables_has_no_finding(
        names in prop::collection::vec("[A-Z][A-Z_]{0,8}", 0..4),
        script in "[a-z =$|&;\"'\n]{0,40}",
    ) {
        let layer: Layer = names.into_iter().map(|name| (name, "x".to_owned())).collect();
        let text = workflow(&[layer.clone(), layer.clone(), layer], &[0, 1, 2], &format!("{script:?}"));
        let (registry, policies) = (Registry::embedded(), Policy::all_embedded());
        let report = Linter::new(&registry, &policies).report(&[Input::new("file.yml", text.clone())]);
        prop_assert!(report.findings.is_empty(), "{} {:?}", text, report.findings);
    }
}
