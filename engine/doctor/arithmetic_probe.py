"""What the doctor tries in a process of its own: MLX's device, its compiler, and the weights.

Run as ``python -m engine.doctor.arithmetic_probe MODELS``; prints findings as JSON. Everything is
tried once: compiling on the CPU calls a C++ compiler.
"""

from __future__ import annotations

import sys
from pathlib import Path

import mlx.core as mx
import orjson

from engine.doctor.findings import Finding, amiss, fine, judged
from engine.features import SCHEMA_HASH
from models.catalog import Listing, list_models
from models.ladder import HOLD, Ladder, Rung, default_rungs

SIDE = 64
"""Rows and columns of the matrices that are multiplied."""


def probe(models_dir: Path) -> list[Finding]:
    """Device, compiled call of the weights that would decide, and every file of weights."""
    champion = Ladder((default_rungs(models_dir)[0], Rung(HOLD, None)), SCHEMA_HASH)
    falls = champion.start()
    evaluator, detail = champion.policy.evaluator, champion.views()[0].detail
    champion.close()
    found = [_device(), _files(list_models(models_dir))]
    if falls:
        advice = "import other weights with `trade-console model import`"
        return [*found, amiss("model: champion", falls[0].reason, advice)]
    return [*found, fine("model: champion", detail), _compiled(evaluator)]


def _device() -> Finding:
    right = mx.sum(mx.ones((SIDE, SIDE)) @ mx.ones((SIDE, SIDE))).item() == SIDE**3
    advice = "" if right else "install mlx anew: it multiplies matrices wrongly"
    return judged("model: device", f"mlx on the {mx.default_device().type.name}", advice)


def _compiled(evaluator: str) -> Finding:
    advice = (
        "decisions work but take longer; install g++ (Linux) and unset MLX_DISABLE_COMPILE"
        if evaluator != "compiled"
        else ""
    )
    return judged("model: compiling", evaluator, advice)


def _files(listings: tuple[Listing, ...]) -> Finding:
    """An empty slot is no fault; a file that cannot be loaded is."""
    broken = [one for one in listings if not one.ready and one.path.exists()]
    if broken:
        advice = f"replace {broken[0].path}, or remove it"
        return amiss("model: weights", broken[0].detail, advice)
    ready = [one.name for one in listings if one.ready]
    return fine("model: weights", ", ".join(ready))


if __name__ == "__main__":
    sys.stdout.write(orjson.dumps(probe(Path(sys.argv[1]))).decode())
