"""The lab's stack, made on first use so that a bare ``pulumi preview`` finds it."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from toolchain.errors import LabStackError
from toolchain.installation import LAB_STACK, Toolchain, lab_backend


def prepare_lab_stack(toolchain: Toolchain, checkout: Path) -> bool:
    """Create the lab stack in its file backend if it is not there; True if it was created.

    Does nothing in a checkout without Pulumi.yaml. Raises LabStackError.
    """
    project = _project_name(checkout / "Pulumi.yaml")
    if project is None:
        return False
    stacks = lab_backend(checkout) / ".pulumi" / "stacks" / project
    if any(stacks.glob(f"{LAB_STACK}.json*")):
        return False
    command = [str(toolchain.pulumi), "stack", "init", LAB_STACK, "--no-select"]
    result = subprocess.run(
        [*command, "--non-interactive"],
        cwd=checkout,
        env={**os.environ, **toolchain.env(LAB_STACK, checkout)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    # Another run may have made it in the meantime.
    if result.returncode != 0 and not any(stacks.glob(f"{LAB_STACK}.json*")):
        raise LabStackError(stacks.parent.parent, result.stdout.strip())
    return result.returncode == 0


def _project_name(project_file: Path) -> str | None:
    if not project_file.is_file():
        return None
    text = project_file.read_text()
    match = re.search(r"^name:[ \t]*[\"']?([A-Za-z0-9._-]+)", text, re.MULTILINE)
    return match.group(1) if match else None
