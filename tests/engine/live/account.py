"""What a run's events are worth by the world's own outcomes, added up a second time.

Owns no state of the engine: it reads the log, and trusts the world alone about how windows ended.
"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TypeVar

from engine import events as ev
from engine.core import Engine
from engine.units import cost_micro, proceeds_micro
from tests.venues.world import World

E = TypeVar("E", bound=ev.Event)


def happened(engine: Engine, kind: type[E]) -> list[E]:
    """Every event of one kind in the engine's log, those of earlier runs too."""
    engine.journal.log.commit()
    return [r.event for r in engine.journal.log.replay() if isinstance(r.event, kind)]


def is_conserved(engine: Engine, world: World) -> None:
    """The ledger's money is what the fills and the world's outcomes make of it, to the unit."""
    ledger = engine.journal.ledger
    cash, shares = 0, Counter[tuple[str, str]]()
    for fill in happened(engine, ev.FillMatched):
        key = (fill.slug, fill.outcome)
        if fill.side == "BUY":
            cash -= cost_micro(fill.shares, fill.price_bp) + fill.fee
            shares[key] += fill.shares
        else:
            cash += proceeds_micro(fill.shares, fill.price_bp) - fill.fee
            shares[key] -= fill.shares
        assert shares[key] >= 0, f"{fill} sells what is not held"
    for (slug, outcome), held in shares.items():
        if slug in ledger.verdicts:
            window = world.window_of_slug(slug)
            assert window is not None
            cash += held if window.outcome == outcome else 0
    assert ledger.cash == cash
    assert ledger.realised == ledger.cash + sum(h.cost for h in ledger.holdings.values())


def has_no_doubles(engine: Engine) -> None:
    """No order or fill was written twice, none is larger than what was sent, and none was sent to
    an asset while another one of the same direction worked there."""
    sent = happened(engine, ev.OrderSent)
    fills = happened(engine, ev.FillMatched)
    for ids in ([o.order_id for o in sent], [f.fill_id for f in fills]):
        assert len(set(ids)) == len(ids)
    assert {f.order_id for f in fills} <= {o.order_id for o in sent}
    for order in sent:
        mine = [f for f in fills if f.order_id == order.order_id]
        if order.side == "BUY":
            assert sum(cost_micro(f.shares, f.price_bp) for f in mine) <= order.amount
        else:
            assert sum(f.shares for f in mine) <= order.amount


def is_explained(engine: Engine) -> None:
    """Whatever is held is of a window that still runs, or awaits its outcome for a reason; and no
    order is open elsewhere."""
    ledger = engine.journal.ledger
    for slug in (*ledger.open_slugs(), *(o.slug for o in ledger.working.values())):
        assert ledger.markets[slug].end_ms > engine.t_ms or ledger.awaiting.get(slug), slug


def in_time_order(engine: Engine) -> None:
    """Market time never falls, over restarts too."""
    engine.journal.log.commit()
    times = [record.t_ms for record in engine.journal.log.replay()]
    assert all(before <= after for before, after in pairwise(times))
