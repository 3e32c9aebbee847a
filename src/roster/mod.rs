//! Files that HR systems export: lines that become people. Pure: text in, rows and problems out.

pub mod columns;
pub mod compare;
pub mod records;
pub mod resource;
pub mod row;
