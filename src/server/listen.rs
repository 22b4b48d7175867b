//! Accepts connections, within limits, and lets them end when the process is asked to stop.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

use super::guard::Peer;
use super::router::{Desk, router};
use super::tls::{self, TlsError};

/// Headers of one request; more is refused with 431.
const HEADERS_MAX: usize = 64;

/// How long accepting pauses when the system has no descriptor left: trying at once would only spin.
const BREATH: Duration = Duration::from_millis(100);

/// Why the server cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address cannot be had.
    #[error("cannot listen on {address}: {source}")]
    Bind {
        /// Which.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The certificate cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// A server that listens.
pub struct Listening {
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    desk: Arc<Desk>,
}

impl Listening {
    /// Binds the address of the settings.
    ///
    /// # Errors
    /// An address that is taken, or a certificate that cannot be used.
    pub async fn bind(desk: Arc<Desk>) -> Result<Self, ServeError> {
        let address = desk.settings.listen;
        let tls = desk.settings.tls.as_ref().map(tls::acceptor).transpose()?;
        let listener = TcpListener::bind(address)
            .await
            .map_err(|source| ServeError::Bind { address, source })?;
        Ok(Self { listener, tls, desk })
    }

    /// Returns where it listens, with the port that was given when 0 was asked for.
    ///
    /// # Errors
    /// The system does not say.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `stop` becomes true; then lets open requests end for as long as the settings say.
    pub async fn serve(self, mut stop: watch::Receiver<bool>) {
        let Self { listener, tls, desk } = self;
        let open = Arc::new(Semaphore::new(
            usize::try_from(desk.settings.connections_max).unwrap_or(usize::MAX),
        ));
        let graceful = GracefulShutdown::new();
        let talk = Arc::new(Talk { router: router(Arc::clone(&desk)), desk: Arc::clone(&desk) });
        loop {
            let accepted = async {
                // A connection is accepted only when there is room for it; others wait in the queue
                // of the system.
                let place = Arc::clone(&open).acquire_owned().await;
                (listener.accept().await, place)
            };
            let (accepted, place) = tokio::select! {
                accepted = accepted => accepted,
                _ = stop.wait_for(|stop| *stop) => break,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a connection was not accepted");
                    desk.clock.pause(BREATH).await;
                    continue;
                }
            };
            let (talk, tls, watcher) = (Arc::clone(&talk), tls.clone(), graceful.watcher());
            crate::runtime::spawn::task("connection", async move {
                talk.with(stream, peer, tls, watcher).await;
                drop(place);
            });
        }
        drop(listener);
        let drain = Duration::from_secs(u64::from(desk.settings.drain_s));
        if tokio::time::timeout(drain, graceful.shutdown()).await.is_err() {
            tracing::warn!(seconds = drain.as_secs(), "open requests were left at the end");
        }
    }
}

/// What every connection needs.
struct Talk {
    router: Router,
    desk: Arc<Desk>,
}

impl Talk {
    async fn with(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        tls: Option<TlsAcceptor>,
        watcher: hyper_util::server::graceful::Watcher,
    ) {
        let Some(tls) = tls else { return self.http(stream, peer, watcher).await };
        let limit = Duration::from_secs(u64::from(self.desk.settings.timeout_s));
        match tokio::time::timeout(limit, tls.accept(stream)).await {
            Ok(Ok(stream)) => self.http(stream, peer, watcher).await,
            Ok(Err(error)) => tracing::debug!(%peer, %error, "no TLS came about"),
            Err(_) => tracing::debug!(%peer, "no TLS came about in time"),
        }
    }

    async fn http(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + 'static,
        peer: SocketAddr,
        watcher: hyper_util::server::graceful::Watcher,
    ) {
        let router = self.router.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(Peer(peer.ip())));
            router.clone().oneshot(request)
        });
        let settings = &self.desk.settings;
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(Duration::from_secs(u64::from(settings.timeout_s)))
            .max_headers(HEADERS_MAX)
            .max_buf_size(usize::try_from(settings.head_kib_max).unwrap_or(usize::MAX) * 1024)
            .serve_connection(TokioIo::new(stream), service);
        if let Err(error) = watcher.watch(connection).await {
            tracing::debug!(%peer, %error, "a connection ended early");
        }
    }
}
