//! annal-projector
