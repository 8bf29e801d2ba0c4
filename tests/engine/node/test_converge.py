"""A container runtime on a real machine: installed, left alone, changed, gone without a trace."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lab.builds.inventory import BuiltArtifacts
from lab.nodes.node import Node
from lab.nodes.snapshot import difference
from shimyard.node.desired import Data, DesiredState, File
from shimyard.node.errors import NodeError
from shimyard.node.operations import PlaceFile, RestartUnit, RunCanary
from shimyard.node.transaction import converge, read_facts, remove
from shimyard.node.transport import Session
from tests.engine.node.runtimes import runtime_state
from tests.engine.node.states import (
    BINARY,
    CONFIG,
    artifact,
    kill_at,
    look,
    put_program,
    service,
    settle_predecessor,
)

pytestmark = pytest.mark.lab

# Stands before the real one in the PATH, and begins when what it follows has ended.
LATE_TAIL = """\
#!/bin/sh
for word in "$@"; do
    case $word in --pid=*) while kill -0 "${word#*=}" 2>/dev/null; do sleep 0.1; done ;; esac
done
exec /usr/bin/tail "$@"
"""
OWN_CONTAINERD = """\
mkdir -m 0711 /etc/containerd
printf 'version = 3\\n' >/etc/containerd/config.toml
chown 7:8 /etc/containerd/config.toml
chmod 0604 /etc/containerd/config.toml
printf '#!/bin/sh\\nexec sleep infinity\\n' >/usr/local/bin/containerd
chmod 0751 /usr/local/bin/containerd
cat >/etc/systemd/system/containerd.service <<END
[Service]
ExecStart=/usr/local/bin/containerd
[Install]
WantedBy=multi-user.target
END
touch -d '2019-03-04 05:06:07' /etc/containerd/config.toml /usr/local/bin/containerd \
    /etc/systemd/system/containerd.service
systemctl enable --now containerd.service
"""


def test_a_runtime_is_installed_left_alone_changed_and_removed(
    fresh: Node, session: Session, built: BuiltArtifacts
) -> None:
    before = fresh.snapshot()
    done = converge(session, runtime_state(built))
    assert done.facts.generations.current == {"container-runtime": 1}
    assert done.facts.generations.canaries["runc"].result == "passed"
    assert done.facts.services.units["containerd.service"].trouble() is None

    assert converge(session, runtime_state(built)).plan.operations == ()

    mirrored = runtime_state(
        built, registries=[{"host": "a.lab", "mirrors": [{"url": "http://b"}]}]
    )
    changed = converge(session, mirrored)
    assert [type(each) for each in changed.plan.operations if each.effect()] == []
    assert any(isinstance(each, PlaceFile) for each in changed.plan.operations)

    older = replace_version(built)
    updated = converge(session, older)
    assert any(isinstance(each, RestartUnit) for each in updated.plan.operations)
    assert any(isinstance(each, RunCanary) for each in updated.plan.operations)
    assert "v2.2" in fresh.run(["/usr/local/bin/containerd", "--version"]).stdout

    remove(session, "container-runtime")
    assert difference(before, fresh.snapshot()) == []
    assert fresh.run(["pgrep", "-f", "containerd"], check=False).stdout == ""
    assert read_facts(session).managed.manifests == {}


def replace_version(built: BuiltArtifacts) -> Any:
    return runtime_state(built, containerd="2.2.9")


def test_somebody_elses_containerd_comes_back_as_it_was(
    fresh: Node, session: Session, built: BuiltArtifacts
) -> None:
    fresh.run(["sh", "-c", OWN_CONTAINERD])
    before, own = fresh.snapshot(), look(fresh, "containerd.service")
    converge(session, runtime_state(built))
    assert own.changes(look(fresh, "containerd.service")) != []
    remove(session, "container-runtime")
    assert own.changes(look(fresh, "containerd.service")) == []
    assert difference(before, fresh.snapshot()) == []


@pytest.mark.parametrize(
    "drift",
    [
        f"echo x >>{CONFIG}",
        f"chmod 0666 {CONFIG}",
        f"chown 1:1 {CONFIG}",
        f"rm {CONFIG}",
        f"ln -sf /etc/passwd {CONFIG}",
        f"rm {BINARY}",
        f"rm {BINARY}; cp /bin/true {BINARY}",
        "echo '# more' >>$(readlink -f {BINARY})".replace("{BINARY}", BINARY),
        # Of the same size and time as before.
        "f=$(readlink -f {B}); touch -r $f /t; tr o 0 <$f >/u; cat /u >$f; touch -r /t $f".replace(
            "{B}", BINARY
        ),
        "rm -r /etc/clock",
        "systemctl stop clock",
        "systemctl disable clock",
        "systemctl stop clock; ln -sf /dev/null /etc/systemd/system/clock.service",
        "rm -r /var/lib/shimyard/store/*/",
    ],
)
def test_what_somebody_changes_by_hand_is_seen_and_mended(
    edge: Node, session: Session, tmp_path: Path, drift: str
) -> None:
    wanted = service(artifact(tmp_path, "1.0.0"))
    converge(session, wanted)
    good = look(edge)
    edge.run(["sh", "-c", drift])
    mended = converge(session, wanted)
    assert mended.plan.reasons
    assert good.changes(look(edge), times=False) == []
    assert converge(session, wanted).plan.operations == ()


def test_a_folder_that_another_resource_wants_stays(
    fresh: Node, session: Session, tmp_path: Path
) -> None:
    before = fresh.snapshot()
    first = service(artifact(tmp_path, "1.0.0"))
    second = replace(first, resource="files", files=(), links=(), artifacts=(), data=(), unit=None,
                     folders=("/etc/clock/drop-in", "/opt/more"))  # fmt: skip
    converge(session, first)
    converge(session, second)
    remove(session, "clock")
    assert converge(session, second).plan.operations == ()
    assert (fresh.root / "etc/clock/drop-in").is_dir()
    remove(session, "files")
    assert difference(before, fresh.snapshot()) == []


def test_a_predecessor_comes_back_with_its_service(
    fresh: Node, session: Session, tmp_path: Path
) -> None:
    settle_predecessor(fresh)
    own = look(fresh)
    converge(session, service(artifact(tmp_path, "1.0.0")))
    remove(session, "clock")
    assert own.changes(look(fresh)) == []


def test_a_service_that_ends_badly_is_not_known_to_systemd_any_more(
    fresh: Node, session: Session, tmp_path: Path
) -> None:
    converge(session, service(artifact(tmp_path, "1.0.0")))
    # As one that does not end in time and is killed.
    folder = "/run/systemd/system/clock.service.d"
    dies = f"mkdir -p {folder} && printf '[Service]\\nKillSignal=KILL\\n' >{folder}/dies.conf"
    fresh.run(["sh", "-c", f"{dies} && systemctl daemon-reload && rm -r {folder}"])
    remove(session, "clock")
    assert fresh.run(["systemctl", "list-units", "--all", "--plain", "clock*", "-q"]).stdout == ""


def test_a_tree_that_a_service_makes_late_goes_with_its_resource(
    edge: Node, session: Session
) -> None:
    conf = File.of("/etc/late.conf", "late\n")
    converge(session, DesiredState("late", files=(conf,), data=(Data("/var/lib/late"),)))
    edge.run(["mkdir", "/var/lib/late"])
    remove(session, "late")
    assert edge.run(["test", "-e", "/var/lib/late"], check=False).returncode == 1


def test_a_change_that_is_over_before_anybody_looks_is_told_as_what_it_was(
    fresh: Node, session: Session, tmp_path: Path
) -> None:
    put_program(fresh, "/usr/local/sbin/tail", LATE_TAIL)
    done = converge(session, service(artifact(tmp_path, "1.0.0")))
    assert done.facts.generations.current == {"clock": 1}
    kill_at(fresh, "switch restart clock.service")
    with pytest.raises(NodeError, match="restarting clock") as caught:
        converge(session, service(artifact(tmp_path, "2.0.0")))
    assert caught.value.restored
