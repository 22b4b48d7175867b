//! Says in one word how a layer is: the word that screens and `cep status` show.

use super::snapshot::LayerRow;

/// How a layer is, the most urgent first: the first that holds is the one that is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayerState {
    /// Units gave up.
    Failed,
    /// Units are held because an effect is unknown.
    Held,
    /// A person or the governor stopped new claims while there is work left.
    Paused,
    /// A worker is on a unit.
    Running,
    /// Nothing runs, and a failed unit waits for its next try.
    Retrying,
    /// Units may run, and wait for a worker or for somebody to run them.
    Due,
    /// Units wait for a person or counterparty.
    Waiting,
    /// Units are planned for later or blocked by others.
    Planned,
    /// Everything asked of it is done.
    Done,
    /// Nothing was ever asked of it.
    Idle,
}

impl LayerState {
    /// All states.
    pub const ALL: [Self; 10] = [
        Self::Failed,
        Self::Held,
        Self::Paused,
        Self::Running,
        Self::Retrying,
        Self::Due,
        Self::Waiting,
        Self::Planned,
        Self::Done,
        Self::Idle,
    ];

    /// Returns the state of a layer.
    pub fn of(row: &LayerRow) -> Self {
        let units = &row.units;
        if units.dead > 0 {
            Self::Failed
        } else if units.held > 0 {
            Self::Held
        } else if row.paused.is_some() && units.ended() < units.total() {
            Self::Paused
        } else if units.leased > 0 || (units.ready > 0 && row.in_run) {
            Self::Running
        } else if units.retry_wait > 0 {
            Self::Retrying
        } else if units.ready > 0 {
            Self::Due
        } else if units.waiting > 0 {
            Self::Waiting
        } else if units.scheduled + units.blocked > 0 {
            Self::Planned
        } else if units.ended() > 0 {
            Self::Done
        } else {
            Self::Idle
        }
    }

    /// The word. The two that want a person are in capitals, so that they stand out without colour.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Failed => "FAILED",
            Self::Held => "HELD",
            Self::Paused => "paused",
            Self::Running => "running",
            Self::Retrying => "retrying",
            Self::Due => "due",
            Self::Waiting => "waiting",
            Self::Planned => "planned",
            Self::Done => "done",
            Self::Idle => "idle",
        }
    }

    /// A mark of two characters, different for each, readable without colour.
    pub const fn mark(self) -> &'static str {
        match self {
            Self::Failed => "!!",
            Self::Held => "??",
            Self::Paused => "--",
            Self::Running => ">>",
            Self::Retrying => "~~",
            Self::Due => "> ",
            Self::Waiting => "..",
            Self::Planned => " .",
            Self::Done => "ok",
            Self::Idle => "  ",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_states_look_alike_without_colour() {
        let words: HashSet<_> = LayerState::ALL.map(LayerState::word).into();
        let marks: HashSet<_> = LayerState::ALL.map(LayerState::mark).into();
        assert_eq!((words.len(), marks.len()), (LayerState::ALL.len(), LayerState::ALL.len()));
    }
}
