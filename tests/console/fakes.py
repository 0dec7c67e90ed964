"""A stand-in for the engine and one rich picture of it, for every test of the console.

`FakeEngine` implements `engine.requests.EnginePort` and records what it is asked; it never
acts. `sample_snapshot` shows four assets in four different states: an open position (BTC), a
denied entry (ETH), an invalid row (SOL), and no window with a resolution pending (XRP).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

from engine.requests import Request
from engine.snapshot import (
    AssetView,
    BookView,
    CurvePoint,
    LadderView,
    LimitView,
    LogLine,
    MemoryView,
    ModelView,
    PositionView,
    Snapshot,
    StreamView,
    TradeView,
)
from tests.console.learners import START_MS, collecting, verdict

NOW_MS = START_MS + 527_500
"""Market time of the sample: 8 min 47.5 s into the window, 06:12.5 left of 900 s."""

BEAT_MONO = 1_000.0
"""Monotonic seconds at which the sample was published."""

LIVE = ("live",) * 18


@dataclass
class FakeEngine:
    """An `EnginePort` that shows what it is given and remembers what it is asked."""

    snapshot: Snapshot = field(default_factory=lambda: sample_snapshot())  # noqa: PLW0108 defined below
    requests: list[Request] = field(default_factory=list)
    running: bool = True

    def latest(self) -> Snapshot:
        return self.snapshot

    def ask(self, request: Request) -> None:
        self.requests.append(request)

    def alive(self) -> bool:
        return self.running

    def change(self, **changes: Any) -> None:
        """Publish the next snapshot: the present one with `changes` and the next `seq`."""
        self.snapshot = replace(self.snapshot, **{"seq": self.snapshot.seq + 1, **changes})


def sample_clock() -> float:
    """Monotonic seconds, 0.4 s after the sample was published."""
    return BEAT_MONO + 0.4


def sample_snapshot(**changes: Any) -> Snapshot:
    """The sample picture with some fields of `Snapshot` replaced."""
    return replace(_SAMPLE, **changes)


def flat(asset: AssetView) -> AssetView:
    """`asset` with nothing held and nothing waited for."""
    return replace(asset, position=None, unrealised=0.0, awaiting=(), working=None)


def _row(phase: float, *, held: float = 0.0) -> tuple[float, ...]:
    """Eighteen plausible inputs; the last six are position, time and regime."""
    wave = tuple(math.sin(phase + 0.7 * k) * (0.95 - 0.04 * k) for k in range(12))
    return (*wave, abs(held), held, 0.4 * held, 0.414, math.sin(phase / 3), 0.0)


def _history(phase: float, *, held: float = 0.0) -> tuple[tuple[float, ...], ...]:
    return tuple(_row(phase + 0.35 * step, held=held) for step in range(5))


def _book(bid: float, *, depth: int = 8, tick: float = 0.01) -> BookView:
    bids = tuple((round(bid - tick * k, 4), 180.0 + 95.0 * k * (1 + k % 3)) for k in range(depth))
    asks = tuple(
        (round(bid + tick * (k + 1), 4), 150.0 + 110.0 * k * (1 + k % 2)) for k in range(depth)
    )
    return BookView(bids=bids, asks=asks, age_s=0.3, invalid=None)


def _btc() -> AssetView:
    rows = _history(0.4, held=1.0)
    return AssetView(
        asset="BTC",
        slug="btc-updown-15m-1767225600",
        seconds_left=372.5,
        prob=0.625,
        spot=87_731.40,
        price_to_beat=87_650.12,
        up=_book(0.62),
        down=_book(0.37),
        features=rows[-1],
        feature_status=LIVE,
        history=rows,
        probs=(0.71, 0.29, 0.0),
        mask=(True, True, False),
        value=0.183,
        action="HOLD",
        trade_size=500.0,
        confidence=0.4375,
        order_size=218.75,
        position=PositionView(
            outcome="UP",
            shares=506.45,
            entry_price=0.612,
            cost=318.36,
            bid_value=330.76,
            unrealised=12.40,
        ),
        pnl=38.20,
        unrealised=12.40,
        pnl_mid=61.75,
        fees=21.06,
        trades=9,
    )


def _eth() -> AssetView:
    rows = _history(2.1)
    return AssetView(
        asset="ETH",
        slug="eth-updown-15m-1767225600",
        seconds_left=372.5,
        prob=0.31,
        spot=2_974.18,
        price_to_beat=2_981.55,
        up=_book(0.28),
        down=_book(0.66),
        features=rows[-1],
        feature_status=(*LIVE[:15], "live", "warming", "live"),
        history=rows,
        probs=(0.07, 0.21, 0.72),
        mask=(True, True, True),
        value=-0.042,
        action="SELL",
        denial="spread 0.06 is wider than the limit 0.05",
        trade_size=500.0,
        confidence=0.535,
        order_size=267.5,
        pnl=-14.85,
        pnl_mid=-3.20,
        fees=12.44,
        trades=6,
    )


def _sol() -> AssetView:
    return AssetView(
        asset="SOL",
        slug="sol-updown-15m-1767225600",
        seconds_left=372.5,
        prob=None,
        spot=None,
        price_to_beat=124.315,
        up=BookView(age_s=14.2, invalid="one side empty"),
        down=replace(_book(0.49), age_s=14.2, invalid="stale 14.2 s > 5 s"),
        features=None,
        feature_status=("unknown",) * 3 + ("live",) * 9 + ("live",) * 4 + ("unknown", "warming"),
        row_invalid="binance silent for 14 s, limit 10 s",
        history=_history(3.3)[:3],
        trade_size=500.0,
        pnl=0.0,
        unrealised=0.0,
        fees=0.0,
    )


def _xrp() -> AssetView:
    return AssetView(
        asset="XRP",
        spot=1.8442,
        trade_size=500.0,
        pnl=6.05,
        unrealised=None,
        pnl_mid=9.10,
        fees=4.31,
        trades=3,
        awaiting=("xrp-updown-15m-1767224700",),
    )


def _trades() -> tuple[TradeView, ...]:
    def trade(second: int, asset: str, side: str, outcome: str, **rest: Any) -> TradeView:
        return TradeView(
            t_ms=START_MS + second * 1000, asset=asset, side=side, outcome=outcome, **rest
        )

    return (
        trade(31, "XRP", "BUY", "UP", shares=310.0, price=0.48, fee=5.42, pnl=None, mid=0.475),
        trade(64, "ETH", "BUY", "DOWN", shares=402.1, price=0.57, fee=6.90, pnl=None, mid=0.56),
        trade(140, "ETH", "SELL", "DOWN", shares=402.1, price=0.55, fee=6.97, pnl=-21.91, mid=0.56),
        trade(212, "BTC", "BUY", "UP", shares=506.45, price=0.612, fee=8.41, pnl=None, mid=0.605,
              note="settled"),
        trade(390, "BTC", "SELL", "DOWN", shares=120.0, price=0.41, fee=2.03, pnl=4.12, mid=0.42,
              note="settling"),
    )  # fmt: skip


def _log() -> tuple[LogLine, ...]:
    def line(second: int, level: str, text: str) -> LogLine:
        return LogLine(t_ms=START_MS + second * 1000, level=level, text=text)

    return (
        line(0, "info", "session started: sim, seed 7, speed 1x, profile phase5"),
        line(1, "warn", "evaluator is eager: no C++ compiler for mx.compile"),
        line(31, "info", "BUY UP 310 XRP at 0.48, fee $5.42"),
        line(212, "info", "BUY UP 506.45 BTC at 0.612, fee $8.41"),
        line(498, "warn", "SOL row invalid: binance silent for 14 s, limit 10 s"),
        line(505, "warn", "ETH SELL denied: spread 0.06 is wider than the limit 0.05"),
        line(511, "alarm", "XRP window ended with 310 UP held [awaiting resolution]"),
    )


def _curve() -> tuple[CurvePoint, ...]:
    return tuple(
        CurvePoint(
            t_ms=START_MS + k * 5_000,
            executable=41.8 * k / 105 + 18 * (1 - k / 105) * math.sin(k / 6),
            mid=67.65 * k / 105 + 12 * (1 - k / 105) * math.sin(k / 6),
        )
        for k in range(106)
    )


def _model() -> ModelView:
    return ModelView(
        name="champion",
        policy_id="3f9a1c0b7de2",
        architecture="phase5",
        depth=0,
        trained=False,
        evaluator="eager: no C++ compiler",
        device="cpu",
        rule="sample",
        verdict=verdict(slots=12),
        ladder=(
            LadderView("champion", "phase5", ready=True, detail="3f9a1c0b7de2 shipped"),
            LadderView("checkpoint", "phase5", ready=False, detail="no checkpoint saved yet"),
            LadderView("pre-phase-5", "pre_phase5", ready=True, detail="81be0d55aa90 shipped"),
            LadderView("hold", "none", ready=True, detail="always holds"),
        ),
    )


def with_former_champion() -> ModelView:
    """The sample's model after a promotion: the ladder's second rung can be used."""
    champion, _, *rest = _model().ladder
    former = LadderView("checkpoint", "phase5", ready=True, detail="c0ffee123456 promoted from")
    return replace(_model(), ladder=(champion, former, *rest))


_SAMPLE = Snapshot(
    seq=1055,
    t_ms=NOW_MS,
    beat_mono=BEAT_MONO,
    feed="sim",
    speed=1.0,
    mode="PAPER",
    state="ACTIVE",
    assets=(_btc(), _eth(), _sol(), _xrp()),
    streams=(
        StreamView("book", age_s=0.3, status="ok", messages=41_022, bad=0),
        StreamView("mid", age_s=0.3, status="ok", messages=20_511, bad=0),
        StreamView("binance", age_s=14.2, status="stale", messages=91_004, bad=2),
    ),
    model=_model(),
    learning=collecting(),
    memory=MemoryView(
        rss=212 * 2**20,
        mlx_active=1_310_720,
        mlx_peak=4 * 2**20,
        mlx_cache=2 * 2**20,
        histories=1_440,
    ),
    exposure=467.16,
    worst_case=-437.81,
    limits=(
        LimitView("one asset", used=318.36, limit=500.0, unit="$"),
        LimitView("all assets", used=467.16, limit=2_000.0, unit="$"),
        LimitView("day, worst", used=437.81, limit=2_000.0, unit="$"),
        LimitView("opens", used=3.0, limit=12.0, unit="/min"),
        LimitView("spread", used=0.06, limit=0.05, unit="$"),
    ),
    pnl=29.40,
    unrealised=12.40,
    pnl_mid=67.65,
    fees=37.81,
    windows=4,
    decisions=4_220,
    orders=19,
    fills=18,
    rejects=1,
    denials=(("SPREAD", 41), ("ENTRY_CUTOFF", 12), ("BOOK_INVALID", 7)),
    trades=_trades(),
    log=_log(),
    curve=_curve(),
    loop_gap_ms=6.3,
    decision_us=141.0,
)
