//! Which registry and which policies a command works on: what its flags say,
//! else what slugproof.yaml says, else what ships with it.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use slug_resolver::yaml::UnknownFields;
use slug_resolver::{Policy, Registry, limits};

use crate::args::RegistryArgs;
use crate::config::Config;
use crate::exit::Failure;

/// The data of a command.
pub struct Data {
    /// The registry.
    pub registry: Registry,
    /// Where the registry comes from, for people.
    pub registry_source: String,
    /// The slugproof.yaml in force.
    pub config: Option<Config>,
}

impl Data {
    /// Finds the configuration and reads the registry.
    pub fn load(args: &RegistryArgs) -> Result<Self, Failure> {
        let config = if args.no_config { None } else { Config::find()? };
        let configured = config.as_ref().and_then(|config| config.registry.clone());
        let tolerant = args.allow_unknown_fields || config.as_ref().is_some_and(|config| config.allow_unknown_fields);
        let unknown = if tolerant { UnknownFields::Allow } else { UnknownFields::Deny };
        let (registry, registry_source) = match args.registry.clone().or(configured) {
            None => (Registry::embedded(), "embedded".to_owned()),
            Some(path) => (read_registry(&path, unknown)?, path.display().to_string()),
        };
        Ok(Self { registry, registry_source, config })
    }

    /// The policies that were asked for, else those of slugproof.yaml, else all embedded ones.
    pub fn policies(&self, asked: &[String]) -> Result<Vec<Policy>, Failure> {
        let configured = self.config.as_ref().map_or(&[][..], |config| &config.policies);
        let names = if asked.is_empty() { configured } else { asked };
        if names.is_empty() {
            return Ok(Policy::all_embedded());
        }
        let mut policies: Vec<Policy> = Vec::new();
        for name in names {
            let policy = find_policy(name)?;
            if policies.iter().any(|earlier| earlier.name() == policy.name()) {
                return Err(Failure::new(format!(
                    "policy `{}` is named twice; give each policy a `name` of its own and name it once",
                    policy.name()
                )));
            }
            policies.push(policy);
        }
        Ok(policies)
    }

    /// The one policy that was asked for, else the first there is.
    pub fn policy(&self, asked: Option<&String>) -> Result<Policy, Failure> {
        let asked: Vec<String> = asked.cloned().into_iter().collect();
        let mut policies = self.policies(&asked)?;
        Ok(policies.swap_remove(0))
    }
}

fn read_registry(path: &Path, unknown: UnknownFields) -> Result<Registry, Failure> {
    Registry::from_yaml(&read_file(path)?, unknown).map_err(|error| {
        let hint = if error.message.starts_with("unknown field") && unknown == UnknownFields::Deny {
            " (--allow-unknown-fields passes over what slugproof does not know)"
        } else {
            ""
        };
        Failure::new(format!("{}: {error}{hint}", path.display()))
    })
}

/// An embedded policy by its name, or a policy file.
fn find_policy(name: &str) -> Result<Policy, Failure> {
    if let Some(policy) = Policy::embedded(name) {
        return Ok(policy);
    }
    let path = PathBuf::from(name);
    if !path.exists() {
        let embedded: Vec<String> =
            Policy::all_embedded().iter().map(|policy| format!("`{}`", policy.name())).collect();
        return Err(Failure::new(format!(
            "no policy `{name}`: there is no such file, and the embedded policies are {}; check the name",
            embedded.join(" and ")
        )));
    }
    Policy::from_yaml(&read_file(&path)?).map_err(|error| Failure::new(format!("{}: {error}", path.display())))
}

/// The bytes of a file, or as many of them as no reader takes.
pub fn read_file(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let limit = limits::DOCUMENT_BYTES as u64 + 1;
    File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes)).map_err(|error| {
        Failure::new(format!("cannot read `{}`: {}; check the path", path.display(), describe(&error)))
    })?;
    Ok(bytes)
}

/// What the operating system says, without its number.
pub fn describe(error: &std::io::Error) -> String {
    let text = error.to_string();
    let plain = text.split(" (os error").next().unwrap_or(&text);
    plain.to_lowercase()
}
