//! `$search`: from words as they were written to words as they are compared, and where to look.

use super::Checker;
use crate::{
    error::Error,
    model::{Primitive, Prop, Property, SetId, StructType, Type},
    odata::ast,
    query::{
        Search, Var,
        search::{Place, Term, Words, words::words},
    },
};

impl Checker<'_> {
    /// A search of a set in all places the caller may read.
    pub(super) fn search(
        &self,
        set: SetId,
        search: &ast::Search,
        option: &str,
    ) -> Result<Search, Error> {
        self.count_written(search, option)?;
        // Where nothing is left to search for, nothing is ruled out.
        let term = term(search).unwrap_or(Term::And(Vec::new()));
        Ok(Search { term, places: self.places(set) })
    }

    /// Counts the words of a search before they are taken apart.
    fn count_written(&self, search: &ast::Search, option: &str) -> Result<(), Error> {
        match search {
            ast::Search::Word(text) | ast::Search::Phrase(text) => {
                self.count_words(words(text).count(), option)
            }
            ast::Search::Not(inner) => self.count_written(inner, option),
            ast::Search::And(terms) | ast::Search::Or(terms) => {
                terms.iter().try_for_each(|term| self.count_written(term, option))
            }
        }
    }

    /// Whether there is a text for this caller to search.
    #[must_use]
    pub fn is_searchable(&self, set: SetId) -> bool {
        !self.places(set).is_empty()
    }

    fn places(&self, set: SetId) -> Vec<Place> {
        let (declared, structure) = (self.model.set(set), self.model.entity_type(set));
        let searched = declared.searched;
        let own: Vec<Prop> = if searched.own.is_empty() {
            let texts = structure.props().filter(|(_, property)| is_text(property));
            let seen = texts.filter(|(_, property)| self.is_visible(property));
            seen.map(|(prop, _)| prop).collect()
        } else {
            let names = searched.own.iter();
            names.filter_map(|name| self.find_property(structure, name)).collect()
        };
        let through = searched.through.iter().filter_map(|path| self.through(structure, *path));
        own.into_iter().map(Place::Own).chain(through).collect()
    }

    fn through(&self, structure: &StructType, (navigation, name): (&str, &str)) -> Option<Place> {
        let (navigation, target) = self.find_navigation(structure, navigation)?;
        let property = self.find_property(self.model.entity_type(target), name)?;
        Some(Place::Through { navigation, property, guard: self.guard(target, Var(0)) })
    }
}

fn is_text(property: &Property) -> bool {
    match &property.ty {
        Type::Primitive(kind) => *kind == Primitive::String,
        Type::Collection(item) => **item == Type::Primitive(Primitive::String),
        Type::Enum(_) | Type::Complex(_) => false,
    }
}

/// None where there is no letter and no digit in it: such a term is passed over.
fn term(search: &ast::Search) -> Option<Term> {
    let words = |text: &str, open| Words::of(text, open).map(Term::Words);
    let all = |terms: &[ast::Search]| -> Option<Vec<Term>> {
        let terms: Vec<Term> = terms.iter().filter_map(term).collect();
        (!terms.is_empty()).then_some(terms)
    };
    match search {
        ast::Search::Word(text) => words(text, true),
        ast::Search::Phrase(text) => words(text, false),
        ast::Search::Not(inner) => Some(Term::Not(Box::new(term(inner)?))),
        ast::Search::And(terms) => Some(Term::And(all(terms)?)),
        ast::Search::Or(terms) => Some(Term::Or(all(terms)?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{Model, helpdesk, set},
        odata::{Limits, search::parse},
        query::Rights,
    };

    struct Only(&'static [&'static str]);

    impl Rights for Only {
        fn has(&self, scope: &str) -> bool {
            self.0.contains(&scope)
        }
    }

    /// A term as text, words between `<` and `>`.
    fn show(term: &Term) -> String {
        let all = |terms: &[Term], sign: &str| {
            format!("({})", terms.iter().map(show).collect::<Vec<_>>().join(sign))
        };
        match term {
            Term::Words(words) => {
                format!("<{}{}>", words.words.join(" "), if words.is_open { "*" } else { "" })
            }
            Term::Not(inner) => format!("!{}", show(inner)),
            Term::And(terms) => all(terms, " & "),
            Term::Or(terms) => all(terms, " | "),
        }
    }

    #[track_caller]
    fn check(text: &str, want: &str) {
        let search = parse(text, &Limits::default()).unwrap();
        let term = term(&search).map_or("-".to_owned(), |term| show(&term));
        assert_eq!(term, want, "{text}");
    }

    #[test]
    fn words_are_read_as_texts_are() {
        check("Printer NOT \"is Down\"", "(<printer> & !<is down>)");
        check("ERR_404 OR print*", "(<err 404> | <print*>)");
        check("ann@example.org", "<ann example org>");
        check("\"print*\"", "<print>");
    }

    #[test]
    fn what_has_no_letter_or_digit_is_passed_over() {
        check("printer - down", "(<printer> & <down>)");
        check("NOT - a", "(<a>)");
        check("- OR NOT *", "-");
        check("'('", "-");
    }

    fn places(scopes: &'static [&'static str], set: SetId) -> Vec<String> {
        let model: &Model = helpdesk();
        let rights = Only(scopes);
        let checker = Checker::new(model, &rights, Limits::default());
        let structure = model.entity_type(set);
        let name = |place: &Place| match place {
            Place::Own(prop) => structure.property_at(*prop).name.to_owned(),
            Place::Through { navigation, property: _, guard } => {
                let guarded = if guard.is_some() { " guarded" } else { "" };
                format!("{}{guarded}", structure.navigation_at(*navigation).name)
            }
        };
        checker.places(set).iter().map(name).collect()
    }

    #[test]
    fn one_searches_what_one_may_read() {
        let own = ["Title", "Description", "Tags", "RequesterName", "ExternalReference"];
        assert_eq!(places(&["tickets:read"], set::TICKETS), own);
        let with = |more: &'static str| [&own[..], &[more]].concat();
        let agent = places(&["tickets:read", "comments:read"], set::TICKETS);
        assert_eq!(agent, with("Comments guarded"));
        let all = places(&["tickets:read", "comments:read", "notes:read"], set::TICKETS);
        assert_eq!(all, with("Comments"));
        assert_eq!(places(&["comments:read"], set::COMMENTS), ["Body"]);
        assert_eq!(places(&["teams:read"], set::TEAMS), ["Name", "Description"]);
        assert_eq!(places(&["teams:read"], set::TEAM_MEMBERS), Vec::<String>::new());
    }
}
