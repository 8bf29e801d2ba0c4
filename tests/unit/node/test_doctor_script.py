"""The verb `doctor` reads a machine's files and programs, sends no secret and changes nothing.

Stand-in: containerd, ctr and systemctl are scripts that print what the real ones printed; the
real ones are asked in tests/engine/node/test_doctor.py.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from lab.nodes.snapshot import Entry, take
from shimyard.doctor.machine import MachineFacts, Program, Runtime
from shimyard.node.scripts import DOCTOR
from tests.unit.doctor.authorities import pem_body

SECRET = "c2VjcmV0LW9mLWEtcmVnaXN0cnk"
# As containerd 2.4.2 prints it, shortened.
DUMP = f"""\
version = 4
root = '/var/lib/containerd'
imports = ['ROOT/etc/containerd/conf.d/*.toml']

[plugins]
  [plugins.'io.containerd.cri.v1.images']
    [plugins.'io.containerd.cri.v1.images'.registry.headers]
      authorization = 'Basic {SECRET}'

  [plugins.'io.containerd.cri.v1.runtime']
      [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes]
        [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
          runtime_type = 'io.containerd.runc.v2'
          runtime_path = ''
          sandboxer = 'podsandbox'

          [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
            runtime_type = 'an option of another name'
            SystemdCgroup = false

        [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.wasm-edge]
          runtime_type = 'io.containerd.wasmedge.v1'
          runtime_path = '/opt/shims/wasmedge'

    [plugins.'io.containerd.cri.v1.runtime'.cni]
      runtime_type = 'of no runtime'
"""
PLUGINS = """\
TYPE                                    ID                       PLATFORMS         STATUS
io.containerd.cri.v1                    images                   -                 ok
io.containerd.cri.v1                    runtime                  linux/amd64       error
io.containerd.snapshotter.v1            overlayfs                linux/amd64       ok
io.containerd.grpc.v1                   cri                      -                 ok
"""
IMAGES = """\
REF TYPE DIGEST SIZE PLATFORMS LABELS
registry.lab/greeter:artifact application/vnd.oci.image.manifest.v1+json sha256:aa 77 KiB - -
registry.lab/greeter@sha256:aa application/vnd.oci.image.manifest.v1+json sha256:aa 77 KiB - -
registry.lab/pause:1 application/vnd.oci.image.manifest.v1+json sha256:bb 1 KiB linux/amd64 -
"""
MANIFEST = """\
{
  "schemaVersion": 2,
  "config": {
    "size": 3,
    "mediaType": "application/vnd.wasm.config.v0+json",
    "digest": "sha256:cc"
  },
  "layers": [{"mediaType": "application/wasm", "digest": "sha256:dd"}]
}
"""
GROUP = "ab" * 32
CONFIG = '{"os": "wasip2", "component": {"imports": ["wasi:io/streams@0.2.6"], "exports": []}}'
PROGRAMS = {
    "containerd": """\
[ "$1 $2 $3 $4" = "--config ROOT/etc/containerd/config.toml config dump" ] || exit 9
[ ! -f ROOT/refuses ] || { echo "containerd: 2:1: no table" >&2; exit 1; }
cat ROOT/dump""",
    "ctr": """\
case $* in
"plugins list") cat ROOT/plugins ;;
"-n k8s.io images list") cat ROOT/images ;;
"-n k8s.io content get sha256:aa") cat ROOT/manifest ;;
"-n k8s.io content get sha256:bb") echo '{"config": {"mediaType": "another"}}' ;;
"-n k8s.io content get sha256:cc") cat ROOT/config ;;
*) exit 9 ;;
esac""",
    "dmesg": """\
echo "[1.5] oom_control is deprecated"
echo "[2.5] oom-kill:constraint=CONSTRAINT_MEMCG,task_memcg=/x/GROUP,task=a,pid=1"
echo "[2.6] Memory cgroup out of memory: Killed process 1 (a)"
""".replace("GROUP", GROUP),
    "systemctl": """\
case $* in
is-active*) echo active ;;
*Environment*) echo "PATH=/usr/bin LD_LIBRARY_PATH=/opt/lib" ;;
*ExecMainStart*) echo 5000000 ;;
esac""",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A machine's root with containerd, shims in every state, and certificates."""
    root = tmp_path / "root"
    files = {
        "dump": DUMP, "plugins": PLUGINS, "images": IMAGES, "manifest": MANIFEST, "config": CONFIG,
        "etc/containerd/config.toml": "version = 4\n",
        "etc/containerd/conf.d/x.toml": "version = 4\n",
        "usr/local/bin/containerd-shim-plain-v1": "no program",
        "var/lib/rancher/k3s/server/tls/client-admin.crt": pem(pem_body(1_900_000_000)),
        "var/lib/rancher/k3s/server/tls/kube-scheduler/s.crt": pem(pem_body(1_900_000_002)),
        "var/lib/rancher/k3s/agent/both.crt": KEY + pem(pem_body(1_900_000_001)) + KEY,
        "var/lib/rancher/k3s/agent/key.crt": KEY,
    }  # fmt: skip
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content.replace("ROOT", str(root)))
    scripts = {
        **{f"usr/bin/{name}": text for name, text in PROGRAMS.items()},
        "usr/local/bin/runc": 'echo "runc version 1.5.2"; echo "go: go1.26"',
        "usr/local/bin/containerd-shim-wasmtime-v1": 'echo "$1 with $LD_LIBRARY_PATH"',
        "usr/local/bin/containerd-shim-broken-v1": "echo first; echo no libwasm >&2; exit 127",
    }
    for name, text in scripts.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{text}\n".replace("ROOT", str(root)))
        path.chmod(0o755)
    (root / "usr/local/bin/containerd-shim-gone-v1").symlink_to("/nowhere/shim")
    return root


KEY = f"-----BEGIN EC PRIVATE KEY-----\n{SECRET}\n-----END EC PRIVATE KEY-----\n"


def pem(body: str) -> str:
    lines = [body[at : at + 64] for at in range(0, len(body), 64)]
    return "\n".join(["-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----", ""])


def answer(root: Path) -> str:
    script = DOCTOR.replace("\nPATH=", f"\nPATH={root}/usr/bin:")
    for place in ("/usr/local/bin", "/etc/containerd", "/var/lib/rancher"):
        script = script.replace(f"{place}/", f"{root}{place}/")
    script = script.replace("rancher=/var/lib/rancher", f"rancher={root}/var/lib/rancher")
    script = script.replace("root=/var/lib/shimyard", f"root={root}/var/lib/shimyard")
    script = script.replace("/etc/systemd/", f"{root}/etc/systemd/")
    done = subprocess.run(
        ["sh", "-s"], input=script, capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stderr == ""
    return done.stdout


def contents(root: Path) -> dict[str, Entry]:
    return dict(take(root, frozenset()))


def test_a_machine_is_read_whole_and_stays_as_it_was(root: Path) -> None:
    before = contents(root)
    text = answer(root)
    assert contents(root) == before
    assert SECRET not in text
    told = MachineFacts.parse(text)
    folder = f"{root}/usr/local/bin"
    assert told.programs == {
        f"{folder}/runc": Program("runs", "runc version 1.5.2 go: go1.26"),
        f"{folder}/containerd-shim-wasmtime-v1": Program("runs", "-v with /opt/lib"),
        f"{folder}/containerd-shim-broken-v1": Program("fails", "no libwasm"),
        f"{folder}/containerd-shim-plain-v1": Program("not-executable"),
        f"{folder}/containerd-shim-gone-v1": Program("dangling", "/nowhere/shim"),
    }
    assert told.config == "read"
    assert told.runtimes == {
        "runc": Runtime("io.containerd.runc.v2"),
        "wasm-edge": Runtime("io.containerd.wasmedge.v1", "/opt/shims/wasmedge"),
    }
    assert told.daemon == "active"
    assert told.started is not None
    assert set(told.written) == {
        f"{root}/etc/containerd/config.toml", f"{root}/etc/containerd/conf.d/x.toml"
    }  # fmt: skip
    assert told.plugins == {
        "io.containerd.cri.v1/images": "ok",
        "io.containerd.cri.v1/runtime": "error",
        "io.containerd.grpc.v1/cri": "ok",
    }
    assert "/" in {disk.mount for disk in told.disks}
    assert all(disk.size for disk in told.disks)
    assert [(each.path.rpartition("/")[2], each.ends) for each in told.certificates] == [
        ("client-admin.crt", 1_900_000_000), ("s.crt", 1_900_000_002), ("both.crt", 1_900_000_001)
    ]  # fmt: skip
    assert {digest: world.imports for digest, world in told.worlds.items()} == {
        "sha256:aa": ("wasi:io/streams@0.2.6",)
    }
    assert told.starved == {GROUP}


def test_an_engine_beside_the_shims_is_asked_for_its_version(root: Path) -> None:
    engine = root / "usr/local/bin/wasmtime"
    engine.write_text(
        '#!/bin/sh\n[ "$1" = --version ] && echo "wasmtime 45.0.1 (abc 2026-01-01)"\n'
    )
    engine.chmod(0o755)
    told = MachineFacts.parse(answer(root))
    assert told.programs[str(engine)] == Program("runs", "wasmtime 45.0.1 (abc 2026-01-01)")


def test_a_configuration_that_containerd_refuses_is_told_in_its_words(root: Path) -> None:
    (root / "refuses").touch()
    told = MachineFacts.parse(answer(root))
    assert (told.config, told.complaint) == ("refused", "containerd: 2:1: no table")
    assert told.runtimes == {}


def test_a_machine_without_a_runtime_is_told_as_such(root: Path) -> None:
    (root / "etc/containerd/config.toml").unlink()
    for name in PROGRAMS:
        (root / "usr/bin" / name).unlink()
    for path in (root / "usr/local/bin").iterdir():
        path.unlink()
    told = MachineFacts.parse(answer(root))
    assert (told.config, told.programs, told.plugins) == ("absent", {}, {})


@pytest.mark.parametrize("unit", ["k3s.service", "k3s-agent.service"])
def test_where_k3s_brings_containerd_that_one_is_asked_and_shims_are_in_the_store(
    root: Path, unit: str
) -> None:
    shim = root / "var/lib/shimyard/store/aa/containerd-shim-wasmtime-v1"
    agent = root / "var/lib/rancher/k3s/agent/etc/containerd"
    dump = root / "dump"
    dump.write_text(dump.read_text().replace(f"{root}/etc/containerd/conf.d", "/nowhere"))
    files = {
        shim: f'[ -z "$2" ] && echo "$1 in {unit}"',
        # The one that K3s has made of it is as new as its start.
        agent / "config.toml": "version = 3",
        agent / "config-v3.toml.tmpl": "the template",
        root / "etc/systemd/system" / unit: "[Unit]",
        root / "usr/bin/containerd": f'[ "$2" = {agent}/config.toml ] && cat {dump}',
        root / "usr/bin/systemctl": f'case $* in *{unit}*) echo "active" ;; esac',
    }
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
    told = MachineFacts.parse(answer(root))
    assert told.programs == {
        str(shim): Program("runs", f"-v in {unit}"),
        f"{root}/usr/local/bin/runc": Program("runs", "runc version 1.5.2 go: go1.26"),
    }
    assert told.config == "read"
    assert told.daemon == "active"
    assert set(told.written) == {str(agent / "config-v3.toml.tmpl")}
