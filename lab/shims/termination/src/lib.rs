//! The signals that ask a container to stop. As PID 1 of its namespace a process gets none of
//! their default actions, so a guest would never end before the grace period does.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

pub struct Termination {
    terminate: Signal,
    interrupt: Signal,
}

impl Termination {
    pub fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for the next such signal; its number.
    pub async fn signal(&mut self) -> i32 {
        tokio::select! {
            _ = self.terminate.recv() => SignalKind::terminate().as_raw_value(),
            _ = self.interrupt.recv() => SignalKind::interrupt().as_raw_value(),
        }
    }
}

/// Runs a guest on a thread of its own: one that computes without pause would starve the
/// threads that hear signals.
pub async fn apart<T: Send + 'static>(guest: impl Future<Output = T> + Send + 'static) -> T {
    let handle = tokio::runtime::Handle::current();
    let guest = tokio::task::spawn_blocking(move || handle.block_on(guest));
    guest
        .await
        .expect("a guest's failure is a result, not a panic")
}
