"""A home whose path is short enough for a socket on every system."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.home import VARIABLE, Home


@pytest.fixture
def home() -> Iterator[Home]:
    with tempfile.TemporaryDirectory(prefix="tc-") as root:
        yield Home.open({VARIABLE: str(Path(root))})
