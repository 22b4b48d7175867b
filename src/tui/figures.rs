//! Defines what the screen measures of itself, up to the frame before the one that shows it.

/// Figures of one screen since its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScreenFigures {
    /// Frames that were written; one that changes nothing is not.
    pub frames: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Bytes of the latest.
    pub last_bytes: u64,
    /// How long its write took, microseconds.
    pub write_us: u64,
    /// The longest write.
    pub write_us_max: u64,
    /// How much later than asked for the loop last woke up, microseconds.
    pub lag_us: u64,
    /// The latest it ever was.
    pub lag_us_max: u64,
}

impl ScreenFigures {
    /// Adds a frame that was written.
    pub const fn wrote(&mut self, bytes: u64, took_us: u64) {
        self.frames += 1;
        self.bytes += bytes;
        self.last_bytes = bytes;
        self.write_us = took_us;
        if took_us > self.write_us_max {
            self.write_us_max = took_us;
        }
    }

    /// Adds a wake-up that came so much too late.
    pub const fn woke(&mut self, late_us: u64) {
        self.lag_us = late_us;
        if late_us > self.lag_us_max {
            self.lag_us_max = late_us;
        }
    }
}
