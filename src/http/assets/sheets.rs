//! The style sheets of the page sent as one: a browser asks once before it paints, and what they have in common is
//! compressed together.

use std::collections::BTreeMap;

/// How a line of the page begins and ends that links a style sheet.
const LINK: (&str, &str) = ("<link rel=\"stylesheet\" href=\"/ui/", "\">");

/// Puts all style sheets that the page links into the first of them, in their order, and leaves only its link.
pub(super) fn join(files: &mut BTreeMap<String, Vec<u8>>, page: &str) {
    let Some(text) = files.get(page).and_then(|bytes| String::from_utf8(bytes.clone()).ok()) else {
        return;
    };
    let names: Vec<&str> = text.lines().filter_map(linked).collect();
    let Some((first, others)) = names.split_first() else { return };
    let mut all = files.remove(*first).unwrap_or_default();
    for name in others {
        all.extend(files.remove(*name).unwrap_or_default());
    }
    files.insert((*first).to_owned(), all);
    let is_kept = |line: &&str| linked(line).is_none_or(|name| name == *first);
    let shell: String = text.split_inclusive('\n').filter(is_kept).collect();
    files.insert(page.to_owned(), shell.into_bytes());
}

/// The name of the style sheet that a line links.
fn linked(line: &str) -> Option<&str> {
    line.trim().strip_prefix(LINK.0)?.strip_suffix(LINK.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(shell: &str, want: &[(&str, &str)]) {
        let files =
            [("index.html", shell), ("a.css", "a{}\n"), ("b/c.css", "c{}\n"), ("d.css", "d{}")];
        let mut files: BTreeMap<String, Vec<u8>> =
            files.into_iter().map(|(name, text)| (name.to_owned(), text.into())).collect();
        join(&mut files, "index.html");
        let got: Vec<(&str, &str)> = files
            .iter()
            .map(|(name, bytes)| (name.as_str(), std::str::from_utf8(bytes).unwrap()))
            .collect();
        assert_eq!(got, want);
    }

    #[test]
    fn what_the_page_links_is_one_sheet_in_its_order() {
        let link = |name: &str| format!("  {}{name}{}\n", LINK.0, LINK.1);
        let shell = format!("<head>\n{}{}</head>", link("b/c.css"), link("a.css"));
        let joined = format!("<head>\n{}</head>", link("b/c.css"));
        check(&shell, &[("b/c.css", "c{}\na{}\n"), ("d.css", "d{}"), ("index.html", &joined)]);
    }

    #[test]
    fn other_links_stay_as_they_are() {
        let shell = "<link rel=\"icon\" href=\"/ui/a.css\">\n";
        let files = [("a.css", "a{}\n"), ("b/c.css", "c{}\n"), ("d.css", "d{}")];
        check(shell, &[&files[..], &[("index.html", shell)]].concat());
    }
}
