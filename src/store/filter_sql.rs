//! A typed filter as SQL, the same answers on both engines as `scim::matches` gives in memory.
//!
//! Filters look at the `search` document, whose values are already in the form in which they are
//! compared; what has a column or a table of its own is looked up there. Names in the text come
//! from the schemas; what a client sent is always a bound parameter.

mod columns;
mod lookup;

use std::fmt::Write as _;

use columns::{Column, column, hyphenated, is_rows, json, postgres_path, sqlite_path};
pub(super) use lookup::asks_by_user_name;
use lookup::{Found, shown_id};

use super::engine::{Dialect, Value};
use crate::scim::filter::Op;
use crate::scim::predicate::{Operand, Predicate, Target, Test};
use crate::scim::schema::Type;

/// A statement in the making: text and the values bound in it.
pub(super) struct Sql {
    pub(super) dialect: Dialect,
    pub(super) text: String,
    pub(super) values: Vec<Value>,
    aliases: usize,
}

/// What the paths of a predicate start at.
#[derive(Clone, Copy)]
pub(super) enum Scope<'a> {
    /// A row `m` of `member`.
    User,
    /// A row `g` of `scim_group`.
    Group,
    /// A JSON value: an element of a list.
    Element(&'a str),
    /// A group `g` that a user is in.
    GroupOfUser,
    /// A user `m` that a group holds.
    UserOfGroup,
    /// A group `c` that a group holds.
    GroupOfGroup,
}

impl Sql {
    pub(super) fn new(dialect: Dialect, text: &str, values: Vec<Value>) -> Self {
        Self {
            dialect,
            text: text.to_owned(),
            values,
            aliases: 0,
        }
    }

    pub(super) fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Binds a value where the text ends.
    pub(super) fn bind(&mut self, value: impl Into<Value>) {
        self.values.push(value.into());
        let _ = write!(self.text, "${}", self.values.len());
    }

    /// Limits the rows, in the text and not by a parameter: SQLite would plan anew each time one is
    /// bound, and PostgreSQL takes a limit that it does not know for a tenth of the rows, and reads
    /// all in order to find those few.
    pub(super) fn limit(&mut self, rows: i64) {
        let _ = write!(self.text, " limit {rows}");
    }

    /// Writes a condition that is true exactly where the predicate holds; it may be null elsewhere.
    pub(super) fn predicate(&mut self, p: &Predicate, scope: Scope<'_>) {
        match p {
            Predicate::And(all) => self.joined(all, " and ", "1 = 1", scope),
            Predicate::Or(any) => self.joined(any, " or ", "1 = 0", scope),
            Predicate::Not(inner) => {
                self.push("not coalesce((");
                self.predicate(inner, scope);
                self.push("), false)");
            }
            Predicate::Any { target, each } => self.any(target, each, scope),
            Predicate::Test(target, Test::Present) if is_rows(target, scope) => {
                self.rows(scope, &Predicate::And(Vec::new()));
            }
            Predicate::Test(target, test) if target.multi_valued => {
                self.any_simple(target, test, scope);
            }
            Predicate::Test(target, test) if self.look_up_custom(target, test, scope) => {}
            Predicate::Test(target, test) => {
                let column = column(target, scope);
                self.test(&column, target, test);
            }
        }
    }

    fn joined(&mut self, parts: &[Predicate], word: &str, none: &str, scope: Scope<'_>) {
        if parts.is_empty() {
            return self.push(none);
        }
        for (at, part) in parts.iter().enumerate() {
            self.push(if at == 0 { "(" } else { word });
            self.predicate(part, scope);
        }
        self.push(")");
    }

    /// One element of a list of complex values satisfies `each`.
    fn any(&mut self, target: &Target, each: &Predicate, scope: Scope<'_>) {
        match self.look_up(target, each, scope) {
            Found::All => return,
            Found::Narrowed => self.push(" and "),
            Found::NoKey => {}
        }
        if is_rows(target, scope) {
            return self.rows(scope, each);
        }
        let alias = self.elements(target, scope);
        self.predicate(each, Scope::Element(&format!("{alias}.value")));
        self.push(")");
    }

    /// Opens `exists (select … where` over the elements of a list; answers their alias.
    fn elements(&mut self, target: &Target, scope: Scope<'_>) -> String {
        self.aliases += 1;
        let alias = format!("e{}", self.aliases);
        let (base, path) = json(target, scope);
        let text = match self.dialect {
            Dialect::Sqlite => {
                format!(
                    "exists (select 1 from json_each({base}, {}) {alias} where ",
                    sqlite_path(&path)
                )
            }
            Dialect::Postgres => format!(
                "exists (select 1 from jsonb_array_elements({base} #> {}) {alias}(value) where ",
                postgres_path(&path)
            ),
        };
        self.push(&text);
        alias
    }

    /// One value of a list of simple values passes the test.
    fn any_simple(&mut self, target: &Target, test: &Test, scope: Scope<'_>) {
        let alias = self.elements(target, scope);
        match test {
            Test::Present => self.push("1 = 1"),
            Test::Compare(..) => {
                let text = match self.dialect {
                    Dialect::Sqlite => format!("{alias}.value"),
                    Dialect::Postgres => format!("({alias}.value #>> '{{}}')"),
                };
                self.test(&Column::Text(text), target, test);
            }
        }
        self.push(")");
    }

    /// `groups` of a user and `members` of a group are rows of their own.
    fn rows(&mut self, scope: Scope<'_>, each: &Predicate) {
        if matches!(scope, Scope::User) {
            self.push(
                "exists (select 1 from group_user gu join scim_group g on g.tenant_id = gu.tenant_id \
                 and g.id = gu.group_id where gu.tenant_id = m.tenant_id and gu.member_id = m.id and ",
            );
            self.predicate(each, Scope::GroupOfUser);
            return self.push(")");
        }
        self.push(
            "(exists (select 1 from group_user gu join member m on m.tenant_id = gu.tenant_id \
             and m.id = gu.member_id where gu.tenant_id = g.tenant_id and gu.group_id = g.id and ",
        );
        self.predicate(each, Scope::UserOfGroup);
        self.push(
            ") or exists (select 1 from group_group gg join scim_group c on c.tenant_id = gg.tenant_id \
             and c.id = gg.child_id where gg.tenant_id = g.tenant_id and gg.group_id = g.id and ",
        );
        self.predicate(each, Scope::GroupOfGroup);
        self.push("))");
    }

    fn test(&mut self, column: &Column, target: &Target, test: &Test) {
        let Test::Compare(op, operand) = test else {
            let text = match column {
                Column::Id(name) | Column::Instant(name) => format!("{name} is not null"),
                Column::Text(text) => format!("{text} is not null"),
                Column::Json(base, path) => format!("{} is not null", self.scalar(base, path)),
            };
            return self.push(&text);
        };
        match (column, operand) {
            (Column::Id(name), Operand::Text(text)) => self.id(name, *op, text),
            (Column::Text(expression), Operand::Text(text)) => self.text(expression, *op, text),
            (Column::Json(base, path), Operand::Text(text)) => {
                let expression = self.scalar(base, path);
                self.text(&expression, *op, text);
            }
            (Column::Instant(name), Operand::Instant(at)) => {
                let at = jiff::Timestamp::from_millisecond(*at).unwrap_or(jiff::Timestamp::MAX);
                // Who asks for what changed since a moment expects little of it; SQLite, which
                // cannot know, would rather read everything in order.
                let asks_for_news =
                    self.dialect == Dialect::Sqlite && matches!(op, Op::Gt | Op::Ge);
                self.push(if asks_for_news { "likelihood(" } else { "" });
                self.ordered(name, *op, at);
                self.push(if asks_for_news { ", 0.001)" } else { "" });
            }
            (Column::Json(base, path), Operand::Instant(at)) => {
                let expression = self.number(base, path);
                #[allow(clippy::cast_precision_loss)] // milliseconds stay exact for 285,000 years
                self.ordered(&expression, *op, *at as f64);
            }
            (Column::Json(base, path), Operand::Number(n)) => {
                let expression = self.number(base, path);
                self.ordered(&expression, *op, *n);
            }
            (Column::Json(base, path), Operand::Bool(b)) => {
                let expression = self.scalar(base, path);
                let is = match self.dialect {
                    Dialect::Sqlite => format!("{expression} = {}", i32::from(*b)),
                    Dialect::Postgres => format!("{expression} = '{b}'"),
                };
                let text = match op {
                    Op::Ne => format!("not coalesce({is}, false)"),
                    _ => is,
                };
                self.push(&text);
            }
            // A value of another type than its target equals nothing.
            _ => self.push(if *op == Op::Ne { "1 = 1" } else { "1 = 0" }),
        }
        debug_assert!(
            !target.path.is_empty() || matches!(column, Column::Text(_) | Column::Json(..))
        );
    }

    fn id(&mut self, name: &str, op: Op, text: &str) {
        match (op, shown_id(text)) {
            (Op::Eq, Some(id)) => {
                self.push(&format!("{name} = "));
                self.bind(id);
            }
            (Op::Eq, _) => self.push("1 = 0"),
            _ => {
                let expression = match self.dialect {
                    Dialect::Sqlite => hyphenated(name),
                    Dialect::Postgres => format!("{name}::text"),
                };
                self.text(&expression, op, text);
            }
        }
    }

    fn text(&mut self, expression: &str, op: Op, text: &str) {
        match op {
            Op::Eq | Op::Gt | Op::Ge | Op::Lt | Op::Le | Op::Ne => {
                self.ordered(expression, op, text);
            }
            // Every text that is there contains, begins and ends with nothing.
            Op::Co | Op::Sw | Op::Ew if text.is_empty() => {
                self.push(&format!("{expression} is not null"));
            }
            Op::Co => {
                let function = if self.dialect == Dialect::Sqlite {
                    "instr"
                } else {
                    "strpos"
                };
                self.push(&format!("{function}({expression}, "));
                self.bind(text);
                self.push(") > 0");
            }
            Op::Sw => {
                // A range that an index can serve, and exactly the texts that begin so.
                self.push(&format!("({expression}{} >= ", self.collation()));
                self.bind(text);
                let mut end = text.to_owned();
                end.push(char::MAX);
                self.push(&format!(" and {expression}{} <= ", self.collation()));
                self.bind(end);
                self.push(&format!(
                    " and substr({expression}, 1, {}) = ",
                    text.chars().count()
                ));
                self.bind(text);
                self.push(")");
            }
            Op::Ew => {
                let length = text.chars().count();
                let end = match self.dialect {
                    Dialect::Sqlite => format!("substr({expression}, -{length}) = "),
                    Dialect::Postgres => format!("right({expression}, {length}) = "),
                };
                self.push(&end);
                self.bind(text);
            }
        }
    }

    /// A comparison by order or equality; `ne` holds for what is absent too.
    fn ordered(&mut self, expression: &str, op: Op, value: impl Into<Value>) {
        let value = value.into();
        let is_text = matches!(value, Value::Text(_));
        let sign = match op {
            Op::Gt => ">",
            Op::Ge => ">=",
            Op::Lt => "<",
            Op::Le => "<=",
            Op::Ne => "<>",
            _ => "=",
        };
        if op == Op::Ne {
            self.push(&format!("({expression} is null or "));
        }
        let collation = if is_text { self.collation() } else { "" };
        self.push(&format!("{expression}{collation} {sign} "));
        self.bind(value);
        if op == Op::Ne {
            self.push(")");
        }
    }

    /// Texts are ordered by code point, which SQLite does by itself.
    fn collation(&self) -> &'static str {
        if self.dialect == Dialect::Sqlite {
            ""
        } else {
            " collate \"C\""
        }
    }

    /// A JSON value as the engine's own: text, on SQLite also a number.
    fn scalar(&self, base: &str, path: &[String]) -> String {
        match (self.dialect, path) {
            (Dialect::Sqlite, path) => format!("json_extract({base}, {})", sqlite_path(path)),
            (Dialect::Postgres, path) => format!("({base} #>> {})", postgres_path(path)),
        }
    }

    fn number(&self, base: &str, path: &[String]) -> String {
        match self.dialect {
            Dialect::Sqlite => self.scalar(base, path),
            Dialect::Postgres => format!("({base} #>> {})::float8", postgres_path(path)),
        }
    }

    /// The expression to sort by: the value, or that of a list's primary or first element.
    pub(super) fn sort_key(&self, target: &Target, scope: Scope<'_>) -> String {
        if let Some(list) = &target.primary_of {
            let list = Target {
                path: list.clone(),
                primary_of: None,
                ..target.clone()
            };
            if is_rows(&list, scope) {
                return "null".into();
            }
            let (base, path) = json(&list, scope);
            let inner = match target.kind {
                Type::Integer | Type::Decimal | Type::DateTime => {
                    self.number("e.value", &target.path)
                }
                _ => self.scalar("e.value", &target.path),
            };
            return match self.dialect {
                Dialect::Sqlite => format!(
                    "(select {inner} from json_each({base}, {}) e \
                     order by coalesce(json_extract(e.value, '$.\"primary\"'), 0) desc, e.key limit 1)",
                    sqlite_path(&path)
                ),
                Dialect::Postgres => format!(
                    "(select {inner} from jsonb_array_elements({base} #> {}) with ordinality \
                     e(value, n) order by coalesce(e.value ->> 'primary', 'false') desc, n limit 1)",
                    postgres_path(&path)
                ),
            };
        }
        match (column(target, scope), target.kind) {
            (Column::Text(text), _) => text,
            (Column::Id(name), _) if self.dialect == Dialect::Sqlite => hyphenated(name),
            (Column::Id(name), _) => format!("{name}::text"),
            (Column::Instant(name), _) if self.dialect == Dialect::Sqlite => name.to_owned(),
            (Column::Instant(name), _) => format!("(extract(epoch from {name}) * 1000)::float8"),
            (Column::Json(base, path), Type::Integer | Type::Decimal | Type::DateTime) => {
                self.number(&base, &path)
            }
            (Column::Json(base, path), Type::Boolean) => {
                format!("cast({} as text)", self.scalar(&base, &path))
            }
            (Column::Json(base, path), _) => self.scalar(&base, &path),
        }
    }
}
