//! Whether a collection is wanted as CSV, by `$format` or `Accept`.

use warp::http::HeaderMap;

use super::{accept, accept::Accepted, joined};

/// A CSV answer, as it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CsvType {
    /// Whether it begins with a byte order mark: for people, whose Excel reads umlauts only then. A program
    /// that names the media type would take the mark for a part of the first name.
    pub has_bom: bool,
}

/// The CSV asked for by `$format`, else by `Accept` where no JSON is wanted as much; none for anything else.
#[must_use]
pub fn csv(headers: &HeaderMap, format: Option<&str>) -> Option<CsvType> {
    match format {
        Some(format) if format.trim().eq_ignore_ascii_case("csv") => {
            Some(CsvType { has_bom: true })
        }
        Some(format) => is_csv(&Accepted::of(format)).then_some(CsvType { has_bom: false }),
        None => is_preferred(&joined(headers, "accept")).then_some(CsvType { has_bom: false }),
    }
}

/// `text/csv` as we write it. Source: RFC 7111, 2.
fn is_csv(entry: &Accepted<'_>) -> bool {
    let is_ours = |(name, value): &(String, &str)| {
        let value = value.to_ascii_lowercase();
        matches!((name.as_str(), value.as_str()), ("charset", "utf-8") | ("header", "present"))
    };
    entry.media == "text/csv" && entry.quality > 0.0 && entry.parameters.iter().all(is_ours)
}

/// Whether CSV has the greatest quality; of those as great, what is named goes before what a wildcard takes in,
/// and the first before the others.
fn is_preferred(accept: &str) -> bool {
    let entries = Accepted::all(accept);
    let csv = entries.iter().enumerate().filter(|(_, entry)| is_csv(entry));
    let best = csv.max_by(|(at, one), (behind, other)| {
        one.quality.total_cmp(&other.quality).then(behind.cmp(at))
    });
    let Some((at, csv)) = best else { return false };
    let mut others = entries.iter().enumerate().filter(|(_, entry)| accept::is_json(entry));
    others.all(|(other_at, other)| {
        let is_first = at < other_at || other.media.contains('*');
        csv.quality > other.quality || csv.quality >= other.quality && is_first
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(accept: &str, want: bool) {
        let headers = [("accept".parse().unwrap(), accept.parse().unwrap())].into_iter().collect();
        let want = want.then_some(CsvType { has_bom: false });
        assert_eq!(csv(&headers, None), want, "{accept}");
        assert_eq!(csv(&headers, Some("json")), None);
    }

    #[test]
    fn csv_comes_where_it_is_wanted_most() {
        check("text/csv", true);
        check("Text/CSV; charset=UTF-8; header=present", true);
        check("text/csv, */*", true);
        check("*/*, text/csv", true);
        check("text/csv, application/json", true);
        check("text/csv;q=0.5, application/json;q=0.4", true);
        check("text/csv;q=0.5, text/csv;q=0.9, application/json;q=0.8", true);
        check("application/json, text/csv", false);
        check("application/json;odata.metadata=none, text/csv;q=0.9", false);
        check("text/csv;q=0.5, */*", false);
        check("text/csv;q=0", false);
        check("text/csv;charset=latin1", false);
        check("text/csv;header=absent", false);
        check("text/*", false);
        check("*/*", false);
        check("", false);
    }

    #[test]
    fn the_format_option_decides_alone_and_its_short_name_is_for_people() {
        let headers = [("accept".parse().unwrap(), "application/json".parse().unwrap())];
        let headers = headers.into_iter().collect();
        let of = |format| csv(&headers, Some(format)).map(|csv| csv.has_bom);
        assert_eq!((of("csv"), of("CSV"), of(" csv ")), (Some(true), Some(true), Some(true)));
        assert_eq!((of("text/csv"), of("text/csv;charset=utf-8")), (Some(false), Some(false)));
        for other in ["csv;x=1", "text/csv;x=1", "text/plain", "json", "csvs", ""] {
            assert_eq!(of(other), None, "{other}");
        }
    }
}
