"""Pictures of live feeds, made by hand: one for each situation that a trader may meet."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from engine.feeds_view import ConnectionView, ContractView, FeedsView, RecorderView

BLOCKED = "fapi.binance.com refuses this place (451)"
REFUSED = "HTTP 451 from fapi.binance.com: Service unavailable from a restricted location"


def connection(name: str, state: str = "live", **rest: Any) -> ConnectionView:
    """A stream that is well, with some of it replaced."""
    well = ConnectionView(
        name, "stream", state, age_s=0.2, rate=84.3, latency_ms=41.0, messages=91_004
    )
    return replace(well, **rest)


def polymarket() -> tuple[ConnectionView, ...]:
    return (
        connection("polymarket books", rate=212.6, messages=1_204_331, latency_ms=38.0),
        connection("polymarket prices", rate=4.0, messages=14_220),
        connection("polymarket discovery", kind="request", rate=0.1, age_s=4.1, latency_ms=120.0),
    )


def binance(state: str = "live", **rest: Any) -> tuple[ConnectionView, ...]:
    return (
        connection("binance futures trades", state, **rest),
        connection("binance futures quotes", state, **rest),
        connection("binance interest", state, **{"kind": "request", **rest}),
    )


def contracts() -> tuple[ContractView, ...]:
    return (
        ContractView("BTC", 87_731.4, 87_729.9, 0.0001, 81_203.4, 12_400.0),
        ContractView("ETH", 2_974.18, 2_973.55, -0.000_053, 1_812_400.0, 0.0),
        ContractView("SOL", 124.312, 124.305, None, None, 0.0),
        ContractView("XRP"),
    )


def recording(**rest: Any) -> RecorderView:
    path = "/srv/data/recordings/live-20260101-000000/part-0003.jsonl.gz"
    return replace(RecorderView(on=True, path=path, rows=48_211, written=4_300_000), **rest)


def live(**rest: Any) -> FeedsView:
    """Everything is well, and recorded."""
    well = FeedsView(
        connections=(*polymarket(), *binance()),
        reference="binance-futures",
        skew_ms=12.0,
        contracts=contracts(),
        recorder=recording(),
        tick_late_ms=4.1,
    )
    return replace(well, **rest)


def blocked() -> FeedsView:
    """The first choice refuses this place; the third serves."""
    never: dict[str, Any] = {"age_s": None, "rate": 0.0, "latency_ms": None, "messages": 0}
    refused = binance("blocked", why="asked again in 14 min", last_error=REFUSED, **never)
    okx = (connection("okx trades"), connection("okx bars", reconnects=2))
    return live(
        connections=(*polymarket(), *refused, *okx),
        reference="okx-swap",
        reference_rung=2,
        reference_why=BLOCKED,
    )


def both_down() -> FeedsView:
    """Neither the market's venue nor any reference venue answers."""
    gone: dict[str, Any] = {
        "age_s": 73.0,
        "rate": 0.0,
        "reconnects": 9,
        "last_error": "connection refused",
    }
    lost = [
        replace(view, state="retrying", why="tried again in 4 s", **gone)
        for view in (*polymarket(), *binance())
    ]
    return live(
        connections=tuple(lost), reference="", reference_why="no venue answers", contracts=()
    )


def slept() -> FeedsView:
    """The machine slept; every socket is being made anew, and nothing measured again yet."""
    fresh = [
        replace(view, state="connecting", age_s=312.0, rate=0.0, latency_ms=None)
        for view in (*polymarket(), *binance())
    ]
    return live(
        connections=tuple(fresh),
        skew_ms=None,
        clock_note="the machine slept for 312 s",
        tick_late_ms=None,
    )


def stopped() -> FeedsView:
    """The disk is full: recording has ended, trading goes on."""
    why = "No space left on device: /tapes cannot be written"
    return live(recorder=recording(on=False, why=why))


def fast_clock() -> FeedsView:
    """This machine's clock is 3.1 s ahead."""
    return live(skew_ms=-3_100.0, skewed=True)


SITUATIONS = (live(), blocked(), both_down(), slept(), stopped(), fast_clock())
