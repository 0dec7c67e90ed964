"""Running the Textual app over an engine, and leaving it in every way there is.

A signal that ends a run asks the app to leave (`console.signals`), so that the terminal is
restored. Imported only after the environment of Textual has been set.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from console.app import ConsoleApp
from console.signals import Signals
from engine.requests import EnginePort

LEAVE_S = 3.0
"""Real seconds in which a screen without an engine of its own comes down, or is ended."""


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


def show(
    engine: EnginePort,
    wishes: Wishes,
    signals: Signals | None = None,
    app_of: type[ConsoleApp] = ConsoleApp,
) -> Left:
    """Run the console until it is left.

    `signals` are those of the run; None: the engine is another process's, and a signal that asks
    to leave ends the screen alone.
    """
    if signals is not None:
        return asyncio.run(_show(app_of, engine, wishes, signals))
    with Signals("hold", LEAVE_S) as own:
        own.obey(engine)
        return asyncio.run(_show(app_of, engine, wishes, own))


async def _show(
    app_of: type[ConsoleApp], engine: EnginePort, wishes: Wishes, signals: Signals
) -> Left:
    app = app_of(engine, privacy=wishes.privacy, shots=wishes.shots)
    loop = asyncio.get_running_loop()

    def leave() -> None:
        with suppress(RuntimeError):  # the loop is closed: the screen is down already
            loop.call_soon_threadsafe(app.exit, "keep")

    with signals.told_to(leave, app.restore_terminal):
        choice = await app.run_async(mouse=wishes.mouse)
    code = app.return_code or 0
    return Left(choice, code if signals.number is None else 128 + signals.number, app.privacy)
