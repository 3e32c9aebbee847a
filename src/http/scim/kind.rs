//! The use cases of either kind of resource, for those who have the kind as a value.

use jiff::Timestamp;
use serde_json::Value;

use crate::directory::groups::PatchedGroup;
use crate::directory::{Caller, Directory, Error, Found, IfMatch, Kind, View};

pub(super) async fn create(
    directory: &Directory,
    kind: Kind,
    caller: &Caller,
    body: Value,
    view: &View,
    now: Timestamp,
) -> Result<Found, Error> {
    match kind {
        Kind::User => directory.create_user(caller, body, view, now).await,
        Kind::Group => directory.create_group(caller, body, now).await,
    }
}

pub(super) async fn read(
    directory: &Directory,
    kind: Kind,
    caller: &Caller,
    id: &str,
    view: &View,
    now: Timestamp,
) -> Result<Found, Error> {
    match kind {
        Kind::User => directory.read_user(caller, id, view, now).await,
        Kind::Group => directory.read_group(caller, id, view, now).await,
    }
}

/// A resource that is to be written, if it has one of the versions.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target<'a> {
    pub(super) kind: Kind,
    pub(super) id: &'a str,
    pub(super) if_match: &'a IfMatch,
}

/// What is left of a PATCH: the resource, unless it is too large to send back unasked.
pub(super) struct Patched {
    pub(super) found: Option<Found>,
    pub(super) version: i64,
}

impl Target<'_> {
    pub(super) async fn replace(
        self,
        directory: &Directory,
        caller: &Caller,
        body: Value,
        view: &View,
        now: Timestamp,
    ) -> Result<Found, Error> {
        let Self { kind, id, if_match } = self;
        match kind {
            Kind::User => {
                directory
                    .replace_user(caller, id, if_match, body, view, now)
                    .await
            }
            Kind::Group => {
                directory
                    .replace_group(caller, id, if_match, body, now)
                    .await
            }
        }
    }

    /// `asked` is whether the client named what it wants back.
    pub(super) async fn patch(
        self,
        directory: &Directory,
        caller: &Caller,
        body: Value,
        view: &View,
        asked: bool,
        now: Timestamp,
    ) -> Result<Patched, Error> {
        let Self { kind, id, if_match } = self;
        match kind {
            Kind::User => {
                let found = directory
                    .patch_user(caller, id, if_match, body, view, now)
                    .await?;
                Ok(Patched {
                    version: found.version,
                    found: Some(found),
                })
            }
            Kind::Group => {
                let patch = directory.patch_group(caller, id, if_match, body, view, asked, now);
                let PatchedGroup { found, version } = patch.await?;
                Ok(Patched { found, version })
            }
        }
    }

    pub(super) async fn delete(
        self,
        directory: &Directory,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<(), Error> {
        let Self { kind, id, if_match } = self;
        match kind {
            Kind::User => directory.delete_user(caller, id, if_match, now).await,
            Kind::Group => directory.delete_group(caller, id, if_match, now).await,
        }
    }
}
