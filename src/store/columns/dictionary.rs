//! The texts of a property that has few, each kept once.

use std::{collections::HashMap, io, sync::Arc};

use super::{
    DISTINCT_MAX,
    codec::{In, Out, damaged, sound},
};

/// Texts by code, codes by text; none is ever taken out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dictionary {
    texts: Vec<Arc<str>>,
    codes: HashMap<Arc<str>, u32>,
}

impl Dictionary {
    /// The code of a text that some row has or had.
    pub(crate) fn code(&self, text: &str) -> Option<u32> {
        self.codes.get(text).copied()
    }

    /// The text of a code.
    pub(crate) fn text(&self, code: i64) -> Option<&Arc<str>> {
        self.texts.get(usize::try_from(code).ok()?)
    }

    /// All texts, by code.
    pub(crate) fn texts(&self) -> &[Arc<str>] {
        &self.texts
    }

    pub(super) fn add(&mut self, text: &str) -> u32 {
        let code = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        let text: Arc<str> = text.into();
        self.texts.push(Arc::clone(&text));
        self.codes.insert(text, code);
        code
    }

    pub(super) fn write_to(&self, out: &mut Out<'_>) -> io::Result<()> {
        out.count(self.texts.len())?;
        self.texts.iter().try_for_each(|text| out.list(text.as_bytes()))
    }

    pub(super) fn read_from(input: &mut In<'_>) -> io::Result<Self> {
        let mut all = Self::default();
        for _ in 0..input.count(DISTINCT_MAX)? {
            let bytes = input.list()?;
            let text = std::str::from_utf8(&bytes).map_err(|_| damaged("a text is not UTF-8"))?;
            sound(all.code(text).is_none(), "a text has two codes")?;
            all.add(text);
        }
        Ok(all)
    }

    #[cfg(test)]
    pub(super) fn heap_bytes(&self) -> usize {
        let texts: usize = self.texts.iter().map(|text| text.len() + 16).sum();
        texts + self.texts.capacity() * 16 + self.codes.capacity() * 25
    }
}
