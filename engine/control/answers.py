"""What is answered to each question of another shell.

Owns the meaning of `engine.control.protocol`'s questions, no socket. It runs in the engine's
thread, between two turns of its loop: every wait here is one of the loop's, never of the thread's.
"""

from __future__ import annotations

import asyncio
import dataclasses
import os
from collections.abc import AsyncIterator
from typing import Any

from engine.clock import Clock
from engine.control import protocol as pr
from engine.control.codec import encode, shape
from engine.control.report import Host, report
from engine.requests import EnginePort, Flatten, Halt, ReduceOnly, Request, Resume
from engine.safety_view import StopView
from engine.snapshot import Snapshot

LOOK_S = 0.02
"""Real seconds between two looks at how far a stop is."""
HEARD_S = 3.0
"""Real seconds for a request to show in the engine's state."""


class Answers:
    """Answers for one engine."""

    def __init__(self, port: EnginePort, clock: Clock) -> None:
        self._port = port
        self._clock = clock
        self._begun = clock.mono()
        first = port.latest()
        self._state, self._since_ms = first.state, first.t_ms

    def look(self) -> None:
        """Notice a change of state, so that a status can say since when; about once a second."""
        snap = self._port.latest()
        if snap.state != self._state:
            self._state, self._since_ms = snap.state, snap.t_ms

    async def to(self, said: pr.Said) -> AsyncIterator[bytes]:
        """The lines that answer `said`. Raises ProtocolError for a question nobody knows."""
        match said.get("do"):
            case "stop":
                lines = self._stop(Halt(_who(said)), pr.STOP_S)
            case "flatten":
                lines = self._stop(Flatten(_who(said)), pr.FLATTEN_S)
            case _:
                lines = self._at_once(said)
        async for line in lines:
            yield line

    async def _at_once(self, said: pr.Said) -> AsyncIterator[bytes]:
        """What is answered as soon as it is asked."""
        match said.get("do"):
            case "ping":
                yield self._done()
            case "status":
                yield self._status()
            case "snapshot":
                for line in self._picture(said.get("seen")):
                    yield line
            case "resume":
                yield await self._resume(str(said.get("typed")))
            case "reduce":
                yield self._ask(ReduceOnly())
            case "ask":
                yield self._ask(pr.request_heard(said))
            case unknown:
                raise pr.ProtocolError(f"nobody here knows how to {unknown!r:.40}; {_KNOWN}")

    def _done(self, **more: Any) -> bytes:
        seq = self._port.latest().seq
        return pr.line({"ok": True, "pid": os.getpid(), "seq": seq, **more, "last": True})

    def _status(self) -> bytes:
        self.look()
        uptime_s = self._clock.mono() - self._begun
        return self._done(
            **report(self._port.latest(), Host(os.getpid(), uptime_s, self._since_ms))
        )

    def _picture(self, seen: object) -> list[bytes]:
        """The newest snapshot, on a line of its own after the answer, unless it was `seen`."""
        snap = self._port.latest()
        head = {"ok": True, "pid": os.getpid(), "seq": snap.seq, "shape": shape()}
        if snap.seq == seen:
            return [pr.line({**head, "same": True, "last": True})]
        return [pr.line({**head, "same": False}), encode(snap) + b"\n"]

    def _ask(self, request: Request) -> bytes:
        self._port.ask(request)
        return self._done()

    async def _stop(self, request: Halt | Flatten, limit_s: float) -> AsyncIterator[bytes]:
        """Shut the gate before anything else, then tell the evidence as it comes in."""
        before = self._port.latest()
        self._port.ask(request)
        host = {"ok": True, "latched": True, "pid": os.getpid()}
        yield pr.line({**host, "seq": before.seq, "sentence": "the gate is shut"})
        until, told = self._clock.mono() + limit_s, ""
        while True:
            snap = self._port.latest()
            stop = _evidence(before, snap)
            over = self._clock.mono() >= until or snap.failure is not None
            if over or (stop is not None and stop.done):
                yield pr.line({**host, **_last(snap, stop)})
                return
            if stop is not None and stop.sentence != told:
                told = stop.sentence
                yield pr.line({**host, "seq": snap.seq, "sentence": told})
            await asyncio.sleep(LOOK_S)

    async def _resume(self, typed: str) -> bytes:
        """Ask for it, and tell from the next snapshots what came of it."""
        before = self._port.latest()
        if before.state != "HALTED":
            return pr.line(pr.refusal(f"nothing is halted; the state is {before.state}"))
        self._port.ask(Resume(typed))
        until = self._clock.mono() + HEARD_S
        while self._clock.mono() < until:
            await asyncio.sleep(LOOK_S)
            snap = self._port.latest()
            if snap.state != "HALTED":
                return self._done(state=snap.state, why=snap.state_reason)
            if snap.seq > before.seq and snap.log != before.log:
                break
        return pr.line(pr.refusal(_why_still_halted(before, self._port.latest())))


_KNOWN = "say ping, status, stop, flatten, resume, reduce, snapshot or ask"


def _who(said: pr.Said) -> str:
    """Who asked: what the question names, on one short line, or the socket itself."""
    named = said.get("by")
    if not isinstance(named, str) or not named.isprintable() or not 0 < len(named) <= 60:
        return pr.CONTROL_SOCKET
    return named


def _evidence(before: Snapshot, now: Snapshot) -> StopView | None:
    """The stop that was asked for after `before`; None: the engine has not come to it yet.

    An engine that was halted already may go on with the stop it has; two snapshots later the
    request was obeyed.
    """
    stop = now.safety.stop
    if now.state != "HALTED" or now.seq == before.seq:
        return None
    return stop if stop != before.safety.stop or now.seq >= before.seq + 2 else None


def _last(snap: Snapshot, stop: StopView | None) -> pr.Said:
    if stop is None:
        told = snap.failure or "the gate is shut; the engine has told no evidence yet"
        return {"seq": snap.seq, "sentence": told, "done": False, "stop": None, "last": True}
    evidence = dataclasses.asdict(stop)
    return {
        "seq": snap.seq,
        "sentence": stop.sentence,
        "done": stop.done,
        "stop": evidence,
        "last": True,
    }


def _why_still_halted(before: Snapshot, now: Snapshot) -> str:
    new = [entry.text for entry in now.log if entry not in before.log and entry.level != "info"]
    return new[-1] if new else f"still HALTED: {now.state_reason or 'the engine did not say why'}"
