//! Audit questions, over all runs that somebody sees.

use annal_audit::{
    ApprovalRow, DecisionFilter, DecisionRow, FoundRow, FourEyesRow, LateRow, Pace, Page,
    RefusalRow,
};
use annal_core::{ItemId, PersonId, Phase, Position, Role, RunId};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answers::Paged;
use super::extract::{Limit, Moment, Query};
use super::paths::InLedger;
use crate::app::App;
use crate::problem::Problem;
use crate::seen::Seen;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(decisions))
        .routes(routes!(approvals))
        .routes(routes!(overrides))
        .routes(routes!(refusals))
        .routes(routes!(four_eyes))
        .routes(routes!(late))
        .routes(routes!(search))
}

/// A query of its own for each question, so that a parameter that does not belong there is told; what they share is
/// written once.
macro_rules! question {
    ($(#[$doc:meta])* $name:ident { $($(#[$extra_doc:meta])* $extra:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Default, Deserialize, IntoParams)]
        #[serde(default, deny_unknown_fields)]
        #[into_params(parameter_in = Query)]
        struct $name {
            /// Only of this run.
            #[param(value_type = Option<uuid::Uuid>)]
            run: Option<RunId>,
            /// Only of runs that test this report.
            report: Option<String>,
            /// Only of this phase.
            #[param(inline)]
            phase: Option<Phase>,
            /// Only on this item, section, document, test case or attribute.
            #[param(value_type = Option<String>)]
            item: Option<ItemId>,
            /// Only by this person.
            #[param(value_type = Option<String>)]
            person: Option<PersonId>,
            /// Only by somebody in this role.
            #[param(inline)]
            role: Option<Role>,
            /// Recorded at this time or later; where deadlines are asked for, due then.
            #[param(value_type = Option<String>, format = DateTime)]
            since: Option<Moment>,
            /// Recorded before this time.
            #[param(value_type = Option<String>, format = DateTime)]
            until: Option<Moment>,
            /// Done, as the person claims, at this time or later.
            #[param(value_type = Option<String>, format = DateTime)]
            effective_since: Option<Moment>,
            /// Done, as the person claims, before this time.
            #[param(value_type = Option<String>, format = DateTime)]
            effective_until: Option<Moment>,
            /// As it was when the log stood here: with the `head_position` of an answer, the same question gives the
            /// same answer for ever.
            #[param(value_type = Option<u64>)]
            as_of: Option<Position>,
            /// What comes after this position: the `next` of the page before.
            #[param(value_type = Option<u64>)]
            after: Position,
            /// Rows of a page.
            limit: Limit,
            $($(#[$extra_doc])* $extra: $type,)*
        }

        impl $name {
            fn filter(&self, seen: &Seen) -> DecisionFilter {
                DecisionFilter {
                    seen_by: seen.only(),
                    run: self.run,
                    report: self.report.clone(),
                    phase: self.phase,
                    item: self.item.clone(),
                    person: self.person.clone(),
                    role: self.role,
                    since: self.since.map(|it| it.0),
                    until: self.until.map(|it| it.0),
                    effective_since: self.effective_since.map(|it| it.0),
                    effective_until: self.effective_until.map(|it| it.0),
                    as_of: self.as_of,
                    after: self.after,
                    limit: self.limit.0,
                    ..DecisionFilter::default()
                }
            }
        }
    };
}

question! {
    /// Which decisions.
    Decisions {
        /// Only of this kind: `decision`, `submission`, `withdrawal`, `approval`, `rejection`, `signature`,
        /// `document_review`, `test_review`, `acknowledgement`, `reopening`, `confirmation`.
        what: Option<String>,
        /// Only with this verdict.
        verdict: Option<String>,
        /// Only those that stand.
        current: bool,
    }
}

/// Every decision ever taken, in the order in which they were recorded; those taken back included.
#[utoipa::path(
    get, path = "/ledgers/{ledger}/audit/decisions", tag = "audit", operation_id = "audit_decisions",
    params(InLedger, Decisions),
    responses((status = 200, description = "A page of decisions.", body = Page<DecisionRow>))
)]
async fn decisions(
    seen: Seen,
    Query(ask): Query<Decisions>,
) -> Result<Paged<DecisionRow>, Problem> {
    let filter = DecisionFilter {
        what: ask.what.clone(),
        verdict: ask.verdict.clone(),
        current: ask.current,
        ..ask.filter(&seen)
    };
    Ok(Paged::after(seen.ledger.audit.decisions(&filter).await?))
}

question! {
    /// Which approvals.
    Approvals {
        /// Only those at most this many seconds after the version was handed in.
        within_seconds: Option<u32>,
        /// Only those at least this many seconds after it.
        after_seconds: Option<u32>,
    }
}

/// Versions that were approved and rejected: by whom, why, and how long after they were handed in.
#[utoipa::path(
    get, path = "/ledgers/{ledger}/audit/approvals", tag = "audit", operation_id = "audit_approvals",
    params(InLedger, Approvals),
    responses((status = 200, description = "A page of approvals and rejections.", body = Page<ApprovalRow>))
)]
async fn approvals(
    seen: Seen,
    Query(ask): Query<Approvals>,
) -> Result<Paged<ApprovalRow>, Problem> {
    let pace = Pace {
        within_seconds: ask.within_seconds,
        after_seconds: ask.after_seconds,
    };
    let audit = &seen.ledger.audit;
    Ok(Paged::after(
        audit.approvals(&ask.filter(&seen), pace).await?,
    ))
}

question! {
    /// Which overrides.
    Overrides {}
}

/// Decisions against what the engine recommended.
#[utoipa::path(
    get, path = "/ledgers/{ledger}/audit/overrides", tag = "audit", operation_id = "audit_overrides",
    params(InLedger, Overrides),
    responses((status = 200, description = "A page of decisions.", body = Page<DecisionRow>))
)]
async fn overrides(
    seen: Seen,
    Query(ask): Query<Overrides>,
) -> Result<Paged<DecisionRow>, Problem> {
    let filter = DecisionFilter {
        overrides: true,
        ..ask.filter(&seen)
    };
    Ok(Paged::after(seen.ledger.audit.decisions(&filter).await?))
}

question! {
    /// Which refusals.
    Refusals {
        /// Only with this code, for instance `four_eyes`.
        code: Option<String>,
    }
}

/// Attempts that the rules refused.
#[utoipa::path(
    get, path = "/ledgers/{ledger}/audit/refusals", tag = "audit", operation_id = "audit_refusals",
    params(InLedger, Refusals),
    responses((status = 200, description = "A page of refusals.", body = Page<RefusalRow>))
)]
async fn refusals(seen: Seen, Query(ask): Query<Refusals>) -> Result<Paged<RefusalRow>, Problem> {
    let filter = DecisionFilter {
        code: ask.code.clone(),
        ..ask.filter(&seen)
    };
    Ok(Paged::after(seen.ledger.audit.refusals(&filter).await?))
}

question! {
    /// Which second-level decisions.
    FourEyes {
        /// Only where one person stands on both sides. The rules refuse that, so a row is a finding.
        broken: bool,
    }
}

/// Second-level decisions beside the first-level ones that they answer.
#[utoipa::path(
    get, path = "/ledgers/{ledger}/audit/four-eyes", tag = "audit", operation_id = "audit_four_eyes",
    params(InLedger, FourEyes),
    responses((status = 200, description = "A page of decisions, each with its counterpart.", body = Page<FourEyesRow>))
)]
async fn four_eyes(seen: Seen, Query(ask): Query<FourEyes>) -> Result<Paged<FourEyesRow>, Problem> {
    let audit = &seen.ledger.audit;
    Ok(Paged::after(
        audit.four_eyes(&ask.filter(&seen), ask.broken).await?,
    ))
}

question! {
    /// Which late steps. Period means the deadline; `as_of` and the claimed times do not apply.
    Late {}
}

/// Steps that were, or are, past their deadline.
#[utoipa::path(
    get, path = "/ledgers/{ledger}/audit/late", tag = "audit", operation_id = "audit_late", params(InLedger, Late),
    responses((status = 200, description = "A page of steps.", body = Page<LateRow>))
)]
async fn late(seen: Seen, Query(ask): Query<Late>) -> Result<Paged<LateRow>, Problem> {
    let audit = &seen.ledger.audit;
    Ok(Paged::after(audit.late(&ask.filter(&seen)).await?))
}

question! {
    /// Which texts.
    Search {
        /// The words: `"a phrase"`, `this or that`, `-without`.
        words: String,
        /// Only of this kind: `reason`, `refusal`, `requested_change`, `request` or `content`.
        what: Option<String>,
    }
}

/// Reasons, refusals, requests and contents by their words.
#[utoipa::path(
    get, path = "/ledgers/{ledger}/audit/search", tag = "audit", operation_id = "audit_search",
    params(InLedger, Search),
    responses((status = 200, description = "A page of texts.", body = Page<FoundRow>))
)]
async fn search(seen: Seen, Query(ask): Query<Search>) -> Result<Paged<FoundRow>, Problem> {
    let filter = DecisionFilter {
        what: ask.what.clone(),
        ..ask.filter(&seen)
    };
    let audit = &seen.ledger.audit;
    Ok(Paged::after(audit.search(&ask.words, &filter).await?))
}
