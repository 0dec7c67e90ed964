"""Simulated days, and that the auditor would have seen something."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.decision import Mask
from engine.market import Market
from engine.order import Purpose
from engine.trader import Trader
from engine.trading_state import TradingState
from tests.simulation.auditor import Broken
from tests.simulation.day import Day
from tests.simulation.scale import HOUR

SEEDS = (*range(20), 20086)
"""Twenty, and one that once failed: a sale that came back in the last moment of its window."""
HOURS = (*range(4), 30411)
"""Looked at closely; the last one lost a match in a kill and was told the order's end again."""
GLIMPSE = replace(HOUR, windows=1)
HALF = replace(HOUR, windows=2)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_day_of_everything_going_wrong_breaks_nothing(seed: int, tmp_path: Path) -> None:
    day = Day(seed, tmp_path)
    day.run()
    assert day.counts["WindowResolved"] > 0


@pytest.mark.parametrize("seed", HOURS)
def test_an_hour_looked_at_closely_breaks_nothing(seed: int, tmp_path: Path) -> None:
    day = Day(seed, tmp_path, HOUR)
    day.run()
    assert day.counts["WindowResolved"] > 0


def test_the_same_seed_is_the_same_day(tmp_path: Path) -> None:
    days = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        days.append(Day(3, tmp_path / name, GLIMPSE))
        days[-1].run()
    assert days[0].digests == days[1].digests


def nothing(*_: object) -> None:
    return None


def anything(*_: object) -> Mask:
    return (True, True, True)


leave_window = Trader._leave_window


def but_in_reducing(trader: Trader, t_ms: int, market: Market, purpose: Purpose) -> None:
    if trader.state() is not TradingState.REDUCING:
        leave_window(trader, t_ms, market, purpose)


Defect = tuple[int, dict[str, object]]
"""The seed to begin with, and what is put in place of what."""

DEFECTS: dict[str, Defect] = {
    "no state in mask and gate": (
        0,
        {"engine.trader.Trader.mask": anything, "engine.gate._check_state": nothing},
    ),
    "orders that a halt overtook": (5, {"engine.trader.Trader._overtaken": nothing}),
    "cancels that reach nobody": (1, {"engine.paper.PaperVenue.cancel_all": nothing}),
    "no daily limit": (2, {"engine.gate.Gate._check_worst_case": nothing}),
    "sales of what is not settled": (0, {"engine.gate._check_exit": nothing}),
    "sales on any book": (0, {"engine.trader.Trader._cannot_sell_on": nothing}),
    "windows that nobody leaves": (0, {"engine.trader.Trader._leave_window": nothing}),
    "windows left but in REDUCING": (5, {"engine.trader.Trader._leave_window": but_in_reducing}),
    "a ledger deaf to voids": (1, {"engine.ledger.Ledger._void": nothing}),
    "orders before their intents": (0, {"engine.eventlog.EventLog.commit": nothing}),
}
TRIES = 8
"""Seeds within which each defect must be seen."""


@pytest.mark.parametrize("defect", DEFECTS)
def test_the_auditor_sees_a_defect_that_is_put_in(
    defect: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, changes = DEFECTS[defect]
    for place, change in changes.items():
        monkeypatch.setattr(place, change)
    seeds = range(first, first + TRIES)
    assert any(broken(seed, tmp_path / str(seed)) for seed in seeds)


def broken(seed: int, folder: Path) -> bool:
    folder.mkdir()
    day = Day(seed, folder, HALF)
    try:
        day.run()
    except Broken:
        return True
    finally:
        day.log.die()
    return False
