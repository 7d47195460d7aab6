//! Tips for options that other tools have and slugproof does not.

use clap::Command;
use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};

/// Options of other tools, the option of slugproof that a tip names, and the tip.
const TIPS: &[(&[&str], &str, &str)] = &[
    (&["--json"], "output", "use `--output json`, or `--output json=FILE`"),
    (&["--sarif"], "output", "use `--output sarif`, or `--output sarif=FILE`"),
    (&["--html"], "output", "use `--output html=FILE`"),
    (&["--markdown"], "output", "use `--output markdown`, or `--output markdown=FILE`"),
    (&["--github"], "output", "use `--output github`"),
    (
        &["--format", "--output-format", "--output-file", "--out", "--report", "--reporter"],
        "output",
        "use `--output FORMAT`, or `--output FORMAT=FILE`",
    ),
    (
        CONFIG,
        "registry",
        "slugproof uses the nearest slugproof.yaml in this directory or a parent; run it where that file is, or pass \
         the files with `--registry` and `--policy`",
    ),
    (
        CONFIG,
        "no-config",
        "slugproof uses the nearest slugproof.yaml in this directory or a parent; `check FILE` checks another one",
    ),
    (
        &["--registry-file", "--registry-path", "--providers", "--catalog", "--catalogue"],
        "registry",
        "use `--registry FILE`",
    ),
    (
        &["--policy-file", "--policy-path", "--policies", "--harness"],
        "policy",
        "use `--policy NAME` or `--policy FILE`",
    ),
    (&["--env", "--set", "--var", "--variable"], "ambient", "write variables without an option, as in `NAME=VALUE`"),
    (&["--model", "--slug"], "ambient", "set the variable from which the policy takes the model, as in `NAME=MODEL`"),
    (&["--agent", "--template"], "runtime", "use `--runtime RUNTIME`"),
    (&["--secret", "--secrets", "--credential", "--key"], "ambient", "use `--ambient NAME`, or set the key variable"),
    (&["--fail-on", "--error-on", "--severity", "--level", "--max-warnings"], "deny", "use `--deny CODE`"),
    (
        &["--ignore", "--disable", "--exclude", "--allow"],
        "baseline",
        "write `# slugproof: ignore[CODE] reason`, or use `--baseline FILE`",
    ),
    (&["--autofix", "--write", "--apply"], "fix", "use `--fix`"),
    (
        &["--base", "--since", "--from", "--head", "--to"],
        "deny",
        "write the revisions without an option, as in `main HEAD`",
    ),
    (&["--no-fail", "--no-error", "--soft-fail", "--warn-only"], "exit-zero", "use `--exit-zero`"),
    (&["--colour", "--no-color", "--no-colour"], "color", "use `--color WHEN`, as in `--color never`"),
    (&["--silent", "--summary"], "quiet", "use `--quiet`, which prints only the verdict"),
];

/// Options of other tools that name a configuration.
const CONFIG: &[&str] = &["--config", "--config-file", "--config-path"];

/// The words that are about the revisions of `diff`, and about no other command.
const REVISIONS: &str = "--base";

/// Adds the tip for an unknown option of a command, if there is one.
pub fn with_tip(mut error: clap::Error, words: &[String], mut all: Command) -> clap::Error {
    if error.kind() != ErrorKind::UnknownArgument {
        return error;
    }
    let Some(ContextValue::String(unknown)) = error.get(ContextKind::InvalidArg) else { return error };
    let unknown = unknown.split('=').next().unwrap_or_default();
    all.build();
    let Some(tip) = tip(unknown, called(&all, words)) else { return error };
    // The suggestion by spelling may be another option.
    error.remove(ContextKind::SuggestedArg);
    error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![StyledStr::from(tip)]));
    error
}

fn tip(unknown: &str, command: &Command) -> Option<&'static str> {
    let fits = |(names, option, tip): &&(&[&str], &str, &str)| {
        let argument = command.get_arguments().find(|argument| argument.get_long() == Some(option));
        let help = argument.and_then(clap::Arg::get_help).map(ToString::to_string).unwrap_or_default();
        let format = unknown.trim_start_matches('-');
        // A command has some of the formats.
        let has_format = !tip.contains(&format!("--output {format}")) || help.contains(format);
        let is_about = !names.contains(&REVISIONS) || command.get_name() == "diff";
        names.contains(&unknown) && argument.is_some() && has_format && is_about
    };
    TIPS.iter().find(fits).map(|(_, _, tip)| *tip)
}

/// The command that the words call, as far as they name one.
fn called<'c>(all: &'c Command, words: &[String]) -> &'c Command {
    words.iter().skip(1).fold(all, |command, word| command.find_subcommand(word).unwrap_or(command))
}
