//! Tests of the parser: the tree of a script, printed as a script.

use proptest::prelude::*;
use slug_shell::parser::{MAX_DEPTH, parse};

use crate::generator::script;
use slug_testkit::print_script as print;
use slug_testkit::script::{check_makefile, check_script};

/// Any sequence of characters and words with a meaning in bash.
const ANY_TEXT: &str = concat!(
    "([a-z =$|&;\"'\n(){}<>`!#\\\\\\[\\]*?+-]|if|then|fi|do|done|for|in|case|esac|",
    "<<E\n|\nE\n|\\$\\(|\\$\\{|\\(\\(|\\[\\[ | \\]\\]|;;){0,60}"
);

/// Any sequence of characters and words with a meaning in a Makefile.
const ANY_MAKEFILE: &str = concat!(
    "([a-z =$|&;\"'\n\t(){}<>@%#\\\\:?+-]|ifdef|else|endif|define|endef|export |unexport |include |",
    "\n\t|: |:=|\\?=|\\+=|\\$\\(|\\$\\$|\\$@|\\.PHONY: |\\.ONESHELL:\n|tests/run.sh|SHELL := bash\n){0,60}"
);

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn printed_script_parses_to_the_same_tree(script in script()) {
        let printed = parse(&script).map(|tree| print(&tree));
        prop_assert!(printed.is_ok(), "{}", script);
        let printed = printed.unwrap_or_default();
        prop_assert_eq!(parse(&printed).map(|tree| print(&tree)), Ok(printed), "{}", script);
    }

    /// The parser and the interpreter terminate without a panic on any text.
    #[test]
    fn any_text_is_interpreted(script in ANY_TEXT) {
        prop_assert_eq!(check_script(&script).err(), None);
    }

    #[test]
    fn any_makefile_is_interpreted(makefile in ANY_MAKEFILE) {
        prop_assert_eq!(check_makefile(&makefile).err(), None);
    }
}

/// The printed tree of a script in one line, or the error.
fn read(script: &str) -> String {
    match parse(script) {
        Ok(tree) => print(&tree).trim_end().replace('\n', "↵"),
        Err(error) => format!("error: {error}"),
    }
}

#[track_caller]
fn check(cases: &[(&str, &str)]) {
    for (script, expected) in cases {
        assert_eq!(read(script), *expected, "{script}");
        if let Ok(tree) = parse(script) {
            let printed = print(&tree);
            let again = parse(&printed).map(|tree| print(&tree));
            assert_eq!(again.as_ref(), Ok(&printed), "{script}");
        }
    }
}

#[test]
fn lists_and_pipelines_parse() {
    check(&[
        ("a b  c", "a b c"),
        ("a; b && c || d | e & f", "a↵b && c || d | e &↵f"),
        ("a &&\n\n# comment\nb |\nc", "a && b | c"),
        ("a \\\n b\\\nc", "a bc"),
        ("! a | b", "! a | b"),
        ("! ! a", "a"),
        ("time -p a |& b", "time a | b"),
        ("a # b\n#c\nd#e", "a↵d#e"),
        ("", ""),
        ("a >& b &> c 2>&1 {fd}<d", "a >&b &>c 2>&1 {fd}<d"),
        ("> f A=b c <<< d", "A=b c >f <<<d"),
        ("echo 2>f 22 2", "echo 22 2 2>f"),
        (">f if a", " >f if a"),
        ("<f [[ a 2>g", " <f 2>g [[ a"),
    ]);
}

#[test]
fn compound_commands_parse() {
    check(&[
        ("if a; then b; elif c\nthen d; else e; fi > f", "if↵a↵then↵b↵elif↵c↵then↵d↵else↵e↵fi >f"),
        ("while a; do b; done < f | c", "while↵a↵do↵b↵done <f | c"),
        ("until a\ndo b\ndone &", "until↵a↵do↵b↵done &"),
        ("for x in a 'b c'; do d; done", "for x in a 'b c'↵do↵d↵done"),
        ("for x\ndo d; done", "for x↵do↵d↵done"),
        ("for x; do d; done", "for x↵do↵d↵done"),
        ("for x in; do d; done", "for x in↵do↵d↵done"),
        ("for x in a; { b; }", "for x in a↵do↵b↵done"),
        ("select x in a b; do c; done", "select x in a b↵do↵c↵done"),
        ("for ((i = 0; i < (3); i++)); do a; done", "for ((i = 0; i < (3); i++))↵do↵a↵done"),
        ("for ((;;)) { a; }", "for ((;;))↵do↵a↵done"),
        ("case $x in a|b) c;; (d) e;& f) ;;& *) g; esac", "case ${x} in↵(a|b)↵c↵;;↵(d)↵e↵;&↵(f)↵;;&↵(*)↵g↵;;↵esac"),
        ("case x in esac", "case x in↵esac"),
        ("case in in in) in;; esac", "case in in↵(in)↵in↵;;↵esac"),
        ("{ a; }; (b; c)", "{↵a↵}↵(↵b↵c↵)"),
        ("( (a) )", "(↵(↵a↵)↵)"),
        ("((a); b)", "(↵(↵a↵)↵b↵)"),
        ("f() { a; }; g () ( b )", "function f {↵a↵}↵function g (↵b↵)"),
        ("function f { a; } > g; function h () [[ x ]]", "function f {↵a↵} >g↵function h [[ x ]]"),
        ("coproc { a; }; coproc NAME { b; }; coproc c d", "coproc {↵a↵}↵coproc NAME {↵b↵}↵coproc c d"),
        ("$(case a in b) c;; esac)", "$(↵case a in↵(b)↵c↵;;↵esac↵)"),
        ("!(a)", "! (↵a↵)"),
    ]);
}

#[test]
fn reserved_word_after_command_is_argument() {
    for word in [
        "!", "[[", "{", "}", "case", "coproc", "do", "done", "elif", "else", "esac", "fi", "for", "function", "if",
        "in", "select", "then", "time", "until", "while", "]]",
    ] {
        let simple = format!("echo {word} x");
        check(&[(&simple, &simple), (&format!("A=b {word}"), &format!("A=b {word}"))]);
        let in_loop = format!("for x in {word}; do if a; then echo {word}; fi; b {word}; done; c");
        let expected = format!("for x in {word}↵do↵if↵a↵then↵echo {word}↵fi↵b {word}↵done↵c");
        check(&[(&in_loop, &expected), (&format!("'{word}' x"), &format!("'{word}' x"))]);
    }
    check(&[("in a", "in a"), ("then", "error: unexpected `then`")]);
}

#[test]
fn tests_and_arithmetic_parse() {
    check(&[
        ("[[ a && b ]] && c", "[[ a && b ]] && c"),
        ("[[ -n $a || ( b == c && ! d ) ]]", "[[ -n ${a} || ( b == c && ! d ) ]]"),
        ("[[ $a =~ ^(x|y z)[0-9]+$ ]]", "[[ ${a} =~ ^(x|y z)[0-9]+$ ]]"),
        ("[[ $a == @(x|y)* &&\n$b != c ]]", "[[ ${a} == @(x|y)* && ${b} != c ]]"),
        ("[[ a < b && a > \"c\" && 1 -lt 2 ]]", "[[ a < b && a > \"c\" && 1 -lt 2 ]]"),
        ("[[ -n \"$(a ]])\" ]]", "[[ -n \"$(↵a ]]↵)\" ]]"),
        ("[[ -f ]]", "[[ -f ]]"),
        ("((n += 1)) && ((a[1]++, (b)))", "((n += 1)) && ((a[1]++, (b)))"),
        ("(( $(a) > ${b} ))", "(( $(↵a↵) > ${b} ))"),
        ("x=$((1 + (2))) y=$[3]", "x=$((1 + (2))) y=$((3))"),
        ("$((a); (b))", "$(↵(↵a↵)↵(↵b↵)↵)"),
    ]);
}

#[test]
fn words_parse() {
    check(&[
        ("a 'b c' \"d $e\" f\\ g", "a 'b c' \"d ${e}\" f\\ g"),
        ("A=x B='y z' A+=1 a[$i]=2 c=(d 'e f'\n# comment\ng) cmd", "A=x B='y z' A+=1 a[…]=2 c=( d 'e f' g ) cmd"),
        ("a[x y]=1", "a[…]=1"),
        ("declare -a a=(b c)", "declare -a a=( b c )"),
        ("x=$(a \"$(b)\") y=`c \\`d\\``", "x=$(↵a \"$(↵b↵)\"↵) y=$(↵c $(↵d↵)↵)"),
        ("${A:-b c} ${A} ${A%x} ${A:-${B:-c}}", "${A:-b c} ${A} ${A%x} ${A:-${B:-c}}"),
        (
            "\"${X:-it's}\" b \"$(jq \".a | \\\"it's\\\"\" f)\" c",
            "\"${X:-it's}\" b \"$(↵jq \".a | \\\"it's\\\"\" f↵)\" c",
        ),
        ("\"${V#\"x/\"}\" ${V%\\\"*} $'it\\'s' \"${V%'}'}\"", "\"${V#\"x/\"}\" ${V%\\\"*} $'it\\'s' \"${V%'}'}\""),
        ("${#a} ${!b*} ${c[@]} ${#} $# $1 $$ $", "${#a} ${!b*} ${c[@]} ${#} ${#} ${1} ${$} $"),
        ("\"\" '' a\"b\"'c'", "\"\" '' a\"b\"'c'"),
        ("$'\\x41\\t\\u00e9\\'' $'\\xff' $\"a\"", "$'A\\u0009é\\'' $'\\xff' \"a\""),
        ("a <(b) >(c d) --f=<(e)", "a <(↵b↵) <(↵c d↵) --f=<(↵e↵)"),
        ("a.b=c 'A'=b =b 1=b $A=b", "a.b=c 'A'=b =b 1=b ${A}=b"),
        ("echo {a,b}*.? ~/x @(a|b c)", "echo {a,b}*.? ~/x @(a|b c)"),
        ("echo \u{100000} $\u{100001}", "echo \u{100000} $\u{100001}"),
    ]);
}

#[test]
fn here_documents_parse() {
    check(&[
        ("cat <<EOF >> f\na $b\nEOF\nnext", "cat <<EOF >>f↵a ${b}↵EOF↵next"),
        ("cat <<-'EOF'\n\ta $b\n\tEOF\n", "cat <<-'EOF'↵a $b↵EOF"),
        ("a <<A <<B; c\n1\nA\n2\nB\nd", "a <<A <<B↵1↵A↵2↵B↵c↵d"),
        ("x=$(cat <<EOF\n\"$(a)\" \\$ \\\"\nEOF\n)", "x=$(↵cat <<EOF↵\"$(↵a↵)\" \\$ \\\\\"↵EOF↵)"),
        ("while a <<X; do\nb\nX\nc; done <<Y\nd\nY", "while↵a <<X↵b↵X↵do↵c↵done <<Y↵d↵Y"),
        ("cat <<EOF\nends with the script", "cat <<EOF↵ends with the script↵EOF"),
    ]);
}

#[test]
fn invalid_script_is_an_error() {
    for script in [
        "'a",
        "a \"b",
        "$(a",
        "${a",
        "`a",
        "$'a",
        "(a",
        "{ a",
        "if a; then b",
        "for x in a; do b",
        "case a in b) c",
        "a)",
        "fi",
        "done",
        "if; then a; fi",
        "if a; then fi",
        "a ;; b",
        "a && ",
        "| a",
        "a | | b",
        "f() a",
        "f(",
        "[[ a",
        "[[ ]]",
        "(( a",
        "a >",
        "a <<",
        "for 1 in a; do b; done",
        "()",
        "{ }",
        "a=(b",
        "a ( b",
        "${}",
        "&",
    ] {
        assert!(parse(script).is_err(), "{script}");
    }
}

#[test]
fn deep_nesting_is_an_error() {
    let deep = 3000;
    for (opening, middle, closing) in [
        ("if a; then ", "b", "; fi"),
        ("if ", "a", "; then b; fi"),
        ("while a; do ", "b", "; done"),
        ("for x in y; do ", "b", "; done"),
        ("case a in a) ", "b", ";; esac"),
        ("{ ", "b", "; }"),
        ("( ", "b", " )"),
        ("f() { ", "b", "; }"),
        ("$(", "b", ")"),
        ("\"$(", "b", ")\""),
        ("\"${a:-", "b", "}\""),
        ("${a:-", "b", "}"),
        ("$((", "b", "))"),
        ("$((1 + $(", "b", ")))"),
        ("<(", "b", ")"),
        ("[[ ( ", "b", " ) ]]"),
        ("coproc ", "b", ""),
        ("a=(", "b", ")"),
    ] {
        let script = format!("{}{middle}{}", opening.repeat(deep), closing.repeat(deep));
        assert!(parse(&script).is_err(), "{opening}");
        let script = format!("{}{middle}{}", opening.repeat(MAX_DEPTH / 4), closing.repeat(MAX_DEPTH / 4));
        let is_valid = !matches!(opening, "[[ ( " | "a=(" | "coproc ");
        assert!(!is_valid || parse(&script).is_ok(), "{opening}: {:?}", parse(&script).err());
    }
    // Parentheses in arithmetic are plain text.
    assert!(parse(&format!("{}b{}", "(".repeat(deep), ")".repeat(deep))).is_ok());
    let tests = format!("[[ {}a{} ]]", "( ".repeat(deep), " )".repeat(deep));
    let negations = format!("[[ {}a ]]", "! ".repeat(deep));
    assert!(parse(&tests).is_err() && parse(&negations).is_err());
}

#[test]
fn long_scripts_parse() {
    for script in ["a; ", "a && ", "a | ", "! ", "$x", "a\\\n", "elif "].map(|part| part.repeat(9000)) {
        let _ = parse(&format!("{script}b"));
    }
    let elif = format!("if a; then b; {}fi", "elif a; then b; ".repeat(3000));
    let and = format!("[[ {}a ]]", "a && ".repeat(9000));
    assert!(parse(&elif).is_ok() && parse(&and).is_ok());
}

#[test]
fn spans_cover_their_text() {
    use slug_shell::syntax::{CommandKind, PieceKind};
    let script = "a; if b; then X=\"y $z\" c >f; fi # d";
    let tree = parse(script).expect("the script is valid");
    assert_eq!(&script[tree.comments[0].clone()], "# d");
    let item = &tree.body.items[1];
    assert_eq!(&script[item.span.clone()], "if b; then X=\"y $z\" c >f; fi");
    let CommandKind::If(branches) = &item.first.commands[0].kind else { panic!("the command is not an `if`") };
    let inner = &branches.branches[0].1.items[0].first.commands[0];
    assert_eq!(&script[inner.span.clone()], "X=\"y $z\" c >f");
    let CommandKind::Simple(simple) = &inner.kind else { panic!("the command is not simple") };
    assert_eq!(&script[simple.assignments[0].name_span.clone()], "X");
    assert_eq!(&script[simple.assignments[0].value.span.clone()], "\"y $z\"");
    let PieceKind::DoubleQuoted(pieces) = &simple.assignments[0].value.pieces[0].kind else {
        panic!("the value is not quoted")
    };
    assert_eq!(&script[pieces[1].span.clone()], "$z");
    assert_eq!(&script[inner.redirects[0].span.clone()], ">f");
}
