//! Which name somebody meant who wrote another.

/// The candidate nearest to `name` by edits (ignoring case), if it is near enough to be a slip.
#[must_use]
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let lower: Vec<char> = name.to_lowercase().chars().take(64).collect();
    // Two letters that changed places count as two edits.
    let bound = lower.len().div_ceil(3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (edits(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= bound)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate.to_owned())
}

/// Levenshtein distance, one row at a time.
fn edits(left: &[char], right: &str) -> usize {
    let mut row: Vec<usize> = (0..=left.len()).collect();
    for (i, r) in right.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, l) in left.iter().enumerate() {
            let replaced = diagonal + usize::from(*l != r);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[left.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_corrected_and_a_stranger_is_not() {
        let names = ["Status", "StatusId", "Title"];
        assert_eq!(nearest("Statu", names), Some("Status".into()));
        assert_eq!(nearest("title", names), Some("Title".into()));
        assert_eq!(nearest("Titel", names), Some("Title".into()));
        assert_eq!(nearest("Colour", names), None);
    }
}
