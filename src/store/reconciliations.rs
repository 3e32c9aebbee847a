//! Lists of people from elsewhere, held against the directory.
