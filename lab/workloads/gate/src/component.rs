//! Ties the rules to `wasi:http`: one request in, one request out.

use wasip2::exports::http::incoming_handler;
use wasip2::http::outgoing_handler;
use wasip2::http::types::{
    ErrorCode, Fields, IncomingBody, IncomingRequest, IncomingResponse, OutgoingBody,
    OutgoingRequest, OutgoingResponse, ResponseOutparam, Scheme,
};
use wasip2::io::streams::StreamError;

use crate::upstream::Upstream;

const CHUNK: u64 = 64 * 1024;

struct Gate;

wasip2::http::proxy::export!(Gate);

impl incoming_handler::Guest for Gate {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        match ask(&request) {
            Ok(answer) => pass_on(&answer, out),
            Err(sentence) => fail(&sentence, out),
        }
    }
}

fn ask(request: &IncomingRequest) -> Result<IncomingResponse, String> {
    let url = std::env::var("UPSTREAM_URL").map_err(|_| "UPSTREAM_URL is not set".to_owned())?;
    let upstream = Upstream::parse(&url)?;
    let told = |error: ErrorCode| format!("{url}: {error}");
    let asked = OutgoingRequest::new(copied(&request.headers()));
    let target = request.path_with_query().unwrap_or_else(|| "/".to_owned());
    asked
        .set_method(&request.method())
        .and(asked.set_scheme(Some(&Scheme::Http)))
        .and(asked.set_authority(Some(&upstream.authority)))
        .and(asked.set_path_with_query(Some(&upstream.target(&target))))
        .map_err(|()| format!("{url}: the request can't be passed on"))?;
    let body = asked.body().expect("a request has one body");
    let answer = outgoing_handler::handle(asked, None).map_err(told)?;
    let given = request.consume().expect("a request has one body");
    if !copy(given, body) {
        return Err(format!("{url}: the request's body was cut off"));
    }
    answer.subscribe().block();
    answer
        .get()
        .expect("it is there after the wait")
        .expect("it is taken once")
        .map_err(told)
}

fn pass_on(answer: &IncomingResponse, out: ResponseOutparam) {
    let headers = copied(&answer.headers());
    headers
        .append("via", b"1.1 gate")
        .expect("this header may be set");
    let response = OutgoingResponse::new(headers);
    response
        .set_status_code(answer.status())
        .expect("an upstream's status is a valid one");
    let body = response.body().expect("a response has one body");
    let given = answer.consume().expect("a response has one body");
    ResponseOutparam::set(out, Ok(response));
    copy(given, body);
}

fn fail(sentence: &str, out: ResponseOutparam) {
    eprintln!("{sentence}");
    let response = OutgoingResponse::new(Fields::new());
    response
        .set_status_code(502)
        .expect("the status is a valid one");
    let body = response.body().expect("a response has one body");
    ResponseOutparam::set(out, Ok(response));
    let stream = body.write().expect("a body has one stream");
    // A client that has gone away is its own affair.
    let _ = stream.blocking_write_and_flush(format!("{sentence}\n").as_bytes());
    drop(stream);
    let _ = OutgoingBody::finish(body, None);
}

/// Headers without those of one connection, which the host refuses to have set.
fn copied(headers: &Fields) -> Fields {
    let fields = Fields::new();
    for (name, value) in headers.entries() {
        let _ = fields.append(&name, &value);
    }
    fields
}

/// Whether all of it arrived; a body that is cut off is never finished, so that this is seen.
fn copy(from: IncomingBody, to: OutgoingBody) -> bool {
    let source = from.stream().expect("a body has one stream");
    let sink = to.write().expect("a body has one stream");
    loop {
        match sink.blocking_splice(&source, CHUNK) {
            Ok(_) => {}
            Err(StreamError::Closed) => break,
            Err(StreamError::LastOperationFailed(_)) => return false,
        }
    }
    drop((source, sink));
    OutgoingBody::finish(to, None).is_ok()
}
