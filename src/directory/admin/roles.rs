//! Which role may do what (domain 4.14), as data.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Items, Query, cursor, object};
use crate::directory::credentials::Role;
use crate::directory::{Caller, Code, Directory, Error, Refusal};
use crate::seats::named;

named! {
    /// Something that not everybody may do.
    Right {
        /// See people, pools, tracks and who waits.
        Read = "read",
        /// See what decides who gets what: mappings, policy, placements, connections.
        ReadRules = "read_rules",
        /// Change one person's access: end, extend, pause, transfer, pin, deactivate.
        Access = "access",
        /// Erase people.
        Erase = "erase",
        /// Approve what others plan, and decide about a breaker that tripped.
        Approve = "approve",
        /// Change pools, tracks, mappings and policy.
        Configure = "configure",
        /// See how people use their coaching: status, sessions, events.
        Engagement = "engagement",
        /// Send what the coaching platform tells.
        Events = "events",
        /// Invite people by their addresses.
        Invite = "invite",
        /// Remind people, and see who was.
        Nudge = "nudge",
        /// See and change who is told what, webhooks.
        Webhooks = "webhooks",
        /// Send files of HR systems, and hold lists against the directory.
        Import = "import",
        /// Read and verify the ledger.
        Ledger = "ledger",
    }
}

/// Every role that the admin API knows, and its rights.
const RIGHTS: &[(Role, &[Right])] = &[
    (Role::Viewer, &[Right::Read]),
    (
        Role::Approver,
        &[Right::Read, Right::Engagement, Right::Approve],
    ),
    (
        Role::ProgramAdmin,
        &[
            Right::Read,
            Right::ReadRules,
            Right::Access,
            Right::Engagement,
            Right::Events,
            Right::Invite,
            Right::Nudge,
        ],
    ),
    (
        Role::LicenseAdmin,
        &[
            Right::Read,
            Right::ReadRules,
            Right::Access,
            Right::Configure,
            Right::Engagement,
            Right::Import,
        ],
    ),
    (Role::Auditor, &[Right::Ledger]),
    (Role::Owner, Right::ALL),
];

fn rights(role: Role) -> &'static [Right] {
    RIGHTS
        .iter()
        .find(|(known, _)| *known == role)
        .map_or(&[], |(_, rights)| *rights)
}

impl Caller {
    /// Whether the caller's role has a right.
    pub(super) fn has(&self, right: Right) -> bool {
        rights(self.role).contains(&right)
    }

    /// Refuses what the caller's role has no right to.
    pub(in crate::directory) fn may(&self, right: Right) -> Result<(), Refusal> {
        if self.has(right) {
            return Ok(());
        }
        let role = self.role;
        let detail = format!("the role {role} has no right to this; it takes the right '{right}'");
        let mut refusal = Refusal::new(403, Code::Forbidden, detail);
        refusal.extra = object([
            ("role", role.as_str().into()),
            ("right", right.as_str().into()),
        ]);
        Err(refusal)
    }
}

impl Directory {
    /// The roles and what each may do.
    pub async fn list_roles(
        &self,
        caller: &Caller,
        query: &Query,
        now: Timestamp,
    ) -> Result<Items, Error> {
        query.only(&[], None)?;
        let mut roles: Vec<_> = RIGHTS
            .iter()
            .map(|(role, rights)| {
                let rights: Value = rights.iter().map(|right| json!(right.as_str())).collect();
                let role = role.as_str();
                (
                    role.to_owned(),
                    object([("role", role.into()), ("rights", rights)]),
                )
            })
            .collect();
        roles.sort_by(|(a, _), (b, _)| a.cmp(b));
        let list = cursor::list(caller, "roles", query);
        self.page_by_key(list, query, roles, now).await
    }
}
