"""Programs that compose the components themselves, as the guide shows it."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.program.kubernetes.conftest import CHECKOUT

GUIDE = CHECKOUT / "docs" / "how-to" / "compose.md"

HYBRID = """
from components import HybridApp
from shimyard.settings import HybridAppSettings

app = HybridAppSettings.model_validate({
    "name": "camera", "handler": "spin", "proxy": {"image": "a"},
    "app": {"image": "b", "ports": [{"name": "api", "containerPort": 9000}]},
})
HybridApp("camera", app=app, runtime_class="shimyard-spin", shim="spin")
"""

SPIN = """
from components import SpinKube
from shimyard.settings.platform import SpinKubeSettings

spin = SpinKubeSettings.model_validate({
    "chart": {"version": "0.6.1", "digest": "sha256:" + "ab" * 32},
    "crds": {"file": FILE, "sha256": SHA256},
})
SpinKube("spin", spin=spin, runtime_classes={"spin": "shimyard-spin"}, uses=[
    (namespace, "containerd-shim-spin") for namespace in ("shop", "shop", "tills")
])
"""

IMAGE = """
from components import WasmApp
from shimyard.settings import WasmAppSettings

built = pulumi.Output.from_input("registry.lab/built:1")
app = WasmAppSettings(name="a", handler="wasmedge", image="replaced", ports=[])
WasmApp("a", app=app, runtime_class="edge", image=built)
"""


def compose(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.program.kubernetes.composed"],
        input=program,
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_program_of_the_guide_makes_what_it_says() -> None:
    (program,) = [
        block
        for block in re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
        if "WasmApp" in block
    ]
    done = compose(program)
    assert done.returncode == 0, done.stderr
    made: list[dict[str, Any]] = json.loads(done.stdout)
    (deployment,) = [each for each in made if each["type"] == "kubernetes:apps/v1:Deployment"]
    pod = deployment["inputs"]["spec"]["template"]["spec"]
    assert deployment["inputs"]["metadata"]["namespace"] == "shop"
    assert pod["runtimeClassName"] == "shimyard-wasmtime"
    assert pod["serviceAccountName"] == "shimyard"
    assert {"Namespace::shop", "RuntimeClass::store-wasmtime"} <= set(deployment["after"])
    assert deployment["provider"] == "cluster-id"


def test_an_image_that_another_resource_makes_replaces_the_settings_one() -> None:
    done = compose(IMAGE)
    assert done.returncode == 0, done.stderr
    (deployment,) = [
        each for each in json.loads(done.stdout) if each["type"].endswith(":Deployment")
    ]
    (container,) = deployment["inputs"]["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "registry.lab/built:1"


def test_a_shim_that_cant_mix_is_named_with_the_field_and_the_mend() -> None:
    done = compose(HYBRID)
    assert done.returncode == 1
    assert done.stderr.startswith("HybridApp 'camera': handler: 'spin' is served by the spin shim")
    assert "choose a handler of wasmtime, wasmedge, wasmer, wamr, or split" in done.stderr
    assert "Traceback" not in done.stderr


PROFILE = """
from components import WasmApp
from shimyard.settings import WasmAppSettings
from shimyard.settings.security import CapabilityProfileSettings

app = WasmAppSettings.model_validate({
    "name": "a", "handler": "wasmtime", "image": "a", "ports": [], "profile": "sealed",
    "volumes": [{"name": "data", "mountPath": "/data", "emptyDir": {}}],
})
given = GIVEN
WasmApp("a", app=app, runtime_class="edge", profile=given)
"""


def test_an_app_whose_profile_is_not_given_is_not_made_without_it() -> None:
    done = compose(PROFILE.replace("GIVEN", "None"))
    assert done.returncode == 1
    assert done.stderr.startswith("WasmApp 'a': profile: is sealed, and the one that is given is")


def test_an_app_that_wants_more_than_its_profile_is_told_so() -> None:
    done = compose(PROFILE.replace("GIVEN", "CapabilityProfileSettings(name='sealed')"))
    assert done.returncode == 1
    assert done.stderr.startswith("WasmApp 'a': volumes[0].mountPath: /data is no directory of")


def test_kinds_of_another_release_come_from_a_file_that_is_proven(tmp_path: Path) -> None:
    kinds = tmp_path / "crds.yaml"
    definition = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition"}
    kinds.write_text(json.dumps({**definition, "metadata": {"name": "spinapps"}, "spec": {}}))
    sha256 = hashlib.sha256(kinds.read_bytes()).hexdigest()
    program = SPIN.replace("FILE", repr(str(kinds)))
    done = compose(program.replace("SHA256", repr(sha256)))
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    names = [each["name"] for each in made if each["type"].endswith(":CustomResourceDefinition")]
    assert names == ["spin-spinapps"]
    # One executor a namespace, however many applications need it.
    executors = [each["name"] for each in made if each["type"].endswith(":SpinAppExecutor")]
    assert executors == ["shop.containerd-shim-spin", "tills.containerd-shim-spin"]

    refused = compose(program.replace("SHA256", repr("ab" * 32)))
    assert refused.returncode == 1
    assert f"platform.spinKube.crds.sha256: {kinds} has {sha256}; get the right" in refused.stderr
    gone = compose(SPIN.replace("FILE", repr("/no/file")).replace("SHA256", repr(sha256)))
    assert "platform.spinKube.crds.file: /no/file can't be read (No such file" in gone.stderr
