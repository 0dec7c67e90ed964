"""Where the reference data lies, for tests that compare with it.

The data is not part of the project; a checkout without it skips those tests and says so.
"""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[1].parent / "shared"
"""Folder beside the checkout with golden numbers, weights, samples and recordings."""

needs_shared = pytest.mark.skipif(
    not SHARED.is_dir(), reason="reference data folder `shared` is not beside this checkout"
)
