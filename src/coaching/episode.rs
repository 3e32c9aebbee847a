//! To which stretch of access an event belongs.

use jiff::Timestamp;
use uuid::Uuid;

use super::Event;

/// A stretch of access, as events see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Episode {
    /// The assignment, if there has been one yet.
    pub assignment: Option<Uuid>,
    /// When a seat was first in use.
    pub invited_at: Option<Timestamp>,
    /// When it was over.
    pub ended_at: Option<Timestamp>,
}

/// Where an event belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the episode of this number, from 0.
    During(usize),
    /// After that episode was over, and before another began.
    After(usize),
}

/// A person's episodes in their order; at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Episodes(Vec<Episode>);

impl Episodes {
    /// The episodes of these stretches of access, oldest first. One that never held a seat is none,
    /// but where there is no other what happened is kept for the one that will be.
    pub fn new(stretches: Vec<Episode>) -> Self {
        let last = stretches.last().and_then(|last| last.assignment);
        let mut held: Vec<_> = stretches
            .into_iter()
            .filter(|episode| episode.invited_at.is_some())
            .collect();
        if held.is_empty() {
            held.push(Episode {
                assignment: last,
                invited_at: None,
                ended_at: None,
            });
        }
        Self(held)
    }

    /// Where an event belongs. What came before the first episode is of the first one, since clocks
    /// differ.
    pub fn place(&self, at: Timestamp) -> Place {
        let later = self.0.iter().skip(1);
        let begun = later.take_while(|e| e.invited_at.is_some_and(|from| from <= at));
        let number = begun.count();
        let over = self.0.get(number).and_then(|episode| episode.ended_at);
        if over.is_some_and(|over| over <= at) {
            Place::After(number)
        } else {
            Place::During(number)
        }
    }

    /// Whether an event has an effect, now that these are the episodes.
    pub fn applies(&self, event: &Event) -> bool {
        matches!(self.place(event.occurred_at), Place::During(_))
            || event.kind.counts_after_the_end()
    }

    /// The episodes.
    pub fn all(&self) -> &[Episode] {
        &self.0
    }
}
