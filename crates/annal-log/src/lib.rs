//! annal-log
