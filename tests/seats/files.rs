//! Invitations and files of HR systems in a history.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::facts::{items, text};
use super::step::Step;
use super::world::{World, name, refused};

impl World<'_> {
    /// Answers whether it was refused; nothing where it is neither.
    pub(super) async fn by_file_or_invitation(&mut self, step: &Step) -> Option<bool> {
        let refused = match *step {
            Step::Invite { who, pool, hours } => self.invite(who, pool, hours).await,
            Step::CallOff => match self.newest("scheduled").await {
                Some(id) => {
                    let off = self.owner.delete(&format!("/invitations/{id}")).await;
                    refused(&off, &[409])
                }
                None => true,
            },
            Step::Resend => match self.newest("sent").await {
                Some(id) => {
                    let path = format!("/invitations/{id}/resend");
                    refused(&self.owner.post(&path, json!({})).await, &[409])
                }
                None => true,
            },
            Step::Import {
                who,
                track,
                pool,
                ends_in,
            } => {
                let (track, pool) = (track.unwrap_or(""), pool.unwrap_or(""));
                let end = ends_in.map(|days| self.day(days)).unwrap_or_default();
                let file = format!(
                    "worker_id,email,track,pool,access_end\nw{who},{},{track},{pool},{end}\n",
                    name("u", who)
                );
                self.import("upsert", file).await
            }
            Step::Leaver { who, ends_in } => {
                let end = ends_in.map(|days| self.day(days)).unwrap_or_default();
                let file = format!(
                    "worker_id,email,termination_date\nw{who},{},{end}\n",
                    name("u", who)
                );
                self.import("deprovision", file).await
            }
            _ => return None,
        };
        Some(refused)
    }

    async fn invite(&mut self, who: usize, pool: Option<&str>, hours: Option<i64>) -> bool {
        let mut body = json!({"emails": [name("u", who)]});
        if let Some(pool) = pool {
            body["pool"] = pool.into();
        }
        if let Some(hours) = hours {
            let at = self.hour() + SignedDuration::from_hours(hours);
            body["sendAt"] = at.to_string().into();
        }
        let reply = self.owner.post("/invitations", body).await;
        // A pool that is closed is wrong.
        if refused(&reply, &[400]) {
            return true;
        }
        let invited = items(&reply).iter().filter_map(|item| item["id"].as_str());
        self.made.extend(invited.map(str::to_owned));
        reply["refused"] != 0
    }

    async fn newest(&self, state: &str) -> Option<String> {
        let path = format!("/invitations?state={state}");
        let all = self.owner.get(&path).await.status(200);
        items(&all).first().map(|one| text(one, "id").to_owned())
    }

    async fn import(&mut self, mode: &str, file: String) -> bool {
        let path = format!("/imports?dryRun=false&mode={mode}");
        let request = self.owner.request(reqwest::Method::POST, &path);
        let reply = request.body("text/csv", file.clone()).await.status(201);
        self.made.insert(reply.id());
        assert_eq!(reply.at("/rows"), &json!(1), "{file}\n{reply}");
        reply["failed"] != 0
    }

    /// Invitations whose time has come are sent behind; waits for that.
    pub(super) async fn invitations_are_sent(&self) {
        let now = self.stage.server.clock.now();
        for _ in 0..1000 {
            let open = self.owner.get("/invitations?state=scheduled&limit=500");
            let open = open.await.status(200);
            let mut times = items(&open).iter().map(|one| text(one, "sendAt"));
            if times.all(|at| at.parse::<Timestamp>().unwrap() > now) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("invitations are not sent");
    }
}
