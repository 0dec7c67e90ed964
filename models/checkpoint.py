"""Weights, stats and manifest as one unit on disk.

Owns the names of the three files, and that a reader gets either the old three or the new three
whenever the writer died. Uses no MLX, so files can be inspected where none is installed.

A save stages all three, then renames weights, stats and manifest, in this order. A reader who
finds weights that the manifest does not describe looks at the staged manifest: if that one
describes them, the writer died between the renames, everything of the new save is on disk
(staged or renamed), and the reader uses it. If not, the weights were exchanged behind the
manifest's back and are refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from models import disk
from models import manifest as manifests
from models import stats as statistics
from models import tensor_file as weights
from models.architecture import Architecture
from models.errors import WeightsError
from models.manifest import Manifest, Origin
from models.stats import Stats
from models.tensor_file import Tensors

FILE_NAME = "rl_model.safetensors"
"""Name of the weight file where a folder is given."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Everything that the three files say, checked."""

    path: Path
    """The weight file."""
    size: int
    """Its bytes."""
    sha256: str
    """Of its bytes, 64 hex digits."""
    architecture: Architecture
    tensors: Tensors
    stats: Stats | None
    """None: there is no stats file."""
    manifest: Manifest | None
    """None: there is no manifest, as beside the original files."""

    @property
    def trained(self) -> bool:
        """False only where the manifest says that these are initial weights."""
        return self.manifest is None or self.manifest.origin.trained


@dataclass(frozen=True, slots=True)
class Files:
    """Where the three files of one checkpoint lie."""

    weights: Path
    stats: Path
    manifest: Path

    @classmethod
    def of(cls, path: str | Path) -> Files:
        """For a weight file, or for a folder with a `FILE_NAME` in it.

        Raises WeightsError for a path that the system refuses.
        """
        path = Path(path)
        try:
            weights = path / FILE_NAME if path.is_dir() else path
        except OSError as error:
            raise WeightsError(f"{path}: is no usable path ({error.strerror})") from None
        return cls(
            weights,
            weights.with_name(f"{weights.stem}_stats.npz"),
            weights.with_name(f"{weights.stem}.manifest.json"),
        )


def read_checkpoint(path: str | Path) -> Checkpoint:
    """What lies at `path` (a weight file, or a folder with an ``rl_model.safetensors``).

    Raises WeightsError unless every file that is there is whole and agrees with the others.
    """
    files = Files.of(path)
    data = disk.read_bounded(files.weights, weights.LARGEST)
    architecture, tensors = weights.parse_tensors(data, str(files.weights))
    sha256 = _sha256(data)
    manifest = _manifest(files, sha256)
    if manifest is not None and manifest.architecture != architecture.name:
        raise WeightsError(
            f"{files.manifest}: says {manifest.architecture[:40]}, but the weights beside it are"
            f" {architecture.name}; restore the file or remove it"
        )
    stats = _stats(files, manifest, architecture)
    return Checkpoint(files.weights, len(data), sha256, architecture, tensors, stats, manifest)


def save_policy(
    path: str | Path, tensors: Mapping[str, NDArray[Any]], stats: Stats | None, origin: Origin
) -> Manifest:
    """Write a checkpoint over whatever is at `path`; a crash leaves the old one or the new one.

    `tensors` are float32 arrays named and shaped as `models.architecture` says. Raises
    WeightsError, with the old files still in force, for bad tensors or stats and where the disk
    refuses.
    """
    files = Files.of(path)
    architecture = weights.check_tensors(tensors, f"{files.weights} (to be saved)")
    if stats is not None:
        statistics.refuse_nonsense(stats, f"{files.stats} (to be saved)")
    data = weights.tensor_bytes(architecture, tensors)
    stats_data = None if stats is None else statistics.stats_bytes(stats, architecture)
    stats_sha256 = None if stats_data is None else _sha256(stats_data)
    manifest = Manifest(architecture.name, _sha256(data), stats_sha256, origin)
    try:
        _write(files, data, stats_data, manifests.manifest_bytes(manifest))
    except OSError as error:
        raise WeightsError(
            f"{files.weights}: cannot be saved ({error.strerror}); free space or check the folder"
        ) from None
    return manifest


def _write(files: Files, data: bytes, stats: bytes | None, manifest: bytes) -> None:
    files.weights.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _finish_interrupted(files)
    disk.stage(files.weights, data)
    if stats is not None:
        disk.stage(files.stats, stats)
    disk.stage(files.manifest, manifest)
    disk.sync_folder(files.weights.parent)
    disk.commit(files.weights)
    if stats is None:
        disk.remove(files.stats)
    else:
        disk.commit(files.stats)
    disk.commit(files.manifest)


def _finish_interrupted(files: Files) -> None:
    """Do the renames that an interrupted save still owes, before its staged files are reused."""
    pending = _staged_manifest(files)
    if pending is None or not files.weights.is_file():
        return
    if _sha256(files.weights.read_bytes()) != pending.sha256:
        return
    stats = disk.staged(files.stats)
    if stats.exists() and _sha256(stats.read_bytes()) == pending.stats_sha256:
        disk.commit(files.stats)
    disk.commit(files.manifest)


def _manifest(files: Files, sha256: str) -> Manifest | None:
    """The manifest that describes the weights; None where there is none at all."""
    settled = None
    if files.manifest.exists():
        data = disk.read_bounded(files.manifest, manifests.LARGEST)
        settled = manifests.parse_manifest(data, str(files.manifest))
    if settled is not None and settled.sha256 == sha256:
        return settled
    pending = _staged_manifest(files)
    if pending is not None and pending.sha256 == sha256:
        return pending
    if settled is None:
        return None
    raise WeightsError(
        f"{files.weights}: is not the file that its manifest describes (sha256 {sha256[:12]}"
        f" instead of {settled.sha256[:12]}); restore the weights or remove {files.manifest.name}"
    )


def _staged_manifest(files: Files) -> Manifest | None:
    """The manifest of an unfinished save; None where there is none or it is not whole."""
    path = disk.staged(files.manifest)
    if not path.exists():
        return None
    try:
        return manifests.parse_manifest(disk.read_bounded(path, manifests.LARGEST), str(path))
    except WeightsError:
        return None  # the writer died while staging it, so no rename had begun


def _stats(files: Files, manifest: Manifest | None, architecture: Architecture) -> Stats | None:
    data = _stats_data(files, manifest)
    return None if data is None else statistics.parse_stats(data, architecture, str(files.stats))


def _stats_data(files: Files, manifest: Manifest | None) -> bytes | None:
    """The bytes of the stats that belong to the weights; None where there are none."""
    if manifest is not None and manifest.stats_sha256 is None:
        return None  # saved without: what lies there is the former weights', not yet removed
    places = (files.stats,) if manifest is None else (files.stats, disk.staged(files.stats))
    found = [disk.read_bounded(place, statistics.LARGEST) for place in places if place.exists()]
    if manifest is None or not found:
        return found[0] if found else None
    for data in found:
        if _sha256(data) == manifest.stats_sha256:
            return data
    raise WeightsError(
        f"{files.stats}: is not the file that {files.manifest.name} describes; restore it or"
        " remove it"
    )


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
