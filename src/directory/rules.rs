//! A tenant's catalog, ready for use: its rules' filters compiled, and held in memory as long as
//! the catalog's version stays.

use std::sync::Arc;

use serde_json::Value;
use uuid::Uuid;

use super::{Caller, Directory, Error, custom};
use crate::scim::custom::UserType;
use crate::scim::error::Error as ScimError;
use crate::scim::predicate::{self, Predicate};
use crate::scim::{Object, filter, matches};
use crate::seats::catalog::{Catalog, Match, Rule};
use crate::store::domains::AllowedDomain;
use crate::store::{Session, TenantId};

/// A catalog and what its filters mean.
pub(super) struct Rules {
    pub(super) catalog: Catalog,
    /// What users are to the tenant.
    pub(super) users: UserType,
    /// The same with attributes that are not declared any more and still held: what is searched is
    /// there again where one is declared anew.
    pub(super) searched: UserType,
    /// In the order of the catalog's rules; none for a rule by group, or for a filter that this
    /// version no longer understands, which then matches nobody.
    filters: Vec<Option<Predicate>>,
    /// The domains that newcomers' addresses may be of; none are all.
    domains: Vec<String>,
}

/// What a tenant's own schemas tell.
pub struct OwnSchemas {
    /// The keys of its live tracks, the values of `track`.
    pub tracks: Vec<String>,
    /// The same of pools.
    pub pools: Vec<String>,
    /// What users are, with the attributes that it has declared.
    pub users: UserType,
}

impl Rules {
    pub(super) fn new(catalog: Catalog) -> Self {
        let users = custom::declared(&catalog);
        let searched = custom::held(&catalog, &users);
        let filters = catalog
            .rules
            .iter()
            .map(|rule| match &rule.matches {
                Match::Group { .. } => None,
                Match::Filter(text) => compile(&users, text).ok(),
            })
            .collect();
        Self {
            catalog,
            users,
            searched,
            filters,
            domains: Vec::new(),
        }
    }

    /// The same, with the domains that newcomers' addresses may be of.
    fn with_domains(mut self, domains: Vec<AllowedDomain>) -> Self {
        self.domains = domains.into_iter().map(|d| d.domain).collect();
        self
    }

    /// The domain of an address, if it is none that the tenant allows.
    pub(super) fn foreign_domain(&self, address: &str) -> Option<String> {
        let (_, domain) = address.rsplit_once('@')?;
        let domain = domain.trim().to_lowercase();
        (!self.domains.is_empty() && !self.domains.contains(&domain)).then_some(domain)
    }

    /// Refuses a newcomer with an address of a foreign domain. Whoever has no address is named by
    /// their user name, which may be one.
    pub(super) fn admit(&self, doc: &Object) -> Result<(), ScimError> {
        let emails = doc.get("emails").and_then(Value::as_array);
        let emails = emails.into_iter().flatten();
        let emails = emails.filter_map(|email| email.get("value")?.as_str());
        let name = doc.get("userName").and_then(Value::as_str);
        for address in emails.chain(name) {
            if let Some(domain) = self.foreign_domain(address) {
                let shown: String = domain.chars().take(100).collect();
                return Err(ScimError::invalid_value(format!(
                    "addresses of the domain '{shown}' are not allowed; those allowed are: {}",
                    self.domains.join(", ")
                )));
            }
        }
        Ok(())
    }

    /// The rules that match a person, the winning one first.
    pub(super) fn matching(&self, search: &Object, groups: &[(Uuid, String)]) -> Vec<&Rule> {
        let matches = |(rule, filter): &(&Rule, &Option<Predicate>)| match &rule.matches {
            Match::Group { groups: bound, .. } => groups.iter().any(|(id, _)| bound.contains(id)),
            Match::Filter(_) => filter
                .as_ref()
                .is_some_and(|filter| matches::matches(filter, search)),
        };
        self.catalog
            .rules
            .iter()
            .zip(&self.filters)
            .filter(matches)
            .map(|(rule, _)| rule)
            .collect()
    }
}

/// Compiles a rule's filter.
pub(super) fn compile(
    users: &UserType,
    text: &str,
) -> Result<Predicate, crate::scim::error::Error> {
    predicate::compile(users, &filter::parse(text)?)
}

impl Directory {
    /// The tenant's rules at this version of its catalog. Not for use in a transaction that has
    /// itself changed the catalog: if that is undone, the version would stand for another content.
    pub(super) async fn rules(
        &self,
        session: &mut Session,
        version: i64,
    ) -> Result<Arc<Rules>, Error> {
        let tenant = session.tenant();
        if let Some(rules) = self
            .rules
            .get(&tenant)
            .filter(|r| r.catalog.version == version)
        {
            return Ok(rules);
        }
        let rules = Rules::new(session.catalog().await?);
        let rules = Arc::new(rules.with_domains(session.domains().await?));
        self.rules.insert(tenant, Arc::clone(&rules));
        Ok(rules)
    }

    /// The tenant's rules as this replica last saw them.
    pub(super) fn known_rules(&self, tenant: TenantId) -> Option<Arc<Rules>> {
        self.rules.get(&tenant)
    }

    /// The tenant's rules as they are now.
    pub(super) async fn current_rules(&self, session: &mut Session) -> Result<Arc<Rules>, Error> {
        let version = session.catalog_version().await?;
        self.rules(session, version).await
    }

    /// What the tenant's own schemas tell.
    pub async fn own_schemas(&self, caller: &Caller) -> Result<OwnSchemas, Error> {
        let mut session = self.store.read(caller.tenant).await?;
        let rules = self.current_rules(&mut session).await?;
        let tracks = rules.catalog.tracks.iter().filter(|track| track.live);
        let pools = rules.catalog.pools.iter().filter(|pool| pool.is_live());
        Ok(OwnSchemas {
            tracks: tracks.map(|track| track.key.clone()).collect(),
            pools: pools.map(|pool| pool.key.clone()).collect(),
            users: rules.users.clone(),
        })
    }
}
