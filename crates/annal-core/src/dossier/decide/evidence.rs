//! request_info: what is asked of the owners, what they hand in, and its review on two levels.

use super::items::{Refusals, not_empty, once};
use super::{Asked, Decided};
use crate::dossier::basis::Basis;
use crate::dossier::event::{DossierEvent, FileRef};
use crate::dossier::state::{Document, Dossier, Request, Review};
use crate::ids::{DocumentId, ItemId, PersonId, RequestId, VersionNo};
use crate::item::DecisionLevel;
use crate::people::Role;
use crate::rejection::{Rejection, RejectionCode as Code};

impl Dossier {
    pub(super) fn request(
        &self,
        asked: &Asked<'_>,
        request: &RequestId,
        owner: &PersonId,
        attributes: &[ItemId],
        text: &str,
        basis: &Basis,
    ) -> Decided {
        asked.in_role(&[Role::Tester], "request information")?;
        not_empty(attributes.len())?;
        if text.trim().is_empty() {
            return Err(Rejection::new(
                Code::InvalidContent,
                format!("request {request} asks nothing; write what is needed"),
            ));
        }
        if self.requests.contains_key(request) {
            return Err(Rejection::new(
                Code::DuplicateItem,
                format!("request {request} exists already; choose another id"),
            ));
        }
        let owned = basis.attributes_by_owner();
        let mut bad = Refusals::default();
        let mut seen = std::collections::BTreeSet::new();
        for attribute in attributes {
            bad.note(attribute, once(&mut seen, attribute));
            let owns = owned.get(owner).is_some_and(|it| it.contains(attribute));
            let why = format!("is not owned by {owner}");
            bad.note(attribute, (!owns).then_some((Code::UnknownItem, why)));
        }
        bad.into_result("ask for")?;
        Ok(vec![DossierEvent::InformationRequested {
            request: request.clone(),
            owner: owner.clone(),
            attributes: attributes.to_vec(),
            text: text.to_owned(),
            by: asked.person(),
        }])
    }

    pub(super) fn submit_document(
        &self,
        asked: &Asked<'_>,
        document: &DocumentId,
        request: &RequestId,
        file: &FileRef,
    ) -> Decided {
        asked.in_role(&[Role::DataOwner], "submit a document")?;
        let asked_for = self.requests.get(request).ok_or_else(|| {
            Rejection::new(Code::UnknownItem, format!("there is no request {request}"))
        })?;
        only_its_owner(asked, asked_for, "answer it")?;
        if self.documents.contains_key(document) {
            return Err(Rejection::new(
                Code::DuplicateItem,
                format!("document {document} exists already; revise it, with a reason"),
            ));
        }
        check_file(file)?;
        Ok(vec![DossierEvent::DocumentSubmitted {
            document: document.clone(),
            request: request.clone(),
            file: file.clone(),
            by: asked.person(),
        }])
    }

    pub(super) fn revise_document(
        &self,
        asked: &Asked<'_>,
        document: &DocumentId,
        file: &FileRef,
    ) -> Decided {
        asked.in_role(&[Role::DataOwner], "revise a document")?;
        let (now, request) = self.document(document)?;
        only_its_owner(asked, request, "revise its documents")?;
        // What is accepted stands, until the phase is reopened.
        if now.review == Review::Accepted && !self.reopened {
            return Err(Rejection::new(
                Code::VersionClosed,
                format!(
                    "document {document} version {} is accepted on both levels and stands",
                    now.version
                ),
            ));
        }
        let reason = asked.due_reason("revise a document")?;
        check_file(file)?;
        if now.file.sha256 == file.sha256 {
            return Err(Rejection::new(
                Code::InvalidContent,
                format!(
                    "the file is the same as that of document {document} version {}",
                    now.version
                ),
            ));
        }
        Ok(vec![DossierEvent::DocumentRevised {
            document: document.clone(),
            version: now.version.next(),
            replaces: now.version,
            file: file.clone(),
            by: asked.person(),
            reason,
        }])
    }

    pub(super) fn review_document(
        &self,
        asked: &Asked<'_>,
        document: &DocumentId,
        level: DecisionLevel,
        accept: bool,
    ) -> Decided {
        let role = match level {
            DecisionLevel::Tester => Role::Tester,
            DecisionLevel::ReportOwner => Role::ReportOwner,
        };
        asked.in_role(&[role], "review a document on this level")?;
        let (now, _) = self.document(document)?;
        let reviewer = match (level, &now.review) {
            (DecisionLevel::Tester, Review::Submitted) => None,
            (DecisionLevel::ReportOwner, Review::TesterAccepted { by }) => Some(by),
            _ => return Err(not_its_turn(document, now.version, &now.review)),
        };
        let submitter = (&now.submitted_by, "handed it in");
        let reviewer = reviewer.map(|by| (by, "reviewed it on the first level"));
        self.other_than(asked, [submitter].into_iter().chain(reviewer), "review it")?;
        let reason = match accept {
            true => asked.reason.map(str::to_owned),
            false => Some(asked.due_reason("send a document back")?),
        };
        Ok(vec![DossierEvent::DocumentReviewed {
            document: document.clone(),
            version: now.version,
            level,
            accepted: accept,
            by: asked.person(),
            reason,
        }])
    }

    fn document(&self, id: &DocumentId) -> Result<(&Document, &Request), Rejection> {
        let unknown = || Rejection::new(Code::UnknownItem, format!("there is no document {id}"));
        let document = self.documents.get(id).ok_or_else(unknown)?;
        let request = self.requests.get(&document.request).ok_or_else(unknown)?;
        Ok((document, request))
    }
}

fn only_its_owner(asked: &Asked<'_>, request: &Request, to_do: &str) -> Result<(), Rejection> {
    if request.owner == asked.actor.id {
        return Ok(());
    }
    Err(Rejection::new(
        Code::RoleNotAllowed,
        format!(
            "the request is addressed to {}; only they {to_do}",
            request.owner
        ),
    ))
}

fn check_file(file: &FileRef) -> Result<(), Rejection> {
    let hash_fits = file.sha256.len() == 64 && file.sha256.bytes().all(|b| b.is_ascii_hexdigit());
    if hash_fits && file.bytes > 0 && !file.name.trim().is_empty() {
        return Ok(());
    }
    Err(Rejection::new(
        Code::InvalidContent,
        format!(
            "'{}' is not a file with a name, contents and a SHA-256",
            file.name
        ),
    ))
}

fn not_its_turn(document: &DocumentId, version: VersionNo, review: &Review) -> Rejection {
    let waits = match review {
        Review::Submitted => "waits for a tester first",
        Review::TesterAccepted { .. } => "is accepted by a tester and waits for the report owner",
        Review::Accepted => "is accepted on both levels",
        Review::SentBack => "was sent back and waits for a new version from its owner",
    };
    Rejection::new(
        Code::OutOfOrder,
        format!("document {document} version {version} {waits}"),
    )
}
