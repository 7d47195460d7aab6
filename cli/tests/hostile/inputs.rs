//! The hostile inputs: each a row of the table, written in the format of a reader.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

use crate::readers::{Format, Reader, Voice};

/// A place in the file of a reader that an input may fill.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// A text that may be anything.
    Text,
    /// A word that has to be one of some, or a name.
    Word,
    /// A string that is not in quotes.
    Number,
    /// The rest of a list.
    Items,
    /// A pattern of a registry.
    Pattern,
}

impl Slot {
    pub fn marker(self) -> &'static str {
        match self {
            Self::Text => "«text»",
            Self::Word => "«word»",
            Self::Number => "«number»",
            Self::Items => "«items»",
            Self::Pattern => "«pattern»",
        }
    }
}

/// One hostile input.
pub struct Input {
    pub name: &'static str,
    /// What it is, for the page.
    pub words: &'static str,
    pub kind: Kind,
    /// Whether the tests leave it to the night.
    pub is_slow: bool,
}

/// How an input comes about.
pub enum Kind {
    /// A file that has nothing of the template.
    Whole(Written),
    /// The template with a slot filled.
    Fill(Slot, Written),
    /// The template with something behind it.
    Behind(Written),
    /// Something in the place of the file.
    InPlace(fn(&Path, &Reader) -> io::Result<Made>),
}

/// Writes what is hostile about an input, or says that the format or the reader has no such thing.
pub type Written = fn(&Reader, &mut dyn Write) -> io::Result<Made>;

/// Whether there is such an input.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Made {
    Yes,
    No,
}

impl Input {
    /// Makes the file of a reader.
    pub fn make(&self, reader: &Reader, path: &Path) -> io::Result<Made> {
        let mut out = match self.kind {
            Kind::InPlace(make) => return make(path, reader),
            _ => io::BufWriter::new(fs::File::create(path)?),
        };
        let (before, written, after) = match self.kind {
            Kind::Fill(slot, written) => match reader.fill(slot) {
                Some((before, after)) => (before, written, after),
                None => return Ok(Made::No),
            },
            Kind::Behind(written) => (reader.in_order(), written, String::new()),
            Kind::Whole(written) => (String::new(), written, String::new()),
            Kind::InPlace(_) => unreachable!("it is made above"),
        };
        out.write_all(before.as_bytes())?;
        let made = written(reader, &mut out)?;
        out.write_all(after.as_bytes())?;
        out.flush()?;
        let plain = reader.in_order();
        let is_plain = fs::metadata(path)?.len() == plain.len() as u64 && fs::read(path)? == plain.as_bytes();
        // A row of the plain file says nothing of the input that it is named for.
        let is_meant_to_be = self.name == IN_ORDER;
        assert!(made == Made::No || is_plain == is_meant_to_be, "{}, {}: the file is plain", reader.name, self.name);
        Ok(made)
    }
}

/// The one input that is the plain file.
const IN_ORDER: &str = "in order";

/// Writes a text over and over, so that nothing large is ever held here.
fn repeat(out: &mut dyn Write, text: &str, times: usize) -> io::Result<Made> {
    (0..times).try_for_each(|_| out.write_all(text.as_bytes()))?;
    Ok(Made::Yes)
}

fn numbered(out: &mut dyn Write, text: &str, times: usize) -> io::Result<Made> {
    (0..times).try_for_each(|number| out.write_all(text.replace('#', &number.to_string()).as_bytes()))?;
    Ok(Made::Yes)
}

fn just(out: &mut dyn Write, bytes: impl AsRef<[u8]>) -> io::Result<Made> {
    out.write_all(bytes.as_ref())?;
    Ok(Made::Yes)
}

/// Levels, each inside another; a format that opens none has no such thing.
fn nested(out: &mut dyn Write, open: &str, close: &str) -> io::Result<Made> {
    if open.is_empty() {
        return Ok(Made::No);
    }
    repeat(out, open, 100_000)?;
    just(out, "1")?;
    repeat(out, close, 100_000)
}

/// What each format has for something; an empty text where it has nothing.
fn by_format(reader: &Reader, yaml: &'static str, json: &'static str, lines: &'static str) -> &'static str {
    match reader.format {
        Format::Yaml => yaml,
        Format::Json => json,
        Format::Lines => lines,
    }
}

/// An input for YAML alone.
fn in_yaml(reader: &Reader, write: impl FnOnce() -> io::Result<Made>) -> io::Result<Made> {
    if reader.format == Format::Yaml { write() } else { Ok(Made::No) }
}

/// An input for one reader alone, checked or not.
fn only(reader: &Reader, name: &str, write: impl FnOnce() -> io::Result<Made>) -> io::Result<Made> {
    if reader.name.starts_with(name) { write() } else { Ok(Made::No) }
}

const MEGABYTE: usize = 1_000_000;

macro_rules! input {
    ($name:expr, $words:literal, $kind:expr) => {
        Input { name: $name, words: $words, kind: $kind, is_slow: false }
    };
    ($name:expr, $words:literal, $kind:expr, slow) => {
        Input { name: $name, words: $words, kind: $kind, is_slow: true }
    };
}

use Kind::{Behind, Fill, InPlace, Whole};

/// Every hostile input.
pub const INPUTS: &[Input] = &[
    input!(IN_ORDER, "nothing is wrong: shows that the reader reads", Behind(|_, _| Ok(Made::Yes))),
    input!(
        "CRLF",
        "lines end as on Windows",
        Whole(|reader, out| {
            reader.in_order().lines().try_for_each(|line| write!(out, "{line}\r\n"))?;
            Ok(Made::Yes)
        })
    ),
    input!(
        "BOM",
        "a byte-order mark, then what is in order",
        Whole(|reader, out| just(out, format!("\u{feff}{}", reader.in_order())))
    ),
    input!("BOM only", "a byte-order mark and nothing else", Whole(|_, out| just(out, "\u{feff}"))),
    input!("empty", "no byte", Whole(|_, _| Ok(Made::Yes))),
    input!("UTF-16", "what is in order, as UTF-16", Whole(utf16)),
    input!("invalid UTF-8", "bytes that are no text", Fill(Slot::Text, |_, out| just(out, b"a\xff\xfe\xff"))),
    input!("NUL", "a NUL inside a text", Fill(Slot::Text, |_, out| just(out, "a\0b"))),
    input!(
        "terminal sequence",
        "what would clear a terminal and turn text around, as a word",
        Fill(Slot::Word, |reader, out| {
            just(out, by_format(reader, r#""\e[2J\u202e""#, r"\u001b[2J\u202e", "\u{1b}[2J\u{202e}"))
        })
    ),
    input!(
        "terminal text",
        "the same where any text may stand",
        Fill(Slot::Text, |reader, out| {
            just(out, by_format(reader, r"\e[2J\u202e", r"\u001b[2J\u202e", "\u{1b}[2J\u{202e}"))
        })
    ),
    input!("number", "an integer where a string belongs", Fill(Slot::Number, |_, out| just(out, "7"))),
    input!(
        "tabs",
        "tabs for indentation",
        Whole(|reader, out| { in_yaml(reader, || just(out, reader.in_order().replace("\n  ", "\n\t"))) })
    ),
    input!(
        "two documents",
        "the file twice over, as two documents",
        Whole(|reader, out| match reader.format {
            Format::Yaml => just(out, format!("{0}---\n{0}", reader.in_order())),
            Format::Json => just(out, reader.in_order().repeat(2)),
            Format::Lines => Ok(Made::No),
        })
    ),
    input!(
        "10 MB text",
        "10,000,000 characters where any text may stand",
        Fill(Slot::Text, |_, out| { repeat(out, "0123456789", MEGABYTE) }),
        slow
    ),
    input!(
        "10 MB word",
        "10,000,000 characters where a name or a known word belongs",
        Fill(Slot::Word, |_, out| { repeat(out, "abcdefghij", MEGABYTE) }),
        slow
    ),
    input!(
        "17 MB",
        "more bytes than any document may have",
        Whole(|reader, out| match by_format(reader, "# comment\n", "          ", "") {
            // Not every list has comments, and a line that is wrong would be what is refused.
            "" => numbered(out, reader.item, 17 * MEGABYTE / reader.item.len()),
            text => repeat(out, text, 18 * MEGABYTE / text.len()),
        }),
        slow
    ),
    input!(
        "duplicate keys",
        "one key 100,000 times",
        Behind(|reader, out| match reader.format {
            Format::Yaml => repeat(out, "key: 1\n", 100_000),
            Format::Json => Ok(Made::No),
            Format::Lines => repeat(out, &reader.item.replace('#', "1"), 100_000),
        })
    ),
    input!(
        "duplicate members",
        "one member of an object 100,000 times; 90,000 times in a line of `derive`, which would be too long",
        Whole(|reader, out| match reader.format {
            Format::Json => {
                // One that the reader knows, where it does not pass over the others.
                let (member, times) = match reader.name {
                    "resolve --batch" => ("\"env\":{}", 100_000),
                    "derive --batch" => ("\"model\":\"\"", 90_000),
                    "--baseline" => ("\"schema_version\": 1", 100_000),
                    _ => ("\"key\": 1", 100_000),
                };
                just(out, "{")?;
                repeat(out, &format!("{member},"), times - 1)?;
                just(out, format!("{member}}}"))
            }
            Format::Yaml | Format::Lines => Ok(Made::No),
        })
    ),
    input!(
        "deep lists",
        "100,000 lists, each inside another, where a string belongs",
        Fill(Slot::Number, |reader, out| nested(out, by_format(reader, "[", "[", ""), "]"))
    ),
    input!(
        "deep mappings",
        "100,000 mappings, each inside another, where a string belongs",
        Fill(Slot::Number, |reader, out| nested(out, by_format(reader, "{a: ", "{\"a\": ", ""), "}"))
    ),
    input!(
        "deep blocks",
        "100,000 lists, each inside another, in block style on one line",
        Whole(|reader, out| { in_yaml(reader, || repeat(out, "- ", 100_000)) })
    ),
    input!(
        "deep indentation",
        "1,400 mappings, each indented below another: a megabyte",
        Whole(|reader, out| {
            in_yaml(reader, || {
                (0..1_400).try_for_each(|depth| writeln!(out, "{:depth$}a:", ""))?;
                Ok(Made::Yes)
            })
        })
    ),
    input!(
        "unclosed",
        "a megabyte of a list or a quoted text that never ends",
        Whole(|reader, out| {
            let (before, _) = reader.fill(Slot::Items).expect("every reader has a list");
            just(out, before + by_format(reader, "", "", "A=\""))?;
            repeat(out, by_format(reader, ", ab", ",\"a\"", "a b "), MEGABYTE / 4)
        })
    ),
    input!(
        "alias bomb",
        "nine levels of nine aliases: 387,420,489 values if they were written out",
        Behind(|reader, out| { in_yaml(reader, || bomb(out, "a#: &a# [@]\n")) })
    ),
    input!(
        "merge bomb",
        "the same with merge keys",
        Behind(|reader, out| { in_yaml(reader, || bomb(out, "a#: &a# {<<: [@]}\n")) })
    ),
    input!(
        "100,000 aliases",
        "100,000 aliases of one anchor",
        Behind(|reader, out| {
            in_yaml(reader, || {
                just(out, "a: &a x\nb: [")?;
                repeat(out, "*a, ", 100_000)?;
                just(out, "]\n")
            })
        })
    ),
    input!(
        "100,000 anchors",
        "100,000 anchors that nothing uses",
        Behind(|reader, out| {
            in_yaml(reader, || {
                just(out, "a: [")?;
                numbered(out, "&a# x,", 100_000)?;
                just(out, "]\n")
            })
        })
    ),
    input!(
        "alias of itself",
        "an alias inside what it stands for",
        Behind(|reader, out| { in_yaml(reader, || just(out, "a: &a [*a]\n")) })
    ),
    input!(
        "10,000 items",
        "10,000 more in the longest list, or lines",
        Fill(Slot::Items, |reader, out| { numbered(out, reader.item, 10_000) })
    ),
    input!(
        "1,000,000 items",
        "1,000,000 more in the longest list, or lines",
        Fill(Slot::Items, |reader, out| { numbered(out, reader.item, 1_000_000) }),
        slow
    ),
    input!(
        "as many ids as may be",
        "500,000 ids, the most that a registry may list",
        Fill(Slot::Items, |reader, out| { only(reader, "registry", || numbered(out, reader.item, 499_998)) }),
        slow
    ),
    input!(
        "long ids",
        "300,000 ids of 40 characters: fewer bytes than the limit in brackets, more with one a line",
        Fill(Slot::Items, |reader, out| {
            only(reader, "registry", || numbered(out, ", an-id-that-is-longer-than-any-real-one/#", 300_000))
        }),
        slow
    ),
    input!(
        "10 MB id",
        "an id of 10,000,000 characters",
        Fill(Slot::Items, |reader, out| {
            only(reader, "registry", || {
                just(out, ", ")?;
                repeat(out, "abcdefghij", MEGABYTE)
            })
        }),
        slow
    ),
    input!(
        "backtracking pattern",
        "`(a+)+$` and an id of 40 `a` and a `!`, on which many engines take exponential time",
        Whole(|reader, out| {
            only(reader, "registry", || {
                let ids = format!("acme/m, {}!", "a".repeat(40));
                just(out, reader.in_order().replace("^acme/", "(a+)+$").replace("acme/m", &ids))
            })
        })
    ),
    input!(
        "1 MB pattern",
        "a pattern of a megabyte",
        Fill(Slot::Pattern, |_, out| repeat(out, "a|b|c|d|e|", MEGABYTE / 10))
    ),
    input!(
        "nested pattern",
        "2,000 groups, each inside another",
        Fill(Slot::Pattern, |_, out| {
            repeat(out, "(", 2_000)?;
            just(out, "a")?;
            repeat(out, ")", 2_000)
        })
    ),
    input!(
        "unicode pattern",
        r"`\w{28}`: every letter of every script, 28 times over",
        Fill(Slot::Pattern, |_, out| just(out, r"\w{28}"))
    ),
    input!(
        "exploding pattern",
        "`[01]*1[01]{400}`, whose automaton has 2⁴⁰⁰ states",
        Fill(Slot::Pattern, |_, out| just(out, "[01]*1[01]{400}")),
        slow
    ),
    input!(
        "repeated pattern",
        "`((a{1,10}){1,10}){1,100}`: repetitions of repetitions",
        Fill(Slot::Pattern, |_, out| just(out, "((a{1,10}){1,10}){1,100}")),
        slow
    ),
    input!(
        "nested script",
        "100,000 command substitutions, each inside another",
        Behind(|reader, out| {
            only(reader, "workflow", || {
                just(out, "      - run: \"")?;
                repeat(out, "$(", 100_000)?;
                just(out, "\"\n")
            })
        })
    ),
    input!(
        "nested expression",
        "100,000 parentheses in an expression",
        Behind(|reader, out| {
            only(reader, "workflow", || {
                just(out, "      - if: ${{ ")?;
                repeat(out, "(", 100_000)?;
                just(out, " }}\n        run: \"true\"\n")
            })
        })
    ),
    input!(
        "matrix bomb",
        "ten axes of ten values: 10,000,000,000 rows",
        Fill(Slot::Items, |reader, out| {
            only(reader, "workflow", || {
                numbered(out, ", v#", 9)?;
                (0..9).try_for_each(|axis| write!(out, "], a{axis}: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9"))?;
                Ok(Made::Yes)
            })
        })
    ),
    input!(
        "deep file pattern",
        "a file pattern of 300,000 directories",
        Behind(|reader, out| {
            only(reader, "slugproof.yaml", || {
                just(out, "workflows: ['")?;
                repeat(out, "**/", 300_000)?;
                just(out, "']\n")
            })
        })
    ),
    input!("missing", "no such file", InPlace(|_, _| Ok(Made::Yes))),
    input!(
        "link to nowhere",
        "a link to a file that is gone",
        InPlace(|path, _| symlink("gone", path).map(|()| Made::Yes))
    ),
    input!(
        "directory",
        "a directory in the place of the file",
        InPlace(|path, _| fs::create_dir(path).map(|()| Made::Yes))
    ),
    input!(
        "no permission",
        "a file that the user may not read",
        InPlace(|path, reader| {
            fs::write(path, reader.in_order())?;
            fs::set_permissions(path, fs::Permissions::from_mode(0o000))?;
            Ok(Made::Yes)
        })
    ),
    input!(
        "pipe",
        "a named pipe that another program writes what is in order into, as `<(…)` does",
        InPlace(|path, reader| {
            let made = Command::new("mkfifo").arg(path).status()?;
            assert!(made.success(), "mkfifo makes a pipe");
            let (path, text) = (path.to_owned(), reader.in_order());
            // Nobody opens it where pipes are passed over: then the writer waits, and ends with the tests.
            std::thread::spawn(move || fs::write(path, text));
            Ok(Made::Yes)
        })
    ),
    input!(
        "endless",
        "`/dev/zero`, which never ends; not for a batch, which is answered for as long as there is input",
        InPlace(|path, reader| {
            if reader.voice == Voice::Answer { Ok(Made::No) } else { symlink("/dev/zero", path).map(|()| Made::Yes) }
        }),
        slow
    ),
];

fn utf16(reader: &Reader, out: &mut dyn Write) -> io::Result<Made> {
    let text = format!("\u{feff}{}", reader.in_order());
    let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    just(out, bytes)
}

/// Nine levels, each of nine aliases of the one before; `#` is the level and `@` the aliases.
fn bomb(out: &mut dyn Write, level: &str) -> io::Result<Made> {
    just(out, "a0: &a0 {x: y}\n")?;
    for number in 1..=9 {
        let aliases = vec![format!("*a{}", number - 1); 9].join(", ");
        just(out, level.replace('#', &number.to_string()).replace('@', &aliases))?;
    }
    Ok(Made::Yes)
}
