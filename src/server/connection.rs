//! One connection, and how long it may keep us waiting. Neither axum nor hyper tells a client that
//! is idle between requests, which is welcome for a while, from one that sends a head byte by byte.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::Watcher;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};
use tower::{Service, ServiceExt as _};

/// Until the first byte of a connection.
const FIRST_BYTE: Duration = Duration::from_secs(10);
/// From the first byte of a request to the end of its head.
const HEAD: Duration = Duration::from_secs(10);
/// Between requests, and between two parts of an answer that the client takes.
const IDLE: Duration = Duration::from_secs(75);
/// Bytes of a request's head at most; beyond, hyper answers 431.
const MAX_HEAD: usize = 64 << 10;

/// Serves a connection until it ends or times out.
pub(super) async fn serve<S>(stream: TcpStream, service: S, watcher: Watcher)
where
    S: Service<Request<Body>, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    // Answers are written whole; waiting for more to send with them gains nothing.
    let _ = stream.set_nodelay(true);
    let serving = Arc::new(AtomicBool::new(false));
    let io = TokioIo::new(Patient::new(stream, Arc::clone(&serving)));
    let service = service_fn(move |request: Request<Incoming>| {
        let (service, busy) = (service.clone(), Busy::begin(&serving));
        async move {
            let answer = service.oneshot(request.map(Body::new)).await;
            drop(busy);
            answer
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(None)
        .max_header_size(MAX_HEAD)
        .serve_connection(io, service);
    if let Err(error) = watcher.watch(connection).await {
        // A client that hung up, or one that we hung up on: nobody is left to tell.
        tracing::debug!(%error, "a connection ended early");
    }
}

/// Says for as long as it lives that a request is being answered.
struct Busy(Arc<AtomicBool>);

impl Busy {
    fn begin(serving: &Arc<AtomicBool>) -> Self {
        serving.store(true, Ordering::Relaxed);
        Self(Arc::clone(serving))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

/// What a connection waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    FirstByte,
    /// The rest of a head that has begun.
    Head,
    /// The answer. The handlers have limits of their own, those of the body included.
    Answer,
    /// The client: to take the answer, or to ask again.
    Idle,
}

/// A stream that fails when its client keeps it waiting too long.
struct Patient<T> {
    stream: T,
    serving: Arc<AtomicBool>,
    phase: Phase,
    deadline: Pin<Box<Sleep>>,
}

impl<T> Patient<T> {
    fn new(stream: T, serving: Arc<AtomicBool>) -> Self {
        Self {
            stream,
            serving,
            phase: Phase::FirstByte,
            deadline: Box::pin(tokio::time::sleep(FIRST_BYTE)),
        }
    }

    fn wait_for(&mut self, phase: Phase, patience: Duration) {
        self.phase = phase;
        self.deadline.as_mut().reset(Instant::now() + patience);
    }

    /// Learns from the service whether a request is being answered.
    fn look_up(&mut self) {
        match (self.phase, self.serving.load(Ordering::Relaxed)) {
            (_, true) => self.phase = Phase::Answer,
            (Phase::Answer, false) => self.wait_for(Phase::Idle, IDLE),
            (_, false) => {}
        }
    }

    /// Pending until the client has kept us waiting too long.
    fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        if self.phase == Phase::Answer {
            return Poll::Pending;
        }
        ready!(self.deadline.as_mut().poll(cx));
        Poll::Ready(io::Error::from(io::ErrorKind::TimedOut))
    }

    /// Notes that the client took a part of the answer, or that it must hurry.
    fn written<R>(
        &mut self,
        cx: &mut Context<'_>,
        done: Poll<io::Result<R>>,
    ) -> Poll<io::Result<R>> {
        self.look_up();
        if done.is_pending() {
            return self.poll_late(cx).map(Err);
        }
        if self.phase == Phase::Idle {
            self.wait_for(Phase::Idle, IDLE);
        }
        done
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Patient<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.look_up();
        let held = buffer.filled().len();
        let done = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if done.is_pending() {
            return self.poll_late(cx).map(Err);
        }
        let begins = matches!(self.phase, Phase::FirstByte | Phase::Idle);
        if begins && buffer.filled().len() > held {
            self.wait_for(Phase::Head, HEAD);
        }
        done
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Patient<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let done = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.written(cx, done)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let done = Pin::new(&mut self.stream).poll_write_vectored(cx, parts);
        self.written(cx, done)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
