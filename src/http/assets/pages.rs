//! The addresses of the page: the one list of them.

/// Where the page is served; `(id)` stands for a number.
pub const PAGES: [&str; 22] = [
    "/",
    "/dashboard",
    "/sign-in",
    "/setup",
    "/connect",
    "/profile",
    "/tickets",
    "/tickets/new",
    "/tickets/(id)",
    "/tokens",
    "/tokens/new",
    "/tokens/policy",
    "/tokens/(id)",
    "/people",
    "/people/customers",
    "/people/customers/(id)",
    "/people/users",
    "/people/users/(id)",
    "/teams",
    "/teams/(id)",
    "/settings/pickers",
    "/audit",
];

/// Whether the page is served at this path.
#[must_use]
pub fn is_page(path: &str) -> bool {
    PAGES.iter().any(|page| match page.strip_suffix("(id)") {
        None => *page == path,
        Some(before) => path.strip_prefix(before).is_some_and(is_number),
    })
}

/// Ids are at most 16 digits long.
fn is_number(text: &str) -> bool {
    (1..=16).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, want: bool) {
        assert_eq!(is_page(path), want, "{path}");
    }

    #[test]
    fn only_addresses_of_the_page_show_it() {
        for page in PAGES {
            check(&page.replace("(id)", "7"), true);
        }
        for path in ["", "/tickets/", "/tickets/x", "/tickets/7/", "/tickets/7/8", "/Tickets"] {
            check(path, false);
        }
        for path in ["/tickets/+7", "/tickets/(id)", "/tickets/12345678901234567", "/index.html"] {
            check(path, false);
        }
    }
}
