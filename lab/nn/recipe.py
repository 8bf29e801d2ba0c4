"""Recipes of what runs a model in Wasm: shim, component and model.

No machine gets them by `make up`: whoever needs them builds them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from lab.builds.archive import pack
from lab.builds.cargo import CargoWorkspace, intermediate_folder
from lab.builds.recipe import Arch, Recipe, Unpack
from lab.nn.wheels import PINNED, take_out
from lab.shims import recipes as shims
from lab.workloads.recipe import COMPONENT_TARGET, build_components
from toolchain.cache import cached, digest
from toolchain.progress import Progress

FOLDER: Final = Path(__file__).parent
SHIM_VERSION: Final = "1.0.1-nn.1"
ENCODINGS: Final = ("onnx",)
"""What the shim's WASI-NN takes."""
LIBRARY: Final = "libonnxruntime.so"
_PACKAGE: Final = "containerd-shim-wasmtime-nn"
_BINARY: Final = "containerd-shim-wasmtime-v1"
# It compiles the sources of these, too.
_SHARED: Final = ("compile-lock", "termination", "wasmtime")
_SHIM: Final = CargoWorkspace(
    FOLDER,
    packages=(FOLDER / "shim", FOLDER / "wasi", *(shims.FOLDER / name for name in _SHARED)),
)
SPEECH: Final = CargoWorkspace(FOLDER / "speech", packages=(FOLDER / "speech",))
_MODEL: Final = "silero_vad_16k_sequence.onnx"


def shim_with_nn(arch: Arch) -> Recipe:
    """The Wasmtime shim with WASI-NN, and ONNX Runtime's library beside it.

    The machine's own architecture only, as all shims. Its first build takes minutes: Wasmtime.
    Errors while building: as of those, and of ``take_out``.
    """
    file_name = f"containerd-shim-wasmtime-{shims.TRIPLE_ARCH[arch]}-linux-gnu.tar.gz"

    def make(out: Path) -> None:
        shims.require_native(arch)
        shims.require_libseccomp()
        with intermediate_folder(out) as target:
            built = _SHIM.build([_PACKAGE], target, env={"SHIM_VERSION": SHIM_VERSION})
            library = built / LIBRARY
            member = f"onnxruntime/capi/{LIBRARY}.{_onnxruntime()}"
            take_out("onnxruntime", {member: library}, arch)
            pack(out / file_name, {_BINARY: built / _BINARY, LIBRARY: library})

    return Recipe(
        name="containerd-shim-wasmtime",
        version=SHIM_VERSION,
        arch=arch,
        file_name=file_name,
        unpack=Unpack("tar.gz", {_BINARY: _BINARY, LIBRARY: LIBRARY}),
        inputs=(*_SHIM.inputs, PINNED),
        make=make,
        cold_seconds=420,
    )


def speech(progress: Progress | None = None) -> Path:
    """The component that finds speech in sound. Errors: as of all components."""

    def make(out: Path) -> None:
        build_components(SPEECH, ["speech"], out)

    key = digest("speech", COMPONENT_TARGET, *SPEECH.inputs)
    return cached("nn-speech", key, make, progress=progress) / "speech.wasm"


def speech_model(progress: Progress | None = None) -> Path:
    """The model that it asks: the Silero team's voice detector. Errors: as of ``take_out``."""

    def make(out: Path) -> None:
        take_out("silero_vad", {f"silero_vad/data/{_MODEL}": out / _MODEL})

    key = digest("speech-model", _MODEL, PINNED)
    return cached("nn-speech-model", key, make, progress=progress) / _MODEL


def _onnxruntime() -> str:
    """The version that is pinned, which the library's name ends in."""
    lines = PINNED.read_text().splitlines()
    return next(line.split()[0].partition("==")[2] for line in lines if "onnxruntime==" in line)
