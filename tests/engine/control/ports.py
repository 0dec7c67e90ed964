"""An engine that other shells reach: a port that is told what to do, and a server around it.

`ToldPort` answers a halt with the snapshots it was given for it; `serving` runs a control server
in a thread with a loop of its own, as the engine's thread does.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from engine.clock import SystemClock
from engine.control.server import ControlServer
from engine.requests import EnginePort, Flatten, Halt, Request, Resume
from engine.safety_view import SafetyView, StopView
from engine.snapshot import Snapshot

JOIN_S = 10.0


def stop_view(**changes: Any) -> StopView:
    """A halt that is done: three of three cancels confirmed."""
    view = StopView(
        grade="halt",
        origin="control socket",
        asked_ms=0,
        latched_ms=4.0,
        kept=True,
        orders=3,
        confirmed=3,
        filled=0,
        ambiguous=(),
        held=("BTC UP 6.25",),
        worst_case=-2.5,
        done=True,
        sentence="latched 4 ms; cancels 3/3 confirmed",
    )
    return replace(view, **changes)


UNDERWAY = stop_view(confirmed=1, done=False, sentence="latched 4 ms; cancels 1/3 confirmed")
DONE = stop_view()


@dataclass
class ToldPort:
    """An `EnginePort` that halts when asked, with `evidence` in one snapshot after another."""

    snapshot: Snapshot = field(default_factory=lambda: Snapshot(seq=7, t_ms=1_000, state="ACTIVE"))
    evidence: Sequence[StopView] = (UNDERWAY, DONE)
    requests: list[Request] = field(default_factory=list)
    coming: list[Snapshot] = field(default_factory=list)
    resumes: bool = True

    def latest(self) -> Snapshot:
        if self.coming:
            self.snapshot = self.coming.pop(0)
        return self.snapshot

    def ask(self, request: Request) -> None:
        self.requests.append(request)
        if isinstance(request, Halt | Flatten):
            self.coming = [self._halted(k, view) for k, view in enumerate(self.evidence, 1)]
        if isinstance(request, Resume) and self.resumes:
            self.change(state="ACTIVE")

    def alive(self) -> bool:
        return True

    def change(self, **changes: Any) -> None:
        """Publish the next snapshot."""
        self.snapshot = replace(self.snapshot, seq=self.snapshot.seq + 1, **changes)

    def _halted(self, later: int, view: StopView) -> Snapshot:
        seq = self.snapshot.seq + later
        return replace(self.snapshot, seq=seq, state="HALTED", safety=SafetyView(stop=view))


@contextmanager
def serving(path: Path, port: EnginePort) -> Iterator[list[str]]:
    """`port` behind a control server at `path`. Gives the notes that it stamped."""
    stamps: list[str] = []
    up, leave = threading.Event(), threading.Event()

    async def serve() -> None:
        async with ControlServer(path, port, SystemClock(), stamps.append):
            up.set()
            while not leave.is_set():
                await asyncio.sleep(0.01)

    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="server")
    thread.start()
    try:
        assert up.wait(JOIN_S)
        yield stamps
    finally:
        leave.set()
        thread.join(JOIN_S)
