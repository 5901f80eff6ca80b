//! Queries in M, the language of Power Query.

use std::fmt::Write;

use super::Feed;

/// The property that incremental refresh goes by: it never changes.
pub(super) const CREATED: &str = "CreatedDateTime";

/// A query of one entity set.
pub(super) fn query(feed: &Feed<'_>) -> String {
    format!("let\n{}\nin\n    Rows", steps(feed))
}

/// A query of one entity set with what to do with it; of those created in a range, where entities
/// tell when they were.
pub(super) fn script(feed: &Feed<'_>) -> String {
    let set = feed.set_name();
    let mut script =
        format!("// {set} for Power BI Desktop and Excel. There is no secret in this text.\n//\n");
    if !feed.is_dated() {
        script.push_str(PASTE);
        return format!("{script}{}\n", query(feed));
    }
    script.push_str(PARAMETERS);
    script.push_str(PASTE);
    script.push_str(REFRESH);
    // Writing to memory cannot fail.
    let _ = write!(
        script,
        "let\n{},\n{RANGE}    InRange = Table.SelectRows(Rows, each [{CREATED}] >= From and [{CREATED}] < Before)\n\
         in\n    InRange\n",
        steps(feed)
    );
    script
}

const PARAMETERS: &str = "\
// Parameters, for Power BI (in Excel leave out the steps from 'From' on and end with 'Rows'):
// Home > Transform data > Manage parameters > New, twice: RangeStart and RangeEnd, both Date/Time.
// The same as two queries of these names:
//     #datetime(2026, 1, 1, 0, 0, 0)
//         meta [IsParameterQuery = true, Type = \"DateTime\", IsParameterQueryRequired = true]
//
";

const PASTE: &str = "\
// Query: New source > Blank query > Advanced editor, this text in place of what is there.
// Sign-in: Basic, any user name, an access token as the password; it is kept outside the file.
//
";

const REFRESH: &str = "\
// Incremental refresh: close and apply, right-click the table > Incremental refresh. RangeStart and
// RangeEnd are taken as UTC. Keep CreatedDateTime for the range: by UpdatedDateTime a changed entity
// would be in two partitions. For changes to old ones, 'detect data changes' by UpdatedDateTime.
//
";

const RANGE: &str =
    "    From = DateTime.AddZone(RangeStart, 0),\n    Before = DateTime.AddZone(RangeEnd, 0),\n";

const OPTIONS: &str =
    "[Implementation = \"2.0\", ODataVersion = 4, OmitValues = ODataOmitValues.Nulls]";

/// The feed and the set, as the navigator of Power Query would write them; a query is read by its address.
fn steps(feed: &Feed<'_>) -> String {
    if !feed.query.is_empty() {
        return format!("    Rows = OData.Feed({}, null, {OPTIONS})", text(&feed.address()));
    }
    format!(
        "    Feed = OData.Feed({}, null, {OPTIONS}),\n    Rows = Feed{{[Name = {}, Signature = \"table\"]}}[Data]",
        text(&feed.root),
        text(feed.set_name())
    )
}

/// A text literal. Source: Power Query M language specification, "Text literals".
pub(super) fn text(value: &str) -> String {
    let mut literal = String::from("\"");
    let mut rest = value.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '"' => literal.push_str("\"\""),
            '#' if rest.peek() == Some(&'(') => literal.push_str("#(#)"),
            c if c.is_control() => {
                // Writing to memory cannot fail.
                let _ = write!(literal, "#({:04x})", u32::from(c));
            }
            c => literal.push(c),
        }
    }
    literal.push('"');
    literal
}
