//! A second, unrelated model served through the same code as the helpdesk: keeps the layers honest.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod ask;
mod filters;
mod headers;
mod metadata;
mod official;
mod payloads;
mod shop;
mod writes;
