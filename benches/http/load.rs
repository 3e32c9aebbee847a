//! Sends work over connections and measures. Each connection sends its next request when it has the
//! answer to the last one.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::Outcome;
use crate::client::{Connection, Exchange};

/// Makes the next request. Called by any connection.
pub(crate) type Work = Arc<dyn Fn() -> Exchange + Send + Sync>;

/// One of the two sides that are compared.
#[derive(Clone)]
pub(crate) struct Side {
    pub(crate) address: SocketAddr,
    pub(crate) work: Work,
}

/// How much to send.
#[derive(Clone, Copy)]
pub(crate) enum Amount {
    For(Duration),
    Requests(u64),
}

impl Side {
    pub(crate) fn new(
        address: SocketAddr,
        work: impl Fn() -> Exchange + Send + Sync + 'static,
    ) -> Self {
        let work = Arc::new(work);
        Self { address, work }
    }

    /// Sends work over so many connections; answers how many requests a second were answered.
    pub(crate) async fn rate(&self, connections: usize, amount: Amount) -> Outcome<f64> {
        let (done, took) = self.run(connections, amount, |_| ()).await?;
        Ok(per_second(done, took))
    }

    /// Sends work, shows each answer's body, and answers how many there were in which time.
    pub(crate) async fn run(
        &self,
        connections: usize,
        amount: Amount,
        see: impl Fn(&str) + Clone + Send + 'static,
    ) -> Outcome<(u64, Duration)> {
        let mut open = Vec::with_capacity(connections);
        for _ in 0..connections {
            open.push(Connection::open(self.address).await?);
        }
        let sent = Arc::new(AtomicU64::new(0));
        let began = Instant::now();
        let mut tasks = JoinSet::new();
        for mut connection in open {
            let (work, sent, see) = (Arc::clone(&self.work), Arc::clone(&sent), see.clone());
            tasks.spawn(async move {
                let mut done = 0_u64;
                loop {
                    let ended = match amount {
                        Amount::For(time) => began.elapsed() >= time,
                        Amount::Requests(most) => sent.fetch_add(1, Ordering::Relaxed) >= most,
                    };
                    if ended {
                        return Ok::<_, String>(done);
                    }
                    let answer = connection.send(&work()).await;
                    see(answer.map_err(|error| error.to_string())?.1);
                    done += 1;
                }
            });
        }
        let mut done = 0;
        while let Some(answered) = tasks.join_next().await {
            done += answered??;
        }
        Ok((done, began.elapsed()))
    }
}

/// Times single requests of two sides, one connection each, in turns of ten: whatever else the
/// machine does meets both alike. Sorted, the shortest first.
pub(crate) async fn alternate(
    a: &Side,
    b: &Side,
    samples: usize,
) -> Outcome<(Vec<Duration>, Vec<Duration>)> {
    const TURN: usize = 10;
    let mut sides = [(a, Vec::new()), (b, Vec::new())];
    let mut connections = [
        Connection::open(a.address).await?,
        Connection::open(b.address).await?,
    ];
    for _ in 0..samples.div_ceil(TURN) {
        for ((side, times), connection) in sides.iter_mut().zip(&mut connections) {
            for _ in 0..TURN {
                times.push(connection.send(&(side.work)()).await?.0);
            }
        }
    }
    let [(_, mut a), (_, mut b)] = sides;
    a.sort_unstable();
    b.sort_unstable();
    Ok((a, b))
}

/// Sends one request over a connection of its own; answers the body.
pub(crate) async fn once(address: SocketAddr, exchange: Exchange) -> Outcome<String> {
    let mut connection = Connection::open(address).await?;
    Ok(connection.send(&exchange).await?.1.to_owned())
}

pub(crate) fn per_second(done: u64, took: Duration) -> f64 {
    #[allow(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
    let done = done as f64;
    done / took.as_secs_f64()
}
