//! The readers: the file of each, the command that reads it, and the form of its messages.

use crate::inputs::Slot::{self, Items, Number, Pattern, Text, Word};

/// The syntax in which inputs for a reader are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Yaml,
    Json,
    /// One entry per line.
    Lines,
}

/// The form in which the command reports a problem.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Voice {
    /// One `error:` on standard error, and nothing on standard output.
    Error,
    /// A finding on standard output.
    Finding,
    /// A line with a cross on standard output.
    Problem,
    /// The answer to a line, on standard output.
    Answer,
    /// The answer to a message of the language server protocol, on standard output. The file is the message, which
    /// the command reads from standard input after a header with its length.
    Reply,
}

/// A reader of one kind of file.
pub struct Reader {
    pub name: &'static str,
    pub arguments: &'static [&'static str],
    pub format: Format,
    pub voice: Voice,
    /// The name of the hostile file.
    pub file: &'static str,
    /// A valid file, with a marker for each slot that an input may fill.
    pub template: &'static str,
    /// The default text of the slot `Word`.
    pub word: &'static str,
    /// A list item, with `#` for its number.
    pub item: &'static str,
    /// Other files that the command needs.
    pub beside: &'static [(&'static str, &'static str)],
}

impl Reader {
    /// The valid file before and after a slot; `None` if the template lacks the slot.
    pub fn fill(&self, slot: Slot) -> Option<(String, String)> {
        let (before, after) = self.template.split_once(slot.marker())?;
        Some((self.without_markers(before), self.without_markers(after)))
    }

    /// The valid file.
    pub fn in_order(&self) -> String {
        self.without_markers(self.template)
    }

    fn without_markers(&self, text: &str) -> String {
        text.replace(Word.marker(), self.word)
            .replace(Text.marker(), "text")
            .replace(Pattern.marker(), "^acme/")
            .replace(Number.marker(), if self.format == Format::Json { "\"text\"" } else { "text" })
            .replace(Items.marker(), "")
    }
}

const REGISTRY: &str = concat!(
    r#"schema_version: 1
providers:
  - name: acme
    display_name: "«text»"
    protocol: «word»
    auth_mode: «number»
    auth_env: [ACME_API_KEY]
    model_prefix_match: '«pattern»'
  - {name: platform, display_name: P, protocol: openai, auth_mode: k, "#,
    r#"auth_env: [USAGE_TOKEN], model_prefix_match: "^platform/"}
runtimes:
  agent:
    providers:
      - {name: acme, models: [acme/m«items»]}
      - {name: platform, models: [platform/m]}
"#
);

const POLICY: &str = r#"schema_version: 1
name: "«text»"
runtime: RUNTIME
override: «word»
platform: {var: LLM_PATH, value: platform, model: PLATFORM_MODEL, fallback: «number»}
secrets:
  - {key: ACME_KEY, inject: [ACME_API_KEY]}
dispatch: [{runtimes: [codex«items»], model: m}]
fallback: m
"#;

const CONFIG: &str = r#"schema_version: 1
absent_secrets: ["«text»"«items»]
accept:
  - {code: «word», reason: «number», set: [E2E_LLM_PATH]}
"#;

const CASE: &str = r#"schema_version: 1
law: matching-secrets
found: «number»
registry: embedded
policy: full-saas
runtime: claude-code
env:
  E2E_LLM_PATH: platform
  E2E_MODEL_SLUG: MiniMax-M2
  OTHER: "«text»"
ambient: [X«items»]
expect: {slug: MiniMax-M2, rule: «word», injected: [], provider: minimax, verdict: platform-path-byok-model}
"#;

const WORKFLOW: &str = r#"on: push
jobs:
  e2e:
    runs-on: «word»
    env: {E2E_LLM_PATH: platform, E2E_RUNTIME: claude-code, E2E_MODEL_SLUG: "«text»"}
    strategy: {matrix: {axis: [x«items»]}}
    steps:
      - run: «number»
      - run: bash tests/e2e/test_reconciler_heals_terminated_instance.sh
"#;

const RECORD: &str = concat!(
    r#"{"runtime": "claude-code", "model": "«word»", "status": «number», "#,
    r#""last_error": "«text»", "list": ["x"«items»]}"#
);

const QUERY: &str =
    r#"{"runtime": "claude-code", "env": {"E2E_MODEL_SLUG": "«text»"}, "ambient": ["«word»", «number»«items»]}"#;

const DERIVATION: &str = r#"{"runtime": "claude-code", "model": "«text»", "auth_env": ["«word»", «number»«items»]}"#;

const MESSAGE: &str = concat!(
    r#"{"jsonrpc": "2.0", "id": 1, "method": "initialize", "#,
    r#""params": {"text": "«text»", "list": ["«word»", «number»«items»]}}"#
);

const BASELINE: &str = concat!(
    r#"{"schema_version": 1, "command": "«word»", "#,
    r#""findings": [{"path": "«text»", "code": «number», "subject": {}, "count": 1}«items»]}"#
);

const POLICY_2: &str = r#"schema_version: 2
name: "«text»"
harness: [run.sh]
runtime: RUNTIME
defaults: {LLM_PATH: «number»}
model:
  - {name: over, use: $«word»}
  - {when: {runtime: [codex«items»]}, use: m}
secrets:
  - {when: {LLM_PATH: platform}, path: platform}
  - {key: ACME_KEY, inject: [ACME_API_KEY]}
"#;

const ACTION: &str = r#"name: "«text»"
description: «number»
inputs:
  model: {default: «word»}
runs:
  using: composite
  steps:
    - run: bash tests/e2e/test_reconciler_heals_terminated_instance.sh
      shell: bash
      env: {E2E_LLM_PATH: platform, E2E_RUNTIME: claude-code}
branding: {icon: x, color: [x«items»]}
"#;

const PACKAGE: &str = concat!(
    r#"{"name": "«text»", "version": «number», "scripts": {"e2e": "bash "#,
    r#"tests/e2e/test_reconciler_heals_terminated_instance.sh", "«word»": "true"}, "files": ["x"«items»]}"#
);

const MAKEFILE: &str = "# «text»
«word» = x
«items»e2e:
\tbash tests/e2e/test_reconciler_heals_terminated_instance.sh
";

const SCRIPT: &str = "# «text»
«word»=x
«items»bash tests/e2e/test_reconciler_heals_terminated_instance.sh
";

const FUNCTION: &str = "pick() {
  # «text»
  if [ \"${MODEL:-}\" = «word» ]; then echo m-2; return; fi
«items»  echo m-1
}
";

const CATALOGUE: &str = concat!(
    r#"{"acme": {"id": "acme", "name": "«text»", "env": ["«word»"], "api": «number», "#,
    r#""models": {"m-1": {"id": "m-1", "modalities": {"input": ["text"«items»]}}}}}"#
);

const PROXY: &str = r#"model_list:
  - model_name: "«text»"
    litellm_params: {model: acme/«word», api_key: os.environ/ACME_API_KEY, rpm: «number», tags: [x«items»]}
"#;

const PIN: &str =
    r#"{"runtime": "claude-code", "model": "«word»", "note": "«text»", "number": «number», "list": ["x"«items»]}"#;

/// A workflow that runs a script on the platform path.
macro_rules! workflow_with {
    ($step:literal) => {
        (
            ".github/workflows/w.yml",
            concat!(
                "on: push\njobs:\n  e2e:\n    runs-on: x\n",
                "    env: {E2E_LLM_PATH: platform, E2E_RUNTIME: claude-code}\n    steps: [{",
                $step,
                "}]\n"
            ),
        )
    };
}

const CASE_FILE: &str = "proptest-regressions/witnesses/matching-secrets--case.yaml";
const SUMS: &str = "proptest-regressions/SHA256SUMS";
const LISTED: &str = "0000000000000000000000000000000000000000000000000000000000000000  fuzz/seeds/none/lost\n";

/// Every reader.
pub const READERS: &[Reader] = &[
    Reader {
        name: "registry",
        arguments: &["prove", "--registry", "hostile.yaml", "--policy", "full-saas"],
        format: Format::Yaml,
        voice: Voice::Error,
        file: "hostile.yaml",
        template: REGISTRY,
        word: "openai",
        item: ", m-#",
        beside: &[],
    },
    Reader {
        name: "registry, checked",
        arguments: &["check", "hostile.yaml"],
        format: Format::Yaml,
        voice: Voice::Finding,
        file: "hostile.yaml",
        template: REGISTRY,
        word: "openai",
        item: ", m-#",
        beside: &[],
    },
    Reader {
        name: "policy",
        arguments: &["resolve", "--runtime", "codex", "--policy", "hostile.yaml"],
        format: Format::Yaml,
        voice: Voice::Error,
        file: "hostile.yaml",
        template: POLICY,
        word: "MODEL",
        item: ", m-#",
        beside: &[],
    },
    Reader {
        name: "policy, checked",
        arguments: &["check", "hostile.yaml"],
        format: Format::Yaml,
        voice: Voice::Finding,
        file: "hostile.yaml",
        template: POLICY,
        word: "MODEL",
        item: ", m-#",
        beside: &[],
    },
    Reader {
        name: "slugproof.yaml",
        arguments: &["lint"],
        format: Format::Yaml,
        voice: Voice::Error,
        file: "slugproof.yaml",
        template: CONFIG,
        word: "missing-credential",
        item: ", m-#",
        beside: &[],
    },
    Reader {
        name: "case",
        arguments: &["corpus", "check"],
        format: Format::Yaml,
        voice: Voice::Problem,
        file: CASE_FILE,
        template: CASE,
        word: "override",
        item: ", m-#",
        beside: &[(SUMS, "")],
    },
    Reader {
        name: "workflow",
        arguments: &["lint", "hostile.yml"],
        format: Format::Yaml,
        voice: Voice::Finding,
        file: "hostile.yml",
        template: WORKFLOW,
        word: "ubuntu",
        item: ", m-#",
        beside: &[],
    },
    Reader {
        name: "record",
        arguments: &["diagnose", "--record", "hostile.json", "E2E_LLM_PATH=platform"],
        format: Format::Json,
        voice: Voice::Error,
        file: "hostile.json",
        template: RECORD,
        word: "sonnet",
        item: ", \"m-#\"",
        beside: &[],
    },
    Reader {
        name: "policy, version 2",
        arguments: &["resolve", "--runtime", "codex", "--policy", "hostile.yaml"],
        format: Format::Yaml,
        voice: Voice::Error,
        file: "hostile.yaml",
        template: POLICY_2,
        word: "MODEL",
        item: ", m-#",
        beside: &[],
    },
    Reader {
        name: "policy, version 2, proved",
        arguments: &["prove", "--embedded", "--policy", "hostile.yaml"],
        format: Format::Yaml,
        voice: Voice::Error,
        file: "hostile.yaml",
        template: POLICY_2,
        word: "MODEL",
        item: ", m-#",
        beside: &[],
    },
    Reader {
        name: "action",
        arguments: &["lint"],
        format: Format::Yaml,
        voice: Voice::Finding,
        file: ".github/actions/run/action.yml",
        template: ACTION,
        word: "sonnet",
        item: ", m-#",
        beside: &[workflow_with!("uses: ./.github/actions/run")],
    },
    Reader {
        name: "package.json",
        arguments: &["lint"],
        format: Format::Json,
        voice: Voice::Finding,
        file: "package.json",
        template: PACKAGE,
        word: "build",
        item: ", \"m-#\"",
        beside: &[workflow_with!("run: npm run e2e")],
    },
    Reader {
        name: "Makefile",
        arguments: &["lint"],
        format: Format::Lines,
        voice: Voice::Finding,
        file: "Makefile",
        template: MAKEFILE,
        word: "NAME",
        item: "K# = x\n",
        beside: &[workflow_with!("run: make e2e")],
    },
    Reader {
        name: "script",
        arguments: &["lint"],
        format: Format::Lines,
        voice: Voice::Finding,
        file: "ci/e2e.sh",
        template: SCRIPT,
        word: "NAME",
        item: "K#=x\n",
        beside: &[workflow_with!("run: bash ci/e2e.sh")],
    },
    Reader {
        name: "function",
        arguments: &["conform", "--budget", "50"],
        format: Format::Lines,
        voice: Voice::Finding,
        file: "lib.sh",
        template: FUNCTION,
        word: "word",
        item: "  # item #\n",
        beside: &[
            ("slugproof.yaml", "schema_version: 1\nregistry: providers.yaml\npolicies: [policy.yaml]\n"),
            (
                "providers.yaml",
                "schema_version: 1\nproviders:\n  - {name: acme, auth_env: [ACME_API_KEY]}\nruntimes:\n  \
                 agent: {providers: [{name: acme, models: [m-1, m-2]}]}\n",
            ),
            (
                "policy.yaml",
                "schema_version: 2\nname: evals\nharness: [run.sh]\nfunction: {source: [lib.sh], model: pick}\n\
                 runtime: [{use: agent}]\nmodel: [{when: {MODEL: word}, use: m-2}, {use: m-1}]\n",
            ),
        ],
    },
    Reader {
        name: "import models.dev",
        arguments: &["import", "models.dev", "hostile.json"],
        format: Format::Json,
        voice: Voice::Error,
        file: "hostile.json",
        template: CATALOGUE,
        word: "ACME_API_KEY",
        item: ", \"m-#\"",
        beside: &[],
    },
    Reader {
        name: "import litellm",
        arguments: &["import", "litellm", "hostile.yaml"],
        format: Format::Yaml,
        voice: Voice::Error,
        file: "hostile.yaml",
        template: PROXY,
        word: "m-1",
        item: ", m-#",
        beside: &[],
    },
    Reader {
        name: "pin",
        arguments: &["lint"],
        format: Format::Json,
        voice: Voice::Finding,
        file: "fixtures/hostile.json",
        template: PIN,
        word: "sonnet",
        item: ", \"m-#\"",
        // The target directory can be in a checkout that ignores it.
        beside: &[("slugproof.yaml", "schema_version: 1\n"), (".git/HEAD", "")],
    },
    Reader {
        name: "resolve --batch",
        arguments: &["resolve", "--batch", "hostile.jsonl"],
        format: Format::Json,
        voice: Voice::Answer,
        file: "hostile.jsonl",
        template: QUERY,
        word: "NAME",
        item: ", \"m-#\"",
        beside: &[],
    },
    Reader {
        name: "derive --batch",
        arguments: &["derive", "--batch", "hostile.jsonl"],
        format: Format::Json,
        voice: Voice::Answer,
        file: "hostile.jsonl",
        template: DERIVATION,
        word: "NAME",
        item: ", \"m-#\"",
        beside: &[],
    },
    Reader {
        name: "lsp",
        arguments: &["lsp"],
        format: Format::Json,
        voice: Voice::Reply,
        file: "hostile.json",
        template: MESSAGE,
        word: "word",
        item: ", \"m-#\"",
        beside: &[],
    },
    Reader {
        name: "--env-file",
        arguments: &["diagnose", "--record", "record.json", "--env-file", "hostile.env"],
        format: Format::Lines,
        voice: Voice::Error,
        file: "hostile.env",
        template: "E2E_MODEL_SLUG=«text»\n«word»=x\n«items»",
        word: "NAME",
        item: "K#=x\n",
        beside: &[("record.json", "{\"runtime\": \"claude-code\", \"status\": \"failed\"}")],
    },
    Reader {
        name: "--baseline",
        arguments: &["check", "--embedded", "--baseline", "hostile.json"],
        format: Format::Json,
        voice: Voice::Error,
        file: "hostile.json",
        template: BASELINE,
        word: "check",
        item: ", {\"path\": \"p\", \"code\": \"c#\", \"subject\": {}, \"count\": 1}",
        beside: &[],
    },
    Reader {
        name: "seed file",
        arguments: &["corpus", "check"],
        format: Format::Lines,
        voice: Voice::Problem,
        file: "proptest-regressions/agreement.txt",
        template: "# «text»\n«word»\n«items»",
        word: "# nothing",
        item: "cc # # shrinks to x\n",
        beside: &[(SUMS, "")],
    },
    Reader {
        name: "SHA256SUMS",
        arguments: &["corpus", "check"],
        format: Format::Lines,
        voice: Voice::Problem,
        file: SUMS,
        template: "«word»  fuzz/seeds/«text»\n«items»",
        word: "0000000000000000000000000000000000000000000000000000000000000000",
        item: "0000000000000000000000000000000000000000000000000000000000000000  a/#\n",
        beside: &[("fuzz/seeds/expression/one", "")],
    },
    Reader {
        name: "fuzz input",
        arguments: &["corpus", "check"],
        format: Format::Lines,
        voice: Voice::Problem,
        file: "fuzz/seeds/registry_yaml/one",
        template: "# «text»\n«word»: 1\n«items»",
        word: "schema_version",
        item: "k#: 1\n",
        beside: &[(SUMS, LISTED)],
    },
];
