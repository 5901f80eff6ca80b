//! The settings themselves: the one table everything else is made from.

use std::{net::SocketAddr, ops::RangeInclusive, path::PathBuf};

use jiff::tz::TimeZone;

use super::{
    networks::Networks,
    value::{Bounds, LogFormat, LogLevel, Origin, PublicUrl, Value},
};

/// One setting as the file, the environment, the flags and the documentation name it.
#[derive(Debug)]
pub struct Setting {
    /// The key in the file, with its unit last; the other names follow from it.
    pub name: &'static str,
    /// The text of its default.
    pub default: &'static str,
    /// One line: what it is for.
    pub about: &'static str,
    /// True where the flag may stand without a value.
    pub is_switch: bool,
}

impl Setting {
    /// The environment variable: `page_size` is `TESSERA_PAGE_SIZE`.
    #[must_use]
    pub fn env(&self) -> String {
        format!("TESSERA_{}", self.name.to_ascii_uppercase())
    }

    /// The flag: `page_size` is `--page-size`.
    #[must_use]
    pub fn flag(&self) -> String {
        format!("--{}", self.name.replace('_', "-"))
    }
}

/// Numbers that have no bounds of their own.
const ANY: RangeInclusive<u64> = 0..=u64::MAX;

/// name: type = default, bounds of a number, what it is for.
macro_rules! settings {
    ($($name:ident: $kind:ty = $default:literal, $range:expr, $about:literal;)+) => {
        /// Every setting, in the order they are shown.
        pub const SETTINGS: &[Setting] = &[$(Setting {
            name: stringify!($name),
            default: $default,
            about: $about,
            is_switch: <$kind as Value>::IS_SWITCH,
        }),+];

        /// The settings in force.
        #[derive(Clone, Debug)]
        pub struct Config {
            $(#[doc = $about] pub $name: $kind,)+
            /// Where each came from, in the order of [`SETTINGS`].
            pub origins: Vec<Origin>,
        }

        impl Default for Config {
            fn default() -> Self {
                // The table is checked by a test of this module.
                $(let $name = <$kind as Value>::read($default, &Bounds::of(stringify!($name), $range)).expect("a default is valid");)+
                Self { $($name,)+ origins: vec![Origin::Default; SETTINGS.len()] }
            }
        }

        impl Config {
            /// Sets the setting called `name` from its text form; false where there is none.
            ///
            /// # Errors
            /// What the setting takes.
            pub(super) fn set(&mut self, name: &str, text: &str, origin: Origin) -> Result<bool, String> {
                $(if name == stringify!($name) {
                    self.$name = <$kind as Value>::read(text, &Bounds::of(name, $range))?;
                } else)+ {
                    return Ok(false);
                }
                if let Some(at) = SETTINGS.iter().position(|setting| setting.name == name) {
                    self.origins[at] = origin;
                }
                Ok(true)
            }

            /// The text form of every value, in the order of [`SETTINGS`].
            #[must_use]
            pub fn values(&self) -> Vec<String> {
                vec![$(self.$name.show()),+]
            }
        }
    };
}

settings! {
    data: PathBuf = "./tessera-data", ANY, "folder with everything Tessera keeps";
    listen: SocketAddr = "127.0.0.1:8420", ANY, "address and port to listen on; port 0 takes a free one";
    public_url: Option<PublicUrl> = "", ANY, "address clients use, for links; without it the Host header is used";
    insecure_http: bool = "false", ANY, "listen beyond this machine although nothing encrypts the traffic";
    tls_certificate: Option<PathBuf> = "", ANY, "PEM file with the certificate and its chain; with its key, clients are served over TLS";
    tls_key: Option<PathBuf> = "", ANY, "PEM file with the certificate's private key";
    trusted_proxies: Networks = "", ANY, "addresses and networks whose X-Forwarded-* and Forwarded headers are believed, with commas between";
    log_format: LogFormat = "human", ANY, "how log lines look: human or json";
    log_level: LogLevel = "info", ANY, "least grave log line written: error, warn, info, debug or trace";
    time_zone: TimeZone = "UTC", ANY, "time zone of calendar dates, such as the day a ticket was created";
    page_size: u64 = "1000", 1..=100_000, "entities on a page when the client asks for no size";
    page_size_max: u64 = "10000", 1..=100_000, "most entities on a page, whatever the client asks";
    expand_page_size: u64 = "1000", 1..=100_000, "most entities in one expanded collection; the rest is behind its own next link";
    body_bytes_max: u64 = "1MiB", 1024..=1 << 30, "largest request body, bytes";
    body_timeout_secs: u64 = "60", 1..=3600, "seconds a request body may take to arrive";
    query_bytes_max: u64 = "32KiB", 256..=65_534, "longest query in an address, bytes; beyond it 414";
    head_bytes_max: u64 = "128KiB", 8192..=1 << 20, "largest request line with headers, bytes; beyond it a bare 431";
    first_byte_timeout_secs: u64 = "30", 1..=3600, "seconds a new connection may stay silent";
    handshake_timeout_secs: u64 = "10", 1..=3600, "seconds a TLS handshake may take";
    header_timeout_secs: u64 = "30", 1..=3600, "seconds the headers of a request may take from their first byte to their last";
    idle_timeout_secs: u64 = "90", 1..=3600, "seconds a connection may wait for its next request";
    write_timeout_secs: u64 = "30", 1..=3600, "seconds a client may take to accept the next part of an answer";
    send_buffer_bytes: u64 = "256KiB", 16_384..=1 << 26, "what one connection may hold of an answer on its way to a slow client, bytes";
    streams_max: u64 = "100", 1..=10_000, "requests at once on one HTTP/2 connection";
    stream_window_bytes: u64 = "256KiB", 16_384..=1 << 24, "what a client may send ahead of one HTTP/2 request, bytes; of all on a connection four times that";
    ping_every_secs: u64 = "30", 1..=3600, "seconds from one question whether an HTTP/2 client is still there to the next";
    connections_max: u64 = "1024", 1..=1 << 20, "connections open at once; beyond it the longest idle one makes room, or the new one waits";
    drain_secs: u64 = "10", 0..=3600, "seconds running requests get to finish when the server stops";
    query_depth_max: u64 = "64", 1..=200, "deepest nesting of a query expression";
    query_chained_max: u64 = "256", 1..=1000, "most arithmetic or comparing operators in a row, such as 1 add 2 add 3";
    query_nodes_max: u64 = "10000", 1..=100_000, "most literals, names and operators in one query";
    query_in_items_max: u64 = "10000", 1..=100_000, "most items in one list, as after 'in'";
    query_aliases_max: u64 = "1000", 1..=10_000, "most parameter aliases in one query, and most times they are put in";
    query_computed_max: u64 = "100", 1..=1000, "most computed properties in one query";
    query_search_words_max: u64 = "1000", 1..=10_000, "most words of all $search in one query, those of phrases too";
    expand_depth_max: u64 = "6", 1..=10, "deepest nesting of $expand";
    query_groups_max: u64 = "1000000", 1..=10_000_000, "groups, entities or different values that one transformation of $apply holds";
    query_deadline_secs: u64 = "30", 1..=55, "seconds one query may take; beyond it 503 Overloaded";
    answer_timeout_secs: u64 = "300", 1..=3600, "seconds a client may take for the whole of one answer; then it is cut off";
    reads_max: u64 = "0", 0..=4096, "queries running at once, more wait; 0 for two for each processor";
    light_rows_max: u64 = "200000", 0..=1 << 40, "rows a query may look at, by estimate, and need no turn of those that look at many";
    turn_wait_secs: u64 = "10", 0..=55, "seconds a query waits for its turn where too many run; then 503 Overloaded";
    rate_admin_per_minute: u64 = "2000", 0..=1_000_000, "requests a minute with the token of an administrator; beyond it 429; 0 for any number";
    rate_service_per_minute: u64 = "2000", 0..=1_000_000, "requests a minute with the token of a service; 0 for any number";
    rate_other_per_minute: u64 = "200", 0..=1_000_000, "requests a minute with any other token; 0 for any number";
    rate_session_per_minute: u64 = "600", 0..=1_000_000, "requests a minute of a person signed in; 0 for any number";
    rate_burst: u64 = "100", 1..=100_000, "requests that may come at once; in a minute at most the rate and this many are let through";
    concurrent_per_token: u64 = "16", 0..=100_000, "requests of one token or person running at once, more wait for a while, then 429; 0 for any number";
    event_streams_max: u64 = "256", 0..=100_000, "streams of events open at once; beyond it 503 Overloaded";
    event_streams_per_client: u64 = "8", 0..=100_000, "streams of events of one token or person open at once; beyond it 429";
    queue_max: u64 = "4096", 1..=1 << 20, "changes waiting to be written; beyond it 503 Overloaded";
    block_transactions_max: u64 = "1024", 1..=65_536, "most changes written with one disk sync";
    transaction_bytes_max: u64 = "16MiB", 65_536..=1 << 30, "largest single change, bytes";
    overlay_bytes_max: u64 = "256MiB", 1 << 20..=1 << 40, "memory for changes not yet in the records; beyond it 503 Overloaded";
    search_writer_bytes: u64 = "32MiB", 15_000_000..=1 << 30, "memory for what is on its way to the search index, bytes";
    records_cache_bytes: u64 = "64MiB", 1 << 20..=1 << 40, "memory the records may use as a cache, bytes";
    rows_cache_bytes: u64 = "32MiB", 0..=1 << 34, "memory for what was written of entities that are read again and again, about, bytes; 0 for none";
    segment_bytes: u64 = "64MiB", 1 << 20..=1 << 32, "size of one journal file, bytes";
    checkpoint_journal_bytes: u64 = "512MiB", 1 << 20..=1 << 40, "journal written since the last checkpoint that starts the next one, bytes";
    history_days: u64 = "90", 0..=36_500, "days of journal kept behind the last checkpoint";
    history_bytes_max: u64 = "4GiB", 1 << 20..=1 << 44, "size at which the journal is cut back to what the last checkpoint does not cover, bytes";
    ready_overlay_percent: u64 = "80", 1..=100, "how full the memory for waiting changes may be while /readyz says yes, percent";
    ready_stall_secs: u64 = "30", 1..=3600, "seconds changes may wait for the records without any getting there while /readyz says yes";
    disk_free_min_bytes: u64 = "256MiB", 0..=1 << 50, "room on the disk below which /readyz says no, bytes";
    compression: bool = "true", ANY, "compress answers (zstd, gzip) for clients that take it";
    metrics_open: bool = "false", ANY, "let anybody read /metrics, without a token";
    deleted_ticket_days: u64 = "30", 0..=36_500, "days a deleted ticket can be brought back; 0 removes it at once";
    idempotency_hours: u64 = "48", 24..=720, "hours the answer to a change with an Idempotency-Key is kept";
    idempotency_answer_bytes_max: u64 = "256KiB", 1024..=1 << 20, "largest body kept of such an answer, bytes; beyond it the change is answered without one";
    idempotency_keys_max: u64 = "100000", 100..=10_000_000, "most such answers kept for one caller; beyond it new keys get 429";
    backup_dir: PathBuf = "./tessera-backups", ANY, "folder of the scheduled backups";
    backup_every_hours: u64 = "0", 0..=8760, "hours from one scheduled backup to the next; 0 for none";
    backup_keep: u64 = "7", 1..=100_000, "scheduled backups kept; the oldest beyond it are removed";
    audit_days: u64 = "400", 0..=36_500, "days the audit log keeps what happened; 0 keeps everything";
    usage_flush_secs: u64 = "30", 1..=60, "seconds from one writing down of how tokens were used to the next";
    session_idle_hours: u64 = "8", 1..=168, "hours after which a session ends that is not used";
    session_hours_max: u64 = "24", 1..=720, "hours after which a session ends, used or not";
    password_checks_max: u64 = "2", 1..=64, "passwords checked at once, each with 19 MiB of memory; more wait";
    token_lifetime_max_hours: u64 = "8760", 1..=8760, "longest life of an access token, hours";
    tokens_per_owner_max: u64 = "1000", 1..=100_000, "most access tokens of one person that work at once; those of the workspace do not count";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_valid_and_its_text_form_reads_back() {
        let mut config = Config::default();
        for (setting, text) in SETTINGS.iter().zip(config.values()) {
            assert_eq!(config.set(setting.name, &text, Origin::Default), Ok(true), "{setting:?}");
        }
        assert_eq!(config.set("colour", "", Origin::Default), Ok(false));
    }

    #[test]
    fn the_names_of_a_setting_follow_from_one() {
        let setting = SETTINGS.iter().find(|setting| setting.name == "page_size").unwrap();
        assert_eq!(
            (setting.env(), setting.flag()),
            ("TESSERA_PAGE_SIZE".into(), "--page-size".into())
        );
    }
}
