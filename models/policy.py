"""A loaded model with its compiled call.

Owns every MLX array of a model between numpy in and numpy out. Does not choose among models
(`models.ladder`) and does not judge the outputs beyond their being numbers.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import mlx.core as mx
import numpy as np
from numpy.typing import NDArray

from models.architecture import ROW, TEMPORAL
from models.checkpoint import Checkpoint, read_checkpoint
from models.errors import NonFiniteOutput, WeightsError
from models.fused import Forward, fuse
from models.manifest import Manifest
from models.stats import Stats
from models.tensor_file import Tensors

Floats = NDArray[np.float32]

_TRIAL_ROWS = (1, 2, 3, 4)
"""Batch sizes tried at load, so that none of them compiles while a decision waits."""


class Policy:
    """Current and temporal rows to probabilities and values."""

    __slots__ = ("_checkpoint", "_forward", "device", "evaluator")

    device: str
    """``cpu`` or ``gpu``: where MLX computes."""
    evaluator: str
    """``compiled``, or ``eager: <reason>``."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        """Build and try the call. WeightsError where even zeros give NaN or infinity."""
        self._checkpoint = checkpoint
        self.device = "cpu" if _on_cpu() else "gpu"
        self._forward, self.evaluator = _evaluator(fuse(checkpoint.architecture, self.tensors))
        try:
            self.forward(np.zeros((1, ROW), np.float32), np.zeros((1, TEMPORAL), np.float32))
        except NonFiniteOutput:
            raise WeightsError(
                f"{self.path}: its weights are so large that zeros give no number; use another file"
            ) from None

    def __repr__(self) -> str:
        return f"<Policy {self.architecture} {self.policy_id} {self.evaluator}>"

    @property
    def architecture(self) -> str:
        """``phase5`` or ``pre_phase5``."""
        return self._checkpoint.architecture.name

    @property
    def sha256(self) -> str:
        """Of the weight file's bytes, 64 hex digits."""
        return self._checkpoint.sha256

    @property
    def policy_id(self) -> str:
        """The first 12 hex digits of `sha256`."""
        return self.sha256[:12]

    @property
    def path(self) -> Path:
        """The weight file."""
        return self._checkpoint.path

    @property
    def stats(self) -> Stats | None:
        """None: there is no stats file beside the weights."""
        return self._checkpoint.stats

    @property
    def manifest(self) -> Manifest | None:
        """None: there is no manifest beside the weights."""
        return self._checkpoint.manifest

    @property
    def trained(self) -> bool:
        """False only where the manifest says that these are initial weights."""
        return self._checkpoint.trained

    @property
    def tensors(self) -> Tensors:
        """The weights as read-only float32 arrays, ready to be saved again."""
        return self._checkpoint.tensors

    def forward(self, current: Floats, temporal: Floats) -> tuple[Floats, Floats]:
        """Probabilities (N, 3) and values (N,), float32, for N >= 1 rows.

        `current` is (N, 18); `temporal` is (N, 90), five states oldest first, and is ignored by
        ``pre_phase5``. Raises ValueError for other shapes and for inputs that are not finite, and
        NonFiniteOutput where finite inputs give NaN or infinity.
        """
        rows, histories = _checked(current, temporal)
        both = self._forward(mx.array(rows), mx.array(histories))
        mx.eval(*both)
        # Copies: a view would keep the MLX buffer alive in whatever thread holds the numbers.
        probs, values = np.array(both[0]), np.array(both[1])
        if not (np.isfinite(probs).all() and np.isfinite(values).all()):
            raise NonFiniteOutput(f"{self.architecture} {self.policy_id} gave NaN or infinity")
        return probs, values


def load_policy(path: str | Path) -> Policy:
    """The policy at `path`: a weight file, or a folder with an ``rl_model.safetensors``.

    Raises WeightsError, one sentence, unless the weights and every file beside them are whole
    and agree; nothing is half-loaded.
    """
    return Policy(read_checkpoint(path))


def _checked(current: Floats, temporal: Floats) -> tuple[Floats, Floats]:
    rows = np.asarray(current, np.float32)
    histories = np.asarray(temporal, np.float32)
    count = len(rows) if rows.ndim else 0
    if not count or rows.shape != (count, ROW) or histories.shape != (count, TEMPORAL):
        raise ValueError(
            f"current and temporal are {rows.shape} and {histories.shape},"
            f" not (N, {ROW}) and (N, {TEMPORAL}) with N >= 1"
        )
    if not (np.isfinite(rows).all() and np.isfinite(histories).all()):
        raise ValueError("current or temporal holds NaN or infinity; leave such rows out")
    return rows, histories


def _evaluator(forward: Forward) -> tuple[Forward, str]:
    """`forward` compiled where that works here, and which it is; tried before it is returned."""
    obstacle = _obstacle()
    if not obstacle:
        compiled: Forward = mx.compile(forward)
        try:
            _try(compiled)
        # MLX raises RuntimeError for whatever its compiler or its cache folder lacks.
        except RuntimeError as error:
            obstacle = str(error).splitlines()[0][:120]
        else:
            return compiled, "compiled"
    _try(forward)
    return forward, f"eager: {obstacle}"


def _obstacle() -> str:
    """Why MLX would silently not compile, or "".

    On the CPU it writes C++ and calls ``g++``; without one it evaluates eagerly and says nothing.
    """
    if "MLX_DISABLE_COMPILE" in os.environ:
        return "MLX_DISABLE_COMPILE is set"
    if _on_cpu() and shutil.which("g++") is None:
        return "no g++ on PATH"
    return ""


def _on_cpu() -> bool:
    return bool(mx.default_device() == mx.Device(mx.cpu, 0))


def _try(forward: Forward) -> None:
    for count in _TRIAL_ROWS:
        mx.eval(*forward(mx.zeros((count, ROW)), mx.zeros((count, TEMPORAL))))
