"""The writes that a terminal takes, and those that are not worth waiting for."""

from __future__ import annotations

import io

from console.driver import FRAMES, MOST, SHORT, Outlet

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
