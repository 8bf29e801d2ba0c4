//! What an operator writes: the tenants, their plugins, and what each may use.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Settings {
    pub address: String,
    /// By the first segment of the path of their requests.
    pub tenants: BTreeMap<String, TenantSettings>,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TenantSettings {
    /// A component that exports `wasi:http/incoming-handler`.
    pub plugin: PathBuf,
    /// Instructions a request, about one a unit.
    pub fuel: u64,
    /// Of all linear memories of an instance together.
    pub memory_bytes: usize,
    /// Of all tables of an instance together.
    pub table_elements: usize,
    /// From a request's arrival to the end of its answer.
    pub milliseconds: u64,
    /// Requests at a time.
    pub concurrency: usize,
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// `name:port` of servers that the plugin may ask.
    #[serde(default)]
    pub hosts: BTreeSet<String>,
}

impl Settings {
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
        serde_json::from_slice(&text).with_context(|| format!("in {}", path.display()))
    }
}
