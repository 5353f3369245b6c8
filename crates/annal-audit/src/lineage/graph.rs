//! What rests on what, as nodes and arrows from the later to the earlier.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use annal_core::item::Content;
use annal_core::version::VersionRef;
use annal_core::{Phase, VersionNo};

use super::{LineageNode, Material};

/// A phase, an id in it, and a version.
type Key = (Phase, String, VersionNo);

pub(super) struct Graph {
    keys: BTreeMap<Key, usize>,
    nodes: Vec<(&'static str, Key, String)>,
    behind: Vec<BTreeSet<usize>>,
    ahead: Vec<BTreeSet<usize>>,
    /// The version of each phase that stands: the newest approved one, or the newest.
    standing: BTreeMap<Phase, VersionNo>,
}

impl Graph {
    pub(super) fn of(material: &Material) -> Self {
        let mut graph = Self {
            keys: BTreeMap::new(),
            nodes: Vec::new(),
            behind: Vec::new(),
            ahead: Vec::new(),
            standing: BTreeMap::new(),
        };
        for version in &material.versions {
            let approved = version.status == "approved";
            let standing = graph
                .standing
                .entry(version.phase)
                .or_insert(version.number);
            if approved || !material.is_approved(version.phase, *standing) {
                *standing = version.number;
            }
        }
        graph.nodes_of(material);
        graph.link_items(material);
        graph.link_trail(material);
        graph
    }

    fn nodes_of(&mut self, material: &Material) {
        for it in &material.items {
            let (kind, says) = told(&it.content);
            self.add(kind, (it.phase, it.item.clone(), it.version), says);
        }
        for it in &material.tests {
            let value =
                |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
            let says = format!(
                "{}: expected {}, found {}",
                it.outcome,
                value(&it.expected),
                value(&it.actual)
            );
            self.add(
                "test",
                (Phase::TestExecution, it.case_id.clone(), it.execution),
                says,
            );
        }
        for it in &material.documents {
            let key = (Phase::RequestInfo, it.document_id.clone(), it.version);
            self.add("document", key, format!("{} ({})", it.file_name, it.status));
        }
        for it in &material.requests {
            let key = (Phase::RequestInfo, it.request_id.clone(), VersionNo(0));
            self.add("request", key, it.text.clone());
        }
    }

    fn link_items(&mut self, material: &Material) {
        for it in &material.items {
            let from = (it.phase, it.item.clone(), it.version);
            if let Some(earlier) = it.carried_from {
                self.link(&from, &(it.phase, it.item.clone(), earlier));
            }
            match &it.content {
                Content::Rule { attribute, .. } | Content::ScopeAttribute { attribute, .. } => {
                    self.link_standing(&from, Phase::Planning, attribute.as_str());
                }
                Content::Observation {
                    attribute,
                    failed_tests,
                    ..
                } => {
                    self.link_attribute(material, &from, attribute.as_str());
                    for case in failed_tests {
                        self.link_latest(&from, Phase::TestExecution, case.as_str());
                    }
                }
                Content::Section { body, .. } => {
                    for (phase, number) in material.rests_on(it.version, body) {
                        for other in material
                            .items
                            .iter()
                            .filter(|o| (o.phase, o.version) == (phase, number))
                        {
                            self.link(&from, &(phase, other.item.clone(), number));
                        }
                    }
                }
                Content::Attribute { .. } | Content::Sample { .. } => {}
            }
        }
    }

    fn link_trail(&mut self, material: &Material) {
        for it in &material.tests {
            let from = (Phase::TestExecution, it.case_id.clone(), it.execution);
            self.link_standing(&from, Phase::SampleSelection, &it.sample);
            self.link_attribute(material, &from, &it.attribute);
            let evidence = (
                Phase::RequestInfo,
                it.document_id.clone(),
                it.document_version,
            );
            self.link(&from, &evidence);
        }
        for it in &material.documents {
            let from = (Phase::RequestInfo, it.document_id.clone(), it.version);
            if let Some(request) = &it.request_id {
                self.link(&from, &(Phase::RequestInfo, request.clone(), VersionNo(0)));
            }
            if let Some(earlier) = it.replaces {
                self.link(
                    &from,
                    &(Phase::RequestInfo, it.document_id.clone(), earlier),
                );
            }
        }
    }

    /// The scoping's item about the attribute, which leads on to the planning; the planning's own where there is none.
    fn link_attribute(&mut self, material: &Material, from: &Key, attribute: &str) {
        let standing = self.standing.get(&Phase::Scoping).copied();
        let scoped = material.items.iter().find(|it| {
            it.phase == Phase::Scoping
                && Some(it.version) == standing
                && matches!(&it.content, Content::ScopeAttribute { attribute: about, .. } if about.as_str() == attribute)
        });
        match scoped {
            Some(it) => self.link(from, &(it.phase, it.item.clone(), it.version)),
            None => self.link_standing(from, Phase::Planning, attribute),
        }
    }

    fn link_standing(&mut self, from: &Key, phase: Phase, id: &str) {
        if let Some(number) = self.standing.get(&phase).copied() {
            self.link(from, &(phase, id.to_owned(), number));
        }
    }

    fn link_latest(&mut self, from: &Key, phase: Phase, id: &str) {
        let least = (phase, id.to_owned(), VersionNo(0));
        let most = (phase, id.to_owned(), VersionNo(u32::MAX));
        let latest = self.keys.range(least..=most).next_back();
        if let Some(key) = latest.map(|(key, _)| key.clone()) {
            self.link(from, &key);
        }
    }

    fn add(&mut self, kind: &'static str, key: Key, says: String) {
        self.keys.insert(key.clone(), self.nodes.len());
        self.nodes.push((kind, key, says));
        self.behind.push(BTreeSet::new());
        self.ahead.push(BTreeSet::new());
    }

    fn link(&mut self, from: &Key, to: &Key) {
        if let (Some(from), Some(to)) = (self.keys.get(from), self.keys.get(to)) {
            self.behind[*from].insert(*to);
            self.ahead[*to].insert(*from);
        }
    }

    /// Everything of this id.
    pub(super) fn named(&self, id: &str) -> Vec<usize> {
        let all = self.nodes.iter().enumerate();
        all.filter(|(_, (_, key, _))| key.1 == id)
            .map(|(place, _)| place)
            .collect()
    }

    /// What is reached along the arrows, or against them, the nearest first.
    pub(super) fn reached(&self, from: &[usize], against: bool) -> Vec<LineageNode> {
        let arrows = if against { &self.ahead } else { &self.behind };
        let mut seen: BTreeSet<usize> = from.iter().copied().collect();
        let mut next: VecDeque<(usize, u32)> = from.iter().map(|it| (*it, 0)).collect();
        let mut found = Vec::new();
        while let Some((place, distance)) = next.pop_front() {
            for to in &arrows[place] {
                if seen.insert(*to) {
                    found.push(self.node(*to, distance + 1, Some(place)));
                    next.push_back((*to, distance + 1));
                }
            }
        }
        found
    }

    pub(super) fn node(&self, place: usize, distance: u32, via: Option<usize>) -> LineageNode {
        let (kind, (phase, id, version), says) = &self.nodes[place];
        LineageNode {
            distance,
            kind: (*kind).to_owned(),
            id: id.clone(),
            phase: *phase,
            version: (version.0 > 0).then_some(*version),
            says: says.clone(),
            via: via.map(|it| self.nodes[it].1.1.clone()),
        }
    }
}

impl Material {
    fn is_approved(&self, phase: Phase, number: VersionNo) -> bool {
        let mut versions = self.versions.iter();
        versions.any(|it| (it.phase, it.number) == (phase, number) && it.status == "approved")
    }

    /// The versions that a section names in its text; those that its report was built from, if it names none.
    fn rests_on(&self, report: VersionNo, body: &str) -> Vec<(Phase, VersionNo)> {
        let named = self.versions.iter().filter(|it| {
            let version = VersionRef {
                run: self.run,
                phase: it.phase,
                number: it.number,
            };
            names(body, &version.to_string())
        });
        let named: Vec<_> = named.map(|it| (it.phase, it.number)).collect();
        if !named.is_empty() {
            return named;
        }
        let report = self
            .versions
            .iter()
            .find(|it| (it.phase, it.number) == (Phase::TestReport, report));
        let inputs = report.into_iter().flat_map(|it| &it.inputs);
        inputs.map(|it| (it.phase, it.number)).collect()
    }
}

/// Whether a text names a version, and not another one whose number begins alike.
fn names(body: &str, version: &str) -> bool {
    body.match_indices(version).any(|(at, _)| {
        let after = body[at + version.len()..].chars().next();
        !after.is_some_and(|it| it.is_ascii_digit())
    })
}

fn told(content: &Content) -> (&'static str, String) {
    match content {
        Content::Attribute {
            name, line_item, ..
        } => ("attribute", format!("{name}, {line_item}")),
        Content::Rule {
            attribute, check, ..
        } => ("rule", format!("{attribute} {check}")),
        Content::ScopeAttribute { rationale, .. } => ("scope_attribute", rationale.clone()),
        Content::Sample {
            row_key, category, ..
        } => (
            "sample",
            format!("row {row_key} ({category:?})").to_lowercase(),
        ),
        Content::Observation { title, .. } => ("observation", title.clone()),
        Content::Section { title, .. } => ("section", title.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn a_version_is_not_taken_for_another_whose_number_begins_alike() {
        assert!(names("rests on a/scoping@1, and more", "a/scoping@1"));
        assert!(!names("rests on a/scoping@12.", "a/scoping@1"));
        assert!(names("a/scoping@12, a/scoping@1.", "a/scoping@1"));
    }
}
