"""``trade-console status``: the running engine of this home in a page, or as one JSON object.

Owns the words; the facts are `engine.control.report`'s, from the engine itself. It makes no folder
and starts nothing.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

import orjson

from console.text import Money, age, utc
from engine import latch_file
from engine.clock import SystemClock
from engine.control.address import socket_path
from engine.control.client import Connection, ControlError
from engine.control.protocol import Said
from engine.errors import ConsoleError
from engine.home import Home
from engine.lock import holder

ANSWER_S = 3.0
"""Real seconds for an engine to answer: longer than it may be held by anything but a fault."""
MONEY = Money()


def status_command(options: argparse.Namespace) -> int:
    """Print what runs here. Returns 0, also where nothing does; raises ConsoleError where
    something runs and does not answer."""
    status = _status(Home.find())
    if options.json:
        flags = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
        sys.stdout.write(orjson.dumps(status, option=flags).decode())
    else:
        lines = _page(status) if status["running"] else [_nothing_runs(status)]
        sys.stdout.write("\n".join(lines) + "\n")
    return 0


def _status(home: Home) -> Said:
    try:
        with Connection(socket_path(home), SystemClock(), ANSWER_S) as connection:
            said = connection.ask({"do": "status"})
    except ControlError as error:
        pid = holder(home.lock_file)
        if pid is not None:
            raise ConsoleError(
                f"process {pid} holds this home, but {error}: its run is over and its screen still"
                " open, or it hangs; trade-console stop has other ways"
            ) from None
        why = latch_file.read(home.halt_latch)
        return {"running": False, "latch": "open" if why is None else "shut", "why": why or ""}
    return {key: value for key, value in said.items() if key not in ("ok", "last")}


def _nothing_runs(status: Said) -> str:
    why = f" ({status['why']})" if status["why"] else ""
    return f"no engine runs in this home; the latch is {status['latch']}{why}"


def _page(status: Said) -> list[str]:
    rows = [*_standing(status), *_holdings(status), *_result(status), *_safety(status)]
    return [f"{name:<12}{text}" for name, text in rows]


Rows = Iterator[tuple[str, str]]


def _standing(status: Said) -> Rows:
    why = f": {status['why']}" if status["why"] else ""
    yield status["state"], f"since {utc(status['since_ms'])}{why}"
    yield "mode", f"{status['mode']}, {status['feed']}"
    yield "engine", f"process {status['pid']}, up {age(status['uptime_s'])}"
    if status["failure"]:
        yield "failed", status["failure"]


def _holdings(status: Said) -> Rows:
    for held in status["positions"]:
        note = f", {held['note']}" if held["note"] else ""
        paid, pays = MONEY.plain(held["cost"]), MONEY.plain(held["bid_value"])
        shares = MONEY.shares(held["shares"])
        yield (
            "holds",
            f"{held['asset']} {held['outcome']} {shares}, paid {paid}, bids pay {pays}{note}",
        )
    if not status["positions"]:
        yield "holds", "nothing"
    for order in status["under_way"]:
        yield "under way", order
    for slug in status["awaiting"]:
        yield "awaits", f"the outcome of {slug}"


def _result(status: Said) -> Rows:
    yield "worst case", MONEY.signed(status["worst_case"])
    executable, fees = MONEY.signed(status["pnl_executable"]), MONEY.plain(status["fees"])
    yield "result", f"{executable} executable after {fees} of fees; at mid {_mid(status)}"
    model = status["model"]
    trained = "" if model["trained"] else ", untrained"
    fallen = f", {model['depth']} rungs fallen" if model["depth"] else ""
    yield "model", f"{model['name']} {model['policy_id']}{trained}{fallen}"
    amiss = [f"{f['name']} {f['status']}" for f in status["feeds"] if f["status"] != "ok"]
    yield "feeds", ", ".join(amiss) if amiss else f"{len(status['feeds'])} ok"


def _mid(status: Said) -> str:
    return MONEY.signed(status["pnl_mid"])


def _safety(status: Said) -> Rows:
    for breaker in status["breakers"]:
        yield "breaker", f"{breaker['name']}: {breaker['reason']}; {breaker['clears']}"
    for duty in status["duties"]:
        if not duty["fresh"]:
            ran = "never ran" if duty["age_s"] is None else f"ran {age(duty['age_s'])} ago"
            yield "safety", f"{duty['name']} {ran}, limit {duty['limit_s']:g} s"
    if status["stop"] is not None:
        yield status["stop"]["grade"], status["stop"]["sentence"]
    if status["drill"]["sentence"]:
        yield "drill", status["drill"]["sentence"]
    if status["on_hangup"]:
        yield "on hangup", status["on_hangup"]
