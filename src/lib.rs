//! Tessera, a helpdesk in one binary: tickets served as an OData feed, with tokens nobody has to fear.

pub mod auth;
pub mod cli;
pub mod config;
pub mod desk;
pub mod error;
pub mod hash;
pub mod http;
pub mod id;
pub mod local;
pub mod logging;
pub mod model;
pub mod odata;
pub mod query;
pub mod search;
pub mod store;
pub mod tally;
pub mod time;
pub mod transfer;
