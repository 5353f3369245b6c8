//! The definitions that come with this build.

use std::sync::LazyLock;

use super::Definition;

/// Texts of all definitions, oldest first. A text is never changed once a run may be pinned to it: a change is a
/// new version.
const TEXTS: [&str; 4] = [
    include_str!("../../definitions/1.0.0.json"),
    include_str!("../../definitions/1.1.0.json"),
    include_str!("../../definitions/1.2.0.json"),
    include_str!("../../definitions/2.0.0.json"),
];

static ALL: LazyLock<Vec<Definition>> = LazyLock::new(|| {
    TEXTS
        .iter()
        .map(|text| Definition::parse(text).expect("a test parses every text that is built in"))
        .collect()
});

/// A version that no definition of this build has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no definition {version}; this build knows {}", known())]
pub struct UnknownDefinition {
    /// The version asked for.
    pub version: semver::Version,
}

impl Definition {
    /// The definition of this version.
    ///
    /// # Errors
    /// [`UnknownDefinition`] names those that there are.
    pub fn builtin(version: &semver::Version) -> Result<Self, UnknownDefinition> {
        let found = ALL.iter().find(|definition| definition.version == *version);
        found.cloned().ok_or_else(|| UnknownDefinition {
            version: version.clone(),
        })
    }

    /// All definitions, oldest first.
    #[must_use]
    pub fn all() -> &'static [Self] {
        &ALL
    }

    /// The newest definition.
    #[must_use]
    pub fn latest() -> Self {
        ALL[ALL.len() - 1].clone()
    }
}

fn known() -> String {
    let versions: Vec<String> = ALL.iter().map(|known| known.version.to_string()).collect();
    versions.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phase::Phase;
    use crate::run::event::TransitionKind;

    fn version(text: &str) -> Definition {
        Definition::builtin(&text.parse().unwrap()).unwrap()
    }

    #[test]
    fn every_text_parses_and_they_ascend() {
        let versions: Vec<String> = TEXTS
            .iter()
            .map(|text| Definition::parse(text).unwrap().version.to_string())
            .collect();
        assert_eq!(versions, ["1.0.0", "1.1.0", "1.2.0", "2.0.0"]);
        assert_eq!(Definition::latest().version.to_string(), "2.0.0");
    }

    #[test]
    fn an_unknown_version_is_refused_with_those_that_there_are() {
        let error = Definition::builtin(&"9.0.0".parse().unwrap()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "there is no definition 9.0.0; this build knows 1.0.0, 1.1.0, 1.2.0, 2.0.0"
        );
    }

    #[test]
    fn runs_before_1_2_0_go_in_a_line_of_eight_phases() {
        for text in ["1.0.0", "1.1.0"] {
            let definition = version(text);
            assert_eq!(definition.phases.len(), 8);
            assert!(definition.phase(Phase::DataProfiling).is_none());
            for pair in definition.phases.windows(2) {
                assert_eq!(pair[1].after, [pair[0].phase]);
                assert_eq!(
                    definition.transition(pair[1].phase, None),
                    TransitionKind::Sequential {}
                );
            }
        }
    }

    #[test]
    fn time_limits_are_the_phases_own_from_1_1_0_on() {
        let limits = |text| -> Vec<u32> {
            let phases = version(text).phases;
            phases.iter().map(|def| def.time_limit_hours).collect()
        };
        assert_eq!(limits("1.0.0"), [168; 8]);
        assert_eq!(limits("1.1.0"), [72, 48, 48, 24, 120, 168, 48, 48]);
        assert_eq!(limits("2.0.0"), [72, 48, 48, 48, 24, 120, 168, 48, 48]);
    }

    #[test]
    fn sample_selection_and_data_owner_id_fork_and_join_from_1_2_0_on() {
        for text in ["1.2.0", "2.0.0"] {
            let definition = version(text);
            for phase in [Phase::SampleSelection, Phase::DataOwnerId] {
                assert_eq!(
                    definition.transition(phase, None),
                    TransitionKind::ParallelFork {}
                );
            }
            assert_eq!(
                definition.transition(Phase::RequestInfo, None),
                TransitionKind::ParallelJoin {}
            );
        }
    }

    #[test]
    fn observations_depend_on_failed_tests_in_every_definition() {
        for definition in Definition::all() {
            assert_eq!(
                definition.transition(Phase::Observations, Some(false)),
                TransitionKind::Conditional {
                    condition: "failed_tests > 0".to_owned(),
                    result: false,
                }
            );
        }
    }

    #[test]
    fn what_may_be_skipped_at_the_start_and_what_needs_no_approval() {
        let optional = |text| -> Vec<Phase> {
            let phases = version(text).phases;
            let optional = phases.into_iter().filter(|def| def.optional);
            optional.map(|def| def.phase).collect()
        };
        assert!(optional("1.1.0").is_empty());
        assert_eq!(optional("1.2.0"), [Phase::Observations]);
        assert_eq!(
            optional("2.0.0"),
            [Phase::DataProfiling, Phase::Observations]
        );
        for definition in Definition::all() {
            let conditional = definition.phase(Phase::Scoping).unwrap();
            let expected = (definition.version.major == 2).then_some("in_scope > 0 || changed > 0");
            assert_eq!(conditional.approve_only_if.as_deref(), expected);
        }
    }

    /// A run names its definition by this hash: a changed text would orphan every run that is pinned to it.
    #[test]
    fn a_published_definition_is_never_changed() {
        let hashes: Vec<String> = Definition::all()
            .iter()
            .map(|definition| definition.reference().sha256)
            .collect();
        assert_eq!(
            hashes,
            [
                "b6f6b88cfa587ece460f53b882d959b98d758c3e540d26c934e077ce87b9e0f8",
                "eb3fd4f4719c0782876b4f1930c03ba0f439655d1afde19331cc8eb03a30ead9",
                "70de9d04d1e6b5625c2f7e839c74937731ede859f5c7e4fb9da1dbe91244d711",
                "cb2aabf3ac8457f76b235664751f4770c06b78a2e36112d82ea0edaffaf62c42"
            ]
        );
    }
}
