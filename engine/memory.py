"""How much memory the program and its arrays take.

Owns the measurement only: what is too much is the engine's to say. None means that the number
could not be had, and must be shown as unknown, never as 0. Costs some 10 microseconds.
"""

from __future__ import annotations

from dataclasses import dataclass

import mlx.core as mx
import psutil


@dataclass(frozen=True, slots=True)
class Memory:
    """One measurement, all in bytes."""

    rss: int | None
    """Resident set of this process."""
    mlx_active: int | None
    """Arrays alive now."""
    mlx_peak: int | None
    """Most that was ever alive since the process began."""
    mlx_cache: int | None
    """Freed by arrays and kept by MLX for the next ones."""


def measure() -> Memory:
    """The memory of this process now. Call it in the thread that owns the arrays."""
    active, peak, cache = _mlx_bytes()
    return Memory(_resident_bytes(), active, peak, cache)


def _resident_bytes() -> int | None:
    try:
        return int(psutil.Process().memory_info().rss)
    except psutil.Error:
        return None


def _mlx_bytes() -> tuple[int, int, int] | tuple[None, None, None]:
    try:
        return mx.get_active_memory(), mx.get_peak_memory(), mx.get_cache_memory()
    except RuntimeError:  # how MLX reports a device that it cannot open
        return None, None, None
