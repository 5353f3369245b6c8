//! One line for each endpoint: who is let in, what is asked there, and what whoever is let in is answered.

use serde_json::{Value, json};

use crate::doors::Door::{self, Admin, All, By, Ledger, Member, Run, SignedIn, Whole};

/// What is asked of an endpoint.
pub(crate) struct Line {
    /// Method and template, as the API's description and the list of pages have them.
    pub(crate) endpoint: &'static str,
    pub(crate) door: Door,
    /// The query, or the values of a template's own parts, as `name=value`.
    pub(crate) query: &'static str,
    pub(crate) body: Body,
    /// The status for who is let in.
    pub(crate) answer: u16,
    /// Another one, where it depends on what the others do meanwhile.
    pub(crate) or: Option<u16>,
}

/// What is sent.
#[derive(Clone)]
pub(crate) enum Body {
    None,
    Json(Value),
    Form(&'static str),
    Bytes(&'static str),
}

fn get(endpoint: &'static str, door: Door, query: &'static str, answer: u16) -> Line {
    let body = Body::None;
    Line {
        endpoint,
        door,
        query,
        body,
        answer,
        or: None,
    }
}

fn send(endpoint: &'static str, door: Door, body: Body, answer: u16) -> Line {
    Line {
        endpoint,
        door,
        query: "",
        body,
        answer,
        or: None,
    }
}

/// Every line. Where an act would go on to do something of its own, it is asked for in a way that the rules refuse to
/// whoever may ask for it at all.
pub(crate) fn table() -> Vec<Line> {
    let mut all = api();
    all.extend(acts());
    all.extend(console());
    all.extend(outside());
    all
}

fn api() -> Vec<Line> {
    let ledger = |path, query| get(path, Ledger, query, 200);
    let run = |path, query| get(path, Run, query, 200);
    let nothing = || Body::Json(json!({}));
    vec![
        get("GET /api/v1/definitions", SignedIn, "", 200),
        get("GET /api/v1/definitions/{version}", SignedIn, "", 200),
        get("GET /api/v1/openapi.json", All, "", 200),
        get("GET /api/v1/me", SignedIn, "", 200),
        ledger("GET /api/v1/ledgers/{ledger}", ""),
        ledger("GET /api/v1/ledgers/{ledger}/audit/approvals", ""),
        ledger("GET /api/v1/ledgers/{ledger}/audit/decisions", ""),
        ledger("GET /api/v1/ledgers/{ledger}/audit/four-eyes", ""),
        ledger("GET /api/v1/ledgers/{ledger}/audit/late", ""),
        ledger("GET /api/v1/ledgers/{ledger}/audit/overrides", ""),
        ledger("GET /api/v1/ledgers/{ledger}/audit/refusals", ""),
        ledger("GET /api/v1/ledgers/{ledger}/audit/search", "words=single"),
        ledger("GET /api/v1/ledgers/{ledger}/events", ""),
        ledger("GET /api/v1/ledgers/{ledger}/events/stream", ""),
        ledger("GET /api/v1/ledgers/{ledger}/inbox", ""),
        ledger("GET /api/v1/ledgers/{ledger}/log/checkpoints", ""),
        ledger("GET /api/v1/ledgers/{ledger}/projections", ""),
        ledger("GET /api/v1/ledgers/{ledger}/runs", ""),
        run("GET /api/v1/ledgers/{ledger}/events/{position}", ""),
        run("GET /api/v1/ledgers/{ledger}/runs/{run}", ""),
        run("GET /api/v1/ledgers/{ledger}/runs/{run}/export", ""),
        run("GET /api/v1/ledgers/{ledger}/runs/{run}/files/{sha256}", ""),
        run(
            "GET /api/v1/ledgers/{ledger}/runs/{run}/lineage",
            "of=attribute:single",
        ),
        run("GET /api/v1/ledgers/{ledger}/runs/{run}/metrics", ""),
        run("GET /api/v1/ledgers/{ledger}/runs/{run}/phases", ""),
        run(
            "GET /api/v1/ledgers/{ledger}/runs/{run}/phases/{phase}/versions/{number}",
            "",
        ),
        run(
            "GET /api/v1/ledgers/{ledger}/runs/{run}/phases/{phase}/versions/{number}/diff",
            "from=1",
        ),
        run("GET /api/v1/ledgers/{ledger}/runs/{run}/steps", ""),
        run("GET /api/v1/ledgers/{ledger}/runs/{run}/transitions", ""),
        run("GET /api/v1/ledgers/{ledger}/runs/{run}/versions", ""),
        // Nothing is proved without a checkpoint, and there is no act under this key.
        get(
            "GET /api/v1/ledgers/{ledger}/events/{position}/proof",
            Run,
            "",
            404,
        ),
        get(
            "GET /api/v1/ledgers/{ledger}/runs/{run}/acts/{command}",
            Run,
            "",
            404,
        ),
        get(
            "GET /api/v1/ledgers/{ledger}/files/{sha256}",
            Whole,
            "",
            200,
        ),
        get("GET /api/v1/ledgers/{ledger}/log/export", Whole, "", 200),
        get(
            "GET /api/v1/ledgers/{ledger}/projections/{name}/rebuild",
            Whole,
            "",
            404,
        ),
        Line {
            // One at a time.
            or: Some(503),
            ..send(
                "POST /api/v1/ledgers/{ledger}/log/verification",
                Whole,
                nothing(),
                200,
            )
        },
        // This server has no key.
        send(
            "POST /api/v1/ledgers/{ledger}/log/checkpoints",
            Whole,
            Body::None,
            409,
        ),
        send(
            "POST /api/v1/ledgers/{ledger}/log/consistency-proof",
            Ledger,
            nothing(),
            422,
        ),
        send(
            "POST /api/v1/ledgers/{ledger}/projections/{name}/retry",
            Admin,
            Body::None,
            204,
        ),
        send(
            "DELETE /api/v1/ledgers/{ledger}/projections/{name}/rebuild",
            Admin,
            Body::None,
            204,
        ),
        send(
            "POST /api/v1/ledgers/{ledger}/projections/{name}/rebuild",
            Admin,
            Body::Json(json!({"compare_only": true})),
            202,
        ),
        send(
            "POST /api/v1/ledgers/{ledger}/projections/{name}/skip",
            Admin,
            Body::Json(json!({"position": 1, "reason": "nothing stops it"})),
            409,
        ),
        Line {
            query: "name=evidence.txt",
            ..send(
                "POST /api/v1/ledgers/{ledger}/files",
                Member,
                Body::Bytes("evidence"),
                201,
            )
        },
        send("POST /api/v1/ledgers/{ledger}/runs", Member, nothing(), 422),
    ]
}

/// What the rules of a run leave to one role.
fn acts() -> Vec<Line> {
    let act = |role, body, answer| {
        send(
            "POST /api/v1/ledgers/{ledger}/runs/{run}/acts",
            By(role),
            Body::Json(body),
            answer,
        )
    };
    let decide = |level: &str| {
        let one = [json!({"item": "attribute:single", "verdict": "include"})];
        json!({"act": "decide_items", "phase": "planning", "level": level, "decisions": one, "reason": "once more"})
    };
    let mut second = decide("report_owner");
    second["decisions"][0]["verdict"] = json!("approve");
    vec![
        act("tester", decide("tester"), 201),
        act("report_owner", second, 409),
        act(
            "tester",
            json!({"act": "submit_version", "phase": "data_profiling"}),
            409,
        ),
        act(
            "report_owner",
            json!({"act": "approve_version", "phase": "planning"}),
            409,
        ),
        act("test_executive", json!({"act": "cancel_run"}), 422),
        act(
            "test_executive",
            json!({"act": "reopen_phase", "phase": "planning"}),
            422,
        ),
        // No token signs, whoever's it is.
        send(
            "POST /api/v1/ledgers/{ledger}/runs/{run}/signatures",
            Run,
            Body::Json(json!({"sections": []})),
            403,
        ),
        send(
            "POST /{ledger}/runs/{run}/{phase}/do/{act}",
            By("tester"),
            Body::Form(
                "form=decide&version=1&level=tester&among=picked&item=attribute:single&verdict=include&reason=again",
            ),
            303,
        ),
        send(
            "POST /{ledger}/runs/{run}/do/{act}",
            By("test_executive"),
            Body::Form("form=cancel"),
            422,
        ),
    ]
}

fn console() -> Vec<Line> {
    let ledger = |path, query| get(path, Ledger, query, 200);
    let run = |path, query| get(path, Run, query, 200);
    vec![
        get("GET /", SignedIn, "", 303),
        ledger("GET /{ledger}/work", ""),
        ledger("GET /{ledger}/runs", ""),
        get("GET /{ledger}/runs/new", Member, "", 200),
        ledger("GET /{ledger}/live", ""),
        ledger("GET /{ledger}/projections", ""),
        ledger("GET /{ledger}/proof", ""),
        get("GET /{ledger}/live", Run, "run={run}", 200),
        run("GET /{ledger}/runs/{run}", ""),
        run("GET /{ledger}/runs/{run}/files/{sha256}", ""),
        run("GET /{ledger}/runs/{run}/{phase}", ""),
        run("GET /{ledger}/runs/{run}/{phase}/{n}", ""),
        run("GET /{ledger}/runs/{run}/{phase}/diff", "a=1&b=1"),
        run("GET /{ledger}/audit", "run={run}"),
        run("GET /{ledger}/audit.csv", "run={run}"),
        run("GET /{ledger}/audit.jsonl", "run={run}"),
        run("GET /{ledger}/metrics", "run={run}"),
        run("GET /{ledger}/events/{position}", ""),
        get("GET /{ledger}/events/{position}/proof.json", Run, "", 404),
        // The form, which says that they have to name a run.
        ledger("GET /{ledger}/audit", ""),
        get("GET /{ledger}/audit.csv", Whole, "", 200),
        get("GET /{ledger}/audit.jsonl", Whole, "", 200),
        get("GET /{ledger}/metrics", Whole, "", 200),
        get("GET /{ledger}/runs/{run}/do/{act}", Run, "", 303),
        get("GET /{ledger}/runs/{run}/{phase}/do/{act}", Run, "", 303),
        get("GET /{ledger}/proof/checkpoints/{size}", Ledger, "", 404),
        get(
            "GET /{ledger}/proof/consistency.json",
            Ledger,
            "older=1&newer=2",
            404,
        ),
        get("GET /{ledger}/proof/log.jsonl", Whole, "", 200),
        send(
            "POST /{ledger}/runs/new",
            Member,
            Body::Form("source=files"),
            422,
        ),
        send("POST /{ledger}/proof/verify", Whole, Body::Form(""), 303),
        send(
            "POST /{ledger}/proof/checkpoints",
            Whole,
            Body::Form(""),
            409,
        ),
        send(
            "POST /{ledger}/projections/{name}",
            Admin,
            Body::Form("act=retry"),
            303,
        ),
    ]
}

/// What belongs to no ledger. Signing out comes last: it ends what the others are tried with.
fn outside() -> Vec<Line> {
    let different = "password=a&new_password=one%20of%20them&again=another%20one";
    vec![
        get("GET /healthz", All, "", 200),
        get("GET /readyz", All, "", 200),
        get("GET /metrics", All, "", 200),
        get("GET /problems", All, "", 200),
        get("GET /problems/{code}", All, "", 200),
        get("GET /assets/{name}", All, "", 404),
        get("GET /sign-in", All, "", 200),
        // Nobody has set an issuer up.
        get("GET /sign-in/openid-connect", All, "", 404),
        get(
            "GET /sign-in/openid-connect/callback",
            All,
            "state=1&code=1",
            404,
        ),
        get("GET /sign-in/password", SignedIn, "", 200),
        get("GET /sign-in/confirm", SignedIn, "act=/", 200),
        get("GET /sign-out", SignedIn, "", 200),
        Line {
            // So many from one address have to wait.
            or: Some(429),
            ..send("POST /sign-in", All, Body::Form("person=&password="), 401)
        },
        send(
            "POST /sign-in/password",
            SignedIn,
            Body::Form(different),
            422,
        ),
        send(
            "POST /sign-in/confirm",
            SignedIn,
            Body::Form("act=/&password=wrong"),
            403,
        ),
        send("POST /sign-out", SignedIn, Body::Form(""), 303),
        send("POST /sign-out/everywhere", SignedIn, Body::Form(""), 303),
    ]
}
