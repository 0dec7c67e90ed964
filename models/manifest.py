"""Where weights come from, and the hashes of their files, as ``<stem>.manifest.json``.

Owns that file's format. Original weights have none; everything saved here has one.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, replace

from models.errors import WeightsError

VERSION = 2
"""Of the file's format as written. Version 1, which could not say what was learned from, is read
too; any other is refused."""

LARGEST = 1 << 16
"""Bytes."""

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Origin:
    """What the writer of weights knows of them."""

    created_by: str
    """Which part of which program wrote them."""
    trained: bool
    """False: seeded initial weights that have seen no data."""
    profile: str | None = None
    """Name of the hyper-parameters; None: unknown."""
    feature_schema: str | None = None
    """Hash of the features they were made for; None: unknown."""
    parent: str | None = None
    """sha256 of the weights they were trained from; None: unknown or none."""
    learned_until: int | None = None
    """Unix ms of the newest recorded data that they learned from; None: from no recording."""
    learned_from: tuple[str, ...] = ()
    """Names of all that they learned from, recorded or made up; empty: unknown or nothing."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """An origin bound to the bytes of one weight file and its stats file."""

    architecture: str
    sha256: str
    """Of the weight file, 64 hex digits."""
    stats_sha256: str | None
    """Of the stats file; None: saved without one."""
    origin: Origin


def manifest_bytes(manifest: Manifest) -> bytes:
    """The file: one flat JSON object, keys sorted.

    Raises WeightsError for one so long that it would not be read again.
    """
    flat = {"version": VERSION, **asdict(manifest)}
    flat |= flat.pop("origin")
    data = (json.dumps(flat, indent=2, sort_keys=True) + "\n").encode()
    if len(data) > LARGEST:
        raise WeightsError(
            f"the manifest to be saved has {len(data)} bytes, more than {LARGEST}; name fewer or"
            " shorter things that the weights learned from"
        )
    return data


def parse_manifest(data: bytes, where: str) -> Manifest:
    """The manifest in `data`; WeightsError for anything that `manifest_bytes` would not write."""
    try:
        flat = json.loads(data)
    # RecursionError: a file of nothing but opening brackets.
    except (ValueError, RecursionError):
        raise WeightsError(f"{where}: is not JSON; restore the file or remove it") from None
    fault = _fault(flat)
    if fault:
        raise WeightsError(f"{where}: {fault}; restore the file or remove it")
    origin = Origin(**{name: flat[name] for name in Origin.__slots__ if name in flat})
    origin = replace(origin, learned_from=tuple(origin.learned_from))
    return Manifest(flat["architecture"], flat["sha256"], flat["stats_sha256"], origin)


_TEXT = ("architecture", "created_by")
_TEXT_OR_NULL = ("profile", "feature_schema")
_HASH_OR_NULL = ("stats_sha256", "parent")
_KEYS_1 = {"version", "sha256", "trained", *_TEXT, *_TEXT_OR_NULL, *_HASH_OR_NULL}
_KEYS = {1: _KEYS_1, VERSION: _KEYS_1 | {"learned_until", "learned_from"}}
"""By version of the format."""


def _fault(flat: object) -> str:
    """What is wrong with the parsed JSON, or ""."""
    if not isinstance(flat, dict):
        return "is not a JSON object"
    version = flat.get("version")
    if type(version) is not int or version not in _KEYS:
        return f"has format version {version!r:.20} instead of {VERSION}"
    if flat.keys() != _KEYS[version]:
        return (
            f"has missing or unknown keys ({', '.join(sorted(flat.keys() ^ _KEYS[version])[:3])})"
        )
    checks = {
        **{name: isinstance(flat[name], str) for name in _TEXT},
        **{name: isinstance(flat[name], str | None) for name in _TEXT_OR_NULL},
        **{name: flat[name] is None or _is_hash(flat[name]) for name in _HASH_OR_NULL},
        "sha256": _is_hash(flat["sha256"]),
        "trained": isinstance(flat["trained"], bool),
        "learned_until": _is_time_or_null(flat.get("learned_until")),
        "learned_from": _is_list_of_text(flat.get("learned_from", [])),
    }
    wrong = [name for name, right in checks.items() if not right]
    return f"{wrong[0]} cannot be {flat[wrong[0]]!r:.40}" if wrong else ""


def _is_time_or_null(value: object) -> bool:
    return value is None or (type(value) is int and value >= 0)  # True is an int, and no time


def _is_list_of_text(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _is_hash(value: object) -> bool:
    return isinstance(value, str) and _SHA256.fullmatch(value) is not None
