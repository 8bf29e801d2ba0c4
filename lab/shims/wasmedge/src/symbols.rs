//! The few functions of WasmEdge's C API that a WASI command needs, looked up at run time.
//! Declarations: `wasmedge/wasmedge.h`, the same from WasmEdge 0.14 on.

use std::ffi::{c_char, c_int, c_void};
use std::ptr;

use libloading::{Error, Library};

pub type Vm = *mut c_void;
type Configuration = *mut c_void;
type ModuleInstance = *mut c_void;

/// `WasmEdge_HostRegistration_Wasi`.
pub const WASI: c_int = 0;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Text {
    pub length: u32,
    pub bytes: *const c_char,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Outcome {
    pub code: u32,
}

macro_rules! symbols {
    ($($field:ident = $symbol:literal: fn($($argument:ty),*) $(-> $result:ty)?;)*) => {
        pub struct Symbols {
            $(pub $field: unsafe extern "C" fn($($argument),*) $(-> $result)?,)*
            /// Keeps the library mapped for as long as its functions can be called.
            _library: Library,
        }

        impl Symbols {
            pub fn of(library: Library) -> Result<Self, Error> {
                // SAFETY: the types are those of WasmEdge's header.
                unsafe {
                    Ok(Self {
                        $($field: *library.get(concat!($symbol, "\0").as_bytes())?,)*
                        _library: library,
                    })
                }
            }
        }
    };
}

symbols! {
    version_get = "WasmEdge_VersionGet": fn() -> *const c_char;
    log_off = "WasmEdge_LogOff": fn();
    configure_create = "WasmEdge_ConfigureCreate": fn() -> Configuration;
    configure_add_host = "WasmEdge_ConfigureAddHostRegistration": fn(Configuration, c_int);
    vm_create = "WasmEdge_VMCreate": fn(Configuration, *mut c_void) -> Vm;
    vm_import_module = "WasmEdge_VMGetImportModuleContext": fn(Vm, c_int) -> ModuleInstance;
    wasi_init = "WasmEdge_ModuleInstanceInitWASI": fn(
        ModuleInstance,
        *const *const c_char, u32,
        *const *const c_char, u32,
        *const *const c_char, u32
    );
    wasi_exit_code = "WasmEdge_ModuleInstanceWASIGetExitCode": fn(ModuleInstance) -> u32;
    vm_load = "WasmEdge_VMLoadWasmFromBuffer": fn(Vm, *const u8, u32) -> Outcome;
    vm_validate = "WasmEdge_VMValidate": fn(Vm) -> Outcome;
    vm_instantiate = "WasmEdge_VMInstantiate": fn(Vm) -> Outcome;
    vm_execute = "WasmEdge_VMExecute": fn(
        Vm, Text, *const c_void, u32, *mut c_void, u32
    ) -> Outcome;
    result_ok = "WasmEdge_ResultOK": fn(Outcome) -> bool;
    result_message = "WasmEdge_ResultGetMessage": fn(Outcome) -> *const c_char;
}

/// No values: neither the parameters nor the results of a command's start function.
pub const NO_PARAMETERS: *const c_void = ptr::null();
pub const NO_RESULTS: *mut c_void = ptr::null_mut();
