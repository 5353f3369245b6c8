//! The projections: how far they are, and building them anew.

use std::collections::BTreeMap;

use annal_projector::{Progress, Projector, RebuildOptions, Rebuilt};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::args::{ProjectionsCommand, RebuildArgs, SiteArgs};
use crate::error::CliError;
use crate::output::{Output, listing};
use crate::site::Site;

pub(crate) async fn run(
    site: &SiteArgs,
    command: &ProjectionsCommand,
    output: Output,
) -> Result<(), CliError> {
    use ProjectionsCommand as C;
    // Whoever looks at them or mends them wants them as they are: nothing is brought up to date first.
    let site = Site::to_look(site, output).await?;
    let projector = site.projector().await?;
    match command {
        C::List => list(&projector, output).await?,
        C::Status => status(&projector, output).await?,
        C::Rebuild(args) => rebuild(&projector, args, output).await?,
        C::Resume => resume(&projector, output).await?,
        C::Compare { names } => compare(&projector, names, output).await?,
        C::Cancel { name } => {
            projector.cancel_rebuild(name).await?;
            done(output, name, "has no rebuild under way any more");
        }
        C::Retry { name } => {
            projector.retry(name).await?;
            site.catch_up().await?;
            status(&projector, output).await?;
        }
        C::Skip {
            name,
            position,
            reason,
            person,
        } => {
            projector
                .skip(name, *position, person.as_str(), reason)
                .await?;
            site.catch_up().await?;
            status(&projector, output).await?;
        }
    }
    site.close().await
}

fn done(output: Output, name: &str, what: &str) {
    let answer = serde_json::json!({ "name": name });
    output.answer(&answer, |_| format!("{name} {what}"));
}

async fn list(projector: &Projector, output: Output) -> Result<(), CliError> {
    let rows = serde_json::json!({ "rows": projector.status().await? });
    output.answer(&rows, |it| listing(it, &["name", "state", "rebuild_due"]));
    Ok(())
}

async fn status(projector: &Projector, output: Output) -> Result<(), CliError> {
    let rebuilds = projector.rebuilds().await?;
    let answer = serde_json::json!({ "rows": projector.status().await?, "rebuilds": rebuilds });
    let fields = [
        "name",
        "position",
        "head",
        "lag",
        "state",
        "error_position",
        "error",
        "skipped",
        "rebuild_due",
    ];
    output.answer(&answer, |it| {
        let rows = serde_json::json!({ "rows": it["rebuilds"] });
        let under_way = match rebuilds.is_empty() {
            true => String::new(),
            false => format!(
                "\n\nrebuilds:\n{}",
                listing(&rows, &["name", "started_at", "events", "running"])
            ),
        };
        format!("{}{under_way}", listing(it, &fields))
    });
    Ok(())
}

async fn rebuild(
    projector: &Projector,
    args: &RebuildArgs,
    output: Output,
) -> Result<(), CliError> {
    if args.names.is_empty() && !args.all {
        let no =
            "name the projections to rebuild, or say --all; `annal projections list` shows them";
        return Err(CliError::Usage(no.to_owned()));
    }
    let options = RebuildOptions {
        chunk: args.chunk,
        workers: args.workers,
        allow_differences: args.allow_differences,
        ..RebuildOptions::default()
    };
    let names: Vec<&str> = args.names.iter().map(String::as_str).collect();
    told(&with_bars(projector, &names, &options).await?, output);
    Ok(())
}

async fn resume(projector: &Projector, output: Output) -> Result<(), CliError> {
    let begun = projector.rebuilds().await?;
    let waiting = begun.iter().filter(|it| !it.running);
    let names: Vec<&str> = waiting.map(|it| it.name.as_str()).collect();
    // No name would mean all of them.
    let rebuilt = match names.is_empty() {
        true => Vec::new(),
        false => with_bars(projector, &names, &RebuildOptions::default()).await?,
    };
    told(&rebuilt, output);
    Ok(())
}

async fn compare(projector: &Projector, names: &[String], output: Output) -> Result<(), CliError> {
    let options = RebuildOptions {
        compare_only: true,
        ..RebuildOptions::default()
    };
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    told(&with_bars(projector, &names, &options).await?, output);
    Ok(())
}

fn told(rebuilt: &[Rebuilt], output: Output) {
    let row = |it: &Rebuilt| {
        let mut row = serde_json::to_value(it).unwrap_or_default();
        row["only_live"] = it.differences.only_live.into();
        row["only_rebuilt"] = it.differences.only_rebuilt.into();
        row
    };
    let rows: Vec<_> = rebuilt.iter().map(row).collect();
    let fields = [
        "name",
        "events",
        "redefined",
        "compared",
        "only_live",
        "only_rebuilt",
        "elapsed_ms",
    ];
    output.answer(&serde_json::json!({ "rows": rows }), |it| {
        listing(it, &fields)
    });
}

/// A bar for each projection and ledger on standard error, with rate and time left. Without a terminal they are silent.
async fn with_bars(
    projector: &Projector,
    names: &[&str],
    options: &RebuildOptions,
) -> Result<Vec<Rebuilt>, CliError> {
    let all = MultiProgress::new();
    let mut bars: BTreeMap<(String, String), ProgressBar> = BTreeMap::new();
    let tell = |it: Progress| {
        let bar = bars
            .entry((it.projection.clone(), it.ledger.clone()))
            .or_insert_with(|| {
                // Where a rebuild is taken up again, the rate counts from there.
                all.add(bar(&it))
            });
        bar.set_length(it.target.0);
        bar.set_position(it.position.0);
        if it.position == it.target {
            bar.tick();
        }
    };
    let rebuilt = projector.rebuild(names, options, tell).await;
    for bar in bars.values() {
        bar.finish();
    }
    Ok(rebuilt?)
}

fn bar(it: &Progress) -> ProgressBar {
    let bar = ProgressBar::new(it.target.0).with_position(it.position.0);
    let style = ProgressStyle::with_template(
        "{prefix:24} {wide_bar} {human_pos}/{human_len} events  {per_sec}  {eta} left",
    );
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar.set_prefix(format!("{} ({})", it.projection, it.ledger));
    bar.reset_eta();
    bar
}
