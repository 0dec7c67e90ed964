"""The program's entry: arguments in, exit code out.

Owns exit codes (0 done, 1 failure told in one line, 2 usage, 128+n signal) and the order in which
heavy things are imported: Textual reads its environment when it is first imported, so nothing here
may import it before `console.terminal` has spoken.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path

from console.arguments import parse
from engine.errors import ConsoleError

MODULES = {"flatten": "stop", "resume": "stop"}
"""Commands that share the module of another."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit code; never raises for a user's mistake."""
    _give_missing_streams()
    try:
        options = parse(sys.argv[1:] if argv is None else argv)
        code = _command(options.command)(options)
        sys.stdout.flush()  # here, where a full disk can still be told
    except ConsoleError as error:
        return _told(str(error), error.exit_code)
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except OSError as error:
        return _unwritten(error)
    return code


def _give_missing_streams() -> None:
    """A program started with its output closed (``>&-``) has None in the place of a stream."""
    if sys.stdout is None:
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 - open as long as the program runs
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115 - same


def _told(sentence: str, code: int) -> int:
    """Say why, in one line whatever a file's name may hold. Returns the code."""
    line = "".join(c if c.isprintable() else "?" for c in sentence)
    with suppress(OSError):  # nobody listens; the code still tells
        sys.stderr.write(f"trade-console: {line}\n")
        sys.stderr.flush()
    return code


def _unwritten(error: OSError) -> int:
    """What is still in the buffer of standard output goes nowhere, or the exit would trip on it."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if error.errno == errno.EPIPE:
        return 0  # the reader of our output had enough
    return _told(f"cannot go on: {error.strerror or error}", 1)


def _command(name: str) -> Callable[[Namespace], int]:
    """What carries out a command; imported only now, since some need what others must not load."""
    module = import_module(f"console.{MODULES.get(name, name)}_command")
    command: Callable[[Namespace], int] = getattr(module, f"{name}_command")
    return command


if __name__ == "__main__":
    raise SystemExit(main())
