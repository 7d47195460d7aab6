//! Masking of text that looks like a credential or is known to be one.
//!
//! A value is masked completely, never in part. When in doubt it is masked: a masked id is a
//! nuisance, but a shown key must be revoked.

pub mod misplaced;

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

use regex_automata::dfa::Automaton as _;
use regex_automata::dfa::dense::DFA;
use regex_automata::meta::Regex;
use regex_automata::util::captures::Captures;
use regex_automata::{Anchored, Input};
use serde_json::Value;
use slug_json::{Advice, Limits};
use slug_resolver::policy::{Pick, Source, Test};
use slug_resolver::{Policy, Registry, limits};
use slug_value::slip::is_slip;

/// The text that replaces a credential.
pub const MASK: &str = "<masked>";

/// The shortest value, in characters, that is masked wherever it occurs. A shorter value is a
/// placeholder such as `set` and occurs inside ordinary words.
pub const SECRET_CHARS: usize = 6;

/// The shortest text, in bytes, in which anything is masked: `pwd=x`.
const SHORTEST: usize = 5;

/// The shortest token, in characters, that is recognised as random by its mix of letters and
/// digits.
const RANDOM_CHARS: usize = 24;

/// The shortest word, in characters, that a random token has. An id such as `VendorName/Model-V2-Flash` mixes
/// letters and digits as a random token does, but has only short words.
const RANDOM_WORD_CHARS: usize = 12;

/// How many levels of strings deep JSON is read.
const JSON_DEPTH: usize = 4;

/// The number of brackets of a text from which JSON is read.
const INNER_STARTS: usize = 16;

/// The number of masking rounds after which a text must be stable.
const ROUNDS: usize = 4;

/// Patterns of well-known credentials: their prefixes and characters.
const SHAPES: &[&str] = &[
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
    r"(?:hf|api_org|gsk|npm|do[oprt]_v1|r8|fw|tgp_v1|e2b|jina|lin_api|ntn|sbp|sk)_[A-Za-z0-9]{16,}",
    r"(?:sb_secret|dckr_pat|figd|glsa|lsv2_[ps][kt]|pscale_(?:tkn|pw)|sntry[su])_[A-Za-z0-9_.=/+-]{16,}",
    r"(?:phx|rubygems|shp(?:at|ca|pa|ss))_[A-Za-z0-9]{16,}",
    r"(?:pypi|nvapi|pplx|xai|GOCSPX|PMAK|sq0[a-z]{3})-[A-Za-z0-9_-]{16,}",
    r"(?:csk|NRAK|tvly|tvly-[a-z]+)-[A-Za-z0-9]{16,}",
    r"bedrock-api-key-[A-Za-z0-9+/=]{16,}",
    r"ABSK[A-Za-z0-9+/=]{20,}",
    r"ATATT3[A-Za-z0-9_=-]{16,}",
    r"dapi[0-9a-f]{32}",
    r"SK[0-9a-f]{32}",
    r"key-[0-9a-f]{32}",
    r"[0-9a-f]{32}-us[0-9]{1,2}",
    r"hv[sbr]\.[A-Za-z0-9_-]{16,}",
    r"dp\.[a-z]{2,5}\.[A-Za-z0-9._-]{16,}",
    r"[0-9]{8,10}:[A-Za-z0-9_-]{35}",
    r"https://hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9/_-]+",
    r"https://(?:[a-z]+\.)?discord(?:app)?\.com/api/(?:v[0-9]+/)?webhooks/[A-Za-z0-9/_-]+",
    r"https://[a-z0-9.-]+\.webhook\.office\.com/[^\s<>'\x22]+",
    r"SG\.[A-Za-z0-9_-]{10,}(?:\.[A-Za-z0-9_-]*)*",
    r"AGE-SECRET-KEY-[A-Z0-9]{6,}",
    r"whsec_[A-Za-z0-9]{6,}",
    r"(?:-u|--user)[ =]+[^\s:<>'\x22]+:[^\s<>'\x22]+",
    r"(?i:bearer)[\t ]+[^\s,;<>'\x22]+",
    r"-----BEGIN [A-Z ]*PRIVATE KEY[A-Z ]*-----(?s:.*?)(?:-----END [A-Z ]*-----|\z)",
];

/// A credential of a known shape, at the start of the text or after a character that is not a
/// letter or digit.
static SHAPED: LazyLock<Regex> = LazyLock::new(|| {
    let shapes = SHAPES.join("|");
    Regex::new(&format!(r"(?:\A|[^A-Za-z0-9]|\\[nrt])({shapes})")).expect("the pattern is valid")
});

/// Parts of which each credential of a known shape, each URL with a password and each token of `Basic` has
/// one, unless it has a long word.
const HINTS: &[&str] = &[
    " ",
    "\t",
    "://",
    "sk-",
    "_live_",
    "_test_",
    "ghp_",
    "gho_",
    "ghs_",
    "ghu_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "xox",
    "xapp-",
    "AKIA",
    "ASIA",
    "AIza",
    "ya29.",
    "eyJ",
    "sb_secret_",
    "dckr_pat_",
    "figd_",
    "glsa_",
    "lsv2_",
    "pscale_",
    "sntry",
    "ABSK",
    "hvs.",
    "hvb.",
    "hvr.",
    "dp.",
    "SG.",
    "SECRET-KEY-",
    "api-key-",
    "whsec_",
    "-u=",
    "-user=",
];

/// The shortest word, in characters, of a credential without a part of [`HINTS`]: `hf_` and 16 others.
const SHAPE_CHARS: usize = 19;

/// Any of [`HINTS`].
static HINT: LazyLock<DFA<Vec<u32>>> = LazyLock::new(|| {
    let escaped = HINTS.iter().map(|hint| hint.replace('.', r"\."));
    DFA::new(&escaped.collect::<Vec<_>>().join("|")).expect("the pattern is valid")
});

/// User and password of a URL: by the standard, or with delimiters in the password, which people
/// forget to encode.
static USERINFO: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"://(?:([^\s/?#<>'\x22]+)|([^\s/?#:@<>'\x22]*:[^\s<>'\x22]+))@").expect("the pattern is valid")
});

/// A port, and what follows the authority of a URL. Text that starts like this is not a password.
static PORT: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\A[^:]*:[0-9]{1,5}[/?#]").expect("the pattern is valid"));

/// The token of the authentication scheme `Basic`.
static BASIC: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(?:\A|[^a-z0-9])basic[\t ]+([a-z0-9+/_-]{4,}={0,2})").expect("the pattern is valid")
});

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
    /// The names of the variables with secrets, as the policy and the registry give them.
    keys: Vec<String>,
}

impl Masker {
    /// Creates a masker for these values and for everything that looks like a credential.
    ///
    /// A value that is part of a name in the registry or the policy is not a secret: only its
    /// presence matters, so the user wrote an ordinary word.
    pub fn new<'s>(values: impl IntoIterator<Item = &'s str>, registry: &Registry, policy: &Policy) -> Self {
        let mut secrets: Vec<String> = values
            .into_iter()
            .flat_map(|value| value.lines().chain([value]))
            .map(str::trim)
            .filter(|value| value.chars().count() >= SECRET_CHARS && !is_public(value, registry, policy))
            .flat_map(spellings)
            .collect();
        secrets.sort();
        secrets.dedup();
        Self { secrets, keys: key_names(registry, policy) }
    }

    /// Returns true if a name says that its value is a secret, or is the name of a key variable, perhaps misspelt.
    pub fn is_secret_name(&self, name: &str) -> bool {
        is_secret_name(name) || self.keys.iter().any(|key| name == key || is_slip_of(name, key))
    }

    /// Returns true if a value is one of the values given to [`Masker::new`].
    pub fn knows(&self, value: &str) -> bool {
        self.secrets.iter().any(|secret| secret == value)
    }

    /// Masks a JSON value, including its keys.
    pub fn value(&self, value: &Value) -> Value {
        self.masked(value, Context::Open, JSON_DEPTH)
    }

    /// Masks a text.
    pub fn text(&self, text: &str) -> String {
        if text.len() < SHORTEST { text.to_owned() } else { until_stable(text, |text| self.mask_once(text)) }
    }

    /// Masks a string of a record. The string may contain JSON, because errors are often passed on
    /// as JSON in a string, up to `depth` levels of strings deep.
    fn string(&self, text: &str, depth: usize) -> String {
        let Some(depth) = depth.checked_sub(1) else { return self.text(text) };
        until_stable(&self.text(text), |text| self.text(&self.inner_json(text, depth)))
    }

    /// The text with the JSON lists and objects in it masked, wherever they start.
    fn inner_json(&self, text: &str, depth: usize) -> String {
        let (mut masked, mut shown_to) = (String::new(), 0);
        let starts = text.match_indices(['{', '[']).map(|(at, _)| at);
        for at in starts.take(INNER_STARTS) {
            if at < shown_to {
                continue;
            }
            let Some(end) = closing(text, at) else { continue };
            let Some(inner) = read_json(&text[at..end]) else { continue };
            let replaced = self.masked(&inner, Context::Open, depth);
            if replaced != inner {
                masked += &text[shown_to..at];
                masked += &replaced.to_string();
                shown_to = end;
            }
        }
        masked + &text[shown_to..]
    }

    fn masked(&self, value: &Value, context: Context, depth: usize) -> Value {
        match value {
            Value::Null | Value::Bool(_) => value.clone(),
            Value::String(text) => Value::String(match context {
                _ if text.is_empty() => String::new(),
                Context::Secret => MASK.to_owned(),
                Context::ListOfSecrets if !is_variable_name(text) => MASK.to_owned(),
                Context::ListOfSecrets | Context::Open => self.string(text, depth),
            }),
            Value::Number(number) => match context {
                Context::Open if self.text(&number.to_string()) == number.to_string() => value.clone(),
                _ => Value::String(MASK.to_owned()),
            },
            Value::Array(items) => {
                let context = if context == Context::Secret { Context::ListOfSecrets } else { context };
                Value::Array(items.iter().map(|item| self.masked(item, context, depth)).collect())
            }
            Value::Object(members) => {
                // `{"name": "X_TOKEN", "value": …}` spreads a name and its value over two members.
                let is_name_key =
                    |key: &str| ["name", "key", "variable"].iter().any(|name| key.eq_ignore_ascii_case(name));
                let mut entry_names =
                    members.iter().filter(|(key, _)| is_name_key(key)).filter_map(|(_, value)| value.as_str());
                let is_secret_entry = entry_names.any(|name| self.is_secret_name(name));
                let mut names = UniqueNames::default();
                let mask = |(key, value): (&String, &Value)| {
                    let is_secret = context != Context::Open
                        || self.is_secret_name(key)
                        || (is_secret_entry && key.eq_ignore_ascii_case("value"));
                    let context = if is_secret { Context::Secret } else { Context::Open };
                    (names.name(self.text(key)), self.masked(value, context, depth))
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
        spans.extend(credentials_in(text));
        spans.extend(assigned(text, |name| self.is_secret_name(name)));
        with_masks(text, spans)
    }
}

/// Returns true if a value contains what looks like a credential.
pub fn has_credential(value: &str) -> bool {
    can_have_credential(value) && !credentials_in(value).is_empty()
}

/// Returns false for a text that cannot contain a credential, such as most names of models. It takes a
/// small part of the time of a search.
fn can_have_credential(text: &str) -> bool {
    (text.len() >= SHAPE_CHARS && has_long_word(text))
        || !matches!(HINT.try_search_fwd(&Input::new(text).earliest(true)), Ok(None))
}

/// Returns true if a text has a word that is as long as those of credentials, or a random token.
fn has_long_word(text: &str) -> bool {
    let is_of_token = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'_' | b'-');
    let tokens = text.as_bytes().split(|byte| !is_of_token(byte));
    tokens.filter(|token| token.len() >= SHAPE_CHARS).any(|token| {
        token.split(|byte| *byte == b'/').any(|word| word.len() >= SHAPE_CHARS)
            || (token.len() >= RANDOM_CHARS && is_random(token))
    })
}

/// Returns true if the whole value has the shape of a credential.
pub fn is_credential(value: &str) -> bool {
    Masker { secrets: Vec::new(), keys: Vec::new() }.text(value.trim()) == MASK
}

/// The text with a mask for each substring that looks like a credential.
#[must_use]
pub fn without_credentials(text: &str) -> Cow<'_, str> {
    match credentials_in(text) {
        spans if spans.is_empty() => Cow::Borrowed(text),
        spans => Cow::Owned(with_masks(text, spans)),
    }
}

/// The JSON text with a mask for each credential in its strings and names. The text has to be valid JSON.
#[must_use]
pub fn json_without_credentials(json: &str) -> Cow<'_, str> {
    let mut masked = String::new();
    let (mut copied_to, mut from) = (0, 0);
    while let Some(start) = json[from..].find('"').map(|at| from + at) {
        let mut is_escaped = false;
        let ends = |byte: u8| {
            let ends = byte == b'"' && !is_escaped;
            is_escaped = byte == b'\\' && !is_escaped;
            ends
        };
        let Some(length) = json.as_bytes()[start + 1..].iter().copied().position(ends) else { break };
        from = start + length + 2;
        let string = &json[start..from];
        if can_have_credential(string)
            && let Ok(text) = serde_json::from_str::<String>(string)
            && let Cow::Owned(text) = without_credentials(&text)
        {
            masked.push_str(&json[copied_to..start]);
            masked.push_str(&Value::from(text).to_string());
            copied_to = from;
        }
    }
    if copied_to == 0 { Cow::Borrowed(json) } else { Cow::Owned(masked + &json[copied_to..]) }
}

/// Reads JSON within the limits of documents. Returns `None` for any other text.
fn read_json(text: &str) -> Option<Value> {
    const LIMITS: Limits = Limits { bytes: limits::DOCUMENT_BYTES, depth: limits::JSON_DEPTH, nodes: limits::NODES };
    // The error is not shown, so it needs no advice.
    const ADVICE: Advice = Advice { too_large: "", empty: "" };
    slug_json::read(text.as_bytes(), &LIMITS, &ADVICE).ok()
}

/// Whether the name of a value says that it is secret.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Context {
    Open,
    Secret,
    /// In a list under a secret name; the list may contain names of secrets too.
    ListOfSecrets,
}

/// The text with a mask for each of these texts in it.
#[must_use]
pub fn without_texts(text: &str, secrets: &[&str]) -> String {
    let found = secrets.iter().flat_map(|secret| text.match_indices(secret));
    with_masks(text, found.map(|(at, secret)| at..at + secret.len()).collect())
}

/// Byte ranges of substrings that look like credentials.
#[must_use]
pub fn credentials_in(text: &str) -> Vec<Range<usize>> {
    let group = |captures: &Captures, group: usize| captures.get_group(group).map(|group| group.range());
    let shaped = SHAPED.captures_iter(text).filter_map(|captures| group(&captures, 1));
    let basic = BASIC.captures_iter(text).filter_map(|captures| group(&captures, 1));
    let userinfo = USERINFO.captures_iter(text).filter_map(|captures| match group(&captures, 1) {
        Some(standard) => Some(standard),
        None => group(&captures, 2).filter(|range| !is_port_and_path(text, range)),
    });
    let tokens = TOKEN.find_iter(text).map(|found| found.range());
    let basic = basic.filter(|range| holds_colon(&text[range.clone()]));
    let random = tokens.filter(|range| is_random(&text.as_bytes()[range.clone()]));
    shaped.chain(basic).chain(userinfo).chain(random).collect()
}

/// Returns true if the text before an `@` in a URL is a host, a port and a path. Of other schemes than
/// that of the web, such URLs are rarer than passwords with a slash.
fn is_port_and_path(text: &str, range: &Range<usize>) -> bool {
    let scheme = text[..range.start].trim_end_matches("://");
    let is_web = ["http", "https", "ws", "wss"].iter().any(|web| scheme.to_ascii_lowercase().ends_with(web));
    is_web && PORT.is_match(&text[range.clone()])
}

/// Returns true if base64 text decodes to bytes with a colon, as `user:password` has.
fn holds_colon(token: &str) -> bool {
    let digit = |byte: u8| match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' | b'-' => 62,
        _ => 63,
    };
    let digits: Vec<u8> = token.trim_end_matches('=').bytes().map(digit).collect();
    let decoded: Vec<u8> = digits
        .chunks(4)
        .flat_map(|chunk| {
            let bits = (0..4).fold(0_u32, |bits, at| bits << 6 | u32::from(chunk.get(at).copied().unwrap_or(0)));
            bits.to_be_bytes()[1..chunk.len().max(1)].to_vec()
        })
        .collect();
    token.ends_with('=') || (decoded.contains(&b':') && decoded.iter().all(|byte| !byte.is_ascii_control()))
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

/// The text with each byte of these ranges replaced by `*`, except white space, so that byte offsets
/// stay valid. The ranges can overlap and be in any order.
#[must_use]
pub fn mask_ranges(text: &str, mut ranges: Vec<Range<usize>>) -> String {
    ranges.sort_by_key(|range| range.start);
    let mut masked_text = String::new();
    let mut done = 0;
    for Range { start, end } in ranges {
        let (start, end) = (start.max(done), end.max(done));
        let star = |byte: u8| if byte.is_ascii_whitespace() { char::from(byte) } else { '*' };
        masked_text.push_str(&text[done..start]);
        masked_text.extend(text[start..end].bytes().map(star));
        done = end;
    }
    masked_text + &text[done..]
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

/// Returns true if a value is part of a name in the registry or the policy.
pub fn is_public(value: &str, registry: &Registry, policy: &Policy) -> bool {
    public_names(registry, policy).any(|name| name.contains(value))
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

/// Last words of the names of secrets, apart from [`QUALIFIERS`].
const SECRET_WORDS: [&str; 21] = [
    "pwd",
    "pass",
    "jwt",
    "auth",
    "bearer",
    "cert",
    "connstr",
    "dsn",
    "kubeconfig",
    "license",
    "mnemonic",
    "nonce",
    "otp",
    "pat",
    "pin",
    "salt",
    "sas",
    "seed",
    "session",
    "sig",
    "webhook",
];

/// Words after which a name means the same: `SESSION_ID` is a session.
const QUALIFIERS: [&str; 11] =
    ["base64", "b64", "code", "content", "data", "hex", "id", "pem", "phrase", "string", "value"];

/// Words that make a name that ends in `url` or `uri` that of a URL with a credential.
const SECRET_URLS: [&str; 10] =
    ["amqp", "database", "db", "jdbc", "mongo", "mongodb", "mysql", "postgres", "redis", "webhook"];

/// Last words of names whose value is the name of a secret, not the secret.
const NAMING_WORDS: [&str; 4] = ["env", "name", "names", "var"];

/// Returns true if a name says that its value is a secret.
pub fn is_secret_name(name: &str) -> bool {
    let words = words(name);
    if words.last().is_some_and(|last| NAMING_WORDS.contains(&last.as_str())) {
        return false;
    }
    let lower = name.to_lowercase();
    let is_qualifier =
        |word: &&String| QUALIFIERS.contains(&word.as_str()) || word.bytes().all(|byte| byte.is_ascii_digit());
    let last = words.iter().rfind(|word| !is_qualifier(word)).map_or("", String::as_str);
    let is_url = ["url", "uri"].contains(&last) && words.iter().any(|word| SECRET_URLS.contains(&word.as_str()));
    let is_connection = || {
        let plain: String = words.concat();
        ["connectionstring", "connectionurl", "connectionuri"].iter().any(|part| plain.contains(part))
    };
    SECRET_PARTS.iter().any(|part| lower.contains(part))
        || SECRET_WORDS.contains(&last)
        || is_url
        || is_connection()
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

/// Returns true if a text is probably the name of a secret, where such a name is expected: it has only
/// upper case and digits, or says that it is a secret and has no digits.
pub fn is_name_of_secret(text: &str) -> bool {
    let is_upper = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let is_plain = |c: char| c.is_ascii_alphabetic() || "_-.".contains(c);
    !is_credential(text) && (text.chars().all(is_upper) || (text.chars().all(is_plain) && is_secret_name(text)))
}

/// A text where the name of a variable is expected; masked if it is probably no name.
pub fn shown_name(text: &str) -> &str {
    if is_name_of_secret(text) { text } else { MASK }
}

/// Returns true if a text looks like the name of an environment variable, not a secret.
pub fn is_variable_name(text: &str) -> bool {
    text.contains('_') && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

/// The names of the variables with secrets: the key variables of the policy, what it injects, and what
/// the registry's providers accept.
fn key_names(registry: &Registry, policy: &Policy) -> Vec<String> {
    let keys = policy.key_variables().map(|key| policy.variable_name(key).to_owned());
    let accepted = registry.providers().iter().flat_map(|provider| provider.auth_env.names()).cloned();
    let mut names: Vec<String> = keys.chain(policy.injectable().iter().cloned()).chain(accepted).collect();
    names.sort();
    names.dedup();
    names
}

/// Returns true if a name is a known name but for one typing error, a digit, or its case.
pub fn is_slip_of(name: &str, known: &str) -> bool {
    let is_near = || strsim::osa_distance(&name.to_lowercase(), &known.to_lowercase()) <= 1;
    name.len() > SHORTEST && (name.len().abs_diff(known.len()) <= 1 && is_near() || is_slip(name, known))
}

/// Byte ranges of the values that a text assigns to secret names.
fn assigned(text: &str, is_secret_name: impl Fn(&str) -> bool) -> Vec<Range<usize>> {
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
        if is_list_of_names(&text[value.clone()]) {
            from = value.end.max(from);
            continue;
        }
        let is_quoted = !quote.is_empty() || value.start > found.end();
        if !is_quoted && !takes_a_line(name) && is_prose(name, &text[sign.range()], &text[value.start..], value.len()) {
            continue;
        }
        from = value.end.max(from);
        spans.push(value);
    }
}

/// Words that describe the state of a secret.
const STATE_WORDS: [&str; 24] = [
    "missing",
    "unset",
    "not",
    "none",
    "null",
    "nil",
    "empty",
    "required",
    "invalid",
    "expired",
    "true",
    "false",
    "absent",
    "bad",
    "closed",
    "denied",
    "malformed",
    "mismatch",
    "refused",
    "rejected",
    "revoked",
    "timeout",
    "undefined",
    "unknown",
];

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
    let is_continued =
        after.strip_prefix(' ').is_some_and(|after| after.starts_with(|c: char| c.is_ascii_alphabetic()));
    let is_word = word.len() < RANDOM_CHARS && word.chars().all(|c| c.is_ascii_alphabetic());
    sign == ":" && (is_variable_name(word) || (is_word && is_continued))
}

/// Returns true if the value of a name can have several words.
fn takes_a_line(name: &str) -> bool {
    let name = name.to_lowercase();
    name.contains("authorization") || name.contains("cookie")
}

/// Returns true for a list or an object in which every word could be the name of a variable or of a
/// member: it says which secrets there are.
fn is_list_of_names(value: &str) -> bool {
    let mut words = value.split(|c: char| !c.is_alphanumeric() && !"_-./+=".contains(c)).filter(|it| !it.is_empty());
    value.starts_with('[') && words.all(is_variable_name)
}

/// The byte after the bracket that closes the list or object at `start`, if one does. Its quotes may
/// be escaped, as in JSON inside a string.
fn closing(text: &str, start: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut open, mut at) = (0_usize, start);
    // The quote that ends the string at `at`; empty outside a string.
    let mut quote = "";
    while at < bytes.len() {
        let rest = &bytes[at..];
        if !quote.is_empty() {
            let is_end = rest.starts_with(quote.as_bytes());
            at += if is_end { quote.len() } else { 1 + usize::from(rest[0] == b'\\') };
            quote = if is_end { "" } else { quote };
            continue;
        }
        quote = ["\\\"", "\""].into_iter().find(|quote| rest.starts_with(quote.as_bytes())).unwrap_or_default();
        match rest[0] {
            b'[' | b'{' => open += 1,
            b']' | b'}' if open == 1 => return Some(at + 1),
            b']' | b'}' => open -= 1,
            _ => {}
        }
        at += quote.len().max(1);
    }
    None
}

/// The byte range of the value at `start`: the quoted text, the list or object, else up to a space or
/// delimiter.
fn value_at(text: &str, start: usize, name: &str) -> Range<usize> {
    let rest = &text[start..];
    if rest.starts_with(['[', '{']) {
        return start..closing(text, start).unwrap_or(text.len());
    }
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
fn is_random(token: &[u8]) -> bool {
    let class = |byte: u8| match byte {
        b'a'..=b'z' => 'a',
        b'A'..=b'Z' => 'A',
        b'0'..=b'9' => '0',
        _ => ' ',
    };
    let has = |wanted: char| token.iter().any(|byte| class(*byte) == wanted);
    let is_change = |pair: &&[u8]| {
        let [before, after] = [class(pair[0]), class(pair[1])];
        before != after && before != ' ' && after != ' '
    };
    let changes = || token.windows(2).filter(is_change).count();
    let has_long_word =
        || token.split(|byte| !byte.is_ascii_alphanumeric()).any(|word| word.len() >= RANDOM_WORD_CHARS);
    has('a') && has('A') && has('0') && changes() * 5 >= token.len() * 2 && has_long_word()
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
        masker(&[]).value(&read_json(text).expect(text)).to_string()
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config { failure_persistence: None, ..Default::default() })]

        /// The test before the search rules out no credential of any shape.
        #[test]
        fn every_shape_can_be_a_credential(
            shape in proptest::sample::select(SHAPES),
            seed: [u8; 16],
            before in "(|m-|a/)",
        ) {
            use proptest::strategy::{Strategy as _, ValueTree as _};
            let mut runner = proptest::test_runner::TestRunner::new_with_rng(
                proptest::test_runner::Config::default(),
                proptest::test_runner::TestRng::from_seed(
                    proptest::test_runner::RngAlgorithm::XorShift, &seed),
            );
            // The generator of texts does not read `\z`.
            let pattern = shape.replace(r"(?:-----END [A-Z ]*-----|\z)", "");
            let texts = proptest::string::string_regex(&pattern).expect("the pattern is valid");
            let text = before.clone() + &texts.new_tree(&mut runner).expect("there is a text").current();
            proptest::prop_assert!(can_have_credential(&text), "{} of {}", text, shape);
        }
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
    fn strings_of_json_are_masked_and_numbers_stay() {
        let key = r"-----BEGIN PRIVATE KEY-----\nnot\nreal";
        for (json, shown) in [
            (r#"{"sk-not-a-real-key": 340282366920938463463374607431768211455}"#.to_owned(), true),
            (format!(r#"["{key}", "a\\", "sk-not-a-real-key\"b"]"#), true),
            (r#"{"a": ["\"", "m-1", null, 1.5]}"#.to_owned(), false),
            (String::new(), false),
        ] {
            let masked = json_without_credentials(&json);
            assert_eq!(masked != json, shown, "{json}");
            assert!(!masked.contains("real"), "{masked}");
            assert_eq!(masked.contains("340282366920938463463374607431768211455"), json.contains("3402823669"));
            assert!(json.is_empty() || serde_json::from_str::<Value>(&masked).is_ok(), "{masked}");
        }
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
            ("Token: v", "Token: <masked>"),
            ("token: v1, next", "token: <masked>, next"),
            ("auth failed, Basic bWU6bm90LXJlYWw", "auth failed, Basic <masked>"),
            ("basic bWU6bm90LXJlYWw=", "basic <masked>"),
            ("https://me:not/a?real#pass@word@host/path", "https://<masked>@host/path"),
            ("postgres://me:123/real@host/db", "postgres://<masked>@host/db"),
            ("redis://:not-real@host", "redis://<masked>@host"),
            ("gsk_notarealkey000000000 xai-notarealkey000000", "<masked> <masked>"),
            ("fw_notarealkey000000000, csk-notarealkey000000", "<masked>, <masked>"),
            ("hvs.notarealtoken000000 dckr_pat_notareal-0000000", "<masked> <masked>"),
            ("ABSKnotarealkey0000000000 GOCSPX-not-a-real-key00", "<masked> <masked>"),
            ("at 12345678:notarealtokennotarealtokennotarealx", "at <masked>"),
            ("post to https://hooks.slack.com/services/T0/B0/notreal", "post to <masked>"),
            ("https://discord.com/api/webhooks/1/not-real failed", "<masked> failed"),
            ("https://files/x?se=1&sig=notreal&sv=2", "https://files/x?se=1&sig=<masked>&sv=2"),
            ("failed: tokens=[\"a\",\"b\"] next", "failed: tokens=<masked> next"),
            (r#"failed: {\"tokens\":[\"a\",\"b]\"]} next"#, r#"failed: {\"tokens\":<masked>} next"#),
            ("secrets: [A_KEY, notreal] next", "secrets: <masked> next"),
            ("password={not: real", "password=<masked>"),
            ("DATABASE_URL=x://y DB_URI: notreal1 dsn=notreal", "DATABASE_URL=<masked> DB_URI: <masked> dsn=<masked>"),
            ("SLACK_WEBHOOK_URL=x connectionString=y", "SLACK_WEBHOOK_URL=<masked> connectionString=<masked>"),
            ("pin=1234 otp: 123456 session_id=x", "pin=<masked> otp: <masked> session_id=<masked>"),
            (
                "sas=x GITHUB_PAT=y cert=z KUBECONFIG=w",
                "sas=<masked> GITHUB_PAT=<masked> cert=<masked> KUBECONFIG=<masked>",
            ),
            (
                "mnemonic='a b' seed=7 SALT=x nonce: 5",
                "mnemonic='<masked>' seed=<masked> SALT=<masked> nonce: <masked>",
            ),
            ("bearer=x license: AB12-CD34", "bearer=<masked> license: <masked>"),
            (
                "E2E_MINIMAX_API_KYE=v E2E_MINIMAX_AP_KEY: v1",
                "E2E_MINIMAX_API_KYE=<masked> E2E_MINIMAX_AP_KEY: <masked>",
            ),
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
            "AcmeVendor/AcMi-V2-FlaSh7B",
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
            "openai/gpt-4o-mini",
            "moonshot/kimi-k2.6 on moonshot",
            "anthropic-api",
            "claude-sonnet-4-5-20250929",
            "meta-llama/Llama-3.3-70B-Instruct-Turbo",
            "us.anthropic.claude-3-7-sonnet-20250219-v1:0",
            "https://api.minimax.example/v1/chat?model=MiniMax-M2.7#top",
            "https://registry.example/@scope/package",
            "http://localhost:8080/v1/users/@me",
            "git@host.example:team/project.git",
            "149c49e6f2f5a1d9b0c4e1d2a3b4c5d6e7f80910",
            "v2.10.0-rc.1+build.5",
            "actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683",
            "basic authentication, basic workspaces and Basic MiniMaxModels",
            "invalid token: the workspace was stopped",
            "injected secrets: [MINIMAX_API_KEY, E2E_KEY]",
            "npm_config_user_agent and fw_some_long_name_of_a_thing",
            "the session was closed, session: closed, license: expired",
            "pinned the seed of the path; see the certificate",
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
                r#"{"error":"create: [{\"name\":\"X_TOKEN\",\"value\":\"a\"}], again"}"#,
                r#"{"error":"create: [{\"name\":\"X_TOKEN\",\"value\":\"<masked>\"}], again"}"#,
            ),
            (r#"{"error":"[\"{\\\"pin\\\":1}\"]"}"#, r#"{"error":"[\"{\\\"pin\\\":<masked>}\"]"}"#),
            (
                r#"{"E2E_MINIMAX_API_KYE":"a","e2e_minimax_apikey":"a"}"#,
                r#"{"E2E_MINIMAX_API_KYE":"<masked>","e2e_minimax_apikey":"<masked>"}"#,
            ),
            (
                r#"{"kubeconfig":{"a":"b"},"SEED":7,"pat_name":"X","path":"p"}"#,
                r#"{"kubeconfig":{"a":"<masked>"},"SEED":"<masked>","pat_name":"X","path":"p"}"#,
            ),
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
    fn key_variable_of_any_length_is_secret() {
        let policy = |key: &str| {
            let secrets = format!("secrets: [{{key: {key}, inject: [{key}_1]}}]");
            Policy::from_yaml(format!("schema_version: 2\nname: p\nmodel: [{{use: m}}]\n{secrets}\n").as_bytes())
        };
        for (key, other) in [("A", "B"), ("ACME", "ACNE"), ("GRAPH", "OTHER"), ("AZURE_1", "OTHER_1")] {
            let policy = policy(key).expect("the policy is valid");
            let masker = Masker::new([], &Registry::embedded(), &policy);
            for (name, is_secret) in [(key.to_owned(), true), (format!("{key}_1"), true), (other.to_owned(), false)] {
                assert_eq!(masker.is_secret_name(&name), is_secret, "{name} for {key}");
                let shown = if is_secret { format!("{name}=<masked>") } else { format!("{name}=plain-value") };
                assert_eq!(masker.text(&format!("{name}=plain-value")), shown);
            }
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
        let value = read_json(r#"{"n":-123456.5,"123456":[]}"#).expect("the text is JSON");
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
