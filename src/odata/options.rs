//! The system query options: their names, and one reader for each value wherever it stands.

use nom::Parser;

use super::{
    apply::{self, apply},
    ast::{Levels, QueryOptions},
    compute::compute,
    expr::common_expr,
    filter::expected_after,
    orderby::{self, orderby},
    search::{self, search},
    select_expand::{expand, select},
    syntax::{Ctx, PResult, bws, closing, duplicate, fail, odata_identifier, unknown},
};

/// A system query option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SystemOption {
    /// `$filter`
    Filter,
    /// `$search`
    Search,
    /// `$orderby`
    OrderBy,
    /// `$top`
    Top,
    /// `$skip`
    Skip,
    /// `$count`
    Count,
    /// `$select`
    Select,
    /// `$expand`
    Expand,
    /// `$compute`
    Compute,
    /// `$apply`
    Apply,
    /// `$levels`
    Levels,
    /// `$format`
    Format,
    /// `$skiptoken`
    SkipToken,
    /// `$deltatoken`
    DeltaToken,
    /// `$id`
    Id,
    /// `$index`
    Index,
    /// `$schemaversion`
    SchemaVersion,
}

impl SystemOption {
    /// Every one of them.
    pub const ALL: [Self; 17] = [
        Self::Filter,
        Self::Search,
        Self::OrderBy,
        Self::Top,
        Self::Skip,
        Self::Count,
        Self::Select,
        Self::Expand,
        Self::Compute,
        Self::Apply,
        Self::Levels,
        Self::Format,
        Self::SkipToken,
        Self::DeltaToken,
        Self::Id,
        Self::Index,
        Self::SchemaVersion,
    ];

    /// With its `$`, in lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Filter => "$filter",
            Self::Search => "$search",
            Self::OrderBy => "$orderby",
            Self::Top => "$top",
            Self::Skip => "$skip",
            Self::Count => "$count",
            Self::Select => "$select",
            Self::Expand => "$expand",
            Self::Compute => "$compute",
            Self::Apply => "$apply",
            Self::Levels => "$levels",
            Self::Format => "$format",
            Self::SkipToken => "$skiptoken",
            Self::DeltaToken => "$deltatoken",
            Self::Id => "$id",
            Self::Index => "$index",
            Self::SchemaVersion => "$schemaversion",
        }
    }

    /// The option of that name, with or without `$`, in any letter case.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let bare = name.strip_prefix('$').unwrap_or(name);
        Self::ALL.into_iter().find(|option| option.name()[1..].eq_ignore_ascii_case(bare))
    }

    /// Reads the value into `options` as far as it makes sense.
    pub(super) fn value<'a>(
        self,
        input: &'a str,
        ctx: Ctx<'_>,
        options: &mut QueryOptions,
    ) -> PResult<'a, ()> {
        let (input, _) = bws(input)?;
        match self {
            Self::Filter => store(common_expr(input, ctx), |v| options.filter = Some(v)),
            Self::Search => store(search(input, ctx), |v| options.search = Some(v)),
            Self::OrderBy => store(orderby(input, ctx), |v| options.orderby = v),
            Self::Top => store(number(input), |v| options.top = Some(v)),
            Self::Skip => store(number(input), |v| options.skip = Some(v)),
            Self::Count => store(boolean(input), |v| options.count = Some(v)),
            Self::Select => store(select(input, ctx), |v| options.select = Some(v)),
            Self::Expand => store(expand(input, ctx), |v| options.expand = v),
            Self::Compute => store(compute(input, ctx), |v| options.compute = v),
            Self::Apply => store(apply(input, ctx), |v| options.apply = Some(v)),
            Self::Levels => store(levels(input), |v| options.levels = Some(v)),
            Self::Format => store(text(input), |v| options.format = Some(v)),
            Self::SkipToken => store(text(input), |v| options.skiptoken = Some(v)),
            Self::DeltaToken => store(text(input), |v| options.deltatoken = Some(v)),
            Self::Id => store(text(input), |v| options.id = Some(v)),
            Self::Index => store(index(input), |v| options.index = Some(v)),
            Self::SchemaVersion => store(text(input), |v| options.schemaversion = Some(v)),
        }
    }

    /// What errors say could have followed the value that was read.
    pub(super) fn expected_after(self, options: &QueryOptions) -> &'static str {
        match self {
            Self::Filter => options.filter.as_ref().map_or("an operator", expected_after),
            Self::Search => search::END,
            Self::OrderBy => orderby::END,
            Self::Apply => apply::END,
            Self::Select | Self::Expand | Self::Compute => "',' or the end",
            Self::Top
            | Self::Skip
            | Self::Count
            | Self::Levels
            | Self::Format
            | Self::SkipToken
            | Self::DeltaToken
            | Self::Id
            | Self::Index
            | Self::SchemaVersion => "the end",
        }
    }
}

/// Where options stand in parentheses.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// `$count(…)`
    Count,
    /// `$expand=X/$ref(…)`
    References,
    /// `$expand=X(…)`
    Expand,
    /// `$select=X(…)`
    Select,
}

impl Place {
    /// `expandCountOption`, `expandRefOption`, `expandOption` and `selectOption`, as a table.
    fn takes(self, option: SystemOption) -> bool {
        match option {
            SystemOption::Filter | SystemOption::Search => true,
            SystemOption::OrderBy
            | SystemOption::Skip
            | SystemOption::Top
            | SystemOption::Count => self != Self::Count,
            SystemOption::Select | SystemOption::Compute => self.takes_aliases(),
            SystemOption::Expand | SystemOption::Levels => self == Self::Expand,
            SystemOption::Apply
            | SystemOption::Format
            | SystemOption::SkipToken
            | SystemOption::DeltaToken
            | SystemOption::Id
            | SystemOption::Index
            | SystemOption::SchemaVersion => false,
        }
    }

    fn takes_aliases(self) -> bool {
        matches!(self, Self::Expand | Self::Select)
    }
}

/// `OPEN option *( SEMI option ) CLOSE`
pub(super) fn nested<'a>(input: &'a str, ctx: Ctx<'_>, place: Place) -> PResult<'a, QueryOptions> {
    let mut options = QueryOptions::default();
    let mut seen = Vec::new();
    let mut input = input.strip_prefix('(').unwrap_or(input);
    loop {
        let (at, _) = bws(input)?;
        ctx.node(at)?;
        let (rest, ()) = if at.starts_with('@') && place.takes_aliases() {
            alias_and_value(at, ctx, &mut options)?
        } else {
            let (rest, option) = option_name(at, place)?;
            if seen.contains(&option) {
                return duplicate(at, option.name().to_owned());
            }
            seen.push(option);
            option.value(rest, ctx, &mut options)?
        };
        let (rest, _) = bws(rest)?;
        match rest.strip_prefix(';') {
            Some(after) => input = after,
            None => return closing(rest, ')', "';' or ')'").map(|(rest, _)| (rest, options)),
        }
    }
}

/// `( "$name" / "name" ) EQ`
fn option_name(input: &str, place: Place) -> PResult<'_, SystemOption> {
    const EXPECTED: &str = "a query option that can stand here";
    let bare = input.strip_prefix('$').unwrap_or(input);
    let Ok((rest, name)) = odata_identifier(bare) else { return fail(input, EXPECTED) };
    match SystemOption::named(name) {
        Some(option) if place.takes(option) => {
            closing(rest, '=', "'='").map(|(rest, _)| (rest, option))
        }
        Some(_) => fail(input, EXPECTED),
        None => unknown(input, input[..input.len() - rest.len()].to_owned()),
    }
}

/// `aliasAndValue = parameterAlias EQ parameterValue`
fn alias_and_value<'a>(
    input: &'a str,
    ctx: Ctx<'_>,
    options: &mut QueryOptions,
) -> PResult<'a, ()> {
    ctx.alias(input)?;
    let Ok((rest, name)) = odata_identifier(&input[1..]) else {
        return fail(&input[1..], "a name");
    };
    let (rest, _) = closing(rest, '=', "'='")?;
    let (rest, _) = bws(rest)?;
    let (rest, value) = common_expr(rest, ctx)?;
    match options.aliases.insert(name.to_owned(), value) {
        Some(_) => duplicate(input, format!("@{name}")),
        None => Ok((rest, ())),
    }
}

/// Whether an option in parentheses begins here.
pub(super) fn starts_option(input: &str) -> bool {
    let input = input.trim_start_matches([' ', '\t']);
    let bare = input.strip_prefix(['$', '@']).unwrap_or(input);
    let Ok((rest, name)) = odata_identifier(bare) else { return false };
    (input.starts_with(['$', '@']) || SystemOption::named(name).is_some())
        && rest.trim_start_matches([' ', '\t']).starts_with('=')
}

fn store<T>(parsed: PResult<'_, T>, set: impl FnOnce(T)) -> PResult<'_, ()> {
    let (rest, value) = parsed?;
    set(value);
    Ok((rest, ()))
}

/// `1*DIGIT`
pub(super) fn number(input: &str) -> PResult<'_, u64> {
    match nom::character::complete::u64::<_, super::syntax::Stop>.parse(input) {
        Ok(found) => Ok(found),
        Err(_) => fail(input, "a whole number, 0 or more"),
    }
}

/// `[ "-" ] 1*DIGIT`
fn index(input: &str) -> PResult<'_, i64> {
    match nom::character::complete::i64::<_, super::syntax::Stop>.parse(input) {
        Ok(found) if !input.starts_with('+') => Ok(found),
        Ok(_) | Err(_) => fail(input, "a whole number"),
    }
}

/// `oneToNine *DIGIT / "max"`
fn levels(input: &str) -> PResult<'_, Levels> {
    if input.get(..3).is_some_and(|word| word.eq_ignore_ascii_case("max")) {
        return Ok((&input[3..], Levels::Max));
    }
    match number(input) {
        Ok((rest, levels)) if levels > 0 => Ok((rest, Levels::Number(levels))),
        Ok(_) | Err(_) => fail(input, "a number of levels, 1 or more, or 'max'"),
    }
}

/// `boolean = "true" / "false"`
fn boolean(input: &str) -> PResult<'_, bool> {
    match odata_identifier(input) {
        Ok((rest, word)) if word.eq_ignore_ascii_case("true") => Ok((rest, true)),
        Ok((rest, word)) if word.eq_ignore_ascii_case("false") => Ok((rest, false)),
        Ok(_) | Err(_) => fail(input, "'true' or 'false'"),
    }
}

/// Everything there is, at least one character.
fn text(input: &str) -> PResult<'_, String> {
    if input.is_empty() { fail(input, "a value") } else { Ok(("", input.to_owned())) }
}
