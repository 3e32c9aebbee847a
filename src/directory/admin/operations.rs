//! Every operation of the admin API, with the rights that it takes, as data: what `/capabilities`
//! shows, what a test calls with every role, and what `http::admin::openapi` describes.

use super::roles::Right;
use crate::directory::Caller;

/// Something that the admin API does.
pub(crate) struct Operation {
    /// Its name, for programs.
    pub(crate) name: &'static str,
    /// Its method.
    pub(crate) method: &'static str,
    /// Its path, below the prefix.
    pub(crate) path: &'static str,
    /// The rights that it takes, all of them.
    pub(crate) rights: &'static [Right],
    /// Another right that does as well.
    pub(crate) or: Option<Right>,
    /// What it gives or takes away, if it does.
    pub(crate) effect: Option<&'static str>,
}

impl Operation {
    /// Whether the caller may do it.
    pub(super) fn is_open_to(&self, caller: &Caller) -> bool {
        let all = self.rights.iter().all(|right| caller.has(*right));
        all || self.or.is_some_and(|right| caller.has(right))
    }

    const fn or(self, right: Right) -> Self {
        Self {
            or: Some(right),
            ..self
        }
    }

    const fn does(self, effect: &'static str) -> Self {
        Self {
            effect: Some(effect),
            ..self
        }
    }
}

const fn op(
    method: &'static str,
    name: &'static str,
    path: &'static str,
    rights: &'static [Right],
) -> Operation {
    Operation {
        name,
        method,
        path,
        rights,
        or: None,
        effect: None,
    }
}

const fn get(name: &'static str, path: &'static str, rights: &'static [Right]) -> Operation {
    op("GET", name, path, rights)
}

const fn post(name: &'static str, path: &'static str, rights: &'static [Right]) -> Operation {
    op("POST", name, path, rights)
}

const fn patch(name: &'static str, path: &'static str, rights: &'static [Right]) -> Operation {
    op("PATCH", name, path, rights)
}

const fn delete(name: &'static str, path: &'static str, rights: &'static [Right]) -> Operation {
    op("DELETE", name, path, rights)
}

use Right::{
    Access, Approve, Configure, Engagement, Erase, Events, Import, Invite, Ledger, Nudge, Read,
    ReadRules, Webhooks,
};

const PLACES_ANEW: &str = "people are placed anew";

/// All of them, in the order of the routes.
pub(crate) const OPERATIONS: &[Operation] = &[
    get("list_members", "/members", &[Read]),
    get("read_member", "/members/{id}", &[Read]),
    post("end_access", "/members/{id}/end", &[Access])
        .does("the seat is free at once and goes to the next in line; the person may still read"),
    post("extend_access", "/members/{id}/extend", &[Access])
        .does("access lasts longer, or begins again if a seat is free"),
    post("pause_access", "/members/{id}/pause", &[Access]).does("the seat is kept and rests"),
    post("resume_access", "/members/{id}/resume", &[Access]).does("access is full again"),
    post("transfer_member", "/members/{id}/transfer", &[Access])
        .does("another track or pool; the new seat is taken before the old is freed"),
    post("pin_field", "/members/{id}/pin", &[Access])
        .does("goes before whatever the identity provider writes of the field"),
    delete("unpin_field", "/members/{id}/pin", &[Access]).does("the person is placed anew"),
    post("deactivate_member", "/members/{id}/deactivate", &[Access])
        .does("access is cut at once; the seat is held for the grace period"),
    post("reactivate_member", "/members/{id}/reactivate", &[Access])
        .does("the same seat within the grace period, else a new episode"),
    post("erase_member", "/members/{id}/erase", &[Erase])
        .does("makes a plan that somebody else approves; applied, it cannot be undone: personal data goes, the seat is free at once"),
    post("hand_over", "/members/{id}/hand-over", &[Configure, Webhooks])
        .does("somebody else looks after their webhooks, mappings and connections; what they left counts as looked at"),
    get("list_reviews", "/reviews", &[Read]),
    post("merge_review", "/reviews/{id}/merge", &[Access])
        .does("the two are one person, in a new episode"),
    post("dismiss_review", "/reviews/{id}/dismiss", &[Access]),
    get("explain_member", "/members/{id}/explain", &[Read]),
    get("member_history", "/members/{id}/ledger", &[ReadRules]).or(Ledger),
    get("events_of_member", "/members/{id}/events", &[Engagement]),
    get(
        "sessions_of_member",
        "/members/{id}/sessions",
        &[Engagement],
    ),
    get("export_members", "/exports/members.csv", &[Read]),
    get("export_members_as_lines", "/exports/members.jsonl", &[Read]),
    get("list_events", "/events", &[Engagement]),
    post("send_events", "/events", &[Events]),
    get("list_waitlist", "/waitlist", &[Read]),
    post("promote_waiting", "/waitlist/promote", &[Access])
        .does("what is free goes to those in line"),
    patch("prioritise_waiting", "/waitlist/{id}", &[Access]).does("changes whose turn it is"),
    get("list_imports", "/imports", &[Import]),
    post("import_file", "/imports", &[Import])
        .does("unless it is a dry run: people are made, changed and deactivated"),
    get("read_import", "/imports/{id}", &[Import]),
    get("failed_rows", "/imports/{id}/errors.csv", &[Import]),
    get("list_reconciliations", "/reconciliations", &[Import]),
    post("reconcile", "/reconciliations", &[Import]),
    get("read_reconciliation", "/reconciliations/{id}", &[Import]),
    post(
        "plan_reconciliation",
        "/reconciliations/{id}/plan",
        &[Import, Access],
    )
    .does("makes a plan of what is suggested"),
    get("list_domains", "/domains", &[ReadRules]),
    post("create_domain", "/domains", &[Configure]).does("newcomers need an address of a domain"),
    delete("delete_domain", "/domains/{id}", &[Configure]),
    get("list_custom_attributes", "/custom-attributes", &[ReadRules]),
    post("declare_attribute", "/custom-attributes", &[Configure])
        .does("people may have it: over SCIM, in files, in filters, rules and reports"),
    delete("undeclare_attribute", "/custom-attributes/{id}", &[Configure])
        .does("hidden everywhere; a person's value goes with the next write of the person"),
    get("list_pools", "/pools", &[Read]),
    post("create_pool", "/pools", &[Configure]).does(PLACES_ANEW),
    get("read_pool", "/pools/{id}", &[Read]),
    patch("change_pool", "/pools/{id}", &[Configure])
        .does("seats are bought, given up, held back or released; people are placed anew"),
    get("list_tracks", "/tracks", &[Read]),
    post("create_track", "/tracks", &[Configure]).does(PLACES_ANEW),
    get("read_track", "/tracks/{id}", &[Read]),
    patch("change_track", "/tracks/{id}", &[Configure]).does(PLACES_ANEW),
    get("list_mappings", "/mappings", &[ReadRules]),
    post("create_mapping", "/mappings", &[Configure]).does(PLACES_ANEW),
    post("simulate_mapping", "/mappings/simulate", &[ReadRules]),
    post("plan_mapping", "/mappings/plan", &[Configure])
        .does("nothing happens until it is applied"),
    post("plan_mapping_change", "/mappings/{id}/plan", &[Configure])
        .does("nothing happens until it is applied"),
    get("read_mapping", "/mappings/{id}", &[ReadRules]),
    patch("change_mapping", "/mappings/{id}", &[Configure]).does(PLACES_ANEW),
    delete("delete_mapping", "/mappings/{id}", &[Configure]).does(PLACES_ANEW),
    get("read_policy", "/policy", &[ReadRules]),
    patch("change_policy", "/policy", &[Configure]).does(PLACES_ANEW),
    get("read_display_names", "/display-names", &[Read]),
    get("list_placements", "/placements", &[ReadRules]),
    get("read_placement", "/placements/{id}", &[ReadRules]),
    post("reclaim_seats", "/seats/reclaim", &[Access, Engagement]).does("makes a plan"),
    get("list_plans", "/plans", &[Read, Engagement]),
    post("create_plan", "/plans", &[Access]).does("nothing happens until it is applied"),
    get("read_plan", "/plans/{id}", &[Read, Engagement]),
    post("approve_plan", "/plans/{id}/approve", &[Approve]),
    post("reject_plan", "/plans/{id}/reject", &[Access]).or(Approve),
    post("apply_plan", "/plans/{id}/apply", &[Access])
        .does("to each person what the call for one person does"),
    get("list_exclusions", "/exclusions", &[ReadRules]),
    post("create_exclusion", "/exclusions", &[Configure]).does("no plan touches them"),
    delete("delete_exclusion", "/exclusions/{id}", &[Configure]),
    get("read_ledger", "/ledger", &[Ledger]),
    get("verify_ledger", "/ledger/verify", &[Ledger]),
    post("revert_entry", "/ledger/{seq}/revert", &[Access])
        .does("what the line says is undone, if nothing about the person has changed since"),
    post("verify_against_checkpoint", "/ledger/verify", &[Ledger]),
    get("ledger_checkpoint", "/ledger/checkpoint", &[Ledger]),
    get("ledger_keys", "/ledger/keys", &[Ledger]),
    get("list_reports", "/reports", &[Read]),
    get("read_report", "/reports/{id}", &[Read]),
    get("list_connections", "/connections", &[ReadRules]),
    post("decide_breaker", "/connections/{id}/breaker", &[Approve])
        .does("gives up the seats that it holds, or makes everybody who they were"),
    get("list_roles", "/roles", &[]),
    get("capabilities", "/capabilities", &[]),
    get("list_invitations", "/invitations", &[Invite]),
    post("invite", "/invitations", &[Invite]).does("people are made and placed"),
    get("read_invitation", "/invitations/{id}", &[Invite]),
    patch("change_invitation", "/invitations/{id}", &[Invite]),
    delete("cancel_invitation", "/invitations/{id}", &[Invite]),
    post("resend_invitation", "/invitations/{id}/resend", &[Invite]),
    post("nudge_member", "/members/{id}/nudge", &[Nudge]),
    get("list_nudges", "/nudges", &[Nudge]),
    post("nudge_members", "/nudges", &[Nudge]),
    get("list_webhooks", "/webhooks", &[Webhooks]),
    post("create_webhook", "/webhooks", &[Webhooks]),
    get("read_webhook", "/webhooks/{id}", &[Webhooks]),
    patch("change_webhook", "/webhooks/{id}", &[Webhooks]),
    delete("delete_webhook", "/webhooks/{id}", &[Webhooks]),
    post("rotate_webhook", "/webhooks/{id}/rotate", &[Webhooks]),
    post("test_webhook", "/webhooks/{id}/test", &[Webhooks]),
    post("replay_webhook", "/webhooks/{id}/replay", &[Webhooks]),
    get("list_deliveries", "/webhooks/{id}/deliveries", &[Webhooks]),
    post(
        "redeliver",
        "/webhooks/{id}/deliveries/{n}/redeliver",
        &[Webhooks],
    ),
];
