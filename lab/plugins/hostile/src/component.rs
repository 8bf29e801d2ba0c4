use std::hint::black_box;
use std::net::TcpStream;

use wasip2::exports::http::incoming_handler;
use wasip2::http::outgoing_handler;
use wasip2::http::types::{
    Fields, IncomingRequest, OutgoingBody, OutgoingRequest, OutgoingResponse, ResponseOutparam,
    Scheme,
};

struct Hostile;

wasip2::http::proxy::export!(Hostile);

impl incoming_handler::Guest for Hostile {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let target = request.path_with_query().unwrap_or_default();
        let (path, argument) = target.split_once('?').unwrap_or((&target, ""));
        let told = match path {
            "/loop" => endless(),
            "/memory" => hoard(),
            "/file" => told(std::fs::read_to_string(argument)),
            "/write" => told(std::fs::write(argument, "written").map(|()| "written".to_owned())),
            "/socket" => told(TcpStream::connect(argument).map(|_| "connected".to_owned())),
            "/host" => ask(argument),
            "/environment" => Ok(format!("{:?}", std::env::vars().collect::<Vec<_>>())),
            _ => Ok("at your service".to_owned()),
        };
        match told {
            Ok(text) => answer(out, 200, &text),
            Err(text) => answer(out, 403, &text),
        }
    }
}

fn endless() -> Result<String, String> {
    let mut turns: u64 = 0;
    loop {
        turns = black_box(turns.wrapping_add(1));
    }
}

fn hoard() -> Result<String, String> {
    let mut kept: Vec<Vec<u8>> = Vec::new();
    loop {
        kept.push(black_box(vec![1; 1 << 20]));
    }
}

fn told(outcome: std::io::Result<String>) -> Result<String, String> {
    outcome.map_err(|error| format!("denied: {error}"))
}

fn ask(authority: &str) -> Result<String, String> {
    let request = OutgoingRequest::new(Fields::new());
    request
        .set_scheme(Some(&Scheme::Http))
        .and(request.set_authority(Some(authority)))
        .and(request.set_path_with_query(Some("/")))
        .map_err(|()| "no such address".to_owned())?;
    let denied = |error| format!("denied: {error:?}");
    let response = outgoing_handler::handle(request, None).map_err(denied)?;
    response.subscribe().block();
    let response = response.get().expect("it is there").expect("once");
    Ok(response.map_err(denied)?.status().to_string())
}

fn answer(out: ResponseOutparam, status: u16, text: &str) {
    let response = OutgoingResponse::new(Fields::new());
    response.set_status_code(status).expect("a valid status");
    let body = response.body().expect("one body");
    ResponseOutparam::set(out, Ok(response));
    let stream = body.write().expect("one stream");
    for part in text.as_bytes().chunks(4096) {
        if stream.blocking_write_and_flush(part).is_err() {
            return;
        }
    }
    drop(stream);
    let _ = OutgoingBody::finish(body, None);
}
