//! Tells the shim which engine the lock file gives it.

use std::fs;

const LOCK: &str = "../Cargo.lock";

fn main() {
    println!("cargo::rerun-if-changed={LOCK}");
    let lock = fs::read_to_string(LOCK).expect("the workspace has a lock file");
    let engine = locked_version(&lock, "wasmtime").expect("the lock file names wasmtime");
    println!("cargo::rustc-env=ENGINE_VERSION=wasmtime-{engine}");
}

fn locked_version<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let named = format!("name = \"{package}\"");
    lock.lines()
        .skip_while(|line| *line != named)
        .nth(1)?
        .strip_prefix("version = \"")?
        .strip_suffix('"')
}
