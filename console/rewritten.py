"""A line on a terminal that rewrites itself.

Owns what keeps such a line one line: it is cut to the terminal's width as it is at that moment,
and nothing in it can move the cursor. Where nobody looks it writes nothing.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TextIO

from rich.cells import set_cell_size

COLUMNS = 80
"""Width of a terminal that does not tell its own."""

_START = "\r\x1b[K"


@dataclass(slots=True)
class RewrittenLine:
    """The last line of `stream`, if that is a terminal."""

    stream: TextIO

    def show(self, text: str) -> None:
        """Put `text` in the place of what stood there."""
        if not self.stream.isatty():
            return
        plain = "".join(c if c.isprintable() else "?" for c in text)
        cut = set_cell_size(plain, max(1, _columns(self.stream) - 1)).rstrip()
        self.stream.write(f"{_START}{cut}")
        self.stream.flush()

    def clear(self) -> None:
        """Leave nothing of it."""
        if self.stream.isatty():
            self.stream.write(_START)
            self.stream.flush()


def _columns(stream: TextIO) -> int:
    try:
        return os.get_terminal_size(stream.fileno()).columns or COLUMNS
    except OSError:  # among them io.UnsupportedOperation, of a stream without a file
        return COLUMNS
