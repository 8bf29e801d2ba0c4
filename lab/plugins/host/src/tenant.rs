//! One tenant: its compiled plugin, and the world that an instance of it sees.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use http_body_util::BodyExt;
use tokio::sync::Semaphore;
use wasmtime::component::{Component, Linker, ResourceTable};
use wasmtime::{Engine, Store, UpdateDeadline};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::p2::bindings::ProxyPre;
use wasmtime_wasi_http::{
    Error, RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks, WasiHttpView,
    default_send_request,
};

use crate::limits::{Growth, Stop};
use crate::settings::{Settings, TenantSettings};

pub struct Tenant {
    settings: TenantSettings,
    hosts: Arc<BTreeSet<String>>,
    pub plugin: ProxyPre<World>,
    pub turns: Arc<Semaphore>,
}

/// By name; the words say why a plugin can't be used. Its neighbours are none the worse for it.
pub type Tenants = BTreeMap<String, Result<Tenant, String>>;

pub fn load_all(engine: &Engine, settings: &Settings) -> Tenants {
    let load = |name: &String, settings: &TenantSettings| {
        Tenant::load(engine, settings.clone()).map_err(|error| {
            eprintln!("tenant {name}: {error:#}");
            format!("{error:#}")
        })
    };
    settings
        .tenants
        .iter()
        .map(|(name, tenant)| (name.clone(), load(name, tenant)))
        .collect()
}

impl Tenant {
    fn load(engine: &Engine, settings: TenantSettings) -> Result<Self> {
        let path = &settings.plugin;
        let bytes = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
        let component = Component::new(engine, &bytes)?;
        let mut linker = Linker::new(engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
        wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
        Ok(Self {
            hosts: Arc::new(settings.hosts.clone()),
            plugin: ProxyPre::new(linker.instantiate_pre(&component)?)?,
            turns: Arc::new(Semaphore::new(settings.concurrency)),
            settings,
        })
    }

    pub fn time(&self) -> Duration {
        Duration::from_millis(self.settings.milliseconds)
    }

    /// A store for one request. Nothing of this process is in it but what the settings name.
    pub fn store(&self) -> Result<Store<World>> {
        let settings = &self.settings;
        let mut wasi = WasiCtx::builder();
        for (name, value) in &settings.environment {
            wasi.env(name, value);
        }
        let world = World {
            table: ResourceTable::new(),
            wasi: wasi.build(),
            http: WasiHttpCtx::new(),
            reach: Reach(self.hosts.clone()),
            growth: Growth::new(settings.memory_bytes, settings.table_elements),
        };
        let mut store = Store::new(self.plugin.engine(), world);
        store.limiter(|world| &mut world.growth);
        store.set_fuel(settings.fuel)?;
        let end = Instant::now() + self.time();
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(move |_| {
            if Instant::now() < end {
                Ok(UpdateDeadline::Yield(1))
            } else {
                Err(Stop::Time.into())
            }
        });
        Ok(store)
    }
}

pub struct World {
    table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    reach: Reach,
    growth: Growth,
}

impl WasiView for World {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for World {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            ctx: &mut self.http,
            table: &mut self.table,
            hooks: &mut self.reach,
        }
    }
}

/// The servers that a plugin may ask.
struct Reach(Arc<BTreeSet<String>>);

impl Reach {
    fn allows(&self, uri: &http::Uri) -> bool {
        let Some(host) = uri.host() else {
            return false;
        };
        let port = uri.port_u16().unwrap_or(match uri.scheme_str() {
            Some("http") => 80,
            _ => 443,
        });
        self.0.contains(&format!("{host}:{port}"))
    }
}

type Sent = Result<
    (
        http::Response<WasiBody>,
        Box<dyn Future<Output = Result<(), Error>> + Send>,
    ),
    Error,
>;

impl WasiHttpHooks for Reach {
    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _processed: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Sent> + Send> {
        let allowed = self.allows(request.uri());
        Box::new(async move {
            if !allowed {
                return Err(Error::HttpRequestDenied);
            }
            let (response, io) = default_send_request(request, options).await?;
            let io: Box<dyn Future<Output = Result<(), Error>> + Send> = Box::new(io);
            Ok((response.map(BodyExt::boxed_unsync), io))
        })
    }
}
