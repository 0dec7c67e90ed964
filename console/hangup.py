"""What becomes of a run whose terminal went away: sold and left, left, or gone on with unseen.

Owns the two things that take doing. Which of them is done, and when, `console.signals` decides.
"""

from __future__ import annotations

import errno
import os
import stat
import termios
from collections.abc import Callable
from contextlib import suppress

from engine.clock import Clock, SystemClock
from engine.requests import CloseOut, EnginePort
from engine.snapshot import Snapshot

LOOK_S = 0.1
"""Real seconds between two looks at what is still held."""

STREAMS = (0, 1, 2)
"""Descriptors of standard input, output and error."""

Wait = Callable[[float], object]
"""Waits for so many seconds, or less where there is nothing to wait for any more."""


def sell_out(
    engine: EnginePort, origin: str, seconds: float, wait: Wait, clock: Clock | None = None
) -> bool:
    """Have everything sold that can be, for at most `seconds`. False: some of it is still held.

    `origin` says who asked. Nothing more is opened from here on, whatever comes of it.
    """
    clock = clock or SystemClock()
    # Of the next two pictures one may have been begun before the question was heard.
    heard = engine.latest().seq + 2
    engine.ask(CloseOut(origin))
    deadline = clock.mono() + seconds
    while not _sold(engine.latest(), heard) and engine.alive():
        if clock.mono() >= deadline:
            return False
        wait(LOOK_S)
    return not sellable(engine.latest())


def _sold(snapshot: Snapshot, heard: int) -> bool:
    """Whether nothing is left to sell, as seen after the question: an older picture may lack what
    has been bought since."""
    return snapshot.seq >= heard and not sellable(snapshot)


def sellable(snapshot: Snapshot) -> bool:
    """Whether anything is under way, or held without waiting for its resolution."""
    return any(
        asset.working or (asset.position and not asset.position.note.startswith("awaiting"))
        for asset in snapshot.assets
    )


def let_go(streams: tuple[int, ...] = STREAMS) -> None:
    """Put nothing in the place of each of `streams` that is a terminal, gone or not.

    What was redirected to a file or a pipe stays: its reader is still there.
    """
    nowhere = os.open(os.devnull, os.O_RDWR)
    try:
        for stream in streams:
            if _is_terminal(stream):
                os.dup2(nowhere, stream)
    finally:
        os.close(nowhere)


def _is_terminal(stream: int) -> bool:
    """A terminal that hung up says of itself that it is none, by another error than a file does."""
    with suppress(OSError):
        if not stat.S_ISCHR(os.fstat(stream).st_mode):
            return False
        try:
            termios.tcgetattr(stream)
        except termios.error as error:
            return bool(error.args[0] != errno.ENOTTY)
        return True
    return False
