//! Installs what a stack needs, says so, starts it once and stops it: `cargo run -p annal-stack --example install`.

use std::io::Write as _;

use annal_stack::{Needs, Stack, StackError};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StackError> {
    let folder = std::env::temp_dir().join(format!("annal-install-{}", std::process::id()));
    let say = |line: &str| {
        let _ = writeln!(std::io::stderr(), "{line}");
    };
    let stack = Stack::start(&folder, Needs { temporal: true }, &say).await?;
    let temporal = stack
        .temporal()
        .map(|address| address.target.clone())
        .unwrap_or_default();
    let database = stack
        .database_url()
        .rsplit('@')
        .next()
        .unwrap_or_default()
        .to_owned();
    say(&format!(
        "PostgreSQL answered at {database}, Temporal at {temporal}"
    ));
    stack.stop().await?;
    // Only a folder that was made above is removed: with both addresses in the environment there is none.
    let _ = std::fs::remove_dir_all(&folder);
    Ok(())
}
