//! sample_selection: rows drawn by a seed, from rows that break rules, rows with extreme values, and the rest.

use std::collections::{BTreeMap, BTreeSet};

use annal_core::ItemId;
use annal_core::item::{Content, NewItem, SampleCategory, SampleSource};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::dataset::{Dataset, Row};
use crate::dictionary::Dictionary;
use crate::error::DataError;
use crate::knowledge::LINES_OF_BUSINESS;
use crate::number::Decimal;
use crate::profiling::Breaches;

/// How many of the smallest, and of the largest, values of a column make their rows boundary rows.
const TAIL: usize = 10;

/// Shares of the categories in a draw, in percent; the rest is clean.
const ANOMALY_SHARE: usize = 30;
const BOUNDARY_SHARE: usize = 20;

/// Draws `count` rows as samples, half of them clean, three tenths breaking rules and two tenths with an extreme value in one
/// of the `scope`'s columns; where a category runs out, the others fill up. `scope` holds the attributes in scope with the key; their
/// values go into the samples. Rows in `exclude` are never drawn. The same seed and arguments give the same draw, in the order of the file.
///
/// # Errors
/// [`DataError::NotEnoughRows`] if fewer than `count` rows are left; [`DataError::UnknownColumn`] if the data lacks a column of the scope.
pub fn draw(
    data: &Dataset,
    scope: &Dictionary,
    breaches: &Breaches,
    seed: u64,
    count: usize,
    exclude: &BTreeSet<ItemId>,
) -> Result<Vec<NewItem>, DataError> {
    let columns = columns(data, scope)?;
    let mut open = Vec::new();
    for (index, row) in data.rows().iter().enumerate() {
        let id = sample_id(&row.key)?;
        if !exclude.contains(&id) {
            open.push((index, id));
        }
    }
    if open.len() < count {
        return Err(DataError::NotEnoughRows {
            asked: count,
            left: open.len(),
        });
    }
    let boundary = boundary_rows(data, scope, breaches)?;
    let mut drawn = choose(&open, breaches, &boundary, seed, count);
    drawn.sort_by_key(|(index, ..)| *index);
    let item = |(index, id, category): (usize, ItemId, SampleCategory)| {
        sample(
            data,
            &data.rows()[index],
            id,
            category,
            SampleSource::Recommended,
            &columns,
        )
    };
    Ok(drawn.into_iter().map(item).collect())
}

/// A row that a person names as a sample, or that comes from a list.
///
/// # Errors
/// [`DataError::UnknownRow`] if the data has no such row; otherwise as [`draw`].
pub fn named(
    data: &Dataset,
    scope: &Dictionary,
    breaches: &Breaches,
    key: &str,
    source: SampleSource,
) -> Result<NewItem, DataError> {
    let unknown = || DataError::UnknownRow {
        by: "a sample".to_owned(),
        key: key.to_owned(),
    };
    let index = data.place(key).ok_or_else(unknown)?;
    let columns = columns(data, scope)?;
    let boundary = boundary_rows(data, scope, breaches)?;
    let category = category(index, breaches, &boundary);
    Ok(sample(
        data,
        &data.rows()[index],
        sample_id(key)?,
        category,
        source,
        &columns,
    ))
}

/// The line of business of a row, by the first of the columns `condominium` (HMDA: `condominium`, `single_family`) and
/// `CreditCardType` (FR Y-14M: `general_purpose_cards`, `private_label_cards`, `business_cards`) that the data has; a value that tells nothing
/// gives `unclassified`, data without such a column `all`.
#[must_use]
pub fn line_of_business(data: &Dataset, row: &Row) -> String {
    for (column, names) in LINES_OF_BUSINESS {
        if let Some(place) = data.column(column) {
            let value = row.values[place].as_deref();
            let name = names.iter().find(|(code, _)| Some(*code) == value);
            return name.map_or("unclassified", |(_, name)| *name).to_owned();
        }
    }
    "all".to_owned()
}

/// All lines of business of the data, sorted.
#[must_use]
pub fn lines_of_business(data: &Dataset) -> BTreeSet<String> {
    data.rows()
        .iter()
        .map(|row| line_of_business(data, row))
        .collect()
}

fn sample_id(key: &str) -> Result<ItemId, DataError> {
    ItemId::new(format!("sample:{key}")).map_err(|error| DataError::BadItem {
        item: format!("sample:{key}"),
        why: error.rule.to_owned(),
    })
}

fn columns(data: &Dataset, scope: &Dictionary) -> Result<Vec<usize>, DataError> {
    let names = scope.attributes().iter();
    names
        .map(|attribute| data.need(&attribute.name, "the scope"))
        .collect()
}

fn sample(
    data: &Dataset,
    row: &Row,
    id: ItemId,
    category: SampleCategory,
    source: SampleSource,
    columns: &[usize],
) -> NewItem {
    let value = |&at: &usize| {
        (
            data.columns()[at].clone(),
            row.values[at].as_deref().map(str::to_owned),
        )
    };
    let values: BTreeMap<_, _> = columns.iter().map(value).collect();
    let content = Content::Sample {
        row_key: row.key.to_string(),
        line: row.line,
        category,
        source,
        line_of_business: line_of_business(data, row),
        values,
    };
    NewItem { id, content }
}

fn category(index: usize, breaches: &Breaches, boundary: &BTreeSet<usize>) -> SampleCategory {
    if breaches.contains_key(&index) {
        SampleCategory::Anomaly
    } else if boundary.contains(&index) {
        SampleCategory::Boundary
    } else {
        SampleCategory::Clean
    }
}

/// Takes each category's share, then fills up with clean rows, anomalies and boundary rows, in this order.
fn choose(
    open: &[(usize, ItemId)],
    breaches: &Breaches,
    boundary: &BTreeSet<usize>,
    seed: u64,
    count: usize,
) -> Vec<(usize, ItemId, SampleCategory)> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut pools: BTreeMap<SampleCategory, Vec<(usize, ItemId)>> = BTreeMap::new();
    for (index, id) in open {
        let pool = pools
            .entry(category(*index, breaches, boundary))
            .or_default();
        pool.push((*index, id.clone()));
    }
    pools
        .values_mut()
        .for_each(|pool| pool.shuffle(&mut random));
    let (anomalies, extremes) = (count * ANOMALY_SHARE / 100, count * BOUNDARY_SHARE / 100);
    let shares = [
        (SampleCategory::Anomaly, anomalies),
        (SampleCategory::Boundary, extremes),
        (SampleCategory::Clean, count - anomalies - extremes),
        (SampleCategory::Clean, count),
        (SampleCategory::Anomaly, count),
        (SampleCategory::Boundary, count),
    ];
    let mut drawn = Vec::with_capacity(count);
    for (category, share) in shares {
        let pool = pools.entry(category).or_default();
        let take = share.min(count - drawn.len()).min(pool.len());
        drawn.extend(pool.drain(..take).map(|(index, id)| (index, id, category)));
    }
    drawn
}

/// Rows that break no rule and hold one of the smallest or largest values of a measured column of the scope. A value that
/// ties with the first one left out is no extreme: a smallest value that a tenth of the rows have says nothing.
fn boundary_rows(
    data: &Dataset,
    scope: &Dictionary,
    breaches: &Breaches,
) -> Result<BTreeSet<usize>, DataError> {
    let mut rows = BTreeSet::new();
    for attribute in scope.attributes() {
        if !attribute.format.is_measure() || attribute.primary_key {
            continue;
        }
        let column = data.need(&attribute.name, "the scope")?;
        let mut values: Vec<(Decimal<'_>, usize)> = (data.rows().iter().enumerate())
            .filter(|(index, _)| !breaches.contains_key(index))
            .filter_map(|(index, row)| {
                Some((Decimal::parse(row.values[column].as_deref()?)?, index))
            })
            .collect();
        values.sort();
        rows.extend(tail(values.iter()));
        rows.extend(tail(values.iter().rev()));
    }
    Ok(rows)
}

fn tail<'a>(values: impl Iterator<Item = &'a (Decimal<'a>, usize)> + Clone) -> Vec<usize> {
    let Some((first_out, _)) = values.clone().nth(TAIL) else {
        return Vec::new();
    };
    values
        .take(TAIL)
        .take_while(|(value, _)| value != first_out)
        .map(|(_, index)| *index)
        .collect()
}

#[cfg(test)]
mod tests;
