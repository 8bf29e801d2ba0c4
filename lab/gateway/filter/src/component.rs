//! Ties the rules to `wasi:http`: a reading comes in, and what is left of it goes out.

use wasip2::exports::http::incoming_handler;
use wasip2::http::types::{
    Fields, IncomingBody, IncomingRequest, Method, OutgoingBody, OutgoingResponse, ResponseOutparam,
};
use wasip2::io::streams::StreamError;

use crate::rules::Rules;

const CHUNK: u64 = 64 * 1024;
/// More than this is no reading.
const MOST: usize = 64 * 1024;

struct Filter;

wasip2::http::proxy::export!(Filter);

impl incoming_handler::Guest for Filter {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        if !matches!(request.method(), Method::Post) {
            return answer(out, 405, b"POST a reading\n");
        }
        let rules = match Rules::parse(&std::env::var("FILTER_RULES").unwrap_or("{}".to_owned())) {
            Ok(rules) => rules,
            Err(sentence) => {
                eprintln!("{sentence}");
                return answer(out, 500, sentence.as_bytes());
            }
        };
        let body = request.consume().expect("a request has one body");
        match read(&body).and_then(|body| rules.apply(&body)) {
            Ok(Some(left)) => answer(out, 200, &left),
            Ok(None) => answer(out, 204, b""),
            Err(sentence) => answer(out, 400, sentence.as_bytes()),
        }
    }
}

fn read(body: &IncomingBody) -> Result<Vec<u8>, String> {
    let stream = body.stream().expect("a body has one stream");
    let mut found = Vec::new();
    loop {
        match stream.blocking_read(CHUNK) {
            Ok(chunk) => found.extend(chunk),
            Err(StreamError::Closed) => return Ok(found),
            Err(StreamError::LastOperationFailed(_)) => {
                return Err("the request's body was cut off".to_owned());
            }
        }
        if found.len() > MOST {
            return Err("this is no reading: it is too long".to_owned());
        }
    }
}

fn answer(out: ResponseOutparam, status: u16, content: &[u8]) {
    let headers = Fields::new();
    if !content.is_empty() {
        headers
            .append("content-length", content.len().to_string().as_bytes())
            .expect("this header may be set");
    }
    let response = OutgoingResponse::new(headers);
    response
        .set_status_code(status)
        .expect("every status is a valid one");
    let body = response.body().expect("a response has one body");
    ResponseOutparam::set(out, Ok(response));
    let stream = body.write().expect("a body has one stream");
    for part in content.chunks(4096) {
        // A client that has gone away is its own affair.
        if stream.blocking_write_and_flush(part).is_err() {
            return;
        }
    }
    drop(stream);
    let _ = OutgoingBody::finish(body, None);
}
