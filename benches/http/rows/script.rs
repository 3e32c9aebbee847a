//! The script for pgbench: the statements of one create as PostgreSQL itself has logged them, so
//! that they are always those which the server really runs.
//!
//! Two creates are recorded. What is bound alike in both is a constant of the script; what differs is
//! made anew for each of pgbench's transactions: identifiers in rising order, as the server's are,
//! names by number, a random place to look for a seat, and the number of the seat that was found.

use std::fmt::Write as _;

use crate::client::Connection;
use crate::people::{People, created, family};
use crate::site::{Ground, Site};
use crate::{Outcome, wrong};

/// Creates go first that are not recorded: they read what the server then remembers.
const UNRECORDED: usize = 3;

/// A script and its constants.
pub(crate) struct Script {
    text: String,
    constants: Vec<(String, String)>,
    /// Makes each distinct new identifier of a transaction from its place in this list.
    identifiers: Vec<String>,
}

/// A statement with what was bound to it.
#[derive(Debug, Clone, PartialEq)]
struct Statement {
    sql: String,
    values: Vec<Option<String>>,
}

impl Script {
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Constants, and where the numbers of a round begin, far from those of the others.
    pub(super) fn variables(&self, round: u16) -> impl Iterator<Item = (&str, String)> {
        let first = ("i", (u64::from(round) * 20_000).to_string());
        let constants = self.constants.iter();
        constants
            .map(|(name, value)| (name.as_str(), value.clone()))
            .chain([first])
    }

    fn constant(&mut self, value: &str) -> String {
        if value.is_empty() {
            // pgbench takes no empty variable.
            return "''".to_owned();
        }
        let known = self.constants.iter().find(|(_, known)| known == value);
        if let Some((name, _)) = known {
            return format!(":{name}");
        }
        let name = format!("c{}", self.constants.len());
        self.constants.push((name.clone(), value.to_owned()));
        format!(":{name}")
    }

    fn part(&mut self, part: &Part<'_>) -> String {
        match part {
            Part::Same(text) => format!("{}::text", self.constant(text)),
            Part::Number => ":number".to_owned(),
            Part::Family => ":family".to_owned(),
        }
    }

    /// What stands in the script for a value that two creates of these people have bound.
    fn expression(&mut self, values: [&Option<String>; 2], people: [u64; 2]) -> Outcome<String> {
        let [Some(one), Some(two)] = values else {
            return if values[0] == values[1] {
                Ok("null".to_owned())
            } else {
                Err(wrong("a create binds null where another does not"))
            };
        };
        if uuid::Uuid::try_parse(two).is_ok() {
            if one == two {
                return Ok(format!("{}::uuid", self.constant(two)));
            }
            let known = self.identifiers.iter().position(|id| id == two);
            let place = known.unwrap_or_else(|| {
                self.identifiers.push(two.clone());
                self.identifiers.len() - 1
            });
            return Ok(format!(
                "('0190' || lpad(to_hex(:number::bigint), 12, '0') || '70008{place:011x}')::uuid"
            ));
        }
        if one == two {
            // sqlx tells PostgreSQL the type of what it binds, where pgbench leaves it to guess.
            let is_number = two.parse::<i64>().is_ok();
            let value = self.constant(two);
            return Ok(if is_number { value + "::bigint" } else { value });
        }
        let (of_one, of_two) = (Part::split(one, people[0]), Part::split(two, people[1]));
        if of_one == of_two {
            let named = of_two.iter().filter(|part| **part != Part::Same(""));
            let parts: Vec<_> = named.map(|part| self.part(part)).collect();
            let text = format!("({})", parts.join(" || "));
            let is_json = two.starts_with(['{', '[']);
            return Ok(if is_json { text + "::jsonb" } else { text });
        }
        if one.parse::<i64>().is_ok() && two.parse::<i64>().is_ok() {
            // The only number that differs and is not a person's is that of the seat.
            return Ok(":n::bigint".to_owned());
        }
        if one.parse::<f64>().is_ok() && two.parse::<f64>().is_ok() {
            return Ok("(:random / 1000000.0)::float8".to_owned());
        }
        if is_instant(one) && is_instant(two) {
            return Ok(format!("{}::timestamptz", self.constant(two)));
        }
        if differ_in_instants(one, two) {
            return Ok(format!("{}::jsonb", self.constant(two)));
        }
        Err(wrong(format!(
            "pgbench cannot be told how to make {two:?}, which was {one:?} before"
        )))
    }
}

fn is_instant(text: &str) -> bool {
    text.contains(':') && text.len() < 40
}

/// Whether two documents tell the same, but for when.
fn differ_in_instants(one: &str, two: &str) -> bool {
    let read = |text| serde_json::from_str::<serde_json::Map<_, _>>(text).ok();
    let (Some(one), Some(two)) = (read(one), read(two)) else {
        return false;
    };
    let alike = |(key, value): (&String, &serde_json::Value)| {
        let other = two.get(key);
        let instants = || value.as_str().zip(other?.as_str());
        other == Some(value) || instants().is_some_and(|(a, b)| is_instant(a) && is_instant(b))
    };
    one.len() == two.len() && one.iter().all(alike)
}

/// A part of a text that a create binds.
#[derive(Debug, PartialEq)]
enum Part<'a> {
    Same(&'a str),
    Number,
    Family,
}

impl<'a> Part<'a> {
    /// Splits a text where it names the person.
    fn split(text: &'a str, person: u64) -> Vec<Self> {
        let (number, family) = (person.to_string(), family(person));
        let mut parts = Vec::new();
        let mut rest = text;
        loop {
            let at = [(&number, Self::Number), (&family, Self::Family)]
                .into_iter()
                .filter_map(|(name, part)| Some((rest.find(name)?, name.len(), part)))
                .min_by_key(|(at, ..)| *at);
            let Some((at, length, part)) = at else {
                break;
            };
            parts.extend([Self::Same(&rest[..at]), part]);
            rest = &rest[at + length..];
        }
        parts.push(Self::Same(rest));
        parts
    }
}

/// Records creates on a site.
pub(super) async fn record(ground: &Ground, site: &Site) -> Outcome<Script> {
    let cluster = ground.cluster.as_ref().ok_or("no PostgreSQL")?;
    let name = site.name();
    let set = format!("alter database {name} set log_statement = 'all'");
    cluster.run(name, &set).await?;
    let server = site.start()?;
    let people: People = site.people(server.address);
    let mut connection = Connection::open(server.address).await?;
    let mut numbers = Vec::new();
    for _ in 0..UNRECORDED + 2 {
        let (_, answer) = connection.send(&people.create()).await?;
        let (number, _) = created(answer).ok_or("a user without an id")?;
        numbers.push(number as u64);
    }
    server.stop()?;
    let reset = format!("alter database {name} reset log_statement");
    cluster.run(name, &reset).await?;
    let log = cluster.log()?;
    let of = |number: u64| transaction(&log, &number.to_string());
    let [.., one, two] = numbers[..] else {
        return Err(wrong("nothing was created"));
    };
    write(&of(one)?, &of(two)?, [one, two])
}

/// The statements of the transaction that created the person of this number.
fn transaction(log: &str, number: &str) -> Outcome<Vec<Statement>> {
    let all = statements(log);
    let at = all
        .iter()
        .position(|(_, s)| {
            let binds = |v: &Option<String>| v.as_ref().is_some_and(|v| v.contains(number));
            s.sql.starts_with("insert into member ") && s.values.iter().any(binds)
        })
        .ok_or("PostgreSQL has logged no create")?;
    // Other connections may have logged between.
    let process = all[at].0;
    let same = |range: &[(&str, Statement)]| -> Vec<Statement> {
        let of_process = range.iter().filter(|(other, _)| *other == process);
        of_process.map(|(_, s)| s.clone()).collect()
    };
    let (before, after) = (same(&all[..at]), same(&all[at..]));
    let begin = before.iter().rposition(|s| s.sql == "begin");
    let commit = after.iter().position(|s| s.sql == "commit");
    let (begin, commit) = begin
        .zip(commit)
        .ok_or("a create outside of a transaction")?;
    Ok([&before[begin..], &after[..=commit]].concat())
}

/// Every statement in the log, with the process that ran it.
fn statements(log: &str) -> Vec<(&str, Statement)> {
    let mut found: Vec<(&str, Statement)> = Vec::new();
    for entry in log.split(crate::postgres::LOG_PREFIX).skip(1) {
        let Some((process, entry)) = entry.split_once(' ') else {
            continue;
        };
        // A line break within an entry is followed by a tab.
        let entry = entry.trim_end().replace("\n\t", "\n");
        if let Some(sql) = entry.strip_prefix("LOG:  statement: ") {
            let (sql, values) = (sql.to_owned(), Vec::new());
            found.push((process, Statement { sql, values }));
        } else if let Some(rest) = entry.strip_prefix("LOG:  execute ") {
            if let Some((_, sql)) = rest.split_once(": ") {
                let (sql, values) = (sql.to_owned(), Vec::new());
                found.push((process, Statement { sql, values }));
            }
        } else if let Some(rest) = entry.strip_prefix("DETAIL:  ")
            && let Some((_, values)) = rest.split_once("arameters: ")
            && let Some((_, last)) = found.iter_mut().rfind(|(of, _)| *of == process)
        {
            last.values = parameters(values);
        }
    }
    found
}

/// Reads `$1 = 'it''s', $2 = NULL`.
fn parameters(text: &str) -> Vec<Option<String>> {
    let mut values = Vec::new();
    let mut rest = text;
    while let Some((_, value)) = rest.split_once(" = ") {
        let Some(quoted) = value.strip_prefix('\'') else {
            values.push(None);
            rest = value.split_once(", ").map_or("", |(_, rest)| rest);
            continue;
        };
        let mut held = String::new();
        let mut left = quoted;
        while let Some((part, after)) = left.split_once('\'') {
            held.push_str(part);
            left = after;
            let Some(after) = left.strip_prefix('\'') else {
                break;
            };
            held.push('\'');
            left = after;
        }
        values.push(Some(held));
        rest = left;
    }
    values
}

/// Turns two recorded creates into a script.
fn write(one: &[Statement], two: &[Statement], people: [u64; 2]) -> Outcome<Script> {
    let texts = |all: &[Statement]| all.iter().map(|s| s.sql.clone()).collect::<Vec<_>>();
    if texts(one) != texts(two) {
        return Err(wrong("two creates ran different statements"));
    }
    let mut script = Script {
        text: String::new(),
        constants: Vec::new(),
        identifiers: Vec::new(),
    };
    let mut text = String::from(
        "\\set i :i + 1\n\\set number 10000000 + :i * 64 + :client_id\n\
         \\set family random(10000000, 99999999)\n\\set random random(0, 999999)\n",
    );
    for (one, two) in one.iter().zip(two) {
        let mut expressions = Vec::new();
        for (one, two) in one.values.iter().zip(&two.values) {
            expressions.push(script.expression([one, two], people)?);
        }
        // The highest first, since `$1` begins `$12` too.
        let mut sql = two.sql.clone();
        for (at, expression) in expressions.iter().enumerate().rev() {
            sql = sql.replace(&format!("${}", at + 1), expression);
        }
        let finds_seat = sql.starts_with("update seat ") && sql.ends_with("returning n");
        let end = if finds_seat { " \\gset" } else { ";" };
        let _ = writeln!(text, "{}{end}", sql.replace('\n', " "));
    }
    script.text = text;
    Ok(script)
}
