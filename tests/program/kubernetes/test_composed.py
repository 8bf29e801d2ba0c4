"""Programs that compose the components themselves, as the guide shows it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
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
