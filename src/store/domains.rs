//! The domains that addresses of newcomers may be of.

use jiff::Timestamp;

use super::engine::args;
use super::seats::named;
use super::{Error, Session, Tx};
use crate::seats::named as named_enum;

named_enum! {
    /// What signing in with an address of a domain comes to for whom nobody has made.
    Joining {
        /// Nothing.
        None = "none",
        /// A place in line, never a seat.
        Waitlist = "waitlist",
    }
}

/// A domain.
#[derive(Debug, Clone)]
pub struct AllowedDomain {
    /// In lower case.
    pub domain: String,
    /// What signing in comes to.
    pub joining: Joining,
    /// When it was declared.
    pub created_at: Timestamp,
}

impl Session {
    /// The tenant's domains, by name.
    pub async fn domains(&mut self) -> Result<Vec<AllowedDomain>, Error> {
        let sql = "select domain, joining, created_at from allowed_domain where tenant_id = $1 \
                   order by domain";
        let rows = self.all(sql, args![self.tenant]).await?;
        rows.iter()
            .map(|row| {
                Ok(AllowedDomain {
                    domain: row.get("domain")?,
                    joining: named(row, "joining")?,
                    created_at: row.instant("created_at")?,
                })
            })
            .collect()
    }
}

impl Tx {
    /// Declares a domain; false if it is declared already.
    pub async fn insert_domain(&mut self, d: &AllowedDomain) -> Result<bool, Error> {
        let sql = "insert into allowed_domain (tenant_id, domain, joining, created_at) \
                   values ($1, $2, $3, $4) on conflict do nothing";
        let values = args![self.tenant, &d.domain, d.joining.as_str(), d.created_at];
        Ok(self.run(sql, values).await? > 0)
    }

    /// Takes a domain back; false if there is none of this name.
    pub async fn delete_domain(&mut self, domain: &str) -> Result<bool, Error> {
        let sql = "delete from allowed_domain where tenant_id = $1 and domain = $2";
        Ok(self.run(sql, args![self.tenant, domain]).await? > 0)
    }
}
