//! `resolve`: resolves one query and explains the result.

use std::path::PathBuf;

use serde::Serialize;
use slug_lines::query::{for_named_runtime, is_finding, picked_runtime};
use slug_redact::misplaced::{CREDENTIAL_AS_MODEL, has_misplaced, masked, presentable};
use slug_redact::without_credentials;
use slug_resolver::{Code, Env, Fix, Kind, Policy, Registry, Resolution, Warning, empty_keys};

use crate::args::{ResolveArgs, ResolveFormat};
use crate::data::{Data, no_policy};
use crate::exit::{Exit, Failure};
use crate::output::Output;
use crate::render::escape_keeping_styles;
use crate::render::resolution::{explanation, heading};
use crate::render::shell::quoted;
use crate::sink::{self, Renders};
use crate::variables::{
    check_ambient, empty_key_notes, parse_variables, refuse_variable, unread_notes, with_fixes_of_warnings, word_note,
};

use super::batch;

/// Runs `resolve`.
pub fn run(args: &ResolveArgs, output: &mut Output) -> Result<Exit, Failure> {
    let sinks = sink::requested(&args.output, None)?;
    let data = Data::find(args.registry.options())?;
    let read = data.files(args.policy.as_slice());
    sink::check_inputs(sink::files(&sinks), read.iter().map(PathBuf::as_path))?;
    if data.config.is_none() && args.registry.registry.is_some() && args.policy.is_none() {
        return Err(Failure::new(no_policy(args.registry.no_config)));
    }
    let policy = data.policy(args.policy.as_ref())?;
    let registry = data.registry()?;
    let denied = data.denied_warnings();
    if let Some(file) = &args.batch {
        return batch::resolve(&registry, &policy, &denied, file, &args.output, output);
    }
    if args.runtime.is_none() && data.config.is_none() && args.policy.is_none() {
        return Err(Failure::new("no runtime is given; add `--runtime RUNTIME`, or pass a --policy that picks one"));
    }
    if let Some(runtime) = &args.runtime {
        refuse_variable(runtime, "name the runtime, and give variables without an option")?;
    }
    let variables = parse_variables(&args.variables)?;
    output.notes(&unread_notes(&policy, &variables));
    let words = variables.iter().filter_map(|(name, value)| word_note(&policy, name, value));
    output.notes(&words.collect::<Vec<_>>());
    let given = Env::read(&policy, variables.iter().map(|(name, value)| (name, value.as_str())));
    output.notes(&empty_key_notes(&given));
    let ambient = check_ambient(&args.ambient)?;
    let (runtime, env) = match &args.runtime {
        Some(runtime) => (runtime.as_str(), given),
        None => (picked_runtime(&policy, &given).map_err(Failure::new)?, given.without_runtime()),
    };
    let resolution = empty_keys::resolve(&registry, runtime, &env, &ambient);
    let resolution = if args.runtime.is_none() { for_named_runtime(resolution, &given) } else { resolution };
    // A given runtime stays, whatever the variables name.
    let fixed = if args.runtime.is_some() { given.without_runtime() } else { given };
    let mut fixes = empty_keys::fixes(&registry, runtime, &fixed, &ambient);
    fixes.retain(|fix| args.runtime.is_none() || fix.runtime.is_none());
    let fixes = with_fixes_of_warnings(&registry, &resolution, &given, &ambient, &denied, fixes);
    let fixes = presentable(fixes);
    let is_misplaced = has_misplaced(&resolution);
    if is_misplaced {
        output.error(CREDENTIAL_AS_MODEL);
    }
    let resolution = masked(&resolution);
    let explained = Explained { registry: &registry, policy: &policy, resolution, fixes, env: &env, denied: &denied };
    sink::write(&explained, &sinks, output)?;
    let resolution = explained.resolution;
    Ok(if is_misplaced || is_finding(&resolution, &denied) { Exit::Findings } else { Exit::Clean })
}

/// A resolution with what explains it.
struct Explained<'a> {
    registry: &'a Registry,
    policy: &'a Policy,
    resolution: Resolution<'a>,
    fixes: Vec<Fix>,
    env: &'a Env<'a>,
    denied: &'a [Warning],
}

impl Renders<ResolveFormat> for Explained<'_> {
    fn styled(&self) -> String {
        let Self { registry, policy, resolution, fixes, env, denied } = self;
        escape_keeping_styles(&explanation(registry, policy, resolution, fixes, env, denied))
    }

    fn render(&self, format: ResolveFormat) -> String {
        match format {
            ResolveFormat::Human => self.styled(),
            ResolveFormat::Json => json(self.registry, &self.resolution, &self.fixes),
            ResolveFormat::Env => shell(&self.resolution),
        }
    }

    fn summary(&self) -> String {
        escape_keeping_styles(&heading(&self.resolution, self.denied))
    }
}

#[derive(Serialize)]
struct Answer<'a> {
    #[serde(flatten)]
    resolution: &'a Resolution<'a>,
    message: String,
    fixes: &'a [Fix],
}

fn json(registry: &Registry, resolution: &Resolution<'_>, fixes: &[Fix]) -> String {
    let answer = Answer { resolution, message: resolution.message(registry), fixes };
    let text = serde_json::to_string_pretty(&answer).expect("the result is strings and lists");
    text + "\n"
}

/// Renders a resolution as assignments for a shell.
fn shell(resolution: &Resolution<'_>) -> String {
    let provider = resolution.provider.map_or("", |provider| &provider.name);
    let injected = resolution.injected.join(" ");
    let verdict = match resolution.verdict {
        Kind::Coherent => "coherent",
        Kind::Contradiction => "contradiction",
        Kind::Nothing => "nothing",
    };
    let values = [
        ("SLUG", resolution.slug),
        ("RULE", resolution.rule.unwrap_or_default()),
        ("PATH", resolution.path.as_str()),
        ("PROVIDER", provider),
        ("INJECTED", &injected),
        ("VERDICT", verdict),
        ("CODE", resolution.code.map_or("", Code::as_str)),
    ];
    let line = |(name, value): &(&str, &str)| format!("SLUGPROOF_{name}={}\n", quoted(&without_credentials(value)));
    values.iter().map(line).collect()
}
