//! The canonical functions: their names, arguments and results.
//!
//! Source: OData 4.01 Part 2, 5.1.1.5 to 5.1.1.11.

use super::{
    expr::{Bare, Scope},
    not_implemented,
    ty::{Ty, Typed},
};
use crate::{
    error::{Error, nearest},
    model::{Primitive, Type},
    odata::ast::{Expr as Ast, Path as AstPath, Segment},
    query::{Expr, Function, Path, Var},
};

/// What a parameter takes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    Text,
    /// Text, or a collection.
    TextOrList,
    List,
    Integer,
    Number,
    Instant,
    InstantOrDate,
    InstantOrTime,
    Duration,
}

/// What a call gives.
#[derive(Clone, Copy)]
enum Gives {
    This(Primitive),
    /// The type of its first argument.
    First,
}

struct Signature {
    name: &'static str,
    function: Function,
    takes: &'static [Takes],
    /// How many of the last parameters may be left out.
    optional: usize,
    gives: Gives,
}

const fn signature(
    name: &'static str,
    function: Function,
    takes: &'static [Takes],
    gives: Gives,
) -> Signature {
    Signature { name, function, takes, optional: 0, gives }
}

const BOOLEAN: Gives = Gives::This(Primitive::Boolean);
const INTEGER: Gives = Gives::This(Primitive::Int32);
const TEXT: Gives = Gives::This(Primitive::String);
const INSTANT: Gives = Gives::This(Primitive::DateTimeOffset);
const TWO: &[Takes] = &[Takes::TextOrList, Takes::TextOrList];

const SIGNATURES: [Signature; 30] = [
    signature("concat", Function::Concat, TWO, Gives::First),
    signature("contains", Function::Contains, TWO, BOOLEAN),
    signature("endswith", Function::EndsWith, TWO, BOOLEAN),
    signature("indexof", Function::IndexOf, TWO, INTEGER),
    signature("length", Function::Length, &[Takes::TextOrList], INTEGER),
    signature("startswith", Function::StartsWith, TWO, BOOLEAN),
    Signature {
        name: "substring",
        function: Function::Substring,
        takes: &[Takes::TextOrList, Takes::Integer, Takes::Integer],
        optional: 1,
        gives: Gives::First,
    },
    signature("hassubset", Function::HasSubset, &[Takes::List, Takes::List], BOOLEAN),
    signature("hassubsequence", Function::HasSubsequence, &[Takes::List, Takes::List], BOOLEAN),
    signature("matchespattern", Function::MatchesPattern, &[Takes::Text, Takes::Text], BOOLEAN),
    signature("tolower", Function::ToLower, &[Takes::Text], TEXT),
    signature("toupper", Function::ToUpper, &[Takes::Text], TEXT),
    signature("trim", Function::Trim, &[Takes::Text], TEXT),
    signature("date", Function::Date, &[Takes::Instant], Gives::This(Primitive::Date)),
    signature("day", Function::Day, &[Takes::InstantOrDate], INTEGER),
    signature(
        "fractionalseconds",
        Function::FractionalSeconds,
        &[Takes::InstantOrTime],
        Gives::This(Primitive::Decimal),
    ),
    signature("hour", Function::Hour, &[Takes::InstantOrTime], INTEGER),
    signature("maxdatetime", Function::MaxDateTime, &[], INSTANT),
    signature("mindatetime", Function::MinDateTime, &[], INSTANT),
    signature("minute", Function::Minute, &[Takes::InstantOrTime], INTEGER),
    signature("month", Function::Month, &[Takes::InstantOrDate], INTEGER),
    signature("now", Function::Now, &[], INSTANT),
    signature("second", Function::Second, &[Takes::InstantOrTime], INTEGER),
    signature("time", Function::Time, &[Takes::Instant], Gives::This(Primitive::TimeOfDay)),
    signature("totaloffsetminutes", Function::TotalOffsetMinutes, &[Takes::Instant], INTEGER),
    signature(
        "totalseconds",
        Function::TotalSeconds,
        &[Takes::Duration],
        Gives::This(Primitive::Decimal),
    ),
    signature("year", Function::Year, &[Takes::InstantOrDate], INTEGER),
    signature("ceiling", Function::Ceiling, &[Takes::Number], Gives::First),
    signature("floor", Function::Floor, &[Takes::Number], Gives::First),
    signature("round", Function::Round, &[Takes::Number], Gives::First),
];

/// The names of all canonical functions served, in lower case.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    SIGNATURES.iter().map(|signature| signature.name).chain(["cast", "isof", "case"])
}

impl Scope<'_> {
    pub(super) fn call(&mut self, name: &str, args: &[Ast]) -> Result<Typed, Error> {
        let lower = name.to_ascii_lowercase();
        match lower.as_str() {
            "cast" => return self.cast_or_is_of(args, IsOrCast::Cast),
            "isof" => return self.cast_or_is_of(args, IsOrCast::IsOf),
            _ => {}
        }
        let Some(signature) = SIGNATURES.iter().find(|known| known.name == lower) else {
            return Err(self.unknown_function(name));
        };
        let most = signature.takes.len();
        let least = most - signature.optional;
        if !(least..=most).contains(&args.len()) {
            let wanted =
                if least == most { most.to_string() } else { format!("{least} or {most}") };
            return Err(self.mismatch(format!(
                "'{}' takes {wanted} arguments, not {}",
                signature.name,
                args.len()
            )));
        }
        let mut typed = Vec::with_capacity(args.len());
        for (at, (arg, takes)) in args.iter().zip(signature.takes).enumerate() {
            typed.push(self.argument(arg, *takes, (signature.name, at + 1))?);
        }
        if signature.takes == TWO
            && let [a, b] = typed.as_slice()
        {
            self.common(&a.ty, &b.ty, "both arguments")?;
        }
        let ty = match signature.gives {
            Gives::This(primitive) => Ty::Primitive(primitive),
            Gives::First => typed.first().map_or(Ty::Null, |first| first.ty.clone()),
        };
        let args = typed.into_iter().map(|arg| arg.expr).collect();
        Ok(Typed::new(Expr::Call { function: signature.function, args }, ty))
    }

    fn argument(
        &mut self,
        written: &Ast,
        takes: Takes,
        (name, position): (&str, usize),
    ) -> Result<Typed, Error> {
        use Primitive::{Date, DateTimeOffset, Duration, Int64, String, TimeOfDay};
        let typed = self.expr(written)?;
        let is_list = matches!(typed.ty, Ty::Collection(_) | Ty::Null);
        let (wanted, called): (&[Primitive], &str) = match takes {
            Takes::Text => (&[String], "text"),
            Takes::TextOrList | Takes::List if is_list => return Ok(typed),
            Takes::TextOrList => (&[String], "text or a collection"),
            Takes::List => (&[], "a collection"),
            Takes::Integer if typed.ty.is_integer() => return Ok(typed),
            Takes::Integer => (&[Int64], "a whole number"),
            Takes::Number if typed.ty.is_number() => return Ok(typed),
            Takes::Number => (&[], "a number"),
            Takes::Instant => (&[DateTimeOffset], "a date and time"),
            Takes::InstantOrDate => (&[DateTimeOffset, Date], "a date and time or a date"),
            Takes::InstantOrTime => (&[DateTimeOffset, TimeOfDay], "a date and time or a time"),
            Takes::Duration => (&[Duration], "a duration"),
        };
        if wanted.iter().any(|primitive| typed.ty.is(*primitive)) {
            return Ok(typed);
        }
        for primitive in wanted {
            let ty = Ty::Primitive(*primitive);
            if let Ok(fitted) = self.checker.fit(typed.clone(), &ty, self.option)
                && fitted.ty == ty
            {
                return Ok(fitted);
            }
        }
        let got = self.checker.type_name(&typed.ty);
        Err(self.mismatch(format!("'{name}' takes {called} as argument {position}, not {got}")))
    }

    fn unknown_function(&self, name: &str) -> Error {
        if name.to_ascii_lowercase().starts_with("geo.") {
            return Error::NotImplemented { feature: format!("the function '{name}'") };
        }
        let suggestion = nearest(name, names())
            .map_or_else(String::new, |known| format!("; did you mean '{known}'?"));
        Error::InvalidOption {
            option: self.option.to_owned(),
            reason: format!("there is no function '{name}'{suggestion}"),
        }
    }

    /// `cast(x,T)`, `cast(T)`, `isof(x,T)`, `isof(T)`.
    fn cast_or_is_of(&mut self, args: &[Ast], which: IsOrCast) -> Result<Typed, Error> {
        let itself = || {
            let Bare::Variable(at) = self.bare else {
                let reason = "'cast' and 'isof' of what $apply made take a value and a type";
                return Err(self.mismatch(reason.to_owned()));
            };
            let ty = match &self.variables[at].subject {
                super::member::Subject::Entity(set, ty) => Ty::Entity(*set, *ty),
                super::member::Subject::Value(ty) => Ty::from(ty),
            };
            let from = Var(u8::try_from(at).unwrap_or(u8::MAX));
            Ok(Typed::new(Expr::Path(Path { from, steps: Vec::new() }), ty))
        };
        let (value, ty) = match args {
            [ty] => (itself()?, ty),
            [value, ty] => (self.expr(value)?, ty),
            _ => {
                let reason = "'cast' and 'isof' take a value and a type";
                return Err(self.mismatch(reason.to_owned()));
            }
        };
        match (self.type_argument(ty)?, which) {
            (Named::Entity(of), IsOrCast::IsOf) => match (value.ty, value.expr) {
                (Ty::Entity(..), Expr::Path(path)) => {
                    Ok(Typed::boolean(Expr::IsEntityOf { path, of }))
                }
                _ => Err(self.mismatch("only an entity can be of an entity type".to_owned())),
            },
            (Named::Entity(_), IsOrCast::Cast) => not_implemented("cast to an entity type"),
            (Named::Value(ty), which) => {
                if matches!(value.ty, Ty::Entity(..)) {
                    let reason = "an entity is only of entity types";
                    return Err(self.mismatch(reason.to_owned()));
                }
                let value = Box::new(value.expr);
                Ok(match which {
                    IsOrCast::IsOf => Typed::boolean(Expr::IsOf { value, of: ty }),
                    IsOrCast::Cast => {
                        let own = Ty::from(&ty);
                        Typed::new(Expr::Cast { value, to: ty }, own)
                    }
                })
            }
        }
    }

    /// A type written as an argument: `Edm.Int32`, `Ns.Colour`, `Collection(Edm.String)`.
    fn type_argument(&self, written: &Ast) -> Result<Named, Error> {
        let unknown = |name: &str| self.mismatch(format!("there is no type '{name}'"));
        let name = match written {
            Ast::Path(AstPath { segments }) => match segments.as_slice() {
                [Segment::Qualified(name) | Segment::Name(name)] => name,
                _ => return Err(unknown("…")),
            },
            Ast::Call { name, args } if name == "Collection" => {
                let [item] = args.as_slice() else { return Err(unknown(name)) };
                return match self.type_argument(item)? {
                    Named::Value(item) => Ok(Named::Value(Type::Collection(Box::new(item)))),
                    Named::Entity(_) => not_implemented("isof with a collection of entities"),
                };
            }
            _ => return Err(unknown("…")),
        };
        let is_named = |primitive: &Primitive| {
            primitive.name() == name || primitive.name().strip_prefix("Edm.") == Some(name)
        };
        if let Some(primitive) = Primitive::ALL.into_iter().find(is_named) {
            return Ok(Named::Value(Type::Primitive(primitive)));
        }
        if let Some(id) = self.checker.find_enum(name) {
            return Ok(Named::Value(Type::Enum(id)));
        }
        let id = self.checker.find_struct(name).ok_or_else(|| unknown(name))?;
        let is_entity = !self.checker.model.structure(id).key.is_empty();
        Ok(if is_entity { Named::Entity(id) } else { Named::Value(Type::Complex(id)) })
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum IsOrCast {
    Cast,
    IsOf,
}

/// What a type argument names.
enum Named {
    Entity(crate::model::StructId),
    Value(Type),
}
