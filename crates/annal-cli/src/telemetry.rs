//! What the program tells of itself: its log on standard error, and traces for an OpenTelemetry collector.
//!
//! Each command is a trace; what is decided within it bears the trace's id as correlation id, whether the spans are sent
//! anywhere or not. They are sent where `OTEL_EXPORTER_OTLP_ENDPOINT` points, by OTLP over gRPC.

use std::time::Duration;

use annal_flow::Trace;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::level_filters::LevelFilter;
use tracing::{Span, info_span};
use tracing_subscriber::filter::{EnvFilter, Targets};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::error::CliError;

/// The standard variables that say where traces go, the more special one first.
const ENDPOINTS: [&str; 2] = [
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
];
/// A collector that does not answer must not keep a command from ending.
const LAST_SPANS_WITHIN: Duration = Duration::from_secs(5);

/// Telemetry for as long as the program runs.
pub(crate) struct Telemetry {
    provider: SdkTracerProvider,
    exporting: bool,
}

impl Telemetry {
    /// Starts it. To be called within the runtime on which spans are sent.
    pub(crate) fn start() -> Result<Self, CliError> {
        let resource = Resource::builder().with_attribute(version());
        let resource = match std::env::var_os("OTEL_SERVICE_NAME") {
            Some(_) => resource,
            None => resource.with_service_name("annal"),
        };
        let exporter = exporter()?;
        let exporting = exporter.is_some();
        let mut provider = SdkTracerProvider::builder().with_resource(resource.build());
        if let Some(exporter) = exporter {
            provider = provider.with_batch_exporter(exporter);
        }
        let provider = provider.build();
        let spans = tracing_opentelemetry::layer()
            .with_tracer(provider.tracer("annal"))
            .with_filter(Targets::new().with_target("annal", LevelFilter::INFO));
        // The log is quiet unless `ANNAL_LOG` says otherwise.
        let quiet = |_| EnvFilter::new("error");
        let log = tracing_subscriber::fmt::layer()
            .with_writer(std::io::stderr)
            .with_filter(EnvFilter::try_from_env("ANNAL_LOG").unwrap_or_else(quiet));
        tracing_subscriber::registry().with(spans).with(log).init();
        Ok(Self {
            provider,
            exporting,
        })
    }

    /// Sends the spans that still wait.
    pub(crate) fn end(self) {
        if let (true, Err(no)) = (
            self.exporting,
            self.provider.shutdown_with_timeout(LAST_SPANS_WITHIN),
        ) {
            tracing::error!("the last spans could not be sent: {no}");
        }
    }
}

/// The span of a whole command. Whoever runs the command within a trace of their own names it in `TRACEPARENT`.
pub(crate) fn command(name: &str) -> Span {
    let span = info_span!("command", otel.name = format!("annal {name}"));
    let outer = std::env::var("TRACEPARENT").ok();
    if let Some(trace) = outer.and_then(|text| text.parse::<Trace>().ok()) {
        trace.adopt(&span);
    }
    span
}

fn exporter() -> Result<Option<SpanExporter>, CliError> {
    let named = |name: &&str| std::env::var_os(name).is_some_and(|it| !it.is_empty());
    let Some(variable) = ENDPOINTS.iter().find(|name| named(name)) else {
        return Ok(None);
    };
    let exporter = SpanExporter::builder().with_tonic().build();
    exporter.map(Some).map_err(|no| {
        CliError::Usage(format!(
            "traces cannot be sent where {variable} says: {no}; it is an address such as http://127.0.0.1:4317"
        ))
    })
}

fn version() -> opentelemetry::KeyValue {
    opentelemetry::KeyValue::new("service.version", env!("CARGO_PKG_VERSION"))
}
