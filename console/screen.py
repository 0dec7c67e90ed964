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


@dataclass(frozen=True, slots=True)
class Left:
    """How the screen was left."""

    choice: str | None
    """What to do with positions: ``"flatten"``, ``"keep"``, or None where nothing was asked."""
    code: int
    """Exit code: 0 the user left, 1 the screen failed (told already), 128 + n signal n."""
    privacy: bool
    """Whether amounts were hidden: then none is printed afterwards either."""


def show(engine: EnginePort, wishes: Wishes) -> Left:
    """Run the console until it is left."""
    return asyncio.run(_show(engine, wishes))


async def _show(engine: EnginePort, wishes: Wishes) -> Left:
    app = ConsoleApp(engine, privacy=wishes.privacy, shots=wishes.shots)
    caught: list[int] = []

    def leave(number: int) -> None:
        caught.append(number)
        app.exit("keep")

    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        loop.add_signal_handler(number, leave, number)
    choice = await app.run_async(mouse=wishes.mouse)
    code = 128 + caught[0] if caught else app.return_code or 0
    return Left(choice, code, app.privacy)
