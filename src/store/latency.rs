//! Keeps how long the latest commits took, for a person who asks whether the disk is slow.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// How many commits are remembered: a few seconds under load, and enough for one in a hundred.
const KEPT: usize = 512;

/// The latest commits.
#[derive(Debug, Default)]
pub(super) struct Latencies(Mutex<VecDeque<u64>>);

/// How long the latest commits of a process took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Commits {
    /// How many were measured.
    pub n: u64,
    /// Half of them took at most so many microseconds.
    pub p50_us: u64,
    /// 99 of 100 took at most so many.
    pub p99_us: u64,
    /// The longest.
    pub max_us: u64,
}

impl Latencies {
    /// Remembers one more commit.
    pub(super) fn add(&self, us: u64) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back(us);
    }

    /// Returns the figures; `None` before the first commit.
    pub(super) fn figures(&self) -> Option<Commits> {
        let mut us: Vec<u64> = {
            let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            kept.iter().copied().collect()
        };
        us.sort_unstable();
        // The least value that so many of a hundred do not exceed.
        let of_hundred =
            |share: usize| us.get((us.len() * share).div_ceil(100).checked_sub(1)?).copied();
        Some(Commits {
            n: us.len() as u64,
            p50_us: of_hundred(50)?,
            p99_us: of_hundred(99)?,
            max_us: us.last().copied()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_and_one_in_a_hundred_are_of_the_latest_commits_alone() {
        let latencies = Latencies::default();
        assert_eq!(latencies.figures(), None);
        latencies.add(7);
        assert_eq!(latencies.figures(), Some(Commits { n: 1, p50_us: 7, p99_us: 7, max_us: 7 }));
        for us in 1..=1_000 {
            latencies.add(us);
        }
        // 489 to 1,000 are kept.
        let figures = latencies.figures().unwrap();
        assert_eq!(figures, Commits { n: 512, p50_us: 744, p99_us: 995, max_us: 1_000 });
    }
}
