//! The `cep` binary.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    cep_machine::cli::main()
}
