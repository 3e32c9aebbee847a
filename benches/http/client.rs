//! An HTTP/1.1 client that costs next to nothing: it must not be what the bench measures. It writes
//! a request that is ready as bytes, reads one answer of known length, and keeps the connection.
//! The whole bench runs on one thread, so that the client never takes more than one core.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::{Outcome, wrong};

/// What SCIM calls its JSON.
const SCIM: &str = "application/scim+json";

/// A request, and what its answer must be.
#[derive(Debug, Clone)]
pub(crate) struct Exchange {
    /// The request as it goes over the wire.
    bytes: Vec<u8>,
    /// The status that is right.
    status: u16,
    /// What the body must contain, each of them.
    contains: Vec<String>,
}

/// What a client sends with each request.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    /// Where paths begin, as `/scim/v2`.
    prefix: &'static str,
    /// Header lines, each with its end.
    headers: String,
}

impl Head {
    /// For the SCIM API of a server.
    pub(crate) fn scim(address: SocketAddr, token: &str) -> Self {
        Self {
            prefix: "/scim/v2",
            headers: format!("Host: {address}\r\nAuthorization: Bearer {token}\r\n"),
        }
    }

    /// For the API of operators.
    pub(crate) fn admin(address: SocketAddr, token: &str) -> Self {
        Self {
            prefix: "/admin/v1",
            ..Self::scim(address, token)
        }
    }

    /// For the bare reference, which asks for no credential.
    pub(crate) fn bare(address: SocketAddr) -> Self {
        Self {
            prefix: "",
            headers: format!("Host: {address}\r\n"),
        }
    }

    pub(crate) fn get(&self, path: &str) -> Exchange {
        let Self { prefix, headers } = self;
        Exchange::new(format!("GET {prefix}{path} HTTP/1.1\r\n{headers}\r\n"), 200)
    }

    pub(crate) fn delete(&self, path: &str) -> Exchange {
        let Self { prefix, headers } = self;
        Exchange::new(
            format!("DELETE {prefix}{path} HTTP/1.1\r\n{headers}\r\n"),
            204,
        )
    }

    pub(crate) fn post(&self, path: &str, body: &str) -> Exchange {
        self.with_body("POST", path, (SCIM, body), 201)
    }

    pub(crate) fn patch(&self, path: &str, body: &str) -> Exchange {
        self.with_body("PATCH", path, (SCIM, body), 200)
    }

    /// Sends something of another kind than SCIM's: its media type, and itself.
    pub(crate) fn send(&self, path: &str, content: (&str, &str), status: u16) -> Exchange {
        self.with_body("POST", path, content, status)
    }

    /// Asks for an answer of any length, which ends with the connection.
    pub(crate) fn all_of(&self, path: &str) -> Vec<u8> {
        let Self { prefix, headers } = self;
        format!("GET {prefix}{path} HTTP/1.0\r\n{headers}\r\n").into_bytes()
    }

    fn with_body(
        &self,
        method: &str,
        path: &str,
        (media_type, body): (&str, &str),
        status: u16,
    ) -> Exchange {
        let Self { prefix, headers } = self;
        let length = body.len();
        Exchange::new(
            format!(
                "{method} {prefix}{path} HTTP/1.1\r\n{headers}\
                 Content-Type: {media_type}\r\nContent-Length: {length}\r\n\r\n{body}"
            ),
            status,
        )
    }
}

impl Exchange {
    fn new(request: String, status: u16) -> Self {
        Self {
            bytes: request.into_bytes(),
            status,
            contains: Vec::new(),
        }
    }

    /// The answer's body must contain this.
    pub(crate) fn holds(mut self, part: impl Into<String>) -> Self {
        self.contains.push(part.into());
        self
    }
}

/// A connection that is kept open.
pub(crate) struct Connection {
    stream: TcpStream,
    /// What was read: the last answer.
    buffer: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Outcome<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: Vec::with_capacity(64 * 1024),
        })
    }

    /// Sends a request and answers how long the whole answer took and its body, if it is right.
    pub(crate) async fn send(&mut self, exchange: &Exchange) -> Outcome<(Duration, &str)> {
        let began = Instant::now();
        self.stream.write_all(&exchange.bytes).await?;
        let (status, body) = self.read().await?;
        let took = began.elapsed();
        // What follows is not within the time: checking costs the same on both sides.
        let body = std::str::from_utf8(&self.buffer[body..])?;
        let missing = exchange
            .contains
            .iter()
            .find(|part| !body.contains(part.as_str()));
        if status != exchange.status || missing.is_some() {
            return Err(wrong(format!(
                "asked\n{}\nexpected {} with {:?}, got {status}\n{}",
                begin(&String::from_utf8_lossy(&exchange.bytes)),
                exchange.status,
                exchange.contains,
                begin(body),
            )));
        }
        Ok((took, body))
    }

    /// Reads one answer into the buffer; answers its status and where its body begins.
    async fn read(&mut self) -> Outcome<(u16, usize)> {
        self.buffer.clear();
        let (status, body, end) = loop {
            self.more().await?;
            if let Some(at) = self.buffer.windows(4).position(|w| w == b"\r\n\r\n") {
                let (status, length) = parse_head(std::str::from_utf8(&self.buffer[..at])?)?;
                break (status, at + 4, at + 4 + length);
            }
        };
        while self.buffer.len() < end {
            self.more().await?;
        }
        if self.buffer.len() > end {
            return Err(wrong("more than one answer to one request"));
        }
        Ok((status, body))
    }

    async fn more(&mut self) -> Outcome {
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            return Err(wrong("the server closed a connection in use"));
        }
        Ok(())
    }
}

/// Reads an answer of any length to its end, and answers its body, if its status is 200. `see` is
/// called while it arrives.
pub(crate) async fn download(
    address: SocketAddr,
    request: &[u8],
    mut see: impl FnMut() -> Outcome,
) -> Outcome<Vec<u8>> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(request).await?;
    let mut all = Vec::new();
    let mut seen = 0;
    while stream.read_buf(&mut all).await? > 0 {
        if all.len() > seen + (1 << 20) {
            seen = all.len();
            see()?;
        }
    }
    let head = all.windows(4).position(|w| w == b"\r\n\r\n");
    let head = head.ok_or_else(|| wrong("an answer without a head"))?;
    let line = String::from_utf8_lossy(&all[..head]).into_owned();
    if line.split(' ').nth(1) != Some("200") {
        return Err(wrong(format!("asked for all, got\n{}", begin(&line))));
    }
    Ok(all.split_off(head + 4))
}

/// As much of a text as an error shows.
fn begin(text: &str) -> &str {
    text.char_indices()
        .nth(2000)
        .map_or(text, |(end, _)| &text[..end])
}

/// The status and the length of the body.
fn parse_head(head: &str) -> Outcome<(u16, usize)> {
    let mut lines = head.split("\r\n");
    let status: u16 = lines
        .next()
        .and_then(|line| line.split(' ').nth(1))
        .ok_or_else(|| wrong("an answer without a status"))?
        .parse()?;
    let length = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse().ok())?
    });
    match length {
        Some(length) => Ok((status, length)),
        None if matches!(status, 204 | 304) => Ok((status, 0)),
        None => Err(wrong(format!("an answer of unknown length:\n{head}"))),
    }
}
