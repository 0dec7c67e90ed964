"""What the value of an option may be.

Owns the ranges, and the words for a value outside them: each function raises ArgumentTypeError
with a clause that names the value.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

FASTEST = "max"
"""The speed without limit, as it is typed."""


def as_speed(text: str) -> float:
    """Market seconds a real second; inf for `FASTEST`."""
    if text == FASTEST:
        return math.inf
    try:
        speed = float(text)
    except ValueError:
        speed = math.nan
    if not 0 < speed <= 100_000:
        raise argparse.ArgumentTypeError(f"{text!r} is no speed; give a number above 0, or max")
    return speed


def as_whole(text: str) -> int:
    """A count, from 1."""
    if not text.isdecimal() or not 0 < int(text) <= 1_000_000:
        raise argparse.ArgumentTypeError(f"{text!r} is no count; give a whole number from 1")
    return int(text)


def as_minutes(text: str) -> float:
    """Real minutes."""
    try:
        minutes = float(text)
    except ValueError:
        minutes = math.nan
    if not 0 < minutes <= 100_000:
        raise argparse.ArgumentTypeError(f"{text!r} is no time; give minutes above 0")
    return minutes


def as_count(text: str) -> int:
    """Windows, from 1."""
    if not text.isdecimal() or not 0 < int(text) <= 1_000_000:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of windows; give 1 or more")
    return int(text)


def as_folder(text: str) -> Path:
    """A folder. An empty name is an unset variable of the shell, not the current folder."""
    if not text:
        raise argparse.ArgumentTypeError("an empty name is no folder; give one, or . for this one")
    return Path(text)


def as_seed(text: str) -> int:
    """A whole number from 0 that fits 63 bits."""
    if not text.isdecimal() or int(text) >= 2**63:
        raise argparse.ArgumentTypeError(f"{text!r} is no seed; give a whole number from 0")
    return int(text)
