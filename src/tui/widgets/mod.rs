//! Drawing primitives. They know cells, text and the theme, and nothing of the machine.

pub mod canvas;
pub mod gauge;
pub mod modal;
pub mod pane;
pub mod window;
