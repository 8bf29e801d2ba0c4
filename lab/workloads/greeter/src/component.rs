//! Ties the rules to the component's two exports.

use wasip2::exports::http::incoming_handler;
use wasip2::http::types::{
    Fields, IncomingRequest, Method, OutgoingBody, OutgoingResponse, ResponseOutparam,
};

use crate::{answer, greetings};

wit_bindgen::generate!({ world: "greeter", path: "wit" });

use exports::shimyard::greeter::greetings as interface;

struct Greeter;

export!(Greeter);
wasip2::http::proxy::export!(Greeter);

impl interface::Guest for Greeter {
    fn greet(name: String, language: String) -> Result<interface::Greeting, interface::Refusal> {
        match greetings::greet(&name, &language) {
            Ok(greeting) => Ok(interface::Greeting {
                language: greeting.language.to_owned(),
                text: greeting.text,
            }),
            Err(greetings::Refusal::NameEmpty) => Err(interface::Refusal::NameEmpty),
            Err(greetings::Refusal::NameTooLong) => {
                Err(interface::Refusal::NameTooLong(greetings::LONGEST_NAME))
            }
            Err(greetings::Refusal::LanguageUnknown) => {
                Err(interface::Refusal::LanguageUnknown(Self::languages()))
            }
        }
    }

    fn languages() -> Vec<String> {
        greetings::languages().map(str::to_owned).collect()
    }
}

impl incoming_handler::Guest for Greeter {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let readable = matches!(request.method(), Method::Get | Method::Head);
        let target = request.path_with_query().unwrap_or_else(|| "/".to_owned());
        let answer = answer::answer(readable, &target);
        let headers = Fields::new();
        let json = b"application/json".to_vec();
        let length = answer.body.len().to_string().into_bytes();
        for (name, value) in [("content-type", json), ("content-length", length)] {
            headers
                .append(name, &value)
                .expect("both headers may be set");
        }
        let response = OutgoingResponse::new(headers);
        response
            .set_status_code(answer.status)
            .expect("every status is a valid one");
        let body = response.body().expect("a response has one body");
        ResponseOutparam::set(out, Ok(response));
        if matches!(request.method(), Method::Head) {
            return;
        }
        let stream = body.write().expect("a body has one stream");
        for part in answer.body.as_bytes().chunks(4096) {
            // A client that has gone away is its own affair.
            if stream.blocking_write_and_flush(part).is_err() {
                return;
            }
        }
        drop(stream);
        let _ = OutgoingBody::finish(body, None);
    }
}
