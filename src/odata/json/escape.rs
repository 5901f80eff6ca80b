//! Texts between quotes: what needs no escape, and most does not, is copied in runs.

/// Text in quotes, escaped, otherwise as it is in UTF-8.
pub fn push_json_text(bytes: &mut Vec<u8>, text: &str) {
    bytes.reserve(text.len() + 2);
    bytes.push(b'"');
    let mut rest = text.as_bytes();
    loop {
        let (plain, behind) = rest.split_at(plain_len(rest));
        bytes.extend_from_slice(plain);
        let Some((first, behind)) = behind.split_first() else { break };
        escape(bytes, *first);
        rest = behind;
    }
    bytes.push(b'"');
}

/// Bytes that are looked at in one go, which the compiler makes one of: most texts need no escape anywhere.
const IN_ONE_GO: usize = 32;

/// How many bytes stand before the first that needs an escape.
fn plain_len(bytes: &[u8]) -> usize {
    let (runs, _) = bytes.as_chunks::<IN_ONE_GO>();
    let plain = runs.iter().take_while(|run| is_plain(run)).count() * IN_ONE_GO;
    plain + plain_words(&bytes[plain..])
}

fn is_plain(run: &[u8; IN_ONE_GO]) -> bool {
    // Without a branch for each.
    !run.iter().fold(false, |found, byte| found | is_special(*byte))
}

/// As [`plain_len`], eight bytes at a time.
fn plain_words(bytes: &[u8]) -> usize {
    let (words, rest) = bytes.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let marks = marks(u64::from_le_bytes(*word));
        if marks != 0 {
            return at * 8 + marks.trailing_zeros() as usize / 8;
        }
    }
    let first = rest.iter().position(|byte| is_special(*byte));
    words.len() * 8 + first.unwrap_or(rest.len())
}

fn is_special(byte: u8) -> bool {
    byte < b' ' || byte == b'"' || byte == b'\\'
}

/// The highest bit of the first of eight bytes that needs an escape, and perhaps of some behind it.
fn marks(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let below = |word: u64, least: u8| word.wrapping_sub(ONES * u64::from(least)) & !word;
    let is = |byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    (below(word, b' ') | is(b'"') | is(b'\\')) & HIGH
}

fn escape(bytes: &mut Vec<u8>, byte: u8) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let short = match byte {
        b'"' | b'\\' => byte,
        0x08 => b'b',
        b'\t' => b't',
        b'\n' => b'n',
        0x0C => b'f',
        b'\r' => b'r',
        _ => {
            let (high, low) = (HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]);
            bytes.extend_from_slice(&[b'\\', b'u', b'0', b'0', high, low]);
            return;
        }
    };
    bytes.extend_from_slice(&[b'\\', short]);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str) {
        let mut bytes = Vec::new();
        push_json_text(&mut bytes, text);
        assert_eq!(String::from_utf8(bytes).unwrap(), serde_json::to_string(text).unwrap());
    }

    #[test]
    fn every_character_is_escaped_as_others_do_wherever_it_stands() {
        for c in (0..=0x2_FFFF).filter_map(char::from_u32) {
            let text = format!("0123456{c}0123456789012345678901234567890{c}");
            check(&text[(c as usize) % 8..]);
        }
        check("");
    }

    proptest! {
        #[test]
        fn texts_are_escaped_as_others_do(text in "[\\PC\u{0}-\u{22}\\\\é€😀]{0,64}") {
            check(&text);
        }

        #[test]
        fn one_character_among_many_is_found_wherever_it_stands(before in 0_usize..200, c: char) {
            check(&format!("{}{c}{c}plain", "p".repeat(before)));
        }
    }
}
