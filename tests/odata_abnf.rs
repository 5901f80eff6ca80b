//! The test cases that OASIS publishes beside the OData ABNF, run against our reader.
//!
//! Cases that do not pass are listed with their reason in `odata_abnf_exceptions.txt`. An unlisted
//! failure fails the test, and so does a listed case that passes: the list can only shrink.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

use serde_json::Value;
use tessera::{
    error::Error,
    odata::{
        Limits,
        ast::{Expr, Literal, Segment},
        filter, literal, path, search, url,
    },
};

const EXCEPTIONS: &str = include_str!("odata_abnf_exceptions.txt");

/// Where services stand in the whole addresses among the cases.
const ROOTS: [&str; 4] = ["MyService/", "service/", "OData/OData.svc/", "Model.Container/"];

/// What of `$apply` is answered with 501 as soon as it is read: valid or not, it is refused.
const LATER: [&str; 13] = [
    "topsum(",
    "bottomsum(",
    "percent(",
    "ancestors(",
    "descendants(",
    "traverse(",
    "nest(",
    "addnested(",
    "join(",
    "rollup",
    " from ",
    "/Custom.",
    "Self.Top",
];

struct Case {
    rule: String,
    input: String,
    valid: bool,
}

/// The folder of the cases. Without it there is nothing to test: an error where the whole suite
/// must run (`CI` is set), a message elsewhere.
fn cases() -> Option<Vec<Case>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/cases/odata-abnf");
    if !folder.is_dir() {
        assert!(std::env::var_os("CI").is_none(), "the OData cases are missing: ../shared/cases");
        eprintln!("not run: the OData cases are not here (../shared/cases/odata-abnf)");
        return None;
    }
    let mut cases = Vec::new();
    for file in ["odata-abnf-testcases.jsonl", "odata-aggregation-testcases.jsonl"] {
        let lines = fs::read_to_string(folder.join(file)).expect("the file of cases can be read");
        for line in lines.lines() {
            let case: Value = serde_json::from_str(line).expect("a case is JSON");
            let input = case["input"].as_str().expect("a case has an input").to_owned();
            let rule = case["rule"].as_str().expect("a case has a rule");
            let is_later =
                input.contains("apply=") && LATER.iter().any(|name| input.contains(name));
            let rule = if is_later { "apply later" } else { rule };
            let valid = case.get("failAt").is_none();
            cases.push(Case { rule: rule.to_owned(), input, valid });
        }
    }
    Some(cases)
}

/// Whether `input` can be read as `rule`. Literals are decoded, values in bodies are not.
fn accepts(rule: &str, input: &str) -> bool {
    let limits = Limits::default();
    let decoded = || url::decode(input, rule);
    let expr = |text: &str| filter::parse_expr(rule, text, &limits);
    match rule {
        "odataUri" => read_uri(input).is_ok(),
        "odataRelativeUri" => read_relative(input).is_ok(),
        "resourcePath" | "entitySetName" => path::parse(input, &limits).is_ok(),
        "queryOptions" | "systemQueryOption" | "customQueryOption" | "filter" | "orderby"
        | "orderBy" | "expand" | "select" | "compute" | "search" | "skiptoken" | "deltatoken" => {
            url::parse_query(input, &limits).is_ok()
        }
        "searchExpr" => decoded().and_then(|text| search::parse(&text, &limits)).is_ok(),
        "commonExpr" | "boolCommonExpr" | "boolcommonExpr" | "firstMemberExpr"
        | "propertyPathExpr" | "isofExpr" | "notExpr" => {
            decoded().and_then(|text| expr(&text)).is_ok()
        }
        "anyExpr" => expr(&format!("Collection/{input}")).is_ok(),
        "functionParameter" => expr(&format!("Function({input})")).is_ok(),
        "stringInUrl" => expr(&format!("[{input}]")).is_ok(),
        "odataIdentifier" => is_name(&expr(input)),
        "durationValue" => literal::parse_duration(input).is_some(),
        "dateTimeOffsetValueInUrl" => decoded().is_ok_and(|text| is_literal(rule, &text)),
        _ if rule.ends_with("Value") => is_literal(rule, input),
        _ => decoded().is_ok_and(|text| is_literal(rule, &text)),
    }
}

fn read_uri(input: &str) -> Result<(), Error> {
    let (_, after_scheme) = input.split_once("://").expect("a scheme");
    let (_, path) = after_scheme.split_once('/').expect("a path");
    let relative = ROOTS.iter().find_map(|root| path.strip_prefix(root));
    read_relative(relative.unwrap_or(path))
}

fn read_relative(input: &str) -> Result<(), Error> {
    let (path, query) = match input.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (input, None),
    };
    url::parse_target(path, query, &Limits::default()).map(|_| ())
}

fn is_name(expr: &Result<Expr, Error>) -> bool {
    matches!(expr, Ok(Expr::Path(path)) if matches!(path.segments.as_slice(), [Segment::Name(_)]))
}

/// Whether the text is a literal, and of the kind the rule asks for.
fn is_literal(rule: &str, text: &str) -> bool {
    let Ok(literal) = literal::parse(text) else { return false };
    let stem = rule.trim_end_matches("InUrl").trim_end_matches("Value").trim_end_matches("Literal");
    match literal {
        _ if stem == "primitive" => true,
        Literal::Null => stem == "null",
        Literal::Bool(_) => stem == "boolean",
        Literal::Integer(_) | Literal::Decimal(_) | Literal::Double(_) => matches!(
            stem,
            "decimal" | "double" | "single" | "sbyte" | "byte" | "int16" | "int32" | "int64"
        ),
        Literal::String(_) => matches!(stem, "string" | "enum"),
        Literal::Guid(_) => stem == "guid",
        Literal::Date(_) => stem == "date",
        Literal::DateTimeOffset(_) => stem == "dateTimeOffset",
        Literal::TimeOfDay(_) => stem == "timeOfDay",
        Literal::Duration(_) => stem == "duration",
        Literal::Binary(_) => stem == "binary",
        Literal::Enum { .. } => stem == "enum",
        Literal::Geo { geography, .. } => {
            stem.starts_with(if geography { "geography" } else { "geometry" })
        }
    }
}

/// Lines of rule, input and reason, between bars; the input `*` stands for a rule nobody reads.
fn exceptions() -> BTreeMap<(String, String), String> {
    let lines = EXCEPTIONS.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let parts: Vec<&str> = line.split(" | ").collect();
            let [rule, input, reason] = parts.as_slice() else { panic!("not three parts: {line}") };
            assert!(!reason.is_empty(), "no reason: {line}");
            (((*rule).to_owned(), (*input).to_owned()), (*reason).to_owned())
        })
        .collect()
}

#[test]
fn every_official_case_passes_or_is_listed_with_its_reason() {
    let Some(cases) = cases() else { return };
    let exceptions = exceptions();
    let mut unused: BTreeSet<_> = exceptions.keys().cloned().collect();
    let mut wrong = Vec::new();
    let mut passed = 0;
    for Case { rule, input, valid } in &cases {
        let whole_rule = (rule.clone(), "*".to_owned());
        if exceptions.contains_key(&whole_rule) {
            unused.remove(&whole_rule);
            continue;
        }
        let key = (rule.clone(), input.replace(['\r', '\n'], " "));
        let as_told = accepts(rule, input) == *valid;
        passed += usize::from(as_told);
        match (as_told, unused.remove(&key) || exceptions.contains_key(&key)) {
            (true, false) | (false, true) => {}
            (true, true) => wrong.push(format!("passes, take it off the list: {rule} | {input}")),
            (false, false) if *valid => wrong.push(format!("must be read: {rule} | {input}")),
            (false, false) => wrong.push(format!("must be refused: {rule} | {input}")),
        }
    }
    wrong.extend(
        unused.iter().map(|(rule, input)| format!("listed, but no such case: {rule} | {input}")),
    );
    assert!(wrong.is_empty(), "{} of {} pass\n{}", passed, cases.len(), wrong.join("\n"));
}
