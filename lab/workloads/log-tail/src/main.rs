//! Follows a file and prints its lines: `log-tail /shared/access.log`. A file that is not there
//! yet is waited for; one that became shorter is read from its beginning.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::process::ExitCode;
use std::thread::sleep;
use std::time::Duration;

const PAUSE: Duration = Duration::from_millis(200);

fn main() -> ExitCode {
    let Some(path) = std::env::args().nth(1) else {
        eprintln!("usage: log-tail FILE");
        return ExitCode::from(2);
    };
    let mut position = 0;
    loop {
        match follow(&path, position) {
            Ok(reached) => position = reached,
            Err(error) if error.kind() == io::ErrorKind::NotFound => position = 0,
            Err(error) => {
                eprintln!("{path}: {error}");
                return ExitCode::FAILURE;
            }
        }
        sleep(PAUSE);
    }
}

/// Prints what `path` has beyond `position`; where it ends now.
fn follow(path: &str, position: u64) -> io::Result<u64> {
    let mut file = File::open(path)?;
    let start = if file.metadata()?.len() < position {
        0
    } else {
        position
    };
    file.seek(SeekFrom::Start(start))?;
    let mut fresh = Vec::new();
    file.read_to_end(&mut fresh)?;
    // The rest of a line may not be written yet.
    let whole = fresh
        .iter()
        .rposition(|&byte| byte == b'\n')
        .map_or(0, |last| last + 1);
    let mut out = io::stdout().lock();
    out.write_all(&fresh[..whole])?;
    out.flush()?;
    Ok(start + whole as u64)
}
