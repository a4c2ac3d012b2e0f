//! [`Guard`]: who may ask. Decides by a request's head alone.
//!
//! A page on loopback has three sorts of stranger: other web pages in the same browser, which can send it requests
//! but, without leave by CORS, not read the answers; pages whose name has been pointed at 127.0.0.1 (DNS rebinding),
//! which could read them, but whose requests name that host; and, where the address is not loopback or the machine
//! has other users, anybody, who does not know the token.

use hyper::header::{AUTHORIZATION, HOST, HeaderMap};
use hyper::{Method, Request, StatusCode};

use super::token::Token;

#[derive(Debug)]
pub(super) struct Guard {
    pub(super) token: Option<Token>,
    /// Names besides `localhost` that the page goes by, in small letters.
    pub(super) hosts: Vec<String>,
}

/// A refusal: the status, and what to do.
pub(super) type Refusal = (StatusCode, String);

impl Guard {
    /// Whether anything at all is answered.
    pub(super) fn admit<B>(&self, request: &Request<B>) -> Result<(), Refusal> {
        if request.method() != Method::GET {
            let text = "Only GET: this page shows, and changes nothing.\n".to_owned();
            return Err((StatusCode::METHOD_NOT_ALLOWED, text));
        }
        let mut hosts = request.headers().get_all(HOST).iter();
        let (Some(host), None) = (hosts.next(), hosts.next()) else {
            return Err((StatusCode::BAD_REQUEST, "A request names one host.\n".to_owned()));
        };
        let host = host.to_str().unwrap_or_default();
        if !self.is_ours(host) {
            let text = format!(
                "This page does not go by the name `{host}`. Ask for it by address or as localhost; or, if the name \
                 is right, serve it with `Server::builder().host(name)`.\n"
            );
            return Err((StatusCode::FORBIDDEN, text));
        }
        Ok(())
    }

    /// Whether the data may be seen, by one who was admitted.
    pub(super) fn check_token(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let Some(token) = &self.token else { return Ok(()) };
        let given = headers.get(AUTHORIZATION).map(|value| value.as_bytes()).and_then(bearer);
        if given.is_some_and(|given| token.is(given)) {
            return Ok(());
        }
        let text = "This page asks for its token: send it as `Authorization: Bearer TOKEN`, or open the page as \
                    /?token=TOKEN.\n";
        Err((StatusCode::UNAUTHORIZED, text.to_owned()))
    }

    /// An address is not a name that could be pointed elsewhere, so any will do; the port may be a tunnel's.
    fn is_ours(&self, host: &str) -> bool {
        let name = match host.rsplit_once(':') {
            Some((name, port)) if !port.contains(']') => {
                if port.parse::<u16>().is_err() {
                    return false;
                }
                name
            }
            _ => host,
        };
        if let Some(inner) = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
            return inner.parse::<std::net::Ipv6Addr>().is_ok();
        }
        let name = name.to_ascii_lowercase();
        name == "localhost" || name.parse::<std::net::Ipv4Addr>().is_ok() || self.hosts.contains(&name)
    }
}

/// What follows `Bearer `, in any case as the standard has it.
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, rest) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| rest.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(token: Option<&str>) -> Guard {
        let token = token.map(|text| Token::new(text).unwrap());
        Guard { token, hosts: vec!["debug.example.org".to_owned()] }
    }

    fn status(guard: &Guard, method: &str, hosts: &[&str]) -> u16 {
        let mut request = Request::builder().method(method).uri("/");
        for host in hosts {
            request = request.header(HOST, *host);
        }
        guard.admit(&request.body(()).unwrap()).map_or_else(|(status, _)| status.as_u16(), |()| 200)
    }

    #[test]
    fn only_reads() {
        for method in ["HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "CONNECT", "TRACE"] {
            assert_eq!(status(&guard(None), method, &["localhost"]), 405, "{method}");
        }
        assert_eq!(status(&guard(None), "GET", &["localhost"]), 200);
    }

    #[test]
    fn only_by_address_or_by_a_name_of_its_own() {
        let good = [
            "localhost",
            "LOCALHOST:80",
            "127.0.0.1",
            "127.0.0.1:8080",
            "[::1]",
            "[::1]:8080",
            "10.1.2.3:9",
            "debug.example.org:8080",
        ];
        for host in good {
            assert_eq!(status(&guard(None), "GET", &[host]), 200, "{host}");
        }
        let bad = [
            "",
            "evil.example",
            "evil.example:8080",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "127.0.0.1:evil",
            "127.0.0.1:80:80",
            "::1",
            "[::1",
            "[evil.example]",
            "user@localhost",
            "localhost.",
        ];
        for host in bad {
            assert_eq!(status(&guard(None), "GET", &[host]), 403, "{host}");
        }
        assert_eq!(status(&guard(None), "GET", &[]), 400);
        assert_eq!(status(&guard(None), "GET", &["localhost", "localhost"]), 400);
    }

    #[test]
    fn a_token_must_be_borne() {
        let check = |guard: &Guard, value: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.extend(value.map(|value| (AUTHORIZATION, value.parse().unwrap())));
            guard.check_token(&headers).map_or_else(|(status, _)| status.as_u16(), |()| 200)
        };
        let open = guard(None);
        assert_eq!(check(&open, None), 200);
        let locked = guard(Some("0123456789abcdef"));
        assert_eq!(check(&locked, Some("Bearer 0123456789abcdef")), 200);
        assert_eq!(check(&locked, Some("bearer 0123456789abcdef")), 200);
        for wrong in
            ["", "Bearer", "Bearer ", "Bearer 0123456789abcdeX", "Basic 0123456789abcdef", "0123456789abcdef"]
        {
            assert_eq!(check(&locked, Some(wrong)), 401, "{wrong}");
        }
        assert_eq!(check(&locked, None), 401);
    }
}
