//! Defines the part of time that one looks at, and how much came since.

use crate::domain::time::{HOUR_MS, MINUTE_MS, Moment};

/// A window of time that a key has opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Since {
    /// Its length in words.
    pub label: &'static str,
    /// Its start, wall clock. It does not slide: an event one reads must not vanish.
    pub from: Moment,
}

/// A key of the windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Window {
    /// Follow the newest, of all times.
    Tail,
    /// From the first event there is.
    Head,
    /// Only the last minute.
    Minute,
    /// Only the last five minutes.
    Minutes5,
    /// Only the last fifteen minutes.
    Minutes15,
    /// Only the last half hour.
    Minutes30,
    /// Only the last hour.
    Hour,
}

impl Window {
    /// Returns the window's name and length, of those that have one.
    pub const fn length(self) -> Option<(&'static str, i64)> {
        match self {
            Self::Tail | Self::Head => None,
            Self::Minute => Some(("1m", MINUTE_MS)),
            Self::Minutes5 => Some(("5m", 5 * MINUTE_MS)),
            Self::Minutes15 => Some(("15m", 15 * MINUTE_MS)),
            Self::Minutes30 => Some(("30m", 30 * MINUTE_MS)),
            Self::Hour => Some(("1h", HOUR_MS)),
        }
    }
}

/// How many events came that are not shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Newer {
    /// How many pass the filter.
    pub n: usize,
    /// Whether there may be more than the picture carries.
    pub more: bool,
}

impl Newer {
    /// The count as it is: `7`, or `256+`.
    pub fn words(self) -> String {
        format!("{}{}", self.n, if self.more { "+" } else { "" })
    }
}
