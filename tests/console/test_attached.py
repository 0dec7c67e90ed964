"""The screen of an engine in another process: whatever becomes of it, the engine goes on."""

from __future__ import annotations

from console.attached import AttachedApp
from tests.console.fakes import FakeEngine


async def test_quitting_asks_nothing_and_leaves_the_engine_alone() -> None:
    engine = FakeEngine()
    app = AttachedApp(engine)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("q")
        await pilot.pause()
    assert app.return_value is None
    assert app.return_code == 0
    assert engine.requests == []


async def test_a_screen_that_fails_halts_nothing() -> None:
    engine = FakeEngine()
    app = AttachedApp(engine)
    async with app.run_test(size=(120, 36)) as pilot:
        app._fail("the terminal can no longer be read")
        await pilot.pause()
    assert app.return_code == 1
    assert engine.requests == []
