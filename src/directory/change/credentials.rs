//! What somebody who leaves could still call with ends in the transaction in which they leave.

use serde_json::json;

use super::{Change, object};
use crate::directory::Error;
use crate::store::credentials::Role;
use crate::store::members::Member;

impl Change<'_> {
    /// Revokes the tokens of somebody who is not here any more. Whoever had any, or looks after
    /// something, leaves a review to whoever stays.
    pub(in crate::directory) async fn cut_credentials(
        &mut self,
        member: &Member,
    ) -> Result<(), Error> {
        let tokens = self.tx.revoke_tokens_of(member.id, self.now).await?;
        let admin = tokens.iter().any(|(_, role)| *role == Role::Owner);
        for (token, role) in &tokens {
            let detail = object(json!({"token": token, "role": role.as_str()}));
            self.line("token.revoked", Some(member.id), None, None, detail);
        }
        if tokens.is_empty() && self.tx.owned_by(member.id).await?.is_empty() {
            return Ok(());
        }
        let opened = self
            .tx
            .open_credential_review(member.id, admin, self.now)
            .await?;
        if opened {
            let detail = object(json!({"admin": admin}));
            self.line("credentials.to_review", Some(member.id), None, None, detail);
        }
        Ok(())
    }
}
