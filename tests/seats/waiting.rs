//! Invariant 7 for every pool that would do, and whether people have what they want, worked out here
//! from what is written of them, pins and rules, and not from what the server says of its lines.

use jiff::Timestamp;
use serde_json::Value;

use super::facts::{Facts, items, number, text};
use crate::common::{COACHING, Client, Reply};

/// Nobody waits while a pool that would do for them has room; and whoever has a seat has the one that
/// they want, or is told why not.
pub(super) async fn invariant_7_nobody_waits_beside_a_seat_that_would_do(
    facts: &Facts,
    owner: &Client,
) {
    let rules = owner.get("/mappings").await.status(200);
    let mut rules = items(&rules).to_vec();
    rules.sort_by_key(|rule| {
        let id = text(rule, "id").to_owned();
        (number(rule, "priority"), rule["group"].is_null(), id)
    });
    let tracks = owner.get("/tracks").await.status(200);
    let mut tracks = items(&tracks).iter();
    let default = tracks.find(|track| track["default"] == true);
    let default = default.map(|track| text(track, "key")).unwrap_or_default();
    for member in &facts.members {
        let waits = member["seatState"] == "waitlisted";
        let is_told_why = !text(member, "seatReason").is_empty();
        if !waits && (member["seatState"] != "assigned" || is_told_why) {
            continue;
        }
        let path = format!("/members/{}", text(member, "id"));
        let detail = owner.get(&path).await.status(200);
        let wish = Wish::of(member, &detail.json, (&rules, default), facts);
        if waits {
            nothing_that_would_do_is_free(&wish, facts, &detail);
        } else {
            it_is_what_is_wanted(&wish, facts, &detail);
        }
    }
}

fn nothing_that_would_do_is_free(wish: &Wish<'_>, facts: &Facts, detail: &Reply) {
    for pool in wish.pools(facts) {
        assert!(
            !has_room(pool) || !wish.fits(pool, facts),
            "7: somebody waits beside a seat that would do\n{pool}\n{detail}"
        );
    }
}

fn it_is_what_is_wanted(wish: &Wish<'_>, facts: &Facts, detail: &Reply) {
    assert_eq!(
        text(&detail.json, "track"),
        wish.track,
        "not the track that is wanted\n{detail}"
    );
    let has = &detail["pool"];
    let would_do = wish.pools(facts).iter().any(|pool| pool["key"] == *has);
    // An extension may lead into a pool that nothing else would.
    let is_extended = !detail.at("/assignments/0/extendedUntil").is_null();
    assert!(
        would_do || is_extended,
        "not a pool that is wanted: {:?}\n{detail}",
        wish.pool
    );
}

fn has_room(pool: &Value) -> bool {
    let lends = pool["fullPolicy"] == "overage";
    let may_lend = lends && number(pool, "overage") < number(pool, "overageLimit");
    number(pool, "available") != 0 || may_lend
}

/// What somebody wants.
struct Wish<'f> {
    track: String,
    pool: Option<String>,
    starts: &'f str,
    ends: Vec<&'f str>,
}

impl<'f> Wish<'f> {
    /// By what is written of them and pinned, the rules and the default track.
    fn of(
        member: &Value,
        detail: &'f Value,
        (rules, default): (&[Value], &str),
        facts: &'f Facts,
    ) -> Self {
        let user = facts.user(text(member, "userName"));
        let user = user.unwrap_or_else(|| panic!("who waits is known to SCIM: {member}"));
        let written = &user[COACHING];
        let pins: Vec<_> = detail["pins"].as_array().into_iter().flatten().collect();
        let wish = |field: &str| -> &'f str {
            let pin = pins.iter().find(|pin| {
                let until = pin["until"].as_str().map(|at| at.parse::<Timestamp>());
                pin["field"] == field && until.is_none_or(|at| at.unwrap() > facts.now)
            });
            match pin {
                Some(pin) => text(pin, "value"),
                None => text(written, field),
            }
        };
        let track = wish("track");
        let rule = rules
            .iter()
            .find(|rule| matches(rule, user) && (track.is_empty() || text(rule, "track") == track));
        let by_rule = rule.map_or(default, |rule| text(rule, "track"));
        let named = Some(wish("pool")).filter(|pool| !pool.is_empty());
        let named = named.or(rule.and_then(|rule| rule["pool"].as_str()));
        let named = named.filter(|key| facts.pool(key)["state"] == "live");
        let ends = [wish("accessEndDate"), text(written, "terminationDate")];
        Self {
            track: if track.is_empty() { by_rule } else { track }.to_owned(),
            pool: named.map(str::to_owned),
            starts: wish("accessStartDate"),
            ends: ends
                .into_iter()
                .filter(|day| !["", "none"].contains(day))
                .collect(),
        }
    }

    /// The pools that would do, with those which they fall back on.
    fn pools<'p>(&self, facts: &'p Facts) -> Vec<&'p Value> {
        let mut pools: Vec<_> = match &self.pool {
            Some(key) => vec![facts.pool(key)],
            None => facts.pools.iter().collect(),
        };
        pools.retain(|pool| pool["state"] == "live");
        let mut at = 0;
        while let Some(pool) = pools.get(at).copied() {
            at += 1;
            let Some(fallback) = pool["fallbackPool"].as_str() else {
                continue;
            };
            let fallback = facts.pool(fallback);
            if fallback["state"] == "live" && pools.iter().all(|p| p["key"] != fallback["key"]) {
                pools.push(fallback);
            }
        }
        pools
    }

    /// Whether there would be a day of access in the pool.
    fn fits(&self, pool: &Value, facts: &Facts) -> bool {
        let today = facts.today();
        let starts = self.starts.max(text(pool, "termStart"));
        let starts = starts.max(&today);
        let ends = self.ends.iter().copied().chain([text(pool, "termEnd")]);
        ends.min().is_some_and(|ends| starts <= ends)
    }
}

fn matches(rule: &Value, user: &Value) -> bool {
    if rule["enabled"] == false {
        return false;
    }
    if let Some(group) = rule["group"].as_str() {
        let mut groups = user["groups"].as_array().into_iter().flatten();
        return groups.any(|of| of["display"] == group);
    }
    // The only filters in these histories are of this form.
    let title = text(rule, "filter").strip_prefix("title eq \"");
    let title = title.and_then(|rest| rest.strip_suffix('"'));
    title.is_some_and(|title| user["title"] == title)
}
