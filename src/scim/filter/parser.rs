//! Recursive descent over the text: linear in its length, and bounded in depth and terms.

use serde_json::Number;

use super::{AttrPath, Filter, Literal, MAX_BYTES, MAX_DEPTH, MAX_TERMS, Op, PatchPath};
use crate::scim::error::{Error, ScimType};

pub(super) fn filter(text: &str) -> Result<Filter, Error> {
    let mut parser = Parser::new(text, ScimType::InvalidFilter)?;
    let filter = parser.disjunction()?;
    parser.end("`and`, `or`, or the end")?;
    Ok(filter)
}

pub(super) fn patch_path(text: &str) -> Result<PatchPath, Error> {
    let mut parser = Parser::new(text, ScimType::InvalidPath)?;
    let attr = parser.attr_path()?;
    let (filter, sub) = if parser.peek() == Some('[') {
        let filter = parser.value_filter()?;
        (Some(filter), parser.sub_attribute()?)
    } else {
        (None, None)
    };
    parser.end("the end")?;
    Ok(PatchPath { attr, filter, sub })
}

pub(super) fn attr_path(text: &str) -> Result<AttrPath, Error> {
    let mut parser = Parser::new(text, ScimType::InvalidPath)?;
    let path = parser.attr_path()?;
    parser.end("the end")?;
    Ok(path)
}

struct Parser<'a> {
    text: &'a str,
    /// A byte offset, always on a character boundary.
    position: usize,
    depth: usize,
    terms: usize,
    in_brackets: bool,
    /// What an error is called.
    failure: ScimType,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str, failure: ScimType) -> Result<Self, Error> {
        let mut parser = Self {
            text,
            position: 0,
            depth: 0,
            terms: 0,
            in_brackets: false,
            failure,
        };
        if text.len() > MAX_BYTES {
            return Err(parser.error(&format!("longer than {MAX_BYTES} bytes")));
        }
        parser.skip_spaces();
        Ok(parser)
    }

    /// `or` binds more loosely than `and` (RFC 7644 3.4.2.2).
    fn disjunction(&mut self) -> Result<Filter, Error> {
        let mut left = self.conjunction()?;
        while self.take_word("or") {
            left = Filter::Or(Box::new(left), Box::new(self.conjunction()?));
        }
        Ok(left)
    }

    fn conjunction(&mut self) -> Result<Filter, Error> {
        let mut left = self.term()?;
        while self.take_word("and") {
            left = Filter::And(Box::new(left), Box::new(self.term()?));
        }
        Ok(left)
    }

    fn term(&mut self) -> Result<Filter, Error> {
        self.skip_spaces();
        if self.peek() == Some('(') {
            return self.nested(')');
        }
        if self.at_not() {
            return Ok(Filter::Not(Box::new(self.nested(')')?)));
        }
        let path = self.attr_path()?;
        if self.peek() == Some('[') {
            self.value_path(path)
        } else {
            self.comparison(path)
        }
    }

    /// `not`, if an opening parenthesis follows: an attribute may have that name too.
    fn at_not(&mut self) -> bool {
        let rest = self.rest();
        let is_not = rest
            .get(..3)
            .is_some_and(|word| word.eq_ignore_ascii_case("not"));
        let Some(after) = rest.get(3..).filter(|_| is_not) else {
            return false;
        };
        let Some(spaces) = after.find('(').filter(|&at| after[..at].trim().is_empty()) else {
            return false;
        };
        self.position += 3 + spaces;
        true
    }

    /// A filter between the opening parenthesis or bracket here and `close`.
    fn nested(&mut self, close: char) -> Result<Filter, Error> {
        if self.depth == MAX_DEPTH {
            return Err(self.error(&format!("nested deeper than {MAX_DEPTH} levels")));
        }
        self.depth += 1;
        self.position += 1;
        let filter = self.disjunction()?;
        self.skip_spaces();
        if self.peek() != Some(close) {
            return Err(self.expected(&format!("`and`, `or`, or `{close}`")));
        }
        self.position += 1;
        self.depth -= 1;
        Ok(filter)
    }

    /// `attr[…]`, or `attr[…].sub op value`, both about one value of the attribute.
    fn value_path(&mut self, path: AttrPath) -> Result<Filter, Error> {
        let chosen = self.value_filter()?;
        let each = match self.sub_attribute()? {
            Some(attr) => {
                let sub = self.comparison(AttrPath {
                    urn: None,
                    attr,
                    sub: None,
                })?;
                Filter::And(Box::new(chosen), Box::new(sub))
            }
            None => chosen,
        };
        Ok(Filter::Has(path, Box::new(each)))
    }

    fn value_filter(&mut self) -> Result<Filter, Error> {
        if self.in_brackets {
            return Err(self.expected("an operator, since value filters do not nest"));
        }
        let outside = std::mem::replace(&mut self.failure, ScimType::InvalidFilter);
        self.in_brackets = true;
        let filter = self.nested(']')?;
        self.in_brackets = false;
        self.failure = outside;
        Ok(filter)
    }

    fn sub_attribute(&mut self) -> Result<Option<String>, Error> {
        if self.peek() != Some('.') {
            return Ok(None);
        }
        self.position += 1;
        let word = self.word();
        if !is_name(word) {
            return Err(self.expected_before(word, "a sub-attribute"));
        }
        Ok(Some(word.to_owned()))
    }

    fn comparison(&mut self, path: AttrPath) -> Result<Filter, Error> {
        self.terms += 1;
        if self.terms > MAX_TERMS {
            return Err(self.error(&format!("more than {MAX_TERMS} comparisons")));
        }
        self.skip_spaces();
        let word = self.word();
        if word.eq_ignore_ascii_case("pr") {
            return Ok(Filter::Present(path));
        }
        let Some(op) = Op::named(word) else {
            return Err(
                self.expected_before(word, "an operator (eq, ne, co, sw, ew, gt, ge, lt, le, pr)")
            );
        };
        if self.skip_spaces() == 0 {
            return Err(self.expected("a space and a value"));
        }
        Ok(Filter::Compare(path, op, self.literal()?))
    }

    fn literal(&mut self) -> Result<Literal, Error> {
        let start = self.position;
        let literal = match self.peek() {
            Some('"') => Literal::Text(self.string()?),
            _ => self.bareword()?,
        };
        match literal {
            // No database text can hold it, so no value can be meant.
            Literal::Text(text) if text.contains('\0') => {
                self.position = start;
                Err(self.expected("a value without the character U+0000"))
            }
            literal => Ok(literal),
        }
    }

    fn string(&mut self) -> Result<String, Error> {
        let rest = self.rest();
        let mut escaped = false;
        let close = rest.char_indices().skip(1).find(|&(_, c)| {
            let closes = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            closes
        });
        let Some((close, _)) = close else {
            self.position = self.text.len();
            return Err(self.expected("a closing quote"));
        };
        let text = serde_json::from_str(&rest[..=close])
            .map_err(|_| self.expected("a string with JSON escapes"))?;
        self.position += close + 1;
        Ok(text)
    }

    /// A number, `true`, `false`, `null`, or text that came without its quotes.
    fn bareword(&mut self) -> Result<Literal, Error> {
        let rest = self.rest();
        let ends = |c: char| c.is_whitespace() || c.is_control() || "\"'()[]".contains(c);
        let word = &rest[..rest.find(ends).unwrap_or(rest.len())];
        let literal = literal_word(word).ok_or_else(|| self.expected("a value"))?;
        self.position += word.len();
        if let Some('"' | '\'' | '(' | '[') = self.peek() {
            return Err(self.expected("a value in double quotes"));
        }
        Ok(literal)
    }

    fn attr_path(&mut self) -> Result<AttrPath, Error> {
        let word = self.word();
        split(word).ok_or_else(|| self.expected_before(word, "an attribute name"))
    }

    /// Takes the run of characters that names and operators are made of.
    fn word(&mut self) -> &'a str {
        let rest = self.rest();
        let part = |c: char| c.is_ascii_alphanumeric() || "-_$:.".contains(c);
        let end = rest.find(|c| !part(c)).unwrap_or(rest.len());
        self.position += end;
        &rest[..end]
    }

    fn take_word(&mut self, wanted: &str) -> bool {
        let start = self.position;
        self.skip_spaces();
        let found = self.word().eq_ignore_ascii_case(wanted);
        if !found {
            self.position = start;
        }
        found
    }

    fn end(&mut self, expected: &str) -> Result<(), Error> {
        self.skip_spaces();
        if self.rest().is_empty() {
            Ok(())
        } else {
            Err(self.expected(expected))
        }
    }

    /// Returns how many bytes of space there were.
    fn skip_spaces(&mut self) -> usize {
        let rest = self.rest();
        let spaces = rest.len() - rest.trim_start().len();
        self.position += spaces;
        spaces
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn rest(&self) -> &'a str {
        &self.text[self.position..]
    }

    fn expected_before(&mut self, word: &str, what: &str) -> Error {
        self.position -= word.len();
        self.expected(what)
    }

    /// The text itself is not echoed: it may be long, hostile, or personal.
    fn expected(&self, what: &str) -> Error {
        let column = self.text[..self.position].chars().count() + 1;
        self.error(&format!("expected {what} at column {column}"))
    }

    fn error(&self, what: &str) -> Error {
        let kind = if self.failure == ScimType::InvalidPath {
            "path"
        } else {
            "filter"
        };
        Error::new(
            400,
            Some(self.failure),
            format!("The {kind} cannot be read: {what}."),
        )
    }
}

fn literal_word(word: &str) -> Option<Literal> {
    for (name, literal) in [
        ("true", Literal::Bool(true)),
        ("false", Literal::Bool(false)),
        ("null", Literal::Null),
    ] {
        if word.eq_ignore_ascii_case(name) {
            return Some(literal);
        }
    }
    // A number only if it prints as it was written, so that `externalId eq 1e3` keeps its text.
    match word.parse::<Number>() {
        Ok(number) if number.to_string() == word => Some(Literal::Number(number)),
        Ok(_) => Some(Literal::Text(word.to_owned())),
        Err(_) => word
            .starts_with(char::is_alphanumeric)
            .then(|| Literal::Text(word.to_owned())),
    }
}

/// Splits at the last colon, then at the dot. Of two dots the first can only end a URN:
/// `urn:…:2.0:User.manager.value`.
fn split(word: &str) -> Option<AttrPath> {
    let (urn, name) = match word.rsplit_once(':') {
        Some((urn, name)) => (Some(urn), name),
        None => (None, word),
    };
    let parts: Vec<&str> = name.split('.').collect();
    let (urn, attr, sub) = match (urn, parts.as_slice()) {
        (urn, [attr]) => (urn.map(str::to_owned), *attr, None),
        (urn, [attr, sub]) => (urn.map(str::to_owned), *attr, Some(*sub)),
        (Some(urn), [last, attr, sub]) => (Some(format!("{urn}:{last}")), *attr, Some(*sub)),
        _ => return None,
    };
    let names = is_name(attr) && sub.is_none_or(is_name);
    let urn_is_word = urn
        .as_deref()
        .is_none_or(|urn| urn.starts_with(|c: char| c.is_ascii_alphabetic()));
    (names && urn_is_word).then(|| AttrPath {
        urn,
        attr: attr.to_owned(),
        sub: sub.map(str::to_owned),
    })
}

/// `ATTRNAME = ALPHA *(nameChar)`, and `$ref`.
fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '$')
        && word
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_$".contains(c))
}
