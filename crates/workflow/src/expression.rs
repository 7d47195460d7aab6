//! Abstract evaluation of `${{ … }}` expressions, with GitHub's rules for values.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use github_actions_expressions::call::{Call, Function};
use github_actions_expressions::context::Context;
use github_actions_expressions::literal::Literal;
use github_actions_expressions::op::{BinExpr, BinOp, UnOp};
use github_actions_expressions::{Evaluation, Expr, SpannedExpr};

use slug_value::{AbstractValue, Text, Tristate, Value, folded, text_to_number, to_number, to_text};

/// Stands for what identifies a fork and its owner: it is equal to no value that is not known.
pub const FORK: &str = "\u{1}fork";

/// Maximum bytes of one expression: the limit of a forge.
pub const EXPRESSION_BYTES: usize = 21_000;

/// Maximum operators in one expression; they bound the depth of its tree.
pub const OPERATORS: usize = 500;

/// The values of names such as `inputs.model`.
pub trait Contexts {
    /// The possible values at a path. The first name is that of the context, in lower case;
    /// the other names are as written and case-insensitive.
    fn look_up(&self, path: &[String]) -> Value;

    /// The status of the job, which decides functions such as `failure()`; None if it is not known.
    fn status(&self) -> Option<JobStatus> {
        None
    }
}

/// The status of a job before a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobStatus {
    /// No step has failed.
    Success,
    /// A step has failed.
    Failure,
    /// Somebody has cancelled the run.
    Cancelled,
}

/// The contexts of a job with a status.
pub struct InStatus<'c> {
    /// The other contexts.
    pub job: &'c dyn Contexts,
    /// The status.
    pub status: JobStatus,
}

impl Contexts for InStatus<'_> {
    fn look_up(&self, path: &[String]) -> Value {
        let is = |index: usize, name: &str| path.get(index).is_some_and(|part| part.eq_ignore_ascii_case(name));
        if path.len() == 2 && is(0, "job") && is(1, "status") {
            let status = match self.status {
                JobStatus::Success => "success",
                JobStatus::Failure => "failure",
                JobStatus::Cancelled => "cancelled",
            };
            return Value::known(Evaluation::String(status.to_owned()));
        }
        self.job.look_up(path)
    }

    fn status(&self) -> Option<JobStatus> {
        Some(self.status)
    }
}

/// The possible values of a text that may contain `${{ … }}`.
#[must_use]
pub fn text(template: &str, contexts: &dyn Contexts) -> Text {
    parts(template).into_iter().fold(Text::empty(), |text, part| {
        text.followed_by(match part {
            Part::Literal(literal) => Text::known(literal.to_owned()),
            Part::Expression(expression) => value(expression, contexts).into_text(),
            Part::Unclosed => Text::unknown("`${{` is not closed"),
        })
    })
}

/// The possible values of a text. A text that is a single expression keeps the type of its
/// value; any other text is a string, even if only whitespace surrounds the expression.
#[must_use]
pub fn typed(template: &str, contexts: &dyn Contexts) -> Value {
    match parts(template).as_slice() {
        [Part::Expression(expression)] => value(expression, contexts),
        _ => text(template, contexts).into_value(),
    }
}

/// The possible results of the `if:` of a step in a job with a status. A condition without a status function holds only
/// if no step has failed.
#[must_use]
pub fn condition_of_step(text: &str, contexts: &InStatus<'_>) -> Tristate {
    let holds = condition(text, contexts);
    if contexts.status == JobStatus::Success || !status_functions(text).is_empty() { holds } else { Tristate::NEVER }
}

/// The status functions, in lower case, that an `if:` calls.
#[must_use]
pub fn status_functions(condition: &str) -> BTreeSet<&'static str> {
    let mut found = BTreeSet::new();
    let parts = parts(condition);
    let has_expression = parts.iter().any(|part| matches!(part, Part::Expression(_)));
    for part in parts {
        if let Part::Expression(expression) | Part::Literal(expression) = part
            && (matches!(part, Part::Expression(_)) || !has_expression)
            && let Ok(tree) = parse(expression)
        {
            add_status_functions(&tree, &mut found);
        }
    }
    found
}

fn add_status_functions(expression: &SpannedExpr<'_>, found: &mut BTreeSet<&'static str>) {
    match &expression.inner {
        Expr::BinExpr(BinExpr { lhs, rhs, .. }) => {
            add_status_functions(lhs, found);
            add_status_functions(rhs, found);
        }
        Expr::UnExpr { expr, .. } | Expr::Index(expr) => add_status_functions(expr, found),
        Expr::Context(context) => context.parts.iter().for_each(|part| add_status_functions(part, found)),
        Expr::Call(call) => {
            found.extend(match call.func {
                Function::Always => Some("always"),
                Function::Cancelled => Some("cancelled"),
                Function::Failure => Some("failure"),
                Function::Success => Some("success"),
                _ => None,
            });
            call.args.iter().for_each(|argument| add_status_functions(argument, found));
        }
        _ => {}
    }
}

/// The possible results of an `if:`, which may omit `${{ }}`.
#[must_use]
pub fn condition(text: &str, contexts: &dyn Contexts) -> Tristate {
    let parts = parts(text);
    let (bare, is_template) = match parts.as_slice() {
        [Part::Expression(expression)] => (*expression, false),
        parts => (text, parts.iter().any(|part| !matches!(part, Part::Literal(_)))),
    };
    // The default condition of a step. It counts as true: after a failure, later calls do not
    // matter.
    if contexts.status().is_none() && bare.trim().eq_ignore_ascii_case("success()") {
        return Tristate::ALWAYS;
    }
    let value = if is_template { typed(text, contexts) } else { value(bare, contexts) };
    value.truth()
}

/// True if text surrounds the expressions of an `if:`, such as the line break at the end of a block.
/// The condition is then a text that is not empty, so it is always true.
#[must_use]
pub fn has_text_around(condition: &str) -> bool {
    let parts = parts(condition);
    parts.iter().any(|part| matches!(part, Part::Literal(_)))
        && parts.iter().any(|part| matches!(part, Part::Expression(_)))
        && !parts.contains(&Part::Unclosed)
}

/// The contexts that a text refers to, each with the name that follows it if the name is
/// fixed. Only expressions in `${{ }}` are searched.
#[must_use]
pub fn references(template: &str) -> BTreeSet<(String, Option<String>)> {
    let mut found = BTreeSet::new();
    for part in parts(template) {
        if let Part::Expression(expression) = part {
            found.extend(references_of(expression));
        }
    }
    found
}

/// Like [`references`], for an expression without `${{ }}` around it.
#[must_use]
pub fn references_of(expression: &str) -> BTreeSet<(String, Option<String>)> {
    let Ok(tree) = parse(expression) else { return BTreeSet::new() };
    tree.contexts().into_iter().map(|(context, _)| reference(context)).collect()
}

/// The paths of names that the expressions of a text refer to, each up to the first name that is not fixed. The name
/// of the context is in lower case.
#[must_use]
pub fn paths(template: &str) -> BTreeSet<Vec<String>> {
    let expressions = parts(template).into_iter().filter_map(|part| match part {
        Part::Expression(expression) => Some(expression),
        Part::Literal(_) | Part::Unclosed => None,
    });
    expressions.flat_map(paths_of).collect()
}

/// Like [`paths`], for an expression without `${{ }}` around it.
#[must_use]
pub fn paths_of(expression: &str) -> BTreeSet<Vec<String>> {
    let Ok(tree) = parse(expression) else { return BTreeSet::new() };
    tree.contexts().into_iter().map(|(context, _)| path_of(context)).collect()
}

/// The path of the only context in a text that is one expression and nothing else, such as `${{ inputs.NAME }}`.
#[must_use]
pub fn path_in(text: &str) -> Option<Vec<String>> {
    let parts = parts(text);
    let [Part::Expression(expression)] = parts.as_slice() else { return None };
    let tree = parse(expression).ok()?;
    let Expr::Context(context) = &tree.inner else { return None };
    Some(path_of(context)).filter(|path| path.len() == context.parts.len())
}

/// The names of a context, up to the first one that is not fixed.
fn path_of(context: &Context<'_>) -> Vec<String> {
    let mut path: Vec<String> = context.parts.iter().map_while(name_of).collect();
    path.iter_mut().take(1).for_each(|root| *root = root.to_lowercase());
    path
}

/// The contexts whose values can become part of the value of a text, each as a path of names. The name
/// of the context is in lower case. A context that is only compared or tested is left out.
#[must_use]
pub fn sources(template: &str) -> BTreeSet<Vec<String>> {
    let mut found = BTreeSet::new();
    for part in parts(template) {
        if let Part::Expression(expression) = part
            && let Ok(tree) = parse(expression)
        {
            add_sources(&tree, &mut found);
        }
    }
    found
}

fn add_sources(expression: &SpannedExpr<'_>, found: &mut BTreeSet<Vec<String>>) {
    match &expression.inner {
        Expr::Context(context) => {
            if let Some(SpannedExpr { inner: Expr::Call(call), .. }) = context.parts.first() {
                call.args.iter().for_each(|argument| add_sources(argument, found));
            }
            found.insert(path_of(context));
        }
        Expr::BinExpr(BinExpr { lhs, op: BinOp::Or, rhs }) => {
            add_sources(lhs, found);
            add_sources(rhs, found);
        }
        // The left side of `&&` is the value only if it counts as false.
        Expr::BinExpr(BinExpr { op: BinOp::And, rhs, .. }) => add_sources(rhs, found),
        Expr::Call(call) => match call.func {
            Function::Format | Function::Join | Function::ToJSON | Function::FromJSON | Function::Case => {
                call.args.iter().for_each(|argument| add_sources(argument, found));
            }
            _ => {}
        },
        _ => {}
    }
}

/// The name that a part of a context gives literally.
fn name_of(part: &SpannedExpr<'_>) -> Option<String> {
    match &part.inner {
        Expr::Identifier(name) => Some(name.as_str().to_owned()),
        Expr::Index(index) => match &index.inner {
            Expr::Literal(Literal::String(name)) => Some(name.to_string()),
            _ => None,
        },
        _ => None,
    }
}

/// A name that an expression compares with a text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Comparison {
    /// The context in lower case: `inputs`, `env` or `matrix`.
    pub context: String,
    /// The name in the context, as written.
    pub name: String,
    /// The text, which is not empty.
    pub text: String,
    /// True if the text need not be the whole value, as in `startsWith(inputs.name, 'text')`.
    pub is_part: bool,
}

/// The comparisons of names with texts in the expressions of a text.
#[must_use]
pub fn comparisons(template: &str) -> Vec<Comparison> {
    let mut found = Vec::new();
    for part in parts(template) {
        if let Part::Expression(expression) = part {
            found.extend(comparisons_of(expression));
        }
    }
    found
}

/// Like [`comparisons`], for an expression without `${{ }}` around it.
#[must_use]
pub fn comparisons_of(expression: &str) -> Vec<Comparison> {
    let mut found = Vec::new();
    if expression.contains(['=', '('])
        && let Ok(tree) = parse(expression)
    {
        add_comparisons(&tree, &mut found);
    }
    found
}

fn add_comparisons(expression: &SpannedExpr<'_>, found: &mut Vec<Comparison>) {
    match &expression.inner {
        Expr::BinExpr(BinExpr { lhs, op, rhs }) => {
            if let BinOp::Eq | BinOp::Neq = op {
                add_comparison(lhs, rhs, false, found);
                add_comparison(rhs, lhs, false, found);
            }
            add_comparisons(lhs, found);
            add_comparisons(rhs, found);
        }
        Expr::UnExpr { expr, .. } => add_comparisons(expr, found),
        Expr::Call(call) => {
            if let (Function::Contains | Function::StartsWith | Function::EndsWith, [one, other]) =
                (call.func, call.args.as_slice())
            {
                add_comparison(one, other, true, found);
                add_comparison(other, one, true, found);
            }
            call.args.iter().for_each(|argument| add_comparisons(argument, found));
        }
        // A table of literals, as in `fromJSON('{"a": 1}')[inputs.name]`.
        Expr::Context(context) => {
            if let [
                head @ SpannedExpr { inner: Expr::Call(_), .. },
                SpannedExpr { inner: Expr::Index(index), .. },
                ..,
            ] = context.parts.as_slice()
            {
                add_comparison(index, head, false, found);
            }
        }
        _ => {}
    }
}

/// Adds the comparison of a name with a constant, which may be a list of texts or an object with these keys.
/// `is_part` says whether a single text need not be the whole value.
fn add_comparison(name: &SpannedExpr<'_>, constant: &SpannedExpr<'_>, is_part: bool, found: &mut Vec<Comparison>) {
    let Expr::Context(path) = &name.inner else { return };
    let (context, Some(name)) = reference(path) else { return };
    if !["inputs", "env", "matrix"].contains(&context.as_str()) {
        return;
    }
    let (texts, is_part) = match evaluate(constant, &NoContexts).single() {
        Some(Evaluation::Array(items)) => (items.iter().map(to_text).collect(), false),
        Some(Evaluation::Object(fields)) => {
            (fields.keys().cloned().collect::<BTreeSet<_>>().into_iter().collect(), false)
        }
        Some(scalar) => (vec![to_text(scalar)], is_part),
        None => (Vec::new(), false),
    };
    let comparison = |text| Comparison { context: context.clone(), name: name.clone(), text, is_part };
    found.extend(texts.into_iter().filter(|text| !text.is_empty()).map(comparison));
}

/// No context has a known value.
struct NoContexts;

impl Contexts for NoContexts {
    fn look_up(&self, path: &[String]) -> Value {
        Value::unknown(format!("`{}` is known only at run time", path.join(".")))
    }
}

/// The repository variables of a text that decide whether a literal is its value, as in
/// `vars.NAME || 'literal'`; other operands may separate the two. An empty literal does not count.
#[must_use]
pub fn vars_with_default(template: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    if !template.to_lowercase().contains("vars") {
        return found;
    }
    for part in parts(template) {
        if let Part::Expression(expression) = part
            && let Ok(tree) = parse(expression)
        {
            add_vars_with_default(&tree, false, &mut found);
        }
    }
    found
}

/// Adds the variables of an expression to `found`. `has_default` says whether the expression decides between
/// a literal and another value.
fn add_vars_with_default(expression: &SpannedExpr<'_>, has_default: bool, found: &mut BTreeSet<String>) {
    match &expression.inner {
        Expr::Context(context) if has_default => {
            if let (root, Some(name)) = reference(context)
                && root == "vars"
                && context.parts.len() == 2
            {
                found.insert(name);
            }
        }
        Expr::BinExpr(BinExpr { lhs, op: BinOp::Or | BinOp::And, rhs }) => {
            add_vars_with_default(lhs, has_default || ends_in_literal(rhs), found);
            add_vars_with_default(rhs, has_default, found);
        }
        // A comparison with the empty text tells whether a variable is set.
        Expr::BinExpr(BinExpr { lhs, op: BinOp::Eq | BinOp::Neq, rhs }) if is_empty(lhs) || is_empty(rhs) => {
            add_vars_with_default(lhs, has_default, found);
            add_vars_with_default(rhs, has_default, found);
        }
        Expr::BinExpr(BinExpr { lhs, rhs, .. }) => {
            add_vars_with_default(lhs, false, found);
            add_vars_with_default(rhs, false, found);
        }
        Expr::UnExpr { expr, .. } => add_vars_with_default(expr, has_default, found),
        Expr::Call(call) => {
            let has_default = matches!(call.func, Function::Case) && call.args.iter().any(ends_in_literal);
            call.args.iter().for_each(|argument| add_vars_with_default(argument, has_default, found));
        }
        _ => {}
    }
}

fn is_empty(expression: &SpannedExpr<'_>) -> bool {
    matches!(&expression.inner, Expr::Literal(Literal::String(text)) if text.is_empty())
}

/// True if the last operand of a chain of `||` and `&&` is a literal text that is not empty.
fn ends_in_literal(expression: &SpannedExpr<'_>) -> bool {
    match &expression.inner {
        Expr::Literal(Literal::String(text)) => !text.is_empty(),
        Expr::BinExpr(BinExpr { op: BinOp::Or | BinOp::And, rhs, .. }) => ends_in_literal(rhs),
        _ => false,
    }
}

fn reference(context: &Context<'_>) -> (String, Option<String>) {
    let mut names = context.parts.iter().map(name_of);
    let root = names.next().flatten().unwrap_or_default().to_lowercase();
    let first = names.next().flatten();
    let is_event_input = first.as_deref().is_some_and(|name| name.eq_ignore_ascii_case("event"))
        && names.next().flatten().is_some_and(|name| name.eq_ignore_ascii_case("inputs"));
    match root.as_str() {
        "github" | "gitea" if is_event_input => ("inputs".to_owned(), names.next().flatten()),
        _ => (root, first),
    }
}

/// One piece of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'t> {
    /// Literal text.
    Literal(&'t str),
    /// The text between `${{` and `}}`.
    Expression(&'t str),
    /// `${{` without an end.
    Unclosed,
}

/// The pieces of a text.
#[must_use]
pub fn parts(template: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = template;
    while let Some(start) = rest.find("${{") {
        if start > 0 {
            parts.push(Part::Literal(&rest[..start]));
        }
        let inside = &rest[start + 3..];
        let Some(end) = end_of_expression(inside) else {
            parts.push(Part::Unclosed);
            return parts;
        };
        parts.push(Part::Expression(&inside[..end]));
        rest = &inside[end + 2..];
    }
    if !rest.is_empty() {
        parts.push(Part::Literal(rest));
    }
    parts
}

/// The byte offset of the first `}}` outside quotes.
fn end_of_expression(text: &str) -> Option<usize> {
    let mut quoted = false;
    for (at, sign) in text.char_indices() {
        match sign {
            '\'' => quoted = !quoted,
            '}' if !quoted && text[at..].starts_with("}}") => return Some(at),
            _ => {}
        }
    }
    None
}

/// Whether a forge can parse an expression, as far as it is not too complex to be parsed here.
#[must_use]
pub fn is_valid(expression: &str) -> bool {
    has_many_operators(expression) || parse(expression).is_ok()
}

/// Whether an expression can have more operators than are parsed.
fn has_many_operators(expression: &str) -> bool {
    expression.matches(['|', '&', '=', '<', '>']).count() > 2 * OPERATORS
}

fn parse(expression: &str) -> Result<SpannedExpr<'_>, String> {
    if expression.len() > EXPRESSION_BYTES || has_many_operators(expression) {
        return Err("an expression is longer than any forge evaluates".to_owned());
    }
    Expr::parse(expression).map_err(|_| {
        let shown: String = expression.trim().chars().take(60).collect();
        format!("`{shown}` is not a valid expression")
    })
}

/// The possible values of an expression.
#[must_use]
pub fn value(expression: &str, contexts: &dyn Contexts) -> Value {
    match parse(expression) {
        Ok(tree) => evaluate(&tree, contexts),
        Err(why) => Value::unknown(why),
    }
}

fn evaluate(expression: &SpannedExpr<'_>, contexts: &dyn Contexts) -> Value {
    match &expression.inner {
        Expr::Literal(literal) => match literal {
            Literal::Number(_) => number_value(expression.origin.raw),
            Literal::String(text) => Value::known(Evaluation::String(text.to_string())),
            Literal::Boolean(value) => Value::known(Evaluation::Boolean(*value)),
            Literal::Null => Value::known(Evaluation::Null),
        },
        Expr::Context(context) => context_value(context, expression.origin.raw, contexts),
        Expr::Identifier(name) => contexts.look_up(&[name.as_str().to_lowercase()]),
        Expr::UnExpr { op: UnOp::Not, expr } => negated(&evaluate(expr, contexts)),
        Expr::BinExpr(BinExpr { lhs, op: BinOp::And, rhs }) => {
            let left = evaluate(lhs, contexts);
            let (truth, false_side) = (left.truth(), falsy(&left));
            join(truth.can_be_false.then_some(false_side), truth.can_be_true.then(|| evaluate(rhs, contexts)), &left)
        }
        Expr::BinExpr(BinExpr { lhs, op: BinOp::Or, rhs }) => {
            let left = evaluate(lhs, contexts);
            let (truth, true_side) = (left.truth(), truthy(&left));
            join(truth.can_be_true.then_some(true_side), truth.can_be_false.then(|| evaluate(rhs, contexts)), &left)
        }
        Expr::BinExpr(BinExpr { lhs, op, rhs }) => compare(op, &evaluate(lhs, contexts), &evaluate(rhs, contexts)),
        Expr::Call(call) => call_value(call, expression.origin.raw, contexts),
        Expr::Index(_) | Expr::Star => Value::unknown(format!("`{}` is not known", expression.origin.raw)),
    }
}

/// The value of a literal number, which may be in parentheses.
fn number_value(raw: &str) -> Value {
    let literal = raw.trim_matches(|sign: char| sign.is_whitespace() || matches!(sign, '(' | ')'));
    let known = |number| Value::known(Evaluation::Number(number));
    match text_to_number(literal) {
        Some(number) if number.is_nan() && literal != "NaN" => Value::unknown(format!("`{literal}` is not a number")),
        Some(number) if !is_negative_zero(number) => known(number),
        _ => Value::unknown(format!("implementations of expressions differ in `{literal}`")),
    }
}

/// True for the number that some implementations print as `0` and others as `-0`.
fn is_negative_zero(number: f64) -> bool {
    number == 0.0 && number.is_sign_negative()
}

fn negated(value: &Value) -> Value {
    let truth = !value.truth();
    let values = [(truth.can_be_true, true), (truth.can_be_false, false)];
    let possible = values.iter().filter(|(can, _)| *can).map(|(_, value)| Evaluation::Boolean(*value));
    Value::one_of(possible, value.reasons.clone())
}

/// The possible values that count as false.
fn falsy(value: &Value) -> Value {
    let values: Vec<Evaluation> = match &value.values {
        AbstractValue::OneOf(values) => values.iter().filter(|value| !value.as_boolean()).cloned().collect(),
        // As text, null is like the empty text. A context does not yield `NaN`.
        AbstractValue::WithSecret | AbstractValue::NonEmpty | AbstractValue::Any => {
            vec![Evaluation::String(String::new()), Evaluation::Boolean(false), Evaluation::Number(0.0)]
        }
    };
    Value::one_of(values, value.reasons.clone())
}

/// The possible values that count as true.
fn truthy(value: &Value) -> Value {
    match &value.values {
        AbstractValue::OneOf(values) => {
            Value::one_of(values.iter().filter(|value| value.as_boolean()).cloned(), value.reasons.clone())
        }
        AbstractValue::WithSecret => value.clone(),
        AbstractValue::NonEmpty | AbstractValue::Any => {
            Value { values: AbstractValue::NonEmpty, reasons: value.reasons.clone() }
        }
    }
}

/// Joins the values of two branches, at least one of which is possible. `decider` chooses the
/// branch.
fn join(first: Option<Value>, second: Option<Value>, decider: &Value) -> Value {
    match (first, second) {
        (Some(first), Some(second)) => {
            let mut value = first.or(second);
            if value.single().is_none() {
                value.reasons.extend(decider.reasons.iter().cloned());
            }
            value
        }
        (Some(only), None) | (None, Some(only)) => only,
        (None, None) => Value::unknown("an expression cannot be decided"),
    }
}

fn compare(op: &BinOp, left: &Value, right: &Value) -> Value {
    let why: BTreeSet<String> = left.reasons.iter().chain(&right.reasons).cloned().collect();
    let (lefts, rights) = match (&left.values, &right.values) {
        (AbstractValue::OneOf(lefts), AbstractValue::OneOf(rights)) => (lefts, rights),
        (unknown, AbstractValue::OneOf(others)) | (AbstractValue::OneOf(others), unknown)
            if others.iter().all(|other| is_excluded(other, unknown)) =>
        {
            return match op {
                BinOp::Eq => Value::known(Evaluation::Boolean(false)),
                BinOp::Neq => Value::known(Evaluation::Boolean(true)),
                _ => Value::one_of([true, false].map(Evaluation::Boolean), why),
            };
        }
        _ => return Value::one_of([true, false].map(Evaluation::Boolean), why),
    };
    let holds = |order: Option<Ordering>| match op {
        BinOp::Eq => order == Some(Ordering::Equal),
        BinOp::Neq => order != Some(Ordering::Equal),
        BinOp::Lt => order.is_some_and(Ordering::is_lt),
        BinOp::Le => order.is_some_and(Ordering::is_le),
        BinOp::Gt => order.is_some_and(Ordering::is_gt),
        BinOp::Ge => order.is_some_and(Ordering::is_ge),
        BinOp::And | BinOp::Or => false,
    };
    let pairs = lefts.iter().flat_map(|a| rights.iter().map(move |b| (a, b)));
    let results = pairs.flat_map(|(a, b)| orders(a, b)).map(|order| Evaluation::Boolean(holds(order)));
    Value::one_of(results, why)
}

/// Whether a value is equal to none of those of another value that is not known.
fn is_excluded(value: &Evaluation, unknown: &AbstractValue<Evaluation>) -> bool {
    matches!(value, Evaluation::String(text) if text == FORK || text.is_empty() && unknown.is_never_absent())
}

/// The possible orders of two values, `None` for values without one. Texts are compared without regard to case.
fn orders(one: &Evaluation, other: &Evaluation) -> Vec<Option<Ordering>> {
    let is_whole = |value: &Evaluation| matches!(value, Evaluation::Array(_) | Evaluation::Object(_));
    match (one, other) {
        (Evaluation::String(one), Evaluation::String(other)) => {
            vec![Some(folded(one).encode_utf16().cmp(folded(other).encode_utf16()))]
        }
        // They are equal if they are the same instance, which is not followed.
        _ if is_whole(one) && one == other => vec![Some(Ordering::Equal), None],
        _ => match (to_number(one), to_number(other)) {
            (Some(one), Some(other)) => vec![one.partial_cmp(&other)],
            _ => vec![Some(Ordering::Less), Some(Ordering::Equal), Some(Ordering::Greater), None],
        },
    }
}

/// One part of a path after its head.
enum Segment {
    /// A name or an index.
    Member(String),
    /// `*`
    Every,
}

/// The value of a context path, or of an index into another value.
fn context_value(context: &Context<'_>, raw: &str, contexts: &dyn Contexts) -> Value {
    let unknown = || Value::unknown(format!("`{raw}` is not known"));
    let mut parts = context.parts.iter();
    let Some(head) = parts.next() else { return unknown() };
    let mut segments = Vec::new();
    for part in parts {
        segments.push(match &part.inner {
            Expr::Identifier(name) => Segment::Member(name.as_str().to_owned()),
            Expr::Index(index) if matches!(index.inner, Expr::Star) => Segment::Every,
            Expr::Star => Segment::Every,
            Expr::Index(index) => {
                let index = evaluate(index, contexts);
                match index.single() {
                    Some(Evaluation::String(name)) => Segment::Member(name.clone()),
                    Some(number @ Evaluation::Number(_)) => Segment::Member(to_text(number)),
                    _ => return unknown(),
                }
            }
            _ => return unknown(),
        });
    }
    let is_member = |segment: &&Segment| matches!(segment, Segment::Member(_));
    let (value, rest) = match &head.inner {
        Expr::Identifier(root) => {
            let members = segments.iter().take_while(is_member).filter_map(|segment| match segment {
                Segment::Member(name) => Some(name.clone()),
                Segment::Every => None,
            });
            let names: Vec<String> = std::iter::once(root.as_str().to_lowercase()).chain(members).collect();
            (contexts.look_up(&names), &segments[names.len() - 1..])
        }
        _ => (evaluate(head, contexts), &segments[..]),
    };
    match value.values {
        _ if rest.is_empty() => value,
        AbstractValue::OneOf(values) => {
            let results: Option<Vec<Evaluation>> = values.iter().map(|value| at_path(value, rest)).collect();
            results.map_or_else(unknown, |results| Value::one_of(results, value.reasons))
        }
        AbstractValue::WithSecret | AbstractValue::NonEmpty | AbstractValue::Any => {
            Value { values: AbstractValue::Any, reasons: value.reasons }
        }
    }
}

/// The value at a path; `None` if it depends on the order of the fields of an object, which is not kept.
fn at_path(value: &Evaluation, segments: &[Segment]) -> Option<Evaluation> {
    match segments {
        [] => Some(value.clone()),
        [Segment::Member(name), rest @ ..] => at_path(&member(value, std::slice::from_ref(name)), rest),
        [Segment::Every, rest @ ..] => Some(Evaluation::Array(filtered(every_item(value)?, rest)?)),
    }
}

/// The results of the rest of a path for each of the items that `*` yields. Items without a member are left
/// out.
fn filtered(items: Vec<Evaluation>, segments: &[Segment]) -> Option<Vec<Evaluation>> {
    let Some((segment, rest)) = segments.split_first() else { return Some(items) };
    let of_item = |item: &Evaluation| match segment {
        Segment::Every => every_item(item),
        Segment::Member(name) => Some(find_member(item, name).cloned().into_iter().collect()),
    };
    let next: Option<Vec<Vec<Evaluation>>> = items.iter().map(of_item).collect();
    filtered(next?.concat(), rest)
}

/// The items of a list or the values of an object; none of another value.
fn every_item(value: &Evaluation) -> Option<Vec<Evaluation>> {
    match value {
        Evaluation::Array(items) => Some(items.clone()),
        Evaluation::Object(fields) if fields.len() < 2 => Some(fields.values().cloned().collect()),
        Evaluation::Object(_) => None,
        _ => Some(Vec::new()),
    }
}

/// The member of a value at a path of names; null if it does not exist.
#[must_use]
pub fn member(value: &Evaluation, names: &[String]) -> Evaluation {
    let Some((name, rest)) = names.split_first() else { return value.clone() };
    find_member(value, name).map_or(Evaluation::Null, |next| member(next, rest))
}

fn find_member<'v>(value: &'v Evaluation, name: &str) -> Option<&'v Evaluation> {
    match value {
        Evaluation::Object(fields) => {
            let is_named = |(field, _): &(&String, &Evaluation)| folded(field) == folded(name);
            fields.get(name).or_else(|| fields.iter().find(is_named).map(|(_, value)| value))
        }
        Evaluation::Array(items) => {
            let index = text_to_number(name)?.floor();
            index.to_string().parse::<usize>().ok().and_then(|index| items.get(index))
        }
        _ => None,
    }
}

fn call_value(call: &Call<'_>, raw: &str, contexts: &dyn Contexts) -> Value {
    let unknown = |why: BTreeSet<String>| {
        if why.is_empty() {
            Value::unknown(format!("`{raw}` is not known"))
        } else {
            Value { values: AbstractValue::Any, reasons: why }
        }
    };
    match call.func {
        Function::Always => return Value::known(Evaluation::Boolean(true)),
        Function::Success | Function::Failure | Function::Cancelled => {
            if let Some(status) = contexts.status() {
                let holds = match call.func {
                    Function::Success => status == JobStatus::Success,
                    Function::Failure => status == JobStatus::Failure,
                    _ => status == JobStatus::Cancelled,
                };
                return Value::known(Evaluation::Boolean(holds));
            }
            return Value::one_of([true, false].map(Evaluation::Boolean), BTreeSet::from([format!("`{raw}`")]));
        }
        Function::Case => return case_value(&call.args, contexts),
        _ => {}
    }
    let arguments: Vec<Value> = call.args.iter().map(|argument| evaluate(argument, contexts)).collect();
    if matches!(call.func, Function::Format) {
        return format_value(&arguments).unwrap_or_else(|| unknown(BTreeSet::new()));
    }
    for_combinations(&arguments, |row| apply(call.func, row)).unwrap_or_else(|| unknown(reasons(&arguments)))
}

fn case_value(arguments: &[SpannedExpr<'_>], contexts: &dyn Contexts) -> Value {
    match arguments {
        [condition, value, rest @ ..] => {
            let mut decider = evaluate(condition, contexts);
            if let AbstractValue::OneOf(values) = &mut decider.values {
                // With any other predicate, the run fails.
                values.retain(|value| matches!(value, Evaluation::Boolean(_)));
                if values.is_empty() {
                    return Value::unknown("a predicate of `case` is not a boolean, so the run fails");
                }
            }
            let truth = decider.truth();
            join(
                truth.can_be_true.then(|| evaluate(value, contexts)),
                truth.can_be_false.then(|| case_value(rest, contexts)),
                &decider,
            )
        }
        [default] => evaluate(default, contexts),
        [] => Value::known(Evaluation::Null),
    }
}

/// All combinations of arguments; None if an argument is not known or the combinations exceed
/// the limit.
fn combinations(arguments: &[Value]) -> Option<Vec<Vec<Evaluation>>> {
    let mut rows = vec![Vec::new()];
    for argument in arguments {
        let AbstractValue::OneOf(values) = &argument.values else { return None };
        rows = rows
            .iter()
            .flat_map(|row| values.iter().map(move |value| [row.as_slice(), std::slice::from_ref(value)].concat()))
            .collect();
        if rows.len() > slug_value::ALTERNATIVES {
            return None;
        }
    }
    Some(rows)
}

/// The results of a function for all combinations of known arguments; None if it fails for one.
fn for_combinations(arguments: &[Value], function: impl Fn(&[Evaluation]) -> Option<Evaluation>) -> Option<Value> {
    let results: Option<Vec<Evaluation>> = combinations(arguments)?.iter().map(|row| function(row)).collect();
    Some(Value::one_of(results?, reasons(arguments)))
}

fn reasons(arguments: &[Value]) -> BTreeSet<String> {
    arguments.iter().flat_map(|argument| argument.reasons.iter().cloned()).collect()
}

fn apply(function: Function, arguments: &[Evaluation]) -> Option<Evaluation> {
    let folded = |value: &Evaluation| folded(&to_text(value));
    Some(match (function, arguments) {
        (Function::Contains, [Evaluation::Array(items), item]) => {
            let orders: Vec<_> = items.iter().map(|other| orders(other, item)).collect();
            let equal = Some(Ordering::Equal);
            let is_found = orders.iter().any(|orders| orders.iter().all(|order| *order == equal));
            if !is_found && orders.iter().any(|orders| orders.contains(&equal)) {
                return None;
            }
            Evaluation::Boolean(is_found)
        }
        (Function::Contains, [text, part]) if is_text(text) && is_text(part) => {
            Evaluation::Boolean(folded(text).contains(&folded(part)))
        }
        (Function::StartsWith, [text, part]) => {
            Evaluation::Boolean(is_text(text) && is_text(part) && folded(text).starts_with(&folded(part)))
        }
        (Function::EndsWith, [text, part]) => {
            Evaluation::Boolean(is_text(text) && is_text(part) && folded(text).ends_with(&folded(part)))
        }
        (Function::Join, [Evaluation::Array(items), rest @ ..]) if rest.iter().all(is_text) => {
            let separator = rest.first().map_or(",".to_owned(), to_text);
            let items: Vec<String> = items.iter().map(to_text).collect();
            Evaluation::String(items.join(&separator))
        }
        (Function::Join, [text, ..]) if is_text(text) => Evaluation::String(to_text(text)),
        (Function::ToJSON, [value]) => Evaluation::String(to_json(value)?),
        (Function::FromJSON, [text]) => from_json(serde_json::from_str(&to_text(text)).ok()?)?,
        _ => return None,
    })
}

fn is_text(value: &Evaluation) -> bool {
    !matches!(value, Evaluation::Array(_) | Evaluation::Object(_))
}

/// The value of a JSON text. `None` if implementations differ: for the number `-0`, and for names that differ only
/// in case.
fn from_json(json: serde_json::Value) -> Option<Evaluation> {
    Some(match json {
        serde_json::Value::Array(items) => {
            Evaluation::Array(items.into_iter().map(from_json).collect::<Option<Vec<_>>>()?)
        }
        serde_json::Value::Object(fields) => {
            let names: BTreeSet<String> = fields.keys().map(|name| folded(name)).collect();
            if names.len() < fields.len() {
                return None;
            }
            let fields = fields.into_iter().map(|(name, value)| Some((name, from_json(value)?)));
            Evaluation::Object(fields.collect::<Option<_>>()?)
        }
        scalar => match Evaluation::try_from(scalar).ok()? {
            Evaluation::Number(number) if is_negative_zero(number) => return None,
            scalar => scalar,
        },
    })
}

/// The JSON of a value, which a forge writes on several lines. `None` for an object of several fields,
/// because their order is not kept, and for what implementations write in different ways.
fn to_json(value: &Evaluation) -> Option<String> {
    let item = |value: &Evaluation| if is_text(value) { to_json(value) } else { None };
    Some(match value {
        Evaluation::Null => "null".to_owned(),
        Evaluation::Boolean(value) => value.to_string(),
        Evaluation::Number(_) => {
            Some(to_text(value)).filter(|text| text.bytes().all(|byte| b"-.0123456789".contains(&byte)))?
        }
        Evaluation::String(text) => {
            let is_escaped_by_some = |sign: char| matches!(sign, '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}');
            Some(text).filter(|text| !text.contains(is_escaped_by_some))?;
            serde_json::to_string(text).ok()?
        }
        Evaluation::Array(items) if items.is_empty() => "[]".to_owned(),
        Evaluation::Array(items) => {
            let items = items.iter().map(item).collect::<Option<Vec<_>>>()?;
            format!("[\n  {}\n]", items.join(",\n  "))
        }
        Evaluation::Object(fields) => match fields.iter().next() {
            None => "{}".to_owned(),
            Some((name, value)) if fields.len() == 1 => {
                let name = to_json(&Evaluation::String(name.clone()))?;
                format!("{{\n  {name}: {}\n}}", item(value)?)
            }
            Some(_) => return None,
        },
    })
}

fn format_value(arguments: &[Value]) -> Option<Value> {
    let one = |row: &[Evaluation]| {
        let known: Vec<Value> = row.iter().cloned().map(Value::known).collect();
        format_pieces(&known)?.single().cloned()
    };
    for_combinations(arguments, one).or_else(|| format_pieces(arguments))
}

/// Evaluates `format` piece by piece: literal parts are known even if arguments are not.
fn format_pieces(arguments: &[Value]) -> Option<Value> {
    let (template, rest) = arguments.split_first()?;
    let template = to_text(template.single()?);
    let mut text = Text::empty();
    let mut signs = template.chars().peekable();
    let mut literal = String::new();
    while let Some(sign) = signs.next() {
        match (sign, signs.peek()) {
            ('{', Some('{')) | ('}', Some('}')) => {
                signs.next();
                literal.push(sign);
            }
            ('{', _) => {
                let index: String = std::iter::from_fn(|| signs.next_if(char::is_ascii_digit)).collect();
                signs.next_if_eq(&'}')?;
                let argument = rest.get(index.parse::<usize>().ok()?)?;
                let before = Text::known(std::mem::take(&mut literal));
                text = text.followed_by(before).followed_by(argument.clone().into_text());
            }
            ('}', _) => return None,
            _ => literal.push(sign),
        }
    }
    Some(text.followed_by(Text::known(literal)).into_value())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed;

    impl Contexts for Fixed {
        fn look_up(&self, path: &[String]) -> Value {
            match path.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
                ["inputs", "runtime"] => Value::known(Evaluation::String("hermes".into())),
                ["inputs", "flag"] => Value::known(Evaluation::Boolean(false)),
                ["inputs", ..] => Value::known(Evaluation::Null),
                ["secrets", name] => Value::non_empty(format!("secret `{name}`")),
                _ => Value::unknown(format!("`{}`", path.join("."))),
            }
        }
    }

    fn shown(template: &str) -> String {
        match text(template, &Fixed).values {
            AbstractValue::OneOf(texts) => texts.join("|"),
            AbstractValue::WithSecret | AbstractValue::NonEmpty => "(set)".into(),
            AbstractValue::Any => "(anything)".into(),
        }
    }

    #[test]
    fn templates_have_expected_values() {
        for (template, expected) in [
            ("plain", "plain"),
            ("${{ inputs.runtime }}", "hermes"),
            ("a-${{ inputs.runtime }}-b", "a-hermes-b"),
            ("${{ inputs.none || 'x' }}", "x"),
            ("${{ inputs.flag && 'x' || 'y' }}", "y"),
            ("${{ inputs.flag }}", "false"),
            ("${{ !inputs.flag }}", "true"),
            ("${{ github.ref == 'refs/heads/main' && 'a' || 'b' }}", "a|b"),
            ("${{ vars.x && 'a' || 'b' }}", "a|b"),
            ("${{ vars.x && 'a' }}", "|false|0|a"),
            ("${{ vars.x || 'a' }}", "(set)"),
            ("${{ secrets.KEY }}", "(set)"),
            ("${{ secrets.KEY || 'a' }}", "(set)"),
            ("${{ secrets.KEY && 'a' }}", "a"),
            ("${{ secrets.KEY != '' && 'a' || 'b' }}", "a"),
            ("${{ secrets.KEY == 'v' }}", "true|false"),
            ("${{ vars.x }}", "(anything)"),
            ("m/${{ vars.x }}", "(set)"),
            ("${{ format('{0}-{{{1}}}', inputs.runtime, 3.10) }}", "hermes-{3.1}"),
            ("${{ format('{0}', vars.x) }}", "(anything)"),
            ("${{ format('m{0}', vars.x) }}", "(set)"),
            ("${{ format('{9}', 1) }}", "(anything)"),
            ("${{ contains('Hermes', 'HER') }}", "true"),
            ("${{ startsWith(inputs.runtime, 'her') && endsWith(inputs.runtime, 'es') }}", "true"),
            ("${{ contains(fromJSON('[\"a\",\"b\"]'), 'b') }}", "true"),
            ("${{ fromJSON('{\"a\":{\"B\":7}}').A.b }}", "7"),
            ("${{ contains(fromJSON('{}'), 'a') }}", "(anything)"),
            ("${{ join(fromJSON('[1,2]'), '-') }}", "1-2"),
            ("${{ case(vars.x, 'a', inputs.flag, 'b', 'c') }}", "a|c"),
            ("${{ case('true', 'a', 'b') }}", "(anything)"),
            ("${{ case(inputs.none, 'a', true, 'b', 'c') }}", "(anything)"),
            ("${{ case(vars.x == 'y', 'a', 1, 'b', 'c') }}", "(anything)"),
            ("${{ case(true, 'a', 1, 'b', 'c') }}", "a"),
            ("${{ 'STRASSE' == 'straße' }}", "false"),
            ("${{ 'ı' == 'I' }} ${{ contains('ı', 'i') }} ${{ 'ſ' == 's' }}", "false false false"),
            ("${{ 'É' == 'é' }} ${{ startsWith('Éa', 'é') }}", "true true"),
            ("${{ toJSON('a\"b') }} ${{ toJSON(7) }} ${{ toJSON(inputs.none) }}", "\"a\\\"b\" 7 null"),
            ("${{ toJSON(fromJSON('[1,\"a\"]')) }}", "[\n  1,\n  \"a\"\n]"),
            ("${{ toJSON(fromJSON('{\"a\":1,\"b\":2}')) }}", "(anything)"),
            ("${{ toJSON(vars.x) }}", "(anything)"),
            ("${{ 'it''s }} here' }}", "it's }} here"),
            ("${{ INPUTS.RUNTIME == 'HERMES' }}", "false"),
            ("${{ 1 < 2 && 'x' }}", "x"),
            ("${{ nonsense( }}", "(anything)"),
            ("${{ inputs.runtime", "(anything)"),
            ("", ""),
        ] {
            assert_eq!(shown(template), expected, "{template}");
        }
    }

    #[test]
    fn variables_with_a_literal_default_are_found() {
        for (template, expected) in [
            ("${{ vars.A || 'x' }}", "A"),
            ("a-${{ vars.a || vars['B'] || 'x' }} ${{ vars.C }}", "B a"),
            ("${{ inputs.i || vars.A || matrix.m || 'x' }}", "A"),
            ("${{ format('{0}', vars.A || 'x') }}", "A"),
            ("${{ (vars.A || 'x') == 'x' && 'y' }}", "A"),
            ("${{ vars.A || '' }}", ""),
            ("${{ vars.A || 1 }}", ""),
            ("${{ vars.A && 'x' || 'y' }}", "A"),
            ("${{ !vars.A && 'x' || vars.A }}", "A"),
            ("${{ vars.A != '' && vars.A || 'x' }}", "A"),
            ("${{ inputs.i && vars.A || 'x' }}", "A"),
            ("${{ case(vars.A != '', vars.A, 'x') }}", "A"),
            ("${{ vars.A && vars.B }}", ""),
            ("${{ case(vars.A != '', vars.A, '') }}", ""),
            ("${{ vars.A == 'x' || 'y' }}", ""),
            ("${{ 'x' || vars.A }}", ""),
            ("${{ secrets.A || 'x' }} vars.A || 'x'", ""),
        ] {
            let found: Vec<String> = vars_with_default(template).into_iter().collect();
            assert_eq!(found.join(" "), expected, "{template}");
        }
    }

    #[test]
    fn comparisons_with_texts_are_found() {
        for (template, expected) in [
            ("${{ inputs.A == 'x' && 'y' || 'z' }}", "inputs.A=x"),
            ("${{ 'x' != github.event.inputs.a }}-${{ inputs['b'] == 'y' }}", "inputs.a=x inputs.b=y"),
            ("${{ format('{0}', !(inputs.a == 'x' || inputs.a == 'y')) }}", "inputs.a=x inputs.a=y"),
            ("${{ case(inputs.a == 'x', 'y', 'z') }}", "inputs.a=x"),
            ("${{ contains(fromJSON('[\"x\", \"y\"]'), inputs.a) }}", "inputs.a=x inputs.a=y"),
            ("${{ startsWith(inputs.a, 'x') || endsWith(inputs.a, 'y') }}", "inputs.a~x inputs.a~y"),
            ("${{ contains('a b', inputs.a) || contains(inputs.b, 'x') }}", "inputs.a~a b inputs.b~x"),
            ("${{ inputs.a == 1 || inputs.a == format('x{0}', 'y') }}", "inputs.a=1 inputs.a=xy"),
            ("${{ fromJSON('{\"y\": 1, \"x\": 2}')[inputs.a] }}", "inputs.a=x inputs.a=y"),
            ("${{ env.A == 'x' || matrix.b == 'y' }}", "env.A=x matrix.b=y"),
            ("${{ inputs.a == '' || inputs.a == inputs.b || inputs.a < 'x' || github.ref == 'x' }}", ""),
            ("inputs.a == 'x'", ""),
        ] {
            let found = comparisons(template);
            let sign = |it: &Comparison| if it.is_part { '~' } else { '=' };
            let shown = found.iter().map(|it| format!("{}.{}{}{}", it.context, it.name, sign(it), it.text));
            assert_eq!(shown.collect::<Vec<_>>().join(" "), expected, "{template}");
        }
        assert_eq!(comparisons_of("inputs.a == 'x'").len(), 1);
    }

    #[test]
    fn hostile_expressions_are_unknown() {
        for hostile in
            ["(".repeat(30_000), "a||".repeat(6_000) + "a", "!".repeat(10_000) + "a", "a.".repeat(9_000) + "b"]
        {
            assert_eq!(shown(&format!("${{{{ {hostile} }}}}")), "(anything)");
        }
        assert_eq!(shown(&format!("${{{{ {}vars.x }}}}", "!".repeat(45))), "true|false");
    }

    #[test]
    fn conditions_may_omit_braces() {
        assert_eq!(condition("inputs.flag", &Fixed), !Tristate::ALWAYS);
        assert_eq!(condition("${{ !inputs.flag }}", &Fixed), Tristate::ALWAYS);
        assert_eq!(condition("${{ success() }}", &Fixed), Tristate::ALWAYS);
        assert_eq!(condition("always() && inputs.runtime == 'hermes'", &Fixed), Tristate::ALWAYS);
        assert_eq!(condition("github.ref == 'x'", &Fixed), Tristate { can_be_true: true, can_be_false: true });
    }

    #[test]
    fn status_decides_the_condition_of_a_step() {
        // In a job in which no step has failed, in one in which a step has, and in one that was cancelled.
        for (text, expected) in [
            ("success()", [true, false, false]),
            ("failure()", [false, true, false]),
            ("cancelled()", [false, false, true]),
            ("always()", [true, true, true]),
            ("'x' == 'x'", [true, false, false]),
            ("! success()", [false, true, true]),
            ("success() == false", [false, true, true]),
            ("${{ !(Failure( )) }}", [true, false, true]),
            ("!cancelled() && !success()", [false, true, false]),
            ("'x' == 'y' || failure()", [false, true, false]),
            ("contains('failure()', 'f')", [true, false, false]),
            ("job.status == 'failure' && always()", [false, true, false]),
            ("a ${{ failure() }}", [true, true, true]),
        ] {
            let holds = [JobStatus::Success, JobStatus::Failure, JobStatus::Cancelled].map(|status| {
                let holds = condition_of_step(text, &InStatus { job: &Fixed, status });
                assert_ne!(holds, Tristate::UNKNOWN, "{text}");
                holds.can_be_true
            });
            assert_eq!(holds, expected, "{text}");
        }
    }

    #[test]
    fn condition_with_text_around_is_always_true() {
        for (text, expected, is_template) in [
            ("${{ inputs.flag }}\n", Tristate::ALWAYS, true),
            (" ${{ inputs.flag }}", Tristate::ALWAYS, true),
            ("!${{ inputs.runtime }}", Tristate::ALWAYS, true),
            ("${{ inputs.flag }} && ${{ inputs.flag }}", Tristate::ALWAYS, true),
            ("${{ github.ref == 'x' }}\n", Tristate::ALWAYS, true),
            ("${{ success() }}\n", Tristate::ALWAYS, true),
            ("${{ inputs.flag }}", Tristate::NEVER, false),
            ("inputs.flag\n", Tristate::NEVER, false),
            ("${{ inputs.none }}${{ inputs.none }}", Tristate::NEVER, false),
            ("${{ inputs.none }}${{ vars.x }}", Tristate::UNKNOWN, false),
            ("x ${{ inputs.flag", Tristate::ALWAYS, false),
        ] {
            assert_eq!((condition(text, &Fixed), has_text_around(text)), (expected, is_template), "{text:?}");
        }
        assert_eq!(typed("${{ inputs.flag }}", &Fixed), Value::known(Evaluation::Boolean(false)));
        assert_eq!(typed("${{ inputs.flag }}\n", &Fixed), Value::known(Evaluation::String("false\n".into())));
    }

    #[test]
    fn references_in_all_positions_are_found() {
        let found = references("${{ github.event.inputs['a'] || inputs.b && env.C }} ${{ matrix[inputs.d] }}");
        let names: Vec<String> =
            found.iter().map(|(root, name)| format!("{root}.{}", name.as_deref().unwrap_or("?"))).collect();
        assert_eq!(names, ["env.C", "inputs.a", "inputs.b", "inputs.d", "matrix.?"]);
    }
}
