"""The program in a terminal of its own: a session leader on a pty, as `sshd` and `tmux` start it.

Its screen is read as far as it takes to know what it shows. Every wait is for something to appear
or to end, and `PATIENCE_S` is only how long a test waits before it fails.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import sqlite3
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import orjson

from engine.home import VARIABLE

PATIENCE_S = 30.0
LOOK_S = 0.05
ROOT = Path(__file__).resolve().parents[2]

LEADER = (
    "import fcntl, os, signal, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0);"
    "'NOHUP' in os.environ and signal.signal(signal.SIGHUP, signal.SIG_IGN);"
    "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
)
"""Makes its standard input the controlling terminal of the new session, whose end is a SIGHUP:
ignored where the environment has NOHUP."""

TOKEN = re.compile(
    rb"\x1b\[(\d+);(\d+)H|\x1b\[(\d+)C|\x1b\[(\?1049[hl])"
    rb"|\x1b\[[<>?=\d;]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*\x07|(\r?\n)|([^\x00-\x1f\x7f]+)|."
)

UNFINISHED = re.compile(
    rb"(?:\x1b(?:\[[<>?=\d;]*[ -/]*|\][^\x07\x1b]*)?|[\xc0-\xff][\x80-\xbf]{0,2})\Z"
)
"""A code, or a character of several bytes, that the rest of is still to come: or may be."""


class Glass:
    """The characters on a screen, without their looks."""

    def __init__(self) -> None:
        self.raised = False
        """Whether the alternate screen is shown."""
        self.told = ""
        """What was written outside of it."""
        self._cells: dict[tuple[int, int], str] = {}
        self._row = self._column = 1

    def write(self, data: bytes) -> None:
        for row, column, step, screen, newline, text in TOKEN.findall(data):
            if row:
                self._row, self._column = int(row), int(column)
            elif step:
                self._column += int(step)
            elif screen:
                self.raised = screen == b"?1049h"
            elif newline:
                self._print("\n")
            elif text:
                self._print(text.decode("utf-8", "replace"))

    def _print(self, text: str) -> None:
        if not self.raised:
            self.told += text
            return
        for character in text:
            if character == "\n":
                self._row, self._column = self._row + 1, 1
                continue
            self._cells[self._row, self._column] = character
            self._column += 1

    def clear(self) -> None:
        self._cells.clear()

    @property
    def text(self) -> str:
        rows: dict[int, dict[int, str]] = {}
        for (row, column), character in self._cells.items():
            rows.setdefault(row, {})[column] = character
        return "\n".join(
            "".join(cells.get(column, " ") for column in range(1, max(cells) + 1))
            for _, cells in sorted(rows.items())
        )


class Terminal:
    """One program and the terminal that it runs in. Close it: `in_terminal` does."""

    def __init__(
        self,
        home: Path,
        arguments: tuple[str, ...],
        environment: dict[str, str],
        program: tuple[str, ...] = ("console",),
        keep: tuple[int, ...] = (),
    ) -> None:
        """`program`: the module to run, and what comes before `arguments`. `keep`: descriptors that
        it is given."""
        self.glass = Glass()
        self.home = home
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 36, 120, 0, 0))
        self.modes = termios.tcgetattr(slave)
        self.process = subprocess.Popen(
            [sys.executable, "-c", LEADER, "-m", *program, *arguments], pass_fds=keep,
            stdin=slave, stdout=slave, stderr=slave, cwd=ROOT, start_new_session=True,
            env={**os.environ, VARIABLE: str(home), "TERM": "xterm-256color", **environment},
        )  # fmt: skip
        self._slave: int | None = slave
        self._reads = threading.Event()
        self._reads.set()
        self._ended = threading.Event()
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    # What a person sees and does

    def wait_for(self, shown: Callable[[Glass], bool], what: str) -> None:
        with self._news:
            if not self._news.wait_for(lambda: shown(self.glass), PATIENCE_S):
                raise AssertionError(f"no {what}:\n{self.glass.text}\n{self.glass.told}")

    def wait_up(self) -> None:
        """Until the whole screen is drawn."""
        self.wait_for(lambda glass: glass.raised and "Quit" in glass.text, "screen")

    def wait_shown(self, text: str) -> None:
        self.wait_for(lambda glass: text in glass.text, text)

    def press(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def stop_reading(self) -> None:
        self._reads.clear()

    def read_on(self) -> None:
        self._reads.set()

    def forget(self) -> None:
        """See only what is drawn from here on."""
        with self._news:
            self.glass.clear()

    def resize(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    # What happens to it

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def hang_up(self) -> None:
        """The link drops: the terminal is gone for every process that has it."""
        self._let_go_slave()
        self._end_reading()  # or its read would hold the terminal open
        master, self._master = self._master, -1
        os.close(master)

    def wait_end(self) -> int:
        """The exit code, as a shell tells it."""
        code = self.process.wait(PATIENCE_S)
        return code if code >= 0 else 128 - code

    def modes_now(self) -> list[object]:
        assert self._slave is not None
        return termios.tcgetattr(self._slave)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE_S)
        self._let_go_slave()
        self._end_reading()
        if self._master >= 0:
            os.close(self._master)

    def _let_go_slave(self) -> None:
        if self._slave is not None:
            os.close(self._slave)
            self._slave = None

    def _end_reading(self) -> None:
        self._ended.set()
        self._reads.set()
        self._reader.join(PATIENCE_S)

    def _read(self) -> None:
        pending = b""
        with suppress(OSError):  # the last one who wrote has closed it
            while self._reads.wait() and not self._ended.is_set():
                if select.select([self._master], [], [], LOOK_S)[0]:
                    pending = self._shown(pending + os.read(self._master, 65536))

    def _shown(self, data: bytes) -> bytes:
        """Show what is whole of `data`; return what is not yet."""
        cut = UNFINISHED.search(data)
        done = len(data) if cut is None else cut.start()
        with self._news:
            self.glass.write(data[:done])
            self._news.notify_all()
        return data[done:]


def logged(home: Path) -> list[tuple[str, dict[str, Any]]]:
    """Kind and content of every event that a run in `home` has written so far."""
    found: list[tuple[str, dict[str, Any]]] = []
    for path in sorted(home.rglob("*.sqlite")):
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as log:
            rows = log.execute("SELECT kind, payload FROM events ORDER BY seq").fetchall()
        found += [(kind, orjson.loads(payload)) for kind, payload in rows]
    return found


def until(true: Callable[[], object], what: str) -> None:
    """Until `true`, which no output tells."""
    pause = threading.Event()
    for _ in range(round(PATIENCE_S / LOOK_S)):
        with suppress(sqlite3.OperationalError):  # the log is just being made
            if true():
                return
        pause.wait(LOOK_S)
    raise AssertionError(f"never: {what}")


def halted_by(home: Path) -> list[str]:
    """The reason of each halt in the log of `home`."""
    return [
        content["reason"]
        for kind, content in logged(home)
        if kind == "StateChanged" and content["after"] == "HALTED"
    ]


def left(home: Path) -> bool:
    """Whether the last run of `home` was ended in order."""
    return logged(home)[-1] == ("SessionClosed", {"how": "left"})


@contextmanager
def in_terminal(home: Path, *arguments: str, **environment: str) -> Iterator[Terminal]:
    """`trade-console` with `arguments` in a terminal of 120 x 36."""
    terminal = Terminal(home, arguments, environment)
    try:
        yield terminal
    finally:
        terminal.close()
