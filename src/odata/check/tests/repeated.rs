//! What is written once and used often: aliases, and options that `*` and `$levels` repeat.

use std::sync::Arc;

use super::*;
use crate::{
    model::{Value, set},
    query::{Expand, Expr},
};

/// The plan of tickets.
fn plan(query: &str) -> Plan {
    ask(&AGENT, &format!("Tickets?{query}")).unwrap().1.unwrap()
}

fn each<'a>(expand: &'a [Expand], told: &mut Vec<&'a Expand>) {
    for expand in expand {
        told.push(expand);
        each(&expand.plan.shape.expand, told);
    }
}

/// What is expanded, at all levels, and the bytes of all its addresses.
#[track_caller]
fn check(query: &str, (paged, most): (bool, usize)) {
    let plan = plan(query);
    let mut all = Vec::new();
    each(&plan.shape.expand, &mut all);
    let texts: Vec<&str> = all.iter().filter_map(|expand| expand.written.as_deref()).collect();
    let bytes: usize = texts.iter().map(|text| text.len()).sum();
    assert!(bytes <= most, "{bytes} in {}", all.len());
    let comments = plan.shape.expand.iter().find(|expand| expand.plan.set == set::COMMENTS);
    assert_eq!(comments.unwrap().written.is_some(), paged, "{bytes} in {}", texts.len());
}

#[test]
fn a_text_is_shared_by_all_places_it_is_put_in() {
    let Some(Expr::Or(terms)) = plan("$filter=Title eq @a or Title ne @a&@a='long'").filter else {
        panic!("no two conditions")
    };
    let texts: Vec<&Arc<str>> = terms
        .iter()
        .map(|term| match term {
            Expr::Binary { right, .. } => match &**right {
                Expr::Literal(Value::Text(text)) => text,
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(Arc::ptr_eq(texts[0], texts[1]));
}

#[test]
fn addresses_have_the_aliases_they_need_and_are_not_longer_than_addresses() {
    let long = "x".repeat(100_000);
    check(&format!("$expand=*($levels=6)&@a='{long}'"), (true, 100_000));
    check("$expand=Comments($filter=Body ne @a)&@a='short'&@b='other'", (true, 60));
    check("$expand=Comments($filter=Body ne @a;@a=@b)&@b='short'&@c='other'", (true, 60));
    check(&format!("$expand=Comments($filter=Body ne @a)&@a='{long}'"), (false, 0));
    check(&format!("$expand=Comments($filter=Body ne '{long}')"), (false, 0));
    let much = "x".repeat(20_000);
    check(&format!("$expand=*($levels=6;$compute='{much}' as A)"), (false, 5 << 20));
}

#[test]
fn only_it_itself_keeps_a_collection_from_going_on() {
    check("$expand=Comments($filter=Body ne '$it')", (true, 100));
    check("$expand=Comments($filter=Body ne @a)&@a='$it'&@b=$it/Id", (true, 100));
    check("$expand=Comments($filter=Body ne $it/Title)", (false, 0));
    check("$expand=Comments($filter=Body ne @a)&@a=$it/Title", (false, 0));
    check("$expand=Comments($expand=Ticket($expand=Comments($filter=Id ne $it/Id)))", (false, 0));
}

#[test]
fn constants_of_lists_are_counted_wherever_options_repeat_them() {
    let list: Vec<String> = (0..6000).map(|n| n.to_string()).collect();
    let filter = format!("$filter=Id in ({})", list.join(","));
    assert!(ask(&AGENT, &format!("Tickets?$expand=Comments({filter})")).is_ok());
    refuse(
        &format!("Tickets?$expand=Comments({filter};$expand=Ticket($expand=Comments({filter})))"),
        "$filter passes the limit 'query_in_items_max' of 10000",
    );
}
