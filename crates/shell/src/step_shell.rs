//! The program that runs the script of a step.

use super::commands::{SHELLS, runs_other_language};
use super::options::ShellOptions;

/// The program that runs the script of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepShell {
    /// A shell whose scripts are interpreted.
    Shell {
        /// Whether it is bash.
        is_bash: bool,
        /// Its options.
        options: ShellOptions,
    },
    /// A program for scripts in another language, which has the environment of the step.
    Other,
    /// Another command, which may change the environment or run something else.
    Unknown,
}

impl StepShell {
    /// The shell that a command starts, such as `bash -e {0}`, in which `{0}` stands for the script.
    #[must_use]
    pub fn of(command: &str) -> Self {
        let words: Vec<&str> = command.split_whitespace().collect();
        let Some((program, arguments)) = words.split_first() else { return Self::Unknown };
        let name = program.rsplit(['/', '\\']).next().unwrap_or_default();
        if runs_other_language(name) {
            return Self::Other;
        }
        let options = match arguments.split_last() {
            Some((&("{0}" | "'{0}'" | "\"{0}\""), options)) => options,
            _ => arguments,
        };
        let takes_name = |option: &str| option.starts_with(['-', '+']) && option.ends_with(['o', 'O']);
        let is_option = |index: usize, option: &str| {
            let is_command = !option.starts_with("--") && option.contains('c');
            option.starts_with(['-', '+']) && !is_command || index > 0 && takes_name(options[index - 1])
        };
        let are_options = options.iter().enumerate().all(|(index, option)| is_option(index, option));
        match SHELLS.contains(&name) && are_options {
            true => Self::Shell { is_bash: name == "bash", options: ShellOptions::of(options.iter().copied()) },
            false => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use slug_value::Tristate;

    #[test]
    fn only_a_shell_with_options_keeps_the_environment() {
        let plain =
            |is_bash, words: &[&str]| StepShell::Shell { is_bash, options: ShellOptions::of(words.iter().copied()) };
        for (command, expected) in [
            ("bash", plain(true, &[])),
            ("/usr/bin/bash -a {0}", plain(true, &["-a"])),
            ("bash --noprofile --norc -eo pipefail '{0}'", plain(true, &["-e", "-o", "pipefail"])),
            ("sh -eu {0}", plain(false, &["-eu"])),
            ("python", StepShell::Other),
            ("pwsh -File {0}", StepShell::Other),
            ("env MODEL=m bash {0}", StepShell::Unknown),
            ("sudo bash {0}", StepShell::Unknown),
            ("bash ci/start.sh {0}", StepShell::Unknown),
            ("bash -c {0}", StepShell::Unknown),
            ("own-shell {0}", StepShell::Unknown),
            ("", StepShell::Unknown),
        ] {
            assert_eq!(StepShell::of(command), expected, "{command}");
        }
        assert_eq!(ShellOptions::of(["-a"]).allexport, Tristate::ALWAYS);
    }
}
