"""An engine that is killed at a named point, and the run that finds what it left.

Started as a program of its own, so that it imports everything once and then forks: one child that
dies, one that starts again. Reads cases from stdin, one JSON object a line, and answers each with a
line: what the second run came to. Everything else is in the files that both leave.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import orjson

from engine import events as ev
from engine import latch_file
from engine import requests as rq
from engine.core import Engine
from engine.decision import Action
from engine.eventlog import EventLog
from engine.journal import Journal
from engine.ledgers import log_to_go_on
from engine.operator import obey
from engine.paper import PaperVenue
from engine.trading_state import Latch
from engine.venue import Venue
from tests.engine.build import START_MS
from tests.engine.fakes import ORDINARY, FakeLadder, ScriptedFeed, window
from tests.venues.exchange import Exchange

HALT_MS, END_MS = START_MS + 11_000, START_MS + 15_000
"""A person stops and flattens while something is held."""

UNKNOWN_MS = 2_000
AGAIN_MS = 9_000
"""Market time of the second run, in which every order comes to its end."""

LIFE = 8
"""Decisions between two changes of mind."""

SETTINGS = ORDINARY.model_copy(
    update={
        "paper": ORDINARY.paper.model_copy(update={"unknown_ms": UNKNOWN_MS}),
        "safety": ORDINARY.safety.model_copy(update={"reconcile_s": 2.0}),
    }
)

POINTS: dict[str, tuple[Any, str]] = {
    "event": (EventLog, "append"),
    "decision row": (EventLog, "decide"),
    "commit": (EventLog, "commit"),
    "write": (EventLog, "_store"),
    "believe": (Journal, "record"),
    "send": (Venue, "send"),
    "hear": (Venue, "due"),
    "cancel": (Venue, "cancel_all"),
    "statement": (Venue, "statement"),
    "take over": (Engine, "_take_over"),
    "shut": (Latch, "shut_now"),
    "keep": (Latch, "keep"),
    "latch file": (latch_file, "_replace"),
    "rename": (os, "replace"),
    "sync": (os, "fsync"),
}
"""Every point at which something is written, sent or heard, by name. `Venue` stands for the venue
of the case. A case dies before or after the n-th time that its point is passed."""


@dataclass(frozen=True, slots=True)
class Case:
    """Where to die."""

    folder: str
    venue: str
    """paper or exchange."""
    point: str
    after: bool
    nth: int
    """From one; beyond what a run passes, nothing dies."""


def main() -> None:
    for line in sys.stdin.buffer:
        case = Case(**orjson.loads(line))
        died, said = apart(doomed, case), apart(again, case)
        answer = {"died": died == -signal.SIGKILL, "again": said}
        sys.stdout.buffer.write(orjson.dumps(answer) + b"\n")
        sys.stdout.buffer.flush()


def apart(does: Callable[[Case], None], case: Case) -> int:
    """Do it in a child. Returns its exit status, below zero for a signal."""
    child = os.fork()
    if not child:
        try:
            does(case)
        except BaseException:  # noqa: BLE001 - a child of a fork must not return to its parent's work
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def doomed(case: Case) -> None:
    kill_at(case)
    engine = start(case, changing)
    engine.advance(HALT_MS)
    obey(engine, rq.Flatten("test"))
    engine.advance(END_MS)
    engine.finish("left")
    engine.journal.log.close()


def again(case: Case) -> None:
    """Go on where the first run died, long enough for every order to come to its end."""
    engine = start(case, once)
    engine.advance(engine.t_ms + AGAIN_MS)
    engine.finish("left")
    engine.journal.log.close()
    said = {"state": engine.state().value, "why": engine.why(), "reconciled": engine.reconciled}
    Path(case.folder, "said.json").write_bytes(orjson.dumps(said))


def start(case: Case, wants: Callable[[int], Action]) -> Engine:
    folder = Path(case.folder)
    log = log_to_go_on(folder, "crash")
    log._db.execute("PRAGMA synchronous = OFF")  # a killed process needs none, a cut of power would
    latch = Latch(folder / "HALTED")
    latch.expect(log.halted_ms())
    newest = log.newest_ms()
    engine = Engine(
        ScriptedFeed(window(), start_ms=START_MS if newest is None else newest + 1),
        Journal(log, lambda: 0),
        FakeLadder(wants),  # type: ignore[arg-type]  # has what the engine uses of a ladder
        SETTINGS,
        latch,
        seed=1,
        venue=Exchange(folder / "exchange") if case.venue == "exchange" else None,
    )
    engine.start(ev.SessionOpened("paper", "script", 1, "fake", "0", "0"), ())
    return engine


def changing(call: int) -> Action:
    return (Action.BUY, Action.SELL)[call // LIFE % 2]


def once(call: int) -> Action:
    """Trades at first, then lets everything come to its end."""
    return Action.BUY if call < LIFE else Action.HOLD


def kill_at(case: Case) -> None:
    """Have this process killed at the point of the case."""
    owner, name = POINTS[case.point]
    if owner is Venue:
        owner = Exchange if case.venue == "exchange" else PaperVenue
    does, left = getattr(owner, name), case.nth

    @wraps(does)
    def mortal(*arguments: Any, **named: Any) -> Any:
        nonlocal left
        left -= 1
        if left == 0 and not case.after:
            die(case)
        found = does(*arguments, **named)
        if left == 0:
            die(case)
        return found

    setattr(owner, name, mortal)


def die(case: Case) -> None:
    if case.nth:
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
