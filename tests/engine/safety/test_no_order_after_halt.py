"""No order leaves after a halt, whatever a person, the market and the venue did before it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from engine import events as ev
from engine import requests as rq
from engine.core import Engine
from engine.decision import Action
from engine.eventlog import EventLog
from engine.messages import MarketListed
from engine.operator import follow, obey
from engine.order import Intent, Purpose
from engine.safety.breakers import Breaker
from engine.settings import PaperVenue
from tests.engine.build import MARKET, START_MS, market
from tests.engine.fakes import ORDINARY, engine_on, events_of, window

STEP_MS = 100
HARSH = PaperVenue(
    taker_delay_ms=400,
    latency_ms=300,
    latency_sigma=1.0,
    reject_rate=0.2,
    delay_rate=0.2,
    delay_ms=1_500,
    settle_failure_rate=0.2,
    lost_answer_rate=0.2,
    unknown_ms=3_000,
)
NEXT = market(start=MARKET.window_start + MARKET.window_seconds)
BOTH = [*window(verdict=None), *window(NEXT, verdict=None)]


@dataclass
class Watch:
    """Every order that reaches the venue, each with the state it left in."""

    engine: Engine
    left: list[tuple[Intent, str, bool]] = field(default_factory=list)

    def __post_init__(self) -> None:
        send = self.engine.venue.send

        def counted(order_id: str, intent: Intent) -> object:
            shut, selling = self.engine.latch.shut, self.engine.selling_off()
            self.left.append((intent, self.engine.state().value, shut and not selling))
            return send(order_id, intent)

        self.engine.venue.send = counted  # type: ignore[method-assign]  # counts, then sends


ASKED = st.sampled_from(
    [
        rq.Halt("key"),
        rq.Halt("stop file"),
        rq.Halt(rq.WATCHDOG),
        rq.Flatten("key"),
        rq.CloseOut("quit"),
        rq.ReduceOnly(),
        rq.AdmitOpens(),
        rq.Resume("RESUME"),
        rq.Resume("resume"),
        rq.FallBack(),
    ]
)
SHUT = st.just("shut")
"""A stop from another thread, whose request is still in the queue."""
TRIP = st.sampled_from([Breaker.REJECTS, Breaker.DUTY])
STEPS = st.one_of(st.integers(1, 40), st.integers(1, 40), ASKED, SHUT, TRIP)
WANTS = st.lists(st.sampled_from(list(Action)), min_size=1, max_size=12)


def do(engine: Engine, step: object) -> None:
    if isinstance(step, int):
        for _ in range(step):
            engine.advance(engine.t_ms + STEP_MS)
            follow(engine)
    elif isinstance(step, Breaker):
        engine.trip(step, "for the test")
    elif step == "shut":
        engine.latch.shut_now("halt by somebody")
    else:
        obey(engine, step)  # type: ignore[arg-type]  # all that is left


@settings(max_examples=120, deadline=None)
@given(
    steps=st.lists(STEPS, min_size=3, max_size=25),
    wants=WANTS,
    late=st.sampled_from([0, 600_000, 880_000]),
)
def test_no_order_leaves_after_halt(steps: list[object], wants: list[Action], late: int) -> None:
    paper = ORDINARY.model_copy(update={"paper": HARSH})
    start_ms = START_MS + late
    told = [message for message in BOTH if message.t_ms >= start_ms - 1_000]
    listed = [message for message in BOTH if isinstance(message, MarketListed)]
    engine = engine_on(
        [*(replace(m, t_ms=start_ms) for m in listed if m.t_ms < start_ms), *told],
        lambda call: wants[call // 4 % len(wants)],
        paper,
        start_ms=start_ms,
    )
    watch = Watch(engine)
    for step in steps:
        do(engine, step)
    assert not [intent for intent, _, held in watch.left if held]
    assert not [i for i, state, _ in watch.left if state == "HALTED" and i.purpose is Purpose.OPEN]


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(STEPS, max_size=15), wants=WANTS)
def test_after_a_halt_every_order_ends_and_the_stop_with_it(
    steps: list[object], wants: list[Action]
) -> None:
    paper = ORDINARY.model_copy(update={"paper": HARSH})
    engine = engine_on(BOTH, lambda call: wants[call // 4 % len(wants)], paper)
    for step in steps:
        do(engine, step)
    watch = Watch(engine)
    obey(engine, rq.Halt("key"))
    do(engine, 400)
    assert watch.left == []
    assert not engine.journal.ledger.working
    assert engine.stop is not None
    assert engine.stop.over(engine.t_ms)
    assert engine.stop.view(engine.t_ms).confirmed == engine.stop.view(engine.t_ms).orders


class SlowLog(EventLog):
    """A log on a slow disk: another thread does something while it writes."""

    meanwhile: Callable[[], None] | None = None
    """What happens while an intent is made durable."""
    writes_an_intent = False

    def commit(self) -> None:
        super().commit()
        if self.meanwhile is not None and self.writes_an_intent:
            self.meanwhile()

    def append(self, t_ms: int, wall_ms: int, event: ev.Event) -> int:
        self.writes_an_intent = isinstance(event, ev.OrderSent)
        return super().append(t_ms, wall_ms, event)


def test_a_halt_while_an_intent_is_made_durable_keeps_the_order_back() -> None:
    log = SlowLog(None)
    engine = engine_on(BOTH, lambda _: Action.BUY, log=log)
    log.meanwhile = lambda: engine.latch.shut_now("halt by key")
    watch = Watch(engine)
    do(engine, 100)
    assert watch.left == []
    assert len(events_of(engine, ev.OrderSent)) == 1
    (end,) = events_of(engine, ev.OrderDone)
    assert end == ev.OrderDone("o1", "cancelled: never sent, halted meanwhile")
    assert not engine.journal.ledger.working
