"""An asset's state in words and numbers: lines for the panels, longest variant that fits first.

Pure functions of one `AssetView`. Unknown is written out, denials are quoted whole, sizes are
spelled out as the product they are.
"""

from __future__ import annotations

from collections.abc import Sequence

from console.text import (
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
from console.themes import ALARM, FAINT, GAIN, LABEL, LOSS, PLAIN, STRONG, WARN, by_sign
from console.widgets.bars import gauge
from console.widgets.display import Display
from console.widgets.lines import Line, Run, first_line_that_fits, spread, width_of
from engine.snapshot import AssetView, BookView

ACTIONS = ("HOLD", "BUY", "SELL")

MASKED = "✕"
"""Stands for an action that was not legal."""

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
    if view.slug is None:
        return spread([("between windows", LABEL)], [time_left(view)], width)
    spot, beat = spot_price(view.spot), spot_price(view.price_to_beat)
    change = spot_change(view.spot, view.price_to_beat)
    style = by_sign(view.spot - view.price_to_beat) if view.spot and view.price_to_beat else FAINT
    head = [("UP ", LABEL), *probability(view), ("  ", PLAIN)]
    short: Line = [*probability(view), (f" {spot}", PLAIN), (" vs ", LABEL), (beat, PLAIN),
                   (f" {change}", style)]  # fmt: skip
    full: Line = [*head, ("spot ", LABEL), (spot, PLAIN), ("  beat ", LABEL), (beat, PLAIN),
                  (f"  {change}", style)]  # fmt: skip
    roomy: Line = [*head, ("spot ", LABEL), (spot, PLAIN), ("  price to beat ", LABEL),
                   (beat, PLAIN), (f"  {change}", style)]  # fmt: skip
    right = [(" ", PLAIN), time_left(view)]
    left = first_line_that_fits(width - width_of(right), (roomy, full, short))
    return spread(left, right, width)


def top_of_book(name: str, book: BookView, width: int) -> list[Run]:
    """Best bid and ask of one outcome with the book's validity in a word."""
    bid = share_price(book.bids[0][0] if book.bids else None)
    ask = share_price(book.asks[0][0] if book.asks else None)
    quote = f"{bid}/{ask}"
    room = width - len(name) - len(quote) - 2
    word = "valid" if book.invalid is None else clip(book.invalid, room)
    style = LABEL if book.invalid is None else WARN
    return [(f"{name} ", LABEL), (f"{quote} ", PLAIN), (word, style)]


def books_line(view: AssetView, width: int) -> Line:
    """Top of the UP and of the DOWN book beside each other."""
    half = (width - 2) // 2
    up = top_of_book("UP", view.up, half)
    return [*up, (" " * (half + 2 - width_of(up)), PLAIN), *top_of_book("DOWN", view.down, half)]


def softmax_line(view: AssetView, width: int) -> Line:
    """HOLD, BUY and SELL as bars; the chosen one strong, an illegal one crossed out."""
    if view.probs is None:
        return [("no decision: the policy has not seen a row", FAINT)] if width >= 43 else _NO_ROW
    bar = max(2, (width - 4) // 3 - 10)
    line: list[Run] = []
    for name, share, legal in zip(ACTIONS, view.probs, view.mask, strict=True):
        chosen = name == view.action
        name_style, bar_style = (STRONG, _action_style(name)) if chosen else (LABEL, FAINT)
        line.append((f"{name:<4} ", name_style))
        line.append((f"{MASKED:<{bar}}" if not legal else gauge(share, bar), bar_style))
        line.append((f" {share:.2f}".replace("0.", ".") if legal else "    ", name_style))
        line.append(("  ", PLAIN))
    return line[:-1]


_NO_ROW: Line = [("no decision yet", FAINT)]


def _action_style(action: str) -> object:
    return {"BUY": GAIN, "SELL": LOSS}.get(action, PLAIN)


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
        return (say(view.working), GAIN)
    if view.awaiting:
        return (f"awaiting resolution of {', '.join(view.awaiting)}", WARN)
    return None


def action_line(view: AssetView, display: Display, width: int) -> Line:
    """The chosen action, what became of it, and the critic's value."""
    value: Line = [("  value ", LABEL), (signed(view.value), PLAIN)]
    left: list[Run] = [(f"{view.action or '-':<4}", STRONG), ("  ", PLAIN)]
    said = note(view, display)
    right = _neutral(view) or value
    if said is None:
        left.append((_MEANING.get(view.action or "", "no decision in this window"), LABEL))
        return spread(left, right, width)
    if width_of(left) + len(said[0]) + width_of(right) > width:
        right = ()
    return spread([*left, (clip(said[0], width - 6), said[1])], right, width)


_MEANING = {"HOLD": "keep what is", "BUY": "go UP", "SELL": "go DOWN"}


def _neutral(view: AssetView) -> Line:
    if not view.neutral:
        return ()
    return [(f"  {view.neutral} of 18 features neutral", WARN)]


def size_words(view: AssetView, display: Display) -> str:
    """`$500 x 0.62 = $310`: base stake, confidence, and what they make."""
    money = display.money
    confidence = finite(view.confidence)
    factor = "?" if confidence is None else f"{confidence:.2f}"
    return f"{money.whole(view.trade_size)} x {factor} = {money.whole(view.order_size)}"


def position_words(view: AssetView, display: Display) -> list[Line]:
    """What is held with entry, value and unrealised result; longest variant first."""
    held, money = view.position, display.money
    if held is None:
        return [[("flat", LABEL)]]
    result: Run = (money.signed(held.unrealised), by_sign(held.unrealised))
    shares, entry = money.shares(held.shares), share_price(held.entry_price)
    head: list[Run] = [(f"{held.outcome} {shares}", STRONG), (" @ ", LABEL), (entry, PLAIN)]
    return [
        [*head, ("  cost ", LABEL), (money.plain(held.cost), PLAIN), ("  now ", LABEL),
         (money.plain(held.bid_value), PLAIN), ("  open ", LABEL), result],
        [*head, ("  now ", LABEL), (money.plain(held.bid_value), PLAIN), ("  ", PLAIN), result],
        [*head, (" ", PLAIN), result],
    ]  # fmt: skip


def position_line(view: AssetView, display: Display, width: int) -> Line:
    """Position at the left, the size of the next order at the right."""
    words = size_words(view, display)
    right: Line = [("  size ", LABEL), (words, PLAIN)]
    if width < 60:
        right = [("  ", LABEL), (words, PLAIN)]
    variants = position_words(view, display)
    left = first_line_that_fits(width - width_of(right), variants)
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


def alarm_style(age_s: float | None, amber_s: float, red_s: float) -> object:
    """Style of an age: plain, warning from `amber_s`, alarm from `red_s` seconds."""
    if age_s is None or age_s >= red_s:
        return ALARM
    return WARN if age_s >= amber_s else PLAIN


def heading(view: AssetView, number: int, width: int) -> str:
    """The panel's title: its key, the asset, and the window where there is room."""
    slug = view.slug or "no window"
    return first_fit(width, f"{number} {view.asset} · {slug}", f"{number} {view.asset}")
