"""The program dying in the middle of writing: before each step that a disk takes, or within one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from models import disk


class Killed(BaseException):
    """Stands for the power going off: nothing in the program may handle it."""


STEPS = ("stage", "commit", "remove", "sync_folder")


def killed_after(steps: int, write: Callable[[], object], patch: pytest.MonkeyPatch) -> bool:
    """Run `write`, dying before disk step number `steps`; whether it died."""
    done = 0
    with patch.context() as context:
        for name in STEPS:
            real = getattr(disk, name)

            def counted(*args: object, real: Callable[..., object] = real) -> None:
                nonlocal done
                if done == steps:
                    raise Killed
                done += 1
                real(*args)

            context.setattr(disk, name, counted)
        try:
            write()
        except Killed:
            return True
    return False


def torn_after(steps: int, write: Callable[[], object], patch: pytest.MonkeyPatch) -> bool:
    """As `killed_after`, with half of the file written that was being staged."""
    real = disk.stage
    done = 0

    def torn(path: Path, data: bytes) -> None:
        nonlocal done
        if done == steps:
            real(path, data[: len(data) // 2])
            raise Killed
        done += 1
        real(path, data)

    with patch.context() as context:
        context.setattr(disk, "stage", torn)
        try:
            write()
        except Killed:
            return True
    return False
