"""Weight files as a person asks about them: inspecting, listing, importing.

Owns the slots in the folder of models. Reads through `models.checkpoint`, so what is shown here
is what would be loaded; computes nothing with a network and prints nothing.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.architecture import PHASE5, PRE_PHASE5, Architecture, Shape
from models.checkpoint import FILE_NAME, Checkpoint, Files, read_checkpoint, save_policy
from models.errors import WeightsError
from models.manifest import Manifest, Origin
from models.shipped import shipped
from models.stats import Stats

SLOTS = ("champion", "checkpoint", "pre_phase5")
"""Folders below the folder of models, each with one checkpoint."""

PREVIOUS = ".previous"
"""Suffix of the folder that keeps what an import replaced."""


@dataclass(frozen=True, slots=True)
class TensorView:
    """One row of the table of tensors."""

    name: str
    shape: Shape
    norm: float
    """Euclidean norm of its numbers."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """Everything that can be said of a weight file without running it."""

    path: Path
    architecture: str
    sha256: str
    size: int
    """Bytes."""
    params: int
    tensors: tuple[TensorView, ...]
    """By name."""
    stats: Stats | None
    manifest: Manifest | None
    trained: bool


@dataclass(frozen=True, slots=True)
class Listing:
    """One slot, or one set of shipped weights."""

    name: str
    """The slot, or ``shipped phase5`` and ``shipped pre_phase5``."""
    architecture: str
    """``phase5``, ``pre_phase5`` or ``none``."""
    ready: bool
    detail: str
    """Policy id and training, or why it cannot be used."""
    path: Path


def inspect(path: str | Path) -> Inspection:
    """The weight file at `path`, or in the folder `path`. Raises WeightsError as loading does."""
    return _inspection(read_checkpoint(path))


def list_models(models_dir: Path) -> tuple[Listing, ...]:
    """Every slot below `models_dir`, which need not exist, then the shipped weights."""
    slots = [_listing(slot, slot_file(models_dir, slot)) for slot in SLOTS]
    return (*slots, *(_listing(_shipped_name(a), shipped(a)) for a in (PHASE5, PRE_PHASE5)))


def import_model(source: str | Path, models_dir: Path, slot: str) -> Inspection:
    """Put the weights at `source` into a slot; what lay there is kept as ``<slot>.previous``.

    Raises WeightsError, with the slot unchanged, for weights that would not load, for an unknown
    slot, and for weights that are not pre-Phase-5 in the slot of that name.
    """
    if slot not in SLOTS:
        raise WeightsError(f"{slot[:40]}: is no slot; choose one of {', '.join(SLOTS)}")
    found = read_checkpoint(source)
    if slot == PRE_PHASE5.name and found.architecture is not PRE_PHASE5:
        raise WeightsError(
            f"{found.path}: is {found.architecture.name}, but the slot {slot} is the fallback for"
            " other architectures; choose the slot champion"
        )
    target = slot_file(models_dir, slot)
    _keep_previous(target)
    origin = Origin("import", found.trained) if found.manifest is None else found.manifest.origin
    save_policy(target, found.tensors, found.stats, origin)
    return inspect(target)


def slot_file(models_dir: Path, slot: str) -> Path:
    """The weight file of a slot."""
    return models_dir / slot / FILE_NAME


def _keep_previous(target: Path) -> None:
    """Copy the slot's files aside, unread: a broken one may still be wanted for inspection."""
    if not target.exists():
        return
    files = Files.of(target)
    kept = target.parent.with_name(target.parent.name + PREVIOUS)
    try:
        kept.mkdir(mode=0o700, exist_ok=True)
        for file in (files.weights, files.stats, files.manifest):
            (kept / file.name).unlink(missing_ok=True)
            if file.exists():
                shutil.copy(file, kept)
    except OSError as error:
        raise WeightsError(
            f"{kept}: the replaced weights cannot be kept ({error.strerror}); free space or check"
            " the folder"
        ) from None


def _inspection(found: Checkpoint) -> Inspection:
    return Inspection(
        path=found.path,
        architecture=found.architecture.name,
        sha256=found.sha256,
        size=found.size,
        params=found.architecture.params,
        tensors=tuple(
            TensorView(name, array.shape, float(np.linalg.norm(array.astype(np.float64))))
            for name, array in sorted(found.tensors.items())
        ),
        stats=found.stats,
        manifest=found.manifest,
        trained=found.trained,
    )


def _shipped_name(architecture: Architecture) -> str:
    return f"shipped {architecture.name}"


_INSTEAD = {
    "champion": f"empty: {_shipped_name(PHASE5)} stands in for it",
    PRE_PHASE5.name: f"empty: {_shipped_name(PRE_PHASE5)} stands in for it",
}
"""What to say of an empty slot that the ladder fills with shipped weights."""


def _listing(name: str, path: Path) -> Listing:
    if not path.exists():
        return Listing(name, "none", ready=False, detail=_INSTEAD.get(name, "empty"), path=path)
    try:
        found = read_checkpoint(path)
    except WeightsError as error:
        return Listing(name, "none", ready=False, detail=str(error), path=path)
    trained = "trained" if found.trained else "untrained"
    detail = f"{found.sha256[:12]} {trained}"
    return Listing(name, found.architecture.name, ready=True, detail=detail, path=path)
