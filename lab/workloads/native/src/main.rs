//! The greeter as an ordinary program: the same answers, served by hyper as the wasmtime shim does.
//!
//!     greeter [ADDRESS [LOG]]
//!
//! It listens on 0.0.0.0:8080 by itself, and writes a line for each request into a file, if it is
//! given one.

use std::convert::Infallible;
use std::env;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use greeter::answer::answer;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

const DEFAULT_ADDRESS: &str = "0.0.0.0:8080";

fn main() -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        // Process 1 of a container gets no signal that it has no handler for.
        let mut ends = signal(SignalKind::terminate())?;
        tokio::select! {
            failed = serve() => failed,
            _ = ends.recv() => Ok(()),
        }
    })
}

async fn serve() -> io::Result<()> {
    let mut words = env::args().skip(1);
    let address = words.next().unwrap_or_else(|| DEFAULT_ADDRESS.to_owned());
    let log = Arc::new(words.next().map(PathBuf::from));
    let listener = TcpListener::bind(&address).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        let log = log.clone();
        let service = service_fn(move |request| {
            let log = log.clone();
            async move { Ok::<_, Infallible>(respond(&request, log.as_ref().as_deref())) }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

fn respond(request: &Request<Incoming>, log: Option<&Path>) -> Response<Full<Bytes>> {
    let readable = matches!(*request.method(), Method::GET | Method::HEAD);
    let target = request
        .uri()
        .path_and_query()
        .map_or("/", |found| found.as_str());
    let given = answer(readable, target);
    if let Some(path) = log {
        let line = format!("{} {target} {}\n", request.method(), given.status);
        if let Err(error) = append(path, &line) {
            eprintln!("{}: {error}", path.display());
        }
    }
    let mut response = Response::new(Full::new(Bytes::from(given.body)));
    *response.status_mut() =
        StatusCode::from_u16(given.status).expect("every status is a valid one");
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}

fn append(path: &Path, line: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    file.write_all(line.as_bytes())
}
