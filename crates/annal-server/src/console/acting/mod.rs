//! What forms ask for, on its way to the running workflow. A refusal comes back to the form that it was typed into.

mod contents;
mod fields;
mod intents;

use annal_flow::{Accepted, Act};
use axum::Extension;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use maud::Markup;
use serde::Deserialize;

use super::desk::Refused;
use super::{path, phase, runs};
use crate::acting::{Asked, act, on};
use crate::app::App;
use crate::listed::Listed;
use crate::problem::{Problem, Told};
use crate::seen::SeenRun;
use crate::sign_in::{Witness, signs_in_anew};

pub(crate) use fields::{Fields, invalid};

/// Documents and data are read whole; what is longer is refused.
pub(crate) const LARGEST_FORM: usize = 32 << 20;

/// The routes of what forms send.
pub(crate) fn routes() -> Listed {
    Listed::new()
        .get("/{ledger}/runs/{run}/{phase}/do/{act}", back_to_phase)
        .post("/{ledger}/runs/{run}/{phase}/do/{act}", on_phase)
        .get("/{ledger}/runs/{run}/do/{act}", back_to_run)
        .post("/{ledger}/runs/{run}/do/{act}", on_run)
        .around(|it| it.layer(DefaultBodyLimit::max(LARGEST_FORM)))
}

#[derive(Deserialize)]
struct OfAct {
    act: String,
}

async fn on_phase(
    State(app): State<App>,
    Extension(witness): Extension<Witness>,
    run: SeenRun,
    Path(of): Path<phase::OfPhase>,
    Path(OfAct { act }): Path<OfAct>,
    fields: Fields,
) -> Result<Response, Problem> {
    let phase = of.of(&run)?;
    let place = path::phase(&run.seen.ledger.id, run.run, phase);
    let done = async {
        // What cannot be read uses up no confirmation.
        let wanted = intents::on_phase(&run, phase, &act, &fields).await?;
        let signs = act == "sign";
        if signs {
            let (viewer, path) = (&run.seen.viewer, format!("{place}/do/{act}"));
            signs_in_anew(&app, &witness, viewer, &path, fields.typed("password")).await?;
        }
        carried_out(&run, wanted, &fields, signs).await
    };
    match done.await {
        Ok(done) => Ok(back(&place, &done)),
        Err(problem) => {
            let run = on(run.seen, run.run).await?;
            let refused = refused(problem, fields);
            let asked = phase::Asked::default();
            let page = phase::shown(&app, &run, phase, &asked, Some(&refused)).await?;
            Ok(told(&refused, page))
        }
    }
}

async fn on_run(
    run: SeenRun,
    Path(OfAct { act }): Path<OfAct>,
    fields: Fields,
) -> Result<Response, Problem> {
    let place = path::run(&run.seen.ledger.id, run.run);
    let done = async {
        let wanted = intents::on_run(&act, &fields)?;
        carried_out(&run, wanted, &fields, false).await
    };
    match done.await {
        Ok(done) => Ok(back(&place, &done)),
        Err(problem) => {
            let run = on(run.seen, run.run).await?;
            let refused = refused(problem, fields);
            let page = runs::shown(&run, Some(&refused)).await?;
            Ok(told(&refused, page))
        }
    }
}

/// The page with the refusal in it. What the rules refused is in the run's own stream, and so in no other record.
fn told(refused: &Refused, page: Markup) -> Response {
    let mut response = (refused.problem.status(), page).into_response();
    response
        .extensions_mut()
        .insert(Told(refused.problem.code()));
    response
}

/// Who loads the address of a form that was sent is led to the page that it stands on.
async fn back_to_phase(run: SeenRun, Path(of): Path<phase::OfPhase>) -> Result<Redirect, Problem> {
    let phase = of.of(&run)?;
    let place = path::phase(&run.seen.ledger.id, run.run, phase);
    Ok(Redirect::to(&place))
}

async fn back_to_run(run: SeenRun) -> Redirect {
    Redirect::to(&path::run(&run.seen.ledger.id, run.run))
}

async fn carried_out(
    run: &SeenRun,
    wanted: Act,
    fields: &Fields,
    signed_in_again: bool,
) -> Result<Accepted, Problem> {
    let how = Asked {
        command_id: fields.maybe("command_id")?,
        role: fields.maybe("role")?,
        on_behalf_of: fields.maybe("on_behalf_of")?,
        reason: fields.one("reason").map(str::to_owned),
        effective_at: None,
        signed_in_again,
    };
    act(run, wanted, how).await
}

fn refused(problem: Problem, fields: Fields) -> Refused {
    Refused {
        form: fields.one("form").unwrap_or_default().to_owned(),
        problem,
        fields,
    }
}

/// To the page that shows what came of it, so that loading it again sends nothing.
fn back(place: &str, done: &Accepted) -> Response {
    let place = format!("{place}?done={}-{}", done.first, done.last);
    Redirect::to(&place).into_response()
}
