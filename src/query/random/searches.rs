//! Random searches: words of the data, joined in every way, in any texts of a type and around it.

use super::{dice::Dice, exprs::Bound, pool};
use crate::{
    model::{Model, Nav, Primitive, Prop, StructId, StructType, Type, Value},
    query::{
        Expr, Search,
        search::{Place, Term, Words},
    },
};

const TEXT: Type = Type::Primitive(Primitive::String);

/// A search of entities of a type; `guard` makes conditions on rows beside them.
pub(super) fn search(
    (model, ty): (&'static Model, StructId),
    dice: &mut Dice,
    mut guard: impl FnMut(&mut Dice, Bound) -> Expr,
) -> Search {
    let structure = model.structure(ty);
    let mut places: Vec<Place> = texts(structure).into_iter().map(Place::Own).collect();
    places.retain(|_| !dice.once_in(3));
    let all: Vec<Nav> = structure.navs().map(|(nav, _)| nav).collect();
    for navigation in all {
        let Some(target) = model.target(structure.navigation_at(navigation)) else { continue };
        let there = model.set(target).ty;
        let found = texts(model.structure(there));
        if dice.once_in(4) && !found.is_empty() {
            let guard = dice.once_in(3).then(|| guard(dice, Bound::Of(there)));
            places.push(Place::Through { navigation, property: *dice.pick(&found), guard });
        }
    }
    Search { term: term(model, dice, 2), places }
}

/// Properties with words.
fn texts(structure: &StructType) -> Vec<Prop> {
    let list = Type::Collection(Box::new(TEXT));
    let has_words = |ty: &Type| *ty == TEXT || *ty == list;
    structure
        .props()
        .filter(|(_, property)| has_words(&property.ty))
        .map(|(prop, _)| prop)
        .collect()
}

fn term(model: &'static Model, dice: &mut Dice, depth: u8) -> Term {
    if depth == 0 || dice.once_in(2) {
        return words(model, dice);
    }
    let mut terms = || (0..2).map(|_| term(model, dice, depth - 1)).collect();
    let two: Vec<Term> = terms();
    match dice.below(4) {
        0 => Term::Or(two),
        1 => Term::Not(two[0].clone().into()),
        _ => Term::And(two),
    }
}

fn words(model: &'static Model, dice: &mut Dice) -> Term {
    let text = match pool::of_type(&TEXT, model, dice) {
        Value::Text(text) if !dice.once_in(3) => text.to_string(),
        _ => {
            dice.word(&["printer", "print*", "a", "x*", "open", "Printer jam", "s", "ä"]).to_owned()
        }
    };
    Words::of(&text, true).map_or(Term::And(vec![]), Term::Words)
}
