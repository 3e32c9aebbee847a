//! Attributes that a tenant has declared, and who holds values of them.

use jiff::Timestamp;

use super::engine::{Row, args};
use super::seats::named;
use super::{Error, Session, Tx};
use crate::seats::attribute::{CustomAttribute, plain};

/// A declared attribute as operators see it.
#[derive(Debug, Clone)]
pub struct StoredAttribute {
    /// The attribute.
    pub attribute: CustomAttribute,
    /// When it was declared.
    pub created_at: Timestamp,
}

impl Session {
    /// The tenant's attributes, those that are undeclared and still held too, by name.
    pub async fn custom_attributes(&mut self) -> Result<Vec<StoredAttribute>, Error> {
        let sql = "select name, type, description, source, declared, created_at \
                   from custom_attribute where tenant_id = $1 order by key";
        let rows = self.all(sql, args![self.tenant]).await?;
        rows.iter().map(stored).collect()
    }

    /// Whether anybody holds a value of an attribute.
    pub async fn attribute_is_held(&mut self, name: &str) -> Result<bool, Error> {
        let sql =
            "select member_id from member_attribute where tenant_id = $1 and name = $2 limit 1";
        let found = self.optional(sql, args![self.tenant, name]).await?;
        Ok(found.is_some())
    }
}

fn stored(row: &Row) -> Result<StoredAttribute, Error> {
    Ok(StoredAttribute {
        attribute: CustomAttribute {
            name: row.get("name")?,
            kind: named(row, "type")?,
            description: row.get("description")?,
            source: row.get("source")?,
            declared: row.get("declared")?,
        },
        created_at: row.instant("created_at")?,
    })
}

impl Tx {
    /// Declares an attribute, in the place of one that was undeclared.
    pub async fn declare_attribute(&mut self, stored: &StoredAttribute) -> Result<(), Error> {
        let a = &stored.attribute;
        self.run(
            "insert into custom_attribute \
               (tenant_id, key, name, type, description, source, declared, created_at) \
             values ($1, $2, $3, $4, $5, $6, $7, $8) \
             on conflict (tenant_id, key) do update set name = excluded.name, \
               type = excluded.type, description = excluded.description, \
               source = excluded.source, declared = excluded.declared, \
               created_at = excluded.created_at",
            args![
                self.tenant,
                plain(&a.name),
                &a.name,
                a.kind.as_str(),
                a.description.as_deref(),
                a.source.as_deref(),
                a.declared,
                stored.created_at,
            ],
        )
        .await?;
        Ok(())
    }

    /// Takes an attribute back: hidden while it is held, else gone.
    pub async fn undeclare_attribute(&mut self, name: &str, hide: bool) -> Result<(), Error> {
        let sql = if hide {
            "update custom_attribute set declared = $3 where tenant_id = $1 and key = $2"
        } else {
            "delete from custom_attribute where tenant_id = $1 and key = $2 and declared <> $3"
        };
        self.run(sql, args![self.tenant, plain(name), false])
            .await?;
        Ok(())
    }
}
