//! The patterns of bash: `*`, `?` and `[…]`, without extended ones such as `@(a|b)`.

/// A pattern of bash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    tokens: Vec<Token>,
}

/// Where a match stands: the tokens that can come next, sorted.
pub(crate) type Position = Vec<usize>;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    /// This character.
    One(char),
    /// `?`: any character.
    Any,
    /// `*`: any text.
    Star,
    /// `[…]`
    Set(Set),
}

/// The characters of `[…]`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Set {
    is_negated: bool,
    ranges: Vec<(char, char)>,
    /// The text between the brackets, as written.
    text: String,
}

impl Set {
    fn contains(&self, character: char) -> bool {
        self.ranges.iter().any(|(first, last)| (*first..=*last).contains(&character)) != self.is_negated
    }
}

/// The named sets of ASCII characters.
const NAMED: [(&str, &[(char, char)]); 7] = [
    ("alpha", &[('A', 'Z'), ('a', 'z')]),
    ("digit", &[('0', '9')]),
    ("alnum", &[('A', 'Z'), ('a', 'z'), ('0', '9')]),
    ("upper", &[('A', 'Z')]),
    ("lower", &[('a', 'z')]),
    ("blank", &[(' ', ' '), ('\t', '\t')]),
    ("space", &[(' ', ' '), ('\t', '\r')]),
];

/// The text as a pattern that matches it alone.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '*' | '?' | '[' | ']' | '\\' | '(' | ')' | '|') {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

impl Pattern {
    /// Reads a pattern; `None` if it is an extended one or has a set that is not supported.
    #[must_use]
    pub fn parse(source: &str) -> Option<Self> {
        let characters: Vec<char> = source.chars().collect();
        let mut tokens = Vec::new();
        let mut at = 0;
        while let Some(character) = characters.get(at) {
            at += 1;
            let is_extended = matches!(character, '?' | '*' | '+' | '@' | '!') && characters.get(at) == Some(&'(');
            match character {
                _ if is_extended => return None,
                '\\' => {
                    tokens.push(Token::One(characters.get(at).copied().unwrap_or('\\')));
                    at += 1;
                }
                '*' if tokens.last() == Some(&Token::Star) => {}
                '*' => tokens.push(Token::Star),
                '?' => tokens.push(Token::Any),
                '[' => match set(&characters[at..]) {
                    Some((set, length)) => {
                        tokens.push(Token::Set(set?));
                        at += length;
                    }
                    None => tokens.push(Token::One('[')),
                },
                other => tokens.push(Token::One(*other)),
            }
        }
        Some(Self { tokens })
    }

    /// The only text that the pattern matches, if it has no wildcard.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        let one = |token: &Token| if let Token::One(character) = token { Some(*character) } else { None };
        self.tokens.iter().map(one).collect()
    }

    /// Whether the pattern is `*`.
    #[must_use]
    pub fn matches_all(&self) -> bool {
        self.tokens == [Token::Star]
    }

    /// Whether the pattern matches a whole text.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let end = text.chars().fold(self.start(), |position, next| self.after(&position, next));
        self.accepts(&end)
    }

    /// The pattern as bash reads it.
    #[must_use]
    pub fn source(&self) -> String {
        let mut source = String::new();
        for token in &self.tokens {
            match token {
                Token::One(character) => source.push_str(&escape(character.encode_utf8(&mut [0; 4]))),
                Token::Any => source.push('?'),
                Token::Star => source.push('*'),
                Token::Set(set) => source.push_str(&format!("[{}]", set.text)),
            }
        }
        source
    }

    /// The characters that the pattern names, and one inside and one outside of each range.
    pub(crate) fn characters(&self) -> Vec<char> {
        let mut characters = Vec::new();
        for token in &self.tokens {
            match token {
                Token::One(character) => characters.push(*character),
                Token::Set(set) => {
                    for (first, last) in &set.ranges {
                        characters.extend([*first, *last]);
                        let beside = [u32::from(*first).checked_sub(1), u32::from(*last).checked_add(1)];
                        characters.extend(beside.into_iter().flatten().filter_map(char::from_u32));
                    }
                }
                Token::Any | Token::Star => {}
            }
        }
        characters.retain(|character| !character.is_control());
        characters
    }

    /// The position before the first character.
    pub(crate) fn start(&self) -> Position {
        self.closure([0].into())
    }

    /// The position after one more character.
    pub(crate) fn after(&self, position: &Position, character: char) -> Position {
        self.closure(self.step(position, character))
    }

    /// Whether the pattern matches the text up to this position.
    pub(crate) fn accepts(&self, position: &Position) -> bool {
        position.contains(&self.tokens.len())
    }

    /// The constant pieces between wildcards.
    #[must_use]
    pub fn literals(&self) -> Vec<String> {
        let mut literals = vec![String::new()];
        for token in &self.tokens {
            match token {
                Token::One(character) => literals.last_mut().expect("there is one").push(*character),
                _ => literals.push(String::new()),
            }
        }
        literals.retain(|literal| !literal.is_empty());
        literals
    }

    /// The pattern that each gap of a text must match so that the whole text can match: the text is `parts`, in which
    /// `None` is a gap. The text matches if and only if its gaps match one of the combinations that these
    /// patterns form. Empty if no text of this form matches. A gap can contain the constant parts: in
    /// `$A:$B`, which is compared with `on:*`, a value of `A` can be `on:x`.
    #[must_use]
    pub fn gaps(&self, parts: &[Option<&str>]) -> Vec<Vec<Self>> {
        let step = |states: Vec<usize>, next: char| self.closure(self.step(&states, next));
        let end = self.tokens.len();
        // The states before each part, forwards.
        let mut before = vec![self.closure([0].into())];
        for part in parts {
            let states = &before[before.len() - 1];
            let next = match part {
                Some(text) => text.chars().fold(states.clone(), step),
                None => states.first().map_or_else(Vec::new, |first| (*first..=end).collect()),
            };
            before.push(next);
        }
        // The states of these from which the parts that follow can match.
        let mut after: Vec<Vec<usize>> = vec![Vec::new(); parts.len() + 1];
        after[parts.len()] = before[parts.len()].iter().copied().filter(|state| *state == end).collect();
        if after[parts.len()].is_empty() {
            return Vec::new();
        }
        for (index, part) in parts.iter().enumerate().rev() {
            let reaches = |state: usize| {
                let ends = match part {
                    Some(text) => text.chars().fold(self.closure([state].into()), step),
                    None => (state..=end).collect(),
                };
                ends.iter().any(|end| after[index + 1].contains(end))
            };
            after[index] = before[index].iter().copied().filter(|state| reaches(*state)).collect();
        }
        if after[0].is_empty() {
            return Vec::new();
        }
        // What a gap matches from the state after a star, it matches from the state before it.
        let follows_star = |state: usize, states: &[usize]| {
            state > 0 && self.tokens[state - 1] == Token::Star && states.contains(&(state - 1))
        };
        let gaps = parts.iter().enumerate().filter(|(_, part)| part.is_none()).map(|(index, _)| {
            let mut patterns = Vec::new();
            for start in &after[index] {
                if follows_star(*start, &after[index]) {
                    continue;
                }
                for stop in after[index + 1].iter().filter(|stop| *stop >= start) {
                    if *stop > *start && follows_star(*stop, &after[index + 1]) {
                        continue;
                    }
                    let mut tokens = self.tokens[*start..*stop].to_vec();
                    if self.tokens.get(*stop) == Some(&Token::Star) {
                        tokens.push(Token::Star);
                    }
                    let pattern = Self { tokens };
                    if !patterns.contains(&pattern) {
                        patterns.push(pattern);
                    }
                }
            }
            patterns
        });
        gaps.collect()
    }

    /// The states after a character.
    fn step(&self, states: &[usize], character: char) -> Vec<usize> {
        let mut next = Vec::new();
        for state in states {
            match self.tokens.get(*state) {
                Some(Token::Star) => next.push(*state),
                Some(Token::Any) => next.push(state + 1),
                Some(Token::One(one)) if *one == character => next.push(state + 1),
                Some(Token::Set(set)) if set.contains(character) => next.push(state + 1),
                _ => {}
            }
        }
        next
    }

    /// The states, and the states that follow without a character, sorted.
    fn closure(&self, mut states: Vec<usize>) -> Vec<usize> {
        let mut index = 0;
        while let Some(state) = states.get(index).copied() {
            if self.tokens.get(state) == Some(&Token::Star) && !states.contains(&(state + 1)) {
                states.push(state + 1);
            }
            index += 1;
        }
        states.sort_unstable();
        states.dedup();
        states
    }
}

/// Reads the text after `[`; returns the set, `None` if it is not supported, and the length up to and
/// including `]`. `None` if no `]` closes it.
fn set(characters: &[char]) -> Option<(Option<Set>, usize)> {
    let is_negated = matches!(characters.first(), Some('!' | '^'));
    let mut at = usize::from(is_negated);
    let mut ranges = Vec::new();
    let mut is_supported = true;
    let start = at;
    loop {
        let character = *characters.get(at)?;
        if character == ']' && at > start {
            let text = characters[..at].iter().collect();
            return Some((is_supported.then_some(Set { is_negated, ranges, text }), at + 1));
        }
        if character == '[' && matches!(characters.get(at + 1), Some(':' | '.' | '=')) {
            let sign = characters[at + 1];
            let length = characters[at + 2..].windows(2).position(|pair| pair == [sign, ']'])?;
            let name: String = characters[at + 2..at + 2 + length].iter().collect();
            match NAMED.iter().find(|(known, _)| *known == name && sign == ':') {
                Some((_, named)) => ranges.extend_from_slice(named),
                None => is_supported = false,
            }
            at += length + 4;
            continue;
        }
        let one = |at: usize| match characters.get(at)? {
            '\\' => Some((*characters.get(at + 1)?, at + 2)),
            character => Some((*character, at + 1)),
        };
        let (first, next) = one(at)?;
        at = next;
        if characters.get(at) == Some(&'-') && characters.get(at + 1).is_some_and(|next| *next != ']') {
            let (last, next) = one(at + 1)?;
            at = next;
            ranges.push((first, last));
        } else {
            ranges.push((first, first));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(source: &str) -> Pattern {
        Pattern::parse(source).expect("is supported")
    }

    #[test]
    fn matches_follows_bash() {
        let cases = [
            ("plat*", "platform", true),
            ("plat*", "Platform", false),
            ("*", "", true),
            ("?", "", false),
            ("[a-c]x", "bx", true),
            ("[!a-c]x", "bx", false),
            ("[[:digit:]]", "7", true),
            ("[]a]", "]", true),
            ("[", "[", true),
            ("\\*", "*", true),
            ("\\*", "x", false),
            ("*/gpt-*", "openai/gpt-4o", true),
            ("a**b", "ab", true),
        ];
        for (source, text, expected) in cases {
            assert_eq!(pattern(source).matches(text), expected, "{source} {text}");
        }
        assert!(Pattern::parse("@(a|b)").is_none());
        assert!(Pattern::parse("[[.x.]]").is_none());
    }

    #[test]
    fn gaps_split_the_pattern_exactly() {
        let sources = |pattern_source: &str, parts: &[Option<&str>]| -> Vec<Vec<String>> {
            let gaps = pattern(pattern_source).gaps(parts);
            gaps.iter().map(|patterns| patterns.iter().map(Pattern::source).collect()).collect()
        };
        assert_eq!(sources("xplatform", &[Some("x"), None]), [["platform"]]);
        assert_eq!(sources("hermes:own", &[None, Some(":"), None]), [["hermes"], ["own"]]);
        assert_eq!(sources("yplatform", &[Some("x"), None]), Vec::<Vec<String>>::new());
        assert_eq!(sources("hermes:*", &[None, Some(":"), None]), [vec!["hermes", "hermes:*"], vec!["*"]]);
        let texts = ["", "a", "b", "a/", "/b", "a/b", "c"];
        for source in ["a/*", "*/b", "a/b", "*", "?/?", "a*b"] {
            let whole = pattern(source);
            let gaps = whole.gaps(&[None, Some("/"), None]);
            let class = |gap: usize, text: &str| -> Vec<bool> {
                gaps.get(gap).map_or_else(Vec::new, |patterns| patterns.iter().map(|one| one.matches(text)).collect())
            };
            // Texts of the same class match alike.
            for (first, second) in texts.iter().flat_map(|first| texts.map(|second| (*first, second))) {
                for (third, fourth) in texts.iter().flat_map(|third| texts.map(|fourth| (*third, fourth))) {
                    let is_same = class(0, first) == class(0, third) && class(1, second) == class(1, fourth);
                    let is_empty_alike = first.is_empty() == third.is_empty() && second.is_empty() == fourth.is_empty();
                    if is_same && is_empty_alike {
                        let matches = |left: &str, right: &str| whole.matches(&format!("{left}/{right}"));
                        assert_eq!(matches(first, second), matches(third, fourth), "{source}");
                    }
                }
            }
        }
    }
}
