//! WasmEdge, as far as a command needs it. Each process runs one guest and ends with it, so
//! nothing that is created here is ever freed.

use std::ffi::{CStr, CString, c_char};
use std::sync::OnceLock;

use anyhow::{Context, Result, anyhow, bail};
use libloading::Library;
use preview1::Command;

use crate::symbols::{NO_PARAMETERS, NO_RESULTS, Outcome, Symbols, Text, WASI};

const LIBRARY: &str = "libwasmedge.so.0";

pub struct Engine {
    symbols: Symbols,
}

/// The machine's WasmEdge; the first call loads it, and all later ones give the same answer.
pub fn loaded() -> Result<&'static Engine> {
    static ENGINE: OnceLock<Result<Engine, String>> = OnceLock::new();
    let engine = ENGINE.get_or_init(|| {
        // SAFETY: what the loader runs of this library is C++'s set-up of its globals.
        let library = unsafe { Library::new(LIBRARY) };
        let symbols = library
            .and_then(Symbols::of)
            .map_err(|error| error.to_string())?;
        Ok(Engine { symbols })
    });
    engine.as_ref().map_err(|error| {
        anyhow!("WasmEdge can't be loaded ({error}): install it on the node (Debian: libwasmedge0)")
    })
}

impl Engine {
    pub fn version(&self) -> String {
        // SAFETY: a constant string of the library.
        let version = unsafe { CStr::from_ptr((self.symbols.version_get)()) };
        version.to_string_lossy().into_owned()
    }

    /// Runs a WASI 0.1 module to its end; its exit code.
    pub fn run(&self, module: &[u8], command: &Command) -> Result<i32> {
        let size = u32::try_from(module.len()).context("the module is larger than 4 GiB")?;
        let args = Strings::new(&command.args)?;
        let env = Strings::new(&command.env)?;
        let preopens = Strings::new(&["/:/".to_owned()])?;
        let function = Text {
            length: u32::try_from(command.function.len())?,
            bytes: command.function.as_ptr().cast(),
        };
        let call = &self.symbols;
        // SAFETY: all pointers are to values that live until the end of this function.
        unsafe {
            (call.log_off)();
            let configuration = (call.configure_create)();
            (call.configure_add_host)(configuration, WASI);
            let vm = (call.vm_create)(configuration, std::ptr::null_mut());
            let wasi = (call.vm_import_module)(vm, WASI);
            if wasi.is_null() {
                bail!("this WasmEdge was built without WASI");
            }
            (call.wasi_init)(
                wasi,
                args.pointers(),
                args.count(),
                env.pointers(),
                env.count(),
                preopens.pointers(),
                preopens.count(),
            );
            self.check("load", (call.vm_load)(vm, module.as_ptr(), size))?;
            self.check("validate", (call.vm_validate)(vm))?;
            self.check("instantiate", (call.vm_instantiate)(vm))?;
            let ended = (call.vm_execute)(vm, function, NO_PARAMETERS, 0, NO_RESULTS, 0);
            self.check("run", ended)?;
            Ok((call.wasi_exit_code)(wasi) as i32)
        }
    }

    fn check(&self, step: &str, outcome: Outcome) -> Result<()> {
        // SAFETY: an outcome is a plain number, and a message a constant string of the library.
        unsafe {
            if (self.symbols.result_ok)(outcome) {
                return Ok(());
            }
            let message = CStr::from_ptr((self.symbols.result_message)(outcome));
            bail!(
                "WasmEdge could not {step} the module: {}",
                message.to_string_lossy()
            )
        }
    }
}

/// Strings as C takes them: an array of pointers, and what they point to.
struct Strings {
    pointers: Vec<*const c_char>,
    _owned: Vec<CString>,
}

impl Strings {
    fn new(texts: &[String]) -> Result<Self> {
        let owned: Vec<CString> = texts
            .iter()
            .map(|text| CString::new(text.as_str()))
            .collect::<Result<_, _>>()
            .context("an argument or a variable holds a zero byte")?;
        Ok(Self {
            pointers: owned.iter().map(|text| text.as_ptr()).collect(),
            _owned: owned,
        })
    }

    fn pointers(&self) -> *const *const c_char {
        self.pointers.as_ptr()
    }

    fn count(&self) -> u32 {
        self.pointers.len() as u32
    }
}
