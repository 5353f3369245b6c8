//! What every handler can reach.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use annal_audit::Audit;
use annal_core::LedgerId;
use annal_flow::{Cases, ClientSettings, FlowClient};
use annal_log::Log;
use annal_projector::Projector;
use tokio_util::sync::CancellationToken;

use crate::checkpoints::Checkpoints;
use crate::duties::Duties;
use crate::error::ServerError;
use crate::jobs::Jobs;
use crate::limits::Gate;
use crate::news::News;
use crate::reached::Reached;
use crate::settings::ServerSettings;
use crate::sign_in::SignIn;
use crate::temporal_ui::TemporalUi;

/// So long an act is waited for; then its sender hears that it may still be carried out.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// Shared by all requests. Cheap to clone.
#[derive(Clone)]
pub(crate) struct App(Arc<Shared>);

struct Shared {
    ledgers: BTreeMap<LedgerId, Ledger>,
    sign_in: SignIn,
    checkpoints: Checkpoints,
    jobs: Jobs,
    temporal_ui: Option<TemporalUi>,
    gate: Gate,
    stopping: CancellationToken,
}

/// One ledger, and the ways to it.
#[derive(Clone)]
pub(crate) struct Ledger {
    pub(crate) id: LedgerId,
    pub(crate) log: Log,
    pub(crate) audit: Audit,
    pub(crate) projector: Projector,
    pub(crate) flow: FlowClient,
    /// Runs as they stand, for what the read models do not tell.
    pub(crate) cases: Arc<Cases>,
    /// What waits in its runs.
    pub(crate) duties: Arc<Duties>,
    /// How far the read models are.
    pub(crate) reached: Reached,
    /// What happens in it, for pages that are open.
    pub(crate) news: News,
    /// Held while the whole log is read and hashed, which one request does at a time.
    pub(crate) verifying: Arc<tokio::sync::Mutex<()>>,
}

impl App {
    pub(crate) async fn connect(settings: &ServerSettings) -> Result<Self, ServerError> {
        let mut ledgers = BTreeMap::new();
        for id in &settings.ledgers {
            ledgers.insert(id.clone(), Ledger::connect(settings, id).await?);
        }
        let sign_in = SignIn::connect(settings).await?;
        Ok(Self(Arc::new(Shared {
            jobs: Jobs::watching(&ledgers).await,
            checkpoints: Checkpoints::new(settings.checkpoints.clone()),
            temporal_ui: TemporalUi::of(settings),
            ledgers,
            sign_in,
            gate: Gate::new(settings.limits),
            stopping: CancellationToken::new(),
        })))
    }

    /// A ledger that is served here.
    pub(crate) fn ledger(&self, id: &LedgerId) -> Option<&Ledger> {
        self.0.ledgers.get(id)
    }

    /// Sessions, accounts, and the record of who was refused.
    pub(crate) fn sign_in(&self) -> &SignIn {
        &self.0.sign_in
    }

    /// What stands for the logs, outside the database.
    pub(crate) fn checkpoints(&self) -> &Checkpoints {
        &self.0.checkpoints
    }

    /// What goes on in the background.
    pub(crate) fn jobs(&self) -> &Jobs {
        &self.0.jobs
    }

    /// Where Temporal's own pages show an execution of a workflow; none where nobody said where they are.
    pub(crate) fn in_temporal_ui(&self, workflow: &str, execution: &str) -> Option<String> {
        Some(self.0.temporal_ui.as_ref()?.execution(workflow, execution))
    }

    /// What a request may cost.
    pub(crate) fn gate(&self) -> &Gate {
        &self.0.gate
    }

    /// Is cancelled when the server stops, for what would go on without end.
    pub(crate) fn stopping(&self) -> &CancellationToken {
        &self.0.stopping
    }

    pub(crate) fn ledgers(&self) -> impl Iterator<Item = &Ledger> {
        self.0.ledgers.values()
    }
}

impl Ledger {
    async fn connect(settings: &ServerSettings, id: &LedgerId) -> Result<Self, ServerError> {
        let log = Log::connect(&settings.database_url, id.clone()).await?;
        let (target, namespace) = (&settings.temporal_target, &settings.temporal_namespace);
        let patience = ClientSettings {
            answer_within: ANSWER_WITHIN,
            ..ClientSettings::default()
        };
        let projector = Projector::connect(&settings.database_url, id.clone()).await?;
        let reached = Reached::new(projector.clone());
        Ok(Self {
            id: id.clone(),
            audit: Audit::new(&log),
            cases: Arc::new(Cases::new(log.clone())),
            duties: Arc::default(),
            news: News::new(log.clone(), reached.clone()),
            reached,
            verifying: Arc::default(),
            projector,
            flow: FlowClient::connect_with(target, namespace, id.clone(), patience).await?,
            log,
        })
    }
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").finish_non_exhaustive()
    }
}
