//! A set that prints as a list, against that list.

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
    fn names_are_the_list_of_their_members(
        list in vec("[A-C]{1,3}", 0..NameSubset::CAPACITY),
        one in vec("[A-C]{1,3}", 0..9),
        other in vec("[A-C]{1,3}", 0..9),
        other_list in vec("[A-C]{1,3}", 0..9),
    ) {
        let found = NameSubset::of(&list, |name| one.iter().any(|member| member == name));
        let expected = names(&list, &one);
        assert_eq!(found.iter().collect::<Vec<_>>(), expected);
        assert_eq!((found.len(), found.is_empty()), (expected.len(), expected.is_empty()));
        assert_eq!((found.join(", "), format!("{found:?}")), (expected.join(", "), format!("{expected:?}")));
        for name in list.iter().chain(&other_list) {
            assert_eq!(found.contains(name), expected.contains(name));
        }
        let elsewhere = list.clone();
        for list in [&list, &elsewhere, &other_list] {
            for members in [&one, &other] {
                let again = NameSubset::of(list, |name| members.iter().any(|member| member == name));
                assert_eq!(found == again, expected == names(list, members), "{found:?} and {again:?}");
            }
        }
    }

    /// A provider that is in no registry may name more secrets than a set can hold.
    #[test]
    fn without_credentials_a_provider_accepts_none_however_many_it_names(beyond in 1..9_usize) {
        let auth_env = vec!["KEY".to_owned(); NameSubset::CAPACITY + beyond];
        let provider = Provider::new("p", auth_env, Pattern::new("^p").expect("it compiles"));
        assert_eq!(Credentials::default().accepted_by(&provider), NameSubset::default());
    }

    #[test]
    fn warnings_are_the_list_of_those_given(given in subsequence(Warning::ALL.to_vec(), 0..=2), twice in any::<bool>()) {
        let repeated = given.iter().chain(given.iter().filter(|_| twice)).copied();
        let found: Warnings = repeated.collect();
        assert_eq!((found.iter().collect::<Vec<_>>(), format!("{found:?}")), (given.clone(), format!("{given:?}")));
        for warning in Warning::ALL {
            assert_eq!(found.contains(warning), given.contains(&warning));
        }
    }
}
