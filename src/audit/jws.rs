//! Signatures that any JOSE library checks: a JWS in its compact form (RFC 7515) by Ed25519
//! (RFC 8037). One algorithm, and a `typ` that must match, so that what was signed for one purpose
//! passes for no other.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// The name of the algorithm in a header (RFC 8037 3.1).
const EDDSA: &str = "EdDSA";

/// The private key that signs.
pub struct SigningKey(Ed25519KeyPair);

/// The public key of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicKey([u8; 32]);

/// Why a signature is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is no JWS in compact form.
    #[error("it is not a signature in compact form (RFC 7515)")]
    Malformed,
    /// It is one, by another algorithm or of something else.
    #[error("it was not made for this")]
    OfAnother,
    /// None of the keys made it.
    #[error("it was made by a key that is not known here")]
    UnknownKey,
    /// The key that it names did not sign these words.
    #[error("what was signed has been changed")]
    Forged,
}

impl SigningKey {
    /// The key that 32 secret bytes are the seed of; none if they are not 32.
    pub fn from_seed(seed: &[u8]) -> Option<Self> {
        Ed25519KeyPair::from_seed_unchecked(seed).ok().map(Self)
    }

    /// Its public part.
    ///
    /// # Panics
    /// Never: an Ed25519 public key has 32 bytes.
    pub fn public(&self) -> PublicKey {
        let mut key = [0; 32];
        key.copy_from_slice(self.0.public_key().as_ref());
        PublicKey(key)
    }

    /// Signs a payload as something of a type.
    pub fn sign(&self, typ: &str, payload: &[u8]) -> String {
        let header = json!({"alg": EDDSA, "kid": self.public().id(), "typ": typ});
        self.sign_with(&header.to_string(), payload)
    }

    fn sign_with(&self, header: &str, payload: &[u8]) -> String {
        let signed = [header.as_bytes(), payload].map(|part| URL_SAFE_NO_PAD.encode(part));
        let signed = signed.join(".");
        let signature = URL_SAFE_NO_PAD.encode(self.0.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }
}

impl PublicKey {
    /// Its name: the thumbprint of the key (RFC 7638), so that nobody has to hand names out.
    pub fn id(&self) -> String {
        let x = URL_SAFE_NO_PAD.encode(self.0);
        let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
        URL_SAFE_NO_PAD.encode(Sha256::digest(canonical))
    }

    /// The key as a JWK (RFC 8037 2).
    pub fn jwk(&self) -> Value {
        json!({
            "kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(self.0),
            "kid": self.id(), "use": "sig", "alg": EDDSA,
        })
    }

    /// The keys of a JWK or of a set of them (RFC 7517), but those of other kinds.
    pub fn all_of(jwks: &Value) -> Vec<Self> {
        let set = jwks.get("keys").and_then(Value::as_array);
        let keys = set.map_or(std::slice::from_ref(jwks), Vec::as_slice);
        keys.iter().filter_map(Self::from_jwk).collect()
    }

    fn from_jwk(jwk: &Value) -> Option<Self> {
        let is = |key: &str, value: &str| jwk.get(key).and_then(Value::as_str) == Some(value);
        let x = jwk.get("x").and_then(Value::as_str)?;
        let bytes = URL_SAFE_NO_PAD.decode(x).ok()?;
        let key = <[u8; 32]>::try_from(bytes).ok()?;
        (is("kty", "OKP") && is("crv", "Ed25519")).then_some(Self(key))
    }
}

/// The payload of a JWS of a type that one of the keys signed.
pub(super) fn open(jws: &str, typ: &str, keys: &[PublicKey]) -> Result<Vec<u8>, Refused> {
    let mut parts = jws.trim().rsplitn(2, '.');
    let (signature, signed) = (parts.next(), parts.next());
    let (Some(signature), Some(signed)) = (signature, signed) else {
        return Err(Refused::Malformed);
    };
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| Refused::Malformed);
    let (header, payload) = signed.split_once('.').ok_or(Refused::Malformed)?;
    let header: Value = serde_json::from_slice(&decode(header)?).map_err(|_| Refused::Malformed)?;
    let (payload, signature) = (decode(payload)?, decode(signature)?);
    let text = |key: &str| header.get(key).and_then(Value::as_str);
    // An extension that is marked as critical and not known here must not be passed over.
    if text("alg") != Some(EDDSA) || text("typ") != Some(typ) || header.get("crit").is_some() {
        return Err(Refused::OfAnother);
    }
    let key = keys
        .iter()
        .find(|key| text("kid") == Some(key.id().as_str()));
    let key = UnparsedPublicKey::new(&ED25519, key.ok_or(Refused::UnknownKey)?.0);
    key.verify(signed.as_bytes(), &signature)
        .map_err(|_| Refused::Forged)?;
    Ok(payload)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_seed(&[seed; 32]).unwrap()
    }

    /// RFC 8037 A.1 to A.4.
    #[test]
    fn the_examples_of_the_rfc_come_out() {
        let d = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
        let key = SigningKey::from_seed(&URL_SAFE_NO_PAD.decode(d).unwrap()).unwrap();
        let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        assert_eq!(key.public().jwk()["x"], x);
        let thumbprint = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";
        assert_eq!(key.public().id(), thumbprint);
        let jws = key.sign_with(r#"{"alg":"EdDSA"}"#, b"Example of Ed25519 signing");
        assert_eq!(
            jws,
            "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCj\
             P0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
        );
    }

    #[test]
    fn what_was_signed_is_opened_by_its_key_alone() {
        let jws = key(1).sign("a", b"words");
        let keys = [key(2).public(), key(1).public()];
        assert_eq!(open(&jws, "a", &keys), Ok(b"words".to_vec()));
        assert_eq!(
            open(&format!(" {jws}\n"), "a", &keys),
            Ok(b"words".to_vec())
        );
        assert_eq!(open(&jws, "b", &keys), Err(Refused::OfAnother));
        assert_eq!(open(&jws, "a", &keys[..1]), Err(Refused::UnknownKey));
        assert_eq!(open(&jws, "a", &[]), Err(Refused::UnknownKey));
    }

    #[test]
    fn no_byte_of_it_can_be_changed() {
        let jws = key(1).sign("a", b"words");
        let keys = [key(1).public()];
        for at in 0..jws.len() {
            let mut changed = jws.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(open(&changed, "a", &keys).is_err(), "{at}: {changed}");
        }
        for wrong in ["", ".", "..", "a.b.c", "....", &jws[..jws.len() - 4]] {
            assert!(open(wrong, "a", &keys).is_err(), "{wrong}");
        }
    }

    #[test]
    fn another_algorithm_is_none() {
        let keys = [key(1).public()];
        let id = keys[0].id();
        for header in [
            format!(r#"{{"alg":"none","kid":"{id}","typ":"a"}}"#),
            format!(r#"{{"alg":"HS256","kid":"{id}","typ":"a"}}"#),
            format!(r#"{{"alg":"EdDSA","kid":"{id}","typ":"a","crit":["exp"]}}"#),
        ] {
            let jws = key(1).sign_with(&header, b"words");
            assert_eq!(open(&jws, "a", &keys), Err(Refused::OfAnother), "{header}");
        }
    }

    #[test]
    fn keys_are_read_from_one_or_from_a_set() {
        let (a, b) = (key(1).public(), key(2).public());
        assert_eq!(PublicKey::all_of(&a.jwk()), [a]);
        let other = json!({"kty": "RSA", "n": "x", "e": "AQAB"});
        let set = json!({"keys": [a.jwk(), other, b.jwk()]});
        assert_eq!(PublicKey::all_of(&set), [a, b]);
        assert_eq!(PublicKey::all_of(&json!({})), []);
    }
}
