//! What operators do: look at people and seats, end and extend access, buy seats, decide who gets
//! which. Answers are the JSON of the admin API (decisions live in `seats`, tables in `store`);
//! every use case asks first whether the caller's role has the right to it.

mod answers;
mod as_of;
mod body;
pub mod breaker;
mod capabilities;
mod catalog;
pub(super) mod checkpoint;
mod connections;
mod cursor;
mod custom_attributes;
mod deliveries;
mod display_names;
mod domains;
mod engagement;
pub mod events;
mod explain;
mod export;
mod find;
pub mod imports;
mod invitations;
mod invite;
mod ledger;
mod mappings;
mod members;
mod nudges;
mod offboarding;
pub(crate) mod operations;
pub(super) mod owners;
mod placements;
pub mod plans;
mod policy;
pub mod pools;
mod provenance;
mod query;
mod reconciliations;
pub mod reports;
pub mod roles;
pub mod selection;
pub(super) mod signals;
pub mod simulate;
mod stock;
mod tell;
pub mod tracks;
mod verbs;
mod view;
mod waitlist;
pub mod webhooks;

use serde_json::Value;

use super::{Caller, Cut, Error, Refusal};
use crate::directory::Code;
use crate::scim::Object;
use crate::scim::custom::UserType;
use crate::seats::catalog::{Catalog, Track};
use crate::store::members::Member;
use crate::store::{Session, TenantId};
use credentials::Role;

use super::credentials;
pub use answers::Link;
pub use checkpoint::Against;
pub use export::Export;
pub use query::Query;
pub use tell::{Outgoing, Reply};
pub use verbs::erase::Erasing;

/// A page of a list.
#[derive(Debug, Clone, Default)]
pub struct Items {
    /// What is on it, each with the same keys in the same order.
    pub items: Vec<Object>,
    /// Where the next page begins, if there is one.
    pub next_cursor: Option<String>,
}

impl Caller {
    /// Whoever runs a command on the server itself.
    pub fn command(tenant: TenantId) -> Self {
        Self {
            tenant,
            token: String::new(),
            role: Role::Owner,
            connection: None,
            request_id: super::COMMAND.to_owned(),
            users: UserType::default(),
            cut: Cut::default(),
        }
    }
}

/// The person of this identifier, address or name.
pub(super) async fn somebody(session: &mut Session, who: &str) -> Result<Member, Error> {
    find::person(session, who).await
}

/// A refusal of something that was sent, naming where it stood.
fn invalid(code: Code, field: &str, detail: &str) -> Refusal {
    let mut refusal = Refusal::new(400, code, format!("{field}: {detail}"));
    refusal.extra.insert("field".into(), field.into());
    refusal
}

/// A refusal of a body's field.
fn wrong(field: &str, detail: &str) -> Refusal {
    invalid(Code::InvalidValue, field, detail)
}

/// A refusal with more for the caller to go by.
fn conflict<const N: usize>(
    code: Code,
    detail: impl Into<String>,
    extra: [(&str, Value); N],
) -> Refusal {
    let mut refusal = Refusal::new(409, code, detail);
    refusal.extra = object(extra);
    refusal
}

/// Refuses a track of a product of which there is no live pool: nobody could have a seat on it.
fn licensed(field: &str, track: &Track, catalog: &Catalog) -> Result<(), Refusal> {
    if catalog.is_licensed(track) {
        return Ok(());
    }
    let product = catalog::product_key(track.product, catalog).unwrap_or_default();
    let detail = format!(
        "{field}: there is no live pool of '{product}', the product of the track '{}'",
        track.key
    );
    let mut refusal = Refusal::new(422, Code::ProductNotLicensed, detail);
    refusal.extra = object([("field", field.into()), ("product", product.into())]);
    Err(refusal)
}

fn not_found(what: &str) -> Refusal {
    Refusal::new(404, Code::NotFound, format!("there is no {what}"))
}

/// An object of these keys, in this order.
fn object<const N: usize>(entries: [(&str, Value); N]) -> Object {
    entries
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}
