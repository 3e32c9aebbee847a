//! What becomes of a request whose client says by a key that it may have been sent before.

use jiff::{SignedDuration, Timestamp};

use super::{Caller, Directory, Error};
use crate::store::idempotency::{Answer, Claim, Key, Known};
use crate::store::transact;

/// For how long a key means the same request.
pub const KEPT: SignedDuration = SignedDuration::from_hours(24);
/// How long a claim holds without an answer. Longer than any request may take: whoever has had it
/// for so long has been killed.
const CLAIMED: SignedDuration = SignedDuration::from_mins(2);

/// What to do about a request with a key.
#[derive(Debug)]
pub enum Judged {
    /// Carry it out.
    New(Claim),
    /// Answer again what was answered.
    Answered(Answer),
    /// Nothing: it is being carried out.
    Running,
    /// Nothing: the key was another request's.
    Reused,
    /// Nothing: it was carried out, at least in part, and nobody knows any more what was answered.
    Lost,
}

/// What is to be done, by what is known of its key.
#[derive(Debug, PartialEq, Eq)]
enum Judgement {
    Again,
    Answer,
    Running,
    Reused,
    Lost,
}

fn judge(known: &Known, fingerprint: &[u8], now: Timestamp) -> Judgement {
    let age = now.duration_since(known.claimed_at);
    if age >= KEPT {
        return Judgement::Again;
    }
    if known.fingerprint != fingerprint {
        return Judgement::Reused;
    }
    match (&known.answer, age < CLAIMED, known.took_effect) {
        (Some(_), ..) => Judgement::Answer,
        (None, true, _) => Judgement::Running,
        (None, false, true) => Judgement::Lost,
        (None, false, false) => Judgement::Again,
    }
}

impl Directory {
    /// Judges a request that came with a key, and claims the key if it is to be carried out.
    /// `fingerprint` is a hash of what it asks for.
    pub async fn claim(
        &self,
        caller: &Caller,
        key: &str,
        fingerprint: &[u8],
        now: Timestamp,
    ) -> Result<Judged, Error> {
        let key = Key {
            tenant: caller.tenant,
            token: caller.token.clone(),
            key: key.to_owned(),
        };
        transact!(self.store, caller.tenant, |tx| {
            let known = match tx.claim(&key, fingerprint, now).await? {
                Ok(claim) => return Ok(Judged::New(claim)),
                Err(known) => known,
            };
            Ok(match judge(&known, fingerprint, now) {
                Judgement::Again => Judged::New(tx.claim_again(&key, fingerprint, now).await?),
                Judgement::Answer => known.answer.map_or(Judged::Lost, Judged::Answered),
                Judgement::Running => Judged::Running,
                Judgement::Reused => Judged::Reused,
                Judgement::Lost => Judged::Lost,
            })
        })
    }

    /// Forgets keys whose time is over.
    pub async fn forget_idempotency_keys(&self, now: Timestamp) -> Result<(), Error> {
        let before = now.checked_sub(KEPT).unwrap_or(Timestamp::MIN);
        self.store.forget_keys_of(before).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan as _;

    use super::*;

    #[test]
    fn a_key_is_judged_by_its_age_its_request_and_what_came_of_it() {
        let now = Timestamp::UNIX_EPOCH;
        let known = |minutes: i64, took_effect: bool, answered: bool| Known {
            fingerprint: vec![1],
            claimed_at: now - minutes.minutes(),
            took_effect,
            answer: answered.then(|| Answer {
                status: 201,
                content_type: None,
                location: None,
                body: Vec::new(),
            }),
        };
        for (known, fingerprint, judged) in [
            (known(0, false, false), 1, Judgement::Running),
            (known(1, true, false), 1, Judgement::Running),
            (known(1, true, true), 1, Judgement::Answer),
            (known(1439, true, true), 1, Judgement::Answer),
            (known(1439, false, true), 1, Judgement::Answer),
            (known(2, false, false), 1, Judgement::Again),
            (known(2, true, false), 1, Judgement::Lost),
            (known(1, true, true), 2, Judgement::Reused),
            (known(0, false, false), 2, Judgement::Reused),
            (known(1440, true, true), 2, Judgement::Again),
            (known(1440, true, false), 1, Judgement::Again),
        ] {
            assert_eq!(judge(&known, &[fingerprint], now), judged, "{known:?}");
        }
    }
}
