//! Tells processes apart, also across a reused pid and a reboot, and whether one is still alive.

use std::fs;

/// Who a process is: enough to know later whether it is still the same one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessIdentity {
    /// Process id.
    pub pid: u32,
    /// Start time in clock ticks since boot (`/proc/<pid>/stat`, field 22); 0 when unreadable.
    pub pid_start: i64,
    /// Identity of this boot of the machine; empty when unreadable.
    pub boot_id: String,
    /// The namespace in which `pid` names this process: containers on one machine count their pids
    /// each for itself. Empty when unreadable.
    pub pid_space: String,
    /// Host name.
    pub host: String,
}

impl ProcessIdentity {
    /// Returns this process.
    pub fn current() -> Self {
        let pid = std::process::id();
        Self {
            pid,
            pid_start: start_of(pid).unwrap_or(0),
            boot_id: read_line("/proc/sys/kernel/random/boot_id"),
            pid_space: fs::read_link("/proc/self/ns/pid")
                .map(|space| space.to_string_lossy().into_owned())
                .unwrap_or_default(),
            host: read_line("/proc/sys/kernel/hostname"),
        }
    }

    /// Whether the process described still runs on this machine. A process of another boot is dead;
    /// one whose pid now has another start time is dead and its pid reused.
    pub fn is_alive(pid: u32, pid_start: i64, boot_id: &str) -> bool {
        boot_id == read_line("/proc/sys/kernel/random/boot_id") && start_of(pid) == Some(pid_start)
    }

    /// Whether any process of this number runs on this machine.
    pub fn runs(pid: u32) -> bool {
        start_of(pid).is_some()
    }

    /// The name on screens and in rows: `cli pid 412@host`.
    pub fn owner(&self, role: &str) -> String {
        format!("{role} pid {}@{}", self.pid, self.host)
    }
}

/// Returns the resident memory of this process in bytes, `None` where the system does not say.
pub fn resident_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib * 1_024)
}

fn read_line(path: &str) -> String {
    fs::read_to_string(path).map(|text| text.trim().to_owned()).unwrap_or_default()
}

fn start_of(pid: u32) -> Option<i64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The command name may hold spaces and brackets, so fields are counted after the last ')'.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace();
    let state = fields.next()?;
    if state == "Z" || state == "X" {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_alive_and_one_with_another_start_time_is_not() {
        let me = ProcessIdentity::current();
        assert!(ProcessIdentity::is_alive(me.pid, me.pid_start, &me.boot_id));
        assert!(!ProcessIdentity::is_alive(me.pid, me.pid_start + 1, &me.boot_id));
        assert!(!ProcessIdentity::is_alive(me.pid, me.pid_start, "another boot"));
    }
}
