//! The list of figures: what each is called, what it tells, and where it comes from.

use std::{sync::OnceLock, time::SystemTime};

use super::{
    CLASSES, Metrics, since_1970,
    text::{Figure, Labels, Samples},
};
use crate::{http::App, store::Gauges, tally::Count};

/// Every figure of a server, as of now. Asks the file system and looks at every access token.
pub(super) fn all(app: &App) -> Vec<Figure> {
    let mut figures = of_requests(&app.metrics);
    figures.extend(of_tokens(app));
    let gauges = app.feed.service().gauges();
    figures.extend(of_changes(&gauges));
    figures.extend(of_disk(&gauges));
    figures.extend(of_process());
    figures
}

fn counter(name: &'static str, help: &'static str, value: u64) -> Figure {
    counters(name, help, vec![(Vec::new(), value)])
}

fn counters(name: &'static str, help: &'static str, samples: Vec<(Labels, u64)>) -> Figure {
    Figure { name, help, samples: Samples::Counter(samples) }
}

fn gauge(name: &'static str, help: &'static str, value: f64) -> Figure {
    Figure { name, help, samples: Samples::Gauge(vec![(Vec::new(), value)]) }
}

/// A whole number as a sample, which is exact up to 2^53.
#[expect(clippy::cast_precision_loss, reason = "the format knows only such numbers")]
fn whole(number: u64) -> f64 {
    number as f64
}

fn of_requests(metrics: &Metrics) -> Vec<Figure> {
    let (mut requests, mut took) = (Vec::new(), Vec::new());
    for (surface, of_surface) in metrics.surfaces.all() {
        took.push((vec![("surface", surface)], of_surface.took.read()));
        for (method, classes) in of_surface.methods.all() {
            let counts = CLASSES.iter().zip(classes).filter(|(_, count)| count.get() > 0);
            requests.extend(counts.map(|(class, count)| {
                let labels = vec![("surface", surface), ("method", method), ("status", *class)];
                (labels, count.get())
            }));
        }
    }
    vec![
        counters(
            "tessera_http_requests_total",
            "Requests by surface, method and class of status; status none where the client left early",
            requests,
        ),
        Figure {
            name: "tessera_http_request_duration_seconds",
            help: "Time from a request's headers to the end of its answer",
            samples: Samples::Histogram(took),
        },
        gauge(
            "tessera_http_requests_in_flight",
            "Requests whose answer has not ended",
            whole(metrics.in_flight.get()),
        ),
        by_name(
            "tessera_http_refusals_total",
            "Requests answered with an error, by its code",
            "code",
            metrics.refusals.all(),
        ),
        gauge("tessera_connections", "Open connections", whole(metrics.connections.get())),
        counter("tessera_connections_total", "Connections accepted", metrics.accepted.get()),
    ]
}

fn by_name<'a>(
    name: &'static str,
    help: &'static str,
    label: &'static str,
    counts: impl Iterator<Item = (&'static str, &'a Count)>,
) -> Figure {
    let samples = counts.map(|(of, count)| (vec![(label, of)], count.get()));
    counters(name, help, samples.collect())
}

fn of_tokens(app: &App) -> Vec<Figure> {
    vec![
        by_name(
            "tessera_authentications_total",
            "Requests that presented credentials or had to, by what came of it",
            "outcome",
            app.metrics.logins.all(),
        ),
        gauge(
            "tessera_tokens_active",
            "Access tokens that are neither expired nor revoked",
            whole(app.feed.service().active_tokens()),
        ),
        gauge(
            "tessera_tokens_used",
            "Access tokens that requests were let in with during the last hour",
            whole(app.feed.service().used_tokens()),
        ),
    ]
}

fn of_changes(gauges: &Gauges) -> Vec<Figure> {
    let mut figures = vec![
        counter(
            "tessera_transactions_total",
            "Transactions committed since the start",
            gauges.transactions,
        ),
        counter(
            "tessera_transactions_refused_total",
            "Transactions refused since the start, by a rule or by the disk",
            gauges.refused,
        ),
        counter("tessera_journal_blocks_total", "Blocks written to the journal", gauges.blocks),
        Figure {
            name: "tessera_journal_sync_duration_seconds",
            help: "Time the disk took to confirm a block",
            samples: Samples::Histogram(vec![(Vec::new(), gauges.syncs.clone())]),
        },
        gauge("tessera_queue_length", "Changes waiting to be written", whole(gauges.queue)),
        gauge("tessera_queue_capacity", "Changes that may wait", whole(gauges.queue_max)),
        gauge(
            "tessera_overlay_bytes",
            "Changes not yet in the records",
            whole(gauges.overlay_bytes),
        ),
        gauge(
            "tessera_overlay_limit_bytes",
            "Changes not yet in the records at which writes are refused",
            whole(gauges.overlay_bytes_max),
        ),
        gauge(
            "tessera_records_stalled_seconds",
            "Time changes have waited for the records without any getting there",
            gauges.stalled.as_secs_f64(),
        ),
        gauge("tessera_sequence_committed", "Last transaction", whole(gauges.committed)),
        gauge("tessera_sequence_applied", "Last transaction in the records", whole(gauges.applied)),
    ];
    if let Some(searched) = gauges.searched {
        let help = "Last transaction that a search finds";
        figures.push(gauge("tessera_sequence_searched", help, whole(searched)));
    }
    if let Some(checkpoint) = gauges.checkpoint {
        figures.extend([
            gauge(
                "tessera_sequence_checkpoint",
                "Last transaction in the newest checkpoint",
                whole(checkpoint.seq),
            ),
            gauge(
                "tessera_checkpoint_age_seconds",
                "Age of the newest checkpoint",
                checkpoint.age.as_secs_f64(),
            ),
        ]);
    }
    if let Some(at) = gauges.backed_up {
        let seconds = u64::try_from(at.micros() / 1_000_000).unwrap_or(0);
        figures.push(gauge(
            "tessera_backup_last_success_timestamp_seconds",
            "When the last scheduled backup that was verified was begun",
            whole(seconds),
        ));
    }
    figures
}

fn of_disk(gauges: &Gauges) -> Vec<Figure> {
    let mut figures = vec![gauge(
        "tessera_journal_bytes",
        "Size of the journal's files, reserved room included",
        whole(gauges.journal_bytes),
    )];
    if let Some(room) = gauges.room {
        figures.extend([
            gauge("tessera_disk_free_bytes", "Free on the disk with the data", whole(room.free)),
            gauge("tessera_disk_total_bytes", "Size of the disk with the data", whole(room.total)),
        ]);
    }
    figures
}

/// Notes when the process started; the first call counts.
pub(super) fn started() -> SystemTime {
    static STARTED: OnceLock<SystemTime> = OnceLock::new();
    *STARTED.get_or_init(SystemTime::now)
}

fn of_process() -> Vec<Figure> {
    let build = vec![("version", env!("CARGO_PKG_VERSION"))];
    let mut figures = vec![
        Figure {
            name: "tessera_build_info",
            help: "The running version; always 1",
            samples: Samples::Gauge(vec![(build, 1.0)]),
        },
        gauge(
            "process_start_time_seconds",
            "When the server started, seconds since 1970",
            since_1970(started()),
        ),
    ];
    if let Some(bytes) = resident_bytes() {
        figures.push(gauge(
            "process_resident_memory_bytes",
            "Memory the process holds",
            whole(bytes),
        ));
    }
    figures
}

/// Memory the process holds, where the system tells: `VmRSS` of Linux.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}
