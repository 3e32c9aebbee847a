//! Filters by which few people can be found: by an index, whatever the order of the list.

use super::Selection;
use super::page::{bound, engagement_conditions, one_of};
use crate::seats::outcome::AccessLevel;
use crate::store::filter_sql::{Scope, Sql};

/// A filter that an index serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Source {
    /// How they use their coaching.
    Engagement,
    /// The track they are on.
    Track,
    /// The pool they are in.
    Pool,
    /// The state of their seat.
    States,
    /// Who manages them.
    ManagedBy,
    /// When access ends.
    Ends,
    /// Levels of access, but full access.
    Levels,
    /// An attribute that has an index.
    Attributes,
}

impl Source {
    /// Those of a selection.
    pub(in crate::store) fn all(s: &Selection) -> Vec<Self> {
        let has_status = s.statuses.is_some() != s.or_stalled;
        let returned = s.episode_min.is_some_and(|n| n > 1);
        let engaged = has_status || s.stalled == Some(true) || s.idle_since.is_some() || returned;
        let less = |levels: &Vec<AccessLevel>| !levels.contains(&AccessLevel::Full);
        let sources = [
            (Self::Engagement, engaged),
            (Self::Track, s.track.is_some()),
            (Self::Pool, s.pool.is_some()),
            (Self::States, s.states.is_some() || s.holds == Some(false)),
            (Self::ManagedBy, s.managed_by.is_some()),
            (Self::Ends, s.ends_by.is_some() || s.ends_after.is_some()),
            (Self::Levels, s.levels.as_ref().is_some_and(less)),
            (Self::Attributes, s.is_indexed && s.matching.is_some()),
        ];
        let there = sources.into_iter().filter(|(_, there)| *there);
        there.map(|(source, _)| source).collect()
    }

    /// Writes the statement that finds them, each maybe twice. There may be some too many: what else
    /// is asked for is asked of them afterwards.
    pub(in crate::store) fn candidates(self, sql: &mut Sql, s: &Selection) {
        match self {
            Self::Engagement => {
                sql.push("select a.member_id as id from assignment a where a.tenant_id = $1");
                return engagement_conditions(sql, s, ("", ""));
            }
            Self::Levels => {
                return sql.push(
                    "select id from member where tenant_id = $1 and seat_state in \
                       ('none', 'scheduled', 'waitlisted', 'grace', 'ended') \
                     union all select id from member where tenant_id = $1 \
                       and identity_state <> 'active' \
                     union all select member_id from assignment where tenant_id = $1 \
                       and paused_since is not null",
                );
            }
            _ => sql.push("select m.id from member m where m.tenant_id = $1"),
        }
        match self {
            Self::Track => bound(sql, " and m.track_id = ", s.track),
            Self::Pool => bound(sql, " and m.pool_id = ", s.pool),
            Self::States => {
                if let Some(states) = &s.states {
                    let names = states.iter().map(|state| state.as_str());
                    one_of(sql, "m.seat_state", names);
                }
                if s.holds == Some(false) {
                    sql.push(" and m.seat_state = 'ended'");
                }
            }
            Self::ManagedBy => {
                if let Some(names) = &s.managed_by {
                    one_of(sql, "m.managed_by", names.iter().copied());
                }
            }
            Self::Ends => {
                bound(sql, " and m.access_ends_at <= ", s.ends_by);
                bound(sql, " and m.access_ends_at > ", s.ends_after);
            }
            Self::Attributes => {
                if let Some(predicate) = &s.matching {
                    sql.push(" and (");
                    sql.predicate(predicate, Scope::User);
                    sql.push(")");
                }
            }
            Self::Engagement | Self::Levels => {}
        }
    }
}
