//! Masking: what looks like a credential, or is known to be one, is not shown.
//!
//! A value is masked whole, never in part, and rather once too often: an id that is
//! masked is a nuisance, a key that is shown has to be revoked.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

use regex_automata::meta::Regex;
use regex_automata::{Anchored, Input};
use serde_json::Value;
use slug_resolver::{Policy, Registry};

use crate::json;

/// What stands in the place of a credential.
pub const MASK: &str = "<masked>";

/// Characters that a value needs to be masked wherever it occurs. A shorter one is a
/// placeholder such as `set`, and would be found inside ordinary words.
const SECRET_CHARS: usize = 6;

/// Bytes of the shortest text in which anything is masked: `pwd=x`.
const SHORTEST: usize = 5;

/// Characters of a token that may be told from a word by how its letters are mixed.
const RANDOM_CHARS: usize = 24;

/// Rounds of masking after which a text has to stay as it is.
const ROUNDS: usize = 4;

/// How well-known credentials begin and what they are made of.
const SHAPES: [&str; 21] = [
    r"sk-[A-Za-z0-9_-]{6,}",
    r"[rsp]k_(?:live|test)_[A-Za-z0-9]{6,}",
    r"gh[opsur]_[A-Za-z0-9]{6,}",
    r"github_pat_[A-Za-z0-9_]{6,}",
    r"gl[a-z]{2,6}-[A-Za-z0-9_-]{16,}",
    r"glpat-[A-Za-z0-9_-]{6,}",
    r"xox[a-z]-[A-Za-z0-9-]{6,}",
    r"xapp-[A-Za-z0-9-]{6,}",
    r"A[KS]IA[A-Z0-9]{12,}",
    r"AIza[A-Za-z0-9_-]{10,}",
    r"ya29\.[A-Za-z0-9_-]{6,}",
    r"eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)*",
    r"(?:hf|gsk|npm|dop_v1|r8)_[A-Za-z0-9]{16,}",
    r"(?:pypi|nvapi|pplx|xai)-[A-Za-z0-9_-]{16,}",
    r"SG\.[A-Za-z0-9_-]{10,}(?:\.[A-Za-z0-9_-]*)*",
    r"AGE-SECRET-KEY-[A-Z0-9]{6,}",
    r"whsec_[A-Za-z0-9]{6,}",
    r"(?:-u|--user)[ =]+[^\s:<>'\x22]+:[^\s<>'\x22]+",
    r"(?i:bearer)[\t ]+[^\s,;<>'\x22]+",
    r"(?i:basic)[\t ]+[A-Za-z0-9+/]{6,}={1,2}",
    r"-----BEGIN [A-Z ]*PRIVATE KEY[A-Z ]*-----(?s:.*?)(?:-----END [A-Z ]*-----|\z)",
];

/// A credential of a known shape, alone or behind what is no letter or digit.
static SHAPED: LazyLock<Regex> = LazyLock::new(|| {
    let shapes = SHAPES.join("|");
    Regex::new(&format!(r"(?:\A|[^A-Za-z0-9]|\\[nrt])({shapes})")).expect("the shapes are patterns")
});

/// User and password of a URL.
static USERINFO: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"://([^\s/?#<>'\x22]+)@").expect("it is a pattern"));

/// A name and what parts it from its value: an equals sign, a colon, or for an option a space.
static NAME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"([A-Za-z0-9_.-]+)(\\?["']?)[\t ]*(=|:)[\t ]*|--([A-Za-z0-9_-]+)()([\t ]+)"#).expect("it is a pattern")
});

/// A run of what tokens are made of.
static TOKEN: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(&format!("[A-Za-z0-9+/=_-]{{{RANDOM_CHARS},}}")).expect("it is a pattern"));

/// Knows what to mask. Has no `Debug`: it holds the values that must not be shown.
pub struct Masker {
    secrets: Vec<String>,
}

impl Masker {
    /// One that masks these values besides whatever looks like a credential.
    ///
    /// A value that is part of a name which registry or policy write down is none:
    /// somebody wrote a word where only presence matters.
    pub fn new<'s>(values: impl IntoIterator<Item = &'s str>, registry: &Registry, policy: &Policy) -> Self {
        let is_public = |value: &str| public_names(registry, policy).any(|name| name.contains(value));
        let mut secrets: Vec<String> = values
            .into_iter()
            .flat_map(|value| value.lines().chain([value]))
            .map(str::trim)
            .filter(|value| value.chars().count() >= SECRET_CHARS && !is_public(value))
            .flat_map(spellings)
            .collect();
        secrets.sort();
        secrets.dedup();
        Self { secrets }
    }

    /// Whether a value is one of those that it was told to mask.
    pub fn knows(&self, value: &str) -> bool {
        self.secrets.iter().any(|secret| secret == value)
    }

    /// The value with everything masked that must not be shown, in keys as well.
    pub fn value(&self, value: &Value) -> Value {
        self.under(value, Place::Open, Strings::MayHoldJson)
    }

    /// The text with everything masked that must not be shown.
    pub fn text(&self, text: &str) -> String {
        if text.len() < SHORTEST { text.to_owned() } else { until_it_stays(text, |text| self.round(text)) }
    }

    /// The same of a string of a record, which may hold JSON: errors are often passed on like that.
    fn string(&self, text: &str) -> String {
        let masked = self.text(text);
        if !text.trim_start().starts_with(['{', '[']) {
            return masked;
        }
        until_it_stays(&masked, |text| match json::read(text.as_bytes()) {
            Err(_) => self.text(text),
            Ok(inner) => match self.under(&inner, Place::Open, Strings::AreText) {
                masked if masked == inner => self.text(text),
                masked => self.text(&masked.to_string()),
            },
        })
    }

    fn under(&self, value: &Value, place: Place, strings: Strings) -> Value {
        match value {
            Value::Null | Value::Bool(_) => value.clone(),
            Value::String(text) => Value::String(match place {
                _ if text.is_empty() => String::new(),
                Place::Secret => MASK.to_owned(),
                Place::ListOfSecrets if !is_variable_name(text) => MASK.to_owned(),
                Place::ListOfSecrets | Place::Open if strings == Strings::MayHoldJson => self.string(text),
                Place::ListOfSecrets | Place::Open => self.text(text),
            }),
            Value::Number(number) => match place {
                Place::Open if self.text(&number.to_string()) == number.to_string() => value.clone(),
                _ => Value::String(MASK.to_owned()),
            },
            Value::Array(items) => {
                let place = if place == Place::Secret { Place::ListOfSecrets } else { place };
                Value::Array(items.iter().map(|item| self.under(item, place, strings)).collect())
            }
            Value::Object(members) => {
                // `{"name": "X_TOKEN", "value": …}` is a member in two parts.
                let names_it =
                    |key: &str| ["name", "key", "variable"].iter().any(|name| key.eq_ignore_ascii_case(name));
                let mut called =
                    members.iter().filter(|(key, _)| names_it(key)).filter_map(|(_, value)| value.as_str());
                let is_entry = called.any(is_secret_name);
                let mut names = UniqueNames::default();
                let mask = |(key, value): (&String, &Value)| {
                    let is_secret =
                        place != Place::Open || is_secret_name(key) || (is_entry && key.eq_ignore_ascii_case("value"));
                    let place = if is_secret { Place::Secret } else { Place::Open };
                    (names.name(self.text(key)), self.under(value, place, strings))
                };
                Value::Object(members.iter().map(mask).collect())
            }
        }
    }

    /// Masks once. What is masked already stays, and parts the text like a space.
    fn round(&self, text: &str) -> String {
        let pieces: Vec<String> = text.split(MASK).map(|piece| self.piece(piece)).collect();
        let mut masked = pieces.join(MASK);
        while masked.contains("<masked><masked>") {
            masked = masked.replace("<masked><masked>", MASK);
        }
        masked
    }

    fn piece(&self, text: &str) -> String {
        let mut spans: Vec<Range<usize>> = Vec::new();
        for secret in &self.secrets {
            spans.extend(text.match_indices(secret.as_str()).map(|(at, found)| at..at + found.len()));
        }
        for pattern in [&SHAPED, &USERINFO] {
            spans.extend(
                pattern.captures_iter(text).filter_map(|captures| captures.get_group(1)).map(|span| span.range()),
            );
        }
        spans.extend(TOKEN.find_iter(text).map(|found| found.range()).filter(|range| is_random(&text[range.clone()])));
        spans.extend(assigned(text));
        with_masks(text, spans)
    }
}

/// Whether a value is nothing but a credential, by its shape.
pub fn is_credential(value: &str) -> bool {
    Masker { secrets: Vec::new() }.text(value.trim()) == MASK
}

/// Whether a value stands under a name that says it is secret.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Open,
    Secret,
    /// In a list, where names of secrets may stand as well.
    ListOfSecrets,
}

/// What the strings of a value are taken for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Strings {
    MayHoldJson,
    AreText,
}

/// The byte ranges of a text that have the shape of a credential.
#[must_use]
pub fn credentials_in(text: &str) -> Vec<Range<usize>> {
    let groups = |captures: regex_automata::util::captures::Captures| captures.get_group(1).map(|group| group.range());
    SHAPED.captures_iter(text).filter_map(groups).collect()
}

/// Masks until nothing changes: masking one credential can expose another.
fn until_it_stays(text: &str, mask: impl Fn(&str) -> String) -> String {
    let mut masked = text.to_owned();
    for _ in 0..ROUNDS {
        let next = mask(&masked);
        if next == masked {
            return masked;
        }
        masked = next;
    }
    // Written to unfold, round after round: nothing of it is worth showing.
    if mask(&masked) == masked { masked } else { MASK.to_owned() }
}

/// Keys that are masked may become the same, and JSON has each only once.
#[derive(Default)]
struct UniqueNames {
    taken: HashSet<String>,
    count: usize,
}

impl UniqueNames {
    fn name(&mut self, name: String) -> String {
        let mut unique = name.clone();
        while !self.taken.insert(unique.clone()) {
            self.count += 1;
            unique = format!("{name} ({})", self.count + 1);
        }
        unique
    }
}

/// What registry and policy write down for everybody to read.
fn public_names<'a>(registry: &'a Registry, policy: &'a Policy) -> impl Iterator<Item = &'a str> {
    let arms = registry.runtimes().iter().flat_map(|runtime| &runtime.arms);
    let ids = arms.flat_map(|arm| arm.models.iter().chain([&arm.provider]));
    let runtimes = registry.runtimes().iter().map(|runtime| &runtime.name);
    let document = policy.document();
    let models = [&document.fallback, &document.platform.fallback, &document.platform.value];
    ids.chain(runtimes).chain(models).map(String::as_str)
}

/// A value, and how it is written inside JSON and inside a URL.
fn spellings(value: &str) -> Vec<String> {
    let json = serde_json::to_string(value).expect("a string is JSON");
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let url = value.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") });
    vec![value.to_owned(), json[1..json.len() - 1].to_owned(), url.collect()]
}

/// Parts of names under which secrets are kept.
const SECRET_PARTS: [&str; 12] = [
    "token",
    "secret",
    "password",
    "passwd",
    "passphrase",
    "credential",
    "authorization",
    "cookie",
    "apikey",
    "accesskey",
    "privatekey",
    "signature",
];

/// Last words of names under which secrets are kept.
const SECRET_WORDS: [&str; 4] = ["pwd", "pass", "jwt", "auth"];

/// Last words of names under which the name of a secret is kept, and no secret.
const NAMING_WORDS: [&str; 4] = ["env", "name", "names", "var"];

/// Whether a name says that its value is a secret.
pub fn is_secret_name(name: &str) -> bool {
    let words = words(name);
    if words.last().is_some_and(|last| NAMING_WORDS.contains(&last.as_str())) {
        return false;
    }
    let lower = name.to_lowercase();
    SECRET_PARTS.iter().any(|part| lower.contains(part))
        || words.last().is_some_and(|last| SECRET_WORDS.contains(&last.as_str()))
        // A key by itself is what a map is looked up by; `…_KEY` opens something.
        || words.iter().skip(1).any(|word| word == "key" || word == "keys")
}

/// The words of a name, in lower case: `apiKey`, `API_KEY` and `api-key` have the same.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for c in name.chars() {
        if !c.is_alphanumeric() || (c.is_uppercase() && before.is_lowercase()) {
            words.push(String::new());
        }
        if c.is_alphanumeric() {
            words.last_mut().expect("there is one").extend(c.to_lowercase());
        }
        before = c;
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Whether a text is the name of an environment variable and so no secret.
fn is_variable_name(text: &str) -> bool {
    text.contains('_') && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

/// The values of what a text assigns to names that say they are secret.
fn assigned(text: &str) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    let mut captures = NAME.create_captures();
    let mut from = 0;
    loop {
        NAME.captures(Input::new(text).range(from..).anchored(Anchored::No), &mut captures);
        let Some(found) = captures.get_match() else { return spans };
        from = found.end();
        let group = |either: usize, or: usize| captures.get_group(either).or(captures.get_group(or));
        let (Some(name), Some(quote), Some(sign)) = (group(1, 4), group(2, 5), group(3, 6)) else { continue };
        let name = &text[name.range()];
        if !is_secret_name(name) {
            continue;
        }
        let value = value_at(text, found.end(), name);
        let is_quoted = !quote.is_empty() || value.start > found.end();
        if !is_quoted && !takes_a_line(name) && is_prose(name, &text[sign.range()], &text[value.start..], value.len()) {
            continue;
        }
        from = value.end.max(from);
        spans.push(value);
    }
}

/// What is said of a secret that is not there.
const STATE_WORDS: [&str; 12] =
    ["missing", "unset", "not", "none", "null", "nil", "empty", "required", "invalid", "expired", "true", "false"];

/// Whether what follows a name says something of it, where it could give its value: all
/// prose has colons, and an error must stay readable.
fn is_prose(name: &str, sign: &str, rest: &str, length: usize) -> bool {
    let (value, after) = rest.split_at(length);
    let word = value.trim_end_matches(['.', ',', '!', ':']);
    if STATE_WORDS.contains(&word.to_lowercase().as_str()) {
        return true;
    }
    let plain: String = name.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
    // After these a value is likelier than prose, whatever comes behind it.
    if ["password", "passwd", "passphrase", "pwd", "apikey", "accesskey", "privatekey", "secret"]
        .iter()
        .any(|telling| plain.contains(telling))
    {
        return false;
    }
    let is_compound = name.contains(['_', '-']) || words(name).len() > 1;
    let goes_on = after.strip_prefix(' ').is_some_and(|after| after.starts_with(|c: char| c.is_ascii_alphabetic()));
    let is_word = word.len() < RANDOM_CHARS && word.chars().all(|c| c.is_ascii_alphabetic());
    sign == ":" && (!is_compound || is_variable_name(word) || (is_word && goes_on))
}

/// Whether the value of a name has several words.
fn takes_a_line(name: &str) -> bool {
    let name = name.to_lowercase();
    name.contains("authorization") || name.contains("cookie")
}

/// The value that begins at a place: what is quoted, else up to a space or a sign that ends it.
fn value_at(text: &str, start: usize, name: &str) -> Range<usize> {
    let rest = &text[start..];
    for quote in ["\\\"", "\\'", "\"", "'"] {
        let Some(inside) = rest.strip_prefix(quote) else { continue };
        let is_closing = |(at, _): &(usize, &str)| quote.len() > 1 || !inside[..*at].ends_with('\\');
        let length = inside.match_indices(quote).find(is_closing).map_or(inside.len(), |(at, _)| at);
        return start + quote.len()..start + quote.len() + length;
    }
    let is_end = |c: char| match takes_a_line(name) {
        true => "\n\r\"'".contains(c),
        false => c.is_whitespace() || "\"'&,;<>)]}".contains(c),
    };
    start..start + rest.find(is_end).unwrap_or(rest.len())
}

/// Whether a token is mixed as no word and no id is: in it letters of both cases and
/// digits follow each other without order. Digests and UUIDs have one case only.
fn is_random(token: &str) -> bool {
    let class = |byte: u8| match byte {
        b'a'..=b'z' => 'a',
        b'A'..=b'Z' => 'A',
        b'0'..=b'9' => '0',
        _ => ' ',
    };
    let classes: Vec<char> = token.bytes().map(class).collect();
    let has = |class: char| classes.contains(&class);
    let changes = classes.windows(2).filter(|pair| pair[0] != pair[1] && !pair.contains(&' ')).count();
    has('a') && has('A') && has('0') && changes * 5 >= classes.len() * 2
}

/// The text with a mask in the place of each span; those that touch become one.
fn with_masks(text: &str, mut spans: Vec<Range<usize>>) -> String {
    spans.retain(|span| !span.is_empty());
    spans.sort_by_key(|span| (span.start, span.end));
    let mut masked = String::with_capacity(text.len());
    let mut shown_to = 0;
    let mut is_masked = false;
    for span in spans {
        if span.start > shown_to || !is_masked {
            masked.push_str(&text[shown_to..span.start.max(shown_to)]);
            masked.push_str(MASK);
            is_masked = true;
        }
        shown_to = shown_to.max(span.end);
    }
    masked.push_str(&text[shown_to..]);
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masker(values: &[&str]) -> Masker {
        let policy = Policy::all_embedded().swap_remove(0);
        Masker::new(values.iter().copied(), &Registry::embedded(), &policy)
    }

    fn masked(text: &str) -> String {
        masker(&[]).value(&json::read(text.as_bytes()).expect(text)).to_string()
    }

    #[test]
    fn what_is_shaped_like_a_credential_is_masked_whole() {
        for (text, shown) in [
            ("sk-not-a-real-key", MASK),
            ("key sk-ant-not-a-real-key.", "key <masked>."),
            (r"line\nsk-not-a-real-key", r"line\n<masked>"),
            ("ghp_notarealkey and github_pat_not_a_real_key", "<masked> and <masked>"),
            ("AKIANOTAREALKEY00000", MASK),
            ("eyJhbGciOiJub3QifQ.bm90.cmVhbA", MASK),
            ("Bearer not-a-real-token", MASK),
            ("https://me:not-a-real-password@host/path", "https://<masked>@host/path"),
            ("E2E_API_KEY=not-real; next", "E2E_API_KEY=<masked>; next"),
            ("api_key: 'not real' next", "api_key: '<masked>' next"),
            (r#"{"password":"a\"b","x":1}"#, r#"{"password":"<masked>","x":1}"#),
            (r#"{\"token\":\"a\",\"x\":1}"#, r#"{\"token\":\"<masked>\",\"x\":1}"#),
            ("Authorization: Digest a b c\nnext", "Authorization: <masked>\nnext"),
            ("x-api-key: notreal", "x-api-key: <masked>"),
            ("password=not-real-1 x_token: notreal1 next", "password=<masked> x_token: <masked> next"),
            ("tool --api-key not-real --x", "tool --api-key <masked> --x"),
            ("-----BEGIN PRIVATE KEY-----\nnot\nreal\n-----END PRIVATE KEY----- x", "<masked> x"),
            ("-----BEGIN RSA PRIVATE KEY-----\nnot", MASK),
            ("n0tAR3alK3yButM1xedL1keOne", MASK),
        ] {
            assert_eq!(masker(&[]).text(text), shown, "{text:?}");
        }
    }

    #[test]
    fn what_a_reader_needs_stays_readable() {
        let registry = Registry::embedded();
        let arms = registry.runtimes().iter().flat_map(|runtime| &runtime.arms);
        let ids = arms.flat_map(|arm| arm.models.iter().chain([&arm.provider]));
        for id in ids.map(String::as_str).chain([
            "i-0a1b2c3d4e5f67890",
            "123e4567-e89b-42d3-a456-426614174000",
            "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "01ARZ3NDEKTSV4RRFFQ69G5FAV",
            "2025-05-12T02:11:07.123456Z",
            "Qwen3-235B-A22B-Thinking-2507-FP8",
            "registry.internal/team/Image-Name:v1.2.3-rc.4",
            "/home/runner/jobs/MyProject/MyProject/tests/Test1",
            "/workspaces/ws-1?page=2&sort=name",
            "missing key: MINIMAX_API_KEY is not set",
            "token: expired",
            "MISSING_BYOK_CREDENTIAL: provider minimax needs MINIMAX_API_KEY: not set",
            "token=null, api_key: missing",
            r#"{"auth_mode": "api_key", "protocol": "openai"}"#,
            "disk-usage-exceeded on the risk-assessment task-runner",
            "secret not found",
            "https://host:8080/path@2",
            "MissingByokCredentialErrorInWorkspaceProvisioner",
        ]) {
            assert_eq!(masker(&[]).text(id), id);
        }
    }

    #[test]
    fn values_under_secret_names_are_masked_and_names_are_not() {
        for (json, shown) in [
            (
                r#"{"api_key":"a","apiKey":"a","API-KEY":"a"}"#,
                r#"{"api_key":"<masked>","apiKey":"<masked>","API-KEY":"<masked>"}"#,
            ),
            (
                r#"{"token":12,"secret":"","password":null,"has_secret":true}"#,
                r#"{"token":"<masked>","secret":"","password":null,"has_secret":true}"#,
            ),
            (
                r#"{"credentials":{"user":"a","list":["b",{"c":"d"}]}}"#,
                r#"{"credentials":{"user":"<masked>","list":["<masked>",{"c":"<masked>"}]}}"#,
            ),
            (
                r#"{"secrets":["MINIMAX_API_KEY","other"],"injected":["X_TOKEN"]}"#,
                r#"{"secrets":["MINIMAX_API_KEY","<masked>"],"injected":["X_TOKEN"]}"#,
            ),
            (
                r#"{"env":[{"name":"X_TOKEN","value":"a"},{"name":"MODEL","value":"m"}]}"#,
                r#"{"env":[{"name":"X_TOKEN","value":"<masked>"},{"name":"MODEL","value":"m"}]}"#,
            ),
            (r#"{"env":[{"Name":"X_TOKEN","Value":"a"}]}"#, r#"{"env":[{"Name":"X_TOKEN","Value":"<masked>"}]}"#),
            (
                r#"{"error":"{\"a\": [{\"name\": \"X_TOKEN\", \"value\": 1}]}"}"#,
                r#"{"error":"{\"a\":[{\"name\":\"X_TOKEN\",\"value\":\"<masked>\"}]}"}"#,
            ),
            (r#"{"error":"{\"a\": 1 }"}"#, r#"{"error":"{\"a\": 1 }"}"#),
            (
                r#"{"api_key_env":"X_API_KEY","key":"model","monkey":"m","author":"a"}"#,
                r#"{"api_key_env":"X_API_KEY","key":"model","monkey":"m","author":"a"}"#,
            ),
            (r#"{"sk-not-a-real-one":1,"sk-not-another-one":2}"#, r#"{"<masked>":1,"<masked> (2)":2}"#),
        ] {
            assert_eq!(masked(json), shown);
        }
    }

    #[test]
    fn a_known_value_is_masked_wherever_it_stands() {
        let masker = masker(&["hunter\"2/x\n", "set", "123456", "first line\nsecond line"]);
        for (text, shown) in [
            ("ahunter\"2/xb", "a<masked>b"),
            (r#"{"x":"hunter\"2/x"}"#, r#"{"x":"<masked>"}"#),
            ("q=hunter%222%2Fx", "q=<masked>"),
            ("reset 1234567", "reset <masked>7"),
            ("the second line", "the <masked>"),
        ] {
            assert_eq!(masker.text(text), shown);
        }
        let value = json::read(br#"{"n":-123456.5,"123456":[]}"#).expect("it is JSON");
        assert_eq!(masker.value(&value).to_string(), r#"{"n":"<masked>","<masked>":[]}"#);
    }

    /// A word of the registry in the place of a secret is no secret.
    #[test]
    fn what_everybody_may_read_is_not_masked() {
        let registry = Registry::embedded();
        for arm in registry.runtimes().iter().flat_map(|runtime| &runtime.arms) {
            assert_eq!(masker(&[&arm.provider]).text(&arm.provider), arm.provider);
        }
    }

    #[test]
    fn what_unfolds_round_after_round_is_masked_whole() {
        let text = "abcdefsk-aaaaaa".repeat(2);
        let masker = masker(&["abcdef"]);
        assert_eq!(masker.text(&text), MASK);
        assert_eq!(masker.text(MASK), MASK);
        assert_eq!(masker.text("<masked><masked>"), MASK);
    }
}
