//! Files that programs for other languages find by a name: a module of Python, as in `python -m a.b`, a directory, or
//! a path without its ending, as in `node ci/run`.

use super::super::interpreter::Interpreter;
use super::super::syntax::Word;
use super::launch::{Launch, launch, length_of_option, unversioned};
use super::span_of;
use slug_value::{AbstractValue, Text};
use std::ops::Range;

/// Programs that run a script of Python, or a module of it with `-m`, after the word `run`.
const RUNNERS_OF_PYTHON: [&str; 2] = ["coverage", "uv"];

/// The variable with directories of modules, separated by colons.
const MODULE_PATH: &str = "PYTHONPATH";

/// Whether a program is Python.
fn is_python(program: &str) -> bool {
    matches!(unversioned(program), "py" | "pypy" | "pypy3" | "python")
}

/// The suffixes with which a program completes the path of a script, in order.
fn suffixes(program: &str) -> &'static [&'static str] {
    match program {
        _ if is_python(program) || RUNNERS_OF_PYTHON.contains(&program) => &["/__main__.py"],
        "node" => &[".js", "/index.js"],
        "bun" | "tsx" => {
            &[".ts", ".tsx", ".mts", ".js", ".mjs", ".cjs", "/index.ts", "/index.tsx", "/index.js", "/index.mjs"]
        }
        _ => &[],
    }
}

/// The words of the option with which a program runs a module, and the name of the module if the option has it in the
/// same word; the name is in the last of the words otherwise.
fn module_option(program: &str, words: &[Word]) -> Option<(Range<usize>, Option<String>)> {
    let is_python = is_python(program);
    let is_run = |word: &Word| word.literal().as_deref() == Some("run");
    let mut index = match () {
        () if is_python => 1,
        () if RUNNERS_OF_PYTHON.contains(&program) => words.iter().position(is_run)? + 1,
        () => return None,
    };
    loop {
        let option = words.get(index)?.literal()?;
        let letters = option.strip_prefix('-').filter(|letters| !letters.starts_with('-'));
        // Python ends its own options with the first one that takes a program.
        let with_value = letters.and_then(|letters| letters.find(['m', 'c', 'W', 'X']).filter(|_| is_python));
        match (with_value.zip(letters), option.as_ref()) {
            (Some((at, letters)), _) => match (&letters[at..=at], &letters[at + 1..]) {
                ("m", "") => return Some((index..index + 2, None)),
                ("m", module) => return Some((index..index + 1, Some(module.to_owned()))),
                ("c", _) => return None,
                (_, value) => index += if value.is_empty() { 2 } else { 1 },
            },
            (None, "-m" | "--module") => return Some((index..index + 2, None)),
            (None, option) => index += length_of_option(Some(option))?,
        }
    }
}

/// The words with which a command runs a module of Python, and the name of the module.
pub(super) fn module_of_command(program: &str, words: &[Word]) -> Option<(Range<usize>, String)> {
    let (range, name) = module_option(program, words)?;
    let name = name.or_else(|| Some(words.get(range.end - 1)?.literal()?.into_owned()))?;
    Some((range, name))
}

impl Interpreter<'_> {
    /// A command without the options of the program that starts another one, as `npx tool` for `npx --yes tool@2`,
    /// or a module, as `python -m tool` for `python -u -m tool`.
    pub(super) fn without_options(&mut self, words: &[Word]) -> Vec<Word> {
        let program = words[0].literal().unwrap_or_default().into_owned();
        let program = program.rsplit('/').next().unwrap_or_default();
        if let Some((range, module)) = module_of_command(program, words) {
            let span = span_of(&words[range.clone()]);
            let option = ["-m", &module].map(|text| self.value_word(Text::known(text.to_owned()), &span));
            return words[..1].iter().cloned().chain(option).chain(words[range.end..].iter().cloned()).collect();
        }
        let rest = match launch(program, words) {
            Some((Launch::Command, index)) => self.without_version(&words[index..]),
            Some((Launch::File, index)) => words[index..].to_vec(),
            Some((Launch::Files, _)) | None => return words.to_vec(),
        };
        words[..1].iter().cloned().chain(rest).collect()
    }

    /// The words of a command with the path of the script in place of its name, if the program finds a file of the
    /// repository by that name.
    pub(super) fn with_found_script(&mut self, program: &str, words: &[Word]) -> Option<Vec<Word>> {
        let module = module_option(program, words);
        let is_module = module.is_some();
        let (range, name) = match module {
            Some(option) => option,
            None => match launch(program, words)? {
                (Launch::File, index) => (index..index + 1, None),
                (Launch::Command, index) if RUNNERS_OF_PYTHON.contains(&program) => (index..index + 1, None),
                _ => return None,
            },
        };
        let word = words.get(range.end - 1)?;
        let text = name.map_or_else(|| self.expand_again(word), Text::known);
        let AbstractValue::OneOf(names) = &text.values else { return None };
        let file = |name: &String| match is_module {
            true => self.file_of_module(name),
            false => self.file_of_script(program, name),
        };
        let paths: Vec<Option<String>> = names.iter().map(file).collect();
        if paths.iter().all(Option::is_none) {
            return None;
        }
        let paths = names.iter().zip(paths).map(|(name, path)| path.unwrap_or_else(|| name.clone()));
        let script = self.value_word(Text::one_of(paths, text.reasons), &word.span);
        let mut words = words.to_vec();
        words.splice(range, [script]);
        Some(words)
    }

    /// The path of the file that Python runs for a module: in the working directory, in a directory of `PYTHONPATH`,
    /// or in `src`, from which a project usually installs its modules.
    fn file_of_module(&self, module: &str) -> Option<String> {
        let is_name = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || "_-".contains(c));
        if !module.split('.').all(is_name) {
            return None;
        }
        let place = module.replace('.', "/");
        let variable = self.look_up(MODULE_PATH);
        let named: &[String] = match &variable.values {
            AbstractValue::OneOf(paths) => paths,
            _ => &[],
        };
        let named = named.iter().flat_map(|paths| paths.split(':')).filter(|path| !path.is_empty());
        let mut places = ["."].into_iter().chain(named).chain(["src"]).map(|root| format!("{root}/{place}"));
        places.find_map(|place| {
            let (file, package) = (format!("{place}.py"), format!("{place}/__main__.py"));
            // A package takes precedence over a file, and the file over another directory.
            let is_package = self.file_at(&format!("{place}/__init__.py")).is_some();
            let candidates = if is_package { [package, file] } else { [file, package] };
            candidates.into_iter().find(|path| self.is_script(path))
        })
    }

    /// The path of the file with a member of a module of Python, as `a.b` is for `a.b.Class.function`.
    pub(super) fn file_of_member(&self, name: &str) -> Option<String> {
        let ends = name.match_indices('.').map(|(at, _)| at).chain([name.len()]);
        ends.filter_map(|end| self.file_of_module(&name[..end])).next_back()
    }

    /// The path of the file that a program runs for the path of a script, if it is another one.
    fn file_of_script(&self, program: &str, path: &str) -> Option<String> {
        if self.is_script(path) {
            // A program that starts others finds the script in the working directory.
            let is_name = RUNNERS_OF_PYTHON.contains(&program) && !path.contains('/') && path.ends_with(".py");
            return is_name.then(|| format!("./{path}"));
        }
        let path = path.trim_end_matches('/');
        let mut candidates = suffixes(program).iter().map(|suffix| format!("{path}{suffix}"));
        candidates.find(|path| self.is_script(path))
    }

    /// Whether a path leads to a file of the repository, or to a target.
    pub(super) fn is_script(&self, path: &str) -> bool {
        self.file_at(path).is_some() || self.targets.iter().any(|target| self.is_path_of(path, target))
    }
}
