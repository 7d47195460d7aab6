//! Masking of text that looks like a credential or is known to be one.
//!
//! A value is masked completely, never in part. When in doubt it is masked: a masked id is a
//! nuisance, but a shown key must be revoked.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

use regex_automata::meta::Regex;
use regex_automata::{Anchored, Input};
use serde_json::Value;
use slug_resolver::policy::{Pick, Source, Test};
use slug_resolver::{Policy, Registry};

use crate::json;

/// The text that replaces a credential.
pub const MASK: &str = "<masked>";

/// The shortest value, in characters, that is masked wherever it occurs. A shorter value is a
/// placeholder such as `set` and occurs inside ordinary words.
const SECRET_CHARS: usize = 6;

/// The shortest text, in bytes, in which anything is masked: `pwd=x`.
const SHORTEST: usize = 5;

/// The shortest token, in characters, that is recognised as random by its mix of letters and
/// digits.
const RANDOM_CHARS: usize = 24;

/// The number of masking rounds after which a text must be stable.
const ROUNDS: usize = 4;

/// Patterns of well-known credentials: their prefixes and characters.
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

/// A credential of a known shape, at the start of the text or after a character that is not a
/// letter or digit.
static SHAPED: LazyLock<Regex> = LazyLock::new(|| {
    let shapes = SHAPES.join("|");
    Regex::new(&format!(r"(?:\A|[^A-Za-z0-9]|\\[nrt])({shapes})")).expect("the pattern is valid")
});

/// User and password of a URL.
static USERINFO: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"://([^\s/?#<>'\x22]+)@").expect("the pattern is valid"));

/// A name and the separator of its value: an equals sign, a colon, or a space after an option.
static NAME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"([A-Za-z0-9_.-]+)(\\?["']?)[\t ]*(=|:)[\t ]*|--([A-Za-z0-9_-]+)()([\t ]+)"#)
        .expect("the pattern is valid")
});

/// A sequence of token characters.
static TOKEN: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(&format!("[A-Za-z0-9+/=_-]{{{RANDOM_CHARS},}}")).expect("the pattern is valid"));

/// Masks credentials. Has no `Debug`, because it contains values that must not be shown.
pub struct Masker {
    secrets: Vec<String>,
}

impl Masker {
    /// Creates a masker for these values and for everything that looks like a credential.
    ///
    /// A value that is part of a name in the registry or the policy is not a secret: only its
    /// presence matters, so the user wrote an ordinary word.
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

    /// Returns true if a value is one of the values given to [`Masker::new`].
    pub fn knows(&self, value: &str) -> bool {
        self.secrets.iter().any(|secret| secret == value)
    }

    /// Masks a JSON value, including its keys.
    pub fn value(&self, value: &Value) -> Value {
        self.masked(value, Context::Open, Strings::MayHoldJson)
    }

    /// Masks a text.
    pub fn text(&self, text: &str) -> String {
        if text.len() < SHORTEST { text.to_owned() } else { until_stable(text, |text| self.mask_once(text)) }
    }

    /// Masks a string of a record. The string may contain JSON, because errors are often passed on
    /// as JSON in a string.
    fn string(&self, text: &str) -> String {
        let masked = self.text(text);
        if !text.trim_start().starts_with(['{', '[']) {
            return masked;
        }
        until_stable(&masked, |text| match json::read(text.as_bytes()) {
            Err(_) => self.text(text),
            Ok(inner) => match self.masked(&inner, Context::Open, Strings::AreText) {
                masked if masked == inner => self.text(text),
                masked => self.text(&masked.to_string()),
            },
        })
    }

    fn masked(&self, value: &Value, context: Context, strings: Strings) -> Value {
        match value {
            Value::Null | Value::Bool(_) => value.clone(),
            Value::String(text) => Value::String(match context {
                _ if text.is_empty() => String::new(),
                Context::Secret => MASK.to_owned(),
                Context::ListOfSecrets if !is_variable_name(text) => MASK.to_owned(),
                Context::ListOfSecrets | Context::Open if strings == Strings::MayHoldJson => self.string(text),
                Context::ListOfSecrets | Context::Open => self.text(text),
            }),
            Value::Number(number) => match context {
                Context::Open if self.text(&number.to_string()) == number.to_string() => value.clone(),
                _ => Value::String(MASK.to_owned()),
            },
            Value::Array(items) => {
                let context = if context == Context::Secret { Context::ListOfSecrets } else { context };
                Value::Array(items.iter().map(|item| self.masked(item, context, strings)).collect())
            }
            Value::Object(members) => {
                // `{"name": "X_TOKEN", "value": …}` spreads a name and its value over two members.
                let is_name_key =
                    |key: &str| ["name", "key", "variable"].iter().any(|name| key.eq_ignore_ascii_case(name));
                let mut entry_names =
                    members.iter().filter(|(key, _)| is_name_key(key)).filter_map(|(_, value)| value.as_str());
                let is_secret_entry = entry_names.any(is_secret_name);
                let mut names = UniqueNames::default();
                let mask = |(key, value): (&String, &Value)| {
                    let is_secret = context != Context::Open
                        || is_secret_name(key)
                        || (is_secret_entry && key.eq_ignore_ascii_case("value"));
                    let context = if is_secret { Context::Secret } else { Context::Open };
                    (names.name(self.text(key)), self.masked(value, context, strings))
                };
                Value::Object(members.iter().map(mask).collect())
            }
        }
    }

    /// Masks once. Existing masks stay and separate the text like spaces.
    fn mask_once(&self, text: &str) -> String {
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

/// Returns true if the whole value has the shape of a credential.
pub fn is_credential(value: &str) -> bool {
    Masker { secrets: Vec::new() }.text(value.trim()) == MASK
}

/// Whether the name of a value says that it is secret.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Context {
    Open,
    Secret,
    /// In a list under a secret name; the list may contain names of secrets too.
    ListOfSecrets,
}

/// How the strings of a value are interpreted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Strings {
    MayHoldJson,
    AreText,
}

/// Byte ranges of substrings that look like credentials.
#[must_use]
pub fn credentials_in(text: &str) -> Vec<Range<usize>> {
    let groups = |captures: regex_automata::util::captures::Captures| captures.get_group(1).map(|group| group.range());
    SHAPED.captures_iter(text).filter_map(groups).collect()
}

/// The longest line, in bytes, in which [`mask_credentials`] searches for credentials: the search
/// takes too long in a token of megabytes.
const MASKED_LINE: usize = 16 << 10;

/// The text with each byte of a credential replaced by `*`, so that byte offsets stay valid. A very
/// long line is replaced as a whole.
#[must_use]
pub fn mask_credentials(text: &str) -> String {
    let mut masked = text.as_bytes().to_vec();
    let mut at = 0;
    // The start of the lines that are searched together, because a credential can have several.
    let mut start = 0;
    for line in text.split_inclusive('\n').chain([""]) {
        let is_long = line.len() > MASKED_LINE;
        if is_long || line.is_empty() {
            let found = credentials_in(&text[start..at]);
            found.into_iter().for_each(|range| masked[start + range.start..start + range.end].fill(b'*'));
            start = at + line.len();
        }
        if is_long {
            let end = at + line.trim_end_matches(['\n', '\r']).len();
            masked[at..end].fill(b'*');
        }
        at += line.len();
    }
    String::from_utf8(masked).expect("credentials and lines begin and end between characters")
}

/// Masks until nothing changes: masking one credential can expose another.
fn until_stable(text: &str, mask: impl Fn(&str) -> String) -> String {
    let mut masked = text.to_owned();
    for _ in 0..ROUNDS {
        let next = mask(&masked);
        if next == masked {
            return masked;
        }
        masked = next;
    }
    // The text was made to change in every round, so it is masked completely.
    if mask(&masked) == masked { masked } else { MASK.to_owned() }
}

/// Makes keys unique by numbering repeated ones: different keys can be equal after masking.
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

/// Names in the registry and the policy, which are public: among them the models, the runtimes and
/// the values that the policy names.
fn public_names<'a>(registry: &'a Registry, policy: &'a Policy) -> impl Iterator<Item = &'a str> {
    let arms = registry.runtimes().iter().flat_map(|runtime| &runtime.arms);
    let ids = arms.flat_map(|arm| arm.models.iter().chain(&arm.withdrawn_models).chain([&arm.provider]));
    let runtimes = registry.runtimes().iter().map(|runtime| &runtime.name);
    let document = policy.document();
    let picks = document.model.iter().chain(&document.runtime).flat_map(|rule| match &rule.pick {
        Pick::Nothing => &[][..],
        Pick::FirstOf(sources) => sources,
    });
    let picks = picks.filter_map(|source| match source {
        Source::Text(text) => Some(text),
        Source::Variable(_) => None,
    });
    let conditions = document.model.iter().chain(&document.runtime).map(|rule| &rule.when);
    let conditions = conditions.chain(document.secrets.iter().map(|rule| &rule.when)).chain(&document.creates.unless);
    let values = conditions.flat_map(|condition| &condition.variables).flat_map(|(_, test)| match test {
        Test::Set | Test::Unset => &[][..],
        Test::Value(values) => values.texts(),
        Test::Host(host) => std::slice::from_ref(host),
    });
    ids.chain(runtimes).chain(picks).chain(values).chain(document.defaults.values()).map(String::as_str)
}

/// A value, and its encodings inside JSON and inside a URL.
fn spellings(value: &str) -> Vec<String> {
    let json = serde_json::to_string(value).expect("a string is JSON");
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let url = value.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") });
    vec![value.to_owned(), json[1..json.len() - 1].to_owned(), url.collect()]
}

/// Parts of the names of secrets.
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

/// Last words of the names of secrets.
const SECRET_WORDS: [&str; 4] = ["pwd", "pass", "jwt", "auth"];

/// Last words of names whose value is the name of a secret, not the secret.
const NAMING_WORDS: [&str; 4] = ["env", "name", "names", "var"];

/// Returns true if a name says that its value is a secret.
pub fn is_secret_name(name: &str) -> bool {
    let words = words(name);
    if words.last().is_some_and(|last| NAMING_WORDS.contains(&last.as_str())) {
        return false;
    }
    let lower = name.to_lowercase();
    SECRET_PARTS.iter().any(|part| lower.contains(part))
        || words.last().is_some_and(|last| SECRET_WORDS.contains(&last.as_str()))
        // A name that is only `key` is usually the key of a map; `…_KEY` is a credential.
        || words.iter().skip(1).any(|word| word == "key" || word == "keys")
}

/// The words of a name in lower case; equal for `apiKey`, `API_KEY` and `api-key`.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for c in name.chars() {
        if !c.is_alphanumeric() || (c.is_uppercase() && before.is_lowercase()) {
            words.push(String::new());
        }
        if c.is_alphanumeric() {
            words.last_mut().expect("the list starts with one word").extend(c.to_lowercase());
        }
        before = c;
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Returns true if a text looks like the name of an environment variable, not a secret.
fn is_variable_name(text: &str) -> bool {
    text.contains('_') && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

/// Byte ranges of the values that a text assigns to secret names.
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

/// Words that describe the state of a secret.
const STATE_WORDS: [&str; 12] =
    ["missing", "unset", "not", "none", "null", "nil", "empty", "required", "invalid", "expired", "true", "false"];

/// Returns true if the text after a name is prose about it and not its value. Prose contains
/// colons too, and an error message must stay readable.
fn is_prose(name: &str, sign: &str, rest: &str, length: usize) -> bool {
    let (value, after) = rest.split_at(length);
    let word = value.trim_end_matches(['.', ',', '!', ':']);
    if STATE_WORDS.contains(&word.to_lowercase().as_str()) {
        return true;
    }
    let plain: String = name.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
    // After these names, a value is more likely than prose.
    if ["password", "passwd", "passphrase", "pwd", "apikey", "accesskey", "privatekey", "secret"]
        .iter()
        .any(|part| plain.contains(part))
    {
        return false;
    }
    let is_compound = name.contains(['_', '-']) || words(name).len() > 1;
    let is_continued =
        after.strip_prefix(' ').is_some_and(|after| after.starts_with(|c: char| c.is_ascii_alphabetic()));
    let is_word = word.len() < RANDOM_CHARS && word.chars().all(|c| c.is_ascii_alphabetic());
    sign == ":" && (!is_compound || is_variable_name(word) || (is_word && is_continued))
}

/// Returns true if the value of a name can have several words.
fn takes_a_line(name: &str) -> bool {
    let name = name.to_lowercase();
    name.contains("authorization") || name.contains("cookie")
}

/// The byte range of the value at `start`: the quoted text, else up to a space or delimiter.
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

/// Returns true if a token mixes upper case, lower case and digits more than words and ids do.
/// Digests and UUIDs have one case only.
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

/// Replaces each span with a mask; adjacent spans get one mask.
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
    fn masked_text_keeps_offsets() {
        let key = "sk-proj-0123456789abcdef0123456789abcdef";
        let long = "é".repeat(MASKED_LINE);
        let text = format!("a: {key} é\n{long}\r\nb: {key}\n");
        let masked = mask_credentials(&text);
        let stars = |count: usize| "*".repeat(count);
        let expected = format!("a: {} é\n{}\r\nb: {}\n", stars(key.len()), stars(long.len()), stars(key.len()));
        assert_eq!(masked, expected);
        assert_eq!((mask_credentials(""), mask_credentials("plain")), (String::new(), "plain".to_owned()));
    }

    #[test]
    fn known_credential_shapes_are_masked_completely() {
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
    fn ids_and_error_messages_stay_readable() {
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
    fn values_of_secret_names_are_masked() {
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
    fn known_value_is_masked_everywhere() {
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
        let value = json::read(br#"{"n":-123456.5,"123456":[]}"#).expect("the text is JSON");
        assert_eq!(masker.value(&value).to_string(), r#"{"n":"<masked>","<masked>":[]}"#);
    }

    /// A word of the registry that is given as a secret is not masked.
    #[test]
    fn public_names_are_not_masked() {
        let registry = Registry::embedded();
        for arm in registry.runtimes().iter().flat_map(|runtime| &runtime.arms) {
            assert_eq!(masker(&[&arm.provider]).text(&arm.provider), arm.provider);
        }
    }

    #[test]
    fn text_that_never_stabilises_is_masked_completely() {
        let text = "abcdefsk-aaaaaa".repeat(2);
        let masker = masker(&["abcdef"]);
        assert_eq!(masker.text(&text), MASK);
        assert_eq!(masker.text(MASK), MASK);
        assert_eq!(masker.text("<masked><masked>"), MASK);
    }
}
