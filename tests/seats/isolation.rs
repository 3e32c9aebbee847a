//! Invariant 12: nothing of one tenant is there for another.

use serde_json::json;

use crate::common::{Client, Tenant};

/// Another customer of the server, who tries identifiers that they cannot know.
pub(super) struct Neighbour {
    scim: Client,
    owner: Client,
}

impl Neighbour {
    pub(super) fn new(tenant: &Tenant) -> Self {
        Self {
            scim: tenant.scim(),
            owner: tenant.admin("owner"),
        }
    }

    /// Each identifier, as anything it could name, is answered as one that never was.
    pub(super) async fn invariant_12_nothing_of_another_tenant_is_there(&self, ids: &[String]) {
        for id in ids {
            for kind in ["Users", "Groups"] {
                let path = format!("/{kind}/{id}");
                self.scim.get(&path).await.error(404, "");
                self.scim.delete(&path).await.error(404, "");
                let on = json!([{"op": "replace", "path": "displayName", "value": "x"}]);
                self.scim.patch(&path, on).await.error(404, "");
            }
            for path in [
                "/members/",
                "/plans/",
                "/invitations/",
                "/imports/",
                "/mappings/",
                "/placements/",
                "/reconciliations/",
            ] {
                self.owner.get(&format!("{path}{id}")).await.status(404);
            }
            let end = json!({"reason": "declined"});
            let end = self.owner.post(&format!("/members/{id}/end"), end).await;
            end.status(404);
            let apply = json!({"hash": "0".repeat(64)});
            let apply = self.owner.post(&format!("/plans/{id}/apply"), apply).await;
            apply.status(404);
            let cancel = self.owner.delete(&format!("/invitations/{id}")).await;
            cancel.status(404);
        }
    }
}
