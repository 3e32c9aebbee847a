//! Versions as entity tags (RFC 7644 3.14, RFC 9110 8.8.3 and 13.1). All are weak; a client that
//! drops the mark means the same version, for there is no other.

use axum::http::{HeaderMap, HeaderName, header};

use crate::directory::IfMatch;

/// The tag of a version.
pub(super) fn tag(version: i64) -> String {
    format!("W/\"{version}\"")
}

/// What a write requires of the version it meets.
pub(super) fn if_match(headers: &HeaderMap) -> IfMatch {
    match tags(headers, &header::IF_MATCH) {
        Some(list) => versions(&list),
        None => IfMatch(None),
    }
}

/// The same for an operation of a bulk request, which carries its tag in the body.
pub(super) fn if_version(version: Option<&str>) -> IfMatch {
    version.map_or(IfMatch(None), versions)
}

/// Whether the client has this version already.
pub(super) fn is_known(headers: &HeaderMap, version: i64) -> bool {
    tags(headers, &header::IF_NONE_MATCH).is_some_and(|list| match versions(&list) {
        IfMatch(None) => true,
        IfMatch(Some(versions)) => versions.contains(&version),
    })
}

fn tags(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let lines = headers.get_all(name).iter();
    let lines: Vec<_> = lines
        .map(|line| line.to_str().unwrap_or_default())
        .collect();
    (!lines.is_empty()).then(|| lines.join(","))
}

/// The versions of a list of tags. A tag that was never given out is no version, and matches none.
fn versions(list: &str) -> IfMatch {
    if list.trim() == "*" {
        return IfMatch(None);
    }
    IfMatch(Some(list.split(',').filter_map(version).collect()))
}

fn version(tag: &str) -> Option<i64> {
    let tag = tag.trim();
    let opaque = tag.strip_prefix("W/").unwrap_or(tag);
    let digits = opaque.strip_prefix('"')?.strip_suffix('"')?;
    digits
        .parse()
        .ok()
        .filter(|version: &i64| version.to_string() == digits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn headers(name: &HeaderName, values: &[&'static str]) -> HeaderMap {
        let line = |value| (name.clone(), HeaderValue::from_static(value));
        values.iter().copied().map(line).collect()
    }

    #[test]
    fn tags_compare_weakly_and_come_in_lists() {
        for (values, expected) in [
            (&[][..], None),
            (&["*"], None),
            (&[" * "], None),
            (&["W/\"7\""], Some(vec![7])),
            (&["\"7\""], Some(vec![7])),
            (&["W/\"other\", W/\"7\" ,\"8\""], Some(vec![7, 8])),
            (&["\"1\"", "\"2\""], Some(vec![1, 2])),
            (&["7", "\"07\"", "\"+7\"", "w/\"7\"", ""], Some(vec![])),
        ] {
            assert_eq!(
                if_match(&headers(&header::IF_MATCH, values)).0,
                expected,
                "{values:?}"
            );
        }
    }

    #[test]
    fn a_version_is_known_by_its_own_tag_alone() {
        let known = |values: &[&'static str]| is_known(&headers(&header::IF_NONE_MATCH, values), 7);
        assert!(known(&["\"7\""]) && known(&["W/\"1\", W/\"7\""]) && known(&["*"]));
        assert!(!known(&[]) && !known(&["W/\"8\""]) && !known(&["nonsense"]));
    }

    #[test]
    fn a_tag_names_its_version() {
        assert_eq!(if_version(Some(&tag(42))).0, Some(vec![42]));
        assert_eq!(if_version(None).0, None);
    }
}
