//! What a request is answered with. The body holds nothing of the machine that answers, so that
//! the answers of two nodes can be compared byte for byte.

use crate::greetings::{DEFAULT_LANGUAGE, greet};
use crate::json;
use crate::target::Target;

pub const APP: &str = env!("CARGO_PKG_NAME");
const DEFAULT_NAME: &str = "edge";

pub struct Answer {
    pub status: u16,
    pub body: String,
}

/// `GET /`, `GET /hello/NAME`, both with `?language=CODE`, and `GET /healthz`.
pub fn answer(readable: bool, target: &str) -> Answer {
    let Some(target) = Target::parse(target) else {
        return failure(400, target, "the path or the query holds a broken % escape");
    };
    let path = target.path.as_str();
    if !readable {
        return failure(405, path, "only GET and HEAD are answered");
    }
    let name = match path {
        "/healthz" => {
            let members = [("app", APP), ("path", path), ("status", "ok")];
            return Answer {
                status: 200,
                body: json::object(&members),
            };
        }
        "/" => DEFAULT_NAME,
        _ => match path.strip_prefix("/hello/") {
            Some(name) => name,
            None => return failure(404, path, "there are /, /hello/NAME and /healthz"),
        },
    };
    match greet(
        name,
        target.parameter("language").unwrap_or(DEFAULT_LANGUAGE),
    ) {
        Ok(greeting) => {
            let members = [
                ("app", APP),
                ("path", path),
                ("language", greeting.language),
                ("greeting", greeting.text.as_str()),
            ];
            Answer {
                status: 200,
                body: json::object(&members),
            }
        }
        Err(refusal) => failure(422, path, &refusal.sentence()),
    }
}

fn failure(status: u16, path: &str, error: &str) -> Answer {
    let members = [("app", APP), ("path", path), ("error", error)];
    Answer {
        status,
        body: json::object(&members),
    }
}

#[cfg(test)]
mod tests {
    use super::answer;

    fn asked(target: &str) -> (u16, String) {
        let given = answer(true, target);
        (given.status, given.body)
    }

    #[test]
    fn the_root_greets_the_edge() {
        let body = r#"{"app":"greeter","path":"/","language":"en","greeting":"Hello, edge!"}"#;
        assert_eq!(asked("/"), (200, body.to_owned()));
    }

    #[test]
    fn name_and_language_come_from_the_target() {
        let (status, body) = asked("/hello/Ada?language=fi");
        assert_eq!(status, 200);
        assert!(body.contains(r#""greeting":"Hei, Ada!""#), "{body}");
    }

    #[test]
    fn each_kind_of_mistake_has_its_own_status() {
        assert_eq!(asked("/healthz").0, 200);
        assert_eq!(asked("/nothing").0, 404);
        assert_eq!(asked("/hello/").0, 422);
        assert_eq!(asked("/?language=tlh").0, 422);
        assert_eq!(asked("/%zz").0, 400);
        assert_eq!(answer(false, "/").status, 405);
    }
}
