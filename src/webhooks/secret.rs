//! Signing as Standard Webhooks 1.0 has it: HMAC-SHA256 over `id.timestamp.body`.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use sha2::Sha256;

/// Begins every secret, so that it is known for one.
const PREFIX: &str = "whsec_";
/// Bytes of a new secret; the specification asks for 24 to 64.
const BYTES: usize = 32;

/// What sender and receiver share. It is kept as it is, since a hash cannot sign.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// A new one.
    pub fn random() -> Self {
        Self(rand::random::<[u8; BYTES]>().to_vec())
    }

    /// One that is stored.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// To be stored.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// As the receiver is told it, once.
    pub fn reveal(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(&self.0))
    }

    fn sign(&self, id: &str, at: Timestamp, body: &str) -> String {
        // A key of any length will do.
        let Ok(mac) = Hmac::<Sha256>::new_from_slice(&self.0) else {
            return String::new();
        };
        let signed = format!("{id}.{}.{body}", at.as_second());
        let mac = mac.chain_update(signed).finalize().into_bytes();
        format!("v1,{}", STANDARD.encode(mac))
    }
}

/// Shows nothing of it.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

/// The `webhook-signature` of a message: one for each secret, so that a receiver may change over
/// while two are in use.
pub fn signature(secrets: &[Secret], id: &str, at: Timestamp, body: &str) -> String {
    let signatures = secrets.iter().map(|secret| secret.sign(id, at, body));
    signatures.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    // The example that the specification's libraries test with.
    #[test]
    fn the_signature_is_that_of_the_specification() {
        let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let at = Timestamp::from_second(1_614_265_330).unwrap();
        let signed = signature(
            &[Secret::from_bytes(secret)],
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            at,
            r#"{"test": 2432232314}"#,
        );
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn while_two_secrets_are_in_use_there_are_two_signatures() {
        let (a, b) = (Secret::random(), Secret::random());
        let at = Timestamp::UNIX_EPOCH;
        let both = signature(&[a.clone(), b.clone()], "m", at, "{}");
        let each = [
            signature(&[a], "m", at, "{}"),
            signature(&[b], "m", at, "{}"),
        ];
        assert_eq!(both, each.join(" "));
    }

    #[test]
    fn a_secret_is_not_shown_by_accident() {
        let secret = Secret::random();
        assert_eq!(format!("{secret:?}"), "Secret(***)");
        assert!(secret.reveal().starts_with("whsec_"));
    }
}
