//! Tests that `NameSubset` and `Warnings` behave like lists of their members.

use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, any, proptest};
use proptest::sample::subsequence;
use slug_resolver::registry::{Credentials, Pattern};
use slug_resolver::{NameSubset, Provider, Warning, Warnings};

fn names(list: &[String], members: &[String]) -> Vec<String> {
    list.iter().filter(|name| members.contains(name)).cloned().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn subset_equals_the_list_of_its_members(
        list in vec("[A-C]{1,3}", 0..NameSubset::CAPACITY),
        members in vec("[A-C]{1,3}", 0..9),
        other_members in vec("[A-C]{1,3}", 0..9),
        other_list in vec("[A-C]{1,3}", 0..9),
    ) {
        let found = NameSubset::of(&list, |name| members.iter().any(|member| member == name));
        let expected = names(&list, &members);
        assert_eq!(found.iter().collect::<Vec<_>>(), expected);
        assert_eq!((found.len(), found.is_empty()), (expected.len(), expected.is_empty()));
        assert_eq!((found.join(", "), format!("{found:?}")), (expected.join(", "), format!("{expected:?}")));
        for name in list.iter().chain(&other_list) {
            assert_eq!(found.contains(name), expected.contains(name));
        }
        // Equality does not depend on the address of the list.
        let equal_list = list.clone();
        for list in [&list, &equal_list, &other_list] {
            for members in [&members, &other_members] {
                let subset = NameSubset::of(list, |name| members.iter().any(|member| member == name));
                assert_eq!(found == subset, expected == names(list, members), "{found:?} and {subset:?}");
            }
        }
    }

    /// A provider that is not in a registry can have more names than a subset can hold. The lookup returns an
    /// empty subset and does not panic.
    #[test]
    fn empty_credentials_match_nothing_beyond_capacity(beyond in 1..9_usize) {
        let auth_env = vec!["KEY".to_owned(); NameSubset::CAPACITY + beyond];
        let provider = Provider::new("p", auth_env, Pattern::new("^p").expect("the pattern compiles"));
        assert_eq!(Credentials::default().accepted_by(&provider), NameSubset::default());
    }

    #[test]
    fn warnings_equal_the_list_of_their_members(
        given in subsequence(Warning::ALL.to_vec(), 0..=2),
        twice in any::<bool>(),
    ) {
        let repeated = given.iter().chain(given.iter().filter(|_| twice)).copied();
        let found: Warnings = repeated.collect();
        assert_eq!((found.iter().collect::<Vec<_>>(), format!("{found:?}")), (given.clone(), format!("{given:?}")));
        for warning in Warning::ALL {
            assert_eq!(found.contains(warning), given.contains(&warning));
        }
    }
}
