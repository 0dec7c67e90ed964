"""Leaving the screen: the exit code is that of what ended it."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from console.app import ConsoleApp
from console.screen import Left, Wishes, show
from tests.console.fakes import FakeEngine


class Leaving:
    """An app that ends at once, having failed or not."""

    def __init__(self, engine: FakeEngine, **_: object) -> None:
        self.engine = engine
        self.return_code: int | None = None
        self.privacy = True

    def restore_terminal(self) -> None:
        """What the real one does in the last moment."""

    async def run_async(self, *, mouse: bool) -> str | None:
        return "keep"


class Failing(Leaving):
    async def run_async(self, *, mouse: bool) -> str | None:
        self.return_code = 1
        return None


@pytest.mark.parametrize(
    ("app", "left"),
    [(Leaving, Left("keep", 0, privacy=True)), (Failing, Left(None, 1, privacy=True))],
)
def test_a_screen_that_failed_ends_with_one(app: type[Leaving], left: Left) -> None:
    stand_in = cast("type[ConsoleApp]", app)
    assert show(FakeEngine(), Wishes(Path()), app_of=stand_in) == left
