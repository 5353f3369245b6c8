//! annal-stack
