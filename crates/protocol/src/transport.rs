//! The messages of the protocol: JSON with a header that has its length.

use std::io::{self, BufRead, Read as _, Write};

use serde_json::{Value, json};
use slug_resolver::limits;

/// Maximum bytes of a message. A document in JSON can have more bytes than its text.
const MESSAGE_BYTES: usize = 4 * limits::DOCUMENT_BYTES;

/// Maximum bytes of the header of a message.
const HEADER_BYTES: u64 = 4 << 10;

/// The error about a message with more bytes.
const TOO_LONG: &str = "the message has more than 64 MiB; send a smaller document";

/// The error about a message that cannot be parsed.
const NOT_JSON: &str = "the message is not JSON; send one JSON object after each header";

/// What the client sent.
#[derive(Debug)]
pub enum Incoming {
    /// A message.
    Message(Value),
    /// A message that is not understood, and why. The next one may be.
    Malformed(&'static str),
    /// The end of the input, with an error if it is in the middle of a message or if no next message can be
    /// found.
    End(Option<&'static str>),
}

/// Reads the next message.
pub fn read(input: &mut impl BufRead) -> Incoming {
    let length = match read_length(input) {
        Ok(length) => length,
        Err(end) => return Incoming::End(end),
    };
    if length > MESSAGE_BYTES as u64 {
        let skipped = io::copy(&mut input.take(length), &mut io::sink());
        return match skipped {
            Ok(read) if read == length => Incoming::Malformed(TOO_LONG),
            _ => Incoming::End(Some("the input ends inside a message")),
        };
    }
    let mut bytes = Vec::new();
    match input.take(length).read_to_end(&mut bytes) {
        Ok(read) if read as u64 == length => {}
        _ => return Incoming::End(Some("the input ends inside a message")),
    }
    match serde_json::from_slice(&bytes) {
        Ok(message) => Incoming::Message(message),
        Err(_) => Incoming::Malformed(NOT_JSON),
    }
}

/// Reads the header of a message, and returns the length of its content in bytes.
fn read_length(input: &mut impl BufRead) -> Result<u64, Option<&'static str>> {
    let mut length = None;
    let mut left = HEADER_BYTES;
    loop {
        let mut line = Vec::new();
        let read = input.take(left).read_until(b'\n', &mut line).map_err(|_| Some("the input cannot be read"))?;
        if read == 0 && left == HEADER_BYTES {
            return Err(None);
        }
        left -= read as u64;
        if !line.ends_with(b"\n") {
            return Err(Some(if left == 0 { "the header is too long" } else { "the input ends inside a header" }));
        }
        let line = line.trim_ascii();
        if line.is_empty() {
            return length.ok_or(Some("a header has no `Content-Length`"));
        }
        let line = str::from_utf8(line).map_err(|_| Some("a header is not ASCII"))?;
        let (name, value) = line.split_once(':').ok_or(Some("a line of a header has no `:`"))?;
        if name.eq_ignore_ascii_case("Content-Length") {
            length = Some(value.trim().parse().map_err(|_| Some("`Content-Length` is not a number"))?);
        }
    }
}

/// Writes a message.
///
/// # Errors
///
/// The client cannot be reached.
pub fn write(output: &mut impl Write, message: &Value) -> io::Result<()> {
    let content = message.to_string();
    write!(output, "Content-Length: {}\r\n\r\n{content}", content.len())?;
    output.flush()
}

/// The answer to a request.
pub fn result(id: &Value, result: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "result": result})
}

/// The refusal of a request.
pub fn error(id: &Value, code: ErrorCode, message: &str) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "error": {"code": code as i32, "message": message}})
}

/// A message that expects no answer.
pub fn notification(method: &str, params: &Value) -> Value {
    json!({"jsonrpc": "2.0", "method": method, "params": params})
}

/// The codes of errors in the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorCode {
    /// The message is not JSON.
    Parse = -32700,
    /// The message is not a request, or not at this time.
    InvalidRequest = -32600,
    /// The request is unknown.
    MethodNotFound = -32601,
    /// The parameters are not understood.
    InvalidParams = -32602,
    /// A request came before `initialize`.
    NotInitialized = -32002,
    /// The client cancelled the request.
    Cancelled = -32800,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(mut input: &[u8]) -> String {
        let mut shown = Vec::new();
        loop {
            shown.push(match read(&mut input) {
                Incoming::Message(message) => message.to_string(),
                Incoming::Malformed(why) => why.to_owned(),
                Incoming::End(why) => {
                    shown.push(format!("end: {}", why.unwrap_or("-")));
                    return shown.join("; ");
                }
            });
        }
    }

    #[test]
    fn messages_are_read_one_by_one() {
        assert_eq!(read_all(b""), "end: -");
        assert_eq!(read_all(b"Content-Length: 2\r\n\r\n{}Content-Length: 4\r\n\r\nnull"), "{}; null; end: -");
        assert_eq!(read_all(b"content-length:1\nContent-Type: x\n\n7"), "7; end: -");
        assert_eq!(read_all(b"Content-Length: 1\r\n\r\n{Content-Length: 1\r\n\r\n1"), format!("{NOT_JSON}; 1; end: -"));
    }

    #[test]
    fn broken_input_ends_with_a_reason() {
        assert_eq!(read_all(b"Content-Length: 3\r\n\r\n{}"), "end: the input ends inside a message");
        assert_eq!(read_all(b"Content-Length: 99999999999\r\n\r\n{}"), "end: the input ends inside a message");
        assert_eq!(
            read_all(b"Content-Length: 99999999999999999999\r\n\r\n{}"),
            "end: `Content-Length` is not a number"
        );
        assert_eq!(read_all(b"Content-Length: -1\r\n\r\n{}"), "end: `Content-Length` is not a number");
        assert_eq!(read_all(b"\r\n{}"), "end: a header has no `Content-Length`");
        assert_eq!(read_all(b"{}\r\n\r\n"), "end: a line of a header has no `:`");
        assert_eq!(read_all(b"Content-Length: 1"), "end: the input ends inside a header");
        assert_eq!(read_all(b"\xFF\n"), "end: a header is not ASCII");
        assert_eq!(read_all(&[b'a'; 5000]), "end: the header is too long");
    }

    #[test]
    fn deep_message_is_not_json() {
        let deep = format!("Content-Length: 100000\r\n\r\n{}", "[".repeat(100_000));
        assert_eq!(read_all(deep.as_bytes()), format!("{NOT_JSON}; end: -"));
    }

    #[test]
    fn long_message_is_skipped() {
        let length = MESSAGE_BYTES + 1;
        let mut input = format!("Content-Length: {length}\r\n\r\n").into_bytes();
        input.resize(input.len() + length, b' ');
        input.extend(b"Content-Length: 1\r\n\r\n1");
        assert_eq!(read_all(&input), format!("{TOO_LONG}; 1; end: -"));
    }
}
