//! Why a plugin was stopped, and the limiter that stops it when it grows.

use std::fmt;

use wasmtime::{ResourceLimiter, Trap};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    Fuel,
    Memory,
    Tables,
    Time,
}

impl Stop {
    pub fn word(self) -> &'static str {
        match self {
            Self::Fuel => "fuel",
            Self::Memory => "memory",
            Self::Tables => "tables",
            Self::Time => "time",
        }
    }

    /// The limit that an error of the engine comes from; None if it is the plugin's own fault.
    pub fn of(error: &wasmtime::Error) -> Option<Self> {
        match error.downcast_ref::<Trap>() {
            Some(Trap::OutOfFuel) => Some(Self::Fuel),
            _ => error.downcast_ref::<Self>().copied(),
        }
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "the plugin has used up its {}", self.word())
    }
}

impl std::error::Error for Stop {}

/// Counts over all memories and tables of a store: many small ones are as much as a large one.
pub struct Growth {
    memory: usize,
    tables: usize,
}

impl Growth {
    pub fn new(memory_bytes: usize, table_elements: usize) -> Self {
        Self {
            memory: memory_bytes,
            tables: table_elements,
        }
    }
}

fn take(left: &mut usize, current: usize, desired: usize, stop: Stop) -> wasmtime::Result<bool> {
    match left.checked_sub(desired.saturating_sub(current)) {
        Some(rest) => {
            *left = rest;
            Ok(true)
        }
        None => Err(stop.into()),
    }
}

impl ResourceLimiter for Growth {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        take(&mut self.memory, current, desired, Stop::Memory)
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        take(&mut self.tables, current, desired, Stop::Tables)
    }
}
