//! The trace that one outside request leaves: from its sender through workflow and activity to the events that it made.
//!
//! It travels beside the command, never in it: a retry has a trace of its own and is the same command all the same.
//! Nobody in the workflow makes one, so a replay sees what the history says.

use std::fmt::{self, Display};
use std::future::Future;
use std::str::FromStr;

use annal_core::{CommandId, RunId};
use opentelemetry::trace::{
    SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState,
};
use serde::{Deserialize, Serialize};
use tracing::field::Empty;
use tracing::{Instrument as _, Span, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use uuid::Uuid;

use crate::desk::Place;

/// A [W3C trace context](https://www.w3.org/TR/trace-context/): which trace, which span of it, and whether it is
/// sampled. Written as the header `traceparent`: `00-<32 hex digits>-<16 hex digits>-<2 hex digits>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Trace {
    id: TraceId,
    span: SpanId,
    flags: TraceFlags,
}

/// Why a text is no trace context.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a W3C traceparent of version 00, such as 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
)]
pub struct NoTrace;

impl Trace {
    /// That of the span in which this is called; none where nobody traces.
    #[must_use]
    pub fn current() -> Option<Self> {
        Self::of_span(&Span::current())
    }

    /// For a command that came without a trace: one that is made of its id, so that what it sets off is tied together
    /// all the same.
    #[must_use]
    pub fn of_command(id: CommandId) -> Self {
        let [.., a, b, c, d, e, f, g, h] = id.0.into_bytes();
        Self {
            id: TraceId::from_bytes(id.0.into_bytes()),
            span: SpanId::from_bytes([a, b, c, d, e, f, g, h]),
            flags: TraceFlags::SAMPLED,
        }
    }

    /// The id of the trace, as events bear it.
    #[must_use]
    pub fn correlation_id(&self) -> Uuid {
        Uuid::from_bytes(self.id.to_bytes())
    }

    /// Makes `span`, which must not have been entered yet, a part of this trace.
    pub fn adopt(&self, span: &Span) {
        let remote = SpanContext::new(self.id, self.span, self.flags, true, TraceState::NONE);
        let context = opentelemetry::Context::new().with_remote_span_context(remote);
        // Fails where nobody traces, and then there is nothing to be a part of.
        let _ = span.set_parent(context);
    }

    /// That of a message which is sent in `span`.
    pub(crate) fn of_message(span: &Span, command: CommandId) -> Self {
        Self::of_span(span).unwrap_or_else(|| Self::of_command(command))
    }

    fn of_span(span: &Span) -> Option<Self> {
        let context = span.context();
        let span = context.span();
        let found = span.span_context();
        found.is_valid().then(|| Self {
            id: found.trace_id(),
            span: found.span_id(),
            flags: found.trace_flags(),
        })
    }
}

impl Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{}-{}-{:02x}", self.id, self.span, self.flags)
    }
}

impl FromStr for Trace {
    type Err = NoTrace;

    fn from_str(text: &str) -> Result<Self, NoTrace> {
        let parts: Vec<&str> = text.split('-').collect();
        let &["00", id, span, flags] = parts.as_slice() else {
            return Err(NoTrace);
        };
        let fits = |part: &str, digits| {
            let hex = |digit: u8| matches!(digit, b'0'..=b'9' | b'a'..=b'f');
            part.len() == digits && part.bytes().all(hex)
        };
        if !(fits(id, 32) && fits(span, 16) && fits(flags, 2)) {
            return Err(NoTrace);
        }
        let found = Self {
            id: TraceId::from_hex(id).map_err(|_| NoTrace)?,
            span: SpanId::from_hex(span).map_err(|_| NoTrace)?,
            flags: TraceFlags::new(u8::from_str_radix(flags, 16).map_err(|_| NoTrace)?),
        };
        let valid = found.id != TraceId::INVALID && found.span != SpanId::INVALID;
        valid.then_some(found).ok_or(NoTrace)
    }
}

impl From<Trace> for String {
    fn from(trace: Trace) -> Self {
        trace.to_string()
    }
}

impl TryFrom<String> for Trace {
    type Error = NoTrace;

    fn try_from(text: String) -> Result<Self, NoTrace> {
        text.parse()
    }
}

/// The span of a message to a run, on the sender's side.
pub(crate) fn sending(message: &'static str, run: RunId, command: CommandId) -> Span {
    info_span!(
        "send",
        otel.name = format!("send {message}"),
        otel.kind = "client",
        otel.status_code = Empty,
        otel.status_description = Empty,
        annal.run = %run,
        annal.command = %command,
    )
}

/// The span of a command's way through the workflow. A replay has none: it happened before.
pub(crate) fn leading(replaying: bool, activity: &'static str, trace: Option<Trace>) -> Span {
    if replaying {
        return Span::none();
    }
    let span = info_span!(
        "workflow",
        otel.name = format!("workflow {activity}"),
        otel.kind = "server",
        otel.status_code = Empty,
        otel.status_description = Empty,
    );
    adopted(span, trace)
}

/// The span of an activity.
pub(crate) fn working(place: &Place, trace: Option<Trace>) -> Span {
    let span = info_span!(
        "activity",
        otel.name = format!("activity {}", place.activity),
        otel.kind = "consumer",
        otel.status_code = Empty,
        otel.status_description = Empty,
        temporal.workflow_id = place.workflow_id,
        temporal.run_id = place.run_id,
        temporal.attempt = place.attempt,
    );
    adopted(span, trace)
}

/// Does the work inside the span, which then tells whether it failed.
pub(crate) async fn within<T, E: Display>(
    span: Span,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let done = work.instrument(span.clone()).await;
    if let Err(error) = &done {
        span.record("otel.status_code", "ERROR");
        span.record("otel.status_description", tracing::field::display(error));
    }
    done
}

fn adopted(span: Span, trace: Option<Trace>) -> Span {
    if let Some(trace) = trace {
        trace.adopt(&span);
    }
    span
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_trace_is_written_as_it_was_read() {
        let trace: Trace = HEADER.parse().unwrap();
        assert_eq!(trace.to_string(), HEADER);
        assert_eq!(
            trace.correlation_id().simple().to_string(),
            "4bf92f3577b34da6a3ce929d0e0e4736"
        );
        let json = serde_json::to_string(&trace).unwrap();
        assert_eq!(serde_json::from_str::<Trace>(&json).unwrap(), trace);
    }

    #[test]
    fn what_is_no_traceparent_is_refused() {
        let long = format!("{HEADER}-00");
        for text in [
            "",
            "00",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-+bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0é",
            &long,
        ] {
            assert_eq!(text.parse::<Trace>(), Err(NoTrace), "{text}");
        }
    }

    #[test]
    fn a_command_without_a_trace_ties_together_what_it_sets_off() {
        let id = CommandId(Uuid::from_u128(0x018f_0000_0000_7000_8000_0000_0000_0002));
        let trace = Trace::of_command(id);
        assert_eq!(trace.correlation_id(), id.0);
        assert_eq!(trace.to_string().parse(), Ok(trace));
    }
}
