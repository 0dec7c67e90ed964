"""A start that takes long is told, and a quick one leaves nothing on the terminal."""

from __future__ import annotations

from typing import cast

import pytest

from console.run_command import LOOK_S, PATIENCE_S, PREPARING, _wait_started
from console.signals import Signals
from engine.thread import EngineThread

PATIENT = round(PATIENCE_S / LOOK_S)
"""Looks that a start may take in silence."""


class Starting:
    """An engine that needs so many looks before it has started."""

    def __init__(self, looks: int) -> None:
        self.looks = looks

    def wait_started(self, _timeout: float | None = None) -> bool:
        self.looks -= 1
        return self.looks <= 0


@pytest.mark.parametrize(("looks", "told"), [(1, ""), (PATIENT + 1, PREPARING)])
def test_only_a_start_that_takes_long_is_told_in_one_line(
    looks: int, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _wait_started(cast("EngineThread", Starting(looks)), Signals("hold", leave_s=3.0))
    out, err = capsys.readouterr()
    assert (out, err) == ("", told)
    assert told.count("\n") <= 1
