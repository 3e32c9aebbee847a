//! The use cases: one function, one transaction. Here, and only here, the protocol (`scim`), the
//! rules (`seats`, `coaching`) and the database (`store`) meet.

mod change;
mod cursor;
mod custom;
mod engagement;
mod person;
mod problem;
mod rules;

pub mod admin;
pub mod credentials;
pub mod due;
pub mod groups;
pub mod idempotency;
pub mod imports;
pub mod list;
pub mod setup;
pub mod users;

use jiff::Timestamp;
use moka::sync::Cache;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::scim::custom::UserType;
use crate::scim::project::Projection;
use crate::scim::schema::{
    Attribute, COACHING_URN, GROUP, GROUP_URN, Mutability, ResourceType, USER,
};
use crate::scim::{self, Object};
use crate::store::{self, AsStoreError, Store, TenantId};
use credentials::{Role, Seen};
pub use problem::Code;
pub use rules::OwnSchemas;
use rules::Rules;

/// All use cases. Cheap to clone.
#[derive(Clone)]
pub struct Directory {
    store: Store,
    rules: Cache<TenantId, Arc<Rules>>,
    user_types: custom::UserTypes,
    walks: list::Walks,
    sealing: cursor::SealingKey,
    checkpoints: admin::checkpoint::CheckpointKey,
    tokens: credentials::Tokens,
    seen: Arc<Seen>,
    placing: Arc<Notify>,
    /// None where breakers are off.
    people: Option<change::People>,
    private_webhooks: bool,
    /// Where people reach this server.
    public_url: Option<Arc<str>>,
}

/// How long it is remembered how many people a connection had.
const PEOPLE_KNOWN: std::time::Duration = std::time::Duration::from_mins(10);

/// Who the ledger says it was when a command of the program, and no request, changed something.
const COMMAND: &str = "command";

/// Who asks.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Their tenant, from the credential.
    pub tenant: TenantId,
    /// The credential's public part; empty for a command of the program.
    pub token: String,
    /// What it may do.
    pub role: Role,
    /// The connection it belongs to.
    pub connection: Option<Uuid>,
    /// The request, for the ledger and the log.
    pub request_id: String,
    /// What users are to their tenant, as far as this replica has heard.
    pub users: UserType,
    /// Whether the request took somebody's access away.
    pub cut: Cut,
}

/// Remembers whether a request took somebody's access away, for whoever measures how long it took.
#[derive(Debug, Clone, Default)]
pub struct Cut(Arc<AtomicBool>);

impl Cut {
    /// It did.
    fn note(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it did.
    pub fn is_noted(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Why a use case did not do what was asked. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The SCIM request is wrong.
    #[error(transparent)]
    Scim(#[from] scim::error::Error),
    /// The administrative request is wrong, or a rule forbids it.
    #[error("{}", .0.detail)]
    Refused(Refusal),
    /// The database.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// A refusal of the admin API, as RFC 9457 has it.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// Stable name of the problem.
    pub code: Code,
    /// What is wrong, in words.
    pub detail: String,
    /// More, by the code.
    pub extra: Object,
}

impl Refusal {
    /// A refusal without extras.
    pub fn new(status: u16, code: Code, detail: impl Into<String>) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            extra: Object::new(),
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Caller {
    /// As the ledger names whoever changes something.
    fn by(&self) -> change::By {
        change::By {
            actor: match self.token.as_str() {
                "" => COMMAND.to_owned(),
                token => format!("token:{token}"),
            },
            cause: self.request_id.clone(),
        }
    }
}

impl AsStoreError for Error {
    fn as_store_error(&self) -> Option<&store::Error> {
        match self {
            Self::Store(error) => Some(error),
            Self::Scim(_) | Self::Refused(_) => None,
        }
    }
}

/// A kind of SCIM resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// `/Users`.
    User,
    /// `/Groups`.
    Group,
}

impl Kind {
    /// Its schemas.
    pub fn resource_type(self) -> &'static ResourceType {
        match self {
            Self::User => &USER,
            Self::Group => &GROUP,
        }
    }
}

/// A SCIM resource as it is now: complete but for `meta`, which needs the server's address.
#[derive(Debug, Clone)]
pub struct Found {
    /// What it is.
    pub kind: Kind,
    /// Identifier and attributes.
    pub resource: Object,
    /// `meta.version`.
    pub version: i64,
    /// `meta.created`.
    pub created: Timestamp,
    /// `meta.lastModified`.
    pub last_modified: Timestamp,
}

/// The versions that a write may replace: any, or one of these.
#[derive(Debug, Clone, Default)]
pub struct IfMatch(pub Option<Vec<i64>>);

impl IfMatch {
    /// Refuses a write of a version that was not named.
    fn check(&self, version: i64) -> Result<(), Error> {
        match &self.0 {
            Some(versions) if !versions.contains(&version) => Err(scim::error::Error::new(
                412,
                None,
                "the resource has changed: its version is not the one in If-Match",
            )
            .into()),
            _ => Ok(()),
        }
    }
}

/// Which costly parts of a resource will be shown, so that the others need not be read.
#[derive(Debug, Clone, Copy, Default)]
pub struct View {
    /// A group's members.
    pub members: bool,
    /// What came of a user's intent: the read-only attributes of the coaching extension.
    pub outcomes: bool,
    /// Among them the place in line.
    pub waitlist_position: bool,
}

impl View {
    /// What a projection shows.
    pub fn new(kind: Kind, projection: &Projection) -> Self {
        let shows = |urn, wanted: fn(&Attribute) -> bool| {
            projection.shows_any(kind.resource_type(), urn, wanted)
        };
        match kind {
            Kind::Group => Self {
                members: shows(GROUP_URN, |a| a.name == "members"),
                ..Self::default()
            },
            Kind::User => Self {
                members: false,
                outcomes: shows(COACHING_URN, |a| a.mutability == Mutability::ReadOnly),
                waitlist_position: shows(COACHING_URN, |a| a.name == "waitlistPosition"),
            },
        }
    }

    /// What either of two shows.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            members: self.members || other.members,
            outcomes: self.outcomes || other.outcomes,
            waitlist_position: self.waitlist_position || other.waitlist_position,
        }
    }
}

impl Directory {
    /// The use cases over a store.
    pub fn new(store: Store) -> Self {
        Self {
            store,
            rules: Cache::new(1_000),
            user_types: custom::UserTypes::default(),
            walks: list::Walks::default(),
            sealing: cursor::SealingKey::default(),
            checkpoints: admin::checkpoint::CheckpointKey::default(),
            tokens: credentials::Tokens::default(),
            seen: Arc::default(),
            placing: Arc::default(),
            people: Some(
                Cache::builder()
                    .max_capacity(1_000)
                    .time_to_live(PEOPLE_KNOWN)
                    .build(),
            ),
            private_webhooks: false,
            public_url: None,
        }
    }

    /// The same without breakers: whoever is removed loses their seat, however many are.
    #[must_use]
    pub fn without_breakers(self) -> Self {
        Self {
            people: None,
            ..self
        }
    }

    /// What watches a change by a caller, if they come through a connection.
    fn guard(&self, caller: &Caller, group: Option<Uuid>) -> Option<change::Guard> {
        Some(change::Guard {
            connection: caller.connection?,
            people: self.people.clone()?,
            group,
            tripped: false,
            noted: None,
        })
    }

    /// Lets webhooks name addresses that are not public, and plain HTTP.
    #[must_use]
    pub fn with_private_webhooks(mut self, allowed: bool) -> Self {
        self.private_webhooks = allowed;
        self
    }

    /// Lets people be sent links to this server, which begin so.
    #[must_use]
    pub fn with_public_url(mut self, url: Option<&str>) -> Self {
        self.public_url = url.map(Arc::from);
        self
    }

    /// Whether webhooks may name addresses that are not public.
    pub fn allows_private_webhooks(&self) -> bool {
        self.private_webhooks
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.store
    }
}

/// The person or group with an identifier that is not one, or nobody's.
fn unknown(kind: Kind) -> Error {
    let name = &kind.resource_type().name;
    scim::error::Error::not_found(format!("there is no {name} with this id")).into()
}

fn seat_unavailable(pool: &str, figures: &store::figures::Figures) -> Error {
    let used = figures.purchased - figures.free() - figures.reserved;
    let some = |n: i64, how: &str| match n {
        0 => String::new(),
        n => format!(", {n} {how}"),
    };
    let cooling = some(figures.cooling_down, "cooling down");
    let held_back = some(figures.reserved, "held back");
    scim::error::Error::new(
        403,
        Some(scim::error::ScimType::SeatUnavailable),
        format!(
            "No seat available in pool '{pool}' ({} purchased, {used} in use{cooling}{held_back}, {} overage). Free a \
             seat or raise the contract; this is not an authentication error.",
            figures.purchased, figures.overage
        ),
    )
    .into()
}
