"""A training small enough for a test: one window of one asset, ticks far apart."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from engine.learning.profile import PHASE5 as PROFILE
from engine.settings import Settings
from engine.training.plan import Plan
from models.architecture import PRE_PHASE5, Architecture
from models.initial import initial_tensors
from models.tensor_file import tensor_bytes
from tests.engine import recordings as rec

COARSE = Settings(decision_ms=5_000)
"""A tenth of the usual ticks."""


def recording(folder: Path, outcome: str | None = "UP") -> Path:
    """A whole window with both books, every 4 s one message of each, and its verdict."""
    folder.mkdir(parents=True, exist_ok=True)
    books = [
        rec.book(rec.T0 + s * 1000, token=token)
        for s in range(1, 900, 4)
        for token in (rec.UP, rec.DOWN)
    ]
    return rec.write(folder, rec.market(), *books, rec.resolution(rec.T0 + 930_000, outcome))


@cache
def weights(architecture: Architecture = PRE_PHASE5, seed: int = 3) -> bytes:
    """A file of untrained weights."""
    return tensor_bytes(architecture, initial_tensors(architecture, seed))


def plan(**fields: Any) -> Plan:
    """A plan; `fields` replace."""
    return Plan(
        **{
            "architecture": PRE_PHASE5,
            "profile": PROFILE,
            "minibatch": 64,
            "settings": COARSE,
            "seed": 11,
            "start": hashlib.sha256(weights()).hexdigest(),
            "recordings": (),
            "embedded": True,
            "segments": 3,
            "windows": 1,
            **fields,
        }
    )
