//! Pages over several kinds of resource: one after the other or, sorted, merged.

use std::cmp::Ordering;

use jiff::Timestamp;

use super::{Cut, count_all, wrong_cursor};
use crate::directory::cursor::Unusable;
use crate::directory::{Directory, Error, Kind, View};
use crate::scim::error::Error as ScimError;
use crate::store::Session;
use crate::store::lists::{From, Key, Listing};

/// The deepest row that a sorted list of several kinds is walked to.
const MERGED_DEPTH: i64 = 10_000;

impl Directory {
    pub(super) async fn merged(
        &self,
        session: &mut Session,
        listings: &[(Kind, Listing)],
        from: &From,
        count: i64,
        view: View,
        now: Timestamp,
    ) -> Result<Cut, Error> {
        let total = count_all(session, listings).await?;
        let From::Offset(offset) = *from else {
            return Err(wrong_cursor(Unusable::Foreign));
        };
        if count == 0 || offset >= total {
            return Ok(Cut {
                total: Some(total),
                ..Cut::default()
            });
        }
        let sorted = listings.iter().any(|(_, listing)| listing.sort.is_some());
        if sorted && offset + count > MERGED_DEPTH {
            return Err(ScimError::too_many(
                "a sorted list of several types is cut after 10,000 resources",
            )
            .into());
        }
        let mut rows = Vec::new();
        if sorted {
            let begin = From::Offset(0);
            for (kind, listing) in listings {
                let of = self.rows(session, *kind, listing, &begin, offset + count, view, now);
                rows.extend(of.await?);
            }
            let descending = listings.iter().any(|(_, listing)| listing.descending);
            rows.sort_by(|(_, a), (_, b)| if descending { order(b, a) } else { order(a, b) });
            rows.drain(..usize::try_from(offset).unwrap_or(0).min(rows.len()));
        } else {
            let mut skip = offset;
            for (kind, listing) in listings {
                let want = count - i64::try_from(rows.len()).unwrap_or(0);
                let size = count_all(session, &[(*kind, listing.clone())]).await?;
                if want > 0 && skip < size {
                    let from = From::Offset(skip);
                    let of = self.rows(session, *kind, listing, &from, want, view, now);
                    rows.extend(of.await?);
                }
                skip = (skip - size).max(0);
            }
        }
        rows.truncate(usize::try_from(count).unwrap_or(0));
        let shown = i64::try_from(rows.len()).unwrap_or(0);
        Ok(Cut {
            last: rows.last().map(|(_, key)| key.clone()),
            resources: rows.into_iter().map(|(found, _)| found).collect(),
            more: offset + shown < total,
            total: Some(total),
        })
    }
}

/// The order of two places in a list that goes up: what is unset comes last.
fn order(a: &Key, b: &Key) -> Ordering {
    let unset = |key: &Key| key.value.is_null();
    let by_value = match (a.value.as_f64(), b.value.as_f64()) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        _ => a.value.as_str().cmp(&b.value.as_str()),
    };
    unset(a).cmp(&unset(b)).then(by_value).then(a.id.cmp(&b.id))
}
