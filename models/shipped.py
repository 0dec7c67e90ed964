"""The weights that come with the program, in ``models/weights/``.

Owns where they lie. They were trained on the embedded market by ``trade-console train``, from
seeded initial weights and on no recording; the README has the commands, which make the same bytes
again on the same kind of machine.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from models.architecture import Architecture
from models.checkpoint import FILE_NAME

SHIPPED: Final = Path(__file__).parent / "weights"
"""The folder with one folder for each architecture, inside the installed package."""


def shipped(architecture: Architecture) -> Path:
    """The weight file that comes with the program."""
    return SHIPPED / architecture.name / FILE_NAME
