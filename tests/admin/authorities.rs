//! Webhooks over TLS: who is believed to be whom they say.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use seatkeeper::clock::Clock;
use seatkeeper::config::Config;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

use crate::common::receiver::Receiver;
use crate::common::{Engine, Server};
use crate::office::Office;

both_engines_alone!(
    a_receiver_is_believed_by_an_authority_of_ones_own,
    a_file_that_holds_no_authority_stops_the_start,
);

/// An authority made for a test, in a file, and what listens with a certificate of it for
/// `localhost` and hands on to a receiver.
struct Authority {
    file: tempfile::NamedTempFile,
    port: u16,
}

impl Authority {
    async fn before(receiver: &Receiver) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        let issuer = Issuer::new(params, key);
        let own = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let leaf = leaf.signed_by(&own, &issuer).unwrap();
        let secret = PrivatePkcs8KeyDer::from(own.serialize_der()).into();
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], secret)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let behind = url::Url::parse(&receiver.url).unwrap().port().unwrap();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let mut front = acceptor.accept(stream).await.ok()?;
                    let mut back = TcpStream::connect(("127.0.0.1", behind)).await.ok()?;
                    tokio::io::copy_bidirectional(&mut front, &mut back)
                        .await
                        .ok()
                });
            }
        });
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(pem.as_bytes()).unwrap();
        Self { file, port }
    }
}

async fn a_receiver_is_believed_by_an_authority_of_ones_own(engine: Engine) {
    let receiver = Receiver::start().await;
    let authority = Authority::before(&receiver).await;
    let path = authority.file.path().to_owned();
    let trusting = Server::start_with(engine, Clock::system(), |config: &mut Config| {
        config.webhooks_ca_file = Some(path);
    });
    let trusting = trusting.await;
    let office = Office::with_seats(trusting.new_tenant(), 1).await;
    let url = |host: &str| format!("https://{host}:{}/hooks", authority.port);
    let made = json!({"url": url("localhost"), "types": ["seat.assigned"]});
    let made = office.owner.post("/webhooks", made).await.status(201);
    office.hire("ada", json!({})).await;
    let got = receiver.until_told("seat.assigned", "ada").await;
    assert!(got.is_signed_with(&made.string("/secret")), "{got:?}");

    // The same certificate under another name, and without the authority, is nobody's.
    let elsewhere = json!({"url": url("127.0.0.1"), "types": ["access.ended"]});
    let elsewhere = office.owner.post("/webhooks", elsewhere).await.status(201);
    let (doubting, strict) = Office::alone(engine, 1).await;
    let body = json!({"url": url("localhost"), "types": ["access.ended"]});
    let doubted = strict.owner.post("/webhooks", body).await.status(201);
    strict.hire("bob", json!({})).await;
    strict.end("bob").await;
    office.end("ada").await;
    for (office, webhook) in [(&office, elsewhere.id()), (&strict, doubted.id())] {
        until_fails(office, &webhook).await;
    }
    assert_eq!(receiver.got().len(), 1);
    trusting.stop().await;
    doubting.stop().await;
}

/// Waits until a delivery failed for want of a connection that can be believed.
async fn until_fails(office: &Office, webhook: &str) {
    let path = format!("/webhooks/{webhook}/deliveries");
    for _ in 0..200 {
        let all = office.owner.get(&path).await.status(200);
        let error = all.at("/items/0/error").as_str();
        if error.is_some_and(|error| error.starts_with("no TLS connection")) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{}", office.owner.get(&path).await);
}

async fn a_file_that_holds_no_authority_stops_the_start(engine: Engine) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"no certificate").unwrap();
    let nowhere = file.path().with_extension("gone");
    for path in [file.path().to_owned(), nowhere] {
        let mut config = Config::for_database(&crate::common::database::create(engine).await);
        config.webhooks_ca_file = Some(path);
        let refused = seatkeeper::server::start(config, Clock::system()).await;
        let error = refused.err().map(|error| error.to_string());
        let error = error.expect("it does not start");
        assert!(error.starts_with("--webhooks-ca-file"), "{error}");
    }
}
