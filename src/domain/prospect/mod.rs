//! Defines how listed businesses become prospects: read, normalise, leave out, score.
//!
//! Everything is a pure function from text and records to values; `layers::prospect_research` does
//! the reading and writing around it. The order of a record's way is the order of the files below.

pub mod source;

mod encoding;

mod columns;
mod listing;
mod overpass;
mod table;

mod record;

mod category;
mod place;

mod normalise;

mod leave_out;

mod twins;

mod reread;

mod assess;
mod survey;

pub use assess::{Assessment, assess};
pub use category::Category;
pub use columns::{ColumnMap, MapError};
pub use encoding::{Decoded, decode};
pub use leave_out::{LeftOut, Likeness, closed_tag};
pub use listing::{Columns, LeftEntry, Listing};
pub use normalise::is_contactable;
pub use place::Place;
pub use record::Record;
pub use reread::{Known, Listed, Standing, compare, digest, has_begun, updated};
pub use source::SourceError;
pub use survey::{Found, Survey, survey};
