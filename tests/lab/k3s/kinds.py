"""The kinds of the add-ons that stacks have objects of, as each upstream's sources define them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from components.manifests.spin import crd
from lab.builds.go import GoProgram
from lab.certmanager import recipe as certmanager
from lab.sigstore.recipe import controller_manifests

_KEDA = GoProgram(Path(__file__).with_name("keda"))
_KEDA_MODULE = "github.com/kedacore/keda/v2"


def add_on_kinds() -> list[dict[str, Any]]:
    """CustomResourceDefinitions of cert-manager, policy-controller, KEDA and SpinKube.

    Those of SpinKube are Shimyard's, made of upstream's schemas. None asks a controller to convert
    between versions. Errors: ``BuildError`` without Go; ``CommandError`` with its words.
    """
    files = [
        *(certmanager.sources() / "deploy/crds").glob("*.yaml"),
        *controller_manifests().glob("300-*.yaml"),
        *(_KEDA.sources_of(_KEDA_MODULE) / "config/crd/bases").glob("keda.sh_*.yaml"),
    ]
    read = [each for path in sorted(files) for each in yaml.safe_load_all(path.read_text())]
    made = [*filter(None, read), crd("SpinApp"), crd("SpinAppExecutor")]
    return [{**each, "spec": {**each["spec"], "conversion": {"strategy": "None"}}} for each in made]
