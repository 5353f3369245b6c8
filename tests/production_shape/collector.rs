//! An OpenTelemetry collector that keeps what it is sent: OTLP over gRPC, as every real one takes it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::trace::v1::Span;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tonic::{Request, Response, Status};
use uuid::Uuid;

/// Longer than any program waits before it sends.
const PATIENCE: Duration = Duration::from_secs(30);

/// A collector that runs as long as the test's runtime.
#[derive(Clone)]
pub(crate) struct Collector {
    pub(crate) address: SocketAddr,
    kept: Arc<Kept>,
}

#[derive(Default)]
struct Kept {
    spans: Mutex<Vec<Span>>,
    came: Notify,
}

struct Service(Arc<Kept>);

impl Collector {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let kept = Arc::new(Kept::default());
        let service = TraceServiceServer::new(Service(kept.clone()));
        tokio::spawn(serve(listener, service));
        Self { address, kept }
    }

    /// Waits until a trace has a span of each of these names, and gives all that it has.
    pub(crate) async fn trace(&self, id: Uuid, names: &[&str]) -> Vec<Span> {
        let complete = async {
            loop {
                let came = self.kept.came.notified();
                let spans = self.of(id);
                if names
                    .iter()
                    .all(|name| spans.iter().any(|it| it.name == *name))
                {
                    return spans;
                }
                came.await;
            }
        };
        match tokio::time::timeout(PATIENCE, complete).await {
            Ok(spans) => spans,
            Err(_) => {
                let names: Vec<String> = self.of(id).into_iter().map(|it| it.name).collect();
                panic!("of trace {id} there came only {names:?}")
            }
        }
    }

    fn of(&self, id: Uuid) -> Vec<Span> {
        let spans = self.kept.spans.lock().unwrap();
        let of_it = spans.iter().filter(|it| it.trace_id == id.as_bytes());
        of_it.cloned().collect()
    }
}

async fn serve(listener: TcpListener, service: TraceServiceServer<Service>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let service = TowerToHyperService::new(service.clone());
        tokio::spawn(async move {
            let http2 = Builder::new(TokioExecutor::new()).http2_only();
            // A program that is killed breaks its connection off.
            let _ = http2.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

#[tonic::async_trait]
impl TraceService for Service {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let scopes = request.into_inner().resource_spans.into_iter();
        let scopes = scopes.flat_map(|it| it.scope_spans);
        let spans = scopes.flat_map(|it| it.spans);
        self.0.spans.lock().unwrap().extend(spans);
        self.0.came.notify_waiters();
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}
