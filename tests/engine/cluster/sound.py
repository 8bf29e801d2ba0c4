"""A second of silence around a second that sounds like a voice, and what the model hears in it.

``python -m tests.engine.cluster.sound MODEL > tests/engine/cluster/speech.json`` writes what ONNX
Runtime says in Python, where ``onnxruntime`` and ``numpy`` are installed.
"""

from __future__ import annotations

import array
import importlib
import json
import math
import sys
from pathlib import Path
from typing import Any

RATE = 16_000
WINDOW = 512
CONTEXT = 64
HEARD = Path(__file__).with_name("speech.json")
# Formants of an open vowel: Hz, half their width, how strong they are.
_FORMANTS = ((700, 90, 1.0), (1220, 110, 0.6), (2600, 160, 0.3))
_OVERTONES = 30


def sound() -> bytes:
    """16-bit little-endian samples at 16 kHz: half a second of nothing, a voice, nothing."""
    samples = array.array("h", bytes(2 * 2 * RATE))
    turns = 0.0
    for index in range(RATE):
        seconds = index / RATE
        pitch = 120 + 20 * math.sin(2 * math.pi * 3 * seconds)
        turns += pitch / RATE
        wave = sum(
            _strength(number * pitch) * math.sin(2 * math.pi * number * turns)
            for number in range(1, _OVERTONES)
        )
        syllable = 0.5 + 0.5 * math.sin(2 * math.pi * 4 * seconds - math.pi / 2)
        loud = max(-1.0, min(1.0, 0.25 * wave * syllable))
        samples[RATE // 2 + index] = int(loud * 20_000)
    if sys.byteorder == "big":
        samples.byteswap()
    return samples.tobytes()


def _strength(hertz: float) -> float:
    """How strong an overtone is at that frequency."""
    return sum(most / (1 + ((hertz - middle) / width) ** 2) for middle, width, most in _FORMANTS)


def reference(model: str) -> list[float]:
    """The probability of speech in each window of 32 ms, by ONNX Runtime's own Python."""
    numpy: Any = importlib.import_module("numpy")
    onnxruntime: Any = importlib.import_module("onnxruntime")
    samples = numpy.frombuffer(sound(), dtype="<i2").astype(numpy.float32) / 32768
    count = -(-len(samples) // WINDOW)
    padded = numpy.zeros(CONTEXT + count * WINDOW, dtype=numpy.float32)
    padded[CONTEXT : CONTEXT + len(samples)] = samples
    frames = [padded[at * WINDOW : at * WINDOW + CONTEXT + WINDOW] for at in range(count)]
    blank = numpy.zeros((1, 1, 128), dtype=numpy.float32)
    session = onnxruntime.InferenceSession(model)
    inputs = {"input": numpy.stack(frames), "h": blank, "c": blank}
    (heard,) = session.run(["speech_probs"], inputs)
    return [round(float(each), 6) for each in heard]


if __name__ == "__main__":
    json.dump(reference(sys.argv[1]), sys.stdout)
    sys.stdout.write("\n")
