"""How the tests are spread, and what each gets: event logs that are closed behind it."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from engine.eventlog import EventLog


def pytest_configure() -> None:
    """Signals count, as in a terminal, also where ``nohup`` or a shell's ``&`` had them ignored."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)


def pytest_xdist_auto_num_workers() -> int:
    """Three for two cores: tests of sockets, timers and windows wait for half of their time, but
    with more of them the scaled time of some markets outruns the machine."""
    return max(2, 3 * (os.cpu_count() or 1) // 2)


@pytest.fixture(autouse=True)
def _logs_are_closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Close what a test leaves open: Python 3.13 warns of it, and a warning is an error here."""
    opened: list[EventLog] = []
    begin = EventLog.__init__

    def remembered(log: EventLog, *arguments: Any, **named: Any) -> None:
        begin(log, *arguments, **named)
        opened.append(log)

    monkeypatch.setattr(EventLog, "__init__", remembered)
    yield
    for log in opened:
        with suppress(sqlite3.ProgrammingError):  # another thread's own, which closes it itself
            log.close()
