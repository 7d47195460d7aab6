//! Findings about texts in place of a value: placeholders, references that nothing expands, and truth values in place
//! of keys.

use slug_resolver::Variable;
use slug_resolver::fix::is_placeholder;
use slug_value::AbstractValue;
use slug_workflow::environment::Setting;
use slug_workflow::expression::references;
use slug_workflow::unexpanded::{has_reference, is_reference, without_expressions};

use super::explain::PolicyCall;
use super::linter::Linter;
use super::near_miss::about;
use crate::codes::{LIKELY_SLIP, PLACEHOLDER};
use crate::findings::{Finding, Span};

/// What a variable has in place of its value.
enum StandIn {
    /// A text in angle brackets; `is_whole` unless it is a part of the value.
    Placeholder { is_whole: bool },
    /// A reference that nothing expands; `is_whole` unless it is a part of the value.
    Reference { is_whole: bool, written_in: Language },
    /// `true` or `false` in place of a key.
    Truth(&'static str),
}

/// What a text is written in, which decides the references that are expanded.
enum Language {
    Workflow,
    Script,
}

impl Linter<'_> {
    /// The finding about a variable of the policy whose value stands for another one. The text may be a key in angle
    /// brackets, so it is not repeated.
    pub(super) fn stand_in(&self, call: &PolicyCall<'_>, name: &str) -> Option<Finding> {
        let setting = call.site.env.variables.get(name)?;
        let variable = call.policy.variable(name)?;
        let is_key = call.policy.is_key(variable);
        let place = |is_whole: bool| if is_whole { "as" } else { "in" };
        let (code, title, help) = match self.stand_in_of(call, variable, setting)? {
            StandIn::Placeholder { is_whole } => {
                let title = format!("`{name}` has a placeholder in angle brackets {} its value", place(is_whole));
                let help = match is_key {
                    true => format!("replace it, with the brackets, as in `{name}: ${{{{ secrets.{name} }}}}`"),
                    false => "replace it, with the brackets, by the value that is meant".to_owned(),
                };
                (&PLACEHOLDER, title, help)
            }
            StandIn::Reference { is_whole, written_in } => {
                let title = format!("`{name}` has a reference that is not expanded {} its value", place(is_whole));
                let help = match (written_in, is_key) {
                    (Language::Workflow, true) => {
                        "only `${{ … }}` is expanded here; write the secret as `${{ secrets.NAME }}`"
                    }
                    (Language::Workflow, false) => "only `${{ … }}` is expanded here, as in `${{ vars.NAME }}`",
                    (Language::Script, _) => {
                        "a shell expands `$NAME` without quotes and in double quotes, but not in single quotes, and \
                         expands no `secrets.NAME`"
                    }
                };
                (&PLACEHOLDER, title, help.to_owned())
            }
            StandIn::Truth(truth) => {
                let title = format!("`{name}` has the truth value `{truth}` in place of a key");
                let help = "write the secret as `${{ secrets.NAME }}`; with a condition, as `${{ CONDITION && \
                            secrets.NAME || '' }}`";
                (&LIKELY_SLIP, title, help.to_owned())
            }
        };
        let span = Span { source: call.source, range: setting.origin.span() };
        let finding = Finding::new(code, span, title).with_primary_text("is not a value");
        Some(about(finding, call).with_help(help).with_subject("variable", name))
    }

    fn stand_in_of(&self, call: &PolicyCall<'_>, variable: Variable, setting: &Setting<'_>) -> Option<StandIn> {
        let policy = call.policy;
        let is_key = policy.is_key(variable);
        let is_name = policy.is_slug_variable(variable) || policy.runtime_variables().any(|other| other == variable);
        // A shell expands references in scripts.
        let written = self.entry(setting, call).map(|entry| entry.value.clone());
        let written = written.or_else(|| setting.origin.text().map(str::to_owned));
        let texts = match &setting.value.values {
            AbstractValue::OneOf(texts) => texts.clone(),
            _ => vec![without_expressions(written.as_deref()?)],
        };
        let unlisted = || texts.iter().filter(|text| !self.is_registered(text.trim()));
        let any = |is: fn(&str) -> bool| unlisted().any(|text| is(text));
        let truth = |truth: &'static str| texts.iter().any(|text| text == truth).then_some(StandIn::Truth(truth));
        if any(is_placeholder) {
            return Some(StandIn::Placeholder { is_whole: true });
        }
        if is_name && any(has_placeholder) {
            return Some(StandIn::Placeholder { is_whole: false });
        }
        let Some(written) = written else {
            // A script gives the key a known text, in which a shell expands nothing more; `cross-env` does.
            let expands = call.site.step.run.as_ref().is_some_and(|run| run.text.contains("cross-env"));
            let stand_in = StandIn::Reference { is_whole: true, written_in: Language::Script };
            return (is_key && !expands && any(is_reference)).then_some(stand_in);
        };
        let is_own_name = is_key && texts.iter().any(|text| text == policy.variable_name(variable));
        // Another variable may have such a text as its value: `vars.example.com` is a host.
        let is_reference =
            |text: &str| is_reference(text) && (is_key || is_name || !text.starts_with(char::is_alphabetic));
        if is_own_name || unlisted().any(|text| is_reference(text)) {
            return Some(StandIn::Reference { is_whole: true, written_in: Language::Workflow });
        }
        if is_name && any(has_reference) {
            return Some(StandIn::Reference { is_whole: false, written_in: Language::Workflow });
        }
        let has_secret = || references(&written).iter().any(|(context, _)| context == "secrets");
        let truth = || truth("false").or_else(|| truth("true").filter(|_| has_secret()));
        is_key.then(truth).flatten()
    }
}

/// Whether a text has a part in angle brackets.
fn has_placeholder(text: &str) -> bool {
    let mut after_bracket = text.split('<').skip(1);
    after_bracket.any(|rest| rest.find('>').is_some_and(|end| end > 0))
}
