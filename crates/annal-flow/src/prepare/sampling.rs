//! sample_selection: rows drawn with the run's seed.

use std::collections::BTreeSet;

use annal_core::dossier::state::Item;
use annal_core::item::{Content, NewItem};
use annal_core::{Case, ItemId, Phase};
use annal_data::planning::planned;
use annal_data::sampling::draw;
use annal_data::{DataError, Dictionary};

use super::{Files, Source, computing, plan, profiling, standing};
use crate::desk::DeskError;

pub(super) fn first(case: &Case, source: &Source) -> Result<Vec<NewItem>, DeskError> {
    let count = case.run.opening().map_or(0, |opening| opening.sample_size);
    drawn(case, source, count)
}

/// More samples, none of which any version had before.
pub(crate) async fn draw_more(
    files: &Files,
    case: Case,
    count: u32,
) -> Result<Vec<NewItem>, DeskError> {
    let source = files.source(&case).await?;
    computing(move || drawn(&case, &source, count)).await
}

fn drawn(case: &Case, source: &Source, count: u32) -> Result<Vec<NewItem>, DeskError> {
    let selection = case.dossier(Phase::SampleSelection);
    let versions = &selection.versions;
    let had: BTreeSet<ItemId> = versions
        .iter()
        .flat_map(|it| it.items.keys().cloned())
        .collect();
    let seed = case.run.opening().map_or(0, |opening| opening.seed);
    // Each round has a draw of its own, which can be repeated.
    let seed = seed.wrapping_add(versions.len() as u64);
    let breaches = profiling::breaches(case, source)?;
    let count = count as usize;
    Ok(draw(
        &source.data,
        &scope(case)?,
        &breaches,
        seed,
        count,
        &had,
    )?)
}

/// The attributes in scope with the key: what a sample shows of its row.
pub(super) fn scope(case: &Case) -> Result<Dictionary, DataError> {
    let ids = in_scope(case);
    let mut plan = plan(case);
    plan.retain(|item| ids.contains(&item.id));
    planned(&plan)
}

/// What people decided to test, keys included.
pub(super) fn in_scope(case: &Case) -> BTreeSet<ItemId> {
    let attribute = |item: NewItem| match item.content {
        Content::ScopeAttribute { attribute, .. } => Some(attribute),
        _ => None,
    };
    let scoped = standing(case, Phase::Scoping, Item::in_scope);
    scoped.into_iter().filter_map(attribute).collect()
}
