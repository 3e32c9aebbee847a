//! Seats under random histories and under races: what must hold at every instant (domain rules 4.4).

#[macro_use]
#[path = "../common/mod.rs"]
mod common;

mod histories;
mod invariants;
mod race;
