//! How large a query may be before it is refused; each limit has its own name in the error.

/// The bounds of one request's address, all inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Nesting of parentheses, functions, lambdas, arrays and signs.
    pub depth: usize,
    /// Operators beyond the first in chains such as `a add b add c`, in one option.
    pub chained: usize,
    /// Literals, names, operators and segments in all options together; constants in lists have a
    /// limit of their own.
    pub nodes: usize,
    /// Items in one list, as after `in`; within `$expand`, and of aliases, in all lists together.
    pub in_items: usize,
    /// Parameter aliases in one request, and how often they may be put in, those within aliases too.
    pub aliases: usize,
    /// Computed properties in all of `$compute`.
    pub computed: usize,
    /// Words of all `$search` together: each of a phrase is looked up, however often it stands there.
    pub search_words: usize,
    /// Levels of `$expand` within `$expand`; 1 allows no nesting.
    pub expand_depth: usize,
    /// Groups, entities and distinct values that one transformation of `$apply` holds.
    pub groups: usize,
}

impl Limits {
    /// Name of the limit on nesting, as errors give it.
    pub const DEPTH: &'static str = "query_depth_max";
    /// Name of the limit on chains of operators, as errors give it.
    pub const CHAINED: &'static str = "query_chained_max";
    /// Name of the limit on size, as errors give it.
    pub const NODES: &'static str = "query_nodes_max";
    /// Name of the limit on lists, as errors give it.
    pub const IN_ITEMS: &'static str = "query_in_items_max";
    /// Name of the limit on parameter aliases, as errors give it.
    pub const ALIASES: &'static str = "query_aliases_max";
    /// Name of the limit on computed properties, as errors give it.
    pub const COMPUTED: &'static str = "query_computed_max";
    /// Name of the limit on what is searched for, as errors give it.
    pub const SEARCH_WORDS: &'static str = "query_search_words_max";
    /// Name of the limit on nested expansion, as errors give it.
    pub const EXPAND_DEPTH: &'static str = "expand_depth_max";
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            depth: 64,
            chained: 256,
            nodes: 10_000,
            in_items: 10_000,
            aliases: 1_000,
            computed: 100,
            search_words: 1_000,
            expand_depth: 6,
            groups: 1_000_000,
        }
    }
}
