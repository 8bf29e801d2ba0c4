"""What makes a node itself: name, address, keys, and the settings of its stand-in hardware.

It is a layer of its own between the base and the node's changes, so a node that is made new again
keeps its identity, and a change here needs no new base image.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import Final

from lab.mounts import VOLUMES
from lab.nodes.keys import host_key, user_public_key
from lab.settings import SSH_USER, LabSettings
from lab.state import State

# Units that would wait for hardware, set kernel values of the whole machine, ask the network for
# packages, or change files at times of their own.
MASKED: Final = (
    "apt-daily-upgrade.timer",
    "apt-daily.timer",
    "console-getty.service",
    "dev-hugepages.mount",
    "dpkg-db-backup.timer",
    "e2scrub_all.timer",
    "e2scrub_reap.service",
    "fstrim.timer",
    "getty.target",
    "modprobe@configfs.service",
    "modprobe@drm.service",
    "modprobe@efi_pstore.service",
    "modprobe@fuse.service",
    "sys-kernel-config.mount",
    "sys-kernel-debug.mount",
    "sys-kernel-tracing.mount",
    "systemd-binfmt.service",
    "systemd-firstboot.service",
    "systemd-hwdb-update.service",
    "systemd-modules-load.service",
    "systemd-networkd.service",
    "systemd-pcrphase.service",
    "systemd-sysctl.service",
    "systemd-update-utmp.service",
    "systemd-update-utmp-runlevel.service",
)

NETWORK_UNIT: Final = """\
[Unit]
Description=Address, links and cgroup mounts of a lab node
DefaultDependencies=no
Wants=network.target
Before=network.target ssh.service
After=local-fs.target

[Service]
Type=oneshot
RemainAfterExit=yes
EnvironmentFile=/etc/lab/network
ExecStart=/usr/local/lib/lab/hardware

[Install]
WantedBy=multi-user.target
"""

# systemd-networkd waits for udev for ever when /sys is writable, so plain `ip` it is.
HARDWARE_SCRIPT: Final = """\
#!/bin/sh
set -eu
mount --make-rshared /
for controller in /sys/fs/cgroup/*; do
    if mountpoint -q "$controller" && [ ! -h "$controller" ]; then
        mount -o remount,rw,bind "$controller" || true
    fi
done
ip link set lo up
ip address replace "$ADDRESS" dev host0
ip link set host0 up
"""

_FILES: Final = {
    # pam_env complains of its absence at each login.
    "etc/default/locale": "LANG=C.UTF-8\n",
    "etc/systemd/system.conf.d/lab.conf": "[Manager]\nDefaultTimeoutStopSec=5s\n",
    # The kernel's log is the machine's; each node would repeat all of it.
    "etc/systemd/journald.conf.d/lab.conf": "[Journal]\nReadKMsg=no\nStorage=persistent\n",
    # At this level sshd logs each connection, which is what tests count.
    "etc/ssh/sshd_config.d/lab.conf": "LogLevel VERBOSE\nHostKey /etc/ssh/ssh_host_ed25519_key\n",
    "etc/systemd/system/lab-network.service": NETWORK_UNIT,
    "etc/fstab": "",
}

_ENABLED: Final = ("lab-network.service",)
_EDGE_IDS: Final = (1000, 1000)


def ensure_seed(settings: LabSettings, state: State, node: str) -> None:
    """Write a node's seed if it is not there; its host key stays the same for the lab's life."""
    final = state.node(node).seed
    if final.is_dir():
        return
    work = final.with_name("seed.new")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    for name, text in {**_FILES, **_own_files(settings, node)}.items():
        _write(work / name, text)
    _write(work / "usr/local/lib/lab/hardware", HARDWARE_SCRIPT, mode=0o755)
    _write(work / f"etc/sudoers.d/{SSH_USER}", f"{SSH_USER} ALL=(ALL) NOPASSWD: ALL\n", mode=0o440)
    for volume in VOLUMES:
        (work / volume).mkdir(parents=True)
    units = work / "etc/systemd/system"
    for unit in MASKED:
        (units / unit).symlink_to("/dev/null")
    wants = units / "multi-user.target.wants"
    wants.mkdir()
    for unit in _ENABLED:
        (wants / unit).symlink_to(f"/etc/systemd/system/{unit}")
    host_key(work / "etc/ssh/ssh_host_ed25519_key", comment=f"root@{node}")
    _authorize(work / "home" / SSH_USER, user_public_key(state))
    # Newer than the seed's own /usr, these spare a first boot ldconfig and the like.
    for folder in ("etc", "var"):
        _write(work / folder / ".updated", "")
    work.rename(final)


def _own_files(settings: LabSettings, node: str) -> dict[str, str]:
    names = "".join(f"{settings.address_of(each)} {each}\n" for each in settings.node_names)
    address = f"{settings.address_of(node)}/{settings.subnet.prefixlen}"
    return {
        "etc/hostname": f"{node}\n",
        "etc/hosts": f"127.0.0.1 localhost\n{names}",
        "etc/lab/network": f"ADDRESS={address}\n",
        "etc/machine-id": hashlib.md5(
            f"{settings.folder}:{node}".encode(), usedforsecurity=False
        ).hexdigest()
        + "\n",
    }


def _authorize(home: Path, public_key: str) -> None:
    keys = home / ".ssh/authorized_keys"
    _write(keys, public_key, mode=0o600)
    keys.parent.chmod(0o700)
    for path in (home, keys.parent, keys):
        os.chown(path, *_EDGE_IDS)


def _write(path: Path, text: str, *, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
