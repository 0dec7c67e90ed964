"""``trade-console keys``: the key table as plain text or Markdown."""

from __future__ import annotations

import argparse
import sys

from console.help import keys_markdown, keys_table


def keys_command(options: argparse.Namespace) -> int:
    """Print every key of the console."""
    table = keys_markdown() if options.markdown else keys_table()
    sys.stdout.write(table + "\n")
    return 0
