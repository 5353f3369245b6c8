//! annal-audit
