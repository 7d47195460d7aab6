//! Validation of a registry document.

use hashbrown::{HashMap, HashSet};

use super::document::Runtime;
use super::provider::Provider;
use crate::limits;
use crate::yaml::{FieldPath, ValidationError, quoted, refuse_secret_name};

/// Validates the catalogue and returns the index of each provider by its name.
pub(super) fn check_providers(providers: &[Provider]) -> Result<HashMap<&str, usize>, ValidationError> {
    let section = FieldPath::default().key("providers");
    if providers.is_empty() {
        return Err(ValidationError::at(section, "there are no providers; a registry needs at least one"));
    }
    let mut by_name = HashMap::new();
    let mut vendors = HashSet::new();
    let mut size = 0;
    for (id, provider) in providers.iter().enumerate() {
        let path = || section.clone().index(id);
        let texts = [
            ("name", Some(&provider.name)),
            ("display_name", provider.display_name.as_ref()),
            ("auth_mode", provider.auth_mode.as_ref()),
        ];
        if let Some((field, _)) = texts.iter().find(|(_, value)| value.is_some_and(String::is_empty)) {
            return Err(empty_field(path().key(field)));
        }
        if provider.auth_env.names().len() > limits::AUTH_ENV {
            let message = format!("accepts more than {} secrets; remove the unused ones", limits::AUTH_ENV);
            return Err(ValidationError::at(path().key("auth_env"), message));
        }
        if let Some(message) = provider.auth_env.names().iter().find_map(|name| refuse_secret_name(name)) {
            return Err(ValidationError::at(path().key("auth_env"), message));
        }
        if provider.auth_env.items().any(|item| item.is_empty()) {
            return Err(ValidationError::at(
                path().key("auth_env"),
                "has an empty group; name the secrets that belong together",
            ));
        }
        check_items(&provider.model_aliases, &path().key("model_aliases"))?;
        if by_name.insert(provider.name.as_str(), id).is_some() {
            let message = format!("duplicate provider name {}; rename one of the two", quoted(&provider.name));
            return Err(ValidationError::at(path().key("name"), message));
        }
        if let Some(vendor) = &provider.upstream_vendor
            && !vendors.insert(vendor)
        {
            let message = format!("duplicate upstream vendor {}; a vendor belongs to one provider", quoted(vendor));
            return Err(ValidationError::at(path().key("upstream_vendor"), message));
        }
        size += provider.model_prefix_match.size();
        if size > limits::PATTERNS_SIZE {
            let message = format!(
                "the patterns up to here have size {size}, more than the limit of {} for one registry; simplify them",
                limits::PATTERNS_SIZE
            );
            return Err(ValidationError::at(path().key("model_prefix_match"), message));
        }
    }
    Ok(by_name)
}

/// Validates the runtimes against the catalogue.
pub(super) fn check_runtimes(runtimes: &[Runtime], by_name: &HashMap<&str, usize>) -> Result<(), ValidationError> {
    let section = FieldPath::default().key("runtimes");
    if runtimes.is_empty() {
        return Err(ValidationError::at(section, "there are no runtimes; a registry needs at least one"));
    }
    let mut names = HashSet::new();
    for runtime in runtimes {
        let path = section.clone().key(&runtime.name);
        if runtime.name.is_empty() {
            return Err(ValidationError::at(path, "a runtime's name is empty; name it"));
        }
        if !names.insert(&runtime.name) {
            return Err(ValidationError::at(
                path,
                format!("duplicate runtime {}; merge the two", quoted(&runtime.name)),
            ));
        }
        let arms = path.key("providers");
        if runtime.arms.is_empty() {
            return Err(ValidationError::at(arms, "the runtime has no arms; give it a provider or remove it"));
        }
        let mut native = HashSet::new();
        for (position, arm) in runtime.arms.iter().enumerate() {
            let path = || arms.clone().index(position);
            if arm.provider.is_empty() {
                return Err(empty_field(path().key("name")));
            }
            if !by_name.contains_key(arm.provider.as_str()) {
                let message = format!(
                    "no provider is named {}; add it to `providers` or correct the name",
                    quoted(&arm.provider)
                );
                return Err(ValidationError::at(path().key("name"), message));
            }
            if !native.insert(&arm.provider) {
                let message =
                    format!("this runtime already has an arm for provider {}; merge the two", quoted(&arm.provider));
                return Err(ValidationError::at(path().key("name"), message));
            }
            check_ids(&arm.models, &path().key("models"))?;
            check_ids(&arm.withdrawn_models, &path().key("withdrawn_models"))?;
            if let Some(index) = arm.withdrawn_models.iter().position(|model| arm.models.contains(model)) {
                let message = format!(
                    "{} is in `models` of this arm too; remove it from one of the two",
                    quoted(&arm.withdrawn_models[index])
                );
                return Err(ValidationError::at(path().key("withdrawn_models").index(index), message));
            }
        }
    }
    Ok(())
}

fn check_ids(ids: &[String], path: &FieldPath) -> Result<(), ValidationError> {
    check_items(ids, path)?;
    match ids.iter().position(|id| id.len() > limits::SLUG_BYTES) {
        Some(index) => {
            let message = format!(
                "the id has {} bytes, more than the limit of {}; shorten or remove it",
                ids[index].len(),
                limits::SLUG_BYTES
            );
            Err(ValidationError::at(path.clone().index(index), message))
        }
        None => Ok(()),
    }
}

fn check_items(items: &[String], path: &FieldPath) -> Result<(), ValidationError> {
    match items.iter().position(String::is_empty) {
        Some(index) => Err(empty_field(path.clone().index(index))),
        None => Ok(()),
    }
}

fn empty_field(path: FieldPath) -> ValidationError {
    ValidationError::at(path, "the value is empty; write one".to_owned())
}
