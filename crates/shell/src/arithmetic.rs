//! Arithmetic of bash: the syntax of expressions, and calculations with sets of numbers.

use std::collections::BTreeSet;

use slug_value::{ALTERNATIVES, AbstractValue, Text, Tristate};

/// Maximum depth of parentheses in an expression, and of operators that begin with their right operand.
const MAX_DEPTH: usize = 64;

/// Maximum number of operators between operands in an expression.
const MAX_OPERATORS: usize = 256;

/// The first of the characters that stand for values in the text of an expression: the first private-use plane, which
/// scripts do not use.
const FIRST_MARK: u32 = 0xF_0000;

/// The character after the last mark.
const END_OF_MARKS: u32 = 0xF_F000;

/// The possible values of an expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Numbers {
    /// One of these numbers: at least one and at most [`ALTERNATIVES`].
    OneOf(BTreeSet<i64>),
    /// Any number.
    Unknown,
}

impl Numbers {
    /// Exactly this number.
    pub fn known(number: i64) -> Self {
        Self::OneOf(BTreeSet::from([number]))
    }

    /// One of these numbers; any number if there are none or too many.
    fn one_of(numbers: impl IntoIterator<Item = i64>) -> Self {
        let mut values = BTreeSet::new();
        for number in numbers {
            values.insert(number);
            if values.len() > ALTERNATIVES {
                return Self::Unknown;
            }
        }
        if values.is_empty() { Self::Unknown } else { Self::OneOf(values) }
    }

    /// The number of a condition: 1 if it is true, else 0.
    pub fn of_condition(condition: Tristate) -> Self {
        let (is_true, is_false) = (condition.can_be_true.then_some(1), condition.can_be_false.then_some(0));
        Self::one_of(is_true.into_iter().chain(is_false))
    }

    /// The numbers that the texts are, if all of them are numbers; an empty text is 0.
    pub fn of_text(text: &Text) -> Option<Self> {
        let AbstractValue::OneOf(texts) = &text.values else { return None };
        let number = |text: &String| match text.trim_matches([' ', '\t', '\n']) {
            "" => Some(0),
            text => match text.strip_prefix('-') {
                Some(digits) => constant(digits).ok()??.checked_neg(),
                None => constant(text).ok()?,
            },
        };
        Some(Self::one_of(texts.iter().map(number).collect::<Option<Vec<i64>>>()?))
    }

    /// The texts of the numbers.
    pub fn into_text(self, reason: &str) -> Text {
        match self {
            Self::OneOf(numbers) => {
                Text::one_of(numbers.iter().map(i64::to_string), BTreeSet::from([reason.to_owned()]))
            }
            Self::Unknown => Text::non_empty(reason),
        }
    }

    /// The number, if there is only one.
    pub fn single(&self) -> Option<i64> {
        match self {
            Self::OneOf(numbers) if numbers.len() == 1 => numbers.first().copied(),
            _ => None,
        }
    }

    /// Whether the number is not 0.
    pub fn truth(&self) -> Tristate {
        match self {
            Self::OneOf(numbers) => {
                Tristate { can_be_true: numbers.iter().any(|number| *number != 0), can_be_false: numbers.contains(&0) }
            }
            Self::Unknown => Tristate::UNKNOWN,
        }
    }

    /// The join: a number of `self` or of `other`.
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::OneOf(mine), Self::OneOf(others)) => Self::one_of(mine.into_iter().chain(others)),
            _ => Self::Unknown,
        }
    }

    /// The results of an operator on each number.
    pub fn map(self, operator: impl Fn(i64) -> i64) -> Self {
        match self {
            Self::OneOf(numbers) => Self::one_of(numbers.into_iter().map(operator)),
            Self::Unknown => Self::Unknown,
        }
    }
}

/// A variable or an element of an array in an expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Place {
    /// The name; if a value is a part of it, it has the mark of the value.
    pub name: String,
    /// The text between the brackets.
    pub subscript: Option<String>,
}

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expression {
    Number(i64),
    /// A number that is not known.
    Unknown,
    /// The value with this index.
    Value(usize),
    Read(Place),
    /// `place = expression`, or `place += expression` with an operator.
    Assign(Place, Option<Operator>, Box<Expression>),
    /// `++place` and its relatives: adds a number. The result is the new value if the operator comes first.
    Step {
        place: Place,
        by: i64,
        comes_first: bool,
    },
    Negative(Box<Expression>),
    /// `~expression`
    Complement(Box<Expression>),
    Not(Box<Expression>),
    Calculate(Operator, Box<[Expression; 2]>),
    And(Box<[Expression; 2]>),
    Or(Box<[Expression; 2]>),
    /// `condition ? expression : expression`
    Choose(Box<[Expression; 3]>),
    Sequence(Vec<Expression>),
}

impl Expression {
    /// The names of the variables that the expression reads, if it only reads variables without subscripts and assigns
    /// nothing.
    pub fn names(&self) -> Option<BTreeSet<&str>> {
        let mut names = BTreeSet::new();
        self.add_names(&mut names).then_some(names)
    }

    /// Adds the names that the expression reads; returns false if it may do anything else.
    fn add_names<'e>(&'e self, names: &mut BTreeSet<&'e str>) -> bool {
        match self {
            Self::Number(_) | Self::Unknown | Self::Value(_) => true,
            Self::Read(Place { name, subscript: None }) => {
                names.insert(name);
                true
            }
            Self::Read(_) | Self::Assign(..) | Self::Step { .. } => false,
            Self::Negative(part) | Self::Complement(part) | Self::Not(part) => part.add_names(names),
            Self::Calculate(_, parts) | Self::And(parts) | Self::Or(parts) => {
                parts.iter().all(|part| part.add_names(names))
            }
            Self::Choose(parts) => parts.iter().all(|part| part.add_names(names)),
            Self::Sequence(parts) => parts.iter().all(|part| part.add_names(names)),
        }
    }

    /// The variable that the expression reads; a value may be the name of one.
    fn into_place(self) -> Option<Place> {
        match self {
            Self::Read(place) => Some(place),
            Self::Value(index) => {
                let mark = char::from_u32(FIRST_MARK + u32::try_from(index).ok()?)?;
                Some(Place { name: mark.to_string(), subscript: None })
            }
            _ => None,
        }
    }
}

/// An operator with two operands that are always evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    BitOr,
    BitXor,
    BitAnd,
    Equal,
    NotEqual,
    LessOrEqual,
    GreaterOrEqual,
    Less,
    Greater,
    ShiftLeft,
    ShiftRight,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Power,
}

/// The operators by precedence, the weakest first; an operator comes before its prefixes. `**` is stronger.
const LEVELS: [&[(&str, Operator)]; 8] = [
    &[("|", Operator::BitOr)],
    &[("^", Operator::BitXor)],
    &[("&", Operator::BitAnd)],
    &[("==", Operator::Equal), ("!=", Operator::NotEqual)],
    &[("<=", Operator::LessOrEqual), (">=", Operator::GreaterOrEqual), ("<", Operator::Less), (">", Operator::Greater)],
    &[("<<", Operator::ShiftLeft), (">>", Operator::ShiftRight)],
    &[("+", Operator::Add), ("-", Operator::Subtract)],
    &[("*", Operator::Multiply), ("/", Operator::Divide), ("%", Operator::Remainder)],
];

/// The operators of assignments.
const ASSIGNMENTS: [(&str, Option<Operator>); 11] = [
    ("=", None),
    ("*=", Some(Operator::Multiply)),
    ("/=", Some(Operator::Divide)),
    ("%=", Some(Operator::Remainder)),
    ("+=", Some(Operator::Add)),
    ("-=", Some(Operator::Subtract)),
    ("<<=", Some(Operator::ShiftLeft)),
    (">>=", Some(Operator::ShiftRight)),
    ("&=", Some(Operator::BitAnd)),
    ("^=", Some(Operator::BitXor)),
    ("|=", Some(Operator::BitOr)),
];

/// All operators between operands, which the longest one that comes next decides.
const SIGNS: [&str; 33] = [
    "<<=", ">>=", "**", "==", "!=", "<=", ">=", "<<", ">>", "&&", "||", "*=", "/=", "%=", "+=", "-=", "&=", "^=", "|=",
    "*", "/", "%", "+", "-", "<", ">", "&", "^", "|", "=", "?", ":", ",",
];

/// The result of an operator on two numbers.
enum Applied {
    Number(i64),
    /// The result depends on the processor.
    Unknown,
    /// A division by zero or a negative exponent.
    Error,
}

impl Operator {
    fn apply_to(self, a: i64, b: i64) -> Applied {
        let shift = u32::try_from(b).ok().filter(|shift| *shift < i64::BITS);
        Applied::Number(match self {
            Self::BitOr => a | b,
            Self::BitXor => a ^ b,
            Self::BitAnd => a & b,
            Self::Equal => i64::from(a == b),
            Self::NotEqual => i64::from(a != b),
            Self::LessOrEqual => i64::from(a <= b),
            Self::GreaterOrEqual => i64::from(a >= b),
            Self::Less => i64::from(a < b),
            Self::Greater => i64::from(a > b),
            Self::ShiftLeft | Self::ShiftRight => match (self, shift) {
                (_, None) => return Applied::Unknown,
                (Self::ShiftLeft, Some(shift)) => a << shift,
                (_, Some(shift)) => a >> shift,
            },
            Self::Add => a.wrapping_add(b),
            Self::Subtract => a.wrapping_sub(b),
            Self::Multiply => a.wrapping_mul(b),
            Self::Divide | Self::Remainder if b == 0 => return Applied::Error,
            Self::Divide => a.wrapping_div(b),
            Self::Remainder => a.wrapping_rem(b),
            Self::Power if b < 0 => return Applied::Error,
            Self::Power => power(a, b.unsigned_abs()),
        })
    }

    fn is_comparison(self) -> bool {
        use Operator as O;
        matches!(self, O::Equal | O::NotEqual | O::LessOrEqual | O::GreaterOrEqual | O::Less | O::Greater)
    }

    /// Whether some right operand is an error.
    fn has_errors(self) -> bool {
        matches!(self, Self::Divide | Self::Remainder | Self::Power)
    }

    /// The possible results, and whether the operation may be an error; no results if it is one in any case.
    pub fn apply(self, first: &Numbers, second: &Numbers) -> (Option<Numbers>, bool) {
        let (Numbers::OneOf(first), Numbers::OneOf(second)) = (first, second) else {
            let result = if self.is_comparison() { Numbers::of_condition(Tristate::UNKNOWN) } else { Numbers::Unknown };
            let is_safe = |number: &i64| !matches!(self.apply_to(1, *number), Applied::Error);
            let may_fail = match second {
                Numbers::OneOf(numbers) => !numbers.iter().all(is_safe),
                Numbers::Unknown => self.has_errors(),
            };
            return (Some(result), may_fail);
        };
        let (mut numbers, mut may_fail, mut is_known) = (Vec::new(), false, true);
        for (a, b) in first.iter().flat_map(|a| second.iter().map(move |b| (*a, *b))) {
            match self.apply_to(a, b) {
                Applied::Number(number) => numbers.push(number),
                Applied::Unknown => is_known = false,
                Applied::Error => may_fail = true,
            }
        }
        match is_known {
            true if numbers.is_empty() => (None, true),
            true => (Some(Numbers::one_of(numbers)), may_fail),
            false => (Some(Numbers::Unknown), may_fail),
        }
    }
}

/// A power, in time proportional to the length of the exponent.
fn power(base: i64, exponent: u64) -> i64 {
    let (mut base, mut exponent, mut result) = (base, exponent, 1_i64);
    while exponent > 0 {
        if exponent % 2 == 1 {
            result = result.wrapping_mul(base);
        }
        base = base.wrapping_mul(base);
        exponent /= 2;
    }
    result
}

/// The text of an expression after the expansions of the shell. A value that is not a single text is a mark.
#[derive(Clone, Debug, Default)]
pub(super) struct ExpressionText {
    /// The text.
    pub text: String,
    /// The numbers of the marks in the text; `None` for known texts that are not all numbers. An unknown value is
    /// assumed to be a number.
    pub values: Vec<Option<Numbers>>,
}

impl ExpressionText {
    /// Appends a part of the text.
    pub fn push(&mut self, part: &Text) {
        match part.single().filter(|text| !text.contains(is_mark)) {
            Some(text) => self.text.push_str(text),
            None => {
                let index = u32::try_from(self.values.len()).unwrap_or(u32::MAX);
                let mark = FIRST_MARK.saturating_add(index).min(END_OF_MARKS - 1);
                self.text.extend(char::from_u32(mark));
                self.values.push(match &part.values {
                    AbstractValue::OneOf(_) => Numbers::of_text(part).filter(|_| mark + 1 < END_OF_MARKS),
                    _ => Some(Numbers::Unknown),
                });
            }
        }
    }

    /// The number of a mark; `None` if the value may not be a number.
    pub fn value(&self, index: usize) -> Option<Numbers> {
        let is_last = index + 1 >= (END_OF_MARKS - FIRST_MARK) as usize;
        self.values.get(index).filter(|_| !is_last).cloned().flatten()
    }
}

/// Whether a character stands for a value.
fn is_mark(character: char) -> bool {
    (FIRST_MARK..END_OF_MARKS).contains(&u32::from(character))
}

/// Whether an expression with this text may assign a variable or run a command.
pub(super) fn may_assign(text: &str) -> bool {
    ["=", "[", "++", "--"].iter().any(|sign| text.contains(sign))
}

/// Why a text is not an expression.
#[derive(Debug, PartialEq)]
pub(super) struct SyntaxError;

type Result<T> = std::result::Result<T, SyntaxError>;

/// Reads an expression. An empty text is 0.
pub(super) fn parse(text: &str) -> Result<Expression> {
    let mut parser = Parser { rest: text, depth: 0, operators: 0, ends_with_name: false };
    parser.skip_blanks();
    if parser.rest.is_empty() {
        return Ok(Expression::Number(0));
    }
    let expression = parser.sequence()?;
    if parser.rest.is_empty() { Ok(expression) } else { Err(SyntaxError) }
}

/// Reads an expression. The rest never begins with a blank.
struct Parser<'t> {
    rest: &'t str,
    depth: usize,
    /// The number of operators between operands so far.
    operators: usize,
    /// Whether the last token was a name, so that an assignment may follow.
    ends_with_name: bool,
}

impl<'t> Parser<'t> {
    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n']);
    }

    /// Skips bytes and the blanks after them.
    fn skip(&mut self, bytes: usize) {
        self.rest = &self.rest[bytes..];
        self.skip_blanks();
    }

    /// The operator between operands that comes next.
    fn sign(&self) -> Option<&'static str> {
        SIGNS.into_iter().find(|sign| self.rest.starts_with(sign))
    }

    /// Skips an operator if it comes next; returns whether it did.
    fn eat(&mut self, sign: &str) -> bool {
        let comes_next = self.sign() == Some(sign);
        if comes_next {
            self.skip(sign.len());
        }
        comes_next
    }

    /// Joins two operands.
    fn joined(
        &mut self,
        first: Expression,
        second: Expression,
        join: impl FnOnce(Box<[Expression; 2]>) -> Expression,
    ) -> Result<Expression> {
        self.operators += 1;
        if self.operators > MAX_OPERATORS { Err(SyntaxError) } else { Ok(join(Box::new([first, second]))) }
    }

    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth == MAX_DEPTH {
            return Err(SyntaxError);
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    fn sequence(&mut self) -> Result<Expression> {
        let mut parts = vec![self.assignment()?];
        while self.eat(",") {
            parts.push(self.assignment()?);
        }
        Ok(match <[Expression; 1]>::try_from(parts) {
            Ok([only]) => only,
            Err(parts) => Expression::Sequence(parts),
        })
    }

    fn assignment(&mut self) -> Result<Expression> {
        let target = self.choice()?;
        let assigned = self.sign().and_then(|sign| ASSIGNMENTS.into_iter().find(|(text, _)| *text == sign));
        let Some((text, operator)) = assigned else { return Ok(target) };
        let place = target.into_place().filter(|_| self.ends_with_name).ok_or(SyntaxError)?;
        self.skip(text.len());
        let value = self.nested(Self::assignment)?;
        Ok(Expression::Assign(place, operator, Box::new(value)))
    }

    fn choice(&mut self) -> Result<Expression> {
        let condition = self.alternatives()?;
        if !self.eat("?") {
            return Ok(condition);
        }
        let first = self.nested(Self::sequence)?;
        if !self.eat(":") {
            return Err(SyntaxError);
        }
        let second = self.nested(Self::choice)?;
        Ok(Expression::Choose(Box::new([condition, first, second])))
    }

    fn alternatives(&mut self) -> Result<Expression> {
        let mut all = self.conjunction()?;
        while self.eat("||") {
            let next = self.conjunction()?;
            all = self.joined(all, next, Expression::Or)?;
        }
        Ok(all)
    }

    fn conjunction(&mut self) -> Result<Expression> {
        let mut all = self.operands(0)?;
        while self.eat("&&") {
            let next = self.operands(0)?;
            all = self.joined(all, next, Expression::And)?;
        }
        Ok(all)
    }

    /// Reads operands that operators of at least this precedence join.
    fn operands(&mut self, level: usize) -> Result<Expression> {
        let Some(operators) = LEVELS.get(level) else { return self.power() };
        let mut all = self.operands(level + 1)?;
        loop {
            // `5 ++x` is an error, but `5--3` is 8.
            let steps = self.rest.starts_with("++") || self.rest.starts_with("--");
            if steps && self.rest[2..].trim_start_matches([' ', '\t', '\n']).starts_with(starts_name) {
                return Err(SyntaxError);
            }
            let found = self.sign().and_then(|sign| operators.iter().find(|(text, _)| *text == sign));
            let Some((text, operator)) = found else { return Ok(all) };
            self.skip(text.len());
            let next = self.operands(level + 1)?;
            all = self.joined(all, next, |both| Expression::Calculate(*operator, both))?;
        }
    }

    fn power(&mut self) -> Result<Expression> {
        let base = self.operand()?;
        if !self.eat("**") {
            return Ok(base);
        }
        let exponent = self.nested(Self::power)?;
        Ok(Expression::Calculate(Operator::Power, Box::new([base, exponent])))
    }

    /// Reads an operand with the operators before and after it.
    fn operand(&mut self) -> Result<Expression> {
        let first = self.rest.chars().next().ok_or(SyntaxError)?;
        let by = if first == '+' { 1 } else { -1 };
        let is_step = matches!(first, '+' | '-') && self.rest[1..].starts_with(first);
        if is_step && self.rest[2..].trim_start_matches([' ', '\t', '\n']).starts_with(starts_name) {
            self.skip(2);
            let place = self.name()?.into_place().ok_or(SyntaxError)?;
            self.ends_with_name = false;
            return Ok(Expression::Step { place, by, comes_first: true });
        }
        match first {
            '!' | '~' | '-' | '+' if !self.rest.starts_with("!=") => {
                self.skip(1);
                let operand = Box::new(self.nested(Self::operand)?);
                self.ends_with_name = false;
                Ok(match first {
                    '!' => Expression::Not(operand),
                    '~' => Expression::Complement(operand),
                    '-' => Expression::Negative(operand),
                    _ => *operand,
                })
            }
            '(' => {
                self.skip(1);
                let inside = self.nested(Self::sequence)?;
                if !self.rest.starts_with(')') {
                    return Err(SyntaxError);
                }
                self.skip(1);
                self.ends_with_name = false;
                Ok(inside)
            }
            '0'..='9' => {
                let length = self.rest.find(|c| !is_in_number(c)).unwrap_or(self.rest.len());
                let digits = &self.rest[..length];
                self.skip(length);
                self.ends_with_name = false;
                let number = if digits.contains(is_mark) { None } else { constant(digits)? };
                Ok(number.map_or(Expression::Unknown, Expression::Number))
            }
            _ if starts_name(first) => self.name_and_steps(),
            _ => Err(SyntaxError),
        }
    }

    /// Reads a name and `++` or `--` after it.
    fn name_and_steps(&mut self) -> Result<Expression> {
        let name = self.name()?;
        self.ends_with_name = true;
        let by = match &self.rest {
            rest if rest.starts_with("++") => 1,
            rest if rest.starts_with("--") => -1,
            _ => return Ok(name),
        };
        self.skip(2);
        self.ends_with_name = false;
        let place = name.into_place().ok_or(SyntaxError)?;
        Ok(Expression::Step { place, by, comes_first: false })
    }

    /// Reads the name of a variable and its subscript, or a mark.
    fn name(&mut self) -> Result<Expression> {
        let length = self.rest.find(|c| !is_in_name(c)).unwrap_or(self.rest.len());
        let name = &self.rest[..length];
        let after = &self.rest[length..];
        if !after.starts_with('[') {
            self.skip(length);
            let mut characters = name.chars();
            return Ok(match (characters.next().filter(|first| is_mark(*first)), characters.next()) {
                (Some(mark), None) => Expression::Value((u32::from(mark) - FIRST_MARK) as usize),
                _ => Expression::Read(Place { name: name.to_owned(), subscript: None }),
            });
        }
        let end = end_of_subscript(after).ok_or(SyntaxError)?;
        let place = Place { name: name.to_owned(), subscript: Some(after[1..end].to_owned()) };
        self.skip(length + end + 1);
        Ok(Expression::Read(place))
    }
}

/// The byte of the bracket that closes the one at the start of a text.
fn end_of_subscript(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, character) in text.char_indices() {
        match character {
            '[' => depth += 1,
            ']' if depth == 1 => return Some(at),
            ']' => depth -= 1,
            _ => {}
        }
    }
    None
}

fn starts_name(character: char) -> bool {
    character == '_' || character.is_ascii_alphabetic() || is_mark(character)
}

fn is_in_name(character: char) -> bool {
    starts_name(character) || character.is_ascii_digit()
}

fn is_in_number(character: char) -> bool {
    is_in_name(character) || matches!(character, '#' | '@')
}

/// The number that digits stand for, such as `12`, `010`, `0x1f` and `2#101`; `None` if it is too large, which shells
/// treat differently.
fn constant(text: &str) -> Result<Option<i64>> {
    let (base, digits) = match text.split_once('#') {
        Some((base, digits)) => {
            let is_plain = !base.starts_with('0') && base.bytes().all(|byte| byte.is_ascii_digit());
            let base = base.parse::<u32>().ok().filter(|base| is_plain && (2..=64).contains(base));
            (base.ok_or(SyntaxError)?, digits)
        }
        None => match text.strip_prefix(['0']) {
            Some(rest) if rest.starts_with(['x', 'X']) => (16, &rest[1..]),
            Some("") => (10, text),
            Some(rest) => (8, rest),
            None => (10, text),
        },
    };
    if digits.is_empty() {
        return Err(SyntaxError);
    }
    let mut number = Some(0_i64);
    for digit in digits.chars() {
        let value = match digit {
            '0'..='9' => u32::from(digit) - u32::from('0'),
            'a'..='z' => u32::from(digit) - u32::from('a') + 10,
            'A'..='Z' if base <= 36 => u32::from(digit) - u32::from('A') + 10,
            'A'..='Z' => u32::from(digit) - u32::from('A') + 36,
            '@' => 62,
            '_' => 63,
            _ => return Err(SyntaxError),
        };
        if value >= base {
            return Err(SyntaxError);
        }
        number = number.and_then(|number| number.checked_mul(i64::from(base))?.checked_add(i64::from(value)));
    }
    Ok(number)
}
