//! Running it: the command line, the demo, crashes, replicas.

#[macro_use]
#[path = "../common/mod.rs"]
mod common;

mod commands;
mod copies;
mod crashes;
mod demo;
mod process;
mod replicas;
