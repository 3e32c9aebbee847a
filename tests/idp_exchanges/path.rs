//! Where an expectation looks: `emails[type=work].value`, `Resources[*].id`, `['urn:…'].manager`.

use serde_json::Value;

enum Step<'a> {
    Key(&'a str),
    Index(usize),
    Each,
    /// The elements whose attribute has this value.
    Where(&'a str, &'a str),
}

/// The values at a path; several where it has `[*]` or `[attribute=value]`.
pub fn find<'a>(root: &'a Value, path: &str) -> Result<Vec<&'a Value>, String> {
    let mut found = vec![root];
    for step in steps(path)? {
        found = found
            .into_iter()
            .flat_map(|value| take(value, &step))
            .collect();
    }
    Ok(found)
}

fn take<'a>(value: &'a Value, step: &Step) -> Vec<&'a Value> {
    let elements = value.as_array().map(Vec::as_slice).unwrap_or_default();
    match step {
        Step::Key(key) => value.get(key).into_iter().collect(),
        Step::Index(index) => elements.get(*index).into_iter().collect(),
        Step::Each => elements.iter().collect(),
        // `id=User` is short for the URN that ends so.
        Step::Where(key, wanted) => elements
            .iter()
            .filter(|e| {
                e[key]
                    .as_str()
                    .is_some_and(|s| s == *wanted || s.ends_with(&format!(":{wanted}")))
            })
            .collect(),
    }
}

fn steps(path: &str) -> Result<Vec<Step<'_>>, String> {
    let mut steps = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix("['") {
            let (key, after) = inner.split_once("']").ok_or("an open ['")?;
            steps.push(Step::Key(key));
            rest = after;
        } else if let Some(inner) = rest.strip_prefix('[') {
            let (inside, after) = inner.split_once(']').ok_or("an open [")?;
            steps.push(bracket(inside)?);
            rest = after;
        } else {
            let name = rest.strip_prefix('.').unwrap_or(rest);
            let end = name.find(['.', '[']).unwrap_or(name.len());
            let (key, after) = name.split_at(end);
            if key.is_empty() || !key.chars().all(|c| c.is_ascii_alphanumeric() || c == '$') {
                return Err(format!("{key:?} is no attribute name"));
            }
            steps.push(Step::Key(key));
            rest = after;
        }
    }
    Ok(steps)
}

fn bracket(inside: &str) -> Result<Step<'_>, String> {
    if inside == "*" {
        return Ok(Step::Each);
    }
    if let Some((key, value)) = inside.split_once('=') {
        return Ok(Step::Where(key, value));
    }
    inside
        .parse()
        .map(Step::Index)
        .map_err(|_| format!("[{inside}] is no index"))
}
