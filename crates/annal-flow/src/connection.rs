//! Connecting to a Temporal server, and making it know our search attributes.

use std::collections::HashMap;
use std::time::Duration;

use temporalio_client::envconfig::LoadClientConfigProfileOptions;
use temporalio_client::tonic::{Request, Status};
use temporalio_client::{Client, ClientOptions, Connection, Url};
use temporalio_common::protos::temporal::api::enums::v1::IndexedValueType;
use temporalio_common::protos::temporal::api::operatorservice::v1::{
    AddSearchAttributesRequest, ListSearchAttributesRequest,
};

use crate::error::FlowError;
use crate::workflow::{LISTS, WORD};

const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// Connects to `target` (`host:port` or a URL). TLS, API key and the like come from Temporal's usual environment
/// variables and configuration file.
pub(crate) async fn connect(target: &str, namespace: &str) -> Result<Client, FlowError> {
    let refused = |detail: String| FlowError::Refused {
        target: target.to_owned(),
        detail,
    };
    let loaded = ClientOptions::load_from_config(LoadClientConfigProfileOptions::default());
    let (mut options, _) = loaded.map_err(|error| refused(error.to_string()))?;
    let scheme = if options.tls_options.is_some() || options.api_key.is_some() {
        "https"
    } else {
        "http"
    };
    let url = if target.contains("://") {
        Url::parse(target)
    } else {
        Url::parse(&format!("{scheme}://{target}"))
    };
    options.target = url.map_err(|error| refused(format!("'{target}' is no address: {error}")))?;
    options.connect_timeout = Some(CONNECT_WITHIN);
    options.identity = format!("annal@{}", std::process::id());
    let connecting = tokio::time::timeout(CONNECT_WITHIN * 2, Connection::connect(options)).await;
    let unreachable = |detail: String| FlowError::Unreachable {
        target: target.to_owned(),
        detail,
    };
    let connection = connecting
        .map_err(|_| unreachable("no answer".to_owned()))?
        .map_err(|error| unreachable(error.to_string()))?;
    let client = Client::new(connection, ClientOptions::new(namespace).build());
    client.map_err(|error| refused(error.to_string()))
}

/// Whether runs can be found by our search attributes.
pub(crate) async fn is_searchable(client: &Client) -> bool {
    let names = std::iter::once(WORD).chain(LISTS);
    match known(client).await {
        Ok(known) => names.into_iter().all(|name| known.contains_key(name)),
        Err(error) => {
            tracing::debug!(%error, "the server does not tell its search attributes");
            false
        }
    }
}

/// Registers our search attributes where they are missing. A server that does not let us goes without them: the memo
/// and the queries tell the same.
pub(crate) async fn make_searchable(client: &Client) {
    if is_searchable(client).await {
        return;
    }
    let word = (WORD.to_owned(), IndexedValueType::Keyword as i32);
    let lists = LISTS.map(|name| (name.to_owned(), IndexedValueType::KeywordList as i32));
    let request = AddSearchAttributesRequest {
        search_attributes: std::iter::once(word).chain(lists).collect(),
        namespace: client.options().namespace.clone(),
    };
    let mut operator = client.connection().operator_service();
    if let Err(error) = operator.add_search_attributes(Request::new(request)).await {
        tracing::info!(%error, "runs are not searchable by Annal's attributes on this server");
    }
}

async fn known(client: &Client) -> Result<HashMap<String, i32>, Status> {
    let request = ListSearchAttributesRequest {
        namespace: client.options().namespace.clone(),
    };
    let mut operator = client.connection().operator_service();
    let answer = operator
        .list_search_attributes(Request::new(request))
        .await?;
    Ok(answer.into_inner().custom_attributes)
}
