//! What an operator does to one person in a history, and what the person answers.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::facts::{items, text};
use super::step::Step;
use super::world::{World, refused};

/// How people reach the server, as links that are sent to them have it.
pub(super) const PUBLIC_URL: &str = "https://seats.acme.example";

impl World<'_> {
    /// Answers whether it was refused; nothing where no operator does this to one person.
    pub(super) async fn by_operator(&mut self, step: &Step) -> Option<bool> {
        // Of whole hours, so that it is the same instant when it is asked for again.
        let hour = self.hour();
        let later = |hours: Option<i64>| hours.map(|n| hour + SignedDuration::from_hours(n));
        let (who, verb, body, refusals): (_, _, _, &[u16]) = match *step {
            Step::End { who } => (who, "end", json!({"reason": "role_change"}), &[]),
            // Refused for whoever has no seat to extend, for a pool that ends before, or is full.
            Step::Extend { who, days, pool } => {
                let mut body = json!({"addDays": days});
                if let Some(pool) = pool {
                    body["pool"] = pool.into();
                }
                (who, "extend", body, &[400, 403, 409])
            }
            Step::Pause { who, hours } => (who, "pause", json!({"until": later(hours)}), &[409]),
            Step::Resume { who } => (who, "resume", json!({}), &[409]),
            // Somebody without a seat, a pool that is full or closed, one that refuses.
            Step::Transfer {
                who,
                track,
                pool,
                wait,
            } => {
                let body = json!({"track": track, "pool": pool, "wait": wait});
                (who, "transfer", body, &[400, 403, 409])
            }
            Step::Pin {
                who,
                pool: Some(pool),
                hours,
            } => {
                let body = json!({"field": "pool", "value": pool, "until": later(hours)});
                (who, "pin", body, &[400, 403, 409])
            }
            Step::Pin { who, .. } => return Some(self.unpin(who).await),
            Step::Turn { who, on: true } => {
                (who, "reactivate", json!({"override": true}), &[403, 409])
            }
            Step::Turn { who, on: false } => {
                let body = json!({"reason": "inactive", "override": true});
                (who, "deactivate", body, &[409])
            }
            Step::Prioritise { place, class } => return Some(self.prioritise(place, class).await),
            Step::Promote => {
                let done = self.owner.post("/waitlist/promote", json!({})).await;
                done.status(200);
                return Some(false);
            }
            Step::Review { same } => return Some(self.review(same).await),
            Step::Ask { who, keeps } => return Some(self.ask(who, keeps).await),
            _ => return None,
        };
        let Some(id) = self.scim_id(who) else {
            return Some(true);
        };
        let path = format!("/members/{id}/{verb}");
        let reply = self.owner.post(&path, body).await;
        Some(refused(&reply, refusals))
    }

    async fn unpin(&self, who: usize) -> bool {
        let Some(id) = self.scim_id(who) else {
            return true;
        };
        let path = format!("/members/{id}/pin?field=pool");
        refused(&self.owner.delete(&path).await, &[])
    }

    async fn prioritise(&self, place: usize, class: i64) -> bool {
        let line = self.owner.get("/waitlist").await.status(200);
        let line = items(&line);
        let Some(one) = place.checked_rem(line.len()).and_then(|n| line.get(n)) else {
            return true;
        };
        let id = text(one, "id").to_owned();
        let path = format!("/waitlist/{id}");
        for _ in 0..2 {
            let reply = self.patch(&path, json!({"priorityClass": class})).await;
            reply.status(200).holds("/priorityClass", class);
        }
        false
    }

    /// Decides the oldest review that is open. Of two who are one, one seat may go.
    async fn review(&mut self, same: bool) -> bool {
        let open = self.owner.get("/reviews?state=open").await.status(200);
        let Some(review) = items(&open).last().cloned() else {
            return true;
        };
        self.made.insert(text(&review, "id").to_owned());
        let verb = if same { "merge" } else { "dismiss" };
        let path = format!("/reviews/{}/{verb}", text(&review, "id"));
        let reply = self.owner.post(&path, json!({})).await;
        let refused = refused(&reply, &[403, 409]);
        if same && !refused {
            let of = |which: &str| text(&review[which], "id").to_owned();
            self.may_lose_too([of("member")]);
            let before = &self.facts.standing().assigned;
            let had = before.contains_key(&of("member")) || before.contains_key(&of("former"));
            let has = reply.at("/member/seatState") == "assigned";
            assert!(!had || has, "6: access was lost by being one\n{reply}");
        }
        refused
    }

    /// Asks whether they keep the seat, and says what they answer.
    async fn ask(&mut self, who: usize, keeps: bool) -> bool {
        let Some(id) = self.scim_id(who) else {
            return true;
        };
        let before = self.receiver.got().len();
        let body = json!({"kind": "keep_or_release"});
        let asked = self.owner.post(&format!("/members/{id}/nudge"), body).await;
        if refused(&asked, &[409]) {
            return true;
        }
        let got = self.receiver.until_got(before + 1).await;
        let link = &got[before].json["data"]["nudge"]["answer"]["url"];
        let path = link.as_str().and_then(|url| url.strip_prefix(PUBLIC_URL));
        let path = path.unwrap_or_else(|| panic!("no link in {}", got[before].body));
        let url = format!("http://{}{path}", self.stage.server.address);
        let answer: Value = json!({"answer": if keeps { "keep" } else { "release" }});
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        for _ in 0..2 {
            let said = http.post(&url).json(&answer).send().await.unwrap();
            assert_eq!(said.status().as_u16(), 200, "{said:?}");
        }
        false
    }
}
