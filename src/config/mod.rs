//! Every setting, once: its name, default, unit and meaning, layered file < environment < flag.
//!
//! Knows where a value came from, not what is done with it. Adding a setting is one line in
//! [`table`] and one in `docs/settings.md`.

pub mod layers;
pub mod networks;
pub mod table;
pub mod value;

pub use layers::{Sources, Wrong};
pub use networks::Networks;
pub use table::{Config, SETTINGS, Setting};
pub use value::{LogFormat, LogLevel, Origin, PublicUrl};
