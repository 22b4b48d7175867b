//! The `cep` binary.
#![forbid(unsafe_code)]

fn main() {}
