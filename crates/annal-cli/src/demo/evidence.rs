//! What the scripted data owners hand in: extracts of their source systems.

use std::collections::BTreeMap;

use annal_core::dossier::event::FileRef;
use annal_core::item::{Content, NewItem};
use annal_core::{Case, PersonId, Phase, RequestId};
use annal_data::evidence::{Script, source_extract};
use annal_data::{Dataset, Dictionary};
use annal_log::Log;

use crate::error::CliError;

/// Share of the values that differ in the source: what the tests are there to find.
const DIFFERING: f64 = 0.015;
/// Share of the values that an extract lacks whose export broke off.
const BROKEN_OFF: f64 = 0.4;

/// The source systems.
pub(super) struct Archive<'a> {
    pub(super) data: &'a Dataset,
    pub(super) dictionary: &'a Dictionary,
    pub(super) log: &'a Log,
    pub(super) seed: u64,
}

impl Archive<'_> {
    /// The extract that answers a request, kept in the log's files.
    pub(super) async fn extract(
        &self,
        case: &Case,
        request: &RequestId,
        broken_off: bool,
    ) -> Result<FileRef, CliError> {
        let dossier = case.dossier(Phase::RequestInfo);
        let asked = dossier.requests.get(request);
        let asked =
            asked.ok_or_else(|| CliError::NotFound(format!("there is no request {request}")))?;
        let samples = samples(case, &asked.owner);
        let attributes = self.dictionary.select(&asked.attributes)?;
        let script = Script {
            seed: self.seed,
            differing: DIFFERING,
            left_out: if broken_off { BROKEN_OFF } else { 0.0 },
        };
        let bytes = source_extract(self.data, &samples, &attributes, &script)?;
        let name = format!("{}-extract.csv", asked.owner);
        Ok(self.log.put_file(&name, &bytes).await?)
    }
}

/// The approved samples of the lines of business for which a person owns an attribute.
fn samples(case: &Case, owner: &PersonId) -> Vec<NewItem> {
    let owners = case.basis(Phase::RequestInfo).owners;
    let owns = |line: &str| {
        let of_line = |lines: &BTreeMap<String, PersonId>| lines.get(line) == Some(owner);
        owners.values().any(of_line)
    };
    let selection = case.dossier(Phase::SampleSelection);
    let items = selection.current().into_iter().flat_map(|it| &it.items);
    items
        .filter(|(_, item)| match &item.content {
            Content::Sample {
                line_of_business, ..
            } => owns(line_of_business),
            _ => false,
        })
        .map(|(id, item)| NewItem {
            id: id.clone(),
            content: item.content.clone(),
        })
        .collect()
}
