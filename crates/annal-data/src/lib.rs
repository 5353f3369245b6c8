//! annal-data
