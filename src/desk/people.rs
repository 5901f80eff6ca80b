//! What holds for everybody's address, and customers as they come in.

use super::{invalid, plain::is_unseen};
use crate::{
    error::Error,
    model::{Row, Value, props::customer, set},
    store::{Draft, Edit},
};

/// Refuses what cannot be an address: one `@` with something on both sides, no blanks, no controls.
///
/// Whether mail arrives there is another matter.
///
/// # Errors
/// `InvalidValue` for `target`.
pub fn check_address(target: &str, address: &str) -> Result<(), Error> {
    let parts: Vec<&str> = address.split('@').collect();
    let sound = parts.len() == 2
        && parts.iter().all(|part| !part.is_empty())
        && !address.chars().any(|c| {
            // What is not seen would make two addresses look the same.
            c.is_whitespace() || c.is_control() || is_unseen(c) || "<>,;\"".contains(c)
        });
    if sound && address.chars().count() <= 320 {
        Ok(())
    } else {
        Err(invalid(target, "it takes an address such as mia@example.com"))
    }
}

/// Refuses a time zone that nobody knows; null is none.
///
/// # Errors
/// `InvalidValue` for `target`.
pub fn check_zone(target: &str, zone: &Value) -> Result<(), Error> {
    match zone.as_text() {
        Some(name) if name != "UTC" && jiff::tz::TimeZone::get(name).is_err() => {
            Err(invalid(target, "it takes a time zone such as UTC or Europe/Berlin"))
        }
        Some(_) | None => Ok(()),
    }
}

/// The customer with that address, made on first contact under the part before the `@`.
///
/// # Errors
/// `InvalidValue` for what is no address.
pub fn customer_for(draft: &mut dyn Draft, target: &str, address: &str) -> Result<Row, Error> {
    let known = draft.rows_where(set::CUSTOMERS, customer::EMAIL, &Value::text(address));
    if let Some(row) = known.into_iter().next() {
        return Ok(row);
    }
    check_address(target, address)?;
    let name = address.split('@').next().unwrap_or(address);
    new_customer(draft, name, Some(address))
}

/// Makes a customer of whom only name and address are known.
///
/// # Errors
/// `Conflict` if the address is taken.
pub fn new_customer(
    draft: &mut dyn Draft,
    name: &str,
    address: Option<&str>,
) -> Result<Row, Error> {
    let (id, now) = (draft.next_id(set::CUSTOMERS)?, draft.now());
    let model = draft.model();
    let mut edit = Edit::new(model, set::CUSTOMERS);
    edit.set(model, customer::ID, id);
    edit.set(model, customer::GUID, draft.new_guid(set::CUSTOMERS, now, id));
    edit.set(model, customer::NAME, name);
    edit.set(model, customer::EMAIL, address);
    edit.set(model, customer::IS_VIP, false);
    edit.set(model, customer::CREATED, now);
    edit.set(model, customer::UPDATED, now);
    draft.put(set::CUSTOMERS, edit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(address: &str, want: bool) {
        assert_eq!(check_address("Email", address).is_ok(), want, "{address}");
    }

    #[test]
    fn an_address_has_two_sides_and_no_blanks() {
        check("mia@example.com", true);
        check("m.i+a@localhost", true);
        check("m\u{fc}ller@example.org", true);
        for bad in [
            "a@b\u{202e}.c",
            "a@b.c\u{200b}",
            "",
            "mia",
            "@",
            "mia@",
            "@example.com",
            "a@b@c",
            "a b@c",
            "a@b\n",
            "<a@b>",
        ] {
            check(bad, false);
        }
        check(&format!("{}@x", "a".repeat(319)), false);
    }
}
