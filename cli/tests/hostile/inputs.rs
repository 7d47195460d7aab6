//! The hostile inputs, each written in the format of a reader.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

use crate::readers::{Format, Reader, Voice};

/// A position in the template of a reader that an input may fill.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// Free text.
    Text,
    /// A keyword or a name.
    Word,
    /// A string without quotes, where a number has the wrong type.
    Number,
    /// Further items of a list.
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
    /// The description of the input for the page.
    pub description: &'static str,
    pub kind: Kind,
    /// True if only `cargo ci hostile` runs it, not `cargo test`.
    pub is_slow: bool,
}

/// How the file of an input is made.
pub enum Kind {
    /// A file made without the template's slots.
    Whole(Written),
    /// The template with a slot filled.
    Fill(Slot, Written),
    /// The template with text appended.
    Append(Written),
    /// A link, directory or other file instead of a regular file with content.
    Special(fn(&Path, &Reader) -> io::Result<Applicability>),
}

/// Writes the hostile part, or returns `NotApplicable` if the format or the reader lacks such an input.
pub type Written = fn(&Reader, &mut dyn Write) -> io::Result<Applicability>;

/// Whether an input can be written for a reader.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Applicability {
    Applicable,
    NotApplicable,
}

impl Input {
    /// Returns true if the input is not the content of a file.
    pub fn is_special(&self) -> bool {
        matches!(self.kind, Kind::Special(_))
    }

    /// Creates the hostile file of a reader at `path`.
    pub fn make(&self, reader: &Reader, path: &Path) -> io::Result<Applicability> {
        let mut out = match self.kind {
            Kind::Special(make) => return make(path, reader),
            _ => io::BufWriter::new(fs::File::create(path)?),
        };
        let (before, written, after) = match self.kind {
            Kind::Fill(slot, written) => match reader.fill(slot) {
                Some((before, after)) => (before, written, after),
                None => return Ok(Applicability::NotApplicable),
            },
            Kind::Append(written) => (reader.in_order(), written, String::new()),
            Kind::Whole(written) => (String::new(), written, String::new()),
            Kind::Special(_) => unreachable!("special files return above"),
        };
        out.write_all(before.as_bytes())?;
        let made = written(reader, &mut out)?;
        out.write_all(after.as_bytes())?;
        out.flush()?;
        let plain = reader.in_order();
        let is_plain = fs::metadata(path)?.len() == plain.len() as u64 && fs::read(path)? == plain.as_bytes();
        // With the plain file, the row would not test the input.
        let is_meant_to_be = self.name == IN_ORDER;
        assert!(
            made == Applicability::NotApplicable || is_plain == is_meant_to_be,
            "{}, {}: the file is plain",
            reader.name,
            self.name
        );
        Ok(made)
    }
}

/// The only input that is the plain file.
const IN_ORDER: &str = "in order";

/// Writes a text repeatedly, without holding the result in memory.
fn repeat(out: &mut dyn Write, text: &str, times: usize) -> io::Result<Applicability> {
    (0..times).try_for_each(|_| out.write_all(text.as_bytes()))?;
    Ok(Applicability::Applicable)
}

fn numbered(out: &mut dyn Write, text: &str, times: usize) -> io::Result<Applicability> {
    (0..times).try_for_each(|number| out.write_all(text.replace('#', &number.to_string()).as_bytes()))?;
    Ok(Applicability::Applicable)
}

fn just(out: &mut dyn Write, bytes: impl AsRef<[u8]>) -> io::Result<Applicability> {
    out.write_all(bytes.as_ref())?;
    Ok(Applicability::Applicable)
}

/// Writes 100,000 nested levels; `NotApplicable` if `open` is empty, for formats without nesting.
fn nested(out: &mut dyn Write, open: &str, close: &str) -> io::Result<Applicability> {
    if open.is_empty() {
        return Ok(Applicability::NotApplicable);
    }
    repeat(out, open, 100_000)?;
    just(out, "1")?;
    repeat(out, close, 100_000)
}

/// The text for the format of the reader; empty if the format has no such syntax.
fn by_format(reader: &Reader, yaml: &'static str, json: &'static str, lines: &'static str) -> &'static str {
    match reader.format {
        Format::Yaml => yaml,
        Format::Json => json,
        Format::Lines => lines,
    }
}

/// Writes an input for YAML readers only.
fn in_yaml(reader: &Reader, write: impl FnOnce() -> io::Result<Applicability>) -> io::Result<Applicability> {
    if reader.format == Format::Yaml { write() } else { Ok(Applicability::NotApplicable) }
}

/// Writes an input only for readers whose name starts with `name`.
fn only(reader: &Reader, name: &str, write: impl FnOnce() -> io::Result<Applicability>) -> io::Result<Applicability> {
    if reader.name.starts_with(name) { write() } else { Ok(Applicability::NotApplicable) }
}

const MEGABYTE: usize = 1_000_000;

macro_rules! input {
    ($name:expr, $description:literal, $kind:expr) => {
        Input { name: $name, description: $description, kind: $kind, is_slow: false }
    };
    ($name:expr, $description:literal, $kind:expr, slow) => {
        Input { name: $name, description: $description, kind: $kind, is_slow: true }
    };
}

use Kind::{Append, Fill, Special, Whole};

/// Every hostile input.
pub const INPUTS: &[Input] = &[
    input!(IN_ORDER, "a valid file, which shows that the reader works", Append(|_, _| Ok(Applicability::Applicable))),
    input!(
        "CRLF",
        "Windows line endings",
        Whole(|reader, out| {
            reader.in_order().lines().try_for_each(|line| write!(out, "{line}\r\n"))?;
            Ok(Applicability::Applicable)
        })
    ),
    input!(
        "BOM",
        "a byte-order mark before the valid file",
        Whole(|reader, out| just(out, format!("\u{feff}{}", reader.in_order())))
    ),
    input!("BOM only", "a byte-order mark and nothing else", Whole(|_, out| just(out, "\u{feff}"))),
    input!("empty", "no byte", Whole(|_, _| Ok(Applicability::Applicable))),
    input!("UTF-16", "the valid file as UTF-16", Whole(utf16)),
    input!("invalid UTF-8", "bytes that are not UTF-8", Fill(Slot::Text, |_, out| just(out, b"a\xff\xfe\xff"))),
    input!("NUL", "a NUL inside a text", Fill(Slot::Text, |_, out| just(out, "a\0b"))),
    input!(
        "terminal sequence",
        "characters that clear a terminal and reverse text, as a keyword or a name",
        Fill(Slot::Word, |reader, out| {
            just(out, by_format(reader, r#""\e[2J\u202e""#, r"\u001b[2J\u202e", "\u{1b}[2J\u{202e}"))
        })
    ),
    input!(
        "terminal text",
        "the same characters in free text",
        Fill(Slot::Text, |reader, out| {
            just(out, by_format(reader, r"\e[2J\u202e", r"\u001b[2J\u202e", "\u{1b}[2J\u{202e}"))
        })
    ),
    input!("number", "an integer instead of a string", Fill(Slot::Number, |_, out| just(out, "7"))),
    input!(
        "tabs",
        "tabs for indentation",
        Whole(|reader, out| { in_yaml(reader, || just(out, reader.in_order().replace("\n  ", "\n\t"))) })
    ),
    input!(
        "two documents",
        "the valid file twice, as two documents",
        Whole(|reader, out| match reader.format {
            Format::Yaml => just(out, format!("{0}---\n{0}", reader.in_order())),
            Format::Json => just(out, reader.in_order().repeat(2)),
            Format::Lines => Ok(Applicability::NotApplicable),
        })
    ),
    input!(
        "10 MB text",
        "10,000,000 characters of free text",
        Fill(Slot::Text, |_, out| { repeat(out, "0123456789", MEGABYTE) }),
        slow
    ),
    input!(
        "10 MB word",
        "10,000,000 characters as a keyword or a name",
        Fill(Slot::Word, |_, out| { repeat(out, "abcdefghij", MEGABYTE) }),
        slow
    ),
    input!(
        "17 MB",
        "more bytes than the limit for a document",
        Whole(|reader, out| match by_format(reader, "# comment\n", "          ", "") {
            // Some line formats lack comments, and an invalid line would be refused first.
            "" => numbered(out, reader.item, 17 * MEGABYTE / reader.item.len()),
            text => repeat(out, text, 18 * MEGABYTE / text.len()),
        }),
        slow
    ),
    input!(
        "duplicate keys",
        "one key 100,000 times",
        Append(|reader, out| match reader.format {
            Format::Yaml => repeat(out, "key: 1\n", 100_000),
            Format::Json => Ok(Applicability::NotApplicable),
            Format::Lines => repeat(out, &reader.item.replace('#', "1"), 100_000),
        })
    ),
    input!(
        "duplicate members",
        "one member of an object 100,000 times; for `derive` 90,000 times, because the line would be too long",
        Whole(|reader, out| match reader.format {
            Format::Json => {
                // A member that the reader knows, if it rejects unknown members.
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
            Format::Yaml | Format::Lines => Ok(Applicability::NotApplicable),
        })
    ),
    input!(
        "deep lists",
        "100,000 nested lists instead of a string",
        Fill(Slot::Number, |reader, out| nested(out, by_format(reader, "[", "[", ""), "]"))
    ),
    input!(
        "deep mappings",
        "100,000 nested mappings instead of a string",
        Fill(Slot::Number, |reader, out| nested(out, by_format(reader, "{a: ", "{\"a\": ", ""), "}"))
    ),
    input!(
        "deep blocks",
        "100,000 nested lists in block style on one line",
        Whole(|reader, out| { in_yaml(reader, || repeat(out, "- ", 100_000)) })
    ),
    input!(
        "deep indentation",
        "1,400 nested mappings with increasing indentation: one megabyte",
        Whole(|reader, out| {
            in_yaml(reader, || {
                (0..1_400).try_for_each(|depth| writeln!(out, "{:depth$}a:", ""))?;
                Ok(Applicability::Applicable)
            })
        })
    ),
    input!(
        "unclosed",
        "one megabyte of an unclosed list or quoted text",
        Whole(|reader, out| {
            let (before, _) = reader.fill(Slot::Items).expect("every reader has a list");
            just(out, before + by_format(reader, "", "", "A=\""))?;
            repeat(out, by_format(reader, ", ab", ",\"a\"", "a b "), MEGABYTE / 4)
        })
    ),
    input!(
        "alias bomb",
        "nine levels of nine aliases: 387,420,489 values if expanded",
        Append(|reader, out| { in_yaml(reader, || bomb(out, "a#: &a# [@]\n")) })
    ),
    input!(
        "merge bomb",
        "the same with merge keys",
        Append(|reader, out| { in_yaml(reader, || bomb(out, "a#: &a# {<<: [@]}\n")) })
    ),
    input!(
        "100,000 aliases",
        "100,000 aliases of one anchor",
        Append(|reader, out| {
            in_yaml(reader, || {
                just(out, "a: &a x\nb: [")?;
                repeat(out, "*a, ", 100_000)?;
                just(out, "]\n")
            })
        })
    ),
    input!(
        "100,000 anchors",
        "100,000 unused anchors",
        Append(|reader, out| {
            in_yaml(reader, || {
                just(out, "a: [")?;
                numbered(out, "&a# x,", 100_000)?;
                just(out, "]\n")
            })
        })
    ),
    input!(
        "alias of itself",
        "an alias inside its own anchor",
        Append(|reader, out| { in_yaml(reader, || just(out, "a: &a [*a]\n")) })
    ),
    input!(
        "10,000 items",
        "10,000 more items in the longest list, or lines",
        Fill(Slot::Items, |reader, out| { numbered(out, reader.item, 10_000) })
    ),
    input!(
        "1,000,000 items",
        "1,000,000 more items in the longest list, or lines",
        Fill(Slot::Items, |reader, out| { numbered(out, reader.item, 1_000_000) }),
        slow
    ),
    input!(
        "as many ids as may be",
        "400,000 ids, the limit of a registry",
        Fill(Slot::Items, |reader, out| { only(reader, "registry", || numbered(out, reader.item, 399_998)) }),
        slow
    ),
    input!(
        "long ids",
        "300,000 ids of 40 characters: below the size limit in a flow list, above it with one per line",
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
        "a pattern of one megabyte",
        Fill(Slot::Pattern, |_, out| repeat(out, "a|b|c|d|e|", MEGABYTE / 10))
    ),
    input!(
        "nested pattern",
        "2,000 nested groups",
        Fill(Slot::Pattern, |_, out| {
            repeat(out, "(", 2_000)?;
            just(out, "a")?;
            repeat(out, ")", 2_000)
        })
    ),
    input!(
        "unicode pattern",
        r"`\w{28}`: any letter of any script, 28 times",
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
        "100,000 nested command substitutions",
        Append(|reader, out| {
            only(reader, "workflow", || {
                just(out, "      - run: \"")?;
                repeat(out, "$(", 100_000)?;
                just(out, "\"\n")
            })
        })
    ),
    input!(
        "nested expression",
        "100,000 nested parentheses in an expression",
        Append(|reader, out| {
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
                Ok(Applicability::Applicable)
            })
        })
    ),
    input!(
        "many values",
        "120,000 values of an axis of a matrix",
        Fill(Slot::Items, |reader, out| { only(reader, "workflow", || numbered(out, ", v#", 120_000)) }),
        slow
    ),
    input!(
        "many reads",
        "a script that reads 50,000 variables",
        Append(|reader, out| {
            only(reader, "workflow", || {
                just(out, "      - run: |\n")?;
                numbered(out, "          : $A#\n", 50_000)
            })
        }),
        slow
    ),
    input!(
        "many exports",
        "a script that exports 40,000 variables",
        Append(|reader, out| {
            only(reader, "workflow", || {
                just(out, "      - run: |\n")?;
                numbered(out, "          export A#=x\n", 40_000)
            })
        }),
        slow
    ),
    input!(
        "doubling",
        "a variable that doubles 40 times: 1,099,511,627,776 bytes",
        Fill(Slot::Items, |reader, out| { only(reader, "function", || repeat(out, "  s=\"x$s$s\"\n", 40)) })
    ),
    input!(
        "many jobs",
        "18,000 jobs",
        Append(|reader, out| {
            only(reader, "workflow", || numbered(out, "  j#: {runs-on: x, steps: [{run: make}]}\n", 18_000))
        }),
        slow
    ),
    input!(
        "deep file pattern",
        "a file pattern of 300,000 directories",
        Append(|reader, out| {
            only(reader, "slugproof.yaml", || {
                just(out, "workflows: ['")?;
                repeat(out, "**/", 300_000)?;
                just(out, "']\n")
            })
        })
    ),
    input!("missing", "no such file", Special(|_, _| Ok(Applicability::Applicable))),
    input!(
        "link to nowhere",
        "a link to a missing file",
        Special(|path, _| symlink("gone", path).map(|()| Applicability::Applicable))
    ),
    input!(
        "directory",
        "a directory instead of the file",
        Special(|path, _| fs::create_dir(path).map(|()| Applicability::Applicable))
    ),
    input!(
        "no permission",
        "a file without read permission",
        Special(|path, reader| {
            fs::write(path, reader.in_order())?;
            fs::set_permissions(path, fs::Permissions::from_mode(0o000))?;
            Ok(Applicability::Applicable)
        })
    ),
    input!(
        "pipe",
        "a named pipe into which another program writes the valid file, as with `<(…)`",
        Special(|path, reader| {
            let made = Command::new("mkfifo").arg(path).status()?;
            assert!(made.success(), "mkfifo creates the pipe");
            let (path, text) = (path.to_owned(), reader.in_order());
            // If the command skips pipes, the writer waits until the tests end.
            std::thread::spawn(move || fs::write(path, text));
            Ok(Applicability::Applicable)
        })
    ),
    input!(
        "endless",
        "`/dev/zero`, which never ends; not for a batch, whose answers never end either",
        Special(|path, reader| {
            if reader.voice == Voice::Answer {
                Ok(Applicability::NotApplicable)
            } else {
                symlink("/dev/zero", path).map(|()| Applicability::Applicable)
            }
        }),
        slow
    ),
];

fn utf16(reader: &Reader, out: &mut dyn Write) -> io::Result<Applicability> {
    let text = format!("\u{feff}{}", reader.in_order());
    let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    just(out, bytes)
}

/// Writes nine levels, each with nine aliases of the previous one; `#` is the level and `@` the
/// aliases.
fn bomb(out: &mut dyn Write, level: &str) -> io::Result<Applicability> {
    just(out, "a0: &a0 {x: y}\n")?;
    for number in 1..=9 {
        let aliases = vec![format!("*a{}", number - 1); 9].join(", ");
        just(out, level.replace('#', &number.to_string()).replace('@', &aliases))?;
    }
    Ok(Applicability::Applicable)
}
