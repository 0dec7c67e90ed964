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
from pathlib import Path

from console.arguments import parse
from engine.errors import ConsoleError


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
    if name == "keys":
        from console.keys_command import keys_command

        return keys_command
    if name == "model":
        from console.model_command import model_command

        return model_command
    if name == "evaluate":
        from console.evaluate_command import evaluate_command

        return evaluate_command
    if name == "train":
        from console.train_command import train_command

        return train_command
    if name == "bench":
        from console.bench_command import bench_command

        return bench_command
    if name == "record":
        from console.record_command import record_command

        return record_command
    if name == "doctor":
        from console.doctor_command import doctor_command

        return doctor_command
    from console.run_command import run_command

    return run_command


if __name__ == "__main__":
    raise SystemExit(main())
