//! What the store promises, on both engines.

mod database;
mod filters;
mod people;
mod plans;
mod seats;
mod signals;
mod statistics;
mod transactions;

use database::Place;
pub(crate) use database::{postgres, sqlite};
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::engine::args;
use super::members::{Keys, Member};
use super::{Store, TenantId};
use crate::scim::comparable::comparable;
use crate::scim::predicate::fold;
use crate::scim::schema::USER;
use crate::scim::{Object, validate};
use crate::seats::IdentityState;
use crate::seats::catalog::{FullPolicy, Policy, Pool, PoolState, ReusePolicy, Track};

/// A test of the store runs on both engines: `on_both!(name)` makes two tests of `async fn name`.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[test]
            fn $name() {
                $crate::store::tests::run(async {
                    super::$name($crate::store::tests::sqlite().await).await;
                });
            })*
        }
        mod postgres {
            $(#[test]
            fn $name() {
                $crate::store::tests::run(async {
                    super::$name($crate::store::tests::postgres().await).await;
                });
            })*
        }
    };
}
pub(crate) use on_both;

/// A store with one tenant, and the database it is in.
pub(crate) struct Fixture {
    pub(crate) store: Store,
    pub(crate) tenant: TenantId,
    pub(crate) product: Uuid,
    _place: Place,
}

pub(crate) fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_all()
        .build();
    runtime.unwrap().block_on(test);
}

pub(crate) fn now() -> Timestamp {
    "2026-06-01T12:00:00Z".parse().unwrap()
}

impl Fixture {
    async fn new(store: Store, place: Place) -> Self {
        let product = Uuid::now_v7();
        let tenant = store
            .create_tenant(
                "acme",
                "UTC",
                &Policy::default(),
                (product, "coaching"),
                now(),
            )
            .await
            .unwrap()
            .unwrap();
        Self {
            store,
            tenant: tenant.id,
            product,
            _place: place,
        }
    }

    /// Makes a pool with so many free seats, and a track.
    pub(crate) async fn pool(&self, seats: i64) -> Pool {
        let pool = Pool {
            id: Uuid::now_v7(),
            product: self.product,
            key: "pool".into(),
            subscription_type: "pool".into(),
            term_start: "2026-01-01T00:00:00Z".parse().unwrap(),
            term_end: "2027-01-01T00:00:00Z".parse().unwrap(),
            full_policy: FullPolicy::Waitlist,
            overage_limit: 0,
            reuse_policy: ReusePolicy::Reusable,
            cooldown_days: 0,
            default_duration_days: None,
            fallback: None,
            state: PoolState::Live,
            max_reassignments: None,
            unit_cost: None,
        };
        let mut tx = self.store.begin(self.tenant).await.unwrap();
        tx.insert_pool(&pool, now()).await.unwrap();
        tx.add_seats(pool.id, seats).await.unwrap();
        let track = Track {
            id: Uuid::now_v7(),
            product: self.product,
            key: "track".into(),
            name: "Track".into(),
            duration_days: None,
            is_default: true,
            live: true,
            stall_thresholds: crate::coaching::stalled::Thresholds::default(),
        };
        tx.insert_track(&track, now()).await.unwrap();
        tx.commit().await.unwrap();
        pool
    }

    /// Makes somebody look as if the transaction that made them had begun before all changes.
    pub(crate) async fn placed_by_the_first_catalog(&self, user_name: &str) {
        let mut tx = self.store.begin(self.tenant).await.unwrap();
        let sql = "update member set placed_by = 1 where tenant_id = $1 and user_name = $2";
        let made = tx.run(sql, args![self.tenant, user_name]).await.unwrap();
        assert_eq!(made, 1);
        tx.commit().await.unwrap();
    }

    /// Makes a user of a SCIM body; answers what filters see of it, its id among it.
    pub(crate) async fn user(&self, mut body: Value) -> Object {
        body["schemas"] = json!([crate::scim::schema::USER_URN]);
        let doc = validate::create(&USER, body).unwrap();
        let id = Uuid::now_v7();
        let name = doc["userName"].as_str().unwrap().to_owned();
        let keys = Keys {
            user_name_key: fold(&name),
            name_key: fold(&name),
            user_name: name,
            search: comparable(&USER, &doc),
        };
        let mut tx = self.store.begin(self.tenant).await.unwrap();
        let member = Member {
            id,
            scim_id: Some(id),
            identity: IdentityState::Active,
            managed_by: "scim".into(),
            connection: None,
            external_id: doc
                .get("externalId")
                .and_then(Value::as_str)
                .map(Into::into),
            worker_id: None,
            doc,
            version: 1,
            created_at: now(),
            last_modified: now(),
            deactivated_at: None,
            assignment: None,
            seat_reason: None,
            pins: Vec::new(),
            drift: None,
            groups: Vec::new(),
            catalog_version: tx.catalog_version().await.unwrap(),
        };
        assert!(tx.insert_member(&member, &keys).await.unwrap());
        tx.commit().await.unwrap();
        let mut search = keys.search;
        search.insert("id".into(), id.to_string().into());
        search
    }
}

#[test]
fn both_engines_have_the_same_migrations() {
    let names = |engine: &str| {
        let folder = format!("{}/migrations/{engine}", env!("CARGO_MANIFEST_DIR"));
        let files = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(names("sqlite"), names("postgres"));
}
