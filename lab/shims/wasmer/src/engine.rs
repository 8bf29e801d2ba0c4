//! Wasmer, as far as a command needs it.

use std::fs::read_dir;
use std::path::PathBuf;

use anyhow::{Context, Result};
use preview1::Command;
use wasmer::{Instance, Module, Singlepass, Store};
use wasmer_wasi::{WasiError, WasiState};

/// Runs a WASI 0.1 module to its end; its exit code.
pub fn run(module: &[u8], command: &Command) -> Result<i32> {
    // One pass over the code: it starts sooner than a better compiler's would, and runs slower.
    let mut store = Store::new(Singlepass::default());
    let module = Module::new(&store, module).context("the module can't be compiled")?;
    let (name, args) = command.args.split_first().context("no program name")?;
    let env = command
        .env
        .iter()
        .map(|entry| entry.split_once('=').unwrap_or((entry, "")));
    let mut wasi = WasiState::new(name)
        .args(args)
        .envs(env)
        .map_dirs(top_folders()?)?
        .finalize(&mut store)?;
    let imports = wasi.import_object(&mut store, &module)?;
    let instance = Instance::new(&mut store, &module, &imports)?;
    wasi.initialize(&mut store, &instance)?;
    let start = instance
        .exports
        .get_function(&command.function)
        .with_context(|| format!("the module exports no function {:?}", command.function))?;
    match start.call(&mut store, &[]) {
        Ok(_) => Ok(0),
        Err(ended) => match ended.downcast::<WasiError>()? {
            WasiError::Exit(code) => Ok(code as i32),
            other => Err(other.into()),
        },
    }
}

/// The folders in the container's root: the container is the fence, not WASI. One by one, because
/// a guest's root is Wasmer's own, and holds nothing but what is mapped into it.
fn top_folders() -> Result<Vec<(String, PathBuf)>> {
    let mut folders = Vec::new();
    for entry in read_dir("/").context("listing the container's root")? {
        let path = entry?.path();
        if let (true, Some(name)) = (path.is_dir(), path.file_name()) {
            folders.push((name.to_string_lossy().into_owned(), path));
        }
    }
    Ok(folders)
}
