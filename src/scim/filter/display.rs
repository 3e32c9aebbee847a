//! A filter as text again: what is printed reads back as the same filter.

use std::fmt::{self, Display, Formatter};

use super::{AttrPath, Filter, Literal, PatchPath};

impl Display for AttrPath {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(urn) = &self.urn {
            write!(f, "{urn}:")?;
        }
        f.write_str(&self.attr)?;
        match &self.sub {
            Some(sub) => write!(f, ".{sub}"),
            None => Ok(()),
        }
    }
}

impl Display for Literal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{}", serde_json::Value::from(text.as_str())),
            Self::Number(number) => write!(f, "{number}"),
            Self::Bool(bool) => write!(f, "{bool}"),
            Self::Null => f.write_str("null"),
        }
    }
}

impl Display for Filter {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(left, right) => {
                write!(
                    f,
                    "{} and {}",
                    Operand(left, Rank::And),
                    Operand(right, Rank::Term)
                )
            }
            Self::Or(left, right) => {
                write!(
                    f,
                    "{} or {}",
                    Operand(left, Rank::Or),
                    Operand(right, Rank::And)
                )
            }
            Self::Not(filter) => write!(f, "not ({filter})"),
            Self::Present(path) => write!(f, "{path} pr"),
            Self::Compare(path, op, literal) => write!(f, "{path} {} {literal}", op.as_str()),
            Self::Has(path, filter) => write!(f, "{path}[{filter}]"),
        }
    }
}

impl Display for PatchPath {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.attr)?;
        if let Some(filter) = &self.filter {
            write!(f, "[{filter}]")?;
        }
        match &self.sub {
            Some(sub) => write!(f, ".{sub}"),
            None => Ok(()),
        }
    }
}

/// How tightly a filter binds; `and` and `or` group to the left.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Or,
    And,
    Term,
}

/// A filter in a place that asks for a rank; one that binds more loosely gets parentheses.
struct Operand<'a>(&'a Filter, Rank);

impl Display for Operand<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self(filter, asked) = *self;
        let rank = match filter {
            Filter::Or(..) => Rank::Or,
            Filter::And(..) => Rank::And,
            _ => Rank::Term,
        };
        if rank < asked {
            write!(f, "({filter})")
        } else {
            write!(f, "{filter}")
        }
    }
}
