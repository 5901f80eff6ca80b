//! Figures as text, by prometheus-client.
//!
//! That crate writes the `OpenMetrics` format, where a counter is declared under a shorter name than it has; every scraper reads
//! the older format, where both are the same. So a counter is declared under its whole name and written like a gauge.

use std::fmt;

use prometheus_client::{
    collector::Collector,
    encoding::{
        DescriptorEncoder, EncodeGaugeValue, MetricEncoder, NoLabelSet, text::encode_registry,
    },
    metrics::MetricType,
    registry::Registry,
};

use crate::tally::Spread;

/// One figure with its samples.
#[derive(Clone, Debug)]
pub(super) struct Figure {
    /// The whole name, with its unit and, for what only grows, `_total`.
    pub name: &'static str,
    /// What it tells, one line.
    pub help: &'static str,
    /// Its samples: labels and value.
    pub samples: Samples,
}

/// Labels of one sample.
pub(super) type Labels = Vec<(&'static str, &'static str)>;

/// What a figure is made of.
#[derive(Clone, Debug)]
pub(super) enum Samples {
    /// Only grows.
    Counter(Vec<(Labels, u64)>),
    /// Goes up and down.
    Gauge(Vec<(Labels, f64)>),
    /// Durations by class, seconds.
    Histogram(Vec<(Labels, Spread)>),
}

/// The page with these figures.
///
/// # Errors
/// None that anybody knows of: it is written to memory.
pub(super) fn page(figures: Vec<Figure>) -> Result<String, fmt::Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Figures(figures)));
    let mut text = String::new();
    encode_registry(&mut text, &registry)?;
    Ok(text)
}

#[derive(Debug)]
struct Figures(Vec<Figure>);

impl Collector for Figures {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        for figure in &self.0 {
            let kind = match figure.samples {
                Samples::Counter(_) => MetricType::Counter,
                Samples::Gauge(_) => MetricType::Gauge,
                Samples::Histogram(_) => MetricType::Histogram,
            };
            let mut out = encoder.encode_descriptor(figure.name, figure.help, None, kind)?;
            match &figure.samples {
                Samples::Counter(all) => each(&mut out, all, number)?,
                Samples::Gauge(all) => each(&mut out, all, number)?,
                Samples::Histogram(all) => each(&mut out, all, |out, spread| {
                    let total = spread.total.as_secs_f64();
                    out.encode_histogram::<NoLabelSet>(total, spread.count, &spread.classes, None)
                })?,
            }
        }
        Ok(())
    }
}

fn number<N: EncodeGaugeValue>(out: &mut MetricEncoder<'_>, number: &N) -> fmt::Result {
    out.encode_gauge(number)
}

fn each<T>(
    out: &mut MetricEncoder<'_>,
    samples: &[(Labels, T)],
    write: impl Fn(&mut MetricEncoder<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    for (labels, value) in samples {
        if labels.is_empty() {
            write(out, value)?;
        } else {
            write(&mut out.encode_family(labels)?, value)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_page_is_what_every_scraper_reads() {
        let spread = Spread {
            count: 3,
            total: Duration::from_millis(1500),
            classes: vec![(0.5, 1), (f64::INFINITY, 2)],
        };
        let page = page(vec![
            Figure {
                name: "tessera_requests_total",
                help: "Requests answered",
                samples: Samples::Counter(vec![(vec![("surface", "odata"), ("status", "2xx")], 7)]),
            },
            Figure {
                name: "tessera_connections",
                help: "Open",
                samples: Samples::Gauge(vec![(vec![], 2.0)]),
            },
            Figure {
                name: "tessera_seconds",
                help: "Took",
                samples: Samples::Histogram(vec![(vec![("surface", "page")], spread)]),
            },
        ]);
        insta::assert_snapshot!(page.unwrap(), @r#"
        # HELP tessera_requests_total Requests answered
        # TYPE tessera_requests_total counter
        tessera_requests_total{surface="odata",status="2xx"} 7
        # HELP tessera_connections Open
        # TYPE tessera_connections gauge
        tessera_connections 2.0
        # HELP tessera_seconds Took
        # TYPE tessera_seconds histogram
        tessera_seconds_sum{surface="page"} 1.5
        tessera_seconds_count{surface="page"} 3
        tessera_seconds_bucket{le="0.5",surface="page"} 1
        tessera_seconds_bucket{le="+Inf",surface="page"} 3
        "#);
    }
}
