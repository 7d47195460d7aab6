//! The rules, each with a sentence that breaks it and the same sentence in plain words.

/// A habit to avoid.
pub struct Rule {
    pub pattern: &'static str,
    /// What to write instead.
    pub advice: &'static str,
    /// Text that the pattern rejects.
    pub bad: &'static str,
    /// The same, as it should be written.
    pub good: &'static str,
    /// Files in which the words mean something else.
    pub except: &'static [&'static str],
}

const fn rule(pattern: &'static str, advice: &'static str, bad: &'static str, good: &'static str) -> Rule {
    Rule { pattern, advice, bad, good, except: &[] }
}

const fn rule_except(
    pattern: &'static str,
    advice: &'static str,
    [bad, good]: [&'static str; 2],
    except: &'static [&'static str],
) -> Rule {
    Rule { pattern, advice, bad, good, except }
}

pub const RULES: &[Rule] = &[
    rule(r"(?i)\bmend(s|ed|ing)?\b", "write `fix`", "the edit mends it", "the edit fixes it"),
    rule(r"(?i)\banew\b", "write `again`", "it is written anew", "it is written again"),
    rule(r"(?i)\bin vain\b", "say what is unused", "entries held in vain", "unused entries"),
    rule(
        r"\bis no ([a-km-z]|l[a-np-z])",
        "use a positive verb: `is not a`, `lacks`",
        "this is no workflow",
        "this is no longer read; that is not a workflow",
    ),
    rule(r"(?i)\bnothing is left\b", "say what is empty", "nothing is left to do", "the list is empty"),
    rule(
        r"(?i)\bas good as\b",
        "name the equality",
        "an empty value is as good as none",
        "an empty value counts as absent",
    ),
    rule(
        r"(?i)\b(comes?|came) to\b",
        "write `evaluates to`, `resolves to` or `is`",
        "it comes to `sonnet`",
        "it resolves to `sonnet`",
    ),
    rule(r"(?i)\bwhat is \w+ is\b", "name the noun", "what is read is kept", "the input is kept"),
    rule(r"(?i)\bwhoever\b|\bnobody's\b", "name the person", "whoever starts it", "the caller"),
    rule(r"(?i)\bat the most\b", "write `at most`", "three at the most", "three at most"),
    rule(
        r"(?i)\bt(ell|ells|old|elling)\b.{0,24}\bapart\b",
        "write `distinguish`",
        "they are told apart",
        "they are distinguished",
    ),
    rule(
        r"(?i)\bjudg(e|es|ed|ing|ement|ements|ment)\b",
        "write `check`, `evaluate` or `decide`",
        "each call is judged",
        "each call is checked",
    ),
    rule_except(
        r"(?i)\b(scenes?|teeth|census|remarks?)\b",
        "use the standard term: dataset, seeded bugs, generator coverage, warning",
        ["a remark on the scene", "a warning about the dataset"],
        &["CHANGELOG.md"],
    ),
    rule_except(
        r"(?i)\bholes?\b",
        "write `gap` or `placeholder`",
        ["the holes of a policy", "the gaps of a policy"],
        &["CHANGELOG.md", "cli/src/args.rs", "cli/tests/command/prove.rs"],
    ),
    rule(
        r"^\s*//[/!]? Of (a|an|the|each|several|all|these|those|what)\b",
        "start with the subject",
        "/// Of a slug, only the arm counts.",
        "/// Only the arm of a slug counts.",
    ),
    rule(
        r"(?i)\b(stands?|stood) (in|at|on|behind|there|beside|between|after|before|alone)\b",
        "write `is`, `appears` or `is listed`",
        "its path stands in a variable",
        "its path is in a variable",
    ),
    rule(
        r"(?i)\bbehind\b",
        "write `after`, or name the relation",
        "the text behind the mask",
        "the text after the mask",
    ),
    rule(
        r"(?i)\bboots? to\b",
        "write `ends in the state`",
        "the workspace boots to `failed`",
        "the workspace ends in the state `failed`",
    ),
    rule(
        r"(?i)\btakes? (it|them|`[^`]+`|what [^.]{1,24}) for (a|an|the)\b",
        "write `considers` or `reads as`",
        "cargo takes it for the same package",
        "cargo considers both the same package; the comparison takes long for a long name",
    ),
    rule(r"(?i)\bfiles? of variables\b", "write `env file`", "an unknown file of variables", "an unknown env file"),
    rule(
        r"^\s*//.*: (it|one of \w+ \w+) (does|is)\.$",
        "say the condition",
        "/// Whether a name says that something chooses a model: one of its words does.",
        "/// Whether a name contains a word for a model.",
    ),
    rule(r"(?i)\brightly\b", "write `correctly`", "it is derived rightly", "it is derived correctly"),
    rule(r"(?i)\bthose (that|which|who)\b", "repeat the noun", "those that fail", "the calls that fail"),
    rule(
        r"(?i)\bat home\b|\bauthor knows\b|\bkeeps no one\b",
        "no personification",
        "the rule is at home here",
        "the rule is defined here",
    ),
    rule(
        r"/// (Whether it is|Where|See there|Why|The same)\.$",
        "say type, unit and condition",
        "/// Whether it is.",
        "/// Returns true for absent values.",
    ),
    rule(
        r"\bfn ([a-z0-9]+_){9,}[a-z0-9]+\b",
        "name it unit_condition_result",
        "fn it_is_so_that_all_of_them_say_the_same_thing()",
        "fn all_readers_agree()",
    ),
    rule(r"(^|[^\w.])/(root|work)/\w", "name no path of one machine", "see /root/notes", "see docs/notes"),
];
