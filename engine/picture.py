"""Building the `Snapshot` that the console sees.

Owns the translation from the engine's integers to dollars and words. It reads the engine and
changes nothing; it is called at the console's pace, not at the market's.
"""

from __future__ import annotations

from dataclasses import replace

from engine.book import Book
from engine.core import Engine
from engine.desk import Desk
from engine.exposure import Exposure, exposure_of
from engine.feeds.live.feed import LiveFeed
from engine.feeds_view import FeedsView
from engine.learning.challenger import Challenger
from engine.learning_picture import learning_picture
from engine.ledger import Holding
from engine.market import Market, Outcome
from engine.memory import measure
from engine.signals import neutral_count
from engine.sizing import confidence_size
from engine.snapshot import (
    AssetView,
    BookView,
    LadderView,
    LimitView,
    MemoryView,
    ModelView,
    PositionView,
    Snapshot,
    StreamView,
    known,
)
from engine.trading_state import TradingState
from engine.units import MICRO, dollars, price_float, proceeds_micro, shares_float

LEVELS = 10


def picture(
    engine: Engine,
    seq: int,
    mono: float,
    speed: float,
    challenger: Challenger | None = None,
    live: LiveFeed | None = None,
) -> Snapshot:
    """One snapshot of everything, at the engine's market time."""
    ledger, meters = engine.journal.ledger, engine.meters
    exposure = exposure_of(ledger)
    assets = tuple(_asset(engine, desk) for desk in engine.desks.values())
    state = engine.state()
    return Snapshot(
        seq=seq,
        t_ms=engine.t_ms,
        beat_mono=mono,
        feed=engine.feed.info.name,
        speed=speed,
        state=state.value,
        state_reason="" if state is TradingState.ACTIVE else engine.why(),
        assets=assets,
        streams=_streams(engine),
        model=_model(engine),
        learning=learning_picture(challenger, engine),
        feeds=_feeds(engine, live),
        memory=_memory(engine),
        exposure=dollars(exposure.total),
        worst_case=dollars(exposure.worst_day),
        limits=_limits(engine, exposure),
        pnl=dollars(ledger.realised),
        unrealised=_sum_known([a.unrealised for a in assets]),
        pnl_mid=_sum_known([a.pnl_mid for a in assets]),
        fees=dollars(ledger.fees),
        windows=meters.windows,
        decisions=engine.journal.decisions,
        orders=ledger.counts["OrderSent"],
        fills=ledger.counts["FillMatched"],
        rejects=ledger.counts["OrderRejected"],
        denials=tuple(engine.journal.denials.most_common()),
        trades=engine.journal.trades,
        log=tuple(engine.journal.lines),
        curve=tuple(engine.curve),
        loop_gap_ms=meters.gaps.recent_ms(mono),
        decision_us=meters.usual_decision_us,
    )


def _asset(engine: Engine, desk: Desk) -> AssetView:
    ledger, market, reading = engine.journal.ledger, desk.market, desk.reading
    prob, decision = desk.prob(), desk.decision
    confidence = None if prob is None else confidence_size(prob)
    stake = float(engine.settings.trade_size)
    book = ledger.asset(desk.asset)
    position, unrealised = _position(engine, desk)
    mid = ledger.mid.marked(desk.asset, _mids(desk, prob))
    return AssetView(
        asset=desk.asset,
        slug=None if market is None else market.slug,
        window_seconds=900 if market is None else market.window_seconds,
        seconds_left=None if market is None else max(0.0, (market.end_ms - engine.t_ms) / 1000),
        prob=prob,
        spot=known(desk.spot),
        price_to_beat=None if market is None else known(desk.price_to_beat.get(market.slug)),
        up=_book(desk.book(Outcome.UP), engine.t_ms),
        down=_book(desk.book(Outcome.DOWN), engine.t_ms),
        features=desk.features,
        feature_status=() if reading is None else reading.status,
        row_invalid=desk.row_invalid,
        history=desk.history.rows(),
        probs=None if decision is None else decision.probs,
        mask=(True, True, True) if decision is None else decision.mask,
        value=None if decision is None else known(decision.value),
        action=None if decision is None else ("HOLD", "BUY", "SELL")[decision.action],
        denial=desk.denial,
        trade_size=stake,
        confidence=confidence,
        order_size=None if confidence is None else stake * confidence,
        position=position,
        working=_working(engine, desk.asset),
        pnl=dollars(book.realised),
        unrealised=unrealised,
        pnl_mid=None if mid is None else dollars(mid),
        fees=dollars(book.fees),
        trades=book.fills,
        awaiting=tuple(s for s in ledger.awaiting if ledger.markets[s].asset == desk.asset),
        neutral=0 if reading is None else neutral_count(reading.status),
    )


def _mids(desk: Desk, prob: float | None) -> dict[str, int]:
    if desk.market is None or prob is None:
        return {}
    return {desk.market.slug: round(prob * MICRO)}


def _book(book: Book | None, t_ms: int) -> BookView:
    if book is None:
        return BookView()
    return BookView(
        bids=tuple((price_float(p), shares_float(s)) for p, s in book.bids[:LEVELS]),
        asks=tuple((price_float(p), shares_float(s)) for p, s in book.asks[:LEVELS]),
        age_s=max(0.0, book.age_ms(t_ms) / 1000),
        invalid=book.invalid,
    )


def _position(engine: Engine, desk: Desk) -> tuple[PositionView | None, float | None]:
    """What is shown of the asset's largest holding, and the unrealised sum of all of them."""
    held = [
        h for h in engine.journal.ledger.holdings.values() if h.asset == desk.asset and not h.dust
    ]
    if not held:
        return None, 0.0
    views = [_holding(engine, desk, holding) for holding in held]
    largest = max(zip(held, views, strict=True), key=lambda pair: pair[0].cost)[1]
    return largest, _sum_known([view.unrealised for view in views])


def _holding(engine: Engine, desk: Desk, holding: Holding) -> PositionView:
    market = engine.journal.ledger.markets[holding.slug]
    value = _bid_value(market, holding, desk.books.get(holding.token_id))
    return PositionView(
        outcome=holding.outcome.value,
        shares=shares_float(holding.shares),
        entry_price=holding.paid / holding.shares if holding.shares else 0.0,
        cost=dollars(holding.cost),
        bid_value=None if value is None else dollars(value),
        unrealised=None if value is None else dollars(value - holding.cost),
        note=_note(engine, holding),
    )


def _note(engine: Engine, holding: Holding) -> str:
    awaiting = engine.journal.ledger.awaiting.get(holding.slug)
    if awaiting is not None:
        return f"awaiting resolution: {awaiting}"
    if any(order.token_id == holding.token_id for order in engine.journal.ledger.working.values()):
        return "being sold"
    blocked = engine.trader.held_because.get(holding.slug)
    if blocked is not None:
        return f"exit blocked: {blocked}"
    return "settling" if holding.unsettled else ""


def _bid_value(market: Market, holding: Holding, book: Book | None) -> int | None:
    """Micro-dollars that walking the bids would bring, fee paid; None: unknown."""
    if book is None or book.invalid is not None:
        return None
    left, value = holding.shares, 0
    for price_bp, size in book.bids:
        take = min(left, size)
        value += proceeds_micro(take, price_bp) - market.fee.taker_fee_micro(take, price_bp)
        left -= take
        if left == 0:
            break
    return value  # what the bids cannot take counts for nothing


def _working(engine: Engine, asset: str) -> str | None:
    for order in engine.journal.ledger.working.values():
        if order.asset == asset:
            size = f"${dollars(order.amount):.2f}"
            if order.side == "SELL":
                size = f"{shares_float(order.amount):.2f} shares"
            return f"{order.side} {order.outcome} {size} in flight"
    return None


def _streams(engine: Engine) -> tuple[StreamView, ...]:
    info, intake = engine.feed.info, engine.intake
    return tuple(
        _stream(engine, name, intake.newest_ms.get(name))
        for name in ("book", "binance", "mid")
        if name in info.has or name in info.lacks
    )


def _stream(engine: Engine, name: str, newest_ms: int | None) -> StreamView:
    info, intake = engine.feed.info, engine.intake
    age = None if newest_ms is None else max(0.0, (engine.t_ms - newest_ms) / 1000)
    limit = engine.settings.mid_age_s if name == "mid" else engine.settings.source_age_s
    status = "ok"
    if name in info.lacks:
        status = "absent"
    elif age is None:
        status = "silent"
    elif age > limit:
        status = "stale"
    return StreamView(name, age, status, intake.counts[name], intake.bad[name])


def _feeds(engine: Engine, live: LiveFeed | None) -> FeedsView:
    if live is None:
        return FeedsView()
    return replace(
        live.view(),
        contracts=tuple(engine.intake.contracts.values()),
        tick_late_ms=engine.meters.late.quantile_ms(0.99),
    )


def _model(engine: Engine) -> ModelView:
    ladder = engine.ladder
    policy = ladder.policy
    return ModelView(
        name=ladder.name,
        policy_id=policy.policy_id,
        architecture=policy.architecture,
        depth=ladder.depth,
        trained=policy.trained,
        profile=engine.settings.ppo.profile,
        rule=engine.settings.decision_rule,
        evaluator=policy.evaluator,
        device=policy.device,
        ladder=tuple(LadderView(v.name, v.architecture, v.ready, v.detail) for v in ladder.views()),
        last_fall=engine.meters.last_fall,
        verdict=engine.scorecard.verdict(),
    )


def _memory(engine: Engine) -> MemoryView:
    used = measure()
    return MemoryView(
        rss=used.rss,
        mlx_active=used.mlx_active,
        mlx_peak=used.mlx_peak,
        mlx_cache=used.mlx_cache,
        histories=sum(desk.history.nbytes for desk in engine.desks.values()),
    )


def _limits(engine: Engine, exposure: Exposure) -> tuple[LimitView, ...]:
    limits, gate = engine.settings.limits, engine.trader.gate
    largest = max((amount for _, amount in exposure.by_asset), default=0)
    return (
        LimitView("one asset", dollars(largest), float(limits.asset), "$"),
        LimitView("all assets", dollars(exposure.total), float(limits.exposure), "$"),
        LimitView(
            "day, worst",
            dollars(max(0, -exposure.worst_day)),
            float(limits.daily_loss),
            "$",
        ),
        LimitView(
            "opens",
            gate.opens_in_last_minute(engine.t_ms),
            limits.opens_per_minute,
            "/min",
        ),
    )


def _sum_known(values: list[float | None]) -> float | None:
    """The sum, or None (unknown) as soon as one part is unknown."""
    numbers = [value for value in values if value is not None]
    return None if len(numbers) < len(values) else sum(numbers)
