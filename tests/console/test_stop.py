"""The stop key works everywhere, at once, and says what it did."""

from __future__ import annotations

import pytest
from textual.app import ComposeResult
from textual.command import CommandPalette
from textual.screen import ModalScreen
from textual.widgets import Input

from console.app import ConsoleApp
from engine.requests import Flatten, Halt
from tests.console.fakes import FakeEngine, sample_snapshot
from tests.console.screens import TINY, running, text_of


class Form(ModalScreen[None]):
    """A modal with a focused input, which swallows every printable key."""

    def compose(self) -> ComposeResult:
        yield Input()


async def test_halt_reaches_the_engine_at_once_and_is_said() -> None:
    engine = FakeEngine()
    async with running(engine, (120, 36)) as (app, pilot):
        await pilot.press("ctrl+x")
        assert engine.requests == [Halt("key")]
        await pilot.pause(0.1)
        assert "the order gate is shut" in text_of(app)


@pytest.mark.parametrize("key", ["ctrl+f", "r", "p", "m", "question_mark", "ctrl+p"])
async def test_halt_works_under_every_dialog_and_the_palette(key: str) -> None:
    engine = FakeEngine(sample_snapshot(state="HALTED", state_reason="halt key"))
    async with running(engine) as (app, pilot):
        await pilot.press(key)
        await pilot.pause()
        assert len(app.screen_stack) == 2, "the dialog did not open"
        await pilot.press("ctrl+x")
        assert engine.requests == [Halt("key")]


async def test_halt_works_while_an_input_has_the_focus() -> None:
    engine = FakeEngine()
    async with running(engine) as (app, pilot):
        await app.push_screen(Form())
        await pilot.press("x", "e", "ctrl+x")
        assert engine.requests == [Halt("key")]
        assert app.screen.query_one(Input).value == "xe"


async def test_halt_works_in_every_view() -> None:
    engine = FakeEngine()
    async with running(engine) as (_, pilot):
        for view in "dabtgl":
            await pilot.press(view, "ctrl+x")
        assert engine.requests == [Halt("key")] * 6


async def test_halt_works_on_a_terminal_too_small_to_show_anything() -> None:
    engine = FakeEngine()
    async with running(engine, TINY) as (_, pilot):
        await pilot.press("ctrl+x")
        assert engine.requests == [Halt("key")]


async def test_halt_works_while_the_display_is_frozen() -> None:
    engine = FakeEngine()
    async with running(engine) as (_, pilot):
        await pilot.press("space", "ctrl+x")
        assert engine.requests == [Halt("key")]


async def test_halt_with_a_dead_engine_does_not_claim_success() -> None:
    engine = FakeEngine(running=False)
    async with running(engine, (120, 36)) as (app, pilot):
        await pilot.press("ctrl+x")
        await pilot.pause(0.1)
        assert engine.requests == [Halt("key")]
        assert "the order gate is shut" not in text_of(app)
        assert "Check the venue" in text_of(app)


async def test_halt_from_the_palette_is_found_by_name() -> None:
    engine = FakeEngine()
    async with running(engine) as (app, pilot):
        await pilot.press("ctrl+p")
        await pilot.pause()
        assert isinstance(app.screen, CommandPalette)
        await pilot.press(*"halt")
        await pilot.pause(0.3)
        await pilot.press("down", "enter")
        await pilot.pause(0.3)
        assert engine.requests == [Halt("key")]


async def test_flatten_is_not_sent_without_its_dialog() -> None:
    engine = FakeEngine()
    async with running(engine) as (app, pilot):
        await pilot.press("ctrl+f", "escape")
        await pilot.pause()
        assert engine.requests == []
        app._flatten(True)
        assert engine.requests == [Flatten("key")]


async def _fail(engine: FakeEngine, apps: list[ConsoleApp]) -> None:
    async with running(engine) as (app, pilot):
        apps.append(app)
        app.call_later(lambda: 1 // 0)
        await pilot.pause(0.1)


async def test_a_fault_of_the_screen_halts_and_leaves_with_one_sentence(
    capsys: pytest.CaptureFixture[str],
) -> None:
    engine, apps = FakeEngine(), list[ConsoleApp]()
    with pytest.raises(ZeroDivisionError):
        await _fail(engine, apps)
    assert engine.requests == [Halt("console error")]
    assert apps[0].return_code == 1
    told = " ".join(capsys.readouterr().err.split())
    assert "the order gate is shut" in told
    assert "Traceback" not in told
    assert "FakeEngine" not in told
