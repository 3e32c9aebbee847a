//! The small language of expectations: `GET: emails[type=work].value == x@y (kept)`.
//!
//! A line is `[if STATUS: ] [GET [PATH]: ] CLAUSE [(remark)]`. Without `GET` the clause is about the
//! answer itself, or, when that is empty, about the resource read again. A line that is neither a
//! clause nor listed in `prose` fails, so that none is passed over.

use serde_json::{Map, Value};

use crate::path::find;
use crate::prose;
use crate::replay::{Step, resource};

type Outcome = Result<(), String>;

pub async fn check(line: &str, step: &Step<'_>) -> Outcome {
    if let Some(outcome) = prose::check(line, step).await {
        return outcome;
    }
    let line = step.variables.fill(without_remark(line));
    if let Some((status, rest)) = condition(&line) {
        return if step.reply.status == status {
            clause(rest, &step.reply.json, step)
        } else {
            Ok(())
        };
    }
    if let Some(rest) = line.strip_prefix("GET") {
        return read_again(rest, step).await;
    }
    if step.reply.json.is_null() {
        let now = resource(step.tenant, step.variables, step.request).await;
        return clause(&line, &now, step);
    }
    clause(&line, &step.reply.json, step)
}

/// `: CLAUSE`, ` PATH: CLAUSE`, ` -> STATUS` and ` PATH -> STATUS`.
async fn read_again(rest: &str, step: &Step<'_>) -> Outcome {
    let own_path = step.variables.fill(&step.request.path);
    let path_or_own = |path: &str| match path.trim() {
        "" => own_path.clone(),
        path => path.to_owned(),
    };
    if let Some((path, status)) = rest.split_once(" -> ") {
        let reply = step.tenant.scim().get(&path_or_own(path)).await;
        return holds(reply.status.to_string() == status, || {
            format!("it answers {}", reply.status)
        });
    }
    let (path, clause_text) = rest.split_once(": ").ok_or("GET without a clause")?;
    let reply = step.tenant.scim().get(&path_or_own(path)).await;
    clause(clause_text, &reply.json, step)
}

fn condition(line: &str) -> Option<(u16, &str)> {
    let (status, rest) = line.strip_prefix("if ")?.split_once(": ")?;
    Some((status.parse().ok()?, rest))
}

fn without_remark(line: &str) -> &str {
    match line.rsplit_once(" (") {
        Some((line, remark)) if remark.ends_with(')') => line,
        _ => line,
    }
}

fn clause(text: &str, subject: &Value, step: &Step<'_>) -> Outcome {
    if let Some(rest) = text.strip_prefix("header ") {
        let (name, start) = rest
            .split_once(" starts with ")
            .ok_or("header without a value")?;
        let found = step.reply.header(name);
        return holds(found.starts_with(start), || format!("it is {found:?}"));
    }
    if let Some(names) = text
        .strip_suffix(" are numbers")
        .or(text.strip_suffix(" JSON numbers"))
    {
        return numbers(names, subject);
    }
    if let Some(name) = absent_key(text) {
        return holds(!has_key(subject, name), || format!("there is {name}"));
    }
    if let Some((path, wanted)) = text.split_once(" == ") {
        return equal(path, wanted, subject, step);
    }
    if let Some((path, least)) = text.split_once(" >= ") {
        let (found, least) = (one(subject, path)?.as_i64(), least.parse::<i64>().ok());
        return holds(found.is_some() && found >= least, || {
            format!("it is {found:?}")
        });
    }
    words(text, subject, step)
}

/// Clauses that are a path and words.
fn words(text: &str, subject: &Value, step: &Step<'_>) -> Outcome {
    let (path, what) = text.split_once(' ').ok_or_else(|| unknown(text))?;
    let values = find(subject, path)?;
    let found = || {
        format!(
            "it is {}",
            Value::from(values.iter().copied().cloned().collect::<Vec<_>>())
        )
    };
    let empty = values.iter().all(|value| match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    });
    let count = |wanted: &str| members(&values).filter(|value| value == wanted).count();
    match what {
        "non-empty" | "not empty" => holds(!empty, found),
        "empty" => holds(empty, found),
        "is an array" => holds(values.len() == 1 && values[0].is_array(), found),
        "unchanged" => holds(find(&step.before, path)? == values, || {
            format!("it was {}", step.before[path])
        }),
        _ => {
            if let Some(wanted) = what
                .strip_prefix("contains ")
                .or(what.strip_prefix("contain "))
            {
                return holds(count(wanted) > 0, found);
            }
            if let Some(wanted) = what.strip_prefix("values contain ") {
                return holds(count(wanted) > 0, found);
            }
            if let Some(wanted) = what.strip_prefix("no longer has ") {
                return holds(count(wanted) == 0, found);
            }
            if let Some(wanted) = what
                .strip_prefix("has ")
                .and_then(|w| w.strip_suffix(" once"))
            {
                return holds(count(wanted) == 1, found);
            }
            if let Some(size) = what
                .strip_prefix("has ")
                .and_then(|w| w.strip_suffix(" entries"))
            {
                return holds(members(&values).count().to_string() == size, found);
            }
            if let Some(wanted) = what.strip_prefix("has type ") {
                let types = values.iter().filter_map(|v| v.as_array()).flatten();
                return holds(types.filter(|e| e["type"] == wanted).count() == 1, found);
            }
            Err(unknown(text))
        }
    }
}

/// The names that a list is compared by: its strings, or the `value`s of its elements.
fn members(values: &[&Value]) -> impl Iterator<Item = String> {
    let flat = values.iter().flat_map(|value| match value {
        Value::Array(items) => items.iter().collect(),
        single => vec![*single],
    });
    flat.map(|item| {
        item.as_str()
            .or(item["value"].as_str())
            .unwrap_or_default()
            .to_owned()
    })
}

fn equal(path: &str, wanted: &str, subject: &Value, step: &Step<'_>) -> Outcome {
    if let Some(path) = path.strip_suffix(" length") {
        let length = one(subject, path)?.as_array().map(Vec::len);
        return holds(
            length.map(|n| n.to_string()).as_deref() == Some(wanted),
            || format!("{length:?}"),
        );
    }
    if let Some(inside) = wanted.strip_prefix('{').and_then(|w| w.strip_suffix('}')) {
        let value = one(subject, path)?;
        if inside.contains(':') {
            let missing = fields(inside)
                .into_iter()
                .find(|(key, field)| value.get(key) != Some(field));
            return holds(missing.is_none(), || format!("it is {value}"));
        }
        return same_set(inside, value, step);
    }
    let value = one(subject, path)?;
    let same = match value {
        Value::String(text) => text == wanted.trim_matches('"'),
        other => serde_json::from_str(wanted).is_ok_and(|wanted: Value| wanted == *other),
    };
    holds(same, || format!("it is {value}"))
}

/// `{A,B}` are the captured users userA and userB.
fn same_set(inside: &str, value: &Value, step: &Step<'_>) -> Outcome {
    let user = |letter: &str| {
        step.variables
            .get(&format!("user{letter}"))
            .unwrap_or(letter)
            .to_owned()
    };
    let mut wanted: Vec<_> = inside.split(',').map(user).collect();
    let mut found: Vec<_> = members(&[value]).collect();
    wanted.sort();
    found.sort();
    holds(wanted == found, || {
        format!("it is {found:?}, not {wanted:?}")
    })
}

/// `givenName:Foo,formatted:'Foo Bar',primary:true`
fn fields(inside: &str) -> Map<String, Value> {
    let field = |(key, text): (&str, &str)| {
        let value = match text {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            text => Value::from(text.trim_matches('\'')),
        };
        (key.to_owned(), value)
    };
    inside
        .split(',')
        .filter_map(|pair| pair.split_once(':'))
        .map(field)
        .collect()
}

fn numbers(names: &str, subject: &Value) -> Outcome {
    for name in names.split([',', '/', ' ']).filter(|name| !name.is_empty()) {
        let value = one(subject, name)?;
        holds(value.is_u64(), || format!("{name} is {value}"))?;
    }
    Ok(())
}

/// `no 'x' in response`, `no top-level key 'x'`, `'x' key absent`, `Resources[0] has no 'x'`: the
/// name that must be nowhere.
fn absent_key(text: &str) -> Option<&str> {
    let says_absent =
        text.starts_with("no '") || text.starts_with("no top-level") || text.contains(" has no '");
    if !says_absent && !text.ends_with("' key absent") {
        return None;
    }
    text.split('\'').nth(1)
}

/// Dotted names are looked for at the top alone, since `name` may well hold a `givenName`.
fn has_key(value: &Value, name: &str) -> bool {
    match value {
        Value::Object(fields) => fields.contains_key(name) || has_key(&value["Resources"], name),
        Value::Array(items) => items.iter().any(|item| has_key(item, name)),
        _ => false,
    }
}

fn one<'a>(subject: &'a Value, path: &str) -> Result<&'a Value, String> {
    match find(subject, path)?.as_slice() {
        [value] => Ok(value),
        [] => Err(format!("nothing at {path}")),
        several => Err(format!("{} values at {path}", several.len())),
    }
}

fn unknown(text: &str) -> String {
    format!("this test cannot interpret: {text}")
}

pub fn holds(condition: bool, why: impl FnOnce() -> String) -> Outcome {
    if condition { Ok(()) } else { Err(why()) }
}
