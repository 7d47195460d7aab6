//! The names of credentials: which ones belong together.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use slug_yaml::{Cursor, UnknownFields};

/// Maximum bytes in the name of a variable.
const NAME_BYTES: usize = 200;

/// Returns true if a text can be the name of an environment variable.
pub(crate) fn is_variable_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= NAME_BYTES
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The names in `${NAME}`, in the order of the text.
pub(crate) fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    let parts = text.split("${").skip(1).filter_map(|part| part.split_once('}'));
    // `${NAME:-default}` needs no variable.
    parts.map(|(name, _)| name).filter(|name| is_variable_name(name))
}

/// The rules by which names belong together, from the file `credential-names.yaml`.
struct Rules {
    keys: Vec<String>,
    key_parts: Vec<String>,
    pairs: Vec<Vec<String>>,
    no_keys: Vec<String>,
}

static RULES: LazyLock<Rules> = LazyLock::new(|| {
    const VALID: &str = "the data are valid: a test reads them";
    let root = slug_resolver::yaml::read(include_bytes!("../data/credential-names.yaml")).expect(VALID);
    let root = Cursor::root(&root);
    let fields = root.fields(&["keys", "key_parts", "pairs", "no_keys"], &[], UnknownFields::Deny).expect(VALID);
    let strings = |name| fields.required(name).and_then(|at| at.strings()).expect(VALID);
    let pairs = fields.required("pairs").expect(VALID);
    let pairs = pairs.items().expect(VALID).map(|pair| pair.strings().expect(VALID)).collect();
    Rules { keys: strings("keys"), key_parts: strings("key_parts"), pairs, no_keys: strings("no_keys") }
});

/// Groups a list of names whose relation is unknown: each key alone is enough, and every other name is
/// needed with each key. Without a key, all names are needed together. The names in `required` are
/// never keys.
pub(crate) fn group(names: &[String], required: &BTreeSet<&str>) -> Vec<Vec<String>> {
    let upper: Vec<String> = names.iter().map(|name| name.to_ascii_uppercase()).collect();
    let is_required = |position: usize| required.contains(names[position].as_str());
    let ends = |position: usize, endings: &[String]| endings.iter().any(|ending| upper[position].ends_with(ending));
    let has_part = |position: usize| RULES.key_parts.iter().any(|part| upper[position].contains(part));
    let mut keys: Vec<Vec<usize>> = Vec::new();
    for position in (0..names.len()).filter(|position| !is_required(*position)) {
        if keys.iter().flatten().any(|key| *key == position) {
            continue;
        }
        if let Some(pair) = pair_of(&upper, position) {
            if !pair.iter().any(|half| is_required(*half)) {
                keys.push(pair);
            }
        } else if !ends(position, &RULES.no_keys) && (ends(position, &RULES.keys) || has_part(position)) {
            keys.push(vec![position]);
        }
    }
    let is_in_key = |position: &usize| keys.iter().flatten().any(|key| key == position);
    let others: Vec<usize> = (0..names.len()).filter(|position| !is_in_key(position)).collect();
    if keys.is_empty() {
        keys.push(Vec::new());
    }
    let item = |key: Vec<usize>| key.into_iter().chain(others.iter().copied()).map(|at| names[at].clone()).collect();
    keys.into_iter().map(item).filter(|item: &Vec<String>| !item.is_empty()).collect()
}

/// The positions of all parts of the key that is made of several names, if a name is such a part and the list has
/// all of them.
fn pair_of(upper: &[String], position: usize) -> Option<Vec<usize>> {
    RULES.pairs.iter().find_map(|endings| {
        let beginning = endings.iter().find_map(|ending| upper[position].strip_suffix(ending.as_str()))?;
        let part =
            |ending: &String| upper.iter().position(|name| name.strip_suffix(ending.as_str()) == Some(beginning));
        endings.iter().map(part).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_groups(names: &str, expected: &str) {
        let names: Vec<String> = names.split_whitespace().map(str::to_owned).collect();
        let groups: Vec<String> = group(&names, &BTreeSet::new()).iter().map(|item| item.join(" and ")).collect();
        assert_eq!(groups.join(", or "), expected);
    }

    #[test]
    fn other_names_are_needed_with_each_key() {
        assert_groups("A_API_KEY", "A_API_KEY");
        assert_groups("A_API_KEY B_API_KEY C_TOKEN", "A_API_KEY, or B_API_KEY, or C_TOKEN");
        assert_groups("A_RESOURCE A_API_KEY", "A_API_KEY and A_RESOURCE");
        assert_groups("A_TOKEN A_ACCOUNT_ID A_API_KEY", "A_TOKEN and A_ACCOUNT_ID, or A_API_KEY and A_ACCOUNT_ID");
        assert_groups("A_PROJECT A_LOCATION A_CREDENTIALS", "A_PROJECT and A_LOCATION and A_CREDENTIALS");
        assert_groups("a_api_key b_api_key", "a_api_key, or b_api_key");
    }

    #[test]
    fn names_of_one_key_are_needed_together() {
        assert_groups("X_ACCESS_KEY_ID X_SECRET_ACCESS_KEY X_REGION X_BEARER_TOKEN_Y", {
            "X_ACCESS_KEY_ID and X_SECRET_ACCESS_KEY and X_REGION, or X_BEARER_TOKEN_Y and X_REGION"
        });
        // Halves of two keys.
        assert_groups("X_ACCESS_KEY_ID Y_SECRET_ACCESS_KEY", "X_ACCESS_KEY_ID and Y_SECRET_ACCESS_KEY");
        assert_groups("X_ACCESS_KEY_ID X_SECRET_ACCESS_KEY X_SESSION_TOKEN", {
            "X_ACCESS_KEY_ID and X_SECRET_ACCESS_KEY and X_SESSION_TOKEN"
        });
        assert_groups("X_CLIENT_ID X_CLIENT_SECRET", "X_CLIENT_ID and X_CLIENT_SECRET");
    }

    #[test]
    fn name_in_the_address_is_not_an_alternative() {
        let names = ["A_HOST_TOKEN".to_owned(), "A_API_KEY".to_owned()];
        assert_eq!(group(&names, &["A_HOST_TOKEN"].into()), [["A_API_KEY", "A_HOST_TOKEN"]]);
        assert_eq!(group(&names, &BTreeSet::new()), [["A_HOST_TOKEN"], ["A_API_KEY"]]);
        assert_eq!(placeholders("https://${A}.example/${B_C}/${}/${D:-x}/${E").collect::<Vec<_>>(), ["A", "B_C"]);
    }
}
