//! Where Temporal's own pages are.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::settings::ServerSettings;

/// The pages of one namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TemporalUi {
    base: String,
    namespace: String,
}

impl TemporalUi {
    pub(crate) fn of(settings: &ServerSettings) -> Option<Self> {
        let base = settings.temporal_ui.as_ref()?;
        Some(Self {
            base: base.as_str().trim_end_matches('/').to_owned(),
            namespace: settings.temporal_namespace.clone(),
        })
    }

    /// The page of one execution of a workflow.
    pub(crate) fn execution(&self, workflow: &str, execution: &str) -> String {
        let escaped = |it| utf8_percent_encode(it, NON_ALPHANUMERIC);
        format!(
            "{}/namespaces/{}/workflows/{}/{}/history",
            self.base,
            escaped(&self.namespace),
            escaped(workflow),
            escaped(execution)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::TemporalUi;

    #[test]
    fn a_workflow_whose_name_has_slashes_is_one_segment() {
        let ui = TemporalUi {
            base: "http://ui.example".to_owned(),
            namespace: "default".to_owned(),
        };
        assert_eq!(
            ui.execution("annal/main/7", "r1"),
            "http://ui.example/namespaces/default/workflows/annal%2Fmain%2F7/r1/history"
        );
    }
}
