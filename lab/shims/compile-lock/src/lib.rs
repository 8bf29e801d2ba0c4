//! One shim process of a machine compiles a layer; the others run the original meanwhile.
//!
//! Shims that store the same compiled layer at once race for one containerd lease, and the losers'
//! containers fail with "can't handle spec". An error out of the compiler only means "run it
//! uncompiled this time", so refusing the second claim turns a failed pod into a slower start.

use std::fs::{File, TryLockError, create_dir_all};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use anyhow::{Context, Result, bail};

const FOLDER: &str = "/run/containerd-shim-compile";

/// Claims the compilation of the layer with this digest until the process ends: the result is
/// stored after the compiler has returned, and nothing tells the compiler when.
pub fn claim(digest: &str) -> Result<()> {
    claim_in(Path::new(FOLDER), digest, &containerd_instance())
}

fn claim_in(folder: &Path, digest: &str, instance: &[String]) -> Result<()> {
    create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
    let mut hasher = DefaultHasher::new();
    (digest, instance).hash(&mut hasher);
    let path = folder.join(format!("{:016x}.lock", hasher.finish()));
    let file = File::create(&path).with_context(|| format!("opening {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => {
            std::mem::forget(file);
            Ok(())
        }
        Err(TryLockError::WouldBlock) => bail!("another shim is compiling layer {digest}"),
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("locking {}", path.display()))
        }
    }
}

/// The containerd socket and namespace that this shim serves: leases are per namespace.
fn containerd_instance() -> Vec<String> {
    let args: Vec<String> = std::env::args().collect();
    ["-address", "-namespace"]
        .iter()
        .filter_map(|flag| args.iter().position(|arg| arg == flag))
        .filter_map(|at| args.get(at + 1).cloned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::claim_in;

    #[test]
    fn the_second_claim_of_a_layer_is_refused_and_another_layer_is_not() {
        let folder = std::env::temp_dir().join(format!("compile-lock-{}", std::process::id()));
        let instance = ["/run/containerd/containerd.sock".to_owned()];
        claim_in(&folder, "sha256:aa", &instance).unwrap();
        let refused = claim_in(&folder, "sha256:aa", &instance).unwrap_err();
        assert!(refused.to_string().contains("sha256:aa"), "{refused}");
        claim_in(&folder, "sha256:bb", &instance).unwrap();
        claim_in(&folder, "sha256:aa", &["other.sock".to_owned()]).unwrap();
        std::fs::remove_dir_all(folder).unwrap();
    }
}
