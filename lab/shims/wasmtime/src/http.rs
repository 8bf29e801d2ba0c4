//! Serves a `wasi:http` component over HTTP/1.1, one fresh instance a request.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use termination::Termination;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use wasmtime::Store;
use wasmtime::component::{Component, Linker};
use wasmtime_wasi_http::WasiHttpView;
use wasmtime_wasi_http::io::TokioIo;
use wasmtime_wasi_http::p2::bindings::ProxyPre;
use wasmtime_wasi_http::p2::bindings::http::types::Scheme;
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;

use crate::guest::{ComponentState, Surroundings};

const ADDRESS_VARIABLE: &str = "WASMTIME_HTTP_PROXY_SOCKET_ADDR";
const DEFAULT_ADDRESS: &str = "0.0.0.0:8080";
/// Under Kubernetes' default grace period of 30 s, so that answers under way are not cut off.
const DRAIN: Duration = Duration::from_secs(20);

struct Handler {
    component: ProxyPre<ComponentState>,
    surroundings: Surroundings,
}

/// Serves until told to stop, then lets the requests under way finish.
pub async fn serve(
    component: Component,
    surroundings: Surroundings,
    mut termination: Termination,
) -> Result<()> {
    let address = surroundings
        .variable(ADDRESS_VARIABLE)
        .unwrap_or(DEFAULT_ADDRESS);
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("listening on {address} ({ADDRESS_VARIABLE})"))?;
    let mut linker = Linker::new(component.engine());
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    let component = ProxyPre::new(linker.instantiate_pre(&component)?)?;
    log::info!("serving HTTP on {address}");

    let handler = Arc::new(Handler {
        component,
        surroundings,
    });
    let (stop, stopping) = watch::channel(());
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = termination.signal() => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(handler.clone().converse(stream, stopping.clone()));
                }
                Err(error) => log::warn!("a connection was not accepted: {error}"),
            },
        }
    }
    drop((listener, stop));
    let _ = tokio::time::timeout(DRAIN, connections.join_all()).await;
    Ok(())
}

impl Handler {
    async fn converse(self: Arc<Self>, stream: TcpStream, mut stopping: watch::Receiver<()>) {
        let _ = stream.set_nodelay(true);
        let service = service_fn(|request| self.answer(request));
        let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        tokio::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            _ = stopping.changed() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            log::debug!("a connection broke off: {error}");
        }
    }

    /// The component's answer; what it fails to answer is a 500, with the reason on stderr.
    async fn answer(&self, request: Request<Incoming>) -> Result<Response<HyperOutgoingBody>> {
        self.ask(request).await.or_else(|error| {
            eprintln!("Error: {error:#}");
            let mut failed = Response::new(HyperOutgoingBody::default());
            *failed.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            Ok(failed)
        })
    }

    async fn ask(&self, request: Request<Incoming>) -> Result<Response<HyperOutgoingBody>> {
        let state = ComponentState::new(&self.surroundings)?;
        let mut store = Store::new(self.component.engine(), state);
        let (answered, answer) = oneshot::channel();
        let request = store
            .data_mut()
            .http()
            .new_incoming_request(Scheme::Http, request)?;
        let outparam = store.data_mut().http().new_response_outparam(answered)?;
        let component = self.component.clone();
        // A task of its own: the guest may go on streaming the body once the answer has begun.
        let guest = tokio::spawn(async move {
            let proxy = component.instantiate_async(&mut store).await?;
            let handler = proxy.wasi_http_incoming_handler();
            handler.call_handle(&mut store, request, outparam).await
        });
        match answer.await {
            Ok(response) => Ok(response.context("the component answered with an error code")?),
            Err(_) => {
                guest.await??;
                anyhow::bail!("the component returned without an answer")
            }
        }
    }
}
