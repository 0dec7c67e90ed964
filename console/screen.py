"""Running the Textual app over an engine, and leaving it in every way there is.

Owns signals while the screen is up: the app is asked to leave, so that the terminal is restored.
Imported only after the environment of Textual has been set.
"""

from __future__ import annotations

import asyncio
import signal
from dataclasses import dataclass
from pathlib import Path

from console.app import ConsoleApp
from engine.requests import EnginePort

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class Wishes:
    """How the user wants the screen."""

    shots: Path
    """Folder of the screenshots taken by key."""
    privacy: bool = False
    """Begin with every dollar amount hidden."""
    mouse: bool = False
    """Off by default: a dropped SSH link leaves a terminal that prints mouse reports."""


def show(engine: EnginePort, wishes: Wishes) -> tuple[str | None, int]:
    """Run the console. Returns what to do with positions ("flatten", "keep" or None) and the exit
    code: 0 where the user left, 1 where the screen failed (told already), 128 + n after signal n.
    """
    return asyncio.run(_show(engine, wishes))


async def _show(engine: EnginePort, wishes: Wishes) -> tuple[str | None, int]:
    app = ConsoleApp(engine, privacy=wishes.privacy, shots=wishes.shots)
    caught: list[int] = []

    def leave(number: int) -> None:
        caught.append(number)
        app.exit("keep")

    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        loop.add_signal_handler(number, leave, number)
    # A trading process must not be suspendable, and the terminal driver must not come back to life
    # on the SIGCONT that follows a hang-up.
    signal.signal(signal.SIGCONT, signal.SIG_DFL)
    choice = await app.run_async(mouse=wishes.mouse)
    return choice, 128 + caught[0] if caught else app.return_code or 0
