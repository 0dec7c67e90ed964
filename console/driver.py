"""The terminal as Textual writes to it and reads from it, made to outlive whatever it does.

Owns what a terminal may do to the screen: nothing. One that is not read does not hold it up, one
that hung up is noticed, and none can suspend the process. What is sent is `console.sparing`'s.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import termios
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Thread
from typing import Any, TextIO

from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Key
from textual.message import Message

from console.commands import COMMANDS
from console.sparing import Shown, Size
from console.terminal import terminal_size

FRAMES = 8
"""Writes under way at which no more frames are taken: what they show would be old when read."""
MOST = 28
"""Writes under way at which nothing more is taken. Textual waits at 30."""
SHORT = 64
"""Characters up to which a write is a code, such as what leaves the alternate screen, which comes
through where frames do not."""
CLOSE_S = 1.0
"""Real seconds in which what is under way may still be read, when the screen comes down."""
LOOK_S = 0.5
"""Real seconds between two looks at whether the terminal hung up."""
RESTORING = b"\x1b[<u\x1b[?2004l\x1b[?7h\x1b[?1000l\x1b[?1003l\x1b[?1049l\x1b[?25h\x1b[?1004l"
"""Ends what Textual began: keyboard, paste, wrap, mouse, alternate screen, cursor, focus."""

STOP_KEYS = frozenset(
    next(command.keys for command in COMMANDS if command.id == "engine.halt").split(",")
)


class Outlet:
    """The file that Textual's writer thread writes to. It counts, and a lost terminal swallows."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._sent = 0
        self._done = 0

    @property
    def behind(self) -> int:
        """Writes under way: each number has one thread that changes it."""
        return self._sent - self._done

    def fits(self, data: str) -> bool:
        """Whether to send `data` at all."""
        return self.behind < (MOST if len(data) <= SHORT else FRAMES)

    def expect(self) -> None:
        """A write is on its way."""
        self._sent += 1

    def write(self, data: str) -> None:
        with suppress(OSError):  # a terminal that hung up: whoever reads it tells
            self._file.write(data)
            self._file.flush()
        self._done += 1

    def flush(self) -> None:
        """Every write has been flushed."""

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._file.fileno()


class SparingDriver(LinuxDriver):
    """Textual's driver for Linux and macOS, writing differences, and never waiting for a reader.

    Textual's own queue of writes blocks the whole screen, the stop key with it, as soon as nobody
    reads the terminal: an SSH link that stalls, a key that holds the output. Here what does not
    fit is dropped, and the screen is painted anew once the reader has caught up.
    """

    shown: Shown | None = None

    def __init__(
        self,
        app: App[Any],
        *,
        debug: bool = False,
        mouse: bool = True,
        size: Size | None = None,
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._outlet = Outlet(sys.__stdout__ or sys.stdout)
        # Its writer thread asks for nothing else than what an Outlet has.
        self._file = self._outlet  # type: ignore[assignment]
        self._halt_ahead: Callable[[], object] = getattr(app, "halt_ahead", _nothing)
        self._missed = False
        self._closed = Event()
        # Textual has just taken both signals. A trading process must not be suspendable, and the
        # driver must not come back to life on the SIGCONT that follows a hang-up.
        signal.signal(signal.SIGTSTP, signal.SIG_IGN)
        signal.signal(signal.SIGCONT, signal.SIG_DFL)

    def start_application_mode(self) -> None:
        super().start_application_mode()  # type: ignore[no-untyped-call]  # Textual's
        Thread(target=self._watch_hangup, name="hangup", daemon=True).start()

    def write(self, data: str) -> None:
        if self.shown is None:
            self.shown = Shown()
        if not self._outlet.fits(data):
            self._missed = True
            self.shown.forget()
            return
        sent = self.shown.difference(data, self._get_terminal_size())
        if sent:
            self._outlet.expect()
            super().write(sent)

    def must_repaint(self) -> bool:
        """Whether a reader that had stopped reads again, and has not been shown everything."""
        if not self._missed or self._outlet.behind:
            return False
        self._missed = False
        self.forget()
        return True

    def close(self) -> None:
        """Textual's waits until everything is read, be it for ever."""
        self._closed.set()
        closing = Thread(target=super().close, name="closing", daemon=True)
        closing.start()
        closing.join(CLOSE_S)

    def restore(self) -> None:
        """Put the terminal right from any thread, in the last moment before a hard end."""
        if self.attrs_before is not None:
            with suppress(termios.error):
                termios.tcsetattr(self.fileno, termios.TCSANOW, self.attrs_before)
        with suppress(OSError):
            os.write(self._outlet.fileno(), RESTORING)

    def run_input_thread(self) -> None:
        """Textual's, begun anew where bytes that are no UTF-8 ended it; those are dropped.

        A paste from another encoding, or a key of an 8-bit terminal, must not end the console. A
        terminal that cannot be read at all has hung up, even where no signal came to say so.
        """
        while not self.exit_event.is_set():
            try:
                super().run_input_thread()
            except UnicodeDecodeError:
                continue
            except OSError:
                hang_up()
                return

    def process_message(self, message: Message) -> None:
        """Textual's, in the thread that reads; the stop key is obeyed before it is passed on."""
        if isinstance(message, Key) and message.key in STOP_KEYS:
            self._halt_ahead()
        super().process_message(message)

    def _watch_hangup(self) -> None:
        """One that ended without a signal reads as empty for ever, which no reader can tell."""
        watch = select.poll()
        watch.register(self.fileno, 0)  # asks for nothing: only a hang-up is reported
        while not self._closed.wait(LOOK_S):
            if watch.poll(0):
                hang_up()
                return

    def _get_terminal_size(self) -> Size:
        """The terminal's own word. Textual believes COLUMNS and LINES before it: where a shell or
        a launcher exports them, its screen would keep the size of long ago."""
        return terminal_size(sys.__stdout__)

    def forget(self) -> None:
        """The terminal changed its size or was given away: know nothing of it."""
        if self.shown is not None:
            self.shown.forget()


def hang_up() -> None:
    """Tell the run what the kernel has not told: whose policy it is to decide what follows."""
    os.kill(os.getpid(), signal.SIGHUP)


def _nothing() -> None:
    """For an app that has nothing to halt."""
