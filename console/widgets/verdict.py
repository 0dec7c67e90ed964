"""A verdict in words: better, worse or not shown, and on how many slots that rests.

Beside a result it is set in the same weight of type, so that luck never outshines its doubt.
"""

from __future__ import annotations

from rich.style import Style

from console.text import UNKNOWN, Money
from console.themes import GAIN, LABEL, LOSS, PLAIN
from console.widgets.lines import Run
from engine.learning_view import VerdictView

STYLES = {"better": GAIN, "worse": LOSS}

AGAINST = "vs hold "
"""Label of the running model's verdict: what it earned against doing nothing."""


def style_of(verdict: VerdictView) -> Style:
    """In the colours of a result; what is not shown has none."""
    return STYLES.get(verdict.verdict, PLAIN)


def verdict_words(verdict: VerdictView, money: Money) -> tuple[str, ...]:
    """The verdict with reason and interval, then with ever less of them, last the bare word."""
    head, word = headline(verdict, money), verdict.verdict
    if verdict.mean is None:
        return head, word
    rests = evidence(verdict, money)
    return f"{head}: {rests}", f"{word}: {rests}", *_brief(verdict, money), word


def _brief(verdict: VerdictView, money: Money) -> tuple[str, ...]:
    if verdict.verdict not in STYLES:
        return (headline(verdict, money),)
    mean = money.signed(verdict.mean)
    return (f"{verdict.verdict}: {mean} a slot, {counted(verdict.slots, 'slot')}",)


def headline(verdict: VerdictView, money: Money) -> str:
    """The word, and why nothing is shown: `not shown (12 of the 30 slots needed)`."""
    if verdict.verdict in STYLES or not verdict.why:
        return verdict.verdict
    return f"{verdict.verdict} ({money.sentence(verdict.why)})"


def evidence(verdict: VerdictView, money: Money) -> str:
    """`-$24.86 a slot [-$37.04, -$11.47], 40 slots`; the mean is `?` where nothing compares."""
    mean, slots = money.signed(verdict.mean), counted(verdict.slots, "slot")
    return f"{mean} a slot {interval(verdict, money)}, {slots}"


def interval(verdict: VerdictView, money: Money) -> str:
    """`[-$37.04, -$11.47]`, dollars per slot."""
    if verdict.low is None or verdict.high is None:
        return f"[{UNKNOWN}, {UNKNOWN}]"
    return f"[{money.signed(verdict.low)}, {money.signed(verdict.high)}]"


def counted(count: int, noun: str) -> str:
    """`1 slot`, `40 slots`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def against_hold(verdict: VerdictView, money: Money) -> list[list[Run]]:
    """The running model's verdict in all its forms with a label, and last the bare word."""
    style, forms = style_of(verdict), verdict_words(verdict, money)
    labelled: list[list[Run]] = [[(AGAINST, LABEL), (text, style)] for text in forms]
    return [*labelled, [(forms[-1], style)]]
