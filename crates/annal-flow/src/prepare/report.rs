//! test_report: the sections, written from what all other phases hold.

use std::collections::BTreeMap;

use annal_core::item::NewItem;
use annal_core::version::VersionRef;
use annal_core::{Case, PersonId, Phase};
use annal_data::report::{Document, Facts, Ownership, compose};

use super::{plan, rules, sampling, standing, testing};
use crate::desk::DeskError;

pub(super) fn items(case: &Case) -> Result<Vec<NewItem>, DeskError> {
    Ok(compose(&facts(case))?)
}

fn facts(case: &Case) -> Facts {
    let opening = case.run.opening();
    let selection = case.dossier(Phase::SampleSelection);
    let carried = selection
        .current()
        .map_or(0, annal_core::dossier::state::Version::carried_forward);
    Facts {
        report: opening.map(|it| it.report.clone()).unwrap_or_default(),
        cycle: opening.map(|it| it.cycle.clone()).unwrap_or_default(),
        versions: versions(case),
        plan: plan(case),
        rules: rules(case),
        in_scope: sampling::in_scope(case).into_iter().collect(),
        samples: testing::samples(case),
        carried_forward: carried,
        owners: owners(case),
        documents: documents(case),
        tests: testing::results(case),
        observations: standing(case, Phase::Observations, |item| !item.dropped_by_tester()),
    }
}

/// The version that stands in each phase that has one.
fn versions(case: &Case) -> BTreeMap<Phase, VersionRef> {
    let phases = Phase::ALL.into_iter();
    phases
        .filter_map(|phase| Some((phase, case.dossier(phase).current_ref()?)))
        .collect()
}

/// How many attributes each owner agreed to answer for.
fn owners(case: &Case) -> Vec<Ownership> {
    let mut count: BTreeMap<(PersonId, String), usize> = BTreeMap::new();
    for lines in case.basis(Phase::RequestInfo).owners.into_values() {
        for (line, owner) in lines {
            *count.entry((owner, line)).or_default() += 1;
        }
    }
    let ownership = |((owner, line_of_business), attributes)| Ownership {
        owner,
        line_of_business,
        attributes,
    };
    count.into_iter().map(ownership).collect()
}

fn documents(case: &Case) -> Vec<Document> {
    let document = |(evidence, found): (_, annal_core::dossier::state::Document)| Document {
        evidence,
        file: found.file.name,
        sha256: found.file.sha256,
    };
    testing::accepted(case).into_iter().map(document).collect()
}
