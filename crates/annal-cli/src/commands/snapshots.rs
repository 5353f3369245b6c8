//! Snapshots of versions: looking at them, checking them, making them anew.

use annal_audit::{Audit, SnapshotsVerified};

use crate::args::{SiteArgs, SnapshotsCommand};
use crate::error::CliError;
use crate::output::{Output, listing};
use crate::site::Site;

pub(crate) async fn run(
    args: &SiteArgs,
    command: &SnapshotsCommand,
    output: Output,
) -> Result<(), CliError> {
    let site = Site::to_look(args, output).await?;
    let done = match command {
        SnapshotsCommand::List => list(&site, output).await,
        SnapshotsCommand::Verify => verify(&site, output).await,
        SnapshotsCommand::Rebuild => rebuild(&site, output).await,
        SnapshotsCommand::Drop => drop_all(&site, output).await,
    };
    site.close().await?;
    done
}

async fn list(site: &Site, output: Output) -> Result<(), CliError> {
    let rows = Audit::new(&site.log).snapshots().await?;
    let fields = [
        "version", "position", "sequence", "through", "bytes", "current",
    ];
    output.answer(&serde_json::json!({ "rows": rows }), |it| {
        listing(it, &fields)
    });
    Ok(())
}

async fn verify(site: &Site, output: Output) -> Result<(), CliError> {
    let verified = Audit::new(&site.log).verify_snapshots().await?;
    if let Some((version, sequence)) = verified.differing.first() {
        let others = verified.differing.len() - 1;
        return Err(CliError::SnapshotsDiffer(format!(
            "{version} at event {sequence} of its dossier, and {others} others"
        )));
    }
    output.answer(&verified, |it: &SnapshotsVerified| {
        format!("{} snapshots say what the events say", it.equal)
    });
    Ok(())
}

async fn rebuild(site: &Site, output: Output) -> Result<(), CliError> {
    let snapshots = site.snapshots().await?;
    let dropped = snapshots.drop_all().await?;
    let made = snapshots.catch_up(site.log.head().await?.position).await?;
    let answer = serde_json::json!({ "dropped": dropped, "made": made });
    output.answer(&answer, |_| {
        format!("{dropped} snapshots thrown away, {made} made")
    });
    Ok(())
}

async fn drop_all(site: &Site, output: Output) -> Result<(), CliError> {
    let dropped = site.snapshots().await?.drop_all().await?;
    output.answer(&serde_json::json!({ "dropped": dropped }), |_| {
        format!("{dropped} snapshots thrown away")
    });
    Ok(())
}
