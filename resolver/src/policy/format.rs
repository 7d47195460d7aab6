//! The format of a policy file.

use crate::yaml::format::{Field, Format, Mapping, Others, Rule, Shape};

/// The key of a condition that tests the runtime instead of a variable.
pub(super) const RUNTIME: &str = "runtime";
/// The test that a variable is set.
pub(super) const SET: &str = "set";
/// The test that a variable is not set.
pub(super) const UNSET: &str = "unset";
/// The mode in which the first rule for secrets that applies counts.
pub(super) const FIRST: &str = "first";
/// The mode in which every rule for secrets that applies counts.
pub(super) const EVERY: &str = "every";
/// The path of a rule for secrets that selects the platform path.
pub(super) const PLATFORM: &str = "platform";

/// The format of a policy file.
pub static FORMAT: Format = Format {
    name: "policy",
    meaning: "How one harness picks a model and injects secrets: the variables that it reads, and its rules.",
    versions: &[&VERSION_1, &VERSION_2],
    null_is_absent: false,
    is_open: false,
};

const SCHEMA_VERSION: Field = Field::required(
    "schema_version",
    Shape::Version(&[1, 2]),
    "The version of the format: `1` has a fixed order of decisions, `2` has ordered rules.",
);
const NAME: Field =
    Field::required("name", Shape::SomeText, "The name of the policy in options and output.").such_as("nightly");
const HARNESS: Field = Field::optional(
    "harness",
    Shape::List(&HARNESS_ENTRY),
    "What starts the harness: the path of a script, the first words of a command, or an action. `lint` checks every \
     call of it.",
)
.such_as("ci/nightly.sh");
const FUNCTION_FIELD: Field = Field::optional(
    "function",
    Shape::Mapping(&FUNCTION),
    "The shell function that the policy describes, with which `conform` compares it.",
);
const DEFAULTS: Field = Field::optional(
    "defaults",
    Shape::Mapping(&DEFAULT_VALUES),
    "Values of variables that are unset or empty, like `${NAME:-value}`.",
)
.such_as("{RUNTIME: agent}");
const TEMPLATES: Field = Field::optional(
    "templates",
    Shape::Mapping(&TEMPLATE_RUNTIMES),
    "Runtimes that the registry has under another name.",
)
.such_as("{variant: agent}");

pub(super) static VERSION_1: Mapping = Mapping::new(
    "policy",
    &[
        SCHEMA_VERSION,
        NAME,
        Field::required("runtime", Shape::Variable, "The variable that names the runtime.").such_as("RUNTIME"),
        Field::required("override", Shape::Variable, "The variable whose value is the slug whenever it is set.")
            .such_as("MODEL"),
        Field::optional(
            "platform",
            Shape::Mapping(&PLATFORM_PATH),
            "The path on which the platform pays and no key is injected. Without it, the harness has no such path.",
        ),
        Field::optional(
            "fallback",
            Shape::SomeText,
            "The model of every runtime without an entry in `dispatch`. Without it, no model is sent.",
        )
        .such_as("acme-small"),
        HARNESS,
        FUNCTION_FIELD,
        DEFAULTS,
        Field::optional(
            "secrets",
            Shape::List(&Shape::Mapping(&SECRETS_ENTRY)),
            "The secrets to inject: the first entry whose key is set decides.",
        ),
        Field::optional(
            "dispatch",
            Shape::List(&Shape::Mapping(&DISPATCH_ENTRY)),
            "Runtimes with models of their own.",
        ),
        TEMPLATES,
    ],
);

pub(super) static VERSION_2: Mapping = Mapping::new(
    "policy",
    &[
        NAME,
        SCHEMA_VERSION,
        Field::optional(
            "extends",
            Shape::Text,
            "The policy from which this one inherits each field that it does not have: the name of an embedded policy, \
             or a path relative to this file, which contains `/` or ends in `.yaml` or `.yml`. `name` is never \
             inherited. A chain of policies has at most 8 files.",
        )
        .such_as("policies/base.yaml"),
        HARNESS,
        FUNCTION_FIELD,
        Field::optional(
            "runtime",
            Shape::AnyOf(&[Shape::Variable, Shape::SomeList(&Shape::Mapping(&PICK_RULE))]),
            "The variable that names the runtime, or rules for the runtime, of which the first that applies decides.",
        )
        .such_as("RUNTIME"),
        Field::optional(
            "runtimes",
            Shape::List(&Shape::SomeText),
            "The runtimes with which the harness is used; the default is every runtime. A rule of `runtime` may pick \
             no other one.",
        )
        .such_as("agent"),
        DEFAULTS,
        Field::optional(
            "empty_is_set",
            Shape::List(&Shape::Variable),
            "Variables that count as set if they are present and empty, as in `${NAME+x}`.",
        )
        .such_as("MODEL"),
        TEMPLATES,
        Field::optional("creates", Shape::Mapping(&CREATES), "When the harness creates a workspace; default: always."),
        Field::optional(
            "inject",
            Shape::Word(|| vec![FIRST, EVERY]),
            "`first` (default): only the first rule of `secrets` that applies counts. `every`: all rules that apply \
             count, up to one that selects the platform path.",
        ),
        Field::optional(
            "secrets",
            Shape::List(&Shape::Mapping(&SECRETS_RULE)),
            "Rules for the injected secrets; see `inject`.",
        ),
        Field::optional(
            "model",
            Shape::List(&Shape::Mapping(&PICK_RULE)),
            "Rules for the model: the first rule that applies. If none applies, no model is sent. Required without \
             `extends`.",
        )
        .such_as("{use: acme-large}"),
    ],
)
.with(&[Rule::AtLeastOne(&["extends", "model"])]);

static HARNESS_ENTRY: Shape = Shape::AnyOf(&[Shape::SomeText, Shape::Mapping(&ACTION)]);

pub(super) static ACTION: Mapping = Mapping::new(
    "action",
    &[
        Field::required(
            "uses",
            Shape::SomeText,
            "The action as a step names it: `owner/action` at any revision, `owner/action@v1` at one, `./directory` \
             for an action of the repository, `docker://image` for an image.",
        )
        .such_as("acme/agent@v1"),
        Field::optional(
            "inputs",
            Shape::Mapping(&INPUTS),
            "The variables that have the values of inputs. An input that the step does not pass sets no variable, so \
             write the default of the action under `defaults`.",
        )
        .such_as("{model: MODEL}"),
    ],
);

static INPUTS: Mapping = Mapping::open(
    "inputs",
    &Shape::SomeText,
    "An input; the value is the variable that has its value.",
    &Shape::Variable,
);

pub(super) static FUNCTION: Mapping = Mapping::new(
    "function",
    &[
        Field::required(
            "source",
            Shape::AnyOf(&[Shape::SomeText, Shape::SomeList(&Shape::SomeText)]),
            "Shell scripts, relative to slugproof.yaml, that define the function and that bash sources in this order. \
             They must not start the harness when they are sourced.",
        )
        .such_as("ci/lib.sh"),
        Field::required(
            "model",
            Shape::SomeText,
            "A command that prints the slug. `$RUNTIME` is replaced with the runtime: the one that the field `runtime` \
             of the policy selects; without that field, each one of `runtimes` or of the registry in turn.",
        )
        .such_as("pick_model $RUNTIME"),
        Field::optional(
            "secrets",
            Shape::SomeText,
            "A command that prints the names of the secrets: one on each line, or as the keys of a JSON object. Values \
             are not looked at. Without it, only models are compared.",
        )
        .such_as("pick_secrets"),
    ],
);

static DEFAULT_VALUES: Mapping =
    Mapping::open("defaults", &Shape::Text, "A variable; the value is its default.", &Shape::SomeText);

static TEMPLATE_RUNTIMES: Mapping = Mapping::open(
    "templates",
    &Shape::SomeText,
    "The runtime that is dispatched; the value is the runtime that is looked up in the registry.",
    &Shape::SomeText,
);

pub(super) static PLATFORM_PATH: Mapping = Mapping::new(
    "platform path",
    &[
        Field::required("var", Shape::Variable, "The variable that selects the path.").such_as("LLM_PATH"),
        Field::required("value", Shape::SomeText, "The value of that variable that selects the platform path.")
            .such_as("platform"),
        Field::required("model", Shape::Variable, "The variable that names the model on this path.")
            .such_as("PLATFORM_MODEL"),
        Field::required("fallback", Shape::SomeText, "The model on this path if that variable is unset.")
            .such_as("acme-small"),
    ],
);

pub(super) static SECRETS_ENTRY: Mapping = Mapping::new(
    "secrets entry",
    &[
        Field::required("key", Shape::Variable, "The variable that must be set.").such_as("CI_ACME_KEY"),
        Field::required("inject", Shape::SomeList(&Shape::Secret), "The names of the secrets that are injected then.")
            .such_as("ACME_KEY"),
    ],
);

pub(super) static DISPATCH_ENTRY: Mapping = Mapping::new(
    "dispatch entry",
    &[
        Field::required("runtimes", Shape::SomeList(&Shape::SomeText), "The runtimes of the entry.").such_as("agent"),
        Field::required("model", Shape::SomeText, "Their model if no key of `keyed` is set.").such_as("acme-large"),
        Field::optional(
            "keyed",
            Shape::List(&Shape::Mapping(&KEYED_MODEL)),
            "Models that need a key: the first model whose key is set is selected.",
        ),
    ],
);

pub(super) static KEYED_MODEL: Mapping = Mapping::new(
    "keyed model",
    &[
        Field::required("key", Shape::Variable, "The variable that must be set.").such_as("CI_ACME_KEY"),
        Field::required("model", Shape::SomeText, "The model that is selected then.").such_as("acme-large"),
    ],
);

const RULE_NAME: Field = Field::optional(
    "name",
    Shape::SomeText,
    "The name in output, of at most 200 bytes; several rules may share one. The default is the position in the list, \
     counted from 0, such as `model[2]`.",
)
.such_as("override");
const WHEN: Field = Field::optional(
    "when",
    Shape::Mapping(&CONDITION),
    "The condition: tests of variables, all of which must hold. Without it, the condition always holds.",
)
.such_as("{MODE: set}");

pub(super) static PICK_RULE: Mapping = Mapping::new(
    "rule for the model or the runtime",
    &[
        Field::required(
            "use",
            Shape::AnyOf(&[Shape::SomeText, Shape::SomeList(&Shape::SomeText)]),
            "What the rule picks: a text, `$VARIABLE`, `none` (no model is sent), or a list of texts and variables, of \
             which the first available one is used. A variable is available if it has a value or a default. If nothing \
             is available, the rule does not apply. Write `$$` for a dollar sign.",
        )
        .such_as("acme-large"),
        RULE_NAME,
        WHEN,
    ],
);

pub(super) static SECRETS_RULE: Mapping = Mapping::new(
    "rule for secrets",
    &[
        RULE_NAME,
        Field::optional(
            "key",
            Shape::Variable,
            "Short for `when: {NAME: set}`; without `inject`, the secret has the name of the key.",
        )
        .such_as("CI_ACME_KEY"),
        WHEN,
        Field::optional(
            "path",
            Shape::Word(|| vec![PLATFORM]),
            "The rule selects the platform path: it injects nothing, and neither do later rules.",
        ),
        Field::optional("inject", Shape::SomeList(&Shape::Secret), "The names of the secrets that the rule injects.")
            .such_as("ACME_KEY"),
    ],
)
.with(&[Rule::AtLeastOne(&["key", "path", "inject"]), Rule::AtMostOne(&["path", "inject"])]);

pub(super) static CREATES: Mapping = Mapping::new(
    "creates",
    &[Field::required(
        "unless",
        Shape::List(&Shape::Mapping(&CONDITION)),
        "Conditions like `when`. If one of them holds, the harness creates no workspace, so nothing can fail.",
    )
    .such_as("{SKIP: set}")],
);

static CONDITION: Mapping = Mapping {
    name: "condition",
    fields: &[Field::optional(RUNTIME, MEMBERSHIP, "The runtimes for which the condition can hold.").such_as("agent")],
    others: Some(Others { names: &Shape::Variable, meaning: "A variable; the value is its test.", value: &TEST }),
    rules: &[],
};

/// A set of texts: a text, a list, or what is not in it.
pub static MEMBERSHIP: Shape = Shape::AnyOf(&[Shape::Text, Shape::SomeList(&Shape::Text), Shape::Mapping(&COMPLEMENT)]);

/// A test of a variable.
pub static TEST: Shape = Shape::AnyOf(&[
    Shape::Word(|| vec![SET, UNSET]),
    Shape::Text,
    Shape::SomeList(&Shape::Text),
    Shape::Mapping(&COMPLEMENT),
    Shape::Mapping(&HOST),
]);

pub(super) static COMPLEMENT: Mapping = Mapping::new(
    "complement",
    &[Field::required(
        "not",
        Shape::AnyOf(&[Shape::Text, Shape::SomeList(&Shape::Text)]),
        "The value is none of these texts, or the variable is unset.",
    )
    .such_as("acme-large")],
);

pub(super) static HOST: Mapping = Mapping::new(
    "host test",
    &[Field::required("host", Shape::SomeText, "The value is a URL with this host, compared without regard to case.")
        .such_as("acme.example")],
);
