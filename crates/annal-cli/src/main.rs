//! The annal command.
fn main() {}
