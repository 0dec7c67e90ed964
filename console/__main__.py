"""The program's entry: arguments in, exit code out.

Owns exit codes (0 done, 1 failure told in one line, 2 usage, 128+n signal) and the order in which
heavy things are imported: Textual reads its environment when it is first imported, so nothing here
may import it before `console.terminal` has spoken.
"""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable, Sequence

from console.arguments import parse
from engine.errors import ConsoleError


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit code; never raises for a user's mistake."""
    options = parse(sys.argv[1:] if argv is None else argv)
    try:
        return _command(options.command)(options)
    except ConsoleError as error:
        sys.stderr.write(f"trade-console: {error}\n")
        return error.exit_code
    except BrokenPipeError:
        return 0  # the reader of our output had enough


def _command(name: str) -> Callable[[Namespace], int]:
    if name == "keys":
        from console.keys_command import keys_command

        return keys_command
    if name == "model":
        from console.model_command import model_command

        return model_command
    from console.run_command import run_command

    return run_command


if __name__ == "__main__":
    raise SystemExit(main())
