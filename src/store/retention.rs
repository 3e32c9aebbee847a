//! Whose files of long ago are still kept.

use jiff::Timestamp;

use super::engine::args;
use super::{Error, Store, TenantId};

impl Store {
    /// Tenants with rows of files that were sent before a time.
    pub async fn tenants_with_old_files(&self, before: Timestamp) -> Result<Vec<TenantId>, Error> {
        let sql = "select t.id from tenant t where exists (select 1 from reconciliation r \
                     where r.tenant_id = t.id and r.created_at < $1) or exists \
                     (select 1 from import_run i where i.tenant_id = t.id and i.created_at < $1 \
                      and (exists (select 1 from import_failure f where f.tenant_id = t.id \
                        and f.import_id = i.id) or exists (select 1 from import_key k \
                        where k.tenant_id = t.id and k.import_id = i.id) \
                        or exists (select 1 from import_row w \
                        where w.tenant_id = t.id and w.import_id = i.id)))";
        let mut session = self.read(TenantId(0)).await?;
        let rows = session.all(sql, args![before]).await?;
        rows.iter().map(|row| row.get("id").map(TenantId)).collect()
    }
}
