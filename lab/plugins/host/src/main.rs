//! Stand-in for a platform's own plugin host: untrusted `wasi:http` components of many tenants in
//! one process, each request in a fresh instance with limits of fuel, memory, tables and time, and
//! with no authority but what its tenant's settings name. `plugin-host SETTINGS.json`.

mod limits;
mod serve;
mod settings;
mod tenant;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use wasmtime::{Config, Engine};

/// How long a guest that never pauses may keep a thread before its neighbours have a turn.
const TICK: Duration = Duration::from_millis(5);

fn main() -> Result<()> {
    let path = std::env::args()
        .nth(1)
        .context("usage: plugin-host SETTINGS.json")?;
    let settings = settings::Settings::read(Path::new(&path))?;
    let mut config = Config::new();
    config.consume_fuel(true).epoch_interruption(true);
    let engine = Engine::new(&config)?;
    let ticking = engine.clone();
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(TICK);
            ticking.increment_epoch();
        }
    });
    let tenants = tenant::load_all(&engine, &settings);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        // A guest that loops has a thread for a tick; there are always others.
        .worker_threads(std::thread::available_parallelism()?.get().max(2))
        .enable_all()
        .build()?;
    runtime.block_on(serve::serve(&settings.address, tenants))
}
