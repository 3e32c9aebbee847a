//! The domains that addresses of newcomers may be of.

use jiff::Timestamp;

use super::engine::args;
use super::{Error, Session, Tx};

/// A domain.
#[derive(Debug, Clone)]
pub struct AllowedDomain {
    /// In lower case.
    pub domain: String,
    /// When it was declared.
    pub created_at: Timestamp,
}

impl Session {
    /// The tenant's domains, by name.
    pub async fn domains(&mut self) -> Result<Vec<AllowedDomain>, Error> {
        let sql = "select domain, created_at from allowed_domain where tenant_id = $1 \
                   order by domain";
        let rows = self.all(sql, args![self.tenant]).await?;
        rows.iter()
            .map(|row| {
                Ok(AllowedDomain {
                    domain: row.get("domain")?,
                    created_at: row.instant("created_at")?,
                })
            })
            .collect()
    }
}

impl Tx {
    /// Declares a domain; false if it is declared already.
    pub async fn insert_domain(&mut self, d: &AllowedDomain) -> Result<bool, Error> {
        let sql = "insert into allowed_domain (tenant_id, domain, created_at) \
                   values ($1, $2, $3) on conflict do nothing";
        let values = args![self.tenant, &d.domain, d.created_at];
        Ok(self.run(sql, values).await? > 0)
    }

    /// Takes a domain back; false if there is none of this name.
    pub async fn delete_domain(&mut self, domain: &str) -> Result<bool, Error> {
        let sql = "delete from allowed_domain where tenant_id = $1 and domain = $2";
        Ok(self.run(sql, args![self.tenant, domain]).await? > 0)
    }
}
