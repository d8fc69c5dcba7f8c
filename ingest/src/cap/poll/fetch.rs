//! One HTTP request for a feed or a message: bounded in bytes and in time, conditional, and without
//! redirects; over TLS where the address says so.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1;
use hyper::header::{
    ACCEPT, ETAG, HOST, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, USER_AGENT,
};
use hyper::{HeaderMap, Request, StatusCode};
use hyper_util::rt::TokioIo;
use tls::Outward;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use crate::cap::decode::MESSAGE_MAX_BYTES;

/// How long one request may take.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);
/// The most bytes of an answer.
pub const ANSWER_MAX_BYTES: usize = MESSAGE_MAX_BYTES;
/// The longest validator that is sent back.
const VALIDATOR_MAX_BYTES: usize = 1_024;

/// `http://host:port/path?query`, or with `https`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// With TLS.
    secure: bool,
    /// `host` or `host:port`, in small letters.
    authority: String,
    /// From the first slash on.
    path: String,
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}://{}{}", self.scheme(), self.authority, self.path)
    }
}

impl Address {
    /// Takes an address apart.
    ///
    /// # Errors
    /// Why it is none that is followed.
    pub fn of(url: &str) -> Result<Self, String> {
        let (secure, rest) = match (url.strip_prefix("http://"), url.strip_prefix("https://")) {
            (Some(rest), _) => (false, rest),
            (_, Some(rest)) => (true, rest),
            _ => return Err("only http:// and https:// are followed".into()),
        };
        let at = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(at);
        if authority.is_empty() || authority.contains('@') {
            return Err("it names no host".into());
        }
        if !url.bytes().all(|b| b.is_ascii_graphic()) {
            return Err("it has characters that no address has".into());
        }
        let path = path.split('#').next().unwrap_or_default();
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        Ok(Self { secure, authority: authority.to_ascii_lowercase(), path })
    }

    fn scheme(&self) -> &'static str {
        if self.secure { "https" } else { "http" }
    }

    /// Where a link of this feed leads: on the same host and by the same scheme, or nowhere. A link
    /// without a scheme is relative to the feed (RFC 3986, 5.2).
    ///
    /// # Errors
    /// Why it is not followed.
    pub fn join(&self, link: &str) -> Result<Self, String> {
        let link = link.trim();
        let there = if has_scheme(link) { Self::of(link)? } else { self.relative(link)? };
        if there.authority == self.authority && there.secure == self.secure {
            return Ok(there);
        }
        if there.authority == self.authority {
            return Err(format!("it leads from {} to {}", self.scheme(), there.scheme()));
        }
        Err(format!("it leads to another host, {}", there.authority))
    }

    fn relative(&self, link: &str) -> Result<Self, String> {
        let scheme = self.scheme();
        if link.starts_with("//") {
            return Self::of(&format!("{scheme}:{link}"));
        }
        let own = self.path.split('?').next().unwrap_or_default();
        let folder = own.rfind('/').map_or("/", |last| &own[..=last]);
        let (path, rest) = link.split_at(link.find(['?', '#']).unwrap_or(link.len()));
        let path = match path {
            "" => own.to_owned(),
            path if path.starts_with('/') => without_dots(path),
            path => without_dots(&format!("{folder}{path}")),
        };
        Self::of(&format!("{scheme}://{}{path}{rest}", self.authority))
    }

    fn socket(&self) -> String {
        let has_port = self.authority.rsplit(':').next().is_some_and(|p| p.parse::<u16>().is_ok());
        if has_port && self.authority.contains(':') {
            self.authority.clone()
        } else {
            format!("{}:{}", self.authority, if self.secure { 443 } else { 80 })
        }
    }

    /// The host alone: what its certificate is to name.
    fn host(&self) -> &str {
        match self.authority.rsplit_once(':') {
            Some((host, port)) if port.parse::<u16>().is_ok() => host,
            _ => &self.authority,
        }
    }
}

fn has_scheme(link: &str) -> bool {
    let head = link.split(['/', '?', '#']).next().unwrap_or_default();
    head.contains(':')
}

/// A path without its `.` and `..`.
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/').skip(1) {
        match segment {
            "." => {}
            ".." => drop(kept.pop()),
            segment => kept.push(segment),
        }
    }
    let is_folder = matches!(path.rsplit('/').next(), Some("." | ".."));
    format!("/{}{}", kept.join("/"), if is_folder && !kept.is_empty() { "/" } else { "" })
}

/// What the server said of the version that was read last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Memo {
    etag: Option<String>,
    modified: Option<String>,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fetched {
    /// 304: as it was.
    Unchanged,
    /// 200.
    Body(Bytes),
}

/// By what servers are known: whoever asks over TLS needs one. Why there is none stands in its place.
pub type Trusted = Result<Outward, String>;

/// Asks once. `memo` goes with the request and is renewed by the answer.
///
/// # Errors
/// In words.
pub async fn fetch(
    address: &Address,
    trusted: &Trusted,
    memo: &mut Memo,
) -> Result<Fetched, String> {
    match tokio::time::timeout(REQUEST_TIMEOUT, connected(address, trusted, memo)).await {
        Ok(answer) => answer,
        Err(_) => Err(format!("no answer within {} s", REQUEST_TIMEOUT.as_secs())),
    }
}

async fn connected(
    address: &Address,
    trusted: &Trusted,
    memo: &mut Memo,
) -> Result<Fetched, String> {
    let socket = TcpStream::connect(address.socket()).await.map_err(|e| e.to_string())?;
    if !address.secure {
        return asked(socket, address, memo).await;
    }
    let trusted = trusted.as_ref().map_err(Clone::clone)?;
    let opened = trusted.open(address.host(), socket).await;
    asked(opened.map_err(|e| format!("TLS: {e}"))?, address, memo).await
}

async fn asked<S>(socket: S, address: &Address, memo: &mut Memo) -> Result<Fetched, String>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(socket)).await.map_err(|e| e.to_string())?;
    let talk = async {
        let mut request = Request::get(&address.path)
            .header(HOST, &address.authority)
            .header(USER_AGENT, "fenghuo")
            .header(
                ACCEPT,
                "application/cap+xml, application/atom+xml, application/rss+xml, application/xml",
            );
        if let Some(etag) = &memo.etag {
            request = request.header(IF_NONE_MATCH, etag);
        }
        if let Some(modified) = &memo.modified {
            request = request.header(IF_MODIFIED_SINCE, modified);
        }
        let request = request.body(Empty::<Bytes>::new()).map_err(|e| e.to_string())?;
        let mut answer = sender.send_request(request).await.map_err(|e| e.to_string())?;
        match answer.status() {
            StatusCode::OK => {}
            StatusCode::NOT_MODIFIED => return Ok(Fetched::Unchanged),
            status if status.is_redirection() => {
                return Err(format!("answered {status}: redirects are not followed"));
            }
            status => return Err(format!("answered {status}")),
        }
        let renewed = Memo {
            etag: said(answer.headers(), &ETAG),
            modified: said(answer.headers(), &LAST_MODIFIED),
        };
        let mut body = Vec::new();
        while let Some(frame) = answer.body_mut().frame().await {
            let frame = frame.map_err(|e| e.to_string())?;
            let Some(piece) = frame.data_ref() else { continue };
            if body.len() + piece.len() > ANSWER_MAX_BYTES {
                return Err(format!("more than {ANSWER_MAX_BYTES} bytes"));
            }
            body.extend_from_slice(piece);
        }
        *memo = renewed;
        Ok(Fetched::Body(body.into()))
    };
    tokio::pin!(connection);
    tokio::pin!(talk);
    // The connection is driven here, and ends with the talk.
    tokio::select! {
        biased;
        answer = &mut talk => answer,
        ended = &mut connection => match ended {
            Ok(()) => talk.await,
            Err(error) => Err(error.to_string()),
        },
    }
}

fn said(headers: &HeaderMap, name: &hyper::header::HeaderName) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?;
    (value.len() <= VALIDATOR_MAX_BYTES).then(|| value.to_owned())
}
