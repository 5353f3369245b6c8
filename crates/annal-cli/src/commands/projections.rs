//! The projections: how far they are, and building them anew.

use annal_projector::{Progress, RebuildOptions};

use crate::args::{ProjectionsCommand, SiteArgs};
use crate::error::CliError;
use crate::output::{Output, listing};
use crate::site::Site;

pub(crate) async fn run(
    site: &SiteArgs,
    command: &ProjectionsCommand,
    output: Output,
) -> Result<(), CliError> {
    let site = Site::to_read(site, output).await?;
    let projector = site.projector().await?;
    match command {
        ProjectionsCommand::Status => {
            let rows = serde_json::json!({ "rows": projector.status().await? });
            let fields = ["name", "position", "head", "lag", "state", "rebuild_due"];
            output.answer(&rows, |it| listing(it, &fields));
        }
        ProjectionsCommand::Rebuild { names } => {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let options = RebuildOptions::default();
            let tell = |it: Progress| {
                output.aside(&format!(
                    "{}: {} of {}",
                    it.projection, it.position, it.target
                ));
            };
            let rebuilt = projector.rebuild(&names, &options, tell).await?;
            let rows = serde_json::json!({ "rows": rebuilt });
            output.answer(&rows, |it| {
                listing(it, &["name", "events", "redefined", "elapsed_ms"])
            });
        }
    }
    site.close().await
}
