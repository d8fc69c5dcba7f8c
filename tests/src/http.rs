//! A plain HTTP client over one socket a request: what is sent and answered is what is tested.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

/// How long a request may take.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// Header lines, lower-case names.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        let text = String::from_utf8_lossy(&self.body);
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e} in {text}"))
    }
    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

/// A client of one platform, with a cookie or a token.
#[derive(Debug, Clone)]
pub struct Client {
    address: String,
    headers: Vec<(String, String)>,
}

impl Client {
    /// A client that is nobody.
    pub fn new(base: &str) -> Self {
        Self { address: base.trim_start_matches("http://").to_owned(), headers: Vec::new() }
    }

    /// The same with a bearer token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        self.with_header("Authorization", &format!("Bearer {token}"))
    }

    /// The same with a header of its own.
    #[must_use]
    pub fn with_header(&self, name: &str, value: &str) -> Self {
        let mut more = self.clone();
        more.headers.push((name.into(), value.into()));
        more
    }

    /// Signs in, and gives the client that is signed in.
    pub fn sign_in(&self, user: &str, password: &str) -> Self {
        let body = serde_json::json!({ "user": user, "password": password }).to_string();
        let answer = self.post("/v1/session", "application/json", body.as_bytes());
        let said = String::from_utf8_lossy(&answer.body).into_owned();
        assert_eq!(answer.status, 200, "sign-in: {said}");
        let cookie = answer.header("set-cookie").expect("a cookie");
        let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        self.with_header("Cookie", &cookie)
    }

    /// The session's cookie, once signed in.
    pub fn cookie(&self) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == "Cookie").map(|(_, v)| v.as_str())
    }

    /// GET.
    pub fn get(&self, path: &str) -> Answer {
        self.request("GET", path, &[], b"")
    }

    /// POST.
    pub fn post(&self, path: &str, kind: &str, body: &[u8]) -> Answer {
        self.request("POST", path, &[("Content-Type", kind)], body)
    }

    /// A command to the desk, with an id of its own.
    pub fn command(&self, id: &str, command: &Value) -> Answer {
        let body = serde_json::json!({ "id": id, "command": command }).to_string();
        self.post("/v1/commands", "application/json", body.as_bytes())
    }

    /// Any request.
    pub fn request(&self, method: &str, path: &str, more: &[(&str, &str)], body: &[u8]) -> Answer {
        self.try_request(method, path, more, body)
            .unwrap_or_else(|e| panic!("{method} {path}: {e}"))
    }

    /// Any request of a platform that may be gone.
    ///
    /// # Errors
    /// The socket's.
    pub fn try_request(
        &self,
        method: &str,
        path: &str,
        more: &[(&str, &str)],
        body: &[u8],
    ) -> std::io::Result<Answer> {
        let mut socket = TcpStream::connect(&self.address)?;
        socket.set_read_timeout(Some(ANSWER_MAX))?;
        let host = &self.address;
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
        if method != "GET" {
            head += &format!("Content-Length: {}\r\n", body.len());
        }
        for (name, value) in self.headers.iter().map(|(n, v)| (n.as_str(), v.as_str())) {
            head += &format!("{name}: {value}\r\n");
        }
        for (name, value) in more {
            head += &format!("{name}: {value}\r\n");
        }
        head += "\r\n";
        socket.write_all(head.as_bytes())?;
        socket.write_all(body)?;
        let mut bytes = Vec::new();
        socket.read_to_end(&mut bytes)?;
        parse(&bytes).ok_or_else(|| std::io::Error::other("no whole answer"))
    }
}

fn parse(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|w| w == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|l| l.split_once(':'))
        .map(|(n, v)| (n.to_ascii_lowercase(), v.trim().to_owned()))
        .collect();
    let chunked = headers.iter().any(|(n, v)| n == "transfer-encoding" && v.contains("chunked"));
    let body = &bytes[end + 4..];
    let length =
        headers.iter().find(|(n, _)| n == "content-length").map(|(_, v)| v.parse::<usize>());
    if let Some(Ok(length)) = length
        && body.len() < length
    {
        return None;
    }
    let body = if chunked { unchunk(body)? } else { body.to_vec() };
    Some(Answer { status, headers, body })
}

fn unchunk(mut body: &[u8]) -> Option<Vec<u8>> {
    let mut whole = Vec::new();
    loop {
        let line = body.windows(2).position(|w| w == b"\r\n")?;
        let size =
            usize::from_str_radix(std::str::from_utf8(&body[..line]).ok()?.trim(), 16).ok()?;
        body = body.get(line + 2..)?;
        if size == 0 {
            return Some(whole);
        }
        whole.extend_from_slice(body.get(..size)?);
        body = body.get(size + 2..)?;
    }
}
