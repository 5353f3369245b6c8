//! annal-flow
