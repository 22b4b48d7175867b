//! Defines W3C trace context: which request of the outside world a piece of work belongs to.
//!
//! Source: w3c/trace-context, `traceparent`. What does not fit is dropped and a new trace begun: a
//! sender's mistake must not cost its delivery.

use std::fmt;

/// Bytes of a `traceparent` of version 00: `00-` 32 `-` 16 `-` 2.
const BYTES: usize = 55;

/// A trace and the span in it that caused us to work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceContext {
    trace_id: String,
    parent_id: String,
    flags: String,
}

impl TraceContext {
    /// Reads a `traceparent` header; `None` when it is not valid.
    pub fn read(header: &str) -> Option<Self> {
        let head = header.get(..BYTES)?;
        let version = hex_of(head.get(..2)?)?;
        let whole = header.len() == BYTES;
        // Later versions may append fields; version 00 has none.
        if version == "ff" || !(whole || version != "00" && header.as_bytes()[BYTES] == b'-') {
            return None;
        }
        let mut parts = head.split('-').skip(1);
        let trace_id = hex_of(parts.next().filter(|id| id.len() == 32)?)?;
        let parent_id = hex_of(parts.next().filter(|id| id.len() == 16)?)?;
        let flags = hex_of(parts.next().filter(|flags| flags.len() == 2)?)?;
        let is_zero = |id: &str| id.bytes().all(|digit| digit == b'0');
        if parts.next().is_some() || is_zero(trace_id) || is_zero(parent_id) {
            return None;
        }
        Some(Self {
            trace_id: trace_id.to_owned(),
            parent_id: parent_id.to_owned(),
            flags: flags.to_owned(),
        })
    }

    /// Returns the id that all work of one trace shares: 32 hex digits.
    pub fn trace_id(&self) -> &str {
        &self.trace_id
    }
}

/// The header of version 00, as it is stored with the work.
impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{}-{}-{}", self.trace_id, self.parent_id, self.flags)
    }
}

/// Lower-case hex digits alone are allowed.
fn hex_of(text: &str) -> Option<&str> {
    text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALID: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn a_valid_header_is_read_and_written_back() {
        let context = TraceContext::read(VALID).unwrap();
        assert_eq!(context.trace_id(), "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(context.to_string(), VALID);
    }

    #[test]
    fn a_later_version_may_say_more_and_version_00_may_not() {
        let later = VALID.replacen("00", "cc", 1);
        assert!(TraceContext::read(&later).is_some());
        assert!(TraceContext::read(&format!("{later}-what-the-future-will-be")).is_some());
        assert!(TraceContext::read(&format!("{later}.what")).is_none());
        assert!(TraceContext::read(&format!("{VALID}-what")).is_none());
    }

    #[test]
    fn what_does_not_fit_begins_a_new_trace() {
        for wrong in [
            "",
            "00",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0af7651916cd43dd8448eb211c80319-cb7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0x",
            "00-ü0af7651916cd43dd8448eb211c8031c-b7ad6b7169203331-01",
        ] {
            assert!(TraceContext::read(wrong).is_none(), "{wrong}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_the_reader(text in "\\PC{0,80}") {
            drop(TraceContext::read(&text));
        }
    }
}
