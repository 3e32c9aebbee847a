//! Sends one message: a POST to an address that is looked up, judged and then connected to, so that
//! no name can stand for another address in between. No redirect is followed.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::rt::{Read, Write};
use hyper::{Request, header};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use url::{Host, Url};

use crate::directory::admin::{Outgoing, Reply};
use crate::webhooks::address;

/// How long an attempt may take, from the look-up to the answer's head.
const PATIENCE: Duration = Duration::from_secs(10);

/// Sends messages to webhooks.
pub(super) struct Sender {
    tls: TlsConnector,
    allow_private: bool,
}

/// Why a message was not answered.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error("the URL cannot be used")]
    Url,
    #[error("the name is not known: {0}")]
    Name(io::Error),
    #[error("the name stands for no public address")]
    Private,
    #[error("no connection: {0}")]
    Connect(io::Error),
    #[error("no TLS connection: {0}")]
    Tls(io::Error),
    #[error("no answer: {0}")]
    Exchange(#[from] hyper::Error),
    #[error("the message cannot be sent: {0}")]
    Request(#[from] hyper::http::Error),
    #[error("no answer within {} seconds", PATIENCE.as_secs())]
    Slow,
}

impl Sender {
    pub(super) fn new(allow_private: bool, roots: RootCertStore) -> Self {
        let config = ClientConfig::builder()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self {
            tls: TlsConnector::from(Arc::new(config)),
            allow_private,
        }
    }

    /// Sends a message at `at`, by which it is signed.
    pub(super) async fn send(&self, message: &Outgoing, at: Timestamp) -> Reply {
        let sent = tokio::time::timeout(PATIENCE, self.attempt(message, at)).await;
        match sent.unwrap_or(Err(Failed::Slow)) {
            Ok(status) => Reply::Status(status),
            Err(error) => Reply::None(error.to_string()),
        }
    }

    async fn attempt(&self, message: &Outgoing, at: Timestamp) -> Result<u16, Failed> {
        let url = address::read(&message.url, self.allow_private).map_err(|why| match why {
            address::Wrong::Private => Failed::Private,
            address::Wrong::Url(_) => Failed::Url,
        })?;
        let request = request(&url, message, at)?;
        let stream = self.connect(&url).await?;
        if url.scheme() != "https" {
            return exchange(TokioIo::new(stream), request).await;
        }
        let name = url.host_str().unwrap_or_default();
        let name = name.trim_start_matches('[').trim_end_matches(']');
        let name = ServerName::try_from(name.to_owned()).map_err(|_| Failed::Url)?;
        let stream = self.tls.connect(name, stream).await;
        exchange(TokioIo::new(stream.map_err(Failed::Tls)?), request).await
    }

    /// Connects to the first address of a URL's host that may be connected to and answers.
    async fn connect(&self, url: &Url) -> Result<TcpStream, Failed> {
        let port = url.port_or_known_default().ok_or(Failed::Url)?;
        let addresses: Vec<SocketAddr> = match url.host().ok_or(Failed::Url)? {
            Host::Ipv4(v4) => vec![(v4, port).into()],
            Host::Ipv6(v6) => vec![(v6, port).into()],
            Host::Domain(name) => tokio::net::lookup_host((name, port))
                .await
                .map_err(Failed::Name)?
                .collect(),
        };
        let may = |address: &SocketAddr| self.allow_private || address::is_public(address.ip());
        let mut failed = Failed::Private;
        for address in addresses.into_iter().filter(may) {
            match TcpStream::connect(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => failed = Failed::Connect(error),
            }
        }
        Err(failed)
    }
}

fn request(url: &Url, message: &Outgoing, at: Timestamp) -> Result<Request<Full<Bytes>>, Failed> {
    let host = match url.port() {
        Some(port) => format!("{}:{port}", url.host_str().unwrap_or_default()),
        None => url.host_str().unwrap_or_default().to_owned(),
    };
    let path = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    Ok(Request::post(path)
        .header(header::HOST, host)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::USER_AGENT, "seatkeeper")
        .header(header::CONNECTION, "close")
        .header("webhook-id", &message.message)
        .header("webhook-timestamp", at.as_second())
        .header("webhook-signature", message.signature(at))
        .body(Full::from(message.body.clone()))?)
}

/// Sends a request and answers the status; what else the receiver has to say is not read.
async fn exchange<S>(stream: S, request: Request<Full<Bytes>>) -> Result<u16, Failed>
where
    S: Read + Write + Unpin + Send + 'static,
{
    let (mut requests, connection) = http1::handshake(stream).await?;
    // Ends with this, however this ends.
    let mut driver = JoinSet::new();
    driver.spawn(connection);
    let answer = requests.send_request(request).await?;
    Ok(answer.status().as_u16())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    // `localhost.` and the like are refused by name already; this is a name that DNS has.
    #[tokio::test]
    async fn it_connects_to_no_address_that_is_not_public() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let url = Url::parse(&format!("http://localhost:{port}/")).unwrap();
        let sender = |allow_private| Sender::new(allow_private, RootCertStore::empty());
        let refused = sender(false).connect(&url).await.unwrap_err();
        assert!(matches!(refused, Failed::Private), "{refused}");
        assert!(sender(true).connect(&url).await.is_ok());
    }
}
