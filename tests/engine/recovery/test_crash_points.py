"""F36: a process killed at every point at which it writes, sends or hears, and started again.

The exchange's own file is the truth that the log is compared with; the paper venue lives in the
process that dies, so there the log must agree with itself. See `tests.engine.recovery.victim`.
"""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import orjson
import pytest

from engine import events as ev
from engine.eventlog import EventLog, Recorded
from engine.ledger import Ledger
from tests.engine.recovery.victim import POINTS, Case
from tests.venues.exchange import Exchange

ROOT = Path(__file__).resolve().parents[3]
NTH = (1, 2, 5, 14)
"""Which passages of a point are tried; a run that has fewer ends by itself."""


class Victims:
    """The program that runs cases."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def run(self, case: Case) -> bool:
        """Returns whether the first run died; the second must have come to its end."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(orjson.dumps(asdict(case)) + b"\n")
        self._process.stdin.flush()
        answer = orjson.loads(self._process.stdout.readline())
        assert answer["again"] == 0, case
        return bool(answer["died"])


@pytest.fixture(scope="module")
def victims() -> Iterator[Victims]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.engine.recovery.victim"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        yield Victims(process)
        process.communicate()


def log_of(case: Case) -> list[Recorded]:
    """Every event, the chain verified."""
    log = EventLog(Path(case.folder) / "crash.sqlite")
    found = list(log.replay())
    log.close()
    return found


def books_of(recorded: list[Recorded]) -> Ledger:
    ledger = Ledger()
    for one in recorded:
        ledger.apply(one.t_ms, one.event)
    return ledger


def names(recorded: list[Recorded], kind: type[ev.Event], name: str) -> list[str]:
    return [getattr(one.event, name) for one in recorded if isinstance(one.event, kind)]


def nothing_twice(recorded: list[Recorded]) -> None:
    for kind, name in ((ev.OrderSent, "order_id"), (ev.FillMatched, "fill_id")):
        assert max(Counter(names(recorded, kind, name)).values(), default=1) == 1


def as_the_exchange_says(case: Case, recorded: list[Recorded]) -> None:
    exchange, ledger = Exchange(Path(case.folder) / "exchange"), books_of(recorded)
    assert exchange.twice == []
    assert set(exchange.placed) <= set(names(recorded, ev.OrderSent, "order_id"))
    matched = {fill.fill_id: fill for fill in exchange.matched(recorded[-1].t_ms)}
    booked = [one.event for one in recorded if isinstance(one.event, ev.FillMatched)]
    assert {fill.fill_id: fill for fill in booked} == matched
    held = {token: h.shares for token, h in ledger.holdings.items() if h.shares}
    assert held == exchange.shares(recorded[-1].t_ms)


def ended_in_order(case: Case, recorded: list[Recorded]) -> None:
    ledger = books_of(recorded)
    assert ledger.working == {}
    assert ledger.pending == {}
    said = orjson.loads(Path(case.folder, "said.json").read_bytes())
    assert said["reconciled"], said
    assert "mismatch" not in said["why"], said
    assert (said["state"] == "HALTED") == Path(case.folder, "HALTED").exists(), said


@pytest.mark.parametrize("venue", ["exchange", "paper"])
@pytest.mark.parametrize("point", POINTS)
def test_F36_a_kill_at_any_point_loses_nothing_and_doubles_nothing(
    victims: Victims, tmp_path: Path, point: str, venue: str
) -> None:
    deaths = 0
    for after in (False, True):
        for nth in NTH:
            folder = tmp_path / f"{after}-{nth}"
            folder.mkdir()
            case = Case(str(folder), venue, point, after, nth)
            died = victims.run(case)
            deaths += died
            recorded = log_of(case)
            nothing_twice(recorded)
            ended_in_order(case, recorded)
            if venue == "exchange":
                as_the_exchange_says(case, recorded)
            if not died:
                break
    assert deaths, "the point was never passed"


@pytest.mark.parametrize("point", ["keep", "latch file"])
def test_a_halt_that_was_kept_survives_the_kill(
    victims: Victims, tmp_path: Path, point: str
) -> None:
    case = Case(str(tmp_path), "exchange", point, after=True, nth=1)
    assert victims.run(case)
    said = orjson.loads((tmp_path / "said.json").read_bytes())
    assert said["state"] == "HALTED"


def test_F30_no_order_that_may_have_left_is_ever_sent_again(
    victims: Victims, tmp_path: Path
) -> None:
    sent: dict[bool, list[str]] = {}
    for after in (False, True):
        folder = tmp_path / str(after)
        folder.mkdir()
        case = Case(str(folder), "exchange", "send", after, nth=1)
        assert victims.run(case)
        recorded = log_of(case)
        first = next(one.event for one in recorded if isinstance(one.event, ev.OrderSent))
        ends = [one.event for one in recorded if isinstance(one.event, ev.OrderDone)]
        assert isinstance(first, ev.OrderSent)
        assert [end.how for end in ends if end.order_id == first.order_id] == (
            ["filled"] if after else ["absent"]
        )
        sent[after] = list(Exchange(folder / "exchange").placed)
        assert first.order_id in sent[True] if after else first.order_id not in sent[False]
