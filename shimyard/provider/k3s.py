"""The resources K3sServer and K3sAgent: K3s on one machine, as a node of its cluster."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from shimyard.catalogue import Need, artifacts_of, artifacts_of_k3s
from shimyard.node.cluster import Cluster
from shimyard.node.desired import DesiredState
from shimyard.node.errors import ConnectionFailedError, NodeError
from shimyard.node.facts import Facts
from shimyard.node.k3s import (
    RESOURCES,
    Membership,
    k3s,
    secret_paths,
    with_entrance,
)
from shimyard.node.k3s_config import AGENT_TOKEN_PATH, TOKEN_PATH, Role
from shimyard.node.operations import RestartUnit
from shimyard.node.plan import Plan
from shimyard.node.progress import Report
from shimyard.node.transaction import read_facts
from shimyard.provider.admission import make_room, standing_cluster
from shimyard.provider.artifacts import as_recorded, records, stored, texts, with_sources
from shimyard.provider.control import Control
from shimyard.provider.handlers import handlers_of
from shimyard.provider.inputs import InputError, node_settings, settings, sources
from shimyard.provider.messages import (
    ApplyRequest,
    ApplyResponse,
    CheckRequest,
    CheckResponse,
    DeleteRequest,
    ReadRequest,
    ReadResponse,
)
from shimyard.provider.resource import Resource
from shimyard.provider.retirement import Retirement, not_cleaned
from shimyard.provider.service import membership
from shimyard.provider.values import UNKNOWN, Properties, Secret, has_unknown, revealed
from shimyard.settings import NodeSettings, RuntimeSettings
from shimyard.settings.base import FieldError
from shimyard.settings.embedded import check_embedded
from shimyard.settings.k3s import K3sSettings, release

if TYPE_CHECKING:
    from shimyard.node.transport import Session

_DEFAULT_READY_SECONDS = 300
REGISTRATION = "registration"
_TOKENS = ("token", "agentToken")


class _K3sResource(Resource):
    """Inputs: node, k3s, joins, token, membership, sources; runtime, if K3s brings containerd.

    Computed: artifacts, files, effects. Outputs: generation, machineId, version, versions and
    handlers (as ContainerRuntime has them, of K3s's own containerd), drift.
    """

    role: ClassVar[Role]

    def check(self, request: CheckRequest) -> CheckResponse:
        """Refuse a version that can't follow the one that runs, before anything is asked."""
        was, now = (_version(revealed(each)) for each in (request.olds, request.news))
        refused = None if was is None or now is None else step_refused(was, now)
        if refused is not None:
            return CheckResponse(request.news, (("k3s.version", refused),))
        held, wanted = (_containerd(revealed(each)) for each in (request.olds, request.news))
        if was is not None and held != wanted:
            reason = (
                f"goes from {held} to {wanted} under the node's pods; take the machine out of the "
                "stack, run `pulumi up`, and add it again with the other one"
            )
            return CheckResponse(request.news, (("k3s.containerd", reason),))
        return super().check(request)

    def computed(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """The locked artifacts by digest, and every rendered file as text."""
        if any(has_unknown(inputs.get(name)) for name in ("k3s", "joins", "runtime")):
            return {"artifacts": UNKNOWN, "files": UNKNOWN}
        artifacts = records(_needs(inputs), sources(inputs), self.nodes.project)
        desired = self._desired(inputs, stored(artifacts))
        files = texts(desired, secret_paths(_runtime(inputs)))
        if inputs.get("token") is UNKNOWN:
            files[TOKEN_PATH] = UNKNOWN
        if inputs.get("agentToken") is UNKNOWN:
            files[AGENT_TOKEN_PATH] = UNKNOWN
        return {"artifacts": artifacts, "files": files}

    def desired(self, inputs: Mapping[str, Any], *, recorded: bool) -> DesiredState:
        """From the settings and the recorded artifacts; where they come from, as of now."""
        artifacts = stored(inputs["artifacts"])
        if recorded:
            return as_recorded(self._desired(inputs, artifacts), inputs["files"])
        located = with_sources(artifacts, _needs(inputs), sources(inputs), self.nodes.project)
        return self._desired(inputs, located)

    def outputs(self, inputs: Mapping[str, Any], facts: Facts | None) -> dict[str, Any]:
        """The version is known before, the generation only after."""
        version = inputs.get("k3s", {}).get("version", UNKNOWN)
        artifacts = inputs.get("artifacts", {})
        known = not has_unknown(inputs.get("runtime")) and not has_unknown(artifacts)
        runtime = _runtime(inputs) if known else None
        told = {
            "version": version,
            "versions": {n: a["version"] for n, a in artifacts.items()} if known else UNKNOWN,
        }
        if facts is None:
            proven: Any = UNKNOWN if "runtime" in inputs else {}
            return {"generation": UNKNOWN, "machineId": UNKNOWN, "handlers": proven, **told}
        return {
            "generation": facts.generations.current.get(self.name_on_node(inputs), 0),
            "machineId": facts.system.machine,
            "handlers": {} if runtime is None else handlers_of(runtime, facts, runc=version),
            **told,
        }

    def apply(self, request: ApplyRequest) -> ApplyResponse:
        """Each time that K3s is made anew, its Node object is another one: so it is told."""
        answer = super().apply(request)
        made = UNKNOWN if request.preview else secrets.token_hex(8)
        registration = request.state.get(REGISTRATION) or made
        return ApplyResponse(answer.id, {**answer.state, REGISTRATION: registration})

    def read(self, request: ReadRequest) -> ReadResponse:
        """What the machine is not asked for stays."""
        answer = super().read(request)
        if not answer.id:
            return answer
        kept = {REGISTRATION: request.state.get(REGISTRATION)}
        return ReadResponse(answer.id, answer.inputs, {**answer.state, **kept})

    def name_on_node(self, _inputs: Mapping[str, Any]) -> str:
        """A machine is a server or an agent."""
        return RESOURCES[self.role]

    def disrupts(self, steps: Plan, was: Properties, inputs: Mapping[str, Any]) -> bool:
        """Pods outlive a restart of K3s, but a kubelet's next minor version needs a drain.

        With K3s's own containerd, Wasm pods do not. Source:
        kubernetes.io/releases/version-skew-policy, "kubelet".
        """
        if super().disrupts(steps, was, inputs):
            return True
        restarts = any(
            isinstance(step, RestartUnit) and not step.starts for step in steps.operations
        )
        before, now = was.get("version") or _version(was), _settings(inputs).version
        return restarts and isinstance(before, str) and release(before)[:2] != release(now)[:2]

    def foreseen(self, inputs: Mapping[str, Any], /) -> Mapping[str, Any]:
        """A token that is not made yet is another one than before."""
        files = inputs.get("files")
        told = {name: "new" for name in _TOKENS if inputs.get(name) is UNKNOWN}
        if not told or not isinstance(files, Mapping):
            return inputs
        texts = {path: "new\n" if text is UNKNOWN else text for path, text in files.items()}
        return {**inputs, **told, "files": texts}

    def admit(self, control: Control, inputs: Mapping[str, Any], report: Report, /) -> None:
        """Let the machine take its name in the cluster that it joins."""
        if inputs.get("joins") is not None:
            make_room(control, report, server=self.role == "server")

    def delete(self, request: DeleteRequest) -> None:
        """Take the node out of its cluster, then K3s off the machine, whether it answers or not."""
        inputs = revealed(request.inputs)
        control = self.control(request.urn, inputs)
        # A node that only goes by another name now must neither be drained nor forgotten.
        if control is None or self.stays(request):
            super().delete(request)
            return
        node = node_settings(inputs)
        with self.log.progress(request.urn, node.name) as report:
            retirement = Retirement(control, report)
            retirement.leave()
            if self.role == "server" and not retirement.gone and self._answers(request, node):
                # Of two members of etcd none may stop before it is taken out.
                retirement.forget()
            try:
                super().delete(request)
            except ConnectionFailedError as error:
                if not retirement.gone:
                    raise
                self._tell(request.urn, inputs, [not_cleaned(error.cause)])
            finally:
                control.close()
            retirement.forget()

    def _answers(self, request: DeleteRequest, node: NodeSettings) -> bool:
        try:
            with self.nodes.session(node, transcript=self._transcript(request.urn, request.inputs)):
                return True
        except ConnectionFailedError:
            return False

    def _desired(self, inputs: Mapping[str, Any], artifacts: list[Any]) -> DesiredState:
        cluster = membership(inputs)
        return k3s(
            _settings(inputs),
            node_settings(inputs),
            self.role,
            _ties(inputs),
            artifacts,
            ready_seconds=(
                _DEFAULT_READY_SECONDS if cluster is None else cluster.rollout.ready_timeout
            ),
            runtime=_runtime(inputs),
        )


class K3sAgentResource(_K3sResource):
    """A node that only runs workloads."""

    role = "agent"


class K3sServerResource(_K3sResource):
    """A node of the control plane. Further input: agentToken.

    Further outputs: caSha256, kubeconfig, datastore.
    """

    role = "server"
    # By which server it has joined is of no interest any more.
    quiet = Resource.quiet | {"joins"}
    steady = frozenset({"machineId", "caSha256", "kubeconfig"})

    def outputs(self, inputs: Mapping[str, Any], facts: Facts | None) -> dict[str, Any]:
        """How the cluster is reached is known once it is up."""
        unknown = {"caSha256": UNKNOWN, "kubeconfig": Secret(UNKNOWN)}
        known = super().outputs(inputs, facts) | {"datastore": _datastore(inputs)}
        return known | (unknown if facts is None else {})

    def converged(
        self, session: Session, desired: DesiredState, request: ApplyRequest, report: Report
    ) -> Facts:
        """A server that has no K3s yet gets an entrance into its cluster, which goes once it is in.

        The one that starts a cluster joins it where it stands: then its machine is a new one. Who
        goes from SQLite to etcd needs an entrance, too: K3s migrates its data.
        """
        given = revealed(request.inputs)
        there = self.name_on_node(given) in read_facts(session).managed.manifests
        if not there:
            entering = self._entering(request, report)
            inputs = revealed(entering.inputs)
            state = with_entrance(desired, _settings(inputs), _ties(inputs))
            super().converged(session, state, entering, report)
        elif (request.state.get("datastore"), _datastore(given)) == ("sqlite", "etcd"):
            state = with_entrance(desired, _settings(given), _ties(given))
            super().converged(session, state, request, report)
        return super().converged(session, desired, request, report)

    def _entering(self, request: ApplyRequest, report: Report) -> ApplyRequest:
        """The same server, as it comes into its cluster."""
        inputs = revealed(request.inputs)
        control = None if inputs.get("joins") else self.control(request.urn, inputs)
        if control is None:
            return request
        try:
            standing = standing_cluster(control)
        finally:
            control.close()
        if standing is None:
            return request
        report("join", f"{standing.server.name} serves the cluster already: it is joined")
        token = f"K10{standing.ca_sha256}::server:{inputs['token']}"
        joins = {"joins": standing.server.inside, "token": Secret(token)}
        return replace(request, inputs={**request.inputs, **joins})

    def learned(self, session: Session) -> dict[str, Any]:
        """How the cluster is reached."""
        access = Cluster(session).access()
        return {"caSha256": access.ca_sha256, "kubeconfig": Secret(access.kubeconfig)}

    def read(self, request: ReadRequest) -> ReadResponse:
        """K3s renews its certificates by itself: the kubeconfig is read again."""
        answer = super().read(request)
        if not answer.id:
            return answer
        inputs = revealed(request.inputs)
        known = {key: request.state.get(key) for key in ("caSha256", "kubeconfig")}
        try:
            with self.nodes.session(
                node_settings(inputs), transcript=self._transcript(request.urn, request.inputs)
            ) as session:
                known = self.learned(session)
        except NodeError as error:
            # A server that is down is drift already; how to reach it stays as it was.
            self._tell(request.urn, inputs, [f"its kubeconfig can't be read: {error.cause}"])
        return ReadResponse(answer.id, answer.inputs, {**answer.state, **known})


def step_refused(was: str, now: str) -> str | None:
    """Why K3s can't go from one version to the other in one step; None if it can.

    Source: https://docs.k3s.io/upgrades and Kubernetes' version skew policy.
    """
    old, new = release(was), release(now)
    if new[:2] < old[:2]:
        return (
            f"goes back from {was} to {now}: a cluster's data is not read by an older minor "
            f"version; keep {old[0]}.{old[1]}, or restore a snapshot into a new cluster"
        )
    if new[0] == old[0] and new[1] - old[1] > 1:
        return (
            f"skips a minor version: {was} runs, and {now} was asked for; "
            f"go to {old[0]}.{old[1] + 1} first"
        )
    return None


def _ties(inputs: Mapping[str, Any]) -> Membership:
    """What ties a machine to its cluster, by its inputs."""
    return Membership(inputs.get("joins"), _text(inputs, "token"), _text(inputs, "agentToken"))


def _settings(inputs: Mapping[str, Any]) -> K3sSettings:
    return settings(K3sSettings, inputs.get("k3s"), "k3s")


def _datastore(inputs: Mapping[str, Any]) -> str:
    return "etcd" if (inputs.get("k3s") or {}).get("datastore") == "etcd" else "sqlite"


def _version(inputs: Mapping[str, Any]) -> str | None:
    version = (inputs.get("k3s") or {}).get("version")
    return version if isinstance(version, str) else None


def _containerd(inputs: Mapping[str, Any]) -> str:
    told = (inputs.get("k3s") or {}).get("containerd")
    return told if isinstance(told, str) else "external"


def _runtime(inputs: Mapping[str, Any]) -> RuntimeSettings | None:
    """What K3s's own containerd is to have; None with one of ours. Raises ``InputError``."""
    embedded = _settings(inputs).containerd == "embedded"
    if embedded != ("runtime" in inputs):
        wanted = "is missing; K3s's own containerd gets its handlers from it"
        reason = wanted if embedded else "belongs to containerd: embedded; remove it"
        raise InputError([("runtime", reason)])
    if not embedded:
        return None
    runtime = settings(RuntimeSettings, inputs["runtime"], "runtime")
    try:
        check_embedded(runtime)
    except FieldError as error:
        raise InputError([(f"runtime.{error.field}", error.sentence)]) from None
    return runtime


def _needs(inputs: Mapping[str, Any]) -> list[Need]:
    arch, runtime = node_settings(inputs).arch, _runtime(inputs)
    needs = artifacts_of_k3s(_settings(inputs), arch)
    return needs if runtime is None else [*needs, *artifacts_of(runtime, arch)]


def _text(inputs: Mapping[str, Any], name: str) -> str | None:
    value = inputs.get(name)
    if value is None or value is UNKNOWN:
        return None
    if not isinstance(value, str) or not value.strip() or "\n" in value:
        raise InputError([(name, "is no token; it is one line of text")])
    return value
