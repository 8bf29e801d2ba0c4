//! Serves HTTP/1.1: `/TENANT/PATH` is `/PATH` of that tenant's plugin.

use std::sync::Arc;

use anyhow::{Context, Result};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, Uri};
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;
use tokio::time::timeout;
use wasmtime_wasi_http::WasiHttpView;
use wasmtime_wasi_http::io::TokioIo;
use wasmtime_wasi_http::p2::bindings::http::types::Scheme;
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;

use crate::limits::Stop;
use crate::tenant::{Tenant, Tenants};

type Answer = Response<HyperOutgoingBody>;

/// Serves until SIGTERM.
pub async fn serve(address: &str, tenants: Tenants) -> Result<()> {
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("listening on {address}"))?;
    let mut ended = signal(SignalKind::terminate())?;
    let tenants = Arc::new(tenants);
    loop {
        tokio::select! {
            _ = ended.recv() => return Ok(()),
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => drop(tokio::spawn(converse(stream, tenants.clone()))),
                Err(error) => eprintln!("a connection was not accepted: {error}"),
            },
        }
    }
}

async fn converse(stream: TcpStream, tenants: Arc<Tenants>) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| {
        let tenants = tenants.clone();
        async move { anyhow::Ok(answer(request, &tenants).await) }
    });
    // A client that breaks off is its own affair.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn answer(request: Request<Incoming>, tenants: &Tenants) -> Answer {
    let path = request.uri().path();
    if path == "/healthz" {
        return health(tenants);
    }
    let name = path.split('/').nth(1).unwrap_or_default().to_owned();
    match tenants.get(&name) {
        None => failure(StatusCode::NOT_FOUND, &name, "tenant", "there is no such tenant"),
        Some(Err(reason)) => failure(StatusCode::BAD_GATEWAY, &name, "plugin", reason),
        Some(Ok(tenant)) => ask(request, &name, tenant).await.unwrap_or_else(|error| {
            let stop = error.downcast_ref::<Stop>();
            let (status, word) = match stop {
                Some(Stop::Time) => (StatusCode::GATEWAY_TIMEOUT, Stop::Time.word()),
                Some(other) => (StatusCode::INSUFFICIENT_STORAGE, other.word()),
                None => (StatusCode::BAD_GATEWAY, "plugin"),
            };
            let reason = stop.map_or_else(|| format!("{error:#}"), Stop::to_string);
            eprintln!("tenant {name}: {reason}");
            failure(status, &name, word, &reason)
        }),
    }
}

async fn ask(request: Request<Incoming>, name: &str, tenant: &Tenant) -> Result<Answer> {
    let Ok(turn) = tenant.turns.clone().try_acquire_owned() else {
        let busy = "all of its requests at a time are under way";
        return Ok(failure(StatusCode::TOO_MANY_REQUESTS, name, "concurrency", busy));
    };
    let mut store = tenant.store()?;
    let (mut head, body) = request.into_parts();
    head.uri = inner(&head.uri, name)?;
    let (answered, answer) = oneshot::channel();
    let request = store
        .data_mut()
        .http()
        .new_incoming_request(Scheme::Http, Request::from_parts(head, body))?;
    let out = store.data_mut().http().new_response_outparam(answered)?;
    let (plugin, time) = (tenant.plugin.clone(), tenant.time());
    // A task of its own: the plugin may go on streaming the body once the answer has begun. What
    // waits for something outside uses no fuel and meets no tick, so its time is watched here.
    let guest = tokio::spawn(async move {
        let _turn = turn;
        let work = async {
            let proxy = plugin.instantiate_async(&mut store).await?;
            let handler = proxy.wasi_http_incoming_handler();
            handler.call_handle(&mut store, request, out).await
        };
        match timeout(time, work).await {
            Ok(done) => done.map_err(|error| match Stop::of(&error) {
                Some(stop) => anyhow::Error::new(stop),
                None => error.into(),
            }),
            Err(_) => Err(Stop::Time.into()),
        }
    });
    match answer.await {
        Ok(response) => Ok(response.context("the plugin answered with an error code")?),
        Err(_) => {
            guest.await??;
            anyhow::bail!("the plugin returned without an answer")
        }
    }
}

/// The path without the tenant's name.
fn inner(uri: &Uri, tenant: &str) -> Result<Uri> {
    let whole = uri.path_and_query().map_or("/", |each| each.as_str());
    let rest = whole[1 + tenant.len()..].trim_start_matches('/');
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(format!("/{rest}").parse()?);
    Ok(Uri::from_parts(parts)?)
}

/// 200 with the state of each tenant: one that can't be used is no reason to stop the others.
fn health(tenants: &Tenants) -> Answer {
    let states: serde_json::Map<_, _> = tenants
        .iter()
        .map(|(name, tenant)| {
            let state = tenant.as_ref().map_or_else(String::as_str, |_| "ready");
            (name.clone(), state.into())
        })
        .collect();
    json(StatusCode::OK, &serde_json::json!({ "tenants": states }))
}

fn failure(status: StatusCode, tenant: &str, error: &str, reason: &str) -> Answer {
    let told = serde_json::json!({ "tenant": tenant, "error": error, "reason": reason });
    json(status, &told)
}

fn json(status: StatusCode, told: &serde_json::Value) -> Answer {
    let body = Full::new(Bytes::from(told.to_string()));
    let mut answer = Response::new(body.map_err(|never| match never {}).boxed_unsync());
    *answer.status_mut() = status;
    let kind = hyper::header::HeaderValue::from_static("application/json");
    answer.headers_mut().insert(hyper::header::CONTENT_TYPE, kind);
    answer
}
