//! Defines how the ways to reach a business are read: phone numbers, e-mail addresses, web sites.
//!
//! Maps and tables hold them in every form people type. Each file here turns one form of text into
//! one canonical value or into nothing; a value that cannot be understood is never guessed at.

pub mod email;
pub mod opening_hours;
pub mod phone;
pub mod social;
pub mod website;
