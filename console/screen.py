"""Running the Textual app over an engine, and leaving it in every way there is.

Owns signals while the screen is up: the app is asked to leave, so that the terminal is restored.
Imported only after the environment of Textual has been set.
"""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

from console.app import ConsoleApp
from engine.requests import EnginePort

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def show(engine: EnginePort, shots: Path) -> tuple[str | None, int]:
    """Run the console. Returns what to do with positions ("flatten", "keep" or None) and the
    signal that ended it (0: the user left). Screenshots taken by key go to the folder `shots`."""
    return asyncio.run(_show(engine, shots))


async def _show(engine: EnginePort, shots: Path) -> tuple[str | None, int]:
    app = ConsoleApp(engine, shots=shots)
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
    choice = await app.run_async(mouse=False)
    return choice, caught[0] if caught else 0
