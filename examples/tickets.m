// Tickets for Power BI Desktop and Excel. There is no secret in this text.
//
// Parameters, for Power BI (in Excel leave out the steps from 'From' on and end with 'Rows'):
// Home > Transform data > Manage parameters > New, twice: RangeStart and RangeEnd, both Date/Time.
// The same as two queries of these names:
//     #datetime(2026, 1, 1, 0, 0, 0)
//         meta [IsParameterQuery = true, Type = "DateTime", IsParameterQueryRequired = true]
//
// Query: New source > Blank query > Advanced editor, this text in place of what is there.
// Sign-in: Basic, any user name, an access token as the password; it is kept outside the file.
//
// Incremental refresh: close and apply, right-click the table > Incremental refresh. RangeStart and
// RangeEnd are taken as UTC. Keep CreatedDateTime for the range: by UpdatedDateTime a changed entity
// would be in two partitions. For changes to old ones, 'detect data changes' by UpdatedDateTime.
//
let
    Feed = OData.Feed("http://127.0.0.1:8420/odata/", null, [Implementation = "2.0", ODataVersion = 4, OmitValues = ODataOmitValues.Nulls]),
    Rows = Feed{[Name = "Tickets", Signature = "table"]}[Data],
    From = DateTime.AddZone(RangeStart, 0),
    Before = DateTime.AddZone(RangeEnd, 0),
    InRange = Table.SelectRows(Rows, each [CreatedDateTime] >= From and [CreatedDateTime] < Before)
in
    InRange
