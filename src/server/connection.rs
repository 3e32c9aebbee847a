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

/// How long a client may keep us waiting.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// For the first byte of a connection.
    first_byte: Duration,
    /// From the first byte of a request to the end of its head.
    head: Duration,
    /// Between requests, and between two parts of an answer that the client takes.
    idle: Duration,
}

/// The patience of a server.
pub(super) const PATIENCE: Patience = Patience {
    first_byte: Duration::from_secs(10),
    head: Duration::from_secs(10),
    idle: Duration::from_secs(75),
};

/// Bytes of a request's head at most; beyond, hyper answers 431.
const MAX_HEAD: usize = 64 << 10;

/// Serves a connection until it ends or times out.
pub(super) async fn serve<S>(stream: TcpStream, service: S, patience: Patience, watcher: Watcher)
where
    S: Service<Request<Body>, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    // Answers are written whole; waiting for more to send with them gains nothing.
    let _ = stream.set_nodelay(true);
    let serving = Arc::new(AtomicBool::new(false));
    let io = TokioIo::new(Patient::new(stream, patience, Arc::clone(&serving)));
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
    patience: Patience,
    serving: Arc<AtomicBool>,
    phase: Phase,
    deadline: Pin<Box<Sleep>>,
}

impl<T> Patient<T> {
    fn new(stream: T, patience: Patience, serving: Arc<AtomicBool>) -> Self {
        Self {
            stream,
            patience,
            serving,
            phase: Phase::FirstByte,
            deadline: Box::pin(tokio::time::sleep(patience.first_byte)),
        }
    }

    fn begin(&mut self, phase: Phase) {
        let within = match phase {
            Phase::FirstByte => self.patience.first_byte,
            Phase::Head => self.patience.head,
            // An answer has no deadline here.
            Phase::Answer | Phase::Idle => self.patience.idle,
        };
        self.phase = phase;
        self.deadline.as_mut().reset(Instant::now() + within);
    }

    /// Learns from the service whether a request is being answered.
    fn look_up(&mut self) {
        match (self.phase, self.serving.load(Ordering::Relaxed)) {
            (_, true) => self.phase = Phase::Answer,
            (Phase::Answer, false) => self.begin(Phase::Idle),
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
            self.begin(Phase::Idle);
            // hyper looks for the next request only when it is woken, so the deadline must do that.
            let _ = self.poll_late(cx);
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
            self.begin(Phase::Head);
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

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use hyper_util::server::graceful::GracefulShutdown;
    use tokio::net::TcpListener;
    use tokio::time::{sleep, timeout};

    use super::*;

    const SHORT: Duration = Duration::from_millis(100);
    const LONG: Duration = Duration::from_secs(20);

    /// A client of a server that takes `work` to answer.
    async fn client(patience: Patience, work: Duration) -> TcpStream {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let service = tower::service_fn(move |_: Request<Body>| async move {
            sleep(work).await;
            Ok(Response::new(Body::from("answered")))
        });
        tokio::spawn(async move {
            serve(stream, service, patience, GracefulShutdown::new().watcher()).await;
        });
        client
    }

    fn patience(first_byte: Duration, head: Duration, idle: Duration) -> Patience {
        Patience {
            first_byte,
            head,
            idle,
        }
    }

    /// What comes next; `None` when the connection is closed.
    async fn next(client: &TcpStream) -> Option<String> {
        let mut bytes = [0; 4096];
        loop {
            client.readable().await.unwrap();
            match client.try_read(&mut bytes) {
                Ok(0) => return None,
                Ok(length) => return Some(String::from_utf8_lossy(&bytes[..length]).into_owned()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return None,
            }
        }
    }

    async fn ask(client: &TcpStream) -> Option<String> {
        client.writable().await.unwrap();
        client
            .try_write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            .unwrap();
        next(client).await
    }

    #[tokio::test]
    async fn a_client_that_sends_nothing_is_hung_up_on() {
        let client = client(patience(SHORT, LONG, LONG), Duration::ZERO).await;
        assert_eq!(timeout(LONG, next(&client)).await, Ok(None));
    }

    #[tokio::test]
    async fn a_head_that_drips_is_cut_off() {
        let client = client(patience(LONG, SHORT, LONG), Duration::ZERO).await;
        let drip = async {
            while client.try_write(b"G").is_ok() {
                sleep(SHORT / 10).await;
            }
        };
        let hung_up = async {
            tokio::select! {
                () = drip => {}
                heard = next(&client) => assert_eq!(heard, None),
            }
        };
        timeout(LONG, hung_up).await.unwrap();
    }

    #[tokio::test]
    async fn a_client_may_be_idle_between_requests_for_longer() {
        let client = client(patience(SHORT, SHORT, 10 * SHORT), Duration::ZERO).await;
        assert!(ask(&client).await.unwrap().ends_with("answered"));
        sleep(3 * SHORT).await;
        assert!(ask(&client).await.unwrap().ends_with("answered"));
        assert_eq!(
            timeout(LONG, next(&client)).await,
            Ok(None),
            "but not for ever"
        );
    }

    #[tokio::test]
    async fn an_answer_may_take_its_time() {
        let client = client(patience(SHORT, SHORT, SHORT), 5 * SHORT).await;
        assert!(ask(&client).await.unwrap().ends_with("answered"));
    }
}
