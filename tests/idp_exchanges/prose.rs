//! Expectations in plain words, each by its exact text.

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::assertion::holds;
use crate::common::{Reply, tenant::user};
use crate::path::find;
use crate::replay::{Step, resource, send};

type Outcome = Result<(), String>;

/// None when the line is not one of these.
pub async fn check(line: &str, step: &Step<'_>) -> Option<Outcome> {
    if let Some(outcome) = of_the_answer(line, step) {
        return Some(outcome);
    }
    if let Some(outcome) = of_a_second_request(line, step).await {
        return Some(outcome);
    }
    let now = resource(step.tenant, step.variables, step.request).await;
    of_the_resource(line, step, &now)
}

/// What the answer alone shows.
fn of_the_answer(line: &str, step: &Step<'_>) -> Option<Outcome> {
    let reply = step.reply;
    let good = match line {
        // The client holds every answer of the server against these two.
        "no attribute property is null" | "no password" | "no password in any response" => true,
        "Resources[id=User].attributes has active type boolean" => {
            at(
                &reply.json,
                "Resources[id=User].attributes[name=active].type",
            ) == json!(["boolean"])
        }
        "if 200: ListResponse" => reply.status != 200 || reply["Resources"].is_array(),
        "if 200: each resource has only id + schemas (+meta)" => {
            reply.status != 200
                || reply
                    .resources()
                    .iter()
                    .filter_map(Value::as_object)
                    .all(|resource| {
                        resource
                            .keys()
                            .all(|key| matches!(key.as_str(), "id" | "schemas" | "meta"))
                    })
        }
        "exactly one primary==true, type home" => {
            at(&reply.json, "emails[*].primary")
                .as_array()
                .is_some_and(|primaries| {
                    primaries
                        .iter()
                        .filter(|primary| **primary == json!(true))
                        .count()
                        == 1
                })
                && reply.element("emails", "type", "home")["primary"] == true
        }
        "emails has ONE entry type=untyped with value, display, primary" => {
            let email = reply.element("emails", "type", "untyped");
            ["value", "display", "primary"]
                .iter()
                .all(|key| email.get(key).is_some())
        }
        "if 201: null attributes absent in response; if 400: scimType invalidSyntax/invalidValue" =>
        {
            let written_null = [
                "addresses",
                "phoneNumbers",
                "title",
                "department",
                "manager",
            ];
            match reply.status {
                201 => written_null.iter().all(|key| reply.json.get(key).is_none()),
                _ => reply["scimType"] == "invalidSyntax" || reply["scimType"] == "invalidValue",
            }
        }
        "server does not 4xx/5xx" | "id in value ignored, not 400 mutability" => reply.status < 400,
        "never 500" => reply.status < 500,
        "no id repeated from page 1" => {
            let (page_1, page_2) = (ids(step.previous), ids(&reply.json));
            !page_2.is_empty() && page_2.iter().all(|id| !page_1.contains(id))
        }
        "new id" => reply["id"].as_str() != step.variables.get("userA"),
        "id non-empty string without 'bulkId'" => reply["id"]
            .as_str()
            .is_some_and(|id| !id.is_empty() && !id.contains("bulkId")),
        "body not empty (else Okta: 'Create new user returned empty user')" => {
            reply.json.is_object()
        }
        "meta.created not taken from the request" => {
            reply["meta"]["created"] == step.before["meta"]["created"]
        }
        "meta.location is this server's" => {
            reply.at("/meta/location")
                == &format!("{}/Users/{}", step.tenant.scim().base(), reply.id())
        }
        "if 201: SAME id, active == true" => {
            reply.status != 201
                || (reply["id"].as_str() == step.variables.get("userB") && reply["active"] == true)
        }
        "itemsPerPage == number returned" => reply["itemsPerPage"] == reply.resources().len(),
        "Resources == [] when beyond the end, status 200" => {
            reply.status == 200 && (reply.total() > 100 || reply.resources().is_empty())
        }
        "type defaults to User" => newest_member(step)["type"] == "User",
        "display is server's, not client's" => {
            newest_member(step)["display"] != step.sent()["Operations"][0]["value"][0]["display"]
        }
        "displayName changed" => reply["displayName"] != step.before["displayName"],
        "each: id,name,endpoint,schema" => reply.resources().iter().all(|one| {
            ["id", "name", "endpoint", "schema"]
                .iter()
                .all(|key| one[key].is_string())
        }),
        _ => return None,
    };
    Some(holds(good, || "it does not hold".to_owned()))
}

/// What the resource shows, read again, beside what it was before.
fn of_the_resource(line: &str, step: &Step<'_>, now: &Value) -> Option<Outcome> {
    let before = &step.before;
    let enterprise = &now["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"];
    let sent = &step.sent()["Operations"][0]["value"];
    let good = match line {
        "meta.lastModified may stay (no change)" => now["meta"] == before["meta"],
        "GET: addresses has one entry type=work formatted='123 fake st.'" => {
            at(now, "addresses[type=work].formatted") == json!(["123 fake st."])
        }
        "GET: existing type=home entry unchanged" => {
            at(now, "addresses[type=home]") == at(before, "addresses[type=home]")
        }
        "resource unchanged" | "no change" => now == before,
        "GET: work e-mail is NOT updated@example.org" => {
            at(now, "emails[type=work].value") != json!(["updated@example.org"])
        }
        "GET: groups membership unchanged" => now["groups"] == before["groups"],
        "GET: manager absent, null, or manager.value in ('', null)" => {
            enterprise.get("manager").is_none()
        }
        "GET: each of the four is null, '' or absent" => {
            cleared(now, enterprise) && at(now, "phoneNumbers[type=work].value") == json!([])
        }
        "GET: all null/''/absent" => cleared(now, enterprise),
        "GET: roles values == {User,Test} exactly" => {
            at(now, "roles[*].value") == json!(["User", "Test"])
        }
        "GET: one role with primary == true, value == Owner" => {
            at(now, "roles[*]").as_array().is_some_and(|roles| {
                let mut primary = roles.iter().filter(|role| role["primary"] == true);
                primary.next().is_some_and(|role| role["value"] == "Owner")
                    && primary.next().is_none()
            })
        }
        "ALL OTHER members remain" => {
            let mut rest = before["members"].as_array().cloned().unwrap_or_default();
            rest.retain(|member| member["value"] != sent[0]["value"]);
            rest.len() > 1 && now["members"] == Value::from(rest)
        }
        "GET: displayName updated" => now["displayName"] == *sent,
        "body is the full user" => step.reply.json == *now,
        "all other attributes unchanged" => {
            let besides = |user: &Value| {
                let mut user = user.as_object().cloned().unwrap_or_default();
                // What seats and access came to is an outcome of `active`, not another attribute.
                user.retain(|key, _| {
                    !matches!(key.as_str(), "active" | "meta") && !key.contains(":coaching:")
                });
                user
            };
            besides(now) == besides(before)
        }
        "if 4xx: nothing applied and detail names only the unknown id" => {
            step.reply.status < 400 || (now == before && step.reply.text.contains("dead"))
        }
        _ => return None,
    };
    Some(holds(good, || format!("before: {before}\nnow: {now}")))
}

/// What only another request can show.
async fn of_a_second_request(line: &str, step: &Step<'_>) -> Option<Outcome> {
    let scim = step.tenant.scim();
    let again = async || send(step.tenant, step.variables, step.request).await;
    let found = async |path: &str, filter: String| {
        let reply = scim.get(path).query("filter", &filter).await.status(200);
        holds(reply.total() == 0, || format!("it is still found: {reply}"))
    };
    Some(match line {
        "repeat is idempotent" => {
            let first = resource(step.tenant, step.variables, step.request).await;
            let repeated = again().await;
            let second = resource(step.tenant, step.variables, step.request).await;
            holds(repeated.status < 300 && first == second, || {
                format!("{first}\n{second}")
            })
        }
        "stable order" => {
            let second = again().await;
            holds(ids(&second.json) == ids(&step.reply.json), || {
                format!("{second}")
            })
        }
        "filter displayName -> totalResults 0" => {
            found(
                "/Groups",
                format!("displayName eq {}", step.before["displayName"]),
            )
            .await
        }
        "filter -> 200 totalResults 0" => {
            found("/Users", format!("userName eq {}", step.before["userName"])).await
        }
        "users still exist" => {
            let mut outcome = Ok(());
            for name in ["userA", "userB", "userC"] {
                let reply = scim
                    .get(&format!(
                        "/Users/{}",
                        step.variables.get(name).unwrap_or_default()
                    ))
                    .await;
                outcome = outcome.and(holds(reply.status == 200, || format!("{name}: {reply}")));
            }
            outcome
        }
        "group memberships unchanged although groups == []" => keeps_its_groups(step).await,
        "run 5 in parallel with different users: all 5 present afterwards, none lost, no 409/412/500" => {
            five_in_parallel(step).await
        }
        _ => return None,
    })
}

/// The recording's user has no group at that point, so it is put into one and the PUT sent again.
async fn keeps_its_groups(step: &Step<'_>) -> Outcome {
    let id = step.reply.id();
    let group = step.tenant.create_group("Kept by a PUT", &[&id]).await;
    let reply = send(step.tenant, step.variables, step.request).await;
    step.tenant
        .scim()
        .delete(&format!("/Groups/{}", group.id()))
        .await
        .status(204);
    holds(reply.values("groups") == [group.id()], || {
        format!("{reply}")
    })
}

async fn five_in_parallel(step: &Step<'_>) -> Outcome {
    let group = step.variables.fill(&step.request.path);
    let mut patches = JoinSet::new();
    let mut added = Vec::new();
    for number in 0..5 {
        let body = user(&format!("parallel-{number}@example.com"), json!({}));
        let id = step
            .tenant
            .scim()
            .post("/Users", body)
            .await
            .status(201)
            .id();
        let add = json!([{"op": "Add", "path": "members", "value": [{"value": id}]}]);
        let (scim, group) = (step.tenant.scim(), group.clone());
        patches.spawn(async move { scim.patch(&group, add).await });
        added.push(id);
    }
    let answers = patches.join_all().await;
    let failed: Vec<&Reply> = answers.iter().filter(|reply| reply.status >= 300).collect();
    holds(failed.is_empty(), || format!("{failed:?}"))?;
    let after = step.tenant.scim().get(&group).await;
    let present = after.values("members");
    holds(
        added.iter().all(|id| present.contains(&id.as_str())),
        || format!("some are lost: {after}"),
    )
}

/// The values at a path as a list.
fn at(root: &Value, path: &str) -> Value {
    find(root, path)
        .unwrap_or_default()
        .into_iter()
        .cloned()
        .collect()
}

fn ids(list: &Value) -> Vec<&str> {
    list["Resources"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|one| one["id"].as_str())
        .collect()
}

fn cleared(user: &Value, enterprise: &Value) -> bool {
    user.get("title").is_none()
        && user["name"].get("givenName").is_none()
        && enterprise.get("department").is_none()
}

/// The member that the request added.
fn newest_member<'a>(step: &'a Step<'_>) -> &'a Value {
    let sent = step.sent();
    let id = sent["Operations"][0]["value"][0]["value"].as_str();
    step.reply
        .element("members", "value", id.unwrap_or_default())
}
