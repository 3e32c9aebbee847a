//! Inviting people: reading their addresses, and what can come of each.

use std::collections::BTreeSet;

use super::named;

/// Characters of an address at most (RFC 5321 4.5.3.1).
const LENGTH: usize = 254;

named! {
    /// What came of one address.
    Outcome {
        /// The person was made; whether there was a seat says `seatState`.
        Invited = "invited",
        /// It is sent when its time comes.
        Scheduled = "scheduled",
        /// Somebody has this address already.
        AlreadyMember = "already_member",
        /// An invitation to it is yet to be sent.
        AlreadyInvited = "already_invited",
        /// It is no address.
        InvalidAddress = "invalid_address",
        /// The pool is full and refuses.
        PoolFull = "pool_full",
        /// The person was refused for another reason.
        Refused = "refused",
    }
}

/// The addresses in a text that somebody pasted, whatever stands between them, none twice, in their
/// order. Case makes no difference.
pub fn addresses<'t>(texts: impl IntoIterator<Item = &'t str>) -> Vec<String> {
    let mut known = BTreeSet::new();
    texts
        .into_iter()
        .flat_map(|text| text.split(|c: char| c.is_whitespace() || ",;<>".contains(c)))
        .filter(|part| !part.is_empty())
        .filter(|part| known.insert(part.to_lowercase()))
        .map(str::to_owned)
        .collect()
}

/// Whether a text is an address that mail could be sent to, as far as its shape shows.
pub fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let plain = |c: char| !c.is_control() && !c.is_whitespace() && !"()<>[]:;,\\\"".contains(c);
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    text.len() <= LENGTH
        && !local.is_empty()
        && local.len() <= 64
        && !local.contains('@')
        && !local.starts_with('.')
        && !local.ends_with('.')
        && local.chars().all(plain)
        && domain.contains('.')
        && domain.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_separators_will_do() {
        let text = "a@x.org, b@x.org;c@x.org\n d@x.org\t<e@x.org> A@X.org";
        let found = addresses([text, "f@x.org", "b@x.org"]);
        let all = ["a", "b", "c", "d", "e", "f"].map(|name| format!("{name}@x.org"));
        assert_eq!(found, all);
    }

    #[test]
    fn what_is_no_address_is_found_out() {
        for text in [
            "a@x.org",
            "a.b+c@sub.x.org",
            "ä@bücher.example",
            "o'x@x.org",
        ] {
            assert!(is_address(text), "{text}");
        }
        let long = format!("{}@x.org", "a".repeat(65));
        for text in [
            "a",
            "@x.org",
            "a@",
            "a@x",
            "a@@x.org",
            "a@x..org",
            "a@-x.org",
            ".a@x.org",
            "a@x.org.",
            "a\0@x.org",
            &long,
        ] {
            assert!(!is_address(text), "{text}");
        }
    }
}
