//! The issuer: what it says about itself, its keys, and the two questions that are put to it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use openidconnect::core::{
    CoreAuthPrompt, CoreAuthenticationFlow, CoreClient, CoreErrorResponseType, CoreProviderMetadata,
};
use openidconnect::reqwest::{Client, redirect};
use openidconnect::{
    AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret, CsrfToken,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, IssuerUrl, Nonce, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, RequestTokenError, StandardErrorResponse, TokenResponse as _,
};
use tokio::sync::Mutex;

use crate::sign_in::AccountError;
use crate::sign_in::settings::OpenIdConnectSettings;

/// An answer that takes longer is none.
const PATIENCE: Duration = Duration::from_secs(10);
/// What an issuer says about itself is asked for again after so long.
const FRESH: Duration = Duration::from_secs(3600);
/// Keys that do not fit are asked for again at once; after that, no more often than this.
const KEYS_AGAIN: Duration = Duration::from_secs(5);

/// An issuer that does not answer, or whose answer is not what was asked for.
#[derive(Debug, thiserror::Error)]
pub(super) enum IssuerError {
    #[error("the issuer {issuer} does not answer as one: {detail}")]
    Unreachable { issuer: String, detail: String },
    #[error(
        "the issuer {issuer} does not take this server for its client: {detail}; compare client id and secret with what is \
         registered there"
    )]
    NotItsClient { issuer: String, detail: String },
    #[error("the issuer did not take the code: {0}")]
    Code(String),
    #[error("the issuer's answer is not to be trusted: {0}")]
    Claims(String),
}

/// Where the browser is sent, and what is kept until it comes back.
pub(super) struct Question {
    pub(super) url: String,
    pub(super) state: String,
    pub(super) nonce: String,
    pub(super) verifier: String,
}

/// Who the issuer says it is, and when they proved it there.
pub(super) struct Answered {
    pub(super) subject: String,
    pub(super) proved_at: Option<DateTime<Utc>>,
}

/// One issuer. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Issuer {
    settings: OpenIdConnectSettings,
    http: Client,
    known: Arc<Mutex<Option<Known>>>,
}

#[derive(Debug, Clone)]
struct Known {
    metadata: CoreProviderMetadata,
    at: Instant,
    /// When its keys last did not fit and were asked for again.
    again: Option<Instant>,
}

/// Which keys of the issuer will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keys {
    Known,
    /// Those that are known did not fit.
    Newer,
}

type Ready = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

impl Issuer {
    /// Nothing is asked of it yet: the server starts where its issuer is down.
    ///
    /// # Errors
    /// [`AccountError::Issuer`] if this process cannot do TLS.
    pub(crate) fn new(settings: OpenIdConnectSettings) -> Result<Self, AccountError> {
        // An issuer that redirects is another issuer.
        let http = Client::builder().redirect(redirect::Policy::none());
        Ok(Self {
            settings,
            http: http
                .timeout(PATIENCE)
                .build()
                .map_err(|no| AccountError::Issuer(no.to_string()))?,
            known: Arc::default(),
        })
    }

    pub(crate) fn address(&self) -> &str {
        &self.settings.issuer
    }

    pub(crate) fn label(&self) -> &str {
        &self.settings.label
    }

    /// What the button says to whom has to prove themselves anew: as the label, where that says "Sign in with …".
    pub(crate) fn confirms(&self) -> String {
        match self.settings.label.strip_prefix("Sign in with ") {
            Some(whom) => format!("Confirm with {whom}"),
            None => self.settings.label.clone(),
        }
    }

    /// What to ask the issuer; `anew` for somebody who has to prove themselves once more although they did already.
    pub(super) async fn question(
        &self,
        redirect: &RedirectUrl,
        anew: bool,
    ) -> Result<Question, IssuerError> {
        let client = self.client(redirect, Keys::Known).await?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let flow = CoreAuthenticationFlow::AuthorizationCode;
        let request = client.authorize_url(flow, CsrfToken::new_random, Nonce::new_random);
        let request = request.set_pkce_challenge(challenge);
        let request = match anew {
            true => request
                .set_max_age(Duration::ZERO)
                .add_prompt(CoreAuthPrompt::Login),
            false => request,
        };
        let (url, state, nonce) = request.url();
        Ok(Question {
            url: url.to_string(),
            state: state.into_secret(),
            nonce: nonce.secret().clone(),
            verifier: verifier.into_secret(),
        })
    }

    /// Turns the code that the browser brought back into a person of the issuer. The token that comes for it is checked
    /// as the standard has it: signature by the issuer's key, issuer, audience, time, and the nonce of this sign-in.
    pub(super) async fn answer(
        &self,
        redirect: &RedirectUrl,
        code: &str,
        verifier: &str,
        nonce: &str,
    ) -> Result<Answered, IssuerError> {
        let client = self.client(redirect, Keys::Known).await?;
        let code = AuthorizationCode::new(code.to_owned());
        let exchange = client
            .exchange_code(code)
            .map_err(|no| IssuerError::Code(no.to_string()))?;
        let exchange = exchange.set_pkce_verifier(PkceCodeVerifier::new(verifier.to_owned()));
        let tokens = exchange.request_async(&self.http).await;
        let tokens = tokens.map_err(|no| self.no_token(no))?;
        let missing = || IssuerError::Claims("it holds no id token".to_owned());
        let token = tokens.id_token().ok_or_else(missing)?;
        let nonce = Nonce::new(nonce.to_owned());
        let claims = match token.claims(&client.id_token_verifier(), &nonce) {
            // Keys are changed now and then: those that are known may be of yesterday.
            Err(ClaimsVerificationError::SignatureVerification(_)) => {
                let client = self.client(redirect, Keys::Newer).await?;
                token.claims(&client.id_token_verifier(), &nonce).cloned()
            }
            checked => checked.cloned(),
        };
        let claims = claims.map_err(|no| IssuerError::Claims(no.to_string()))?;
        Ok(Answered {
            subject: claims.subject().to_string(),
            proved_at: claims.auth_time(),
        })
    }

    /// Whether it answers as the issuer that it is said to be.
    ///
    /// # Errors
    /// [`IssuerError::Unreachable`], with what it answered.
    pub(super) async fn answers(&self) -> Result<(), IssuerError> {
        let metadata = self.discover().await?;
        *self.known.lock().await = Some(Known::now(metadata, None));
        Ok(())
    }

    fn no_token<E: std::error::Error + 'static>(
        &self,
        no: RequestTokenError<E, StandardErrorResponse<CoreErrorResponseType>>,
    ) -> IssuerError {
        let issuer = self.settings.issuer.clone();
        match no {
            RequestTokenError::ServerResponse(told) if is_about_the_client(told.error()) => {
                let detail = told.to_string();
                IssuerError::NotItsClient { issuer, detail }
            }
            RequestTokenError::ServerResponse(told) => IssuerError::Code(told.to_string()),
            RequestTokenError::Request(no) => {
                let detail = no.to_string();
                IssuerError::Unreachable { issuer, detail }
            }
            other => IssuerError::Code(other.to_string()),
        }
    }

    /// A client that knows the issuer as it is, or was a while ago.
    async fn client(&self, redirect: &RedirectUrl, keys: Keys) -> Result<Ready, IssuerError> {
        let mut known = self.known.lock().await;
        let will_do = known.as_ref().filter(|it| it.will_do(keys));
        let metadata = match will_do {
            Some(known) => known.metadata.clone(),
            None => {
                let metadata = self.discover().await?;
                let again = (keys == Keys::Newer).then(Instant::now);
                *known = Some(Known::now(metadata.clone(), again));
                metadata
            }
        };
        let id = ClientId::new(self.settings.client_id.clone());
        let secret = self.settings.client_secret.clone().map(ClientSecret::new);
        let client = CoreClient::from_provider_metadata(metadata, id, secret);
        Ok(client.set_redirect_uri(redirect.clone()))
    }

    async fn discover(&self) -> Result<CoreProviderMetadata, IssuerError> {
        let issuer = self.settings.issuer.clone();
        let no = |detail: String| IssuerError::Unreachable {
            issuer: issuer.clone(),
            detail,
        };
        let url = IssuerUrl::new(issuer.clone()).map_err(|it| no(it.to_string()))?;
        let found = CoreProviderMetadata::discover_async(url, &self.http).await;
        found.map_err(|it| no(it.to_string()))
    }
}

impl Known {
    fn now(metadata: CoreProviderMetadata, again: Option<Instant>) -> Self {
        let at = Instant::now();
        Self {
            metadata,
            at,
            again,
        }
    }

    fn will_do(&self, keys: Keys) -> bool {
        let fresh = self.at.elapsed() < FRESH;
        // Whoever sends tokens that nobody signed does not have the issuer asked each time.
        let asked = self.again.is_some_and(|it| it.elapsed() < KEYS_AGAIN);
        fresh && (keys == Keys::Known || asked)
    }
}

fn is_about_the_client(error: &CoreErrorResponseType) -> bool {
    use CoreErrorResponseType::{InvalidClient, UnauthorizedClient};
    matches!(error, InvalidClient | UnauthorizedClient)
}
