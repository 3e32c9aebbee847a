//! The domains that newcomers' addresses may be of.

use jiff::Timestamp;
use serde_json::Value;

use super::body::{Body, required};
use super::roles::Right;
use super::{Items, Query, conflict, cursor, not_found, object, wrong};
use crate::directory::{Caller, Code, Directory, Error, Refusal};
use crate::scim::Object;
use crate::store::domains::AllowedDomain;
use crate::store::transact;

impl Directory {
    /// Declares a domain. From the first on, nobody is made with an address of another.
    pub async fn create_domain(
        &self,
        caller: &Caller,
        body: Value,
        now: Timestamp,
    ) -> Result<Object, Error> {
        caller.may(Right::Configure)?;
        let body = Body::of(body, &["domain"])?;
        let declared = AllowedDomain {
            domain: domain(&required("domain", body.text("domain", 253)?)?)?,
            created_at: now,
        };
        transact!(self.store, caller.tenant, |tx| {
            if !tx.insert_domain(&declared).await? {
                let field = [("field", "domain".into())];
                return Err(conflict(Code::Taken, "this domain is declared already", field).into());
            }
            // Whoever makes people knows the domains by the catalog's version.
            tx.touch_catalog().await?;
            Ok::<_, Error>(())
        })?;
        Ok(view(&declared))
    }

    /// The domains, by name.
    pub async fn list_domains(
        &self,
        caller: &Caller,
        query: &Query,
        now: Timestamp,
    ) -> Result<Items, Error> {
        caller.may(Right::ReadRules)?;
        query.only(&[], None)?;
        let mut session = self.store.read(caller.tenant).await?;
        let domains = session.domains().await?;
        let rows = domains.iter().map(|d| (d.domain.clone(), view(d)));
        let list = cursor::list(caller, "domains", query);
        self.page_by_key(list, query, rows.collect(), now).await
    }

    /// Takes a domain back. Without any, all are allowed.
    pub async fn delete_domain(&self, caller: &Caller, name: &str) -> Result<(), Error> {
        caller.may(Right::Configure)?;
        let name = name.trim().to_lowercase();
        transact!(self.store, caller.tenant, |tx| {
            if !tx.delete_domain(&name).await? {
                return Err(not_found("such domain").into());
            }
            tx.touch_catalog().await?;
            Ok(())
        })
    }
}

/// A domain as it is compared.
fn domain(text: &str) -> Result<String, Refusal> {
    let domain = text.strip_prefix('@').unwrap_or(text).to_lowercase();
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    if domain.split('.').all(is_label) {
        Ok(domain)
    } else {
        Err(wrong("domain", "must be a domain, as in acme.example"))
    }
}

fn view(d: &AllowedDomain) -> Object {
    object([
        ("domain", d.domain.as_str().into()),
        ("createdAt", d.created_at.to_string().into()),
    ])
}

#[cfg(test)]
mod tests {
    use super::domain;

    #[test]
    fn a_domain_is_its_labels() {
        for (text, expected) in [
            ("acme.example", Some("acme.example")),
            ("@ACME.Example", Some("acme.example")),
            ("localhost", Some("localhost")),
            ("a@b.example", None),
            ("acme..example", None),
            ("-acme.example", None),
            ("acme example", None),
        ] {
            assert_eq!(domain(text).ok().as_deref(), expected, "{text}");
        }
    }
}
