//! `cargo ci test`: runs the test command of README.md, so that the README matches CI.

use crate::checkout;
use crate::failure::{Result, error};
use crate::process::Process;

/// Run the test command that README.md gives
#[derive(clap::Args)]
pub struct Arguments {
    /// Further arguments for the test command, such as a filter
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

pub fn run(arguments: &Arguments) -> Result {
    let readme = checkout::read("README.md")?;
    let Some(command) = test_command(&readme) else {
        return error("README.md gives no test command; add a line that starts with `cargo test`");
    };
    println!("README.md says: {}", command.join(" "));
    Process::cargo().args(&command[1..]).args(&arguments.rest).run()
}

/// The first command in `markdown` that starts with `cargo test`, split into words. A prompt `$ ` and
/// a trailing comment are removed.
fn test_command(markdown: &str) -> Option<Vec<&str>> {
    let line = markdown
        .lines()
        .map(|line| line.strip_prefix("$ ").unwrap_or(line))
        .find(|line| line.strip_prefix("cargo test").is_some_and(|rest| rest.is_empty() || rest.starts_with(' ')))?;
    let command = line.split('#').next().unwrap_or(line);
    Some(command.split_whitespace().collect())
}

#[cfg(test)]
mod tests {
    use super::test_command;

    #[test]
    fn command_is_found_without_its_comment() {
        let markdown = "```sh\ncargo testing\ncargo test --workspace   # all of it\ncargo test --doc\n```\n";
        assert_eq!(test_command(markdown), Some(vec!["cargo", "test", "--workspace"]));
        assert_eq!(test_command("$ cargo test\n"), Some(vec!["cargo", "test"]));
        assert_eq!(test_command("cargo build\n"), None);
    }

    #[test]
    fn readme_gives_a_test_command() {
        assert!(test_command(include_str!("../../README.md")).is_some());
    }
}
