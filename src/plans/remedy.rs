//! What can be done here about a finding of a reconciliation (domain 4.10), and whose the others
//! are.

use super::Act;
use crate::roster::compare::Bucket;
use crate::seats::named;

named! {
    /// Whose it is to do something about a finding.
    Whose {
        /// There is nothing to do.
        Nobodys = "nobody",
        /// The identity provider says who is who, and who is to have a seat.
        IdentityProvider = "identity_provider",
        /// Whoever buys seats, or waits for one.
        Purchase = "purchase",
        /// Whoever made the list.
        List = "list",
        /// The coaching vendor.
        Vendor = "vendor",
    }
}

/// What is done to the person whom a finding is about.
///
/// # Errors
/// Whose it is where nothing can be done here.
pub fn remedy(bucket: Bucket) -> Result<Act, Whose> {
    match bucket {
        Bucket::OrphanSeat
        | Bucket::LeaverWithSeat
        | Bucket::LeaverWithSession
        | Bucket::ManualOnly => Ok(Act::End),
        Bucket::WrongTrack => Ok(Act::Transfer),
        Bucket::DateMismatch => Ok(Act::Extend),
        Bucket::Ok => Err(Whose::Nobodys),
        Bucket::MissingSeat | Bucket::IdentityMismatch => Err(Whose::IdentityProvider),
        Bucket::Waiting => Err(Whose::Purchase),
        Bucket::Duplicate | Bucket::BrokenRow => Err(Whose::List),
        Bucket::UnknownVendorSeat => Err(Whose::Vendor),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_suggested_is_what_is_done() {
        for bucket in Bucket::ALL {
            let suggested = bucket.suggested_action();
            let done = match remedy(*bucket) {
                Ok(Act::End) => suggested.ends_with("end"),
                Ok(Act::Transfer) => suggested == "transfer",
                Ok(Act::Extend) => suggested == "set_end_date",
                Ok(Act::Erase) => false,
                Err(_) => !["end", "transfer", "set_end_date"].contains(&suggested),
            };
            assert!(done, "{bucket}: {suggested}");
        }
    }
}
