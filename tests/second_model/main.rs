//! A second, unrelated model served through the same code as the helpdesk: keeps the layers honest.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod actions;
mod apply;
mod ask;
mod changes;
mod compute;
mod csv;
mod deep;
mod expand;
mod expressions;
mod filters;
mod headers;
mod long_query;
mod metadata;
mod official;
mod on_sets;
mod operations;
mod payloads;
mod properties;
mod shop;
mod writes;
