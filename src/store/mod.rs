//! Durable state: the journal is the truth, everything else is a view of it.

pub mod fault;
pub mod files;
pub mod journal;
