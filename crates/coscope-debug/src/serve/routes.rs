//! Which path is answered with what.
//!
//! | path | answer |
//! |---|---|
//! | `/`, `/style.css`, `/*.js` … | the page; it has no data in it, and asks for no token |
//! | `/api/dump` | everything, in the format `coscope-dump` |
//! | `/api/history/N` | what happened to coroutine N |

use std::sync::Arc;

use hyper::header::{self, HeaderName, HeaderValue};
use hyper::{Request, Response, StatusCode};

use super::body::Body;
use super::guard::Guard;
use super::page::FILES;
use super::source::Source;

const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";

/// Everything comes from here, nothing is embedded elsewhere, nothing is kept. Without CORS, and with `nosniff` and `same-origin`,
/// other pages can neither read an answer nor use it as something else.
static HEADERS: [(HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
];

/// What the answers are made of.
pub(super) struct Routes {
    pub(super) guard: Guard,
    pub(super) source: Arc<dyn Source>,
}

impl Routes {
    pub(super) async fn answer<B>(&self, request: &Request<B>) -> Response<Body> {
        if let Err((status, text)) = self.guard.admit(request) {
            return respond(status, TEXT, Body::whole(text));
        }
        let path = request.uri().path();
        if let Some(file) = FILES.iter().find(|file| file.path == path) {
            return respond(StatusCode::OK, file.kind, Body::whole(file.text));
        }
        let Some(data) = path.strip_prefix("/api/") else { return not_found("Nothing is here.") };
        if let Err((status, text)) = self.guard.check_token(request.headers()) {
            return respond(status, TEXT, Body::whole(text));
        }
        match data.split_once('/').unwrap_or((data, "")) {
            ("dump", "") => self.dump(),
            ("history", id) => match id.parse() {
                Ok(id) => self.history(id).await,
                Err(_) => {
                    not_found("The history of which coroutine? /api/history/7 asks for that of coroutine 7.")
                }
            },
            _ => not_found("There are /api/dump and /api/history/N."),
        }
    }

    fn dump(&self) -> Response<Body> {
        let source = self.source.clone();
        respond(StatusCode::OK, JSON, Body::written(move |out| source.dump_json(out)))
    }

    /// Small, and its status depends on it: taken as a whole.
    async fn history(&self, id: u64) -> Response<Body> {
        let source = self.source.clone();
        let written = tokio::task::spawn_blocking(move || {
            let mut text = Vec::new();
            source.history_json(id, &mut text).map(|known| known.then_some(text))
        });
        match written.await {
            Ok(Ok(Some(text))) => respond(StatusCode::OK, JSON, Body::whole(text)),
            Ok(Ok(None)) => not_found(&format!("Nothing is known of coroutine {id}.")),
            Ok(Err(error)) => broken(&error.to_string()),
            Err(_) => broken("it panicked"),
        }
    }
}

fn not_found(text: &str) -> Response<Body> {
    respond(StatusCode::NOT_FOUND, TEXT, Body::whole(format!("{text}\n")))
}

fn broken(why: &str) -> Response<Body> {
    let text = format!("The history could not be written: {why}.\n");
    respond(StatusCode::INTERNAL_SERVER_ERROR, TEXT, Body::whole(text))
}

fn respond(status: StatusCode, kind: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    for (name, value) in &HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    match status {
        StatusCode::METHOD_NOT_ALLOWED => headers.insert(header::ALLOW, HeaderValue::from_static("GET")),
        StatusCode::UNAUTHORIZED => {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
        }
        _ => None,
    };
    response
}
