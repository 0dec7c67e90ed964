"""The command line's part for other shells: stop, flatten, resume, status, attach.

Owns the parsing of these, as `console.arguments` owns the rest.
"""

from __future__ import annotations

import argparse

from console.examples import ATTACH_EXAMPLES, RESUME_EXAMPLES, STATUS_EXAMPLES, STOP_EXAMPLES
from console.parser import Commands, add_command


def add_shells(commands: Commands) -> None:
    """Every command that speaks to a running engine."""
    for name, about, examples in (
        ("stop", "Shut the order gate of the engine at once.", STOP_EXAMPLES),
        ("flatten", "Halt the engine, then have it sell all that is held.", STOP_EXAMPLES),
        ("status", "What the engine of this home does.", STATUS_EXAMPLES),
    ):
        parser = add_command(commands, name, about, examples)
        parser.set_defaults(command=name)
        unset = argparse.SUPPRESS  # what was given before the command's word holds
        parser.add_argument("--json", action="store_true", default=unset, help="as JSON")
    _add_resume(commands)
    _add_attach(commands)


def _add_resume(commands: Commands) -> None:
    about = "Leave HALTED; lists what must be true first and asks for the typed word."
    parser = add_command(commands, "resume", about, RESUME_EXAMPLES)
    parser.set_defaults(command="resume")
    parser.add_argument("--word", metavar="RESUME", help="the word, where no terminal can ask")


def _add_attach(commands: Commands) -> None:
    about = "Show the screen of the engine that runs in this home."
    parser = add_command(commands, "attach", about, ATTACH_EXAMPLES)
    parser.set_defaults(command="attach")
    unset = argparse.SUPPRESS  # what was given before the word `attach` holds
    parser.add_argument(
        "--privacy", action="store_true", default=unset, help="begin with dollar amounts hidden"
    )
    parser.add_argument(
        "--mouse", action="store_true", default=unset, help="let the mouse select and scroll"
    )
    parser.add_argument(
        "--color",
        choices=["auto", "true", "256", "16", "none"],
        default=unset,
        help="colours of the terminal (auto)",
    )
