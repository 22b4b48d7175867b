//! A folder with a machine in it, on which suites run the binary as an operator does.

#![allow(dead_code, reason = "each suite uses the part that it needs")]

use std::fs;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// The folder; its machine has no environment but what stands here.
pub(crate) struct Desk(pub(crate) TempDir);

impl Desk {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn cep(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cep"));
        command.args(arguments).current_dir(self.0.path()).env_clear();
        command.env("XDG_STATE_HOME", self.0.path().join("state")).stdin(Stdio::null());
        command.output().unwrap()
    }

    /// Runs a command that has to end with `code`, and returns everything it said.
    pub(crate) fn said(&self, arguments: &[&str], code: i32) -> String {
        let output = self.cep(arguments);
        let (out, err) = (String::from_utf8(output.stdout), String::from_utf8(output.stderr));
        let said = format!("{}{}", out.unwrap(), err.unwrap());
        assert_eq!(output.status.code(), Some(code), "{arguments:?} said: {said}");
        said
    }

    /// Runs a command that prints one JSON object a line.
    pub(crate) fn lines(&self, arguments: &[&str]) -> Vec<Value> {
        let said = self.said(arguments, 0);
        said.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> String {
        let path = self.0.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Writes the one text that a command is to read.
    pub(crate) fn file(&self, text: &str) -> String {
        self.write("text.txt", text)
    }
}
