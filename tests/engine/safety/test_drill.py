from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from engine.denial import Code, Denial
from engine.gate import Gate, Situation
from engine.order import Intent
from engine.paper import PaperVenue
from engine.safety.drill import drill
from engine.settings import Limits
from engine.trading_state import Latch, TradingState
from tests.engine.safety.clocks import ManualClock


class OpenGate(Gate):
    """Lets everything pass, always."""

    def check(self, intent: Intent, now: Situation) -> Denial | None:
        return None


class DeafGate(Gate):
    """A gate that never heard of HALTED."""

    def check(self, intent: Intent, now: Situation) -> Denial | None:
        return super().check(intent, replace(now, state=TradingState.ACTIVE))


class ShutGate(Gate):
    """Refuses everything, so that its refusals prove nothing."""

    def check(self, intent: Intent, now: Situation) -> Denial | None:
        return Denial(Code.ORDER_RATE, "always", "never")


class LatchAway(Gate):
    """Breaks on the way."""

    def check(self, intent: Intent, now: Situation) -> Denial | None:
        raise RuntimeError("no gate here")


def test_the_stop_works() -> None:
    shown = drill(ManualClock())
    assert shown.passed
    assert shown.sentence == "the gate refused an order; cancels 1/1 confirmed, 0 filled"
    assert shown.latched_ms == 0.0


@pytest.mark.parametrize(
    ("gate", "said"),
    [
        (OpenGate, "the gate let an order pass after the latch was shut"),
        (DeafGate, "the gate let an order pass after the latch was shut"),
        (ShutGate, "the open gate refused an order (ORDER_RATE: always, never)"),
        (LatchAway, "no gate here"),
    ],
)
def test_a_broken_gate_fails_the_drill_and_is_named(gate: type[Gate], said: str) -> None:
    shown = drill(ManualClock(), gate(Limits()))
    assert shown.passed is False
    assert shown.latched_ms is None
    assert shown.sentence == said


def test_a_venue_that_cancels_nothing_fails_the_drill(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PaperVenue, "cancel_all", lambda _self, _t_ms: None)
    shown = drill(ManualClock())
    assert shown.passed is False
    assert shown.sentence == (
        "the order did not end by its cancel; cancels 1/1 confirmed, 1 filled"
    )


def test_a_latch_that_does_not_shut_fails_the_drill(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Latch, "shut_now", lambda _self, _reason: None)
    assert drill(ManualClock()).passed is False


@dataclass
class SlowClock(ManualClock):
    """A second passes whenever somebody looks."""

    def mono(self) -> float:
        self.now += 1.0
        return self.now


def test_what_is_logged_of_it_does_not_depend_on_the_machine() -> None:
    quick, slow = drill(ManualClock()), drill(SlowClock())
    assert slow.latched_ms != quick.latched_ms
    assert slow.sentence == quick.sentence


def test_it_touches_no_disk_and_ends_alike_every_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert drill(ManualClock()) == drill(ManualClock())
    assert list(tmp_path.iterdir()) == []
