"""The commands of `python -m shimyard.catalogue`: each prints, and returns the exit code."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from shimyard.catalogue.artifact import Artifact
from shimyard.catalogue.bundle import Bundled, bundle, needed
from shimyard.catalogue.catalogue import BUILT_IN_LOCK, Catalogue
from shimyard.catalogue.errors import CatalogueError
from shimyard.catalogue.fetch import FetchError, fetch
from shimyard.catalogue.lockfile import read_lock
from shimyard.catalogue.locking import add_entry, lock_artifact
from shimyard.catalogue.request import LockRequest
from shimyard.catalogue.sources import mirror_path, mirrored
from shimyard.settings.nodes import Arch
from shimyard.settings.stackfile import read_stack_file

_ARCHES: dict[str, tuple[Arch, ...]] = {
    "amd64": ("amd64",),
    "arm64": ("arm64",),
    "both": ("amd64", "arm64"),
}


def lock(options: argparse.Namespace) -> int:
    """Lock one version; nothing is written unless every architecture could be verified."""
    if options.arch == "both" and (options.sha256 or options.url):
        raise CatalogueError(
            "--sha256 and --url belong to one architecture, and both are asked for",
            mend="add --arch amd64 or --arch arm64",
        )
    requests = [
        LockRequest(
            name=options.name,
            version=options.version.removeprefix("v"),
            arch=arch,
            url=options.url,
            files=dict(options.file) if options.file else None,
            sha256=options.sha256,
            checksum_source=options.checksum_source,
            mirror=options.mirror,
            trust_download=options.trust_download,
            authority=options.authority,
        )
        for arch in _ARCHES[options.arch]
    ]
    for artifact in [lock_artifact(request, show_progress) for request in requests]:
        added = add_entry(options.lock, artifact, replace=options.replace)
        signed = f"signed by {artifact.signature.identity}" if artifact.signature else "not signed"
        print(f"{'locked' if added else 'already locked'}: {' '.join(artifact.key)}")
        print(f"  sha256 {artifact.sha256}, {artifact.size} bytes, {signed}")
        print(f"  checksum: {artifact.checksum_source}")
        print(f"  installs: {', '.join(artifact.unpack.files.values())}")
    if options.lock.resolve() != BUILT_IN_LOCK.resolve():
        print(f"a stack reads {options.lock} if it stands in its artifacts.lockFiles")
    return 0


def show(options: argparse.Namespace) -> int:
    """Print every locked artifact, or only those of one name."""
    rows = [("NAME", "VERSION", "ARCH", "SHA256", "SIGNED", "CHECKSUM FROM")]
    for item in Catalogue.load(options.lock).all():
        if options.name in (None, item.name):
            signed = "yes" if item.signature else "no"
            rows.append((*item.key, item.sha256[:12], signed, item.checksum_source))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row[:5], widths, strict=True)]
        print("  ".join([*cells, row[5]]))
    return 0


def verify(options: argparse.Namespace) -> int:
    """Download again what is locked, and say what is no longer the same."""
    artifacts = [
        item
        for item in (read_lock(options.lock) if options.lock else Catalogue.load().all())
        if options.name in (None, item.name) and options.version in (None, item.version)
    ]
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="shimyard-verify-") as folder:
        for item in artifacts:
            try:
                fetch(item, [_source(options.mirror, item)], Path(folder) / "file", show_progress)
            except FetchError as error:
                wrong += 1
                print(error, file=sys.stderr)
            else:
                print(f"as locked: {' '.join(item.key)}")
    print(f"{len(artifacts) - wrong} of {len(artifacts)} artifacts are as locked")
    return 1 if wrong or not artifacts else 0


def make_bundle(options: argparse.Namespace) -> int:
    """Fetch everything that a stack needs into one folder."""
    settings = read_stack_file(options.stack)
    project = options.project or _project_of(options.stack)
    artifacts = needed(settings, project)

    def report(done: Bundled) -> None:
        what = "fetched" if done.fetched else "there already"
        print(f"{what}: {' '.join(done.artifact.key)} -> {done.path}")

    bundle(
        artifacts,
        settings,
        options.output,
        mirror=options.mirror,
        progress=show_progress,
        report=report,
    )
    print(f"{len(artifacts)} artifacts in {options.output}; serve it as a mirror, or name it in ")
    print("artifacts.bundle")
    return 0


def show_progress(url: str, done: int, total: int | None) -> None:
    """A line on a terminal that counts, nothing where it would fill a log."""
    if not sys.stderr.isatty():
        return
    size = f"{done / 1e6:.1f}" + (f" of {total / 1e6:.1f}" if total else "")
    end = "\n" if done == total else ""
    print(f"\r{url.rpartition('/')[2]}: {size} MB", end=end, file=sys.stderr, flush=True)


def _source(mirror: str | None, artifact: Artifact) -> str:
    return artifact.url if mirror is None else mirrored(mirror, mirror_path(artifact.url))


def _project_of(stack: Path) -> Path:
    """The folder of the project that a stack file belongs to: the nearest with a Pulumi.yaml."""
    for folder in stack.resolve().parents:
        if (folder / "Pulumi.yaml").is_file():
            return folder
    return Path.cwd()
