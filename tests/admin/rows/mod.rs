//! What a coaching console's admin tab does, and what its users ask of a vendor, each as a test named
//! after its row of the list that this product was specified by: `row_<n>_` is of a console's own
//! guide, `row_<n>_of_1_2_` of a guide to offboarding. Rows that have a file of their own are tested
//! there; `docs/console.md` says where each is.

mod columns;
mod credentials;
mod documented;
mod leavers;
mod licences;
mod operating;
mod orders;
mod profile;
mod provisioning;
