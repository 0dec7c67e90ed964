"""The writes that a terminal takes, and those that are not worth waiting for."""

from __future__ import annotations

import io
import os
import threading

from textual.app import App
from textual.events import Key

from console.app import ConsoleApp
from console.driver import FRAMES, MOST, SHORT, Outlet, SparingDriver
from engine.requests import Halt
from tests.console.fakes import FakeEngine
from tests.console.screens import running

FRAME = "x" * (SHORT + 1)


class HungUp(io.StringIO):
    def write(self, data: str) -> int:
        raise OSError(5, "Input/output error")


def behind(writes: int) -> Outlet:
    outlet = Outlet(io.StringIO())
    for _ in range(writes):
        outlet.expect()
    return outlet


def test_a_frame_that_would_be_old_when_read_is_not_sent() -> None:
    assert behind(FRAMES - 1).fits(FRAME)
    assert not behind(FRAMES).fits(FRAME)


def test_what_leaves_the_screen_fits_where_no_frame_does() -> None:
    assert behind(FRAMES + 10).fits("\x1b[?1049l")
    assert not behind(MOST).fits("\x1b[?1049l")


def test_a_terminal_that_hung_up_swallows_what_is_written() -> None:
    outlet = Outlet(HungUp())
    outlet.expect()
    outlet.write("anything")
    assert outlet.behind == 0


def test_a_reader_that_catches_up_makes_room() -> None:
    outlet = behind(FRAMES)
    outlet.write("the first")
    assert outlet.fits(FRAME)


async def test_the_stop_key_is_obeyed_before_the_screen_has_a_turn() -> None:
    """The loop of the screen is held all the while, by this very test."""
    engine = FakeEngine()
    reads, writes = os.pipe()
    driver = SparingDriver(ConsoleApp(engine))
    driver.fileno = reads
    reading = threading.Thread(target=driver.run_input_thread)
    reading.start()
    os.write(writes, b"x\x18")
    os.close(writes)
    for _ in range(1_000):
        if not engine.requests:
            reading.join(0.01)
    driver.exit_event.set()
    reading.join()
    os.close(reads)
    assert engine.requests == [Halt("key")]


async def test_a_stop_key_that_was_obeyed_as_it_was_read_is_said_and_not_asked_again() -> None:
    engine = FakeEngine()
    async with running(engine, (120, 36)) as (app, pilot):
        app.halt_ahead()
        await pilot.press("ctrl+x")
        assert engine.requests == [Halt("key")]
        await pilot.press("ctrl+x")  # one that did not come ahead
        assert engine.requests == [Halt("key")] * 2


async def test_an_app_without_an_engine_has_nothing_to_halt() -> None:
    SparingDriver(App()).process_message(Key("ctrl+x", None))
