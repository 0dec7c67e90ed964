from __future__ import annotations

from pathlib import Path

import pytest

from engine import events as ev
from engine import requests as rq
from engine.core import Engine
from engine.decision import Action
from engine.operator import FIXED, NO_CHALLENGER, obey
from engine.trading_state import Latch, TradingState
from tests.engine.build import START_MS
from tests.engine.fakes import ORDINARY, always, engine_on, events_of, window

UP = always(Action.BUY)


def notes(engine: Engine) -> list[ev.Noted]:
    return [e for e in events_of(engine, ev.Noted) if isinstance(e, ev.Noted)]


@pytest.mark.parametrize("stop", [rq.Halt("key"), rq.Flatten("key")])
def test_a_stop_that_is_asked_for_after_a_resume_wins(
    stop: rq.Halt | rq.Flatten, tmp_path: Path
) -> None:
    latch = Latch(tmp_path / "HALTED")
    engine = engine_on(window(), UP, latch=latch)
    latch.shut_now("halt by key")
    for request in (rq.Halt("key"), rq.Resume("RESUME"), stop):
        obey(engine, request)
    assert engine.state() is TradingState.HALTED
    assert latch.reason == stop.why
    assert Latch(tmp_path / "HALTED").reason == stop.why


def test_a_halt_reports_what_it_leaves_in_flight_and_held() -> None:
    engine = engine_on(window(), UP)
    engine.advance(START_MS + 60_000)
    obey(engine, rq.Halt("key"))
    (report,) = notes(engine)
    assert report.level == "alarm"
    assert "0 in flight" in report.text
    assert "positions held in 1 windows" in report.text


def test_a_halt_that_cannot_be_written_down_says_so_and_holds(tmp_path: Path) -> None:
    engine = engine_on(window(), latch=Latch(tmp_path / "nowhere" / "HALTED"))
    obey(engine, rq.Halt("key"))
    assert engine.state() is TradingState.HALTED
    assert any("holds in memory" in note.text for note in notes(engine))


def test_a_halt_sells_what_is_held_where_the_settings_say_so() -> None:
    settings = ORDINARY.model_copy(update={"when_halted": "flatten"})
    engine = engine_on(window(), UP, settings)
    engine.advance(START_MS + 60_000)
    obey(engine, rq.Halt("key"))
    engine.advance(START_MS + 70_000)
    assert engine.journal.ledger.open_slugs() == []
    assert engine.state() is TradingState.HALTED


def test_a_wrong_word_leaves_a_sentence_and_the_halt() -> None:
    engine = engine_on(window())
    obey(engine, rq.Halt("key"))
    obey(engine, rq.Resume("please"))
    assert engine.state() is TradingState.HALTED
    assert notes(engine)[-1].text == "type RESUME to leave HALTED; 'please' was typed"


def test_resume_ends_a_flatten() -> None:
    engine = engine_on(window(), UP)
    seen = []
    for request in (rq.Flatten("key"), rq.Resume("RESUME")):
        obey(engine, request)
        seen.append((engine.flattening, engine.state()))
    assert seen == [(True, TradingState.HALTED), (False, TradingState.ACTIVE)]


def test_a_rung_that_does_not_exist_changes_no_model_and_says_so() -> None:
    engine = engine_on(window())
    obey(engine, rq.PickModel(9))
    assert events_of(engine, ev.ModelChanged) == []
    assert notes(engine)[-1].text == "there is no such rung on the model ladder"


@pytest.mark.parametrize(
    ("request_", "reason"), [(rq.FallBack(), "picked"), (rq.PickModel(2), "picked")]
)
def test_a_change_of_model_is_an_event_with_its_reason(request_: rq.Request, reason: str) -> None:
    engine = engine_on(window())
    obey(engine, request_)
    (changed,) = events_of(engine, ev.ModelChanged)
    assert isinstance(changed, ev.ModelChanged)
    assert (changed.before, changed.reason) == ("champion", reason)


def test_every_change_of_state_is_written_once() -> None:
    engine = engine_on(window())
    for request in (rq.ReduceOnly(), rq.ReduceOnly(), rq.AdmitOpens(), rq.Halt("key")):
        obey(engine, request)
    changes = [(e.before, e.after) for e in events_of(engine, ev.StateChanged)]  # type: ignore[union-attr]  # events of one kind
    assert changes == [
        ("STARTING", "RECONCILING"),
        ("RECONCILING", "ACTIVE"),
        ("ACTIVE", "REDUCING"),
        ("REDUCING", "ACTIVE"),
        ("ACTIVE", "HALTED"),
    ]


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        (rq.SetLearning(True), NO_CHALLENGER),
        (rq.SetLearning(False), NO_CHALLENGER),
        (rq.Promote(), NO_CHALLENGER),
        (rq.RollBack(), FIXED),
    ],
)
def test_what_cannot_be_granted_leaves_a_sentence_and_changes_nothing(
    request_: rq.Request, text: str
) -> None:
    engine = engine_on(window())
    obey(engine, request_)
    assert [note.text for note in notes(engine)] == [text]
    assert engine.state() is TradingState.ACTIVE
