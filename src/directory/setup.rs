//! Tenants, as operators set them up from the command line.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use uuid::Uuid;

use super::{Code, Directory, Error, Refusal};
use crate::seats::catalog::Policy;
use crate::store::tenants::Tenant;

/// The product every tenant has.
pub const PRODUCT: &str = "coaching";

impl Directory {
    /// Makes a tenant, whose days begin at midnight of `time_zone`.
    pub async fn create_tenant(
        &self,
        name: &str,
        time_zone: &str,
        now: Timestamp,
    ) -> Result<Tenant, Error> {
        let name = name.trim();
        if name.is_empty() || name.len() > 100 {
            let detail = "a tenant's name has between 1 and 100 characters";
            return Err(Refusal::new(400, Code::InvalidValue, detail).into());
        }
        if TimeZone::get(time_zone).is_err() {
            let detail = format!("'{time_zone}' is not a time zone of the IANA database");
            return Err(Refusal::new(400, Code::InvalidValue, detail).into());
        }
        let product = (Uuid::now_v7(), PRODUCT);
        let policy = Policy::default();
        let made = self
            .store
            .create_tenant(name, time_zone, &policy, product, now);
        made.await?.ok_or_else(|| {
            Refusal::new(
                409,
                Code::Taken,
                format!("there is a tenant '{name}' already"),
            )
            .into()
        })
    }

    /// The tenant with this name.
    pub async fn tenant_named(&self, name: &str) -> Result<Tenant, Error> {
        self.store.tenant_named(name).await?.ok_or_else(|| {
            Refusal::new(404, Code::NotFound, format!("there is no tenant '{name}'")).into()
        })
    }

    /// All tenants.
    pub async fn tenants(&self) -> Result<Vec<Tenant>, Error> {
        Ok(self.store.tenants().await?)
    }
}
