"""An asset's state in words and numbers: lines for the panels, longest variant that fits first.

Pure functions of one `AssetView`. Unknown is written out, denials are quoted whole, sizes are
spelled out as the product they are.
"""

from __future__ import annotations

from collections.abc import Sequence

from console.text import (
    UNKNOWN,
    clip,
    countdown,
    finite,
    first_fit,
    percent,
    share_price,
    signed,
    spot_change,
    spot_price,
)
from console.themes import FAINT, GAIN, LABEL, LOSS, PLAIN, STRONG, WARN, by_sign
from console.widgets.bars import gauge
from console.widgets.display import Display
from console.widgets.lines import Line, Run, first_line_that_fits, spread, width_of
from engine.snapshot import AssetView, BookView

ACTIONS = ("HOLD", "BUY", "SELL")

MASKED = "✕"
"""Stands for an action that was not legal."""

CHOSEN = "▶"
"""Stands before the chosen action."""

MEANINGS = {"HOLD": "keep what is", "BUY": "go UP", "SELL": "go DOWN"}

ACTION_STYLES = {"HOLD": PLAIN, "BUY": GAIN, "SELL": LOSS}

BOOK_INPUT, HOLDING_INPUT, SIDE_INPUT = 3, 12, 13
"""Places of ob_imbalance_l1, has_position and position_side among the 18 inputs."""

BOOKLESS = (
    "no order book in this feed: nothing can be filled, only mid PnL moves",
    "no order book in this feed: only mid PnL moves",
    "no order book in this feed",
)
"""Longest first."""

LAST_SECONDS = 180.0
"""From here on the countdown asks for attention: no entries in the last fifth of 900 s."""


def arrow(prob: float | None) -> str:
    """Which outcome the market favours."""
    if prob is None or prob == 0.5:
        return " "
    return "▲" if prob > 0.5 else "▼"


def probability(view: AssetView) -> list[Run]:
    style = FAINT if view.prob is None else by_sign(view.prob - 0.5)
    return [(f"{percent(view.prob):>6}", STRONG), (f" {arrow(view.prob)}", style)]


def time_left(view: AssetView) -> Run:
    """mm:ss left of the window; near its end in the style of a warning, with a mark."""
    if view.slug is None:
        return ("--:--", FAINT)
    seconds = view.seconds_left
    late = seconds is not None and seconds <= LAST_SECONDS * view.window_seconds / 900
    return (f"{'!' if late else ''}{countdown(seconds)}", WARN if late else PLAIN)


def market_line(view: AssetView, width: int) -> Line:
    """Probability, spot against the price to beat, time left."""
    right: Line = [(" ", PLAIN), time_left(view)]
    if view.slug is None:
        return spread([("between windows", LABEL)], right, width)
    spot, beat = spot_price(view.spot), spot_price(view.price_to_beat)
    gap = distance(view)
    change: Run = (f"  {spot_change(view.spot, view.price_to_beat)}", by_sign(gap))
    chance = probability(view)
    shortest: Line = [*chance, (f"  {spot}", PLAIN), (" / ", LABEL), (beat, PLAIN), change]
    full: Line = [
        *chance,
        ("  spot ", LABEL),
        (spot, PLAIN),
        ("  beat ", LABEL),
        (beat, PLAIN),
        change,
    ]
    roomy: Line = [("UP ", LABEL), *chance, ("   spot ", LABEL), (spot, PLAIN),
                   ("   price to beat ", LABEL), (beat, PLAIN), change]  # fmt: skip
    left = first_line_that_fits(width - width_of(right), (roomy, full, shortest))
    return spread(left, right, width)


def distance(view: AssetView) -> float | None:
    """Spot less the price to beat, dollars; None where one is unknown."""
    if view.spot is None or view.price_to_beat is None:
        return None
    return view.spot - view.price_to_beat


def top_of_book(name: str, book: BookView, width: int) -> list[Run]:
    """Best bid and ask of one outcome with the book's validity in a word."""
    bid = share_price(book.bids[0][0] if book.bids else None)
    ask = share_price(book.asks[0][0] if book.asks else None)
    quote = f"{bid}/{ask}"
    room = width - len(name) - len(quote) - 2
    word = "valid" if book.invalid is None else clip(book.invalid, room)
    style = LABEL if book.invalid is None else WARN
    return [(f"{name} ", LABEL), (f"{quote} ", PLAIN), (word, style)]


def bookless(view: AssetView) -> bool:
    """Whether the feed carries no order book at all: none was heard of, and none is expected."""
    absent = bool(view.feature_status) and view.feature_status[BOOK_INPUT] == "absent"
    return absent and view.up.age_s is None and view.down.age_s is None


def mid_holding(view: AssetView) -> str | None:
    """The outcome that the mid account holds where only it can trade; None: nothing."""
    if not bookless(view) or view.features is None or not view.features[HOLDING_INPUT]:
        return None
    return "UP" if view.features[SIDE_INPUT] > 0 else "DOWN"


def books_line(view: AssetView, width: int) -> Line:
    """Top of the UP and of the DOWN book beside each other; in words where there can be none."""
    if bookless(view):
        return first_line_that_fits(width, [[(words, LABEL)] for words in BOOKLESS])
    half = (width - 2) // 2
    up = top_of_book("UP", view.up, half)
    return [*up, (" " * (half + 2 - width_of(up)), PLAIN), *top_of_book("DOWN", view.down, half)]


def softmax_line(view: AssetView, width: int) -> Line:
    """HOLD, BUY and SELL as bars; the chosen one marked, an illegal one crossed out."""
    if view.probs is None:
        return [(clip(_no_decision(view), width), FAINT)]
    bar = max(2, (width - 4) // 3 - 10)
    line: list[Run] = []
    for name, share, legal in zip(ACTIONS, view.probs, view.mask, strict=True):
        chosen = name == view.action
        words, drawn = (STRONG, ACTION_STYLES[name]) if chosen else (LABEL, LABEL)
        line.append((f"{CHOSEN if chosen else ' '}{name:<4} ", words))
        line.append((gauge(share, bar) if legal else f"{MASKED:<{bar}}", drawn))
        line.append((f"{_hundredths(share) if legal else '':<3}  ", words))
    return line


def _no_decision(view: AssetView) -> str:
    return "no decision yet" if view.slug is not None else "nothing to decide between windows"


def _hundredths(share: float) -> str:
    return f"{share:.2f}".removeprefix("0")


def note(view: AssetView, display: Display) -> Run | None:
    """The one thing about this asset that the trader must know now, if there is one."""
    say = display.money.sentence
    if view.row_invalid is not None and view.slug is not None:
        return (f"row invalid: {say(view.row_invalid)}", WARN)
    if view.position is not None and view.position.note:
        return (say(view.position.note), WARN)
    if view.denial is not None:
        return (f"denied: {say(view.denial)}", WARN)
    if view.working is not None:
        return (say(view.working).removeprefix(f"{view.action} "), GAIN)
    if view.awaiting:
        return (f"awaiting resolution of {', '.join(view.awaiting)}", WARN)
    return None


def action_line(view: AssetView, display: Display, width: int) -> Line:
    """The chosen action and what became of it; at the right what else must be known."""
    left: list[Run] = [(f" {view.action or '-':<4} ", STRONG)]
    said = note(view, display)
    right = _beside_action(view, display)
    if said is None:
        left.append((MEANINGS.get(view.action or "", ""), LABEL))
    elif len(said[0]) + width_of(left) + width_of(right) > width:
        return [*left, (clip(said[0], width - width_of(left)), said[1])]
    else:
        left.append(said)
    return spread(left, right, width)


def _beside_action(view: AssetView, display: Display) -> Line:
    if view.neutral:
        return [(f"  {view.neutral} of 18 features neutral", WARN)]
    if view.position is not None:
        return _size(view, display)
    return [("  value ", LABEL), (signed(view.value), PLAIN)] if view.value is not None else ()


def _size(view: AssetView, display: Display) -> Line:
    return [("  size ", LABEL), (size_words(view, display), PLAIN)]


def size_words(view: AssetView, display: Display) -> str:
    """`$500 x 0.62 = $310`: base stake, confidence, and what they make."""
    money = display.money
    stake, ordered = money.whole(view.trade_size), money.whole(view.order_size)
    return f"{stake} x {_factor(view)} = {ordered}"


def _factor(view: AssetView) -> str:
    """The confidence with the fewest digits (two to four) that make the product come out."""
    confidence = finite(view.confidence)
    if confidence is None:
        return UNKNOWN
    ordered = view.order_size if view.order_size is not None else confidence * view.trade_size
    exact = (
        text
        for text in (f"{confidence:.2f}", f"{confidence:.3f}")
        if abs(float(text) * view.trade_size - ordered) < 0.005
    )
    return next(exact, f"{confidence:.4f}")


def position_words(view: AssetView, display: Display) -> list[Line]:
    """What is held with entry, value and unrealised result; longest variant first."""
    held, money = view.position, display.money
    if held is None:
        counted = mid_holding(view)
        said: Line = [(f"flat; the mid account holds {counted}", LABEL)]
        return [*([said] if counted else []), [("flat", LABEL)]]
    result: Run = (money.signed(held.unrealised), by_sign(held.unrealised))
    shares, entry = money.shares(held.shares), share_price(held.entry_price)
    head: list[Run] = [(f"{held.outcome} {shares}", STRONG), (" @ ", LABEL), (entry, PLAIN)]
    return [
        [*head, ("  cost ", LABEL), (money.plain(held.cost), PLAIN), ("  now ", LABEL),
         (money.plain(held.bid_value), PLAIN), ("  open ", LABEL), result],
        [*head, ("  now ", LABEL), (money.plain(held.bid_value), PLAIN), ("  ", PLAIN), result],
        [(f"{held.outcome} {shares}", STRONG), (f"@{entry} → ", LABEL),
         (money.plain(held.bid_value), PLAIN), (" ", PLAIN), result],
        [*head, (" ", PLAIN), result],
    ]  # fmt: skip


def position_line(view: AssetView, display: Display, width: int) -> Line:
    """What is held; while flat, the size of the next order at the right."""
    right = _size(view, display) if view.position is None else ()
    left = first_line_that_fits(width - width_of(right), position_words(view, display))
    return spread(left, right, width)


def executable(view: AssetView) -> float | None:
    """Realised and unrealised executable PnL together, dollars; None where a part is unknown."""
    return None if view.unrealised is None else view.pnl + view.unrealised


def pnl_variants(view: AssetView, display: Display) -> Sequence[Line]:
    """Executable PnL beside mid PnL; an unknown part is said, not left out."""
    money, total = display.money, executable(view)
    exact: list[Run] = [("exec ", LABEL), (money.signed(total), by_sign(total))]
    if total is None:
        exact.append((f" ({money.signed(view.pnl)} realised)", LABEL))
    mid: list[Run] = [("  mid ", LABEL), (money.signed(view.pnl_mid), by_sign(view.pnl_mid))]
    cost: list[Run] = [("  fees ", LABEL), (money.plain(view.fees), PLAIN)]
    return [
        [*exact, *mid, *cost, ("  fills ", LABEL), (str(view.trades), PLAIN)],
        [*exact, *mid, *cost],
        [*exact, *mid],
        [*exact[:2], *mid],
    ]


def pnl_line(view: AssetView, display: Display, width: int) -> Line:
    """The longest of the PnL variants that fits."""
    return first_line_that_fits(width, pnl_variants(view, display))


def heading(view: AssetView, number: int, width: int) -> str:
    """The panel's title: its key, the asset, and the window where there is room."""
    slug = view.slug or "no window"
    return first_fit(width, f"{number} {view.asset} · {slug}", f"{number} {view.asset}")
