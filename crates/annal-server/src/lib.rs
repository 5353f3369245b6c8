//! annal-server
