"""``trade-console stop``, ``flatten`` and ``resume``: the gate of an engine from another shell.

Owns what is printed, what is asked, and the exit code; how a stop gets through is
`engine.control.emergency`. Whatever becomes of standard output, the stop goes on.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from contextlib import suppress

import orjson

from console.terminal import is_terminal
from engine import latch_file
from engine.clock import Clock, SystemClock
from engine.control.address import socket_path
from engine.control.client import Connection, ControlError
from engine.control.emergency import Emergency, Grade, Outcome
from engine.control.protocol import Said
from engine.errors import ConsoleError, UsageError
from engine.home import Home
from engine.lock import HomeLock, holder
from engine.trading_state import RESUME_WORD, Latch

ANSWER_S = 5.0
"""Real seconds for an engine to answer; a resume is in no hurry."""
AMISS, WELL = "--", "ok"


def stop_command(options: argparse.Namespace) -> int:
    """Shut the gate and print the evidence. Returns 0 only if the gate is known to be shut."""
    outcome = _stopped("stop", options)
    if not outcome.shut:
        raise ConsoleError(outcome.sentence)
    return 0


def flatten_command(options: argparse.Namespace) -> int:
    """Shut the gate and have everything sold. Returns 0 only if that is known to be done."""
    outcome = _stopped("flatten", options)
    if not outcome.shut:
        raise ConsoleError(outcome.sentence)
    if outcome.pid is None:
        raise ConsoleError("the latch is shut, but without an engine nobody can sell")
    if not outcome.done:
        raise ConsoleError("the gate is shut, but it is not known that everything is sold")
    return 0


def resume_command(options: argparse.Namespace) -> int:
    """Show what RESUME takes, ask for the word, and open the latch. Returns 0 if it is open."""
    home, clock = Home.find(), SystemClock()
    try:
        status = _asked(home, clock, {"do": "status"})
    except ControlError as error:
        pid = holder(home.lock_file)
        if pid is not None:
            raise ConsoleError(f"process {pid} runs, but {error}") from None
        return _resume_alone(home, clock, options.word)
    return _resume_running(home, clock, status, options.word)


def _stopped(grade: Grade, options: argparse.Namespace) -> Outcome:
    told: list[str] = []

    def tell(sentence: str) -> None:
        if sentence not in told[-1:]:
            told.append(sentence)
            _say("" if options.json else f"{sentence}\n")

    outcome = Emergency(Home.find(), SystemClock(), f"trade-console {grade}", tell).stop(grade)
    if options.json:
        _say(orjson.dumps(outcome, option=orjson.OPT_APPEND_NEWLINE).decode())
    elif outcome.shut:
        tell(outcome.sentence)
    return outcome


def _say(text: str) -> None:
    """Print it where somebody reads; a closed pipe must not keep a stop from its next way."""
    with suppress(OSError):
        sys.stdout.write(text)
        sys.stdout.flush()


@dataclasses.dataclass(frozen=True, slots=True)
class Condition:
    """One thing that RESUME takes."""

    met: bool
    what: str


def _asked(home: Home, clock: Clock, question: Said) -> Said:
    """The engine's answer, by a connection that is not kept: a person may take long to type."""
    with Connection(socket_path(home), clock, ANSWER_S) as connection:
        return connection.ask(question)


def _resume_running(home: Home, clock: Clock, status: Said, word: str | None) -> int:
    if status["state"] != "HALTED":
        _say(f"nothing is halted; the state is {status['state']}\n")
        return 0
    latch = Latch(home.halt_latch, clock, home.stop_file)
    _show(str(status["why"]), [*_of_engine(status), *_of_files(latch)])
    answer = _asked(home, clock, {"do": "resume", "typed": _typed(word)})
    _say(f"resumed; the state is {answer['state']}{_because(str(answer['why']))}\n")
    return 0


def _resume_alone(home: Home, clock: Clock, word: str | None) -> int:
    """No engine runs: the latch file is all there is."""
    if not latch_file.present(home.halt_latch):
        _say("no engine runs in this home; the latch is open\n")
        return 0
    with HomeLock(home.lock_file):
        latch = Latch(home.halt_latch, clock, home.stop_file)
        _show(f"no engine runs in this home; {latch.reason}", _of_files(latch))
        latch.release(_typed(word))
    _say("the latch is open; the next start may trade\n")
    return 0


def _of_engine(status: Said) -> list[Condition]:
    """What the engine knows, which refuses by itself what is not so."""
    stop = status["stop"]
    if stop is None:
        return []
    return [Condition(bool(stop["done"]), f"the {stop['grade']} is done: {stop['sentence']}")]


def _of_files(latch: Latch) -> list[Condition]:
    against = latch.obstacles()
    if not against:
        return [Condition(met=True, what="no stop file is there, and the latch can be read")]
    return [Condition(met=False, what=obstacle) for obstacle in against]


def _show(why: str, conditions: list[Condition]) -> None:
    """Raises ConsoleError with the first thing that stands against it."""
    _say(f"HALTED: {why}\n")
    for condition in conditions:
        _say(f"  {WELL if condition.met else AMISS}  {condition.what}\n")
    unmet = [condition.what for condition in conditions if not condition.met]
    if unmet:
        raise ConsoleError(f"still HALTED: {unmet[0]}")


def _typed(word: str | None) -> str:
    """The word, asked for on a terminal. Raises UsageError where it is not the one."""
    if word is None and is_terminal(sys.stdin):
        _say(f"type {RESUME_WORD} to trade again: ")
        word = sys.stdin.readline().strip()
    if word is None:
        raise UsageError(f"there is no terminal to ask at; add --word {RESUME_WORD}")
    if word != RESUME_WORD:
        raise UsageError(f"type {RESUME_WORD} to leave HALTED; {word!r} was typed")
    return word


def _because(why: str) -> str:
    return f" ({why})" if why else ""
