//! Parses justfiles: settings, assignments, and recipes with their parameters and dependencies, with
//! positions. Expressions are not evaluated.

use super::syntax::Span;

/// A justfile.
#[derive(Clone, Debug, Default)]
pub(super) struct Justfile {
    /// The assignments, in order.
    pub assignments: Vec<Assignment>,
    /// The recipes, in order.
    pub recipes: Vec<Recipe>,
    /// Other names of recipes.
    pub aliases: Vec<(String, String)>,
    /// Whether every variable and parameter is exported.
    pub exports_all: bool,
    /// Whether recipes get their arguments as `$1` and so on.
    pub has_positional_arguments: bool,
    /// Whether `just` reads an env file.
    pub reads_variables: bool,
    /// The program and the options of the shell; empty for the default.
    pub shell: Vec<String>,
    /// The other justfiles that it includes, as written: files, and names of modules.
    pub included: Vec<String>,
    /// Whether it may define recipes or settings that are not known.
    pub is_incomplete: bool,
}

/// An assignment.
#[derive(Clone, Debug)]
pub(super) struct Assignment {
    /// The name.
    pub name: String,
    /// The bytes of the name.
    pub name_span: Span,
    /// The value.
    pub value: Expression,
    /// Whether the variable is exported to recipes.
    pub is_exported: bool,
}

/// A recipe.
#[derive(Clone, Debug, Default)]
pub(super) struct Recipe {
    /// The name.
    pub name: String,
    /// The parameters, in order.
    pub parameters: Vec<Parameter>,
    /// The recipes that run before it.
    pub before: Vec<Dependency>,
    /// The recipes that run after it.
    pub after: Vec<Dependency>,
    /// The bytes of each line of the body, without its indentation.
    pub body: Vec<Span>,
    /// Whether it runs in the directory of the caller.
    pub keeps_directory: bool,
    /// Whether it is not understood.
    pub is_undecided: bool,
}

/// A parameter of a recipe.
#[derive(Clone, Debug)]
pub(super) struct Parameter {
    /// The name.
    pub name: String,
    /// The bytes of the name.
    pub name_span: Span,
    /// The value without an argument.
    pub default: Option<Expression>,
    /// Whether it takes all other arguments.
    pub takes_rest: bool,
    /// Whether it may have no argument.
    pub is_optional: bool,
    /// Whether it is exported to the recipe.
    pub is_exported: bool,
}

/// A recipe that another recipe runs.
#[derive(Clone, Debug)]
pub(super) struct Dependency {
    /// The name.
    pub name: String,
    /// The arguments.
    pub arguments: Vec<Expression>,
}

/// An expression.
#[derive(Clone, Debug)]
pub(super) enum Expression {
    /// A text.
    Text(String),
    /// A variable or parameter.
    Variable(String),
    /// The concatenation of several expressions.
    Joined(Vec<Expression>),
    /// A variable of the environment, or the value if it has none.
    Environment(String, Option<Box<Expression>>),
    /// An expression that is not evaluated.
    Unknown,
}

/// Parses a justfile. Any text has a result.
pub(super) fn parse(source: &str) -> Justfile {
    let mut parser = Parser { source, justfile: Justfile::default(), attributes: String::new(), in_recipe: false };
    let mut at = 0;
    while at < source.len() {
        at = parser.line(at);
    }
    parser.justfile
}

/// Parses an expression.
pub(super) fn expression(text: &str) -> Expression {
    let mut reader = Reader { text, at: 0 };
    match reader.expression() {
        Some(expression) if reader.is_at_end() => expression,
        _ => Expression::Unknown,
    }
}

struct Parser<'s> {
    source: &'s str,
    justfile: Justfile,
    /// The attributes before the next recipe.
    attributes: String,
    /// Whether an indented line belongs to the last recipe.
    in_recipe: bool,
}

impl Parser<'_> {
    /// Reads the line at a byte; returns the first byte after it.
    fn line(&mut self, start: usize) -> usize {
        let mut end = start;
        loop {
            let length = self.source[end..].find('\n').unwrap_or(self.source.len() - end);
            end = (end + length + 1).min(self.source.len());
            let line = self.source[start..end].trim_end_matches(['\n', '\r']);
            // A line that ends with a backslash continues.
            if !line.ends_with('\\') || end == self.source.len() {
                break;
            }
        }
        let line = self.source[start..end].trim_end_matches(['\n', '\r']);
        if line.trim().is_empty() {
            return end;
        }
        if line.starts_with([' ', '\t']) {
            let recipe = self.justfile.recipes.last_mut().filter(|_| self.in_recipe);
            match recipe {
                Some(recipe) => {
                    let indent = line.len() - line.trim_start().len();
                    recipe.body.push(start + indent..start + line.len());
                }
                None => self.justfile.is_incomplete = true,
            }
            return end;
        }
        self.in_recipe = false;
        self.statement(line, start);
        end
    }

    fn statement(&mut self, line: &str, start: usize) {
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim_start();
        let is_assignment = rest.starts_with(":=");
        match word {
            _ if line.starts_with('#') => {}
            _ if line.starts_with('[') => self.attributes += line,
            _ if is_assignment => self.assignment(line, start, false),
            "export" if rest.contains(":=") => {
                let at = start + line.len() - rest.len();
                self.assignment(rest, at, true);
            }
            "alias" => {
                let names = rest.split_once(":=").map(|(alias, name)| (alias.trim(), uncommented(name).trim()));
                self.justfile.aliases.extend(names.map(|(alias, name)| (alias.to_owned(), name.to_owned())));
                self.attributes.clear();
            }
            "set" => self.setting(rest),
            "import" | "import?" | "mod" | "mod?" | "unexport" => {
                self.justfile.is_incomplete = true;
                let path = uncommented(rest).trim().trim_matches(['"', '\'']);
                self.justfile.included.extend((word != "unexport").then(|| path.to_owned()));
            }
            _ if word.contains(":=") => self.assignment(line, start, false),
            _ => self.recipe(line, start),
        }
    }

    fn assignment(&mut self, line: &str, start: usize, is_exported: bool) {
        let Some((name, value)) = line.split_once(":=") else { return };
        let name = name.trim();
        self.justfile.assignments.push(Assignment {
            name: name.to_owned(),
            name_span: start..start + name.len(),
            value: expression(uncommented(value).trim()),
            is_exported,
        });
        self.attributes.clear();
    }

    fn setting(&mut self, rest: &str) {
        let (name, value) = rest.split_once(":=").map_or((rest, "true"), |(name, value)| (name, value));
        let (name, value) = (uncommented(name).trim(), uncommented(value).trim());
        let is_on = value == "true";
        match name {
            "export" => self.justfile.exports_all = is_on,
            "positional-arguments" => self.justfile.has_positional_arguments = is_on,
            "dotenv-load" => self.justfile.reads_variables |= is_on,
            "dotenv-filename" | "dotenv-path" | "dotenv-required" => self.justfile.reads_variables = true,
            "shell" => {
                let words = value.trim_start_matches('[').trim_end_matches(']').split(',');
                let words = words.map(|word| word.trim().trim_matches(['"', '\'']).to_owned());
                self.justfile.shell = words.filter(|word| !word.is_empty()).collect();
            }
            "allow-duplicate-recipes"
            | "allow-duplicate-variables"
            | "fallback"
            | "ignore-comments"
            | "quiet"
            | "tempdir"
            | "unstable"
            | "windows-powershell"
            | "windows-shell"
            | "no-exit-message" => {}
            _ => self.justfile.is_incomplete = true,
        }
    }

    /// Reads the first line of a recipe.
    fn recipe(&mut self, line: &str, start: usize) {
        let attributes = std::mem::take(&mut self.attributes);
        let is_other_system = ["[windows", "[macos", "[script"].iter().any(|name| attributes.contains(name));
        let mut recipe = Recipe { keeps_directory: attributes.contains("no-cd"), ..Recipe::default() };
        recipe.is_undecided = is_other_system || attributes.contains("working-directory");
        let mut reader = Reader { text: line, at: 0 };
        reader.eat('@');
        recipe.is_undecided |= self.head(&mut reader, start, &mut recipe).is_none();
        self.in_recipe = true;
        // A file that allows it may define a recipe again.
        self.justfile.recipes.push(recipe);
    }

    fn head(&mut self, reader: &mut Reader<'_>, start: usize, recipe: &mut Recipe) -> Option<()> {
        recipe.name = reader.name()?.to_owned();
        loop {
            reader.skip_space();
            if reader.eat(':') {
                break;
            }
            let (plus, star) = (reader.eat('+'), reader.eat('*'));
            let is_exported = reader.eat('$');
            let (plus, star) = (plus || reader.eat('+'), star || reader.eat('*'));
            let name_start = reader.at;
            let name = reader.name()?.to_owned();
            let name_span = start + name_start..start + reader.at;
            let default = if reader.eat('=') { Some(reader.term()?) } else { None };
            let (takes_rest, is_optional) = (plus || star, star || default.is_some());
            recipe.parameters.push(Parameter { name, name_span, default, takes_rest, is_optional, is_exported });
        }
        let mut is_after = false;
        loop {
            reader.skip_space();
            let rest = &reader.text[reader.at..];
            if rest.is_empty() || rest.starts_with('#') {
                return Some(());
            }
            if rest.starts_with("&&") {
                reader.at += 2;
                is_after = true;
                continue;
            }
            let dependency = if reader.eat('(') {
                reader.skip_space();
                let name = reader.path()?;
                let mut arguments = Vec::new();
                loop {
                    reader.skip_space();
                    if reader.eat(')') {
                        break;
                    }
                    arguments.push(reader.expression()?);
                }
                Dependency { name, arguments }
            } else {
                Dependency { name: reader.path()?, arguments: Vec::new() }
            };
            if is_after { recipe.after.push(dependency) } else { recipe.before.push(dependency) }
        }
    }
}

/// A text without the comment at its end. A `#` in quotes begins no comment.
fn uncommented(text: &str) -> &str {
    let mut quote = None;
    for (at, character) in text.char_indices() {
        match quote {
            Some(open) if open == character => quote = None,
            Some(_) => {}
            None if matches!(character, '"' | '\'' | '`') => quote = Some(character),
            None if character == '#' => return &text[..at],
            None => {}
        }
    }
    text
}

/// Maximum nesting of expressions.
const MAX_DEPTH: usize = 64;

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn skip_space(&mut self) {
        let rest = self.rest();
        // A backslash at the end of a line continues it.
        let is_space = |c: char| c.is_whitespace() || c == '\\';
        self.at += rest.len() - rest.trim_start_matches(is_space).len();
    }

    fn is_at_end(&mut self) -> bool {
        self.skip_space();
        self.rest().is_empty()
    }

    fn eat(&mut self, sign: char) -> bool {
        let is_next = self.rest().starts_with(sign);
        self.at += if is_next { sign.len_utf8() } else { 0 };
        is_next
    }

    fn name(&mut self) -> Option<&'t str> {
        let rest = self.rest();
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-')).unwrap_or(rest.len());
        self.at += end;
        (end > 0).then(|| &rest[..end])
    }

    /// The name of a recipe, with its modules.
    fn path(&mut self) -> Option<String> {
        let mut path = self.name()?.to_owned();
        while self.rest().starts_with("::") {
            self.at += 2;
            path = format!("{path}::{}", self.name()?);
        }
        Some(path)
    }

    /// Reads terms that `+` or `/` join.
    fn expression(&mut self) -> Option<Expression> {
        self.skip_space();
        if self.rest().starts_with("if ") || self.rest().starts_with("assert(") {
            return None;
        }
        let mut parts = Vec::new();
        if self.rest().starts_with('/') {
            parts.push(Expression::Text(String::new()));
        } else {
            parts.push(self.term()?);
        }
        loop {
            let end = self.at;
            self.skip_space();
            if self.eat('+') {
                self.skip_space();
            } else if self.eat('/') {
                parts.push(Expression::Text("/".to_owned()));
                self.skip_space();
            } else {
                self.at = end;
                break;
            }
            if parts.len() > MAX_DEPTH {
                return None;
            }
            parts.push(self.term()?);
        }
        Some(if parts.len() == 1 { parts.remove(0) } else { Expression::Joined(parts) })
    }

    fn term(&mut self) -> Option<Expression> {
        let rest = self.rest();
        for (quote, is_plain) in [("'''", true), ("\"\"\"", false), ("'", true), ("\"", false)] {
            if let Some(after) = rest.strip_prefix(quote) {
                if quote.len() == 3 {
                    return None;
                }
                let end = self.end_of_text(after, quote, is_plain)?;
                self.at += 2 * quote.len() + end;
                return Some(if is_plain {
                    Expression::Text(after[..end].to_owned())
                } else {
                    unescaped(&after[..end])
                });
            }
        }
        if let Some(after) = rest.strip_prefix('`') {
            self.at += after.find('`')? + 2;
            return Some(Expression::Unknown);
        }
        if rest.starts_with('(') {
            return self.parenthesised();
        }
        let name = self.name()?;
        if !self.rest().starts_with('(') {
            return Some(Expression::Variable(name.to_owned()));
        }
        self.function(name)
    }

    fn end_of_text(&self, text: &str, quote: &str, is_plain: bool) -> Option<usize> {
        let mut is_escaped = false;
        for (at, character) in text.char_indices() {
            match character {
                _ if is_escaped => is_escaped = false,
                '\\' if !is_plain => is_escaped = true,
                _ if text[at..].starts_with(quote) => return Some(at),
                _ => {}
            }
        }
        None
    }

    /// An expression in parentheses, which is read to its end; its depth is bounded.
    fn parenthesised(&mut self) -> Option<Expression> {
        let inside = self.inside_parentheses()?;
        let depth = inside.chars().take_while(|c| matches!(c, '(' | ' ')).count();
        (depth < MAX_DEPTH).then(|| expression(inside))
    }

    fn inside_parentheses(&mut self) -> Option<&'t str> {
        let (rest, mut depth, mut quote) = (self.rest(), 0_usize, None);
        for (at, character) in rest.char_indices() {
            match quote {
                Some(open) if open == character => quote = None,
                Some(_) => {}
                None if matches!(character, '"' | '\'' | '`') => quote = Some(character),
                None if character == '(' => depth += 1,
                None if character == ')' => {
                    depth -= 1;
                    if depth == 0 {
                        self.at += at + 1;
                        return Some(&rest[1..at]);
                    }
                    if depth > MAX_DEPTH {
                        return None;
                    }
                }
                None => {}
            }
        }
        None
    }

    fn function(&mut self, name: &str) -> Option<Expression> {
        let inside = self.inside_parentheses()?;
        let mut reader = Reader { text: inside, at: 0 };
        let mut arguments = Vec::new();
        while matches!(name, "env" | "env_var" | "env_var_or_default") && !reader.is_at_end() {
            if inside.matches('(').count() > MAX_DEPTH {
                return None;
            }
            arguments.push(reader.expression()?);
            reader.skip_space();
            reader.eat(',');
        }
        let mut arguments = arguments.into_iter();
        Some(match arguments.next() {
            Some(Expression::Text(name)) => Expression::Environment(name, arguments.next().map(Box::new)),
            _ => Expression::Unknown,
        })
    }
}

/// The text of a string in double quotes.
fn unescaped(text: &str) -> Expression {
    let mut value = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            value.push(character);
            continue;
        }
        match characters.next() {
            Some('n') => value.push('\n'),
            Some('t') => value.push('\t'),
            Some('r') => value.push('\r'),
            Some('\n') => {}
            Some(sign @ ('\\' | '"' | '$')) => value.push(sign),
            _ => return Expression::Unknown,
        }
    }
    Expression::Text(value)
}
