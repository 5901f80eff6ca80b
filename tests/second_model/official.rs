//! The OASIS address cases against our models: whatever is asked, the answer is an answer.

use tessera::{
    model::{Model, helpdesk},
    odata::{
        Limits,
        check::{Checker, Everything, Target},
        url::parse_target,
    },
};

use crate::shop;

/// Checks a request as far as it goes; it is the absence of a panic that counts.
fn ask(model: &Model, address: &str) -> bool {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let limits = Limits::default();
    let Ok((path, options)) = parse_target(path, Some(query), &limits) else { return false };
    let checker = Checker::new(model, &Everything, limits);
    match checker.target(&path, Some(&options.aliases)) {
        Ok(Target::Collection(path)) => checker.collection(&path, &options).is_ok(),
        Ok(Target::Count(path)) => checker.count(&path, &options).is_ok(),
        Ok(Target::Entity(path)) => checker.entity(&path, &options).is_ok(),
        Ok(_) => true,
        Err(_) => false,
    }
}

#[test]
fn no_official_case_upsets_the_check() {
    let cases = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../shared/cases/odata-abnf/odata-abnf-testcases.jsonl"
    );
    let Ok(cases) = std::fs::read_to_string(cases) else {
        assert!(std::env::var_os("CI").is_none(), "the OData cases are missing: ../shared/cases");
        return;
    };
    let shop = shop::model();
    let mut answered = 0;
    for line in cases.lines() {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        let input = case["input"].as_str().unwrap_or_default();
        for model in [&shop, helpdesk()] {
            let set = model.sets[0].name;
            for address in [
                input.to_owned(),
                format!("{set}?{input}"),
                format!("{set}?$filter={input}"),
                format!("{set}?$orderby={input}"),
                format!("{set}({input})"),
                format!("{set}(1)/{input}"),
            ] {
                answered += usize::from(ask(model, &address));
            }
        }
    }
    assert!(answered > 100, "{answered}");
}
