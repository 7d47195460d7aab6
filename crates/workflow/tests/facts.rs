//! Holds the evaluator to a table of facts about the expression language, `expression_facts.md`.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use slug_value::{AbstractValue, Evaluation, Possible, Value};
use slug_workflow::expression::{self, Contexts};

const FACTS: &str = include_str!("expression_facts.md");

/// One line of the table.
struct Fact {
    line: usize,
    section: &'static str,
    expression: &'static str,
    result: &'static str,
}

/// What a fact demands of the evaluator.
enum Demand {
    /// This value and no other.
    Exactly(Evaluation),
    /// No single value; this one, if known, must be possible.
    Undecided(Option<Evaluation>),
    /// No value at all.
    Error,
}

/// The facts of the table in order; the contexts are not among them.
fn facts() -> Vec<Fact> {
    let mut section = "";
    let mut facts = Vec::new();
    for (number, text) in FACTS.lines().enumerate() {
        section = text.strip_prefix("## ").unwrap_or(section);
        if let Some(row) = text.strip_prefix("    ") {
            let line = number + 1;
            let (expression, result) = row.rsplit_once('→').unwrap_or_else(|| panic!("line {line} lacks an arrow"));
            facts.push(Fact { line, section, expression: expression.trim(), result: result.trim() });
        }
    }
    facts
}

/// The contexts of the table: the values at known paths. A context without a value is unknown.
struct Given(BTreeMap<&'static str, Evaluation>);

impl Given {
    /// The contexts and the other facts.
    fn split(facts: Vec<Fact>) -> (Self, Vec<Fact>) {
        let (given, facts): (Vec<Fact>, _) = facts.into_iter().partition(|fact| fact.given().is_some());
        let value = |fact: &Fact| (fact.given().unwrap_or_default(), literal(fact.result).expect("a given is JSON"));
        (Self(given.iter().map(value).collect()), facts)
    }
}

impl Contexts for Given {
    fn look_up(&self, path: &[String]) -> Value {
        let [context, rest @ ..] = path else { return Value::unknown("a path has a context") };
        let below = format!("{context}.");
        let fields: HashMap<String, Evaluation> = self
            .0
            .iter()
            .filter_map(|(name, value)| Some((name.strip_prefix(&below)?.to_owned(), value.clone())))
            .collect();
        match self.0.get(context.as_str()) {
            Some(value) => Value::known(expression::member(value, rest)),
            None if !fields.is_empty() => Value::known(expression::member(&Evaluation::Object(fields), rest)),
            None => Value::unknown(format!("`{}` is not given", path.join("."))),
        }
    }
}

/// The value of a result, read without the evaluator.
fn literal(text: &str) -> Option<Evaluation> {
    if let Some(quoted) = text.strip_prefix('\'') {
        return Some(Evaluation::String(quoted.strip_suffix('\'')?.replace("''", "'")));
    }
    match text {
        "NaN" => Some(Evaluation::Number(f64::NAN)),
        "Infinity" => Some(Evaluation::Number(f64::INFINITY)),
        "-Infinity" => Some(Evaluation::Number(f64::NEG_INFINITY)),
        json => serde_json::from_str::<serde_json::Value>(json).ok()?.try_into().ok(),
    }
}

impl Fact {
    /// The path at which the fact gives a value to the other facts.
    fn given(&self) -> Option<&'static str> {
        self.expression.strip_prefix("given.")
    }

    fn demand(&self) -> Demand {
        let value = |text: &str| literal(text).unwrap_or_else(|| panic!("line {}: `{text}` is not a value", self.line));
        if self.result == "error" {
            return Demand::Error;
        }
        match self.result.split_once("unknown:") {
            None => Demand::Exactly(value(self.result)),
            Some((before, reason)) => {
                assert!(!reason.trim().is_empty(), "line {}: `unknown:` needs a reason", self.line);
                Demand::Undecided(match before.trim() {
                    "" => None,
                    before => Some(value(before.trim_end_matches(';').trim_end())),
                })
            }
        }
    }

    /// The possible values that the evaluator finds.
    fn found(&self, given: &Given) -> Value {
        if let Some(condition) = self.expression.strip_prefix("if: ") {
            let truth = expression::condition(condition, given);
            let possible = [(truth.can_be_true, true), (truth.can_be_false, false)];
            let possible = possible.iter().filter(|(can, _)| *can).map(|(_, value)| Evaluation::Boolean(*value));
            return Value::one_of(possible, BTreeSet::new());
        }
        if self.expression.contains("${{") && !self.expression.starts_with('\'') {
            return expression::text(self.expression, given).into_value();
        }
        expression::value(self.expression, given)
    }

    /// The complaint about a result that differs from the fact.
    fn complaint(&self, given: &Given) -> Option<String> {
        let found = self.found(given);
        let holds = match self.demand() {
            Demand::Exactly(expected) => found.single().is_some_and(|value| is_same(value, &expected)),
            Demand::Error => {
                matches!(found.values, AbstractValue::Any | AbstractValue::NonEmpty | AbstractValue::WithSecret)
            }
            Demand::Undecided(fact) => found.single().is_none() && fact.is_none_or(|fact| can_be(&found, &fact)),
        };
        let Self { line, section, expression, result } = self;
        (!holds).then(|| format!("line {line}: {expression} → {result}, but found {:?} ({section})", found.values))
    }
}

/// Equality of types and values, for which `NaN` is itself and `-0` is not `0`.
fn is_same(one: &Evaluation, other: &Evaluation) -> bool {
    match (one, other) {
        (Evaluation::Number(one), Evaluation::Number(other)) => {
            one.to_bits() == other.to_bits() || one.is_nan() && other.is_nan()
        }
        _ => one == other,
    }
}

fn can_be(possible: &Possible<Evaluation>, value: &Evaluation) -> bool {
    match &possible.values {
        AbstractValue::OneOf(values) => values.iter().any(|other| is_same(other, value)),
        AbstractValue::WithSecret | AbstractValue::NonEmpty => {
            matches!(value, Evaluation::String(text) if !text.is_empty())
        }
        AbstractValue::Any => true,
    }
}

#[test]
fn evaluator_agrees_with_every_fact() {
    let (given, facts) = Given::split(facts());
    let complaints: Vec<String> = facts.iter().filter_map(|fact| fact.complaint(&given)).collect();
    assert!(complaints.is_empty(), "{} facts differ:\n{}", complaints.len(), complaints.join("\n"));
}

const OPERATORS: [&str; 6] = ["==", "!=", "<", "<=", ">", ">="];
const TYPES: [&str; 6] = ["null", "boolean", "number", "string", "array", "object"];

/// The type of a literal, or of a literal in `fromJSON`.
fn type_of(operand: &str) -> Option<&'static str> {
    let json = operand.strip_prefix("fromJSON('").and_then(|rest| rest.strip_suffix("')"));
    match literal(json.unwrap_or(operand))? {
        Evaluation::Null => Some("null"),
        Evaluation::Boolean(_) => Some("boolean"),
        Evaluation::Number(_) => Some("number"),
        Evaluation::String(_) => Some("string"),
        Evaluation::Array(_) => Some("array"),
        Evaluation::Object(_) => Some("object"),
    }
}

/// The comparisons of two literals: types, operator, and result.
fn comparisons(facts: &[Fact]) -> BTreeSet<(&'static str, &'static str, &'static str, bool)> {
    let mut found = BTreeSet::new();
    for fact in facts {
        for operator in OPERATORS {
            if let Some((left, right)) = fact.expression.split_once(&format!(" {operator} "))
                && let (Some(left), Some(right)) = (type_of(left), type_of(right))
                && let Demand::Exactly(Evaluation::Boolean(result)) = fact.demand()
            {
                found.insert((left, operator, right, result));
            }
        }
    }
    found
}

/// Each operator has a row for all pairs of types, and one with each result that some values of the types have.
#[test]
fn comparisons_of_all_types_have_facts() {
    let found = comparisons(&facts());
    // The values of each type as far as comparisons can distinguish them, as numbers; equal strings, too.
    let values = |kind: &str| match kind {
        "null" => vec![0.0],
        "boolean" => vec![0.0, 1.0],
        "array" | "object" => vec![f64::NAN],
        _ => vec![0.0, 1.0, -1.0, f64::NAN],
    };
    for left in TYPES {
        for right in TYPES {
            let both_strings = [left, right] == ["string", "string"];
            for operator in OPERATORS {
                let possible: BTreeSet<bool> = values(left)
                    .iter()
                    .flat_map(|one| values(right).into_iter().map(move |other| (*one, other)))
                    .filter(|(one, other)| !both_strings || !one.is_nan() && !other.is_nan())
                    .map(|(one, other)| match operator {
                        "==" => one == other,
                        "!=" => one != other,
                        "<" => one < other,
                        "<=" => one <= other,
                        ">" => one > other,
                        _ => one >= other,
                    })
                    .collect();
                for result in [true, false] {
                    let has_row = found.contains(&(left, operator, right, result));
                    assert_eq!(has_row, possible.contains(&result), "{left} {operator} {right} is {result}");
                }
            }
        }
    }
}

/// Each function, operator, and section has its number of rows, so that none is lost.
#[test]
fn operators_and_functions_have_facts() {
    let facts = facts();
    let rows = |part: &str| facts.iter().filter(|fact| fact.expression.to_lowercase().contains(part)).count();
    for (part, least) in [
        ("contains(", 40),
        ("startswith(", 20),
        ("endswith(", 20),
        ("format(", 40),
        ("join(", 20),
        ("tojson(", 30),
        ("fromjson(", 60),
        ("case(", 15),
        ("hashfiles(", 2),
        ("success(", 3),
        ("failure(", 3),
        ("cancelled(", 2),
        ("always(", 5),
        ("!", 50),
        (" && ", 20),
        (" || ", 20),
        (".*", 20),
        ("[*]", 1),
        ("[", 40),
        ("${{", 40),
        ("if: ", 25),
        ("0x", 15),
        ("0o", 10),
    ] {
        assert!(rows(part) >= least, "{part} has {} rows", rows(part));
    }
    let mut seen = BTreeMap::new();
    let mut sections = BTreeMap::new();
    for fact in &facts {
        if let Some(earlier) = seen.insert(fact.expression, fact.line) {
            panic!("line {} repeats line {earlier}: {}", fact.line, fact.expression);
        }
        *sections.entry(fact.section).or_insert(0) += 1;
    }
    for (section, rows) in sections {
        assert!(section.is_empty() || section.contains(": ") && section.ends_with('.'), "{section} states its rule");
        assert!(rows > 0);
    }
    assert!(facts.len() > 1000, "{} facts", facts.len());
}
