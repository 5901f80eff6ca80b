//! TLS: the certificate and its key from their files, again whenever these change.
//!
//! What is in a key never gets into a message, a log line or a `Debug` text.

use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use arc_swap::ArcSwap;
use rustls_pki_types::{
    CertificateDer, PrivateKeyDer,
    pem::{self, PemObject},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        self, ServerConfig,
        crypto::{CryptoProvider, ring},
        server::{ClientHello, ResolvesServerCert},
        sign::CertifiedKey,
    },
};

use crate::{
    config::Config,
    hash::{self, Digest},
};

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Why there is no certificate to show; one line, with the remedy.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// One file of the pair is not named.
    #[error("{0} is set but {1} is not; set both, or neither")]
    Alone(&'static str, &'static str),
    /// A file cannot be read.
    #[error("cannot read {0} '{path}': {2}; name a PEM file that this process may read", path = .1.display())]
    Unreadable(&'static str, PathBuf, io::Error),
    /// A file without what it is for.
    #[error("{0} '{path}' holds no {2}; name a PEM file with a section 'BEGIN {3}'", path = .1.display())]
    Missing(&'static str, PathBuf, &'static str, &'static str),
    /// A pair that is none, or of a kind that is not understood.
    #[error("tls_certificate '{certificate}' cannot be used with tls_key '{key}': {reason}; name the pair of one certificate, its own certificate first in the chain", certificate = .0.display(), key = .1.display(), reason = .2)]
    Mismatched(PathBuf, PathBuf, String),
}

/// The two files.
#[derive(Clone, Debug)]
struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

/// What the files hold, or why they cannot be read.
struct Contents {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

/// The certificate shown to those who connect.
struct Shown(ArcSwap<CertifiedKey>);

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shown(..)")
    }
}

/// TLS with the configured certificate.
#[derive(Clone)]
pub(super) struct Tls {
    /// What new connections are handed to.
    pub(super) acceptor: TlsAcceptor,
    shown: Arc<Shown>,
    files: Files,
    seen: Digest,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("files", &self.files).finish_non_exhaustive()
    }
}

impl Tls {
    /// TLS as the settings say; `None` where they name no files.
    ///
    /// # Errors
    /// A pair that cannot be used.
    pub(super) fn of(config: &Config) -> Result<Option<Self>, Unusable> {
        let files = match (config.tls_certificate.clone(), config.tls_key.clone()) {
            (None, None) => return Ok(None),
            (Some(certificate), Some(key)) => Files { certificate, key },
            (Some(_), None) => return Err(Unusable::Alone("tls_certificate", "tls_key")),
            (None, Some(_)) => return Err(Unusable::Alone("tls_key", "tls_certificate")),
        };
        let provider = Arc::new(ring::default_provider());
        let contents = files.read()?;
        let seen = contents.digest();
        let pair = files.pair(&contents, &provider)?;
        let shown = Arc::new(Shown(ArcSwap::from_pointee(pair)));
        let unusable = |error: &rustls::Error| files.mismatched(error);
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| unusable(&error))?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&shown) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        Ok(Some(Self { acceptor, shown, files, seen }))
    }

    /// Shows a new certificate soon after its files change; keeps the old one while they make no sense.
    pub(super) async fn follow_files(self) {
        let (mut settled, mut last) = (Some(self.seen), Some(self.seen));
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let files = self.files.clone();
            let Ok(read) = tokio::task::spawn_blocking(move || files.read()).await else { return };
            let now = read.as_ref().ok().map(Contents::digest);
            // The pair is two files: a state counts once it was seen twice, so that neither the
            // moment between them nor half a file is taken for a fault.
            let is_settled = std::mem::replace(&mut last, now) == now;
            if !is_settled || now == settled {
                continue;
            }
            settled = now;
            self.take(read);
        }
    }

    fn take(&self, read: Result<Contents, Unusable>) {
        let provider = ring::default_provider();
        match read.and_then(|contents| self.files.pair(&contents, &provider)) {
            Ok(pair) => {
                self.shown.0.store(Arc::new(pair));
                tracing::info!("the changed TLS certificate is in use");
            }
            Err(error) => tracing::error!("the former TLS certificate stays in use: {error}"),
        }
    }
}

impl Files {
    fn read(&self) -> Result<Contents, Unusable> {
        let read = |name, path: &Path| {
            std::fs::read(path).map_err(|error| Unusable::Unreadable(name, path.to_owned(), error))
        };
        Ok(Contents {
            certificate: read("tls_certificate", &self.certificate)?,
            key: read("tls_key", &self.key)?,
        })
    }

    /// The pair in these contents, if it is one.
    fn pair(
        &self,
        contents: &Contents,
        provider: &CryptoProvider,
    ) -> Result<CertifiedKey, Unusable> {
        let none = || {
            let path = self.certificate.clone();
            Unusable::Missing("tls_certificate", path, "certificate", "CERTIFICATE")
        };
        let chain = CertificateDer::pem_slice_iter(&contents.certificate);
        let chain: Vec<_> = chain.collect::<Result<_, pem::Error>>().map_err(|_| none())?;
        if chain.is_empty() {
            return Err(none());
        }
        let key = PrivateKeyDer::from_pem_slice(&contents.key).map_err(|_| {
            Unusable::Missing("tls_key", self.key.clone(), "private key", "PRIVATE KEY")
        })?;
        CertifiedKey::from_der(chain, key, provider).map_err(|error| self.mismatched(&error))
    }

    fn mismatched(&self, error: &rustls::Error) -> Unusable {
        let reason = match error {
            rustls::Error::InconsistentKeys(_) => "the key belongs to another certificate".into(),
            error => error.to_string(),
        };
        Unusable::Mismatched(self.certificate.clone(), self.key.clone(), reason)
    }
}

impl Contents {
    fn digest(&self) -> Digest {
        let mut both = hash::Stream::default();
        both.add(&hash::digest(&self.certificate));
        both.add(&hash::digest(&self.key));
        both.finish()
    }
}
