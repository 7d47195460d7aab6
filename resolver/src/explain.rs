//! One sentence for people.

use crate::registry::PLATFORM;
use crate::resolve::Resolution;
use crate::selection::Rule;
use crate::verdict::Code;

impl Resolution<'_> {
    /// What was picked, why, and what becomes of it: lower case, without a final stop.
    #[must_use]
    pub fn message(&self) -> String {
        format!("{}; {}", self.pick(), self.consequence())
    }

    fn pick(&self) -> String {
        let slug = self.slug;
        match (self.rule, self.decided_by) {
            (Rule::Override, Some(variable)) => format!("{variable} overrides the model with `{slug}`"),
            (Rule::Platform, Some(variable)) => format!("the platform path takes `{slug}` because of {variable}"),
            (Rule::Keyed, Some(variable)) => format!("{variable} is set, so `{}` takes `{slug}`", self.runtime),
            (Rule::Fallback, _) => {
                format!("`{}` has no entry in the policy, so it falls back to `{slug}`", self.runtime)
            }
            _ => format!("`{}` takes its default `{slug}`", self.runtime),
        }
    }

    fn consequence(&self) -> String {
        let provider = self.provider.map_or("", |provider| &provider.name);
        let one_of = match self.needs {
            [only] => only.clone(),
            several => format!("one of {}", several.join(", ")),
        };
        let injected = self.injected.join(", ");
        match self.code {
            None if provider == PLATFORM => "the platform answers and pays, and no tenant key is injected".into(),
            None => format!("provider `{provider}` answers and accepts {}", self.accepted_by.join(", ")),
            Some(Code::ModelRequired) => "it is blank, so the create call is refused".into(),
            Some(Code::UnknownRuntime) => {
                "the registry does not have this runtime, so the create call is refused".into()
            }
            Some(Code::UnregisteredModel) => {
                "no arm of this runtime lists it and no pattern matches it, so the create call is refused".into()
            }
            Some(Code::AmbiguousModel) => {
                "patterns of several arms match it and the credentials do not single one out, so the create call is refused"
                    .into()
            }
            Some(Code::PlatformModelWithTenantKey) => {
                format!(
                    "the platform answers for it, but a tenant key is injected ({injected}), so the workspace boots to failed"
                )
            }
            Some(Code::PlatformPathByokModel) => format!(
                "provider `{provider}` needs {one_of}, but the platform path injects no key, so the workspace boots to failed"
            ),
            Some(Code::MissingCredential) => {
                format!(
                    "provider `{provider}` needs {one_of}, but nothing is injected, so the workspace boots to failed"
                )
            }
            Some(Code::WrongCredential) => format!(
                "provider `{provider}` needs {one_of}, but what is injected is {injected}, so the workspace boots to failed"
            ),
        }
    }
}
