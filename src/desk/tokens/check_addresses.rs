//! What a list of addresses would mean, told before it is saved.

use core::net::IpAddr;

use super::{mint::addresses, reach};
use crate::{
    auth::{Networks, Principal},
    desk::{
        get,
        value::{Fields, complex},
    },
    error::Error,
    model::{
        Complex, Key, Value,
        props::{address_check, token_use},
        set,
    },
    query::Source,
};

/// Whom a list would deny: the caller where it is, and a token where it was last used.
///
/// # Errors
/// `InvalidValue` naming a bad entry; `Forbidden` and `NotFound` for a token the caller may not know of.
pub fn check_addresses(
    source: &dyn Source,
    caller: &Principal,
    list: &[Value],
    token_id: Option<i64>,
) -> Result<Complex, Error> {
    caller.require("tokens:mint")?;
    let networks = Networks::of_token(list.iter().filter_map(Value::as_text))?;
    let denies = |address: IpAddr| !networks.is_empty() && !networks.contains(address);
    let used_from = match token_id {
        None => Value::Null,
        Some(id) => {
            reach::find(source, caller, &Key::Int(id))?;
            let used = source.row(set::TOKEN_USES, &Key::Int(id));
            used.map_or(Value::Null, |row| get(source.model(), &row, token_use::ADDRESS))
        }
    };
    let denies_last = used_from.as_text().and_then(|text| text.parse().ok()).map(denies);
    let seen = caller.address.map(|address| address.to_canonical());
    let fields: Fields = vec![
        (address_check::ALLOWED_ADDRESSES, addresses(&networks)),
        (address_check::ADDRESS, seen.map(|address| address.to_string()).as_deref().into()),
        (address_check::WOULD_DENY, seen.is_some_and(denies).into()),
        (address_check::LAST_USED_ADDRESS, used_from),
        (address_check::WOULD_DENY_LAST_USED, denies_last.into()),
    ];
    complex(source.model(), "AddressCheck", fields)
}
