//! Options and paths back to the text of an address, percent-encoded; used for links.

use std::fmt::{self, Display, Formatter, Write};

use super::{
    ast::{
        ComputeItem, Direction, ExpandItem, ExpandKind, Levels, OrderItem, QueryOptions, SelectItem,
    },
    options::SystemOption,
    path::{PathSegment, ResourcePath},
    print_apply::sequence,
};

/// The query of an address, without its `?`; system options in a fixed order.
#[must_use]
pub fn query(options: &QueryOptions) -> String {
    let mut query = String::new();
    for (name, value) in system_pairs(options).iter().chain(&options.custom) {
        if !query.is_empty() {
            query.push('&');
        }
        query += &encode_query(name);
        query.push('=');
        query += &encode_query(value);
    }
    query
}

/// A resource path, relative to the service root, without a leading slash.
#[must_use]
pub fn path(path: &ResourcePath) -> String {
    let mut text = String::new();
    for segment in &path.segments {
        if !text.is_empty() && !matches!(segment, PathSegment::Parens(_)) {
            text.push('/');
        }
        text += &encode(&segment.to_string(), b"-._~!$'()*,:;=@");
    }
    text
}

/// Percent-encodes the name or the value of a query option.
#[must_use]
pub fn encode_query(text: &str) -> String {
    encode(text, b"-._~!$'()*,/:;@")
}

/// Percent-encodes everything but letters, digits and `safe`.
fn encode(text: &str, safe: &[u8]) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || safe.contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").expect("a String takes whatever is written");
        }
    }
    encoded
}

/// Every option that is set, with its `$`, and the aliases; not encoded.
fn system_pairs(options: &QueryOptions) -> Vec<(String, String)> {
    let mut pairs: Vec<(String, String)> = SystemOption::ALL
        .into_iter()
        .filter_map(|option| Some((option.name().to_owned(), value(option, options)?)))
        .collect();
    pairs.extend(
        options.aliases.iter().map(|(name, value)| (format!("@{name}"), value.to_string())),
    );
    pairs
}

/// The text of one option, if it is set.
fn value(option: SystemOption, options: &QueryOptions) -> Option<String> {
    match option {
        SystemOption::Filter => options.filter.as_ref().map(ToString::to_string),
        SystemOption::Search => options.search.as_ref().map(ToString::to_string),
        SystemOption::OrderBy => list(&options.orderby),
        SystemOption::Top => options.top.map(|n| n.to_string()),
        SystemOption::Skip => options.skip.map(|n| n.to_string()),
        SystemOption::Count => options.count.map(|n| n.to_string()),
        SystemOption::Select => list(options.select.as_deref().unwrap_or_default()),
        SystemOption::Expand => list(&options.expand),
        SystemOption::Compute => list(&options.compute),
        SystemOption::Apply => options.apply.as_deref().map(sequence),
        SystemOption::Levels => options.levels.map(|levels| match levels {
            Levels::Number(levels) => levels.to_string(),
            Levels::Max => "max".to_owned(),
        }),
        SystemOption::Format => options.format.clone(),
        SystemOption::SkipToken => options.skiptoken.clone(),
        SystemOption::DeltaToken => options.deltatoken.clone(),
        SystemOption::Id => options.id.clone(),
        SystemOption::Index => options.index.map(|n| n.to_string()),
        SystemOption::SchemaVersion => options.schemaversion.clone(),
    }
}

fn list<T: Display>(items: &[T]) -> Option<String> {
    let texts: Vec<String> = items.iter().map(ToString::to_string).collect();
    (!texts.is_empty()).then(|| texts.join(","))
}

/// Options in parentheses, or nothing if none is set.
fn in_parens(options: &QueryOptions) -> String {
    let pairs = system_pairs(options);
    let texts: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    if texts.is_empty() { String::new() } else { format!("({})", texts.join(";")) }
}

impl Display for OrderItem {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.direction {
            Direction::Ascending => self.expr.fmt(f),
            Direction::Descending => write!(f, "{} desc", self.expr),
        }
    }
}

impl Display for ComputeItem {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} as {}", self.expr, self.alias)
    }
}

impl Display for SelectItem {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_char('*'),
            Self::AllOperations(namespace) => write!(f, "{namespace}.*"),
            Self::Path { path, overload, options } if overload.is_empty() => {
                write!(f, "{path}{}", in_parens(options))
            }
            Self::Path { path, overload, .. } => write!(f, "{path}({})", overload.join(",")),
        }
    }
}

impl Display for ExpandItem {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            ExpandKind::Entities => "",
            ExpandKind::References => "/$ref",
            ExpandKind::Count => "/$count",
        };
        write!(f, "{}{kind}{}", self.path, in_parens(&self.options))
    }
}

impl Display for PathSegment {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) | Self::Qualified(name) => f.write_str(name),
            Self::Parens(args) => args.fmt(f),
            Self::Metadata => f.write_str("$metadata"),
            Self::Batch => f.write_str("$batch"),
            Self::Entity => f.write_str("$entity"),
            Self::All => f.write_str("$all"),
            Self::CrossJoin(names) => write!(f, "$crossjoin({})", names.join(",")),
            Self::Count => f.write_str("$count"),
            Self::Ref => f.write_str("$ref"),
            Self::Value => f.write_str("$value"),
            Self::Query => f.write_str("$query"),
            Self::Each => f.write_str("$each"),
            Self::Filter(expr) => write!(f, "$filter({expr})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::odata::{Limits, url::parse_target};

    /// What a link says is what was asked, though not letter by letter.
    #[track_caller]
    fn check(raw_path: &str, raw_query: &str, want: &str) {
        let limits = Limits::default();
        let (resource, options) = parse_target(raw_path, Some(raw_query), &limits).unwrap();
        let printed = format!("{}?{}", path(&resource), query(&options));
        assert_eq!(printed, want);
        let (path, query) = printed.split_once('?').unwrap();
        assert_eq!(parse_target(path, Some(query), &limits), Ok((resource, options)), "{printed}");
    }

    #[test]
    fn a_link_asks_for_the_same_again() {
        check(
            "/Tickets",
            "filter=Title eq 'a%26b%2Bc' and not(Id in (1,2))&$TOP=5&@p=1&x=y%20z",
            "Tickets?$filter=Title%20eq%20'a%26b%2Bc'%20and%20not%20Id%20in%20(1,2)&$top=5&@p=1&x=y%20z",
        );
        check(
            "Categories('a%2Fb')/Items(A=1,B=%27x%27)/$count",
            "$search=NOT (a b) OR \"c d\"&$orderby=A desc,B",
            "Categories('a%2Fb')/Items(A=1,B='x')/$count?$search=NOT%20(a%20AND%20b)%20OR%20%22c%20d%22&$orderby=A%20desc,B",
        );
        check(
            "A",
            "$expand=B($filter=C eq 1;$expand=D/$ref($top=1),*;$levels=max;@q=2),E/$count($search=x)&$select=*,Ns.*,F($top=1),Ns.G(h,i)&$compute=1 add 2 as three",
            "A?$select=*,Ns.*,F($top%3D1),Ns.G(h,i)&$expand=B($filter%3DC%20eq%201;$expand%3DD/$ref($top%3D1),*;$levels%3Dmax;@q%3D2),E/$count($search%3Dx)&$compute=1%20add%202%20as%20three",
        );
    }
}
