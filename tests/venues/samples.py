"""Key sets of real messages, where the reference data is at hand."""

from __future__ import annotations

import json
from typing import Any

from tests.shared import SHARED

SAMPLES = SHARED / "samples"


def polymarket(name: str) -> Any:
    return json.loads((SAMPLES / "polymarket" / f"{name}.json").read_text("utf-8"))


def venue(file: str, name: str) -> Any:
    """The raw message of that name."""
    entries = json.loads((SAMPLES / "venues" / f"{file}.json").read_text("utf-8"))
    return json.loads(next(entry["raw"] for entry in entries if entry["name"] == name))


def differing(real: Any, ours: Any, path: str = "") -> list[str]:
    """Where our message has a key or a type that the real one has not; keys left out are fine."""
    if isinstance(real, dict) and isinstance(ours, dict):
        extra = [f"{path}.{key}: not in the real one" for key in ours if key not in real]
        both = [key for key in ours if key in real]
        return extra + [d for key in both for d in differing(real[key], ours[key], f"{path}.{key}")]
    if isinstance(real, list) and isinstance(ours, list) and real and ours:
        return differing(real[0], ours[0], f"{path}[]")
    same = type(real) is type(ours) or {type(real), type(ours)} <= {int, float}
    return [] if same else [f"{path}: {type(real).__name__} there, {type(ours).__name__} here"]


def missing(real: dict[str, Any], ours: dict[str, Any]) -> set[str]:
    """Keys that the real message has and ours has not."""
    return set(real) - set(ours)
