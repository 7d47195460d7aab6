//! The command line: what can be asked, and the help that teaches it.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::data::DataOptions;
use crate::exit::{Exit, Failure};
use crate::findings::{FindingsOptions, Sink};

/// Proves that every model slug a harness can pick matches the secrets it injects
///
/// A harness picks a model slug from environment variables and injects secrets;
/// the platform derives a provider from the slug. When the two disagree, the
/// workspace boots to `failed` and the job dies a quarter of an hour later with an
/// empty error. slugproof says so in milliseconds, before merge.
///
/// Without a command it runs `prove`: on the slugproof.yaml of this directory or
/// one above it, else on the registry and the policies that ship with it.
#[derive(Parser)]
#[command(name = "slugproof", version, styles = STYLES, max_term_width = 80)]
#[command(after_long_help = include_str!("../data/help/slugproof.txt").trim_end())]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Option<Command>,

    /// When to use colour; `auto` honours NO_COLOR and whether a terminal is there
    #[arg(long, value_enum, default_value_t = ColorWhen::Auto, global = true, value_name = "WHEN")]
    pub color: ColorWhen,

    /// Print no progress, notes or warnings on standard error
    #[arg(long, short, global = true)]
    pub quiet: bool,
}

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// When to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ColorWhen {
    Auto,
    Always,
    Never,
}

/// What can be asked; the arguments say what each is for.
#[derive(Subcommand)]
pub enum Command {
    Prove(ProveArgs),
    Resolve(ResolveArgs),
    Derive(DeriveArgs),
    Pick(PickArgs),
    Lint(LintArgs),
    Check(CheckArgs),
    Diagnose(DiagnoseArgs),
    Explain(ExplainArgs),
    Corpus(CorpusArgs),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man {
        /// Write the pages of all commands into this directory instead
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
    },
}

/// Where the registry comes from.
#[derive(Args, Clone, Default)]
pub struct RegistryArgs {
    /// The registry to use [default: that of slugproof.yaml, else the embedded one]
    #[arg(long, value_name = "FILE", help_heading = "Data")]
    pub registry: Option<PathBuf>,

    /// Pass over fields of the registry that slugproof does not know
    #[arg(long, help_heading = "Data")]
    pub allow_unknown_fields: bool,

    /// Do not look for a slugproof.yaml
    #[arg(long, help_heading = "Data")]
    pub no_config: bool,
}

impl RegistryArgs {
    /// What they say, without the words of the command line.
    pub fn options(&self) -> DataOptions {
        DataOptions {
            registry: self.registry.clone(),
            allow_unknown_fields: self.allow_unknown_fields,
            no_config: self.no_config,
        }
    }
}

/// What becomes of findings.
#[derive(Args, Clone, Default)]
pub struct FindingsArgs {
    /// How to print what was found: human, json, sarif or github, and to which file [default: human]; may be repeated
    #[arg(long, value_name = "FORMAT[=PATH]", help_heading = "Findings")]
    pub output: Vec<Sink>,

    /// Count what is undecided as an error
    #[arg(long, help_heading = "Findings")]
    pub strict: bool,

    /// Count only findings that this file does not hold
    #[arg(long, value_name = "FILE", help_heading = "Findings")]
    pub baseline: Option<PathBuf>,

    /// Write every finding of this run into the baseline, and count none
    #[arg(long, requires = "baseline", help_heading = "Findings")]
    pub write_baseline: bool,
}

impl FindingsArgs {
    /// What they say, without the words of the command line.
    pub fn options(&self) -> FindingsOptions {
        FindingsOptions {
            sinks: self.output.clone(),
            strict: self.strict,
            baseline: self.baseline.clone(),
            write_baseline: self.write_baseline,
        }
    }
}

/// Check every law on every case that matters, and show where a harness can go wrong
///
/// Walks every runtime and every class of every policy variable: each id that is
/// listed, one witness for each set of patterns that can match together, an id that
/// nobody owns, and a blank. Checks all laws on one slug of each route (those that
/// the same arms list and the same patterns match), and compares the answer for each
/// other slug on each runtime with that of a slow reference. Prints who answers by
/// what is set, the gaps (contradictions that are reachable without an override,
/// each by its smallest set of variables), and what was covered.
///
/// Where a slugproof.yaml is in force, a gap that it does not accept is a finding.
#[derive(Args, Default)]
#[command(after_long_help = include_str!("../data/help/prove.txt").trim_end())]
pub struct ProveArgs {
    #[command(flatten)]
    pub registry: RegistryArgs,

    /// A policy to prove: the name of an embedded one, or a file; may be repeated
    #[arg(long, value_name = "NAME|FILE", help_heading = "Data")]
    pub policy: Vec<OsString>,

    /// How to print the answer
    #[arg(long, value_enum, default_value_t = ProveFormat::Human)]
    pub format: ProveFormat,

    /// What to count as a finding, besides a broken law
    #[arg(long, value_enum)]
    pub deny: Vec<Deny>,

    /// Decide every concrete combination as well, and compare the counts
    #[arg(long)]
    pub brute_force: bool,

    /// List the laws and stop
    #[arg(long)]
    pub laws: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ProveFormat {
    #[default]
    Human,
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Deny {
    /// Contradictions reachable without an override
    #[value(alias = "holes")]
    Gaps,
}

/// Resolve one question, or one for each line of a file
///
/// Says which model would be picked and why, which provider answers for it, which
/// secrets are injected, and whether they match. The variables given are all that
/// is set: the process environment is not read (see `pick`).
#[derive(Args)]
#[command(override_usage = "\
slugproof resolve [OPTIONS] --runtime <RUNTIME> [VAR=VALUE]...
       slugproof resolve [OPTIONS] --batch [<FILE>]")]
#[command(after_long_help = include_str!("../data/help/resolve.txt").trim_end())]
pub struct ResolveArgs {
    #[command(flatten)]
    pub registry: RegistryArgs,

    /// The policy: the name of an embedded one, or a file [default: the first of slugproof.yaml, else the first embedded one]
    #[arg(long, value_name = "NAME|FILE", help_heading = "Data")]
    pub policy: Option<OsString>,

    /// The runtime, verbatim, even if empty
    #[arg(long, value_name = "RUNTIME", required_unless_present = "batch", conflicts_with = "batch")]
    pub runtime: Option<String>,

    /// What is set; may be repeated
    #[arg(value_name = "VAR=VALUE", conflicts_with = "batch")]
    pub variables: Vec<OsString>,

    /// The name of a credential that exists besides the injected ones; may be repeated
    #[arg(long, value_name = "NAME", conflicts_with = "batch")]
    pub ambient: Vec<String>,

    /// How to print the answer
    #[arg(long, value_enum, default_value_t = ResolveFormat::Human, conflicts_with = "batch")]
    pub format: ResolveFormat,

    /// Answer each line of a file, or of standard input
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "-")]
    pub batch: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ResolveFormat {
    /// For people
    Human,
    /// One JSON object
    Json,
    /// Lines that a shell can evaluate
    Env,
}

/// Find the provider of a model, for each line of a file
///
/// A line is {"runtime": …, "model": …, "auth_env": […]}, the last optional; its
/// answer is {"provider": …} or {"code": …}. No policy takes part in this.
#[derive(Args)]
#[command(after_long_help = include_str!("../data/help/derive.txt").trim_end())]
pub struct DeriveArgs {
    #[command(flatten)]
    pub registry: RegistryArgs,

    /// Answer each line of a file, or of standard input
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "-", required = true)]
    pub batch: PathBuf,
}

/// Pick a model from the process environment, inside a harness
///
/// Prints the slug if its provider matches the secrets that will be injected.
/// Otherwise prints nothing on standard output, explains the contradiction on
/// standard error, and exits 1.
#[derive(Args)]
#[command(after_long_help = include_str!("../data/help/pick.txt").trim_end())]
pub struct PickArgs {
    #[command(flatten)]
    pub registry: RegistryArgs,

    /// The policy: the name of an embedded one, or a file [default: the first of slugproof.yaml, else the first embedded one]
    #[arg(long, value_name = "NAME|FILE", help_heading = "Data")]
    pub policy: Option<OsString>,

    /// The runtime, verbatim, even if empty [default: what the policy's runtime variable says]
    pub runtime: Option<String>,

    /// The name of a credential that exists besides the injected ones; may be repeated
    #[arg(long, value_name = "NAME")]
    pub ambient: Vec<String>,

    /// Print what the harness would have picked, right or wrong
    #[arg(long)]
    pub unchecked: bool,
}

/// Lint workflow files: every step that calls a harness, before it runs
///
/// Reads workflow files as GitHub and Gitea run them: every event, every input, every row of
/// a matrix, every `env`, and what scripts export or write to `$GITHUB_ENV`. A step that
/// calls the `harness` of a policy is judged by that policy. What a file does not say is
/// undecided, never in order.
///
/// Without PATH it reads what slugproof.yaml names in `workflows`, else `.github/workflows`
/// and `.gitea/workflows`.
#[derive(Args)]
#[command(after_long_help = include_str!("../data/help/lint.txt").trim_end())]
pub struct LintArgs {
    /// Workflow files, or directories that hold some; `-` reads standard input
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    #[command(flatten)]
    pub registry: RegistryArgs,

    /// A policy that also judges what calls no known harness: an embedded one, or a file; may be repeated
    #[arg(long, value_name = "NAME|FILE", help_heading = "Data")]
    pub policy: Vec<OsString>,

    #[command(flatten)]
    pub findings: FindingsArgs,

    /// Make the suggested edits: entries of an `env` that are deleted or replaced
    #[arg(long, conflicts_with = "write_baseline")]
    pub fix: bool,
}

/// Name the cause of a workspace that failed
///
/// Reads the record of the workspace and the environment that it was created from.
/// Prints what is there to see, with everything masked that looks like a credential,
/// and then the cause: the contradiction with its evidence and its fixes, or that the
/// record is of another configuration, or what the record itself says.
#[derive(Args)]
#[command(after_long_help = include_str!("../data/help/diagnose.txt").trim_end())]
pub struct DiagnoseArgs {
    #[command(flatten)]
    pub registry: RegistryArgs,

    /// The policy: the name of an embedded one, or a file [default: the first of slugproof.yaml, else the first embedded one]
    #[arg(long, value_name = "NAME|FILE", help_heading = "Data")]
    pub policy: Option<OsString>,

    /// The record: the JSON of `GET /workspaces/<id>`, in a file or on standard input
    #[arg(long, value_name = "FILE|-")]
    pub record: PathBuf,

    /// The runtime, verbatim [default: what the policy's runtime variable says, else the record]
    #[arg(long, value_name = "RUNTIME")]
    pub runtime: Option<String>,

    /// What was set; may be repeated; wins over files
    #[arg(value_name = "VAR=VALUE")]
    pub variables: Vec<OsString>,

    /// A file of NAME=VALUE lines; may be repeated; wins over the process
    #[arg(long, value_name = "FILE|-")]
    pub env_file: Vec<PathBuf>,

    /// Read the variables of the policy from this process
    #[arg(long)]
    pub from_env: bool,

    /// The name of a credential that exists besides the injected ones; may be repeated
    #[arg(long, value_name = "NAME")]
    pub ambient: Vec<String>,

    /// How to print the answer
    #[arg(long, value_enum, default_value_t = DiagnoseFormat::Human)]
    pub format: DiagnoseFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DiagnoseFormat {
    /// For people
    Human,
    /// One JSON object
    Json,
}

/// Check registries and policies for what can never be right
///
/// A registry: whatever breaks a rule of its format; two arms of one runtime whose
/// patterns match the same id, decided on their automata and shown with a shortest such
/// id; an arm that is never chosen; a listed id that its provider's pattern does not
/// match; a vendor's key that the platform accepts. A policy: whatever breaks a rule of
/// its format, and, with every registry of the run, models and runtimes that no registry
/// has. What a file is follows from its fields; a slugproof.yaml stands for what it names.
#[derive(Args)]
#[command(after_long_help = include_str!("../data/help/check.txt").trim_end())]
pub struct CheckArgs {
    /// Registries, policies and slugproof.yaml files [default: the slugproof.yaml in force, else the embedded data]
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,

    /// Pass over fields of a registry that slugproof does not know
    #[arg(long, help_heading = "Data")]
    pub allow_unknown_fields: bool,

    /// Do not look for a slugproof.yaml
    #[arg(long, help_heading = "Data")]
    pub no_config: bool,

    #[command(flatten)]
    pub findings: FindingsArgs,
}

/// Explain a code, or list all codes
///
/// Says what a code means, why it matters and how to fix it, with an example. Without CODE
/// it lists every code that a command can report.
#[derive(Args)]
#[command(after_long_help = include_str!("../data/help/explain.txt").trim_end())]
pub struct ExplainArgs {
    /// The code, as in `error[CODE]`
    pub code: Option<String>,

    /// How to print the answer
    #[arg(long, value_enum, default_value_t = ExplainFormat::Human)]
    pub format: ExplainFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExplainFormat {
    /// For people
    Human,
    /// One JSON object
    Json,
    /// Markdown, as in docs/codes.md
    Markdown,
}

/// Review the regression corpus, check it, or add to it
///
/// The corpus is what was once found or must never be forgotten: witnesses and seeds
/// of random testing below `proptest-regressions`, and inputs of fuzz targets below
/// `fuzz/seeds` and `fuzz/regressions`. Nothing in it is trusted: each case is run
/// again whenever it is shown or checked.
#[derive(Args)]
#[command(after_long_help = include_str!("../data/help/corpus.txt").trim_end())]
pub struct CorpusArgs {
    #[command(subcommand)]
    pub command: CorpusCommand,
}

#[derive(Subcommand)]
pub enum CorpusCommand {
    Review(ReviewArgs),
    Check(CorpusCheckArgs),
    Promote(PromoteArgs),
}

/// Show every case for a human to review, each run again
///
/// For each case: its law and where it was found, what is set, the rule that fires and
/// what it shadows, provider and verdict, whether it still holds, and a line that
/// reproduces it. Exits 1 if any does not hold.
#[derive(Args)]
#[command(after_long_help = include_str!("../data/help/corpus-review.txt").trim_end())]
pub struct ReviewArgs {
    /// Show only these files or directories of the corpus
    pub paths: Vec<PathBuf>,

    /// Show only what was added, changed or removed since a revision of git
    #[arg(long, value_name = "REV")]
    pub since: Option<String>,

    /// How to print the review; `html` is one page that needs no network and no script
    #[arg(long, value_enum, default_value_t = ReviewFormat::Human)]
    pub format: ReviewFormat,

    /// The directory that holds `proptest-regressions` [default: the first one upwards]
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReviewFormat {
    /// For people, on a terminal
    Human,
    /// One JSON object
    Json,
    /// One static page
    Html,
}

/// Check that every file is well formed, on the list, and still holds
///
/// The list is `proptest-regressions/SHA256SUMS`: with it a file that is lost or
/// garbled is noticed, which a test that replays whatever is there would not.
#[derive(Args)]
pub struct CorpusCheckArgs {
    /// Write the list anew first; review its diff
    #[arg(long)]
    pub update: bool,

    /// The directory that holds `proptest-regressions` [default: the first one upwards]
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

/// Turn what a fuzzer found into a witness that can be read
///
/// Takes the registry, the policy and the environment apart until nothing is left that
/// the broken law does not need, writes the rest as a witness, and keeps the input
/// itself as a regression of its target. To be run while the bug is still there.
#[derive(Args)]
#[command(after_long_help = include_str!("../data/help/corpus-promote.txt").trim_end())]
pub struct PromoteArgs {
    /// The input that broke something, or a case that a property printed
    pub artifact: PathBuf,

    /// The fuzz target that it is an input of [default: the name of its directory]
    #[arg(long, value_name = "TARGET")]
    pub target: Option<String>,

    /// What to call the bug, in a few words with hyphens [default: made from what it does]
    #[arg(long, value_name = "WHAT")]
    pub name: Option<String>,

    /// Where it was found, for the reviewer [default: the target and the artifact]
    #[arg(long, value_name = "TEXT")]
    pub found: Option<String>,

    /// The seed that random testing wrote for it: the 64 digits after `cc`
    #[arg(long, value_name = "DIGITS")]
    pub seed: Option<String>,

    /// The directory that holds `proptest-regressions` [default: the first one upwards]
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

/// Reads the command line, or says what to print in its place.
pub fn parse() -> Result<Arguments, Printout> {
    let words: Vec<String> = std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
    color_asked_for(&words).write_global();
    Arguments::try_parse().map_err(|error| {
        let text = error.render().ansi().to_string();
        let is_error = error.use_stderr();
        Printout { text: if is_error { redact(&text, &words) } else { text }, is_error }
    })
}

/// What clap prints and no command does: help, the version, or what is wrong with the command line.
pub struct Printout {
    text: String,
    is_error: bool,
}

impl Printout {
    /// Prints it, and says how the command ends.
    pub fn print(self) -> Result<Exit, Failure> {
        if self.is_error {
            // Nothing is left to be told to if standard error is gone.
            let _ = anstream::stderr().write_all(self.text.as_bytes());
            return Ok(Exit::UsageError);
        }
        anstream::stdout().write_all(self.text.as_bytes())?;
        Ok(Exit::Clean)
    }
}

/// What `--color` says, also where the rest of the command line cannot be understood.
fn color_asked_for(words: &[String]) -> anstream::ColorChoice {
    let after = words.iter().position(|word| word == "--color").and_then(|at| words.get(at + 1)).map(String::as_str);
    let value = words.iter().find_map(|word| word.strip_prefix("--color=")).or(after);
    value.and_then(|value| ColorWhen::from_str(value, true).ok()).unwrap_or(ColorWhen::Auto).into()
}

impl From<ColorWhen> for anstream::ColorChoice {
    fn from(when: ColorWhen) -> Self {
        match when {
            ColorWhen::Auto => Self::Auto,
            ColorWhen::Always => Self::Always,
            ColorWhen::Never => Self::Never,
        }
    }
}

/// The message without the values of any `NAME=VALUE` on the command line:
/// one of them may be a secret in the wrong place.
fn redact(message: &str, arguments: &[String]) -> String {
    let mut message = message.to_owned();
    for (name, value) in arguments.iter().filter_map(|argument| argument.split_once('=')) {
        if !is_a_word(value) {
            message = message.replace(&format!("{name}={value}"), &format!("{name}=…")).replace(value, "…");
        }
    }
    message
}

/// Whether a value is a short plain word, such as a misspelt choice: no secret, and
/// likely to be found inside other words.
fn is_a_word(value: &str) -> bool {
    value.len() <= 8 && value.chars().all(|letter| letter.is_ascii_alphabetic())
}
