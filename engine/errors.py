"""Errors that end in one sentence for the user. Nothing else may reach the terminal.

Each message says what is wrong, where, and how to mend it.
"""

from __future__ import annotations


class ConsoleError(Exception):
    """A failure the user is told of in one line; exit code 1."""

    exit_code = 1


class UsageError(ConsoleError):
    """The command line or the configuration is wrong; exit code 2."""

    exit_code = 2


class RecordingError(ConsoleError):
    """A recording cannot be read, or not be made."""


class HomeError(ConsoleError):
    """The program's folders cannot be used, or another engine holds them."""


class LedgerError(ConsoleError):
    """The event log is damaged or from another version."""


class LearnerStateError(ConsoleError):
    """A checkpoint of the learner cannot be gone on from.

    The message is a clause that follows the checkpoint's name.
    """
