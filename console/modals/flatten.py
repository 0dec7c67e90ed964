"""Flatten: what would be sold, what the bids pay for it now, and what is lost if nobody buys."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from console.modals.page import BLANK, columns, line
from console.modals.typed import TypedDialog
from console.text import Money, share_price
from console.themes import ALARM, LABEL, PLAIN, STRONG, WARN
from console.widgets.lines import Line
from engine.snapshot import AssetView, BookView, PositionView, Snapshot

_WIDTHS = (-4, -4, 12, 5, 13, 13, 13)
_HEADS = ("", "", "shares", "entry", "paid", "bids pay", "worst case")


class FlattenModal(TypedDialog[bool]):
    """Answers True when FLATTEN was typed, False for every other way out."""

    TITLE = "Flatten"
    HINT = "pgup pgdn scroll   esc back"
    WORD = "FLATTEN"

    def lines(self) -> Sequence[Line]:
        return flatten_lines(self.snapshot, self.money)

    def confirmed(self) -> bool:
        return True

    def safe_answer(self) -> bool:
        return False


def flatten_lines(snapshot: Snapshot, money: Money) -> list[Line]:
    """What flattening would sell, position by position, and what it cannot."""
    return [
        line("Shut the gate, cancel what rests, then sell every position at the bids."),
        BLANK,
        *_table(snapshot, money),
        *_caveats(snapshot, money),
        BLANK,
        (
            ("Worst case of the day, if nothing sells: ", LABEL),
            (money.signed(snapshot.worst_case), STRONG),
        ),
        line("What the bids do not take stays held, and is shown as an alarm.", LABEL),
    ]


def held(snapshot: Snapshot) -> list[tuple[AssetView, PositionView]]:
    """Assets that hold something, with what they hold."""
    return [(asset, asset.position) for asset in snapshot.assets if asset.position is not None]


def bids_pay(snapshot: Snapshot) -> float | None:
    """Dollars that the bids would pay for everything held; None where one part is unknown."""
    total = 0.0
    for _, position in held(snapshot):
        if position.bid_value is None:
            return None
        total += position.bid_value
    return total


def _table(snapshot: Snapshot, money: Money) -> Iterator[Line]:
    rows = held(snapshot)
    if not rows:
        yield line("Nothing is held: the word would halt, and sell nothing.", WARN)
        return
    yield columns(_HEADS, _WIDTHS, LABEL)
    for asset, position in rows:
        yield columns(_cells(asset, position, money), _WIDTHS)
    paid = sum(position.cost for _, position in rows)
    totals = (money.plain(paid), money.plain(bids_pay(snapshot)), money.signed(-paid))
    yield columns(("all", "", "", "", *totals), _WIDTHS, STRONG)


def _cells(asset: AssetView, position: PositionView, money: Money) -> tuple[str, ...]:
    return (
        asset.asset,
        position.outcome,
        money.shares(position.shares),
        share_price(position.entry_price),
        money.plain(position.cost),
        money.plain(position.bid_value),
        money.signed(-position.cost),
    )


def _caveats(snapshot: Snapshot, money: Money) -> Iterator[Line]:
    for asset, position in held(snapshot):
        book = _book(asset, position)
        if position.bid_value is None:
            why = book.invalid or "not enough bids"
            yield _caveat(asset, f"what the bids pay is unknown: {why}", money)
        if position.note:
            yield _caveat(asset, position.note, money)
    for asset in snapshot.assets:
        if asset.working is not None:
            yield _caveat(asset, f"{asset.working}; settled first", money)
        if asset.awaiting:
            windows = ", ".join(asset.awaiting)
            yield _caveat(asset, f"awaiting resolution, cannot be sold: {windows}", money)


def _caveat(asset: AssetView, text: str, money: Money) -> Line:
    return (f"{asset.asset:<4} ", ALARM), (money.sentence(text), PLAIN)


def _book(asset: AssetView, position: PositionView) -> BookView:
    return asset.up if position.outcome == "UP" else asset.down
