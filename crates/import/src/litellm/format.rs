//! The description of the format.

use crate::draft::Format;

/// The format of the files of LiteLLM.
pub(super) const FORMAT: Format = Format {
    name: "litellm",
    runtime: "litellm",
    expected: "the `config.yaml` of a LiteLLM proxy, or `model_prices_and_context_window.json`",
};
