//! Whose certificates receivers of webhooks are believed by: the public authorities of browsers, and
//! those of a file.

use std::io;
use std::path::Path;

use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;

/// The public authorities and, with a file of PEM, those that it holds.
///
/// # Errors
/// If it cannot be read, holds no certificate, or one that is none.
pub(crate) fn read(file: Option<&Path>) -> io::Result<RootCertStore> {
    let mut roots: RootCertStore = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
    let Some(file) = file else {
        return Ok(roots);
    };
    let wrong = |why: String| io::Error::new(io::ErrorKind::InvalidData, why);
    let text = std::fs::read(file)?;
    let mut found = 0;
    for certificate in CertificateDer::pem_slice_iter(&text) {
        let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
        let added = roots.add(certificate);
        added.map_err(|error| wrong(error.to_string()))?;
        found += 1;
    }
    if found == 0 {
        return Err(wrong("it holds no certificate in PEM".to_owned()));
    }
    Ok(roots)
}
