"""The links on the machine itself: shim, merged configuration, CRI, canary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shimyard.doctor.cluster import ClusterFacts
from shimyard.doctor.examination import Examination, Examined, Silence
from shimyard.doctor.links import Fault, Link, LinkName, broken, judged, ok, unknown
from shimyard.doctor.machine import MachineFacts
from shimyard.node.container_runtime import RESOURCE
from shimyard.node.containerd_config import CONFIG_PATH
from shimyard.node.k3s import RESOURCES, UNITS
from shimyard.node.k3s_config import Role
from shimyard.node.k3s_containerd import TEMPLATE_PATH
from shimyard.node.paths import BIN, STORE
from shimyard.settings.shims import RUNC, runtime_type, shim_binary


@dataclass(frozen=True)
class _Place:
    """Whose containerd a machine has: ours, or the one that K3s brings."""

    resource: str
    unit: str
    config: str

    @property
    def restart(self) -> str:
        """The mend of what it has not read yet."""
        return (
            f"cordon and drain the node, run `systemctl restart {self.unit}` there, then uncordon "
            "it: a restart under Wasm containers loses them"
        )


def _place(of: Examination, node: str) -> _Place:
    cluster = of.settings.cluster
    if cluster is None or not of.settings.embeds(node):
        return _Place(RESOURCE, "containerd", CONFIG_PATH)
    role: Role = "server" if node in cluster.servers else "agent"
    unit = UNITS[role].removesuffix(".service")
    return _Place(RESOURCES[role], unit, TEMPLATE_PATH)


def shim(of: Examination, node: str, handler: str) -> Link:
    """Is each program of the handler there, as it was verified, and does it run?"""
    found = _machine(of, node, "shim")
    if isinstance(found, Link):
        return found
    needed = _needed(of, found, node, handler)
    good = f"{needed[0]} runs" if needed else "K3s brings it"
    return judged("shim", _of_programs(of, found, node, needed), good)


def _needed(of: Examination, found: Examined, node: str, handler: str) -> tuple[str, ...]:
    """The programs of a handler. K3s finds shims in the store by its template, and brings runc."""
    name = of.handlers[handler][0]
    if not of.settings.embeds(node):
        return programs(name)
    if name == "runc":
        return ()
    runtime = found.machine.runtimes.get(handler)
    if runtime is not None and _is_stored(runtime.path, name):
        return (runtime.path,)
    return tuple(path for path in found.machine.programs if _is_stored(path, name))[:1] or (
        f"{STORE}/.../{shim_binary(name)}",
    )


def _is_stored(path: str, shim_name: str) -> bool:
    return path.startswith(f"{STORE}/") and path.endswith(f"/{shim_binary(shim_name)}")


def _of_programs(
    of: Examination, found: Examined, node: str, needed: Sequence[str]
) -> Iterator[Fault]:
    if _place(of, node).resource not in found.facts.generations.current:
        mend = f"run `make up STACK={of.stack}`"
        yield "Shimyard has not set up the machine's container runtime", mend
    for path in needed:
        program = found.machine.programs.get(path)
        if program is None:
            yield f"{path} is not there", of.again
        elif program.state == "dangling":
            yield f"{path} leads to {program.words}, which is not there", of.again
        elif program.state == "not-executable":
            yield f"{path} is not executable", of.again
        elif (digest := _changed(found, path)) is not None:
            # What nobody has written to is no drift that a refresh would see.
            lost = (
                ""
                if digest in found.facts.managed.broken
                else f"`rm -r {STORE}/{digest}` on it, then "
            )
            yield f"{path} is not what it was when it was verified", f"{lost}{of.again}"
        elif program.state == "fails":
            mend = "see on the machine what it misses (`ldd`), or choose a build of the shim for "
            yield f"{path} does not run: {program.words}", f"{mend}this distribution"


def merged(of: Examination, node: str, handler: str) -> Link:
    """Does containerd make the handler of its configuration and all that it imports?"""
    found = _machine(of, node, "config")
    if isinstance(found, Link):
        return found
    wanted = type_of(of.handlers[handler][0])
    return judged("config", _of_config(of, found, node, handler), f"its type is {wanted}")


def _of_config(of: Examination, found: Examined, node: str, handler: str) -> Iterator[Fault]:
    machine, place = found.machine, _place(of, node)
    wanted = type_of(of.handlers[handler][0])
    own = next(iter(_needed(of, found, node, handler)), "")
    runtime = machine.runtimes.get(handler)
    imported = f"take away the file that {place.config} imports and that says so; else {of.again}"
    if machine.config == "absent":
        yield f"there is no containerd with a {place.config}", of.again
    elif machine.config == "refused":
        mend = f"correct what it complains of; {place.config} itself comes back so: {of.again}"
        yield f"containerd refuses its configuration: {machine.complaint}", mend
    elif runtime is None:
        yield f"{place.config}, with all that it imports, has no handler '{handler}'", of.again
    elif runtime.type != wanted:
        yield f"its type is {runtime.type or 'empty'} and not {wanted}", imported
    elif runtime.path not in {"", own}:
        yield f"its program is {runtime.path} and not {own}", imported


def cri(of: Examination, node: str, handler: str) -> Link:
    """Does the containerd that runs serve it? A kubelet tells; without one, containerd itself."""
    found = _machine(of, node, "cri")
    if isinstance(found, Link):
        return found
    machine = found.machine
    told = _reported(of, node)
    if machine.daemon == "active" and told is None and not machine.plugins:
        return unknown("cri", "containerd does not say which plugins it has")
    good = "the kubelet reports it"
    if told is None:
        # What it serves is what it has read, when it started.
        good = "containerd has started since its configuration was written"
    return judged("cri", _of_daemon(of, machine, node, handler, told), good)


def _of_daemon(
    of: Examination, machine: MachineFacts, node: str, handler: str, told: frozenset[str] | None
) -> Iterator[Fault]:
    place = _place(of, node)
    if machine.daemon != "active":
        mend = f"see `journalctl -u {place.unit}` on the machine; then {of.again}"
        yield f"{place.unit}.service is {machine.daemon or 'unknown to systemd'}", mend
    for name, status in sorted(machine.plugins.items()):
        if status != "ok":
            mend = f"see `journalctl -u {place.unit}` on the machine for what the plugin misses"
            yield f"containerd runs, but its plugin {name} has status {status}", mend
    if told is not None and handler in told:
        return
    seen = "" if told is None else f"the kubelet reports only {_listed(told)}"
    if machine.unread is not None:
        late = f"{machine.unread} was written after containerd started, which has not read it yet"
        yield f"{seen}: {late}" if seen else late, place.restart
    elif told is not None and handler in machine.runtimes:
        yield f"{seen}, though containerd's configuration has it", place.restart
    elif handler not in machine.runtimes:
        yield seen or "containerd has started with a configuration without it", of.again


def canary(of: Examination, node: str, handler: str) -> Link:
    """Has a container really run in it, the last time that something it depends on has changed?"""
    found = _machine(of, node, "canary")
    if isinstance(found, Link):
        return found
    last = found.facts.generations.canaries.get(handler)
    if last is None:
        reason = "no canary of it is on record"
        return broken("canary", reason, mend=of.again)
    if last.result != "passed":
        return broken("canary", f"the last canary has {last.result}", mend=of.again)
    return ok("canary", f"passed in {last.milliseconds} ms, {_ago(of.now - last.at)} ago")


def programs(shim_name: str) -> tuple[str, ...]:
    """The paths of the programs that a handler of this shim needs; containerd's own entry first."""
    if shim_name == "runc":
        return (f"{BIN}/containerd-shim-runc-v2", f"{BIN}/runc")
    return (f"{BIN}/{shim_binary(shim_name)}",)


def type_of(shim_name: str) -> str:
    """containerd's runtime type of a handler of this shim."""
    return RUNC if shim_name == "runc" else runtime_type(shim_name)


def _machine(of: Examination, node: str, link: LinkName) -> Examined | Link:
    found = of.machines.get(node)
    if isinstance(found, Examined):
        return found
    cause = found.cause if isinstance(found, Silence) else "it was not asked"
    return unknown(link, f"the machine can't be asked: {cause}")


def _changed(found: Examined, path: str) -> str | None:
    """The digest of the store's entry to which the path leads, if what it leads to has changed."""
    places = [path] if path.startswith(f"{STORE}/") else []
    for rows in found.facts.managed.manifests.values():
        places += [row[2] for row in rows if row[0] == "link" and row[1] == path]
    for place in places:
        digest, _, name = place.removeprefix(f"{STORE}/").partition("/")
        if name in found.machine.broken.get(digest, ()):
            return digest
    return None


def _reported(of: Examination, node: str) -> frozenset[str] | None:
    """What the node's kubelet says that its CRI serves; None if it says nothing, or not lately."""
    if not isinstance(of.cluster, ClusterFacts):
        return None
    member = of.cluster.members.get(node)
    return of.cluster.handlers.get(node) if member is not None and member.ready else None


def _listed(handlers: frozenset[str]) -> str:
    return ", ".join(sorted(handlers - {"-"})) or "the default handler"


def _ago(seconds: float) -> str:
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"
