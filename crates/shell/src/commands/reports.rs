//! Traps of `ERR` that only report the failure: the commands after them see the same variables, and the status stays
//! a failure.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::super::definition::Definition;
use super::super::forge::{ENVIRONMENT_FILE, OUTPUT_FILE};
use super::super::parser::parse;
use super::super::state::Functions;
use super::super::syntax::{Command, CommandKind, List, Redirect, Simple, Word};

/// Commands that set no variable.
const PRINTS: [&str; 8] = [":", "[", "caller", "date", "echo", "printf", "test", "true"];

/// Maximum depth of the functions that a trap calls.
const MAX_DEPTH: usize = 4;

/// Whether the action of a trap of `ERR` only prints, or ends the shell with a failure.
pub(super) fn only_reports(action: &str, functions: &Functions) -> bool {
    let check = &mut Check { functions, keeps_status: true, with_status: BTreeSet::new(), sets: false };
    parse(action)
        .is_ok_and(|script| check.list(action, &script.body, 0) && (!check.sets || check.ends(&script.body, 0)))
}

/// The check of the commands of a trap, in their order.
struct Check<'s> {
    functions: &'s Functions,
    /// Whether `$?` is the status of the command that failed.
    keeps_status: bool,
    /// The variables with this status.
    with_status: BTreeSet<String>,
    /// Whether a command sets a variable of the script.
    sets: bool,
}

impl Check<'_> {
    fn list(&mut self, source: &str, list: &List, depth: usize) -> bool {
        let pipelines = list
            .items
            .iter()
            .flat_map(|item| std::iter::once(&item.first).chain(item.rest.iter().map(|(_, pipeline)| pipeline)));
        pipelines.into_iter().flat_map(|pipeline| &pipeline.commands).all(|command| {
            let only_reports = self.command(source, command, depth);
            self.keeps_status = false;
            only_reports
        })
    }

    fn command(&mut self, source: &str, command: &Command, depth: usize) -> bool {
        let Some(text) = source.get(command.span.clone()) else { return false };
        if ["$(", "`", "<(", ":=", ENVIRONMENT_FILE, OUTPUT_FILE].iter().any(|part| text.contains(part)) {
            return false;
        }
        let is_known = |it: &Redirect| !it.operator.writes_file() || it.target.literal().is_some();
        if !command.redirects.iter().all(is_known) {
            return false;
        }
        match &command.kind {
            CommandKind::Simple(simple) => self.simple(source, simple, depth),
            CommandKind::Group(list) => self.list(source, list, depth),
            CommandKind::If(command) => {
                let lists = command.branches.iter().flat_map(|(condition, body)| [condition, body]);
                lists.chain(&command.otherwise).all(|list| self.list(source, list, depth))
            }
            CommandKind::Test(_) => true,
            _ => false,
        }
    }

    fn simple(&mut self, source: &str, simple: &Simple, depth: usize) -> bool {
        let Simple { assignments, words } = simple;
        let Some((first, arguments)) = words.split_first() else {
            self.sets = true;
            return assignments.iter().all(|it| !it.appends && self.assign(&it.name, text_of(source, &it.value)));
        };
        let name = first.literal().unwrap_or_default();
        if let Some(definitions) = self.functions.get(&*name) {
            return depth < MAX_DEPTH
                && definitions.iter().all(|definition| {
                    let definition = definition.as_ref();
                    definition.is_some_and(|it| self.command(&it.source, &it.body, depth + 1))
                });
        }
        match &*name {
            _ if !assignments.is_empty() => false,
            "exit" => self.fails(arguments.first().map(|word| text_of(source, word))),
            "local" if depth > 0 => arguments.iter().all(|word| match word.assignment() {
                Some(assignment) => {
                    !assignment.appends && self.assign(&assignment.name, text_of(source, &assignment.value))
                }
                None => word.literal().is_some(),
            }),
            name => PRINTS.contains(&name),
        }
    }

    /// Whether the last command of a list is `exit`, or a function with such a body.
    fn ends(&self, list: &List, depth: usize) -> bool {
        let last = list.items.last().filter(|item| item.rest.is_empty()).and_then(|item| item.first.commands.last());
        match last.map(|command| &command.kind) {
            Some(CommandKind::Group(list)) => self.ends(list, depth),
            Some(CommandKind::Simple(Simple { words, .. })) => {
                let name = words.first().and_then(Word::literal).unwrap_or_default();
                let is_ending = |definition: &Option<Rc<Definition>>| {
                    let body = definition.as_ref().map(|definition| &definition.body.kind);
                    matches!(body, Some(CommandKind::Group(list)) if self.ends(list, depth + 1))
                };
                match self.functions.get(&*name) {
                    Some(definitions) => depth < MAX_DEPTH && definitions.iter().all(is_ending),
                    None => name == "exit",
                }
            }
            _ => false,
        }
    }

    /// Records an assignment of a text.
    fn assign(&mut self, name: &str, text: &str) -> bool {
        match text {
            "?" if self.keeps_status => drop(self.with_status.insert(name.to_owned())),
            _ => drop(self.with_status.remove(name)),
        }
        true
    }

    /// Whether `exit` with this argument certainly fails.
    fn fails(&self, status: Option<&str>) -> bool {
        match status {
            None | Some("?") => self.keeps_status,
            Some(status) => {
                self.with_status.contains(status)
                    || status.parse::<i64>().is_ok_and(|status| status.rem_euclid(256) != 0)
            }
        }
    }
}

/// The text of a word without quotes, `$` and braces around it.
fn text_of<'s>(source: &'s str, word: &Word) -> &'s str {
    let text = source.get(word.span.clone()).unwrap_or_default().trim_matches('"');
    let name = text.strip_prefix('$').unwrap_or(text);
    name.strip_prefix('{').and_then(|name| name.strip_suffix('}')).unwrap_or(name)
}
