//! LiteLLM: the `config.yaml` of the proxy, or the file `model_prices_and_context_window.json`.

mod config;
mod defaults;
mod format;
mod policy;
mod prices;

use slug_json::Advice;

use crate::tree::read_json_or_yaml;
use crate::{Conversion, Error, Options};

const ADVICE: Advice = Advice { too_large: "split it", empty: "pass a file of LiteLLM" };

/// Imports a file of LiteLLM. A file with the field `model_list` is the configuration of a proxy.
///
/// # Errors
///
/// The text is not YAML or JSON or has another structure; a requested provider does not exist; or the
/// result exceeds a limit of registries.
pub fn from_bytes(bytes: &[u8], options: &Options) -> Result<Conversion, Error> {
    let root = read_json_or_yaml(bytes, &ADVICE)?;
    if root.get("model_list").is_some() { config::convert(&root, options) } else { prices::convert(&root, options) }
}
