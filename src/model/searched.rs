//! What a search of an entity set looks at. Data only; knows no index and no words.

/// The texts of an entity that a search finds it by.
#[derive(Clone, Copy, Debug)]
pub struct Searched {
    /// Names of its own properties; where there are none, all of text that the caller may read.
    pub own: &'static [&'static str],
    /// A navigation property, and a property of the entities it leads to.
    pub through: &'static [(&'static str, &'static str)],
    /// Whether an index of the words of its own properties is kept, where the engine has one.
    pub is_indexed: bool,
}

impl Searched {
    /// All properties of text, each entity looked at.
    pub const TEXTS: Self = Self { own: &[], through: &[], is_indexed: false };
}
