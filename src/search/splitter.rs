//! The words of [`crate::query::search::words`] as tantivy takes them.

use tantivy::{
    Index,
    tokenizer::{TextAnalyzer, Token, TokenStream, Tokenizer},
};

use crate::query::search::words::words;

/// Its name is kept with the index: another way to split needs another name, and builds the index anew.
pub(super) const NAME: &str = "words-1";

/// Makes it known to an index.
pub(super) fn register(index: &Index) {
    index.tokenizers().register(NAME, TextAnalyzer::from(Splitter));
}

#[derive(Clone, Copy, Debug)]
struct Splitter;

struct Words<'a> {
    words: Box<dyn Iterator<Item = String> + 'a>,
    token: Token,
}

impl Tokenizer for Splitter {
    type TokenStream<'a> = Words<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Words<'a> {
        // Steps on to 0 with the first word.
        let token = Token { position: usize::MAX, ..Token::default() };
        Words { words: Box::new(words(text)), token }
    }
}

impl TokenStream for Words<'_> {
    fn advance(&mut self) -> bool {
        let Some(word) = self.words.next() else { return false };
        self.token.position = self.token.position.wrapping_add(1);
        self.token.text = word;
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}
