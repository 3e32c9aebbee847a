//! How items of lists become lines: which of their values, under which heading.

use std::borrow::Cow;

use serde_json::Value;

use crate::scim::Object;

/// What is in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
    /// A number that adds up to something.
    Sum,
}

/// A column.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) header: Cow<'static, str>,
    /// Where its value is: the keys to follow.
    pointer: Cow<'static, str>,
    pub(super) kind: Kind,
    /// Whether it is worth the room on a screen.
    pub(super) in_table: bool,
}

impl Column {
    const fn new(header: &'static str, pointer: &'static str, kind: Kind) -> Self {
        Self {
            header: Cow::Borrowed(header),
            pointer: Cow::Borrowed(pointer),
            kind,
            in_table: true,
        }
    }

    pub(super) const fn text(header: &'static str, pointer: &'static str) -> Self {
        Self::new(header, pointer, Kind::Text)
    }

    pub(super) const fn number(header: &'static str, pointer: &'static str) -> Self {
        Self::new(header, pointer, Kind::Number)
    }

    pub(super) const fn sum(header: &'static str, pointer: &'static str) -> Self {
        Self::new(header, pointer, Kind::Sum)
    }

    pub(super) const fn only_csv(mut self) -> Self {
        self.in_table = false;
        self
    }

    /// Its value in an item; null where the item has none.
    pub(super) fn value<'i>(&self, item: &'i Object) -> &'i Value {
        let mut keys = self.pointer.split('/').skip(1);
        let first = keys.next().and_then(|key| item.get(key));
        keys.fold(first, |value, key| value?.get(key))
            .unwrap_or(&Value::Null)
    }
}

/// The columns of people, with those of the attributes that their tenant has declared: the first of
/// them tells which.
pub(super) fn of_members(items: &[Object]) -> Vec<Column> {
    let attributes = items.first().and_then(|item| item.get("attributes"));
    let names = attributes.and_then(Value::as_object).into_iter();
    let names = names.flat_map(Object::keys);
    let known = |name: &&String| MEMBERS.iter().all(|column| column.header != **name);
    let declared = names.filter(known).map(|name| Column {
        header: name.clone().into(),
        pointer: format!("/attributes/{name}").into(),
        kind: Kind::Text,
        in_table: false,
    });
    MEMBERS.iter().cloned().chain(declared).collect()
}

pub(super) const MEMBERS: &[Column] = &[
    Column::text("id", "/id").only_csv(),
    Column::text("userName", "/userName").only_csv(),
    Column::text("displayName", "/displayName").only_csv(),
    Column::text("name", "/name/formatted"),
    Column::text("title", "/title"),
    Column::text("email", "/email"),
    Column::text("track", "/track"),
    Column::text("pool", "/pool"),
    Column::text("subscriptionType", "/subscriptionType"),
    Column::text("status", "/status").only_csv(),
    Column::text("displayStatus", "/displayStatus"),
    Column::text("stalled", "/stalled").only_csv(),
    Column::number("sessionsCompleted", "/sessionsCompleted"),
    Column::text("nextSessionAt", "/nextSessionAt"),
    Column::text("lastEngagementAt", "/lastEngagementAt").only_csv(),
    Column::text("accessStartDate", "/accessStartDate").only_csv(),
    Column::text("accessEndDate", "/accessEndDate"),
    Column::text("accessEndSource", "/accessEndSource").only_csv(),
    Column::text("seatState", "/seatState"),
    Column::text("seatReason", "/seatReason"),
    Column::number("waitlistPosition", "/waitlistPosition"),
    Column::text("accessLevel", "/accessLevel"),
    Column::text("identityState", "/identityState"),
    Column::text("managedBy", "/managedBy").only_csv(),
    Column::number("episode", "/episode").only_csv(),
    Column::text("department", "/attributes/department").only_csv(),
    Column::text("division", "/attributes/division").only_csv(),
    Column::text("costCenter", "/attributes/costCenter").only_csv(),
    Column::text("organization", "/attributes/organization").only_csv(),
    Column::text("region", "/attributes/region").only_csv(),
];

pub(super) const EVENTS: &[Column] = &[
    Column::text("id", "/id"),
    Column::text("type", "/type"),
    Column::text("member", "/member"),
    Column::text("occurredAt", "/occurredAt"),
    Column::text("receivedAt", "/receivedAt").only_csv(),
    Column::text("sessionId", "/sessionId"),
    Column::text("startsAt", "/startsAt"),
    Column::number("durationMin", "/durationMin").only_csv(),
    Column::text("reflectionId", "/reflectionId"),
    Column::text("result", "/result"),
    Column::text("problem", "/problem"),
];

pub(super) const SESSIONS: &[Column] = &[
    Column::text("id", "/id"),
    Column::text("state", "/state"),
    Column::text("startsAt", "/startsAt"),
    Column::number("durationMin", "/durationMin"),
    Column::number("episode", "/episode"),
];

pub(super) const POOLS: &[Column] = &[
    Column::text("key", "/key"),
    Column::text("product", "/product").only_csv(),
    Column::text("subscriptionType", "/subscriptionType").only_csv(),
    Column::text("termStart", "/termStart").only_csv(),
    Column::text("termEnd", "/termEnd"),
    Column::text("fullPolicy", "/fullPolicy"),
    Column::text("reusePolicy", "/reusePolicy").only_csv(),
    Column::sum("purchased", "/purchased"),
    Column::sum("available", "/available"),
    Column::sum("reserved", "/reserved").only_csv(),
    Column::sum("scheduled", "/scheduled"),
    Column::sum("occupied", "/occupied"),
    Column::sum("grace", "/grace"),
    Column::sum("burned", "/burned"),
    Column::sum("overage", "/overage"),
    Column::sum("waitlist", "/waitlist"),
    Column::sum("coolingDown", "/coolingDown").only_csv(),
    Column::sum("notOffered", "/notOffered").only_csv(),
    Column::number("overageLimit", "/overageLimit").only_csv(),
    Column::number("cooldownDays", "/cooldownDays").only_csv(),
    Column::number("defaultDurationDays", "/defaultDurationDays").only_csv(),
    Column::text("fallbackPool", "/fallbackPool").only_csv(),
    Column::text("state", "/state"),
    Column::number("maxReassignments", "/maxReassignments").only_csv(),
    Column::number("reassignments", "/reassignments").only_csv(),
    Column::number("unitCost", "/unitCost").only_csv(),
];

pub(super) const TRACKS: &[Column] = &[
    Column::text("key", "/key"),
    Column::text("name", "/name"),
    Column::text("product", "/product"),
    Column::text("default", "/default"),
    Column::number("durationDays", "/durationDays"),
    Column::text("state", "/state"),
];

pub(super) const MAPPINGS: &[Column] = &[
    Column::text("id", "/id"),
    Column::number("priority", "/priority"),
    Column::text("group", "/group"),
    Column::text("filter", "/filter"),
    Column::text("track", "/track"),
    Column::text("pool", "/pool"),
    Column::number("durationDays", "/durationDays"),
    Column::text("onUnmatch", "/onUnmatch"),
    Column::text("enabled", "/enabled"),
    Column::text("createdAt", "/createdAt").only_csv(),
    Column::text("owner", "/owner/userName").only_csv(),
    Column::text("ownerInactive", "/ownerInactive").only_csv(),
];

pub(super) const WAITLIST: &[Column] = &[
    Column::number("position", "/position"),
    Column::text("member", "/member/id").only_csv(),
    Column::text("userName", "/member/userName"),
    Column::text("email", "/member/email"),
    Column::text("pool", "/pool"),
    Column::text("since", "/since"),
    Column::number("priorityClass", "/priorityClass"),
    Column::text("expectedAt", "/expectedAt"),
    Column::text("id", "/id").only_csv(),
];

pub(super) const LEDGER: &[Column] = &[
    Column::number("seq", "/seq"),
    Column::text("id", "/id").only_csv(),
    Column::text("at", "/at"),
    Column::text("actor", "/actor"),
    Column::text("cause", "/cause").only_csv(),
    Column::text("action", "/action"),
    Column::text("member", "/member"),
    Column::text("assignment", "/assignment").only_csv(),
    Column::text("pool", "/pool"),
    Column::text("from", "/from"),
    Column::text("to", "/to"),
    Column::number("quantity", "/quantity"),
    Column::text("detail", "/detail").only_csv(),
];

pub(super) const CONNECTIONS: &[Column] = &[
    Column::text("name", "/name"),
    Column::text("lastSeenAt", "/lastSeenAt"),
    Column::text("lastError", "/lastError"),
    Column::text("lastErrorAt", "/lastErrorAt"),
    Column::number("tokens", "/tokens"),
    Column::text("tokenExpiresAt", "/tokenExpiresAt"),
    Column::text("breaker", "/breaker/state"),
    Column::number("breakerHeld", "/breaker/held").only_csv(),
    Column::number("requests", "/latency/count"),
    Column::number("p50Ms", "/latency/p50Ms").only_csv(),
    Column::number("p95Ms", "/latency/p95Ms"),
    Column::number("p99Ms", "/latency/p99Ms").only_csv(),
    Column::number("accessCuts", "/accessCut/count"),
    Column::number("accessCutP95Ms", "/accessCut/p95Ms"),
    Column::text("owner", "/owner/userName"),
    Column::text("ownerInactive", "/ownerInactive"),
    Column::text("createdAt", "/createdAt").only_csv(),
];

pub(super) const PLACEMENTS: &[Column] = &[
    Column::text("id", "/id"),
    Column::text("reason", "/reason"),
    Column::number("total", "/total"),
    Column::number("done", "/done"),
    Column::number("changed", "/changed"),
    Column::text("createdAt", "/createdAt"),
    Column::text("finishedAt", "/finishedAt"),
];

pub(super) const PLANS: &[Column] = &[
    Column::text("id", "/id"),
    Column::text("kind", "/kind"),
    Column::text("state", "/state"),
    Column::number("items", "/counts/total"),
    Column::number("applied", "/counts/applied"),
    Column::number("stale", "/counts/stale").only_csv(),
    Column::number("refused", "/counts/refused").only_csv(),
    Column::number("excluded", "/counts/excluded").only_csv(),
    Column::number("seats", "/seats"),
    Column::text("approvalReasons", "/approvalReasons"),
    Column::text("requestedBy", "/requestedBy").only_csv(),
    Column::text("createdAt", "/createdAt"),
    Column::text("expiresAt", "/expiresAt"),
    Column::text("hash", "/hash").only_csv(),
];

pub(super) const PLAN_ITEMS: &[Column] = &[
    Column::number("n", "/n"),
    Column::text("member", "/member/id").only_csv(),
    Column::text("userName", "/member/userName"),
    Column::text("email", "/member/email").only_csv(),
    Column::text("state", "/state"),
    Column::text("problem", "/problem"),
    Column::text("seatState", "/before/seatState"),
    Column::text("seatStateAfter", "/after/seatState"),
    Column::text("track", "/before/track").only_csv(),
    Column::text("trackAfter", "/after/track").only_csv(),
    Column::text("pool", "/before/pool"),
    Column::text("poolAfter", "/after/pool").only_csv(),
    Column::text("accessEndDate", "/before/accessEndDate"),
    Column::text("accessEndDateAfter", "/after/accessEndDate"),
    Column::sum("seatDelta", "/seatDelta"),
    Column::text("warnings", "/warnings"),
];

pub(super) const EXCLUSIONS: &[Column] = &[
    Column::text("id", "/id"),
    Column::text("member", "/member/userName"),
    Column::text("group", "/group/displayName"),
    Column::text("track", "/track"),
    Column::text("note", "/note"),
    Column::text("createdBy", "/createdBy").only_csv(),
    Column::text("createdAt", "/createdAt"),
];

pub(super) const IMPORTS: &[Column] = &[
    Column::text("id", "/id"),
    Column::text("mode", "/mode"),
    Column::text("dryRun", "/dryRun"),
    Column::text("state", "/state"),
    Column::text("plan", "/plan/id").only_csv(),
    Column::number("rows", "/rows"),
    Column::number("created", "/created"),
    Column::number("changed", "/changed"),
    Column::number("unchanged", "/unchanged"),
    Column::number("deactivated", "/deactivated"),
    Column::number("scheduled", "/scheduled"),
    Column::number("failed", "/failed"),
    Column::number("omitted", "/omitted"),
    Column::text("actor", "/actor").only_csv(),
    Column::text("createdAt", "/createdAt"),
    Column::text("finishedAt", "/finishedAt").only_csv(),
];

pub(super) const RECONCILIATIONS: &[Column] = &[
    Column::text("id", "/id"),
    Column::text("source", "/source"),
    Column::text("state", "/state"),
    Column::number("rows", "/rows"),
    Column::number("people", "/people"),
    Column::number("ok", "/buckets/ok"),
    Column::text("buckets", "/buckets").only_csv(),
    Column::text("createdAt", "/createdAt"),
];

pub(super) const FINDINGS: &[Column] = &[
    Column::text("bucket", "/bucket"),
    Column::text("suggestedAction", "/suggestedAction"),
    Column::text("email", "/email"),
    Column::text("member", "/member").only_csv(),
    Column::number("line", "/line"),
    Column::text("listedTrack", "/listed/track"),
    Column::text("heldTrack", "/held/track"),
    Column::text("listedEnd", "/listed/accessEndDate"),
    Column::text("heldEnd", "/held/accessEndDate"),
    Column::text("seatState", "/held/seatState"),
    Column::text("managedBy", "/held/managedBy").only_csv(),
    Column::text("sameName", "/sameName").only_csv(),
    Column::number("earlierLine", "/earlierLine").only_csv(),
    Column::text("detail", "/detail").only_csv(),
    Column::number("n", "/n"),
];

pub(super) const DOMAINS: &[Column] = &[
    Column::text("domain", "/domain"),
    Column::text("createdAt", "/createdAt"),
];

pub(super) const CUSTOM_ATTRIBUTES: &[Column] = &[
    Column::text("name", "/name"),
    Column::text("type", "/type"),
    Column::text("description", "/description"),
    Column::text("source", "/source"),
    Column::text("createdAt", "/createdAt").only_csv(),
];

pub(super) const ROLES: &[Column] = &[
    Column::text("role", "/role"),
    Column::text("rights", "/rights"),
];

pub(super) const REVIEWS: &[Column] = &[
    Column::text("id", "/id"),
    Column::text("kind", "/kind").only_csv(),
    Column::text("state", "/state"),
    Column::text("member", "/member/userName"),
    Column::text("memberId", "/member/id").only_csv(),
    Column::text("memberWorkerId", "/member/workerId"),
    Column::text("former", "/former/userName"),
    Column::text("formerId", "/former/id").only_csv(),
    Column::text("formerWorkerId", "/former/workerId"),
    Column::text("createdAt", "/createdAt"),
];

pub(super) const REPORTS: &[Column] = &[
    Column::text("name", "/name"),
    Column::text("title", "/title"),
    Column::text("right", "/right"),
    Column::text("parameters", "/parameters").only_csv(),
    Column::text("formats", "/formats").only_csv(),
];

pub(super) const WEBHOOKS: &[Column] = &[
    Column::text("id", "/id"),
    Column::text("url", "/url"),
    Column::text("types", "/types"),
    Column::text("engagement", "/engagement"),
    Column::text("state", "/state"),
    Column::text("disabledReason", "/disabledReason"),
    Column::number("position", "/position"),
    Column::text("oldSecretUntil", "/oldSecretUntil").only_csv(),
    Column::text("createdAt", "/createdAt").only_csv(),
    Column::text("owner", "/owner/userName"),
    Column::text("ownerInactive", "/ownerInactive"),
];

pub(super) const DELIVERIES: &[Column] = &[
    Column::number("id", "/id"),
    Column::text("message", "/message").only_csv(),
    Column::text("type", "/type"),
    Column::number("seq", "/seq"),
    Column::text("member", "/member"),
    Column::text("occurredAt", "/occurredAt"),
    Column::text("state", "/state"),
    Column::number("attempts", "/attempts"),
    Column::text("nextAt", "/nextAt"),
    Column::number("status", "/status"),
    Column::text("error", "/error"),
    Column::text("attemptedAt", "/attemptedAt").only_csv(),
    Column::text("finishedAt", "/finishedAt").only_csv(),
];

pub(super) const NUDGES: &[Column] = &[
    Column::text("id", "/id").only_csv(),
    Column::text("member", "/member"),
    Column::text("kind", "/kind").only_csv(),
    Column::text("status", "/status"),
    Column::text("reason", "/reason"),
    Column::text("message", "/message").only_csv(),
    Column::text("actor", "/actor"),
    Column::text("sentAt", "/sentAt"),
    Column::text("outcome", "/outcome"),
    Column::text("outcomeAt", "/outcomeAt"),
    Column::text("answerBy", "/answerBy").only_csv(),
];

pub(super) const INVITATIONS: &[Column] = &[
    Column::text("id", "/id"),
    Column::text("email", "/email"),
    Column::text("state", "/state"),
    Column::text("result", "/result"),
    Column::text("member", "/member").only_csv(),
    Column::text("track", "/track"),
    Column::text("pool", "/pool"),
    Column::text("startsAt", "/startsAt").only_csv(),
    Column::text("endsAt", "/endsAt").only_csv(),
    Column::number("durationDays", "/durationDays").only_csv(),
    Column::text("language", "/language").only_csv(),
    Column::text("timezone", "/timezone").only_csv(),
    Column::text("sendAt", "/sendAt"),
    Column::text("invitedAt", "/invitedAt"),
    Column::text("resentAt", "/resentAt").only_csv(),
    Column::text("createdAt", "/createdAt").only_csv(),
];
