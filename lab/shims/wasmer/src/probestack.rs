//! A symbol that this line of Wasmer takes the address of, and that Rust no longer has.
//!
//! Code of its Cranelift and LLVM compilers calls it; Singlepass' never does.

#[unsafe(no_mangle)]
extern "C" fn __rust_probestack() {
    eprintln!("Error: Wasmer's compiler called __rust_probestack");
    std::process::abort();
}
