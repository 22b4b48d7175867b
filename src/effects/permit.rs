//! Defines `Permit`, the proof that a call went through the gate.
//!
//! Every port method takes one, and only the gate can make one, so code that calls a port around
//! the gate does not compile.

use std::marker::PhantomData;

/// Permission for one call. It can be neither copied nor made outside `effects`.
///
/// ```compile_fail
/// let permit = cep_machine::effects::permit::Permit::new();
/// ```
pub struct Permit {
    _only_here: PhantomData<()>,
}

impl Permit {
    pub(in crate::effects) const fn new() -> Self {
        Self { _only_here: PhantomData }
    }

    /// Makes a permit for the tests of adapters; it is not compiled into the program.
    #[cfg(test)]
    pub(crate) const fn of_a_test() -> Self {
        Self::new()
    }
}
