//! The people of the bench, each known by a number, and what is asked about them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::client::{Exchange, Head};

/// Numbers of people who are created while something is measured: nobody has had them before, on
/// any database.
static NEXT: AtomicU64 = AtomicU64::new(50_000_000);

/// How a `userName` begins; the number follows.
const NAME: &str = "person";

/// Makes requests about the people of one site.
#[derive(Clone)]
pub(crate) struct People {
    pub(crate) head: Head,
    ids: Arc<Vec<String>>,
}

/// An attribute that identity providers look people up by.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Key {
    UserName,
    ExternalId,
    Email,
}

impl Key {
    pub(crate) const ALL: [Self; 3] = [Self::UserName, Self::ExternalId, Self::Email];

    pub(crate) fn attribute(self) -> &'static str {
        match self {
            Self::UserName => "userName",
            Self::ExternalId => "externalId",
            Self::Email => "emails.value",
        }
    }

    fn value(self, number: u64) -> String {
        match self {
            Self::UserName => user_name(number),
            Self::ExternalId => format!("00u{number:08}"),
            Self::Email => format!("mail{number:08}@example.com"),
        }
    }
}

pub(crate) fn user_name(number: u64) -> String {
    format!("{NAME}{number:08}@example.com")
}

/// The second half of a family name: in another order than the numbers, as it is in life.
pub(crate) fn family(number: u64) -> String {
    format!("{:08}", number.wrapping_mul(2_654_435_761) % 100_000_000)
}

/// What Okta sends for a person, and Entra nearly.
fn body(number: u64) -> String {
    let (user_name, external_id, email) = (
        user_name(number),
        Key::ExternalId.value(number),
        Key::Email.value(number),
    );
    let family = family(number);
    format!(
        r#"{{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],"userName":"{user_name}","externalId":"{external_id}","active":true,"name":{{"givenName":"Dana","familyName":"Ito{family}"}},"displayName":"Dana Ito{family}","title":"Engineer","emails":[{{"value":"{email}","type":"work","primary":true}}],"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{{"employeeNumber":"{number}","department":"Sales","costCenter":"4130"}}}}"#
    )
}

/// The number and the id of whom an answer to a create is about.
pub(crate) fn created(answer: &str) -> Option<(usize, String)> {
    let id = text(answer, "\"id\":\"")?;
    let name = text(answer, "\"userName\":\"")?;
    let number = name.strip_prefix(NAME)?.split('@').next()?.parse().ok()?;
    Some((number, id.to_owned()))
}

fn text<'a>(answer: &'a str, before: &str) -> Option<&'a str> {
    answer.split_once(before)?.1.split('"').next()
}

impl People {
    pub(crate) fn new(head: Head, ids: Arc<Vec<String>>) -> Self {
        Self { head, ids }
    }

    /// Creates a person. That each has got a seat is counted afterwards.
    pub(crate) fn create_number(&self, number: u64) -> Exchange {
        self.head
            .post("/Users", &body(number))
            .holds(format!("\"userName\":\"{}\"", user_name(number)))
    }

    /// Creates somebody new.
    pub(crate) fn create(&self) -> Exchange {
        self.create_number(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    /// Anyone of those the site was filled with.
    fn anyone(&self) -> (u64, &str) {
        let at = rand::random_range(0..self.ids.len());
        (at as u64, &self.ids[at])
    }

    pub(crate) fn read(&self) -> Exchange {
        let (number, id) = self.anyone();
        self.head
            .get(&format!("/Users/{id}"))
            .holds(format!("\"id\":\"{id}\""))
            .holds(user_name(number))
    }

    pub(crate) fn find(&self, key: Key) -> Exchange {
        let (number, id) = self.anyone();
        let (attribute, value) = (key.attribute(), key.value(number).replace('@', "%40"));
        self.head
            .get(&format!("/Users?filter={attribute}%20eq%20%22{value}%22"))
            .holds("\"totalResults\":1,")
            .holds(format!("\"id\":\"{id}\""))
    }

    /// Gives somebody another title.
    pub(crate) fn patch(&self) -> Exchange {
        let (number, id) = self.anyone();
        let title = format!("Engineer {}", NEXT.fetch_add(1, Ordering::Relaxed));
        let body = format!(
            r#"{{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{{"op":"replace","path":"title","value":"{title}"}}]}}"#
        );
        self.head
            .patch(&format!("/Users/{id}"), &body)
            .holds(format!("\"title\":\"{title}\""))
            .holds(user_name(number))
    }

    /// A full page, somewhere.
    pub(crate) fn page(&self) -> Exchange {
        let start = rand::random_range(1..=self.ids.len().saturating_sub(100).max(1));
        self.head
            .get(&format!("/Users?startIndex={start}&count=100"))
            .holds("\"itemsPerPage\":100,")
    }

    /// The bare reference's read by primary key.
    pub(crate) fn bare_read(&self) -> Exchange {
        let (number, id) = self.anyone();
        self.head
            .get(&format!("/users/{id}"))
            .holds(user_name(number))
    }

    /// The bare reference's read by `userName`.
    pub(crate) fn bare_find(&self) -> Exchange {
        let (number, _) = self.anyone();
        let name = user_name(number);
        let query = name.replace('@', "%40");
        self.head.get(&format!("/users?name={query}")).holds(name)
    }
}
