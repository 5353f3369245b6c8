//! What a phase rests on, read from the other dossiers.

use super::Case;
use crate::dossier::Basis;
use crate::dossier::state::Review;
use crate::item::Content;
use crate::phase::Phase;
use crate::version::VersionRef;

impl Case {
    /// What earlier phases settled for this one.
    #[must_use]
    pub fn basis(&self, phase: Phase) -> Basis {
        let mut basis = Basis {
            inputs: self.inputs(phase),
            ..Basis::default()
        };
        // Only what the phase's rules look at: the samples of a large run are many.
        match phase {
            Phase::DataOwnerId => {
                self.read_scope(&mut basis);
                basis.lines_of_business = self.lines_of_business();
            }
            Phase::RequestInfo => {
                self.read_scope(&mut basis);
                self.read_owners(&mut basis);
            }
            Phase::TestExecution => {
                self.read_scope(&mut basis);
                self.read_samples(&mut basis);
                self.read_evidence(&mut basis);
            }
            _ => {}
        }
        basis
    }

    /// A report that was opened without lines of business has one: all of it.
    fn lines_of_business(&self) -> Vec<String> {
        match self.run.lines_of_business() {
            [] => vec!["all".to_owned()],
            lines => lines.to_vec(),
        }
    }

    /// The versions that stand in the phases before this one.
    #[must_use]
    pub fn inputs(&self, phase: Phase) -> Vec<VersionRef> {
        let before = |def: &&crate::definition::PhaseDef| {
            self.definition.descendants(def.phase).contains(&phase)
        };
        self.definition
            .phases
            .iter()
            .filter(before)
            .filter_map(|def| self.dossiers.get(&def.phase)?.current_ref())
            .collect()
    }

    fn read_scope(&self, basis: &mut Basis) {
        let scoping = self.dossier(Phase::Scoping);
        let items = scoping
            .current()
            .into_iter()
            .flat_map(|it| it.items.values());
        basis.attributes = items
            .filter(|item| item.in_scope())
            .filter_map(|item| match &item.content {
                Content::ScopeAttribute {
                    attribute,
                    primary_key: false,
                    ..
                } => Some(attribute.clone()),
                _ => None,
            })
            .collect();
    }

    fn read_owners(&self, basis: &mut Basis) {
        for (attribute, lines) in &self.dossier(Phase::DataOwnerId).assignments {
            if !basis.attributes.contains(attribute) {
                continue;
            }
            let agreed = lines.iter().filter(|(_, it)| it.acknowledged);
            let owners = agreed.map(|(line, it)| (line.clone(), it.owner.clone()));
            basis.owners.insert(attribute.clone(), owners.collect());
        }
    }

    fn read_samples(&self, basis: &mut Basis) {
        let selection = self.dossier(Phase::SampleSelection);
        let items = selection.current().into_iter().flat_map(|it| &it.items);
        basis.samples = items
            .filter(|(_, item)| !item.dropped_by_tester())
            .map(|(id, _)| id.clone())
            .collect();
    }

    fn read_evidence(&self, basis: &mut Basis) {
        let request_info = self.dossier(Phase::RequestInfo);
        let documents = request_info.documents.iter();
        basis.evidence = documents
            .filter(|(_, it)| it.review == Review::Accepted)
            .map(|(id, it)| (id.clone(), it.version))
            .collect();
    }
}
