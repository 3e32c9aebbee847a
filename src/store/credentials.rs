//! Tokens and the connections they belong to.

use jiff::Timestamp;
use uuid::Uuid;

use super::engine::{Row, args};
use super::seats::named;
use super::{Error, Session, Store, TenantId, Tx};
use crate::seats::named as named_enum;

named_enum! {
    /// What a credential may do (domain 4.14).
    Role {
        /// An identity provider: SCIM and nothing else.
        Scim = "scim",
        /// Reads members and seats.
        Viewer = "viewer",
        /// Ends, extends and invites.
        ProgramAdmin = "program_admin",
        /// Pools, tracks and mappings as well.
        LicenseAdmin = "license_admin",
        /// Approves what others plan.
        Approver = "approver",
        /// Reads the ledger.
        Auditor = "auditor",
        /// Everything but SCIM.
        Owner = "owner",
    }
}

/// A token as stored: never the secret, only its hash.
#[derive(Debug, Clone)]
pub struct Token {
    /// The part of the token that names it.
    pub id: String,
    /// Whose.
    pub tenant: TenantId,
    /// The connection an identity provider's token belongs to.
    pub connection: Option<Uuid>,
    /// The person whose it is, where it is somebody's in particular.
    pub member: Option<Uuid>,
    /// What it may do.
    pub role: Role,
    /// SHA-256 of the secret part.
    pub secret_hash: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ceases to work.
    pub expires_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// When it was last seen, to the minute or so.
    pub last_used_at: Option<Timestamp>,
}

/// One identity provider or HR system.
#[derive(Debug, Clone)]
pub struct Connection {
    /// Identifier.
    pub id: Uuid,
    /// Name.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Its latest request.
    pub last_seen_at: Option<Timestamp>,
    /// The latest refusal it met.
    pub last_error: Option<String>,
    /// When that was.
    pub last_error_at: Option<Timestamp>,
}

fn token(row: &Row) -> Result<Token, Error> {
    Ok(Token {
        id: row.get("id")?,
        tenant: TenantId(row.get("tenant_id")?),
        connection: row.get("connection_id")?,
        member: row.get("member_id")?,
        role: named(row, "role")?,
        secret_hash: row.get("secret_hash")?,
        created_at: row.instant("created_at")?,
        expires_at: row.instant("expires_at")?,
        revoked_at: row.maybe_instant("revoked_at")?,
        last_used_at: row.maybe_instant("last_used_at")?,
    })
}

macro_rules! token_columns {
    () => {
        "id, tenant_id, connection_id, member_id, role, secret_hash, created_at, expires_at, \
         revoked_at, last_used_at from token "
    };
}

impl Store {
    /// The token with this identifier, of whichever tenant: it says which tenant a caller is.
    pub async fn token(&self, id: &str) -> Result<Option<Token>, Error> {
        const SQL: &str = concat!("select ", token_columns!(), "where id = $1");
        let row = self
            .read(TenantId(0))
            .await?
            .optional(SQL, args![id])
            .await?;
        row.as_ref().map(token).transpose()
    }
}

impl Session {
    /// The tenant's tokens, the oldest first.
    pub async fn tokens(&mut self) -> Result<Vec<Token>, Error> {
        const SQL: &str = concat!(
            "select ",
            token_columns!(),
            "where tenant_id = $1 order by created_at, id"
        );
        self.all(SQL, args![self.tenant])
            .await?
            .iter()
            .map(token)
            .collect()
    }

    /// The tenant's connections, by name.
    pub async fn connections(&mut self) -> Result<Vec<Connection>, Error> {
        let sql = "select id, name, created_at, last_seen_at, last_error, last_error_at \
                   from connection where tenant_id = $1 order by name";
        self.all(sql, args![self.tenant])
            .await?
            .iter()
            .map(|row| {
                Ok(Connection {
                    id: row.get("id")?,
                    name: row.get("name")?,
                    created_at: row.instant("created_at")?,
                    last_seen_at: row.maybe_instant("last_seen_at")?,
                    last_error: row.get("last_error")?,
                    last_error_at: row.maybe_instant("last_error_at")?,
                })
            })
            .collect()
    }
}

impl Tx {
    /// The connection with this name, made if there is none.
    pub async fn connection_named(&mut self, name: &str, now: Timestamp) -> Result<Uuid, Error> {
        let sql = "insert into connection (tenant_id, id, name, created_at) values ($1, $2, $3, $4) \
                   on conflict (tenant_id, name) do update set name = excluded.name returning id";
        self.one(sql, args![self.tenant, Uuid::now_v7(), name, now])
            .await?
            .get("id")
    }

    /// Makes a token.
    pub async fn insert_token(&mut self, token: &Token) -> Result<(), Error> {
        self.run(
            "insert into token (id, tenant_id, connection_id, role, secret_hash, created_at, \
               expires_at, member_id) values ($1, $2, $3, $4, $5, $6, $7, $8)",
            args![
                &token.id,
                self.tenant,
                token.connection,
                token.role.as_str(),
                token.secret_hash.clone(),
                token.created_at,
                token.expires_at,
                token.member
            ],
        )
        .await?;
        Ok(())
    }

    /// Revokes a token; answers whether there was one to revoke.
    pub async fn revoke_token(&mut self, id: &str, now: Timestamp) -> Result<bool, Error> {
        let sql = "update token set revoked_at = $3 where tenant_id = $1 and id = $2 \
                   and revoked_at is null";
        Ok(self.run(sql, args![self.tenant, id, now]).await? > 0)
    }

    /// Writes when a token was last used.
    pub async fn token_used(&mut self, id: &str, at: Timestamp) -> Result<(), Error> {
        let sql = "update token set last_used_at = $3 where tenant_id = $1 and id = $2";
        self.run(sql, args![self.tenant, id, at]).await?;
        Ok(())
    }

    /// Writes when a connection was last seen, and its latest refusal if there is a new one.
    pub async fn connection_seen(
        &mut self,
        id: Uuid,
        at: Timestamp,
        error: Option<(&str, Timestamp)>,
    ) -> Result<(), Error> {
        self.run(
            "update connection set last_seen_at = $3, last_error = coalesce($4, last_error), \
               last_error_at = coalesce($5, last_error_at) where tenant_id = $1 and id = $2",
            args![self.tenant, id, at, error.map(|e| e.0), error.map(|e| e.1)],
        )
        .await?;
        Ok(())
    }
}
