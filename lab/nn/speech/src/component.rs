//! Ties the model to `wasi:http`.

use std::io::Read;

use wasip2::exports::http::incoming_handler;
use wasip2::http::types::{
    Fields, IncomingRequest, Method, OutgoingBody, OutgoingResponse, ResponseOutparam,
};

use crate::frames::frames;
use crate::model::probabilities;

struct Speech;

wasip2::http::proxy::export!(Speech);

impl incoming_handler::Guest for Speech {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let told = match request.method() {
            Method::Post => speech(&request),
            Method::Put => replace(&request),
            _ => Err((405, "POST sound, or PUT a model".to_owned())),
        };
        let (status, text) = match told {
            Ok(text) => (200, text),
            Err((status, text)) => {
                eprintln!("{text}");
                (status, text)
            }
        };
        answer(out, status, &text);
    }
}

type Told = Result<String, (u16, String)>;

fn speech(request: &IncomingRequest) -> Told {
    let path = model_path()?;
    let failed = |error: String| (500, format!("{path}: {error}"));
    let model = std::fs::read(&path).map_err(|error| failed(error.to_string()))?;
    let size = model.len();
    let found = probabilities(model, &frames(&body(request)?)).map_err(failed)?;
    Ok(format!("{{\"modelBytes\":{size},\"speech\":{found:?}}}\n"))
}

fn replace(request: &IncomingRequest) -> Told {
    let path = model_path()?;
    let model = body(request)?;
    std::fs::write(&path, model).map_err(|error| (403, format!("{path}: {error}")))?;
    Ok("replaced\n".to_owned())
}

fn model_path() -> Result<String, (u16, String)> {
    std::env::var("MODEL").map_err(|_| (500, "MODEL is not set".to_owned()))
}

fn body(request: &IncomingRequest) -> Result<Vec<u8>, (u16, String)> {
    let body = request.consume().expect("a request has one body");
    let mut stream = body.stream().expect("a body has one stream");
    let mut bytes = Vec::new();
    stream
        .read_to_end(&mut bytes)
        .map_err(|error| (400, error.to_string()))?;
    Ok(bytes)
}

fn answer(out: ResponseOutparam, status: u16, text: &str) {
    let response = OutgoingResponse::new(Fields::new());
    response.set_status_code(status).expect("a valid status");
    let body = response.body().expect("a response has one body");
    ResponseOutparam::set(out, Ok(response));
    let stream = body.write().expect("a body has one stream");
    for part in text.as_bytes().chunks(4096) {
        // A client that has gone away is its own affair.
        if stream.blocking_write_and_flush(part).is_err() {
            return;
        }
    }
    drop(stream);
    let _ = OutgoingBody::finish(body, None);
}
