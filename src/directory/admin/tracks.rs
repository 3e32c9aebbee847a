//! Tracks: what people are coached in.

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::body::{Body, required};
use super::catalog::{self, Done, new_key, placed, product, product_key, with_key};
use super::roles::Right;
use super::{Items, Query, cursor, object, wrong};
use crate::coaching::stalled::Thresholds;
use crate::directory::{Caller, Directory, Error, Refusal};
use crate::scim::Object;
use crate::seats::catalog::{Catalog, Track};
use crate::seats::named;
use crate::store::transact;

named! {
    /// Whether people may be placed on a track.
    State {
        /// They may.
        Live = "live",
        /// Nobody may; whoever is on it is placed elsewhere.
        Retired = "retired",
    }
}

/// What can change about a track.
const TERMS: [&str; 5] = [
    "name",
    "default",
    "durationDays",
    "state",
    "stallThresholds",
];

impl Directory {
    /// Tracks by key.
    pub async fn list_tracks(
        &self,
        caller: &Caller,
        query: &Query,
        now: Timestamp,
    ) -> Result<Items, Error> {
        caller.may(Right::Read)?;
        query.only(&[], None)?;
        let catalog = self.store.snapshot(caller.tenant).await?.catalog().await?;
        let tracks = catalog.tracks.iter();
        let rows = tracks.map(|track| (track.key.clone(), view(track, &catalog)));
        let list = cursor::list(caller, "tracks", query);
        self.page_by_key(list, query, rows.collect(), now).await
    }

    /// One track, by key.
    pub async fn read_track(&self, caller: &Caller, key: &str) -> Result<Object, Error> {
        caller.may(Right::Read)?;
        let catalog = self.store.snapshot(caller.tenant).await?.catalog().await?;
        Ok(view(with_key(&catalog.tracks, key)?, &catalog))
    }

    /// Makes a track.
    pub async fn create_track(
        &self,
        caller: &Caller,
        body: Value,
        now: Timestamp,
    ) -> Result<Object, Error> {
        caller.may(Right::Configure)?;
        let known: Vec<_> = ["key", "product"].into_iter().chain(TERMS).collect();
        let body = Body::of(body, &known)?;
        self.begun(transact!(self.store, caller.tenant, |tx| {
            let catalog = catalog::begin(tx).await?;
            let track = new(&body, &catalog)?;
            if track.is_default {
                tx.clear_default_track().await?;
            }
            tx.insert_track(&track, now).await?;
            let done = done("track.created", &track);
            let run = catalog::finish(tx, caller, done, now).await?;
            Ok(placed(view(&track, &catalog), Some(&run)))
        }))
    }

    /// Changes a track.
    pub async fn change_track(
        &self,
        caller: &Caller,
        key: &str,
        body: Value,
        now: Timestamp,
    ) -> Result<Object, Error> {
        caller.may(Right::Configure)?;
        let body = Body::of(body, &TERMS)?;
        self.begun(transact!(self.store, caller.tenant, |tx| {
            let catalog = catalog::begin(tx).await?;
            let before = with_key(&catalog.tracks, key)?;
            let mut track = before.clone();
            apply(&body, &mut track)?;
            let answer = view(&track, &catalog);
            if track == *before {
                return Ok(placed(answer, None));
            }
            if track.is_default && !before.is_default {
                tx.clear_default_track().await?;
            }
            tx.save_track(&track).await?;
            let done = done("track.changed", &track);
            let run = catalog::finish(tx, caller, done, now).await?;
            Ok(placed(answer, Some(&run)))
        }))
    }
}

fn done(action: &'static str, track: &Track) -> Done {
    Done {
        action,
        detail: object([("track", json!(track.key))]),
        ..Done::default()
    }
}

fn new(body: &Body, catalog: &Catalog) -> Result<Track, Refusal> {
    let key = new_key(body, &catalog.tracks)?;
    let mut track = Track {
        id: Uuid::now_v7(),
        product: product(body, catalog)?,
        key,
        name: required("name", body.text("name", 100)?)?,
        duration_days: None,
        is_default: false,
        live: true,
        stall_thresholds: Thresholds::default(),
    };
    apply(body, &mut track)?;
    Ok(track)
}

/// Puts what was sent into a track.
fn apply(body: &Body, track: &mut Track) -> Result<(), Refusal> {
    if let Some(name) = body.text("name", 100)? {
        track.name = name;
    }
    if body.has("durationDays") {
        track.duration_days = body.days("durationDays")?;
    }
    body.thresholds("stallThresholds", &mut track.stall_thresholds)?;
    if let Some(state) = body.named::<State>("state")? {
        track.live = state == State::Live;
    }
    let default = body.flag("default")?;
    if default == Some(true) && !track.live {
        return Err(wrong(
            "default",
            "a retired track cannot be the default one",
        ));
    }
    track.is_default = track.live && default.unwrap_or(track.is_default);
    Ok(())
}

fn view(track: &Track, catalog: &Catalog) -> Object {
    let state = if track.live {
        State::Live
    } else {
        State::Retired
    };
    object([
        ("key", json!(track.key)),
        ("name", json!(track.name)),
        ("product", json!(product_key(track.product, catalog))),
        ("default", json!(track.is_default)),
        ("durationDays", json!(track.duration_days)),
        ("state", json!(state.as_str())),
        ("stallThresholds", json!(track.stall_thresholds)),
    ])
}
