//! Attributes of people that a tenant declares for itself. To declare one is a change of the
//! catalog: whoever writes a person knows it by the catalog's version.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::body::{Body, required};
use super::roles::Right;
use super::{Items, Query, catalog, conflict, cursor, not_found, object, wrong};
use crate::directory::change::Change;
use crate::directory::rules::{Rules, compile};
use crate::directory::{Caller, Code, Directory, Error, Refusal, custom};
use crate::roster::columns::Columns;
use crate::scim::Object;
use crate::scim::filter::AttrPath;
use crate::scim::schema::USER;
use crate::seats::attribute::{CustomAttribute, MOST, plain};
use crate::seats::catalog::{Catalog, Match};
use crate::store::custom::StoredAttribute;
use crate::store::{Session, Tx, transact};

const FIELDS: [&str; 4] = ["name", "type", "description", "source"];

impl Directory {
    /// Declares an attribute. One that was undeclared and is still held comes back with its values.
    pub async fn declare_attribute(
        &self,
        caller: &Caller,
        body: Value,
        now: Timestamp,
    ) -> Result<Object, Error> {
        caller.may(Right::Configure)?;
        let body = Body::of(body, &FIELDS)?;
        let declared = StoredAttribute {
            attribute: CustomAttribute {
                name: name(&required("name", body.text("name", 60)?)?)?,
                kind: required("type", body.named("type")?)?,
                description: body.text("description", 200)?,
                source: body.text("source", 200)?,
                declared: true,
            },
            created_at: now,
        };
        transact!(self.store, caller.tenant, |tx| {
            let catalog = catalog::begin(tx).await?;
            may_declare(tx, &declared.attribute, &catalog).await?;
            tx.declare_attribute(&declared).await?;
            note(tx, caller, "attribute.declared", &declared.attribute, now).await
        })?;
        self.forget_user_type(caller.tenant);
        Ok(view(&declared))
    }

    /// The attributes that are declared, by name.
    pub async fn list_attributes(
        &self,
        caller: &Caller,
        query: &Query,
        now: Timestamp,
    ) -> Result<Items, Error> {
        caller.may(Right::ReadRules)?;
        query.only(&[], None)?;
        let mut session = self.store.read(caller.tenant).await?;
        let all = session.custom_attributes().await?;
        let declared = all.iter().filter(|stored| stored.attribute.declared);
        let rows = declared.map(|stored| (plain(&stored.attribute.name), view(stored)));
        let list = cursor::list(caller, "custom-attributes", query);
        self.page_by_key(list, query, rows.collect(), now).await
    }

    /// Takes an attribute back. It is hidden everywhere at once; a person's value stays until the
    /// person is next written.
    pub async fn undeclare_attribute(
        &self,
        caller: &Caller,
        name: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        caller.may(Right::Configure)?;
        transact!(self.store, caller.tenant, |tx| {
            let catalog = catalog::begin(tx).await?;
            let mut declared = catalog.declared();
            let found = declared.find(|a| a.name.eq_ignore_ascii_case(name));
            let found = found.ok_or_else(|| not_found("such attribute"))?;
            unused(tx, &catalog, found).await?;
            let hide = tx.attribute_is_held(&found.name).await?;
            tx.undeclare_attribute(&found.name, hide).await?;
            note(tx, caller, "attribute.undeclared", found, now).await
        })?;
        self.forget_user_type(caller.tenant);
        Ok(())
    }
}

/// Writes the line of the ledger.
async fn note(
    tx: &mut Tx,
    caller: &Caller,
    action: &str,
    a: &CustomAttribute,
    now: Timestamp,
) -> Result<(), Error> {
    // Not from memory: the version that these stand for is not committed yet.
    let rules = Arc::new(Rules::new(tx.catalog().await?));
    let mut change = Change::new(tx, rules, caller.by(), now);
    let detail = [("name", json!(a.name)), ("type", json!(a.kind.as_str()))];
    change.log(action, None, object(detail));
    change.finish().await
}

/// A name that paths, parameters and headers of files can have, and that nothing else has.
fn name(text: &str) -> Result<String, Refusal> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic());
    if !begins || !text.chars().all(is_plain) {
        let detail = "may hold letters, digits, '-' and '_', and begins with a letter";
        return Err(wrong("name", detail));
    }
    let extensions = USER.extensions.iter().map(|e| &e.schema);
    let of_users = extensions.into_iter().any(|s| s.attribute(text).is_some());
    let path = text.parse::<AttrPath>();
    let of_users = of_users || path.is_ok_and(|path| USER.find(&path).is_some());
    if of_users || Columns::is_name(text) {
        let detail = "is the name of an attribute or a column that everybody has";
        return Err(wrong("name", detail));
    }
    Ok(text.to_owned())
}

/// Refuses an attribute that is there, one too many, and one by a name under which people still
/// hold values of another type.
async fn may_declare(
    session: &mut Session,
    a: &CustomAttribute,
    catalog: &Catalog,
) -> Result<(), Error> {
    let mut known = catalog.attributes.iter();
    if let Some(known) = known.find(|known| plain(&known.name) == plain(&a.name)) {
        if known.declared {
            let detail = format!("the attribute '{}' is declared already", known.name);
            return Err(conflict(Code::Taken, detail, [("field", "name".into())]).into());
        }
        let differs = known.name != a.name || known.kind != a.kind;
        if differs && session.attribute_is_held(&known.name).await? {
            let detail = format!(
                "people still hold values of '{}' ({}), which was undeclared; declare it as it was, \
                 or choose another name",
                known.name, known.kind
            );
            let extra = [
                ("attribute", json!(known.name)),
                // `type` is the problem's own (RFC 9457).
                ("attributeType", json!(known.kind.as_str())),
            ];
            return Err(conflict(Code::StillHeld, detail, extra).into());
        }
    }
    if catalog.declared().count() >= MOST {
        let detail = format!("a tenant declares at most {MOST} attributes");
        return Err(conflict(Code::TooMany, detail, [("most", MOST.into())]).into());
    }
    Ok(())
}

/// Refuses to take back what a mapping's filter asks for: it would match nobody any more, and
/// whomever it placed would lose their seats.
async fn unused(
    session: &mut Session,
    catalog: &Catalog,
    a: &CustomAttribute,
) -> Result<(), Error> {
    let users = custom::declared(catalog);
    let mut without = catalog.clone();
    without.attributes.retain(|known| known.name != a.name);
    let without = custom::declared(&without);
    let rules = session.rules().await?;
    let using = rules.iter().filter(|stored| match &stored.rule.matches {
        Match::Filter(text) => compile(&users, text).is_ok() && compile(&without, text).is_err(),
        Match::Group { .. } => false,
    });
    let using: Vec<_> = using.map(|stored| stored.rule.id).collect();
    if using.is_empty() {
        return Ok(());
    }
    let detail = format!("the filters of {} mappings ask for it", using.len());
    Err(conflict(Code::AttributeInUse, detail, [("mappings", json!(using))]).into())
}

fn view(stored: &StoredAttribute) -> Object {
    let a = &stored.attribute;
    object([
        ("name", json!(a.name)),
        ("type", json!(a.kind.as_str())),
        ("description", json!(a.description)),
        ("source", json!(a.source)),
        ("createdAt", json!(stored.created_at)),
    ])
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn a_name_is_plain_and_of_nothing_else() {
        for (text, is) in [
            ("level", true),
            ("cost-type_2", true),
            ("2level", false),
            ("", false),
            ("a.b", false),
            ("größe", false),
            ("Department", false),
            ("track", false),
            ("seatState", false),
            ("workerId", false),
            ("email", false),
            ("id", false),
            ("line", false),
        ] {
            assert_eq!(name(text).is_ok(), is, "{text}");
        }
    }
}
