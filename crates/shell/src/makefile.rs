//! Parses Makefiles: assignments, rules and their recipes, with positions. Texts are not expanded.

use std::collections::BTreeMap;

use super::syntax::Span;

/// A Makefile.
#[derive(Clone, Debug, Default)]
pub struct Makefile {
    /// The statements, in order.
    pub statements: Vec<Statement>,
    /// The bytes whose references `make` expands while it reads the file.
    pub immediate: Vec<Span>,
}

impl Makefile {
    /// The targets that `make` finds, each with whether it does anything: it has a recipe or prerequisites.
    /// `None` if it may have others, such as those of a pattern or of an included file.
    #[must_use]
    pub fn targets(&self) -> Option<BTreeMap<&str, bool>> {
        let mut targets = BTreeMap::new();
        for statement in &self.statements {
            let rule = match statement {
                Statement::Rule(rule) => rule,
                Statement::Assignment(assignment) if assignment.name == ".RECIPEPREFIX" => return None,
                Statement::Assignment(_) | Statement::Export { .. } => continue,
                Statement::Stray => return Some(BTreeMap::new()),
                Statement::Include { .. } | Statement::Other => return None,
            };
            if rule.is_undecided || rule.targets.contains(['$', '%']) || rule.targets.contains(".DEFAULT") {
                return None;
            }
            let is_work = !rule.recipe.is_empty() || !rule.prerequisites.trim().is_empty();
            for target in rule.targets.split_whitespace() {
                *targets.entry(target).or_insert(false) |= is_work;
            }
        }
        Some(targets)
    }
}

/// A statement of a Makefile.
#[derive(Clone, Debug)]
pub enum Statement {
    /// An assignment.
    Assignment(Assignment),
    /// `export NAMES` or `unexport NAMES`.
    Export {
        /// The names, not expanded; empty for all variables.
        names: String,
        /// False for `unexport`.
        is_exported: bool,
        /// The bytes of the statement.
        span: Span,
    },
    /// A rule.
    Rule(Rule),
    /// `include FILES`.
    Include {
        /// The paths, not expanded.
        files: String,
        /// Whether a file may be missing.
        is_optional: bool,
        /// Whether a condition decides if the files are included.
        is_conditional: bool,
    },
    /// A line that begins with a tab before the first rule. `make` refuses the file.
    Stray,
    /// A statement that may define any variable and any rule, such as `$(eval …)`.
    Other,
}

/// An assignment.
#[derive(Clone, Debug)]
pub struct Assignment {
    /// The name, not expanded.
    pub name: String,
    /// The bytes of the name.
    pub name_span: Span,
    /// The operator.
    pub operator: Operator,
    /// The value, not expanded.
    pub value: String,
    /// The bytes of the value.
    pub value_span: Span,
    /// Whether the variable is exported to recipes.
    pub is_exported: bool,
    /// Whether a condition decides if the variable is assigned, or the assignment has a modifier.
    pub is_conditional: bool,
}

/// The operator of an assignment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `=`
    Recursive,
    /// `:=` or `::=`
    Simple,
    /// `?=`
    Default,
    /// `+=`
    Append,
    /// `!=`, whose value is the output of a command that runs while `make` reads the file.
    Shell,
    /// `:::=` or `define`, whose value is not known.
    Computed,
}

/// A rule.
#[derive(Clone, Debug, Default)]
pub struct Rule {
    /// The targets, not expanded.
    pub targets: String,
    /// The prerequisites, not expanded.
    pub prerequisites: String,
    /// An assignment for the targets, in place of prerequisites.
    pub assignment: Option<Assignment>,
    /// The bytes of each command of the recipe, with its continuation lines.
    pub recipe: Vec<Span>,
    /// Whether the rule is not understood: it has a pattern, or a condition decides about a part of it.
    pub is_undecided: bool,
}

/// Parses a Makefile. Any text has a result.
#[must_use]
pub fn parse(source: &str) -> Makefile {
    let mut parser = Parser { source, offset: 0, conditions: 0, makefile: Makefile::default(), in_rule: false };
    while parser.offset < source.len() {
        parser.line();
    }
    parser.makefile
}

/// Whether a line is a directive or an expansion, which can begin with a tab outside of recipes.
fn is_directive(text: &str) -> bool {
    const DIRECTIVES: [&str; 13] = [
        "ifeq", "ifneq", "ifdef", "ifndef", "else", "endif", "define", "include", "-include", "sinclude", "vpath",
        "export", "unexport",
    ];
    text.starts_with("$(") || DIRECTIVES.contains(&text.split([' ', '\t', '(']).next().unwrap_or_default())
}

struct Parser<'s> {
    source: &'s str,
    offset: usize,
    /// The number of open conditional directives.
    conditions: usize,
    makefile: Makefile,
    /// Whether a line that begins with a tab belongs to the recipe of the last rule.
    in_rule: bool,
}

impl Parser<'_> {
    fn line(&mut self) {
        let start = self.offset;
        let span = self.logical_line();
        let raw = &self.source[span.clone()];
        if self.in_rule
            && raw.starts_with('\t')
            && let Some(Statement::Rule(rule)) = self.makefile.statements.last_mut()
        {
            rule.recipe.push(start + 1..span.end);
            rule.is_undecided |= self.conditions > 0;
            return;
        }
        let text = &raw[..comment(raw)];
        let indent = text.len() - text.trim_start().len();
        let text = text.trim_start();
        let has_rule = self.makefile.statements.iter().any(|statement| matches!(statement, Statement::Rule(_)));
        let is_command = raw.starts_with('\t') && !text.is_empty() && separator(text).is_none();
        if is_command && !has_rule && self.conditions == 0 && !is_directive(text) {
            self.add(Statement::Stray);
        } else if !text.is_empty() {
            self.statement(text, start + indent..span.end);
        }
    }

    /// Reads a line with its continuation lines; returns its bytes without the line break.
    fn logical_line(&mut self) -> Span {
        let start = self.offset;
        loop {
            let rest = &self.source[self.offset..];
            let length = rest.find('\n').unwrap_or(rest.len());
            let end = self.offset + length;
            self.offset = (end + 1).min(self.source.len());
            let line = rest[..length].trim_end_matches('\r');
            let backslashes = line.len() - line.trim_end_matches('\\').len();
            if backslashes.is_multiple_of(2) || end + 1 >= self.source.len() {
                return start..end - (length - line.len());
            }
        }
    }

    fn statement(&mut self, text: &str, span: Span) {
        let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let is_assignment = rest.trim_start().starts_with(['=', '?', '+', ':']);
        match word {
            _ if is_assignment => {}
            "ifeq" | "ifneq" | "ifdef" | "ifndef" => {
                self.makefile.immediate.push(span);
                return self.conditions += 1;
            }
            "else" => return,
            "endif" => return self.conditions = self.conditions.saturating_sub(1),
            "define" => return self.define(rest, &span),
            "vpath" => return,
            "include" | "-include" | "sinclude" => {
                let (is_optional, is_conditional) = (word != "include", self.conditions > 0);
                self.makefile.immediate.push(span);
                return self.add(Statement::Include { files: joined(rest), is_optional, is_conditional });
            }
            "undefine" | "load" | "-load" => return self.add(Statement::Other),
            "export" | "unexport" if !matches!(separator(text), Some(Separator::Assignment(..))) => {
                self.makefile.immediate.push(span.clone());
                let names = Statement::Export { names: joined(rest), is_exported: word == "export", span };
                return self.add(if self.conditions == 0 { names } else { Statement::Other });
            }
            _ => {}
        }
        match separator(text) {
            Some(Separator::Assignment(at, operator, end)) => {
                let assignment = self.assignment(text, &span, (at, operator, end));
                self.makefile.immediate.push(span.start..end_of_immediate(&assignment, &span));
                self.add(Statement::Assignment(assignment));
            }
            Some(Separator::Colon(at)) => self.rule(text, at, &span),
            None => {
                self.makefile.immediate.push(span);
                if !["$(info ", "$(warning ", "$(error "].iter().any(|message| text.starts_with(message)) {
                    self.add(Statement::Other);
                }
            }
        }
    }

    fn assignment(&self, text: &str, span: &Span, (at, operator, end): (usize, Operator, usize)) -> Assignment {
        let mut name = text[..at].trim_end();
        let (mut is_exported, mut is_conditional) = (false, self.conditions > 0);
        while let Some((modifier, rest)) = name.split_once(char::is_whitespace)
            && matches!(modifier, "export" | "unexport" | "override" | "private")
        {
            is_exported |= modifier == "export";
            is_conditional |= modifier != "export";
            name = rest.trim_start();
        }
        let name_start = span.start + text[..at].trim_end().len() - name.len();
        let value = text[end..].trim_start();
        let value_start = span.start + text.len() - value.len();
        Assignment {
            name: name.to_owned(),
            name_span: name_start..name_start + name.len(),
            operator,
            value: unfolded(value).trim_start().to_owned(),
            value_span: value_start..span.start + text.len(),
            is_exported,
            is_conditional,
        }
    }

    fn rule(&mut self, text: &str, colon: usize, span: &Span) {
        let rest = text[colon..].trim_start_matches(':');
        let is_double = text[colon..].starts_with("::");
        let rest_at = text.len() - rest.len();
        let mut rule = Rule {
            targets: joined(text[..colon].trim_end_matches('&')),
            is_undecided: self.conditions > 0 || is_double || text[..colon].contains('%'),
            ..Rule::default()
        };
        let inline = unnested(rest, |rest| rest.starts_with(';'));
        let head = &rest[..inline.unwrap_or(rest.len())];
        match separator(head) {
            Some(Separator::Assignment(at, operator, end)) => {
                let head = rest;
                let indent = head.len() - head.trim_start().len();
                let start = span.start + rest_at + indent;
                let found = (at.saturating_sub(indent), operator, end.saturating_sub(indent));
                let assignment = self.assignment(head.trim_start(), &(start..span.end), found);
                self.makefile.immediate.push(span.start..end_of_immediate(&assignment, span));
                rule.assignment = Some(assignment);
            }
            Some(Separator::Colon(_)) => {
                self.makefile.immediate.push(span.start..span.start + rest_at + head.len());
                rule.is_undecided = true;
            }
            None => {
                self.makefile.immediate.push(span.start..span.start + rest_at + head.len());
                rule.prerequisites = joined(head);
                if let Some(inline) = inline {
                    rule.recipe.push(span.start + rest_at + inline + 1..span.end);
                }
            }
        }
        self.add(Statement::Rule(rule));
        self.in_rule = true;
    }

    /// A variable of several lines, up to `endef`.
    fn define(&mut self, name: &str, span: &Span) {
        let start = self.offset;
        let mut depth = 1;
        let mut end = start;
        while depth > 0 && self.offset < self.source.len() {
            let line = self.logical_line();
            end = line.start;
            match self.source[line].split_whitespace().next() {
                Some("define") => depth += 1,
                Some("endef") => depth -= 1,
                _ => {}
            }
        }
        if depth > 0 {
            end = self.source.len();
        }
        let name = name.trim().trim_end_matches(['=', ':', '?', '+', '!']).trim();
        self.add(Statement::Assignment(Assignment {
            name: name.to_owned(),
            name_span: span.clone(),
            operator: Operator::Computed,
            value: self.source[start..end].to_owned(),
            value_span: start..end,
            is_exported: false,
            is_conditional: true,
        }));
    }

    fn add(&mut self, statement: Statement) {
        self.in_rule = false;
        self.makefile.statements.push(statement);
    }
}

/// The sign that makes a line an assignment or a rule.
enum Separator {
    /// The byte of the operator, the operator, and the byte after it.
    Assignment(usize, Operator, usize),
    /// The byte of the colon.
    Colon(usize),
}

/// The first separator of a line outside of references.
fn separator(text: &str) -> Option<Separator> {
    const OPERATORS: [(&str, Operator); 7] = [
        (":::=", Operator::Computed),
        ("::=", Operator::Simple),
        (":=", Operator::Simple),
        ("?=", Operator::Default),
        ("+=", Operator::Append),
        ("!=", Operator::Shell),
        ("=", Operator::Recursive),
    ];
    let operator = |rest: &str| OPERATORS.into_iter().find(|(sign, _)| rest.starts_with(sign));
    let at = unnested(text, |rest| rest.starts_with(':') || operator(rest).is_some())?;
    Some(match operator(&text[at..]) {
        Some((sign, operator)) => Separator::Assignment(at, operator, at + sign.len()),
        None => Separator::Colon(at),
    })
}

/// The first byte outside of references at which the text fits.
fn unnested(text: &str, fits: impl Fn(&str) -> bool) -> Option<usize> {
    let mut depth = 0_usize;
    let mut previous = ' ';
    for (at, character) in text.char_indices() {
        match character {
            '(' | '{' if previous == '$' || depth > 0 => depth += 1,
            ')' | '}' if depth > 0 => depth -= 1,
            _ if depth == 0 && fits(&text[at..]) => return Some(at),
            _ => {}
        }
        previous = character;
    }
    None
}

/// The byte up to which `make` expands an assignment while it reads the file. A variable to which `+=` appends may be
/// one whose values are expanded then.
fn end_of_immediate(assignment: &Assignment, line: &Span) -> usize {
    match assignment.operator {
        Operator::Simple | Operator::Append | Operator::Computed => line.end,
        Operator::Recursive | Operator::Default | Operator::Shell => assignment.name_span.end,
    }
}

/// The byte at which the comment of a line begins, or its end.
fn comment(text: &str) -> usize {
    let is_comment = |(at, _): &(usize, &str)| !text[..*at].ends_with('\\');
    text.match_indices('#').find(is_comment).map_or(text.len(), |(at, _)| at)
}

/// A text whose continuation lines are joined, without whitespace around it.
fn joined(text: &str) -> String {
    unfolded(text).trim().to_owned()
}

/// A text whose continuation lines are joined.
fn unfolded(text: &str) -> String {
    let lines = text.split('\n').map(|line| line.trim_end_matches('\r'));
    let mut joined = String::new();
    let mut continues = false;
    for line in lines {
        let line = if continues { line.trim_start() } else { line };
        continues = line.ends_with('\\');
        joined.push_str(if continues { line.trim_end_matches('\\').trim_end() } else { line });
        if continues {
            joined.push(' ');
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A readable form of the statements.
    fn shown(source: &str) -> Vec<String> {
        let assignment = |it: &Assignment| {
            assert_eq!(&source[it.name_span.clone()], it.name, "{source}");
            let sign = if it.is_conditional { "?" } else { "" };
            format!("{:?} {}={}{sign}", it.operator, it.name, it.value)
        };
        let shown = |statement: &Statement| match statement {
            Statement::Assignment(it) => assignment(it),
            Statement::Export { names, is_exported, .. } => format!("export {names} {is_exported}"),
            Statement::Rule(rule) => {
                let recipe: Vec<&str> = rule.recipe.iter().map(|span| &source[span.clone()]).collect();
                let own = rule.assignment.as_ref().map(assignment).unwrap_or_default();
                let sign = if rule.is_undecided { "?" } else { "" };
                format!("{}: {}{own} {recipe:?}{sign}", rule.targets, rule.prerequisites)
            }
            Statement::Include { files, is_optional, is_conditional } => {
                format!("include {files} {is_optional} {is_conditional}")
            }
            Statement::Stray => "stray".to_owned(),
            Statement::Other => "other".to_owned(),
        };
        parse(source).statements.iter().map(shown).collect()
    }

    #[test]
    fn statements_have_their_parts_and_positions() {
        for (source, expected) in [
            ("A = b # c", &["Recursive A=b "][..]),
            ("A = b", &["Recursive A=b"]),
            ("a: A := b\t# c", &["a: Simple A=b\t []"]),
            ("A = b \\\n\nB ?=  # c", &["Recursive A=b ", "Default B="]),
            ("A:=b\\\n  c", &["Simple A=b c"]),
            ("A ?= $(X:a=b)", &["Default A=$(X:a=b)"]),
            ("export A += b", &["Append A=b"]),
            ("A != date", &["Shell A=date"]),
            ("export\nunexport A B", &["export  true", "export A B false"]),
            ("a b: c \\\n d ; e\n\tf\\\n\tg\n\n# h\n\ti", &["a b: c d [\" e\", \"f\\\\\\n\\tg\", \"i\"]"]),
            ("a: A := b", &["a: Simple A=b []"]),
            ("a: export A = b", &["a: Recursive A=b []"]),
            ("override A = b", &["Recursive A=b?"]),
            ("$(A): $(B:c=d)", &["$(A): $(B:c=d) []"]),
            ("ifdef A\nB = c\nelse\nd:\n\te\nendif\nf:", &["Recursive B=c?", "d:  [\"e\"]?", "f:  []"]),
            ("%.o: %.c\n\tcc", &["%.o: %.c [\"cc\"]?"]),
            ("include x.mk\n$(eval y)", &["include x.mk false false", "other"]),
            ("ifdef A\n  -include $(B)/x\\\n y # z\nendif\n$(info c)", &["include $(B)/x y true true"]),
            ("a:\r\n\tb\r\n", &["a:  [\"b\"]"]),
            ("\tb c\na:", &["stray", "a:  []"]),
            ("\tA = b", &["Recursive A=b"]),
            ("ifdef A\n\tifdef B\n\t\tC = d\n\tendif\nendif\na:", &["Recursive C=d?", "a:  []"]),
            ("ifndef A\n\t$(error b)\nendif\na:", &["a:  []"]),
        ] {
            assert_eq!(shown(source), expected, "{source}");
        }
        let define = &parse("define A\nb\nendef\nc:").statements;
        let [Statement::Assignment(a), Statement::Rule(_)] = define.as_slice() else { panic!("{define:?}") };
        assert_eq!((a.name.as_str(), a.value.as_str(), a.operator), ("A", "b\n", Operator::Computed));
    }

    #[test]
    fn targets_are_known_without_patterns_and_includes() {
        for (source, expected) in [
            ("a: b\nb:\n\tc\nd:\na: ; e", Some(&[("a", true), ("b", true), ("d", false)][..])),
            (".PHONY: a\nA := b\na c:\n\td", Some(&[(".PHONY", true), ("a", true), ("c", true)])),
            ("\tb c\na:", Some(&[])),
            ("a:\n\tb\ninclude x.mk", None),
            ("%.o: %.c\n\tcc", None),
            ("$(A): b", None),
            ("ifdef A\na:\nendif", None),
            (".RECIPEPREFIX = >\na:\n> b", None),
        ] {
            let makefile = parse(source);
            let targets = makefile.targets().map(|targets| targets.into_iter().collect::<Vec<_>>());
            assert_eq!(targets.as_deref(), expected, "{source}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Every text has a result, whose positions are inside the text and at boundaries of characters.
        #[test]
        fn any_text_is_parsed(parts in prop::collection::vec(
            prop::sample::select(vec![
                "a", "B", " ", "\t", "\n", "\r\n", "\\", "\\\n", ":", "=", "?", "+", "!", ";", "#", "$", "(", ")", "{",
                "}", "@", "%", "é", "define ", "endef\n", "ifeq ", "else\n", "endif\n",
                "export ", "include ", "override ",
            ]),
            0..40,
        )) {
            let source = parts.concat();
            let check = |span: &Span| prop::test_runner::TestCaseResult::from(
                source.get(span.clone()).map(|_| ()).ok_or(TestCaseError::fail(format!("{span:?}"))),
            );
            for statement in parse(&source).statements {
                let assignment = match statement {
                    Statement::Assignment(assignment) => Some(assignment),
                    Statement::Rule(rule) => {
                        rule.recipe.iter().try_for_each(check)?;
                        rule.assignment
                    }
                    _ => None,
                };
                if let Some(assignment) = assignment {
                    check(&assignment.name_span)?;
                    check(&assignment.value_span)?;
                }
            }
        }
    }
}
